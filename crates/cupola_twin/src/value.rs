//! Values, their kinds and qualities, and the lanes they are stored in.
//!
//! Every column is a column of `f64` lanes; its [`Kind`] says how to read them. Numbers are themselves, booleans 0 and 1,
//! texts the number of an interned string, times seconds since the Unix epoch. NaN is "no value", in every kind. One lane type
//! means one register type in the formula machine and one memory layout to make fast. The price: an integer beyond ±2^53 is
//! not exact, so such a value is refused where it comes in.

use crate::strings::{Collector, Strings};
use arcstr::Substr;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::{PoisonError, RwLock};

/// The largest integer that a lane holds exactly.
pub const EXACT_INTEGER: f64 = 9_007_199_254_740_992.0;

/// How a lane is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// `float` and `double`.
    Number,
    /// `integer` and `long`.
    Integer,
    /// `boolean`.
    Bool,
    /// `string`, and for now the ISO 8601 texts of `date`, `time` and `duration`.
    Text,
    /// `dateTime`: seconds since 1970-01-01T00:00:00Z.
    Time,
    /// Arrays, maps and objects that are kept whole: the number of their JSON text.
    Json,
}

impl Kind {
    /// The plain word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Number => "number",
            Self::Integer => "integer",
            Self::Bool => "boolean",
            Self::Text => "text",
            Self::Time => "time",
            Self::Json => "structured value",
        }
    }

    /// Whether arithmetic makes sense on it.
    pub fn is_numeric(self) -> bool {
        matches!(self, Self::Number | Self::Integer)
    }
}

/// How far a value can be trusted, best first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
#[repr(u8)]
pub enum Quality {
    /// As it should be.
    Good = 0,
    /// Older than its source promised; still used, and marked.
    Stale = 1,
    /// Known to be wrong; kept to be looked at, never computed with.
    Bad = 2,
    /// There is none.
    #[default]
    Missing = 3,
}

impl Quality {
    /// From its stored byte.
    pub fn from_byte(byte: u8) -> Self {
        match byte {
            0 => Self::Good,
            1 => Self::Stale,
            2 => Self::Bad,
            _ => Self::Missing,
        }
    }

    /// The plain word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Stale => "stale",
            Self::Bad => "bad",
            Self::Missing => "missing",
        }
    }
}

/// A value as people and documents write it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Value {
    /// A boolean.
    Bool(bool),
    /// A whole number.
    Integer(i64),
    /// A number.
    Number(f64),
    /// A text, also of a time.
    Text(String),
    /// Values in order.
    Array(Vec<Value>),
    /// Values by name: an object or a map.
    Object(BTreeMap<String, Value>),
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool(value) => write!(f, "{value}"),
            Self::Integer(value) => write!(f, "{value}"),
            Self::Number(value) => write!(f, "{value}"),
            Self::Text(value) => write!(f, "{value}"),
            Self::Array(_) | Self::Object(_) => f.write_str(&serde_json::to_string(self).unwrap_or_default()),
        }
    }
}

/// One value with its quality and source time.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    /// The lane; NaN if there is no value.
    pub lane: f64,
    /// How far to trust it.
    pub quality: Quality,
    /// When it was so, microseconds since the Unix epoch.
    pub time_us: i64,
}

impl Sample {
    /// No value, at no time.
    pub const MISSING: Self = Self { lane: f64::NAN, quality: Quality::Missing, time_us: i64::MIN };

    /// A good value.
    pub fn good(lane: f64, time_us: i64) -> Self {
        Self { lane, quality: Quality::Good, time_us }
    }

    /// What a formula sees: the lane, or NaN where it must not be used.
    pub fn usable(&self) -> f64 {
        if self.quality <= Quality::Stale { self.lane } else { f64::NAN }
    }
}

impl PartialEq for Sample {
    fn eq(&self, other: &Self) -> bool {
        self.lane.to_bits() == other.lane.to_bits() && self.quality == other.quality && self.time_us == other.time_us
    }
}

/// Strings by number, shared by a topology and all its states; it only grows.
#[derive(Debug, Default)]
pub struct Texts(RwLock<Interned>);

#[derive(Debug, Default)]
struct Interned {
    /// Those that came all at once.
    first: Strings,
    /// Those that came one by one, whose numbers go on from there.
    more: Vec<Substr>,
    numbers: HashMap<Substr, u32>,
}

impl Interned {
    fn find(&self, text: &str) -> Option<u32> {
        self.first.find(text).or_else(|| self.numbers.get(text).copied())
    }

