//! Changes for the tests, and the state that they should give.

use cupola_history::{Change, History, HistoryPlace, Recorder, Series, SeriesIx, SeriesKey};
use cupola_twin::{Kind, Quality};
use std::collections::BTreeMap;

pub const DAY_US: i64 = 86_400_000_000;
/// 2026-11-30T00:00:00Z.
pub const START_US: i64 = 1_795_996_800_000_000;

pub fn series(number: u32) -> Series {
    let key = SeriesKey { twin: format!("room-{number}").into(), property: "temperature".into() };
    Series { key, kind: Kind::Number, unit: Some("degreeCelsius".into()) }
}

pub fn change(recorder: &Recorder, number: u32, time_us: i64, taken_us: i64, lane: f64) -> Change {
    let (series, cause) = (recorder.series(&series(number)), recorder.text("building/temperature"));
    Change { series, time_us, taken_us, until_us: i64::MAX, quality: Quality::Good, cause, lane }
}

/// The state that a reader should find: for each series the change with the latest source time, of those the last one.
pub fn expected(changes: &[Change], moment_us: i64) -> BTreeMap<SeriesIx, (i64, u64)> {
    let mut state: BTreeMap<SeriesIx, (i64, u64)> = BTreeMap::new();
    for change in changes.iter().filter(|change| change.taken_us <= moment_us) {
        let known = state.entry(change.series).or_insert((i64::MIN, 0));
        if change.time_us >= known.0 {
            *known = (change.time_us, change.lane.to_bits());
        }
    }
    state
}

pub fn check_state(history: &History, changes: &[Change], moment_us: i64) {
    let found = history.state_at(moment_us).unwrap();
    let found: BTreeMap<SeriesIx, (i64, u64)> =
        found.iter().map(|change| (change.series, (change.time_us, change.lane.to_bits()))).collect();
    assert_eq!(found, expected(changes, moment_us), "at {moment_us}");
}

/// Records three days, and returns the changes.
pub fn recorded(place: impl Into<HistoryPlace>) -> Vec<Change> {
    let recorder = Recorder::open(place).unwrap();
    let mut all = Vec::new();
    for day in 0..3 {
        for at in 0..2_000_i64 {
            let time_us = START_US + day * DAY_US + at * 10_000_000;
            all.push(change(&recorder, (at % 20) as u32, time_us, time_us, (at as f64).sin()));
        }
        recorder.push(&all[all.len() - 2_000..]);
        recorder.flush().unwrap();
    }
    all
}
