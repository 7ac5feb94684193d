//! Timelines: switching, playing, forking, replaying; alarms on each by itself.

use crate::support::{MODELS, cupola, number, open_by_hand, scene_folder, small_scene, tick, timeline};
use bevy::prelude::*;
use cupola::alarm::Alarms;
use cupola::scene::document::TwinDoc;
use cupola::scene::edit::Edit;
use cupola::selection::{Intent, Notices};
use cupola::simulation::{Assumption, Simulated};
use cupola::timeline::{ActiveTimeline, Clock, OpenScene, Recording, SourceKind, Timeline, TimelineState, WallClock};
use cupola_twin::Value;
use cupola_twin::value::Sample;
use std::collections::BTreeMap;

const SIMULATION: &str = r#"simulation: (start: "2026-01-12T08:00:00Z", seed: 3,
    zones: [(model: "Room", area: "area", people: 4.0, heating_setpoint: "setpoint")],
    shows: [(model: "Room", property: "temperature", quantity: temperature, noise: 0.05), (model: "Room", property: "co2", quantity: co2),
            (model: "Room", property: "people", quantity: people)]),
  alarms: [(id: "there", model: "Room", when: "people > 0", severity: warning, message: "Somebody is there")],"#;

fn app() -> (App, tempfile::TempDir) {
    let folder = scene_folder(MODELS, &small_scene(SIMULATION));
    (open_by_hand(folder.path()), folder)
}

fn send(app: &mut App, intent: Intent) {
    app.world_mut().write_message(intent);
    app.update();
}

fn active(app: &App) -> Entity {
    app.world().resource::<ActiveTimeline>().0
}

fn step(app: &mut App, timeline: Entity, steps: usize) {
    for _ in 0..steps {
        app.world_mut().get_mut::<Clock>(timeline).unwrap().step();
        tick(app);
    }
}

/// What a feed would do.
fn receive(app: &mut App, timeline: Entity, name: &str, value: f64) {
    let now_us = app.world().resource::<WallClock>().now_us();
    let mut state = app.world_mut().get_mut::<TimelineState>(timeline).unwrap();
    let slot = state.0.topology().slot_named(name).unwrap();
    state.0.set(slot, Sample::good(value, now_us));
    state.0.propagate();
}

#[test]
fn switching_loses_nothing_on_either_side() {
    let (mut app, _folder) = app();
    let (live, simulated) = (timeline(&mut app, SourceKind::Live), timeline(&mut app, SourceKind::Simulated));
    receive(&mut app, live, "r1.temperature", 25.5);
    step(&mut app, simulated, 30);
    let before = number(&app, simulated, "r1.temperature").unwrap();
    send(&mut app, Intent::Show(SourceKind::Simulated));
    assert_eq!(active(&app), simulated);
    send(&mut app, Intent::Play(false));
    send(&mut app, Intent::Show(SourceKind::Live));
    assert_eq!(active(&app), live);
    assert_eq!(number(&app, live, "r1.temperature"), Some(25.5));
    assert_eq!(number(&app, live, "f1.mean"), Some(25.5));
    assert_eq!(number(&app, simulated, "r1.temperature"), Some(before));
}

#[test]
fn the_same_seed_gives_the_same_day() {
    let day = || {
        let (mut app, _folder) = app();
        let simulated = timeline(&mut app, SourceKind::Simulated);
        step(&mut app, simulated, 600);
        ["r1.temperature", "r2.co2", "f1.mean"].map(|name| number(&app, simulated, name).unwrap().to_bits())
    };
    assert_eq!(day(), day());
}

#[test]
fn a_what_if_begins_where_its_parent_is_and_goes_its_own_way() {
    let (mut app, _folder) = app();
    let live = timeline(&mut app, SourceKind::Live);
    for name in ["r1.temperature", "r2.temperature"] {
        receive(&mut app, live, name, 17.0);
    }
    send(&mut app, Intent::Fork);
    let fork = active(&app);
    assert_ne!(fork, live);
    let born = app.world().get::<Timeline>(fork).unwrap().clone();
    assert_eq!((born.name.as_str(), born.source), ("what-if 1", SourceKind::Simulated));
    assert_eq!(born.forked_from.unwrap().0, "live");
    assert_eq!(number(&app, fork, "r1.temperature"), Some(17.0));
    let slot = app.world().get::<TimelineState>(fork).unwrap().0.topology().slot_named("r1.setpoint").unwrap();
    send(&mut app, Intent::Set(slot, Value::Number(24.0)));
    step(&mut app, fork, 240);
    let (heated, other) =
        (number(&app, fork, "r1.temperature").unwrap(), number(&app, fork, "r2.temperature").unwrap());
    assert!(heated > other + 0.5, "{heated} against {other}");
    assert_eq!(number(&app, live, "r1.temperature"), Some(17.0), "the parent is untouched");
    send(&mut app, Intent::Close(fork));
    assert_eq!(active(&app), live);
}

