//! Text for times, ages, speeds, values and names.

use cupola_twin::state::State;
use cupola_twin::zone::TimeZone;
use cupola_twin::{Slot, Value};

/// Returns an age in one unit: `0.8 s`, `12 s`, `3 min`, `2 h`, `5 d`.
///
/// Hours are used up to two days. A negative age counts as zero.
pub fn age_text(age_us: i64) -> String {
    let seconds = age_us.max(0) as f64 / 1e6;
    match seconds {
        _ if seconds < 1.0 => format!("{seconds:.1} s"),
        _ if seconds < 60.0 => format!("{:.0} s", seconds.floor()),
        _ if seconds < 3600.0 => format!("{:.0} min", (seconds / 60.0).floor()),
        _ if seconds < 172_800.0 => format!("{:.0} h", (seconds / 3600.0).floor()),
        _ => format!("{:.0} d", (seconds / 86_400.0).floor()),
    }
}

/// Returns the age of a slot's value, or `None` if the value has no source time.
pub fn slot_age(state: &State, slot: Slot, now_us: i64) -> Option<String> {
    let time_us = state.get(slot).time_us;
    (time_us > 0).then(|| age_text(now_us.saturating_sub(time_us)))
}

/// Returns a moment in local time, such as `Mon 12 Jan 2026 10:42:07`.
pub fn moment(time_us: i64, zone: &TimeZone) -> String {
    written(time_us, zone, "%a %-d %b %Y %H:%M:%S")
}

/// Returns the local time of day, such as `10:42:07`.
pub fn time_of_day(time_us: i64, zone: &TimeZone) -> String {
    written(time_us, zone, "%H:%M:%S")
}

/// Returns a span of local time, such as `12 Jan 10:42 – 13 Jan 10:42`.
pub fn span(from_us: i64, to_us: i64, zone: &TimeZone) -> String {
    let year = |us| written(us, zone, "%Y");
    let day = if year(from_us) == year(to_us) { "%-d %b" } else { "%-d %b %Y" };
    let (from, to) = (written(from_us, zone, day), written(to_us, zone, day));
    let end = if from == to { String::new() } else { format!("{to} ") };
    format!("{from} {} – {end}{}", written(from_us, zone, "%H:%M"), written(to_us, zone, "%H:%M"))
}

/// Returns the local date and time, such as `12 Jan 10:42`.
pub fn day_and_time(time_us: i64, zone: &TimeZone) -> String {
    written(time_us, zone, "%-d %b %H:%M")
}

/// Returns the local date, such as `12 Jan`.
pub fn day(time_us: i64, zone: &TimeZone) -> String {
    written(time_us, zone, "%-d %b")
}

/// Returns a zone with its difference to UTC at a moment, such as `Europe/Berlin, UTC+02:00`.
pub fn zone_text(time_us: i64, zone: &TimeZone) -> String {
    if *zone == TimeZone::UTC {
        return "UTC".into();
    }
    let difference = written(time_us, zone, "UTC%:z");
    if zone.iana_name().is_some() { format!("{}, {difference}", cupola_twin::zone::name(zone)) } else { difference }
}

fn written(time_us: i64, zone: &TimeZone, format: &str) -> String {
    let time = jiff::Timestamp::from_microsecond(time_us);
    time.map_or_else(|_| "—".into(), |time| time.to_zoned(zone.clone()).strftime(format).to_string())
}

/// Returns the speed of a clock: `60×`, or `Fastest` if it is infinite.
pub fn speed_text(speed: f64) -> String {
    if speed.is_finite() { format!("{speed:.0}×") } else { "Fastest".into() }
}

/// Turns a name from a model into words: `hasDispenser` becomes `Has dispenser`, `CO2Sensor` becomes `CO2 sensor`.
pub fn words(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    let mut out = String::new();
    for (at, letter) in letters.iter().enumerate() {
        let after = at.checked_sub(1).map(|before| letters[before]);
        let next_is_lower = letters.get(at + 1).is_some_and(|next| next.is_lowercase());
        if matches!(letter, '_' | '-') {
            out.push(' ');
        } else if letter.is_uppercase() && after.is_some_and(|after| after.is_alphanumeric()) {
            // A capital begins a word if the letter before it is not a capital, or if it is the last of a run of
            // capitals and the next letter is lower case.
            if after.is_some_and(|after| !after.is_uppercase()) || next_is_lower {
                out.push(' ');
            }
            if next_is_lower { out.extend(letter.to_lowercase()) } else { out.push(*letter) }
        } else if out.is_empty() {
            out.extend(letter.to_uppercase());
        } else {
            out.push(*letter);
        }
    }
    out
}

