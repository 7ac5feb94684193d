//! Tests of recording and reading back: against a model, across programs that are killed, and with damaged files.

#![allow(clippy::unwrap_used, reason = "tests")]

use cupola_history::{Change, History, HistoryError, LogEntry, LogKind, Recorder, Series, SeriesIx, SeriesKey, check};
use cupola_twin::{Kind, Quality};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const DAY_US: i64 = 86_400_000_000;
/// 2026-11-30T00:00:00Z.
const START_US: i64 = 1_795_996_800_000_000;

fn series(number: u32) -> Series {
    let key = SeriesKey { twin: format!("room-{number}").into(), property: "temperature".into() };
    Series { key, kind: Kind::Number, unit: Some("degreeCelsius".into()) }
}

fn change(recorder: &Recorder, number: u32, time_us: i64, taken_us: i64, lane: f64) -> Change {
    let (series, cause) = (recorder.series(&series(number)), recorder.text("building/temperature"));
    Change { series, time_us, taken_us, until_us: i64::MAX, quality: Quality::Good, cause, lane }
}

/// The state that a reader should find: for each series the change with the latest source time, of those the last one.
fn expected(changes: &[Change], moment_us: i64) -> BTreeMap<SeriesIx, (i64, u64)> {
    let mut state: BTreeMap<SeriesIx, (i64, u64)> = BTreeMap::new();
    for change in changes.iter().filter(|change| change.taken_us <= moment_us) {
        let known = state.entry(change.series).or_insert((i64::MIN, 0));
        if change.time_us >= known.0 {
            *known = (change.time_us, change.lane.to_bits());
        }
    }
    state
}

fn check_state(history: &History, changes: &[Change], moment_us: i64) {
    let found = history.state_at(moment_us).unwrap();
    let found: BTreeMap<SeriesIx, (i64, u64)> =
        found.iter().map(|change| (change.series, (change.time_us, change.lane.to_bits()))).collect();
    assert_eq!(found, expected(changes, moment_us), "at {moment_us}");
}

/// Changes of a few series over three days, with late ones: series, microseconds since the change before, delay, value.
fn changes() -> impl Strategy<Value = Vec<(u32, i64, i64, f64)>> {
    let delay = prop_oneof![4 => Just(0_i64), 1 => 0..DAY_US, 1 => -30_000_000_i64..0];
    prop::collection::vec((0..5_u32, 0..DAY_US / 8, delay, -50.0..50.0_f64), 1..40)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn every_moment_and_every_span_is_read_back(rows in changes(), restarts in prop::collection::vec(any::<bool>(), 40)) {
        let folder = tempfile::tempdir().unwrap();
        let mut recorder = Recorder::open(folder.path()).unwrap();
        let (mut all, mut now_us) = (Vec::new(), START_US);
        for ((number, pause_us, delay_us, lane), restarts) in rows.into_iter().zip(restarts) {
            now_us += pause_us;
            let made = change(&recorder, number, now_us - delay_us, now_us, lane);
            recorder.push(&[made]);
            all.push(made);
            if restarts {
                recorder.flush().unwrap();
                drop(recorder);
                recorder = Recorder::open(folder.path()).unwrap();
            }
        }
        recorder.flush().unwrap();
        let history = History::open(folder.path()).unwrap();
        for moment_us in all.iter().map(|change| change.taken_us).chain([START_US - 1, now_us + DAY_US]) {
            check_state(&history, &all, moment_us);
        }
        // Every change of a series is found at its source time, and the value that holds at the beginning.
        for ix in (0..5).map(SeriesIx) {
            for from_us in [START_US, START_US + DAY_US, START_US + 2 * DAY_US + 12_345] {
                let to_us = from_us + DAY_US;
                let found = history.changes(ix, (from_us, to_us)).unwrap();
                let mut own: Vec<&Change> = all.iter().filter(|change| change.series == ix).collect();
                own.sort_by_key(|change| (change.time_us, change.taken_us));
                let mut last: BTreeMap<i64, f64> = BTreeMap::new();
                last.extend(own.iter().map(|change| (change.time_us, change.lane)));
                let before = last.range(..from_us).next_back();
                let wanted: Vec<(i64, f64)> =
                    before.into_iter().chain(last.range(from_us..=to_us)).map(|(time, lane)| (*time, *lane)).collect();
                let found: Vec<(i64, f64)> = found.iter().map(|change| (change.time_us, change.lane)).collect();
                prop_assert_eq!(found, wanted);
            }
        }
        let taken = history.taken((i64::MIN, i64::MAX)).unwrap();
        prop_assert_eq!(taken.len(), all.len());
        drop(recorder);
        prop_assert_eq!(check(folder.path(), false).unwrap().damage, vec![]);
    }
}

