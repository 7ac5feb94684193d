//! Models: DTDL interfaces with everything that they inherit laid out flat.

mod dtdl;
mod json;

use crate::diagnostic::{Diagnostic, Place, nearest};
use crate::unit::Unit;
use crate::value::Kind;
use std::collections::HashMap;
use std::sync::Arc;

/// The number of an interface in [`Models`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ModelIx(pub u32);

/// One interface, with inherited contents and those of its components included.
#[derive(Clone, Debug)]
pub struct Interface {
    /// Its DTMI.
    pub id: Arc<str>,
    /// What to call it on the screen; the last segment of the DTMI if it says nothing.
    pub display_name: String,
    /// What it is.
    pub description: Option<String>,
    /// Where it is defined.
    pub place: Place,
    /// Itself and all that it extends, sorted.
    pub ancestors: Vec<ModelIx>,
    /// Properties and telemetry, inherited ones first, component ones as `component.property`.
    pub properties: Vec<Property>,
    /// Relationships, inherited ones first.
    pub relationships: Vec<RelationshipType>,
    /// Components.
    pub components: Vec<Component>,
}

/// A property or a telemetry.
#[derive(Clone, Debug)]
pub struct Property {
    /// Its name; `component.name` inside a component.
    pub name: Arc<str>,
    /// What to call it on the screen.
    pub display_name: String,
    /// What it is.
    pub description: Option<String>,
    /// How its values are read; `None` for schemas that have no column (arrays, maps, objects).
    pub kind: Option<Kind>,
    /// The unit of its values.
    pub unit: Option<&'static Unit>,
    /// The permitted values, where the schema is an enumeration of texts.
    pub choices: Vec<String>,
    /// Telemetry rather than property.
    pub telemetry: bool,
    /// Whether it may be set from outside.
    pub writable: bool,
    /// Where it is defined.
    pub place: Place,
}

/// A relationship that twins of an interface may have.
#[derive(Clone, Debug)]
pub struct RelationshipType {
    /// Its name.
    pub name: Arc<str>,
    /// What to call it on the screen.
    pub display_name: String,
    /// The DTMI that a target must be of, if limited.
    pub target: Option<Arc<str>>,
    /// Where it is defined.
    pub place: Place,
}

/// A component of an interface.
#[derive(Clone, Debug)]
pub struct Component {
    /// Its name.
    pub name: Arc<str>,
    /// The DTMI of its interface.
    pub schema: Arc<str>,
}

/// A set of interfaces that know one another.
#[derive(Clone, Debug, Default)]
pub struct Models {
    interfaces: Vec<Interface>,
    by_id: HashMap<Arc<str>, ModelIx>,
}

impl Models {
    /// Reads DTDL documents, given as `(file, text)`, all together, so that they may refer to one another.
    ///
    /// Reading never fails: what can't be used is left out and reported.
    pub fn read<'a>(documents: impl IntoIterator<Item = (Arc<str>, &'a str)>) -> (Self, Vec<Diagnostic>) {
        dtdl::read(documents)
    }

    fn new(interfaces: Vec<Interface>) -> Self {
        let by_id = interfaces.iter().enumerate().map(|(ix, model)| (model.id.clone(), ModelIx(ix as u32))).collect();
        Self { interfaces, by_id }
    }

    /// All interfaces, sorted by id.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (ModelIx, &Interface)> {
        self.interfaces.iter().enumerate().map(|(ix, model)| (ModelIx(ix as u32), model))
    }

    /// How many interfaces there are.
    pub fn len(&self) -> usize {
        self.interfaces.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.interfaces.is_empty()
    }

    /// One interface.
    pub fn get(&self, ix: ModelIx) -> &Interface {
        &self.interfaces[ix.0 as usize]
    }

    /// The interface with exactly this DTMI.
    pub fn find(&self, id: &str) -> Option<ModelIx> {
        self.by_id.get(id).copied()
    }

    /// The interface that a person means by a DTMI or by its last segment (`Room`), where that is unique.
    pub fn resolve(&self, name: &str) -> Result<ModelIx, Diagnostic> {
        if let Some(found) = self.find(name) {
            return Ok(found);
        }
        let mut short = self.iter().filter(|(_, model)| short_name(&model.id) == name);
        match (short.next(), short.next()) {
            (Some((found, _)), None) => return Ok(found),
            (Some((_, first)), Some((_, second))) => {
                let message = format!("`{name}` could be `{}` or `{}`", first.id, second.id);
                return Err(Diagnostic::error("model-ambiguous", message).help("write the whole DTMI"));
            }
            _ => {}
        }
        let unknown = Diagnostic::error("unknown-model", format!("no model is called `{name}`"));
        let ids = self.interfaces.iter().map(|model| &*model.id);
        let shorts = self.interfaces.iter().map(|model| short_name(&model.id));
        Err(match nearest(name, ids).or_else(|| nearest(name, shorts)) {
            Some(near) => unknown.help(format!("did you mean `{near}`?")),
            None if self.is_empty() => unknown.help("no models were read: check `models` in the scene"),
            None => unknown,
        })
    }

    /// Whether `model` is `ancestor` or extends it.
    pub fn is_a(&self, model: ModelIx, ancestor: ModelIx) -> bool {
        self.get(model).ancestors.binary_search(&ancestor).is_ok()
    }
}

impl Interface {
    /// The property called `name`.
    pub fn property(&self, name: &str) -> Option<&Property> {
        self.properties.iter().find(|property| &*property.name == name)
    }

    /// The relationship called `name`.
    pub fn relationship(&self, name: &str) -> Option<&RelationshipType> {
        self.relationships.iter().find(|relationship| &*relationship.name == name)
    }
}

/// The last segment of a DTMI: `Room` of `dtmi:com:example:Room;1`.
pub fn short_name(id: &str) -> &str {
    let path = id.split(';').next().unwrap_or(id);
    path.rsplit(':').next().unwrap_or(path)
}
