//! Tests of the times of readings: bursts, buffered and late readings, retained messages, and sensors that fail.

use super::*;
use crate::support::reading;
use cupola_run::Event;
use cupola_run::feed::{CurrentMappings, Inbox, Reading, ReceivedMessage, Router};

const WINDOWS: &str = r#"computed: [(model: "Room", property: "peak", formula: "MAX_OVER(temperature, 2h)"),
    (model: "Room", property: "rate", formula: "RATE(temperature)"), "#;
const HELD: &str = r#"alarms: [(id: "held", model: "Room", when: "HELD_FOR(temperature > 26) > 10 min", severity: warning, message: "Long warm"),
    (id: "hot", model: "Room", when: "temperature > 30", severity: warning, message: "Hot")],"#;

fn windows() -> (App, tempfile::TempDir) {
    let folder = scene_folder(MODELS, &small_scene(HELD).replace("computed: [", WINDOWS));
    let mut app = open_by_hand(folder.path());
    record(&mut app);
    (app, folder)
}

/// Takes readings of r1 at seconds before now, in one event.
fn take(app: &mut App, timeline: Entity, readings: &[(i64, Option<f64>)]) -> u64 {
    let now_us = app.world().resource::<WallClock>().now_us();
    let reading = |(before_s, value): &(i64, Option<f64>)| {
        reading("r1.temperature", *value, now_us - before_s * SECOND_US, now_us)
    };
    let body = EventBody::Readings { readings: readings.iter().map(reading).collect() };
    let event = Event::new(now_us, Actor::device("test"), body);
    let outcome = app.world_mut().get_mut::<Timeline>(timeline).unwrap().apply(event).unwrap();
    assert_eq!(outcome.rejected, Vec::<String>::new());
    outcome.late
}

fn good(readings: &[(i64, f64)]) -> Vec<(i64, Option<f64>)> {
    readings.iter().map(|(before_s, value)| (*before_s, Some(*value))).collect()
}

fn total(app: &App, timeline: Entity) -> u64 {
    known(app, timeline).alarms().total
}

#[test]
fn every_reading_of_a_burst_counts() {
    let (mut app, _folder) = windows();
    let live = timeline(&mut app, SourceKind::Live);
    let start_us = known(&app, live).now_us();
    let_pass(&mut app, 10 * SECOND_US);
    // The order of arrival is not that of the measurements.
    assert_eq!(take(&mut app, live, &good(&[(3, 35.0), (5, 20.0), (1, 21.0)])), 0);
    assert_eq!(number(&app, live, "r1.temperature"), Some(21.0));
    assert_eq!(number(&app, live, "r1.peak"), Some(35.0));
    assert_eq!(number(&app, live, "r1.rate"), Some(-7.0));
    assert_eq!((total(&app, live), raised(&app, live).len()), (1, 0));
    let words: Vec<bool> = known(&app, live).changes().alarms.iter().map(|change| change.is_raised).collect();
    assert_eq!(words, [true, false]);
    // The peak is recorded and replayed.
    let_pass(&mut app, 10 * SECOND_US);
    receive(&mut app, live, "r1.temperature", 22.0);
    send(&mut app, ShowSource(SourceKind::Replayed));
    let replay = active(&app);
    send(&mut app, Play(false));
    for (second, value, count) in [(20, 22.0, 1), (12, 21.0, 1), (20, 22.0, 1)] {
        send(&mut app, Seek(start_us + second * SECOND_US));
        assert_eq!(number(&app, replay, "r1.temperature"), Some(value));
        assert_eq!(number(&app, replay, "r1.peak"), Some(35.0));
        assert_eq!(total(&app, replay), count);
    }
}

#[test]
fn a_late_reading_is_put_where_it_belongs() {
    let (mut app, _folder) = windows();
    let live = timeline(&mut app, SourceKind::Live);
    for value in [20.0, 22.0] {
        receive(&mut app, live, "r1.temperature", value);
        let_pass(&mut app, 60 * SECOND_US);
    }
    assert_eq!(take(&mut app, live, &good(&[(90, 33.0)])), 1);
    tick(&mut app);
    assert_eq!(number(&app, live, "r1.temperature"), Some(22.0));
    assert_eq!(number(&app, live, "r1.peak"), Some(33.0));
    assert_eq!(total(&app, live), 0, "a value of the past is no alarm of now");
    // A clock that runs ahead doesn't hide the readings that follow.
    assert_eq!(take(&mut app, live, &good(&[(-600, 23.0)])), 0);
    let_pass(&mut app, SECOND_US);
    assert_eq!(take(&mut app, live, &good(&[(0, 24.0)])), 0);
    assert_eq!(number(&app, live, "r1.temperature"), Some(24.0));
}

