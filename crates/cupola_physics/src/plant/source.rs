//! What makes heat or cold for a building, as one kind of thing: what it can give, and what it draws for it.

use super::boiler::Boiler;
use super::chiller::Chiller;
use super::heat_pump::{HeatPump, RATED_WATER_C};
use super::{Air, limit};
use crate::study::{ColdKind, ColdSource, HeatKind, HeatSource};

/// Below this the water of a cooling tower isn't let fall, °C, and how close it comes to the wet bulb, K (ASHRAE 90.1-2019, G3.1.3.11).
const TOWER: (f64, f64) = (21.0, 3.9);
/// Water that leaves a boiler, and how much colder it comes back, °C and K (ASHRAE 90.1-2019, G3.1.3.3 and G3.1.3.4 have 82 and 28; low
/// temperature heating, an assumption).
const BOILER_WATER: (f64, f64) = (60.0, 20.0);
/// Chilled water (ASHRAE 90.1-2019, G3.1.3.8: 6.7 °C).
const CHILLED_WATER_C: f64 = 6.7;
/// A source without a capacity is as large as the load it meets: its part-load curve stands at this share.
const FITTED_PART_LOAD: f64 = 0.7;

/// What makes heat or cold.
#[derive(Clone, Debug, PartialEq)]
pub struct Source {
    machine: Machine,
    /// Without a capacity of its own it is as large as is needed.
    is_fitted: bool,
}

/// Machines, with the temperatures of their water, °C.
#[derive(Clone, Debug, PartialEq)]
enum Machine {
    /// Water comes back.
    Boiler(Boiler, f64),
    /// Water leaves.
    HeatPump(HeatPump, f64),
    /// Water leaves.
    Chiller(Chiller, f64),
    /// Resistance, with its capacity, W.
    Electric(f64),
    /// Bought as it is, with the connection's capacity, W.
    District(f64),
}

/// What a source did, W.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Made {
    /// Heat, or cold.
    pub given_w: f64,
    /// Electricity.
    pub electricity_w: f64,
    /// Gas, of its higher heating value.
    pub gas_w: f64,
    /// Heat or cold that was bought.
    pub district_w: f64,
}

impl Source {
    /// A source of heat.
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

    /// A source of cold.
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

    /// The most that it gives in this outdoor air, W; without a capacity of its own infinite, or nothing beyond the machine's limits.
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

    /// Meets a load, W, as far as it can.
    pub fn run(&mut self, load_w: f64, outdoor: &Air) -> Made {
        let fitted_w = self.is_fitted.then_some(load_w / FITTED_PART_LOAD);
        match &mut self.machine {
            Machine::Boiler(boiler, return_c) => {
                boiler.capacity_w = fitted_w.unwrap_or(boiler.capacity_w);
                let burnt = boiler.run(load_w, *return_c);
                Made { given_w: burnt.heat_w, electricity_w: burnt.power_w, gas_w: burnt.fuel_w, district_w: 0.0 }
            }
            Machine::HeatPump(pump, water_c) => {
                if let Some(fitted_w) = fitted_w {
                    pump.capacity_w = 1.0;
                    pump.capacity_w = fitted_w / pump.available_w(outdoor, *water_c).max(1e-3);
                }
                let pumped = pump.run(load_w, outdoor, *water_c);
                Made { given_w: pumped.heat_w, electricity_w: pumped.power_w, ..Made::default() }
            }
            Machine::Chiller(chiller, leaving_c) => {
                let condenser_c = condenser_c(outdoor);
                if let Some(fitted_w) = fitted_w {
                    chiller.capacity_w = 1.0;
                    chiller.capacity_w = fitted_w / chiller.available_w(*leaving_c, condenser_c).max(1e-3);
                }
                let chilled = chiller.run(load_w, *leaving_c, condenser_c);
                Made { given_w: chilled.cooling_w, electricity_w: chilled.power_w, ..Made::default() }
            }
            Machine::Electric(capacity_w) => {
                let given_w = limit(load_w, 0.0, *capacity_w);
                Made { given_w, electricity_w: given_w, ..Made::default() }
            }
            Machine::District(capacity_w) => {
                let given_w = limit(load_w, 0.0, *capacity_w);
                Made { given_w, district_w: given_w, ..Made::default() }
            }
        }
    }
}

/// Water from a cooling tower, °C.
fn condenser_c(outdoor: &Air) -> f64 {
    (wet_bulb_c(outdoor) + TOWER.1).max(TOWER.0)
}

/// Wet-bulb temperature, °C, from temperature and relative humidity (Stull 2011, at the sea's level, within 1 K from 5 to 99 %).
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
            // Only a heat pump takes more from elsewhere than it draws.
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
        // 20 °C and 50 %: 13.7 °C (Stull 2011, example).
        let humidity_kg_kg = crate::air::humidity_ratio(20.0, 0.5);
        assert!((wet_bulb_c(&Air { temperature_c: 20.0, humidity_kg_kg }) - 13.7).abs() < 0.05);
    }
}
