//! Tests of timelines: showing, playing, branching and replaying them, and their alarms. The tests only send actions
//! and run ticks.

mod actions;
mod edits;
mod events;
mod readings;
mod replay;

use crate::support::{
    MODELS, cupola, json, last_notice, number, open_by_hand, receive, record, scene_folder, send, small_scene, tick,
    timeline,
};
use bevy::prelude::*;
use cupola::action::{Action, ActionOutcome, ActionRequest, ActionResult, StopJob};
use cupola::job::Jobs;
use cupola::selection::Select;
use cupola::session::{self, EditScene, FileWatcher, KeepAssumptions, Open, Quit, Reload, Save, Undo};
use cupola::timeline::{
    ApplyEvent, CloseBranch, MakeBranch, OpenScene, Play, Playback, Seek, SetSpeed, ShowSource, SourceKind, Step,
    Timeline, ViewCursor, WallClock,
};
use cupola::twin::{AlarmMark, Selected, Twin};
use cupola_run::{Actor, Assumption, Branch, EventBody, RaisedAlarm};
use cupola_scene::Properties;
use cupola_scene::document::TwinDoc;
use cupola_scene::edit::Edit;
use cupola_twin::{Quality, Value};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::{Duration, Instant};

const SECOND_US: i64 = 1_000_000;
const MINUTE_US: i64 = 60 * SECOND_US;

const SIMULATION: &str = r#"simulation: (start: "2026-01-12T08:00:00Z", seed: 3,
    zones: [(model: "Room", area: "area", people: 4.0, heating_setpoint: "setpoint")],
    shows: [(model: "Room", property: "temperature", quantity: temperature, noise: 0.05), (model: "Room", property: "co2", quantity: co2),
            (model: "Room", property: "people", quantity: people)]),
  alarms: [(id: "there", model: "Room", when: "people > 0", severity: warning, message: "Somebody is there")],"#;

/// An alarm for tests that set the temperature of a room.
const WARM: &str =
    r#"alarms: [(id: "warm", model: "Room", when: "temperature > 26", severity: warning, message: "Warm")],"#;

fn app() -> (App, tempfile::TempDir) {
    app_with(SIMULATION)
}

/// Opens the small scene with `more` at the end of its document.
fn app_with(more: &str) -> (App, tempfile::TempDir) {
    let folder = scene_folder(MODELS, &small_scene(more));
    let mut app = open_by_hand(folder.path());
    record(&mut app);
    (app, folder)
}

fn active(app: &App) -> Entity {
    app.world().resource::<ViewCursor>().timeline
}

fn known(app: &App, timeline: Entity) -> &Timeline {
    app.world().get::<Timeline>(timeline).unwrap()
}

fn raised(app: &App, timeline: Entity) -> Vec<RaisedAlarm> {
    known(app, timeline).alarms().raised.values().copied().collect()
}

/// Returns the number in a slot of the timeline on the screen, at the moment that the view shows.
fn on_screen(app: &App, name: &str) -> Option<f64> {
    let cursor = app.world().resource::<ViewCursor>();
    let state = cursor.view(known(app, cursor.timeline)).state();
    let lane = state.get(state.topology().slot_named(name).unwrap()).usable();
    (!lane.is_nan()).then_some(lane)
}

fn step(app: &mut App, timeline: Entity, steps: usize) {
    for _ in 0..steps {
        app.world_mut().get_mut::<Playback>(timeline).unwrap().step();
        tick(app);
    }
}

fn set(twin: &str, property: &str, value: f64) -> ApplyEvent {
    ApplyEvent(EventBody::Set { twin: twin.into(), property: property.into(), value: Value::Number(value) })
}

fn let_pass(app: &mut App, us: i64) {
    let now_us = app.world().resource::<WallClock>().now_us();
    app.insert_resource(WallClock::Manual(now_us + us));
    app.update();
}