#[test]
fn live_values_cannot_be_typed_in() {
    let (mut app, _folder) = app();
    let live = timeline(&mut app, SourceKind::Live);
    let slot = app.world().get::<TimelineState>(live).unwrap().0.topology().slot_named("r1.setpoint").unwrap();
    send(&mut app, Intent::Set(slot, Value::Number(24.0)));
    assert_eq!(number(&app, live, "r1.setpoint"), Some(21.0));
    assert!(app.world().resource::<Notices>().0.last().unwrap().1.contains("what-if"));
}

#[test]
fn clocks_play_pause_step_and_speed_up() {
    let (mut app, _folder) = app();
    let simulated = timeline(&mut app, SourceKind::Simulated);
    let now = |app: &App| app.world().get::<Clock>(simulated).unwrap().now_us;
    send(&mut app, Intent::Show(SourceKind::Simulated));
    send(&mut app, Intent::Play(false));
    let start = now(&app);
    app.update();
    assert_eq!(now(&app), start, "paused");
    send(&mut app, Intent::Step);
    assert_eq!(now(&app), start + 60_000_000);
    send(&mut app, Intent::Speed(f64::INFINITY));
    send(&mut app, Intent::Play(true));
    app.update();
    assert!(now(&app) > start + 10 * 60_000_000, "as fast as it goes");
}

#[test]
fn what_was_received_is_replayed() {
    let (mut app, _folder) = app();
    let live = timeline(&mut app, SourceKind::Live);
    let start = app.world().resource::<WallClock>().now_us();
    send(&mut app, Intent::Show(SourceKind::Replayed));
    assert_eq!(active(&app), live, "there is nothing to replay yet");
    for second in 1..=20 {
        app.insert_resource(WallClock::Manual(start + second * 1_000_000));
        // A feed puts values in during the tick, so the recording sees them as changes of that tick.
        let slot = app.world().get::<TimelineState>(live).unwrap().0.topology().slot_named("r1.temperature").unwrap();
        tick(&mut app);
        let mut state = app.world_mut().get_mut::<TimelineState>(live).unwrap();
        state.0.set(slot, Sample::good(second as f64, start + second * 1_000_000));
        state.0.propagate();
        let state = state.0.clone();
        let mut recording = app.world_mut().get_mut::<Recording>(live).unwrap();
        recording.note(&state, start + second * 1_000_000);
    }
    send(&mut app, Intent::Show(SourceKind::Replayed));
    let replay = active(&app);
    send(&mut app, Intent::Play(false));
    for (second, expected) in [(10, 10.0), (4, 4.0), (20, 20.0)] {
        send(&mut app, Intent::Seek(start + second * 1_000_000));
        assert_eq!(number(&app, replay, "r1.temperature"), Some(expected));
        assert_eq!(number(&app, replay, "f1.mean"), Some(expected), "what depends on it comes along");
    }
}

#[test]
fn what_a_person_sets_is_judged_at_once() {
    let scene = SIMULATION.replace("people > 0", "setpoint > 30");
    let folder = scene_folder(MODELS, &small_scene(&scene));
    let mut app = open_by_hand(folder.path());
    send(&mut app, Intent::Show(SourceKind::Simulated));
    send(&mut app, Intent::Play(false));
    let simulated = active(&app);
    let slot = app.world().get::<TimelineState>(simulated).unwrap().0.topology().slot_named("r1.setpoint").unwrap();
    send(&mut app, Intent::Set(slot, Value::Number(31.0)));
    assert_eq!(app.world().get::<Alarms>(simulated).unwrap().raised.len(), 1);
    send(&mut app, Intent::Set(slot, Value::Number(21.0)));
    assert!(app.world().get::<Alarms>(simulated).unwrap().raised.is_empty());
}

