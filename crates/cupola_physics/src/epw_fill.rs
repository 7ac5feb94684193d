//! Fields of a record that the program uses, and replacement of missing values.

use crate::{
    air,
    epw::{Columns, sky_infrared_w_m2, standard_pressure_pa},
    epw_line::{EpwFinding, Severity},
};

/// A field of a record (EPW data dictionary: position, missing code, range).
pub(crate) struct Field {
    pub(crate) name: &'static str,
    /// Position in the record, from 0.
    pub(crate) at: usize,
    /// Code for a missing value. Greater values also mean missing.
    missing: f64,
    low: f64,
    high: f64,
    /// Replacement of a missing value, for the warning message.
    fill: &'static str,
}

const LAST: &str = "the last good value";

/// Returns the replacement in a field without any value, for the warning message.
fn without_any(index: usize) -> &'static str {
    match index {
        DIRECTION => "north",
        SPEED => "calm air",
        TOTAL => "a sky that is half covered",
        index => FIELDS[index].fill,
    }
}

const fn field(name: &'static str, at: usize, missing: f64, low: f64, high: f64, fill: &'static str) -> Field {
    Field { name, at, missing, low, high, fill }
}

const DRY: usize = 0;
const DEW: usize = 1;
const HUMIDITY: usize = 2;
const PRESSURE: usize = 3;
const INFRARED: usize = 4;
const GLOBAL: usize = 5;
const DIRECT: usize = 6;
const DIFFUSE: usize = 7;
const DIRECTION: usize = 8;
const SPEED: usize = 9;
const TOTAL: usize = 10;
const OPAQUE: usize = 11;
const SNOW: usize = 12;
const ALBEDO: usize = 13;
const RAIN: usize = 14;

/// Used fields, in the order of the constants above.
pub(crate) const FIELDS: [Field; 15] = [
    field("dry-bulb temperature", 6, 99.9, -90.0, 70.0, LAST),
    field("dew point", 7, 99.9, -100.0, 70.0, "the one of temperature and humidity"),
    field("relative humidity", 8, 999.0, 0.0, 110.0, "the one of temperature and dew point"),
    field("pressure", 9, 999_999.0, 31_000.0, 120_000.0, "the standard atmosphere's"),
    field(
        "infrared radiation from the sky",
        12,
        9_999.0,
        // A clear sky above Antarctica still gives about 50 W/m².
        20.0,
        1_000.0,
        "the one of temperature, dew point and sky cover",
    ),
    field("global horizontal irradiance", 13, 9_999.0, 0.0, 1_700.0, "0"),
    field("direct normal irradiance", 14, 9_999.0, 0.0, 1_500.0, "0"),
    field("diffuse horizontal irradiance", 15, 9_999.0, 0.0, 1_500.0, "0"),
    field("wind direction", 20, 999.0, 0.0, 360.0, LAST),
    field("wind speed", 21, 999.0, 0.0, 100.0, LAST),
    field("total sky cover", 22, 99.0, 0.0, 10.0, LAST),
    field("opaque sky cover", 23, 99.0, 0.0, 10.0, "the total sky cover"),
    field("snow depth", 30, 999.0, 0.0, 998.9, "0"),
    field("albedo", 32, 999.0, 0.0, 1.0, "0.2"),
    field("liquid precipitation", 33, 999.0, 0.0, 998.9, "0"),
];

/// Number of faulty values in a field, and the place of the first.
#[derive(Clone, Copy, Default)]
struct Count {
    count: usize,
    line: usize,
    column: usize,
}

impl Count {
    fn add(&mut self, line: usize, column: usize) {
        if self.count == 0 {
            (self.line, self.column) = (line, column);
        }
        self.count += 1;
    }
}

/// Values of the fields as read. A value that is missing or out of range is NaN.
#[derive(Default)]
pub(crate) struct Raw {
    columns: [Vec<f64>; FIELDS.len()],
    missing: [Count; FIELDS.len()],
    strange: [Count; FIELDS.len()],
}

impl Raw {
    /// Adds a value. An infinite value counts as missing.
    pub(crate) fn push(&mut self, index: usize, value: f64, line: usize, column: usize) {
        let field = &FIELDS[index];
        let good = if value >= field.missing {
            self.missing[index].add(line, column);
            f64::NAN
        } else if (field.low..=field.high).contains(&value) {
            value
        } else {
            self.strange[index].add(line, column);
            f64::NAN
        };
        self.columns[index].push(good);
    }
}

