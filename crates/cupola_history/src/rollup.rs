//! Roll-ups: the values of whole days in buckets of one minute and of fifteen minutes, for long spans, and for the time after
//! the changes themselves were deleted.
//!
//! A day is rolled up when it is over, from its changes, so a roll-up is what [`buckets`] gives. Readings that come late are
//! in it after the next day is rolled up. Days and longer buckets are put together from fifteen minutes, because a local day
//! begins at another time in each zone. A
//! block has the buckets of some series in a day.

use crate::block::{BlockError, Columns, SMALL, column, seal, unsealed};
use crate::buckets::{Bucket, buckets, next_boundary};
use crate::change::{Change, Series, SeriesIx};
use crate::error::HistoryError;
use crate::place::HistoryPlace;
use crate::store::{Access, DAY_US, Day, RollupBlock, Storage};
use cupola_twin::zone::{TimeZone, offset_s};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The length of the buckets of a roll-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum RollupLevel {
    /// One minute.
    Minute,
    /// Fifteen minutes.
    Quarter,
}

impl RollupLevel {
    pub const ALL: [Self; 2] = [Self::Minute, Self::Quarter];

    /// Returns the length of a bucket, in microseconds.
    pub fn length_us(self) -> i64 {
        match self {
            Self::Minute => 60_000_000,
            Self::Quarter => 900_000_000,
        }
    }

    /// Returns the longest buckets of which buckets of `every_us` in a span can be put together but for its ends, in a zone
    /// whose difference to UTC is a whole number of them.
    pub fn for_buckets(every_us: i64, (from_us, to_us): (i64, i64), zone: &TimeZone) -> Option<Self> {
        let offset_us = offset_s(zone, from_us) * 1_000_000;
        let fits = |length_us: i64| {
            let (first_us, last_us) = whole_span((from_us, to_us), length_us);
            [every_us, offset_us].iter().all(|us| us % length_us == 0) && first_us < last_us
        };
        Self::ALL.into_iter().rev().find(|level| fits(level.length_us()))
    }

    /// Returns the length of a bucket in seconds, by which blocks are found.
    pub fn number(self) -> i64 {
        self.length_us() / 1_000_000
    }
}

/// Returns the part of a span that is made of whole buckets.
pub(crate) fn whole_span((from_us, to_us): (i64, i64), length_us: i64) -> (i64, i64) {
    let first_us = from_us.saturating_add(length_us - 1).div_euclid(length_us).saturating_mul(length_us);
    (first_us, to_us.div_euclid(length_us) * length_us)
}

/// The time for which a history is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// The number of days for which every change is kept.
    pub raw_days: u32,
    /// The number of days for which buckets of one minute are kept. Longer buckets are kept for ever.
    pub minute_days: u32,
}

impl Default for Retention {
    fn default() -> Self {
        Self { raw_days: 30, minute_days: 366 }
    }
}

impl Retention {
    /// Reads the retention of a history. Without a setting it is the usual one.
    ///
    /// # Errors
    /// The setting can't be read or understood.
    pub(crate) fn read_from(storage: &mut Storage) -> Result<Self, HistoryError> {
        let Some(text) = storage.read_retention()? else { return Ok(Self::default()) };
        let days = |value: &Value, name: &str| value.get(name)?.as_u64()?.try_into().ok().filter(|days| *days > 0);
        let value: Option<Value> = serde_json::from_str(&text).ok();
        let found = value.as_ref().and_then(|value| {
            Some(Self { raw_days: days(value, "raw_days")?, minute_days: days(value, "minute_days")? })
        });
        found.ok_or_else(|| HistoryError::Refused {
            place: storage.catalog_place(),
            why: "the retention is not understood: `raw_days` and `minute_days` must be numbers from 1".into(),
        })
    }

    /// Changes the retention of the history in a place. It counts from the next day on.
    ///
    /// # Errors
    /// There is no history, or it can't be read or written.
    pub fn change(place: impl Into<HistoryPlace>, change: impl FnOnce(&mut Self)) -> Result<(), HistoryError> {
        let mut storage = Storage::new(&place.into(), Access::Read)?;
        let mut retention = Self::read_from(&mut storage)?;
        change(&mut retention);
        let Self { raw_days, minute_days } = retention;
        storage.write_retention(&json!({ "raw_days": raw_days, "minute_days": minute_days }).to_string())
    }
}

