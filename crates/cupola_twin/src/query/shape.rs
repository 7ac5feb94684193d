//! The result of a query: projection, grouping, sorting and limiting of the rows that a plan produces.

use super::batch::{Batch, Batches, gather, plain_numbers};
use super::dense::DenseGroups;
use super::group::{Grouping, Key, Tally, in_order};
use super::names::{Names, VarIx};
use super::resolve::{Groups, Resolver, is_of_rows};
use super::run::{Output, Rows, Runner};
use super::scalar::{Env, Scalar, VarValue};
use super::shortest::Roads;
use super::{Query, Select};
use crate::expr::{Aggregate, Cell, Expr, ExprError, Node};
use crate::state::State;
use crate::topology::TwinIx;
use std::cmp::Ordering;
use std::collections::{BTreeSet, HashSet};
use std::ops::Range;

/// A projected item.
pub(super) enum Projection {
    Whole(VarIx),
    Value(Scalar),
}

impl Projection {
    fn output(&self, env: Env<'_>) -> Result<Option<Output>, ExprError> {
        Ok(match self {
            Self::Whole(var) => match env.bound[*var] {
                VarValue::Twin(twin) => Some(Output::Twin(twin)),
                VarValue::Relationship(number) => Some(Output::Relationship(number)),
                VarValue::None | VarValue::Way(_) => None,
            },
            Self::Value(Scalar::Id(var)) => match env.bound[*var] {
                VarValue::Twin(twin) => Some(Output::Id(twin)),
                _ => None,
            },
            Self::Value(scalar) => match scalar.value(env)? {
                Cell::Missing => None,
                cell => Some(Output::Value(cell)),
            },
        })
    }
}

/// The operations on the rows of a plan.
pub(super) struct Shape {
    pub items: Vec<(String, Projection)>,
    /// The keys and aggregates of groups, if rows are grouped.
    pub groups: Option<GroupingPlan>,
    having: Option<Scalar>,
    order: Vec<(Scalar, bool)>,
}

pub(super) struct GroupingPlan {
    pub keys: Vec<Scalar>,
    pub aggregates: Vec<Aggregate>,
    pub arguments: Vec<Scalar>,
    origins: Vec<(Range<usize>, bool)>,
}

impl GroupingPlan {
    /// Checks that the aggregates of a group are exact if they are of integers.
    ///
    /// # Errors
    /// A result is beyond 2^53, or a value is.
    pub fn check(&self, tallies: &[Tally]) -> Result<(), ExprError> {
        for ((tally, aggregate), (span, is_whole)) in tallies.iter().zip(&self.aggregates).zip(&self.origins) {
            if tally.is_rounded(*aggregate, *is_whole) {
                return Err(ExprError::inexact(span, *aggregate));
            }
        }
        Ok(())
    }
}

