//! Contexts: the version of DTDL and the extensions that apply to an element, and the meaning of its terms.
//!
//! Source: Digital Twins Definition Language versions 2 to 4, "Context"; "DTDL language extensions", on limit
//! extensions.

use super::dtmi::{Dtmi, is_iri};
use super::extensions::{Extension, Kind, Supplement, UNIT_OPTIONAL, UNIT_REQUIRED, of_identifier};
use super::metamodel::{CLASSES, Class, PropertyDef};
use super::quantities::{PREFIXES, Quantity, Set, UnitClass};
use super::standard::Standard;
use crate::model::schema::PRIMITIVES;

/// Limits that a limit extension may change.
#[derive(Debug, PartialEq)]
pub(super) struct Limits {
    /// The largest nesting depth of complex schemas.
    pub schema_depth: u32,
    /// The largest number of characters of a description; 512 in the language itself.
    pub description: usize,
    /// The largest number of characters of an interface's identifier.
    pub interface_id: usize,
    /// The largest number of characters of any other identifier.
    pub id: usize,
    /// Whether the language's limit on the length of names applies.
    pub names: bool,
}

static EARLIER: Limits = Limits { schema_depth: 5, description: 512, interface_id: 128, id: 2048, names: true };
static FOUR: Limits = Limits { schema_depth: 8, description: 512, interface_id: 128, id: 2048, names: true };
static ONVIF: Limits = Limits { schema_depth: 24, description: 4096, interface_id: 256, id: 512, names: false };
static AIO: Limits = Limits { schema_depth: 12, description: 2048, interface_id: 256, id: 512, names: false };

/// The version, limits and extensions that apply to an element.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Context {
    /// The version of DTDL.
    pub version: u8,
    /// The limits.
    pub limits: &'static Limits,
    /// The extensions, in the order of the specifiers.
    pub extensions: Vec<Extension>,
    /// Whether the next specifier must name a limit extension.
    limitless: bool,
}

/// The context of IoT Central, which may precede the context of the language.
pub(super) const IOT_CENTRAL: &str = "dtmi:iotcentral:context;2";

/// Returns the major part of a version such as `3.1`; the minor part has no effect. In version 2 of the language,
/// versions have a single part.
fn major(version: &str, language: u8) -> &str {
    let is_number = |text: &str| !text.is_empty() && text.len() <= 6 && text.bytes().all(|byte| byte.is_ascii_digit());
    match version.split_once('.') {
        Some((major, minor)) if language > 2 && is_number(minor) && (minor == "0" || !minor.starts_with('0')) => major,
        _ => version,
    }
}

