//! Tests of recording and reading back, in a folder and in a database: against a model, and across programs that are killed.

#![allow(clippy::unwrap_used, reason = "tests")]

mod postgres;
mod support;

use cupola_history::{
    Change, History, HistoryError, HistoryPlace, LogEntry, LogKind, Recorder, Series, SeriesIx, check,
};
use cupola_twin::Kind;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::process::{Command, Stdio};
use support::{DAY_US, START_US, change, check_state, series};

/// Returns a place of each kind for a new history, and the folder, which is deleted at the end.
fn places() -> ([HistoryPlace; 2], tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    ([folder.path().into(), HistoryPlace::parse(&postgres::address()).unwrap()], folder)
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
        let (places, _folder) = places();
        for place in places {
        let mut recorder = Recorder::open(&place).unwrap();
        let (mut all, mut now_us) = (Vec::new(), START_US);
        for ((number, pause_us, delay_us, lane), restarts) in rows.iter().copied().zip(restarts.iter().copied()) {
            now_us += pause_us;
            let made = change(&recorder, number, now_us - delay_us, now_us, lane);
            recorder.push(&[made]);
            all.push(made);
            if restarts {
                recorder.flush().unwrap();
                drop(recorder);
                recorder = Recorder::open(&place).unwrap();
            }
        }
        recorder.flush().unwrap();
        let history = History::open(&place).unwrap();
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
        prop_assert_eq!(check(&place, false).unwrap().damage, vec![]);
        }
    }
}

#[test]
fn names_texts_and_the_log_stay() {
    let (places, _folder) = places();
    for place in places {
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
            let recorder = Recorder::open(&place).unwrap();
            log.iter().for_each(|entry| recorder.log(entry.clone()));
            (recorder.series(&series(7)), recorder.text("tödlich\n\"quoted\""))
        };
        let recorder = Recorder::open(&place).unwrap();
        assert_eq!((recorder.series(&series(7)), recorder.text("tödlich\n\"quoted\"")), (first, text));
        let other = Series { kind: Kind::Integer, ..series(7) };
        assert_ne!(recorder.series(&other), first, "a property of another kind is another series");
        recorder.flush().unwrap();
        let history = History::open(&place).unwrap();
        assert_eq!(history.log((0, 5)).unwrap(), log[..2]);
        assert_eq!(history.text(text), "tödlich\n\"quoted\"");
        assert_eq!(history.series().len(), 2);
    }
}

#[test]
fn one_program_records_and_others_read() {
    let (places, _folder) = places();
    for place in places {
        assert!(matches!(History::open(&place), Err(HistoryError::None(_))));
        let recorder = Recorder::open(&place).unwrap();
        assert!(matches!(Recorder::open(&place), Err(HistoryError::Locked(_))));
        let history = History::open(&place).unwrap();
        recorder.push(&[change(&recorder, 1, START_US, START_US, 20.0)]);
        recorder.flush().unwrap();
        assert_eq!(history.state_at(i64::MAX).unwrap().len(), 1);
        assert_eq!(history.span_us().unwrap(), Some((START_US, START_US)));
        drop(recorder);
        Recorder::open(&place).unwrap();
    }
}

#[test]
fn a_newer_history_is_refused() {
    let (places, folder) = places();
    for place in &places {
        drop(Recorder::open(place).unwrap());
    }
    let catalog = rusqlite::Connection::open(folder.path().join("catalog.db")).unwrap();
    catalog.pragma_update(None, "user_version", 99).unwrap();
    drop(catalog);
    let HistoryPlace::Database(database) = &places[1] else { unreachable!() };
    let mut client = ::postgres::Client::connect(&postgres::database(), ::postgres::NoTls).unwrap();
    client.execute(&format!("UPDATE {}.about SET format = 99", database.schema()), &[]).unwrap();
    for place in &places {
        for error in [Recorder::open(place).unwrap_err(), History::open(place).unwrap_err()] {
            assert!(error.to_string().contains("newer Cupola"), "{error}");
        }
    }
}

#[test]
fn an_overloaded_recorder_keeps_the_newest_of_each_series() {
    let (places, _folder) = places();
    for place in places {
        let recorder = Recorder::open(&place).unwrap();
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
        let history = History::open(&place).unwrap();
        assert!(history.state_at(i64::MAX).unwrap().iter().all(|change| change.lane == rounds as f64));
        let log = history.log((i64::MIN, i64::MAX)).unwrap();
        assert!(log.iter().any(|entry| entry.kind == LogKind::Dropped && entry.detail.contains("2999000")), "{log:?}");
    }
}

