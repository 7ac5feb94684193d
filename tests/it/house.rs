//! The rules of the house: who may know whom, read off the sources.

use crate::support::repository;
use std::path::{Path, PathBuf};

fn sources(folder: &str) -> Vec<(PathBuf, String)> {
    fn collect(folder: &Path, out: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() {
                collect(&path, out);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                out.push(path);
            }
        }
    }
    let mut files = Vec::new();
    let path = repository(folder);
    if path.is_file() {
        files.push(path);
    } else {
        collect(&path, &mut files);
    }
    files.sort();
    assert!(!files.is_empty(), "{folder} has no sources");
    files.into_iter().map(|file| (file.clone(), code_of(&std::fs::read_to_string(file).unwrap()))).collect()
}

/// The text without comments, so that a rule may be spoken of.
fn code_of(text: &str) -> String {
    text.lines().map(|line| line.split("//").next().unwrap_or("")).collect::<Vec<_>>().join("\n")
}

/// Each part with what it may not name.
const RULES: &[(&str, &[&str])] = &[
    (
        "crates/cupola_twin/src",
        &["bevy", "egui", "rumqtt", "cupola_physics", "cupola_wire", "cupola_building", "std::fs", "std::net"],
    ),
    (
        "crates/cupola_physics/src",
        &["bevy", "egui", "rumqtt", "cupola_twin", "cupola_wire", "cupola_building", "std::fs", "std::net"],
    ),
    (
        "crates/cupola_wire/src",
        &["bevy", "egui", "rumqtt", "cupola_twin", "cupola_physics", "cupola_building", "std::fs", "std::net"],
    ),
    (
        "crates/cupola_building/src",
        &["bevy", "egui", "rumqtt", "cupola_twin", "cupola_physics", "cupola_wire", "std::net"],
    ),
    (
        "src/scene",
        &[
            "egui",
            "rumqtt",
            "Mesh3d",
            "crate::timeline",
            "crate::feed",
            "crate::simulation",
            "crate::alarm",
            "crate::view",
            "crate::ui",
            "crate::session",
        ],
    ),
    (
        "src/timeline",
        &[
            "egui",
            "rumqtt",
            "Mesh3d",
            "crate::feed",
            "crate::simulation",
            "crate::alarm",
            "crate::view",
            "crate::ui",
            "crate::session",
        ],
    ),
    ("src/twin", &["egui", "rumqtt", "Mesh3d", "crate::feed", "crate::simulation", "crate::view", "crate::ui"]),
    ("src/feed", &["egui", "Mesh3d", "crate::alarm", "crate::command", "crate::view", "crate::ui", "crate::session"]),
    (
        "src/simulation",
        &["egui", "rumqtt", "Mesh3d", "crate::feed", "crate::alarm", "crate::view", "crate::ui", "crate::session"],
    ),
    (
        "src/alarm",
        &["egui", "rumqtt", "Mesh3d", "crate::feed", "crate::simulation", "crate::view", "crate::ui", "crate::session"],
    ),
    ("src/command", &["egui", "rumqtt", "Mesh3d", "crate::view", "crate::ui", "crate::session"]),
    ("src/session", &["egui", "rumqtt", "Mesh3d", "crate::view", "crate::ui"]),
    ("src/selection.rs", &["egui", "rumqtt", "Mesh3d", "crate::view", "crate::ui"]),
    ("src/view", &["egui", "rumqtt", "crate::ui"]),
    ("src/ui", &["rumqtt", "Mesh3d", "StandardMaterial", "crate::view"]),
    ("src/cli", &["egui", "rumqtt", "Mesh3d", "StandardMaterial"]),
];

#[test]
fn arrows_run_one_way() {
    let mut broken = Vec::new();
    for (part, forbidden) in RULES {
        for (file, code) in sources(part) {
            for word in *forbidden {
                if code.contains(word) {
                    broken.push(format!("{} names `{word}`", file.display()));
                }
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn channels_are_bounded_and_threads_have_names() {
    for part in ["src", "crates"] {
        for (file, code) in sources(part) {
            let name = file.display();
            for (word, instead) in [("unbounded", "a bounded one"), ("thread::spawn(", "thread::Builder with a name")] {
                assert!(!code.contains(word), "{name} uses `{word}`: use {instead}");
            }
            // The standard library's grows without end; that of the same name in tokio is bounded.
            let grows = code.contains("std::sync::mpsc") && code.contains("mpsc::channel(");
            assert!(!grows, "{name} uses an endless channel: use sync_channel");
        }
    }
}

#[test]
fn commands_that_answer_start_no_app() {
    for file in ["src/cli/check.rs", "src/cli/query.rs", "src/cli/why.rs"] {
        for (_, code) in sources(file) {
            assert!(!code.contains("App::new") && !code.contains("bevy::"), "{file}");
        }
    }
}
