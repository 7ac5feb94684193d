//! Checks of a study: errors that prevent the computation, and warnings about implausible values.

use super::{Amount, Calendar, Day, Schedule, Season, Study, month_day};
use std::collections::BTreeMap;

/// Step of a path into a study.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Field, or key of a map.
    Field(String),
    /// Item of a list.
    Item(usize),
}

impl From<&str> for Step {
    fn from(field: &str) -> Self {
        Self::Field(field.into())
    }
}

impl From<&String> for Step {
    fn from(field: &String) -> Self {
        Self::Field(field.clone())
    }
}

impl From<usize> for Step {
    fn from(item: usize) -> Self {
        Self::Item(item)
    }
}

/// Error or warning about a study.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Whether the finding is an error, which prevents the computation.
    pub is_error: bool,
    /// Code of the kind of finding.
    pub code: &'static str,
    /// Description of the fault.
    pub message: String,
    /// Suggested remedy.
    pub help: Option<String>,
    /// For an unknown name: the name, and the known names.
    pub instead_of: Option<(String, Vec<String>)>,
    /// Path from the root of the study.
    pub path: Vec<Step>,
}

/// Checker that walks through a study and collects findings.
pub(super) struct Checker<'s> {
    pub study: &'s Study,
    pub findings: Vec<Finding>,
    path: Vec<Step>,
}

/// Returns all errors and warnings about a study.
pub fn check(study: &Study) -> Vec<Finding> {
    let mut checker = Checker { study, findings: Vec::new(), path: Vec::new() };
    checker.whole();
    checker.findings
}

/// Value of a schedule of shares above which it is probably in percent.
const ODD_SHARE: f64 = 2.0;
/// Greatest difference between the time zone and the longitude over 15, in h, that occurs on Earth.
const ODD_ZONE_H: f64 = 3.5;

