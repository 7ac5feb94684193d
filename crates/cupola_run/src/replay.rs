//! Replays: timelines that play a record of the past.
//!
//! A record identifies twins and properties by id and name, so it stays valid after an edit or a reload of the scene.

use crate::alarm::NamedAlarm;
use crate::sink::ConditionChange;
use cupola_scene::Scene;
use cupola_twin::value::{Sample, Value};
use cupola_twin::{Quality, Slot, State, Topology};
use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;

/// The longest span that a replay plays instead of going to its end at once, in microseconds.
const MAX_PLAYED_US: i64 = 15_000_000;
/// The longest span of the moments that are read at once, in microseconds.
const LONGEST_READ_US: i64 = 600_000_000;
/// The span of the moments that are read at first, in microseconds.
const READ_US: i64 = 60_000_000;
/// The number of changes that are read at once, if possible.
const READ_CHANGES: usize = 20_000;

/// A record of the past of a building's inputs.
pub trait PastRecord: Send + Sync + fmt::Debug {
    /// Returns the spans of time in which somebody recorded, in order, in microseconds since the Unix epoch. There is at
    /// least one.
    fn sessions(&self) -> &[(i64, i64)];

    /// Returns the state at a moment, in microseconds since the Unix epoch, with the memories of functions.
    ///
    /// # Errors
    /// The reason why the record can't be read.
    fn restore(&self, scene: &Scene, moment_us: i64) -> Result<PastState, String>;

    /// Returns the recorded moments after the first moment of a span up to the last one, in order.
    ///
    /// # Errors
    /// The reason why the record can't be read.
    fn moments(&self, topology: &Arc<Topology>, span_us: (i64, i64)) -> Result<Vec<PastMoment>, String>;

    /// Returns a description of the cause of an input's value with a source time, in microseconds since the Unix epoch.
    fn cause(&self, topology: &Topology, slot: Slot, time_us: i64) -> Option<String>;
}

/// A recorded value.
#[derive(Clone, Debug, PartialEq)]
pub enum PastValue {
    /// The lane of a number, a boolean or a time. NaN without a value.
    Lane(f64),
    /// A text or a JSON value.
    Value(Value),
}

/// A recorded change of an input.
#[derive(Clone, Debug, PartialEq)]
pub struct PastChange {
    /// The property.
    pub slot: Slot,
    /// The value.
    pub value: PastValue,
    /// The quality.
    pub quality: Quality,
    /// The source time, in microseconds since the Unix epoch, or 0 if the age is unknown.
    pub time_us: i64,
    /// The last moment at which a measured value replaces a computed one, in microseconds since the Unix epoch, or
    /// `i64::MAX`, or [`crate::LATE`].
    pub until_us: i64,
}

/// A recorded moment: everything that a timeline took at once.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PastMoment {
    /// The moment, in microseconds since the Unix epoch.
    pub time_us: i64,
    /// The time of the readings, if they were buffered, in microseconds since the Unix epoch.
    pub observed_us: Option<i64>,
    /// Whether a recording began, with empty memories of functions.
    pub begins: bool,
    /// The changes.
    pub changes: Vec<PastChange>,
    /// The conditions that functions remember. They are used where playing begins.
    pub conditions: Vec<ConditionChange>,
    /// The alarms that a person acknowledged: ids of alarm and twin.
    pub acknowledged: Vec<(Arc<str>, Arc<str>)>,
}

impl PastMoment {
    /// Applies the changes to a state, which passes to the moment. [`State::propagate`] computes the effects.
    pub fn apply(&self, state: &mut State) {
        state.pass_to(self.time_us);
        if self.begins {
            state.begin_functions();
        }
        for change in &self.changes {
            let lane = match &change.value {
                PastValue::Lane(lane) => *lane,
                PastValue::Value(value) => state.topology().encode(change.slot.column, value).unwrap_or(f64::NAN),
            };
            let sample = Sample { lane, quality: change.quality, time_us: change.time_us };
            if change.until_us == crate::LATE {
                state.observe_late(change.slot, sample);
            } else {
                state.measure(change.slot, sample, change.until_us);
            }
        }
        for ConditionChange { slot, lane } in &self.conditions {
            state.remember(*slot, *lane);
        }
        match self.observed_us {
            Some(observed_us) => state.observe_at(observed_us),
            None => state.observe_now(),
        }
    }
}

