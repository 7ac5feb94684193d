//! The conditions that functions remember for longer than any window: since when [`Stateful::HeldFor`] holds, and the
//! position of [`Stateful::Hysteresis`].

use super::State;
use super::memory::Memory;
use crate::expr::Stateful;
use crate::topology::{MemorySite, Op, Topology, TwinIx};

/// A condition that a call of a function remembers for a twin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConditionSlot {
    /// The number of the call in [`Topology::memories`].
    pub call: u32,
    /// The row in the table of the call.
    pub row: u32,
}

impl Topology {
    /// Returns the numbers of the calls that remember conditions, in order.
    pub fn condition_calls(&self) -> Vec<u32> {
        let instructions = self.formulas().iter().flat_map(|formula| &formula.program.instructions);
        let mut calls: Vec<u32> = instructions
            .filter_map(|instruction| match instruction.op {
                Op::Stateful { function: Stateful::HeldFor | Stateful::Hysteresis, memory, .. } => Some(memory),
                _ => None,
            })
            .collect();
        calls.sort_unstable();
        calls.dedup();
        calls
    }

    /// Returns the twin of a condition.
    pub fn twin_of_condition(&self, slot: ConditionSlot) -> TwinIx {
        let MemorySite { table, .. } = self.memories()[slot.call as usize];
        TwinIx(self.table(table).base + slot.row)
    }
}

impl State {
    /// Returns the conditions that a call remembers: the row and, for a duration, the moment since which the condition
    /// holds, in microseconds since the Unix epoch; for a switch, whether it is on (1) or off (0).
    pub fn conditions(&self, call: u32) -> impl Iterator<Item = (u32, f64)> + '_ {
        self.memories.each(call as usize).filter_map(|(row, memory)| Some((row, memory.condition()?)))
    }

    /// Makes a call remember a condition, as [`State::conditions`] returns it.
    pub fn remember(&mut self, slot: ConditionSlot, lane: f64) {
        let topology = self.topology().clone();
        let function =
            topology.formulas().iter().flat_map(|formula| &formula.program.instructions).find_map(|instruction| {
                match instruction.op {
                    Op::Stateful { function, memory, .. } if memory == slot.call => Some(function),
                    _ => None,
                }
            });
        if let Some(memory) = function.and_then(|function| Memory::of_condition(function, lane)) {
            *self.memories.of(slot.call, slot.row) = memory;
        }
    }
}
