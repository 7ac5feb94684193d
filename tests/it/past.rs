//! Tests of the past on the screen: replays across programs, steps through the past, trends, and pasts that were recorded
//! elsewhere.

use crate::support::{
    MODELS, cupola, json, last_notice, number, open_by_hand, receive, scene_folder, send, small_scene, tick, timeline,
};
use bevy::prelude::*;
use cupola::history::OpenHistory;
use cupola::timeline::{
    CompareMoment, CompareWith, Comparison, Play, Seek, ShowPast, ShowSource, SourceKind, StepPast, Timeline,
    ViewCursor, WallClock,
};
use cupola::trend::{ChangeTrends, ExportTrends, ToggleTrend, TrendSettings, TrendSpan, Trends};
use cupola_history::{
    Bucket, History, HistoryRecord, LogKind, PastStep, Recorder, Retention, RollResult, Series, TimelineRecorder,
    roll_up,
};
use cupola_twin::zone;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

const SECOND_US: i64 = 1_000_000;
const MINUTE_US: i64 = 60 * SECOND_US;
const START_US: i64 = 1_700_000_000_000_000;

/// An alarm that is raised by time alone.
const HELD: &str = r#"alarms: [(id: "held", model: "Room", when: "HELD_FOR(temperature > 26) >= 30 min", severity: warning, message: "Warm for half an hour")],"#;

/// Opens a scene at a moment, and records its live timeline into a folder.
fn recorded(scene: &Path, folder: &Path, at_us: i64) -> (App, Entity) {
    let mut app = open_by_hand(scene);
    app.insert_resource(WallClock::Manual(at_us));
    tick(&mut app);
    let live = timeline(&mut app, SourceKind::Live);
    let recorder = Arc::new(TimelineRecorder::open(folder).unwrap());
    app.world_mut().get_mut::<Timeline>(live).unwrap().record_into(recorder.clone());
    app.insert_resource(OpenHistory::of(recorder));
    (app, live)
}

fn pass(app: &mut App, us: i64) {
    let now_us = app.world().resource::<WallClock>().now_us();
    app.insert_resource(WallClock::Manual(now_us + us));
    app.update();
}

/// Returns the alarms that the log has: whether one was raised, and the second since the start.
fn alarms_of(folder: &Path) -> Vec<(bool, i64)> {
    let log = History::open(folder).unwrap().log((i64::MIN, i64::MAX)).unwrap();
    let alarms = log.iter().filter(|entry| matches!(entry.kind, LogKind::Raised | LogKind::Cleared));
    alarms.map(|entry| (entry.kind == LogKind::Raised, (entry.time_us - START_US) / SECOND_US)).collect()
}

/// A day with two programs: the temperature of r1 is high for long times, with few readings.
fn day(scene: &Path, folder: &Path) -> App {
    let (mut app, live) = recorded(scene, folder, START_US);
    let play = |app: &mut App, live: Entity, values: &[f64]| {
        for value in values {
            receive(app, live, "r1.temperature", *value);
            for _ in 0..15 {
                pass(app, MINUTE_US);
            }
        }
    };
    play(&mut app, live, &[20.0, 27.0, 28.0, 29.0, 28.5, 21.0, 22.0, 30.0, 30.5]);
    drop(app);
    // The next program begins two hours after the end of the first one.
    let (mut app, live) = recorded(scene, folder, START_US + 5 * 60 * MINUTE_US);
    play(&mut app, live, &[27.0, 27.5, 28.0, 20.0, 20.5]);
    app
}

#[test]
fn a_replay_shows_the_day_before_with_its_alarms() {
    let scene = scene_folder(MODELS, &small_scene(HELD));
    let folder = tempfile::tempdir().unwrap();
    let mut app = day(scene.path(), folder.path());
    send(&mut app, ShowPast(START_US));
    let replay = app.world().resource::<ViewCursor>().timeline;
    let raised = |app: &App| {
        let timeline = app.world().get::<Timeline>(replay).unwrap();
        timeline.alarms().raised.values().map(|raised| (raised.since_us - START_US) / SECOND_US).collect::<Vec<_>>()
    };
    let live = alarms_of(folder.path());
    assert_eq!(
        live.iter().map(|(raised, _)| *raised).collect::<Vec<_>>(),
        [true, false, true, true, false],
        "{live:?}"
    );
    // The past is played in steps of a few minutes, so every alarm is raised and cleared by the replay itself.
    let mut seen = Vec::new();
    for step in 0..375 * 4 {
        send(&mut app, Seek(START_US + step * 15 * SECOND_US));
        let changes = app.world().get::<Timeline>(replay).unwrap().changes().alarms.clone();
        let since = raised(&app);
        seen.extend(changes.iter().map(|change| (change.is_raised, since.first().copied())));
    }
    let wanted: Vec<i64> = live.iter().filter(|(raised, _)| *raised).map(|(_, second)| *second).collect();
    let found: Vec<i64> = seen.iter().filter(|(raised, _)| *raised).filter_map(|(_, since)| *since).collect();
    assert_eq!(found, wanted, "{seen:?}");
    // Going somewhere at once shows the same, also where a condition has held for longer than any window.
    for (minute, wanted) in
        [(70, vec![live[0].1]), (20, vec![]), (44, vec![]), (46, vec![live[0].1]), (80, vec![]), (140, vec![live[2].1])]
    {
        send(&mut app, Seek(START_US + minute * MINUTE_US));
        assert_eq!(raised(&app), wanted, "minute {minute}");
    }
    // A second program forgets how long a condition has held, and so does its replay.
    send(&mut app, Seek(START_US + 329 * MINUTE_US));
    assert_eq!(raised(&app), Vec::<i64>::new());
    send(&mut app, Seek(START_US + 331 * MINUTE_US));
    assert_eq!(raised(&app), vec![live[3].1]);
}

