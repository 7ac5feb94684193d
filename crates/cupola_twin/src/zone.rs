//! Time zones: names of the IANA time zone database, whose rules are part of the program, and fixed differences to UTC.
//!
//! The rules of the operating system are not used, so that a scene gives the same results on every machine.

use jiff::tz::AmbiguousOffset;
pub use jiff::tz::TimeZone;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::{Offset, TimeZoneDatabase};
use std::sync::LazyLock;

/// The principal places of the zones.
const PLACES: &str = include_str!("zone/places.txt");

static RULES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// Largest difference of a zone to UTC, in seconds.
const MAX_OFFSET_S: i32 = 15 * 3600;

/// Returns the zone of an IANA name such as `Europe/Berlin`, in any case, or of a difference such as `+01:00`; `None`
/// if it is neither.
///
/// ```
/// let berlin = cupola_twin::zone::find("Europe/Berlin").unwrap();
/// // 2026-07-01T10:00:00Z
/// assert_eq!(cupola_twin::zone::offset_s(&berlin, 1_782_900_000_000_000), 7_200);
/// assert!(cupola_twin::zone::find("Europe/Berln").is_none());
/// ```
pub fn find(name: &str) -> Option<TimeZone> {
    match name {
        "UTC" | "Z" => Some(TimeZone::UTC),
        _ if name.starts_with(['+', '-']) => fixed_s(difference_s(name)?),
        _ => RULES.get(name).ok(),
    }
}

/// Returns the zone with a fixed difference to UTC, in seconds; `None` if it is more than 15 h.
pub fn fixed_s(offset_s: i32) -> Option<TimeZone> {
    (offset_s.abs() <= MAX_OFFSET_S).then(|| Offset::from_seconds(offset_s).ok().map(TimeZone::fixed)).flatten()
}

/// Returns the name of a zone: `Europe/Berlin`, `UTC`, `+01:00`.
pub fn name(zone: &TimeZone) -> String {
    if *zone == TimeZone::UTC {
        return "UTC".into();
    }
    zone.iana_name().map_or_else(|| offset_text(offset_s(zone, 0)), str::to_string)
}

/// Returns the zone whose principal place is the nearest to a place, of the zones with a standard difference to UTC, in
/// seconds; `None` if no zone has this difference. Near a border this may be the zone of the neighbour.
pub fn nearest(latitude_deg: f64, longitude_deg: f64, standard_s: i64) -> Option<TimeZone> {
    // 2026-01-01, whose rules all zones have today.
    const TODAY_US: i64 = 1_767_225_600_000_000;
    let place = |line: &'static str| {
        let mut parts = line.split(' ');
        let mut degrees = || parts.next()?.parse::<f64>().ok();
        let (latitude, longitude) = (degrees()?, degrees()?);
        Some((distance(latitude, longitude, latitude_deg, longitude_deg), parts.next()?))
    };
    let mut places: Vec<(f64, &str)> = PLACES.lines().filter_map(place).collect();
    places.sort_by(|(a, _), (b, _)| a.total_cmp(b));
    places.iter().filter_map(|(_, name)| find(name)).find(|zone| standard_offset_s(zone, TODAY_US) == standard_s)
}

/// Returns the angle between two places on the globe, in radians (haversine formula).
fn distance(latitude: f64, longitude: f64, other_latitude: f64, other_longitude: f64) -> f64 {
    let half = |a: f64, b: f64| ((b - a).to_radians() / 2.0).sin().powi(2);
    let cosines = latitude.to_radians().cos() * other_latitude.to_radians().cos();
    2.0 * (half(latitude, other_latitude) + cosines * half(longitude, other_longitude)).min(1.0).sqrt().asin()
}

/// Returns the names of all zones, for suggestions.
pub fn names() -> Vec<String> {
    RULES.available().map(|name| name.to_string()).collect()
}

/// Returns local time minus UTC at a time in microseconds since the Unix epoch, in seconds.
pub fn offset_s(zone: &TimeZone, time_us: i64) -> i64 {
    let at = Timestamp::from_microsecond(time_us).unwrap_or_default();
    i64::from(zone.to_offset(at).seconds())
}

