//! Actions on timelines: showing, playing, branching and closing them, and applying events.

use super::{OpenScene, Playback, ReplayedHistory, SourceKind, Timeline, ViewCursor, branch_name, tell_unsettled};
use crate::action::{Action, ActionResult};
use crate::feed::{Connections, send_requests};
use crate::history::OpenHistory;
use crate::job::Jobs;
use crate::notice::Notices;
use crate::processor::Processors;
use crate::session::{SceneDrivers, spawn, timeline_of};
use crate::twin::{Selected, Twin};
use bevy::prelude::*;
use cupola_history::{HistoryPlace, HistoryRecord, PastStep};
use cupola_run::{Actor, Event, EventBody, PastRecord};
use cupola_scene::Scene;
use std::sync::Arc;

/// The time before the end of a history at which a replay begins, in microseconds.
const FIRST_SHOWN_US: i64 = 3_600_000_000;

/// The action that shows the timeline with a source. If there is no replay, or it is on the screen already, a new
/// replay is made from the recording.
#[derive(Clone, Debug, PartialEq)]
pub struct ShowSource(pub SourceKind);

impl Action for ShowSource {
    fn apply(self: Box<Self>, world: &mut World, _: &Actor) -> ActionResult {
        let source = self.0;
        if source == SourceKind::Replayed {
            let shown = world.resource::<ViewCursor>().timeline;
            return match timeline_of(world, source).filter(|replay| *replay != shown) {
                Some(replay) => show(world, replay),
                None => replay(world, None),
            };
        }
        let found = timeline_of(world, source).ok_or(match source {
            SourceKind::Simulated => "the scene has no simulation, or it has errors: run `cupola check`",
            _ => "there is no live timeline",
        })?;
        if source == SourceKind::Simulated
            && let Some(mut playback) = world.get_mut::<Playback>(found)
        {
            playback.playing = true;
        }
        show(world, found)
    }
}

/// The action that shows the timeline with a name.
#[derive(Clone, Debug, PartialEq)]
pub struct ShowTimeline(pub String);

impl Action for ShowTimeline {
    fn apply(self: Box<Self>, world: &mut World, _: &Actor) -> ActionResult {
        let found = named(world, &self.0)?;
        show(world, found)
    }
}

/// The action that plays or pauses the timeline on the screen. Of a live timeline, only the view is paused.
#[derive(Clone, Debug, PartialEq)]
pub struct Play(pub bool);

impl Action for Play {
    fn apply(self: Box<Self>, world: &mut World, _: &Actor) -> ActionResult {
        let Self(playing) = *self;
        world.resource_scope(|world, mut cursor: Mut<ViewCursor>| {
            let mut entity = world.entity_mut(cursor.timeline);
            let timeline = entity.get::<Timeline>().ok_or("there is no timeline")?;
            if timeline.source() == SourceKind::Live {
                if playing {
                    cursor.follow()
                } else {
                    cursor.pause(timeline)
                }
                return Ok(None);
            }
            let at_end = timeline.replay_span_us().filter(|(_, end_us)| timeline.now_us() >= *end_us);
            if let Some(mut playback) = entity.get_mut::<Playback>() {
                playback.playing = playing;
                // A replay at its end starts again.
                if let (Some((start_us, _)), true) = (at_end, playing) {
                    playback.seek(start_us);
                }
            }
            Ok(None)
        })
    }
}

/// The action that moves the timeline on the screen by one step.
#[derive(Clone, Debug, PartialEq)]
pub struct Step;

impl Action for Step {
    fn apply(self: Box<Self>, world: &mut World, _: &Actor) -> ActionResult {
        with_playback(world, Playback::step)
    }
}

/// The action that sets the speed of the timeline on the screen, in seconds of the timeline per second of the wall
/// clock. An infinite speed means as fast as possible.
#[derive(Clone, Debug, PartialEq)]
pub struct SetSpeed(pub f64);

impl Action for SetSpeed {
    fn apply(self: Box<Self>, world: &mut World, _: &Actor) -> ActionResult {
        if self.0.is_nan() || self.0 <= 0.0 {
            return Err(format!("the speed must be greater than 0, not {}", self.0));
        }
        with_playback(world, |playback| playback.speed = self.0)
    }
}

/// The action that goes to a moment of the replay on the screen, in microseconds since the Unix epoch.
#[derive(Clone, Debug, PartialEq)]
pub struct Seek(pub i64);

impl Action for Seek {
    fn apply(self: Box<Self>, world: &mut World, _: &Actor) -> ActionResult {
        let shown = world.resource::<ViewCursor>().timeline;
        if world.get::<Timeline>(shown).is_none_or(|timeline| timeline.source() != SourceKind::Replayed) {
            return Err("only a replay can go to another moment".into());
        }
        with_playback(world, |playback| playback.seek(self.0))
    }
}

