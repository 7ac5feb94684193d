//! Readings that arrive late: they never replace a newer value, and enter the memory of stateful functions at their own
//! time.

use super::machine::{Machine, Rows};
use crate::state::{Memories, State};
use crate::topology::{ColumnIx, Formula, Input, Op, Slot};
use crate::value::Sample;

impl State {
    /// Puts a reading that is older than the value of its slot into the memory of stateful functions: of the property
    /// itself, and of expressions of it, such as `temperature > 26`, whose other inputs have not changed since. The value
    /// stays.
    pub fn observe_late(&mut self, slot: Slot, sample: Sample) {
        let topology = self.topology().clone();
        self.remember_late(slot, sample);
        let reads = |formula: &&Formula| {
            let is_here = |input: &Input| matches!(input, Input::Here(_));
            !formula.timed
                && !formula.remembers()
                && formula.inputs.iter().all(is_here)
                && formula.inputs.iter().any(|input| input.column() == slot.column)
        };
        for formula in topology.formulas().iter().filter(reads) {
            let is_remembered = topology.formulas().iter().any(|known| remembers(known, formula.output));
            if is_remembered && let Some(result) = self.result_at(formula, slot, sample) {
                self.remember_late(Slot { column: formula.output, row: slot.row }, result);
            }
        }
    }

    /// Returns the result of a formula in the past, when the slot had another sample. Returns `None` if another input has
    /// changed since then.
    fn result_at(&mut self, formula: &Formula, slot: Slot, sample: Sample) -> Option<Sample> {
        let of_row = |input: &Input| Slot { column: input.column(), row: slot.row };
        let mut others = formula.inputs.iter().map(of_row).filter(|other| *other != slot);
        if others.any(|other| self.get(other).time_us > sample.time_us) {
            return None;
        }
        let topology = self.topology().clone();
        let now = self.get(slot);
        self.put(slot, sample);
        let mut machine = Machine::default();
        // The formula calls no stateful function, so it needs no memory.
        machine.run(self, &mut Memories::default(), &topology, &formula.program, Rows::List(&[slot.row]));
        self.put(slot, now);
        Some(Sample { time_us: sample.time_us, ..machine.result(0) })
    }

    /// Puts a late sample of a column into the memory of the functions that are called with the column.
    fn remember_late(&mut self, slot: Slot, sample: Sample) {
        let topology = self.topology().clone();
        let instructions = topology.formulas().iter().flat_map(|formula| &formula.program.instructions);
        let mut has_changed = false;
        for instruction in instructions {
            if let Op::Stateful { column, memory, .. } = instruction.op
                && column == slot.column
            {
                has_changed |= self.memories.of(memory, slot.row).insert(sample.usable(), sample.time_us);
            }
        }
        if has_changed {
            self.mark(slot);
        }
    }
}

/// Returns whether a formula calls a stateful function with a column.
fn remembers(formula: &Formula, wanted: ColumnIx) -> bool {
    let is_it = |op: &Op| matches!(op, Op::Stateful { column, .. } if *column == wanted);
    formula.program.instructions.iter().any(|instruction| is_it(&instruction.op))
}
