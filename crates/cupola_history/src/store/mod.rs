//! The storage of a history: blocks of changes for each day in UTC, roll-ups, and a catalogue of series, texts and the log.
//!
//! A [`Store`] keeps blocks of bytes and finds them again by series and time. It knows nothing of their content, so all
//! stores have the same blocks.

mod lock;
mod postgres;
mod rollup_files;
mod sqlite;

use crate::change::{LogEntry, LogKind, Series, SeriesKey};
use crate::error::HistoryError;
use crate::place::HistoryPlace;
use cupola_twin::Kind;
use std::collections::BTreeSet;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

pub(crate) use lock::lock;

/// The version of the tables.
pub(crate) const FORMAT: i64 = 1;
/// The length of a day, in microseconds.
pub(crate) const DAY_US: i64 = 86_400_000_000;

/// A day in UTC, as the number of days since 1970-01-01.
pub(crate) type Day = i64;

/// Returns the day of a moment.
pub(crate) fn day_of(time_us: i64) -> Day {
    time_us.div_euclid(DAY_US)
}

/// Returns the date of a day, such as `2026-01-31`.
pub(crate) fn date_of(day: Day) -> String {
    let time = cupola_twin::value::time_text(day.saturating_mul(DAY_US));
    time.split('T').next().unwrap_or_default().to_string()
}

/// A block of changes in the order in which they were taken, as one commit wrote it.
pub(crate) struct HotBlock {
    pub seq: i64,
    /// The first and the last source time.
    pub span_us: (i64, i64),
    /// The first and the last moment at which a change was taken.
    pub taken_us: (i64, i64),
    pub data: Vec<u8>,
}

/// A block of changes in the order of series and source time.
pub(crate) struct Page {
    /// The first and the last series.
    pub series: (u32, u32),
    pub span_us: (i64, i64),
    pub taken_us: (i64, i64),
    /// The number of the last hot block whose changes are in the page.
    pub seq: i64,
    pub data: Vec<u8>,
}

/// The last change of every series.
pub(crate) struct Frame {
    pub time_us: i64,
    /// The number of the last hot block whose changes are in the frame.
    pub seq: i64,
    pub data: Vec<u8>,
}

/// A block of a roll-up.
pub(crate) struct RollupBlock {
    /// The length of its buckets, in seconds.
    pub level: i64,
    /// The first and the last series.
    pub series: (u32, u32),
    pub data: Vec<u8>,
}

/// The blocks of a day that are wanted.
#[derive(Clone, Copy)]
pub(crate) struct Wanted {
    pub by: Order,
    /// The first and the last moment, both included.
    pub span_us: (i64, i64),
    /// The first and the last series.
    pub series: Option<(u32, u32)>,
    /// The number of the last block that is not wanted.
    pub after: i64,
}

impl Wanted {
    /// Returns the greatest first series and the least last series of the pages that are wanted.
    fn series_bounds(&self) -> (i64, i64) {
        // A page may begin before the first series and end behind the last one.
        self.series.map_or((i64::MAX, 0), |(first, last)| (i64::from(last), i64::from(first)))
    }
}

/// The time by which blocks are chosen.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// The source time.
    Source,
    /// The moment at which the timeline took the value.
    Taken,
}

impl Order {
    fn columns(self) -> (&'static str, &'static str) {
        match self {
            Self::Source => ("from_us", "to_us"),
            Self::Taken => ("taken_from_us", "taken_to_us"),
        }
    }
}

/// A table of blocks.
#[derive(Clone, Copy)]
pub(crate) enum Table {
    Hot,
    Page,
    Frame,
}

impl Table {
    pub const ALL: [Self; 3] = [Self::Hot, Self::Page, Self::Frame];

    /// Returns the name of the table, its key, and the columns of the first and the last moment of a block.
    fn columns(self) -> (&'static str, &'static str, &'static str, &'static str) {
        match self {
            Self::Hot => ("hot", "seq", "taken_from_us", "taken_to_us"),
            Self::Page => ("page", "id", "taken_from_us", "taken_to_us"),
            Self::Frame => ("frame", "seq", "time_us", "time_us"),
        }
    }
}

