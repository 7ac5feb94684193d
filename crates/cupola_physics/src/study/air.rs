//! Ways for air between zones and outdoors, for an air flow network.

use super::Amount;
use serde::{Deserialize, Serialize};

/// Ways for air. Pressures and flows follow from wind, temperatures and fans.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AirNetwork {
    /// Height above ground at which the wind's pressure is taken, usually that of the roof, m; without it [`AirNetwork::WIND_HEIGHT_M`].
    pub wind_height_m: Option<f64>,
    /// The ways.
    pub links: Vec<AirLink>,
}

impl AirNetwork {
    /// The height at which weather stations measure.
    pub const WIND_HEIGHT_M: f64 = 10.0;
}

/// A way for air between two zones, or a zone and outdoors.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AirLink {
    /// Its id.
    pub id: String,
    /// A zone; without it, outdoors. A fan blows from here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// A zone; without it, outdoors. A fan blows to here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Height above ground of its lower edge, m.
    #[serde(default)]
    pub height_m: f64,
    /// Where the wall looks that it is in, ° from north, clockwise: then the wind's pressure follows from its direction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub azimuth_deg: Option<f64>,
    /// Width of that wall over that of its neighbours; without it, 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub side_ratio: Option<f64>,
    /// The wind's pressure over its dynamic pressure, whatever its direction, in place of an azimuth.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wind_coefficient: Option<f64>,
    /// How far it is open, 0 to 1, or how much of its flow a fan gives, by schedule; without it, all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open: Option<String>,
    /// What the air passes.
    pub element: AirElement,
}

/// What air passes (NIST TN 1887r1, airflow elements).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum AirElement {
    /// A crack or a leaky wall, by its flow at 50 Pa.
    Crack {
        /// m³/h.
        flow_50_m3_h: f64,
        /// Exponent of the pressure difference; without it [`crate::airflow_element::CRACK_EXPONENT`].
        #[serde(default, skip_serializing_if = "Option::is_none")]
        exponent: Option<f64>,
    },
    /// A small opening in which air flows one way.
    Orifice {
        /// m².
        area_m2: f64,
        /// Discharge coefficient; without it [`crate::airflow_element::ORIFICE_DISCHARGE`].
        #[serde(default, skip_serializing_if = "Option::is_none")]
        discharge: Option<f64>,
    },
    /// A door or a window, upright, in which warm air may flow one way above and cold air the other way below.
    Opening {
        /// m.
        width_m: f64,
        /// m.
        height_m: f64,
        /// Discharge coefficient; without it [`crate::airflow_element::OPENING_DISCHARGE`].
        #[serde(default, skip_serializing_if = "Option::is_none")]
        discharge: Option<f64>,
    },
    /// A fan that moves so much whatever the pressures.
    Fan {
        /// m³/h, of the air where it comes from.
        flow_m3_h: Amount,
        /// Electricity, W per m³/s.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        w_per_m3_s: Option<f64>,
    },
    /// A fan by its curve: pairs of pressure rise, Pa, rising, and flow, m³/h, falling.
    FanCurve(Vec<(f64, f64)>),
}
