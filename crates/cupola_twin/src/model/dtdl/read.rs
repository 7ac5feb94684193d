//! Conversion of documents to elements: the JSON-LD forms of DTDL, and the checks of single elements.
//!
//! Source: Digital Twins Definition Language versions 2 to 4; JSON-LD 1.1, sections 4.1 (typed values), 4.2 (language
//! maps) and 9.5 (value objects).

use super::context::{Context, Cotype, IOT_CENTRAL, KeyRef, TypeRef};
use super::dtmi::{self, Dtmi};
use super::element::{Element, ElementIx, ElementPosition, PropertyValue, Val, path};
use super::extensions::{Extension, Kind};
use super::literal;
use super::metamodel::{CLASSES, Class, ElementRule, INTERFACE, MANY, PermittedValues, PropertyDef, TextRule, of};
use super::quantities::Set;
use super::standard::Standard;
use crate::diagnostic::Diagnostic;
use crate::model::json::{Source, each, flat, get};
use jsonc_parser::ast::{Object, ObjectProp, Value};
use jsonc_parser::common::Ranged;
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::rc::Rc;
use std::sync::Arc;

/// The documents and elements read so far.
#[derive(Default)]
pub(super) struct ElementReader<'a> {
    pub sources: Vec<Source<'a>>,
    pub elements: Vec<Element>,
    /// The elements of documents, by their own or assigned identifiers.
    pub by_id: HashMap<Arc<str>, ElementIx>,
    /// The number of the current document.
    source: usize,
}

/// The expectations on an element at its position.
#[derive(Clone, Copy)]
struct Expected {
    class: &'static Class,
    rule: ElementRule,
    stands: ElementPosition,
    /// The enclosing element, whose version limits the element's version.
    parent: Option<ElementIx>,
}

impl<'a> ElementReader<'a> {
    /// Reads a document.
    pub fn document(&mut self, file: Arc<str>, text: &'a str) {
        let mut source = Source::new(file, text);
        let root = source.parse();
        self.source = self.sources.len();
        self.sources.push(source);
        match root {
            Some(array @ Value::Array(_)) => {
                flat(&array).into_iter().enumerate().for_each(|(index, value)| self.root(value, Some(index as u32)));
            }
            Some(value) => self.root(&value, None),
            None => {}
        }
    }

    /// Reports a diagnostic on the current document.
    pub fn report(&mut self, at: usize, path: Option<String>, diagnostic: Diagnostic) {
        let source = &mut self.sources[self.source];
        source.report_at(at, diagnostic.at_path(path));
    }

    /// Reports a diagnostic on an element.
    pub fn report_on(&mut self, element: ElementIx, at: Option<usize>, diagnostic: Diagnostic) {
        let found = &self.elements[element as usize];
        let (source, start) = (found.source as usize, at.unwrap_or(found.start));
        let path = path(&self.elements, element);
        self.sources[source].report_at(start, diagnostic.at_path(Some(path)));
    }

    fn root(&mut self, value: &Value<'a>, index: Option<u32>) {
        let path = Some(index.map_or("$".to_string(), |index| format!("$[{index}]")));
        let Value::Object(object) = value else {
            let message = "a document is an interface object or an array of them";
            self.report(value.start(), path, Diagnostic::error("dtdl-not-an-interface", message));
            return;
        };
        if get(object, "@context").is_none() {
            let help = "add `\"@context\": \"dtmi:dtdl:context;3\"`";
            let missing = Diagnostic::error("dtdl-no-context", "the interface has no DTDL `@context`").help(help);
            self.report(object.start(), path, missing);
            return;
        }
        let rule = ElementRule::one_of(&INTERFACE);
        let expected = Expected { class: &INTERFACE, rule, stands: ElementPosition::Root(index), parent: None };
        self.element(object, expected);
    }

