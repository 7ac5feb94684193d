//! State: the value, quality and source time of every property at one time, laid out by a topology.
//!
//! Columns are divided into chunks that states share until one of them writes, so a fork costs one pointer per chunk.

mod carry;
mod chunk;
mod condition;
mod memory;
mod reclaim;
mod rows;

pub(crate) use chunk::{Chunk, Stamp, Stamps};
pub use condition::ConditionSlot;
pub(crate) use memory::{Memories, Memory, MemoryReading, Moment};
pub use reclaim::reclaim_texts;
pub(crate) use rows::RowSet;

use crate::diagnostic::Diagnostic;
use crate::topology::{ColumnIx, Slot, Topology};
use crate::value::{Kind, Quality, Sample, Value};
use crate::zone::local_text;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The number of rows in a chunk, and in a batch of the formula machine.
pub const CHUNK: usize = 1024;

/// The elapsed time after which time-dependent formulas are evaluated again, in microseconds of the timeline.
const TIME_STEP_US: i64 = 250_000;

/// The changed rows of one column.
#[derive(Clone, Debug, Default)]
struct Changes {
    rows: RowSet,
    /// The number of changes so far, for readers that check for changes less often than every tick.
    version: u64,
}

impl Changes {
    fn mark(&mut self, row: u32) {
        self.version += 1;
        self.rows.add(row);
    }
}

/// A measured value that replaces a computed one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measured {
    /// The measured sample.
    pub sample: Sample,
    /// The end of its freshness, in microseconds since the Unix epoch.
    pub until_us: i64,
}

/// A cycle of properties that did not converge.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct UnsettledCycle {
    /// The slot whose value still changed most.
    pub slot: Slot,
    /// The size of that change, in the unit of the property, or NaN if the value appeared or disappeared.
    pub change: f64,
    /// The number of values that still changed.
    pub rows: u32,
    /// The number of rounds that were computed.
    pub rounds: u32,
}

impl UnsettledCycle {
    /// Returns the diagnostic for the cycle.
    pub fn diagnostic(&self, topology: &Topology) -> Diagnostic {
        let column = topology.column(self.slot.column);
        let name = topology.name(self.slot);
        let by = match (self.change.is_nan(), column.unit) {
            (true, _) => "is missing in some rounds".to_string(),
            (false, unit) => {
                format!("still changes by {} {}", self.change, unit.map_or("", |unit| unit.symbol)).trim_end().into()
            }
        };
        let place = column.formula.and_then(|number| topology.formulas()[number as usize].place.clone());
        let message = format!(
            "`{}` did not settle: after {} rounds {} of its values still change; {name} {by}",
            column.name, self.rounds, self.rows
        );
        let help = "reduce the feedback of the cycle, or increase `at_most` or `tolerance` of `iterate`";
        Diagnostic::warning("did-not-settle", message).at(place).help(help)
    }
}

/// Creates the chunks of `rows` rows without values; all full chunks share one allocation.
pub(crate) fn missing(rows: u32) -> Vec<Arc<Chunk>> {
    let (whole, rest) = (rows as usize / CHUNK, rows as usize % CHUNK);
    let rest = (rest > 0).then(|| Arc::new(Chunk::missing(rest)));
    std::iter::repeat_n(Arc::new(Chunk::missing(CHUNK)), whole).chain(rest).collect()
}

/// Returns whether two sequences of lanes differ in any bit.
fn differ(now: &[f64], before: &[f64]) -> bool {
    now.iter().zip(before).fold(0, |any, (now, before)| any | (now.to_bits() ^ before.to_bits())) != 0
}

/// The time of a state.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Time {
    /// The current time, in microseconds since the Unix epoch, or `None` if unknown.
    pub now_us: Option<i64>,
    /// The time up to which time-dependent formulas have been evaluated.
    pub followed_us: Option<i64>,
    /// Whether the memory of stateful functions starts anew.
    pub begins: bool,
    /// The time at which stateful functions are evaluated, if it is that of readings and not the current one.
    pub observed_us: Option<i64>,
    /// The number of the moment, which grows whenever time passes or further readings of one time are observed.
    pub number: u64,
}