impl Shape {
    pub fn new(query: &Query, names: &Names, state: &State) -> Result<Self, ExprError> {
        let items: &[(Expr, String)] = match &query.select {
            Select::Everything(_) => &[],
            Select::Items(items) => items,
        };
        // Sort expressions may refer to projected items by key.
        let item = |name: &str| {
            let found = items.iter().find(|(_, key)| key == name).filter(|_| names.find(name).is_none());
            found.map(|(expr, _)| expr.clone())
        };
        let shown = |expr: &Expr| {
            let mut expr = expr.clone();
            put_items(&mut expr, &item);
            expr
        };
        let order: Vec<(Expr, bool)> = query.order_by.iter().map(|(expr, falls)| (shown(expr), *falls)).collect();
        let having = query.having.as_ref().map(shown);
        let having = having.as_ref();
        let all = items.iter().map(|(expr, _)| expr).chain(order.iter().map(|(expr, _)| expr)).chain(having);
        let is_grouped = !query.group_by.is_empty()
            || having.is_some()
            || all.into_iter().any(|expr| is_of_rows(expr, names, state));
        let keys: Vec<Expr> = query.group_by.iter().map(shown).collect();
        let mut key_scalars = Vec::with_capacity(keys.len());
        let mut groups = Groups::default();
        for key in &keys {
            let scalar = Resolver::new(names, state, None).common(key)?;
            // An id determines its twin, so all properties of the twin have one value in the group.
            let whole = match scalar {
                Scalar::Id(var) => Some(var),
                _ => alone(key, names),
            };
            groups.whole.extend(whole);
            key_scalars.push(match whole {
                // Several relationships may have the same id.
                Some(var) if names.vars[var].is_edge && names.vars[var].way_of.is_none() => Scalar::Edge(var),
                _ => scalar,
            });
        }
        groups.keys = keys;
        if let (Select::Everything(span), true) = (&query.select, is_grouped) {
            let message = "SELECT * can't be used with groups";
            return Err(ExprError::new(span.clone(), "select-all-group", message).help("list the columns of a group"));
        }
        // Values that are sorted are compared with each other, so they have one unit.
        let mut resolve = |expr: &Expr, is_common: bool| {
            let groups = is_grouped.then_some(&mut groups);
            let mut resolver = Resolver::new(names, state, groups);
            if is_common { resolver.common(expr) } else { resolver.expr(expr) }
        };
        let mut out = Vec::with_capacity(items.len());
        for (expr, key) in items {
            let scalar = resolve(expr, false)?;
            let whole = alone(expr, names).filter(|var| names.vars[*var].way_of.is_none());
            out.push((key.clone(), whole.map_or(Projection::Value(scalar), Projection::Whole)));
        }
        if matches!(query.select, Select::Everything(_)) {
            let is_one = query.links.is_empty();
            for (var, known) in names.vars.iter().enumerate() {
                match &known.name {
                    _ if is_one => out.push((String::new(), Projection::Whole(var))),
                    Some(name) => {
                        let shown = match known.way_of.map(|step| &names.steps[step]) {
                            None => Projection::Whole(var),
                            Some(step) => {
                                let roads = Roads::new(state.topology(), step);
                                Projection::Value(Scalar::Way { var, from: step.from, to: step.to, roads })
                            }
                        };
                        out.push((name.clone(), shown));
                    }
                    None => {}
                }
            }
        }
        let having = having.map(|having| resolve(having, false)).transpose()?;
        let mut order_scalars = Vec::with_capacity(order.len());
        for (expr, falls) in &order {
            order_scalars.push((resolve(expr, true)?, *falls));
        }
        let groups = is_grouped.then(|| {
            let (aggregates, arguments) = groups.aggregates.into_iter().unzip();
            GroupingPlan { keys: key_scalars, aggregates, arguments, origins: groups.origins }
        });
        Ok(Self { items: out, groups, having, order: order_scalars })
    }

    /// Describes the operations for `EXPLAIN`.
    pub fn lines(&self, query: &Query) -> Vec<String> {
        let mut lines = Vec::new();
        if let Some(groups) = &self.groups {
            let keys = if groups.keys.is_empty() {
                "one group".into()
            } else {
                format!("groups by {} keys", groups.keys.len())
            };
            lines.push(format!("{keys}, {} aggregates", groups.aggregates.len()));
        }
        if query.distinct {
            lines.push("duplicate rows removed".into());
        }
        if !self.order.is_empty() {
            lines.push(format!("sorted by {} values", self.order.len()));
        }
        if query.limit.is_some() || query.offset > 0 {
            let end =
                query.limit.map_or_else(|| "the last".into(), |limit| query.offset.saturating_add(limit).to_string());
            lines.push(format!("rows {} to {end}", query.offset + 1));
        }
        lines
    }

    /// Returns the rows of the result.
    pub fn rows(&self, query: &Query, runner: &Runner<'_>) -> Result<Rows, ExprError> {
        let mut answer = Answer::new(self, query);
        if answer.enough > 0 {
            let batches = Batches::new(runner, &self.needed());
            match (&self.groups, &batches) {
                (Some(groups), batches) => {
                    let grouping = groups.collect(runner, batches.as_ref())?;
                    for group in &grouping.groups {
                        let results = group.results(&groups.aggregates);
                        let env =
                            Env { state: runner.state, graph: runner.graph, bound: &group.first, results: &results };
                        if !answer.add_group(env, || groups.check(&group.tallies))? {
                            break;
                        }
                    }
                }
                (None, None) => runner.run(&mut |env| answer.add(env))?,
                (None, Some(batches)) => {
                    if runner.begins()? {
                        batches.run(&mut |batch| answer.add_all(runner, batch))?;
                    }
                }
            }
        }
        runner.check()?;
        let rows = answer.finish();
        runner.check()?;
        Ok(rows)
    }
}

/// The number of rows from which rows beyond a limit are dropped before the end.
const MIN_PRUNED: usize = 1 << 17;
/// The largest size of an answer, in bytes: its cells, sort keys and texts.
const MAX_ANSWER_BYTES: usize = 256 << 20;

