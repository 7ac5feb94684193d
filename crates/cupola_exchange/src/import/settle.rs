//! A draft against its models: what doesn't fit is left out and reported, so that what is written is a sound scene.

use super::{Draft, ModelDoc};
use cupola_scene::condition;
use cupola_scene::document::{AlarmDoc, RelationshipDoc, TwinDoc};
use cupola_scene::unknown_node;
use cupola_scene::{graph_relationship, graph_twin};
use cupola_twin::diagnostic::has_errors;
use cupola_twin::model::ModelIx;
use cupola_twin::value::{Texts, encode};
use cupola_twin::{Diagnostic, Graph, Kind, Models, Place, Severity, Topology, Value};
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

/// Findings of one code beyond this many are only counted.
const MAX_ALIKE: usize = 100;

/// What to say while it goes on.
pub const SETTLING: &str = "checking against the models";

/// What can be made of a draft.
pub struct Settled {
    /// The models; with errors, nothing can be written.
    pub models: Arc<Models>,
    /// Whether the models are sound.
    pub sound: bool,
    /// Twins and relationships that fit them.
    pub graph: Graph,
}

/// Reads the models of a draft and leaves out of it what they don't allow.
pub fn settle(draft: &mut Draft) -> Settled {
    take_once(draft);
    name_apart(&mut draft.models);
    let (models, mut found) = Models::read(draft.models.iter().map(ModelDoc::read));
    // Places in a text that is in no file of its own are none.
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
    let mut graph = Graph::default();
    if sound {
        twins(draft, &models, &mut graph);
        relationships(draft, &models, &mut graph);
        alarms(draft, &models, &graph);
        bindings(draft, &graph);
    }
    shorten(&mut draft.findings);
    Settled { models, sound, graph }
}

/// A model that several files hold alike is one; where they differ, reading the models says so.
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
        let message = format!("models that are there twice, alike, were taken once: {again}");
        draft.findings.push(Diagnostic::info("models-alike", message));
    }
}

/// Documents of one name get numbers, so that each has a file of its own.
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

fn twins(draft: &mut Draft, models: &Models, graph: &mut Graph) {
    let mut resolved: HashMap<String, Result<ModelIx, Diagnostic>> = HashMap::new();
    let mut kept: HashMap<String, usize> = HashMap::new();
    for (mut twin, place) in draft.twins.take() {
        let model = resolved.entry(twin.model.clone()).or_insert_with(|| models.resolve(&twin.model)).clone();
        let checked = model.and_then(|model| {
            keep_values(draft, models, model, &mut twin, place.as_ref());
            let names: Vec<&str> = twin.properties.keys().map(String::as_str).collect();
            if let Some(missing) = models.missing(model, &names).next() {
                let message = format!("its model requires `{}`", missing.name);
                return Err(Diagnostic::error("missing-property", message));
            }
            Ok(model)
        });
        let added = checked
            .map_err(|found| of_twin(&twin.id, found))
            .and_then(|model| graph.add_twin(graph_twin(model, &twin)?));
        match added {
            Ok(()) => {
                kept.insert(twin.id.clone(), draft.twins.len());
                draft.twins.push(twin, place);
            }
            // Rows of a query's result repeat what they are about.
            Err(_) if kept.get(&twin.id).is_some_and(|first| draft.twins[*first] == twin) => uncount(draft, "twins"),
            Err(mut found) => {
                let first = kept.get(&twin.id).filter(|_| found.code == "duplicate-twin");
                if let Some(first) = first.and_then(|first| draft.twins.places[*first].as_ref()) {
                    found.message += &format!("; first at line {}", first.line);
                }
                forget(draft, "twins", found.at(place));
            }
        }
    }
}

/// Leaves the values that the model of a twin doesn't allow out of it.
fn keep_values(draft: &mut Draft, models: &Models, model: ModelIx, twin: &mut TwinDoc, place: Option<&Place>) {
    let mut given = HashSet::new();
    let id = &twin.id;
    twin.properties.retain(|name, value| match fitting(models, model, name, value, &mut given) {
        Ok(()) => true,
        Err(found) => {
            draft.left_out("values", of_twin(id, found).at(place.cloned()));
            false
        }
    });
}

/// Whether a value can be that of a property, and was not given before as another one's part.
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
            let message = format!("`{}` is given twice, by itself and as a part", part.name);
            return Err(Diagnostic::error("duplicate-value", message));
        }
        // Every text fits; what a number can't hold does not.
        if !matches!(part.kind, Kind::Text | Kind::Json) {
            encode(value, part.kind, &Texts::default())
                .map_err(|why| Diagnostic::error("wrong-value", format!("`{}`: {why}", part.name)))?;
        }
    }
    given.extend(parts.into_iter().map(|(part, _)| part.name.clone()));
    Ok(())
}

