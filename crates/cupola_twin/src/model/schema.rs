//! Schemas: the permitted values of properties, telemetry, command payloads and relationship properties.
//!
//! Source: Digital Twins Definition Language version 4, "Schema". The primitive schemas of versions 2 and 3 are a
//! subset of those of version 4.

use crate::diagnostic::nearest;
use crate::unit::Unit;
use crate::value::{EXACT_INTEGER, Kind, Value};
use std::sync::Arc;

/// The index of a schema in [`Schemas`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SchemaIx(pub u32);

/// A schema. Its parts are other entries of the same [`Schemas`], so that a schema may refer to itself.
#[derive(Clone, Debug, PartialEq)]
pub enum Schema {
    /// A single value.
    Primitive(Primitive),
    /// One of a list of values.
    Enum {
        /// The permitted values.
        values: Vec<EnumValue>,
        /// Whether the values are whole numbers rather than texts.
        integer: bool,
    },
    /// An ordered list of values of one schema.
    Array(SchemaIx),
    /// Values of one schema by key.
    Map(SchemaIx),
    /// Named fields.
    Object(Vec<Field>),
}

/// One value of an enumeration.
#[derive(Clone, Debug, PartialEq)]
pub struct EnumValue {
    /// The name.
    pub name: Arc<str>,
    /// The name for display.
    pub display_name: String,
    /// The value that represents it in data.
    pub value: Value,
}

/// A field of an object.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// The name.
    pub name: Arc<str>,
    /// The name for display.
    pub display_name: String,
    /// The schema of the values.
    pub schema: SchemaIx,
    /// The unit of the values.
    pub unit: Option<&'static Unit>,
    /// Whether every object must have the field (the Requirement extension).
    pub required: bool,
}

/// The primitive schemas of DTDL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names are DTDL's own")]
pub enum Primitive {
    Boolean,
    Byte,
    Bytes,
    Date,
    DateTime,
    Decimal,
    Double,
    Duration,
    Float,
    Integer,
    Long,
    Short,
    String,
    Time,
    UnsignedByte,
    UnsignedInteger,
    UnsignedLong,
    UnsignedShort,
    Uuid,
}

/// Every primitive schema with its name and the first DTDL version that has it.
pub const PRIMITIVES: [(&str, Primitive, u8); 19] = [
    ("boolean", Primitive::Boolean, 2),
    ("byte", Primitive::Byte, 4),
    ("bytes", Primitive::Bytes, 4),
    ("date", Primitive::Date, 2),
    ("dateTime", Primitive::DateTime, 2),
    ("decimal", Primitive::Decimal, 4),
    ("double", Primitive::Double, 2),
    ("duration", Primitive::Duration, 2),
    ("float", Primitive::Float, 2),
    ("integer", Primitive::Integer, 2),
    ("long", Primitive::Long, 2),
    ("short", Primitive::Short, 4),
    ("string", Primitive::String, 2),
    ("time", Primitive::Time, 2),
    ("unsignedByte", Primitive::UnsignedByte, 4),
    ("unsignedInteger", Primitive::UnsignedInteger, 4),
    ("unsignedLong", Primitive::UnsignedLong, 4),
    ("unsignedShort", Primitive::UnsignedShort, 4),
    ("uuid", Primitive::Uuid, 4),
];

/// The reason why a value does not match a primitive schema.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PrimitiveError {
    /// The value is of another kind, or a text without the form of the schema.
    #[error("{value} is not {}{}{example}", schema.with_article(), if example.is_empty() { "" } else { " such as " })]
    Kind {
        /// The value; a text is in quotes.
        value: String,
        /// The schema.
        schema: Primitive,
        /// A valid text; empty if texts never match.
        example: &'static str,
    },
    /// The number has a fraction, and the schema has whole numbers.
    #[error("{value} is not a whole number, and {} needs one", schema.name())]
    Fraction {
        /// The value.
        value: String,
        /// The schema.
        schema: Primitive,
    },
    /// The number is outside of the range of the schema.
    #[error("{value} is outside the range {low} to {high} of {}", schema.name())]
    Range {
        /// The value.
        value: String,
        /// The least number of the schema.
        low: i128,
        /// The greatest number of the schema.
        high: i128,
        /// The schema.
        schema: Primitive,
    },
}

