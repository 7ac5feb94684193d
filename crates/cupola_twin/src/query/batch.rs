//! Vectorized execution of plans whose steps are all single, directed, required relationships without an alias.
//!
//! The plan is divided into pipelines, one for each combination of tables that its links allow. In a pipeline a
//! variable is a vector of rows of one table, a step maps rows by a compressed sparse row matrix, and a condition on a
//! property reads a column. No name is resolved during execution.

use super::Direction;
use super::names::VarIx;
use super::plan::{Op, Source};
use super::run::Runner;
use super::scalar::{Env, Scalar, VarValue};
use crate::expr::{BinaryOp, Cell, ExprError};
use crate::state::{CHUNK, Stamps, State};
use crate::topology::{ColumnIx, Csr, TableIx, Topology, TwinIx};
use crate::value::Kind;
use std::collections::BTreeSet;
use std::ops::Range;

/// The number of start rows that a pipeline processes at a time.
const MORSEL: u32 = 4_096;
/// The largest number of pipelines; a plan with more combinations of tables runs row by row.
const MAX_PIPELINES: usize = 256;

/// The value of a variable in a batch: rows of one table.
#[derive(Clone, Debug)]
pub(super) struct Vector {
    pub table: TableIx,
    /// The number of the table's first twin.
    pub base: u32,
    /// The rows. The list is empty if no later operation needs them.
    pub rows: Vec<u32>,
}

/// A batch of result rows, with a vector for each variable.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub vectors: Vec<Option<Vector>>,
    pub len: usize,
}

impl Batch {
    /// Stores the variables of row `at` in `bound`.
    pub fn bind(&self, at: usize, bound: &mut [VarValue]) {
        for (vector, bound) in self.vectors.iter().zip(bound) {
            if let Some(row) = vector.as_ref().and_then(|vector| Some(vector.base + vector.rows.get(at)?)) {
                *bound = VarValue::Twin(TwinIx(row));
            }
        }
    }

    fn keep(&mut self, kept: &[u32]) {
        for vector in self.vectors.iter_mut().flatten().filter(|vector| !vector.rows.is_empty()) {
            for (to, from) in kept.iter().enumerate() {
                vector.rows[to] = vector.rows[*from as usize];
            }
            vector.rows.truncate(kept.len());
        }
        self.len = kept.len();
    }
}

/// Reads the lanes of a property for rows of a table. The lane is NaN where there is no usable value.
pub(super) fn gather(state: &State, column: ColumnIx, rows: &[u32], out: &mut Vec<f64>) {
    let chunks = state.chunks(column);
    out.clear();
    let mut rest = rows;
    while let Some(first) = rest.first() {
        // Rows are usually sorted, so many consecutive rows belong to one chunk.
        let number = *first as usize / CHUNK;
        let count = rest.iter().position(|row| *row as usize / CHUNK != number).unwrap_or(rest.len());
        let (run, chunk) = (&rest[..count], &chunks[number]);
        match &chunk.stamps {
            Stamps::Same(stamp) if stamp.is_usable() => {
                out.extend(run.iter().map(|row| chunk.lanes[*row as usize % CHUNK]));
            }
            _ => out.extend(run.iter().map(|row| chunk.usable(*row as usize % CHUNK).0)),
        }
        rest = &rest[count..];
    }
}

/// A condition in a pipeline.
enum Test<'r> {
    /// A comparison of a numeric property with a constant in the unit of the column.
    Number {
        var: VarIx,
        column: ColumnIx,
        op: BinaryOp,
        against: f64,
    },
    /// A condition that is true or false for all rows of the pipeline's tables.
    Always(bool),
    Any(&'r Scalar),
}

struct Hop<'r> {
    from: VarIx,
    to: VarIx,
    csr: &'r Csr,
    /// The matrices of directly following steps, if each twin has exactly one target and no operation needs the
    /// intermediate twins.
    then: Vec<&'r Csr>,
    /// The variables that are needed after the step.
    live: Vec<VarIx>,
    tests: Vec<Test<'r>>,
}

struct Pipeline<'r> {
    start: VarIx,
    /// The start rows: a range of all rows of the table, or a list.
    rows: Result<Range<u32>, Vec<u32>>,
    tests: Vec<Test<'r>>,
    hops: Vec<Hop<'r>>,
    /// The table of each variable.
    tables: Vec<Option<TableIx>>,
}

