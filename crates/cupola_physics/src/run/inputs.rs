//! Inputs of the zones in a step: gains, air flows, set-points.

use super::ZoneResult;
use super::air::OutdoorAir;
use super::presence::{Exchange, Presence, QUANTA_REMOVAL_PER_S, ZoneAir};
use super::system::{Node, SystemRun};
use crate::air::{HEAT_CAPACITY_J_PER_M3_K, saturation_pressure_pa};
use crate::contaminant;
use crate::epw_dates::Weekday;
use crate::people_load::SWEAT_J_KG;
use crate::study::{Airflow, Conditioning, EndUse, Program, Sensor, Site, Study, Value};
use crate::thermal::{Ambient, Control, ZoneInput};

/// Air flow into a zone.
#[derive(Clone, Debug)]
struct Flow {
    /// Volume flow, in m³/s after multiplication by `factor`.
    amount: Value,
    factor: f64,
    schedule: Option<Value>,
    above_zone_c: f64,
    above_outdoors_k: f64,
    recovery: f64,
    supply_c: Option<Value>,
    fan_w_per_m3_s: f64,
    is_infiltration: bool,
}

#[derive(Clone, Debug)]
struct Gain {
    end_use: EndUse,
    power: Value,
    factor: f64,
    schedule: Option<Value>,
    radiant: f64,
    convective: f64,
    latent: f64,
}

#[derive(Clone, Debug)]
struct Conditioner {
    setpoint: Value,
    available: Option<Value>,
    max_w: f64,
    radiant_fraction: f64,
    radiant_weight: f64,
    is_operative: bool,
}

/// Use of a zone.
#[derive(Clone, Debug)]
struct ZoneUse {
    volume_m3: f64,
    capacity_w_k: f64,
    presence: Option<Presence>,
    air: Option<ZoneAir>,
    exchange: Exchange,
    flows: Vec<Flow>,
    gains: Vec<Gain>,
    heating: Option<Conditioner>,
    cooling: Option<Conditioner>,
}

/// Gains and air exchange of a zone in the last step, in W.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct ZoneExchange {
    pub lights_w: f64,
    pub equipment_w: f64,
    pub other_w: f64,
    pub people_w: f64,
    pub fans_w: f64,
    /// Infiltration and ventilation: conductance in W/K, and heat source with the zone at 0 °C, in W.
    pub infiltration: (f64, f64),
    pub ventilation: (f64, f64),
    pub people: f64,
    /// Heat that brings outdoor air to its `supply_c`, in W, negative for cold.
    pub supply_w: f64,
    /// Set-points for heating and cooling, in °C. A missing set-point is infinitely low or high.
    pub setpoints_c: (f64, f64),
    /// Whether the sensors of heating and cooling measure the operative temperature.
    pub is_operative: (bool, bool),
    /// Air flows that a person or a drive opens above a temperature of the zone.
    pub opening: Option<Opening>,
}

/// Air flows of a zone that are open only above a temperature of the zone's air.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Opening {
    /// Temperature above which the flows are open, in °C: the lowest of them.
    pub above_c: f64,
    /// Conductance, in W/K, heat source with the zone at 0 °C, in W, and volume flow, in m³/s.
    exchange: (f64, f64, f64),
    fans_w: f64,
    supply_w: f64,
}

impl Opening {
    /// Removes the closed share of the flows from the inputs of a zone.
    pub fn close(&self, closed: f64, input: &mut ZoneInput) {
        input.exchange_w_k -= closed * self.exchange.0;
        input.exchange_source_w -= closed * self.exchange.1;
    }
}

impl ZoneExchange {
    /// Adds a gain to its end use.
    pub fn add(&mut self, end_use: EndUse, power_w: f64) {
        match end_use {
            EndUse::Lights => self.lights_w += power_w,
            EndUse::Equipment => self.equipment_w += power_w,
            EndUse::Other => self.other_w += power_w,
        }
    }