/// An error in a context specifier: code, message and suggestion.
pub(super) type ContextError = (&'static str, String, Option<String>);

impl Context {
    /// Returns the context extended by one specifier.
    ///
    /// # Errors
    /// An unknown or misplaced specifier.
    pub fn add(&self, specifier: &str) -> Result<Self, ContextError> {
        let mut next = self.clone();
        let names_limits = specifier.starts_with("dtmi:dtdl:limits:") || specifier.ends_with("#limits");
        if names_limits && !self.limitless || self.limitless && !names_limits && specifier != "dtmi:dtdl:context;4" {
            return Err(self.misplaced(specifier));
        }
        if let Some(rest) = specifier.strip_prefix("dtmi:dtdl:context;") {
            if !self.extensions.is_empty() || [&ONVIF, &AIO].contains(&self.limits) {
                let help = "put the DTDL context before those of extensions";
                return Err((
                    "dtdl-context-order",
                    format!("`{specifier}` comes after an extension"),
                    Some(help.into()),
                ));
            }
            let (number, limitless) = match rest.split_once('#') {
                Some((number, "limitless")) if major(number, 4) == "4" => (number, true),
                Some((number, "limits")) if major(number, 4) == "4" => (number, false),
                Some((_, fragment)) => {
                    let message = format!("`#{fragment}` is not a part of this context");
                    return Err(("dtdl-unknown-context", message, None));
                }
                None => (rest, false),
            };
            next.version = match major(number, if number.starts_with('2') { 2 } else { 4 }) {
                "2" => 2,
                "3" => 3,
                "4" => 4,
                other => {
                    let help = "use `dtmi:dtdl:context;2`, `;3` or `;4`".to_string();
                    return Err(("dtdl-version", format!("DTDL version {other} is not known"), Some(help)));
                }
            };
            next.limits = if next.version == 4 { &FOUR } else { &EARLIER };
            next.limitless = limitless;
            return Ok(next);
        }
        if self.version == 0 {
            let help = "the first context must be `dtmi:dtdl:context;3`, or that of version 2 or 4";
            return Err(("dtdl-no-context", format!("`{specifier}` is not a DTDL context"), Some(help.into())));
        }
        if let Some(limits) = specifier.strip_prefix("dtmi:dtdl:limits:") {
            next.limits = match limits {
                "onvif;1" => &ONVIF,
                "aio;1" => &AIO,
                _ => return Err(("dtdl-unknown-context", format!("the limits `{specifier}` are unknown"), None)),
            };
            next.limitless = false;
            return Ok(next);
        }
        let whole = specifier.split_once(';').map(|(path, version)| (path, major(version, self.version)));
        let named = whole.map_or_else(|| specifier.to_string(), |(path, version)| format!("{path};{version}"));
        match Extension::of_context(&named) {
            Ok(extension) => {
                // An extension applies in a single version, the last one that is named.
                match next.extensions.iter_mut().find(|known| known.kind == extension.kind) {
                    Some(known) => *known = extension,
                    None => next.extensions.push(extension),
                }
                Ok(next)
            }
            Err([]) if Dtmi::parse(specifier, 4).is_none() => {
                let help = "a context is the identifier of DTDL or of an extension, such as `dtmi:dtdl:extension:annotation;2`";
                Err(("dtdl-unknown-context", format!("`{specifier}` is not an identifier"), Some(help.into())))
            }
            Err([]) => {
                let path = specifier.split(';').next().unwrap_or_default();
                let near = crate::diagnostic::nearest(path, Extension::contexts());
                let help = near.map(|near| format!("did you mean `{near}`?"));
                Err(("dtdl-unknown-context", format!("the extension `{specifier}` is not known"), help))
            }
            Err(versions) => {
                let known: Vec<String> = versions.iter().map(u8::to_string).collect();
                let help = Some(format!("versions {} are known", known.join(", ")));
                Err(("dtdl-unknown-context", format!("this version of the extension `{specifier}` is not known"), help))
            }
        }
    }

    /// Returns the error that a limit extension, or another specifier, is in the wrong position: limit extensions must
    /// directly follow the language without limits.
    fn misplaced(&self, specifier: &str) -> ContextError {
        let (message, help) = if self.limitless {
            let message = format!("`{specifier}` is in the place of a limit extension");
            (message, "put a limit extension first, such as `dtmi:dtdl:limits:onvif;1`")
        } else {
            let message = format!("`{specifier}` must directly follow the context of DTDL without limits");
            (message, "write `dtmi:dtdl:context;4#limitless` before it")
        };
        ("dtdl-limits", message, Some(help.into()))
    }

    /// Returns the error of a context that needs another specifier.
    pub fn incomplete(&self) -> Option<ContextError> {
        let help = "add a limit extension after it: `dtmi:dtdl:limits:onvif;1`";
        let message = "the context of DTDL without limits needs a limit extension".to_string();
        self.limitless.then(|| ("dtdl-limits", message, Some(help.into())))
    }

    /// Creates the context before any specifier.
    pub fn none() -> Self {
        Self { version: 0, limits: &EARLIER, extensions: Vec::new(), limitless: false }
    }

    fn core(&self) -> Extension {
        Extension { kind: Kind::Core, version: self.version }
    }

    /// Returns the language and its extensions, in the order in which their terms are looked up.
    fn vocabularies(&self) -> impl Iterator<Item = Extension> {
        [self.core()].into_iter().chain(self.extensions.iter().copied())
    }

    /// Returns the meaning of a word in `@type`.
    pub fn type_of(&self, word: &str) -> TypeRef {
        if word.starts_with("dtmi:") {
            return match of_identifier(word) {
                Some((extension, "class", name)) => self.type_in(extension, name).unwrap_or(TypeRef::Irrelevant),
                Some(_) => TypeRef::Irrelevant,
                None if Dtmi::parse(word, self.version).is_some() => TypeRef::Irrelevant,
                None => TypeRef::InvalidDtmi,
            };
        }
        if is_iri(word) || word.contains(':') {
            return TypeRef::Iri;
        }
        match self.vocabularies().find_map(|extension| self.type_in(extension, word)) {
            Some(found) => found,
            None if self.is_term(word) => TypeRef::Irrelevant,
            None => TypeRef::Undefined,
        }
    }

    fn type_in(&self, extension: Extension, name: &str) -> Option<TypeRef> {
        if extension.kind == Kind::Core {
            if extension.version != self.version {
                return None;
            }
            if let Some(class) = CLASSES.iter().find(|class| class.name == name && !class.concrete.is_empty()) {
                return class.concrete.contains(&self.version).then_some(TypeRef::Class(class));
            }
        }
        if let Some(found) = extension.types().find(|known| known.name == name) {
            return Some(TypeRef::Cotype(Cotype::Supplement(extension, found)));
        }
        let set = extension.quantities()?;
        Quantity::find(name, set).map(|found| TypeRef::Cotype(Cotype::Quantity(extension, set, found)))
    }

    /// Returns whether a word is any term of this context.
    pub fn is_term(&self, word: &str) -> bool {
        const OTHERS: [&str; 30] = [
            "BinaryPrefix",
            "BinaryUnit",
            "CommandType",
            "ComplexSchema",
            "Content",
            "DecimalPrefix",
            "DecimalUnit",
            "Entity",
            "NamedEntity",
            "NumericSchema",
            "PrimitiveSchema",
            "QuantitativeType",
            "RatioUnit",
            "Schema",
            "SchemaField",
            "SemanticType",
            "SemanticUnit",
            "TemporalSchema",
            "Unit",
            "UnitAttribute",
            "asynchronous",
            "baseUnit",
            "bottomUnit",
            "exponent",
            "languageMajorVersion",
            "prefix",
            "symbol",
            "synchronous",
            "topUnit",
            "unit",
        ];
        // The class names of primitive schemas are terms in all versions, the schema names since the version that
        // introduced them.
        let is_primitive = |name: &str, since: u8| {
            since <= self.version && word == name
                || word.starts_with(|first: char| first.is_ascii_uppercase()) && word.eq_ignore_ascii_case(name)
        };
        let has = |class: &Class| class.properties.iter().any(|p| p.name == word && p.since <= self.version);
        OTHERS.contains(&word)
            || CLASSES.iter().any(|class| class.name == word || has(class))
            || ["name", "comment", "description", "displayName", "schema"].contains(&word)
            || PRIMITIVES.iter().any(|(name, _, since)| is_primitive(name, *since))
            || Standard::of_term(word, self).is_some()
            || self.vocabularies().any(|extension| {
                extension.property(word).is_some() || extension.quantities().is_some_and(|set| is_unit_term(word, set))
            })
    }

    /// Returns the meaning of a property's name.
    pub fn key(&self, word: &str) -> KeyRef {
        if word.starts_with("dtmi:") {
            return match of_identifier(word) {
                Some((extension, "property", name))
                    if extension.kind != Kind::Core || extension.version == self.version =>
                {
                    KeyRef::Property(Some(extension), name.to_string())
                }
                Some(_) => KeyRef::Other,
                None if Dtmi::parse(word, self.version).is_some() => KeyRef::Other,
                None => KeyRef::InvalidDtmi,
            };
        }
        if word.contains(':') { KeyRef::Iri } else { KeyRef::Property(None, word.to_string()) }
    }

    /// Returns the context of an extension that has the given type and applies to this version of DTDL.
    pub fn bringing(&self, word: &str) -> Option<String> {
        let mut found = Extension::all().filter(|extension| extension.language_versions().contains(&self.version));
        found.find(|extension| self.type_in(*extension, word).is_some()).map(|extension| extension.context())
    }

    /// Returns all types that `@type` may name, for suggestions.
    pub fn type_names(&self) -> impl Iterator<Item = &'static str> {
        let classes = CLASSES.iter().filter(|class| class.concrete.contains(&self.version)).map(|class| class.name);
        let set = self.vocabularies().find_map(Extension::quantities);
        let quantities = set.into_iter().flat_map(Quantity::names);
        classes
            .chain(self.vocabularies().flat_map(|extension| extension.types().map(|known| known.name)))
            .chain(quantities)
    }

    /// Returns the sets of units that may be named.
    pub fn unit_sets(&self) -> impl Iterator<Item = Set> {
        self.vocabularies().filter_map(Extension::quantities)
    }

    /// Returns the prefixes of identifiers that only the language and its extensions may define.
    pub fn reserved(&self) -> impl Iterator<Item = &'static str> {
        let partners = self.extensions.iter().filter_map(|extension| match extension.kind {
            Kind::IotCentral => Some("dtmi:iotcentral:"),
            Kind::IotOperations => Some("dtmi:iotoperations:"),
            _ => None,
        });
        super::dtmi::RESERVED.into_iter().chain(partners)
    }
}