#[test]
fn the_view_compares_with_another_moment() {
    let scene = scene_folder(MODELS, &small_scene(HELD));
    let folder = tempfile::tempdir().unwrap();
    let mut app = day(scene.path(), folder.path());
    let compared = |app: &App| {
        let moment = app.world().resource::<Comparison>().0.as_ref()?;
        let slot = moment.state.topology().slot_named("r1.temperature").unwrap();
        Some((moment.state.get(slot).usable(), (moment.at_us - START_US) / MINUTE_US))
    };
    send(&mut app, CompareMoment(CompareWith::Past(START_US + 50 * MINUTE_US)));
    assert_eq!(compared(&app), Some((29.0, 50)));
    // Before the history there is nothing to compare with, and the comparison stays as it is.
    send(&mut app, CompareMoment(CompareWith::Past(START_US - MINUTE_US)));
    assert!(last_notice(&app).contains("the history begins at"), "{}", last_notice(&app));
    assert_eq!(compared(&app), Some((29.0, 50)));
    send(&mut app, ShowPast(START_US + 20 * MINUTE_US));
    send(&mut app, CompareMoment(CompareWith::Shown));
    assert_eq!(compared(&app), Some((27.0, 20)));
    send(&mut app, CompareMoment(CompareWith::Nothing));
    assert_eq!(compared(&app), None);
    send(&mut app, CompareMoment(CompareWith::Shown));
    assert!(cupola::session::open(app.world_mut(), cupola_scene::load(scene.path())));
    assert_eq!(compared(&app), None, "another scene has other moments");
}

#[test]
fn steps_go_to_the_nearest_change_and_event() {
    let scene = scene_folder(MODELS, &small_scene(HELD));
    let folder = tempfile::tempdir().unwrap();
    let mut app = day(scene.path(), folder.path());
    send(&mut app, ShowPast(START_US + 20 * MINUTE_US));
    let replay = app.world().resource::<ViewCursor>().timeline;
    let minute = |app: &App| (app.world().get::<Timeline>(replay).unwrap().now_us() - START_US) / MINUTE_US;
    assert_eq!(minute(&app), 20);
    let live = alarms_of(folder.path());
    let go = |app: &mut App, step, is_next| send(app, StepPast { step, is_next });
    go(&mut app, PastStep::Change, true);
    assert_eq!((minute(&app), number(&app, replay, "r1.temperature")), (30, Some(28.0)));
    go(&mut app, PastStep::Change, false);
    assert_eq!((minute(&app), number(&app, replay, "r1.temperature")), (15, Some(27.0)));
    go(&mut app, PastStep::Event, true);
    assert_eq!(minute(&app), live[0].1 / 60);
    go(&mut app, PastStep::Event, true);
    assert_eq!(minute(&app), live[1].1 / 60);
    send(&mut app, Seek(START_US));
    go(&mut app, PastStep::Event, false);
    assert!(last_notice(&app).contains("no earlier event"), "{}", last_notice(&app));
    // A typed moment outside the history shows its nearest end.
    send(&mut app, ShowPast(START_US - 60 * MINUTE_US));
    assert_eq!(minute(&app), 0);
    send(&mut app, ShowSource(SourceKind::Live));
    go(&mut app, PastStep::Change, true);
    assert!(last_notice(&app).contains("only a replay"), "{}", last_notice(&app));
}

#[test]
fn trends_show_the_past_and_are_written_into_files() {
    let scene = scene_folder(MODELS, &small_scene(HELD));
    let folder = tempfile::tempdir().unwrap();
    let mut app = day(scene.path(), folder.path());
    send(&mut app, ToggleTrend("r1.nonsense".into()));
    assert!(last_notice(&app).contains("nonsense"), "{}", last_notice(&app));
    send(&mut app, ToggleTrend("r1.temperature".into()));
    send(&mut app, ToggleTrend("f1.mean".into()));
    let settings = app.world().resource::<Trends>().settings.clone();
    let span = TrendSpan::Between(START_US, START_US + 400 * MINUTE_US);
    send(&mut app, ChangeTrends(TrendSettings { span, ..settings }));
    app.update();
    let data = app.world().resource::<Trends>().data().unwrap().clone();
    assert_eq!(data.lines.iter().map(|line| line.name.as_str()).collect::<Vec<_>>(), ["r1.temperature", "f1.mean"]);
    for line in &data.lines {
        // The two programs are two parts, with a gap between them.
        assert_eq!(line.segments.len(), 2, "{line:?}");
        let values: Vec<f64> = line.segments[1].points.iter().map(|point| point[1]).collect();
        assert_eq!((values[0], values[values.len() - 1]), (27.0, 20.5));
    }
    let minutes = |span: &(i64, i64)| ((span.0 - START_US) / MINUTE_US, (span.1 - START_US) / MINUTE_US);
    assert!(data.gaps.iter().map(minutes).any(|gap| gap.0 >= 120 && gap.1 == 300), "{:?}", data.gaps);
    assert_eq!(data.events.len(), 3);
    let out = tempfile::tempdir().unwrap();
    for (name, wanted) in [("a.csv", "r1.temperature,28.5"), ("a.svg", "<polyline")] {
        send(&mut app, ExportTrends(out.path().join(name)));
        let text = std::fs::read_to_string(out.path().join(name)).unwrap();
        assert!(text.contains(wanted), "{text}");
    }
    send(&mut app, ExportTrends(out.path().join("a.txt")));
    assert!(last_notice(&app).contains(".csv or .svg"), "{}", last_notice(&app));
    send(&mut app, ToggleTrend("f1.mean".into()));
    app.update();
    assert_eq!(app.world().resource::<Trends>().data().unwrap().lines.len(), 1);
}

