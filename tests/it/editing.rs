//! Tests of edits of a scene's graph, on the command line and in the app.

use crate::support::{MODELS, cupola, json, number, open_by_hand, scene_folder, send, small_scene, tick};
use cupola::session::{EditScene, Redo, Undo};
use cupola::timeline::{ApplyEvent, MakeBranch, OpenScene, ShowTimeline, ViewCursor};
use cupola_run::EventBody;
use cupola_scene::edit::Edit;

#[test]
fn edits_are_made_undone_and_redone() {
    let folder = scene_folder(MODELS, &small_scene(""));
    let scene = folder.path().to_str().unwrap();
    let edit = |arguments: &[&str]| {
        let output = cupola(&[&["edit", scene][..], arguments].concat());
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    };
    let text = || std::fs::read_to_string(folder.path().join("scene.ron")).unwrap();
    edit(&["set", "r1.area=20"]);
    let steps: [&[&str]; 8] = [
        &["add-twin", "r3", "--model", "Room", "--set", "area=12.5", "--from", "f1.contains"],
        &["set", "r3.label=Store", "r1.occupied=true"],
        &["unset", "r3.area"],
        &["set-formula", "Floor", "mean", "MAX(contains.temperature)"],
        &["set-formula", "Floor", "rooms", "COUNT(contains)", "--display-name", "Rooms"],
        &["unset-formula", "Floor", "mean"],
        &["unrelate", "f1", "contains", "r2"],
        &["remove-twin", "r2"],
    ];
    let mut states = vec![text()];
    for step in steps {
        edit(step);
        assert_ne!(text(), *states.last().unwrap(), "{step:?} must change the file");
        states.push(text());
        assert!(cupola(&["check", scene]).status.success(), "after {step:?}");
    }
    for state in states.iter().rev().skip(1) {
        edit(&["undo"]);
        assert_eq!(text(), *state);
    }
    for state in states.iter().skip(1) {
        edit(&["redo"]);
        assert_eq!(text(), *state);
    }
    assert_ne!(cupola(&["edit", scene, "redo"]).status.code(), Some(0), "there must be nothing left to redo");
}

#[test]
fn an_edit_that_violates_the_models_changes_nothing() {
    let folder = scene_folder(MODELS, &small_scene(""));
    let scene = folder.path().to_str().unwrap();
    let text = || std::fs::read_to_string(folder.path().join("scene.ron")).unwrap();
    let before = text();
    for (arguments, word) in [
        (&["add-twin", "r1", "--model", "Room"][..], "r1"),
        (&["add-twin", "r9", "--model", "Rom"], "Room"),
        (&["set", "r1.area=\"big\""], "area"),
        (&["set", "r1.aera=3"], "area"),
        (&["relate", "f1", "feeds", "r1"], "feeds"),
        (&["relate", "f1", "contains", "r9"], "r9"),
        (&["relate", "f1", "contains", "r1"], "contains"),
        (&["unrelate", "r1", "contains", "f1"], "contains"),
        (&["remove-twin", "r9"], "r9"),
        (&["change-model", "r1", "Floor"], "area"),
        (&["set-formula", "Floor", "mean", "AVG(contains.temprature)"], "temperature"),
        (&["unset-formula", "Floor", "maen"], "Floor.mean"),
        (&["undo"], "nothing to undo"),
    ] {
        let output = cupola(&[&["edit", scene][..], arguments].concat());
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success(), "{arguments:?}");
        assert!(errors.contains(word) && !errors.contains("panicked"), "{arguments:?}: {errors}");
        assert_eq!(text(), before, "{arguments:?}");
    }
}

#[test]
fn a_changed_model_keeps_the_properties_that_both_models_allow() {
    let models = r#"[
     {"@context": "dtmi:dtdl:context;3", "@id": "dtmi:c:Place;1", "@type": "Interface", "contents": [
      {"@type": "Property", "name": "area", "schema": "double"}, {"@type": "Relationship", "name": "contains", "target": "dtmi:c:Place;1"}]},
     {"@context": "dtmi:dtdl:context;3", "@id": "dtmi:c:Room;1", "@type": "Interface", "extends": "dtmi:c:Place;1"},
     {"@context": "dtmi:dtdl:context;3", "@id": "dtmi:c:Hall;1", "@type": "Interface", "extends": "dtmi:c:Place;1"},
     {"@context": "dtmi:dtdl:context;3", "@id": "dtmi:c:Meter;1", "@type": "Interface", "contents": [{"@type": "Property", "name": "area", "schema": "double"}]}]"#;
    let folder = scene_folder(
        models,
        r#"(version: 1, name: "Change", models: ["models"],
          twins: [(id: "f", model: "Place"), (id: "r", model: "Room", properties: {"area": 12.0}), (id: "n", model: "Room")],
          relationships: [(from: "f", name: "contains", to: "r"), (from: "r", name: "contains", to: "n"), (from: "r", name: "contains", to: "r")])"#,
    );
    let scene = folder.path().to_str().unwrap();
    let text = || std::fs::read_to_string(folder.path().join("scene.ron")).unwrap();
    let ask = || {
        let query = "SELECT A.$dtId AS a, B.$dtId AS b, B.$metadata.$model AS m FROM DIGITALTWINS A JOIN B RELATED A.contains ORDER BY a, b";
        json(&cupola(&["query", scene, query, "--format", "json"])).to_string()
    };
    assert!(cupola(&["edit", scene, "set", "r.area=13"]).status.success(), "the first edit writes the file");
    let (before, asked) = (text(), ask());
    assert!(cupola(&["edit", scene, "change-model", "r", "Hall"]).status.success());
    assert_eq!(ask(), asked.replace("\"b\":\"r\",\"m\":\"dtmi:c:Room;1\"", "\"b\":\"r\",\"m\":\"dtmi:c:Hall;1\""));
    let refused = cupola(&["edit", scene, "change-model", "r", "Meter"]);
    assert!(
        String::from_utf8_lossy(&refused.stderr).contains("contains"),
        "the relationships of a place do not fit a meter"
    );
    assert!(cupola(&["edit", scene, "undo"]).status.success());
    assert_eq!((text(), ask()), (before, asked));
}