/// The entries of the log that are wanted.
#[derive(Clone, Copy)]
pub(crate) enum LogWanted<'k> {
    /// From one moment to another, both included.
    Span(i64, i64),
    /// Of some kinds.
    Kinds(&'k [LogKind]),
    /// The newest ones, without those of single readings.
    Newest(usize),
}

/// The right to a history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// Reading, beside a program that writes.
    Read,
    /// Writing. Only one program has it. A history is created if there is none.
    Write,
}

/// The bytes that a history takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DiskUse {
    /// The bytes of changes.
    pub changes: u64,
    /// The bytes of roll-ups.
    pub rollups: u64,
    /// The bytes of everything.
    pub all: u64,
}

/// A place that keeps the blocks of a history.
pub(crate) trait Store: Send {
    /// Opens the catalogue, and creates it if the store is written.
    fn open_catalog(&mut self) -> Result<(), HistoryError>;
    /// Returns the place of the catalogue, for people.
    fn catalog_place(&self) -> String;
    /// Returns the place of a day, for people.
    fn day_place(&self, day: Day) -> String;
    /// Returns the days that have changes, in order.
    fn days(&mut self) -> Result<Vec<Day>, HistoryError>;
    /// Reads all series and texts.
    fn read_catalog(&mut self) -> Result<(Vec<Series>, Vec<String>), HistoryError>;
    /// Copies the catalogue, without which no series has a name, if the store is not copied otherwise.
    fn back_up_catalog(&mut self) -> Result<(), HistoryError>;
    /// Adds series, texts and entries of the log. `first` are the numbers of the first series and the first text.
    fn add_catalog(
        &mut self,
        first: (u32, u32),
        series: &[Series],
        texts: &[Arc<str>],
        log: &[LogEntry],
    ) -> Result<(), HistoryError>;
    /// Reads the log in the order of time.
    fn log(&mut self, wanted: LogWanted<'_>) -> Result<Vec<LogEntry>, HistoryError>;
    /// Returns the last moment of a day, not after another, at which a change was taken.
    fn last_taken_of(&mut self, day: Day, until_us: i64) -> Result<Option<i64>, HistoryError>;
    /// Returns the first and the last moment at which a change of a day was taken, if it has any.
    fn taken_span_us(&mut self, day: Day) -> Result<Option<(i64, i64)>, HistoryError>;
    /// Returns the number of the last block of a day, or 0.
    fn last_seq(&mut self, day: Day) -> Result<i64, HistoryError>;
    /// Adds a block of changes to a day.
    fn add_hot(&mut self, day: Day, block: &HotBlock) -> Result<(), HistoryError>;
    /// Calls `each` with the wanted blocks of a day, in order.
    fn each_hot(
        &mut self,
        day: Day,
        wanted: Wanted,
        each: &mut dyn FnMut(HotBlock) -> Result<(), HistoryError>,
    ) -> Result<(), HistoryError>;
    /// Calls `each` with the wanted pages of a day.
    fn each_page(&mut self, day: Day, wanted: Wanted, each: &mut dyn FnMut(Page)) -> Result<(), HistoryError>;
    /// Returns the last frame of a day that is not after a moment.
    fn frame(&mut self, day: Day, until_us: i64) -> Result<Option<Frame>, HistoryError>;
    /// Replaces the blocks of a day up to `seq` by pages, and adds a frame.
    fn compact(&mut self, day: Day, seq: i64, pages: &[Page], frame: Option<&Frame>) -> Result<(), HistoryError>;
    /// Replaces all frames of a day by one.
    fn replace_frames(&mut self, day: Day, frame: &Frame) -> Result<(), HistoryError>;
    /// Begins or ends a transaction of reading a day, in which a compaction by another connection is not seen.
    fn hold_day(&mut self, day: Day, begins: bool) -> Result<(), HistoryError>;
    /// Notes that a day has changes whose source time is before the day.
    fn add_late(&mut self, day: Day, from_us: i64) -> Result<(), HistoryError>;
    /// Returns the days with late readings, each with the first moment that they belong to.
    fn late(&mut self) -> Result<Vec<(Day, i64)>, HistoryError>;
    /// Deletes the changes of a day.
    fn delete_day(&mut self, day: Day) -> Result<(), HistoryError>;

    /// Replaces the roll-up of a day.
    fn write_rollup(&mut self, day: Day, blocks: &[RollupBlock]) -> Result<(), HistoryError>;
    /// Returns the blocks of a level that may have a series, or all of them, of days from a first one to a last one, in order.
    fn rollup_blocks(
        &mut self,
        days: (Day, Day),
        level: i64,
        series: Option<u32>,
    ) -> Result<Vec<(Day, Vec<u8>)>, HistoryError>;
    /// Returns the days that are rolled up, and the damaged parts that may have others.
    fn rolled_days(&mut self) -> Result<(BTreeSet<Day>, Vec<HistoryError>), HistoryError>;
    /// Forgets that days are rolled up.
    fn forget_rollups(&mut self, days: &BTreeSet<Day>) -> Result<(), HistoryError>;
    /// Deletes the roll-ups of a level of days before another one.
    fn delete_rollups(&mut self, level: i64, before: Day) -> Result<(), HistoryError>;

    /// Calls `each` with the day and the content of every block of the roll-ups.
    fn each_rollup(&mut self, each: &mut dyn FnMut(Day, RollupBlock)) -> Result<(), HistoryError>;
    /// Deletes a damaged block of the roll-ups, which its level and its first series identify in its day.
    fn delete_rollup(&mut self, day: Day, level: i64, first_series: u32) -> Result<(), HistoryError>;
    /// Returns the parts of the roll-ups that can't be read at all, for people, each with the reason. With `repairs`, they
    /// are set aside.
    fn faults_of_rollups(&mut self, repairs: bool) -> Result<Vec<(String, String)>, HistoryError>;

    /// Reads the setting of the retention.
    fn read_retention(&mut self) -> Result<Option<String>, HistoryError>;
    /// Writes the setting of the retention.
    fn write_retention(&mut self, text: &str) -> Result<(), HistoryError>;
    /// Returns the bytes that the history takes.
    fn disk_use(&mut self) -> Result<DiskUse, HistoryError>;

    /// Returns the fault in the structure of the catalogue, if there is one.
    fn fault_of_catalog(&mut self) -> Result<Option<String>, HistoryError>;
    /// Returns the fault in the structure of a day, if there is one.
    fn fault_of_day(&mut self, day: Day) -> Result<Option<String>, HistoryError>;
    /// Sets a damaged catalogue aside, and makes one of the backup. Returns whether there is a whole backup.
    fn restore_catalog(&mut self) -> Result<bool, HistoryError>;
    /// Sets a catalogue and all days aside, whose changes have no names without it. Returns their place, for people.
    fn set_all_aside(&mut self) -> Result<String, HistoryError>;
    /// Sets a damaged day aside.
    fn set_day_aside(&mut self, day: Day) -> Result<(), HistoryError>;
    /// Calls `each` with the number, the place and the data of every block in a table of a day.
    fn each_block(
        &mut self,
        day: Day,
        table: Table,
        each: &mut dyn FnMut(i64, &str, &[u8]),
    ) -> Result<(), HistoryError>;
    /// Moves a damaged block into the table `damaged`.
    fn set_block_aside(&mut self, day: Day, table: Table, id: i64, place: &str) -> Result<(), HistoryError>;
}

/// A store, and the damaged parts that reading it has passed over.
pub(crate) struct Storage {
    store: Box<dyn Store>,
    pub passed_over: BTreeSet<String>,
}

impl Deref for Storage {
    type Target = dyn Store;

