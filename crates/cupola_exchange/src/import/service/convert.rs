//! Conversion of twins, relationships and models in the JSON form of Azure Digital Twins to a draft. All formats with
//! this form use this module.

use crate::import::{Draft, ModelDoc};
use cupola_scene::SharedTexts;
use cupola_scene::document::{RelationshipDoc, TwinDoc};
use cupola_twin::topology::system::{ETAG, update_time_name, updated_property};
use cupola_twin::zone::time_of_text;
use cupola_twin::{Diagnostic, Place, Value};
use serde_json::{Map, Value as Json};
use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

/// The largest number of listed diagnostics per file. Further diagnostics are only counted.
const MAX_LISTED: usize = 500;
/// The largest length of a file name, in bytes. Longer names are not possible on every file system.
const MAX_NAME: usize = 200;
/// The system properties that are read elsewhere or that a scene does not need.
const KNOWN: [&str; 7] =
    ["$dtId", "$etag", "$relationshipId", "$sourceId", "$targetId", "$relationshipName", "$relationshipLink"];

/// A function that returns the place of the item with an id.
pub type PlaceLookup<'a> = &'a dyn Fn(&str) -> Option<Place>;

/// Converts the content of a file to items of a draft.
pub struct Converter<'d> {
    draft: &'d mut Draft,
    listed: usize,
    unlisted: usize,
    /// The file names of the draft's models.
    model_files: BTreeSet<String>,
    /// The system properties that were reported as left out.
    told: BTreeSet<String>,
    dropped_metadata: bool,
    /// The names of models, relationships and properties.
    names: SharedTexts,
}

impl<'d> Converter<'d> {
    /// Creates the converter of one file.
    pub fn new(draft: &'d mut Draft) -> Self {
        let model_files = draft.models.iter().map(|model| model.name.clone()).collect();
        Self {
            draft,
            listed: 0,
            unlisted: 0,
            model_files,
            told: BTreeSet::new(),
            dropped_metadata: false,
            names: SharedTexts::default(),
        }
    }

    /// Adds a diagnostic, or only counts it after the first [`MAX_LISTED`].
    pub fn say(&mut self, found: impl FnOnce() -> Diagnostic) {
        if self.listed < MAX_LISTED {
            self.listed += 1;
            self.draft.findings.push(found());
        } else {
            self.unlisted += 1;
        }
    }

    /// Adds a diagnostic, however many there are.
    pub fn say_always(&mut self, found: Diagnostic) {
        self.draft.findings.push(found);
    }

    /// Counts an item that was left out and adds a diagnostic with the reason.
    pub fn left_out(&mut self, kind: &'static str, why: impl FnOnce() -> Diagnostic) {
        self.draft.counts.entry(kind).or_default().left_out += 1;
        self.say(why);
    }

    /// Adds the diagnostics that occur once per file: omitted metadata, and the number of unlisted diagnostics.
    pub fn finish(self, file: &Arc<str>) {
        if self.dropped_metadata {
            let message = "`$metadata` is imported for `$model` and `lastUpdateTime`; other fields are left out";
            self.draft.findings.push(Diagnostic::info("metadata-left-out", message).at(file_start(file)));
        }
        if self.unlisted > 0 {
            let message = format!("{} more findings in this file", self.unlisted);
            let more = Diagnostic::warning("more-findings", message).at(file_start(file));
            self.draft.findings.push(more.help("fix the listed ones first"));
        }
    }

    /// Converts a twin. `stem` replaces a missing id.
    pub fn twin(&mut self, object: Map<String, Json>, stem: Option<&str>, at: PlaceLookup<'_>) {
        let id = match (object.get("$dtId"), stem) {
            (Some(Json::String(id)), _) if !id.is_empty() => id.clone(),
            (None, Some(stem)) => {
                self.say(|| {
                    let message = format!("the twin has no `$dtId`; the name of its file is used as its id: `{stem}`");
                    let help = "add `$dtId` to the file to give the twin another id";
                    Diagnostic::info("id-from-file-name", message).at(at("")).help(help)
                });
                stem.to_owned()
            }
            (found, _) => {
                let found = found.map_or("no `$dtId`".to_owned(), |found| format!("{} as its `$dtId`", word(found)));
                self.left_out("twins", || {
                    let help = "write its id: \"$dtId\": \"Room1\"";
                    Diagnostic::error("twin-without-id", format!("a twin has {found}")).at(at("$dtId")).help(help)
                });
                return;
            }
        };
        let model = object.get("$metadata").and_then(|metadata| metadata.get("$model")).and_then(Json::as_str);
        let Some(model) = model.filter(|model| !model.is_empty()).map(|model| self.names.share(model)) else {
            self.left_out("twins", || {
                let help = "write its model: \"$metadata\": {\"$model\": \"dtmi:example:Room;1\"}";
                Diagnostic::error("twin-without-model", format!("twin `{id}` has no model")).at(at(&id)).help(help)
            });
            return;
        };
        let mut system = Vec::new();
        self.system_values(&id, "", &object, &mut system, at);
        let mut values = Vec::new();
        self.properties(&id, "", object, &mut values, at);
        // A time without a value is of no use.
        let given: HashSet<&str> = values.iter().map(|(name, _)| &**name).collect();
        system.retain(|(name, _)| updated_property(name).is_none_or(|own| given.contains(own)));
        let properties = values.into_iter().chain(system).collect();
        self.draft.understood("twins");
        let place = at(&id);
        self.draft.twins.push(TwinDoc { id, model, properties }, place);
    }

