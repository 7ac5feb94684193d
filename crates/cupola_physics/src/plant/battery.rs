//! A battery: charge and its limits, and how it serves self-consumption.

use crate::plant::limit;

/// A battery. Its charge, in J, is carried by the caller.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Battery {
    /// Usable energy, in J.
    pub capacity_j: f64,
    /// Greatest power from the net when charging, in W.
    pub charge_w: f64,
    /// Greatest power to the net when discharging, in W.
    pub discharge_w: f64,
    /// Energy stored over energy taken, above 0, at most 1.
    pub charge_efficiency: f64,
    /// Energy given over energy drawn from store, above 0, at most 1.
    pub discharge_efficiency: f64,
    /// The part of the capacity that is never drawn, 0 to 1.
    pub reserve: f64,
    /// Energy lost by standing, as a part per second, at least 0.
    pub loss_per_s: f64,
}

impl Battery {
    /// A lithium-ion battery that is charged or discharged within two hours, 95 % each way, 10 % kept, 2 % lost a month
    /// (assumptions).
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

    /// Steps by `step_s` seconds with a wanted power, in W: positive charges, negative discharges.
    pub fn step(&self, charge_j: f64, wanted_w: f64, step_s: f64) -> Stored {
        let capacity_j = self.capacity_j.max(0.0);
        let start_j = limit(charge_j, 0.0, capacity_j);
        let step_s = limit(step_s, 0.0, 1e9);
        if step_s <= 0.0 {
            return Stored { charge_j: start_j, power_w: 0.0, lost_j: 0.0 };
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
        Stored { charge_j, power_w, lost_j: start_j + power_w * step_s - charge_j }
    }

    /// Takes what generation leaves over and gives what it lacks, as far as the battery can; the rest is the net's.
    pub fn self_consumption(&self, charge_j: f64, generation_w: f64, load_w: f64, step_s: f64) -> Dispatch {
        let (generation_w, load_w) = (generation_w.max(0.0), load_w.max(0.0));
        let stored = self.step(charge_j, generation_w - load_w, step_s);
        let net_w = load_w + stored.power_w - generation_w;
        Dispatch { stored, import_w: net_w.max(0.0), export_w: (-net_w).max(0.0) }
    }
}

/// What a battery does in a step.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Stored {
    /// Charge after it, in J.
    pub charge_j: f64,
    /// Power, in W: positive from the net, negative to it.
    pub power_w: f64,
    /// Energy lost, in J.
    pub lost_j: f64,
}

/// Where the power goes.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Dispatch {
    /// The battery.
    pub stored: Stored,
    /// Power from the grid, in W.
    pub import_w: f64,
    /// Power to the grid, in W.
    pub export_w: f64,
}
