//! Twins and relationships in the JSON form of Azure Digital Twins.
//!
//! Source: Azure Digital Twins, "Digital twins and the twin graph": names of system properties begin with `$`, a
//! component is an object with `$metadata`, and every component of the model must be present.

use cupola_scene::Properties;
use cupola_scene::document::{RelationshipDoc, TwinDoc};
use cupola_twin::model::{Interface, ModelIx};
use cupola_twin::topology::system::{ETAG, updated_property};
use cupola_twin::{Diagnostic, Models, Value};
use serde::ser::SerializeSeq;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value as Json, json};
use std::borrow::{Borrow, Cow};
use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};

/// The largest depth of nested components. No version of DTDL allows more.
const MAX_DEPTH: usize = 8;

/// Returns the interface of each twin whose model is known. An unknown model is reported once.
pub(crate) fn interfaces_of<'m>(
    twins: &[impl Borrow<TwinDoc>],
    models: &'m Models,
    findings: &mut Vec<Diagnostic>,
) -> Vec<Option<&'m Interface>> {
    let mut resolved: BTreeMap<&str, Option<ModelIx>> = BTreeMap::new();
    let mut find = |name| {
        *resolved.entry(name).or_insert_with(|| models.resolve(name).map_err(|unknown| findings.push(unknown)).ok())
    };
    twins.iter().map(|twin| find(&*twin.borrow().model).map(|model| models.get(model))).collect()
}

/// The twins of a scene as a list of JSON objects, each made when it is written. A whole list would need many times the
/// memory of the file.
pub(crate) struct TwinList<'e, T> {
    pub twins: &'e [T],
    pub models: &'e Models,
    pub findings: &'e RefCell<Vec<Diagnostic>>,
}

impl<T: Borrow<TwinDoc>> TwinList<'_, T> {
    /// Calls `write` with each twin.
    ///
    /// # Errors
    /// The error of `write`.
    pub fn each<E>(&self, mut write: impl FnMut(Map<String, Json>) -> Result<(), E>) -> Result<(), E> {
        let interfaces = interfaces_of(self.twins, self.models, &mut self.findings.borrow_mut());
        let mut telemetry = 0_usize;
        for (twin, interface) in self.twins.iter().map(Borrow::borrow).zip(interfaces) {
            let model = interface.map_or(&*twin.model, |interface| &*interface.id);
            let mut object = Map::new();
            object.insert("$dtId".to_owned(), json!(twin.id));
            object.insert("$metadata".to_owned(), json!({"$model": model}));
            if let Some(interface) = interface {
                object.extend(components(self.models, interface, 0));
            }
            for (name, value) in &twin.properties {
                if let Some(time) = updated_property(name) {
                    put_time(&mut object, interface, time, value);
                    continue;
                }
                if &**name == ETAG {
                    object.insert(ETAG.to_owned(), json!(value));
                    continue;
                }
                let property = interface.and_then(|interface| interface.property(name));
                telemetry += usize::from(property.is_some_and(|property| property.telemetry));
                match to_json(value) {
                    Some(value) => put(&mut object, interface, (name, 0), false, value),
                    None => self.findings.borrow_mut().push(not_finite(&twin.id, name)),
                }
            }
            write(object)?;
        }
        if telemetry > 0 {
            let message = format!("{telemetry} values belong to telemetry, which the service does not store on twins");
            let help = "define them as properties in the models if the service must store them";
            self.findings.borrow_mut().push(Diagnostic::info("telemetry-exported", message).help(help));
        }
        Ok(())
    }
}

impl<T: Borrow<TwinDoc>> Serialize for TwinList<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(self.twins.len()))?;
        self.each(|twin| list.serialize_element(&twin))?;
        list.end()
    }
}

/// The relationships of a scene as a list of JSON objects, each made when it is written.
pub(crate) struct RelationshipList<'e, R> {
    pub relationships: &'e [R],
    /// The name that the format uses for the source twin.
    pub source: &'static str,
    pub findings: &'e RefCell<Vec<Diagnostic>>,
}

