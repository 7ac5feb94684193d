//! The extensions of DTDL: the adjunct types that each adds, with their properties and rules.
//!
//! Source: the documents of the extensions Annotation, Historization, Overriding, MQTT, Requirement, QuantitativeTypes
//! and of the partner extensions for IoT Central and IoT Operations, in their versions. MQTT version 4 follows its
//! published design.

use super::dtmi;
use super::metamodel::{
    ARRAY, COMMAND, COMMAND_REQUEST, COMMAND_RESPONSE, COMPONENT, Class, ENTITY, ENUM, ENUM_VALUE, ElementRule, FIELD,
    INTERFACE, MAP, MAP_VALUE, NUMERIC_SCHEMA, OBJECT, PROPERTY, PermittedValues, PropertyDef, RELATIONSHIP, TELEMETRY,
    TextRule, optional, required,
};
use super::quantities::Set;

/// The origin of terms: the language itself or an extension.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    Core,
    Annotation,
    Historization,
    Overriding,
    Mqtt,
    Requirement,
    Quantitative,
    IotCentral,
    IotOperations,
}

/// An extension in one version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Extension {
    pub kind: Kind,
    pub version: u8,
}

/// The context identifiers without version, with their extensions and known versions.
const CONTEXTS: [(&str, Kind, &[u8]); 8] = [
    ("dtmi:dtdl:extension:annotation", Kind::Annotation, &[1, 2]),
    ("dtmi:dtdl:extension:historization", Kind::Historization, &[1, 2]),
    ("dtmi:dtdl:extension:overriding", Kind::Overriding, &[1, 2]),
    ("dtmi:dtdl:extension:mqtt", Kind::Mqtt, &[1, 2, 3, 4]),
    ("dtmi:dtdl:extension:requirement", Kind::Requirement, &[1, 2]),
    ("dtmi:dtdl:extension:quantitativeTypes", Kind::Quantitative, &[1, 2, 3]),
    ("dtmi:iotcentral:context", Kind::IotCentral, &[2]),
    ("dtmi:iotoperations:context", Kind::IotOperations, &[4]),
];

impl Extension {
    /// Returns the extension of a context identifier such as `dtmi:dtdl:extension:mqtt;3`.
    ///
    /// # Errors
    /// An unknown version, with the known versions; or an unknown extension, with an empty list.
    pub fn of_context(id: &str) -> Result<Self, &'static [u8]> {
        let (path, version) = id.split_once(';').unwrap_or((id, ""));
        let Some((_, kind, versions)) = CONTEXTS.iter().find(|(known, _, _)| *known == path) else { return Err(&[]) };
        match versions.iter().find(|known| known.to_string() == version) {
            Some(version) => Ok(Self { kind: *kind, version: *version }),
            None => Err(versions),
        }
    }

    /// Returns all extensions in all versions.
    pub fn all() -> impl Iterator<Item = Self> {
        let versions =
            |(_, kind, versions): (_, Kind, &'static [u8])| versions.iter().map(move |version| (kind, *version));
        CONTEXTS.into_iter().flat_map(versions).map(|(kind, version)| Self { kind, version })
    }

    /// Returns the context identifier.
    pub fn context(self) -> String {
        let id = CONTEXTS.iter().find(|(_, kind, _)| *kind == self.kind).map_or("", |(id, _, _)| id);
        format!("{id};{}", self.version)
    }

    /// Returns the context identifiers of all extensions, without versions.
    pub fn contexts() -> impl Iterator<Item = &'static str> {
        CONTEXTS.iter().map(|(id, _, _)| *id)
    }

    /// Returns the versions of DTDL in which the types of the extension may be used.
    pub fn language_versions(self) -> &'static [u8] {
        match (self.kind, self.version) {
            (Kind::IotCentral, _) => &[2],
            (Kind::IotOperations, _) | (Kind::Quantitative, 2 | 3) => &[4],
            (Kind::Annotation | Kind::Historization | Kind::Overriding | Kind::Mqtt | Kind::Quantitative, 1) => &[3],
            _ => &[3, 4],
        }
    }

    /// Returns the set of quantities and units that the extension defines.
    pub fn quantities(self) -> Option<Set> {
        match (self.kind, self.version) {
            (Kind::Core, 2) => Some(Set::Core2),
            (Kind::Quantitative, 1) => Some(Set::Quantitative1),
            (Kind::Quantitative, 2) => Some(Set::Quantitative2),
            (Kind::Quantitative, 3) => Some(Set::Quantitative3),
            _ => None,
        }
    }

    /// Returns the adjunct types of the extension.
    pub fn types(self) -> impl Iterator<Item = &'static Supplement> {
        SUPPLEMENTS
            .iter()
            .filter(move |known| known.kind == self.kind && known.since <= self.version && self.version <= known.until)
    }

    /// Returns a property of the extension's types, by name.
    pub fn property(self, name: &str) -> Option<&'static PropertyDef> {
        self.types().find_map(|known| known.property(name, self.version))
    }
}

