//! Tables and relationships of the topology out of the graph.

use super::relation::{Csr, Link, Relation};
use super::{Column, ColumnIx, Slot, Table, TableIx, Topology, TwinIx};
use crate::diagnostic::Diagnostic;
use crate::graph::{Graph, Twin};
use crate::model::{ModelIx, Models};
use crate::state::{CHUNK, Stamp, missing};
use crate::value::{Quality, Texts, encode};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Initial values have no source time of their own: the beginning of time.
const INITIAL_TIME_US: i64 = 0;

pub(super) fn tables(
    graph: &Graph,
    models: &Arc<Models>,
    texts: Arc<Texts>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Topology {
    let mut topology = Topology {
        models: models.clone(),
        texts,
        tables: Vec::new(),
        columns: Vec::new(),
        twin_ids: Arc::default(),
        by_id: Arc::default(),
        relations: Vec::new(),
        by_path: HashMap::new(),
        formulas: Vec::new(),
        memories: Vec::new(),
        stages: Vec::new(),
        initial: Vec::new(),
    };
    let mut twin_ids = Vec::with_capacity(graph.twin_count());
    let mut by_id = HashMap::with_capacity(graph.twin_count());
    for (model, twins) in in_order(graph) {
        let table = TableIx(topology.tables.len() as u32);
        topology.tables.push(Table {
            model,
            base: twin_ids.len() as u32,
            rows: twins.len() as u32,
            columns: Vec::new(),
            by_name: HashMap::new(),
        });
        for property in &models.get(model).properties {
            let column = Column {
                table,
                name: property.name.clone(),
                display_name: property.display_name.clone(),
                kind: property.kind,
                schema: Some(property.schema),
                unit: property.unit,
                formula: None,
                hidden: false,
            };
            topology.add_column(column);
        }
        for twin in &twins {
            by_id.insert(twin.id.clone(), TwinIx(twin_ids.len() as u32));
            twin_ids.push(twin.id.clone());
        }
        for (row, twin) in twins.iter().enumerate() {
            initial_values(&mut topology, table, row as u32, twin, diagnostics);
        }
    }
    (topology.twin_ids, topology.by_id) = (Arc::new(twin_ids), Arc::new(by_id));
    for chunk in topology.initial.iter_mut().flatten().filter(|chunk| chunk.has_one_stamp()) {
        Arc::make_mut(chunk).unite();
    }
    topology
}

impl Topology {
    /// Puts a value that the graph gives into a slot.
    fn give(&mut self, slot: Slot, lane: f64, stamp: Stamp) {
        let column = slot.column.0 as usize;
        if self.initial.len() <= column {
            self.initial.resize_with(column + 1, Vec::new);
        }
        if self.initial[column].is_empty() {
            self.initial[column] = missing(self.rows(slot.column));
        }
        Arc::make_mut(&mut self.initial[column][slot.row as usize / CHUNK]).set(slot.row as usize % CHUNK, lane, stamp);
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

/// Twins by model; within a model, the children of one parent stand together, so that what is aggregated lies side by side.
fn in_order(graph: &Graph) -> BTreeMap<ModelIx, Vec<&Twin>> {
    let inner = graph.petgraph();
    let mut by_model: BTreeMap<ModelIx, Vec<(u32, u32, &Twin)>> = BTreeMap::new();
    for (order, node) in inner.node_indices().enumerate() {
        let parent =
            inner.neighbors_directed(node, petgraph::Direction::Incoming).map(|parent| parent.index() as u32).min();
        let twin = &inner[node];
        by_model.entry(twin.model).or_default().push((parent.unwrap_or(u32::MAX), order as u32, twin));
    }
    let sorted = by_model.into_iter().map(|(model, mut twins)| {
        twins.sort_unstable_by_key(|(parent, order, _)| (*parent, *order));
        (model, twins.into_iter().map(|(_, _, twin)| twin).collect())
    });
    sorted.collect()
}

fn initial_values(topology: &mut Topology, table: TableIx, row: u32, twin: &Twin, diagnostics: &mut Vec<Diagnostic>) {
    let (models, model) = (topology.models.clone(), topology.table(table).model);
    let mut report = |found: Diagnostic, path: String| {
        let message = format!("twin `{}`: {}", twin.id, found.message);
        diagnostics.push(Diagnostic { message, ..found.at(twin.place.clone()).at_path(path) });
    };
    for (name, value) in &twin.properties {
        let path = || format!("{}.{name}", twin.id);
        let found = match models.columns_of(model, name, value) {
            Ok(found) => found,
            Err(found) => {
                report(found, path());
                continue;
            }
        };
        for (property, value) in found {
            let Some(column) = topology.table(table).column(&property.name) else { continue };
            let slot = Slot { column, row };
            if topology.given(slot).is_some() {
                let message = format!("`{}` is given twice, by itself and as a part", property.name);
                report(Diagnostic::error("duplicate-value", message), path());
                continue;
            }
            match encode(value, property.kind, &topology.texts) {
                Ok(lane) => topology.give(slot, lane, Stamp::new(Quality::Good as u8, INITIAL_TIME_US)),
                Err(why) => report(Diagnostic::error("wrong-value", format!("`{}`: {why}", property.name)), path()),
            }
        }
    }
    let given: Vec<&str> = twin.properties.iter().map(|(name, _)| &**name).collect();
    for missing in models.missing(model, &given) {
        let message = format!("`{}` is missing, and its model requires it", missing.name);
        report(Diagnostic::error("missing-property", message), twin.id.to_string());
    }
}

/// Reads the values of one twin anew.
pub(super) fn replace_values(topology: &mut Topology, twin: &Twin, diagnostics: &mut Vec<Diagnostic>) {
    let Some(ix) = topology.twin(&twin.id) else { return };
    let (table, row) = topology.locate(ix);
    for column in topology.table(table).columns.clone() {
        let slot = Slot { column, row };
        if topology.given(slot).is_some() {
            topology.give(slot, f64::NAN, Stamp::MISSING);
        }
    }
    initial_values(topology, table, row, twin, diagnostics);
}

/// Takes away what formulas added: columns of their own, and relations along paths.
pub(super) fn strip_computed(topology: &mut Topology) {
    let count = topology.tables.iter().map(|table| topology.models.get(table.model).properties.len()).sum();
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

fn number_relations(topology: &mut Topology) {
    let numbered = topology.relations.iter().zip(0..);
    topology.by_path = numbered.map(|(relation, number)| (relation.path.to_string(), number)).collect();
}

/// Makes two twins related so many times, or not.
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
        links.insert(at, Link { is_multiple, ..Link::new(topology, src, dst, pairs) });
    }
    Arc::make_mut(&mut topology.relations[number]).links = links;
    topology.relations.retain(|relation| !relation.links.is_empty());
    number_relations(topology);
}

/// The graph's relationships, a relation for each name; their numbers are those of the graph.
pub(super) fn relations(topology: &mut Topology, graph: &Graph) {
    let mut pairs: BTreeMap<&str, BTreeMap<(TableIx, TableIx), Vec<(u32, u32)>>> = BTreeMap::new();
    for (_, source, relationship, target) in graph.relationships() {
        let (Some(source), Some(target)) = (topology.twin(&source.id), topology.twin(&target.id)) else { continue };
        let ((src, from), (dst, to)) = (topology.locate(source), topology.locate(target));
        pairs.entry(&relationship.name).or_default().entry((src, dst)).or_default().push((from, to));
    }
    for (name, by_tables) in pairs {
        let links = by_tables.into_iter().map(|((src, dst), pairs)| Link::new(topology, src, dst, pairs));
        let relation = Relation { path: name.into(), links: links.collect() };
        topology.by_path.insert(name.to_string(), topology.relations.len() as u32);
        topology.relations.push(Arc::new(relation));
    }
}

impl Link {
    /// The pairs of rows, sorted.
    fn pairs(&self) -> Vec<(u32, u32)> {
        let rows = 0..self.forward.rows();
        rows.flat_map(|row| self.forward.of(row).iter().map(move |target| (row, *target))).collect()
    }

    /// Both directions out of row pairs, each pair once.
    pub(super) fn new(topology: &Topology, src: TableIx, dst: TableIx, mut pairs: Vec<(u32, u32)>) -> Self {
        pairs.sort_unstable();
        let count = pairs.len();
        pairs.dedup();
        let is_multiple = pairs.len() < count;
        let forward = Csr::new(topology.table(src).rows, pairs.iter().copied());
        let mut reversed: Vec<(u32, u32)> = pairs.into_iter().map(|(from, to)| (to, from)).collect();
        reversed.sort_unstable();
        let backward = Csr::new(topology.table(dst).rows, reversed.into_iter());
        Self { src, dst, forward, backward, is_multiple }
    }
}