#[test]
fn recent_values_reach_back_before_the_program() {
    let scene = scene_folder(MODELS, &small_scene(HELD));
    let folder = tempfile::tempdir().unwrap();
    drop(day(scene.path(), folder.path()));
    let (mut app, live) = recorded(scene.path(), folder.path(), START_US + 380 * MINUTE_US);
    receive(&mut app, live, "r1.temperature", 19.0);
    send(&mut app, cupola::selection::Select(Some("r1".into())));
    app.update();
    let timeline = app.world().get::<Timeline>(live).unwrap();
    let slot = timeline.topology().slot_named("r1.temperature").unwrap();
    let values: Vec<f64> = timeline.trail().of(slot).map(|(_, value)| value).collect();
    assert_eq!(values, [27.5, 28.0, 20.0, 20.5, 19.0]);
    send(&mut app, ShowPast(START_US + 61 * MINUTE_US));
    send(&mut app, Play(false));
    app.update();
    let replay = app.world().resource::<ViewCursor>().timeline;
    let timeline = app.world().get::<Timeline>(replay).unwrap();
    let values: Vec<f64> = timeline.trail().of(slot).map(|(_, value)| value).collect();
    assert_eq!(values, [20.0, 27.0, 28.0, 29.0, 28.5]);
}

/// Rolls up the days of a history before a moment.
fn roll(folder: &Path, scene: &cupola_scene::Scene, now_us: i64) -> RollResult {
    let recorder = Recorder::open(folder).unwrap();
    let mut number = |all: &[Series]| {
        let numbers = all.iter().map(|series| recorder.series(series)).collect();
        recorder.flush().unwrap();
        Ok(numbers)
    };
    roll_up(folder, Some(&scene.topology), &mut number, now_us, &AtomicBool::new(false)).unwrap()
}

/// Returns the buckets of all numeric properties, by name.
fn all_buckets(
    folder: &Path,
    scene: &cupola_scene::Scene,
    span_us: (i64, i64),
    every_us: i64,
) -> Vec<(String, Vec<Bucket>)> {
    let record = HistoryRecord::open(folder).unwrap().unwrap();
    let (zone, stop) = (&scene.time_zone.zone, AtomicBool::new(false));
    let mut found = Vec::new();
    for (name, source) in record.sources(Some(&scene.topology)) {
        let parts = record.buckets(Some(&scene.topology), &source, span_us, every_us, zone, &stop).unwrap();
        found.extend(parts.into_iter().map(|(_, buckets)| (name.clone(), buckets)));
    }
    found
}

