//! The recording of a live timeline, which is held in memory, and its replay.
//!
//! A recording identifies properties by twin id and name, so it stays valid after an edit or a reload of the scene.

use crate::alarm::{Alarms, NamedAlarm};
use crate::relocation::Relocation;
use crate::sink::InputChange;
use cupola_scene::Scene;
use cupola_twin::value::{Sample, Texts, decode, encode};
use cupola_twin::{Kind, Slot, State, Topology};
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

/// The largest number of stored changes. Beyond it, the changes before the second key frame are dropped.
const MAX_ENTRIES: usize = 1_000_000;
/// The number of changes after which a key frame is added.
const FRAME_EVERY: u64 = 16_384;

/// A property of a twin, identified by the twin's id and the property's name.
#[derive(Clone, Debug)]
struct Point {
    twin: Arc<str>,
    property: Arc<str>,
    kind: Kind,
}

/// A change of an input.
#[derive(Clone, Copy, Debug)]
struct Entry {
    time_us: i64,
    point: u32,
    /// The sample. The lane of a text is its number in the recording's own table of texts.
    sample: Sample,
    /// The last moment at which a measured value replaces a computed one, in microseconds since the Unix epoch.
    until_us: i64,
}

/// The whole state at one moment, from which a replay starts.
#[derive(Clone, Debug)]
struct KeyFrame {
    /// The number of the first entry after the frame.
    next: u64,
    time_us: i64,
    state: State,
    alarms: Vec<NamedAlarm>,
    total: u64,
}

/// The inputs of a timeline since a moment: key frames, and every change after the first key frame.
#[derive(Clone, Debug)]
pub struct Recording {
    frames: VecDeque<KeyFrame>,
    entries: VecDeque<Entry>,
    /// The number of the first stored entry.
    first: u64,
    points: Vec<Point>,
    /// The number of each slot's point, for the current topology.
    numbers: HashMap<Slot, u32>,
    texts: Arc<Texts>,
    /// The acknowledgements of alarms: moment, alarm and twin.
    acknowledgements: Vec<(i64, Arc<str>, Arc<str>)>,
    /// The moments at which buffered readings were taken, with the times of the readings.
    observed: BTreeMap<i64, i64>,
}

impl Recording {
    /// Returns the states of the key frames.
    pub(crate) fn states(&self) -> impl Iterator<Item = &State> {
        self.frames.iter().map(|frame| &frame.state)
    }

    /// Returns a recording that begins at a state.
    pub(crate) fn new(scene: &Scene, state: &State, alarms: &Alarms, start_us: i64) -> Self {
        let mut recording = Self {
            frames: VecDeque::new(),
            entries: VecDeque::new(),
            first: 0,
            points: Vec::new(),
            numbers: HashMap::new(),
            texts: Arc::default(),
            acknowledgements: Vec::new(),
            observed: BTreeMap::new(),
        };
        recording.add_frame(scene, state, alarms, start_us);
        recording
    }

    /// Returns the first and the last moment of the recording, in microseconds since the Unix epoch.
    pub fn span_us(&self) -> (i64, i64) {
        let start_us = self.frames.front().map_or(0, |frame| frame.time_us);
        (start_us, self.entries.back().map_or(start_us, |last| last.time_us.max(start_us)))
    }

    /// Records that a person has acknowledged an alarm.
    pub(crate) fn acknowledge(&mut self, now_us: i64, alarm: &str, twin: &str) {
        self.acknowledgements.push((now_us, alarm.into(), twin.into()));
    }

    /// Records that the readings of a moment are of an earlier time.
    pub(crate) fn observe(&mut self, now_us: i64, observed_us: i64) {
        self.observed.insert(now_us, observed_us);
    }

    fn next(&self) -> u64 {
        self.first + self.entries.len() as u64
    }

    fn add_frame(&mut self, scene: &Scene, state: &State, alarms: &Alarms, time_us: i64) {
        let frame = KeyFrame {
            next: self.next(),
            time_us,
            state: state.clone(),
            alarms: alarms.named(scene),
            total: alarms.total,
        };
        self.frames.push_back(frame);
    }

