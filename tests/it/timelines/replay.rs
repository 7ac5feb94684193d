//! Tests of the recording of a timeline and its replay.

use super::*;

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
fn received_values_are_replayed() {
    let (mut app, _folder) = app();
    let live = timeline(&mut app, SourceKind::Live);
    send(&mut app, ShowSource(SourceKind::Replayed));
    assert_eq!(active(&app), live, "without a recording the live timeline must stay on the screen");
    let start_us = record_twenty(&mut app, live);
    send(&mut app, ShowSource(SourceKind::Replayed));
    let replay = active(&app);
    send(&mut app, Play(false));
    for (second, expected) in [(10, 10.0), (4, 4.0), (20, 20.0), (1, 1.0)] {
        send(&mut app, Seek(start_us + second * SECOND_US));
        assert_eq!(number(&app, replay, "r1.temperature"), Some(expected));
        assert_eq!(number(&app, replay, "f1.mean"), Some(expected), "dependent values must be replayed too");
    }
    send(&mut app, set("r1", "setpoint", 24.0));
    assert!(last_notice(&app).contains("what-if"), "the past can't be changed");
}

#[test]
fn stateful_functions_are_correct_at_every_moment_of_a_replay() {
    let windows = r#"alarms: [(id: "warm", model: "Room", when: "HELD_FOR(temperature > 10) >= 5 s", severity: warning, message: "Warm")],"#;
    let scene = small_scene(windows).replace("AVG(contains.temperature)", "MAX(contains.highest)");
    let highest = r#"computed: [(model: "Room", property: "highest", formula: "MAX_OVER(temperature, 4 s)", unit: "degreeCelsius"), "#;
    let folder = scene_folder(MODELS, &scene.replace("computed: [", highest));
    let mut app = open_by_hand(folder.path());
    record(&mut app);
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
fn a_replay_goes_back_within_a_gap_of_the_recording() {
    let held = r#"alarms: [(id: "warm", model: "Room", when: "HELD_FOR(temperature > 5) >= 20 s", severity: warning, message: "Warm")],"#;
    let (mut app, _folder) = app_with(held);
    let live = timeline(&mut app, SourceKind::Live);
    let start_us = known(&app, live).now_us();
    receive(&mut app, live, "r1.temperature", 30.0);
    (0..100).for_each(|_| let_pass(&mut app, SECOND_US));
    receive(&mut app, live, "r1.temperature", 31.0);
    let_pass(&mut app, SECOND_US);
    send(&mut app, ShowSource(SourceKind::Replayed));
    let replay = active(&app);
    send(&mut app, Play(false));
    for (second, is_raised) in [(90, true), (50, true), (10, false), (40, true), (15, false), (60, true)] {
        send(&mut app, Seek(start_us + second * SECOND_US));
        let since: Vec<i64> = raised(&app, replay).iter().map(|raised| raised.since_us - start_us).collect();
        assert_eq!(!since.is_empty(), is_raised, "after {second} s: {since:?}");
        assert_eq!(number(&app, replay, "r1.temperature"), Some(30.0));
    }
}

#[test]
fn a_replay_shows_an_acknowledgement_only_after_its_moment() {
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
fn an_edit_and_a_reload_keep_the_recording() {
    let (mut app, folder) = app();
    let live = timeline(&mut app, SourceKind::Live);
    let start_us = record_twenty(&mut app, live);
    // The added twin moves rows, and the reload creates new texts and models.
    send(&mut app, add_room("a0"));
    send(&mut app, Save(None));
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