#[test]
fn roll_ups_are_what_the_changes_say_and_outlive_them() {
    let more = format!("time_zone: \"Europe/Berlin\", {HELD}");
    let scene = scene_folder(MODELS, &small_scene(&more));
    let folder = tempfile::tempdir().unwrap();
    let (mut app, live) = recorded(scene.path(), folder.path(), START_US);
    for step in 0..400_i64 {
        let now_us = app.world().resource::<WallClock>().now_us();
        let value = 20.0 + ((step * 37) % 100) as f64 / 10.0;
        receive(&mut app, live, if step % 3 == 0 { "r2.temperature" } else { "r1.temperature" }, value);
        if step == 200 {
            // A buffered reading of the day before belongs to that day.
            let late = crate::support::reading("r1.co2", Some(900.0), now_us - 1_000 * MINUTE_US, now_us);
            let now = crate::support::reading("r1.co2", Some(500.0), now_us, now_us);
            for reading in [now, late] {
                let body = cupola_run::EventBody::Readings { readings: vec![reading] };
                let event = cupola_run::Event::new(now_us, cupola_run::Actor::device("test"), body);
                app.world_mut().get_mut::<Timeline>(live).unwrap().apply(event).unwrap();
            }
        }
        pass(&mut app, 11 * MINUTE_US + 7 * SECOND_US);
    }
    drop(app);
    // The recorder may have rolled up a part of it already.
    let _ = std::fs::remove_dir_all(folder.path().join("rollups"));
    let scene = cupola_scene::load(scene.path()).scene.unwrap();
    let day_us = 24 * 60 * MINUTE_US;
    let begin_us = START_US - START_US.rem_euclid(day_us);
    let span_us = (begin_us - 15 * MINUTE_US, begin_us + 5 * day_us);
    let lengths = [MINUTE_US, 15 * MINUTE_US, 60 * MINUTE_US, day_us];
    let before: Vec<_> =
        lengths.iter().map(|every_us| all_buckets(folder.path(), &scene, span_us, *every_us)).collect();
    let end_us = START_US + 400 * (11 * MINUTE_US + 7 * SECOND_US);
    let result = roll(folder.path(), &scene, end_us);
    assert_eq!((result.rolled, result.deleted), (4, 0));
    assert_eq!(roll(folder.path(), &scene, end_us), RollResult::default(), "a second time, nothing is left to do");
    let same = |after: &[(String, Vec<Bucket>)], before: &[(String, Vec<Bucket>)], least_us: i64| {
        assert_eq!(after.len(), before.len());
        for ((name, after), (_, before)) in after.iter().zip(before) {
            for (one, other) in after.iter().zip(before) {
                let near = |one: f64, other: f64| one.to_bits() == other.to_bits() || (one - other).abs() < 1e-6;
                let is_same = near(one.mean, other.mean)
                    && near(one.min, other.min)
                    && near(one.max, other.max)
                    && near(one.last, other.last)
                    && (one.count, one.known_us) == (other.count, other.known_us);
                assert!(is_same || one.from_us < least_us, "{name}: {one:?} {other:?}");
            }
            assert_eq!(after.len(), before.len());
        }
    };
    for (every_us, before) in lengths.iter().zip(&before) {
        same(&all_buckets(folder.path(), &scene, span_us, *every_us), before, i64::MIN);
    }
    // The changes are deleted after a day. Fifteen minutes and longer buckets stay, and so does what is constant.
    Retention::change(folder.path(), |kept| *kept = Retention { raw_days: 1, minute_days: 2 }).unwrap();
    assert_eq!(roll(folder.path(), &scene, end_us).deleted, 3);
    for (every_us, before) in lengths.iter().zip(&before).skip(1) {
        let is_input = |(name, _): &&(String, Vec<Bucket>)| !name.starts_with("f1.");
        let after = all_buckets(folder.path(), &scene, span_us, *every_us);
        let inputs: Vec<_> = after.iter().filter(is_input).cloned().collect();
        same(&inputs, &before.iter().filter(is_input).cloned().collect::<Vec<_>>(), i64::MIN);
        same(&after, before, i64::MIN);
    }
    let history = History::open(folder.path()).unwrap();
    let area = history.series().into_iter().find(|(_, series)| series.name() == "r1.area").unwrap().0;
    let state = history.state_at(end_us).unwrap();
    assert!(state.iter().any(|change| change.series == area && change.lane == 20.0), "a constant value stays");
    assert!(!folder.path().join("days/2023-11-14.db").exists());
}

#[test]
fn queries_aggregate_over_time() {
    let more = format!("time_zone: \"Europe/Berlin\", {HELD}");
    let scene = scene_folder(MODELS, &small_scene(&more));
    let folder = tempfile::tempdir().unwrap();
    // The day on which daylight saving ends has 25 hours: r1 is warm from 12:00 to 15:00, and occupied at night.
    let csv = "time,r1.temperature,r1.occupied,r2.temperature\n2025-10-26T00:00,20,true,21\n2025-10-26T06:00,20,false,21\n\
               2025-10-26T12:00,28,false,\n2025-10-26T15:00,20,false,\n2025-10-26T20:00,20,false,22\n2025-10-27T00:00,19,true,22\n\
               2025-10-27T10:00,27,true,22\n2025-10-27T11:30,27,true,22\n";
    let file = folder.path().join("day.csv");
    std::fs::write(&file, csv).unwrap();
    let (path, at) = (scene.path().to_str().unwrap(), folder.path().to_str().unwrap());
    let import = ["history", path, "--history", at, "--import", file.to_str().unwrap(), "--gap", "12h"];
    assert!(cupola(&import).status.success());
    let ask = |query: &str| {
        let call = ["query", path, query, "--history", at, "--at", "2025-10-27T12:00", "--format", "json"];
        let output = cupola(&call);
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        if output.stdout.is_empty() { serde_json::json!(errors) } else { json(&output) }
    };
    // Rooms used today.
    let used = "SELECT T.$dtId FROM DIGITALTWINS T WHERE MAX(T.occupied) OVER (TODAY) > 0";
    assert_eq!(ask(used), serde_json::json!([{"$dtId": "r1"}]));
    // Hours above 26 °C for each room.
    let warm = "SELECT T.$dtId, HOURS(T.temperature > 26) OVER (LAST 2 days) AS hours FROM DIGITALTWINS T \
                WHERE T.$dtId = 'r1' OR T.$dtId = 'r2' ORDER BY hours DESC";
    assert_eq!(ask(warm), serde_json::json!([{"$dtId": "r1", "hours": 5}, {"$dtId": "r2", "hours": 0}]));
    // By day and by hour of the day, in local time. The night has an hour more.
    let by_day = "SELECT HOURS(T.occupied) OVER (LAST 2 days BY DAY) AS hours FROM DIGITALTWINS T WHERE T.$dtId = 'r1'";
    let wanted = [("2025-10-26", 7), ("2025-10-27", 12)];
    let wanted: Vec<_> = wanted.iter().map(|(day, hours)| serde_json::json!({"day": day, "hours": hours})).collect();
    assert_eq!(ask(by_day), serde_json::json!(wanted));
    let by_hour = "SELECT AVG(T.temperature) OVER (YESTERDAY BY HOUR) AS mean FROM DIGITALTWINS T WHERE T.$dtId = 'r1'";
    let rows = ask(by_hour);
    assert_eq!(rows.as_array().unwrap().len(), 24, "{rows}");
    assert_eq!(
        (&rows[2]["hour"], &rows[2]["mean"], &rows[13]["mean"]),
        (&"02".into(), &20.into(), &28.into()),
        "{rows}"
    );
    // The mean is weighted by time, of 25 hours, of which three were warm.
    let mean = ask("SELECT AVG(T.temperature) OVER (YESTERDAY) AS mean FROM DIGITALTWINS T WHERE T.$dtId = 'r1'");
    assert!((mean[0]["mean"].as_f64().unwrap() - (22.0 * 20.0 + 3.0 * 28.0) / 25.0).abs() < 1e-9, "{mean}");
    // A whole twin does not show what takes the place of the aggregate.
    let whole = ask("SELECT T FROM DIGITALTWINS T WHERE MAX(T.temperature) OVER (YESTERDAY) > 27");
    assert!(whole.to_string().contains("r1") && !whole.to_string().contains("max_1"), "{whole}");
    for (query, wanted) in [
        ("SELECT AVG(T.tempreature) OVER (TODAY) FROM DIGITALTWINS T", "no twin has the properties"),
        ("SELECT AVG(T.temperature) OVER (TODAYS) FROM DIGITALTWINS T", "LAST 7 days"),
        ("SELECT AVG(T.temperature >) OVER (TODAY) FROM DIGITALTWINS T", "error"),
    ] {
        let found = ask(query);
        assert!(found.as_str().is_some_and(|found| found.contains(wanted)), "{query}: {found}");
    }
}