    /// Records changes of inputs.
    pub(crate) fn record(
        &mut self,
        scene: &Scene,
        state: &State,
        alarms: &Alarms,
        now_us: i64,
        changes: &[InputChange],
    ) {
        for change in changes {
            self.push(state.topology(), now_us, change.slot, change.sample, change.until_us);
        }
        if self.frames.back().is_some_and(|frame| self.next() - frame.next >= FRAME_EVERY) {
            self.add_frame(scene, state, alarms, now_us);
        }
        // A replay starts at a key frame, so the first frame is dropped with all entries before the second frame.
        while self.entries.len() > MAX_ENTRIES
            && let Some(second) = self.frames.get(1).map(|frame| frame.next)
        {
            self.entries.drain(..(second - self.first) as usize);
            self.first = second;
            self.frames.pop_front();
            let start_us = self.span_us().0;
            self.acknowledgements.retain(|(time_us, ..)| *time_us >= start_us);
            self.observed = self.observed.split_off(&start_us);
        }
    }

    fn push(&mut self, topology: &Topology, time_us: i64, slot: Slot, mut sample: Sample, until_us: i64) {
        let points = &mut self.points;
        let number = *self.numbers.entry(slot).or_insert_with(|| {
            let column = topology.column(slot.column);
            let twin = topology.twin_id(topology.twin_of(slot)).into();
            points.push(Point { twin, property: column.name.clone(), kind: column.kind });
            (points.len() - 1) as u32
        });
        let kind = self.points[number as usize].kind;
        sample.lane = transfer(sample.lane, kind, &topology.texts, &self.texts);
        self.entries.push_back(Entry { time_us, point: number, sample, until_us });
    }

    /// Continues the recording with the topology of a changed scene. `relocation` maps the topology before to it.
    pub(crate) fn adopt(
        &mut self,
        scene: &Scene,
        state: &State,
        alarms: &Alarms,
        now_us: i64,
        relocation: &Relocation,
    ) {
        let moved = |(slot, number): (Slot, u32)| {
            let slot = relocation.slot(slot)?;
            (scene.topology.column(slot.column).kind == self.points[number as usize].kind).then_some((slot, number))
        };
        self.numbers = std::mem::take(&mut self.numbers).into_iter().filter_map(moved).collect();
        self.add_frame(scene, state, alarms, now_us);
        // Key frames of earlier topologies keep these in memory, so the number of key frames is limited.
        while self.frames.len() as u64 > MAX_ENTRIES as u64 / FRAME_EVERY + 3 {
            // The frame with the fewest entries on both sides is dropped, because this lengthens a jump least.
            let entries = |at: &usize| self.frames[at + 1].next - self.frames[at - 1].next;
            let Some(least) = (1..self.frames.len() - 1).min_by_key(entries) else { break };
            self.frames.remove(least);
        }
    }
}

/// Returns the slot of a point, if the scene still has it with the same kind of values.
fn slot_of(point: &Point, topology: &Topology) -> Option<Slot> {
    let slot = topology.slot(topology.twin(&point.twin)?, &point.property)?;
    (topology.column(slot.column).kind == point.kind).then_some(slot)
}

/// Converts a lane from one table of texts to another, in which a text may have another number.
fn transfer(lane: f64, kind: Kind, from: &Texts, to: &Texts) -> f64 {
    if !matches!(kind, Kind::Text | Kind::Json) {
        return lane;
    }
    decode(lane, kind, from).and_then(|value| encode(&value, kind, to).ok()).unwrap_or(f64::NAN)
}

/// The replay of a recording, which drives its own timeline.
#[derive(Clone, Debug)]
pub struct Replay {
    recording: Recording,
    /// The slot of each point in the current topology.
    slots: Vec<Option<Slot>>,
    /// The number of the next entry to be played.
    next: u64,
    /// The number of the next acknowledgement.
    next_acknowledgement: usize,
    /// The moment that the timeline shows, in microseconds since the Unix epoch.
    pub(crate) shown_us: i64,
}

