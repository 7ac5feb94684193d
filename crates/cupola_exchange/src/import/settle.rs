//! Checks a draft against its models. Invalid items are left out and reported, so that the written scene is valid.

use super::{Draft, ModelDoc};
use cupola_scene::condition;
use cupola_scene::document::{AlarmDoc, RelationshipDoc, TwinDoc};
use cupola_scene::unknown_node;
use cupola_scene::{graph_relationship, graph_twin};
use cupola_twin::diagnostic::has_errors;
use cupola_twin::graph::unknown_twin;
use cupola_twin::model::ModelIx;
use cupola_twin::topology::system::updated_property;
use cupola_twin::value::{Texts, encode};
use cupola_twin::{Diagnostic, Graph, Kind, Models, Place, Severity, Topology, Value};
use hashbrown::HashTable;
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

/// The largest number of diagnostics of one code. Further diagnostics are only counted.
const MAX_ALIKE: usize = 100;

/// The progress message of the check.
pub const SETTLING: &str = "checking against the models";

/// The result of the check.
pub struct SettledDraft {
    /// The models. If they have errors, no scene can be written.
    pub models: Arc<Models>,
    /// Whether the models have no errors.
    pub sound: bool,
}

/// Parses the models of a draft and removes invalid twins, relationships, values, alarms and bindings from it.
pub fn settle(draft: &mut Draft) -> SettledDraft {
    take_once(draft);
    name_apart(&mut draft.models);
    let (models, mut found) = Models::read(draft.models.iter().map(ModelDoc::read));
    // A place in a document that is not a file of its own is replaced by the place of the document.
    let made = draft.models.iter().filter(|model| !model.is_whole && !found.is_empty());
    let places: HashMap<Arc<str>, &Option<Place>> = made.map(|model| (model.read().0, &model.place)).collect();
    for found in &mut found {
        if let Some(place) = found.place.as_ref().and_then(|place| places.get(&place.file)) {
            found.place = (*place).clone();
        }
    }
    let models = Arc::new(models);
    let sound = !has_errors(&found);
    draft.findings.extend(found);
    draft.counts.entry("models").or_default().understood = models.len();
    if sound {
        let table = twins(draft, &models);
        relationships(draft, &models, &table);
        alarms(draft, &models);
        bindings(draft, &table);
    }
    shorten(&mut draft.findings);
    SettledDraft { models, sound }
}

/// Removes repeated models that are equal. Different models with one id are reported when the models are parsed.
fn take_once(draft: &mut Draft) {
    let mut first: HashMap<String, Json> = HashMap::new();
    let mut again = 0;
    draft.models.retain_mut(|model| {
        let items = match serde_json::from_str(model.text.trim_start_matches('\u{feff}')) {
            Ok(Json::Array(items)) => items,
            Ok(item) => vec![item],
            Err(_) => return true,
        };
        let count = items.len();
        let mut kept = Vec::with_capacity(count);
        for item in items {
            let known = item.get("@id").and_then(Json::as_str).map(|id| (id, first.get(id)));
            match known {
                Some((_, Some(known))) if *known == item => continue,
                Some((id, None)) => drop(first.insert(id.to_string(), item.clone())),
                _ => {}
            }
            kept.push(item);
        }
        if kept.len() < count {
            again += count - kept.len();
            model.text = format!("{:#}\n", Json::from(kept.as_slice()));
            model.is_whole = false;
        }
        !kept.is_empty() || count == 0
    });
    if again > 0 {
        let message = format!("identical copies of models were left out: {again}");
        draft.findings.push(Diagnostic::info("models-alike", message));
    }
}

/// Adds numbers to equal document names, so that each document has its own file.
fn name_apart(models: &mut [ModelDoc]) {
    let mut taken = HashSet::new();
    for ModelDoc { name, .. } in models {
        let stem = name.strip_suffix(".json").unwrap_or(name).to_string();
        let mut number = 1;
        while !taken.insert(name.to_lowercase()) {
            number += 1;
            *name = format!("{stem}-{number}.json");
        }
    }
}