/// The columns of values at one time, and the changes of the current tick.
#[derive(Clone, Debug)]
pub struct State {
    topology: Arc<Topology>,
    /// Counts the state among the users of its topology's texts.
    _user: Arc<()>,
    columns: Vec<Vec<Arc<Chunk>>>,
    changes: Vec<Changes>,
    pub(crate) time: Time,
    pub(crate) memories: Memories,
    /// Measured values of computed properties, by column and row.
    measured: BTreeMap<ColumnIx, BTreeMap<u32, Measured>>,
    /// A time not later than the earliest `until_us` in `measured`.
    first_until_us: i64,
    /// Computed properties whose measured values ended; propagation computes them again.
    pub(crate) released: Vec<Slot>,
    /// The cycles that did not converge, by the number of their first guessed formula.
    pub(crate) unsettled: BTreeMap<u32, UnsettledCycle>,
}

impl State {
    /// Creates a state with the initial values of the graph and everything computed from them.
    pub fn new(topology: Arc<Topology>) -> Self {
        let mut columns = Vec::with_capacity(topology.columns().len());
        let mut changes = Vec::with_capacity(topology.columns().len());
        for ix in 0..topology.columns().len() {
            let column = ColumnIx(ix as u32);
            let (rows, given) = (topology.rows(column), topology.given_in(column));
            // A computed property has no initial value: its formula takes precedence.
            let is_given = topology.column(column).formula.is_none() && !given.is_empty();
            columns.push(if is_given { given.to_vec() } else { missing(rows) });
            changes.push(Changes { rows: RowSet::new(rows as usize), version: 0 });
        }
        let mut state = Self {
            _user: topology.texts.user(),
            columns,
            changes,
            time: Time::default(),
            memories: Memories::new(topology.memories().len()),
            measured: BTreeMap::new(),
            first_until_us: i64::MAX,
            released: Vec::new(),
            unsettled: BTreeMap::new(),
            topology,
        };
        state.recompute();
        state.begin_tick();
        state
    }

    /// Returns the topology of the state.
    pub fn topology(&self) -> &Arc<Topology> {
        &self.topology
    }

    /// Returns the sample in a slot.
    pub fn get(&self, slot: Slot) -> Sample {
        self.columns[slot.column.0 as usize][slot.row as usize / CHUNK].get(slot.row as usize % CHUNK)
    }

    /// Returns the value of a slot like [`Self::value`], but a time with the difference of the building's zone to UTC.
    pub fn local_value(&self, slot: Slot) -> Option<Value> {
        let value = self.value(slot)?;
        if self.topology.column(slot.column).kind != Kind::Time {
            return Some(value);
        }
        let time_us = (self.get(slot).lane * 1e6).round() as i64;
        Some(Value::Text(local_text(time_us, &self.topology.zone)))
    }

    /// Returns the decoded value in a slot, or `None` if it is missing.
    pub fn value(&self, slot: Slot) -> Option<Value> {
        let sample = self.get(slot);
        if sample.quality == Quality::Missing { None } else { self.topology.decode(slot.column, sample.lane) }
    }

    /// Stores a sample in a slot and returns whether it differs from the previous one. A lane that is not finite is
    /// stored as NaN, and its quality becomes bad unless it is missing.
    pub fn set(&mut self, slot: Slot, mut sample: Sample) -> bool {
        if !sample.lane.is_finite() {
            sample.lane = f64::NAN;
            sample.quality = sample.quality.max(Quality::Bad);
        }
        let stamp = Stamp::new(sample.quality as u8, sample.time_us);
        let chunk = &mut self.columns[slot.column.0 as usize][slot.row as usize / CHUNK];
        let at = slot.row as usize % CHUNK;
        if chunk.lanes[at].to_bits() == sample.lane.to_bits() && chunk.stamps.of(at) == stamp {
            return false;
        }
        Arc::make_mut(chunk).set(at, sample.lane, stamp);
        self.mark(slot);
        true
    }

