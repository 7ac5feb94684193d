//! Standing queries: open queries whose result follows the changes of a state.
//!
//! The bindings of all rows are stored. After a change, only the rows of changed twins are removed, and the pattern is
//! matched again starting at these twins. Aggregates of groups are running totals.
//!
//! Queries that cannot be maintained incrementally (optional joins, aggregates along relationships, whole objects,
//! `NOW()`) run again as a whole after every change.

use super::Query;
use super::batch::Batches;
use super::group::{Key, Tally};
use super::names::{Names, VarIx};
use super::plan::Plan;
use super::run::{Limits, Output, QueryResult, Rows, Runner, resolved, run_within};
use super::scalar::{Columns, Env, Scalar, VarValue};
use super::shape::{Answer, Shape};
use crate::expr::{Aggregate, Cell, Expr, ExprError, Function, Node, whole_number};
use crate::graph::Graph;
use crate::state::{RowSet, State};
use crate::topology::{ColumnIx, Topology, TwinIx};
use arcstr::Substr;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// The marker of the end of a linked list.
const NONE: u32 = u32::MAX;

/// An open query.
pub struct StandingQuery {
    query: Query,
    topology: Arc<Topology>,
    answer: StoredResult,
}

/// The stored result.
enum StoredResult {
    /// Incrementally maintained rows.
    Followed(Box<Followed>),
    /// A complete result.
    Whole(QueryResult),
}

struct Followed {
    names: Names,
    shape: Shape,
    /// The variables whose properties affect the rows: columns, plan and rows by twin.
    watched: Vec<Watched>,
    /// Columns that are only projected.
    shown: BTreeSet<ColumnIx>,
    rows: Table,
    groups: Option<Groups>,
    /// Whether the conditions without variables hold; otherwise the result is always empty.
    begins: bool,
}

struct Watched {
    var: VarIx,
    columns: Vec<ColumnIx>,
    plan: Plan,
    /// The first row of each twin.
    heads: Vec<u32>,
    /// The next and the previous row of the same twin, by row.
    next: Vec<u32>,
    before: Vec<u32>,
    /// The twins that changed in the current update.
    changed: RowSet,
}

/// The rows: the bindings and the group of each.
#[derive(Default)]
struct Table {
    width: usize,
    bound: Vec<VarValue>,
    group: Vec<u32>,
    is_live: Vec<bool>,
    free: Vec<u32>,
}

/// The running totals of groups.
struct Groups {
    by_key: HashMap<Vec<Key>, u32>,
    /// The group of each twin, for groups that one twin determines.
    by_twin: HashMap<TwinIx, u32>,
    list: Vec<Group>,
    free: Vec<u32>,
    /// The arguments of the aggregates, by row.
    values: Vec<Cell>,
    width: usize,
}

struct Group {
    key: Vec<Key>,
    /// The twin that determines the group, if any.
    twin: Option<TwinIx>,
    keys: Vec<Cell>,
    first: Vec<VarValue>,
    rows: usize,
    totals: Vec<Total>,
}

/// The running total of one aggregate in a group.
#[derive(Default)]
struct Total {
    tally: Tally,
    sum: Sum,
    /// The number of occurrences of each value, for the minimum and maximum.
    values: BTreeMap<Ordered, (Cell, usize)>,
}

/// A sum in double-double precision, so that removing numbers leaves no rounding error in the result.
#[derive(Clone, Copy, Default)]
struct Sum {
    high: f64,
    low: f64,
}

impl Sum {
    /// Adds a number with Knuth's two-sum algorithm.
    fn add(&mut self, value: f64) {
        let sum = self.high + value;
        let part = sum - self.high;
        self.low += (self.high - (sum - part)) + (value - part);
        self.high = sum;
    }
}

/// Values ordered by kind, then by value.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Ordered {
    Bool(bool),
    /// The bits of a number, and the exact value of an integer.
    Number(i64, i128),
    Time(i64),
    Text(Substr),
}

impl Ordered {
    fn of(cell: &Cell) -> Option<Self> {
        // The bits of floats are mapped to integers with the total order of IEEE 754.
        let bits = |number: f64| {
            let bits = (number + 0.0).to_bits() as i64;
            bits ^ (((bits >> 63) as u64) >> 1) as i64
        };
        match cell {
            Cell::Bool(flag) => Some(Self::Bool(*flag)),
            Cell::Number(number) => Some(Self::Number(bits(*number), *number as i128)),
            Cell::Time(seconds) => Some(Self::Time(bits(*seconds))),
            Cell::Text(text) => Some(Self::Text(text.clone())),
            // An integer that a double can't hold stands among the numbers.
            Cell::Json(json) => {
                let whole = whole_number(json)?;
                Some(Self::Number(bits(whole as f64), whole))
            }
            Cell::Missing => None,
        }
    }
}

