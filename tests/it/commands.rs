//! The command line: answers, exit codes and reproducible output.

use crate::support::{MODELS, cupola, scene_folder, small_scene};
use std::process::Output;

fn text(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn a_day_is_the_same_day_again() {
    let day = || cupola(&["run", "scenes/office", "--source", "simulated", "--for", "24h", "--speed", "max", "--json"]);
    let (first, second) = (day(), day());
    assert!(first.status.success());
    assert!(first.stdout == second.stdout, "two runs differ");
    let report: serde_json::Value = serde_json::from_slice(&first.stdout).unwrap();
    assert_eq!(report["ticks"], 1440);
    assert_eq!(report["end"], "2026-01-13T07:00:00Z");
}

#[test]
fn a_switch_thrown_on_the_command_line_tells() {
    let mean = |set: &[&str]| {
        let mut arguments = vec!["run", "scenes/office", "--for", "4h", "--json"];
        set.iter().for_each(|set| arguments.extend(["--set", set]));
        let report: serde_json::Value = serde_json::from_slice(&cupola(&arguments).stdout).unwrap();
        report["values"]["harbour-office.co2"]["value"].as_f64().unwrap()
    };
    let (on, off) = (mean(&[]), mean(&["ahu-1.enabled=false", "ahu-2.enabled=false", "ahu-3.enabled=false"]));
    assert!(off > on + 200.0, "{on} ppm with air handling, {off} without");
}

#[test]
fn exit_codes_tell_the_input_from_the_call() {
    let broken = scene_folder(MODELS, &small_scene("").replace("contains.temperature", "contains.temprature"));
    let broken = broken.path().to_str().unwrap();
    for (arguments, code) in [
        (&["check", "scenes/office", "scenes/hospital"][..], 0),
        (&["check", broken], 1),
        (&["check", "no/such/scene"], 1),
        (&["check"], 2),
        (&["nonsense", "--x"], 2),
        (&["query", "scenes/office", "SELECT nothing"], 1),
        (&["query", "scenes/office", "SELECT T.temprature FROM DIGITALTWINS T"], 1),
        (&["query", "scenes/office", "SELECT COUNT() FROM DIGITALTWINS", "--at", "noon", "--timeline", "simulated"], 2),
        (&["why", "scenes/office", "room-999.temperature"], 1),
        (&["run", "scenes/office", "--for", "soon"], 2),
        (&["run", "scenes/office", "--for", "1m", "--set", "harbour-office.temperature=3"], 1),
        (&["run", broken, "--for", "1m"], 1),
        (&["run", "scenes/office", "--source", "replay"], 1),
        (&["run", "scenes/office", "--set", "ahu-1.enabled"], 2),
        (&["run", "scenes/office", "--speed", "1e-20"], 2),
        (
            &[
                "query",
                "scenes/office",
                "SELECT COUNT() FROM DIGITALTWINS",
                "--at",
                "2020-01-01T00:00:00Z",
                "--timeline",
                "simulated",
            ],
            2,
        ),
        (&["render", "scenes/office", "--out", "x.png", "--source", "replay"], 1),
        (&["check", "src/cli"], 1),
        (&["render", "scenes/office", "--out", "x.png", "--size", "huge"], 2),
        (&["render", "scenes/office", "--out", "x.png", "--floor", "attic"], 1),
        (&["--version"], 0),
        (&["--help"], 0),
    ] {
        let output = cupola(arguments);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(!errors.contains("panicked"), "{errors}");
    }
}

#[test]
fn check_speaks_to_machines() {
    let broken = scene_folder(MODELS, &small_scene("").replace("contains.temperature", "contains.temprature"));
    let models = broken.path().join("models/models.json");
    let output = cupola(&[
        "check",
        "--json",
        "--separately",
        broken.path().to_str().unwrap(),
        models.to_str().unwrap(),
        "scenes/office",
    ]);
    let lines: Vec<serde_json::Value> = text(&output).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.iter().map(|line| line["valid"].as_bool().unwrap()).collect::<Vec<_>>(), [false, true, true]);
    let found = &lines[0]["diagnostics"][0];
    assert_eq!((found["severity"].as_str(), found["code"].as_str()), (Some("error"), Some("unknown-property")));
    assert_eq!((found["line"].as_u64(), found["column"].as_u64()), (Some(11), Some(72)), "{found}");
    assert_eq!(found["suggestion"], "did you mean `temperature`?");
    assert!(found["file"].as_str().unwrap().ends_with("scene.ron"));
}

#[test]
fn queries_give_rows_like_the_service() {
    let ask = |query: &str| {
        let output = cupola(&[
            "query",
            "scenes/office",
            query,
            "--format",
            "json",
            "--timeline",
            "simulated",
            "--at",
            "2026-01-12T11:00:00Z",
        ]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice::<serde_json::Value>(&output.stdout).unwrap()
    };
    let rooms = ask(
        "SELECT T.$dtId, T.temperature FROM DIGITALTWINS F JOIN T RELATED F.contains WHERE F.$dtId = 'floor-2' AND T.temperature > 0",
    );
    assert!(rooms.as_array().unwrap().len() > 10, "{rooms}");
    assert!(rooms[0]["$dtId"].as_str().unwrap().starts_with("room-2") && rooms[0]["temperature"].is_number());
    let whole = ask("SELECT * FROM DIGITALTWINS T WHERE T.$dtId = 'room-201'");
    assert_eq!(whole[0]["$metadata"]["$model"], "dtmi:cupola:office:Room;1");
    assert_eq!(whole[0]["$metadata"]["temperature"]["lastUpdateTime"], "2026-01-12T11:00:00Z");
    assert_eq!(
        ask("SELECT COUNT() FROM DIGITALTWINS T WHERE IS_OF_MODEL(T, 'dtmi:cupola:office:Floor;1')")[0]["COUNT"],
        5
    );
    assert_eq!(ask("SELECT TOP(3) T FROM DIGITALTWINS T").as_array().unwrap().len(), 3);
}

#[test]
fn why_goes_down_to_the_sensor_and_the_line() {
    let output =
        cupola(&["why", "scenes/office", "harbour-office.temperature", "--at", "2026-01-12T09:00:00Z", "--json"]);
    let answer: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let mut here = &answer;
    let mut depth = 0;
    while let Some(input) = here["inputs"].as_array().and_then(|inputs| inputs.first()) {
        assert!(here["formula"].is_string() && here["place"]["line"].is_u64(), "{here}");
        here = input;
        depth += 1;
    }
    assert!(depth >= 2, "building, room, sensor");
    assert_eq!(here["origin"], "the simulation");
    let given = cupola(&["why", "scenes/office", "room-201.area"]);
    assert!(text(&given).contains("scene.ron:"), "{}", text(&given));
}

#[test]
fn pictures_show_the_data() {
    let folder = tempfile::tempdir().unwrap();
    let draw = |name: &str, more: &[&str]| {
        let out = folder.path().join(name);
        let mut arguments = vec!["render", "scenes/office", "--size", "480x300", "--out", out.to_str().unwrap()];
        arguments.extend(more);
        let output = cupola(&arguments);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        std::fs::read(out).unwrap()
    };
    let co2 = draw("co2.png", &["--color-by", "co2"]);
    assert!(co2.starts_with(b"\x89PNG") && co2.len() > 10_000);
    let empty = draw("none.png", &["--color-by", "co2", "--source", "live"]);
    assert!(co2 != empty, "values and their absence look different");
    draw("panels.png", &["--panels", "--select", "room-201"]);
}
