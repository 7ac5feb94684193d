//! Reader of EPW files (EPW data dictionary, EnergyPlus Auxiliary Programs, "Weather Converter Program").

use std::collections::BTreeSet;

use crate::{
    epw::{Columns, Epw, GroundTemperatures, Holidays, Location},
    epw_dates::{Weekday, YearlyDate, day_of_year, month_and_day, year_days},
    epw_doubts::doubts,
    epw_fill::{FIELDS, Raw, fill},
    epw_line::{EpwFinding, EpwRecord, Severity},
    sun::Site,
};

/// Number of errors after which reading stops, because the file is probably not an EPW file.
const MAX_ERRORS: usize = 50;
/// Minimum number of fields of a record, up to opaque sky cover.
const MIN_FIELDS: usize = 24;
/// Number of fields of a record.
const MAX_FIELDS: usize = 35;
/// Number of fields of the LOCATION line.
const LOCATION_FIELDS: usize = 10;
/// Index of the field with the observation indicator (EPW data dictionary).
const OBSERVATION: usize = 26;
/// Index of the field with the weather codes (EPW data dictionary).
const WEATHER_CODES: usize = 27;

/// Contents of the DATA PERIODS header.
struct Period {
    records_per_hour: u32,
    weekday: Weekday,
    start: (u32, u32),
    end: (u32, u32),
}

#[derive(Default)]
struct EpwReader {
    findings: Vec<EpwFinding>,
    errors: usize,
    location: Option<Location>,
    ground: Vec<GroundTemperatures>,
    holidays: Holidays,
    period: Option<Period>,
    raw: Raw,
    raining: Vec<bool>,
    first_line: usize,
    last_line: usize,
    leap: bool,
    /// Year of all records so far. The inner value is `None` if the years differ.
    year: Option<Option<i32>>,
    /// Codes of errors that are reported once, because they recur in every line.
    reported: BTreeSet<&'static str>,
}

/// Reads the text of a weather file. The first value is `None` if any finding is an error. Warnings report filled and
/// ignored values.
///
/// A byte-order mark, carriage returns and blank lines are allowed. Missing values (empty, or the codes of
/// the data dictionary) and values outside the dictionary's range are filled, with one warning for each
/// field. Temperature, humidity, wind and sky cover take the last valid value (at the start, the first valid
/// one). Dew point and humidity are computed from each other, pressure from the standard atmosphere, and sky
/// radiation from [`crate::epw::sky_infrared_w_m2`]. Irradiance, snow and rain are set to 0, albedo to 0.2.
/// Only the first of several data periods is read. Irradiances of sub-hourly files are means over their
/// interval in W/m², as in EnergyPlus.
pub fn read(text: &str) -> (Option<Epw>, Vec<EpwFinding>) {
    let mut reader = EpwReader::default();
    for (index, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        if !line.trim().is_empty() {
            reader.take(&EpwRecord::new(index + 1, line.trim_end()));
        }
        if reader.errors >= MAX_ERRORS {
            break;
        }
    }
    reader.finish()
}

/// Returns the site in the first line of a weather file; `None` if the line is no `LOCATION` with valid numbers.
pub fn site(line: &str) -> Option<Site> {
    let mut reader = EpwReader::default();
    reader.take(&EpwRecord::new(1, line.trim_start_matches('\u{feff}').trim_end()));
    reader.location.filter(|_| reader.errors == 0).map(|location| location.site)
}

impl EpwReader {
    fn find(
        &mut self,
        (line, column): (usize, usize),
        severity: Severity,
        code: &'static str,
        message: String,
        help: &str,
    ) {
        self.errors += usize::from(severity == Severity::Error);
        let help = (!help.is_empty()).then(|| help.to_owned());
        self.findings.push(EpwFinding { line, column, severity, code, message, help });
    }

    /// Reports an error that probably recurs in every line, but only once.
    fn once(&mut self, line: &EpwRecord, field: usize, code: &'static str, message: String, help: &str) {
        if self.reported.insert(code) {
            let help = format!("{help} Further errors of this kind are not reported.");
            self.at_field(line, field, Severity::Error, code, message, help.trim_start());
        }
    }

    fn at_field(
        &mut self,
        line: &EpwRecord,
        field: usize,
        severity: Severity,
        code: &'static str,
        message: String,
        help: &str,
    ) {
        self.find((line.number, line.column(field)), severity, code, message, help);
    }

