//! Models: DTDL interfaces with all inherited contents resolved.

mod dtdl;
mod json;
mod schema;
mod values;

pub use dtdl::is_unit_of_dtdl3;
pub use schema::{EnumValue, Field, Mismatch, PRIMITIVES, Primitive, PrimitiveError, Schema, SchemaIx, Schemas};
pub use values::ColumnValue;

use crate::diagnostic::{Diagnostic, Place, nearest};
use crate::unit::Unit;
use crate::value::Kind;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// The index of an interface in [`Models`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ModelIx(pub u32);

/// An interface, including inherited contents and the contents of its components.
#[derive(Clone, Debug)]
pub struct Interface {
    /// The digital twin model identifier (DTMI).
    pub id: Arc<str>,
    /// The name for display; the last segment of the DTMI if the document has none.
    pub display_name: String,
    /// The description.
    pub description: Option<String>,
    /// The place of the definition.
    pub place: Place,
    /// The interface itself and all interfaces that it extends, sorted.
    pub ancestors: Vec<ModelIx>,
    /// The columns of values: properties and telemetry, inherited ones first. Each field of an object is a column of
    /// its own (`address.city`), and so is each property of a component (`thermostat.temperature`).
    pub properties: Vec<Arc<Property>>,
    /// Properties and telemetry as declared, with any schema; those of a component are named `component.property`.
    pub declared: Vec<Arc<DeclaredProperty>>,
    /// Relationships, inherited ones first.
    pub relationships: Vec<Arc<RelationshipType>>,
    /// Components.
    pub components: Vec<Component>,
    /// Commands, inherited ones first; those of a component are named `component.command`.
    pub commands: Vec<Arc<Command>>,
}

/// A column of values: a property, a telemetry, or a field of either.
#[derive(Clone, Debug)]
pub struct Property {
    /// The name; dotted for fields of objects and contents of components.
    pub name: Arc<str>,
    /// The name for display.
    pub display_name: String,
    /// The description.
    pub description: Option<String>,
    /// The kind of the column's lanes.
    pub kind: Kind,
    /// The schema of the values.
    pub schema: SchemaIx,
    /// The unit of the values.
    pub unit: Option<&'static Unit>,
    /// The permitted values, if the schema is an enumeration of texts.
    pub choices: Vec<String>,
    /// Whether the column belongs to a telemetry rather than a property.
    pub telemetry: bool,
    /// Whether the value may be set from outside.
    pub writable: bool,
    /// The place of the definition.
    pub place: Place,
}

/// A property or a telemetry as a model declares it.
#[derive(Clone, Debug)]
pub struct DeclaredProperty {
    /// The name; `component.name` inside a component.
    pub name: Arc<str>,
    /// The schema of the values.
    pub schema: SchemaIx,
    /// Whether the declaration is a telemetry rather than a property.
    pub telemetry: bool,
    /// Whether every twin must have a value (the Requirement extension).
    pub required: bool,
}

/// A relationship that the twins of an interface may have.
#[derive(Clone, Debug)]
pub struct RelationshipType {
    /// The name.
    pub name: Arc<str>,
    /// The name for display.
    pub display_name: String,
    /// The description.
    pub description: Option<String>,
    /// The DTMI of the required target model, if the target is limited.
    pub target: Option<Arc<str>>,
    /// The largest number of these relationships that a twin may have, if limited.
    pub max_multiplicity: Option<u32>,
    /// The properties of the relationship.
    pub properties: Vec<DeclaredProperty>,
    /// The place of the definition.
    pub place: Place,
}

/// A command that the twins of an interface accept.
#[derive(Clone, Debug)]
pub struct Command {
    /// The name; `component.name` inside a component.
    pub name: Arc<str>,
    /// The name for display.
    pub display_name: String,
    /// The description.
    pub description: Option<String>,
    /// The request payload, if the command takes one.
    pub request: Option<Payload>,
    /// The response payload, if the command returns one.
    pub response: Option<Payload>,
    /// The place of the definition.
    pub place: Place,
}

/// The payload of a command's request or response.
#[derive(Clone, Debug)]
pub struct Payload {
    /// The name.
    pub name: Arc<str>,
    /// The name for display.
    pub display_name: String,
    /// The schema of the value.
    pub schema: SchemaIx,
    /// The unit of the value.
    pub unit: Option<&'static Unit>,
    /// Whether the payload may be absent.
    pub nullable: bool,
}

/// A component of an interface.
#[derive(Clone, Debug)]
pub struct Component {
    /// The name.
    pub name: Arc<str>,
    /// The DTMI of the component's interface.
    pub schema: Arc<str>,
}

/// A set of interfaces that may refer to one another.
#[derive(Clone, Debug, Default)]
pub struct Models {
    interfaces: Vec<Interface>,
    by_id: HashMap<Arc<str>, ModelIx>,
    schemas: Schemas,
}

