//! What is read, and what is said of what can't be.

use super::*;

fn check(documents: &[&str]) -> (Models, Vec<&'static str>) {
    let named = documents.iter().enumerate().map(|(ix, text)| (Arc::from(format!("{ix}.json")), *text));
    let (models, diagnostics) = read(named);
    (models, diagnostics.iter().map(|d| d.code).collect())
}

const SPACE: &str = r#"{"@context": "dtmi:dtdl:context;2", "@id": "dtmi:t:Space;1", "@type": "Interface", "contents": [
    {"@type": ["Property", "Temperature"], "name": "airTemperature", "schema": "double", "unit": "degreeCelsius"},
    {"@type": "Relationship", "name": "contains"}]}"#;

#[test]
fn inherits_and_brings_components() {
    let room = r#"[{"@context": ["dtmi:dtdl:context;3"], "@id": "dtmi:t:Room;1", "@type": "Interface", "extends": "dtmi:t:Space;1",
        "displayName": {"en": "A room"}, "contents": [{"@type": "Component", "name": "thermostat", "schema":
        {"@type": "Interface", "@id": "dtmi:t:Thermostat;1", "contents": [{"@type": "Telemetry", "name": "target", "schema": "float"}]}}]}]"#;
    let (models, codes) = check(&[room, SPACE]);
    assert_eq!(codes, [""; 0]);
    let room = models.get(models.resolve("Room").unwrap());
    let names: Vec<_> = room.properties.iter().map(|p| &*p.name).collect();
    assert_eq!(names, ["airTemperature", "thermostat.target"]);
    assert_eq!(room.display_name, "A room");
    assert_eq!(room.properties[0].display_name, "Air temperature");
    assert_eq!(room.properties[0].unit.unwrap().symbol, "°C");
    assert!(room.relationship("contains").is_some());
    let space = models.find("dtmi:t:Space;1").unwrap();
    assert!(models.is_a(models.find("dtmi:t:Room;1").unwrap(), space));
}

#[test]
fn says_what_is_wrong() {
    let interface = |contents: &str| {
        format!(
            r#"{{"@context": "dtmi:dtdl:context;2", "@id": "dtmi:t:A;1", "@type": "Interface", "contents": [{contents}]}}"#
        )
    };
    let deep = "[".repeat(100);
    for (text, expected) in [
        (String::new(), "json-empty"),
        ("{".into(), "json-syntax"),
        (deep, "json-too-deep"),
        (r#"{"@type": "Interface", "@id": "dtmi:t:A;1"}"#.into(), "dtdl-no-context"),
        (SPACE.replace("dtmi:t:Space;1", "space"), "dtdl-bad-dtmi"),
        (SPACE.replace("double", "dubble"), "dtdl-unknown-schema"),
        (SPACE.replace("degreeCelsius", "kilowatt"), "wrong-unit"),
        (SPACE.replace("degreeCelsius", "degreeCelcius"), "unknown-unit"),
        (interface(r#"{"@type": "Propperty", "name": "a", "schema": "double"}"#), "dtdl-bad-content"),
        (interface(r#"{"@type": "Property", "name": "1a", "schema": "double"}"#), "dtdl-bad-name"),
        (interface(r#"{"@type": "Component", "name": "a", "schema": "dtmi:t:A;1"}"#), "dtdl-circular"),
        (interface(r#"{"@type": "Component", "name": "a", "schema": "dtmi:t:B;1"}"#), "unknown-model"),
    ] {
        assert_eq!(check(&[&text]).1, [expected], "{text}");
    }
    assert_eq!(check(&[SPACE, SPACE]).1, ["dtdl-duplicate-id"]);
}
