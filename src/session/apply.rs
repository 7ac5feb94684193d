//! What intents do.

use super::edits::{self, EditHistory};
use super::importing::{self, Import};
use super::{Conditions, Findings, SessionOptions, bind, open, timeline_of};
use crate::alarm::Alarms;
use crate::feed::{Live, Mappings};
use crate::processor::{MayStartPrograms, Processors};
use crate::scene::edit::Edit;
use crate::scene::export::Format;
use crate::scene::{self, Scene};
use crate::selection::{Intent, NoticeLevel, Notices, Selection, ViewSettings};
use crate::simulation::{Assumption, Simulated, Simulation};
use crate::timeline::{
    ActiveTimeline, Clock, OpenScene, Pace, Recording, Replayed, SourceKind, Timeline, TimelineState, fork_name,
};
use crate::twin::Places;
use bevy::app::AppExit;
use bevy::prelude::*;
use cupola_twin::value::Sample;
use cupola_twin::{Severity, Slot, TwinIx, Value};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// Applies the intents of the last frame, in order.
pub(super) fn apply(world: &mut World) {
    let intents: Vec<Intent> = world.resource_mut::<Messages<Intent>>().drain().collect();
    for intent in intents {
        let replaces_scene = matches!(
            intent,
            Intent::Open(_) | Intent::Reload | Intent::Edit(_) | Intent::KeepAssumptions | Intent::Undo | Intent::Redo
        );
        if let Err(message) = apply_one(world, intent) {
            notice(world, NoticeLevel::Error, message);
        }
        if replaces_scene {
            // What follows was said of the scene before: its twins have other numbers now.
            break;
        }
    }
}

/// The twin that the camera should fly to; taken away when it has left.
#[derive(Resource, Clone, Copy, Debug)]
pub struct FocusRequest(pub Option<cupola_twin::TwinIx>);

fn notice(world: &mut World, level: NoticeLevel, text: impl Into<String>) {
    world.resource_mut::<Notices>().push(level, text);
}

/// Takes off what is above a twin's storey, unless walls are seen through.
fn uncover(world: &mut World, twin: Option<TwinIx>) {
    let (Some(twin), Some(scene)) = (twin, world.get_resource::<OpenScene>()) else { return };
    let place = world.resource::<Places>().0.get(twin.0 as usize).copied().flatten();
    let storey = place.and_then(|node| scene.0.building.nodes.get(node)?.storey);
    let mut settings = world.resource_mut::<ViewSettings>();
    if storey.is_some() && settings.storey != storey && !settings.see_through {
        settings.storey = storey;
    }
}

fn apply_one(world: &mut World, intent: Intent) -> Result<(), String> {
    match intent {
        Intent::Select(twin) => world.resource_mut::<Selection>().selected = twin,
        // The view flies when it sees the request.
        Intent::Focus(twin) => {
            uncover(world, twin);
            world.insert_resource(FocusRequest(twin));
        }
        Intent::View(settings) => {
            world.resource_mut::<ViewSettings>().set_if_neq(*settings);
        }
        Intent::Show(source) => show(world, source)?,
        Intent::Activate(entity) => {
            if world.get::<Timeline>(entity).is_some() {
                world.insert_resource(ActiveTimeline(entity));
            }
        }
        Intent::Play(playing) => play(world, playing),
        Intent::Step => with_clock(world, |clock| match clock.pace {
            Pace::Steps { .. } => clock.step(),
            Pace::Wall => {}
        }),
        Intent::Speed(speed) => with_clock(world, |clock| clock.speed = if speed > 0.0 { speed } else { 1.0 }),
        Intent::Seek(now_us) => with_clock(world, |clock| clock.now_us = now_us),
        Intent::Fork => fork(world)?,
        Intent::Close(entity) => close_fork(world, entity),
        Intent::Set(slot, value) => set(world, slot, &value)?,
        Intent::Assume(twin, assumption) => assume(world, twin, &assumption)?,
        Intent::KeepAssumptions => keep_assumptions(world)?,
        Intent::Invoke(twin, command, request) => {
            let active = world.resource::<ActiveTimeline>().0;
            crate::command::invoke(world, active, twin, &command, request)?;
        }
        Intent::Acknowledge(alarm, twin) => {
            let active = world.resource::<ActiveTimeline>().0;
            if let Some(mut alarms) = world.get_mut::<Alarms>(active)
                && let Some(raised) = alarms.raised.get_mut(&(alarm, twin))
            {
                raised.acknowledged = true;
            }
        }
        Intent::Edit(edits) => edits::edit(world, edits)?,
        Intent::Undo if world.resource::<EditHistory>().can_undo() => edits::undo(world)?,
        Intent::Redo if world.resource::<EditHistory>().can_redo() => edits::redo(world)?,
        Intent::Undo | Intent::Redo => {}
        Intent::Open(path) => open_path(world, &path)?,
        Intent::AllowPrograms(allowed) => {
            world.insert_resource(MayStartPrograms(allowed));
            let mut processors = world.query::<&mut Processors>();
            processors.iter_mut(world).for_each(|mut processors| match allowed {
                true => processors.hurry(),
                false => processors.stop(),
            });
        }
        Intent::Reload => reload(world)?,
        Intent::Save(path) => save(world, path.as_deref())?,
        Intent::Import(paths) => importing::start(world, paths)?,
        Intent::WriteImport(folder, replace) => importing::write(world, &folder, replace)?,
        Intent::CancelImport => world.insert_resource(Import::default()),
        Intent::Export(path, format) => export(world, &path, format)?,
        Intent::Connect(url) => {
            let live = timeline_of(world, SourceKind::Live).ok_or("there is no live timeline")?;
            let mut live = world.get_mut::<Live>(live).ok_or("the scene maps no messages: add a feed to it")?;
            live.connect(Some(&url))?;
            world.resource_mut::<SessionOptions>().broker = Some(url);
        }
        Intent::Quit => {
            world.write_message(AppExit::Success);
        }
    }
    Ok(())
}

