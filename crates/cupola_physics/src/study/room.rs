//! Rooms described by resistances and capacities, as in VDI 6007-1:2015.

use super::{Airflow, Amount, Gain};
use serde::{Deserialize, Serialize};

/// Two-element room: outer walls and inner walls, each with one capacity (VDI 6007-1:2015, clause 6).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TwoElementRoom {
    /// Id.
    pub id: String,
    /// Outer walls. Their area is that of the façades.
    pub outer: OuterElement,
    /// Inner walls.
    pub inner: InnerElement,
    /// Radiation coefficient between surfaces, in W/(m² K).
    #[serde(default = "radiation")]
    pub radiation_w_m2k: f64,
    /// Fraction of the solar radiation through windows that heats the air directly.
    #[serde(default = "solar_convective")]
    pub solar_convective_fraction: f64,
    /// Heat capacity of air and furniture, in J/K.
    #[serde(default)]
    pub air_j_k: f64,
    /// Façades: walls of one orientation with their solar radiation.
    pub facades: Vec<RoomFacade>,
    /// Resistance of windows that are not part of the outer walls, including the outside surface resistance, in K/W.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window_resistance_k_w: Option<f64>,
    /// Convection coefficient at these windows, in W/(m² K). The default is that of the outer walls.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window_convection_w_m2k: Option<f64>,
    /// Boundary conditions of the outer walls. The default is outdoor air.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub behind: Vec<BehindPart>,
    /// Heat gains. Gains per floor area are not possible.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gains: Vec<Gain>,
    /// Ventilation, given by `flow_m3_h`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ventilation: Vec<Airflow>,
    /// Heating.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heating: Option<RoomConditioning>,
    /// Cooling.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cooling: Option<RoomConditioning>,
}

/// Returns 5 W/(m² K) (VDI 6007-1:2015, clause 6.1).
fn radiation() -> f64 {
    5.0
}

/// Returns 9 % (VDI 6007-1:2015, test example 5).
fn solar_convective() -> f64 {
    0.09
}

/// Outer walls of a room.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OuterElement {
    /// Resistance between surface and capacity, in K/W.
    pub r1_k_w: f64,
    /// Heat capacity, in J/K.
    pub c1_j_k: f64,
    /// Resistance between capacity and outdoors, including the outside surface resistance, in K/W.
    pub rest_k_w: f64,
    /// Convection coefficient at the surface, in W/(m² K).
    pub convection_w_m2k: f64,
}

/// Inner walls of a room.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InnerElement {
    /// Area, in m².
    pub area_m2: f64,
    /// Resistance between surface and capacity, in K/W.
    pub r1_k_w: f64,
    /// Heat capacity, in J/K.
    pub c1_j_k: f64,
    /// Convection coefficient at the surface, in W/(m² K).
    pub convection_w_m2k: f64,
}

/// Façade of a room.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RoomFacade {
    /// Area of the wall, in m², including windows that are part of the outer element.
    pub wall_m2: f64,
    /// Area of windows that are a separate element, in m².
    pub window_m2: f64,
    /// Solar irradiance behind the glass, in W/m².
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sun_w_m2: Option<Amount>,
    /// Window area for solar radiation, in m².
    pub sun_m2: f64,
    /// Irradiance behind the glass above which the blind closes, in W/m².
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blind_above_w_m2: Option<f64>,
    /// Fraction of the solar radiation that the closed blind transmits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blind_factor: Option<f64>,
}

/// Boundary condition of a part of the outer walls. The equivalent temperatures of the parts are averaged by
/// weight (VDI 6007-1:2015, clause 6.4).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BehindPart {
    /// Weight: fraction of the conductance.
    pub weight: f64,
    /// Temperature, in °C. The default is the outdoor air temperature.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temperature_c: Option<Amount>,
    /// Solar absorptance.
    #[serde(default)]
    pub solar_absorptance: f64,
    /// Incident solar irradiance, in W/m².
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sun_w_m2: Option<Amount>,
    /// Radiant temperature of sky and ground, in °C. The default is no long-wave radiation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sky_c: Option<Amount>,
    /// Fraction of the long-wave radiation that acts, reduced behind a blind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sky_share: Option<Amount>,
}

/// Heating or cooling of a room to a set-point of its air temperature.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoomConditioning {
    /// Set-point, in °C.
    pub setpoint_c: Amount,
    /// Schedule of operation: on where it is above 0. The default is always on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub available: Option<String>,
    /// Maximum power, in W.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_w: Option<f64>,
    /// Fraction radiated to all surfaces.
    #[serde(default)]
    pub radiant_fraction: f64,
    /// Fraction into the surface of the inner walls, for example from a floor or ceiling.
    #[serde(default)]
    pub inner_fraction: f64,
    /// Fraction into the surface of the outer walls.
    #[serde(default)]
    pub outer_fraction: f64,
}
