//! Editing the graph of a scene: each edit is checked against the models before anything changes, and knows how to be undone.

mod journal;

pub use journal::Journal;

use super::document::{AssumedDoc, ComputedDoc, Document, RelationshipDoc, TwinDoc};
use super::graph::{graph_relationship, graph_twin, graph_values};
use super::load::{Changes, with_changes};
use super::{Loaded, Scene};
use cupola_twin::diagnostic::has_errors;
use cupola_twin::{Diagnostic, Models, Severity, Value};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// One change of a scene's graph.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Edit {
    /// A new twin.
    AddTwin {
        /// The twin.
        twin: TwinDoc,
        /// Its place among the twins; the last if there is none.
        #[serde(default)]
        at: Option<usize>,
        /// Its relationships with their places among all, in the order in which they are put there.
        #[serde(default)]
        relationships: Vec<(usize, RelationshipDoc)>,
        /// The nodes of the building that are it.
        #[serde(default)]
        bindings: BTreeMap<String, String>,
    },
    /// A twin goes, and its relationships with it.
    RemoveTwin {
        /// Its id.
        id: String,
    },
    /// A twin becomes one of another model.
    ChangeModel {
        /// The twin.
        twin: String,
        /// The model.
        model: String,
    },
    /// A property gets its first value, or none.
    SetProperty {
        /// The twin.
        twin: String,
        /// The property; dotted in components and objects.
        property: String,
        /// The value.
        value: Option<Value>,
    },
    /// A new relationship.
    AddRelationship {
        /// The relationship.
        relationship: RelationshipDoc,
        /// Its place among the relationships; the last if there is none.
        #[serde(default)]
        at: Option<usize>,
    },
    /// A relationship goes.
    RemoveRelationship(Link),
    /// A property of a model is computed so, or no longer.
    SetComputed {
        /// The model, as the computed property names it.
        model: String,
        /// The property.
        property: String,
        /// How it is computed.
        definition: Option<Box<ComputedDoc>>,
        /// Its place among the computed properties, if it is a new one; the last without one.
        #[serde(default)]
        at: Option<usize>,
    },
    /// The simulation assumes something else of rooms, or of the weather.
    Assume {
        /// What is assumed of rooms, or nothing any more, by their ids.
        rooms: BTreeMap<String, Option<AssumedDoc>>,
        /// How much warmer it is outdoors, K, if that changes.
        warmer_k: Option<f64>,
    },
    /// A property of a relationship gets a value, or none.
    SetRelationshipProperty {
        /// The relationship.
        link: Link,
        /// The property.
        property: String,
        /// The value.
        value: Option<Value>,
    },
}

/// Which relationship is meant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Link {
    /// Where it starts.
    pub from: String,
    /// Its name.
    pub name: String,
    /// Where it leads.
    pub to: String,
    /// Its own id, to tell it from others of the same name between the same twins.
    #[serde(default)]
    pub id: Option<String>,
}

impl Link {
    fn find(&self, document: &Document) -> Result<usize, Diagnostic> {
        let is_it = |link: &Arc<RelationshipDoc>| {
            link.from == self.from
                && link.name == self.name
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
    /// Changes a document; the edit that takes it back.
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
                let before = std::mem::replace(&mut Arc::make_mut(&mut document.twins[at]).model, model);
                Ok(Self::ChangeModel { twin, model: before })
            }
            Self::SetProperty { twin, property, value } => {
                let at = twin_at(document, &twin)?;
                let before = put(&mut Arc::make_mut(&mut document.twins[at]).properties, &property, value);
                Ok(Self::SetProperty { twin, property, value: before })
            }
            Self::AddRelationship { relationship, at } => {
                let link = Link {
                    from: relationship.from.clone(),
                    name: relationship.name.clone(),
                    to: relationship.to.clone(),
                    id: relationship.id.clone(),
                };
                if relationship.id.is_none() && link.find(document).is_ok() {
                    let message = format!("`{}` {} `{}` is there already", link.from, link.name, link.to);
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
                    return Err(Diagnostic::error("no-simulation", "the scene has no simulation to assume anything"));
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

/// Sets or takes away a value; the one before. A part of an object that is given as a whole is set in it.
fn put(properties: &mut BTreeMap<String, Value>, property: &str, value: Option<Value>) -> Option<Value> {
    for (at, _) in property.match_indices('.') {
        if let Some(Value::Object(whole)) = properties.get_mut(&property[..at]) {
            return put(whole, &property[at + 1..], value);
        }
    }
    match value {
        Some(value) => properties.insert(property.to_string(), value),
        None => properties.remove(property),
    }
}

fn twin_at(document: &Document, id: &str) -> Result<usize, Diagnostic> {
    document.twins.iter().position(|twin| twin.id == id).ok_or_else(|| {
        let unknown = Diagnostic::error("unknown-twin", format!("no twin is called `{id}`"));
        unknown.did_you_mean(id, document.twins.iter().map(|twin| twin.id.as_str()))
    })
}

/// Edits made in a copy of the graph as they are made in the document.
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

    /// Follows an edit that the document has seen.
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
                // What it is related to is held to the new model, as if it had just come.
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
        self.0.links.insert((link.from.clone(), link.name.clone(), link.to.clone()));
        self.0.graph.relate(models, &link.from, &link.to, graph_relationship(link))
    }

    fn unrelate(&mut self, link: &Link) {
        self.0.graph.unrelate(&link.from, &link.name, &link.to, link.id.as_deref());
        self.0.links.insert((link.from.clone(), link.name.clone(), link.to.clone()));
    }
}

/// The place would be in a text that is not on the disk.
fn without_place(found: Diagnostic) -> Diagnostic {
    Diagnostic { place: None, path: None, ..found }
}

/// What edits gave.
pub struct Edited {
    /// The scene after them.
    pub scene: Scene,
    /// What is found in it.
    pub findings: Vec<Diagnostic>,
    /// The edits that take them back, in their order.
    pub undo: Vec<Edit>,
}

/// Makes edits, all of them or none. `judge` may find more in the scene that they would give.
///
/// # Errors
/// What is wrong with an edit, or an error in the scene that was not there before.
pub fn edit(
    scene: &Scene,
    edits: Vec<Edit>,
    findings_before: &[Diagnostic],
    judge: impl FnOnce(&Scene, &mut Vec<Diagnostic>),
) -> Result<Edited, Diagnostic> {
    let mut document = Document::clone(&scene.document);
    let mut undo = Vec::with_capacity(edits.len());
    // What is wrong in a scene may be what an edit mends: then everything is looked at again.
    let mut mirror = (!has_errors(findings_before)).then(|| Mirror::new(scene));
    for edit in edits {
        let made = edit.clone();
        undo.push(edit.apply(&mut document)?);
        if let Some(mirror) = &mut mirror {
            mirror.follow(&scene.models, &document, made).map_err(without_place)?;
        }
    }
    undo.reverse();
    let Loaded { scene: edited, mut diagnostics } = with_changes(scene, document, mirror.map(|mirror| mirror.0));
    let Some(edited) = edited else {
        let first = diagnostics.into_iter().find(|found| found.severity == Severity::Error);
        return Err(first.unwrap_or_else(|| Diagnostic::error("edit-failed", "the edit gives no scene")));
    };
    if Arc::ptr_eq(&edited.bindings, &scene.bindings) {
        // The building was not looked at again, so the findings about it still hold.
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
        None => Ok(Edited { scene: edited, findings: diagnostics, undo }),
    }
}
