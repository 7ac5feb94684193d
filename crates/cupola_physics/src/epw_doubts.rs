//! Doubts about weather files that can be read: values that are hardly those of a place on Earth.

use crate::epw::Epw;
use crate::epw_dates::{Weekday, day_of_year, is_leap, month_and_day, year_days};
use crate::epw_line::{EpwFinding, Severity};

/// Highest dry-bulb temperature that is plausible, in °C. The record of the World Meteorological Organization is 56.7.
const HOTTEST_C: f64 = 58.0;
/// Highest mean temperature of a file that is plausible, in °C: a month in the hottest deserts.
const HOTTEST_MEAN_C: f64 = 45.0;
/// Highest irradiance below which a file of a month or more is probably in kW/m², in W/m².
const DARKEST_W_M2: f64 = 20.0;
/// Shortest file whose highest irradiance is judged, in days.
const MONTH_DAYS: f64 = 28.0;

/// A doubt about a weather file.
pub(crate) struct Doubt {
    pub code: &'static str,
    pub message: String,
    pub help: &'static str,
}

impl Doubt {
    /// Returns the doubt as a warning in a line.
    pub(crate) fn at(self, line: usize) -> EpwFinding {
        let Self { code, message, help } = self;
        EpwFinding { line, column: 1, severity: Severity::Warning, code, message, help: Some(help.to_owned()) }
    }
}

/// Returns the doubts about a file. `year` is that of all records, or `None` if they have several.
pub(crate) fn doubts(epw: &Epw, year: Option<i32>) -> Vec<Doubt> {
    let mut found = Vec::new();
    let days = epw.duration_s() / 86_400.0;
    if days < f64::from(year_days(epw.leap)) {
        let message = format!("The file has {days:.0} days, not a year.");
        let help = "A run outside of these days repeats them.";
        found.push(Doubt { code: "epw-part-of-year", message, help });
    }
    let hottest_c = highest(&epw.columns.dry_bulb_c);
    let mean_c = epw.columns.dry_bulb_c.iter().sum::<f64>() / epw.len().max(1) as f64;
    if hottest_c > HOTTEST_C || mean_c > HOTTEST_MEAN_C {
        let message = format!("The mean temperature is {mean_c:.1} °C and the highest {hottest_c:.1} °C.");
        found.push(Doubt { code: "epw-implausible", message, help: "Is the file in °F? EPW has °C." });
    }
    let irradiances = [
        ("global horizontal", &epw.columns.global_horizontal_w_m2),
        ("direct normal", &epw.columns.direct_normal_w_m2),
        ("diffuse horizontal", &epw.columns.diffuse_horizontal_w_m2),
    ];
    for (name, column) in irradiances {
        let most = highest(column);
        if days >= MONTH_DAYS && most > 0.0 && most < DARKEST_W_M2 {
            let message = format!("The highest {name} irradiance is {most} W/m².");
            found.push(Doubt { code: "epw-implausible", message, help: "Is it in kW/m²? EPW has Wh/m² per hour." });
        }
    }
    if let Some(year) = year.filter(|year| (1900..=2100).contains(year)) {
        let due = weekday(year, epw);
        if due != epw.first_weekday {
            let message = format!(
                "DATA PERIODS says {:?}, but the first record of the year {year} is on a {due:?}.",
                epw.first_weekday
            );
            found.push(Doubt { code: "epw-weekday", message, help: "Runs take the weekday of DATA PERIODS." });
        }
    }
    found
}

fn highest(column: &[f64]) -> f64 {
    column.iter().copied().fold(f64::NEG_INFINITY, f64::max)
}

/// Returns the weekday of the first record in a year of the calendar.
fn weekday(year: i32, epw: &Epw) -> Weekday {
    let before = i64::from(year) - 1;
    // 1 January of year 1 was a Monday.
    let new_year = Weekday::Monday.plus_days(365 * before + before / 4 - before / 100 + before / 400);
    let (month, day) = month_and_day(epw.start_day, epw.leap);
    new_year.plus_days(i64::from(day_of_year(month, day, is_leap(year))))
}
