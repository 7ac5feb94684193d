//! JSON of whole twins, relationships and objects, in the format of Azure Digital Twins.

use crate::graph::Graph;
use crate::state::State;
use crate::topology::{Slot, TableIx, TwinIx};
use crate::value::{Quality, time_text};
use serde_json::{Map, Value as Json, json};

/// Returns a twin as JSON: id, values, nested objects and components, and metadata.
pub fn twin(state: &State, twin: TwinIx) -> Map<String, Json> {
    let topology = state.topology();
    let (table, _) = topology.locate(twin);
    let mut out = Map::new();
    let mut metadata = Map::new();
    let model = topology.models.get(topology.model_of(twin));
    metadata.insert("$model".into(), json!(&*model.id));
    out.insert("$dtId".into(), json!(topology.twin_id(twin)));
    if let Some(etag) = topology.etag(twin) {
        out.insert("$etag".into(), json!(etag));
    }
    for slot in topology.properties(twin) {
        let sample = state.get(slot);
        if sample.quality == Quality::Missing {
            continue;
        }
        let name = topology.column(slot.column).name.clone();
        put(state, table, &mut out, "", &name, value(state, slot));
        if sample.time_us > 0 {
            metadata.insert(name.to_string(), json!({ "lastUpdateTime": time_text(sample.time_us) }));
        }
    }
    out.insert("$metadata".into(), Json::Object(metadata));
    out
}

/// Returns the part of a twin below a dotted name: the fields of an object or the properties of a component; `None` if
/// no value exists.
pub fn part(state: &State, twin: TwinIx, name: &str) -> Option<Json> {
    let topology = state.topology();
    let (table, _) = topology.locate(twin);
    let mut out = Map::new();
    for slot in topology.properties(twin) {
        let column = topology.column(slot.column);
        let inner = column.name.strip_prefix(name).and_then(|rest| rest.strip_prefix('.'));
        if let Some(inner) = inner.filter(|_| state.get(slot).quality < Quality::Missing) {
            put(state, table, &mut out, name, inner, value(state, slot));
        }
    }
    if out.is_empty() {
        return None;
    }
    if is_component(state, table, name) {
        out.insert("$metadata".into(), json!({}));
    }
    Some(Json::Object(out))
}

fn is_component(state: &State, table: TableIx, name: &str) -> bool {
    let topology = state.topology();
    topology.models.get(topology.table(table).model).components.iter().any(|component| *component.name == *name)
}

/// Inserts a value under a dotted name into nested objects; objects of components get metadata.
fn put(state: &State, table: TableIx, out: &mut Map<String, Json>, above: &str, name: &str, value: Json) {
    let Some((first, rest)) = name.split_once('.') else {
        out.insert(name.to_string(), value);
        return;
    };
    let whole = if above.is_empty() { first.to_string() } else { format!("{above}.{first}") };
    let fresh = || if is_component(state, table, &whole) { json!({ "$metadata": {} }) } else { json!({}) };
    match out.entry(first.to_string()).or_insert_with(fresh).as_object_mut() {
        Some(inner) => put(state, table, inner, &whole, rest, value),
        // Another property has the name of the object, so the dotted name is used as the key.
        None => {
            out.insert(name.to_string(), value);
        }
    }
}

/// Returns a relationship as JSON: id, ends, name and properties.
pub fn relationship(graph: &Graph, number: u32) -> Option<Map<String, Json>> {
    let (relationship, (from, to)) = (graph.relationship(number)?, graph.ends(number)?);
    let mut out = Map::new();
    out.insert("$relationshipId".into(), json!(relationship_id(graph, number)?));
    out.insert("$sourceId".into(), json!(&**from));
    out.insert("$targetId".into(), json!(&**to));
    out.insert("$relationshipName".into(), json!(&*relationship.name));
    for (name, value) in &relationship.properties {
        out.insert(name.to_string(), serde_json::to_value(value).unwrap_or_default());
    }
    Some(out)
}

/// Returns the id of a relationship: its own, or one built from its ends and name.
pub fn relationship_id(graph: &Graph, number: u32) -> Option<String> {
    let (relationship, (from, to)) = (graph.relationship(number)?, graph.ends(number)?);
    Some(match &relationship.id {
        Some(id) => id.to_string(),
        None => format!("{from}-{}-{to}", relationship.name),
    })
}

fn value(state: &State, slot: Slot) -> Json {
    state.value(slot).and_then(|value| serde_json::to_value(&value).ok()).unwrap_or_default()
}
