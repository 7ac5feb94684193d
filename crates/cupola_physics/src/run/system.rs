//! Air handling units of a study: what their boxes can do for the zones, and what the zones' demands make the units do.

use super::ZoneResult;
use super::inputs::Given;
use super::presence::ZoneAir;
use crate::air::{DENSITY_KG_PER_M3, HEAT_CAPACITY_J_PER_KG_K};
use crate::contaminant;
use crate::plant::Air;
use crate::plant::ahu::{AirHandler, Economiser, Handled};
use crate::plant::fan_pump::Mover;
use crate::plant::vav::{Boxed, Heating, VavBox};
use crate::study::{AirBox, AirSystem, BoxControl, EconomiserDoc, Program, Study, Value};
use crate::thermal::{Ambient, Load, ZoneInput};

/// Air changes a second of a unit's own volume: it and its ducts hold what passes in a minute (an assumption).
const THROUGH_PER_S: f64 = 1.0 / 60.0;
/// Coils without a limit, W.
const ENOUGH_W: f64 = 1e12;
/// How far boxes follow supply air that coils could not bring where it should be, in a step.
const FOLLOWS: f64 = 0.2;
/// A box's signal is sought until its heat is right within this, W.
const CLOSE_W: f64 = 1e-6;

const STILL: Air = Air { temperature_c: 0.0, humidity_kg_kg: 0.0 };

/// A unit, and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct SystemRun {
    id: String,
    available: Option<Value>,
    supply_c: Value,
    /// What the boxes get in this step, °C.
    supplied_c: f64,
    unit: AirHandler,
    filter_efficiency: f64,
    boxes: Vec<BoxRun>,
    runs: bool,
    /// What the unit did in the last step in which it ran.
    handled: Option<Handled>,
    /// Return air and outdoor air in that step.
    back: Air,
    outdoor: Air,
    /// What the air in it holds.
    air: Option<ZoneAir>,
    pub done: SystemStep,
}

#[derive(Clone, Debug)]
struct BoxRun {
    zone: usize,
    /// What its coil can take, W.
    reheat_w: f64,
    vav: VavBox,
    /// With neither cooling nor heating, at the step's beginning.
    idle: Boxed,
}

