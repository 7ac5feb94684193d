//! The metamodel of DTDL: classes, their properties, and the permitted values, by version.
//!
//! Source: Digital Twins Definition Language versions 2, 3 and 4, the tables of each class. Where the versions differ,
//! an array of three numbers holds the values for versions 2, 3 and 4.

/// A class of the metamodel.
#[derive(Debug)]
pub(super) struct Class {
    /// The name, which is the term in a model.
    pub name: &'static str,
    /// The superclass.
    pub parent: Option<&'static Class>,
    /// The versions in which an element may be of exactly this class.
    pub concrete: &'static [u8],
    /// The versions in which `@type` is optional where the property determines the class.
    pub type_optional: &'static [u8],
    /// The properties of the class, without those of its superclasses.
    pub properties: &'static [PropertyDef],
}

impl PartialEq for Class {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other) || self.name == other.name
    }
}

/// A property of a class.
#[derive(Debug)]
pub(super) struct PropertyDef {
    /// The name, which is the term in a model.
    pub name: &'static str,
    /// The first version of DTDL, or of the extension, that has the property; 0 for all versions.
    pub since: u8,
    /// The smallest number of values.
    pub min: [u32; 3],
    /// The largest number of values.
    pub max: [u32; 3],
    /// The permitted values.
    pub holds: PermittedValues,
}

/// The permitted values of a property.
#[derive(Clone, Copy, Debug)]
pub(super) enum PermittedValues {
    /// A text with a largest number of characters and a rule.
    Text([usize; 3], TextRule),
    /// A text in one or several languages, each with a largest number of characters.
    Language([usize; 3]),
    /// A boolean.
    Boolean,
    /// A whole number with a smallest and a largest value.
    Integer(i64, [i64; 3]),
    /// A number.
    Number,
    /// A text, a whole number or a boolean.
    Literal,
    /// An identifier that need not be defined.
    Identifier,
    /// An element, in place or by its identifier or term.
    Element(ElementRule),
}

/// A rule for texts.
#[derive(Clone, Copy, Debug)]
pub(super) enum TextRule {
    /// Any text.
    Any,
    /// Letters, digits and underscores, with a leading letter and no trailing underscore.
    Name,
    /// An ISO 8601 duration.
    Duration,
    /// A rule of an extension: a function and an error message.
    Of(fn(&str) -> bool, &'static str),
}

/// A rule for elements as values.
#[derive(Clone, Copy, Debug)]
pub(super) struct ElementRule {
    /// The required class, for versions 2, 3 and 4.
    pub class: [&'static Class; 3],
    /// Whether the element needs an identifier of its own.
    pub id_required: bool,
    /// Whether the element may be of an earlier version of DTDL.
    pub earlier: bool,
    /// The permitted elements of the language; empty for all.
    pub only: &'static [&'static str],
    /// Whether the values are identified by their `name`.
    pub named: bool,
}

pub(super) const MANY: u32 = u32::MAX;

const fn element(class: &'static Class) -> ElementRule {
    ElementRule { class: [class, class, class], id_required: false, earlier: false, only: &[], named: false }
}

impl ElementRule {
    /// Permits any element of a class.
    pub const fn one_of(class: &'static Class) -> Self {
        element(class)
    }

    const fn with_id(mut self) -> Self {
        self.id_required = true;
        self
    }

    const fn or_earlier(mut self) -> Self {
        self.earlier = true;
        self
    }

    const fn only(mut self, only: &'static [&'static str]) -> Self {
        self.only = only;
        self
    }

    const fn named(mut self) -> Self {
        self.named = true;
        self
    }
}

pub(super) const fn optional(name: &'static str, holds: PermittedValues) -> PropertyDef {
    PropertyDef { name, since: 0, min: [0; 3], max: [1; 3], holds }
}

pub(super) const fn required(name: &'static str, holds: PermittedValues) -> PropertyDef {
    PropertyDef { name, since: 0, min: [1; 3], max: [1; 3], holds }
}

const fn several(name: &'static str, min: [u32; 3], max: [u32; 3], rule: ElementRule) -> PropertyDef {
    PropertyDef { name, since: 0, min, max, holds: PermittedValues::Element(rule) }
}

const fn abstract_class(name: &'static str, parent: &'static Class, properties: &'static [PropertyDef]) -> Class {
    Class { name, parent: Some(parent), concrete: &[], type_optional: &[], properties }
}

