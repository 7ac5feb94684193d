//! The recorder: it takes changes without waiting, and a thread writes them.
//!
//! The queue is bounded. If changes come faster than the disk takes them, the queue keeps the newest change of each
//! series, counts the others, and goes on. A failed write is tried again until it succeeds.

use crate::block::{self, FAST};
use crate::change::{Change, LogEntry, LogKind, Series, SeriesIx, TextIx};
use crate::compact::{compact, frame, span};
use crate::error::HistoryError;
use crate::latest::Latest;
use crate::names::Names;
use crate::place::HistoryPlace;
use crate::reader;
use crate::store::{Access, DAY_US, Day, HotBlock, Storage, day_of};
use std::collections::HashMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// The longest time between a change and its commit.
const COMMIT_EVERY: Duration = Duration::from_secs(1);
/// The number of changes that are committed without waiting.
const COMMIT_ROWS: usize = 1 << 16;
/// The number of changes in the queue beyond which only the newest of each series are kept.
const MAX_QUEUE: usize = 1 << 20;
/// The number of entries of the log that wait to be written at most.
const MAX_LOG: usize = 100_000;
/// The number of changes after which a day is compacted.
const COMPACT_ROWS: usize = 1 << 20;
/// The longest time between two compactions of a day with new changes.
const COMPACT_EVERY: Duration = Duration::from_secs(600);
/// The number of changes for each series after which a frame is written.
const FRAME_AFTER: usize = 4;
/// The least number of changes between two frames.
const MIN_FRAME_ROWS: usize = 1 << 14;

/// The state of a recorder, for people.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecorderStatus {
    /// The number of changes that are on the disk.
    pub written: u64,
    /// The number of changes that were replaced by newer ones before they could be written.
    pub skipped: u64,
    /// The reason why writing fails at present.
    pub error: Option<String>,
}

#[derive(Default)]
struct Queue {
    changes: Vec<Change>,
    names: Names,
    /// The numbers of the first series and the first text that are not on the disk yet.
    known: (usize, usize),
    log: Vec<LogEntry>,
    /// The number of series with a change in the queue after the last reduction.
    least: usize,
    skipped: u64,
    is_ending: bool,
    /// The number of flushes that were asked for and that were done.
    flushes: (u64, u64),
    status: RecorderStatus,
    /// The last change of every series when the history was opened.
    opened_with: Vec<Change>,
}

struct Shared {
    queue: Mutex<Queue>,
    changed: Condvar,
    done: Condvar,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A recorder of changes into a history. Dropping it writes the rest.
pub struct Recorder {
    place: HistoryPlace,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl std::fmt::Debug for Recorder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Recorder").field("place", &self.place).finish_non_exhaustive()
    }
}

impl Recorder {
    /// Opens the history in a folder or a database for recording, and creates it if there is none.
    ///
    /// # Errors
    /// Another program records into the history, a newer program has written it, or its files can't be read or written.
    pub fn open(place: impl Into<HistoryPlace>) -> Result<Self, HistoryError> {
        let place = place.into();
        let mut storage = Storage::open(&place, Access::Write)?;
        let (series, texts) = storage.read_catalog()?;
        let names = Names::new(series, texts);
        let known = (names.all_series().len(), names.all_texts().len());
        let latest = reader::state_at(&mut storage, i64::MAX)?;
        let opened_with = latest.all().copied().collect();
        let queue = Queue { names, known, opened_with, ..Queue::default() };
        let shared = Arc::new(Shared { queue: Mutex::new(queue), changed: Condvar::new(), done: Condvar::new() });
        let writer = Writer {
            storage,
            shared: shared.clone(),
            latest,
            known,
            day: None,
            since_frame: 0,
            pending: Pending::default(),
        };
        let thread = std::thread::Builder::new().name("history".into()).spawn(move || writer.run());
        let fail = |error: std::io::Error| HistoryError::Refused { place: place.to_string(), why: error.to_string() };
        let thread = Some(thread.map_err(fail)?);
        Ok(Self { place, shared, thread })
    }

    /// Hands over the last change of every series, as it was when the history was opened. A second call gives nothing.
    pub fn take_known(&self) -> Vec<Change> {
        std::mem::take(&mut self.shared.lock().opened_with)
    }

    /// Returns the place of the history.
    pub fn place(&self) -> &HistoryPlace {
        &self.place
    }

    /// Returns the number of a series.
    pub fn series(&self, series: &Series) -> SeriesIx {
        self.shared.lock().names.series(series).0
    }

    /// Returns whether a series has a number.
    pub(crate) fn has_series(&self, series: &Series) -> bool {
        self.shared.lock().names.series_ix(series).is_some()
    }

    /// Returns a series by its number.
    pub(crate) fn series_of(&self, ix: SeriesIx) -> Series {
        self.shared.lock().names.all_series()[ix.0 as usize].clone()
    }

    /// Returns the number of a text.
    pub fn text(&self, text: &str) -> TextIx {
        self.shared.lock().names.text(text).0
    }

