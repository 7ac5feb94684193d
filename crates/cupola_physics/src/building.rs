//! Heat, air and people of all zones of a building, simulated step by step.
//!
//! The thermal model is the 5R1C model of studies (ISO 13790:2008, annex C), with room envelopes from
//! [`crate::envelope`]. The air of each zone is well mixed.

use crate::air::{self, DENSITY_KG_PER_M3, HEAT_CAPACITY_J_PER_M3_K};
use crate::balance::Balance;
use crate::central::{CentralPlant, GrantedHeat, HeatDemand, PlantSpec};
pub use crate::columns::{BuildingState, Controls, Outputs};
use crate::columns::{Room, Work};
use crate::envelope;
use crate::epw_dates::Weekday;
use crate::occupancy::{self, DayProfile};
use crate::plant::Air;
use crate::sky::SkyState;
use crate::spec::SpecError;
use crate::study::{self, Program};
use crate::thermal::{Ambient, Control, Fabric, Five, FiveState, StepInputs, ZoneInput};
use crate::weather::{LocalTime, Outdoor, Weather};
use crate::zone::{AhuSpec, ZoneSpec};

/// Maximum length of an internal step, in s. Longer steps are divided into equal parts, because the terminals
/// respond to the state after the previous part.
pub const MAX_SUBSTEP_S: f64 = 60.0;
/// CO2 generation of a person, in m³/s: 0.0048 l/s (Persily and de Jonge 2017: man, 21 to 30 years, 1.2 met).
pub const CO2_PER_PERSON_M3_S: f64 = 4.8e-6;
/// Sensible heat gain of a person, in W (ASHRAE Fundamentals ch. 18: moderately active office work).
pub const SENSIBLE_PER_PERSON_W: f64 = 75.0;
/// Moisture gain of a person, in kg/s: 55 W latent (as above) over 2 501 kJ/kg.
pub const WATER_PER_PERSON_KG_S: f64 = 55.0 / 2.501e6;
/// CO2 concentrations at which a terminal begins to open and is fully open, in ppm.
pub const CO2_BAND_PPM: (f64, f64) = (600.0, 1_000.0);
/// Temperature band over which a terminal opens fully for cooling, in K. The cooling set-point is the middle
/// of the band.
pub const COOLING_BAND_K: f64 = 1.0;

/// Radiant fraction of the heat of people, lights and equipment (ISO 13790:2008, C.2: one half).
const RADIANT_GAINS: f64 = 0.5;
/// Temperature deficit from which a room counts as too cold, in K.
const UNDER_K: f64 = 0.01;
/// Fraction of lights and equipment that is on when the profile is 0 (an assumption).
const STANDBY: f64 = 0.15;

/// Model of a building. It is immutable apart from the capacity of its sources. Many states can share one
/// model.
#[derive(Debug, Clone, PartialEq)]
pub struct BuildingModel {
    zones: Vec<ZoneSpec>,
    ahus: Vec<AhuSpec>,
    profiles: Vec<DayProfile>,
    weather: Weather,
    seed: u64,
    program: Program,
    fabric: Fabric,
    five: Five,
    plants: Vec<PlantSpec>,
    central: CentralPlant,
}

impl BuildingModel {
    /// Returns the model of a building from its specification. All random numbers derive from `seed`.
    ///
    /// # Errors
    /// Returns a [`SpecError`] for the first value that is out of its range or the first reference to a row
    /// that does not exist.
    pub fn new(
        zones: Vec<ZoneSpec>,
        ahus: Vec<AhuSpec>,
        profiles: Vec<DayProfile>,
        weather: Weather,
        seed: u64,
    ) -> Result<Self, SpecError> {
        if let Weather::Daily(days, _) = &weather {
            days.check()?;
        }
        for (index, profile) in profiles.iter().enumerate() {
            profile.check(index)?;
        }
        for (index, ahu) in ahus.iter().enumerate() {
            ahu.check(index)?;
        }
        for (index, zone) in zones.iter().enumerate() {
            zone.check(index, ahus.len(), profiles.len())?;
        }
        let study = envelope::study(&zones, study::Site::default());
        let program = Program::new(&study, Weekday::Monday, false);
        // The 5R1C model uses only the thermal resistance of walls, which does not depend on the step.
        let fabric = Fabric::new(&study, &program, MAX_SUBSTEP_S, 1);
        let five = Five::new(&study, &fabric);
        let central = CentralPlant::new(&[], zones.len(), ahus.len());
        Ok(Self { zones, ahus, profiles, weather, seed, program, fabric, five, plants: Vec::new(), central })
    }

