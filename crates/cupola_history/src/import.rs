//! The import of a past that was recorded elsewhere.
//!
//! Imported values are put into the files of their days, as if they had been taken when they were measured. The frames of
//! these days are written anew, so that the state at any moment has them.

use crate::block::{self, FAST};
use crate::change::{Change, LogEntry, LogKind, Series, SeriesIx, TextIx};
use crate::compact::{compact, frame, span};
use crate::error::HistoryError;
use crate::lock::lock;
use crate::names::Names;
use crate::reader::{changes_of, each_taken, state_at};
use crate::rollup::Rollups;
use crate::sqlite::{DAY_US, Day, Files, HotBlock, day_of};
use cupola_twin::Quality;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::File;
use std::path::Path;

/// The number of values that are held in memory before they are written.
const HELD: usize = 1 << 20;

/// A value of an imported property.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ImportedValue {
    /// The property.
    pub series: SeriesIx,
    /// The time of the measurement, in microseconds since the Unix epoch.
    pub time_us: i64,
    /// The lane, as in [`Change`], or NaN where the values end.
    pub lane: f64,
}

/// The result of an import.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ImportResult {
    /// The number of values that were written.
    pub written: u64,
    /// The number of values that the history had already.
    pub known: u64,
    /// The first and the last moment of the import, in microseconds since the Unix epoch.
    pub span_us: Option<(i64, i64)>,
}

/// An import into a history.
pub struct HistoryImport {
    files: Files,
    names: Names,
    /// The numbers of series and texts on the disk.
    known: (usize, usize),
    cause: TextIx,
    source: String,
    held: Vec<ImportedValue>,
    /// The days that got values.
    days: BTreeSet<Day>,
    result: ImportResult,
    /// The lock of the history, which ends with the import.
    _lock: File,
}

impl std::fmt::Debug for HistoryImport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HistoryImport").field("source", &self.source).finish_non_exhaustive()
    }
}

impl HistoryImport {
    /// Begins an import into the history in a folder, which is created if there is none. `source` names the source of the
    /// values, such as a file.
    ///
    /// # Errors
    /// Another program records into the history, a newer program has written it, or its files can't be read or written.
    pub fn begin(folder: &Path, source: &str) -> Result<Self, HistoryError> {
        std::fs::create_dir_all(folder).map_err(HistoryError::io(folder))?;
        let lock = lock(folder)?;
        let mut files = Files::open(folder, true)?;
        let (series, texts) = files.read_catalog()?;
        let mut names = Names::new(series, texts);
        let known = (names.all_series().len(), names.all_texts().len());
        let cause = names.text(&format!("imported from {source}")).0;
        let (held, days, result) = (Vec::new(), BTreeSet::new(), ImportResult::default());
        Ok(Self { files, names, known, cause, source: source.into(), held, days, result, _lock: lock })
    }

    /// Returns the number of a series.
    pub fn series(&mut self, series: &Series) -> SeriesIx {
        self.names.series(series).0
    }

    /// Returns the lane of a text.
    pub fn text(&mut self, text: &str) -> f64 {
        f64::from(self.names.text(text).0.0)
    }

    /// Takes values.
    ///
    /// # Errors
    /// The files can't be read or written.
    pub fn push(&mut self, values: &[ImportedValue]) -> Result<(), HistoryError> {
        self.held.extend_from_slice(values);
        if self.held.len() >= HELD { self.write() } else { Ok(()) }
    }

    /// Writes the rest, and the frames of all days that got values.
    ///
    /// # Errors
    /// The files can't be read or written.
    pub fn finish(mut self) -> Result<ImportResult, HistoryError> {
        self.write()?;
        self.write_frames()?;
        // The days are rolled up again, by the next program that records.
        Rollups::of(&self.files.folder).forget(&self.days)?;
        if let Some((from_us, to_us)) = self.result.span_us.filter(|_| self.result.written > 0) {
            let detail = serde_json::json!({ "to_us": to_us, "values": self.result.written }).to_string();
            let (kind, subject, twin) = (LogKind::Imported, self.source.clone(), String::new());
            self.files.add_catalog((0, 0), &[], &[], &[LogEntry { time_us: from_us, kind, subject, twin, detail }])?;
        }
        Ok(self.result)
    }

