//! Export of the building as glTF. The extras of each bound node describe its twin, and the extras of a separate node
//! hold the whole graph.

use super::twins::properties_json;
use cupola_building::{Building, Node, Role, to_glb};
use cupola_scene::Scene;
use cupola_scene::document::TwinDoc;
use cupola_twin::Diagnostic;
use serde_json::{Map, Value as Json, json};
use std::collections::BTreeMap;

/// The name of the node that holds the graph.
const GRAPH_NODE: &str = "Twins";

/// Returns the GLB file of the building, with the ids, models and initial values of its twins and with the graph in the
/// format of Azure Digital Twins Explorer. Textures and materials of an imported file are not included. The result is
/// empty if the file would be too large, which is reported.
pub(crate) fn bytes(scene: &Scene, graph: Json, findings: &mut Vec<Diagnostic>) -> Vec<u8> {
    let mut building = Building::clone(&scene.building);
    let by_id: BTreeMap<&str, &TwinDoc> = scene.document.twins.iter().map(|twin| (twin.id.as_str(), &**twin)).collect();
    let mut bound = 0_usize;
    for (node, twin) in building.nodes.iter_mut().zip(scene.bindings.iter()) {
        let Some(twin) = *twin else { continue };
        let id = scene.topology.twin_id(twin);
        let model = &scene.models.get(scene.topology.model_of(twin)).id;
        let properties = by_id.get(id).map(|twin| properties_json(id, &twin.properties, &mut Vec::new()));
        mark(node, id, model, properties.unwrap_or_default());
        bound += 1;
    }
    if building.nodes.is_empty() {
        let help = "add a `building` to the scene, or rooms to generate one from";
        findings
            .push(Diagnostic::warning("no-building", "the scene has no building; the file has no geometry").help(help));
    } else if bound == 0 {
        let help = "bind nodes to twins in the scene: bindings: {\"NODE\": \"TWIN\"}";
        findings.push(Diagnostic::warning("unbound-building", "no node of the building has a twin").help(help));
    }
    carry(&mut building, graph);
    let bytes = to_glb(&building);
    if u32::try_from(bytes.len()).is_err() {
        let help = "export a part of the building";
        let message = "the building is larger than the 4 GiB that a GLB file can hold";
        findings.push(Diagnostic::error("glb-too-large", message).help(help));
        return Vec::new();
    }
    bytes
}

/// Writes the graph to the extras of its node.
fn carry(building: &mut Building, graph: Json) {
    let is_it = |node: &Node| node.extras.get("cupola").is_some_and(|own| own.get("graph").is_some());
    let own = json!({"role": Role::Group.as_str(), "graph": graph});
    match building.nodes.iter_mut().find(|node| is_it(node)) {
        // The building was read from an exported file, which has the node already.
        Some(node) => {
            node.extras.insert("cupola".to_owned(), own);
        }
        None => {
            let extras = Map::from_iter([("cupola".to_owned(), own)]);
            building.nodes.push(Node { name: GRAPH_NODE.into(), role: Role::Group, extras, ..Node::default() });
        }
    }
}

/// Writes a twin to the extras of a node and keeps the other extras.
fn mark(node: &mut Node, id: &str, model: &str, properties: Map<String, Json>) {
    let own = node.extras.entry("cupola").or_insert_with(|| json!({}));
    if !own.is_object() {
        *own = json!({});
    }
    if let Json::Object(own) = own {
        // The role is stored, so that an importer need not infer it.
        own.entry("role").or_insert_with(|| json!(node.role.as_str()));
        own.insert("id".to_owned(), json!(id));
        own.insert("model".to_owned(), json!(model));
    }
    node.extras.insert("$dtId".to_owned(), json!(id));
    node.extras.insert("$model".to_owned(), json!(model));
    node.extras.insert("properties".to_owned(), Json::Object(properties));
}

#[cfg(test)]
mod tests {
    use super::*;
    use cupola_building::from_gltf;

    #[test]
    fn marks_keep_what_is_there_and_are_read_again() {
        let mut node = Node { name: "R1".into(), role: Role::Room, ..Node::default() };
        node.extras.insert("cupola".into(), json!({"role": "room", "id": "R1", "area_m2": 20.0}));
        node.extras.insert("ifc_guid".into(), json!("g"));
        mark(&mut node, "room-1", "dtmi:x:Room;1", Map::from_iter([("name".to_owned(), json!("Room 1"))]));
        let mut bare = Node { name: "thing".into(), role: Role::Equipment, ..Node::default() };
        mark(&mut bare, "thing-1", "dtmi:x:Thing;1", Map::new());
        let wanted = json!({
            "cupola": {"role": "room", "id": "room-1", "area_m2": 20.0, "model": "dtmi:x:Room;1"},
            "ifc_guid": "g", "$dtId": "room-1", "$model": "dtmi:x:Room;1", "properties": {"name": "Room 1"},
        });
        assert_eq!(Json::Object(node.extras.clone()), wanted);
        let bytes = to_glb(&Building { name: "b".into(), nodes: vec![node.clone(), bare.clone()] });
        let (read, _) = from_gltf(&bytes, &mut |_| Err("nothing beside it".to_owned())).unwrap();
        assert_eq!([&read.nodes[0].extras, &read.nodes[1].extras], [&node.extras, &bare.extras]);
        assert_eq!(read.nodes[1].role, Role::Equipment);
    }
}
