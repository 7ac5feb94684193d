//! Values from the bytes of a message: JSON, or plain text if the message is not JSON.

use crate::json::Node;

/// Maximum size of a payload, in bytes. MQTT allows 256 MiB, but sensor messages are much smaller.
pub const MAX_PAYLOAD_BYTES: usize = 1 << 20;

/// Single value from a message.
#[derive(Debug, Clone, PartialEq)]
pub enum Scalar {
    /// No value: JSON `null`, or an empty payload, by which MQTT clears a retained message.
    Null,
    /// Boolean.
    Bool(bool),
    /// Finite number.
    Number(f64),
    /// Text.
    Text(String),
}

impl Scalar {
    /// Returns the number, also from text that represents a number (`"21.5"`). The result is always finite.
    pub fn as_number(&self) -> Option<f64> {
        match self {
            Scalar::Number(number) => Some(*number).filter(|number| number.is_finite()),
            Scalar::Text(text) => fast_number(text.as_bytes()),
            Scalar::Null | Scalar::Bool(_) => None,
        }
    }
}

/// Reason why a message does not have the requested value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PayloadError {
    /// The payload is larger than [`MAX_PAYLOAD_BYTES`].
    #[error("the payload has {bytes} bytes; at most {MAX_PAYLOAD_BYTES} are read")]
    TooLarge {
        /// Size in bytes.
        bytes: usize,
    },
    /// The payload is not UTF-8, so it is neither JSON nor text.
    #[error("the payload is not UTF-8 (at byte {at})")]
    NotUtf8 {
        /// Offset of the first invalid byte.
        at: usize,
    },
    /// The value is `NaN`, an infinity, or a number outside the range of a double.
    #[error("`{text}` is not a finite number")]
    NotFinite {
        /// Text of the value.
        text: String,
    },
    /// A pointer was given, but the payload is not JSON.
    #[error("the payload is not JSON: {message}")]
    NotJson {
        /// Message of the JSON parser.
        message: String,
    },
    /// There is no value at the pointer. That is common, because many devices send only changed values.
    #[error("the message has nothing at this pointer")]
    Absent,
    /// The value at the pointer is an object or an array.
    #[error("an object or an array is at this pointer, not a value")]
    NotScalar,
    /// The value at the pointer of a list is neither an array nor an object.
    #[error("neither a list nor an object is at this pointer")]
    NotList,
    /// The pointer is not a JSON pointer (RFC 6901).
    #[error("{message} (at byte {at})")]
    BadPointer {
        /// Offset in the pointer, in bytes.
        at: usize,
        /// Description of the fault.
        message: &'static str,
    },
    /// The value at the pointer of the time is not a time.
    #[error("`{text}` is not a time")]
    NotTime {
        /// Text of the value.
        text: String,
    },
    /// The time at the pointer has no time zone, so it may be any of 27 times.
    #[error("the time `{text}` has no time zone: send it with one, as in 2026-01-31T08:00:00Z")]
    NoZone {
        /// Text of the value.
        text: String,
    },
}

/// Parsed payload that borrows the message.
#[derive(Debug, Clone, PartialEq)]
pub struct Payload<'a> {
    root: Node<'a>,
    form: Form,
    /// The whole message without surrounding white space, if it is text.
    text: &'a str,
}

#[derive(Debug, Clone, PartialEq)]
enum Form {
    Json,
    Raw {
        /// Message of the JSON parser for text that starts like JSON.
        problem: Option<String>,
    },
}