/// The action that goes to the nearest moment of the replay before or after the shown one at which something happened. A
/// change is one of the selected twin, if there is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StepPast {
    /// What to go to.
    pub step: PastStep,
    /// Whether the moment is after the shown one.
    pub is_next: bool,
}

impl Action for StepPast {
    fn apply(self: Box<Self>, world: &mut World, _: &Actor) -> ActionResult {
        let shown = world.resource::<ViewCursor>().timeline;
        let (Some(timeline), Some(history)) = (world.get::<Timeline>(shown), world.get::<ReplayedHistory>(shown))
        else {
            return Err("only a replay can go to another moment".into());
        };
        let topology = timeline.topology();
        let mut selected = world.try_query_filtered::<&Twin, With<Selected>>();
        let selected = selected.as_mut().and_then(|selected| selected.iter(world).next());
        let twin = selected.map(|twin| topology.twin_id(twin.0).to_string());
        let (history, now_us) = (history.0.clone(), timeline.now_us());
        world.resource_mut::<Jobs>().start("Searching the history", true, move || {
            let found = history.near(self.step, twin.as_deref(), now_us, self.is_next);
            Box::new(move |world: &mut World| {
                let Some(moment_us) = found.map_err(|error| error.to_string())? else {
                    let what = match (self.step, twin) {
                        (PastStep::Event, _) => "event".to_string(),
                        (PastStep::Change, Some(twin)) => format!("change of {twin}"),
                        (PastStep::Change, None) => "change".to_string(),
                    };
                    let order = if self.is_next { "later" } else { "earlier" };
                    return Ok(Some(format!("The history has no {order} {what}")));
                };
                with_playback(world, |playback| {
                    playback.playing = false;
                    playback.seek(moment_us);
                })
            })
        })
    }
}

/// The action that shows the past at a moment, in microseconds since the Unix epoch. It opens a replay if none is on the
/// screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShowPast(pub i64);

impl Action for ShowPast {
    fn apply(self: Box<Self>, world: &mut World, _: &Actor) -> ActionResult {
        let shown = world.resource::<ViewCursor>().timeline;
        // A replay ends where it was opened.
        let reaches = |timeline: &Timeline| timeline.replay_span_us().is_some_and(|(_, end_us)| self.0 <= end_us);
        if !world.get::<Timeline>(shown).is_some_and(reaches) {
            return replay(world, Some(self.0));
        }
        with_playback(world, |playback| {
            playback.playing = false;
            playback.seek(self.0);
        })
    }
}

/// The action that branches the timeline on the screen at the moment that the view shows. It shows the branch.
#[derive(Clone, Debug, PartialEq)]
pub struct MakeBranch;

impl Action for MakeBranch {
    fn apply(self: Box<Self>, world: &mut World, _: &Actor) -> ActionResult {
        let mut timelines = world.query::<&Timeline>();
        let name = branch_name(timelines.iter(world));
        let cursor = world.resource::<ViewCursor>();
        let parent = world.get::<Timeline>(cursor.timeline).ok_or("there is no timeline to branch")?;
        let branch = cursor
            .view(parent)
            .branch(name.clone(), &world.resource::<SceneDrivers>().0)
            .map_err(|error| error.to_string())?;
        let parent = cursor.timeline;
        let speed = world.get::<Playback>(parent).map_or(0.0, |playback| playback.speed);
        let entity = spawn(world, branch, Playback::at_speed(speed.max(60.0)));
        let mut processors = world.query::<&mut Processors>();
        if let Ok([parent, mut branch]) = processors.get_many_mut(world, [parent, entity]) {
            branch.follow(&parent);
        }
        show(world, entity)?;
        Ok(Some(format!("{name} begins at this moment. Change a set-point or switch a unit off, then play.")))
    }
}

/// The action that closes the branch with a name.
#[derive(Clone, Debug, PartialEq)]
pub struct CloseBranch(pub String);

impl Action for CloseBranch {
    fn apply(self: Box<Self>, world: &mut World, _: &Actor) -> ActionResult {
        let entity = named(world, &self.0)?;
        if world.get::<Timeline>(entity).is_none_or(|timeline| timeline.branched_from().is_none()) {
            return Err(format!("`{}` is not a what-if, so it can't be closed", self.0));
        }
        remove(world, entity);
        Ok(None)
    }
}

/// The action that applies an event to the timeline on the screen, at its present moment.
#[derive(Clone, Debug, PartialEq)]
pub struct ApplyEvent(pub EventBody);

