//! Timelines: showing, playing, branching and replaying them, and the alarms of each. Tests only send actions and run
//! ticks.

use crate::support::{
    MODELS, cupola, json, number, open_by_hand, receive, scene_folder, send, small_scene, tick, timeline,
};
use bevy::prelude::*;
use cupola::action::{Action, ActionOutcome, ActionRequest, ActionResult, StopJob};
use cupola::job::Jobs;
use cupola::notice::Notices;
use cupola::selection::Select;
use cupola::session::{self, EditScene, KeepAssumptions, Open, Quit, Reload, Save, Undo, Watch};
use cupola::timeline::{
    ApplyEvent, CloseBranch, MakeBranch, OpenScene, Play, Playback, Seek, SetSpeed, ShowSource, SourceKind, Step,
    Timeline, ViewCursor, WallClock,
};
use cupola::twin::{AlarmMark, Selected, Twin};
use cupola_run::{Actor, Assumption, Branch, EventBody, Raised};
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

/// The alarm of the tests that give a room its temperature.
const WARM: &str =
    r#"alarms: [(id: "warm", model: "Room", when: "temperature > 26", severity: warning, message: "Warm")],"#;

fn app() -> (App, tempfile::TempDir) {
    app_with(SIMULATION)
}

/// Opens the small scene with more in it.
fn app_with(more: &str) -> (App, tempfile::TempDir) {
    let folder = scene_folder(MODELS, &small_scene(more));
    (open_by_hand(folder.path()), folder)
}

fn active(app: &App) -> Entity {
    app.world().resource::<ViewCursor>().timeline
}

fn known(app: &App, timeline: Entity) -> &Timeline {
    app.world().get::<Timeline>(timeline).unwrap()
}

