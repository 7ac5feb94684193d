//! Tests of local time: parts of times, schedules, weather, feeds and the command line follow the zone of the building
//! through daylight saving.

use crate::support::{cupola, json, repository, scene_folder};
use cupola_run::{Drivers, Timeline};
use cupola_scene::ZoneSource;
use cupola_twin::zone;
use cupola_twin::{State, Value};
use serde_json::json;
use std::fmt::Write;
use std::path::Path;

const CLOCK: &str = r#"{"@context": "dtmi:dtdl:context;3", "@id": "dtmi:x:Clock;1", "@type": "Interface", "contents": [
  {"@type": "Property", "name": "at", "schema": "dateTime"},
  {"@type": "Property", "name": "zone", "schema": "string"}]}"#;

const ROOM: &str = r#"{"@context": ["dtmi:dtdl:context;3", "dtmi:dtdl:extension:quantitativeTypes;1"], "@id": "dtmi:x:Room;1", "@type": "Interface", "contents": [
  {"@type": "Property", "name": "area", "schema": "double"},
  {"@type": "Property", "name": "people", "schema": "integer"},
  {"@type": ["Property", "Temperature"], "name": "outdoors", "schema": "double", "unit": "degreeCelsius"}]}"#;

fn us(text: &str) -> i64 {
    cupola_wire::parse_rfc3339(text).unwrap()
}

