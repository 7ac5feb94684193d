//! The lines of trends: changes become steps, or buckets with their least and greatest values if there are many.

use cupola_history::{Bucket, Change, buckets, value_spans};
use cupola_twin::zone::TimeZone;

/// The number of buckets of a span, about one for two points of a wide screen.
const BUCKETS: i64 = 800;
/// The number of values beyond which a line is drawn in buckets.
const MAX_STEPS: usize = 1_600;
/// The lengths of buckets, in microseconds.
const LENGTHS_US: [i64; 13] = [
    1_000_000,
    5_000_000,
    15_000_000,
    60_000_000,
    300_000_000,
    900_000_000,
    1_800_000_000,
    3_600_000_000,
    7_200_000_000,
    14_400_000_000,
    21_600_000_000,
    43_200_000_000,
    86_400_000_000,
];

/// A part of a line without a gap.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TrendSegment {
    /// The points: seconds since the Unix epoch, and the value.
    pub points: Vec<[f64; 2]>,
    /// The least and the greatest value at each point, if the points are means of buckets.
    pub bounds: Vec<[f64; 2]>,
}

/// The past of a property.
#[derive(Clone, Debug, PartialEq)]
pub struct TrendLine {
    /// The name: `TWIN.PROPERTY`.
    pub name: String,
    /// The name on the screen.
    pub label: String,
    /// The symbol of the unit, or an empty text.
    pub unit: String,
    /// Whether the values are yes (1) and no (0).
    pub is_bool: bool,
    /// The parts of the line, in order.
    pub segments: Vec<TrendSegment>,
    /// The parts of the line of the time that is compared with, moved to the span.
    pub before: Vec<TrendSegment>,
    /// The names and parts of the lines of the set-points.
    pub setpoints: Vec<(String, Vec<TrendSegment>)>,
}

/// An event that is marked.
#[derive(Clone, Debug, PartialEq)]
pub struct TrendEvent {
    /// The moment, in microseconds since the Unix epoch.
    pub time_us: i64,
    /// The words for it.
    pub text: String,
    /// Whether it is an alarm.
    pub is_alarm: bool,
}

/// The trends of a span.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TrendData {
    /// The first and the last moment that was read, in microseconds since the Unix epoch.
    pub span_us: (i64, i64),
    /// The lines in the order of the settings.
    pub lines: Vec<TrendLine>,
    /// The events.
    pub events: Vec<TrendEvent>,
    /// The spans in which nobody recorded.
    pub gaps: Vec<(i64, i64)>,
    /// The properties that have no past, with the reason.
    pub missing: Vec<(String, String)>,
}

/// Returns the parts of the line of a property.
pub(super) fn segments(
    changes: &[Change],
    sessions: &[(i64, i64)],
    (from_us, to_us): (i64, i64),
    zone: &TimeZone,
) -> Vec<TrendSegment> {
    let spans = value_spans(changes, sessions, to_us);
    let within = spans.iter().filter(|(begin_us, end_us, _)| *end_us >= from_us && *begin_us <= to_us);
    let mut found: Vec<TrendSegment> = Vec::new();
    if within.clone().count() <= MAX_STEPS {
        let mut last_us = None;
        for (begin_us, end_us, value) in within {
            let (begin_us, end_us) = ((*begin_us).max(from_us), (*end_us).min(to_us));
            if last_us != Some(begin_us) {
                found.push(TrendSegment::default());
            }
            if let Some(segment) = found.last_mut() {
                segment.points.extend([[seconds(begin_us), *value], [seconds(end_us), *value]]);
            }
            last_us = Some(end_us);
        }
        return found;
    }
    let every_us = bucket_us((from_us, to_us));
    of_buckets(&buckets(changes, sessions, (from_us, to_us), every_us, zone))
}

/// Returns the length of the buckets of a span, in microseconds.
pub(super) fn bucket_us((from_us, to_us): (i64, i64)) -> i64 {
    let fits = |length_us: &i64| (to_us - from_us) / length_us <= BUCKETS;
    LENGTHS_US.into_iter().find(fits).unwrap_or(LENGTHS_US[LENGTHS_US.len() - 1])
}