    /// Returns the building with these heat and cold sources.
    ///
    /// # Errors
    /// Returns a [`SpecError`] for the first value that is out of its range or the first reference to a row
    /// that does not exist.
    pub fn with_plants(self, plants: Vec<PlantSpec>) -> Result<Self, SpecError> {
        for (index, plant) in plants.iter().enumerate() {
            plant.check(index, self.zones.len(), self.ahus.len())?;
        }
        let central = CentralPlant::new(&plants, self.zones.len(), self.ahus.len());
        Ok(Self { plants, central, ..self })
    }

    /// Returns the building with the zone of one row replaced. A row that does not exist leaves the zones
    /// unchanged.
    ///
    /// # Errors
    /// Returns a [`SpecError`] if the zone is invalid.
    pub fn with_zone(&self, row: usize, zone: ZoneSpec) -> Result<Self, SpecError> {
        let mut zones = self.zones.clone();
        if let Some(place) = zones.get_mut(row) {
            *place = zone;
        }
        let model = Self::new(zones, self.ahus.clone(), self.profiles.clone(), self.weather.clone(), self.seed)?;
        model.with_plants(self.plants.clone())
    }

    /// Sets the capacity of a source, in W, limited to [`study::Plant::CAPACITY_W`]. A row that does not
    /// exist or a value that is not a number changes nothing.
    pub fn set_capacity(&mut self, plant: usize, capacity_w: f64) {
        let Some(spec) = self.plants.get_mut(plant) else { return };
        let capacity_w = Some(capacity_w.clamp(study::Plant::CAPACITY_W.0, study::Plant::CAPACITY_W.1));
        if capacity_w.is_some_and(f64::is_finite) && *spec.capacity_w() != capacity_w {
            *spec.capacity_w() = capacity_w;
            self.central = CentralPlant::new(&self.plants, self.zones.len(), self.ahus.len());
        }
    }

    /// Returns the zones in row order.
    pub fn zones(&self) -> &[ZoneSpec] {
        &self.zones
    }

    /// Returns the air handling units in row order.
    pub fn ahus(&self) -> &[AhuSpec] {
        &self.ahus
    }

    /// Returns an initial state: temperatures half-way between the set-points, outdoor CO2, 40 % relative
    /// humidity.
    pub fn initial_state(&self) -> BuildingState {
        let temperature_c: Vec<f64> =
            self.zones.iter().map(|zone| (zone.heating_setpoint_c + zone.cooling_setpoint_c) / 2.0).collect();
        BuildingState {
            co2_ppm: vec![self.weather.at(self.seed, 0).0.co2_ppm; self.zones.len()],
            mass_c: temperature_c.clone(),
            humidity_kg_per_kg: temperature_c
                .iter()
                .map(|&temperature_c| air::humidity_ratio(temperature_c, 0.4))
                .collect(),
            radiator_wanted_w: vec![0.0; self.zones.len()],
            ahu_supply_c: self.ahus.iter().map(|ahu| ahu.supply_c).collect(),
            temperature_c,
            ticks: 0,
        }
    }

    /// Returns controls with everything switched on and all values as specified, one row for each zone, air
    /// handling unit and source.
    pub fn controls(&self) -> Controls {
        Controls {
            ahu_on: vec![true; self.ahus.len()],
            supply_setpoint_c: self.ahus.iter().map(|ahu| ahu.supply_c).collect(),
            plant_on: vec![true; self.plants.len()],
            terminal_on: vec![true; self.zones.len()],
            heating_setpoint_c: self.zones.iter().map(|zone| zone.heating_setpoint_c).collect(),
            cooling_setpoint_c: self.zones.iter().map(|zone| zone.cooling_setpoint_c).collect(),
            people_override: vec![None; self.zones.len()],
            outdoor_offset_k: 0.0,
        }
    }

