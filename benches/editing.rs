//! Benchmarks of one edit of a large scene's graph: `cargo bench --bench editing`.
//!
//! The scene has 20,000 rooms with four sensors each, on floors of a hundred rooms, and means of the sensors' values.

use cupola_scene::document::ComputedDoc;
use cupola_scene::edit::{Edit, Link, edit};
use cupola_scene::{Scene, load};
use cupola_twin::Value;
use std::sync::LazyLock;

mod large;

static SCENE: LazyLock<Scene> = LazyLock::new(|| {
    let (_folder, file) = large::scene_of(20_000);
    let loaded = load(&file);
    assert!(loaded.is_valid(), "{:?}", loaded.diagnostics);
    loaded.scene.expect("a scene")
});

fn main() {
    divan::main();
}

fn make(bencher: divan::Bencher<'_, '_>, wanted: impl Fn() -> Edit + Sync) {
    let scene = &*SCENE;
    bencher.bench(|| {
        let edited = edit(scene, vec![wanted()], &[], |_, _| {});
        edited.unwrap_or_else(|found| panic!("{found}"))
    });
}

#[divan::bench(sample_count = 20)]
fn a_value(bencher: divan::Bencher<'_, '_>) {
    make(bencher, || Edit::SetProperty {
        twin: "r7".into(),
        property: "seats".into(),
        value: Some(Value::Integer(25)),
    });
}

#[divan::bench(sample_count = 20)]
fn a_relationship_less(bencher: divan::Bencher<'_, '_>) {
    let link = Link { from: "r7".into(), name: "hasSensor".into(), to: "r7s0".into(), id: None };
    make(bencher, || Edit::RemoveRelationship(link.clone()));
}

#[divan::bench(sample_count = 20)]
fn a_twin_less(bencher: divan::Bencher<'_, '_>) {
    make(bencher, || Edit::RemoveTwin { id: "r19999s3".into() });
}

#[divan::bench(sample_count = 20)]
fn a_formula(bencher: divan::Bencher<'_, '_>) {
    make(bencher, || {
        let (model, property) = ("dtmi:bench:Floor;1".to_string(), "mean".to_string());
        let definition = ComputedDoc {
            model: model.clone(),
            property: property.clone(),
            formula: "MAX(contains.mean)".into(),
            unit: None,
            display_name: None,
            iterate: None,
        };
        Edit::SetComputed { model, property, definition: Some(Box::new(definition)), at: None }
    });
}
