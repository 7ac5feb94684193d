//! Name resolution and checks of the expressions in a query.

use super::names::{Names, VarIx};
use super::scalar::{Columns, Scalar};
use super::shortest::Roads;
use crate::expr::{
    Aggregate, BinaryOp, Cell, Expr, ExprError, Function, Measure, Node, Path, Segment, UnaryOp, joined, remembers,
    time,
};
use crate::state::State;
use crate::topology::{Topology, Walk};
use crate::unit::{Unit, conversion_between};
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
    /// The unit that tells which values are meant where models use one name for different dimensions.
    wanted: Option<&'static Unit>,
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
    /// For each aggregate, its position in the query and whether all its values are integers.
    pub origins: Vec<(Range<usize>, bool)>,
}

/// The units of the columns that a path ends at.
struct PathUnits {
    first: Option<&'static Unit>,
    has_several: bool,
    has_several_dimensions: bool,
}

type Resolved = Result<Scalar, ExprError>;
type Measured = Result<(Scalar, Measure), ExprError>;

impl<'r> Resolver<'r> {
    /// Returns a resolver for expressions about rows, which may be in groups.
    pub fn new(names: &'r Names, state: &'r State, groups: Option<&'r mut Groups>) -> Self {
        Self { names, state, groups, is_inner: false, wanted: None }
    }