/// The source of an item's outputs for the rows of a batch.
enum Cells<'c> {
    Twins(u32, &'c [u32]),
    Ids(u32, &'c [u32]),
    Numbers(&'c [f64]),
    Any(&'c Projection),
}

impl Cells<'_> {
    fn at(&self, at: usize) -> Option<Output> {
        match self {
            Self::Twins(base, rows) => Some(Output::Twin(TwinIx(base + rows[at]))),
            Self::Ids(base, rows) => Some(Output::Id(TwinIx(base + rows[at]))),
            Self::Numbers(lanes) => {
                Some(lanes[at]).filter(|lane| !lane.is_nan()).map(|lane| Output::Value(Cell::Number(lane)))
            }
            Self::Any(_) => None,
        }
    }
}

/// The result during accumulation.
pub(super) struct Answer<'a> {
    shape: &'a Shape,
    distinct: Option<HashSet<Vec<Key>>>,
    rows: Rows,
    /// The sort keys of all rows, row after row.
    keys: Vec<Cell>,
    /// The number of rows after which execution can stop. It is unlimited if the rows are sorted.
    enough: usize,
    range: Range<usize>,
    /// The number of rows that are dropped before the first one is kept, if the rows are not sorted.
    to_skip: usize,
    /// The size of the texts so far, in bytes.
    texts: usize,
    /// The outputs of the current row.
    row: Vec<Option<Output>>,
    /// The lanes of each numeric item in the current batch.
    lanes: Vec<Vec<f64>>,
}

impl<'a> Answer<'a> {
    pub fn new(shape: &'a Shape, query: &Query) -> Self {
        // Rows before the offset are not kept, unless they are sorted first.
        let (start, to_skip) = if shape.order.is_empty() { (0, query.offset) } else { (query.offset, 0) };
        let end = query.limit.map_or(usize::MAX, |limit| start.saturating_add(limit));
        Self {
            shape,
            distinct: query.distinct.then(HashSet::new),
            rows: Rows::new(shape.items.len()),
            keys: Vec::new(),
            enough: if shape.order.is_empty() || query.limit == Some(0) { end } else { usize::MAX },
            range: start..end,
            to_skip,
            texts: 0,
            row: Vec::new(),
            lanes: vec![Vec::new(); shape.items.len()],
        }
    }

    /// Adds a group that passes `HAVING`, if `check` permits it. Returns whether more groups are wanted.
    pub fn add_group(
        &mut self,
        env: Env<'_>,
        check: impl FnOnce() -> Result<(), ExprError>,
    ) -> Result<bool, ExprError> {
        if let Some(having) = &self.shape.having
            && !having.holds(env)?
        {
            return Ok(true);
        }
        check()?;
        self.add(env)
    }

    /// Adds a row. Returns whether more rows are wanted.
    pub fn add(&mut self, env: Env<'_>) -> Result<bool, ExprError> {
        self.row.clear();
        for (_, shown) in &self.shape.items {
            self.row.push(shown.output(env)?);
        }
        self.end_row(env)
    }

    fn end_row(&mut self, env: Env<'_>) -> Result<bool, ExprError> {
        if let Some(seen) = &mut self.distinct
            && !seen.insert(fingerprint(&self.row))
        {
            return Ok(true);
        }
        if self.to_skip > 0 {
            self.to_skip -= 1;
            self.check_size()?;
            return Ok(true);
        }
        for (scalar, _) in &self.shape.order {
            self.keys.push(scalar.value(env)?);
        }
        self.texts += self.row.iter().flatten().map(text_len).sum::<usize>();
        self.rows.push(&mut self.row);
        if !self.shape.order.is_empty() && self.rows.len() >= self.range.end.saturating_mul(2).max(MIN_PRUNED) {
            self.prune();
        }
        self.check_size()?;
        Ok(self.rows.len() < self.enough)
    }

    /// Keeps only the first rows in the order of the result, which are all that a limit leaves.
    fn prune(&mut self) {
        let width = self.shape.order.len();
        let (mut rows, mut keys) = (Rows::new(self.shape.items.len()), Vec::new());
        for row in self.sorted().into_iter().take(self.range.end) {
            rows.push(&mut self.rows.take(row));
            keys.extend_from_slice(&self.keys[row * width..(row + 1) * width]);
        }
        self.texts = rows.iter().flatten().flatten().map(text_len).sum();
        (self.rows, self.keys) = (rows, keys);
    }

    /// Returns the numbers of the rows in the order of the result.
    fn sorted(&self) -> Vec<usize> {
        let width = self.shape.order.len();
        let mut order: Vec<usize> = (0..self.rows.len()).collect();
        order.sort_by(|one, other| {
            let keys = |row: &usize| &self.keys[row * width..(row + 1) * width];
            let pairs = keys(one).iter().zip(keys(other)).zip(&self.shape.order);
            pairs
                .map(|((one, other), (_, falls))| in_order(one, other, *falls))
                .find(|order| order.is_ne())
                .unwrap_or(Ordering::Equal)
        });
        order
    }

    /// Checks that the answer is not too large. It is built in memory before it is sorted and shown.
    fn check_size(&self) -> Result<(), ExprError> {
        let cells = self.rows.len().saturating_mul(self.shape.items.len() * size_of::<Option<Output>>());
        let distinct = self.distinct.as_ref().map_or(0, HashSet::len);
        let seen = distinct.saturating_mul(self.shape.items.len() * size_of::<Key>() + size_of::<Vec<Key>>());
        let size = cells + seen + self.keys.len() * size_of::<Cell>() + self.texts;
        if size <= MAX_ANSWER_BYTES {
            return Ok(());
        }
        let message =
            format!("the answer has more than {} rows and is larger than 256 MiB", self.rows.len().max(distinct));
        let help = "narrow the query, add LIMIT, or read it in parts with --page";
        Err(ExprError::new(0..0, "too-large", message).help(help))
    }

    /// Adds the rows of a batch. Returns whether more rows are wanted.
    fn add_all(&mut self, runner: &Runner<'_>, batch: &Batch) -> Result<bool, ExprError> {
        let topology = runner.state.topology();
        let shape = self.shape;
        let mut lanes = std::mem::take(&mut self.lanes);
        let cells: Vec<Cells<'_>> = (shape.items.iter().zip(&mut lanes))
            .map(|((_, shown), lanes)| {
                let vector =
                    |var: VarIx| batch.vectors.get(var)?.as_ref().map(|vector| (vector.base, &vector.rows[..]));
                let found = match shown {
                    Projection::Whole(var) => vector(*var).map(|(base, rows)| Cells::Twins(base, rows)),
                    Projection::Value(Scalar::Id(var)) => vector(*var).map(|(base, rows)| Cells::Ids(base, rows)),
                    Projection::Value(scalar) => plain_numbers(scalar, batch, topology).and_then(|(var, column)| {
                        gather(runner.state, column, vector(var)?.1, lanes);
                        Some(Cells::Numbers(lanes))
                    }),
                };
                found.unwrap_or(Cells::Any(shown))
            })
            .collect();
        let is_plain = self.distinct.is_none() && shape.order.is_empty();
        if is_plain && !cells.iter().any(|cells| matches!(cells, Cells::Any(_))) {
            let skipped = batch.len.min(self.to_skip);
            self.to_skip -= skipped;
            let count = (batch.len - skipped).min(self.enough - self.rows.len());
            self.rows.fill(count, |at, out| cells.iter().for_each(|cells| out.push(cells.at(skipped + at))));
            self.check_size()?;
        } else {
            let mut bound = vec![VarValue::None; runner.names.vars.len()];
            for at in 0..batch.len {
                batch.bind(at, &mut bound);
                let env = Env { state: runner.state, graph: runner.graph, bound: &bound, results: &[] };
                self.row.clear();
                for cells in &cells {
                    self.row.push(match cells {
                        Cells::Any(shown) => shown.output(env)?,
                        cells => cells.at(at),
                    });
                }
                if !self.end_row(env)? {
                    return Ok(false);
                }
            }
        }
        drop(cells);
        self.lanes = lanes;
        Ok(self.rows.len() < self.enough)
    }

    /// Returns the requested rows in order.
    pub fn finish(mut self) -> Rows {
        if !self.shape.order.is_empty() {
            let mut sorted = Rows::new(self.shape.items.len());
            for row in self.sorted().into_iter().skip(self.range.start).take(self.range.len()) {
                sorted.push(&mut self.rows.take(row));
            }
            return sorted;
        }
        self.rows.truncate(self.range.end);
        self.rows
    }
}

/// Returns the size of the text of an output, in bytes. Texts of properties are shared, so this is an upper bound.
fn text_len(output: &Output) -> usize {
    match output {
        Output::Value(Cell::Text(text)) => text.len(),
        _ => 0,
    }
}

impl GroupingPlan {
    fn collect(&self, runner: &Runner<'_>, batches: Option<&Batches<'_>>) -> Result<Grouping, ExprError> {
        let mut grouping = Grouping::new(self.aggregates.len());
        if let Some(batches) = batches
            && let Some(var) = self.one_key()
        {
            if runner.begins()? {
                let mut dense = DenseGroups::new(runner, &self.aggregates, &self.arguments, var);
                dense.of_parts(batches)?;
                dense.finish(&self.keys, &mut grouping)?;
            }
            if self.keys.is_empty() {
                grouping.ensure_one(runner.names.vars.len());
            }
            return Ok(grouping);
        }
        let (mut keys, mut values) = (Vec::new(), Vec::new());
        let fill = |scalars: &[Scalar], env: Env<'_>, out: &mut Vec<Cell>| -> Result<(), ExprError> {
            out.clear();
            scalars.iter().try_for_each(|scalar| scalar.value(env).map(|value| out.push(value)))
        };
        runner.run(&mut |env| {
            fill(&self.keys, env, &mut keys)?;
            fill(&self.arguments, env, &mut values)?;
            grouping.add(&keys, env.bound, &mut values);
            Ok(true)
        })?;
        if self.keys.is_empty() {
            grouping.ensure_one(runner.names.vars.len());
        }
        Ok(grouping)
    }
}

