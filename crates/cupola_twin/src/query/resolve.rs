//! Name resolution and checks of the expressions in a query.

use super::names::{Names, VarIx};
use super::scalar::{Columns, Scalar};
use super::shortest::Roads;
use crate::expr::{
    Aggregate, BinaryOp, Cell, Expr, ExprError, Function, Node, Path, Segment, UnaryOp, joined, remembers,
};
use crate::state::State;
use crate::topology::{Topology, Walk};
use crate::unit::{Unit, conversion, tidy};
use crate::value::Kind;
use std::collections::BTreeSet;
use std::ops::Range;

/// The resolver of expressions.
pub(super) struct Resolver<'r> {
    pub names: &'r Names,
    pub state: &'r State,
    /// The keys and aggregates of groups, if rows are grouped.
    pub groups: Option<&'r mut Groups>,
    /// Whether paths start at the twin itself, as at the end of a path along relationships.
    pub is_inner: bool,
}

/// The values computed for each group.
#[derive(Debug, Default)]
pub(super) struct Groups {
    /// The key expressions.
    pub keys: Vec<Expr>,
    /// Variables that determine the group, so that all their properties have one value in a group.
    pub whole: Vec<VarIx>,
    /// The aggregates, each with its argument.
    pub aggregates: Vec<(Aggregate, Scalar)>,
}

type Resolved = Result<Scalar, ExprError>;

