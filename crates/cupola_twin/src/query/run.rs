//! Execution of a plan row by row: binds one variable after the other and drops a row at the first failing condition.
//! Only the rows of the result are stored.

use super::names::{Names, Step, VarIx};
use super::plan::{MAX_TRAIL, Op, Plan, Source, Stage};
use super::resolve::Resolver;
use super::scalar::{Env, Scalar, VarValue};
use super::shape::Shape;
use super::shortest::Roads;
use super::{Direction, Hops, Query};
use crate::expr::{BinaryOp, Cell, Expr, ExprError, Node};
use crate::graph::Graph;
use crate::state::State;
use crate::topology::{Topology, TwinIx};
use std::collections::{BTreeSet, HashSet};
use std::sync::atomic::{AtomicBool, Ordering as Memory};
use std::time::Instant;

/// The number of bindings between checks of the limits.
const CHECK_EVERY: u32 = 4_096;

/// The largest number of paths that a pattern may try, because dense graphs have too many.
const MAX_WAYS: u64 = 1_000_000_000;

/// An output value of a row.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// A twin with all its properties.
    Twin(TwinIx),
    /// The id of a twin.
    Id(TwinIx),
    /// A relationship with all its properties, by its number in the graph.
    Relationship(u32),
    /// A value.
    Value(Cell),
}

/// Rows of outputs, stored consecutively.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rows {
    width: usize,
    len: usize,
    cells: Vec<Option<Output>>,
}

impl Rows {
    /// Creates an empty list of rows with `width` outputs each.
    pub(super) fn new(width: usize) -> Self {
        Self { width, len: 0, cells: Vec::new() }
    }

    /// Returns the number of rows.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Returns whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Returns the rows in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &[Option<Output>]> {
        (0..self.len).map(|row| &self.cells[row * self.width..(row + 1) * self.width])
    }

    /// Adds a row and empties the argument.
    pub(super) fn push(&mut self, row: &mut Vec<Option<Output>>) {
        self.cells.append(row);
        self.len += 1;
    }

    /// Adds `count` rows; `fill` pushes the outputs of each.
    pub(super) fn fill(&mut self, count: usize, mut fill: impl FnMut(usize, &mut Vec<Option<Output>>)) {
        self.cells.reserve(count * self.width);
        (0..count).for_each(|row| fill(row, &mut self.cells));
        self.len += count;
    }

    /// Takes the outputs of a row.
    pub(super) fn take(&mut self, row: usize) -> Vec<Option<Output>> {
        self.cells[row * self.width..(row + 1) * self.width].iter_mut().map(Option::take).collect()
    }

    /// Keeps only the first `len` rows.
    pub fn truncate(&mut self, len: usize) {
        self.len = self.len.min(len);
        self.cells.truncate(self.len * self.width);
    }
}

/// The result of a query.
#[derive(Clone, Debug, Default)]
pub struct QueryResult {
    /// The keys of the outputs of every row; `SELECT *` of a single collection has one empty key.
    pub keys: Vec<String>,
    /// The rows, with an output for each key, or `None` where the value is missing.
    pub rows: Rows,
    /// The query plan, for `EXPLAIN`.
    pub plan: Option<Vec<String>>,
}

/// Limits on the execution of a query.
#[derive(Clone, Copy, Debug, Default)]
pub struct Limits<'l> {
    /// The time at which execution stops.
    pub deadline: Option<Instant>,
    /// A flag that stops execution when it is set.
    pub cancel: Option<&'l AtomicBool>,
}

impl Limits<'_> {
    fn check(&self) -> Result<(), ExprError> {
        if self.cancel.is_some_and(|cancel| cancel.load(Memory::Relaxed)) {
            return Err(ExprError::new(0..0, "cancelled", "the query was cancelled"));
        }
        if self.deadline.is_some_and(|deadline| Instant::now() > deadline) {
            let late = ExprError::new(0..0, "too-slow", "the query exceeded its time limit");
            return Err(late.help("narrow the query, or raise the time limit"));
        }
        Ok(())
    }
}