    /// Takes changes, in the order of the moments at which they were taken.
    pub fn push(&self, changes: &[Change]) {
        if changes.is_empty() {
            return;
        }
        let mut queue = self.shared.lock();
        queue.changes.extend_from_slice(changes);
        if queue.changes.len() > MAX_QUEUE + queue.least {
            reduce(&mut queue);
        }
        if queue.changes.len() >= COMMIT_ROWS {
            self.shared.changed.notify_one();
        }
    }

    /// Returns the number of changes that wait to be written.
    pub(crate) fn queued(&self) -> usize {
        self.shared.lock().changes.len()
    }

    /// Takes an entry of the log.
    pub fn log(&self, entry: LogEntry) {
        self.shared.lock().log.push(entry);
    }

    /// Waits until everything that was taken before is on the disk.
    ///
    /// # Errors
    /// The reason why it can't be written. The recorder tries again.
    pub fn flush(&self) -> Result<(), String> {
        let mut queue = self.shared.lock();
        queue.flushes.0 += 1;
        let wanted = queue.flushes.0;
        self.shared.changed.notify_one();
        while queue.flushes.1 < wanted {
            queue = self.shared.done.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
        queue.status.error.clone().map_or(Ok(()), Err)
    }

    /// Returns the state.
    pub fn status(&self) -> RecorderStatus {
        let queue = self.shared.lock();
        RecorderStatus { skipped: queue.status.skipped + queue.skipped, ..queue.status.clone() }
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.shared.lock().is_ending = true;
        self.shared.changed.notify_one();
        if let Some(thread) = self.thread.take() {
            // A panic of the thread was printed already.
            let _ = thread.join();
        }
    }
}

/// Keeps the newest change of each series.
fn reduce(queue: &mut Queue) {
    let mut newest: HashMap<SeriesIx, usize> = HashMap::new();
    for (at, change) in queue.changes.iter().enumerate() {
        newest.insert(change.series, at);
    }
    let before = queue.changes.len();
    let mut at = 0;
    queue.changes.retain(|change| {
        at += 1;
        newest.get(&change.series) == Some(&(at - 1))
    });
    queue.least = queue.changes.len();
    queue.skipped += (before - queue.changes.len()) as u64;
}

/// Data that were taken from the queue and are not on the disk yet.
#[derive(Default)]
struct Pending {
    series: Vec<Series>,
    texts: Vec<Arc<str>>,
    log: Vec<LogEntry>,
    changes: Vec<Change>,
    skipped: u64,
}

/// The day into which changes are written.
struct OpenDay {
    day: Day,
    seq: i64,
    /// The number of changes in blocks that are not compacted.
    rows: usize,
    compacted: Instant,
}

struct Writer {
    storage: Storage,
    shared: Arc<Shared>,
    latest: Latest,
    /// The numbers of series and texts on the disk.
    known: (usize, usize),
    day: Option<OpenDay>,
    /// The number of changes since the last frame.
    since_frame: usize,
    pending: Pending,
}

impl Writer {
    fn run(mut self) {
        loop {
            let (wanted, is_ending) = self.wait();
            let result = self.write();
            if let Err(error) = &result
                && error.is_damage()
            {
                self.set_day_aside();
            }
            let mut queue = self.shared.lock();
            match result {
                Ok(rows) => {
                    queue.status.written += rows as u64;
                    queue.status.error = None;
                }
                Err(error) => {
                    let error = error.to_string();
                    if queue.status.error.as_ref() != Some(&error) {
                        tracing::warn!("the history can't be written, and is tried again: {error}");
                    }
                    queue.status.error = Some(error);
                }
            }
            queue.flushes.1 = wanted;
            self.shared.done.notify_all();
            if is_ending {
                return;
            }
        }
    }

