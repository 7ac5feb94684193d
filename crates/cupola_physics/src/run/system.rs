//! Air handling units of a study: limits of the boxes for the zones, and operation of the units for the
//! zones' loads.

use super::ZoneResult;
use super::inputs::ZoneExchange;
use super::presence::ZoneAir;
use crate::air::{DENSITY_KG_PER_M3, HEAT_CAPACITY_J_PER_KG_K};
use crate::contaminant;
use crate::plant::Air;
use crate::plant::ahu::{AirHandler, AirHandlerResult, Economiser};
use crate::plant::fan_pump::Mover;
use crate::plant::vav::{Heating, VavBox, VavBoxResult};
use crate::study::{AirBox, AirSystem, BoxControl, EconomiserDoc, Program, Study, Value};
use crate::thermal::{Ambient, Load, ZoneInput};

/// Air changes of a unit's own volume, in 1/s. The unit and its ducts contain the air flow of one minute (an
/// assumption).
const THROUGH_PER_S: f64 = 1.0 / 60.0;
/// Capacity of coils without a limit, in W.
const ENOUGH_W: f64 = 1e12;
/// Relaxation factor, per step, with which the boxes' supply temperature follows the reached temperature if the
/// coils cannot reach the set-point.
const FOLLOWS: f64 = 0.2;
/// Tolerance of a box's heat in the search for its signal, in W.
const CLOSE_W: f64 = 1e-6;

const STILL: Air = Air { temperature_c: 0.0, humidity_kg_kg: 0.0 };

/// Air handling unit with its state.
#[derive(Clone, Debug)]
pub(crate) struct SystemRun {
    id: String,
    available: Option<Value>,
    supply_c: Value,
    /// Supply temperature at the boxes in this step, in °C.
    supplied_c: f64,
    unit: AirHandler,
    filter_efficiency: f64,
    boxes: Vec<BoxRun>,
    runs: bool,
    /// Result of the unit in the last step, if it ran.
    handled: Option<AirHandlerResult>,
    /// Return air and outdoor air in that step.
    back: Air,
    outdoor: Air,
    /// Composition of the air in the unit.
    air: Option<ZoneAir>,
    pub done: SystemStep,
}

#[derive(Clone, Debug)]
struct BoxRun {
    zone: usize,
    /// Capacity of the reheat coil, in W.
    reheat_w: f64,
    vav: VavBox,
    /// Result without cooling or heating signal, at the start of the step.
    idle: VavBoxResult,
}

/// Result of an air handling unit in a step.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct SystemStep {
    /// Supply air flow, in m³/h (of 1.204 kg/m³).
    pub flow_m3_h: f64,
    /// Outdoor air flow, in m³/h.
    pub outdoor_m3_h: f64,
    /// Supply air temperature, in °C. While the unit is off, it is the outdoor air temperature.
    pub supply_c: f64,
    /// Heat of the heating coil, in W.
    pub heating_coil_w: f64,
    /// Cooling of the cooling coil, in W, including latent cooling.
    pub cooling_coil_w: f64,
    /// Heat of the boxes' reheat coils, in W.
    pub reheat_w: f64,
    /// Heat from the heat recovery to the outdoor air, in W.
    pub recovered_w: f64,
    /// Condensate of the cooling coil, in kg/h.
    pub condensate_kg_h: f64,
    /// Electric power of the fans, in W.
    pub fans_w: f64,
}

