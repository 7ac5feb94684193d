//! Tests of queries on the command line.

use crate::support::{cupola, json, scene_folder};
use serde_json::{Value, json};
use std::path::Path;

const MODELS: &str = r#"[
 {"@context": ["dtmi:dtdl:context;3", "dtmi:dtdl:extension:quantitativeTypes;1"], "@id": "dtmi:ask:Place;1", "@type": "Interface", "contents": [
  {"@type": "Property", "name": "name", "schema": "string"},
  {"@type": ["Property", "Temperature"], "name": "temperature", "schema": "double", "unit": "degreeCelsius"},
  {"@type": "Relationship", "name": "contains", "properties": [{"@type": "Property", "name": "since", "schema": "integer"}]}]},
 {"@context": "dtmi:dtdl:context;3", "@id": "dtmi:ask:Campus;1", "@type": "Interface", "extends": "dtmi:ask:Place;1"},
 {"@context": "dtmi:dtdl:context;3", "@id": "dtmi:ask:Building;1", "@type": "Interface", "extends": "dtmi:ask:Place;1"},
 {"@context": "dtmi:dtdl:context;3", "@id": "dtmi:ask:Floor;1", "@type": "Interface", "extends": "dtmi:ask:Place;1"},
 {"@context": "dtmi:dtdl:context;3", "@id": "dtmi:ask:MeetingRoom;1", "@type": "Interface", "extends": "dtmi:ask:Place;1", "contents": [
  {"@type": "Property", "name": "address", "schema": {"@type": "Object", "fields": [{"name": "street", "schema": "string"},
    {"name": "at", "schema": {"@type": "Object", "fields": [{"name": "x", "schema": "double"}, {"name": "y", "schema": "double"}]}}]}},
  {"@type": "Property", "name": "tags", "schema": {"@type": "Array", "elementSchema": "string"}},
  {"@type": "Property", "name": "seats", "schema": {"@type": "Map", "mapKey": {"name": "kind", "schema": "string"}, "mapValue": {"name": "count", "schema": "integer"}}},
  {"@type": "Component", "name": "screen", "schema": "dtmi:ask:Screen;1"}]},
 {"@context": "dtmi:dtdl:context;3", "@id": "dtmi:ask:Screen;1", "@type": "Interface", "contents": [
  {"@type": "Property", "name": "on", "schema": "boolean"}]},
 {"@context": "dtmi:dtdl:context;3", "@id": "dtmi:ask:Station;1", "@type": "Interface", "contents": [
  {"@type": "Property", "name": "capacity", "schema": "double"}, {"@type": "Property", "name": "load", "schema": "double"},
  {"@type": "Relationship", "name": "supplies"}]},
 {"@context": "dtmi:dtdl:context;3", "@id": "dtmi:ask:Substation;1", "@type": "Interface", "contents": [
  {"@type": "Relationship", "name": "supplies"}]},
 {"@context": "dtmi:dtdl:context;3", "@id": "dtmi:ask:Customer;1", "@type": "Interface"}]"#;

const SCENE: &str = r#"(version: 1, name: "Ask", models: ["models"],
  twins: [
    (id: "north", model: "Campus", properties: {"name": "North campus"}), (id: "south", model: "Campus"),
    (id: "building-7", model: "Building"), (id: "building-8", model: "Building"),
    (id: "b7-1", model: "Floor", properties: {"temperature": 25.5}), (id: "b7-2", model: "Floor", properties: {"temperature": 21.0}),
    (id: "b7-3", model: "Floor"), (id: "b8-1", model: "Floor", properties: {"temperature": 30.0}),
    (id: "room-47", model: "MeetingRoom", properties: {"name": "Meeting room 47", "address.street": "Quay \"3\"", "address.at": {"x": 1.5, "y": 2.0},
      "tags": ["quiet", "corner"], "seats": {"chairs": 8, "sofa": 1, "2nd row": 5, "a.b": 6, "left-side": 7}, "screen.on": true}),
    (id: "room-48", model: "MeetingRoom", properties: {"tags": ["loud"]}),
    (id: "hydro", model: "Station", properties: {"capacity": 50.0, "load": 20.0}), (id: "coal", model: "Station", properties: {"capacity": 80.0, "load": 80.0}),
    (id: "wind", model: "Station", properties: {"capacity": 9.0, "load": 1.0}), (id: "far", model: "Station", properties: {"capacity": 9.0, "load": 1.0}),
    (id: "sub-1", model: "Substation"), (id: "sub-2", model: "Substation"), (id: "sub-3", model: "Substation"),
    (id: "mill", model: "Customer"), (id: "farm", model: "Customer"),
  ],
  relationships: [
    (from: "north", name: "contains", to: "building-7", id: "n7", properties: {"since": 1999}), (from: "south", name: "contains", to: "building-8"),
    (from: "building-7", name: "contains", to: "b7-1"), (from: "building-7", name: "contains", to: "b7-2"), (from: "building-7", name: "contains", to: "b7-3"),
    (from: "building-8", name: "contains", to: "b8-1"), (from: "b7-2", name: "contains", to: "room-47"), (from: "b7-2", name: "contains", to: "room-48"),
    (from: "hydro", name: "supplies", to: "sub-1"), (from: "coal", name: "supplies", to: "sub-1"), (from: "sub-1", name: "supplies", to: "sub-2"),
    (from: "wind", name: "supplies", to: "sub-2"), (from: "sub-2", name: "supplies", to: "mill"), (from: "far", name: "supplies", to: "sub-3"),
    (from: "sub-3", name: "supplies", to: "farm"),
  ])"#;

