//! Notes on the units of a query: a result that is right, but perhaps not the one that was wanted.

use super::names::Names;
use super::{Query, Select};
use crate::Diagnostic;
use crate::expr::{Expr, Node, Path, joined, ordered_as_text, ordered_paths, unitless_operands, without_unit};
use crate::topology::Topology;

/// Returns warnings about properties that have no unit beside values with one, and about names that have another unit in
/// every model. A query with errors has no notes.
pub fn notes(query: &Query, topology: &Topology) -> Vec<Diagnostic> {
    let Ok(names) = Names::new(query, topology) else { return Vec::new() };
    // The path after the alias of a twin.
    let after_alias = |path: &Path| {
        let (var, rest) = names.start(path).ok()?;
        let is_property = !names.vars[var].is_edge && !rest.is_empty();
        is_property.then(|| Path { segments: rest.to_vec() })
    };
    let unit_of = |path: &Path| topology.unit_of_path(&after_alias(path)?);
    let mut found: Vec<Diagnostic> = Vec::new();
    let mut add = |note: Diagnostic| {
        if !found.contains(&note) {
            found.push(note);
        }
    };
    let add_order = |path: &Path, add: &mut dyn FnMut(Diagnostic)| {
        if let Some(schema) = after_alias(path).and_then(|rest| topology.schema_without_order(&rest)) {
            add(ordered_as_text(&joined(&path.segments), schema));
        }
    };
    for (expr, _) in &query.order_by {
        if let Node::Path(path) = &expr.node {
            add_order(path, &mut add);
        }
    }
    for expr in exprs(query) {
        unitless_operands(expr, &unit_of, &mut |name, unit| add(without_unit(name, unit)));
        ordered_paths(expr, &mut |path| add_order(path, &mut add));
        expr.paths(&mut |path| {
            let Some(rest) = after_alias(path) else { return };
            let mut units: Vec<&str> = topology.units_of_path(&rest).flatten().map(|unit| unit.name).collect();
            let Some(first) = units.first().copied() else { return };
            units.sort_unstable();
            units.dedup();
            if units.len() > 1 {
                let name = joined(&path.segments);
                let message = format!("`{name}` has a unit of its own in each model: {}", units.join(", "));
                let help = format!("numbers of the same dimension are answered in {first}");
                add(Diagnostic::warning("several-units", message).help(help));
            }
        });
    }
    found
}

/// Returns all expressions of a query.
fn exprs(query: &Query) -> Vec<&Expr> {
    let mut found: Vec<&Expr> = query.filter.iter().chain(&query.group_by).chain(&query.having).collect();
    if let Select::Items(items) = &query.select {
        found.extend(items.iter().map(|(expr, _)| expr));
    }
    found.extend(query.order_by.iter().map(|(expr, _)| expr));
    found
}
