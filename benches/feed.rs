//! Benchmark of messages in memory: `cargo bench --bench feed`, or with `--profile dev` for the profile of `./run`.

use cupola_run::feed::{CurrentMappings, Inbox, ReceivedMessage, Router};
use cupola_run::{Actor, Drivers, Event, EventBody, Timeline};
use cupola_twin::State;
use std::path::Path;
use std::sync::Arc;

const MESSAGES: usize = 1_000_000;
/// 2026-01-12T08:00:01Z, in microseconds since the Unix epoch.
const START_US: i64 = 1_768_204_801_000_000;

fn main() {
    divan::main();
}

/// Routes and parses a million messages of the office's sensors, and applies them to a timeline with propagation, in
/// batches of 10,000.
#[divan::bench(sample_count = 5, sample_size = 1)]
fn parse_and_apply_1m_messages(bencher: divan::Bencher<'_, '_>) {
    let loaded = cupola_scene::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("scenes/office"));
    let scene = Arc::new(loaded.scene.expect("the office"));
    let drivers = Drivers::new(&scene, &mut Vec::new());
    let mappings = drivers.feeds.first().expect("the feed of the office").clone();
    let topics: Vec<String> = scene
        .topology
        .twins()
        .filter_map(|twin| Some(scene.topology.twin_id(twin).strip_suffix("-temperature")?.to_string()))
        .map(|room| format!("harbour/{room}/temperature"))
        .collect();
    let payloads: Vec<String> = (0..64)
        .map(|number| format!("{{\"value\": {}.5, \"time\": \"2026-01-12T08:00:00Z\"}}", 18 + number % 9))
        .collect();
    bencher.counter(divan::counter::ItemsCount::new(MESSAGES)).bench_local(|| {
        let mut router = Router::new(CurrentMappings::new(mappings.clone()));
        let inbox = Inbox::default();
        let mut timeline = Timeline::live(scene.clone(), State::new(scene.topology.clone()), &drivers, START_US);
        for number in 0..MESSAGES {
            let topic = &topics[number * 31 % topics.len()];
            router.message(
                ReceivedMessage {
                    topic,
                    payload: payloads[number % payloads.len()].as_bytes(),
                    arrived_us: START_US + number as i64,
                    is_retained: false,
                },
                &inbox,
            );
            if number % 10_000 == 9_999 {
                let body = EventBody::Readings { readings: inbox.take() };
                timeline.apply(Event::new(START_US + number as i64, Actor::device("bench"), body)).expect("readings");
            }
        }
        assert_eq!(inbox.messages(), MESSAGES as u64);
        timeline
    });
}