    /// Reads an element; `None` after an error that makes it unusable, which is reported.
    fn element(&mut self, object: &Object<'a>, expected: Expected) -> Option<ElementIx> {
        let here = self.path_of(expected.stands);
        let context = self.context(object, expected, &here)?;
        let (class, cotypes, unknown_types) = self.types(object, expected, &context, &here)?;
        let id = self.identifier(object, expected, class, &context, &here);
        let ix = self.elements.len() as ElementIx;
        let interface = match (class == &INTERFACE, expected.parent) {
            (false, Some(parent)) => self.elements[parent as usize].interface,
            _ => ix,
        };
        self.elements.push(Element {
            id: id.clone(),
            class,
            cotypes,
            context: context.clone(),
            stands: expected.stands,
            interface,
            source: self.source as u32,
            start: object.start(),
            length: object.end() - object.start(),
            values: Vec::new(),
        });
        if let Some(first) = self.by_id.get(&id).copied() {
            // Elements without identifiers of their own get the same identifier if they have the same name, which is
            // reported elsewhere.
            if get(object, "@id").is_some() {
                let known = &self.elements[first as usize];
                let place = self.sources[known.source as usize].place_at(known.start);
                let message =
                    format!("`{id}` is defined twice; first at {}:{}:{}", place.file, place.line, place.column);
                let twice = Diagnostic::error("dtdl-duplicate-id", message);
                let twice = twice.help("keep one of them, or give it another version");
                self.report(object.start(), Some(here.clone()), twice);
            }
        } else {
            self.by_id.insert(id, ix);
        }
        self.properties(object, ix, unknown_types);
        if class == &INTERFACE
            && let Some(parent) = expected.parent
        {
            let around = self.elements[parent as usize].interface as usize;
            let own = object.end() - object.start();
            self.elements[around].length = self.elements[around].length.saturating_sub(own);
        }
        Some(ix)
    }

    fn path_of(&self, stands: ElementPosition) -> String {
        match stands {
            ElementPosition::Root(None) => "$".into(),
            ElementPosition::Root(Some(index)) => format!("$[{index}]"),
            ElementPosition::In(parent, property, index) => {
                let parent = path(&self.elements, parent);
                if property.max[0] > 1 {
                    format!("{parent}.{}[{index}]", property.name)
                } else {
                    format!("{parent}.{}", property.name)
                }
            }
        }
    }

    /// Returns the context of an element.
    fn context(&mut self, object: &Object<'a>, expected: Expected, here: &str) -> Option<Rc<Context>> {
        let outer = expected.parent.map(|parent| self.elements[parent as usize].context.clone());
        let Some(value) = get(object, "@context") else { return outer };
        let mut specifiers = each(value);
        // In version 2 this context may precede the context of the language or follow it.
        if let [Value::StringLit(first), Value::StringLit(second), ..] = specifiers[..]
            && first.value == IOT_CENTRAL
            && second.value == "dtmi:dtdl:context;2"
        {
            specifiers.swap(0, 1);
        }
        let inherited = outer.as_ref().map_or(Vec::new(), |outer| outer.extensions.clone());
        let restarts = specifiers
            .first()
            .and_then(|first| first.as_string_lit())
            .is_some_and(|first| first.value.starts_with("dtmi:dtdl:context;"));
        let mut context = match outer {
            Some(outer) if !restarts => (*outer).clone(),
            _ => Context::none(),
        };
        let mut good = true;
        for specifier in &specifiers {
            let result = match specifier {
                Value::StringLit(word) => context.add(&word.value),
                Value::Object(_) => {
                    let help = "DTDL has no local contexts: use the terms of the language and of its extensions";
                    Err((
                        "dtdl-local-context",
                        "a context must be an identifier, not an object".to_string(),
                        Some(help.to_string()),
                    ))
                }
                _ => Err(("dtdl-unknown-context", "a context must be an identifier".to_string(), None)),
            };
            match result {
                Ok(next) => context = next,
                Err(wrong) => {
                    self.wrong(specifier.start(), here, wrong);
                    good = false;
                }
            }
        }
        if specifiers.is_empty() && expected.parent.is_none() {
            let wrong = ("dtdl-no-context", "the `@context` is empty".to_string(), None);
            self.wrong(value.start(), here, wrong);
            return None;
        }
        if let Some(wrong) = context.incomplete() {
            self.wrong(value.start(), here, wrong);
            good = false;
        }
        // After an unknown context the meaning of all terms is unknown, so one error is enough.
        if !good && context.version == 0 {
            return None;
        }
        if restarts {
            let renewed = |known: &Extension| context.extensions.iter().any(|own| own.kind == known.kind);
            let missing: Vec<_> = inherited.into_iter().filter(|known| !renewed(known)).collect();
            context.extensions.splice(0..0, missing);
        }
        Some(Rc::new(context))
    }

