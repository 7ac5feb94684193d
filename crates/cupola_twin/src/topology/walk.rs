//! Traversal of relationships from one twin, through the topology's matrices.

use super::{Topology, TwinIx};
use crate::expr::Segment;

/// A path along relationships with resolved relation numbers.
#[derive(Clone, Debug)]
pub(crate) struct Walk {
    steps: Vec<WalkStep>,
}

#[derive(Clone, Debug)]
struct WalkStep {
    /// The number of the relation, or `None` if the graph has no such relationship.
    relation: Option<usize>,
    inverse: bool,
    transitive: bool,
}

impl Walk {
    /// Resolves a path of segments.
    pub fn new(topology: &Topology, segments: &[Segment]) -> Self {
        let step = |segment: &Segment| WalkStep {
            relation: topology.by_path.get(&segment.name).map(|number| *number as usize),
            inverse: segment.inverse,
            transitive: segment.transitive,
        };
        Self { steps: segments.iter().map(step).collect() }
    }

    /// Returns the twins at the end of the path from `twin`, sorted and without duplicates.
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
                next.extend(topology.along(relation, *twin, self.inverse));
            }
        }
        next.sort_unstable();
        next.dedup();
        next
    }
}

impl Topology {
    /// Returns the targets of a twin by the relation with the given number, or the sources if `inverse`.
    pub(crate) fn along(&self, relation: usize, twin: TwinIx, inverse: bool) -> impl Iterator<Item = TwinIx> {
        let (table, row) = self.locate(twin);
        let links = self.relations.get(relation).into_iter().flat_map(|relation| &relation.links);
        let ways = links.map(move |link| match inverse {
            true => (link.dst, link.src, &link.backward),
            false => (link.src, link.dst, &link.forward),
        });
        ways.filter(move |(here, ..)| *here == table).flat_map(move |(_, there, csr)| {
            let base = self.table(there).base;
            csr.of(row).iter().map(move |row| TwinIx(base + row))
        })
    }

    /// Returns the targets of a twin by the relationship `name`, or the sources if `inverse`.
    pub fn related(&self, twin: TwinIx, name: &str, inverse: bool) -> Vec<TwinIx> {
        let relation = self.by_path.get(name).map(|number| *number as usize);
        let mut out: Vec<TwinIx> =
            relation.into_iter().flat_map(|relation| self.along(relation, twin, inverse)).collect();
        out.sort_unstable();
        out
    }

    /// Returns the twins at the end of `steps` from `twin`, sorted and without duplicates.
    pub fn walk(&self, twin: TwinIx, steps: &[Segment]) -> Vec<TwinIx> {
        Walk::new(self, steps).from(self, twin)
    }
}
