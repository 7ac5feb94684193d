//! A fast path for scenes without errors. Twins and relationships are compiled from the text directly to the topology.
//! The lists of the document and the graph are built at the first access. A large scene is then written to the cache.

use super::cache::{self, CacheHeader};
use super::document::{Document, RelationshipDoc, TwinDoc, VERSION};
use super::load::{Compiled, Loader, ReusedParts, folder_of};
use super::{Places, Scene, SharedTexts, graph, ron_options};
use cupola_twin::bulk::text::{self, Lists};
use cupola_twin::lazy::Lazy;
use cupola_twin::{Bulk, Graph, Models, Topology};
use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;

impl Loader {
    /// Reads the scene in a text.
    ///
    /// # Errors
    /// Returns `source` unchanged if the text has an error or a form that the fast parser does not support.
    pub(super) fn quickly(&mut self, path: &Path, source: Places) -> Result<Scene, Box<Places>> {
        let text = source.shared_text();
        let Some(read) = text::read(&text) else { return Err(source.into()) };
        let (lists, rest) = (read.lists.clone(), read.lists.rest(&text));
        let Some(document) = document(&rest, &lists, &text) else { return Err(source.into()) };
        let document = Arc::new(document);
        let models = Arc::new(self.models(&document, &folder_of(path), &source));
        let Some(bulk) = Bulk::of_text(read, &models) else { return Err(source.into()) };
        let counts = (bulk.twin_count(), bulk.relationship_count());
        let computed = self.computed(&document, &models, &source);
        let (mut topology, found) = Topology::compile_bulk(bulk, &models, &computed, Arc::default());
        let time_zone = self.time_zone(&document, &folder_of(path), &source);
        topology.zone = time_zone.zone.clone();
        let topology = Arc::new(topology);
        if found.is_empty() {
            let head = CacheHeader { models: self.models_hash, relationships: counts.1, rest, lists };
            cache::keep(path, text, head, topology.clone());
        }
        let compiled =
            Compiled { graph: lazy_graph(counts, document.clone(), models.clone()), topology, time_zone, found };
        let ready = ReusedParts::compiled(models, compiled);
        Ok(self.build(path.to_path_buf(), source, document, ready))
    }

    /// Reads the scene from the cache, if its entry matches the file.
    pub(super) fn kept(&mut self, path: &Path) -> Option<Scene> {
        let kept = cache::open(path)?;
        let source = Places::new(path.to_string_lossy().into(), kept.text.clone());
        let document = Arc::new(document(&kept.head.rest, &kept.head.lists, &kept.text)?);
        let models = Arc::new(self.models(&document, &folder_of(path), &source));
        if self.models_hash != kept.head.models {
            return None;
        }
        let relationships = kept.head.relationships;
        let computed = self.computed(&document, &models, &source);
        let (mut topology, found) = kept.topology(&models, &computed)?;
        let counts = (topology.twin_count() as usize, relationships);
        let graph = lazy_graph(counts, document.clone(), models.clone());
        let time_zone = self.time_zone(&document, &folder_of(path), &source);
        topology.zone = time_zone.zone.clone();
        let compiled = Compiled { graph, topology: Arc::new(topology), time_zone, found };
        let ready = ReusedParts::compiled(models, compiled);
        Some(self.build(path.to_path_buf(), source, document, ready))
    }
}

/// Returns a document whose long lists are read from `text` on request and whose other fields are read from `rest`.
fn document(rest: &str, lists: &Lists, text: &Lazy<String>) -> Option<Document> {
    let mut document: Document = ron_options().from_str(rest).ok()?;
    if document.version != VERSION {
        return None;
    }
    if let Some(start) = lists.twins.as_ref().map(|list| list.start) {
        let text = text.clone();
        document.twins = Lazy::new(move || twins(&text, start));
    }
    if let Some(start) = lists.relationships.as_ref().map(|list| list.start) {
        let text = text.clone();
        document.relationships = Lazy::new(move || relationships(&text, start));
    }
    Some(document)
}

/// Returns the graph of a document without invalid items, which is built at the first access.
fn lazy_graph((twins, relationships): (usize, usize), document: Arc<Document>, models: Arc<Models>) -> Graph {
    Graph::lazy(twins, relationships, move || graph::graph(&document, &models).0)
}

/// Reads the twins of a list that was parsed without errors before.
fn twins(text: &str, start: usize) -> Vec<Arc<TwinDoc>> {
    let mut docs = Vec::new();
    let mut names = SharedTexts::default();
    let read = text::twins(text, start, &mut |twin| {
        let (id, model) = (twin.id.to_string(), names.share(&twin.model));
        let properties = twin.properties.drain(..).map(|(name, value)| (names.share(&name), value)).collect();
        docs.push(Arc::new(TwinDoc { id, model, properties }));
        true
    });
    debug_assert!(read.is_some());
    docs
}

/// Reads the relationships of a list that was parsed without errors before.
fn relationships(text: &str, start: usize) -> Vec<Arc<RelationshipDoc>> {
    let mut docs = Vec::new();
    let mut names = SharedTexts::default();
    let read = text::relationships(text, start, &mut |link| {
        docs.push(Arc::new(RelationshipDoc {
            id: link.id.map(Cow::into_owned),
            from: link.from.into_owned(),
            name: names.share(&link.name),
            to: link.to.into_owned(),
            properties: link.properties.into_iter().map(|(name, value)| (names.share(&name), value)).collect(),
        }));
    });
    debug_assert!(read.is_some());
    docs
}
