//! Air handling units and the boxes that share out their air.

use super::Amount;
use serde::{Deserialize, Serialize};

/// An air handling unit that serves zones through boxes of variable air volume with reheat. The zones' set-points steer the boxes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AirSystem {
    /// Its id.
    pub id: String,
    /// Runs where this schedule is above 0; without it, always.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub available: Option<String>,
    /// Temperature of the supply air behind the fan, °C.
    #[serde(default = "AirSystem::supply_c")]
    pub supply_c: Amount,
    /// Least share of outdoor air, 0 to 1.
    #[serde(default = "AirSystem::outdoor_share")]
    pub min_outdoor_share: f64,
    /// When more outdoor air is taken because it cools.
    #[serde(default)]
    pub economiser: EconomiserDoc,
    /// Sensible effectiveness of heat recovery, 0 to 1.
    #[serde(default)]
    pub recovery_sensible: f64,
    /// Latent effectiveness of heat recovery, 0 to 1.
    #[serde(default)]
    pub recovery_latent: f64,
    /// Pressure rise of the fans at full flow, Pa; without it, that of [`crate::plant::fan_pump::Mover::supply_fan`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fan_pressure_pa: Option<f64>,
    /// Efficiency of fan, motor and drive; without it, that of the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fan_efficiency: Option<f64>,
    /// The most that the heating coil gives, W; without it, as much as is needed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heating_coil_w: Option<f64>,
    /// The most that the cooling coil takes, W, latent included; without it, as much as is needed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cooling_coil_w: Option<f64>,
    /// Share of the air that passes the cooling coil untouched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coil_bypass: Option<f64>,
    /// Share of airborne droplets that the filter keeps out of the supply air, 0 to 1.
    #[serde(default)]
    pub filter_efficiency: f64,
    /// The boxes, one a zone.
    pub boxes: Vec<AirBox>,
}

impl AirSystem {
    /// Usual for cooling with dehumidification (ASHRAE 90.1-2019, G3.1.3.12 starts from 11 K below the room).
    fn supply_c() -> Amount {
        Amount::Number(13.0)
    }

    /// An assumption, as in [`crate::plant::ahu::AirHandler::new`].
    const fn outdoor_share() -> f64 {
        0.2
    }
}

/// When an economiser may open (ASHRAE 90.1-2019, 6.5.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EconomiserDoc {
    /// Never.
    #[default]
    None,
    /// While it is colder outdoors than this, °C.
    DryBulb(f64),
    /// While it is colder outdoors than the return air.
    DifferentialDryBulb,
    /// While outdoor air has less enthalpy than this, kJ/kg, and at most 24 °C.
    EnthalpyKjKg(f64),
    /// While outdoor air has less enthalpy than return air.
    DifferentialEnthalpy,
}

/// A box of variable air volume.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AirBox {
    /// The zone, which has set-points.
    pub zone: String,
    /// The most air when cooling, m³/h.
    pub max_flow_m3_h: f64,
    /// The least air, m³/h; without it, a tenth with dual, 30 % with single maximum.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_flow_m3_h: Option<f64>,
    /// The most air when heating with dual maximum, m³/h; without it, half of the most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heating_flow_m3_h: Option<f64>,
    /// The most reheat, W; without it, what heats the heating flow by 20 K. 0 for none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reheat_w: Option<f64>,
    /// How it heats.
    #[serde(default)]
    pub control: BoxControl,
}

/// How a box heats.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BoxControl {
    /// Warmer air first, then more of it (ASHRAE Guideline 36-2021, 5.6).
    #[default]
    DualMaximum,
    /// The least flow, warmer (ASHRAE 90.1-2019, 6.5.2.1).
    SingleMaximum,
}
