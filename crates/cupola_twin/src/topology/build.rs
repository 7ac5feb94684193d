//! Tables and relationships of the topology out of the graph.

use super::relation::{Csr, Link, Relation};
use super::{Column, ColumnIx, Slot, Table, TableIx, Topology, TwinIx};
use crate::diagnostic::Diagnostic;
use crate::graph::{Graph, Twin};
use crate::model::{ModelIx, Models};
use crate::value::{Kind, Sample, Texts, encode};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Initial values have no source time of their own: the beginning of time.
const INITIAL_TIME_US: i64 = 0;

pub(super) fn tables(graph: &Graph, models: &Arc<Models>, diagnostics: &mut Vec<Diagnostic>) -> Topology {
    let mut topology = Topology {
        models: models.clone(),
        texts: Arc::new(Texts::default()),
        tables: Vec::new(),
        columns: Vec::new(),
        twin_ids: Vec::with_capacity(graph.twin_count()),
        by_id: HashMap::with_capacity(graph.twin_count()),
        relations: Vec::new(),
        by_path: HashMap::new(),
        formulas: Vec::new(),
        stages: Vec::new(),
        initial: Vec::new(),
    };
    for (model, twins) in in_order(graph) {
        let table = TableIx(topology.tables.len() as u32);
        topology.tables.push(Table {
            model,
            base: topology.twin_ids.len() as u32,
            rows: twins.len() as u32,
            columns: Vec::new(),
            by_name: HashMap::new(),
        });
        for property in &models.get(model).properties {
            let Some(kind) = property.kind else { continue };
            let column = Column {
                table,
                name: property.name.clone(),
                display_name: property.display_name.clone(),
                kind,
                unit: property.unit,
                formula: None,
                hidden: false,
            };
            topology.add_column(column);
        }
        for twin in &twins {
            topology.by_id.insert(twin.id.clone(), TwinIx(topology.twin_ids.len() as u32));
            topology.twin_ids.push(twin.id.clone());
        }
        for (row, twin) in twins.iter().enumerate() {
            initial_values(&mut topology, table, row as u32, twin, diagnostics);
        }
    }
    topology
}

impl Topology {
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
    for (name, value) in &twin.properties {
        let layout = &topology.tables[table.0 as usize];
        let Some(column) = layout.column(name) else {
            let model = topology.models.get(layout.model);
            if model.property(name).is_some() {
                let message = format!("`{}.{name}` has a schema whose values are not kept yet", twin.id);
                diagnostics.push(Diagnostic::warning("schema-unsupported", message).at(twin.place.clone()));
                continue;
            }
            let message = format!("`{}.{name}`: `{}` has no such property", twin.id, model.id);
            let unknown = Diagnostic::error("unknown-property", message).at(twin.place.clone());
            diagnostics.push(unknown.did_you_mean(name, model.properties.iter().map(|known| &*known.name)));
            continue;
        };
        let kind = topology.column(column).kind;
        match encode(value, kind, &topology.texts) {
            Ok(lane) => {
                let choices = topology.models.get(layout.model).property(name).map_or(&[][..], |known| &known.choices);
                if kind == Kind::Text && !choices.is_empty() && !choices.contains(&value.to_string()) {
                    let message = format!("`{}.{name}`: `{value}` is not one of {}", twin.id, choices.join(", "));
                    let wrong = Diagnostic::error("wrong-value", message).at(twin.place.clone());
                    diagnostics.push(wrong.did_you_mean(&value.to_string(), choices.iter().map(String::as_str)));
                    continue;
                }
                topology.initial.push((Slot { column, row }, Sample::good(lane, INITIAL_TIME_US)));
            }
            Err(why) => {
                let message = format!("`{}.{name}`: {why}", twin.id);
                diagnostics.push(Diagnostic::error("wrong-value", message).at(twin.place.clone()));
            }
        }
    }
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
        topology.relations.push(relation);
    }
}

impl Link {
    /// Both directions out of row pairs, each pair once.
    pub(super) fn new(topology: &Topology, src: TableIx, dst: TableIx, mut pairs: Vec<(u32, u32)>) -> Self {
        pairs.sort_unstable();
        pairs.dedup();
        let forward = Csr::new(topology.table(src).rows, pairs.iter().copied());
        let mut reversed: Vec<(u32, u32)> = pairs.into_iter().map(|(from, to)| (to, from)).collect();
        reversed.sort_unstable();
        Self { src, dst, forward, backward: Csr::new(topology.table(dst).rows, reversed.into_iter()) }
    }
}
