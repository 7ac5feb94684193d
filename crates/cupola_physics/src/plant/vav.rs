//! Boxes of variable air volume with reheat: air flow and reheat from the zone's cooling and heating signals.
//!
//! Sources: ASHRAE Guideline 36-2021 §5.6 (dual maximum), ASHRAE 90.1 §6.5.2.1 (single maximum with 30 % least flow).

use crate::air::HEAT_CAPACITY_J_PER_KG_K;
use crate::plant::limit;

/// Least flow with single maximum, as a part of the most (ASHRAE 90.1-2019 §6.5.2.1, exception 1).
pub const SINGLE_LEAST_SHARE: f64 = 0.3;
/// By how much heated supply air may be warmer than the zone, in K (Guideline 36 §3.1: 11 °C).
pub const HOTTEST_ABOVE_ZONE_K: f64 = 11.0;

/// How the box heats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heating {
    /// The flow stays at its least while the reheat rises.
    SingleMaximum,
    /// The supply warms up first (to half of the signal), then the flow rises to its heating maximum.
    DualMaximum,
}

/// A box.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct VavBox {
    /// Most flow when cooling, in kg/s.
    pub cooling_most_kg_s: f64,
    /// Most flow when heating with dual maximum, in kg/s.
    pub heating_most_kg_s: f64,
    /// Least flow, in kg/s.
    pub least_kg_s: f64,
    /// Greatest reheat, in W; 0 for none.
    pub reheat_w: f64,
    /// How it heats.
    pub heating: Heating,
    /// Faults.
    pub faults: BoxFaults,
}

/// Faults of a box.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct BoxFaults {
    /// Part of the most cooling flow that the stuck damper lets through, 0 to 1.
    pub damper_stuck: Option<f64>,
    /// The part of its capacity that the reheat gives with its valve closed, 0 to 1.
    pub reheat_leak: f64,
    /// The part of its capacity that the reheat coil has lost, 0 to 1.
    pub reheat_fouling: f64,
}

impl VavBox {
    /// A box with dual maximum: least flow 10 %, heating flow 50 % of the cooling flow, reheat for 20 K there
    /// (assumptions).
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

    /// A box with single maximum and [`SINGLE_LEAST_SHARE`].
    pub const fn single(cooling_most_kg_s: f64) -> Self {
        Self {
            least_kg_s: SINGLE_LEAST_SHARE * cooling_most_kg_s,
            heating_most_kg_s: SINGLE_LEAST_SHARE * cooling_most_kg_s,
            heating: Heating::SingleMaximum,
            ..Self::dual(cooling_most_kg_s)
        }
    }

    /// Runs with the zone's cooling and heating signal (each 0 to 1, at most one above 0; cooling wins), in a zone and
    /// with supply air at these temperatures, in °C.
    pub fn run(&self, cooling: f64, heating: f64, zone_c: f64, supply_c: f64) -> Boxed {
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
            return Boxed { flow_kg_s: 0.0, supply_c, reheat_w: 0.0, to_zone_w: 0.0 };
        }
        let most_w = self.reheat_w.max(0.0) * (1.0 - limit(self.faults.reheat_fouling, 0.0, 1.0));
        let leak_w = limit(self.faults.reheat_leak, 0.0, 1.0) * most_w;
        let reheat_w = limit((wanted_c - supply_c) * capacity_w_k, leak_w, most_w);
        let leaving_c = supply_c + reheat_w / capacity_w_k;
        Boxed { flow_kg_s, supply_c: leaving_c, reheat_w, to_zone_w: capacity_w_k * (leaving_c - zone_c) }
    }
}

/// What a box does.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Boxed {
    /// Flow, in kg/s.
    pub flow_kg_s: f64,
    /// Temperature of the air into the zone, in °C.
    pub supply_c: f64,
    /// Reheat, in W.
    pub reheat_w: f64,
    /// Sensible heat to the zone, in W; negative where it cools.
    pub to_zone_w: f64,
}
