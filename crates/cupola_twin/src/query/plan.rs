//! The query planner: it starts at the variable with the fewest candidates, expands the cheapest step next, and tests
//! every condition as early as possible.

use super::names::{Names, Step, VarIx};
use super::scalar::Scalar;
use super::{Direction, Hops};
use crate::expr::{BinaryOp, Cell};
use crate::topology::{TableIx, Topology, TwinIx};
use std::collections::BTreeSet;

/// Estimated selectivities of an equality and of any other condition.
const KEPT_BY_EQUALITY: f64 = 0.05;
const KEPT: f64 = 0.4;
/// The estimated growth of the number of rows by a step of several hops.
const HOPS_FACTOR: f64 = 5.0;
/// The estimated costs of scanning a row and of a step with at most one target, relative to a row of a step with
/// several targets.
const SCAN: f64 = 0.15;
const LOOK_UP: f64 = 0.4;
/// The cost below which no alternative plans are compared.
const WORTH_THINKING: f64 = 10_000.0;
/// The largest upper bound of hops for which every path counts; with a larger bound each twin at the end is returned
/// once.
pub(super) const MAX_TRAIL: u32 = 10;

/// The source of a variable's first binding.
#[derive(Debug)]
pub(super) enum Source {
    /// The given twins.
    Twins(Vec<TwinIx>),
    /// All twins of the given tables.
    Tables(Vec<TableIx>),
    /// All relationships of the graph.
    Relationships,
    /// The relationships of one twin: outgoing if true, otherwise incoming.
    RelationshipsOf(String, bool),
}

#[derive(Debug)]
pub(super) enum Op {
    Start {
        var: VarIx,
        source: Source,
    },
    /// Follows a step from a bound twin. If `is_closing`, the other end is bound already and only compared.
    Expand {
        step: usize,
        is_reversed: bool,
        is_closing: bool,
    },
}

/// An operation, and the conditions that can be tested after it.
#[derive(Debug)]
pub(super) struct Stage {
    pub op: Op,
    pub filters: Vec<Scalar>,
    /// The estimated number of rows after the stage.
    rows: f64,
}

/// A query plan.
#[derive(Debug)]
pub(super) struct Plan {
    /// Conditions without variables.
    pub before: Vec<Scalar>,
    pub stages: Vec<Stage>,
}

impl Plan {
    pub fn new(names: &Names, filters: Vec<Scalar>, topology: &Topology) -> Self {
        let mut planner = Planner::new(names, topology, filters);
        let before = std::mem::take(&mut planner.before);
        // Vectorized execution may be cheaper from a start with many twins, so other starts are compared.
        let is_tree = names.steps.len() + 1 == names.vars.len();
        if is_tree && names.steps.iter().all(Step::is_plain) {
            let mut best = planner.clone().stages();
            // A cheap plan needs no comparison.
            if best.0 >= WORTH_THINKING {
                for var in 0..names.vars.len() {
                    let other = planner.clone().beginning_with(var).stages();
                    if other.0 < best.0 {
                        best = other;
                    }
                }
            }
            return Self { before, stages: best.1 };
        }
        Self { before, stages: planner.stages().1 }
    }

    /// Returns the plan that starts at variable `var`, even if another plan is cheaper.
    pub fn pinned(names: &Names, filters: Vec<Scalar>, topology: &Topology, var: VarIx) -> Self {
        let mut planner = Planner::new(names, topology, filters).beginning_with(var);
        Self { before: std::mem::take(&mut planner.before), stages: planner.stages().1 }
    }

    /// Replaces the twins at which the plan starts.
    pub fn begin_with(&mut self, twins: Vec<TwinIx>) {
        if let Some(Stage { op: Op::Start { source, .. }, .. }) = self.stages.first_mut() {
            *source = Source::Twins(twins);
        }
    }

