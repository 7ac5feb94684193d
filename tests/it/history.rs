//! Tests of the history of a scene: the live timeline is recorded, and its past is read back.

use crate::support::{
    MODELS, cupola, json, open_by_hand, receive, repository, scene_folder, send, small_scene, tick, timeline,
};
use bevy::prelude::*;
use cupola::history::usual_folder;
use cupola::timeline::{SourceKind, Timeline, WallClock};
use cupola_history::{History, LogKind, Series, TimelineRecorder};
use cupola_run::{Actor, Event, EventBody};
use cupola_twin::{Quality, Value};
use serde_json::json;
use std::path::Path;
use std::sync::Arc;

const ALARM: &str =
    r#"alarms: [(id: "warm", model: "Room", when: "temperature > 26", severity: warning, message: "m")],"#;

/// Opens a scene whose live timeline is recorded into a folder.
fn recorded(scene: &Path, folder: &Path) -> (App, Entity) {
    let mut app = open_by_hand(scene);
    let live = timeline(&mut app, SourceKind::Live);
    let recorder = Arc::new(TimelineRecorder::open(folder).unwrap());
    app.world_mut().get_mut::<Timeline>(live).unwrap().record_into(recorder);
    (app, live)
}

/// Lets time pass on the wall clock, in microseconds.
fn pass(app: &mut App, us: i64) {
    let now_us = app.world().resource::<WallClock>().now_us();
    app.insert_resource(WallClock::Manual(now_us + us));
    app.update();
}

/// Returns the values of a property, with null for none, in the order of their times.
fn values(folder: &Path, name: &str) -> Vec<serde_json::Value> {
    let history = History::open(folder).unwrap();
    let (twin, property) = name.rsplit_once('.').unwrap();
    let is_it = |series: &Series| &*series.key.twin == twin && &*series.key.property == property;
    let mut found: Vec<_> = history
        .series()
        .into_iter()
        .filter(|(_, series)| is_it(series))
        .flat_map(|(ix, _)| history.changes(ix, (i64::MIN, i64::MAX)).unwrap())
        .collect();
    found.sort_by_key(|change| change.taken_us);
    found.iter().map(|change| if change.quality == Quality::Good { json!(change.lane) } else { json!(null) }).collect()
}

#[test]
fn the_live_timeline_is_recorded_across_restarts_edits_and_programs() {
    let scene = scene_folder(MODELS, &small_scene(ALARM));
    let folder = tempfile::tempdir().unwrap();
    let (mut app, live) = recorded(scene.path(), folder.path());
    for value in [20.0, 27.5, 21.0] {
        receive(&mut app, live, "r1.temperature", value);
        tick(&mut app);
        pass(&mut app, 60_000_000);
    }
    let label = |text: &str| {
        let reading = cupola_run::feed::Reading {
            value: Some(Value::Text(text.into())),
            ..crate::support::reading("r1.label", None, 1_700_000_090_000_000, 1_700_000_090_000_000)
        };
        Event::new(1_700_000_090_000_000, Actor::device("test"), EventBody::Readings { readings: vec![reading] })
    };
    app.world_mut().get_mut::<Timeline>(live).unwrap().apply(label("Küche")).unwrap();
    // An edit changes the rows of the twins, and the history goes on.
    let twin = cupola_scene::document::TwinDoc {
        id: "a0".into(),
        model: "Room".into(),
        properties: cupola_scene::Properties::default(),
    };
    let edit = cupola_scene::edit::Edit::AddTwin {
        twin,
        at: Some(0),
        relationships: Vec::new(),
        bindings: std::collections::BTreeMap::new(),
    };
    send(&mut app, cupola::session::EditScene(vec![edit]));
    let begin = std::time::Instant::now();
    while app.world().get::<Timeline>(live).unwrap().topology().twin("a0").is_none() {
        assert!(begin.elapsed().as_secs() < 20);
        app.update();
    }
    receive(&mut app, live, "r1.temperature", 22.0);
    drop(app);
    assert_eq!(values(folder.path(), "r1.temperature"), [20.0, 27.5, 21.0, 22.0]);
    assert_eq!(values(folder.path(), "r1.area"), [20.0], "a value of the scene is recorded once");
    let history = History::open(folder.path()).unwrap();
    let log: Vec<(LogKind, String)> =
        history.log((i64::MIN, i64::MAX)).unwrap().into_iter().map(|entry| (entry.kind, entry.twin)).collect();
    let wanted = [LogKind::Begun, LogKind::Raised, LogKind::Cleared, LogKind::Edit, LogKind::Ended];
    assert_eq!(log.iter().map(|(kind, _)| *kind).collect::<Vec<_>>(), wanted);
    assert_eq!(log[1].1, "r1");
    assert_eq!(history.sessions().unwrap().len(), 1);
    // The next program goes on, and nothing holds that nobody has received since.
    let (app, _) = recorded(scene.path(), folder.path());
    drop(app);
    assert_eq!(values(folder.path(), "r1.temperature").last(), Some(&json!(null)));
    assert_eq!(values(folder.path(), "r1.area"), [20.0]);
}