/// Runs a query on a state and the graph from which its topology was compiled.
///
/// # Errors
/// Unknown names, or operands of incompatible types or units.
pub fn run(query: &Query, graph: &Graph, state: &State) -> Result<QueryResult, ExprError> {
    run_within(query, graph, state, Limits::default())
}

/// Runs a query like [`run`], within limits.
///
/// # Errors
/// Unknown names, operands of incompatible types or units, or an exceeded limit.
pub fn run_within(query: &Query, graph: &Graph, state: &State, limits: Limits<'_>) -> Result<QueryResult, ExprError> {
    let topology = state.topology();
    let (names, filters, shape) = resolved(query, state)?;
    let plan = Plan::new(&names, filters, topology);
    if query.explain {
        let mut lines = plan.lines(&names, topology);
        lines.extend(shape.lines(query));
        return Ok(QueryResult { plan: Some(lines), ..QueryResult::default() });
    }
    let runner = Runner::new(&names, &plan, graph, state, limits);
    let rows = shape.rows(query, &runner)?;
    Ok(QueryResult { keys: shape.items.into_iter().map(|(key, _)| key).collect(), rows, plan: None })
}

/// Resolves a query to its variables, its conjunctive conditions and the shape of its result.
pub(super) fn resolved(query: &Query, state: &State) -> Result<(Names, Vec<Scalar>, Shape), ExprError> {
    let names = Names::new(query, state.topology())?;
    let mut filters = Vec::new();
    for conjunct in query.filter.iter().flat_map(conjuncts) {
        filters.push(Resolver::new(&names, state, None).expr(conjunct)?);
    }
    let shape = Shape::new(query, &names, state)?;
    Ok((names, filters, shape))
}

/// Returns the conditions of a conjunction.
fn conjuncts(expr: &Expr) -> Vec<&Expr> {
    let mut out = Vec::new();
    let mut next = vec![expr];
    while let Some(expr) = next.pop() {
        match &expr.node {
            Node::Binary(BinaryOp::And, left, right) => next.extend([&**right, &**left]),
            _ => out.push(expr),
        }
    }
    out
}

/// A consumer of rows, which returns whether it wants more.
pub(super) type RowConsumer<'e> = dyn FnMut(Env<'_>) -> Result<bool, ExprError> + 'e;

/// The identity of a traversed relationship: its number in the graph, or its relation and ends where these are unique.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Edge {
    /// A shortest path with the given number of relationships.
    Way(u32),
    Numbered(u32),
    Between(usize, TwinIx, TwinIx),
}

/// The relationships on the way to a twin, each with the pattern that it belongs to. A short way is searched faster as a
/// list, and a long one as a set.
#[derive(Debug, Default)]
struct Walked {
    list: Vec<(usize, Edge)>,
    set: HashSet<(usize, Edge)>,
}

impl Walked {
    /// The longest way that is searched as a list.
    const MAX_SEARCHED: usize = 64;

    fn contains(&self, edge: &(usize, Edge)) -> bool {
        if self.list.len() > Self::MAX_SEARCHED { self.set.contains(edge) } else { self.list.contains(edge) }
    }

    fn push(&mut self, edge: (usize, Edge)) {
        self.list.push(edge);
        if self.list.len() == Self::MAX_SEARCHED + 1 {
            self.set = self.list.iter().copied().collect();
        } else if self.list.len() > Self::MAX_SEARCHED {
            self.set.insert(edge);
        }
    }

    fn pop(&mut self) {
        if let Some(edge) = self.list.pop()
            && self.list.len() >= Self::MAX_SEARCHED
        {
            self.set.remove(&edge);
        }
    }
}

