//! Tests of boilers and chillers in a simulated building: their effect on rooms, and diagnostics of mistakes.

use crate::support::{cupola, json, repository};
use serde_json::Value;

fn run(scene: &str, arguments: &[&str]) -> Value {
    let output = cupola(&[&["run", scene, "--json"][..], arguments].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    json(&output)
}

fn value(report: &Value, name: &str) -> f64 {
    report["values"][name]["value"].as_f64().unwrap_or_else(|| panic!("{name} has no number"))
}

/// Returns a folder with a copy of the office scene in a hot July.
fn in_july() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let (scene, from) = (folder.path().join("scenes/office"), repository("scenes/office"));
    std::fs::create_dir_all(scene.join("models")).unwrap();
    std::fs::create_dir_all(folder.path().join("assets")).unwrap();
    std::fs::copy(repository("assets/office.glb"), folder.path().join("assets/office.glb")).unwrap();
    for model in std::fs::read_dir(from.join("models")).unwrap() {
        let model = model.unwrap();
        std::fs::copy(model.path(), scene.join("models").join(model.file_name())).unwrap();
    }
    let text = std::fs::read_to_string(from.join("scene.ron")).unwrap();
    let text = text.replace("2026-01-12T07", "2026-07-13T07").replace("mean_c: 4.0", "mean_c: 27.0");
    std::fs::write(scene.join("scene.ron"), text).unwrap();
    folder
}

#[test]
fn an_office_without_boiler_is_cold_the_next_morning() {
    let morning = ["--for", "24h"];
    let on = run("scenes/office", &morning);
    let off = run("scenes/office", &[&morning[..], &["--set", "boiler.enabled=false"]].concat());
    let rooms = "harbour-office.temperature";
    assert!(value(&off, rooms) < value(&on, rooms) - 1.5, "{} and {}", value(&on, rooms), value(&off, rooms));
    assert!(value(&off, "ahu-1.supplyTemperature") < value(&on, "ahu-1.supplyTemperature") - 2.0);
    assert!(value(&on, "boiler.gasEnergy") > 50.0 && value(&off, "boiler.gasEnergy") == 0.0);
    assert_eq!(value(&on, "harbour-office.gasEnergy"), value(&on, "boiler.gasEnergy"));
    let comfort = |report: &Value| value(report, "harbour-office.comfort");
    assert!(comfort(&off) < comfort(&on) - 5.0, "{} and {}", comfort(&on), comfort(&off));
}

#[test]
fn rooms_are_warmer_if_the_chiller_is_small_or_off() {
    let folder = in_july();
    let scene = folder.path().join("scenes/office");
    let afternoon = |set: &[&str]| run(scene.to_str().unwrap(), &[&["--for", "7h"][..], set].concat());
    let (on, off) = (afternoon(&[]), afternoon(&["--set", "chiller.enabled=false"]));
    let small = afternoon(&["--set", "chiller.capacity=20"]);
    let rooms = |report: &Value| value(report, "chiller.servedTemperature");
    assert!(rooms(&on) + 0.5 < rooms(&small) && rooms(&small) + 0.5 < rooms(&off), "{}", rooms(&small));
    assert!(value(&on, "chiller.power") > 1_000.0 && value(&off, "chiller.power") == 0.0);
    // A chiller rated at 20 kW gives a little more while its condenser is cool.
    assert!((10.0..25.0).contains(&value(&small, "chiller.coldOutput")));
    assert_eq!(value(&on, "boiler.heatOutput"), 0.0);
    let colder = afternoon(&["--set", "ahu-1.supplySetpoint=14"]);
    assert!(value(&colder, "ahu-1.supplyTemperature") < value(&on, "ahu-1.supplyTemperature") - 3.0);
}

#[test]
fn mistakes_in_plants_have_a_place_and_a_suggestion() {
    let folder = in_july();
    let scene = folder.path().join("scenes/office/scene.ron");
    let good = std::fs::read_to_string(&scene).unwrap();
    let boiler =
        r#"kind: condensing_boiler, serves: ["feeds", "serves.contains"], on: "enabled", capacity_w: "capacity""#;
    assert!(good.contains(boiler));
    for (bad, code, what) in [
        (r#"kind: boiler, serves: ["feeds"]"#, "unknown-word", "condensing_boiler"),
        (r#"kind: gas_boiler, serves: ["feed"]"#, "unknown-relationship", "did you mean `feeds`?"),
        (r#"kind: gas_boiler, serves: ["serves"]"#, "serves-nothing", "`boiler` serves no room"),
        (r#"kind: chiller, serves: ["serves.contains"]"#, "serves-nothing", "no air handling unit"),
        (r#"kind: gas_boiler, serves: ["feeds"], on: "capacity""#, "wrong-type", "a boolean is needed"),
        (r#"kind: gas_boiler, serves: ["feeds"], capacity_w: "servedTemperature""#, "wrong-unit", "kilowatt"),
        (r#"kind: gas_boiler, serves: ["feeds"], capacity_w: -3.0"#, "out-of-range", "not -3"),
        (r#"kind: gas_boiler, serves: ["feeds"], efficiency: 90.0"#, "out-of-range", "from 0.1 to 20"),
    ] {
        std::fs::write(&scene, good.replace(boiler, bad)).unwrap();
        let output = cupola(&["check", scene.parent().unwrap().to_str().unwrap()]);
        let told = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        let line = told.lines().find(|line| line.contains(code)).unwrap_or_else(|| panic!("{bad}: {told}"));
        assert!(line.contains(what) && line.contains("scene.ron:"), "{bad}: {line}");
    }
}
