//! Edits of a scene's graph. Every edit is checked against the models before anything changes, and has an inverse.

mod journal;

pub use journal::{Journal, JournalStep, TextChange};

use super::document::{AssumedDoc, ComputedDoc, Document, RelationshipDoc, TwinDoc};
use super::graph::{graph_relationship, graph_twin, graph_values};
use super::load::{Changes, with_changes};
use super::{LoadResult, Properties, Scene};
use cupola_twin::diagnostic::has_errors;
use cupola_twin::topology::system::{ETAG, updated_property};
use cupola_twin::{Diagnostic, Models, Severity, Value};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// One change of a scene's graph.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Edit {
    /// Adds a twin.
    AddTwin {
        /// The twin.
        twin: TwinDoc,
        /// The position among the twins. The default is the end.
        #[serde(default)]
        at: Option<usize>,
        /// The relationships of the twin with their positions in the list of relationships, in the order of insertion.
        #[serde(default)]
        relationships: Vec<(usize, RelationshipDoc)>,
        /// The nodes of the building that represent the twin.
        #[serde(default)]
        bindings: BTreeMap<String, String>,
    },
    /// Removes a twin and its relationships.
    RemoveTwin {
        /// The id of the twin.
        id: String,
    },
    /// Changes the model of a twin.
    ChangeModel {
        /// The id of the twin.
        twin: String,
        /// The new model.
        model: String,
    },
    /// Sets or removes the initial value of a property.
    SetProperty {
        /// The id of the twin.
        twin: String,
        /// The property. Names in components and objects have dots.
        property: String,
        /// The value, or `None` to remove it.
        value: Option<Value>,
    },
    /// Adds a relationship.
    AddRelationship {
        /// The relationship.
        relationship: RelationshipDoc,
        /// The position among the relationships. The default is the end.
        #[serde(default)]
        at: Option<usize>,
    },
    /// Removes a relationship.
    RemoveRelationship(Link),
    /// Sets or removes the definition of a computed property.
    SetComputed {
        /// The model, as the definition names it.
        model: String,
        /// The property.
        property: String,
        /// The definition, or `None` to remove it.
        definition: Option<Box<ComputedDoc>>,
        /// The position of a new definition among the computed properties. The default is the end.
        #[serde(default)]
        at: Option<usize>,
    },
    /// Changes the simulation's assumptions about rooms or about the weather.
    Assume {
        /// The assumptions about rooms by the ids of the rooms, or `None` to remove the assumptions about a room.
        rooms: BTreeMap<String, Option<AssumedDoc>>,
        /// The difference that is added to the outdoor temperature, in K, or `None` to keep it.
        warmer_k: Option<f64>,
    },
    /// Sets or removes the value of a property of a relationship.
    SetRelationshipProperty {
        /// The relationship.
        link: Link,
        /// The property.
        property: String,
        /// The value, or `None` to remove it.
        value: Option<Value>,
    },
}

/// A reference to a relationship.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Link {
    /// The id of the source twin.
    pub from: String,
    /// The name of the relationship.
    pub name: String,
    /// The id of the target twin.
    pub to: String,
    /// The id of the relationship, which distinguishes several relationships of one name between the same twins.
    #[serde(default)]
    pub id: Option<String>,
}

impl Link {
    fn find(&self, document: &Document) -> Result<usize, Diagnostic> {
        let is_it = |link: &Arc<RelationshipDoc>| {
            link.from == self.from
                && *link.name == *self.name
                && link.to == self.to
                && (self.id.is_none() || link.id == self.id)
        };
        document.relationships.iter().position(is_it).ok_or_else(|| {
            let message = format!("`{}` has no relationship `{}` to `{}`", self.from, self.name, self.to);
            let own = document.relationships.iter().filter(|link| link.from == self.from);
            let known: Vec<String> = own.map(|link| format!("{} {}", link.name, link.to)).collect();
            let wanted = format!("{} {}", self.name, self.to);
            Diagnostic::error("unknown-relationship", message).did_you_mean(&wanted, known.iter().map(String::as_str))
        })
    }
}