fn relationships(draft: &mut Draft, models: &Models, graph: &mut Graph) {
    let mut kept: HashMap<(String, String), usize> = HashMap::new();
    for (mut link, place) in draft.relationships.take() {
        keep_own_values(draft, models, graph, &mut link, place.as_ref());
        let key = link.id.as_ref().map(|id| (link.from.clone(), id.clone()));
        if let Some(first) = key.as_ref().and_then(|key| kept.get(key))
            && let Some(id) = &link.id
        {
            if draft.relationships[*first] == link {
                uncount(draft, "relationships");
                continue;
            }
            let message = format!("`{}` has two relationships with the id `{id}`", link.from);
            forget(draft, "relationships", Diagnostic::error("duplicate-relationship", message).at(place));
            continue;
        }
        match graph.relate(models, &link.from, &link.to, graph_relationship(&link)) {
            Ok(()) => {
                kept.extend(key.map(|key| (key, draft.relationships.len())));
                draft.relationships.push(link, place);
            }
            Err(found) => forget(draft, "relationships", of_link(&link, found).at(place)),
        }
    }
}

/// Leaves the values that its type doesn't allow out of a relationship.
fn keep_own_values(
    draft: &mut Draft,
    models: &Models,
    graph: &Graph,
    link: &mut RelationshipDoc,
    place: Option<&Place>,
) {
    let source = graph.twin(&link.from).map(|twin| models.get(twin.model));
    let Some(kind) = source.and_then(|model| model.relationship(&link.name)) else { return };
    let own = std::mem::take(&mut link.properties);
    for (name, value) in own {
        match models.check_relationship_property(kind, &name, &value) {
            Ok(()) => drop(link.properties.insert(name, value)),
            Err(found) => draft.left_out("values", of_link(link, found).at(place.cloned())),
        }
    }
}

/// Leaves out alarms whose condition their model's twins can't have.
fn alarms(draft: &mut Draft, models: &Arc<Models>, graph: &Graph) {
    let all: Vec<(AlarmDoc, Option<Place>)> = draft.alarms.take().collect();
    let mut wrong: HashMap<String, Diagnostic> = HashMap::new();
    let mut conditions = Vec::new();
    for (alarm, _) in &all {
        match models.resolve(&alarm.model) {
            // What is found in a condition is told from what is found in another by its file.
            Ok(model) => {
                conditions.push(condition(alarm, model, Place { file: alarm.id.as_str().into(), line: 1, column: 1 }))
            }
            Err(found) => drop(wrong.insert(alarm.id.clone(), found)),
        }
    }
    if !conditions.is_empty() {
        let (_, found) = Topology::compile(graph, models, &conditions);
        for found in found.into_iter().filter(|found| found.severity == Severity::Error) {
            if let Some(place) = &found.place {
                wrong.insert(place.file.to_string(), found.clone());
            }
        }
    }
    for (alarm, place) in all {
        match wrong.remove(&alarm.id) {
            None => draft.alarms.push(alarm, place),
            Some(found) => {
                let message = format!("the alarm `{}` (`{}`) was left out: {}", alarm.id, alarm.when, found.message);
                draft.left_out("alarms", Diagnostic { message, place, ..found });
            }
        }
    }
}

/// Leaves out bindings of nodes that there are not, and to twins that there are not.
fn bindings(draft: &mut Draft, graph: &Graph) {
    let all = std::mem::take(&mut draft.bindings);
    let Some(building) = &draft.building else {
        if !all.is_empty() {
            let message =
                format!("no building is in the import, so bindings of objects to twins were left out: {}", all.len());
            draft.counts.entry("bindings").or_default().left_out += all.len();
            draft.findings.push(Diagnostic::warning("no-building", message).help("import the .glb file too"));
        }
        return;
    };
    let names: BTreeSet<&str> = building.nodes.iter().map(String::as_str).collect();
    let mut wrong = Vec::new();
    for (node, twin) in all {
        if graph.twin(&twin).is_none() {
            let message = format!("the object `{node}` is of the twin `{twin}`, which there is not");
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

/// A finding about a twin.
fn of_twin(id: &str, found: Diagnostic) -> Diagnostic {
    Diagnostic { message: format!("twin `{id}`: {}", found.message), ..found }
}

/// A finding about a relationship.
fn of_link(link: &RelationshipDoc, found: Diagnostic) -> Diagnostic {
    let message = format!("{} {} {}: {}", link.from, link.name, link.to, found.message);
    Diagnostic { message, ..found }
}

/// Leaves out something that its reader had understood.
fn forget(draft: &mut Draft, kind: &'static str, why: Diagnostic) {
    uncount(draft, kind);
    draft.left_out(kind, why);
}

fn uncount(draft: &mut Draft, kind: &'static str) {
    let count = draft.counts.entry(kind).or_default();
    count.understood = count.understood.saturating_sub(1);
}

/// Of very many findings of one kind the first are enough; how many there were is said.
fn shorten(findings: &mut Vec<Diagnostic>) {
    let mut seen: BTreeMap<&'static str, usize> = BTreeMap::new();
    findings.retain(|found| {
        let count = seen.entry(found.code).or_default();
        *count += 1;
        *count <= MAX_ALIKE
    });
    for (code, count) in seen.into_iter().filter(|(_, count)| *count > MAX_ALIKE) {
        let message = format!("{} more findings like those before ({code})", count - MAX_ALIKE);
        findings.push(Diagnostic::info(code, message));
    }
}

#[cfg(test)]
mod tests;