    /// Adds a flow that is open above a temperature. `before` is the exchange without it.
    fn open(&mut self, above_c: f64, (w_k, source_w, flow_m3_s): (f64, f64, f64), before: &Self) {
        let none = Opening { above_c, exchange: (0.0, 0.0, 0.0), fans_w: 0.0, supply_w: 0.0 };
        let opening = self.opening.get_or_insert(none);
        let (known_w_k, known_w, known_m3_s) = opening.exchange;
        opening.above_c = opening.above_c.min(above_c);
        opening.exchange = (known_w_k + w_k, known_w + source_w, known_m3_s + flow_m3_s);
        opening.fans_w += self.fans_w - before.fans_w;
        opening.supply_w += self.supply_w - before.supply_w;
    }
}

/// Use of all zones.
#[derive(Clone, Debug)]
pub(super) struct Inputs {
    zones: Vec<ZoneUse>,
    given: Vec<ZoneExchange>,
    outdoor_co2_ppm: f64,
}

impl Inputs {
    pub fn new(study: &Study, program: &Program, step_s: f64, new_year: Weekday) -> Self {
        let zones: Vec<ZoneUse> = study
            .zones
            .iter()
            .map(|zone| {
                let flow = |airflow: &Airflow, is_infiltration: bool| Flow {
                    amount: airflow
                        .ach
                        .as_ref()
                        .or(airflow.flow_m3_h.as_ref())
                        .map_or(Value::Number(0.0), |amount| program.value(amount)),
                    factor: if airflow.ach.is_some() { zone.volume_m3 / 3_600.0 } else { 1.0 / 3_600.0 },
                    schedule: airflow.schedule.as_ref().map(|name| program.schedule(name)),
                    above_zone_c: airflow.above_zone_c.unwrap_or(f64::NEG_INFINITY),
                    above_outdoors_k: airflow.above_outdoors_k.unwrap_or(f64::NEG_INFINITY),
                    recovery: airflow.heat_recovery.unwrap_or(0.0),
                    supply_c: airflow.supply_c.as_ref().map(|amount| program.value(amount)),
                    fan_w_per_m3_s: airflow.fan_w_per_m3_s.unwrap_or(0.0),
                    is_infiltration,
                };
                let flows = zone.infiltration.iter().map(|airflow| flow(airflow, true));
                let flows = flows.chain(zone.ventilation.iter().map(|airflow| flow(airflow, false))).collect();
                let gains = zone
                    .gains
                    .iter()
                    .map(|gain| {
                        let amount = gain.power_w.as_ref().or(gain.power_w_m2.as_ref());
                        Gain {
                            end_use: gain.end_use,
                            power: amount.map_or(Value::Number(0.0), |amount| program.value(amount)),
                            factor: if gain.power_w.is_some() { 1.0 } else { zone.floor_area_m2 },
                            schedule: gain.schedule.as_ref().map(|name| program.schedule(name)),
                            radiant: gain.radiant_fraction,
                            convective: 1.0 - gain.radiant_fraction - gain.latent_fraction - gain.lost_fraction,
                            latent: gain.latent_fraction,
                        }
                    })
                    .collect();
                let presence =
                    zone.people.as_ref().map(|people| Presence::new(people, program, &zone.id, study.seed, new_year));
                let conditioner = |given: &Conditioning, sign: f64| Conditioner {
                    setpoint: program.value(&given.setpoint_c),
                    available: given.available.as_ref().map(|name| program.schedule(name)),
                    max_w: sign * given.max_w.unwrap_or(f64::INFINITY),
                    radiant_fraction: given.radiant_fraction,
                    radiant_weight: Control::weight(given.sensor, study.tier),
                    is_operative: given.sensor == Sensor::Operative,
                };
                ZoneUse {
                    presence,
                    air: None,
                    exchange: Exchange { volume_m3: zone.volume_m3, ..Exchange::default() },
                    volume_m3: zone.volume_m3,
                    capacity_w_k: zone.capacity_multiplier.unwrap_or(1.0) * zone.volume_m3 * HEAT_CAPACITY_J_PER_M3_K
                        / step_s,
                    flows,
                    gains,
                    heating: zone.heating.as_ref().map(|given| conditioner(given, 1.0)),
                    cooling: zone.cooling.as_ref().map(|given| conditioner(given, -1.0)),
                }
            })
            .collect();
        Self {
            given: vec![ZoneExchange::default(); zones.len()],
            zones,
            outdoor_co2_ppm: study.site.co2_ppm.unwrap_or(Site::CO2_PPM),
        }
    }