#[test]
fn alarms_rise_and_clear_with_their_condition() {
    let (mut app, _folder) = app();
    let simulated = timeline(&mut app, SourceKind::Simulated);
    step(&mut app, simulated, 180);
    let raised = app.world().get::<Alarms>(simulated).unwrap().raised.clone();
    assert!(!raised.is_empty(), "people come in the morning");
    let live = timeline(&mut app, SourceKind::Live);
    assert!(app.world().get::<Alarms>(live).unwrap().raised.is_empty());
    let (alarm, twin) = *raised.keys().next().unwrap();
    send(&mut app, Intent::Show(SourceKind::Simulated));
    send(&mut app, Intent::Play(false));
    send(&mut app, Intent::Acknowledge(alarm, twin));
    assert!(app.world().get::<Alarms>(simulated).unwrap().raised[&(alarm, twin)].acknowledged);
    step(&mut app, simulated, 16 * 60);
    assert!(app.world().get::<Alarms>(simulated).unwrap().raised.is_empty(), "and go in the evening");
}

/// What a timeline assumes of a room: its constructions, its air changes an hour, and how much warmer it is outdoors.
fn assumed(app: &App, timeline: Entity, room: &str) -> (&'static str, f64, f64) {
    let twin = app.world().resource::<OpenScene>().0.topology.twin(room).unwrap();
    let simulation = &app.world().get::<Simulated>(timeline).unwrap().0;
    let spec = simulation.room(twin).unwrap();
    (spec.set.name, spec.infiltration_ach, simulation.warmer_k())
}

#[test]
fn assumptions_outlive_edits_and_are_kept_in_the_scene() {
    let (mut app, folder) = app();
    let simulated = timeline(&mut app, SourceKind::Simulated);
    send(&mut app, Intent::Activate(simulated));
    let as_it_was = assumed(&app, simulated, "r1");
    let room = app.world().resource::<OpenScene>().0.topology.twin("r1").unwrap();
    for assumption in [Assumption::LeaksAch(5.0), Assumption::Construction("before_1977"), Assumption::WarmerK(-4.0)] {
        send(&mut app, Intent::Assume(room, assumption));
    }
    let now = ("before_1977", 5.0, -4.0);
    assert_eq!(assumed(&app, simulated, "r1"), now);
    // An edit makes other twins' numbers; what was assumed stays with the room.
    let twin = TwinDoc {
        id: "a1".into(),
        model: "Room".into(),
        properties: ["area", "setpoint"].map(|name| (name.into(), Value::Number(19.0))).into(),
    };
    let edit = Edit::AddTwin { twin, at: Some(0), relationships: Vec::new(), bindings: BTreeMap::new() };
    send(&mut app, Intent::Edit(vec![edit]));
    assert_eq!(assumed(&app, simulated, "r1"), now);
    assert_eq!(assumed(&app, simulated, "r2").0, as_it_was.0);

    send(&mut app, Intent::KeepAssumptions);
    assert_eq!(assumed(&app, simulated, "r1"), now);
    let said = |app: &App| app.world().resource::<OpenScene>().0.document.simulation.clone().unwrap();
    assert_eq!((said(&app).assumed.len(), said(&app).weather.warmer_k), (1, -4.0));
    send(&mut app, Intent::Save(None));
    let mut again = open_by_hand(folder.path());
    let first = timeline(&mut again, SourceKind::Simulated);
    assert_eq!(assumed(&again, first, "r1"), now);
    send(&mut app, Intent::Undo);
    assert_eq!((said(&app).assumed.len(), said(&app).weather.warmer_k), (0, 0.0));
    assert_eq!(assumed(&app, simulated, "r1"), as_it_was, "undone where it was kept");
}

#[test]
fn assumptions_in_a_file_are_checked() {
    for (what, code, is_valid) in [
        (r#"assumed: {"r1": (leaks_ach: 2.0)}"#, "", true),
        (r#"assumed: {"r9": (leaks_ach: 2.0)}"#, "unknown-room", true),
        (r#"assumed: {"r1": (leaks_ach: 200.0)}"#, "out-of-range", false),
        (r#"assumed: {"r1": (construction: "of straw")}"#, "unknown-construction", false),
        (r#"weather: (warmer_k: 90.0)"#, "out-of-range", false),
    ] {
        let simulation = SIMULATION.replace("seed: 3,", &format!("seed: 3, {what},"));
        let folder = scene_folder(MODELS, &small_scene(&simulation));
        let output = cupola(&["check", folder.path().to_str().unwrap()]);
        let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() == is_valid && said.contains(code), "{what}: {said}");
    }
}
