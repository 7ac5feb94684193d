//! Reading a history back: one series over a span, everything at a moment, and everything that changed in a span.

use crate::block;
use crate::change::{Change, LogEntry, LogKind, Series, SeriesIx, TextIx};
use crate::error::HistoryError;
use crate::latest::Latest;
use crate::names::Names;
use crate::place::HistoryPlace;
use crate::rollup::{self, Retention, RollupLevel, RollupRow};
use crate::store::{Access, DAY_US, Day, DiskUse, LogWanted, Order, Storage, Table, Wanted, day_of};
use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A history that is read. Another program, or a [`Recorder`](crate::Recorder) of this one, may write it at the same time.
pub struct History {
    place: HistoryPlace,
    inner: Mutex<Inner>,
}

struct Inner {
    storage: Storage,
    names: Names,
}

impl std::fmt::Debug for History {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("History").field("place", &self.place).finish_non_exhaustive()
    }
}

impl History {
    /// Opens the history in a folder or a database for reading.
    ///
    /// # Errors
    /// There is no history, a newer program has written it, or its catalogue can't be read.
    pub fn open(place: impl Into<HistoryPlace>) -> Result<Self, HistoryError> {
        let place = place.into();
        let mut storage = Storage::open(&place, Access::Read)?;
        let (series, texts) = storage.read_catalog()?;
        let inner = Mutex::new(Inner { storage, names: Names::new(series, texts) });
        Ok(Self { place, inner })
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the place.
    pub fn place(&self) -> &HistoryPlace {
        &self.place
    }

    /// Returns the bytes that the history takes.
    ///
    /// # Errors
    /// The database does not answer.
    pub fn disk_use(&self) -> Result<DiskUse, HistoryError> {
        self.lock().storage.disk_use()
    }

    /// Returns all series with their numbers. The conditions of functions are among them.
    pub fn series(&self) -> Vec<(SeriesIx, Series)> {
        let inner = self.lock();
        (0..).map(SeriesIx).zip(inner.names.all_series().iter().cloned()).collect()
    }

    /// Returns the number of a series, if the history has it.
    pub fn series_ix(&self, series: &Series) -> Option<SeriesIx> {
        self.lock().names.series_ix(series)
    }

    /// Returns a series by its number.
    pub fn series_of(&self, ix: SeriesIx) -> Option<Series> {
        self.lock().names.all_series().get(ix.0 as usize).cloned()
    }

    /// Returns an interned text. An unknown number gives an empty text.
    pub fn text(&self, ix: TextIx) -> String {
        self.lock().names.text_of(ix).to_string()
    }

    /// Returns the number of a text, if the history has it.
    pub(crate) fn text_ix(&self, text: &str) -> Option<TextIx> {
        self.lock().names.text_ix(text)
    }

    /// Returns the first and the last moment at which a change was taken, in microseconds since the Unix epoch.
    ///
    /// # Errors
    /// A file can't be read.
    pub fn span_us(&self) -> Result<Option<(i64, i64)>, HistoryError> {
        let storage = &mut self.lock().storage;
        let days = storage.days()?;
        let mut found: Option<(i64, i64)> = None;
        for day in days.iter().take(1).chain(days.iter().skip(1).last()) {
            let span_us = storage.taken_span_us(*day);
            if let Some((first, last)) = storage.pass_over(span_us)? {
                found = Some(found.map_or((first, last), |known| (known.0.min(first), known.1.max(last))));
            }
        }
        Ok(found)
    }

    /// Returns the changes of a series with source times from one moment to another, both included, in the order of their
    /// source times. Of several changes at one time only the one that was taken last counts. The first change may be
    /// earlier: it is the one that holds at `from_us`.
    ///
    /// # Errors
    /// A file can't be read.
    pub fn changes(&self, series: SeriesIx, (from_us, to_us): (i64, i64)) -> Result<Vec<Change>, HistoryError> {
        changes_of(&mut self.lock().storage, series, (from_us, to_us))
    }

    /// Returns the last change of every series that was taken at a moment or before.
    ///
    /// # Errors
    /// A file can't be read.
    pub fn state_at(&self, moment_us: i64) -> Result<Vec<Change>, HistoryError> {
        let latest = state_at(&mut self.lock().storage, moment_us)?;
        Ok(latest.all().copied().collect())
    }

    /// Returns all changes that were taken from one moment to another, both included, in the order in which they were
    /// taken.
    ///
    /// # Errors
    /// A file can't be read.
    pub fn taken(&self, (from_us, to_us): (i64, i64)) -> Result<Vec<Change>, HistoryError> {
        let storage = &mut self.lock().storage;
        let mut found = Vec::new();
        let mut days = storage.days()?;
        days.retain(|day| (day_of(from_us)..=day_of(to_us)).contains(day));
        let wanted = Wanted { by: Order::Taken, span_us: (from_us, to_us), series: None, after: i64::MIN };
        for day in days {
            each_change(storage, day, wanted, |change| {
                if (from_us..=to_us).contains(&change.taken_us) {
                    found.push(*change);
                }
            })?;
        }
        found.sort_by_key(|change| (change.taken_us, change.series, change.time_us));
        Ok(found)
    }

    /// Returns the days that have a file, and the days with late readings: the day on which they came, and the first day
    /// that they belong to.
    pub(crate) fn days(&self) -> Result<(Vec<Day>, Vec<(Day, Day)>), HistoryError> {
        let storage = &mut self.lock().storage;
        Ok((storage.days()?, storage.late_days()?))
    }

    /// Returns the days that are rolled up.
    pub(crate) fn rolled_days(&self) -> Result<BTreeSet<Day>, HistoryError> {
        self.lock().storage.rolled()
    }

    /// Reads the buckets of a series, or of all of them, in days, which are in order. A damaged block has none.
    pub(crate) fn rolled(
        &self,
        days: &[Day],
        level: RollupLevel,
        series: Option<SeriesIx>,
    ) -> Result<Vec<RollupRow>, HistoryError> {
        rollup::read(&mut self.lock().storage, days, level, series)
    }

    /// Replaces the roll-up of a day.
    pub(crate) fn write_rollup(&self, day: Day, levels: &[(RollupLevel, Vec<RollupRow>)]) -> Result<(), HistoryError> {
        rollup::write(&mut self.lock().storage, day, levels)
    }

    /// Deletes the buckets of one minute of days before another one.
    pub(crate) fn forget_minutes(&self, before: Day) -> Result<(), HistoryError> {
        self.lock().storage.delete_rollups(RollupLevel::Minute.number(), before)
    }

    /// Returns the time for which the history is kept.
    ///
    /// # Errors
    /// It can't be read or understood.
    pub fn retention(&self) -> Result<Retention, HistoryError> {
        Retention::read_from(&mut self.lock().storage)
    }

    /// Deletes the changes of a day.
    pub(crate) fn delete_day(&self, day: Day) -> Result<(), HistoryError> {
        self.lock().storage.delete_day(day)
    }

    /// Returns the last change of every series with a source time before a day, with readings that came late.
    pub(crate) fn measured_before(&self, day: Day) -> Result<HashMap<SeriesIx, Change>, HistoryError> {
        let storage = &mut self.lock().storage;
        let begin_us = day.saturating_mul(DAY_US);
        let mut found: HashMap<SeriesIx, Change> =
            state_at(storage, begin_us - 1)?.all().map(|change| (change.series, *change)).collect();
        let span_us = (i64::MIN, begin_us - 1);
        for (taken, first) in storage.late_days()? {
            if taken < day || first > day {
                continue;
            }
            each_change(
                storage,
                taken,
                Wanted { by: Order::Source, span_us, series: None, after: i64::MIN },
                |change| {
                    let is_later = found
                        .get(&change.series)
                        .is_none_or(|known| (change.time_us, change.taken_us) >= (known.time_us, known.taken_us));
                    if change.time_us < begin_us && is_later {
                        found.insert(change.series, *change);
                    }
                },
            )?;
        }
        Ok(found)
    }

    /// Returns the changes of each series in a range, both ends included, with source times in a day, in order. Of several
    /// changes at one time only the one that was taken last counts.
    pub(crate) fn changes_of_day(
        &self,
        day: Day,
        range: (SeriesIx, SeriesIx),
    ) -> Result<HashMap<SeriesIx, Vec<Change>>, HistoryError> {
        let storage = &mut self.lock().storage;
        let span_us = (day.saturating_mul(DAY_US), (day + 1).saturating_mul(DAY_US) - 1);
        let mut found: HashMap<SeriesIx, Vec<Change>> = HashMap::new();
        let wanted = Wanted { by: Order::Source, span_us, series: Some((range.0.0, range.1.0)), after: i64::MIN };
        for day in storage.days_of(span_us)? {
            each_change(storage, day, wanted, |change| {
                let is_within = (range.0..=range.1).contains(&change.series);
                if is_within && (span_us.0..=span_us.1).contains(&change.time_us) {
                    found.entry(change.series).or_default().push(*change);
                }
            })?;
        }
        found.values_mut().for_each(settle);
        Ok(found)
    }

    /// Returns the spans of time in which somebody recorded, in order. A recording that did not end in order ends with its
    /// last change.
    ///
    /// # Errors
    /// A file can't be read.
    pub fn sessions(&self) -> Result<Vec<(i64, i64)>, HistoryError> {
        let Some((_, last_us)) = self.span_us()? else { return Ok(Vec::new()) };
        let storage = &mut self.lock().storage;
        let mut sessions = Vec::new();
        let mut open: Option<i64> = None;
        for entry in storage.log(LogWanted::Kinds(&[LogKind::Begun, LogKind::Ended]))? {
            if entry.kind == LogKind::Begun {
                if let Some(from_us) = open {
                    let end_us = storage.last_taken_us(entry.time_us.saturating_sub(1))?;
                    sessions.push((from_us, end_us.unwrap_or(from_us).max(from_us)));
                }
                open = Some(entry.time_us);
            } else if let Some(from_us) = open.take() {
                sessions.push((from_us, entry.time_us));
            }
        }
        sessions.extend(open.map(|from_us| (from_us, last_us.max(from_us))));
        Ok(sessions)
    }

    /// Returns the spans of time of which a past was imported, in order.
    ///
    /// # Errors
    /// A file can't be read.
    pub fn imported(&self) -> Result<Vec<(i64, i64)>, HistoryError> {
        let mut spans = Vec::new();
        for entry in self.lock().storage.log(LogWanted::Kinds(&[LogKind::Imported]))? {
            let detail: Option<serde_json::Value> = serde_json::from_str(&entry.detail).ok();
            let to_us = detail.and_then(|detail| detail.get("to_us")?.as_i64());
            spans.extend(to_us.map(|to_us| (entry.time_us, to_us)));
        }
        spans.sort_unstable();
        Ok(spans)
    }

    /// Returns the damaged parts that reading has passed over so far, for people.
    pub fn passed_over(&self) -> Vec<String> {
        self.lock().storage.passed_over.iter().cloned().collect()
    }

    /// Returns the newest entries of the log, in order, without those of single readings.
    ///
    /// # Errors
    /// The catalogue can't be read.
    pub fn newest_log(&self, count: usize) -> Result<Vec<LogEntry>, HistoryError> {
        self.lock().storage.log(LogWanted::Newest(count))
    }

    /// Returns the entries of the log from one moment to another, both included.
    ///
    /// # Errors
    /// The catalogue can't be read.
    pub fn log(&self, (from_us, to_us): (i64, i64)) -> Result<Vec<LogEntry>, HistoryError> {
        self.lock().storage.log(LogWanted::Span(from_us, to_us))
    }
}

/// Calls `each` with the wanted changes of a day, and with others of the same pages. Damaged blocks are passed over.
fn each_change(
    storage: &mut Storage,
    day: Day,
    wanted: Wanted,
    mut each: impl FnMut(&Change),
) -> Result<(), HistoryError> {
    let place = storage.day_place(day);
    let mut damaged = Vec::new();
    let mut rows = Vec::new();
    let mut decoded = |data: &[u8], what: String| {
        rows.clear();
        match block::decode(data, &mut rows) {
            Ok(()) => rows.iter().for_each(&mut each),
            Err(source) => damaged.push(HistoryError::Block { place: place.clone(), what, source }),
        }
    };
    let held = storage.hold_day(day, true);
    storage.pass_over(held)?;
    let pages = storage.each_page(day, wanted, &mut |page| {
        decoded(&page.data, format!("page of series {} to {}", page.series.0, page.series.1));
    });
    let hot = pages.and_then(|()| {
        storage.each_hot(day, wanted, &mut |hot| {
            decoded(&hot.data, format!("block {}", hot.seq));
            Ok(())
        })
    });
    // A damaged file may have ended the transaction.
    let _ = storage.hold_day(day, false);
    storage.pass_over(hot)?;
    damaged.into_iter().try_for_each(|error| storage.pass_over(Err(error)))
}

/// Returns the changes of a day's last frame that is not after a moment, and the number of its block. A damaged frame is
/// passed over.
fn read_frame(storage: &mut Storage, day: Day, until_us: i64) -> Result<Option<(i64, Vec<Change>)>, HistoryError> {
    let found = storage.frame(day, until_us);
    let Some(frame) = storage.pass_over(found)? else { return Ok(None) };
    let mut rows = Vec::new();
    match block::decode(&frame.data, &mut rows) {
        Ok(()) => Ok(Some((frame.seq, rows))),
        Err(source) => {
            let (place, what) = (storage.day_place(day), format!("frame of block {}", frame.seq));
            storage.pass_over(Err(HistoryError::Block { place, what, source }))
        }
    }
}

/// Returns the changes of a series as [`History::changes`] does.
pub(crate) fn changes_of(
    storage: &mut Storage,
    series: SeriesIx,
    (from_us, to_us): (i64, i64),
) -> Result<Vec<Change>, HistoryError> {
    let mut found = Vec::new();
    let wanted =
        Wanted { by: Order::Source, span_us: (from_us, to_us), series: Some((series.0, series.0)), after: i64::MIN };
    for day in storage.days_of((from_us, to_us))? {
        each_change(storage, day, wanted, |change| {
            if change.series == series && (from_us..=to_us).contains(&change.time_us) {
                found.push(*change);
            }
        })?;
    }
    if let Some(before) = before(storage, series, from_us)? {
        found.push(before);
    }
    settle(&mut found);
    Ok(found)
}

/// Sorts changes by their source times. Of several at one time only the one that was taken last stays.
fn settle(changes: &mut Vec<Change>) {
    changes.sort_by_key(|change| (change.time_us, change.taken_us));
    changes.dedup_by(|later, kept| {
        let is_same = later.time_us == kept.time_us;
        if is_same {
            *kept = *later;
        }
        is_same
    });
}

/// Calls `each` with all changes of a day in the order in which they were taken.
pub(crate) fn each_taken(storage: &mut Storage, day: Day, each: impl FnMut(&Change)) -> Result<(), HistoryError> {
    let mut found = Vec::new();
    let wanted = Wanted { by: Order::Taken, span_us: (i64::MIN, i64::MAX), series: None, after: i64::MIN };
    each_change(storage, day, wanted, |change| found.push(*change))?;
    found.sort_by_key(|change| (change.taken_us, change.series, change.time_us));
    found.iter().for_each(each);
    Ok(())
}

/// Returns the moments and changes of all frames of a day. Damaged ones are passed over.
pub(crate) fn all_frames(storage: &mut Storage, day: Day) -> Result<Vec<(i64, Vec<Change>)>, HistoryError> {
    let mut blocks = Vec::new();
    storage.each_block(day, Table::Frame, &mut |_, place, data| blocks.push((place.to_string(), data.to_vec())))?;
    let mut frames = Vec::new();
    for (what, data) in blocks {
        let mut rows = Vec::new();
        match block::decode(&data, &mut rows) {
            Ok(()) => frames.push((rows.iter().map(|change| change.taken_us).max().unwrap_or(i64::MIN), rows)),
            Err(source) => {
                let place = storage.day_place(day);
                storage.pass_over::<()>(Err(HistoryError::Block { place, what, source }))?;
            }
        }
    }
    Ok(frames)
}

/// Returns the last change of a series with a source time before a moment.
fn before(storage: &mut Storage, series: SeriesIx, moment_us: i64) -> Result<Option<Change>, HistoryError> {
    let until_us = moment_us.saturating_sub(1);
    // A change that was measured before the moment may have been taken after its day.
    let mut days = storage.days()?;
    days.retain(|day| *day <= day_of(moment_us));
    days.extend(storage.days_of((until_us, until_us))?);
    days.sort_unstable();
    days.dedup();
    let mut best: Option<Change> = None;
    for day in days.into_iter().rev() {
        let take = |best: &mut Option<Change>, change: &Change| {
            let is_later = best.is_none_or(|best| (change.time_us, change.taken_us) >= (best.time_us, best.taken_us));
            if change.series == series && change.time_us < moment_us && is_later {
                *best = Some(*change);
            }
        };
        let wanted = Wanted {
            by: Order::Source,
            span_us: (i64::MIN, until_us),
            series: Some((series.0, series.0)),
            after: i64::MIN,
        };
        each_change(storage, day, wanted, |change| take(&mut best, change))?;
        // A frame has the values from the days before, of which one may be of a device whose clock ran ahead.
        let frame = read_frame(storage, day, i64::MAX)?;
        frame.iter().flat_map(|(_, rows)| rows).for_each(|change| take(&mut best, change));
        if best.is_some() && day <= day_of(moment_us) {
            break;
        }
    }
    Ok(best)
}

/// Returns the last change of every series that was taken at a moment or before.
pub(crate) fn state_at(storage: &mut Storage, moment_us: i64) -> Result<Latest, HistoryError> {
    let mut latest = Latest::default();
    let mut days = storage.days()?;
    days.retain(|day| *day <= day_of(moment_us));
    // Every day but the first begins with a frame.
    let (mut first, mut after) = (0, i64::MIN);
    for (at, day) in days.iter().enumerate().rev() {
        if let Some((seq, rows)) = read_frame(storage, *day, moment_us)? {
            rows.iter().for_each(|change| latest.take(change));
            (first, after) = (at, seq);
            break;
        }
    }
    for day in days.into_iter().skip(first) {
        let wanted = Wanted { by: Order::Taken, span_us: (i64::MIN, moment_us), series: None, after };
        each_change(storage, day, wanted, |change| {
            if change.taken_us <= moment_us {
                latest.take(change);
            }
        })?;
        after = i64::MIN;
    }
    Ok(latest)
}