#[test]
fn edits_before_a_change_by_another_program_cannot_be_undone() {
    let folder = scene_folder(MODELS, &small_scene(""));
    let scene = folder.path().to_str().unwrap();
    assert!(cupola(&["edit", scene, "set", "r1.label=a"]).status.success());
    let path = folder.path().join("scene.ron");
    let changed = std::fs::read_to_string(&path).unwrap().replace("\"Small\"", "\"Other\"");
    std::fs::write(&path, &changed).unwrap();
    assert!(!cupola(&["edit", scene, "undo"]).status.success());
    assert_eq!(std::fs::read_to_string(&path).unwrap(), changed);
}

#[test]
fn edits_in_the_app_can_be_undone_and_keep_values() {
    let folder = scene_folder(MODELS, &small_scene("simulation: (start: \"2026-01-12T07:00:00Z\", step: \"1m\"),"));
    let mut app = open_by_hand(folder.path());
    send(&mut app, ShowTimeline("simulated".into()));
    send(&mut app, MakeBranch);
    let fork = app.world().resource::<ViewCursor>().timeline;
    let (twin, property) = ("r2".to_string(), "setpoint".to_string());
    send(&mut app, ApplyEvent(EventBody::Set { twin, property, value: cupola_twin::Value::Number(25.0) }));
    tick(&mut app);
    assert_eq!(number(&app, fork, "r2.setpoint"), Some(25.0));
    let twins = |app: &bevy::prelude::App| app.world().resource::<OpenScene>().0.topology.twin_count();
    send(&mut app, EditScene(vec![Edit::RemoveTwin { id: "r1".into() }]));
    assert_eq!(twins(&app), 2);
    assert_eq!(number(&app, fork, "r2.setpoint"), Some(25.0), "the set value must be kept");
    // The edits are refused as a whole, because the second one doesn't fit the models.
    let value = Some(cupola_twin::Value::Text("warm".into()));
    send(
        &mut app,
        EditScene(vec![
            Edit::RemoveTwin { id: "r2".into() },
            Edit::SetProperty { twin: "f1".into(), property: "mean".into(), value },
        ]),
    );
    assert_eq!(twins(&app), 2);
    send(&mut app, Undo);
    assert_eq!(twins(&app), 3);
    send(&mut app, Undo);
    assert_eq!(twins(&app), 3, "there must be nothing left to undo");
    send(&mut app, Redo);
    assert_eq!(twins(&app), 2);
    send(&mut app, Undo);
    assert_eq!(twins(&app), 3);
    let related = app.world().resource::<OpenScene>().0.graph.relationship_count();
    assert_eq!(related, 2, "undo must restore the relationships of the twin");
}

#[test]
fn fields_of_objects_and_components_can_be_set() {
    let models = r#"[{"@context": "dtmi:dtdl:context;3", "@id": "dtmi:t:Thermostat;1", "@type": "Interface", "contents": [
        {"@type": "Property", "name": "temperature", "schema": "double"}]},
      {"@context": "dtmi:dtdl:context;3", "@id": "dtmi:t:Room;1", "@type": "Interface", "contents": [
        {"@type": "Component", "name": "thermostat", "schema": "dtmi:t:Thermostat;1"},
        {"@type": "Property", "name": "warmer", "schema": "double"},
        {"@type": "Property", "name": "address", "schema": {"@type": "Object", "fields": [
          {"name": "city", "schema": "string"}, {"name": "floor", "schema": "integer"}]}}]}]"#;
    let folder = scene_folder(
        models,
        r#"(version: 1, name: "C", models: ["models"],
        twins: [(id: "r", model: "Room", properties: {"thermostat.temperature": 20.5, "address": {"city": "Bonn", "floor": 3}})],
        computed: [(model: "Room", property: "warmer", formula: "thermostat.temperature + 1")])"#,
    );
    let scene = folder.path().to_str().unwrap();
    let row = || {
        let query =
            "SELECT T.address.floor, T.address.city, T.warmer FROM DIGITALTWINS T WHERE T.thermostat.temperature > 20";
        json(&cupola(&["query", scene, query, "--format", "json"]))[0].clone()
    };
    assert_eq!(row(), serde_json::json!({"floor": 3, "city": "Bonn", "warmer": 21.5}));
    assert!(cupola(&["edit", scene, "set", "r.address.floor=4", "r.thermostat.temperature=22"]).status.success());
    assert_eq!(row(), serde_json::json!({"floor": 4, "city": "Bonn", "warmer": 23}));
    assert!(cupola(&["edit", scene, "undo"]).status.success());
    assert_eq!(row(), serde_json::json!({"floor": 3, "city": "Bonn", "warmer": 21.5}));
    let path = folder.path().join("scene.ron");
    let twice =
        std::fs::read_to_string(&path).unwrap().replacen("\"address\":", "\"address.floor\": 5, \"address\":", 1);
    std::fs::write(&path, twice).unwrap();
    let output = cupola(&["check", scene]);
    assert!(String::from_utf8_lossy(&output.stdout).contains("duplicate-value"));
}