    fn wrong(&mut self, at: usize, here: &str, (code, message, help): super::context::ContextError) {
        let mut diagnostic = Diagnostic::error(code, message);
        diagnostic.help = help;
        self.report(at, Some(format!("{here}['@context']")), diagnostic);
    }

    /// Returns the class and the added types of an element, and whether it has unknown types, which version 2 permits.
    fn types(
        &mut self,
        object: &Object<'a>,
        expected: Expected,
        context: &Context,
        here: &str,
    ) -> Option<(&'static Class, Vec<Cotype>, bool)> {
        let version = context.version;
        let wanted = expected.class;
        let words = get(object, "@type").map(each).unwrap_or_default();
        let path = || Some(format!("{here}['@type']"));
        if let Some(parent) = expected.parent {
            let around = self.elements[parent as usize].version();
            if version > around || version < around && !expected.rule.earlier {
                let message = format!("version {version} of DTDL can't be used inside of version {around} here");
                self.report(object.start(), Some(here.into()), Diagnostic::error("dtdl-version", message));
            }
        }
        if get(object, "@type").is_none() {
            if wanted.type_optional.contains(&version) {
                return Some((wanted, Vec::new(), false));
            }
            let message = format!("expected `\"@type\": \"{}\"`, found none", choices(wanted, version).join("\", \""));
            self.report(object.start(), Some(here.into()), Diagnostic::error("dtdl-no-type", message));
            return None;
        }
        let (mut class, mut cotypes, mut unknown): (Option<&'static Class>, Vec<Cotype>, bool) =
            (None, Vec::new(), false);
        for word in words {
            let Value::StringLit(literal) = word else {
                self.report(word.start(), path(), Diagnostic::error("dtdl-bad-type", "a type must be a string"));
                continue;
            };
            let name = literal.value.as_ref();
            let bad = |message: String| Diagnostic::error("dtdl-bad-type", message);
            match context.type_of(name) {
                TypeRef::Class(found) => match class {
                    Some(known) if known != found => {
                        let message = format!("an element can't be both a {} and a {}", known.name, found.name);
                        self.report(word.start(), path(), bad(message));
                        return None;
                    }
                    _ => class = Some(found),
                },
                TypeRef::Cotype(found) => {
                    if !cotypes
                        .iter()
                        .any(|known| known.name() == found.name() && known.extension() == found.extension())
                    {
                        cotypes.push(found);
                    }
                }
                TypeRef::Undefined | TypeRef::Iri if version == 2 => unknown = true,
                TypeRef::Undefined => {
                    let unknown = bad(format!("`{name}` is not a type in this context"));
                    let unknown = match context.bringing(name) {
                        Some(missing) => unknown.help(format!("add `{missing}` to the `@context`")),
                        None => unknown.did_you_mean(name, context.type_names()),
                    };
                    self.report(word.start(), path(), unknown);
                }
                TypeRef::Irrelevant => {
                    let message = format!("`{name}` is not a type that an element can have");
                    self.report(word.start(), path(), bad(message).did_you_mean(name, context.type_names()));
                }
                TypeRef::InvalidDtmi => {
                    self.report(word.start(), path(), bad(format!("`{name}` is not a valid identifier of a type")));
                }
                TypeRef::Iri => self.report(word.start(), path(), bad(format!("`{name}` is not a type of DTDL"))),
            }
        }
        let Some(class) = class else {
            let message = format!("`@type` has none of {}", choices(wanted, version).join(", "));
            self.report(object.start(), path(), Diagnostic::error("dtdl-no-type", message));
            return None;
        };
        if !class.is_a(wanted) {
            let (code, message) = match expected.stands {
                ElementPosition::Root(_) => {
                    ("dtdl-not-an-interface", format!("expected an Interface, found a {}", class.name))
                }
                ElementPosition::In(_, property, _) => {
                    let wanted = choices(wanted, version).join(" or ");
                    ("dtdl-wrong-class", format!("`{}` takes {wanted}, not a {}", property.name, class.name))
                }
            };
            self.report(object.start(), path(), Diagnostic::error(code, message));
            return None;
        }
        self.check_cotypes(object, class, &cotypes, context, here);
        Some((class, cotypes, unknown))
    }

    /// Checks that the added types are compatible with the class and with one another.
    fn check_cotypes(&mut self, object: &Object<'a>, class: &Class, cotypes: &[Cotype], context: &Context, here: &str) {
        let path = || Some(format!("{here}['@type']"));
        let mut wrong = Vec::new();
        for (at, cotype) in cotypes.iter().enumerate() {
            let (extension, name) = (cotype.extension(), cotype.name());
            let fits = match cotype {
                Cotype::Supplement(_, known) => known.fits(class),
                Cotype::Quantity(extension, _, _) if extension.version == 2 && extension.kind == Kind::Core => {
                    ["Property", "Telemetry"].contains(&class.name)
                }
                Cotype::Quantity(..) => {
                    ["CommandRequest", "CommandResponse", "Field", "MapValue", "Property", "Telemetry"]
                        .contains(&class.name)
                }
            };
            if !fits {
                wrong.push(format!("a {} can't be a {name}", class.name));
            }
            let core = extension.kind == Kind::Core;
            if !core && !extension.language_versions().contains(&context.version) {
                wrong.push(format!("`{name}` of this extension is not for version {} of DTDL", context.version));
            }
            if let Cotype::Supplement(_, known) = cotype {
                let has = |kind, version, name| {
                    cotypes.iter().any(|other| {
                        other.name() == name && other.extension().kind == kind && other.extension().version == version
                    })
                };
                if let Some((kind, needed)) = known.needs
                    && !has(kind, extension.version, needed)
                {
                    wrong.push(format!("a {name} must also be a {needed}, of the same version of the extension"));
                }
                if let Some((kind, version, excluded)) = known.excludes
                    && has(kind, version, excluded)
                {
                    wrong.push(format!("a {name} can't also be a {excluded}"));
                }
            }
            for other in &cotypes[..at] {
                if let Some(shared) = cotype.properties().iter().find(|own| other.property(own.name).is_some()) {
                    wrong.push(format!("`{name}` and `{}` both define a property `{}`", other.name(), shared.name));
                }
            }
        }
        for message in wrong {
            self.report(object.start(), path(), Diagnostic::error("dtdl-bad-type", message));
        }
    }

    /// Returns the element's own identifier after checks, or an assigned one.
    fn identifier(
        &mut self,
        object: &Object<'a>,
        expected: Expected,
        class: &Class,
        context: &Context,
        here: &str,
    ) -> Arc<str> {
        let path = Some(format!("{here}['@id']"));
        let given: Arc<str> = match expected.stands {
            ElementPosition::Root(_) => format!("dtmi:unnamed:element{}", self.elements.len()).into(),
            ElementPosition::In(parent, property, index) => {
                let name = get(object, "name").and_then(crate::model::json::text).map(str::to_string);
                let name = expected.rule.named.then(|| name.unwrap_or_else(|| format!("unnamed{index}")));
                let parent = &self.elements[parent as usize].id;
                let several = property.max[0] > 1 && name.is_none();
                let name = if several { Some(format!("unnamed{index}")) } else { name };
                dtmi::assigned(parent, property.name, name.as_deref()).into()
            }
        };
        let Some(value) = get(object, "@id") else {
            if class == &INTERFACE || expected.rule.id_required {
                let message = format!("the {} has no `@id`", class.name);
                self.report(object.start(), Some(here.into()), Diagnostic::error("dtdl-no-id", message));
            }
            return given;
        };
        let id = match value {
            Value::StringLit(literal) => literal.value.as_ref(),
            _ => "",
        };
        let version = context.version;
        let limit = if class == &INTERFACE { context.limits.interface_id } else { context.limits.id };
        let bad = |message: String| Some(Diagnostic::error("dtdl-bad-dtmi", message));
        let problem = match Dtmi::parse(id, version) {
            None => {
                let help = if version == 2 {
                    "a DTMI is `dtmi:`, segments of letters, digits and `_`, then `;` and a version: `dtmi:com:example:Room;1`"
                } else {
                    "a DTMI is `dtmi:` and segments of letters, digits and `_`, optionally `;` and a version: `dtmi:com:example:Room;1`"
                };
                let message =
                    if id.is_empty() { "`@id` is not a string".into() } else { format!("`{id}` is not a DTMI") };
                bad(message).map(|found| found.help(help))
            }
            Some(parsed) if parsed.fragment.is_some() => bad(format!("`{id}` has a fragment")),
            Some(parsed) if !parsed.is_user() => bad(format!("`{id}` has a segment that starts with `_`")),
            Some(_) if context.reserved().any(|prefix| id.starts_with(prefix)) => {
                bad(format!("`{id}` starts with a prefix that is reserved for DTDL"))
            }
            Some(_) if id.len() > limit => {
                bad(format!("the identifier has {} characters; at most {limit} are allowed", id.len()))
            }
            Some(_) => None,
        };
        if let Some(found) = problem {
            self.report(value.start(), path, found);
        }
        if id.is_empty() { given } else { id.into() }
    }

    /// Reads the properties of an element.
    fn properties(&mut self, object: &Object<'a>, ix: ElementIx, unknown_types: bool) {
        let (class, version) = (self.elements[ix as usize].class, self.elements[ix as usize].version());
        let mut seen: Vec<&'static PropertyDef> = Vec::new();
        let mut words: Vec<&str> = Vec::new();
        for member in &object.properties {
            let word = member.name.as_str();
            if words.contains(&word) {
                let message = format!("`{word}` occurs twice");
                self.report_on(ix, Some(member.start()), Diagnostic::error("dtdl-duplicate-property", message));
                continue;
            }
            words.push(word);
            if word.starts_with('@') {
                self.keyword(member, ix, version);
                continue;
            }
            let key = self.elements[ix as usize].context.key(word);
            let found = match &key {
                KeyRef::Property(extension, name) => self.property(ix, *extension, name),
                _ => None,
            };
            let Some(property) = found else {
                // Version 2 permits unknown properties if an unknown type may define them.
                if !(version == 2 && unknown_types) {
                    self.unknown_property(member, ix, &key);
                }
                continue;
            };
            if seen.iter().any(|known| std::ptr::eq(*known, property)) {
                let message = format!("`{}` occurs twice", property.name);
                self.report_on(ix, Some(member.start()), Diagnostic::error("dtdl-duplicate-property", message));
                continue;
            }
            seen.push(property);
            self.values(&member.value, ix, property);
        }
        let cotypes = self.elements[ix as usize].cotypes.iter().flat_map(Cotype::properties);
        let wanted: Vec<_> = class.all_properties(version).chain(cotypes).collect();
        for property in wanted {
            let there = self.elements[ix as usize].all(property.name).count();
            if of(property.min, version) > 0 && there == 0 && !seen.iter().any(|known| known.name == property.name) {
                let message = format!("the {} has no `{}`", class.name, property.name);
                let code = if property.name == "name" { "dtdl-no-name" } else { "dtdl-missing" };
                self.report_on(ix, None, Diagnostic::error(code, message));
            }
        }
    }

    fn keyword(&mut self, member: &ObjectProp<'a>, ix: ElementIx, version: u8) {
        let word = member.name.as_str();
        if ["@id", "@type", "@context"].contains(&word) || version == 2 && word != "@graph" {
            return;
        }
        let message = format!("`{word}` has no meaning in DTDL");
        self.report_on(ix, Some(member.start()), Diagnostic::error("dtdl-keyword", message));
    }

    /// Returns the property of the element's class or of its added types, by name.
    fn property(&self, ix: ElementIx, of: Option<Extension>, name: &str) -> Option<&'static PropertyDef> {
        let element = &self.elements[ix as usize];
        let is_core = of.is_none_or(|of| of.kind == Kind::Core);
        let own = is_core.then(|| element.class.property(name, element.version())).flatten();
        // A plain name belongs to an extension of the context; an identifier names its extension itself.
        let known = |extension: Extension| match of {
            Some(of) => of == extension || of.kind == Kind::Core,
            None => extension.kind == Kind::Core || element.context.extensions.contains(&extension),
        };
        let added = element.cotypes.iter().filter(|cotype| known(cotype.extension()));
        own.or_else(|| added.into_iter().find_map(|cotype| cotype.property(name)))
    }

