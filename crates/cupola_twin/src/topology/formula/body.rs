//! Type checking and compilation of an expression to instructions for the rows of one table.

use super::{Compiler, Input, Instruction, Op, Program, Type};
use crate::diagnostic::Place;
use crate::expr::{
    Aggregate, BinaryOp, Change, Expr, ExprError, Function, Measure, Node, Path, SAME, Segment, Stateful, UnaryOp,
    joined,
};
use crate::topology::{ColumnIx, TableIx, Topology};
use crate::unit::converted;
use crate::value::{Kind, Quality, Value, encode};
use crate::zone;
use std::sync::Arc;

/// A formula during compilation for one table.
pub(super) struct Body<'c, 't> {
    pub(super) compiler: &'c mut Compiler<'t>,
    pub(super) table: TableIx,
    pub(super) origin: Origin,
    pub(super) program: Program,
    pub(super) inputs: Vec<Input>,
    /// Whether the result depends on time.
    pub(super) timed: bool,
}

/// The text and place of a formula, for diagnostics about its parts.
pub(super) struct Origin {
    pub(super) text: Arc<str>,
    pub(super) place: Option<Place>,
}

pub(super) type Compiled = Result<Type, ExprError>;

impl Body<'_, '_> {
    pub(super) fn emit(&mut self, at: u16, op: Op) {
        self.program.registers = self.program.registers.max(at + 1);
        self.program.instructions.push(Instruction { at, op });
    }

    pub(super) fn topology(&self) -> &Topology {
        self.compiler.topology
    }

    /// Checks that the result fits the output column and converts its unit.
    pub(super) fn fit(&mut self, expr: &Expr, found: Type, output: ColumnIx, untyped: bool) -> Result<(), ExprError> {
        let column = &mut self.compiler.topology.columns[output.0 as usize];
        let name = column.name.clone();
        if untyped {
            column.kind = found.kind.unwrap_or(Kind::Number);
        }
        let (kind, unit, is_hidden) = (column.kind, column.unit, column.hidden);
        let fits = found.kind.is_none_or(|found| found == kind || (found.is_numeric() && kind.is_numeric()));
        if !fits {
            let message = format!("this is a {}, but `{name}` is a {}", found.word(), kind.word());
            return Err(ExprError::new(expr.span.clone(), "wrong-type", message));
        }
        let mismatch = |why| ExprError::of_units(expr.span.clone(), why);
        let change = match unit {
            Some(unit) => found.measure.to_unit(unit).map_err(mismatch)?,
            None if is_hidden => {
                // Another formula goes on with the value, so its measure stays as it is.
                let (change, measure) = found.measure.decided();
                self.compiler.measures.insert(output, measure.forgotten());
                change
            }
            None if untyped => {
                let (change, measure) = found.measure.settled().map_err(mismatch)?;
                self.compiler.topology.columns[output.0 as usize].unit = measure.unit();
                change
            }
            None => found.measure.decided().0,
        };
        self.convert(0, change);
        Ok(())
    }

    /// Converts register `at`.
    fn convert(&mut self, at: u16, change: Change) {
        if change == SAME {
            return;
        }
        let (scale, offset) = change;
        // A constant is converted once, and not for every row.
        match self.program.instructions.last_mut() {
            Some(Instruction { at: known, op: Op::Constant(number) }) if *known == at => {
                *number = converted(*number, scale, offset);
            }
            _ => self.emit(at, Op::Convert { scale, offset }),
        }
    }

