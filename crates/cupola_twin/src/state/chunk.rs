//! Chunks of up to [`CHUNK`](super::CHUNK) rows of a column.
//!
//! The quality and source time of a sample are packed into one word, its stamp. A chunk whose samples all have the same
//! stamp stores it once, so that a scan reads only lanes.

use crate::value::{Quality, Sample};

/// The limit of representable times; times beyond it mean the beginning or the end of time.
const MAX_TIME_US: i64 = i64::MAX / 4;

/// The quality and the source time of a sample in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp(i64);

impl Stamp {
    /// The stamp of a missing value.
    pub const MISSING: Self = Self::new(Quality::Missing as u8, i64::MIN);

    pub const fn new(quality: u8, time_us: i64) -> Self {
        let time_us = if time_us > MAX_TIME_US {
            MAX_TIME_US
        } else if time_us < -MAX_TIME_US {
            -MAX_TIME_US
        } else {
            time_us
        };
        Self((time_us << 2) | quality as i64)
    }

    /// Returns the byte of the quality.
    pub fn quality(self) -> u8 {
        (self.0 & 3) as u8
    }

    /// Returns whether formulas and queries may use the value.
    pub fn is_usable(self) -> bool {
        self.quality() <= Quality::Stale as u8
    }

    /// Returns the source time, in microseconds since the Unix epoch.
    pub fn time_us(self) -> i64 {
        let time_us = self.0 >> 2;
        if time_us == -MAX_TIME_US { i64::MIN } else { time_us }
    }
}

/// The stamps of a chunk.
#[derive(Clone, Debug)]
pub(crate) enum Stamps {
    /// One stamp for all rows.
    Same(Stamp),
    /// One stamp for each row.
    Each(Box<[Stamp]>),
}

impl Stamps {
    pub fn of(&self, at: usize) -> Stamp {
        match self {
            Self::Same(stamp) => *stamp,
            Self::Each(stamps) => stamps[at],
        }
    }
}

/// Rows of a column.
#[derive(Clone, Debug)]
pub(crate) struct Chunk {
    pub lanes: Box<[f64]>,
    pub stamps: Stamps,
}

impl Chunk {
    /// Creates a chunk without values.
    pub fn missing(rows: usize) -> Self {
        Self { lanes: vec![f64::NAN; rows].into(), stamps: Stamps::Same(Stamp::MISSING) }
    }

    pub fn get(&self, at: usize) -> Sample {
        let stamp = self.stamps.of(at);
        Sample { lane: self.lanes[at], quality: Quality::from_byte(stamp.quality()), time_us: stamp.time_us() }
    }

    /// Returns the lane of a row as formulas see it (NaN if its quality forbids use) and its stamp.
    pub fn usable(&self, at: usize) -> (f64, Stamp) {
        let stamp = self.stamps.of(at);
        (if stamp.is_usable() { self.lanes[at] } else { f64::NAN }, stamp)
    }

    /// Returns whether all rows have the same stamp but store it separately.
    pub fn has_one_stamp(&self) -> bool {
        matches!(&self.stamps, Stamps::Each(stamps) if stamps.iter().all(|stamp| *stamp == stamps[0]))
    }

    /// Stores the stamp of the first row for all rows.
    pub fn unite(&mut self) {
        self.stamps = Stamps::Same(self.stamps.of(0));
    }

    /// Returns the source times of initial values, or nothing if no value has a time of its own.
    pub fn given_times(&self) -> Vec<i64> {
        let times = (0..self.lanes.len()).map(|at| self.get(at)).map(|sample| match sample.lane.is_nan() {
            true => 0,
            false => sample.time_us,
        });
        let times: Vec<i64> = times.collect();
        if times.iter().any(|time_us| *time_us != 0) { times } else { Vec::new() }
    }

    /// Gives initial values the source times that [`Self::given_times`] returned.
    pub fn give_times(&mut self, times: &[i64]) {
        for (at, time_us) in times.iter().enumerate().filter(|(_, time_us)| **time_us != 0) {
            self.set(at, self.lanes[at], Stamp::new(Quality::Good as u8, *time_us));
        }
    }

    pub fn set(&mut self, at: usize, lane: f64, stamp: Stamp) {
        self.lanes[at] = lane;
        match &mut self.stamps {
            Stamps::Each(stamps) => stamps[at] = stamp,
            Stamps::Same(same) if *same == stamp => {}
            Stamps::Same(same) => {
                let mut each = vec![*same; self.lanes.len()];
                each[at] = stamp;
                self.stamps = Stamps::Each(each.into());
            }
        }
    }
}