/// An adjunct type: a type that an extension adds to elements of some classes.
#[derive(Debug)]
pub(super) struct Supplement {
    /// The extension.
    kind: Kind,
    /// The first version of the extension that has the type.
    since: u8,
    /// The last version of the extension that has this definition of the type.
    until: u8,
    /// The term of the type.
    pub name: &'static str,
    /// The classes to which the type may be added; empty for all.
    pub on: &'static [&'static Class],
    /// Another adjunct type that the element must have, of the same version of its extension.
    pub needs: Option<(Kind, &'static str)>,
    /// An adjunct type that the element must not have, of the given version of its extension.
    pub excludes: Option<(Kind, u8, &'static str)>,
    /// The properties that the type adds.
    properties: &'static [PropertyDef],
    /// Further rules.
    pub rules: &'static [Rule],
}

impl Supplement {
    /// Returns the property called `name` in a version of the extension.
    pub fn property(&self, name: &str, version: u8) -> Option<&'static PropertyDef> {
        self.properties_in(version).find(|property| property.name == name)
    }

    /// Returns the properties in a version of the extension.
    pub fn properties_in(&self, version: u8) -> impl Iterator<Item = &'static PropertyDef> {
        self.properties.iter().filter(move |property| property.since <= version)
    }

    /// Returns whether elements of a class may have the type.
    pub fn fits(&self, class: &Class) -> bool {
        self.on.is_empty() || self.on.iter().any(|known| class.is_a(known))
    }
}

