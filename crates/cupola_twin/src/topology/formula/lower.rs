//! From a stack of registers to instructions that say where their operands are: constants and columns are read where they are
//! needed, and nothing is copied to be computed with.

use super::{Instruction, Op};
use crate::expr::BinaryOp;
use crate::topology::ColumnIx;

/// Where a value is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Operand {
    /// In a register.
    Register(u16),
    /// In a column of the same row, by its position in the code's columns.
    Column(u16),
    /// It is the same for all rows; NaN is `NULL`.
    Constant(f64),
}

/// One step: reads its operands, leaves its result in register `to`.
#[derive(Clone, Debug)]
pub struct Step {
    /// The register of the result.
    pub to: u16,
    /// What to do.
    pub op: Op,
    /// What with.
    pub operands: Vec<Operand>,
}

/// A program as it runs.
#[derive(Clone, Debug, Default)]
pub struct Code {
    /// In order.
    pub steps: Vec<Step>,
    /// The columns of the same row that it reads, each once.
    pub columns: Vec<ColumnIx>,
    /// Where the result is in the end.
    pub result: Option<Operand>,
    /// Whether it has a `NULL` anywhere.
    pub has_null: bool,
}

impl Code {
    /// The same program as these instructions.
    pub(super) fn new(instructions: &[Instruction], registers: u16) -> Self {
        let mut code = Self::default();
        let mut values: Vec<Operand> = (0..registers).map(Operand::Register).collect();
        for Instruction { at, op } in instructions {
            let first = usize::from(*at);
            let value = match op {
                Op::Constant(lane) => {
                    code.has_null |= lane.is_nan();
                    Operand::Constant(*lane)
                }
                Op::Load(column) => {
                    let known = code.columns.iter().position(|known| known == column);
                    let position = known.unwrap_or_else(|| {
                        code.columns.push(*column);
                        code.columns.len() - 1
                    });
                    Operand::Column(position as u16)
                }
                op => {
                    let operands = values[first..first + op.operands()].to_vec();
                    code.steps.push(cheaper(Step { to: *at, op: op.clone(), operands }));
                    Operand::Register(*at)
                }
            };
            values[first] = value;
        }
        code.result = values.first().copied();
        code
    }
}

/// The same step, where another operation gives exactly the same for less: dividing by a power of two is multiplying by another one.
fn cheaper(step: Step) -> Step {
    if let (Op::Binary(BinaryOp::Divide), [first, Operand::Constant(by)]) = (&step.op, step.operands.as_slice()) {
        let turned = 1.0 / by;
        let is_power_of_two = by.to_bits() << 12 == 0 && by.is_normal() && turned.is_normal();
        if is_power_of_two {
            let operands = vec![*first, Operand::Constant(turned)];
            return Step { op: Op::Binary(BinaryOp::Multiply), operands, ..step };
        }
    }
    step
}

impl Op {
    /// How many registers it reads, from its own on.
    fn operands(&self) -> usize {
        match self {
            Self::Constant(_) | Self::Load(_) | Self::Now | Self::Stateful { .. } => 0,
            Self::Aggregate { .. } | Self::Quality(..) => 0,
            Self::Convert { .. } | Self::Negate | Self::Not | Self::Math(_) | Self::IsDefined => 1,
            Self::OfText(_) | Self::PartOfTime(_) => 1,
            Self::Binary(_) | Self::TextOrder(_) | Self::TextTest(_) => 2,
            Self::Least | Self::Greatest | Self::Power | Self::Coalesce => 2,
            Self::Select => 3,
            Self::Concat(kinds) => kinds.len(),
        }
    }
}