impl GroupingPlan {
    /// Returns the variable that determines the group of a row. The result is `Some(None)` for a single group and
    /// `None` if several variables determine the group.
    fn one_key(&self) -> Option<Option<VarIx>> {
        let mut uses = BTreeSet::new();
        self.keys.iter().for_each(|key| key.uses(&mut uses));
        let is_edge = self.keys.iter().any(|key| matches!(key, Scalar::Edge(_)));
        (uses.len() <= 1 && !is_edge).then(|| uses.first().copied())
    }
}

impl Shape {
    /// Returns the expressions that are evaluated for each row of the result.
    pub fn scalars(&self) -> impl Iterator<Item = &Scalar> {
        let items = self.items.iter().filter_map(|(_, shown)| match shown {
            Projection::Value(scalar) => Some(scalar),
            Projection::Whole(_) => None,
        });
        items.chain(&self.having).chain(self.order.iter().map(|(scalar, _)| scalar))
    }

    /// Returns the variables that are projected as a whole.
    pub fn wholes(&self) -> impl Iterator<Item = VarIx> {
        self.items.iter().filter_map(|(_, shown)| match shown {
            Projection::Whole(var) => Some(*var),
            Projection::Value(_) => None,
        })
    }

    /// Returns the variables that the result needs.
    fn needed(&self) -> BTreeSet<VarIx> {
        let mut out = BTreeSet::new();
        match &self.groups {
            Some(groups) => {
                groups.keys.iter().chain(&groups.arguments).for_each(|scalar| scalar.uses(&mut out));
            }
            None => {
                out.extend(self.wholes());
                self.scalars().for_each(|scalar| scalar.uses(&mut out));
            }
        }
        out
    }
}

