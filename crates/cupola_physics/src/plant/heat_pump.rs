//! Air-source heat pumps: capacity and COP as functions of outdoor air and water temperature, with
//! defrosting.

use crate::plant::{Air, limit, saturated_kg_kg};

/// Outdoor air temperature of the rating condition A7/W35 of EN 14511-2, in °C.
pub const RATED_AIR_C: f64 = 7.0;
/// Leaving water temperature of the rating condition A7/W35 of EN 14511-2, in °C.
pub const RATED_WATER_C: f64 = 35.0;
/// COP at A7/W35 (an assumption, a typical machine of about 2020).
pub const RATED_COP: f64 = 4.2;
/// Loss of capacity per kelvin of colder outdoor air, as a fraction of the rated capacity (an assumption).
pub const CAPACITY_SLOPE_PER_K: f64 = 0.022;
/// Temperature difference between refrigerant and air, and between refrigerant and water, in K (an
/// assumption).
pub const APPROACH_K: f64 = 5.0;
/// Outdoor temperature, in °C, below which frost forms on the coil (EnergyPlus Engineering Reference, DX
/// heating coil, defrost).
pub const DEFROST_BELOW_C: f64 = 5.0;

/// Air-source heat pump.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HeatPump {
    /// Heating capacity at A7/W35, in W.
    pub capacity_w: f64,
    /// COP at A7/W35.
    pub cop: f64,
    /// Loss of capacity per kelvin of colder air, as a fraction of the rated capacity, at least 0.
    pub capacity_slope_per_k: f64,
    /// Lowest outdoor air temperature for operation, in °C.
    pub coldest_c: f64,
    /// Highest leaving water temperature, in °C.
    pub hottest_c: f64,
    /// Whether defrosting reduces capacity and COP.
    pub defrosts: bool,
    /// Cycling loss: fraction of the COP lost towards zero load, 0 to 1 (0.25: EN 14825, default of
    /// air-to-air machines).
    pub cycling_loss: f64,
    /// Faults.
    pub faults: HeatPumpFaults,
}

/// Faults of a heat pump.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct HeatPumpFaults {
    /// Whether the heat pump is out of order.
    pub off: bool,
    /// Fraction of capacity and COP lost (fouled coil, lost refrigerant), 0 to 1.
    pub loss: f64,
}

impl HeatPump {
    /// Returns a typical machine: [`RATED_COP`], −20 °C to 60 °C (an assumption), with defrosting.
    pub const fn new(capacity_w: f64) -> Self {
        Self {
            capacity_w,
            cop: RATED_COP,
            capacity_slope_per_k: CAPACITY_SLOPE_PER_K,
            coldest_c: -20.0,
            hottest_c: 60.0,
            defrosts: true,
            cycling_loss: 0.25,
            faults: HeatPumpFaults { off: false, loss: 0.0 },
        }
    }

    /// Returns the full-load COP without defrosting: the rated COP times the ratio of the Carnot COPs, at
    /// constant exergetic efficiency.
    pub fn full_load_cop(&self, air_c: f64, water_c: f64) -> f64 {
        let carnot = |air_c: f64, water_c: f64| {
            let sink_k = water_c + APPROACH_K + 273.15;
            // The lift is at least 15 K, because the Carnot COP would become infinite at equal temperatures.
            sink_k / (water_c - air_c + 2.0 * APPROACH_K).max(15.0)
        };
        self.cop.max(0.0) * carnot(air_c, water_c) / carnot(RATED_AIR_C, RATED_WATER_C)
    }

    /// Returns the factors of capacity and power for timed reverse-cycle defrosting (EnergyPlus Engineering
    /// Reference, DX heating coil). The amount of frost grows with the water that the coil takes from the
    /// air.
    fn defrost(&self, outdoor: &Air) -> (f64, f64) {
        if !self.defrosts || outdoor.temperature_c >= DEFROST_BELOW_C {
            return (1.0, 1.0);
        }
        let coil_c = 0.82 * outdoor.temperature_c - 8.589;
        let ice = (outdoor.humidity_kg_kg - saturated_kg_kg(coil_c)).max(1e-6);
        (limit(0.909 - 107.33 * ice, 0.3, 1.0), limit(0.90 - 36.45 * ice, 0.3, 1.0))
    }

    /// Returns the heating capacity, in W, in this outdoor air.
    pub fn available_w(&self, outdoor: &Air, water_c: f64) -> f64 {
        let within = outdoor.temperature_c >= self.coldest_c && water_c <= self.hottest_c;
        if self.faults.off || !within {
            return 0.0;
        }
        let slope = self.capacity_slope_per_k.max(0.0);
        let share = limit(1.0 + slope * (outdoor.temperature_c - RATED_AIR_C), 0.1, 1.5);
        self.capacity_w.max(0.0) * share * self.defrost(outdoor).0 * (1.0 - limit(self.faults.loss, 0.0, 1.0))
    }

    /// Runs the heat pump for a load, in W, at a leaving water temperature, in °C.
    pub fn run(&self, load_w: f64, outdoor: &Air, water_c: f64) -> HeatPumpResult {
        let available_w = self.available_w(outdoor, water_c);
        let heat_w = limit(load_w, 0.0, available_w);
        let (capacity, power) = self.defrost(outdoor);
        let cop = self.full_load_cop(outdoor.temperature_c, water_c) * capacity / power
            * (1.0 - limit(self.faults.loss, 0.0, 1.0));
        if heat_w <= 0.0 || cop <= 0.0 {
            return HeatPumpResult::default();
        }
        let part_load = heat_w / available_w;
        let cycling = 1.0 - limit(self.cycling_loss, 0.0, 0.9) * (1.0 - part_load);
        let power_w = heat_w / (cop * cycling);
        HeatPumpResult { heat_w, power_w, cop: heat_w / power_w }
    }
}

/// Result of a heat pump.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct HeatPumpResult {
    /// Heat, in W.
    pub heat_w: f64,
    /// Electric power, in W.
    pub power_w: f64,
    /// COP: heat over electric power; 0 at rest.
    pub cop: f64,
}
