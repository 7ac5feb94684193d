//! Measures recording and reading back, and prints a table. Run with `cargo bench -p cupola_history`.
#![allow(clippy::print_stdout, reason = "a benchmark prints its results")]

use cupola_history::{Change, History, Recorder, Series, SeriesIx, SeriesKey, TextIx};
use cupola_twin::{Kind, Quality};
use std::path::Path;
use std::time::Instant;

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

fn size_of(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(
            |entry| {
                if entry.path().is_dir() {
                    size_of(&entry.path())
                } else {
                    entry.metadata().map_or(0, |data| data.len())
                }
            },
        )
        .sum()
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
    let folder = tempfile::tempdir().expect("a temporary folder");
    let recorder = Recorder::open(folder.path()).expect("a new history");
    let begin = Instant::now();
    let count = record(&recorder, 100_000, 60, 1_000_000);
    let seconds = begin.elapsed().as_secs_f64();
    let status = recorder.status();
    println!("100k series: {:.0} changes/s, {} skipped", count as f64 / seconds, status.skipped);
    drop(recorder);
    println!("on disk: {:.1} bytes a change", size_of(&folder.path().join("days")) as f64 / count as f64);

    let folder = tempfile::tempdir().expect("a temporary folder");
    let recorder = Recorder::open(folder.path()).expect("a new history");
    let count = record(&recorder, 1_000_000, 12, 60_000_000);
    drop(recorder);
    println!("1M series: on disk {:.1} bytes a change", size_of(&folder.path().join("days")) as f64 / count as f64);
    let history = History::open(folder.path()).expect("the history");
    for (name, at_us) in [("cold", 5), ("warm", 5), ("other moment", 9), ("the end", 11)] {
        let begin = Instant::now();
        let state = history.state_at(START_US + at_us * 60_000_000).expect("the state");
        println!("state of {} series ({name}): {:.0} ms", state.len(), begin.elapsed().as_secs_f64() * 1e3);
    }

    let folder = tempfile::tempdir().expect("a temporary folder");
    let recorder = Recorder::open(folder.path()).expect("a new history");
    let begin = Instant::now();
    let count = record(&recorder, 200, 30 * 1_440, 60_000_000);
    println!("30 days of 200 series each minute: {:.1} s", begin.elapsed().as_secs_f64());
    drop(recorder);
    println!("on disk: {:.1} bytes a change", size_of(&folder.path().join("days")) as f64 / count as f64);
    let begin = Instant::now();
    let history = History::open(folder.path()).expect("the history");
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
}