#[test]
fn imports_that_follow_each_other_or_overlap_keep_every_value() {
    let scene = scene_folder(MODELS, &small_scene(""));
    let folder = tempfile::tempdir().unwrap();
    let (path, at) = (scene.path().to_str().unwrap(), folder.path().to_str().unwrap());
    let (mut app, live) = recorded(scene.path(), folder.path(), START_US);
    receive(&mut app, live, "r2.temperature", 21.0);
    pass(&mut app, 60 * MINUTE_US);
    drop(app);
    let import = |name: &str, property: &str, rows: &[(i64, f64)]| {
        let file = folder.path().join(name);
        let row = |(minute, value): &(i64, f64)| {
            format!("{},{value}\n", cupola_twin::value::time_text(START_US + minute * MINUTE_US))
        };
        let rows: String = rows.iter().map(row).collect();
        std::fs::write(&file, format!("time,{property}\n{rows}")).unwrap();
        json(&cupola(&["history", path, "--history", at, "--import", file.to_str().unwrap(), "--format", "json"]))
    };
    let values = |name: &str, minutes: &[i64]| {
        let history = History::open(folder.path()).unwrap();
        let series = history.series().into_iter().find(|(_, series)| series.name() == name).unwrap().0;
        let at = |minute: &i64| {
            let state = history.state_at(START_US + minute * MINUTE_US).unwrap();
            state.iter().find(|change| change.series == series).map_or(f64::NAN, |change| change.lane)
        };
        minutes.iter().map(at).map(|value| if value.is_nan() { -1.0 } else { value }).collect::<Vec<_>>()
    };
    // The first row of the second file is where the first file ends. The second file begins with its newest row.
    import("jan.csv", "r1.temperature", &[(0, 1.0), (15, 2.0), (30, 3.0)]);
    import("feb.csv", "r1.temperature", &[(75, 6.0), (60, 5.0), (45, 4.0)]);
    assert_eq!(values("r1.temperature", &[0, 29, 30, 45, 60, 75, 90]), [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, -1.0]);
    // Where an import ends, the recorded value holds again.
    import("set.csv", "r2.temperature", &[(10, 30.0), (20, 31.0), (30, 32.0)]);
    assert_eq!(values("r2.temperature", &[5, 10, 25, 30, 40, 55]), [21.0, 30.0, 31.0, 32.0, 21.0, 21.0]);
    // A value in the future is left out, so that recording goes on.
    let answer = import("late.csv", "r1.co2", &[(0, 1.0), (100_000_000, 2.0)]);
    assert!(answer["problems"][0].as_str().unwrap().contains("in the future"), "{answer}");
    assert_eq!(answer["properties"]["r1.co2"]["values"], 1);
    let sessions = History::open(folder.path()).unwrap().sessions().unwrap();
    assert_eq!(sessions.len(), 1, "an import is no recording of everything: {sessions:?}");
}

const CSV_LONG: &str = "Time;Point;Value;Unit\n2025-03-28 08:00;r1.temperature;70,7;degreeFahrenheit\n\
    2025-03-28 08:15;r1.temperature;71,6;degreeFahrenheit\n2025-03-28 08:15;r2.temperature;20,5;\n\
    2025-03-28 08:30;r1.temperature;68;degreeFahrenheit\n2025-03-28 10:00;r1.temperature;66,2;degreeFahrenheit\n";

