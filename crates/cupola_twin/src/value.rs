//! Values, their kinds and qualities, and the lanes that store them.
//!
//! Every column is an array of `f64` lanes, and its [`Kind`] determines how a lane is read. A number is the lane
//! itself, a boolean is 0 or 1, a text is the number of an interned string, and a time is seconds since the Unix epoch.
//! NaN means "no value" for every kind. A single lane type gives the formula machine one register type and one memory
//! layout. The cost is that integers beyond ±2^53 are not exact, so [`encode`] refuses them.

pub use crate::texts::Texts;
use crate::zone::time_of_text;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// The largest integer that a lane holds exactly.
pub const EXACT_INTEGER: f64 = 9_007_199_254_740_992.0;

/// The interpretation of a lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// `float` and `double`.
    Number,
    /// Every whole number schema: `byte`, `short`, `integer`, `long` and their unsigned variants.
    Integer,
    /// `boolean`.
    Bool,
    /// `string`, `bytes`, `decimal`, `uuid`, and the ISO 8601 texts of `date`, `time` and `duration`.
    Text,
    /// `dateTime`, in seconds since the Unix epoch (1970-01-01T00:00:00Z).
    Time,
    /// An array, map or object that is stored whole, as the number of its interned JSON text.
    Json,
}

impl Kind {
    /// Returns the word for the kind in messages.
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

    /// Returns the word for the kind with its article.
    pub fn with_article(self) -> String {
        let article = if self == Self::Integer { "an" } else { "a" };
        format!("{article} {}", self.word())
    }

    /// Returns whether arithmetic applies to the kind.
    pub fn is_numeric(self) -> bool {
        matches!(self, Self::Number | Self::Integer)
    }
}

/// The trustworthiness of a value, ordered from best to worst.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
#[repr(u8)]
pub enum Quality {
    /// A current and valid value.
    Good = 0,
    /// A value older than its source promises; formulas use it and mark their result as stale.
    Stale = 1,
    /// A value known to be invalid; it is kept for display and never used in a computation.
    Bad = 2,
    /// No value.
    #[default]
    Missing = 3,
}

impl Quality {
    /// Returns the quality that a stored byte encodes; an unknown byte gives [`Quality::Missing`].
    pub fn from_byte(byte: u8) -> Self {
        match byte {
            0 => Self::Good,
            1 => Self::Stale,
            2 => Self::Bad,
            _ => Self::Missing,
        }
    }

    /// Returns the word for the quality in messages.
    pub fn word(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Stale => "stale",
            Self::Bad => "bad",
            Self::Missing => "missing",
        }
    }
}

/// A value as documents and messages write it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Value {
    /// A boolean.
    Bool(bool),
    /// A whole number.
    Integer(i64),
    /// A number.
    Number(f64),
    /// A text, or a time as text.
    Text(String),
    /// An ordered list of values.
    Array(Vec<Value>),
    /// Values by name: an object or a map.
    Object(BTreeMap<String, Value>),
}

impl Value {
    /// Returns the value that a person typed for a property of a kind. Without a kind, JSON is read as JSON, and any other
    /// text is a text.
    ///
    /// A text that does not fit the kind stays a text, so that [`encode`] gives the reason.
    ///
    /// ```
    /// use cupola_twin::{Kind, Value};
    /// assert_eq!(Value::from_text("21", Some(Kind::Number)), Value::Integer(21));
    /// assert_eq!(Value::from_text("12e4", Some(Kind::Text)), Value::Text("12e4".into()));
    /// assert_eq!(Value::from_text("on", Some(Kind::Bool)), Value::Bool(true));
    /// ```
    pub fn from_text(text: &str, kind: Option<Kind>) -> Self {
        let plain = || Self::Text(text.to_string());
        match kind {
            Some(Kind::Text | Kind::Time) => plain(),
            Some(Kind::Bool) => match text {
                "true" | "on" => Self::Bool(true),
                "false" | "off" => Self::Bool(false),
                _ => plain(),
            },
            Some(Kind::Number | Kind::Integer) => {
                let number = text.parse().map(Self::Integer).or_else(|_| text.parse().map(Self::Number));
                number.unwrap_or_else(|_| plain())
            }
            Some(Kind::Json) | None => serde_json::from_str(text).unwrap_or_else(|_| plain()),
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool(value) => write!(f, "{value}"),
            Self::Integer(value) => write!(f, "{value}"),
            // Zero has no sign in a text.
            Self::Number(value) => write!(f, "{}", value + 0.0),
            Self::Text(value) => write!(f, "{value}"),
            Self::Array(_) | Self::Object(_) => f.write_str(&serde_json::to_string(self).unwrap_or_default()),
        }
    }
}