fn folder() -> tempfile::TempDir {
    scene_folder(MODELS, SCENE)
}

fn ask(scene: &Path, query: &str) -> Value {
    let output = cupola(&["query", scene.to_str().unwrap(), query, "--format", "json"]);
    assert!(output.status.success(), "{query}: {}", String::from_utf8_lossy(&output.stderr));
    json(&output)
}

#[test]
fn joins_and_patterns_find_related_twins() {
    let folder = folder();
    for (question, answer) in [
        // Query: the floors of building 7 that are warmer than 75 °F.
        (
            "SELECT F.$dtId FROM DIGITALTWINS B JOIN F RELATED B.contains WHERE B.$dtId = 'building-7' AND F.temperature > 75 degF",
            json!([{"$dtId": "b7-1"}]),
        ),
        // Query: the campus that contains meeting room 47.
        (
            "SELECT C.$dtId FROM DIGITALTWINS MATCH (C)-[:contains*]->(R) WHERE R.name = 'Meeting room 47' AND IS_OF_MODEL(C, 'dtmi:ask:Campus;1')",
            json!([{"$dtId": "north"}]),
        ),
        // Query: the power stations with surplus capacity from which supply reaches the mill.
        (
            "SELECT P.$dtId, P.capacity - P.load AS surplus FROM DIGITALTWINS MATCH (P)-[:supplies*..10]->(C)
             WHERE C.$dtId = 'mill' AND P.capacity > P.load ORDER BY surplus DESC",
            json!([{"$dtId": "hydro", "surplus": 30}, {"$dtId": "wind", "surplus": 8}]),
        ),
    ] {
        assert_eq!(ask(folder.path(), question), answer, "{question}");
    }
}

