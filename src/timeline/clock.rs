//! The clocks of timelines.

use bevy::prelude::*;

/// The time of the world outside, which tests set by hand.
#[derive(Resource, Clone, Copy, Debug, Default)]
pub enum WallClock {
    /// The computer's.
    #[default]
    System,
    /// Microseconds since the Unix epoch, as set.
    Manual(i64),
}

impl WallClock {
    /// Microseconds since the Unix epoch.
    pub fn now_us(&self) -> i64 {
        match self {
            Self::System => jiff::Timestamp::now().as_microsecond(),
            Self::Manual(now_us) => *now_us,
        }
    }
}

/// How a clock moves.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Pace {
    /// With the world outside.
    Wall,
    /// In steps of `step_us`.
    Steps {
        /// Microseconds in a step.
        step_us: i64,
    },
}

/// A timeline's clock.
#[derive(Component, Clone, Debug)]
pub struct Clock {
    /// Its time, microseconds since the Unix epoch.
    pub now_us: i64,
    /// When it began.
    pub start_us: i64,
    /// How it moves.
    pub pace: Pace,
    /// Simulated seconds in a second; infinite: as fast as it goes.
    pub speed: f64,
    /// Whether it moves by itself.
    pub playing: bool,
    /// Whether this tick is a step of this timeline.
    pub ticking: bool,
    /// Whether it waits for something before it takes the next step.
    pub held: bool,
    /// Time that should have passed and has not been stepped through, microseconds.
    due_us: f64,
    /// Steps asked for by hand.
    asked: u32,
}

impl Clock {
    /// A clock that goes with the world outside.
    pub fn wall(now_us: i64) -> Self {
        Self {
            now_us,
            start_us: now_us,
            pace: Pace::Wall,
            speed: 1.0,
            playing: true,
            ticking: false,
            held: false,
            due_us: 0.0,
            asked: 0,
        }
    }

    /// A clock that goes in steps, paused.
    pub fn steps(start_us: i64, step_us: i64) -> Self {
        Self { pace: Pace::Steps { step_us: step_us.max(1) }, playing: false, speed: 60.0, ..Self::wall(start_us) }
    }

    /// The same clock at another speed.
    pub fn at_speed(self, speed: f64) -> Self {
        Self { speed, ..self }
    }

    /// Lets `seconds` of the world outside pass.
    pub fn pass(&mut self, seconds: f64) {
        if let Pace::Steps { step_us } = self.pace {
            if !self.playing {
                self.due_us = 0.0;
            } else if self.speed.is_finite() {
                // A program that was busy doesn't race to catch up: at most a second of it.
                self.due_us += seconds.min(1.0) * self.speed * 1e6;
            } else {
                self.due_us = self.due_us.max(step_us as f64);
            }
        }
    }

    /// Asks for one step, playing or not.
    pub fn step(&mut self) {
        self.asked += 1;
    }

    /// Whether another tick is wanted now.
    pub fn wants_tick(&self) -> bool {
        match self.pace {
            Pace::Wall => false,
            Pace::Steps { step_us } => !self.held && (self.asked > 0 || self.due_us >= step_us as f64),
        }
    }

    /// Drops time that could not be stepped through, so that the clock doesn't lag for ever; what makes up a step stays.
    pub fn forgive(&mut self) {
        if let Pace::Steps { step_us } = self.pace {
            self.due_us = self.due_us.min(step_us as f64);
        }
    }

    pub(super) fn begin_tick(&mut self, wall_us: i64) {
        self.ticking = match self.pace {
            Pace::Wall => {
                if self.playing {
                    self.now_us = wall_us;
                }
                self.playing
            }
            Pace::Steps { step_us } => {
                let wanted = self.wants_tick();
                if wanted {
                    if self.asked > 0 {
                        self.asked -= 1;
                    } else {
                        self.due_us -= step_us as f64;
                    }
                    self.now_us += step_us;
                }
                wanted
            }
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ticks(clock: &mut Clock) -> u32 {
        let mut count = 0;
        while clock.wants_tick() {
            clock.begin_tick(0);
            count += 1;
        }
        count
    }

    #[test]
    fn steps_as_fast_as_it_is_told() {
        let minute = 60_000_000;
        let mut clock = Clock::steps(0, minute);
        clock.pass(0.5);
        assert_eq!(ticks(&mut clock), 0, "paused");
        clock.step();
        assert_eq!((ticks(&mut clock), clock.now_us), (1, minute));
        clock.playing = true;
        clock.speed = 600.0;
        clock.pass(0.25);
        assert_eq!((ticks(&mut clock), clock.now_us), (2, 3 * minute));
        clock.pass(0.05);
        assert_eq!(ticks(&mut clock), 1, "half a step was left over");
        clock.speed = f64::INFINITY;
        clock.pass(0.001);
        assert_eq!(ticks(&mut clock), 1, "one step a pass: the caller's budget decides how many");
    }
}
