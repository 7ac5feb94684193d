//! Computation of a study: from weather and schedules to the results of the zones.

mod air;
mod energy;
mod inputs;
mod presence;
mod report;
mod report_air;
mod rooms;
mod system;
mod tally;
mod weather;

pub use air::LinkStep;
pub use energy::Energy;
pub use report::{ComfortReport, DayReport, Extreme, Monthly, Peak, Report, SurfaceReport, WindowReport, ZoneReport};
pub use report_air::{AirLinkReport, AirReport, AirSystemReport, InfectionReport};
pub(crate) use rooms::room as two_element_room;
pub use system::SystemStep;

use crate::epw::Epw;
use crate::epw_dates::Weekday;
use crate::study::{Program, Site, Study, ThermalModel, month_day};
use crate::thermal::{
    Ambient, Draught, Fabric, FaceIrradiance, Five, FiveState, FiveWork, Load, NodeState, Nodes, StepInputs, ZoneInput,
};
use air::AirRun;
use energy::{Demand, PlantRun};
use inputs::{Inputs, ZoneExchange};
use report::{ReportOptions, Reporter};
use rooms::RoomRun;
use system::SystemRun;
use weather::Source;

/// Seconds per hour, and per day.
const HOUR_S: f64 = 3_600.0;
/// Largest number of trials for the share of a step in which windows are open, and the tolerance of the air temperature,
/// in K.
const MAX_OPENING_TRIALS: usize = 5;
const OPENING_K: f64 = 0.05;
const DAY_S: f64 = 86_400.0;
/// Maximum number of control volumes of a layer. The effect of finer volumes is smaller than the uncertainty
/// of the coefficients.
const MAX_CELLS: usize = 12;

/// Run of a study, with its state.
#[derive(Clone, Debug)]
pub struct Run {
    step_s: f64,
    /// Seconds from the start of the year to the first step.
    start_s: f64,
    steps: u64,
    weather: Source,
    ground_reflectance: f64,
    program: Program,
    fabric: Fabric,
    inputs: Inputs,
    tier: State,
    rooms: Vec<RoomRun>,
    air: Option<AirRun>,
    systems: Vec<SystemRun>,
    /// Whether an air handling unit serves the zone, for each zone and room.
    is_served: Vec<bool>,
    plant: Option<PlantRun>,
    leap: bool,
    asked: ReportOptions,
    light: Vec<FaceIrradiance>,
    zones: Vec<ZoneInput>,
    ambient: Ambient,
    results: Vec<ZoneResult>,
}

#[derive(Clone, Debug)]
enum State {
    Multi(Box<Nodes>, NodeState),
    Five(Box<Five>, FiveWork, FiveState),
}

/// Saved state of a thermal model.
#[derive(Clone)]
enum Memory {
    Multi(NodeState),
    Five(FiveState),
}

impl State {
    fn air_c(&self) -> &[f64] {
        match self {
            Self::Multi(_, state) => &state.air_c,
            Self::Five(.., state) => &state.air_c,
        }
    }

    /// Returns loads, residuals of the heat balance in W, and heat throughput in W, of each zone.
    fn done(&self) -> (&[Load], &[f64], &[f64]) {
        match self {
            Self::Multi(nodes, _) => (&nodes.loads, &nodes.residual_w, &nodes.throughput_w),
            Self::Five(_, work, _) => (&work.loads, &work.residual_w, &work.throughput_w),
        }
    }

    fn remember(&self) -> Memory {
        match self {
            Self::Multi(_, state) => Memory::Multi(state.clone()),
            Self::Five(.., state) => Memory::Five(state.clone()),
        }
    }

    fn return_to(&mut self, memory: Memory) {
        match (self, memory) {
            (Self::Multi(_, state), Memory::Multi(before)) => *state = before,
            (Self::Five(.., state), Memory::Five(before)) => *state = before,
            _ => {}
        }
    }
}

/// The search for the share of a step in which the windows of a zone are open.
#[derive(Clone, Copy, Debug)]
struct OpeningTrial {
    share: f64,
    /// The smallest share that is too long and the largest one that is not, each with the air temperature at the end of
    /// the step, in °C.
    wide: (f64, f64),
    narrow: Option<(f64, f64)>,
}

