//! Checks a draft against its models. Invalid items are left out and reported, so that the written scene is valid.

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
    /// The valid twins and relationships.
    pub graph: Graph,
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
    let mut graph = Graph::default();
    if sound {
        twins(draft, &models, &mut graph);
        relationships(draft, &models, &mut graph);
        alarms(draft, &models, &graph);
        bindings(draft, &graph);
    }
    shorten(&mut draft.findings);
    SettledDraft { models, sound, graph }
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
            // An equal twin is not an error, because rows of a query result repeat twins.
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

/// Removes the values of a twin that its model does not allow.
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

/// Removes the values of a relationship that its definition does not allow.
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

/// Removes alarms whose condition is not valid for their model.
fn alarms(draft: &mut Draft, models: &Arc<Models>, graph: &Graph) {
    let all: Vec<(AlarmDoc, Option<Place>)> = draft.alarms.take().collect();
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

/// Removes bindings with an unknown node or an unknown twin.
fn bindings(draft: &mut Draft, graph: &Graph) {
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
        if graph.twin(&twin).is_none() {
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