fn is_unit_term(word: &str, set: Set) -> bool {
    Quantity::find(word, set).is_some()
        || UnitClass::find(word, set).is_some()
        || UnitClass::of_unit(word, set).is_some()
        || PREFIXES.contains(&word)
}

/// The meaning of a word in `@type`.
pub(super) enum TypeRef {
    /// A class of the metamodel.
    Class(&'static Class),
    /// An adjunct or semantic type.
    Cotype(Cotype),
    /// A term that is not the type of an element.
    Irrelevant,
    /// A word that starts like a DTMI but is not valid.
    InvalidDtmi,
    /// An identifier that is not a DTMI.
    Iri,
    /// An undefined word.
    Undefined,
}

/// The meaning of a property's name.
pub(super) enum KeyRef {
    /// A property, by its plain name or by the last part of its identifier, with the extension that the identifier
    /// names.
    Property(Option<Extension>, String),
    /// The identifier of something other than a property.
    Other,
    /// A word that starts like a DTMI but is not valid.
    InvalidDtmi,
    /// An identifier that is not a DTMI.
    Iri,
}

/// A type in addition to the class: an adjunct type of an extension, or a semantic type.
#[derive(Clone, Copy, Debug)]
pub(super) enum Cotype {
    Supplement(Extension, &'static Supplement),
    Quantity(Extension, Set, &'static Quantity),
}

impl Cotype {
    /// Returns the term of the type.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Supplement(_, known) => known.name,
            Self::Quantity(_, _, known) => known.name,
        }
    }