    fn deref(&self) -> &Self::Target {
        &*self.store
    }
}

impl DerefMut for Storage {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut *self.store
    }
}

impl Storage {
    /// Opens a history.
    pub fn open(place: &HistoryPlace, access: Access) -> Result<Self, HistoryError> {
        let mut storage = Self::new(place, access)?;
        storage.open_catalog()?;
        Ok(storage)
    }

    /// Prepares to open a history, whose catalogue may be damaged.
    pub fn new(place: &HistoryPlace, access: Access) -> Result<Self, HistoryError> {
        let store: Box<dyn Store> = match place {
            HistoryPlace::Folder(folder) => Box::new(sqlite::SqliteStore::new(folder, access)?),
            HistoryPlace::Database(database) => Box::new(postgres::PostgresStore::new(database, access)?),
        };
        Ok(Self { store, passed_over: BTreeSet::new() })
    }

    /// Passes over a damaged part, so that everything else stays readable. Other errors are returned.
    pub fn pass_over<T: Default>(&mut self, result: Result<T, HistoryError>) -> Result<T, HistoryError> {
        match result {
            Err(error) if error.is_damage() => {
                self.passed_over.insert(error.to_string());
                Ok(T::default())
            }
            result => result,
        }
    }

    /// Returns the last moment not after another at which a change was taken.
    pub fn last_taken_us(&mut self, until_us: i64) -> Result<Option<i64>, HistoryError> {
        let mut days = self.days()?;
        days.retain(|day| *day <= day_of(until_us));
        for day in days.into_iter().rev() {
            let found = self.last_taken_of(day, until_us);
            if let Some(last_us) = self.pass_over(found)? {
                return Ok(Some(last_us));
            }
        }
        Ok(None)
    }

