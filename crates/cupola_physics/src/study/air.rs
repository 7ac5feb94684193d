//! Air flow network in the study format: flow paths between zones and outdoors.

use super::Amount;
use serde::{Deserialize, Serialize};

/// Air flow network. Wind, temperatures and fans determine pressures and flows.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AirNetwork {
    /// Height above ground of the wind speed for the wind pressure, usually the roof height, in m. The
    /// default is [`AirNetwork::WIND_HEIGHT_M`].
    pub wind_height_m: Option<f64>,
    /// Links.
    pub links: Vec<AirLink>,
}

impl AirNetwork {
    /// Default height: the measurement height of weather stations, in m.
    pub const WIND_HEIGHT_M: f64 = 10.0;
}

/// Link between two zones, or between a zone and outdoors.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AirLink {
    /// Id.
    pub id: String,
    /// First end: a zone, or outdoors if missing. A fan takes its air from this end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Second end: a zone, or outdoors if missing. A fan blows towards this end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Height of the lower edge above ground, in m.
    #[serde(default)]
    pub height_m: f64,
    /// Azimuth of the outward normal of the link's wall, in ° from north, clockwise. With it the wind
    /// pressure coefficient depends on the wind direction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub azimuth_deg: Option<f64>,
    /// Width of the wall over that of the adjacent walls. The default is 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub side_ratio: Option<f64>,
    /// Constant wind pressure coefficient, in place of an azimuth.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wind_coefficient: Option<f64>,
    /// Schedule of the opening factor, 0 to 1, or of the fraction of a fan's flow. The default is 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open: Option<String>,
    /// Flow element.
    pub element: AirElement,
}

/// Flow element (NIST TN 1887r1, airflow elements).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum AirElement {
    /// Crack or leaky wall, described by its flow at 50 Pa.
    Crack {
        /// Volume flow at 50 Pa, in m³/h.
        flow_50_m3_h: f64,
        /// Flow exponent. The default is [`crate::airflow_element::CRACK_EXPONENT`].
        #[serde(default, skip_serializing_if = "Option::is_none")]
        exponent: Option<f64>,
    },
    /// Small opening with one-way flow.
    Orifice {
        /// Area, in m².
        area_m2: f64,
        /// Discharge coefficient. The default is [`crate::airflow_element::ORIFICE_DISCHARGE`].
        #[serde(default, skip_serializing_if = "Option::is_none")]
        discharge: Option<f64>,
    },
    /// Vertical opening such as a door or window, in which warm air can flow in one direction above and cold
    /// air in the other below.
    Opening {
        /// Width, in m.
        width_m: f64,
        /// Height, in m.
        height_m: f64,
        /// Discharge coefficient. The default is [`crate::airflow_element::OPENING_DISCHARGE`].
        #[serde(default, skip_serializing_if = "Option::is_none")]
        discharge: Option<f64>,
    },
    /// Fan with a constant flow, independent of the pressures.
    Fan {
        /// Volume flow, in m³/h, at the density of the air that it takes in.
        flow_m3_h: Amount,
        /// Specific fan power, in W per m³/s.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        w_per_m3_s: Option<f64>,
    },
    /// Fan with a curve: pairs of pressure rise, in Pa, increasing, and flow, in m³/h, decreasing.
    FanCurve(Vec<(f64, f64)>),
}
