//! Roll-ups: the values of whole days in buckets of one minute and of fifteen minutes, for long spans, and for the time after
//! the changes themselves were deleted.
//!
//! A day is rolled up when it is over, from its changes, so a roll-up is what [`buckets`] gives. Readings that come late are
//! in it after the next day is rolled up. Days and longer buckets are put together from fifteen minutes, because a local day
//! begins at another time in each zone. A file has the roll-ups of a month.

use crate::block::{BlockError, Columns, SMALL, column, seal, unsealed};
use crate::buckets::{Bucket, buckets, next_boundary};
use crate::change::{Change, Series, SeriesIx};
use crate::error::HistoryError;
use crate::sqlite::{DAY_US, Day, day_of};
use cupola_twin::zone::{TimeZone, offset_s};
use rusqlite::{Connection, OpenFlags, params};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

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

    /// Returns the longest buckets of which buckets of `every_us` in a span can be put together, in a zone whose difference
    /// to UTC is a whole number of them.
    pub fn for_buckets(every_us: i64, (from_us, to_us): (i64, i64), zone: &TimeZone) -> Option<Self> {
        let offset_us = offset_s(zone, from_us) * 1_000_000;
        let fits = |length_us: i64| [every_us, from_us, to_us, offset_us].iter().all(|us| us % length_us == 0);
        Self::ALL.into_iter().rev().find(|level| fits(level.length_us()))
    }

    fn number(self) -> i64 {
        self.length_us() / 1_000_000
    }
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
    fn path(folder: &Path) -> PathBuf {
        folder.join("retention.json")
    }

    /// Reads the retention of the history in a folder. Without a file it is the usual one.
    ///
    /// # Errors
    /// The file can't be read or understood.
    pub fn read(folder: &Path) -> Result<Self, HistoryError> {
        let path = Self::path(folder);
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(HistoryError::io(&path)(error)),
        };
        let days = |value: &Value, name: &str| value.get(name)?.as_u64()?.try_into().ok().filter(|days| *days > 0);
        let value: Option<Value> = serde_json::from_str(&text).ok();
        let found = value.as_ref().and_then(|value| {
            Some(Self { raw_days: days(value, "raw_days")?, minute_days: days(value, "minute_days")? })
        });
        found.ok_or_else(|| {
            HistoryError::io(&path)(std::io::Error::other("`raw_days` and `minute_days` must be numbers from 1"))
        })
    }

    /// Writes the retention of the history in a folder. It counts from the next day on.
    ///
    /// # Errors
    /// The file can't be written.
    pub fn write(&self, folder: &Path) -> Result<(), HistoryError> {
        let path = Self::path(folder);
        let text = json!({ "raw_days": self.raw_days, "minute_days": self.minute_days }).to_string();
        std::fs::write(&path, text).map_err(HistoryError::io(&path))
    }
}

const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS roll(day INTEGER, level INTEGER, series_from INTEGER, series_to INTEGER, data BLOB);
    CREATE INDEX IF NOT EXISTS roll_place ON roll(level, day, series_from);
    CREATE TABLE IF NOT EXISTS rolled(day INTEGER PRIMARY KEY);
";
/// The number of rows in a block.
const BLOCK_ROWS: usize = 2_048;

/// The roll-ups of a history.
#[derive(Debug)]
pub(crate) struct Rollups {
    folder: PathBuf,
}

/// A bucket of a series in a roll-up.
type RollupRow = (SeriesIx, Bucket);

impl Rollups {
    /// Returns the roll-ups in the folder of a history.
    pub fn of(folder: &Path) -> Self {
        Self { folder: folder.join("rollups") }
    }

    fn path_of(&self, day: Day) -> PathBuf {
        let date = cupola_twin::value::time_text(day.saturating_mul(DAY_US));
        self.folder.join(format!("{}.db", date.get(..7).unwrap_or_default()))
    }

    fn open(&self, day: Day, is_writer: bool) -> Result<Option<Connection>, HistoryError> {
        let path = self.path_of(day);
        let fail = || HistoryError::database(&path);
        if !is_writer && !path.is_file() {
            return Ok(None);
        }
        if is_writer {
            std::fs::create_dir_all(&self.folder).map_err(HistoryError::io(&self.folder))?;
        }
        let rights = if is_writer {
            OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE
        } else {
            OpenFlags::SQLITE_OPEN_READ_WRITE
        };
        let connection = Connection::open_with_flags(&path, rights | OpenFlags::SQLITE_OPEN_NO_MUTEX).map_err(fail())?;
        connection.busy_timeout(std::time::Duration::from_secs(10)).map_err(fail())?;
        if is_writer {
            connection.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;").map_err(fail())?;
            connection.execute_batch(TABLES).map_err(fail())?;
        }
        Ok(Some(connection))
    }