impl Edit {
    /// Applies the edit to a document and returns the inverse edit.
    fn apply(self, document: &mut Document) -> Result<Self, Diagnostic> {
        match self {
            Self::AddTwin { twin, at, relationships, bindings } => {
                let id = twin.id.clone();
                let at = at.unwrap_or(document.twins.len()).min(document.twins.len());
                document.twins.insert(at, Arc::new(twin));
                let links = &mut *document.relationships;
                for (at, link) in relationships {
                    links.insert(at.min(links.len()), Arc::new(link));
                }
                if !bindings.is_empty() {
                    document.building.get_or_insert_default().bindings.extend(bindings);
                }
                Ok(Self::RemoveTwin { id })
            }
            Self::RemoveTwin { id } => {
                let at = twin_at(document, &id)?;
                let twin = Arc::unwrap_or_clone(document.twins.remove(at));
                let own = |link: &Arc<RelationshipDoc>| link.from == id || link.to == id;
                let places: Vec<usize> =
                    document.relationships.iter().enumerate().filter(|(_, link)| own(link)).map(|(at, _)| at).collect();
                let mut relationships = Vec::with_capacity(places.len());
                let mut kept = Vec::with_capacity(document.relationships.len());
                for (at, link) in std::mem::take(&mut document.relationships).into_iter().enumerate() {
                    if places.binary_search(&at).is_ok() {
                        relationships.push((at, Arc::unwrap_or_clone(link)));
                    } else {
                        kept.push(link);
                    }
                }
                document.relationships = kept.into();
                let mut bindings = BTreeMap::new();
                if let Some(building) = &mut document.building {
                    let (gone, kept) =
                        std::mem::take(&mut building.bindings).into_iter().partition(|(_, twin)| *twin == id);
                    (bindings, building.bindings) = (gone, kept);
                }
                Ok(Self::AddTwin { twin, at: Some(at), relationships, bindings })
            }
            Self::ChangeModel { twin, model } => {
                let at = twin_at(document, &twin)?;
                let before = std::mem::replace(&mut Arc::make_mut(&mut document.twins[at]).model, model.into());
                Ok(Self::ChangeModel { twin, model: before.to_string() })
            }
            Self::SetProperty { twin, property, value } => {
                let at = twin_at(document, &twin)?;
                let before = put(&mut Arc::make_mut(&mut document.twins[at]).properties, &property, value);
                Ok(Self::SetProperty { twin, property, value: before })
            }
            Self::AddRelationship { relationship, at } => {
                let link = Link {
                    from: relationship.from.clone(),
                    name: relationship.name.to_string(),
                    to: relationship.to.clone(),
                    id: relationship.id.clone(),
                };
                if relationship.id.is_none() && link.find(document).is_ok() {
                    let message = format!("`{}` {} `{}` already exists", link.from, link.name, link.to);
                    return Err(Diagnostic::error("duplicate-relationship", message));
                }
                let at = at.unwrap_or(document.relationships.len()).min(document.relationships.len());
                document.relationships.insert(at, Arc::new(relationship));
                Ok(Self::RemoveRelationship(link))
            }
            Self::RemoveRelationship(link) => {
                let at = link.find(document)?;
                let relationship = Arc::unwrap_or_clone(document.relationships.remove(at));
                Ok(Self::AddRelationship { relationship, at: Some(at) })
            }
            Self::SetComputed { model, property, definition, at } => {
                let is_it = |known: &ComputedDoc| known.model == model && known.property == property;
                let known = document.computed.iter().position(is_it);
                let (before, at) = match (known, definition) {
                    (Some(known), Some(definition)) => {
                        (Some(std::mem::replace(&mut document.computed[known], *definition)), None)
                    }
                    (Some(known), None) => (Some(document.computed.remove(known)), Some(known)),
                    (None, Some(definition)) => {
                        let at = at.unwrap_or(document.computed.len()).min(document.computed.len());
                        document.computed.insert(at, *definition);
                        (None, None)
                    }
                    (None, None) => {
                        let message = format!("`{property}` of `{model}` is not computed");
                        let own: Vec<String> = document
                            .computed
                            .iter()
                            .map(|known| format!("{}.{}", known.model, known.property))
                            .collect();
                        let unknown = Diagnostic::error("unknown-property", message);
                        let wanted = format!("{model}.{property}");
                        return Err(unknown.did_you_mean(&wanted, own.iter().map(String::as_str)));
                    }
                };
                Ok(Self::SetComputed { model, property, definition: before.map(Box::new), at })
            }
            Self::Assume { rooms, warmer_k } => {
                let Some(simulation) = &mut document.simulation else {
                    return Err(Diagnostic::error("no-simulation", "the scene has no simulation for the assumption"));
                };
                let put = |(id, assumed): (String, Option<AssumedDoc>)| {
                    let before = match assumed {
                        Some(assumed) => simulation.assumed.insert(id.clone(), assumed),
                        None => simulation.assumed.remove(&id),
                    };
                    (id, before)
                };
                let rooms = rooms.into_iter().map(put).collect();
                let warmer_k = warmer_k.map(|warmer_k| std::mem::replace(&mut simulation.weather.warmer_k, warmer_k));
                Ok(Self::Assume { rooms, warmer_k })
            }
            Self::SetRelationshipProperty { link, property, value } => {
                let at = link.find(document)?;
                let before = put(&mut Arc::make_mut(&mut document.relationships[at]).properties, &property, value);
                Ok(Self::SetRelationshipProperty { link, property, value: before })
            }
        }
    }
}