/// Returns the value of a slot and its unit as separate texts, so that the unit can be smaller and muted.
pub fn value_and_unit(state: &State, slot: Slot) -> (String, &'static str) {
    let column = state.topology().column(slot.column);
    let unit = column.unit.map_or("", |unit| unit.symbol);
    match state.local_value(slot) {
        None => ("—".into(), ""),
        Some(value) => value_text(&value, unit),
    }
}

/// Returns a value and its unit as separate texts.
pub fn value_text(value: &Value, unit: &'static str) -> (String, &'static str) {
    match value {
        Value::Number(number) => (crate::twin::number_text(*number), unit),
        Value::Integer(number) => (crate::twin::number_text(*number as f64), unit),
        Value::Bool(true) => ("Yes".into(), ""),
        Value::Bool(false) => ("No".into(), ""),
        Value::Text(text) => (text.clone(), ""),
        value => (value.to_string(), ""),
    }
}

/// Returns a sort key that orders numbers in names by their value: `Room 9` before `Room 10`.
pub fn natural_key(name: &str) -> Vec<(u64, String)> {
    let mut parts = Vec::new();
    let mut rest = name;
    while !rest.is_empty() {
        let text_end = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
        let (text, after) = rest.split_at(text_end);
        let digits_end = after.find(|c: char| !c.is_ascii_digit()).unwrap_or(after.len());
        let (digits, after) = after.split_at(digits_end);
        // The text before a number has a part of its own, because it decides before the number does.
        parts.push((0, text.to_lowercase()));
        parts.push((digits.parse().unwrap_or(u64::MAX), String::new()));
        rest = after;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_have_one_unit() {
        for (seconds, text) in [
            (0.84, "0.8 s"),
            (12.9, "12 s"),
            (59.99, "59 s"),
            (200.0, "3 min"),
            (7300.0, "2 h"),
            (90_000.0, "25 h"),
            (432_001.0, "5 d"),
            (-3.0, "0.0 s"),
        ] {
            assert_eq!(age_text((seconds * 1e6) as i64), text);
        }
    }

    #[test]
    fn moments_are_written_in_local_time() {
        let at_us = 1_768_214_527_000_000;
        let berlin = cupola_twin::zone::find("Europe/Berlin").unwrap();
        assert_eq!(moment(at_us, &TimeZone::UTC), "Mon 12 Jan 2026 10:42:07");
        assert_eq!(moment(at_us, &berlin), "Mon 12 Jan 2026 11:42:07");
        assert_eq!(time_of_day(at_us, &berlin), "11:42:07");
        assert_eq!(zone_text(at_us, &berlin), "Europe/Berlin, UTC+01:00");
        assert_eq!(zone_text(at_us, &cupola_twin::zone::find("-03:30").unwrap()), "UTC-03:30");
        assert_eq!(zone_text(at_us, &TimeZone::UTC), "UTC");
    }

    #[test]
    fn names_from_models_become_words() {
        for (name, text) in [
            ("contains", "Contains"),
            ("hasDispenser", "Has dispenser"),
            ("CO2Sensor", "CO2 sensor"),
            ("served_by", "Served by"),
            ("AirHandlingUnit", "Air handling unit"),
            ("AHU", "AHU"),
            ("VAVBox", "VAV box"),
        ] {
            assert_eq!(words(name), text);
        }
    }

    #[test]
    fn numbers_in_names_sort_by_value() {
        let mut names = ["Room 10", "Room 9", "Atrium", "room 1", "Room 9b", "3.07", "3.1"];
        names.sort_by_key(|name| natural_key(name));
        assert_eq!(names, ["3.1", "3.07", "Atrium", "room 1", "Room 9", "Room 9b", "Room 10"]);
    }
}