/// Returns what a command prints on standard output, after checking that it succeeds.
fn text(arguments: &[&str]) -> String {
    let output = cupola(arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn parts_of_times_are_local_in_formulas_and_queries() {
    // Year, month, day, weekday (Monday is 1), hour and minute before and after changes of daylight saving.
    let cases = [
        ("Europe/Berlin", "2026-03-29T00:59:00Z", [2026, 3, 29, 7, 1, 59]),
        ("Europe/Berlin", "2026-03-29T01:00:00Z", [2026, 3, 29, 7, 3, 0]),
        ("Europe/Berlin", "2026-10-25T00:30:00Z", [2026, 10, 25, 7, 2, 30]),
        ("Europe/Berlin", "2026-10-25T01:30:00Z", [2026, 10, 25, 7, 2, 30]),
        ("Europe/Berlin", "2026-12-31T23:30:00Z", [2027, 1, 1, 5, 0, 30]),
        ("America/New_York", "2026-03-08T06:59:00Z", [2026, 3, 8, 7, 1, 59]),
        ("America/New_York", "2026-03-08T07:00:00Z", [2026, 3, 8, 7, 3, 0]),
        ("America/New_York", "2026-11-01T05:30:00Z", [2026, 11, 1, 7, 1, 30]),
        ("America/New_York", "2026-11-01T06:30:00Z", [2026, 11, 1, 7, 1, 30]),
        ("America/New_York", "2027-01-01T03:00:00Z", [2026, 12, 31, 4, 22, 0]),
        ("Australia/Lord_Howe", "2026-04-04T14:59:00Z", [2026, 4, 5, 7, 1, 59]),
        ("Australia/Lord_Howe", "2026-04-04T15:00:00Z", [2026, 4, 5, 7, 1, 30]),
        ("Australia/Lord_Howe", "2026-10-03T15:30:00Z", [2026, 10, 4, 7, 2, 30]),
        ("-03:30", "2026-07-01T00:00:00Z", [2026, 6, 30, 2, 20, 30]),
    ];
    let parts = ["YEAR", "MONTH", "DAY", "WEEKDAY", "HOUR", "MINUTE"];
    for (zone, at, expected) in cases {
        let mut computed = String::new();
        for part in parts {
            let lower = part.to_lowercase();
            write!(computed, "(model: \"Clock\", property: \"{lower}\", formula: \"{part}(at)\"),").unwrap();
            write!(computed, "(model: \"Clock\", property: \"{lower}There\", formula: \"{part}(at, '{zone}')\"),")
                .unwrap();
            write!(computed, "(model: \"Clock\", property: \"{lower}Named\", formula: \"{part}(at, zone)\"),").unwrap();
        }
        let scene = |zone_field: &str| {
            format!(
                "(version: 1, name: \"Clock\", {zone_field} models: [\"models\"], twins: [(id: \"c\", model: \"Clock\", \
                 properties: {{\"at\": \"{at}\", \"zone\": \"{zone}\"}})], computed: [{computed}])"
            )
        };
        let here = scene_folder(CLOCK, &scene(&format!("time_zone: \"{zone}\",")));
        let elsewhere = scene_folder(CLOCK, &scene("time_zone: \"Asia/Kolkata\","));
        for (folder, endings) in [(&here, &["", "There", "Named"][..]), (&elsewhere, &["There", "Named"][..])] {
            let scene = cupola_scene::load(folder.path()).scene.unwrap();
            let mut state = State::new(scene.topology.clone());
            state.propagate();
            for (part, value) in parts.iter().zip(expected) {
                for ending in endings {
                    let slot = scene.topology.slot_named(&format!("c.{}{ending}", part.to_lowercase())).unwrap();
                    assert_eq!(state.value(slot), Some(Value::Integer(value)), "{part}{ending} of {at} in {zone}");
                }
            }
        }
        let asked: Vec<String> = parts.iter().map(|part| format!("{part}(C.at) AS {part}")).collect();
        let query = format!("SELECT {} FROM DIGITALTWINS C", asked.join(", "));
        let answer = json(&cupola(&["query", here.path().to_str().unwrap(), &query, "--format", "json"]));
        let there = query.replace("(C.at)", "(C.at, C.zone)");
        let answer_there = json(&cupola(&["query", elsewhere.path().to_str().unwrap(), &there, "--format", "json"]));
        for answer in [answer, answer_there] {
            let found: Vec<i64> = parts.iter().map(|part| answer[0][part].as_i64().unwrap()).collect();
            assert_eq!(found, expected, "{at} in {zone}");
        }
    }
}

#[test]
fn dates_are_local_and_unknown_zones_are_refused() {
    let folder = scene_folder(
        CLOCK,
        r#"(version: 1, name: "Clock", time_zone: "Europe/Berlin", models: ["models"],
            twins: [(id: "c", model: "Clock", properties: {"at": "2026-03-29T22:30:00Z"})])"#,
    );
    let path = folder.path().to_str().unwrap();
    let count = |condition: &str| {
        let query = format!("SELECT COUNT() AS n FROM DIGITALTWINS C WHERE {condition}");
        json(&cupola(&["query", path, &query, "--format", "json"]))[0]["n"].clone()
    };
    assert_eq!(count("C.at >= '2026-03-30'"), json!(1));
    assert_eq!(count("C.at >= '2026-03-30T00:45'"), json!(0));
    assert_eq!(count("C.at < '2026-03-30T00:00:00Z'"), json!(1));
    let output = cupola(&["query", path, "SELECT HOUR(C.at, 'Europe/Berln') AS h FROM DIGITALTWINS C"]);
    assert_eq!(output.status.code(), Some(1));
    let message = String::from_utf8_lossy(&output.stderr).to_string();
    assert!(message.contains("unknown-zone") && message.contains("did you mean `Europe/Berlin`?"), "{message}");
    // Tables and CSV show local time, JSON is in UTC.
    let query = "SELECT C.at FROM DIGITALTWINS C";
    for format in ["table", "csv"] {
        assert!(text(&["query", path, query, "--format", format]).contains("2026-03-30T00:30:00+02:00"), "{format}");
    }
    assert!(text(&["query", path, query, "--format", "json"]).contains("2026-03-29T22:30:00Z"));
    // A text that is made of a time is for people.
    let query = "SELECT CONCAT('since ', C.at) AS s FROM DIGITALTWINS C";
    let answer = json(&cupola(&["query", path, query, "--format", "json"]));
    assert_eq!(answer[0]["s"], "since 2026-03-30T00:30:00+02:00");
}

#[test]
fn a_scene_says_its_zone_and_wrong_ones_are_found() {
    let scene = |fields: &str, simulation: &str| {
        let simulation = if simulation.is_empty() { String::new() } else { format!("simulation: ({simulation}),") };
        scene_folder(CLOCK, &format!("(version: 1, name: \"C\", {fields} models: [\"models\"], {simulation})"))
    };
    let start = "start: \"2026-03-26T23:00:00Z\"";
    let cases = [
        ("time_zone: \"Europe/Berlin\",", String::new(), "Europe/Berlin", ZoneSource::Scene, None),
        ("", String::new(), "UTC", ZoneSource::Default, None),
        ("", format!("{start}, utc_offset_hours: 5.5"), "+05:30", ZoneSource::UtcOffset, None),
        ("", format!("{start}, utc_offset_hours: 50.0"), "UTC", ZoneSource::Default, Some("wrong-offset")),
        ("time_zone: \"Berlin\",", String::new(), "UTC", ZoneSource::Default, Some("unknown-zone")),
        (
            "time_zone: \"Europe/Berlin\",",
            format!("{start}, utc_offset_hours: 3.0"),
            "Europe/Berlin",
            ZoneSource::Scene,
            Some("zone-twice"),
        ),
        (
            "time_zone: \"Europe/Berlin\",",
            format!("{start}, utc_offset_hours: 1.0"),
            "Europe/Berlin",
            ZoneSource::Scene,
            None,
        ),
    ];
    for (fields, simulation, name, source, code) in cases {
        let folder = scene(fields, &simulation);
        let loaded = cupola_scene::load(folder.path());
        let found = loaded.scene.unwrap().time_zone;
        assert_eq!((zone::name(&found.zone).as_str(), found.source), (name, source), "{fields} {simulation}");
        let codes: Vec<&str> = loaded.diagnostics.iter().map(|found| found.code).collect();
        assert_eq!(codes, Vec::from_iter(code), "{fields} {simulation}");
        if code.is_none() {
            assert!(text(&["check", folder.path().to_str().unwrap()]).contains(&format!("time zone {name}")));
        }
    }
}

/// Returns a simulated timeline of a scene.
fn simulated(path: &Path) -> Timeline {
    let loaded = cupola_scene::load(path);
    let scene = std::sync::Arc::new(loaded.scene.unwrap());
    let mut found = loaded.diagnostics;
    let drivers = Drivers::new(&scene, &mut found);
    assert!(found.is_empty(), "{found:?}");
    Timeline::simulated(scene.clone(), State::new(scene.topology.clone()), &drivers).unwrap()
}

fn number(timeline: &Timeline, name: &str) -> f64 {
    match timeline.state().value(timeline.scene().topology.slot_named(name).unwrap()) {
        Some(Value::Integer(number)) => number as f64,
        Some(Value::Number(number)) => number,
        other => panic!("{name} is {other:?}"),
    }
}

#[test]
fn people_keep_local_hours_through_daylight_saving() {
    // People come to an office at the same local time on the Friday before and the Monday after the change.
    let rooms: String =
        (0..40).map(|room| format!("(id: \"r{room}\", model: \"Room\", properties: {{\"area\": 60.0}}),")).collect();
    let scene = |zone: &str, start: &str| {
        scene_folder(
            ROOM,
            &format!(
                "(version: 1, name: \"DST\", time_zone: \"{zone}\", models: [\"models\"], twins: [{rooms}], simulation: \
                 (start: \"{start}\", step: \"5m\", zones: [(model: \"Room\", area: \"area\", people: 10.0)], shows: \
                 [(model: \"Room\", property: \"people\", quantity: people)]))"
            ),
        )
    };
    let people_at = |zone: &str, start: &str, at: &str| {
        let folder = scene(zone, start);
        let mut timeline = simulated(folder.path());
        timeline.step(us(at));
        (0..40).map(|room| number(&timeline, &format!("r{room}.people"))).sum::<f64>()
    };
    // 07:30 UTC is 08:30 in winter, when the first people are there, and 09:30 in summer, when most are.
    let before = people_at("Europe/Berlin", "2026-03-27T06:00:00Z", "2026-03-27T07:30:00Z");
    let after = people_at("Europe/Berlin", "2026-03-30T06:00:00Z", "2026-03-30T07:30:00Z");
    assert!(after > 1.3 * before, "{before} and {after}");
    let shifted = people_at("Europe/Berlin", "2026-03-30T05:00:00Z", "2026-03-30T06:30:00Z");
    assert!((shifted - before).abs() < 0.3 * before, "{before} and {shifted}");
    let fixed = people_at("+01:00", "2026-03-30T06:00:00Z", "2026-03-30T07:30:00Z");
    assert!((fixed - before).abs() < 0.3 * before, "{before} and {fixed}");
    // A start without a zone is local.
    let local = people_at("Europe/Berlin", "2026-03-30T07:00", "2026-03-30T06:30:00Z");
    assert_eq!(local, shifted);
}

/// Returns a weather file whose temperature is the hour of the record's end plus a hundredth of the day of the year.
fn weather(zone_h: f64, longitude_deg: f64) -> String {
    let mut text = format!(
        "LOCATION,Anywhere,X,Y,TMY3,1,52.4,{longitude_deg},{zone_h},30.0\nDESIGN CONDITIONS,0\nTYPICAL/EXTREME PERIODS,0\n\
         GROUND TEMPERATURES,0\nHOLIDAYS/DAYLIGHT SAVINGS,No,0,0,0\nCOMMENTS 1,x\nCOMMENTS 2,x\n\
         DATA PERIODS,1,1,Data,Friday,1/1,12/31\n"
    );
    let months = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let mut day_of_year = 0;
    for (month, days) in (1..).zip(months) {
        for day in 1..=days {
            for hour in 1..=24 {
                let celsius = f64::from(hour) + f64::from(day_of_year) / 100.0;
                writeln!(
                    text,
                    "1999,{month},{day},{hour},0,?,{celsius},0,50,101000,0,0,300,0,0,0,0,0,0,0,180,3,5,5,20,20000,9,9,10,0.1,0,88,0.2,0,1"
                )
                .unwrap();
            }
            day_of_year += 1;
        }
    }
    text
}

#[test]
fn a_weather_file_is_read_at_the_local_date_and_hour_in_every_year() {
    let cases = [
        // A record is at the end of its hour, in standard time.
        ("2026-01-01T12:00:00+01:00", 12.0),
        ("2026-07-01T13:00:00+02:00", 12.0 + 1.81),
        ("2033-07-01T12:00:00+01:00", 12.0 + 1.81),
        ("2051-12-31T09:00:00+01:00", 9.0 + 3.64),
        // A leap year repeats 28 February.
        ("2028-02-28T15:00:00+01:00", 15.0 + 0.58),
        ("2028-02-29T15:00:00+01:00", 15.0 + 0.58),
        ("2028-03-01T15:00:00+01:00", 15.0 + 0.59),
        ("2096-12-30T15:00:00+01:00", 15.0 + 3.63),
    ];
    for (at, expected) in cases {
        let start = zone::local_text(us(at) - 60_000_000, &zone::TimeZone::UTC);
        let scene = format!(
            "(version: 1, name: \"W\", time_zone: \"Europe/Berlin\", models: [\"models\"], twins: [(id: \"r\", model: \
             \"Room\", properties: {{\"area\": 20.0}})], simulation: (start: \"{start}\", weather: (file: \"w.epw\"), \
             zones: [(model: \"Room\", area: \"area\", people: 1.0)], shows: [(model: \"Room\", property: \"outdoors\", quantity: \
             outdoor_temperature)]))"
        );
        let folder = scene_folder(ROOM, &scene);
        std::fs::write(folder.path().join("w.epw"), weather(1.0, 13.1)).unwrap();
        let mut timeline = simulated(folder.path());
        // The outdoor temperature is that of the beginning of the step.
        timeline.step(us(at) + 60_000_000);
        let found = number(&timeline, "r.outdoors");
        assert!((found - expected).abs() < 0.05, "{at}: {found}, expected {expected}");
    }
}

#[test]
fn the_place_of_the_weather_file_gives_the_zone_and_a_wrong_one_is_said() {
    let scene = |zone: &str| {
        scene_folder(
            ROOM,
            &format!(
                "(version: 1, name: \"W\", {zone} models: [\"models\"], simulation: (start: \"2026-07-01T10:00:00Z\", \
                 weather: (file: \"w.epw\")))"
            ),
        )
    };
    let cases = [
        ("", 1.0, 13.1, "Europe/Berlin", ZoneSource::Weather, false),
        ("", 5.75, 85.3, "Asia/Kathmandu", ZoneSource::Weather, false),
        ("", 5.25, 78.0, "+05:15", ZoneSource::Weather, false),
        ("time_zone: \"America/Denver\",", 1.0, 13.1, "America/Denver", ZoneSource::Scene, true),
        ("time_zone: \"Europe/Vienna\",", 1.0, 13.1, "Europe/Vienna", ZoneSource::Scene, false),
    ];
    for (fields, hours, longitude, name, source, is_wrong) in cases {
        let folder = scene(fields);
        std::fs::write(folder.path().join("w.epw"), weather(hours, longitude)).unwrap();
        let loaded = cupola_scene::load(folder.path());
        let scene = loaded.scene.unwrap();
        let found = &scene.time_zone;
        assert_eq!((zone::name(&found.zone).as_str(), found.source), (name, source), "{fields} {hours}");
        let mut diagnostics = loaded.diagnostics;
        let _ = Drivers::new(&scene, &mut diagnostics);
        assert_eq!(diagnostics.iter().any(|found| found.code == "weather-zone"), is_wrong, "{diagnostics:?}");
    }
}

#[test]
fn a_moment_on_the_command_line_is_local() {
    let office = repository("scenes/office");
    let office = office.to_str().unwrap();
    let ask = |at: &str| {
        let query = "SELECT T.$dtId, T.temperature FROM DIGITALTWINS T WHERE T.$dtId = 'room-101'";
        text(&["query", office, query, "--at", at, "--format", "json"])
    };
    assert_eq!(ask("2026-01-12T09:30"), ask("2026-01-12T08:30:00Z"));
    let output = cupola(&["query", office, "SELECT T FROM DIGITALTWINS T", "--at", "noon"]);
    assert_eq!(output.status.code(), Some(2));
    let report = text(&["run", office, "--for", "10m"]);
    assert!(report.contains("2026-01-12T08:00:00+01:00 to 2026-01-12T08:10:00+01:00"), "{report}");
    assert!(text(&["run", office, "--for", "10m", "--json"]).contains("2026-01-12T07:10:00Z"));
}