impl Default for OpeningTrial {
    fn default() -> Self {
        Self { share: 1.0, wide: (1.0, f64::NAN), narrow: None }
    }
}

impl OpeningTrial {
    /// Takes the air temperature that the share gives. Returns whether another share has to be tried.
    fn has_next(&mut self, air_c: f64, above_c: f64) -> bool {
        let is_cold = air_c < above_c;
        let fits = (air_c - above_c).abs() < OPENING_K || if is_cold { self.share == 0.0 } else { self.share == 1.0 };
        if fits {
            return false;
        }
        if is_cold {
            self.wide = (self.share, air_c);
        } else {
            self.narrow = Some((self.share, air_c));
        }
        self.share = match self.narrow {
            None => 0.0,
            Some((share, narrow_c)) => {
                let (wide_share, wide_c) = self.wide;
                share + (narrow_c - above_c) / (narrow_c - wide_c) * (wide_share - share)
            }
        };
        true
    }
}

/// Returns the sum over all air handling units.
fn sum(systems: &[SystemRun], part: fn(&SystemStep) -> f64) -> f64 {
    systems.iter().map(|system| part(&system.done)).sum()
}

/// Returns the fraction of a demand that is available.
fn share(there_w: f64, asked_w: f64) -> f64 {
    if asked_w > there_w { there_w.max(0.0) / asked_w } else { 1.0 }
}

/// Result of a step for a zone or room.
#[derive(Clone, Debug, Default)]
pub(crate) struct ZoneResult {
    pub id: String,
    pub load: Load,
    pub given: ZoneExchange,
    /// Heat from the air of other zones, in W.
    pub draught_w: f64,
    /// Supply air flow of an air handling unit, in m³/s.
    pub supply_m3_s: f64,
    /// Residual of the heat balance, and heat throughput, in W.
    pub residual_w: f64,
    pub throughput_w: f64,
    /// Set-points for heating and cooling, in °C. A missing set-point is infinitely low or high.
    pub setpoints_c: (f64, f64),
    /// Relative humidity, 0 to 1, and CO2, in ppm. Rooms have no values.
    pub humidity: f64,
    pub co2_ppm: f64,
    /// Quanta of infection, in 1/m³, and the breathing rate of a person, in m³/h, if an infectious person is
    /// present.
    pub quanta_m3: f64,
    pub breathing_m3_h: Option<f64>,
    /// Solar radiation into the zone, in W.
    pub solar_w: f64,
    /// Metabolic rate, in met, and clothing, in clo, of the people in the zone.
    pub person: Option<(f64, f64)>,
}

/// Result of a step.
#[derive(Clone, Copy, Debug)]
pub struct Step<'r> {
    /// Seconds from the start of the year to the start of the step.
    pub start_s: f64,
    /// Length of the step, in s.
    pub length_s: f64,
    pub(crate) ambient: &'r Ambient,
    pub(crate) light: &'r [FaceIrradiance],
    pub(crate) transmitted_w: &'r [f64],
    pub(crate) results: &'r [ZoneResult],
    pub(crate) fabric: &'r Fabric,
    pub(crate) air: Option<&'r AirRun>,
    pub(crate) systems: &'r [SystemRun],
}

/// Result of a zone or room in a step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ZoneStep<'r> {
    /// Id of the zone or room.
    pub id: &'r str,
    /// Air temperature, in °C.
    pub air_c: f64,
    /// Operative temperature, in °C.
    pub operative_c: f64,
    /// Heating power, in W.
    pub heating_w: f64,
    /// Cooling power, in W.
    pub cooling_w: f64,
    /// Relative humidity, 0 to 1.
    pub relative_humidity: f64,
    /// CO2 concentration, in ppm.
    pub co2_ppm: f64,
    /// Number of people.
    pub people: f64,
}

