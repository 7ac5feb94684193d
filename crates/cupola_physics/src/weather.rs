//! Synthetic weather: typical days with small random differences from day to day.
//!
//! It takes the place of a weather file. A few parameters give smooth, plausible conditions, not the climate
//! of a place.

use std::f64::consts::{PI, TAU};

use crate::air;
use crate::epw::Epw;
use crate::epw_dates::{day_of_year, days_in_month, is_leap, month_and_day, year_and_day};
use crate::random;
use crate::sky::SkyState;
use crate::spec::{SpecError, check_ranges};
use crate::sun::{Site, Sun};

const SECONDS_PER_DAY: i64 = 86_400;
/// Random stream of the weather.
const STREAM: u64 = 0x5745_4154_4845_5231;

/// Parameters of synthetic days. [`Default`] is a mild spring day in central Europe.
#[derive(Debug, Clone, PartialEq)]
pub struct DailyWeather {
    /// Mean temperature, in °C, −50 to 50.
    pub mean_c: f64,
    /// Amplitude of the daily temperature swing, in K, 0 to 30.
    pub swing_k: f64,
    /// Time of the highest temperature, in hours after midnight, 0 to 24.
    pub warmest_hour: f64,
    /// Standard deviation of the daily mean temperature, in K, 0 to 15. The daily mean changes smoothly.
    pub day_to_day_k: f64,
    /// Relative humidity at the daily mean temperature, 0 to 1. The humidity ratio is constant over the day,
    /// so that the relative humidity is higher at night.
    pub relative_humidity: f64,
    /// Highest global horizontal irradiance of the day, in W/m², 0 to 1 400.
    pub solar_peak_w_m2: f64,
    /// Sunrise, in hours after midnight, before `sunset_hour`.
    pub sunrise_hour: f64,
    /// Sunset, in hours after midnight, at most 24.
    pub sunset_hour: f64,
    /// Outdoor CO2 concentration, in ppm, 0 to 5 000.
    pub co2_ppm: f64,
}

/// Outdoor conditions at one moment.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Outdoor {
    /// Air temperature, in °C.
    pub temperature_c: f64,
    /// Humidity ratio, in kg/kg.
    pub humidity_kg_per_kg: f64,
    /// Global horizontal irradiance, in W/m².
    pub solar_w_m2: f64,
    /// CO2 concentration, in ppm.
    pub co2_ppm: f64,
}

/// Local time of a building, in seconds since 1970-01-01T00:00 local time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LocalTime {
    /// Time of clocks, for people and schedules.
    pub civil_s: i64,
    /// Standard time without daylight saving, for the weather and the sun.
    pub standard_s: i64,
}

impl LocalTime {
    /// Returns the time a number of seconds later, with the same daylight saving.
    pub fn plus_s(self, seconds: i64) -> Self {
        let Self { civil_s, standard_s } = self;
        Self { civil_s: civil_s.saturating_add(seconds), standard_s: standard_s.saturating_add(seconds) }
    }
}

impl From<i64> for LocalTime {
    fn from(local_s: i64) -> Self {
        Self { civil_s: local_s, standard_s: local_s }
    }
}

/// Weather source of a building.
#[derive(Debug, Clone, PartialEq)]
pub enum Weather {
    /// Synthetic days at a site.
    Daily(DailyWeather, Site),
    /// Weather file, repeated every year.
    File(Box<Epw>),
}