/// Writes the open scene in another format.
fn export(world: &mut World, path: &Path, format: Format) -> Result<(), String> {
    let scene = world.get_resource::<OpenScene>().map(|open| open.0.clone()).ok_or("no scene is open")?;
    let exported = scene::export::export(&scene, format);
    for found in exported.findings.iter().filter(|found| found.severity >= Severity::Warning) {
        notice(world, NoticeLevel::Warning, found.to_string());
    }
    if exported.bytes.is_empty() {
        return Err("there is nothing to export in this format".into());
    }
    scene::write_atomically(path, &exported.bytes).map_err(|found| found.to_string())?;
    notice(world, NoticeLevel::Good, format!("Exported to {}", path.display()));
    Ok(())
}

fn with_clock(world: &mut World, change: impl FnOnce(&mut Clock)) {
    let Some(active) = world.get_resource::<ActiveTimeline>().map(|active| active.0) else { return };
    if let Some(mut clock) = world.get_mut::<Clock>(active) {
        change(&mut clock);
    }
}

fn play(world: &mut World, playing: bool) {
    let span_us = world
        .get_resource::<ActiveTimeline>()
        .and_then(|active| world.get::<Replayed>(active.0))
        .map(Replayed::span_us);
    with_clock(world, |clock| {
        clock.playing = playing;
        // A replay that has come to its end begins again.
        if let Some((start_us, end_us)) = span_us
            && playing
            && clock.now_us >= end_us
        {
            clock.now_us = start_us;
        }
    });
}

fn show(world: &mut World, source: SourceKind) -> Result<(), String> {
    if source == SourceKind::Replayed {
        let active = world.resource::<ActiveTimeline>().0;
        // Asked for again while it is on the screen, a replay is made anew, with what came since.
        match timeline_of(world, source).filter(|replay| *replay != active) {
            Some(replay) => world.insert_resource(ActiveTimeline(replay)),
            None => return replay(world),
        }
        return Ok(());
    }
    let found = timeline_of(world, source).ok_or(match source {
        SourceKind::Simulated => "the scene has no simulation, or it has errors: run `cupola check`",
        _ => "there is no live timeline",
    })?;
    world.insert_resource(ActiveTimeline(found));
    if let Some(mut clock) = world.get_mut::<Clock>(found)
        && source == SourceKind::Simulated
    {
        clock.playing = true;
    }
    Ok(())
}

