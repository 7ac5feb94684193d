//! Shortest paths by breadth-first search.

use super::names::Step;
use super::whole;
use super::{Direction, Hops};
use crate::graph::Graph;
use crate::topology::{Topology, TwinIx};
use serde_json::{Value as Json, json};
use std::collections::HashMap;

/// The relationships that a path may traverse.
#[derive(Clone, Debug)]
pub(super) struct Roads {
    step: Step,
    relations: Vec<usize>,
}

impl Roads {
    /// Returns the relationships of a step.
    pub fn new(topology: &Topology, step: &Step) -> Self {
        let relations = topology.relations().iter().enumerate();
        let fits = relations.filter(|(_, relation)| relation.is_plain() && step.fits(&relation.path));
        Self { step: step.clone(), relations: fits.map(|(number, _)| number).collect() }
    }

    /// Calls `see` with each twin that one relationship leads to.
    fn next(&self, topology: &Topology, twin: TwinIx, is_reversed: bool, see: &mut dyn FnMut(TwinIx)) {
        let inverses: &[bool] = match (self.step.direction, is_reversed) {
            (Direction::Either, _) => &[false, true],
            (Direction::Forward, false) | (Direction::Backward, true) => &[false],
            _ => &[true],
        };
        for relation in &self.relations {
            for inverse in inverses {
                topology.along(*relation, twin, *inverse).for_each(&mut *see);
            }
        }
    }

    /// Runs a breadth-first search and returns the reached twins with their distances, nearest first and starting with
    /// `twin`, and the predecessor of each. The search stops at the first twin for which `enough` returns true.
    fn reached(
        &self,
        topology: &Topology,
        twin: TwinIx,
        is_reversed: bool,
        enough: &mut dyn FnMut(TwinIx) -> bool,
    ) -> (Vec<(TwinIx, u32)>, HashMap<TwinIx, TwinIx>) {
        let mut before = HashMap::from([(twin, twin)]);
        let mut order = vec![(twin, 0)];
        let mut at = 0;
        while let Some((here, length)) = order.get(at).copied() {
            at += 1;
            if enough(here) {
                break;
            }
            if self.step.hops.most.is_some_and(|most| length >= most) {
                continue;
            }
            self.next(topology, here, is_reversed, &mut |end| {
                before.entry(end).or_insert_with(|| {
                    order.push((end, length + 1));
                    here
                });
            });
        }
        (order, before)
    }

    /// Returns every other reachable twin with the length of a shortest path, nearest first. If `target` is `Some`, the
    /// result has only this twin.
    pub fn ends(
        &self,
        topology: &Topology,
        twin: TwinIx,
        is_reversed: bool,
        target: Option<TwinIx>,
    ) -> Vec<(TwinIx, u32)> {
        let Hops { least, .. } = self.step.hops;
        let (order, _) = self.reached(topology, twin, is_reversed, &mut |here| Some(here) == target);
        let fits = |(end, length): &(TwinIx, u32)| {
            *end != twin && *length >= least && target.is_none_or(|target| target == *end)
        };
        order.into_iter().filter(fits).collect()
    }

    /// Returns a shortest path between two twins as JSON: length, twins and relationships in order.
    pub fn way(&self, topology: &Topology, graph: &Graph, from: TwinIx, to: TwinIx) -> Option<Json> {
        let (_, before) = self.reached(topology, from, false, &mut |here| here == to);
        let mut twins = vec![to];
        while let Some(last) = twins.last().copied().filter(|last| *last != from) {
            twins.push(*before.get(&last)?);
        }
        twins.reverse();
        let id = |twin: &TwinIx| topology.twin_id(*twin);
        let relationships = twins.windows(2).map(|ends| self.between(graph, id(&ends[0]), id(&ends[1])));
        let relationships: Vec<Json> = relationships.collect();
        let ids: Vec<String> = twins.iter().map(|twin| id(twin).to_string()).collect();
        Some(json!({ "length": relationships.len(), "twins": ids, "relationships": relationships }))
    }

    /// Returns the relationship between two consecutive twins of a path.
    fn between(&self, graph: &Graph, from: &str, to: &str) -> Json {
        let find = |outgoing: bool| {
            let mut edges = graph.edges_of(from, outgoing);
            edges.find(|(_, known, other)| &*other.id == to && self.step.fits(&known.name)).map(|(number, ..)| number)
        };
        let number = match self.step.direction {
            Direction::Forward => find(true),
            Direction::Backward => find(false),
            Direction::Either => find(true).or_else(|| find(false)),
        };
        number.and_then(|number| whole::relationship(graph, number)).map_or(Json::Null, Json::Object)
    }
}
