//! Two-element rooms in a run.

use super::ZoneResult;
use super::inputs::ZoneExchange;
use crate::study::{BehindPart, EndUse, Program, RoomConditioning, RoomFacade, TwoElementRoom, Value};
use crate::thermal::{Ambient, Load};
use crate::two_element::{AIR_J_M3_K, equivalent_outdoor_c, weighted_c};
use crate::two_element::{Emitter, Facade, Input, Room, RoomError, SetPoint, State, TwoElement};

/// Maximum internal step, in s. With it the twelve cases of VDI 6007-1 stay within the printed bounds.
const INNER_STEP_S: f64 = 10.0;

/// Returns the room of the two-element model from its description.
pub(crate) fn room(room: &TwoElementRoom) -> Room {
    let facade = |facade: &RoomFacade| Facade { wall_m2: facade.wall_m2, window_m2: facade.window_m2 };
    Room {
        facades: room.facades.iter().map(facade).collect(),
        outer_r1_k_w: room.outer.r1_k_w,
        outer_c1_j_k: room.outer.c1_j_k,
        outer_rest_k_w: room.outer.rest_k_w,
        inner_m2: room.inner.area_m2,
        inner_r1_k_w: room.inner.r1_k_w,
        inner_c1_j_k: room.inner.c1_j_k,
        window_r_k_w: room.window_resistance_k_w.unwrap_or(1.0),
        outer_convection_w_m2k: room.outer.convection_w_m2k,
        inner_convection_w_m2k: room.inner.convection_w_m2k,
        window_convection_w_m2k: room.window_convection_w_m2k.unwrap_or(room.outer.convection_w_m2k),
        radiation_w_m2k: room.radiation_w_m2k,
        solar_convective_share: room.solar_convective_fraction,
        air_j_k: room.air_j_k,
    }
}

/// Two-element room with its state.
#[derive(Clone, Debug)]
pub(super) struct RoomRun {
    model: TwoElement,
    state: State,
    sun: Vec<Sun>,
    behind: Vec<OutsidePart>,
    gains: Vec<RoomGain>,
    flows: Vec<(Value, Option<Value>, Option<Value>)>,
    heating: Option<Conditioner>,
    cooling: Option<Conditioner>,
    solar_w: Vec<f64>,
}

#[derive(Clone, Debug)]
struct RoomGain {
    end_use: EndUse,
    power: Value,
    schedule: Option<Value>,
    convective: f64,
    radiant: f64,
}

#[derive(Clone, Debug)]
struct Sun {
    amount: Option<Value>,
    area_m2: f64,
    above: f64,
    factor: f64,
}

#[derive(Clone, Debug)]
struct OutsidePart {
    weight: f64,
    temperature: Option<Value>,
    absorptance: f64,
    sun: Option<Value>,
    sky: Option<Value>,
    sky_share: Option<Value>,
}

#[derive(Clone, Debug)]
struct Conditioner {
    setpoint: Value,
    available: Option<Value>,
    emitter: Emitter,
}

impl RoomRun {
    pub fn new(given: &TwoElementRoom, program: &Program, start_c: f64) -> Result<Self, RoomError> {
        let schedule = |name: &Option<String>| name.as_ref().map(|name| program.schedule(name));
        let conditioner = |given: &RoomConditioning| Conditioner {
            setpoint: program.value(&given.setpoint_c),
            available: schedule(&given.available),
            emitter: Emitter {
                limit_w: given.max_w.unwrap_or(f64::INFINITY),
                convective: 1.0 - given.radiant_fraction - given.inner_fraction - given.outer_fraction,
                radiant: given.radiant_fraction,
                inner_panel: given.inner_fraction,
                outer_panel: given.outer_fraction,
            },
        };
        let sun = |facade: &RoomFacade| Sun {
            amount: facade.sun_w_m2.as_ref().map(|amount| program.value(amount)),
            area_m2: facade.sun_m2,
            above: facade.blind_above_w_m2.unwrap_or(f64::INFINITY),
            factor: facade.blind_factor.unwrap_or(1.0),
        };
        let part = |part: &BehindPart| OutsidePart {
            weight: part.weight,
            temperature: part.temperature_c.as_ref().map(|amount| program.value(amount)),
            absorptance: part.solar_absorptance,
            sun: part.sun_w_m2.as_ref().map(|amount| program.value(amount)),
            sky: part.sky_c.as_ref().map(|amount| program.value(amount)),
            sky_share: part.sky_share.as_ref().map(|amount| program.value(amount)),
        };
        let gains = given.gains.iter().filter_map(|gain| {
            let convective = 1.0 - gain.radiant_fraction - gain.latent_fraction - gain.lost_fraction;
            Some(RoomGain {
                end_use: gain.end_use,
                power: program.value(gain.power_w.as_ref()?),
                schedule: schedule(&gain.schedule),
                convective,
                radiant: gain.radiant_fraction,
            })
        });
        let flows = given.ventilation.iter().filter_map(|flow| {
            let supply = flow.supply_c.as_ref().map(|amount| program.value(amount));
            Some((program.value(flow.flow_m3_h.as_ref()?), schedule(&flow.schedule), supply))
        });
        Ok(Self {
            model: TwoElement::new(room(given))?,
            state: State::at(start_c),
            sun: given.facades.iter().map(sun).collect(),
            behind: given.behind.iter().map(part).collect(),
            gains: gains.collect(),
            flows: flows.collect(),
            heating: given.heating.as_ref().map(conditioner),
            cooling: given.cooling.as_ref().map(conditioner),
            solar_w: vec![0.0; given.facades.len()],
        })
    }