impl Primitive {
    /// Returns the DTDL name.
    pub fn name(self) -> &'static str {
        PRIMITIVES.iter().find(|(_, known, _)| *known == self).map_or("", |(name, _, _)| name)
    }

    /// Returns the kind of a column with this schema.
    pub fn kind(self) -> Kind {
        match self {
            Self::Boolean => Kind::Bool,
            Self::DateTime => Kind::Time,
            Self::Double | Self::Float => Kind::Number,
            Self::Bytes | Self::Date | Self::Decimal | Self::Duration | Self::String | Self::Time | Self::Uuid => {
                Kind::Text
            }
            _ => Kind::Integer,
        }
    }

    /// Returns the range of whole numbers that the schema permits, both ends included; `None` for other schemas.
    fn range(self) -> Option<(i128, i128)> {
        Some(match self {
            Self::Byte => (i128::from(i8::MIN), i128::from(i8::MAX)),
            Self::Short => (i128::from(i16::MIN), i128::from(i16::MAX)),
            Self::Integer => (i128::from(i32::MIN), i128::from(i32::MAX)),
            Self::Long => (i128::from(i64::MIN), i128::from(i64::MAX)),
            Self::UnsignedByte => (0, i128::from(u8::MAX)),
            Self::UnsignedShort => (0, i128::from(u16::MAX)),
            Self::UnsignedInteger => (0, i128::from(u32::MAX)),
            Self::UnsignedLong => (0, i128::from(u64::MAX)),
            _ => return None,
        })
    }

    /// Checks whether `value` matches the schema.
    ///
    /// # Errors
    /// The value does not match the schema.
    pub fn check(self, value: &Value) -> Result<(), PrimitiveError> {
        let example = match (self, value) {
            (Self::Boolean, Value::Bool(_)) | (Self::String, Value::Text(_)) => return Ok(()),
            (Self::Double | Self::Float, Value::Integer(_)) => return Ok(()),
            (Self::Double, Value::Number(number)) if number.is_finite() => return Ok(()),
            (Self::Float, Value::Number(number)) if number.abs() <= f64::from(f32::MAX) => return Ok(()),
            (_, Value::Integer(_) | Value::Number(_)) if self.range().is_some() => return self.check_integer(value),
            (_, Value::Text(text)) => match self.check_text(text) {
                None => return Ok(()),
                Some(example) => example,
            },
            _ => "",
        };
        Err(PrimitiveError::Kind { value: quoted(value), schema: self, example })
    }

    /// Returns the name with its article, such as `an integer`.
    fn with_article(self) -> String {
        let article = if self.name().starts_with(['i', 'u']) && self != Self::Uuid { "an" } else { "a" };
        format!("{article} {}", self.name())
    }

    fn check_integer(self, value: &Value) -> Result<(), PrimitiveError> {
        let Some((low, high)) = self.range() else { return Ok(()) };
        let fits = match value {
            Value::Integer(number) => (low..=high).contains(&i128::from(*number)),
            // The bounds of the 64-bit ranges are not exact as `f64`; the nearest `f64` is used.
            Value::Number(number) if number.fract() == 0.0 => *number >= low as f64 && *number <= high as f64,
            _ => return Err(PrimitiveError::Fraction { value: quoted(value), schema: self }),
        };
        if fits { Ok(()) } else { Err(PrimitiveError::Range { value: value.to_string(), low, high, schema: self }) }
    }

    /// Returns `None` if `text` matches the schema, otherwise an example of a valid text; the example is empty if texts
    /// never match.
    fn check_text(self, text: &str) -> Option<&'static str> {
        let (fits, example) = match self {
            Self::Date => (text.parse::<jiff::civil::Date>().is_ok() && text.len() == 10, "2026-01-31"),
            Self::DateTime => (is_date_time(text), "2026-01-31T08:00:00Z"),
            Self::Time => (is_time(text), "08:30:00Z"),
            Self::Duration => (is_duration(text), "PT2H30M"),
            Self::Decimal => (is_decimal(text), "\"12.50\""),
            Self::Bytes => (is_base64(text), "\"AQID\" (base 64)"),
            Self::Uuid => (is_uuid(text), "f81d4fae-7dec-11d0-a765-00a0c91e6bf6"),
            _ => (false, ""),
        };
        (!fits).then_some(example)
    }
}

/// Returns whether `text` is a `date-time` of RFC 3339, section 5.6.
fn is_date_time(text: &str) -> bool {
    let time = text.split_at_checked(10).and_then(|(_, time)| time.strip_prefix('T'));
    time.is_some_and(is_time) && text.parse::<jiff::Timestamp>().is_ok()
}

