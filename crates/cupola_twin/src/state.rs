//! State: the value, quality and source time of every property at one moment, laid out by a topology.
//!
//! Columns are cut into chunks that states share until one of them writes: forking costs a pointer per chunk.

use crate::topology::{ColumnIx, Slot, Topology};
use crate::unit::conversion;
use crate::value::{Quality, Sample, Value};
use std::sync::Arc;

/// Rows in a chunk, and in a batch of the formula machine.
pub const CHUNK: usize = 1024;

/// Up to [`CHUNK`] rows of a column.
#[derive(Clone, Debug)]
pub(crate) struct Chunk {
    pub lanes: Box<[f64]>,
    pub times: Box<[i64]>,
    pub quality: Box<[u8]>,
}

/// Rows of one column that changed in this tick.
#[derive(Clone, Debug, Default)]
struct Changes {
    bits: Vec<u64>,
    rows: Vec<u32>,
    /// Counts ticks in which anything changed, for those who look less often.
    version: u64,
}

/// The columns of one moment, and what changed since the tick began.
#[derive(Clone, Debug)]
pub struct State {
    topology: Arc<Topology>,
    columns: Vec<Vec<Arc<Chunk>>>,
    changes: Vec<Changes>,
}

impl State {
    /// The initial values of the graph, and everything computed from them.
    pub fn new(topology: Arc<Topology>) -> Self {
        let mut state = Self { columns: Vec::new(), changes: Vec::new(), topology };
        for ix in 0..state.topology.columns().len() {
            let rows = state.topology.rows(ColumnIx(ix as u32)) as usize;
            let chunk = |rows: usize| {
                Arc::new(Chunk {
                    lanes: vec![f64::NAN; rows].into(),
                    times: vec![Sample::MISSING.time_us; rows].into(),
                    quality: vec![Quality::Missing as u8; rows].into(),
                })
            };
            let whole = std::iter::repeat_n(chunk(CHUNK), rows / CHUNK);
            let rest = (!rows.is_multiple_of(CHUNK)).then(|| chunk(rows % CHUNK));
            state.columns.push(whole.chain(rest).collect());
            state.changes.push(Changes { bits: vec![0; rows.div_ceil(64)], ..Default::default() });
        }
        let topology = state.topology.clone();
        for (slot, sample) in topology.initial() {
            // What a formula computes can't be given as well; the formula wins.
            if topology.column(slot.column).formula.is_none() {
                state.set(*slot, *sample);
            }
        }
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
        let chunk = &self.columns[slot.column.0 as usize][slot.row as usize / CHUNK];
        let at = slot.row as usize % CHUNK;
        Sample { lane: chunk.lanes[at], quality: Quality::from_byte(chunk.quality[at]), time_us: chunk.times[at] }
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
        if self.get(slot) == sample {
            return false;
        }
        let chunk = Arc::make_mut(&mut self.columns[slot.column.0 as usize][slot.row as usize / CHUNK]);
        let at = slot.row as usize % CHUNK;
        chunk.lanes[at] = sample.lane;
        chunk.times[at] = sample.time_us;
        chunk.quality[at] = sample.quality as u8;
        self.mark(slot);
        true
    }

    /// Forgets what changed: a new tick begins.
    pub fn begin_tick(&mut self) {
        for changes in &mut self.changes {
            if changes.rows.len() > changes.bits.len() {
                changes.bits.fill(0);
            } else {
                for row in &changes.rows {
                    changes.bits[*row as usize / 64] = 0;
                }
            }
            changes.rows.clear();
        }
    }

    /// Rows of a column that changed in this tick, in no particular order.
    pub fn changed(&self, column: ColumnIx) -> &[u32] {
        &self.changes[column.0 as usize].rows
    }

    /// Whether a slot changed in this tick.
    pub fn has_changed(&self, slot: Slot) -> bool {
        self.changes[slot.column.0 as usize].bits[slot.row as usize / 64] >> (slot.row % 64) & 1 == 1
    }

    /// How often anything changed in a column; equal numbers mean equal columns.
    pub fn version(&self, column: ColumnIx) -> u64 {
        self.changes[column.0 as usize].version
    }

    /// How many values changed in this tick.
    pub fn change_count(&self) -> usize {
        self.changes.iter().map(|changes| changes.rows.len()).sum()
    }

    pub(crate) fn chunks(&self, column: ColumnIx) -> &[Arc<Chunk>] {
        &self.columns[column.0 as usize]
    }

    fn mark(&mut self, slot: Slot) {
        let changes = &mut self.changes[slot.column.0 as usize];
        changes.version += 1;
        let (word, bit) = (slot.row as usize / 64, 1u64 << (slot.row % 64));
        if changes.bits[word] & bit == 0 {
            changes.bits[word] |= bit;
            changes.rows.push(slot.row);
        }
    }

    /// The same values in another topology of the same scene, for every twin and property that both have.
    ///
    /// Initial values that the new graph changed win over the old state's.
    pub fn carry_over(&self, topology: Arc<Topology>) -> Self {
        let mut next = Self::new(topology);
        let topology = next.topology.clone();
        let given: std::collections::BTreeMap<Slot, u64> =
            self.topology.initial().iter().map(|(slot, sample)| (*slot, sample.lane.to_bits())).collect();
        for twin in topology.twins() {
            let Some(old) = self.topology.twin(topology.twin_id(twin)) else { continue };
            for slot in topology.properties(twin) {
                let column = topology.column(slot.column);
                let Some(from) = self.topology.slot(old, &column.name) else { continue };
                if column.formula.is_some() || self.topology.column(from.column).kind != column.kind {
                    continue;
                }
                let sample = self.get(from);
                // Untouched since it was loaded: whatever the new graph says holds.
                if sample.quality == Quality::Missing || given.get(&from) == Some(&sample.lane.to_bits()) {
                    continue;
                }
                let lane = match self.value(from) {
                    Some(value) => topology.encode(slot.column, &value).unwrap_or(f64::NAN),
                    None => f64::NAN,
                };
                let units = self.topology.column(from.column).unit.zip(column.unit);
                let (scale, offset) =
                    units.map_or(Some((1.0, 0.0)), |(old, new)| conversion(old, new)).unwrap_or((f64::NAN, 0.0));
                let lane = if column.kind.is_numeric() { lane * scale + offset } else { lane };
                next.set(slot, Sample { lane, ..sample });
            }
        }
        next.propagate();
        next.begin_tick();
        next
    }
}