    fn unknown_property(&mut self, member: &ObjectProp<'a>, ix: ElementIx, key: &KeyRef) {
        let element = &self.elements[ix as usize];
        let word = member.name.as_str();
        let message = match key {
            KeyRef::Property(..) | KeyRef::Other => format!("a {} has no property `{word}`", element.class.name),
            KeyRef::InvalidDtmi => format!("`{word}` is not a valid identifier of a property"),
            KeyRef::Iri => format!("`{word}` is not a property of DTDL"),
        };
        let cotypes = element.cotypes.iter().flat_map(Cotype::properties);
        let known = element.class.all_properties(element.version()).chain(cotypes).map(|property| property.name);
        let brings = element.context.extensions.iter().find_map(|extension| {
            extension.types().find(|known| known.property(word, extension.version).is_some()).map(|known| known.name)
        });
        let mut unknown = Diagnostic::error("dtdl-unknown-property", message).did_you_mean(word, known);
        if let (Some(brings), None) = (brings, &unknown.help) {
            unknown = unknown.help(format!("add the type `{brings}`, which defines it"));
        }
        if word == "unit" && unknown.help.is_none() {
            unknown = unknown.help("a unit needs a semantic type: `\"@type\": [\"Property\", \"Temperature\"]`");
        }
        self.report_on(ix, Some(member.start()), unknown);
    }

