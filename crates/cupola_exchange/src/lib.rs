//! Importers and exporters. An importer converts files of other programs to the draft of a scene. An exporter writes a
//! scene in the format of another program.

pub mod export;
pub mod import;
