use super::*;
use crate::import::Count;
use cupola_twin::diagnostic::has_errors;
use serde_json::{Value as Json, json};

fn node(name: &str, role: Role, parent: Option<usize>, extras: Json) -> Node {
    let extras = extras.as_object().cloned().unwrap_or_default();
    Node { name: name.to_string(), parent, role, extras, ..Node::default() }
}

fn import_into(draft: &mut Draft, nodes: Vec<Node>) {
    let building = Building { name: "House".to_string(), nodes };
    read("house.glb", &building, draft);
}

fn import(nodes: Vec<Node>) -> Draft {
    let mut draft = Draft::default();
    import_into(&mut draft, nodes);
    draft
}

fn models(draft: &Draft) -> Models {
    let documents = draft.models.iter().map(ModelDoc::read);
    let (models, found) = Models::read(documents);
    assert!(!has_errors(&found), "{found:?}");
    for twin in draft.twins.iter() {
        let model = models.find(&twin.model).expect("its model is there");
        for (name, value) in &twin.properties {
            assert!(models.columns_of(model, name, value).is_ok(), "{name} of {}", twin.id);
        }
    }
    models
}

fn ids(draft: &Draft) -> Vec<&str> {
    draft.twins.iter().map(|twin| twin.id.as_str()).collect()
}

fn links(draft: &Draft) -> Vec<String> {
    draft.relationships.iter().map(|link| format!("{} {} {}", link.from, link.name, link.to)).collect()
}

fn codes(draft: &Draft) -> Vec<&str> {
    draft.findings.iter().map(|found| found.code).collect()
}

fn bindings(draft: &Draft) -> Vec<(&str, &str)> {
    draft.bindings.iter().map(|(node, twin)| (node.as_str(), twin.as_str())).collect()
}

fn property<'d>(draft: &'d Draft, twin: &str, name: &str) -> Option<&'d Value> {
    draft.twins.iter().find(|known| known.id == twin)?.properties.get(name)
}

fn space(guid: &str, area: Json) -> Json {
    json!({"ifc_guid": guid, "ifc_class": "IfcSpace", "name": "A1", "area": area, "heated": true})
}

#[test]
fn places_and_devices_of_ifc_are_twins_and_walls_are_not() {
    let wall = json!({"ifc_guid": "w", "ifc_class": "IfcWall", "name": "W", "id": "7"});
    let draft = import(vec![
        node("IfcProject/0001 House", Role::Group, None, json!({"ifc_class": "IfcProject", "name": "0001"})),
        node("IfcBuildingStorey/Level 1", Role::Storey, Some(0), json!({"name": "Level 1", "long_name": null})),
        node("IfcSpace/A1 Kitchen", Role::Room, Some(1), space("s1", json!(12.5))),
        node("IfcSpace/A1 Kitchen", Role::Room, Some(1), space("s2", json!("12"))),
        node("IfcWall/W", Role::Wall, Some(1), wall),
        node("IfcFlowTerminal/Diffuser", Role::Equipment, Some(3), json!({"name": "Diffuser", "flow": 3})),
        node("IfcBuilding/IfcBuilding", Role::Group, Some(0), json!({"name": null})),
    ]);
    assert_eq!(ids(&draft), ["0001", "Level 1", "A1", "s2", "Diffuser", "IfcBuilding"]);
    let wanted = [
        "0001 contains Level 1",
        "Level 1 contains A1",
        "Level 1 contains s2",
        "s2 contains Diffuser",
        "0001 contains IfcBuilding",
    ];
    assert_eq!(links(&draft), wanted);
    assert_eq!(bindings(&draft), [("IfcBuilding/IfcBuilding", "IfcBuilding")]);
    assert_eq!(codes(&draft), ["gltf-shapes"]);
    assert_eq!(draft.findings[0].message, "1 node is geometry without a twin: 1 IfcWall");
    assert_eq!(draft.counts["nodes"], Count { understood: 6, left_out: 1 });
    assert_eq!(draft.counts["twins"], Count { understood: 6, left_out: 0 });
    assert_eq!(draft.counts["models"], Count { understood: 5, left_out: 0 });
    let models = models(&draft);
    assert!(models.find("dtmi:imported:Building:BuildingStorey;1").is_some());
    assert_eq!(property(&draft, "A1", "area"), Some(&Value::Text("12.5".to_string())));
    assert_eq!(property(&draft, "A1", "heated"), Some(&Value::Bool(true)));
    assert_eq!(property(&draft, "s2", "ifc_guid"), Some(&Value::Text("s2".to_string())));
    assert_eq!(property(&draft, "Diffuser", "flow"), Some(&Value::Number(3.0)));
}

