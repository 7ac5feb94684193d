//! Inheritance of interfaces, and its limits.
//!
//! Source: Digital Twins Definition Language versions 2 to 4, "Interface" (`contents`, `extends`), "Component".

use super::element::{ElementIx, Val};
use super::metamodel::{COMMAND, COMPONENT, INTERFACE, PROPERTY, RELATIONSHIP};
use super::read::ElementReader;
use super::shape::{Nesting, of_value};
use crate::diagnostic::Diagnostic;
use petgraph::algo::kosaraju_scc;
use petgraph::graph::{DiGraph, NodeIndex};
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

/// The largest size of an interface's text in bytes, from version 3 on.
const MAX_BYTES: usize = 1 << 20;
/// The largest number of elements in an interface from version 3 on, and of contents in version 2.
const MAX_ELEMENTS: u64 = 100_000;
const MAX_CONTENTS: usize = 300;
/// The largest number of direct and indirect base interfaces, from version 3 on.
const MAX_BASES: u64 = 1024;
/// The largest number of contents of all interfaces, inherited ones included; inheritance stops beyond it.
const MAX_INHERITED: usize = 5_000_000;

/// The contents of an interface, inherited ones included.
#[derive(Clone, Debug, Default)]
pub(super) struct InheritedContents {
    /// The contents, those of base interfaces first.
    pub contents: Rc<Vec<ElementIx>>,
    /// The interfaces that it extends directly or indirectly, nearest last.
    pub ancestors: Vec<ElementIx>,
    /// The length of the longest chain of `extends`.
    depth: u32,
    /// The number of interfaces reached by `extends`, counted once for each path.
    bases: u64,
}

/// Resolves the contents of every interface, and reports violations of the limits.
pub(super) fn inherit(
    reader: &mut ElementReader<'_>,
    nestings: &HashMap<ElementIx, Nesting>,
) -> HashMap<ElementIx, InheritedContents> {
    let interfaces: Vec<ElementIx> = (0..reader.elements.len() as ElementIx)
        .filter(|ix| reader.elements[*ix as usize].class == &INTERFACE)
        .collect();
    let mut graph = DiGraph::<ElementIx, ()>::with_capacity(interfaces.len(), interfaces.len());
    let nodes: HashMap<ElementIx, NodeIndex> = interfaces.iter().map(|ix| (*ix, graph.add_node(*ix))).collect();
    for ix in &interfaces {
        for base in reader.elements[*ix as usize].elements("extends") {
            graph.add_edge(nodes[ix], nodes[&base], ());
        }
    }
    let mut all: HashMap<ElementIx, InheritedContents> = HashMap::with_capacity(interfaces.len());
    let mut total = 0;
    // The components are in topological order: base interfaces come first.
    for component in kosaraju_scc(&graph) {
        let circular = component.len() > 1 || graph.find_edge(component[0], component[0]).is_some();
        for node in component {
            let ix = graph[node];
            if circular {
                let message = format!("`{}` extends itself", reader.elements[ix as usize].id);
                reader.report_on(ix, None, Diagnostic::error("dtdl-circular", message));
            }
            let inherited = one(reader, ix, &all, circular, total);
            total += inherited.contents.len();
            all.insert(ix, inherited);
        }
    }
    if total > MAX_INHERITED {
        let message = format!("the interfaces inherit more than {MAX_INHERITED} contents in total");
        if let Some(last) = interfaces.last() {
            reader.report_on(*last, None, Diagnostic::error("dtdl-too-many", message));
        }
    }
    components(reader, &interfaces, &all);
    counts(reader, &interfaces, &all, nestings);
    all
}

