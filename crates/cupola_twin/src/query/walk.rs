//! Along relationships from one twin, through the topology's sorted rows.

use crate::expr::Segment;
use crate::topology::{Topology, TwinIx};

/// A path along relationships, resolved.
#[derive(Clone, Debug)]
pub(super) struct Walk {
    steps: Vec<WalkStep>,
}

#[derive(Clone, Debug)]
struct WalkStep {
    /// The relation's number; none if there is no such relationship in the graph.
    relation: Option<usize>,
    inverse: bool,
    transitive: bool,
}

impl Walk {
    /// The walk along these segments.
    pub fn new(topology: &Topology, segments: &[Segment]) -> Self {
        let step = |segment: &Segment| WalkStep {
            relation: topology.relations().iter().position(|relation| *relation.path == *segment.name),
            inverse: segment.inverse,
            transitive: segment.transitive,
        };
        Self { steps: segments.iter().map(step).collect() }
    }

    /// The twins at its end, each once, sorted.
    pub fn from(&self, topology: &Topology, twin: TwinIx) -> Vec<TwinIx> {
        let mut here = vec![twin];
        for step in &self.steps {
            let mut next = step.from(topology, &here);
            if step.transitive {
                let mut all = next.clone();
                while !next.is_empty() {
                    let reached = step.from(topology, &next);
                    next = reached.into_iter().filter(|twin| all.binary_search(twin).is_err()).collect();
                    all.extend(&next);
                    all.sort_unstable();
                }
                next = all;
            }
            here = next;
        }
        here
    }
}

impl WalkStep {
    fn from(&self, topology: &Topology, twins: &[TwinIx]) -> Vec<TwinIx> {
        let mut next = Vec::new();
        if let Some(relation) = self.relation {
            for twin in twins {
                next.extend(related(topology, relation, *twin, self.inverse));
            }
        }
        next.sort_unstable();
        next.dedup();
        next
    }
}

/// The twins that one is related to, or that are related to it if `inverse`.
pub(super) fn related(
    topology: &Topology,
    relation: usize,
    twin: TwinIx,
    inverse: bool,
) -> impl Iterator<Item = TwinIx> {
    let (table, row) = topology.locate(twin);
    let links = topology.relations().get(relation).into_iter().flat_map(|relation| &relation.links);
    let ways = links.map(move |link| match inverse {
        true => (link.dst, link.src, &link.backward),
        false => (link.src, link.dst, &link.forward),
    });
    ways.filter(move |(here, ..)| *here == table).flat_map(move |(_, there, csr)| {
        let base = topology.table(there).base;
        csr.of(row).iter().map(move |row| TwinIx(base + row))
    })
}