#[test]
fn rows_have_the_format_of_azure_digital_twins() {
    let folder = folder();
    let room = json!({
        "$dtId": "room-47", "name": "Meeting room 47", "tags": ["quiet", "corner"], "seats": {"chairs": 8, "sofa": 1, "2nd row": 5, "a.b": 6, "left-side": 7},
        "address": {"street": "Quay \"3\"", "at": {"x": 1.5, "y": 2.0}}, "screen": {"$metadata": {}, "on": true},
        "$metadata": {"$model": "dtmi:ask:MeetingRoom;1"}
    });
    for (query, answer) in [
        ("SELECT * FROM DIGITALTWINS WHERE $dtId = 'room-47'", json!([room])),
        ("SELECT T FROM DIGITALTWINS T WHERE T.$dtId = 'room-47'", json!([{"T": room}])),
        (
            "select t.address, t.screen from digitaltwins t where t.$dtId = 'room-47'",
            json!([{"address": room["address"], "screen": room["screen"]}]),
        ),
        (
            "SELECT T.address.at.x, T.seats.sofa, T.screen.on FROM DIGITALTWINS T WHERE T.seats.chairs = 8",
            json!([{"x": 1.5, "sofa": 1, "on": true}]),
        ),
        ("SELECT T.$dtId FROM DIGITALTWINS T WHERE ARRAY_CONTAINS(T.tags, 'loud')", json!([{"$dtId": "room-48"}])),
        (
            "SELECT T.$dtId FROM DIGITALTWINS T WHERE IS_OBJECT(T.address) AND NOT IS_PRIMITIVE(T.seats)",
            json!([{"$dtId": "room-47"}]),
        ),
        (
            "SELECT T.name, T.$metadata.$model FROM DIGITALTWINS T WHERE T.$dtId IN ['south', 'north'] ORDER BY T.$dtId",
            json!([{"name": "North campus", "$model": "dtmi:ask:Campus;1"}, {"$model": "dtmi:ask:Campus;1"}]),
        ),
        (
            "SELECT R FROM DIGITALTWINS A JOIN B RELATED A.contains R WHERE R.since < 2000",
            json!([{"R": {"$relationshipId": "n7", "$sourceId": "north", "$targetId": "building-7", "$relationshipName": "contains", "since": 1999}}]),
        ),
        (
            "SELECT * FROM RELATIONSHIPS WHERE $relationshipId = 'n7'",
            json!([{"$relationshipId": "n7", "$sourceId": "north", "$targetId": "building-7", "$relationshipName": "contains", "since": 1999}]),
        ),
        ("SELECT COUNT() FROM DIGITALTWINS WHERE IS_OF_MODEL('dtmi:ask:Place;1')", json!([{"COUNT": 10}])),
        ("SELECT COUNT() FROM DIGITALTWINS T WHERE IS_OF_MODEL(T, 'dtmi:ask:Place;1', exact)", json!([{"COUNT": 0}])),
        (
            "SELECT T.seats.[[2nd row]] + T.seats.[[a.b]] + T.seats.[[left-side]] AS n FROM DIGITALTWINS T WHERE T.seats.chairs = 8",
            json!([{"n": 18}]),
        ),
    ] {
        assert_eq!(ask(folder.path(), query), answer, "{query}");
    }
}