/// Returns standard time minus UTC in the year of a time in microseconds since the Unix epoch, in seconds: the smaller
/// difference of 1 January and 1 July.
pub fn standard_offset_s(zone: &TimeZone, time_us: i64) -> i64 {
    if zone.to_fixed_offset().is_ok() {
        return offset_s(zone, time_us);
    }
    let year = Timestamp::from_microsecond(time_us).unwrap_or_default().to_zoned(TimeZone::UTC).year();
    let of = |month| {
        let first = Date::new(year, month, 1).ok()?.to_zoned(TimeZone::UTC).ok()?;
        Some(i64::from(zone.to_offset(first.timestamp()).seconds()))
    };
    of(1).into_iter().chain(of(7)).min().unwrap_or(0)
}

/// Returns the time of a local date and time without a zone, in microseconds since the Unix epoch. A local time that
/// occurs twice is the first of both; one that daylight saving skips is as much later. A date alone is
/// its start. `None` if the text is neither.
pub fn time_of_local(text: &str, zone: &TimeZone) -> Option<i64> {
    // A zone in brackets belongs to a time with a zone.
    let local: DateTime = text.trim().parse().ok().filter(|_| !text.contains('['))?;
    Some(zone.to_timestamp(local).ok()?.as_microsecond())
}

/// Returns whether daylight saving skips a local time, so that it never was. It then counts as the time an hour later.
pub fn is_skipped(text: &str, zone: &TimeZone) -> bool {
    let local: Option<DateTime> = text.trim().parse().ok();
    local.is_some_and(|local| matches!(zone.to_ambiguous_timestamp(local).offset(), AmbiguousOffset::Gap { .. }))
}

/// The latest time of the calendar: 9999-12-30T22:00:00Z, in microseconds since the Unix epoch.
pub const MAX_TIME_US: i64 = 253_402_207_200_000_000;

/// Returns the time that a text with a difference to UTC says, in microseconds since the Unix epoch. A zone in brackets
/// (RFC 9557) may replace the difference. The last hours of the year 9999, which programs write for "never", are
/// [`MAX_TIME_US`].
pub fn time_of_text(text: &str) -> Option<i64> {
    let text = text.trim();
    let parsed = text.parse::<Timestamp>().ok().map(Timestamp::as_microsecond);
    if parsed.is_none() && text.ends_with(']') {
        return text.parse::<jiff::Zoned>().ok().map(|time| time.timestamp().as_microsecond());
    }
    parsed.or_else(|| {
        // A time that only its year puts beyond the calendar.
        let earlier = format!("9998-12-3{}", text.strip_prefix("9999-12-3")?);
        earlier.parse::<Timestamp>().ok().map(|_| MAX_TIME_US)
    })
}

/// Returns the moment of the same local time some days before another moment, in microseconds since the Unix epoch.
pub fn days_before(time_us: i64, days: i64, zone: &TimeZone) -> i64 {
    let before_us = time_us.saturating_sub(days.saturating_mul(86_400_000_000));
    before_us.saturating_add((offset_s(zone, time_us) - offset_s(zone, before_us)) * 1_000_000)
}

/// Formats microseconds since the Unix epoch as an RFC 3339 time with the zone's difference to UTC:
/// `2026-03-29T03:00:00+02:00`. A time outside the calendar is formatted as its number.
pub fn local_text(time_us: i64, zone: &TimeZone) -> String {
    let Ok(time) = Timestamp::from_microsecond(time_us) else { return time_us.to_string() };
    if *zone == TimeZone::UTC { time.to_string() } else { time.display_with_offset(zone.to_offset(time)).to_string() }
}

/// Returns a difference to UTC as text: `+01:00`.
fn offset_text(offset_s: i64) -> String {
    let (sign, minutes) = (if offset_s < 0 { '-' } else { '+' }, offset_s.abs() / 60);
    format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60)
}

