//! The interpreter of expressions, one twin at a time. Queries and ad-hoc questions use it, and tests compare the
//! compiled formulas with it.

use super::{
    Aggregate, BinaryOp, Change, Expr, ExprError, Function, Measure, Mismatch, Node, Path, SAME, Stateful, UnaryOp,
    part_of_time, text_of,
};
use crate::unit::{self, Unit};
use crate::value::time_text;
use crate::zone::{self, TimeZone};
use arcstr::Substr;
use serde_json::Value as Json;
use std::cmp::Ordering;
use std::ops::Range;
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
    /// Returns a value with its measure for each twin that the paths in `argument` lead to (`None` where the twin lacks
    /// the property), and whether the argument is only a path to twins.
    ///
    /// # Errors
    /// The argument's paths are unknown or follow different relationships.
    fn related(&self, argument: &Expr) -> Result<(Vec<Option<(Cell, Measure)>>, bool), ExprError>;
    /// Returns the unit of a path's values.
    fn unit(&self, path: &Path) -> Option<&'static Unit>;
    /// Returns the current time, in seconds since the Unix epoch, or `None` if unknown.
    fn now(&self) -> Option<f64>;
    /// Returns the time zone of the building.
    fn zone(&self) -> &TimeZone;
    /// Returns whether a twin is of a model.
    ///
    /// # Errors
    /// The model is unknown.
    fn is_of_model(&self, alias: Option<&str>, model: &str, exact: bool, expr: &Expr) -> Result<bool, ExprError>;
}

/// Evaluates `expr`. Operands of incompatible types give a missing value, as in the Azure Digital Twins query service.
///
/// # Errors
/// An error of the context, units that don't fit together, or a call of a stateful function.
pub fn evaluate(expr: &Expr, context: &dyn Context) -> Result<Cell, ExprError> {
    let (cell, measure) = measured(expr, context)?;
    measure.settled().map_err(|why| ExprError::of_units(expr.span.clone(), why))?;
    Ok(converted(cell, measure.decided().0))
}

/// Evaluates an expression like [`evaluate`], and returns the unit of its number. A difference of temperatures is in
/// kelvin.
///
/// # Errors
/// The errors of [`evaluate`].
pub fn evaluate_in_unit(expr: &Expr, context: &dyn Context) -> Result<(Cell, Option<&'static Unit>), ExprError> {
    let (cell, measure) = measured(expr, context)?;
    let (change, measure) = measure.settled().map_err(|why| ExprError::of_units(expr.span.clone(), why))?;
    Ok((converted(cell, change), measure.unit()))
}

/// Evaluates an expression with the measure of its value.
///
/// # Errors
/// The errors of [`evaluate`].
pub(crate) fn measured(expr: &Expr, context: &dyn Context) -> Result<(Cell, Measure), ExprError> {
    Ok(match &expr.node {
        Node::Number(number) => (Cell::Number(*number), Measure::Plain(Some(*number))),
        Node::Quantity(number, unit) => (Cell::Number(*number), Measure::of_literal(unit)),
        Node::Text(text) => (Cell::Text(text.as_str().into()), Measure::Open),
        Node::Bool(flag) => (Cell::Bool(*flag), Measure::Open),
        Node::Null => (Cell::Missing, Measure::Open),
        Node::Path(path) => {
            let cell = context.path(path)?;
            let measure = match (&cell, context.unit(path)) {
                (Cell::Number(_), unit) => Measure::of_unit(unit),
                (Cell::Missing, Some(unit)) => Measure::of_unit(Some(unit)),
                (Cell::Time(_), _) => Measure::Time,
                _ => Measure::Open,
            };
            (cell, measure)
        }
        Node::Unary(UnaryOp::Not, inner) => match measured(inner, context)?.0 {
            Cell::Bool(flag) => (Cell::Bool(!flag), Measure::Open),
            _ => (Cell::Missing, Measure::Open),
        },
        Node::Unary(UnaryOp::Negate, inner) => {
            let (cell, measure) = measured(inner, context)?;
            (number(cell, |x| -x), measure.negated())
        }
        Node::Binary(op, left, right) => {
            let (one, other) = (measured(left, context)?, measured(right, context)?);
            let combination = Measure::combine(*op, one.1, other.1);
            let combination = combination.map_err(|why| ExprError::of_units(expr.span.clone(), why))?;
            let (one, other) = (converted(one.0, combination.left), converted(other.0, combination.right));
            (binary(*op, one, other, context.zone()), combination.result)
        }
        Node::Call(Function::Now, _) => (context.now().map_or(Cell::Missing, Cell::Time), Measure::Time),
        Node::Stateful(function, _) => return Err(remembers(*function, expr)),
        Node::Call(function, arguments) => {
            let mut cells = Vec::with_capacity(arguments.len());
            for argument in arguments {
                cells.push((measured(argument, context)?, argument));
            }
            called(*function, cells, context.zone())?
        }
        Node::Aggregate(aggregate, inner) => {
            let (cells, only_twins) = context.related(inner)?;
            let brought = brought_alike(cells).map_err(|why| ExprError::of_units(inner.span.clone(), why));
            let (cells, measure) = brought?;
            (aggregate_of(*aggregate, &cells, only_twins), aggregate.measure(measure))
        }
        Node::Case(arms, otherwise) => case(arms, otherwise.as_deref(), context)?,
        Node::IsOfModel { alias, model, exact } => {
            (Cell::Bool(context.is_of_model(alias.as_deref(), model, *exact, expr)?), Measure::Open)
        }
    })
}

