//! JSON values that borrow their text from the message.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// JSON value. Objects are lists, because messages have few fields, and a search in a list is faster than
/// building a map.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Node<'a> {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// Number, as the nearest double.
    Number(f64),
    /// Whole number that no double equals, with its digits.
    Whole(String, f64),
    /// Number that is not finite, such as `NaN`, with its text. JSON has none, but many devices send them.
    NotFinite(String),
    /// String, borrowed unless it has escapes.
    Text(Cow<'a, str>),
    /// Array.
    Array(Vec<Node<'a>>),
    /// Object, with fields in the order of the message.
    Object(Vec<(Cow<'a, str>, Node<'a>)>),
}

impl<'a> Node<'a> {
    /// Parses a JSON document, which may hold `NaN` and infinities. Nesting deeper than 128 is an error instead of a stack
    /// overflow.
    pub(crate) fn parse(text: &'a str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text).or_else(|error| match quoted(text) {
            Some(quoted) => serde_json::from_str::<Node<'_>>(&quoted).map(Node::into_owned).map_err(|_| error),
            None => Err(error),
        })
    }

    /// Returns a copy that borrows nothing. Texts that [`quoted`] marked become numbers that are not finite.
    fn into_owned<'o>(self) -> Node<'o> {
        match self {
            Node::Null => Node::Null,
            Node::Bool(value) => Node::Bool(value),
            Node::Number(value) => Node::Number(value),
            Node::Whole(text, value) => Node::Whole(text, value),
            Node::NotFinite(text) => Node::NotFinite(text),
            Node::Text(value) => match value.strip_prefix(MARK) {
                Some(text) => Node::NotFinite(text.to_owned()),
                None => Node::Text(Cow::Owned(value.into_owned())),
            },
            Node::Array(items) => Node::Array(items.into_iter().map(Node::into_owned).collect()),
            Node::Object(fields) => Node::Object(
                fields.into_iter().map(|(name, value)| (Cow::Owned(name.into_owned()), value.into_owned())).collect(),
            ),
        }
    }

    /// Returns an owned copy. Whole numbers become JSON integers.
    pub(crate) fn to_json(&self) -> serde_json::Value {
        match self {
            Node::Null | Node::NotFinite(_) => serde_json::Value::Null,
            Node::Whole(_, value) => (*value).into(),
            Node::Bool(value) => (*value).into(),
            Node::Number(value) if value.fract() == 0.0 && value.abs() <= 9_007_199_254_740_992.0 => {
                (*value as i64).into()
            }
            Node::Number(value) => (*value).into(),
            Node::Text(value) => value.as_ref().into(),
            Node::Array(items) => items.iter().map(Node::to_json).collect(),
            Node::Object(fields) => fields.iter().map(|(name, value)| (name.to_string(), value.to_json())).collect(),
        }
    }

    /// Returns the value under one reference token of a JSON pointer (RFC 6901 §4), still escaped.
    pub(crate) fn child(&self, token: &str) -> Option<&Node<'a>> {
        match self {
            Node::Object(fields) => {
                let key = unescaped(token);
                // The search runs from the back, so that the last of repeated keys counts, as with other
                // parsers.
                fields.iter().rev().find(|(name, _)| *name == key).map(|(_, value)| value)
            }
            Node::Array(items) => items.get(index(token)?),
            Node::Null | Node::Bool(_) | Node::Number(_) | Node::Whole(..) | Node::NotFinite(_) | Node::Text(_) => None,
        }
    }
}

/// The beginning of a text that stands for a number that is not finite. No device sends this character.
const MARK: &str = "\u{0}";

/// Returns a document with every number that is not finite as a marked text; none if there is no such number.
fn quoted(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len() + 16);
    let (mut rest, mut is_changed) = (text, false);
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '"' => text_length(rest),
            '+' | '-' | '0'..='9' | 'a'..='z' | 'A'..='Z' => {
                rest.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))).unwrap_or(rest.len())
            }
            other => other.len_utf8(),
        };
        let token = &rest[..length];
        if token.parse::<f64>().is_ok_and(|number| !number.is_finite()) {
            is_changed = true;
            out.push_str("\"\\u0000");
            out.push_str(token);
            out.push('"');
        } else {
            out.push_str(token);
        }
        rest = &rest[length..];
    }
    is_changed.then_some(out)
}

/// Returns the length of the JSON string at the beginning of a text, with its quotes.
fn text_length(text: &str) -> usize {
    let mut is_escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

fn unescaped(token: &str) -> Cow<'_, str> {
    if token.contains('~') {
        // In this order `~01` becomes `~1` and not `/`.
        Cow::Owned(token.replace("~1", "/").replace("~0", "~"))
    } else {
        Cow::Borrowed(token)
    }
}

/// Parses an array index: digits without a leading zero.
fn index(token: &str) -> Option<usize> {
    let plain = token.bytes().all(|byte| byte.is_ascii_digit()) && (token == "0" || !token.starts_with('0'));
    if plain { token.parse().ok() } else { None }
}

impl<'de> Deserialize<'de> for Node<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Node<'de>, E> {
        Ok(Node::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Node<'de>, E> {
        Ok(Node::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Node<'de>, E> {
        let number = value as f64;
        let is_exact = number as i64 == value;
        Ok(if is_exact { Node::Number(number) } else { Node::Whole(value.to_string(), number) })
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Node<'de>, E> {
        let number = value as f64;
        let is_exact = number as u64 == value;
        Ok(if is_exact { Node::Number(number) } else { Node::Whole(value.to_string(), number) })
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Node<'de>, E> {
        Ok(Node::Number(value))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Node<'de>, E> {
        Ok(Node::Text(Cow::Owned(value.to_owned())))
    }

    fn visit_borrowed_str<E: Error>(self, value: &'de str) -> Result<Node<'de>, E> {
        Ok(Node::Text(Cow::Borrowed(value)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node<'de>, A::Error> {
        let mut array = Vec::new();
        while let Some(item) = items.next_element::<Node<'de>>()? {
            array.push(item);
        }
        Ok(Node::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Node<'de>, A::Error> {
        let mut fields = Vec::new();
        while let Some((Key(name), value)) = entries.next_entry::<Key<'de>, Node<'de>>()? {
            fields.push((name, value));
        }
        Ok(Node::Object(fields))
    }
}

/// Key of an object. Serde's own `Cow` always copies.
struct Key<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(KeyVisitor)
    }
}

struct KeyVisitor;

impl<'de> Visitor<'de> for KeyVisitor {
    type Value = Key<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Key<'de>, E> {
        Ok(Key(Cow::Owned(value.to_owned())))
    }

    fn visit_borrowed_str<E: Error>(self, value: &'de str) -> Result<Key<'de>, E> {
        Ok(Key(Cow::Borrowed(value)))
    }
}
