//! The interface between a timeline and a history: everything that is recorded, at the moment at which it happens.

use crate::command::Invocation;
use cupola_scene::Scene;
use cupola_twin::state::ConditionSlot;
use cupola_twin::value::Sample;
use cupola_twin::{ColumnIx, Slot, State, Topology};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// A change of an input: a property without a formula, or the measured value of a computed one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct InputChange {
    /// The property.
    pub slot: Slot,
    /// The sample. Without a value, it ends the replacement of a computed value.
    pub sample: Sample,
    /// The last moment at which a measured value replaces a computed one, in microseconds since the Unix epoch, or
    /// `i64::MAX`, or [`LATE`].
    pub until_us: i64,
}

/// A change of a condition that a function remembers for longer than a window: since when it holds, or a switch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ConditionChange {
    /// The call and the row.
    pub slot: ConditionSlot,
    /// The lane as [`State::conditions`] returns it, or NaN if the condition no longer holds.
    pub lane: f64,
}

/// An event that is recorded beside the changes.
#[derive(Clone, Debug)]
pub enum RecordedEvent<'e> {
    /// An alarm was raised.
    Raised {
        /// The id of the alarm.
        alarm: &'e str,
        /// The id of the twin.
        twin: &'e str,
    },
    /// An alarm was cleared.
    Cleared {
        /// The id of the alarm.
        alarm: &'e str,
        /// The id of the twin.
        twin: &'e str,
    },
    /// A person acknowledged an alarm.
    Acknowledged {
        /// The id of the alarm.
        alarm: &'e str,
        /// The id of the twin.
        twin: &'e str,
        /// The name of the person.
        actor: &'e str,
    },
    /// A command was given.
    Command {
        /// The invocation.
        invocation: &'e Invocation,
        /// The name of the actor.
        actor: &'e str,
    },
    /// A command got its outcome.
    Outcome(&'e Invocation),
    /// The connection to a broker was found.
    Connected(&'e str),
    /// The connection to a broker was lost.
    Disconnected(&'e str),
    /// Messages or values could not be used, or were replaced by newer ones before they could be taken.
    Refused {
        /// The number of messages and values that could not be used since the last such event.
        refused: u64,
        /// The number of readings that were replaced since the last such event.
        replaced: u64,
        /// The reason of the last refusal.
        why: &'e str,
    },
    /// Readings of an earlier time were taken.
    Observed {
        /// The time of the readings, in microseconds since the Unix epoch.
        observed_us: i64,
    },
}

/// The `until_us` of a reading that arrived late. It replaces no value.
pub const LATE: i64 = i64::MIN;

/// A receiver of everything that a history keeps. It must not wait.
pub trait RecordSink: Send + Sync + fmt::Debug {
    /// Takes the whole state of a timeline whose recording begins.
    fn begin(&self, scene: &Scene, state: &State, now_us: i64);
    /// Takes changes of a moment, in microseconds since the Unix epoch. `cause` returns the topic or the actor of a change.
    fn changes(
        &self,
        topology: &Topology,
        now_us: i64,
        changes: &[InputChange],
        cause: &dyn Fn(Slot) -> Option<Arc<str>>,
    );
    /// Takes changes of conditions of a moment, in microseconds since the Unix epoch.
    fn conditions(&self, topology: &Topology, now_us: i64, changes: &[ConditionChange]);
    /// Takes an event of a moment, in microseconds since the Unix epoch.
    fn event(&self, topology: &Topology, now_us: i64, event: &RecordedEvent<'_>);
    /// Notes that a timeline has passed to a moment, in microseconds since the Unix epoch.
    fn passed(&self, now_us: i64);
    /// Notes that the scene was changed by an edit or a reload. Slots have another meaning from now on.
    fn scene_changed(&self, scene: &Scene, now_us: i64);
}

/// Finds the changes of inputs in a state, tick after tick.
#[derive(Clone, Debug, Default)]
pub(crate) struct InputChanges {
    /// The slots where a measured value replaces a computed one, with the last moment of the replacement.
    measured: BTreeMap<Slot, i64>,
    /// The readings that arrived late in this tick.
    pub late: Vec<InputChange>,
    /// The calls that remember conditions, with the last lanes of their rows.
    conditions: Vec<(u32, Vec<f64>)>,
}

impl InputChanges {
    /// Begins with the measured values of a state.
    pub fn of(state: &State) -> Self {
        let measured = state.all_measured().map(|(slot, known)| (slot, known.until_us)).collect();
        let conditions = state.topology().condition_calls().into_iter().map(|call| (call, Vec::new())).collect();
        Self { measured, late: Vec::new(), conditions }
    }

    /// Returns the conditions that changed since the last call.
    pub fn find_conditions(&mut self, state: &State) -> Vec<ConditionChange> {
        let mut changes = Vec::new();
        for (call, known) in &mut self.conditions {
            let mut now = vec![f64::NAN; known.len()];
            for (row, lane) in state.conditions(*call) {
                let row = row as usize;
                now.resize(now.len().max(row + 1), f64::NAN);
                now[row] = lane;
            }
            known.resize(now.len(), f64::NAN);
            for (row, (before, lane)) in (0..).zip(known.iter().zip(&now)) {
                if before.to_bits() != lane.to_bits() {
                    changes.push(ConditionChange { slot: ConditionSlot { call: *call, row }, lane: *lane });
                }
            }
            *known = now;
        }
        changes
    }

    /// Returns the inputs that changed in the state's tick.
    pub fn find(&mut self, state: &State, now_us: i64) -> Vec<InputChange> {
        let mut changes = Vec::new();
        for (number, column) in state.topology().columns().iter().enumerate() {
            if column.formula.is_none() {
                let column = ColumnIx(number as u32);
                for row in state.changed(column) {
                    let slot = Slot { column, row: *row };
                    changes.push(InputChange { slot, sample: state.get(slot), until_us: i64::MAX });
                }
            }
        }
        for (slot, measured) in state.all_measured() {
            let before = self.measured.insert(slot, measured.until_us);
            if state.has_changed(slot) || before != Some(measured.until_us) {
                changes.push(InputChange { slot, sample: measured.sample, until_us: measured.until_us });
            }
        }
        // If a measured value ended before its `until_us`, a change ends the replacement of the computed value.
        if self.measured.len() > state.all_measured().count() {
            let ended = self.measured.extract_if(.., |slot, _| state.measured(*slot).is_none());
            for (slot, _) in ended.filter(|(_, until_us)| *until_us >= now_us) {
                let sample = Sample { time_us: now_us, ..Sample::MISSING };
                changes.push(InputChange { slot, sample, until_us: i64::MAX });
            }
        }
        changes
    }
}