    pub(super) fn expr(&mut self, expr: &Expr, at: u16) -> Compiled {
        match &expr.node {
            Node::Number(number) => {
                self.emit(at, Op::Constant(*number));
                Ok(Type::number(Measure::Plain(Some(*number))))
            }
            Node::Quantity(number, unit) => {
                self.emit(at, Op::Constant(*number));
                Ok(Type::number(Measure::of_literal(unit)))
            }
            Node::Text(text) => {
                let lane = f64::from(self.topology().texts.pin(text));
                self.emit(at, Op::Constant(lane));
                Ok(Type::plain(Kind::Text))
            }
            Node::Bool(flag) => {
                self.emit(at, Op::Constant(f64::from(u8::from(*flag))));
                Ok(Type::plain(Kind::Bool))
            }
            Node::Null => {
                self.emit(at, Op::Constant(f64::NAN));
                Ok(Type::OPEN)
            }
            Node::Path(path) => self.path(expr, path, at),
            Node::Unary(UnaryOp::Negate, inner) => {
                let found = self.number(inner, at)?;
                self.emit(at, Op::Negate);
                Ok(Type { measure: found.measure.negated(), ..found })
            }
            Node::Unary(UnaryOp::Not, inner) => {
                self.bool(inner, at)?;
                self.emit(at, Op::Not);
                Ok(Type::plain(Kind::Bool))
            }
            Node::Binary(op, left, right) => self.binary(*op, left, right, at),
            Node::Call(function, arguments) => self.call(expr, *function, arguments, at),
            Node::Aggregate(aggregate, inner) => self.aggregate(expr, *aggregate, inner, at),
            Node::Stateful(function, arguments) => self.stateful(expr, *function, arguments, at),
            Node::Case(arms, otherwise) => self.case(arms, otherwise.as_deref(), at),
            Node::IsOfModel { model, exact, .. } => {
                let models = &self.topology().models;
                let wanted = ExprError::of_model(models, model, &expr.span)?;
                let holds = wanted.has(models, self.topology().table(self.table).model, *exact);
                self.emit(at, Op::Constant(f64::from(u8::from(holds))));
                Ok(Type::plain(Kind::Bool))
            }
        }
    }

    fn number(&mut self, expr: &Expr, at: u16) -> Compiled {
        self.of_kind(expr, at, Kind::Number)
    }

    pub(super) fn bool(&mut self, expr: &Expr, at: u16) -> Compiled {
        self.of_kind(expr, at, Kind::Bool)
    }

    fn of_kind(&mut self, expr: &Expr, at: u16, wanted: Kind) -> Compiled {
        let found = self.expr(expr, at)?;
        let fits = found.kind.is_none_or(|kind| kind == wanted || (kind.is_numeric() && wanted.is_numeric()));
        if !fits {
            let message = format!("a {} is needed here, but this is a {}", wanted.word(), found.word());
            return Err(ExprError::new(expr.span.clone(), "wrong-type", message));
        }
        Ok(found)
    }

    /// Compiles `right` into `at`, and brings it and the operand in `at - 1` to one measure.
    fn alike(&mut self, left: Type, right: &Expr, at: u16) -> Compiled {
        let text_as_time = match (&right.node, left.kind) {
            (Node::Text(text), Some(Kind::Time)) => Some(text),
            _ => None,
        };
        if let Some(text) = text_as_time {
            let lane = encode(&Value::Text(text.clone()), Kind::Time, &self.topology().texts);
            let lane = lane.map_err(|why| ExprError::new(right.span.clone(), "wrong-type", why.to_string()))?;
            self.emit(at, Op::Constant(lane));
            return Ok(left);
        }
        let found = self.expr(right, at)?;
        self.check_alike(left, found, right)?;
        let combination = Measure::alike(left.measure, found.measure);
        let combination = combination.map_err(|why| ExprError::of_units(right.span.clone(), why))?;
        self.convert(at, combination.right);
        self.convert(at - 1, combination.left);
        Ok(Type { kind: left.kind.or(found.kind), measure: combination.result })
    }

    /// Checks that two values have kinds that go together.
    fn check_alike(&self, left: Type, found: Type, right: &Expr) -> Result<(), ExprError> {
        let fits = match (left.kind, found.kind) {
            (Some(left), Some(right)) => left == right || (left.is_numeric() && right.is_numeric()),
            _ => true,
        };
        if fits {
            return Ok(());
        }
        let message = format!("a {} and a {} can't be combined", left.word(), found.word());
        Err(ExprError::new(right.span.clone(), "wrong-type", message))
    }

