//! Grouping by one twin, with an accumulator for each row of its table instead of a hash table.

use super::batch::{Batch, Batches, gather, plain_numbers};
use super::group::{Grouping, Tally};
use super::names::VarIx;
use super::run::Runner;
use super::scalar::{Env, Scalar, VarValue};
use crate::expr::{Aggregate, Cell, ExprError};
use crate::topology::{TableIx, TwinIx};
use crate::value::Kind;
use std::collections::BTreeMap;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The number of start rows in a part, the unit of work of a thread.
const PART: u32 = 1 << 16;
/// The largest number of threads; the work is limited by memory bandwidth beyond it.
const MAX_THREADS: usize = 8;
/// The largest number of groups for parallel execution, because each part has its own accumulators.
const MAX_KEY_ROWS: u32 = 8_192;

/// The number of partial sums.
const WAYS: usize = 8;

/// The accumulator of numbers in one group.
#[derive(Clone, Copy, Debug)]
struct Numbers {
    rows: usize,
    count: usize,
    sum: f64,
    /// The sum of the absolute values, if it is asked for.
    magnitude: f64,
    least: f64,
    greatest: f64,
}

impl Numbers {
    const NONE: Self =
        Self { rows: 0, count: 0, sum: 0.0, magnitude: 0.0, least: f64::INFINITY, greatest: f64::NEG_INFINITY };

    fn take(&mut self, lanes: &[f64], with_extremes: bool, with_magnitude: bool) {
        let sum = sum_of(lanes);
        if sum.is_nan() {
            // At least one value is missing.
            let there = || lanes.iter().filter(|lane| !lane.is_nan());
            self.sum += there().sum::<f64>();
            self.count += there().count();
        } else {
            self.sum += sum;
            self.count += lanes.len();
        }
        self.rows += lanes.len();
        if with_magnitude {
            self.magnitude += lanes.iter().filter(|lane| !lane.is_nan()).map(|lane| lane.abs()).sum::<f64>();
        }
        if with_extremes {
            self.least = lanes.iter().fold(self.least, |least, lane| least.min(*lane));
            self.greatest = lanes.iter().fold(self.greatest, |greatest, lane| greatest.max(*lane));
        }
    }

    fn merge(&mut self, other: &Self) {
        self.rows += other.rows;
        self.count += other.count;
        self.sum += other.sum;
        self.magnitude += other.magnitude;
        self.least = self.least.min(other.least);
        self.greatest = self.greatest.max(other.greatest);
    }

    fn tally(&self) -> Tally {
        let (sums, ends) = ((self.sum, self.magnitude), (self.least, self.greatest));
        Tally::of_numbers(self.count, sums, ends, self.rows - self.count)
    }
}

/// Returns the sum of lanes, computed as independent partial sums so that additions can overlap.
fn sum_of(lanes: &[f64]) -> f64 {
    let mut sums = [0.0; WAYS];
    let groups = lanes.chunks_exact(WAYS);
    let rest = groups.remainder();
    for group in groups {
        sums.iter_mut().zip(group).for_each(|(sum, lane)| *sum += lane);
    }
    sums.iter_mut().zip(rest).for_each(|(sum, lane)| *sum += lane);
    sums.iter().sum()
}

/// The accumulators of one aggregate, by row of the table; `Any` is for values that are not plain numbers.
enum Accumulators {
    Numbers(Vec<Numbers>),
    Any(BTreeMap<u32, Tally>),
}

impl Accumulators {
    /// Returns the tallies, converted from numbers if necessary.
    fn any(&mut self) -> &mut BTreeMap<u32, Tally> {
        if let Self::Numbers(numbers) = self {
            let known = numbers.iter().enumerate().filter(|(_, numbers)| numbers.rows > 0);
            *self = Self::Any(known.map(|(row, numbers)| (row as u32, numbers.tally())).collect());
        }
        match self {
            Self::Any(tallies) => tallies,
            Self::Numbers(_) => unreachable!("converted to tallies above"),
        }
    }

