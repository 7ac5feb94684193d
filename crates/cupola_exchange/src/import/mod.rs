//! Importers. Each importer converts files to a [`Draft`], which also records the content that was not understood.
//! Files are written only after that.

pub mod brick;
mod gather;
pub mod gltf;
pub mod ndjson;
pub mod scenes3d;
pub mod service;
mod settle;
mod write;
pub mod xlsx;

pub use gather::gather;
pub use settle::{SETTLING, SettledDraft, settle};
pub use write::{document, write};

use cupola_scene::document::{AlarmDoc, RelationshipDoc, TwinDoc};
use cupola_twin::{Diagnostic, Place};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Deref;
use std::path::PathBuf;
use std::sync::Arc;

/// The result of importing one or several files, before it becomes a scene.
#[derive(Debug, Default)]
pub struct Draft {
    /// The DTDL documents.
    pub models: Vec<ModelDoc>,
    /// The twins. Properties of components are named `component.property`.
    pub twins: Placed<TwinDoc>,
    /// The relationships.
    pub relationships: Placed<RelationshipDoc>,
    /// The building, which is copied to the scene.
    pub building: Option<DraftBuilding>,
    /// The twin of each node of the building, by the node's name.
    pub bindings: BTreeMap<String, String>,
    /// The alarms.
    pub alarms: Placed<AlarmDoc>,
    /// The property that colours the rooms.
    pub color_by: Option<String>,
    /// The values at the ends of the colour scale.
    pub color_range: Option<(f64, f64)>,
    /// Diagnostics about content that was not understood or was inferred. An error means that content was left out.
    pub findings: Vec<Diagnostic>,
    /// The numbers of items that were understood and left out, by kind of item, such as "twins" or "statements".
    pub counts: BTreeMap<&'static str, Count>,
}

/// A DTDL document.
#[derive(Debug)]
pub struct ModelDoc {
    /// The file name in the scene's `models` folder.
    pub name: String,
    /// The text.
    pub text: String,
    /// The place of the document in an imported file.
    pub place: Option<Place>,
    /// Whether the text is that of a whole file, so that places in the text are places in the file.
    pub is_whole: bool,
}

impl ModelDoc {
    /// Creates a document that is a part of a file, or that an importer has made.
    pub fn new(name: impl Into<String>, text: impl Into<String>, place: Option<Place>) -> Self {
        Self { name: name.into(), text: text.into(), place, is_whole: false }
    }

    /// Returns the document's name in diagnostics, and its text. The name is that of the file, or that of the enclosing
    /// file with the document's name.
    pub fn read(&self) -> (Arc<str>, &str) {
        let file = match &self.place {
            Some(place) if self.is_whole => place.file.clone(),
            Some(place) => format!("{}#{}", place.file, self.name).into(),
            None => self.name.as_str().into(),
        };
        (file, &self.text)
    }
}

/// A building in a glTF file.
#[derive(Debug)]
pub struct DraftBuilding {
    /// The path of the file.
    pub path: PathBuf,
    /// The paths of the buffer files, relative to the folder of the file.
    pub parts: BTreeSet<PathBuf>,
    /// The names of the nodes.
    pub nodes: BTreeSet<String>,
}

/// Items from files, each with its place. A document shares the items.
#[derive(Debug)]
pub struct Placed<T> {
    things: Vec<Arc<T>>,
    places: Vec<Option<Place>>,
}

impl<T: Clone> Placed<T> {
    /// Adds an item.
    pub fn push(&mut self, thing: T, place: Option<Place>) {
        self.push_shared(Arc::new(thing), place);
    }

    /// Adds an item that [`Self::take`] has returned.
    pub fn push_shared(&mut self, thing: Arc<T>, place: Option<Place>) {
        self.things.push(thing);
        self.places.push(place);
    }

    /// Removes and returns all items with their places.
    pub fn take(&mut self) -> impl Iterator<Item = (Arc<T>, Option<Place>)> + use<T> {
        let Self { things, places } = std::mem::take(self);
        things.into_iter().zip(places)
    }
}

impl<T> Default for Placed<T> {
    fn default() -> Self {
        Self { things: Vec::new(), places: Vec::new() }
    }
}

impl<T> FromIterator<T> for Placed<T> {
    fn from_iter<I: IntoIterator<Item = T>>(things: I) -> Self {
        let things: Vec<Arc<T>> = things.into_iter().map(Arc::new).collect();
        Self { places: vec![None; things.len()], things }
    }
}

impl<T> Deref for Placed<T> {
    type Target = [Arc<T>];

    fn deref(&self) -> &[Arc<T>] {
        &self.things
    }
}

/// The numbers of items of one kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Count {
    /// The number of items in the draft.
    pub understood: usize,
    /// The number of items left out, for which the draft has diagnostics.
    pub left_out: usize,
}

impl Draft {
    /// Returns whether the draft has no content for a scene.
    pub fn is_empty(&self) -> bool {
        self.twins.is_empty() && self.models.is_empty() && self.building.is_none()
    }

    /// Counts an item of the draft.
    pub fn understood(&mut self, kind: &'static str) {
        self.counts.entry(kind).or_default().understood += 1;
    }

    /// Counts an item that was left out and adds a diagnostic with the reason.
    pub fn left_out(&mut self, kind: &'static str, why: Diagnostic) {
        self.counts.entry(kind).or_default().left_out += 1;
        self.findings.push(why);
    }
}

/// Models for the tests of the formats.
#[cfg(test)]
pub(crate) const TEST_MODELS: &str = r#"[
    {"@id": "dtmi:x:Room;1", "@type": "Interface", "@context": "dtmi:dtdl:context;3", "contents": [
        {"@type": "Property", "name": "temperature", "schema": "double"},
        {"@type": "Component", "name": "wifi", "schema": "dtmi:x:Wifi;1"},
        {"@type": "Relationship", "name": "leadsTo"}]},
    {"@id": "dtmi:x:Wifi;1", "@type": "Interface", "@context": "dtmi:dtdl:context;3", "contents": [
        {"@type": "Property", "name": "network", "schema": "string"}]}
]"#;
