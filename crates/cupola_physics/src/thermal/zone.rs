//! What acts on a zone during a step, and what its thermostat does about it.

use super::hubs::{Hubs, Pair};
use crate::study::{Sensor, Tier};

/// Differences to a set-point that don't count, K.
const TOLERANCE_K: f64 = 1e-7;
/// Powers that don't count, W.
const TOLERANCE_W: f64 = 1e-6;

/// What holds a zone at a set-point, during a step.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Control {
    pub setpoint_c: f64,
    /// The most that it gives, W; below 0 for cooling.
    pub power_w: f64,
    pub radiant_fraction: f64,
    /// Share of the radiant temperature in what the thermostat feels.
    pub radiant_weight: f64,
}

impl Control {
    /// How a sensor weighs the radiant temperature: 5R1C's is a mixture with the air's already (ISO 13790:2008, C.3).
    pub fn weight(sensor: Sensor, tier: Tier) -> f64 {
        match (sensor, tier) {
            (Sensor::Air, _) => 0.0,
            (Sensor::Operative, Tier::MultiNode) => 0.5,
            (Sensor::Operative, Tier::FiveR1C) => super::five::OPERATIVE,
        }
    }

    fn feels(&self, air_c: f64, radiant_c: f64) -> f64 {
        air_c + self.radiant_weight * (radiant_c - air_c)
    }
}

/// What acts on a zone.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct ZoneInput {
    /// Heat capacity of the air over the step's length.
    pub capacity_w_k: f64,
    /// Heat capacity of the air that is exchanged, and what it brings in, with the zone at 0 °C.
    pub exchange_w_k: f64,
    pub exchange_source_w: f64,
    /// Gains to the air and to the surfaces.
    pub convective_w: f64,
    pub radiant_w: f64,
    pub heating: Option<Control>,
    pub cooling: Option<Control>,
}

/// Air that flows from one zone into another: its heat capacity, W/K.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Draught {
    pub from: usize,
    pub to: usize,
    pub w_k: f64,
}

/// What acts on all zones, and between them.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Acting<'a> {
    pub zones: &'a [ZoneInput],
    pub draughts: &'a [Draught],
}

/// What a zone's plant does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Mode {
    #[default]
    Free,
    Heated,
    Cooled,
    /// All that there is, and it isn't enough.
    HeatedFully,
    CooledFully,
}

/// What came of it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Load {
    pub air_c: f64,
    pub radiant_c: f64,
    /// What a person feels.
    pub operative_c: f64,
    /// Above 0 heating, below 0 cooling.
    pub power_w: f64,
}

impl ZoneInput {
    /// What is at work in a mode.
    pub fn control(&self, mode: Mode) -> Option<Control> {
        match mode {
            Mode::Free => None,
            Mode::Heated | Mode::HeatedFully => self.heating,
            Mode::Cooled | Mode::CooledFully => self.cooling,
        }
    }

    /// Where to begin from what a zone did before: what has no limit now can't be at it.
    pub fn first_mode(&self, before: Mode) -> Mode {
        match (before, self.control(before)) {
            (Mode::HeatedFully, Some(control)) if control.power_w.is_infinite() => Mode::Heated,
            (Mode::CooledFully, Some(control)) if control.power_w.is_infinite() => Mode::Cooled,
            _ => before,
        }
    }

    /// What a zone does next that in a mode came to these temperatures with this power.
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

/// Takes a zone's power as the unknown in place of what its thermostat feels, or puts a known power in.
pub(crate) fn constrain(hubs: &mut Hubs, zone: usize, input: &ZoneInput, mode: Mode) {
    let Some(control) = input.control(mode) else { return };
    let radiant = control.radiant_fraction;
    if let Mode::HeatedFully | Mode::CooledFully = mode {
        let (_, right) = hubs.zone(zone);
        right[0] += control.power_w * (1.0 - radiant);
        right[1] += control.power_w * radiant;
        return;
    }
    // The power stands in two rows: one of them is used up to take it out of the other.
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

/// The power that a solution needs in a zone, W.
pub(crate) fn given(hubs: &Hubs, solution: &[Pair], zone: usize, input: &ZoneInput, mode: Mode) -> f64 {
    let Some(control) = input.control(mode) else { return 0.0 };
    if let Mode::HeatedFully | Mode::CooledFully = mode {
        return control.power_w;
    }
    let [air, radiant] = hubs.missing(zone, solution);
    air + radiant
}
