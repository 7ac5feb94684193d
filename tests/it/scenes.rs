//! Tests of scenes: the demos, saving, reload, massing and flights.

use crate::support::{
    MODELS, codes, number, open, open_by_hand, receive, repository, scene_folder, send, small_scene, tick, timeline,
};
use cupola::look::{ChangeLook, ViewSettings};
use cupola::selection::Focus;
use cupola::session::Reload;
use cupola::timeline::{OpenScene, SourceKind};
use cupola_building::Role;
use cupola_scene::Document;

#[path = "../../examples/make_scenes/hospital/mod.rs"]
#[allow(dead_code, reason = "the example uses every item")]
mod hospital;
#[path = "../../examples/make_scenes/office/mod.rs"]
#[allow(dead_code, reason = "the example uses every item")]
mod office;
#[path = "../../examples/make_scenes/shared.rs"]
#[allow(dead_code, reason = "the example uses every item")]
mod shared;

#[test]
fn demo_scenes_are_valid_and_up_to_date() {
    for (name, rooms, made) in [("office", 60, office::office()), ("hospital", 48, hospital::hospital())] {
        let loaded = cupola_scene::load(&repository("scenes").join(name));
        assert_eq!(loaded.diagnostics, [], "{name}");
        let scene = loaded.scene.unwrap();
        let bound = scene.building.nodes.iter().zip(scene.bindings.iter());
        let count = bound.filter(|(node, twin)| node.role == Role::Room && twin.is_some()).count();
        assert!(count >= rooms, "{name} has {count} rooms");
        // The files in the repository must be those that the generator makes.
        assert_eq!(*scene.document, made.0, "{name}: run `cargo run --example make_scenes`");
        let plan = std::fs::read_to_string(repository("scenes").join(name).join("plan.ron")).unwrap();
        assert_eq!(cupola_building::Plan::from_ron(&plan).unwrap(), made.1);
        let glb = std::fs::read(repository("assets").join(format!("{name}.glb"))).unwrap();
        assert!(glb == cupola_building::to_glb(&cupola_building::build(&made.1)), "{name}.glb is out of date");
    }
}

#[test]
fn demos_have_plausible_values_after_eight_hours() {
    for (name, checks) in [
        (
            "office",
            &[
                ("harbour-office.temperature", 15.0, 30.0),
                ("floor-2.co2", 380.0, 1800.0),
                ("harbour-office.comfort", 20.0, 100.0),
                ("harbour-office.energy", 50.0, 5000.0),
            ][..],
        ),
        (
            "hospital",
            &[("riverside-hospital.compliance", 30.0, 100.0), ("riverside-hospital.dispensersToRefill", 0.0, 200.0)][..],
        ),
    ] {
        let mut app = open_by_hand(&repository("scenes").join(name));
        let simulated = timeline(&mut app, SourceKind::Simulated);
        for _ in 0..8 * 60 {
            app.world_mut().get_mut::<cupola::timeline::Playback>(simulated).unwrap().step();
            tick(&mut app);
        }
        for (slot, least, most) in checks {
            let value = number(&app, simulated, slot);
            assert!(value.is_some_and(|value| (*least..=*most).contains(&value)), "{slot} is {value:?}");
        }
    }
}

#[test]
fn a_saved_scene_is_read_unchanged() {
    for name in ["office", "hospital"] {
        let first = cupola_scene::load(&repository("scenes").join(name)).scene.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("copy/scene.ron");
        std::fs::create_dir(path.parent().unwrap()).unwrap();
        let mut document = Document::clone(&first.document);
        cupola_scene::rebase(&mut document, &first.path, &path);
        cupola_scene::save(&document, &path).unwrap();
        cupola_scene::allow_files(cupola_scene::refused_files(&document, &path));
        let again = cupola_scene::load(&path);
        assert_eq!(again.diagnostics, []);
        let again = again.scene.unwrap();
        assert_eq!(*again.document, document);
        assert_eq!(again.graph.relationship_count(), first.graph.relationship_count());
        cupola_scene::save(&again.document, &path).unwrap();
        assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "saving must leave no other file");
    }
}

#[test]
fn a_failed_save_keeps_the_old_file() {
    let folder = scene_folder(MODELS, &small_scene(""));
    let document = cupola_scene::load(folder.path()).scene.unwrap().document;
    let target = folder.path().join("scene.ron").join("below-a-file.ron");
    assert_eq!(cupola_scene::save(&document, &target).unwrap_err().code, "save-failed");
    assert!(cupola_scene::load(folder.path()).is_valid());
}

