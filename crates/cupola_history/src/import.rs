//! The import of a past that was recorded elsewhere.
//!
//! Imported values are put into the files of their days, as if they had been taken when they were measured. The frames of
//! these days are written anew, so that the state at any moment has them.

use crate::block::{self, FAST};
use crate::change::{Change, IMPORTED, LogEntry, LogKind, Series, SeriesIx, TextIx};
use crate::compact::{compact, frame, span};
use crate::error::HistoryError;
use crate::names::Names;
use crate::place::HistoryPlace;
use crate::reader::{all_frames, changes_of, each_taken, state_at};
use crate::store::{Access, DAY_US, Day, HotBlock, LogWanted, Storage, day_of};
use cupola_twin::Quality;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The number of values that are held in memory before they are written.
const HELD: usize = 1 << 20;

/// The beginning of the causes of imported values.
pub(crate) const IMPORT_CAUSE: &str = "imported from ";

/// A value of an imported property.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ImportedValue {
    /// The property.
    pub series: SeriesIx,
    /// The time of the measurement, in microseconds since the Unix epoch.
    pub time_us: i64,
    /// The lane, as in [`Change`], or NaN where the values end. There the value holds again that somebody has recorded.
    pub lane: f64,
}

/// The result of an import.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImportResult {
    /// The damaged parts of the history that were passed over.
    pub passed_over: Vec<String>,
    /// The number of values that were written.
    pub written: u64,
    /// The number of values that the history had already.
    pub known: u64,
    /// The number of values that differ from those that the history has at their times, and were left out.
    pub differing: u64,
    /// The first and the last moment of the import, in microseconds since the Unix epoch.
    pub span_us: Option<(i64, i64)>,
}

/// An import into a history.
pub struct HistoryImport {
    storage: Storage,
    names: Names,
    /// The numbers of series and texts on the disk.
    known: (usize, usize),
    cause: TextIx,
    /// The causes of imported values.
    imported: BTreeSet<TextIx>,
    replaces: bool,
    /// The last time of series that are new, of which the history has nothing else.
    new_series: HashMap<SeriesIx, i64>,
    source: String,
    held: Vec<ImportedValue>,
    place: HistoryPlace,
    /// The days that are rolled up and whose changes were deleted, before the import.
    purged: BTreeSet<Day>,
    /// The days that got values.
    days: BTreeSet<Day>,
    result: ImportResult,
}

impl std::fmt::Debug for HistoryImport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HistoryImport").field("source", &self.source).finish_non_exhaustive()
    }
}

impl HistoryImport {
    /// Begins an import into the history in a folder or a database, which is created if there is none. `source` names the source of the
    /// values, such as a file. With `replaces`, other values of earlier imports give way.
    ///
    /// # Errors
    /// Another program records into the history, a newer program has written it, or its files can't be read or written.
    pub fn begin(place: impl Into<HistoryPlace>, source: &str, replaces: bool) -> Result<Self, HistoryError> {
        let place = place.into();
        let mut storage = Storage::open(&place, Access::Write)?;
        let mut purged = storage.rolled()?;
        storage.days()?.iter().for_each(|day| {
            purged.remove(day);
        });
        let (series, texts) = storage.read_catalog()?;
        let mut names = Names::new(series, texts);
        let known = (names.all_series().len(), names.all_texts().len());
        let cause = names.text(&format!("{IMPORT_CAUSE}{source}")).0;
        let texts = (1..).map(TextIx).zip(names.all_texts());
        let imported = texts.filter(|(_, text)| text.starts_with(IMPORT_CAUSE)).map(|(ix, _)| ix).collect();
        let (held, days, result, new_series) = (Vec::new(), BTreeSet::new(), ImportResult::default(), HashMap::new());
        let source = source.into();
        Ok(Self {
            storage,
            names,
            known,
            cause,
            imported,
            replaces,
            new_series,
            source,
            held,
            place,
            purged,
            days,
            result,
        })
    }

    /// Returns the number of a series.
    pub fn series(&mut self, series: &Series) -> SeriesIx {
        let (ix, is_new) = self.names.series(series);
        if is_new {
            self.new_series.insert(ix, i64::MIN);
        }
        ix
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
        // The days are rolled up again: those whose changes were deleted at once, others by the next program that records.
        let whole: BTreeSet<Day> = self.days.difference(&self.purged).copied().collect();
        self.storage.forget_rollups(&whole)?;
        if let Some((from_us, to_us)) = self.result.span_us {
            let log = self.storage.log(LogWanted::Kinds(&[LogKind::Imported]))?;
            let detail = serde_json::json!({ "to_us": to_us }).to_string();
            let (kind, subject, twin) = (LogKind::Imported, self.source.clone(), String::new());
            let entry = LogEntry { time_us: from_us, kind, subject, twin, detail };
            if !log.contains(&entry) {
                self.storage.add_catalog((0, 0), &[], &[], &[entry])?;
            }
        }
        let purged: BTreeSet<Day> = self.days.intersection(&self.purged).copied().collect();
        crate::roller::roll_purged(&self.place, &purged)?;
        self.result.passed_over = self.storage.passed_over.iter().cloned().collect();
        Ok(self.result)
    }

