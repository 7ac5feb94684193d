//! Contents of a weather file, and interpolation of the weather at any instant.
//!
//! Format: EPW data dictionary, EnergyPlus Auxiliary Programs, "Weather Converter Program". [`read`] fills
//! these types. A record stands for the interval that ends at its time. Its temperatures, humidity, pressure,
//! wind and sky cover are values at the end of the interval. Its irradiances are means over the interval.

pub use crate::epw_dates::{Weekday, YearlyDate, day_of_year, days_in_month, month_and_day, year_days};
pub use crate::{
    epw_fill::dew_point_c,
    epw_line::{EpwFinding, Severity},
    epw_read::{read, site},
};
use crate::{
    sky::SkyState,
    sun::{REFERENCE_YEAR, Site},
};

/// Stefan–Boltzmann constant, in W/(m² K⁴) (CODATA 2018).
pub const STEFAN_BOLTZMANN: f64 = 5.670_374_419e-8;
/// 0 °C in K.
pub(crate) const ZERO_C_IN_K: f64 = 273.15;

/// Location of the weather station.
#[derive(Clone, Debug, PartialEq)]
pub struct Location {
    /// City or station name.
    pub city: String,
    /// Latitude, longitude and time zone.
    pub site: Site,
    /// Height above sea level, in m, −1000 to 9999.9.
    pub elevation_m: f64,
}

/// Undisturbed ground temperatures at one depth.
#[derive(Clone, Debug, PartialEq)]
pub struct GroundTemperatures {
    /// Depth below the surface, in m.
    pub depth_m: f64,
    /// Monthly means from January on, in °C.
    pub monthly_c: [f64; 12],
}

/// The HOLIDAYS/DAYLIGHT SAVINGS header.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Holidays {
    /// Whether the file observes leap years.
    pub leap_year: bool,
    /// First and last day of daylight saving time, or `None` without daylight saving. Records are in standard
    /// time.
    pub daylight_saving: Option<(YearlyDate, YearlyDate)>,
    /// Names and dates of holidays.
    pub days: Vec<(String, YearlyDate)>,
}

/// Records as columns of equal length. All values are finite: [`read`] fills gaps and reports them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Columns {
    /// Dry-bulb temperature, in °C, −90 to 70.
    pub dry_bulb_c: Vec<f64>,
    /// Dew point temperature, in °C.
    pub dew_point_c: Vec<f64>,
    /// Relative humidity, 0 to 1.1.
    pub relative_humidity: Vec<f64>,
    /// Station pressure, in Pa.
    pub pressure_pa: Vec<f64>,
    /// Horizontal infrared radiation from the sky, in W/m².
    pub horizontal_infrared_w_m2: Vec<f64>,
    /// Global horizontal irradiance, in W/m², mean over the interval. [`Epw::at`] does not use it.
    pub global_horizontal_w_m2: Vec<f64>,
    /// Direct normal irradiance, in W/m², mean over the whole interval.
    pub direct_normal_w_m2: Vec<f64>,
    /// Diffuse horizontal irradiance, in W/m², mean over the interval.
    pub diffuse_horizontal_w_m2: Vec<f64>,
    /// Direction from which the wind blows, in degrees clockwise from north, 0 to 360.
    pub wind_direction_deg: Vec<f64>,
    /// Wind speed, in m/s, as measured (usually 10 m above open ground).
    pub wind_speed_m_s: Vec<f64>,
    /// Total sky cover, 0 to 1.
    pub total_sky_cover: Vec<f64>,
    /// Opaque sky cover, 0 to 1.
    pub opaque_sky_cover: Vec<f64>,
    /// Snow depth, in m.
    pub snow_depth_m: Vec<f64>,
    /// Precipitation (rain or melted snow) during the interval, in mm.
    pub precipitation_mm: Vec<f64>,
    /// Albedo of the ground, 0 to 1.
    pub albedo: Vec<f64>,
    /// Whether the weather codes report rain or drizzle.
    pub raining: Vec<bool>,
    /// Fraction of the interval during which the sun is up, 0 to 1 (computed).
    pub sun_up_fraction: Vec<f64>,
    /// Mean cosine of the sun's zenith angle while it is up (computed).
    pub mean_cos_zenith: Vec<f64>,
}

/// Contents of a weather file.
#[derive(Clone, Debug, PartialEq)]
pub struct Epw {
    /// Location of the weather station.
    pub location: Location,
    /// Ground temperatures, in the file's order of depths.
    pub ground: Vec<GroundTemperatures>,
    /// Holidays and daylight saving time.
    pub holidays: Holidays,
    /// Weekday of the first record.
    pub first_weekday: Weekday,
    /// Records per hour: a divisor of 60.
    pub records_per_hour: u32,
    /// Day of the year of the first record, 0 on 1 January.
    pub start_day: u32,
    /// Whether the records' year has a 29 February.
    pub leap: bool,
    /// Year for the solar position: the year of the records if all have the same year, otherwise
    /// [`REFERENCE_YEAR`].
    pub sun_year: i32,
    /// The records.
    pub columns: Columns,
}