fn raised(app: &App, timeline: Entity) -> Vec<Raised> {
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

fn last_notice(app: &App) -> String {
    app.world().resource::<Notices>().0.last().map_or_else(String::new, |(_, text)| text.clone())
}

#[test]
fn switching_loses_nothing_on_either_side() {
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
fn a_what_if_begins_where_its_parent_is_and_goes_its_own_way() {
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
    assert_eq!(number(&app, live, "r1.temperature"), Some(17.0), "the parent is untouched");
    assert_eq!(known(&app, branch).events().len(), 1, "a branch has its own events");
    send(&mut app, CloseBranch("what-if 1".into()));
    assert_eq!(active(&app), live);
    send(&mut app, CloseBranch("live".into()));
    assert!(last_notice(&app).contains("not a what-if"));
}

#[test]
fn live_values_cannot_be_typed_in() {
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
fn a_paused_view_of_a_live_timeline_stands_still_while_the_timeline_goes_on() {
    let (mut app, _folder) = app_with(WARM);
    let live = timeline(&mut app, SourceKind::Live);
    receive(&mut app, live, "r1.temperature", 20.0);
    send(&mut app, Play(false));
    let_pass(&mut app, SECOND_US);
    receive(&mut app, live, "r1.temperature", 30.0);
    let_pass(&mut app, SECOND_US);
    assert_eq!(on_screen(&app, "r1.temperature"), Some(20.0), "the view stands still");
    assert_eq!(number(&app, live, "r1.temperature"), Some(30.0), "the timeline goes on");
    assert_eq!(raised(&app, live).len(), 1, "and alarms are raised");
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
fn an_edit_touches_only_the_entities_that_it_changes() {
    let (mut app, _folder) = app_with(WARM);
    let live = timeline(&mut app, SourceKind::Live);
    receive(&mut app, live, "r1.temperature", 30.0);
    send(&mut app, Select(Some("r1".into())));
    let entities = |app: &mut App| -> BTreeMap<String, (Entity, bool, bool)> {
        let topology = app.world().resource::<OpenScene>().0.topology.clone();
        let mut twins = app.world_mut().query::<(Entity, &Twin, Has<Selected>, Has<AlarmMark>)>();
        let twins = twins.iter(app.world());
        let named = |twin: &Twin| topology.twin_id(twin.0).to_string();
        twins.map(|(entity, twin, selected, alarm)| (named(twin), (entity, selected, alarm))).collect()
    };
    let before = entities(&mut app);
    assert_eq!((before["r1"].1, before["r1"].2), (true, true), "selection and alarm are on the twin");
    assert_eq!((before["r2"].1, before["r2"].2), (false, false));
    let twin = TwinDoc { id: "a0".into(), model: "Room".into(), properties: BTreeMap::new() };
    let add = Edit::AddTwin { twin, at: Some(0), relationships: Vec::new(), bindings: BTreeMap::new() };
    send(&mut app, EditScene(vec![add, Edit::RemoveTwin { id: "r2".into() }]));
    let after = entities(&mut app);
    assert_eq!(after.keys().collect::<Vec<_>>(), ["a0", "f1", "r1"]);
    assert_eq!((after["r1"], after["f1"]), (before["r1"], before["f1"]), "the others stay as they are");
    receive(&mut app, live, "r1.temperature", 20.0);
    app.update();
    assert!(!entities(&mut app)["r1"].2, "the alarm has cleared");
}

/// Records twenty readings of r1, one a second: 1, 2, … 20. Returns the time before the first one.
fn record_twenty(app: &mut App, live: Entity) -> i64 {
    let start_us = known(app, live).now_us();
    for second in 1..=20 {
        let_pass(app, SECOND_US);
        receive(app, live, "r1.temperature", f64::from(second));
    }
    start_us
}

#[test]
fn what_was_received_is_replayed() {
    let (mut app, _folder) = app();
    let live = timeline(&mut app, SourceKind::Live);
    send(&mut app, ShowSource(SourceKind::Replayed));
    assert_eq!(active(&app), live, "there is nothing to replay yet");
    let start_us = record_twenty(&mut app, live);
    send(&mut app, ShowSource(SourceKind::Replayed));
    let replay = active(&app);
    send(&mut app, Play(false));
    for (second, expected) in [(10, 10.0), (4, 4.0), (20, 20.0), (1, 1.0)] {
        send(&mut app, Seek(start_us + second * SECOND_US));
        assert_eq!(number(&app, replay, "r1.temperature"), Some(expected));
        assert_eq!(number(&app, replay, "f1.mean"), Some(expected), "what depends on it comes along");
    }
    send(&mut app, set("r1", "setpoint", 24.0));
    assert!(last_notice(&app).contains("what-if"), "the past can't be changed");
}

#[test]
fn a_replay_keeps_what_functions_remember_backwards_too() {
    let windows = r#"alarms: [(id: "warm", model: "Room", when: "HELD_FOR(temperature > 10) >= 5 s", severity: warning, message: "Warm")],"#;
    let scene = small_scene(windows).replace("AVG(contains.temperature)", "MAX(contains.highest)");
    let highest = r#"computed: [(model: "Room", property: "highest", formula: "MAX_OVER(temperature, 4 s)", unit: "degreeCelsius"), "#;
    let folder = scene_folder(MODELS, &scene.replace("computed: [", highest));
    let mut app = open_by_hand(folder.path());
    let live = timeline(&mut app, SourceKind::Live);
    // The values rise to 20 and fall again, so the highest of the last four seconds depends on the values before.
    let start_us = known(&app, live).now_us();
    let mut seen = Vec::new();
    for second in 1..=40 {
        let_pass(&mut app, SECOND_US);
        receive(&mut app, live, "r1.temperature", f64::from(if second <= 20 { second } else { 40 - second }));
        seen.push((number(&app, live, "f1.mean"), raised(&app, live).len()));
    }
    send(&mut app, ShowSource(SourceKind::Replayed));
    let replay = active(&app);
    send(&mut app, Play(false));
    for second in [40, 25, 30, 12, 13, 18, 39, 1, 27] {
        send(&mut app, Seek(start_us + second * SECOND_US));
        let shown = (number(&app, replay, "f1.mean"), raised(&app, replay).len());
        assert_eq!(shown, seen[second as usize - 1], "after {second} s");
    }
}

#[test]
fn a_replay_shows_acknowledgements_from_their_moment_on() {
    let alarm =
        r#"alarms: [(id: "warm", model: "Room", when: "temperature > 5", severity: warning, message: "Warm")],"#;
    let (mut app, _folder) = app_with(alarm);
    let live = timeline(&mut app, SourceKind::Live);
    let start_us = record_twenty(&mut app, live);
    send(&mut app, ApplyEvent(EventBody::Acknowledge { alarm: "warm".into(), twin: "r1".into() }));
    let_pass(&mut app, SECOND_US);
    receive(&mut app, live, "r1.temperature", 21.0);
    send(&mut app, ShowSource(SourceKind::Replayed));
    let replay = active(&app);
    send(&mut app, Play(false));
    for (second, expected) in [(21, [true].as_slice()), (3, &[]), (19, &[false]), (21, &[true]), (6, &[false])] {
        send(&mut app, Seek(start_us + second * SECOND_US));
        let acknowledged: Vec<bool> = raised(&app, replay).iter().map(|raised| raised.acknowledged).collect();
        assert_eq!(acknowledged, expected, "after {second} s");
    }
}

#[test]
fn every_value_tells_where_it_came_from() {
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
fn the_sender_of_an_action_hears_its_outcome() {
    let (mut app, _folder) = app();
    for (number, action) in [(7, Seek(0)), (8, Seek(1))] {
        app.world_mut().write_message(ActionRequest { number, ..ActionRequest::new(action) });
    }
    app.world_mut().write_message(ActionRequest { number: 9, ..ActionRequest::new(Select(Some("r1".into()))) });
    app.update();
    let outcomes: Vec<ActionOutcome> = app.world_mut().resource_mut::<Messages<ActionOutcome>>().drain().collect();
    let heard: Vec<(u64, bool)> = outcomes.iter().map(|outcome| (outcome.number, outcome.result.is_ok())).collect();
    assert_eq!(heard, [(7, false), (8, false), (9, true)], "{outcomes:?}");
}

#[test]
fn an_edit_and_a_reload_keep_the_recording() {
    let (mut app, folder) = app();
    let live = timeline(&mut app, SourceKind::Live);
    let start_us = record_twenty(&mut app, live);
    // Another twin moves rows, and a reload makes new texts and models.
    let twin = TwinDoc { id: "a0".into(), model: "Room".into(), properties: BTreeMap::new() };
    let add = Edit::AddTwin { twin, at: Some(0), relationships: Vec::new(), bindings: BTreeMap::new() };
    send(&mut app, EditScene(vec![add]));
    let changed = small_scene(SIMULATION).replace("(id: \"f1\"", "(id: \"b0\", model: \"Room\"), (id: \"f1\"");
    std::fs::write(folder.path().join("scene.ron"), changed).unwrap();
    send(&mut app, Reload);
    assert!(app.world().resource::<OpenScene>().0.topology.twin("b0").is_some(), "{}", last_notice(&app));
    assert_eq!(number(&app, live, "r1.temperature"), Some(20.0));
    let trail = known(&app, live).trail();
    assert_eq!(trail.of(known(&app, live).topology().slot_named("r1.temperature").unwrap()).len(), 20);
    let_pass(&mut app, SECOND_US);
    receive(&mut app, live, "r1.temperature", 21.0);
    send(&mut app, ShowSource(SourceKind::Replayed));
    let replay = active(&app);
    send(&mut app, Play(false));
    for (second, expected) in [(21, 21.0), (7, 7.0), (20, 20.0)] {
        send(&mut app, Seek(start_us + second * SECOND_US));
        assert_eq!(number(&app, replay, "r1.temperature"), Some(expected));
    }
    // The replay stays usable after an edit.
    send(&mut app, EditScene(vec![Edit::RemoveTwin { id: "r2".into() }]));
    send(&mut app, Seek(start_us + 9 * SECOND_US));
    assert_eq!(number(&app, replay, "r1.temperature"), Some(9.0));
}

#[test]
fn a_wall_clock_that_is_set_back_clears_nothing() {
    let held = r#"alarms: [(id: "warm", model: "Room", when: "HELD_FOR(temperature > 10) >= 5 s", severity: warning, message: "Warm")],"#;
    let (mut app, _folder) = app_with(held);
    let live = timeline(&mut app, SourceKind::Live);
    receive(&mut app, live, "r1.temperature", 20.0);
    let_pass(&mut app, 4 * SECOND_US);
    let now_us = known(&app, live).now_us();
    let_pass(&mut app, -2 * SECOND_US);
    assert_eq!(known(&app, live).now_us(), now_us, "a timeline never goes back");
    let_pass(&mut app, 4 * SECOND_US);
    assert_eq!(raised(&app, live).len(), 1, "the condition has held for six seconds");
}

#[test]
fn what_a_person_sets_is_judged_at_once() {
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
fn alarms_rise_and_clear_with_their_condition() {
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
    assert!(raised(&app, simulated).is_empty(), "and go in the evening");
    send(&mut app, ApplyEvent(EventBody::Acknowledge { alarm: "ther".into(), twin }));
    assert!(last_notice(&app).contains("did you mean `there`"), "{}", last_notice(&app));
}

/// A command that sets a property of a simulated timeline.
const COMMANDS: &str = r#"commands: [(model: "Room", command: "heat", sets: {"setpoint": "request"})], zones:"#;

fn with_command() -> (App, tempfile::TempDir) {
    let command = r#"{"@type": "Command", "name": "heat", "request": {"name": "to", "schema": "double"}},
  {"@type": "Property", "name": "occupied""#;
    let models = MODELS.replace(r#"{"@type": "Property", "name": "occupied""#, command);
    let simulation = SIMULATION.replace("zones:", COMMANDS).replace("people > 0", "setpoint > 30");
    let folder = scene_folder(&models, &small_scene(&simulation));
    (open_by_hand(folder.path()), folder)
}

fn heat(to: f64) -> ApplyEvent {
    let request = Some(Value::Number(to));
    ApplyEvent(EventBody::Command { twin: "r1".into(), command: "heat".into(), request })
}

#[test]
fn a_command_on_a_simulated_timeline_is_judged_and_changes_only_what_it_is_about() {
    let run = |commands: &[f64]| {
        let (mut app, folder) = with_command();
        let simulated = timeline(&mut app, SourceKind::Simulated);
        send(&mut app, ShowSource(SourceKind::Simulated));
        send(&mut app, Play(false));
        step(&mut app, simulated, 60);
        for to in commands {
            send(&mut app, heat(*to));
        }
        (app, simulated, folder)
    };
    let (app, simulated, _folder) = run(&[31.0]);
    assert_eq!(raised(&app, simulated).len(), 1, "the alarm sees the command");
    // A command that sets the present value again changes no noisy reading of the next hour.
    let after = |commands: &[f64]| {
        let (mut app, simulated, _folder) = run(commands);
        step(&mut app, simulated, 60);
        number(&app, simulated, "r2.temperature").unwrap().to_bits()
    };
    assert_eq!(after(&[]), after(&[21.0]), "no room takes its sensor's noise for its heat");
}

#[test]
fn an_edit_keeps_the_physics_of_every_room() {
    let after = |edit: bool| {
        let (mut app, _folder) = app();
        let simulated = timeline(&mut app, SourceKind::Simulated);
        step(&mut app, simulated, 60);
        if edit {
            let (twin, property) = ("r1".to_string(), "label".to_string());
            let value = Some(Value::Text("north".into()));
            send(&mut app, EditScene(vec![Edit::SetProperty { twin, property, value }]));
        }
        step(&mut app, simulated, 60);
        ["r1.temperature", "r2.temperature", "r2.co2"].map(|name| number(&app, simulated, name).unwrap().to_bits())
    };
    assert_eq!(after(false), after(true));
}

#[test]
fn an_action_that_replaces_the_scene_swallows_no_other() {
    let (mut app, _folder) = app();
    let twin = TwinDoc { id: "a0".into(), model: "Room".into(), properties: BTreeMap::new() };
    let add = Edit::AddTwin { twin, at: Some(0), relationships: Vec::new(), bindings: BTreeMap::new() };
    app.world_mut().write_message(ActionRequest::new(EditScene(vec![add])));
    app.world_mut().write_message(ActionRequest::new(Select(Some("r2".into()))));
    app.update();
    let mut selected = app.world_mut().query_filtered::<&Twin, With<Selected>>();
    let twin = selected.single(app.world()).unwrap();
    assert_eq!(app.world().resource::<OpenScene>().0.topology.twin_id(twin.0), "r2");
}

#[test]
fn frames_go_on_while_a_job_runs_and_order_is_kept() {
    let (mut app, folder) = app();
    app.world_mut().resource_mut::<Jobs>().patience = Some(Duration::ZERO);
    let twin = |id: &str| TwinDoc { id: id.into(), model: "Room".into(), properties: BTreeMap::new() };
    let add = |id: &str| {
        let (relationships, bindings) = (Vec::new(), BTreeMap::new());
        ActionRequest::new(EditScene(vec![Edit::AddTwin { twin: twin(id), at: None, relationships, bindings }]))
    };
    // Each stands on the one before: an edit, an edit, a save of both, a selection of what was added.
    let target = folder.path().join("saved.ron");
    app.world_mut().write_message(add("a1"));
    app.world_mut().write_message(add("a2"));
    app.world_mut().write_message(ActionRequest::new(Save(Some(target.clone()))));
    app.world_mut().write_message(ActionRequest::new(Select(Some("a2".into()))));
    let begin = Instant::now();
    let mut frames = 0;
    let selected = |app: &mut App| app.world_mut().query_filtered::<&Twin, With<Selected>>().iter(app.world()).count();
    while selected(&mut app) == 0 {
        assert!(begin.elapsed() < Duration::from_secs(20));
        app.update();
        frames += 1;
    }
    assert!(frames > 1, "no frame waited for the jobs");
    assert_eq!(last_notice(&app), format!("Saved {}", target.display()));
    let saved = cupola_scene::load(&target).scene.unwrap();
    assert!(saved.topology.twin("a1").is_some() && saved.topology.twin("a2").is_some());
}

#[test]
fn a_job_can_be_stopped_and_changes_nothing_then() {
    let (mut app, folder) = app();
    app.world_mut().resource_mut::<Jobs>().patience = Some(Duration::ZERO);
    let scene = folder.path().join("other.ron");
    std::fs::write(&scene, small_scene("").replace("\"Small\"", "\"Other\"")).unwrap();
    app.world_mut().write_message(ActionRequest::new(Open(scene)));
    app.world_mut().run_system_cached(cupola::action::apply_actions).unwrap();
    // The thread may be done already; its result waits for the next frame.
    app.world_mut().resource_mut::<Jobs>().patience = Some(Duration::ZERO);
    let is_running = app.world().resource::<Jobs>().is_running();
    if is_running {
        send(&mut app, StopJob);
    }
    for _ in 0..20 {
        app.update();
        std::thread::yield_now();
    }
    let name = app.world().resource::<OpenScene>().0.document.name.clone();
    let stopped = last_notice(&app).contains("was stopped");
    assert_eq!(name, if stopped { "Small" } else { "Other" });
}

#[test]
fn a_day_by_events_from_a_file_is_the_day_by_actions() {
    let (mut app, folder) = with_command();
    let simulated = timeline(&mut app, SourceKind::Simulated);
    send(&mut app, ShowSource(SourceKind::Simulated));
    send(&mut app, Play(false));
    let acts: [(usize, ApplyEvent); 6] = [
        (30, set("r1", "setpoint", 23.5)),
        (45, ApplyEvent(EventBody::Assume { room: Some("r2".into()), assumption: Assumption::LeaksAch(4.0) })),
        (20, heat(31.0)),
        (1, ApplyEvent(EventBody::Acknowledge { alarm: "there".into(), twin: "r1".into() })),
        (200, ApplyEvent(EventBody::Assume { room: None, assumption: Assumption::WarmerK(-6.0) })),
        (10, set("r2", "co2", 1500.0)),
    ];
    for (steps, act) in acts {
        step(&mut app, simulated, steps);
        send(&mut app, act);
        assert_eq!(last_notice(&app), "");
    }
    step(&mut app, simulated, 24 * 60 - 306);
    let file = folder.path().join("events.jsonl");
    let mut text = Vec::new();
    cupola_run::record::write(&mut text, known(&app, simulated).events()).unwrap();
    std::fs::write(&file, &text).unwrap();
    let (scene, again) = (folder.path().to_str().unwrap(), folder.path().join("again.jsonl"));
    let arguments = ["run", scene, "--for", "24h", "--json", "--events", file.to_str().unwrap(), "--record"];
    let output = cupola(&[&arguments[..], &[again.to_str().unwrap()]].concat());
    let report = json(&output);
    let state = known(&app, simulated).state();
    let mut compared = 0;
    for twin in state.topology().twins() {
        for slot in state.topology().properties(twin) {
            let sample = state.get(slot);
            if sample.quality == Quality::Missing || sample.time_us <= 0 {
                continue;
            }
            let told = &report["values"][state.topology().name(slot)]["value"];
            let here = serde_json::to_value(state.value(slot)).unwrap();
            assert_eq!(told.to_string(), here.to_string(), "{}", state.topology().name(slot));
            compared += 1;
        }
    }
    assert!(compared >= 8, "{compared}");
    assert_eq!(report["alarms_raised"], known(&app, simulated).alarms().total);
    assert_eq!(std::fs::read(&again).unwrap(), text, "the record of the run is the file that it was run from");
}

#[test]
fn events_that_cannot_be_are_refused_with_a_reason() {
    let (_app, folder) = app();
    let scene = folder.path().to_str().unwrap();
    let line = |event: &str| {
        format!(r#"{{"time": "2026-01-12T08:05:00Z", "actor": {{"kind": "person", "name": "Ada"}}, "event": {event}}}"#)
    };
    let good = line(r#"{"set": {"twin": "r1", "property": "setpoint", "value": 22}}"#);
    for (text, word) in [
        ("nonsense".to_string(), "line 1, column 2"),
        (line(r#"{"sett": {}}"#), "sett"),
        (line(r#"{"set": {"twin": "r9", "property": "setpoint", "value": 22}}"#), "no twin is called `r9`"),
        (line(r#"{"set": {"twin": "r1", "property": "setpont", "value": 22}}"#), "did you mean `setpoint`"),
        (line(r#"{"set": {"twin": "f1", "property": "mean", "value": 22}}"#), "is computed"),
        (line(r#"{"set": {"twin": "r1", "property": "setpoint", "value": "warm"}}"#), "warm"),
        (line(r#"{"acknowledge": {"alarm": "there", "twin": "r2"}}"#).replace("08:05", "08:00"), "is not raised"),
        (
            line(
                r#"{"readings": {"readings": [{"twin": "r9", "property": "co2", "value": 1, "time": "2026-01-12T08:05:00Z", "arrived": "2026-01-12T08:05:00Z"}]}}"#,
            ),
            "the scene has no `r9.co2`",
        ),
        (
            line(r#"{"processed": {"processor": "p", "request": "1", "asked": "2026-01-12T08:05:00Z", "values": {}}}"#),
            "no processor is called `p`",
        ),
        (format!("{good}\n{}", good.replace("08:05", "08:04")), "line 2"),
        (good.replace("2026-01-12T08:05:00Z", "yesterday"), "RFC 3339"),
        (
            good.replace("2026-01-12T08:05", "2026-01-12T07:05"),
            "before the start of the timeline, 2026-01-12T08:00:00Z",
        ),
    ] {
        let file = folder.path().join("events.jsonl");
        std::fs::write(&file, &text).unwrap();
        let output = cupola(&["run", scene, "--for", "10m", "--events", file.to_str().unwrap()]);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() == Some(1) && errors.contains(word), "{text}: {errors}");
    }
}

/// Returns the assumptions of a timeline about a room: construction set, infiltration in air changes an hour, and the
/// difference of the outdoor temperature in K.
fn assumed(app: &App, timeline: Entity, room: &str) -> (&'static str, f64, f64) {
    let twin = app.world().resource::<OpenScene>().0.topology.twin(room).unwrap();
    let simulation = known(app, timeline).simulation().unwrap();
    let spec = simulation.room(twin).unwrap();
    (spec.set.name, spec.infiltration_ach, simulation.warmer_k())
}

#[test]
fn assumptions_outlive_edits_and_are_kept_in_the_scene() {
    let (mut app, folder) = app();
    let simulated = timeline(&mut app, SourceKind::Simulated);
    send(&mut app, ShowSource(SourceKind::Simulated));
    send(&mut app, Play(false));
    let as_it_was = assumed(&app, simulated, "r1");
    for assumption in
        [Assumption::LeaksAch(5.0), Assumption::Construction("before_1977".into()), Assumption::WarmerK(-4.0)]
    {
        let room = (!matches!(assumption, Assumption::WarmerK(_))).then(|| "r1".to_string());
        send(&mut app, ApplyEvent(EventBody::Assume { room, assumption }));
    }
    let now = ("before_1977", 5.0, -4.0);
    assert_eq!(assumed(&app, simulated, "r1"), now);
    // An edit changes the numbers of twins. Assumptions stay with their room.
    let twin = TwinDoc {
        id: "a1".into(),
        model: "Room".into(),
        properties: ["area", "setpoint"].map(|name| (name.into(), Value::Number(19.0))).into(),
    };
    let edit = Edit::AddTwin { twin, at: Some(0), relationships: Vec::new(), bindings: BTreeMap::new() };
    send(&mut app, EditScene(vec![edit]));
    assert_eq!(assumed(&app, simulated, "r1"), now);
    assert_eq!(assumed(&app, simulated, "r2").0, as_it_was.0);

    send(&mut app, KeepAssumptions);
    assert_eq!(assumed(&app, simulated, "r1"), now);
    let said = |app: &App| app.world().resource::<OpenScene>().0.document.simulation.clone().unwrap();
    assert_eq!((said(&app).assumed.len(), said(&app).weather.warmer_k), (1, -4.0));
    send(&mut app, Save(None));
    let mut again = open_by_hand(folder.path());
    let first = timeline(&mut again, SourceKind::Simulated);
    assert_eq!(assumed(&again, first, "r1"), now);
    send(&mut app, Undo);
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

fn add_room(id: &str) -> EditScene {
    let twin = TwinDoc { id: id.into(), model: "Room".into(), properties: BTreeMap::new() };
    EditScene(vec![Edit::AddTwin { twin, at: Some(0), relationships: Vec::new(), bindings: BTreeMap::new() }])
}

#[test]
fn an_edit_keeps_alarms_without_a_value_and_readings_that_equal_initial_values() {
    let alarm = r#"alarms: [(id: "hot", model: "Room", when: "temperature > 27", severity: warning, message: "Hot")],"#;
    let (mut app, _folder) = app_with(alarm);
    let live = timeline(&mut app, SourceKind::Live);
    receive(&mut app, live, "r1.temperature", 30.0);
    send(&mut app, ApplyEvent(EventBody::Acknowledge { alarm: "hot".into(), twin: "r1".into() }));
    // The sensor fails; the setpoint that a device reports is the one of the file.
    let_pass(&mut app, SECOND_US);
    let now_us = app.world().resource::<WallClock>().now_us();
    let now = cupola_wire::format_rfc3339(now_us);
    let failed = serde_json::json!({"twin": "r1", "property": "temperature", "time": now, "arrived": now});
    let body = EventBody::Readings { readings: vec![serde_json::from_value(failed).unwrap()] };
    send(&mut app, ApplyEvent(body));
    receive(&mut app, live, "r1.setpoint", 21.0);
    let before = raised(&app, live);
    assert!(before.len() == 1 && before[0].acknowledged, "{before:?}");
    send(&mut app, add_room("a0"));
    send(
        &mut app,
        EditScene(vec![Edit::SetProperty {
            twin: "r2".into(),
            property: "setpoint".into(),
            value: Some(Value::Number(19.0)),
        }]),
    );
    assert_eq!(last_notice(&app), "");
    assert_eq!(raised(&app, live), before);
    let state = known(&app, live).state();
    assert_eq!(state.get(state.topology().slot_named("r1.setpoint").unwrap()).time_us, now_us);
    assert_eq!(number(&app, live, "r2.setpoint"), Some(19.0), "an initial value in use follows the edit");
}

/// An action that opens a scene as soon as the test says so.
#[derive(Debug)]
struct OpenLater(PathBuf, Mutex<Receiver<()>>);

impl Action for OpenLater {
    fn apply(self: Box<Self>, world: &mut World, _: &Actor) -> ActionResult {
        let Self(path, go) = *self;
        world.resource_mut::<Jobs>().start("Opening", true, move || {
            let _ = go.lock().unwrap().recv();
            Box::new(move |world| {
                session::open(world, cupola_scene::load(&path));
                Ok(None)
            })
        })
    }
}

fn open_later(app: &mut App, path: &Path) -> SyncSender<()> {
    let (sender, receiver) = sync_channel(1);
    app.world_mut().resource_mut::<Jobs>().patience = Some(Duration::ZERO);
    let action = OpenLater(path.into(), Mutex::new(receiver));
    app.world_mut().write_message(ActionRequest { number: 7, ..ActionRequest::new(action) });
    app.update();
    assert!(app.world().resource::<Jobs>().is_running());
    sender
}

/// Runs frames until a condition holds.
fn wait(app: &mut App, until: impl Fn(&mut App) -> bool) {
    let begin = Instant::now();
    while !until(app) {
        assert!(begin.elapsed() < Duration::from_secs(20), "it does not happen");
        app.update();
        std::thread::yield_now();
    }
}

#[test]
fn actions_on_a_scene_are_refused_when_another_one_was_opened_meanwhile() {
    let (mut app, _folder) = app();
    let other = scene_folder(MODELS, &small_scene("").replace("Small", "Other"));
    let go = open_later(&mut app, other.path());
    send(&mut app, add_room("a0"));
    go.send(()).unwrap();
    wait(&mut app, |app| !app.world().resource::<Jobs>().is_running());
    let scene = app.world().resource::<OpenScene>().0.clone();
    assert_eq!((&*scene.document.name, scene.topology.twin("a0")), ("Other", None));
    assert!(last_notice(&app).contains("another scene"), "{}", last_notice(&app));
}

#[test]
fn actions_behind_a_waiting_one_wait_too() {
    let (mut app, folder) = app();
    let go = open_later(&mut app, folder.path());
    app.world_mut().write_message(ActionRequest::new(Open(folder.path().into())));
    app.world_mut().write_message(ActionRequest::new(add_room("a0")));
    app.world_mut().write_message(ActionRequest::new(Select(Some("a0".into()))));
    app.update();
    go.send(()).unwrap();
    wait(&mut app, |app| {
        let mut selected = app.world_mut().query_filtered::<&Twin, With<Selected>>();
        let twin = selected.iter(app.world()).next().copied();
        let topology = app.world().resource::<OpenScene>().0.topology.clone();
        twin.is_some_and(|twin| topology.twin_id(twin.0) == "a0")
    });
    assert_eq!(last_notice(&app), "");
}

#[test]
fn the_sender_of_a_stopped_action_hears_of_it() {
    let (mut app, folder) = app();
    let _go = open_later(&mut app, folder.path());
    send(&mut app, StopJob);
    let outcomes: Vec<ActionOutcome> = app.world_mut().resource_mut::<Messages<ActionOutcome>>().drain().collect();
    assert_eq!(outcomes, [ActionOutcome { number: 7, result: Err("Opening was stopped".into()) }]);
}

#[test]
fn a_simulation_that_a_reload_takes_away_comes_back_with_the_next() {
    let (mut app, folder) = app();
    let file = folder.path().join("scene.ron");
    let simulated = |app: &mut App| session::timeline_of(app.world_mut(), SourceKind::Simulated);
    std::fs::write(&file, small_scene("")).unwrap();
    send(&mut app, Reload);
    assert_eq!(simulated(&mut app), None);
    std::fs::write(&file, small_scene(SIMULATION)).unwrap();
    send(&mut app, Reload);
    let again = simulated(&mut app).unwrap();
    step(&mut app, again, 3);
    assert!(number(&app, again, "r1.temperature").is_some());
}

#[test]
fn unsaved_edits_outlive_a_change_of_the_file_and_are_asked_about_before_quitting() {
    let (mut app, folder) = app();
    app.world_mut().resource_mut::<Watch>().enabled = true;
    app.update();
    send(&mut app, add_room("a0"));
    std::fs::write(folder.path().join("scene.ron"), small_scene("").replace("Small", "Other")).unwrap();
    wait(&mut app, |app| last_notice(app).contains("changed on the disk"));
    assert!(app.world().resource::<OpenScene>().0.topology.twin("a0").is_some());
    let has_quit = |app: &mut App| app.world_mut().resource_mut::<Messages<AppExit>>().drain().count() > 0;
    send(&mut app, Quit);
    assert!(!has_quit(&mut app) && last_notice(&app).contains("not saved"), "{}", last_notice(&app));
    send(&mut app, Quit);
    assert!(has_quit(&mut app));
}