/// Resolves the contents of one interface from those of its base interfaces.
fn one(
    reader: &mut ElementReader<'_>,
    ix: ElementIx,
    known: &HashMap<ElementIx, InheritedContents>,
    circular: bool,
    total: usize,
) -> InheritedContents {
    let element = &reader.elements[ix as usize];
    let (version, length) = (element.version(), element.length);
    let bases: Vec<ElementIx> = if circular { Vec::new() } else { element.elements("extends").collect() };
    let own: Vec<ElementIx> = element.elements("contents").collect();
    let mut inherited = InheritedContents::default();
    for base in &bases {
        let Some(base_has) = known.get(base) else { continue };
        inherited.depth = inherited.depth.max(base_has.depth + 1);
        inherited.bases = inherited.bases.saturating_add(base_has.bases + 1);
        for ancestor in base_has.ancestors.iter().chain([base]) {
            if !inherited.ancestors.contains(ancestor) {
                inherited.ancestors.push(*ancestor);
            }
        }
    }
    let wrong = |code, message: String| Diagnostic::error(code, message);
    let mut findings = Vec::new();
    let deepest = if version == 4 { 12 } else { 10 };
    if inherited.depth > deepest {
        let message = format!("`extends` has {} levels; at most {deepest} are allowed", inherited.depth);
        findings.push(wrong("dtdl-too-deep", message));
    }
    if version >= 3 && inherited.bases > MAX_BASES {
        let message = format!("`extends` leads to {} interfaces; at most {MAX_BASES} are allowed", inherited.bases);
        findings.push(wrong("dtdl-too-many", message));
    }
    if version >= 3 && length > MAX_BYTES {
        let message = format!("the interface has {length} bytes; at most {MAX_BYTES} are allowed");
        findings.push(wrong("dtdl-too-large", message));
    }
    findings.into_iter().for_each(|found| reader.report_on(ix, None, found));
    // An interface with one base and no contents of its own shares the base's list.
    if let ([base], true) = (&bases[..], own.is_empty())
        && let Some(base) = known.get(base)
    {
        inherited.contents = base.contents.clone();
    } else if total <= MAX_INHERITED {
        inherited.contents = Rc::new(merge(reader, ix, &bases, &own, known));
    }
    if version == 2 && inherited.contents.len() > MAX_CONTENTS {
        let message = format!("the interface has {} contents, more than {MAX_CONTENTS}", inherited.contents.len());
        reader.report_on(ix, None, Diagnostic::error("dtdl-too-many", message));
    }
    inherited
}

/// Merges inherited and own contents; every name must be unique.
fn merge(
    reader: &mut ElementReader<'_>,
    ix: ElementIx,
    bases: &[ElementIx],
    own: &[ElementIx],
    known: &HashMap<ElementIx, InheritedContents>,
) -> Vec<ElementIx> {
    let mut contents = Vec::new();
    let mut by_name: HashMap<&str, ElementIx> = HashMap::new();
    let mut clashes = Vec::new();
    let mut stands: HashSet<ElementIx> = HashSet::new();
    let inherited = bases.iter().filter_map(|base| known.get(base)).flat_map(|base| base.contents.iter());
    for (content, is_own) in inherited.map(|content| (*content, false)).chain(own.iter().map(|own| (*own, true))) {
        let Some(name) = reader.elements[content as usize].text("name") else { continue };
        match by_name.get(name) {
            // The same content may be inherited by several paths, but must occur once in its own interface.
            Some(first) if *first == content && (!is_own || stands.insert(content)) => {}
            Some(first) => clashes.push((*first, content, is_own, name.to_string())),
            None => {
                by_name.insert(name, content);
                contents.push(content);
                if is_own {
                    stands.insert(content);
                }
            }
        }
    }
    for (first, second, is_own, name) in clashes {
        let known = &reader.elements[first as usize];
        let owner = reader.elements[known.interface as usize].id.clone();
        let place = reader.sources[known.source as usize].place_at(known.start);
        let message =
            format!("`{name}` is defined twice; first in `{owner}` at {}:{}:{}", place.file, place.line, place.column);
        let duplicate = Diagnostic::error("dtdl-duplicate-name", message);
        if is_own { reader.report_on(second, None, duplicate) } else { reader.report_on(ix, None, duplicate) }
    }
    contents
}

/// Checks that the interface of a component has no components itself.
fn components(reader: &mut ElementReader<'_>, interfaces: &[ElementIx], all: &HashMap<ElementIx, InheritedContents>) {
    let holds_component: HashMap<ElementIx, bool> = interfaces
        .iter()
        .map(|ix| (*ix, all[ix].contents.iter().any(|content| reader.elements[*content as usize].class == &COMPONENT)))
        .collect();
    for ix in 0..reader.elements.len() as ElementIx {
        let element = &reader.elements[ix as usize];
        if element.class != &COMPONENT {
            continue;
        }
        let Some(schema) = element.elements("schema").next() else { continue };
        if holds_component.get(&schema).copied().unwrap_or(false) {
            let message =
                format!("`{}` has components, and components can't be nested", reader.elements[schema as usize].id);
            reader.report_on(ix, None, Diagnostic::error("dtdl-nested-component", message));
        }
    }
}

