//! Tests of the history of a scene: the live timeline is recorded, and its past is read back.

use crate::postgres;
use crate::support::{
    MODELS, cupola, json, open_by_hand, receive, repository, scene_folder, send, small_scene, tick, timeline,
};
use bevy::prelude::*;
use cupola::feed::Connections;
use cupola::history::{HistoryChoice, OpenHistory, usual_folder};
use cupola::notice::Notices;
use cupola::session::SessionOptions;
use cupola::timeline::{SourceKind, Timeline, WallClock};
use cupola_history::{History, HistoryPlace, HistoryRecord, LogKind, Past, Series, TimelineRecorder};
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
fn values(place: impl Into<HistoryPlace>, name: &str) -> Vec<serde_json::Value> {
    let history = History::open(place).unwrap();
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

/// Formulas with memory, of a room and of its floor.
const MEMORY: &str = r#"computed: [(model: "Room", property: "mean", formula: "AVG_OVER(temperature, 10m)"),
    (model: "Room", property: "peak", formula: "MAX_OVER(temperature - setpoint, 5m)"),
    (model: "Room", property: "rate", formula: "RATE(temperature)"),
    (model: "Room", property: "held", formula: "HELD_FOR(temperature > 25)"),
    (model: "Room", property: "warm", formula: "HYSTERESIS(temperature, 26, 24)"),
    (model: "Room", property: "smooth", formula: "EWMA(temperature, 2m)"),
    (model: "Floor", property: "longest", formula: "MAX(contains.held)"), "#;

#[test]
fn the_past_has_the_values_that_were_live() {
    let text = small_scene("").replace("computed: [", MEMORY);
    let scene = scene_folder(MODELS, &text);
    let folder = tempfile::tempdir().unwrap();
    let (mut app, live) = recorded(scene.path(), folder.path());
    let all = |app: &App| -> Vec<(String, Option<Value>, Quality)> {
        let state = app.world().get::<Timeline>(live).unwrap().state();
        values_at(state)
    };
    let mut seen = Vec::new();
    let mut random = 1_u64;
    for round in 0..120 {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let value = 18.0 + (random >> 33) as f64 / f64::from(u32::MAX) * 24.0;
        receive(&mut app, live, if random.is_multiple_of(3) { "r2.temperature" } else { "r1.temperature" }, value);
        if random.is_multiple_of(7) {
            // A buffer of late and new readings.
            let now_us = app.world().resource::<WallClock>().now_us();
            let reading = |before_s: i64, value: f64| {
                crate::support::reading("r1.temperature", Some(value), now_us - before_s * 1_000_000, now_us)
            };
            let readings = vec![reading(40, value + 3.0), reading(3, value + 1.0), reading(0, value)];
            let event = Event::new(now_us, Actor::device("test"), EventBody::Readings { readings });
            app.world_mut().get_mut::<Timeline>(live).unwrap().apply(event).unwrap();
        }
        pass(&mut app, 7_000_000 + (random % 5) as i64 * 1_000_000);
        if round % 9 == 0 {
            seen.push((app.world().resource::<WallClock>().now_us(), all(&app)));
            // The next reading is of a later moment.
            pass(&mut app, 1_000_000);
        }
    }
    drop(app);
    let record = HistoryRecord::open(folder.path()).unwrap().unwrap();
    let scene = Arc::new(cupola_scene::load(scene.path()).scene.unwrap());
    for (at_us, wanted) in &seen {
        let past = Past::at(&record, &scene.topology, *at_us).unwrap();
        for ((name, value, quality), (_, found, found_quality)) in wanted.iter().zip(values_at(past.state())) {
            let same = match (value, &found) {
                (Some(Value::Number(one)), Some(Value::Number(other))) => (one - other).abs() < 1e-6,
                (one, other) => one == other,
            };
            assert!(same && *quality == found_quality, "{name} at {at_us}: {value:?} live, {found:?} in the past");
        }
    }
    // The command computes the past of a formula as well, and queries answer at a moment.
    let (path, at) = (scene.path.to_str().unwrap(), folder.path().to_str().unwrap());
    let (at_us, wanted) = &seen[7];
    let time = cupola_twin::value::time_text(*at_us);
    let question = "SELECT T.mean AS mean FROM DIGITALTWINS T WHERE T.$dtId = 'r1'";
    let answer = json(&cupola(&[
        "query",
        path,
        question,
        "--timeline",
        "replay",
        "--at",
        &time,
        "--history",
        at,
        "--format",
        "json",
    ]));
    let mean = wanted.iter().find(|(name, ..)| name == "r1.mean").unwrap().1.clone();
    let Some(Value::Number(mean)) = mean else { panic!("{mean:?}") };
    assert!((answer[0]["mean"].as_f64().unwrap() - mean).abs() < 1e-6, "{answer} {mean}");
    let rows = json(&cupola(&["history", path, "r1.mean", "--history", at, "--to", &time, "--format", "json"]));
    let last = rows.as_array().unwrap().last().unwrap();
    assert!((last["value"].as_f64().unwrap() - mean).abs() < 1e-6, "{last}");
    let why = json(&cupola(&["why", path, "r1.mean", "--timeline", "live", "--at", &time, "--history", at, "--json"]));
    assert!(why.to_string().contains("temperature"), "{why}");
    let early = cupola(&["query", path, question, "--timeline", "live", "--at", "2000-01-01", "--history", at]);
    assert!(String::from_utf8_lossy(&early.stderr).contains("the history begins at"), "{early:?}");
}

/// Returns the value and quality of every property.
fn values_at(state: &cupola_twin::State) -> Vec<(String, Option<Value>, Quality)> {
    let topology = state.topology();
    let slots = topology.twins().flat_map(|twin| topology.properties(twin));
    slots.map(|slot| (topology.name(slot), state.value(slot), state.get(slot).quality)).collect()
}

#[test]
fn a_scene_that_is_opened_again_goes_on_recording() {
    let feed = "feeds: [(id: \"m\", url: \"mqtt://127.0.0.1:1\", mappings: [(topic: \"{room}/t\", twin: \"{room}\", property: \"temperature\")])],";
    let scene = scene_folder(MODELS, &small_scene(feed));
    let folder = tempfile::tempdir().unwrap();
    for place in [folder.path().into(), HistoryPlace::parse(&postgres::address()).unwrap()] {
        let mut app = open_by_hand(scene.path());
        app.world_mut().resource_mut::<SessionOptions>().history = HistoryChoice::At(place.clone());
        for value in [20.0, 21.0, 22.0] {
            assert!(cupola::session::open(app.world_mut(), cupola_scene::load(scene.path())));
            let notices = app.world().resource::<Notices>().0.clone();
            assert!(notices.is_empty(), "{notices:?}");
            assert!(app.world().resource::<OpenHistory>().recorder.is_some());
            let live = timeline(&mut app, SourceKind::Live);
            receive(&mut app, live, "r1.temperature", value);
            pass(&mut app, 60_000_000);
        }
        // A second program says that it does not record, and goes on.
        let mut second = open_by_hand(scene.path());
        second.world_mut().resource_mut::<SessionOptions>().history = HistoryChoice::At(place.clone());
        assert!(cupola::session::open(second.world_mut(), cupola_scene::load(scene.path())));
        let notices = second.world().resource::<Notices>().0.clone();
        assert!(notices[0].1.contains("another program records"), "{notices:?}");
        let live = timeline(&mut second, SourceKind::Live);
        receive(&mut second, live, "r1.temperature", 99.0);
        drop((app, second));
        let found: Vec<serde_json::Value> =
            values(&place, "r1.temperature").into_iter().filter(|value| !value.is_null()).collect();
        assert_eq!(found, [20.0, 21.0, 22.0]);
        assert_eq!(History::open(&place).unwrap().sessions().unwrap().len(), 3);
    }
}

#[test]
fn the_history_of_a_simulated_run_has_what_the_simulation_has() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().to_str().unwrap();
    let run = || cupola(&["run", "scenes/office", "--for", "26h", "--history", place]);
    assert!(run().status.success());
    let query = "SELECT T.$dtId, T.temperature, T.co2, T.comfort, T.power FROM DIGITALTWINS T";
    let rows = |timeline: &str, at: &str| {
        let more: &[&str] = if timeline == "replay" { &["--history", place] } else { &[] };
        let arguments = ["query", "scenes/office", query, "--timeline", timeline, "--at", at, "--format", "json"];
        json(&cupola(&[&arguments[..], more].concat()))
    };
    for at in ["2026-01-12T08:01:00", "2026-01-12T12:00:00", "2026-01-13T09:30:00"] {
        assert_eq!(rows("replay", at), rows("simulated", at), "{at}");
    }
    // A second run would mix two pasts.
    let again = run();
    assert_eq!(again.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&again.stderr).contains("a history of its own"), "{again:?}");
}

