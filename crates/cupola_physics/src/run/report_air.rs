//! What became of the air in a study.

use super::{HOUR_S, SystemStep};
use crate::plant::tariff::J_PER_KWH;
use serde::Serialize;

/// CO2 in the hours in which somebody was there, hourly means, ppm.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct AirReport {
    /// Half of the hours are below this.
    pub p50_ppm: f64,
    /// 90 % of the hours.
    pub p90_ppm: f64,
    /// 95 % of the hours.
    pub p95_ppm: f64,
    /// 99 % of the hours.
    pub p99_ppm: f64,
    /// The worst hour.
    pub max_ppm: f64,
}

/// How likely somebody is infected who is in a zone whenever somebody is there, by days (Wells and Riley: 1 − exp(−dose)).
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct InfectionReport {
    /// Days on which somebody was there.
    pub days: u32,
    /// The mean of their risks, %.
    pub mean_pct: f64,
    /// The worst day's, %.
    pub max_pct: f64,
}

/// What passed a link of the air flow network, of room air (1.204 kg/m³).
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct AirLinkReport {
    /// The link's id.
    pub id: String,
    /// From its first to its second end, mean, m³/h.
    pub forward_mean_m3_h: f64,
    /// The other way, mean, m³/h.
    pub backward_mean_m3_h: f64,
    /// The most in a step, either way, m³/h.
    pub max_m3_h: f64,
}

/// What an air handling unit did; flows of 1.204 kg/m³.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct AirSystemReport {
    /// Its id.
    pub id: String,
    /// Hours in which it ran.
    pub hours: f64,
    /// Supply air while it ran, mean, m³/h.
    pub supply_mean_m3_h: f64,
    /// Outdoor air while it ran, mean, m³/h.
    pub outdoor_mean_m3_h: f64,
    /// Heat of its coil, kWh.
    pub heating_coil_kwh: f64,
    /// Cooling of its coil, kWh, latent included.
    pub cooling_coil_kwh: f64,
    /// Heat of the boxes' coils, kWh.
    pub reheat_kwh: f64,
    /// Heat that recovery gave to outdoor air, kWh; below 0 where it cooled.
    pub recovered_kwh: f64,
    /// Water that its cooling coil took out, kg.
    pub condensate_kg: f64,
    /// Electricity of its fans, kWh.
    pub fans_kwh: f64,
}

impl AirSystemReport {
    pub(super) fn add(&mut self, step: &SystemStep, length_s: f64) {
        let (hours, kwh) = (length_s / HOUR_S, length_s / J_PER_KWH);
        self.hours += if step.flow_m3_h > 0.0 { hours } else { 0.0 };
        self.supply_mean_m3_h += hours * step.flow_m3_h;
        self.outdoor_mean_m3_h += hours * step.outdoor_m3_h;
        self.heating_coil_kwh += kwh * step.heating_coil_w;
        self.cooling_coil_kwh += kwh * step.cooling_coil_w;
        self.reheat_kwh += kwh * step.reheat_w;
        self.recovered_kwh += kwh * step.recovered_w;
        self.condensate_kg += hours * step.condensate_kg_h;
        self.fans_kwh += kwh * step.fans_w;
    }
}
