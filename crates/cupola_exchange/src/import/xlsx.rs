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

/// The headers that a spreadsheet has, as advice.
const HEADERS: &str =
    "name the columns ModelID, ID, Relationship (From), Relationship Name and Init Data, as in the explorer's files";

/// The cells of a row with content, by column. A cell without a text, such as one with an error, is `None`.
type Cells = BTreeMap<u32, Option<String>>;

/// Number of rows with content among which the headers are searched.
const MAX_HEADER_ROW: usize = 20;

/// Reads a spreadsheet. The place of a diagnostic is the row and column of the cell.
///
/// # Errors
/// The spreadsheet can't be read, or it has no table of twins.
pub fn read(file: &str, bytes: &[u8], draft: &mut Draft) -> Result<(), Diagnostic> {
    let file: Arc<str> = file.into();
    let sheet::Sheet { mut rows, others } = sheet::read(bytes).map_err(|found| found.at(file_start(&file)))?;
    let mut table =
        Table { converter: Converter::new(draft), file, columns: Columns::default(), seen: BTreeMap::new() };
    // A title or a date may stand above the headers.
    let has_headers = |(_, cells): &(&u32, &Cells)| {
        let mut columns = Columns::default();
        columns.read(cells, |_, _| {});
        columns.are_enough()
    };
    let header = rows.iter().take(MAX_HEADER_ROW).find(has_headers).or(rows.first_key_value());
    let header = header.map(|(row, _)| *row).unwrap_or_default();
    let mut table_rows = rows.split_off(&header);
    table.titles(&rows);
    let (row, header) = table_rows.pop_first().unwrap_or_default();
    table.header(row, &header)?;
    for (row, cells) in &table_rows {
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

    /// Takes the columns of a row of headers, and calls a function with each header that is not known.
    fn read(&mut self, cells: &Cells, mut unknown: impl FnMut(u32, &str)) {
        for (column, text) in cells {
            let text = text.as_deref().unwrap_or_default().trim();
            match self.called(text) {
                Some(known) => {
                    known.get_or_insert(*column);
                }
                None if text.is_empty() => {}
                None => unknown(*column, text),
            }
        }
    }

    /// Returns the column with a header. Letter case, spaces and punctuation don't matter. The explorer's files have the
    /// header `ID (must be unique)`. People shorten the headers, or write those of the service.
    fn called(&mut self, header: &str) -> Option<&mut Option<u32>> {
        let header: String = header.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
        Some(match header.as_str() {
            "modelid" | "model" | "twinmodel" | "dtmi" => &mut self.model,
            "id" | "idmustbeunique" | "twinid" | "dtid" | "twin" => &mut self.id,
            "relationshipfrom" | "from" | "source" | "sourceid" | "fromid" => &mut self.from,
            "relationshipname" | "relationship" | "relation" => &mut self.name,
            "initdata" | "initialdata" | "data" | "properties" => &mut self.init,
            "relationshipid" => &mut self.relationship_id,
            "relationshipproperties" => &mut self.relationship_properties,
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

    /// Says which rows stand above the headers.
    fn titles(&mut self, rows: &BTreeMap<u32, Cells>) {
        for (row, cells) in rows {
            let place = self.place(*row, cells.keys().next().copied());
            self.converter
                .say(|| Diagnostic::info("row-above-headers", "a row above the headers is not imported").at(place));
        }
    }

    /// Reads the headers.
    ///
    /// # Errors
    /// A required column is missing.
    fn header(&mut self, row: u32, cells: &Cells) -> Result<(), Diagnostic> {
        let mut unknown = Vec::new();
        self.columns.read(cells, |column, text| unknown.push((column, text.to_owned())));
        if !self.columns.are_enough() {
            let message = "no row has the headers ModelID and ID";
            return Err(Diagnostic::error("no-columns", message).at(self.place(row, None)).help(HEADERS));
        }
        for (column, text) in unknown {
            let place = self.place(row, Some(column));
            self.converter.say(|| {
                let message = format!("column `{text}` is not imported");
                Diagnostic::warning("unknown-column", message).at(place).help(HEADERS)
            });
        }
        // Relationships would get lost.
        let lacking = match (self.columns.from, self.columns.name) {
            (Some(from), None) => Some((from, "Relationship Name")),
            (None, Some(name)) => Some((name, "Relationship (From)")),
            _ => None,
        };
        if let Some((beside, header)) = lacking {
            let place = self.place(row, Some(beside));
            self.converter.say(|| {
                let message = format!("the relationships are not imported, because no column is called {header}");
                Diagnostic::error("no-relationship-column", message).at(place).help(HEADERS)
            });
        }
        Ok(())
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
