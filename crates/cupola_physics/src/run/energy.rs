//! Plant in a run: what the zones' loads cost in electricity, gas, money and greenhouse gases.

use crate::air::humidity_ratio;
use crate::plant::Air;
use crate::plant::battery::Battery;
use crate::plant::boiler::Boiler;
use crate::plant::chiller::Chiller;
use crate::plant::heat_pump::{HeatPump, RATED_WATER_C};
use crate::plant::pv::Field;
use crate::plant::tariff::J_PER_KWH;
use crate::study::{ColdKind, EmissionsDoc, HeatKind, Plant, Program, Site, Study, TariffDoc, Value};
use crate::sun::Plane;
use crate::thermal::Ambient;
use serde::Serialize;
use std::collections::BTreeMap;

/// Below this the water of a cooling tower isn't let fall, °C, and how close it comes to the wet bulb, K (ASHRAE 90.1-2019, G3.1.3.11).
const TOWER: (f64, f64) = (21.0, 3.9);
/// Water that leaves a boiler, and how much colder it comes back, °C and K (ASHRAE 90.1-2019, G3.1.3.3 and G3.1.3.4 have 82 and 28; low
/// temperature heating, an assumption).
const BOILER_WATER: (f64, f64) = (60.0, 20.0);
/// Chilled water (ASHRAE 90.1-2019, G3.1.3.8: 6.7 °C).
const CHILLED_WATER_C: f64 = 6.7;
/// A source without a capacity is as large as the load it meets: its part-load curve stands at this share.
const FITTED_PART_LOAD: f64 = 0.7;

/// What a building draws over a run, by end use.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Energy {
    /// Electricity by end use, kWh.
    pub electricity_kwh: BTreeMap<&'static str, f64>,
    /// Gas by end use, kWh of the higher heating value.
    pub gas_kwh: BTreeMap<&'static str, f64>,
    /// District heat, kWh.
    pub district_heat_kwh: f64,
    /// District cold, kWh.
    pub district_cold_kwh: f64,
    /// What photovoltaics made, kWh.
    pub photovoltaics_kwh: f64,
    /// Electricity from the grid, kWh.
    pub grid_import_kwh: f64,
    /// Electricity to the grid, kWh.
    pub grid_export_kwh: f64,
    /// The highest hourly mean power from the grid, W.
    pub grid_peak_w: f64,
    /// Heat that the source could not give, kWh.
    pub unmet_heating_kwh: f64,
    /// Cold that the source could not give, kWh.
    pub unmet_cooling_kwh: f64,
    /// What it costs, in the tariff's currency.
    pub cost: f64,
    /// Greenhouse gases, kg CO2e.
    pub co2e_kg: f64,
}

#[derive(Clone, Debug)]
enum Heat {
    Boiler(Boiler, f64),
    Pump(HeatPump, f64),
    Electric(f64),
    District,
}

/// A plant that runs.
#[derive(Clone, Debug)]
pub(super) struct PlantRun {
    heat: Option<(Heat, bool)>,
    chiller: Option<(Chiller, f64, bool)>,
    district_cold: bool,
    distribution_loss: f64,
    pump_share: f64,
    fields: Vec<(Field, Plane)>,
    battery: Option<(Battery, f64)>,
    price: Value,
    tariff: TariffDoc,
    emissions: EmissionsDoc,
    energy: Energy,
    /// Of the hour: seconds and J from the grid; and the month's highest power.
    hour: (f64, f64),
    month: Option<(usize, f64)>,
    ground_reflectance: f64,
}

/// What a step asks of the plant, W.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Demand {
    pub heating_w: f64,
    pub cooling_w: f64,
    pub lights_w: f64,
    pub equipment_w: f64,
    pub fans_w: f64,
}