#[test]
fn the_command_prints_the_past() {
    let scene = scene_folder(MODELS, &small_scene(&format!("time_zone: \"Europe/Berlin\", {ALARM}")));
    let folder = tempfile::tempdir().unwrap();
    let (path, at) = (scene.path().to_str().unwrap(), folder.path().to_str().unwrap());
    let ask = |more: &[&str]| cupola(&[&["history", path, "--history", at], more].concat());
    let none = ask(&[]);
    assert_eq!(none.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&none.stderr).contains("has no history"));
    let (mut app, live) = recorded(scene.path(), folder.path());
    for value in [20.0, 30.0, 21.0] {
        receive(&mut app, live, "r1.temperature", value);
        tick(&mut app);
        pass(&mut app, 60_000_000);
    }
    tick(&mut app);
    receive(&mut app, live, "r2.temperature", 19.0);
    drop(app);
    let rows = json(&ask(&["r*.temperature", "--format", "json"]));
    assert_eq!(rows.as_array().unwrap().len(), 4);
    assert_eq!(rows[0]["time"], "2023-11-14T22:13:20Z");
    assert_eq!((&rows[1]["value"], &rows[1]["unit"]), (&json!(30.0), &json!("degreeCelsius")));
    // People read local times.
    let csv = String::from_utf8(ask(&["r1.temperature", "--format", "csv"]).stdout).unwrap();
    assert!(csv.contains("2023-11-14T23:13:20+01:00,r1.temperature,20,degreeCelsius,good,test,"), "{csv}");
    let buckets = json(&ask(&["r1.temperature", "--every", "2m", "--format", "json"]));
    let means: Vec<f64> = buckets.as_array().unwrap().iter().filter_map(|row| row["mean"].as_f64()).collect();
    // 22:13:20 to 22:14:00 has 20 °C; 22:14 to 22:16 20, 30 and 21 °C.
    assert_eq!(means[0], 20.0);
    assert!((means[1] - (20.0 * 20.0 + 30.0 * 60.0 + 21.0 * 40.0) / 120.0).abs() < 1e-9, "{means:?}");
    let log = json(&ask(&["--log", "--format", "json"]));
    assert_eq!(
        (&log[1]["kind"], &log[1]["subject"], &log[1]["twin"]),
        (&json!("alarm-raised"), &json!("warm"), &json!("r1"))
    );
    let unknown = ask(&["r1.temprature"]);
    assert!(unknown.status.code() == Some(1) && String::from_utf8_lossy(&unknown.stderr).contains("r1.temperature"));
    for (arguments, said) in [
        (&["r1.temperature", "--from", "tomorrow"][..], "is no time"),
        (&["r1.temperature", "--every", "often"], "--every takes"),
        (&["r1.temperature", "--from", "2030-01-01", "--to", "2029-01-01"], "after --to"),
    ] {
        let output = ask(arguments);
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() != Some(0) && error.contains(said), "{arguments:?}: {error}");
    }
    let checked = ask(&["--check"]);
    assert_eq!(checked.status.code(), Some(0), "{}", String::from_utf8_lossy(&checked.stdout));
}

#[test]
fn every_scene_has_a_history_of_its_own() {
    let folders = [repository("scenes/office"), repository("scenes/hospital"), repository("scenes/office/scene.ron")];
    let [office, hospital, file] = folders.map(|path| usual_folder(&path).unwrap());
    assert_ne!(office, hospital);
    assert_eq!(office, file);
    assert!(office.to_str().unwrap().contains("cupola/history/office-"), "{}", office.display());
}
