//! The nesting of schemas: depth, recursion, arrays and number of elements.
//!
//! Source: Digital Twins Definition Language versions 2 to 4, "Complex schema" (depth, recursion), "Property" (arrays
//! in version 2).

use super::element::{Element, ElementIx};
use super::metamodel::COMPLEX_SCHEMA;
use super::read::ElementReader;
use crate::diagnostic::Diagnostic;
use petgraph::algo::kosaraju_scc;
use petgraph::graph::{DiGraph, NodeIndex};
use std::collections::HashMap;

/// The largest length of a path around a cycle of schemas, which exceeds every limit on depth, and the largest number
/// of steps in all.
const MAX_WAY: usize = 32;
const MAX_STEPS: u32 = 10_000;

/// The properties of a complex schema's nesting.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Nesting {
    /// The number of steps to the schema of the deepest part.
    pub depth: u32,
    /// Whether the schema contains an array.
    pub array: bool,
    /// The number of elements in the schema.
    pub count: u64,
}

/// Computes the nesting of every complex schema, and reports schemas that are too deep or recursive.
pub(super) fn nestings(reader: &mut ElementReader<'_>) -> HashMap<ElementIx, Nesting> {
    let mut graph = DiGraph::<ElementIx, ()>::new();
    let schemas: Vec<ElementIx> = (0..reader.elements.len() as ElementIx)
        .filter(|ix| reader.elements[*ix as usize].class.is_a(&COMPLEX_SCHEMA))
        .collect();
    let nodes: HashMap<ElementIx, NodeIndex> = schemas.iter().map(|ix| (*ix, graph.add_node(*ix))).collect();
    for ix in &schemas {
        for (carrier, _) in carriers(&reader.elements, *ix) {
            for part in parts(&reader.elements[carrier as usize]) {
                if let Some(node) = nodes.get(&part) {
                    graph.add_edge(nodes[ix], *node, ());
                }
            }
        }
    }
    let mut found: HashMap<ElementIx, Nesting> = HashMap::with_capacity(schemas.len());
    // The components are in topological order: nested schemas come first.
    for component in kosaraju_scc(&graph) {
        let circular = component.len() > 1 || component.iter().any(|node| graph.find_edge(*node, *node).is_some());
        let outside: HashMap<NodeIndex, Nesting> =
            component.iter().map(|node| (*node, nesting(&reader.elements, graph[*node], &found))).collect();
        for node in component {
            let ix = graph[node];
            let mut nesting = if circular { nesting(&reader.elements, ix, &found) } else { outside[&node] };
            if circular {
                let mut steps = MAX_STEPS;
                nesting.depth = around(&graph, node, &outside, &mut Vec::new(), &mut steps);
            }
            found.insert(ix, nesting);
            let element = &reader.elements[ix as usize];
            let (version, limit) = (element.version(), element.context.limits.schema_depth);
            if circular && version < 4 {
                let message = "a schema that contains itself needs version 4 of DTDL";
                reader.report_on(ix, None, Diagnostic::error("dtdl-circular", message));
            } else if nesting.depth > limit {
                let message = format!("schemas are nested {} levels deep here; the limit is {limit}", nesting.depth);
                reader.report_on(ix, None, Diagnostic::error("dtdl-too-deep", message));
            }
        }
    }
    found
}

/// Returns the depth of a recursive schema: the length of the longest path in it that visits no schema twice.
fn around(
    graph: &DiGraph<ElementIx, ()>,
    node: NodeIndex,
    ring: &HashMap<NodeIndex, Nesting>,
    way: &mut Vec<NodeIndex>,
    steps: &mut u32,
) -> u32 {
    let mut depth = ring[&node].depth;
    way.push(node);
    for next in graph.neighbors(node).filter(|next| ring.contains_key(next)) {
        if way.contains(&next) || *steps == 0 || way.len() > MAX_WAY {
            depth = depth.max(1);
        } else {
            *steps -= 1;
            depth = depth.max(1 + around(graph, next, ring, way, steps));
        }
    }
    way.pop();
    depth
}

/// Returns the elements that hold the schemas of a schema's parts (the schema itself, its fields, its map value), each
/// with the number of elements in between.
fn carriers(elements: &[Element], ix: ElementIx) -> Vec<(ElementIx, u64)> {
    let element = &elements[ix as usize];
    let mut carriers = vec![(ix, 0)];
    carriers.extend(element.elements("fields").map(|field| (field, 1)));
    carriers.extend(element.elements("mapValue").map(|value| (value, 1)));
    carriers
}

/// Returns the elements of documents that are schemas of an element's parts.
fn parts(element: &Element) -> impl Iterator<Item = ElementIx> {
    element.elements("elementSchema").chain(element.elements("schema"))
}

fn nesting(elements: &[Element], ix: ElementIx, known: &HashMap<ElementIx, Nesting>) -> Nesting {
    let mut nesting = Nesting {
        array: elements[ix as usize].class.name == "Array",
        count: elements[ix as usize].all("enumValues").count() as u64,
        depth: 0,
    };
    for (carrier, between) in carriers(elements, ix) {
        let element = &elements[carrier as usize];
        nesting.count += between;
        for name in ["elementSchema", "schema"] {
            if let Some(standard) = element.standard(name) {
                nesting.depth = nesting.depth.max(1 + standard.depth());
                nesting.array |= standard.holds_array();
                nesting.count += 1;
            }
        }
        for part in parts(element) {
            // A part without a known nesting contains this schema itself.
            let inner = known.get(&part).copied().unwrap_or_default();
            nesting.depth = nesting.depth.max(1 + inner.depth);
            nesting.array |= inner.array;
            nesting.count = nesting.count.saturating_add(1 + inner.count);
        }
    }
    nesting
}

/// Returns the nesting of an element's schema.
pub(super) fn of_value(element: &Element, known: &HashMap<ElementIx, Nesting>) -> Nesting {
    if let Some(standard) = element.standard("schema") {
        return Nesting { depth: standard.depth(), array: standard.holds_array(), count: 1 };
    }
    let inner = element.elements("schema").next().and_then(|ix| known.get(&ix)).copied().unwrap_or_default();
    Nesting { count: inner.count.saturating_add(1), ..inner }
}
