//! Tests of the command line: answers, exit codes and reproducible output.

use crate::support::{MODELS, cupola, repository, scene_folder, small_scene};
use bevy::asset::RenderAssetUsages;
use bevy::image::{CompressedImageFormats, Image, ImageSampler, ImageType};
use std::process::Output;

fn text(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn two_runs_of_a_day_give_the_same_output() {
    let day = || cupola(&["run", "scenes/office", "--source", "simulated", "--for", "24h", "--speed", "max", "--json"]);
    let (first, second) = (day(), day());
    assert!(first.status.success());
    assert!(first.stdout == second.stdout, "two runs differ");
    let report: serde_json::Value = serde_json::from_slice(&first.stdout).unwrap();
    assert_eq!(report["ticks"], 1440);
    assert_eq!(report["end"], "2026-01-13T07:00:00Z");
}

#[test]
fn set_changes_the_simulation() {
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
fn exit_codes_distinguish_bad_input_from_bad_calls() {
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
        (&["render", "scenes/office", "--out", "x.png", "--source", "replay"], 2),
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
fn check_prints_diagnostics_as_json() {
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
fn rows_of_queries_have_the_format_of_azure_digital_twins() {
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
fn why_explains_down_to_the_sensor_and_the_source_line() {
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
    assert!(depth >= 2, "the explanation must have the levels building, room and sensor");
    assert_eq!(here["origin"], "the simulation");
    let given = cupola(&["why", "scenes/office", "room-201.area"]);
    assert!(text(&given).contains("scene.ron:"), "{}", text(&given));
}

/// A plan of two rooms side by side.
const TWO_ROOMS: &str = r#"(version: 1, storeys: [(id: "f1", elevation_m: 0, height_m: 3, rooms: [
  (id: "r1", polygon: [(0, 0), (6, 0), (6, 6), (0, 6)], furniture: false),
  (id: "r2", polygon: [(6, 0), (12, 0), (12, 6), (6, 6)], furniture: false)])])"#;

/// Draws a scene of two rooms with these properties and returns the mean colour of `room`, as red, green and blue from
/// 0 to 255. The picture flies to the room, whose floor is slightly above the middle. The range of the colours is 18 °C
/// to 28 °C.
fn colour_of(room: &str, first: &str, second: &str) -> [f32; 3] {
    let scene = format!(
        r#"(version: 1, name: "Two rooms", models: ["models"], building: (plan: "plan.ron"),
          twins: [(id: "f1", model: "Floor"), (id: "r1", model: "Room", properties: {{{first}}}),
                  (id: "r2", model: "Room", properties: {{{second}}})],
          relationships: [(from: "f1", name: "contains", to: "r1"), (from: "f1", name: "contains", to: "r2")],
          view: (color_by: "temperature", range: (18, 28)))"#
    );
    let folder = scene_folder(MODELS, &scene);
    std::fs::write(folder.path().join("plan.ron"), TWO_ROOMS).unwrap();
    let out = folder.path().join("room.png");
    let arguments = ["render", folder.path().to_str().unwrap(), "--select", room, "--size", "480x320"];
    let output = cupola(&[&arguments[..], &["--out", out.to_str().unwrap()]].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let bytes = std::fs::read(out).unwrap();
    let (kind, formats) = (ImageType::Extension("png"), CompressedImageFormats::NONE);
    let picture =
        Image::from_buffer(&bytes, kind, formats, true, ImageSampler::Default, RenderAssetUsages::default()).unwrap();
    let mut sum = [0.0; 3];
    for at in 0..100 {
        let pixel = picture.get_color_at(220 + at % 10, 130 + at / 10).unwrap().to_srgba();
        for (sum, part) in sum.iter_mut().zip([pixel.red, pixel.green, pixel.blue]) {
            *sum += part * 255.0 / 100.0;
        }
    }
    sum
}

#[test]
fn rooms_in_pictures_have_the_colours_of_their_values() {
    let (cold, warm) = ("\"temperature\": 18.0", "\"temperature\": 28.0");
    let difference = |a: [f32; 3], b: [f32; 3]| a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    let first = colour_of("r1", cold, warm);
    let second = colour_of("r2", cold, warm);
    let swapped = colour_of("r1", warm, cold);
    let none = colour_of("r1", "", warm);
    // The colours depend on the values and not on the rooms, so swapped values give swapped colours.
    assert!(difference(first, second) > 60.0, "{first:?} {second:?}");
    assert!(difference(first, swapped) > 60.0, "{first:?} {swapped:?}");
    assert!(difference(second, swapped) < 30.0, "{second:?} {swapped:?}");
    assert!(difference(none, first) > 30.0 && difference(none, second) > 30.0, "{none:?} {first:?} {second:?}");
}

#[test]
fn pictures_can_include_panels() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("panels.png");
    let arguments = ["render", "scenes/office", "--size", "480x300", "--panels", "--select", "room-201"];
    let output = cupola(&[&arguments[..], &["--out", out.to_str().unwrap()]].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(std::fs::read(out).unwrap().starts_with(b"\x89PNG"));
}

#[test]
fn the_examples_in_the_manual_of_events_can_be_applied() {
    let manual = std::fs::read_to_string(repository("docs/events.md")).unwrap();
    let mut lines: Vec<&str> = manual.lines().filter(|line| line.starts_with("{\"time\"")).collect();
    assert!(lines.len() >= 5);
    lines.sort_unstable();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("events.jsonl");
    std::fs::write(&file, lines.join("\n")).unwrap();
    let output = cupola(&["run", "scenes/office", "--for", "3h", "--json", "--events", file.to_str().unwrap()]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
