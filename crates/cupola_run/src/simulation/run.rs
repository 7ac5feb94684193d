//! A simulation: reads its conditions from a state, steps the physics and shows the results in the state.

use crate::relocation::Relocation;
use cupola_physics::building::{BuildingModel, BuildingState, Controls, Outputs};
use cupola_physics::hygiene::{HygieneModel, HygieneState};
use cupola_physics::random;
use cupola_physics::weather::LocalTime;
use cupola_scene::document::Quantity;
use cupola_twin::value::Sample;
use cupola_twin::zone::{self, TimeZone};
use cupola_twin::{Quality, Slot, State, TwinIx};
use std::collections::BTreeMap;

/// Litres in a cubic metre.
const LITRES: f64 = 1000.0;
/// Joules in a kilowatt-hour.
const JOULES_PER_KWH: f64 = 3.6e6;

/// A value that steers the simulation: a property, and the value that is used while the property has none.
#[derive(Clone, Copy, Debug)]
pub(super) struct ControlInput {
    pub slot: Option<Slot>,
    /// The conversion from the unit of the property: scale and offset.
    pub change: (f64, f64),
    pub otherwise: f64,
}

impl ControlInput {
    /// Returns an input whose property needs no conversion.
    pub fn plain(slot: Option<Slot>, otherwise: f64) -> Self {
        Self { slot, change: (1.0, 0.0), otherwise }
    }

    fn value(&self, state: &State) -> f64 {
        let lane = self.slot.map_or(f64::NAN, |slot| state.get(slot).usable());
        if lane.is_nan() { self.otherwise } else { lane * self.change.0 + self.change.1 }
    }
}

/// The twins or the place whose quantity a property shows, by rows.
#[derive(Clone, Debug)]
pub(super) enum ShownSource {
    Zones(Vec<usize>),
    AirHandlers(Vec<usize>),
    Plants(Vec<usize>),
    Dispensers(Vec<usize>),
    Outdoors,
}

/// A property that shows a quantity.
#[derive(Clone, Debug)]
pub(super) struct ShownProperty {
    pub slot: Slot,
    pub quantity: Quantity,
    pub of: ShownSource,
    pub noise: f64,
    /// Factor and offset of the conversion from the unit of the quantity to that of the property.
    pub scale: f64,
    pub offset: f64,
    /// The stream of random numbers for the noise.
    pub stream: u64,
}

/// The conditions, the physical state and the bindings of one simulated timeline.
#[derive(Clone)]
pub struct Simulation {
    /// The start, in microseconds since the Unix epoch.
    pub start_us: i64,
    /// The length of a step, in microseconds.
    pub step_us: i64,
    /// The time zone of the building.
    pub(super) zone: TimeZone,
    pub(super) seed: u64,
    pub(super) model: BuildingModel,
    /// The row of each twin that is a room.
    pub(super) zone_of: BTreeMap<TwinIx, usize>,
    /// The row of each twin that is an air handling unit.
    pub(super) unit_of: BTreeMap<TwinIx, usize>,
    /// The row of each twin that is a source of heat or cold.
    pub(super) plant_of: BTreeMap<TwinIx, usize>,
    /// The row of each twin that is a dispenser.
    pub(super) dispenser_of: BTreeMap<TwinIx, usize>,
    pub(super) physical: BuildingState,
    pub(super) controls: Controls,
    pub(super) said: super::assume::SceneAssumptions,
    pub(super) outputs: Outputs,
    pub(super) hygiene: Option<(HygieneModel, HygieneState)>,
    /// The row of each zone in the hygiene model.
    pub(super) hygiene_row: Vec<Option<usize>>,
    pub(super) zone_energy_j: Vec<f64>,
    pub(super) unit_energy_j: Vec<f64>,
    /// Electricity and fuel that each source of heat or cold has used, in joules.
    pub(super) plant_energy_j: Vec<(f64, f64)>,
    pub(super) ahu_on: Vec<ControlInput>,
    pub(super) supply_c: Vec<ControlInput>,
    pub(super) plant_on: Vec<ControlInput>,
    /// The slot of each source's capacity, and the factor from the property's unit to W.
    pub(super) plant_capacities: Vec<Option<(Slot, f64)>>,
    pub(super) terminal_on: Vec<ControlInput>,
    pub(super) heating_c: Vec<ControlInput>,
    pub(super) cooling_c: Vec<ControlInput>,
    pub(super) shows: Vec<ShownProperty>,
    pub(super) handlers: Vec<super::command::Handler>,
}

