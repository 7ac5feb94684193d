//! The session: which scene is open, on which timelines, and what intents do to them.

mod apply;
mod edits;
mod importing;
mod watch;

pub use apply::FocusRequest;
pub use edits::EditHistory;
pub use importing::{Import, Preview, Stage};
pub use watch::Watch;

use crate::Tick;
use crate::alarm::Alarms;
use crate::feed::{Live, Mappings};
use crate::processor::{Definition, Processors};
use crate::scene::{Loaded, Scene};
use crate::selection::{Intent, Notices, Selection, ViewSettings};
use crate::simulation::{Simulated, Simulation};
use crate::timeline::{ActiveTimeline, Clock, OpenScene, Recording, SourceKind, Timeline, TimelineState, WallClock};
use bevy::prelude::*;
use cupola_twin::value::Sample;
use cupola_twin::{Diagnostic, Slot, State};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Real time that a frame may spend on ticks.
const TICK_BUDGET: Duration = Duration::from_millis(12);

/// How a session begins.
#[derive(Resource, Clone, Debug, Default)]
pub struct SessionOptions {
    /// Whether the live timeline connects by itself.
    pub connect: bool,
    /// The broker to use instead of the scene's.
    pub broker: Option<String>,
}

/// What was found in the open scene's files.
#[derive(Resource, Clone, Debug, Default)]
pub struct Findings(pub Vec<Diagnostic>);

/// The conditions that new simulated timelines begin with.
#[derive(Resource, Clone, Default)]
pub struct Conditions(pub Option<Simulation>);

/// Intents and the clockwork.
pub struct SessionPlugin;

impl Plugin for SessionPlugin {
    fn build(&self, app: &mut App) {
        app.add_message::<Intent>()
            .init_resource::<Selection>()
            .init_resource::<ViewSettings>()
            .init_resource::<Notices>()
            .init_resource::<Findings>()
            .init_resource::<Conditions>()
            .init_resource::<SessionOptions>()
            .init_resource::<EditHistory>()
            .init_resource::<Import>()
            .init_resource::<watch::Watch>()
            // Intents first: they were made of the scene that a changed file may replace.
            .add_systems(
                PreUpdate,
                (importing::listen, apply::apply, watch::watch).chain().in_set(crate::twin::BeforeMirror),
            )
            .add_systems(Update, drive);
    }
}

/// Lets the clocks move and runs as many ticks as they want and the frame has time for.
fn drive(world: &mut World) {
    let seconds = world.get_resource::<Time>().map_or(0.0, |time| time.delta_secs_f64());
    let mut clocks = world.query::<&mut Clock>();
    clocks.iter_mut(world).for_each(|mut clock| clock.pass(seconds));
    let begin = Instant::now();
    loop {
        world.run_schedule(Tick);
        let as_fast_as_it_goes = clocks.iter(world).any(|clock| clock.playing && clock.speed.is_infinite());
        if begin.elapsed() >= TICK_BUDGET {
            clocks.iter_mut(world).for_each(|mut clock| clock.forgive());
            return;
        }
        if as_fast_as_it_goes {
            clocks.iter_mut(world).for_each(|mut clock| clock.pass(0.0));
        }
        if !clocks.iter(world).any(Clock::wants_tick) {
            return;
        }
    }
}

/// Opens a scene that was read: its timelines replace those of the one before. What was found comes along.
pub fn open(world: &mut World, loaded: Loaded) -> bool {
    let Some(scene) = loaded.scene else {
        world.insert_resource(Findings(loaded.diagnostics));
        return false;
    };
    open_scene(world, Arc::new(scene), loaded.diagnostics);
    true
}

/// The feeds and the simulation of a scene; what is wrong with them is added to the findings.
pub fn bind(scene: &Scene, findings: &mut Vec<Diagnostic>) -> (Vec<Mappings>, Option<Simulation>) {
    let (feeds, mut found) = Mappings::new(scene);
    findings.append(&mut found);
    let (simulation, mut found) = Simulation::new(scene);
    findings.append(&mut found);
    findings.extend(crate::simulation::study::check(scene));
    // Only what is found counts here: each timeline has its own.
    let _ = Definition::all(scene, findings);
    (feeds, simulation)
}