impl Step<'_> {
    /// Returns the outdoor air temperature, in °C.
    pub fn outdoor_c(&self) -> f64 {
        self.ambient.dry_bulb_c
    }

    /// Returns the sky temperature, in °C.
    pub fn sky_c(&self) -> f64 {
        self.ambient.sky_c
    }

    /// Returns the opaque outdoor surfaces as `zone.surface`, with the unshaded irradiance, in W/m².
    pub fn surfaces(&self) -> impl Iterator<Item = (String, f64)> + '_ {
        self.fabric
            .exposed
            .iter()
            .map(|(zone, id, receiver)| (format!("{}.{id}", self.results[*zone].id), self.light[*receiver].unshaded))
    }

    /// Returns the windows as `zone.surface/window`, with the transmitted solar radiation, in W.
    pub fn windows(&self) -> impl Iterator<Item = (String, f64)> + '_ {
        let windows = self.fabric.windows.iter().zip(&self.fabric.window_names).zip(self.transmitted_w);
        windows.map(|((row, name), through_w)| (format!("{}.{name}", self.results[row.zone].id), *through_w))
    }

    /// Returns the flows through the links of the air flow network.
    pub fn links(&self) -> impl Iterator<Item = LinkStep<'_>> {
        self.air.into_iter().flat_map(AirRun::links)
    }

    /// Returns the air handling units by id, with their results.
    pub fn systems(&self) -> impl Iterator<Item = (&str, &SystemStep)> {
        self.systems.iter().map(|system| (system.id(), &system.done))
    }

    /// Returns the zones, followed by the rooms, in the file's order.
    pub fn zones(&self) -> impl Iterator<Item = ZoneStep<'_>> {
        self.results.iter().map(|result| ZoneStep {
            id: &result.id,
            air_c: result.load.air_c,
            operative_c: result.load.operative_c,
            heating_w: result.load.power_w.max(0.0),
            cooling_w: (-result.load.power_w).max(0.0),
            relative_humidity: result.humidity,
            co2_ppm: result.co2_ppm,
            people: result.given.people,
        })
    }
}

impl Run {
    /// Returns the run of a checked study after its warm-up. The weather is that of the file unless the study
    /// has its own.
    pub fn new(study: &Study, epw: Option<Epw>) -> Self {
        let leap = epw.as_ref().is_some_and(|epw| epw.leap);
        let first_day = study.calendar.first_day.as_deref().and_then(|day| month_day(day, leap));
        let first_day = first_day.or(epw.as_ref().map(|epw| epw.start_day)).unwrap_or(0);
        // The calendar's weekday is that of the first day of the run. The file's weekday is that of its own
        // first day.
        let own = study.calendar.first_weekday.map(|weekday| weekday.plus_days(-i64::from(first_day)));
        let of_file = epw.as_ref().map(|epw| epw.first_weekday.plus_days(-i64::from(epw.start_day)));
        let new_year = own.or(of_file).unwrap_or(Weekday::Monday.plus_days(-i64::from(first_day)));
        let program = Program::new(study, new_year, leap);
        let minutes = study.step_minutes.unwrap_or(match study.tier {
            ThermalModel::MultiNode => 10.0,
            ThermalModel::FiveR1C => 60.0,
        });
        let step_s = 60.0 * minutes;
        let mut fabric = Fabric::new(study, &program, step_s, MAX_CELLS);
        for link in study.air.iter().flat_map(|air| &air.links) {
            let place = |end: &Option<String>| study.zones.iter().position(|zone| Some(&zone.id) == end.as_ref());
            fabric.neighbours.extend(place(&link.from).zip(place(&link.to)));
        }
        let start_c = study.start.temperature_c;
        let tier = match study.tier {
            ThermalModel::MultiNode => {
                let nodes = Nodes::new(&fabric);
                let state = nodes.state(&fabric, start_c);
                State::Multi(Box::new(nodes), state)
            }
            ThermalModel::FiveR1C => {
                let five = Five::new(study, &fabric);
                State::Five(Box::new(five), FiveWork::default(), FiveState::new(study.zones.len(), start_c))
            }
        };
        let rooms = study.two_element_rooms.iter().filter_map(|room| RoomRun::new(room, &program, start_c).ok());
        let zone_ids = study.zones.iter().map(|zone| &zone.id);
        let ids = zone_ids.chain(study.two_element_rooms.iter().map(|room| &room.id));
        let boxes = || study.air_systems.iter().flat_map(|system| &system.boxes);
        let zones_served = study.zones.iter().map(|zone| boxes().any(|own| own.zone == zone.id));
        let rooms_served = study.two_element_rooms.iter().map(|_| false);
        let mut run = Self {
            step_s,
            is_served: zones_served.chain(rooms_served).collect(),
            start_s: f64::from(first_day) * DAY_S,
            steps: 0,
            weather: Source::new(study, epw, &program),
            ground_reflectance: study.site.ground_reflectance.unwrap_or(Site::GROUND_REFLECTANCE),
            inputs: Inputs::new(study, &program, step_s, new_year),
            rooms: rooms.collect(),
            systems: study.air_systems.iter().map(|system| SystemRun::new(system, study, &program)).collect(),
            air: study.air.as_ref().map(|air| AirRun::new(study, air, &program)),
            plant: study.plant.as_ref().map(|plant| PlantRun::new(study, plant, &program)),
            program,
            tier,
            leap,
            asked: ReportOptions {
                hourly_days: study.hourly_days.clone(),
                has_set: study.standard_effective_temperature,
            },
            light: Vec::with_capacity(fabric.receivers.len()),
            zones: vec![ZoneInput::default(); study.zones.len()],
            ambient: Ambient::default(),
            fabric,
            results: ids.map(|id| ZoneResult { id: id.clone(), ..ZoneResult::default() }).collect(),
        };
        let per_day = (DAY_S / step_s).round() as u64;
        for step in 0..u64::from(study.start.warm_up_days) * per_day {
            run.advance(step % per_day);
        }
        run
    }

