//! Export in the JSON format of Azure Digital Twins Explorer.
//!
//! Source: Azure Digital Twins Explorer, version 1.0.0 of its file.

use super::twins::{RelationshipList, TwinList};
use cupola_scene::document::{RelationshipDoc, TwinDoc};
use serde::Serialize;
use serde_json::Value as Json;
use std::borrow::Borrow;

/// The file with the graph and its models.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct GraphFile<'e, T: Borrow<TwinDoc>, R: Borrow<RelationshipDoc>> {
    digital_twins_file_info: FileInfo,
    digital_twins_graph: Lists<'e, T, R>,
    digital_twins_models: &'e [Json],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct FileInfo {
    file_version: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Lists<'e, T: Borrow<TwinDoc>, R: Borrow<RelationshipDoc>> {
    digital_twins: TwinList<'e, T>,
    relationships: RelationshipList<'e, R>,
}

impl<'e, T: Borrow<TwinDoc>, R: Borrow<RelationshipDoc>> GraphFile<'e, T, R> {
    /// Creates the file.
    pub fn new(twins: TwinList<'e, T>, relationships: RelationshipList<'e, R>, models: &'e [Json]) -> Self {
        Self {
            digital_twins_file_info: FileInfo { file_version: "1.0.0" },
            digital_twins_graph: Lists { digital_twins: twins, relationships },
            digital_twins_models: models,
        }
    }
}
