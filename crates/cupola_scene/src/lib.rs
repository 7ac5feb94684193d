//! Scenes: what a person opens. The document, loading with diagnostics, saving.

mod bind;
mod building;
mod cache;
pub mod document;
pub mod edit;
mod files;
mod graph;
mod load;
mod places;
mod quick;
mod save;

pub use bind::{unknown_node, words_of};
pub use building::{ReadGltf, read_gltf};
pub use cache::finish as finish_cache;
pub use document::Document;
pub use files::{collect_json, read_text};
pub use graph::{graph_relationship, graph_twin};
pub use load::{Loaded, condition, input_column, load};
pub use places::{Places, Step};
pub use save::{file_of, rebase, save, to_ron, write_atomically};

use cupola_building::{AutoStorey, Building};
use cupola_twin::{ColumnIx, Graph, Models, Place, Topology, TwinIx};
use document::AlarmSeverity;
use std::path::PathBuf;
use std::sync::Arc;

/// A scene that was read and checked.
#[derive(Debug)]
pub struct Scene {
    /// The file that it was read from.
    pub path: PathBuf,
    /// Every file that it was made of, for noticing changes.
    pub files: Vec<PathBuf>,
    /// The text of the file, and where everything stands in it.
    pub places: Places,
    /// The document.
    pub document: Arc<Document>,
    /// The models.
    pub models: Arc<Models>,
    /// Twins and relationships.
    pub graph: Graph,
    /// The graph compiled to run, with computed properties and alarm conditions.
    pub topology: Arc<Topology>,
    /// The alarms, with the columns that hold their conditions.
    pub alarms: Vec<Alarm>,
    /// The 3D building.
    pub building: Arc<Building>,
    /// What the building was made of, if no file has one.
    pub massing: Arc<Vec<AutoStorey>>,
    /// For each node of the building, its twin.
    pub bindings: Arc<Vec<Option<TwinIx>>>,
}

impl Scene {
    /// Makes at once, in a thread of its own, what is otherwise made when somebody first edits or looks at what was given: in the app,
    /// that should not take its time then.
    pub fn prepare(&self) {
        let (document, graph) = (self.document.clone(), self.graph.clone());
        if !document.twins.is_made() || !document.relationships.is_made() {
            let make = move || (document.twins.len(), document.relationships.len(), graph.twins().count());
            // Without it, the first look takes its time.
            let _ = std::thread::Builder::new().name("scene lists".into()).spawn(make);
        }
    }

    /// Where the formula or condition stands in the file that the topology only knows by its number.
    pub fn place_of(&self, place: &Place) -> Place {
        load::in_file(&self.places, place)
    }
}

/// An alarm of the scene.
#[derive(Clone, Debug)]
pub struct Alarm {
    /// Its id.
    pub id: String,
    /// How bad it is.
    pub severity: AlarmSeverity,
    /// What to tell.
    pub message: String,
    /// The condition as it was written.
    pub when: String,
    /// The condition's column in each table that it watches.
    pub columns: Vec<ColumnIx>,
}

/// The formats of RON that scenes use: an optional field is given or left out, with no `Some` around it.
pub fn ron_options() -> ron::Options {
    ron::Options::default().with_default_extension(ron::extensions::Extensions::IMPLICIT_SOME)
}