impl PlantRun {
    pub fn new(study: &Study, plant: &Plant, program: &Program) -> Self {
        let heat = plant.heating.as_ref().map(|source| {
            let capacity_w = source.capacity_w.unwrap_or(1.0);
            let water_c = source.supply_c;
            let heat = match source.kind {
                HeatKind::GasBoiler | HeatKind::CondensingBoiler => {
                    let make = if source.kind == HeatKind::GasBoiler { Boiler::gas } else { Boiler::condensing };
                    let mut boiler = make(capacity_w);
                    boiler.efficiency = source.efficiency.unwrap_or(boiler.efficiency);
                    Heat::Boiler(boiler, water_c.unwrap_or(BOILER_WATER.0) - BOILER_WATER.1)
                }
                HeatKind::HeatPump => {
                    let mut pump = HeatPump::new(capacity_w);
                    pump.cop = source.efficiency.unwrap_or(pump.cop);
                    Heat::Pump(pump, water_c.unwrap_or(RATED_WATER_C))
                }
                HeatKind::Electric => Heat::Electric(source.capacity_w.unwrap_or(f64::INFINITY)),
                HeatKind::District => Heat::District,
            };
            (heat, source.capacity_w.is_none())
        });
        let cold = plant.cooling.as_ref();
        let chiller = cold.filter(|source| source.kind == ColdKind::Chiller).map(|source| {
            let mut chiller = Chiller::centrifugal(source.capacity_w.unwrap_or(1.0));
            chiller.cop = source.cop.unwrap_or(chiller.cop);
            (chiller, source.supply_c.unwrap_or(CHILLED_WATER_C), source.capacity_w.is_none())
        });
        let field = |field: &crate::study::Photovoltaics| {
            let mut made = Field::new(field.rated_w);
            made.losses = field.losses.unwrap_or(made.losses);
            (made, Plane::new(field.azimuth_deg, field.tilt_deg))
        };
        let battery = plant.battery.as_ref().map(|given| {
            let mut battery = Battery::new(given.capacity_kwh * J_PER_KWH);
            if let Some(power_w) = given.power_w {
                (battery.charge_w, battery.discharge_w) = (power_w, power_w);
            }
            let reserve_j = battery.reserve * battery.capacity_j;
            (battery, reserve_j)
        });
        Self {
            heat,
            chiller,
            district_cold: cold.is_some_and(|source| source.kind == ColdKind::District),
            distribution_loss: plant.distribution_loss,
            pump_share: plant.pump_share.unwrap_or(Plant::PUMP_SHARE),
            fields: plant.photovoltaics.iter().map(field).collect(),
            battery,
            price: program.value(&plant.tariff.electricity_kwh),
            tariff: plant.tariff.clone(),
            emissions: plant.emissions.clone(),
            energy: Energy::default(),
            hour: (0.0, 0.0),
            month: None,
            ground_reflectance: study.site.ground_reflectance.unwrap_or(Site::GROUND_REFLECTANCE),
        }
    }