#[test]
fn refused_messages_are_in_the_log_at_most_once_a_minute() {
    let feed = "feeds: [(id: \"m\", url: \"mqtt://127.0.0.1:1\", mappings: [(topic: \"{room}/t\", twin: \"{room}\", property: \"temperature\")])],";
    let scene = scene_folder(MODELS, &small_scene(feed));
    let folder = tempfile::tempdir().unwrap();
    let (mut app, live) = recorded(scene.path(), folder.path());
    let inbox = app.world().get::<Connections>(live).unwrap().inbox().clone();
    for refused in [2, 0, 3] {
        for number in 0..refused {
            inbox.reject(format!("no number: {number}"));
        }
        tick(&mut app);
        pass(&mut app, 30_000_000);
    }
    drop(app);
    let log = History::open(folder.path()).unwrap().log((i64::MIN, i64::MAX)).unwrap();
    let dropped: Vec<&str> =
        log.iter().filter(|entry| entry.kind == LogKind::Dropped).map(|entry| entry.detail.as_str()).collect();
    assert_eq!(
        dropped,
        [
            "{\"refused\":2,\"replaced\":0,\"why\":\"no number: 1\"}",
            "{\"refused\":3,\"replaced\":0,\"why\":\"no number: 2\"}"
        ]
    );
}
