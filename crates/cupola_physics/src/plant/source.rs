//! Heat and cold sources of a building with a common interface: capacity, output and energy use.

use super::boiler::Boiler;
use super::chiller::Chiller;
use super::heat_pump::{HeatPump, RATED_WATER_C};
use super::{Air, limit};
use crate::study::{ColdKind, ColdSource, HeatKind, HeatSource};

/// Minimum temperature of the cooling tower water, in °C, and approach to the wet-bulb temperature, in K
/// (ASHRAE 90.1-2019, G3.1.3.11).
const TOWER: (f64, f64) = (21.0, 3.9);
/// Supply temperature of a boiler, in °C, and difference between supply and return, in K (ASHRAE 90.1-2019,
/// G3.1.3.3 and G3.1.3.4 have 82 and 28; low temperature heating, an assumption).
const BOILER_WATER: (f64, f64) = (60.0, 20.0);
/// Chilled water temperature (ASHRAE 90.1-2019, G3.1.3.8: 6.7 °C).
const CHILLED_WATER_C: f64 = 6.7;
/// Part-load ratio of a source without a given capacity. Such a source is sized to its load.
const FITTED_PART_LOAD: f64 = 0.7;

/// Heat or cold source.
#[derive(Clone, Debug, PartialEq)]
pub struct Source {
    machine: Machine,
    /// Whether the source has no given capacity and is sized to its load.
    is_fitted: bool,
}

/// Machine, with its water temperature in °C or its capacity in W.
#[derive(Clone, Debug, PartialEq)]
enum Machine {
    /// Boiler, with the return temperature.
    Boiler(Boiler, f64),
    /// Heat pump, with the leaving water temperature.
    HeatPump(HeatPump, f64),
    /// Chiller, with the leaving chilled water temperature.
    Chiller(Chiller, f64),
    /// Electric resistance heating, with its capacity, in W.
    Electric(f64),
    /// District heat or cold, with the capacity of the connection, in W.
    District(f64),
}

/// Output and energy use of a source, in W.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct SourceOutput {
    /// Heat or cold delivered.
    pub given_w: f64,
    /// Electric power.
    pub electricity_w: f64,
    /// Gas power, based on the higher heating value.
    pub gas_w: f64,
    /// District heat or cold purchased.
    pub district_w: f64,
}

impl Source {
    /// Returns a heat source.
    pub fn heat(source: &HeatSource) -> Self {
        let capacity_w = source.capacity_w.unwrap_or(1.0);
        let any_w = source.capacity_w.unwrap_or(f64::INFINITY);
        let machine = match source.kind {
            HeatKind::GasBoiler | HeatKind::CondensingBoiler => {
                let make = if source.kind == HeatKind::GasBoiler { Boiler::gas } else { Boiler::condensing };
                let mut boiler = make(capacity_w);
                boiler.efficiency = source.efficiency.unwrap_or(boiler.efficiency);
                Machine::Boiler(boiler, source.supply_c.unwrap_or(BOILER_WATER.0) - BOILER_WATER.1)
            }
            HeatKind::HeatPump => {
                let mut pump = HeatPump::new(capacity_w);
                pump.cop = source.efficiency.unwrap_or(pump.cop);
                Machine::HeatPump(pump, source.supply_c.unwrap_or(RATED_WATER_C))
            }
            HeatKind::Electric => Machine::Electric(any_w),
            HeatKind::District => Machine::District(any_w),
        };
        Self { machine, is_fitted: source.capacity_w.is_none() }
    }

    /// Returns a cold source.
    pub fn cold(source: &ColdSource) -> Self {
        let machine = match source.kind {
            ColdKind::Chiller => {
                let mut chiller = Chiller::centrifugal(source.capacity_w.unwrap_or(1.0));
                chiller.cop = source.cop.unwrap_or(chiller.cop);
                Machine::Chiller(chiller, source.supply_c.unwrap_or(CHILLED_WATER_C))
            }
            ColdKind::District => Machine::District(source.capacity_w.unwrap_or(f64::INFINITY)),
        };
        Self { machine, is_fitted: source.capacity_w.is_none() }
    }

    /// Returns the maximum output in this outdoor air, in W. Without a given capacity it is infinite, or 0
    /// outside the operating range of the machine.
    pub fn most_w(&self, outdoor: &Air) -> f64 {
        match &self.machine {
            Machine::HeatPump(pump, water_c) if self.is_fitted => {
                let one = HeatPump { capacity_w: 1.0, ..*pump };
                if one.available_w(outdoor, *water_c) > 0.0 { f64::INFINITY } else { 0.0 }
            }
            _ if self.is_fitted => f64::INFINITY,
            Machine::Boiler(boiler, _) => boiler.capacity_w,
            Machine::HeatPump(pump, water_c) => pump.available_w(outdoor, *water_c),
            Machine::Chiller(chiller, leaving_c) => chiller.available_w(*leaving_c, condenser_c(outdoor)),
            Machine::Electric(capacity_w) | Machine::District(capacity_w) => *capacity_w,
        }
    }

