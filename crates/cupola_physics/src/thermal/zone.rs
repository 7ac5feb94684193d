//! Inputs of a zone in a step, and its thermostat.

use super::hubs::{Hubs, Pair};
use crate::study::{Sensor, ThermalModel};

/// Tolerance of a set-point, in K.
const TOLERANCE_K: f64 = 1e-7;
/// Tolerance of a power, in W.
const TOLERANCE_W: f64 = 1e-6;

/// Heating or cooling control of a zone during a step.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Control {
    pub setpoint_c: f64,
    /// Maximum power, in W; below 0 for cooling.
    pub power_w: f64,
    pub radiant_fraction: f64,
    /// Weight of the radiant temperature in the temperature that the thermostat measures.
    pub radiant_weight: f64,
}

impl Control {
    /// Returns the weight of the radiant temperature for a sensor. The surface temperature of the 5R1C model
    /// already includes the air temperature (ISO 13790:2008, C.3).
    pub fn weight(sensor: Sensor, tier: ThermalModel) -> f64 {
        match (sensor, tier) {
            (Sensor::Air, _) => 0.0,
            (Sensor::Operative, ThermalModel::MultiNode) => 0.5,
            (Sensor::Operative, ThermalModel::FiveR1C) => super::five::OPERATIVE,
        }
    }

    fn feels(&self, air_c: f64, radiant_c: f64) -> f64 {
        air_c + self.radiant_weight * (radiant_c - air_c)
    }
}

/// Inputs of a zone.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct ZoneInput {
    /// Heat capacity of the air over step length, in W/K.
    pub capacity_w_k: f64,
    /// Heat capacity flow of exchanged air, in W/K, and the heat that it brings with the zone at 0 °C, in W.
    pub exchange_w_k: f64,
    pub exchange_source_w: f64,
    /// Gains to the air, and to the surfaces, in W.
    pub convective_w: f64,
    pub radiant_w: f64,
    pub heating: Option<Control>,
    pub cooling: Option<Control>,
}

/// Air flow from one zone into another, as heat capacity flow in W/K.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Draught {
    pub from: usize,
    pub to: usize,
    pub w_k: f64,
}

/// Inputs of all zones, and air flows between them.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct StepInputs<'a> {
    pub zones: &'a [ZoneInput],
    pub draughts: &'a [Draught],
}

/// Mode of a zone's heating and cooling.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Mode {
    #[default]
    Free,
    Heated,
    Cooled,
    /// Full power, with the set-point not reached.
    HeatedFully,
    CooledFully,
}

/// Temperatures and load of a zone.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Load {
    pub air_c: f64,
    pub radiant_c: f64,
    /// Operative temperature, in °C.
    pub operative_c: f64,
    /// Power, in W: above 0 heating, below 0 cooling.
    pub power_w: f64,
}

impl ZoneInput {
    /// Returns the control that acts in a mode.
    pub fn control(&self, mode: Mode) -> Option<Control> {
        match mode {
            Mode::Free => None,
            Mode::Heated | Mode::HeatedFully => self.heating,
            Mode::Cooled | Mode::CooledFully => self.cooling,
        }
    }

    /// Returns the initial mode from the mode of the previous step. A control without a limit cannot be at
    /// full power.
    pub fn first_mode(&self, before: Mode) -> Mode {
        match (before, self.control(before)) {
            (Mode::HeatedFully, Some(control)) if control.power_w.is_infinite() => Mode::Heated,
            (Mode::CooledFully, Some(control)) if control.power_w.is_infinite() => Mode::Cooled,
            _ => before,
        }
    }

    /// Returns the next mode from these temperatures and this power in the current mode.
    pub fn next_mode(&self, mode: Mode, air_c: f64, radiant_c: f64, power_w: f64) -> Mode {
        let is_cold = |control: &Control| control.feels(air_c, radiant_c) < control.setpoint_c - TOLERANCE_K;
        let is_warm = |control: &Control| control.feels(air_c, radiant_c) > control.setpoint_c + TOLERANCE_K;
        match (mode, self.control(mode)) {
            (Mode::Heated, Some(control)) if power_w > control.power_w + TOLERANCE_W => Mode::HeatedFully,
            (Mode::Heated, Some(_)) if power_w >= -TOLERANCE_W => Mode::Heated,
            (Mode::Cooled, Some(control)) if power_w < control.power_w - TOLERANCE_W => Mode::CooledFully,
            (Mode::Cooled, Some(_)) if power_w <= TOLERANCE_W => Mode::Cooled,
            (Mode::HeatedFully, Some(control)) if is_warm(&control) => Mode::Heated,
            (Mode::HeatedFully, Some(_)) => Mode::HeatedFully,
            (Mode::CooledFully, Some(control)) if is_cold(&control) => Mode::Cooled,
            (Mode::CooledFully, Some(_)) => Mode::CooledFully,
            (Mode::Free, _) if self.heating.as_ref().is_some_and(is_cold) => Mode::Heated,
            (Mode::Free, _) if self.cooling.as_ref().is_some_and(is_warm) => Mode::Cooled,
            _ => Mode::Free,
        }
    }
}

/// Replaces the measured temperature by the zone's power as the unknown, or inserts a known power.
pub(crate) fn constrain(hubs: &mut Hubs, zone: usize, input: &ZoneInput, mode: Mode) {
    let Some(control) = input.control(mode) else { return };
    let radiant = control.radiant_fraction;
    if let Mode::HeatedFully | Mode::CooledFully = mode {
        let (_, right) = hubs.zone(zone);
        right[0] += control.power_w * (1.0 - radiant);
        right[1] += control.power_w * radiant;
        return;
    }
    // The power occurs in two rows. One row is used to eliminate it from the other.
    let (held, other) = if radiant <= 0.5 { (0, 1) } else { (1, 0) };
    let ratio = radiant.min(1.0 - radiant) / radiant.max(1.0 - radiant);
    for link in hubs.links(zone) {
        for column in 0..2 {
            link[2 * other + column] -= ratio * link[2 * held + column];
            link[2 * held + column] = 0.0;
        }
    }
    let (own, right) = hubs.zone(zone);
    for column in 0..2 {
        own[2 * other + column] -= ratio * own[2 * held + column];
    }
    right[other] -= ratio * right[held];
    (own[2 * held], own[2 * held + 1]) = (1.0 - control.radiant_weight, control.radiant_weight);
    right[held] = control.setpoint_c;
}

/// Returns the power that a solution needs in a zone, in W.
pub(crate) fn given(hubs: &Hubs, solution: &[Pair], zone: usize, input: &ZoneInput, mode: Mode) -> f64 {
    let Some(control) = input.control(mode) else { return 0.0 };
    if let Mode::HeatedFully | Mode::CooledFully = mode {
        return control.power_w;
    }
    let [air, radiant] = hubs.missing(zone, solution);
    air + radiant
}