/// The twins of a draft by id. The table holds only positions, because the ids are in the draft.
struct TwinTable {
    positions: HashTable<usize>,
    /// The model of each twin, in the order of the draft.
    models: Vec<ModelIx>,
    hasher: RandomState,
}

impl TwinTable {
    fn find(&self, twins: &[Arc<TwinDoc>], id: &str) -> Option<usize> {
        self.positions.find(self.hasher.hash_one(id), |at| twins[*at].id == id).copied()
    }

    fn push(&mut self, twins: &[Arc<TwinDoc>], id: &str, model: ModelIx) {
        let (hasher, at) = (&self.hasher, self.models.len());
        // The new twin is not in the draft yet, but it is the only one that is not.
        let hash_of = |at: &usize| hasher.hash_one(twins.get(*at).map_or(id, |twin| twin.id.as_str()));
        self.positions.insert_unique(hasher.hash_one(id), at, hash_of);
        self.models.push(model);
    }
}

fn twins(draft: &mut Draft, models: &Models) -> TwinTable {
    let mut resolved: HashMap<Arc<str>, Result<ModelIx, Diagnostic>> = HashMap::new();
    let mut table = TwinTable { positions: HashTable::new(), models: Vec::new(), hasher: RandomState::new() };
    for (twin, place) in draft.twins.take() {
        let mut twin = Arc::unwrap_or_clone(twin);
        let model = resolved.entry(twin.model.clone()).or_insert_with(|| models.resolve(&twin.model)).clone();
        let checked = model.and_then(|model| {
            keep_values(draft, models, model, &mut twin, place.as_ref());
            let names: Vec<&str> = twin.properties.keys().map(|name| &**name).collect();
            if let Some(missing) = models.missing(model, &names).next() {
                let message = format!("its model requires `{}`", missing.name);
                return Err(Diagnostic::error("missing-property", message));
            }
            if twin.id.is_empty() {
                return Err(Diagnostic::error("empty-id", "a twin needs an id"));
            }
            Ok(model)
        });
        let first = table.find(&draft.twins, &twin.id);
        match (checked, first) {
            (Ok(model), None) => {
                table.push(&draft.twins, &twin.id, model);
                draft.twins.push(twin, place);
            }
            // An equal twin is not an error, because rows of a query result repeat twins.
            (_, Some(first)) if *draft.twins[first] == twin => uncount(draft, "twins"),
            (Ok(_), Some(first)) => {
                let line = draft.twins.places[first].as_ref().map(|first| format!("; first at line {}", first.line));
                let message = format!("twin `{}` exists already{}", twin.id, line.unwrap_or_default());
                let twice = Diagnostic::error("duplicate-twin", message).help("give one of them another id");
                forget(draft, "twins", twice.at(place));
            }
            (Err(found), _) => forget(draft, "twins", of_twin(&twin.id, found).at(place)),
        }
    }
    table
}

/// Removes the values of a twin that its model does not allow.
fn keep_values(draft: &mut Draft, models: &Models, model: ModelIx, twin: &mut TwinDoc, place: Option<&Place>) {
    let mut given = HashSet::new();
    let id = &twin.id;
    twin.properties.retain(|name, value| {
        name.starts_with('$')
            || match fitting(models, model, name, value, &mut given) {
                Ok(()) => true,
                Err(found) => {
                    draft.left_out("values", of_twin(id, found).at(place.cloned()));
                    false
                }
            }
    });
    // The time of a value that was left out is left out with it.
    let lost = |name: &Arc<str>| updated_property(name).is_some_and(|own| !twin.properties.contains_key(own));
    let lost: Vec<Arc<str>> = twin.properties.keys().filter(|name| lost(name)).cloned().collect();
    lost.iter().for_each(|name| drop(twin.properties.remove(name)));
}

/// Checks that a property can have a value, and that the value is not also a part of another property's value.
fn fitting(
    models: &Models,
    model: ModelIx,
    name: &str,
    value: &Value,
    given: &mut HashSet<Arc<str>>,
) -> Result<(), Diagnostic> {
    let parts = models.columns_of(model, name, value)?;
    for (part, value) in &parts {
        if given.contains(&part.name) {
            let message = format!("`{}` has two values: its own, and one in an object", part.name);
            return Err(Diagnostic::error("duplicate-value", message));
        }
        // Texts and JSON always fit. Other values may be outside the range of their type.
        if !matches!(part.kind, Kind::Text | Kind::Json) {
            encode(value, part.kind, &Texts::default())
                .map_err(|why| Diagnostic::error("wrong-value", format!("`{}`: {why}", part.name)))?;
        }
    }
    given.extend(parts.into_iter().map(|(part, _)| part.name.clone()));
    Ok(())
}

