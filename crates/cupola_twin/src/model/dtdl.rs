//! Reads DTDL, versions 2 and 3: interfaces with properties and telemetry of primitive and enumeration schemas,
//! relationships, components and `extends`.
//!
//! Source: Digital Twins Definition Language, versions 2 and 3.

use super::json::{Source, each, get, localised, text};
use super::{Component, Interface, ModelIx, Models, Property, RelationshipType, short_name};
use crate::diagnostic::{Diagnostic, Place};
use crate::unit;
use crate::value::Kind;
use jsonc_parser::ast::{Object, Value};
use std::collections::BTreeMap;
use std::sync::Arc;

/// How far `extends` and components may lead; the versions of DTDL allow 10 to 12.
const MAX_DEPTH: usize = 64;

/// An interface as its document has it, before anything is inherited.
struct Draft {
    id: Arc<str>,
    display_name: Option<String>,
    description: Option<String>,
    place: Place,
    extends: Vec<(Arc<str>, Place)>,
    properties: Vec<Property>,
    relationships: Vec<RelationshipType>,
    components: Vec<(Component, Place)>,
}

pub(super) fn read<'a>(documents: impl IntoIterator<Item = (Arc<str>, &'a str)>) -> (Models, Vec<Diagnostic>) {
    let mut drafts: BTreeMap<Arc<str>, Draft> = BTreeMap::new();
    let mut diagnostics = Vec::new();
    for (file, text) in documents {
        let mut source = Source::new(file, text);
        if let Some(root) = source.parse() {
            for value in each(&root) {
                match value {
                    Value::Object(object) => {
                        read_interface(&mut source, object, true, &mut drafts);
                    }
                    other => source.error(other, "dtdl-not-an-interface", "expected an interface object"),
                }
            }
        }
        diagnostics.append(&mut source.diagnostics);
    }
    let models = flatten(&drafts, &mut diagnostics);
    (models, diagnostics)
}

/// Reads an interface, top-level or nested, into `drafts`; returns its id.
fn read_interface(
    source: &mut Source<'_>,
    object: &Object<'_>,
    top: bool,
    drafts: &mut BTreeMap<Arc<str>, Draft>,
) -> Option<Arc<str>> {
    if top {
        check_context(source, object);
    }
    if !has_type(object, "Interface") {
        let types = get(object, "@type").map(|value| each(value).into_iter().filter_map(text).collect::<Vec<_>>());
        let found = types.map_or("nothing".to_string(), |types| format!("`{}`", types.join("`, `")));
        let message = format!("expected `\"@type\": \"Interface\"`, found {found}");
        source.error(object, "dtdl-not-an-interface", message);
        return None;
    }
    let Some(id_value) = get(object, "@id") else {
        source.error(object, "dtdl-no-id", "the interface has no `@id`");
        return None;
    };
    let id: Arc<str> = match text(id_value) {
        Some(id) if is_dtmi(id) => id.into(),
        _ => {
            let help = "a DTMI is `dtmi:` and segments of letters, digits and `_`, then `;` and a version: `dtmi:com:example:Room;1`";
            source.report(id_value, Diagnostic::error("dtdl-bad-dtmi", "`@id` is not a DTMI").help(help));
            return None;
        }
    };
    let mut draft = Draft {
        id: id.clone(),
        display_name: get(object, "displayName").and_then(localised),
        description: get(object, "description").and_then(localised),
        place: source.place(object),
        extends: Vec::new(),
        properties: Vec::new(),
        relationships: Vec::new(),
        components: Vec::new(),
    };
    for base in get(object, "extends").map(each).unwrap_or_default() {
        let place = source.place(base);
        match base {
            Value::StringLit(base) => draft.extends.push((base.value.as_ref().into(), place)),
            Value::Object(nested) => {
                draft.extends.extend(read_interface(source, nested, false, drafts).map(|id| (id, place)));
            }
            other => source.error(other, "dtdl-bad-extends", "`extends` names interfaces or holds them"),
        }
    }
    let mut named_schemas = BTreeMap::new();
    for schema in get(object, "schemas").map(each).unwrap_or_default() {
        if let Value::Object(schema) = schema
            && let Some(id) = get(schema, "@id").and_then(text)
        {
            named_schemas.insert(id, schema);
        }
    }
    for content in get(object, "contents").map(each).unwrap_or_default() {
        match content {
            Value::Object(content) => read_content(source, content, &named_schemas, &mut draft, drafts),
            other => source.error(other, "dtdl-bad-content", "`contents` holds objects"),
        }
    }
    if let Some(first) = drafts.get(&id) {
        let first = &first.place;
        let message = format!("`{id}` is defined twice; first at {}:{}:{}", first.file, first.line, first.column);
        source.error(object, "dtdl-duplicate-id", message);
        return Some(id);
    }
    drafts.insert(id.clone(), draft);
    Some(id)
}