impl Models {
    /// Reads DTDL documents, given as `(file, text)`. The documents may refer to one another.
    ///
    /// Reading never fails as a whole: invalid parts are left out and reported as diagnostics.
    pub fn read<'a>(documents: impl IntoIterator<Item = (Arc<str>, &'a str)>) -> (Self, Vec<Diagnostic>) {
        dtdl::read(documents)
    }

    fn new(interfaces: Vec<Interface>, schemas: Schemas) -> Self {
        let by_id = interfaces.iter().enumerate().map(|(ix, model)| (model.id.clone(), ModelIx(ix as u32))).collect();
        Self { interfaces, by_id, schemas }
    }

    /// Returns the schemas of all properties, commands and relationships.
    pub fn schemas(&self) -> &Schemas {
        &self.schemas
    }

    /// Returns all interfaces, sorted by id.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (ModelIx, &Interface)> {
        self.interfaces.iter().enumerate().map(|(ix, model)| (ModelIx(ix as u32), model))
    }

    /// Returns the number of interfaces.
    pub fn len(&self) -> usize {
        self.interfaces.len()
    }

    /// Returns whether there are no interfaces.
    pub fn is_empty(&self) -> bool {
        self.interfaces.is_empty()
    }

    /// Returns the interface with the given index.
    pub fn get(&self, ix: ModelIx) -> &Interface {
        &self.interfaces[ix.0 as usize]
    }

    /// Returns the interface with exactly the given DTMI.
    pub fn find(&self, id: &str) -> Option<ModelIx> {
        self.by_id.get(id).copied()
    }

    /// Returns the interface with the given DTMI or the given last DTMI segment (`Room`).
    ///
    /// # Errors
    /// No interface has the name, or several interfaces share the segment.
    pub fn resolve(&self, name: &str) -> Result<ModelIx, Diagnostic> {
        if let Some(found) = self.find(name) {
            return Ok(found);
        }
        let mut short = self.iter().filter(|(_, model)| short_name(&model.id) == name);
        match (short.next(), short.next()) {
            (Some((found, _)), None) => return Ok(found),
            (Some((_, first)), Some((_, second))) => {
                let message = format!("`{name}` is ambiguous: `{}` or `{}`", first.id, second.id);
                return Err(Diagnostic::error("model-ambiguous", message).help("write the full DTMI"));
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

    /// Returns the models that a name in `IS_OF_MODEL` means: of a DTMI with a version that version and later ones, as in
    /// the Azure Digital Twins query service, and of a name without a version every version.
    ///
    /// # Errors
    /// No interface has the name, or interfaces of several families share it.
    pub fn family(&self, name: &str) -> Result<ModelFamily, Diagnostic> {
        let (base, least) = dtmi_parts(name);
        let is_later = |id: &str| {
            let (other, version) = dtmi_parts(id);
            other == base && version >= least
        };
        let mut members: Vec<ModelIx> =
            self.iter().filter(|(_, model)| is_later(&model.id)).map(|(ix, _)| ix).collect();
        if members.is_empty() {
            let is_named = |id: &str| short_name(id) == name;
            members = self.iter().filter(|(_, model)| is_named(&model.id)).map(|(ix, _)| ix).collect();
            let bases = members.iter().map(|ix| dtmi_parts(&self.get(*ix).id).0);
            if bases.collect::<BTreeSet<_>>().len() != 1 {
                // The error says whether the name is unknown or ambiguous.
                members = vec![self.resolve(name)?];
            }
        }
        Ok(ModelFamily(members))
    }

    /// Returns whether `model` is `ancestor` or extends it.
    pub fn is_a(&self, model: ModelIx, ancestor: ModelIx) -> bool {
        self.get(model).ancestors.binary_search(&ancestor).is_ok()
    }

    /// Returns whether a relationship may lead to a twin of `model`. Any model is allowed if the relationship's target
    /// is not among these models.
    pub fn may_lead_to(&self, relationship: &RelationshipType, model: ModelIx) -> bool {
        let wanted = relationship.target.as_ref().and_then(|wanted| self.find(wanted));
        wanted.is_none_or(|wanted| self.is_a(model, wanted))
    }
}

/// The versions of a model that a name means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelFamily(Vec<ModelIx>);

impl ModelFamily {
    /// Returns whether a model is one of the versions or, unless `exact`, extends one of them.
    pub fn has(&self, models: &Models, model: ModelIx, exact: bool) -> bool {
        self.0.iter().any(|member| *member == model || (!exact && models.is_a(model, *member)))
    }
}

/// Returns a DTMI without its version, and the version: major and minor number, each 0 if it is absent.
fn dtmi_parts(id: &str) -> (&str, (u32, u32)) {
    let Some((base, version)) = id.rsplit_once(';') else { return (id, (0, 0)) };
    let (major, minor) = version.split_once('.').unwrap_or((version, "0"));
    match (major.parse(), minor.parse()) {
        (Ok(major), Ok(minor)) => (base, (major, minor)),
        _ => (id, (0, 0)),
    }
}

impl Interface {
    /// Returns the property called `name`.
    pub fn property(&self, name: &str) -> Option<&Arc<Property>> {
        self.properties.iter().find(|property| &*property.name == name)
    }

    /// Returns the property or telemetry declared as `name`, with any schema.
    pub fn declared(&self, name: &str) -> Option<&Arc<DeclaredProperty>> {
        self.declared.iter().find(|declared| &*declared.name == name)
    }

    /// Returns the relationship called `name`.
    pub fn relationship(&self, name: &str) -> Option<&Arc<RelationshipType>> {
        self.relationships.iter().find(|relationship| &*relationship.name == name)
    }

    /// Returns the command called `name`.
    pub fn command(&self, name: &str) -> Option<&Arc<Command>> {
        self.commands.iter().find(|command| &*command.name == name)
    }
}

/// Returns the last segment of a DTMI: `Room` of `dtmi:com:example:Room;1`.
///
/// ```
/// assert_eq!(cupola_twin::model::short_name("dtmi:com:example:Room;1"), "Room");
/// ```
pub fn short_name(id: &str) -> &str {
    let path = id.split(';').next().unwrap_or(id);
    path.rsplit(':').next().unwrap_or(path)
}