impl<'a> Payload<'a> {
    /// Parses a message. A message that is not JSON is text, without surrounding white space and NULs. Text
    /// that represents a number (` 21.5 `, `+3`, `007`) is a number. An empty message is [`Scalar::Null`].
    ///
    /// # Errors
    /// Returns [`PayloadError::TooLarge`] or [`PayloadError::NotUtf8`]. Malformed JSON is text. A pointer into it gives [`PayloadError::NotJson`]
    /// with the reason.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, PayloadError> {
        if bytes.len() > MAX_PAYLOAD_BYTES {
            return Err(PayloadError::TooLarge { bytes: bytes.len() });
        }
        if let Some(number) = fast_number(bytes) {
            let text = std::str::from_utf8(bytes).unwrap_or_default().trim_matches(is_around);
            return Ok(Self { root: Node::Number(number), form: Form::Json, text });
        }
        let text = std::str::from_utf8(bytes).map_err(|error| PayloadError::NotUtf8 { at: error.valid_up_to() })?;
        let text = text.trim_matches(is_around);
        if text.is_empty() {
            return Ok(Self { root: Node::Null, form: Form::Json, text });
        }
        let structured = text.starts_with(['{', '[']);
        let mut problem = None;
        if structured || text.starts_with('"') || matches!(text, "true" | "false" | "null") {
            match Node::parse(text) {
                Ok(root) => {
                    return Ok(Self { root, form: Form::Json, text });
                }
                Err(error) if structured => problem = Some(error.to_string()),
                Err(_) => {}
            }
        }
        let root = match text.parse::<f64>() {
            Ok(number) if number.is_finite() => Node::Number(number),
            Ok(_) => Node::NotFinite(text.to_owned()),
            Err(_) => Node::Text(text.into()),
        };
        Ok(Self { root, form: Form::Raw { problem }, text })
    }

    /// Returns whether the message is JSON, which includes a plain number.
    pub fn is_json(&self) -> bool {
        self.form == Form::Json
    }

    /// Returns the value at a JSON pointer (RFC 6901, `/a/b/0`). `None` or an empty pointer gives the whole
    /// payload.
    ///
    /// # Errors
    /// Returns [`PayloadError::Absent`], [`PayloadError::NotScalar`], [`PayloadError::NotJson`] or
    /// [`PayloadError::BadPointer`].
    pub fn scalar(&self, pointer: Option<&str>) -> Result<Scalar, PayloadError> {
        let node = match pointer {
            Some(pointer) => self.node(pointer)?,
            None => &self.root,
        };
        match node {
            Node::Null => Ok(Scalar::Null),
            Node::Bool(value) => Ok(Scalar::Bool(*value)),
            Node::Number(value) | Node::Whole(_, value) => Ok(Scalar::Number(*value)),
            Node::NotFinite(text) => Err(PayloadError::NotFinite { text: shortened(text) }),
            Node::Text(value) => Ok(Scalar::Text(value.clone().into_owned())),
            Node::Array(_) | Node::Object(_) => Err(PayloadError::NotScalar),
        }
    }

    /// Returns the value at a JSON pointer as it was sent, for a property that is a text. A number keeps its digits, if it
    /// is the whole message or a whole number.
    ///
    /// # Errors
    /// Returns the errors of [`Self::scalar`].
    pub fn text(&self, pointer: Option<&str>) -> Result<Scalar, PayloadError> {
        let is_whole = pointer.is_none_or(str::is_empty);
        let node = match pointer {
            Some(pointer) => self.node(pointer)?,
            None => &self.root,
        };
        match node {
            Node::Number(_) | Node::NotFinite(_) if is_whole && !self.text.is_empty() => {
                Ok(Scalar::Text(self.text.to_owned()))
            }
            Node::Whole(digits, _) => Ok(Scalar::Text(digits.clone())),
            Node::NotFinite(text) => Ok(Scalar::Text(text.clone())),
            _ => self.scalar(pointer),
        }
    }

    /// Returns the value at a JSON pointer, including arrays and objects.
    ///
    /// # Errors
    /// Returns the errors of [`Self::scalar`], except [`PayloadError::NotScalar`].
    pub fn structure(&self, pointer: Option<&str>) -> Result<serde_json::Value, PayloadError> {
        let node = match pointer {
            Some(pointer) => self.node(pointer)?,
            None => &self.root,
        };
        Ok(node.to_json())
    }

    /// Returns the items of the list at a JSON pointer, each as a payload of its own. The items of an object come with
    /// their keys.
    ///
    /// # Errors
    /// Returns [`PayloadError::NotList`] for a single value, and the errors of [`Self::scalar`].
    pub fn items(&self, pointer: &str) -> Result<Vec<(Option<String>, Self)>, PayloadError> {
        let item = |root: &Node<'a>| Self { root: root.clone(), form: Form::Json, text: "" };
        match self.node(pointer)? {
            Node::Array(items) => Ok(items.iter().map(|node| (None, item(node))).collect()),
            Node::Object(fields) => {
                Ok(fields.iter().map(|(key, node)| (Some(key.clone().into_owned()), item(node))).collect())
            }
            _ => Err(PayloadError::NotList),
        }
    }

    fn node(&self, pointer: &str) -> Result<&Node<'a>, PayloadError> {
        check_pointer(pointer)?;
        let mut node = &self.root;
        let Some(tokens) = pointer.strip_prefix('/') else {
            return Ok(node);
        };
        if let Form::Raw { problem } = &self.form {
            let message = problem.clone().unwrap_or_else(|| "it is plain text".to_owned());
            return Err(PayloadError::NotJson { message });
        }
        for token in tokens.split('/') {
            node = node.child(token).ok_or(PayloadError::Absent)?;
        }
        Ok(node)
    }
}

/// Checks that `pointer` is a JSON pointer (RFC 6901), so that an invalid mapping is rejected when it is
/// loaded.
///
/// # Errors
/// Returns [`PayloadError::BadPointer`] with the position of the fault.
pub fn check_pointer(pointer: &str) -> Result<(), PayloadError> {
    if !pointer.is_empty() && !pointer.starts_with('/') {
        return Err(PayloadError::BadPointer { at: 0, message: "a JSON pointer begins with `/`" });
    }
    for (at, _) in pointer.match_indices('~') {
        if !matches!(pointer.as_bytes().get(at + 1), Some(b'0' | b'1')) {
            let message = "in a JSON pointer `~` is written `~0` and `/` is written `~1`";
            return Err(PayloadError::BadPointer { at, message });
        }
    }
    Ok(())
}

/// Returns the number of a payload that is a plain decimal number, the usual message, without a JSON parser.
///
/// Surrounding white space and NULs are skipped. The result is `None` for payloads longer than 64 bytes and
/// for numbers that are not finite.
pub fn fast_number(bytes: &[u8]) -> Option<f64> {
    let mut bytes = bytes;
    while let [first, rest @ ..] = bytes
        && is_padding(*first)
    {
        bytes = rest;
    }
    while let [rest @ .., last] = bytes
        && is_padding(*last)
    {
        bytes = rest;
    }
    // Other letters than that of the exponent would allow `inf` and `nan`.
    let plain = |byte: &u8| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E');
    if bytes.is_empty() || bytes.len() > 64 || !bytes.iter().all(plain) {
        return None;
    }
    let number: f64 = std::str::from_utf8(bytes).ok()?.parse().ok()?;
    number.is_finite().then_some(number)
}

/// Returns whether a character may surround a value.
fn is_around(character: char) -> bool {
    // Devices programmed in C often send the terminating NUL of their buffer.
    character.is_whitespace() || character == '\0'
}

fn is_padding(byte: u8) -> bool {
    byte.is_ascii_whitespace() || byte == 0
}

/// Returns the start of a text, for an error message.
pub(crate) fn shortened(text: &str) -> String {
    match text.char_indices().nth(40) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
#[path = "payload_tests.rs"]
mod tests;