    /// Replaces the roll-up of a day.
    pub fn write(&self, day: Day, levels: &[(RollupLevel, Vec<RollupRow>)]) -> Result<(), HistoryError> {
        let path = self.path_of(day);
        let Some(mut connection) = self.open(day, true)? else { return Ok(()) };
        let mut write = || -> rusqlite::Result<()> {
            let transaction = connection.transaction()?;
            transaction.execute("DELETE FROM roll WHERE day = ?", [day])?;
            for (level, rows) in levels {
                for rows in rows.chunks(BLOCK_ROWS) {
                    let (first, last) = (rows.first().map_or(0, |row| row.0.0), rows.last().map_or(0, |row| row.0.0));
                    let data = encode(rows, day, *level);
                    transaction.execute(
                        "INSERT INTO roll VALUES (?, ?, ?, ?, ?)",
                        params![day, level.number(), first, last, data],
                    )?;
                }
            }
            transaction.execute("INSERT OR REPLACE INTO rolled VALUES (?)", [day])?;
            transaction.commit()
        };
        write().map_err(HistoryError::database(&path))
    }

    /// Reads the buckets of a series in days, which are in order. A damaged block has none.
    pub fn read(&self, days: &[Day], level: RollupLevel, series: SeriesIx) -> Result<Vec<Bucket>, HistoryError> {
        let mut found = Vec::new();
        for days in days.chunk_by(|one, other| self.path_of(*one) == self.path_of(*other)) {
            let (Some(first), Some(last)) = (days.first(), days.last()) else { continue };
            let path = self.path_of(*first);
            let Some(connection) = self.open(*first, false)? else { continue };
            let read = || -> rusqlite::Result<Vec<(Day, Vec<u8>)>> {
                let sql = "SELECT day, data FROM roll WHERE level = ? AND day BETWEEN ? AND ? AND series_from <= ?4 \
                           AND series_to >= ?4 ORDER BY day";
                let mut statement = connection.prepare(sql)?;
                let values = params![level.number(), first, last, series.0];
                statement.query_map(values, |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
            };
            for (day, block) in read().map_err(HistoryError::database(&path))? {
                if days.contains(&day)
                    && let Ok(rows) = decode(&block, day, level)
                {
                    found.extend(rows.into_iter().filter(|(ix, _)| *ix == series).map(|(_, bucket)| bucket));
                }
            }
        }
        Ok(found)
    }

    /// Returns the days that are rolled up.
    pub fn days(&self) -> Result<BTreeSet<Day>, HistoryError> {
        let mut days = BTreeSet::new();
        for first in self.months() {
            let Some(connection) = self.open(first, false)? else { continue };
            let read = || -> rusqlite::Result<Vec<Day>> {
                connection.prepare("SELECT day FROM rolled")?.query_map([], |row| row.get(0))?.collect()
            };
            days.extend(read().map_err(HistoryError::database(&self.path_of(first)))?);
        }
        Ok(days)
    }

    /// Returns the first day of each month that has a file.
    fn months(&self) -> Vec<Day> {
        let entries = std::fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let month = |name: String| {
            let date = name.strip_suffix(".db")?;
            Some(day_of(cupola_twin::zone::time_of_text(&format!("{date}-01T00:00:00Z"))?))
        };
        let mut months: Vec<Day> =
            entries.filter_map(|entry| entry.file_name().into_string().ok()).filter_map(month).collect();
        months.sort_unstable();
        months
    }

    /// Deletes the roll-ups of days.
    pub fn forget(&self, days: &BTreeSet<Day>) -> Result<(), HistoryError> {
        for day in days {
            let Some(connection) = self.open(*day, false)? else { continue };
            let path = self.path_of(*day);
            connection.execute("DELETE FROM rolled WHERE day = ?", [day]).map_err(HistoryError::database(&path))?;
        }
        Ok(())
    }

    /// Deletes the buckets of one minute of days before another one.
    pub fn forget_minutes(&self, before: Day) -> Result<(), HistoryError> {
        for first in self.months().into_iter().filter(|first| *first < before) {
            let Some(connection) = self.open(first, true)? else { continue };
            let deleted = connection
                .execute("DELETE FROM roll WHERE level = ? AND day < ?", [RollupLevel::Minute.number(), before]);
            let deleted = deleted.map_err(HistoryError::database(&self.path_of(first)))?;
            if deleted > 0 {
                connection.execute_batch("VACUUM").map_err(HistoryError::database(&self.path_of(first)))?;
            }
        }
        Ok(())
    }
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