/// A step with its relations.
struct StepRelations<'r> {
    step: &'r Step,
    /// The relations that the step may traverse.
    relations: Vec<usize>,
    /// Whether relationships must be distinguished by number, because they are bound or two twins have several.
    is_numbered: bool,
    /// Whether the step must not traverse a relationship again that its pattern has traversed.
    is_trail: bool,
}

/// A plan with the data that it runs on.
pub(super) struct Runner<'r> {
    pub names: &'r Names,
    plan: &'r Plan,
    pub graph: &'r Graph,
    pub state: &'r State,
    ways: Vec<StepRelations<'r>>,
    limits: Limits<'r>,
}

/// The bindings during execution.
struct Progress {
    bound: Vec<VarValue>,
    /// The relationships that the current row traverses, each with its pattern.
    walked: Walked,
    until_check: u32,
    /// The number of paths tried so far.
    ways: u64,
}

impl<'r> Runner<'r> {
    pub fn new(names: &'r Names, plan: &'r Plan, graph: &'r Graph, state: &'r State, limits: Limits<'r>) -> Self {
        let topology = state.topology();
        let mut ways: Vec<StepRelations<'r>> = Vec::with_capacity(names.steps.len());
        for step in &names.steps {
            let relations = topology.relations().iter().enumerate();
            let relations: Vec<usize> = relations
                .filter(|(_, relation)| relation.is_plain() && step.fits(&relation.path))
                .map(|(number, _)| number)
                .collect();
            let is_multiple = |number: &usize| topology.relations()[*number].links.iter().any(|link| link.is_multiple);
            let is_numbered = (step.edge.is_some() && !step.is_shortest) || relations.iter().any(is_multiple);
            let alike = names.steps.iter().filter(|other| other.pattern == step.pattern).count();
            ways.push(StepRelations { step, relations, is_numbered, is_trail: alike > 1 || step.hops != Hops::ONE });
        }
        // Relationships of one pattern are compared with one another, so all its steps use the same identity.
        for at in 0..ways.len() {
            let pattern = ways[at].step.pattern;
            ways[at].is_numbered = ways.iter().any(|way| way.step.pattern == pattern && way.is_numbered);
        }
        Self { names, plan, graph, state, ways, limits }
    }

    fn topology(&self) -> &Topology {
        self.state.topology()
    }

    /// Returns an error if a limit is exceeded.
    pub fn check(&self) -> Result<(), ExprError> {
        self.limits.check()
    }

    /// Returns the relations of a step, if relationships need not be distinguished by number.
    pub fn relations_of(&self, step: usize) -> Option<&[usize]> {
        let way = &self.ways[step];
        (!way.is_numbered).then_some(&way.relations)
    }

    /// Returns whether a pattern could traverse a relationship twice, given the relation and link of each step.
    pub fn may_repeat(&self, taken: &[(usize, usize)]) -> bool {
        let steps = self.plan.stages.iter().filter_map(|stage| match &stage.op {
            Op::Expand { step, .. } => Some(self.names.steps[*step].pattern),
            Op::Start { .. } => None,
        });
        let mut walked = BTreeSet::new();
        steps.zip(taken).any(|(pattern, link)| !walked.insert((pattern, *link)))
    }

