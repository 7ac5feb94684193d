//! A study: one description of a building and its use, for both thermal tiers, read from the `physics` section of a file.
//!
//! `docs/physics.md` is its manual. Names carry their units; angles are degrees, azimuths clockwise from north.

mod air;
mod check;
mod check_air;
mod check_fabric;
mod check_rooms;
mod check_system;
mod check_zones;
mod fabric;
mod plant;
mod program;
mod room;
mod schedule;
mod system;
mod usage;

pub use crate::epw_dates::Weekday;
pub use air::*;
pub use check::{Finding, Step, check};
pub use fabric::*;
pub use plant::*;
pub(crate) use program::{Program, Value, month_day};
pub use room::*;
pub use schedule::*;
pub use system::*;
pub use usage::*;

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How a zone's heat is computed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tier {
    /// Conduction through layers, a heat balance at every surface (in the manner of ISO 52016-1:2017, clause 6.5).
    #[default]
    MultiNode,
    /// Five resistances and one capacity a zone (ISO 13790:2008, annex C).
    #[serde(rename = "r5c1")]
    FiveR1C,
}

/// A building, its use and its surroundings.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Study {
    /// How heat is computed.
    pub tier: Tier,
    /// Length of a step, a whole part of an hour; without it, 10 minutes for `multi_node` and an hour for `r5c1`.
    pub step_minutes: Option<f64>,
    /// An EPW file, relative to the study's; `--weather` takes the file's place.
    pub weather: Option<String>,
    /// Weather given here; then no file is used.
    pub conditions: Option<Conditions>,
    /// Where the building is; what isn't said is taken from the weather file.
    pub site: Site,
    /// What days there are.
    pub calendar: Calendar,
    /// How the computation begins.
    pub start: Start,
    /// Materials by name.
    pub materials: BTreeMap<String, Material>,
    /// Constructions of opaque surfaces by name.
    pub constructions: BTreeMap<String, Construction>,
    /// Glazings by name.
    pub glazings: BTreeMap<String, Glazing>,
    /// Schedules by name.
    pub schedules: BTreeMap<String, Schedule>,
    /// Convection at surfaces that don't say it themselves.
    pub convection: Convection,
    /// Zones: rooms or parts of the building with one air temperature each.
    pub zones: Vec<Zone>,
    /// Rooms given by resistances and capacities, as in VDI 6007-1; they are reported beside the zones.
    pub two_element_rooms: Vec<TwoElementRoom>,
    /// Ways for air between zones and outdoors; `infiltration` and `ventilation` of zones come on top.
    pub air: Option<AirNetwork>,
    /// Air handling units.
    pub air_systems: Vec<AirSystem>,
    /// How heat, cold and electricity are made; without it, heat and cold are counted as loads alone.
    pub plant: Option<Plant>,
    /// Whether comfort is also reported as standard effective temperature, which takes a hundredth of a millisecond an occupied hour.
    pub standard_effective_temperature: bool,
    /// Decides every random number: who comes when.
    pub seed: u64,
    /// Days of the run, from 1, of which every hour is reported.
    pub hourly_days: Vec<u32>,
}

/// Where the building is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Site {
    /// Latitude, °, north positive.
    pub latitude_deg: Option<f64>,
    /// Longitude, °, east positive.
    pub longitude_deg: Option<f64>,
    /// Local standard time minus UTC, h.
    pub time_zone_h: Option<f64>,
    /// Height above the sea, m.
    pub elevation_m: Option<f64>,
    /// Share of the sun's radiation that the ground reflects; without it [`Site::GROUND_REFLECTANCE`].
    pub ground_reflectance: Option<f64>,
    /// How rough the country around is, for the wind at the building.
    pub terrain: Terrain,
    /// CO2 outdoors, ppm; without it [`Site::CO2_PPM`].
    pub co2_ppm: Option<f64>,
}

impl Site {
    /// Reflectance of bare ground (ASHRAE 140-2017, 5.2.1.4; also EnergyPlus' and DOE-2's usual value).
    pub const GROUND_REFLECTANCE: f64 = 0.2;
    /// The world's mean of 2023, rounded (NOAA Global Monitoring Laboratory).
    pub const CO2_PPM: f64 = 420.0;
}

/// How rough the country is (ASHRAE Fundamentals 2017, ch. 24, table 1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Terrain {
    /// Flat and open, as at the weather station.
    #[default]
    Open,
    /// Suburbs, woods.
    Suburban,
    /// The middle of a large city.
    City,
}

/// Weather given by numbers and schedules. Schedules run in local standard time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Conditions {
    /// Air temperature, °C.
    pub dry_bulb_c: Amount,
    /// Relative humidity, %.
    pub relative_humidity_pct: Amount,
    /// Wind speed at 10 m, m/s.
    pub wind_speed_m_s: Amount,
    /// Where the wind comes from, ° from north, clockwise.
    pub wind_direction_deg: Amount,
    /// Temperature of the sky for long-wave radiation, °C; without it, the air's.
    pub sky_temperature_c: Option<Amount>,
    /// Direct normal irradiance, W/m².
    pub direct_normal_w_m2: Amount,
    /// Diffuse horizontal irradiance, W/m².
    pub diffuse_horizontal_w_m2: Amount,
    /// Air pressure, Pa; without it, that of the site's elevation.
    pub pressure_pa: Option<f64>,
}

impl Default for Conditions {
    fn default() -> Self {
        Self {
            dry_bulb_c: Amount::Number(20.0),
            relative_humidity_pct: Amount::Number(50.0),
            wind_speed_m_s: Amount::Number(0.0),
            wind_direction_deg: Amount::Number(0.0),
            sky_temperature_c: None,
            direct_normal_w_m2: Amount::Number(0.0),
            diffuse_horizontal_w_m2: Amount::Number(0.0),
            pressure_pa: None,
        }
    }
}

/// What days there are.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Calendar {
    /// The weekday of the first day; without it, what the weather file says, or Monday.
    pub first_weekday: Option<Weekday>,
    /// The first day of the run, `month-day`: `01-01`.
    pub first_day: Option<String>,
    /// Holidays, each `month-day`: `12-25`.
    pub holidays: Vec<String>,
}

/// How the computation begins.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Start {
    /// What everything has before the first step, °C.
    pub temperature_c: f64,
    /// The first day is run through this many times before it counts, so that the fabric forgets the beginning.
    pub warm_up_days: u32,
}

impl Default for Start {
    fn default() -> Self {
        // An assumption: a month makes heavy concrete forget (time constants of a week).
        Self { temperature_c: 20.0, warm_up_days: 30 }
    }
}
