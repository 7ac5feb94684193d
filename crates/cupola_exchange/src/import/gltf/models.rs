//! Interfaces for nodes, one per class. Their properties are the plain values in the extras of the nodes.
//!
//! Source: Digital Twins Definition Language version 3, "Interface" and "Property".

use crate::import::brick::{UniqueNames, segment};
use cupola_building::Node;
use cupola_scene::Properties;
use cupola_twin::model::ModelIx;
use cupola_twin::{Models, Value};
use serde_json::{Value as Json, json};
use std::collections::{BTreeMap, BTreeSet};

/// The name of the file with the interfaces.
pub(super) const FILE: &str = "building.json";
/// The relationship from the twin of a node to the twins of the nodes in it.
pub(super) const CONTAINS: &str = "contains";
const CONTEXT: &str = "dtmi:dtdl:context;3";
/// The DTMI path of the interfaces.
const PATH: &str = "dtmi:imported:Building";
/// The largest number of properties of a class. Every property is a column.
const MAX_PROPERTIES: usize = 250;
/// The largest length of a name, in characters. The DTMI of an interface has at most 128 characters.
const MAX_NAME: usize = 64;
/// The largest length of a display name, in characters.
const MAX_SHOWN: usize = 100;
/// The extras that are objects whose fields are read separately.
const HOLDERS: [&str; 2] = ["cupola", "properties"];
/// The fields of Cupola's extras that identify the twin and are not properties.
const OWN_WORDS: [&str; 3] = ["id", "model", "role"];

/// A key of the extras with its value.
pub(super) type Fact<'b> = (&'b str, &'b Json);

/// Returns the values in the extras of a node: its `properties`, the other extras, and the values in Cupola's extras.
/// The first value of a key counts.
pub(super) fn facts(node: &Node) -> Vec<Fact<'_>> {
    let inner = |key: &str| node.extras.get(key).and_then(Json::as_object).into_iter().flatten();
    let is_own = |key: &str, value: &Json| !(key.starts_with('$') || HOLDERS.contains(&key) && value.is_object());
    let own = node.extras.iter().filter(|(key, value)| is_own(key, value));
    let noted = inner("cupola").filter(|(key, _)| !OWN_WORDS.contains(&key.as_str()));
    let mut seen = BTreeSet::new();
    let all = inner("properties").chain(own).chain(noted).map(|(key, value)| (key.as_str(), value));
    all.filter(|(key, value)| !value.is_null() && seen.insert(*key)).collect()
}

/// Returns the values in the extras of a node whose twin has a known model: the values of Cupola's export, and other
/// values that the model declares.
pub(super) fn stated<'n>(node: &'n Node, models: &Models, model: ModelIx) -> Vec<Fact<'n>> {
    let properties = node.extras.get("properties").and_then(Json::as_object);
    let is_written = |key: &str| properties.is_some_and(|properties| properties.contains_key(key));
    // Values that do not fit the model are reported when the draft is checked against the models.
    let is_known = |key: &str| {
        let model = models.get(model);
        model.declared(key).is_some()
            || model.property(key).is_some()
            || model.components.iter().any(|part| &*part.name == key)
    };
    facts(node).into_iter().filter(|(key, _)| is_written(key) || is_known(key)).collect()
}

/// The kinds of values of one key.
#[derive(Clone, Copy, Debug, Default)]
struct Kinds {
    numbers: bool,
    booleans: bool,
    texts: bool,
}

impl Kinds {
    fn schema(self) -> &'static str {
        match (self.numbers, self.booleans, self.texts) {
            (true, false, false) => "double",
            (false, true, false) => "boolean",
            _ => "string",
        }
    }
}

/// The classes, with the keys in the extras of their nodes.
#[derive(Debug, Default)]
pub(super) struct Classes<'b> {
    columns: BTreeMap<String, BTreeMap<&'b str, Kinds>>,
    /// The number of values beyond the limit of properties.
    pub too_many: usize,
}

/// The interfaces that were made.
#[derive(Debug)]
pub(super) struct GeneratedModels<'b> {
    /// The DTDL document.
    pub text: String,
    /// The DTMI of each class's interface.
    pub ids: BTreeMap<String, String>,
    /// The property name of each key, which is the same in all interfaces.
    names: BTreeMap<&'b str, String>,
}

