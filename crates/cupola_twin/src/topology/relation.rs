//! Relations: the pairs of twins related along a path, as compressed sparse rows between tables.
//!
//! A path of several steps, inverse steps or transitive steps is walked once at compile time and stored like a
//! relationship. Every aggregate is then one hop at run time, and a change reaches its dependents in one hop back.

use super::{Column, TableIx, Topology};
use crate::expr::{Path, Segment, joined};
use crate::model::{Primitive, Schema};
use crate::unit::Unit;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A compressed sparse row matrix: the sorted targets of each row.
#[derive(Clone, Debug, Default)]
pub struct Csr {
    offsets: Vec<u32>,
    targets: Vec<u32>,
    /// Whether every row has exactly one target.
    one_each: bool,
    /// Whether the targets are all target rows in ascending order, so that the targets of each row are a contiguous
    /// range.
    in_runs: bool,
}

impl Csr {
    /// Builds the matrix from pairs sorted by row.
    pub(super) fn new(rows: u32, sorted: impl ExactSizeIterator<Item = (u32, u32)>) -> Self {
        let mut offsets = vec![0; rows as usize + 1];
        let mut targets = Vec::with_capacity(sorted.len());
        for (row, target) in sorted {
            offsets[row as usize + 1] += 1;
            targets.push(target);
        }
        for row in 0..rows as usize {
            offsets[row + 1] += offsets[row];
        }
        Self::shaped(offsets, targets)
    }

    /// Rebuilds a matrix of `rows` rows with targets below `others` from [`Self::parts`]; `None` if the parts are
    /// inconsistent.
    pub(super) fn from_parts(rows: u32, others: u32, offsets: Vec<u32>, targets: Vec<u32>) -> Option<Self> {
        let fits = offsets.len() == rows as usize + 1
            && offsets.is_sorted()
            && offsets.last().map(|last| *last as usize) == Some(targets.len())
            && targets.iter().all(|target| *target < others);
        fits.then(|| Self::shaped(offsets, targets))
    }

    /// Returns the start of each row's targets, and the targets.
    pub(super) fn parts(&self) -> (&[u32], &[u32]) {
        (&self.offsets, &self.targets)
    }

    fn shaped(offsets: Vec<u32>, targets: Vec<u32>) -> Self {
        let one_each = offsets.iter().enumerate().all(|(row, offset)| row == *offset as usize);
        let in_runs = targets.iter().enumerate().all(|(at, target)| at == *target as usize);
        Self { offsets, targets, one_each, in_runs }
    }

    /// Returns the targets of a row.
    pub fn of(&self, row: u32) -> &[u32] {
        let (start, end) = (self.offsets[row as usize], self.offsets[row as usize + 1]);
        &self.targets[start as usize..end as usize]
    }

    /// Returns the targets of a row as a range, if the targets of all rows are contiguous ranges.
    pub fn run_of(&self, row: u32) -> Option<std::ops::Range<u32>> {
        self.in_runs.then(|| self.offsets[row as usize]..self.offsets[row as usize + 1])
    }

    /// Returns whether every row has exactly one target; the targets are then indexed by row.
    pub fn is_one_each(&self) -> bool {
        self.one_each
    }

    /// Returns the number of rows.
    pub fn rows(&self) -> u32 {
        self.offsets.len().saturating_sub(1) as u32
    }

    /// Returns the targets of all rows, row after row.
    pub fn targets(&self) -> &[u32] {
        &self.targets
    }
}

/// The part of a relation between two tables.
#[derive(Clone, Debug)]
pub struct Link {
    /// The source table.
    pub src: TableIx,
    /// The target table.
    pub dst: TableIx,
    /// From rows of `src` to rows of `dst`.
    pub forward: Csr,
    /// From rows of `dst` to rows of `src`.
    pub backward: Csr,
    /// Whether the graph may relate two of the twins more than once; the matrices hold each pair once.
    pub is_multiple: bool,
}

/// The pairs of twins related along a path.
#[derive(Clone, Debug)]
pub struct Relation {
    /// The path as written.
    pub path: Arc<str>,
    /// The links, sorted by pairs of tables.
    pub links: Vec<Link>,
}

impl Relation {
    /// Returns whether the relation is a relationship of the graph rather than a longer path.
    pub fn is_plain(&self) -> bool {
        !self.path.contains(['^', '*', '.'])
    }
}

impl Topology {
    /// Returns the number of the relation along `steps` and creates it if it is new. Returns `None` if a step is not a
    /// relationship in the graph.
    pub(super) fn relation_along(&mut self, steps: &[Segment]) -> Option<u32> {
        let path = joined(steps);
        if let Some(known) = self.by_path.get(&path) {
            return Some(*known);
        }
        if steps.iter().any(|step| !self.by_path.contains_key(&step.name)) {
            return None;
        }
        let mut pairs: BTreeMap<(TableIx, TableIx), Vec<(u32, u32)>> = BTreeMap::new();
        for twin in self.twins() {
            let (src, from) = self.locate(twin);
            for target in self.walk(twin, steps) {
                let (dst, to) = self.locate(target);
                pairs.entry((src, dst)).or_default().push((from, to));
            }
        }
        let links =
            pairs.into_iter().map(|((src, dst), pairs)| Link::new(self.sized(src), self.sized(dst), pairs)).collect();
        let number = self.relations.len() as u32;
        self.relations.push(Arc::new(Relation { path: path.as_str().into(), links }));
        self.by_path.insert(path, number);
        Some(number)
    }

    /// Returns whether the graph or a model has a relationship of this name.
    pub fn knows_relationship(&self, name: &str) -> bool {
        self.by_path.contains_key(name) || self.models.iter().any(|(_, model)| model.relationship(name).is_some())
    }

    /// Returns the number of leading path segments that are relationships.
    pub fn leading_steps(&self, path: &Path) -> usize {
        path.segments.iter().take_while(|segment| self.knows_relationship(&segment.name)).count()
    }

    /// Returns the columns that a path from any twin ends at, one of each table.
    fn columns_of_path(&self, path: &Path) -> impl Iterator<Item = &Column> {
        let name = joined(path.segments.get(self.leading_steps(path)..).unwrap_or_default());
        self.tables.iter().filter_map(move |table| table.column(&name)).map(|column| self.column(column))
    }

    /// Returns the units of the numbers that a path from any twin ends at; `None` for a number without a unit.
    pub(crate) fn units_of_path(&self, path: &Path) -> impl Iterator<Item = Option<&'static Unit>> {
        self.columns_of_path(path).filter(|column| column.kind.is_numeric()).map(|column| column.unit)
    }

    /// Returns the schema of the texts that a path from any twin ends at, if their order as texts is not that of their
    /// values: `duration` or `time`.
    pub(crate) fn schema_without_order(&self, path: &Path) -> Option<&'static str> {
        let mut schemas = self.columns_of_path(path).filter_map(|column| column.schema);
        schemas.find_map(|schema| match self.models.schemas().get(schema) {
            Schema::Primitive(known @ (Primitive::Duration | Primitive::Time)) => Some(known.name()),
            _ => None,
        })
    }

    /// Returns the unit of the numbers that a path from any twin ends at: the first one, and `Some(None)` if no model
    /// has a unit for them. Returns `None` if they are not numbers.
    pub(crate) fn unit_of_path(&self, path: &Path) -> Option<Option<&'static Unit>> {
        let mut units = self.units_of_path(path);
        let first = units.next()?;
        Some(first.or_else(|| units.flatten().next()))
    }
}