impl StandingQuery {
    /// Opens a query on a state and the graph from which its topology was compiled.
    ///
    /// # Errors
    /// Unknown names, operands of incompatible types or units, or an exceeded limit.
    pub fn new(query: Query, graph: &Graph, state: &State, limits: Limits<'_>) -> Result<Self, ExprError> {
        let answer = match Followed::new(&query, graph, state, limits)? {
            Some(followed) => StoredResult::Followed(Box::new(followed)),
            None => StoredResult::Whole(run_within(&query, graph, state, limits)?),
        };
        Ok(Self { query, topology: state.topology().clone(), answer })
    }

    /// Updates the result with the changes of the state's tick. Returns whether the result may differ.
    ///
    /// # Errors
    /// An exceeded limit, after which the result is invalid, or an error of the query on a new topology.
    pub fn update(&mut self, graph: &Graph, state: &State, limits: Limits<'_>) -> Result<bool, ExprError> {
        if !Arc::ptr_eq(&self.topology, state.topology()) {
            *self = Self::new(self.query.clone(), graph, state, limits)?;
            return Ok(true);
        }
        match &mut self.answer {
            StoredResult::Followed(followed) => followed.update(graph, state, limits),
            StoredResult::Whole(_) if state.change_count() == 0 && !asks_for_time(&self.query) => Ok(false),
            StoredResult::Whole(known) => {
                let next = run_within(&self.query, graph, state, limits)?;
                // A whole twin is compared by identity only, so its values may have changed.
                let has_wholes = next.rows.iter().flatten().flatten().any(|output| matches!(output, Output::Twin(_)));
                let differs = has_wholes || known.rows != next.rows;
                *known = next;
                Ok(differs)
            }
        }
    }

    /// Returns the current result.
    ///
    /// # Errors
    /// An expression of a row has no result: a path without an aggregate leads to several twins.
    pub fn answer(&self, graph: &Graph, state: &State) -> Result<QueryResult, ExprError> {
        match &self.answer {
            StoredResult::Whole(known) => Ok(known.clone()),
            StoredResult::Followed(followed) => {
                let rows = followed.answer(&self.query, graph, state)?;
                let keys = followed.shape.items.iter().map(|(key, _)| key.clone()).collect();
                Ok(QueryResult { keys, rows, plan: None })
            }
        }
    }
}

/// Returns all expressions of a query.
fn expressions(query: &Query) -> impl Iterator<Item = &Expr> {
    let items: &[(Expr, String)] = match &query.select {
        super::Select::Items(items) => items,
        super::Select::Everything(_) => &[],
    };
    let order = query.order_by.iter().map(|(expr, _)| expr);
    items.iter().map(|(expr, _)| expr).chain(&query.filter).chain(&query.group_by).chain(&query.having).chain(order)
}

fn asks_for_time(query: &Query) -> bool {
    fn asks(expr: &Expr) -> bool {
        let mut found = matches!(expr.node, Node::Call(Function::Now, _));
        expr.each_child(&mut |child| found = found || asks(child));
        found
    }
    expressions(query).any(asks)
}

/// Collects the columns that an expression reads, by variable. Returns false if it reads other data that changes.
fn reads(scalar: &Scalar, out: &mut BTreeMap<VarIx, BTreeSet<ColumnIx>>) -> bool {
    let mut of = |var: VarIx, columns: &Columns| {
        out.entry(var).or_default().extend(columns.by_table.iter().flatten().map(|(column, ..)| *column));
        true
    };
    match scalar {
        Scalar::Property(var, columns)
        | Scalar::Inside(var, columns, _)
        | Scalar::UpdateTime(var, columns)
        | Scalar::Quality(var, columns) => of(*var, columns),
        Scalar::Constant(_)
        | Scalar::Result(_)
        | Scalar::Id(_)
        | Scalar::Model(_)
        | Scalar::Etag(_)
        | Scalar::OfTables(..) => true,
        Scalar::Relationship(..) | Scalar::Edge(_) | Scalar::Way { .. } | Scalar::WayLength(_) => true,
        Scalar::Unary(_, inner) | Scalar::Convert(inner, _) => reads(inner, out),
        Scalar::Binary(_, left, right) => reads(left, out) && reads(right, out),
        Scalar::Call(_, all) | Scalar::First(all) => all.iter().all(|inner| reads(inner, out)),
        Scalar::Case(arms, otherwise) => {
            arms.iter().all(|(condition, value)| reads(condition, out) && reads(value, out))
                && otherwise.as_ref().is_none_or(|value| reads(value, out))
        }
        Scalar::Part(..) | Scalar::Metadata(..) | Scalar::Along { .. } => false,
    }
}

