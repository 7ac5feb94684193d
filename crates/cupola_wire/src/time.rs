//! Times of measurement in microseconds since 1970-01-01T00:00:00Z, and durations.

use jiff::civil::DateTime;
use jiff::fmt::temporal::DateTimePrinter;
use jiff::tz::TimeZone;
use jiff::{Span, SpanRelativeTo, Timestamp, Zoned};

use crate::payload::{Payload, PayloadError, Scalar, shortened};

/// Absolute value below which a number is a time in seconds (until the year 5138).
pub const SECONDS_BELOW: f64 = 1e11;
/// Absolute value below which a number from [`SECONDS_BELOW`] is a time in milliseconds (from 1973 to 5138).
pub const MILLISECONDS_BELOW: f64 = 1e14;
/// Absolute value below which a number from [`MILLISECONDS_BELOW`] is a time in microseconds (from 1973 to
/// 5138). Numbers from here are nanoseconds.
pub const MICROSECONDS_BELOW: f64 = 1e17;

const MICROS_PER_SECOND: i64 = 1_000_000;

/// Earliest time that can be written as RFC 3339 text: -009999-01-02T02:00:00Z, in microseconds since the epoch.
pub const MIN_TIME_US: i64 = -377_705_023_200_000_000;
/// Latest time that can be written as RFC 3339 text: 9999-12-30T22:00:00Z, in microseconds since the epoch.
pub const MAX_TIME_US: i64 = 253_402_207_200_000_000;

/// Rule for the time of measurement in a message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TimeRule {
    /// JSON pointer of the time. `None` means the time of arrival.
    pub pointer: Option<String>,
    /// Time zone of times that have none. `None` refuses them.
    pub zone: Option<TimeZone>,
}

impl TimeRule {
    /// Returns the time in the message, in microseconds since the epoch. Returns `None` without a pointer, or
    /// if the value is missing or null. The time of arrival then applies.
    ///
    /// # Errors
    /// Returns [`PayloadError::NotTime`] if the value is not a time, [`PayloadError::NoZone`] if it has no time zone, or
    /// the errors of [`Payload::scalar`].
    pub fn source_time(&self, payload: &Payload<'_>) -> Result<Option<i64>, PayloadError> {
        let Some(pointer) = &self.pointer else {
            return Ok(None);
        };
        let scalar = match payload.scalar(Some(pointer)) {
            Ok(Scalar::Null) | Err(PayloadError::Absent) => return Ok(None),
            found => found?,
        };
        match self.time(&scalar) {
            Some(time) => Ok(Some(time)),
            None if zoneless(&scalar).is_some() => Err(PayloadError::NoZone { text: shown(&scalar) }),
            None => Err(PayloadError::NotTime { text: shown(&scalar) }),
        }
    }

    /// Returns a time in microseconds since the epoch, as [`parse_time`] does. A time without a zone is in the zone of
    /// the rule; of an hour that daylight saving repeats, it is the first.
    pub fn time(&self, scalar: &Scalar) -> Option<i64> {
        parse_time(scalar).or_else(|| {
            let local = zoneless(scalar)?;
            Some(self.zone.as_ref()?.to_timestamp(local).ok()?.as_microsecond())
        })
    }
}

/// Returns a time in microseconds since the epoch. The value is RFC 3339 text, or a number (also as text) in
/// seconds, milliseconds, microseconds or nanoseconds, depending on [its size](SECONDS_BELOW). Returns `None`
/// for other values and for years outside −9999 to 9999.
pub fn parse_time(scalar: &Scalar) -> Option<i64> {
    if let Some(number) = scalar.as_number() {
        return from_number(number);
    }
    match scalar {
        Scalar::Text(text) => parse_rfc3339(text),
        Scalar::Null | Scalar::Bool(_) | Scalar::Number(_) => None,
    }
}

/// Returns the date and time of a text without a time zone.
fn zoneless(scalar: &Scalar) -> Option<DateTime> {
    match scalar {
        // A zone in brackets is not the zone of the feed.
        Scalar::Text(text) if !text.contains('[') => text.trim().parse().ok(),
        _ => None,
    }
}

/// Parses an RFC 3339 time, in microseconds since the epoch. Further digits are truncated.
///
/// The offset (`Z`, `+01:00`) is required, because a local time without an offset is ambiguous. A zone in brackets
/// (`[Europe/Berlin]`, RFC 9557) may replace it. The last hours of the year 9999, which programs write for "never", are
/// [`MAX_TIME_US`].
pub fn parse_rfc3339(text: &str) -> Option<i64> {
    let text = text.trim();
    let parsed = text.parse::<Timestamp>().ok().map(Timestamp::as_microsecond);
    if parsed.is_none() && text.ends_with(']') {
        return text.parse::<Zoned>().ok().map(|time| time.timestamp().as_microsecond());
    }
    parsed.or_else(|| {
        // A time that only its year puts beyond the calendar.
        let rest = text.strip_prefix("9999-12-3")?;
        let earlier = format!("9998-12-3{rest}");
        earlier.parse::<Timestamp>().ok().map(|_| MAX_TIME_US)
    })
}

