//! The time of the world outside.

use bevy::prelude::*;

/// The time of the world outside, which tests set by hand.
#[derive(Resource, Clone, Copy, Debug, Default)]
pub enum WallClock {
    /// The computer's clock.
    #[default]
    System,
    /// Microseconds since the Unix epoch, as set.
    Manual(i64),
}

impl WallClock {
    /// Returns microseconds since the Unix epoch.
    pub fn now_us(&self) -> i64 {
        match self {
            Self::System => jiff::Timestamp::now().as_microsecond(),
            Self::Manual(now_us) => *now_us,
        }
    }
}