fn check_context(source: &mut Source<'_>, object: &Object<'_>) {
    let contexts = get(object, "@context").map(each).unwrap_or_default();
    let version =
        contexts.iter().filter_map(|value| text(value)).find_map(|name| name.strip_prefix("dtmi:dtdl:context;"));
    match version.and_then(|version| version.split('#').next()) {
        Some("2" | "3" | "4") => {}
        Some(other) => {
            let message = format!("DTDL version {other} is not known");
            source.report(object, Diagnostic::error("dtdl-version", message).help("use `dtmi:dtdl:context;3`"));
        }
        None => {
            let help = "add `\"@context\": \"dtmi:dtdl:context;3\"`";
            source.report(
                object,
                Diagnostic::error("dtdl-no-context", "the interface has no DTDL `@context`").help(help),
            );
        }
    }
}

fn has_type(object: &Object<'_>, wanted: &str) -> bool {
    get(object, "@type").is_some_and(|types| each(types).into_iter().filter_map(text).any(|found| found == wanted))
}

fn read_content(
    source: &mut Source<'_>,
    object: &Object<'_>,
    schemas: &BTreeMap<&str, &Object<'_>>,
    draft: &mut Draft,
    drafts: &mut BTreeMap<Arc<str>, Draft>,
) {
    const CLASSES: [&str; 5] = ["Property", "Telemetry", "Relationship", "Component", "Command"];
    let Some(class) = CLASSES.into_iter().find(|class| has_type(object, class)) else {
        let found = get(object, "@type").and_then(text).unwrap_or_default().to_string();
        let message = format!("`{found}` is not a kind of content");
        let unknown = Diagnostic::error("dtdl-bad-content", message).did_you_mean(&found, CLASSES);
        source.report(object, unknown);
        return;
    };
    let name: Arc<str> = match get(object, "name").and_then(text) {
        Some(name) if is_name(name) => name.into(),
        Some(name) => {
            let help = "a name starts with a letter and holds letters, digits and `_`, not at its end";
            let message = format!("`{name}` is not a valid name");
            source.report(object, Diagnostic::error("dtdl-bad-name", message).help(help));
            return;
        }
        None => {
            source.error(object, "dtdl-no-name", format!("the {} has no `name`", class.to_lowercase()));
            return;
        }
    };
    let taken = draft.properties.iter().any(|known| known.name == name)
        || draft.relationships.iter().any(|known| known.name == name)
        || draft.components.iter().any(|(known, _)| known.name == name);
    if taken {
        source.error(object, "dtdl-duplicate-name", format!("`{name}` is defined twice in `{}`", draft.id));
        return;
    }
    let display_name = get(object, "displayName").and_then(localised).unwrap_or_else(|| spoken(&name));
    let place = source.place(object);
    match class {
        "Property" | "Telemetry" => {
            let Some((kind, choices)) = read_schema(source, object, schemas, &name) else { return };
            draft.properties.push(Property {
                display_name,
                description: get(object, "description").and_then(localised),
                kind,
                unit: read_unit(source, object, &name),
                choices,
                telemetry: class == "Telemetry",
                writable: get(object, "writable").and_then(Value::as_boolean_lit).is_some_and(|flag| flag.value),
                place,
                name,
            });
        }
        "Relationship" => {
            let target = get(object, "target").and_then(text).map(Into::into);
            draft.relationships.push(RelationshipType { name, display_name, target, place });
        }
        "Component" => {
            let schema = match get(object, "schema") {
                Some(Value::StringLit(id)) => Some(id.value.as_ref().into()),
                Some(Value::Object(nested)) => read_interface(source, nested, false, drafts),
                _ => {
                    source.error(
                        object,
                        "dtdl-no-schema",
                        format!("component `{name}` names no interface as its `schema`"),
                    );
                    None
                }
            };
            draft.components.extend(schema.map(|schema| (Component { name, schema }, place)));
        }
        _ => {}
    }
}