/// Returns whether `text` is a `full-time` of RFC 3339, section 5.6: `08:30:00Z`, `08:30:00.5+02:00`.
fn is_time(text: &str) -> bool {
    let Some((clock, rest)) = text.split_at_checked(8) else { return false };
    let zone_at = rest.find(['Z', '+', '-']).unwrap_or(rest.len());
    let (fraction, zone) = rest.split_at(zone_at);
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_clock = |text: &str, parts: usize| {
        text.split(':').count() == parts
            && text.split(':').all(|part| part.len() == 2 && digits(part))
            && text.parse::<jiff::civil::Time>().is_ok()
    };
    is_clock(clock, 3)
        && (fraction.is_empty() || fraction.strip_prefix('.').is_some_and(digits))
        && (zone == "Z" || zone.get(1..).is_some_and(|offset| is_clock(offset, 2)))
}

/// Returns whether `text` is an ISO 8601 duration: years, months or weeks, days, then `T` and hours, minutes, seconds.
/// Only the last part may have a fraction.
pub(super) fn is_duration(text: &str) -> bool {
    let Some(rest) = text.strip_prefix('P') else { return false };
    let (date, time) = match rest.split_once('T') {
        Some((date, time)) => (date, Some(time)),
        None => (rest, None),
    };
    let weeks = date.contains('W');
    let date_units = if weeks { "WD" } else { "YMD" };
    let has_fraction = |text: &str| text.contains('.');
    let fraction_last = |text: &str| match text.find('.') {
        Some(at) => text[at..].bytes().filter(u8::is_ascii_alphabetic).count() == 1,
        None => true,
    };
    !rest.is_empty()
        && is_parts(date, date_units)
        && time.is_none_or(|time| !time.is_empty() && is_parts(time, "HMS") && fraction_last(time))
        && fraction_last(date)
        && !(has_fraction(date) && time.is_some())
}

/// Returns whether `text` is a sequence of numbers, each followed by one of `units`, in the order of `units`.
fn is_parts(text: &str, units: &str) -> bool {
    let mut units = units.chars();
    let mut rest = text;
    while !rest.is_empty() {
        let Some(at) = rest.find(|c: char| c.is_ascii_alphabetic()) else { return false };
        let number = &rest[..at];
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        let is_number = match number.split_once('.') {
            Some((whole, fraction)) => digits(whole) && digits(fraction),
            None => digits(number),
        };
        let unit = rest[at..].chars().next();
        if !is_number || !units.any(|known| Some(known) == unit) {
            return false;
        }
        rest = &rest[at + 1..];
    }
    true
}

fn is_decimal(text: &str) -> bool {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let leading_zero = whole.len() > 1 && whole.starts_with('0');
    !whole.is_empty() && !leading_zero && all_digits(whole) && all_digits(fraction)
}

/// Returns whether `text` is base 64 (RFC 4648, section 4).
fn is_base64(text: &str) -> bool {
    let data = text.trim_end_matches('=');
    text.len().is_multiple_of(4)
        && text.len() - data.len() <= 2
        && data.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/'))
}