impl Checker<'_> {
    fn whole(&mut self) {
        let study = self.study;
        if study.zones.is_empty() && study.two_element_rooms.is_empty() {
            self.error("no-zones", "the study has no zones", "add `zones: [(id: …)]`");
        }
        if study.weather.is_some() && study.conditions.is_some() {
            let help = "remove `weather` or `conditions`";
            self.at("weather", |checker| {
                checker.warning("weather-unused", "`conditions` replace the weather file", help)
            });
        }
        if study.hourly_days.contains(&0) {
            self.at("hourly_days", |checker| checker.error("out-of-range", "days are counted from 1", "write 1"));
        }
        if let Some(minutes) = study.step_minutes {
            let divides = minutes > 0.0 && (60.0 / minutes - (60.0 / minutes).round()).abs() < 1e-9;
            self.at("step_minutes", |checker| {
                if !divides || minutes < 0.5 {
                    let message = format!("a step must divide an hour and last at least 0.5 minutes, not {minutes}");
                    checker.error("wrong-step", message, "use 60, 30, 20, 15, 12, 10, 6, 5, 4, 3, 2, 1 or 0.5 minutes");
                }
            });
        }
        self.at("site", |checker| {
            let site = &study.site;
            checker.range("latitude_deg", site.latitude_deg, -90.0, 90.0, "°");
            checker.range("longitude_deg", site.longitude_deg, -180.0, 180.0, "°");
            checker.range("time_zone_h", site.time_zone_h, -12.0, 14.0, "h");
            let zone_h = site.time_zone_h.or((study.conditions.is_some()).then_some(0.0));
            if let (Some(longitude_deg), Some(zone_h)) = (site.longitude_deg, zone_h)
                && (longitude_deg / 15.0 - zone_h).abs() > ODD_ZONE_H
            {
                let field = if site.time_zone_h.is_some() { "time_zone_h" } else { "longitude_deg" };
                let message = format!("longitude {longitude_deg}° and a time zone of {zone_h} h don't match");
                let help = format!("write `time_zone_h: {:.0}`; east is positive for both", longitude_deg / 15.0);
                checker.at(field, |checker| checker.warning("odd-time-zone", message, help));
            }
            checker.range("elevation_m", site.elevation_m, -500.0, 9_000.0, "m");
            checker.range("ground_reflectance", site.ground_reflectance, 0.0, 1.0, "");
            checker.range("co2_ppm", site.co2_ppm, 100.0, 5_000.0, "ppm");
        });
        self.at("start", |checker| {
            checker.range("temperature_c", Some(study.start.temperature_c), -60.0, 80.0, "°C");
            checker.range("warm_up_days", Some(f64::from(study.start.warm_up_days)), 0.0, 3_650.0, "days");
        });
        self.at("calendar", |checker| checker.calendar(&study.calendar));
        if let Some(conditions) = &study.conditions {
            self.at("conditions", |checker| {
                checker.amount("dry_bulb_c", &conditions.dry_bulb_c, -90.0, 70.0, "°C");
                checker.amount("relative_humidity_pct", &conditions.relative_humidity_pct, 0.0, 100.0, "%");
                checker.amount("wind_speed_m_s", &conditions.wind_speed_m_s, 0.0, 60.0, "m/s");
                checker.amount("wind_direction_deg", &conditions.wind_direction_deg, -360.0, 360.0, "°");
                checker.amount("direct_normal_w_m2", &conditions.direct_normal_w_m2, 0.0, 1_400.0, "W/m²");
                checker.amount("diffuse_horizontal_w_m2", &conditions.diffuse_horizontal_w_m2, 0.0, 1_400.0, "W/m²");
                if let Some(sky) = &conditions.sky_temperature_c {
                    checker.amount("sky_temperature_c", sky, -100.0, 70.0, "°C");
                }
                checker.range("pressure_pa", conditions.pressure_pa, 30_000.0, 120_000.0, "Pa");
            });
        }
        self.at("schedules", |checker| {
            for (name, schedule) in &study.schedules {
                checker.at(name, |checker| checker.schedule(schedule));
            }
        });
        self.constructions();
        self.zones();
        self.rooms();
        if let Some(air) = &study.air {
            self.at("air", |checker| checker.air(air));
        }
        self.at("air_systems", |checker| {
            for (at, system) in study.air_systems.iter().enumerate() {
                checker.at(at, |checker| checker.air_system(at, system));
            }
        });
        if let Some(plant) = &study.plant {
            self.at("plant", |checker| checker.plant(plant));
        }
    }

    /// Checks the part of the study one step further in.
    pub fn at(&mut self, step: impl Into<Step>, check: impl FnOnce(&mut Self)) {
        self.path.push(step.into());
        check(self);
        self.path.pop();
    }

    fn report(&mut self, is_error: bool, code: &'static str, message: String, help: String) {
        let help = (!help.is_empty()).then_some(help);
        self.findings.push(Finding { is_error, code, message, help, instead_of: None, path: self.path.clone() });
    }

    /// Adds an error.
    pub fn error(&mut self, code: &'static str, message: impl Into<String>, help: impl Into<String>) {
        self.report(true, code, message.into(), help.into());
    }

    /// Adds a warning.
    pub fn warning(&mut self, code: &'static str, message: impl Into<String>, help: impl Into<String>) {
        self.report(false, code, message.into(), help.into());
    }

    /// Checks that a name exists.
    pub fn known<T>(&mut self, what: &str, name: &str, among: &BTreeMap<String, T>) {
        if among.contains_key(name) {
            return;
        }
        let code = match what {
            "schedule" => "missing-schedule",
            "material" => "missing-material",
            "construction" => "missing-construction",
            _ => "missing-glazing",
        };
        self.error(code, format!("there is no {what} `{name}`"), format!("add it to `{what}s`"));
        if let Some(finding) = self.findings.last_mut() {
            finding.instead_of = Some((name.into(), among.keys().cloned().collect()));
        }
    }

    /// Checks that a number is in a range.
    pub fn range(&mut self, field: &str, number: Option<f64>, least: f64, most: f64, unit: &str) {
        let Some(number) = number else { return };
        if !(least..=most).contains(&number) {
            let unit = if unit.is_empty() || unit == "°" { unit.to_string() } else { format!(" {unit}") };
            let message = format!("`{field}` is {number}{unit}");
            self.at(field, |checker| {
                checker.error("out-of-range", message, format!("the range is from {least} to {most}{unit}"));
            });
        }
    }

    /// Checks that a number, or all values of a schedule, are in a range.
    pub fn amount(&mut self, field: &str, amount: &Amount, least: f64, most: f64, unit: &str) {
        match amount {
            Amount::Number(number) => self.range(field, Some(*number), least, most, unit),
            Amount::Schedule(name) => {
                self.at(field, |checker| checker.known("schedule", name, &checker.study.schedules));
                let values = self.study.schedules.get(name).map(values).unwrap_or_default();
                if let Some(value) = values.iter().find(|value| !(least..=most).contains(*value)) {
                    let message = format!("`{field}` is {value} {unit} at some times of the schedule `{name}`");
                    let help = format!("the range is from {least} to {most} {unit}");
                    self.at(field, |checker| checker.error("out-of-range", message, help));
                }
            }
        }
    }

    /// Checks an optional schedule of fractions.
    pub fn share(&mut self, field: &str, name: Option<&String>) {
        if let Some(name) = name {
            self.amount(field, &Amount::Schedule(name.clone()), 0.0, 1e6, "");
            let values = self.study.schedules.get(name).map(values).unwrap_or_default();
            let most = values.into_iter().fold(0.0, f64::max);
            if most > ODD_SHARE {
                let message = format!("the schedule `{name}` multiplies by up to {most}");
                let help = format!("a schedule has shares from 0 to 1: {most} % is {}", most / 100.0);
                self.at(field, |checker| checker.warning("odd-share", message, help));
            }
        }
    }

    fn date(&mut self, text: &str) {
        // 29 February is accepted as a date of leap years.
        if month_day(text, true).is_none() {
            self.error("wrong-date", format!("`{text}` is not a day of the year"), "write month and day: 12-25");
        }
    }

    fn calendar(&mut self, calendar: &Calendar) {
        if let Some(day) = &calendar.first_day {
            self.at("first_day", |checker| checker.date(day));
        }
        self.at("holidays", |checker| {
            for (at, day) in calendar.holidays.iter().enumerate() {
                checker.at(at, |checker| checker.date(day));
            }
        });
    }

    fn schedule(&mut self, schedule: &Schedule) {
        self.days(schedule.kinds());
        self.at("seasons", |checker| {
            for (at, season) in schedule.seasons.iter().enumerate() {
                checker.at(at, |checker| {
                    checker.at("from", |checker| checker.date(&season.from));
                    checker.at("to", |checker| checker.date(&season.to));
                    checker.days(season.kinds());
                });
            }
        });
    }

    fn days(&mut self, days: [Option<&Day>; 4]) {
        for (field, day) in ["days", "saturday", "sunday", "holiday"].into_iter().zip(days) {
            let Some(day) = day else { continue };
            self.at(field, |checker| match day {
                Day::Always(value) => checker.finite(*value),
                Day::Hours(values) => {
                    if values.len() != 24 {
                        let message = format!("a day needs 24 values, not {}", values.len());
                        checker.error("wrong-day", message, "give one for each hour, or pairs `(hour, value)`");
                    }
                    values.iter().for_each(|value| checker.finite(*value));
                }
                Day::From(pairs) => {
                    let rises = pairs.windows(2).all(|pair| pair[0].0 < pair[1].0);
                    let is_in_day = pairs.iter().all(|(hour, _)| (0.0..24.0).contains(hour));
                    if pairs.is_empty() || !rises || !is_in_day {
                        checker.error(
                            "wrong-day",
                            "the hours of a day must rise, and be at least 0 and below 24",
                            "write `[(0, 10), (7, 20), (23, 10)]`: each value holds from its hour on",
                        );
                    }
                    pairs.iter().for_each(|(_, value)| checker.finite(*value));
                }
            });
        }
    }

    fn finite(&mut self, value: f64) {
        if !value.is_finite() {
            self.error("wrong-day", format!("{value} is not a finite number"), "write a finite number");
        }
    }
}

/// Returns all values of a schedule.
pub(super) fn values(schedule: &Schedule) -> Vec<f64> {
    let seasons = schedule.seasons.iter().flat_map(Season::kinds);
    let mut values = Vec::new();
    for day in schedule.kinds().into_iter().chain(seasons).flatten() {
        match day {
            Day::Always(value) => values.push(*value),
            Day::Hours(hours) => values.extend(hours),
            Day::From(pairs) => values.extend(pairs.iter().map(|(_, value)| *value)),
        }
    }
    values
}
