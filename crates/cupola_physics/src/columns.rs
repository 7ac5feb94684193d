//! Inputs, state and outputs of a building's step: columns with one row for each zone, air handling unit or
//! source.

use crate::thermal::{FaceIrradiance, FiveWork, ZoneInput};
use crate::weather::Outdoor;

/// State that one step passes to the next.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct BuildingState {
    /// Air temperature of each zone, in °C.
    pub temperature_c: Vec<f64>,
    /// Temperature of each zone's thermal mass, in °C.
    pub mass_c: Vec<f64>,
    /// CO2 concentration of each zone, in ppm.
    pub co2_ppm: Vec<f64>,
    /// Humidity ratio of each zone, in kg/kg.
    pub humidity_kg_per_kg: Vec<f64>,
    /// Heat that each zone's radiator would give if the sources could supply it, in W.
    pub radiator_wanted_w: Vec<f64>,
    /// Supply air temperature of each air handling unit, in °C, also while it is off.
    pub ahu_supply_c: Vec<f64>,
    /// Number of steps done.
    pub ticks: u64,
}

impl BuildingState {
    /// Takes over the heat, the air and the water of another state's zone.
    pub fn take_zone(&mut self, zone: usize, other: &Self, other_zone: usize) {
        self.temperature_c[zone] = other.temperature_c[other_zone];
        self.mass_c[zone] = other.mass_c[other_zone];
        self.co2_ppm[zone] = other.co2_ppm[other_zone];
        self.humidity_kg_per_kg[zone] = other.humidity_kg_per_kg[other_zone];
        self.radiator_wanted_w[zone] = other.radiator_wanted_w[other_zone];
    }
}

/// Controls of operators, scenarios and faults. A row that is missing or not finite takes the value of the
/// specification.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Controls {
    /// Whether each air handling unit may run.
    pub ahu_on: Vec<bool>,
    /// Supply air set-point of each air handling unit, in °C.
    pub supply_setpoint_c: Vec<f64>,
    /// Whether each heat or cold source may run.
    pub plant_on: Vec<bool>,
    /// Whether each zone's terminal works. A terminal that does not work is shut.
    pub terminal_on: Vec<bool>,
    /// Heating set-point of each zone, in °C.
    pub heating_setpoint_c: Vec<f64>,
    /// Cooling set-point of each zone, in °C.
    pub cooling_setpoint_c: Vec<f64>,
    /// Number of people in each zone that replaces the profile's number.
    pub people_override: Vec<Option<f64>>,
    /// Offset added to the outdoor temperature, in K.
    pub outdoor_offset_k: f64,
}

/// Outputs of a step. Flows and powers are means over the step. All other values are those at the end of the
/// step.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Outputs {
    /// Air temperature of each zone, in °C.
    pub temperature_c: Vec<f64>,
    /// Relative humidity of each zone, in %.
    pub relative_humidity_pct: Vec<f64>,
    /// CO2 concentration of each zone, in ppm.
    pub co2_ppm: Vec<f64>,
    /// Number of people in each zone.
    pub people: Vec<f64>,
    /// Estimated sound pressure level of each zone, in dB(A), from background, air and people.
    pub sound_db: Vec<f64>,
    /// Supply air flow of each zone, in m³/s.
    pub flow_m3_s: Vec<f64>,
    /// Air flow of each zone over its maximum air flow, in %.
    pub damper_pct: Vec<f64>,
    /// Radiator heat of each zone, in W.
    pub heating_w: Vec<f64>,
    /// Heat that the supply air removes from each zone, in W. The coil's load for it is part of
    /// `ahu_cooling_w`, so the two must not be added.
    pub cooling_w: Vec<f64>,
    /// Electric power of each zone's lights and equipment, in W.
    pub lights_and_equipment_w: Vec<f64>,
    /// Air flow of each air handling unit, in m³/s.
    pub ahu_flow_m3_s: Vec<f64>,
    /// Electric power of each air handling unit's fans, in W.
    pub ahu_fan_w: Vec<f64>,
    /// Supply air temperature of each air handling unit, in °C. Without air flow it is the mean temperature
    /// of the unit's zones.
    pub ahu_supply_c: Vec<f64>,
    /// Heat from each air handling unit's heating coil, in W.
    pub ahu_heating_w: Vec<f64>,
    /// Sensible heat removed by each air handling unit's cooling coil, in W.
    pub ahu_cooling_w: Vec<f64>,
    /// Heat or cold delivered by each source, in W.
    pub plant_given_w: Vec<f64>,
    /// Electric power of each source, in W.
    pub plant_electric_w: Vec<f64>,
    /// Gas power (higher heating value) or purchased district heat or cold of each source, in W.
    pub plant_fuel_w: Vec<f64>,
    /// Outdoor conditions.
    pub outdoor: Outdoor,
    /// Working memory of a step.
    pub(crate) work: Work,
}

/// Working memory of a step, kept to avoid new allocations.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Work {
    pub five: FiveWork,
    pub light: Vec<FaceIrradiance>,
    pub inputs: Vec<ZoneInput>,
    pub rooms: Vec<Room>,
}

/// Values of a zone in one part of a step, apart from the heat balance.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Room {
    pub people: f64,
    pub equipment_w: f64,
    pub flow_m3_s: f64,
    pub leak_m3_s: f64,
    pub supply_c: f64,
}

impl Outputs {
    /// Sets all values to zero, with a row for each zone, air handling unit and source.
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