    /// Converts a relationship. The bulk import format has its source in `$dtId`.
    pub fn relationship(&mut self, object: Map<String, Json>, at: PlaceLookup<'_>) {
        let text = |key: &str| object.get(key).and_then(Json::as_str).filter(|text| !text.is_empty());
        let (id, name, to) = (text("$relationshipId"), text("$relationshipName"), text("$targetId"));
        let from = text("$sourceId").or_else(|| text("$dtId"));
        let odd_id = id.is_none() && object.contains_key("$relationshipId");
        let (Some(from), Some(name), Some(to), false) = (from, name, to, odd_id) else {
            let parts = [
                ("$relationshipId", odd_id),
                ("$sourceId", from.is_none()),
                ("$relationshipName", name.is_none()),
                ("$targetId", to.is_none()),
            ];
            let wrong: Vec<&str> = parts.into_iter().filter(|(_, wrong)| *wrong).map(|(key, _)| key).collect();
            let known = id.or(from).or(to).unwrap_or_default();
            self.left_out("relationships", || {
                let message = match known {
                    "" => format!("a relationship needs a non-empty string in {}", wrong.join(", ")),
                    known => format!("relationship `{known}` needs a non-empty string in {}", wrong.join(", ")),
                };
                let help = "a relationship needs `$sourceId`, `$relationshipName` and `$targetId`";
                Diagnostic::error("broken-relationship", message).at(at(known)).help(help)
            });
            return;
        };
        let (id, from, to) = (id.map(str::to_owned), from.to_owned(), to.to_owned());
        let name = self.names.share(name);
        let mut values = Vec::new();
        self.properties(id.as_deref().unwrap_or(&from), "", object, &mut values, at);
        let properties = values.into_iter().collect();
        self.draft.understood("relationships");
        let place = at(id.as_deref().unwrap_or(&from));
        self.draft.relationships.push(RelationshipDoc { id, from, name, to, properties }, place);
    }

    /// Converts a DTDL document, which gets a file of its own.
    pub fn model(&mut self, interface: Json, at: PlaceLookup<'_>) {
        let Some(id) = interface.get("@id").and_then(Json::as_str).filter(|id| id.starts_with("dtmi:")) else {
            self.left_out("models", || {
                let help = "write its id: \"@id\": \"dtmi:example:Room;1\"";
                Diagnostic::error("model-without-id", "a model has no valid DTMI in `@id`").at(at("@id")).help(help)
            });
            return;
        };
        let name = file_name(id, self.model_files.len());
        if !self.model_files.insert(name.clone()) {
            self.left_out("models", || {
                let help = "keep one of the two; the first is used";
                Diagnostic::warning("duplicate-model", format!("model `{id}` is defined twice")).at(at(id)).help(help)
            });
            return;
        }
        self.draft.understood("models");
        let place = at(id);
        self.draft.models.push(ModelDoc::new(name, format!("{interface:#}\n"), place));
    }

    /// Converts the properties of a twin, a component or a relationship. An object with `$metadata` is a component.
    fn properties(
        &mut self,
        owner: &str,
        prefix: &str,
        object: Map<String, Json>,
        out: &mut Vec<(Arc<str>, Value)>,
        at: PlaceLookup<'_>,
    ) {
        for (key, value) in object {
            if key == "$metadata" {
                continue;
            }
            if key.starts_with('$') {
                self.unknown_name(owner, &key, at);
                continue;
            }
            let name = format!("{prefix}{key}");
            match value {
                Json::Object(component) if component.contains_key("$metadata") => {
                    self.properties(owner, &format!("{name}."), component, out, at);
                }
                value => {
                    let value = self.value(owner, &name, value, at);
                    out.extend(value.map(|value| (self.names.share(&name), value)));
                }
            }
        }
    }

