//! Tests with a real building by other authors, whose rooms are bound by their IFC names.

use crate::support::{codes, scene_folder, shared_data};
use cupola_building::Role;

const ROOMS: [&str; 21] = [
    "A101", "A102", "A103", "A104", "A105", "A201", "A202", "A203", "A204", "A205", "B101", "B102", "B103", "B104",
    "B105", "B201", "B202", "B203", "B204", "B205", "R301",
];

const MODELS: &str = r#"{"@context": ["dtmi:dtdl:context;3", "dtmi:dtdl:extension:quantitativeTypes;1"], "@id": "dtmi:t:Space;1", "@type": "Interface", "contents": [
  {"@type": ["Property", "Temperature"], "name": "temperature", "schema": "double", "unit": "degreeCelsius"}]}"#;

fn scene_text(rooms: &[&str], glb: &str) -> String {
    let twins: Vec<String> = rooms
        .iter()
        .enumerate()
        .map(|(at, id)| {
            format!("    (id: \"{id}\", model: \"Space\", properties: {{\"temperature\": {}}}),", 18 + at % 9)
        })
        .collect();
    format!(
        "(\n  version: 1, name: \"Duplex\", models: [\"models\"],\n  building: (gltf: {glb:?}),\n  twins: [\n{}\n  ],\n  view: (color_by: \"temperature\", range: (18.0, 27.0)),\n)\n",
        twins.join("\n")
    )
}

#[test]
#[ignore = "needs the data in ../shared/data"]
fn rooms_bind_by_their_ifc_names() {
    let glb = shared_data("duplex/duplex.glb");
    let folder = scene_folder(MODELS, &scene_text(&ROOMS, &glb.to_string_lossy()));
    cupola_scene::allow_files([shared_data("duplex")]);
    let loaded = cupola_scene::load(folder.path());
    assert_eq!(codes(&loaded), [""; 0], "{:?}", loaded.diagnostics);
    let scene = loaded.scene.unwrap();
    let bound = scene.building.nodes.iter().zip(scene.bindings.iter());
    let rooms: Vec<_> = bound.filter(|(node, _)| node.role == Role::Room).map(|(_, twin)| twin.unwrap()).collect();
    assert_eq!(rooms.len(), 21);
    let mut different = rooms.clone();
    different.sort_unstable();
    different.dedup();
    assert_eq!(different.len(), 21, "each room must have its own twin");
    if let Some(out) = std::env::var_os("CUPOLA_KEEP_DUPLEX") {
        std::fs::create_dir_all(&out).unwrap();
        for name in ["scene.ron", "models/models.json"] {
            let to = std::path::Path::new(&out).join(name);
            std::fs::create_dir_all(to.parent().unwrap()).unwrap();
            std::fs::copy(folder.path().join(name), to).unwrap();
        }
    }
}

#[test]
#[ignore = "needs the data in ../shared/data"]
fn rooms_without_a_twin_give_a_diagnostic() {
    let glb = shared_data("duplex/duplex.glb");
    let folder = scene_folder(MODELS, &scene_text(&ROOMS[..20], &glb.to_string_lossy()));
    cupola_scene::allow_files([shared_data("duplex")]);
    let loaded = cupola_scene::load(folder.path());
    assert_eq!(codes(&loaded), ["unbound-node"]);
    assert!(loaded.diagnostics[0].message.contains("R301"), "{}", loaded.diagnostics[0]);
}
