//! The wall clock.

use bevy::prelude::*;
use cupola_mqtt::clock;

/// The wall clock, which tests set by hand.
#[derive(Resource, Clone, Copy, Debug, Default)]
pub enum WallClock {
    /// The clock of the computer, without the steps by which it is set back.
    #[default]
    System,
    /// A time that was set by hand, in microseconds since the Unix epoch.
    Manual(i64),
}

impl WallClock {
    /// Returns the time in microseconds since the Unix epoch.
    pub fn now_us(&self) -> i64 {
        match self {
            Self::System => clock::now_us(),
            Self::Manual(now_us) => *now_us,
        }
    }

    /// Returns the time by which the computer's clock was set back since the start of the program, in microseconds.
    pub fn set_back_us(&self) -> i64 {
        match self {
            Self::System => clock::set_back_us(),
            Self::Manual(_) => 0,
        }
    }

    /// Returns the message that the computer's clock was set back, or `None` if it was not.
    pub fn set_back_text(&self) -> Option<String> {
        let back_us = self.set_back_us();
        let by = cupola_wire::format_duration(back_us / 1_000_000 * 1_000_000);
        (back_us > 0).then(|| format!("the computer's clock was set back by {by}; the building's time goes on"))
    }
}
