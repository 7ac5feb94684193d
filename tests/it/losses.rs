//! Tests that nothing is lost: two writers, a full disk, links and devices, signals, and files of other people.

use crate::support::{MODELS, cupola, json, repository, scene_folder, small_scene};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn edits_at_the_same_time_are_all_kept() {
    let folder = scene_folder(MODELS, &small_scene(""));
    let calls: Vec<_> = (0..8)
        .map(|number| {
            let mut command = crate::support::program();
            command.args(["edit", text(folder.path()), "add-twin", &format!("new-{number}"), "--model", "Room"]);
            command.env("CUPOLA_CACHE", "").stdout(Stdio::null()).spawn().unwrap()
        })
        .collect();
    for mut call in calls {
        assert!(call.wait().unwrap().success());
    }
    let scene = cupola_scene::load(folder.path()).scene.unwrap();
    assert_eq!(scene.document.twins.len(), 3 + 8);
    let others: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(!others.iter().any(|name| name.to_string_lossy().contains("lock")), "{others:?}");
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_is_an_error() {
    let folder = scene_folder(MODELS, &small_scene(""));
    let query = "SELECT * FROM DIGITALTWINS";
    for arguments in [
        vec!["query", text(folder.path()), query],
        vec!["query", text(folder.path()), query, "--format", "csv"],
        vec!["check", text(folder.path())],
        vec!["export", text(folder.path()), "--format", "ndjson", "--out", "-"],
    ] {
        let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
        let mut command = crate::support::program();
        let output = command.args(&arguments).env("CUPOLA_CACHE", "").stdout(full).output().unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {errors}");
        assert!(errors.contains("can't be written"), "{arguments:?}: {errors}");
    }
}

#[test]
fn an_export_goes_to_standard_output() {
    let folder = scene_folder(MODELS, &small_scene(""));
    let file = folder.path().join("out.ndjson");
    let export = |out: &str| cupola(&["export", text(folder.path()), "--format", "ndjson", "--out", out]);
    assert!(export(text(&file)).status.success());
    let piped = export("-");
    assert!(piped.status.success());
    assert_eq!(piped.stdout, std::fs::read(&file).unwrap());
    assert!(!repository("-").exists());
}

#[test]
#[cfg(unix)]
fn an_edit_of_a_linked_scene_changes_the_linked_file() {
    let folder = scene_folder(MODELS, &small_scene(""));
    let link = folder.path().join("link.ron");
    std::os::unix::fs::symlink(folder.path().join("scene.ron"), &link).unwrap();
    let output = cupola(&["edit", text(&link), "set", "r1.setpoint=19"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(link.symlink_metadata().unwrap().is_symlink());
    let scene = std::fs::read_to_string(folder.path().join("scene.ron")).unwrap();
    assert!(scene.contains("\"setpoint\": 19"), "{scene}");
}

/// Returns whether a process has a handler for a signal.
#[cfg(target_os = "linux")]
fn handles(process: u32, signal: u32) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap_or_default();
    u64::from_str_radix(caught.trim(), 16).is_ok_and(|caught| caught & (1 << (signal - 1)) != 0)
}

#[test]
#[cfg(target_os = "linux")]
fn signals_end_a_run_with_its_report() {
    let record = tempfile::tempdir().unwrap();
    let record = record.path().join("events.jsonl");
    for signal in ["INT", "TERM"] {
        let office = repository("scenes/office");
        let mut command = crate::support::program();
        command.args([
            "run",
            text(&office),
            "--for",
            "9999d",
            "--speed",
            "600",
            "--json",
            "--set",
            "ahu-1.enabled=false",
        ]);
        command.args(["--record", text(&record)]).stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = command.spawn().unwrap();
        let begin = Instant::now();
        while !handles(child.id(), if signal == "INT" { 2 } else { 15 }) {
            assert!(begin.elapsed() < Duration::from_secs(20), "the run has not begun");
            std::thread::yield_now();
        }
        let begin = Instant::now();
        assert!(Command::new("kill").args(["-s", signal, &child.id().to_string()]).status().unwrap().success());
        let output = child.wait_with_output().unwrap();
        assert!(begin.elapsed() < Duration::from_secs(10));
        let report = json(&output);
        assert_eq!((output.status.code(), &report["stopped"]), (Some(0), &serde_json::Value::Bool(true)), "{signal}");
        assert!(std::fs::read_to_string(&record).unwrap().contains("ahu-1"));
    }
}

#[test]
fn an_import_replaces_only_its_own_files() {
    let folder = tempfile::tempdir().unwrap();
    let models = folder.path().join("models.json");
    let floors = folder.path().join("floors.json");
    let (first, second) = MODELS.split_once("{\"@context\"").unwrap();
    let (floor, room) = second.split_once("},\n {\"@context\"").unwrap();
    std::fs::write(&floors, format!("{first}{{\"@context\"{floor}}}]")).unwrap();
    std::fs::write(&models, format!("[{{\"@context\"{room}")).unwrap();
    let out = folder.path().join("scene");
    let import = |files: &[&Path]| {
        let mut arguments = vec!["import"];
        arguments.extend(files.iter().map(|file| text(file)));
        arguments.extend(["--out", text(&out), "--replace"]);
        let output = cupola(&arguments);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    import(&[&models, &floors]);
    let imported = |name: &str| out.join("models").join(name);
    assert!(imported("models.json").is_file() && imported("floors.json").is_file());
    // Files of the user: notes, a model of their own, and a changed imported model.
    std::fs::write(out.join("notes.txt"), "mine").unwrap();
    std::fs::write(imported("own.json"), "[]").unwrap();
    import(&[&models]);
    assert!(
        !imported("floors.json").exists(),
        "an unchanged file of the earlier import is no longer part of the scene"
    );
    for (file, content) in [(out.join("notes.txt"), "mine"), (imported("own.json"), "[]")] {
        assert_eq!(std::fs::read_to_string(&file).unwrap(), content, "{}", file.display());
    }
    import(&[&models, &floors]);
    std::fs::write(imported("floors.json"), "[ ]").unwrap();
    import(&[&models]);
    assert_eq!(std::fs::read_to_string(imported("floors.json")).unwrap(), "[ ]", "a changed file stays");
    let beside: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(beside.len(), 3, "nothing is left behind: {beside:?}");
}

#[test]
fn an_import_refuses_to_replace_what_a_person_has_written() {
    let folder = tempfile::tempdir().unwrap();
    let models = folder.path().join("models.json");
    std::fs::write(&models, MODELS).unwrap();
    let import = |out: &Path| cupola(&["import", text(&models), "--out", text(out), "--replace"]);
    let own = scene_folder(MODELS, &small_scene("// mine\n"));
    let before = std::fs::read_to_string(own.path().join("scene.ron")).unwrap();
    let output = import(own.path());
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("scene.ron"), "{output:?}");
    assert_eq!(std::fs::read_to_string(own.path().join("scene.ron")).unwrap(), before);
    // An imported scene that was edited since.
    let out = folder.path().join("scene");
    assert!(import(&out).status.success() && import(&out).status.success());
    assert!(cupola(&["edit", text(&out), "add-twin", "mine", "--model", "Room"]).status.success());
    assert_eq!(import(&out).status.code(), Some(1));
    assert!(std::fs::read_to_string(out.join("scene.ron")).unwrap().contains("mine"));
}

#[test]
fn no_output_overwrites_a_file_of_the_scene() {
    let folder = scene_folder(MODELS, &small_scene(""));
    let (scene, file) = (text(folder.path()).to_string(), folder.path().join("scene.ron"));
    let model = folder.path().join("models/models.json");
    assert!(model.is_file());
    let link = folder.path().join("link.json");
    std::fs::hard_link(&file, &link).unwrap();
    let before = std::fs::read_to_string(&file).unwrap();
    for out in [file.clone(), link, model] {
        let output = cupola(&["export", &scene, "--format", "json", "--out", text(&out)]);
        assert_eq!(output.status.code(), Some(1), "{}", out.display());
        assert!(String::from_utf8_lossy(&output.stderr).contains("own-file"), "{output:?}");
    }
    let output = cupola(&["run", &scene, "--for", "1h", "--record", text(&file)]);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), before);
}
