//! Tests of models and graphs of other programs: validation, import, export, and import of the export.

use crate::support::{MODELS, cupola, json, open_by_hand, repository, scene_folder, send, shared_data, small_scene};
use cupola::exchange::{Export, Import, Stage, StartImport, WriteImport};
use cupola::timeline::OpenScene;
use cupola_exchange::export::Format;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::{Duration, Instant};

/// Returns a path as an argument.
fn arg(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Imports files and folders and checks the scene. Returns the folder of the scene.
fn import(from: &[&Path]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let mut arguments = vec!["import", "--replace", "--out", arg(folder.path())];
    arguments.extend(from.iter().map(|path| arg(path)));
    let output = cupola(&arguments);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let checked = cupola(&["check", arg(folder.path())]);
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
    folder
}

/// Returns the values of one column of a query, sorted.
fn ask(scene: &Path, query: &str, column: &str) -> Vec<String> {
    let rows = json(&cupola(&["query", arg(scene), query, "--format", "json"]));
    let mut values: Vec<String> =
        rows.as_array().unwrap().iter().map(|row| row[column].as_str().unwrap().to_string()).collect();
    values.sort();
    values
}

#[test]
#[ignore = "needs the data in ../shared/data"]
fn published_dtdl_examples_are_validated_correctly() {
    let examples = shared_data("dtdl-examples");
    let folder = tempfile::tempdir().unwrap();
    let (mut wanted, mut paths) = (BTreeMap::new(), Vec::new());
    for entry in std::fs::read_dir(examples).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let example: Value = serde_json::from_str(text.trim_start_matches('\u{feff}')).unwrap();
        let to = folder.path().join(path.file_name().unwrap());
        std::fs::write(&to, example["input"].to_string()).unwrap();
        wanted.insert(arg(&to).to_string(), example["valid"].as_bool().unwrap());
        paths.push(to);
    }
    let mut arguments = vec!["check", "--separately", "--json"];
    arguments.extend(paths.iter().map(|path| arg(path)));
    let output = cupola(&arguments);
    let mut judged = 0;
    for line in String::from_utf8(output.stdout).unwrap().lines() {
        let verdict: Value = serde_json::from_str(line).unwrap();
        let path = verdict["path"].as_str().unwrap();
        assert_eq!(verdict["valid"].as_bool(), Some(wanted[path]), "{line}");
        judged += 1;
    }
    assert_eq!(judged, wanted.len());
    assert!(judged >= 200, "{judged} examples");
}

#[test]
#[ignore = "needs the data in ../shared/data"]
fn the_azure_hospital_example_is_imported_unchanged() {
    let hospital = shared_data("hospital");
    let scene = import(&[&hospital]);
    let twins = ask(scene.path(), "SELECT T.$dtId FROM DIGITALTWINS T", "$dtId");
    assert_eq!(twins, ["BuildingTwin", "FloorTwin", "HVACTwin", "RoomTwin"]);
    let cooled = "SELECT F.$dtId FROM DIGITALTWINS H JOIN F RELATED H.controlsTemperature WHERE H.$dtId = 'HVACTwin'";
    assert_eq!(ask(scene.path(), cooled, "$dtId"), ["FloorTwin"]);
    let rooms = "SELECT R.$dtId FROM DIGITALTWINS B JOIN F RELATED B.has JOIN R RELATED F.contains WHERE B.$dtId = 'BuildingTwin'";
    assert_eq!(ask(scene.path(), rooms, "$dtId"), ["RoomTwin"]);
    // The relationships keep their own ids.
    let text = std::fs::read_to_string(scene.path().join("scene.ron")).unwrap();
    assert!(text.contains("FloorContainsRoom"), "{text}");
}

#[test]
#[ignore = "needs the data in ../shared/data"]
fn the_explorer_spreadsheet_is_imported_with_its_models() {
    let scenario = shared_data("building-scenario");
    let scene = import(&[&scenario]);
    let twins = ask(scene.path(), "SELECT T.$dtId FROM DIGITALTWINS T", "$dtId");
    assert_eq!(twins.len(), 5, "{twins:?}");
    let related = json(&cupola(&["query", arg(scene.path()), "SELECT * FROM RELATIONSHIPS", "--format", "json"]));
    assert_eq!(related.as_array().unwrap().len(), 4, "{related}");
    // Without its models, the import of the spreadsheet fails and writes nothing.
    let folder = tempfile::tempdir().unwrap();
    let alone = scenario.join("buildingScenario.xlsx");
    let output = cupola(&["import", arg(&alone), "--out", arg(&folder.path().join("scene"))]);
    assert_eq!(output.status.code(), Some(1));
    assert!(!folder.path().join("scene").exists());
}