    fn take(&mut self, line: &EpwRecord) {
        self.last_line = line.number;
        if self.period.is_some() && line.field(0).parse::<f64>().is_ok() {
            return self.record(line);
        }
        match line.field(0).to_ascii_uppercase().as_str() {
            "LOCATION" => self.location(line),
            "GROUND TEMPERATURES" => self.ground(line),
            "HOLIDAYS/DAYLIGHT SAVINGS" | "HOLIDAYS/DAYLIGHT SAVING" => self.holidays(line),
            "DATA PERIODS" => self.period(line),
            "DESIGN CONDITIONS" | "TYPICAL/EXTREME PERIODS" | "COMMENTS 1" | "COMMENTS 2" => {}
            other => {
                let start: String = other.chars().take(30).collect();
                let message = format!("The line starts with '{start}', which is not an EPW header.");
                if self.period.is_none() && self.location.is_some() {
                    self.at_field(line, 0, Severity::Warning, "epw-line", message, "The line was ignored.");
                } else if other.matches(';').count() >= 3 {
                    let help = "The fields are separated by semicolons. Export the file with commas between the \
                                fields and points in the numbers.";
                    self.once(line, 0, "epw-line", message, help);
                } else {
                    let help = "Records start with the year, headers with a keyword such as LOCATION. Is this an EPW \
                                file?";
                    self.once(line, 0, "epw-line", message, help);
                }
            }
        }
    }

    fn location(&mut self, line: &EpwRecord) {
        let mut values = [0.0; 4];
        let wanted = [
            (6, "latitude", -90.0..=90.0),
            (7, "longitude", -180.0..=180.0),
            (8, "time zone", -12.0..=14.0),
            (9, "elevation", -1_000.0..=9_999.9),
        ];
        // A comma in a name moves the numbers, which are the last fields.
        let extra = line.fields.len().saturating_sub(LOCATION_FIELDS);
        if extra > 0 {
            let message = format!("LOCATION has {} fields, not {LOCATION_FIELDS}.", line.fields.len());
            let help = "A comma in a name is taken as part of it. Latitude, longitude, time zone and elevation are the \
                        last fields.";
            self.at_field(line, LOCATION_FIELDS, Severity::Warning, "epw-location-fields", message, help);
        }
        for (value, (index, name, range)) in values.iter_mut().zip(wanted) {
            let index = index + extra;
            match line.number_in(index).filter(|number| range.contains(number)) {
                Some(number) => *value = number,
                None => {
                    let message = format!(
                        "The {name} is '{}', not a number from {} to {}.",
                        line.field(index),
                        range.start(),
                        range.end()
                    );
                    self.at_field(line, index, Severity::Error, "epw-location", message, "");
                }
            }
        }
        let [latitude_deg, longitude_deg, time_zone_h, elevation_m] = values;
        if (longitude_deg / 15.0 - time_zone_h).abs() > 3.5 {
            let message = format!("Longitude {longitude_deg}° and time zone {time_zone_h} h don't match.");
            self.at_field(line, 8 + extra, Severity::Warning, "epw-time-zone", message, "East is positive for both.");
        }
        let site = Site { latitude_deg, longitude_deg, time_zone_h };
        let city = (1..=1 + extra).map(|index| line.field(index)).collect::<Vec<_>>().join(", ");
        self.location = Some(Location { city, site, elevation_m });
    }

    fn ground(&mut self, line: &EpwRecord) {
        let count = line.whole(1).unwrap_or(0) as usize;
        // A set has depth, conductivity, density, specific heat, and twelve monthly values.
        for set in 0..count.min(line.fields.len() / 16) {
            let start = 2 + 16 * set;
            let mut monthly_c = [0.0; 12];
            let depth = line.number_in(start).filter(|depth| (0.0..=1_000.0).contains(depth));
            let months = (0..12).try_for_each(|month| {
                monthly_c[month] = line.number_in(start + 4 + month).filter(|value| value.abs() <= 90.0)?;
                Some(())
            });
            match depth.zip(months) {
                Some((depth_m, ())) => self.ground.push(GroundTemperatures { depth_m, monthly_c }),
                None => {
                    let message = format!("Set {} of ground temperatures is incomplete.", set + 1);
                    self.at_field(line, start, Severity::Warning, "epw-ground", message, "The set was ignored.");
                }
            }
        }
        if count > line.fields.len() / 16 {
            let message = format!("The line declares {count} sets of ground temperatures, but is too short for them.");
            self.at_field(line, 1, Severity::Warning, "epw-ground", message, "");
        }
    }

