//! A message's bytes as values: JSON where they are JSON, plain text where not.

use std::error::Error;
use std::fmt;

use crate::json::Node;

/// The largest payload that is read, in bytes. MQTT allows 256 MiB; what a sensor says is far smaller.
pub const MAX_PAYLOAD_BYTES: usize = 1 << 20;

/// One value out of a message.
#[derive(Debug, Clone, PartialEq)]
pub enum Scalar {
    /// Said to be absent: JSON `null`, or an empty payload, by which MQTT clears a retained message.
    Null,
    /// True or false.
    Bool(bool),
    /// A finite number.
    Number(f64),
    /// Text.
    Text(String),
}

impl Scalar {
    /// The number, where this is one or a text that says one (`"21.5"`). Never infinite, never NaN.
    pub fn as_number(&self) -> Option<f64> {
        match self {
            Scalar::Number(number) => Some(*number).filter(|number| number.is_finite()),
            Scalar::Text(text) => fast_number(text.as_bytes()),
            Scalar::Null | Scalar::Bool(_) => None,
        }
    }
}

/// Why a message has no such value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PayloadError {
    /// The payload has more than [`MAX_PAYLOAD_BYTES`]; this many.
    TooLarge {
        /// Its size in bytes.
        bytes: usize,
    },
    /// The payload is not UTF-8, so neither JSON nor text.
    NotUtf8 {
        /// The first byte that isn't.
        at: usize,
    },
    /// The payload is `NaN`, an infinity or a number too large to hold.
    NotFinite {
        /// What it said.
        text: String,
    },
    /// A pointer was asked for and the payload isn't JSON.
    NotJson {
        /// Why not.
        message: String,
    },
    /// Nothing is at the pointer. That is normal: many devices only send what changed.
    Absent,
    /// An object or an array is at the pointer.
    NotScalar,
    /// The pointer is no JSON pointer (RFC 6901).
    BadPointer {
        /// Where, in bytes.
        at: usize,
        /// What is wrong.
        message: &'static str,
    },
    /// The value at the time's pointer can't be read as a time.
    NotTime {
        /// What is there.
        text: String,
    },
}

impl fmt::Display for PayloadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PayloadError::TooLarge { bytes } => {
                write!(f, "the payload has {bytes} bytes; at most {MAX_PAYLOAD_BYTES} are read")
            }
            PayloadError::NotUtf8 { at } => write!(f, "the payload is not UTF-8 (at byte {at})"),
            PayloadError::NotFinite { text } => write!(f, "`{text}` is not a finite number"),
            PayloadError::NotJson { message } => write!(f, "the payload is not JSON: {message}"),
            PayloadError::Absent => f.write_str("the message has nothing at this pointer"),
            PayloadError::NotScalar => f.write_str("an object or an array is at this pointer, not a value"),
            PayloadError::BadPointer { at, message } => write!(f, "{message} (at byte {at})"),
            PayloadError::NotTime { text } => write!(f, "`{text}` is not a time"),
        }
    }
}

impl Error for PayloadError {}

/// A payload that has been read, borrowing the message.
#[derive(Debug, Clone, PartialEq)]
pub struct Payload<'a> {
    root: Node<'a>,
    form: Form,
}

#[derive(Debug, Clone, PartialEq)]
enum Form {
    Json,
    Raw {
        /// Why the text is not JSON, where it looks as if it should have been.
        problem: Option<String>,
    },
}

