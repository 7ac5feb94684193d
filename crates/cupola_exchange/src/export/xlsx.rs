//! Export to the spreadsheet of Azure Digital Twins Explorer, with two additional columns that Cupola imports: the id
//! and the properties of a relationship.
//!
//! Source: Azure Digital Twins Explorer, "Import" (the columns).

use super::twins::{TwinList, properties_json};
use cupola_scene::document::{RelationshipDoc, TwinDoc};
use cupola_twin::Diagnostic;
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Workbook, Worksheet, XlsxError};
use serde_json::{Map, Value as Json};
use std::borrow::Borrow;
use std::cell::RefCell;

/// The column headers, and the column widths in characters.
const COLUMNS: [(&str, f64); 7] = [
    ("ModelID", 36.0),
    ("ID (must be unique)", 24.0),
    ("Relationship (From)", 24.0),
    ("Relationship Name", 20.0),
    ("Init Data", 48.0),
    ("Relationship ID", 24.0),
    ("Relationship Properties", 32.0),
];
/// The largest number of rows in a sheet, including the header.
const MAX_ROWS: u32 = 1_048_576;

/// Returns the spreadsheet: one row per twin, then one row per relationship with the id of its target twin. Only the
/// rows of twins have a model, because the explorer reads every row with a model as a new twin.
pub(crate) fn bytes(
    twins: &TwinList<'_, impl Borrow<TwinDoc>>,
    relationships: &[impl Borrow<RelationshipDoc>],
    findings: &RefCell<Vec<Diagnostic>>,
) -> Vec<u8> {
    match workbook(twins, relationships, findings).and_then(|mut workbook| workbook.save_to_buffer()) {
        Ok(bytes) => bytes,
        Err(error) => {
            let help = "use the bulk import format (ndjson) instead";
            let failed = Diagnostic::error("xlsx-failed", format!("spreadsheet not created: {error}")).help(help);
            findings.borrow_mut().push(failed);
            Vec::new()
        }
    }
}

fn workbook(
    twins: &TwinList<'_, impl Borrow<TwinDoc>>,
    relationships: &[impl Borrow<RelationshipDoc>],
    findings: &RefCell<Vec<Diagnostic>>,
) -> Result<Workbook, XlsxError> {
    let mut workbook = Workbook::new();
    // A fixed creation time, because the same scene must give the same file.
    workbook.set_properties(&DocProperties::new().set_creation_datetime(&ExcelDateTime::from_ymd(2000, 1, 1)?));
    // Only the row being written is in memory; a sheet of a large scene would need many times its file.
    let sheet = workbook.add_worksheet_with_constant_memory()?;
    sheet.set_name("Twins")?;
    sheet.set_freeze_panes(1, 0)?;
    for (column, (header, width)) in (0_u16..).zip(COLUMNS) {
        sheet.set_column_width(column, width)?;
        sheet.write_string(0, column, header)?;
    }
    let wanted = twins.twins.len() + relationships.len();
    let room = MAX_ROWS as usize - 1;
    if wanted > room {
        let message = format!("a sheet has {room} rows, but {wanted} are needed; the last rows are left out");
        let help = "use the bulk import format (ndjson), which has no such limit";
        findings.borrow_mut().push(Diagnostic::error("too-many-rows", message).help(help));
    }
    let mut row = 0;
    let mut add = |cells| {
        row += 1;
        if row < MAX_ROWS {
            write(sheet, row, cells, &mut findings.borrow_mut());
        }
    };
    let mut has_system_values = false;
    twins.each(|twin| {
        let metadata = twin.get("$metadata").and_then(Json::as_object);
        has_system_values |= twin.contains_key("$etag") || metadata.is_some_and(|metadata| metadata.len() > 1);
        let id = text(twin.get("$dtId")).to_owned();
        let model = text(twin.get("$metadata").and_then(|metadata| metadata.get("$model"))).to_owned();
        let init = object(twin.into_iter().filter(|(name, _)| !name.starts_with('$')).collect());
        add([model, id, String::new(), String::new(), init, String::new(), String::new()]);
        Ok::<(), XlsxError>(())
    })?;
    if has_system_values {
        let message = "a spreadsheet has no place for `$etag` and update times; they are left out";
        let help = "use the format json or ndjson, which keeps them";
        findings.borrow_mut().push(Diagnostic::info("system-values-left-out", message).help(help));
    }
    for it in relationships.iter().map(Borrow::borrow) {
        let own = object(properties_json(&it.from, &it.properties, &mut findings.borrow_mut()));
        let own_id = it.id.clone().unwrap_or_default();
        add([String::new(), it.to.clone(), it.from.clone(), it.name.to_string(), String::new(), own_id, own]);
    }
    Ok(workbook)
}

/// Writes the cells of a row. A cell that can't be written is left out and reported, so that one long text does not
/// prevent the export.
fn write(sheet: &mut Worksheet, row: u32, cells: [String; 7], findings: &mut Vec<Diagnostic>) {
    for (column, text) in (0_u16..).zip(cells).filter(|(_, text)| !text.is_empty()) {
        if let Err(error) = sheet.write_string(row, column, text) {
            let (header, _) = COLUMNS[usize::from(column)];
            let message = format!("`{header}` of row {} is left out: {error}", row + 1);
            let help = "use the bulk import format (ndjson), which has no such limit";
            findings.push(Diagnostic::error("cell-left-out", message).help(help));
        }
    }
}

fn text(value: Option<&Json>) -> &str {
    value.and_then(Json::as_str).unwrap_or_default()
}

/// Returns the JSON text of an object. The text of an empty object is empty.
fn object(values: Map<String, Json>) -> String {
    if values.is_empty() { String::new() } else { Json::Object(values).to_string() }
}
