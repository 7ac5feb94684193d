//! Solar position, and angles of incidence on planes.
//!
//! Positions follow Meeus, Astronomical Algorithms (2nd ed. 1998), ch. 25 (lower accuracy) and ch. 28, like
//! NOAA's solar calculator: within 0.02° from 1900 to 2100. Positions are geometric, without refraction, so
//! the sun is up when its centre is above the flat horizon. World axes are east, north, up. Times are local
//! standard time, as days since 1 January 00:00 (noon on 2 January is 1.5).

use std::f64::consts::{PI, TAU};

/// Solar constant: irradiance of a plane facing the sun at one astronomical unit, in W/m² (World Radiation
/// Centre 1985; Perez's coefficients are based on it).
pub const SOLAR_CONSTANT_W_M2: f64 = 1_367.0;
/// Year for data without a particular year. Its equinoxes are close to the mean of a leap cycle.
pub const REFERENCE_YEAR: i32 = 2002;

/// Geographic location and time zone.
///
/// ```
/// use cupola_physics::sun::{REFERENCE_YEAR, Site};
///
/// // The sun stands high in the south at a noon of June in Denver.
/// let denver = Site { latitude_deg: 39.74, longitude_deg: -105.18, time_zone_h: -7.0 };
/// let sun = denver.sun(REFERENCE_YEAR, 172.0 + 0.5);
/// assert!((sun.altitude_deg() - 73.7).abs() < 0.3 && (sun.azimuth_deg() - 180.0).abs() < 5.0);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Site {
    /// Latitude in degrees, north positive, −90 to 90.
    pub latitude_deg: f64,
    /// Longitude in degrees, east positive, −180 to 180.
    pub longitude_deg: f64,
    /// Local standard time less universal time, in hours, −12 to 14.
    pub time_zone_h: f64,
}

/// Sun at an instant, seen from a site.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sun {
    /// Unit vector towards the sun: east, north, up.
    pub direction: [f64; 3],
    /// Declination, in degrees, −23.45 to 23.45.
    pub declination_deg: f64,
    /// Hour angle, in degrees, −180 to 180; negative in the morning.
    pub hour_angle_deg: f64,
    /// Equation of time: apparent solar time less mean solar time, in minutes (about −14 to 16).
    pub equation_of_time_min: f64,
    /// Extraterrestrial irradiance of a plane facing the sun, in W/m² (1321 to 1414).
    pub extraterrestrial_w_m2: f64,
}

/// Sun during an interval (see [`Site::sun_over`]).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct SunOver {
    /// Fraction of the interval with the sun up, 0 to 1.
    pub up_fraction: f64,
    /// Mean cosine of the zenith angle over the part with the sun up, 0 to 1 (0 if the sun is never up).
    pub mean_cos_zenith: f64,
    /// Middle of the part with the sun up, as a day of the year (the middle of the interval if the sun is
    /// never up).
    pub middle_day: f64,
}

/// Quantities that depend only on the instant.
struct Ephemeris {
    declination_rad: f64,
    equation_of_time_min: f64,
    distance_au: f64,
}

impl Site {
    /// Returns the sun at `day` (days since 1 January 00:00, local standard time) of `year`. Days past the
    /// end of the year continue into the next year.
    pub fn sun(&self, year: i32, day: f64) -> Sun {
        let now = ephemeris(year, day - self.time_zone_h / 24.0);
        let hour_angle = self.hour_angle_rad(day, now.equation_of_time_min);
        let (sin_latitude, cos_latitude) = self.latitude_deg.to_radians().sin_cos();
        let (sin_declination, cos_declination) = now.declination_rad.sin_cos();
        let (sin_hour, cos_hour) = hour_angle.sin_cos();
        Sun {
            direction: [
                -cos_declination * sin_hour,
                cos_latitude * sin_declination - sin_latitude * cos_declination * cos_hour,
                sin_latitude * sin_declination + cos_latitude * cos_declination * cos_hour,
            ],
            declination_deg: now.declination_rad.to_degrees(),
            hour_angle_deg: hour_angle.to_degrees(),
            equation_of_time_min: now.equation_of_time_min,
            extraterrestrial_w_m2: SOLAR_CONSTANT_W_M2 / (now.distance_au * now.distance_au),
        }
    }