/// Returns whether `text` is a UUID (RFC 9562, section 4).
fn is_uuid(text: &str) -> bool {
    let groups: Vec<&str> = text.split('-').collect();
    groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12])
        && groups.iter().all(|group| group.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// The schemas of a set of models.
#[derive(Clone, Debug, Default)]
pub struct Schemas(Vec<Schema>);

/// The reason why a value does not match its schema.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path}{}{message}", if path.is_empty() { "" } else { ": " })]
pub struct Mismatch {
    /// The path of the mismatched part, such as `.address.zip` or `[3]`; empty for the value itself.
    pub path: String,
    /// A description of the mismatch.
    pub message: String,
    /// A suggestion: the remedy, or the value that was probably meant.
    pub help: Option<String>,
}

impl Schemas {
    /// Adds a schema.
    pub fn add(&mut self, schema: Schema) -> SchemaIx {
        self.0.push(schema);
        SchemaIx(self.0.len() as u32 - 1)
    }

    /// Replaces a schema that was added before.
    pub(super) fn replace(&mut self, ix: SchemaIx, schema: Schema) {
        self.0[ix.0 as usize] = schema;
    }

    /// Returns the schema with the given index.
    pub fn get(&self, ix: SchemaIx) -> &Schema {
        &self.0[ix.0 as usize]
    }

    /// Checks whether `value` matches a schema.
    ///
    /// # Errors
    /// The value does not match; the error describes the first mismatched part.
    pub fn check(&self, ix: SchemaIx, value: &Value) -> Result<(), Mismatch> {
        self.check_at(ix, value, &mut String::new())
    }

    fn check_at(&self, ix: SchemaIx, value: &Value, path: &mut String) -> Result<(), Mismatch> {
        let wrong = |path: &str, message: String, help| Err(Mismatch { path: path.into(), message, help });
        match (self.get(ix), value) {
            (Schema::Primitive(primitive), value) => match primitive.check(value) {
                Ok(()) => Ok(()),
                Err(error) => wrong(path, error.to_string(), None),
            },
            (Schema::Enum { values, .. }, value) => {
                if values.iter().any(|known| same(&known.value, value)) {
                    return Ok(());
                }
                let known: Vec<String> = values.iter().map(|known| known.value.to_string()).collect();
                let near = nearest(&value.to_string(), known.iter().map(String::as_str));
                let help = near.map(|near| format!("did you mean `{near}`?"));
                wrong(path, format!("{} is not one of {}", quoted(value), known.join(", ")), help)
            }
            (Schema::Array(element), Value::Array(values)) => {
                for (at, value) in values.iter().enumerate() {
                    self.check_part(*element, value, path, &format!("[{at}]"))?;
                }
                Ok(())
            }
            (Schema::Map(element), Value::Object(values)) => {
                for (key, value) in values {
                    self.check_part(*element, value, path, &format!(".{key}"))?;
                }
                Ok(())
            }
            (Schema::Object(fields), Value::Object(values)) => {
                for (key, value) in values {
                    let Some(field) = fields.iter().find(|field| *field.name == **key) else {
                        let near = nearest(key, fields.iter().map(|field| &*field.name));
                        let help = near.map(|near| format!("did you mean `{near}`?"));
                        return wrong(path, format!("there is no field `{key}`"), help);
                    };
                    self.check_part(field.schema, value, path, &format!(".{key}"))?;
                }
                match fields.iter().find(|field| field.required && !values.contains_key(&*field.name)) {
                    Some(field) => wrong(path, format!("the field `{}` is required", field.name), None),
                    None => Ok(()),
                }
            }
            (Schema::Array(_), other) => wrong(path, format!("{} is not an array", quoted(other)), None),
            (Schema::Map(_), other) => wrong(path, format!("{} is not a map", quoted(other)), None),
            (Schema::Object(_), other) => wrong(path, format!("{} is not an object", quoted(other)), None),
        }
    }

    fn check_part(&self, ix: SchemaIx, value: &Value, path: &mut String, part: &str) -> Result<(), Mismatch> {
        let before = path.len();
        path.push_str(part);
        let result = self.check_at(ix, value, path);
        path.truncate(before);
        result
    }

    /// Returns a short name of a schema for messages: `double`, `array of integer`, `object`.
    pub fn describe(&self, ix: SchemaIx) -> String {
        match self.get(ix) {
            Schema::Primitive(primitive) => primitive.name().into(),
            Schema::Enum { .. } => "enumeration".into(),
            Schema::Array(element) => match self.get(*element) {
                Schema::Primitive(primitive) => format!("array of {}", primitive.name()),
                _ => "array".into(),
            },
            Schema::Map(_) => "map".into(),
            Schema::Object(_) => "object".into(),
        }
    }
}

/// Returns whether two values are the same enumeration value; 1 and 1.0 are.
fn same(known: &Value, value: &Value) -> bool {
    match (known, value) {
        (Value::Integer(known), Value::Number(number)) => *known as f64 == *number && number.abs() <= EXACT_INTEGER,
        _ => known == value,
    }
}

/// Quotes a value for a message, shortened after 60 characters.
fn quoted(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(60) {
        Some((at, _)) => format!("`{}…`", &text[..at]),
        None => format!("`{text}`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> Value {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn primitives_know_their_values() {
        for (name, good, bad) in [
            ("boolean", &["true"][..], &["0", "\"true\""][..]),
            ("byte", &["-128", "127", "5.0"], &["128", "-129", "\"1\"", "1.5"]),
            ("short", &["-32768", "32767"], &["32768"]),
            ("integer", &["2147483647", "-2147483648"], &["2147483648", "1.5", "true"]),
            ("long", &["9223372036854775807"], &["1e19"]),
            ("unsignedByte", &["0", "255"], &["-1", "256"]),
            ("unsignedShort", &["65535"], &["65536"]),
            ("unsignedInteger", &["4294967295"], &["4294967296"]),
            ("unsignedLong", &["18446744073709551615"], &["-1"]),
            ("double", &["1", "1.5", "-1e300"], &["\"1\"", "false"]),
            ("float", &["1", "3.4e38"], &["3.5e38"]),
            ("string", &["\"\"", "\"x\""], &["1", "[]"]),
            ("date", &["\"2026-02-28\""], &["\"2026-02-30\"", "\"28.2.2026\"", "20260228"]),
            (
                "dateTime",
                &["\"2026-02-28T10:00:00Z\"", "\"2026-02-28T10:00:00.25+01:00\""],
                &[
                    "\"2026-02-28\"",
                    "\"x\"",
                    "\"2026-02-28 10:00:00Z\"",
                    "\"2026-02-28T10:00Z\"",
                    "\"2026-02-28T10:00:00+0100\"",
                    "\"2026-02-30T10:00:00Z\"",
                ],
            ),
            (
                "time",
                &["\"10:00:00Z\"", "\"10:00:00.5Z\"", "\"10:00:00+01:00\""],
                &[
                    "\"10:00:00\"",
                    "\"25:00:00Z\"",
                    "\"10\"",
                    "\"\"",
                    "\"10:00:00,5Z\"",
                    "\"T10:00:00Z\"",
                    "\"10:00:00z\"",
                    "\"10:00:00.Z\"",
                ],
            ),
            (
                "duration",
                &["\"PT1H\"", "\"P1DT12H\"", "\"P0.5Y\"", "\"P1Y2M3DT4H5M6.5S\"", "\"P2W\"", "\"P100000Y\""],
                &[
                    "\"1h\"",
                    "\"\"",
                    "60",
                    "\"P\"",
                    "\"PT\"",
                    "\"P1DT\"",
                    "\"P1.5DT1H\"",
                    "\"PT1S1M\"",
                    "\"PT1.5H2M\"",
                    "\"-P1D\"",
                    "\"P1Y1W\"",
                ],
            ),
            ("decimal", &["\"-12.5\"", "\"+7\"", "\"0.5\""], &["\"1e5\"", "\".5\"", "\"007\"", "\"\"", "12.5"]),
            ("bytes", &["\"AQID\"", "\"AQ==\"", "\"\""], &["\"A\"", "\"A===\"", "\"A-_=\""]),
            ("uuid", &["\"f81d4fae-7dec-11d0-a765-00a0c91e6bf6\""], &["\"f81d4fae\"", "\"\""]),
        ] {
            let (_, primitive, _) = PRIMITIVES.into_iter().find(|(known, _, _)| *known == name).unwrap();
            good.iter().for_each(|text| assert_eq!(primitive.check(&json(text)), Ok(()), "{name} {text}"));
            bad.iter().for_each(|text| assert!(primitive.check(&json(text)).is_err(), "{name} {text}"));
        }
    }

    #[test]
    fn a_mismatch_says_where() {
        let mut schemas = Schemas::default();
        let number = schemas.add(Schema::Primitive(Primitive::Double));
        let list = schemas.add(Schema::Array(number));
        let map = schemas.add(Schema::Map(list));
        let field = |name: &str, schema, required| Field {
            name: name.into(),
            display_name: name.into(),
            schema,
            unit: None,
            required,
        };
        let object = schemas.add(Schema::Object(vec![field("readings", map, false), field("unit", number, true)]));
        let check = |text: &str| schemas.check(object, &json(text)).map_err(|found| (found.to_string(), found.help));
        assert_eq!(check(r#"{"unit": 1, "readings": {"a": [1, 2.5], "b": []}}"#), Ok(()));
        let (message, _) = check(r#"{"unit": 1, "readings": {"a": [1, "x"]}}"#).unwrap_err();
        assert_eq!(message, ".readings.a[1]: `x` is not a double");
        let (message, help) = check(r#"{"unti": 1}"#).unwrap_err();
        assert_eq!((message.as_str(), help.as_deref()), ("there is no field `unti`", Some("did you mean `unit`?")));
        assert!(check("{}").unwrap_err().0.contains("required"));
        assert!(check("[]").unwrap_err().0.contains("not an object"));
    }
}
