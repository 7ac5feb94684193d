//! What a building's step reads and writes: columns, with a row for each zone or air handling unit.

use crate::thermal::{FiveWork, Light, ZoneInput};
use crate::weather::Outdoor;

/// All that one step hands to the next: a row per zone.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct BuildingState {
    /// Air temperature, in °C.
    pub temperature_c: Vec<f64>,
    /// Temperature of what stores heat, in °C.
    pub mass_c: Vec<f64>,
    /// CO2, in ppm.
    pub co2_ppm: Vec<f64>,
    /// Water per dry air, in kg/kg.
    pub humidity_kg_per_kg: Vec<f64>,
    /// Per zone: what the radiator would give if it could, in W.
    pub radiator_wanted_w: Vec<f64>,
    /// Per unit: temperature of the air that it supplies, or would, in °C.
    pub ahu_supply_c: Vec<f64>,
    /// Steps done.
    pub ticks: u64,
}

/// What operators, scenarios and faults decide. A row that is missing or not finite counts as what the specification says.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Controls {
    /// Per air handling unit: may run.
    pub ahu_on: Vec<bool>,
    /// Per unit: supply air is brought to this, in °C.
    pub supply_setpoint_c: Vec<f64>,
    /// Per source of heat or cold: may run.
    pub plant_on: Vec<bool>,
    /// Per zone: the terminal works; else it is shut.
    pub terminal_on: Vec<bool>,
    /// Per zone, in °C.
    pub heating_setpoint_c: Vec<f64>,
    /// Per zone, in °C.
    pub cooling_setpoint_c: Vec<f64>,
    /// Per zone: so many people, instead of the profile's.
    pub people_override: Vec<Option<f64>>,
    /// Added to the outdoor temperature, in K.
    pub outdoor_offset_k: f64,
}

/// What a step shows. Flows and powers are means over the step, all else is as the step left it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Outputs {
    /// Per zone: air temperature, in °C.
    pub temperature_c: Vec<f64>,
    /// Per zone: relative humidity, in %.
    pub relative_humidity_pct: Vec<f64>,
    /// Per zone: CO2, in ppm.
    pub co2_ppm: Vec<f64>,
    /// Per zone: people present.
    pub people: Vec<f64>,
    /// Per zone: an estimate of the sound level, in dB(A), from background, air and people.
    pub sound_db: Vec<f64>,
    /// Per zone: supply air, in m³/s.
    pub flow_m3_s: Vec<f64>,
    /// Per zone: flow over most flow, in %.
    pub damper_pct: Vec<f64>,
    /// Per zone: heat from the radiator, in W.
    pub heating_w: Vec<f64>,
    /// Per zone: heat that the supply air takes away, in W. (What that costs is in `ahu_cooling_w`; don't add them.)
    pub cooling_w: Vec<f64>,
    /// Per zone: electricity of lights and equipment, in W.
    pub lights_and_equipment_w: Vec<f64>,
    /// Per unit: air moved, in m³/s.
    pub ahu_flow_m3_s: Vec<f64>,
    /// Per unit: electricity of the fans, in W.
    pub ahu_fan_w: Vec<f64>,
    /// Per unit: temperature in the supply duct, in °C; of the zones' mean while no air moves.
    pub ahu_supply_c: Vec<f64>,
    /// Per unit: heat from the heating coil, in W.
    pub ahu_heating_w: Vec<f64>,
    /// Per unit: sensible heat that the cooling coil takes, in W.
    pub ahu_cooling_w: Vec<f64>,
    /// Per source: heat or cold that it gives, in W.
    pub plant_given_w: Vec<f64>,
    /// Per source: electricity that it draws, in W.
    pub plant_electric_w: Vec<f64>,
    /// Per source: gas that it burns, of its higher heating value, or heat or cold that it buys, in W.
    pub plant_fuel_w: Vec<f64>,
    /// The outdoors.
    pub outdoor: Outdoor,
    /// Room for a step's numbers.
    pub(crate) work: Work,
}

/// What a step works with, kept so that it need not be made anew.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Work {
    pub five: FiveWork,
    pub light: Vec<Light>,
    pub inputs: Vec<ZoneInput>,
    pub rooms: Vec<Room>,
}

/// What a room's step is made of, besides heat.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Room {
    pub people: f64,
    pub equipment_w: f64,
    pub flow_m3_s: f64,
    pub leak_m3_s: f64,
    pub supply_c: f64,
}

impl Outputs {
    /// Zeros, with a row for each zone, unit and source.
    pub(crate) fn reset(&mut self, zones: usize, ahus: usize, plants: usize) {
        let per_zone = [
            &mut self.temperature_c,
            &mut self.relative_humidity_pct,
            &mut self.co2_ppm,
            &mut self.people,
            &mut self.sound_db,
            &mut self.flow_m3_s,
            &mut self.damper_pct,
            &mut self.heating_w,
            &mut self.cooling_w,
            &mut self.lights_and_equipment_w,
        ];
        for column in per_zone {
            column.clear();
            column.resize(zones, 0.0);
        }
        let per_ahu = [
            &mut self.ahu_flow_m3_s,
            &mut self.ahu_fan_w,
            &mut self.ahu_supply_c,
            &mut self.ahu_heating_w,
            &mut self.ahu_cooling_w,
        ];
        for column in per_ahu {
            column.clear();
            column.resize(ahus, 0.0);
        }
        for column in [&mut self.plant_given_w, &mut self.plant_electric_w, &mut self.plant_fuel_w] {
            column.clear();
            column.resize(plants, 0.0);
        }
    }
}
