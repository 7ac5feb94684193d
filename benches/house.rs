//! Benchmarks of the app with a large scene and without its window: `cargo bench --bench house --profile dev`.
//!
//! The large scene has 20,000 rooms with four sensors each. The office is the demo scene.

#![expect(clippy::print_stderr, reason = "divan measures calls, not frames")]

use bevy::prelude::*;
use cupola::CorePlugin;
use cupola::action::{Action, ActionRequest};
use cupola::history::OpenHistory;
use cupola::job::Jobs;
use cupola::session::{self, EditScene, Open, Save};
use cupola::timeline::{CloseBranch, MakeBranch, Seek, ShowPast, SourceKind, Timeline, WallClock};
use cupola_history::TimelineRecorder;
use cupola_scene::Properties;
use cupola_scene::document::TwinDoc;
use cupola_scene::edit::Edit;
use cupola_twin::Value;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

mod large;

fn main() {
    divan::main();
}

fn open(path: &Path) -> App {
    let loaded = cupola_scene::load(path);
    assert!(loaded.is_valid(), "{:?}", loaded.diagnostics);
    let mut app = App::new();
    app.add_plugins(CorePlugin).insert_resource(WallClock::Manual(1_700_000_000_000_000));
    app.finish();
    app.cleanup();
    loaded.scene.as_ref().expect("a scene").prepare();
    session::open(app.world_mut(), loaded);
    app.update();
    app
}

fn large(simulation: &str) -> App {
    let (folder, file) = large::scene_of(20_000);
    if simulation.is_empty() {
        return open(&file);
    }
    let text = std::fs::read_to_string(&file).expect("the scene");
    let end = text.trim_end().rfind(')').expect("the end of the scene");
    std::fs::write(&file, format!("{}, {simulation})", &text[..end])).expect("a scene");
    let app = open(&file);
    drop(folder);
    app
}

fn send(app: &mut App, action: impl Action) {
    app.world_mut().write_message(ActionRequest::new(action));
    app.update();
}

/// Edits one value in a frame.
#[divan::bench(sample_count = 20, sample_size = 1)]
fn edit_a_value_of_100k_twins(bencher: divan::Bencher<'_, '_>) {
    let mut app = large("");
    let mut seats = 0;
    bencher.bench_local(|| {
        seats += 1;
        let value = Some(Value::Integer(seats));
        send(&mut app, EditScene(vec![Edit::SetProperty { twin: "r7".into(), property: "seats".into(), value }]));
    });
}

/// Runs a frame without an action, for comparison.
#[divan::bench(sample_count = 20, sample_size = 1)]
fn frame_of_100k_twins(bencher: divan::Bencher<'_, '_>) {
    let mut app = large("");
    bencher.bench_local(|| app.update());
}

/// Makes a branch in a frame.
fn branch(bencher: divan::Bencher<'_, '_>, mut app: App) {
    bencher.bench_local(|| {
        send(&mut app, MakeBranch);
        let mut timelines = app.world_mut().query::<&cupola::timeline::Timeline>();
        let count = timelines.iter(app.world()).count();
        assert!(count >= 2, "{count}");
    });
    for number in 1..200 {
        app.world_mut().write_message(ActionRequest::new(CloseBranch(format!("what-if {number}"))));
    }
}

#[divan::bench(sample_count = 20, sample_size = 1)]
fn branch_of_the_office(bencher: divan::Bencher<'_, '_>) {
    branch(bencher, open(&Path::new(env!("CARGO_MANIFEST_DIR")).join("scenes/office")));
}

#[divan::bench(sample_count = 20, sample_size = 1)]
fn branch_of_100k_twins(bencher: divan::Bencher<'_, '_>) {
    branch(bencher, large("simulation: (start: \"2026-01-12T07:00:00Z\"),"));
}