impl Simulation {
    /// Returns whether the simulation shows a quantity in a slot.
    pub fn shows(&self, slot: Slot) -> bool {
        self.shows.iter().any(|show| show.slot == slot)
    }

    /// Returns whether a slot has the capacity of a source of heat or cold.
    pub(crate) fn is_capacity(&self, slot: Slot) -> bool {
        self.plant_capacities.iter().flatten().any(|(own, _)| *own == slot)
    }

    /// Computes one step that ends at `now_us`, and writes the results to the state.
    pub fn step(&mut self, state: &mut State, now_us: i64) {
        let flag = |steer: &ControlInput| steer.value(state) != 0.0;
        let number = |steer: &ControlInput| steer.value(state);
        self.controls.ahu_on = self.ahu_on.iter().map(flag).collect();
        self.controls.plant_on = self.plant_on.iter().map(flag).collect();
        self.controls.terminal_on = self.terminal_on.iter().map(flag).collect();
        self.controls.supply_setpoint_c = self.supply_c.iter().map(number).collect();
        self.controls.heating_setpoint_c = self.heating_c.iter().map(number).collect();
        self.controls.cooling_setpoint_c = self.cooling_c.iter().map(number).collect();
        for (row, capacity) in self.plant_capacities.iter().enumerate() {
            if let Some((slot, watts)) = capacity {
                self.model.set_capacity(row, state.get(*slot).usable() * watts);
            }
        }
        let step_s = self.step_us as f64 / 1e6;
        let start = self.local_time(now_us - self.step_us);
        self.model.step(&mut self.physical, &self.controls, start, step_s, &mut self.outputs);
        for (energy, power) in self.zone_energy_j.iter_mut().zip(&self.outputs.lights_and_equipment_w) {
            *energy += power * step_s;
        }
        for (energy, power) in self.unit_energy_j.iter_mut().zip(&self.outputs.ahu_fan_w) {
            *energy += power * step_s;
        }
        let drawn_w = self.outputs.plant_electric_w.iter().zip(&self.outputs.plant_fuel_w);
        for (energy, (electric_w, fuel_w)) in self.plant_energy_j.iter_mut().zip(drawn_w) {
            energy.0 += electric_w * step_s;
            energy.1 += fuel_w * step_s;
        }
        if let Some((model, hygiene)) = &mut self.hygiene {
            model.step(hygiene, start, step_s);
        }
        self.show(state, now_us);
    }

    fn local_time(&self, time_us: i64) -> LocalTime {
        let utc_s = time_us.div_euclid(1_000_000);
        LocalTime {
            civil_s: utc_s + zone::offset_s(&self.zone, time_us),
            standard_s: utc_s + zone::standard_offset_s(&self.zone, time_us),
        }
    }

    fn show(&self, state: &mut State, now_us: i64) {
        let tick = now_us as u64;
        for show in &self.shows {
            let exact = self.value(show);
            let noise =
                if show.noise > 0.0 { show.noise * random::normal(self.seed, show.stream, tick, 0) } else { 0.0 };
            let mut lane = exact * show.scale + show.offset + noise;
            if !is_signed(show.quantity) {
                lane = lane.max(0.0);
            }
            let quality = if lane.is_nan() { Quality::Missing } else { Quality::Good };
            state.set(show.slot, Sample { lane, quality, time_us: now_us });
        }
    }

