//! Tests of live timelines with a real broker outside the program.

use crate::support::{
    MODELS, Mosquitto, Publisher, number, open, open_unknown, repository, scene_folder, send, small_scene, tick,
    timeline,
};
use bevy::prelude::*;
use cupola::action::ActionRequest;
use cupola::feed::{AllowBrokers, Connections, FeedStatus};
use cupola::notice::Notices;
use cupola::selection::Select;
use cupola::session::EditScene;
use cupola::timeline::{SourceKind, Timeline};
use cupola_mqtt::Connection;
use cupola_scene::Properties;
use cupola_scene::document::TwinDoc;
use cupola_scene::edit::Edit;
use cupola_twin::Quality;
use std::collections::BTreeMap;
use std::process::Stdio;
use std::time::{Duration, Instant};

const FEED: &str = r#"feeds: [(id: "m", url: "mqtt://127.0.0.1:1", mappings: [
    (topic: "b/{room}/t", twin: "{room}", property: "temperature", value: "/value", time: "/time", stale_after: "1h"),
    (topic: "b/{room}/f", twin: "{room}", property: "temperature", unit: "degreeFahrenheit"),
    (topic: "b/{room}/label", twin: "{room}", property: "label"),
    (topic: "b/{room}/occupied", twin: "{room}", property: "occupied")])],"#;

/// Runs ticks until a condition holds.
fn until(app: &mut App, live: Entity, what: &str, holds: impl Fn(&App) -> bool) {
    let begin = Instant::now();
    let inbox = app.world().get::<Connections>(live).unwrap().inbox().clone();
    while !holds(app) {
        assert!(
            begin.elapsed() < Duration::from_secs(40),
            "timed out while waiting for {what}: {:?}",
            app.world().get::<Connections>(live).unwrap().status()
        );
        inbox.wait(Duration::from_millis(20));
        tick(app);
    }
}

fn connected(app: &App, live: Entity) -> bool {
    app.world().get::<Connections>(live).unwrap().status().connection == Connection::Connected
}

fn connect(feed: &str, broker: &Mosquitto) -> (App, Entity, tempfile::TempDir) {
    let folder = scene_folder(MODELS, &small_scene(feed));
    let mut app = open(folder.path(), Some(broker.url()));
    let live = timeline(&mut app, SourceKind::Live);
    until(&mut app, live, "the connection", |app| connected(app, live));
    // A message that comes back shows that the broker has the subscriptions.
    let mut publisher = Publisher::connect(broker.port);
    let begin = Instant::now();
    while number(&app, live, "r2.temperature").is_none() {
        assert!(begin.elapsed() < Duration::from_secs(20));
        publisher.publish(&[("b/r2/f".into(), "68".into())]);
        app.world().get::<Connections>(live).unwrap().inbox().wait(Duration::from_millis(50));
        tick(&mut app);
    }
    (app, live, folder)
}

#[test]
fn messages_update_twins_and_dependent_values() {
    let broker = Mosquitto::start();
    let (mut app, live, _folder) = connect(FEED, &broker);
    assert!((number(&app, live, "r2.temperature").unwrap() - 20.0).abs() < 1e-9, "68 °F are 20 °C");
    let mut publisher = Publisher::connect(broker.port);
    let now = cupola_wire::format_rfc3339(cupola::timeline::WallClock::System.now_us());
    publisher.publish(&[
        ("b/r1/t".into(), format!("{{\"value\": 24.0, \"time\": \"{now}\"}}")),
        ("b/r1/label".into(), "north".into()),
        ("b/r1/occupied".into(), "ON".into()),
        ("b/r7/t".into(), "{\"value\": 1}".into()),
        ("b/r2/t".into(), "{\"battery\": 80}".into()),
        ("b/r2/f".into(), "warm".into()),
    ]);
    until(&mut app, live, "the last message", |app| {
        app.world().get::<Connections>(live).unwrap().status().counters.rejected >= 1
    });
    // The inbox counts at once, and a tick takes the values.
    until(&mut app, live, "the values", |app| {
        let mean = number(app, live, "f1.mean").is_some_and(|mean| (mean - 22.0).abs() < 1e-9);
        mean && number(app, live, "r1.occupied") == Some(1.0)
    });
    let status = app.world().get::<Connections>(live).unwrap().status();
    assert_eq!(status.counters.unknown_topics, ["b/r7/t"]);
    assert!(status.counters.last_rejection.unwrap().contains("b/r2/f"));
    assert!(
        (number(&app, live, "r2.temperature").unwrap() - 20.0).abs() < 1e-9,
        "a partial message and an invalid message must change nothing"
    );
    let feed = app.world().get::<Connections>(live).unwrap();
    let known = app.world().get::<Timeline>(live).unwrap();
    let slot = app.world().get::<Timeline>(live).unwrap().state().topology().slot_named("r1.temperature").unwrap();
    assert!(known.origin(slot).unwrap().contains("b/r1/t"));
    assert!(feed.latencies.publish_to_propagated().unwrap().count >= 1);
}

