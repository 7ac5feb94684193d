//! Boilers: fuel consumption as a function of part load and return temperature.

use crate::plant::curve::{Polynomial, Range, Table};
use crate::plant::limit;

/// Full-load efficiency of a gas boiler, based on the higher heating value (ASHRAE 90.1-2019 table 6.8.1-6,
/// 88 to 733 kW).
pub const GAS_EFFICIENCY: f64 = 0.80;

/// A boiler.
#[derive(Clone, Debug, PartialEq)]
pub struct Boiler {
    /// Heating capacity, in W.
    pub capacity_w: f64,
    /// Efficiency at full load, above 0, at most 1.1.
    pub efficiency: f64,
    /// Fuel consumption relative to full load, as a function of the part-load ratio.
    pub fuel_curve: Polynomial,
    /// Efficiency relative to the nominal efficiency, as a function of the return temperature, in °C. `None`
    /// means that the return temperature has no effect.
    pub return_curve: Option<Table>,
    /// Electric power of burner and controls while the boiler runs, as a fraction of the heat, at least 0.
    pub electric_share: f64,
    /// Faults.
    pub faults: BoilerFaults,
}

/// Faults of a boiler.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct BoilerFaults {
    /// Whether the boiler is out of order.
    pub off: bool,
    /// Fraction of the efficiency lost by soot and scale, 0 to 1.
    pub efficiency_loss: f64,
}

impl Boiler {
    /// Returns an atmospheric gas boiler: [`GAS_EFFICIENCY`], and the curve of DOE-2's hot-water boiler
    /// (HW-BOILER-HIR-fPLR; the numbers are unverified and count as an assumption).
    pub const fn gas(capacity_w: f64) -> Self {
        Self {
            capacity_w,
            efficiency: GAS_EFFICIENCY,
            fuel_curve: Polynomial {
                coefficients: [0.082_597, 0.996_764, -0.079_361, 0.0],
                range: Range::new(0.0, 1.0),
            },
            return_curve: None,
            electric_share: 0.0,
            faults: BoilerFaults { off: false, efficiency_loss: 0.0 },
        }
    }

    /// Returns a condensing gas boiler: 92 % efficiency at a return temperature of 60 °C, as boilers are rated, and more
    /// at lower ones (the shape of ASHRAE Handbook HVAC Systems and Equipment ch. 32; the numbers are an
    /// assumption).
    pub fn condensing(capacity_w: f64) -> Self {
        let gain = Table::new(vec![(30.0, 1.07), (45.0, 1.04), (55.0, 1.01), (60.0, 1.0), (80.0, 0.99)]);
        Self {
            efficiency: 0.92,
            fuel_curve: Polynomial { coefficients: [0.0, 0.97, 0.03, 0.0], range: Range::new(0.0, 1.0) },
            return_curve: gain,
            ..Self::gas(capacity_w)
        }
    }

    /// Runs the boiler for a load, in W, at a return temperature, in °C.
    pub fn run(&self, load_w: f64, return_c: f64) -> BoilerResult {
        let heat_w = limit(load_w, 0.0, self.capacity_w.max(0.0));
        let better = self.return_curve.as_ref().map_or(1.0, |curve| curve.at(return_c));
        let efficiency =
            limit(self.efficiency, 0.0, 1.1) * better.max(0.0) * (1.0 - limit(self.faults.efficiency_loss, 0.0, 1.0));
        if self.faults.off || heat_w <= 0.0 || efficiency <= 0.0 {
            return BoilerResult::default();
        }
        let share = self.fuel_curve.at(heat_w / self.capacity_w).max(0.0);
        // The heat cannot exceed the higher heating value of the fuel.
        let fuel_w = (self.capacity_w / efficiency * share).max(heat_w);
        BoilerResult { heat_w, fuel_w, power_w: self.electric_share.max(0.0) * heat_w }
    }
}

/// Result of a boiler.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct BoilerResult {
    /// Heat, in W.
    pub heat_w: f64,
    /// Fuel power, in W, based on the higher heating value.
    pub fuel_w: f64,
    /// Electric power, in W.
    pub power_w: f64,
}
