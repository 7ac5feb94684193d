//! Import of the spreadsheet of Azure Digital Twins Explorer, and of the spreadsheet that Cupola exports. The latter
//! has two additional columns, for the id and the properties of a relationship.
//!
//! Source: Azure Digital Twins Explorer, "Import" (the columns ModelID, ID, Relationship (From), Relationship Name,
//! Init Data).

mod archive;
mod sheet;

use super::Draft;
use super::service::{Converter, file_start, syntax};
use cupola_twin::{Diagnostic, Place};
use serde_json::{Map, Value as Json, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The cells of a row with content, by column. A cell without a text, such as one with an error, is `None`.
type Cells = BTreeMap<u32, Option<String>>;

/// Reads a spreadsheet. The place of a diagnostic is the row and column of the cell.
///
/// # Errors
/// The spreadsheet can't be read, or it has no table of twins.
pub fn read(file: &str, bytes: &[u8], draft: &mut Draft) -> Result<(), Diagnostic> {
    let file: Arc<str> = file.into();
    let sheet::Sheet { mut rows, others } = sheet::read(bytes).map_err(|found| found.at(file_start(&file)))?;
    let mut table =
        Table { converter: Converter::new(draft), file, columns: Columns::default(), seen: BTreeMap::new() };
    let (row, header) = rows.pop_first().unwrap_or_default();
    table.header(row, &header)?;
    for (row, cells) in &rows {
        table.row(*row, cells);
    }
    if !others.is_empty() {
        let message = format!("only one sheet is imported; not imported: {}", others.join(", "));
        let help = "put all twins and relationships into the first sheet, or into a sheet named Twins";
        let place = file_start(&table.file);
        table.converter.say(|| Diagnostic::warning("other-sheets", message).at(place).help(help));
    }
    table.converter.finish(&table.file);
    Ok(())
}

/// The numbers of the columns.
#[derive(Debug, Default)]
struct Columns {
    model: Option<u32>,
    id: Option<u32>,
    from: Option<u32>,
    name: Option<u32>,
    init: Option<u32>,
    relationship_id: Option<u32>,
    relationship_properties: Option<u32>,
}

impl Columns {
    /// Returns whether the required columns are present.
    fn are_enough(&self) -> bool {
        self.model.is_some() && self.id.is_some()
    }

    /// Returns the column with a header in lower case. The explorer's files have the header `ID (must be unique)`.
    fn called(&mut self, header: &str) -> Option<&mut Option<u32>> {
        Some(match header {
            "modelid" | "model id" => &mut self.model,
            "relationship (from)" | "relationship from" => &mut self.from,
            "relationship name" => &mut self.name,
            "init data" => &mut self.init,
            "relationship id" => &mut self.relationship_id,
            "relationship properties" => &mut self.relationship_properties,
            header if header.starts_with("id") => &mut self.id,
            _ => return None,
        })
    }
}

/// The state while a table is read.
struct Table<'d> {
    file: Arc<str>,
    converter: Converter<'d>,
    columns: Columns,
    /// The model and values in the first row of each twin.
    seen: BTreeMap<String, (String, String)>,
}

