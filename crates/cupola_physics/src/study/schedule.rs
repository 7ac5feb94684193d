//! Schedules: numbers that depend on the hour and the day.

use serde::{Deserialize, Serialize};

/// Number, or name of the schedule that gives it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged, expecting = "expected a number or the name of a schedule")]
pub enum Amount {
    /// Constant number.
    Number(f64),
    /// Name of a schedule.
    Schedule(String),
}

impl From<f64> for Amount {
    fn from(number: f64) -> Self {
        Self::Number(number)
    }
}

/// Daily values for each kind of day.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schedule {
    /// Values of every day, or of Monday to Friday if other fields give the other days.
    pub days: Day,
    /// Values of Saturdays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub saturday: Option<Day>,
    /// Values of Sundays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sunday: Option<Day>,
    /// Values of the calendar's holidays. The default is that of Sundays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holiday: Option<Day>,
    /// Whether values are interpolated linearly instead of in steps.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub interpolate: bool,
    /// Seasons with other values. The first season that includes a date applies.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub seasons: Vec<Season>,
}

impl Schedule {
    /// Returns the values of weekdays, Saturdays, Sundays and holidays, as far as given.
    pub(crate) fn kinds(&self) -> [Option<&Day>; 4] {
        [Some(&self.days), self.saturday.as_ref(), self.sunday.as_ref(), self.holiday.as_ref()]
    }
}

/// Values of a day.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged, expecting = "expected a number, 24 numbers, or pairs of an hour and a number")]
pub enum Day {
    /// Constant value.
    Always(f64),
    /// 24 values, the first from 0 to 1 o'clock.
    Hours(Vec<f64>),
    /// Pairs of start hour and value: `[(0, 10), (7, 20), (23, 10)]`.
    From(Vec<(f64, f64)>),
}

impl Default for Day {
    fn default() -> Self {
        Self::Always(0.0)
    }
}

/// Part of the year with its own daily values.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Season {
    /// First day, as `month-day`.
    pub from: String,
    /// Last day, as `month-day`. It is before `from` if the season includes the new year.
    pub to: String,
    /// Values of every day, or of Monday to Friday.
    pub days: Day,
    /// Values of Saturdays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub saturday: Option<Day>,
    /// Values of Sundays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sunday: Option<Day>,
    /// Values of holidays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holiday: Option<Day>,
}

impl Season {
    /// Returns the values of weekdays, Saturdays, Sundays and holidays, as far as given.
    pub(crate) fn kinds(&self) -> [Option<&Day>; 4] {
        [Some(&self.days), self.saturday.as_ref(), self.sunday.as_ref(), self.holiday.as_ref()]
    }
}
