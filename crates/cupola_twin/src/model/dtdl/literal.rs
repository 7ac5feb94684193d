//! Literal values: plain JSON, JSON-LD value objects, and texts in several languages.
//!
//! Source: JSON-LD 1.1, sections 4.1, 4.2 and 9.5; BCP 47 for language tags.

use super::dtmi::Dtmi;
use super::element::Val;
use super::metamodel::TextRule;
use jsonc_parser::ast::{Object, Value};
use jsonc_parser::common::Ranged;

/// What is inside a value object `{"@value": …, "@type": …}`, or the value itself.
fn inner<'v, 'a>(value: &'v Value<'a>, types: &[&str]) -> Result<&'v Value<'a>, String> {
    let Value::Object(object) = value else { return Ok(value) };
    let mut found = None;
    for member in &object.properties {
        match (member.name.as_str(), &member.value) {
            ("@value", value) => found = Some(value),
            ("@type", Value::StringLit(word)) => {
                let short = word.value.strip_prefix("http://www.w3.org/2001/XMLSchema#").unwrap_or(&word.value);
                let short = short.strip_prefix("xsd:").unwrap_or(short);
                if short.len() == word.value.len() || !types.is_empty() && !types.contains(&short) {
                    return Err(format!("is said to be a `{}`", word.value));
                }
            }
            ("@type", _) => return Err("has an `@type` that is not a text".into()),
            (other, _) => return Err(format!("has `{other}`, which is not a part of a value")),
        }
    }
    found.ok_or_else(|| "is an object without `@value`".into())
}

pub(super) fn text(value: &Value<'_>, limit: usize, rule: TextRule) -> Result<String, String> {
    let Value::StringLit(literal) = inner(value, &["string", "duration"])? else { return Err("is not a text".into()) };
    let text = literal.value.as_ref();
    if text.chars().count() > limit {
        return Err(format!("has {} characters; {limit} are allowed", text.chars().count()));
    }
    match rule {
        TextRule::Name if !is_name(text) => {
            let rule = "a name starts with a letter and holds letters, digits and `_`, not at its end";
            Err(format!("`{text}` is not a valid name: {rule}"))
        }
        TextRule::Of(fits, why) if !fits(text) => Err(format!("can't be `{text}`: {why}")),
        _ => Ok(text.to_string()),
    }
}

pub(super) fn is_name(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.ends_with(|last: char| last.is_ascii_alphanumeric())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

pub(super) fn boolean(value: &Value<'_>) -> Result<bool, String> {
    match inner(value, &["boolean"])? {
        Value::BooleanLit(flag) => Ok(flag.value),
        _ => Err("is neither `true` nor `false`".into()),
    }
}

pub(super) fn integer(value: &Value<'_>, low: i64, high: i64) -> Result<i64, String> {
    let number = whole(inner(value, &["integer"])?).ok_or("is not a whole number of 4 bytes")?;
    if number < low || number > high {
        return Err(match (low, high) {
            (low, high) if low == high => format!("must be {low}"),
            (low, i64::MAX) => format!("must be at least {low}"),
            (low, high) => format!("must be {low} to {high}"),
        });
    }
    Ok(number)
}

/// A JSON number without fraction and exponent, in the range of DTDL's integer.
fn whole(value: &Value<'_>) -> Option<i64> {
    match value {
        Value::NumberLit(number) => number.value.parse::<i32>().ok().map(i64::from),
        _ => None,
    }
}

pub(super) fn number(value: &Value<'_>) -> Result<f64, String> {
    match inner(value, &["decimal", "double", "float", "integer"])? {
        Value::NumberLit(number) => number.value.parse().map_err(|_| "is not a number".to_string()),
        _ => Err("is not a number".into()),
    }
}

/// A text, a whole number or a boolean.
pub(super) fn any(value: &Value<'_>) -> Result<Val, String> {
    match inner(value, &[])? {
        Value::StringLit(text) => Ok(Val::Text(text.value.to_string())),
        Value::BooleanLit(flag) => Ok(Val::Boolean(flag.value)),
        number => {
            whole(number).map(Val::Integer).ok_or_else(|| "is neither a text nor a whole number of 4 bytes".into())
        }
    }
}

/// An identifier of something that need not be defined; one of a model, if `user`.
pub(super) fn identifier(value: &Value<'_>, user: bool, version: u8) -> Result<String, String> {
    let Value::StringLit(literal) = value else { return Err("is not an identifier".into()) };
    let id = literal.value.as_ref();
    if !user {
        return if id.is_empty() { Err("is empty".into()) } else { Ok(id.to_string()) };
    }
    match Dtmi::parse(id, version) {
        Some(parsed) if parsed.is_user() && parsed.fragment.is_none() && id.len() <= 2048 => Ok(id.to_string()),
        _ => Err(format!("is `{id}`, which is not the identifier of an interface")),
    }
}

/// Texts by language: one text in English, an object with a text for each language, or an array of texts with their language.
///
/// # Errors
/// The byte where it is wrong, and why.
pub(super) fn language(value: &Value<'_>, limit: usize) -> Result<Vec<(String, String)>, (usize, String)> {
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
        let count = text.value.chars().count();
        if count > limit {
            return wrong(format!("has {count} characters; {limit} are allowed"));
        }
        texts.push((code.to_string(), text.value.to_string()));
        Ok(())
    };
    match value {
        Value::NullKeyword(_) => {}
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
        Value::Array(array) => {
            for element in &array.elements {
                match element {
                    Value::StringLit(_) => add(element.start(), "en", element)?,
                    Value::Object(object) => {
                        let (code, text) = tagged(object)?;
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

/// `{"@value": "Raum", "@language": "de"}`.
fn tagged<'v, 'a>(object: &'v Object<'a>) -> Result<(&'v str, &'v Value<'a>), (usize, String)> {
    let (mut code, mut text) = ("en", None);
    for member in &object.properties {
        match (member.name.as_str(), &member.value) {
            ("@value", value) => text = Some(value),
            ("@language", Value::StringLit(word)) => code = word.value.as_ref(),
            ("@language", _) => return Err((member.start(), "has an `@language` that is not a text".into())),
            (other, _) => return Err((member.start(), format!("has `{other}` in a text with its language"))),
        }
    }
    text.map(|text| (code, text)).ok_or((object.start(), "has an object without `@value`".into()))
}

/// A language of two to four small letters, then perhaps a script and a region: `en`, `zh-Hant`, `es-419`.
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