/// The state and the alarms after a jump.
pub(crate) struct RestoredState {
    pub state: State,
    pub alarms: Alarms,
}

impl Replay {
    pub(crate) fn new(recording: Recording, topology: &Topology) -> Self {
        let mut replay = Self { recording, slots: Vec::new(), next: 0, next_acknowledgement: 0, shown_us: i64::MAX };
        replay.adopt(topology);
        replay
    }

    pub(crate) fn recording(&self) -> &Recording {
        &self.recording
    }

    /// Returns the first and the last moment of the recording, in microseconds since the Unix epoch.
    pub fn span_us(&self) -> (i64, i64) {
        self.recording.span_us()
    }

    /// Finds the slots of the recording's properties in a topology.
    pub(crate) fn adopt(&mut self, topology: &Topology) {
        self.slots = self.recording.points.iter().map(|point| slot_of(point, topology)).collect();
    }

    /// Returns the state of the last key frame that is not after `until_us`, if the replay has to jump there: backwards, or
    /// over a frame.
    pub(crate) fn jump(&mut self, until_us: i64, scene: &Scene) -> Option<RestoredState> {
        let frames = &self.recording.frames;
        let frame = frames.iter().rev().find(|frame| frame.time_us <= until_us).or(frames.front())?;
        // A frame after the shown moment needs a jump even without entries in between: an edit may have added it.
        if until_us >= self.shown_us && frame.next <= self.next && frame.time_us <= self.shown_us {
            return None;
        }
        self.next = frame.next;
        self.shown_us = frame.time_us;
        let acknowledgements = &self.recording.acknowledgements;
        // The frame's alarms contain the earlier acknowledgements.
        self.next_acknowledgement = acknowledgements.partition_point(|(time_us, ..)| *time_us < frame.time_us);
        let mut state = if Arc::ptr_eq(frame.state.topology(), &scene.topology) {
            frame.state.clone()
        } else {
            frame.state.carry_over(scene.topology.clone())
        };
        state.begin_tick();
        let mut alarms = Alarms::of(scene, &state, frame.time_us);
        alarms.take_over(scene, &state, &frame.alarms);
        alarms.total = frame.total;
        Some(RestoredState { state, alarms })
    }

    /// Returns the alarms, with their twins, that were acknowledged up to a moment and after that of the last call.
    pub(crate) fn acknowledged(&mut self, until_us: i64) -> Vec<(Arc<str>, Arc<str>)> {
        let rest = &self.recording.acknowledgements[self.next_acknowledgement..];
        let due = rest.iter().take_while(|(time_us, ..)| *time_us <= until_us);
        let due: Vec<_> = due.map(|(_, alarm, twin)| (alarm.clone(), twin.clone())).collect();
        self.next_acknowledgement += due.len();
        due
    }

    /// Applies the changes of the next recorded moment up to `until_us`. Returns the moment, or `None` without one.
    pub(crate) fn play_moment(&mut self, state: &mut State, until_us: i64) -> Option<i64> {
        let recording = &self.recording;
        let entry = |number: u64| recording.entries.get(number.checked_sub(recording.first)? as usize);
        let moment_us = entry(self.next).map(|entry| entry.time_us).filter(|time_us| *time_us <= until_us)?;
        state.pass_to(moment_us);
        while let Some(entry) = entry(self.next).filter(|entry| entry.time_us == moment_us) {
            if let Some(slot) = self.slots[entry.point as usize] {
                let kind = recording.points[entry.point as usize].kind;
                let lane = transfer(entry.sample.lane, kind, &recording.texts, &state.topology().texts);
                state.measure(slot, Sample { lane, ..entry.sample }, entry.until_us);
            }
            self.next += 1;
        }
        match recording.observed.get(&moment_us) {
            Some(observed_us) => state.observe_at(*observed_us),
            None => state.observe_now(),
        }
        self.shown_us = moment_us;
        Some(moment_us)
    }
}
