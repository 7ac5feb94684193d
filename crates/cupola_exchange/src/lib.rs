//! Other people's formats: readers turn files into drafts of scenes, writers turn scenes into files.

pub mod export;
pub mod import;
