//! A large scene in files: rooms with four sensors each, on floors of a hundred rooms, and means of the sensors'
//! values.

use std::fmt::Write as _;
use std::path::PathBuf;

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

fn scene(rooms: usize) -> String {
    let (mut twins, mut links) = (String::new(), String::new());
    for floor in 0..rooms / ROOMS_ON_A_FLOOR {
        let _ = writeln!(twins, r#"(id: "f{floor}", model: "dtmi:bench:Floor;1"),"#);
    }
    for room in 0..rooms {
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

/// Writes a scene with `rooms` rooms. The folder is deleted when the returned handle is dropped.
pub fn scene_of(rooms: usize) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("models.json"), MODELS).expect("the models");
    let file = folder.path().join("scene.ron");
    std::fs::write(&file, scene(rooms)).expect("the scene");
    (folder, file)
}