    /// Reads all values of a property.
    fn values(&mut self, value: &Value<'a>, ix: ElementIx, property: &'static PropertyDef) {
        let version = self.elements[ix as usize].version();
        if let PermittedValues::Language(limits) = property.holds {
            let limit = match property.name {
                "description" if version == 4 => self.elements[ix as usize].context.limits.description,
                _ => of(limits, version),
            };
            match literal::language(value, limit, version) {
                Ok(texts) if texts.is_empty() => {}
                Ok(texts) => self.hold(ix, property, value.start(), Val::Language(texts)),
                Err((at, message)) => self.bad_value(ix, property, at, message),
            }
            return;
        }
        let values = flat(value);
        let (least, most) = (of(property.min, version), of(property.max, version));
        if values.len() > most as usize && most == 1 {
            self.bad_value(ix, property, value.start(), "takes one value only");
            return;
        }
        if (values.len() as u64) < u64::from(least) {
            let few = if least == 1 { "needs a value".to_string() } else { format!("needs {least} values") };
            self.bad_value(ix, property, value.start(), few);
        }
        // Inherited contents are counted later, together with the own ones.
        let distinct: HashSet<_> =
            values.iter().filter_map(|value| value.as_string_lit()).map(|text| &text.value).collect();
        let repeated = values.iter().filter(|value| value.as_string_lit().is_some()).count() - distinct.len();
        if values.len() - repeated > most as usize && most != MANY {
            let message = format!("has {} values; at most {most} are allowed", values.len());
            self.bad_value(ix, property, value.start(), message);
        }
        for (index, value) in values.into_iter().enumerate() {
            self.value(value, ix, property, index as u32);
        }
    }

