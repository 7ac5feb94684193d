//! The accumulator of an aggregate over related rows.

use super::machine::{BAD, MISSING, REASON, STALE, finite};
use crate::expr::Aggregate;
use crate::state::{CHUNK, Stamp, Stamps, State};
use crate::topology::ColumnIx;

pub(super) struct Fold {
    related: u64,
    used: u64,
    holding: u64,
    sum: f64,
    least: f64,
    greatest: f64,
    reason: u8,
    pub(super) time_us: i64,
}

impl Default for Fold {
    fn default() -> Self {
        Self {
            related: 0,
            used: 0,
            holding: 0,
            sum: 0.0,
            least: f64::INFINITY,
            greatest: f64::NEG_INFINITY,
            reason: 0,
            time_us: i64::MIN,
        }
    }
}

impl Fold {
    pub(super) fn count(&mut self, rows: &[u32]) {
        self.related += rows.len() as u64;
    }

    /// Accumulates the values of the given rows.
    pub(super) fn gather(&mut self, state: &State, column: ColumnIx, rows: &[u32], scale: f64, offset: f64) {
        let chunks = state.chunks(column);
        self.related += rows.len() as u64;
        for row in rows {
            let (lane, stamp) = chunks[*row as usize / CHUNK].usable(*row as usize % CHUNK);
            self.stamp(stamp);
            self.lane(lane, scale, offset);
        }
    }

    /// Accumulates the values of a contiguous range of rows.
    pub(super) fn gather_run(
        &mut self,
        state: &State,
        column: ColumnIx,
        rows: std::ops::Range<u32>,
        scale: f64,
        offset: f64,
    ) {
        self.related += rows.len() as u64;
        let chunks = state.chunks(column);
        let mut row = rows.start as usize;
        while row < rows.end as usize {
            let (chunk, at) = (&chunks[row / CHUNK], row % CHUNK);
            let end = CHUNK.min(at + rows.end as usize - row);
            match &chunk.stamps {
                Stamps::Same(stamp) => {
                    self.stamp(*stamp);
                    if stamp.is_usable() {
                        chunk.lanes[at..end].iter().for_each(|lane| self.lane(*lane, scale, offset));
                    }
                }
                Stamps::Each(stamps) => {
                    for (lane, stamp) in chunk.lanes[at..end].iter().zip(&stamps[at..end]) {
                        self.stamp(*stamp);
                        let usable = stamp.is_usable();
                        self.lane(if usable { *lane } else { f64::NAN }, scale, offset);
                    }
                }
            }
            row += end - at;
        }
    }

    fn stamp(&mut self, stamp: Stamp) {
        self.reason |= REASON[stamp.quality() as usize];
        self.time_us = self.time_us.max(stamp.time_us());
    }

    fn lane(&mut self, lane: f64, scale: f64, offset: f64) {
        if !lane.is_nan() {
            let lane = lane * scale + offset;
            self.used += 1;
            self.holding += u64::from(lane != 0.0);
            self.sum += lane;
            self.least = self.least.min(lane);
            self.greatest = self.greatest.max(lane);
        }
    }

    /// Returns the result and the quality flags that affect it. Missing and bad inputs matter only if no other value
    /// decides the result.
    pub(super) fn finish(&self, aggregate: Aggregate, of_values: bool) -> (f64, u8) {
        let stale = self.reason & STALE;
        let nothing = (f64::NAN, if self.reason & BAD != 0 && self.reason & MISSING == 0 { BAD } else { MISSING });
        let unknown = self.related - self.used;
        let lane = match aggregate {
            Aggregate::Count if !of_values => self.related as f64,
            Aggregate::Count => self.used as f64,
            Aggregate::CountIf => self.holding as f64,
            Aggregate::Any if self.holding > 0 => 1.0,
            Aggregate::Any if unknown > 0 => return nothing,
            Aggregate::Any => 0.0,
            Aggregate::All if self.holding < self.used => 0.0,
            Aggregate::All if unknown > 0 => return nothing,
            Aggregate::All => 1.0,
            _ if self.used == 0 => return nothing,
            Aggregate::Avg => self.sum / self.used as f64,
            Aggregate::Sum | Aggregate::Only => self.sum,
            Aggregate::Min => self.least,
            Aggregate::Max => self.greatest,
        };
        (finite(lane), stale)
    }
}
