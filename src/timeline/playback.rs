//! The playback of a timeline: whether its clock moves, and how fast.

use super::{SourceKind, Timeline};
use bevy::prelude::*;

/// The length of a step of a replay, in microseconds.
const REPLAY_STEP_US: i64 = 100_000;

/// The control of the clock of a simulated or replayed timeline. A live timeline always follows the wall clock.
#[derive(Component, Clone, Debug)]
pub struct Playback {
    /// Whether the clock moves by itself.
    pub playing: bool,
    /// Seconds of the timeline per second of the wall clock. Infinity means as fast as possible.
    pub speed: f64,
    /// Whether the timeline waits for an answer before it takes the next step.
    pub held: bool,
    /// The time that is due and not yet stepped through, in microseconds.
    due_us: f64,
    /// The number of steps that were requested by hand.
    requested: u32,
    /// The requested moment of a replay, in microseconds since the Unix epoch.
    target_us: Option<i64>,
}

impl Default for Playback {
    fn default() -> Self {
        Self { playing: false, speed: 60.0, held: false, due_us: 0.0, requested: 0, target_us: None }
    }
}

impl Playback {
    /// Returns a paused playback with a speed.
    pub fn at_speed(speed: f64) -> Self {
        Self { speed, ..Self::default() }
    }

    /// Returns the playback of a replay, which plays at once at ten times the speed of the recording.
    pub fn of_replay() -> Self {
        Self { playing: true, speed: 10.0, ..Self::default() }
    }

    /// Adds the time that is due after `seconds` of the wall clock. `step_us` is the length of a step in microseconds.
    pub fn pass(&mut self, seconds: f64, step_us: i64) {
        if !self.playing {
            self.due_us = 0.0;
        } else if self.speed.is_finite() {
            // At most one second counts, so that a program that was busy does not have to catch up.
            self.due_us += seconds.min(1.0) * self.speed * 1e6;
        } else {
            self.due_us = self.due_us.max(step_us as f64);
        }
    }

    /// Requests one step, which is also made while the playback is paused.
    pub fn step(&mut self) {
        self.requested += 1;
    }

    /// Requests a moment of a replay, in microseconds since the Unix epoch.
    pub fn seek(&mut self, target_us: i64) {
        self.target_us = Some(target_us);
    }

    /// Returns whether the clock is due for another step.
    pub fn wants_tick(&self, step_us: i64) -> bool {
        !self.held && (self.target_us.is_some() || self.requested > 0 || self.due_us >= step_us as f64)
    }

    /// Discards due time beyond one step, so that the clock does not lag permanently.
    pub fn forgive(&mut self, step_us: i64) {
        self.due_us = self.due_us.min(step_us as f64);
    }

    /// Returns the moment at which the next tick ends, in microseconds since the Unix epoch, or `None` if no time
    /// passes.
    pub(super) fn take_step(&mut self, timeline: &Timeline, wall_us: i64) -> Option<i64> {
        let Some(step_us) = step_us_of(timeline) else { return Some(wall_us) };
        if !self.wants_tick(step_us) {
            return None;
        }
        if let Some(target_us) = self.target_us.take() {
            return Some(target_us);
        }
        if self.requested > 0 {
            self.requested -= 1;
        } else {
            self.due_us -= step_us as f64;
        }
        let next_us = timeline.now_us() + step_us;
        if timeline.replay_span_us().is_some_and(|(_, end_us)| next_us >= end_us) {
            // The playback stops at the end of the recording.
            self.playing = false;
        }
        Some(next_us)
    }
}

/// Returns the length of a timeline's step in microseconds, or `None` for a live timeline.
pub fn step_us_of(timeline: &Timeline) -> Option<i64> {
    match timeline.source() {
        SourceKind::Live => None,
        SourceKind::Simulated => timeline.step_us(),
        SourceKind::Replayed => Some(REPLAY_STEP_US),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE_US: i64 = 60_000_000;

    fn steps(playback: &mut Playback) -> u32 {
        let mut count = 0;
        while playback.wants_tick(MINUTE_US) {
            if playback.requested > 0 {
                playback.requested -= 1;
            } else {
                playback.due_us -= MINUTE_US as f64;
            }
            count += 1;
        }
        count
    }

    #[test]
    fn steps_follow_the_speed() {
        let mut playback = Playback::default();
        playback.pass(0.5, MINUTE_US);
        assert_eq!(steps(&mut playback), 0, "paused");
        playback.step();
        assert_eq!(steps(&mut playback), 1);
        playback.playing = true;
        playback.speed = 600.0;
        playback.pass(0.25, MINUTE_US);
        assert_eq!(steps(&mut playback), 2);
        playback.pass(0.05, MINUTE_US);
        assert_eq!(steps(&mut playback), 1, "half a step was still due");
        playback.speed = f64::INFINITY;
        playback.pass(0.001, MINUTE_US);
        assert_eq!(steps(&mut playback), 1, "at infinite speed, each call makes one step due");
    }
}