/// The kind and the permitted texts of a property's schema; `None` after reporting that it has none.
fn read_schema(
    source: &mut Source<'_>,
    object: &Object<'_>,
    schemas: &BTreeMap<&str, &Object<'_>>,
    name: &str,
) -> Option<(Option<Kind>, Vec<String>)> {
    let Some(schema) = get(object, "schema") else {
        let help = "add `\"schema\": \"double\"`";
        source.report(object, Diagnostic::error("dtdl-no-schema", format!("`{name}` has no `schema`")).help(help));
        return None;
    };
    let complex = match schema {
        Value::StringLit(word) => match primitive(&word.value) {
            Some(kind) => return Some((Some(kind), Vec::new())),
            None => match schemas.get(word.value.as_ref()) {
                Some(complex) => *complex,
                None if word.value.starts_with("dtmi:standard:schema:geospatial:") || is_dtmi(&word.value) => {
                    return Some((None, Vec::new()));
                }
                None => {
                    let unknown = Diagnostic::error("dtdl-unknown-schema", format!("`{}` is not a schema", word.value));
                    source.report(schema, unknown.did_you_mean(&word.value, PRIMITIVES.map(|(name, _)| name)));
                    return None;
                }
            },
        },
        Value::Object(complex) => complex,
        other => {
            source.error(other, "dtdl-unknown-schema", "a schema is a name or an object");
            return None;
        }
    };
    if !has_type(complex, "Enum") {
        return Some((None, Vec::new()));
    }
    let kind = match get(complex, "valueSchema").and_then(text) {
        Some("integer") => Kind::Integer,
        Some("string") => Kind::Text,
        _ => {
            source.error(schema, "dtdl-bad-enum", "`valueSchema` of an enumeration is `string` or `integer`");
            return None;
        }
    };
    let values = get(complex, "enumValues").map(each).unwrap_or_default();
    let choices =
        values.into_iter().filter_map(Value::as_object).filter_map(|value| get(value, "enumValue")?.as_string_lit());
    Some((Some(kind), choices.map(|value| value.value.to_string()).collect()))
}

const PRIMITIVES: [(&str, Kind); 10] = [
    ("boolean", Kind::Bool),
    ("date", Kind::Text),
    ("dateTime", Kind::Time),
    ("double", Kind::Number),
    ("duration", Kind::Text),
    ("float", Kind::Number),
    ("integer", Kind::Integer),
    ("long", Kind::Integer),
    ("string", Kind::Text),
    ("time", Kind::Text),
];

fn primitive(word: &str) -> Option<Kind> {
    PRIMITIVES.iter().find(|(name, _)| *name == word).map(|(_, kind)| *kind)
}

fn read_unit(source: &mut Source<'_>, object: &Object<'_>, name: &str) -> Option<&'static unit::Unit> {
    let value = get(object, "unit")?;
    let word = text(value).unwrap_or_default();
    let types = get(object, "@type").map(each).unwrap_or_default();
    let dimension = types.into_iter().filter_map(text).find_map(unit::dimension_of);
    let Some(found) = unit::find(word) else {
        let unknown = Diagnostic::error("unknown-unit", format!("`{word}` is not a unit"));
        source.report(value, unknown.did_you_mean(word, unit::names(dimension)));
        return None;
    };
    if let Some(dimension) = dimension.filter(|wanted| *wanted != found.dimension) {
        let message = format!("`{name}` is of {dimension:?}, but its unit `{word}` is of {:?}", found.dimension);
        let units: Vec<_> = unit::names(Some(dimension)).take(4).collect();
        source.report(value, Diagnostic::error("wrong-unit", message).help(format!("use one of {}", units.join(", "))));
        return None;
    }
    Some(found)
}

/// Lays out what every interface inherits and what its components bring.
fn flatten(drafts: &BTreeMap<Arc<str>, Draft>, diagnostics: &mut Vec<Diagnostic>) -> Models {
    let index: BTreeMap<&str, ModelIx> =
        drafts.keys().enumerate().map(|(ix, id)| (&**id, ModelIx(ix as u32))).collect();
    let mut flat: BTreeMap<&str, Interface> = BTreeMap::new();
    for id in drafts.keys() {
        visit(id, drafts, &index, &mut flat, &mut Vec::new(), diagnostics);
    }
    Models::new(flat.into_values().collect())
}