impl<'b> Classes<'b> {
    /// Adds a node of a class. Values that are lists or objects are counted in `left` by key.
    pub fn add(&mut self, class: &str, facts: &[Fact<'b>], left: &mut BTreeMap<&'b str, usize>) {
        let columns = self.columns.entry(class.to_string()).or_default();
        for (key, value) in facts {
            if value.is_object() || value.is_array() {
                *left.entry(*key).or_default() += 1;
                continue;
            }
            if columns.len() >= MAX_PROPERTIES && !columns.contains_key(*key) {
                self.too_many += 1;
                continue;
            }
            let kinds = columns.entry(*key).or_default();
            match value {
                Json::Number(_) => kinds.numbers = true,
                Json::Bool(_) => kinds.booleans = true,
                _ => kinds.texts = true,
            }
        }
    }

    /// Builds the interfaces. Their DTMIs differ from those of `defined`.
    pub fn models(&self, defined: &Models) -> GeneratedModels<'b> {
        let keys: BTreeSet<&'b str> = self.columns.values().flat_map(|columns| columns.keys().copied()).collect();
        // Keys that are valid names are named first, so that they keep their names.
        let (plain, others): (Vec<&'b str>, Vec<&'b str>) = keys.into_iter().partition(|key| dtdl_name(key) == *key);
        let mut taken: UniqueNames = [CONTAINS.to_string()].into_iter().collect();
        let names: BTreeMap<&'b str, String> =
            plain.into_iter().chain(others).map(|key| (key, taken.take(&dtdl_name(key)))).collect();
        let path = |id: &str| id.split(';').next().unwrap_or(id).to_string();
        let mut taken: UniqueNames = defined.iter().map(|(_, interface)| path(&interface.id)).collect();
        let mut ids = BTreeMap::new();
        let mut interfaces = Vec::new();
        for (class, columns) in &self.columns {
            let id = format!("{};1", taken.take(&format!("{PATH}:{}", dtdl_name(class))));
            interfaces.push(interface(&id, class, columns, &names));
            ids.insert(class.clone(), id);
        }
        GeneratedModels { text: serde_json::to_string_pretty(&interfaces).unwrap_or_default(), ids, names }
    }

    /// Returns the values of a node as properties of its twin.
    pub fn properties(&self, made: &GeneratedModels<'b>, class: &str, facts: &[Fact<'b>]) -> Properties {
        let columns = self.columns.get(class);
        let property = |(key, value): &Fact<'b>| {
            let schema = columns?.get(*key)?.schema();
            Some((made.names.get(*key)?.clone(), typed(schema, value)?))
        };
        facts.iter().filter_map(property).collect()
    }
}

fn typed(schema: &str, value: &Json) -> Option<Value> {
    Some(match (schema, value) {
        ("double", _) => Value::Number(value.as_f64()?),
        ("boolean", _) => Value::Bool(value.as_bool()?),
        (_, Json::String(text)) => Value::Text(text.clone()),
        (_, Json::Number(_) | Json::Bool(_)) => Value::Text(value.to_string()),
        _ => return None,
    })
}

fn interface(id: &str, class: &str, columns: &BTreeMap<&str, Kinds>, names: &BTreeMap<&str, String>) -> Json {
    let mut contents = Vec::with_capacity(columns.len() + 1);
    for (key, kinds) in columns {
        let Some(name) = names.get(*key) else { continue };
        let mut property = json!({"@type": "Property", "name": name, "schema": kinds.schema()});
        let is_other = name.as_str() != *key && !key.trim().is_empty();
        if let Some(fields) = property.as_object_mut()
            && is_other
        {
            let shown: String = key.chars().take(MAX_SHOWN).collect();
            fields.insert("displayName".to_string(), Json::String(shown));
        }
        contents.push(property);
    }
    contents.push(json!({"@type": "Relationship", "name": CONTAINS}));
    json!({"@context": CONTEXT, "@id": id, "@type": "Interface", "displayName": shown(class), "contents": contents})
}

/// Returns a valid DTDL name.
fn dtdl_name(text: &str) -> String {
    segment(&text.chars().take(MAX_NAME).collect::<String>())
}

/// Returns a class name for display: `Building storey` for `BuildingStorey`.
fn shown(class: &str) -> String {
    let mut out = String::new();
    let mut before = ' ';
    for letter in class.chars().take(MAX_SHOWN) {
        match letter {
            '_' => out.push(' '),
            _ if letter.is_ascii_uppercase() && before.is_ascii_lowercase() => {
                out.push(' ');
                out.push(letter.to_ascii_lowercase());
            }
            _ => out.push(letter),
        }
        before = letter;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_read_well() {
        for (class, wanted) in [("BuildingStorey", "Building storey"), ("HVACZone", "HVACZone"), ("a_b", "a b")] {
            assert_eq!(shown(class), wanted);
        }
    }

    #[test]
    fn names_fit_in_identifiers() {
        assert_eq!(dtdl_name(&"a".repeat(300)).len(), MAX_NAME);
        assert_eq!(dtdl_name("Fläche (m²)"), "Fl_che__m");
    }
}
