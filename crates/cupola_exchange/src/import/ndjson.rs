//! Import of the bulk import format of Azure Digital Twins: one JSON object per line, in the sections Header, Models,
//! Twins and Relationships.
//!
//! Source: Azure Digital Twins, "Bulk import with the Import Jobs API", version 1.0.0 of the file.

use super::Draft;
use super::service::{Converter, FILE_VERSION, syntax};
use cupola_twin::{Diagnostic, Place};
use serde_json::{Map, Value as Json};
use std::sync::Arc;

/// The number of lines between two progress reports.
const LINES_A_REPORT: usize = 50_000;

/// The sections of a file, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Section {
    Header,
    Models,
    Twins,
    Relationships,
}

impl Section {
    const NAMES: [(&'static str, Self); 4] = [
        ("Header", Self::Header),
        ("Models", Self::Models),
        ("Twins", Self::Twins),
        ("Relationships", Self::Relationships),
    ];
}

/// Reads a file in the bulk import format. `progress` receives the number of bytes read so far. Returns false, without
/// changing the draft, if the first line does not open a section.
pub fn read(file: &str, text: &str, draft: &mut Draft, progress: &mut dyn FnMut(usize)) -> bool {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if !is_bulk(text) {
        return false;
    }
    let mut reader =
        NdjsonReader { file: file.into(), converter: Converter::new(draft), section: None, furthest: None };
    let mut done = 0;
    for (number, line) in text.lines().enumerate() {
        if !line.trim().is_empty() {
            reader.line(u32::try_from(number + 1).unwrap_or(u32::MAX), line);
        }
        done += line.len() + 1;
        if number % LINES_A_REPORT == LINES_A_REPORT - 1 {
            progress(done);
        }
    }
    reader.converter.finish(&reader.file);
    true
}

/// Returns whether the first line with content opens a section.
pub(super) fn is_bulk(text: &str) -> bool {
    let first = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    matches!(serde_json::from_str(first), Ok(Json::Object(first)) if opens_section(&first))
}

/// Returns whether a line opens a section. A twin or a model may have a field `Section` of its own.
fn opens_section(object: &Map<String, Json>) -> bool {
    object.contains_key("Section") && !object.contains_key("$dtId") && !object.contains_key("@id")
}

struct NdjsonReader<'d> {
    file: Arc<str>,
    converter: Converter<'d>,
    /// The current section, or `None` in an unknown section.
    section: Option<Section>,
    /// The last section in the order of sections that was opened so far.
    furthest: Option<Section>,
}