#[test]
fn a_version_of_a_model_means_later_versions_too() {
    let model = |id: &str, extends: &str| {
        format!(r#"{{"@context": "dtmi:dtdl:context;3", "@id": "{id}", "@type": "Interface"{extends}}}"#)
    };
    let models = [
        model("dtmi:v:Pump;3", ""),
        model("dtmi:v:Pump;5", ""),
        model("dtmi:v:Pump;10", ""),
        model("dtmi:v:Big;1", r#", "extends": "dtmi:v:Pump;5""#),
        model("dtmi:v:Pumpkin;9", ""),
    ];
    let twins = ["Pump;3", "Pump;5", "Pump;10", "Big;1", "Pumpkin;9"]
        .map(|model| format!(r#"(id: "{}", model: "dtmi:v:{model}")"#, model.replace(';', "-")));
    let scene = format!(r#"(version: 1, name: "V", models: ["models"], twins: [{}])"#, twins.join(", "));
    let folder = scene_folder(&format!("[{}]", models.join(", ")), &scene);
    let all = ["Big-1", "Pump-10", "Pump-3", "Pump-5"];
    for (model, expected) in [
        ("'dtmi:v:Pump;4'", &["Big-1", "Pump-10", "Pump-5"][..]),
        ("'dtmi:v:Pump;5'", &["Big-1", "Pump-10", "Pump-5"]),
        ("'dtmi:v:Pump;5', exact", &["Pump-10", "Pump-5"]),
        ("'dtmi:v:Pump;6'", &["Pump-10"]),
        ("'dtmi:v:Pump;1'", &all),
        ("'dtmi:v:Pump'", &all),
        ("'Pump'", &all),
        ("'dtmi:v:Pumpkin;1'", &["Pumpkin-9"]),
    ] {
        let query = format!("SELECT T.$dtId AS id FROM DIGITALTWINS T WHERE IS_OF_MODEL(T, {model}) ORDER BY id");
        let rows = ask(folder.path(), &query);
        let found: Vec<&str> = rows.as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap()).collect();
        assert_eq!(found, expected, "{model}");
    }
    let query = "SELECT T FROM DIGITALTWINS T WHERE IS_OF_MODEL(T, 'dtmi:v:Pump;11')";
    let output = cupola(&["query", folder.path().to_str().unwrap(), query]);
    assert_eq!(output.status.code(), Some(1), "no version 11 or later is loaded");
}

#[test]
fn explain_lists_operations_and_errors_mark_their_place() {
    let folder = folder();
    let plan =
        ask(folder.path(), "EXPLAIN SELECT C FROM DIGITALTWINS MATCH (C)-[:contains*]->(R) WHERE R.$dtId = 'room-47'");
    assert_eq!(plan.as_array().map(Vec::len), Some(2), "{plan}");
    for (query, code, marked) in [
        ("SELECT F.temprature FROM DIGITALTWINS F", "unknown-property", "temprature"),
        ("SELECT F FROM DIGITALTWINS F JOIN R RELATED F.contain", "unknown-relationship", "contain"),
        (
            "SELECT F FROM DIGITALTWINS F WHERE F.name > 75 degF OR F.temperature > 3 kilowatt",
            "wrong-unit",
            "F.temperature > 3 kilowatt",
        ),
        (
            "SELECT F FROM DIGITALTWINS F WHERE IS_OF_MODEL(F, 'dtmi:ask:Flor;1')",
            "unknown-model",
            "IS_OF_MODEL(F, 'dtmi:ask:Flor;1')",
        ),
    ] {
        let output = cupola(&["query", folder.path().to_str().unwrap(), query]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{query}");
        let lines: Vec<&str> = said.lines().collect();
        let [text, carets, error, ..] = lines.as_slice() else { panic!("{said}") };
        let start = carets.find('^').unwrap();
        assert_eq!(&text[start..start + carets.trim().len()], marked, "{said}");
        assert!(error.starts_with(&format!("error[{code}]")), "{said}");
    }
}

#[test]
fn all_pages_together_are_the_whole_result() {
    let folder = folder();
    let scene = folder.path().to_str().unwrap();
    let text = "SELECT T.$dtId FROM DIGITALTWINS T ORDER BY T.$dtId LIMIT 8";
    let (mut rows, mut cursor, mut pages) = (Vec::new(), None, 0);
    loop {
        let mut arguments = vec!["query", scene, text, "--format", "json", "--page", "3"];
        arguments.extend(cursor.iter().flat_map(|cursor: &String| ["--cursor", cursor.as_str()]));
        let page = json(&cupola(&arguments));
        rows.extend(page["value"].as_array().unwrap().iter().cloned());
        pages += 1;
        cursor = page["continuationToken"].as_str().map(str::to_string);
        if cursor.is_none() {
            break;
        }
        let other = cupola(&[
            "query",
            scene,
            "SELECT COUNT() FROM DIGITALTWINS",
            "--page",
            "3",
            "--cursor",
            cursor.as_deref().unwrap(),
        ]);
        assert_eq!(other.status.code(), Some(2), "a cursor must be valid for one query only");
    }
    assert_eq!((pages, Value::from(rows)), (3, ask(folder.path(), text)));
}

#[test]
fn why_lists_the_inputs_and_the_impact_of_a_value() {
    let folder = scene_folder(
        MODELS,
        r#"(version: 1, name: "Ask", models: ["models"],
          twins: [(id: "f", model: "Floor"), (id: "a", model: "Station", properties: {"load": 2.0}), (id: "b", model: "Station", properties: {"load": 5.0}),
            (id: "s", model: "Substation")],
          relationships: [(from: "s", name: "supplies", to: "a"), (from: "s", name: "supplies", to: "b")],
          computed: [(model: "Substation", property: "total", formula: "SUM(supplies.load)"), (model: "Substation", property: "twice", formula: "total * 2")])"#,
    );
    let scene = folder.path().to_str().unwrap();
    let inputs = json(&cupola(&["why", scene, "s.twice", "--inputs", "--json"]));
    let rows: Vec<(&str, f64, f64)> = inputs
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["name"].as_str().unwrap(), row["value"].as_f64().unwrap(), row["without"].as_f64().unwrap()))
        .collect();
    assert_eq!(rows, [("a.load", 2.0, 10.0), ("b.load", 5.0, 4.0)]);
    assert!(inputs[0]["origin"].as_str().unwrap().contains("scene.ron:2:"), "{inputs}");
    let impact = json(&cupola(&["why", scene, "a.load", "--impact", "--json"]));
    assert_eq!(impact, json!([{"name": "s.total", "value": 7.0}, {"name": "s.twice", "value": 14.0}]));
}

#[test]
fn properties_of_one_name_may_have_different_units() {
    let models = r#"[
     {"@context": ["dtmi:dtdl:context;3", "dtmi:dtdl:extension:quantitativeTypes;1"], "@id": "dtmi:m:Warm;1", "@type": "Interface", "contents": [
      {"@type": ["Property", "Temperature"], "name": "value", "schema": "double", "unit": "degreeCelsius"}]},
     {"@context": ["dtmi:dtdl:context;3", "dtmi:dtdl:extension:quantitativeTypes;1"], "@id": "dtmi:m:Hot;1", "@type": "Interface", "contents": [
      {"@type": ["Property", "Temperature"], "name": "value", "schema": "double", "unit": "degreeFahrenheit"}]},
     {"@context": ["dtmi:dtdl:context;3", "dtmi:dtdl:extension:quantitativeTypes;1"], "@id": "dtmi:m:Meter;1", "@type": "Interface", "contents": [
      {"@type": ["Property", "Power"], "name": "value", "schema": "double", "unit": "kilowatt"}]}]"#;
    let scene = r#"(version: 1, name: "Mixed", models: ["models"], twins: [
      (id: "a", model: "Meter", properties: {"value": 90.0}), (id: "b", model: "Warm", properties: {"value": 25.0}), (id: "c", model: "Hot", properties: {"value": 68.0})])"#;
    let folder = scene_folder(models, scene);
    for (query, answer) in [
        // Values with units of the same dimension can be compared. Others never match.
        ("SELECT T.$dtId FROM DIGITALTWINS T WHERE T.value >= 77 degF", json!([{"$dtId": "b"}])),
        ("SELECT T.$dtId FROM DIGITALTWINS T WHERE T.value > 80 kilowatt", json!([{"$dtId": "a"}])),
        // A number without a unit is compared with the stored number.
        (
            "SELECT T.$dtId FROM DIGITALTWINS T WHERE T.value > 60 ORDER BY T.$dtId",
            json!([{"$dtId": "a"}, {"$dtId": "c"}]),
        ),
        ("SELECT T.value FROM DIGITALTWINS T ORDER BY T.$dtId", json!([{"value": 90}, {"value": 25}, {"value": 68}])),
        // 25 °C is 77 °F, so the mean is 72.5 °F.
        (
            "SELECT COUNT() FROM DIGITALTWINS T WHERE T.$dtId != 'a' HAVING AVG(T.value) > 72 degF AND AVG(T.value) < 73 degF",
            json!([{"COUNT": 2}]),
        ),
    ] {
        assert_eq!(ask(folder.path(), query), answer, "{query}");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn groups_are_the_same_on_one_core_and_on_all() {
    let models = r#"[
     {"@context": "dtmi:dtdl:context;3", "@id": "dtmi:t:Hall;1", "@type": "Interface", "contents": [{"@type": "Relationship", "name": "has"}]},
     {"@context": "dtmi:dtdl:context;3", "@id": "dtmi:t:Meter;1", "@type": "Interface", "contents": [{"@type": "Property", "name": "v", "schema": "double"}]}]"#;
    // The rows are more than a thread takes at a time, and their sum depends on the order of additions.
    let (mut twins, mut links) = (String::new(), String::new());
    for number in 0..150_000 {
        let value = (f64::from(number) * 0.618_033_988_749).fract() * 100.0 + 1e-3;
        twins += &format!("(id: \"m{number}\", model: \"Meter\", properties: {{\"v\": {value}}}),");
        links += &format!("(from: \"h\", name: \"has\", to: \"m{number}\"),");
    }
    let folder = scene_folder(
        models,
        &format!(
            "(version: 1, name: \"Meters\", models: [\"models\"], twins: [(id: \"h\", model: \"Hall\"), {twins}], relationships: [{links}])"
        ),
    );
    let query =
        "SELECT h.$dtId AS h, SUM(m.v) AS s FROM DIGITALTWINS MATCH (h)-[:has]->(m) WHERE m.v > 20 GROUP BY h.$dtId";
    let arguments = ["query", folder.path().to_str().unwrap(), query, "--format", "json"];
    let all = cupola(&arguments);
    let mut held = std::process::Command::new("taskset");
    held.args(["-c", "0", env!("CARGO_BIN_EXE_cupola")]).args(arguments).env("CUPOLA_CACHE", "");
    let one = held.output().unwrap();
    assert!(json(&all)[0]["s"].as_f64().is_some());
    assert_eq!(one.stdout, all.stdout);
}