    /// Adds a step of so many seconds in a month, from 0.
    pub fn add(&mut self, program: &Program, ambient: &Ambient, demand: &Demand, step_s: f64, month: usize) {
        let kwh = step_s / J_PER_KWH;
        let on_way = 1.0 / (1.0 - self.distribution_loss).max(0.01);
        let (heating_w, cooling_w) = (demand.heating_w * on_way, demand.cooling_w * on_way);
        let mut electric = [
            ("lights", demand.lights_w),
            ("equipment", demand.equipment_w),
            ("fans", demand.fans_w),
            ("pumps", 0.0),
            ("heating", 0.0),
            ("cooling", 0.0),
        ];
        let outdoor = Air {
            temperature_c: ambient.dry_bulb_c,
            humidity_kg_kg: humidity_ratio(ambient.dry_bulb_c, ambient.relative_humidity),
        };
        if let Some((heat, is_fitted)) = &mut self.heat {
            let fitted = heating_w / FITTED_PART_LOAD;
            let (given_w, power_w, gas_w) = match heat {
                Heat::Boiler(boiler, return_c) => {
                    if *is_fitted {
                        boiler.capacity_w = fitted;
                    }
                    let burnt = boiler.run(heating_w, *return_c);
                    (burnt.heat_w, burnt.power_w, burnt.fuel_w)
                }
                Heat::Pump(pump, water_c) => {
                    if *is_fitted {
                        pump.capacity_w = 1.0;
                        pump.capacity_w = fitted / pump.available_w(&outdoor, *water_c).max(1e-3);
                    }
                    let pumped = pump.run(heating_w, &outdoor, *water_c);
                    (pumped.heat_w, pumped.power_w, 0.0)
                }
                Heat::Electric(capacity_w) => {
                    let given_w = heating_w.min(*capacity_w);
                    (given_w, given_w, 0.0)
                }
                Heat::District => {
                    self.energy.district_heat_kwh += kwh * heating_w;
                    (heating_w, 0.0, 0.0)
                }
            };
            electric[4].1 = power_w;
            electric[3].1 += self.pump_share * given_w;
            *self.energy.gas_kwh.entry("heating").or_default() += kwh * gas_w;
            self.energy.unmet_heating_kwh += kwh * (heating_w - given_w).max(0.0);
        }
        if let Some((chiller, leaving_c, is_fitted)) = &mut self.chiller {
            let condenser_c = (wet_bulb_c(ambient) + TOWER.1).max(TOWER.0);
            if *is_fitted {
                chiller.capacity_w = 1.0;
                let share = chiller.available_w(*leaving_c, condenser_c).max(1e-3);
                chiller.capacity_w = cooling_w / FITTED_PART_LOAD / share;
            }
            let chilled = chiller.run(cooling_w, *leaving_c, condenser_c);
            electric[5].1 = chilled.power_w;
            electric[3].1 += self.pump_share * chilled.cooling_w;
            self.energy.unmet_cooling_kwh += kwh * (cooling_w - chilled.cooling_w).max(0.0);
        } else if self.district_cold {
            self.energy.district_cold_kwh += kwh * cooling_w;
            electric[3].1 += self.pump_share * cooling_w;
        }
        let mut drawn_w = 0.0;
        for (use_of, power_w) in electric {
            drawn_w += power_w;
            *self.energy.electricity_kwh.entry(use_of).or_default() += kwh * power_w;
        }
        let made_w = self.photovoltaics_w(ambient);
        self.energy.photovoltaics_kwh += kwh * made_w;
        let (import_w, export_w) = match &mut self.battery {
            Some((battery, charge_j)) => {
                let dispatch = battery.self_consumption(*charge_j, made_w, drawn_w, step_s);
                *charge_j = dispatch.stored.charge_j;
                (dispatch.import_w, dispatch.export_w)
            }
            None => ((drawn_w - made_w).max(0.0), (made_w - drawn_w).max(0.0)),
        };
        self.energy.grid_import_kwh += kwh * import_w;
        self.energy.grid_export_kwh += kwh * export_w;
        self.energy.cost += kwh * (import_w * program.at(self.price) - export_w * self.tariff.feed_in_kwh);
        if self.month.is_none_or(|(running, _)| running != month) {
            self.end_month();
            self.month = Some((month, 0.0));
        }
        self.hour.0 += step_s;
        self.hour.1 += step_s * import_w;
        if self.hour.0 >= 3_599.0 {
            let mean_w = self.hour.1 / self.hour.0;
            if let Some((_, highest_w)) = &mut self.month {
                *highest_w = highest_w.max(mean_w);
            }
            self.energy.grid_peak_w = self.energy.grid_peak_w.max(mean_w);
            self.hour = (0.0, 0.0);
        }
    }

    fn photovoltaics_w(&self, ambient: &Ambient) -> f64 {
        let field = |(field, plane): &(Field, Plane)| {
            let light = ambient.sky.on_plane(plane, self.ground_reflectance).total();
            field.ac_w(light, ambient.dry_bulb_c, ambient.wind_m_s)
        };
        self.fields.iter().map(field).sum()
    }

    fn end_month(&mut self) {
        let Some((_, highest_w)) = self.month else { return };
        self.energy.cost += self.tariff.fixed_month + self.tariff.demand_kw * highest_w / 1_000.0;
    }

    /// All that was drawn.
    pub fn finish(mut self) -> Energy {
        self.end_month();
        let gas_kwh: f64 = self.energy.gas_kwh.values().sum();
        let energy = &mut self.energy;
        let (tariff, factors) = (&self.tariff, &self.emissions);
        energy.cost += gas_kwh * tariff.gas_kwh
            + energy.district_heat_kwh * tariff.heat_kwh
            + energy.district_cold_kwh * tariff.cold_kwh;
        energy.co2e_kg = energy.grid_import_kwh * factors.electricity_kg_kwh
            + gas_kwh * factors.gas_kg_kwh
            + energy.district_heat_kwh * factors.heat_kg_kwh
            + energy.district_cold_kwh * factors.cold_kg_kwh;
        self.energy
    }
}

/// Wet-bulb temperature, °C, from temperature and relative humidity (Stull 2011, at the sea's level, within 1 K from 5 to 99 %).
fn wet_bulb_c(ambient: &Ambient) -> f64 {
    let (air_c, humidity) = (ambient.dry_bulb_c, (100.0 * ambient.relative_humidity).clamp(5.0, 99.0));
    air_c * (0.151_977 * (humidity + 8.313_659).sqrt()).atan() + (air_c + humidity).atan()
        - (humidity - 1.676_331).atan()
        + 0.003_918_38 * humidity.powf(1.5) * (0.023_101 * humidity).atan()
        - 4.686_035
}
