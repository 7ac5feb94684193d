//! Elements of the language itself: primitive and geospatial schemas, schemas of partners, command types and units.
//!
//! Source: Digital Twins Definition Language versions 2 to 4, "Primitive schema", "Geospatial Schemas", "Scaled Decimal
//! Schema"; QuantitativeTypes extension; IoT Central extension.

use super::context::Context;
use super::extensions::{Kind, of_identifier};
use super::metamodel::{COMMAND_TYPE, Class, ENUM, ENUM_VALUE, NUMERIC_SCHEMA, OBJECT, PRIMITIVE_SCHEMA};
use super::quantities::{Set, UnitClass};
use crate::model::schema::{PRIMITIVES, Primitive};
use crate::value::Kind as ValueKind;

/// An element of the language.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Standard {
    /// A primitive schema of a version of DTDL.
    Primitive(Primitive, u8),
    /// An object schema of the language or of a partner, in a version of DTDL.
    Object(&'static StandardObject, u8),
    /// `synchronous` or `asynchronous`.
    CommandType(&'static str, u8),
    /// A unit or a prefix of units.
    Unit(&'static str, Set),
    /// The enumeration of all units of a unit class.
    Units(&'static str, Set),
}

/// An object schema of the language or of a partner.
#[derive(Debug, PartialEq)]
pub(super) struct StandardObject {
    /// The term.
    pub name: &'static str,
    /// The prefix of the identifier.
    prefix: &'static str,
    /// The versions of DTDL that have it.
    versions: &'static [u8],
    /// The number of steps to the schema of the deepest part.
    pub depth: u32,
    /// The content.
    pub shape: Shape,
}

/// The content of an object schema.
#[derive(Debug, PartialEq)]
pub(super) enum Shape {
    /// A GeoJSON geometry: the value of `type`, and the nesting depth of the arrays in `coordinates`.
    Geometry(&'static str, u32),
    /// Fields with primitive schemas.
    Fields(&'static [(&'static str, Primitive)]),
}

const fn geometry(name: &'static str, word: &'static str, arrays: u32) -> StandardObject {
    StandardObject {
        name,
        prefix: "dtmi:standard:schema:geospatial:",
        versions: &[2, 3, 4],
        depth: arrays + 1,
        shape: Shape::Geometry(word, arrays),
    }
}

const IOT_CENTRAL: &str = "dtmi:iotcentral:schema:";

const fn partner(name: &'static str, fields: &'static [(&'static str, Primitive)]) -> StandardObject {
    StandardObject { name, prefix: IOT_CENTRAL, versions: &[2], depth: 1, shape: Shape::Fields(fields) }
}

static OBJECTS: &[StandardObject] = &[
    geometry("point", "Point", 1),
    geometry("multiPoint", "MultiPoint", 2),
    geometry("lineString", "LineString", 2),
    geometry("multiLineString", "MultiLineString", 3),
    geometry("polygon", "Polygon", 3),
    geometry("multiPolygon", "MultiPolygon", 4),
    StandardObject {
        name: "scaledDecimal",
        prefix: "dtmi:standard:schema:",
        versions: &[4],
        depth: 1,
        shape: Shape::Fields(&[("scale", Primitive::Short), ("value", Primitive::Decimal)]),
    },
    partner("vector", &[("x", Primitive::Double), ("y", Primitive::Double), ("z", Primitive::Double)]),
    partner("geopoint", &[("lat", Primitive::Double), ("lon", Primitive::Double), ("alt", Primitive::Double)]),
];

const COMMAND_TYPES: [&str; 2] = ["asynchronous", "synchronous"];

impl Standard {
    /// Returns the element that a term denotes.
    pub fn of_term(word: &str, context: &Context) -> Option<Self> {
        let version = context.version;
        if let Some((_, primitive, _)) = PRIMITIVES.iter().find(|(name, _, since)| *name == word && *since <= version) {
            return Some(Self::Primitive(*primitive, version));
        }
        let partner = context.extensions.iter().any(|extension| extension.kind == Kind::IotCentral);
        // Schemas of a partner have a single version and may be used in all versions of DTDL.
        let object_version = |object: &&StandardObject| match object.prefix {
            IOT_CENTRAL => partner.then_some(2),
            _ => object.versions.contains(&version).then_some(version),
        };
        if let Some(object) = OBJECTS.iter().find(|object| object.name == word && object_version(object).is_some()) {
            return object_version(&object).map(|version| Self::Object(object, version));
        }
        if let Some(found) = COMMAND_TYPES.iter().find(|known| **known == word) {
            return Some(Self::CommandType(found, version));
        }
        context.unit_sets().find_map(|set| Self::of_unit_term(word, set))
    }

    /// Returns the unit or unit class that a term denotes.
    pub fn of_unit_term(word: &str, set: Set) -> Option<Self> {
        if let Some(class) = UnitClass::of_unit(word, set) {
            return class.units(set).find(|known| *known == word).map(|known| Self::Unit(known, set));
        }
        if set == Set::Core2 {
            return None;
        }
        UnitClass::find(word, set).map(|class| Self::Units(class.name, set))
    }

    /// Returns the element that an identifier denotes.
    pub fn of_id(id: &str) -> Option<Self> {
        let (extension, group, name) = of_identifier(id)?;
        let version = extension.version;
        match (extension.kind, group) {
            (Kind::Core, "Schema") => PRIMITIVES
                .iter()
                .find(|(known, _, since)| *known == name && *since <= version)
                // Identifiers of later versions are synonyms of the first one.
                .map(|(_, primitive, since)| Self::Primitive(*primitive, *since)),
            (Kind::Core, "CommandType") => {
                COMMAND_TYPES.iter().find(|known| **known == name).map(|known| Self::CommandType(known, version))
            }
            (Kind::Core | Kind::IotCentral, "schema") => OBJECTS
                .iter()
                .find(|object| {
                    object.name == name
                        && object.versions.contains(&version)
                        && id.strip_prefix(object.prefix).is_some_and(|rest| rest.starts_with(name))
                })
                .map(|object| Self::Object(object, version)),
            (Kind::Core, "unit") | (Kind::Quantitative, "unit" | "unitprefix") => {
                Self::of_unit_term(name, extension.quantities()?)
            }
            (Kind::Quantitative, "enum") => {
                let set = extension.quantities()?;
                UnitClass::find(name, set).map(|class| Self::Units(class.name, set))
            }
            _ => None,
        }
    }

    /// Returns the class.
    pub fn class(&self) -> &'static Class {
        match self {
            Self::Primitive(primitive, _) if is_numeric(*primitive) => &NUMERIC_SCHEMA,
            Self::Primitive(..) => &PRIMITIVE_SCHEMA,
            Self::Object(..) => &OBJECT,
            Self::CommandType(..) => &COMMAND_TYPE,
            Self::Unit(..) => &ENUM_VALUE,
            Self::Units(..) => &ENUM,
        }
    }

    /// Returns the version of DTDL.
    pub fn version(&self) -> u8 {
        match self {
            Self::Primitive(_, version) | Self::Object(_, version) | Self::CommandType(_, version) => *version,
            Self::Unit(_, set) | Self::Units(_, set) => match set {
                Set::Core2 => 2,
                Set::Quantitative1 => 3,
                Set::Quantitative2 | Set::Quantitative3 => 4,
            },
        }
    }

    /// Returns the term.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Primitive(primitive, _) => primitive.name(),
            Self::Object(object, _) => object.name,
            Self::CommandType(name, _) | Self::Unit(name, _) | Self::Units(name, _) => name,
        }
    }

    /// Returns the number of steps to the schema of the deepest part.
    pub fn depth(&self) -> u32 {
        match self {
            Self::Object(object, _) => object.depth,
            _ => 0,
        }
    }

    /// Returns whether the schema contains an array.
    pub fn holds_array(&self) -> bool {
        matches!(self, Self::Object(object, _) if matches!(object.shape, Shape::Geometry(..)))
    }
}

/// Returns whether a primitive schema is a `NumericSchema` of the metamodel: whole numbers, other numbers and decimals.
pub(super) fn is_numeric(primitive: Primitive) -> bool {
    primitive.kind() != ValueKind::Bool && (primitive.kind().is_numeric() || primitive == Primitive::Decimal)
}
