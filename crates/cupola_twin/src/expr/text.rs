//! Functions of texts and times.

use super::Function;
use crate::zone::TimeZone;

/// Returns a calendar part of a time given in seconds since the Unix epoch, in a zone. Weekdays are numbered from Monday =
/// 1 (ISO 8601). `None` for a time outside the calendar.
pub(crate) fn part_of_time(function: Function, seconds: f64, zone: &TimeZone) -> Option<f64> {
    let time_us = seconds * 1e6;
    if time_us.is_nan() || time_us.abs() > 9e18 {
        return None;
    }
    let time = zone.to_datetime(jiff::Timestamp::from_microsecond(time_us.round() as i64).ok()?);
    Some(match function {
        Function::Year => f64::from(time.year()),
        Function::Month => f64::from(time.month()),
        Function::Day => f64::from(time.day()),
        Function::Weekday => f64::from(time.weekday().to_monday_one_offset()),
        Function::Hour => f64::from(time.hour()),
        _ => f64::from(time.minute()),
    })
}

/// Returns the result of `UPPER` or `LOWER`.
pub(crate) fn text_of(function: Function, text: &str) -> String {
    match function {
        Function::Upper => text.to_uppercase(),
        _ => text.to_lowercase(),
    }
}
