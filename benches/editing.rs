//! One edit of a large scene's graph: `cargo bench --bench editing`.
//!
//! The scene has 20,000 rooms with four sensors each, on floors of a hundred rooms, and averages of what the sensors measure.

use cupola::scene::document::ComputedDoc;
use cupola::scene::edit::{Edit, Link, edit};
use cupola::scene::{Scene, load};
use cupola_twin::Value;
use std::fmt::Write as _;
use std::sync::LazyLock;

const ROOMS: usize = 20_000;
const SENSORS: usize = 4;
const ROOMS_ON_A_FLOOR: usize = 100;

const MODELS: &str = r#"[
    {"@context": "dtmi:dtdl:context;3", "@id": "dtmi:bench:Floor;1", "@type": "Interface", "contents": [
        {"@type": "Relationship", "name": "contains"}]},
    {"@context": "dtmi:dtdl:context;3", "@id": "dtmi:bench:Room;1", "@type": "Interface", "contents": [
        {"@type": "Property", "name": "area", "schema": "double"},
        {"@type": "Property", "name": "seats", "schema": "integer"},
        {"@type": "Relationship", "name": "hasSensor", "target": "dtmi:bench:Sensor;1"}]},
    {"@context": "dtmi:dtdl:context;3", "@id": "dtmi:bench:Sensor;1", "@type": "Interface", "contents": [
        {"@type": "Property", "name": "value", "schema": "double"}]}]"#;

static SCENE: LazyLock<Scene> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("models.json"), MODELS).expect("the models");
    let file = folder.path().join("scene.ron");
    std::fs::write(&file, scene()).expect("the scene");
    let loaded = load(&file);
    assert!(loaded.is_valid(), "{:?}", loaded.diagnostics);
    loaded.scene.expect("a scene")
});

fn scene() -> String {
    let (mut twins, mut links) = (String::new(), String::new());
    for floor in 0..ROOMS / ROOMS_ON_A_FLOOR {
        let _ = writeln!(twins, r#"(id: "f{floor}", model: "dtmi:bench:Floor;1"),"#);
    }
    for room in 0..ROOMS {
        let floor = room / ROOMS_ON_A_FLOOR;
        let _ = writeln!(twins, r#"(id: "r{room}", model: "dtmi:bench:Room;1", properties: {{"area": 20.0}}),"#);
        let _ = writeln!(links, r#"(from: "f{floor}", name: "contains", to: "r{room}"),"#);
        for sensor in 0..SENSORS {
            let _ = writeln!(
                twins,
                r#"(id: "r{room}s{sensor}", model: "dtmi:bench:Sensor;1", properties: {{"value": 21.5}}),"#
            );
            let _ = writeln!(links, r#"(from: "r{room}", name: "hasSensor", to: "r{room}s{sensor}"),"#);
        }
    }
    format!(
        r#"(version: 1, name: "Bench", models: ["models.json"], twins: [{twins}], relationships: [{links}], computed: [
            (model: "dtmi:bench:Room;1", property: "mean", formula: "AVG(hasSensor.value)"),
            (model: "dtmi:bench:Floor;1", property: "mean", formula: "AVG(contains.mean)")])"#
    )
}

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
