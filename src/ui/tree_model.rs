//! The tree that the twins of a graph form, without its drawing.

use super::format::natural_key;
use cupola_twin::{Topology, TwinIx};
use std::collections::BTreeSet;

/// Largest number of matches of a filter in the list. Further matches are only counted.
pub const MAX_MATCHES: usize = 200;

/// Names of relationships that mean containment in common ontologies of buildings.
const CONTAINMENT: [&str; 3] = ["contains", "hasPart", "includes"];

/// The twins of a graph as a tree.
pub struct Tree {
    /// The twins without a parent.
    pub roots: Vec<TwinIx>,
    /// The children of each twin.
    pub children: Vec<Vec<TwinIx>>,
    /// The parent of each twin.
    pub parent: Vec<Option<TwinIx>>,
    /// The display name of each twin.
    pub names: Vec<String>,
    /// The text of each twin that the filter searches: name and id in lower case.
    searched: Vec<String>,
}

/// One line of the tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TreeLine {
    /// The twin of the line.
    pub twin: TwinIx,
    /// The number of twins above it.
    pub depth: usize,
    /// Whether its children are listed.
    pub open: bool,
}

impl Tree {
    /// Builds the tree of a graph.
    ///
    /// The relationships are used in order: those that mean containment, then those that give most twins exactly one
    /// source. The parent of a twin is its first source by the first relationship that gives it one without a cycle.
    /// Every twin therefore has one place in the tree.
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
        // Storeys are sorted by height and not by name, after the other children of a building.
        let rank = |twin: &TwinIx| storeys.iter().position(|storey| storey == twin);
        let key = |twin: &TwinIx| (rank(twin), natural_key(&names[twin.0 as usize]));
        children.iter_mut().for_each(|list| list.sort_by_cached_key(key));
        // Roots with children come before single twins.
        roots.sort_by_cached_key(|twin| (children[twin.0 as usize].is_empty(), key(twin)));
        let searched = topology
            .twins()
            .map(|twin| format!("{} {}", names[twin.0 as usize], topology.twin_id(twin)).to_lowercase())
            .collect();
        Self { roots, children, parent, names, searched }
    }

    /// Returns the nodes that are open at first: up to eight roots, and the first child with children if there is one
    /// root.
    pub fn first_open(&self) -> BTreeSet<TwinIx> {
        let mut open: BTreeSet<TwinIx> =
            self.roots.iter().copied().filter(|root| !self.children[root.0 as usize].is_empty()).take(8).collect();
        if let Some(root) = open.first().copied().filter(|_| open.len() == 1) {
            let below = self.children[root.0 as usize].iter().copied();
            open.extend(below.filter(|twin| !self.children[twin.0 as usize].is_empty()).take(1));
        }
        open
    }

    /// Returns the twins above a twin, nearest first.
    pub fn above(&self, twin: TwinIx) -> impl Iterator<Item = TwinIx> {
        std::iter::successors(self.parent[twin.0 as usize], move |above| self.parent[above.0 as usize])
    }

    /// Returns the visible lines, if the twins of `open` are open.
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

    /// Returns the lines of twins whose name or id contains every part of `filter`, with the twins above them, and the
    /// number of matches beyond `MAX_MATCHES`.
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

/// Returns whether `twin` is `above` or lies below it.
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
    fn storeys_are_sorted_by_height_after_other_children() {
        let links = ["Attic", "Ground floor", "Boiler", "Floor 1"].map(|below| ("House", "contains", below));
        let (_, topology) = tree(&links);
        let names = topology.twins().map(|twin| topology.twin_id(twin).to_string()).collect();
        let storeys = ["Ground floor", "Floor 1", "Attic"].map(|id| topology.twin(id).unwrap());
        let tree = Tree::new(&topology, names, &storeys);
        let lines = tree.lines(&tree.first_open());
        assert_eq!(shown(&tree, &lines), ["House", "-Boiler", "-Ground floor", "-Floor 1", "-Attic"]);
    }

    #[test]
    fn every_twin_has_one_line() {
        let (tree, _) = tree(HOUSE);
        let everything = (0..tree.names.len() as u32).map(TwinIx).collect();
        let lines = tree.lines(&everything);
        let expected = ["ahu", "-vav", "house", "-floor 1", "--room 9", "--room 10", "-floor 2"];
        assert_eq!(shown(&tree, &lines), expected);
    }

    #[test]
    fn only_children_of_open_twins_have_lines() {
        let (tree, topology) = tree(HOUSE);
        let house = topology.twin("house").unwrap();
        assert_eq!(shown(&tree, &tree.lines(&[house].into())), ["ahu", "house", "-floor 1", "-floor 2"]);
    }

    #[test]
    fn a_filter_keeps_the_twins_above_a_match() {
        let (tree, _) = tree(HOUSE);
        let (lines, more) = tree.matches("ROOM 1");
        assert_eq!((shown(&tree, &lines), more), (vec!["house".into(), "-floor 1".into(), "--room 10".into()], 0));
        assert!(tree.matches("cellar").0.is_empty());
    }

    #[test]
    fn cycles_of_relationships_give_a_finite_tree() {
        let (tree, _) = tree(&[("a", "feeds", "b"), ("b", "feeds", "c"), ("c", "feeds", "a")]);
        let everything = (0..3).map(TwinIx).collect();
        assert_eq!(tree.lines(&everything).len(), 3);
    }
}
