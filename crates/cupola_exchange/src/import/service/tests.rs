use super::*;
use crate::export::json::GraphFile;
use crate::export::twins::{RelationshipList, TwinList};
use crate::import::ModelDoc;
use cupola_scene::document::{RelationshipDoc, TwinDoc};
use cupola_twin::{Models, Severity, Value};

fn draft(stem: &str, text: &str) -> Draft {
    let mut draft = Draft::default();
    assert_eq!(read("file.json", stem, text, &mut draft), Ok(true), "{text}");
    draft
}

fn codes(draft: &Draft) -> Vec<&'static str> {
    draft.findings.iter().map(|found| found.code).collect()
}

fn left_out(draft: &Draft, kind: &str) -> usize {
    draft.counts.get(kind).map_or(0, |count| count.left_out)
}

#[test]
fn a_lone_twin_may_be_called_as_its_file() {
    let text = r#"{
        "$metadata": {"$model": "dtmi:com:samples:Room;1", "Temperature": {"lastUpdateTime": "2024-01-01T00:00:00Z"},
            "note": {"lastUpdateTime": "2024-01-01T00:00:00Z"}, "Humidity": {"lastUpdateTime": "yesterday", "sourceTime": "x"}},
        "$etag": "W/\"1\"", "Temperature": 80, "Humidity": 25.5, "IsOccupied": true, "note": null,
        "wifi": {"$metadata": {"Network": {"lastUpdateTime": "2024-01-02T00:00:00Z"}}, "Network": "Room1"},
        "shape": {"corners": [1, 2.5], "holes": [1, null, 2.5], "name": "L"}
    }"#;
    let draft = draft("RoomTwin", text);
    let [twin] = &draft.twins[..] else { panic!("{:?}", draft.twins) };
    assert_eq!((twin.id.as_str(), twin.model.as_ref()), ("RoomTwin", "dtmi:com:samples:Room;1"));
    assert_eq!(twin.properties.get("Temperature"), Some(&Value::Integer(80)));
    assert_eq!(twin.properties.get("Humidity"), Some(&Value::Number(25.5)));
    assert_eq!(twin.properties.get("wifi.Network"), Some(&Value::Text("Room1".into())));
    let shape = [
        ("corners".to_owned(), Value::Array(vec![Value::Integer(1), Value::Number(2.5)])),
        ("name".to_owned(), Value::Text("L".into())),
    ];
    assert_eq!(twin.properties.get("shape"), Some(&Value::Object(shape.into())));
    assert!(!twin.properties.contains_key("note"));
    let system: Vec<String> = twin
        .properties
        .iter()
        .filter(|(name, _)| name.starts_with('$'))
        .map(|(name, value)| format!("{name} {value}"))
        .collect();
    let wanted = [
        "$etag W/\"1\"",
        "$metadata.Temperature.lastUpdateTime 2024-01-01T00:00:00Z",
        "$metadata.wifi.Network.lastUpdateTime 2024-01-02T00:00:00Z",
    ];
    assert_eq!(system, wanted);
    let wanted = ["id-from-file-name", "wrong-time", "null-left-out", "null-in-a-list", "metadata-left-out"];
    assert_eq!(codes(&draft), wanted);
    let errors = draft.findings.iter().filter(|found| found.severity != Severity::Info).count();
    assert_eq!((errors, left_out(&draft, "values")), (2, 1));
}

#[test]
fn lists_mix_twins_and_relationships() {
    let text = r#"[
        {"$dtId": "a", "$metadata": {"$model": "dtmi:x:A;1"}},
        {"$relationshipId": "r", "$sourceId": "a", "$relationshipName": "has", "$targetId": "b", "open": false},
        {"$metadata": {"$model": "dtmi:x:A;1"}},
        {"$dtId": 7, "$metadata": {"$model": "dtmi:x:A;1"}},
        {"$dtId": "c"},
        {"$relationshipId": "s", "$sourceId": "a", "$relationshipName": "has"},
        5
    ]"#;
    let draft = draft("file", text);
    assert_eq!(draft.twins.len(), 1);
    let [relationship] = &draft.relationships[..] else { panic!("{:?}", draft.relationships) };
    assert_eq!(relationship.id.as_deref(), Some("r"));
    assert_eq!(relationship.properties.get("open"), Some(&Value::Bool(false)));
    assert_eq!((left_out(&draft, "twins"), left_out(&draft, "relationships")), (3, 1));
    let wanted = ["twin-without-id", "twin-without-id", "twin-without-model", "broken-relationship", "not-a-twin"];
    assert_eq!(codes(&draft), wanted);
    let lines: Vec<u32> = draft.findings.iter().filter_map(|found| Some(found.place.as_ref()?.line)).collect();
    assert_eq!(lines[2..4], [6, 7]);
    assert!(draft.findings.iter().all(|found| found.help.is_some()));
}

