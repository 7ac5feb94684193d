//! Tests of edits in place: comments and the layout of a scene file that a person has written stay.

use crate::support::{MODELS, cupola, scene_folder, small_scene};
use std::path::Path;

const SCENE: &str = r#"// The scene of the annex. Keep me.
#![enable(implicit_some)]
(
    version: 1, name: "Annex", /* short */ models: ["models"],
    description: "",   // a default that the program doesn't write
    twins: [
        // The ground floor.
        (id: "f1", model: "Floor"),
        (
            id: "r1", // the corner room
            model: "Room",
            properties: {
                "area": 20.0, // m², measured in 2024
                "setpoint": 21, /* agreed with the tenant */
            },
        ),
        (id: "r2", model: "Room", properties: {"area": 30.0}), // the quiet room
    ],
    relationships: [
        (from: "f1", name: "contains", to: "r1"),
        (from: "f1", name: "contains", to: "r2"), // since the rebuild
    ],
    // The mean of all rooms.
    computed: [(model: "Floor", property: "mean", formula: "AVG(contains.temperature)")],
)
"#;

fn edit(folder: &Path, arguments: &[&str]) {
    let output = cupola(&[&["edit", folder.to_str().unwrap()], arguments].concat());
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn edits_keep_comments_and_layout() {
    // Each edit, the text that it replaces and the text that takes its place.
    let cases: [(&[&str], &str, &str); 9] = [
        (&["set", "r1.setpoint=22.5"], "\"setpoint\": 21,", "\"setpoint\": 22.5,"),
        (&["set", "r2.setpoint=19"], "{\"area\": 30.0}", "{\"area\": 30.0, \"setpoint\": 19}"),
        (&["set", "f1.label=north"], "(id: \"f1\", model: \"Floor\"),", ""),
        (&["unset", "r1.area"], "                \"area\": 20.0, // m², measured in 2024\n", ""),
        (&["unset", "r2.area"], "", ""),
        (&["add-twin", "r3", "--model", "Room"], "", ""),
        (&["unrelate", "f1", "contains", "r1"], "        (from: \"f1\", name: \"contains\", to: \"r1\"),\n", ""),
        (
            &["set-formula", "Floor", "mean", "MAX(contains.temperature)"],
            "\"AVG(contains.temperature)\"",
            "\"MAX(contains.temperature)\"",
        ),
        (&["remove-twin", "r2"], "", ""),
    ];
    for (arguments, from, to) in cases {
        let folder = scene_folder(MODELS, SCENE);
        let file = folder.path().join("scene.ron");
        if arguments[1] == "f1.label=north" {
            // The floor has no label, so the edit is refused and the file stays.
            let output = cupola(&[&["edit", folder.path().to_str().unwrap()], arguments].concat());
            assert_eq!(output.status.code(), Some(1));
            assert_eq!(std::fs::read_to_string(&file).unwrap(), SCENE);
            continue;
        }
        edit(folder.path(), arguments);
        let text = std::fs::read_to_string(&file).unwrap();
        let gone = text.lines().filter(|line| line.contains("//")).count();
        let kept = SCENE.lines().filter(|line| line.contains("//")).count();
        let may_go = usize::from(matches!(arguments[0], "unset" | "remove-twin"));
        assert!(gone + 2 * may_go >= kept, "{arguments:?}:\n{text}");
        assert!(text.contains("// The scene of the annex. Keep me.") && text.contains("/* short */"), "{text}");
        if !from.is_empty() {
            assert!(SCENE.contains(from), "{from}");
            assert_eq!(text, SCENE.replacen(from, to, 1), "{arguments:?}");
        }
        // The change is undone in place, too.
        edit(folder.path(), &["undo"]);
        let output = cupola(&["check", folder.path().to_str().unwrap()]);
        assert!(output.status.success());
        let undone = std::fs::read_to_string(&file).unwrap();
        assert!(undone.contains("// The mean of all rooms."), "{undone}");
    }
}

#[test]
fn many_edits_in_a_row_give_the_document_and_keep_the_comments() {
    let folder = scene_folder(MODELS, SCENE);
    for number in 0..5 {
        edit(
            folder.path(),
            &["add-twin", &format!("n{number}"), "--model", "Room", "--set", "area=12", "--from", "f1.contains"],
        );
        edit(folder.path(), &["set", &format!("n{number}.setpoint={number}"), "r1.setpoint=20"]);
    }
    edit(folder.path(), &["remove-twin", "n2"]);
    let text = std::fs::read_to_string(folder.path().join("scene.ron")).unwrap();
    for comment in [
        "Keep me",
        "/* short */",
        "The ground floor",
        "the corner room",
        "measured in 2024",
        "agreed",
        "the quiet room",
        "since the rebuild",
    ] {
        assert!(text.contains(comment), "{comment}:\n{text}");
    }
    let loaded = cupola_scene::load(folder.path());
    assert!(loaded.is_valid());
    let scene = loaded.scene.unwrap();
    assert_eq!((scene.graph.twin_count(), scene.graph.relationship_count()), (7, 6));
    assert!(!text.contains("\"n2\""));
}

#[test]
fn undo_brings_back_the_comments_of_what_was_removed() {
    let scene = r#"(version: 1, name: "Small", models: ["models"],
    twins: [
        (id: "f1", model: "Floor"),
        // The corner room is let until May.
        (id: "r1", model: "Room", properties: {"area": 20.0}), // measured in 2024
        (id: "r2", model: "Room"),
    ],
    relationships: [(from: "f1", name: "contains", to: "r1"), /* the rest follows */ (from: "f1", name: "contains", to: "r2")],
)"#;
    let folder = scene_folder(MODELS, scene);
    let text = || std::fs::read_to_string(folder.path().join("scene.ron")).unwrap();
    edit(folder.path(), &["remove-twin", "r1"]);
    let removed = text();
    assert!(!removed.contains("measured in 2024"));
    edit(folder.path(), &["set", "r2.area=30"]);
    let set = text();
    for expected in [&removed, &scene.to_string()] {
        edit(folder.path(), &["undo"]);
        assert_eq!(text(), *expected);
    }
    for expected in [&removed, &set] {
        edit(folder.path(), &["redo"]);
        assert_eq!(text(), *expected);
    }
}