    /// Fills the inputs of the step from schedules and the current air temperatures. `during` is the day of
    /// the year, and start and end of the step in seconds of the day.
    pub fn fill(
        &mut self,
        program: &Program,
        ambient: &Ambient,
        air_c: &[f64],
        during: (usize, u32, u32),
        inputs: &mut [ZoneInput],
    ) {
        for (((zone, given), input), air_c) in self.zones.iter_mut().zip(&mut self.given).zip(inputs).zip(air_c) {
            *given = ZoneExchange::default();
            *input = ZoneInput { capacity_w_k: zone.capacity_w_k, ..ZoneInput::default() };
            let exchange = &mut zone.exchange;
            *exchange = Exchange { volume_m3: zone.volume_m3, ..Exchange::default() };
            for flow in &zone.flows {
                let before = *given;
                let (conductance, source, flow_m3_s) = flow.at(program, ambient, *air_c, given);
                if flow.above_zone_c.is_finite() && conductance > 0.0 {
                    given.open(flow.above_zone_c, (conductance, source, flow_m3_s), &before);
                }
                exchange.outdoor_m3_s += flow_m3_s;
                input.exchange_w_k += conductance;
                input.exchange_source_w += source;
                let sum = if flow.is_infiltration { &mut given.infiltration } else { &mut given.ventilation };
                sum.0 += conductance;
                sum.1 += source;
            }
            for gain in &zone.gains {
                let share = gain.schedule.map_or(1.0, |schedule| program.at(schedule));
                let power = program.at(gain.power) * gain.factor * share;
                input.convective_w += power * gain.convective;
                input.radiant_w += power * gain.radiant;
                exchange.moisture_kg_s += power * gain.latent / SWEAT_J_KG;
                given.add(gain.end_use, power);
            }
            if let Some(presence) = &mut zone.presence {
                let (day, from_s, to_s) = during;
                given.people = presence.during(program, day, from_s, to_s);
                let humidity = zone.air.map_or(0.007, |air| air.humidity);
                let load = presence.load(given.people, humidity, ambient.pressure_pa);
                given.people_w = load.sensible_w;
                input.radiant_w += load.sensible_w * presence.radiant_fraction;
                input.convective_w += load.sensible_w * (1.0 - presence.radiant_fraction);
                exchange.co2_l_s += load.co2_l_s;
                exchange.moisture_kg_s += load.moisture_kg_s;
                exchange.quanta_s += presence.quanta_s(given.people);
            }
            let control = |conditioner: &Option<Conditioner>| {
                conditioner.as_ref().filter(|it| it.available.is_none_or(|row| program.at(row) > 0.0)).map(|it| {
                    Control {
                        setpoint_c: program.at(it.setpoint),
                        power_w: it.max_w,
                        radiant_fraction: it.radiant_fraction,
                        radiant_weight: it.radiant_weight,
                    }
                })
            };
            input.heating = control(&zone.heating);
            input.cooling = control(&zone.cooling);
            let setpoint = |control: &Option<Control>, none| control.map_or(none, |control| control.setpoint_c);
            given.setpoints_c = (setpoint(&input.heating, f64::NEG_INFINITY), setpoint(&input.cooling, f64::INFINITY));
            let is_operative =
                |conditioner: &Option<Conditioner>| conditioner.as_ref().is_some_and(|it| it.is_operative);
            given.is_operative = (is_operative(&zone.heating), is_operative(&zone.cooling));
            // If the heating set-point is above the cooling set-point, it is lowered to the cooling
            // set-point.
            if let (Some(heating), Some(cooling)) = (&mut input.heating, &input.cooling) {
                heating.setpoint_c = heating.setpoint_c.min(cooling.setpoint_c);
            }
        }
    }

    /// Returns the openings of the zones in this step.
    pub fn openings(&self) -> Vec<Option<Opening>> {
        self.given.iter().map(|given| given.opening).collect()
    }