#[test]
fn a_late_reading_enters_the_functions_of_expressions() {
    let formulas = r#"computed: [(model: "Room", property: "peak", formula: "MAX_OVER(temperature + 1 K, 1h)"),
        (model: "Room", property: "excess", formula: "MAX_OVER(temperature - setpoint, 1h)"),
        (model: "Room", property: "held", formula: "HELD_FOR(temperature > 25)"), "#;
    let folder = scene_folder(MODELS, &small_scene("").replace("computed: [", formulas));
    // The readings of the last minutes: seconds before now, and the temperature.
    let after = |deliveries: &[&[(i64, f64)]]| {
        let mut app = open_by_hand(folder.path());
        let live = timeline(&mut app, SourceKind::Live);
        let_pass(&mut app, 3_600 * SECOND_US);
        let mut late = 0;
        for readings in deliveries {
            late += take(&mut app, live, &good(readings));
            let_pass(&mut app, 1_000);
        }
        let value = |name: &str| number(&app, live, &format!("r1.{name}")).map(f64::round);
        (late, value("peak"), value("excess"), value("held"))
    };
    let ordered = after(&[&[(900, 27.0), (600, 40.0), (300, 28.0)]]);
    assert_eq!(ordered, (0, Some(41.0), Some(19.0), Some(900.0)));
    // The order of arrival changes nothing but the count of late readings.
    let expected = (1, ordered.1, ordered.2, ordered.3);
    assert_eq!(after(&[&[(900, 27.0)], &[(300, 28.0)], &[(600, 40.0)]]), expected);
    // Equal readings are no gap into which a late one would be too long.
    assert_eq!(after(&[&[(900, 28.0)], &[(300, 28.0)], &[(600, 40.0)]]).1, Some(41.0));
    // A second reading for one time is a correction, also if it comes late.
    assert_eq!(after(&[&[(900, 20.0)], &[(300, 22.0)], &[(300, 40.0)]]).1, Some(41.0));
    assert_eq!(after(&[&[(900, 40.0)], &[(600, 20.0)], &[(300, 22.0)], &[(600, 30.0)]]).1, Some(41.0));
    // A late reading interrupts a condition, which holds since the next reading then.
    let ordered = after(&[&[(900, 27.0)], &[(600, 20.0)], &[(300, 28.0)]]);
    assert_eq!(ordered.3, Some(300.0));
    assert_eq!(after(&[&[(900, 27.0)], &[(300, 28.0)], &[(600, 20.0)]]).3, ordered.3);
    // A late reading shows that a condition began earlier, unless it failed in between.
    assert_eq!(after(&[&[(900, 20.0)], &[(300, 28.0)], &[(600, 28.0)]]).3, Some(600.0));
    assert_eq!(after(&[&[(900, 28.0)], &[(600, 20.0)], &[(300, 28.0)], &[(700, 28.0)]]).3, Some(300.0));
}

#[test]
fn readings_that_were_buffered_are_judged_at_their_own_times() {
    let (mut app, _folder) = windows();
    let live = timeline(&mut app, SourceKind::Live);
    receive(&mut app, live, "r1.temperature", 20.0);
    (0..60).for_each(|_| let_pass(&mut app, 60 * SECOND_US));
    // For an hour the gateway had no connection. The room was warm for seven minutes, and later for fifteen.
    let warm = |minute: i64| (10..17).contains(&minute) || (30..45).contains(&minute);
    let flush: Vec<(i64, f64)> =
        (1..=60).map(|minute| ((60 - minute) * 60, if warm(minute) { 27.0 } else { 21.0 })).collect();
    take(&mut app, live, &good(&flush));
    assert_eq!((total(&app, live), raised(&app, live).len()), (1, 0));
    assert_eq!(number(&app, live, "r1.peak"), Some(27.0));
    assert_eq!(number(&app, live, "r1.temperature"), Some(21.0));
    // A condition that still holds counts since the reading that began it.
    let_pass(&mut app, 3_600 * SECOND_US);
    let flush: Vec<(i64, f64)> =
        (1..=60).map(|minute| ((60 - minute) * 60, if minute > 55 { 28.0 } else { 21.0 })).collect();
    take(&mut app, live, &good(&flush));
    assert_eq!(total(&app, live), 1);
    (0..5).for_each(|_| let_pass(&mut app, 60 * SECOND_US));
    assert_eq!(total(&app, live), 1);
    (0..3).for_each(|_| let_pass(&mut app, 60 * SECOND_US));
    assert_eq!(total(&app, live), 2, "four minutes in the buffer and seven since then");
}