#[test]
#[ignore = "needs the data in ../shared/data"]
fn a_query_on_brick_finds_the_rooms_of_an_air_handling_unit() {
    let brick = shared_data("brick");
    let scene = import(&[&brick.join("rice_brick.ttl")]);
    let key: Value =
        serde_json::from_str(&std::fs::read_to_string(brick.join("rice_brick.ahu_impact_key.json")).unwrap()).unwrap();
    let key = key.as_object().unwrap();
    assert!(!key.is_empty());
    for (unit, impact) in key {
        let query = format!(
            "SELECT room.$dtId FROM DIGITALTWINS ahu JOIN vav RELATED ahu.feeds JOIN zone RELATED vav.feeds \
             JOIN room RELATED zone.hasPart WHERE ahu.$dtId = '{unit}'"
        );
        let rooms: BTreeSet<String> = ask(scene.path(), &query, "$dtId").into_iter().collect();
        let wanted: BTreeSet<String> =
            impact["rooms"].as_array().unwrap().iter().map(|room| room.as_str().unwrap().to_string()).collect();
        assert_eq!(rooms, wanted, "{unit}");
    }
}

/// Returns the twins and the relationships of a scene as text, without the parts that other formats can't express.
fn graph(scene: &Path) -> (BTreeSet<String>, BTreeSet<String>) {
    let rows = |query: &str| {
        let rows = json(&cupola(&["query", arg(scene), query, "--format", "json"]));
        let strip = |row: &Value| {
            let mut row = row.clone();
            // Ids of relationships may be generated, and the times of values are not part of the graph.
            if let Some(object) = row.as_object_mut() {
                object.remove("$relationshipId");
                object.remove("$etag");
                let model = object.get("$metadata").map(|metadata| metadata["$model"].clone());
                object.insert("$metadata".into(), model.unwrap_or_default());
            }
            row.to_string()
        };
        rows.as_array().unwrap().iter().map(strip).collect()
    };
    (rows("SELECT * FROM DIGITALTWINS"), rows("SELECT * FROM RELATIONSHIPS"))
}

#[test]
fn an_exported_scene_is_imported_unchanged() {
    let small = scene_folder(
        MODELS,
        &small_scene("").replace("\"setpoint\": 21.0", "\"setpoint\": 21.0, \"label\": \"a, \\\"b\\\"\\n;ü\""),
    );
    for source in [repository("scenes/hospital"), repository("scenes/office"), small.path().to_path_buf()] {
        let before = graph(&source);
        // An import lacks the values that the scene's formulas compute. Only the number of twins is compared.
        let folder = tempfile::tempdir().unwrap();
        for format in ["ndjson", "json"] {
            let file = folder.path().join(format!("graph.{format}"));
            let output = cupola(&["export", arg(&source), "--format", format, "--out", arg(&file)]);
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            let once = import(&[&file]);
            let after = graph(once.path());
            assert_eq!(before.1, after.1, "{format} of {}", source.display());
            assert_eq!(before.0.len(), after.0.len());
            let again = folder.path().join(format!("again.{format}"));
            assert!(cupola(&["export", arg(once.path()), "--format", format, "--out", arg(&again)]).status.success());
            let twice = import(&[&again]);
            let scene_of = |folder: &Path| {
                let text = std::fs::read_to_string(folder.join("scene.ron")).unwrap();
                text.lines().filter(|line| !line.trim_start().starts_with("name:")).collect::<Vec<_>>().join("\n")
            };
            assert_eq!(scene_of(once.path()), scene_of(twice.path()), "{format} of {}", source.display());
        }
        let building = folder.path().join("graph.glb");
        assert!(cupola(&["export", arg(&source), "--format", "glb", "--out", arg(&building)]).status.success());
        assert_eq!(before.1, graph(import(&[&building]).path()).1, "building of {}", source.display());
        // A spreadsheet holds no models, so they are imported together with it.
        let sheet = folder.path().join("graph.xlsx");
        assert!(cupola(&["export", arg(&source), "--format", "xlsx", "--out", arg(&sheet)]).status.success());
        let after = graph(import(&[&sheet, &source.join("models")]).path());
        assert_eq!(before.1, after.1, "spreadsheet of {}", source.display());
        let dot = folder.path().join("graph.dot");
        assert!(cupola(&["export", arg(&source), "--format", "dot", "--out", arg(&dot)]).status.success());
        assert!(std::fs::read_to_string(&dot).unwrap().starts_with("digraph"));
    }
}