    /// Removes the closed share of a zone's opening from its exchange.
    pub fn close(&mut self, at: usize, closed: f64) {
        let given = &mut self.given[at];
        if let Some(Opening { exchange: (w_k, source_w, flow_m3_s), fans_w, supply_w, .. }) = given.opening {
            given.ventilation.0 -= closed * w_k;
            given.ventilation.1 -= closed * source_w;
            given.fans_w -= closed * fans_w;
            given.supply_w -= closed * supply_w;
            self.zones[at].exchange.outdoor_m3_s -= closed * flow_m3_s;
        }
    }

    /// Returns the composition of the outdoor air and of the air of each zone.
    pub fn airs(&self, ambient: &Ambient) -> (ZoneAir, Vec<ZoneAir>) {
        let outdoors = ZoneAir::outdoors(ambient, self.outdoor_co2_ppm);
        (outdoors, self.zones.iter().map(|zone| zone.air.unwrap_or(outdoors)).collect())
    }

    /// Returns the gains of the zones in this step.
    pub fn given_mut(&mut self) -> &mut [ZoneExchange] {
        &mut self.given
    }

    /// Adds the flows from outdoors that the air flow network has computed.
    pub fn let_in(&mut self, air: &[OutdoorAir], ambient: &Ambient, inputs: &mut [ZoneInput]) {
        for (((zone, given), input), air) in self.zones.iter_mut().zip(&mut self.given).zip(inputs).zip(air) {
            zone.exchange.outdoor_m3_s += air.flow_m3_s;
            given.fans_w += air.fans_w;
            for (sum, w_k) in [(&mut given.infiltration, air.cracks_w_k), (&mut given.ventilation, air.openings_w_k)] {
                sum.0 += w_k;
                sum.1 += w_k * ambient.dry_bulb_c;
                input.exchange_w_k += w_k;
                input.exchange_source_w += w_k * ambient.dry_bulb_c;
            }
        }
    }

    /// Computes the composition of the zones' air after the step with these results, including the flows
    /// between zones.
    pub fn mix(
        &mut self,
        ambient: &Ambient,
        results: &mut [ZoneResult],
        flows: &[contaminant::Flow],
        systems: &mut [SystemRun],
        step_s: f64,
    ) {
        let outdoors = ZoneAir::outdoors(ambient, self.outdoor_co2_ppm);
        for ((zone, given), result) in self.zones.iter_mut().zip(&self.given).zip(&mut *results) {
            zone.exchange.saturation_pa = saturation_pressure_pa(result.load.air_c);
            // A zone with supply air is dehumidified by the coil of the air handling unit.
            zone.exchange.is_cooled = result.load.power_w < 0.0 && result.supply_m3_s == 0.0;
            zone.air.get_or_insert(outdoors);
            result.given = *given;
            result.person = zone.presence.as_ref().map(|presence| (presence.met, presence.clo));
            let infectious = zone.presence.as_ref().and_then(|presence| presence.infectious);
            result.breathing_m3_h = infectious.map(|infectious| infectious.breathing_m3_h);
        }
        if flows.is_empty() && systems.is_empty() {
            for zone in &mut self.zones {
                if let Some(air) = &mut zone.air {
                    air.step(&zone.exchange, &outdoors, step_s);
                }
            }
        } else {
            self.mix_together(&outdoors, results, flows, systems, step_s);
        }
        for (zone, result) in self.zones.iter().zip(results) {
            let air = zone.air.unwrap_or(outdoors);
            (result.humidity, result.co2_ppm) = (air.relative(zone.exchange.saturation_pa), air.co2_ppm);
            result.quanta_m3 = air.quanta_m3;
        }
    }