    /// Writes the values that are held into their days.
    fn write(&mut self) -> Result<(), HistoryError> {
        self.write_names()?;
        let mut held = std::mem::take(&mut self.held);
        held.sort_by_key(|value| (value.series, value.time_us));
        for ImportedValue { time_us, .. } in &held {
            let span_us = self.result.span_us.get_or_insert((*time_us, *time_us));
            *span_us = (span_us.0.min(*time_us), span_us.1.max(*time_us));
            // The frames of a day are written even if it has all values already, because an import may have been stopped.
            self.days.insert(day_of(*time_us));
        }
        let new = self.new_values(&held)?;
        let mut by_day: BTreeMap<Day, Vec<Change>> = BTreeMap::new();
        for value in new {
            by_day.entry(day_of(value.time_us)).or_default().push(value);
        }
        for (day, mut changes) in by_day {
            changes.sort_by_key(|change| (change.taken_us, change.series));
            let seq = self.storage.last_seq(day)? + 1;
            let (span_us, taken_us) = (span(&changes, |row| row.time_us), span(&changes, |row| row.taken_us));
            self.storage.add_hot(day, &HotBlock { seq, span_us, taken_us, data: block::encode(&changes, FAST) })?;
            self.result.written += changes.len() as u64;
        }
        Ok(())
    }

    fn write_names(&mut self) -> Result<(), HistoryError> {
        let (series, texts) = (&self.names.all_series()[self.known.0..], &self.names.all_texts()[self.known.1..]);
        if !series.is_empty() || !texts.is_empty() {
            let first = (self.known.0 as u32, self.known.1 as u32 + 1);
            self.storage.add_catalog(first, series, texts, &[])?;
            self.known = (self.names.all_series().len(), self.names.all_texts().len());
        }
        Ok(())
    }

    /// Returns the changes for the values that the history does not have yet, of values in the order of their series. A value
    /// at a moment at which the history has one is known, whatever it is: nothing that was recorded is replaced. Only the end
    /// of an earlier import gives way to a value.
    fn new_values(&mut self, held: &[ImportedValue]) -> Result<Vec<Change>, HistoryError> {
        let mut new = Vec::new();
        for values in held.chunk_by(|one, other| one.series == other.series) {
            let (Some(first), Some(last)) = (values.first(), values.last()) else { continue };
            let series = first.series;
            let known = match self.new_series.get(&series) {
                Some(known_us) if *known_us < first.time_us => Vec::new(),
                _ => changes_of(&mut self.storage, series, (first.time_us, last.time_us))?,
            };
            if let Some(known_us) = self.new_series.get_mut(&series) {
                *known_us = (*known_us).max(last.time_us);
            }
            let is_end = |change: &Change| change.lane.is_nan() && self.imported.contains(&change.cause);
            let times: BTreeMap<i64, &Change> =
                known.iter().filter(|change| !is_end(change)).map(|change| (change.time_us, change)).collect();
            let ends: BTreeSet<i64> =
                known.iter().filter(|change| is_end(change)).map(|change| change.time_us).collect();
            let recorded: Vec<&Change> = known.iter().filter(|change| !self.imported.contains(&change.cause)).collect();
            let mut before_us = None;
            for value in values {
                let ImportedValue { series, time_us, lane } = *value;
                let there = times.get(&time_us);
                let differs = there.is_some_and(|there| !lane.is_nan() && there.lane.to_bits() != lane.to_bits());
                let gives_way =
                    differs && self.replaces && there.is_some_and(|there| self.imported.contains(&there.cause));
                let is_known = there.is_some() || (ends.contains(&time_us) && lane.is_nan());
                if (is_known && !gives_way) || before_us == Some(time_us) {
                    self.result.known += u64::from(!differs);
                    self.result.differing += u64::from(differs);
                    before_us = Some(time_us);
                    continue;
                }
                before_us = Some(time_us);
                let cause = self.cause;
                let held = recorded[..recorded.partition_point(|change| change.time_us <= time_us)].last();
                new.push(match held.filter(|_| lane.is_nan()) {
                    Some(held) => Change { time_us, taken_us: time_us, cause, ..**held },
                    None => {
                        let quality = if lane.is_nan() { Quality::Missing } else { Quality::Good };
                        Change { series, time_us, taken_us: time_us, until_us: IMPORTED, quality, cause, lane }
                    }
                });
            }
        }
        Ok(new)
    }

    /// Writes the frames of the days that got values, and of the days between and after them.
    fn write_frames(&mut self) -> Result<(), HistoryError> {
        let (Some(first), Some(last)) = (self.days.first().copied(), self.days.last().copied()) else { return Ok(()) };
        let mut days = self.storage.days()?;
        for day in days.iter().filter(|day| self.days.contains(day)) {
            // A day with a damaged block stays as it is.
            let compacted = compact(&mut self.storage, *day, None);
            self.storage.pass_over(compacted)?;
        }
        let mut latest = state_at(&mut self.storage, first.saturating_mul(DAY_US) - 1)?;
        // Every import ends on its last day, so later frames have nothing of it.
        days.retain(|day| (first..=last + 1).contains(day));
        for day in days {
            // A frame may have values of days that are gone.
            let frames = all_frames(&mut self.storage, day)?;
            let (begin, later): (Vec<_>, Vec<_>) =
                frames.into_iter().partition(|(time_us, _)| *time_us <= day.saturating_mul(DAY_US));
            begin.iter().flat_map(|(_, rows)| rows).for_each(|change| latest.take(change));
            if latest.count() > 0 {
                self.storage.replace_frames(day, &frame(&latest, day.saturating_mul(DAY_US), 0))?;
            }
            each_taken(&mut self.storage, day, |change| latest.take(change))?;
            later.iter().flat_map(|(_, rows)| rows).for_each(|change| latest.take(change));
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
            && time_us != last_us
        {
            let intervals = self.intervals_us.entry(series).or_default();
            if intervals.len() < Self::MAX {
                intervals.push((time_us - last_us).abs());
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
