//! Import of a building. Nodes of storeys, rooms and equipment become twins, the node hierarchy becomes relationships,
//! and the extras of a node become properties of its twin. Walls, slabs and similar nodes are only geometry.
//!
//! Sources: glTF 2.0, "extras"; ISO 16739-1 (IFC), whose classes exporters write as `ifc_class`.

mod identity;
mod models;

use self::identity::{Identity, guid, identify, ifc_class, name_of};
use self::models::{CONTAINS, Classes, FILE, Fact, facts, stated};
use super::brick::UniqueNames;
use super::service::{self, file_start};
use super::{Draft, ModelDoc};
use cupola_building::{Building, Node, Role};
use cupola_scene::document::{RelationshipDoc, TwinDoc};
use cupola_scene::{Properties, words_of};
use cupola_twin::model::ModelIx;
use cupola_twin::{Diagnostic, Models, Value};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// The name of an embedded graph in diagnostics.
const CARRIED: &str = "cupola.graph";
/// The largest number of kinds of nodes in a diagnostic. Further kinds are summed.
const MAX_KINDS: usize = 8;
/// The largest number of rooms without a twin in a diagnostic.
const MAX_ROOMS: usize = 5;

/// Imports a building into the draft. If the draft has no twins, twins are made from the building's nodes.
pub fn read(file: &str, building: &Building, draft: &mut Draft) {
    let file: Arc<str> = file.into();
    if let (Some(graph), true) = (carried(building), draft.twins.is_empty())
        && let Err(found) = service::read(&file, CARRIED, &graph, draft)
    {
        draft.findings.push(found);
    }
    let found = if draft.twins.is_empty() {
        let mut reader = GltfReader::new(building);
        reader.nodes(draft);
        let defined = reader.twins(draft);
        reader.relationships(&defined, draft);
        reader.bindings(draft);
        reader.found
    } else {
        vec![matched(building, &draft.twins)]
    };
    draft.findings.extend(found.into_iter().map(|found| found.at(file_start(&file))));
}

/// Returns the graph that Cupola's glTF export has embedded: models, twins and relationships in the format of Azure
/// Digital Twins Explorer.
fn carried(building: &Building) -> Option<String> {
    let graph = building.nodes.iter().find_map(|node| node.extras.get("cupola")?.get("graph"))?;
    Some(graph.to_string())
}

/// An element of the building that becomes a twin.
struct Thing<'b> {
    id: String,
    identity: Identity<'b>,
    /// The first node of the element, which defines its properties.
    node: &'b Node,
    /// The number of that node.
    number: usize,
    /// The model, if it was imported with the building.
    model: Option<ModelIx>,
}

struct GltfReader<'b> {
    building: &'b Building,
    things: Vec<Thing<'b>>,
    /// The element of each node, by its number.
    of_node: Vec<Option<usize>>,
    found: Vec<Diagnostic>,
}

impl<'b> GltfReader<'b> {
    /// Finds the elements. Nodes whose extras have the same id are one element. Other nodes get their name as id, or
    /// their IFC identifier if the name is taken. The scene finds their twin by either.
    fn new(building: &'b Building) -> Self {
        let identities: Vec<Option<Identity<'b>>> = building.nodes.iter().map(identify).collect();
        let mut used: BTreeSet<String> =
            identities.iter().flatten().filter_map(|identity| identity.id).map(str::to_string).collect();
        let mut taken: UniqueNames = used.iter().cloned().collect();
        let mut said: BTreeMap<&'b str, usize> = BTreeMap::new();
        let mut things: Vec<Thing<'b>> = Vec::new();
        let mut of_node = Vec::with_capacity(building.nodes.len());
        for (number, (node, identity)) in building.nodes.iter().zip(identities).enumerate() {
            let Some(identity) = identity else {
                of_node.push(None);
                continue;
            };
            if let Some(known) = identity.id.and_then(|id| said.get(id)) {
                of_node.push(Some(*known));
                continue;
            }
            let id = match identity.id {
                Some(id) => {
                    said.insert(id, things.len());
                    id.to_string()
                }
                None => {
                    let is_free = |name: &&str| !used.contains(*name);
                    let name = name_of(node);
                    let free = Some(name).filter(is_free).or_else(|| guid(node).filter(is_free));
                    let id = taken.take(free.unwrap_or(name));
                    used.insert(id.clone());
                    id
                }
            };
            of_node.push(Some(things.len()));
            things.push(Thing { id, identity, node, number, model: None });
        }
        Self { building, things, of_node, found: Vec::new() }
    }

