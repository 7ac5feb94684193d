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

/// The reason why a literal is not valid. The text continues a sentence that begins with the name of the literal.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum LiteralError {
    #[error("has more than one `{0}`")]
    Twice(&'static str),
    #[error("has an `{0}` that is not a string")]
    NotText(&'static str),
    #[error("has the wrong type `{0}`")]
    WrongType(String),
    #[error("has `{0}`, which is not valid in a value object")]
    UnknownPart(String),
    #[error("is an object without `@value`")]
    NoValue,
    #[error("has an object without `@value`")]
    NoValueInside,
    #[error("is not {0}")]
    Not(&'static str),
    #[error("is neither a string nor a 32-bit integer")]
    NotTextOrInteger,
    #[error("is neither `true` nor `false`")]
    NotBoolean,
    #[error("is empty")]
    Empty,
    #[error("has {length} characters; at most {limit} are allowed")]
    TooLong { length: usize, limit: usize },
    #[error("`{0}` is not a valid name: a letter, then letters, digits and `_`, but no `_` at the end")]
    Name(String),
    #[error("can't be `{text}`: {why}")]
    Rule { text: String, why: &'static str },
    #[error("must be {}", range(*low, *high))]
    Range { low: i64, high: i64 },
    #[error("is `{0}`, which is not the identifier of an interface")]
    Identifier(String),
    #[error("is not a string in language `{0}`")]
    NotTextIn(String),
    #[error("has `{0}`, which is not a language tag such as `en` or `pt-BR`")]
    Language(String),
    #[error("has two strings in language `{0}`")]
    TwoTexts(String),
    #[error("has `{0}` where a language tag is expected")]
    NoLanguage(String),
    #[error("has `{0}` in a language-tagged string")]
    NotLanguagePart(String),
}

fn range(low: i64, high: i64) -> String {
    match (low, high) {
        (low, high) if low == high => low.to_string(),
        (low, i64::MAX) => format!("at least {low}"),
        (low, high) => format!("{low} to {high}"),
    }
}

/// Returns the content of a value object `{"@value": …, "@type": …}`, or a plain value itself. An `@type` must be one
/// of `types`.
fn inner<'v, 'a>(value: &'v Value<'a>, types: &[&str], version: u8) -> Result<&'v Value<'a>, LiteralError> {
    let Value::Object(object) = value else { return Ok(value) };
    let (mut found, mut said) = (None, false);
    for member in &object.properties {
        let word = member.name.as_str();
        match (word, &member.value) {
            ("@value", _) if found.is_some() => return Err(LiteralError::Twice("@value")),
            ("@value", value) => found = Some(value),
            ("@type", _) if said => return Err(LiteralError::Twice("@type")),
            ("@type", kind) => {
                said = true;
                let [Value::StringLit(word)] = each(kind)[..] else {
                    return Err(LiteralError::NotText("@type"));
                };
                let short = word.value.strip_prefix("http://www.w3.org/2001/XMLSchema#");
                let short = short.or_else(|| word.value.strip_prefix("xsd:"));
                if !short.is_some_and(|short| types.contains(&short)) {
                    return Err(LiteralError::WrongType(word.value.to_string()));
                }
            }
            (other, _) if is_ignored(other, version) => {}
            (other, _) => return Err(LiteralError::UnknownPart(other.to_string())),
        }
    }
    found.ok_or(LiteralError::NoValue)
}

/// Returns whether version 2 ignores a JSON-LD keyword.
fn is_ignored(word: &str, version: u8) -> bool {
    version == 2 && word.starts_with('@') && !["@context", "@id", "@graph"].contains(&word)
}

pub(super) fn text(value: &Value<'_>, limit: usize, rule: TextRule, version: u8) -> Result<String, LiteralError> {
    let kind = if matches!(rule, TextRule::Duration) { "duration" } else { "string" };
    let Value::StringLit(literal) = inner(value, &[kind], version)? else { return Err(LiteralError::Not("a string")) };
    let text = literal.value.as_ref();
    let length = length(text);
    if length > limit {
        return Err(LiteralError::TooLong { length, limit });
    }
    match rule {
        TextRule::Name if !is_name(text) => Err(LiteralError::Name(text.to_string())),
        TextRule::Of(fits, why) if !fits(text) => Err(LiteralError::Rule { text: text.to_string(), why }),
        TextRule::Duration if !is_duration(text) => {
            Err(LiteralError::Rule { text: text.to_string(), why: "a duration has the form `PT15S` (ISO 8601)" })
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

pub(super) fn boolean(value: &Value<'_>, version: u8) -> Result<bool, LiteralError> {
    match inner(value, &["boolean"], version)? {
        Value::BooleanLit(flag) => Ok(flag.value),
        _ => Err(LiteralError::NotBoolean),
    }
}

pub(super) fn integer(value: &Value<'_>, low: i64, high: i64, version: u8) -> Result<i64, LiteralError> {
    let number = whole(inner(value, &["integer"], version)?).ok_or(LiteralError::Not("a 32-bit integer"))?;
    if number < low || number > high {
        return Err(LiteralError::Range { low, high });
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

pub(super) fn number(value: &Value<'_>, version: u8) -> Result<f64, LiteralError> {
    match inner(value, &["decimal"], version)? {
        Value::NumberLit(number) => number.value.parse().map_err(|_| LiteralError::Not("a number")),
        _ => Err(LiteralError::Not("a number")),
    }
}

/// Reads a text, a whole number or a boolean.
pub(super) fn any(value: &Value<'_>, version: u8) -> Result<Val, LiteralError> {
    let found = inner(value, &["string", "integer", "boolean"], version)?;
    let kind = match found {
        Value::StringLit(_) => "string",
        Value::BooleanLit(_) => "boolean",
        _ => "integer",
    };
    match inner(value, &[kind], version)? {
        Value::StringLit(text) => Ok(Val::Text(text.value.to_string())),
        Value::BooleanLit(flag) => Ok(Val::Boolean(flag.value)),
        number => whole(number).map(Val::Integer).ok_or(LiteralError::NotTextOrInteger),
    }
}

/// Reads an identifier that need not be defined; if `user`, it must be a valid identifier of a model.
pub(super) fn identifier(value: &Value<'_>, user: bool, context: &Context) -> Result<String, LiteralError> {
    let Value::StringLit(literal) = value else { return Err(LiteralError::Not("an identifier")) };
    let id = literal.value.as_ref();
    if !user {
        return if id.is_empty() { Err(LiteralError::Empty) } else { Ok(id.to_string()) };
    }
    match Dtmi::parse(id, context.version) {
        Some(parsed) if parsed.is_user() && parsed.fragment.is_none() && id.len() <= context.limits.id => {
            Ok(id.to_string())
        }
        // A term abbreviates an identifier of the language, which is not checked further.
        None if context.is_term(id) => Ok(id.to_string()),
        _ => Err(LiteralError::Identifier(id.to_string())),
    }
}

/// Reads texts by language: one text in English, an object with a text for each language, or an array of texts with
/// their languages.
///
/// # Errors
/// An invalid value; the error has its byte offset.
pub(super) fn language(
    value: &Value<'_>,
    limit: usize,
    version: u8,
) -> Result<Vec<(String, String)>, (usize, LiteralError)> {
    let mut texts: Vec<(String, String)> = Vec::new();
    let mut add = |at: usize, code: &str, text: &Value<'_>| {
        let wrong = |error| Err((at, error));
        let Value::StringLit(text) = text else { return wrong(LiteralError::NotTextIn(code.to_string())) };
        if !is_language(code) {
            return wrong(LiteralError::Language(code.to_string()));
        }
        if texts.iter().any(|(known, _)| known == code) {
            return wrong(LiteralError::TwoTexts(code.to_string()));
        }
        let length = length(&text.value);
        if length > limit {
            return wrong(LiteralError::TooLong { length, limit });
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
                    return Err((member.start(), LiteralError::NoLanguage(code.to_string())));
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
                    other => return Err((other.start(), LiteralError::Not("a language-tagged string"))),
                }
            }
        }
        other => return Err((other.start(), LiteralError::Not("a string"))),
    }
    Ok(texts)
}

/// Reads a text with its language: `{"@value": "Raum", "@language": "de"}`.
fn tagged<'v, 'a>(object: &'v Object<'a>, version: u8) -> Result<(&'v str, &'v Value<'a>), (usize, LiteralError)> {
    let (mut code, mut text) = (None, None);
    for member in &object.properties {
        let wrong = |error| Err((member.start(), error));
        match (member.name.as_str(), &member.value) {
            ("@value", _) if text.is_some() => return wrong(LiteralError::Twice("@value")),
            ("@value", value) => text = Some(value),
            ("@language", _) if code.is_some() => return wrong(LiteralError::Twice("@language")),
            ("@language", Value::StringLit(word)) => code = Some(word.value.as_ref()),
            ("@language", _) => return wrong(LiteralError::NotText("@language")),
            (other, _) if is_ignored(other, version) => {}
            (other, _) => return wrong(LiteralError::NotLanguagePart(other.to_string())),
        }
    }
    text.map(|text| (code.unwrap_or("en"), text)).ok_or((object.start(), LiteralError::NoValueInside))
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
