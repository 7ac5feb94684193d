//! Plant in a run: electricity, gas, cost and greenhouse gases from the loads of the zones.

use crate::plant::battery::Battery;
use crate::plant::pv::Field;
use crate::plant::source::Source;
use crate::plant::tariff::J_PER_KWH;
use crate::study::{EmissionsDoc, Plant, Program, Site, Study, TariffDoc, Value};
use crate::sun::Plane;
use crate::thermal::Ambient;
use serde::Serialize;
use std::collections::BTreeMap;

/// Energy use of a building over a run, by end use.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Energy {
    /// Electricity by end use, in kWh.
    pub electricity_kwh: BTreeMap<&'static str, f64>,
    /// Gas by end use, in kWh of the higher heating value.
    pub gas_kwh: BTreeMap<&'static str, f64>,
    /// District heat, in kWh.
    pub district_heat_kwh: f64,
    /// District cold, in kWh.
    pub district_cold_kwh: f64,
    /// Photovoltaic generation, in kWh.
    pub photovoltaics_kwh: f64,
    /// Electricity from the grid, in kWh.
    pub grid_import_kwh: f64,
    /// Electricity to the grid, in kWh.
    pub grid_export_kwh: f64,
    /// Highest hourly mean power from the grid, in W.
    pub grid_peak_w: f64,
    /// Heat demand beyond the capacity of the source, in kWh.
    pub unmet_heating_kwh: f64,
    /// Cooling demand beyond the capacity of the source, in kWh.
    pub unmet_cooling_kwh: f64,
    /// Cost, in the tariff's currency.
    pub cost: f64,
    /// Greenhouse gas emissions, in kg CO2e.
    pub co2e_kg: f64,
}

/// Plant of a run, with its state.
#[derive(Clone, Debug)]
pub(super) struct PlantRun {
    heat: Option<Source>,
    cold: Option<Source>,
    distribution_loss: f64,
    pump_share: f64,
    fields: Vec<(Field, Plane)>,
    battery: Option<(Battery, f64)>,
    price: Value,
    feed_in: Value,
    factor: Value,
    tariff: TariffDoc,
    emissions: EmissionsDoc,
    energy: Energy,
    /// Seconds of the current hour, and energy from the grid in it, in J. `month` holds the current month and
    /// its highest hourly mean power, in W.
    hour: (f64, f64),
    month: Option<(usize, f64)>,
    ground_reflectance: f64,
}

/// Demand of a step, in W.
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
            heat: plant.heating.as_ref().map(Source::heat),
            cold: plant.cooling.as_ref().map(Source::cold),
            distribution_loss: plant.distribution_loss,
            pump_share: plant.pump_share.unwrap_or(Plant::PUMP_SHARE),
            fields: plant.photovoltaics.iter().map(field).collect(),
            battery,
            price: program.value(&plant.tariff.electricity_kwh),
            feed_in: program.value(&plant.tariff.feed_in_kwh),
            factor: program.value(&plant.emissions.electricity_kg_kwh),
            tariff: plant.tariff.clone(),
            emissions: plant.emissions.clone(),
            energy: Energy::default(),
            hour: (0.0, 0.0),
            month: None,
            ground_reflectance: study.site.ground_reflectance.unwrap_or(Site::GROUND_REFLECTANCE),
        }
    }

    /// Returns the maximum heat and cold available to the zones, in W, after distribution losses. Sources
    /// without a limit give infinity.
    pub fn most_w(&self, ambient: &Ambient) -> (f64, f64) {
        let outdoor = ambient.air();
        let most = |source: &Option<Source>| {
            let made_w = source.as_ref().map_or(f64::INFINITY, |source| source.most_w(&outdoor));
            made_w * (1.0 - self.distribution_loss).max(0.01)
        };
        (most(&self.heat), most(&self.cold))
    }

    /// Adds a step of `step_s` seconds in a month, counted from 0.
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
        let outdoor = ambient.air();
        if let Some(heat) = &mut self.heat {
            let made = heat.run(heating_w, &outdoor);
            electric[4].1 = made.electricity_w;
            electric[3].1 += self.pump_share * made.given_w;
            *self.energy.gas_kwh.entry("heating").or_default() += kwh * made.gas_w;
            self.energy.district_heat_kwh += kwh * made.district_w;
            self.energy.unmet_heating_kwh += kwh * missing_w(heating_w, made.given_w);
        }
        if let Some(cold) = &mut self.cold {
            let made = cold.run(cooling_w, &outdoor);
            electric[5].1 = made.electricity_w;
            electric[3].1 += self.pump_share * made.given_w;
            self.energy.district_cold_kwh += kwh * made.district_w;
            self.energy.unmet_cooling_kwh += kwh * missing_w(cooling_w, made.given_w);
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
        self.energy.cost += kwh * (import_w * program.at(self.price) - export_w * program.at(self.feed_in));
        self.energy.co2e_kg += kwh * import_w * program.at(self.factor);
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

    /// Returns the energy use of the run.
    pub fn finish(mut self) -> Energy {
        self.end_month();
        let gas_kwh: f64 = self.energy.gas_kwh.values().sum();
        let energy = &mut self.energy;
        let (tariff, factors) = (&self.tariff, &self.emissions);
        energy.cost += gas_kwh * tariff.gas_kwh
            + energy.district_heat_kwh * tariff.heat_kwh
            + energy.district_cold_kwh * tariff.cold_kwh;
        energy.co2e_kg += gas_kwh * factors.gas_kg_kwh
            + energy.district_heat_kwh * factors.heat_kg_kwh
            + energy.district_cold_kwh * factors.cold_kg_kwh;
        self.energy
    }
}

/// Returns the unmet part of a demand. Rounding errors do not count.
fn missing_w(asked_w: f64, given_w: f64) -> f64 {
    let missing_w = asked_w - given_w;
    if missing_w > 1e-9 * asked_w { missing_w } else { 0.0 }
}