#[test]
fn a_fresh_measured_value_replaces_the_computed_value() {
    let broker = Mosquitto::start();
    let measured = FEED.replace(
        "mappings: [",
        r#"mappings: [(topic: "b/{floor}/mean", twin: "{floor}", property: "mean", value: "/value", time: "/time", stale_after: "1h"),"#,
    );
    let (mut app, live, _folder) = connect(&measured, &broker);
    let mut publisher = Publisher::connect(broker.port);
    let now = cupola_wire::format_rfc3339(cupola::timeline::WallClock::System.now_us());
    publisher.publish(&[("b/f1/mean".into(), format!("{{\"value\": 31.5, \"time\": \"{now}\"}}"))]);
    until(&mut app, live, "the measured value", |app| number(app, live, "f1.mean") == Some(31.5));
    publisher.publish(&[("b/r2/f".into(), "86".into())]);
    until(&mut app, live, "the room", |app| {
        number(app, live, "r2.temperature").is_some_and(|t| (t - 30.0).abs() < 1e-9)
    });
    assert_eq!(number(&app, live, "f1.mean"), Some(31.5), "a fresh measured value must replace the computed value");
    // A late value doesn't replace a newer one.
    publisher.publish(&[("b/f1/mean".into(), "{\"value\": 33.0, \"time\": \"2020-01-01T00:00:00Z\"}".into())]);
    until(&mut app, live, "the late value", |app| {
        app.world().get::<Connections>(live).unwrap().status().counters.late == 1
    });
    assert_eq!(number(&app, live, "f1.mean"), Some(31.5));
    // Where there is no newer one, a value that is not fresh leaves the formula in its place.
    let (mut app, live, _folder) = connect(&measured, &broker);
    let mut publisher = Publisher::connect(broker.port);
    publisher.publish(&[("b/r2/f".into(), "86".into())]);
    publisher.publish(&[("b/f1/mean".into(), "{\"value\": 33.0, \"time\": \"2020-01-01T00:00:00Z\"}".into())]);
    publisher.publish(&[("b/r1/t".into(), "{\"value\": 20.0}".into())]);
    until(&mut app, live, "the mean", |app| {
        number(app, live, "f1.mean").is_some_and(|mean| (mean - 25.0).abs() < 1e-9)
    });
}

