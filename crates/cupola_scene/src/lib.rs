//! Scenes: the scene document, its loader with diagnostics, its editor and its writer.
//!
//! ```
//! use cupola_scene::edit::{Edit, edit};
//! use cupola_scene::{load, to_ron};
//! use cupola_twin::Value;
//!
//! # let office = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../scenes/office"));
//! let loaded = load(office);
//! assert!(loaded.is_valid());
//! let scene = loaded.scene.unwrap();
//!
//! let warmer = Edit::SetProperty {
//!     twin: "room-101".into(),
//!     property: "heatingSetpoint".into(),
//!     value: Some(Value::Number(22.5)),
//! };
//! let edited = edit(&scene, vec![warmer], &loaded.diagnostics, |_, _| ())?;
//! assert!(to_ron(&edited.scene.document)?.contains("22.5"));
//! // The inverse edits undo the change.
//! let undone = edit(&edited.scene, edited.undo, &edited.findings, |_, _| ())?;
//! assert_eq!(to_ron(&undone.scene.document)?, to_ron(&scene.document)?);
//! # Ok::<(), cupola_twin::Diagnostic>(())
//! ```

mod access;
mod bind;
mod building;
mod cache;
pub mod document;
pub mod edit;
mod files;
mod graph;
mod load;
mod patch;
mod places;
mod properties;
mod quick;
mod save;
mod zone;

pub use access::{ALLOW_FILES_TITLE, allow_all_files, allow_files, refused as refused_files};
pub use bind::{unknown_node, words_of};
pub use building::{ReadGltf, read_gltf};
pub use cache::finish as finish_cache;
pub use document::Document;
pub use files::{SourceFile, collect_json, is_same_file, read_latin_text, read_text};
pub use graph::{graph_relationship, graph_twin};
pub use load::{LoadResult, condition, input_column, load};
pub use patch::updated_text;
pub use places::{Places, Step};
pub use properties::{Properties, SharedTexts};
pub use save::{SceneLock, file_of, lock, rebase, save, to_ron, write_atomically, write_file, write_ron};
pub use zone::{SceneZone, ZoneSource, unknown_zone};

use cupola_building::{AutoStorey, Building};
use cupola_twin::{ColumnIx, Diagnostic, Graph, Models, Place, Topology, TwinIx};
use document::AlarmSeverity;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A scene that was read and checked.
#[derive(Debug)]
pub struct Scene {
    /// The scene file.
    pub path: PathBuf,
    /// The files from which the scene was made, for watching changes.
    pub files: Vec<SourceFile>,
    /// The text of the scene file and the positions of values in it.
    pub places: Places,
    /// The document.
    pub document: Arc<Document>,
    /// The time zone of the building.
    pub time_zone: SceneZone,
    /// The models.
    pub models: Arc<Models>,
    /// The twins and relationships.
    pub graph: Graph,
    /// The compiled graph, with computed properties and alarm conditions.
    pub topology: Arc<Topology>,
    /// The alarms, with the columns of their conditions.
    pub alarms: Vec<Alarm>,
    /// The 3D building.
    pub building: Arc<Building>,
    /// The storeys from which the building was made. The list is empty if the building has a file.
    pub massing: Arc<Vec<AutoStorey>>,
    /// The twin of each node of the building.
    pub bindings: Arc<Vec<Option<TwinIx>>>,
    /// The files and folders elsewhere that the scene names and that may not be read, as whole paths.
    pub refused: Vec<PathBuf>,
}

impl Scene {
    /// Returns whether a path leads to a file from which the scene was read, which no output may overwrite.
    pub fn is_read_from(&self, path: &Path) -> bool {
        let files = self.files.iter().map(|file| &file.path).filter(|file| file.is_file());
        files.chain([&self.path]).any(|file| is_same_file(file, path))
    }

    /// Returns the path of a file that the scene names.
    ///
    /// # Errors
    /// The file lies outside of the scene's folder, and may not be read.
    pub fn reach(&self, name: &str) -> Result<PathBuf, Diagnostic> {
        access::reach(&load::folder_of(&self.path), name)
    }

    /// Builds the lists of the document and the graph in a thread of its own. They are otherwise built at the first
    /// edit or at the first access to an initial value, which would delay the app.
    pub fn prepare(&self) {
        let (document, graph) = (self.document.clone(), self.graph.clone());
        if !document.twins.is_made() || !document.relationships.is_made() {
            let make = move || (document.twins.len(), document.relationships.len(), graph.twins().count());
            // Without the thread, the lists are built at the first access.
            let _ = std::thread::Builder::new().name("scene lists".into()).spawn(make);
        }
    }

    /// Returns the place in the scene file of a formula or condition that the topology knows by its position in a list.
    pub fn place_of(&self, place: &Place) -> Place {
        load::in_file(&self.places, place)
    }
}

/// An alarm of the scene.
#[derive(Clone, Debug)]
pub struct Alarm {
    /// The id.
    pub id: String,
    /// The severity.
    pub severity: AlarmSeverity,
    /// The message.
    pub message: String,
    /// The condition as written in the document.
    pub when: String,
    /// The column of the condition in each table of watched twins.
    pub columns: Vec<ColumnIx>,
}

/// Returns the RON options of scene files: optional fields are written without `Some`.
pub fn ron_options() -> ron::Options {
    ron::Options::default().with_default_extension(ron::extensions::Extensions::IMPLICIT_SOME)
}