    /// Waits for data, and takes them from the queue. Returns the number of the flush to be reported, and whether the
    /// recorder ends.
    fn wait(&mut self) -> (u64, bool) {
        let begin = Instant::now();
        let shared = self.shared.clone();
        let mut queue = shared.lock();
        loop {
            let is_asked = queue.is_ending || queue.flushes.0 > queue.flushes.1;
            let left = COMMIT_EVERY.saturating_sub(begin.elapsed());
            if is_asked || queue.changes.len() >= COMMIT_ROWS || left.is_zero() {
                break;
            }
            queue = shared.changed.wait_timeout(queue, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        let pending = &mut self.pending;
        if pending.changes.is_empty() {
            std::mem::swap(&mut pending.changes, &mut queue.changes);
        } else if pending.changes.len() + queue.changes.len() <= MAX_QUEUE + queue.least {
            // The last write failed.
            pending.changes.append(&mut queue.changes);
        } else {
            let mut changes = std::mem::take(&mut pending.changes);
            changes.append(&mut queue.changes);
            queue.changes = changes;
            reduce(&mut queue);
            std::mem::swap(&mut pending.changes, &mut queue.changes);
        }
        queue.least = 0;
        pending.skipped += std::mem::take(&mut queue.skipped);
        pending.log.append(&mut queue.log);
        // While nothing can be written, the newest entries are kept.
        let surplus = pending.log.len().saturating_sub(MAX_LOG);
        pending.log.drain(..surplus);
        let (series, texts) = queue.known;
        pending.series.extend_from_slice(&queue.names.all_series()[series..]);
        pending.texts.extend_from_slice(&queue.names.all_texts()[texts..]);
        queue.known = (queue.names.all_series().len(), queue.names.all_texts().len());
        queue.status.skipped += pending.skipped;
        if pending.skipped > 0 {
            let time_us = pending.changes.last().map_or(0, |change| change.taken_us);
            let detail = format!("{{\"changes\":{}}}", std::mem::take(&mut pending.skipped));
            let subject = "history".to_string();
            pending.log.push(LogEntry { time_us, kind: LogKind::Dropped, subject, twin: String::new(), detail });
        }
        (queue.flushes.0, queue.is_ending)
    }

    /// Writes what is pending. Returns the number of changes that were written.
    fn write(&mut self) -> Result<usize, HistoryError> {
        let Pending { series, texts, log, .. } = &self.pending;
        if !series.is_empty() || !texts.is_empty() || !log.is_empty() {
            let first = (self.known.0 as u32, self.known.1 as u32 + 1);
            self.storage.add_catalog(first, series, texts, log)?;
            self.known = (self.known.0 + series.len(), self.known.1 + texts.len());
            self.pending.series.clear();
            self.pending.texts.clear();
            self.pending.log.clear();
        }
        let mut written = 0;
        while let Some(first) = self.pending.changes.first() {
            let day = day_of(first.taken_us);
            let count = self.pending.changes.iter().take_while(|change| day_of(change.taken_us) == day).count();
            self.begin_day(day)?;
            self.add(day, count)?;
            written += count;
        }
        self.settle()?;
        Ok(written)
    }

    /// Begins to write into a day. Its file begins with a frame, so that the state of any moment needs one file.
    fn begin_day(&mut self, day: Day) -> Result<(), HistoryError> {
        if self.day.as_ref().is_some_and(|known| known.day == day) {
            return Ok(());
        }
        if let Some(before) = &self.day
            && before.rows > 0
        {
            compact(&mut self.storage, before.day, None)?;
        }
        self.day = None;
        let seq = self.storage.last_seq(day)?;
        if seq == 0
            && let Err(error) = self.storage.back_up_catalog()
        {
            // The recording itself is more important.
            tracing::warn!("the catalogue of the history has no new backup: {error}");
        }
        if seq == 0 && self.latest.count() > 0 {
            // The file of a day may be new in the middle of the day, because a damaged one was set aside.
            let first = frame(&self.latest, self.latest.taken_us().max(day.saturating_mul(DAY_US)), 0);
            self.storage.compact(day, 0, &[], Some(&first))?;
            self.since_frame = 0;
        }
        self.day = Some(OpenDay { day, seq, rows: 0, compacted: Instant::now() });
        Ok(())
    }

    /// Sets the damaged open day aside, so that the recording goes on in a new one.
    fn set_day_aside(&mut self) {
        let first = self.pending.changes.first().map(|change| day_of(change.taken_us));
        if let Some(day) = self.day.take().map(|open| open.day).or(first)
            && let Err(error) = self.storage.set_day_aside(day)
        {
            tracing::warn!("a damaged part of the history can't be set aside: {error}");
        }
    }

    /// Adds the first pending changes to the open day.
    fn add(&mut self, day: Day, count: usize) -> Result<(), HistoryError> {
        let Some(open) = &mut self.day else { return Ok(()) };
        let rows = &self.pending.changes[..count];
        let span_us = span(rows, |row| row.time_us);
        if day_of(span_us.0) < day {
            self.storage.add_late(day, span_us.0)?;
        }
        let taken_us = span(rows, |row| row.taken_us);
        let block = HotBlock { seq: open.seq + 1, span_us, taken_us, data: block::encode(rows, FAST) };
        self.storage.add_hot(day, &block)?;
        open.seq += 1;
        open.rows += count;
        self.since_frame += count;
        rows.iter().for_each(|change| self.latest.take(change));
        self.pending.changes.drain(..count);
        Ok(())
    }

    /// Compacts the open day if it is due.
    fn settle(&mut self) -> Result<(), HistoryError> {
        let Some(open) = &mut self.day else { return Ok(()) };
        let is_due = open.rows >= COMPACT_ROWS || (open.rows > 0 && open.compacted.elapsed() >= COMPACT_EVERY);
        if !is_due {
            return Ok(());
        }
        let needs_frame = self.since_frame >= (FRAME_AFTER * self.latest.count()).max(MIN_FRAME_ROWS);
        compact(&mut self.storage, open.day, needs_frame.then_some(&self.latest))?;
        (open.rows, open.compacted) = (0, Instant::now());
        if needs_frame {
            self.since_frame = 0;
        }
        Ok(())
    }
}
