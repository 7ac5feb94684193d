//! Functions of what a value was before, by name.

/// Functions that remember. A value holds from the moment of one reading to that of the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stateful {
    /// `AVG_OVER(x, 15m)`: the mean over that time, each value weighted by how long it held.
    AvgOver,
    /// `MIN_OVER(x, 1h)`: the least over that time.
    MinOver,
    /// `MAX_OVER(x, 1h)`: the greatest over that time.
    MaxOver,
    /// `RATE(x)`: the change a second since the last reading; `RATE(x, 5m)`: over that time, or the part of it that is known.
    Rate,
    /// `DELTA(x)`: the change since the last reading; `DELTA(x, 1h)`: since then.
    Delta,
    /// `LAG(x)`: the reading before; `LAG(x, 1h)`: what it was then.
    Lag,
    /// `HELD_FOR(condition)`: how long it has been true without a break, 0 s while it is not.
    HeldFor,
    /// `EWMA(x, 10m)`: the exponentially weighted mean with this time constant.
    Ewma,
    /// `HYSTERESIS(x, on, off)`: true from when it reaches `on` until it reaches `off`; between the two it stays as it was.
    Hysteresis,
}

impl Stateful {
    /// All of them.
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

    /// How it is written.
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

    /// The function of this name, in any case.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|function| function.name().eq_ignore_ascii_case(name))
    }

    /// How it is called.
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

    /// Fewest and most lengths of time that stand behind the value.
    pub fn durations(self) -> (usize, usize) {
        match self {
            Self::AvgOver | Self::MinOver | Self::MaxOver | Self::Ewma => (1, 1),
            Self::Rate | Self::Delta | Self::Lag => (0, 1),
            Self::HeldFor | Self::Hysteresis => (0, 0),
        }
    }
}