/// Returns the parts of the line of buckets. Buckets in which nothing is known are gaps.
pub(super) fn of_buckets(buckets: &[Bucket]) -> Vec<TrendSegment> {
    let mut found: Vec<TrendSegment> = Vec::new();
    let mut is_open = false;
    for bucket in buckets {
        if bucket.mean.is_nan() {
            is_open = false;
            continue;
        }
        if !is_open {
            found.push(TrendSegment::default());
            is_open = true;
        }
        if let Some(segment) = found.last_mut() {
            segment.points.push([(seconds(bucket.from_us) + seconds(bucket.to_us)) / 2.0, bucket.mean]);
            segment.bounds.push([bucket.min, bucket.max]);
        }
    }
    found
}

/// Returns the parts of the line of recent values that were kept in memory.
pub(super) fn recent(values: &[(i64, f64)], until_us: i64) -> Vec<TrendSegment> {
    let ends = values.iter().skip(1).map(|(next_us, _)| *next_us).chain([until_us]);
    let points = values
        .iter()
        .zip(ends)
        .flat_map(|((from_us, value), to_us)| [[seconds(*from_us), *value], [seconds(to_us.max(*from_us)), *value]]);
    let points: Vec<[f64; 2]> = points.collect();
    if points.is_empty() { Vec::new() } else { vec![TrendSegment { points, bounds: Vec::new() }] }
}

/// Returns the seconds since the Unix epoch.
pub(super) fn seconds(time_us: i64) -> f64 {
    time_us as f64 / 1e6
}

/// Returns the spans of a time in which nobody recorded.
pub(super) fn gaps(sessions: &[(i64, i64)], (from_us, to_us): (i64, i64)) -> Vec<(i64, i64)> {
    let mut gaps = Vec::new();
    let mut at_us = from_us;
    for (begin_us, end_us) in sessions.iter().filter(|(_, end_us)| *end_us > from_us) {
        if *begin_us >= to_us {
            break;
        }
        if *begin_us > at_us {
            gaps.push((at_us, *begin_us));
        }
        at_us = *end_us;
    }
    if at_us < to_us {
        gaps.push((at_us, to_us));
    }
    gaps
}

#[cfg(test)]
mod tests {
    use super::*;
    use cupola_history::{SeriesIx, TextIx};
    use cupola_twin::Quality;

    fn change(second: i64, lane: f64) -> Change {
        let quality = if lane.is_nan() { Quality::Missing } else { Quality::Good };
        let time_us = second * 1_000_000;
        let (series, cause) = (SeriesIx(0), TextIx(0));
        Change { series, time_us, taken_us: time_us, until_us: i64::MAX, quality, cause, lane }
    }

    #[test]
    fn few_values_are_steps_and_gaps_stay_gaps() {
        let changes = [change(-5, 1.0), change(10, 2.0), change(20, f64::NAN), change(30, 3.0)];
        let found = segments(&changes, &[(-9_000_000, 40_000_000)], (0, 50_000_000), &TimeZone::UTC);
        let points: Vec<Vec<[f64; 2]>> = found.into_iter().map(|segment| segment.points).collect();
        assert_eq!(points, [vec![[0.0, 1.0], [10.0, 1.0], [10.0, 2.0], [20.0, 2.0]], vec![[30.0, 3.0], [40.0, 3.0]]]);
        assert_eq!(gaps(&[(-9_000_000, 40_000_000)], (0, 50_000_000)), [(40_000_000, 50_000_000)]);
        assert_eq!(gaps(&[(5, 10), (20, 30)], (0, 25)), [(0, 5), (10, 20)]);
        assert_eq!(gaps(&[], (0, 25)), [(0, 25)]);
    }

    #[test]
    fn many_values_are_buckets_with_bounds() {
        let changes: Vec<Change> = (0..20_000).map(|second| change(second, (second % 10) as f64)).collect();
        let found = segments(&changes, &[(0, 20_000_000_000)], (0, 20_000_000_000), &TimeZone::UTC);
        assert_eq!(found.len(), 1);
        let TrendSegment { points, bounds } = &found[0];
        assert!(points.len() <= 801 && points.len() == bounds.len(), "{}", points.len());
        assert!(bounds.iter().all(|[low, high]| (*low, *high) == (0.0, 9.0)));
        assert!(points[5..points.len() - 5].iter().all(|[_, mean]| (mean - 4.5).abs() < 0.2));
    }
}
