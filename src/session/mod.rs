//! The session: the open scene, its timelines, and the actions that open, change and save it.

mod access;
mod edit;
mod files;
mod quit;
mod replace;
mod watch;

pub use access::{AllowSceneFiles, AllowedFiles, RefusedFiles};
pub(crate) use edit::Loss;
pub use edit::{EditHistory, EditScene, KeepAssumptions, Redo, Undo};
pub use files::{Open, Reload, Save};
pub use quit::Quit;
pub use watch::FileWatcher;

use crate::Tick;
use crate::action::{ActionPlugin, apply_actions};
use crate::exchange::{self, Import};
use crate::feed::{AllowedBrokers, Connections, brokers_of};
use crate::history::{self, HistoryChoice};
use crate::job::{Jobs, drop_on_thread};
use crate::look::ViewSettings;
use crate::notice::{NoticeLevel, Notices};
use crate::processor::Processors;
use crate::selection::select;
use crate::timeline::{
    Comparison, OpenScene, Playback, SourceKind, Timeline, ViewCursor, WallClock, scrub, step_us_of,
};
use crate::twin::{mirror, places_of};
use bevy::prelude::*;
use cupola_run::{Drivers, Relocation};
use cupola_scene::{LoadResult, Scene};
use cupola_twin::{Diagnostic, State};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The longest time of the wall clock that a frame may spend on ticks.
const TICK_BUDGET: Duration = Duration::from_millis(12);

/// The options of a session.
#[derive(Resource, Clone, Debug, Default)]
pub struct SessionOptions {
    /// Whether live timelines connect to their brokers when they are spawned.
    pub connect: bool,
    /// The broker to use instead of the scene's.
    pub broker: Option<String>,
    /// The place in which live timelines are recorded.
    pub history: HistoryChoice,
}

/// The diagnostics of the open scene.
#[derive(Resource, Clone, Debug, Default)]
pub struct Findings(pub Vec<Diagnostic>);

/// The drivers of the open scene, with which new timelines begin.
#[derive(Resource, Clone, Default)]
pub struct SceneDrivers(pub Drivers);

/// The plugin that adds the actions and the system that runs the clocks.
pub struct SessionPlugin;

impl Plugin for SessionPlugin {
    fn build(&self, app: &mut App) {
        app.add_plugins(ActionPlugin)
            .init_resource::<ViewSettings>()
            .init_resource::<Notices>()
            .init_resource::<Findings>()
            .init_resource::<SceneDrivers>()
            .init_resource::<SessionOptions>()
            .init_resource::<EditHistory>()
            .init_resource::<AllowedFiles>()
            .init_resource::<RefusedFiles>()
            .init_resource::<Import>()
            .init_resource::<FileWatcher>()
            .add_message::<bevy::window::WindowCloseRequested>()
            // Actions are applied before a reload, because they were made for the scene before it.
            .add_systems(PreUpdate, (exchange::listen, quit::quit_on_close, apply_actions, watch::watch).chain())
            .add_systems(Update, (history::attach, scrub, drive, history::tell).chain());
    }
}

/// Moves the clocks, and runs as many ticks as are due and fit into the frame.
fn drive(world: &mut World) {
    let seconds = world.get_resource::<Time>().map_or(0.0, |time| time.delta_secs_f64());
    let mut clocks = world.query::<(&Timeline, &mut Playback)>();
    let steps = |(timeline, playback): (&Timeline, &Playback)| {
        step_us_of(timeline).is_some_and(|step_us| playback.wants_tick(step_us))
    };
    let mut each = |world: &mut World, change: &dyn Fn(&mut Playback, i64)| {
        for (timeline, mut playback) in clocks.iter_mut(world) {
            if let Some(step_us) = step_us_of(timeline) {
                change(&mut playback, step_us);
            }
        }
        clocks.iter(world).any(steps)
    };
    each(world, &|playback, step_us| playback.pass(seconds, step_us));
    let begin = Instant::now();
    loop {
        world.run_schedule(Tick);
        if begin.elapsed() >= TICK_BUDGET {
            each(world, &|playback, step_us| playback.forgive(step_us));
            return;
        }
        // A clock with infinite speed is always due.
        let wants_tick = each(world, &|playback, step_us| {
            if playback.speed.is_infinite() {
                playback.pass(0.0, step_us);
            }
        });
        if !wants_tick {
            return;
        }
    }
}

/// Opens a scene that was read. Its timelines and findings replace those of the scene before. Returns whether there is
/// a scene.
pub fn open(world: &mut World, loaded: LoadResult) -> bool {
    let Some(scene) = loaded.scene else {
        world.insert_resource(Findings(loaded.diagnostics));
        return false;
    };
    open_scene(world, Arc::new(scene), loaded.diagnostics);
    true
}

/// A scene with its drivers, findings and places, ready to be opened. It can be prepared on another thread.
pub(crate) struct PreparedScene {
    scene: Arc<Scene>,
    drivers: Drivers,
    findings: Vec<Diagnostic>,
    /// The number of the building's node for each twin, if it has a place.
    places: Arc<Vec<Option<usize>>>,
}

impl PreparedScene {
    /// Prepares a scene with the findings about it so far.
    pub(crate) fn new(scene: Arc<Scene>, mut findings: Vec<Diagnostic>) -> Self {
        let drivers = Drivers::new(&scene, &mut findings);
        let places = places_of(&scene);
        Self { scene, drivers, findings, places }
    }
}