/// Replaces keys of projected items by their expressions.
fn put_items(expr: &mut Expr, item: &dyn Fn(&str) -> Option<Expr>) {
    match &expr.node {
        Node::Path(path) if path.segments.len() == 1 && !path.segments[0].is_step() => {
            if let Some(shown) = item(&path.segments[0].name) {
                *expr = shown;
            }
        }
        // The item may be an aggregate, and aggregates cannot be nested.
        Node::Aggregate(..) => {}
        _ => expr.each_child_mut(&mut |child| put_items(child, item)),
    }
}

/// Returns the variable if the expression is just its alias.
fn alone(expr: &Expr, names: &Names) -> Option<VarIx> {
    match &expr.node {
        Node::Path(path) if path.segments.len() == 1 && !path.segments[0].is_step() => {
            names.find(&path.segments[0].name)
        }
        _ => None,
    }
}

/// Returns the keys by which `DISTINCT` compares rows.
fn fingerprint(row: &[Option<Output>]) -> Vec<Key> {
    let key = |output: &Option<Output>| match output {
        None => Key::Missing,
        Some(Output::Twin(twin) | Output::Id(twin)) => Key::Bound(VarValue::Twin(*twin)),
        Some(Output::Relationship(number)) => Key::Bound(VarValue::Relationship(*number)),
        Some(Output::Value(cell)) => Key::of(cell),
    };
    row.iter().map(key).collect()
}