    /// Returns the outdoor conditions and the sky at a time in seconds of local standard time, with the outdoor
    /// temperature offset applied.
    pub fn outdoor(&self, controls: &Controls, standard_s: i64) -> (Outdoor, SkyState) {
        let (mut outdoor, sky) = self.weather.at(self.seed, standard_s);
        if controls.outdoor_offset_k.is_finite() {
            outdoor.temperature_c += controls.outdoor_offset_k;
            let most = air::humidity_ratio(outdoor.temperature_c, 1.0);
            outdoor.humidity_kg_per_kg = outdoor.humidity_kg_per_kg.min(most);
        }
        (outdoor, sky)
    }

    /// Advances the state by `dt_s` seconds from the local time `start`, and writes the results to `out`. Seconds
    /// alone are local time without daylight saving.
    ///
    /// The result depends on the arguments only. A `dt_s` that is not above 0 leaves the state's values
    /// unchanged and writes the results of that moment.
    ///
    /// # Panics
    /// Panics if the state has fewer rows than the model has zones.
    pub fn step(
        &self,
        state: &mut BuildingState,
        controls: &Controls,
        start: impl Into<LocalTime>,
        dt_s: f64,
        out: &mut Outputs,
    ) {
        out.reset(self.zones.len(), self.ahus.len(), self.plants.len());
        let start = start.into();
        let length_s = if dt_s.is_finite() { dt_s.max(0.0) } else { 0.0 };
        let parts = (length_s / MAX_SUBSTEP_S).ceil().max(1.0);
        let part_s = length_s / parts;
        let mut units = vec![Unit::default(); self.ahus.len()];
        for part in 0..parts as u64 {
            let LocalTime { civil_s, standard_s } = start.plus_s((part as f64 * part_s) as i64);
            let (outdoor, sky) = self.outdoor(controls, standard_s);
            let moment = Moment { civil_s, dt_s: part_s, share: 1.0 / parts, outdoor, sky };
            for ((unit, ahu), row) in units.iter_mut().zip(&self.ahus).zip(0..) {
                let running = flag(&controls.ahu_on, row) && (ahu.always_on || is_working_time(civil_s));
                *unit = Unit { running, ..Unit::default() };
            }
            let mut work = std::mem::take(&mut out.work);
            let grants = self.air(&moment, state, controls, &mut units, &mut work);
            self.heat(&moment, state, controls, &grants, &mut work);
            for row in 0..self.zones.len() {
                self.mix_zone(row, &moment, state, &work, out);
            }
            self.make(&moment, &grants, &units, &work, out);
            out.work = work;
            for (row, unit) in units.iter().enumerate() {
                self.show_unit(row, &moment, unit, out);
            }
            out.outdoor = moment.outdoor;
        }
        state.ticks += 1;
    }

    /// Computes people and air flow of all zones in one part of a step. Returns the heat that the sources
    /// grant to radiators and coils.
    fn air(
        &self,
        moment: &Moment,
        state: &mut BuildingState,
        controls: &Controls,
        units: &mut [Unit],
        work: &mut Work,
    ) -> GrantedHeat {
        work.rooms.clear();
        for (row, zone) in self.zones.iter().enumerate() {
            let people = self.people(row, controls, moment.civil_s);
            let in_use = STANDBY + (1.0 - STANDBY) * self.profiles[zone.profile].at(moment.civil_s);
            let flow_m3_s = self.terminal_flow(row, state, controls, people > 0.0, units);
            work.rooms.push(Room {
                people,
                equipment_w: zone.equipment_w_per_m2 * zone.area_m2 * in_use,
                flow_m3_s,
                leak_m3_s: zone.infiltration_ach * zone.volume_m3() / 3_600.0,
                supply_c: 0.0,
            });
            if let Some(terminal) = &zone.terminal {
                let unit = &mut units[terminal.ahu];
                unit.flow_m3_s += flow_m3_s;
                unit.flow_times_c += flow_m3_s * state.temperature_c[row];
                unit.zones += 1.0;
                unit.sum_c += state.temperature_c[row];
            }
        }
        let outdoor_c = moment.outdoor.temperature_c;
        for (row, (unit, ahu)) in units.iter_mut().zip(&self.ahus).enumerate() {
            let (least_c, most_c) = AhuSpec::SUPPLY_C;
            unit.setpoint_c = number(&controls.supply_setpoint_c, row, ahu.supply_c).clamp(least_c, most_c);
            unit.return_c = match (unit.flow_m3_s > 0.0, unit.zones > 0.0) {
                (true, _) => unit.flow_times_c / unit.flow_m3_s,
                (false, true) => unit.sum_c / unit.zones,
                (false, false) => outdoor_c,
            };
            unit.entering_c = ahu.recovered_c(outdoor_c, unit.return_c, unit.setpoint_c);
            unit.coil_w = HEAT_CAPACITY_J_PER_M3_K * unit.flow_m3_s * (unit.setpoint_c - unit.entering_c);
        }
        let wish = |(zone, wanted_w): (&ZoneSpec, &f64)| HeatDemand { wanted_w: *wanted_w, most_w: zone.heating_max_w };
        let radiators: Vec<HeatDemand> = self.zones.iter().zip(&state.radiator_wanted_w).map(wish).collect();
        let coils_w: Vec<f64> = units.iter().map(|unit| unit.coil_w).collect();
        let is_on = |row: usize| flag(&controls.plant_on, row);
        let grants = self.central.grant(is_on, &moment.outdoor_air(), &radiators, &coils_w);
        for (row, unit) in units.iter_mut().enumerate() {
            let lift_k = unit.setpoint_c - unit.entering_c;
            let share = if lift_k > 0.0 { grants.heating[row] } else { grants.cooling[row] };
            unit.coil_w *= share;
            unit.supply_c = unit.entering_c + share * lift_k;
            if moment.dt_s > 0.0 {
                state.ahu_supply_c[row] = unit.supply_c;
            }
        }
        for (room, zone) in work.rooms.iter_mut().zip(&self.zones) {
            room.supply_c = zone.terminal.as_ref().map_or(0.0, |terminal| units[terminal.ahu].supply_c);
        }
        grants
    }

