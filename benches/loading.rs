//! Benchmarks of opening a scene of a million twins and a million relationships up to its first state:
//! `cargo bench --bench loading --profile dev`.

use cupola_scene::{finish_cache, load};
use cupola_twin::State;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

mod large;

static SCENE: LazyLock<(tempfile::TempDir, PathBuf)> = LazyLock::new(|| large::scene_of(200_000));

fn main() {
    let cache = tempfile::tempdir().expect("a folder");
    // SAFETY: no other thread runs yet.
    #[expect(unsafe_code, reason = "the variable is for this process, which has one thread so far")]
    unsafe {
        std::env::set_var("CUPOLA_CACHE", cache.path());
    }
    divan::main();
}

fn open(scene: &Path) -> State {
    let loaded = load(scene);
    assert!(loaded.is_valid(), "{:?}", loaded.diagnostics);
    State::new(loaded.scene.expect("a scene").topology)
}

/// Opens the scene from its text. The text changes before each round, so that the cache entry does not match.
#[divan::bench(sample_count = 10, sample_size = 1)]
fn from_ron(bencher: divan::Bencher<'_, '_>) {
    let scene = &SCENE.1;
    let change = || {
        finish_cache();
        let text = std::fs::read_to_string(scene).expect("the scene");
        std::fs::write(scene, text + "\n").expect("the scene");
    };
    bencher.with_inputs(change).bench_local_values(|()| open(scene));
}

/// Opens the scene from the cache.
#[divan::bench(sample_count = 20, sample_size = 1)]
fn from_cache(bencher: divan::Bencher<'_, '_>) {
    let scene = &SCENE.1;
    open(scene);
    finish_cache();
    bencher.bench_local(|| open(scene));
}