#[test]
fn keywords_may_be_aliases() {
    let folder = folder();
    for alias in [
        "case", "limit", "offset", "at", "order", "group", "in", "not", "null", "true", "if", "count", "explain",
        "select",
    ] {
        for question in [
            format!("SELECT {alias}.$dtId FROM DIGITALTWINS {alias} WHERE {alias}.$dtId = 'mill'"),
            format!("SELECT {alias}.$dtId FROM DIGITALTWINS AS {alias} WHERE NOT {alias}.$dtId != 'mill' LIMIT 1"),
            format!(
                "SELECT {alias}.$dtId FROM DIGITALTWINS MATCH (S)-[:supplies]->({alias}) WHERE {alias}.$dtId = 'mill'"
            ),
            format!(
                "SELECT {alias}.$dtId FROM DIGITALTWINS S JOIN {alias} RELATED S.supplies WHERE {alias}.$dtId = 'mill'"
            ),
        ] {
            assert_eq!(ask(folder.path(), &question), json!([{"$dtId": "mill"}]), "{question}");
        }
        let question = format!("SELECT COUNT() AS {alias} FROM DIGITALTWINS S WHERE S.$dtId = 'mill'");
        assert_eq!(ask(folder.path(), &question), json!([{ alias: 1 }]), "{question}");
    }
    for alias in ["case", "limit", "at", "offset"] {
        let question = format!("SELECT {alias} FROM DIGITALTWINS {alias} WHERE {alias}.$dtId = 'mill'");
        assert_eq!(ask(folder.path(), &question)[0][alias]["$dtId"], "mill", "{question}");
    }
    // The clauses themselves are still clauses.
    let question = "SELECT T.$dtId FROM DIGITALTWINS T WHERE CASE WHEN T.capacity > 60 THEN TRUE ELSE FALSE END ORDER BY T.$dtId LIMIT 1 OFFSET 0";
    assert_eq!(ask(folder.path(), question), json!([{"$dtId": "coal"}]));
    assert_eq!(ask(folder.path(), "SELECT COUNT() AS n FROM DIGITALTWINS LIMIT 1"), json!([{"n": 19}]));
}