    fn merge(&mut self, mut other: Self) {
        match (&mut *self, &mut other) {
            (Self::Numbers(own), Self::Numbers(theirs)) => {
                own.resize(own.len().max(theirs.len()), Numbers::NONE);
                own.iter_mut().zip(theirs).for_each(|(own, other)| own.merge(other));
            }
            (own, other) => {
                let tallies = own.any();
                for (row, tally) in std::mem::take(other.any()) {
                    tallies.entry(row).or_default().merge(tally);
                }
            }
        }
    }
}

/// The groups of one table.
struct OfTable {
    /// The number of result rows in each group.
    counts: Vec<u32>,
    /// The accumulators, by aggregate.
    accumulators: Vec<Accumulators>,
}

/// The groups during accumulation.
pub(super) struct DenseGroups<'d> {
    runner: &'d Runner<'d>,
    aggregates: &'d [Aggregate],
    arguments: &'d [Scalar],
    /// The twin that determines the group, or `None` for a single group.
    key: Option<VarIx>,
    tables: BTreeMap<TableIx, OfTable>,
    lanes: Vec<f64>,
    /// Runs of rows in one group: the start of each run, and the row of its group.
    runs: Vec<(u32, u32)>,
}

impl<'d> DenseGroups<'d> {
    pub fn new(
        runner: &'d Runner<'d>,
        aggregates: &'d [Aggregate],
        arguments: &'d [Scalar],
        key: Option<VarIx>,
    ) -> Self {
        Self { runner, aggregates, arguments, key, tables: BTreeMap::new(), lanes: Vec::new(), runs: Vec::new() }
    }

    /// Accumulates the rows of a batch.
    pub fn take(&mut self, batch: &Batch) -> Result<bool, ExprError> {
        let topology = self.runner.state.topology();
        let key = self.key.and_then(|key| batch.vectors.get(key)?.as_ref());
        let (table, rows) = key.map_or((TableIx(0), 1), |key| (key.table, topology.table(key.table).rows));
        self.runs.clear();
        match key {
            None => self.runs.push((0, 0)),
            Some(key) => {
                let mut last = u32::MAX;
                for (at, row) in key.rows.iter().enumerate() {
                    if *row != last {
                        self.runs.push((at as u32, *row));
                        last = *row;
                    }
                }
            }
        }
        let of_table = self.tables.entry(table).or_insert_with(|| OfTable {
            counts: vec![0; rows as usize],
            accumulators: self.arguments.iter().map(|_| Accumulators::Numbers(Vec::new())).collect(),
        });
        let ends = self.runs.iter().skip(1).map(|(at, _)| *at).chain([batch.len as u32]);
        let runs: Vec<(u32, std::ops::Range<usize>)> =
            self.runs.iter().zip(ends).map(|((at, row), end)| (*row, *at as usize..end as usize)).collect();
        for (row, run) in &runs {
            of_table.counts[*row as usize] += run.len() as u32;
        }
        for (number, argument) in self.arguments.iter().enumerate() {
            let accumulators = &mut of_table.accumulators[number];
            match (argument, plain_numbers(argument, batch, topology)) {
                // `COUNT()` counts every row; `counts` has the number.
                (Scalar::Constant(Cell::Number(one)), _) if *one == 1.0 => {}
                (_, Some((var, column))) => {
                    let Some(Some(vector)) = batch.vectors.get(var) else { continue };
                    gather(self.runner.state, column, &vector.rows, &mut self.lanes);
                    let Accumulators::Numbers(all) = accumulators else {
                        Self::add_any(accumulators, &runs, |at| Ok(number_cell(self.lanes[at])))?;
                        continue;
                    };
                    all.resize(rows as usize, Numbers::NONE);
                    let with_extremes = matches!(self.aggregates[number], Aggregate::Min | Aggregate::Max);
                    let is_whole = topology.column(column).kind == Kind::Integer;
                    let with_magnitude = is_whole && self.aggregates[number] == Aggregate::Sum;
                    for (row, run) in runs.iter().cloned() {
                        all[row as usize].take(&self.lanes[run], with_extremes, with_magnitude);
                    }
                }
                _ => {
                    let mut bound = vec![VarValue::None; self.runner.names.vars.len()];
                    let (state, graph) = (self.runner.state, self.runner.graph);
                    Self::add_any(accumulators, &runs, |at| {
                        batch.bind(at, &mut bound);
                        argument.value(Env { state, graph, bound: &bound, results: &[] })
                    })?;
                }
            }
        }
        Ok(true)
    }