/// Opens a scene with what was found in it so far.
pub fn open_scene(world: &mut World, scene: Arc<Scene>, mut findings: Vec<Diagnostic>) {
    let (feeds, simulation) = bind(&scene, &mut findings);
    close(world);
    world.insert_resource(OpenScene(scene.clone()));
    world.insert_resource(Conditions(simulation.clone()));
    world.insert_resource(Findings(findings));
    world.insert_resource(Selection::default());
    world.insert_resource(EditHistory::default());
    let now_us = world.resource::<WallClock>().now_us();
    let state = State::new(scene.topology.clone());
    let live = spawn_live(world, &scene, state.clone(), feeds, now_us);
    if let Some(simulation) = simulation {
        spawn_simulated(world, &scene, state, simulation, "simulated", None);
    }
    world.insert_resource(ActiveTimeline(live));
    let mut settings = world.resource_mut::<ViewSettings>();
    settings.color_by = scene.document.view.color_by.clone().unwrap_or_default();
    settings.range = scene.document.view.range;
    settings.storey = None;
}

/// Removes all timelines.
fn close(world: &mut World) {
    let mut timelines = world.query_filtered::<Entity, With<Timeline>>();
    let all: Vec<Entity> = timelines.iter(world).collect();
    for entity in all {
        world.despawn(entity);
    }
}

fn spawn_live(world: &mut World, scene: &Arc<Scene>, state: State, feeds: Vec<Mappings>, now_us: i64) -> Entity {
    let options = world.resource::<SessionOptions>().clone();
    let alarms = Alarms::of(scene, &state, now_us);
    let timeline = Timeline { name: "live".into(), source: SourceKind::Live, forked_from: None };
    let recording = Recording::new(state.clone(), now_us);
    let entity = world.spawn((timeline, Clock::wall(now_us), TimelineState(state), alarms, recording)).id();
    if !feeds.is_empty() {
        let mut live = Live::new(feeds);
        if options.connect
            && let Err(error) = live.connect(options.broker.as_deref())
        {
            world.resource_mut::<Notices>().push(crate::selection::NoticeLevel::Error, error);
        }
        world.entity_mut(entity).insert(live);
    }
    if let Some(processors) = Processors::new(scene, "live") {
        world.entity_mut(entity).insert(processors);
    }
    entity
}

fn spawn_simulated(
    world: &mut World,
    scene: &Scene,
    state: State,
    simulation: Simulation,
    name: &str,
    forked_from: Option<(String, i64)>,
) -> Entity {
    let clock = Clock::steps(simulation.start_us, simulation.step_us);
    let alarms = Alarms::of(scene, &state, clock.now_us);
    let timeline = Timeline { name: name.into(), source: SourceKind::Simulated, forked_from };
    let processors = Processors::new(scene, name);
    let entity = world.spawn((timeline, clock, TimelineState(state), alarms, Simulated(simulation))).id();
    if let Some(processors) = processors {
        world.entity_mut(entity).insert(processors);
    }
    entity
}

/// Puts a value that a person gave into a timeline: what depends on it follows, and alarms are judged.
pub fn set(world: &mut World, timeline: Entity, slot: Slot, sample: Sample) {
    let Some(scene) = world.get_resource::<OpenScene>().map(|scene| scene.0.clone()) else { return };
    let mut timelines = world.query::<(&Clock, &mut TimelineState, &mut Alarms)>();
    if let Ok((clock, mut state, mut alarms)) = timelines.get_mut(world, timeline) {
        state.0.begin_tick();
        state.0.set(slot, sample);
        state.0.propagate();
        alarms.judge_changes(&scene, &state.0, clock.now_us);
    }
}

/// The timeline with a source, if there is one.
pub fn timeline_of(world: &mut World, source: SourceKind) -> Option<Entity> {
    let mut timelines = world.query::<(Entity, &Timeline)>();
    let mut found: Vec<(Entity, bool)> = timelines
        .iter(world)
        .filter(|(_, timeline)| timeline.source == source)
        .map(|(entity, timeline)| (entity, timeline.forked_from.is_some()))
        .collect();
    found.sort_by_key(|(entity, forked)| (*forked, *entity));
    found.first().map(|(entity, _)| *entity)
}
