//! A draft against its models: what doesn't fit is left out and reported, so that what is written is a sound scene.

use super::Draft;
use cupola_twin::diagnostic::has_errors;
use cupola_twin::{Diagnostic, Graph, Models, Relationship, Twin, Value};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

/// Findings of one code beyond this many are only counted.
const MAX_ALIKE: usize = 100;

/// What can be made of a draft.
pub struct Settled {
    /// The models; with errors, nothing can be written.
    pub models: Models,
    /// Whether the models are sound.
    pub sound: bool,
    /// Twins and relationships that fit them.
    pub graph: Graph,
}

/// Reads the models of a draft and leaves out of it what they don't allow.
pub fn settle(draft: &mut Draft) -> Settled {
    name_apart(&mut draft.models);
    let documents = draft.models.iter().map(|(file, text)| (Arc::from(file.as_str()), text.as_str()));
    let (models, found) = Models::read(documents);
    let sound = !has_errors(&found);
    draft.findings.extend(found);
    draft.counts.entry("models").or_default().understood = models.len();
    let mut graph = Graph::default();
    if sound {
        twins(draft, &models, &mut graph);
        relationships(draft, &models, &mut graph);
        draft.alarms.retain(|alarm| models.resolve(&alarm.model).is_ok());
        draft.bindings.retain(|_, twin| graph.twin(twin).is_some());
    }
    shorten(&mut draft.findings);
    Settled { models, sound, graph }
}

/// Documents of one name get numbers, so that each has a file of its own.
fn name_apart(models: &mut [(String, String)]) {
    let mut taken = HashSet::new();
    for (name, _) in models {
        let stem = name.strip_suffix(".json").unwrap_or(name).to_string();
        let mut number = 1;
        while !taken.insert(name.to_lowercase()) {
            number += 1;
            *name = format!("{stem}-{number}.json");
        }
    }
}

fn twins(draft: &mut Draft, models: &Models, graph: &mut Graph) {
    let mut resolved: HashMap<String, Result<_, Diagnostic>> = HashMap::new();
    let mut kept = Vec::with_capacity(draft.twins.len());
    for mut twin in std::mem::take(&mut draft.twins) {
        let model = resolved.entry(twin.model.clone()).or_insert_with(|| models.resolve(&twin.model)).clone();
        let model = match model {
            Ok(model) => model,
            Err(found) => {
                let message = format!("twin `{}`: {}", twin.id, found.message);
                forget(draft, "twins", Diagnostic { message, ..found });
                continue;
            }
        };
        let properties = std::mem::take(&mut twin.properties);
        for (name, value) in properties {
            match models.columns_of(model, &name, &value) {
                Ok(_) => {
                    twin.properties.insert(name, value);
                }
                Err(found) => {
                    let message = format!("twin `{}`: {}", twin.id, found.message);
                    draft.left_out("values", Diagnostic { message, ..found });
                }
            }
        }
        let own: Vec<(Arc<str>, Value)> =
            twin.properties.iter().map(|(name, value)| (name.as_str().into(), value.clone())).collect();
        let added = graph.add_twin(Twin { id: twin.id.as_str().into(), model, properties: own, place: None });
        match added {
            Ok(()) => kept.push(twin),
            Err(found) => forget(draft, "twins", found),
        }
    }
    draft.twins = kept;
}

fn relationships(draft: &mut Draft, models: &Models, graph: &mut Graph) {
    let mut ids: HashSet<(String, String)> = HashSet::new();
    let mut kept = Vec::with_capacity(draft.relationships.len());
    for link in std::mem::take(&mut draft.relationships) {
        if let Some(id) = &link.id
            && !ids.insert((link.from.clone(), id.clone()))
        {
            let message = format!("`{}` has two relationships with the id `{id}`", link.from);
            forget(draft, "relationships", Diagnostic::error("duplicate-relationship", message));
            continue;
        }
        let relationship = Relationship {
            id: link.id.as_deref().map(Into::into),
            name: link.name.as_str().into(),
            properties: link.properties.iter().map(|(name, value)| (name.as_str().into(), value.clone())).collect(),
            place: None,
        };
        match graph.relate(models, &link.from, &link.to, relationship) {
            Ok(()) => kept.push(link),
            Err(found) => {
                let message = format!("{} {} {}: {}", link.from, link.name, link.to, found.message);
                forget(draft, "relationships", Diagnostic { message, ..found });
            }
        }
    }
    draft.relationships = kept;
}

/// Leaves out something that its reader had understood.
fn forget(draft: &mut Draft, kind: &'static str, why: Diagnostic) {
    let count = draft.counts.entry(kind).or_default();
    count.understood = count.understood.saturating_sub(1);
    draft.left_out(kind, why);
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
