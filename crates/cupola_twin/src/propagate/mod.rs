//! Propagation: computes the values that depend on a change, in topological order, and no others.

mod fold;
mod late;
mod machine;
mod rounds;

use crate::state::{CHUNK, Memories, RowSet, State};
use crate::topology::{ColumnIx, Formula, Input, Slot, Stage, Topology};
use machine::{Machine, Rows};
use std::sync::Arc;

/// If more than one row in this many is due, the whole column is computed, because a scan is faster than random access.
const SWEEP: usize = 4;

/// The execution state of formulas: registers and the memory of stateful functions.
struct Engine {
    topology: Arc<Topology>,
    machine: Machine,
    memories: Memories,
    /// Whether changes are recorded.
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
    /// Computes all values that depend on the changes of this tick or on elapsed time.
    pub fn propagate(&mut self) {
        let is_time_due = self.is_time_due();
        let mut engine = Engine::begin(self);
        let topology = engine.topology.clone();
        let follows = |state: &Self, formula: &Formula| {
            (is_time_due && formula.timed) || (state.time.begins && formula.remembers())
        };
        let followed_us = self.time.followed_us;
        let mut pending = RowSet::default();
        for stage in topology.stages() {
            match stage {
                Stage::Column(number) => {
                    let formula = &topology.formulas()[*number as usize];
                    let total = topology.rows(formula.output) as usize;
                    if follows(self, formula) {
                        self.sweep(&mut engine, formula);
                        continue;
                    }
                    self.collect(&mut pending, &topology, formula, total);
                    if pending.rows().len() * SWEEP > total {
                        self.sweep(&mut engine, formula);
                    } else if !pending.rows().is_empty() {
                        pending.sort();
                        self.pick(&mut engine, formula, pending.rows());
                    }
                }
                Stage::Levels(_) | Stage::Rounds { .. } => {
                    let numbers = stage.formulas();
                    let any = |holds: &dyn Fn(&Formula) -> bool| {
                        numbers.iter().any(|number| holds(&topology.formulas()[*number as usize]))
                    };
                    let all = any(&|formula| follows(self, formula));
                    let touched = all || any(&|formula| self.is_touched(formula));
                    match stage {
                        Stage::Levels(levels) if touched && !all => self.run_levels(&mut engine, levels),
                        _ if touched => self.run(&mut engine, stage),
                        _ => {}
                    }
                }
            }
        }
        engine.end(self);
        if !is_time_due {
            self.time.followed_us = followed_us;
        }
    }

    /// Computes all formulas, whether or not their inputs changed.
    pub fn recompute(&mut self) {
        let mut engine = Engine::begin(self);
        for stage in engine.topology.clone().stages() {
            self.run(&mut engine, stage);
        }
        engine.end(self);
    }

    /// Computes all rows of a stage.
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

    /// Returns whether an input column of a formula changed, or one of its results lost its measured value.
    fn is_touched(&self, formula: &Formula) -> bool {
        self.released.iter().any(|slot| slot.column == formula.output)
            || formula.inputs.iter().any(|input| !self.changed(input.column()).is_empty())
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

    /// Stores results row by row, except where a measured value applies.
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

    /// Collects the rows of a formula's column that must be computed.
    fn collect(&self, pending: &mut RowSet, topology: &Topology, formula: &Formula, total: usize) {
        if !self.is_touched(formula) {
            pending.reset(0);
            return;
        }
        pending.reset(total);
        self.released.iter().filter(|slot| slot.column == formula.output).for_each(|slot| pending.add(slot.row));
        for input in &formula.inputs {
            match *input {
                Input::Here(column) => self.changed(column).iter().for_each(|row| pending.add(*row)),
                Input::Along { relation, link, column } => {
                    let back = &topology.relations()[relation as usize].links[link as usize].backward;
                    if back.is_one_each() {
                        let targets = back.targets();
                        self.changed(column).iter().for_each(|row| pending.add(targets[*row as usize]));
                    } else {
                        for changed in self.changed(column) {
                            back.of(*changed).iter().for_each(|row| pending.add(*row));
                        }
                    }
                }
            }
        }
    }
}
