//! Twins and relationships in columns: the input of topology compilation, without an allocation for each of them.

pub mod text;

use crate::graph::Graph;
use crate::model::{ModelIx, Models, RelationshipType};
use crate::strings::Collector;
use crate::value::Value;
use petgraph::visit::{EdgeRef, IntoEdgeReferences};
use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

/// The smallest number of relationships that two threads resolve.
const MANY_LINKS: usize = 50_000;

/// A relationship as written.
#[derive(Clone, Debug)]
pub struct LinkText<'t> {
    /// The id of the relationship, if it has one.
    pub id: Option<Cow<'t, str>>,
    /// The id of the source twin.
    pub from: Cow<'t, str>,
    /// The name.
    pub name: Cow<'t, str>,
    /// The id of the target twin.
    pub to: Cow<'t, str>,
    /// The properties of the relationship.
    pub properties: Vec<(Cow<'t, str>, Value)>,
}

/// A relationship between twins by their numbers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BulkLink {
    pub from: u32,
    pub to: u32,
    pub name: u32,
}

/// Twins, numbered in input order, with their values and relationships.
#[derive(Debug, Default)]
pub struct Bulk<'t> {
    pub(crate) ids: Collector,
    pub(crate) models: Vec<ModelIx>,
    /// The names of properties and relationships.
    pub(crate) names: Collector,
    /// The name numbers and values of all twins, twin after twin.
    pub(crate) values: Vec<(u32, Cow<'t, Value>)>,
    /// The end of each twin's values in `values`.
    pub(crate) ends: Vec<u32>,
    pub(crate) links: Vec<BulkLink>,
}

impl<'t> Bulk<'t> {
    /// Adds a twin; returns false if its id exists.
    #[must_use]
    fn add_twin(&mut self, id: &str, model: ModelIx) -> bool {
        if self.ids.add(id).is_err() {
            return false;
        }
        self.models.push(model);
        self.ends.push(self.values.len() as u32);
        true
    }

    /// Adds a value to the last twin; compilation of a topology checks it.
    fn add_value(&mut self, name: &str, value: Cow<'t, Value>) {
        let name = self.name(name);
        if let Some(end) = self.ends.last_mut() {
            self.values.push((name, value));
            *end = self.values.len() as u32;
        }
    }

    /// Adds relationships; returns false if [`Graph::relate`] would refuse one of them, and some may then be missing.
    #[must_use]
    fn relate(&mut self, models: &Models, links: &[LinkText<'_>]) -> bool {
        let ids = &self.ids;
        let find = |links: &[LinkText<'_>]| -> Option<Vec<(u32, u32)>> {
            links.iter().map(|link| Some((ids.find(&link.from)?, ids.find(&link.to)?))).collect()
        };
        // Each look-up has several dependent memory accesses, so a second thread halves the time.
        let (first, second) = links.split_at(if links.len() < MANY_LINKS { 0 } else { links.len() / 2 });
        let found = std::thread::scope(|scope| {
            let first = scope.spawn(|| find(first));
            let second = find(second);
            Some((first.join().ok()??, second?))
        });
        let Some((mut ends, mut second)) = found else { return false };
        ends.append(&mut second);
        let mut kinds: HashMap<(ModelIx, u32, ModelIx), Option<&RelationshipType>> = HashMap::new();
        let mut counts: HashMap<(u32, u32), u32> = HashMap::new();
        self.links.reserve(links.len());
        let mut last = None;
        for (link, (from, to)) in links.iter().zip(ends) {
            let name = match last {
                Some(last) if self.names.get(last) == link.name => last,
                _ => self.name(&link.name),
            };
            last = Some(name);
            let (source, target) = (self.models[from as usize], self.models[to as usize]);
            let kind = kinds.entry((source, name, target)).or_insert_with(|| {
                let kind = models.get(source).relationship(&link.name)?;
                models.may_lead_to(kind, target).then_some(&**kind)
            });
            let Some(kind) = kind else { return false };
            if let Some(most) = kind.max_multiplicity {
                let count = counts.entry((from, name)).or_default();
                *count += 1;
                if *count > most {
                    return false;
                }
            }
            let own = link.properties.iter().map(|(name, value)| (&**name, value));
            let is_plain = link.properties.is_empty() && kind.properties.is_empty();
            if !is_plain && models.check_relationship_properties(kind, own).is_err() {
                return false;
            }
            self.links.push(BulkLink { from, to, name });
        }
        true
    }

    /// Returns the number of twins.
    pub fn twin_count(&self) -> usize {
        self.ids.len()
    }

    /// Returns the number of relationships.
    pub fn relationship_count(&self) -> usize {
        self.links.len()
    }

    /// Builds the columns from a parsed scene; `None` if a model is unknown or a [`Graph`] would refuse a twin or
    /// relationship.
    pub fn of_text(read: text::ParsedLists<'t>, models: &Models) -> Option<Self> {
        let text::ParsedLists { twins: mut bulk, kinds, links, .. } = read;
        let kinds = kinds.iter().map(|kind| models.resolve(kind).ok()).collect::<Option<Vec<ModelIx>>>()?;
        for model in &mut bulk.models {
            *model = kinds[model.0 as usize];
        }
        bulk.relate(models, &links).then_some(bulk)
    }

    /// Builds the columns from a graph, whose twins and relationships are valid already.
    pub fn of(graph: &'t Graph) -> Self {
        let inner = graph.petgraph();
        let mut bulk = Self { ids: Collector::with_capacity(inner.node_count()), ..Self::default() };
        let mut numbers = vec![0; inner.node_indices().next_back().map_or(0, |last| last.index() + 1)];
        for node in inner.node_indices() {
            let twin = &inner[node];
            numbers[node.index()] = bulk.ids.len() as u32;
            // Ids in a graph are unique, so the call always succeeds.
            let _ = bulk.add_twin(&twin.id, twin.model);
            for (name, value) in &twin.properties {
                bulk.add_value(name, Cow::Borrowed(value));
            }
        }
        let mut last: Option<(&Arc<str>, u32)> = None;
        for edge in inner.edge_references() {
            let name = &edge.weight().name;
            let number = match last {
                Some((known, number)) if known == name => number,
                _ => bulk.name(name),
            };
            last = Some((name, number));
            let (from, to) = (numbers[edge.source().index()], numbers[edge.target().index()]);
            bulk.links.push(BulkLink { from, to, name: number });
        }
        bulk
    }

    /// Returns the name numbers and values of one twin.
    pub(crate) fn values_of(&self, twin: u32) -> &[(u32, Cow<'t, Value>)] {
        let start = if twin == 0 { 0 } else { self.ends[twin as usize - 1] as usize };
        &self.values[start..self.ends[twin as usize] as usize]
    }

    fn name(&mut self, name: &str) -> u32 {
        self.names.add(name).unwrap_or_else(|known| known)
    }
}