/// Checks the number of elements in each interface.
fn counts(
    reader: &mut ElementReader<'_>,
    interfaces: &[ElementIx],
    all: &HashMap<ElementIx, InheritedContents>,
    nestings: &HashMap<ElementIx, Nesting>,
) {
    let simple = |reader: &ElementReader<'_>, ix: ElementIx| -> u64 {
        let element = &reader.elements[ix as usize];
        let of_children = |name: &str| -> u64 {
            element.elements(name).map(|child| 1 + of_value(&reader.elements[child as usize], nestings).count).sum()
        };
        1 + match element.class {
            class if class == &COMMAND => of_children("request") + of_children("response"),
            class if class == &RELATIONSHIP => of_children("properties"),
            class if class == &COMPONENT => 1,
            _ => of_value(element, nestings).count,
        }
    };
    let without_components: HashMap<ElementIx, u64> = interfaces
        .iter()
        .map(|ix| (*ix, all[ix].contents.iter().map(|content| simple(reader, *content)).fold(0, u64::saturating_add)))
        .collect();
    for ix in interfaces {
        let version = reader.elements[*ix as usize].version();
        let parts = all[ix].contents.iter().flat_map(|content| {
            let element = &reader.elements[*content as usize];
            element.elements("schema").filter(|schema| reader.elements[*schema as usize].class == &INTERFACE)
        });
        let of_parts: u64 = parts.filter_map(|part| without_components.get(&part)).fold(0, |a, b| a.saturating_add(*b));
        let count = without_components[ix].saturating_add(of_parts);
        if version >= 3 && count > MAX_ELEMENTS {
            let message = format!("the interface has {count} elements; at most {MAX_ELEMENTS} are allowed");
            reader.report_on(*ix, None, Diagnostic::error("dtdl-too-many", message));
        }
    }
}

/// Checks that properties have no arrays in their schemas in version 2.
pub(super) fn arrays(reader: &mut ElementReader<'_>, nestings: &HashMap<ElementIx, Nesting>) {
    for ix in 0..reader.elements.len() as ElementIx {
        let element = &reader.elements[ix as usize];
        if element.class == &PROPERTY && element.version() == 2 && of_value(element, nestings).array {
            let help = "use telemetry, or version 3 of DTDL";
            let message = "a property can't have an array in its schema in version 2 of DTDL";
            let at = element.first("schema").map(|held| held.at);
            reader.report_on(ix, at, Diagnostic::error("dtdl-array", message).help(help));
        }
    }
}

/// Checks that the names in `fields`, `enumValues` and `properties` are unique, and the values of enumerations too.
pub(super) fn names(reader: &mut ElementReader<'_>) {
    let mut clashes = Vec::new();
    for element in &reader.elements {
        for property in ["fields", "enumValues", "properties"] {
            let mut names: HashSet<&str> = HashSet::new();
            let mut values: HashSet<String> = HashSet::new();
            for child in element.elements(property) {
                let found = &reader.elements[child as usize];
                if let Some(name) = found.text("name")
                    && !names.insert(name)
                {
                    clashes.push((child, format!("`{name}` is defined twice in `{property}`")));
                }
                let value = match found.first("enumValue").map(|held| &held.value) {
                    Some(Val::Text(text)) => format!("\"{text}\""),
                    Some(Val::Integer(number)) => number.to_string(),
                    _ => continue,
                };
                if !values.insert(value.clone()) {
                    clashes.push((child, format!("the value {value} occurs twice")));
                }
            }
        }
    }
    for (ix, message) in clashes {
        reader.report_on(ix, None, Diagnostic::error("dtdl-duplicate-name", message));
    }
}

/// Checks that the values of an enumeration match its value schema.
pub(super) fn choices(reader: &mut ElementReader<'_>) {
    let mut wrong = Vec::new();
    for element in &reader.elements {
        let Some(standard) = element.standard("valueSchema") else { continue };
        for child in element.elements("enumValues") {
            let Some(held) = reader.elements[child as usize].first("enumValue") else { continue };
            let fits =
                matches!((standard.name(), &held.value), ("integer", Val::Integer(_)) | ("string", Val::Text(_)));
            if !fits {
                wrong.push((child, held.at, format!("`enumValue` is not of schema {}", standard.name())));
            }
        }
    }
    for (ix, at, message) in wrong {
        reader.report_on(ix, Some(at), Diagnostic::error("dtdl-bad-enum", message));
    }
}
