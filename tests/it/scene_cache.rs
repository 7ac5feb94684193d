//! Tests of the cache of large scenes. The cache is used until the scene, its models or the cache file change.

use crate::support::repository;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Output;

const MODELS: &str = r#"[
 {"@context": "dtmi:dtdl:context;3", "@id": "dtmi:k:Floor;1", "@type": "Interface", "contents": [
  {"@type": "Relationship", "name": "has", "properties": [{"@type": "Property", "name": "since", "schema": "integer"}]}]},
 {"@context": "dtmi:dtdl:context;3", "@id": "dtmi:k:Meter;1", "@type": "Interface", "contents": [
  {"@type": "Property", "name": "value", "schema": "double"}, {"@type": "Property", "name": "label", "schema": "string"}]}]"#;

/// Writes a scene of more than 4 MB, which is large enough for the cache.
fn scene(folder: &Path, first: f64) -> PathBuf {
    let (mut twins, mut links) = (String::new(), String::new());
    for number in 0..40_000 {
        let value = if number == 0 { first } else { 1.0 };
        let _ = writeln!(
            twins,
            r#"(id: "meter-{number}", model: "Meter", properties: {{"value": {value:?}, "label": "Meter {number}"}}),"#
        );
        let _ = writeln!(
            links,
            r#"(from: "floor", name: "has", to: "meter-{number}", properties: {{"since": {number}}}),"#
        );
    }
    let text = format!(
        r#"(version: 1, name: "Kept", models: ["models.json"], twins: [(id: "floor", model: "Floor"), {twins}], relationships: [{links}],
        computed: [(model: "Floor", property: "sum", formula: "SUM(has.value)")])"#
    );
    std::fs::write(folder.join("models.json"), MODELS).unwrap();
    std::fs::write(folder.join("scene.ron"), text).unwrap();
    folder.join("scene.ron")
}

struct CacheTest {
    folder: tempfile::TempDir,
}

impl CacheTest {
    fn run(&self, arguments: &[&str]) -> Output {
        let mut command = crate::support::program();
        let command = command.args(arguments).current_dir(repository("")).env("CUPOLA_CACHE", self.cache());
        command.output().unwrap()
    }

    fn cache(&self) -> PathBuf {
        self.folder.path().join("cache")
    }

    /// Returns the folder that belongs to the program.
    fn own(&self) -> PathBuf {
        self.cache().join("cupola-scenes")
    }

    /// Returns the file in the cache, if there is one. More than one file fails the test.
    fn file(&self) -> Option<PathBuf> {
        let mut files = std::fs::read_dir(self.own()).into_iter().flatten().map(|entry| entry.unwrap().path());
        let first = files.next();
        assert!(files.next().is_none(), "a scene has one cache file");
        first
    }

    fn query(&self, scene: &Path, query: &str) -> String {
        let output = self.run(&["query", scene.to_str().unwrap(), query, "--format", "json"]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }
}

#[test]
fn the_cache_of_a_large_scene_is_used_until_a_file_changes() {
    let kept = CacheTest { folder: tempfile::tempdir().unwrap() };
    let path = scene(kept.folder.path(), 5.0);
    let questions = [
        "SELECT F.sum FROM DIGITALTWINS F WHERE IS_OF_MODEL(F, 'dtmi:k:Floor;1')",
        "SELECT M.label FROM DIGITALTWINS M WHERE M.value > 2",
        "SELECT R FROM DIGITALTWINS F JOIN M RELATED F.has R WHERE M.$dtId = 'meter-77'",
        "SELECT COUNT() FROM RELATIONSHIPS R WHERE R.since < 10",
    ];
    let answers = || questions.map(|question| kept.query(&path, question));
    let first = answers();
    assert!(first[0].contains("40004") && first[1].contains("Meter 0"), "{first:?}");
    let file = kept.file().expect("a cache file");
    let written = std::fs::metadata(&file).unwrap().modified().unwrap();
    assert_eq!(first, answers());
    assert_eq!(std::fs::metadata(&file).unwrap().modified().unwrap(), written, "the cache file is used again");

    // The text of the scene changes but keeps its length.
    scene(kept.folder.path(), 7.0);
    assert!(kept.query(&path, questions[0]).contains("40006"));
    // The models change.
    let models = kept.folder.path().join("models.json");
    std::fs::write(&models, MODELS.replace("double", "float")).unwrap();
    assert!(kept.query(&path, questions[0]).contains("40006"));
    std::fs::write(&models, MODELS.replace("\"value\"", "\"other\"")).unwrap();
    assert!(!kept.run(&["check", path.to_str().unwrap()]).status.success());
    std::fs::write(&models, MODELS).unwrap();

    // The cache file is damaged or truncated.
    for bytes in [&b""[..], b"nonsense", &std::fs::read(&file).unwrap()[..1000]] {
        std::fs::write(&file, bytes).unwrap();
        assert!(kept.query(&path, questions[0]).contains("40006"));
    }
    let mut bytes = std::fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&file, bytes).unwrap();
    assert!(kept.query(&path, questions[0]).contains("40006"));

    // An edit of a scene from the cache changes the scene like any other edit.
    let edited = kept.run(&["edit", path.to_str().unwrap(), "set", "meter-3.value=11"]);
    assert!(edited.status.success(), "{}", String::from_utf8_lossy(&edited.stderr));
    assert!(kept.query(&path, questions[0]).contains("40016"));
    assert!(kept.query(&path, questions[3]).contains("10"));
}

#[test]
fn files_of_others_in_the_folder_of_the_cache_stay() {
    let kept = CacheTest { folder: tempfile::tempdir().unwrap() };
    let path = scene(kept.folder.path(), 5.0);
    std::fs::create_dir_all(kept.own()).unwrap();
    let long_ago = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000_000);
    let strange = [kept.cache().join("thesis.tmp"), kept.own().join("thesis.tmp"), kept.own().join("film.scene")];
    let own = kept.own().join(".cupola-abandoned.tmp");
    for file in strange.iter().chain([&own]) {
        std::fs::write(file, "text").unwrap();
        std::fs::File::options().write(true).open(file).unwrap().set_modified(long_ago).unwrap();
    }
    kept.query(&path, "SELECT COUNT() FROM DIGITALTWINS");
    assert!(strange.iter().all(|file| file.is_file()));
    assert!(!own.exists(), "an abandoned file of the cache is removed");
}

#[test]
fn a_small_scene_or_a_scene_with_errors_is_not_cached() {
    let kept = CacheTest { folder: tempfile::tempdir().unwrap() };
    assert!(kept.run(&["check", "scenes/office"]).status.success());
    assert_eq!(kept.file(), None);
    let path = scene(kept.folder.path(), 5.0);
    let text = std::fs::read_to_string(&path).unwrap().replace("\"label\": \"Meter 9\"", "\"label\": 9");
    std::fs::write(&path, text).unwrap();
    let checked = kept.run(&["check", path.to_str().unwrap()]);
    assert!(!checked.status.success());
    let report = String::from_utf8_lossy(&checked.stderr).into_owned() + &String::from_utf8_lossy(&checked.stdout);
    assert!(report.contains("scene.ron:10:") && report.contains("label"), "{report}");
    assert_eq!(kept.file(), None);
}