/// The state of a building at a moment of the past.
#[derive(Clone, Debug)]
pub struct PastState {
    /// The moment, in microseconds since the Unix epoch.
    pub moment_us: i64,
    /// The values, with the memories of functions.
    pub state: State,
    /// The raised alarms.
    pub raised: Vec<NamedAlarm>,
    /// The number of alarms that were raised since the record began.
    pub total: u64,
}

/// A replay, which drives its own timeline.
#[derive(Clone, Debug)]
pub struct Replay {
    record: Arc<dyn PastRecord>,
    /// The next moments.
    ahead: VecDeque<PastMoment>,
    /// The moment up to which moments were read, in microseconds since the Unix epoch.
    read_us: i64,
    /// The span of the moments that are read at once, in microseconds.
    span_us: i64,
    /// The moment that the timeline shows, in microseconds since the Unix epoch.
    shown_us: i64,
}

impl Replay {
    /// Returns a replay that shows a moment, in microseconds since the Unix epoch.
    pub(crate) fn new(record: Arc<dyn PastRecord>, shown_us: i64) -> Self {
        Self { record, ahead: VecDeque::new(), read_us: shown_us, span_us: READ_US, shown_us }
    }

    /// Returns the record.
    pub fn record(&self) -> &Arc<dyn PastRecord> {
        &self.record
    }

    /// Returns the first and the last moment of the record, in microseconds since the Unix epoch.
    pub fn span_us(&self) -> (i64, i64) {
        let sessions = self.record.sessions();
        let ends = |session: &(i64, i64)| (session.0, session.1);
        let (first, last) = (sessions.first().map_or((0, 0), ends), sessions.last().map_or((0, 0), ends));
        (first.0, last.1)
    }

    /// Returns whether the replay has to go to a moment at once, because it is earlier than the shown one or far away.
    pub fn jumps_to(&self, moment_us: i64) -> bool {
        moment_us < self.shown_us || moment_us.saturating_sub(self.shown_us) > MAX_PLAYED_US
    }

    /// Goes on from a moment.
    pub(crate) fn show(&mut self, moment_us: i64) {
        if moment_us < self.shown_us || moment_us > self.read_us {
            self.forget_ahead(moment_us);
        }
        self.shown_us = moment_us;
        while self.ahead.front().is_some_and(|moment| moment.time_us <= moment_us) {
            self.ahead.pop_front();
        }
    }

    /// Forgets the moments that were read, because the topology has changed.
    pub(crate) fn adopt(&mut self) {
        self.forget_ahead(self.shown_us);
    }

    fn forget_ahead(&mut self, from_us: i64) {
        self.ahead.clear();
        self.read_us = from_us;
    }

    /// Returns the next moment, if it is not after another one.
    pub(crate) fn next_moment(
        &mut self,
        topology: &Arc<Topology>,
        until_us: i64,
    ) -> Result<Option<PastMoment>, String> {
        while self.ahead.is_empty() && self.read_us < until_us {
            let end_us = self.read_us.saturating_add(self.span_us);
            self.ahead = self.record.moments(topology, (self.read_us, end_us))?.into();
            self.read_us = end_us;
            let changes: usize = self.ahead.iter().map(|moment| moment.changes.len()).sum();
            if changes > 2 * READ_CHANGES {
                self.span_us = (self.span_us / 2).max(1_000_000);
            } else if changes < READ_CHANGES / 2 {
                self.span_us = (self.span_us * 2).min(LONGEST_READ_US);
            }
        }
        let moment = self.ahead.pop_front_if(|moment| moment.time_us <= until_us);
        self.shown_us = moment.as_ref().map_or(until_us.max(self.shown_us), |moment| moment.time_us);
        Ok(moment)
    }
}
