//! Timelines: a clock, a state and a driver.

mod adopt;
mod apply;
mod step;

use crate::alarm::{AlarmChange, Alarms};
use crate::command::Invocations;
use crate::drivers::Drivers;
use crate::event::Event;
use crate::feed::Mappings;
use crate::origin::Origins;
use crate::processor::Definition;
use crate::replay::{PastRecord, PastState, Replay};
use crate::simulation::Simulation;
use crate::sink::{InputChanges, RecordSink, RecordedEvent};
use crate::trail::Trail;
use cupola_scene::Scene;
use cupola_twin::{Diagnostic, Slot, State, Topology};
use std::collections::{BTreeSet, HashSet, VecDeque};
use std::sync::Arc;

/// The kinds of drivers of a timeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum SourceKind {
    /// A feed.
    Live,
    /// A simulation.
    Simulated,
    /// A record of the past.
    Replayed,
}

impl SourceKind {
    /// Returns the word for the kind on the screen.
    pub fn word(self) -> &'static str {
        match self {
            Self::Live => "Live",
            Self::Simulated => "Simulated",
            Self::Replayed => "Replay",
        }
    }
}

/// The driver of a timeline.
#[derive(Clone)]
enum Driver {
    Live { feeds: Vec<Arc<Mappings>> },
    Simulated(Box<Simulation>),
    Replayed(Box<Replay>),
}

/// The origin of a branch: the parent timeline and the moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Branch {
    /// The name of the parent.
    pub parent: String,
    /// The moment, in microseconds since the Unix epoch.
    pub at_us: i64,
}

/// A message that a command sends to a device.
#[derive(Clone, Debug, PartialEq)]
pub struct DeviceRequest {
    /// The number of the invocation.
    pub invocation: u64,
    /// The number of the feed in the scene.
    pub feed: usize,
    /// The topic.
    pub topic: String,
    /// The payload.
    pub payload: Vec<u8>,
}

/// The changes of a step or an event.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Changes {
    /// The number of steps.
    pub steps: u64,
    /// The number of values that changed, summed over the steps.
    pub values: u64,
    /// The alarms that were raised and cleared, in order.
    pub alarms: Vec<AlarmChange>,
    /// The numbers of the invocations that were settled.
    pub invocations: Vec<u64>,
    /// The diagnostics of self-dependent properties that have newly failed to converge.
    pub unsettled: Vec<Diagnostic>,
    /// The reasons why a replay can't read its record.
    pub unread: Vec<String>,
    /// The scheduled events that were refused, as a whole or in part: their times in microseconds since the Unix epoch, and
    /// the reasons.
    pub refused: Vec<(i64, String)>,
}

impl Changes {
    fn add(&mut self, mut more: Self) {
        self.steps += more.steps;
        self.values += more.values;
        self.alarms.append(&mut more.alarms);
        self.invocations.append(&mut more.invocations);
        self.unsettled.append(&mut more.unsettled);
        self.unread.append(&mut more.unread);
        self.refused.append(&mut more.refused);
    }
}

/// The reason why a timeline can't be replayed, branched, or moved to a changed scene.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TimelineError {
    /// The scene has no simulation.
    #[error("a what-if needs the simulation, and the scene has none")]
    NoSimulation,
    /// The changed scene has no simulation any more.
    #[error("the scene has no simulation any more")]
    SimulationRemoved,
}

/// The readings that are not propagated yet.
#[derive(Clone, Debug)]
struct PendingReadings {
    /// Their slots.
    slots: HashSet<Slot>,
    /// The latest of their source times, in microseconds since the Unix epoch.
    last_us: i64,
}

impl Default for PendingReadings {
    fn default() -> Self {
        Self { slots: HashSet::new(), last_us: i64::MIN }
    }
}

/// A timeline: a clock, a state and a driver, with alarms, commands and events.
///
/// [`Timeline::apply`] and [`Timeline::step`] change it. [`Timeline::adopt`] moves it to a changed scene.
#[derive(Clone)]
pub struct Timeline {
    scene: Arc<Scene>,
    name: String,
    branch: Option<Branch>,
    driver: Driver,
    processors: Vec<Arc<Definition>>,
    now_us: i64,
    start_us: i64,
    pending_readings: PendingReadings,
    /// The last moment of which changes were recorded.
    recorded_us: i64,
    /// Whether time passes in this tick.
    is_stepping: bool,
    state: State,
    alarms: Alarms,
    trail: Trail,
    invocations: Invocations,
    origins: Origins,
    /// The events of a simulated timeline, in the order in which they were applied.
    events: Vec<Event>,
    /// Whether answers of processors are among the kept events.
    keeps_answers: bool,
    /// Events that a later step ingests, in order of time.
    scheduled: VecDeque<Event>,
    /// The changes of inputs, while they are recorded.
    inputs: InputChanges,
    /// The history that receives everything that happens.
    sink: Option<Arc<dyn RecordSink>>,
    /// Messages to devices that were not fetched yet.
    requests: Vec<DeviceRequest>,
    /// Properties that did not converge in the last tick.
    unsettled: BTreeSet<Slot>,
    changes: Changes,
    revision: u64,
}