    /// Writes the values that are held into their days.
    fn write(&mut self) -> Result<(), HistoryError> {
        self.write_names()?;
        let mut held = std::mem::take(&mut self.held);
        held.sort_by_key(|value| (value.series, value.time_us));
        let new = self.new_values(&held)?;
        let mut by_day: BTreeMap<Day, Vec<Change>> = BTreeMap::new();
        for value in new {
            let ImportedValue { series, time_us, lane } = value;
            let quality = if lane.is_nan() { Quality::Missing } else { Quality::Good };
            let (until_us, cause) = (i64::MAX, self.cause);
            let change = Change { series, time_us, taken_us: time_us, until_us, quality, cause, lane };
            by_day.entry(day_of(time_us)).or_default().push(change);
            let span_us = self.result.span_us.get_or_insert((time_us, time_us));
            *span_us = (span_us.0.min(time_us), span_us.1.max(time_us));
        }
        for (day, mut changes) in by_day {
            changes.sort_by_key(|change| (change.taken_us, change.series));
            let seq = self.files.last_seq(day)? + 1;
            let (span_us, taken_us) = (span(&changes, |row| row.time_us), span(&changes, |row| row.taken_us));
            self.files.add_hot(day, &HotBlock { seq, span_us, taken_us, data: block::encode(&changes, FAST) })?;
            self.days.insert(day);
            self.result.written += changes.len() as u64;
        }
        Ok(())
    }

    fn write_names(&mut self) -> Result<(), HistoryError> {
        let (series, texts) = (&self.names.all_series()[self.known.0..], &self.names.all_texts()[self.known.1..]);
        if !series.is_empty() || !texts.is_empty() {
            let first = (self.known.0 as u32, self.known.1 as u32 + 1);
            self.files.add_catalog(first, series, texts, &[])?;
            self.known = (self.names.all_series().len(), self.names.all_texts().len());
        }
        Ok(())
    }

    /// Returns the values that the history does not have yet, of values in the order of their series. A value at a moment at
    /// which the history has one is known, whatever it is: nothing that was recorded is replaced.
    fn new_values(&mut self, held: &[ImportedValue]) -> Result<Vec<ImportedValue>, HistoryError> {
        let mut new = Vec::new();
        for values in held.chunk_by(|one, other| one.series == other.series) {
            let (Some(first), Some(last)) = (values.first(), values.last()) else { continue };
            let known = changes_of(&mut self.files, first.series, (first.time_us, last.time_us))?;
            let times: BTreeSet<i64> = known.iter().map(|change| change.time_us).collect();
            let mut before_us = None;
            for value in values {
                if times.contains(&value.time_us) || before_us == Some(value.time_us) {
                    self.result.known += 1;
                } else {
                    new.push(*value);
                }
                before_us = Some(value.time_us);
            }
        }
        Ok(new)
    }

    /// Writes the frames of the days that got values, and of the days between and after them.
    fn write_frames(&mut self) -> Result<(), HistoryError> {
        let Some(first) = self.days.first().copied() else { return Ok(()) };
        for day in &self.days {
            compact(&mut self.files, *day, None)?;
        }
        let mut latest = state_at(&mut self.files, first.saturating_mul(DAY_US) - 1)?;
        let mut days = self.files.days()?;
        days.retain(|day| *day >= first);
        for day in days {
            if latest.count() > 0 {
                let at_us = latest.taken_us().max(day.saturating_mul(DAY_US));
                self.files.replace_frames(day, &frame(&latest, at_us, 0))?;
            }
            each_taken(&mut self.files, day, |change| latest.take(change))?;
        }
        Ok(())
    }
}

/// The interval of the readings of series, from their first ones.
#[derive(Clone, Debug, Default)]
pub struct ReadingIntervals {
    last_us: HashMap<SeriesIx, i64>,
    intervals_us: HashMap<SeriesIx, Vec<i64>>,
}

impl ReadingIntervals {
    /// The number of intervals of a series that are looked at.
    const MAX: usize = 1_000;

    /// Takes the time of a reading.
    pub fn take(&mut self, series: SeriesIx, time_us: i64) {
        if let Some(last_us) = self.last_us.insert(series, time_us)
            && time_us > last_us
        {
            let intervals = self.intervals_us.entry(series).or_default();
            if intervals.len() < Self::MAX {
                intervals.push(time_us - last_us);
            }
        }
    }

    /// Returns the median of the intervals of a series, in microseconds, if it has more than one reading.
    pub fn usual_us(&self, series: SeriesIx) -> Option<i64> {
        let mut intervals = self.intervals_us.get(&series)?.clone();
        intervals.sort_unstable();
        intervals.get(intervals.len() / 2).copied()
    }
}