impl Weather {
    /// Returns the outdoor conditions and the sky at a time in seconds of local standard time. A weather file is read
    /// at its own date and hour in every year; without a 29 February, it repeats the 28th.
    pub fn at(&self, seed: u64, standard_s: i64) -> (Outdoor, SkyState) {
        let (year, day) = year_and_day(standard_s.div_euclid(SECONDS_PER_DAY));
        let second = standard_s.rem_euclid(SECONDS_PER_DAY) as f64;
        match self {
            Self::Daily(days, site) => {
                let outdoor = days.at(seed, standard_s);
                let sun = site.sun(year, f64::from(day) + second / SECONDS_PER_DAY as f64);
                let solar_w_m2 = outdoor.solar_w_m2.min(clear_sky_w_m2(&sun));
                (Outdoor { solar_w_m2, ..outdoor }, sky_of(sun, solar_w_m2))
            }
            Self::File(epw) => {
                let (month, date) = month_and_day(day, is_leap(year));
                let date = if epw.leap { date } else { date.min(days_in_month(month, false)) };
                let days = i64::from(day_of_year(month, date, epw.leap)) - i64::from(epw.start_day);
                let point = epw.at(days as f64 * SECONDS_PER_DAY as f64 + second);
                let outdoor = Outdoor {
                    temperature_c: point.dry_bulb_c,
                    humidity_kg_per_kg: air::humidity_ratio(point.dry_bulb_c, point.relative_humidity),
                    solar_w_m2: point.sky.global_horizontal_w_m2(),
                    co2_ppm: crate::study::Site::CO2_PPM,
                };
                (outdoor, point.sky)
            }
        }
    }
}

/// Returns the global horizontal irradiance below a clear sky, in W/m² (Haurwitz 1945, as in Reno, Hansen and Stein
/// 2012, eq. 14). A low sun in winter gives less than the peak of the synthetic days.
fn clear_sky_w_m2(sun: &Sun) -> f64 {
    let height = sun.cos_zenith();
    if sun.is_up() && height > 0.0 { 1_098.0 * height * (-0.057 / height).exp() } else { 0.0 }
}

/// Returns the sky for a global horizontal irradiance. The diffuse fraction follows from the clearness index
/// (Erbs, Klein and Duffie 1982, eq. 1).
fn sky_of(sun: Sun, global_w_m2: f64) -> SkyState {
    if global_w_m2 <= 0.0 || !sun.is_up() {
        return SkyState::default();
    }
    let height = sun.cos_zenith().max(0.05);
    let clearness = (global_w_m2 / (sun.extraterrestrial_w_m2 * height)).min(1.0);
    let diffuse = match clearness {
        k if k <= 0.22 => 1.0 - 0.09 * k,
        k if k <= 0.8 => 0.951_1 + k * (-0.160_4 + k * (4.388 + k * (-16.638 + k * 12.336))),
        _ => 0.165,
    };
    let direct_w_m2 = ((1.0 - diffuse) * global_w_m2 / height).min(sun.extraterrestrial_w_m2);
    SkyState::new(sun, direct_w_m2, diffuse * global_w_m2)
}

impl Default for DailyWeather {
    fn default() -> Self {
        Self {
            mean_c: 14.0,
            swing_k: 5.0,
            warmest_hour: 15.0,
            day_to_day_k: 2.0,
            relative_humidity: 0.65,
            solar_peak_w_m2: 600.0,
            sunrise_hour: 6.0,
            sunset_hour: 20.0,
            co2_ppm: 420.0,
        }
    }
}

impl DailyWeather {
    /// Returns the outdoor conditions at a local time in seconds. They are continuous in time and depend on
    /// the arguments only.
    pub fn at(&self, seed: u64, local_seconds: i64) -> Outdoor {
        let day = local_seconds.div_euclid(SECONDS_PER_DAY);
        let hour = local_seconds.rem_euclid(SECONDS_PER_DAY) as f64 / 3_600.0;
        let today_c = self.mean_c + self.offset_k(seed, day, hour / 24.0);
        let temperature_c = today_c + self.swing_k * (TAU * (hour - self.warmest_hour) / 24.0).cos();
        let humidity = air::humidity_ratio(today_c, self.relative_humidity);
        Outdoor {
            temperature_c,
            // Water beyond saturation condenses as dew.
            humidity_kg_per_kg: humidity.min(air::humidity_ratio(temperature_c, 1.0)),
            solar_w_m2: self.solar_peak_w_m2 * self.sun_height(hour),
            co2_ppm: self.co2_ppm,
        }
    }

