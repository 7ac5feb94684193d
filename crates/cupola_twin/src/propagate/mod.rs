//! Propagation: after a change, everything that depends on it is computed again, in order, and nothing else.

mod fold;
mod machine;
mod rounds;

use crate::state::{CHUNK, Memories, State};
use crate::topology::{ColumnIx, Formula, Input, Slot, Stage, Topology};
use machine::{Machine, Rows};
use std::sync::Arc;

/// When more than one row in this many is to be computed, the whole column is: streaming beats picking.
const SWEEP: usize = 4;

/// What runs formulas: registers, and what functions remember.
struct Engine {
    topology: Arc<Topology>,
    machine: Machine,
    memories: Memories,
    /// Whether what changes is noted.
    marks: bool,
}

impl Engine {
    fn begin(state: &mut State) -> Self {
        let memories = std::mem::take(&mut state.memories);
        Self { topology: state.topology().clone(), machine: Machine::default(), memories, marks: true }
    }

    fn end(self, state: &mut State) {
        state.memories = self.memories;
        state.released.clear();
        state.time.followed_us = state.time.now_us;
        state.time.begins = false;
    }
}

impl State {
    /// Computes what depends on the changes of this tick, and on the time that has passed.
    pub fn propagate(&mut self) {
        let is_time_due = self.is_time_due();
        let mut engine = Engine::begin(self);
        let topology = engine.topology.clone();
        let follows = |state: &Self, formula: &Formula| {
            (is_time_due && formula.timed) || (state.time.begins && formula.remembers())
        };
        let followed_us = self.time.followed_us;
        let mut pending = Pending::default();
        for stage in topology.stages() {
            match stage {
                Stage::Column(number) => {
                    let formula = &topology.formulas()[*number as usize];
                    let total = topology.rows(formula.output) as usize;
                    if follows(self, formula) {
                        self.sweep(&mut engine, formula);
                        continue;
                    }
                    pending.collect(self, &topology, formula, total);
                    if pending.rows.len() * SWEEP > total {
                        self.sweep(&mut engine, formula);
                    } else if !pending.rows.is_empty() {
                        pending.sort();
                        self.pick(&mut engine, formula, &pending.rows);
                    }
                }
                Stage::Levels(levels) => {
                    let all = stage.formulas().iter().any(|n| follows(self, &topology.formulas()[*n as usize]));
                    if all {
                        self.run(&mut engine, stage);
                    } else if self.is_touched(&topology, &stage.formulas()) {
                        self.run_levels(&mut engine, levels);
                    }
                }
                Stage::Rounds { .. } => {
                    let numbers = stage.formulas();
                    let all = numbers.iter().any(|n| follows(self, &topology.formulas()[*n as usize]));
                    if all || self.is_touched(&topology, &numbers) {
                        self.run(&mut engine, stage);
                    }
                }
            }
        }
        engine.end(self);
        if !is_time_due {
            self.time.followed_us = followed_us;
        }
    }

    /// Computes everything, changed or not.
    pub fn recompute(&mut self) {
        let mut engine = Engine::begin(self);
        for stage in engine.topology.clone().stages() {
            self.run(&mut engine, stage);
        }
        engine.end(self);
    }

    /// Computes all of a stage.
    fn run(&mut self, engine: &mut Engine, stage: &Stage) {
        let topology = engine.topology.clone();
        match stage {
            Stage::Column(number) => self.sweep(engine, &topology.formulas()[*number as usize]),
            Stage::Levels(levels) => {
                for (number, rows) in levels.iter().flatten() {
                    self.pick(engine, &topology.formulas()[*number as usize], rows);
                }
            }
            Stage::Rounds { inner, guessed } => self.run_rounds(engine, inner, guessed),
        }
    }

    /// Whether anything that these formulas read has changed.
    fn is_touched(&self, topology: &Topology, numbers: &[u32]) -> bool {
        numbers.iter().any(|number| {
            let formula = &topology.formulas()[*number as usize];
            let is_released = self.released.iter().any(|slot| slot.column == formula.output);
            is_released || formula.inputs.iter().any(|input| !self.changed(input.column()).is_empty())
        })
    }

    fn run_levels(&mut self, engine: &mut Engine, levels: &[Vec<(u32, Vec<u32>)>]) {
        let topology = engine.topology.clone();
        for (number, rows) in levels.iter().flatten() {
            let formula = &topology.formulas()[*number as usize];
            let stale: Vec<u32> =
                rows.iter().copied().filter(|row| self.input_changed(&topology, formula, *row)).collect();
            self.pick(engine, formula, &stale);
        }
    }