/// The number of rows in a block.
const BLOCK_ROWS: usize = 2_048;

/// A bucket of a series in a roll-up.
pub(crate) type RollupRow = (SeriesIx, Bucket);

/// Replaces the roll-up of a day.
pub(crate) fn write(
    storage: &mut Storage,
    day: Day,
    levels: &[(RollupLevel, Vec<RollupRow>)],
) -> Result<(), HistoryError> {
    let blocks = levels.iter().flat_map(|(level, rows)| {
        rows.chunks(BLOCK_ROWS).map(move |rows| {
            let series = (rows.first().map_or(0, |row| row.0.0), rows.last().map_or(0, |row| row.0.0));
            RollupBlock { level: level.number(), series, data: encode(rows, day, *level) }
        })
    });
    let blocks: Vec<RollupBlock> = blocks.collect();
    storage.write_rollup(day, &blocks)
}

/// Checks a block.
///
/// # Errors
/// The block is damaged.
pub(crate) fn check_block(block: &RollupBlock, day: Day) -> Result<(), BlockError> {
    let level = RollupLevel::ALL.into_iter().find(|level| level.number() == block.level);
    // A level of a newer program is not checked.
    level.map_or(Ok(()), |level| decode(&block.data, day, level).map(drop))
}

/// Keeps the buckets of an earlier roll-up that know more than new ones, of a day whose changes were deleted since.
pub(crate) fn keep_earlier(new: &mut BTreeMap<SeriesIx, Vec<Bucket>>, earlier: Vec<RollupRow>) {
    for (series, bucket) in earlier {
        let own = new.entry(series).or_default();
        match own.iter_mut().find(|known| known.from_us == bucket.from_us) {
            Some(known) if (bucket.count, bucket.known_us) > (known.count, known.known_us) => *known = bucket,
            Some(_) => {}
            None => own.push(bucket),
        }
    }
    new.values_mut().for_each(|buckets| buckets.sort_by_key(|bucket| bucket.from_us));
}

/// Reads the buckets of a series, or of all of them, in days, which are in order. A damaged block has none.
pub(crate) fn read(
    storage: &mut Storage,
    days: &[Day],
    level: RollupLevel,
    series: Option<SeriesIx>,
) -> Result<Vec<RollupRow>, HistoryError> {
    let (Some(first), Some(last)) = (days.first(), days.last()) else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    for (day, block) in storage.rollup_blocks((*first, *last), level.number(), series.map(|series| series.0))? {
        if days.binary_search(&day).is_ok()
            && let Ok(rows) = decode(&block, day, level)
        {
            found.extend(rows.into_iter().filter(|(ix, _)| series.is_none_or(|series| *ix == series)));
        }
    }
    Ok(found)
}

/// Returns the buckets of a series in a day, without those in which nothing is known.
pub(crate) fn roll(changes: &[Change], sessions: &[(i64, i64)], day: Day, level: RollupLevel) -> Vec<Bucket> {
    let span_us = (day.saturating_mul(DAY_US), (day + 1).saturating_mul(DAY_US));
    let mut found = buckets(changes, sessions, span_us, level.length_us(), &TimeZone::UTC);
    found.retain(|bucket| !bucket.mean.is_nan());
    found
}

/// Puts short buckets, in the order of time, together to buckets of `every_us` of a span.
pub(crate) fn merge(short: &[Bucket], (from_us, to_us): (i64, i64), every_us: i64, zone: &TimeZone) -> Vec<Bucket> {
    let mut out = Vec::new();
    let (mut start_us, mut next) = (from_us, 0);
    while start_us < to_us {
        let end_us = next_boundary(start_us, every_us, zone).min(to_us);
        let mut bucket = Bucket::new(start_us, end_us);
        let mut sum = 0.0;
        while let Some(part) = short.get(next).filter(|part| part.from_us < end_us) {
            next += 1;
            if part.from_us < start_us || part.mean.is_nan() {
                continue;
            }
            (bucket.min, bucket.max) = (bucket.min.min(part.min), bucket.max.max(part.max));
            bucket.last = part.last;
            bucket.count += part.count;
            bucket.known_us += part.known_us;
            sum += part.mean * part.known_us as f64;
        }
        bucket.mean = if bucket.known_us > 0 { sum / bucket.known_us as f64 } else { bucket.last };
        out.push(bucket);
        start_us = end_us;
    }
    out
}

