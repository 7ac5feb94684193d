//! The assignment of twins to nodes of the building.

use super::document::Document;
use super::places::Places;
use cupola_building::{Building, Node, Role};
use cupola_twin::{ColumnIx, Diagnostic, Kind, Slot, Topology, TwinIx};
use std::collections::{BTreeMap, BTreeSet};

/// The number of diagnostics up to which suggestions are made. A suggestion compares a name with all others, which
/// would take too long for many names.
const MAX_SUGGESTED: usize = 50;

/// Finds the twin of each node, from the scene's bindings or from the node's extras and name.
pub(super) fn bind(
    document: &Document,
    building: &Building,
    topology: &Topology,
    source: &Places,
) -> (Vec<Option<TwinIx>>, Vec<Diagnostic>) {
    let mut diagnostics = Vec::new();
    let doc = document.building.clone().unwrap_or_default();
    let names: BTreeSet<&str> = building.nodes.iter().map(|node| node.name.as_str()).collect();
    let mut table = BTreeMap::new();
    for (node, twin) in &doc.bindings {
        let place = || source.key(&["building".into(), "bindings".into(), node.as_str().into()]);
        if !names.contains(node.as_str()) {
            diagnostics.push(unknown_node(node, &names, diagnostics.len()).at(place()));
        }
        match topology.twin(twin) {
            Some(twin) => {
                table.insert(node.as_str(), twin);
            }
            None => {
                let unknown = Diagnostic::error("unknown-twin", format!("no twin is called `{twin}`")).at(place());
                let compared = if diagnostics.len() < MAX_SUGGESTED { document.twins.as_slice() } else { &[] };
                diagnostics.push(unknown.did_you_mean(twin, compared.iter().map(|twin| twin.id.as_str())));
            }
        }
    }
    let by_name = twins_by_name(topology);
    let find = |node: &Node| {
        let own = table.get(node.name.as_str()).copied();
        own.or_else(|| {
            words_of(node)
                .into_iter()
                .find_map(|word| topology.twin(&word).or_else(|| by_name.get(&word).copied().flatten()))
        })
    };
    (building.nodes.iter().map(find).collect(), diagnostics)
}

/// Reports rooms without a twin. A massing is not checked, because its corridors have no twins.
pub(super) fn unbound(
    document: &Document,
    building: &Building,
    bindings: &[Option<TwinIx>],
    source: &Places,
) -> Vec<Diagnostic> {
    let is_meant = |node: &Node| document.building.as_ref().is_some_and(|doc| doc.unbound.contains(&node.name));
    let nodes = building.nodes.iter().enumerate().zip(bindings);
    let rooms = nodes.filter(|((_, node), twin)| node.role == Role::Room && twin.is_none() && !is_meant(node));
    rooms
        .map(|((position, node), _)| {
            let message = format!("room `{}` of the building has no twin", building.path(position));
            let help = format!("bind it to a twin in the scene: bindings: {{\"{}\": \"TWIN\"}}", node.name);
            let place = source.of(&["building".into()]);
            Diagnostic::warning("unbound-node", message).at(place).help(help)
        })
        .collect()
}

/// Returns the diagnostic for a node name that the building does not have. It has a suggestion only if there were few
/// diagnostics `before`.
pub fn unknown_node(node: &str, names: &BTreeSet<&str>, before: usize) -> Diagnostic {
    let unknown = Diagnostic::error("unknown-node", format!("the building has no node `{node}`"));
    let unknown = unknown.help("nodes have the names of the .glb or .gltf file");
    unknown.did_you_mean(node, names.iter().copied().filter(|_| before < MAX_SUGGESTED))
}

/// Returns the texts that may identify the twin of a node, the most reliable first.
pub fn words_of(node: &Node) -> Vec<String> {
    let mut words = Vec::new();
    let mut add =
        |value: Option<&serde_json::Value>| words.extend(value.and_then(|value| value.as_str()).map(str::to_string));
    add(node.extras.get("cupola").and_then(|own| own.get("id")));
    for key in ["$dtId", "dtId", "twin", "twin_id", "id", "ifc_guid", "guid", "GlobalId", "name", "long_name"] {
        add(node.extras.get(key));
    }
    words.push(node.name.clone());
    // The name "A102 Living Room" may mean room A102.
    words.extend(node.name.split_whitespace().next().map(str::to_string));
    words
}

/// Returns the twins by their property `name`. A text that several twins have maps to `None`.
fn twins_by_name(topology: &Topology) -> BTreeMap<String, Option<TwinIx>> {
    let mut by_name = BTreeMap::new();
    let columns = (0..topology.columns().len() as u32).map(ColumnIx);
    let is_name = |column: &ColumnIx| {
        let column = topology.column(*column);
        &*column.name == "name" && column.kind == Kind::Text
    };
    for column in columns.filter(is_name) {
        for row in 0..topology.rows(column) {
            let slot = Slot { column, row };
            if let Some(name) = topology.given(slot).and_then(|lane| topology.texts.text(lane)) {
                let twin = topology.twin_of(slot);
                by_name.entry(name.to_string()).and_modify(|known| *known = None).or_insert(Some(twin));
            }
        }
    }
    by_name
}