/// Imports a file into a new history. Returns the answer, the output on standard error, and the changes of a property as
/// texts.
fn imported(name: &str, bytes: &[u8], more: &[&str], property: &str) -> (serde_json::Value, String, Vec<String>) {
    let scene = scene_folder(MODELS, &small_scene("time_zone: \"Europe/Berlin\","));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(name);
    std::fs::write(&file, bytes).unwrap();
    let (path, at) = (scene.path().to_str().unwrap(), folder.path().join("history"));
    let at = at.to_str().unwrap();
    let base = ["history", path, "--history", at];
    let import = [&base[..], &["--import", file.to_str().unwrap(), "--format", "json"], more].concat();
    let output = cupola(&import);
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    if output.stdout.is_empty() {
        return (serde_json::Value::Null, errors, Vec::new());
    }
    let answer = json(&output);
    // A second import writes nothing.
    let again = json(&cupola(&import));
    assert_eq!(again["written"], 0, "{again}");
    let rows = cupola(&[&base[..], &[property, "--format", "csv"]].concat());
    let text = String::from_utf8_lossy(&rows.stdout).into_owned();
    let short = |line: &str| {
        let cells: Vec<&str> = line.split(',').collect();
        format!("{} {}", cells[0], cells[2])
    };
    (answer, errors, text.lines().skip(1).map(short).collect())
}

#[test]
fn tables_of_other_programs_become_history() {
    let wide = "\u{feff}timestamp,r1.temperature,r2.temperature,other\n2022-10-10 00:00:00+02:00,20,21,x\n\
                2022-10-10 00:15:00+02:00,,21.5,x\n2022-10-10 00:30:00+02:00,22,NaN,x\n";
    let per_twin =
        "id,when,t\nr1,28.03.2025 08:00,20\nr2,28.03.2025 08:00,30\nr1,28.03.2025 09:00,21\nr9,28.03.2025 09:00,1\n";
    // The hour from two to three occurs twice on 2025-10-26, and does not occur on 2025-03-30.
    let twice = "time,r1.temperature\n2025-10-26T01:30,1\n2025-10-26T02:30,2\n2025-10-26T02:30,3\n2025-10-26T03:30,4\n";
    let latin = b"time,r1.temperature,Au\xdfen\n1743148800,20,5\n1743148860,21,6\n";
    let long = [
        "2025-03-28T08:00:00+01:00 21.5",
        "2025-03-28T08:15:00+01:00 22",
        "2025-03-28T08:30:00+01:00 20",
        "2025-03-28T08:45:00+01:00 ",
        "2025-03-28T10:00:00+01:00 19",
        "2025-03-28T10:15:00+01:00 ",
    ];
    let cases: [(&str, &[u8], &[&str], u64, &[&str]); 5] = [
        ("long.csv", CSV_LONG.as_bytes(), &[], 8, &long),
        (
            "wide.csv",
            wide.as_bytes(),
            &[],
            7,
            &[
                "2022-10-10T00:00:00+02:00 20",
                "2022-10-10T00:15:00+02:00 ",
                "2022-10-10T00:30:00+02:00 22",
                "2022-10-10T01:00:00+02:00 ",
            ],
        ),
        (
            "twins.csv",
            per_twin.as_bytes(),
            &["--time", "when", "--time-format", "%d.%m.%Y %H:%M", "--map", "t=temperature"],
            5,
            &["2025-03-28T08:00:00+01:00 20", "2025-03-28T09:00:00+01:00 21", "2025-03-28T10:00:00+01:00 "],
        ),
        (
            "twice.csv",
            twice.as_bytes(),
            &[],
            5,
            &[
                "2025-10-26T01:30:00+02:00 1",
                "2025-10-26T02:30:00+02:00 2",
                "2025-10-26T02:30:00+01:00 3",
                "2025-10-26T03:30:00+01:00 4",
                "2025-10-26T04:30:00+01:00 ",
            ],
        ),
        (
            "latin.csv",
            latin,
            &["--zone", "UTC"],
            3,
            &["2025-03-28T09:00:00+01:00 20", "2025-03-28T09:01:00+01:00 21", "2025-03-28T09:02:00+01:00 "],
        ),
    ];
    for (name, bytes, more, written, wanted) in cases {
        let (answer, errors, found) = imported(name, bytes, more, "r1.temperature");
        assert_eq!(answer["written"], written, "{name}: {answer} {errors}");
        assert_eq!(found, wanted, "{name}: {errors}");
    }
    let (answer, _, _) = imported(
        "twins.csv",
        per_twin.as_bytes(),
        &["--time", "when", "--time-format", "%d.%m.%Y %H:%M", "--map", "t=temperature"],
        "r1.temperature",
    );
    assert!(answer["problems"][0].as_str().unwrap().contains("r9"), "{answer}");
}