/// Opens a scene with the findings about its files. Findings about its drivers are added.
pub fn open_scene(world: &mut World, scene: Arc<Scene>, findings: Vec<Diagnostic>) {
    let state = State::new(scene.topology.clone());
    open_prepared(world, PreparedScene::new(scene, findings), state);
}

/// Opens a prepared scene. Its timelines begin with `state`.
fn open_prepared(world: &mut World, prepared: PreparedScene, state: State) {
    let PreparedScene { scene, drivers, findings, places } = prepared;
    close(world);
    world.resource_mut::<Jobs>().scenes_opened += 1;
    let now_us = world.resource::<WallClock>().now_us();
    let simulated = cupola_run::Timeline::simulated(scene.clone(), state.clone(), &drivers);
    let live = cupola_run::Timeline::live(scene.clone(), state, &drivers, now_us);
    let live = spawn(world, live, Playback::default());
    if let Some(simulated) = simulated {
        spawn(world, simulated, Playback::default());
    }
    let mut settings = world.resource_mut::<ViewSettings>();
    settings.color_by = scene.document.view.color_by.clone().unwrap_or_default();
    settings.range = scene.document.view.range;
    settings.storey = None;
    world.insert_resource(ViewCursor::new(live));
    world.insert_resource(Comparison::default());
    world.insert_resource(Findings(findings));
    let refused = RefusedFiles(scene.refused.clone());
    if let Some(text) = refused.message() {
        world.resource_mut::<Notices>().push(NoticeLevel::Warning, text);
    }
    world.insert_resource(refused);
    select(world, None);
    world.insert_resource(EditHistory::default());
    world.resource_mut::<FileWatcher>().read_again();
    history::begin(world, live, &scene.path);
    set_scene(world, scene, drivers, places, None);
}

/// Makes a scene the open one. `relocation` leads from the previous scene, if the scene is a changed version of it.
fn set_scene(
    world: &mut World,
    scene: Arc<Scene>,
    drivers: Drivers,
    places: Arc<Vec<Option<usize>>>,
    relocation: Option<&Relocation>,
) {
    mirror(world, &scene, places, relocation);
    world.insert_resource(SceneDrivers(drivers));
    drop_on_thread(world.remove_resource::<OpenScene>());
    world.insert_resource(OpenScene(scene));
}

/// Removes all timelines.
fn close(world: &mut World) {
    let mut timelines = world.query_filtered::<Entity, With<Timeline>>();
    let all: Vec<Entity> = timelines.iter(world).collect();
    for entity in all {
        drop_on_thread(world.entity_mut(entity).take::<Timeline>());
        world.despawn(entity);
    }
}

/// Spawns a timeline with its connections and its external processors.
pub(crate) fn spawn(world: &mut World, timeline: cupola_run::Timeline, playback: Playback) -> Entity {
    let timeline = Timeline(timeline);
    let processors = Processors::new(&timeline);
    let connections = (!timeline.feeds().is_empty()).then(|| Connections::new(timeline.feeds()));
    let entity = world.spawn((timeline, playback)).id();
    if let Some(processors) = processors {
        world.entity_mut(entity).insert(processors);
    }
    if let Some(connections) = connections {
        connect(world, entity, connections);
    }
    entity
}

/// Connects to the brokers if the session options require it, and adds the connections to their timeline.
fn connect(world: &mut World, entity: Entity, mut connections: Connections) {
    let options = world.resource::<SessionOptions>().clone();
    let document = world.get::<Timeline>(entity).map(|timeline| timeline.scene().document.clone());
    let brokers = document.map_or(Vec::new(), |document| brokers_of(&document));
    let allowed = world.resource::<AllowedBrokers>();
    let mut waiting: Vec<String> = brokers.into_iter().filter(|url| !allowed.allows(url)).collect();
    if options.broker.is_some() {
        waiting.clear();
    }
    if options.connect {
        if !waiting.is_empty() {
            let hosts = waiting.join(", ");
            let text = format!("The scene names the broker {hosts}: allow it at “Not connected” in the top bar");
            world.resource_mut::<Notices>().push(NoticeLevel::Warning, text);
        }
        if let Err(error) = connections.connect_except(options.broker.as_deref(), waiting) {
            world.resource_mut::<Notices>().push(NoticeLevel::Error, error);
        }
    }
    world.entity_mut(entity).insert(connections);
}

/// Connects the connections of a timeline again, as when it was spawned.
pub(crate) fn connect_again(world: &mut World, entity: Entity) {
    if let Some(connections) = world.entity_mut(entity).take::<Connections>() {
        connect(world, entity, connections);
    }
}

/// Returns the first timeline of a kind, or `None` if there is none. Branches come last.
pub fn timeline_of(world: &mut World, source: SourceKind) -> Option<Entity> {
    let mut timelines = world.query::<(Entity, &Timeline)>();
    let mut found: Vec<(bool, Entity)> = timelines
        .iter(world)
        .filter(|(_, timeline)| timeline.source() == source)
        .map(|(entity, timeline)| (timeline.branched_from().is_some(), entity))
        .collect();
    found.sort_unstable();
    found.first().map(|(_, entity)| *entity)
}
