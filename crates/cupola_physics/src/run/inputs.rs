//! What acts on the zones in a step: gains, air, set-points.

use crate::air::HEAT_CAPACITY_J_PER_M3_K;
use crate::study::{Airflow, Conditioning, EndUse, Program, Study, Value};
use crate::thermal::{Ambient, Control, Fabric, ZoneInput};

/// Heat of a seated person at rest per area of skin, W/m² (ISO 7730:2005, 1 met), and the skin's area, m² (Du Bois, ISO 8996:2021).
pub(super) const MET_W: f64 = 58.15 * 1.8;
/// Share of a person's heat that is water vapour in a comfortable room: 55 of 130 W (ASHRAE Fundamentals 2017, ch. 18, table 1).
pub(super) const LATENT_SHARE: f64 = 55.0 / 130.0;

/// A flow of air into a zone.
#[derive(Clone, Debug)]
struct Flow {
    /// m³/s.
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
    is_people: bool,
    power: Value,
    factor: f64,
    schedule: Option<Value>,
    radiant: f64,
    convective: f64,
}

#[derive(Clone, Debug)]
struct Conditioner {
    setpoint: Value,
    available: Option<Value>,
    max_w: f64,
    radiant_fraction: f64,
    radiant_weight: f64,
}

/// A zone's use.
#[derive(Clone, Debug)]
pub(crate) struct ZoneUse {
    pub id: String,
    pub floor_area_m2: f64,
    pub volume_m3: f64,
    capacity_w_k: f64,
    flows: Vec<Flow>,
    gains: Vec<Gain>,
    heating: Option<Conditioner>,
    cooling: Option<Conditioner>,
}

/// What was put into a zone in the last step, W.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Given {
    pub lights_w: f64,
    pub equipment_w: f64,
    pub other_w: f64,
    pub people_w: f64,
    pub fans_w: f64,
    /// Of infiltration and ventilation, W/K and its source at 0 °C.
    pub infiltration: (f64, f64),
    pub ventilation: (f64, f64),
    pub people: f64,
}

/// All zones' use.
#[derive(Clone, Debug)]
pub(crate) struct Inputs {
    pub zones: Vec<ZoneUse>,
    pub given: Vec<Given>,
}

impl Inputs {
    pub fn new(study: &Study, program: &Program, _fabric: &Fabric, step_s: f64) -> Self {
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
                let mut gains: Vec<Gain> = zone
                    .gains
                    .iter()
                    .map(|gain| {
                        let amount = gain.power_w.as_ref().or(gain.power_w_m2.as_ref());
                        Gain {
                            end_use: gain.end_use,
                            is_people: false,
                            power: amount.map_or(Value::Number(0.0), |amount| program.value(amount)),
                            factor: if gain.power_w.is_some() { 1.0 } else { zone.floor_area_m2 },
                            schedule: gain.schedule.as_ref().map(|name| program.schedule(name)),
                            radiant: gain.radiant_fraction,
                            convective: 1.0 - gain.radiant_fraction - gain.latent_fraction - gain.lost_fraction,
                        }
                    })
                    .collect();
                if let Some(people) = &zone.people {
                    let sensible = 1.0 - LATENT_SHARE;
                    gains.push(Gain {
                        end_use: EndUse::Other,
                        is_people: true,
                        power: Value::Number(people.met * MET_W),
                        factor: people.count,
                        schedule: people.schedule.as_ref().map(|name| program.schedule(name)),
                        radiant: sensible * people.radiant_fraction,
                        convective: sensible * (1.0 - people.radiant_fraction),
                    });
                }
                let conditioner = |given: &Conditioning, sign: f64| Conditioner {
                    setpoint: program.value(&given.setpoint_c),
                    available: given.available.as_ref().map(|name| program.schedule(name)),
                    max_w: sign * given.max_w.unwrap_or(f64::INFINITY),
                    radiant_fraction: given.radiant_fraction,
                    radiant_weight: Control::weight(given.sensor),
                };
                ZoneUse {
                    id: zone.id.clone(),
                    floor_area_m2: zone.floor_area_m2,
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
        Self { given: vec![Given::default(); zones.len()], zones }
    }

    /// The step's inputs, by schedules and by what the air was.
    pub fn fill(&mut self, program: &Program, ambient: &Ambient, air_c: &[f64], inputs: &mut [ZoneInput]) {
        for (((zone, given), input), air_c) in self.zones.iter().zip(&mut self.given).zip(inputs).zip(air_c) {
            *given = Given::default();
            *input = ZoneInput { capacity_w_k: zone.capacity_w_k, ..ZoneInput::default() };
            for flow in &zone.flows {
                let (conductance, source) = flow.at(program, ambient, *air_c, given);
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
                match (gain.is_people, gain.end_use) {
                    (true, _) => {
                        given.people_w += power;
                        given.people += gain.factor * share;
                    }
                    (_, EndUse::Lights) => given.lights_w += power,
                    (_, EndUse::Equipment) => given.equipment_w += power,
                    (_, EndUse::Other) => given.other_w += power,
                }
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
            // One degree for both, or a cooling set-point below the heating one: heating yields.
            if let (Some(heating), Some(cooling)) = (&mut input.heating, &input.cooling) {
                heating.setpoint_c = heating.setpoint_c.min(cooling.setpoint_c);
            }
        }
    }
}

impl Flow {
    /// Heat capacity that flows, W/K, and what it brings with the zone at 0 °C, W.
    fn at(&self, program: &Program, ambient: &Ambient, air_c: f64, given: &mut Given) -> (f64, f64) {
        if air_c <= self.above_zone_c || air_c - ambient.dry_bulb_c <= self.above_outdoors_k {
            return (0.0, 0.0);
        }
        let share = self.schedule.map_or(1.0, |schedule| program.at(schedule));
        let flow_m3_s = (program.at(self.amount) * self.factor * share).max(0.0);
        given.fans_w += self.fan_w_per_m3_s * flow_m3_s;
        let capacity = HEAT_CAPACITY_J_PER_M3_K * flow_m3_s * (1.0 - self.recovery);
        let supply_c = self.supply_c.map_or(ambient.dry_bulb_c, |supply| program.at(supply));
        (capacity, capacity * supply_c)
    }
}
