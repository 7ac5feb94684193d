//! Tests of commands: to a device behind a real broker, to the simulation, and invalid commands.

use crate::support::{Mosquitto, cupola, json, repository, scene_folder};
use cupola_run::{Actor, Drivers, Event, EventBody, Timeline};
use cupola_twin::{State, Value};
use rumqttc::{Client, Event as MqttEvent, MqttOptions, Packet, QoS};
use std::sync::Arc;

const MODELS: &str = r#"{"@context": "dtmi:dtdl:context;3", "@id": "dtmi:t:Valve;1", "@type": "Interface", "contents": [
  {"@type": "Property", "name": "position", "schema": "double"},
  {"@type": "Command", "name": "move", "request": {"name": "to", "schema": {"@type": "Object", "fields": [
     {"name": "position", "schema": "double"}, {"name": "mode", "schema": {"@type": "Enum", "valueSchema": "string", "enumValues": [
        {"name": "fast", "enumValue": "fast"}, {"name": "slow", "enumValue": "slow"}]}}]}},
   "response": {"name": "at", "schema": "double"}},
  {"@type": "Command", "name": "stop"}]}"#;

fn valve(timeout: &str) -> tempfile::TempDir {
    let scene = format!(
        r#"(
  version: 1, name: "Valve", models: ["models"],
  twins: [(id: "v1", model: "Valve")],
  feeds: [(id: "m", url: "mqtt://127.0.0.1:1", mappings: [(topic: "v/{{v}}/position", twin: "{{v}}", property: "position")],
    commands: [
      (twin: "{{v}}", command: "move", request: "do/{{v}}/{{command}}/{{invocation}}", response: "done/{{v}}/{{invocation}}", value: "/at", error: "/error", timeout: "{timeout}"),
    ])],
  simulation: (start: "2026-01-12T07:00:00Z", commands: [(model: "Valve", command: "move", sets: {{"position": "request.position / 2"}}, response: "position")]),
)
"#
    );
    scene_folder(MODELS, &scene)
}

/// Starts a device that answers `count` requests and then ends. `answer` makes the payload of an answer from a request.
fn device(broker: &Mosquitto, count: usize, answer: impl Fn(&serde_json::Value) -> String + Send + 'static) {
    let (client, mut connection) = Client::new(MqttOptions::new("device", "127.0.0.1", broker.port), 16);
    client.subscribe("do/#", QoS::AtLeastOnce).unwrap();
    let listening = Arc::new(std::sync::Barrier::new(2));
    let ready = listening.clone();
    std::thread::spawn(move || {
        let mut answered = 0;
        for event in connection.iter() {
            match event {
                Ok(MqttEvent::Incoming(Packet::SubAck(_))) => {
                    ready.wait();
                }
                Ok(MqttEvent::Incoming(Packet::Publish(message))) => {
                    let parts: Vec<&str> = message.topic.split('/').collect();
                    let request = serde_json::from_slice(&message.payload).unwrap();
                    let topic = format!("done/{}/{}", parts[1], parts[3]);
                    client.publish(topic, QoS::AtLeastOnce, false, answer(&request)).unwrap();
                    answered += 1;
                }
                Ok(MqttEvent::Incoming(Packet::PubAck(_))) if answered == count => return,
                Ok(_) => {}
                Err(_) => return,
            }
        }
    });
    listening.wait();
}

