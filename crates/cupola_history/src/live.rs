//! The recording of a timeline.

use crate::change::{Change, LogEntry, LogKind, Series, SeriesIx, SeriesKey, TextIx};
use crate::error::HistoryError;
use crate::place::HistoryPlace;
use crate::recorder::{Recorder, RecorderStatus};
use crate::roller::roll_up;
use crate::store::{day_of, lock};
use cupola_run::{ConditionChange, InputChange, Invocation, RecordSink, RecordedEvent};
use cupola_scene::Scene;
use cupola_twin::state::ConditionSlot;
use cupola_twin::value::{Sample, Texts, decode};
use cupola_twin::{Kind, Quality, Slot, State, Topology};
use serde_json::json;
use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;
use tempfile::TempDir;

/// The beginning of the names of temporary histories.
const TEMPORARY: &str = "cupola-history-";
/// The age from which a temporary history that no program has is removed.
const LEFT_BEHIND: Duration = Duration::from_secs(3600);

/// The number of changes in memory beyond which [`TimelineRecorder::keep_up`] waits for the disk.
const MOST_QUEUED: usize = 1 << 18;

/// The cause of values that the scene's file gives.
pub const INITIAL: &str = "initial value";

/// The recording of a timeline into a history.
#[derive(Debug)]
pub struct TimelineRecorder {
    shared: Arc<Shared>,
    /// The thread that compares the state at the beginning with the last recorded one.
    beginning: Mutex<Option<JoinHandle<()>>>,
    /// The thread that rolls up the days that are over.
    rolling: Mutex<Option<JoinHandle<()>>>,
    /// The folder of a history that is deleted at the end.
    _temporary: Option<TempDir>,
}

#[derive(Debug)]
struct Shared {
    recorder: Recorder,
    numbers: Mutex<Numbers>,
    /// The day that is over and the scene, for the thread that rolls up.
    due: Mutex<RollingDue>,
    is_due: Condvar,
    is_stopped: AtomicBool,
    /// The last moment of the timeline, in microseconds since the Unix epoch.
    passed_us: AtomicI64,
}

/// The work of the thread that rolls up days.
#[derive(Debug, Default)]
struct RollingDue {
    /// The last moment that was recorded, in microseconds since the Unix epoch, and the topology of the scene, if the
    /// thread has not seen them yet.
    work: Option<(i64, Arc<Topology>)>,
    is_ending: bool,
}

/// The numbers of what was recorded before, so that most changes need no text.
#[derive(Debug, Default)]
struct Numbers {
    /// The series of each slot of the present topology.
    series: hashbrown::HashMap<Slot, SeriesIx>,
    conditions: hashbrown::HashMap<ConditionSlot, SeriesIx>,
    causes: hashbrown::HashMap<Arc<str>, TextIx>,
    /// The last moment that was recorded, in microseconds since the Unix epoch.
    last_us: i64,
    /// The day of the last change.
    day: i64,
    scene: String,
    topology: Option<Arc<Topology>>,
    /// The changes that wait until the state at the beginning is recorded.
    held: Option<Vec<Change>>,
}

impl TimelineRecorder {
    /// Opens the history in a folder or a database for recording, and creates it if there is none.
    ///
    /// # Errors
    /// Another program records into the history, a newer program has written it, or its files can't be read or written.
    pub fn open(place: impl Into<HistoryPlace>) -> Result<Self, HistoryError> {
        Ok(Self::with(Recorder::open(place)?, None))
    }

    /// Begins a history in a temporary folder, which is deleted at the end.
    ///
    /// # Errors
    /// The folder or its files can't be written.
    pub fn temporary() -> Result<Self, HistoryError> {
        let fail = |error| HistoryError::io(&std::env::temp_dir())(error);
        remove_left_behind(&std::env::temp_dir());
        let folder = tempfile::Builder::new().prefix(TEMPORARY).tempdir().map_err(fail)?;
        Ok(Self::with(Recorder::open(folder.path())?, Some(folder)))
    }