impl Action for ApplyEvent {
    fn apply(self: Box<Self>, world: &mut World, actor: &Actor) -> ActionResult {
        let shown = world.resource::<ViewCursor>().timeline;
        apply_event(world, shown, self.0, actor)?;
        // A paused view shows a moment before the event, so its effect would not be seen.
        let mut cursor = world.resource_mut::<ViewCursor>();
        let was_paused = cursor.is_paused();
        cursor.follow();
        Ok(was_paused.then(|| "The view follows the live timeline again".to_string()))
    }
}

/// Applies an event to a timeline at its present moment, and sends the messages that the event causes. If the event is
/// a command, returns the number of the invocation.
///
/// # Errors
/// The event was refused. The error is the reason.
pub fn apply_event(world: &mut World, timeline: Entity, body: EventBody, actor: &Actor) -> Result<Option<u64>, String> {
    world.resource_scope(|world, mut notices: Mut<Notices>| {
        let mut timelines = world.query::<(&mut Timeline, Option<&Connections>)>();
        let (mut timeline, connections) =
            timelines.get_mut(world, timeline).map_err(|_| "there is no such timeline".to_string())?;
        let now_us = timeline.now_us();
        let outcome = timeline.apply(Event::new(now_us, actor.clone(), body)).map_err(|error| error.to_string())?;
        tell_unsettled(&timeline, &mut notices);
        send_requests(&mut timeline, connections);
        match outcome.rejected.into_iter().next() {
            Some(why) => Err(why),
            None => Ok(outcome.invocation),
        }
    })
}

/// Despawns a timeline. If it is on the screen, the live timeline is shown instead.
pub(crate) fn remove(world: &mut World, entity: Entity) {
    world.despawn(entity);
    if world.resource::<ViewCursor>().timeline == entity
        && let Some(live) = timeline_of(world, SourceKind::Live)
    {
        world.insert_resource(ViewCursor::new(live));
    }
}

fn named(world: &mut World, name: &str) -> Result<Entity, String> {
    let mut timelines = world.query::<(Entity, &Timeline)>();
    let found = timelines.iter(world).find(|(_, timeline)| timeline.name() == name);
    found.map(|(entity, _)| entity).ok_or_else(|| format!("no timeline is called `{name}`"))
}

fn show(world: &mut World, timeline: Entity) -> ActionResult {
    if world.resource::<ViewCursor>().timeline != timeline {
        world.insert_resource(ViewCursor::new(timeline));
    }
    Ok(None)
}

/// Opens a replay of the history so far, on a thread, and shows it. An earlier replay is removed. A replay of a moment is
/// paused there.
fn replay(world: &mut World, at_us: Option<i64>) -> ActionResult {
    let written = world.resource::<OpenHistory>().written()?;
    let scene = world.resource::<OpenScene>().0.clone();
    world.resource_mut::<Jobs>().start("Opening the history", true, move || {
        let opened = open_replay(&written(), &scene, at_us);
        Box::new(move |world: &mut World| {
            let (record, replay) = opened?;
            if let Some(before) = timeline_of(world, SourceKind::Replayed) {
                world.despawn(before);
            }
            let mut playback = Playback::of_replay();
            playback.playing = at_us.is_none();
            let entity = spawn(world, replay, playback);
            world.entity_mut(entity).insert(ReplayedHistory(record));
            show(world, entity)
        })
    })
}

/// Opens the history in a place, and returns a replay that shows a moment or the beginning of the last hour.
fn open_replay(
    place: &HistoryPlace,
    scene: &Arc<Scene>,
    at_us: Option<i64>,
) -> Result<(Arc<HistoryRecord>, cupola_run::Timeline), String> {
    let record = HistoryRecord::open(place).map_err(|error| error.to_string())?;
    let record = record.map(Arc::new).filter(|record| record.span_us().0 < record.span_us().1);
    let record = record.ok_or("nothing was recorded yet: connect the live timeline first")?;
    let (first_us, last_us) = record.span_us();
    let moment_us = at_us.unwrap_or(last_us - FIRST_SHOWN_US).clamp(first_us, last_us);
    let past = record.restore(scene, moment_us)?;
    Ok((record.clone(), cupola_run::Timeline::replay(scene.clone(), record, past)))
}

fn with_playback(world: &mut World, change: impl FnOnce(&mut Playback)) -> ActionResult {
    let shown = world.resource::<ViewCursor>().timeline;
    if world.get::<Timeline>(shown).is_some_and(|timeline| timeline.source() == SourceKind::Live) {
        return Err("a live timeline follows the wall clock".into());
    }
    if let Some(mut playback) = world.get_mut::<Playback>(shown) {
        change(&mut playback);
    }
    Ok(None)
}
