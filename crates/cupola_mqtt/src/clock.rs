//! The wall clock of the live side, which never runs backwards.
//!
//! A computer's clock is set back by hand, by a time server or after a change of its battery. Ages of values, durations of
//! alarms and times of processors would stand still until the clock has caught up.

use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::Instant;

/// The smallest difference that is a step of the clock, in microseconds. A time server corrects smaller differences
/// gradually.
const STEP_US: i64 = 1_000_000;

/// The part of the passing time by which a clock that is ahead goes more slowly: a tenth.
const SLOWING: i64 = 10;

/// A wall clock that follows the computer's clock, except where that is set back: it then goes on by the monotonic clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SteadyClock {
    /// The last result and the monotonic time of it, in microseconds.
    last: Option<(i64, i64)>,
    /// The time by which the clock is ahead of the computer's, in microseconds.
    ahead_us: i64,
}

impl SteadyClock {
    /// Returns the time for a time of the computer's clock and a monotonic time, all in microseconds.
    pub fn read(&mut self, wall_us: i64, monotonic_us: i64) -> i64 {
        let mut now_us = wall_us.saturating_add(self.ahead_us);
        if let Some((last_us, before_us)) = self.last {
            let passed_us = (monotonic_us - before_us).max(0);
            // The clock comes back to the computer's little by little, because devices send times of clocks that are right.
            let slowed_us = (passed_us / SLOWING).min(self.ahead_us);
            self.ahead_us -= slowed_us;
            now_us -= slowed_us;
            let expected_us = last_us.saturating_add(passed_us - slowed_us);
            let difference_us = now_us.saturating_sub(expected_us);
            if difference_us < -STEP_US {
                self.ahead_us -= difference_us;
                now_us = expected_us;
            } else if difference_us > STEP_US && self.ahead_us > 0 {
                // The clock is set forward again.
                let taken_us = difference_us.min(self.ahead_us);
                self.ahead_us -= taken_us;
                now_us -= taken_us;
            }
            now_us = now_us.max(last_us);
        }
        self.last = Some((now_us, monotonic_us));
        now_us
    }

    /// Returns the time by which the computer's clock was set back, in microseconds.
    pub fn set_back_us(&self) -> i64 {
        self.ahead_us
    }
}

/// The clock of this process, and the start of its monotonic time.
static CLOCK: LazyLock<(Mutex<SteadyClock>, Instant)> = LazyLock::new(|| (Mutex::default(), Instant::now()));

/// Returns the time in microseconds since the Unix epoch. It never runs backwards.
pub fn now_us() -> i64 {
    let (clock, start) = &*CLOCK;
    let mut clock = clock.lock().unwrap_or_else(PoisonError::into_inner);
    clock.read(jiff::Timestamp::now().as_microsecond(), start.elapsed().as_micros() as i64)
}

/// Returns the time by which the computer's clock was set back since the start of this process, in microseconds.
pub fn set_back_us() -> i64 {
    CLOCK.0.lock().unwrap_or_else(PoisonError::into_inner).set_back_us()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR_US: i64 = 3_600_000_000;

    #[test]
    fn a_clock_that_is_set_back_goes_on_and_one_that_is_set_forward_is_followed() {
        let mut clock = SteadyClock::default();
        let start = 1_700_000_000_000_000;
        for (wall, monotonic, expected) in [
            (0, 0, 0),
            (10, 10, 10),
            // A time server slows the clock down: no step.
            (15_000_000, 15_500_000, 15_000_000),
            (14_800_000, 15_600_000, 15_000_000),
            (20_000_000, 20_000_000, 20_000_000),
            // An hour back, then time passes.
            (21_000_000 - HOUR_US, 21_000_000, 21_000_000),
            // It then goes more slowly by a tenth.
            (81_000_000 - HOUR_US, 81_000_000, 75_000_000),
            // Another minute back.
            (22_000_000 - HOUR_US, 82_000_000, 75_900_000),
            // Forward again, to the right time.
            (83_000_000, 83_000_000, 83_000_000),
            // The computer slept for an hour.
            (84_000_000 + HOUR_US, 84_000_000, 84_000_000 + HOUR_US),
        ] {
            assert_eq!(clock.read(start + wall, monotonic) - start, expected, "{wall} {monotonic}");
        }
        assert_eq!(clock.set_back_us(), 0);
    }

    #[test]
    fn a_clock_that_was_fast_is_right_again_after_some_time() {
        let mut clock = SteadyClock::default();
        let minute = 60_000_000;
        clock.read(15 * minute, 0);
        // The clock was 15 minutes fast.
        let times: Vec<i64> = (1..=200).map(|at| clock.read(at * minute, at * minute)).collect();
        assert!(times.windows(2).all(|pair| pair[1] >= pair[0]));
        assert_eq!((times[0], times[199]), (16 * minute, 200 * minute));
    }
}
