//! Literal values: plain JSON, JSON-LD value objects, and texts in several languages.
//!
//! Source: JSON-LD 1.1, sections 4.1, 4.2 and 9.5; BCP 47 for language tags.

use super::context::Context;
use super::dtmi::Dtmi;
use super::element::Val;
use super::metamodel::TextRule;
use crate::model::json::{each, flat};
use crate::model::schema::is_duration;
use jsonc_parser::ast::{Object, Value};
use jsonc_parser::common::Ranged;

/// Returns the content of a value object `{"@value": …, "@type": …}`, or a plain value itself. An `@type` must be one
/// of `types`.
fn inner<'v, 'a>(value: &'v Value<'a>, types: &[&str], version: u8) -> Result<&'v Value<'a>, String> {
    let Value::Object(object) = value else { return Ok(value) };
    let (mut found, mut said) = (None, false);
    for member in &object.properties {
        let word = member.name.as_str();
        match (word, &member.value) {
            ("@value", _) if found.is_some() => return Err("has two `@value`".into()),
            ("@value", value) => found = Some(value),
            ("@type", _) if said => return Err("has two `@type`".into()),
            ("@type", kind) => {
                said = true;
                let [Value::StringLit(word)] = each(kind)[..] else {
                    return Err("has an `@type` that is not a text".into());
                };
                let short = word.value.strip_prefix("http://www.w3.org/2001/XMLSchema#");
                let short = short.or_else(|| word.value.strip_prefix("xsd:"));
                if !short.is_some_and(|short| types.contains(&short)) {
                    return Err(format!("is said to be a `{}`", word.value));
                }
            }
            (other, _) if is_ignored(other, version) => {}
            (other, _) => return Err(format!("has `{other}`, which is not a part of a value")),
        }
    }
    found.ok_or_else(|| "is an object without `@value`".into())
}

/// Returns whether version 2 ignores a JSON-LD keyword.
fn is_ignored(word: &str, version: u8) -> bool {
    version == 2 && word.starts_with('@') && !["@context", "@id", "@graph"].contains(&word)
}

pub(super) fn text(value: &Value<'_>, limit: usize, rule: TextRule, version: u8) -> Result<String, String> {
    let kind = if matches!(rule, TextRule::Duration) { "duration" } else { "string" };
    let Value::StringLit(literal) = inner(value, &[kind], version)? else { return Err("is not a text".into()) };
    let text = literal.value.as_ref();
    let length = length(text);
    if length > limit {
        return Err(format!("has {length} characters; {limit} are allowed"));
    }
    match rule {
        TextRule::Name if !is_name(text) => {
            let rule = "a name starts with a letter and holds letters, digits and `_`, not at its end";
            Err(format!("`{text}` is not a valid name: {rule}"))
        }
        TextRule::Of(fits, why) if !fits(text) => Err(format!("can't be `{text}`: {why}")),
        TextRule::Duration if !is_duration(text) => {
            Err(format!("can't be `{text}`: a duration is written like `PT15S` (ISO 8601)"))
        }
        _ => Ok(text.to_string()),
    }
}

/// Returns the length as the limits count it, in UTF-16 code units: most emoji count as two.
fn length(text: &str) -> usize {
    text.encode_utf16().count()
}