    /// Stores samples in many rows of a column. Lanes must be finite or NaN. Rows in ascending order are fastest.
    pub(crate) fn set_all(&mut self, column: ColumnIx, samples: impl Iterator<Item = (u32, Sample)>) {
        let chunks = &mut self.columns[column.0 as usize];
        let changes = &mut self.changes[column.0 as usize];
        let mut samples = samples.peekable();
        while let Some((first, _)) = samples.peek() {
            let number = *first as usize / CHUNK;
            // Most recomputed values differ, so the chunk is made unique before the comparison.
            let chunk = Arc::make_mut(&mut chunks[number]);
            while let Some((row, sample)) = samples.next_if(|(row, _)| *row as usize / CHUNK == number) {
                let at = row as usize % CHUNK;
                let stamp = Stamp::new(sample.quality as u8, sample.time_us);
                if chunk.lanes[at].to_bits() != sample.lane.to_bits() || chunk.stamps.of(at) != stamp {
                    chunk.set(at, sample.lane, stamp);
                    changes.mark(row);
                }
            }
        }
    }

    /// Returns the time of the state, in microseconds since the Unix epoch, if known.
    pub fn now_us(&self) -> Option<i64> {
        self.time.now_us
    }

    /// Returns the time of the state, in seconds since the Unix epoch, if known.
    pub fn now_s(&self) -> Option<f64> {
        self.time.now_us.map(|now_us| now_us as f64 / 1e6)
    }

    /// Sets the time of the state to `now_us`, in microseconds since the Unix epoch; [`State::propagate`] computes the
    /// effects. Setting an earlier time clears the memory of stateful functions.
    pub fn pass_to(&mut self, now_us: i64) {
        let before_us = self.time.now_us.replace(now_us);
        if before_us != Some(now_us) {
            (self.time.number, self.time.observed_us) = (self.time.number + 1, None);
        }
        if before_us.is_none_or(|before_us| now_us < before_us) {
            self.begin_functions();
        }
        if now_us > self.first_until_us {
            let mut measured = std::mem::take(&mut self.measured);
            for (column, rows) in &mut measured {
                rows.retain(|row, known| {
                    let fresh = now_us <= known.until_us;
                    if !fresh {
                        self.released.push(Slot { column: *column, row: *row });
                    }
                    fresh
                });
            }
            measured.retain(|_, rows| !rows.is_empty());
            let untils = measured.values().flat_map(BTreeMap::values).map(|known| known.until_us);
            self.first_until_us = untils.min().unwrap_or(i64::MAX);
            self.measured = measured;
        }
    }

    /// Clears the memories of stateful functions, which begin at the present time.
    pub fn begin_functions(&mut self) {
        self.memories.clear();
        self.time = Time { followed_us: None, begins: true, ..self.time };
    }

    /// Begins a further moment within the present time. [`State::propagate`] then evaluates stateful functions of changed
    /// values at `observed_us`, the time of buffered readings in microseconds since the Unix epoch, and no others.
    pub fn observe_at(&mut self, observed_us: i64) {
        self.time.observed_us = Some(self.time.now_us.map_or(observed_us, |now_us| observed_us.min(now_us)));
        self.time.number += 1;
    }

    /// Ends the moments within the present time: stateful functions are evaluated at the present time again.
    pub fn observe_now(&mut self) {
        if self.time.observed_us.take().is_some() {
            self.time.number += 1;
        }
    }

    /// Returns the moment at which stateful functions are evaluated, if the time is known.
    pub(crate) fn moment(&self) -> Option<Moment> {
        let us = self.time.observed_us.or(self.time.now_us)?;
        Some(Moment { us, number: self.time.number })
    }

    /// Returns whether propagation has anything to do: changes, ended measurements or elapsed time.
    pub fn needs_propagation(&self) -> bool {
        self.change_count() > 0 || !self.released.is_empty() || self.is_time_due()
    }