    /// Describes the plan, one line for each operation.
    pub fn lines(&self, names: &Names, topology: &Topology) -> Vec<String> {
        let name = |var: VarIx| names.vars[var].name.clone().unwrap_or_else(|| format!("#{}", var + 1));
        let mut lines = Vec::new();
        for stage in &self.stages {
            let what = match &stage.op {
                Op::Start { var, source } => match source {
                    Source::Twins(twins) => {
                        format!("{}: {}", name(*var), many(twins.len(), "twin by id", "twins by id"))
                    }
                    Source::Tables(tables) => {
                        let models: Vec<String> = tables.iter().map(|table| table_text(topology, *table)).collect();
                        format!(
                            "{}: all of {}",
                            name(*var),
                            if models.is_empty() { "no model".into() } else { models.join(", ") }
                        )
                    }
                    Source::Relationships => format!("{}: all relationships", name(*var)),
                    Source::RelationshipsOf(id, true) => format!("{}: the relationships from `{id}`", name(*var)),
                    Source::RelationshipsOf(id, false) => format!("{}: the relationships to `{id}`", name(*var)),
                },
                Op::Expand { step, is_reversed, is_closing } => {
                    let step = &names.steps[*step];
                    let (from, to) = if *is_reversed { (step.to, step.from) } else { (step.from, step.to) };
                    let word = match (is_closing, step.optional) {
                        (true, _) => "test",
                        (false, true) => "optionally along",
                        (false, false) => "along",
                    };
                    format!("{} → {}: {word} {}", name(from), name(to), step_text(step, *is_reversed))
                }
            };
            let tests = match stage.filters.len() {
                0 => String::new(),
                count => format!(", {}", many(count, "condition", "conditions")),
            };
            lines.push(format!("{what}{tests} (about {} rows)", rounded(stage.rows)));
        }
        lines
    }
}

#[derive(Clone)]
struct Planner<'p> {
    names: &'p Names,
    topology: &'p Topology,
    /// The mean number of targets of a twin along each step, forward and backward.
    spreads: Vec<[f64; 2]>,
    /// Conditions without variables.
    before: Vec<Scalar>,
    /// Conditions that are not placed yet, with the variables that they use.
    waiting: Vec<(BTreeSet<VarIx>, Scalar)>,
    bound: BTreeSet<VarIx>,
    /// The variable at which the plan must start.
    begin: Option<VarIx>,
    rows: f64,
    /// The cost so far, in rows.
    cost: f64,
}

impl<'p> Planner<'p> {
    fn new(names: &'p Names, topology: &'p Topology, filters: Vec<Scalar>) -> Self {
        let (mut before, mut waiting) = (Vec::new(), Vec::new());
        for filter in filters {
            let mut uses = BTreeSet::new();
            filter.uses(&mut uses);
            if uses.is_empty() { before.push(filter) } else { waiting.push((uses, filter)) }
        }
        let spreads = names.steps.iter().map(|step| Self::spread(topology, step)).collect();
        Self { names, topology, spreads, before, waiting, bound: BTreeSet::new(), begin: None, rows: 1.0, cost: 0.0 }
    }

    fn beginning_with(self, var: VarIx) -> Self {
        Self { begin: Some(var), ..self }
    }

    /// Returns the cost and the stages of the plan.
    fn stages(mut self) -> (f64, Vec<Stage>) {
        let mut stages = Vec::new();
        let mut open: Vec<usize> = (0..self.names.steps.len()).collect();
        loop {
            // Closing steps come first, then the step with the fewest targets; optional steps come last, in their
            // order.
            let next = open
                .iter()
                .enumerate()
                .filter_map(|(at, step)| Some((at, *step, self.way(*step)?)))
                .min_by(|(_, _, one), (_, _, other)| one.cost.total_cmp(&other.cost));
            if let Some((at, step, way)) = next.filter(|(_, step, _)| self.may_go(*step, &open)) {
                open.remove(at);
                let ends = &self.names.steps[step];
                self.rows = (self.rows * way.fan_out).max(1.0);
                self.cost += self.rows * if way.fan_out <= 1.0 { LOOK_UP } else { 1.0 };
                self.bound.extend([ends.from, ends.to].into_iter().chain(ends.edge));
                let op = Op::Expand { step, is_reversed: way.is_reversed, is_closing: way.is_closing };
                let stage = self.stage(op);
                stages.push(stage);
                continue;
            }
            let begin = self.begin.take().or_else(|| self.next_start());
            let Some(var) = begin else { return (self.cost, stages) };
            let (source, kept) = self.source(var);
            let all: f64 = match &source {
                Source::Tables(tables) => tables.iter().map(|table| f64::from(self.topology.table(*table).rows)).sum(),
                _ => kept,
            };
            self.cost += all * SCAN;
            self.rows *= kept.max(1.0);
            self.bound.insert(var);
            let stage = self.stage(Op::Start { var, source });
            stages.push(stage);
        }
    }

