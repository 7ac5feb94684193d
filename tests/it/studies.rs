//! Tests of studies as people write them: `tests/cases/studies` has one fault or rule in each file.

use crate::support::{cupola, json, repository, shared_data};
use serde_json::Value;
use std::process::Output;

fn run(name: &str, duration: &str, more: &[&str]) -> Output {
    let study = repository("tests/cases/studies").join(name);
    cupola(&[&["run", study.to_str().unwrap(), "--for", duration, "--json"][..], more].concat())
}

/// Returns the report of a study.
fn report(name: &str, duration: &str) -> Value {
    let output = run(name, duration, &[]);
    assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
    json(&output)
}

fn number(report: &Value, pointer: &str) -> f64 {
    report.pointer(pointer).and_then(Value::as_f64).unwrap_or_else(|| panic!("{pointer}"))
}

#[test]
fn rules_of_the_manual_hold() {
    let cases = [
        // Where the set-points cross, heating keeps the one for cooling, and the 14 hours of a day are unmet.
        ("crossed.ron", "24h", "/zones/0/unmet_heating_h", 14.0),
        ("crossed-schedules.ron", "24h", "/zones/0/unmet_heating_h", 24.0),
        // Unmet hours are those of the sensor.
        ("operative.ron", "24h", "/zones/0/unmet_heating_h", 24.0),
        // A condensing boiler has its rated efficiency of 0.92 at a return temperature of 60 °C: 4.8 kWh of heat.
        ("cond80.ron", "24h", "/energy/gas_kwh/heating", 4.8 / 0.92),
        // 100 m³/h from 0 to 20 °C.
        ("free-heat.ron", "24h", "/zones/0/supply_heating_kwh", 16.15),
        // The adaptive method needs the day before.
        ("occupied-hours.ron", "24h", "/zones/0/comfort/adaptive_h", 0.0),
        // 1 kW day and night: 12 hours of 0.1 and 12 hours of 0.4 kg/kWh.
        ("emission-schedule.ron", "24h", "/energy/co2e_kg", 6.0),
    ];
    for (name, duration, pointer, expected) in cases {
        let found = number(&report(name, duration), pointer);
        assert!((found - expected).abs() < 0.01, "{name} {pointer}: {found}, expected {expected}");
    }
    let free = report("free-heat.ron", "24h");
    assert!(number(&free, "/energy/gas_kwh/heating") > 16.15, "the plant makes the heat of the supply air");
}

#[test]
fn faults_are_refused_or_warned_of_with_advice() {
    let cases = [
        ("boiler-eff3.5.ron", "out-of-range", "higher heating value", false),
        ("u-7.ron", "out-of-range", "at most 5.9", false),
        ("schedule-percent.ron", "odd-share", "80 % is 0.8", true),
        ("crossed-schedules.ron", "crossed-setpoints", "keeps the set-point for cooling", true),
        ("crossed.ron", "crossed-setpoints", "5110 hours", true),
        ("no-time-zone.ron", "odd-time-zone", "time_zone_h: -7", true),
        ("partition-twice.ron", "partition-twice", "list it once", true),
    ];
    for (name, code, word, is_valid) in cases {
        let study = repository("tests/cases/studies").join(name);
        let output = cupola(&["check", study.to_str().unwrap()]);
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(output.status.success(), is_valid, "{name}: {text}");
        assert!(text.contains(code) && text.contains(word), "{name}: {text}");
    }
    for (arguments, word) in [
        (&["--for", "365"][..], "365d"),
        (&["--set", "nothing.at_all=3"], "this run is a study"),
        (&["--steps", "x.csv", "--set", "a.b=1"], "this run is a study"),
    ] {
        let study = repository("tests/cases/studies/crossed.ron");
        let output = cupola(&[&["run", study.to_str().unwrap()], arguments].concat());
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains(word), "{arguments:?}");
    }
    // A fault of notation is told, also with the options of studies.
    let folder = tempfile::tempdir().unwrap();
    let broken = folder.path().join("s.ron");
    std::fs::write(&broken, "(version: 1, name: \"s\", physics: (tier: five))").unwrap();
    let output = cupola(&["run", broken.to_str().unwrap(), "--for", "24h", "--steps", "x.csv"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        String::from_utf8_lossy(&output.stderr).contains("s.ron:1:"),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn prices_and_capacities_in_other_units_are_warned_of() {
    let text = std::fs::read_to_string(repository("tests/cases/studies/cond80.ron")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    for (from, to, word) in [
        ("plant: (", "plant: (tariff: (electricity_kwh: 25), ", "not in cents"),
        ("plant: (", "plant: (emissions: (electricity_kg_kwh: 300), ", "300 g are 0.3"),
        ("capacity_w: 200", "capacity_w: 24", "24000"),
        ("kind: condensing_boiler", "kind: condensing_boiler, efficiency: 1.07", "0.96"),
        ("kind: condensing_boiler", "kind: gas_boiler, efficiency: 85", "0.85"),
    ] {
        let path = folder.path().join("s.ron");
        std::fs::write(&path, text.replacen(from, to, 1)).unwrap();
        let output = cupola(&["check", path.to_str().unwrap()]);
        let found = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(found.contains(word), "{to}: {found}");
    }
}

#[test]
#[ignore = "needs the data in ../shared/data"]
fn windows_that_cool_are_not_heated_against() {
    let chicago = shared_data("weather/USA_IL_Chicago-OHare.Intl.AP.725300_TMY3.epw");
    let text = std::fs::read_to_string(repository("tests/cases/studies/ventilation.ron")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.ron");
    for tier in ["multi_node", "r5c1"] {
        for minutes in [1, 10, 60] {
            let fields = format!("tier: {tier}, step_minutes: {minutes}, start: (temp");
            std::fs::write(&path, text.replacen("start: (temp", &fields, 1)).unwrap();
            let arguments =
                ["run", path.to_str().unwrap(), "--for", "365d", "--json", "--weather", chicago.to_str().unwrap()];
            let output = cupola(&arguments);
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            let heating = number(&json(&output), "/heating_kwh");
            assert!(heating < 1.0, "{tier}, {minutes} min: {heating} kWh");
        }
    }
}