    /// Returns the length of a step, in s.
    pub fn step_s(&self) -> f64 {
        self.step_s
    }

    /// Computes the next step.
    pub fn step(&mut self) -> Step<'_> {
        let step = self.steps;
        self.steps += 1;
        self.advance(step);
        self.supply(step);
        let transmitted_w = match &self.tier {
            State::Multi(nodes, _) => &nodes.transmitted_w,
            State::Five(_, work, _) => &work.transmitted_w,
        };
        Step {
            start_s: self.start_s + step as f64 * self.step_s,
            length_s: self.step_s,
            ambient: &self.ambient,
            light: &self.light,
            transmitted_w,
            results: &self.results,
            fabric: &self.fabric,
            air: self.air.as_ref(),
            systems: &self.systems,
        }
    }

    /// Computes `duration_s` seconds and returns the report. `each` is called for every step.
    pub fn report(mut self, duration_s: f64, mut each: impl FnMut(&Step<'_>)) -> Report {
        let steps = (duration_s / self.step_s).round().max(1.0) as u64;
        let mut reporter = Reporter::new(&self.results, &self.fabric, self.step_s, self.leap, &self.asked);
        for _ in 0..steps {
            let step = self.step();
            reporter.add(&step);
            each(&step);
        }
        let energy = self.plant.take().map(PlantRun::finish);
        reporter.finish(&self.fabric, energy)
    }

    /// Computes all zones and rooms at a step.
    fn advance(&mut self, step: u64) {
        let start_s = self.start_s + step as f64 * self.step_s;
        let middle_s = start_s + 0.5 * self.step_s;
        let day = (middle_s / DAY_S).floor();
        let second = middle_s - day * DAY_S;
        self.program.go_to(day as usize, second / HOUR_S);
        self.ambient = self.weather.at(middle_s, &self.program);
        self.fabric.receivers.light(&self.ambient.sky, self.ground_reflectance, &mut self.light);
        let air_c = self.tier.air_c();
        let from_s = (second - 0.5 * self.step_s).round() as u32;
        let during = (day as usize, from_s, from_s + self.step_s as u32);
        self.inputs.fill(&self.program, &self.ambient, air_c, during, &mut self.zones);
        let (program, ambient) = (&self.program, &self.ambient);
        if let Some(air) = &mut self.air {
            let (outdoors, airs) = self.inputs.airs(ambient);
            let humidity: Vec<f64> = airs.iter().map(|air| air.humidity).collect();
            air.flow(program, ambient, air_c, &humidity, outdoors.humidity);
            self.inputs.let_in(&air.outdoor, ambient, &mut self.zones);
        }
        let endless = (f64::INFINITY, f64::INFINITY);
        let source_w = self.plant.as_ref().map_or(endless, |plant| plant.most_w(ambient));
        for system in &mut self.systems {
            system.open(program);
        }
        self.heat_with_openings(source_w);
        let (program, ambient) = (&self.program, &self.ambient);
        let draughts = self.air.as_ref().map_or(&[][..], |air| &air.draughts);
        let (loads, residual_w, throughput_w) = self.tier.done();
        let (of_zones, of_rooms) = self.results.split_at_mut(self.zones.len());
        of_zones.iter_mut().for_each(|result| result.draught_w = 0.0);
        for Draught { from, to, w_k } in draughts {
            of_zones[*to].draught_w += w_k * (loads[*from].air_c - loads[*to].air_c);
        }
        for (at, result) in of_zones.iter_mut().enumerate() {
            (result.load, result.residual_w, result.throughput_w) = (loads[at], residual_w[at], throughput_w[at]);
            result.setpoints_c = self.inputs.given_mut()[at].setpoints_c;
        }
        if !self.systems.is_empty() {
            of_zones.iter_mut().for_each(|result| result.supply_m3_s = 0.0);
            let (_, airs) = self.inputs.airs(ambient);
            for system in &mut self.systems {
                system.supply(program, ambient, &airs, of_zones);
            }
            let left_w = source_w.0 - sum(&self.systems, |done| done.reheat_w);
            let heating = share(left_w, sum(&self.systems, |done| done.heating_coil_w));
            let cooling = share(source_w.1, sum(&self.systems, |done| done.cooling_coil_w));
            for system in &mut self.systems {
                if heating < 1.0 || cooling < 1.0 {
                    system.limit(program, heating, cooling);
                }
                system.share_fans(of_zones, self.inputs.given_mut());
            }
        }
        let mixing = self.air.as_ref().map_or(&[][..], |air| &air.mixing);
        self.inputs.mix(ambient, of_zones, mixing, &mut self.systems, self.step_s);
        for (room, result) in self.rooms.iter_mut().zip(of_rooms) {
            room.step(program, ambient, self.step_s, result);
        }
    }

    /// Advances the heat balance of the zones by a step. A zone that its opened windows would cool below the temperature
    /// that opens them has them open for a part of the step, as a person or a drive would.
    fn heat_with_openings(&mut self, source_w: (f64, f64)) {
        let openings = self.inputs.openings();
        if openings.iter().all(Option::is_none) {
            return self.offer_and_heat(source_w);
        }
        let (all_open, before) = (self.zones.clone(), self.tier.remember());
        self.offer_and_heat(source_w);
        let mut trials = vec![OpeningTrial::default(); openings.len()];
        for _ in 0..MAX_OPENING_TRIALS {
            let mut is_repeated = false;
            for ((trial, opening), air_c) in trials.iter_mut().zip(&openings).zip(self.tier.air_c()) {
                is_repeated |= opening.is_some_and(|opening| trial.has_next(*air_c, opening.above_c));
            }
            if !is_repeated {
                break;
            }
            self.zones.clone_from(&all_open);
            for ((input, opening), trial) in self.zones.iter_mut().zip(&openings).zip(&trials) {
                if let Some(opening) = opening {
                    opening.close(1.0 - trial.share, input);
                }
            }
            self.tier.return_to(before.clone());
            self.offer_and_heat(source_w);
        }
        for (at, trial) in trials.iter().enumerate() {
            self.inputs.close(at, 1.0 - trial.share);
        }
    }

    /// Adds the air of the air handling units, and advances the heat balance.
    fn offer_and_heat(&mut self, source_w: (f64, f64)) {
        // The inputs without the air handling units are kept, because the step may have to be repeated with
        // limited power.
        let apart = (source_w.0.is_finite() || source_w.1.is_finite()).then(|| self.zones.clone());
        for system in &mut self.systems {
            system.offer(&self.program, self.tier.air_c(), &mut self.zones);
        }
        self.heat(source_w, apart);
    }

    /// Advances the heat balance of the zones by a step. The first attempt is unlimited. If its demand
    /// exceeds the source's power less the coils' power in the previous step, the step is repeated with
    /// limited power.
    fn heat(&mut self, source_w: (f64, f64), apart: Option<Vec<ZoneInput>>) {
        let before = apart.is_some().then(|| self.tier.remember());
        self.step_tier();
        let (Some(apart), Some(before)) = (apart, before) else { return };
        let loads = self.tier.done().0.to_vec();
        let own = |(load, is_served): (&Load, &bool)| if *is_served { 0.0 } else { load.power_w };
        let powers_w: Vec<f64> = loads.iter().zip(&self.is_served).map(own).collect();
        let reheat_w: f64 = self.systems.iter().map(|system| system.reheat_w(&loads)).sum();
        let heating_w = powers_w.iter().map(|power_w| power_w.max(0.0)).sum::<f64>() + reheat_w;
        let cooling_w = powers_w.iter().map(|power_w| (-power_w).max(0.0)).sum();
        let heating = share(source_w.0 - sum(&self.systems, |done| done.heating_coil_w), heating_w);
        let cooling = share(source_w.1 - sum(&self.systems, |done| done.cooling_coil_w), cooling_w);
        if heating == 1.0 && cooling == 1.0 {
            return;
        }
        self.zones = apart;
        for (input, power_w) in self.zones.iter_mut().zip(powers_w) {
            match (&mut input.heating, &mut input.cooling) {
                (Some(control), _) if power_w > 0.0 && heating < 1.0 => control.power_w = heating * power_w,
                (_, Some(control)) if power_w < 0.0 && cooling < 1.0 => control.power_w = cooling * power_w,
                _ => {}
            }
        }
        self.tier.return_to(before);
        for system in &mut self.systems {
            if heating < 1.0 {
                system.narrow(heating, &loads);
            }
            system.offer(&self.program, self.tier.air_c(), &mut self.zones);
        }
        self.step_tier();
    }

    fn step_tier(&mut self) {
        let draughts = self.air.as_ref().map_or(&[][..], |air| &air.draughts);
        let acting = StepInputs { zones: &self.zones, draughts };
        let (fabric, program, ambient, light) = (&self.fabric, &self.program, &self.ambient, &self.light);
        match &mut self.tier {
            State::Multi(nodes, state) => nodes.step(fabric, program, ambient, light, acting, state),
            State::Five(five, work, state) => {
                five.step(work, fabric, program, ambient, light, acting, self.step_s, state);
            }
        }
    }

    /// Runs the plant for the loads of the step.
    fn supply(&mut self, step: u64) {
        let Some(plant) = &mut self.plant else { return };
        let mut demand = Demand {
            heating_w: sum(&self.systems, |done| done.heating_coil_w + done.reheat_w),
            cooling_w: sum(&self.systems, |done| done.cooling_coil_w),
            ..Demand::default()
        };
        for (result, is_served) in self.results.iter().zip(&self.is_served) {
            // The load of a zone with an air handling unit is included in the load of its coils.
            let power_w = if *is_served { 0.0 } else { result.load.power_w };
            let supply_w = result.given.supply_w;
            demand.heating_w += power_w.max(0.0) + supply_w.max(0.0);
            demand.cooling_w += (-power_w).max(0.0) + (-supply_w).max(0.0);
            demand.lights_w += result.given.lights_w;
            demand.equipment_w += result.given.equipment_w;
            demand.fans_w += result.given.fans_w;
        }
        let start_s = self.start_s + step as f64 * self.step_s;
        let month = report::month_of(start_s, self.leap);
        plant.add(&self.program, &self.ambient, &demand, self.step_s, month);
    }
}
