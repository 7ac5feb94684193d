//! Actions about timelines: the timeline on the screen, its playback, branches, and events into it.

use super::{Playback, SourceKind, Timeline, ViewCursor, branch_name, tell_unsettled};
use crate::action::{Action, ActionResult};
use crate::feed::{Connections, send_requests};
use crate::notice::Notices;
use crate::session::{SceneDrivers, spawn, timeline_of};
use bevy::prelude::*;
use cupola_run::{Actor, Event, EventBody};

/// Shows the timeline with a source. A replay is made of the recording so far; shown already, it is made anew.
#[derive(Clone, Debug, PartialEq)]
pub struct ShowSource(pub SourceKind);

impl Action for ShowSource {
    fn apply(self: Box<Self>, world: &mut World, _: &Actor) -> ActionResult {
        let source = self.0;
        if source == SourceKind::Replayed {
            let shown = world.resource::<ViewCursor>().timeline;
            return match timeline_of(world, source).filter(|replay| *replay != shown) {
                Some(replay) => show(world, replay),
                None => replay(world),
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

/// Shows the timeline with a name.
#[derive(Clone, Debug, PartialEq)]
pub struct ShowTimeline(pub String);

impl Action for ShowTimeline {
    fn apply(self: Box<Self>, world: &mut World, _: &Actor) -> ActionResult {
        let found = named(world, &self.0)?;
        show(world, found)
    }
}

/// Lets the shown timeline play, or pauses it. A live timeline goes on; only the view pauses.
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
                // A replay that has come to its end begins again.
                if let (Some((start_us, _)), true) = (at_end, playing) {
                    playback.seek(start_us);
                }
            }
            Ok(None)
        })
    }
}

/// Moves the shown timeline by one step.
#[derive(Clone, Debug, PartialEq)]
pub struct Step;

impl Action for Step {
    fn apply(self: Box<Self>, world: &mut World, _: &Actor) -> ActionResult {
        with_playback(world, Playback::step)
    }
}

/// Sets the speed of the shown timeline: simulated seconds in a second; infinite: as fast as possible.
#[derive(Clone, Debug, PartialEq)]
pub struct SetSpeed(pub f64);

impl Action for SetSpeed {
    fn apply(self: Box<Self>, world: &mut World, _: &Actor) -> ActionResult {
        if self.0.is_nan() || self.0 <= 0.0 {
            return Err(format!("a speed is greater than 0, not {}", self.0));
        }
        with_playback(world, |playback| playback.speed = self.0)
    }
}

/// Goes to a moment of the shown replay, microseconds since the Unix epoch.
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

/// Branches a simulated timeline off the shown one, as the view shows it, and shows the branch.
#[derive(Clone, Debug, PartialEq)]
pub struct MakeBranch;

impl Action for MakeBranch {
    fn apply(self: Box<Self>, world: &mut World, _: &Actor) -> ActionResult {
        let mut timelines = world.query::<&Timeline>();
        let name = branch_name(timelines.iter(world));
        let cursor = world.resource::<ViewCursor>();
        let parent = world.get::<Timeline>(cursor.timeline).ok_or("there is no timeline to branch")?;
        let branch = cursor.view(parent).branch(name.clone(), &world.resource::<SceneDrivers>().0)?;
        let speed = world.get::<Playback>(cursor.timeline).map_or(0.0, |playback| playback.speed);
        let entity = spawn(world, branch, Playback::at_speed(speed.max(60.0)));
        show(world, entity)?;
        Ok(Some(format!("{name} begins here. Change a set-point or switch something, then play.")))
    }
}

/// Closes the branch with a name.
#[derive(Clone, Debug, PartialEq)]
pub struct CloseBranch(pub String);

impl Action for CloseBranch {
    fn apply(self: Box<Self>, world: &mut World, _: &Actor) -> ActionResult {
        let entity = named(world, &self.0)?;
        if world.get::<Timeline>(entity).is_none_or(|timeline| timeline.branched_from().is_none()) {
            return Err(format!("`{}` is not a what-if: it stays open", self.0));
        }
        remove(world, entity);
        Ok(None)
    }
}

/// Applies an event to the shown timeline, at its present moment.
#[derive(Clone, Debug, PartialEq)]
pub struct ApplyEvent(pub EventBody);

impl Action for ApplyEvent {
    fn apply(self: Box<Self>, world: &mut World, actor: &Actor) -> ActionResult {
        let shown = world.resource::<ViewCursor>().timeline;
        apply_event(world, shown, self.0, actor).map(|_| None)
    }
}

/// Applies an event to a timeline at its present moment, and sends the messages that it causes. Returns the number of the
/// invocation, if the event is a command.
///
/// # Errors
/// The reason why the event was refused.
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

/// Despawns a timeline. If it is on the screen, the live one takes its place.
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

/// Makes a replay of the recording so far and shows it. An earlier replay gives way.
fn replay(world: &mut World) -> ActionResult {
    let live = timeline_of(world, SourceKind::Live).ok_or("there is no live timeline to replay")?;
    let replay = world.get::<Timeline>(live).ok_or("there is no live timeline to replay")?.replay()?;
    if let Some(before) = timeline_of(world, SourceKind::Replayed) {
        world.despawn(before);
    }
    let entity = spawn(world, replay, Playback::of_replay());
    show(world, entity)
}

fn with_playback(world: &mut World, change: impl FnOnce(&mut Playback)) -> ActionResult {
    let shown = world.resource::<ViewCursor>().timeline;
    if world.get::<Timeline>(shown).is_some_and(|timeline| timeline.source() == SourceKind::Live) {
        return Err("a live timeline follows the world's clock".into());
    }
    if let Some(mut playback) = world.get_mut::<Playback>(shown) {
        change(&mut playback);
    }
    Ok(None)
}