    fn binary(&mut self, op: BinaryOp, left: &Expr, right: &Expr, at: u16) -> Compiled {
        match op {
            BinaryOp::And | BinaryOp::Or => {
                self.bool(left, at)?;
                self.bool(right, at + 1)?;
                self.emit(at, Op::Binary(op));
                Ok(Type::plain(Kind::Bool))
            }
            BinaryOp::Add | BinaryOp::Subtract | BinaryOp::Multiply | BinaryOp::Divide | BinaryOp::Remainder => {
                let first = self.expr(left, at)?;
                let second = self.expr(right, at + 1)?;
                let is_sum = matches!(op, BinaryOp::Add | BinaryOp::Subtract);
                let is_time = |found: Type| is_sum && found.kind == Some(Kind::Time);
                let has_time = is_time(first) || is_time(second);
                for (side, found) in [(left, first), (right, second)] {
                    if !is_time(found) {
                        self.check_number(side, found)?;
                    }
                }
                let span = left.span.start..right.span.end;
                let combination = Measure::combine(op, first.measure, second.measure);
                let combination = combination.map_err(|why| ExprError::of_units(span.clone(), why))?;
                if has_time && combination.result == Measure::Time && op == BinaryOp::Subtract && is_time(second) {
                    let message = "a time can only be taken from a time";
                    return Err(ExprError::new(span, "wrong-type", message));
                }
                self.convert(at + 1, combination.right);
                self.convert(at, combination.left);
                self.emit(at, Op::Binary(op));
                let kind = if combination.result == Measure::Time { Kind::Time } else { Kind::Number };
                Ok(Type { kind: Some(kind), measure: combination.result })
            }
            _ => {
                let first = self.expr(left, at)?;
                let found = self.alike(first, right, at + 1)?;
                let order = !matches!(op, BinaryOp::Equal | BinaryOp::NotEqual);
                let op = if order && found.kind == Some(Kind::Text) { Op::TextOrder(op) } else { Op::Binary(op) };
                self.emit(at, op);
                Ok(Type::plain(Kind::Bool))
            }
        }
    }

    fn check_number(&self, expr: &Expr, found: Type) -> Result<(), ExprError> {
        if found.kind.is_none_or(Kind::is_numeric) {
            return Ok(());
        }
        let message = format!("a number is needed here, but this is a {}", found.word());
        Err(ExprError::new(expr.span.clone(), "wrong-type", message))
    }

    /// Compiles a stateful function. It reads a column, so a computed argument gets a hidden column.
    fn stateful(&mut self, expr: &Expr, function: Stateful, arguments: &[Expr], at: u16) -> Compiled {
        let Some((value, settings)) = arguments.split_first() else {
            return Err(ExprError::new(expr.span.clone(), "arguments", function.usage()));
        };
        let own = match &value.node {
            Node::Path(path) => self.topology().table(self.table).column(&joined(&path.segments)),
            _ => None,
        };
        let column = own.unwrap_or_else(|| self.compiler.hidden(self.table, value, &self.origin));
        let found = self.compiler.column_type(column);
        let wanted = match function {
            Stateful::HeldFor => Some(Kind::Bool),
            Stateful::Lag => found.kind,
            _ => Some(Kind::Number),
        };
        let fits = match (found.kind, wanted) {
            (Some(found), Some(wanted)) => found == wanted || (found.is_numeric() && wanted.is_numeric()),
            _ => true,
        };
        if !fits {
            let wanted = wanted.map_or("value", Kind::word);
            let message = format!("{} needs a {wanted}, but this is a {}", function.name(), found.word());
            return Err(ExprError::new(value.span.clone(), "wrong-type", message));
        }
        let mut numbers = [0.0; 2];
        for (number, setting) in numbers.iter_mut().zip(settings) {
            *number = match &setting.node {
                Node::Quantity(number, unit) if function == Stateful::Hysteresis => {
                    let combination = Measure::alike(found.measure, Measure::of_literal(unit));
                    let combination = combination.map_err(|why| ExprError::of_units(setting.span.clone(), why))?;
                    let (scale, offset) = combination.right;
                    converted(*number, scale, offset)
                }
                Node::Number(number) | Node::Quantity(number, _) => *number,
                _ => f64::NAN,
            };
        }
        if function == Stateful::Hysteresis && numbers[0] == numbers[1] {
            let help = "use two different bounds, or compare with >=";
            let message = "the two bounds of HYSTERESIS are the same";
            return Err(ExprError::new(expr.span.clone(), "wrong-type", message).help(help));
        }
        self.inputs.push(Input::Here(column));
        let memory = self.compiler.memory(self.table, expr);
        let has_duration = !settings.is_empty();
        self.emit(at, Op::Stateful { function, column, memory, settings: numbers });
        self.timed |= match function {
            Stateful::Rate | Stateful::Delta | Stateful::Lag => has_duration,
            Stateful::Hysteresis => false,
            _ => true,
        };
        Ok(match function {
            Stateful::Lag => found,
            Stateful::HeldFor => Type::number(Measure::seconds()),
            Stateful::Hysteresis => Type::plain(Kind::Bool),
            Stateful::Rate => Type::plain(Kind::Number),
            Stateful::Delta => Type::number(found.measure.changed()),
            _ => Type::number(found.measure),
        })
    }