#[test]
fn switching_between_timelines_keeps_their_values() {
    let (mut app, _folder) = app();
    let (live, simulated) = (timeline(&mut app, SourceKind::Live), timeline(&mut app, SourceKind::Simulated));
    receive(&mut app, live, "r1.temperature", 25.5);
    step(&mut app, simulated, 30);
    let before = number(&app, simulated, "r1.temperature").unwrap();
    send(&mut app, ShowSource(SourceKind::Simulated));
    assert_eq!(active(&app), simulated);
    send(&mut app, Play(false));
    send(&mut app, ShowSource(SourceKind::Live));
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
fn a_branch_begins_with_the_values_of_its_parent_and_changes_alone() {
    let (mut app, _folder) = app();
    let live = timeline(&mut app, SourceKind::Live);
    for name in ["r1.temperature", "r2.temperature"] {
        receive(&mut app, live, name, 17.0);
    }
    let now_us = known(&app, live).now_us();
    send(&mut app, MakeBranch);
    let branch = active(&app);
    assert_ne!(branch, live);
    let born = known(&app, branch);
    assert_eq!((born.name(), born.source()), ("what-if 1", SourceKind::Simulated));
    assert_eq!(born.branched_from(), Some(&Branch { parent: "live".into(), at_us: now_us }));
    assert_eq!(number(&app, branch, "r1.temperature"), Some(17.0));
    send(&mut app, set("r1", "setpoint", 24.0));
    step(&mut app, branch, 240);
    let (heated, other) =
        (number(&app, branch, "r1.temperature").unwrap(), number(&app, branch, "r2.temperature").unwrap());
    assert!(heated > other + 0.5, "{heated} against {other}");
    assert_eq!(number(&app, live, "r1.temperature"), Some(17.0), "the parent must not change");
    assert_eq!(known(&app, branch).events().len(), 1, "a branch must have its own events");
    send(&mut app, CloseBranch("what-if 1".into()));
    assert_eq!(active(&app), live);
    send(&mut app, CloseBranch("live".into()));
    assert!(last_notice(&app).contains("not a what-if"));
}

#[test]
fn values_of_a_live_timeline_cannot_be_set() {
    let (mut app, _folder) = app();
    let live = timeline(&mut app, SourceKind::Live);
    send(&mut app, set("r1", "setpoint", 24.0));
    assert_eq!(number(&app, live, "r1.setpoint"), Some(21.0));
    assert!(last_notice(&app).contains("what-if"));
}

#[test]
fn clocks_play_pause_step_and_speed_up() {
    let (mut app, _folder) = app();
    let simulated = timeline(&mut app, SourceKind::Simulated);
    let now = |app: &App| known(app, simulated).now_us();
    send(&mut app, ShowSource(SourceKind::Simulated));
    send(&mut app, Play(false));
    let start = now(&app);
    app.update();
    assert_eq!(now(&app), start, "paused");
    send(&mut app, Step);
    assert_eq!(now(&app), start + MINUTE_US);
    send(&mut app, SetSpeed(f64::INFINITY));
    send(&mut app, Play(true));
    app.update();
    assert!(now(&app) > start + 10 * MINUTE_US, "as fast as possible");
}

#[test]
fn a_paused_view_keeps_its_moment_while_the_live_timeline_continues() {
    let (mut app, _folder) = app_with(WARM);
    let live = timeline(&mut app, SourceKind::Live);
    receive(&mut app, live, "r1.temperature", 20.0);
    send(&mut app, Play(false));
    let_pass(&mut app, SECOND_US);
    receive(&mut app, live, "r1.temperature", 30.0);
    let_pass(&mut app, SECOND_US);
    assert_eq!(on_screen(&app, "r1.temperature"), Some(20.0), "the view must keep its moment");
    assert_eq!(number(&app, live, "r1.temperature"), Some(30.0), "the timeline must continue");
    assert_eq!(raised(&app, live).len(), 1, "alarms must be raised");
    assert_eq!(
        known(&app, live).trail().of(known(&app, live).topology().slot_named("r1.temperature").unwrap()).len(),
        2
    );
    // An edit also reaches the moment that a paused view shows.
    send(&mut app, EditScene(vec![Edit::RemoveTwin { id: "r2".into() }]));
    assert_eq!(on_screen(&app, "r1.temperature"), Some(20.0));
    send(&mut app, Play(true));
    assert_eq!(on_screen(&app, "r1.temperature"), Some(30.0));
}

#[test]
fn every_value_has_its_origin() {
    let (mut app, _folder) = app();
    let live = timeline(&mut app, SourceKind::Live);
    receive(&mut app, live, "r1.temperature", 17.0);
    send(&mut app, MakeBranch);
    let branch = active(&app);
    send(&mut app, set("r1", "setpoint", 24.0));
    let origin = |app: &App, name: &str| {
        let timeline = known(app, branch);
        timeline.origin(timeline.topology().slot_named(name).unwrap()).unwrap_or_default()
    };
    assert_eq!(origin(&app, "r1.temperature"), "message on test: ");
    assert!(origin(&app, "r1.setpoint").starts_with("set by "), "{}", origin(&app, "r1.setpoint"));
    step(&mut app, branch, 1);
    assert_eq!(origin(&app, "r1.temperature"), "the simulation");
    assert_eq!(origin(&app, "r1.area"), "");
}

#[test]
fn a_wall_clock_that_is_set_back_ends_no_condition() {
    let held = r#"alarms: [(id: "warm", model: "Room", when: "HELD_FOR(temperature > 10) >= 5 s", severity: warning, message: "Warm")],"#;
    let (mut app, _folder) = app_with(held);
    let live = timeline(&mut app, SourceKind::Live);
    receive(&mut app, live, "r1.temperature", 20.0);
    let_pass(&mut app, 4 * SECOND_US);
    let now_us = known(&app, live).now_us();
    let_pass(&mut app, -2 * SECOND_US);
    assert_eq!(known(&app, live).now_us(), now_us, "a timeline must not go back");
    let_pass(&mut app, 4 * SECOND_US);
    assert_eq!(raised(&app, live).len(), 1, "the condition has held for six seconds");
}

#[test]
fn alarms_are_judged_at_once_after_a_value_is_set() {
    let scene = SIMULATION.replace("people > 0", "setpoint > 30");
    let (mut app, _folder) = app_with(&scene);
    send(&mut app, ShowSource(SourceKind::Simulated));
    send(&mut app, Play(false));
    let simulated = active(&app);
    send(&mut app, set("r1", "setpoint", 31.0));
    assert_eq!(raised(&app, simulated).len(), 1);
    send(&mut app, set("r1", "setpoint", 21.0));
    assert!(raised(&app, simulated).is_empty());
}

#[test]
fn alarms_are_raised_and_cleared_with_their_condition() {
    let (mut app, _folder) = app();
    let simulated = timeline(&mut app, SourceKind::Simulated);
    step(&mut app, simulated, 180);
    assert!(!raised(&app, simulated).is_empty(), "people come in the morning");
    let live = timeline(&mut app, SourceKind::Live);
    assert!(raised(&app, live).is_empty());
    let (_, twin) = *known(&app, simulated).alarms().raised.keys().next().unwrap();
    let twin = known(&app, simulated).topology().twin_id(twin).to_string();
    send(&mut app, ShowSource(SourceKind::Simulated));
    send(&mut app, Play(false));
    send(&mut app, ApplyEvent(EventBody::Acknowledge { alarm: "there".into(), twin: twin.clone() }));
    assert_eq!(raised(&app, simulated).iter().filter(|raised| raised.acknowledged).count(), 1);
    step(&mut app, simulated, 16 * 60);
    assert!(raised(&app, simulated).is_empty(), "people leave in the evening");
    send(&mut app, ApplyEvent(EventBody::Acknowledge { alarm: "ther".into(), twin }));
    assert!(last_notice(&app).contains("did you mean `there`"), "{}", last_notice(&app));
}

/// A command that sets a property of a simulated timeline.
const COMMANDS: &str = r#"commands: [(model: "Room", command: "heat", sets: {"setpoint": "request"})], zones:"#;

fn add_room(id: &str) -> EditScene {
    let twin = TwinDoc { id: id.into(), model: "Room".into(), properties: Properties::default() };
    EditScene(vec![Edit::AddTwin { twin, at: Some(0), relationships: Vec::new(), bindings: BTreeMap::new() }])
}

/// Runs frames until a condition holds.
fn wait(app: &mut App, until: impl Fn(&mut App) -> bool) {
    let begin = Instant::now();
    while !until(app) {
        assert!(begin.elapsed() < Duration::from_secs(20), "the condition did not come true in 20 s");
        app.update();
        std::thread::yield_now();
    }
}