const fn class(name: &'static str, parent: &'static Class, properties: &'static [PropertyDef]) -> Class {
    Class { name, parent: Some(parent), concrete: &[2, 3, 4], type_optional: &[], properties }
}

const fn implied(name: &'static str, parent: &'static Class, properties: &'static [PropertyDef]) -> Class {
    Class { name, parent: Some(parent), concrete: &[2, 3, 4], type_optional: &[2, 3, 4], properties }
}

/// A schema may be of an earlier version than the element that uses it.
const SCHEMA_RULE: PermittedValues = PermittedValues::Element(element(&SCHEMA).or_earlier());

pub(super) static ENTITY: Class = Class {
    name: "Entity",
    parent: None,
    concrete: &[],
    type_optional: &[],
    properties: &[
        optional("comment", PermittedValues::Text([512; 3], TextRule::Any)),
        optional("description", PermittedValues::Language([512; 3])),
        optional("displayName", PermittedValues::Language([64, 512, 512])),
    ],
};

pub(super) static NAMED_ENTITY: Class =
    abstract_class("NamedEntity", &ENTITY, &[required("name", PermittedValues::Text([64, 512, 512], TextRule::Name))]);

pub(super) static INTERFACE: Class = class(
    "Interface",
    &ENTITY,
    &[
        several("contents", [0; 3], [300, MANY, MANY], element(&CONTENT).or_earlier().named()),
        several("extends", [0; 3], [2, MANY, MANY], element(&INTERFACE).with_id().or_earlier()),
        several("schemas", [0; 3], [MANY; 3], element(&COMPLEX_SCHEMA).with_id()),
    ],
);

pub(super) static CONTENT: Class = abstract_class("Content", &NAMED_ENTITY, &[]);
pub(super) static TELEMETRY: Class = class("Telemetry", &CONTENT, &[required("schema", SCHEMA_RULE)]);
pub(super) static PROPERTY: Class =
    class("Property", &CONTENT, &[required("schema", SCHEMA_RULE), optional("writable", PermittedValues::Boolean)]);
pub(super) static COMPONENT: Class = class(
    "Component",
    &CONTENT,
    &[required("schema", PermittedValues::Element(element(&INTERFACE).with_id().or_earlier()))],
);
pub(super) static RELATIONSHIP: Class = class(
    "Relationship",
    &CONTENT,
    &[
        optional("maxMultiplicity", PermittedValues::Integer(1, [500, i64::MAX, i64::MAX])),
        optional("minMultiplicity", PermittedValues::Integer(0, [0; 3])),
        several("properties", [0; 3], [300, MANY, MANY], element(&PROPERTY).or_earlier().named()),
        optional("target", PermittedValues::Identifier),
        optional("writable", PermittedValues::Boolean),
    ],
);
pub(super) static COMMAND: Class = class(
    "Command",
    &CONTENT,
    &[
        optional(
            "commandType",
            PermittedValues::Element(element(&COMMAND_TYPE).with_id().only(&["asynchronous", "synchronous"])),
        ),
        optional(
            "request",
            PermittedValues::Element(ElementRule {
                class: [&COMMAND_PAYLOAD, &COMMAND_REQUEST, &COMMAND_REQUEST],
                ..element(&COMMAND_PAYLOAD)
            }),
        ),
        optional(
            "response",
            PermittedValues::Element(ElementRule {
                class: [&COMMAND_PAYLOAD, &COMMAND_RESPONSE, &COMMAND_RESPONSE],
                ..element(&COMMAND_PAYLOAD)
            }),
        ),
    ],
);
pub(super) static COMMAND_TYPE: Class = abstract_class("CommandType", &ENTITY, &[]);