fn visit<'d>(
    id: &'d str,
    drafts: &'d BTreeMap<Arc<str>, Draft>,
    index: &BTreeMap<&str, ModelIx>,
    flat: &mut BTreeMap<&'d str, Interface>,
    path: &mut Vec<&'d str>,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let (Some(draft), false) = (drafts.get(id), flat.contains_key(id)) else { return };
    path.push(id);
    let mut interface = Interface {
        id: draft.id.clone(),
        display_name: draft.display_name.clone().unwrap_or_else(|| short_name(id).to_string()),
        description: draft.description.clone(),
        place: draft.place.clone(),
        ancestors: vec![index[id]],
        properties: Vec::new(),
        relationships: Vec::new(),
        components: Vec::new(),
    };
    let components =
        draft.components.iter().map(|(component, place)| (&component.schema, Some(&component.name), place));
    let bases = draft.extends.iter().map(|(base, place)| (base, None, place));
    for (other, component, place) in bases.chain(components) {
        if path.len() > MAX_DEPTH {
            let message = format!("`{id}` is more than {MAX_DEPTH} interfaces deep in `extends` and components");
            diagnostics.push(Diagnostic::error("dtdl-too-deep", message).at(place.clone()));
            continue;
        }
        if path.contains(&&**other) {
            let message = format!("`{id}` contains itself: {} → {other}", path.join(" → "));
            diagnostics.push(Diagnostic::error("dtdl-circular", message).at(place.clone()));
            continue;
        }
        let Some((other, _)) = drafts.get_key_value(other) else {
            let unknown =
                Diagnostic::error("unknown-model", format!("no interface is called `{other}`")).at(place.clone());
            diagnostics.push(unknown.did_you_mean(other, drafts.keys().map(|id| &**id)));
            continue;
        };
        visit(other, drafts, index, flat, path, diagnostics);
        let Some(other) = flat.get(&**other) else { continue };
        match component {
            None => inherit(&mut interface, other),
            Some(name) => {
                if !other.components.is_empty() {
                    // DTDL 2 and 3: a component's interface has no components of its own.
                    let message = format!("component `{name}` is of `{}`, which has components itself", other.id);
                    diagnostics.push(Diagnostic::error("dtdl-nested-component", message).at(place.clone()));
                    continue;
                }
                interface.components.push(Component { name: name.clone(), schema: other.id.clone() });
                interface.properties.extend(
                    other.properties.iter().map(|property| Property {
                        name: format!("{name}.{}", property.name).into(),
                        ..property.clone()
                    }),
                );
            }
        }
    }
    for property in &draft.properties {
        if interface.property(&property.name).is_some() {
            let message = format!("`{}` is inherited by `{id}` already", property.name);
            diagnostics.push(Diagnostic::error("dtdl-duplicate-name", message).at(property.place.clone()));
        } else {
            interface.properties.push(property.clone());
        }
    }
    interface.relationships.extend(draft.relationships.iter().cloned());
    interface.ancestors.sort_unstable();
    interface.ancestors.dedup();
    path.pop();
    flat.insert(id, interface);
}

/// Takes over what `base` has and isn't there yet: with two ways to one ancestor, its contents come once.
fn inherit(interface: &mut Interface, base: &Interface) {
    interface.ancestors.extend(&base.ancestors);
    for property in &base.properties {
        if interface.property(&property.name).is_none() {
            interface.properties.push(property.clone());
        }
    }
    for relationship in &base.relationships {
        if interface.relationship(&relationship.name).is_none() {
            interface.relationships.push(relationship.clone());
        }
    }
    for component in &base.components {
        if interface.components.iter().all(|known| known.name != component.name) {
            interface.components.push(component.clone());
        }
    }
}

fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !name.ends_with('_')
        && name.len() <= 512
}

/// Whether `id` is a Digital Twin Modeling Identifier: `dtmi:` segments `;` version.
pub(super) fn is_dtmi(id: &str) -> bool {
    let Some((path, version)) = id.strip_prefix("dtmi:").and_then(|rest| rest.split_once(';')) else { return false };
    let version_ok = version.len() <= 13
        && version.split('.').count() <= 2
        && version.split('.').all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()));
    let segment = |segment: &str| {
        let start = segment.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        start && !segment.ends_with('_') && segment.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    version_ok && path.split(':').all(segment)
}

/// `supplyTemperature` as a person reads it: `Supply temperature`.
fn spoken(name: &str) -> String {
    let mut out = String::new();
    let mut previous_lower = false;
    for (at, c) in name.chars().enumerate() {
        if at == 0 {
            out.extend(c.to_uppercase());
        } else if c == '_' {
            out.push(' ');
        } else if c.is_uppercase() && previous_lower {
            out.push(' ');
            out.extend(c.to_lowercase());
        } else {
            out.push(c);
        }
        previous_lower = c.is_lowercase() || c.is_ascii_digit();
    }
    out
}

#[cfg(test)]
mod tests;