/// Reads a difference to UTC, in seconds: `+01:00`, `-0330`, `+2`.
fn difference_s(text: &str) -> Option<i32> {
    let (sign, digits) = (if text.starts_with('-') { -1 } else { 1 }, text.get(1..)?);
    let (hours, minutes) = match digits.split_once(':') {
        Some(parts) => parts,
        None if digits.len() == 4 => digits.split_at_checked(2)?,
        None => (digits, "0"),
    };
    let number = |text: &str, most: i32| {
        let is_number = (1..=2).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| text.parse::<i32>().ok()).flatten().filter(|number| *number <= most)
    };
    Some(sign * (number(hours, 14)? * 3600 + number(minutes, 59)? * 60))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn us(text: &str) -> i64 {
        text.parse::<Timestamp>().unwrap().as_microsecond()
    }

    #[test]
    fn differences_to_utc_are_read_and_written() {
        for (text, written) in
            [("+01:00", "+01:00"), ("-0330", "-03:30"), ("+2", "+02:00"), ("UTC", "UTC"), ("Z", "UTC"), ("+0", "UTC")]
        {
            assert_eq!(find(text).map(|zone| name(&zone)).as_deref(), Some(written), "{text}");
        }
        for text in ["", "+", "+25", "+1:60", "+1:", "--1", "Berlin", "Europe", "+01:00:00"] {
            assert!(find(text).is_none(), "{text}");
        }
        assert_eq!(find("europe/berlin").map(|zone| name(&zone)).as_deref(), Some("Europe/Berlin"));
    }

    #[test]
    fn standard_time_ignores_daylight_saving() {
        let cases = [
            ("Europe/Berlin", 1.0, 2.0),
            ("Europe/Dublin", 0.0, 1.0),
            ("America/New_York", -5.0, -4.0),
            ("Australia/Lord_Howe", 10.5, 10.5),
            ("Asia/Kolkata", 5.5, 5.5),
        ];
        for (zone, standard_h, july_h) in cases {
            let zone = find(zone).unwrap();
            for month in ["01", "07"] {
                let time_us = us(&format!("2026-{month}-15T00:00:00Z"));
                assert_eq!(standard_offset_s(&zone, time_us) as f64 / 3600.0, standard_h);
            }
            assert_eq!(offset_s(&zone, us("2026-07-15T00:00:00Z")) as f64 / 3600.0, july_h);
        }
    }

    #[test]
    fn a_place_has_the_nearest_zone_of_its_standard_time() {
        let cases = [
            (52.4, 13.1, 1.0, "Europe/Berlin"),
            (39.83, -104.65, -7.0, "America/Denver"),
            (33.4, -112.0, -7.0, "America/Phoenix"),
            (41.98, -87.9, -6.0, "America/Chicago"),
            (-33.9, 151.2, 10.0, "Australia/Sydney"),
            (28.6, 77.2, 5.5, "Asia/Kolkata"),
        ];
        for (latitude, longitude, hours, zone) in cases {
            let found = nearest(latitude, longitude, (hours * 3600.0) as i64).unwrap();
            assert_eq!(name(&found), zone);
        }
        assert_eq!(nearest(0.0, 0.0, 1), None);
        for line in PLACES.lines().filter(|line| !line.starts_with('#')) {
            assert!(find(line.rsplit(' ').next().unwrap()).is_some(), "{line}");
        }
    }

    #[test]
    fn local_times_are_found_through_daylight_saving() {
        let berlin = find("Europe/Berlin").unwrap();
        let cases = [
            ("2026-03-29T01:59:59", "2026-03-29T00:59:59Z"),
            // This hour doesn't exist.
            ("2026-03-29T02:30:00", "2026-03-29T01:30:00Z"),
            ("2026-03-29 03:00", "2026-03-29T01:00:00Z"),
            // This hour occurs twice.
            ("2026-10-25T02:30:00", "2026-10-25T00:30:00Z"),
            ("2026-10-25T03:00:00", "2026-10-25T02:00:00Z"),
            ("2026-03-30", "2026-03-29T22:00:00Z"),
        ];
        for (local, utc) in cases {
            assert_eq!(time_of_local(local, &berlin), Some(us(utc)), "{local}");
        }
        assert_eq!(time_of_local("soon", &berlin), None);
        assert!(is_skipped("2026-03-29T02:30", &berlin) && !is_skipped("2026-10-25T02:30", &berlin));
        assert!(!is_skipped("2026-03-29T02:30:00Z", &berlin));
        // A zone in brackets is that of the time, whatever the building's zone is.
        assert_eq!(time_of_local("2026-11-30T15:28:54[America/New_York]", &berlin), None);
        for (text, expected) in [
            ("2026-11-30T15:28:54[America/New_York]", Some(us("2026-11-30T20:28:54Z"))),
            ("2026-11-30T15:28:54+01:00[Europe/Berlin]", Some(us("2026-11-30T14:28:54Z"))),
            ("9999-12-31T23:59:59Z", Some(MAX_TIME_US)),
            ("9999-12-32T00:00:00Z", None),
            ("2026-02-30T00:00:00Z", None),
        ] {
            assert_eq!(time_of_text(text), expected, "{text}");
        }
        assert_eq!(local_text(us("2026-03-29T01:00:00Z"), &berlin), "2026-03-29T03:00:00+02:00");
        assert_eq!(local_text(us("2026-03-29T01:00:00Z"), &TimeZone::UTC), "2026-03-29T01:00:00Z");
    }
}