/// Sets or removes a value and returns the previous value. If an enclosing object has a value of its own, the value is
/// set in that object.
fn put(properties: &mut Properties, property: &str, value: Option<Value>) -> Option<Value> {
    for (at, _) in property.match_indices('.') {
        if let Some(Value::Object(whole)) = properties.get_mut(&property[..at]) {
            return put_field(whole, &property[at + 1..], value);
        }
    }
    match value {
        Some(value) => properties.insert(property, value),
        None => properties.remove(property),
    }
}

/// Sets or removes a value within an object like [`put`].
fn put_field(object: &mut BTreeMap<String, Value>, field: &str, value: Option<Value>) -> Option<Value> {
    for (at, _) in field.match_indices('.') {
        if let Some(Value::Object(whole)) = object.get_mut(&field[..at]) {
            return put_field(whole, &field[at + 1..], value);
        }
    }
    match value {
        Some(value) => object.insert(field.to_string(), value),
        None => object.remove(field),
    }
}

fn twin_at(document: &Document, id: &str) -> Result<usize, Diagnostic> {
    document.twins.iter().position(|twin| twin.id == id).ok_or_else(|| {
        let unknown = Diagnostic::error("unknown-twin", format!("no twin is called `{id}`"));
        unknown.did_you_mean(id, document.twins.iter().map(|twin| twin.id.as_str()))
    })
}

/// A copy of the graph that receives the same edits as the document.
struct Mirror(Changes);

impl Mirror {
    fn new(scene: &Scene) -> Self {
        let graph = scene.graph.clone();
        Self(Changes {
            graph,
            twins: BTreeSet::new(),
            properties: BTreeSet::new(),
            links: BTreeSet::new(),
            is_recomputed: false,
            is_recast: false,
        })
    }

    /// Applies an edit to the graph after the document has received it.
    fn follow(&mut self, models: &Models, document: &Document, edit: Edit) -> Result<(), Diagnostic> {
        match edit {
            Edit::AddTwin { twin, relationships, .. } => {
                self.0.is_recast = true;
                self.0.graph.add_twin(graph_twin(models.resolve(&twin.model)?, &twin)?)?;
                relationships.iter().try_for_each(|(_, link)| self.relate(models, link))
            }
            Edit::RemoveTwin { id } => {
                self.0.is_recast = true;
                self.0.graph.remove_twin(&id);
                Ok(())
            }
            Edit::ChangeModel { twin: id, .. } => {
                // The twin is removed and added again, so that its relationships are checked against the new model.
                self.0.is_recast = true;
                self.0.graph.remove_twin(&id);
                let twin = &document.twins[twin_at(document, &id)?];
                self.0.graph.add_twin(graph_twin(models.resolve(&twin.model)?, twin)?)?;
                let mut own = document.relationships.iter().filter(|link| link.from == id || link.to == id);
                own.try_for_each(|link| self.relate(models, link))
            }
            Edit::SetProperty { twin, property, .. } => {
                self.0.properties.insert(property);
                let doc = &document.twins[twin_at(document, &twin)?];
                if let Some(known) = self.0.graph.twin_mut(&twin) {
                    known.properties = graph_values(&doc.properties);
                }
                self.0.twins.insert(twin);
                Ok(())
            }
            Edit::SetComputed { .. } => {
                self.0.is_recomputed = true;
                Ok(())
            }
            Edit::Assume { .. } => Ok(()),
            Edit::AddRelationship { relationship, .. } => self.relate(models, &relationship),
            Edit::RemoveRelationship(link) => {
                self.unrelate(&link);
                Ok(())
            }
            Edit::SetRelationshipProperty { link, .. } => {
                self.unrelate(&link);
                self.relate(models, &document.relationships[link.find(document)?])
            }
        }
    }

    fn relate(&mut self, models: &Models, link: &RelationshipDoc) -> Result<(), Diagnostic> {
        self.0.links.insert((link.from.clone(), link.name.to_string(), link.to.clone()));
        self.0.graph.relate(models, &link.from, &link.to, graph_relationship(link))
    }