    /// Checks that all parameters are in range.
    ///
    /// # Errors
    /// Returns a [`SpecError`] for the first field outside its range.
    pub fn check(&self) -> Result<(), SpecError> {
        let fields = [
            ("mean_c", self.mean_c, -50.0, 50.0),
            ("swing_k", self.swing_k, 0.0, 30.0),
            ("warmest_hour", self.warmest_hour, 0.0, 24.0),
            ("day_to_day_k", self.day_to_day_k, 0.0, 15.0),
            ("relative_humidity", self.relative_humidity, 0.0, 1.0),
            ("solar_peak_w_m2", self.solar_peak_w_m2, 0.0, 1_400.0),
            ("sunset_hour", self.sunset_hour, 0.0, 24.0),
            ("sunrise_hour", self.sunrise_hour, 0.0, self.sunset_hour),
            ("co2_ppm", self.co2_ppm, 0.0, 5_000.0),
        ];
        check_ranges("weather", 0, &fields)
    }

    /// Returns the deviation of the temperature from the mean: a random number for each midnight, with an
    /// S-curve between them.
    fn offset_k(&self, seed: u64, day: i64, share: f64) -> f64 {
        let at_midnight = |day: i64| random::normal(seed, STREAM, day as u64, 0).clamp(-3.0, 3.0);
        let weight = share * share * (3.0 - 2.0 * share);
        self.day_to_day_k * (at_midnight(day) * (1.0 - weight) + at_midnight(day.saturating_add(1)) * weight)
    }

    /// Returns the relative irradiance, from 0 at night to 1 at the middle of the day. The exponent, an
    /// assumption, reduces the irradiance of a low sun.
    fn sun_height(&self, hour: f64) -> f64 {
        if hour <= self.sunrise_hour || hour >= self.sunset_hour {
            return 0.0;
        }
        let share = (hour - self.sunrise_hour) / (self.sunset_hour - self.sunrise_hour);
        (PI * share).sin().max(0.0).powf(1.2)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn follows_the_day() {
        let weather = DailyWeather { day_to_day_k: 0.0, ..DailyWeather::default() };
        let at = |hour: f64| weather.at(1, (hour * 3_600.0) as i64);
        assert!((at(15.0).temperature_c - 19.0).abs() < 1e-9);
        assert!((at(3.0).temperature_c - 9.0).abs() < 1e-9);
        assert_eq!(at(5.0).solar_w_m2, 0.0);
        assert_eq!(at(21.0).solar_w_m2, 0.0);
        assert!((at(13.0).solar_w_m2 - 600.0).abs() < 1e-9);
    }

    #[test]
    fn days_differ_by_seed() {
        let weather = DailyWeather::default();
        let noon = |seed: u64, day: i64| weather.at(seed, day * SECONDS_PER_DAY + 43_200).temperature_c;
        assert_ne!(noon(1, 0), noon(1, 1));
        assert_ne!(noon(1, 0), noon(2, 0));
        assert_eq!(noon(1, 0), noon(1, 0));
        let spread: f64 = (0..1_000).map(|day| (noon(3, day) - noon(3, day - 1)).abs()).sum::<f64>() / 1_000.0;
        assert!((0.5..5.0).contains(&spread), "{spread}");
    }

    #[test]
    fn refuses_impossible_days() {
        let ordinary = DailyWeather::default();
        assert_eq!(ordinary.check(), Ok(()));
        assert!(DailyWeather { mean_c: f64::NAN, ..ordinary.clone() }.check().is_err());
        assert!(DailyWeather { sunrise_hour: 21.0, ..ordinary.clone() }.check().is_err());
        assert!(DailyWeather { relative_humidity: 65.0, ..ordinary }.check().is_err());
    }

    proptest! {
        #[test]
        fn smooth_and_plausible(seed: u64, local in -4_000_000_000i64..4_000_000_000) {
            let weather = DailyWeather::default();
            let now = weather.at(seed, local);
            let soon = weather.at(seed, local + 1);
            prop_assert!((now.temperature_c - soon.temperature_c).abs() < 0.01);
            prop_assert!((now.solar_w_m2 - soon.solar_w_m2).abs() < 0.2);
            prop_assert!((now.humidity_kg_per_kg - soon.humidity_kg_per_kg).abs() < 1e-5);
            prop_assert!((14.0 - 11.5..14.0 + 11.5).contains(&now.temperature_c));
            prop_assert!((0.0..=1.0).contains(&air::relative_humidity(now.temperature_c, now.humidity_kg_per_kg)));
        }
    }
}