    /// Returns the sun during `hours` (above 0, at most 24) from `start_day`: the fraction of time with the
    /// sun up, and the mean cosine of its zenith angle. Closed form of the integral over the hour angle
    /// (Duffie & Beckman, Solar Engineering of Thermal Processes, §2.10), with declination and equation of
    /// time of the middle of the interval.
    pub fn sun_over(&self, year: i32, start_day: f64, hours: f64) -> SunOver {
        let half_day = hours.clamp(0.0, 24.0) / 48.0;
        let middle_day = start_day + half_day;
        let now = ephemeris(year, middle_day - self.time_zone_h / 24.0);
        let latitude = self.latitude_deg.to_radians();
        let constant = latitude.sin() * now.declination_rad.sin();
        let swing = latitude.cos() * now.declination_rad.cos();
        // The swing vanishes at the poles. The clamped ratio then gives a sun that is up or down all day.
        let sunset = (-constant / swing.max(1e-12)).clamp(-1.0, 1.0).acos();
        let middle = self.hour_angle_rad(middle_day, now.equation_of_time_min);
        let half = half_day * TAU;
        // The interval can include daylight of the adjacent days.
        let (mut length, mut integral, mut moment) = (0.0, 0.0, 0.0);
        for noon in [-TAU, 0.0, TAU] {
            let from = (middle - half).max(noon - sunset);
            let to = (middle + half).min(noon + sunset);
            if to > from {
                length += to - from;
                integral += constant * (to - from) + swing * ((to - noon).sin() - (from - noon).sin());
                moment += (to - from) * (0.5 * (from + to) - middle);
            }
        }
        let lit = length > 0.0 && half > 0.0;
        if !lit {
            return SunOver { up_fraction: 0.0, mean_cos_zenith: 0.0, middle_day };
        }
        SunOver {
            up_fraction: (length / (2.0 * half)).min(1.0),
            mean_cos_zenith: (integral / length).clamp(0.0, 1.0),
            middle_day: middle_day + moment / length / TAU,
        }
    }

    /// Returns sunrise and sunset of the day that contains `day`, as days of the year in local standard time,
    /// or `None` if the sun is up or down all day. Both are geometric: the sun's centre is on the flat
    /// horizon.
    pub fn sunrise_sunset(&self, year: i32, day: f64) -> Option<(f64, f64)> {
        let noon = day.floor() + 0.5;
        let now = ephemeris(year, noon - self.time_zone_h / 24.0);
        let cosine = -self.latitude_deg.to_radians().tan() * now.declination_rad.tan();
        if !(-1.0..=1.0).contains(&cosine) {
            return None;
        }
        let solar_noon =
            noon - (4.0 * (self.longitude_deg - 15.0 * self.time_zone_h) + now.equation_of_time_min) / 1_440.0;
        let half = cosine.acos() / TAU;
        Some((solar_noon - half, solar_noon + half))
    }

    /// Returns the hour angle, −π to π.
    fn hour_angle_rad(&self, day: f64, equation_of_time_min: f64) -> f64 {
        let shift_min = 4.0 * (self.longitude_deg - 15.0 * self.time_zone_h) + equation_of_time_min;
        let solar_day = day + shift_min / 1_440.0;
        (solar_day - solar_day.floor() - 0.5) * TAU
    }
}

impl Sun {
    /// Returns the altitude above the horizon, in degrees, −90 to 90.
    pub fn altitude_deg(&self) -> f64 {
        self.direction[2].clamp(-1.0, 1.0).asin().to_degrees()
    }

    /// Returns the azimuth, in degrees clockwise from north, 0 to 360.
    pub fn azimuth_deg(&self) -> f64 {
        self.direction[0].atan2(self.direction[1]).to_degrees().rem_euclid(360.0)
    }

    /// Returns the cosine of the zenith angle, −1 to 1.
    pub fn cos_zenith(&self) -> f64 {
        self.direction[2]
    }

    /// Returns whether the sun's centre is above the horizon.
    pub fn is_up(&self) -> bool {
        self.direction[2] > 0.0
    }

    /// Returns the relative optical air mass, 1 to 38 (Kasten & Young 1989). With the sun down it is the
    /// value at the horizon.
    pub fn air_mass(&self) -> f64 {
        air_mass(self.altitude_deg())
    }
}

/// Returns the relative optical air mass at an altitude in degrees (Kasten & Young 1989, Applied Optics
/// 28:4735). Below the horizon it is the value at the horizon.
pub fn air_mass(altitude_deg: f64) -> f64 {
    let altitude = altitude_deg.clamp(0.0, 90.0);
    (1.0 / (altitude.to_radians().sin() + 0.505_72 * (altitude + 6.079_95).powf(-1.636_4))).max(1.0)
}

/// Plane surface: its orientation and its axes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Plane {
    /// Outward unit normal: east, north, up.
    pub normal: [f64; 3],
    /// Unit vector in the plane towards its upper edge. In a horizontal plane it points opposite to the
    /// azimuth.
    pub up: [f64; 3],
    /// Unit vector in the plane to the right, as seen from outside.
    pub right: [f64; 3],
    /// Cosine of the tilt: 1 facing up, 0 vertical, −1 facing down.
    pub cos_tilt: f64,
    /// Sine of the tilt, 0 to 1.
    pub sin_tilt: f64,
}

