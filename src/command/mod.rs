//! Commands to twins: on a live timeline they go to the device and its answer comes back, on a simulated one the simulation does
//! them. Every invocation is recorded with what became of it.

use crate::feed::Live;
use crate::simulation::Simulated;
use crate::timeline::{Clock, SourceKind, Timeline, TimelineState, WallClock};
use crate::{Tick, TickSystems};
use bevy::prelude::*;
use cupola_twin::{Topology, TwinIx, Value};
use serde_json::json;
use std::collections::VecDeque;
use std::sync::Arc;

/// Invocations that a timeline remembers.
const MAX_RECORDED: usize = 1_000;

/// What became of an invocation.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// It was sent, and the answer is waited for.
    Pending,
    /// It was done; what came back.
    Done(Option<Value>),
    /// It was not; why.
    Failed(String),
}

/// One time that a command was given.
#[derive(Clone, Debug, PartialEq)]
pub struct Invocation {
    /// Its number in the timeline, from 1.
    pub number: u64,
    /// When, on the timeline's clock, microseconds since the Unix epoch.
    pub at_us: i64,
    /// To which twin.
    pub twin: TwinIx,
    /// Which command.
    pub command: Arc<str>,
    /// What was said with it.
    pub request: Option<Value>,
    /// What became of it.
    pub outcome: Outcome,
    /// How long that took, microseconds of the world's time.
    pub took_us: Option<i64>,
    answer: Option<Awaited>,
}

/// The answer that a pending invocation waits for.
#[derive(Clone, Debug, PartialEq)]
struct Awaited {
    feed: usize,
    mapping: usize,
    topic: String,
    sent_us: i64,
    until_us: i64,
}

impl Invocation {
    /// The invocation as JSON, with the twin by its id.
    pub fn to_json(&self, topology: &Topology) -> serde_json::Value {
        let (word, response, error) = match &self.outcome {
            Outcome::Pending => ("pending", None, None),
            Outcome::Done(response) => ("done", response.as_ref(), None),
            Outcome::Failed(why) => ("failed", None, Some(why)),
        };
        json!({
            "invocation": self.number,
            "time": cupola_twin::value::time_text(self.at_us),
            "twin": topology.twin_id(self.twin),
            "command": &*self.command,
            "request": self.request,
            "outcome": word,
            "response": response,
            "error": error,
            "milliseconds": self.took_us.map(|us| us as f64 / 1e3),
        })
    }
}

/// The invocations of a timeline, oldest first.
#[derive(Component, Clone, Debug, Default)]
pub struct Invocations {
    /// The last of them.
    pub list: VecDeque<Invocation>,
    count: u64,
}

impl Invocations {
    /// The invocation with a number, if it is remembered.
    pub fn get(&self, number: u64) -> Option<&Invocation> {
        self.list.iter().find(|invocation| invocation.number == number)
    }

    /// The same invocations for another topology of the scene; those of twins that are gone are forgotten.
    pub fn carry_over(&mut self, from: &Topology, to: &Topology) {
        self.list.retain_mut(|invocation| match to.twin(from.twin_id(invocation.twin)) {
            Some(twin) => {
                invocation.twin = twin;
                true
            }
            None => false,
        });
    }

    fn record(&mut self, mut invocation: Invocation) -> u64 {
        self.count += 1;
        invocation.number = self.count;
        tracing::info!(number = self.count, command = &*invocation.command, outcome = ?invocation.outcome, "command");
        self.list.push_back(invocation);
        if self.list.len() > MAX_RECORDED {
            self.list.pop_front();
        }
        self.count
    }
}

/// Commands in the tick.
pub struct CommandPlugin;

impl Plugin for CommandPlugin {
    fn build(&self, app: &mut App) {
        app.add_systems(Tick, settle.in_set(TickSystems::Record).ambiguous_with_all());
    }
}

/// Gives a command to a twin of a timeline; the number of the invocation.
///
/// # Errors
/// The twin has no such command, the request is not what its schema says, or the timeline takes none. What fails later is in the
/// invocation's outcome.
pub fn invoke(
    world: &mut World,
    timeline: Entity,
    twin: TwinIx,
    command: &str,
    request: Option<Value>,
) -> Result<u64, String> {
    let source = world.get::<Timeline>(timeline).map(|timeline| timeline.source).ok_or("there is no such timeline")?;
    let state = world.get::<TimelineState>(timeline).ok_or("the timeline has no state")?;
    let topology = state.0.topology().clone();
    let model = topology.models.get(topology.model_of(twin));
    let Some(known) = model.command(command) else {
        let near = cupola_twin::diagnostic::nearest(command, model.commands.iter().map(|known| &*known.name));
        let hint = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
        return Err(format!("`{}` has no command `{command}`{hint}", model.id));
    };
    topology.models.check_request(known, request.as_ref()).map_err(|found| found.to_string())?;
    let at_us = world.get::<Clock>(timeline).map_or(0, |clock| clock.now_us);
    let number = world.get::<Invocations>(timeline).map_or(0, |invocations| invocations.count) + 1;
    let mut invocation = Invocation {
        number,
        at_us,
        twin,
        command: known.name.clone(),
        request,
        outcome: Outcome::Pending,
        took_us: None,
        answer: None,
    };
    match source {
        SourceKind::Live => send(world, timeline, &topology, &mut invocation)?,
        SourceKind::Simulated => simulate(world, timeline, &topology, &mut invocation)?,
        SourceKind::Replayed => return Err("what is replayed has happened already: it takes no commands".into()),
    }
    if world.get::<Invocations>(timeline).is_none() {
        world.entity_mut(timeline).insert(Invocations::default());
    }
    let mut invocations = world.get_mut::<Invocations>(timeline).ok_or("the timeline is gone")?;
    Ok(invocations.record(invocation))
}