    fn holidays(&mut self, line: &EpwRecord) {
        self.holidays.leap_year = line.field(1).to_ascii_lowercase().starts_with('y');
        let (start, end) = (YearlyDate::read(line.field(2)), YearlyDate::read(line.field(3)));
        for (index, date) in [(2, start), (3, end)] {
            if date.is_none() && !matches!(line.field(index), "" | "0") {
                self.bad_date(line, index);
            }
        }
        self.holidays.daylight_saving = start.zip(end);
        let count = line.whole(4).unwrap_or(0) as usize;
        for index in (5..line.fields.len().saturating_sub(1)).step_by(2).take(count) {
            match YearlyDate::read(line.field(index + 1)) {
                Some(date) => self.holidays.days.push((line.field(index).to_owned(), date)),
                None => self.bad_date(line, index + 1),
            }
        }
    }

    fn bad_date(&mut self, line: &EpwRecord, index: usize) {
        let message = format!("'{}' is not a date.", line.field(index));
        let help = "Write a date such as 7/4, 4 July or 2nd Sunday in March. This one was ignored.";
        self.at_field(line, index, Severity::Warning, "epw-date", message, help);
    }

    fn period(&mut self, line: &EpwRecord) {
        let records_per_hour = line.whole(2).filter(|count| *count > 0 && 60 % count == 0);
        let weekday = Weekday::read(line.field(4));
        let date = |index| match YearlyDate::read(line.field(index)) {
            Some(YearlyDate::Day { month, day }) => Some((month, day)),
            _ => None,
        };
        if line.whole(1).is_some_and(|count| count > 1) {
            let message = "The file has more than one data period.".to_owned();
            self.at_field(
                line,
                1,
                Severity::Warning,
                "epw-periods",
                message,
                "Only the first is read. The records must match its dates.",
            );
        }
        if weekday.is_none() {
            let message = format!("'{}' is not a weekday. Sunday is used instead.", line.field(4));
            self.at_field(line, 4, Severity::Warning, "epw-weekday", message, "");
        }
        match (records_per_hour, date(5), date(6)) {
            (Some(records_per_hour), Some(start), Some(end)) => {
                let weekday = weekday.unwrap_or(Weekday::Sunday);
                self.period = Some(Period { records_per_hour, weekday, start, end });
            }
            (count, start, _) => {
                let index = if count.is_none() { 2 } else { 5 + usize::from(start.is_some()) };
                let message = format!("The value '{}' of DATA PERIODS is not valid.", line.field(index));
                let help = "It needs the number of periods, records per hour (a divisor of 60), a name, a weekday, \
                            first and last date.";
                self.at_field(line, index, Severity::Error, "epw-period", message, help);
            }
        }
    }

    fn record(&mut self, line: &EpwRecord) {
        if self.raining.is_empty() {
            self.first_line = line.number;
        }
        if line.fields.len() < MIN_FIELDS {
            let message = format!("The record has {} fields. It needs at least {MIN_FIELDS}.", line.fields.len());
            return self.once(line, line.fields.len(), "epw-record", message, "");
        }
        if line.fields.iter().skip(MAX_FIELDS).any(|(_, text)| !text.is_empty()) {
            let message = format!("The record has {} fields, not {MAX_FIELDS}.", line.fields.len());
            let help = "Do the numbers have decimal commas? Write them with a point.";
            return self.once(line, MAX_FIELDS, "epw-record", message, help);
        }
        self.check_time(line);
        for (index, field) in FIELDS.iter().enumerate() {
            let text = line.field(field.at);
            match text.parse::<f64>() {
                Ok(value) => self.raw.push(index, value, line.number, line.column(field.at)),
                Err(_) if text.is_empty() => self.raw.push(index, f64::INFINITY, line.number, line.column(field.at)),
                Err(_) => {
                    self.raw.push(index, f64::INFINITY, line.number, line.column(field.at));
                    let message = format!("The {} is '{text}', which is not a number.", field.name);
                    self.at_field(line, field.at, Severity::Error, "epw-number", message, "");
                }
            }
        }
        // Leading zeros may be missing, so the codes are padded to nine digits. The second digit is
        // rain, the third is rain squalls and drizzle.
        let codes = format!("{:0>9}", line.field(WEATHER_CODES));
        let rain =
            codes.as_bytes().get(1..3).is_some_and(|codes| codes.iter().any(|code| (b'0'..=b'8').contains(code)));
        self.raining.push(line.number_in(OBSERVATION) == Some(0.0) && codes.len() == 9 && rain);
    }