    /// Returns the days that may have changes with source times from one moment to another.
    pub fn days_of(&mut self, (from_us, to_us): (i64, i64)) -> Result<Vec<Day>, HistoryError> {
        let late = self.late()?;
        // A clock of a device may run ahead, so the day before may have changes of the first minutes.
        let (first, last) = (day_of(from_us).saturating_sub(1), day_of(to_us));
        let is_late = |day: Day| late.iter().any(|(known, from_us)| *known == day && *from_us <= to_us);
        let mut days = self.days()?;
        days.retain(|day| (first..=last).contains(day) || (*day > last && is_late(*day)));
        Ok(days)
    }

    /// Returns the days that are rolled up. Damaged parts are passed over.
    pub fn rolled(&mut self) -> Result<BTreeSet<Day>, HistoryError> {
        let (days, damage) = self.rolled_days()?;
        self.passed_over.extend(damage.iter().map(ToString::to_string));
        Ok(days)
    }

    /// Returns the days with late readings, each with the first day that they belong to.
    pub fn late_days(&mut self) -> Result<Vec<(Day, Day)>, HistoryError> {
        Ok(self.late()?.into_iter().map(|(day, from_us)| (day, day_of(from_us))).collect())
    }
}

/// The series and texts of a catalogue, read by their numbers in ascending order. A restored catalogue lacks the numbers
/// that were given after its backup.
#[derive(Default)]
struct CatalogRows {
    series: Vec<Series>,
    texts: Vec<String>,
}

impl CatalogRows {
    fn add_series(&mut self, id: u32, key: SeriesKey, kind: u8, unit: Option<String>) {
        const KINDS: [Kind; 6] = [Kind::Number, Kind::Integer, Kind::Bool, Kind::Text, Kind::Time, Kind::Json];
        let unknown = SeriesKey { twin: "".into(), property: "".into() };
        self.series.resize(id as usize, Series { key: unknown, kind: Kind::Number, unit: None });
        let kind = KINDS.get(usize::from(kind)).copied().unwrap_or(Kind::Number);
        self.series.push(Series { key, kind, unit: unit.map(Arc::from) });
    }

    fn add_text(&mut self, id: u32, text: String) {
        self.texts.resize((id as usize).saturating_sub(1), String::new());
        self.texts.push(text);
    }
}
