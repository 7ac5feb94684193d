//! Use of a building: zones, gains, air flows and set-points.

use super::{Amount, Surface};
pub use crate::people::Space;
use serde::{Deserialize, Serialize};

/// Zone: a room, or similar rooms, with one air temperature.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Zone {
    /// Id.
    pub id: String,
    /// Floor area, in m².
    pub floor_area_m2: f64,
    /// Air volume, in m³.
    pub volume_m3: f64,
    /// Heat capacity of air and furniture over that of the air. The default is 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capacity_multiplier: Option<f64>,
    /// Height of the floor above ground, in m, for `air`. The default is 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub floor_height_m: Option<f64>,
    /// Whether the surfaces may leave the zone open, for a part of a building or an experiment.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_open: bool,
    /// Surfaces that enclose the zone or are inside it.
    pub surfaces: Vec<Surface>,
    /// Infiltration through cracks.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub infiltration: Vec<Airflow>,
    /// Ventilation by fans or windows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ventilation: Vec<Airflow>,
    /// Heat gains from lights, equipment and others.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gains: Vec<Gain>,
    /// People.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub people: Option<People>,
    /// Heating.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heating: Option<Conditioning>,
    /// Cooling.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cooling: Option<Conditioning>,
}

impl Zone {
    /// Returns an empty zone with this floor area, in m², and volume, in m³. Its surfaces may leave it open.
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

/// Flow of outdoor air. Exactly one of the two amounts is given.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Airflow {
    /// Air changes per hour.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ach: Option<Amount>,
    /// Volume flow, in m³/h.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flow_m3_h: Option<Amount>,
    /// Schedule of the fraction of the amount. The default is 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schedule: Option<String>,
    /// Zone temperature above which the air flows, in °C.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub above_zone_c: Option<f64>,
    /// Difference between zone and outdoor temperature above which the air flows, in K.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub above_outdoors_k: Option<f64>,
    /// Sensible effectiveness of the heat recovery, 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub heat_recovery: Option<f64>,
    /// Supply temperature, in °C. The default is the outdoor temperature.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub supply_c: Option<Amount>,
    /// Specific fan power, in W per m³/s.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fan_w_per_m3_s: Option<f64>,
}

/// Heat gain of a zone. Exactly one of the two amounts is given.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Gain {
    /// End use.
    pub end_use: EndUse,
    /// Power, in W.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub power_w: Option<Amount>,
    /// Power per floor area, in W/m².
    #[serde(skip_serializing_if = "Option::is_none")]
    pub power_w_m2: Option<Amount>,
    /// Schedule of the fraction of the power. The default is 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schedule: Option<String>,
    /// Radiant fraction, 0 to 1.
    pub radiant_fraction: f64,
    /// Latent fraction, 0 to 1.
    pub latent_fraction: f64,
    /// Lost fraction: leaves the zone at once, 0 to 1.
    pub lost_fraction: f64,
}

/// End use of a heat gain.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndUse {
    /// Equipment and plug loads.
    #[default]
    Equipment,
    /// Lights.
    Lights,
    /// Heat that does not come from electricity, for example from a process.
    Other,
}

/// People in a zone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct People {
    /// Maximum number of people.
    pub count: f64,
    /// Schedule of the fraction present. The default is 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schedule: Option<String>,
    /// Kind of space. It makes the presence stochastic, determined by the study's seed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub space: Option<Space>,
    /// Metabolic rate, in met.
    pub met: f64,
    /// Clothing insulation, in clo.
    pub clo: f64,
    /// Radiant fraction of the sensible heat.
    pub radiant_fraction: f64,
    /// Infectious people among them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub infectious: Option<InfectionSource>,
}

/// Infectious people, and the breathing rate of the others (Wells and Riley).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct InfectionSource {
    /// Quanta emission rate of all infectious people together at full presence, in 1/h.
    pub quanta_h: f64,
    /// Breathing rate of a person, less the fraction that a mask filters, in m³/h.
    pub breathing_m3_h: f64,
}

impl Default for InfectionSource {
    fn default() -> Self {
        // A person at rest, in the order of the values of Buonanno, Stabile and Morawska 2020 for SARS-CoV-2
        // (an assumption; speaking and exercise give ten times as much).
        Self { quanta_h: 10.0, breathing_m3_h: crate::contaminant::BREATHING_SEATED_M3_H }
    }
}

impl Default for People {
    fn default() -> Self {
        // Seated light office work (ISO 7730:2005, table B.1), clothing half-way between its summer and
        // winter clothing (table C.1), radiant fraction at low air speed (ASHRAE Fundamentals 2017, ch. 18,
        // table 1).
        Self { count: 1.0, schedule: None, space: None, met: 1.2, clo: 0.75, radiant_fraction: 0.6, infectious: None }
    }
}

/// Heating or cooling of a zone to a set-point.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Conditioning {
    /// Set-point, in °C.
    pub setpoint_c: Amount,
    /// Schedule of operation: on where it is above 0. The default is always on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub available: Option<String>,
    /// Maximum power, in W. The default is unlimited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_w: Option<f64>,
    /// Radiant fraction, 0 to 1.
    #[serde(default)]
    pub radiant_fraction: f64,
    /// Temperature that the thermostat measures.
    #[serde(default)]
    pub sensor: Sensor,
}

impl Conditioning {
    /// Returns an ideal control of the air temperature, in °C, with unlimited power.
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

/// Temperature that a thermostat measures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sensor {
    /// Air temperature.
    #[default]
    Air,
    /// Operative temperature: mean of air and mean radiant temperature (ISO 7730:2005, clause 3, below 0.2
    /// m/s).
    Operative,
}