/// Fills gaps and moves the values into the weather columns. Returns one finding for each field and kind of
/// fault.
pub(crate) fn fill(raw: Raw, elevation_m: f64, columns: &mut Columns) -> Vec<EpwFinding> {
    let Raw { columns: mut read, missing, strange } = raw;
    let mut findings = Vec::new();
    for (index, field) in FIELDS.iter().enumerate() {
        // No computation reads these fields, so a gap in them gets a code of its own.
        let gap = if [SNOW, RAIN, ALBEDO].contains(&index) { "epw-missing-unused" } else { "epw-missing" };
        for (count, code, what) in [(missing[index], gap, "missing"), (strange[index], "epw-range", "out of range")] {
            if count.count > 0 {
                let message =
                    format!("The {} is {what} in {} of {} records.", field.name, count.count, read[index].len());
                let is_empty = count.count == read[index].len();
                let filled = if is_empty { without_any(index) } else { field.fill };
                let range = format!(" It ranges from {} to {}.", field.low, field.high);
                let help = format!("Its place is taken by {filled}.{}", if code == "epw-range" { &range } else { "" });
                let (line, column) = (count.line, count.column);
                findings.push(EpwFinding {
                    line,
                    column,
                    severity: Severity::Warning,
                    code,
                    message,
                    help: Some(help),
                });
            }
        }
    }
    if read[DRY].iter().all(|value| value.is_nan()) {
        let message = "No record has a dry-bulb temperature.".to_owned();
        let (line, column) = (missing[DRY].line.max(1), missing[DRY].column.max(1));
        findings.push(EpwFinding {
            line,
            column,
            severity: Severity::Error,
            code: "epw-no-temperature",
            message,
            help: None,
        });
    }
    fill_last(&mut read[DRY], 10.0);
    humidity(&mut read);
    fill_with(&mut read[PRESSURE], standard_pressure_pa(elevation_m));
    sky_cover(&mut read);
    for record in 0..read[INFRARED].len() {
        if read[INFRARED][record].is_nan() {
            read[INFRARED][record] =
                sky_infrared_w_m2(read[DRY][record], read[DEW][record], 0.1 * read[OPAQUE][record]);
        }
    }
    for (index, value) in [(GLOBAL, 0.0), (DIRECT, 0.0), (DIFFUSE, 0.0), (SNOW, 0.0), (RAIN, 0.0), (ALBEDO, 0.2)] {
        fill_with(&mut read[index], value);
    }
    fill_last(&mut read[DIRECTION], 0.0);
    fill_last(&mut read[SPEED], 0.0);
    // The file has humidity in percent, sky cover in tenths and snow depth in centimetres.
    for (index, factor) in [(HUMIDITY, 0.01), (TOTAL, 0.1), (OPAQUE, 0.1), (SNOW, 0.01)] {
        read[index].iter_mut().for_each(|value| *value *= factor);
    }
    let mut take = |index: usize| std::mem::take(&mut read[index]);
    columns.dry_bulb_c = take(DRY);
    columns.dew_point_c = take(DEW);
    columns.relative_humidity = take(HUMIDITY);
    columns.pressure_pa = take(PRESSURE);
    columns.horizontal_infrared_w_m2 = take(INFRARED);
    columns.global_horizontal_w_m2 = take(GLOBAL);
    columns.direct_normal_w_m2 = take(DIRECT);
    columns.diffuse_horizontal_w_m2 = take(DIFFUSE);
    columns.wind_direction_deg = take(DIRECTION);
    columns.wind_speed_m_s = take(SPEED);
    columns.total_sky_cover = take(TOTAL);
    columns.opaque_sky_cover = take(OPAQUE);
    columns.snow_depth_m = take(SNOW);
    columns.albedo = take(ALBEDO);
    columns.precipitation_mm = take(RAIN);
    findings
}

/// Fills dew point and relative humidity (in percent) from each other. If both are missing, the last good
/// humidity is used.
fn humidity(read: &mut [Vec<f64>; FIELDS.len()]) {
    for record in 0..read[HUMIDITY].len() {
        if read[HUMIDITY][record].is_nan() && !read[DEW][record].is_nan() {
            let vapour = air::saturation_pressure_pa(read[DEW][record]);
            let ratio = vapour / air::saturation_pressure_pa(read[DRY][record]);
            read[HUMIDITY][record] = (100.0 * ratio).min(100.0);
        }
    }
    fill_last(&mut read[HUMIDITY], 50.0);
    for record in 0..read[DEW].len() {
        if read[DEW][record].is_nan() {
            read[DEW][record] = dew_point_c(read[DRY][record], 0.01 * read[HUMIDITY][record]);
        }
    }
}

fn sky_cover(read: &mut [Vec<f64>; FIELDS.len()]) {
    for record in 0..read[TOTAL].len() {
        let (total, opaque) = (read[TOTAL][record], read[OPAQUE][record]);
        if total.is_nan() {
            read[TOTAL][record] = opaque;
        }
        if opaque.is_nan() {
            read[OPAQUE][record] = total;
        }
    }
    fill_last(&mut read[TOTAL], 5.0);
    fill_last(&mut read[OPAQUE], 5.0);
}

/// Returns the dew point temperature, in °C, of air at `temperature_c` with a relative humidity (0 to 1): the
/// inverse of [`air::saturation_pressure_pa`]. Relative humidities below 0.1 % count as 0.1 %.
pub fn dew_point_c(temperature_c: f64, relative_humidity: f64) -> f64 {
    let humidity = relative_humidity.max(0.001);
    let exponent = (humidity * air::saturation_pressure_pa(temperature_c) / 610.94).max(1e-12).ln();
    (243.04 * exponent / (17.625 - exponent)).clamp(-100.0, 99.0)
}

fn fill_with(column: &mut [f64], value: f64) {
    column.iter_mut().filter(|old| old.is_nan()).for_each(|old| *old = value);
}

/// Fills gaps with the last good value, gaps at the start with the first good value, and a column without any
/// good value with `otherwise`.
fn fill_last(column: &mut [f64], otherwise: f64) {
    let mut last = column.iter().copied().find(|value| !value.is_nan()).unwrap_or(otherwise);
    for value in column {
        if value.is_nan() {
            *value = last;
        }
        last = *value;
    }
}