/// What a unit did in a step.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct SystemStep {
    /// Supply air, m³/h (of 1.204 kg/m³).
    pub flow_m3_h: f64,
    /// Of it, outdoor air, m³/h.
    pub outdoor_m3_h: f64,
    /// Temperature of the supply air, °C; the outdoor air's while it stands still.
    pub supply_c: f64,
    /// Heat of the unit's coil, W.
    pub heating_coil_w: f64,
    /// Cooling of the unit's coil, W, latent included.
    pub cooling_coil_w: f64,
    /// Heat of the boxes' coils, W.
    pub reheat_w: f64,
    /// Heat that recovery gave to outdoor air, W.
    pub recovered_w: f64,
    /// Water that the coil took out, kg/h.
    pub condensate_kg_h: f64,
    /// Electricity of the fans, W.
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
                Some(BoxRun { zone, reheat_w: vav.reheat_w, vav, idle: Boxed::default() })
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

    /// The zones that it serves.
    pub fn zones(&self) -> impl Iterator<Item = usize> {
        self.boxes.iter().map(|own| own.zone)
    }

    /// Begins a step: the boxes' coils may take all that they can, and get the supply air that there was.
    pub fn open(&mut self, program: &Program) {
        let wanted_c = program.at(self.supply_c);
        // What the coils could not do in the step before, they can't in this one; a part of the way, lest boxes and coils take turns.
        self.supplied_c = self.handled.map_or(wanted_c, |handled| match handled.supply.temperature_c {
            reached_c if (reached_c - wanted_c).abs() < 1e-6 => reached_c,
            reached_c => self.supplied_c + FOLLOWS * (reached_c - self.supplied_c),
        });
        self.boxes.iter_mut().for_each(|own| own.vav.reheat_w = own.reheat_w);
    }

    /// What the boxes' coils take for these loads, W.
    pub fn reheat_w(&self, loads: &[Load]) -> f64 {
        let supply_c = self.supplied_c;
        self.boxes.iter().filter(|_| self.runs).map(|own| own.for_load(&loads[own.zone], supply_c).1.reheat_w).sum()
    }

    /// Lets the boxes' coils take no more than a share of what they take for these loads.
    pub fn narrow(&mut self, share: f64, loads: &[Load]) {
        let supply_c = self.supplied_c;
        for own in self.boxes.iter_mut().filter(|_| self.runs) {
            own.vav.reheat_w = share * own.for_load(&loads[own.zone], supply_c).1.reheat_w;
        }
    }

    /// Lets the boxes' least air into the zones, and limits heating and cooling to what the boxes can do at the temperatures there.
    pub fn offer(&mut self, program: &Program, air_c: &[f64], inputs: &mut [ZoneInput]) {
        self.runs = self.available.is_none_or(|row| program.at(row) > 0.0);
        let supply_c = self.supplied_c;
        for own in &mut self.boxes {
            let input = &mut inputs[own.zone];
            if !self.runs {
                (input.heating, input.cooling) = (None, None);
                own.idle = Boxed::default();
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

    /// Finds what the boxes and the unit did for what came of the step; zones' loads become all that the boxes' air gave or took.
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

    /// Runs the unit again where its coils may have no more than these shares of what they took.
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

    fn take(&mut self, handled: Handled) {
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

    /// The electricity of its fans goes to its zones, by their air.
    pub fn share_fans(&self, results: &[ZoneResult], given: &mut [Given]) {
        let all: f64 = self.zones().map(|zone| results[zone].supply_m3_s).sum();
        for zone in self.zones().filter(|_| all > 0.0) {
            given[zone].fans_w += self.done.fans_w * results[zone].supply_m3_s / all;
        }
    }

    /// Its place in the mixing of air: a node of its own, `at`, between its zones and outdoors; with what it takes of the water.
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
        // Of what recovery adds to outdoor air, the mixture has the outdoor air's share.
        let recovered = handled.mixed.humidity_kg_kg - self.back.mixed(&self.outdoor, share).humidity_kg_kg;
        let water_m3_s = flow_m3_s * recovered - handled.condensate_kg_s / DENSITY_KG_PER_M3;
        let volume_m3 = (flow_m3_s / THROUGH_PER_S).max(1e-3);
        Node { volume_m3, water_m3_s, filter_efficiency: self.filter_efficiency, air }
    }

    /// What its air holds after a step.
    pub(super) fn holds(&mut self, air: ZoneAir) {
        self.air = Some(air);
    }
}

/// A volume of air besides the zones'.
#[derive(Clone, Copy, Debug)]
pub(super) struct Node {
    pub volume_m3: f64,
    /// Water that is added, kg/kg times m³/s.
    pub water_m3_s: f64,
    pub filter_efficiency: f64,
    pub air: ZoneAir,
}

impl BoxRun {
    /// What its air must bring for a load on top of what its least air brings, W, and the box that brings it.
    fn for_load(&self, load: &Load, supply_c: f64) -> (f64, Boxed) {
        let w_k = self.idle.flow_kg_s * HEAT_CAPACITY_J_PER_KG_K;
        let wanted_w = load.power_w + w_k * (self.idle.supply_c - load.air_c);
        (wanted_w, self.meets(wanted_w, load.air_c, supply_c))
    }

    /// The box when it gives a zone so much heat, or as near as it comes.
    fn meets(&self, wanted_w: f64, zone_c: f64, supply_c: f64) -> Boxed {
        let run = |signal: f64| self.vav.run((-signal).max(0.0), signal.max(0.0), zone_c, supply_c);
        let idle = run(0.0);
        let toward = if wanted_w > idle.to_zone_w { 1.0 } else { -1.0 };
        let far = run(toward);
        if toward * (far.to_zone_w - wanted_w) <= 0.0 {
            // Supply air that is warmer than the zone doesn't cool it.
            return if toward * (far.to_zone_w - idle.to_zone_w) > 0.0 { far } else { idle };
        }
        let (mut low, mut high) = ((0.0, idle), (1.0, far));
        let mut boxed = idle;
        for round in 0..60 {
            // Heat goes straight with the signal over most of its way; where it bends, neither end may stay for ever.
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
