//! Operands whose result is right by the rules, but perhaps not the one that was wanted: a number without a unit, which is
//! taken in the unit of the value beside it, and durations, which are put in the order of their texts.

use super::{Aggregate, BinaryOp, Expr, Function, Node, Path, Stateful, joined};
use crate::diagnostic::Diagnostic;
use crate::unit::Unit;

/// The unit of a value, as far as it is written in the expression or in the models.
#[derive(Clone, Debug, PartialEq)]
enum Stated {
    /// A property without a unit.
    Missing(String),
    /// The unit of a property or literal.
    Known(&'static Unit),
}

/// Calls `see` with every property without a unit that stands beside a value with a unit, and with this unit.
/// `unit_of` returns the unit of a property (`Some(None)` if it has none), and `None` if the property is not a number.
pub(crate) fn unitless_operands(
    expr: &Expr,
    unit_of: &dyn Fn(&Path) -> Option<Option<&'static Unit>>,
    see: &mut dyn FnMut(&str, &'static Unit),
) {
    let alike: Vec<&Expr> = match &expr.node {
        Node::Binary(op, left, right) if has_one_unit(*op) => vec![left, right],
        Node::Call(Function::Min | Function::Max | Function::Clamp | Function::Coalesce, values) => {
            values.iter().collect()
        }
        Node::Case(arms, otherwise) => arms.iter().map(|(_, value)| value).chain(otherwise.as_deref()).collect(),
        _ => Vec::new(),
    };
    let found: Vec<Stated> = alike.iter().filter_map(|value| stated(value, unit_of)).collect();
    let unit = found.iter().find_map(|found| if let Stated::Known(unit) = found { Some(*unit) } else { None });
    if let Some(unit) = unit {
        for found in &found {
            if let Stated::Missing(name) = found {
                see(name, unit);
            }
        }
    }
    expr.each_child(&mut |child| unitless_operands(child, unit_of, see));
}

/// Returns whether an operator needs both operands in one unit.
fn has_one_unit(op: BinaryOp) -> bool {
    matches!(op, BinaryOp::Add | BinaryOp::Subtract | BinaryOp::Remainder) || op.is_comparison()
}

fn stated(expr: &Expr, unit_of: &dyn Fn(&Path) -> Option<Option<&'static Unit>>) -> Option<Stated> {
    match &expr.node {
        Node::Quantity(_, unit) => Some(Stated::Known(unit)),
        Node::Path(path) => match unit_of(path)? {
            Some(unit) => Some(Stated::Known(unit)),
            None => Some(Stated::Missing(joined(&path.segments))),
        },
        Node::Unary(_, inner) => stated(inner, unit_of),
        Node::Aggregate(Aggregate::Count | Aggregate::CountIf | Aggregate::Any | Aggregate::All, _) => None,
        Node::Aggregate(_, inner) => stated(inner, unit_of),
        Node::Stateful(Stateful::HeldFor | Stateful::Hysteresis | Stateful::Rate, _) => None,
        Node::Stateful(_, arguments) => stated(arguments.first()?, unit_of),
        _ => None,
    }
}

/// Calls `see` with every path whose values are put in order: operands of `<` and its kin, and arguments of `MIN` and
/// `MAX`.
pub(crate) fn ordered_paths<'e>(expr: &'e Expr, see: &mut dyn FnMut(&'e Path)) {
    let ordered: Vec<&Expr> = match &expr.node {
        Node::Binary(op, left, right) if op.is_comparison() && !matches!(op, BinaryOp::Equal | BinaryOp::NotEqual) => {
            vec![left, right]
        }
        Node::Call(Function::Min | Function::Max, values) => values.iter().collect(),
        Node::Aggregate(Aggregate::Min | Aggregate::Max, inner) => vec![inner],
        _ => Vec::new(),
    };
    for value in ordered {
        if let Node::Path(path) = &value.node {
            see(path);
        }
    }
    expr.each_child(&mut |child| ordered_paths(child, see));
}

/// Returns the warning that a property without a unit stands beside a value with one.
pub(crate) fn without_unit(property: &str, unit: &Unit) -> Diagnostic {
    let message =
        format!("`{property}` has no unit, so its number is taken in {} beside a value in that unit", unit.name);
    Diagnostic::warning("no-unit", message).help("give the property a unit in its model")
}

/// Returns the warning that values with a schema are put in the order of their texts.
pub(crate) fn ordered_as_text(property: &str, schema: &str) -> Diagnostic {
    let message = format!("`{property}` is a {schema}, whose order here is that of the text: PT9M comes after PT2H");
    Diagnostic::warning("ordered-as-text", message).help("use a number of seconds, or a dateTime")
}