fn relationships(draft: &mut Draft, models: &Models, table: &TwinTable) {
    let mut kept: HashTable<usize> = HashTable::new();
    // The numbers of relationships by source and name, where the model limits them.
    let mut counts: HashMap<(usize, Arc<str>), usize> = HashMap::new();
    let mut unknown = 0;
    let hash_of = |link: &RelationshipDoc| table.hasher.hash_one((&link.from, &link.id));
    for (link, place) in draft.relationships.take() {
        let mut link = Arc::unwrap_or_clone(link);
        let [source, target] = [&link.from, &link.to].map(|id| table.find(&draft.twins, id));
        if let Some(source) = source {
            keep_own_values(draft, models, table.models[source], &mut link, place.as_ref());
        }
        let is_same_id = |at: &usize| {
            let known = &draft.relationships[*at];
            (&known.from, &known.id) == (&link.from, &link.id)
        };
        let first = link.id.as_ref().and_then(|_| kept.find(hash_of(&link), is_same_id).copied());
        if let (Some(first), Some(id)) = (first, &link.id) {
            if *draft.relationships[first] == link {
                uncount(draft, "relationships");
                continue;
            }
            let message = format!("`{}` has two relationships with the id `{id}`", link.from);
            forget(draft, "relationships", Diagnostic::error("duplicate-relationship", message).at(place));
            continue;
        }
        let checked = match (source, target) {
            (Some(source), Some(target)) => {
                let count = || {
                    let count = counts.entry((source, link.name.clone())).or_default();
                    *count += 1;
                    *count - 1
                };
                let ends = [(&*link.from, table.models[source]), (&*link.to, table.models[target])];
                graph_relationship(&link).check(models, ends[0], ends[1], count)
            }
            (source, _) => {
                let id = if source.is_none() { &link.from } else { &link.to };
                unknown += 1;
                Err(unknown_twin(id, draft.twins.iter().map(|twin| twin.id.as_str()), unknown - 1))
            }
        };
        match checked {
            Ok(()) => {
                if link.id.is_some() {
                    let at = draft.relationships.len();
                    let known = &draft.relationships;
                    kept.insert_unique(hash_of(&link), at, |at| {
                        known.get(*at).map_or(hash_of(&link), |link| hash_of(link))
                    });
                }
                draft.relationships.push(link, place);
            }
            Err(found) => forget(draft, "relationships", of_link(&link, found).at(place)),
        }
    }
}

/// Removes the values of a relationship that its definition does not allow.
fn keep_own_values(
    draft: &mut Draft,
    models: &Models,
    source: ModelIx,
    link: &mut RelationshipDoc,
    place: Option<&Place>,
) {
    let Some(kind) = models.get(source).relationship(&link.name) else { return };
    let own = std::mem::take(&mut link.properties);
    for (name, value) in own {
        match models.check_relationship_property(kind, &name, &value) {
            Ok(()) => drop(link.properties.insert(name, value)),
            Err(found) => draft.left_out("values", of_link(link, found).at(place.cloned())),
        }
    }
}

