//! The twins as a tree: who is listed under whom.

use super::format::natural_key;
use cupola_twin::{Topology, TwinIx};
use std::collections::BTreeSet;

/// Matches shown at most; more are counted.
pub const MAX_MATCHES: usize = 200;

/// What ontologies of buildings call it that one thing is within another.
const CONTAINMENT: [&str; 3] = ["contains", "hasPart", "includes"];

/// The twins as a tree.
pub struct Tree {
    /// Twins under no other.
    pub roots: Vec<TwinIx>,
    /// For each twin those under it.
    pub children: Vec<Vec<TwinIx>>,
    /// For each twin the one that it is under.
    pub parent: Vec<Option<TwinIx>>,
    /// For each twin what a person calls it.
    pub names: Vec<String>,
    /// For each twin what the filter looks at: name and id in lower case.
    searched: Vec<String>,
}

/// One line of the tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TreeLine {
    /// The twin.
    pub twin: TwinIx,
    /// How many are above it.
    pub depth: usize,
    /// Whether what is under it is shown.
    pub open: bool,
}

impl Tree {
    /// The tree of a graph.
    ///
    /// What contains is the hierarchy, or else the relationship with most edges whose target has no other source; twins that it leaves
    /// alone are listed under the source of another relationship, so that everything has one place.
    pub fn new(topology: &Topology, names: Vec<String>, storeys: &[TwinIx]) -> Self {
        let count = topology.twin_count() as usize;
        let mut parent: Vec<Option<TwinIx>> = vec![None; count];
        let mut by_use: Vec<(usize, &str)> = Vec::new();
        for name in topology.relationship_names() {
            let owned = topology.twins().filter(|twin| topology.related(*twin, name, true).len() == 1).count();
            by_use.push((owned, name));
        }
        let contains = |name: &str| CONTAINMENT.contains(&name);
        by_use.sort_by_key(|(owned, name)| (!contains(name), std::cmp::Reverse(*owned), *name));
        for (_, name) in by_use {
            for twin in topology.twins() {
                if parent[twin.0 as usize].is_none()
                    && let Some(source) = topology.related(twin, name, true).first().copied()
                    && !is_under(&parent, source, twin)
                {
                    parent[twin.0 as usize] = Some(source);
                }
            }
        }
        let mut children = vec![Vec::new(); count];
        let mut roots = Vec::new();
        for twin in topology.twins() {
            match parent[twin.0 as usize] {
                Some(source) => children[source.0 as usize].push(twin),
                None => roots.push(twin),
            }
        }
        // Storeys stand by their height, whatever they are called, behind what else the building has.
        let rank = |twin: &TwinIx| storeys.iter().position(|storey| storey == twin);
        let key = |twin: &TwinIx| (rank(twin), natural_key(&names[twin.0 as usize]));
        children.iter_mut().for_each(|list| list.sort_by_cached_key(key));
        // What holds something together comes before what stands alone.
        roots.sort_by_cached_key(|twin| (children[twin.0 as usize].is_empty(), key(twin)));
        let searched = topology
            .twins()
            .map(|twin| format!("{} {}", names[twin.0 as usize], topology.twin_id(twin)).to_lowercase())
            .collect();
        Self { roots, children, parent, names, searched }
    }

    /// What is unfolded at first: the roots, and the first of what is under a single one.
    pub fn first_open(&self) -> BTreeSet<TwinIx> {
        let mut open: BTreeSet<TwinIx> =
            self.roots.iter().copied().filter(|root| !self.children[root.0 as usize].is_empty()).take(8).collect();
        if let Some(root) = open.first().copied().filter(|_| open.len() == 1) {
            let below = self.children[root.0 as usize].iter().copied();
            open.extend(below.filter(|twin| !self.children[twin.0 as usize].is_empty()).take(1));
        }
        open
    }

    /// The twins above one, nearest first.
    pub fn above(&self, twin: TwinIx) -> impl Iterator<Item = TwinIx> {
        std::iter::successors(self.parent[twin.0 as usize], move |above| self.parent[above.0 as usize])
    }

    /// The lines that are to be seen with these twins unfolded.
    pub fn lines(&self, open: &BTreeSet<TwinIx>) -> Vec<TreeLine> {
        let mut lines = Vec::new();
        let mut stack: Vec<(TwinIx, usize)> = self.roots.iter().rev().map(|root| (*root, 0)).collect();
        while let Some((twin, depth)) = stack.pop() {
            let below = &self.children[twin.0 as usize];
            let open = !below.is_empty() && open.contains(&twin);
            lines.push(TreeLine { twin, depth, open });
            if open {
                stack.extend(below.iter().rev().map(|child| (*child, depth + 1)));
            }
        }
        lines
    }