    fn with(recorder: Recorder, temporary: Option<TempDir>) -> Self {
        let (numbers, due, is_due) = (Mutex::default(), Mutex::default(), Condvar::new());
        let shared = Arc::new(Shared {
            recorder,
            numbers,
            due,
            is_due,
            is_stopped: AtomicBool::new(false),
            passed_us: AtomicI64::new(0),
        });
        let rolling = {
            let shared = shared.clone();
            let place = shared.recorder.place().clone();
            let thread = std::thread::Builder::new().name("history rollup".into());
            // Without the thread, the next program rolls up the days.
            thread.spawn(move || shared.roll(&place)).ok()
        };
        Self { shared, beginning: Mutex::default(), rolling: Mutex::new(rolling), _temporary: temporary }
    }

    /// Returns the place of the history.
    pub fn place(&self) -> &HistoryPlace {
        self.shared.recorder.place()
    }

    /// Returns the state of the recorder.
    pub fn status(&self) -> RecorderStatus {
        self.shared.recorder.status()
    }

    /// Waits until everything that was recorded before is on the disk.
    ///
    /// # Errors
    /// The reason why it can't be written. The recorder tries again.
    pub fn flush(&self) -> Result<(), String> {
        self.await_beginning();
        self.shared.recorder.flush()
    }

    /// Waits for the disk if so many changes are in memory that some would soon be left out. A live timeline never waits; a
    /// simulated one that is faster than the disk does.
    ///
    /// # Errors
    /// The reason why they can't be written.
    pub fn keep_up(&self) -> Result<(), String> {
        if self.shared.recorder.queued() > MOST_QUEUED { self.flush() } else { Ok(()) }
    }