/// Returns a number converted; other values stay.
fn converted(cell: Cell, (scale, offset): Change) -> Cell {
    match cell {
        Cell::Number(number) if (scale, offset) != SAME => Cell::Number(unit::converted(number, scale, offset)),
        other => other,
    }
}

fn called(
    function: Function,
    cells: Vec<((Cell, Measure), &Expr)>,
    zone: &TimeZone,
) -> Result<(Cell, Measure), ExprError> {
    match function {
        function if function.chooses() => {
            let place = cells.last().map(|(_, expr)| expr.span.clone()).unwrap_or_default();
            let values = cells.into_iter().map(|(cell, _)| Some(cell)).collect();
            let (cells, measure) = brought_alike(values).map_err(|why| ExprError::of_units(place, why))?;
            let cells: Vec<Cell> = cells.into_iter().flatten().collect();
            Ok((call(function, &cells, zone), measure))
        }
        _ => {
            let measure = cells.first().map_or(Measure::Open, |((_, measure), _)| measure.decided().1.forgotten());
            let cells: Vec<Cell> =
                cells.into_iter().map(|((cell, measure), _)| converted(cell, measure.decided().0)).collect();
            Ok((call(function, &cells, zone), if function.keeps_measure() { measure } else { function.measure() }))
        }
    }
}

/// Evaluates the arms of a case. The units of all arms have to fit together, whichever is chosen.
fn case(arms: &[(Expr, Expr)], otherwise: Option<&Expr>, context: &dyn Context) -> Result<(Cell, Measure), ExprError> {
    let mut values = Vec::with_capacity(arms.len() + 1);
    let mut chosen = None;
    let mut is_missing = false;
    for (condition, value) in arms {
        if chosen.is_none() && !is_missing {
            match measured(condition, context)?.0 {
                Cell::Bool(true) => chosen = Some(values.len()),
                Cell::Bool(false) => {}
                _ => is_missing = true,
            }
        }
        values.push(Some(measured(value, context)?));
    }
    if let Some(otherwise) = otherwise {
        chosen = chosen.or((!is_missing).then_some(values.len()));
        values.push(Some(measured(otherwise, context)?));
    }
    let place = arms.first().map(|(_, value)| value.span.clone()).unwrap_or_default();
    let (mut cells, measure) = brought_alike(values).map_err(|why| ExprError::of_units(place, why))?;
    let cell = chosen.and_then(|chosen| cells.get_mut(chosen)?.take()).unwrap_or(Cell::Missing);
    Ok((cell, measure.forgotten()))
}

/// Brings values to one measure.
fn brought_alike(cells: Vec<Option<(Cell, Measure)>>) -> Result<(Vec<Option<Cell>>, Measure), Mismatch> {
    let measures = cells.iter().flatten().map(|(_, measure)| *measure);
    let (changes, measure) = Measure::alike_all(measures).map_err(|(_, why)| why)?;
    let mut changes = changes.into_iter();
    let mut brought = |(cell, _): (Cell, Measure)| converted(cell, changes.next().unwrap_or(SAME));
    Ok((cells.into_iter().map(|value| value.map(&mut brought)).collect(), measure))
}

/// Returns the error for a stateful function in an evaluation at a single time.
pub(crate) fn remembers(function: Stateful, expr: &Expr) -> ExprError {
    let message = format!("{} needs earlier values, which only computed properties and alarms have", function.name());
    let help = "define a computed property with it, and use that property";
    ExprError::new(expr.span.clone(), "remembers", message).help(help)
}

impl ExprError {
    /// Returns the error that an aggregate of integers can't be exact.
    pub(crate) fn inexact(span: &Range<usize>, aggregate: Aggregate) -> Self {
        let message = format!("{} is of integers beyond 2^53, so it would be rounded", aggregate.name());
        let help = "divide the values if rounding is no problem: SUM(T.count / 1000)";
        Self::new(span.clone(), "inexact", message).help(help)
    }
}

/// Converts an element of a JSON array or object to a value.
pub(crate) fn of_json(json: &Json) -> Cell {
    match json {
        Json::Null => Cell::Missing,
        Json::Bool(flag) => Cell::Bool(*flag),
        // A whole number that a double can't hold is answered as it is, and never rounded.
        json if whole_number(json).is_some_and(|whole| whole as f64 as i128 != whole) => {
            Cell::Json(Arc::new(json.clone()))
        }
        Json::Number(number) => number.as_f64().map_or(Cell::Missing, Cell::Number),
        Json::String(text) => Cell::Text(text.as_str().into()),
        list => Cell::Json(Arc::new(list.clone())),
    }
}