/// A range of a pipeline's start rows.
pub(super) struct RowRange {
    pipeline: usize,
    range: Range<u32>,
}

/// A consumer of batches, which returns whether it wants more.
pub(super) type BatchConsumer<'t> = dyn FnMut(&Batch) -> Result<bool, ExprError> + 't;

/// A plan compiled to pipelines.
pub(super) struct Batches<'r> {
    runner: &'r Runner<'r>,
    pipelines: Vec<Pipeline<'r>>,
}

impl<'r> Batches<'r> {
    /// Compiles a plan to pipelines; `None` if the plan is not of this kind. `needed` are the variables of the final
    /// result.
    pub fn new(runner: &'r Runner<'r>, needed: &BTreeSet<VarIx>) -> Option<Self> {
        let plan = runner.plan();
        let topology = runner.state.topology();
        let (first, rest) = plan.stages.split_first()?;
        let Op::Start { var, source } = &first.op else { return None };
        let starts: Vec<(TableIx, Result<Range<u32>, Vec<u32>>)> = match source {
            Source::Tables(tables) => tables.iter().map(|table| (*table, Ok(0..topology.table(*table).rows))).collect(),
            Source::Twins(twins) => {
                let mut by_table: Vec<(TableIx, Result<Range<u32>, Vec<u32>>)> = Vec::new();
                for twin in twins {
                    let (table, row) = topology.locate(*twin);
                    match by_table.last_mut() {
                        Some((known, Err(rows))) if *known == table => rows.push(row),
                        _ => by_table.push((table, Err(vec![row]))),
                    }
                }
                by_table
            }
            _ => return None,
        };
        // The variables that are needed after each stage by later steps, their conditions or the result.
        let mut live = needed.clone();
        let mut lives = Vec::with_capacity(rest.len());
        for stage in rest.iter().rev() {
            let Op::Expand { step, is_reversed, is_closing: false } = &stage.op else { return None };
            let step = &runner.names.steps[*step];
            if !step.is_plain() {
                return None;
            }
            stage.filters.iter().for_each(|filter| filter.uses(&mut live));
            lives.push(live.clone());
            live.insert(if *is_reversed { step.to } else { step.from });
        }
        lives.reverse();
        let vars = runner.names.vars.len();
        let mut pipelines = Vec::new();
        for (table, rows) in starts {
            let mut tables = vec![None; vars];
            tables[*var] = Some(table);
            // The combinations of links so far: the table of each variable, and the relation and link of each step.
            let mut choices = vec![(tables, Vec::<(usize, usize)>::new())];
            for stage in rest {
                let Op::Expand { step: number, is_reversed, .. } = &stage.op else { return None };
                let step = &runner.names.steps[*number];
                let (from, to) = if *is_reversed { (step.to, step.from) } else { (step.from, step.to) };
                let relations = runner.relations_of(*number)?;
                let forward = (step.direction == Direction::Forward) != *is_reversed;
                let mut next = Vec::new();
                for (tables, taken) in choices {
                    for relation in relations {
                        for (at, link) in topology.relations()[*relation].links.iter().enumerate() {
                            let (here, there) = if forward { (link.src, link.dst) } else { (link.dst, link.src) };
                            if tables[from] != Some(here) {
                                continue;
                            }
                            let mut tables: Vec<Option<TableIx>> = tables.clone();
                            tables[to] = Some(there);
                            let mut taken = taken.clone();
                            taken.push((*relation, at));
                            next.push((tables, taken));
                        }
                    }
                }
                choices = next;
                if choices.len() + pipelines.len() > MAX_PIPELINES {
                    return None;
                }
            }
            for (tables, taken) in choices {
                if runner.may_repeat(&taken) {
                    return None;
                }
                let test = |filter: &'r Scalar| Test::new(filter, &tables, topology);
                let hops = rest.iter().zip(&taken).zip(&lives).filter_map(|((stage, (relation, at)), live)| {
                    let Op::Expand { step, is_reversed, .. } = &stage.op else { return None };
                    let step = &runner.names.steps[*step];
                    let (from, to) = if *is_reversed { (step.to, step.from) } else { (step.from, step.to) };
                    let link = &topology.relations()[*relation].links[*at];
                    let forward = (step.direction == Direction::Forward) != *is_reversed;
                    let csr = if forward { &link.forward } else { &link.backward };
                    let tests = stage.filters.iter().map(test).collect();
                    Some(Hop { from, to, csr, then: Vec::new(), live: live.iter().copied().collect(), tests })
                });
                let hops = joined_hops(hops.collect());
                let tests = first.filters.iter().map(test).collect();
                pipelines.push(Pipeline { start: *var, rows: rows.clone(), tests, hops, tables });
            }
        }
        Some(Self { runner, pipelines })
    }

