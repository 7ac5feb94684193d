//! State: the value, quality and source time of every property at one moment, laid out by a topology.
//!
//! Columns are cut into chunks that states share until one of them writes: forking costs a pointer per chunk.

mod carry;
mod chunk;
mod memory;
mod rows;

pub(crate) use chunk::{Chunk, Stamp, Stamps};
pub(crate) use memory::{Memories, Memory};
pub(crate) use rows::RowSet;

use crate::diagnostic::Diagnostic;
use crate::topology::{ColumnIx, Slot, Topology};
use crate::value::{Quality, Sample, Value};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Rows in a chunk, and in a batch of the formula machine.
pub const CHUNK: usize = 1024;

/// Time alone is followed in steps of this, microseconds of the timeline.
const TIME_STEP_US: i64 = 250_000;

/// Rows of one column that changed in this tick.
#[derive(Clone, Debug, Default)]
struct Changes {
    rows: RowSet,
    /// Counts ticks in which anything changed, for those who look less often.
    version: u64,
}

impl Changes {
    fn mark(&mut self, row: u32) {
        self.version += 1;
        self.rows.add(row);
    }
}

/// A measured value that holds in the place of a computed one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measured {
    /// What was measured.
    pub sample: Sample,
    /// Until when it is fresh, microseconds since the Unix epoch.
    pub until_us: i64,
}

/// Properties that depend on themselves and found no value that holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Unsettled {
    /// The one that still changed most.
    pub slot: Slot,
    /// By how much, in its unit; NaN if it came and went.
    pub change: f64,
    /// How many still changed.
    pub rows: u32,
    /// After how many rounds.
    pub rounds: u32,
}

impl Unsettled {
    /// What to tell of it.
    pub fn diagnostic(&self, topology: &Topology) -> Diagnostic {
        let column = topology.column(self.slot.column);
        let name = topology.name(self.slot);
        let by = match (self.change.is_nan(), column.unit) {
            (true, _) => "comes and goes".to_string(),
            (false, unit) => {
                format!("still changes by {} {}", self.change, unit.map_or("", |unit| unit.symbol)).trim_end().into()
            }
        };
        let place = column.formula.and_then(|number| topology.formulas()[number as usize].place.clone());
        let message = format!(
            "`{}` did not settle: after {} rounds {} of its values still change; {name} {by}",
            column.name, self.rounds, self.rows
        );
        let help = "make what goes round smaller, or give `iterate` a greater `at_most` or `tolerance`";
        Diagnostic::warning("did-not-settle", message).at(place).help(help)
    }
}

/// The chunks of so many rows without values; whole ones are one and the same until somebody writes.
pub(crate) fn missing(rows: u32) -> Vec<Arc<Chunk>> {
    let (whole, rest) = (rows as usize / CHUNK, rows as usize % CHUNK);
    let rest = (rest > 0).then(|| Arc::new(Chunk::missing(rest)));
    std::iter::repeat_n(Arc::new(Chunk::missing(CHUNK)), whole).chain(rest).collect()
}

/// Whether two runs of lanes differ in any bit.
fn differ(now: &[f64], before: &[f64]) -> bool {
    now.iter().zip(before).fold(0, |any, (now, before)| any | (now.to_bits() ^ before.to_bits())) != 0
}

/// How far time has come.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Time {
    /// The moment, microseconds since the Unix epoch; `None`: nobody has said.
    pub now_us: Option<i64>,
    /// The moment that was last followed by what time alone changes.
    pub followed_us: Option<i64>,
    /// Whether all that is remembered begins anew.
    pub begins: bool,
}

/// The columns of one moment, and what changed since the tick began.
#[derive(Clone, Debug)]
pub struct State {
    topology: Arc<Topology>,
    columns: Vec<Vec<Arc<Chunk>>>,
    changes: Vec<Changes>,
    pub(crate) time: Time,
    pub(crate) memories: Memories,
    /// Measured values of computed properties, by column and row.
    measured: BTreeMap<ColumnIx, BTreeMap<u32, Measured>>,
    /// When the first of them gets old, at the earliest.
    first_until_us: i64,
    /// Computed properties that are no longer measured, and are to be computed again.
    pub(crate) released: Vec<Slot>,
    /// By the first formula of the stage.
    pub(crate) unsettled: BTreeMap<u32, Unsettled>,
}