impl SystemRun {
    pub(super) fn new(system: &AirSystem, study: &Study, program: &Program) -> Self {
        let mass = |flow_m3_h: f64| flow_m3_h / 3_600.0 * DENSITY_KG_PER_M3;
        let boxes: Vec<BoxRun> = system
            .boxes
            .iter()
            .filter_map(|own| {
                let zone = study.zones.iter().position(|zone| zone.id == own.zone)?;
                let vav = vav(own, mass);
                Some(BoxRun { zone, reheat_w: vav.reheat_w, vav, idle: VavBoxResult::default() })
            })
            .collect();
        let most_kg_s = boxes.iter().map(|own| own.vav.cooling_most_kg_s).sum();
        let fan = Mover::supply_fan(most_kg_s);
        let unit = AirHandler {
            fan: Mover {
                pressure_pa: system.fan_pressure_pa.unwrap_or(fan.pressure_pa),
                efficiency: system.fan_efficiency.unwrap_or(fan.efficiency),
                ..fan
            },
            least_outdoor: system.min_outdoor_share,
            economiser: match system.economiser {
                EconomiserDoc::None => Economiser::None,
                EconomiserDoc::DryBulb(limit_c) => Economiser::DryBulb(limit_c),
                EconomiserDoc::DifferentialDryBulb => Economiser::DifferentialDryBulb,
                EconomiserDoc::EnthalpyKjKg(limit) => Economiser::Enthalpy(1_000.0 * limit),
                EconomiserDoc::DifferentialEnthalpy => Economiser::DifferentialEnthalpy,
            },
            recovery_sensible: system.recovery_sensible,
            recovery_latent: system.recovery_latent,
            heating_w: system.heating_coil_w.unwrap_or(ENOUGH_W),
            cooling_w: system.cooling_coil_w.unwrap_or(ENOUGH_W),
            bypass: system.coil_bypass.unwrap_or(AirHandler::new(1.0).bypass),
            ..AirHandler::new(most_kg_s)
        };
        Self {
            id: system.id.clone(),
            available: system.available.as_ref().map(|name| program.schedule(name)),
            supply_c: program.value(&system.supply_c),
            supplied_c: 0.0,
            unit,
            filter_efficiency: system.filter_efficiency,
            boxes,
            runs: false,
            handled: None,
            back: STILL,
            outdoor: STILL,
            air: None,
            done: SystemStep::default(),
        }
    }

    pub fn id(&self) -> &str {
        &self.id
    }

    /// Returns the zones that the unit serves.
    pub fn zones(&self) -> impl Iterator<Item = usize> {
        self.boxes.iter().map(|own| own.zone)
    }

    /// Starts a step: restores the full capacity of the reheat coils, and sets the supply temperature at the
    /// boxes.
    pub fn open(&mut self, program: &Program) {
        let wanted_c = program.at(self.supply_c);
        // If the coils could not reach the set-point in the previous step, the supply temperature follows the
        // reached temperature. The relaxation prevents oscillation between boxes and coils.
        self.supplied_c = self.handled.map_or(wanted_c, |handled| match handled.supply.temperature_c {
            reached_c if (reached_c - wanted_c).abs() < 1e-6 => reached_c,
            reached_c => self.supplied_c + FOLLOWS * (reached_c - self.supplied_c),
        });
        self.boxes.iter_mut().for_each(|own| own.vav.reheat_w = own.reheat_w);
    }

    /// Returns the heat of the reheat coils for these loads, in W.
    pub fn reheat_w(&self, loads: &[Load]) -> f64 {
        let supply_c = self.supplied_c;
        self.boxes.iter().filter(|_| self.runs).map(|own| own.for_load(&loads[own.zone], supply_c).1.reheat_w).sum()
    }

    /// Limits each reheat coil to a fraction of its heat for these loads.
    pub fn narrow(&mut self, share: f64, loads: &[Load]) {
        let supply_c = self.supplied_c;
        for own in self.boxes.iter_mut().filter(|_| self.runs) {
            own.vav.reheat_w = share * own.for_load(&loads[own.zone], supply_c).1.reheat_w;
        }
    }

    /// Adds the boxes' minimum air flow to the zones, and limits heating and cooling to the boxes' capability
    /// at the current temperatures.
    pub fn offer(&mut self, program: &Program, air_c: &[f64], inputs: &mut [ZoneInput]) {
        self.runs = self.available.is_none_or(|row| program.at(row) > 0.0);
        let supply_c = self.supplied_c;
        for own in &mut self.boxes {
            let input = &mut inputs[own.zone];
            if !self.runs {
                (input.heating, input.cooling) = (None, None);
                own.idle = VavBoxResult::default();
                continue;
            }
            let zone_c = air_c[own.zone];
            own.idle = own.vav.run(0.0, 0.0, zone_c, supply_c);
            let w_k = own.idle.flow_kg_s * HEAT_CAPACITY_J_PER_KG_K;
            input.exchange_w_k += w_k;
            input.exchange_source_w += w_k * own.idle.supply_c;
            let most_w = (own.vav.run(0.0, 1.0, zone_c, supply_c).to_zone_w - own.idle.to_zone_w).max(0.0);
            let least_w = (own.vav.run(1.0, 0.0, zone_c, supply_c).to_zone_w - own.idle.to_zone_w).min(0.0);
            if let Some(control) = &mut input.heating {
                (control.power_w, control.radiant_fraction) = (control.power_w.min(most_w), 0.0);
            }
            if let Some(control) = &mut input.cooling {
                (control.power_w, control.radiant_fraction) = (control.power_w.max(least_w), 0.0);
            }
        }
    }

