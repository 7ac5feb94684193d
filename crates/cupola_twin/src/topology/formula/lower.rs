//! Lowering of register instructions to steps with explicit operands. Constants and columns are read in place, without
//! copies to registers.

use super::{Instruction, Op};
use crate::expr::BinaryOp;
use crate::topology::ColumnIx;

/// The location of a value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Operand {
    /// A register.
    Register(u16),
    /// A column of the same row, by its position in [`Code::columns`].
    Column(u16),
    /// A constant for all rows; NaN is `NULL`.
    Constant(f64),
}

/// A step of a lowered program. It reads its operands and writes its result to register `to`.
#[derive(Clone, Debug)]
pub struct Step {
    /// The register of the result.
    pub to: u16,
    /// The operation.
    pub op: Op,
    /// The operands.
    pub operands: Vec<Operand>,
}

/// A lowered program.
#[derive(Clone, Debug, Default)]
pub struct Code {
    /// The steps, in order.
    pub steps: Vec<Step>,
    /// The columns of the same row that the program reads, without duplicates.
    pub columns: Vec<ColumnIx>,
    /// The location of the final result.
    pub result: Option<Operand>,
    /// Whether the program contains `NULL`.
    pub has_null: bool,
}

impl Code {
    /// Lowers instructions.
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

/// Replaces a step by a cheaper one with exactly the same result: division by a power of two is multiplication by its
/// reciprocal.
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
    /// Returns the number of operands. They are in consecutive registers that begin with the operation's own register.
    fn operands(&self) -> usize {
        match self {
            Self::Constant(_) | Self::Load(_) | Self::Now | Self::Stateful { .. } => 0,
            Self::Aggregate { .. } | Self::Quality(..) => 0,
            Self::Convert { .. } | Self::Negate | Self::Not | Self::Math(_) | Self::IsDefined => 1,
            Self::OfText(_) | Self::PartOfTime(..) => 1,
            Self::Binary(_) | Self::TextOrder(_) | Self::TextTest(_) => 2,
            Self::Least | Self::Greatest | Self::Power | Self::Coalesce | Self::PartOfTimeIn(_) => 2,
            Self::Select => 3,
            Self::Concat(kinds) => kinds.len(),
        }
    }
}
