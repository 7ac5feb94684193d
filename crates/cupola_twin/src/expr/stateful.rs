//! Stateful functions, which depend on earlier values.

/// Stateful functions. A value holds from the time of its reading to the time of the next reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stateful {
    /// `AVG_OVER(x, 15m)`: the time-weighted mean over the window.
    AvgOver,
    /// `MIN_OVER(x, 1h)`: the minimum over the window.
    MinOver,
    /// `MAX_OVER(x, 1h)`: the maximum over the window.
    MaxOver,
    /// `RATE(x)`: the change per second since the previous reading. `RATE(x, 5m)`: the change per second over the
    /// window, or over the known part of it.
    Rate,
    /// `DELTA(x)`: the change since the previous reading. `DELTA(x, 1h)`: the change since the start of the window.
    Delta,
    /// `LAG(x)`: the previous reading. `LAG(x, 1h)`: the value at the start of the window.
    Lag,
    /// `HELD_FOR(condition)`: the time in seconds for which the condition has been true without interruption; 0 s while
    /// it is not true.
    HeldFor,
    /// `EWMA(x, 10m)`: the exponentially weighted moving mean with this time constant.
    Ewma,
    /// `HYSTERESIS(x, on, off)`: true from the time when `x` reaches `on` until it reaches `off`; unchanged between the
    /// two.
    Hysteresis,
}

impl Stateful {
    /// All stateful functions.
    pub const ALL: &'static [Self] = &[
        Self::AvgOver,
        Self::MinOver,
        Self::MaxOver,
        Self::Rate,
        Self::Delta,
        Self::Lag,
        Self::HeldFor,
        Self::Ewma,
        Self::Hysteresis,
    ];

    /// Returns the function's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::AvgOver => "AVG_OVER",
            Self::MinOver => "MIN_OVER",
            Self::MaxOver => "MAX_OVER",
            Self::Rate => "RATE",
            Self::Delta => "DELTA",
            Self::Lag => "LAG",
            Self::HeldFor => "HELD_FOR",
            Self::Ewma => "EWMA",
            Self::Hysteresis => "HYSTERESIS",
        }
    }

    /// Returns the function called `name`, in any case.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|function| function.name().eq_ignore_ascii_case(name))
    }

    /// Returns the syntax of a call.
    pub fn usage(self) -> &'static str {
        match self {
            Self::AvgOver => "AVG_OVER(x, 15m)",
            Self::MinOver => "MIN_OVER(x, 15m)",
            Self::MaxOver => "MAX_OVER(x, 15m)",
            Self::Rate => "RATE(x) or RATE(x, 15m)",
            Self::Delta => "DELTA(x) or DELTA(x, 15m)",
            Self::Lag => "LAG(x) or LAG(x, 15m)",
            Self::HeldFor => "HELD_FOR(x > 1)",
            Self::Ewma => "EWMA(x, 15m)",
            Self::Hysteresis => "HYSTERESIS(x, on, off)",
        }
    }

    /// Returns the smallest and the largest number of duration arguments after the value.
    pub fn durations(self) -> (usize, usize) {
        match self {
            Self::AvgOver | Self::MinOver | Self::MaxOver | Self::Ewma => (1, 1),
            Self::Rate | Self::Delta | Self::Lag => (0, 1),
            Self::HeldFor | Self::Hysteresis => (0, 0),
        }
    }
}
