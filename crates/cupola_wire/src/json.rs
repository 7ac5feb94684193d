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
    /// String, borrowed unless it has escapes.
    Text(Cow<'a, str>),
    /// Array.
    Array(Vec<Node<'a>>),
    /// Object, with fields in the order of the message.
    Object(Vec<(Cow<'a, str>, Node<'a>)>),
}

impl<'a> Node<'a> {
    /// Parses a JSON document. Nesting deeper than 128 is an error instead of a stack overflow.
    pub(crate) fn parse(text: &'a str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }

    /// Returns an owned copy. Whole numbers become JSON integers.
    pub(crate) fn to_json(&self) -> serde_json::Value {
        match self {
            Node::Null => serde_json::Value::Null,
            Node::Bool(value) => (*value).into(),
            Node::Number(value) if value.fract() == 0.0 && value.abs() < 9e15 => (*value as i64).into(),
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
            Node::Null | Node::Bool(_) | Node::Number(_) | Node::Text(_) => None,
        }
    }
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
        Ok(Node::Number(value as f64))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Node<'de>, E> {
        Ok(Node::Number(value as f64))
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
