//! The interpreter of expressions, one twin at a time. Queries and ad-hoc questions use it, and tests compare the
//! compiled formulas with it.

use super::{Aggregate, BinaryOp, Expr, ExprError, Function, Node, Path, Stateful, UnaryOp, part_of_time, text_of};
use crate::unit::{Unit, conversion};
use crate::value::time_text;
use arcstr::Substr;
use serde_json::Value as Json;
use std::cmp::Ordering;
use std::sync::Arc;

/// A value during evaluation.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// No value.
    Missing,
    /// A boolean.
    Bool(bool),
    /// A number.
    Number(f64),
    /// A text.
    Text(Substr),
    /// A time, in seconds since the Unix epoch.
    Time(f64),
    /// An array or an object.
    Json(Arc<Json>),
}

/// The environment of an evaluation.
pub trait Context {
    /// Returns the value of a path outside an aggregate.
    ///
    /// # Errors
    /// The path is unknown, or cannot be evaluated to a single value.
    fn path(&self, path: &Path) -> Result<Cell, ExprError>;
    /// Returns a value for each twin that the paths in `argument` lead to (`None` where the twin lacks the property),
    /// and whether the argument is only a path to twins.
    ///
    /// # Errors
    /// The argument's paths are unknown or follow different relationships.
    fn related(&self, argument: &Expr) -> Result<(Vec<Option<Cell>>, bool), ExprError>;
    /// Returns the unit of a path's values.
    fn unit(&self, path: &Path) -> Option<&'static Unit>;
    /// Returns the current time, in seconds since the Unix epoch, or `None` if unknown.
    fn now(&self) -> Option<f64>;
    /// Returns whether a twin is of a model.
    ///
    /// # Errors
    /// The model is unknown.
    fn is_of_model(&self, alias: Option<&str>, model: &str, exact: bool, expr: &Expr) -> Result<bool, ExprError>;
}

/// Evaluates `expr`. Operands of incompatible types give a missing value, as in the Azure Digital Twins query service.
///
/// # Errors
/// An error of the context, or a call of a stateful function.
pub fn evaluate(expr: &Expr, context: &dyn Context) -> Result<Cell, ExprError> {
    Ok(match &expr.node {
        Node::Number(number) | Node::Quantity(number, _) => Cell::Number(*number),
        Node::Text(text) => Cell::Text(text.as_str().into()),
        Node::Bool(flag) => Cell::Bool(*flag),
        Node::Null => Cell::Missing,
        Node::Path(path) => context.path(path)?,
        Node::Unary(UnaryOp::Not, inner) => match evaluate(inner, context)? {
            Cell::Bool(flag) => Cell::Bool(!flag),
            _ => Cell::Missing,
        },
        Node::Unary(UnaryOp::Negate, inner) => number(evaluate(inner, context)?, |x| -x),
        Node::Binary(op, left, right) => {
            let unit = [left, right].into_iter().find_map(|side| match &side.node {
                Node::Quantity(_, unit) => Some(*unit),
                _ => None,
            });
            let side = |side: &Expr| Ok(in_unit(evaluate(side, context)?, side, unit, context));
            binary(*op, side(left)?, side(right)?)
        }
        Node::Call(Function::Now, _) => context.now().map_or(Cell::Missing, Cell::Time),
        Node::Stateful(function, _) => return Err(remembers(*function, expr)),
        Node::Call(function, arguments) => {
            let cells: Result<Vec<Cell>, ExprError> =
                arguments.iter().map(|argument| evaluate(argument, context)).collect();
            call(*function, &cells?)
        }
        Node::Aggregate(aggregate, inner) => {
            let (cells, only_twins) = context.related(inner)?;
            aggregate_of(*aggregate, &cells, only_twins)
        }
        Node::Case(arms, otherwise) => {
            for (condition, value) in arms {
                match evaluate(condition, context)? {
                    Cell::Bool(true) => return evaluate(value, context),
                    Cell::Bool(false) => {}
                    _ => return Ok(Cell::Missing),
                }
            }
            match otherwise {
                Some(value) => evaluate(value, context)?,
                None => Cell::Missing,
            }
        }
        Node::IsOfModel { alias, model, exact } => {
            Cell::Bool(context.is_of_model(alias.as_deref(), model, *exact, expr)?)
        }
    })
}

