//! Twins and relationships in the JSON form of Azure Digital Twins.
//!
//! Source: Azure Digital Twins, "Digital twins and the twin graph": names of system properties begin with `$`, a
//! component is an object with `$metadata`, and every component of the model must be present.

use cupola_scene::document::{RelationshipDoc, TwinDoc};
use cupola_twin::model::{Interface, ModelIx};
use cupola_twin::{Diagnostic, Models, Value};
use serde_json::{Map, Value as Json, json};
use std::borrow::Borrow;
use std::collections::{BTreeMap, BTreeSet};

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
    twins.iter().map(|twin| find(twin.borrow().model.as_str()).map(|model| models.get(model))).collect()
}

/// Returns the twins as JSON objects.
pub(crate) fn twins_json(
    twins: &[impl Borrow<TwinDoc>],
    models: &Models,
    findings: &mut Vec<Diagnostic>,
) -> Vec<Map<String, Json>> {
    let interfaces = interfaces_of(twins, models, findings);
    let mut telemetry = 0_usize;
    let mut out = Vec::with_capacity(twins.len());
    for (twin, interface) in twins.iter().map(Borrow::borrow).zip(interfaces) {
        let model = interface.map_or(twin.model.as_str(), |interface| &*interface.id);
        let mut object = Map::new();
        object.insert("$dtId".to_owned(), json!(twin.id));
        object.insert("$metadata".to_owned(), json!({"$model": model}));
        if let Some(interface) = interface {
            object.extend(components(models, interface, 0));
        }
        for (name, value) in &twin.properties {
            let property = interface.and_then(|interface| interface.property(name));
            telemetry += usize::from(property.is_some_and(|property| property.telemetry));
            match to_json(value) {
                Some(value) => put(&mut object, interface, (name, 0), false, value),
                None => findings.push(not_finite(&twin.id, name)),
            }
        }
        out.push(object);
    }
    if telemetry > 0 {
        let message = format!("{telemetry} values belong to telemetry, which the service does not store on twins");
        let help = "define them as properties in the models if the service must store them";
        findings.push(Diagnostic::info("telemetry-exported", message).help(help));
    }
    out
}

/// Returns the relationships as JSON objects. `source` is the name that the format uses for the source twin.
pub(crate) fn relationships_json(
    relationships: &[impl Borrow<RelationshipDoc>],
    source: &str,
    findings: &mut Vec<Diagnostic>,
) -> Vec<Map<String, Json>> {
    let mut known = BTreeSet::new();
    let mut out = Vec::with_capacity(relationships.len());
    let relationships: Vec<&RelationshipDoc> = relationships.iter().map(Borrow::borrow).collect();
    for (relationship, id) in relationships.iter().zip(relationship_ids(&relationships)) {
        let mut object = Map::new();
        object.insert(source.to_owned(), json!(relationship.from));
        object.insert("$relationshipId".to_owned(), json!(id));
        object.insert("$targetId".to_owned(), json!(relationship.to));
        object.insert("$relationshipName".to_owned(), json!(relationship.name));
        object.extend(properties_json(&id, &relationship.properties, findings));
        out.push(object);
        if let Some(own) = &relationship.id
            && !known.insert((&relationship.from, own))
        {
            let message = format!("two relationships of `{}` have the id `{own}`", relationship.from);
            let help = "the service replaces the first by the second: give each of them a unique id";
            findings.push(Diagnostic::warning("duplicate-relationship-id", message).help(help));
        }
    }
    out
}

/// Returns an id for each relationship: its own id, or a new unique id from source, name and target, with a number if
/// necessary.
fn relationship_ids(relationships: &[&RelationshipDoc]) -> Vec<String> {
    let mut taken: BTreeSet<String> = relationships.iter().filter_map(|relationship| relationship.id.clone()).collect();
    // The last number of each new id, so that many similar relationships do not try all numbers again.
    let mut numbers: BTreeMap<String, u32> = BTreeMap::new();
    let mut make = |plain: String| {
        let number = numbers.entry(plain.clone()).or_insert(0);
        loop {
            *number += 1;
            let id = if *number == 1 { plain.clone() } else { format!("{plain}-{number}") };
            if taken.insert(id.clone()) {
                break id;
            }
        }
    };
    let own = |relationship: &&RelationshipDoc| relationship.id.clone();
    let plain = |it: &&RelationshipDoc| format!("{}-{}-{}", it.from, it.name, it.to);
    relationships.iter().map(|relationship| own(relationship).unwrap_or_else(|| make(plain(relationship)))).collect()
}

/// Returns properties as a JSON object. Numbers that are not finite are left out and reported.
pub(crate) fn properties_json(
    owner: &str,
    properties: &BTreeMap<String, Value>,
    findings: &mut Vec<Diagnostic>,
) -> Map<String, Json> {
    let mut out = Map::new();
    for (name, value) in properties {
        match to_json(value) {
            Some(value) => {
                out.insert(name.clone(), value);
            }
            None => findings.push(not_finite(owner, name)),
        }
    }
    out
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
            properties: BTreeMap::new(),
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
        let mut found = Vec::new();
        let twins = [twin("a", "Room", &values), twin("b", "Rom", &[]), twin("c", "Rom", &[])];
        let json = twins_json(&twins, &models, &mut found);
        let wanted = json!({
            "$dtId": "a", "$metadata": {"$model": "dtmi:x:Room;1"},
            "wifi": {"$metadata": {}, "network": "n"}, "door": {"$metadata": {}},
            "address": {"city": "c", "street": "s"}, "noise": 40.0, "other.network": true,
        });
        assert_eq!(Json::Object(json[0].clone()), wanted);
        assert_eq!(json[1]["$metadata"], json!({"$model": "Rom"}));
        let codes: Vec<&str> = found.iter().map(|found| found.code).collect();
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
        assert_eq!(
            relationship_ids(&relationships.each_ref()),
            ["a-has-b", "a-has-b-2", "a-has-b-3", "a-has-c", "a-has-b-2"]
        );
        let mut found = Vec::new();
        let json = relationships_json(&relationships, "$sourceId", &mut found);
        assert_eq!(json[0]["$sourceId"], "a");
        assert_eq!(found.iter().map(|found| found.code).collect::<Vec<_>>(), ["duplicate-relationship-id"]);
    }
}
