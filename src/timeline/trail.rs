//! Trails: the last values of each property on a timeline, for sparklines and trends.

use super::{Clock, TimelineState};
use bevy::prelude::*;
use cupola_twin::{ColumnIx, Slot};
use std::collections::{HashMap, VecDeque};

/// Values kept for each property.
const LENGTH: usize = 240;
/// Properties that have a trail at most; beyond, only what was there first.
const MAX_SLOTS: usize = 50_000;
/// A step on a trail is at least so long, microseconds.
const MIN_STEP_US: i64 = 1_000_000;

/// The recent values of every property of a timeline, as `(microseconds since the Unix epoch, value)`.
#[derive(Component, Clone, Default)]
pub struct Trail(HashMap<Slot, VecDeque<(i64, f64)>>);

impl Trail {
    /// The recent values of a slot, oldest first.
    pub fn of(&self, slot: Slot) -> impl ExactSizeIterator<Item = (i64, f64)> + '_ {
        static NOTHING: VecDeque<(i64, f64)> = VecDeque::new();
        self.0.get(&slot).unwrap_or(&NOTHING).iter().copied()
    }

    /// Change per hour over the recent values, if there are enough.
    pub fn trend_per_hour(&self, slot: Slot) -> Option<f64> {
        let trail = self.0.get(&slot)?;
        let ((first_us, first), (last_us, last)) = (trail.front()?, trail.back()?);
        let hours = (last_us - first_us) as f64 / 3.6e9;
        (hours > 1.0 / 60.0).then(|| (last - first) / hours)
    }

    fn push(&mut self, slot: Slot, time_us: i64, value: f64) {
        if self.0.len() >= MAX_SLOTS && !self.0.contains_key(&slot) {
            return;
        }
        let trail = self.0.entry(slot).or_default();
        match trail.back_mut() {
            Some((last_us, last)) if time_us - *last_us < MIN_STEP_US => *last = value,
            _ => {
                if trail.len() == LENGTH {
                    trail.pop_front();
                }
                trail.push_back((time_us, value));
            }
        }
    }
}

pub(super) fn record(mut timelines: Query<(&Clock, &TimelineState, &mut Trail)>) {
    for (clock, state, mut trail) in &mut timelines {
        let topology = state.0.topology();
        for column in 0..topology.columns().len() as u32 {
            let column = ColumnIx(column);
            if topology.column(column).hidden || !topology.column(column).kind.is_numeric() {
                continue;
            }
            for row in state.0.changed(column) {
                let slot = Slot { column, row: *row };
                let value = state.0.get(slot).usable();
                if !value.is_nan() {
                    trail.push(slot, clock.now_us, value);
                }
            }
        }
    }
}