impl<'a> Payload<'a> {
    /// Reads a message: JSON if it is JSON, else text without the white space and NULs around it, and that text is a number
    /// where it looks like one (` 21.5 `, `+3`, `007`). An empty message is [`Scalar::Null`].
    ///
    /// # Errors
    /// [`PayloadError::TooLarge`], [`PayloadError::NotUtf8`], and [`PayloadError::NotFinite`] for `NaN`, `inf` and `1e999`.
    /// Broken JSON is text; a pointer into it then gives [`PayloadError::NotJson`] with the reason.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, PayloadError> {
        if bytes.len() > MAX_PAYLOAD_BYTES {
            return Err(PayloadError::TooLarge { bytes: bytes.len() });
        }
        if let Some(number) = fast_number(bytes) {
            return Ok(Self { root: Node::Number(number), form: Form::Json });
        }
        let text = std::str::from_utf8(bytes).map_err(|error| PayloadError::NotUtf8 { at: error.valid_up_to() })?;
        // Devices written in C often send the closing NUL of their buffer.
        let text = text.trim_matches(|character: char| character.is_whitespace() || character == '\0');
        if text.is_empty() {
            return Ok(Self { root: Node::Null, form: Form::Json });
        }
        let structured = text.starts_with(['{', '[']);
        let mut problem = None;
        if structured || text.starts_with('"') || matches!(text, "true" | "false" | "null") {
            match Node::parse(text) {
                Ok(root) => {
                    return Ok(Self { root, form: Form::Json });
                }
                Err(error) if structured => problem = Some(error.to_string()),
                Err(_) => {}
            }
        }
        let root = match text.parse::<f64>() {
            Ok(number) if number.is_finite() => Node::Number(number),
            Ok(_) => {
                return Err(PayloadError::NotFinite { text: shortened(text) });
            }
            Err(_) => Node::Text(text.into()),
        };
        Ok(Self { root, form: Form::Raw { problem } })
    }

    /// Whether the message was JSON (a plain number is, too).
    pub fn is_json(&self) -> bool {
        self.form == Form::Json
    }

    /// The value at a JSON pointer (RFC 6901, `/a/b/0`); the whole payload where there is none or an empty one.
    ///
    /// # Errors
    /// [`PayloadError::Absent`], [`PayloadError::NotScalar`], [`PayloadError::NotJson`], [`PayloadError::BadPointer`].
    pub fn scalar(&self, pointer: Option<&str>) -> Result<Scalar, PayloadError> {
        let node = match pointer {
            Some(pointer) => self.node(pointer)?,
            None => &self.root,
        };
        match node {
            Node::Null => Ok(Scalar::Null),
            Node::Bool(value) => Ok(Scalar::Bool(*value)),
            Node::Number(value) => Ok(Scalar::Number(*value)),
            Node::Text(value) => Ok(Scalar::Text(value.clone().into_owned())),
            Node::Array(_) | Node::Object(_) => Err(PayloadError::NotScalar),
        }
    }

    /// Whatever is at a JSON pointer, arrays and objects included.
    ///
    /// # Errors
    /// As [`Self::scalar`], but never [`PayloadError::NotScalar`].
    pub fn structure(&self, pointer: Option<&str>) -> Result<serde_json::Value, PayloadError> {
        let node = match pointer {
            Some(pointer) => self.node(pointer)?,
            None => &self.root,
        };
        Ok(node.to_json())
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

/// Whether `pointer` is a JSON pointer (RFC 6901), so that a mapping can be refused when it is loaded.
///
/// # Errors
/// [`PayloadError::BadPointer`] with the place.
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

/// The number that the whole payload is, where it is a plain decimal one: the usual message, without looking for JSON.
///
/// White space and NULs around it are skipped. Nothing for anything longer than 64 bytes, and for what is not finite.
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
    // Letters other than the exponent's would let `inf` and `nan` through.
    let plain = |byte: &u8| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E');
    if bytes.is_empty() || bytes.len() > 64 || !bytes.iter().all(plain) {
        return None;
    }
    let number: f64 = std::str::from_utf8(bytes).ok()?.parse().ok()?;
    number.is_finite().then_some(number)
}

fn is_padding(byte: u8) -> bool {
    byte.is_ascii_whitespace() || byte == 0
}

/// The beginning of a text, for an error message.
pub(crate) fn shortened(text: &str) -> String {
    match text.char_indices().nth(40) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
#[path = "payload_tests.rs"]
mod tests;