    /// Advances the room by a step. If the step cannot be computed, the state stays unchanged.
    pub fn step(&mut self, program: &Program, ambient: &Ambient, step_s: f64, result: &mut ZoneResult) {
        for (solar_w, sun) in self.solar_w.iter_mut().zip(&self.sun) {
            let behind_glass = sun.amount.map_or(0.0, |amount| program.at(amount));
            let blind = if behind_glass > sun.above { sun.factor } else { 1.0 };
            *solar_w = sun.area_m2 * behind_glass * blind;
        }
        let air_c = ambient.dry_bulb_c;
        let part = |part: &OutsidePart| {
            let own_c = part.temperature.map_or(air_c, |value| program.at(value));
            let sky_c = part.sky.map_or(own_c, |value| program.at(value));
            let sun = part.sun.map_or(0.0, |value| program.at(value));
            let share = part.sky_share.map_or(1.0, |value| program.at(value));
            (part.weight, equivalent_outdoor_c(own_c, part.absorptance, sun, sky_c, share))
        };
        let behind: Vec<(f64, f64)> = self.behind.iter().map(part).collect();
        let set = |conditioner: &Option<Conditioner>| {
            let conditioner = conditioner.as_ref()?;
            let is_on = conditioner.available.is_none_or(|row| program.at(row) > 0.0);
            let temperature_c = program.at(conditioner.setpoint);
            is_on.then_some(SetPoint { temperature_c, emitter: conditioner.emitter })
        };
        let (mut heating, cooling) = (set(&self.heating), set(&self.cooling));
        // If the cooling set-point is below the heating set-point, the heating set-point is lowered to it, as
        // in zones.
        if let (Some(heating), Some(cooling)) = (&mut heating, &cooling) {
            heating.temperature_c = heating.temperature_c.min(cooling.temperature_c);
        }
        let mut input = Input {
            outer_c: if behind.is_empty() { air_c } else { weighted_c(&behind) },
            window_c: air_c,
            solar_w: &self.solar_w,
            heating,
            cooling,
            ..Input::default()
        };
        let share = |schedule: Option<Value>| schedule.map_or(1.0, |row| program.at(row));
        result.given = ZoneExchange::default();
        for gain in &self.gains {
            let power_w = program.at(gain.power) * share(gain.schedule);
            input.convective_w += power_w * gain.convective;
            input.radiant_w += power_w * gain.radiant;
            result.given.add(gain.end_use, power_w);
        }
        let mut brought_w = 0.0;
        for (flow, schedule, supply) in &self.flows {
            let capacity = AIR_J_M3_K * (program.at(*flow) * share(*schedule)).max(0.0) / 3_600.0;
            input.ventilation_w_k += capacity;
            brought_w += capacity * supply.map_or(air_c, |supply| program.at(supply));
        }
        input.ventilation_c = if input.ventilation_w_k > 0.0 { brought_w / input.ventilation_w_k } else { air_c };
        result.load = match self.model.step_with(&mut self.state, &input, step_s, INNER_STEP_S) {
            Ok(output) => Load {
                air_c: output.air_c,
                radiant_c: output.radiant_c,
                operative_c: output.operative_c(),
                power_w: output.heating_w - output.cooling_w,
            },
            Err(_) => Load { air_c: self.state.air_c, ..Load::default() },
        };
        result.solar_w = self.solar_w.iter().sum();
        result.setpoints_c = self.setpoints_c(program);
    }

    /// Returns the set-points for heating and cooling, in °C. A missing set-point is infinitely low or high.
    fn setpoints_c(&self, program: &Program) -> (f64, f64) {
        let of = |conditioner: &Option<Conditioner>, none: f64| {
            let works = |conditioner: &&Conditioner| conditioner.available.is_none_or(|row| program.at(row) > 0.0);
            conditioner.as_ref().filter(works).map_or(none, |conditioner| program.at(conditioner.setpoint))
        };
        (of(&self.heating, f64::NEG_INFINITY), of(&self.cooling, f64::INFINITY))
    }
}
