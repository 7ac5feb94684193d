//! Measures recording and reading back, and prints a table. Run with `cargo bench -p cupola_history`. With the address of a
//! PostgreSQL database in CUPOLA_BENCH_DATABASE, the histories are schemas of it.
#![allow(clippy::print_stdout, reason = "a benchmark prints its results")]

use cupola_history::{
    Change, History, HistoryPlace, HistoryRecord, LogEntry, LogKind, PropertySource, Recorder, Series, SeriesIx,
    SeriesKey, TextIx, TimelineRecorder, roll_up,
};
use cupola_run::feed::Reading;
use cupola_run::{Actor, Drivers, Event, EventBody, Timeline};
use cupola_twin::zone::TimeZone;
use cupola_twin::{Kind, Quality, State, Value};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

const START_US: i64 = 1_795_996_800_000_000;

fn series_of(recorder: &Recorder, count: u32) -> Vec<SeriesIx> {
    let series = |number: u32| {
        let key =
            SeriesKey { twin: format!("room-{}", number / 10).into(), property: format!("p{}", number % 10).into() };
        recorder.series(&Series { key, kind: Kind::Number, unit: None })
    };
    (0..count).map(series).collect()
}

/// A generator of numbers (SplitMix64).
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

/// Returns a place for a new history, and the folder, which is deleted at the end.
fn new_place(name: &str) -> (HistoryPlace, tempfile::TempDir) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let place = match std::env::var("CUPOLA_BENCH_DATABASE") {
        Ok(address) => HistoryPlace::parse(&format!("{address}?schema=bench_{}_{name}", std::process::id())),
        Err(_) => Ok(folder.path().into()),
    };
    (place.expect("an address"), folder)
}

/// Prints the bytes of the changes on the disk.
fn print_size(place: &HistoryPlace, count: u64) {
    let history = History::open(place).expect("the history");
    let bytes = history.disk_use().expect("the size").changes;
    println!("on disk: {:.1} bytes a change", bytes as f64 / count as f64);
}

/// Measures the time of ticks in which 30,000 readings come, ten times a second, without and with a recorder.
fn measure_ticks() {
    const TWINS: usize = 10_000;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let model = r#"{"@context": "dtmi:dtdl:context;3", "@id": "dtmi:b:Room;1", "@type": "Interface", "contents": [
        {"@type": "Property", "name": "a", "schema": "double"}, {"@type": "Property", "name": "b", "schema": "double"},
        {"@type": "Property", "name": "c", "schema": "double"}]}"#;
    let twins: String = (0..TWINS).map(|number| format!("(id: \"r{number}\", model: \"Room\"),")).collect();
    let rule = r#"computed: [(model: "Room", property: "mean", formula: "(a + b + c) / 3")]"#;
    let scene = format!("(version: 1, name: \"Ticks\", models: [\"m\"], {rule}, twins: [{twins}])");
    std::fs::create_dir(folder.path().join("m")).expect("a folder");
    std::fs::write(folder.path().join("m/m.json"), model).expect("a file");
    std::fs::write(folder.path().join("scene.ron"), scene).expect("a file");
    let loaded = cupola_scene::load(folder.path());
    assert!(loaded.diagnostics.is_empty(), "{:?}", loaded.diagnostics);
    let scene = Arc::new(loaded.scene.expect("the scene"));
    let drivers = Drivers::new(&scene, &mut Vec::new());
    for is_recorded in [false, true] {
        let (place, _folder) = new_place(if is_recorded { "ticks" } else { "none" });
        let mut timeline = Timeline::live(scene.clone(), State::new(scene.topology.clone()), &drivers, START_US);
        let recorder = is_recorded.then(|| Arc::new(TimelineRecorder::open(&place).expect("a new history")));
        if let Some(recorder) = &recorder {
            timeline.record_into(recorder.clone());
        }
        let mut times: Vec<f64> = (1..=200)
            .map(|tick| {
                let now_us = START_US + tick * 100_000;
                let reading = |at: usize| Reading {
                    broker: "".into(),
                    twin: format!("r{}", at / 3).into(),
                    property: ["a", "b", "c"][at % 3].into(),
                    value: Some(Value::Number((tick as f64 + at as f64) % 50.0)),
                    time_us: now_us,
                    arrived_us: now_us,
                    has_source_time: true,
                    is_retained: false,
                    topic: "bench".into(),
                    payload: "".into(),
                    stale_after_us: None,
                };
                let readings = (0..3 * TWINS).map(reading).collect();
                let begin = Instant::now();
                let event = Event::new(now_us, Actor::device("bench"), EventBody::Readings { readings });
                timeline.apply(event).expect("the readings");
                timeline.step(now_us);
                let took = begin.elapsed();
                std::thread::sleep(Duration::from_millis(100).saturating_sub(took));
                took.as_secs_f64() * 1e3
            })
            .collect();
        times.sort_by(f64::total_cmp);
        let skipped = recorder.map_or(0, |recorder| recorder.status().skipped);
        let words = if is_recorded { "recorded" } else { "not recorded" };
        println!(
            "a tick with 30,000 readings, {words}: median {:.1} ms, p99 {:.1} ms, {skipped} skipped",
            times[100], times[198]
        );
    }
}

