//! The past state of a scene: inputs are read from a history, and everything else is computed from them as it was live.
//!
//! Computed properties are not recorded. A live timeline computes them from the recorded inputs, at the recorded moments,
//! and so does [`Past`]. Functions with windows need the inputs before the first moment, so playing begins earlier.

use crate::change::{Change, LogKind, Series, TextIx};
use crate::error::HistoryError;
use crate::live::INITIAL;
use crate::reader::History;
use cupola_run::LATE;
use cupola_scene::Scene;
use cupola_twin::expr::Stateful;
use cupola_twin::topology::Op;
use cupola_twin::value::{Sample, Value};
use cupola_twin::{Kind, Slot, State, Topology};
use std::collections::{BTreeMap, HashMap, VecDeque};

/// The time before the first moment for which windows and conditions are filled at least, in microseconds.
const LEAST_LEAD_US: i64 = 600_000_000;
/// The longest such time, in microseconds.
const LONGEST_LEAD_US: i64 = 31 * 86_400_000_000;
/// The span of the changes that are read at once, in microseconds.
const READ_US: i64 = 3_600_000_000;

/// The past of a scene, which is played forwards from a moment.
#[derive(Debug)]
pub struct Past<'h> {
    history: &'h History,
    state: State,
    /// The slot of each series, if the scene still has the property with the same kind and unit.
    slots: Vec<Option<Slot>>,
    /// The number of the text [`INITIAL`] in the history.
    initial: Option<TextIx>,
    /// The next changes, in the order in which they were taken.
    changes: VecDeque<Change>,
    /// The moment up to which changes were read, in microseconds since the Unix epoch.
    read_us: i64,
    /// The moments at which buffered readings were taken, with the times of the readings.
    observed: BTreeMap<i64, i64>,
}

impl<'h> Past<'h> {
    /// Returns the past of a scene at a moment, in microseconds since the Unix epoch.
    ///
    /// # Errors
    /// The history can't be read.
    pub fn at(history: &'h History, scene: &Scene, moment_us: i64) -> Result<Self, HistoryError> {
        let topology = scene.topology.clone();
        let start_us = moment_us.saturating_sub(lead_us(&topology));
        let by_series: HashMap<_, Slot> = topology
            .twins()
            .flat_map(|twin| topology.properties(twin))
            .map(|slot| (Series::of(&topology, slot), slot))
            .collect();
        let slots = history.series().into_iter().map(|(_, series)| by_series.get(&series).copied()).collect();
        let mut past = Self {
            history,
            state: State::new(topology),
            slots,
            initial: history.text_ix(INITIAL),
            changes: VecDeque::new(),
            read_us: start_us,
            observed: BTreeMap::new(),
        };
        past.state.pass_to(start_us);
        for change in history.state_at(start_us)? {
            past.take(&change);
        }
        past.state.propagate();
        past.state.begin_tick();
        past.play(moment_us, |_, _| ())?;
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
    /// moment, with the changes of the moment marked.
    ///
    /// # Errors
    /// The history can't be read.
    pub fn play(&mut self, until_us: i64, mut each: impl FnMut(i64, &State)) -> Result<(), HistoryError> {
        while let Some(moment_us) = self.next_moment(until_us)? {
            self.state.pass_to(moment_us);
            while let Some(change) = self.changes.pop_front_if(|change| change.taken_us == moment_us) {
                self.take(&change);
            }
            match self.observed.remove(&moment_us) {
                Some(observed_us) => self.state.observe_at(observed_us),
                None => self.state.observe_now(),
            }
            self.state.propagate();
            each(moment_us, &self.state);
            self.state.begin_tick();
        }
        self.state.pass_to(until_us);
        self.state.observe_now();
        self.state.propagate();
        each(until_us, &self.state);
        self.state.begin_tick();
        Ok(())
    }

    /// Returns the next recorded moment, if it is not after another one.
    fn next_moment(&mut self, until_us: i64) -> Result<Option<i64>, HistoryError> {
        while self.changes.is_empty() && self.read_us < until_us {
            let span_us = (self.read_us + 1, self.read_us.saturating_add(READ_US).min(until_us));
            self.changes = self.history.taken(span_us)?.into();
            for entry in self.history.log(span_us)?.into_iter().filter(|entry| entry.kind == LogKind::Observed) {
                let detail: Option<serde_json::Value> = serde_json::from_str(&entry.detail).ok();
                let observed_us = detail.and_then(|detail| detail.get("observed_us")?.as_i64());
                self.observed.extend(observed_us.map(|observed_us| (entry.time_us, observed_us)));
            }
            self.read_us = span_us.1;
        }
        Ok(self.changes.front().map(|change| change.taken_us).filter(|moment_us| *moment_us <= until_us))
    }

    fn take(&mut self, change: &Change) {
        let Some(slot) = self.slots.get(change.series.0 as usize).copied().flatten() else { return };
        let topology = self.state.topology().clone();
        let kind = topology.column(slot.column).kind;
        let lane = match kind {
            Kind::Text | Kind::Json if !change.lane.is_nan() => {
                let text = self.history.text(TextIx(change.lane as u32));
                let value = match kind {
                    Kind::Json => serde_json::from_str(&text).unwrap_or(Value::Text(text)),
                    _ => Value::Text(text),
                };
                topology.encode(slot.column, &value).unwrap_or(f64::NAN)
            }
            _ => change.lane,
        };
        // The age of a value of the scene's file is unknown.
        let is_initial = self.initial.is_some_and(|initial| change.cause == initial);
        let time_us = if is_initial { 0 } else { change.time_us };
        let sample = Sample { lane, quality: change.quality, time_us };
        if change.until_us == LATE {
            self.state.observe_late(slot, sample);
        } else {
            self.state.measure(slot, sample, change.until_us);
        }
    }
}

/// Returns the time for which the functions of a scene look back, in microseconds.
fn lead_us(topology: &Topology) -> i64 {
    let instructions = topology.formulas().iter().flat_map(|formula| &formula.program.instructions);
    let windows = instructions.map(|instruction| match instruction.op {
        // An exponential mean has forgotten everything before 20 time constants, to nine digits.
        Op::Stateful { function: Stateful::Ewma, settings, .. } => (settings[0] * 20e6) as i64,
        Op::Stateful { function: Stateful::Hysteresis, .. } => LEAST_LEAD_US,
        Op::Stateful { settings, .. } => (settings[0] * 1e6) as i64,
        _ => 0,
    });
    windows.max().unwrap_or_default().clamp(LEAST_LEAD_US, LONGEST_LEAD_US)
}
