//! The rolling up of days that are over, and the deletion of changes that are older than the retention.

use crate::change::{Change, Series, SeriesIx, TextIx};
use crate::error::HistoryError;
use crate::past::Past;
use crate::place::HistoryPlace;
use crate::record::HistoryRecord;
use crate::rollup::{ComputedBuckets, RollupLevel, is_rolled, keep_earlier, ordered, roll};
use crate::store::{DAY_US, Day, day_of};
use cupola_run::PastRecord;
use cupola_twin::{Slot, Topology};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The number of series whose changes of a day are in memory at once.
const CHUNK: usize = 512;
/// The largest number of computed properties that are rolled up, because their past has to be computed again.
const MAX_COMPUTED: usize = 20_000;

/// The result of rolling up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RollResult {
    /// The number of days that were rolled up.
    pub rolled: u32,
    /// The number of days whose changes were deleted.
    pub deleted: u32,
}

/// Gives the numbers of series, which are on the disk then.
pub type Numbering<'n> = dyn FnMut(&[Series]) -> Result<Vec<SeriesIx>, HistoryError> + 'n;

/// Rolls up the days of a history before a moment, in microseconds since the Unix epoch, and deletes the changes that are
/// older than its retention. `number` gives the numbers of series. With a topology, computed properties are rolled up too.
///
/// # Errors
/// The history can't be read or written.
pub fn roll_up(
    place: impl Into<HistoryPlace>,
    topology: Option<&Arc<Topology>>,
    number: &mut Numbering<'_>,
    now_us: i64,
    is_stopped: &AtomicBool,
) -> Result<RollResult, HistoryError> {
    let mut result = RollResult::default();
    let Some(record) = HistoryRecord::open(place)? else { return Ok(result) };
    let retention = record.history().retention()?;
    let today = day_of(now_us);
    let oldest = today - i64::from(retention.raw_days);
    let mut rolled = record.history().rolled_days()?;
    let (days, late) = record.history().days()?;
    for day in days.iter().copied().filter(|day| *day < today) {
        // Readings that came on a later day change the days from their first moment on, once that day is over.
        let is_changed = late.iter().any(|(taken, from)| *from <= day && day < *taken && !rolled.contains(taken));
        if rolled.contains(&day) && !is_changed {
            continue;
        }
        if is_stopped.load(Ordering::Relaxed) {
            return Ok(result);
        }
        let is_partial = day < oldest;
        if roll_day(&record, day, topology, number, is_stopped, is_partial)? {
            rolled.insert(day);
            result.rolled += 1;
        }
    }
    let newest = days.last().copied().unwrap_or(today);
    for day in days.into_iter().filter(|day| *day < oldest && *day != newest && rolled.contains(day)) {
        record.history().delete_day(day)?;
        result.deleted += 1;
    }
    record.history().forget_minutes(today - i64::from(retention.minute_days))?;
    Ok(result)
}

/// Rolls up days whose changes were deleted, and that got values by an import since.
pub(crate) fn roll_purged(place: &HistoryPlace, days: &BTreeSet<Day>) -> Result<(), HistoryError> {
    let Some(record) = HistoryRecord::open(place)?.filter(|_| !days.is_empty()) else { return Ok(()) };
    for day in days {
        roll_day(&record, *day, None, &mut |_| Ok(Vec::new()), &AtomicBool::new(false), true)?;
    }
    Ok(())
}