impl NdjsonReader<'_> {
    fn line(&mut self, number: u32, line: &str) {
        let place = Place { file: self.file.clone(), line: number, column: 1 };
        let at = |_: &str| Some(place.clone());
        let kind = match self.section {
            Some(Section::Models) => "models",
            Some(Section::Twins) => "twins",
            Some(Section::Relationships) => "relationships",
            Some(Section::Header) | None => "lines",
        };
        let object = match serde_json::from_str(line) {
            Ok(Json::Object(object)) => object,
            Ok(_) => {
                self.converter.left_out(kind, || {
                    let help = "each line holds one object: {…}";
                    Diagnostic::error("not-an-object", "the line is not a JSON object").at(place.clone()).help(help)
                });
                return;
            }
            Err(error) => {
                self.converter.left_out(kind, || {
                    let column = u32::try_from(error.column()).unwrap_or(u32::MAX).max(1);
                    let help = "each line holds one whole JSON object, with no line break in it";
                    let broken = Diagnostic::error("json-syntax", format!("the line is not JSON: {}", syntax(&error)));
                    broken.at(Place { column, ..place.clone() }).help(help)
                });
                return;
            }
        };
        if opens_section(&object) {
            self.open(&object, &place);
            return;
        }
        match self.section {
            Some(Section::Header) => self.header(&object, &place),
            Some(Section::Models) => self.converter.model(Json::Object(object), &at),
            Some(Section::Twins) => self.converter.twin(object, None, &at),
            Some(Section::Relationships) => self.converter.relationship(object, &at),
            None => self.converter.left_out(kind, || {
                let help = "write {\"Section\": \"Twins\"} or the line of another section before it";
                Diagnostic::error("no-section", "the line is not in a known section").at(place.clone()).help(help)
            }),
        }
    }

    fn open(&mut self, object: &Map<String, Json>, place: &Place) {
        let name = object.get("Section").and_then(Json::as_str).unwrap_or_default();
        let known = Section::NAMES.iter().find(|(known, _)| *known == name);
        self.section = known.map(|(_, section)| *section);
        let Some(section) = self.section else {
            self.converter.left_out("lines", || {
                let names = Section::NAMES.map(|(known, _)| known);
                let unknown = Diagnostic::error("unknown-section", format!("`{name}` is not a section"));
                let help = format!("the sections are {}", names.join(", "));
                unknown.at(place.clone()).help(help).did_you_mean(name, names)
            });
            return;
        };
        // The section is read nevertheless, because no content is lost.
        if self.furthest.is_some_and(|furthest| section < furthest) {
            self.converter.say(|| {
                let message = format!("section `{name}` is out of order; the service rejects such a file");
                let help = "the order is Header, Models, Twins, Relationships";
                Diagnostic::warning("section-order", message).at(place.clone()).help(help)
            });
        }
        self.furthest = self.furthest.max(Some(section));
    }

    fn header(&mut self, object: &Map<String, Json>, place: &Place) {
        let version = object.get("fileVersion").and_then(Json::as_str).unwrap_or_default();
        if version != FILE_VERSION {
            self.converter.left_out("lines", || {
                let message = match version {
                    "" => "the header has no `fileVersion`".to_owned(),
                    version => format!("the file has version `{version}`; only {FILE_VERSION} is supported"),
                };
                Diagnostic::error("file-version", message).at(place.clone()).help("check that the import is complete")
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::ndjson;
    use crate::export::twins::{RelationshipList, TwinList};
    use crate::import::TEST_MODELS as MODELS;
    use cupola_scene::document::{RelationshipDoc, TwinDoc};
    use cupola_twin::{Models, Value};
    use std::cell::RefCell;

    fn draft(text: &str) -> Draft {
        let mut draft = Draft::default();
        assert!(read("file.ndjson", text, &mut draft, &mut |_| {}));
        draft
    }

    fn findings(draft: &Draft) -> Vec<(&'static str, u32)> {
        draft.findings.iter().map(|found| (found.code, found.place.as_ref().map_or(0, |place| place.line))).collect()
    }

    #[test]
    fn an_export_is_imported_unchanged() {
        let (models, found) = Models::read([("models.json".into(), MODELS)]);
        assert_eq!(found, []);
        let numbers = Value::Array(vec![Value::Integer(1), Value::Number(2.5)]);
        let properties = [
            ("temperature", Value::Number(21.5)),
            ("wifi.network", Value::Text("a \"b\"\nc".into())),
            ("whole", Value::Number(20.0)),
            ("beds", Value::Integer(3)),
            ("open", Value::Bool(true)),
            ("shape", Value::Object([("numbers".to_owned(), numbers)].into())),
        ];
        let twin = |id: &str, properties| TwinDoc { id: id.into(), model: "dtmi:x:Room;1".into(), properties };
        let rooms =
            [twin("a", properties.map(|(name, value)| (name.to_owned(), value)).into()), twin("b", Default::default())];
        let way = |id: Option<&str>, from: &str, to: &str| RelationshipDoc {
            id: id.map(str::to_owned),
            from: from.into(),
            name: "leadsTo".into(),
            to: to.into(),
            properties: [("width".to_owned(), Value::Number(0.9))].into(),
        };
        let mut ways = vec![way(Some("r"), "a", "b"), way(None, "b", "a"), way(None, "b", "a")];
        let found = RefCell::default();
        let interfaces: Vec<Json> = serde_json::from_str(MODELS).unwrap();
        let mut bytes = Vec::new();
        let written = ndjson::write(
            &TwinList { twins: &rooms, models: &models, findings: &found },
            &RelationshipList { relationships: &ways, source: "$dtId", findings: &found },
            &interfaces,
            &mut bytes,
        );
        written.unwrap();
        let text = String::from_utf8(bytes).unwrap();
        assert_eq!(found.into_inner(), []);
        assert!(text.contains(r#""wifi":{"$metadata":{}}"#), "{text}");
        let draft = draft(&text);
        assert_eq!(draft.findings, []);
        assert_eq!(draft.twins[..], rooms.map(Arc::new));
        // The format requires ids, so the export has added ids to relationships without one.
        ways[1].id = Some("b-leadsTo-a".into());
        ways[2].id = Some("b-leadsTo-a-2".into());
        assert_eq!(draft.relationships[..], ways.into_iter().map(Arc::new).collect::<Vec<_>>());
        let read: Vec<Json> = draft.models.iter().map(|model| serde_json::from_str(&model.text).unwrap()).collect();
        assert_eq!(read, interfaces);
        assert_eq!(draft.counts["twins"].understood, 2);
    }

    #[test]
    fn bad_lines_are_left_out_with_their_number() {
        let text = r#"
            {"Section": "Header"}
            {"fileVersion": "2.0.0"}
            {"Section": "Twins"}
            {"$dtId": "a", "$metadata": {"$model": "dtmi:x:A;1"}, "Section": "east"}
            {"$dtId": "b",
            7
            {"Section": "Twin"}
            {"$dtId": "c", "$metadata": {"$model": "dtmi:x:A;1"}}
            {"Section": "Relationships"}
            {"$dtId": "a", "$relationshipName": "has"}
            {"Section": "Models"}
            {"@id": "dtmi:x:A;1"}
        "#;
        let draft = draft(text);
        assert_eq!(draft.twins.len(), 1);
        assert_eq!(draft.models.len(), 1);
        let wanted = [
            ("file-version", 3),
            ("json-syntax", 6),
            ("not-an-object", 7),
            ("unknown-section", 8),
            ("no-section", 9),
            ("broken-relationship", 11),
            ("section-order", 12),
        ];
        assert_eq!(findings(&draft), wanted);
        assert!(draft.findings.iter().all(|found| found.help.is_some()));
        assert_eq!(draft.counts["twins"].left_out, 2);
    }

    #[test]
    fn other_texts_are_left_to_others() {
        for other in ["", "\n", "{}", "[{\"Section\": \"Header\"}]", "{\"$dtId\": \"a\", \"Section\": 1}", "Section"] {
            let mut draft = Draft::default();
            assert!(!read("file", other, &mut draft, &mut |_| {}), "{other}");
            assert!(draft.findings.is_empty());
        }
    }
}