/// A replay of what the live timeline recorded; an earlier replay gives way.
fn replay(world: &mut World) -> Result<(), String> {
    let live = timeline_of(world, SourceKind::Live).ok_or("there is no live timeline to replay")?;
    let recording = world.get::<Recording>(live).cloned().ok_or("nothing was recorded yet")?;
    let (start_us, end_us) = recording.span_us();
    if start_us == end_us {
        return Err("nothing was recorded yet: connect the live timeline first".into());
    }
    if let Some(old) = timeline_of(world, SourceKind::Replayed) {
        world.despawn(old);
    }
    let (replayed, state) = Replayed::new(recording);
    let scene = world.resource::<OpenScene>().0.clone();
    let alarms = Alarms::of(&scene, &state, start_us);
    let timeline = Timeline { name: "replay".into(), source: SourceKind::Replayed, forked_from: None };
    let mut clock = Clock::steps(start_us, 100_000).at_speed(10.0);
    clock.playing = true;
    let entity = world.spawn((timeline, clock, TimelineState(state), alarms, replayed)).id();
    world.insert_resource(ActiveTimeline(entity));
    Ok(())
}

/// "What-if from here": a simulated timeline that begins as the active one is now.
fn fork(world: &mut World) -> Result<(), String> {
    let active = world.resource::<ActiveTimeline>().0;
    let parent = world.get::<Timeline>(active).cloned().ok_or("there is no timeline to fork")?;
    let clock = world.get::<Clock>(active).cloned().ok_or("there is no timeline to fork")?;
    let mut state = world.get::<TimelineState>(active).cloned().ok_or("there is no timeline to fork")?;
    state.0.begin_tick();
    let simulation = match world.get::<Simulated>(active) {
        Some(simulated) => simulated.0.clone(),
        None => {
            let mut simulation = world
                .resource::<Conditions>()
                .0
                .clone()
                .ok_or("a what-if needs the simulation, and the scene has none")?;
            simulation.adopt(&state.0, clock.now_us);
            simulation
        }
    };
    let mut timelines = world.query::<&Timeline>();
    let name = fork_name(timelines.iter(world));
    let alarms = world.get::<Alarms>(active).cloned().unwrap_or_default();
    let trail = world.get::<crate::timeline::Trail>(active).cloned().unwrap_or_default();
    let fork = Timeline { name, source: SourceKind::Simulated, forked_from: Some((parent.name, clock.now_us)) };
    let stepped = Clock::steps(clock.now_us, simulation.step_us).at_speed(clock.speed.max(60.0));
    let text = format!("{} begins here. Change a set-point or switch something, then play.", fork.name);
    let entity = world.spawn((fork, stepped, state, alarms, trail, Simulated(simulation))).id();
    world.insert_resource(ActiveTimeline(entity));
    notice(world, NoticeLevel::Good, text);
    Ok(())
}

fn close_fork(world: &mut World, entity: Entity) {
    if world.get::<Timeline>(entity).is_none_or(|timeline| timeline.forked_from.is_none()) {
        return;
    }
    world.despawn(entity);
    if world.resource::<ActiveTimeline>().0 == entity
        && let Some(live) = timeline_of(world, SourceKind::Live)
    {
        world.insert_resource(ActiveTimeline(live));
    }
}

fn assume(world: &mut World, twin: TwinIx, assumption: &Assumption) -> Result<(), String> {
    let active = world.resource::<ActiveTimeline>().0;
    let mut simulated = world
        .get_mut::<Simulated>(active)
        .ok_or("only a simulated timeline can be changed: make a what-if from here")?;
    simulated.0.assume(twin, assumption)
}

/// Makes what the active timeline assumes a part of the scene.
fn keep_assumptions(world: &mut World) -> Result<(), String> {
    let active = world.resource::<ActiveTimeline>().0;
    let scene = world.get_resource::<OpenScene>().map(|scene| scene.0.clone()).ok_or("no scene is open")?;
    let simulated = world.get::<Simulated>(active).ok_or("only a simulated timeline assumes anything")?;
    let (assumptions, warmer_k) = simulated.0.unsaid();
    let said = scene.document.simulation.as_ref().map(|simulation| &simulation.assumed);
    let mut rooms = BTreeMap::new();
    for (twin, assumption) in assumptions {
        let id = scene.topology.twin_id(twin).to_string();
        let known = said.and_then(|said| said.get(&id)).cloned().unwrap_or_default();
        let room = rooms.entry(id).or_insert(Some(known)).get_or_insert_default();
        match assumption {
            Assumption::Construction(name) => room.construction = Some(name.into()),
            Assumption::LeaksAch(ach) => room.leaks_ach = Some(ach),
            Assumption::WarmerK(_) => {}
        }
    }
    edits::edit(world, vec![Edit::Assume { rooms, warmer_k }])
}