/// Removes alarms whose condition is not valid for their model.
fn alarms(draft: &mut Draft, models: &Arc<Models>) {
    let all: Vec<(Arc<AlarmDoc>, Option<Place>)> = draft.alarms.take().collect();
    let mut wrong: HashMap<String, Diagnostic> = HashMap::new();
    let mut conditions = Vec::new();
    for (alarm, _) in &all {
        match models.resolve(&alarm.model) {
            // The id of the alarm serves as the file of the place, so that a diagnostic can be assigned to its alarm.
            Ok(model) => {
                conditions.push(condition(alarm, model, Place { file: alarm.id.as_str().into(), line: 1, column: 1 }))
            }
            Err(found) => drop(wrong.insert(alarm.id.clone(), found)),
        }
    }
    if !conditions.is_empty() {
        let (_, found) = Topology::compile(&graph(draft, models), models, &conditions);
        for found in found.into_iter().filter(|found| found.severity == Severity::Error) {
            if let Some(place) = &found.place {
                wrong.insert(place.file.to_string(), found.clone());
            }
        }
    }
    for (alarm, place) in all {
        match wrong.remove(&alarm.id) {
            None => draft.alarms.push_shared(alarm, place),
            Some(found) => {
                let message = format!("the alarm `{}` (`{}`) was left out: {}", alarm.id, alarm.when, found.message);
                draft.left_out("alarms", Diagnostic { message, place, ..found });
            }
        }
    }
}

/// Returns the graph of a draft whose twins and relationships are valid.
fn graph(draft: &Draft, models: &Models) -> Graph {
    let mut graph = Graph::default();
    for twin in draft.twins.iter() {
        if let Ok(twin) = models.resolve(&twin.model).and_then(|model| graph_twin(model, twin)) {
            // A repeated id is not possible here.
            let _ = graph.add_twin(twin);
        }
    }
    for link in draft.relationships.iter() {
        let _ = graph.relate(models, &link.from, &link.to, graph_relationship(link));
    }
    graph
}

/// Removes bindings with an unknown node or an unknown twin.
fn bindings(draft: &mut Draft, table: &TwinTable) {
    let all = std::mem::take(&mut draft.bindings);
    let Some(building) = &draft.building else {
        if !all.is_empty() {
            let message =
                format!("the import has no building, so bindings of objects to twins were left out: {}", all.len());
            draft.counts.entry("bindings").or_default().left_out += all.len();
            draft.findings.push(Diagnostic::warning("no-building", message).help("import the .glb file too"));
        }
        return;
    };
    let names: BTreeSet<&str> = building.nodes.iter().map(String::as_str).collect();
    let mut wrong = Vec::new();
    for (node, twin) in all {
        if table.find(&draft.twins, &twin).is_none() {
            let message = format!("the object `{node}` refers to the twin `{twin}`, which does not exist");
            wrong.push(Diagnostic::error("unknown-twin", message));
        } else if names.contains(node.as_str()) {
            draft.bindings.insert(node, twin);
        } else {
            wrong.push(unknown_node(&node, &names, wrong.len()));
        }
    }
    let count = draft.counts.entry("bindings").or_default();
    count.understood += draft.bindings.len();
    count.left_out += wrong.len();
    draft.findings.extend(wrong);
}

/// Adds the twin to the message of a diagnostic.
fn of_twin(id: &str, found: Diagnostic) -> Diagnostic {
    Diagnostic { message: format!("twin `{id}`: {}", found.message), ..found }
}

/// Adds the relationship to the message of a diagnostic.
fn of_link(link: &RelationshipDoc, found: Diagnostic) -> Diagnostic {
    let message = format!("{} {} {}: {}", link.from, link.name, link.to, found.message);
    Diagnostic { message, ..found }
}

/// Counts an item as left out that its importer has counted as understood.
fn forget(draft: &mut Draft, kind: &'static str, why: Diagnostic) {
    uncount(draft, kind);
    draft.left_out(kind, why);
}

fn uncount(draft: &mut Draft, kind: &'static str) {
    let count = draft.counts.entry(kind).or_default();
    count.understood = count.understood.saturating_sub(1);
}

/// Removes diagnostics beyond [`MAX_ALIKE`] of one code and adds their number.
fn shorten(findings: &mut Vec<Diagnostic>) {
    let mut seen: BTreeMap<&'static str, usize> = BTreeMap::new();
    findings.retain(|found| {
        let count = seen.entry(found.code).or_default();
        *count += 1;
        *count <= MAX_ALIKE
    });
    for (code, count) in seen.into_iter().filter(|(_, count)| *count > MAX_ALIKE) {
        let message = format!("{} more findings with the code `{code}`", count - MAX_ALIKE);
        findings.push(Diagnostic::info(code, message));
    }
}

#[cfg(test)]
mod tests;
