//! Export in the JSON format of Azure Digital Twins Explorer.
//!
//! Source: Azure Digital Twins Explorer, version 1.0.0 of its file.

use serde_json::{Map, Value as Json, json};

/// Returns the file with the graph and its models.
pub(crate) fn file(twins: Vec<Map<String, Json>>, relationships: Vec<Map<String, Json>>, models: Vec<Json>) -> Json {
    let list = |objects: Vec<Map<String, Json>>| Json::Array(objects.into_iter().map(Json::Object).collect());
    let mut graph = Map::new();
    graph.insert("digitalTwins".to_owned(), list(twins));
    graph.insert("relationships".to_owned(), list(relationships));
    let mut root = Map::new();
    root.insert("digitalTwinsFileInfo".to_owned(), json!({"fileVersion": "1.0.0"}));
    root.insert("digitalTwinsGraph".to_owned(), Json::Object(graph));
    root.insert("digitalTwinsModels".to_owned(), Json::Array(models));
    Json::Object(root)
}