    /// Returns whether enough time has elapsed to evaluate time-dependent formulas again.
    pub(crate) fn is_time_due(&self) -> bool {
        let steps = |now_us: i64| self.time.followed_us.is_none_or(|last_us| now_us - last_us >= TIME_STEP_US);
        // Readings of the past don't move the functions of other values.
        self.topology.has_timed() && self.time.observed_us.is_none() && self.time.now_us.is_some_and(steps)
    }

    /// Replaces a computed value by a measured one until `until_us`, in microseconds since the Unix epoch. A sample
    /// without a usable value ends the replacement. In a column without a formula the sample is stored directly.
    pub fn measure(&mut self, slot: Slot, sample: Sample, until_us: i64) {
        if self.topology.column(slot.column).formula.is_none() {
            self.set(slot, sample);
            return;
        }
        let fresh = self.time.now_us.is_none_or(|now_us| now_us <= until_us);
        let rows = self.measured.entry(slot.column).or_default();
        if fresh && !sample.usable().is_nan() {
            rows.insert(slot.row, Measured { sample, until_us });
            self.first_until_us = self.first_until_us.min(until_us);
            self.set(slot, sample);
        } else if rows.remove(&slot.row).is_some() {
            self.released.push(slot);
        }
    }

    /// Limits the time for which a measured value replaces the computed value of a slot, in microseconds since the Unix
    /// epoch.
    pub fn end_measurement(&mut self, slot: Slot, until_us: i64) {
        if let Some(known) = self.measured.get_mut(&slot.column).and_then(|rows| rows.get_mut(&slot.row)) {
            known.until_us = known.until_us.min(until_us);
            self.first_until_us = self.first_until_us.min(known.until_us);
        }
    }

    /// Returns the measured value that replaces the computed value of a slot, if any.
    pub fn measured(&self, slot: Slot) -> Option<&Measured> {
        self.measured.get(&slot.column)?.get(&slot.row)
    }

    /// Returns all measured values that replace computed ones.
    pub fn all_measured(&self) -> impl Iterator<Item = (Slot, &Measured)> {
        let of_column = |(column, rows): (&ColumnIx, _)| {
            let column = *column;
            BTreeMap::iter(rows).map(move |(row, known)| (Slot { column, row: *row }, known))
        };
        self.measured.iter().flat_map(of_column)
    }

    /// Ends the replacement of a computed value by a measured one.
    pub fn release(&mut self, slot: Slot) {
        if self.measured.get_mut(&slot.column).and_then(|rows| rows.remove(&slot.row)).is_some() {
            self.released.push(slot);
        }
    }

    /// Returns the cycles that did not converge in their last computation.
    pub fn unsettled(&self) -> impl Iterator<Item = &UnsettledCycle> {
        self.unsettled.values()
    }

    /// Begins a new tick: clears the sets of changed rows.
    pub fn begin_tick(&mut self) {
        for (changes, chunks) in self.changes.iter_mut().zip(&mut self.columns) {
            // A chunk that was written entirely in one tick usually has a single stamp, which is stored once.
            if changes.rows.rows().len() >= CHUNK {
                for (words, chunk) in changes.rows.words().chunks(CHUNK / 64).zip(chunks) {
                    if words.iter().all(|word| *word == u64::MAX) && chunk.has_one_stamp() {
                        Arc::make_mut(chunk).unite();
                    }
                }
            }
            changes.rows.clear();
        }
    }

    /// Returns the rows of a column that changed in this tick, in no particular order.
    pub fn changed(&self, column: ColumnIx) -> &[u32] {
        self.changes[column.0 as usize].rows.rows()
    }

    /// Returns whether a slot changed in this tick.
    pub fn has_changed(&self, slot: Slot) -> bool {
        self.changes[slot.column.0 as usize].rows.contains(slot.row)
    }

    /// Returns the number of changes of a column so far. While it stays equal in one state, the column is unchanged.
    pub fn version(&self, column: ColumnIx) -> u64 {
        self.changes[column.0 as usize].version
    }