    fn unrelate(&mut self, link: &Link) {
        self.0.graph.unrelate(&link.from, &link.name, &link.to, link.id.as_deref());
        self.0.links.insert((link.from.clone(), link.name.clone(), link.to.clone()));
    }
}

/// Removes the place, which refers to a text that is not on the disk.
fn without_place(found: Diagnostic) -> Diagnostic {
    Diagnostic { place: None, path: None, ..found }
}

/// Returns the system values of a twin, as twin and name, that a new value makes wrong: its version tag, and the times of
/// the property, of the objects that it is in, and of its fields.
fn outdated(document: &Document, edit: &Edit) -> Vec<(String, String)> {
    let Edit::SetProperty { twin, property, .. } = edit else { return Vec::new() };
    if property.starts_with('$') {
        return Vec::new();
    }
    let Some(known) = document.twins.iter().find(|known| known.id == *twin) else { return Vec::new() };
    let is_part = |part: &str, whole: &str| part.strip_prefix(whole).is_some_and(|rest| rest.starts_with('.'));
    let is_outdated = |name: &str| match updated_property(name) {
        Some(own) => own == property || is_part(own, property) || is_part(property, own),
        None => name == ETAG,
    };
    let names = known.properties.keys().filter(|name| is_outdated(name));
    names.map(|name| (twin.clone(), name.to_string())).collect()
}

/// The result of edits.
pub struct EditResult {
    /// The scene after the edits.
    pub scene: Scene,
    /// The diagnostics of the edited scene.
    pub findings: Vec<Diagnostic>,
    /// The inverse edits, in the order of application.
    pub undo: Vec<Edit>,
}

/// Applies edits, all of them or none. `judge` may add diagnostics about the edited scene.
///
/// # Errors
/// An edit is invalid, or the edited scene has an error that is not in `findings_before`.
pub fn edit(
    scene: &Scene,
    edits: Vec<Edit>,
    findings_before: &[Diagnostic],
    judge: impl FnOnce(&Scene, &mut Vec<Diagnostic>),
) -> Result<EditResult, Diagnostic> {
    let mut document = Document::clone(&scene.document);
    let mut undo = Vec::with_capacity(edits.len());
    // If the scene has errors, an edit may repair them. The whole scene is then checked again, without the mirror.
    let mut mirror = (!has_errors(findings_before)).then(|| Mirror::new(scene));
    // Edits that redo or undo a step name the system values already.
    let named = |edit: &Edit| match edit {
        Edit::SetProperty { twin, property, .. } if property.starts_with('$') => Some((twin.clone(), property.clone())),
        _ => None,
    };
    let mut named: BTreeSet<(String, String)> = edits.iter().filter_map(named).collect();
    let mut all = Vec::with_capacity(edits.len());
    for edit in edits {
        let outdated = outdated(&scene.document, &edit);
        all.push(edit);
        let is_new = |(twin, name): &(String, String)| named.insert((twin.clone(), name.clone()));
        let outdated = outdated.into_iter().filter(is_new);
        all.extend(outdated.map(|(twin, property)| Edit::SetProperty { twin, property, value: None }));
    }
    for edit in all {
        let made = edit.clone();
        undo.push(edit.apply(&mut document)?);
        if let Some(mirror) = &mut mirror {
            mirror.follow(&scene.models, &document, made).map_err(without_place)?;
        }
    }
    undo.reverse();
    let LoadResult { scene: edited, mut diagnostics, .. } =
        with_changes(scene, document, mirror.map(|mirror| mirror.0));
    let Some(edited) = edited else {
        let first = diagnostics.into_iter().find(|found| found.severity == Severity::Error);
        return Err(first.unwrap_or_else(|| Diagnostic::error("edit-failed", "the edited scene can't be compiled")));
    };
    if Arc::ptr_eq(&edited.bindings, &scene.bindings) {
        // The building was not checked again, so the earlier diagnostics about it remain valid.
        let of_building = |found: &&Diagnostic| matches!(found.code, "unbound-node" | "too-many-rooms");
        diagnostics.extend(findings_before.iter().filter(of_building).cloned());
    }
    judge(&edited, &mut diagnostics);
    let is_new = |found: &&Diagnostic| {
        found.severity == Severity::Error
            && !findings_before.iter().any(|known| known.code == found.code && known.message == found.message)
    };
    match diagnostics.iter().find(is_new) {
        Some(found) => Err(without_place(found.clone())),
        None => Ok(EditResult { scene: edited, findings: diagnostics, undo }),
    }
}