/// Returns the error for a stateful function in an evaluation at a single time.
pub(crate) fn remembers(function: Stateful, expr: &Expr) -> ExprError {
    let message = format!("{} needs earlier values, which only computed properties and alarms have", function.name());
    let help = "define a computed property with it, and use that property";
    ExprError::new(expr.span.clone(), "remembers", message).help(help)
}

/// Converts the value of a property to the unit of the quantity that it is combined with.
fn in_unit(cell: Cell, expr: &Expr, wanted: Option<&'static Unit>, context: &dyn Context) -> Cell {
    let own = match &expr.node {
        Node::Path(path) if wanted.is_some() => context.unit(path),
        _ => None,
    };
    match (own.zip(wanted), &cell) {
        (Some((own, wanted)), Cell::Number(value)) => match conversion(own, wanted) {
            Some((scale, offset)) => Cell::Number(crate::unit::tidy(value * scale + offset)),
            None => Cell::Missing,
        },
        _ => cell,
    }
}

/// Converts an element of a JSON array or object to a value.
pub(crate) fn of_json(json: &Json) -> Cell {
    match json {
        Json::Null => Cell::Missing,
        Json::Bool(flag) => Cell::Bool(*flag),
        Json::Number(number) => number.as_f64().map_or(Cell::Missing, Cell::Number),
        Json::String(text) => Cell::Text(text.as_str().into()),
        list => Cell::Json(Arc::new(list.clone())),
    }
}

fn number(cell: Cell, apply: impl Fn(f64) -> f64) -> Cell {
    match cell {
        Cell::Number(value) => finite(apply(value)),
        _ => Cell::Missing,
    }
}

fn finite(value: f64) -> Cell {
    if value.is_finite() { Cell::Number(value) } else { Cell::Missing }
}

/// Compares two values. Returns `None` if they are not comparable.
pub(crate) fn compare(left: &Cell, right: &Cell) -> Option<Ordering> {
    match (left, right) {
        (Cell::Number(a), Cell::Number(b)) | (Cell::Time(a), Cell::Time(b)) => a.partial_cmp(b),
        (Cell::Text(a), Cell::Text(b)) => Some(a.cmp(b)),
        (Cell::Bool(a), Cell::Bool(b)) => Some(a.cmp(b)),
        (Cell::Time(a), Cell::Text(b)) => a.partial_cmp(&time(b)?),
        (Cell::Text(a), Cell::Time(b)) => time(a)?.partial_cmp(b),
        (Cell::Json(a), Cell::Json(b)) if a == b => Some(Ordering::Equal),
        _ => None,
    }
}

fn time(text: &str) -> Option<f64> {
    let midnight = || text.parse::<jiff::civil::Date>().ok()?.to_zoned(jiff::tz::TimeZone::UTC).ok();
    let time = text.parse::<jiff::Timestamp>().ok().or_else(|| midnight().map(|day| day.timestamp()))?;
    Some(time.as_microsecond() as f64 / 1e6)
}

