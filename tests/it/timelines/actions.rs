//! Tests of the order, the outcome and the jobs of actions.

use super::*;

#[test]
fn the_sender_of_an_action_receives_its_outcome() {
    let (mut app, _folder) = app();
    for (number, action) in [(7, Seek(0)), (8, Seek(1))] {
        app.world_mut().write_message(ActionRequest { number, ..ActionRequest::new(action) });
    }
    app.world_mut().write_message(ActionRequest { number: 9, ..ActionRequest::new(Select(Some("r1".into()))) });
    app.update();
    let outcomes: Vec<ActionOutcome> = app.world_mut().resource_mut::<Messages<ActionOutcome>>().drain().collect();
    let heard: Vec<(u64, bool)> = outcomes.iter().map(|outcome| (outcome.number, outcome.result.is_ok())).collect();
    assert_eq!(heard, [(7, false), (8, false), (9, true)], "{outcomes:?}");
}

#[test]
fn actions_after_a_replacement_of_the_scene_are_applied() {
    let (mut app, _folder) = app();
    let twin = TwinDoc { id: "a0".into(), model: "Room".into(), properties: Properties::default() };
    let add = Edit::AddTwin { twin, at: Some(0), relationships: Vec::new(), bindings: BTreeMap::new() };
    app.world_mut().write_message(ActionRequest::new(EditScene(vec![add])));
    app.world_mut().write_message(ActionRequest::new(Select(Some("r2".into()))));
    app.update();
    let mut selected = app.world_mut().query_filtered::<&Twin, With<Selected>>();
    let twin = selected.single(app.world()).unwrap();
    assert_eq!(app.world().resource::<OpenScene>().0.topology.twin_id(twin.0), "r2");
}

#[test]
fn actions_keep_their_order_while_jobs_take_several_frames() {
    let (mut app, folder) = app();
    app.world_mut().resource_mut::<Jobs>().patience = Some(Duration::ZERO);
    let twin = |id: &str| TwinDoc { id: id.into(), model: "Room".into(), properties: Properties::default() };
    let add = |id: &str| {
        let (relationships, bindings) = (Vec::new(), BTreeMap::new());
        ActionRequest::new(EditScene(vec![Edit::AddTwin { twin: twin(id), at: None, relationships, bindings }]))
    };
    // Each action depends on the one before: two edits, a save of both, and a selection of the added twin.
    let target = folder.path().join("saved.ron");
    app.world_mut().write_message(add("a1"));
    app.world_mut().write_message(add("a2"));
    app.world_mut().write_message(ActionRequest::new(Save(Some(target.clone()))));
    app.world_mut().write_message(ActionRequest::new(Select(Some("a2".into()))));
    let begin = Instant::now();
    let mut frames = 0;
    let selected = |app: &mut App| app.world_mut().query_filtered::<&Twin, With<Selected>>().iter(app.world()).count();
    while selected(&mut app) == 0 {
        assert!(begin.elapsed() < Duration::from_secs(20));
        app.update();
        frames += 1;
    }
    assert!(frames > 1, "the jobs must take more than one frame");
    assert_eq!(last_notice(&app), format!("Saved a copy as {}", target.display()));
    let saved = cupola_scene::load(&target).scene.unwrap();
    assert!(saved.topology.twin("a1").is_some() && saved.topology.twin("a2").is_some());
    // A file that exists is replaced only after a second request.
    std::fs::write(&target, "another file").unwrap();
    send(&mut app, Save(Some(target.clone())));
    assert!(last_notice(&app).contains("exists already"), "{}", last_notice(&app));
    assert_eq!(std::fs::read_to_string(&target).unwrap(), "another file");
    app.world_mut().write_message(ActionRequest::new(Save(Some(target.clone()))));
    let begin = Instant::now();
    while cupola_scene::load(&target).scene.is_none() {
        assert!(begin.elapsed() < Duration::from_secs(20), "{}", last_notice(&app));
        app.update();
    }
}

