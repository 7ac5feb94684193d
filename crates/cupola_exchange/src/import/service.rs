//! Import of the JSON of the Azure Digital Twins service and of Azure Digital Twins Explorer: twins, relationships,
//! pages of query results, and exports of a whole graph.
//!
//! Source: Azure Digital Twins, "Digital twins and the twin graph" (JSON of twins and relationships), the data plane's
//! REST reference (query results), and the import and export format of Azure Digital Twins Explorer, version 1.0.0.

mod convert;
mod stream;

pub(super) use convert::{Converter, file_start, syntax};

use super::{Draft, ndjson};
use convert::PlaceLookup;
use cupola_twin::{Diagnostic, Place};
use serde::Deserialize;
use serde::de::DeserializeSeed;
use serde_json::{Map, Value as Json};
use std::cell::{Cell, RefCell};
use std::sync::Arc;
use stream::{FieldReader, Fields, ItemList, JsonShape};

/// The largest number of searches of the whole text for places. Searches in the order of the text need only one pass
/// together.
const MAX_SEARCHES: u32 = 32;
/// The distance in bytes within which a mention as an id is preferred to an earlier mention as a value.
const NEAR_BYTES: usize = 2_000;
/// The fields with the items of a page, in answers of the service and of its command-line tool.
const ITEMS: [&str; 2] = ["value", "result"];
/// The fields that refer to the next page, in query results and in lists of models or relationships.
const NEXT_PAGE: [&str; 2] = ["continuationToken", "nextLink"];
/// The fields that only relationships have.
const RELATIONSHIP_KEYS: [&str; 3] = ["$relationshipId", "$relationshipName", "$targetId"];
/// The version of the explorer's file and of the bulk import file.
pub(super) const FILE_VERSION: &str = "1.0.0";

/// Reads JSON of the service or the explorer. `stem` is the file name without its extension, which is the id of a
/// single twin without an id. Returns false, without changing the draft, if the text has another format.
///
/// # Errors
/// The text has this format but is not valid JSON.
pub fn read(file: &str, stem: &str, text: &str, draft: &mut Draft) -> Result<bool, Diagnostic> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let damaged = |error: &serde_json::Error| {
        let line = u32::try_from(error.line()).unwrap_or(u32::MAX).max(1);
        let column = u32::try_from(error.column()).unwrap_or(u32::MAX).max(1);
        let help = "the file is damaged or truncated: export or copy it again";
        Diagnostic::error("json-syntax", syntax(error)).at(Place { file: file.into(), line, column }).help(help)
    };
    let shape: JsonShape = match serde_json::from_str(text) {
        Ok(shape) => shape,
        Err(error) => {
            let marks = ["\"$dtId\"", "\"$metadata\"", "\"$relationshipId\"", "\"digitalTwinsGraph\""];
            let ours = marks.iter().any(|mark| text.contains(*mark)) && !ndjson::is_bulk(text);
            return if ours { Err(damaged(&error)) } else { Ok(false) };
        }
    };
    let is_ours = (shape.is_array && shape.has_item) || shape.is_export || shape.is_page() || shape.is_item();
    if !is_ours {
        return Ok(false);
    }
    let source = Source::new(file, text);
    let at = |id: &str| Some(source.place(id));
    let mut converter = Converter::new(draft);
    let mut parser = serde_json::Deserializer::from_str(text);
    let parsed = if shape.is_array {
        ItemList(&mut |item| any(&mut converter, item, None, &at)).deserialize(&mut parser)
    } else if shape.is_export {
        Fields(&mut ExportReader { converter: &mut converter, at: &at }).deserialize(&mut parser)
    } else if shape.is_page() {
        Fields(&mut PageReader { converter: &mut converter, at: &at }).deserialize(&mut parser)
    } else {
        Json::deserialize(&mut parser).map(|item| {
            any(&mut converter, item, Some(stem), &at);
            true
        })
    };
    converter.finish(&source.file);
    parsed.map(|_| true).map_err(|error| damaged(&error))
}

/// Returns whether an object is a row of a query with aliases: twins and relationships under their aliases, possibly
/// beside single values.
fn is_aliased(object: &Map<String, Json>) -> bool {
    let whole = |value: &Json| value.as_object().is_some_and(|inner| is_twin(inner) || is_relationship(inner));
    !object.contains_key("@id") && object.values().any(whole)
}