fn set(world: &mut World, slot: Slot, value: &Value) -> Result<(), String> {
    let active = world.resource::<ActiveTimeline>().0;
    let is_simulated = world.get::<Timeline>(active).is_some_and(|timeline| timeline.source == SourceKind::Simulated);
    if !is_simulated {
        return Err("only a simulated timeline can be changed: make a what-if from here".into());
    }
    let now_us = world.get::<Clock>(active).map_or(0, |clock| clock.now_us);
    let Some(state) = world.get::<TimelineState>(active) else { return Ok(()) };
    let topology = state.0.topology().clone();
    if topology.column(slot.column).formula.is_some() {
        return Err(format!("{} is computed: change what it is computed from", topology.name(slot)));
    }
    let lane = topology.encode(slot.column, value)?;
    super::set(world, active, slot, Sample::good(lane, now_us));
    Ok(())
}

fn open_path(world: &mut World, path: &Path) -> Result<(), String> {
    let loaded = scene::load(path);
    let errors = loaded.diagnostics.iter().filter(|found| found.severity == Severity::Error).count();
    let first = loaded.diagnostics.iter().find(|found| found.severity == Severity::Error).map(ToString::to_string);
    if loaded.scene.is_none() {
        return Err(first.unwrap_or_else(|| format!("{} can't be opened", path.display())));
    }
    // A broker that was named for one scene is not meant for the next.
    world.resource_mut::<SessionOptions>().broker = None;
    world.insert_resource(MayStartPrograms(false));
    open(world, loaded);
    if let Some(first) = first {
        notice(world, NoticeLevel::Warning, format!("{errors} errors in the scene; the first: {first}"));
    }
    Ok(())
}

/// Reads the files of the open scene again; values that the timelines hold stay. With errors, everything stays as it was.
pub(super) fn reload(world: &mut World) -> Result<(), String> {
    let before = world.resource::<OpenScene>().0.clone();
    let loaded = scene::load(&before.path);
    let mut findings = loaded.diagnostics;
    let scene = loaded.scene.map(Arc::new);
    let (feeds, simulation) = scene.as_ref().map(|scene| bind(scene, &mut findings)).unwrap_or_default();
    let error = findings.iter().find(|found| found.severity == Severity::Error).map(ToString::to_string);
    world.insert_resource(Findings(findings));
    let scene = match (scene, error) {
        (Some(scene), None) => scene,
        (_, why) => {
            let why = why.unwrap_or_default();
            return Err(format!("the changed files have errors, so the scene stays as it was: {why}"));
        }
    };
    replace(world, &before, scene, &feeds, simulation);
    // What was done before was done to another text.
    world.insert_resource(EditHistory::default());
    notice(world, NoticeLevel::Good, "The scene was read again");
    Ok(())
}

/// Puts a scene in the place of the open one: timelines keep their values, feeds what they know.
pub(super) fn replace(
    world: &mut World,
    before: &Scene,
    scene: Arc<Scene>,
    feeds: &[Mappings],
    simulation: Option<Simulation>,
) {
    let mut timelines = world.query::<(Entity, &Timeline)>();
    let all: Vec<(Entity, SourceKind)> =
        timelines.iter(world).map(|(entity, timeline)| (entity, timeline.source)).collect();
    let same_slots = before.topology.same_layout(&scene.topology);
    for (entity, source) in all {
        let trail = world.entity_mut(entity).take::<crate::timeline::Trail>();
        carry_over(world, entity, source, before, &scene, simulation.as_ref());
        // What was kept by slot begins anew where slots have moved.
        let trail = trail.filter(|_| same_slots).unwrap_or_default();
        if let Ok(mut entity) = world.get_entity_mut(entity) {
            entity.insert(trail);
        }
        readopt(world, entity, before, &scene);
        if source == SourceKind::Live && !(same_slots && before.document.feeds == scene.document.feeds) {
            reconnect(world, entity, before, &scene, feeds);
        }
    }
    let selected = world.resource::<Selection>().selected;
    let kept = selected.and_then(|twin| scene.topology.twin(before.topology.twin_id(twin)));
    world.insert_resource(Selection { selected: kept, hovered: None });
    world.insert_resource(Conditions(simulation));
    world.insert_resource(OpenScene(scene));
}