/// The functions of r1's temperature after two readings from before the timeline's start, which reach it as `deliver` says:
/// 20 °C an hour ago and 30 °C ten minutes ago.
fn after_old_readings(deliver: impl Fn(&mut App, Entity)) -> [Option<f64>; 4] {
    let formulas = r#"computed: [(model: "Room", property: "mean1h", formula: "AVG_OVER(temperature, 1h)"),
        (model: "Room", property: "least", formula: "MIN_OVER(temperature, 1h)"),
        (model: "Room", property: "rate", formula: "RATE(temperature) * 3000"),
        (model: "Room", property: "held", formula: "HELD_FOR(temperature > 25)"), "#;
    let folder = scene_folder(MODELS, &small_scene("").replace("computed: [", formulas));
    let mut app = open_by_hand(folder.path());
    let live = timeline(&mut app, SourceKind::Live);
    tick(&mut app);
    deliver(&mut app, live);
    tick(&mut app);
    ["mean1h", "least", "rate", "held"].map(|name| number(&app, live, &format!("r1.{name}")).map(f64::round))
}

#[test]
fn the_delivery_of_old_readings_does_not_change_their_functions() {
    let expected = [Some(22.0), Some(20.0), Some(10.0), Some(600.0)];
    let at_once = |app: &mut App, live: Entity| {
        take(app, live, &good(&[(3600, 20.0), (600, 30.0)]));
    };
    assert_eq!(after_old_readings(at_once), expected, "one event");
    let in_a_step = |app: &mut App, live: Entity| {
        let now_us = app.world().resource::<WallClock>().now_us();
        let mut timeline = app.world_mut().get_mut::<Timeline>(live).unwrap();
        timeline.begin(Some(now_us));
        for (before_s, value) in [(3600, 20.0), (600, 30.0)] {
            let readings = vec![reading("r1.temperature", Some(value), now_us - before_s * SECOND_US, now_us)];
            let event = Event::new(now_us, Actor::device("test"), EventBody::Readings { readings });
            timeline.ingest(event).unwrap();
        }
        timeline.propagate();
    };
    assert_eq!(after_old_readings(in_a_step), expected, "two events of one step");
    let in_two_steps = |app: &mut App, live: Entity| {
        take(app, live, &good(&[(3600, 20.0)]));
        tick(app);
        take(app, live, &good(&[(600, 30.0)]));
    };
    assert_eq!(after_old_readings(in_two_steps), expected, "two steps");
}