impl Followed {
    /// Matches the whole pattern once. Returns `None` if the query cannot be maintained incrementally.
    fn new(query: &Query, graph: &Graph, state: &State, limits: Limits<'_>) -> Result<Option<Self>, ExprError> {
        let topology = state.topology();
        let (names, filters, shape) = resolved(query, state)?;
        let is_whole = names.steps.iter().any(|step| step.optional) || asks_for_time(query) || query.explain;
        let (mut decides, mut shown) = (BTreeMap::new(), BTreeMap::new());
        let mut follows = !is_whole && filters.iter().all(|filter| reads(filter, &mut decides));
        if let Some(groups) = &shape.groups {
            follows &= groups.keys.iter().chain(&groups.arguments).all(|scalar| reads(scalar, &mut decides));
        }
        for scalar in shape.scalars() {
            follows &= reads(scalar, &mut shown);
        }
        // A whole twin includes all its columns.
        for var in shape.wholes() {
            let of_all = topology.columns().iter().enumerate().map(|(number, _)| ColumnIx(number as u32));
            shown.entry(var).or_insert_with(BTreeSet::new).extend(of_all);
        }
        if !follows {
            return Ok(None);
        }
        let plan = Plan::new(&names, filters.clone(), topology);
        let twins = topology.twin_count() as usize;
        let watched = decides.into_iter().filter(|(_, columns)| !columns.is_empty()).map(|(var, columns)| Watched {
            var,
            columns: columns.into_iter().collect(),
            plan: Plan::pinned(&names, filters.clone(), topology, var),
            heads: vec![NONE; twins],
            next: Vec::new(),
            before: Vec::new(),
            changed: RowSet::new(twins),
        });
        let groups = shape.groups.as_ref().map(|groups| Groups {
            by_key: HashMap::new(),
            by_twin: HashMap::new(),
            list: Vec::new(),
            free: Vec::new(),
            values: Vec::new(),
            width: groups.arguments.len(),
        });
        let shown = shown.into_values().flatten().collect();
        let rows = Table { width: names.vars.len(), ..Table::default() };
        let mut followed = Self { watched: watched.collect(), names, shape, shown, rows, groups, begins: true };
        let runner = Runner::new(&followed.names, &plan, graph, state, limits);
        followed.begins = runner.begins()?;
        let found = if followed.begins { matches(&runner)? } else { Vec::new() };
        followed.add(&found, graph, state)?;
        Ok(Some(followed))
    }

    fn update(&mut self, graph: &Graph, state: &State, limits: Limits<'_>) -> Result<bool, ExprError> {
        let is_shown_changed = self.shown.iter().any(|column| !state.changed(*column).is_empty());
        if !self.begins {
            return Ok(false);
        }
        let topology = state.topology();
        let mut differs = false;
        for number in 0..self.watched.len() {
            self.watched[number].note(topology, state);
            for at in 0..self.watched[number].changed.rows().len() {
                let twin = self.watched[number].changed.rows()[at];
                while self.watched[number].heads[twin as usize] != NONE {
                    let row = self.watched[number].heads[twin as usize];
                    self.remove(row);
                    differs = true;
                }
            }
        }
        for number in 0..self.watched.len() {
            let watched = &mut self.watched[number];
            if watched.changed.rows().is_empty() {
                continue;
            }
            watched.plan.begin_with(watched.changed.rows().iter().copied().map(TwinIx).collect());
            let (earlier, rest) = self.watched.split_at(number);
            let mut found = matches(&Runner::new(&self.names, &rest[0].plan, graph, state, limits))?;
            // Rows that also contain a changed twin of an earlier variable were found with that variable.
            if !earlier.is_empty() {
                let is_new = |row: &&[VarValue]| !earlier.iter().any(|other| other.has_changed(row[other.var]));
                found = found.chunks(self.rows.width).filter(is_new).flatten().copied().collect();
            }
            differs |= !found.is_empty();
            self.add(&found, graph, state)?;
        }
        Ok(differs || is_shown_changed)
    }

