//! Numbers that change with the hour and the day.

use serde::{Deserialize, Serialize};

/// A number, or the name of the schedule that gives it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged, expecting = "expected a number or the name of a schedule")]
pub enum Amount {
    /// Always the same.
    Number(f64),
    /// A schedule's name.
    Schedule(String),
}

impl From<f64> for Amount {
    fn from(number: f64) -> Self {
        Self::Number(number)
    }
}

/// Values over the day, for each kind of day.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schedule {
    /// Every day, or Monday to Friday if another field names the others.
    pub days: Day,
    /// Saturdays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub saturday: Option<Day>,
    /// Sundays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sunday: Option<Day>,
    /// The calendar's holidays; without it, as Sundays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holiday: Option<Day>,
    /// Straight lines between the values instead of steps.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub interpolate: bool,
    /// Parts of the year with other days; the first that holds a date counts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub seasons: Vec<Season>,
}

impl Schedule {
    /// Its days, Saturdays, Sundays and holidays, as far as they are named.
    pub(crate) fn kinds(&self) -> [Option<&Day>; 4] {
        [Some(&self.days), self.saturday.as_ref(), self.sunday.as_ref(), self.holiday.as_ref()]
    }
}

/// The values of a day.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged, expecting = "expected a number, 24 numbers, or pairs of an hour and a number")]
pub enum Day {
    /// The same all day.
    Always(f64),
    /// 24 values, the first from 0 to 1 o'clock.
    Hours(Vec<f64>),
    /// From this hour on, this value: `[(0, 10), (7, 20), (23, 10)]`.
    From(Vec<(f64, f64)>),
}

impl Default for Day {
    fn default() -> Self {
        Self::Always(0.0)
    }
}

/// A part of the year.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Season {
    /// Its first day, `month-day`.
    pub from: String,
    /// Its last day, `month-day`; before `from` if the season spans the new year.
    pub to: String,
    /// Its days.
    pub days: Day,
    /// Its Saturdays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub saturday: Option<Day>,
    /// Its Sundays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sunday: Option<Day>,
    /// Its holidays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holiday: Option<Day>,
}

impl Season {
    /// Its days, Saturdays, Sundays and holidays, as far as they are named.
    pub(crate) fn kinds(&self) -> [Option<&Day>; 4] {
        [Some(&self.days), self.saturday.as_ref(), self.sunday.as_ref(), self.holiday.as_ref()]
    }
}