    /// Runs all pipelines until the consumer wants no more.
    pub fn run(&self, take: &mut BatchConsumer<'_>) -> Result<(), ExprError> {
        for part in self.parts(u32::MAX) {
            if !self.run_part(&part, take)? {
                break;
            }
        }
        Ok(())
    }

    /// Divides the pipelines into parts of at most `rows` start rows.
    pub fn parts(&self, rows: u32) -> Vec<RowRange> {
        let mut parts = Vec::new();
        for (pipeline, known) in self.pipelines.iter().enumerate() {
            if known.tests.iter().any(|test| matches!(test, Test::Always(false))) {
                continue;
            }
            let count = match &known.rows {
                Ok(rows) => rows.len() as u32,
                Err(rows) => rows.len() as u32,
            };
            let starts = (0..count).step_by(rows as usize);
            parts.extend(starts.map(|from| RowRange { pipeline, range: from..count.min(from.saturating_add(rows)) }));
        }
        parts
    }

    /// Returns the largest number of rows of a variable's tables.
    pub fn rows_of(&self, var: VarIx) -> u32 {
        let topology = self.runner.state.topology();
        let tables = self.pipelines.iter().filter_map(|pipeline| pipeline.tables[var]);
        tables.map(|table| topology.table(table).rows).max().unwrap_or(0)
    }

