//! The graph where it is edited and analysed: twins and the relationships between them.

use crate::diagnostic::Diagnostic;
use crate::lazy::Lazy;
use crate::model::{ModelIx, Models};
use crate::value::Value;
use petgraph::Direction;
use petgraph::stable_graph::{EdgeIndex, EdgeReference, NodeIndex, StableDiGraph};
use petgraph::visit::{EdgeRef, IntoEdgeReferences};
use std::collections::HashMap;
use std::sync::Arc;

/// Larger graphs get no suggestion for a twin's id.
const MAX_COMPARED: usize = 20_000;
/// Further unknown twins get no suggestion: comparing with every id for each of many mistakes would take for ever.
const MAX_SUGGESTED: u32 = 50;

/// An instance of a model.
#[derive(Clone, Debug)]
pub struct Twin {
    /// Its id (`$dtId`).
    pub id: Arc<str>,
    /// Its model.
    pub model: ModelIx,
    /// Its initial values, by property.
    pub properties: Vec<(Arc<str>, Value)>,
}

/// A named, directed link between two twins.
#[derive(Clone, Debug)]
pub struct Relationship {
    /// Its id (`$relationshipId`), where one was given.
    pub id: Option<Arc<str>>,
    /// Its name, such as `contains`.
    pub name: Arc<str>,
    /// Its own properties.
    pub properties: Vec<(Arc<str>, Value)>,
}

/// Twins and relationships.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    whole: Lazy<Whole>,
    /// How many twins and relationships there are, where that is known without looking.
    counts: Option<(usize, usize)>,
}

#[derive(Clone, Debug, Default)]
struct Whole {
    // Shared between a graph and its edited copies.
    inner: StableDiGraph<Arc<Twin>, Arc<Relationship>>,
    by_id: HashMap<Arc<str>, NodeIndex>,
    /// How many twins were not known.
    unknown: u32,
}

impl Graph {
    /// The graph of so many twins and relationships that `make` gives, which is only asked when somebody looks.
    pub fn lazy(twins: usize, relationships: usize, make: impl FnOnce() -> Self + Send + 'static) -> Self {
        let whole = Lazy::new(move || {
            let mut made = make();
            std::mem::take(&mut *made.whole)
        });
        Self { whole, counts: Some((twins, relationships)) }
    }

    fn whole_mut(&mut self) -> &mut Whole {
        self.counts = None;
        &mut self.whole
    }

    /// Adds a twin; an id that is taken is an error.
    pub fn add_twin(&mut self, twin: Twin) -> Result<(), Diagnostic> {
        if let Some(first) = self.twin(&twin.id) {
            let message = format!("twin `{}` exists already", first.id);
            return Err(Diagnostic::error("duplicate-twin", message).help("give one of them another id"));
        }
        let id = twin.id.clone();
        let whole = self.whole_mut();
        let node = whole.inner.add_node(Arc::new(twin));
        whole.by_id.insert(id, node);
        Ok(())
    }

    /// Adds a relationship between two twins that exist, if the source's model knows it and the target is of the right model.
    pub fn relate(
        &mut self,
        models: &Models,
        from: &str,
        to: &str,
        relationship: Relationship,
    ) -> Result<(), Diagnostic> {
        let (source, target) = match (self.whole.by_id.get(from), self.whole.by_id.get(to)) {
            (Some(source), Some(target)) => (*source, *target),
            (source, _) => {
                let id = if source.is_none() { from } else { to };
                let unknown = Diagnostic::error("unknown-twin", format!("no twin is called `{id}`"));
                self.whole.unknown += 1;
                let compares = self.whole.by_id.len() <= MAX_COMPARED && self.whole.unknown <= MAX_SUGGESTED;
                return Err(unknown.did_you_mean(id, self.whole.by_id.keys().filter(|_| compares).map(|id| &**id)));
            }
        };
        let model = models.get(self.whole.inner[source].model);
        let Some(definition) = model.relationship(&relationship.name) else {
            let message = format!("`{}` has no relationship `{}`", model.id, relationship.name);
            let unknown = Diagnostic::error("unknown-relationship", message);
            return Err(unknown.did_you_mean(&relationship.name, model.relationships.iter().map(|known| &*known.name)));
        };
        let target_model = self.whole.inner[target].model;
        if !models.may_lead_to(definition, target_model) {
            let wanted = definition.target.as_deref().unwrap_or_default();
            let message = format!(
                "`{}` of `{from}` leads to a `{wanted}`, but `{to}` is a `{}`",
                relationship.name,
                models.get(target_model).id
            );
            return Err(Diagnostic::error("wrong-target", message));
        }
        if let Some(max) = definition.max_multiplicity {
            let name = &relationship.name;
            let count = self.whole.inner.edges(source).filter(|edge| edge.weight().name == *name).count();
            if count >= max as usize {
                let message = format!("`{from}` has {count} relationships `{name}` already; its model allows {max}");
                return Err(Diagnostic::error("too-many-relationships", message));
            }
        }
        let own = relationship.properties.iter().map(|(name, value)| (&**name, value));
        models.check_relationship_properties(definition, own).map_err(|found| {
            let message = format!("`{from}` {} `{to}`: {}", relationship.name, found.message);
            Diagnostic { message, ..found }
        })?;
        self.whole_mut().inner.add_edge(source, target, Arc::new(relationship));
        Ok(())
    }