#[test]
fn an_exported_building_contains_its_twins() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("hospital.glb");
    let output = cupola(&["export", "scenes/hospital", "--format", "glb", "--out", arg(&file)]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let scene = import(&[&file]);
    let bound = |path: &Path| {
        let scene = cupola_scene::load(path).scene.unwrap();
        let twins = scene.bindings.iter().flatten().map(|twin| scene.topology.twin_id(*twin).to_string());
        twins.collect::<BTreeSet<_>>()
    };
    let there = bound(scene.path());
    assert!(there.len() > 60, "{}", there.len());
    assert_eq!(bound(&repository("scenes/hospital")), there);
}

#[test]
fn a_preview_writes_nothing_and_reports_omissions() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let models = write(
        "room.json",
        r#"{"@context": "dtmi:dtdl:context;2", "@id": "dtmi:t:Room;1", "@type": "Interface", "contents": [
            {"@type": "Property", "name": "seats", "schema": "integer"},
            {"@type": "Relationship", "name": "beside", "maxMultiplicity": 1, "target": "dtmi:t:Room;1"}]}"#,
    );
    let twins = write(
        "graph.ndjson",
        "{\"Section\": \"Header\"}\n{\"fileVersion\": \"1.0.0\"}\n{\"Section\": \"Twins\"}\n\
         {\"$dtId\": \"a\", \"$metadata\": {\"$model\": \"dtmi:t:Room;1\"}, \"seats\": 4}\n\
         {\"$dtId\": \"b\", \"$metadata\": {\"$model\": \"dtmi:t:Room;1\"}, \"seats\": 2.5}\n\
         {\"$dtId\": \"c\", \"$metadata\": {\"$model\": \"dtmi:t:Rom;1\"}}\n\
         {\"Section\": \"Relationships\"}\n\
         {\"$dtId\": \"a\", \"$relationshipId\": \"1\", \"$targetId\": \"b\", \"$relationshipName\": \"beside\"}\n\
         {\"$dtId\": \"a\", \"$relationshipId\": \"2\", \"$targetId\": \"a\", \"$relationshipName\": \"beside\"}\n\
         {\"$dtId\": \"a\", \"$relationshipId\": \"3\", \"$targetId\": \"z\", \"$relationshipName\": \"beside\"}\n",
    );
    let out = folder.path().join("scene");
    let output = cupola(&["import", arg(&models), arg(&twins), "--out", arg(&out), "--dry-run", "--json"]);
    assert!(!out.exists(), "a preview writes nothing");
    let preview = json(&output);
    let count = |kind: &str, what: &str| preview["counts"][kind][what].as_u64().unwrap();
    assert_eq!((count("twins", "understood"), count("twins", "left_out")), (2, 1), "{preview}");
    assert_eq!((count("relationships", "understood"), count("relationships", "left_out")), (1, 2), "{preview}");
    let said = preview["diagnostics"].to_string();
    for word in ["seats", "dtmi:t:Rom;1", "dtmi:t:Room;1", "beside", "`z`"] {
        assert!(said.contains(word), "{word} in {said}");
    }
}