    /// Counts the nodes and reports those that are only geometry.
    fn nodes(&mut self, draft: &mut Draft) {
        let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
        for (node, thing) in self.building.nodes.iter().zip(&self.of_node) {
            if thing.is_none() {
                *kinds.entry(ifc_class(node).unwrap_or(node.role.as_str())).or_default() += 1;
            }
        }
        let shapes: usize = kinds.values().sum();
        let count = draft.counts.entry("nodes").or_default();
        count.understood += self.of_node.len() - shapes;
        count.left_out += shapes;
        if shapes > 0 {
            let mut kinds: Vec<(&str, usize)> = kinds.into_iter().collect();
            kinds.sort_by_key(|(_, count)| Reverse(*count));
            let mut listed: Vec<String> =
                kinds.iter().take(MAX_KINDS).map(|(kind, count)| format!("{count} {kind}")).collect();
            let others: usize = kinds.iter().skip(MAX_KINDS).map(|(_, count)| count).sum();
            if others > 0 {
                listed.push(format!("{others} of other kinds"));
            }
            let message =
                format!("{} geometry without a twin: {}", many(shapes, "node is", "nodes are"), listed.join(", "));
            self.found.push(Diagnostic::info("gltf-shapes", message));
        }
        if self.things.is_empty() {
            let message = "no twins were created: no node is a storey, a room or equipment, or names its twin";
            let help = "import the twins with the building, or add extras with an `id` to nodes";
            self.found.push(Diagnostic::warning("gltf-no-twins", message).help(help));
        }
    }

    /// Adds the twins and the models made for them to the draft. Returns the models that the draft had before.
    fn twins(&mut self, draft: &mut Draft) -> Models {
        let (defined, _) = Models::read(draft.models.iter().map(ModelDoc::read));
        let mut classes = Classes::default();
        let mut left: BTreeMap<&'b str, usize> = BTreeMap::new();
        let mut all_facts: Vec<Vec<Fact<'b>>> = Vec::with_capacity(self.things.len());
        for thing in &mut self.things {
            thing.model = thing.identity.model.and_then(|model| defined.find(model));
            if let Some(model) = thing.model {
                all_facts.push(stated(thing.node, &defined, model));
            } else {
                let facts = facts(thing.node);
                classes.add(&thing.identity.class, &facts, &mut left);
                all_facts.push(facts);
            }
        }
        let made = classes.models(&defined);
        for (thing, facts) in self.things.iter().zip(&all_facts) {
            let (model, properties) = match thing.model {
                Some(model) => (defined.get(model).id.to_string(), whole(facts, &mut left)),
                None => {
                    let Some(model) = made.ids.get(&thing.identity.class) else { continue };
                    (model.clone(), classes.properties(&made, &thing.identity.class, facts))
                }
            };
            draft.twins.push(TwinDoc { id: thing.id.clone(), model: model.into(), properties }, None);
            draft.understood("twins");
        }
        if !made.ids.is_empty() {
            draft.counts.entry("models").or_default().understood += made.ids.len();
            draft.models.push(ModelDoc::new(FILE, made.text, None));
        }
        self.left_values(&left, classes.too_many, draft);
        defined
    }

    fn left_values(&mut self, left: &BTreeMap<&str, usize>, too_many: usize, draft: &mut Draft) {
        let count = left.values().sum::<usize>() + too_many;
        if count > 0 {
            draft.counts.entry("values").or_default().left_out += count;
        }
        for (key, count) in left {
            let nodes = many(*count, "node", "nodes");
            let message = format!("the extra `{key}` of {nodes} is a list or an object and was left out");
            self.found.push(Diagnostic::warning("gltf-structured-extra", message));
        }
        if too_many > 0 {
            let values = many(too_many, "value was", "values were");
            let message = format!("{values} left out: the nodes of a class have more extras than a model can have");
            self.found.push(Diagnostic::warning("gltf-too-many-extras", message));
        }
    }

    /// Adds a relationship `contains` from the nearest enclosing element to each element.
    fn relationships(&mut self, defined: &Models, draft: &mut Draft) {
        let mut unknown: BTreeMap<&str, usize> = BTreeMap::new();
        for (position, thing) in self.things.iter().enumerate() {
            let Some(holder) = self.holder(position, thing) else { continue };
            if let Some(model) = holder.model
                && defined.get(model).relationship(CONTAINS).is_none()
            {
                *unknown.entry(&*defined.get(model).id).or_default() += 1;
                continue;
            }
            let link = RelationshipDoc {
                id: None,
                from: holder.id.clone(),
                name: CONTAINS.into(),
                to: thing.id.clone(),
                properties: Properties::default(),
            };
            draft.relationships.push(link, None);
            draft.understood("relationships");
        }
        for (model, count) in unknown {
            draft.counts.entry("relationships").or_default().left_out += count;
            let nodes = many(count, "child node", "child nodes");
            let message = format!("`{model}` has no relationship `{CONTAINS}`, so {nodes} of such twins got none");
            let help = "import the twins and relationships together with the building";
            self.found.push(Diagnostic::warning("gltf-no-relationship", message).help(help));
        }
    }