    fn len(&self) -> usize {
        self.first.len() + self.more.len()
    }
}

impl Texts {
    /// With these, which keep their numbers.
    pub fn of(first: Strings) -> Self {
        Self(RwLock::new(Interned { first, ..Interned::default() }))
    }

    /// All there are, with their numbers.
    pub fn all(&self) -> Strings {
        let inner = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if inner.more.is_empty() {
            return inner.first.clone();
        }
        let mut all = Collector::with_capacity(inner.len());
        for text in inner.first.iter().chain(inner.more.iter().map(Substr::as_str)) {
            // Each is there once.
            let _ = all.add(text);
        }
        all.finish()
    }

    /// The number of `text`, new or known.
    pub fn intern(&self, text: &str) -> u32 {
        if let Some(number) = self.find(text) {
            return number;
        }
        let mut inner = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(number) = inner.find(text) {
            return number;
        }
        let text = Substr::from(text);
        let number = inner.len() as u32;
        inner.more.push(text.clone());
        inner.numbers.insert(text, number);
        number
    }

    /// The number of `text`, new or known; `None` for a new one if there are `limit` already.
    pub fn intern_within(&self, text: &str, limit: usize) -> Option<u32> {
        let full = || self.0.read().unwrap_or_else(PoisonError::into_inner).len() >= limit;
        self.find(text).or_else(|| (!full()).then(|| self.intern(text)))
    }

    /// The number of `text`, if it was seen before.
    pub fn find(&self, text: &str) -> Option<u32> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).find(text)
    }

    /// The text of a lane.
    pub fn text(&self, lane: f64) -> Option<Substr> {
        if !lane.is_finite() {
            return None;
        }
        let inner = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let number = lane as usize;
        match number.checked_sub(inner.first.len()) {
            Some(number) => inner.more.get(number).cloned(),
            None => inner.first.shared(number as u32),
        }
    }
}

/// Puts a value into a lane of `kind`, or says why it doesn't fit.
pub fn encode(value: &Value, kind: Kind, texts: &Texts) -> Result<f64, String> {
    let wrong = || Err(format!("`{value}` is not a {}", kind.word()));
    match (kind, value) {
        (Kind::Number, Value::Number(number)) if number.is_finite() => Ok(*number),
        (Kind::Number, Value::Number(number)) => Err(format!("`{number}` is not a finite number")),
        (Kind::Number | Kind::Integer, Value::Integer(number)) => {
            if (*number as f64).abs() <= EXACT_INTEGER {
                Ok(*number as f64)
            } else {
                Err(format!("`{number}` is beyond ±2^53, the largest exact integer here"))
            }
        }
        (Kind::Integer, Value::Number(number)) if number.fract() == 0.0 && number.abs() <= EXACT_INTEGER => Ok(*number),
        (Kind::Bool, Value::Bool(flag)) => Ok(f64::from(u8::from(*flag))),
        (Kind::Text, Value::Text(text)) => Ok(f64::from(texts.intern(text))),
        (Kind::Json, value) => match serde_json::to_string(value) {
            Ok(text) => Ok(f64::from(texts.intern(&text))),
            Err(error) => Err(error.to_string()),
        },
        (Kind::Time, Value::Text(text)) => match text.parse::<jiff::Timestamp>() {
            Ok(time) => Ok(time.as_microsecond() as f64 / 1e6),
            Err(_) => Err(format!("`{text}` is not an RFC 3339 time such as 2026-01-31T08:00:00Z")),
        },
        _ => wrong(),
    }
}

/// The value in a lane of `kind`; `None` if there is none.
pub fn decode(lane: f64, kind: Kind, texts: &Texts) -> Option<Value> {
    if lane.is_nan() {
        return None;
    }
    Some(match kind {
        Kind::Number => Value::Number(lane),
        Kind::Integer if lane.fract() == 0.0 => Value::Integer(lane as i64),
        Kind::Integer => Value::Number(lane),
        Kind::Bool => Value::Bool(lane != 0.0),
        Kind::Text => Value::Text(texts.text(lane)?.to_string()),
        Kind::Time => Value::Text(time_text((lane * 1e6).round() as i64)),
        Kind::Json => serde_json::from_str(&texts.text(lane)?).ok()?,
    })
}

/// RFC 3339 in UTC of microseconds since the Unix epoch; a time outside the calendar is its number.
pub fn time_text(time_us: i64) -> String {
    jiff::Timestamp::from_microsecond(time_us).map_or_else(|_| time_us.to_string(), |time| time.to_string())
}