#[test]
fn an_export_is_imported_unchanged() {
    let marked = |id: &str, model: &str, properties: Json| {
        let own = json!({"role": "room", "id": id, "model": model, "area_m2": 20.0});
        json!({"cupola": own, "$dtId": id, "$model": model, "properties": properties})
    };
    let text = r#"[{"@context": "dtmi:dtdl:context;3", "@id": "dtmi:x:Floor;1", "@type": "Interface", "contents": [
        {"@type": "Relationship", "name": "contains"}]},
        {"@context": "dtmi:dtdl:context;3", "@id": "dtmi:x:Room;1", "@type": "Interface", "contents": [
        {"@type": "Property", "name": "beds", "schema": "integer"},
        {"@type": "Property", "name": "path", "schema": {"@type": "Array", "elementSchema": "double"}}]}]"#;
    let mut draft = Draft { models: vec![ModelDoc::new("models.json", text, None)], ..Draft::default() };
    let nodes = vec![
        node("L1", Role::Storey, None, marked("floor-1", "dtmi:x:Floor;1", json!({}))),
        node("R1", Role::Room, Some(0), marked("room-1", "dtmi:x:Room;1", json!({"beds": 2, "path": [1.5, 2.5]}))),
        node("R1 chairs", Role::Furniture, Some(1), marked("room-1", "dtmi:x:Room;1", json!({"beds": 2}))),
        node("Hood", Role::Equipment, Some(1), marked("hood", "dtmi:x:Hood;1", json!({"power.fan": 90}))),
    ];
    import_into(&mut draft, nodes);
    assert_eq!(ids(&draft), ["floor-1", "room-1", "hood"]);
    assert_eq!(&*draft.twins[1].model, "dtmi:x:Room;1");
    assert_eq!(draft.twins[1].properties.len(), 2);
    assert_eq!(property(&draft, "room-1", "beds"), Some(&Value::Integer(2)));
    // The model of this twin was not imported.
    assert_eq!(&*draft.twins[2].model, "dtmi:imported:Building:Hood;1");
    assert_eq!(property(&draft, "hood", "power_fan"), Some(&Value::Number(90.0)));
    assert_eq!(property(&draft, "hood", "area_m2"), Some(&Value::Number(20.0)));
    assert_eq!(links(&draft), ["floor-1 contains room-1"]);
    assert_eq!(codes(&draft), ["gltf-no-relationship"]);
    assert_eq!(draft.counts["relationships"], Count { understood: 1, left_out: 1 });
    assert!(draft.bindings.is_empty(), "{:?}", draft.bindings);
    models(&draft);
}

#[test]
fn nodes_that_nothing_tells_apart_are_reported() {
    let room = |name: &str| node(name, Role::Room, None, json!({}));
    let draft = import(vec![room("Room"), room("Room"), room("Room"), room("Lab/2"), room(" ")]);
    assert_eq!(ids(&draft), ["Room", "Room_2", "Room_3", "Lab/2", "node"]);
    assert_eq!(&*draft.twins[0].model, "dtmi:imported:Building:Room;1");
    assert_eq!(bindings(&draft), [(" ", "node")]);
    assert_eq!(codes(&draft), ["gltf-same-name"]);
    assert!(draft.findings[0].message.starts_with("2 nodes named `Room`"), "{}", draft.findings[0]);
    models(&draft);
}