    /// Returns the nearest other element that encloses the first node of an element.
    fn holder(&self, position: usize, thing: &Thing<'b>) -> Option<&Thing<'b>> {
        let mut at = thing.number;
        // A parent precedes its children. The filter ends the loop if a file violates this.
        while let Some(parent) = self.building.nodes.get(at)?.parent.filter(|parent| *parent < at) {
            match self.of_node.get(parent).copied().flatten() {
                Some(other) if other != position => return self.things.get(other),
                _ => at = parent,
            }
        }
        None
    }

    /// Adds bindings for nodes whose twin the scene would not find by itself.
    fn bindings(&mut self, draft: &mut Draft) {
        let known = KnownTwins::new(&draft.twins);
        // The element of each name, or `None` if nodes of one name belong to several elements.
        let mut named: BTreeMap<&str, Option<usize>> = BTreeMap::new();
        for (node, thing) in self.building.nodes.iter().zip(&self.of_node) {
            if thing.is_some() {
                let first = named.entry(node.name.as_str()).or_insert(*thing);
                if *first != *thing {
                    *first = None;
                }
            }
        }
        let mut bindings = BTreeMap::new();
        let mut alike: BTreeMap<&str, usize> = BTreeMap::new();
        for (node, thing) in self.building.nodes.iter().zip(&self.of_node) {
            let Some(twin) = thing.and_then(|thing| self.things.get(thing)) else { continue };
            if known.find(node) == Some(twin.id.as_str()) {
                continue;
            }
            if named.get(node.name.as_str()).copied().flatten().is_some() {
                bindings.insert(node.name.clone(), twin.id.clone());
            } else {
                *alike.entry(node.name.as_str()).or_default() += 1;
            }
        }
        draft.bindings.extend(bindings);
        for (name, count) in alike {
            let nodes = many(count, "node", "nodes");
            let message = format!("{nodes} named `{name}` can't be bound: another node has the same name");
            let help = "give each node a unique name, or extras with an `id`";
            self.found.push(Diagnostic::warning("gltf-same-name", message).help(help));
        }
    }
}

/// The twins by the texts that identify them in a scene.
struct KnownTwins<'t> {
    ids: BTreeSet<&'t str>,
    /// Ids by the property `name`. A name of several twins maps to `None`.
    by_name: HashMap<&'t str, Option<&'t str>>,
}

impl<'t> KnownTwins<'t> {
    fn new(twins: &'t [Arc<TwinDoc>]) -> Self {
        let mut by_name: HashMap<&'t str, Option<&'t str>> = HashMap::new();
        for twin in twins {
            if let Some(Value::Text(name)) = twin.properties.get("name") {
                by_name.entry(name.as_str()).and_modify(|known| *known = None).or_insert(Some(twin.id.as_str()));
            }
        }
        Self { ids: twins.iter().map(|twin| twin.id.as_str()).collect(), by_name }
    }

    /// Returns the id of the twin to which the scene binds a node without an entry in `bindings`.
    fn find(&self, node: &Node) -> Option<&'t str> {
        words_of(node).iter().find_map(|word| {
            let by_id = self.ids.get(word.as_str()).copied();
            by_id.or_else(|| self.by_name.get(word.as_str()).copied().flatten())
        })
    }
}

/// Reports the number of rooms that are bound to twins of the draft.
fn matched(building: &Building, twins: &[Arc<TwinDoc>]) -> Diagnostic {
    let known = KnownTwins::new(twins);
    let rooms = building.nodes.iter().filter(|node| node.role == Role::Room);
    let (found, others): (Vec<&Node>, Vec<&Node>) = rooms.partition(|node| known.find(node).is_some());
    let (count, all) = (found.len(), found.len() + others.len());
    let message =
        format!("{count} of the building's {} matched to a twin by id or name", many(all, "room is", "rooms are"));
    let report = Diagnostic::info("gltf-rooms", message);
    if others.is_empty() {
        return report;
    }
    let mut listed: Vec<String> = others.iter().take(MAX_ROOMS).map(|node| format!("`{}`", node.name)).collect();
    if others.len() > MAX_ROOMS {
        listed.push(format!("{} more", others.len() - MAX_ROOMS));
    }
    let help = "bind the other rooms in the scene: bindings: {\"NODE\": \"TWIN\"}; not matched:";
    report.help(format!("{help} {}", listed.join(", ")))
}

/// Returns the properties that Cupola's export has written for a twin whose model is known. Values that no property can
/// hold are counted in `left`.
fn whole<'b>(facts: &[Fact<'b>], left: &mut BTreeMap<&'b str, usize>) -> Properties {
    let mut values = Vec::new();
    for (key, value) in facts {
        match serde_json::from_value::<Value>((*value).clone()) {
            Ok(value) => values.push((*key, value)),
            // The value contains null.
            Err(_) => *left.entry(*key).or_default() += 1,
        }
    }
    values.into_iter().collect()
}

fn many(count: usize, one: &str, several: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { several })
}

#[cfg(test)]
mod tests;