    /// Runs one part. Returns whether the consumer wants more.
    pub fn run_part(&self, part: &RowRange, take: &mut BatchConsumer<'_>) -> Result<bool, ExprError> {
        let pipeline = &self.pipelines[part.pipeline];
        let mut buffers: Vec<Batch> = (0..=pipeline.hops.len()).map(|_| Batch::default()).collect();
        for from in part.range.clone().step_by(MORSEL as usize) {
            self.runner.check()?;
            let range = from..part.range.end.min(from + MORSEL);
            if !self.morsel(pipeline, range, &mut buffers, take)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn morsel(
        &self,
        pipeline: &Pipeline<'_>,
        range: Range<u32>,
        buffers: &mut [Batch],
        take: &mut BatchConsumer<'_>,
    ) -> Result<bool, ExprError> {
        let topology = self.runner.state.topology();
        let vars = pipeline.tables.len();
        let vector = |var: VarIx, buffer: &mut Batch| {
            buffer.vectors.resize(vars, None);
            let table = pipeline.tables[var].unwrap_or(TableIx(0));
            let base = topology.table(table).base;
            let vector = buffer.vectors[var].get_or_insert_with(|| Vector { table, base, rows: Vec::new() });
            vector.rows.clear();
        };
        vector(pipeline.start, &mut buffers[0]);
        let Some(Some(start)) = buffers[0].vectors.get_mut(pipeline.start) else { return Ok(true) };
        let mut tests = pipeline.tests.as_slice();
        match &pipeline.rows {
            Err(rows) => start.rows.extend(&rows[range.start as usize..range.end as usize]),
            Ok(_) => match tests.split_first() {
                Some((Test::Number { column, op, against, .. }, rest)) => {
                    scan(self.runner.state, *column, range, *op, *against, &mut start.rows);
                    tests = rest;
                }
                _ => start.rows.extend(range),
            },
        }
        buffers[0].len = start.rows.len();
        self.test(tests, &mut buffers[0])?;
        for (at, hop) in pipeline.hops.iter().enumerate() {
            let (before, after) = buffers.split_at_mut(at + 1);
            let (from, to) = (&before[at], &mut after[0]);
            if from.len == 0 {
                return Ok(true);
            }
            hop.live.iter().for_each(|var| vector(*var, to));
            vector(hop.to, to);
            hop.follow(from, to);
            self.test(&hop.tests, to)?;
        }
        let last = &buffers[pipeline.hops.len()];
        if last.len == 0 { Ok(true) } else { take(last) }
    }

    /// Keeps the rows of a batch that pass all conditions.
    fn test(&self, tests: &[Test<'_>], batch: &mut Batch) -> Result<(), ExprError> {
        let mut lanes = Vec::new();
        for test in tests {
            let mut kept: Vec<u32> = Vec::with_capacity(batch.len);
            match test {
                Test::Always(true) => continue,
                Test::Always(false) => {}
                Test::Number { var, column, op, against } => {
                    let Some(Some(vector)) = batch.vectors.get(*var) else { continue };
                    gather(self.runner.state, *column, &vector.rows, &mut lanes);
                    let passing = lanes.iter().enumerate().filter(|(_, lane)| compares(*op, **lane, *against));
                    kept.extend(passing.map(|(at, _)| at as u32));
                }
                Test::Any(scalar) => {
                    let mut bound = vec![VarValue::None; batch.vectors.len()];
                    for at in 0..batch.len {
                        batch.bind(at, &mut bound);
                        let env =
                            Env { state: self.runner.state, graph: self.runner.graph, bound: &bound, results: &[] };
                        if scalar.holds(env)? {
                            kept.push(at as u32);
                        }
                    }
                }
            }
            if kept.len() < batch.len {
                batch.keep(&kept);
            }
        }
        Ok(())
    }
}

/// Merges consecutive steps, where each twin has exactly one target and only the next step needs it.
fn joined_hops(hops: Vec<Hop<'_>>) -> Vec<Hop<'_>> {
    let mut out: Vec<Hop<'_>> = Vec::with_capacity(hops.len());
    for hop in hops {
        match out.last_mut() {
            Some(before)
                if before.to == hop.from
                    && before.csr.is_one_each()
                    && hop.csr.is_one_each()
                    && before.tests.is_empty()
                    && !hop.live.contains(&before.to) =>
            {
                before.then.push(hop.csr);
                (before.to, before.live, before.tests) = (hop.to, hop.live, hop.tests);
            }
            _ => out.push(hop),
        }
    }
    out
}

impl Hop<'_> {
    /// Expands each row of a batch to all its targets.
    fn follow(&self, from: &Batch, to: &mut Batch) {
        let Some(Some(source)) = from.vectors.get(self.from) else { return };
        let wants_end = self.live.contains(&self.to);
        let one_each = self.csr.is_one_each();
        let mut count = 0;
        if let Some(Some(end)) = to.vectors.get_mut(self.to).filter(|_| wants_end) {
            if let ([second], true) = (self.then.as_slice(), one_each) {
                let (first, second) = (self.csr.targets(), second.targets());
                end.rows.extend(source.rows.iter().map(|row| second[first[*row as usize] as usize]));
            } else if let ([second, rest @ ..], true) = (self.then.as_slice(), one_each) {
                let (first, second) = (self.csr.targets(), second.targets());
                let last = |row: u32| rest.iter().fold(row, |row, csr| csr.targets()[row as usize]);
                end.rows.extend(source.rows.iter().map(|row| last(second[first[*row as usize] as usize])));
            } else if one_each {
                let targets = self.csr.targets();
                end.rows.extend(source.rows.iter().map(|row| targets[*row as usize]));
            } else {
                source.rows.iter().for_each(|row| end.rows.extend_from_slice(self.csr.of(*row)));
            }
            count = end.rows.len();
        } else {
            source.rows.iter().for_each(|row| count += self.csr.of(*row).len());
        }
        for var in self.live.iter().filter(|var| **var != self.to) {
            let (Some(Some(before)), Some(Some(after))) = (from.vectors.get(*var), to.vectors.get_mut(*var)) else {
                continue;
            };
            if one_each {
                after.rows.extend_from_slice(&before.rows);
                continue;
            }
            for (row, own) in source.rows.iter().zip(&before.rows) {
                after.rows.extend(std::iter::repeat_n(*own, self.csr.of(*row).len()));
            }
        }
        to.len = count;
    }
}

impl<'r> Test<'r> {
    fn new(filter: &'r Scalar, tables: &[Option<TableIx>], topology: &Topology) -> Self {
        if let Scalar::OfTables(var, fits) = filter
            && let Some(Some(table)) = tables.get(*var)
        {
            return Self::Always(fits.get(table.0 as usize).copied().unwrap_or(false));
        }
        let Scalar::Binary(op, left, right) = filter else { return Self::Any(filter) };
        let (var, columns, op, against) = match (&**left, &**right) {
            (Scalar::Property(var, columns), Scalar::Constant(Cell::Number(number))) => (*var, columns, *op, *number),
            (Scalar::Constant(Cell::Number(number)), Scalar::Property(var, columns)) => {
                (*var, columns, mirrored(*op), *number)
            }
            _ => return Self::Any(filter),
        };
        if !op.is_comparison() {
            return Self::Any(filter);
        }
        let table = tables.get(var).copied().flatten();
        match table.and_then(|table| columns.by_table.get(table.0 as usize).copied()) {
            // A missing value compares with nothing.
            Some(None) => Self::Always(false),
            Some(Some((column, scale, offset))) => {
                let is_plain = scale == 1.0 && offset == 0.0 && topology.column(column).kind.is_numeric();
                if is_plain { Self::Number { var, column, op, against } } else { Self::Any(filter) }
            }
            None => Self::Any(filter),
        }
    }
}

/// Returns the comparison operator with exchanged sides.
fn mirrored(op: BinaryOp) -> BinaryOp {
    match op {
        BinaryOp::Less => BinaryOp::Greater,
        BinaryOp::LessOrEqual => BinaryOp::GreaterOrEqual,
        BinaryOp::Greater => BinaryOp::Less,
        BinaryOp::GreaterOrEqual => BinaryOp::LessOrEqual,
        op => op,
    }
}

fn compares(op: BinaryOp, lane: f64, against: f64) -> bool {
    match op {
        BinaryOp::Less => lane < against,
        BinaryOp::LessOrEqual => lane <= against,
        BinaryOp::Greater => lane > against,
        BinaryOp::GreaterOrEqual => lane >= against,
        BinaryOp::Equal => lane == against,
        // A missing value is not unequal to anything.
        _ => lane != against && !lane.is_nan(),
    }
}

/// Collects the rows of a range whose value passes a comparison.
fn scan(state: &State, column: ColumnIx, range: Range<u32>, op: BinaryOp, against: f64, out: &mut Vec<u32>) {
    match op {
        BinaryOp::Less => scan_with(state, column, range, out, |lane| lane < against),
        BinaryOp::LessOrEqual => scan_with(state, column, range, out, |lane| lane <= against),
        BinaryOp::Greater => scan_with(state, column, range, out, |lane| lane > against),
        BinaryOp::GreaterOrEqual => scan_with(state, column, range, out, |lane| lane >= against),
        op => scan_with(state, column, range, out, |lane| compares(op, lane, against)),
    }
}

fn scan_with(state: &State, column: ColumnIx, range: Range<u32>, out: &mut Vec<u32>, holds: impl Fn(f64) -> bool) {
    let chunks = state.chunks(column);
    let mut row = range.start as usize;
    out.resize(range.len(), 0);
    let mut count = 0;
    while row < range.end as usize {
        let (chunk, at) = (&chunks[row / CHUNK], row % CHUNK);
        let end = CHUNK.min(at + range.end as usize - row);
        match &chunk.stamps {
            Stamps::Same(stamp) if !stamp.is_usable() => {}
            Stamps::Same(_) => {
                for (offset, lane) in chunk.lanes[at..end].iter().enumerate() {
                    // The row is always written and kept only if the condition holds, which avoids a branch.
                    out[count] = (row + offset) as u32;
                    count += usize::from(holds(*lane));
                }
            }
            Stamps::Each(stamps) => {
                for (offset, (lane, stamp)) in chunk.lanes[at..end].iter().zip(&stamps[at..end]).enumerate() {
                    out[count] = (row + offset) as u32;
                    count += usize::from(holds(*lane) & stamp.is_usable());
                }
            }
        }
        row += end - at;
    }
    out.truncate(count);
}

/// Returns the variable and column of a numeric property whose lanes need no unit conversion.
pub(super) fn plain_numbers(scalar: &Scalar, batch: &Batch, topology: &Topology) -> Option<(VarIx, ColumnIx)> {
    let Scalar::Property(var, columns) = scalar else { return None };
    let table = batch.vectors.get(*var)?.as_ref()?.table;
    let (column, scale, offset) = (*columns.by_table.get(table.0 as usize)?)?;
    let kind = topology.column(column).kind;
    (scale == 1.0 && offset == 0.0 && matches!(kind, Kind::Number | Kind::Integer)).then_some((*var, column))
}