    fn stage(&mut self, op: Op) -> Stage {
        let (ready, waiting): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.waiting).into_iter().partition(|(uses, _)| uses.is_subset(&self.bound));
        self.waiting = waiting;
        let filters: Vec<Scalar> = ready.into_iter().map(|(_, filter)| filter).collect();
        // The row count of a start by ids includes the selectivity of the ids.
        let by_id = matches!(op, Op::Start { source: Source::Twins(_), .. });
        for filter in filters.iter().filter(|_| !by_id) {
            self.rows *= kept_by(filter);
        }
        Stage { op, filters, rows: self.rows }
    }

    /// Returns whether a step may be placed; an optional step waits for all required steps and for earlier optional
    /// ones.
    fn may_go(&self, step: usize, open: &[usize]) -> bool {
        !self.names.steps[step].optional || open.iter().all(|other| self.names.steps[*other].optional && *other >= step)
    }

    fn way(&self, step: usize) -> Option<StepChoice> {
        let Step { from, to, optional, .. } = &self.names.steps[step];
        let (has_from, has_to) = (self.bound.contains(from), self.bound.contains(to));
        let is_reversed = has_to && !has_from;
        if !has_from && (!has_to || *optional) {
            return None;
        }
        let is_closing = has_from && has_to;
        let spread = self.spreads[step][usize::from(is_reversed)];
        let cost = if *optional {
            f64::INFINITY
        } else if is_closing {
            0.0
        } else {
            spread
        };
        Some(StepChoice { is_reversed, is_closing, fan_out: if is_closing { 1.0 } else { spread }, cost })
    }

    /// Returns the mean number of targets of a twin along a step, forward and backward.
    fn spread(topology: &Topology, step: &Step) -> [f64; 2] {
        let (mut pairs, mut forward_rows, mut backward_rows) = (0.0, BTreeSet::new(), BTreeSet::new());
        for relation in topology.relations().iter().filter(|relation| relation.is_plain() && step.fits(&relation.path))
        {
            for link in &relation.links {
                pairs += link.forward.targets().len() as f64;
                forward_rows.insert(link.src);
                backward_rows.insert(link.dst);
            }
        }
        let rows =
            |tables: &BTreeSet<TableIx>| tables.iter().map(|table| f64::from(topology.table(*table).rows)).sum::<f64>();
        let (on, back) = (pairs / rows(&forward_rows).max(1.0), pairs / rows(&backward_rows).max(1.0));
        let both = match step.direction {
            Direction::Either => [on + back; 2],
            Direction::Forward => [on, back],
            Direction::Backward => [back, on],
        };
        if step.hops == Hops::ONE { both } else { both.map(|one| one * HOPS_FACTOR) }
    }

    /// Returns the required variable with the fewest candidates.
    fn next_start(&self) -> Option<VarIx> {
        let comes_along = |var: VarIx| {
            self.names.steps.iter().any(|step| step.edge == Some(var) || (step.optional && step.to == var))
        };
        (0..self.names.vars.len())
            .filter(|var| !self.bound.contains(var) && !comes_along(*var))
            .map(|var| (self.source(var).1, var))
            .min_by(|(one, _), (other, _)| one.total_cmp(other))
            .map(|(_, var)| var)
    }

    /// Returns the source of a variable, and the estimated number of candidates.
    fn source(&self, var: VarIx) -> (Source, f64) {
        let own = || {
            self.waiting
                .iter()
                .filter(move |(uses, _)| uses.len() == 1 && uses.contains(&var))
                .map(|(_, filter)| filter)
        };
        if self.names.vars[var].is_edge {
            let end = own().find_map(|filter| end_of(filter, var));
            return match end {
                Some((id, outgoing)) => (Source::RelationshipsOf(id, outgoing), 10.0),
                None => {
                    let all = self.topology.relations().iter().filter(|relation| relation.is_plain());
                    let count: usize =
                        all.flat_map(|relation| &relation.links).map(|link| link.forward.targets().len()).sum();
                    (Source::Relationships, count as f64)
                }
            };
        }
        if let Some(ids) = own().filter_map(|filter| ids_of(filter, var)).min_by_key(Vec::len) {
            let known: BTreeSet<TwinIx> = ids.iter().filter_map(|id| self.topology.twin(id)).collect();
            let count = known.len() as f64;
            return (Source::Twins(known.into_iter().collect()), count);
        }
        let mut fits = vec![true; self.topology.tables().len()];
        let mut kept = 1.0;
        for filter in own() {
            if let Some(tables) = tables_of(filter, var) {
                fits.iter_mut().zip(tables).for_each(|(fits, own)| *fits &= own);
            }
            kept *= kept_by(filter);
        }
        let tables: Vec<TableIx> = (0..).zip(fits).filter(|(_, fits)| *fits).map(|(table, _)| TableIx(table)).collect();
        let rows: f64 = tables.iter().map(|table| f64::from(self.topology.table(*table).rows)).sum();
        (Source::Tables(tables), rows * kept)
    }
}