    /// Groups the rows of all parts, on at most [`MAX_THREADS`] threads. The result does not depend on the number of
    /// threads, because the division into parts is fixed and the parts are merged in order.
    pub fn of_parts(&mut self, batches: &Batches<'_>) -> Result<(), ExprError> {
        if self.key.is_some_and(|key| batches.rows_of(key) > MAX_KEY_ROWS) {
            return batches.run(&mut |batch| self.take(batch));
        }
        let parts = batches.parts(PART);
        let threads = std::thread::available_parallelism().map_or(1, usize::from).min(MAX_THREADS).min(parts.len());
        let next = AtomicUsize::new(0);
        let fresh = || Self::new(self.runner, self.aggregates, self.arguments, self.key);
        let work = || -> Result<Vec<(usize, Self)>, ExprError> {
            let mut done = Vec::new();
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                let Some(part) = parts.get(number) else { return Ok(done) };
                let mut own = fresh();
                batches.run_part(part, &mut |batch| own.take(batch))?;
                done.push((number, own));
            }
        };
        let results = std::thread::scope(|scope| {
            let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
            let mut results = vec![work()];
            // A panic of another thread is passed on, because its rows must not be lost silently.
            results.extend(others.into_iter().map(|thread| thread.join().unwrap_or_else(|panic| resume_unwind(panic))));
            results
        });
        let mut all = Vec::with_capacity(parts.len());
        for result in results {
            all.extend(result?);
        }
        all.sort_unstable_by_key(|(number, _)| *number);
        all.into_iter().for_each(|(_, part)| self.merge(part));
        Ok(())
    }

    fn merge(&mut self, other: Self) {
        for (table, theirs) in other.tables {
            let Some(own) = self.tables.get_mut(&table) else {
                self.tables.insert(table, theirs);
                continue;
            };
            own.counts.iter_mut().zip(&theirs.counts).for_each(|(own, other)| *own += other);
            for (own, theirs) in own.accumulators.iter_mut().zip(theirs.accumulators) {
                own.merge(theirs);
            }
        }
    }

    fn add_any(
        accumulators: &mut Accumulators,
        runs: &[(u32, std::ops::Range<usize>)],
        mut value: impl FnMut(usize) -> Result<Cell, ExprError>,
    ) -> Result<(), ExprError> {
        let tallies = accumulators.any();
        for (row, run) in runs.iter().cloned() {
            let tally = tallies.entry(row).or_default();
            for at in run {
                tally.add(value(at)?);
            }
        }
        Ok(())
    }

    /// Merges the groups that have equal keys.
    pub fn finish(self, keys: &[Scalar], grouping: &mut Grouping) -> Result<(), ExprError> {
        let topology = self.runner.state.topology();
        let mut bound = vec![VarValue::None; self.runner.names.vars.len()];
        let mut cells = Vec::with_capacity(keys.len());
        for (table, of_table) in &self.tables {
            let base = topology.table(*table).base;
            for (row, count) in of_table.counts.iter().enumerate().filter(|(_, count)| **count > 0) {
                if let Some(key) = self.key {
                    bound[key] = VarValue::Twin(TwinIx(base + row as u32));
                }
                let env = Env { state: self.runner.state, graph: self.runner.graph, bound: &bound, results: &[] };
                cells.clear();
                keys.iter().try_for_each(|key| key.value(env).map(|cell| cells.push(cell)))?;
                let tallies = of_table.accumulators.iter().map(|accumulators| match accumulators {
                    Accumulators::Numbers(all) => match all.get(row) {
                        Some(numbers) => numbers.tally(),
                        None => Tally::of_numbers(*count as usize, (f64::from(*count), 0.0), (1.0, 1.0), 0),
                    },
                    Accumulators::Any(tallies) => tallies.get(&(row as u32)).cloned().unwrap_or_default(),
                });
                debug_assert_eq!(self.aggregates.len(), of_table.accumulators.len());
                grouping.merge(&cells, &bound, tallies);
            }
        }
        Ok(())
    }
}

fn number_cell(lane: f64) -> Cell {
    if lane.is_nan() { Cell::Missing } else { Cell::Number(lane) }
}