    /// Reads one value of a property.
    fn value(&mut self, value: &Value<'a>, ix: ElementIx, property: &'static PropertyDef, index: u32) {
        let version = self.elements[ix as usize].version();
        let at = value.start();
        let result = match property.holds {
            PermittedValues::Element(rule) => {
                if let Some(value) = self.reference(value, ix, property, rule, index) {
                    self.hold(ix, property, at, value);
                }
                return;
            }
            PermittedValues::Text(limits, rule) => {
                let unlimited = matches!(rule, TextRule::Name) && !self.elements[ix as usize].context.limits.names;
                let limit = if unlimited { usize::MAX } else { of(limits, version) };
                literal::text(value, limit, rule, version).map(Val::Text)
            }
            PermittedValues::Boolean => literal::boolean(value, version).map(Val::Boolean),
            PermittedValues::Integer(low, high) => {
                literal::integer(value, low, of(high, version), version).map(Val::Integer)
            }
            PermittedValues::Number => literal::number(value, version).map(Val::Number),
            PermittedValues::Literal => literal::any(value, version),
            PermittedValues::Identifier => {
                literal::identifier(value, property.name == "target", &self.elements[ix as usize].context)
                    .map(|id| Val::Id(id.into()))
            }
            PermittedValues::Language(_) => return,
        };
        match result {
            Ok(value) => self.hold(ix, property, at, value),
            Err(message) => self.bad_value(ix, property, at, message),
        }
    }