/// Formats a time in microseconds since the epoch as RFC 3339 text in UTC: `2026-03-01T08:00:00Z`, with
/// milliseconds if they are not zero (further digits are truncated). Times outside the years −9999 to 9999
/// are clamped.
///
/// ```
/// let time_us = cupola_wire::parse_rfc3339("2026-03-01T09:00:00+01:00").unwrap();
/// assert_eq!(cupola_wire::format_rfc3339(time_us), "2026-03-01T08:00:00Z");
/// ```
pub fn format_rfc3339(micros: i64) -> String {
    const WHOLE: DateTimePrinter = DateTimePrinter::new().precision(Some(0));
    const MILLIS: DateTimePrinter = DateTimePrinter::new().precision(Some(3));
    let micros = micros.clamp(MIN_TIME_US, MAX_TIME_US);
    let time = Timestamp::from_microsecond(micros).unwrap_or(Timestamp::UNIX_EPOCH);
    let has_millis = micros.rem_euclid(MICROS_PER_SECOND) >= 1_000;
    let printer = if has_millis { &MILLIS } else { &WHOLE };
    printer.timestamp_to_string(&floored(time, micros, has_millis))
}

/// Parses a duration, in microseconds: `90s`, `15m`, `1h30m`, `500ms`, `2d` (of 24 hours), `PT15M`, or plain
/// seconds. Returns `None` for negative durations, and for months and years, which have no fixed length.
///
/// ```
/// assert_eq!(cupola_wire::parse_duration("1h30m"), Some(5_400_000_000));
/// assert_eq!(cupola_wire::parse_duration("1mo"), None);
/// ```
pub fn parse_duration(text: &str) -> Option<i64> {
    let text = text.trim();
    let micros = match text.parse::<f64>() {
        Ok(seconds) => micros_of(seconds * MICROS_PER_SECOND as f64)?,
        Err(_) => {
            let span: Span = text.parse().ok()?;
            let length = span.to_duration(SpanRelativeTo::days_are_24_hours()).ok()?;
            i64::try_from(length.as_micros()).ok()?
        }
    };
    (micros >= 0).then_some(micros)
}

/// Formats a duration in microseconds in the form that [`parse_duration`] reads: `1h30m`, `2d`, `500ms`,
/// `0s`. A negative duration starts with `-`.
pub fn format_duration(micros: i64) -> String {
    const UNITS: [(&str, u64); 6] =
        [("d", 86_400_000_000), ("h", 3_600_000_000), ("m", 60_000_000), ("s", 1_000_000), ("ms", 1_000), ("us", 1)];
    let mut rest = micros.unsigned_abs();
    if rest == 0 {
        return "0s".to_owned();
    }
    let mut text = String::new();
    if micros < 0 {
        text.push('-');
    }
    for (unit, size) in UNITS {
        if rest >= size {
            text.push_str(&(rest / size).to_string());
            text.push_str(unit);
            rest %= size;
        }
    }
    text
}

fn from_number(number: f64) -> Option<i64> {
    let size = number.abs();
    let micros = if size < SECONDS_BELOW {
        number * 1e6
    } else if size < MILLISECONDS_BELOW {
        number * 1e3
    } else if size < MICROSECONDS_BELOW {
        number
    } else {
        number / 1e3
    };
    let micros = micros_of(micros)?;
    Timestamp::from_microsecond(micros).ok()?;
    Some(micros)
}

/// Rounds to whole microseconds. Returns `None` outside the range of `i64`.
fn micros_of(micros: f64) -> Option<i64> {
    // i64::MAX as a double is 2^63, which is out of range.
    (micros.abs() < i64::MAX as f64).then_some(micros.round() as i64)
}

/// Returns the time without the digits that are not shown. The printer would truncate towards zero, which is
/// wrong before 1970.
fn floored(time: Timestamp, micros: i64, to_millis: bool) -> Timestamp {
    let unit = if to_millis { 1_000 } else { MICROS_PER_SECOND };
    Timestamp::from_microsecond(micros - micros.rem_euclid(unit)).unwrap_or(time)
}