    fn add(&mut self, found: &[VarValue], graph: &Graph, state: &State) -> Result<(), ExprError> {
        for bound in found.chunks(self.rows.width) {
            let row = self.rows.add(bound);
            for watched in &mut self.watched {
                watched.link(row, bound[watched.var]);
            }
            if let (Some(groups), Some(grouped)) = (&mut self.groups, &self.shape.groups) {
                let env = Env { state, graph, bound, results: &[] };
                self.rows.group[row as usize] = groups.add(row, grouped, env)?;
            }
        }
        Ok(())
    }

    fn remove(&mut self, row: u32) {
        for watched in &mut self.watched {
            watched.unlink(row, self.rows.bound[row as usize * self.rows.width + watched.var]);
        }
        if let (Some(groups), Some(grouped)) = (&mut self.groups, &self.shape.groups) {
            groups.remove(row, self.rows.group[row as usize], &grouped.aggregates);
        }
        self.rows.remove(row);
    }

    fn answer(&self, query: &Query, graph: &Graph, state: &State) -> Result<Rows, ExprError> {
        let mut answer = Answer::new(&self.shape, query);
        match (&self.groups, &self.shape.groups) {
            (Some(groups), Some(grouped)) => {
                let none = vec![VarValue::None; self.rows.width];
                let mut any = false;
                for group in groups.list.iter().filter(|group| group.rows > 0) {
                    any = true;
                    let results =
                        group.totals.iter().zip(&grouped.aggregates).map(|(total, aggregate)| total.result(*aggregate));
                    let results: Vec<Cell> = group.keys.iter().cloned().chain(results).collect();
                    let env = Env { state, graph, bound: &group.first, results: &results };
                    if !answer
                        .add_group(env, || grouped.check(&group.totals.iter().map(Total::whole).collect::<Vec<_>>()))?
                    {
                        break;
                    }
                }
                if !any && grouped.keys.is_empty() {
                    let empty: Vec<Cell> =
                        grouped.aggregates.iter().map(|aggregate| Tally::default().result(*aggregate)).collect();
                    let env = Env { state, graph, bound: &none, results: &empty };
                    answer.add_group(env, || Ok(()))?;
                }
            }
            _ => {
                for row in (0..self.rows.is_live.len()).filter(|row| self.rows.is_live[*row]) {
                    let bound = &self.rows.bound[row * self.rows.width..(row + 1) * self.rows.width];
                    if !answer.add(Env { state, graph, bound, results: &[] })? {
                        break;
                    }
                }
            }
        }
        Ok(answer.finish())
    }
}

/// Returns the bindings of all rows of a plan, row after row.
fn matches(runner: &Runner<'_>) -> Result<Vec<VarValue>, ExprError> {
    let width = runner.names.vars.len();
    let mut found = Vec::new();
    match Batches::new(runner, &(0..width).collect()) {
        Some(batches) => batches.run(&mut |batch| {
            for at in 0..batch.len {
                let start = found.len();
                found.resize(start + width, VarValue::None);
                batch.bind(at, &mut found[start..]);
            }
            Ok(true)
        })?,
        None => runner.run(&mut |env| {
            found.extend_from_slice(env.bound);
            Ok(true)
        })?,
    }
    Ok(found)
}

impl Table {
    fn add(&mut self, bound: &[VarValue]) -> u32 {
        if let Some(row) = self.free.pop() {
            let at = row as usize;
            self.bound[at * self.width..(at + 1) * self.width].copy_from_slice(bound);
            self.is_live[at] = true;
            return row;
        }
        self.bound.extend_from_slice(bound);
        self.group.push(NONE);
        self.is_live.push(true);
        self.is_live.len() as u32 - 1
    }

    fn remove(&mut self, row: u32) {
        self.is_live[row as usize] = false;
        self.free.push(row);
    }
}

impl Watched {
    /// Collects the twins whose values changed in the state's tick, sorted.
    fn note(&mut self, topology: &Topology, state: &State) {
        self.changed.clear();
        for column in &self.columns {
            let base = topology.table(topology.column(*column).table).base;
            state.changed(*column).iter().for_each(|row| self.changed.add(base + row));
        }
        self.changed.sort();
    }

    fn has_changed(&self, bound: VarValue) -> bool {
        matches!(bound, VarValue::Twin(twin) if self.changed.contains(twin.0))
    }

    fn link(&mut self, row: u32, bound: VarValue) {
        let at = row as usize;
        if self.next.len() <= at {
            self.next.resize(at + 1, NONE);
            self.before.resize(at + 1, NONE);
        }
        (self.next[at], self.before[at]) = (NONE, NONE);
        let VarValue::Twin(twin) = bound else { return };
        let head = &mut self.heads[twin.0 as usize];
        self.next[at] = *head;
        if *head != NONE {
            self.before[*head as usize] = row;
        }
        *head = row;
    }