#[test]
fn values_of_a_lost_broker_are_stale_and_those_of_another_are_not() {
    let (mut app, _folder) = windows();
    let live = timeline(&mut app, SourceKind::Live);
    let now_us = known(&app, live).now_us();
    let of = |name: &str, broker: &str| Reading {
        broker: broker.into(),
        topic: "sensors/1".into(),
        ..reading(name, Some(24.0), now_us, now_us)
    };
    // The mean of the floor is computed; a device measures it.
    let readings = vec![of("r1.temperature", "mqtt://a"), of("r2.temperature", "mqtt://b"), of("f1.mean", "mqtt://a")];
    let apply = |app: &mut App, body: EventBody| {
        let event = Event::new(now_us, Actor::device("test"), body);
        app.world_mut().get_mut::<Timeline>(live).unwrap().apply(event).unwrap();
    };
    apply(&mut app, EventBody::Readings { readings });
    let quality = |app: &App, name: &str| {
        let state = known(app, live).state();
        let slot = state.topology().slot_named(name).unwrap();
        (state.get(slot).quality, state.measured(slot).is_some())
    };
    assert_eq!(quality(&app, "f1.mean"), (Quality::Good, true));
    apply(&mut app, EventBody::Disconnected { broker: "mqtt://a".into(), topics: vec!["sensors/#".into()] });
    let_pass(&mut app, SECOND_US);
    assert_eq!(quality(&app, "r1.temperature").0, Quality::Stale);
    assert_eq!(quality(&app, "r2.temperature").0, Quality::Good);
    assert_eq!(quality(&app, "f1.mean"), (Quality::Stale, false), "the formula goes on");
    // The broker is there again, and sends what it has kept: the same value, then another one.
    let kept = |value: f64| Reading {
        is_retained: true,
        has_source_time: false,
        value: Some(cupola_twin::Value::Number(value)),
        ..of("r1.temperature", "mqtt://a")
    };
    let slot = known(&app, live).topology().slot_named("r1.temperature").unwrap();
    apply(&mut app, EventBody::Readings { readings: vec![kept(24.0)] });
    let_pass(&mut app, SECOND_US);
    let sample = known(&app, live).state().get(slot);
    assert_eq!((sample.lane, sample.quality, sample.time_us), (24.0, Quality::Good, now_us));
    apply(&mut app, EventBody::Disconnected { broker: "mqtt://a".into(), topics: vec!["sensors/#".into()] });
    apply(&mut app, EventBody::Readings { readings: vec![kept(25.0)] });
    let sample = known(&app, live).state().get(slot);
    assert_eq!((sample.lane, sample.quality, sample.time_us), (25.0, Quality::Stale, 0));
}

#[test]
fn a_bad_reading_does_not_restart_a_condition() {
    let (mut app, _folder) = windows();
    let live = timeline(&mut app, SourceKind::Live);
    receive(&mut app, live, "r1.temperature", 28.0);
    (0..12).for_each(|_| let_pass(&mut app, 60 * SECOND_US));
    send(&mut app, ApplyEvent(EventBody::Acknowledge { alarm: "held".into(), twin: "r1".into() }));
    let before = raised(&app, live);
    assert!(before.len() == 1 && before[0].acknowledged, "{before:?}");
    for reading in [None, Some(28.5)] {
        take(&mut app, live, &[(0, reading)]);
        let_pass(&mut app, 60 * SECOND_US);
        assert_eq!(raised(&app, live), before, "after {reading:?}");
    }
    take(&mut app, live, &good(&[(0, 20.0)]));
    assert!(raised(&app, live).is_empty());
}

/// Sends messages through the mapping of a feed. Returns the readings and the last reason for a rejection.
fn routed(mapping: &str, messages: &[(&str, bool)]) -> (Vec<Reading>, String) {
    routed_in(MODELS, "", mapping, messages)
}