pub(super) fn is_name(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.ends_with(|last: char| last.is_ascii_alphanumeric())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

pub(super) fn boolean(value: &Value<'_>, version: u8) -> Result<bool, String> {
    match inner(value, &["boolean"], version)? {
        Value::BooleanLit(flag) => Ok(flag.value),
        _ => Err("is neither `true` nor `false`".into()),
    }
}

pub(super) fn integer(value: &Value<'_>, low: i64, high: i64, version: u8) -> Result<i64, String> {
    let number = whole(inner(value, &["integer"], version)?).ok_or("is not a whole number of 4 bytes")?;
    if number < low || number > high {
        return Err(match (low, high) {
            (low, high) if low == high => format!("must be {low}"),
            (low, i64::MAX) => format!("must be at least {low}"),
            (low, high) => format!("must be {low} to {high}"),
        });
    }
    Ok(number)
}

/// Returns a JSON number without a fraction in the range of DTDL's integer; `1`, `1.0` and `1e0` are the same number.
fn whole(value: &Value<'_>) -> Option<i64> {
    let Value::NumberLit(number) = value else { return None };
    let number: f64 = number.value.parse().ok()?;
    let fits = number.fract() == 0.0 && (f64::from(i32::MIN)..=f64::from(i32::MAX)).contains(&number);
    fits.then_some(number as i64)
}

pub(super) fn number(value: &Value<'_>, version: u8) -> Result<f64, String> {
    match inner(value, &["decimal"], version)? {
        Value::NumberLit(number) => number.value.parse().map_err(|_| "is not a number".to_string()),
        _ => Err("is not a number".into()),
    }
}

/// Reads a text, a whole number or a boolean.
pub(super) fn any(value: &Value<'_>, version: u8) -> Result<Val, String> {
    let found = inner(value, &["string", "integer", "boolean"], version)?;
    let kind = match found {
        Value::StringLit(_) => "string",
        Value::BooleanLit(_) => "boolean",
        _ => "integer",
    };
    match inner(value, &[kind], version)? {
        Value::StringLit(text) => Ok(Val::Text(text.value.to_string())),
        Value::BooleanLit(flag) => Ok(Val::Boolean(flag.value)),
        number => {
            whole(number).map(Val::Integer).ok_or_else(|| "is neither a text nor a whole number of 4 bytes".into())
        }
    }
}

/// Reads an identifier that need not be defined; if `user`, it must be a valid identifier of a model.
pub(super) fn identifier(value: &Value<'_>, user: bool, context: &Context) -> Result<String, String> {
    let Value::StringLit(literal) = value else { return Err("is not an identifier".into()) };
    let id = literal.value.as_ref();
    if !user {
        return if id.is_empty() { Err("is empty".into()) } else { Ok(id.to_string()) };
    }
    match Dtmi::parse(id, context.version) {
        Some(parsed) if parsed.is_user() && parsed.fragment.is_none() && id.len() <= context.limits.id => {
            Ok(id.to_string())
        }
        // A term abbreviates an identifier of the language, which is not checked further.
        None if context.is_term(id) => Ok(id.to_string()),
        _ => Err(format!("is `{id}`, which is not the identifier of an interface")),
    }
}

/// Reads texts by language: one text in English, an object with a text for each language, or an array of texts with
/// their languages.
///
/// # Errors
/// An invalid value; the error is its byte offset and a description.
pub(super) fn language(value: &Value<'_>, limit: usize, version: u8) -> Result<Vec<(String, String)>, (usize, String)> {
    let mut texts: Vec<(String, String)> = Vec::new();
    let mut add = |at: usize, code: &str, text: &Value<'_>| {
        let wrong = |message: String| Err((at, message));
        let Value::StringLit(text) = text else { return wrong(format!("is not a text in language `{code}`")) };
        if !is_language(code) {
            return wrong(format!("has `{code}`, which is not a language tag such as `en` or `pt-BR`"));
        }
        if texts.iter().any(|(known, _)| known == code) {
            return wrong(format!("has two texts in language `{code}`"));
        }
        let count = length(&text.value);
        if count > limit {
            return wrong(format!("has {count} characters; {limit} are allowed"));
        }
        texts.push((code.to_string(), text.value.to_string()));
        Ok(())
    };
    match value {
        Value::StringLit(_) => add(value.start(), "en", value)?,
        Value::Object(object) => {
            for member in &object.properties {
                let code = member.name.as_str();
                if code.starts_with('@') {
                    let message = format!("has `{code}` where the tag of a language is expected");
                    return Err((member.start(), message));
                }
                add(member.start(), code, &member.value)?;
            }
        }
        array @ Value::Array(_) => {
            for element in flat(array) {
                match element {
                    Value::StringLit(_) => add(element.start(), "en", element)?,
                    Value::Object(object) => {
                        let (code, text) = tagged(object, version)?;
                        add(element.start(), code, text)?;
                    }
                    other => return Err((other.start(), "is not a text with its language".into())),
                }
            }
        }
        other => return Err((other.start(), "is not a text".into())),
    }
    Ok(texts)
}

/// Reads a text with its language: `{"@value": "Raum", "@language": "de"}`.
fn tagged<'v, 'a>(object: &'v Object<'a>, version: u8) -> Result<(&'v str, &'v Value<'a>), (usize, String)> {
    let (mut code, mut text) = (None, None);
    for member in &object.properties {
        let wrong = |message: String| Err((member.start(), message));
        match (member.name.as_str(), &member.value) {
            ("@value", _) if text.is_some() => return wrong("has two `@value`".into()),
            ("@value", value) => text = Some(value),
            ("@language", _) if code.is_some() => return wrong("has two `@language`".into()),
            ("@language", Value::StringLit(word)) => code = Some(word.value.as_ref()),
            ("@language", _) => return wrong("has an `@language` that is not a text".into()),
            (other, _) if is_ignored(other, version) => {}
            (other, _) => return wrong(format!("has `{other}` in a text with its language")),
        }
    }
    text.map(|text| (code.unwrap_or("en"), text)).ok_or((object.start(), "has an object without `@value`".into()))
}

/// Returns whether `tag` is a language of two to four lower-case letters with an optional script and region: `en`,
/// `zh-Hant`, `es-419`.
fn is_language(tag: &str) -> bool {
    let mut parts = tag.split('-').peekable();
    let lower = |part: &str| part.bytes().all(|byte| byte.is_ascii_lowercase());
    if !parts.next().is_some_and(|part| (2..=4).contains(&part.len()) && lower(part)) {
        return false;
    }
    let is_script = |part: &&str| {
        part.len() == 4
            && part.starts_with(|first: char| first.is_ascii_uppercase())
            && lower(part.get(1..).unwrap_or("X"))
    };
    if parts.peek().is_some_and(is_script) {
        parts.next();
    }
    let is_region = |part: &str| {
        part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_uppercase())
            || part.len() == 3 && part.bytes().all(|byte| byte.is_ascii_digit())
    };
    parts.next().is_none_or(is_region) && parts.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn language_tags_have_their_form() {
        for (tag, fits) in [
            ("en", true),
            ("deu", true),
            ("pt-BR", true),
            ("es-419", true),
            ("zh-Hant", true),
            ("zh-Hant-TW", true),
            ("", false),
            ("e", false),
            ("esperanto", false),
            ("en_US", false),
            ("en-", false),
            ("EN", false),
            ("en-US-x", false),
        ] {
            assert_eq!(is_language(tag), fits, "{tag}");
        }
    }
}