    fn unlink(&mut self, row: u32, bound: VarValue) {
        let VarValue::Twin(twin) = bound else { return };
        let (next, before) = (self.next[row as usize], self.before[row as usize]);
        if next != NONE {
            self.before[next as usize] = before;
        }
        if before == NONE {
            self.heads[twin.0 as usize] = next;
        } else {
            self.next[before as usize] = next;
        }
    }
}

impl Groups {
    /// Adds a row to its group and returns the group.
    fn add(&mut self, row: u32, grouped: &super::shape::GroupingPlan, env: Env<'_>) -> Result<u32, ExprError> {
        let number = self.find(grouped, env)?;
        let group = &mut self.list[number as usize];
        group.rows += 1;
        let at = row as usize * self.width;
        if self.values.len() < at + self.width {
            self.values.resize(at + self.width, Cell::Missing);
        }
        for (offset, argument) in grouped.arguments.iter().enumerate() {
            let cell = argument.value(env)?;
            group.totals[offset].add(&cell, grouped.aggregates[offset]);
            self.values[at + offset] = cell;
        }
        Ok(number)
    }

    fn remove(&mut self, row: u32, number: u32, aggregates: &[Aggregate]) {
        let group = &mut self.list[number as usize];
        let at = row as usize * self.width;
        for (offset, total) in group.totals.iter_mut().enumerate() {
            total.remove(&self.values[at + offset], aggregates[offset]);
        }
        group.rows -= 1;
        if group.rows == 0 {
            self.by_key.remove(&group.key);
            if let Some(twin) = group.twin {
                self.by_twin.remove(&twin);
            }
            self.free.push(number);
        }
    }

    /// Returns the group of a row.
    fn find(&mut self, grouped: &super::shape::GroupingPlan, env: Env<'_>) -> Result<u32, ExprError> {
        // A group by id is determined by the twin, so its key need not be computed.
        let twin = match grouped.keys.as_slice() {
            [Scalar::Id(var)] => match env.bound[*var] {
                VarValue::Twin(twin) => Some(twin),
                _ => None,
            },
            _ => None,
        };
        if let Some(known) = twin.and_then(|twin| self.by_twin.get(&twin)) {
            return Ok(*known);
        }
        let keys: Result<Vec<Cell>, ExprError> = grouped.keys.iter().map(|key| key.value(env)).collect();
        let keys = keys?;
        let key: Vec<Key> = keys.iter().map(Key::of).collect();
        let number = match self.by_key.get(&key) {
            Some(known) => *known,
            None => {
                let totals = grouped.arguments.iter().map(|_| Total::default()).collect();
                let group = Group { key: key.clone(), twin, keys, first: env.bound.to_vec(), rows: 0, totals };
                let number = match self.free.pop() {
                    Some(number) => {
                        self.list[number as usize] = group;
                        number
                    }
                    None => {
                        self.list.push(group);
                        self.list.len() as u32 - 1
                    }
                };
                self.by_key.insert(key, number);
                number
            }
        };
        self.by_twin.extend(twin.map(|twin| (twin, number)));
        Ok(number)
    }
}

impl Total {
    fn add(&mut self, cell: &Cell, aggregate: Aggregate) {
        self.tally.count(cell);
        if let Cell::Number(number) | Cell::Time(number) = cell {
            self.sum.add(*number);
        }
        if let (Aggregate::Min | Aggregate::Max, Some(order)) = (aggregate, Ordered::of(cell)) {
            self.values.entry(order).or_insert_with(|| (cell.clone(), 0)).1 += 1;
        }
    }

    fn remove(&mut self, cell: &Cell, aggregate: Aggregate) {
        self.tally.remove(cell);
        if let Cell::Number(number) | Cell::Time(number) = cell {
            self.sum.add(-*number);
        }
        if let (Aggregate::Min | Aggregate::Max, Some(order)) = (aggregate, Ordered::of(cell))
            && let Some((_, count)) = self.values.get_mut(&order)
        {
            *count -= 1;
            if *count == 0 {
                self.values.remove(&order);
            }
        }
    }

    /// Returns the accumulator with the precise sum.
    fn whole(&self) -> Tally {
        self.tally.with_sum(self.sum.high + self.sum.low)
    }

    fn result(&self, aggregate: Aggregate) -> Cell {
        let end = match aggregate {
            Aggregate::Min => self.values.first_key_value(),
            Aggregate::Max => self.values.last_key_value(),
            _ => return self.whole().result(aggregate),
        };
        end.map_or(Cell::Missing, |(_, (cell, _))| cell.clone())
    }
}