/// Rolls up a day. If its changes are only a part, because the others were deleted, the earlier roll-up stays where it knows
/// more. Returns false if it was stopped.
fn roll_day(
    record: &HistoryRecord,
    day: Day,
    topology: Option<&Arc<Topology>>,
    number: &mut Numbering<'_>,
    is_stopped: &AtomicBool,
    is_partial: bool,
) -> Result<bool, HistoryError> {
    let sessions = record.recorded();
    let mut rows: [BTreeMap<SeriesIx, Vec<crate::Bucket>>; 2] = Default::default();
    let all: Vec<SeriesIx> =
        record.history().series().into_iter().filter(|(_, series)| is_rolled(series)).map(|(ix, _)| ix).collect();
    let before = record.history().measured_before(day)?;
    for chunk in all.chunks(CHUNK) {
        let (Some(first), Some(last)) = (chunk.first(), chunk.last()) else { continue };
        let mut changes = record.history().changes_of_day(day, (*first, *last))?;
        for ix in chunk {
            let mut own: Vec<Change> = before.get(ix).copied().into_iter().collect();
            own.append(changes.get_mut(ix).unwrap_or(&mut Vec::new()));
            if own.is_empty() {
                continue;
            }
            for (level, rows) in RollupLevel::ALL.into_iter().zip(&mut rows) {
                let found = roll(&own, sessions, day, level);
                if !found.is_empty() {
                    rows.insert(*ix, found);
                }
            }
        }
        if is_stopped.load(Ordering::Relaxed) {
            return Ok(false);
        }
    }
    if let Some(topology) = topology {
        let (series, found): (Vec<Series>, Vec<_>) = computed(record, topology, day, is_stopped)?.into_iter().unzip();
        rows[1].extend(number(&series)?.into_iter().zip(found));
        if is_stopped.load(Ordering::Relaxed) {
            return Ok(false);
        }
    }
    if is_partial {
        for (level, rows) in RollupLevel::ALL.into_iter().zip(&mut rows) {
            keep_earlier(rows, record.history().rolled(&[day], level, None)?);
        }
    }
    let [minutes, quarters] = rows;
    record
        .history()
        .write_rollup(day, &[(RollupLevel::Minute, ordered(minutes)), (RollupLevel::Quarter, ordered(quarters))])?;
    Ok(true)
}

/// Returns the buckets of fifteen minutes of computed properties in a day.
fn computed(
    record: &HistoryRecord,
    topology: &Arc<Topology>,
    day: Day,
    is_stopped: &AtomicBool,
) -> Result<Vec<(Series, Vec<crate::Bucket>)>, HistoryError> {
    let slots = topology.twins().flat_map(|twin| topology.properties(twin));
    let is_computed = |slot: &Slot| topology.column(slot.column).formula.is_some();
    let slots: Vec<(Slot, Series)> = slots
        .filter(is_computed)
        .map(|slot| (slot, Series::of(topology, slot)))
        .filter(|(_, series)| is_rolled(series))
        .collect();
    let sessions = record.sessions();
    let (begin_us, end_us) = (day.saturating_mul(DAY_US), (day + 1).saturating_mul(DAY_US));
    let within = sessions.iter().find(|(_, to_us)| *to_us >= begin_us).filter(|(from_us, _)| *from_us < end_us);
    let Some((first_us, _)) = within.filter(|_| slots.len() <= MAX_COMPUTED) else { return Ok(Vec::new()) };
    let start_us = begin_us.max(*first_us);
    let mut all: Vec<ComputedBuckets> =
        slots.iter().map(|_| ComputedBuckets::new(begin_us, RollupLevel::Quarter.length_us())).collect();
    let mut take = |now_us: i64, state: &cupola_twin::State, is_first: bool| {
        for ((slot, _), buckets) in slots.iter().zip(&mut all) {
            if is_first || state.has_changed(*slot) {
                let sample = state.get(*slot);
                let (series, cause, until_us) = (SeriesIx(0), TextIx::default(), i64::MAX);
                let (lane, quality) = (sample.lane, sample.quality);
                buckets.take(
                    Change { series, time_us: now_us, taken_us: now_us, until_us, quality, cause, lane },
                    sessions,
                );
            }
        }
        !is_stopped.load(Ordering::Relaxed)
    };
    let mut past = Past::at(record, topology, start_us)?;
    // The value at midnight is of the day before, and no change of the day.
    take(if start_us == *first_us { start_us } else { start_us - 1 }, past.state(), true);
    past.play((end_us - 1).min(record.span_us().1).max(start_us), |now_us, state| take(now_us, state, false))?;
    all.iter_mut().for_each(|buckets| buckets.pass(end_us, sessions));
    Ok(slots.into_iter().zip(all).map(|((_, series), buckets)| (series, buckets.done)).collect())
}
