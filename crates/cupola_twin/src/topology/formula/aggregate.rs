//! Compilation of aggregates along relationships.

use super::body::{Body, Compiled};
use super::{Input, Op, Type};
use crate::expr::{Aggregate, Expr, ExprError, Measure, Node, Path, Segment, joined};
use crate::topology::{TableIx, TwinIx};
use crate::value::Kind;

/// An aggregate's argument: the steps shared by all its paths, and the value at their end.
struct Split {
    steps: Vec<Segment>,
    value: Option<Expr>,
}

impl Body<'_, '_> {
    pub(super) fn aggregate(&mut self, expr: &Expr, aggregate: Aggregate, inner: &Expr, at: u16) -> Compiled {
        let split = self.split(inner)?;
        let Some(relation) = self.compiler.topology.relation_along(&split.steps) else {
            // The models have the relationship but no twin does, so there are no related twins.
            return self.over_nothing(aggregate, at);
        };
        if aggregate == Aggregate::Only {
            self.check_single(expr, relation, &split.steps)?;
        }
        let mut parts = Vec::new();
        let mut found: Option<Type> = None;
        for link in 0..self.topology().relations()[relation as usize].links.len() {
            let (src, dst) = {
                let link = &self.topology().relations()[relation as usize].links[link];
                (link.src, link.dst)
            };
            if src != self.table {
                continue;
            }
            let Some(value) = &split.value else {
                parts.push((link as u32, None, 1.0, 0.0));
                continue;
            };
            let column = match &value.node {
                Node::Path(path) if !path.segments.iter().any(Segment::is_step) => {
                    self.topology().table(dst).column(&joined(&path.segments))
                }
                _ if self.has_all(dst, value) => Some(self.compiler.hidden(dst, value, &self.origin)),
                _ => None,
            };
            // A related twin whose model lacks the property does not contribute.
            let Some(column) = column else { continue };
            let this = self.compiler.column_type(column);
            let (scale, offset) = self.agree(inner, found, this)?;
            found = Some(found.unwrap_or(this));
            self.inputs.push(Input::Along { relation, link: link as u32, column });
            parts.push((link as u32, Some(column), scale, offset));
        }
        if let (Some(value), true) = (&split.value, parts.is_empty()) {
            self.check_somewhere(value)?;
        }
        let counts_condition =
            aggregate == Aggregate::Count && found.is_some_and(|found| found.kind == Some(Kind::Bool));
        let aggregate = if counts_condition { Aggregate::CountIf } else { aggregate };
        let result = self.result(expr, aggregate, split.value.is_some(), found)?;
        self.emit(at, Op::Aggregate { aggregate, relation, parts });
        Ok(result)
    }

    fn over_nothing(&mut self, aggregate: Aggregate, at: u16) -> Compiled {
        let (lane, kind) = match aggregate {
            Aggregate::Count => (0.0, Kind::Integer),
            Aggregate::Any => (0.0, Kind::Bool),
            Aggregate::All => (1.0, Kind::Bool),
            _ => {
                self.emit(at, Op::Constant(f64::NAN));
                return Ok(Type::OPEN);
            }
        };
        self.emit(at, Op::Constant(lane));
        Ok(Type::plain(kind))
    }

    fn result(&self, expr: &Expr, aggregate: Aggregate, has_value: bool, found: Option<Type>) -> Compiled {
        let wrong = |wanted: &str, found: Type| {
            let message = format!("{} needs a {wanted}, but this is a {}", aggregate.name(), found.word());
            Err(ExprError::new(expr.span.clone(), "wrong-type", message))
        };
        if !has_value && aggregate != Aggregate::Count {
            let help = "add a property at the end of the path";
            let message = format!("{} needs a value, but this path ends at twins", aggregate.name());
            return Err(ExprError::new(expr.span.clone(), "wrong-type", message).help(help));
        }
        match (aggregate, found) {
            (Aggregate::Count | Aggregate::CountIf, _) => Ok(Type::plain(Kind::Integer)),
            (Aggregate::Any | Aggregate::All, Some(found)) if found.kind.is_some_and(|kind| kind != Kind::Bool) => {
                wrong("condition", found)
            }
            (Aggregate::Any | Aggregate::All, _) => Ok(Type::plain(Kind::Bool)),
            (_, None) => Ok(Type::OPEN),
            (Aggregate::Only, Some(found)) => Ok(found),
            (Aggregate::Avg, Some(found)) if found.kind.is_none_or(Kind::is_numeric) => Ok(Type::number(found.measure)),
            (Aggregate::Min | Aggregate::Max, Some(found)) if found.kind == Some(Kind::Time) => Ok(found),
            (Aggregate::Sum, Some(found)) if found.kind.is_none_or(Kind::is_numeric) => {
                Ok(Type { kind: found.kind.or(Some(Kind::Number)), measure: found.measure.summed() })
            }
            (_, Some(found)) if found.kind.is_none_or(Kind::is_numeric) => Ok(found),
            (_, Some(found)) => wrong("number", found),
        }
    }