    /// Returns the number of values that changed in this tick.
    pub fn change_count(&self) -> usize {
        self.changes.iter().map(|changes| changes.rows.rows().len()).sum()
    }

    pub(crate) fn chunks(&self, column: ColumnIx) -> &[Arc<Chunk>] {
        &self.columns[column.0 as usize]
    }

    pub(crate) fn measured_of(&self, column: ColumnIx) -> Option<&BTreeMap<u32, Measured>> {
        self.measured.get(&column).filter(|rows| !rows.is_empty())
    }

    /// Returns the current chunks of columns, for a later comparison.
    pub(crate) fn kept(&self, columns: &[ColumnIx]) -> Vec<Vec<Arc<Chunk>>> {
        columns.iter().map(|column| self.columns[column.0 as usize].clone()).collect()
    }

    /// Stores a sample without recording a change, as is necessary for guesses.
    pub(crate) fn put(&mut self, slot: Slot, sample: Sample) {
        let chunk = &mut self.columns[slot.column.0 as usize][slot.row as usize / CHUNK];
        let stamp = Stamp::new(sample.quality as u8, sample.time_us);
        Arc::make_mut(chunk).set(slot.row as usize % CHUNK, sample.lane, stamp);
    }

    /// Records the rows that differ from the chunks that [`Self::kept`] returned.
    pub(crate) fn mark_since(&mut self, columns: &[ColumnIx], kept: &[Vec<Arc<Chunk>>]) {
        for (column, before) in columns.iter().zip(kept) {
            for (number, before) in before.iter().enumerate() {
                let now = self.columns[column.0 as usize][number].clone();
                if Arc::ptr_eq(&now, before) {
                    continue;
                }
                for at in 0..now.lanes.len() {
                    let differs = now.lanes[at].to_bits() != before.lanes[at].to_bits();
                    if differs || now.stamps.of(at) != before.stamps.of(at) {
                        self.mark(Slot { column: *column, row: (number * CHUNK + at) as u32 });
                    }
                }
            }
        }
    }

    /// Stores results in the rows of one chunk from its beginning, and records the changes if `marks` is true.
    pub(crate) fn put_chunk(&mut self, column: ColumnIx, number: usize, lanes: &[f64], stamps: &Stamps, marks: bool) {
        let chunk = &mut self.columns[column.0 as usize][number];
        let mut words = [0u64; CHUNK / 64];
        let same_stamps = match (&chunk.stamps, stamps) {
            (Stamps::Same(before), Stamps::Same(now)) => before == now,
            _ => false,
        };
        let mut any = 0u64;
        for (word, (now, before)) in words.iter_mut().zip(lanes.chunks(64).zip(chunk.lanes.chunks(64))) {
            if differ(now, before) {
                for (bit, (now, before)) in now.iter().zip(before).enumerate() {
                    *word |= u64::from(now.to_bits() != before.to_bits()) << bit;
                }
                any |= *word;
            }
        }
        if !same_stamps {
            for at in 0..lanes.len() {
                words[at / 64] |= u64::from(stamps.of(at) != chunk.stamps.of(at)) << (at % 64);
            }
            any = words.iter().fold(0, |any, word| any | word);
        }
        if any == 0 {
            return;
        }
        let chunk = Arc::make_mut(chunk);
        chunk.lanes.copy_from_slice(lanes);
        match (&mut chunk.stamps, stamps) {
            (Stamps::Each(into), Stamps::Each(from)) => into.copy_from_slice(from),
            (into, from) => into.clone_from(from),
        }
        if !marks {
            return;
        }
        let changes = &mut self.changes[column.0 as usize];
        changes.version += 1;
        let first = number * CHUNK / 64;
        for (at, word) in words.iter().enumerate().filter(|(_, word)| **word != 0) {
            changes.rows.add_word(first + at, *word);
        }
    }

    pub(crate) fn mark(&mut self, slot: Slot) {
        self.changes[slot.column.0 as usize].mark(slot.row);
    }
}