    /// Runs the source for a load, in W, up to its capacity.
    pub fn run(&mut self, load_w: f64, outdoor: &Air) -> SourceOutput {
        let fitted_w = self.is_fitted.then_some(load_w / FITTED_PART_LOAD);
        match &mut self.machine {
            Machine::Boiler(boiler, return_c) => {
                boiler.capacity_w = fitted_w.unwrap_or(boiler.capacity_w);
                let burnt = boiler.run(load_w, *return_c);
                SourceOutput {
                    given_w: burnt.heat_w,
                    electricity_w: burnt.power_w,
                    gas_w: burnt.fuel_w,
                    district_w: 0.0,
                }
            }
            Machine::HeatPump(pump, water_c) => {
                if let Some(fitted_w) = fitted_w {
                    pump.capacity_w = 1.0;
                    pump.capacity_w = fitted_w / pump.available_w(outdoor, *water_c).max(1e-3);
                }
                let pumped = pump.run(load_w, outdoor, *water_c);
                SourceOutput { given_w: pumped.heat_w, electricity_w: pumped.power_w, ..SourceOutput::default() }
            }
            Machine::Chiller(chiller, leaving_c) => {
                let condenser_c = condenser_c(outdoor);
                if let Some(fitted_w) = fitted_w {
                    chiller.capacity_w = 1.0;
                    chiller.capacity_w = fitted_w / chiller.available_w(*leaving_c, condenser_c).max(1e-3);
                }
                let chilled = chiller.run(load_w, *leaving_c, condenser_c);
                SourceOutput { given_w: chilled.cooling_w, electricity_w: chilled.power_w, ..SourceOutput::default() }
            }
            Machine::Electric(capacity_w) => {
                let given_w = limit(load_w, 0.0, *capacity_w);
                SourceOutput { given_w, electricity_w: given_w, ..SourceOutput::default() }
            }
            Machine::District(capacity_w) => {
                let given_w = limit(load_w, 0.0, *capacity_w);
                SourceOutput { given_w, district_w: given_w, ..SourceOutput::default() }
            }
        }
    }
}

/// Returns the temperature of the water from a cooling tower, in °C.
fn condenser_c(outdoor: &Air) -> f64 {
    (wet_bulb_c(outdoor) + TOWER.1).max(TOWER.0)
}

/// Returns the wet-bulb temperature, in °C, from temperature and relative humidity (Stull 2011, at sea level,
/// within 1 K from 5 to 99 %).
fn wet_bulb_c(outdoor: &Air) -> f64 {
    let air_c = outdoor.temperature_c;
    let humidity = (100.0 * crate::air::relative_humidity(air_c, outdoor.humidity_kg_kg)).clamp(5.0, 99.0);
    air_c * (0.151_977 * (humidity + 8.313_659).sqrt()).atan() + (air_c + humidity).atan()
        - (humidity - 1.676_331).atan()
        + 0.003_918_38 * humidity.powf(1.5) * (0.023_101 * humidity).atan()
        - 4.686_035
}

#[cfg(test)]
mod tests {
    use super::*;

    const MILD: Air = Air { temperature_c: 10.0, humidity_kg_kg: 0.006 };

    #[test]
    fn gives_what_it_can_and_draws_for_it() {
        let heat = |kind, capacity_w| Source::heat(&HeatSource { kind, capacity_w, efficiency: None, supply_c: None });
        let kinds = [
            HeatKind::GasBoiler,
            HeatKind::CondensingBoiler,
            HeatKind::HeatPump,
            HeatKind::Electric,
            HeatKind::District,
        ];
        for kind in kinds {
            let mut limited = heat(kind, Some(10_000.0));
            let most_w = limited.most_w(&MILD);
            let made = limited.run(1e6, &MILD);
            assert!((made.given_w - most_w).abs() < 1e-6 && most_w < 12_000.0, "{kind:?}: {made:?}");
            let mut fitted = heat(kind, None);
            let made = fitted.run(1e6, &MILD);
            assert!((made.given_w - 1e6).abs() < 1e-3 && fitted.most_w(&MILD).is_infinite(), "{kind:?}");
            let drawn_w = made.electricity_w + made.gas_w + made.district_w;
            // Only a heat pump delivers more heat than the energy that it uses.
            assert!(drawn_w >= 1e6 - 1e-3 || kind == HeatKind::HeatPump && drawn_w > 1e5, "{kind:?}: {made:?}");
            assert_eq!(heat(kind, Some(10_000.0)).run(f64::NAN, &MILD).given_w, 0.0, "{kind:?}");
        }
        let arctic = Air { temperature_c: -25.0, humidity_kg_kg: 0.000_3 };
        assert_eq!(heat(HeatKind::HeatPump, None).most_w(&arctic), 0.0, "too cold for any");
        let cold = |kind| Source::cold(&ColdSource { kind, capacity_w: Some(10_000.0), cop: None, supply_c: None });
        for kind in [ColdKind::Chiller, ColdKind::District] {
            let made = cold(kind).run(5_000.0, &MILD);
            assert_eq!(made.given_w, 5_000.0);
            assert!(made.electricity_w > 500.0 || made.district_w == 5_000.0, "{kind:?}: {made:?}");
        }
    }

    #[test]
    fn wet_bulb_of_a_known_air() {
        // 20 °C and 50 % have a wet-bulb temperature of 13.7 °C (Stull 2011, example).
        let humidity_kg_kg = crate::air::humidity_ratio(20.0, 0.5);
        assert!((wet_bulb_c(&Air { temperature_c: 20.0, humidity_kg_kg }) - 13.7).abs() < 0.05);
    }
}