#[test]
fn a_join_may_go_against_a_relationship() {
    let folder = folder();
    let question = "SELECT C.$dtId, S.$dtId AS from FROM DIGITALTWINS C OPTIONAL JOIN S RELATED C.^supplies R \
                    WHERE C.$dtId IN ['mill', 'hydro', 'sub-3'] ORDER BY C.$dtId";
    let answer = json!([{"$dtId": "hydro"}, {"$dtId": "mill", "from": "sub-2"}, {"$dtId": "sub-3", "from": "far"}]);
    assert_eq!(ask(folder.path(), question), answer);
    let question = "SELECT R.since FROM DIGITALTWINS B JOIN C RELATED B.^contains R WHERE B.$dtId = 'building-7'";
    assert_eq!(ask(folder.path(), question), json!([{"since": 1999}]));
}

#[test]
fn whole_numbers_are_answered_exactly_or_refused() {
    let models = r#"[{"@context": "dtmi:dtdl:context;3", "@id": "dtmi:x:Meter;1", "@type": "Interface", "contents": [
        {"@type": "Property", "name": "serial", "schema": "long"},
        {"@type": "Property", "name": "serials", "schema": {"@type": "Array", "elementSchema": "long"}},
        {"@type": "Property", "name": "parts", "schema": {"@type": "Map", "mapKey": {"name": "k", "schema": "string"}, "mapValue": {"name": "v", "schema": "long"}}},
        {"@type": "Relationship", "name": "feeds", "properties": [{"@type": "Property", "name": "order", "schema": "long"}]}]}]"#;
    let scene = |serial: &str| {
        let text = format!(
            r#"(version: 1, name: "Meters", models: ["models"], twins: [(id: "m", model: "Meter", properties: {{"serial": {serial},
                "serials": [9007199254740993, 5], "parts": {{"a": 9223372036854775807}}}}), (id: "n", model: "Meter")],
                relationships: [(from: "m", name: "feeds", to: "n", properties: {{"order": 9007199254740995}})])"#
        );
        scene_folder(models, &text)
    };
    let folder = scene("9007199254740992");
    let question = "SELECT M.serial, M.serials, M.parts.a AS a, R.order FROM DIGITALTWINS M JOIN N RELATED M.feeds R";
    let output = cupola(&["query", folder.path().to_str().unwrap(), question, "--format", "json"]);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    for number in ["9007199254740992", "[9007199254740993,5]", "9223372036854775807", "9007199254740995"] {
        assert!(text.contains(number), "{number}: {text}");
    }
    let output = cupola(&["check", scene("9007199254740993").path().to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stdout).contains("2^53"));
    let output = cupola(&[
        "query",
        folder.path().to_str().unwrap(),
        "SELECT M FROM DIGITALTWINS M WHERE M.serial = 9007199254740993",
    ]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("not-exact"));
    // Sums and means of integers that can't be exact are refused, and large integers have their order.
    let folder = scene("9007199254740991");
    let two = std::fs::read_to_string(folder.path().join("scene.ron")).unwrap();
    let two = two.replace("model: \"Meter\")]", "model: \"Meter\", properties: {\"serial\": 9007199254740991})]");
    std::fs::write(folder.path().join("scene.ron"), two).unwrap();
    let path = folder.path().to_str().unwrap();
    for (question, expected) in [
        ("SELECT SUM(M.serial) AS s FROM DIGITALTWINS M", None),
        ("SELECT SUM(M.serial - 9007199254740990) AS s FROM DIGITALTWINS M", Some("2")),
        ("SELECT MAX(M.serial) AS s FROM DIGITALTWINS M", Some("9007199254740991")),
        ("SELECT SUM(M.parts.a) AS s FROM DIGITALTWINS M", None),
        ("SELECT MAX(M.parts.a) AS s FROM DIGITALTWINS M", Some("9223372036854775807")),
        ("SELECT COUNT() AS s FROM DIGITALTWINS M WHERE M.parts.a > 9007199254740992", Some("1")),
        ("SELECT COUNT() AS s FROM DIGITALTWINS M WHERE M.parts.a < 5", Some("0")),
        ("SELECT SUM(M.serial + 0) AS s FROM DIGITALTWINS M", None),
        ("SELECT SUM(M.feeds.serial + M.feeds.serial) AS s FROM DIGITALTWINS M WHERE M.$dtId = 'm'", None),
        ("SELECT COUNT() AS s FROM DIGITALTWINS M ORDER BY s OFFSET 0 LIMIT 1", Some("2")),
        (
            "SELECT M.$dtId AS s, SUM(M.parts.a) AS t FROM DIGITALTWINS M GROUP BY M.$dtId HAVING M.$dtId = 'n'",
            Some("n,"),
        ),
    ] {
        let output = cupola(&["query", path, question, "--format", "csv"]);
        let (out, error) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        match expected {
            Some(expected) => assert_eq!(out.lines().nth(1), Some(expected), "{question}: {error}"),
            None => assert!(error.contains("inexact") && output.status.code() == Some(1), "{question}: {out} {error}"),
        }
    }
}

