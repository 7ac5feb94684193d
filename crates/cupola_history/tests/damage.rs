//! Tests of a history in a folder whose files are damaged, or can't be written: a full disk, errors of the device, writes of
//! a part, and failed syncs.

#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use cupola_history::{
    Change, History, HistoryRecord, LogEntry, LogKind, PropertySource, Recorder, Series, SeriesIx, check, roll_up,
};
use cupola_twin::zone::TimeZone;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::AtomicBool;
use support::{DAY_US, START_US, change, check_state, recorded, series};

/// Returns the files of a folder and the folders inside it, without the lock.
fn files_of(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().flatten().map(|entry| entry.path());
    let mut files: Vec<PathBuf> =
        entries.flat_map(|path| if path.is_dir() { files_of(&path) } else { vec![path] }).collect();
    files.retain(|path| path.extension().is_some_and(|end| end == "db"));
    files.sort();
    files
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

#[test]
fn damaged_roll_ups_are_found_and_made_again() {
    let folder = tempfile::tempdir().unwrap();
    recorded(folder.path());
    let begun =
        |kind, time_us| LogEntry { time_us, kind, subject: String::new(), twin: String::new(), detail: String::new() };
    let recorder = Recorder::open(folder.path()).unwrap();
    recorder.log(begun(LogKind::Begun, START_US));
    recorder.log(begun(LogKind::Ended, START_US + 3 * DAY_US));
    recorder.flush().unwrap();
    let roll = |recorder: &Recorder| {
        let mut number = |all: &[Series]| Ok(all.iter().map(|series| recorder.series(series)).collect());
        let now_us = START_US + 4 * DAY_US;
        roll_up(folder.path(), None, &mut number, now_us, &AtomicBool::new(false)).unwrap().rolled
    };
    let hours = || {
        let record = HistoryRecord::open(folder.path()).unwrap().unwrap();
        let (source, span_us) = (PropertySource::Recorded(vec![SeriesIx(3)]), (START_US, START_US + 3 * DAY_US));
        let found = record.buckets(None, &source, span_us, 3_600_000_000, &TimeZone::UTC, &AtomicBool::new(false));
        (found.unwrap(), record.history().passed_over().len())
    };
    assert_eq!(roll(&recorder), 3);
    let (whole, _) = hours();
    let file = folder.path().join("rollups").join("2026-12.db");
    let connection = rusqlite::Connection::open(&file).unwrap();
    let flipped = connection.execute("UPDATE roll SET data = zeroblob(length(data)) WHERE day % 2 = 0", []).unwrap();
    drop(connection);
    assert_eq!(check(folder.path(), false).unwrap().damage.len(), flipped);
    drop(recorder);
    let repair = || {
        let repaired = check(folder.path(), true).unwrap();
        assert!(!repaired.damage.is_empty() && repaired.damage.iter().all(|damage| damage.is_set_aside));
        assert!(check(folder.path(), false).unwrap().damage.is_empty());
    };
    repair();
    let recorder = Recorder::open(folder.path()).unwrap();
    assert_eq!(roll(&recorder), 1);
    assert_eq!(hours(), (whole.clone(), 0));
    // A file that is no database costs nothing while the changes are there, and is told.
    std::fs::write(&file, b"no database").unwrap();
    assert_eq!(hours(), (whole.clone(), 1));
    drop(recorder);
    repair();
    assert_eq!(hours(), (whole, 0));
}

/// The kinds of faults, as `faults.c` knows them, and whether every such fault is an error of a flush.
#[cfg(target_os = "linux")]
const FAULTS: [(&str, bool); 4] = [("full", true), ("error", true), ("short", false), ("y", true)];

/// Records numbered changes while writes fail, and checks that all of them are there.
#[test]
#[cfg(target_os = "linux")]
#[ignore = "the program that the test of faults starts"]
fn record_with_faults() {
    let (Some(folder), Some(control)) =
        (std::env::var_os("CUPOLA_TEST_HISTORY"), std::env::var_os("CUPOLA_TEST_FAULTS"))
    else {
        return;
    };
    let set = |fault: &str| std::fs::write(&control, fault).unwrap();
    set("none");
    let recorder = Recorder::open(Path::new(&folder)).unwrap();
    let (mut number, day_us) = (0_i64, DAY_US);
    for day in 0..3 {
        for (fault, is_error) in FAULTS {
            set(fault);
            let mut errors = 0;
            for _ in 0..12 {
                number += 1;
                let at_us = START_US + day * day_us + number * 1_000_000;
                recorder.push(&[change(&recorder, number as u32 % 40, at_us, at_us, number as f64)]);
                errors += usize::from(recorder.flush().is_err());
            }
            assert!(!is_error || errors > 0, "{fault}: no write failed");
            set("none");
            recorder.flush().unwrap();
        }
    }
    assert_eq!(recorder.status().written, number as u64);
    drop(recorder);
    let history = History::open(Path::new(&folder)).unwrap();
    let mut found: Vec<i64> = (0..40)
        .flat_map(|series| history.changes(SeriesIx(series), (i64::MIN, i64::MAX)).unwrap())
        .map(|change| change.lane as i64)
        .collect();
    found.sort_unstable();
    assert_eq!(found, (1..=number).collect::<Vec<i64>>());
    assert_eq!(check(Path::new(&folder), false).unwrap().damage, vec![]);
}

#[test]
#[cfg(target_os = "linux")]
fn a_recorder_loses_nothing_while_writes_fail() {
    let folder = tempfile::tempdir().unwrap();
    let (library, source) = (folder.path().join("faults.so"), concat!(env!("CARGO_MANIFEST_DIR"), "/tests/faults.c"));
    let built = Command::new("cc").args(["-shared", "-fPIC", "-o"]).arg(&library).args([source, "-ldl"]).status();
    assert!(built.unwrap().success());
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["record_with_faults", "--exact", "--ignored", "--nocapture"])
        .env("CUPOLA_TEST_HISTORY", folder.path().join("history"))
        .env("CUPOLA_TEST_FAULTS", folder.path().join("kind"))
        .env("LD_PRELOAD", &library)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&child.stderr) + String::from_utf8_lossy(&child.stdout);
    assert!(child.status.success(), "{said}");
}