pub(crate) fn binary(op: BinaryOp, left: Cell, right: Cell) -> Cell {
    match op {
        BinaryOp::And => match (left, right) {
            (Cell::Bool(false), _) | (_, Cell::Bool(false)) => Cell::Bool(false),
            (Cell::Bool(true), Cell::Bool(true)) => Cell::Bool(true),
            _ => Cell::Missing,
        },
        BinaryOp::Or => match (left, right) {
            (Cell::Bool(true), _) | (_, Cell::Bool(true)) => Cell::Bool(true),
            (Cell::Bool(false), Cell::Bool(false)) => Cell::Bool(false),
            _ => Cell::Missing,
        },
        op if op.is_comparison() => match compare(&left, &right) {
            None => Cell::Missing,
            Some(order) => Cell::Bool(match op {
                BinaryOp::Equal => order.is_eq(),
                BinaryOp::NotEqual => order.is_ne(),
                BinaryOp::Less => order.is_lt(),
                BinaryOp::LessOrEqual => order.is_le(),
                BinaryOp::Greater => order.is_gt(),
                _ => order.is_ge(),
            }),
        },
        op => match (left, right) {
            (Cell::Number(a), Cell::Number(b)) => finite(match op {
                BinaryOp::Add => a + b,
                BinaryOp::Subtract => a - b,
                BinaryOp::Multiply => a * b,
                BinaryOp::Divide => a / b,
                _ => a % b,
            }),
            (Cell::Time(a), Cell::Number(b)) if op == BinaryOp::Add => Cell::Time(a + b),
            (Cell::Time(a), Cell::Number(b)) if op == BinaryOp::Subtract => Cell::Time(a - b),
            (Cell::Time(a), Cell::Time(b)) if op == BinaryOp::Subtract => Cell::Number(a - b),
            _ => Cell::Missing,
        },
    }
}

pub(crate) fn call(function: Function, cells: &[Cell]) -> Cell {
    let first = cells.first().cloned().unwrap_or(Cell::Missing);
    let numbers = || {
        cells.iter().map(|cell| match cell {
            Cell::Number(value) => Some(*value),
            _ => None,
        })
    };
    let text = |cell: &Cell| match cell {
        Cell::Text(text) => Some(text.clone()),
        Cell::Time(seconds) => Some(time_text((seconds * 1e6).round() as i64).into()),
        _ => None,
    };
    let texts = || match cells {
        [a, b] => text(a).zip(text(b)),
        _ => None,
    };
    match function {
        Function::Abs => number(first, f64::abs),
        Function::Sqrt => number(first, f64::sqrt),
        Function::Exp => number(first, f64::exp),
        Function::Ln => number(first, f64::ln),
        Function::Log10 => number(first, f64::log10),
        Function::Floor => number(first, f64::floor),
        Function::Ceil => number(first, f64::ceil),
        Function::Round => number(first, f64::round),
        Function::Power => match numbers().collect::<Option<Vec<_>>>().as_deref() {
            Some([a, b]) => finite(a.powf(*b)),
            _ => Cell::Missing,
        },
        Function::Min => numbers()
            .collect::<Option<Vec<_>>>()
            .map_or(Cell::Missing, |all| finite(all.into_iter().fold(f64::INFINITY, f64::min))),
        Function::Max => numbers()
            .collect::<Option<Vec<_>>>()
            .map_or(Cell::Missing, |all| finite(all.into_iter().fold(f64::NEG_INFINITY, f64::max))),
        Function::Clamp => match numbers().collect::<Option<Vec<_>>>().as_deref() {
            Some([x, least, most]) => finite(x.max(*least).min(*most)),
            _ => Cell::Missing,
        },
        Function::Coalesce => cells.iter().find(|cell| **cell != Cell::Missing).cloned().unwrap_or(Cell::Missing),
        Function::Concat => {
            let written: Option<String> = cells.iter().map(written).collect();
            written.map_or(Cell::Missing, |text| Cell::Text(text.into()))
        }
        Function::Upper | Function::Lower => {
            text(&first).map_or(Cell::Missing, |text| Cell::Text(text_of(function, &text).into()))
        }
        Function::Length => text(&first).map_or(Cell::Missing, |text| Cell::Number(text.chars().count() as f64)),
        Function::Year | Function::Month | Function::Day | Function::Weekday | Function::Hour | Function::Minute => {
            let moment = match &first {
                Cell::Time(seconds) => Some(*seconds),
                Cell::Text(text) => time(text),
                _ => None,
            };
            moment.and_then(|moment| part_of_time(function, moment)).map_or(Cell::Missing, Cell::Number)
        }
        // Only the context has the current time; `evaluate` handles the call.
        Function::Now => Cell::Missing,
        Function::IsDefined => Cell::Bool(first != Cell::Missing),
        Function::IsPrimitive => Cell::Bool(!matches!(first, Cell::Missing | Cell::Json(_))),
        Function::IsNull => Cell::Bool(first == Cell::Missing),
        Function::IsBool => Cell::Bool(matches!(first, Cell::Bool(_))),
        Function::IsNumber => Cell::Bool(matches!(first, Cell::Number(_))),
        Function::IsString => Cell::Bool(matches!(first, Cell::Text(_) | Cell::Time(_))),
        Function::IsObject => Cell::Bool(matches!(&first, Cell::Json(json) if json.is_object())),
        Function::ArrayContains => match cells {
            [Cell::Json(list), item] => match list.as_array() {
                Some(items) => {
                    Cell::Bool(items.iter().any(|known| compare(&of_json(known), item) == Some(Ordering::Equal)))
                }
                None => Cell::Missing,
            },
            _ => Cell::Missing,
        },
        Function::StartsWith => texts().map_or(Cell::Missing, |(a, b)| Cell::Bool(a.starts_with(&*b))),
        Function::EndsWith => texts().map_or(Cell::Missing, |(a, b)| Cell::Bool(a.ends_with(&*b))),
        Function::Contains => texts().map_or(Cell::Missing, |(a, b)| Cell::Bool(a.contains(&*b))),
    }
}

