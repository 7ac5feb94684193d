//! Results of air quality and air flow in a study.

use super::{HOUR_S, SystemStep};
use crate::plant::tariff::J_PER_KWH;
use serde::Serialize;

/// Percentiles of the hourly mean CO2 concentration in the occupied hours, in ppm.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct AirReport {
    /// Median.
    pub p50_ppm: f64,
    /// 90th percentile.
    pub p90_ppm: f64,
    /// 95th percentile.
    pub p95_ppm: f64,
    /// 99th percentile.
    pub p99_ppm: f64,
    /// Maximum.
    pub max_ppm: f64,
}

/// Risk of infection of a person who is in a zone during all occupied hours of a day (Wells and Riley: 1 −
/// exp(−dose)).
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct InfectionReport {
    /// Number of days with people in the zone.
    pub days: u32,
    /// Mean daily risk, in %.
    pub mean_pct: f64,
    /// Highest daily risk, in %.
    pub max_pct: f64,
}

/// Flows through a link of the air flow network, as volumes of room air (1.204 kg/m³).
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct AirLinkReport {
    /// Id of the link.
    pub id: String,
    /// Mean flow from the first to the second end, in m³/h.
    pub forward_mean_m3_h: f64,
    /// Mean flow from the second to the first end, in m³/h.
    pub backward_mean_m3_h: f64,
    /// Highest flow in a step, in either direction, in m³/h.
    pub max_m3_h: f64,
}

/// Results of an air handling unit. Flows are volumes of air of 1.204 kg/m³.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct AirSystemReport {
    /// Id of the unit.
    pub id: String,
    /// Number of operating hours.
    pub hours: f64,
    /// Mean supply air flow during operation, in m³/h.
    pub supply_mean_m3_h: f64,
    /// Mean outdoor air flow during operation, in m³/h.
    pub outdoor_mean_m3_h: f64,
    /// Heat of the heating coil, in kWh.
    pub heating_coil_kwh: f64,
    /// Cooling of the cooling coil, in kWh, including latent cooling.
    pub cooling_coil_kwh: f64,
    /// Heat of the boxes' reheat coils, in kWh.
    pub reheat_kwh: f64,
    /// Heat from the heat recovery to the outdoor air, in kWh, negative for cooling.
    pub recovered_kwh: f64,
    /// Condensate of the cooling coil, in kg.
    pub condensate_kg: f64,
    /// Electricity of the fans, in kWh.
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