fn is_twin(object: &Map<String, Json>) -> bool {
    object.contains_key("$dtId") || object.get("$metadata").is_some_and(|metadata| metadata.get("$model").is_some())
}

fn is_relationship(object: &Map<String, Json>) -> bool {
    RELATIONSHIP_KEYS.iter().any(|key| object.contains_key(*key))
}

/// Returns whether an object is an entry of the service's list of models, which contains the DTDL document.
fn is_model_entry(object: &Map<String, Json>) -> bool {
    object.get("model").is_some_and(|model| model.get("@id").is_some())
}

/// Reads an item of an array or a page, or the only item of a file.
fn any(converter: &mut Converter<'_>, item: Json, stem: Option<&str>, at: PlaceLookup<'_>) {
    match item {
        Json::Object(object) if is_relationship(&object) => converter.relationship(object, at),
        Json::Object(object) if is_twin(&object) => converter.twin(object, stem, at),
        Json::Object(mut object) if is_model_entry(&object) => {
            converter.model(object.remove("model").unwrap_or_default(), at);
        }
        Json::Object(object) if is_aliased(&object) => {
            // Single values are skipped, because the row does not name their twin.
            let whole = object.into_iter().map(|(_, value)| value).filter(Json::is_object);
            whole.for_each(|value| any(converter, value, None, at));
        }
        _ => converter.left_out("other things", || {
            let help = "a twin has `$dtId` and `$metadata`; query whole twins with SELECT * FROM DIGITALTWINS";
            Diagnostic::error("not-a-twin", "this is neither a twin nor a relationship").at(at("")).help(help)
        }),
    }
}

/// The reader of a page of a longer list.
struct PageReader<'c, 'd> {
    converter: &'c mut Converter<'d>,
    at: PlaceLookup<'c>,
}

impl FieldReader for PageReader<'_, '_> {
    fn items(&mut self, key: &str) -> Option<Box<dyn FnMut(Json) + '_>> {
        let at = self.at;
        ITEMS.contains(&key).then(|| Box::new(move |item| any(self.converter, item, None, at)) as _)
    }

    fn whole(&mut self, key: &str, value: Json) {
        if NEXT_PAGE.contains(&key) && !value.is_null() && value != "" {
            let message = format!("this is one page of a longer result: it has a `{key}`");
            let help = "fetch the following pages, and import them too";
            self.converter.say_always(Diagnostic::warning("more-pages", message).at((self.at)(key)).help(help));
        }
    }

    /// A page may have other fields with these names.
    fn wrong(&mut self, _key: &str, _wanted: &'static str) {}
}

/// The reader of an export of the explorer.
struct ExportReader<'c, 'd> {
    converter: &'c mut Converter<'d>,
    at: PlaceLookup<'c>,
}

impl FieldReader for ExportReader<'_, '_> {
    fn items(&mut self, key: &str) -> Option<Box<dyn FnMut(Json) + '_>> {
        let at = self.at;
        (key == "digitalTwinsModels").then(|| Box::new(move |model| self.converter.model(model, at)) as _)
    }

    fn inner(&mut self, key: &str) -> Option<Box<dyn FieldReader + '_>> {
        let Self { converter, at } = self;
        (key == "digitalTwinsGraph").then(|| Box::new(GraphReader { converter, at: *at }) as _)
    }

    fn whole(&mut self, key: &str, value: Json) {
        let version = value.get("fileVersion").and_then(Json::as_str);
        if let Some(version) = version.filter(|version| key == "digitalTwinsFileInfo" && *version != FILE_VERSION) {
            let at = self.at;
            self.converter.say(|| {
                let message = format!("the file has version `{version}`; only {FILE_VERSION} is supported");
                let wrong = Diagnostic::warning("file-version", message).at(at("fileVersion"));
                wrong.help("check that the import is complete")
            });
        }
    }

    fn wrong(&mut self, key: &str, wanted: &'static str) {
        self.converter.say(|| wrong_list(key, wanted, self.at));
    }
}

/// The reader of the graph in an export of the explorer.
struct GraphReader<'c, 'd> {
    converter: &'c mut Converter<'d>,
    at: PlaceLookup<'c>,
}

