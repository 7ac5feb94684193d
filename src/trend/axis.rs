//! The marks of a time axis, at round local times.

use cupola_history::next_boundary;
use cupola_twin::zone::TimeZone;

const MINUTE_US: i64 = 60_000_000;
const HOUR_US: i64 = 60 * MINUTE_US;
const DAY_US: i64 = 24 * HOUR_US;

/// The distances of marks, in microseconds.
const STEPS_US: [i64; 20] = [
    1_000_000,
    5_000_000,
    10_000_000,
    30_000_000,
    MINUTE_US,
    2 * MINUTE_US,
    5 * MINUTE_US,
    10 * MINUTE_US,
    15 * MINUTE_US,
    30 * MINUTE_US,
    HOUR_US,
    2 * HOUR_US,
    3 * HOUR_US,
    6 * HOUR_US,
    12 * HOUR_US,
    DAY_US,
    2 * DAY_US,
    7 * DAY_US,
    30 * DAY_US,
    90 * DAY_US,
];

/// A mark of a time axis.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimeMark {
    /// The moment, in microseconds since the Unix epoch.
    pub time_us: i64,
    /// The local time, or the date at midnight.
    pub text: String,
    /// Whether the mark is at midnight.
    pub is_midnight: bool,
    /// The distance to the next mark, in microseconds.
    pub step_us: i64,
}

/// Returns the marks of a span, at most `count` and few more.
pub fn time_marks((from_us, to_us): (i64, i64), count: i64, zone: &TimeZone) -> Vec<TimeMark> {
    let wanted_us = (to_us - from_us) / count.max(1);
    let step_us = STEPS_US.into_iter().find(|step_us| *step_us >= wanted_us).unwrap_or(STEPS_US[19]);
    let mut marks = Vec::new();
    let mut time_us = next_boundary(from_us - 1, step_us, zone);
    while time_us <= to_us && marks.len() < 1_000 {
        let local = jiff::Timestamp::from_microsecond(time_us).map(|time| time.to_zoned(zone.clone()));
        if let Ok(local) = local {
            let is_midnight = (local.hour(), local.minute(), local.second()) == (0, 0, 0);
            let format = match () {
                () if is_midnight || step_us >= DAY_US => "%a %-d %b",
                () if step_us < MINUTE_US => "%H:%M:%S",
                () => "%H:%M",
            };
            marks.push(TimeMark { time_us, text: local.strftime(format).to_string(), is_midnight, step_us });
        }
        time_us = next_boundary(time_us, step_us, zone);
    }
    marks
}

#[cfg(test)]
mod tests {
    use super::*;
    use cupola_twin::zone;

    #[test]
    fn marks_are_at_local_hours_across_daylight_saving() {
        let berlin = zone::find("Europe/Berlin").expect("a zone");
        let at = |text: &str| zone::time_of_local(text, &berlin).expect("a time");
        let texts = |from: &str, to: &str, count| {
            time_marks((at(from), at(to)), count, &berlin).into_iter().map(|mark| mark.text).collect::<Vec<_>>()
        };
        assert_eq!(
            texts("2026-03-29T00:00", "2026-03-29T12:00", 4),
            ["Sun 29 Mar", "03:00", "06:00", "09:00", "12:00"]
        );
        assert_eq!(texts("2026-03-27T13:00", "2026-03-30T13:00", 4), ["Sat 28 Mar", "Sun 29 Mar", "Mon 30 Mar"]);
        assert_eq!(texts("2026-03-27T13:00:10", "2026-03-27T13:00:21", 3), ["13:00:10", "13:00:15", "13:00:20"]);
    }
}
