//! Construction of the topology's tables and relations from twins and relationships.

use super::relation::{Csr, Link, Relation};
use super::values::give_all;
use super::{Column, ColumnIx, Table, TableIx, Topology};
use crate::bulk::{Bulk, BulkLink};
use crate::diagnostic::Diagnostic;
use crate::model::{ModelIx, Models};
use crate::strings::Collector;
use crate::value::Texts;
use crate::zone::TimeZone;
use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::sync::Arc;

pub(super) fn compiled(
    bulk: Bulk<'_>,
    models: &Arc<Models>,
    texts: Arc<Texts>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Topology {
    let mut topology = Topology::empty(models.clone(), texts);
    let order = in_order(&bulk);
    for (model, twins) in &order {
        topology.add_table(*model, twins.len() as u32);
    }
    let order: Vec<u32> = order.into_values().flatten().collect();
    let mut rank = vec![0; order.len()];
    order.iter().zip(0..).for_each(|(number, twin)| rank[*number as usize] = twin);
    let spans: Vec<Range<u32>> = topology.tables.iter().map(|table| table.base..table.base + table.rows).collect();
    let Bulk { ids, names, links, .. } = &bulk;
    std::thread::scope(|scope| {
        let related = scope.spawn(|| (ids.in_order(&order), relations(names, links, &rank, &spans)));
        give_all(&mut topology, &bulk, &order, diagnostics);
        // A panic of the other thread is passed on.
        let (ids, relations) = related.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        (topology.twin_ids, topology.relations) = (Arc::new(ids), relations);
    });
    number_relations(&mut topology);
    topology
}

impl Topology {
    /// Creates a topology without tables and columns.
    pub(super) fn empty(models: Arc<Models>, texts: Arc<Texts>) -> Self {
        Self {
            models,
            texts,
            zone: TimeZone::UTC,
            tables: Vec::new(),
            columns: Vec::new(),
            twin_ids: Arc::default(),
            relations: Vec::new(),
            by_path: HashMap::new(),
            formulas: Vec::new(),
            memories: Vec::new(),
            stages: Vec::new(),
            initial: Vec::new(),
            etags: Arc::default(),
        }
    }

    /// Adds the table of a model with `rows` twins, and the columns of its properties.
    pub(super) fn add_table(&mut self, model: ModelIx, rows: u32) {
        let table = TableIx(self.tables.len() as u32);
        let base = self.tables.last().map_or(0, |last| last.base + last.rows);
        self.tables.push(Table { model, base, rows, columns: Vec::new(), by_name: HashMap::new() });
        for property in &self.models.clone().get(model).properties {
            self.add_column(Column {
                table,
                name: property.name.clone(),
                display_name: property.display_name.clone(),
                kind: property.kind,
                schema: Some(property.schema),
                unit: property.unit,
                formula: None,
                hidden: false,
            });
        }
    }

    /// Returns a table with its number of rows.
    pub(super) fn sized(&self, table: TableIx) -> (TableIx, usize) {
        (table, self.table(table).rows as usize)
    }

    pub(super) fn add_column(&mut self, column: Column) -> ColumnIx {
        let ix = ColumnIx(self.columns.len() as u32);
        let table = &mut self.tables[column.table.0 as usize];
        table.columns.push(ix);
        table.by_name.insert(column.name.clone(), ix);
        self.columns.push(column);
        ix
    }
}

/// Groups the twins by model. Within a model the children of one parent are adjacent, so that the values of one
/// aggregate are adjacent in memory.
fn in_order(bulk: &Bulk<'_>) -> BTreeMap<ModelIx, Vec<u32>> {
    let mut parents = vec![u32::MAX; bulk.twin_count()];
    for link in &bulk.links {
        let parent = &mut parents[link.to as usize];
        *parent = link.from.min(*parent);
    }
    let mut by_model: BTreeMap<ModelIx, Vec<u32>> = BTreeMap::new();
    for (number, model) in bulk.models.iter().enumerate() {
        by_model.entry(*model).or_default().push(number as u32);
    }
    for twins in by_model.values_mut() {
        twins.sort_unstable_by_key(|number| (parents[*number as usize], *number));
    }
    by_model
}

/// Returns the number of columns that belong to properties of the models; columns of formulas follow them.
pub(super) fn property_count(topology: &Topology) -> usize {
    topology.tables.iter().map(|table| topology.models.get(table.model).properties.len()).sum()
}

/// Removes everything that formulas added: their columns, and relations along paths.
pub(super) fn strip_computed(topology: &mut Topology) {
    let count = property_count(topology);
    topology.columns.truncate(count);
    topology.initial.truncate(count);
    for column in &mut topology.columns {
        column.formula = None;
    }
    for table in &mut topology.tables {
        table.columns.retain(|column| (column.0 as usize) < count);
        table.by_name.retain(|_, column| (column.0 as usize) < count);
    }
    topology.formulas.clear();
    topology.memories.clear();
    topology.stages.clear();
    topology.relations.retain(|relation| relation.is_plain());
    number_relations(topology);
}

pub(super) fn number_relations(topology: &mut Topology) {
    let numbered = topology.relations.iter().zip(0..);
    topology.by_path = numbered.map(|(relation, number)| (relation.path.to_string(), number)).collect();
}

/// Sets the number of relationships called `name` between two twins to `count`.
pub(super) fn relink(topology: &mut Topology, from: &str, name: &str, to: &str, count: usize) {
    let (Some(source), Some(target)) = (topology.twin(from), topology.twin(to)) else { return };
    let ((src, from), (dst, to)) = (topology.locate(source), topology.locate(target));
    let number = match topology.by_path.get(name) {
        Some(number) => *number as usize,
        None => {
            topology.relations.push(Arc::new(Relation { path: name.into(), links: Vec::new() }));
            topology.relations.len() - 1
        }
    };
    let mut links = std::mem::take(&mut Arc::make_mut(&mut topology.relations[number]).links);
    let at = links.partition_point(|link| (link.src, link.dst) < (src, dst));
    let known = links.get(at).filter(|link| (link.src, link.dst) == (src, dst)).is_some();
    let old = if known { Some(links.remove(at)) } else { None };
    let mut pairs = old.as_ref().map(Link::pairs).unwrap_or_default();
    pairs.retain(|pair| *pair != (from, to));
    if count > 0 {
        pairs.push((from, to));
    }
    if !pairs.is_empty() {
        let is_multiple = count > 1 || old.is_some_and(|old| old.is_multiple);
        links.insert(at, Link { is_multiple, ..Link::new(topology.sized(src), topology.sized(dst), pairs) });
    }
    Arc::make_mut(&mut topology.relations[number]).links = links;
    topology.relations.retain(|relation| !relation.links.is_empty());
    number_relations(topology);
}

/// Builds a relation for each name. `rank` is the row order of the twins, and `spans` are the row ranges of the tables.
fn relations(names: &Collector, links: &[BulkLink], rank: &[u32], spans: &[Range<u32>]) -> Vec<Arc<Relation>> {
    let locate = |twin: u32| {
        let table = spans.partition_point(|span| span.start <= twin) - 1;
        (TableIx(table as u32), twin - spans[table].start)
    };
    let mut pairs: BTreeMap<(&str, TableIx, TableIx), Vec<(u32, u32)>> = BTreeMap::new();
    for link in links {
        let ((src, from), (dst, to)) = (locate(rank[link.from as usize]), locate(rank[link.to as usize]));
        pairs.entry((names.get(link.name), src, dst)).or_default().push((from, to));
    }
    let mut relations: Vec<Relation> = Vec::new();
    for ((name, src, dst), pairs) in pairs {
        let link = Link::new((src, spans[src.0 as usize].len()), (dst, spans[dst.0 as usize].len()), pairs);
        match relations.last_mut().filter(|last| *last.path == *name) {
            Some(relation) => relation.links.push(link),
            None => relations.push(Relation { path: name.into(), links: vec![link] }),
        }
    }
    relations.into_iter().map(Arc::new).collect()
}

impl Link {
    /// Returns the pairs of rows, sorted.
    fn pairs(&self) -> Vec<(u32, u32)> {
        let rows = 0..self.forward.rows();
        rows.flat_map(|row| self.forward.of(row).iter().map(move |target| (row, *target))).collect()
    }

    /// Builds both directions from row pairs between two tables; duplicate pairs are stored once.
    pub(super) fn new(
        (src, src_rows): (TableIx, usize),
        (dst, dst_rows): (TableIx, usize),
        mut pairs: Vec<(u32, u32)>,
    ) -> Self {
        pairs.sort_unstable();
        let count = pairs.len();
        pairs.dedup();
        let is_multiple = pairs.len() < count;
        let forward = Csr::new(src_rows as u32, pairs.iter().copied());
        let mut reversed: Vec<(u32, u32)> = pairs.into_iter().map(|(from, to)| (to, from)).collect();
        reversed.sort_unstable();
        let backward = Csr::new(dst_rows as u32, reversed.into_iter());
        Self { src, dst, forward, backward, is_multiple }
    }
}
