//! The editable graph: twins and the relationships between them.

use crate::diagnostic::Diagnostic;
use crate::lazy::Lazy;
use crate::model::{ModelIx, Models};
use crate::value::Value;
use petgraph::Direction;
use petgraph::stable_graph::{EdgeIndex, EdgeReference, NodeIndex, StableDiGraph};
use petgraph::visit::{EdgeRef, IntoEdgeReferences};
use std::collections::HashMap;
use std::sync::Arc;

/// The largest graph in which an unknown twin id gets a suggestion.
const MAX_COMPARED: usize = 20_000;
/// The largest number of unknown twin ids that get a suggestion. Each suggestion compares with every id, so many
/// mistakes in a large graph would take too long.
const MAX_SUGGESTED: u32 = 50;

/// An instance of a model.
#[derive(Clone, Debug)]
pub struct Twin {
    /// The id (`$dtId`).
    pub id: Arc<str>,
    /// The model.
    pub model: ModelIx,
    /// Initial values by property.
    pub properties: Vec<(Arc<str>, Value)>,
}

/// A named, directed edge between two twins.
#[derive(Clone, Debug)]
pub struct Relationship {
    /// The id (`$relationshipId`), if the relationship has one.
    pub id: Option<Arc<str>>,
    /// The name, such as `contains`.
    pub name: Arc<str>,
    /// The properties of the relationship.
    pub properties: Vec<(Arc<str>, Value)>,
}

impl Relationship {
    /// Checks that the relationship may lead from one twin to another; each is given by its id and model. `count` returns
    /// the number of relationships with the same name that the source has already.
    ///
    /// # Errors
    /// A relationship that the source's model lacks, a target of the wrong model, properties that don't fit the
    /// relationship, or more relationships than the model allows.
    pub fn check(
        &self,
        models: &Models,
        (from, source): (&str, ModelIx),
        (to, target): (&str, ModelIx),
        count: impl FnOnce() -> usize,
    ) -> Result<(), Diagnostic> {
        let (name, model) = (&self.name, models.get(source));
        let Some(definition) = model.relationship(name) else {
            let message = format!("`{}` has no relationship `{name}`", model.id);
            let unknown = Diagnostic::error("unknown-relationship", message);
            return Err(unknown.did_you_mean(name, model.relationships.iter().map(|known| &*known.name)));
        };
        if !models.may_lead_to(definition, target) {
            let wanted = definition.target.as_deref().unwrap_or_default();
            let actual = &models.get(target).id;
            let message = format!("`{name}` of `{from}` leads to a `{wanted}`, but `{to}` is a `{actual}`");
            return Err(Diagnostic::error("wrong-target", message));
        }
        if let Some(max) = definition.max_multiplicity {
            let count = count();
            if count >= max as usize {
                let message = format!("`{from}` already has {count} relationships `{name}`; its model allows {max}");
                return Err(Diagnostic::error("too-many-relationships", message));
            }
        }
        let own = self.properties.iter().map(|(name, value)| (&**name, value));
        models.check_relationship_properties(definition, own).map_err(|found| {
            let message = format!("`{from}` {name} `{to}`: {}", found.message);
            Diagnostic { message, ..found }
        })
    }
}

/// Returns the diagnostic that no twin has an id. `reported` is the number of such diagnostics so far.
pub fn unknown_twin<'i>(id: &str, known: impl ExactSizeIterator<Item = &'i str>, reported: u32) -> Diagnostic {
    let compares = known.len() <= MAX_COMPARED && reported < MAX_SUGGESTED;
    let unknown = Diagnostic::error("unknown-twin", format!("no twin is called `{id}`"));
    unknown.did_you_mean(id, known.filter(|_| compares))
}

/// A directed graph of twins and relationships.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    whole: Lazy<Whole>,
    /// The numbers of twins and relationships, if they are known before the graph is built.
    counts: Option<(usize, usize)>,
}

#[derive(Clone, Debug, Default)]
struct Whole {
    // Twins and relationships are shared between a graph and its edited copies.
    inner: StableDiGraph<Arc<Twin>, Arc<Relationship>>,
    /// Shared until a twin is added or removed.
    by_id: Arc<HashMap<Arc<str>, NodeIndex>>,
    /// The number of unknown twin ids reported so far.
    unknown: u32,
}

impl Graph {
    /// Creates a graph that `make` builds on first access. `twins` and `relationships` are the counts of the built
    /// graph.
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

