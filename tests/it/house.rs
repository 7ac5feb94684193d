//! The rules about dependencies between crates and folders, checked on the source text.

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

/// Returns a text without comments, so that comments may contain forbidden names.
fn code_of(text: &str) -> String {
    text.lines().map(|line| line.split("//").next().unwrap_or("")).collect::<Vec<_>>().join("\n")
}

/// Names that no crate below the app may use.
const OF_THE_APP: &[&str] = &["bevy", "egui", "rumqtt", "std::net", "process::Command"];

/// Each crate, and the other crates of the workspace that it may use.
const CRATES: &[(&str, &[&str])] = &[
    ("twin", &[]),
    ("physics", &[]),
    ("wire", &[]),
    ("building", &[]),
    ("scene", &["twin", "building", "physics"]),
    ("exchange", &["scene", "twin", "building"]),
    ("run", &["scene", "twin", "building", "physics", "wire"]),
    ("history", &["run", "scene", "twin", "wire"]),
    ("mqtt", &["run", "scene", "twin", "physics", "wire"]),
    ("validation", &["scene", "physics", "twin"]),
];

/// The names of `OF_THE_APP` that some crates may use, because they reach brokers and databases.
const OF_THE_NETWORK: &[(&str, &str)] = &[("mqtt", "rumqtt"), ("mqtt", "std::net"), ("history", "std::net")];

/// Crates that read and write no files.
const WITHOUT_FILES: &[&str] = &["twin", "physics", "wire"];

/// Each part of the app, with the names that it may not use.
const RULES: &[(&str, &[&str])] = &[
    ("src/action.rs", &["egui", "rumqtt", "Mesh3d", "crate::session", "crate::view", "crate::ui", "crate::feed"]),
    ("src/selection.rs", &["egui", "rumqtt", "Mesh3d", "crate::view", "crate::ui", "crate::session"]),
    ("src/look.rs", &["egui", "rumqtt", "Mesh3d", "crate::view", "crate::ui", "crate::session"]),
    ("src/twin", &["egui", "rumqtt", "Mesh3d", "crate::feed", "crate::view", "crate::ui", "crate::session"]),
    ("src/timeline", &["egui", "rumqtt", "Mesh3d", "crate::view", "crate::ui"]),
    ("src/history", &["egui", "rumqtt", "Mesh3d", "crate::view", "crate::ui"]),
    ("src/trend", &["egui", "rumqtt", "Mesh3d", "crate::view", "crate::ui"]),
    ("src/feed", &["egui", "rumqtt", "Mesh3d", "crate::view", "crate::ui"]),
    ("src/processor", &["egui", "rumqtt", "Mesh3d", "crate::view", "crate::ui", "crate::session"]),
    ("src/exchange", &["egui", "rumqtt", "Mesh3d", "crate::view", "crate::ui"]),
    ("src/session", &["egui", "rumqtt", "Mesh3d", "crate::view", "crate::ui"]),
    ("src/view", &["egui", "rumqtt", "crate::ui"]),
    ("src/ui", &["rumqtt", "Mesh3d", "StandardMaterial", "crate::view"]),
    ("src/cli", &["egui", "rumqtt", "Mesh3d", "StandardMaterial"]),
];

#[test]
fn crates_use_only_allowed_crates() {
    let names: Vec<&str> = CRATES.iter().map(|(name, _)| *name).collect();
    for folder in std::fs::read_dir(repository("crates")).unwrap() {
        let folder = folder.unwrap().file_name().into_string().unwrap();
        assert!(names.iter().any(|name| folder == format!("cupola_{name}")), "{folder} has no rule");
    }
    let mut broken = Vec::new();
    for (part, allowed) in CRATES {
        let others = names.iter().filter(|other| *other != part && !allowed.contains(*other));
        let mut forbidden: Vec<String> = others.map(|other| format!("cupola_{other}")).collect();
        let of_the_app = OF_THE_APP.iter().filter(|name| !OF_THE_NETWORK.contains(&(part, name)));
        forbidden.extend(of_the_app.map(|name| name.to_string()));
        forbidden.extend(WITHOUT_FILES.contains(part).then(|| "std::fs".to_string()));
        for (file, code) in sources(&format!("crates/cupola_{part}/src")) {
            for word in forbidden.iter().filter(|word| code.contains(word.as_str())) {
                broken.push(format!("{} names `{word}`", file.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn only_the_tick_and_actions_change_timelines() {
    // Panels and the view only read timelines. They send actions to change them.
    for part in ["src/ui", "src/view"] {
        for (file, code) in sources(part) {
            let name = file.display();
            for word in ["&mut Timeline", "Mut<Timeline", "ResMut<ViewCursor", ".apply(", ".ingest("] {
                assert!(!code.contains(word), "{name} uses `{word}`: send an action");
            }
        }
    }
}

#[test]
fn parts_of_the_app_use_only_allowed_names() {
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
            // `channel` of the standard library is unbounded. `channel` of tokio, which has the same name, is bounded.
            let grows = code.contains("std::sync::mpsc") && code.contains("mpsc::channel(");
            assert!(!grows, "{name} uses an unbounded channel: use sync_channel");
        }
    }
}

#[test]
fn check_query_and_why_start_no_app() {
    for file in ["src/cli/check.rs", "src/cli/query.rs", "src/cli/why.rs"] {
        for (_, code) in sources(file) {
            assert!(!code.contains("App::new") && !code.contains("bevy::"), "{file}");
        }
    }
}
