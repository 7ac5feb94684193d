//! Importers and exporters. An importer converts files of other programs to the draft of a scene. An exporter writes a
//! scene in the format of another program.
//!
//! ```
//! use cupola_exchange::export::{Format, export_to_file};
//! use cupola_exchange::import::{gather, settle};
//!
//! # let office = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../scenes/office"));
//! let scene = cupola_scene::load(office).scene.unwrap();
//! let file = tempfile::Builder::new().suffix(".ndjson").tempfile()?;
//! assert!(export_to_file(&scene, Format::Ndjson, file.path()).bytes > 0);
//!
//! let mut draft = gather(&[file.path().into()], &mut |_| ());
//! let settled = settle(&mut draft);
//! assert!(settled.sound);
//! assert_eq!(draft.twins.len(), scene.graph.twins().count());
//! # Ok::<(), std::io::Error>(())
//! ```

pub mod export;
pub mod import;
