//! Export in the bulk import format of Azure Digital Twins.
//!
//! Source: Azure Digital Twins, "Bulk import with the Import Jobs API", version 1.0.0 of the file. In this format the
//! source twin of a relationship is in its field `$dtId`.

use serde_json::{Map, Value as Json};

/// Returns the file, with one line per model, twin and relationship.
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

/// Appends a line. Serialization of a JSON value can't fail, because its keys are texts.
fn line(out: &mut String, text: serde_json::Result<String>) {
    out.push_str(&text.unwrap_or_default());
    out.push('\n');
}
