//! Trails: the recent values of each property on a timeline, for sparklines and trends.

use crate::relocation::Relocation;
use cupola_twin::{ColumnIx, Slot, State};
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

/// The largest number of values for each property.
const LENGTH: usize = 240;
/// The largest number of properties with a trail. Further properties have none.
const MAX_SLOTS: usize = 50_000;
/// The shortest time between two values of a trail, in microseconds.
const MIN_STEP_US: i64 = 1_000_000;

type Values = VecDeque<(i64, f64)>;

/// The recent values of every property of a timeline, as `(microseconds since the Unix epoch, value)`.
///
/// A branch shares the values of its parent until one of the two adds a value.
#[derive(Clone, Debug, Default)]
pub struct Trail(HashMap<Slot, Arc<Values>>);

impl Trail {
    /// Returns the recent values of a slot, oldest first.
    pub fn of(&self, slot: Slot) -> impl ExactSizeIterator<Item = (i64, f64)> + '_ {
        static NOTHING: Values = VecDeque::new();
        self.0.get(&slot).map_or(&NOTHING, |values| &**values).iter().copied()
    }

    /// Returns the change per hour over the recent values, if they span more than a minute.
    pub fn trend_per_hour(&self, slot: Slot) -> Option<f64> {
        let values = self.0.get(&slot)?;
        let ((first_us, first), (last_us, last)) = (values.front()?, values.back()?);
        let hours = (last_us - first_us) as f64 / 3.6e9;
        (hours > 1.0 / 60.0).then(|| (last - first) / hours)
    }

    /// Adds the numeric values that changed in the state's tick.
    pub(crate) fn record(&mut self, state: &State, now_us: i64) {
        let topology = state.topology();
        for column in (0..topology.columns().len() as u32).map(ColumnIx) {
            if topology.column(column).hidden || !topology.column(column).kind.is_numeric() {
                continue;
            }
            for row in state.changed(column) {
                let slot = Slot { column, row: *row };
                let value = state.get(slot).usable();
                if !value.is_nan() {
                    self.push(slot, now_us, value);
                }
            }
        }
    }

    fn push(&mut self, slot: Slot, time_us: i64, value: f64) {
        if self.0.len() >= MAX_SLOTS && !self.0.contains_key(&slot) {
            return;
        }
        let values = Arc::make_mut(self.0.entry(slot).or_default());
        match values.back_mut() {
            Some((last_us, last)) if time_us - *last_us < MIN_STEP_US => *last = value,
            _ => {
                if values.len() == LENGTH {
                    values.pop_front();
                }
                values.push_back((time_us, value));
            }
        }
    }

    /// Adds earlier values of a slot, oldest first, before the known ones. If there are too many, some are left out evenly.
    pub(crate) fn recall(&mut self, slot: Slot, earlier: &[(i64, f64)]) {
        if self.0.len() >= MAX_SLOTS && !self.0.contains_key(&slot) {
            return;
        }
        let values = Arc::make_mut(self.0.entry(slot).or_default());
        let first_us = values.front().map_or(i64::MAX, |(time_us, _)| *time_us);
        let earlier: Vec<(i64, f64)> = earlier.iter().copied().filter(|(time_us, _)| *time_us < first_us).collect();
        let space = LENGTH.saturating_sub(values.len()).max(1);
        let step = earlier.len().div_ceil(space).max(1);
        for value in earlier.into_iter().rev().step_by(step) {
            if values.len() == LENGTH {
                break;
            }
            values.push_front(value);
        }
    }

    /// Removes all values.
    pub(crate) fn forget(&mut self) {
        self.0.clear();
    }

    pub(crate) fn relocate(&mut self, relocation: &Relocation) {
        if !relocation.is_identity() {
            let before = std::mem::take(&mut self.0);
            self.0 = before.into_iter().filter_map(|(slot, values)| Some((relocation.slot(slot)?, values))).collect();
        }
    }
}