impl Plane {
    /// Returns the plane whose outward normal has this azimuth (degrees clockwise from north) and tilt
    /// (degrees: 0 facing up, 90 vertical, 180 facing down). Tilts are clamped to 0 to 180.
    pub fn new(azimuth_deg: f64, tilt_deg: f64) -> Self {
        let (sin_azimuth, cos_azimuth) = azimuth_deg.to_radians().sin_cos();
        let (sin_tilt, cos_tilt) = match tilt_deg.clamp(0.0, 180.0) {
            // Walls and slabs are exact, without rounding errors, because nearly all planes are walls or
            // slabs.
            90.0 => (1.0, 0.0),
            180.0 => (0.0, -1.0),
            tilt => tilt.to_radians().sin_cos(),
        };
        Self {
            normal: [sin_tilt * sin_azimuth, sin_tilt * cos_azimuth, cos_tilt],
            up: [-cos_tilt * sin_azimuth, -cos_tilt * cos_azimuth, sin_tilt],
            right: [-cos_azimuth, sin_azimuth, 0.0],
            cos_tilt,
            sin_tilt,
        }
    }

    /// Returns the cosine of the angle of incidence, −1 to 1; negative with the sun behind the plane. The
    /// horizon is not considered.
    pub fn cos_incidence(&self, sun: &Sun) -> f64 {
        dot(&self.normal, &sun.direction)
    }

    /// Transforms a world direction to the plane's axes: right, up, outward.
    pub fn local(&self, direction: &[f64; 3]) -> [f64; 3] {
        [dot(&self.right, direction), dot(&self.up, direction), dot(&self.normal, direction)]
    }
}

fn dot(a: &[f64; 3], b: &[f64; 3]) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

/// Returns the days from J2000.0 (noon of 1 January 2000, UT) to 1 January 00:00 of a Gregorian year.
fn days_to_year(year: i32) -> f64 {
    let before = i64::from(year) - 1;
    let days = 365 * before + before.div_euclid(4) - before.div_euclid(100) + before.div_euclid(400);
    // There are 730 119 days from 1 January of year 1 to 1 January 2000.
    (days - 730_119) as f64 - 0.5
}

/// Returns the solar ephemeris at days since 1 January 00:00 UT (Meeus ch. 25 and eq. 28.3).
fn ephemeris(year: i32, day_ut: f64) -> Ephemeris {
    let t = (days_to_year(year) + day_ut) / 36_525.0;
    let longitude = (280.466_46 + t * (36_000.769_83 + t * 0.000_303_2)).rem_euclid(360.0).to_radians();
    let anomaly = (357.529_11 + t * (35_999.050_29 - t * 0.000_153_7)).rem_euclid(360.0).to_radians();
    let eccentricity = 0.016_708_634 - t * (0.000_042_037 + t * 0.000_000_126_7);
    // Multiple-angle formulas replace calls of sine, which are half of the computing time.
    let (sin_1, cos_1) = anomaly.sin_cos();
    let (sin_2, sin_3) = (2.0 * sin_1 * cos_1, sin_1 * (3.0 - 4.0 * sin_1 * sin_1));
    let centre = ((1.914_602 - t * (0.004_817 + t * 0.000_014)) * sin_1
        + (0.019_993 - t * 0.000_101) * sin_2
        + 0.000_289 * sin_3)
        .to_radians();
    let (sin_node, cos_node) = (125.04 - 1_934.136 * t).to_radians().sin_cos();
    let apparent = longitude + centre - (0.005_69 + 0.004_78 * sin_node).to_radians();
    let obliquity = (23.439_291 - t * 0.013_004_2 + 0.002_56 * cos_node).to_radians();
    let (sin_obliquity, cos_obliquity) = obliquity.sin_cos();
    // Square of the tangent of half the obliquity.
    let y = (sin_obliquity / (1.0 + cos_obliquity)).powi(2);
    let (sin_twice, cos_twice) = (2.0 * longitude).sin_cos();
    let equation = y * sin_twice - 2.0 * eccentricity * sin_1 + 4.0 * eccentricity * y * sin_1 * cos_twice
        - y * y * sin_twice * cos_twice
        - 1.25 * eccentricity * eccentricity * sin_2;
    Ephemeris {
        declination_rad: (sin_obliquity * apparent.sin()).clamp(-1.0, 1.0).asin(),
        equation_of_time_min: equation * 720.0 / PI,
        distance_au: 1.000_001_018 * (1.0 - eccentricity * eccentricity)
            / (1.0 + eccentricity * (anomaly + centre).cos()),
    }
}

#[cfg(test)]
#[path = "sun_tests.rs"]
mod tests;