    /// Computes boxes and unit for the loads of the step. The zones' loads are set to the total heat of the
    /// boxes' air.
    pub(super) fn supply(
        &mut self,
        program: &Program,
        ambient: &Ambient,
        airs: &[ZoneAir],
        results: &mut [ZoneResult],
    ) {
        self.done = SystemStep { supply_c: ambient.dry_bulb_c, ..SystemStep::default() };
        if !self.runs {
            self.handled = None;
            return;
        }
        let wanted_c = program.at(self.supply_c);
        let supply_c = self.supplied_c;
        let mut back = (0.0, 0.0, 0.0);
        for own in &mut self.boxes {
            let result = &mut results[own.zone];
            let zone_c = result.load.air_c;
            let (wanted_w, boxed) = own.for_load(&result.load, supply_c);
            result.load.power_w = wanted_w;
            result.supply_m3_s = boxed.flow_kg_s / DENSITY_KG_PER_M3;
            self.done.reheat_w += boxed.reheat_w;
            back.0 += boxed.flow_kg_s;
            back.1 += boxed.flow_kg_s * zone_c;
            back.2 += boxed.flow_kg_s * airs[own.zone].humidity;
        }
        let (flow_kg_s, heat, water) = back;
        if flow_kg_s <= 0.0 {
            self.handled = None;
            return;
        }
        self.back = Air { temperature_c: heat / flow_kg_s, humidity_kg_kg: water / flow_kg_s };
        self.outdoor = ambient.air();
        let handled = self.unit.run(flow_kg_s, wanted_c, &self.outdoor, &self.back);
        self.take(handled);
    }

    /// Repeats the unit's step with its coils limited to these fractions of their previous power.
    pub(super) fn limit(&mut self, program: &Program, heating: f64, cooling: f64) {
        let Some(handled) = self.handled else { return };
        let most = |own_w: f64, share: f64, taken_w: f64| if share < 1.0 { share * taken_w } else { own_w };
        let unit = AirHandler {
            heating_w: most(self.unit.heating_w, heating, handled.heating_w),
            cooling_w: most(self.unit.cooling_w, cooling, handled.cooling_w),
            ..self.unit
        };
        let wanted_c = program.at(self.supply_c);
        self.take(unit.run(handled.flow_kg_s, wanted_c, &self.outdoor, &self.back));
    }

    fn take(&mut self, handled: AirHandlerResult) {
        self.handled = Some(handled);
        let m3_h = 3_600.0 / DENSITY_KG_PER_M3;
        self.done = SystemStep {
            flow_m3_h: m3_h * handled.flow_kg_s,
            outdoor_m3_h: m3_h * handled.flow_kg_s * handled.outdoor_share,
            supply_c: handled.supply.temperature_c,
            heating_coil_w: handled.heating_w,
            cooling_coil_w: handled.cooling_w,
            recovered_w: handled.recovered_w,
            condensate_kg_h: 3_600.0 * handled.condensate_kg_s,
            fans_w: handled.fan_w,
            reheat_w: self.done.reheat_w,
        };
    }

    /// Distributes the electric power of the fans to the zones, in proportion to their supply air.
    pub fn share_fans(&self, results: &[ZoneResult], given: &mut [ZoneExchange]) {
        let all: f64 = self.zones().map(|zone| results[zone].supply_m3_s).sum();
        for zone in self.zones().filter(|_| all > 0.0) {
            given[zone].fans_w += self.done.fans_w * results[zone].supply_m3_s / all;
        }
    }