    fn mix_together(
        &mut self,
        outdoors: &ZoneAir,
        results: &[ZoneResult],
        flows: &[contaminant::Flow],
        systems: &mut [SystemRun],
        step_s: f64,
    ) {
        let from_outdoors = self.zones.iter().enumerate().map(|(at, zone)| contaminant::Flow {
            from: None,
            to: Some(at),
            flow_m3_s: zone.exchange.outdoor_m3_s,
            filtered: 0.0,
        });
        let mut flows: Vec<contaminant::Flow> = flows.iter().copied().chain(from_outdoors).collect();
        let count = self.zones.len();
        let nodes: Vec<Node> = systems
            .iter()
            .enumerate()
            .map(|(at, system)| system.mixing(count + at, outdoors, results, &mut flows))
            .collect();
        let zones = self.zones.iter().map(|zone| {
            let (air, exchange) = (zone.air.unwrap_or(*outdoors), &zone.exchange);
            (zone.volume_m3, air, [exchange.co2_ppm_m3_s(), exchange.water_m3_s(), exchange.quanta_s])
        });
        let all: Vec<(f64, ZoneAir, [f64; 3])> =
            zones.chain(nodes.iter().map(|node| (node.volume_m3, node.air, [0.0, node.water_m3_s, 0.0]))).collect();
        let mixed = |start: fn(&ZoneAir) -> f64, which: usize, removal_per_s: f64, flows: &[contaminant::Flow]| {
            let mut contents: Vec<f64> = all.iter().map(|(_, air, _)| start(air)).collect();
            let tracer = |(volume_m3, _, sources): &(f64, ZoneAir, [f64; 3])| contaminant::Zone {
                volume_m3: *volume_m3,
                source: sources[which],
                removal_per_s,
            };
            let tracers: Vec<contaminant::Zone> = all.iter().map(tracer).collect();
            // If an input is out of range, the contents stay unchanged.
            let _ = contaminant::mix(&mut contents, &tracers, flows, start(outdoors), step_s);
            contents
        };
        let co2_ppm = mixed(|air| air.co2_ppm, 0, 0.0, &flows);
        let water = mixed(|air| air.humidity, 1, 0.0, &flows);
        let is_clean = all.iter().all(|(_, air, sources)| air.quanta_m3 == 0.0 && sources[2] == 0.0);
        let quanta = if is_clean {
            vec![0.0; all.len()]
        } else {
            // Filters remove droplets, but no gas or vapour.
            for flow in &mut flows {
                let node = flow.from.and_then(|from| nodes.get(from.checked_sub(count)?));
                flow.filtered = node.map_or(0.0, |node| node.filter_efficiency);
            }
            mixed(|air| air.quanta_m3, 2, QUANTA_REMOVAL_PER_S, &flows)
        };
        let contents = co2_ppm.into_iter().zip(water).zip(quanta);
        let mut airs =
            contents.map(|((co2_ppm, water), quanta_m3)| ZoneAir { co2_ppm, humidity: water.max(0.0), quanta_m3 });
        for (zone, air) in self.zones.iter_mut().zip(&mut airs) {
            let humidity = zone.exchange.condensed(air.humidity);
            zone.air = Some(ZoneAir { humidity, ..air });
        }
        for (system, air) in systems.iter_mut().zip(airs) {
            system.holds(air);
        }
    }
}

impl Flow {
    /// Returns the heat capacity flow, in W/K, the heat that it brings with the zone at 0 °C, in W, and the
    /// volume flow, in m³/s.
    fn at(&self, program: &Program, ambient: &Ambient, air_c: f64, given: &mut ZoneExchange) -> (f64, f64, f64) {
        if air_c <= self.above_zone_c || air_c - ambient.dry_bulb_c <= self.above_outdoors_k {
            return (0.0, 0.0, 0.0);
        }
        let share = self.schedule.map_or(1.0, |schedule| program.at(schedule));
        let flow_m3_s = (program.at(self.amount) * self.factor * share).max(0.0);
        given.fans_w += self.fan_w_per_m3_s * flow_m3_s;
        let capacity = HEAT_CAPACITY_J_PER_M3_K * flow_m3_s * (1.0 - self.recovery);
        let supply_c = self.supply_c.map_or(ambient.dry_bulb_c, |supply| program.at(supply));
        given.supply_w += capacity * (supply_c - ambient.dry_bulb_c);
        (capacity, capacity * supply_c, flow_m3_s)
    }
}