    /// Returns the unit conversion from `this` to the unit that was found in another table.
    fn agree(&self, expr: &Expr, found: Option<Type>, this: Type) -> Result<(f64, f64), ExprError> {
        let Some(found) = found else { return Ok((1.0, 0.0)) };
        let same_kind = match (found.kind, this.kind) {
            (Some(a), Some(b)) => a == b || (a.is_numeric() && b.is_numeric()),
            _ => true,
        };
        let mismatch = |help| {
            let message = "the values of the related twins differ in kind or dimension";
            let error = ExprError::new(expr.span.clone(), "wrong-unit", message);
            ExprError { help, ..error }
        };
        if !same_kind {
            return Err(mismatch(None));
        }
        let combination = Measure::alike(found.measure, this.measure).map_err(|why| mismatch(Some(why.message)))?;
        Ok(combination.right)
    }

    fn check_single(&self, expr: &Expr, relation: u32, steps: &[Segment]) -> Result<(), ExprError> {
        let topology = self.topology();
        let links: Vec<_> =
            topology.relations()[relation as usize].links.iter().filter(|link| link.src == self.table).collect();
        let rows = topology.table(self.table).rows;
        let several = (0..rows).find(|row| links.iter().map(|link| link.forward.of(*row).len()).sum::<usize>() > 1);
        match several {
            None => Ok(()),
            Some(row) => {
                let base = topology.table(self.table).base;
                let twin = topology.twin_id(TwinIx(base + row));
                let message = format!("`{}` leads from `{twin}` to several twins", joined(steps));
                Err(ExprError::new(expr.span.clone(), "several", message).help("aggregate: AVG(…), MAX(…), SUM(…), …"))
            }
        }
    }

    /// Returns whether a table has every property that `value` names.
    fn has_all(&self, table: TableIx, value: &Expr) -> bool {
        let mut all = true;
        let topology = self.topology();
        value.paths(&mut |path| {
            let own = topology.table(table).column(&joined(&path.segments)).is_some();
            all &= own || path.segments.len() > 1 || path.segments[0].is_step();
        });
        all
    }

    /// Checks that a property which no related twin has exists in some model at least.
    fn check_somewhere(&self, value: &Expr) -> Result<(), ExprError> {
        let topology = self.topology();
        let mut error = None;
        value.paths(&mut |path| {
            let name = joined(&path.segments);
            let in_tables = topology.tables().iter().any(|table| table.column(&name).is_some());
            let in_models = topology.models.iter().any(|(_, model)| model.property(&name).is_some());
            if error.is_none() && path.segments.len() == 1 && !in_tables && !in_models {
                let segment = &path.segments[0];
                let message = format!("no related twin has a property `{name}`");
                let names = topology.tables().iter().flat_map(|table| topology.property_names(table));
                error =
                    Some(ExprError::new(segment.span.clone(), "unknown-property", message).did_you_mean(&name, names));
            }
        });
        error.map_or(Ok(()), Err)
    }

    /// Splits an aggregate's argument into the steps shared by all its paths and the value at their end.
    fn split(&self, inner: &Expr) -> Result<Split, ExprError> {
        let mut paths = Vec::new();
        inner.paths(&mut |path| paths.push(path));
        let Some(first) = paths.first() else {
            let help = "follow a relationship: AVG(contains.temperature)";
            return Err(ExprError::new(inner.span.clone(), "no-relationship", "no relationship to follow").help(help));
        };
        let steps = self.steps_of(first)?;
        for path in &paths {
            let other = self.steps_of(path)?;
            if joined(&other) != joined(&steps) {
                let message = format!("`{}` and `{}` follow different relationships", joined(&steps), joined(&other));
                let help = "all paths in one aggregate must follow the same relationships";
                return Err(ExprError::new(inner.span.clone(), "several-paths", message).help(help));
            }
        }
        let count = steps.len();
        if matches!(&inner.node, Node::Path(path) if path.segments.len() == count) {
            return Ok(Split { steps, value: None });
        }
        let value = inner.clone().map_paths(&mut |path| Path { segments: path.segments[count..].to_vec() });
        let mut whole = true;
        value.paths(&mut |path| whole &= !path.segments.is_empty());
        if !whole {
            let message = "a condition needs a property at the end of each path";
            return Err(ExprError::new(inner.span.clone(), "wrong-type", message));
        }
        Ok(Split { steps, value: Some(value) })
    }

    /// Returns the leading segments of a path that are relationships.
    fn steps_of(&self, path: &Path) -> Result<Vec<Segment>, ExprError> {
        let topology = self.topology();
        let count = topology.leading_steps(path);
        let unknown_step = path.segments.get(count).filter(|segment| segment.is_step());
        if count > 0 && unknown_step.is_none() {
            return Ok(path.segments[..count].to_vec());
        }
        let segment = &path.segments[count.min(path.segments.len() - 1)];
        let message = format!("`{}` is not a relationship", segment.name);
        let names = topology.models.iter().flat_map(|(_, model)| model.relationships.iter().map(|known| &*known.name));
        Err(ExprError::new(segment.span.clone(), "unknown-relationship", message).did_you_mean(&segment.name, names))
    }
}
