//! Interfaces for nodes: one for each class, whose properties are the plain values that the extras of its nodes have.
//!
//! Source: Digital Twins Definition Language version 3, "Interface" and "Property".

use crate::import::brick::{Taken, segment};
use cupola_building::Node;
use cupola_twin::model::ModelIx;
use cupola_twin::{Models, Value};
use serde_json::{Value as Json, json};
use std::collections::{BTreeMap, BTreeSet};

/// The file of the interfaces.
pub(super) const FILE: &str = "building.json";
/// The relationship from the twin of a node to those of the nodes in it.
pub(super) const CONTAINS: &str = "contains";
const CONTEXT: &str = "dtmi:dtdl:context;3";
/// Where the interfaces are among the identifiers of DTDL.
const PATH: &str = "dtmi:imported:Building";
/// Properties of a class: every one is a column.
const MAX_PROPERTIES: usize = 250;
/// Longer names are cut: the identifier of an interface has 128 characters at most.
const MAX_NAME: usize = 64;
/// Longer display names are cut.
const MAX_SHOWN: usize = 100;
/// Extras that hold what is read by itself.
const HOLDERS: [&str; 2] = ["cupola", "properties"];
/// What of the program's own extras says which twin a node is, and not how it is.
const OWN_WORDS: [&str; 3] = ["id", "model", "role"];

/// A key of the extras, and what is there.
pub(super) type Fact<'b> = (&'b str, &'b Json);

/// What the extras say of a node: its properties, what else there is, and what the program's own massing noted. What is said twice
/// counts once.
pub(super) fn facts(node: &Node) -> Vec<Fact<'_>> {
    let inner = |key: &str| node.extras.get(key).and_then(Json::as_object).into_iter().flatten();
    let is_own = |key: &str, value: &Json| !(key.starts_with('$') || HOLDERS.contains(&key) && value.is_object());
    let own = node.extras.iter().filter(|(key, value)| is_own(key, value));
    let noted = inner("cupola").filter(|(key, _)| !OWN_WORDS.contains(&key.as_str()));
    let mut seen = BTreeSet::new();
    let all = inner("properties").chain(own).chain(noted).map(|(key, value)| (key.as_str(), value));
    all.filter(|(key, value)| !value.is_null() && seen.insert(*key)).collect()
}

/// What the extras say of a twin whose model is known: what our own export wrote, and what else the model has a place for.
pub(super) fn stated<'n>(node: &'n Node, models: &Models, model: ModelIx) -> Vec<Fact<'n>> {
    let properties = node.extras.get("properties").and_then(Json::as_object);
    let is_written = |key: &str| properties.is_some_and(|properties| properties.contains_key(key));
    // What is no value of the model is said where everything is held to the models.
    let is_known = |key: &str| {
        let model = models.get(model);
        model.declared(key).is_some()
            || model.property(key).is_some()
            || model.components.iter().any(|part| &*part.name == key)
    };
    facts(node).into_iter().filter(|(key, _)| is_written(key) || is_known(key)).collect()
}

/// What kinds of values there are under one key.
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

/// Classes, and what the extras of their nodes have.
#[derive(Debug, Default)]
pub(super) struct Classes<'b> {
    columns: BTreeMap<String, BTreeMap<&'b str, Kinds>>,
    /// Values beyond what an interface can take.
    pub too_many: usize,
}

/// Interfaces that were made.
#[derive(Debug)]
pub(super) struct Made<'b> {
    /// The DTDL document.
    pub text: String,
    /// The identifier of each class's interface.
    pub ids: BTreeMap<String, String>,
    /// The property of each key, the same in all interfaces.
    names: BTreeMap<&'b str, String>,
}

impl<'b> Classes<'b> {
    /// Notes a node of a class. What is no plain value is counted in `left` by its key.
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

    /// The interfaces. Their identifiers are none of those that are defined already.
    pub fn models(&self, defined: &Models) -> Made<'b> {
        let keys: BTreeSet<&'b str> = self.columns.values().flat_map(|columns| columns.keys().copied()).collect();
        // Keys that are names as they stand keep them.
        let (plain, others): (Vec<&'b str>, Vec<&'b str>) = keys.into_iter().partition(|key| dtdl_name(key) == *key);
        let mut taken: Taken = [CONTAINS.to_string()].into_iter().collect();
        let names: BTreeMap<&'b str, String> =
            plain.into_iter().chain(others).map(|key| (key, taken.take(&dtdl_name(key)))).collect();
        let path = |id: &str| id.split(';').next().unwrap_or(id).to_string();
        let mut taken: Taken = defined.iter().map(|(_, interface)| path(&interface.id)).collect();
        let mut ids = BTreeMap::new();
        let mut interfaces = Vec::new();
        for (class, columns) in &self.columns {
            let id = format!("{};1", taken.take(&format!("{PATH}:{}", dtdl_name(class))));
            interfaces.push(interface(&id, class, columns, &names));
            ids.insert(class.clone(), id);
        }
        Made { text: serde_json::to_string_pretty(&interfaces).unwrap_or_default(), ids, names }
    }

    /// What is known of a node of a class, as the properties of its twin.
    pub fn properties(&self, made: &Made<'b>, class: &str, facts: &[Fact<'b>]) -> BTreeMap<String, Value> {
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

/// A name as DTDL allows it.
fn dtdl_name(text: &str) -> String {
    segment(&text.chars().take(MAX_NAME).collect::<String>())
}

/// `BuildingStorey` as a person reads it.
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