#[test]
fn names_texts_and_the_log_stay() {
    let folder = tempfile::tempdir().unwrap();
    let entry = |time_us, kind, twin: &str| LogEntry {
        time_us,
        kind,
        subject: "warm".into(),
        twin: twin.into(),
        detail: "{\"by\":\"Ada\"}".into(),
    };
    let log =
        [entry(5, LogKind::Raised, "r1"), entry(5, LogKind::Acknowledged, "r1"), entry(9, LogKind::Cleared, "r1")];
    let (first, text) = {
        let recorder = Recorder::open(folder.path()).unwrap();
        log.iter().for_each(|entry| recorder.log(entry.clone()));
        (recorder.series(&series(7)), recorder.text("tödlich\n\"quoted\""))
    };
    let recorder = Recorder::open(folder.path()).unwrap();
    assert_eq!((recorder.series(&series(7)), recorder.text("tödlich\n\"quoted\"")), (first, text));
    let other = Series { kind: Kind::Integer, ..series(7) };
    assert_ne!(recorder.series(&other), first, "a property of another kind is another series");
    recorder.flush().unwrap();
    let history = History::open(folder.path()).unwrap();
    assert_eq!(history.log((0, 5)).unwrap(), log[..2]);
    assert_eq!(history.text(text), "tödlich\n\"quoted\"");
    assert_eq!(history.series().len(), 2);
}

#[test]
fn one_program_records_and_others_read() {
    let folder = tempfile::tempdir().unwrap();
    assert!(matches!(History::open(folder.path()), Err(HistoryError::None(_))));
    let recorder = Recorder::open(folder.path()).unwrap();
    assert!(matches!(Recorder::open(folder.path()), Err(HistoryError::Locked(_))));
    let history = History::open(folder.path()).unwrap();
    recorder.push(&[change(&recorder, 1, START_US, START_US, 20.0)]);
    recorder.flush().unwrap();
    assert_eq!(history.state_at(i64::MAX).unwrap().len(), 1);
    assert_eq!(history.span_us().unwrap(), Some((START_US, START_US)));
    drop(recorder);
    Recorder::open(folder.path()).unwrap();
}

#[test]
fn a_newer_history_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    drop(Recorder::open(folder.path()).unwrap());
    let catalog = rusqlite::Connection::open(folder.path().join("catalog.db")).unwrap();
    catalog.pragma_update(None, "user_version", 99).unwrap();
    drop(catalog);
    for error in [Recorder::open(folder.path()).unwrap_err(), History::open(folder.path()).unwrap_err()] {
        assert!(error.to_string().contains("newer Cupola"), "{error}");
    }
}

