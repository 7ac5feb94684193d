//! Propagation: after a change, everything that depends on it is computed again, in order, and nothing else.

mod machine;

use crate::state::{CHUNK, State};
use crate::topology::{Formula, Input, Slot, Stage, Topology};
use machine::{Machine, Rows};
use std::sync::Arc;

/// When more than one row in this many is to be computed, the whole column is: streaming beats picking.
const SWEEP: usize = 4;

impl State {
    /// Computes what depends on the changes of this tick.
    pub fn propagate(&mut self) {
        let topology = self.topology().clone();
        let mut machine = Machine::default();
        let mut pending = Pending::default();
        for stage in topology.stages() {
            match stage {
                Stage::Column(number) => {
                    let formula = &topology.formulas()[*number as usize];
                    let total = topology.rows(formula.output) as usize;
                    pending.collect(self, &topology, formula, total);
                    if pending.rows.len() * SWEEP > total {
                        self.sweep(&mut machine, &topology, formula);
                    } else if !pending.rows.is_empty() {
                        pending.rows.sort_unstable();
                        self.pick(&mut machine, &topology, formula, &pending.rows);
                    }
                }
                Stage::Levels(levels) => {
                    let touched = levels.iter().flatten().any(|(number, _)| {
                        let inputs = &topology.formulas()[*number as usize].inputs;
                        inputs.iter().any(|input| !self.changed(input.column()).is_empty())
                    });
                    if touched {
                        self.run_levels(&mut machine, &topology, levels);
                    }
                }
            }
        }
    }

    /// Computes everything, changed or not.
    pub fn recompute(&mut self) {
        let topology = self.topology().clone();
        let mut machine = Machine::default();
        for stage in topology.stages() {
            match stage {
                Stage::Column(number) => self.sweep(&mut machine, &topology, &topology.formulas()[*number as usize]),
                Stage::Levels(levels) => {
                    for (number, rows) in levels.iter().flatten() {
                        self.pick(&mut machine, &topology, &topology.formulas()[*number as usize], rows);
                    }
                }
            }
        }
    }

    fn run_levels(&mut self, machine: &mut Machine, topology: &Arc<Topology>, levels: &[Vec<(u32, Vec<u32>)>]) {
        for (number, rows) in levels.iter().flatten() {
            let formula = &topology.formulas()[*number as usize];
            let stale: Vec<u32> =
                rows.iter().copied().filter(|row| self.input_changed(topology, formula, *row)).collect();
            self.pick(machine, topology, formula, &stale);
        }
    }

    fn input_changed(&self, topology: &Topology, formula: &Formula, row: u32) -> bool {
        formula.inputs.iter().any(|input| match *input {
            Input::Here(column) => self.has_changed(Slot { column, row }),
            Input::Along { relation, link, column } => {
                let link = &topology.relations()[relation as usize].links[link as usize];
                link.forward.of(row).iter().any(|row| self.has_changed(Slot { column, row: *row }))
            }
        })
    }

    fn sweep(&mut self, machine: &mut Machine, topology: &Topology, formula: &Formula) {
        let total = topology.rows(formula.output) as usize;
        for start in (0..total).step_by(CHUNK) {
            let count = CHUNK.min(total - start);
            machine.run(self, topology, &formula.program, Rows::Chunk { start: start as u32, count });
            self.commit(machine, formula, |at| (start + at) as u32, count);
        }
    }

    fn pick(&mut self, machine: &mut Machine, topology: &Topology, formula: &Formula, rows: &[u32]) {
        for rows in rows.chunks(CHUNK) {
            machine.run(self, topology, &formula.program, Rows::List(rows));
            self.commit(machine, formula, |at| rows[at], rows.len());
        }
    }

    fn commit(&mut self, machine: &Machine, formula: &Formula, row: impl Fn(usize) -> u32, count: usize) {
        for at in 0..count {
            self.set(Slot { column: formula.output, row: row(at) }, machine.result(at));
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
        if formula.inputs.iter().all(|input| state.changed(input.column()).is_empty()) {
            return;
        }
        self.bits.clear();
        self.bits.resize(total.div_ceil(64), 0);
        for input in &formula.inputs {
            match *input {
                Input::Here(column) => state.changed(column).iter().for_each(|row| self.add(*row)),
                Input::Along { relation, link, column } => {
                    let link = &topology.relations()[relation as usize].links[link as usize];
                    for changed in state.changed(column) {
                        link.backward.of(*changed).iter().for_each(|row| self.add(*row));
                    }
                }
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
