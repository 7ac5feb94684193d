//! The graph of a document.

use super::document::{Document, RelationshipDoc, TwinDoc};
use cupola_twin::model::ModelIx;
use cupola_twin::{Diagnostic, Graph, Models, Relationship, Twin, Value};
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

/// What is wrong with an item: in which list, which one, which field of it.
pub(super) type Misfit = (Diagnostic, &'static str, usize, &'static str);

/// The graph of a document, without what doesn't fit.
pub(super) fn graph(document: &Document, models: &Models) -> (Graph, Vec<Misfit>) {
    let (mut graph, mut misfits) = (Graph::default(), Vec::new());
    let mut resolved: BTreeMap<&str, Option<ModelIx>> = BTreeMap::new();
    let mut left_out: HashSet<&str> = HashSet::new();
    for (position, twin) in document.twins.iter().enumerate() {
        let mut report = |found: Diagnostic, field| misfits.push((found, "twins", position, field));
        let model = resolved.entry(&twin.model).or_insert_with(|| {
            let model = models.resolve(&twin.model);
            model.map_err(|found| report(found, "model")).ok()
        });
        let Some(model) = *model else {
            left_out.insert(&twin.id);
            continue;
        };
        if let Err(found) = graph_twin(model, twin).and_then(|twin| graph.add_twin(twin)) {
            report(found, "id");
        }
    }
    for (position, link) in document.relationships.iter().enumerate() {
        // A twin that was left out because its model is unknown was reported already.
        if !left_out.is_empty() && [&link.from, &link.to].iter().any(|id| left_out.contains(id.as_str())) {
            continue;
        }
        if let Err(found) = graph.relate(models, &link.from, &link.to, graph_relationship(link)) {
            let field = match found.code {
                "unknown-relationship" | "too-many-relationships" => "name",
                "unknown-property" | "missing-property" | "wrong-value" => "properties",
                "unknown-twin" if graph.twin(&link.from).is_none() => "from",
                _ => "to",
            };
            misfits.push((found, "relationships", position, field));
        }
    }
    (graph, misfits)
}

/// A twin of a document for the graph.
pub fn graph_twin(model: ModelIx, twin: &TwinDoc) -> Result<Twin, Diagnostic> {
    if twin.id.is_empty() {
        return Err(Diagnostic::error("empty-id", "a twin needs an id"));
    }
    Ok(Twin { id: twin.id.as_str().into(), model, properties: graph_values(&twin.properties) })
}

/// A relationship of a document for the graph.
pub fn graph_relationship(link: &RelationshipDoc) -> Relationship {
    let properties = graph_values(&link.properties);
    Relationship { id: link.id.as_deref().map(Into::into), name: link.name.as_str().into(), properties }
}

/// Values of a document for the graph.
pub(super) fn graph_values(values: &BTreeMap<String, Value>) -> Vec<(Arc<str>, Value)> {
    values.iter().map(|(name, value)| (name.as_str().into(), value.clone())).collect()
}