impl Resolver<'_> {
    fn topology(&self) -> &Topology {
        self.state.topology()
    }

    /// Resolves an expression.
    pub fn expr(&mut self, expr: &Expr) -> Resolved {
        if let Some(groups) = &self.groups
            && let Some(key) = groups.keys.iter().position(|key| key.says_same(expr))
        {
            return Ok(Scalar::Result(key));
        }
        Ok(match &expr.node {
            Node::Number(number) | Node::Quantity(number, _) => Scalar::Constant(Cell::Number(*number)),
            Node::Text(text) => Scalar::Constant(Cell::Text(text.as_str().into())),
            Node::Bool(flag) => Scalar::Constant(Cell::Bool(*flag)),
            Node::Null => Scalar::Constant(Cell::Missing),
            Node::Path(path) => self.path(path, None)?,
            Node::Unary(op, inner) => Scalar::Unary(*op, Box::new(self.expr(inner)?)),
            Node::Binary(op, left, right) => self.binary(*op, left, right)?,
            Node::Call(Function::Now, _) => Scalar::Constant(self.state.now_s().map_or(Cell::Missing, Cell::Time)),
            Node::Call(function, arguments) => Scalar::Call(*function, self.all(arguments)?),
            Node::Stateful(function, _) => return Err(remembers(*function, expr)),
            Node::Aggregate(aggregate, inner) => self.aggregate(*aggregate, inner, expr, None)?,
            Node::Case(arms, otherwise) => {
                let mut resolved = Vec::with_capacity(arms.len());
                for (condition, value) in arms {
                    resolved.push((self.expr(condition)?, self.expr(value)?));
                }
                let otherwise = otherwise.as_ref().map(|value| self.expr(value)).transpose()?;
                Scalar::Case(resolved, otherwise.map(Box::new))
            }
            Node::IsOfModel { alias, model, exact } => {
                let var = if self.is_inner && alias.is_none() {
                    0
                } else {
                    self.names.of_model(alias.as_deref(), &expr.span)?
                };
                self.check_grouped(var, &expr.span)?;
                Scalar::OfTables(var, tables_of(self.topology(), model, *exact, &expr.span)?)
            }
        })
    }

    fn all(&mut self, exprs: &[Expr]) -> Result<Vec<Scalar>, ExprError> {
        exprs.iter().map(|expr| self.expr(expr)).collect()
    }

    /// Resolves a binary operation. A quantity determines the unit of the other operand; otherwise the first of two
    /// properties does.
    fn binary(&mut self, op: BinaryOp, left: &Expr, right: &Expr) -> Resolved {
        let unit = [left, right].into_iter().find_map(|side| match &side.node {
            Node::Quantity(_, unit) => Some(*unit),
            _ => None,
        });
        let goes_by_unit = op.is_comparison() || matches!(op, BinaryOp::Add | BinaryOp::Subtract);
        let unit = unit.or_else(|| match (&left.node, &right.node) {
            (Node::Path(path), Node::Path(_)) if goes_by_unit => self.unit_of(path),
            _ => None,
        });
        let (left, right) = match unit {
            Some(unit) => (self.in_unit(left, unit)?, self.in_unit(right, unit)?),
            None => (self.expr(left)?, self.expr(right)?),
        };
        Ok(Scalar::Binary(op, Box::new(left), Box::new(right)))
    }

    /// Returns the unit of a property, if all its columns have units of one dimension.
    fn unit_of(&self, path: &Path) -> Option<&'static Unit> {
        let (_, rest) = self.start(path).ok()?;
        let name = joined(&rest[self.steps(rest)..]);
        let columns = self.topology().columns().iter().filter(|column| *column.name == *name);
        let units: Vec<&'static Unit> = columns.filter_map(|column| column.unit).collect();
        units.first().copied().filter(|first| units.iter().all(|unit| unit.dimension == first.dimension))
    }

    fn in_unit(&mut self, expr: &Expr, unit: &'static Unit) -> Resolved {
        match &expr.node {
            Node::Path(path) => self.path(path, Some(unit)),
            Node::Quantity(number, own) => {
                let (scale, offset) = conversion(own, unit).ok_or_else(|| {
                    let message = format!("{} can't be converted to {}", own.name, unit.name);
                    ExprError::new(expr.span.clone(), "wrong-unit", message)
                })?;
                Ok(Scalar::Constant(Cell::Number(tidy(number * scale + offset))))
            }
            Node::Unary(UnaryOp::Negate, inner) => {
                Ok(Scalar::Unary(UnaryOp::Negate, Box::new(self.in_unit(inner, unit)?)))
            }
            Node::Binary(op @ (BinaryOp::Add | BinaryOp::Subtract), left, right) => {
                let (left, right) = (self.in_unit(left, unit)?, self.in_unit(right, unit)?);
                Ok(Scalar::Binary(*op, Box::new(left), Box::new(right)))
            }
            Node::Aggregate(aggregate @ (Aggregate::Avg | Aggregate::Min | Aggregate::Max), inner) => {
                self.aggregate(*aggregate, inner, expr, Some(unit))
            }
            _ => {
                let mut known = None;
                expr.paths(&mut |path| known = known.or_else(|| self.unit_of(path)));
                match known {
                    Some(own) if own.name != unit.name => {
                        let message = format!("this value is in {} and can't be compared with {}", own.name, unit.name);
                        let help = format!("compare it with a number in {}, without a unit", own.name);
                        Err(ExprError::new(expr.span.clone(), "wrong-unit", message).help(help))
                    }
                    _ => self.expr(expr),
                }
            }
        }
    }

    fn start<'p>(&self, path: &'p Path) -> Result<(VarIx, &'p [Segment]), ExprError> {
        if self.is_inner { Ok((0, &path.segments)) } else { self.names.start(path) }
    }

    fn path(&mut self, path: &Path, unit: Option<&'static Unit>) -> Resolved {
        let (var, rest) = self.start(path)?;
        let span = span_of(path);
        self.check_grouped(var, &span)?;
        if !self.is_inner && self.names.vars[var].is_edge {
            return self.of_relationship(var, rest);
        }
        if rest.is_empty() {
            return Ok(Scalar::Id(var));
        }
        if let Some(found) = self.property(var, rest, unit, &span)? {
            return Ok(found);
        }
        // A path along relationships without an aggregate is the value of the single related twin.
        let steps = self.steps(rest);
        if steps == 0 || steps == rest.len() {
            return Err(self.unknown_property(rest));
        }
        let walk = Walk::new(self.topology(), &rest[..steps]);
        let inner = Expr { node: Node::Path(Path { segments: rest[steps..].to_vec() }), span: span.clone() };
        let (inner, needs) = self.inner(&inner, unit)?;
        Ok(Scalar::Along { var, walk, aggregate: Aggregate::Only, inner: Some(Box::new(inner)), needs, span })
    }

    /// Checks that a variable has one value in a group.
    fn check_grouped(&self, var: VarIx, span: &Range<usize>) -> Result<(), ExprError> {
        match &self.groups {
            Some(groups) if !self.is_inner && !groups.whole.contains(&var) => {
                let message = "this value may differ within a group";
                let help = "add it to GROUP BY, or use AVG(…), MIN(…), MAX(…), SUM(…) or COUNT(…)";
                Err(ExprError::new(span.clone(), "not-grouped", message).help(help))
            }
            _ => Ok(()),
        }
    }

    fn steps(&self, rest: &[Segment]) -> usize {
        self.topology().leading_steps(&Path { segments: rest.to_vec() })
    }

    fn check_relationship_property(&self, segment: &Segment) -> Result<(), ExprError> {
        const OWN: [&str; 5] = ["$relationshipId", "$relationshipName", "$sourceId", "$targetId", "$etag"];
        let topology = self.topology();
        let kinds = topology.models.iter().flat_map(|(_, model)| &model.relationships);
        let known: BTreeSet<&str> =
            kinds.flat_map(|kind| &kind.properties).map(|property| &*property.name).chain(OWN).collect();
        if known.contains(segment.name.as_str()) {
            return Ok(());
        }
        let message = format!("no relationship has a property `{}`", segment.name);
        Err(ExprError::new(segment.span.clone(), "unknown-property", message).did_you_mean(&segment.name, known))
    }

    fn of_relationship(&self, var: VarIx, rest: &[Segment]) -> Resolved {
        if let Some(number) = self.names.vars[var].way_of {
            let step = &self.names.steps[number];
            return match rest {
                [] => {
                    let roads = Roads::new(self.topology(), step);
                    Ok(Scalar::Way { var, from: step.from, to: step.to, roads })
                }
                [one] if one.name == "length" => Ok(Scalar::WayLength(var)),
                [one, ..] => {
                    let message = format!("a path has no `{}`", one.name);
                    let unknown = ExprError::new(one.span.clone(), "unknown-property", message);
                    Err(unknown.help("it has `length`; its name alone gives its twins and relationships"))
                }
            };
        }
        match rest {
            [] => Ok(Scalar::Relationship(var, "$relationshipId".into(), Vec::new())),
            [one, keys @ ..] => {
                self.check_relationship_property(one)?;
                let keys = keys.iter().map(|key| key.name.clone()).collect();
                Ok(Scalar::Relationship(var, one.name.clone(), keys))
            }
        }
    }

    /// Resolves a property or a part of one. Returns `None` if there is no property of that name.
    fn property(
        &self,
        var: VarIx,
        rest: &[Segment],
        unit: Option<&'static Unit>,
        span: &Range<usize>,
    ) -> Result<Option<Scalar>, ExprError> {
        let names: Vec<&str> = rest.iter().map(|segment| segment.name.as_str()).collect();
        match names.as_slice() {
            ["$dtId"] => return Ok(Some(Scalar::Id(var))),
            ["$metadata", "$model"] => return Ok(Some(Scalar::Model(var))),
            ["$metadata", property @ .., "lastUpdateTime"] if !property.is_empty() => {
                let columns = self.columns(&property.join("."), None, span)?;
                return Ok(Some(
                    columns.map_or(Scalar::Constant(Cell::Missing), |columns| Scalar::UpdateTime(var, columns)),
                ));
            }
            ["$metadata", property @ .., "quality"] if !property.is_empty() => {
                let columns = self.columns(&property.join("."), None, span)?;
                return Ok(Some(
                    columns.map_or(Scalar::Constant(Cell::Missing), |columns| Scalar::Quality(var, columns)),
                ));
            }
            ["$metadata"] => return Ok(Some(Scalar::Metadata(var, None))),
            ["$metadata", property @ ..] if self.columns(&property.join("."), None, span)?.is_some() => {
                return Ok(Some(Scalar::Metadata(var, Some(property.join(".")))));
            }
            // Azure Digital Twins has a version tag; this program has none, so the value is missing.
            ["$etag"] => return Ok(Some(Scalar::Constant(Cell::Missing))),
            [first, ..] if first.starts_with('$') => {
                let unknown = format!("no twin has a `{}`", names.join("."));
                let known = ["$dtId", "$etag", "$metadata", "$metadata.$model"];
                let unknown = ExprError::new(span.clone(), "unknown-property", unknown);
                return Err(unknown
                    .help("a twin has $dtId, $metadata.$model, $metadata.PROPERTY.lastUpdateTime, $metadata.PROPERTY.quality")
                    .did_you_mean(&names.join("."), known));
            }
            _ => {}
        }
        if rest.iter().any(Segment::is_step) {
            return Ok(None);
        }
        let whole = names.join(".");
        let mut found = Vec::new();
        if let Some(columns) = self.columns(&whole, unit, span)? {
            found.push(Scalar::Property(var, columns));
        }
        let topology = self.topology();
        let is_part = |column: &crate::topology::Column| {
            column.name.strip_prefix(whole.as_str()).is_some_and(|rest| rest.starts_with('.'))
        };
        let is_of_models = || {
            let has = |model: &crate::model::Interface| {
                model.property(&whole).is_some()
                    || model.declared(&whole).is_some()
                    || model.components.iter().any(|component| *component.name == *whole)
            };
            topology.models.iter().any(|(_, model)| has(model))
        };
        if topology.columns().iter().any(is_part) || (found.is_empty() && is_of_models()) {
            found.push(Scalar::Part(var, whole));
        }
        // Further segments may be keys into a map, array or object that is stored whole.
        for end in (1..names.len()).rev() {
            let above = names[..end].join(".");
            let is_json = |column: &crate::topology::Column| column.kind == Kind::Json && *column.name == *above;
            if topology.columns().iter().any(is_json)
                && let Some(columns) = self.columns(&above, None, span)?
            {
                let keys = names[end..].iter().map(|key| (*key).to_string()).collect();
                found.push(Scalar::Inside(var, columns, keys));
            }
        }
        Ok(match found.len() {
            0 => None,
            1 => found.pop(),
            _ => Some(Scalar::First(found)),
        })
    }

    /// Returns the columns of a property, converted to `unit`. Columns that cannot be converted are left out if others
    /// can.
    fn columns(
        &self,
        name: &str,
        unit: Option<&'static Unit>,
        span: &Range<usize>,
    ) -> Result<Option<Columns>, ExprError> {
        let topology = self.topology();
        let mut by_table = Vec::with_capacity(topology.tables().len());
        let mut unfit = None;
        for table in topology.tables() {
            let Some(column) = table.column(name) else {
                by_table.push(None);
                continue;
            };
            let own = topology.column(column).unit;
            let change = own.zip(unit).map_or(Some((1.0, 0.0)), |(own, wanted)| conversion(own, wanted));
            unfit = unfit.or(own.zip(unit).filter(|_| change.is_none()));
            by_table.push(change.map(|(scale, offset)| (column, scale, offset)));
        }
        let found = by_table.iter().any(Option::is_some);
        match unfit.filter(|_| !found) {
            Some((own, wanted)) => {
                let message = format!("`{name}` is in {}, which can't be compared with {}", own.name, wanted.name);
                Err(ExprError::new(span.clone(), "wrong-unit", message))
            }
            None => Ok(found.then_some(Columns { by_table })),
        }
    }

    fn unknown_property(&self, rest: &[Segment]) -> ExprError {
        let topology = self.topology();
        let steps = self.steps(rest);
        let rest = if steps < rest.len() { &rest[steps..] } else { rest };
        let span = rest.first().map_or(0, |first| first.span.start)..rest.last().map_or(0, |last| last.span.end);
        let name = joined(rest);
        if steps > 0 && steps == rest.len() {
            let message = format!("`{name}` leads to twins, not to a value");
            let help = format!("use COUNT({name}) or AVG({name}.PROPERTY), or join the twins: JOIN … RELATED …");
            return ExprError::new(span, "not-a-value", message).help(help);
        }
        let unknown = ExprError::new(span, "unknown-property", format!("no twin has a property `{name}`"));
        let of_tables = topology.tables().iter().flat_map(|table| topology.property_names(table));
        let of_models = topology.models.iter().flat_map(|(_, model)| model.properties.iter().map(|known| &*known.name));
        unknown.did_you_mean(&name, of_tables.chain(of_models).collect::<BTreeSet<_>>())
    }

    /// Resolves an aggregate along relationships or over rows.
    fn aggregate(&mut self, aggregate: Aggregate, inner: &Expr, expr: &Expr, unit: Option<&'static Unit>) -> Resolved {
        // Values of several models are aggregated in one unit.
        let unit = unit.or_else(|| match &inner.node {
            Node::Path(path) if aggregate != Aggregate::Only => self.unit_of(path),
            _ => None,
        });
        let mut paths = Vec::new();
        inner.paths(&mut |path| paths.push(path));
        let mut leads: Vec<(VarIx, Vec<Segment>)> = Vec::with_capacity(paths.len());
        for path in &paths {
            let (var, rest) = self.start(path)?;
            let is_edge = !self.is_inner && self.names.vars[var].is_edge;
            let is_own = is_edge || rest.is_empty() || self.property(var, rest, None, &span_of(path))?.is_some();
            let steps = if is_own { 0 } else { self.steps(rest) };
            leads.push((var, rest[..steps].to_vec()));
        }
        let leading = leads.iter().find(|(_, steps)| !steps.is_empty()).cloned();
        let alike = |(var, steps): &(VarIx, Vec<Segment>)| {
            leading.as_ref().is_none_or(|(known, wanted)| known == var && joined(wanted) == joined(steps))
        };
        if !leads.iter().all(alike) {
            let message = "all paths in one aggregate must follow the same relationships";
            return Err(ExprError::new(inner.span.clone(), "several-paths", message));
        }
        let Some((var, steps)) = leading else {
            return self.over_rows(aggregate, inner, expr, unit);
        };
        self.check_grouped(var, &expr.span)?;
        let walk = Walk::new(self.topology(), &steps);
        let only_twins = matches!(&inner.node, Node::Path(path) if self.start(path)?.1.len() == steps.len());
        let span = expr.span.clone();
        if only_twins {
            return Ok(Scalar::Along { var, walk, aggregate, inner: None, needs: Vec::new(), span });
        }
        let names = self.names;
        let is_inner = self.is_inner;
        let count = steps.len();
        let there = inner.clone().map_paths(&mut |path| {
            let skipped =
                if is_inner { 0 } else { names.start(&path).map_or(0, |(_, rest)| path.segments.len() - rest.len()) };
            Path { segments: path.segments[skipped + count..].to_vec() }
        });
        let (inner, needs) = self.inner(&there, unit)?;
        Ok(Scalar::Along { var, walk, aggregate, inner: Some(Box::new(inner)), needs, span })
    }

    /// Resolves the expression for each twin at the end of a path, and returns the properties that a twin must have to
    /// count.
    fn inner(&self, expr: &Expr, unit: Option<&'static Unit>) -> Result<(Scalar, Vec<Columns>), ExprError> {
        let mut there = Resolver { names: self.names, state: self.state, groups: None, is_inner: true };
        let inner = match unit {
            Some(unit) => there.in_unit(expr, unit)?,
            None => there.expr(expr)?,
        };
        let mut paths = Vec::new();
        expr.paths(&mut |path| paths.push(path));
        let mut needs = Vec::new();
        for path in paths {
            if self.steps(&path.segments) == 0 {
                needs.extend(self.columns(&joined(&path.segments), None, &span_of(path))?);
            }
        }
        Ok((inner, needs))
    }

    fn over_rows(&mut self, aggregate: Aggregate, inner: &Expr, expr: &Expr, unit: Option<&'static Unit>) -> Resolved {
        let plain = {
            let mut rows = Resolver { names: self.names, state: self.state, groups: None, is_inner: self.is_inner };
            match unit {
                Some(unit) => rows.in_unit(inner, unit)?,
                None => rows.expr(inner)?,
            }
        };
        let Some(groups) = &mut self.groups else {
            let message = format!("{} over rows can't be used on a single row", aggregate.name());
            let help = "in a condition, follow a relationship (AVG(T.contains.x)), or use HAVING";
            return Err(ExprError::new(expr.span.clone(), "aggregate-of-rows", message).help(help));
        };
        groups.aggregates.push((aggregate, plain));
        Ok(Scalar::Result(groups.keys.len() + groups.aggregates.len() - 1))
    }
}

/// Returns whether an expression contains an aggregate over rows.
pub(super) fn is_of_rows(expr: &Expr, names: &Names, state: &State) -> bool {
    if let Node::Aggregate(..) = &expr.node {
        let mut groups = Groups::default();
        let mut resolver = Resolver { names, state, groups: Some(&mut groups), is_inner: false };
        // Errors are reported when the expression is resolved for evaluation.
        let _ = resolver.expr(expr);
        return !groups.aggregates.is_empty();
    }
    let mut found = false;
    expr.each_child(&mut |child| found = found || is_of_rows(child, names, state));
    found
}

/// Returns for each table whether its twins are of a model.
pub(super) fn tables_of(
    topology: &Topology,
    model: &str,
    exact: bool,
    span: &Range<usize>,
) -> Result<Vec<bool>, ExprError> {
    let wanted = ExprError::of_model(&topology.models, model, span)?;
    let fits = |own| if exact { own == wanted } else { topology.models.is_a(own, wanted) };
    Ok(topology.tables().iter().map(|table| fits(table.model)).collect())
}

fn span_of(path: &Path) -> Range<usize> {
    path.segments.first().map_or(0, |first| first.span.start)..path.segments.last().map_or(0, |last| last.span.end)
}