    /// Adds the unit to the mixing of air as node `at` between its zones and outdoors. Returns the node with
    /// its moisture source.
    pub(super) fn mixing(
        &self,
        at: usize,
        outdoors: &ZoneAir,
        results: &[ZoneResult],
        flows: &mut Vec<contaminant::Flow>,
    ) -> Node {
        let flow_m3_s = self.done.flow_m3_h / 3_600.0;
        let outdoor_m3_s = self.done.outdoor_m3_h / 3_600.0;
        let share = if flow_m3_s > 0.0 { outdoor_m3_s / flow_m3_s } else { 0.0 };
        let mut flow = |from, to, flow_m3_s| flows.push(contaminant::Flow { from, to, flow_m3_s, filtered: 0.0 });
        flow(None, Some(at), outdoor_m3_s);
        for zone in self.zones() {
            let own_m3_s = results[zone].supply_m3_s;
            flow(Some(zone), Some(at), (1.0 - share) * own_m3_s);
            flow(Some(at), Some(zone), own_m3_s);
        }
        let air = self.air.unwrap_or(*outdoors);
        let Some(handled) = self.handled else {
            return Node { volume_m3: 1e-3, water_m3_s: 0.0, filter_efficiency: 0.0, air };
        };
        // Moisture recovery changes the outdoor air only, so the mixed air changes by the outdoor air
        // fraction of it.
        let recovered = handled.mixed.humidity_kg_kg - self.back.mixed(&self.outdoor, share).humidity_kg_kg;
        let water_m3_s = flow_m3_s * recovered - handled.condensate_kg_s / DENSITY_KG_PER_M3;
        let volume_m3 = (flow_m3_s / THROUGH_PER_S).max(1e-3);
        Node { volume_m3, water_m3_s, filter_efficiency: self.filter_efficiency, air }
    }

    /// Stores the composition of the unit's air after a step.
    pub(super) fn holds(&mut self, air: ZoneAir) {
        self.air = Some(air);
    }
}

/// Volume of air in addition to the zones.
#[derive(Clone, Copy, Debug)]
pub(super) struct Node {
    pub volume_m3: f64,
    /// Moisture source, in kg/kg times m³/s.
    pub water_m3_s: f64,
    pub filter_efficiency: f64,
    pub air: ZoneAir,
}

impl BoxRun {
    /// Returns the total heat of the box's air for a load, in W, including that of its minimum air flow, and
    /// the result of the box.
    fn for_load(&self, load: &Load, supply_c: f64) -> (f64, VavBoxResult) {
        let w_k = self.idle.flow_kg_s * HEAT_CAPACITY_J_PER_KG_K;
        let wanted_w = load.power_w + w_k * (self.idle.supply_c - load.air_c);
        (wanted_w, self.meets(wanted_w, load.air_c, supply_c))
    }

    /// Returns the result of the box that gives the zone this heat, or the nearest possible heat.
    fn meets(&self, wanted_w: f64, zone_c: f64, supply_c: f64) -> VavBoxResult {
        let run = |signal: f64| self.vav.run((-signal).max(0.0), signal.max(0.0), zone_c, supply_c);
        let idle = run(0.0);
        let toward = if wanted_w > idle.to_zone_w { 1.0 } else { -1.0 };
        let far = run(toward);
        if toward * (far.to_zone_w - wanted_w) <= 0.0 {
            // Supply air that is warmer than the zone does not cool it.
            return if toward * (far.to_zone_w - idle.to_zone_w) > 0.0 { far } else { idle };
        }
        let (mut low, mut high) = ((0.0, idle), (1.0, far));
        let mut boxed = idle;
        for round in 0..60 {
            // The heat is nearly proportional to the signal over most of the range. The clamp moves both ends
            // of the bracket where the curve bends.
            let straight = (wanted_w - low.1.to_zone_w) / (high.1.to_zone_w - low.1.to_zone_w);
            let share = if round == 0 { straight } else { straight.clamp(0.1, 0.9) };
            let signal = low.0 + (high.0 - low.0) * share;
            boxed = run(toward * signal);
            if (boxed.to_zone_w - wanted_w).abs() < CLOSE_W {
                break;
            }
            let end = if toward * (boxed.to_zone_w - wanted_w) < 0.0 { &mut low } else { &mut high };
            *end = (signal, boxed);
        }
        boxed
    }
}

fn vav(own: &AirBox, mass: impl Fn(f64) -> f64) -> VavBox {
    let most = mass(own.max_flow_m3_h);
    let base = match own.control {
        BoxControl::DualMaximum => VavBox::dual(most),
        BoxControl::SingleMaximum => VavBox::single(most),
    };
    let least = own.min_flow_m3_h.map_or(base.least_kg_s, &mass);
    let heating = match base.heating {
        Heating::DualMaximum => own.heating_flow_m3_h.map_or(base.heating_most_kg_s, &mass),
        Heating::SingleMaximum => least,
    };
    let reheat_w = own.reheat_w.unwrap_or(heating * HEAT_CAPACITY_J_PER_KG_K * 20.0);
    VavBox { least_kg_s: least, heating_most_kg_s: heating, reheat_w, ..base }
}
