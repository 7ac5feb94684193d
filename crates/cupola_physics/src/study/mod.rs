//! Study: a description of a building and its use, for both thermal models. It is read from the `physics` section
//! of a file.
//!
//! `docs/physics.md` is the manual. Field names end with their unit. Angles are in degrees, azimuths
//! clockwise from north.

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

/// Thermal model of the zones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ThermalModel {
    /// Multi-node model: conduction through layers and a heat balance at every surface (similar to ISO
    /// 52016-1:2017, clause 6.5).
    #[default]
    MultiNode,
    /// 5R1C model: five resistances and one capacity for each zone (ISO 13790:2008, annex C).
    #[serde(rename = "r5c1")]
    FiveR1C,
}

/// Building with its use and surroundings.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Study {
    /// Thermal model.
    pub tier: ThermalModel,
    /// Length of a step in minutes, a divisor of an hour. The default is 10 minutes for `multi_node` and
    /// 60 minutes for `r5c1`.
    pub step_minutes: Option<f64>,
    /// Path of the EPW file, relative to the study's file. The option `--weather` overrides it.
    pub weather: Option<String>,
    /// Weather defined in the study instead of a file.
    pub conditions: Option<Conditions>,
    /// Site of the building. Missing values are taken from the weather file.
    pub site: Site,
    /// Calendar of the run.
    pub calendar: Calendar,
    /// Initial state and warm-up.
    pub start: Start,
    /// Materials by name.
    pub materials: BTreeMap<String, Material>,
    /// Constructions of opaque surfaces by name.
    pub constructions: BTreeMap<String, Construction>,
    /// Glazings by name.
    pub glazings: BTreeMap<String, Glazing>,
    /// Schedules by name.
    pub schedules: BTreeMap<String, Schedule>,
    /// Convection models of surfaces that define none themselves.
    pub convection: Convection,
    /// Zones: rooms or parts of the building with one air temperature each.
    pub zones: Vec<Zone>,
    /// Rooms described by resistances and capacities, as in VDI 6007-1. They are reported next to the zones.
    pub two_element_rooms: Vec<TwoElementRoom>,
    /// Air flow network between zones and outdoors. Its flows are in addition to the zones' `infiltration`
    /// and `ventilation`.
    pub air: Option<AirNetwork>,
    /// Air handling units.
    pub air_systems: Vec<AirSystem>,
    /// Plant for heat, cold and electricity. Without a plant, heat and cold are reported as loads.
    pub plant: Option<Plant>,
    /// Whether comfort is also reported as standard effective temperature (ASHRAE 55-2020). The computation takes 0.01
    /// ms for each occupied hour.
    pub standard_effective_temperature: bool,
    /// Seed of all random numbers, which determine the presence of people.
    pub seed: u64,
    /// Days of the run with hourly reports, from 1.
    pub hourly_days: Vec<u32>,
}

/// Site of the building.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Site {
    /// Latitude, in °, north positive.
    pub latitude_deg: Option<f64>,
    /// Longitude, in °, east positive.
    pub longitude_deg: Option<f64>,
    /// Local standard time minus UTC, in h.
    pub time_zone_h: Option<f64>,
    /// Elevation above sea level, in m.
    pub elevation_m: Option<f64>,
    /// Solar reflectance of the ground. The default is [`Site::GROUND_REFLECTANCE`].
    pub ground_reflectance: Option<f64>,
    /// Roughness of the terrain, for the wind at the building.
    pub terrain: Terrain,
    /// Outdoor CO2 concentration, in ppm. The default is [`Site::CO2_PPM`].
    pub co2_ppm: Option<f64>,
}

impl Site {
    /// Reflectance of bare ground (ASHRAE 140-2017, 5.2.1.4; also the usual value in EnergyPlus and DOE-2).
    pub const GROUND_REFLECTANCE: f64 = 0.2;
    /// Outdoor CO2 concentration: global mean of 2023, rounded (NOAA Global Monitoring Laboratory).
    pub const CO2_PPM: f64 = 420.0;
}

/// Roughness of the terrain (ASHRAE Fundamentals 2017, ch. 24, table 1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Terrain {
    /// Flat and open terrain, as at the weather station.
    #[default]
    Open,
    /// Suburban or wooded terrain.
    Suburban,
    /// Centre of a large city.
    City,
}

/// Weather defined by numbers and schedules. Schedules are in local standard time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Conditions {
    /// Air temperature, in °C.
    pub dry_bulb_c: Amount,
    /// Relative humidity, in %.
    pub relative_humidity_pct: Amount,
    /// Wind speed at 10 m, in m/s.
    pub wind_speed_m_s: Amount,
    /// Direction from which the wind blows, in ° from north, clockwise.
    pub wind_direction_deg: Amount,
    /// Sky temperature for long-wave radiation, in °C. The default is the air temperature.
    pub sky_temperature_c: Option<Amount>,
    /// Direct normal irradiance, in W/m².
    pub direct_normal_w_m2: Amount,
    /// Diffuse horizontal irradiance, in W/m².
    pub diffuse_horizontal_w_m2: Amount,
    /// Air pressure, in Pa. The default is the standard pressure at the site's elevation.
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

/// Calendar of a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Calendar {
    /// Weekday of the first day. The default is the weekday in the weather file, or else Monday.
    pub first_weekday: Option<Weekday>,
    /// First day of the run, as `month-day`: `01-01`.
    pub first_day: Option<String>,
    /// Holidays, as `month-day`: `12-25`.
    pub holidays: Vec<String>,
}

/// Initial state and warm-up.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Start {
    /// Initial temperature of air and fabric, in °C.
    pub temperature_c: f64,
    /// Number of repetitions of the first day before the run, to remove the effect of the initial
    /// temperature.
    pub warm_up_days: u32,
}

impl Default for Start {
    fn default() -> Self {
        // Assumption: 30 days are enough for heavy concrete, with time constants of about a week.
        Self { temperature_c: 20.0, warm_up_days: 30 }
    }
}
