//! How a building is used.

use super::{Amount, Surface};
pub use crate::people::Space;
use serde::{Deserialize, Serialize};

/// A room, or rooms that are alike, with one air temperature.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Zone {
    /// Its id.
    pub id: String,
    /// Floor area, m².
    pub floor_area_m2: f64,
    /// Volume of air, m³.
    pub volume_m3: f64,
    /// Air and furniture store this many times what the air does; without it, 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capacity_multiplier: Option<f64>,
    /// Height of its floor above ground, m, for `air`; without it, 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub floor_height_m: Option<f64>,
    /// Whether its surfaces needn't enclose it: a part of a building, an experiment.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_open: bool,
    /// What encloses it, and what stands in it.
    pub surfaces: Vec<Surface>,
    /// Outdoor air through cracks.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub infiltration: Vec<Airflow>,
    /// Outdoor air by fans or windows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ventilation: Vec<Airflow>,
    /// Heat from people, lights and machines.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gains: Vec<Gain>,
    /// People.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub people: Option<People>,
    /// Heats it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heating: Option<Conditioning>,
    /// Cools it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cooling: Option<Conditioning>,
}

impl Zone {
    /// A zone with nothing in it: its floor area, m², and volume, m³. Its surfaces may be open.
    pub fn new(id: impl Into<String>, floor_area_m2: f64, volume_m3: f64) -> Self {
        Self {
            id: id.into(),
            floor_area_m2,
            volume_m3,
            capacity_multiplier: None,
            floor_height_m: None,
            is_open: true,
            surfaces: Vec::new(),
            infiltration: Vec::new(),
            ventilation: Vec::new(),
            gains: Vec::new(),
            people: None,
            heating: None,
            cooling: None,
        }
    }
}

/// A flow of outdoor air; exactly one of the amounts is given.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Airflow {
    /// Air changes an hour.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ach: Option<Amount>,
    /// Volume flow, m³/h.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flow_m3_h: Option<Amount>,
    /// Share of the amount that flows, by schedule; without it, all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schedule: Option<String>,
    /// Flows only while the zone is warmer than this, °C.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub above_zone_c: Option<f64>,
    /// Flows only while the zone is warmer than outdoors by at least this, K.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub above_outdoors_k: Option<f64>,
    /// Share of the heat of the leaving air that the entering air gets, 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub heat_recovery: Option<f64>,
    /// Temperature of the air that enters, °C, if it isn't outdoor air.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub supply_c: Option<Amount>,
    /// Electricity of the fan, W per m³/s.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fan_w_per_m3_s: Option<f64>,
}

/// Heat from something in a zone; exactly one of the amounts is given.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Gain {
    /// What it is from.
    pub end_use: EndUse,
    /// Power, W.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub power_w: Option<Amount>,
    /// Power per floor area, W/m².
    #[serde(skip_serializing_if = "Option::is_none")]
    pub power_w_m2: Option<Amount>,
    /// Share of the power that is on, by schedule; without it, all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schedule: Option<String>,
    /// Share that is radiated to the surfaces, 0 to 1.
    pub radiant_fraction: f64,
    /// Share that is water vapour, 0 to 1.
    pub latent_fraction: f64,
    /// Share that leaves the zone at once, 0 to 1.
    pub lost_fraction: f64,
}

/// What uses electricity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndUse {
    /// Machines and plugs.
    #[default]
    Equipment,
    /// Lights.
    Lights,
    /// Heat that isn't from electricity: people, a process.
    Other,
}

/// People in a zone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct People {
    /// How many at most.
    pub count: f64,
    /// Share that is there, by schedule; without it, all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schedule: Option<String>,
    /// What the zone is used for: then people come and go by chance, each by the study's seed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub space: Option<Space>,
    /// Metabolic rate, met.
    pub met: f64,
    /// Clothing, clo.
    pub clo: f64,
    /// Share of the sensible heat that is radiated.
    pub radiant_fraction: f64,
    /// Somebody infectious is among them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub infectious: Option<Infectious>,
}

/// Infectious people, and how the others breathe (Wells and Riley).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Infectious {
    /// Quanta of infection that all of them give off together while everybody is there, 1/h.
    pub quanta_h: f64,
    /// Air that a person breathes, less what a mask keeps back, m³/h.
    pub breathing_m3_h: f64,
}

impl Default for Infectious {
    fn default() -> Self {
        // A person at rest, in the order of what Buonanno, Stabile and Morawska 2020 have for SARS-CoV-2 (an assumption; speaking and
        // exercise make it ten times as much).
        Self { quanta_h: 10.0, breathing_m3_h: crate::contaminant::BREATHING_SEATED_M3_H }
    }
}

impl Default for People {
    fn default() -> Self {
        // Seated, light office work (ISO 7730:2005, table B.1), half-way between its summer and winter clothing (table C.1);
        // radiant share at low air speed (ASHRAE Fundamentals 2017, ch. 18, table 1).
        Self { count: 1.0, schedule: None, space: None, met: 1.2, clo: 0.75, radiant_fraction: 0.6, infectious: None }
    }
}

/// What holds a zone at a set-point.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Conditioning {
    /// Set-point, °C.
    pub setpoint_c: Amount,
    /// Works where this schedule is above 0; without it, always.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub available: Option<String>,
    /// The most that it can give or take, W; without it, as much as is needed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_w: Option<f64>,
    /// Share that is radiated to the surfaces, 0 to 1.
    #[serde(default)]
    pub radiant_fraction: f64,
    /// What the thermostat feels.
    #[serde(default)]
    pub sensor: Sensor,
}

impl Conditioning {
    /// Keeps the air at a temperature, °C, whatever it takes.
    pub fn ideal(setpoint_c: f64) -> Self {
        Self {
            setpoint_c: Amount::Number(setpoint_c),
            available: None,
            max_w: None,
            radiant_fraction: 0.0,
            sensor: Sensor::Air,
        }
    }
}

/// What a thermostat feels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sensor {
    /// The air's temperature.
    #[default]
    Air,
    /// Half the air's, half the mean radiant temperature (ISO 7730:2005, clause 3, below 0.2 m/s).
    Operative,
}