/// Sends the command to the device.
fn send(world: &mut World, timeline: Entity, topology: &Topology, invocation: &mut Invocation) -> Result<(), String> {
    let sent_us = world.resource::<WallClock>().now_us();
    let live = world.get::<Live>(timeline).ok_or("the scene has no feed, so a command has nowhere to go")?;
    // Numbers begin anew with every run, and the broker may still have an answer of an earlier one.
    let id = format!("{:x}-{}", sent_us, invocation.number);
    let (feed, mapping, request) = live
        .request(topology, invocation.twin, &invocation.command, &id, invocation.request.as_ref())
        .ok_or_else(|| {
            let twin = topology.twin_id(invocation.twin);
            format!("no feed maps the command `{}` of `{twin}`: add it to the feed's `commands`", invocation.command)
        })?;
    live.send(feed, &request.topic, request.payload)?;
    match request.answer_topic {
        Some(topic) => {
            let until_us = sent_us.saturating_add(request.timeout_us);
            invocation.answer = Some(Awaited { feed, mapping, topic, sent_us, until_us });
        }
        None => invocation.outcome = Outcome::Done(None),
    }
    Ok(())
}

/// Has the simulation do it.
fn simulate(
    world: &mut World,
    timeline: Entity,
    topology: &Topology,
    invocation: &mut Invocation,
) -> Result<(), String> {
    let Some(mut timelines) = world.get_entity_mut(timeline).ok() else { return Err("the timeline is gone".into()) };
    let simulation = timelines.get::<Simulated>().map(|simulated| simulated.0.clone());
    let mut simulation = simulation.ok_or("the timeline has no simulation")?;
    let now_us = invocation.at_us;
    let mut state = timelines.get_mut::<TimelineState>().ok_or("the timeline has no state")?;
    state.0.begin_tick();
    let outcome =
        simulation.command(&mut state.0, invocation.twin, &invocation.command, invocation.request.as_ref(), now_us);
    state.0.propagate();
    timelines.insert(Simulated(simulation));
    let model = topology.models.get(topology.model_of(invocation.twin));
    invocation.outcome = match outcome {
        Ok(response) => match model
            .command(&invocation.command)
            .map(|known| topology.models.check_response(known, response.as_ref()))
        {
            Some(Err(found)) => Outcome::Failed(format!("the simulation's answer doesn't fit: {found}")),
            _ => Outcome::Done(response),
        },
        Err(why) => Outcome::Failed(why),
    };
    invocation.took_us = Some(0);
    Ok(())
}

/// Takes in the answers that came, and gives up on those that don't.
fn settle(wall: Res<WallClock>, mut timelines: Query<(&mut Live, &mut Invocations, &TimelineState)>) {
    let now_us = wall.now_us();
    for (live, mut invocations, state) in &mut timelines {
        let topology = state.0.topology();
        for (topic, payload, arrived_us) in live.inbox().answers() {
            let waiting = invocations.list.iter_mut().find(|invocation| {
                invocation.outcome == Outcome::Pending
                    && invocation.answer.as_ref().is_some_and(|awaited| awaited.topic == topic)
            });
            let Some(invocation) = waiting else { continue };
            let Some(awaited) = invocation.answer.take() else { continue };
            let answer = live.answer(awaited.feed, awaited.mapping, &payload);
            let model = topology.models.get(topology.model_of(invocation.twin));
            invocation.took_us = Some(arrived_us - awaited.sent_us);
            invocation.outcome = match (answer, model.command(&invocation.command)) {
                (Err(why), _) => Outcome::Failed(why),
                (Ok(response), Some(known)) => match topology.models.check_response(known, response.as_ref()) {
                    Ok(()) => Outcome::Done(response),
                    Err(found) => Outcome::Failed(format!("the device's answer doesn't fit: {found}")),
                },
                (Ok(response), None) => Outcome::Done(response),
            };
        }
        for invocation in &mut invocations.list {
            if let Some(awaited) = &invocation.answer
                && now_us > awaited.until_us
            {
                let waited_s = (awaited.until_us - awaited.sent_us) as f64 / 1e6;
                invocation.took_us = Some(now_us - awaited.sent_us);
                invocation.outcome = Outcome::Failed(format!("no answer came within {waited_s} s"));
                invocation.answer = None;
            }
        }
    }
}
