//! Number of people in rooms over time.

use crate::random;
use crate::spec::{SpecError, check_ranges};

const SECONDS_PER_DAY: i64 = 86_400;
/// Time for which a number of people stays constant, in s.
pub const HOLD_S: i64 = 900;
/// Time for which a person's presence stays constant, in units of [`HOLD_S`]: two hours.
const STAY_HOLDS: u64 = 8;
/// Capacity above which the people are not drawn individually.
const MAX_PERSONS: f64 = 256.0;
/// Random stream of occupancy.
const STREAM: u64 = 0x4F43_4355_5041_4E54;

/// Daily occupancy profile: fraction of a room's capacity in use, 0 to 1. Values are at the full hour,
/// interpolated linearly.
#[derive(Debug, Clone, PartialEq)]
pub struct DayProfile {
    /// Values for Monday to Friday.
    pub weekday: [f64; 24],
    /// Values for Saturday and Sunday.
    pub weekend: [f64; 24],
}

impl DayProfile {
    /// Returns the profile of an office: occupied from seven to twenty o'clock, with a lunch break, empty at
    /// weekends (an assumption, not from a standard).
    pub fn office() -> Self {
        Self {
            weekday: [
                0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.1, 0.5, 0.9, 0.95, 0.95, //
                0.6, 0.7, 0.95, 0.95, 0.8, 0.5, 0.2, 0.1, 0.0, 0.0, 0.0, 0.0,
            ],
            weekend: [0.0; 24],
        }
    }

    /// Returns the profile of a meeting room: late morning and afternoon, empty at weekends (an assumption).
    pub fn meeting() -> Self {
        Self {
            weekday: [
                0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.1, 0.5, 0.7, 0.6, //
                0.1, 0.4, 0.7, 0.6, 0.4, 0.1, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0,
            ],
            weekend: [0.0; 24],
        }
    }

    /// Returns the profile of a hospital ward: never empty, highest at the morning round and in visiting
    /// hours (an assumption).
    pub fn ward() -> Self {
        Self {
            weekday: [
                0.6, 0.6, 0.6, 0.6, 0.6, 0.6, 0.7, 0.9, 1.0, 1.0, 1.0, 0.95, //
                0.85, 0.85, 0.95, 1.0, 1.0, 0.9, 0.85, 0.8, 0.7, 0.65, 0.6, 0.6,
            ],
            weekend: [
                0.55, 0.55, 0.55, 0.55, 0.55, 0.55, 0.6, 0.7, 0.8, 0.8, 0.8, 0.8, //
                0.75, 0.75, 0.95, 1.0, 1.0, 0.9, 0.8, 0.7, 0.65, 0.6, 0.55, 0.55,
            ],
        }
    }

    /// Returns a profile with the same fraction at all times.
    pub fn always(share: f64) -> Self {
        Self { weekday: [share; 24], weekend: [share; 24] }
    }

    /// Returns the fraction at a local time in seconds, 0 to 1.
    pub fn at(&self, local_seconds: i64) -> f64 {
        let second = local_seconds.rem_euclid(SECONDS_PER_DAY);
        let hour = (second / 3_600) as usize;
        let within = (second % 3_600) as f64 / 3_600.0;
        let now = self.day(local_seconds)[hour];
        let next = match hour {
            23 => self.day(local_seconds.saturating_add(3_600))[0],
            _ => self.day(local_seconds)[hour + 1],
        };
        (now + (next - now) * within).clamp(0.0, 1.0)
    }

    /// Checks that every fraction is from 0 to 1. `index` is the row of the profile, for the message.
    pub(crate) fn check(&self, index: usize) -> Result<(), SpecError> {
        for share in self.weekday.iter().chain(&self.weekend) {
            check_ranges("profile", index, &[("a share", *share, 0.0, 1.0)])?;
        }
        Ok(())
    }

    fn day(&self, local_seconds: i64) -> &[f64; 24] {
        if is_weekend(local_seconds) { &self.weekend } else { &self.weekday }
    }
}

/// Returns whether a local time in seconds is on a Saturday or Sunday.
pub fn is_weekend(local_seconds: i64) -> bool {
    // 1970-01-01 was a Thursday, day 3 counted from Monday as 0.
    (local_seconds.div_euclid(SECONDS_PER_DAY) + 3).rem_euclid(7) >= 5
}