    fn input_changed(&self, topology: &Topology, formula: &Formula, row: u32) -> bool {
        let own = Slot { column: formula.output, row };
        self.released.contains(&own)
            || formula.inputs.iter().any(|input| match *input {
                Input::Here(column) => self.has_changed(Slot { column, row }),
                Input::Along { relation, link, column } => {
                    let link = &topology.relations()[relation as usize].links[link as usize];
                    link.forward.of(row).iter().any(|row| self.has_changed(Slot { column, row: *row }))
                }
            })
    }

    fn sweep(&mut self, engine: &mut Engine, formula: &Formula) {
        let total = engine.topology.rows(formula.output) as usize;
        for start in (0..total).step_by(CHUNK) {
            let count = CHUNK.min(total - start);
            let rows = Rows::Chunk { start: start as u32, count };
            engine.machine.run(self, &mut engine.memories, &engine.topology, &formula.program, rows);
            if self.measured_of(formula.output).is_some() {
                self.commit(engine, formula.output, |at| (start + at) as u32, count);
            } else {
                let (lanes, stamps) = engine.machine.results(count);
                self.put_chunk(formula.output, start / CHUNK, lanes, &stamps, engine.marks);
            }
        }
    }

    fn pick(&mut self, engine: &mut Engine, formula: &Formula, rows: &[u32]) {
        for rows in rows.chunks(CHUNK) {
            let batch = Rows::List(rows);
            engine.machine.run(self, &mut engine.memories, &engine.topology, &formula.program, batch);
            self.commit(engine, formula.output, |at| rows[at], rows.len());
        }
    }

    /// Puts results row by row, but where a measured value holds.
    fn commit(&mut self, engine: &Engine, column: ColumnIx, row: impl Fn(usize) -> u32, count: usize) {
        if engine.marks && self.measured_of(column).is_none() {
            self.set_all(column, (0..count).map(|at| (row(at), engine.machine.result(at))));
            return;
        }
        for at in 0..count {
            let slot = Slot { column, row: row(at) };
            let sample = match self.measured(slot) {
                Some(measured) => measured.sample,
                None => engine.machine.result(at),
            };
            if engine.marks {
                self.set(slot, sample);
            } else {
                self.put(slot, sample);
            }
        }
    }
}

/// The rows of one column that have to be computed.
#[derive(Default)]
struct Pending {
    bits: Vec<u64>,
    rows: Vec<u32>,
}

impl Pending {
    fn collect(&mut self, state: &State, topology: &Topology, formula: &Formula, total: usize) {
        self.rows.clear();
        let released = || state.released.iter().filter(|slot| slot.column == formula.output);
        if released().next().is_none() && formula.inputs.iter().all(|input| state.changed(input.column()).is_empty()) {
            return;
        }
        self.bits.clear();
        self.bits.resize(total.div_ceil(64), 0);
        released().for_each(|slot| self.add(slot.row));
        for input in &formula.inputs {
            match *input {
                Input::Here(column) => state.changed(column).iter().for_each(|row| self.add(*row)),
                Input::Along { relation, link, column } => {
                    let back = &topology.relations()[relation as usize].links[link as usize].backward;
                    if back.is_one_each() {
                        let targets = back.targets();
                        state.changed(column).iter().for_each(|row| self.add(targets[*row as usize]));
                    } else {
                        for changed in state.changed(column) {
                            back.of(*changed).iter().for_each(|row| self.add(*row));
                        }
                    }
                }
            }
        }
    }

    /// Puts the rows in order: by looking at every row's bit where that is less than sorting.
    fn sort(&mut self) {
        if self.rows.len() < self.bits.len() / 4 {
            self.rows.sort_unstable();
            return;
        }
        self.rows.clear();
        for (at, word) in self.bits.iter().enumerate() {
            let mut left = *word;
            while left != 0 {
                self.rows.push((at * 64) as u32 + left.trailing_zeros());
                left &= left - 1;
            }
        }
    }

    fn add(&mut self, row: u32) {
        let (word, bit) = (row as usize / 64, 1u64 << (row % 64));
        if self.bits[word] & bit == 0 {
            self.bits[word] |= bit;
            self.rows.push(row);
        }
    }
}