#[test]
fn a_table_that_is_not_understood_gives_a_reason() {
    for (name, text, more, wanted) in [
        ("a.csv", "", &[][..], "no header"),
        ("b.csv", "x,y\n1,2\n", &[], "no column has times"),
        ("c.csv", "time,y\n2025-01-01,2\n", &[], "no column names a property"),
        ("d.csv", "time,y\n2025-01-01,2\n", &["--map", "y=r1.temperatur"], "did you mean `temperature`"),
        ("e.csv", "time,y\n2025-01-01,2\n", &["--map", "z=r1.temperature"], "no column `z`"),
        ("f.csv", "time,f1.mean\n2025-01-01,2\n", &[], "is computed by the scene"),
        ("g.csv", "time,r1.temperature\n2025-01-01,warm\n", &[], "a value that is no"),
        ("h.csv", "time,r1.temperature\nnever,2\n", &[], "no time"),
        (
            "i.csv",
            "time,r1.temperature\n2025-01-01,2\n",
            &["--unit", "r1.temperature=degreeFahrenhait"],
            "degreeFahrenheit",
        ),
        ("j.csv", "time,r1.temperature\n2025-01-01,2\n", &["--zone", "Europe/Berlim"], "Europe/Berlin"),
        ("k.parquet", "no parquet", &[], "k.parquet"),
    ] {
        let (answer, errors, _) = imported(name, text.as_bytes(), more, "r1.temperature");
        assert!(answer.is_null() && errors.contains(wanted), "{name}: {answer} {errors}");
    }
}

#[test]
fn a_past_goes_through_a_parquet_file() {
    let scene = scene_folder(MODELS, &small_scene("time_zone: \"Europe/Berlin\","));
    let folder = tempfile::tempdir().unwrap();
    let path = scene.path().to_str().unwrap();
    let place = |name: &str| folder.path().join(name).to_str().unwrap().to_string();
    let (one, other, csv, parquet) = (place("one"), place("other"), place("a.csv"), place("a.parquet"));
    let rows: String =
        (10..40).map(|minute| format!("2025-03-30T01:{minute}:00+01:00,{minute}.125,{}\n", minute > 20)).collect();
    std::fs::write(&csv, format!("time,r1.temperature,r1.occupied\n{rows}")).unwrap();
    assert!(cupola(&["history", path, "--history", &one, "--import", &csv]).status.success());
    let written = cupola(&["history", path, "r1.*", "--history", &one, "--out", &parquet]);
    assert!(written.status.success(), "{written:?}");
    assert!(cupola(&["history", path, "--history", &other, "--import", &parquet]).status.success());
    let values = |folder: &str| {
        let output = cupola(&["history", path, "r1.*", "--history", folder, "--format", "csv"]);
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        text.lines().map(|line| line.split(',').take(3).collect::<Vec<_>>().join(",")).collect::<Vec<_>>()
    };
    assert_eq!(values(&one).len(), 1 + 2 * 31);
    assert_eq!(values(&other), values(&one));
    let failed = cupola(&["history", path, "r1.*", "--history", &one, "--out", &place("none/a.parquet")]);
    assert_eq!(failed.status.code(), Some(1));
}

#[test]
fn two_moments_are_compared() {
    let scene = scene_folder(MODELS, &small_scene(HELD));
    let folder = tempfile::tempdir().unwrap();
    drop(day(scene.path(), folder.path()));
    let (path, at) = (scene.path().to_str().unwrap(), folder.path().to_str().unwrap());
    let time = |minute: i64| cupola_twin::value::time_text(START_US + minute * MINUTE_US);
    let (from, to) = (time(5), time(50));
    let call = ["history", path, "--history", at, "--difference", "--from", &from, "--to", &to, "--format", "json"];
    let found = json(&cupola(&call));
    let row = |name: &str| found.as_array().unwrap().iter().find(|row| row["property"] == name).cloned();
    let wanted = serde_json::json!({"property": "r1.temperature", "from": 20, "to": 29, "difference": 9, "unit": "degreeCelsius"});
    assert_eq!(row("r1.temperature").map(|row| row.to_string().replace(".0", "")), Some(wanted.to_string()));
    assert!(row("f1.mean").is_some() && row("r1.area").is_none(), "{found}");
    let only = json(&cupola(&[&call[..], &["f1.*"]].concat()));
    assert_eq!(only.as_array().unwrap().len(), 1, "{only}");
}

#[test]
fn an_imported_past_is_replayed_beside_the_recorded_one() {
    let scene = scene_folder(MODELS, &small_scene(HELD));
    let folder = tempfile::tempdir().unwrap();
    drop(day(scene.path(), folder.path()));
    let before = History::open(folder.path()).unwrap().state_at(START_US + 100 * MINUTE_US).unwrap();
    // The table has values of the days before and after, and of another room at the same time.
    let file = folder.path().join("old.csv");
    let row =
        |minute: i64, value: f64| format!("{},{value}\n", cupola_twin::value::time_text(START_US + minute * MINUTE_US));
    let rows: String = (-2_000..2_000).step_by(10).map(|minute| row(minute, minute as f64 / 100.0)).collect();
    std::fs::write(&file, format!("time,r2.temperature\n{rows}")).unwrap();
    let (path, at) = (scene.path().to_str().unwrap(), folder.path().to_str().unwrap());
    let answer =
        json(&cupola(&["history", path, "--history", at, "--import", file.to_str().unwrap(), "--format", "json"]));
    assert_eq!(answer["written"], 401, "{answer}");
    let history = History::open(folder.path()).unwrap();
    let after = history.state_at(START_US + 100 * MINUTE_US).unwrap();
    let of = |state: &[cupola_history::Change], series: cupola_history::SeriesIx| {
        state.iter().find(|change| change.series == series).map(|change| change.lane)
    };
    for change in &before {
        assert_eq!(of(&after, change.series).map(f64::to_bits), Some(change.lane.to_bits()), "{change:?}");
    }
    let series = history.series();
    let r2 = series.iter().find(|(_, series)| series.name() == "r2.temperature").unwrap().0;
    for minute in [-1_999, -700, 5, 100, 333, 1_000, 1_999] {
        let state = history.state_at(START_US + minute * MINUTE_US).unwrap();
        assert_eq!(of(&state, r2), Some(minute.div_euclid(10) as f64 / 10.0), "minute {minute}");
    }
    assert!(of(&history.state_at(START_US + 2_500 * MINUTE_US).unwrap(), r2).is_some_and(f64::is_nan));
    assert!(cupola(&["history", path, "--history", at, "--check"]).status.success());
}