    fn hold(&mut self, ix: ElementIx, property: &'static PropertyDef, at: usize, value: Val) {
        self.elements[ix as usize].values.push(PropertyValue { property, at, value });
    }

    fn bad_value(&mut self, ix: ElementIx, property: &PropertyDef, at: usize, message: impl fmt::Display) {
        let code = if property.name == "name" { "dtdl-bad-name" } else { "dtdl-bad-value" };
        self.report_on(ix, Some(at), Diagnostic::error(code, format!("`{}` {message}", property.name)));
    }

    /// Reads an element as a value: in place, or by identifier or term.
    fn reference(
        &mut self,
        value: &Value<'a>,
        ix: ElementIx,
        property: &'static PropertyDef,
        rule: ElementRule,
        index: u32,
    ) -> Option<Val> {
        let context = self.elements[ix as usize].context.clone();
        let class = of(rule.class, context.version);
        match value {
            Value::StringLit(word) => {
                let word = word.value.as_ref();
                let standard = if word.starts_with("dtmi:") {
                    Standard::of_id(word)
                } else if property.name == "unit" {
                    context.unit_sets().find_map(|set| Standard::of_unit_term(word, set))
                } else {
                    Standard::of_term(word, &context)
                };
                if let Some(standard) = standard {
                    let message = unfit(standard, property, rule, class, context.version);
                    if let Some(message) = message {
                        self.bad_value(ix, property, value.start(), message);
                        return None;
                    }
                    return Some(Val::Standard(standard));
                }
                match Dtmi::parse(word, context.version) {
                    Some(_) if context.reserved().any(|prefix| word.starts_with(prefix)) => {
                        self.bad_value(
                            ix,
                            property,
                            value.start(),
                            format!("names `{word}`, which the language doesn't define"),
                        );
                        None
                    }
                    Some(parsed)
                        if parsed.is_user() && parsed.fragment.is_none() && word.len() <= context.limits.id =>
                    {
                        if !rule.only.is_empty() {
                            let message = format!("must be {}", rule.only.join(" or "));
                            self.bad_value(ix, property, value.start(), message);
                            return None;
                        }
                        Some(Val::Reference(word.into()))
                    }
                    _ => {
                        self.unknown_word(ix, property, value.start(), word, class);
                        None
                    }
                }
            }
            Value::Object(object) => {
                if object.properties.len() == 1 && get(object, "@id").is_some() {
                    let message = "has an object with only an `@id`; write just the identifier";
                    self.bad_value(ix, property, value.start(), message);
                    return None;
                }
                if !rule.only.is_empty() {
                    self.bad_value(ix, property, value.start(), format!("must be {}", rule.only.join(" or ")));
                    return None;
                }
                let stands = ElementPosition::In(ix, property, index);
                self.element(object, Expected { class, rule, stands, parent: Some(ix) }).map(Val::Child)
            }
            _ => {
                self.bad_value(ix, property, value.start(), "takes an element, an identifier or a term");
                None
            }
        }
    }

