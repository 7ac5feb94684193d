//! Electric chillers: capacity and energy input ratio as functions of temperatures and part load (DOE-2's
//! model; EnergyPlus Engineering Reference, "Electric Chiller Based on Fluid Temperature Differences/EIR").

use crate::plant::curve::{Biquadratic, Polynomial, Range};
use crate::plant::limit;

/// Electric chiller.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Chiller {
    /// Capacity at the reference temperatures, in W.
    pub capacity_w: f64,
    /// Coefficient of performance at full load and reference temperatures.
    pub cop: f64,
    /// Capacity relative to the reference, as a function of the leaving chilled water temperature and the
    /// entering condenser temperature, in °C.
    pub capacity_curve: Biquadratic,
    /// Energy input ratio relative to the reference, as a function of the same temperatures.
    pub input_curve: Biquadratic,
    /// Power relative to full load, as a function of the part-load ratio.
    pub part_load_curve: Polynomial,
    /// Minimum part-load ratio, 0 to 1. Below it the compressor cycles.
    pub least_part_load: f64,
    /// Minimum unloading ratio, 0 to 1, at least `least_part_load`. Below it the compressor is false-loaded.
    pub least_unloading: f64,
    /// Faults.
    pub faults: ChillerFaults,
}

/// Faults of a chiller.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ChillerFaults {
    /// Whether the chiller is out of order.
    pub off: bool,
    /// Fraction of the capacity lost by fouling, 0 to 1.
    pub capacity_loss: f64,
    /// Increase of power for the same cooling, as a fraction, at least 0 (fouled condenser, lost
    /// refrigerant).
    pub power_rise: f64,
}

impl Chiller {
    /// Returns a water-cooled centrifugal chiller, COP 5.5 at 6.67 °C and 29.4 °C (DOE-2 Centrifugal/5.50COP
    /// in EnergyPlus's Chillers.idf).
    pub const fn centrifugal(capacity_w: f64) -> Self {
        Self {
            capacity_w,
            cop: 5.5,
            capacity_curve: Biquadratic {
                coefficients: [0.257_896, 0.038_901_6, -0.000_217_08, 0.046_868_4, -0.000_942_84, -0.000_343_44],
                x: Range::new(5.0, 10.0),
                y: Range::new(24.0, 35.0),
            },
            input_curve: Biquadratic {
                coefficients: [0.933_884, -0.058_212, 0.004_500_36, 0.002_43, 0.000_486, -0.001_215],
                x: Range::new(5.0, 10.0),
                y: Range::new(24.0, 35.0),
            },
            part_load_curve: Polynomial {
                coefficients: [0.222_903, 0.313_387, 0.463_71, 0.0],
                range: Range::new(0.0, 1.0),
            },
            least_part_load: 0.1,
            least_unloading: 0.2,
            faults: ChillerFaults { off: false, capacity_loss: 0.0, power_rise: 0.0 },
        }
    }

    /// Returns the capacity, in W, at a leaving chilled water temperature and an entering condenser
    /// temperature, in °C.
    pub fn available_w(&self, leaving_c: f64, condenser_c: f64) -> f64 {
        if self.faults.off {
            return 0.0;
        }
        let share = self.capacity_curve.at(leaving_c, condenser_c).max(0.0);
        self.capacity_w.max(0.0) * share * (1.0 - limit(self.faults.capacity_loss, 0.0, 1.0))
    }

    /// Runs the chiller for a load, in W.
    pub fn run(&self, load_w: f64, leaving_c: f64, condenser_c: f64) -> ChillerResult {
        let available_w = self.available_w(leaving_c, condenser_c);
        let cooling_w = limit(load_w, 0.0, available_w);
        if cooling_w <= 0.0 || self.cop <= 0.0 {
            return ChillerResult::default();
        }
        let part_load = cooling_w / available_w;
        let least = limit(self.least_part_load, 1e-3, 1.0);
        let cycling = (part_load / least).min(1.0);
        let unloading = part_load.max(limit(self.least_unloading, least, 1.0));
        let full_w = available_w / self.cop * self.input_curve.at(leaving_c, condenser_c).max(0.0);
        let share = self.part_load_curve.at(unloading).max(0.0);
        let power_w = full_w * share * cycling * (1.0 + self.faults.power_rise.max(0.0));
        ChillerResult { cooling_w, power_w, rejected_w: cooling_w + power_w, part_load }
    }
}

/// Result of a chiller.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ChillerResult {
    /// Cooling, in W.
    pub cooling_w: f64,
    /// Electric power, in W.
    pub power_w: f64,
    /// Heat rejected to the condenser, in W.
    pub rejected_w: f64,
    /// Part-load ratio, 0 to 1.
    pub part_load: f64,
}