    fn await_beginning(&self) {
        let thread = self.beginning.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            // A panic of the thread was printed already.
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn log(&self, time_us: i64, kind: LogKind, subject: &str, twin: &str, detail: impl Into<String>) {
        let (subject, twin, detail) = (subject.to_string(), twin.to_string(), detail.into());
        self.recorder.log(LogEntry { time_us, kind, subject, twin, detail });
    }

    fn change(
        &self,
        numbers: &mut Numbers,
        topology: &Topology,
        now_us: i64,
        change: &InputChange,
        cause: Option<Arc<str>>,
    ) -> Change {
        let InputChange { slot, sample, until_us } = *change;
        let column = topology.column(slot.column);
        let series = *numbers.series.entry(slot).or_insert_with(|| self.recorder.series(&Series::of(topology, slot)));
        let cause = cause.map_or_else(TextIx::default, |cause| {
            *numbers.causes.entry(cause).or_insert_with_key(|cause| self.recorder.text(cause))
        });
        let lane = self.lane(sample, column.kind, &topology.texts);
        // A value whose age is unknown is known since now.
        let time_us = if sample.time_us > 0 { sample.time_us } else { now_us };
        Change { series, time_us, taken_us: now_us, until_us, quality: sample.quality, cause, lane }
    }

    /// Returns the lane of a sample. Texts have numbers of the history.
    fn lane(&self, sample: Sample, kind: Kind, texts: &Texts) -> f64 {
        match kind {
            _ if sample.lane.is_nan() => f64::NAN,
            Kind::Text | Kind::Json => {
                let text = decode(sample.lane, kind, texts).map(|value| match kind {
                    Kind::Json => serde_json::to_string(&value).unwrap_or_default(),
                    _ => value.to_string(),
                });
                text.map_or(f64::NAN, |text| f64::from(self.recorder.text(&text).0))
            }
            Kind::Number | Kind::Integer | Kind::Bool | Kind::Time => sample.lane,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Numbers> {
        self.numbers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn topology(&self) -> Option<Arc<Topology>> {
        self.lock().topology.clone()
    }

    /// Asks the thread to roll up the days before a moment, in microseconds since the Unix epoch.
    fn ask_to_roll(&self, now_us: i64, topology: &Arc<Topology>) {
        self.due.lock().unwrap_or_else(PoisonError::into_inner).work = Some((now_us, topology.clone()));
        self.is_due.notify_one();
    }

    /// Rolls up days whenever one is over, until the recording ends.
    fn roll(&self, place: &HistoryPlace) {
        loop {
            let mut due = self.due.lock().unwrap_or_else(PoisonError::into_inner);
            while due.work.is_none() && !due.is_ending {
                due = self.is_due.wait(due).unwrap_or_else(PoisonError::into_inner);
            }
            let Some((now_us, topology)) = due.work.take().filter(|_| !due.is_ending) else { return };
            drop(due);
            // The last changes of the day, and the names of the properties, have to be on the disk.
            let flush = || self.recorder.flush().map_err(|why| HistoryError::Refused { place: place.to_string(), why });
            let mut number = |all: &[Series]| {
                let numbers = all.iter().map(|series| self.recorder.series(series)).collect();
                flush().map(|()| numbers)
            };
            let rolled = flush().and_then(|()| roll_up(place, Some(&topology), &mut number, now_us, &self.is_stopped));
            if let Err(error) = rolled {
                tracing::warn!("days of the history are not rolled up: {error}");
            }
        }
    }

    fn push(&self, numbers: &mut Numbers, changes: Vec<Change>) {
        match &mut numbers.held {
            Some(held) => held.extend(changes),
            None => self.recorder.push(&changes),
        }
    }

    /// Records the differences of a state from the last recorded one, and then the changes that waited.
    fn begin(&self, state: &State, now_us: i64, known: &[Change]) {
        let changes = self.differences(state, now_us, known);
        self.ask_to_roll(now_us, state.topology());
        let mut numbers = self.lock();
        self.recorder.push(&changes);
        if let Some(held) = numbers.held.take() {
            self.recorder.push(&held);
        }
    }

    fn differences(&self, state: &State, now_us: i64, known_in_order: &[Change]) -> Vec<Change> {
        let topology = state.topology();
        let known: HashMap<SeriesIx, &Change> = known_in_order.iter().map(|change| (change.series, change)).collect();
        let mut numbers = Numbers::default();
        let mut changes = Vec::new();
        for twin in topology.twins() {
            for slot in topology.properties(twin) {
                // A computed value that a measured one replaced is computed again, because the timeline is new.
                let is_computed = topology.column(slot.column).formula.is_some();
                let missing = Sample { time_us: now_us, ..Sample::MISSING };
                let (sample, until_us) = match state.measured(slot) {
                    // A message may have come before the history was open.
                    Some(measured) if is_computed => (measured.sample, measured.until_us),
                    _ if is_computed => (missing, i64::MAX),
                    _ => (state.get(slot), i64::MAX),
                };
                let is_missing = sample.quality == Quality::Missing;
                if is_missing && (known.is_empty() || !self.recorder.has_series(&Series::of(topology, slot))) {
                    continue;
                }
                let change = InputChange { slot, sample, until_us };
                // A value of the scene's file has no time.
                let cause = (!is_missing && sample.time_us <= 0).then(|| INITIAL.into());
                let change = self.change(&mut numbers, topology, now_us, &change, cause);
                // Only differences from the last recorded values are of interest.
                let is_same = match known.get(&change.series) {
                    Some(last) => last.lane.to_bits() == change.lane.to_bits() && last.quality == change.quality,
                    None => change.quality == Quality::Missing,
                };
                if !is_same {
                    changes.push(change);
                }
            }
        }
        // The conditions of functions begin anew.
        let (lane, quality, cause) = (f64::NAN, Quality::Missing, TextIx::default());
        let held = known_in_order.iter().filter(|change| !change.lane.is_nan());
        let held = held.filter(|change| self.recorder.series_of(change.series).is_condition());
        changes.extend(held.map(|known| Change { time_us: now_us, taken_us: now_us, lane, quality, cause, ..*known }));
        changes
    }
}

/// Removes the temporary histories of programs that were killed, if they are old and no program has them.
fn remove_left_behind(parent: &Path) {
    let entries = std::fs::read_dir(parent).into_iter().flatten().flatten();
    for entry in entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(TEMPORARY)) {
        let age = entry.metadata().and_then(|about| about.modified()).map(|at| at.elapsed().unwrap_or_default());
        // A link is not followed.
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        if is_folder && age.is_ok_and(|age| age > LEFT_BEHIND) && lock(&entry.path()).is_ok() {
            // A folder that cannot be removed stays.
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}

impl Series {
    /// Returns the series of a slot.
    pub fn of(topology: &Topology, slot: Slot) -> Self {
        let column = topology.column(slot.column);
        let twin = topology.twin_id(topology.twin_of(slot)).into();
        let key = SeriesKey { twin, property: column.name.clone() };
        Self { key, kind: column.kind, unit: column.unit.map(|unit| unit.name.into()) }
    }

    /// Returns the series of a condition that a function remembers. Its values are moments in microseconds since the Unix
    /// epoch, or positions of switches.
    pub fn of_condition(topology: &Topology, slot: ConditionSlot) -> Self {
        let call = &topology.memories()[slot.call as usize].call;
        let property = format!("{}{call}", Self::CONDITION).into();
        let key = SeriesKey { twin: topology.twin_id(topology.twin_of_condition(slot)).into(), property };
        Self { key, kind: Kind::Number, unit: None }
    }
}

impl RecordSink for TimelineRecorder {
    fn begin(&self, scene: &Scene, state: &State, now_us: i64) {
        self.await_beginning();
        let shared = self.shared.clone();
        let known = shared.recorder.take_known();
        // A history whose clock ran ahead goes on behind its end.
        let now_us = now_us.max(known.iter().map(|change| change.taken_us).max().unwrap_or(i64::MIN));
        let scene = scene.document.name.clone();
        shared.log(now_us, LogKind::Begun, &scene, "", "");
        let topology = Some(state.topology().clone());
        let day = day_of(now_us);
        *shared.lock() =
            Numbers { scene, topology, day, last_us: now_us, held: Some(Vec::new()), ..Numbers::default() };
        // Large scenes take a second, so the comparison is on a thread of its own.
        let known = Arc::new(known);
        let work = {
            let (shared, state, known) = (shared.clone(), state.clone(), known.clone());
            move || shared.begin(&state, now_us, &known)
        };
        match std::thread::Builder::new().name("history begin".into()).spawn(work) {
            Ok(thread) => *self.beginning.lock().unwrap_or_else(PoisonError::into_inner) = Some(thread),
            Err(_) => shared.begin(state, now_us, &known),
        }
    }

    fn conditions(&self, topology: &Topology, now_us: i64, changes: &[ConditionChange]) {
        let shared = &self.shared;
        let mut numbers = shared.lock();
        let now_us = now_us.max(numbers.last_us);
        let made = changes.iter().map(|ConditionChange { slot, lane }| {
            let series = *numbers
                .conditions
                .entry(*slot)
                .or_insert_with(|| shared.recorder.series(&Series::of_condition(topology, *slot)));
            let quality = if lane.is_nan() { Quality::Missing } else { Quality::Good };
            let (until_us, cause) = (i64::MAX, TextIx::default());
            Change { series, time_us: now_us, taken_us: now_us, until_us, quality, cause, lane: *lane }
        });
        let made: Vec<Change> = made.collect();
        shared.push(&mut numbers, made);
    }

    fn changes(
        &self,
        topology: &Topology,
        now_us: i64,
        changes: &[InputChange],
        cause: &dyn Fn(Slot) -> Option<Arc<str>>,
    ) {
        let shared = &self.shared;
        let mut numbers = shared.lock();
        // The moments of a history never go back.
        let now_us = now_us.max(numbers.last_us);
        let is_new_day = std::mem::replace(&mut numbers.day, day_of(now_us)) < day_of(now_us);
        numbers.last_us = now_us;
        let made =
            changes.iter().map(|change| shared.change(&mut numbers, topology, now_us, change, cause(change.slot)));
        let made: Vec<Change> = made.collect();
        shared.push(&mut numbers, made);
        drop(numbers);
        if is_new_day && let Some(topology) = &shared.topology() {
            shared.ask_to_roll(now_us, topology);
        }
    }

    fn event(&self, topology: &Topology, now_us: i64, event: &RecordedEvent<'_>) {
        let shared = &self.shared;
        // The moments of a history never go back.
        let now_us = {
            let mut numbers = shared.lock();
            numbers.last_us = numbers.last_us.max(now_us);
            numbers.last_us
        };
        let outcome = |invocation: &Invocation| invocation.to_json(topology);
        match event {
            RecordedEvent::Raised { alarm, twin } => shared.log(now_us, LogKind::Raised, alarm, twin, ""),
            RecordedEvent::Cleared { alarm, twin } => shared.log(now_us, LogKind::Cleared, alarm, twin, ""),
            RecordedEvent::Acknowledged { alarm, twin, actor } => {
                shared.log(now_us, LogKind::Acknowledged, alarm, twin, json!({ "actor": actor }).to_string());
            }
            RecordedEvent::Command { invocation, actor } => {
                let mut detail = outcome(invocation);
                detail["actor"] = json!(actor);
                let twin = topology.twin_id(invocation.twin);
                shared.log(now_us, LogKind::Command, &invocation.command, twin, detail.to_string());
            }
            RecordedEvent::Outcome(invocation) => {
                let (twin, detail) = (topology.twin_id(invocation.twin), outcome(invocation).to_string());
                shared.log(now_us, LogKind::Outcome, &invocation.command, twin, detail);
            }
            RecordedEvent::Connected(broker) => shared.log(now_us, LogKind::Connected, broker, "", ""),
            RecordedEvent::Disconnected(broker) => shared.log(now_us, LogKind::Disconnected, broker, "", ""),
            RecordedEvent::Refused { refused, replaced, why } => {
                let detail = json!({ "refused": refused, "replaced": replaced, "why": why }).to_string();
                shared.log(now_us, LogKind::Dropped, "feeds", "", detail);
            }
            RecordedEvent::Observed { observed_us } => {
                let detail = json!({ "observed_us": observed_us }).to_string();
                shared.log(now_us, LogKind::Observed, "", "", detail);
            }
        }
    }

    fn passed(&self, now_us: i64) {
        self.shared.passed_us.fetch_max(now_us, Ordering::Relaxed);
    }

    fn scene_changed(&self, scene: &Scene, now_us: i64) {
        let shared = &self.shared;
        let now_us = {
            let mut numbers = shared.lock();
            numbers.series.clear();
            numbers.conditions.clear();
            numbers.topology = Some(scene.topology.clone());
            now_us.max(numbers.last_us)
        };
        shared.log(now_us, LogKind::Edit, &scene.document.name, "", "");
    }
}

impl Drop for TimelineRecorder {
    fn drop(&mut self) {
        self.await_beginning();
        self.shared.is_stopped.store(true, Ordering::Relaxed);
        self.shared.due.lock().unwrap_or_else(PoisonError::into_inner).is_ending = true;
        self.shared.is_due.notify_one();
        let rolling = self.rolling.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = rolling {
            // A panic of the thread was printed already.
            let _ = thread.join();
        }
        let shared = &self.shared;
        let (last_us, scene) = {
            let numbers = shared.lock();
            (numbers.last_us, numbers.scene.clone())
        };
        let last_us = last_us.max(shared.passed_us.load(Ordering::Relaxed));
        if last_us > 0 {
            shared.log(last_us, LogKind::Ended, &scene, "", "");
        }
    }
}