    /// Returns the extension that defines the type.
    pub fn extension(&self) -> Extension {
        match self {
            Self::Supplement(extension, _) | Self::Quantity(extension, _, _) => *extension,
        }
    }

    /// Returns the property that the type adds under a name.
    pub fn property(&self, name: &str) -> Option<&'static PropertyDef> {
        self.properties().into_iter().find(|property| property.name == name)
    }

    /// Returns the properties that the type adds.
    pub fn properties(&self) -> Vec<&'static PropertyDef> {
        match self {
            Self::Quantity(..) => vec![&UNIT_REQUIRED],
            Self::Supplement(_, known) if vector_unit(known.name).is_some() => vec![&UNIT_OPTIONAL],
            Self::Supplement(extension, known) => known.properties_in(extension.version).collect(),
        }
    }

    /// Returns the unit class of the type's property `unit`, if it has one.
    pub fn unit_class(&self) -> Option<(Set, &'static str)> {
        match self {
            Self::Quantity(_, set, known) => Some((*set, known.unit_class)),
            Self::Supplement(_, known) => vector_unit(known.name).map(|class| (Set::Core2, class)),
        }
    }
}

fn vector_unit(name: &str) -> Option<&'static str> {
    match name {
        "AccelerationVector" => Some("AccelerationUnit"),
        "VelocityVector" => Some("VelocityUnit"),
        _ => None,
    }
}