/// A rule for elements with an adjunct type.
#[derive(Clone, Copy, Debug)]
pub(super) enum Rule {
    /// Every value of a property meets a condition.
    Value(&'static str, ValueCondition),
    /// The element is among the `fields` of an object with one of the given types, and is the only field there with its
    /// type.
    Inside(&'static [&'static str]),
    /// A sibling has the given type of the same extension.
    Beside(&'static str),
    /// The value of a property differs from that of every sibling.
    Unique(&'static str),
    /// `annotates` names a sibling that is a property or telemetry and not an annotation.
    Annotates,
    /// `overrides` names a property that an extension adds to the annotated sibling.
    Overrides,
    /// The number is a value of the element's schema.
    Instance(&'static str),
}

/// A condition on the value of a property.
#[derive(Clone, Copy, Debug)]
pub(super) enum ValueCondition {
    Class(&'static Class),
    /// A numeric schema or a string.
    NumericOrText,
    Text,
    /// An enumeration of strings.
    TextEnum,
    /// An element with one of the given types of the same extension.
    Typed(&'static [&'static str]),
    /// One of the given schemas of the language.
    Standard(&'static [&'static str]),
}

const DATA: &[&Class] = &[&COMMAND_REQUEST, &COMMAND_RESPONSE, &FIELD, &MAP_VALUE, &PROPERTY, &TELEMETRY];
const NUMERIC: &[Rule] = &[Rule::Value("schema", ValueCondition::Class(&NUMERIC_SCHEMA))];
const GEOGRAPHIC: &[&str] =
    &["point", "multiPoint", "lineString", "multiLineString", "polygon", "multiPolygon", "geopoint"];

const ANY: PermittedValues = PermittedValues::Text([usize::MAX; 3], TextRule::Any);
const SHORT: PermittedValues = PermittedValues::Text([128; 3], TextRule::Any);
const TOPIC: PermittedValues = PermittedValues::Text(
    [usize::MAX; 3],
    TextRule::Of(is_topic, "a topic consists of labels or `{tokens}` between slashes, and doesn't start with `$`"),
);
const GROUP: PermittedValues = PermittedValues::Text(
    [usize::MAX; 3],
    TextRule::Of(is_label, "a group is printable ASCII without space, `\"`, `+`, `#`, `{`, `}` and `/`"),
);
const DURATION: PermittedValues = PermittedValues::Text([usize::MAX; 3], TextRule::Duration);
const UNIT: PermittedValues = PermittedValues::Element(ElementRule::one_of(&ENUM_VALUE));

const fn of(kind: Kind, since: u8, name: &'static str, on: &'static [&'static Class]) -> Supplement {
    Supplement { kind, since, until: u8::MAX, name, on, needs: None, excludes: None, properties: &[], rules: &[] }
}

const fn mqtt(since: u8, name: &'static str, on: &'static [&'static Class]) -> Supplement {
    of(Kind::Mqtt, since, name, on)
}

const fn iot(name: &'static str, on: &'static [&'static Class]) -> Supplement {
    of(Kind::IotOperations, 4, name, on)
}

const fn since(version: u8, property: PropertyDef) -> PropertyDef {
    PropertyDef { since: version, ..property }
}

static SUPPLEMENTS: &[Supplement] = &[
    Supplement {
        properties: &[required("aliasFor", PermittedValues::Element(ElementRule::one_of(&ENTITY)))],
        ..of(Kind::Core, 3, "Alias", &[])
    },
    Supplement {
        properties: &[required("annotates", ANY)],
        rules: &[Rule::Annotates],
        ..of(Kind::Annotation, 1, "ValueAnnotation", &[&PROPERTY, &TELEMETRY])
    },
    of(Kind::Historization, 1, "Historized", &[&PROPERTY, &TELEMETRY]),
    Supplement {
        needs: Some((Kind::Annotation, "ValueAnnotation")),
        properties: &[required("overrides", PermittedValues::Identifier)],
        rules: &[Rule::Overrides],
        ..of(Kind::Overriding, 1, "Override", &[&PROPERTY])
    },
    Supplement { until: 1, ..of(Kind::Requirement, 1, "Required", &[&FIELD]) },
    of(Kind::Requirement, 2, "Required", &[&FIELD, &PROPERTY]),
    // Types of the MQTT extension.
    Supplement {
        properties: &[
            required("payloadFormat", ANY),
            optional("commandTopic", TOPIC),
            optional("telemetryTopic", TOPIC),
            since(4, optional("propertyTopic", TOPIC)),
            since(2, optional("cmdServiceGroupId", GROUP)),
            since(2, optional("telemServiceGroupId", GROUP)),
        ],
        ..mqtt(1, "Mqtt", &[&INTERFACE])
    },
    mqtt(1, "Idempotent", &[&COMMAND]),
    Supplement {
        needs: Some((Kind::Mqtt, "Idempotent")),
        properties: &[required("ttl", DURATION)],
        ..mqtt(1, "Cacheable", &[&COMMAND])
    },
    Supplement {
        properties: &[required("index", PermittedValues::Integer(1, [i64::MAX; 3]))],
        rules: &[Rule::Unique("index")],
        ..mqtt(1, "Indexed", &[&ENUM_VALUE, &FIELD, &TELEMETRY])
    },
    Supplement {
        rules: &[Rule::Value("schema", ValueCondition::Class(&OBJECT))],
        ..mqtt(2, "Transparent", &[&COMMAND_REQUEST, &COMMAND_RESPONSE])
    },
    Supplement {
        rules: &[Rule::Value(
            "fields",
            ValueCondition::Typed(&["NormalResult", "ErrorResult", "ErrorCode", "ErrorInfo"]),
        )],
        ..mqtt(3, "Result", &[&OBJECT])
    },
    Supplement {
        excludes: Some((Kind::Requirement, 1, "Required")),
        rules: &[Rule::Inside(&["Result"])],
        ..mqtt(3, "NormalResult", &[&FIELD])
    },
    Supplement {
        excludes: Some((Kind::Requirement, 1, "Required")),
        rules: &[Rule::Inside(&["Result"]), Rule::Value("schema", ValueCondition::Typed(&["Error"]))],
        ..mqtt(3, "ErrorResult", &[&FIELD])
    },
    mqtt(3, "Error", &[&OBJECT]),
    Supplement {
        rules: &[Rule::Inside(&["Error"]), Rule::Value("schema", ValueCondition::Text)],
        ..mqtt(3, "ErrorMessage", &[&FIELD])
    },
    Supplement {
        rules: &[Rule::Inside(&["Error", "Result"]), Rule::Value("schema", ValueCondition::TextEnum)],
        ..mqtt(4, "ErrorCode", &[&FIELD])
    },
    Supplement {
        rules: &[Rule::Inside(&["Error", "Result"]), Rule::Beside("ErrorCode")],
        ..mqtt(4, "ErrorInfo", &[&FIELD])
    },
    Supplement {
        rules: &[Rule::Value("fields", ValueCondition::Typed(&["PropertyValue", "ReadError", "WriteError"]))],
        ..mqtt(4, "PropertyResult", &[&OBJECT])
    },
    Supplement { rules: &[Rule::Inside(&["PropertyResult"])], ..mqtt(4, "PropertyValue", &[&FIELD]) },
    Supplement {
        rules: &[Rule::Inside(&["PropertyResult"]), Rule::Value("schema", ValueCondition::Typed(&["Error"]))],
        ..mqtt(4, "ReadError", &[&FIELD])
    },
    Supplement {
        rules: &[Rule::Inside(&["PropertyResult"]), Rule::Value("schema", ValueCondition::Typed(&["Error"]))],
        ..mqtt(4, "WriteError", &[&FIELD])
    },
    // Types of the QuantitativeTypes extension, which describe its units.
    Supplement { properties: &[required("symbol", ANY)], ..of(Kind::Quantitative, 1, "SymbolicUnit", &[&ENUM_VALUE]) },
    Supplement {
        properties: &[required("exponent", PermittedValues::Integer(i64::MIN, [i64::MAX; 3])), required("symbol", ANY)],
        ..of(Kind::Quantitative, 1, "UnitPrefix", &[&ENUM_VALUE])
    },
    Supplement {
        properties: &[required("baseUnit", UNIT), optional("prefix", UNIT)],
        ..of(Kind::Quantitative, 1, "DecimalUnit", &[&ENUM_VALUE])
    },
    Supplement {
        properties: &[required("baseUnit", UNIT), optional("prefix", UNIT)],
        ..of(Kind::Quantitative, 1, "BinaryUnit", &[])
    },
    Supplement {
        properties: &[required("bottomUnit", UNIT), required("topUnit", UNIT)],
        ..of(Kind::Quantitative, 1, "RatioUnit", &[&ENUM_VALUE])
    },
    // Types of the IoT Central extension.
    Supplement {
        rules: &[Rule::Value("schema", ValueCondition::Standard(&["vector"]))],
        ..of(Kind::IotCentral, 2, "AccelerationVector", &[&PROPERTY, &TELEMETRY])
    },
    Supplement {
        rules: &[Rule::Value("schema", ValueCondition::Standard(&["vector"]))],
        ..of(Kind::IotCentral, 2, "VelocityVector", &[&PROPERTY, &TELEMETRY])
    },
    Supplement {
        rules: &[Rule::Value("schema", ValueCondition::NumericOrText)],
        ..of(Kind::IotCentral, 2, "Event", &[&PROPERTY, &TELEMETRY])
    },
    Supplement {
        rules: &[Rule::Value("schema", ValueCondition::Standard(GEOGRAPHIC))],
        ..of(Kind::IotCentral, 2, "Location", &[&PROPERTY, &TELEMETRY])
    },
    Supplement {
        rules: &[Rule::Value("schema", ValueCondition::Class(&ENUM))],
        ..of(Kind::IotCentral, 2, "State", &[&PROPERTY, &TELEMETRY])
    },
    // Types of the IoT Operations extension.
    Supplement {
        excludes: Some((Kind::IotOperations, 4, "Event")),
        properties: &[required("ontology", SHORT)],
        ..iot("Article", &[&INTERFACE])
    },
    Supplement {
        excludes: Some((Kind::IotOperations, 4, "Event")),
        properties: &[required("ontology", SHORT)],
        ..iot("Composite", &[&INTERFACE])
    },
    Supplement {
        properties: &[required("typeRef", SHORT)],
        ..iot("Congruence", &[&ARRAY, &ENUM, &INTERFACE, &MAP, &OBJECT])
    },
    iot("Detail", &[&OBJECT]),
    iot("Event", &[&INTERFACE]),
    Supplement {
        properties: &[required("group", PermittedValues::Text([128; 3], TextRule::Name))],
        ..iot("GroupMember", &[&COMMAND])
    },
    Supplement { excludes: Some((Kind::IotOperations, 4, "HasComponent")), ..iot("HasCapability", &[&RELATIONSHIP]) },
    iot("HasComponent", &[&RELATIONSHIP]),
    Supplement {
        properties: &[optional("maximum", PermittedValues::Number), optional("minimum", PermittedValues::Number)],
        rules: &[NUMERIC[0], Rule::Instance("maximum"), Rule::Instance("minimum")],
        ..iot("Limited", DATA)
    },
    Supplement {
        properties: &[required("decimalPlaces", PermittedValues::Integer(i64::MIN, [i64::MAX; 3]))],
        rules: NUMERIC,
        ..iot("Precise", DATA)
    },
    Supplement {
        properties: &[required("scaleFactor", PermittedValues::Number)],
        rules: &[NUMERIC[0], Rule::Instance("scaleFactor")],
        ..iot("ScaledStatically", DATA)
    },
    Supplement {
        properties: &[required("namespace", SHORT)],
        ..iot("Qualified", &[&COMMAND, &COMPONENT, &FIELD, &PROPERTY, &RELATIONSHIP, &TELEMETRY])
    },
    Supplement { rules: &[Rule::Inside(&["Detail"])], ..iot("Subject", &[&FIELD]) },
];

/// The property `unit` of a semantic type. The semantic type determines whether it is required.
pub(super) static UNIT_REQUIRED: PropertyDef = required("unit", UNIT);
/// The property `unit` of types where it is optional.
pub(super) static UNIT_OPTIONAL: PropertyDef = optional("unit", UNIT);

fn is_label_byte(byte: u8) -> bool {
    matches!(byte, b'!' | b'$'..=b'*' | b','..=b'.' | b'0'..=b'z' | b'|' | b'~')
}

fn is_label(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(is_label_byte)
}

/// Returns whether `text` is a token such as `{executorId}` or `{ex:token}`.
fn is_token(text: &str) -> bool {
    let word = |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphabetic());
    let inner = text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
    inner.is_some_and(|inner| match inner.split_once(':') {
        Some((prefix, token)) => word(prefix) && word(token),
        None => word(inner),
    })
}

fn is_topic(text: &str) -> bool {
    !text.starts_with('$') && text.split('/').all(|part| is_label(part) || is_token(part))
}

/// Splits an identifier of the language or of an extension into the extension, the group and the name.
pub(super) fn of_identifier(id: &str) -> Option<(Extension, &str, &str)> {
    let (path, version) = id.split_once(';').map_or((id, None), |(path, version)| (path, version.parse::<u8>().ok()));
    let (group, name) = path.rsplit_once(':')?;
    let core = |version: Option<u8>| version.filter(|version| (2..=4).contains(version));
    let extension = |kind, version| Extension { kind, version };
    Some(match group {
        "dtmi:dtdl:class" | "dtmi:dtdl:property" | "dtmi:dtdl:instance:Schema" | "dtmi:dtdl:instance:CommandType" => {
            (extension(Kind::Core, core(version)?), group.rsplit(':').next()?, name)
        }
        "dtmi:standard:class" | "dtmi:standard:unit" | "dtmi:standard:unitprefix" if version == Some(2) => {
            (extension(Kind::Core, 2), group.rsplit(':').next()?, name)
        }
        "dtmi:standard:schema:geospatial" | "dtmi:standard:schema" => {
            (extension(Kind::Core, core(version)?), "schema", name)
        }
        "dtmi:iotcentral:class" | "dtmi:iotcentral:schema" if version == Some(2) => {
            (extension(Kind::IotCentral, 2), group.rsplit(':').next()?, name)
        }
        "dtmi:iotoperations:class" | "dtmi:iotoperations:property" if version == Some(4) => {
            (extension(Kind::IotOperations, 4), group.rsplit(':').next()?, name)
        }
        _ => {
            let rest = group.strip_prefix("dtmi:dtdl:extension:")?;
            let mut parts = rest.split(':');
            let (word, number) = (parts.next()?, parts.next()?.strip_prefix('v')?);
            let found = Extension::of_context(&format!("dtmi:dtdl:extension:{word};{number}")).ok()?;
            // The forms are `…:v1:Type`, `…:v1:Type:property`, `…:v1:class:Type` and `…:v1:unit:unit`.
            let group = match (found.kind, parts.next()) {
                (Kind::Quantitative, Some(group)) => group,
                (_, Some(_)) => "property",
                (_, None) => "class",
            };
            (found, group, name)
        }
    })
    .filter(|_| dtmi::Dtmi::parse(id, 4).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics_have_their_syntax() {
        for (text, fits) in [
            ("vehicles/{modelId}/{senderId}/telemetry", true),
            ("{ex:token}/a", true),
            ("$share/a", false),
            ("a/$b", true),
            ("a//b", false),
            ("a b", false),
            ("a/#", false),
            ("{}", false),
            ("{a1}", false),
        ] {
            assert_eq!(is_topic(text), fits, "{text}");
        }
    }

    #[test]
    fn identifiers_lead_to_extensions() {
        let of =
            |id| of_identifier(id).map(|(extension, group, name)| (extension.kind, extension.version, group, name));
        assert_eq!(of("dtmi:dtdl:class:Property;3"), Some((Kind::Core, 3, "class", "Property")));
        assert_eq!(of("dtmi:dtdl:extension:mqtt:v3:Error"), Some((Kind::Mqtt, 3, "class", "Error")));
        assert_eq!(of("dtmi:dtdl:extension:mqtt:v3:Indexed:index"), Some((Kind::Mqtt, 3, "property", "index")));
        let temperature = "dtmi:dtdl:extension:quantitativeTypes:v2:class:Temperature";
        assert_eq!(of(temperature), Some((Kind::Quantitative, 2, "class", "Temperature")));
        assert_eq!(of("dtmi:com:example:Room;1"), None);
        assert_eq!(of("dtmi:dtdl:extension:mqtt:v9:Error"), None);
    }
}