    /// Returns the plan.
    pub fn plan(&self) -> &'r Plan {
        self.plan
    }

    /// Produces all rows until the consumer wants no more.
    pub fn run(&self, emit: &mut RowConsumer<'_>) -> Result<(), ExprError> {
        if !self.begins()? {
            return Ok(());
        }
        let mut progress = Progress {
            bound: vec![VarValue::None; self.names.vars.len()],
            walked: Walked::default(),
            until_check: CHECK_EVERY,
            ways: 0,
        };
        self.go(0, &mut progress, emit)?;
        Ok(())
    }

    /// Returns whether the conditions without variables hold.
    pub fn begins(&self) -> Result<bool, ExprError> {
        let env = Env { state: self.state, graph: self.graph, bound: &[], results: &[] };
        for filter in &self.plan.before {
            if !filter.holds(env)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Runs a stage for the current bindings. Returns whether the consumer wants more rows.
    fn go(&self, at: usize, progress: &mut Progress, emit: &mut RowConsumer<'_>) -> Result<bool, ExprError> {
        let Some(stage) = self.plan.stages.get(at) else {
            return emit(Env { state: self.state, graph: self.graph, bound: &progress.bound, results: &[] });
        };
        match &stage.op {
            Op::Start { var, source } => self.start(at, stage, *var, source, progress, emit),
            Op::Expand { step, is_reversed, is_closing } => {
                let way = &self.ways[*step];
                let (from, to) = match is_reversed {
                    true => (way.step.to, way.step.from),
                    false => (way.step.from, way.step.to),
                };
                let VarValue::Twin(twin) = progress.bound[from] else {
                    // A join from an unmatched optional twin has no match either.
                    return if way.step.optional { self.keep(at, stage, progress, emit) } else { Ok(true) };
                };
                let target = if *is_closing { Some(progress.bound[to]) } else { None };
                let mut found = false;
                let aim = match target {
                    Some(VarValue::Twin(twin)) => Some(twin),
                    _ => None,
                };
                let more = self.ends(way, (twin, aim), *is_reversed, progress, &mut |end, edge, progress| {
                    if target.is_some_and(|target| target != VarValue::Twin(end)) {
                        return Ok(true);
                    }
                    found = true;
                    progress.bound[to] = VarValue::Twin(end);
                    match (way.step.edge, edge) {
                        (Some(var), Some(Edge::Numbered(number))) => {
                            progress.bound[var] = VarValue::Relationship(number);
                        }
                        (Some(var), Some(Edge::Way(length))) => progress.bound[var] = VarValue::Way(length),
                        _ => {}
                    }
                    self.keep(at, stage, progress, emit)
                })?;
                if target.is_none() {
                    progress.bound[to] = VarValue::None;
                }
                if let Some(var) = way.step.edge {
                    progress.bound[var] = VarValue::None;
                }
                if more && !found && way.step.optional {
                    return self.keep(at, stage, progress, emit);
                }
                Ok(more)
            }
        }
    }

    fn start(
        &self,
        at: usize,
        stage: &Stage,
        var: VarIx,
        source: &Source,
        progress: &mut Progress,
        emit: &mut RowConsumer<'_>,
    ) -> Result<bool, ExprError> {
        let mut bind = |value: VarValue, progress: &mut Progress| {
            progress.bound[var] = value;
            self.keep(at, stage, progress, emit)
        };
        match source {
            Source::Twins(twins) => {
                for twin in twins {
                    if !bind(VarValue::Twin(*twin), progress)? {
                        return Ok(false);
                    }
                }
            }
            Source::Tables(tables) => {
                for twin in tables.iter().flat_map(|table| self.topology().twins_of(*table)) {
                    if !bind(VarValue::Twin(TwinIx(twin)), progress)? {
                        return Ok(false);
                    }
                }
            }
            Source::Relationships => {
                for (number, ..) in self.graph.relationships() {
                    if !bind(VarValue::Relationship(number), progress)? {
                        return Ok(false);
                    }
                }
            }
            Source::RelationshipsOf(id, outgoing) => {
                for (number, ..) in self.graph.edges_of(id, *outgoing) {
                    if !bind(VarValue::Relationship(number), progress)? {
                        return Ok(false);
                    }
                }
            }
        }
        progress.bound[var] = VarValue::None;
        Ok(true)
    }

    /// Runs the next stage if the conditions of this one hold.
    fn keep(
        &self,
        at: usize,
        stage: &Stage,
        progress: &mut Progress,
        emit: &mut RowConsumer<'_>,
    ) -> Result<bool, ExprError> {
        progress.until_check -= 1;
        if progress.until_check == 0 {
            progress.until_check = CHECK_EVERY;
            self.limits.check()?;
        }
        let env = Env { state: self.state, graph: self.graph, bound: &progress.bound, results: &[] };
        for filter in &stage.filters {
            if !filter.holds(env)? {
                return Ok(true);
            }
        }
        self.go(at + 1, progress, emit)
    }

    /// Calls `see` with each end of a step from a twin, and with the relationship if the step is a single hop.
    fn ends(
        &self,
        way: &StepRelations<'_>,
        (twin, aim): (TwinIx, Option<TwinIx>),
        is_reversed: bool,
        progress: &mut Progress,
        see: &mut dyn FnMut(TwinIx, Option<Edge>, &mut Progress) -> Result<bool, ExprError>,
    ) -> Result<bool, ExprError> {
        if way.step.is_shortest {
            self.limits.check()?;
            for (end, length) in Roads::new(self.topology(), way.step).ends(self.topology(), twin, is_reversed, aim) {
                if !see(end, Some(Edge::Way(length)), progress)? {
                    return Ok(false);
                }
            }
            return Ok(true);
        }
        match way.step.hops {
            Hops { least, most: Some(most) } if most <= MAX_TRAIL => {
                self.trail(way, twin, is_reversed, (least, most), progress, see)
            }
            hops => {
                let ends = match hops.least {
                    1 => self.reached(way, twin, is_reversed, hops.most)?,
                    least => {
                        let (mut ends, range) = (BTreeSet::new(), (least, hops.most.unwrap_or(u32::MAX)));
                        self.trail(way, twin, is_reversed, range, progress, &mut |end, _, _| {
                            ends.insert(end);
                            Ok(true)
                        })?;
                        ends
                    }
                };
                for end in ends {
                    if !see(end, None, progress)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
        }
    }

    /// Follows every path with a number of hops in the given range that traverses no relationship twice. Paths may be as
    /// long as there are relationships, so they are on a stack of their own.
    fn trail(
        &self,
        way: &StepRelations<'_>,
        twin: TwinIx,
        is_reversed: bool,
        (least, most): (u32, u32),
        progress: &mut Progress,
        see: &mut dyn FnMut(TwinIx, Option<Edge>, &mut Progress) -> Result<bool, ExprError>,
    ) -> Result<bool, ExprError> {
        self.count_way(progress)?;
        if most == 1 {
            return self.hop(way, twin, is_reversed, &mut |edge, end| {
                let walked = (way.step.pattern, edge);
                if way.is_trail {
                    if progress.walked.contains(&walked) {
                        return Ok(true);
                    }
                    progress.walked.push(walked);
                }
                let more = see(end, Some(edge), progress)?;
                if way.is_trail {
                    progress.walked.pop();
                }
                Ok(more)
            });
        }
        let next_of = |twin: TwinIx| -> Result<Vec<(Edge, TwinIx)>, ExprError> {
            let mut next = Vec::new();
            self.hop(way, twin, is_reversed, &mut |edge, end| {
                next.push((edge, end));
                Ok(true)
            })?;
            next.reverse();
            Ok(next)
        };
        let mut stack = vec![next_of(twin)?];
        while let Some(next) = stack.last_mut() {
            let Some((edge, end)) = next.pop() else {
                stack.pop();
                // The relationship that led to the exhausted twin is free again. None led to the first one.
                if way.is_trail && !stack.is_empty() {
                    progress.walked.pop();
                }
                continue;
            };
            let depth = stack.len() as u32;
            let walked = (way.step.pattern, edge);
            if way.is_trail {
                if progress.walked.contains(&walked) {
                    continue;
                }
                progress.walked.push(walked);
            }
            if depth >= least && !see(end, Some(edge), progress)? {
                (0..if way.is_trail { depth } else { 0 }).for_each(|_| progress.walked.pop());
                return Ok(false);
            }
            if depth < most {
                self.count_way(progress)?;
                stack.push(next_of(end)?);
            } else if way.is_trail {
                progress.walked.pop();
            }
        }
        Ok(true)
    }

    /// Counts a way, and checks the limits from time to time.
    fn count_way(&self, progress: &mut Progress) -> Result<(), ExprError> {
        progress.ways += 1;
        if progress.ways.is_multiple_of(u64::from(CHECK_EVERY)) {
            self.limits.check()?;
            if progress.ways > MAX_WAYS {
                let message = format!("there are more than {MAX_WAYS} ways to match this pattern");
                return Err(ExprError::new(0..0, "too-many-ways", message).help("use fewer hops, or start at one twin"));
            }
        }
        Ok(())
    }

    /// Returns the twins that are reachable by one to `most` hops.
    fn reached(
        &self,
        way: &StepRelations<'_>,
        twin: TwinIx,
        is_reversed: bool,
        most: Option<u32>,
    ) -> Result<BTreeSet<TwinIx>, ExprError> {
        let mut all = self.spread(way, twin, is_reversed, most, None)?;
        // Without a direction, returning along the same relationship does not count: the twin is reachable from itself
        // only by another one.
        if way.step.direction == Direction::Either && all.remove(&twin) {
            let mut first = Vec::new();
            self.hop(way, twin, is_reversed, &mut |edge, end| {
                first.push((edge, end));
                Ok(true)
            })?;
            for (edge, end) in first {
                if end == twin || self.spread(way, end, is_reversed, most, Some(edge))?.contains(&twin) {
                    all.insert(twin);
                    break;
                }
            }
        }
        Ok(all)
    }

    /// Returns the twins reachable by up to `most` hops without traversing the relationship `but`.
    fn spread(
        &self,
        way: &StepRelations<'_>,
        twin: TwinIx,
        is_reversed: bool,
        most: Option<u32>,
        but: Option<Edge>,
    ) -> Result<BTreeSet<TwinIx>, ExprError> {
        let mut all = BTreeSet::new();
        let mut here = vec![twin];
        let mut depth = 0;
        while !here.is_empty() && most.is_none_or(|most| depth < most) {
            self.limits.check()?;
            let mut next = Vec::new();
            for twin in &here {
                self.hop(way, *twin, is_reversed, &mut |edge, end| {
                    if but != Some(edge) && all.insert(end) {
                        next.push(end);
                    }
                    Ok(true)
                })?;
            }
            here = next;
            depth += 1;
        }
        Ok(all)
    }

    /// Calls `see` with each relationship of the step at a twin and the twin at its other end.
    fn hop(
        &self,
        way: &StepRelations<'_>,
        twin: TwinIx,
        is_reversed: bool,
        see: &mut dyn FnMut(Edge, TwinIx) -> Result<bool, ExprError>,
    ) -> Result<bool, ExprError> {
        let directions: &[bool] = match (way.step.direction, is_reversed) {
            (Direction::Either, _) => &[true, false],
            (Direction::Forward, false) | (Direction::Backward, true) => &[true],
            _ => &[false],
        };
        let topology = self.topology();
        for outgoing in directions {
            // Without a direction, a twin's relationship to itself counts once.
            let is_second = directions.len() > 1 && !outgoing;
            if way.is_numbered {
                let id = topology.twin_id(twin);
                for (number, relationship, other) in self.graph.edges_of(id, *outgoing) {
                    let fits = way.step.fits(&relationship.name);
                    if let Some(end) = topology.twin(&other.id).filter(|end| fits && !(is_second && *end == twin))
                        && !see(Edge::Numbered(number), end)?
                    {
                        return Ok(false);
                    }
                }
                continue;
            }
            for relation in &way.relations {
                for end in topology.along(*relation, twin, !outgoing) {
                    let edge = match outgoing {
                        true => Edge::Between(*relation, twin, end),
                        false => Edge::Between(*relation, end, twin),
                    };
                    if (end != twin || !is_second) && !see(edge, end)? {
                        return Ok(false);
                    }
                }
            }
        }
        Ok(true)
    }
}