#[test]
fn a_device_can_answer_refuse_or_time_out() {
    let broker = Mosquitto::start();
    let folder = valve("10s");
    let scene = folder.path().to_str().unwrap();
    let invoke = |scene: &str, request: &str| {
        cupola(&["invoke", scene, "v1.move", request, "--source", "live", "--broker", &broker.url(), "--json"])
    };
    device(&broker, 4, |request| match (request["mode"].as_str(), request["position"].as_i64()) {
        (Some("fast"), _) => r#"{"error": "too fast"}"#.to_string(),
        // Many devices send the field of the error with every answer.
        (_, Some(41)) => r#"{"at": 41, "error": false}"#.to_string(),
        (_, Some(42)) => r#"{"at": 42, "error": " "}"#.to_string(),
        (_, position) => format!(r#"{{"at": {}}}"#, position.unwrap()),
    });
    for position in [40, 41, 42] {
        let output = invoke(scene, &format!(r#"{{"position": {position}, "mode": "slow"}}"#));
        let done = json(&output);
        assert_eq!((done["outcome"].as_str(), done["response"].as_i64()), (Some("done"), Some(position)), "{done}");
        assert_eq!(output.status.code(), Some(0));
    }
    let output = invoke(scene, r#"{"position": 40, "mode": "fast"}"#);
    let refused = json(&output);
    assert!(refused["error"].to_string().contains("too fast"), "{refused}");
    assert_eq!(output.status.code(), Some(1));
    // The device has ended.
    let brief = valve("1s");
    let output = invoke(brief.path().to_str().unwrap(), r#"{"position": 1}"#);
    let silent = json(&output);
    assert!(silent["error"].to_string().contains("no answer came"), "{silent}");
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn the_simulation_carries_out_commands() {
    let folder = valve("1s");
    let scene = folder.path().to_str().unwrap();
    let done = json(&cupola(&["invoke", scene, "v1.move", r#"{"position": 40}"#, "--source", "simulated", "--json"]));
    assert_eq!((done["outcome"].as_str(), done["response"].as_f64()), (Some("done"), Some(20.0)), "{done}");
    let demo = repository("scenes/hospital");
    let refill = ["invoke", demo.to_str().unwrap(), "rm-101-sanitiser.refill", "--source", "simulated", "--json"];
    assert_eq!(json(&cupola(&refill))["response"], 100);
}

#[test]
fn a_request_is_checked_before_it_is_sent() {
    let folder = valve("1s");
    let scene = folder.path().to_str().unwrap();
    for (command, request, word) in [
        ("v1.move", r#"{"position": "half"}"#, "position"),
        ("v1.move", r#"{"position": 1, "mode": "quick"}"#, "quick"),
        ("v1.move", r#"{"place": 1}"#, "place"),
        ("v1.move", "40", "to"),
        ("v1.mvoe", "40", "move"),
        ("v9.move", "40", "v9"),
        ("v1.stop", "1", "stop"),
    ] {
        let output = cupola(&["invoke", scene, command, request, "--source", "simulated"]);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success(), "{command} {request}");
        assert!(errors.contains(word), "{command} {request}: {errors}");
    }
}

#[test]
fn a_late_answer_becomes_the_outcome() {
    const START_US: i64 = 1_768_201_200_000_000;
    let folder = valve("3s");
    let scene = Arc::new(cupola_scene::load(folder.path()).scene.unwrap());
    let drivers = Drivers::new(&scene, &mut Vec::new());
    let mut live = Timeline::live(scene.clone(), State::new(scene.topology.clone()), &drivers, START_US);
    let at = |seconds: f64| START_US + (seconds * 1e6) as i64;
    let command = |live: &mut Timeline, now_us: i64| {
        let request = Value::from_text(r#"{"position": 40, "mode": "slow"}"#, None);
        let body = EventBody::Command { twin: "v1".into(), command: "move".into(), request: Some(request) };
        live.ingest(Event::new(now_us, Actor::person("a planner"), body)).unwrap();
        live.take_requests().pop().unwrap().topic.replace("do/v1/move", "done/v1")
    };
    let answer = |live: &mut Timeline, topic: &str, now_us: i64| {
        let body = live.answer_of(topic, b"{\"at\": 40}", now_us);
        body.map(|body| live.ingest(Event::new(now_us, Actor::person("a planner"), body)).unwrap()).is_some()
    };
    let told = |live: &Timeline, number: u64| {
        let told = live.invocations().get(number).unwrap().to_json(&scene.topology);
        let late = told["timed_out"].as_bool().unwrap();
        (told["outcome"].as_str().unwrap().to_string(), late, told["milliseconds"].as_f64())
    };
    let [first, second] = [command(&mut live, at(0.0)), command(&mut live, at(0.0))];
    assert!(answer(&mut live, &second, at(1.0)));
    live.step(at(3.5));
    assert_eq!(told(&live, 1), ("failed".into(), true, Some(3500.0)));
    assert_eq!(told(&live, 2), ("done".into(), false, Some(1000.0)));
    live.step(at(5.0));
    assert_eq!(told(&live, 1), ("failed".into(), true, Some(3500.0)), "the limit passes once");
    assert!(answer(&mut live, &first, at(7.6)));
    live.step(at(7.6));
    assert_eq!(told(&live, 1), ("done".into(), true, Some(7600.0)));
    assert!(!answer(&mut live, &first, at(8.0)), "a second answer is for nobody");
}