    /// Computes the heat balance of all zones in one part of a step.
    fn heat(
        &self,
        moment: &Moment,
        state: &mut BuildingState,
        controls: &Controls,
        grants: &GrantedHeat,
        work: &mut Work,
    ) {
        work.inputs.clear();
        for (row, (zone, room)) in self.zones.iter().zip(&work.rooms).enumerate() {
            let leak = HEAT_CAPACITY_J_PER_M3_K * room.leak_m3_s;
            let supply = HEAT_CAPACITY_J_PER_M3_K * room.flow_m3_s;
            let gains_w = room.people * SENSIBLE_PER_PERSON_W + room.equipment_w;
            // A set-point for heating above the one for cooling is lowered to it, as in studies.
            let cooling_c = number(&controls.cooling_setpoint_c, row, zone.cooling_setpoint_c);
            let setpoint_c = number(&controls.heating_setpoint_c, row, zone.heating_setpoint_c).min(cooling_c);
            work.inputs.push(ZoneInput {
                capacity_w_k: zone.volume_m3() * HEAT_CAPACITY_J_PER_M3_K / moment.dt_s.max(1e-3),
                exchange_w_k: leak + supply,
                exchange_source_w: leak * moment.outdoor.temperature_c + supply * room.supply_c,
                convective_w: (1.0 - RADIANT_GAINS) * gains_w,
                radiant_w: RADIANT_GAINS * gains_w,
                heating: Some(Control { setpoint_c, power_w: grants.radiator_w[row], ..Control::default() }),
                cooling: None,
            });
        }
        work.five.loads.clear();
        if moment.dt_s <= 0.0 {
            return;
        }
        let ambient = Ambient { dry_bulb_c: moment.outdoor.temperature_c, sky: moment.sky, ..Ambient::default() };
        self.fabric.receivers.light(&moment.sky, study::Site::GROUND_REFLECTANCE, &mut work.light);
        let mut heat =
            FiveState { mass_c: std::mem::take(&mut state.mass_c), air_c: std::mem::take(&mut state.temperature_c) };
        let Work { five, light, inputs, .. } = work;
        let acting = StepInputs { zones: inputs, draughts: &[] };
        self.five.step(five, &self.fabric, &self.program, &ambient, light, acting, moment.dt_s, &mut heat);
        (state.mass_c, state.temperature_c) = (heat.mass_c, heat.air_c);
        let rows = self.zones.iter().zip(&*inputs).zip(&five.loads).zip(&mut state.radiator_wanted_w);
        for (((zone, input), load), wanted_w) in rows {
            // A room that is still too cold requests its full radiator power.
            let is_cold = input.heating.is_some_and(|control| load.air_c < control.setpoint_c - UNDER_K);
            *wanted_w = if is_cold { zone.heating_max_w } else { load.power_w };
        }
    }

