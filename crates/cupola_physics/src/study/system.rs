//! Air handling units and their VAV boxes.

use super::Amount;
use serde::{Deserialize, Serialize};

/// Air handling unit that serves zones through VAV boxes (variable air volume) with reheat. The set-points of
/// the zones control the boxes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AirSystem {
    /// Id.
    pub id: String,
    /// Schedule of operation: on where it is above 0. The default is always on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub available: Option<String>,
    /// Supply air temperature after the fan, in °C.
    #[serde(default = "AirSystem::supply_c")]
    pub supply_c: Amount,
    /// Minimum outdoor air fraction, 0 to 1.
    #[serde(default = "AirSystem::outdoor_share")]
    pub min_outdoor_share: f64,
    /// Economiser control.
    #[serde(default)]
    pub economiser: EconomiserDoc,
    /// Sensible effectiveness of the heat recovery, 0 to 1.
    #[serde(default)]
    pub recovery_sensible: f64,
    /// Latent effectiveness of the heat recovery, 0 to 1.
    #[serde(default)]
    pub recovery_latent: f64,
    /// Pressure rise of the fans at full flow, in Pa. The default is that of
    /// [`crate::plant::fan_pump::Mover::supply_fan`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fan_pressure_pa: Option<f64>,
    /// Total efficiency of fan, motor and drive. The default is that of
    /// [`crate::plant::fan_pump::Mover::supply_fan`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fan_efficiency: Option<f64>,
    /// Capacity of the heating coil, in W. The default is unlimited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heating_coil_w: Option<f64>,
    /// Total (sensible and latent) capacity of the cooling coil, in W. The default is unlimited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cooling_coil_w: Option<f64>,
    /// Bypass factor of the cooling coil.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coil_bypass: Option<f64>,
    /// Fraction of airborne droplets that the filter removes from the supply air, 0 to 1.
    #[serde(default)]
    pub filter_efficiency: f64,
    /// VAV boxes, one for each zone.
    pub boxes: Vec<AirBox>,
}

impl AirSystem {
    /// Returns the default supply temperature, typical of cooling with dehumidification (ASHRAE 90.1-2019,
    /// G3.1.3.12 starts from 11 K below the room).
    fn supply_c() -> Amount {
        Amount::Number(13.0)
    }

    /// Returns the default outdoor air fraction, an assumption as in [`crate::plant::ahu::AirHandler::new`].
    const fn outdoor_share() -> f64 {
        0.2
    }
}

/// Economiser control (ASHRAE 90.1-2019, 6.5.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EconomiserDoc {
    /// No economiser.
    #[default]
    None,
    /// Fixed dry bulb: outdoor temperature below this limit, in °C.
    DryBulb(f64),
    /// Differential dry bulb: outdoor temperature below the return air temperature.
    DifferentialDryBulb,
    /// Fixed enthalpy: outdoor enthalpy below this limit, in kJ/kg, and outdoor temperature at most 24 °C.
    EnthalpyKjKg(f64),
    /// Differential enthalpy: outdoor enthalpy below the return air enthalpy.
    DifferentialEnthalpy,
}

/// VAV box.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AirBox {
    /// Id of the zone, which must have a set-point.
    pub zone: String,
    /// Maximum flow for cooling, in m³/h.
    pub max_flow_m3_h: f64,
    /// Minimum flow, in m³/h. The default is a tenth of the maximum with dual maximum, and 30 % with single
    /// maximum.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_flow_m3_h: Option<f64>,
    /// Maximum flow for heating with dual maximum, in m³/h. The default is half of the maximum.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heating_flow_m3_h: Option<f64>,
    /// Capacity of the reheat coil, in W; 0 for no reheat. The default heats the heating flow by 20 K.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reheat_w: Option<f64>,
    /// Heating control.
    #[serde(default)]
    pub control: BoxControl,
}

/// Heating control of a box.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BoxControl {
    /// Dual maximum: the supply temperature rises first, then the flow (ASHRAE Guideline 36-2021, 5.6).
    #[default]
    DualMaximum,
    /// Single maximum: the flow stays at its minimum while the reheat rises (ASHRAE 90.1-2019, 6.5.2.1).
    SingleMaximum,
}