#[test]
fn a_watched_query_follows_changes() {
    let broker = Mosquitto::start();
    let folder = scene_folder(MODELS, &small_scene(FEED));
    let query = "SELECT R.$dtId AS room, R.temperature AS t FROM DIGITALTWINS R WHERE R.temperature > 22 ORDER BY room";
    let child = crate::support::program()
        .args(["query", folder.path().to_str().unwrap(), query, "--format", "json"])
        .args(["--listen", "7s", "--watch", "--broker", &broker.url()])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut publisher = Publisher::connect(broker.port);
    let begin = Instant::now();
    // At first only room r1 is warm, then only room r2.
    while begin.elapsed() < Duration::from_secs(6) {
        let (first, second) = if begin.elapsed() < Duration::from_secs(3) { ("24", "20") } else { ("20", "25") };
        let message = |room: &str, value: &str| (format!("b/{room}/t"), format!("{{\"value\": {value}}}"));
        publisher.publish(&[message("r1", first), message("r2", second)]);
    }
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let answers: Vec<&str> = text.lines().collect();
    // Between two messages either room may match.
    assert!(answers.contains(&r#"[{"room":"r1","t":24}]"#), "{text}");
    assert_eq!(answers.last(), Some(&r#"[{"room":"r2","t":25}]"#), "{text}");
    assert!(answers.windows(2).all(|pair| pair[0] != pair[1]), "{text}");
}

#[test]
fn messages_that_cannot_be_used_are_told_with_an_example() {
    let broker = Mosquitto::start();
    let folder = scene_folder(MODELS, &small_scene(FEED));
    let scene = folder.path().to_str().unwrap();
    let url = broker.url();
    for arguments in [
        ["query", scene, "SELECT T FROM DIGITALTWINS T", "--listen", "3s", "--broker", &url].as_slice(),
        &["why", scene, "r1.temperature", "--listen", "3s", "--broker", &url],
        &["run", scene, "--source", "live", "--for", "3s", "--broker", &url],
    ] {
        let mut command = crate::support::program();
        let child = command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut publisher = Publisher::connect(broker.port);
        let begin = Instant::now();
        while begin.elapsed() < Duration::from_millis(2_500) {
            publisher.publish(&[
                ("b/r1/t".into(), "{\"value\": \"21,5\"}".into()),
                ("b/nowhere/t".into(), "{\"value\": 21.5}".into()),
            ]);
        }
        let output = child.wait_with_output().unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(errors.contains("`21,5` (a decimal comma)"), "{arguments:?}: {errors}");
        assert!(errors.contains("lead to no property, such as b/nowhere/t"), "{arguments:?}: {errors}");
    }
}

#[test]
fn why_explains_down_to_the_messages() {
    let broker = Mosquitto::start();
    let folder = tempfile::tempdir().unwrap();
    let mut demo = crate::support::program()
        .args(["demo", "--headless", "--for", "60s", "--broker", &broker.url(), "--out"])
        .arg(folder.path().join("demo.png"))
        .arg(repository("scenes/hospital"))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let output = crate::support::program()
        .args(["why", "--listen", "8s", "--broker", &broker.url(), "--json"])
        .arg(repository("scenes/hospital"))
        .arg("riverside-hospital.compliance")
        .output()
        .unwrap();
    demo.kill().unwrap();
    demo.wait().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    let answer: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{errors}"));
    assert!(answer["value"].as_f64().is_some_and(|value| (0.0..=100.0).contains(&value)), "{}", answer["value"]);
    let mut ends = Vec::new();
    let mut below = vec![&answer];
    while let Some(here) = below.pop() {
        match here["inputs"].as_array().filter(|inputs| !inputs.is_empty()) {
            Some(inputs) => below.extend(inputs),
            None => ends.push(here),
        }
    }
    let of_dispensers = |end: &&&serde_json::Value| {
        let origin = end["origin"].as_str().unwrap_or_default();
        end["name"].as_str().unwrap().ends_with(".dispenses") && origin.starts_with("message on ")
    };
    assert!(ends.iter().filter(of_dispensers).count() > 10, "{ends:?}");
}

#[test]
fn a_scene_may_have_several_brokers() {
    let (first, second) = (Mosquitto::start(), Mosquitto::start());
    let feed = |id: &str, broker: &Mosquitto, room: &str| {
        format!(
            r#"(id: "{id}", url: "{}", mappings: [(topic: "{id}/t", twin: "{room}", property: "temperature")])"#,
            broker.url()
        )
    };
    let feeds = format!("feeds: [{}, {}],", feed("a", &first, "r1"), feed("b", &second, "r2"));
    let folder = scene_folder(MODELS, &small_scene(&feeds));
    let mut app = open(folder.path(), None);
    let live = timeline(&mut app, SourceKind::Live);
    app.world_mut().get_mut::<Connections>(live).unwrap().connect(None).unwrap();
    until(&mut app, live, "both connections", |app| connected(app, live));
    let (mut one, mut other) = (Publisher::connect(first.port), Publisher::connect(second.port));
    let begin = Instant::now();
    while number(&app, live, "f1.mean") != Some(22.0) {
        assert!(begin.elapsed() < Duration::from_secs(20));
        one.publish(&[("a/t".into(), "20".into())]);
        other.publish(&[("b/t".into(), "24".into())]);
        app.world().get::<Connections>(live).unwrap().inbox().wait(Duration::from_millis(20));
        tick(&mut app);
    }
}

#[test]
fn a_nan_reading_is_bad_and_an_old_reading_is_stale() {
    let broker = Mosquitto::start();
    let (mut app, live, _folder) = connect(FEED, &broker);
    let quality = |app: &App, name: &str| {
        let state = app.world().get::<Timeline>(live).unwrap().state();
        state.get(state.topology().slot_named(name).unwrap()).quality
    };
    let mut publisher = Publisher::connect(broker.port);
    publisher.publish(&[
        ("b/r2/f".into(), "NaN".into()),
        ("b/r1/t".into(), "{\"value\": 24.0, \"time\": \"2020-01-01T00:00:00Z\"}".into()),
    ]);
    until(&mut app, live, "staleness", |app| quality(app, "r1.temperature") == Quality::Stale);
    assert_eq!(quality(&app, "r2.temperature"), Quality::Bad);
    assert_eq!(number(&app, live, "f1.mean"), Some(24.0), "a bad value must not enter the mean");
    assert_eq!(quality(&app, "f1.mean"), Quality::Stale, "a stale value must make the mean stale");
}

#[test]
fn the_feed_reconnects_to_a_restarted_broker() {
    let mut broker = Mosquitto::start();
    let (mut app, live, _folder) = connect(FEED, &broker);
    broker.kill();
    until(&mut app, live, "the loss", |app| {
        matches!(app.world().get::<Connections>(live).unwrap().status().connection, Connection::Lost { .. })
    });
    // Nobody knows whether a value of a lost broker still holds, although this feed has no `stale_after`.
    let quality = |app: &App| {
        let state = app.world().get::<Timeline>(live).unwrap().state();
        state.get(state.topology().slot_named("r2.temperature").unwrap()).quality
    };
    until(&mut app, live, "stale values", |app| quality(app) == Quality::Stale);
    broker.restart();
    until(&mut app, live, "the connection", |app| connected(app, live));
    let mut publisher = Publisher::connect(broker.port);
    let begin = Instant::now();
    while number(&app, live, "r1.temperature") != Some(30.0) {
        assert!(begin.elapsed() < Duration::from_secs(20), "the feed did not subscribe again");
        publisher.publish(&[("b/r1/t".into(), "{\"value\": 30.0}".into())]);
        tick(&mut app);
    }
    assert_eq!(quality(&app), Quality::Stale, "a connection alone confirms nothing");
    // A retained message may be newer than the last one before the outage.
    publisher.publish_retained("b/r2/f", "50");
    until(&mut app, live, "the message", |app| number(app, live, "r2.temperature") == Some(10.0));
}

#[test]
fn a_message_after_an_outage_within_one_tick_is_of_the_new_connection() {
    let mut broker = Mosquitto::start();
    let (mut app, live, _folder) = connect(FEED, &broker);
    Publisher::connect(broker.port).publish(&[("b/r1/t".into(), "{\"value\": 20.0}".into())]);
    until(&mut app, live, "the message", |app| number(app, live, "r1.temperature") == Some(20.0));
    // No tick happens before the connection is there again and a message has come.
    let wait = |app: &App, what: &str, holds: &mut dyn FnMut(FeedStatus) -> bool| {
        let begin = Instant::now();
        while !holds(app.world().get::<Connections>(live).unwrap().status()) {
            assert!(begin.elapsed() < Duration::from_secs(20), "{what}");
            std::thread::yield_now();
        }
    };
    broker.kill();
    wait(&app, "the loss", &mut |status| matches!(status.connection, Connection::Lost { .. }));
    broker.restart();
    wait(&app, "the connection", &mut |status| status.connection == Connection::Connected);
    let known = app.world().get::<Connections>(live).unwrap().status().counters.messages;
    let mut publisher = Publisher::connect(broker.port);
    wait(&app, "a message", &mut |status| {
        publisher.publish(&[("b/r1/t".into(), "{\"value\": 30.0}".into())]);
        status.counters.messages > known
    });
    tick(&mut app);
    let state = app.world().get::<Timeline>(live).unwrap().state();
    let sample = state.get(state.topology().slot_named("r1.temperature").unwrap());
    assert_eq!((sample.lane, sample.quality), (30.0, Quality::Good));
}

#[test]
fn the_brokers_of_an_unknown_scene_need_a_permission() {
    let broker = Mosquitto::start();
    // A loopback address in a form that is not known to be one.
    let feed = FEED.replace("127.0.0.1:1", &format!("127.1:{}", broker.port));
    let folder = scene_folder(MODELS, &small_scene(&feed));
    let mut app = open_unknown(folder.path());
    let live = timeline(&mut app, SourceKind::Live);
    tick(&mut app);
    let status = app.world().get::<Connections>(live).unwrap().status();
    assert_eq!((status.connection, status.waiting), (Connection::Idle, vec![format!("mqtt://127.1:{}", broker.port)]));
    let notices = app.world().resource::<Notices>().0.clone();
    assert!(notices.iter().any(|(_, text)| text.contains("127.1")), "{notices:?}");
    let waiting = app.world().get::<Connections>(live).unwrap().status().waiting;
    send(&mut app, AllowBrokers(waiting));
    until(&mut app, live, "the connection", |app| connected(app, live));
    assert!(app.world().get::<Connections>(live).unwrap().status().waiting.is_empty());
}

#[test]
fn a_retained_message_over_the_limit_is_named_and_the_others_flow() {
    let broker = Mosquitto::start();
    Publisher::connect(broker.port).publish_retained("b/r1/label", vec![b'x'; (64 << 20) + 1]);
    let (app, live, _folder) = connect(FEED, &broker);
    let status = app.world().get::<Connections>(live).unwrap().status();
    assert_eq!(status.connection, Connection::Connected);
    let told = format!("{:?}", status.counters);
    assert!(told.contains("b/r1/label: a message of 67108865 bytes is too large"), "{told}");
}

#[test]
fn run_reports_the_values_of_a_broker() {
    let broker = Mosquitto::start();
    let child = crate::support::program()
        .args(["run", "--source", "live", "--for", "6s", "--json", "--broker", &broker.url()])
        .arg(repository("scenes/office"))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut publisher = Publisher::connect(broker.port);
    let begin = Instant::now();
    // The same values are published again and again until the program has certainly subscribed.
    while begin.elapsed() < Duration::from_secs(5) {
        let now = cupola_wire::format_rfc3339(cupola::timeline::WallClock::System.now_us());
        let message = |room: &str, value: f64| {
            (format!("harbour/{room}/temperature"), format!("{{\"value\": {value}, \"time\": \"{now}\"}}"))
        };
        publisher.publish(&[message("room-201", 21.0), message("room-202", 25.0)]);
    }
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let value = |name: &str| report["values"][name]["value"].as_f64();
    assert_eq!(value("room-201.temperature"), Some(21.0));
    assert_eq!(value("floor-2.temperature"), Some(23.0));
    assert_eq!(value("harbour-office.temperature"), Some(23.0));
    let latency = &report["feed"]["publish_to_propagated_ms"];
    assert!(latency["median_ms"].as_f64().unwrap() < 1000.0, "{latency}");
    assert!(latency["p99_ms"].as_f64().is_some() && latency["count"].as_u64().unwrap() > 10, "{latency}");
}

#[test]
fn the_demo_gets_its_values_from_messages() {
    let folder = tempfile::tempdir().unwrap();
    let output = crate::support::program()
        .args(["demo", "--headless", "--for", "6s", "--json", "--out"])
        .arg(folder.path().join("demo.png"))
        .arg(repository("scenes/hospital"))
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{errors}"));
    assert_eq!(report["feed"]["connection"], "connected");
    assert!(report["feed"]["messages"].as_u64().unwrap() > 100, "{}", report["feed"]);
    assert_eq!(report["feed"]["rejected"], 0, "{}", report["feed"]);
    assert_eq!(report["feed"]["unknown_topics"].as_array().unwrap().len(), 0);
    let compliance = report["values"]["riverside-hospital.compliance"]["value"].as_f64();
    assert!(compliance.is_some_and(|value| (10.0..=100.0).contains(&value)), "{compliance:?}");
    assert!(output.status.success(), "{errors}");
    assert!(std::fs::read(folder.path().join("demo.png")).unwrap().starts_with(b"\x89PNG"));
}

#[test]
fn an_edit_keeps_received_values_and_the_feed() {
    let broker = Mosquitto::start();
    let (mut app, live, _folder) = connect(FEED, &broker);
    let mut publisher = Publisher::connect(broker.port);
    publisher.publish(&[("b/r1/t".into(), "{\"value\": 24.0}".into()), ("b/r1/label".into(), "north".into())]);
    let text = |app: &App, name: &str| {
        let state = app.world().get::<Timeline>(live).unwrap().state();
        state.value(state.topology().slot_named(name).unwrap()).map(|value| value.to_string())
    };
    until(&mut app, live, "the label", |app| text(app, "r1.label").as_deref() == Some("north"));
    let before = app.world().get::<Connections>(live).unwrap().status().counters.messages;
    let set = |property: &str, value: cupola_twin::Value| {
        let (twin, property) = ("r2".into(), property.into());
        ActionRequest::new(EditScene(vec![Edit::SetProperty { twin, property, value: Some(value) }]))
    };
    // Setting a value moves no slot, so the connection stays.
    app.world_mut().write_message(set("area", cupola_twin::Value::Number(35.0)));
    app.world_mut().write_message(ActionRequest::new(Select(None)));
    app.update();
    assert!(connected(&app, live));
    assert!(app.world().get::<Connections>(live).unwrap().status().counters.messages >= before, "the count was reset");
    assert_eq!(number(&app, live, "r1.temperature"), Some(24.0));
    assert_eq!(number(&app, live, "r2.area"), Some(35.0));
    publisher.publish(&[("b/r2/label".into(), "south".into())]);
    until(&mut app, live, "the other label", |app| text(app, "r2.label").as_deref() == Some("south"));
    assert_eq!(text(&app, "r1.label").as_deref(), Some("north"));
    // A new twin moves rows. The feed then also delivers messages for the new twin.
    let twin = TwinDoc { id: "r0".into(), model: "Room".into(), properties: Properties::default() };
    let add = Edit::AddTwin { twin, at: None, relationships: Vec::new(), bindings: BTreeMap::new() };
    app.world_mut().write_message(ActionRequest::new(EditScene(vec![add])));
    app.update();
    assert_eq!(number(&app, live, "r1.temperature"), Some(24.0));
    let begin = Instant::now();
    while number(&app, live, "r0.temperature") != Some(19.0) {
        assert!(begin.elapsed() < Duration::from_secs(20), "the new twin receives no messages");
        publisher.publish(&[("b/r0/t".into(), "{\"value\": 19.0}".into())]);
        app.world().get::<Connections>(live).unwrap().inbox().wait(Duration::from_millis(20));
        tick(&mut app);
    }
}
