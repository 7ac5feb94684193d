//! Messages in memory: `cargo bench --bench feed`, or with `--profile dev` for what `./run` builds.

use cupola::feed::{Inbox, Mappings, Router};
use cupola::scene;
use cupola_twin::State;
use std::path::Path;
use std::sync::Arc;

const MESSAGES: usize = 1_000_000;

fn main() {
    divan::main();
}

/// A million messages of the office's sensors: routed, parsed, handed over every 10,000, put into a state and propagated.
#[divan::bench(sample_count = 5, sample_size = 1)]
fn parse_and_apply_1m_messages(bencher: divan::Bencher<'_, '_>) {
    let loaded = scene::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("scenes/office"));
    let scene = loaded.scene.expect("the office");
    let mappings = Arc::new(Mappings::new(&scene).0.pop().expect("its feed"));
    let topics: Vec<String> = scene
        .topology
        .twins()
        .filter_map(|twin| Some(scene.topology.twin_id(twin).strip_suffix("-temperature")?.to_string()))
        .map(|room| format!("harbour/{room}/temperature"))
        .collect();
    let payloads: Vec<String> = (0..64)
        .map(|number| {
            format!("{{\"value\": {}.5, \"time\": \"2026-01-12T08:00:{:02}Z\"}}", 18 + number % 9, number % 60)
        })
        .collect();
    bencher.counter(divan::counter::ItemsCount::new(MESSAGES)).bench_local(|| {
        let mut router = Router::new(mappings.clone());
        let inbox = Inbox::default();
        let mut state = State::new(scene.topology.clone());
        let mut arrivals = Vec::new();
        for number in 0..MESSAGES {
            let topic = &topics[number * 31 % topics.len()];
            router.message(topic, payloads[number % payloads.len()].as_bytes(), number as i64, &inbox);
            if number % 10_000 == 9_999 {
                inbox.take(&mut arrivals);
                state.begin_tick();
                arrivals.drain(..).for_each(|arrival| {
                    state.set(arrival.slot, arrival.sample);
                });
                state.propagate();
            }
        }
        assert_eq!(inbox.status().messages, MESSAGES as u64);
        state
    });
}