impl FieldReader for GraphReader<'_, '_> {
    fn items(&mut self, key: &str) -> Option<Box<dyn FnMut(Json) + '_>> {
        let (converter, at) = (&mut *self.converter, self.at);
        match key {
            "digitalTwins" => Some(Box::new(move |twin| match twin {
                Json::Object(twin) => converter.twin(twin, None, at),
                _ => converter.left_out("twins", || wrong_list("digitalTwins", "an array of objects", at)),
            })),
            "relationships" => Some(Box::new(move |relationship| match relationship {
                Json::Object(relationship) => converter.relationship(relationship, at),
                _ => converter.left_out("relationships", || wrong_list("relationships", "an array of objects", at)),
            })),
            _ => None,
        }
    }

    fn wrong(&mut self, key: &str, wanted: &'static str) {
        self.converter.say(|| wrong_list(key, wanted, self.at));
    }
}

fn wrong_list(key: &str, wanted: &str, at: PlaceLookup<'_>) -> Diagnostic {
    let help = "export the graph from the explorer again";
    Diagnostic::error("wrong-shape", format!("`{key}` is not {wanted}")).at(at(key)).help(help)
}

/// A text in which ids are searched, because parsed JSON has no positions.
struct Source<'t> {
    file: Arc<str>,
    text: &'t str,
    /// The last result. Ids are mostly requested in the order of the text, so the search and the count of lines
    /// continue from there.
    last: RefCell<TextPosition>,
    searches: Cell<u32>,
}

/// A position in a text.
#[derive(Clone, Copy)]
struct TextPosition {
    offset: usize,
    line: u32,
    column: u32,
}

const START: TextPosition = TextPosition { offset: 0, line: 1, column: 1 };

impl<'t> Source<'t> {
    fn new(file: &str, text: &'t str) -> Self {
        Self { file: file.into(), text, last: RefCell::new(START), searches: Cell::new(0) }
    }

    /// Returns the place of an id in quotes, or the start of the file.
    fn place(&self, id: &str) -> Place {
        let found = if id.is_empty() { None } else { self.find(&Json::from(id).to_string()) };
        let TextPosition { line, column, .. } = found.unwrap_or(START);
        Place { file: self.file.clone(), line, column }
    }

    fn find(&self, quoted: &str) -> Option<TextPosition> {
        let from = *self.last.borrow();
        let found = self.ahead(from, quoted).or_else(|| {
            // The number of searches of the whole text is limited, because each is slow.
            let searches = self.searches.get();
            self.searches.set(searches + 1);
            if searches < MAX_SEARCHES { self.ahead(START, quoted) } else { None }
        })?;
        *self.last.borrow_mut() = found;
        Some(found)
    }

    /// Returns the first mention after a position. A mention as an id is preferred if it is near.
    fn ahead(&self, from: TextPosition, quoted: &str) -> Option<TextPosition> {
        if self.searches.get() > MAX_SEARCHES {
            return None;
        }
        let rest = self.text.get(from.offset..)?;
        let first = rest.find(quoted)?;
        let is_id = |at: &usize| {
            let before = rest.get(..*at).map(str::trim_end).and_then(|text| text.strip_suffix(':')).map(str::trim_end);
            before.is_some_and(|text| ["\"$dtId\"", "\"$relationshipId\""].iter().any(|key| text.ends_with(*key)))
        };
        let near = rest.get(first..rest.floor_char_boundary(first + NEAR_BYTES))?;
        let at = near.match_indices(quoted).map(|(at, _)| first + at).find(is_id).unwrap_or(first);
        let passed = rest.get(..at)?;
        let lines = passed.bytes().filter(|byte| *byte == b'\n').count();
        let shown = |text: &str| u32::try_from(text.chars().count()).unwrap_or(u32::MAX);
        let column = match passed.rsplit_once('\n') {
            Some((_, last)) => shown(last).saturating_add(1),
            None => from.column.saturating_add(shown(passed)),
        };
        let line = from.line.saturating_add(u32::try_from(lines).unwrap_or(u32::MAX));
        Some(TextPosition { offset: from.offset + at, line, column })
    }
}

#[cfg(test)]
mod tests;
