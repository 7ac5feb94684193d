//! Other people's formats in: each reader turns bytes into a [`Draft`], which says what was understood and what was not; only then
//! is anything written.

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
pub use settle::{SETTLING, Settled, settle};
pub use write::{document, write};

use cupola_scene::document::{AlarmDoc, RelationshipDoc, TwinDoc};
use cupola_twin::{Diagnostic, Place};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::{Deref, DerefMut};
use std::path::PathBuf;
use std::sync::Arc;

/// What a reader got out of one or several files, before it becomes a scene.
#[derive(Debug, Default)]
pub struct Draft {
    /// DTDL documents.
    pub models: Vec<ModelDoc>,
    /// The twins; component properties are written `component.property`.
    pub twins: Placed<TwinDoc>,
    /// The relationships.
    pub relationships: Placed<RelationshipDoc>,
    /// The building, to be copied into the scene.
    pub building: Option<DraftBuilding>,
    /// Which node of the building is which twin.
    pub bindings: BTreeMap<String, String>,
    /// Alarms.
    pub alarms: Placed<AlarmDoc>,
    /// What to colour by: a property.
    pub color_by: Option<String>,
    /// The values at the ends of its scale.
    pub color_range: Option<(f64, f64)>,
    /// What was not understood or had to be guessed, with its place. Errors are things that were left out.
    pub findings: Vec<Diagnostic>,
    /// How many things of each kind were understood and how many were not, by a plain plural ("twins", "triples").
    pub counts: BTreeMap<&'static str, Count>,
}

/// A DTDL document.
#[derive(Debug)]
pub struct ModelDoc {
    /// The file name that it should have in the scene's `models` folder.
    pub name: String,
    /// Its text.
    pub text: String,
    /// Where it stands.
    pub place: Option<Place>,
    /// Whether the text is that of a whole file, so that places in one are places in the other.
    pub is_whole: bool,
}

impl ModelDoc {
    /// A document that was found in something else, or made.
    pub fn new(name: impl Into<String>, text: impl Into<String>, place: Option<Place>) -> Self {
        Self { name: name.into(), text: text.into(), place, is_whole: false }
    }

    /// The document with what to call it in findings: its file, or the file that it was in and its own name.
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
    /// The file.
    pub path: PathBuf,
    /// The files that it is read with, relative to its folder.
    pub parts: BTreeSet<PathBuf>,
    /// What its nodes are called.
    pub nodes: BTreeSet<String>,
}

/// Things that were read from files, each with the place where it stands.
#[derive(Debug)]
pub struct Placed<T> {
    things: Vec<T>,
    places: Vec<Option<Place>>,
}

impl<T> Placed<T> {
    /// Adds a thing.
    pub fn push(&mut self, thing: T, place: Option<Place>) {
        self.things.push(thing);
        self.places.push(place);
    }

    /// All things and their places, leaving none.
    pub fn take(&mut self) -> impl Iterator<Item = (T, Option<Place>)> + use<T> {
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
        let things: Vec<T> = things.into_iter().collect();
        Self { places: vec![None; things.len()], things }
    }
}

impl<T> Deref for Placed<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.things
    }
}

impl<T> DerefMut for Placed<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.things
    }
}

/// How many of a kind were understood.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Count {
    /// In the draft.
    pub understood: usize,
    /// Left out; the findings say why.
    pub left_out: usize,
}

impl Draft {
    /// Whether there is nothing to make a scene of.
    pub fn is_empty(&self) -> bool {
        self.twins.is_empty() && self.models.is_empty() && self.building.is_none()
    }

    /// Counts one thing that is in the draft.
    pub fn understood(&mut self, kind: &'static str) {
        self.counts.entry(kind).or_default().understood += 1;
    }

    /// Counts one thing that was left out, and says why.
    pub fn left_out(&mut self, kind: &'static str, why: Diagnostic) {
        self.counts.entry(kind).or_default().left_out += 1;
        self.findings.push(why);
    }
}