/// A value with its quality and source time.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    /// The lane, or NaN if there is no value.
    pub lane: f64,
    /// The quality of the value.
    pub quality: Quality,
    /// The source time, in microseconds since the Unix epoch.
    pub time_us: i64,
}

impl Sample {
    /// A missing value without a source time.
    pub const MISSING: Self = Self { lane: f64::NAN, quality: Quality::Missing, time_us: i64::MIN };

    /// Creates a sample of good quality; `time_us` is in microseconds since the Unix epoch.
    pub fn good(lane: f64, time_us: i64) -> Self {
        Self { lane, quality: Quality::Good, time_us }
    }

    /// Returns the lane, or NaN if the quality forbids its use in a formula (bad or missing).
    pub fn usable(&self) -> f64 {
        if self.quality <= Quality::Stale { self.lane } else { f64::NAN }
    }
}

impl PartialEq for Sample {
    fn eq(&self, other: &Self) -> bool {
        self.lane.to_bits() == other.lane.to_bits() && self.quality == other.quality && self.time_us == other.time_us
    }
}

/// The reason why a value can't be a lane of a column.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ValueError {
    /// The value is of another kind.
    #[error("`{value}` is not {}", kind.with_article())]
    Kind {
        /// The value.
        value: Value,
        /// The kind of the column.
        kind: Kind,
    },
    /// The number is infinite or not a number.
    #[error("`{0}` is not a finite number")]
    NotFinite(f64),
    /// The integer is too large to be exact.
    #[error("`{0}` is outside ±2^53, the range of exact integers")]
    NotExact(i64),
    /// The text is not an RFC 3339 time.
    #[error("`{0}` is not an RFC 3339 time such as 2026-01-31T08:00:00Z")]
    NotTime(String),
    /// The value can't be written as JSON.
    #[error("{0}")]
    NotJson(String),
}

/// Encodes a value as a lane of `kind`.
///
/// # Errors
/// A value that `kind` cannot represent: another type, a number that is not finite, an integer beyond ±2^53, or a text
/// that is not an RFC 3339 time.
pub fn encode(value: &Value, kind: Kind, texts: &Texts) -> Result<f64, ValueError> {
    encode_by(value, kind, |text| texts.intern(text))
}

/// Encodes an initial value of the scene, whose text stays.
pub(crate) fn encode_given(value: &Value, kind: Kind, texts: &Texts) -> Result<f64, ValueError> {
    encode_by(value, kind, |text| texts.pin(text))
}

fn encode_by(value: &Value, kind: Kind, intern: impl Fn(&str) -> u32) -> Result<f64, ValueError> {
    match (kind, value) {
        (Kind::Number, Value::Number(number)) if number.is_finite() => Ok(*number),
        (Kind::Number, Value::Number(number)) => Err(ValueError::NotFinite(*number)),
        (Kind::Number | Kind::Integer, Value::Integer(number)) => {
            if number.unsigned_abs() <= EXACT_INTEGER as u64 {
                Ok(*number as f64)
            } else {
                Err(ValueError::NotExact(*number))
            }
        }
        (Kind::Integer, Value::Number(number)) if number.fract() == 0.0 && number.abs() <= EXACT_INTEGER => Ok(*number),
        (Kind::Bool, Value::Bool(flag)) => Ok(f64::from(u8::from(*flag))),
        (Kind::Text, Value::Text(text)) => Ok(f64::from(intern(text))),
        (Kind::Json, value) => match serde_json::to_string(value) {
            Ok(text) => Ok(f64::from(intern(&text))),
            Err(error) => Err(ValueError::NotJson(error.to_string())),
        },
        (Kind::Time, Value::Text(text)) => match time_of_text(text) {
            Some(time_us) => Ok(time_us as f64 / 1e6),
            None => Err(ValueError::NotTime(text.clone())),
        },
        _ => Err(ValueError::Kind { value: value.clone(), kind }),
    }
}

/// Decodes a lane of `kind`. Returns `None` if the lane holds no value.
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

/// Formats microseconds since the Unix epoch as an RFC 3339 time in UTC; a time outside the calendar is formatted as
/// its number.
///
/// ```
/// assert_eq!(cupola_twin::value::time_text(0), "1970-01-01T00:00:00Z");
/// ```
pub fn time_text(time_us: i64) -> String {
    jiff::Timestamp::from_microsecond(time_us).map_or_else(|_| time_us.to_string(), |time| time.to_string())
}