    /// Adds the output and energy use of the sources in one part of a step to the outputs.
    fn make(&self, moment: &Moment, grants: &GrantedHeat, units: &[Unit], work: &Work, out: &mut Outputs) {
        if self.plants.is_empty() {
            return;
        }
        let radiators_w: Vec<f64> =
            (0..self.zones.len()).map(|row| work.five.loads.get(row).map_or(0.0, |load| load.power_w)).collect();
        let coils_w: Vec<f64> = units.iter().map(|unit| unit.coil_w).collect();
        let made = self.central.make(grants, &moment.outdoor_air(), &radiators_w, &coils_w);
        for (row, made) in made.into_iter().enumerate() {
            out.plant_given_w[row] += moment.share * made.given_w;
            out.plant_electric_w[row] += moment.share * made.electricity_w;
            out.plant_fuel_w[row] += moment.share * (made.gas_w + made.district_w);
        }
    }

    /// Computes the CO2 and moisture balance of a zone in one part of a step, and writes the zone's outputs.
    fn mix_zone(&self, row: usize, moment: &Moment, state: &mut BuildingState, work: &Work, out: &mut Outputs) {
        let zone = &self.zones[row];
        let outdoor = &moment.outdoor;
        let volume_m3 = zone.volume_m3();
        let Room { people, equipment_w, flow_m3_s, leak_m3_s, supply_c } = work.rooms[row];
        let heating_w = work.five.loads.get(row).map_or(0.0, |load| load.power_w);
        let temperature_c = state.temperature_c[row];
        let supply_w_per_k = HEAT_CAPACITY_J_PER_M3_K * flow_m3_s;

        let air_m3_s = flow_m3_s + leak_m3_s;
        let co2 = Balance {
            capacity: volume_m3,
            gain: 1e6 * CO2_PER_PERSON_M3_S * people + air_m3_s * outdoor.co2_ppm,
            loss: air_m3_s,
        };
        state.co2_ppm[row] = co2.after(state.co2_ppm[row], moment.dt_s);

        // A cooling coil below the dew point of the air condenses water, so the supply air is at most
        // saturated.
        let supply_humidity = outdoor.humidity_kg_per_kg.min(air::humidity_ratio(supply_c, 1.0));
        let water = Balance {
            capacity: volume_m3,
            gain: people * WATER_PER_PERSON_KG_S / DENSITY_KG_PER_M3
                + flow_m3_s * supply_humidity
                + leak_m3_s * outdoor.humidity_kg_per_kg,
            loss: air_m3_s,
        };
        let humidity = water.after(state.humidity_kg_per_kg[row], moment.dt_s);
        // Water beyond saturation condenses.
        let humidity = humidity.min(air::humidity_ratio(temperature_c, 1.0));
        state.humidity_kg_per_kg[row] = humidity;

        let most_m3_s = zone.terminal.as_ref().map_or(0.0, |terminal| terminal.max_flow_m3_s);
        let open = if most_m3_s > 0.0 { flow_m3_s / most_m3_s } else { 0.0 };
        out.temperature_c[row] = temperature_c;
        out.relative_humidity_pct[row] = 100.0 * air::relative_humidity(temperature_c, humidity);
        out.co2_ppm[row] = state.co2_ppm[row];
        out.people[row] = people;
        out.sound_db[row] = sound_db(people, open);
        out.flow_m3_s[row] += moment.share * flow_m3_s;
        out.damper_pct[row] += moment.share * 100.0 * open;
        out.heating_w[row] += moment.share * heating_w;
        out.cooling_w[row] += moment.share * (supply_w_per_k * (temperature_c - supply_c)).max(0.0);
        out.lights_and_equipment_w[row] += moment.share * equipment_w;
    }

    fn people(&self, row: usize, controls: &Controls, local_s: i64) -> f64 {
        let zone = &self.zones[row];
        match controls.people_override.get(row).copied().flatten().filter(|people| people.is_finite()) {
            Some(people) => people.max(0.0),
            None => {
                let profile = &self.profiles[zone.profile];
                occupancy::people(profile, zone.people_capacity, self.seed, zone.stream, local_s)
            }
        }
    }