impl Timeline {
    fn new(scene: Arc<Scene>, name: String, driver: Driver, mut state: State, now_us: i64) -> Self {
        // Stateful functions start at this time.
        state.pass_to(now_us);
        state.propagate();
        state.begin_tick();
        let alarms = Alarms::of(&scene, &state, now_us);
        Self {
            scene,
            name,
            branch: None,
            driver,
            processors: Vec::new(),
            now_us,
            start_us: now_us,
            pending_readings: PendingReadings::default(),
            recorded_us: i64::MIN,
            is_stepping: false,
            state,
            alarms,
            trail: Trail::default(),
            invocations: Invocations::default(),
            origins: Origins::default(),
            events: Vec::new(),
            keeps_answers: false,
            scheduled: VecDeque::new(),
            inputs: InputChanges::default(),
            sink: None,
            requests: Vec::new(),
            unsettled: BTreeSet::new(),
            changes: Changes::default(),
            revision: 0,
        }
    }

    /// Returns the live timeline of a scene, which begins at `now_us` (microseconds since the Unix epoch).
    pub fn live(scene: Arc<Scene>, state: State, drivers: &Drivers, now_us: i64) -> Self {
        let driver = Driver::Live { feeds: drivers.feeds.clone() };
        let mut timeline = Self::new(scene, "live".into(), driver, state, now_us);
        timeline.processors = drivers.processors.clone();
        timeline.inputs = InputChanges::of(&timeline.state);
        timeline
    }

    /// Returns the simulated timeline of a scene, or `None` if the scene has no simulation.
    pub fn simulated(scene: Arc<Scene>, state: State, drivers: &Drivers) -> Option<Self> {
        let simulation = drivers.simulation.clone()?;
        let start_us = simulation.start_us;
        let driver = Driver::Simulated(Box::new(simulation));
        let mut timeline = Self::new(scene, "simulated".into(), driver, state, start_us);
        timeline.processors = drivers.processors.clone();
        Some(timeline)
    }

    /// Returns a timeline that replays a record of the scene's past and shows a state of it.
    pub fn replay(scene: Arc<Scene>, record: Arc<dyn PastRecord>, past: PastState) -> Self {
        let moment_us = past.moment_us;
        let driver = Driver::Replayed(Box::new(Replay::new(record, moment_us)));
        let mut timeline = Self::new(scene, "replay".into(), driver, past.state.clone(), moment_us);
        timeline.start_us = timeline.replay_of().map_or(moment_us, |replay| replay.span_us().0);
        timeline.show_past(past);
        timeline
    }

    /// Returns a simulated timeline that begins in the current state of this one. The branch of a live or replayed
    /// timeline uses the scene's simulation, which starts from the current values.
    ///
    /// # Errors
    /// The scene has no simulation.
    pub fn branch(&self, name: String, drivers: &Drivers) -> Result<Self, TimelineError> {
        let simulation = match &self.driver {
            Driver::Simulated(simulation) => simulation.clone(),
            Driver::Live { .. } | Driver::Replayed(_) => {
                let mut simulation = drivers.simulation.clone().ok_or(TimelineError::NoSimulation)?;
                simulation.adopt(&self.state, self.now_us);
                Box::new(simulation)
            }
        };
        let mut branch = self.copied(Driver::Simulated(simulation));
        branch.name = name;
        branch.branch = Some(Branch { parent: self.name.clone(), at_us: self.now_us });
        branch.processors = drivers.processors.clone();
        branch.start_us = self.now_us;
        branch.is_stepping = false;
        branch.state.begin_tick();
        branch.invocations = Invocations::default();
        branch.origins = self.origins.branch(self.now_us);
        branch.revision = 0;
        Ok(branch)
    }

    /// Returns a copy of the current state, for a view of a fixed moment.
    pub fn moment(&self) -> Self {
        self.copied(self.driver.clone())
    }

    /// Returns a copy of the timeline with another driver, without events.
    fn copied(&self, driver: Driver) -> Self {
        Self {
            scene: self.scene.clone(),
            pending_readings: self.pending_readings.clone(),
            name: self.name.clone(),
            branch: self.branch.clone(),
            driver,
            processors: self.processors.clone(),
            state: self.state.clone(),
            alarms: self.alarms.clone(),
            trail: self.trail.clone(),
            invocations: self.invocations.clone(),
            origins: self.origins.clone(),
            events: Vec::new(),
            scheduled: VecDeque::new(),
            inputs: InputChanges::default(),
            sink: None,
            requests: Vec::new(),
            unsettled: self.unsettled.clone(),
            changes: Changes::default(),
            ..*self
        }
    }

    /// Records everything that happens from now on into a history.
    pub fn record_into(&mut self, sink: Arc<dyn RecordSink>) {
        sink.begin(&self.scene, &self.state, self.now_us);
        for (alarm, _, twin, _) in self.alarms.sorted(&self.scene) {
            let twin = self.scene.topology.twin_id(twin);
            sink.event(&self.scene.topology, self.now_us, &RecordedEvent::Raised { alarm: &alarm.id, twin });
        }
        self.inputs = InputChanges::of(&self.state);
        self.sink = Some(sink);
    }