#[test]
fn undo_brings_back_what_had_an_error() {
    let scene = small_scene("").replace("\"area\": 20.0", "\"area\": \"big\"");
    let folder = scene_folder(MODELS, &scene);
    let text = || std::fs::read_to_string(folder.path().join("scene.ron")).unwrap();
    let call = |arguments: &[&str]| cupola(&[&["edit", folder.path().to_str().unwrap()], arguments].concat());
    assert!(call(&["remove-twin", "r1"]).status.success());
    let removed = text();
    assert!(call(&["undo"]).status.success());
    assert_eq!(text(), scene);
    assert!(call(&["redo"]).status.success());
    assert_eq!(text(), removed);
}

#[test]
fn typed_values_are_read_alike() {
    let folder = scene_folder(MODELS, &small_scene(""));
    edit(folder.path(), &["set", "r1.label=\"hello\"", "r2.label=12"]);
    edit(folder.path(), &["add-twin", "r3", "--model", "Room", "--set", "label=12", "--set", "area=7"]);
    let scene = cupola_scene::load(folder.path()).scene.unwrap();
    let label = |twin: &str| {
        scene.graph.twin(twin).unwrap().properties.iter().find(|(name, _)| &**name == "label").unwrap().1.clone()
    };
    for (twin, text) in [("r1", "hello"), ("r2", "12"), ("r3", "12")] {
        assert_eq!(label(twin), cupola_twin::Value::Text(text.into()), "{twin}");
    }
    // A name that is given twice is an error with its place.
    let twice = small_scene("").replace("\"area\": 20.0", "\"area\": 20.0, \"area\": 21.0");
    let loaded = cupola_scene::load(scene_folder(MODELS, &twice).path());
    assert!(
        loaded.diagnostics[0].message.contains("two values") && loaded.diagnostics[0].place.is_some(),
        "{loaded:?}"
    );
}