    fn value(&self, show: &ShownProperty) -> f64 {
        let out = &self.outputs;
        match &show.of {
            ShownSource::Outdoors => out.outdoor.temperature_c,
            ShownSource::Zones(zones) => {
                let column: Option<&[f64]> = match show.quantity {
                    Quantity::Temperature => Some(&out.temperature_c),
                    Quantity::RelativeHumidity => Some(&out.relative_humidity_pct),
                    Quantity::Co2 => Some(&out.co2_ppm),
                    Quantity::People | Quantity::Occupied => Some(&out.people),
                    Quantity::Sound => Some(&out.sound_db),
                    Quantity::AirFlow => Some(&out.flow_m3_s),
                    Quantity::Damper => Some(&out.damper_pct),
                    Quantity::HeatingPower => Some(&out.heating_w),
                    Quantity::CoolingPower => Some(&out.cooling_w),
                    Quantity::ElectricPower => Some(&out.lights_and_equipment_w),
                    Quantity::ElectricEnergy => Some(&self.zone_energy_j),
                    _ => None,
                };
                let values: Vec<f64> = match column {
                    Some(column) => zones.iter().map(|zone| column[*zone]).collect(),
                    None => zones.iter().filter_map(|zone| self.visits(*zone, show.quantity)).collect(),
                };
                combine(show.quantity, &values)
            }
            ShownSource::AirHandlers(units) => {
                let column: &[f64] = match show.quantity {
                    Quantity::AirFlow => &out.ahu_flow_m3_s,
                    Quantity::SupplyTemperature => &out.ahu_supply_c,
                    Quantity::HeatingPower => &out.ahu_heating_w,
                    Quantity::CoolingPower => &out.ahu_cooling_w,
                    Quantity::ElectricEnergy => &self.unit_energy_j,
                    _ => &out.ahu_fan_w,
                };
                combine(show.quantity, &units.iter().map(|unit| column[*unit]).collect::<Vec<_>>())
            }
            ShownSource::Plants(plants) => {
                let value = |plant: &usize| match show.quantity {
                    Quantity::ElectricPower => out.plant_electric_w[*plant],
                    Quantity::ElectricEnergy => self.plant_energy_j[*plant].0,
                    Quantity::FuelPower => out.plant_fuel_w[*plant],
                    Quantity::FuelEnergy => self.plant_energy_j[*plant].1,
                    _ => out.plant_given_w[*plant],
                };
                combine(show.quantity, &plants.iter().map(value).collect::<Vec<_>>())
            }
            ShownSource::Dispensers(dispensers) => {
                let Some((_, state)) = &self.hygiene else { return f64::NAN };
                let value = |dispenser: &usize| match show.quantity {
                    Quantity::Dispenses => state.dispenses[*dispenser] as f64,
                    _ => state.fill_pct[*dispenser],
                };
                combine(show.quantity, &dispensers.iter().map(value).collect::<Vec<_>>())
            }
        }
    }

    fn visits(&self, zone: usize, quantity: Quantity) -> Option<f64> {
        let (_, state) = self.hygiene.as_ref()?;
        let row = self.hygiene_row[zone]?;
        Some(match quantity {
            Quantity::Entries => state.entries[row] as f64,
            _ => state.exits[row] as f64,
        })
    }

    /// Takes over the values of a state that belong to single rooms, units, sources and dispensers, and starts at
    /// `now_us`. A branch of a live timeline starts in this way.
    pub fn adopt(&mut self, state: &State, now_us: i64) {
        self.start_us = now_us;
        for number in 0..self.shows.len() {
            self.adopt_show(number, state);
        }
        self.balance_visits();
    }

    /// Takes over the values of some slots, for example those that a person has set.
    pub(crate) fn adopt_slots(&mut self, state: &State, slots: &[Slot]) {
        for number in 0..self.shows.len() {
            if slots.contains(&self.shows[number].slot) {
                self.adopt_show(number, state);
            }
        }
        self.balance_visits();
    }

    fn adopt_show(&mut self, number: usize, state: &State) {
        let show = &self.shows[number];
        let lane = state.get(show.slot).usable();
        if lane.is_nan() {
            return;
        }
        let value = (lane - show.offset) / show.scale;
        let hygiene = self.hygiene.as_mut().map(|(_, hygiene)| hygiene);
        // A mean or a sum of several rows does not determine the value of each.
        match (&show.of, show.quantity) {
            (ShownSource::Zones(zones), quantity) if zones.len() == 1 => {
                let zone = zones[0];
                match (quantity, hygiene, self.hygiene_row[zone]) {
                    (Quantity::Temperature, ..) => {
                        // The temperature of the thermal mass is not measured. That of the air is the best estimate.
                        self.physical.temperature_c[zone] = value;
                        self.physical.mass_c[zone] = value;
                    }
                    (Quantity::Co2, ..) => self.physical.co2_ppm[zone] = value,
                    (Quantity::ElectricEnergy, ..) => self.zone_energy_j[zone] = value * JOULES_PER_KWH,
                    (Quantity::Entries, Some(hygiene), Some(row)) => hygiene.entries[row] = value as u64,
                    (Quantity::Exits, Some(hygiene), Some(row)) => hygiene.exits[row] = value as u64,
                    _ => {}
                }
            }
            (ShownSource::AirHandlers(units), Quantity::ElectricEnergy) if units.len() == 1 => {
                self.unit_energy_j[units[0]] = value * JOULES_PER_KWH;
            }
            (ShownSource::Plants(plants), Quantity::ElectricEnergy) if plants.len() == 1 => {
                self.plant_energy_j[plants[0]].0 = value * JOULES_PER_KWH;
            }
            (ShownSource::Plants(plants), Quantity::FuelEnergy) if plants.len() == 1 => {
                self.plant_energy_j[plants[0]].1 = value * JOULES_PER_KWH;
            }
            (ShownSource::Dispensers(dispensers), quantity) if dispensers.len() == 1 => match (quantity, hygiene) {
                (Quantity::Fill, Some(hygiene)) => hygiene.fill_pct[dispensers[0]] = value.clamp(0.0, 100.0),
                (Quantity::Dispenses, Some(hygiene)) => hygiene.dispenses[dispensers[0]] = value as u64,
                _ => {}
            },
            _ => {}
        }
    }

