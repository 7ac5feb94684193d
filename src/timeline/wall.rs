//! The wall clock.

use bevy::prelude::*;

/// The wall clock, which tests set by hand.
#[derive(Resource, Clone, Copy, Debug, Default)]
pub enum WallClock {
    /// The clock of the computer.
    #[default]
    System,
    /// A time that was set by hand, in microseconds since the Unix epoch.
    Manual(i64),
}

impl WallClock {
    /// Returns the time in microseconds since the Unix epoch.
    pub fn now_us(&self) -> i64 {
        match self {
            Self::System => jiff::Timestamp::now().as_microsecond(),
            Self::Manual(now_us) => *now_us,
        }
    }
}
