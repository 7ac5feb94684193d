//! Values over time in buckets: the least, the time-weighted mean, the greatest, the count and the last value of each.

use crate::change::{Change, IMPORTED};
use cupola_twin::Quality;
use cupola_twin::zone::{TimeZone, offset_s};

/// A bucket of time with the values of a series in it. A span without a good value counts nowhere.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bucket {
    /// The beginning, in microseconds since the Unix epoch.
    pub from_us: i64,
    /// The end, in microseconds since the Unix epoch.
    pub to_us: i64,
    /// The least value, or NaN without a good value.
    pub min: f64,
    /// The mean of the values, weighted by the time for which they hold, or NaN.
    pub mean: f64,
    /// The greatest value, or NaN.
    pub max: f64,
    /// The last good value, or NaN.
    pub last: f64,
    /// The number of changes to a good value within the bucket.
    pub count: u64,
    /// The time with a good value, in microseconds.
    pub known_us: i64,
}

impl Bucket {
    pub(crate) fn new(from_us: i64, to_us: i64) -> Self {
        let nan = f64::NAN;
        Self { from_us, to_us, min: nan, mean: nan, max: nan, last: nan, count: 0, known_us: 0 }
    }
}

const DAY_US: i64 = 86_400_000_000;

/// Returns the first boundary after a moment of buckets of `every_us`, which begin at local midnight, and weeks on Monday. A
/// day has 23 or 25 hours where daylight saving begins or ends. The hour that comes twice in autumn has buckets of its own
/// each time, if they are not longer.
pub fn next_boundary(time_us: i64, every_us: i64, zone: &TimeZone) -> i64 {
    let offset_us = |at_us: i64| offset_s(zone, at_us) * 1_000_000;
    let every_us = every_us.max(1);
    // 1970-01-01 was a Thursday.
    let shift_us = if every_us % (7 * DAY_US) == 0 { 3 * DAY_US } else { 0 };
    let next_local = |local_us: i64| ((local_us + shift_us).div_euclid(every_us) + 1) * every_us - shift_us;
    let mut local_us = time_us + offset_us(time_us);
    let plain_us = next_local(local_us) - offset_us(time_us);
    if (plain_us + offset_us(plain_us) + shift_us).rem_euclid(every_us) == 0 {
        return plain_us;
    }
    loop {
        local_us = next_local(local_us);
        // The offset at the boundary may be another one than now.
        let guess_us = local_us - offset_us(time_us);
        let mut boundary_us = local_us - offset_us(guess_us);
        if boundary_us + offset_us(boundary_us) != local_us {
            // Daylight saving skips the boundary.
            boundary_us = guess_us;
        }
        if boundary_us > time_us {
            return boundary_us;
        }
    }
}

/// Returns the span of each good value of a series: from, to and value. A value holds until the next change, but only
/// while somebody recorded: `sessions` are the spans of the recordings, in order. An imported value has its own end.
pub fn value_spans(changes: &[Change], sessions: &[(i64, i64)], until_us: i64) -> Vec<(i64, i64, f64)> {
    let mut found = Vec::new();
    let ends = changes.iter().skip(1).map(|next| next.time_us).chain([until_us]);
    for (change, end_us) in changes.iter().zip(ends) {
        if change.quality != Quality::Good || change.lane.is_nan() {
            continue;
        }
        if change.until_us == IMPORTED {
            found.push((change.time_us, end_us.max(change.time_us), change.lane));
            continue;
        }
        let first = sessions.partition_point(|(_, to_us)| *to_us < change.time_us);
        let mut is_known = false;
        for (from_us, to_us) in &sessions[first..] {
            if *from_us >= end_us {
                break;
            }
            let (from_us, to_us) = (change.time_us.max(*from_us), end_us.min(*to_us));
            if from_us < to_us {
                found.push((from_us, to_us, change.lane));
                is_known = true;
            }
        }
        if !is_known {
            // The value was there at least at its moment.
            found.push((change.time_us, change.time_us, change.lane));
        }
    }
    found
}