    /// Returns a resolver for an expression that is evaluated outside the groups.
    fn apart(&self, is_inner: bool) -> Resolver<'r> {
        Resolver { names: self.names, state: self.state, groups: None, is_inner, wanted: self.wanted }
    }

    fn topology(&self) -> &Topology {
        self.state.topology()
    }

    /// Resolves an expression. A property alone has its values in the units of the twins' own models.
    pub fn expr(&mut self, expr: &Expr) -> Resolved {
        if let Node::Path(path) = &expr.node
            && self.key(expr)?.is_none()
        {
            return self.path(path, None);
        }
        self.common(expr)
    }

    /// Resolves an expression whose values are compared with each other, so that a property of several models has one
    /// unit.
    pub fn common(&mut self, expr: &Expr) -> Resolved {
        let (scalar, measure) = self.measured(expr)?;
        // A difference stays in the unit of its operands, because a column of an answer has no unit.
        measure.settled().map_err(|why| ExprError::of_units(expr.span.clone(), why))?;
        Ok(scalar.converted(measure.decided().0))
    }

    /// Returns the key of the groups that an expression is, with its measure; `None` if it is none.
    fn key(&mut self, expr: &Expr) -> Result<Option<(Scalar, Measure)>, ExprError> {
        let Some(groups) = &self.groups else { return Ok(None) };
        let Some(key) = groups.keys.iter().position(|key| key.says_same(expr)) else { return Ok(None) };
        let mut alone = self.apart(self.is_inner);
        let (_, measure) = alone.measured(expr)?;
        Ok(Some((Scalar::Result(key), measure.decided().1)))
    }

    /// Resolves an expression with its measure.
    fn measured(&mut self, expr: &Expr) -> Measured {
        if let Some(key) = self.key(expr)? {
            return Ok(key);
        }
        Ok(match &expr.node {
            Node::Number(number) => (Scalar::Constant(Cell::Number(*number)), Measure::Plain(Some(*number))),
            Node::Quantity(number, unit) => (Scalar::Constant(Cell::Number(*number)), Measure::of_literal(unit)),
            Node::Text(text) => (Scalar::Constant(Cell::Text(text.as_str().into())), Measure::Open),
            Node::Bool(flag) => (Scalar::Constant(Cell::Bool(*flag)), Measure::Open),
            Node::Null => (Scalar::Constant(Cell::Missing), Measure::Open),
            Node::Path(path) => self.measured_path(path)?,
            Node::Unary(op, inner) => {
                let (inner, measure) = self.measured(inner)?;
                let measure = if *op == UnaryOp::Negate { measure.negated() } else { Measure::Open };
                (Scalar::Unary(*op, Box::new(inner)), measure)
            }
            Node::Binary(op, left, right) => self.binary(*op, left, right)?,
            Node::Call(function, arguments) => self.call(*function, arguments)?,
            Node::Stateful(function, _) => return Err(remembers(*function, expr)),
            Node::Aggregate(aggregate, inner) => self.aggregate(*aggregate, inner, expr)?,
            Node::Case(arms, otherwise) => self.case(arms, otherwise.as_deref())?,
            Node::IsOfModel { alias, model, exact } => {
                let var = if self.is_inner && alias.is_none() {
                    0
                } else {
                    self.names.of_model(alias.as_deref(), &expr.span)?
                };
                self.check_grouped(var, &expr.span)?;
                (Scalar::OfTables(var, tables_of(self.topology(), model, *exact, &expr.span)?), Measure::Open)
            }
        })
    }

    fn call(&mut self, function: Function, arguments: &[Expr]) -> Measured {
        let mut measured = Vec::with_capacity(arguments.len());
        for argument in arguments {
            measured.push((self.measured(argument)?, argument));
        }
        let plain = |measured: Vec<((Scalar, Measure), &Expr)>| {
            measured.into_iter().map(|((scalar, measure), _)| scalar.converted(measure.decided().0)).collect()
        };
        Ok(match function {
            Function::Now => (Scalar::Constant(self.state.now_s().map_or(Cell::Missing, Cell::Time)), Measure::Time),
            function if function.chooses() => {
                let (scalars, measure) = alike(measured)?;
                (Scalar::Call(function, scalars), measure)
            }
            Function::Abs | Function::Floor | Function::Ceil | Function::Round => {
                let measure =
                    measured.first().map_or(Measure::Open, |((_, measure), _)| measure.decided().1.forgotten());
                (Scalar::Call(function, plain(measured)), measure)
            }
            Function::ArrayContains => (Scalar::Call(function, plain(measured)), Measure::Open),
            _ => (Scalar::Call(function, plain(measured)), function.measure()),
        })
    }

    fn case(&mut self, arms: &[(Expr, Expr)], otherwise: Option<&Expr>) -> Measured {
        let mut conditions = Vec::with_capacity(arms.len());
        let mut values = Vec::with_capacity(arms.len() + 1);
        for (condition, value) in arms {
            conditions.push(self.measured(condition)?.0);
            values.push((self.measured(value)?, value));
        }
        if let Some(otherwise) = otherwise {
            values.push((self.measured(otherwise)?, otherwise));
        }
        let (mut values, measure) = alike(values)?;
        let last = if values.len() > conditions.len() { values.pop().map(Box::new) } else { None };
        Ok((Scalar::Case(conditions.into_iter().zip(values).collect(), last), measure.forgotten()))
    }

    fn binary(&mut self, op: BinaryOp, left: &Expr, right: &Expr) -> Measured {
        let is_logic = matches!(op, BinaryOp::And | BinaryOp::Or);
        let (one, other) = match (!is_logic && self.is_mixed(left), !is_logic && self.is_mixed(right)) {
            (true, false) => {
                let other = self.measured(right)?;
                (self.measured_like(left, op, other.1)?, other)
            }
            (false, true) => {
                let one = self.measured(left)?;
                let other = self.measured_like(right, op, one.1)?;
                (one, other)
            }
            _ => (self.measured(left)?, self.measured(right)?),
        };
        for (measure, text) in [(one.1, right), (other.1, left)] {
            if let (Measure::Time, Node::Text(written), true) = (measure, &text.node, op.is_comparison()) {
                self.check_time(written, &text.span)?;
            }
        }
        let mismatch = |why| ExprError::of_units(left.span.start..right.span.end, why);
        let combination = Measure::combine(op, one.1, other.1).map_err(mismatch)?;
        let (one, other) = (one.0.converted(combination.left), other.0.converted(combination.right));
        Ok((Scalar::Binary(op, Box::new(one), Box::new(other)), combination.result))
    }

    /// Checks that a text that is compared with a time is a time. Every comparison would be false otherwise.
    fn check_time(&self, text: &str, span: &Range<usize>) -> Result<(), ExprError> {
        if time(text, &self.topology().zone).is_some() {
            return Ok(());
        }
        let error = ExprError::new(span.clone(), "not-a-time", format!("`{text}` is not a time"));
        Err(error.help("write 2026-01-31, 2026-01-31T08:00 (local) or 2026-01-31T08:00:00Z"))
    }

    /// Returns the units of the columns that a path ends at.
    fn units_of(&self, path: &Path) -> PathUnits {
        let mut found = PathUnits { first: None, has_several: false, has_several_dimensions: false };
        let Ok((_, rest)) = self.start(path) else { return found };
        let rest = Path { segments: rest.to_vec() };
        for unit in self.topology().units_of_path(&rest).flatten() {
            let first = found.first.get_or_insert(unit);
            found.has_several |= unit.name != first.name;
            found.has_several_dimensions |= unit.dimension != first.dimension;
        }
        found
    }

    /// Returns whether models use a name in the expression for values with different units.
    fn is_mixed(&self, expr: &Expr) -> bool {
        let mut is_mixed = false;
        expr.paths(&mut |path| is_mixed = is_mixed || self.units_of(path).has_several);
        is_mixed
    }

    /// Resolves an operand whose models have different units. The other operand tells which dimension is meant.
    fn measured_like(&mut self, expr: &Expr, op: BinaryOp, other: Measure) -> Measured {
        match &expr.node {
            // A number without a unit is compared with the number as every model has it.
            Node::Path(path) if op.is_comparison() && matches!(other, Measure::Plain(Some(_))) => {
                Ok((self.path(path, None)?, Measure::Plain(None)))
            }
            _ => {
                let before = std::mem::replace(&mut self.wanted, other.unit());
                let found = self.measured(expr);
                self.wanted = before;
                found
            }
        }
    }

    /// Resolves a path in one unit: that of its first column, or `wanted` if the columns have different dimensions.
    fn measured_path(&mut self, path: &Path) -> Measured {
        let units = self.units_of(path);
        let unit = if units.has_several_dimensions { self.wanted } else { units.first };
        let scalar = self.path(path, unit)?;
        let measure = match &scalar {
            Scalar::Property(_, columns) => self.measure_of(columns, unit),
            Scalar::Along { inner: Some(inner), .. } => match &**inner {
                Scalar::Property(_, columns) => self.measure_of(columns, unit),
                _ => Measure::Open,
            },
            Scalar::UpdateTime(..) => Measure::Time,
            Scalar::WayLength(_) => Measure::Plain(None),
            _ => Measure::Open,
        };
        Ok((scalar, measure))
    }

    /// Returns the measure of columns whose numbers are read in `unit`.
    fn measure_of(&self, columns: &Columns, unit: Option<&'static Unit>) -> Measure {
        let topology = self.topology();
        let mut kinds = columns.by_table.iter().flatten().map(|(column, ..)| topology.column(*column).kind);
        let Some(first) = kinds.next() else { return Measure::Open };
        let is_alike = |kind: Kind| kind == first || (kind.is_numeric() && first.is_numeric());
        match first {
            _ if !kinds.all(is_alike) => Measure::Open,
            Kind::Number | Kind::Integer => Measure::of_unit(unit),
            Kind::Time => Measure::Time,
            Kind::Bool | Kind::Text | Kind::Json => Measure::Open,
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
        let mut there = self.apart(true);
        let needs = there.needs(&inner)?;
        let Node::Path(path) = &inner.node else { return Err(self.unknown_property(rest)) };
        let inner = there.path(path, unit)?;
        Ok(Scalar::Along {
            var,
            walk,
            aggregate: Aggregate::Only,
            inner: Some(Box::new(inner)),
            needs,
            span,
            is_whole: false,
        })
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

    /// Returns the name of the first field of an object.
    fn field_of(&self, object: &str) -> Option<String> {
        let is_inside = |name: &str| name.strip_prefix(object).is_some_and(|rest| rest.starts_with('.'));
        let columns = self.topology().columns().iter().filter(|column| !column.hidden);
        columns.map(|column| &*column.name).filter(|name| is_inside(name)).min().map(String::from)
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
                let name = property.join(".");
                let mut columns = self.columns(&name, None, span)?;
                if columns.is_none()
                    && let Some(field) = self.field_of(&name)
                {
                    // The fields of an object that was given as a whole have its time.
                    columns = self.columns(&field, None, span)?;
                }
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
            // The version tag that another service gave; this program gives none.
            ["$etag"] => return Ok(Some(Scalar::Etag(var))),
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
            let change = conversion_between(own, unit);
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
    fn aggregate(&mut self, aggregate: Aggregate, inner: &Expr, expr: &Expr) -> Measured {
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
            return self.over_rows(aggregate, inner, expr);
        };
        self.check_grouped(var, &expr.span)?;
        let walk = Walk::new(self.topology(), &steps);
        let only_twins = matches!(&inner.node, Node::Path(path) if self.start(path)?.1.len() == steps.len());
        let span = expr.span.clone();
        if only_twins {
            let scalar = Scalar::Along { var, walk, aggregate, inner: None, needs: Vec::new(), span, is_whole: false };
            return Ok((scalar, Measure::Plain(None)));
        }
        let names = self.names;
        let is_inner = self.is_inner;
        let count = steps.len();
        let there = inner.clone().map_paths(&mut |path| {
            let skipped =
                if is_inner { 0 } else { names.start(&path).map_or(0, |(_, rest)| path.segments.len() - rest.len()) };
            Path { segments: path.segments[skipped + count..].to_vec() }
        });
        let mut resolver = self.apart(true);
        let needs = resolver.needs(&there)?;
        let (inner, measure) = resolver.measured(&there)?;
        let (change, measure) = measure.decided();
        let inner = Some(Box::new(inner.converted(change)));
        let whole = inner.as_ref().is_some_and(|inner| is_whole(inner, self.state.topology()));
        let is_whole = whole && aggregate == Aggregate::Sum;
        Ok((Scalar::Along { var, walk, aggregate, inner, needs, span, is_whole }, aggregate.measure(measure)))
    }

    /// Returns the properties that a twin at the end of a path must have to count.
    fn needs(&self, expr: &Expr) -> Result<Vec<Columns>, ExprError> {
        let mut paths = Vec::new();
        expr.paths(&mut |path| paths.push(path));
        let mut needs = Vec::new();
        for path in paths {
            if self.steps(&path.segments) == 0 {
                needs.extend(self.columns(&joined(&path.segments), None, &span_of(path))?);
            }
        }
        Ok(needs)
    }

    fn over_rows(&mut self, aggregate: Aggregate, inner: &Expr, expr: &Expr) -> Measured {
        let mut rows = self.apart(self.is_inner);
        let (plain, measure) = rows.measured(inner)?;
        let (change, measure) = measure.decided();
        let Some(groups) = &mut self.groups else {
            let message = format!("{} over rows can't be used on a single row", aggregate.name());
            let help = "in a condition, follow a relationship (AVG(T.contains.x)), or use HAVING";
            return Err(ExprError::new(expr.span.clone(), "aggregate-of-rows", message).help(help));
        };
        let plain = plain.converted(change);
        groups.origins.push((expr.span.clone(), is_whole(&plain, self.state.topology())));
        groups.aggregates.push((aggregate, plain));
        let result = Scalar::Result(groups.keys.len() + groups.aggregates.len() - 1);
        Ok((result, aggregate.measure(measure)))
    }
}

/// Returns whether an expression has only integers. Values in maps and of relationships may be fractions, which a sum
/// notices.
fn is_whole(scalar: &Scalar, topology: &Topology) -> bool {
    match scalar {
        Scalar::Constant(Cell::Number(number)) => number.fract() == 0.0,
        Scalar::Property(_, columns) => {
            let mut known = columns.by_table.iter().flatten();
            known.all(|(column, scale, _)| *scale == 1.0 && topology.column(*column).kind == Kind::Integer)
        }
        Scalar::Inside(..) | Scalar::Relationship(..) => true,
        Scalar::Unary(_, inner) => is_whole(inner, topology),
        Scalar::Binary(BinaryOp::Add | BinaryOp::Subtract | BinaryOp::Multiply, left, right) => {
            is_whole(left, topology) && is_whole(right, topology)
        }
        Scalar::Along { aggregate: Aggregate::Sum | Aggregate::Only, inner: Some(inner), .. } => {
            is_whole(inner, topology)
        }
        _ => false,
    }
}

/// Brings values to one measure, for a choice among them.
fn alike(values: Vec<((Scalar, Measure), &Expr)>) -> Result<(Vec<Scalar>, Measure), ExprError> {
    let (changes, measure) = Measure::alike_all(values.iter().map(|((_, measure), _)| *measure))
        .map_err(|(at, why)| ExprError::of_units(values[at].1.span.clone(), why))?;
    let scalars = values.into_iter().zip(changes).map(|(((scalar, _), _), change)| scalar.converted(change));
    Ok((scalars.collect(), measure))
}

/// Returns whether an expression contains an aggregate over rows.
pub(super) fn is_of_rows(expr: &Expr, names: &Names, state: &State) -> bool {
    if let Node::Aggregate(..) = &expr.node {
        let mut groups = Groups::default();
        let mut resolver = Resolver::new(names, state, Some(&mut groups));
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
    Ok(topology.tables().iter().map(|table| wanted.has(&topology.models, table.model, exact)).collect())
}

fn span_of(path: &Path) -> Range<usize> {
    path.segments.first().map_or(0, |first| first.span.start)..path.segments.last().map_or(0, |last| last.span.end)
}