fn encode(rows: &[RollupRow], day: Day, level: RollupLevel) -> Vec<u8> {
    let begin_us = day.saturating_mul(DAY_US);
    let mut out = (rows.len() as u32).to_le_bytes().to_vec();
    let mut column = Columns::new(&mut out, SMALL);
    column.put(rows.iter().map(|(series, _)| series.0));
    column.put(rows.iter().map(|(_, bucket)| ((bucket.from_us - begin_us) / level.length_us()) as u32));
    column.put(rows.iter().map(|(_, bucket)| bucket.min));
    column.put(rows.iter().map(|(_, bucket)| bucket.mean));
    column.put(rows.iter().map(|(_, bucket)| bucket.max));
    column.put(rows.iter().map(|(_, bucket)| bucket.last));
    column.put(rows.iter().map(|(_, bucket)| bucket.count));
    column.put(rows.iter().map(|(_, bucket)| bucket.known_us));
    seal(&mut out);
    out
}

fn decode(block: &[u8], day: Day, level: RollupLevel) -> Result<Vec<RollupRow>, BlockError> {
    let (count, mut rest) = unsealed(block)?.split_first_chunk::<4>().ok_or(BlockError::Columns)?;
    let count = u32::from_le_bytes(*count) as usize;
    let series: Vec<u32> = column(&mut rest, count)?;
    let places: Vec<u32> = column(&mut rest, count)?;
    let numbers: [Vec<f64>; 4] =
        [column(&mut rest, count)?, column(&mut rest, count)?, column(&mut rest, count)?, column(&mut rest, count)?];
    let counts: Vec<u64> = column(&mut rest, count)?;
    let known: Vec<i64> = column(&mut rest, count)?;
    let begin_us = day.saturating_mul(DAY_US);
    let row = |at: usize| {
        let from_us = begin_us + i64::from(places[at]) * level.length_us();
        let [min, mean, max, last] = [numbers[0][at], numbers[1][at], numbers[2][at], numbers[3][at]];
        let (to_us, count, known_us) = (from_us + level.length_us(), counts[at], known[at]);
        (SeriesIx(series[at]), Bucket { from_us, to_us, min, mean, max, last, count, known_us })
    };
    Ok((0..count).map(row).collect())
}

/// Accumulates the buckets of a computed property while the past is played.
#[derive(Debug)]
pub(crate) struct ComputedBuckets {
    length_us: i64,
    /// The changes of the current bucket, with the one that holds at its beginning.
    changes: Vec<Change>,
    from_us: i64,
    pub done: Vec<Bucket>,
}

impl ComputedBuckets {
    pub fn new(from_us: i64, length_us: i64) -> Self {
        Self { length_us, changes: Vec::new(), from_us, done: Vec::new() }
    }

    /// Takes a change, in the order of time.
    pub fn take(&mut self, change: Change, sessions: &[(i64, i64)]) {
        self.pass(change.time_us, sessions);
        self.changes.push(change);
    }

    /// Ends the buckets before a moment.
    pub fn pass(&mut self, until_us: i64, sessions: &[(i64, i64)]) {
        while self.from_us + self.length_us <= until_us {
            let span_us = (self.from_us, self.from_us + self.length_us);
            let found = buckets(&self.changes, sessions, span_us, self.length_us, &TimeZone::UTC);
            self.done.extend(found.into_iter().filter(|bucket| !bucket.mean.is_nan()));
            let last = self.changes.pop();
            self.changes.clear();
            self.changes.extend(last);
            self.from_us = span_us.1;
        }
    }
}

/// The rows of a roll-up in the order of the series.
pub(crate) fn ordered(rows: BTreeMap<SeriesIx, Vec<Bucket>>) -> Vec<RollupRow> {
    rows.into_iter().flat_map(|(series, all)| all.into_iter().map(move |bucket| (series, bucket))).collect()
}

/// Returns whether a series can be rolled up.
pub(crate) fn is_rolled(series: &Series) -> bool {
    series.is_numeric() && !series.is_condition()
}
