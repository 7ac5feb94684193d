use super::super::{DraftBuilding, Placed};
use super::*;
use cupola_scene::document::AlarmSeverity;

const MODELS: &str = r#"[
    {"@id": "dtmi:x:Room;1", "@type": "Interface", "@context": "dtmi:dtdl:context;3", "contents": [
        {"@type": "Property", "name": "temperature", "schema": "double"},
        {"@type": "Property", "name": "count", "schema": "long"},
        {"@type": "Property", "name": "seat", "schema": {"@type": "Object", "fields": [{"name": "row", "schema": "integer"}]}},
        {"@type": "Relationship", "name": "leadsTo", "properties": [
            {"@type": "Property", "name": "width", "schema": "double"},
            {"@type": "Property", "name": "open", "schema": "boolean"}]}]}]"#;

fn place(line: u32) -> Option<Place> {
    Some(Place { file: "file".into(), line, column: 1 })
}

fn twin(id: &str, values: &[(&str, Value)]) -> TwinDoc {
    let properties = values.iter().map(|(name, value)| (name.to_string(), value.clone())).collect();
    TwinDoc { id: id.into(), model: "dtmi:x:Room;1".into(), properties }
}

fn way(from: &str, to: &str, values: &[(&str, Value)]) -> RelationshipDoc {
    let properties = values.iter().map(|(name, value)| (name.to_string(), value.clone())).collect();
    RelationshipDoc { id: None, from: from.into(), name: "leadsTo".into(), to: to.into(), properties }
}

fn draft(twins: Vec<TwinDoc>, relationships: Vec<RelationshipDoc>) -> Draft {
    fn placed<T: Clone>(things: Vec<T>) -> Placed<T> {
        let mut out = Placed::default();
        things.into_iter().zip(1..).for_each(|(thing, line)| out.push(thing, place(line)));
        out
    }
    let models = vec![ModelDoc::new("rooms.json", MODELS, None)];
    Draft { models, twins: placed(twins), relationships: placed(relationships), ..Draft::default() }
}

fn findings(draft: &Draft) -> Vec<(&'static str, u32)> {
    draft.findings.iter().map(|found| (found.code, found.place.as_ref().map_or(0, |place| place.line))).collect()
}

#[test]
fn only_misfits_are_skipped_and_their_place_is_reported() {
    let (yes, wide) = (Value::Bool(true), Value::Number(0.9));
    let mut draft = draft(
        vec![
            twin("a", &[("temperature", Value::Text("warm".into())), ("count", Value::Integer(3))]),
            twin("a", &[("count", Value::Integer(4))]),
            twin("a", &[("count", Value::Integer(3))]),
            twin("b", &[("count", Value::Integer(i64::MAX))]),
            twin(
                "c",
                &[("seat", Value::Object([("row".into(), Value::Integer(1))].into())), ("seat.row", Value::Integer(2))],
            ),
        ],
        vec![
            way("a", "b", &[("width", yes.clone()), ("open", yes.clone()), ("height", wide.clone())]),
            way("a", "nowhere", &[]),
        ],
    );
    let settled = settle(&mut draft);
    assert!(settled.sound);
    let wanted = [
        ("wrong-value", 1),
        ("duplicate-twin", 2),
        ("wrong-value", 4),
        ("duplicate-value", 5),
        ("unknown-property", 1),
        ("wrong-value", 1),
        ("unknown-twin", 2),
    ];
    assert_eq!(findings(&draft), wanted);
    assert_eq!((settled.sound, draft.twins.len(), draft.relationships.len()), (true, 3, 1));
    assert_eq!(draft.twins[0].properties.keys().map(|name| &**name).collect::<Vec<_>>(), ["count"]);
    assert_eq!(draft.relationships[0].properties.keys().map(|name| &**name).collect::<Vec<_>>(), ["open"]);
    assert_eq!(draft.counts["values"].left_out, 5);
}

#[test]
fn alarms_and_bindings_must_be_possible() {
    let alarm = |id: &str, when: &str| AlarmDoc {
        id: id.into(),
        model: "dtmi:x:Room;1".into(),
        when: when.into(),
        severity: AlarmSeverity::Warning,
        message: id.into(),
    };
    let nodes = ["wall".to_string(), "door".to_string()].into();
    let mut draft = draft(vec![twin("a", &[])], Vec::new());
    draft.building = Some(DraftBuilding { path: "b.glb".into(), parts: Default::default(), nodes });
    draft.alarms = [alarm("hot", "temperature > 30"), alarm("wet", "humidity > 80"), alarm("odd", "temperature + 1")]
        .into_iter()
        .collect();
    draft.bindings =
        [("wall", "a"), ("doors", "a"), ("door", "b")].map(|(node, twin)| (node.into(), twin.into())).into();
    settle(&mut draft);
    assert_eq!(draft.alarms.iter().map(|alarm| alarm.id.as_str()).collect::<Vec<_>>(), ["hot"]);
    assert_eq!(draft.bindings.keys().collect::<Vec<_>>(), ["wall"]);
    let said: Vec<&str> = draft.findings.iter().map(|found| found.code).collect();
    assert_eq!(said.len(), 4, "{said:?}");
    assert_eq!(said[2..], ["unknown-twin", "unknown-node"]);
    assert_eq!(draft.findings[3].help.as_deref(), Some("did you mean `door`?"));
    draft.building = None;
    settle(&mut draft);
    assert!(draft.bindings.is_empty() && draft.findings.last().is_some_and(|found| found.code == "no-building"));
}

#[test]
fn models_that_are_alike_are_taken_once() {
    let mut one: Draft = draft(vec![twin("a", &[])], Vec::new());
    let items: Vec<Json> = serde_json::from_str(MODELS).unwrap();
    one.models.push(ModelDoc::new("again.json", items[0].to_string(), None));
    assert!(settle(&mut one).sound);
    assert_eq!((one.models.len(), findings(&one)), (1, vec![("models-alike", 0)]));

    let mut two: Draft = draft(vec![twin("a", &[])], Vec::new());
    two.models.push(ModelDoc::new("other.json", items[0].to_string().replace("leadsTo", "goesTo"), None));
    assert!(!settle(&mut two).sound);
    assert!(two.findings.iter().any(|found| found.code == "dtdl-duplicate-id"), "{:?}", two.findings);
}