    fn call(&mut self, expr: &Expr, function: Function, arguments: &[Expr], at: u16) -> Compiled {
        if function == Function::Now {
            self.timed = true;
            self.emit(at, Op::Now);
            return Ok(Type::plain(Kind::Time));
        }
        let Some((first, rest)) = arguments.split_first() else {
            return Err(ExprError::new(expr.span.clone(), "arguments", format!("{} takes arguments", function.name())));
        };
        match function {
            Function::Abs | Function::Floor | Function::Ceil | Function::Round => {
                let found = self.number(first, at)?;
                let (change, measure) = found.measure.decided();
                self.convert(at, change);
                self.emit(at, Op::Math(function));
                Ok(Type { measure: measure.forgotten(), ..found })
            }
            Function::Sqrt | Function::Exp | Function::Ln | Function::Log10 => {
                self.number(first, at)?;
                self.emit(at, Op::Math(function));
                Ok(Type::plain(Kind::Number))
            }
            Function::Power => {
                self.number(first, at)?;
                self.number(&rest[0], at + 1)?;
                self.emit(at, Op::Power);
                Ok(Type::plain(Kind::Number))
            }
            Function::Min | Function::Max | Function::Clamp => {
                let mut found = self.number(first, at)?;
                for (position, argument) in rest.iter().enumerate() {
                    found = self.alike(found, argument, at + 1)?;
                    self.check_number(argument, found)?;
                    let least = function == Function::Min || (function == Function::Clamp && position == 1);
                    self.emit(at, if least { Op::Least } else { Op::Greatest });
                }
                Ok(found)
            }
            Function::Coalesce => {
                let mut found = self.expr(first, at)?;
                for argument in rest {
                    found = self.alike(found, argument, at + 1)?;
                    self.emit(at, Op::Coalesce);
                }
                Ok(found)
            }
            Function::IsDefined | Function::IsNull | Function::IsPrimitive => {
                self.expr(first, at)?;
                self.emit(at, Op::IsDefined);
                if function == Function::IsNull {
                    self.emit(at, Op::Not);
                }
                Ok(Type::plain(Kind::Bool))
            }
            Function::IsBool | Function::IsNumber | Function::IsString | Function::IsObject => {
                let found = self.expr(first, at)?;
                let holds = match function {
                    Function::IsBool => found.kind == Some(Kind::Bool),
                    Function::IsNumber => found.kind.is_some_and(Kind::is_numeric),
                    Function::IsString => matches!(found.kind, Some(Kind::Text | Kind::Time)),
                    _ => false,
                };
                if holds {
                    self.emit(at, Op::IsDefined);
                } else {
                    self.emit(at, Op::Constant(0.0));
                }
                Ok(Type::plain(Kind::Bool))
            }
            Function::Concat => {
                let mut kinds = Vec::with_capacity(arguments.len());
                for (position, argument) in arguments.iter().enumerate() {
                    kinds.push(self.expr(argument, at + position as u16)?.kind);
                }
                self.emit(at, Op::Concat(kinds));
                Ok(Type::plain(Kind::Text))
            }
            Function::Upper | Function::Lower | Function::Length => {
                self.of_kind(first, at, Kind::Text)?;
                self.emit(at, Op::OfText(function));
                Ok(Type::plain(if function == Function::Length { Kind::Integer } else { Kind::Text }))
            }
            Function::Year
            | Function::Month
            | Function::Day
            | Function::Weekday
            | Function::Hour
            | Function::Minute => {
                self.of_kind(first, at, Kind::Time)?;
                match rest {
                    [] => self.emit(at, Op::PartOfTime(function, None)),
                    // The parser has checked the name.
                    [Expr { node: Node::Text(name), .. }, ..] => {
                        self.emit(at, Op::PartOfTime(function, zone::find(name)));
                    }
                    [zone, ..] => {
                        self.of_kind(zone, at + 1, Kind::Text)?;
                        self.emit(at, Op::PartOfTimeIn(function));
                    }
                }
                Ok(Type::plain(Kind::Integer))
            }
            // `NOW` has no argument and is handled above.
            Function::Now => Ok(Type::plain(Kind::Time)),
            Function::ArrayContains => {
                let message = "ARRAY_CONTAINS works only in queries";
                Err(ExprError::new(expr.span.clone(), "unknown-function", message))
            }
            Function::StartsWith | Function::EndsWith | Function::Contains => {
                self.of_kind(first, at, Kind::Text)?;
                self.of_kind(&rest[0], at + 1, Kind::Text)?;
                self.emit(at, Op::TextTest(function));
                Ok(Type::plain(Kind::Bool))
            }
        }
    }

