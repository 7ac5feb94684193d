//! The playback of a timeline: whether its clock moves, and how fast.

use super::{SourceKind, Timeline};
use bevy::prelude::*;
use cupola_run::PastState;

/// The length of the shortest step of a replay, in microseconds.
const REPLAY_STEP_US: i64 = 100_000;
/// The length of the longest step of a replay, in microseconds.
const LONGEST_REPLAY_STEP_US: i64 = 10_000_000;

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
    /// Whether a thread reads a moment for the replay, or has to.
    pub(super) scrubs: bool,
    /// The state of a requested moment of a replay.
    pub(super) restored: Option<Box<PastState>>,
}

impl Default for Playback {
    fn default() -> Self {
        Self {
            playing: false,
            speed: 60.0,
            held: false,
            due_us: 0.0,
            requested: 0,
            target_us: None,
            scrubs: false,
            restored: None,
        }
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
            let longest_us = if step_us == REPLAY_STEP_US { LONGEST_REPLAY_STEP_US } else { step_us };
            self.due_us = self.due_us.max(longest_us as f64);
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

    /// Takes the requested moment of a replay if it fulfils a condition.
    pub(super) fn take_target_if(&mut self, condition: impl FnOnce(&mut i64) -> bool) -> Option<i64> {
        self.scrubs = false;
        self.target_us.take_if(condition)
    }

    /// Returns whether the clock is due for another step.
    pub fn wants_tick(&self, step_us: i64) -> bool {
        self.restored.is_some()
            || !self.held
                && !self.scrubs
                && (self.target_us.is_some() || self.requested > 0 || self.due_us >= step_us as f64)
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
        if let Some(target_us) = self.target_us {
            let is_far = timeline.replay_of().is_some_and(|replay| {
                let (first_us, last_us) = replay.span_us();
                replay.jumps_to(target_us.clamp(first_us, last_us))
            });
            if is_far {
                // A thread reads the moment, before the next frame.
                self.scrubs = true;
                return None;
            }
            self.target_us = None;
            return Some(target_us);
        }
        let is_requested = self.requested > 0;
        let passed_us = match timeline.replay_of() {
            Some(_) if !is_requested => (self.due_us as i64).clamp(step_us, LONGEST_REPLAY_STEP_US),
            _ => step_us,
        };
        if is_requested {
            self.requested -= 1;
        } else {
            self.due_us -= passed_us as f64;
        }
        let next_us = timeline.now_us() + passed_us;
        let Some(replay) = timeline.replay_of() else { return Some(next_us) };
        if next_us >= replay.span_us().1 {
            // The playback stops at the end of the recording.
            self.playing = false;
        }
        // Time in which nobody recorded is left out.
        let sessions = replay.record().sessions();
        let next = sessions.partition_point(|(from_us, _)| *from_us <= timeline.now_us());
        if let Some((_, end_us)) = next.checked_sub(1).and_then(|at| sessions.get(at))
            && let Some((from_us, _)) = sessions.get(next)
            && next_us > *end_us
        {
            self.seek(*from_us);
            self.scrubs = true;
            return None;
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
