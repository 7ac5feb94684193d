//! The past state of a scene: inputs are read from a history, and everything else is computed from them as it was live.
//!
//! Computed properties are not recorded. A live timeline computes them from the recorded inputs, at the recorded moments,
//! and so does [`Past`]. Functions with windows need the inputs before the first moment, so playing begins earlier.

use crate::error::HistoryError;
use crate::record::HistoryRecord;
use cupola_run::{ConditionChange, PastMoment};
use cupola_twin::expr::Stateful;
use cupola_twin::topology::{Input, Op};
use cupola_twin::{State, Topology};
use std::collections::VecDeque;
use std::sync::Arc;

/// The time before the first moment for which windows and conditions are filled at least, in microseconds.
const LEAST_LEAD_US: i64 = 600_000_000;
/// The longest such time, in microseconds.
const LONGEST_LEAD_US: i64 = 31 * 86_400_000_000;
/// The time within which the reading before the last one is looked for, in microseconds.
const READING_LEAD_US: i64 = 3 * 3_600_000_000;
/// The number of rounds in which the times of nested functions are summed.
const MAX_ROUNDS: usize = 16;
/// The span of the changes that are read at first, and the longest one, in microseconds.
const READ_US: (i64, i64) = (60_000_000, 3_600_000_000);
/// The number of changes that are read at once, if possible.
const READ_CHANGES: usize = 50_000;

/// The past of a scene, which is played forwards from a moment.
#[derive(Debug)]
pub struct Past<'r> {
    record: &'r HistoryRecord,
    state: State,
    /// The next moments.
    moments: VecDeque<PastMoment>,
    /// The moment up to which moments were read, in microseconds since the Unix epoch.
    read_us: i64,
    /// The span of the moments that are read at once, in microseconds.
    span_us: i64,
}

impl<'r> Past<'r> {
    /// Returns the past of a scene at a moment, in microseconds since the Unix epoch.
    ///
    /// # Errors
    /// The history can't be read.
    pub fn at(record: &'r HistoryRecord, topology: &Arc<Topology>, moment_us: i64) -> Result<Self, HistoryError> {
        // Functions begin with the recording, as they did live.
        let begun_us = record.begin_of(moment_us);
        let start_us = moment_us.saturating_sub(lead_us(topology)).max(begun_us).min(moment_us);
        let (state, span_us) = (State::new(topology.clone()), READ_US.0);
        let mut past = Self { record, state, moments: VecDeque::new(), read_us: start_us, span_us };
        record.values_at(topology, start_us)?.apply(&mut past.state);
        past.state.propagate();
        past.state.begin_tick();
        if start_us < moment_us && !topology.condition_calls().is_empty() {
            // What a condition remembers may depend on windows that were not full at the start.
            past.advance(moment_us - 1, &mut |_, _| true)?;
            for ConditionChange { slot, lane } in record.values_at(topology, moment_us - 1)?.conditions {
                past.state.remember(slot, lane);
            }
        }
        past.play(moment_us, |_, _| true)?;
        Ok(past)
    }

    /// Returns the state at the moment that was reached.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Ends with the state at the moment that was reached.
    pub fn into_state(self) -> State {
        self.state
    }

    /// Plays every recorded moment up to another one, in microseconds since the Unix epoch. `each` gets the state at each
    /// moment, with the changes of the moment marked, and says whether to go on.
    ///
    /// # Errors
    /// The history can't be read.
    pub fn play(&mut self, until_us: i64, mut each: impl FnMut(i64, &State) -> bool) -> Result<(), HistoryError> {
        if !self.advance(until_us, &mut each)? {
            return Ok(());
        }
        self.state.pass_to(until_us);
        self.state.observe_now();
        self.state.propagate();
        each(until_us, &self.state);
        self.state.begin_tick();
        Ok(())
    }

    /// Plays the recorded moments up to another one, and nothing at that moment itself. Returns whether `each` went on.
    fn advance(&mut self, until_us: i64, each: &mut dyn FnMut(i64, &State) -> bool) -> Result<bool, HistoryError> {
        while let Some(moment) = self.next_moment(until_us)? {
            moment.apply(&mut self.state);
            self.state.propagate();
            let goes_on = each(moment.time_us, &self.state);
            self.state.begin_tick();
            if !goes_on {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Returns the next recorded moment, if it is not after another one.
    fn next_moment(&mut self, until_us: i64) -> Result<Option<PastMoment>, HistoryError> {
        while self.moments.is_empty() && self.read_us < until_us {
            let end_us = self.read_us.saturating_add(self.span_us).min(until_us);
            self.moments = self.record.moments_of(self.state.topology(), (self.read_us, end_us))?.into();
            self.read_us = end_us;
            let changes: usize = self.moments.iter().map(|moment| moment.changes.len()).sum();
            if changes > 2 * READ_CHANGES {
                self.span_us = (self.span_us / 2).max(1_000_000);
            } else if changes < READ_CHANGES / 2 {
                self.span_us = (self.span_us * 2).min(READ_US.1);
            }
        }
        Ok(self.moments.pop_front_if(|moment| moment.time_us <= until_us))
    }
}

/// Returns the time for which the functions of a scene look back, in microseconds. Functions of functions look back for the
/// sum of their times.
fn lead_us(topology: &Topology) -> i64 {
    let mut leads = vec![0_i64; topology.columns().len()];
    // Formulas that depend on themselves never settle, so the number of rounds is limited.
    for _ in 0..MAX_ROUNDS {
        let mut has_changed = false;
        for formula in topology.formulas() {
            let inputs = formula.inputs.iter().map(|input| match input {
                Input::Here(column) | Input::Along { column, .. } => leads[column.0 as usize],
            });
            let calls = formula.program.instructions.iter().filter_map(|instruction| match instruction.op {
                Op::Stateful { function, column, settings, .. } => {
                    Some(leads[column.0 as usize].saturating_add(own_lead_us(function, settings)))
                }
                _ => None,
            });
            let lead_us = inputs.chain(calls).max().unwrap_or_default().min(LONGEST_LEAD_US);
            has_changed |= std::mem::replace(&mut leads[formula.output.0 as usize], lead_us) != lead_us;
        }
        if !has_changed {
            break;
        }
    }
    leads.into_iter().max().unwrap_or_default()
}

/// Returns the time for which a function looks back, in microseconds.
fn own_lead_us(function: Stateful, settings: [f64; 2]) -> i64 {
    let window_us = (settings[0] * 1e6) as i64;
    match function {
        // An exponential mean has forgotten everything before 20 time constants, to nine digits.
        Stateful::Ewma => window_us.saturating_mul(20).max(LEAST_LEAD_US),
        // The history has what conditions remember.
        Stateful::Hysteresis | Stateful::HeldFor => LEAST_LEAD_US,
        Stateful::Lag | Stateful::Delta | Stateful::Rate if window_us == 0 => READING_LEAD_US,
        _ => window_us.max(LEAST_LEAD_US),
    }
}