#[test]
fn pages_say_that_there_is_more() {
    for (next, wanted) in [
        (r#""continuationToken": "t""#, &["more-pages"][..]),
        (r#""nextLink": "https://example.com/next""#, &["more-pages"]),
        (r#""nextLink": null"#, &[]),
    ] {
        let page = format!(r#"{{"value": [{{"$dtId": "a", "$metadata": {{"$model": "dtmi:x:A;1"}}}}], {next}}}"#);
        let draft = draft("p", &page);
        assert_eq!(draft.twins.len(), 1);
        assert_eq!(codes(&draft), wanted);
    }
}

#[test]
fn rows_with_aliases_are_twins_and_relationships() {
    let row = |b: &str| {
        format!(
            r#"{{"A": {{"$dtId": "a", "$metadata": {{"$model": "dtmi:x:A;1"}}}}, "n": 5,
            "R": {{"$relationshipId": "r-{b}", "$sourceId": "a", "$relationshipName": "has", "$targetId": "{b}"}},
            "B": {{"$dtId": "{b}", "$metadata": {{"$model": "dtmi:x:A;1"}}}}}}"#
        )
    };
    for key in ["value", "result"] {
        let draft = draft("q", &format!(r#"{{"{key}": [{}, {}]}}"#, row("b"), row("c")));
        let ids: Vec<&str> = draft.twins.iter().map(|twin| twin.id.as_str()).collect();
        assert_eq!(ids, ["a", "b", "a", "c"]);
        assert_eq!((draft.relationships.len(), draft.findings.len()), (2, 0));
    }
}

#[test]
fn the_explorers_export_carries_models() {
    let text = r#"{"digitalTwinsFileInfo": {"fileVersion": "1.0.0"},
        "digitalTwinsGraph": {"digitalTwins": [{"$dtId": "a", "$metadata": {"$model": "dtmi:x:A;1"}}], "relationships": []},
        "digitalTwinsModels": [
            {"@id": "dtmi:x:A;1", "@type": "Interface", "@context": "dtmi:dtdl:context;2"}, {"@id": "dtmi:x:A;1"}, {}
        ]}"#;
    let draft = draft("e", text);
    assert_eq!((draft.twins.len(), draft.models.len()), (1, 1));
    let ModelDoc { name, text: model, .. } = &draft.models[0];
    assert_eq!(name, "dtmi-x-A-1.json");
    assert!(model.starts_with("{\n  \"@id\": \"dtmi:x:A;1\",\n"), "{model}");
    assert_eq!(codes(&draft), ["duplicate-model", "model-without-id"]);
}

#[test]
fn other_json_is_left_to_others() {
    let others = [
        r#"{"@id": "dtmi:x:A;1", "@type": "Interface"}"#,
        r#"[{"@id": "dtmi:x:A;1"}]"#,
        "[]",
        "3",
        r#"{"value": 3}"#,
        r#"{"value": []}"#,
        "{",
        "{\"Section\": \"Header\"}\n{\"fileVersion\": \"1.0.0\"}\n{\"Section\": \"Twins\"}\n{\"$dtId\": \"a\"}",
    ];
    for other in others {
        let mut draft = Draft::default();
        assert_eq!(read("file.json", "file", other, &mut draft), Ok(false), "{other}");
        assert!(draft.findings.is_empty() && draft.counts.is_empty(), "{other}");
    }
    let broken = read("file.json", "file", "{\n\"$dtId\": \"a\",,}", &mut Draft::default()).unwrap_err();
    assert_eq!((broken.code, broken.place.map(|place| place.line)), ("json-syntax", Some(2)));
}

#[test]
fn everything_knows_where_it_stands() {
    // The ids also occur as values and as targets, before and after.
    let text = r#"[
        {"$dtId": "a", "next": "b", "$metadata": {"$model": "dtmi:x:A;1"}},
        {"$dtId": "b", "next": "a", "$metadata": {"$model": "dtmi:x:A;1"}}, {"$metadata": {"$model": "dtmi:x:A;1"},
         "$dtId": "c"},
        {"$relationshipId": "r", "$sourceId": "a", "$relationshipName": "has", "$targetId": "b"}
    ]"#;
    let mut draft = draft("file", text);
    let places = |place: Option<Place>| place.map(|place| (place.line, place.column));
    let twins: Vec<_> = draft.twins.take().map(|(_, place)| places(place)).collect();
    assert_eq!(twins, [Some((2, 19)), Some((3, 19)), Some((4, 19))]);
    let links: Vec<_> = draft.relationships.take().map(|(_, place)| places(place)).collect();
    assert_eq!(links, [Some((5, 29))]);
}

#[test]
fn many_findings_are_counted_and_not_listed() {
    let items = vec!["{\"$dtId\": \"a\"}"; 2_000].join(",");
    let draft = draft("file", &format!("[{items}]"));
    assert_eq!(left_out(&draft, "twins"), 2_000);
    assert!(draft.findings.len() < 600);
    assert_eq!(draft.findings.last().map(|found| found.code), Some("more-findings"));
}

#[test]
fn an_export_is_imported_unchanged() {
    let model = r#"{"@id": "dtmi:x:A;1", "@type": "Interface", "@context": "dtmi:dtdl:context;3"}"#;
    let (models, found) = Models::read([("a.json".into(), model)]);
    assert_eq!(found, []);
    let properties = [("n".to_owned(), Value::Number(0.5)), ("list".to_owned(), Value::Array(vec![Value::Bool(true)]))];
    let twin = TwinDoc { id: "a".into(), model: "dtmi:x:A;1".into(), properties: properties.into() };
    let way = RelationshipDoc {
        id: Some("r".into()),
        from: "a".into(),
        name: "to".into(),
        to: "a".into(),
        properties: [("since".to_owned(), Value::Integer(2001))].into(),
    };
    let findings = RefCell::default();
    let (rooms, ways) = (std::slice::from_ref(&twin), std::slice::from_ref(&way));
    let twins = TwinList { twins: rooms, models: &models, findings: &findings };
    let relationships = RelationshipList { relationships: ways, source: "$sourceId", findings: &findings };
    let interface: Json = serde_json::from_str(model).unwrap();
    let text = serde_json::to_string(&GraphFile::new(twins, relationships, &[interface])).unwrap();
    assert_eq!(findings.into_inner(), []);
    let draft = draft("graph", &text);
    assert_eq!(draft.findings, []);
    assert_eq!((&draft.twins[..], &draft.relationships[..]), (&[Arc::new(twin)][..], &[Arc::new(way)][..]));
    assert_eq!(draft.models.len(), 1);
}
