//! Models: DTDL interfaces with everything that they inherit laid out flat.

mod dtdl;
mod json;
mod schema;
mod values;

pub use schema::{EnumValue, Field, Mismatch, PRIMITIVES, Primitive, Schema, SchemaIx, Schemas};
pub use values::ColumnValue;

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
    /// What values it has, as columns: properties and telemetry, inherited ones first. The fields of an object are columns of their
    /// own, `address.city`, and so are those of a component, `thermostat.temperature`.
    pub properties: Vec<Arc<Property>>,
    /// Properties and telemetry as they are declared, whatever their schema; those of components as `component.property`.
    pub declared: Vec<Arc<Declared>>,
    /// Relationships, inherited ones first.
    pub relationships: Vec<Arc<RelationshipType>>,
    /// Components.
    pub components: Vec<Component>,
    /// Commands, inherited ones first; those of components as `component.command`.
    pub commands: Vec<Arc<Command>>,
}

/// A column of values: a property, a telemetry, or a field of one.
#[derive(Clone, Debug)]
pub struct Property {
    /// Its name; dotted inside of objects and components.
    pub name: Arc<str>,
    /// What to call it on the screen.
    pub display_name: String,
    /// What it is.
    pub description: Option<String>,
    /// How its values are kept.
    pub kind: Kind,
    /// What values it may have.
    pub schema: SchemaIx,
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

/// A property or a telemetry as a model declares it.
#[derive(Clone, Debug)]
pub struct Declared {
    /// Its name; `component.name` inside a component.
    pub name: Arc<str>,
    /// What values it may have.
    pub schema: SchemaIx,
    /// Telemetry rather than property.
    pub telemetry: bool,
    /// Whether every twin must have a value of it (the Requirement extension).
    pub required: bool,
}

/// A relationship that twins of an interface may have.
#[derive(Clone, Debug)]
pub struct RelationshipType {
    /// Its name.
    pub name: Arc<str>,
    /// What to call it on the screen.
    pub display_name: String,
    /// What it is.
    pub description: Option<String>,
    /// The DTMI that a target must be of, if limited.
    pub target: Option<Arc<str>>,
    /// How many a twin may have of it, if limited.
    pub max_multiplicity: Option<u32>,
    /// Its own properties.
    pub properties: Vec<Declared>,
    /// Where it is defined.
    pub place: Place,
}

/// Something that twins of an interface can be told to do.
#[derive(Clone, Debug)]
pub struct Command {
    /// Its name; `component.name` inside a component.
    pub name: Arc<str>,
    /// What to call it on the screen.
    pub display_name: String,
    /// What it does.
    pub description: Option<String>,
    /// What must be said with it.
    pub request: Option<Payload>,
    /// What comes back.
    pub response: Option<Payload>,
    /// Where it is defined.
    pub place: Place,
}

/// What goes along with a command, or comes back from it.
#[derive(Clone, Debug)]
pub struct Payload {
    /// Its name.
    pub name: Arc<str>,
    /// What to call it on the screen.
    pub display_name: String,
    /// What values it may have.
    pub schema: SchemaIx,
    /// The unit of its value.
    pub unit: Option<&'static Unit>,
    /// Whether it may be left out.
    pub nullable: bool,
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
    schemas: Schemas,
}

impl Models {
    /// Reads DTDL documents, given as `(file, text)`, all together, so that they may refer to one another.
    ///
    /// Reading never fails: what can't be used is left out and reported.
    pub fn read<'a>(documents: impl IntoIterator<Item = (Arc<str>, &'a str)>) -> (Self, Vec<Diagnostic>) {
        dtdl::read(documents)
    }

    fn new(interfaces: Vec<Interface>, schemas: Schemas) -> Self {
        let by_id = interfaces.iter().enumerate().map(|(ix, model)| (model.id.clone(), ModelIx(ix as u32))).collect();
        Self { interfaces, by_id, schemas }
    }

    /// The schemas of their properties, commands and relationships.
    pub fn schemas(&self) -> &Schemas {
        &self.schemas
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

    /// Whether a relationship may lead to a twin of a model; it may if what it wants is not among these models.
    pub fn may_lead_to(&self, relationship: &RelationshipType, model: ModelIx) -> bool {
        let wanted = relationship.target.as_ref().and_then(|wanted| self.find(wanted));
        wanted.is_none_or(|wanted| self.is_a(model, wanted))
    }
}

impl Interface {
    /// The property called `name`.
    pub fn property(&self, name: &str) -> Option<&Arc<Property>> {
        self.properties.iter().find(|property| &*property.name == name)
    }

    /// The property or telemetry declared as `name`, whatever its schema.
    pub fn declared(&self, name: &str) -> Option<&Arc<Declared>> {
        self.declared.iter().find(|declared| &*declared.name == name)
    }

    /// The relationship called `name`.
    pub fn relationship(&self, name: &str) -> Option<&Arc<RelationshipType>> {
        self.relationships.iter().find(|relationship| &*relationship.name == name)
    }

    /// The command called `name`.
    pub fn command(&self, name: &str) -> Option<&Arc<Command>> {
        self.commands.iter().find(|command| &*command.name == name)
    }
}

/// The last segment of a DTMI: `Room` of `dtmi:com:example:Room;1`.
pub fn short_name(id: &str) -> &str {
    let path = id.split(';').next().unwrap_or(id);
    path.rsplit(':').next().unwrap_or(path)
}