    /// Checks that the record's time is the expected one.
    fn check_time(&mut self, line: &EpwRecord) {
        let year = line.number_in(0).map(|year| year as i32);
        self.year = Some(match self.year {
            Some(known) => known.filter(|known| Some(*known) == year),
            None => year,
        });
        let Some(period) = &self.period else { return };
        let hours = self.raining.len() / period.records_per_hour as usize;
        let day = day_of_year(period.start.0, period.start.1, self.leap) + (hours / 24) as u32;
        let due = (month_and_day(day, self.leap), hours as u32 % 24 + 1);
        let (month, day, hour) = (line.whole(1), line.whole(2), line.whole(3));
        let is = (month.unwrap_or(0), day.unwrap_or(0));
        // The first 29 February shows that the year is a leap year.
        self.leap |= is == (2, 29) && due.0 == (3, 1);
        let fits = hour == Some(due.1) && (is == due.0 || (is == (2, 29) && due.0 == (3, 1)));
        if !fits {
            let ((due_month, due_day), due_hour) = due;
            let message = format!(
                "The record is for {}/{}, hour {}. The expected time is {due_month}/{due_day}, hour {due_hour}.",
                line.field(1),
                line.field(2),
                line.field(3)
            );
            let help = match hour {
                Some(0) => "EPW counts the hours from 1 to 24.",
                _ => "Records must follow each other without gaps, from the first date of DATA PERIODS on.",
            };
            self.once(line, 1, "epw-order", message, help);
        }
    }

    fn finish(mut self) -> (Option<Epw>, Vec<EpwFinding>) {
        let end = (self.last_line.max(1), 1);
        if self.location.is_none() {
            self.find(
                (1, 1),
                Severity::Error,
                "epw-no-location",
                "There is no LOCATION line.".to_owned(),
                "Is this an EPW file?",
            );
        }
        if self.period.is_none() {
            self.find(end, Severity::Error, "epw-no-period", "There is no DATA PERIODS line.".to_owned(), "");
        }
        let (Some(location), Some(period), true) = (self.location.take(), self.period.take(), self.errors < MAX_ERRORS)
        else {
            return (None, self.findings);
        };
        let start_day = day_of_year(period.start.0, period.start.1, self.leap);
        let end_day = day_of_year(period.end.0, period.end.1, self.leap);
        let days =
            if end_day >= start_day { end_day - start_day } else { end_day + year_days(self.leap) - start_day } + 1;
        let due = (days * 24 * period.records_per_hour) as usize;
        if self.raining.len() != due && !self.reported.contains("epw-record") {
            let message = format!("The file has {} records, but the data period needs {due}.", self.raining.len());
            self.find(
                end,
                Severity::Error,
                "epw-count",
                message,
                "Check the dates and records per hour in DATA PERIODS.",
            );
        }
        let mut columns = Columns { raining: std::mem::take(&mut self.raining), ..Columns::default() };
        let raw = std::mem::take(&mut self.raw);
        for finding in fill(raw, location.elevation_m, &mut columns) {
            self.errors += usize::from(finding.severity == Severity::Error);
            self.findings.push(finding);
        }
        if self.errors > 0 {
            return (None, self.findings);
        }
        let mut epw = Epw {
            location,
            ground: self.ground,
            holidays: self.holidays,
            first_weekday: period.weekday,
            records_per_hour: period.records_per_hour,
            start_day,
            leap: self.leap,
            sun_year: Epw::choose_year(self.year.flatten(), self.leap),
            columns,
        };
        epw.fill_sun();
        let line = self.first_line.max(1);
        self.findings.extend(doubts(&epw, self.year.flatten()).into_iter().map(|doubt| doubt.at(line)));
        (Some(epw), self.findings)
    }
}