    /// Returns the air flow of a zone's terminal, in m³/s: the largest of the demands for cooling, CO2 and
    /// the minimum flow for people.
    fn terminal_flow(
        &self,
        row: usize,
        state: &BuildingState,
        controls: &Controls,
        occupied: bool,
        units: &[Unit],
    ) -> f64 {
        let zone = &self.zones[row];
        let Some(terminal) = &zone.terminal else {
            return 0.0;
        };
        if !units[terminal.ahu].running || !flag(&controls.terminal_on, row) {
            return 0.0;
        }
        let temperature_c = state.temperature_c[row];
        let setpoint_c = number(&controls.cooling_setpoint_c, row, zone.cooling_setpoint_c);
        let warmth = (temperature_c - setpoint_c) / COOLING_BAND_K + 0.5;
        // Supply air that is warmer than the room does not cool it.
        let warmth = if state.ahu_supply_c[terminal.ahu] < temperature_c { warmth } else { 0.0 };
        let (low, high) = CO2_BAND_PPM;
        let stuffiness = (state.co2_ppm[row] - low) / (high - low);
        let least = if occupied { terminal.min_fraction } else { 0.0 };
        terminal.max_flow_m3_s * warmth.max(stuffiness).clamp(0.0, 1.0).max(least)
    }

    fn show_unit(&self, row: usize, moment: &Moment, unit: &Unit, out: &mut Outputs) {
        out.ahu_supply_c[row] = if unit.flow_m3_s > 0.0 { unit.supply_c } else { unit.return_c };
        out.ahu_flow_m3_s[row] += moment.share * unit.flow_m3_s;
        out.ahu_fan_w[row] += moment.share * self.ahus[row].specific_fan_power_w_per_m3_s * unit.flow_m3_s;
        out.ahu_heating_w[row] += moment.share * unit.coil_w.max(0.0);
        out.ahu_cooling_w[row] += moment.share * (-unit.coil_w).max(0.0);
    }
}

/// Conditions of one part of a step.
struct Moment {
    civil_s: i64,
    dt_s: f64,
    /// Fraction of the whole step.
    share: f64,
    outdoor: Outdoor,
    sky: SkyState,
}

impl Moment {
    fn outdoor_air(&self) -> Air {
        let Outdoor { temperature_c, humidity_kg_per_kg, .. } = self.outdoor;
        Air { temperature_c, humidity_kg_kg: humidity_kg_per_kg }
    }
}

/// State of an air handling unit in one part of a step.
#[derive(Debug, Clone, Copy, Default)]
struct Unit {
    running: bool,
    flow_m3_s: f64,
    flow_times_c: f64,
    zones: f64,
    sum_c: f64,
    setpoint_c: f64,
    /// Return air temperature, in °C. Without flow it is the mean temperature of the unit's zones.
    return_c: f64,
    /// Air temperature after the heat recovery, in °C. `supply_c` is the temperature after the coils.
    entering_c: f64,
    supply_c: f64,
    /// Heat from the coils to the air, in W, negative for cooling.
    coil_w: f64,
}

/// Returns whether a local time is within 6 to 20 o'clock, Monday to Friday.
fn is_working_time(local_s: i64) -> bool {
    !occupancy::is_weekend(local_s) && (6 * 3_600..20 * 3_600).contains(&local_s.rem_euclid(86_400))
}

/// Returns the sound pressure level of a room, in dB(A), as an energy sum: 32 dB(A) background, 38 dB(A) for
/// an open terminal (sound power proportional to the fifth power of the flow), and 45 dB(A) for each person,
/// who speaks occasionally. All values are assumptions.
fn sound_db(people: f64, open: f64) -> f64 {
    let energy = 10f64.powf(3.2) + 10f64.powf(3.8) * open.powi(5) + 10f64.powf(4.5) * people;
    10.0 * energy.log10()
}

fn flag(column: &[bool], row: usize) -> bool {
    column.get(row).copied().unwrap_or(true)
}

fn number(column: &[f64], row: usize, specified: f64) -> f64 {
    column.get(row).copied().filter(|value| value.is_finite()).unwrap_or(specified)
}

#[cfg(test)]
#[path = "building_tests.rs"]
mod tests;

#[cfg(test)]
#[path = "building_properties.rs"]
mod properties;