/// Processors of the new scene; those that are as they were go on.
fn readopt(world: &mut World, entity: Entity, before: &Scene, scene: &Scene) {
    let Ok(mut timeline) = world.get_entity_mut(entity) else { return };
    let old = timeline.take::<Processors>();
    let name = timeline.get::<Timeline>().filter(|known| known.source != SourceKind::Replayed);
    let Some(mut processors) = name.and_then(|known| Processors::new(scene, &known.name)) else { return };
    if let Some(old) = old {
        processors.adopt(old, &before.topology, &scene.topology);
    }
    timeline.insert(processors);
}

/// Feeds with the new mappings in place of the old ones, knowing what those knew.
fn reconnect(world: &mut World, entity: Entity, before: &Scene, scene: &Scene, feeds: &[Mappings]) {
    let old = world.entity_mut(entity).take::<Live>();
    if feeds.is_empty() {
        return;
    }
    let options = world.resource::<SessionOptions>().clone();
    let mut live = Live::new(feeds.to_vec());
    if let Some(old) = &old {
        live.carry_over(old, &before.topology, &scene.topology);
    }
    if options.connect
        && let Err(why) = live.connect(options.broker.as_deref())
    {
        notice(world, NoticeLevel::Error, why);
    }
    world.entity_mut(entity).insert(live);
}

fn carry_over(
    world: &mut World,
    entity: Entity,
    source: SourceKind,
    before: &Scene,
    scene: &Arc<Scene>,
    simulation: Option<&Simulation>,
) {
    let (Some(old), Some(clock)) = (world.get::<TimelineState>(entity), world.get::<Clock>(entity)) else { return };
    let (state, now_us) = (old.0.carry_over(scene.topology.clone()), clock.now_us);
    let mut alarms = Alarms::of(scene, &state, now_us);
    if let Some(old) = world.get::<Alarms>(entity) {
        alarms.carry_over(scene, old, before);
    }
    if let Some(mut invocations) = world.get_mut::<crate::command::Invocations>(entity) {
        invocations.carry_over(&before.topology, &scene.topology);
    }
    match (source, simulation) {
        (SourceKind::Simulated, Some(simulation)) => {
            let mut simulation = simulation.clone();
            simulation.adopt(&state, now_us);
            // What was assumed of a room that there still is, is assumed on.
            let (rooms, warmer_k) = world.get::<Simulated>(entity).map(|old| old.0.unsaid()).unwrap_or_default();
            for (twin, assumption) in rooms {
                if let Some(twin) = scene.topology.twin(before.topology.twin_id(twin)) {
                    let _ = simulation.assume(twin, &assumption);
                }
            }
            if let Some(warmer_k) = warmer_k {
                let _ = simulation.assume_outdoors(warmer_k);
            }
            if let Some(mut clock) = world.get_mut::<Clock>(entity) {
                clock.pace = Pace::Steps { step_us: simulation.step_us };
            }
            world.entity_mut(entity).insert(Simulated(simulation));
        }
        (SourceKind::Simulated, None) | (SourceKind::Replayed, _) => {
            // Without a driver it would stand still for ever.
            world.despawn(entity);
            if world.resource::<ActiveTimeline>().0 == entity
                && let Some(live) = timeline_of(world, SourceKind::Live)
            {
                world.insert_resource(ActiveTimeline(live));
            }
            return;
        }
        (SourceKind::Live, _) => {
            world.entity_mut(entity).insert(Recording::new(state.clone(), now_us));
        }
    }
    world.entity_mut(entity).insert((TimelineState(state), alarms));
}

fn save(world: &mut World, path: Option<&Path>) -> Result<(), String> {
    let scene = world.resource::<OpenScene>().0.clone();
    let mut document = scene::Document::clone(&scene.document);
    let settings = world.resource::<ViewSettings>();
    document.view.color_by = Some(settings.color_by.clone()).filter(|property| !property.is_empty());
    document.view.range = settings.range;
    let target = path.map_or_else(|| scene.path.clone(), scene::file_of);
    scene::rebase(&mut document, &scene.path, &target);
    scene::save(&document, &target).map_err(|found| found.to_string())?;
    world.resource_mut::<super::watch::Watch>().saved(&target);
    if target == scene.path {
        world.resource_mut::<EditHistory>().unsaved = false;
    }
    notice(world, NoticeLevel::Good, format!("Saved {}", target.display()));
    Ok(())
}