/// Applies an action and prints the time of the longest frame until its job has ended.
fn longest_frame(bencher: divan::Bencher<'_, '_>, mut app: App, action: impl Fn(u32) -> ActionRequest) {
    app.world_mut().resource_mut::<Jobs>().patience = Some(Duration::from_millis(8));
    let number = std::cell::Cell::new(0);
    bencher.bench_local(|| {
        number.set(number.get() + 1);
        app.world_mut().write_message(action(number.get()));
        let mut longest = Duration::ZERO;
        loop {
            let begin = Instant::now();
            app.update();
            longest = longest.max(begin.elapsed());
            if !app.world().resource::<Jobs>().is_running() {
                break;
            }
            std::thread::yield_now();
        }
        eprintln!("longest frame: {:.1} ms", longest.as_secs_f64() * 1e3);
    });
}

#[divan::bench(sample_count = 5, sample_size = 1)]
fn add_a_twin_to_100k(bencher: divan::Bencher<'_, '_>) {
    longest_frame(bencher, large(""), |number| {
        let twin = TwinDoc {
            id: format!("n{number}"),
            model: "dtmi:bench:Sensor;1".into(),
            properties: Properties::default(),
        };
        let add = Edit::AddTwin { twin, at: None, relationships: Vec::new(), bindings: BTreeMap::new() };
        ActionRequest::new(EditScene(vec![add]))
    });
}

#[divan::bench(sample_count = 5, sample_size = 1)]
fn open_100k_twins(bencher: divan::Bencher<'_, '_>) {
    let (_folder, file) = large::scene_of(20_000);
    longest_frame(bencher, large(""), move |_| ActionRequest::new(Open(file.clone())));
}

#[divan::bench(sample_count = 5, sample_size = 1)]
fn save_100k_twins(bencher: divan::Bencher<'_, '_>) {
    let (folder, _) = large::scene_of(100);
    let target = folder.path().join("saved.ron");
    longest_frame(bencher, large(""), move |_| ActionRequest::new(Save(Some(target.clone()))));
}

/// Goes to a moment of a recorded day of the office in every frame, as a person who drags the bar does, and prints the
/// median and the longest of 300 frames.
#[divan::bench(sample_count = 3, sample_size = 1)]
fn scrub_a_day_of_the_office(bencher: divan::Bencher<'_, '_>) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenes/office");
    let mut app = open(&path);
    let folder = tempfile::tempdir().expect("a folder");
    let recorder = Arc::new(TimelineRecorder::open(folder.path()).expect("a history"));
    let simulated = session::timeline_of(app.world_mut(), SourceKind::Simulated).expect("the simulation");
    let mut timeline = app.world().get::<Timeline>(simulated).expect("a timeline").0.clone();
    let (start_us, day_us) = (timeline.now_us(), 86_400_000_000);
    timeline.record_into(recorder.clone());
    for minute in 1..=1_440 {
        timeline.step(start_us + minute * 60_000_000);
        recorder.keep_up().expect("the history");
    }
    recorder.flush().expect("the history");
    app.insert_resource(OpenHistory::of(recorder));
    send(&mut app, ShowPast(start_us));
    app.world_mut().resource_mut::<Jobs>().patience = Some(Duration::from_millis(8));
    let mut at = 0_i64;
    bencher.bench_local(|| {
        let mut frames = Vec::new();
        for _ in 0..300 {
            // Near and far moments, in both directions.
            at = (at * 37 + 11) % 1_440;
            app.world_mut().write_message(ActionRequest::new(Seek(start_us + at * day_us / 1_440)));
            let begin = Instant::now();
            app.update();
            frames.push(begin.elapsed());
            std::thread::sleep(Duration::from_millis(16).saturating_sub(begin.elapsed()));
        }
        frames.sort_unstable();
        let ms = |at: usize| frames[at].as_secs_f64() * 1e3;
        eprintln!("a frame: median {:.1} ms, p99 {:.1} ms, longest {:.1} ms", ms(150), ms(296), ms(299));
    });
}