#[test]
fn times_of_relationships_and_in_objects_are_local_in_tables() {
    let models = r#"[{"@context": "dtmi:dtdl:context;3", "@id": "dtmi:x:Desk;1", "@type": "Interface", "contents": [
        {"@type": "Property", "name": "lease", "schema": {"@type": "Object", "fields": [{"name": "since", "schema": "dateTime"}]}},
        {"@type": "Relationship", "name": "feeds", "properties": [{"@type": "Property", "name": "at", "schema": "dateTime"}]}]}]"#;
    let scene = r#"(version: 1, name: "Desks", time_zone: "America/New_York", models: ["models"],
        twins: [(id: "d", model: "Desk", properties: {"lease.since": "2026-01-01T05:00:00Z"})],
        relationships: [(from: "d", name: "feeds", to: "d", properties: {"at": "2026-07-01T00:00:00+01:00"})])"#;
    let folder = scene_folder(models, scene);
    let question = "SELECT D.lease, R.at FROM DIGITALTWINS D JOIN E RELATED D.feeds R";
    for format in ["table", "csv"] {
        let output = cupola(&["query", folder.path().to_str().unwrap(), question, "--format", format]);
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        for local in ["2026-01-01T00:00:00-05:00", "2026-06-30T19:00:00-04:00"] {
            assert!(text.contains(local), "{format}: {text}");
        }
    }
}
