//! Tests of events: commands, files of events, and the reasons for which an event is refused.

use super::*;

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
fn a_command_is_judged_and_changes_only_its_property() {
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
    assert_eq!(raised(&app, simulated).len(), 1, "the alarm must be judged after the command");
    // A command that sets the present value again changes no noisy reading of the next hour.
    let after = |commands: &[f64]| {
        let (mut app, simulated, _folder) = run(commands);
        step(&mut app, simulated, 60);
        number(&app, simulated, "r2.temperature").unwrap().to_bits()
    };
    assert_eq!(after(&[]), after(&[21.0]), "the noise of a sensor must not enter the heat of a room");
}

#[test]
fn events_from_a_file_give_the_same_day_as_actions() {
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
    assert_eq!(std::fs::read(&again).unwrap(), text, "the record of a run must equal its file of events");
}

#[test]
fn a_failed_command_changes_nothing_and_is_reported() {
    let command = r#"{"@type": "Command", "name": "heat", "request": {"name": "to", "schema": "double"},
    "response": {"name": "done", "schema": "boolean"}}, {"@type": "Property", "name": "occupied""#;
    let models = MODELS.replace(r#"{"@type": "Property", "name": "occupied""#, command);
    for (response, why) in [("request", "doesn't fit"), ("nosuch", "nosuch")] {
        let commands = COMMANDS.replace(r#""request"}"#, &format!(r#""request"}}, response: "{response}""#));
        let folder = scene_folder(&models, &small_scene(&SIMULATION.replace("zones:", &commands)));
        let line = r#"{"time": "2026-01-12T08:05:00Z", "actor": {"kind": "person", "name": "Ada"},
            "event": {"command": {"twin": "r1", "command": "heat", "request": 25.0}}}"#;
        let file = folder.path().join("events.jsonl");
        std::fs::write(&file, line.replace('\n', " ")).unwrap();
        let scene = folder.path().to_str().unwrap();
        let report = json(&cupola(&["run", scene, "--for", "10m", "--json", "--events", file.to_str().unwrap()]));
        assert_eq!(report["commands"][0]["outcome"], "failed", "{report}");
        assert!(report["commands"][0]["error"].as_str().unwrap().contains(why), "{report}");
        assert!(report["values"].get("r1.setpoint").is_none(), "{report}");
    }
}

#[test]
fn a_simulation_ends_with_the_calendar() {
    let folder = scene_folder(MODELS, &small_scene(&SIMULATION.replace("2026-01-12T08", "9999-12-30T21")));
    let output = cupola(&["run", folder.path().to_str().unwrap(), "--for", "10h", "--json"]);
    assert_eq!(json(&output)["end"], "9999-12-30T22:00:00Z");
    assert!(String::from_utf8_lossy(&output.stderr).contains("the calendar ends"));
}

#[test]
fn the_order_of_the_lines_holds_within_a_step() {
    let (_app, folder) = app();
    let line = |time: &str, event: String| {
        format!(r#"{{"time": "{time}", "actor": {{"kind": "person", "name": "Ada"}}, "event": {event}}}"#)
    };
    let set = |time: &str| line(time, r#"{"set": {"twin": "r1", "property": "setpoint", "value": 22}}"#.into());
    let read = |time: &str| {
        let reading = r#""twin": "r1", "property": "setpoint", "value": 23"#;
        let times = format!(r#""time": "{time}", "arrived": "{time}""#);
        line(time, format!(r#"{{"readings": {{"readings": [{{{reading}, {times}}}]}}}}"#))
    };
    let (early, late) = ("2026-01-12T08:05:10Z", "2026-01-12T08:05:50Z");
    for (lines, last) in [([set(early), read(late)], 23.0), ([read(early), set(late)], 22.0)] {
        let file = folder.path().join("events.jsonl");
        std::fs::write(&file, lines.join("\n")).unwrap();
        let (scene, events) = (folder.path().to_str().unwrap(), file.to_str().unwrap());
        let report = json(&cupola(&["run", scene, "--for", "10m", "--json", "--events", events]));
        assert_eq!(report["values"]["r1.setpoint"]["value"], last, "{lines:?}");
    }
}

#[test]
fn invalid_events_are_refused_with_a_reason() {
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