    /// Adds a twin.
    ///
    /// # Errors
    /// The id exists already.
    pub fn add_twin(&mut self, twin: Twin) -> Result<(), Diagnostic> {
        if let Some(first) = self.twin(&twin.id) {
            let message = format!("twin `{}` exists already", first.id);
            return Err(Diagnostic::error("duplicate-twin", message).help("give one of them another id"));
        }
        let id = twin.id.clone();
        let whole = self.whole_mut();
        let node = whole.inner.add_node(Arc::new(twin));
        Arc::make_mut(&mut whole.by_id).insert(id, node);
        Ok(())
    }

    /// Adds a relationship between two existing twins.
    ///
    /// # Errors
    /// An unknown twin, a relationship that the source's model lacks, a target of the wrong model, properties that
    /// don't fit the relationship, or more relationships than the model allows.
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
                self.whole.unknown += 1;
                return Err(unknown_twin(id, self.whole.by_id.keys().map(|id| &**id), self.whole.unknown - 1));
            }
        };
        let inner = &self.whole.inner;
        let count = || inner.edges(source).filter(|edge| edge.weight().name == relationship.name).count();
        relationship.check(models, (from, inner[source].model), (to, inner[target].model), count)?;
        self.whole_mut().inner.add_edge(source, target, Arc::new(relationship));
        Ok(())
    }

    /// Returns the twin with the given id.
    pub fn twin(&self, id: &str) -> Option<&Twin> {
        self.whole.by_id.get(id).map(|node| &*self.whole.inner[*node])
    }

    /// Returns the twin with the given id for modification.
    pub fn twin_mut(&mut self, id: &str) -> Option<&mut Twin> {
        let node = *self.whole.by_id.get(id)?;
        self.whole.inner.node_weight_mut(node).map(Arc::make_mut)
    }

    /// Removes a twin and its relationships. Returns whether the twin existed.
    pub fn remove_twin(&mut self, id: &str) -> bool {
        let whole = self.whole_mut();
        Arc::make_mut(&mut whole.by_id).remove(id).is_some_and(|node| whole.inner.remove_node(node).is_some())
    }

    /// Removes one relationship, the one with the given id if `id` is `Some`. Returns whether it existed.
    pub fn unrelate(&mut self, from: &str, name: &str, to: &str, id: Option<&str>) -> bool {
        let edge = self.between(from, name, to).find(|edge| id.is_none() || edge.weight().id.as_deref() == id);
        let edge = edge.map(|edge| edge.id());
        edge.is_some_and(|edge| self.whole_mut().inner.remove_edge(edge).is_some())
    }

    /// Returns the number of relationships called `name` from one twin to another.
    pub fn count_between(&self, from: &str, name: &str, to: &str) -> usize {
        self.between(from, name, to).count()
    }

    /// Returns the outgoing or incoming relationships of a twin as `(number, relationship, twin at the other end)`.
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

    /// Returns all twins by node index, which is insertion order unless a twin was removed.
    pub fn twins(&self) -> impl Iterator<Item = &Twin> {
        self.whole.inner.node_weights().map(|twin| &**twin)
    }

    /// Returns all relationships as `(number, source, relationship, target)`, in the order of their numbers.
    pub fn relationships(&self) -> impl Iterator<Item = (u32, &Twin, &Relationship, &Twin)> {
        self.whole.inner.edge_references().map(|edge| {
            let (source, target) = (&*self.whole.inner[edge.source()], &*self.whole.inner[edge.target()]);
            (edge.id().index() as u32, source, &**edge.weight(), target)
        })
    }

    /// Returns the relationship with the given number.
    pub fn relationship(&self, number: u32) -> Option<&Relationship> {
        self.whole.inner.edge_weight(EdgeIndex::new(number as usize)).map(|relationship| &**relationship)
    }

    /// Returns the ids of a relationship's source and target.
    pub fn ends(&self, number: u32) -> Option<(&Arc<str>, &Arc<str>)> {
        let (source, target) = self.whole.inner.edge_endpoints(EdgeIndex::new(number as usize))?;
        Some((&self.whole.inner[source].id, &self.whole.inner[target].id))
    }

    /// Returns the number of twins.
    pub fn twin_count(&self) -> usize {
        self.counts.map_or_else(|| self.whole.inner.node_count(), |(twins, _)| twins)
    }

    /// Returns the number of relationships.
    pub fn relationship_count(&self) -> usize {
        self.counts.map_or_else(|| self.whole.inner.edge_count(), |(_, relationships)| relationships)
    }

    /// Returns the underlying petgraph graph, for paths, cycles and components.
    pub fn petgraph(&self) -> &StableDiGraph<Arc<Twin>, Arc<Relationship>> {
        &self.whole.inner
    }
}
