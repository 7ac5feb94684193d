//! Tests of invalid input. Every mistake gives a diagnostic with its place, and no mistake makes the program panic.

use crate::support::{MODELS, codes, cupola, open_by_hand, program, scene_folder, send, small_scene};
use bevy::prelude::App;
use cupola::notice::Notices;
use cupola::session::{AllowSceneFiles, Open};
use cupola::timeline::OpenScene;
use cupola_run::Simulation;
use cupola_run::feed::Mappings;
use std::time::{Duration, Instant};

fn found(scene: &str) -> Vec<cupola_twin::Diagnostic> {
    let folder = scene_folder(MODELS, scene);
    let mut loaded = cupola_scene::load(folder.path());
    let mut all = std::mem::take(&mut loaded.diagnostics);
    if let Some(scene) = loaded.scene {
        all.extend(Mappings::new(&scene).1);
        all.extend(Simulation::new(&scene).1);
    }
    all
}

#[test]
fn every_mistake_gives_a_diagnostic_with_place_and_help() {
    let base = small_scene("");
    let feed =
        |mapping: &str| small_scene(&format!("feeds: [(id: \"m\", url: \"mqtt://h\", mappings: [({mapping})])],"));
    let simulation = |more: &str| small_scene(&format!("simulation: (start: \"2026-01-01T00:00:00Z\", {more}),"));
    for (scene, code, line, help) in [
        (base.replace("version: 1", "version: 2"), "scene-version", 2, "newer"),
        (base.clone(), "", 0, ""),
        (base.replace("name: \"Small\",", "name: \"Small"), "ron-syntax", 0, ""),
        (base.replace("relationships:", "relationship:"), "unknown-field", 0, "relationships"),
        (base.replace("name: \"Small\",", ""), "missing-field", 0, "name"),
        (base.replace("\"f1\", model: \"Floor\"", "\"f1\", model: \"Flor\""), "unknown-model", 6, "Floor"),
        (base.replace("(id: \"r2\"", "(id: \"r1\""), "duplicate-twin", 8, ""),
        (base.replace("to: \"r2\"", "to: \"r9\""), "unknown-twin", 10, ""),
        (
            base.replace("name: \"contains\", to: \"r2\"", "name: \"contain\", to: \"r2\""),
            "unknown-relationship",
            10,
            "contains",
        ),
        (base.replace("\"area\": 30.0", "\"aera\": 30.0"), "unknown-property", 8, "area"),
        (base.replace("\"area\": 30.0", "\"area\": \"big\""), "wrong-value", 8, ""),
        (base.replace("\"area\": 30.0", "\"area\": NaN"), "wrong-value", 8, ""),
        (base.replace("contains.temperature", "contains.temprature"), "unknown-property", 11, "temperature"),
        (base.replace("AVG(contains.temperature)", "AVG(contains.area)"), "wrong-unit", 11, ""),
        (base.replace("AVG(contains.temperature)", "mean + 1"), "cycle", 11, "remove one"),
        (base.replace("models: [\"models\"]", "models: [\"modles\"]"), "file-not-found", 4, ""),
        (small_scene("building: (gltf: \"none.glb\"),"), "file-not-found", 12, ""),
        (small_scene("building: (bindings: {\"nowhere\": \"r1\"}),"), "unknown-node", 12, ""),
        (
            small_scene(
                "alarms: [(id: \"a\", model: \"Room\", when: \"temperature\", severity: warning, message: \"m\")],",
            ),
            "",
            0,
            "",
        ),
        (
            small_scene(
                "alarms: [(id: \"a\", model: \"Room\", when: \"tmperature > 3\", severity: warning, message: \"m\")],",
            ),
            "unknown-property",
            12,
            "temperature",
        ),
        (
            small_scene(
                "alarms: [(id: \"a\", model: \"Room\", when: \"area > 3\", severity: severe, message: \"m\")],",
            ),
            "unknown-word",
            12,
            "",
        ),
        (feed(r#"topic: "b/{room/t", twin: "{room}", property: "temperature""#), "topic-pattern", 12, ""),
        (feed(r#"topic: "b/{room}/t", twin: "{rom}", property: "temperature""#), "unknown-capture", 12, "room"),
        (feed(r#"topic: "b/{room}/t", twin: "{room}", property: "temprature""#), "unknown-property", 12, "temperature"),
        (feed(r#"topic: "b/t", twin: "r9", property: "temperature""#), "unknown-twin", 12, ""),
        (
            feed(r#"topic: "b/{room}/t", twin: "{room}", property: "temperature", unit: "kilowatt""#),
            "wrong-unit",
            12,
            "degreeCelsius",
        ),
        (
            feed(r#"topic: "b/{room}/t", twin: "{room}", property: "temperature", unit: "degreeCelcius""#),
            "unknown-unit",
            12,
            "degreeCelsius",
        ),
        (
            feed(r#"topic: "b/{room}/t", twin: "{room}", property: "temperature", value: "data""#),
            "json-pointer",
            12,
            "",
        ),
        (
            feed(r#"topic: "b/{room}/t", twin: "{room}", property: "temperature", stale_after: "soon""#),
            "wrong-duration",
            12,
            "90s",
        ),
        (
            feed(r#"topic: "b/{room}/t", twin: "{room}", property: "temperature""#).replace("mqtt://h", "mqtts://h"),
            "wrong-url",
            12,
            "",
        ),
        (simulation("zones: [(model: \"Rom\", area: \"area\", people: 2.0)]"), "unknown-model", 12, "Room"),
        (simulation("zones: [(model: \"Room\", area: \"aera\", people: 2.0)]"), "unknown-property", 12, "area"),
        (simulation("zones: [(model: \"Room\", area: -4.0, people: 2.0)]"), "simulation", 12, ""),
        (simulation("step: \"never\""), "wrong-duration", 12, ""),
        (
            simulation(
                "zones: [(model: \"Room\", area: 9.0, people: 2.0)], shows: [(model: \"Room\", property: \"area\", quantity: co2)]",
            ),
            "wrong-unit",
            12,
            "",
        ),
    ] {
        let all = found(&scene);
        if code.is_empty() && line == 0 && !scene.contains("alarms") {
            assert!(all.is_empty(), "{all:?}");
            continue;
        }
        if code.is_empty() {
            // The condition of an alarm must be true or false.
            assert!(!all.is_empty(), "a number was accepted as a condition");
            continue;
        }
        let first = all.iter().find(|found| found.code == code);
        let first = first.unwrap_or_else(|| panic!("`{code}` not among {all:?}\n{scene}"));
        let place = first.place.as_ref().unwrap_or_else(|| panic!("{first} has no place"));
        assert!(line == 0 || place.line == line, "{first}: expected line {line}");
        assert!(place.column >= 1, "{first}");
        assert!(first.help.clone().unwrap_or_default().contains(help), "{first}");
    }
}

#[test]
fn damaged_buildings_give_a_diagnostic() {
    let whole = std::fs::read(crate::support::repository("assets/hospital.glb")).unwrap();
    let scene = small_scene("building: (gltf: \"b.glb\"),");
    let mut huge = whole.clone();
    let count = b"\"count\":";
    if let Some(at) = huge.windows(count.len()).position(|window| window == count) {
        let digits = huge[at + count.len()..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        huge[at + count.len()..at + count.len() + digits].fill(b'9');
    }
    for (name, bytes) in [
        ("empty", Vec::new()),
        ("truncated", whole[..whole.len() / 2].to_vec()),
        ("header only", whole[..12].to_vec()),
        ("garbage", vec![0x5A; 4096]),
        ("a huge count", huge),
    ] {
        let folder = scene_folder(MODELS, &scene);
        std::fs::write(folder.path().join("b.glb"), bytes).unwrap();
        let loaded = cupola_scene::load(folder.path());
        assert_eq!(codes(&loaded), ["gltf"], "{name}");
        assert!(loaded.scene.is_some(), "{name}: the rest of the scene must be loaded");
        assert!(loaded.diagnostics[0].help.is_some(), "{name}: {}", loaded.diagnostics[0]);
    }
}

#[test]
fn an_alarm_needs_a_boolean_condition() {
    let scene =
        small_scene("alarms: [(id: \"a\", model: \"Room\", when: \"area + 1\", severity: warning, message: \"m\")],");
    assert_eq!(found(&scene)[0].code, "wrong-type");
}

#[test]
fn texts_of_other_programs_are_read_or_refused_with_advice() {
    let good = small_scene("");
    let utf16: Vec<u8> = [0xfeff].into_iter().chain(good.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let latin1: Vec<u8> = good.replace("Small", "B\u{fc}ro").chars().map(|c| c as u8).collect();
    for (bytes, advice) in [
        (format!("\u{feff}{good}").into_bytes(), ""),
        (utf16, ""),
        (good.replace('\n', "\r\n").into_bytes(), ""),
        (latin1, "Latin-1"),
        (good.replace("20.0", "20,5").into_bytes(), "decimal point"),
        (good.replace("\"Small\"", "\u{201c}Small\u{201d}").into_bytes(), "straight quotes"),
        (good.replace("version: 1", "version:\u{a0}1").into_bytes(), "U+00A0"),
        (good.replace("version", "\u{200b}version").into_bytes(), "U+200B"),
        (good.replace("\"models\"", r#""C:\Users\me\models""#).into_bytes(), "with /"),
        (good.replace("\"models\"", r#""..\\models""#).into_bytes(), "with /"),
        (good.replace(r#"(id: "f1", model: "Floor")"#, r#"{"id": "f1", "model": "Floor"}"#).into_bytes(), "(id: …)"),
        (good.replace("version: 1,", "version: 1").into_bytes(), "comma is missing"),
        (Vec::new(), "empty"),
    ] {
        let folder = scene_folder(MODELS, "");
        std::fs::write(folder.path().join("scene.ron"), &bytes).unwrap();
        let output = cupola(&["check", folder.path().to_str().unwrap()]);
        let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.success(), advice.is_empty(), "{advice}: {said}");
        assert!(said.contains(advice) && !said.contains("struct"), "{advice}: {said}");
    }
}

#[test]
#[cfg(unix)]
fn links_that_loop_in_the_models_end() {
    let folder = scene_folder(MODELS, &small_scene(""));
    for (name, target) in [("loop", "."), ("up", ".."), ("a", "b"), ("b", "a")] {
        std::os::unix::fs::symlink(target, folder.path().join("models").join(name)).unwrap();
    }
    let output = cupola(&["check", folder.path().to_str().unwrap()]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

#[test]
fn a_path_that_is_no_scene_says_so() {
    let folder = scene_folder(MODELS, &small_scene(""));
    let parent = tempfile::tempdir().unwrap();
    std::fs::rename(folder.path(), parent.path().join("office")).unwrap();
    std::fs::write(parent.path().join("building.ttl"), "@prefix a: <b> .").unwrap();
    std::fs::write(parent.path().join("values.csv"), "a,b").unwrap();
    let path = |name: &str| parent.path().join(name).to_string_lossy().into_owned();
    for (arguments, advice) in [
        (["query", &path(""), "SELECT T FROM DIGITALTWINS T"].as_slice(), "office?"),
        (&["run", &path("office/models")], "cupola import"),
        (&["check", &path("building.ttl")], "cupola import"),
        (&["check", &path("values.csv")], "check reads"),
    ] {
        let output = cupola(arguments);
        let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() == Some(1) && said.contains(advice), "{arguments:?}: {said}");
    }
    let checked = cupola(&["check", &path("office")]);
    assert!(String::from_utf8_lossy(&checked.stdout).contains("3 twins with a place"), "a floor and two rooms");
}

#[test]
fn a_buffer_file_that_is_named_often_does_not_fill_the_memory() {
    let folder = tempfile::tempdir().unwrap();
    let size = 30_000_000;
    std::fs::File::create(folder.path().join("b.bin")).unwrap().set_len(size).unwrap();
    let gltf = |count: usize| {
        let buffers = vec![format!(r#"{{"uri": "b.bin", "byteLength": {size}}}"#); count].join(",");
        let text = format!(
            r#"{{"asset": {{"version": "2.0"}}, "buffers": [{buffers}], "nodes": [{{"name": "n"}}], "scenes": [{{"nodes": [0]}}]}}"#
        );
        std::fs::write(folder.path().join("a.gltf"), text).unwrap();
        let file = folder.path().join("a.gltf");
        let output = cupola(&["import", file.to_str().unwrap(), "--dry-run"]);
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    assert!(!gltf(3).contains("too many buffers"), "a few are not refused");
    assert!(gltf(100).contains("b.bin is named by too many buffers"));
}

/// Makes a folder with a scene whose models lie two folders above, and returns it with the scene's folder.
fn scene_with_models_elsewhere() -> (tempfile::TempDir, std::path::PathBuf) {
    let root = tempfile::tempdir().unwrap();
    let scene = root.path().join("all/one");
    std::fs::create_dir_all(&scene).unwrap();
    std::fs::create_dir_all(root.path().join("ontology")).unwrap();
    std::fs::write(root.path().join("ontology/models.json"), MODELS).unwrap();
    let text = small_scene("").replace("models: [\"models\"]", "models: [\"../../ontology\"]");
    std::fs::write(scene.join("scene.ron"), text).unwrap();
    (root, scene)
}

#[test]
fn files_elsewhere_are_read_with_a_permission_only() {
    let (_root, scene) = scene_with_models_elsewhere();
    let path = scene.to_str().unwrap();
    let refused = cupola(&["check", path]);
    let said = String::from_utf8_lossy(&refused.stdout).into_owned() + &String::from_utf8_lossy(&refused.stderr);
    assert_eq!(refused.status.code(), Some(1), "{said}");
    assert!(
        said.contains("file-elsewhere") && said.contains("--allow-files") && said.contains("scene.ron:4"),
        "{said}"
    );
    // A bare file name is no way around.
    let bare = program().args(["check", "scene.ron"]).current_dir(&scene).output().unwrap();
    assert_eq!(bare.status.code(), Some(1), "{}", String::from_utf8_lossy(&bare.stdout));
    let allowed = cupola(&["check", path, "--allow-files"]);
    assert_eq!(allowed.status.code(), Some(0), "{}", String::from_utf8_lossy(&allowed.stdout));
}

#[test]
fn the_app_reads_files_elsewhere_after_a_yes() {
    let (_root, scene) = scene_with_models_elsewhere();
    let other = scene_folder(MODELS, &small_scene(""));
    let mut app = open_by_hand(other.path());
    send(&mut app, Open(scene.clone()));
    let opened = |app: &App| app.world().resource::<OpenScene>().0.clone();
    until(&mut app, |app| opened(app).path.starts_with(&scene));
    assert_eq!(opened(&app).topology.twin_count(), 0);
    let notices = app.world().resource::<Notices>().0.clone();
    assert!(notices.iter().any(|(_, text)| text.contains("ontology") && text.contains("Ctrl K")), "{notices:?}");
    send(&mut app, AllowSceneFiles);
    until(&mut app, |app| opened(app).topology.twin_count() > 0);
    assert!(opened(&app).refused.is_empty());
}

/// Runs frames until a job has had its effect.
fn until(app: &mut App, holds: impl Fn(&App) -> bool) {
    let begin = Instant::now();
    while !holds(app) {
        assert!(begin.elapsed() < Duration::from_secs(20), "{:?}", app.world().resource::<Notices>().0);
        app.update();
    }
}

#[cfg(unix)]
#[test]
fn links_lead_elsewhere_with_a_permission_only() {
    use std::os::unix::fs::symlink;
    let root = tempfile::tempdir().unwrap();
    let elsewhere = root.path().join("secret");
    std::fs::create_dir_all(elsewhere.join("deep")).unwrap();
    std::fs::write(elsewhere.join("deep/more.json"), MODELS).unwrap();
    std::fs::write(elsewhere.join("b.bin"), [0; 36]).unwrap();
    let scene = root.path().join("all/one");
    std::fs::create_dir_all(scene.join("models")).unwrap();
    std::fs::create_dir_all(scene.join("assets")).unwrap();
    std::fs::write(scene.join("models/models.json"), MODELS).unwrap();
    symlink(&elsewhere, scene.join("models/linked")).unwrap();
    symlink(elsewhere.join("b.bin"), scene.join("assets/b.bin")).unwrap();
    let gltf = r#"{"asset": {"version": "2.0"}, "scene": 0, "scenes": [{"nodes": [0]}],
        "buffers": [{"byteLength": 36, "uri": "b.bin"}], "bufferViews": [{"buffer": 0, "byteLength": 36}],
        "accessors": [{"bufferView": 0, "componentType": 5126, "count": 3, "type": "VEC3", "min": [0, 0, 0], "max": [4, 0, 5]}],
        "meshes": [{"primitives": [{"attributes": {"POSITION": 0}}]}], "nodes": [{"name": "Lab", "mesh": 0}]}"#;
    std::fs::write(scene.join("assets/x.gltf"), gltf).unwrap();
    std::fs::write(scene.join("scene.ron"), small_scene("building: (gltf: \"assets/x.gltf\"),")).unwrap();
    let loaded = cupola_scene::load(&scene);
    let found: Vec<&str> = loaded.diagnostics.iter().map(|found| found.code).collect();
    assert_eq!(found, ["file-elsewhere", "gltf"], "{:?}", loaded.diagnostics);
    assert!(loaded.diagnostics.iter().all(|found| found.place.is_some()));
    let whole = elsewhere.canonicalize().unwrap();
    assert_eq!(loaded.refused, [whole.clone(), whole.join("b.bin")]);
    assert_eq!(loaded.scene.unwrap().models.len(), 2, "the models beside the link are read");
}