impl<R: Borrow<RelationshipDoc>> RelationshipList<'_, R> {
    /// Calls `write` with each relationship.
    ///
    /// # Errors
    /// The error of `write`.
    pub fn each<E>(&self, mut write: impl FnMut(Map<String, Json>) -> Result<(), E>) -> Result<(), E> {
        // Hashes of source and id: two that are equal by chance give a wrong warning once in a billion exports.
        let mut known: HashSet<u64> = HashSet::new();
        let hasher = RandomState::new();
        let mut ids = RelationshipIds::new(self.relationships);
        for relationship in self.relationships.iter().map(Borrow::borrow) {
            let id = ids.of(relationship);
            let mut object = Map::new();
            object.insert(self.source.to_owned(), json!(relationship.from));
            object.insert("$relationshipId".to_owned(), json!(id));
            object.insert("$targetId".to_owned(), json!(relationship.to));
            object.insert("$relationshipName".to_owned(), json!(relationship.name));
            object.extend(properties_json(&id, &relationship.properties, &mut self.findings.borrow_mut()));
            write(object)?;
            if let Some(own) = &relationship.id
                && !known.insert(hasher.hash_one((&relationship.from, own)))
            {
                let message = format!("two relationships of `{}` have the id `{own}`", relationship.from);
                let help = "the service replaces the first by the second: give each of them a unique id";
                let twice = Diagnostic::warning("duplicate-relationship-id", message).help(help);
                self.findings.borrow_mut().push(twice);
            }
        }
        Ok(())
    }
}

impl<R: Borrow<RelationshipDoc>> Serialize for RelationshipList<'_, R> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(self.relationships.len()))?;
        self.each(|relationship| list.serialize_element(&relationship))?;
        list.end()
    }
}

/// The ids of relationships: their own ids, or new unique ids from source, name and target, with a number if necessary.
struct RelationshipIds<'e> {
    own: HashSet<&'e str>,
    made: HashSet<String>,
    /// The last number of each new id, so that many similar relationships do not try all numbers again.
    numbers: HashMap<String, u32>,
}

impl<'e> RelationshipIds<'e> {
    fn new(relationships: &'e [impl Borrow<RelationshipDoc>]) -> Self {
        let ids = || relationships.iter().map(|relationship| relationship.borrow().id.as_deref());
        // Without a new id, there is nothing to compare.
        let own = if ids().all(|id| id.is_some()) { HashSet::new() } else { ids().flatten().collect() };
        Self { own, made: HashSet::new(), numbers: HashMap::new() }
    }

    fn of<'r>(&mut self, relationship: &'r RelationshipDoc) -> Cow<'r, str> {
        if let Some(own) = &relationship.id {
            return own.into();
        }
        let plain = format!("{}-{}-{}", relationship.from, relationship.name, relationship.to);
        let number = self.numbers.entry(plain.clone()).or_insert(0);
        loop {
            *number += 1;
            let id = if *number == 1 { plain.clone() } else { format!("{plain}-{number}") };
            if !self.own.contains(id.as_str()) && self.made.insert(id.clone()) {
                return id.into();
            }
        }
    }
}

/// Returns properties as a JSON object. Numbers that are not finite are left out and reported.
pub(crate) fn properties_json(
    owner: &str,
    properties: &Properties,
    findings: &mut Vec<Diagnostic>,
) -> Map<String, Json> {
    let mut out = Map::new();
    for (name, value) in properties {
        // System values have no place among the properties.
        if name.starts_with('$') {
            continue;
        }
        match to_json(value) {
            Some(value) => {
                out.insert(name.to_string(), value);
            }
            None => findings.push(not_finite(owner, name)),
        }
    }
    out
}

/// Puts the update time of a property into the metadata of its twin, or of the component that has the property.
fn put_time(object: &mut Map<String, Json>, interface: Option<&Interface>, property: &str, time: &Value) {
    let is_component = |name: &str| {
        interface.is_some_and(|interface| interface.components.iter().any(|component| *component.name == *name))
    };
    let (owner, property) = match property.split_once('.') {
        Some((name, rest)) if is_component(name) => match object.get_mut(name) {
            Some(Json::Object(component)) => (component, rest),
            _ => return,
        },
        _ => (object, property),
    };
    if let Some(Json::Object(metadata)) = owner.get_mut("$metadata") {
        metadata.insert(property.to_owned(), json!({ "lastUpdateTime": time }));
    }
}

/// Converts a value to JSON. Returns `None` for a number that is not finite.
fn to_json(value: &Value) -> Option<Json> {
    serde_json::to_value(value).ok().filter(|value| !value.is_null())
}

fn not_finite(owner: &str, name: &str) -> Diagnostic {
    let message = format!("`{name}` of `{owner}` is not a finite number and is left out");
    Diagnostic::error("not-finite", message).help("give it a number, or remove it from the scene")
}

/// Returns the components of an interface without values.
fn components(models: &Models, interface: &Interface, depth: usize) -> Map<String, Json> {
    let mut out = Map::new();
    for component in &interface.components {
        let mut object = Map::new();
        object.insert("$metadata".to_owned(), json!({}));
        if let Some(schema) = models.find(&component.schema).filter(|_| depth < MAX_DEPTH) {
            object.extend(components(models, models.get(schema), depth + 1));
        }
        out.insert(component.name.to_string(), Json::Object(object));
    }
    out
}