struct StepChoice {
    is_reversed: bool,
    is_closing: bool,
    fan_out: f64,
    cost: f64,
}

fn kept_by(filter: &Scalar) -> f64 {
    match filter {
        Scalar::OfTables(..) => 1.0,
        Scalar::Binary(BinaryOp::Equal, ..) => KEPT_BY_EQUALITY,
        _ => KEPT,
    }
}

/// Returns the ids to which a condition limits a twin.
fn ids_of(filter: &Scalar, var: VarIx) -> Option<Vec<String>> {
    match filter {
        Scalar::Binary(BinaryOp::Equal, left, right) => match (&**left, &**right) {
            (Scalar::Id(own), Scalar::Constant(Cell::Text(id)))
            | (Scalar::Constant(Cell::Text(id)), Scalar::Id(own))
                if *own == var =>
            {
                Some(vec![id.to_string()])
            }
            _ => None,
        },
        Scalar::Binary(BinaryOp::Or, left, right) => {
            let mut ids = ids_of(left, var)?;
            ids.extend(ids_of(right, var)?);
            Some(ids)
        }
        _ => None,
    }
}

/// Returns the id to which a condition limits an end of a relationship, and whether the end is the source.
fn end_of(filter: &Scalar, var: VarIx) -> Option<(String, bool)> {
    let Scalar::Binary(BinaryOp::Equal, left, right) = filter else { return None };
    match (&**left, &**right) {
        (Scalar::Relationship(own, name, _), Scalar::Constant(Cell::Text(id)))
        | (Scalar::Constant(Cell::Text(id)), Scalar::Relationship(own, name, _))
            if *own == var && matches!(name.as_str(), "$sourceId" | "$targetId") =>
        {
            Some((id.to_string(), name == "$sourceId"))
        }
        _ => None,
    }
}

/// Returns the tables whose twins can fulfil a condition, by number; a comparison needs a property.
fn tables_of(filter: &Scalar, var: VarIx) -> Option<Vec<bool>> {
    match filter {
        Scalar::OfTables(own, tables) if *own == var => Some(tables.clone()),
        Scalar::Binary(op, left, right) if op.is_comparison() => {
            [left, right].into_iter().find_map(|side| match &**side {
                Scalar::Property(own, columns) if *own == var => Some(columns.tables()),
                _ => None,
            })
        }
        Scalar::Binary(BinaryOp::And, left, right) => match (tables_of(left, var), tables_of(right, var)) {
            (Some(one), Some(other)) => Some(one.into_iter().zip(other).map(|(one, other)| one && other).collect()),
            (one, other) => one.or(other),
        },
        Scalar::Binary(BinaryOp::Or, left, right) => {
            let (one, other) = (tables_of(left, var)?, tables_of(right, var)?);
            Some(one.into_iter().zip(other).map(|(one, other)| one || other).collect())
        }
        _ => None,
    }
}

fn table_text(topology: &Topology, table: TableIx) -> String {
    let table = topology.table(table);
    format!("{} ({})", crate::model::short_name(&topology.models.get(table.model).id), table.rows)
}

fn step_text(step: &Step, is_reversed: bool) -> String {
    let names = if step.names.is_empty() { "any relationship".to_string() } else { step.names.join("|") };
    let hops = match step.hops {
        Hops::ONE => String::new(),
        Hops { least, most: None } => format!(", {least} or more times"),
        Hops { least, most: Some(most) } if least == most => format!(", {least} times"),
        Hops { least, most: Some(most) } => format!(", {least} to {most} times"),
    };
    let against = match (step.direction, is_reversed) {
        (Direction::Either, _) => " in either direction",
        (Direction::Forward, true) | (Direction::Backward, false) => " backwards",
        _ => "",
    };
    let shortest = if step.is_shortest { ", shortest path" } else { "" };
    format!("{names}{against}{hops}{shortest}")
}

fn many(count: usize, one: &str, several: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { several })
}

fn rounded(rows: f64) -> String {
    format!("{}", rows.max(1.0).round())
}
