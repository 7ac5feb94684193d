//! Tests of external processors: real processes, and a service behind a real broker.

use crate::support::{
    MODELS, Mosquitto, cupola, json, open, repository, scene_folder, send, small_scene, tick, timeline,
};
use bevy::prelude::*;
use cupola::processor::{MayStartPrograms, ProcessorStatus, Processors};
use cupola::session::Reload;
use cupola::timeline::{Playback, SourceKind, Timeline};
use cupola_twin::{Quality, Value};
use serde_json::json;
use std::time::{Duration, Instant};

const SIMULATION: &str = r#"simulation: (start: "2026-01-12T08:00:00Z", step: "1m",
    zones: [(model: "Room", area: "area", people: 2.0)],
    shows: [(model: "Room", property: "temperature", quantity: temperature)]),"#;

/// Returns a scene with a processor of the rooms that gives `co2`.
fn scene(more: &str) -> String {
    let processor = format!(
        r#"processors: [(id: "p", model: "Room", inputs: {{"t": "temperature", "big": "area > 25"}}, outputs: ["co2"], timeout: "2s", {more})], {SIMULATION}"#
    );
    small_scene(&processor)
}

/// Returns the command of a program that answers each request by a substitution of `sed`.
fn answering(answer: &str) -> String {
    let script = format!(r#"s/.*"id":"([^"]*)".*/{{"id":"\1",{answer}}}/"#);
    // RON and Rust have the same escapes.
    format!(r#"command: ["sed", "-u", "-E", {script:?}]"#)
}

/// Returns the app after the simulated timeline has made `minutes` steps, with the timeline and the folder.
fn run(text: &str, minutes: u32) -> (App, Entity, tempfile::TempDir) {
    let folder = scene_folder(MODELS, text);
    let mut app = open(folder.path(), None);
    app.insert_resource(MayStartPrograms(true));
    let simulated = timeline(&mut app, SourceKind::Simulated);
    for _ in 0..minutes {
        step(&mut app, simulated);
    }
    (app, simulated, folder)
}

fn step(app: &mut App, simulated: Entity) {
    app.world_mut().get_mut::<Playback>(simulated).unwrap().step();
    let begin = Instant::now();
    loop {
        tick(app);
        if !app.world().get::<Playback>(simulated).unwrap().held {
            return;
        }
        assert!(begin.elapsed() < Duration::from_secs(40), "the timeline is held too long");
        app.world().get::<Processors>(simulated).unwrap().wait(Duration::from_millis(50));
    }
}

fn status(app: &App, timeline: Entity) -> ProcessorStatus {
    app.world().get::<Processors>(timeline).unwrap().status().next().unwrap().clone()
}

fn value(app: &App, timeline: Entity, name: &str) -> (Option<Value>, Quality) {
    let state = app.world().get::<Timeline>(timeline).unwrap().state();
    let slot = state.topology().slot_named(name).unwrap();
    (state.value(slot), state.get(slot).quality)
}

#[test]
fn values_of_a_program_become_stale() {
    let text = scene(&answering(r#""twins":[{"$dtId":"r1","co2":700.5},{"$dtId":"r2","co2":null}]"#));
    let (mut app, simulated, _folder) = run(&text, 3);
    assert_eq!(
        value(&app, simulated, "r1.co2"),
        (Some(Value::Number(700.5)), Quality::Good),
        "{:?}",
        status(&app, simulated)
    );
    assert_eq!(value(&app, simulated, "r2.co2"), (None, Quality::Missing));
    let known = status(&app, simulated);
    assert_eq!((known.requests, known.answers, known.rejected), (3, 2, 0), "{known:?}");
    let origin = {
        let slot = app.world().get::<Timeline>(simulated).unwrap().state().topology().slot_named("r1.co2").unwrap();
        app.world().get::<Timeline>(simulated).unwrap().origin(slot).unwrap()
    };
    assert!(origin.contains("processor p") && origin.contains("2026-01-12T08:02:00Z"), "{origin}");
    // Without further answers, the last value becomes stale after two requests.
    app.insert_resource(MayStartPrograms(false));
    app.world_mut().entity_mut(simulated).get_mut::<Processors>().unwrap().stop();
    (0..4).for_each(|_| step(&mut app, simulated));
    assert_eq!(value(&app, simulated, "r1.co2"), (Some(Value::Number(700.5)), Quality::Stale));
    assert!(status(&app, simulated).last_error.unwrap().contains("may not be started"));
}

#[test]
fn a_formula_gives_the_value_where_the_answer_has_none() {
    let text = scene(&answering(r#""twins":[{"$dtId":"r1","co2":700}]"#));
    let fallback = r#"computed: [(model: "Room", property: "co2", formula: "400 + area"), "#;
    let text = text.replace("computed: [", fallback);
    let (app, simulated, _folder) = run(&text, 3);
    assert_eq!(value(&app, simulated, "r1.co2").0, Some(Value::Number(700.0)));
    assert_eq!(value(&app, simulated, "r2.co2").0, Some(Value::Number(430.0)));
}

#[test]
fn a_run_is_repeated_from_its_events_without_the_program() {
    // The answer changes the simulation, so an answer one step earlier or later would change the results.
    let text = scene(&answering(r#""twins":[{"$dtId":"r1","setpoint":24.5},{"$dtId":"r2","setpoint":19.0}]"#))
        .replace(r#"outputs: ["co2"]"#, r#"outputs: ["setpoint"]"#)
        .replace("people: 2.0)", r#"people: 2.0, heating_setpoint: "setpoint")"#);
    let folder = scene_folder(MODELS, &text);
    let (scene, events) = (folder.path().to_str().unwrap(), folder.path().join("events.jsonl"));
    let events = events.to_str().unwrap();
    let first = cupola(&["run", scene, "--for", "2h", "--json", "--allow-programs", "--record", events]);
    let recorded = std::fs::read_to_string(events).unwrap();
    assert_eq!(recorded.lines().count(), 119, "there must be one answer per minute");
    let again = cupola(&["run", scene, "--for", "2h", "--json", "--events", events]);
    let (first, again) = (json(&first), json(&again));
    assert_eq!(first["values"], again["values"]);
    assert_eq!(first["changes"], again["changes"]);
}

#[test]
fn a_reload_keeps_the_permission_only_for_the_same_program() {
    let text = scene(&answering(r#""twins":[{"$dtId":"r1","co2":700.5}]"#));
    let (mut app, simulated, folder) = run(&text, 3);
    let reload = |app: &mut App, text: &str| {
        std::fs::write(folder.path().join("scene.ron"), text).unwrap();
        send(app, Reload);
        app.world().resource::<MayStartPrograms>().0
    };
    assert!(reload(&mut app, &text.replace("Small", "Renamed")), "the same program");
    let requests = status(&app, simulated).requests;
    step(&mut app, simulated);
    assert_eq!(status(&app, simulated).requests, requests + 1, "the program still runs");
    assert!(!reload(&mut app, &text.replace("700.5", "100.5")), "another program");
    (0..3).for_each(|_| step(&mut app, simulated));
    assert_eq!(status(&app, simulated).answers, 0);
    assert!(status(&app, simulated).last_error.unwrap().contains("may not be started"));
}

#[test]
fn failures_are_reported_and_the_clock_continues() {
    for (command, error, timeouts) in [
        (r#"command: ["sh", "-c", "echo no model here >&2; exit 3"]"#.to_string(), "no model here", 0),
        (r#"command: ["no-such-program-at-all"]"#.into(), "can't be started", 0),
        (r#"command: ["sleep", "60"], timeout: "300ms""#.into(), "within 0.3 s", 1),
        (r#"command: ["sed", "-u", "s/.*/what?/"]"#.into(), "`what?` is not an answer", 1),
        (answering(r#""error":"not trained yet""#), "not trained yet", 0),
        (answering(r#""twins":[{"$dtId":"r9","co2":1}]"#), "no twin is called `r9`", 0),
        (answering(r#""twins":[{"$dtId":"r1","co2":"much"}]"#), "r1.co2", 0),
        (answering(r#""twins":[{"$dtId":"r1","area":1}]"#), "not one of its outputs", 0),
    ] {
        let text = scene(&command);
        let text = if command.contains("timeout") { text.replacen(r#"timeout: "2s", "#, "", 1) } else { text };
        let (app, simulated, _folder) = run(&text, 4);
        let known = status(&app, simulated);
        assert!(known.last_error.clone().unwrap_or_default().contains(error), "{command}: {known:?}");
        assert_eq!(known.timeouts >= 1, timeouts >= 1, "{command}: {known:?}");
        let known = app.world().get::<Timeline>(simulated).unwrap();
        assert_eq!(known.now_us() - known.start_us(), 240_000_000, "{command}");
        assert_eq!(value(&app, simulated, "r1.co2").0, None);
    }
}

#[test]
fn mistakes_in_processors_have_a_place() {
    for (more, code, at) in [
        (r#"command: []"#, "no-processor", "command"),
        (r#"command: ["cat"], mqtt: (url: "mqtt://h", request: "a", response: "b")"#, "no-processor", "command"),
        (r#"mqtt: (url: "http://h", request: "a", response: "b")"#, "broker-address", "mqtt"),
        (r#"mqtt: (url: "mqtt://h", request: "a/#", response: "b")"#, "topic-pattern", "mqtt"),
        (r#"command: ["cat"], every: "soon""#, "wrong-duration", "every"),
        (r#"command: ["cat"], folder: "nowhere""#, "file-not-found", "folder"),
    ] {
        let folder = scene_folder(MODELS, &scene(more));
        let output = cupola(&["check", "--json", folder.path().to_str().unwrap()]);
        let report = json(&output);
        let found = report["diagnostics"].as_array().unwrap();
        assert!(
            found.iter().any(|found| found["code"] == code && found["line"].as_u64() > Some(1)),
            "{more} ({at}): {report}"
        );
    }
    for (from, to, code) in [
        (r#"outputs: ["co2"]"#, r#"outputs: ["co3"]"#, "unknown-property"),
        (r#""t": "temperature""#, r#""t": "temprature""#, "unknown-property"),
        (r#"model: "Room", inputs"#, r#"model: "Rooms", inputs"#, "unknown-model"),
    ] {
        let folder = scene_folder(MODELS, &scene(r#"command: ["cat"]"#).replace(from, to));
        let report = json(&cupola(&["check", "--json", folder.path().to_str().unwrap()]));
        let found = report["diagnostics"].as_array().unwrap().iter().find(|found| found["code"] == code).cloned();
        let found = found.unwrap_or_else(|| panic!("{to}: {report}"));
        assert!(found["line"].as_u64() > Some(5) && found["suggestion"].is_string(), "{found}");
    }
}

#[test]
fn two_runs_of_the_forecast_example_give_the_same_output() {
    let scene = repository("scenes/forecast");
    let ask = || cupola(&["run", scene.to_str().unwrap(), "--for", "8h", "--allow-programs", "--json"]);
    let (first, second) = (ask(), ask());
    assert_eq!(first.stdout, second.stdout);
    let report = json(&first);
    assert_eq!(report["processors"][0]["answers"], 479, "{}", report["processors"]);
    let error = report["values"]["floor.meanError"]["value"].as_f64().unwrap();
    assert!((0.0..150.0).contains(&error), "{error}");
    let without = json(&cupola(&["run", scene.to_str().unwrap(), "--for", "10m", "--json"]));
    assert_eq!(without["processors"][0]["requests"], 0);
    assert!(without["values"]["floor.worstForecast"]["value"].is_null());
}

/// Starts a service that answers with a CO2 value for every twin, until it is asked by the id `end`.
fn service(broker: &Mosquitto) -> std::thread::JoinHandle<()> {
    let options = rumqttc::MqttOptions::new("test-service", "127.0.0.1", broker.port);
    let (client, mut connection) = rumqttc::Client::new(options, 64);
    client.subscribe("models/p/ask", rumqttc::QoS::AtLeastOnce).unwrap();
    let (ready, subscribed) = std::sync::mpsc::sync_channel(1);
    let service = std::thread::spawn(move || {
        for event in connection.iter() {
            let asked = match event {
                Ok(rumqttc::Event::Incoming(rumqttc::Packet::Publish(asked))) => asked,
                Ok(rumqttc::Event::Incoming(rumqttc::Packet::SubAck(_))) => {
                    ready.send(()).unwrap();
                    continue;
                }
                _ => continue,
            };
            let request: serde_json::Value = serde_json::from_slice(&asked.payload).unwrap();
            if request["id"].as_str() == Some("end") {
                return;
            }
            let twins: Vec<_> = request["twins"]
                .as_array()
                .unwrap()
                .iter()
                .map(|twin| json!({ "$dtId": twin["$dtId"], "co2": if twin["big"] == true { 900 } else { 500 } }))
                .collect();
            let answer = json!({ "id": request["id"], "twins": twins }).to_string();
            client.publish("models/p/answer", rumqttc::QoS::AtLeastOnce, false, answer).unwrap();
        }
    });
    subscribed.recv().unwrap();
    service
}

fn end(broker: &Mosquitto, service: std::thread::JoinHandle<()>) {
    crate::support::Publisher::connect(broker.port).publish(&[("models/p/ask".into(), r#"{"id": "end"}"#.into())]);
    service.join().unwrap();
}

fn behind_broker(url: &str, every: &str) -> String {
    scene(&format!(r#"every: "{every}", mqtt: (url: "{url}", request: "models/p/ask", response: "models/p/answer")"#))
}

#[test]
fn a_service_behind_a_broker_answers_a_live_timeline() {
    let broker = Mosquitto::start();
    let service = service(&broker);
    let text = behind_broker(&broker.url(), "1s");
    let folder = scene_folder(MODELS, &text);
    let mut app = open(folder.path(), None);
    let live = timeline(&mut app, SourceKind::Live);
    let begin = Instant::now();
    while value(&app, live, "r2.co2").0.is_none() {
        assert!(begin.elapsed() < Duration::from_secs(30), "{:?}", status(&app, live));
        tick(&mut app);
        app.world().get::<Processors>(live).unwrap().wait(Duration::from_millis(20));
    }
    assert_eq!(value(&app, live, "r1.co2"), (Some(Value::Number(500.0)), Quality::Good));
    assert_eq!(value(&app, live, "r2.co2"), (Some(Value::Number(900.0)), Quality::Good));
    end(&broker, service);
}

#[test]
fn a_simulation_waits_for_the_connection_to_a_service() {
    let broker = Mosquitto::start();
    let service = service(&broker);
    let run = |url: &str| {
        let folder = scene_folder(MODELS, &behind_broker(url, "5m"));
        json(&cupola(&["run", folder.path().to_str().unwrap(), "--for", "20m", "--speed", "max", "--json"]))
    };
    let report = run(&broker.url());
    let processor = &report["processors"][0];
    assert_eq!((processor["requests"].as_u64(), processor["answers"].as_u64()), (Some(4), Some(4)), "{processor}");
    end(&broker, service);
    let unreachable = run("mqtt://127.0.0.1:1");
    let processor = &unreachable["processors"][0];
    assert_eq!(processor["is_failing"], true, "{processor}");
    assert!(processor["last_error"].as_str().unwrap().contains("not connected"), "{processor}");
}