fn shown(scalar: &Scalar) -> String {
    match scalar {
        Scalar::Null => "null".to_owned(),
        Scalar::Bool(value) => value.to_string(),
        Scalar::Number(value) => value.to_string(),
        Scalar::Text(value) => shortened(value),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MORNING: i64 = 1_772_352_000_000_000; // 2026-03-01T08:00:00Z

    #[test]
    fn reads_times() {
        let cases: &[(Scalar, Option<i64>)] = &[
            (Scalar::Text("2026-03-01T08:00:00Z".into()), Some(MORNING)),
            (Scalar::Text(" 2026-03-01T09:00:00.25+01:00".into()), Some(MORNING + 250_000)),
            (Scalar::Text("2026-03-01T08:00:00.123456789Z".into()), Some(MORNING + 123_456)),
            (Scalar::Text("2026-03-01T08:00:00".into()), None),
            (Scalar::Text("2026-02-30T08:00:00Z".into()), None),
            (Scalar::Text("yesterday".into()), None),
            (Scalar::Number(1_772_352_000.0), Some(MORNING)),
            (Scalar::Number(1_772_352_000.25), Some(MORNING + 250_000)),
            (Scalar::Number(1_772_352_000_250.0), Some(MORNING + 250_000)),
            (Scalar::Number(1_772_352_000_000_001.0), Some(MORNING + 1)),
            (Scalar::Number(1_772_352_000_000_000_000.0), Some(MORNING)),
            (Scalar::Text("1772352000".into()), Some(MORNING)),
            (Scalar::Number(0.0), Some(0)),
            (Scalar::Number(-1.5), Some(-1_500_000)),
            (Scalar::Number(1e300), None),
            (Scalar::Number(f64::NAN), None),
            (Scalar::Bool(true), None),
            (Scalar::Null, None),
        ];
        for (scalar, expected) in cases {
            assert_eq!(parse_time(scalar), *expected, "{scalar:?}");
        }
    }

    #[test]
    fn finds_the_time_of_a_message() {
        let rule = |pointer: &str| TimeRule { pointer: Some(pointer.to_owned()), zone: None };
        let payload = Payload::parse(br#"{"ts":1772352000,"t":{"at":"2026-03-01T08:00:00Z"},"n":null,"x":"soon"}"#)
            .expect("it is JSON");
        assert_eq!(rule("/ts").source_time(&payload), Ok(Some(MORNING)));
        assert_eq!(rule("/t/at").source_time(&payload), Ok(Some(MORNING)));
        assert_eq!(rule("/n").source_time(&payload), Ok(None));
        assert_eq!(rule("/absent").source_time(&payload), Ok(None));
        assert_eq!(TimeRule::default().source_time(&payload), Ok(None));
        assert_eq!(rule("/x").source_time(&payload), Err(PayloadError::NotTime { text: "soon".to_owned() }));
        assert_eq!(rule("/t").source_time(&payload), Err(PayloadError::NotScalar));
    }

    #[test]
    fn shows_times() {
        let cases = [
            (MORNING, "2026-03-01T08:00:00Z"),
            (MORNING + 250_000, "2026-03-01T08:00:00.250Z"),
            (MORNING + 999, "2026-03-01T08:00:00Z"),
            (0, "1970-01-01T00:00:00Z"),
            (-1, "1969-12-31T23:59:59.999Z"),
            (-1_000_000, "1969-12-31T23:59:59Z"),
        ];
        for (micros, expected) in cases {
            assert_eq!(format_rfc3339(micros), expected);
        }
        for (extreme, limit) in [(i64::MIN, MIN_TIME_US), (i64::MAX, MAX_TIME_US)] {
            assert_eq!(parse_rfc3339(&format_rfc3339(extreme)), Some(limit));
        }
    }

    #[test]
    fn reads_durations() {
        let second = MICROS_PER_SECOND;
        let cases = [
            ("90s", Some(90 * second)),
            ("15m", Some(900 * second)),
            ("1h", Some(3600 * second)),
            ("500ms", Some(second / 2)),
            ("2d", Some(2 * 86_400 * second)),
            ("1h30m", Some(5400 * second)),
            ("1h 30m", Some(5400 * second)),
            ("PT15M", Some(900 * second)),
            (" 90 ", Some(90 * second)),
            ("0.5", Some(second / 2)),
            ("0s", Some(0)),
            ("-5", None),
            ("-5s", None),
            ("2mo", None),
            ("1y", None),
            ("", None),
            ("soon", None),
            ("NaN", None),
            ("1e30", None),
        ];
        for (text, expected) in cases {
            assert_eq!(parse_duration(text), expected, "{text}");
        }
    }

    #[test]
    fn shows_durations() {
        let cases = [
            (0, "0s"),
            (90_000_000, "1m30s"),
            (5_400_000_000, "1h30m"),
            (172_800_000_000, "2d"),
            (500_000, "500ms"),
            (1, "1us"),
            (-90_000_000, "-1m30s"),
        ];
        for (micros, expected) in cases {
            assert_eq!(format_duration(micros), expected);
        }
        assert!(format_duration(i64::MIN).starts_with('-'));
    }

    proptest! {
        #[test]
        fn times_come_back_to_the_millisecond(micros in -200_000_000_000_000_000i64..200_000_000_000_000_000) {
            prop_assert_eq!(parse_rfc3339(&format_rfc3339(micros)), Some(micros - micros.rem_euclid(1_000)));
        }

        #[test]
        fn durations_come_back(micros in 0i64..100_000_000_000_000_000) {
            prop_assert_eq!(parse_duration(&format_duration(micros)), Some(micros));
        }

        #[test]
        fn any_text_is_a_duration_or_not(text in ".{0,20}") {
            prop_assert!(parse_duration(&text).is_none_or(|micros| micros >= 0));
        }
    }
}
