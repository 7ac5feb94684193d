//! The past state of a scene: inputs are read from a history, and everything else is computed from them as it was live.
//!
//! Computed properties are not recorded. A live timeline computes them from the recorded inputs, at the recorded moments,
//! and so does [`Past`]. Functions with windows need the inputs before the first moment, so playing begins earlier.

use crate::error::HistoryError;
use crate::record::HistoryRecord;
use cupola_run::PastMoment;
use cupola_twin::expr::Stateful;
use cupola_twin::topology::Op;
use cupola_twin::{State, Topology};
use std::collections::VecDeque;
use std::sync::Arc;

/// The time before the first moment for which windows and conditions are filled at least, in microseconds.
const LEAST_LEAD_US: i64 = 600_000_000;
/// The longest such time, in microseconds.
const LONGEST_LEAD_US: i64 = 31 * 86_400_000_000;
/// The span of the changes that are read at once, in microseconds.
const READ_US: i64 = 3_600_000_000;

/// The past of a scene, which is played forwards from a moment.
#[derive(Debug)]
pub struct Past<'r> {
    record: &'r HistoryRecord,
    state: State,
    /// The next moments.
    moments: VecDeque<PastMoment>,
    /// The moment up to which moments were read, in microseconds since the Unix epoch.
    read_us: i64,
}

impl<'r> Past<'r> {
    /// Returns the past of a scene at a moment, in microseconds since the Unix epoch.
    ///
    /// # Errors
    /// The history can't be read.
    pub fn at(record: &'r HistoryRecord, topology: &Arc<Topology>, moment_us: i64) -> Result<Self, HistoryError> {
        // Functions begin with the recording, as they did live.
        let begun_us = record.session_of(moment_us).0;
        let start_us = moment_us.saturating_sub(lead_us(topology)).max(begun_us).min(moment_us);
        let mut past =
            Self { record, state: State::new(topology.clone()), moments: VecDeque::new(), read_us: start_us };
        record.values_at(topology, start_us)?.apply(&mut past.state);
        past.state.propagate();
        past.state.begin_tick();
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
        while let Some(moment) = self.next_moment(until_us)? {
            moment.apply(&mut self.state);
            self.state.propagate();
            let goes_on = each(moment.time_us, &self.state);
            self.state.begin_tick();
            if !goes_on {
                return Ok(());
            }
        }
        self.state.pass_to(until_us);
        self.state.observe_now();
        self.state.propagate();
        each(until_us, &self.state);
        self.state.begin_tick();
        Ok(())
    }

    /// Returns the next recorded moment, if it is not after another one.
    fn next_moment(&mut self, until_us: i64) -> Result<Option<PastMoment>, HistoryError> {
        while self.moments.is_empty() && self.read_us < until_us {
            let end_us = self.read_us.saturating_add(READ_US).min(until_us);
            self.moments = self.record.moments_of(self.state.topology(), (self.read_us, end_us))?.into();
            self.read_us = end_us;
        }
        Ok(self.moments.pop_front_if(|moment| moment.time_us <= until_us))
    }
}

/// Returns the time for which the functions of a scene look back, in microseconds.
fn lead_us(topology: &Topology) -> i64 {
    let instructions = topology.formulas().iter().flat_map(|formula| &formula.program.instructions);
    let windows = instructions.filter_map(|instruction| match instruction.op {
        // An exponential mean has forgotten everything before 20 time constants, to nine digits.
        Op::Stateful { function: Stateful::Ewma, settings, .. } => Some((settings[0] * 20e6) as i64),
        Op::Stateful { function: Stateful::Hysteresis, .. } => Some(LEAST_LEAD_US),
        Op::Stateful { settings, .. } => Some((settings[0] * 1e6) as i64),
        _ => None,
    });
    windows.max().map_or(0, |longest_us| longest_us.clamp(LEAST_LEAD_US, LONGEST_LEAD_US))
}