#[test]
fn twins_without_a_building_get_a_massing() {
    let folder = scene_folder(MODELS, &small_scene(""));
    let loaded = cupola_scene::load(folder.path());
    assert_eq!(codes(&loaded), [""; 0]);
    let scene = loaded.scene.unwrap();
    let rooms: Vec<_> = scene.bindings.iter().flatten().map(|twin| scene.topology.twin_id(*twin).to_string()).collect();
    assert!(["r1", "r2", "f1"].iter().all(|id| rooms.contains(&(*id).to_string())), "{rooms:?}");
}

#[test]
fn a_plan_can_describe_the_building() {
    let plan = r#"(version: 1, name: "P", storeys: [(id: "f1", name: "One", elevation_m: 0, height_m: 3.3, rooms: [
        (id: "r1", name: "R1", kind: office, polygon: [(0,0),(5,0),(5,4),(0,4)]),
        (id: "r2", name: "R2", kind: office, polygon: [(5,0),(9,0),(9,4),(5,4)])])])"#;
    let folder = scene_folder(MODELS, &small_scene("building: (plan: \"plan.ron\"),"));
    std::fs::write(folder.path().join("plan.ron"), plan).unwrap();
    let loaded = cupola_scene::load(folder.path());
    assert_eq!(codes(&loaded), [""; 0], "{:?}", loaded.diagnostics);
    assert!(loaded.scene.unwrap().bindings.iter().flatten().count() >= 3);
}

#[test]
fn a_reloaded_scene_keeps_its_values() {
    let folder = scene_folder(MODELS, &small_scene(""));
    let mut app = open(folder.path(), None);
    let live = timeline(&mut app, SourceKind::Live);
    receive(&mut app, live, "r1.temperature", 20.0);
    receive(&mut app, live, "r2.temperature", 30.0);
    assert_eq!(number(&app, live, "f1.mean"), Some(25.0));
    let changed =
        small_scene("").replace("AVG(contains.temperature)", "MAX(contains.temperature)").replace("\"r2\"", "\"r3\"");
    std::fs::write(folder.path().join("scene.ron"), changed).unwrap();
    send(&mut app, Reload);
    assert_eq!(number(&app, live, "f1.mean"), Some(20.0), "r2 must be removed, and r1 must keep its value");
    // A feed with an invalid address is an error like any other.
    let feed =
        r#"feeds: [(id: "m", url: "mqtts://h", mappings: [(topic: "t/{r}", twin: "{r}", property: "temperature")])],"#;
    std::fs::write(folder.path().join("scene.ron"), small_scene(feed)).unwrap();
    send(&mut app, Reload);
    let notices = &app.world().resource::<cupola::notice::Notices>().0;
    assert!(notices.last().unwrap().1.contains("TLS"), "{notices:?}");
    assert!(app.world().resource::<OpenScene>().0.topology.twin("r3").is_some(), "the open scene must stay");
    // A broken file changes nothing.
    std::fs::write(folder.path().join("scene.ron"), "(version: 1,").unwrap();
    send(&mut app, Reload);
    assert_eq!(number(&app, live, "r1.temperature"), Some(20.0));
    let notices = &app.world().resource::<cupola::notice::Notices>().0;
    assert!(notices.last().unwrap().1.contains("scene.ron:1:"), "{notices:?}");
}

#[test]
fn flying_to_a_twin_chooses_its_storey() {
    let mut app = open_by_hand(&repository("scenes/office"));
    app.update();
    let scene = app.world().resource::<OpenScene>().0.clone();
    let storey = |app: &bevy::prelude::App| {
        let storey = app.world().resource::<ViewSettings>().storey;
        storey.and_then(|storey| scene.bindings[storey]).map(|twin| scene.topology.twin_id(twin).to_string())
    };
    let floor = |level: &str| Some(format!("floor-{level}"));
    for (twin, level, why) in [
        ("boiler", "1", "the boiler is in the plant room"),
        ("room-304-co2", "3", "a sensor is in its room"),
        ("harbour-office", "3", "the building has no storey"),
    ] {
        send(&mut app, Focus(Some(twin.into())));
        assert_eq!(storey(&app), floor(level), "{twin}: {why}");
    }
    send(&mut app, ChangeLook(ViewSettings { see_through: true, ..ViewSettings::default() }));
    send(&mut app, Focus(Some("boiler".into())));
    assert_eq!(storey(&app), None, "no storey is chosen if the walls are transparent");
}
