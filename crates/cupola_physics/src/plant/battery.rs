//! Battery: state of charge, its limits, and dispatch for self-consumption.

use crate::plant::limit;

/// Battery. The caller stores its charge, in J.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Battery {
    /// Usable energy, in J.
    pub capacity_j: f64,
    /// Maximum charging power at the terminals, in W.
    pub charge_w: f64,
    /// Maximum discharging power at the terminals, in W.
    pub discharge_w: f64,
    /// Charging efficiency: energy stored over energy taken, above 0, at most 1.
    pub charge_efficiency: f64,
    /// Discharging efficiency: energy delivered over energy drawn from the store, above 0, at most 1.
    pub discharge_efficiency: f64,
    /// Fraction of the capacity that is never discharged, 0 to 1.
    pub reserve: f64,
    /// Self-discharge rate, as a fraction per second, at least 0.
    pub loss_per_s: f64,
}

impl Battery {
    /// Returns a lithium-ion battery: charge and discharge within two hours, 95 % efficiency in each
    /// direction, 10 % reserve, 2 % self-discharge per month (assumptions).
    pub const fn new(capacity_j: f64) -> Self {
        Self {
            capacity_j,
            charge_w: capacity_j / 7_200.0,
            discharge_w: capacity_j / 7_200.0,
            charge_efficiency: 0.95,
            discharge_efficiency: 0.95,
            reserve: 0.1,
            loss_per_s: 0.02 / (30.0 * 86_400.0),
        }
    }

    /// Advances by `step_s` seconds at a wanted power, in W. Positive power charges, negative power
    /// discharges.
    pub fn step(&self, charge_j: f64, wanted_w: f64, step_s: f64) -> BatteryResult {
        let capacity_j = self.capacity_j.max(0.0);
        let start_j = limit(charge_j, 0.0, capacity_j);
        let step_s = limit(step_s, 0.0, 1e9);
        if step_s <= 0.0 {
            return BatteryResult { charge_j: start_j, power_w: 0.0, lost_j: 0.0 };
        }
        let standing_j = start_j * -(-self.loss_per_s.max(0.0) * step_s).exp_m1();
        let rested_j = start_j - standing_j;
        let into = limit(self.charge_efficiency, 1e-3, 1.0);
        let out = limit(self.discharge_efficiency, 1e-3, 1.0);
        let reserve_j = limit(self.reserve, 0.0, 1.0) * capacity_j;
        let power_w = if wanted_w > 0.0 {
            wanted_w.min(self.charge_w.max(0.0)).min((capacity_j - rested_j).max(0.0) / (into * step_s))
        } else {
            let most_w = self.discharge_w.max(0.0).min((rested_j - reserve_j).max(0.0) * out / step_s);
            -limit(-wanted_w, 0.0, most_w)
        };
        let change_j = if power_w > 0.0 { power_w * into * step_s } else { power_w / out * step_s };
        let charge_j = limit(rested_j + change_j, 0.0, capacity_j);
        BatteryResult { charge_j, power_w, lost_j: start_j + power_w * step_s - charge_j }
    }

    /// Charges with surplus generation and discharges for missing generation, within the limits of the
    /// battery. The grid supplies or takes the rest.
    pub fn self_consumption(&self, charge_j: f64, generation_w: f64, load_w: f64, step_s: f64) -> Dispatch {
        let (generation_w, load_w) = (generation_w.max(0.0), load_w.max(0.0));
        let stored = self.step(charge_j, generation_w - load_w, step_s);
        let net_w = load_w + stored.power_w - generation_w;
        Dispatch { stored, import_w: net_w.max(0.0), export_w: (-net_w).max(0.0) }
    }
}

/// Result of a battery's step.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct BatteryResult {
    /// Charge after the step, in J.
    pub charge_j: f64,
    /// Power at the terminals, in W: positive when charging, negative when discharging.
    pub power_w: f64,
    /// Energy lost, in J.
    pub lost_j: f64,
}

/// Power flows between generation, load, battery and grid.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Dispatch {
    /// Result of the battery's step.
    pub stored: BatteryResult,
    /// Power from the grid, in W.
    pub import_w: f64,
    /// Power to the grid, in W.
    pub export_w: f64,
}