#[test]
fn an_overloaded_recorder_keeps_the_newest_of_each_series() {
    let folder = tempfile::tempdir().unwrap();
    let recorder = Recorder::open(folder.path()).unwrap();
    let made: Vec<Change> = (0..1_000).map(|number| change(&recorder, number, 0, 0, 0.0)).collect();
    // One push is one lock of the queue, so the writer can't take a part of it.
    let rounds = 3_000_i64;
    let rows: Vec<Change> = (1..=rounds)
        .flat_map(|round| {
            let at_us = START_US + round;
            made.iter().map(move |change| Change { time_us: at_us, taken_us: at_us, lane: round as f64, ..*change })
        })
        .collect();
    recorder.push(&rows);
    recorder.flush().unwrap();
    let status = recorder.status();
    assert_eq!((status.written, status.skipped), (1_000, rows.len() as u64 - 1_000));
    let history = History::open(folder.path()).unwrap();
    assert!(history.state_at(i64::MAX).unwrap().iter().all(|change| change.lane == rounds as f64));
    let log = history.log((i64::MIN, i64::MAX)).unwrap();
    assert!(log.iter().any(|entry| entry.kind == LogKind::Dropped && entry.detail.contains("2999000")), "{log:?}");
}

/// Records a numbered series until it is killed: each change has the next number as its value, and each number is
/// printed after it has reached the disk.
#[test]
#[ignore = "the program that the test of kills starts"]
#[allow(clippy::print_stdout, reason = "the parent reads the numbers")]
fn record_until_killed() {
    let Some(folder) = std::env::var_os("CUPOLA_TEST_HISTORY") else { return };
    let recorder = Recorder::open(Path::new(&folder)).unwrap();
    let history = History::open(Path::new(&folder)).unwrap();
    let last = history.state_at(i64::MAX).unwrap().first().map_or(0, |change| change.lane as i64);
    for number in last + 1.. {
        let at_us = START_US + number * 1_000_000;
        recorder.push(&[change(&recorder, 1, at_us, at_us, number as f64)]);
        if number % 7 == 0 {
            recorder.flush().unwrap();
            println!("flushed {number}");
        }
    }
}