fn routed_in(models: &str, fields: &str, mapping: &str, messages: &[(&str, bool)]) -> (Vec<Reading>, String) {
    let mut router = router(models, fields, &format!(r#"topic: "a/{{room}}", twin: "{{room}}", {mapping}"#));
    let inbox = Inbox::default();
    for (payload, is_retained) in messages {
        route(&mut router, &inbox, "a/r1", payload, *is_retained);
    }
    (inbox.take(), inbox.counters().last_rejection.unwrap_or_default())
}

/// Returns the router of a feed with one mapping.
fn router(models: &str, fields: &str, mapping: &str) -> Router {
    let feed = format!(r#"feeds: [(id: "f", url: "mqtt://127.0.0.1", {fields} mappings: [({mapping})])],"#);
    let folder = scene_folder(models, &small_scene(&feed));
    let loaded = cupola_scene::load(folder.path());
    let scene = std::sync::Arc::new(loaded.scene.unwrap());
    let mut found = loaded.diagnostics;
    let drivers = cupola_run::Drivers::new(&scene, &mut found);
    assert!(found.is_empty(), "{found:?}");
    Router::new(CurrentMappings::new(drivers.feeds[0].clone()))
}

fn route(router: &mut Router, inbox: &Inbox, topic: &str, payload: &str, is_retained: bool) {
    let arrived_us = cupola_wire::parse_rfc3339("2026-01-12T08:00:00Z").unwrap();
    router.message(ReceivedMessage { topic, payload: payload.as_bytes(), arrived_us, is_retained }, inbox);
}

#[test]
fn times_that_cannot_be_those_of_a_measurement_are_refused() {
    let mapping = r#"property: "temperature", value: "/v", time: "/t""#;
    for (time, word) in [
        (r#""2026-01-12T07:59:00Z""#, ""),
        (r#""2026-01-12T08:59:00+01:00""#, ""),
        ("1768204740", ""),
        (r#""2026-01-12T07:59:00""#, "no time zone"),
        (r#""2026-01-12 07:59""#, "no time zone"),
        ("0", "1970"),
        ("4102444800", "2100"),
        (r#""soon""#, "not a time"),
    ] {
        let payload = format!(r#"{{"v": 21.5, "t": {time}}}"#);
        let (readings, why) = routed(mapping, &[(&payload, false)]);
        assert_eq!(readings.is_empty(), !word.is_empty(), "{payload}: {readings:?}");
        assert!(why.contains(word), "{payload}: {why}");
    }
}

#[test]
fn a_feed_gives_the_zone_of_times_that_have_none() {
    let (zone, mapping) = (r#"time_zone: "Europe/Berlin","#, r#"property: "temperature", value: "/v", time: "/t""#);
    for (time, expected) in [
        ("2026-01-12T08:59:00", "2026-01-12T07:59:00Z"),
        ("2026-01-12 08:59:30.5", "2026-01-12T07:59:30.500Z"),
        ("2026-01-12T07:58:00Z", "2026-01-12T07:58:00Z"),
        ("2025-07-01T12:00:00", "2025-07-01T10:00:00Z"),
        ("2025-03-30T02:30:00", "2025-03-30T01:30:00Z"),
        ("2025-10-26T02:30:00", "2025-10-26T00:30:00Z"),
    ] {
        let (readings, why) = routed_in(MODELS, zone, mapping, &[(&format!(r#"{{"v": 21.5, "t": "{time}"}}"#), false)]);
        assert_eq!(why, "");
        assert_eq!(cupola_wire::format_rfc3339(readings[0].time_us), expected, "{time}");
    }
}

#[test]
fn a_retained_message_without_a_time_is_of_unknown_age() {
    let (mut app, _folder) = windows();
    let live = timeline(&mut app, SourceKind::Live);
    let mapping = r#"property: "temperature", value: """#;
    let quality = |app: &App| {
        let state = known(app, live).state();
        let slot = state.topology().slot_named("r1.temperature").unwrap();
        let sample = state.get(slot);
        (sample.lane, sample.quality, sample.time_us > 0, known(app, live).origin(slot).unwrap())
    };
    for (payload, is_retained, expected) in [
        ("20.5", true, (20.5, Quality::Stale, false, "retained message of unknown age on a/r1: 20.5")),
        ("21.5", false, (21.5, Quality::Good, true, "message on a/r1: 21.5")),
        // After a lost connection the broker sends the retained message again.
        ("20.5", true, (21.5, Quality::Good, true, "message on a/r1: 21.5")),
    ] {
        let (readings, _) = routed(mapping, &[(payload, is_retained)]);
        let event = Event::new(0, Actor::device("test"), EventBody::Readings { readings });
        app.world_mut().get_mut::<Timeline>(live).unwrap().apply(event).unwrap();
        let found = quality(&app);
        assert_eq!((found.0, found.1, found.2, found.3.as_str()), expected, "{payload}");
    }
}

#[test]
fn every_payload_gives_its_value_or_a_reason() {
    let models = MODELS.replace(
        r#"{"@type": "Property", "name": "label", "schema": "string"}"#,
        r#"{"@type": "Property", "name": "label", "schema": "string"}, {"@type": "Property", "name": "count", "schema": "integer"}"#,
    );
    // The property, the payload, the value (`bad` if the sensor is broken, nothing if the message is refused), a reason.
    for (property, payload, expected, word) in [
        ("temperature", "21.5", "21.5", ""),
        ("temperature", "\"21.5\"", "21.5", ""),
        ("temperature", "NaN", "bad", "NaN"),
        ("temperature", "-inf", "bad", "-inf"),
        ("temperature", "\"nan\"", "bad", "no value"),
        ("temperature", "unavailable", "bad", "no value"),
        ("temperature", "Unknown", "bad", "no value"),
        ("temperature", "null", "", ""),
        ("temperature", "21,5", "", "`21,5` (a decimal comma)"),
        ("temperature", "21.5 °C", "", "`21.5 °C`"),
        ("temperature", "1.234,5", "", "`1.234,5`"),
        ("occupied", "unavailable", "bad", "no value"),
        ("occupied", "perhaps", "", "perhaps"),
        ("label", "12e4", "12e4", ""),
        ("label", "12345678901234567890", "12345678901234567890", ""),
        ("label", "+49301234", "+49301234", ""),
        ("label", "unavailable", "unavailable", ""),
        ("label", "true", "true", ""),
        ("count", "3", "3", ""),
        ("count", "3.7", "4", ""),
    ] {
        let mapping = format!(r#"property: "{property}", value: "" "#);
        let (readings, why) = routed_in(&models, "", &mapping, &[(payload, false)]);
        let found = readings.first().map(|reading| match &reading.value {
            Some(value) => value.to_string(),
            None => "bad".to_string(),
        });
        assert_eq!(found.unwrap_or_default(), expected, "{property} {payload}");
        assert!(why.contains(word), "{property} {payload}: {why}");
    }
}

#[test]
fn a_value_that_is_not_finite_leaves_the_others_of_its_message() {
    let mapping = r#"property: "temperature", value: "/temperature"), (topic: "a/{room}", twin: "{room}", property: "co2", value: "/co2""#;
    let (readings, _) = routed(mapping, &[(r#"{"temperature": NaN, "co2": 1900}"#, false)]);
    let values: Vec<_> = readings.iter().map(|reading| (&*reading.property, reading.value.clone())).collect();
    assert_eq!(values, [("temperature", None), ("co2", Some(Value::Number(1900.0)))]);
}

#[test]
fn an_alarm_from_a_stale_value_is_marked() {
    let (mut app, _folder) = windows();
    let live = timeline(&mut app, SourceKind::Live);
    let mapping = r#"property: "temperature", value: """#;
    for (payload, is_retained, is_stale) in [("35", true, true), ("36", false, false)] {
        let (readings, _) = routed(mapping, &[(payload, is_retained)]);
        let event = Event::new(0, Actor::device("test"), EventBody::Readings { readings });
        app.world_mut().get_mut::<Timeline>(live).unwrap().apply(event).unwrap();
        let found: Vec<bool> = raised(&app, live).iter().map(|raised| raised.is_stale).collect();
        assert_eq!(found, [is_stale], "{payload}");
    }
}

#[test]
fn one_message_may_have_the_values_of_many_devices() {
    let cases = [
        // A list of objects with ids.
        (
            r#"topic: "gw/{site}", twin: "{id}", property: "temperature", items: "/values", captures: {"id": "/id"}, value: "/v", time: "/t""#,
            r#"{"values": [{"id": "r1", "v": 20.5, "t": "2026-01-12T07:59:00Z"}, {"id": "r2", "v": 21.5, "t": "2026-01-12T07:58:00Z"},
                {"id": "r9", "v": 1}, {"v": 3}, {"id": "r2", "v": "warm"}]}"#,
        ),
        // An object by id.
        (r#"topic: "gw/{site}", twin: "{key}", property: "temperature", items: """#, r#"{"r1": 20.5, "r2": 21.5}"#),
        // Ids that are numbers.
        (
            r#"topic: "gw/{site}", twin: "r{n}", property: "temperature", items: "", captures: {"n": "/0"}, value: "/1""#,
            "[[1, 20.5], [2, 21.5]]",
        ),
    ];
    for (mapping, payload) in cases {
        let inbox = Inbox::default();
        route(&mut router(MODELS, "", mapping), &inbox, "gw/r", payload, false);
        let readings: Vec<_> =
            inbox.take().into_iter().map(|reading| (reading.twin.to_string(), reading.value)).collect();
        let number = |number: f64| Some(cupola_twin::Value::Number(number));
        assert_eq!(readings, [("r1".to_string(), number(20.5)), ("r2".to_string(), number(21.5))], "{mapping}");
        let counters = inbox.counters();
        if payload.contains("r9") {
            assert_eq!(counters.unknown_topics, ["gw/r r9"]);
            assert!(counters.last_rejection.unwrap().contains("warm"));
        } else {
            assert!(counters.unknown_topics.is_empty() && counters.last_rejection.is_none(), "{counters:?}");
        }
    }
    // A message without the list is refused, and captures need a list.
    let (readings, why) =
        routed(r#"property: "temperature", items: "/values", value: "/v""#, &[(r#"{"values": 3}"#, false)]);
    assert!(readings.is_empty() && why.contains("list"), "{why}");
}
