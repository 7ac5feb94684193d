//! VAV boxes (variable air volume) with reheat: air flow and reheat from the zone's cooling and heating
//! signals.
//!
//! Sources: ASHRAE Guideline 36-2021 §5.6 (dual maximum), ASHRAE 90.1 §6.5.2.1 (single maximum with 30 %
//! minimum flow).

use crate::air::HEAT_CAPACITY_J_PER_KG_K;
use crate::plant::limit;

/// Minimum flow with single maximum, as a fraction of the maximum flow (ASHRAE 90.1-2019 §6.5.2.1, exception
/// 1).
pub const SINGLE_LEAST_SHARE: f64 = 0.3;
/// Maximum difference between heated supply air and zone, in K (Guideline 36 §3.1: 11 °C).
pub const HOTTEST_ABOVE_ZONE_K: f64 = 11.0;

/// Heating control of a box.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heating {
    /// Single maximum: the flow stays at its minimum while the reheat rises.
    SingleMaximum,
    /// Dual maximum: the supply temperature rises first (to half of the signal), then the flow rises to its
    /// heating maximum.
    DualMaximum,
}

/// VAV box.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct VavBox {
    /// Maximum flow for cooling, in kg/s.
    pub cooling_most_kg_s: f64,
    /// Maximum flow for heating with dual maximum, in kg/s.
    pub heating_most_kg_s: f64,
    /// Minimum flow, in kg/s.
    pub least_kg_s: f64,
    /// Capacity of the reheat coil, in W; 0 for no reheat.
    pub reheat_w: f64,
    /// Heating control.
    pub heating: Heating,
    /// Faults.
    pub faults: BoxFaults,
}

/// Faults of a box.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct BoxFaults {
    /// Flow through a stuck damper as a fraction of the maximum cooling flow, 0 to 1.
    pub damper_stuck: Option<f64>,
    /// Leakage of the reheat valve: heat with the valve closed as a fraction of the capacity, 0 to 1.
    pub reheat_leak: f64,
    /// Fraction of the reheat coil's capacity lost by fouling, 0 to 1.
    pub reheat_fouling: f64,
}

impl VavBox {
    /// Returns a box with dual maximum: minimum flow 10 % and heating flow 50 % of the cooling flow, reheat
    /// for 20 K at the heating flow (assumptions).
    pub const fn dual(cooling_most_kg_s: f64) -> Self {
        Self {
            cooling_most_kg_s,
            heating_most_kg_s: 0.5 * cooling_most_kg_s,
            least_kg_s: 0.1 * cooling_most_kg_s,
            reheat_w: 0.5 * cooling_most_kg_s * HEAT_CAPACITY_J_PER_KG_K * 20.0,
            heating: Heating::DualMaximum,
            faults: BoxFaults { damper_stuck: None, reheat_leak: 0.0, reheat_fouling: 0.0 },
        }
    }

    /// Returns a box with single maximum and [`SINGLE_LEAST_SHARE`].
    pub const fn single(cooling_most_kg_s: f64) -> Self {
        Self {
            least_kg_s: SINGLE_LEAST_SHARE * cooling_most_kg_s,
            heating_most_kg_s: SINGLE_LEAST_SHARE * cooling_most_kg_s,
            heating: Heating::SingleMaximum,
            ..Self::dual(cooling_most_kg_s)
        }
    }

    /// Runs the box with the zone's cooling and heating signals (each 0 to 1; cooling has priority over
    /// heating) at these zone and supply air temperatures, in °C.
    pub fn run(&self, cooling: f64, heating: f64, zone_c: f64, supply_c: f64) -> VavBoxResult {
        let cooling = limit(cooling, 0.0, 1.0);
        let heating = if cooling > 0.0 { 0.0 } else { limit(heating, 0.0, 1.0) };
        let least = self.least_kg_s.max(0.0);
        let hottest_c = (zone_c + HOTTEST_ABOVE_ZONE_K).max(supply_c);
        let (wanted_kg_s, wanted_c) = match self.heating {
            _ if heating <= 0.0 => (least + cooling * (self.cooling_most_kg_s - least).max(0.0), supply_c),
            Heating::SingleMaximum => (least, supply_c + heating * (hottest_c - supply_c)),
            Heating::DualMaximum => {
                let (warming, blowing) = ((2.0 * heating).min(1.0), (2.0 * heating - 1.0).max(0.0));
                let flow = least + blowing * (self.heating_most_kg_s - least).max(0.0);
                (flow, supply_c + warming * (hottest_c - supply_c))
            }
        };
        let stuck = self.faults.damper_stuck.map(|share| limit(share, 0.0, 1.0) * self.cooling_most_kg_s.max(0.0));
        let flow_kg_s = stuck.unwrap_or(wanted_kg_s).max(0.0);
        let capacity_w_k = flow_kg_s * HEAT_CAPACITY_J_PER_KG_K;
        if capacity_w_k <= 0.0 {
            return VavBoxResult { flow_kg_s: 0.0, supply_c, reheat_w: 0.0, to_zone_w: 0.0 };
        }
        let most_w = self.reheat_w.max(0.0) * (1.0 - limit(self.faults.reheat_fouling, 0.0, 1.0));
        let leak_w = limit(self.faults.reheat_leak, 0.0, 1.0) * most_w;
        let reheat_w = limit((wanted_c - supply_c) * capacity_w_k, leak_w, most_w);
        let leaving_c = supply_c + reheat_w / capacity_w_k;
        VavBoxResult { flow_kg_s, supply_c: leaving_c, reheat_w, to_zone_w: capacity_w_k * (leaving_c - zone_c) }
    }
}

/// Result of a VAV box.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct VavBoxResult {
    /// Air flow, in kg/s.
    pub flow_kg_s: f64,
    /// Supply air temperature after the reheat, in °C.
    pub supply_c: f64,
    /// Reheat, in W.
    pub reheat_w: f64,
    /// Sensible heat to the zone, in W, negative for cooling.
    pub to_zone_w: f64,
}
