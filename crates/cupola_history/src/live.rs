//! The recording of a timeline.

use crate::change::{Change, LogEntry, LogKind, Series, SeriesIx, SeriesKey, TextIx};
use crate::error::HistoryError;
use crate::recorder::{Recorder, RecorderStatus};
use cupola_run::{InputChange, Invocation, RecordSink, RecordedEvent};
use cupola_scene::Scene;
use cupola_twin::value::{Sample, Texts, decode};
use cupola_twin::{Kind, Quality, Slot, State, Topology};
use serde_json::json;
use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// The cause of values that the scene's file gives.
pub const INITIAL: &str = "initial value";

/// The recording of a timeline into a history.
#[derive(Debug)]
pub struct TimelineRecorder {
    recorder: Recorder,
    numbers: Mutex<Numbers>,
}

/// The numbers of what was recorded before, so that most changes need no text.
#[derive(Debug, Default)]
struct Numbers {
    /// The series of each slot of the present topology.
    series: HashMap<Slot, SeriesIx>,
    causes: HashMap<Arc<str>, TextIx>,
    /// The last moment that was recorded, in microseconds since the Unix epoch.
    last_us: i64,
    scene: String,
}

impl TimelineRecorder {
    /// Opens the history in a folder for recording, and creates it if there is none.
    ///
    /// # Errors
    /// Another program records into the history, a newer program has written it, or its files can't be read or written.
    pub fn open(folder: &Path) -> Result<Self, HistoryError> {
        Ok(Self { recorder: Recorder::open(folder)?, numbers: Mutex::default() })
    }

    /// Returns the folder of the history.
    pub fn folder(&self) -> &Path {
        self.recorder.folder()
    }

    /// Returns the state of the recorder.
    pub fn status(&self) -> RecorderStatus {
        self.recorder.status()
    }

    /// Waits until everything that was recorded before is on the disk.
    ///
    /// # Errors
    /// The reason why it can't be written. The recorder tries again.
    pub fn flush(&self) -> Result<(), String> {
        self.recorder.flush()
    }

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

    fn lock(&self) -> std::sync::MutexGuard<'_, Numbers> {
        self.numbers.lock().unwrap_or_else(PoisonError::into_inner)
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
}

impl RecordSink for TimelineRecorder {
    fn begin(&self, scene: &Scene, state: &State, now_us: i64) {
        let known = self.recorder.take_known();
        let topology = state.topology();
        let mut numbers = self.lock();
        *numbers = Numbers { scene: scene.document.name.clone(), ..Numbers::default() };
        // A history whose clock ran ahead goes on behind its end.
        let now_us = now_us.max(known.iter().map(|change| change.taken_us).max().unwrap_or(i64::MIN));
        let known: HashMap<SeriesIx, Change> = known.into_iter().map(|change| (change.series, change)).collect();
        self.log(now_us, LogKind::Begun, &scene.document.name, "", "");
        let mut changes = Vec::new();
        for twin in topology.twins() {
            for slot in topology.properties(twin) {
                if topology.column(slot.column).formula.is_some() {
                    continue;
                }
                let sample = state.get(slot);
                if sample.quality == Quality::Missing && known.is_empty() {
                    continue;
                }
                let change = InputChange { slot, sample, until_us: i64::MAX };
                let cause = (sample.quality != Quality::Missing).then(|| INITIAL.into());
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
        numbers.last_us = now_us;
        self.recorder.push(&changes);
    }

    fn changes(
        &self,
        topology: &Topology,
        now_us: i64,
        changes: &[InputChange],
        cause: &dyn Fn(Slot) -> Option<Arc<str>>,
    ) {
        let mut numbers = self.lock();
        // The moments of a history never go back.
        let now_us = now_us.max(numbers.last_us);
        numbers.last_us = now_us;
        let made = changes.iter().map(|change| self.change(&mut numbers, topology, now_us, change, cause(change.slot)));
        let made: Vec<Change> = made.collect();
        self.recorder.push(&made);
    }

    fn event(&self, topology: &Topology, now_us: i64, event: &RecordedEvent<'_>) {
        let outcome = |invocation: &Invocation| invocation.to_json(topology);
        match event {
            RecordedEvent::Raised { alarm, twin } => self.log(now_us, LogKind::Raised, alarm, twin, ""),
            RecordedEvent::Cleared { alarm, twin } => self.log(now_us, LogKind::Cleared, alarm, twin, ""),
            RecordedEvent::Acknowledged { alarm, twin, actor } => {
                self.log(now_us, LogKind::Acknowledged, alarm, twin, json!({ "actor": actor }).to_string());
            }
            RecordedEvent::Command { invocation, actor } => {
                let mut detail = outcome(invocation);
                detail["actor"] = json!(actor);
                let twin = topology.twin_id(invocation.twin);
                self.log(now_us, LogKind::Command, &invocation.command, twin, detail.to_string());
            }
            RecordedEvent::Outcome(invocation) => {
                let (twin, detail) = (topology.twin_id(invocation.twin), outcome(invocation).to_string());
                self.log(now_us, LogKind::Outcome, &invocation.command, twin, detail);
            }
            RecordedEvent::Disconnected(broker) => self.log(now_us, LogKind::Disconnected, broker, "", ""),
            RecordedEvent::Observed { observed_us } => {
                let detail = json!({ "observed_us": observed_us }).to_string();
                self.log(now_us, LogKind::Observed, "", "", detail);
            }
        }
    }

    fn scene_changed(&self, scene: &Scene, now_us: i64) {
        self.lock().series.clear();
        self.log(now_us, LogKind::Edit, &scene.document.name, "", "");
    }
}

impl Drop for TimelineRecorder {
    fn drop(&mut self) {
        let (last_us, scene) = {
            let numbers = self.lock();
            (numbers.last_us, numbers.scene.clone())
        };
        if last_us > 0 {
            self.log(last_us, LogKind::Ended, &scene, "", "");
        }
    }
}