    fn case(&mut self, arms: &[(Expr, Expr)], otherwise: Option<&Expr>, at: u16) -> Compiled {
        let Some(((condition, value), rest)) = arms.split_first() else {
            return match otherwise {
                Some(otherwise) => self.expr(otherwise, at),
                None => {
                    self.emit(at, Op::Constant(f64::NAN));
                    Ok(Type::OPEN)
                }
            };
        };
        self.bool(condition, at)?;
        let found = self.expr(value, at + 1)?;
        let other = self.case(rest, otherwise, at + 2)?;
        let fits = match (found.kind, other.kind) {
            (Some(left), Some(right)) => left == right || (left.is_numeric() && right.is_numeric()),
            _ => true,
        };
        if !fits {
            let message = format!("one branch is a {}, another branch is a {}", found.word(), other.word());
            return Err(ExprError::new(value.span.clone(), "wrong-type", message));
        }
        let combination = Measure::alike(found.measure, other.measure);
        let combination = combination.map_err(|why| ExprError::of_units(value.span.clone(), why))?;
        self.convert(at + 2, combination.right);
        if combination.left != SAME {
            // The last instruction wrote the other branch, so this is never a constant that could be converted.
            let (scale, offset) = combination.left;
            self.emit(at + 1, Op::Convert { scale, offset });
        }
        self.emit(at, Op::Select);
        Ok(Type { kind: found.kind.or(other.kind), measure: combination.result.forgotten() })
    }

    /// Compiles a path outside an aggregate: a property of the row, or the value of the single related twin.
    fn path(&mut self, expr: &Expr, path: &Path, at: u16) -> Compiled {
        let name = joined(&path.segments);
        if let Some(column) = self.topology().table(self.table).column(&name) {
            let found = self.compiler.column_type(column);
            self.inputs.push(Input::Here(column));
            self.emit(at, Op::Load(column));
            return Ok(found);
        }
        if let ["$metadata", property @ .., "quality"] =
            path.segments.iter().map(|segment| segment.name.as_str()).collect::<Vec<_>>().as_slice()
            && let Some(column) = self.topology().table(self.table).column(&property.join("."))
        {
            let words = [0, 1, 2, 3].map(|byte| self.topology().texts.pin(Quality::from_byte(byte).word()));
            self.inputs.push(Input::Here(column));
            self.emit(at, Op::Quality(column, words.map(f64::from)));
            return Ok(Type::plain(Kind::Text));
        }
        if path.segments.len() == 1 && !path.segments[0].is_step() {
            return Err(self.unknown_property(&path.segments[0], self.table));
        }
        self.aggregate(expr, Aggregate::Only, expr, at)
    }

    pub(super) fn unknown_property(&self, segment: &Segment, table: TableIx) -> ExprError {
        let topology = self.topology();
        let table = topology.table(table);
        let model = topology.models.get(table.model);
        let message = format!("`{}` is not a property of {}", segment.name, model.display_name);
        let unknown = ExprError::new(segment.span.clone(), "unknown-property", message);
        let relationship = model.relationships.iter().find(|known| *known.name == *segment.name);
        if relationship.is_some() {
            return unknown
                .help(format!("`{0}` is a relationship: write COUNT({0}) or AVG({0}.PROPERTY)", segment.name));
        }
        unknown.did_you_mean(&segment.name, topology.property_names(table))
    }
}