    /// The lines of twins whose name or id holds every part of `filter`, with those above them, and how many more there are.
    pub fn matches(&self, filter: &str) -> (Vec<TreeLine>, usize) {
        let filter = filter.to_lowercase();
        let parts: Vec<&str> = filter.split_whitespace().collect();
        let fits = |twin: &TwinIx| parts.iter().all(|part| self.searched[twin.0 as usize].contains(part));
        let all = (0..self.parent.len() as u32).map(TwinIx);
        let found: Vec<TwinIx> = all.filter(fits).collect();
        let mut shown: BTreeSet<TwinIx> = BTreeSet::new();
        let mut unfolded = BTreeSet::new();
        for twin in found.iter().take(MAX_MATCHES) {
            shown.insert(*twin);
            shown.extend(self.above(*twin));
            unfolded.extend(self.above(*twin));
        }
        let mut lines = self.lines(&unfolded);
        lines.retain(|line| shown.contains(&line.twin));
        (lines, found.len().saturating_sub(MAX_MATCHES))
    }
}

/// Whether `twin` is `above` or under it.
fn is_under(parent: &[Option<TwinIx>], twin: TwinIx, above: TwinIx) -> bool {
    std::iter::successors(Some(twin), |twin| parent[twin.0 as usize]).any(|twin| twin == above)
}

#[cfg(test)]
mod tests {
    use super::*;
    use cupola_twin::{Graph, Models, Relationship, Twin};
    use std::sync::Arc;

    const MODEL: &str = r#"{
        "@context": "dtmi:dtdl:context;2", "@id": "dtmi:test:Thing;1", "@type": "Interface",
        "contents": [
            {"@type": "Relationship", "name": "contains"},
            {"@type": "Relationship", "name": "feeds"}
        ]
    }"#;

    fn tree(links: &[(&str, &str, &str)]) -> (Tree, Topology) {
        let (models, issues) = Models::read([("m.json".into(), MODEL)]);
        assert!(issues.is_empty(), "{issues:?}");
        let models = Arc::new(models);
        let mut graph = Graph::default();
        let mut ids: Vec<&str> = links.iter().flat_map(|(from, _, to)| [*from, *to]).collect();
        ids.sort_unstable();
        ids.dedup();
        let model = models.resolve("Thing").unwrap();
        for id in &ids {
            let twin = Twin { id: (*id).into(), model, properties: Default::default() };
            graph.add_twin(twin).unwrap();
        }
        for (from, name, to) in links {
            let link = Relationship { id: None, name: (*name).into(), properties: Default::default() };
            graph.relate(&models, from, to, link).unwrap();
        }
        let (topology, _) = Topology::compile(&graph, &models, &[]);
        let names = topology.twins().map(|twin| topology.twin_id(twin).to_string()).collect();
        (Tree::new(&topology, names, &[]), topology)
    }

    fn shown(tree: &Tree, lines: &[TreeLine]) -> Vec<String> {
        lines.iter().map(|line| format!("{}{}", "-".repeat(line.depth), tree.names[line.twin.0 as usize])).collect()
    }

    const HOUSE: &[(&str, &str, &str)] = &[
        ("house", "contains", "floor 1"),
        ("house", "contains", "floor 2"),
        ("floor 1", "contains", "room 9"),
        ("floor 1", "contains", "room 10"),
        ("ahu", "feeds", "vav"),
        ("vav", "feeds", "room 9"),
    ];

    #[test]
    fn storeys_stand_by_height_behind_the_rest() {
        let links = ["Attic", "Ground floor", "Boiler", "Floor 1"].map(|below| ("House", "contains", below));
        let (_, topology) = tree(&links);
        let names = topology.twins().map(|twin| topology.twin_id(twin).to_string()).collect();
        let storeys = ["Ground floor", "Floor 1", "Attic"].map(|id| topology.twin(id).unwrap());
        let tree = Tree::new(&topology, names, &storeys);
        let lines = tree.lines(&tree.first_open());
        assert_eq!(shown(&tree, &lines), ["House", "-Boiler", "-Ground floor", "-Floor 1", "-Attic"]);
    }

    #[test]
    fn the_hierarchy_holds_everything_once() {
        let (tree, _) = tree(HOUSE);
        let everything = (0..tree.names.len() as u32).map(TwinIx).collect();
        let lines = tree.lines(&everything);
        let expected = ["ahu", "-vav", "house", "-floor 1", "--room 9", "--room 10", "-floor 2"];
        assert_eq!(shown(&tree, &lines), expected);
    }

    #[test]
    fn only_open_branches_are_lines() {
        let (tree, topology) = tree(HOUSE);
        let house = topology.twin("house").unwrap();
        assert_eq!(shown(&tree, &tree.lines(&[house].into())), ["ahu", "house", "-floor 1", "-floor 2"]);
    }

    #[test]
    fn a_filter_keeps_what_is_above() {
        let (tree, _) = tree(HOUSE);
        let (lines, more) = tree.matches("ROOM 1");
        assert_eq!((shown(&tree, &lines), more), (vec!["house".into(), "-floor 1".into(), "--room 10".into()], 0));
        assert!(tree.matches("cellar").0.is_empty());
    }

    #[test]
    fn circles_end() {
        let (tree, _) = tree(&[("a", "feeds", "b"), ("b", "feeds", "c"), ("c", "feeds", "a")]);
        let everything = (0..3).map(TwinIx).collect();
        assert_eq!(tree.lines(&everything).len(), 3);
    }
}
