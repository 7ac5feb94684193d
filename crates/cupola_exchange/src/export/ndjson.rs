//! The bulk import format of Azure Digital Twins.
//!
//! Source: Azure Digital Twins, "Bulk import with the Import Jobs API", version 1.0.0 of the file. A relationship's source is its
//! `$dtId` there.

use serde_json::{Map, Value as Json};

/// A line for each model, twin and relationship.
pub(crate) fn text(twins: &[Map<String, Json>], relationships: &[Map<String, Json>], models: &[Json]) -> String {
    let mut out = String::from("{\"Section\": \"Header\"}\n{\"fileVersion\": \"1.0.0\"}\n{\"Section\": \"Models\"}\n");
    for model in models {
        line(&mut out, serde_json::to_string(model));
    }
    for (section, objects) in [("Twins", twins), ("Relationships", relationships)] {
        out += &format!("{{\"Section\": \"{section}\"}}\n");
        for object in objects {
            line(&mut out, serde_json::to_string(object));
        }
    }
    out
}

/// JSON values have texts as their keys, so writing one can't fail.
fn line(out: &mut String, text: serde_json::Result<String>) {
    out.push_str(&text.unwrap_or_default());
    out.push('\n');
}
