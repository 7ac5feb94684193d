//! Twins and relationships by the million, in columns: what a topology is compiled from, without an allocation for each.

pub mod text;

use crate::graph::Graph;
use crate::model::{ModelIx, Models, RelationshipType};
use crate::strings::Collector;
use crate::value::Value;
use petgraph::visit::{EdgeRef, IntoEdgeReferences};
use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

/// Fewer relationships are looked up by one thread.
const MANY_LINKS: usize = 50_000;

/// A relationship as it is given.
#[derive(Clone, Debug)]
pub struct LinkText<'t> {
    /// Its own id, where one is given.
    pub id: Option<Cow<'t, str>>,
    /// The id of the twin that it starts at.
    pub from: Cow<'t, str>,
    /// Its name.
    pub name: Cow<'t, str>,
    /// The id of the twin that it leads to.
    pub to: Cow<'t, str>,
    /// Its own properties.
    pub properties: Vec<(Cow<'t, str>, Value)>,
}

/// A relationship between twins by their numbers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BulkLink {
    pub from: u32,
    pub to: u32,
    pub name: u32,
}

/// Twins, numbered in the order they come, their values and relationships.
#[derive(Debug, Default)]
pub struct Bulk<'t> {
    pub(crate) ids: Collector,
    pub(crate) models: Vec<ModelIx>,
    /// What properties and relationships are called.
    pub(crate) names: Collector,
    /// Names' numbers and values, twin after twin.
    pub(crate) values: Vec<(u32, Cow<'t, Value>)>,
    /// Where the values of each twin end.
    pub(crate) ends: Vec<u32>,
    pub(crate) links: Vec<BulkLink>,
}

impl<'t> Bulk<'t> {
    /// Adds a twin; false if its id is taken.
    #[must_use]
    fn add_twin(&mut self, id: &str, model: ModelIx) -> bool {
        if self.ids.add(id).is_err() {
            return false;
        }
        self.models.push(model);
        self.ends.push(self.values.len() as u32);
        true
    }

    /// Gives the last twin a value; whether it fits is told when a topology is compiled.
    fn add_value(&mut self, name: &str, value: Cow<'t, Value>) {
        let name = self.name(name);
        if let Some(end) = self.ends.last_mut() {
            self.values.push((name, value));
            *end = self.values.len() as u32;
        }
    }

    /// Adds relationships; false, and some of them may be missing, if [`Graph::relate`] would refuse one.
    #[must_use]
    fn relate(&mut self, models: &Models, links: &[LinkText<'_>]) -> bool {
        let ids = &self.ids;
        let find = |links: &[LinkText<'_>]| -> Option<Vec<(u32, u32)>> {
            links.iter().map(|link| Some((ids.find(&link.from)?, ids.find(&link.to)?))).collect()
        };
        // Each lookup waits for memory three times, so two threads take half the time.
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

    /// How many twins there are.
    pub fn twin_count(&self) -> usize {
        self.ids.len()
    }

    /// How many relationships there are.
    pub fn relationship_count(&self) -> usize {
        self.links.len()
    }

    /// The twins and relationships of a scene's text; `None` if a model is unknown, or if a [`Graph`] would refuse one of them.
    pub fn of_text(read: text::Read<'t>, models: &Models) -> Option<Self> {
        let text::Read { twins: mut bulk, kinds, links, .. } = read;
        let kinds = kinds.iter().map(|kind| models.resolve(kind).ok()).collect::<Option<Vec<ModelIx>>>()?;
        for model in &mut bulk.models {
            *model = kinds[model.0 as usize];
        }
        bulk.relate(models, &links).then_some(bulk)
    }

    /// The twins and relationships of a graph, which has looked at them already.
    pub fn of(graph: &'t Graph) -> Self {
        let inner = graph.petgraph();
        let mut bulk = Self { ids: Collector::with_capacity(inner.node_count()), ..Self::default() };
        let mut numbers = vec![0; inner.node_indices().next_back().map_or(0, |last| last.index() + 1)];
        for node in inner.node_indices() {
            let twin = &inner[node];
            numbers[node.index()] = bulk.ids.len() as u32;
            // A graph has each id once.
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

    /// The values of one twin.
    pub(crate) fn values_of(&self, twin: u32) -> &[(u32, Cow<'t, Value>)] {
        let start = if twin == 0 { 0 } else { self.ends[twin as usize - 1] as usize };
        &self.values[start..self.ends[twin as usize] as usize]
    }

    fn name(&mut self, name: &str) -> u32 {
        self.names.add(name).unwrap_or_else(|known| known)
    }
}
