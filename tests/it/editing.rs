//! The graph of a scene, edited on the command line.

use crate::support::{MODELS, cupola, scene_folder, small_scene};

#[test]
fn edits_are_made_undone_and_done_again() {
    let folder = scene_folder(MODELS, &small_scene(""));
    let scene = folder.path().to_str().unwrap();
    let edit = |arguments: &[&str]| {
        let output = cupola(&[&["edit", scene][..], arguments].concat());
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    };
    let text = || std::fs::read_to_string(folder.path().join("scene.ron")).unwrap();
    edit(&["set", "r1.area=20"]);
    let steps: [&[&str]; 5] = [
        &["add-twin", "r3", "--model", "Room", "--set", "area=12.5", "--from", "f1.contains"],
        &["set", "r3.label=Store", "r1.occupied=true"],
        &["unset", "r3.area"],
        &["unrelate", "f1", "contains", "r2"],
        &["remove-twin", "r2"],
    ];
    let mut states = vec![text()];
    for step in steps {
        edit(step);
        assert_ne!(text(), *states.last().unwrap(), "{step:?} changes the file");
        states.push(text());
        assert!(cupola(&["check", scene]).status.success(), "after {step:?}");
    }
    for state in states.iter().rev().skip(1) {
        edit(&["undo"]);
        assert_eq!(text(), *state);
    }
    for state in states.iter().skip(1) {
        edit(&["redo"]);
        assert_eq!(text(), *state);
    }
    assert_ne!(cupola(&["edit", scene, "redo"]).status.code(), Some(0), "there is nothing left to do again");
}

#[test]
fn an_edit_against_the_models_changes_nothing() {
    let folder = scene_folder(MODELS, &small_scene(""));
    let scene = folder.path().to_str().unwrap();
    let text = || std::fs::read_to_string(folder.path().join("scene.ron")).unwrap();
    let before = text();
    for (arguments, word) in [
        (&["add-twin", "r1", "--model", "Room"][..], "r1"),
        (&["add-twin", "r9", "--model", "Rom"], "Room"),
        (&["set", "r1.area=\"big\""], "area"),
        (&["set", "r1.aera=3"], "area"),
        (&["relate", "f1", "feeds", "r1"], "feeds"),
        (&["relate", "f1", "contains", "r9"], "r9"),
        (&["relate", "f1", "contains", "r1"], "contains"),
        (&["unrelate", "r1", "contains", "f1"], "contains"),
        (&["remove-twin", "r9"], "r9"),
        (&["change-model", "r1", "Floor"], "area"),
        (&["undo"], "nothing to undo"),
    ] {
        let output = cupola(&[&["edit", scene][..], arguments].concat());
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success(), "{arguments:?}");
        assert!(errors.contains(word) && !errors.contains("panicked"), "{arguments:?}: {errors}");
        assert_eq!(text(), before, "{arguments:?}");
    }
}

#[test]
fn a_file_that_was_changed_elsewhere_has_nothing_to_undo() {
    let folder = scene_folder(MODELS, &small_scene(""));
    let scene = folder.path().to_str().unwrap();
    assert!(cupola(&["edit", scene, "set", "r1.label=a"]).status.success());
    let path = folder.path().join("scene.ron");
    let changed = std::fs::read_to_string(&path).unwrap().replace("\"Small\"", "\"Other\"");
    std::fs::write(&path, &changed).unwrap();
    assert!(!cupola(&["edit", scene, "undo"]).status.success());
    assert_eq!(std::fs::read_to_string(&path).unwrap(), changed);
}