/// Weather at an instant.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct WeatherPoint {
    /// Dry-bulb temperature, in °C.
    pub dry_bulb_c: f64,
    /// Dew point temperature, in °C.
    pub dew_point_c: f64,
    /// Relative humidity, 0 to 1.1.
    pub relative_humidity: f64,
    /// Station pressure, in Pa.
    pub pressure_pa: f64,
    /// Horizontal infrared radiation from the sky, in W/m².
    pub horizontal_infrared_w_m2: f64,
    /// Wind speed, in m/s.
    pub wind_speed_m_s: f64,
    /// Direction from which the wind blows, in degrees clockwise from north, 0 to 360.
    pub wind_direction_deg: f64,
    /// Total sky cover, 0 to 1.
    pub total_sky_cover: f64,
    /// Opaque sky cover, 0 to 1.
    pub opaque_sky_cover: f64,
    /// Snow depth, in m.
    pub snow_depth_m: f64,
    /// Precipitation rate, in mm/h, constant over the interval.
    pub precipitation_mm_h: f64,
    /// Whether the weather codes of the record report rain.
    pub raining: bool,
    /// Albedo of the ground, 0 to 1.
    pub albedo: f64,
    /// State of the sun and the sky.
    pub sky: SkyState,
}

impl WeatherPoint {
    /// Returns the sky temperature, in °C: the temperature of a black sky with the same infrared radiation.
    pub fn sky_temperature_c(&self) -> f64 {
        (self.horizontal_infrared_w_m2.max(0.0) / STEFAN_BOLTZMANN).powf(0.25) - ZERO_C_IN_K
    }
}

impl Epw {
    /// Returns the number of records.
    pub fn len(&self) -> usize {
        self.columns.dry_bulb_c.len()
    }

    /// Returns whether there are no records. [`read`] never returns an empty file.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the length of a record's interval, in s.
    pub fn step_s(&self) -> f64 {
        3_600.0 / f64::from(self.records_per_hour.max(1))
    }

    /// Returns the length of the data, in s.
    pub fn duration_s(&self) -> f64 {
        self.len() as f64 * self.step_s()
    }

    /// Returns the day of the year, 0.0 at 1 January 00:00 standard time, at a time in seconds since the
    /// start of the data. The data repeat periodically.
    pub fn day_of_year(&self, seconds: f64) -> f64 {
        let day = f64::from(self.start_day) + self.wrapped(seconds) / 86_400.0;
        let year = f64::from(crate::epw_dates::year_days(self.leap));
        if day >= year { day - year } else { day }
    }

    /// Returns the weather at a time in seconds since the start of the data (00:00 standard time of the first
    /// day). The data repeat periodically in both directions.
    ///
    /// State values are interpolated linearly between the instants of the records, and from the last record
    /// to the first. The wind direction turns the shorter way. Irradiances conserve the energy of each
    /// interval: direct normal irradiance is constant over the part of the interval with the sun up, and
    /// diffuse irradiance is proportional to the cosine of the solar zenith angle (constant clearness). Both
    /// are 0 with the sun down. Neither exceeds the extraterrestrial irradiance, so the small irradiance that
    /// a file reports in an interval with almost no sun is lost (below 0.1 % of a year).
    pub fn at(&self, seconds: f64) -> WeatherPoint {
        let count = self.len();
        if count == 0 {
            return WeatherPoint::default();
        }
        let position = self.wrapped(seconds) / self.step_s();
        let during = (position as usize).min(count - 1);
        // A record is at the end of its interval, so the state lies between the previous record and this one.
        let before = if during == 0 { count - 1 } else { during - 1 };
        let part = (position - during as f64).clamp(0.0, 1.0);
        let columns = &self.columns;
        let between = |column: &[f64]| {
            let from = value(column, before);
            from + part * (value(column, during) - from)
        };
        let from = value(&columns.wind_direction_deg, before);
        let turn = (value(&columns.wind_direction_deg, during) - from + 180.0).rem_euclid(360.0) - 180.0;
        WeatherPoint {
            dry_bulb_c: between(&columns.dry_bulb_c),
            dew_point_c: between(&columns.dew_point_c),
            relative_humidity: between(&columns.relative_humidity),
            pressure_pa: between(&columns.pressure_pa),
            horizontal_infrared_w_m2: between(&columns.horizontal_infrared_w_m2),
            wind_speed_m_s: between(&columns.wind_speed_m_s),
            wind_direction_deg: (from + part * turn).rem_euclid(360.0),
            total_sky_cover: between(&columns.total_sky_cover),
            opaque_sky_cover: between(&columns.opaque_sky_cover),
            snow_depth_m: between(&columns.snow_depth_m),
            precipitation_mm_h: value(&columns.precipitation_mm, during) * f64::from(self.records_per_hour),
            raining: columns.raining.get(during).copied().unwrap_or_default(),
            albedo: value(&columns.albedo, during),
            sky: self.sky_in(during, self.day_of_year(seconds)),
        }
    }