/// Returns the value of a JSON integer.
pub(crate) fn whole_number(json: &Json) -> Option<i128> {
    json.as_i64().map(i128::from).or(json.as_u64().map(i128::from))
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

/// Compares two values. A time is compared with a text that says a time. Returns `None` if they are not comparable.
pub(crate) fn compare(left: &Cell, right: &Cell, zone: &TimeZone) -> Option<Ordering> {
    match (left, right) {
        (Cell::Time(a), Cell::Text(b)) => a.partial_cmp(&time(b, zone)?),
        (Cell::Text(a), Cell::Time(b)) => time(a, zone)?.partial_cmp(b),
        _ => compare_alike(left, right),
    }
}

/// Compares two values of one kind. Returns `None` if they are of different kinds.
pub(crate) fn compare_alike(left: &Cell, right: &Cell) -> Option<Ordering> {
    match (left, right) {
        (Cell::Number(a), Cell::Number(b)) | (Cell::Time(a), Cell::Time(b)) => a.partial_cmp(b),
        (Cell::Text(a), Cell::Text(b)) => Some(a.cmp(b)),
        (Cell::Bool(a), Cell::Bool(b)) => Some(a.cmp(b)),
        (Cell::Json(a), Cell::Json(b)) if a == b => Some(Ordering::Equal),
        _ => large_number(left)?.partial_cmp(&large_number(right)?),
    }
}

/// Returns a number of which at least one may be beyond the exact integers of a double, for a comparison.
fn large_number(cell: &Cell) -> Option<i128> {
    match cell {
        // A fraction is irrelevant beside a number beyond 2^53.
        Cell::Number(number) => Some(*number as i128),
        Cell::Json(json) => whole_number(json),
        _ => None,
    }
}

/// Returns the time that a text says, in seconds since the Unix epoch. A time without a zone, and the start of a date,
/// are local.
pub(crate) fn time(text: &str, zone: &TimeZone) -> Option<f64> {
    let time_us = zone::time_of_text(text).or_else(|| zone::time_of_local(text, zone))?;
    Some(time_us as f64 / 1e6)
}

pub(crate) fn binary(op: BinaryOp, left: Cell, right: Cell, zone: &TimeZone) -> Cell {
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
        op if op.is_comparison() => match compare(&left, &right, zone) {
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
            (Cell::Time(a), Cell::Number(b)) | (Cell::Number(b), Cell::Time(a)) if op == BinaryOp::Add => {
                Cell::Time(a + b)
            }
            (Cell::Time(a), Cell::Number(b)) if op == BinaryOp::Subtract => Cell::Time(a - b),
            (Cell::Time(a), Cell::Time(b)) if op == BinaryOp::Subtract => Cell::Number(a - b),
            _ => Cell::Missing,
        },
    }
}

pub(crate) fn call(function: Function, cells: &[Cell], zone: &TimeZone) -> Cell {
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
            let written: Option<String> = cells.iter().map(|cell| written(cell, zone)).collect();
            written.map_or(Cell::Missing, |text| Cell::Text(text.into()))
        }
        Function::Upper | Function::Lower => {
            text(&first).map_or(Cell::Missing, |text| Cell::Text(text_of(function, &text).into()))
        }
        Function::Length => text(&first).map_or(Cell::Missing, |text| Cell::Number(text.chars().count() as f64)),
        Function::Year | Function::Month | Function::Day | Function::Weekday | Function::Hour | Function::Minute => {
            let moment = match &first {
                Cell::Time(seconds) => Some(*seconds),
                Cell::Text(text) => time(text, zone),
                _ => None,
            };
            let named = cells.get(1).map(|cell| text(cell).and_then(|name| zone::find(&name)));
            let part = match named {
                None => moment.and_then(|moment| part_of_time(function, moment, zone)),
                Some(named) => moment.zip(named).and_then(|(moment, zone)| part_of_time(function, moment, &zone)),
            };
            part.map_or(Cell::Missing, Cell::Number)
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
                    Cell::Bool(items.iter().any(|known| compare(&of_json(known), item, zone) == Some(Ordering::Equal)))
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

/// Formats a value as `CONCAT` writes it. A time is local, with its difference to UTC.
fn written(cell: &Cell, zone: &TimeZone) -> Option<String> {
    match cell {
        Cell::Missing => None,
        Cell::Bool(flag) => Some(flag.to_string()),
        Cell::Number(number) => Some((number + 0.0).to_string()),
        Cell::Text(text) => Some(text.to_string()),
        Cell::Time(seconds) => Some(zone::local_text((seconds * 1e6).round() as i64, zone)),
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