    fn unknown_word(&mut self, ix: ElementIx, property: &PropertyDef, at: usize, word: &str, class: &'static Class) {
        use crate::model::schema::PRIMITIVES;
        let version = self.elements[ix as usize].version();
        let unit_class = self.elements[ix as usize].cotypes.iter().find_map(Cotype::unit_class);
        let (code, what) = match property.name {
            "unit" => ("unknown-unit", "a unit"),
            "schema" | "elementSchema" | "valueSchema" => ("dtdl-unknown-schema", "a schema"),
            _ => ("dtdl-bad-value", "a known identifier or term"),
        };
        let unknown = Diagnostic::error(code, format!("`{word}` is not {what}"));
        let unknown = match (property.name, unit_class) {
            ("unit", Some((set, class))) => {
                let units =
                    super::quantities::UnitClass::find(class, set).into_iter().flat_map(|class| class.units(set));
                unknown.did_you_mean(word, units)
            }
            _ if class.name.ends_with("Schema") => {
                let known = PRIMITIVES.iter().filter(|(_, _, since)| *since <= version).map(|(name, _, _)| *name);
                unknown.did_you_mean(word, known)
            }
            _ => unknown,
        };
        self.report_on(ix, Some(at), unknown);
    }
}

/// Returns the reason why an element of the language cannot be the value of a property, if any.
fn unfit(
    standard: Standard,
    property: &PropertyDef,
    rule: ElementRule,
    class: &'static Class,
    version: u8,
) -> Option<String> {
    let name = standard.name();
    if !rule.only.is_empty() && !rule.only.contains(&name) {
        return Some(format!("must be {}, not `{name}`", rule.only.join(" or ")));
    }
    // Primitive schemas are the same in all versions; any other element of the language must be of the same or an
    // earlier version.
    if standard.version() > version || standard.version() < version && !rule.earlier && property.name != "unit" {
        return Some(format!("can't be `{name}` of version {} of DTDL", standard.version()));
    }
    // The units of version 2 belong to a class of their own.
    let is_unit = matches!(standard, Standard::Unit(_, Set::Core2)) && property.name != "unit";
    let fits = !is_unit && (standard.class().is_a(class) || class.is_a(standard.class()));
    (!fits).then(|| format!("takes a {}, and `{name}` is not one", class.name))
}

/// Returns the names of the classes that an element may have where `wanted` is expected.
fn choices(wanted: &'static Class, version: u8) -> Vec<&'static str> {
    CLASSES
        .iter()
        .filter(|class| class.is_a(wanted) && class.concrete.contains(&version))
        .map(|class| class.name)
        .collect()
}