    /// Keeps exits from exceeding entries, because sensors that disagree must not give a negative number of people.
    fn balance_visits(&mut self) {
        if let Some((_, hygiene)) = &mut self.hygiene {
            for (entries, exits) in hygiene.entries.iter().zip(&mut hygiene.exits) {
                *exits = (*exits).min(*entries);
            }
        }
    }

    /// Takes over the physical state and the assumptions of the simulation before a change of the scene, by twin id.
    ///
    /// Rooms, units, sources and dispensers that the change added begin as in a new simulation.
    pub(crate) fn take_over(&mut self, before: &Self, relocation: &Relocation) {
        self.start_us = before.start_us;
        let pairs = |from: &BTreeMap<TwinIx, usize>, to: &BTreeMap<TwinIx, usize>| -> Vec<(usize, usize)> {
            let pair = |(twin, row): (&TwinIx, &usize)| Some((*row, *to.get(&relocation.twin(*twin)?)?));
            from.iter().filter_map(pair).collect()
        };
        for (old, row) in pairs(&before.zone_of, &self.zone_of) {
            self.physical.take_zone(row, &before.physical, old);
            self.zone_energy_j[row] = before.zone_energy_j[old];
            if let (Some((_, hygiene)), Some((_, known))) = (&mut self.hygiene, &before.hygiene)
                && let (Some(row), Some(old)) = (self.hygiene_row[row], before.hygiene_row[old])
            {
                hygiene.take_room(row, known, old);
            }
        }
        for (old, row) in pairs(&before.unit_of, &self.unit_of) {
            self.physical.ahu_supply_c[row] = before.physical.ahu_supply_c[old];
            self.unit_energy_j[row] = before.unit_energy_j[old];
        }
        for (old, row) in pairs(&before.plant_of, &self.plant_of) {
            self.plant_energy_j[row] = before.plant_energy_j[old];
        }
        if let (Some((_, hygiene)), Some((_, known))) = (&mut self.hygiene, &before.hygiene) {
            for (old, row) in pairs(&before.dispenser_of, &self.dispenser_of) {
                hygiene.take_dispenser(row, known, old);
            }
        }
        self.physical.ticks = before.physical.ticks;
        let (rooms, warmer_k) = before.own_assumptions();
        for (twin, assumption) in rooms {
            // A room that the change removed needs no assumption. A value that is out of range was refused before.
            let room = relocation.twin(twin).filter(|twin| self.zone_of.contains_key(twin));
            if let Some(Err(why)) = room.map(|room| self.assume(Some(room), &assumption)) {
                tracing::warn!("an assumption was lost: {why}");
            }
        }
        if let Some(warmer_k) = warmer_k {
            self.controls.outdoor_offset_k = warmer_k;
        }
    }
}

fn is_signed(quantity: Quantity) -> bool {
    matches!(quantity, Quantity::Temperature | Quantity::SupplyTemperature | Quantity::OutdoorTemperature)
}

/// Combines the values of several rows: amounts are added and states averaged. Without a row there is no value (NaN).
fn combine(quantity: Quantity, values: &[f64]) -> f64 {
    if values.is_empty() {
        return f64::NAN;
    }
    let sum: f64 = values.iter().sum();
    let mean = sum / values.len() as f64;
    match quantity {
        Quantity::AirFlow => sum * LITRES,
        Quantity::ElectricEnergy | Quantity::FuelEnergy => sum / JOULES_PER_KWH,
        Quantity::Occupied => f64::from(u8::from(sum > 0.0)),
        Quantity::People
        | Quantity::HeatingPower
        | Quantity::CoolingPower
        | Quantity::ElectricPower
        | Quantity::FuelPower
        | Quantity::Entries
        | Quantity::Exits
        | Quantity::Dispenses => sum,
        Quantity::Temperature
        | Quantity::RelativeHumidity
        | Quantity::Co2
        | Quantity::Sound
        | Quantity::Damper
        | Quantity::SupplyTemperature
        | Quantity::OutdoorTemperature
        | Quantity::Fill => mean,
    }
}