impl State {
    /// The initial values of the graph, and everything computed from them.
    pub fn new(topology: Arc<Topology>) -> Self {
        let mut columns = Vec::with_capacity(topology.columns().len());
        let mut changes = Vec::with_capacity(topology.columns().len());
        for ix in 0..topology.columns().len() {
            let column = ColumnIx(ix as u32);
            let (rows, given) = (topology.rows(column), topology.given_in(column));
            // What a formula computes can't be given as well; the formula wins.
            let is_given = topology.column(column).formula.is_none() && !given.is_empty();
            columns.push(if is_given { given.to_vec() } else { missing(rows) });
            changes.push(Changes { rows: RowSet::new(rows as usize), version: 0 });
        }
        let mut state = Self {
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

    /// The topology that lays it out.
    pub fn topology(&self) -> &Arc<Topology> {
        &self.topology
    }

    /// What is in a slot.
    pub fn get(&self, slot: Slot) -> Sample {
        self.columns[slot.column.0 as usize][slot.row as usize / CHUNK].get(slot.row as usize % CHUNK)
    }

    /// The value in a slot, as people write it; `None` if it is missing.
    pub fn value(&self, slot: Slot) -> Option<Value> {
        let sample = self.get(slot);
        if sample.quality == Quality::Missing { None } else { self.topology.decode(slot.column, sample.lane) }
    }

    /// Puts a sample into a slot; whether that changed anything. A lane that is not finite has no value.
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

    /// The same for many rows of a column, with lanes that are finite or NaN; quickest where rows stand in order.
    pub(crate) fn set_all(&mut self, column: ColumnIx, samples: impl Iterator<Item = (u32, Sample)>) {
        let chunks = &mut self.columns[column.0 as usize];
        let changes = &mut self.changes[column.0 as usize];
        let mut samples = samples.peekable();
        while let Some((first, _)) = samples.peek() {
            let number = *first as usize / CHUNK;
            // Most of what is computed again has changed, so the chunk is made one's own at once.
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

    /// The moment of the state, microseconds since the Unix epoch, if anybody has said.
    pub fn now_us(&self) -> Option<i64> {
        self.time.now_us
    }

    /// The moment of the state, seconds since the Unix epoch.
    pub fn now_s(&self) -> Option<f64> {
        self.time.now_us.map(|now_us| now_us as f64 / 1e6)
    }

    /// Lets time come to `now_us`, microseconds since the Unix epoch; what it changes is computed by [`State::propagate`]. Going back, all
    /// that was remembered is forgotten.
    pub fn pass_to(&mut self, now_us: i64) {
        let before_us = self.time.now_us.replace(now_us);
        if before_us.is_none_or(|before_us| now_us < before_us) {
            self.memories.clear();
            self.time = Time { now_us: Some(now_us), followed_us: None, begins: true };
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

    /// Whether there is anything that has changed, or that time changes.
    pub fn needs_propagation(&self) -> bool {
        self.change_count() > 0 || !self.released.is_empty() || self.is_time_due()
    }

    /// Whether time has passed that what depends on time has not followed yet.
    pub(crate) fn is_time_due(&self) -> bool {
        let steps = |now_us: i64| self.time.followed_us.is_none_or(|last_us| now_us - last_us >= TIME_STEP_US);
        self.topology.has_timed() && self.time.now_us.is_some_and(steps)
    }

    /// Puts a measured value in the place of a computed one until it gets old; without a value that can be used, the computed one
    /// holds again. What no formula computes is set.
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

    /// The measured value that holds in the place of a computed one.
    pub fn measured(&self, slot: Slot) -> Option<&Measured> {
        self.measured.get(&slot.column)?.get(&slot.row)
    }

    /// All measured values that hold in the place of computed ones.
    pub fn all_measured(&self) -> impl Iterator<Item = (Slot, &Measured)> {
        let of_column = |(column, rows): (&ColumnIx, _)| {
            let column = *column;
            BTreeMap::iter(rows).map(move |(row, known)| (Slot { column, row: *row }, known))
        };
        self.measured.iter().flat_map(of_column)
    }

    /// Forgets a measured value that holds in the place of a computed one.
    pub fn release(&mut self, slot: Slot) {
        if self.measured.get_mut(&slot.column).and_then(|rows| rows.remove(&slot.row)).is_some() {
            self.released.push(slot);
        }
    }

    /// Properties that depend on themselves and found no value that holds, when they were last computed.
    pub fn unsettled(&self) -> impl Iterator<Item = &Unsettled> {
        self.unsettled.values()
    }

    /// Forgets what changed: a new tick begins.
    pub fn begin_tick(&mut self) {
        for (changes, chunks) in self.changes.iter_mut().zip(&mut self.columns) {
            // What was all written in one tick has one stamp, most of the time.
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

    /// Rows of a column that changed in this tick, in no particular order.
    pub fn changed(&self, column: ColumnIx) -> &[u32] {
        self.changes[column.0 as usize].rows.rows()
    }

    /// Whether a slot changed in this tick.
    pub fn has_changed(&self, slot: Slot) -> bool {
        self.changes[slot.column.0 as usize].rows.contains(slot.row)
    }

    /// How often anything changed in a column; equal numbers mean equal columns.
    pub fn version(&self, column: ColumnIx) -> u64 {
        self.changes[column.0 as usize].version
    }

    /// How many values changed in this tick.
    pub fn change_count(&self) -> usize {
        self.changes.iter().map(|changes| changes.rows.rows().len()).sum()
    }

    pub(crate) fn chunks(&self, column: ColumnIx) -> &[Arc<Chunk>] {
        &self.columns[column.0 as usize]
    }

    pub(crate) fn measured_of(&self, column: ColumnIx) -> Option<&BTreeMap<u32, Measured>> {
        self.measured.get(&column).filter(|rows| !rows.is_empty())
    }

    /// The columns as they are, to compare with later.
    pub(crate) fn kept(&self, columns: &[ColumnIx]) -> Vec<Vec<Arc<Chunk>>> {
        columns.iter().map(|column| self.columns[column.0 as usize].clone()).collect()
    }

    /// Puts a sample without noting that it changed: for guesses.
    pub(crate) fn put(&mut self, slot: Slot, sample: Sample) {
        let chunk = &mut self.columns[slot.column.0 as usize][slot.row as usize / CHUNK];
        let stamp = Stamp::new(sample.quality as u8, sample.time_us);
        Arc::make_mut(chunk).set(slot.row as usize % CHUNK, sample.lane, stamp);
    }

    /// Notes what is different from what was kept.
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

    /// Puts results into the rows of one chunk from its beginning, and notes what changed unless it is told not to.
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

    fn mark(&mut self, slot: Slot) {
        self.changes[slot.column.0 as usize].mark(slot.row);
    }
}