impl Table<'_> {
    fn place(&self, row: u32, column: Option<u32>) -> Place {
        let column = column.unwrap_or_default().saturating_add(1);
        Place { file: self.file.clone(), line: row.saturating_add(1), column }
    }

    /// Reads the headers.
    ///
    /// # Errors
    /// A required column is missing.
    fn header(&mut self, row: u32, cells: &Cells) -> Result<(), Diagnostic> {
        for (column, text) in cells {
            let text = text.as_deref().unwrap_or_default().trim();
            match self.columns.called(&text.to_lowercase()) {
                Some(known) => {
                    known.get_or_insert(*column);
                }
                None if text.is_empty() => {}
                None => {
                    let place = self.place(row, Some(*column));
                    self.converter
                        .say(|| Diagnostic::info("unknown-column", format!("column `{text}` is ignored")).at(place));
                }
            }
        }
        if self.columns.are_enough() {
            return Ok(());
        }
        let help = "the first row names the columns: ModelID, ID, Relationship (From), Relationship Name, Init Data";
        let missing = Diagnostic::error("no-columns", "the sheet has no columns ModelID and ID");
        Err(missing.at(self.place(row, None)).help(help))
    }

    fn row(&mut self, row: u32, cells: &Cells) {
        for (column, _) in cells.iter().filter(|(_, text)| text.is_none()) {
            let place = self.place(row, Some(*column));
            self.converter.say(|| {
                let help = "format the cell as text, and enter the value again";
                Diagnostic::warning("unreadable-cell", "the cell holds a date or an error").at(place).help(help)
            });
        }
        // Cells that people fill in may have surrounding spaces. Cells of Cupola's export are exact.
        let is_typed = self.columns.relationship_id.is_none();
        let text = |column: Option<u32>| {
            let text = column.and_then(|column| cells.get(&column)?.as_deref()).unwrap_or_default();
            if is_typed { text.trim() } else { text }
        };
        let [model, id, init] = [self.columns.model, self.columns.id, self.columns.init].map(text);
        let [from, name] = [self.columns.from, self.columns.name].map(text);
        let related = !from.is_empty() || !name.is_empty();
        if id.is_empty() {
            if related || !model.is_empty() {
                let place = self.place(row, self.columns.id);
                self.converter.left_out(if model.is_empty() { "relationships" } else { "twins" }, || {
                    let help = "write the id of the twin that the row is about";
                    Diagnostic::error("twin-without-id", "the row has no id").at(place).help(help)
                });
            }
            return;
        }
        match self.seen.get(id) {
            Some((first_model, first_init)) => {
                let differs = (!model.is_empty() && model != first_model) || (!init.is_empty() && init != first_init);
                if differs {
                    let place = self.place(row, self.columns.id);
                    self.converter.left_out("twins", || {
                        let message =
                            format!("twin `{id}` has an earlier row with other values; the first row is used");
                        let help = "give each twin one row with values, and further rows for its relationships only";
                        Diagnostic::warning("repeated-twin", message).at(place).help(help)
                    });
                }
            }
            None if !model.is_empty() => self.twin(row, model, id, init),
            None if related => {}
            None => {
                let place = self.place(row, self.columns.model);
                self.converter.left_out("twins", || {
                    let help = "write its model: dtmi:example:Room;1";
                    let message = format!("twin `{id}` has no model");
                    Diagnostic::error("twin-without-model", message).at(place).help(help)
                });
            }
        }
        if related {
            let own = [self.columns.relationship_id, self.columns.relationship_properties].map(text);
            self.relationship(row, [from, name, id], own);
        }
    }

    fn twin(&mut self, row: u32, model: &str, id: &str, init: &str) {
        self.seen.insert(id.to_owned(), (model.to_owned(), init.to_owned()));
        let mut object = self.object(row, self.columns.init, init);
        object.insert("$dtId".to_owned(), json!(id));
        object.insert("$metadata".to_owned(), json!({"$model": model}));
        let place = self.place(row, self.columns.init);
        self.converter.twin(object, None, &|_: &str| Some(place.clone()));
    }

    fn relationship(&mut self, row: u32, [from, name, to]: [&str; 3], [own_id, properties]: [&str; 2]) {
        if from.is_empty() || name.is_empty() {
            let place = self.place(row, if from.is_empty() { self.columns.from } else { self.columns.name });
            self.converter.left_out("relationships", || {
                let message = format!("the relationship to `{to}` lacks its source or its name");
                let help = "fill both Relationship (From) and Relationship Name, or neither";
                Diagnostic::error("broken-relationship", message).at(place).help(help)
            });
            return;
        }
        let mut object = self.object(row, self.columns.relationship_properties, properties);
        object.insert("$sourceId".to_owned(), json!(from));
        object.insert("$relationshipName".to_owned(), json!(name));
        object.insert("$targetId".to_owned(), json!(to));
        object.remove("$relationshipId");
        if !own_id.is_empty() {
            object.insert("$relationshipId".to_owned(), json!(own_id));
        }
        let place = self.place(row, self.columns.relationship_properties);
        self.converter.relationship(object, &|_: &str| Some(place.clone()));
    }

    /// Returns the JSON object in a cell. Other content is reported and gives an empty object.
    fn object(&mut self, row: u32, column: Option<u32>, text: &str) -> Map<String, Json> {
        if text.is_empty() {
            return Map::new();
        }
        let why = match serde_json::from_str(text) {
            Ok(Json::Object(object)) => return object,
            Ok(_) => "it is not an object".to_owned(),
            Err(error) => syntax(&error),
        };
        let place = self.place(row, column);
        self.converter.say(|| {
            let help = "write an object: {\"Temperature\": 21.5}";
            let message = format!("the values of this row are not a JSON object, and are left out: {why}");
            Diagnostic::error("bad-init-data", message).at(place).help(help)
        });
        Map::new()
    }
}

#[cfg(test)]
mod tests;