static SCHEMA_FIELD: Class = abstract_class("SchemaField", &NAMED_ENTITY, &[required("schema", SCHEMA_RULE)]);
pub(super) static COMMAND_PAYLOAD: Class = Class {
    name: "CommandPayload",
    parent: Some(&SCHEMA_FIELD),
    concrete: &[2],
    type_optional: &[2],
    properties: &[PropertyDef { since: 4, ..optional("nullable", PermittedValues::Boolean) }],
};
pub(super) static COMMAND_REQUEST: Class = Class {
    name: "CommandRequest",
    parent: Some(&COMMAND_PAYLOAD),
    concrete: &[3, 4],
    type_optional: &[3, 4],
    properties: &[],
};
pub(super) static COMMAND_RESPONSE: Class = Class {
    name: "CommandResponse",
    parent: Some(&COMMAND_PAYLOAD),
    concrete: &[3, 4],
    type_optional: &[3, 4],
    properties: &[],
};
pub(super) static FIELD: Class = implied("Field", &SCHEMA_FIELD, &[]);
pub(super) static MAP_VALUE: Class = implied("MapValue", &SCHEMA_FIELD, &[]);
pub(super) static MAP_KEY: Class = implied(
    "MapKey",
    &NAMED_ENTITY,
    &[required(
        "schema",
        PermittedValues::Element(element(&PRIMITIVE_SCHEMA).with_id().or_earlier().only(&["string"])),
    )],
);

pub(super) static SCHEMA: Class = abstract_class("Schema", &ENTITY, &[]);
pub(super) static PRIMITIVE_SCHEMA: Class = abstract_class("PrimitiveSchema", &SCHEMA, &[]);
pub(super) static NUMERIC_SCHEMA: Class = abstract_class("NumericSchema", &PRIMITIVE_SCHEMA, &[]);
pub(super) static COMPLEX_SCHEMA: Class = abstract_class("ComplexSchema", &SCHEMA, &[]);
pub(super) static ARRAY: Class = class("Array", &COMPLEX_SCHEMA, &[required("elementSchema", SCHEMA_RULE)]);
pub(super) static ENUM: Class = class(
    "Enum",
    &COMPLEX_SCHEMA,
    &[
        several("enumValues", [1, 0, 0], [100, MANY, MANY], element(&ENUM_VALUE).named()),
        required(
            "valueSchema",
            PermittedValues::Element(element(&PRIMITIVE_SCHEMA).with_id().or_earlier().only(&["integer", "string"])),
        ),
    ],
);
pub(super) static ENUM_VALUE: Class =
    implied("EnumValue", &NAMED_ENTITY, &[required("enumValue", PermittedValues::Literal)]);
pub(super) static MAP: Class = class(
    "Map",
    &COMPLEX_SCHEMA,
    &[
        required("mapKey", PermittedValues::Element(element(&MAP_KEY))),
        required("mapValue", PermittedValues::Element(element(&MAP_VALUE))),
    ],
);
pub(super) static OBJECT: Class =
    class("Object", &COMPLEX_SCHEMA, &[several("fields", [1, 0, 0], [30, MANY, MANY], element(&FIELD).named())]);

/// The classes that `@type` may name.
pub(super) static CLASSES: &[&Class] = &[
    &INTERFACE,
    &TELEMETRY,
    &PROPERTY,
    &COMPONENT,
    &RELATIONSHIP,
    &COMMAND,
    &COMMAND_PAYLOAD,
    &COMMAND_REQUEST,
    &COMMAND_RESPONSE,
    &FIELD,
    &MAP_VALUE,
    &MAP_KEY,
    &ARRAY,
    &ENUM,
    &ENUM_VALUE,
    &MAP,
    &OBJECT,
];

impl Class {
    /// Returns whether the class is `other` or a subclass of it.
    pub fn is_a(&self, other: &Class) -> bool {
        self == other || self.parent.is_some_and(|parent| parent.is_a(other))
    }

    /// Returns the property of the class or its superclasses, by name and version of DTDL.
    pub fn property(&self, name: &str, version: u8) -> Option<&'static PropertyDef> {
        let own = self.properties.iter().find(|property| property.name == name && property.since <= version);
        own.or_else(|| self.parent.and_then(|parent| parent.property(name, version)))
    }

    /// Returns all properties of the class and its superclasses in a version of DTDL.
    pub fn all_properties(&'static self, version: u8) -> impl Iterator<Item = &'static PropertyDef> {
        std::iter::successors(Some(self), |class| class.parent)
            .flat_map(|class| class.properties)
            .filter(move |property| property.since <= version)
    }
}

/// Returns the value for a version of DTDL from an array for versions 2, 3 and 4.
pub(super) fn of<T: Copy>(values: [T; 3], version: u8) -> T {
    values[usize::from(version.clamp(2, 4)) - 2]
}