    /// Returns the sky at a day of the year within the interval of a record.
    fn sky_in(&self, record: usize, day: f64) -> SkyState {
        let direct = value(&self.columns.direct_normal_w_m2, record);
        let diffuse = value(&self.columns.diffuse_horizontal_w_m2, record);
        // Without irradiance the solar position is not needed.
        if direct <= 0.0 && diffuse <= 0.0 {
            return SkyState::default();
        }
        let sun = self.location.site.sun(self.sun_year, day);
        let fraction = value(&self.columns.sun_up_fraction, record);
        let mean = value(&self.columns.mean_cos_zenith, record);
        if !sun.is_up() || fraction * mean <= 0.0 {
            return SkyState::new(sun, 0.0, 0.0);
        }
        let most = sun.extraterrestrial_w_m2;
        let direct = (direct / fraction).min(most);
        let shape = sun.cos_zenith() / (fraction * mean);
        let diffuse = (diffuse * shape).min(most * sun.cos_zenith());
        SkyState::new(sun, direct, diffuse)
    }

    /// Maps a time in seconds into the span of the data.
    fn wrapped(&self, seconds: f64) -> f64 {
        let wrapped = seconds.rem_euclid(self.duration_s());
        // The remainder is not finite for a time that is not finite, and can be rounded up to the span
        // itself.
        if wrapped < self.duration_s() { wrapped } else { 0.0 }
    }

    /// Computes the solar columns of every interval. It is the last step of reading.
    pub(crate) fn fill_sun(&mut self) {
        let hours = 1.0 / f64::from(self.records_per_hour.max(1));
        for record in 0..self.len() {
            let day = self.day_of_year(record as f64 * self.step_s());
            let over = self.location.site.sun_over(self.sun_year, day, hours);
            self.columns.sun_up_fraction.push(over.up_fraction);
            self.columns.mean_cos_zenith.push(over.mean_cos_zenith);
        }
    }

    /// Returns the year for the solar position: the year that all records share, if there is one and it has
    /// the length of the records' year.
    pub(crate) fn choose_year(shared: Option<i32>, leap: bool) -> i32 {
        let fits = |year: &i32| (1900..=2100).contains(year) && crate::epw_dates::is_leap(*year) == leap;
        shared.filter(fits).unwrap_or(if leap { 2004 } else { REFERENCE_YEAR })
    }
}

/// Returns a column's value, or 0 past the end of a column. The columns of a file from [`read`] are complete.
fn value(column: &[f64], record: usize) -> f64 {
    column.get(record).copied().unwrap_or(0.0)
}

/// Returns the pressure of the standard atmosphere, in Pa, at an elevation of −5000 to 11 000 m (ASHRAE
/// Fundamentals 2017, ch. 1, eq. 3).
pub fn standard_pressure_pa(elevation_m: f64) -> f64 {
    101_325.0 * (1.0 - 2.255_77e-5 * elevation_m.clamp(-5_000.0, 11_000.0)).powf(5.255_9)
}

/// Returns the horizontal infrared radiation from the sky, in W/m², from dry-bulb and dew point temperature
/// (°C) and opaque sky cover (0 to 1): clear-sky emissivity of Clark & Allen 1978, cloud factor of Walton
/// 1983 (EnergyPlus Engineering Reference, "Sky Radiation Modeling").
pub fn sky_infrared_w_m2(dry_bulb_c: f64, dew_point_c: f64, opaque_sky_cover: f64) -> f64 {
    let dew_k = (dew_point_c + ZERO_C_IN_K).clamp(150.0, 350.0);
    let tenths = 10.0 * opaque_sky_cover.clamp(0.0, 1.0);
    let cloud = 1.0 + tenths * (0.022_4 + tenths * (-0.003_5 + tenths * 0.000_28));
    let emissivity = ((0.787 + 0.764 * (dew_k / 273.0).ln()) * cloud).clamp(0.0, 1.0);
    emissivity * STEFAN_BOLTZMANN * (dry_bulb_c + ZERO_C_IN_K).clamp(150.0, 350.0).powi(4)
}

#[cfg(test)]
#[path = "epw_tests.rs"]
mod tests;