#[test]
fn the_buffer_files_of_a_building_are_imported() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("parts")).unwrap();
    let corners: Vec<u8> =
        [0.0_f32, 0.0, 0.0, 4.0, 0.0, 0.0, 0.0, 0.0, 5.0].iter().flat_map(|x| x.to_le_bytes()).collect();
    std::fs::write(folder.path().join("parts/the corners.bin"), corners).unwrap();
    let gltf = folder.path().join("house.gltf");
    std::fs::write(
        &gltf,
        r#"{"asset": {"version": "2.0"}, "scene": 0, "scenes": [{"nodes": [0]}],
            "buffers": [{"byteLength": 36, "uri": "parts/the%20corners.bin"}],
            "bufferViews": [{"buffer": 0, "byteLength": 36}],
            "accessors": [{"bufferView": 0, "componentType": 5126, "count": 3, "type": "VEC3", "min": [0, 0, 0], "max": [4, 0, 5]}],
            "meshes": [{"primitives": [{"attributes": {"POSITION": 0}}]}],
            "nodes": [{"name": "Lab", "mesh": 0, "extras": {"id": "lab", "class": "Room"}}]}"#,
    )
    .unwrap();
    let scene = import(&[&gltf]);
    let loaded = cupola_scene::load(scene.path()).scene.unwrap();
    assert!(!loaded.building.nodes[0].parts.is_empty());
}

