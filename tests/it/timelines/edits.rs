//! Tests of timelines across edits and reloads of the scene.

use super::*;

#[test]
fn an_edit_changes_only_the_affected_entities() {
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
    assert_eq!((before["r1"].1, before["r1"].2), (true, true), "the entity must have the selection and the alarm");
    assert_eq!((before["r2"].1, before["r2"].2), (false, false));
    let twin = TwinDoc { id: "a0".into(), model: "Room".into(), properties: Properties::default() };
    let add = Edit::AddTwin { twin, at: Some(0), relationships: Vec::new(), bindings: BTreeMap::new() };
    send(&mut app, EditScene(vec![add, Edit::RemoveTwin { id: "r2".into() }]));
    let after = entities(&mut app);
    assert_eq!(after.keys().collect::<Vec<_>>(), ["a0", "f1", "r1"]);
    assert_eq!((after["r1"], after["f1"]), (before["r1"], before["f1"]), "the other entities must not change");
    receive(&mut app, live, "r1.temperature", 20.0);
    app.update();
    assert!(!entities(&mut app)["r1"].2, "the alarm must be cleared");
}

#[test]
fn an_edit_keeps_the_simulation_of_every_room() {
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

/// Returns the assumptions of a timeline about a room: construction set, infiltration in air changes an hour, and the
/// difference of the outdoor temperature in K.
fn assumed(app: &App, timeline: Entity, room: &str) -> (&'static str, f64, f64) {
    let twin = app.world().resource::<OpenScene>().0.topology.twin(room).unwrap();
    let simulation = known(app, timeline).simulation().unwrap();
    let spec = simulation.room(twin).unwrap();
    (spec.set.name, spec.infiltration_ach, simulation.warmer_k())
}

#[test]
fn assumptions_survive_edits_and_can_be_saved_in_the_scene() {
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
        properties: ["area", "setpoint"].map(|name| (name, Value::Number(19.0))).into(),
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
    assert_eq!(assumed(&app, simulated, "r1"), as_it_was, "undo must restore the earlier assumptions");
}

#[test]
fn invalid_assumptions_in_a_scene_give_diagnostics() {
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

#[test]
fn an_edit_keeps_alarms_without_a_value_and_readings_that_equal_initial_values() {
    let alarm = r#"alarms: [(id: "hot", model: "Room", when: "temperature > 27", severity: warning, message: "Hot")],"#;
    let (mut app, _folder) = app_with(alarm);
    let live = timeline(&mut app, SourceKind::Live);
    receive(&mut app, live, "r1.temperature", 30.0);
    send(&mut app, ApplyEvent(EventBody::Acknowledge { alarm: "hot".into(), twin: "r1".into() }));
    // The sensor fails, and a device reports the setpoint that is also the initial value.
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
    assert_eq!(number(&app, live, "r2.setpoint"), Some(19.0), "an unchanged initial value must follow the edit");
}

#[test]
fn a_reload_with_another_model_keeps_the_memory_of_functions() {
    let remembering = r#"computed: [(model: "Room", property: "before", formula: "LAG(temperature, 60s)"),
        (model: "Room", property: "peak", formula: "MAX_OVER(temperature, 1h)"),"#;
    let scene = small_scene("").replace("computed: [", remembering);
    let folder = scene_folder(MODELS, &scene);
    let mut app = open_by_hand(folder.path());
    let live = timeline(&mut app, SourceKind::Live);
    for value in [20.0, 25.0, 21.0] {
        receive(&mut app, live, "r1.temperature", value);
        let_pass(&mut app, 40 * SECOND_US);
    }
    let values = |app: &App| [number(app, live, "r1.before"), number(app, live, "r1.peak")];
    assert_eq!(values(&app), [Some(25.0), Some(25.0)]);
    // The new model comes first in the order of the ids, so every other model has another number.
    let first = r#"[{"@context": "dtmi:dtdl:context;3", "@id": "dtmi:a:First;1", "@type": "Interface"},"#;
    std::fs::write(folder.path().join("models/models.json"), MODELS.replacen('[', first, 1)).unwrap();
    send(&mut app, Reload);
    assert!(app.world().resource::<OpenScene>().0.models.find("dtmi:a:First;1").is_some());
    tick(&mut app);
    assert_eq!(values(&app), [Some(25.0), Some(25.0)]);
}

#[test]
fn files_that_change_before_they_are_watched_are_noticed() {
    let (mut app, folder) = app();
    std::fs::write(folder.path().join("scene.ron"), small_scene(SIMULATION).replace("Small", "Late")).unwrap();
    app.world_mut().resource_mut::<FileWatcher>().enabled = true;
    wait(&mut app, |app| app.world().resource::<OpenScene>().0.document.name == "Late");
}

#[test]
fn a_failed_reload_leaves_the_open_scene_valid() {
    let (mut app, folder) = app();
    let file = folder.path().join("scene.ron");
    std::fs::write(&file, small_scene(SIMULATION).replace("20.0", "\"x\"")).unwrap();
    send(&mut app, Reload);
    assert!(last_notice(&app).contains("have errors"), "{}", last_notice(&app));
    let value = Some(Value::Text("x".into()));
    send(&mut app, EditScene(vec![Edit::SetProperty { twin: "r1".into(), property: "area".into(), value }]));
    assert!(last_notice(&app).contains('x') && last_notice(&app).contains("area"), "{}", last_notice(&app));
    assert_eq!(
        app.world().resource::<OpenScene>().0.document.twins[1].properties.get("area"),
        Some(&Value::Number(20.0))
    );
}

#[test]
fn saving_as_the_own_file_is_saving() {
    let (mut app, folder) = app();
    send(&mut app, add_room("a0"));
    let other_spelling = folder.path().join("models/..").join("scene.ron");
    send(&mut app, Save(Some(other_spelling)));
    assert!(last_notice(&app).contains("Saved"), "{}", last_notice(&app));
    send(&mut app, Quit);
    assert_eq!(app.world_mut().resource_mut::<Messages<AppExit>>().drain().count(), 1, "{}", last_notice(&app));
}

#[test]
fn reloads_can_remove_and_add_the_simulation() {
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
fn unsaved_edits_survive_a_change_of_the_file_and_delay_quitting() {
    let (mut app, folder) = app();
    // A missing file in a missing folder doesn't end the watching of the others.
    let with_missing = small_scene(SIMULATION).replacen("models: [", "models: [\"missing/models.json\", ", 1);
    std::fs::write(folder.path().join("scene.ron"), with_missing).unwrap();
    send(&mut app, Open(folder.path().into()));
    app.world_mut().resource_mut::<FileWatcher>().enabled = true;
    app.update();
    send(&mut app, add_room("a0"));
    std::fs::write(folder.path().join("scene.ron"), small_scene("").replace("Small", "Other")).unwrap();
    wait(&mut app, |app| last_notice(app).contains("changed on the disk"));
    assert!(app.world().resource::<OpenScene>().0.topology.twin("a0").is_some());
    send(&mut app, Save(None));
    assert!(last_notice(&app).contains("save again to overwrite"), "{}", last_notice(&app));
    send(&mut app, Reload);
    assert!(last_notice(&app).contains("reload again"), "{}", last_notice(&app));
    send(&mut app, Open(folder.path().into()));
    assert!(last_notice(&app).contains("open the scene again"), "{}", last_notice(&app));
    assert!(app.world().resource::<OpenScene>().0.topology.twin("a0").is_some());
    let has_quit = |app: &mut App| app.world_mut().resource_mut::<Messages<AppExit>>().drain().count() > 0;
    send(&mut app, Quit);
    assert!(!has_quit(&mut app) && last_notice(&app).contains("not saved"), "{}", last_notice(&app));
    send(&mut app, Quit);
    assert!(has_quit(&mut app));
    send(&mut app, Reload);
    send(&mut app, Reload);
    assert_eq!(
        app.world().resource::<OpenScene>().0.document.name,
        "Other",
        "the file of the other program is unharmed"
    );
    send(&mut app, add_room("a0"));
    send(&mut app, Save(None));
    let text = std::fs::read_to_string(folder.path().join("scene.ron")).unwrap();
    assert!(text.contains("Other") && text.contains("a0"), "{text}");
}