/// Returns the number of people in a room: a whole number, at most the capacity, and on average the profile's
/// fraction of it.
///
/// The number changes at most every [`HOLD_S`]. The presence of each person is constant for two hours, so
/// that a room fills and empties gradually. `zone` is the random stream of the room (see
/// [`random::stream_of`]).
pub fn people(profile: &DayProfile, capacity: f64, seed: u64, zone: u64, local_seconds: i64) -> f64 {
    let places = capacity.floor();
    if !places.is_finite() || places < 1.0 {
        return 0.0;
    }
    let hold = local_seconds.div_euclid(HOLD_S);
    let share = profile.at(hold * HOLD_S);
    let stream = zone ^ STREAM;
    if places > MAX_PERSONS {
        let spread = (places * share * (1.0 - share)).sqrt();
        let count = places * share + spread * random::normal(seed, stream, hold as u64, 0);
        return count.round().clamp(0.0, places);
    }
    let mut count = 0.0;
    for person in 0..places as u32 {
        // The offset spreads the changes of different people over time. A hold before 1970 wraps to a large
        // number, which is valid for the random numbers.
        let shift = u64::from(person) % STAY_HOLDS;
        let stay = (hold as u64).wrapping_add(shift) / STAY_HOLDS;
        if random::uniform(seed, stream, stay, person) < share {
            count += 1.0;
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HOUR: i64 = 3_600;
    /// 1970-01-05 was a Monday.
    const MONDAY: i64 = 4 * SECONDS_PER_DAY;

    #[test]
    fn knows_the_days() {
        for (day, weekend) in
            [(-5, true), (-4, true), (-3, false), (0, false), (1, false), (2, true), (3, true), (4, false)]
        {
            assert_eq!(is_weekend(day * SECONDS_PER_DAY), weekend, "{day}");
            assert_eq!(is_weekend(day * SECONDS_PER_DAY + SECONDS_PER_DAY - 1), weekend, "{day}");
        }
    }

    #[test]
    fn profiles_run_straight_between_hours() {
        let office = DayProfile::office();
        let cases = [(8 * HOUR, 0.5), (8 * HOUR + HOUR / 2, 0.7), (9 * HOUR, 0.9), (3 * HOUR, 0.0)];
        for (second, expected) in cases {
            assert!((office.at(MONDAY + second) - expected).abs() < 1e-12, "{second}");
        }
        assert_eq!(office.at(2 * SECONDS_PER_DAY + 10 * HOUR), 0.0);
        // The profile is interpolated from Friday's last hour to Saturday's first.
        let edge = DayProfile { weekday: [1.0; 24], weekend: [0.0; 24] };
        assert!((edge.at(2 * SECONDS_PER_DAY - HOUR / 2) - 0.5).abs() < 1e-12);
    }

    #[test]
    fn people_are_as_many_as_the_profile_says() {
        for (capacity, share) in [(10.0, 0.3), (600.0, 0.5)] {
            let profile = DayProfile::always(share);
            let counts = (0..4_000).map(|hold| people(&profile, capacity, 7, 3, hold * HOLD_S));
            let mean = counts.sum::<f64>() / 4_000.0;
            assert!((mean / (capacity * share) - 1.0).abs() < 0.1, "{capacity}: {mean}");
        }
        for capacity in [0.0, 0.9, -3.0, f64::NAN, f64::INFINITY] {
            assert_eq!(people(&DayProfile::always(1.0), capacity, 7, 3, 0), 0.0);
        }
    }

    #[test]
    fn people_stay_a_while() {
        let profile = DayProfile::always(0.5);
        let counts: Vec<f64> = (0..2_000).map(|hold| people(&profile, 8.0, 7, 3, hold * HOLD_S)).collect();
        let steps = counts.windows(2).map(|pair| (pair[1] - pair[0]).abs());
        // Independent draws would give a mean step of about 1.6.
        assert!(steps.sum::<f64>() / 2_000.0 < 0.9);
    }

    proptest! {
        #[test]
        fn people_are_whole_and_hold(capacity in 0.0..40.0f64, seed: u64, zone: u64, local in -1_000_000_000i64..4_000_000_000) {
            let profile = DayProfile::office();
            let count = people(&profile, capacity, seed, zone, local);
            prop_assert_eq!(count, count.round());
            prop_assert!((0.0..=capacity).contains(&count));
            let start = local - local.rem_euclid(HOLD_S);
            prop_assert_eq!(count, people(&profile, capacity, seed, zone, start));
            prop_assert_eq!(count, people(&profile, capacity, seed, zone, start + HOLD_S - 1));
        }
    }
}