    /// Notes in the history that the connection to a broker was found.
    pub fn note_connected(&self, broker: &str) {
        self.log(&RecordedEvent::Connected(broker));
    }

    /// Notes in the history that messages could not be used, with the reason of the last one, or were replaced.
    pub fn note_refused(&self, refused: u64, replaced: u64, why: &str) {
        self.log(&RecordedEvent::Refused { refused, replaced, why });
    }

    /// Passes an event to the history, if there is one.
    fn log(&self, event: &RecordedEvent<'_>) {
        if let Some(sink) = &self.sink {
            sink.event(&self.scene.topology, self.now_us, event);
        }
    }

    /// Returns the scene.
    pub fn scene(&self) -> &Arc<Scene> {
        &self.scene
    }

    /// Returns the topology of the state.
    pub fn topology(&self) -> &Arc<Topology> {
        &self.scene.topology
    }

    /// Returns the name: `live`, `simulated`, `replay`, `what-if 1`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the kind of the driver.
    pub fn source(&self) -> SourceKind {
        match self.driver {
            Driver::Live { .. } => SourceKind::Live,
            Driver::Simulated(_) => SourceKind::Simulated,
            Driver::Replayed(_) => SourceKind::Replayed,
        }
    }

    /// Returns the parent and the moment of a branch.
    pub fn branched_from(&self) -> Option<&Branch> {
        self.branch.as_ref()
    }

    /// Returns the moment of the state, in microseconds since the Unix epoch.
    pub fn now_us(&self) -> i64 {
        self.now_us
    }

    /// Returns the first moment, in microseconds since the Unix epoch.
    pub fn start_us(&self) -> i64 {
        self.start_us
    }

    /// Returns whether time passes in the tick that has begun.
    pub fn is_stepping(&self) -> bool {
        self.is_stepping
    }

    /// Returns the length of a step of a simulated timeline, in microseconds.
    pub fn step_us(&self) -> Option<i64> {
        self.simulation().map(|simulation| simulation.step_us)
    }

    /// Returns the values.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Returns the raised alarms.
    pub fn alarms(&self) -> &Alarms {
        &self.alarms
    }

    /// Returns the recent values.
    pub fn trail(&self) -> &Trail {
        &self.trail
    }

    /// Adds earlier values of a slot to the recent values, oldest first.
    pub fn recall(&mut self, slot: Slot, earlier: &[(i64, f64)]) {
        self.trail.recall(slot, earlier);
    }

    /// Returns the invocations of commands.
    pub fn invocations(&self) -> &Invocations {
        &self.invocations
    }

    /// Keeps the answers of processors among the events from now on. An answer names every twin of its processor, so a
    /// timeline that nobody records would grow without bound.
    pub fn keep_answers(&mut self) {
        self.keeps_answers = true;
    }

    /// Returns the events of a simulated timeline since it began, in the order in which they were applied. Answers of
    /// processors are among them after [`Timeline::keep_answers`].
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// Returns the simulation that drives the timeline.
    pub fn simulation(&self) -> Option<&Simulation> {
        match &self.driver {
            Driver::Simulated(simulation) => Some(simulation),
            Driver::Live { .. } | Driver::Replayed(_) => None,
        }
    }

    /// Returns the replay that drives the timeline.
    pub fn replay_of(&self) -> Option<&Replay> {
        match &self.driver {
            Driver::Replayed(replay) => Some(replay),
            Driver::Live { .. } | Driver::Simulated(_) => None,
        }
    }

    /// Returns the first and the last moment of a replay, in microseconds since the Unix epoch.
    pub fn replay_span_us(&self) -> Option<(i64, i64)> {
        self.replay_of().map(Replay::span_us)
    }

    /// Returns the mappings of the feeds that drive a live timeline.
    pub fn feeds(&self) -> &[Arc<Mappings>] {
        match &self.driver {
            Driver::Live { feeds } => feeds,
            Driver::Simulated(_) | Driver::Replayed(_) => &[],
        }
    }

    /// Returns the external processors of the scene. A replay has none.
    pub fn processors(&self) -> &[Arc<Definition>] {
        &self.processors
    }

    /// Returns a description of the origin of a slot's value: a message, an answer, an actor or the simulation.
    pub fn origin(&self, slot: Slot) -> Option<String> {
        let shown = || self.simulation().is_some_and(|simulation| simulation.shows(slot));
        let recorded = || {
            let time_us = self.state.get(slot).time_us;
            self.replay_of()?.record().cause(&self.scene.topology, slot, time_us)
        };
        let found = self.origins.text(&self.state, slot).or_else(recorded);
        found.or_else(|| shown().then(|| "the simulation".to_string()))
    }

    /// Returns the changes of the last tick.
    pub fn changes(&self) -> &Changes {
        &self.changes
    }

    /// Returns a number that increases with every change of values and every move to a changed scene.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// Removes and returns the messages to devices since the last call.
    pub fn take_requests(&mut self) -> Vec<DeviceRequest> {
        std::mem::take(&mut self.requests)
    }
}