/// Formats a value as `CONCAT` writes it.
fn written(cell: &Cell) -> Option<String> {
    match cell {
        Cell::Missing => None,
        Cell::Bool(flag) => Some(flag.to_string()),
        Cell::Number(number) => Some(number.to_string()),
        Cell::Text(text) => Some(text.to_string()),
        Cell::Time(seconds) => Some(time_text((seconds * 1e6).round() as i64)),
        Cell::Json(json) => Some(json.to_string()),
    }
}

pub(crate) fn aggregate_of(aggregate: Aggregate, cells: &[Option<Cell>], only_twins: bool) -> Cell {
    if only_twins {
        return if aggregate == Aggregate::Count { Cell::Number(cells.len() as f64) } else { Cell::Missing };
    }
    let has = || cells.iter().flatten();
    let numbers: Vec<f64> = has()
        .filter_map(|cell| match cell {
            Cell::Number(value) | Cell::Time(value) => Some(*value),
            _ => None,
        })
        .collect();
    let time = has().any(|cell| matches!(cell, Cell::Time(_)));
    let wrap = |value: f64| if time { Cell::Time(value) } else { Cell::Number(value) };
    let unknown = has().any(|cell| *cell == Cell::Missing);
    let holding = has().filter(|cell| **cell == Cell::Bool(true)).count();
    let failing = has().filter(|cell| **cell == Cell::Bool(false)).count();
    match aggregate {
        Aggregate::CountIf => Cell::Number(holding as f64),
        Aggregate::Count if holding + failing > 0 => Cell::Number(holding as f64),
        Aggregate::Count => Cell::Number(has().filter(|cell| **cell != Cell::Missing).count() as f64),
        Aggregate::Any if holding > 0 => Cell::Bool(true),
        Aggregate::All if failing > 0 => Cell::Bool(false),
        Aggregate::Any | Aggregate::All if unknown => Cell::Missing,
        Aggregate::Any => Cell::Bool(false),
        Aggregate::All => Cell::Bool(true),
        Aggregate::Only => has().next().cloned().unwrap_or(Cell::Missing),
        _ if numbers.is_empty() => Cell::Missing,
        Aggregate::Avg => Cell::Number(numbers.iter().sum::<f64>() / numbers.len() as f64),
        Aggregate::Sum => Cell::Number(numbers.iter().sum()),
        Aggregate::Min => wrap(numbers.iter().copied().fold(f64::INFINITY, f64::min)),
        Aggregate::Max => wrap(numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max)),
    }
}