/// Imports rows of a time and a value into a history.
fn import_rows(scene: &Path, folder: &Path, header: &str, rows: impl Iterator<Item = String>) {
    let file = folder.with_extension("csv");
    let text: String = std::iter::once(header.to_string()).chain(rows).map(|row| row + "\n").collect();
    std::fs::write(&file, text).unwrap();
    let (scene, folder, file) = (scene.to_str().unwrap(), folder.to_str().unwrap(), file.to_str().unwrap());
    let done = cupola(&["history", scene, "--history", folder, "--import", file, "--gap", "400d", "--zone", "UTC"]);
    assert!(done.status.success(), "{done:?}");
}

/// Returns the first number of the answer to an aggregate over time of r1.
fn over(scene: &Path, folder: &Path, aggregate: &str, at: &str) -> f64 {
    let query = format!("SELECT {aggregate} AS v FROM DIGITALTWINS T WHERE T.$dtId = 'r1'");
    let (scene, folder) = (scene.to_str().unwrap(), folder.to_str().unwrap());
    let arguments =
        ["query", scene, &query, "--timeline", "replay", "--at", at, "--history", folder, "--format", "json"];
    json(&cupola(&arguments))[0]["v"].as_f64().unwrap_or(f64::NAN)
}

#[test]
fn aggregates_over_time_are_right_with_and_without_roll_ups() {
    let scene = scene_folder(MODELS, &small_scene(""));
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("h");
    // A meter that is read at midnight, and a value that holds for a week.
    let rows = (1..=20).map(|day| {
        let temperature = if day % 7 == 1 { day.to_string() } else { String::new() };
        format!("2025-11-{day:02}T00:00:00,{},{temperature}", 100 + 10 * day)
    });
    let rows: Vec<String> = rows.collect();
    let split = |column: usize, name: &str| {
        let own = rows.iter().filter_map(|row| {
            let cells: Vec<&str> = row.split(',').collect();
            (!cells[column].is_empty()).then(|| format!("{},{}", cells[0], cells[column]))
        });
        import_rows(scene.path(), &place, &format!("time,{name}"), own.collect::<Vec<_>>().into_iter());
    };
    split(1, "r1.setpoint");
    split(2, "r1.temperature");
    let check = || {
        let of = |aggregate: &str| over(scene.path(), &place, aggregate, "2025-11-20T10:07:12Z");
        let (day, days) = ("OVER (FROM '2025-11-05' TO '2025-11-06')", "OVER (FROM '2025-11-05' TO '2025-11-09')");
        assert_eq!((of(&format!("DELTA(T.setpoint) {day}")), of(&format!("DELTA(T.setpoint) {days}"))), (10.0, 40.0));
        // Nothing changes on these days.
        assert_eq!(of("HOURS(T.temperature > 0) OVER (FROM '2025-11-03' TO '2025-11-05')"), 48.0);
        assert_eq!(of("INTEGRAL(T.temperature) OVER (FROM '2025-11-10' TO '2025-11-12')"), 8.0 * 48.0);
        assert_eq!(of("COUNT(T.setpoint) OVER (FROM '2025-11-02T00:05' TO '2025-11-10T03:33')"), 8.0);
        assert_eq!(of("COUNT(T.setpoint) OVER (LAST 12 days)"), 12.0);
    };
    check();
    let loaded = cupola_scene::load(scene.path()).scene.unwrap();
    let now_us = zone::time_of_text("2025-11-21T12:00:00Z").unwrap();
    assert!(roll(&place, &loaded, now_us).rolled > 10);
    check();
    // The changes of most days are deleted, and a reading of another property comes late.
    Retention::change(&place, |kept| kept.raw_days = 3).unwrap();
    assert!(roll(&place, &loaded, now_us).deleted > 10);
    assert_eq!(over(scene.path(), &place, "COUNT(T.setpoint) OVER (LAST 12 days)", "2025-11-20T10:07:12Z"), 12.0);
    import_rows(scene.path(), &place, "time,r2.setpoint", ["2025-11-06T12:00:00,5".to_string()].into_iter());
    for _ in 0..2 {
        assert_eq!(
            over(
                scene.path(),
                &place,
                "DELTA(T.setpoint) OVER (FROM '2025-11-05' TO '2025-11-09')",
                "2025-11-20T10:07:12Z"
            ),
            40.0
        );
        roll(&place, &loaded, now_us);
    }
}