/// Returns the values of a series in buckets of `every_us` from one moment to another. `changes` are in the order of
/// their source times; the first one may be earlier.
pub fn buckets(
    changes: &[Change],
    sessions: &[(i64, i64)],
    (from_us, to_us): (i64, i64),
    every_us: i64,
    zone: &TimeZone,
) -> Vec<Bucket> {
    let spans = value_spans(changes, sessions, to_us);
    let mut out = Vec::new();
    let (mut start_us, mut first, mut next) = (from_us, 0, 0);
    while start_us < to_us {
        let end_us = next_boundary(start_us, every_us, zone).min(to_us);
        let mut bucket = Bucket::new(start_us, end_us);
        let (mut sum, mut at) = (0.0, first);
        while let Some((begins_us, ends_us, value)) = spans.get(at).filter(|(begins_us, ..)| *begins_us < end_us) {
            let held_us = (*ends_us).min(end_us) - (*begins_us).max(start_us);
            if held_us > 0 || (held_us == 0 && *begins_us >= start_us) {
                bucket.min = bucket.min.min(*value);
                bucket.max = bucket.max.max(*value);
                bucket.last = *value;
                bucket.known_us += held_us;
                sum += value * held_us as f64;
            }
            if *ends_us <= end_us && at == first {
                first += 1;
            }
            at += 1;
        }
        bucket.mean = if bucket.known_us > 0 { sum / bucket.known_us as f64 } else { bucket.last };
        while let Some(change) = changes.get(next).filter(|change| change.time_us < end_us) {
            let counts = change.time_us >= start_us && change.quality == Quality::Good && !change.lane.is_nan();
            bucket.count += u64::from(counts);
            next += 1;
        }
        out.push(bucket);
        start_us = end_us;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::change::{SeriesIx, TextIx};
    use cupola_twin::zone;
    use proptest::prelude::*;

    const MINUTE_US: i64 = 60_000_000;

    fn change(minute: i64, lane: f64) -> Change {
        let time_us = minute * MINUTE_US;
        let quality = if lane.is_nan() { Quality::Missing } else { Quality::Good };
        let (series, cause) = (SeriesIx(0), TextIx(0));
        Change { series, time_us, taken_us: time_us, until_us: i64::MAX, quality, cause, lane }
    }

    #[test]
    fn means_are_weighted_by_time_and_gaps_count_nowhere() {
        let changes = [change(-5, 10.0), change(10, 20.0), change(20, f64::NAN), change(50, 30.0)];
        let all = [(i64::MIN, i64::MAX)];
        let of = |sessions: &[(i64, i64)]| {
            let found = buckets(&changes, sessions, (0, 60 * MINUTE_US), 30 * MINUTE_US, &TimeZone::UTC);
            found.iter().map(|known| (known.min, known.mean, known.max, known.last, known.count)).collect::<Vec<_>>()
        };
        assert_eq!(of(&all), [(10.0, 15.0, 20.0, 20.0, 1), (30.0, 30.0, 30.0, 30.0, 1)]);
        // Nobody recorded from minute 5 to minute 15.
        let parts = [(-600 * MINUTE_US, 5 * MINUTE_US), (15 * MINUTE_US, 60 * MINUTE_US)];
        assert_eq!(of(&parts)[0], (10.0, 15.0, 20.0, 20.0, 1));
        let known: Vec<i64> = buckets(&changes, &parts, (0, 30 * MINUTE_US), 30 * MINUTE_US, &TimeZone::UTC)
            .iter()
            .map(|bucket| bucket.known_us / MINUTE_US)
            .collect();
        assert_eq!(known, [10]);
    }

    #[test]
    fn the_hour_that_comes_twice_has_buckets_each_time_and_weeks_begin_on_monday() {
        let berlin = zone::find("Europe/Berlin").expect("a zone");
        let at = |text: &str| zone::time_of_local(text, &berlin).expect("a time");
        let (day_us, end_us) = (at("2025-10-26T00:00"), at("2025-10-27T00:00"));
        for (minutes, count) in [(60, 25), (30, 50), (15, 100)] {
            let mut boundaries = vec![day_us];
            while boundaries[boundaries.len() - 1] < end_us {
                boundaries.push(next_boundary(boundaries[boundaries.len() - 1], minutes * MINUTE_US, &berlin));
            }
            assert_eq!(boundaries.len() - 1, count);
            assert!(boundaries.windows(2).all(|pair| pair[1] - pair[0] == minutes * MINUTE_US), "{minutes}");
        }
        let monday_us = next_boundary(at("2026-10-01T12:00"), 7 * DAY_US, &berlin);
        assert_eq!(monday_us, at("2026-10-05T00:00"));
        assert_eq!(next_boundary(at("2026-10-20T00:00"), 7 * DAY_US, &berlin), at("2026-10-26T00:00"));
    }

    #[test]
    fn days_follow_daylight_saving() {
        let berlin = zone::find("Europe/Berlin").expect("a zone");
        for (day, hours) in [("2026-03-28", 24), ("2026-03-29", 23), ("2026-10-25", 25), ("2026-07-01", 24)] {
            let start_us = zone::time_of_local(&format!("{day}T00:00"), &berlin).expect("a time");
            let end_us = next_boundary(start_us, 24 * 60 * MINUTE_US, &berlin);
            assert_eq!((end_us - start_us) / (60 * MINUTE_US), hours, "{day}");
            assert_eq!(next_boundary(end_us - 1, 24 * 60 * MINUTE_US, &berlin), end_us, "{day}");
        }
    }

    proptest! {
        #[test]
        fn buckets_agree_with_samples_of_every_minute(
            rows in prop::collection::vec((0..300_i64, prop_oneof![3 => -9.0..9.0_f64, 1 => Just(f64::NAN)]), 0..12),
            every in 1..90_i64,
        ) {
            let mut changes: Vec<Change> = rows.iter().map(|(minute, lane)| change(*minute, *lane)).collect();
            changes.sort_by_key(|change| change.time_us);
            changes.dedup_by_key(|change| change.time_us);
            let whole = (0, 300 * MINUTE_US);
            let found = buckets(&changes, &[(i64::MIN, i64::MAX)], whole, every * MINUTE_US, &TimeZone::UTC);
            let value_at = |minute: i64| {
                let last = changes.iter().take_while(|change| change.time_us <= minute * MINUTE_US).last();
                last.map_or(f64::NAN, |change| change.lane)
            };
            for bucket in &found {
                let minutes = bucket.from_us / MINUTE_US..bucket.to_us / MINUTE_US;
                let known: Vec<f64> = minutes.map(value_at).filter(|value| !value.is_nan()).collect();
                prop_assert_eq!(bucket.known_us, known.len() as i64 * MINUTE_US);
                let mean = known.iter().sum::<f64>() / known.len() as f64;
                prop_assert!(known.is_empty() || (bucket.mean - mean).abs() < 1e-9);
                let least = known.iter().copied().fold(f64::NAN, f64::min);
                prop_assert!(least.to_bits() == bucket.min.to_bits());
            }
            prop_assert_eq!(found.iter().map(|bucket| bucket.to_us - bucket.from_us).sum::<i64>(), whole.1);
        }
    }
}
