//! Compaction: the blocks of a day, which are in the order of arrival, become pages in the order of series and source
//! time.

use crate::block::{self, SMALL};
use crate::change::Change;
use crate::error::HistoryError;
use crate::latest::Latest;
use crate::store::{Day, Frame, Order, Page, Storage, Wanted};

/// The number of changes in a page.
const PAGE_ROWS: usize = 4_096;

/// Replaces all blocks of a day by pages, and adds a frame if there is one.
pub(crate) fn compact(storage: &mut Storage, day: Day, latest: Option<&Latest>) -> Result<(), HistoryError> {
    let place = storage.day_place(day);
    let (mut changes, mut seq) = (Vec::new(), 0);
    let wanted = Wanted { by: Order::Taken, span_us: (i64::MIN, i64::MAX), series: None, after: i64::MIN };
    storage.each_hot(day, wanted, &mut |hot| {
        seq = hot.seq;
        block::decode(&hot.data, &mut changes).map_err(|source| HistoryError::Block {
            place: place.clone(),
            what: format!("block {}", hot.seq),
            source,
        })
    })?;
    if changes.is_empty() && latest.is_some() {
        // The blocks were compacted already, by a commit whose answer was lost.
        return Ok(());
    }
    // The sort is stable, so changes of one time stay in the order of their arrival.
    changes.sort_by_key(|change: &Change| (change.series, change.time_us));
    let pages: Vec<Page> = changes.chunks(PAGE_ROWS).map(|rows| page(rows, seq)).collect();
    let frame = latest.map(|latest| frame(latest, latest.taken_us(), seq));
    storage.compact(day, seq, &pages, frame.as_ref())
}

/// Returns the frame of the last changes at a moment, after the block `seq`.
pub(crate) fn frame(latest: &Latest, time_us: i64, seq: i64) -> Frame {
    let rows: Vec<Change> = latest.all().copied().collect();
    Frame { time_us, seq, data: block::encode(&rows, SMALL) }
}

fn page(rows: &[Change], seq: i64) -> Page {
    let (first, last) = (rows.first().map_or(0, |row| row.series.0), rows.last().map_or(0, |row| row.series.0));
    Page {
        series: (first, last),
        span_us: span(rows, |row| row.time_us),
        taken_us: span(rows, |row| row.taken_us),
        seq,
        data: block::encode(rows, SMALL),
    }
}

/// Returns the least and the greatest time of changes.
pub(crate) fn span(rows: &[Change], time: impl Fn(&Change) -> i64) -> (i64, i64) {
    rows.iter().map(time).fold((i64::MAX, i64::MIN), |(first, last), time_us| (first.min(time_us), last.max(time_us)))
}