    /// Collects the version tag and the update times of a twin and its components, under the names of a scene.
    fn system_values(
        &mut self,
        id: &str,
        prefix: &str,
        object: &Map<String, Json>,
        out: &mut Vec<(Arc<str>, Value)>,
        at: PlaceLookup<'_>,
    ) {
        if let (true, Some(etag)) = (prefix.is_empty(), object.get(ETAG).and_then(Json::as_str)) {
            out.push((self.names.share(ETAG), Value::Text(etag.into())));
        }
        for (key, value) in object.get("$metadata").and_then(Json::as_object).into_iter().flatten() {
            let fields = value.as_object();
            let time = fields.and_then(|fields| fields.get("lastUpdateTime")).and_then(Json::as_str);
            self.dropped_metadata |= key != "$model" && (time.is_none() || fields.is_some_and(|all| all.len() > 1));
            let Some(time) = time else { continue };
            let property = format!("{prefix}{key}");
            if time_of_text(time).is_some() {
                out.push((self.names.share(&update_time_name(&property)), Value::Text(time.into())));
            } else {
                self.say(|| {
                    let message = format!("`{time}` is no time, so `{property}` of `{id}` has no update time");
                    Diagnostic::warning("wrong-time", message).at(at(id)).help("write it as 2026-01-31T08:00:00Z")
                });
            }
        }
        for (key, value) in object {
            if let Json::Object(component) = value
                && key != "$metadata"
                && component.contains_key("$metadata")
            {
                self.system_values(id, &format!("{prefix}{key}."), component, out, at);
            }
        }
    }

    fn unknown_name(&mut self, owner: &str, key: &str, at: PlaceLookup<'_>) {
        if !KNOWN.contains(&key) && self.listed < MAX_LISTED && self.told.insert(key.to_owned()) {
            self.say(|| {
                let message = format!("the system property `{key}` of `{owner}` is not imported");
                Diagnostic::info("system-name-left-out", message).at(at(owner))
            });
        }
    }

    /// Converts a value. Null values are left out at any depth, and so are arrays that contain null.
    fn value(&mut self, owner: &str, name: &str, value: Json, at: PlaceLookup<'_>) -> Option<Value> {
        Some(match value {
            Json::Null => {
                self.say(|| {
                    let message = format!("`{name}` of `{owner}` is null, which means no value, and is left out");
                    Diagnostic::info("null-left-out", message).at(at(owner))
                });
                return None;
            }
            Json::Bool(flag) => Value::Bool(flag),
            Json::Number(number) => match number.as_i64() {
                Some(whole) => Value::Integer(whole),
                None => Value::Number(number.as_f64()?),
            },
            Json::String(text) => Value::Text(text),
            Json::Array(items) if items.iter().any(Json::is_null) => {
                self.left_out("values", || {
                    let message = format!("`{name}` of `{owner}` is an array that contains null, and is left out");
                    let help = "every element of a DTDL array needs a value";
                    Diagnostic::error("null-in-a-list", message).at(at(owner)).help(help)
                });
                return None;
            }
            Json::Array(items) => {
                Value::Array(items.into_iter().filter_map(|item| self.value(owner, name, item, at)).collect())
            }
            Json::Object(fields) => Value::Object(
                fields
                    .into_iter()
                    .filter_map(|(key, field)| Some((key, self.value(owner, name, field, at)?)))
                    .collect(),
            ),
        })
    }
}

/// Returns the start of a file.
pub fn file_start(file: &Arc<str>) -> Place {
    Place { file: file.clone(), line: 1, column: 1 }
}

/// Returns the message of a parser error without its position.
pub fn syntax(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.rsplit_once(" at line ").map_or(text.as_str(), |(message, _)| message).to_owned()
}

/// Returns a file name for a DTMI. Letters, digits, `_` and `.` are kept, so that different DTMIs have different names.
fn file_name(id: &str, others: usize) -> String {
    let keep = |c: char| if c.is_ascii_alphanumeric() || c == '_' || c == '.' { c } else { '-' };
    let plain: String = id.chars().map(keep).collect();
    if plain.len() <= MAX_NAME {
        return format!("{plain}.json");
    }
    // Two long DTMIs may have the same end. The number of existing files makes the name unique.
    format!("{}-{others}.json", &plain[plain.len() - MAX_NAME..])
}

fn word(value: &Json) -> &'static str {
    match value {
        Json::Null => "null",
        Json::Bool(_) => "a boolean",
        Json::Number(_) => "a number",
        Json::String(_) => "an empty string",
        Json::Array(_) => "an array",
        Json::Object(_) => "an object",
    }
}