    /// The twin with this id.
    pub fn twin(&self, id: &str) -> Option<&Twin> {
        self.whole.by_id.get(id).map(|node| &*self.whole.inner[*node])
    }

    /// The twin with this id, to change.
    pub fn twin_mut(&mut self, id: &str) -> Option<&mut Twin> {
        let node = *self.whole.by_id.get(id)?;
        self.whole.inner.node_weight_mut(node).map(Arc::make_mut)
    }

    /// Takes a twin and its relationships out; whether it was there.
    pub fn remove_twin(&mut self, id: &str) -> bool {
        let whole = self.whole_mut();
        whole.by_id.remove(id).is_some_and(|node| whole.inner.remove_node(node).is_some())
    }

    /// Takes a relationship out, one with this id if there is one; whether it was there.
    pub fn unrelate(&mut self, from: &str, name: &str, to: &str, id: Option<&str>) -> bool {
        let edge = self.between(from, name, to).find(|edge| id.is_none() || edge.weight().id.as_deref() == id);
        let edge = edge.map(|edge| edge.id());
        edge.is_some_and(|edge| self.whole_mut().inner.remove_edge(edge).is_some())
    }

    /// How many times a twin is related to another one by a name.
    pub fn count_between(&self, from: &str, name: &str, to: &str) -> usize {
        self.between(from, name, to).count()
    }

    /// The relationships of a twin, those that start at it or those that lead to it: their numbers, and the twins at their other
    /// ends.
    pub fn edges_of(&self, id: &str, outgoing: bool) -> impl Iterator<Item = (u32, &Relationship, &Twin)> {
        let direction = if outgoing { Direction::Outgoing } else { Direction::Incoming };
        let edges = self
            .whole
            .by_id
            .get(id)
            .into_iter()
            .flat_map(move |node| self.whole.inner.edges_directed(*node, direction));
        edges.map(move |edge| {
            let other = if outgoing { edge.target() } else { edge.source() };
            (edge.id().index() as u32, &**edge.weight(), &*self.whole.inner[other])
        })
    }

    fn between<'g>(
        &'g self,
        from: &str,
        name: &'g str,
        to: &str,
    ) -> impl Iterator<Item = EdgeReference<'g, Arc<Relationship>>> {
        let ends = self.whole.by_id.get(from).zip(self.whole.by_id.get(to));
        let edges = ends.into_iter().flat_map(|(from, to)| self.whole.inner.edges_connecting(*from, *to));
        edges.filter(move |edge| &*edge.weight().name == name)
    }

    /// All twins, in the order they were added.
    pub fn twins(&self) -> impl Iterator<Item = &Twin> {
        self.whole.inner.node_weights().map(|twin| &**twin)
    }

    /// All relationships as `(number, source, relationship, target)`, in the order they were added.
    pub fn relationships(&self) -> impl Iterator<Item = (u32, &Twin, &Relationship, &Twin)> {
        self.whole.inner.edge_references().map(|edge| {
            let (source, target) = (&*self.whole.inner[edge.source()], &*self.whole.inner[edge.target()]);
            (edge.id().index() as u32, source, &**edge.weight(), target)
        })
    }

    /// One relationship by its number.
    pub fn relationship(&self, number: u32) -> Option<&Relationship> {
        self.whole.inner.edge_weight(EdgeIndex::new(number as usize)).map(|relationship| &**relationship)
    }

    /// The ids of a relationship's source and target.
    pub fn ends(&self, number: u32) -> Option<(&Arc<str>, &Arc<str>)> {
        let (source, target) = self.whole.inner.edge_endpoints(EdgeIndex::new(number as usize))?;
        Some((&self.whole.inner[source].id, &self.whole.inner[target].id))
    }

    /// How many twins there are.
    pub fn twin_count(&self) -> usize {
        self.counts.map_or_else(|| self.whole.inner.node_count(), |(twins, _)| twins)
    }

    /// How many relationships there are.
    pub fn relationship_count(&self) -> usize {
        self.counts.map_or_else(|| self.whole.inner.edge_count(), |(_, relationships)| relationships)
    }

    /// The graph itself, for paths, cycles and components.
    pub fn petgraph(&self) -> &StableDiGraph<Arc<Twin>, Arc<Relationship>> {
        &self.whole.inner
    }
}
