//! Imports and exports in the app.

mod export;
mod import;

pub use export::Export;
pub(crate) use import::listen;
pub use import::{CancelImport, Import, Preview, Stage, StartImport, WriteImport};