/// Records rounds of changes of all series like sensors with a resolution of 0.1. Returns the number of changes.
fn record(recorder: &Recorder, count: u32, rounds: i64, step_us: i64) -> u64 {
    let series = series_of(recorder, count);
    let mut noise = Noise(1);
    let mut values: Vec<i64> = (0..count).map(|number| 200 + i64::from(number % 50)).collect();
    let mut batch = Vec::with_capacity(count as usize);
    for round in 0..rounds {
        let taken_us = START_US + round * step_us;
        batch.clear();
        for (series, value) in series.iter().zip(&mut values) {
            let random = noise.next();
            *value += (random % 3) as i64 - 1;
            let (time_us, lane) = (taken_us - (random >> 32) as i64 % 1_000 * 1_000, *value as f64 / 10.0);
            let (quality, cause) = (Quality::Good, TextIx(series.0 + 1));
            batch.push(Change { series: *series, time_us, taken_us, until_us: i64::MAX, quality, cause, lane });
        }
        recorder.push(&batch);
        // The queue is never full, so nothing is skipped.
        if round % 4 == 3 {
            let _ = recorder.flush();
        }
    }
    let _ = recorder.flush();
    u64::from(count) * rounds as u64
}

fn main() {
    measure_ticks();
    let (place, _folder) = new_place("wide");
    let recorder = Recorder::open(&place).expect("a new history");
    let begin = Instant::now();
    let count = record(&recorder, 100_000, 60, 1_000_000);
    let seconds = begin.elapsed().as_secs_f64();
    let status = recorder.status();
    println!("100k series: {:.0} changes/s, {} skipped", count as f64 / seconds, status.skipped);
    drop(recorder);
    print_size(&place, count);

    let (place, _folder) = new_place("many");
    let recorder = Recorder::open(&place).expect("a new history");
    let count = record(&recorder, 1_000_000, 12, 60_000_000);
    drop(recorder);
    print_size(&place, count);
    let history = History::open(&place).expect("the history");
    for (name, at_us) in [("cold", 5), ("warm", 5), ("other moment", 9), ("the end", 11)] {
        let begin = Instant::now();
        let state = history.state_at(START_US + at_us * 60_000_000).expect("the state");
        println!("state of {} series ({name}): {:.0} ms", state.len(), begin.elapsed().as_secs_f64() * 1e3);
    }

    let (place, _folder) = new_place("month");
    let recorder = Recorder::open(&place).expect("a new history");
    let entry = |kind, time_us| {
        let (subject, twin, detail) = (String::new(), String::new(), String::new());
        LogEntry { time_us, kind, subject, twin, detail }
    };
    recorder.log(entry(LogKind::Begun, START_US));
    recorder.log(entry(LogKind::Ended, START_US + 30 * 86_400_000_000));
    let begin = Instant::now();
    let count = record(&recorder, 200, 30 * 1_440, 60_000_000);
    println!("30 days of 200 series each minute: {:.1} s", begin.elapsed().as_secs_f64());
    drop(recorder);
    print_size(&place, count);
    let begin = Instant::now();
    let history = History::open(&place).expect("the history");
    println!("opening: {:.1} ms", begin.elapsed().as_secs_f64() * 1e3);
    for name in ["cold", "warm"] {
        let begin = Instant::now();
        let found = history.changes(SeriesIx(77), (START_US, START_US + 30 * 86_400_000_000)).expect("the changes");
        println!(
            "one property over 30 days ({name}): {} changes, {:.1} ms",
            found.len(),
            begin.elapsed().as_secs_f64() * 1e3
        );
    }
    drop(history);
    let recorder = Recorder::open(&place).expect("the history");
    let begin = Instant::now();
    let mut number = |all: &[Series]| Ok(all.iter().map(|series| recorder.series(series)).collect());
    let rolled = roll_up(&place, None, &mut number, START_US + 31 * 86_400_000_000, &AtomicBool::new(false));
    println!("roll-ups: {} days in {:.1} s", rolled.expect("the roll-ups").rolled, begin.elapsed().as_secs_f64());
    let past = HistoryRecord::open(&place).expect("the history").expect("changes");
    let (source, span_us) = (PropertySource::Recorded(vec![SeriesIx(77)]), (START_US, START_US + 30 * 86_400_000_000));
    for name in ["cold", "warm"] {
        let begin = Instant::now();
        let hour_us = 3_600_000_000;
        let found = past.buckets(None, &source, span_us, hour_us, &TimeZone::UTC, &AtomicBool::new(false));
        let count = found.expect("the buckets").first().map_or(0, |(_, all)| all.len());
        println!("its {count} hours from roll-ups ({name}): {:.1} ms", begin.elapsed().as_secs_f64() * 1e3);
    }

    let (place, _folder) = new_place("year");
    let recorder = Recorder::open(&place).expect("a new history");
    recorder.log(entry(LogKind::Begun, START_US));
    record(&recorder, 200, 365 * 24, 3_600_000_000);
    drop(recorder);
    let begin = Instant::now();
    let past = HistoryRecord::open(&place).expect("the history").expect("changes");
    println!("opening a year for reading: {:.1} ms", begin.elapsed().as_secs_f64() * 1e3);
    drop(past);
    let begin = Instant::now();
    let recorder = Recorder::open(&place).expect("the history");
    println!("opening a year for recording: {:.1} ms", begin.elapsed().as_secs_f64() * 1e3);
    drop(recorder);
}
