//! Rooms given by resistances and capacities, as in VDI 6007-1:2015.

use super::{Airflow, Amount, Gain};
use serde::{Deserialize, Serialize};

/// A room of two elements: outer walls and inner walls, each with one capacity (VDI 6007-1:2015, clause 6).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TwoElementRoom {
    /// Its id.
    pub id: String,
    /// Outer walls. Their area is that of the façades.
    pub outer: OuterElement,
    /// Inner walls.
    pub inner: InnerElement,
    /// Coefficient of radiation between surfaces, W/(m² K).
    #[serde(default = "radiation")]
    pub radiation_w_m2k: f64,
    /// Share of the sun through windows that the air gets at once.
    #[serde(default = "solar_convective")]
    pub solar_convective_fraction: f64,
    /// Heat capacity of air and furniture, J/K.
    #[serde(default)]
    pub air_j_k: f64,
    /// Façades: walls that look the same way, with the sun that comes in beside them.
    pub facades: Vec<RoomFacade>,
    /// Resistance of windows that are no part of the outer walls, with the outer film, K/W.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window_resistance_k_w: Option<f64>,
    /// Convection at such windows, W/(m² K); without it, as at the outer walls.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window_convection_w_m2k: Option<f64>,
    /// What is behind the outer walls; without it, outdoor air.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub behind: Vec<BehindPart>,
    /// Gains; those per floor area aren't possible.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gains: Vec<Gain>,
    /// Air by `flow_m3_h`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ventilation: Vec<Airflow>,
    /// Heats it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heating: Option<RoomConditioning>,
    /// Cools it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cooling: Option<RoomConditioning>,
}

/// 5 W/(m² K) (VDI 6007-1:2015, clause 6.1).
fn radiation() -> f64 {
    5.0
}

/// 9 % (VDI 6007-1:2015, test example 5).
fn solar_convective() -> f64 {
    0.09
}

/// The outer walls of a room.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OuterElement {
    /// Between surface and capacity, K/W.
    pub r1_k_w: f64,
    /// Capacity, J/K.
    pub c1_j_k: f64,
    /// Between capacity and outdoors, with the outer film, K/W.
    pub rest_k_w: f64,
    /// Convection at the surface, W/(m² K).
    pub convection_w_m2k: f64,
}

/// The inner walls of a room.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InnerElement {
    /// Area, m².
    pub area_m2: f64,
    /// Between surface and capacity, K/W.
    pub r1_k_w: f64,
    /// Capacity, J/K.
    pub c1_j_k: f64,
    /// Convection at the surface, W/(m² K).
    pub convection_w_m2k: f64,
}

/// A façade of a room.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RoomFacade {
    /// Area of the wall, m², with windows that are part of the outer element.
    pub wall_m2: f64,
    /// Area of windows that are an element of their own, m².
    pub window_m2: f64,
    /// Sun behind the glass, W/m².
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sun_w_m2: Option<Amount>,
    /// Area that it comes through, m².
    pub sun_m2: f64,
    /// A blind that closes by itself: above so much sun behind the glass, W/m².
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blind_above_w_m2: Option<f64>,
    /// Share of the sun that the closed blind lets through.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blind_factor: Option<f64>,
}

/// A part of what is behind the outer walls; the parts' equivalent temperatures are averaged by weight (VDI 6007-1:2015, clause 6.4).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BehindPart {
    /// Its share of the conductance.
    pub weight: f64,
    /// Its temperature, °C; without it, the outdoor air's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temperature_c: Option<Amount>,
    /// Share of the sun that it absorbs.
    #[serde(default)]
    pub solar_absorptance: f64,
    /// Sun on it, W/m².
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sun_w_m2: Option<Amount>,
    /// Radiant temperature of sky and ground, °C; without it, no long-wave radiation counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sky_c: Option<Amount>,
    /// Share of the long-wave radiation that counts: less behind a blind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sky_share: Option<Amount>,
}

/// What holds a room at a set-point of its air.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoomConditioning {
    /// Set-point, °C.
    pub setpoint_c: Amount,
    /// Works where this schedule is above 0; without it, always.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub available: Option<String>,
    /// The most that it can give or take, W.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_w: Option<f64>,
    /// Share that is radiated to all surfaces.
    #[serde(default)]
    pub radiant_fraction: f64,
    /// Share that goes into the inner walls' surface: a floor, a ceiling.
    #[serde(default)]
    pub inner_fraction: f64,
    /// Share that goes into the outer walls' surface.
    #[serde(default)]
    pub outer_fraction: f64,
}