#[test]
fn a_killed_program_loses_nothing_that_was_committed() {
    use std::io::{BufRead, BufReader};
    let folder = tempfile::tempdir().unwrap();
    let program = std::env::current_exe().unwrap();
    let mut committed = 0_i64;
    let kills = if std::env::var_os("CUPOLA_TEST_KILLS").is_some() { 200 } else { 20 };
    for round in 0..kills {
        let mut child = Command::new(&program)
            .args(["record_until_killed", "--exact", "--ignored", "--nocapture"])
            .env("CUPOLA_TEST_HISTORY", folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // The moment of the kill differs from round to round.
        let wanted = 1 + (round * 7 + 3) % 23;
        let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        for line in lines.filter(|line| line.contains("flushed")).take(wanted) {
            committed = line.rsplit(' ').next().unwrap().parse().unwrap();
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let history = History::open(folder.path()).unwrap();
        let found = history.changes(SeriesIx(0), (i64::MIN, i64::MAX)).unwrap();
        // Numbered changes show what is missing, what is there twice and what is foreign.
        let numbers: Vec<i64> = found.iter().map(|change| change.lane as i64).collect();
        let whole: Vec<i64> = (1..=numbers.len() as i64).collect();
        assert_eq!(numbers, whole, "round {round}");
        assert!(numbers.len() as i64 >= committed, "round {round}: {} of {committed}", numbers.len());
    }
    assert_eq!(check(folder.path(), false).unwrap().damage, vec![]);
}

/// Returns the files of a folder and the folders inside it, without the lock.
fn files_of(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().flatten().map(|entry| entry.path());
    let mut files: Vec<PathBuf> =
        entries.flat_map(|path| if path.is_dir() { files_of(&path) } else { vec![path] }).collect();
    files.retain(|path| path.extension().is_some_and(|end| end == "db"));
    files.sort();
    files
}

fn recorded(folder: &Path) -> Vec<Change> {
    let recorder = Recorder::open(folder).unwrap();
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

#[test]
fn damage_is_found_set_aside_and_does_not_spread() {
    let folder = tempfile::tempdir().unwrap();
    let all = recorded(folder.path());
    let clean = check(folder.path(), false).unwrap();
    assert!(clean.damage.is_empty() && clean.files == 4 && clean.blocks >= 5, "{clean:?}");
    let day = files_of(folder.path()).into_iter().find(|path| path.ends_with("2026-12-01.db")).unwrap();
    let whole = std::fs::read(&day).unwrap();
    let mut found = Vec::new();
    for at in (0..whole.len()).step_by(whole.len() / 60) {
        let mut damaged = whole.clone();
        damaged[at] ^= 0x10;
        std::fs::write(&day, &damaged).unwrap();
        // Whatever is damaged, the other days stay readable, and nothing panics.
        let history = History::open(folder.path()).unwrap();
        check_state(&history, &all, START_US + DAY_US - 1);
        let third = history.changes(SeriesIx(3), (START_US + 2 * DAY_US, START_US + 3 * DAY_US)).unwrap();
        assert!(third.len() >= 100);
        let _ = history.changes(SeriesIx(3), (START_US + DAY_US, START_US + 2 * DAY_US));
        drop(history);
        if !check(folder.path(), false).unwrap().damage.is_empty() {
            found.push(at);
        }
    }
    assert!(found.len() > 10, "most of a file is blocks: flips at {found:?} were found");
    // A repair leaves everything else readable, and nothing is found after it.
    for damaged in [whole[..whole.len() / 2].to_vec(), {
        let mut flipped = whole.clone();
        flipped[found[found.len() / 2]] ^= 0x10;
        flipped
    }] {
        std::fs::write(&day, &damaged).unwrap();
        let repaired = check(folder.path(), true).unwrap();
        assert!(
            !repaired.damage.is_empty() && repaired.damage.iter().all(|damage| damage.is_set_aside),
            "{repaired:?}"
        );
        assert!(check(folder.path(), false).unwrap().damage.is_empty());
        let history = History::open(folder.path()).unwrap();
        check_state(&history, &all, START_US + DAY_US - 1);
        check_state(&history, &all, START_US + 3 * DAY_US);
        drop(history);
        let _ = std::fs::remove_file(&day);
        std::fs::write(&day, &whole).unwrap();
    }
    // The recording goes on in a damaged history.
    std::fs::write(&day, b"no database").unwrap();
    let recorder = Recorder::open(folder.path()).unwrap();
    let made = change(&recorder, 1, START_US + DAY_US + 1, START_US + DAY_US + 1, 1.0);
    recorder.push(&[made]);
    let _ = recorder.flush();
    recorder.push(&[Change { taken_us: START_US + DAY_US + 2, time_us: START_US + DAY_US + 2, ..made }]);
    recorder.flush().unwrap();
    assert_eq!(recorder.status().written, 2);
}

#[test]
fn a_damaged_catalogue_is_restored_from_its_backup() {
    let folder = tempfile::tempdir().unwrap();
    recorded(folder.path());
    // The last series was added after the backup of the last day.
    let recorder = Recorder::open(folder.path()).unwrap();
    let added = change(&recorder, 77, START_US + 3 * DAY_US - 1, START_US + 3 * DAY_US - 1, 5.0);
    recorder.push(&[added]);
    drop(recorder);
    std::fs::write(folder.path().join("catalog.db"), b"no database").unwrap();
    let error = Recorder::open(folder.path()).unwrap_err();
    assert!(error.is_damage(), "{error}");
    assert_eq!(check(folder.path(), false).unwrap().damage.len(), 1);
    let repaired = check(folder.path(), true).unwrap();
    assert!(repaired.damage.len() == 1 && repaired.damage[0].is_set_aside, "{repaired:?}");
    let history = History::open(folder.path()).unwrap();
    let named = history.series();
    let found = named.iter().find(|(_, known)| *known == series(3)).map(|(ix, _)| *ix).unwrap();
    assert_eq!(history.changes(found, (START_US, START_US + DAY_US - 1)).unwrap().len(), 100);
    drop(history);
    let recorder = Recorder::open(folder.path()).unwrap();
    assert!(recorder.series(&series(78)) > added.series, "a number is not given twice");
}