#[test]
fn keys_become_names_and_lists_are_left_out() {
    let extras = json!({"id": "t", "a-b": 1, "a_b": 2, "contains": true, "1st": "x", "list": [1], "": 5, "none": null});
    let draft = import(vec![node("n", Role::Other, None, extras)]);
    let wanted = ["a_b", "a_b_2", "contains_2", "id", "n1st", "unnamed"];
    assert_eq!(draft.twins[0].properties.keys().map(|name| &**name).collect::<Vec<_>>(), wanted);
    assert_eq!(property(&draft, "t", "a_b"), Some(&Value::Number(2.0)));
    assert_eq!(codes(&draft), ["gltf-structured-extra"]);
    assert_eq!(draft.counts["values"], Count { understood: 0, left_out: 1 });
    let models = models(&draft);
    let interface = models.get(models.find("dtmi:imported:Building:Thing;1").expect("the class has a model"));
    assert_eq!(interface.property("a_b_2").map(|property| property.display_name.as_str()), Some("a-b"));
}

#[test]
fn identifiers_that_are_taken_are_left_alone() {
    let text = r#"{"@context": "dtmi:dtdl:context;3", "@id": "dtmi:imported:Building:Room;1", "@type": "Interface"}"#;
    let mut draft = Draft { models: vec![ModelDoc::new("old.json", text, None)], ..Draft::default() };
    import_into(&mut draft, vec![node("R", Role::Room, None, json!({}))]);
    assert_eq!(&*draft.twins[0].model, "dtmi:imported:Building:Room_2;1");
    models(&draft);
}

#[test]
fn a_graph_that_came_with_it_stays_as_it_is() {
    let twin = |id: &str, name: &str| TwinDoc {
        id: id.to_string(),
        model: "Room".into(),
        properties: [("name".to_string(), Value::Text(name.to_string()))].into(),
    };
    let mut draft = Draft { twins: [twin("a", "Lab"), twin("b", "Office")].into_iter().collect(), ..Draft::default() };
    let room = |name: &str| node(name, Role::Room, None, json!({}));
    import_into(&mut draft, vec![room("a"), room("Office 2"), room("Hall"), node("W", Role::Wall, None, json!({}))]);
    assert_eq!(ids(&draft), ["a", "b"]);
    assert!(draft.models.is_empty() && draft.bindings.is_empty() && draft.counts.is_empty());
    assert_eq!(codes(&draft), ["gltf-rooms"]);
    assert_eq!(draft.findings[0].message, "2 of the building's 3 rooms are matched to a twin by id or name");
    assert!(
        draft.findings[0].help.as_ref().is_some_and(|help| help.ends_with("not matched: `Hall`")),
        "{}",
        draft.findings[0]
    );
}

#[test]
fn nothing_but_shape_makes_no_twins() {
    let draft = import(vec![node("W", Role::Wall, None, json!({})), node("loop", Role::Wall, Some(1), json!({}))]);
    assert!(draft.twins.is_empty() && draft.models.is_empty());
    assert_eq!(codes(&draft), ["gltf-shapes", "gltf-no-twins"]);
}

#[test]
fn the_duplex_has_its_places() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/data/duplex/duplex.glb");
    let Ok(bytes) = std::fs::read(path) else { return };
    let (building, _) = cupola_building::from_gltf(&bytes, &mut |_| Err("nothing beside it".to_string())).unwrap();
    let draft = import(building.nodes);
    assert_eq!(draft.counts["twins"], Count { understood: 28, left_out: 0 });
    assert_eq!(draft.counts["relationships"], Count { understood: 27, left_out: 0 });
    let rooms = draft.twins.iter().filter(|twin| &*twin.model == "dtmi:imported:Building:Space;1");
    assert_eq!(rooms.count(), 21);
    assert!(links(&draft).contains(&"Level 1 contains A102".to_string()));
    assert_eq!(property(&draft, "A102", "long_name"), Some(&Value::Text("Living Room".to_string())));
    assert_eq!(bindings(&draft), [("IfcBuilding/IfcBuilding", "IfcBuilding")]);
    assert_eq!(codes(&draft), ["gltf-shapes"]);
    models(&draft);
}
