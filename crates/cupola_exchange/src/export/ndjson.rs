//! Export in the bulk import format of Azure Digital Twins.
//!
//! Source: Azure Digital Twins, "Bulk import with the Import Jobs API", version 1.0.0 of the file. In this format the
//! source twin of a relationship is in its field `$dtId`.

use super::twins::{RelationshipList, TwinList};
use cupola_scene::document::{RelationshipDoc, TwinDoc};
use serde_json::{Value as Json, json};
use std::borrow::Borrow;
use std::io::{self, Write};

/// Writes the file, with one line per model, twin and relationship.
///
/// # Errors
/// The writer fails.
pub(crate) fn write(
    twins: &TwinList<'_, impl Borrow<TwinDoc>>,
    relationships: &RelationshipList<'_, impl Borrow<RelationshipDoc>>,
    models: &[Json],
    mut out: impl Write,
) -> io::Result<()> {
    let mut line = |value: Json| {
        serde_json::to_writer(&mut out, &value)?;
        out.write_all(b"\n")
    };
    line(json!({"Section": "Header"}))?;
    line(json!({"fileVersion": "1.0.0"}))?;
    line(json!({"Section": "Models"}))?;
    models.iter().try_for_each(|model| line(model.clone()))?;
    line(json!({"Section": "Twins"}))?;
    twins.each(|twin| line(Json::Object(twin)))?;
    line(json!({"Section": "Relationships"}))?;
    relationships.each(|relationship| line(Json::Object(relationship)))
}
