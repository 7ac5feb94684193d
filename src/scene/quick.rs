//! Scenes without a mistake are read quickly: twins and relationships go from the text to the topology, and only become a part of the
//! document or of the graph when somebody looks there.

use super::document::{Document, RelationshipDoc, TwinDoc, VERSION};
use super::{load, ron_options};
use cupola_twin::bulk::LinkText;
use cupola_twin::bulk::text::{self, Read};
use cupola_twin::lazy::Lazy;
use cupola_twin::{Bulk, Graph, Models};
use std::borrow::Cow;
use std::sync::Arc;

/// The document in a text, and the twins and relationships in it; `None` if anything is not as it should be or not as it mostly is.
pub fn read(text: &Lazy<String>) -> Option<(Document, Read<'_>)> {
    let read = text::read(text)?;
    let mut document: Document = ron_options().from_str(&read.lists.rest(text)).ok()?;
    if document.version != VERSION {
        return None;
    }
    if let Some(list) = read.lists.twins.clone() {
        let text = text.clone();
        document.twins = Lazy::new(move || twins(&text, list.start));
    }
    if let Some(list) = read.lists.relationships.clone() {
        let text = text.clone();
        document.relationships = Lazy::new(move || relationships(&text, list.start));
    }
    Some((document, read))
}

/// The graph of a document that all of these come from.
pub fn graph(bulk: &Bulk<'_>, document: Arc<Document>, models: Arc<Models>) -> Graph {
    Graph::lazy(bulk.twin_count(), bulk.relationship_count(), move || load::graph(&document, &models).0)
}

/// A list that was read before.
fn twins(text: &str, start: usize) -> Vec<TwinDoc> {
    let mut docs = Vec::new();
    let read = text::twins(text, start, &mut |twin| {
        let (id, model) = (twin.id.to_string(), twin.model.to_string());
        let properties = twin.properties.drain(..).map(|(name, value)| (name.into_owned(), value)).collect();
        docs.push(TwinDoc { id, model, properties });
        true
    });
    debug_assert!(read.is_some());
    docs
}

/// A list that was read before.
fn relationships(text: &str, start: usize) -> Vec<RelationshipDoc> {
    let links = text::relationships(text, start).unwrap_or_default();
    let doc = |link: LinkText<'_>| RelationshipDoc {
        id: link.id.map(Cow::into_owned),
        from: link.from.into_owned(),
        name: link.name.into_owned(),
        to: link.to.into_owned(),
        properties: link.properties.into_iter().map(|(name, value)| (name.into_owned(), value)).collect(),
    };
    links.into_iter().map(doc).collect()
}