/// Records a numbered series until it is killed: each change has the next number as its value, and each number is
/// printed after it has reached the disk.
#[test]
#[ignore = "the program that the test of kills starts"]
#[allow(clippy::print_stdout, reason = "the parent reads the numbers")]
fn record_until_killed() {
    let Ok(place) = std::env::var("CUPOLA_TEST_HISTORY") else { return };
    let place = HistoryPlace::parse(&place).unwrap();
    // A database may not have noticed yet that the program before was killed.
    let recorder = std::iter::repeat_with(|| Recorder::open(&place)).find_map(Result::ok).unwrap();
    let history = History::open(&place).unwrap();
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
    let (places, _folder) = places();
    for place in places {
        let program = std::env::current_exe().unwrap();
        let mut committed = 0_i64;
        let kills = if std::env::var_os("CUPOLA_TEST_KILLS").is_some() { 200 } else { 20 };
        for round in 0..kills {
            let mut child = Command::new(&program)
                .args(["record_until_killed", "--exact", "--ignored", "--nocapture"])
                .env("CUPOLA_TEST_HISTORY", place.to_string())
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
            let history = History::open(&place).unwrap();
            let found = history.changes(SeriesIx(0), (i64::MIN, i64::MAX)).unwrap();
            // Numbered changes show what is missing, what is there twice and what is foreign.
            let numbers: Vec<i64> = found.iter().map(|change| change.lane as i64).collect();
            let whole: Vec<i64> = (1..=numbers.len() as i64).collect();
            assert_eq!(numbers, whole, "round {round}");
            assert!(numbers.len() as i64 >= committed, "round {round}: {} of {committed}", numbers.len());
        }
        assert_eq!(check(&place, false).unwrap().damage, vec![]);
    }
}

#[test]
fn a_lost_connection_is_opened_again() {
    let place = HistoryPlace::parse(&postgres::address()).unwrap();
    let HistoryPlace::Database(database) = &place else { unreachable!() };
    let mut client = ::postgres::Client::connect(&postgres::database(), ::postgres::NoTls).unwrap();
    let recorder = Recorder::open(&place).unwrap();
    let mut end_connections = || {
        let sql = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND (classid::bigint << 32) \
                   + objid::bigint = hashtextextended('cupola history ' || $1, 0)";
        let ended = client.query(sql, &[&database.schema()]).unwrap();
        assert_eq!(ended.len(), 1, "the recorder has the lock");
    };
    for number in 1..=30_i64 {
        let at_us = START_US + number * 1_000_000;
        recorder.push(&[change(&recorder, 1, at_us, at_us, number as f64)]);
        let entry = LogEntry {
            time_us: at_us,
            kind: LogKind::Command,
            subject: format!("{number}"),
            twin: "a zero \0".into(),
            detail: String::new(),
        };
        recorder.log(entry);
        if number % 10 == 5 {
            end_connections();
        }
        if number % 10 < 7 {
            // The first write after the loss fails, and is tried again.
            let _ = recorder.flush();
        }
    }
    recorder.flush().unwrap();
    let history = History::open(&place).unwrap();
    let found = history.changes(SeriesIx(0), (i64::MIN, i64::MAX)).unwrap();
    let numbers: Vec<i64> = found.iter().map(|change| change.lane as i64).collect();
    assert_eq!(numbers, (1..=30).collect::<Vec<i64>>());
    let subjects: Vec<String> =
        history.log((i64::MIN, i64::MAX)).unwrap().into_iter().map(|entry| entry.subject).collect();
    assert_eq!(subjects, (1..=30).map(|number| number.to_string()).collect::<Vec<_>>());
    // A program that records in the meantime gives numbers to series, so the first one must not go on.
    end_connections();
    let other = std::iter::repeat_with(|| Recorder::open(&place)).find_map(Result::ok).unwrap();
    drop(other);
    recorder.push(&[change(&recorder, 2, START_US, START_US, 0.0)]);
    let whys: Vec<String> = (0..3).filter_map(|_| recorder.flush().err()).collect();
    assert!(whys.iter().any(|why| why.contains("another program has recorded")), "{whys:?}");
}

#[test]
fn damaged_blocks_of_a_database_are_set_aside() {
    let place = HistoryPlace::parse(&postgres::address()).unwrap();
    let HistoryPlace::Database(database) = &place else { unreachable!() };
    let all = support::recorded(&place);
    let whole = check(&place, false).unwrap();
    assert!(whole.damage.is_empty() && whole.blocks >= 5, "{whole:?}");
    let mut client = ::postgres::Client::connect(&postgres::database(), ::postgres::NoTls).unwrap();
    let sql = "UPDATE $.page SET data = set_byte(data, 40, get_byte(data, 40) # 16) WHERE day = \
               (SELECT min(day) + 1 FROM $.day)";
    let flipped = client.execute(&sql.replace('$', database.schema()), &[]).unwrap();
    assert!(flipped > 0);
    assert_eq!(check(&place, false).unwrap().damage.len() as u64, flipped);
    let repaired = check(&place, true).unwrap();
    assert!(repaired.damage.iter().all(|damage| damage.is_set_aside), "{repaired:?}");
    assert!(check(&place, false).unwrap().damage.is_empty());
    let history = History::open(&place).unwrap();
    check_state(&history, &all, START_US + DAY_US - 1);
    check_state(&history, &all, START_US + 3 * DAY_US);
}
