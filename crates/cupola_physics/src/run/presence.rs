//! People in a zone, and the composition of the zone's air.

use crate::air::{DENSITY_KG_PER_M3, PRESSURE_PA, humidity_at_pa, vapour_pressure_pa};
use crate::balance::Decay;
use crate::contaminant::{DROPLET_DEPOSITION_PER_H, VIRUS_DECAY_PER_H};
use crate::epw_dates::Weekday;
use crate::people::{DayPlan, Occupancy, weekday};
use crate::people_load::Load;
use crate::random::stream_of;
use crate::study::{InfectionSource, People, Program, Value};
use crate::thermal::Ambient;

/// Volume ratio of air at 20 °C to air at 0 °C.
const WARMER: f64 = 293.15 / 273.15;

/// Maximum humidity ratio of a zone that is cooled, in kg/kg (the upper limit of ASHRAE 55-2020, 5.3.3.2; an
/// assumption is that the cooling coil dehumidifies the air to it).
const MAX_HUMIDITY_RATIO_COOLED: f64 = 0.012;

/// Removal rate of quanta by deposition of droplets and inactivation of viruses, in 1/s.
pub(super) const QUANTA_REMOVAL_PER_S: f64 = (DROPLET_DEPOSITION_PER_H + VIRUS_DECAY_PER_H) / 3_600.0;

/// People of a zone.
#[derive(Clone, Debug)]
pub(super) struct Presence {
    count: f64,
    schedule: Option<Value>,
    occupancy: Option<Occupancy>,
    /// Day number of 1 January, counted from 1970, in a year with the same weekdays.
    new_year: u32,
    plan: (Option<usize>, DayPlan),
    pub met: f64,
    pub clo: f64,
    pub radiant_fraction: f64,
    pub infectious: Option<InfectionSource>,
}

impl Presence {
    pub fn new(people: &People, program: &Program, zone: &str, seed: u64, new_year: Weekday) -> Self {
        let of = |space| Occupancy::new(space, people.count.max(0.0).round() as u32, seed, stream_of(zone));
        Self {
            count: people.count,
            schedule: people.schedule.as_ref().map(|name| program.schedule(name)),
            occupancy: people.space.map(of),
            new_year: (0..7).find(|day| weekday(*day) == new_year.since_monday()).unwrap_or(0),
            plan: (None, DayPlan::default()),
            met: people.met,
            clo: people.clo,
            radiant_fraction: people.radiant_fraction,
            infectious: people.infectious,
        }
    }

    /// Returns the mean number of people during a step on a day of the year, counted from 0.
    pub fn during(&mut self, program: &Program, day: usize, from_s: u32, to_s: u32) -> f64 {
        let share = self.schedule.map_or(1.0, |schedule| program.at(schedule));
        let Some(occupancy) = &self.occupancy else { return self.count * share };
        if self.plan.0 != Some(day) {
            self.plan = (Some(day), occupancy.plan(self.new_year + day as u32));
        }
        self.plan.1.mean(from_s, to_s) * share
    }

    /// Returns the quanta emission of `people` people, in 1/s.
    pub fn quanta_s(&self, people: f64) -> f64 {
        self.infectious.map_or(0.0, |infectious| infectious.quanta_h / 3_600.0 * people / self.count.max(1e-9))
    }

    /// Returns the load of `people` people in air with this humidity ratio, in kg/kg.
    pub fn load(&self, people: f64, humidity: f64, pressure_pa: f64) -> Load {
        Load::of(self.met, false, vapour_pressure_pa(pressure_pa, humidity)).times(people)
    }
}

/// Composition of a zone's air.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct ZoneAir {
    pub co2_ppm: f64,
    pub humidity: f64,
    /// Quanta of infection, 1/m³.
    pub quanta_m3: f64,
}

/// Sources and outdoor air flow of a zone in a step.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Exchange {
    pub volume_m3: f64,
    pub outdoor_m3_s: f64,
    pub co2_l_s: f64,
    pub moisture_kg_s: f64,
    pub quanta_s: f64,
    /// Saturation vapour pressure at the zone's air temperature, in Pa.
    pub saturation_pa: f64,
    /// Whether the zone is cooled.
    pub is_cooled: bool,
}

impl Exchange {
    /// Returns the CO2 generation, in ppm times m³/s.
    pub fn co2_ppm_m3_s(&self) -> f64 {
        self.co2_l_s * WARMER * 1e3
    }

    /// Returns the moisture generation, in kg/kg times m³/s.
    pub fn water_m3_s(&self) -> f64 {
        self.moisture_kg_s / DENSITY_KG_PER_M3
    }

    /// Returns the humidity ratio after condensation, in kg/kg. Water condenses at saturation and at a
    /// cooling coil.
    pub fn condensed(&self, water: f64) -> f64 {
        let most = if self.is_cooled { MAX_HUMIDITY_RATIO_COOLED } else { f64::INFINITY };
        water.min(humidity_at_pa(self.saturation_pa)).min(most)
    }
}

impl ZoneAir {
    pub fn outdoors(ambient: &Ambient, co2_ppm: f64) -> Self {
        Self { co2_ppm, humidity: ambient.humidity, quanta_m3: 0.0 }
    }

    /// Advances the air by a step: exact solution for well-mixed air. Water beyond saturation condenses.
    pub fn step(&mut self, exchange: &Exchange, outdoors: &Self, step_s: f64) {
        let Exchange { volume_m3, outdoor_m3_s, .. } = *exchange;
        let over = Decay::new(volume_m3, outdoor_m3_s, step_s);
        self.co2_ppm = over.after(self.co2_ppm, exchange.co2_ppm_m3_s() + outdoor_m3_s * outdoors.co2_ppm);
        let water = over.after(self.humidity, exchange.water_m3_s() + outdoor_m3_s * outdoors.humidity);
        self.humidity = exchange.condensed(water);
        if self.quanta_m3 != 0.0 || exchange.quanta_s != 0.0 {
            let loss = outdoor_m3_s + QUANTA_REMOVAL_PER_S * volume_m3;
            self.quanta_m3 = Decay::new(volume_m3, loss, step_s).after(self.quanta_m3, exchange.quanta_s);
        }
    }

    /// Returns the relative humidity, 0 to 1, at this saturation vapour pressure.
    pub fn relative(&self, saturation_pa: f64) -> f64 {
        (vapour_pressure_pa(PRESSURE_PA, self.humidity) / saturation_pa).clamp(0.0, 1.0)
    }
}
