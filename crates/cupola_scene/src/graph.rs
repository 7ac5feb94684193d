//! The conversion of a document to a graph.

use super::Properties;
use super::document::{Document, RelationshipDoc, TwinDoc};
use cupola_twin::model::ModelIx;
use cupola_twin::{Diagnostic, Graph, Models, Relationship, Twin, Value};
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

/// A diagnostic of an item: the diagnostic, the list, the position in the list, and the field.
pub(super) type Misfit = (Diagnostic, &'static str, usize, &'static str);

/// Builds the graph of a document without its invalid items. Returns a diagnostic for each invalid item.
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
        // The unknown model of a left-out twin was reported already.
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

/// Converts a twin of a document to a twin of the graph.
///
/// # Errors
/// The id is empty.
pub fn graph_twin(model: ModelIx, twin: &TwinDoc) -> Result<Twin, Diagnostic> {
    if twin.id.is_empty() {
        return Err(Diagnostic::error("empty-id", "a twin needs an id"));
    }
    Ok(Twin { id: twin.id.as_str().into(), model, properties: graph_values(&twin.properties) })
}

/// Converts a relationship of a document to a relationship of the graph.
pub fn graph_relationship(link: &RelationshipDoc) -> Relationship {
    let properties = graph_values(&link.properties);
    Relationship { id: link.id.as_deref().map(Into::into), name: link.name.clone(), properties }
}

/// Converts values of a document to values of the graph.
pub(super) fn graph_values(values: &Properties) -> Vec<(Arc<str>, Value)> {
    values.iter().map(|(name, value)| (name.clone(), value.clone())).collect()
}