#[test]
fn a_stopped_job_changes_nothing() {
    let (mut app, folder) = app();
    app.world_mut().resource_mut::<Jobs>().patience = Some(Duration::ZERO);
    let scene = folder.path().join("other.ron");
    std::fs::write(&scene, small_scene("").replace("\"Small\"", "\"Other\"")).unwrap();
    app.world_mut().write_message(ActionRequest::new(Open(scene)));
    app.world_mut().run_system_cached(cupola::action::apply_actions).unwrap();
    // The thread may have ended already. Its result is then used in the next frame.
    app.world_mut().resource_mut::<Jobs>().patience = Some(Duration::ZERO);
    let is_running = app.world().resource::<Jobs>().is_running();
    if is_running {
        send(&mut app, StopJob);
    }
    for _ in 0..20 {
        app.update();
        std::thread::yield_now();
    }
    let name = app.world().resource::<OpenScene>().0.document.name.clone();
    let stopped = last_notice(&app).contains("was stopped");
    assert_eq!(name, if stopped { "Small" } else { "Other" });
}

/// An action that opens a scene when the test sends a signal.
#[derive(Debug)]
struct OpenLater(PathBuf, Mutex<Receiver<()>>);

impl Action for OpenLater {
    fn apply(self: Box<Self>, world: &mut World, _: &Actor) -> ActionResult {
        let Self(path, go) = *self;
        world.resource_mut::<Jobs>().start("Opening", true, move || {
            let _ = go.lock().unwrap().recv();
            Box::new(move |world| {
                session::open(world, cupola_scene::load(&path));
                Ok(None)
            })
        })
    }
}

fn open_later(app: &mut App, path: &Path) -> SyncSender<()> {
    let (sender, receiver) = sync_channel(1);
    app.world_mut().resource_mut::<Jobs>().patience = Some(Duration::ZERO);
    let action = OpenLater(path.into(), Mutex::new(receiver));
    app.world_mut().write_message(ActionRequest { number: 7, ..ActionRequest::new(action) });
    app.update();
    assert!(app.world().resource::<Jobs>().is_running());
    sender
}

#[test]
fn actions_on_a_scene_are_refused_after_another_scene_was_opened() {
    let (mut app, _folder) = app();
    let other = scene_folder(MODELS, &small_scene("").replace("Small", "Other"));
    let go = open_later(&mut app, other.path());
    send(&mut app, add_room("a0"));
    go.send(()).unwrap();
    wait(&mut app, |app| !app.world().resource::<Jobs>().is_running());
    let scene = app.world().resource::<OpenScene>().0.clone();
    assert_eq!((&*scene.document.name, scene.topology.twin("a0")), ("Other", None));
    assert!(last_notice(&app).contains("another scene"), "{}", last_notice(&app));
}

#[test]
fn actions_after_a_waiting_action_wait_too() {
    let (mut app, folder) = app();
    let go = open_later(&mut app, folder.path());
    app.world_mut().write_message(ActionRequest::new(Open(folder.path().into())));
    app.world_mut().write_message(ActionRequest::new(add_room("a0")));
    app.world_mut().write_message(ActionRequest::new(Select(Some("a0".into()))));
    app.update();
    go.send(()).unwrap();
    wait(&mut app, |app| {
        let mut selected = app.world_mut().query_filtered::<&Twin, With<Selected>>();
        let twin = selected.iter(app.world()).next().copied();
        let topology = app.world().resource::<OpenScene>().0.topology.clone();
        twin.is_some_and(|twin| topology.twin_id(twin.0) == "a0")
    });
    assert_eq!(last_notice(&app), "");
}

#[test]
fn the_sender_of_a_stopped_action_receives_an_error() {
    let (mut app, folder) = app();
    let _go = open_later(&mut app, folder.path());
    send(&mut app, StopJob);
    let outcomes: Vec<ActionOutcome> = app.world_mut().resource_mut::<Messages<ActionOutcome>>().drain().collect();
    assert_eq!(outcomes, [ActionOutcome { number: 7, result: Err("Opening was stopped".into()) }]);
}