#[test]
fn unreadable_parts_are_not_counted_as_understood() {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in [
        ("a.ttl", "@prefix a"),
        ("b.xlsx", "no archive"),
        ("c.json", "{\"$dtId\": \"a\",,}"),
        ("d.json", "{\"configuration\": 1}"),
        ("e.glb", "no building"),
        ("f.ndjson", "no lines"),
    ] {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let output = cupola(&["import", arg(folder.path()), "--dry-run", "--json"]);
    assert_eq!(output.status.code(), Some(1));
    let preview = json(&output);
    assert_eq!(preview["counts"]["files"], serde_json::json!({"understood": 0, "left_out": 6}), "{preview}");
}

#[test]
fn the_app_shows_a_preview_and_imports_on_request() {
    let start = scene_folder(MODELS, &small_scene(""));
    let mut app = open_by_hand(start.path());
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("graph.ndjson");
    assert!(cupola(&["export", arg(start.path()), "--format", "ndjson", "--out", arg(&file)]).status.success());
    send(&mut app, StartImport(vec![file]));
    let begin = Instant::now();
    while !matches!(app.world().resource::<Import>().stage, Stage::Preview(_)) {
        assert!(begin.elapsed() < Duration::from_secs(20));
        app.update();
        std::thread::yield_now();
    }
    let suggested = match &app.world().resource::<Import>().stage {
        Stage::Preview(preview) => {
            assert!(preview.sound);
            assert_eq!((preview.draft.twins.len(), preview.draft.relationships.len()), (3, 2));
            preview.folder.clone()
        }
        _ => unreachable!(),
    };
    assert!(!suggested.exists(), "nothing is written before the import is confirmed");
    send(&mut app, WriteImport { folder: suggested.clone(), replace: false });
    app.update();
    assert_eq!(app.world().resource::<OpenScene>().0.path, suggested.join("scene.ron"));
    assert!(matches!(app.world().resource::<Import>().stage, Stage::Idle));
    let out = folder.path().join("out.json");
    send(&mut app, Export { path: out.clone(), format: Format::Json });
    assert!(out.is_file());
}

#[test]
fn commands_on_input_with_errors_do_their_part_and_fail() {
    let folder = tempfile::tempdir().unwrap();
    let (models, graph) = (folder.path().join("models.json"), folder.path().join("graph.ndjson"));
    std::fs::write(&models, MODELS).unwrap();
    let lines = [
        r#"{"Section": "Header"}"#,
        r#"{"fileVersion": "1.0.0"}"#,
        r#"{"Section": "Twins"}"#,
        r#"{"$dtId": "r1", "$metadata": {"$model": "dtmi:t:Room;1"}}"#,
        r#"{"$dtId": "x1", "$metadata": {"$model": "dtmi:t:Unknown;1"}}"#,
    ];
    std::fs::write(&graph, lines.join("\n")).unwrap();
    let out = folder.path().join("scene");
    let output = cupola(&["import", arg(&models), arg(&graph), "--out", arg(&out), "--json"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(json(&output)["imported"], true);
    assert_eq!(ask(&out, "SELECT T.$dtId FROM DIGITALTWINS T", "$dtId"), ["r1"]);

    let scene = scene_folder(MODELS, &small_scene("").replace("to: \"r2\"", "to: \"r9\""));
    let scene = arg(scene.path());
    let file = folder.path().join("graph.json");
    for (command, answer) in [
        (vec!["query", scene, "SELECT COUNT() FROM DIGITALTWINS"], "3"),
        (vec!["query", scene, "EXPLAIN SELECT T FROM DIGITALTWINS T"], ""),
        (vec!["why", scene, "r1.area"], "20"),
        (vec!["why", scene, "r1.area", "--impact"], ""),
        (vec!["export", scene, "--format", "json", "--out", arg(&file)], "3 twins"),
    ] {
        let output = cupola(&command);
        assert_eq!(output.status.code(), Some(1), "{command:?}");
        assert!(String::from_utf8_lossy(&output.stdout).contains(answer), "{command:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("r9"), "{command:?}");
    }
}

#[test]
fn update_times_and_version_tags_of_a_service_are_kept() {
    let model = r#"{"@context": "dtmi:dtdl:context;3", "@id": "dtmi:x:Room;1", "@type": "Interface", "contents": [
        {"@type": "Property", "name": "temperature", "schema": "double"},
        {"@type": "Property", "name": "humidity", "schema": "double"},
        {"@type": "Component", "name": "fan", "schema": "dtmi:x:Fan;1"}]}"#;
    let fan = r#"{"@context": "dtmi:dtdl:context;3", "@id": "dtmi:x:Fan;1", "@type": "Interface", "contents": [
        {"@type": "Property", "name": "speed", "schema": "double"}]}"#;
    let twin = r#"{"$dtId": "r", "$etag": "W/\"7\"", "temperature": 21.5, "humidity": 40.0,
        "fan": {"$metadata": {"speed": {"lastUpdateTime": "2024-05-03T10:00:00Z"}}, "speed": 3.0},
        "$metadata": {"$model": "dtmi:x:Room;1", "temperature": {"lastUpdateTime": "2024-05-01T10:00:00.1234567Z"}}}"#;
    let text = format!(
        r#"{{"digitalTwinsModels": [{model}, {fan}], "digitalTwinsGraph": {{"digitalTwins": [{twin}], "relationships": []}}}}"#
    );
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("graph.json");
    std::fs::write(&file, text).unwrap();
    let scene = import(&[&file]);
    let question = "SELECT T.$etag, T.$metadata.temperature.lastUpdateTime AS t, T.$metadata.humidity.lastUpdateTime AS h, \
                    T.$metadata.fan.speed.lastUpdateTime AS f FROM DIGITALTWINS T \
                    WHERE T.$metadata.temperature.lastUpdateTime < '2024-05-02T00:00:00Z'";
    let ask = |scene: &Path| json(&cupola(&["query", arg(scene), question, "--format", "json"]));
    let kept =
        serde_json::json!([{"$etag": "W/\"7\"", "t": "2024-05-01T10:00:00.123456Z", "f": "2024-05-03T10:00:00Z"}]);
    let known = |answer: serde_json::Value| {
        let mut answer = answer;
        answer[0].as_object_mut().unwrap().retain(|_, value| !value.is_null());
        answer
    };
    assert_eq!(known(ask(scene.path())), kept);
    // They survive an export.
    let again = folder.path().join("again.json");
    assert!(cupola(&["export", arg(scene.path()), "--format", "json", "--out", arg(&again)]).status.success());
    assert_eq!(known(ask(import(&[&again]).path())), kept);
    // A new value is not of that time any more, and the twin is not of that version. Undo brings both back.
    assert!(cupola(&["edit", arg(scene.path()), "set", "r.fan.speed=4"]).status.success());
    let changed = known(ask(scene.path()));
    assert_eq!(changed, serde_json::json!([{"t": "2024-05-01T10:00:00.123456Z"}]));
    assert!(cupola(&["edit", arg(scene.path()), "undo"]).status.success());
    assert_eq!(known(ask(scene.path())), kept);
    // A time that is none is an error with its place.
    let path = scene.path().join("scene.ron");
    let broken = std::fs::read_to_string(&path).unwrap().replace("2024-05-03T10", "2024-55-03T10");
    std::fs::write(&path, broken).unwrap();
    let output = cupola(&["check", arg(scene.path())]);
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.code() == Some(1) && said.contains("wrong-system-value") && said.contains("scene.ron:"),
        "{said}"
    );
}