/// Puts a value in its object: `component.property` in the component, `property.field` in the object of the property.
/// The first `done` bytes of the name are the path of `object`. `in_property` states whether that path is within a
/// property.
fn put(
    object: &mut Map<String, Json>,
    interface: Option<&Interface>,
    (name, done): (&str, usize),
    in_property: bool,
    value: Json,
) {
    let rest = &name[done..];
    if let Some((first, behind)) = rest.split_once('.') {
        let whole = &name[..name.len() - behind.len() - 1];
        let in_property = in_property || interface.is_some_and(|interface| interface.declared(whole).is_some());
        if in_property {
            object.entry(first).or_insert_with(|| json!({}));
        }
        if let Some(Json::Object(inner)) = object.get_mut(first) {
            put(inner, interface, (name, whole.len() + 1), in_property, value);
            return;
        }
    }
    object.insert(rest.to_owned(), value);
}

#[cfg(test)]
mod tests {
    use super::*;

    const MODELS: &str = r#"[
        {"@id": "dtmi:x:Room;1", "@type": "Interface", "@context": "dtmi:dtdl:context;3", "contents": [
            {"@type": "Telemetry", "name": "noise", "schema": "double"},
            {"@type": "Property", "name": "address", "schema": {"@type": "Object", "fields": [
                {"name": "city", "schema": "string"}, {"name": "street", "schema": "string"}]}},
            {"@type": "Component", "name": "wifi", "schema": "dtmi:x:Wifi;1"},
            {"@type": "Component", "name": "door", "schema": "dtmi:x:Wifi;1"}]},
        {"@id": "dtmi:x:Wifi;1", "@type": "Interface", "@context": "dtmi:dtdl:context;3", "contents": [
            {"@type": "Property", "name": "network", "schema": "string"}]}
    ]"#;

    fn twin(id: &str, model: &str, properties: &[(&str, Value)]) -> TwinDoc {
        let properties = properties.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        TwinDoc { id: id.into(), model: model.into(), properties }
    }

    fn relationship(id: Option<&str>, from: &str, to: &str) -> RelationshipDoc {
        RelationshipDoc {
            id: id.map(str::to_owned),
            from: from.into(),
            name: "has".into(),
            to: to.into(),
            properties: Properties::default(),
        }
    }

    #[test]
    fn components_and_objects_are_objects() {
        let (models, _) = Models::read([("models.json".into(), MODELS)]);
        let values = [
            ("noise", Value::Number(40.0)),
            ("wifi.network", Value::Text("n".into())),
            ("address.city", Value::Text("c".into())),
            ("address.street", Value::Text("s".into())),
            ("other.network", Value::Bool(true)),
            ("broken", Value::Number(f64::NAN)),
        ];
        let findings = RefCell::default();
        let twins = [twin("a", "Room", &values), twin("b", "Rom", &[]), twin("c", "Rom", &[])];
        let json = json!(TwinList { twins: &twins, models: &models, findings: &findings });
        let wanted = json!({
            "$dtId": "a", "$metadata": {"$model": "dtmi:x:Room;1"},
            "wifi": {"$metadata": {}, "network": "n"}, "door": {"$metadata": {}},
            "address": {"city": "c", "street": "s"}, "noise": 40.0, "other.network": true,
        });
        assert_eq!(json[0], wanted);
        assert_eq!(json[1]["$metadata"], json!({"$model": "Rom"}));
        let codes: Vec<&str> = findings.borrow().iter().map(|found| found.code).collect();
        assert_eq!(codes, ["unknown-model", "not-finite", "telemetry-exported"]);
    }

    #[test]
    fn relationships_without_an_id_get_one() {
        let relationships = [
            relationship(None, "a", "b"),
            relationship(Some("a-has-b-2"), "a", "b"),
            relationship(None, "a", "b"),
            relationship(None, "a", "c"),
            relationship(Some("a-has-b-2"), "a", "c"),
        ];
        let findings = RefCell::default();
        let list = RelationshipList { relationships: &relationships, source: "$sourceId", findings: &findings };
        let json = json!(list);
        let ids = json.as_array().unwrap().iter().map(|link| link["$relationshipId"].as_str().unwrap());
        assert_eq!(ids.collect::<Vec<_>>(), ["a-has-b", "a-has-b-2", "a-has-b-3", "a-has-c", "a-has-b-2"]);
        assert_eq!(json[0]["$sourceId"], "a");
        assert_eq!(findings.borrow().iter().map(|found| found.code).collect::<Vec<_>>(), ["duplicate-relationship-id"]);
    }
}
