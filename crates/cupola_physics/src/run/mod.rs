//! A study, computed: weather and schedules in, what became of the zones out.

mod inputs;
mod report;
mod weather;

pub use report::{Extreme, Monthly, Peak, Report, SurfaceReport, WindowReport, ZoneReport};

use crate::epw::Epw;
use crate::epw_dates::Weekday;
use crate::study::{Program, Study, Tier, month_day};
use crate::thermal::{Ambient, Fabric, Five, FiveState, Light, Load, NodeState, Nodes, ZoneInput};
use inputs::Inputs;
use report::Reporter;
use weather::Source;

/// Seconds in an hour and a day.
const HOUR_S: f64 = 3_600.0;
const DAY_S: f64 = 86_400.0;
/// A layer is cut into no more volumes than this: finer ones change no result by as much as the coefficients' uncertainty.
const MOST_CELLS: usize = 6;

/// A study that can be computed, and where it stands.
#[derive(Clone, Debug)]
pub struct Run {
    step_s: f64,
    /// Seconds from the year's beginning to the first step.
    start_s: f64,
    steps: u64,
    weather: Source,
    ground_reflectance: f64,
    program: Program,
    fabric: Fabric,
    inputs: Inputs,
    tier: State,
    leap: bool,
    // Room for a step's numbers.
    light: Vec<Light>,
    zones: Vec<ZoneInput>,
    ambient: Ambient,
}

#[derive(Clone, Debug)]
enum State {
    Multi(Box<Nodes>, NodeState),
    Five(Box<Five>, FiveState),
}

/// What a step did.
#[derive(Clone, Copy, Debug)]
pub struct Step<'r> {
    /// Seconds from the year's beginning to the step's.
    pub start_s: f64,
    /// Its length.
    pub length_s: f64,
    pub(crate) ambient: &'r Ambient,
    pub(crate) light: &'r [Light],
    pub(crate) inputs: &'r Inputs,
    pub(crate) zones: &'r [ZoneInput],
    pub(crate) loads: &'r [Load],
    pub(crate) transmitted_w: &'r [f64],
    pub(crate) residual_w: &'r [f64],
    pub(crate) throughput_w: &'r [f64],
}

/// A zone during a step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ZoneStep<'r> {
    /// Its id.
    pub id: &'r str,
    /// Air temperature, °C.
    pub air_c: f64,
    /// Operative temperature, °C.
    pub operative_c: f64,
    /// Heat given, W.
    pub heating_w: f64,
    /// Heat taken, W.
    pub cooling_w: f64,
}

impl Step<'_> {
    /// Outdoor air temperature, °C.
    pub fn outdoor_c(&self) -> f64 {
        self.ambient.dry_bulb_c
    }

    /// The zones, in the file's order.
    pub fn zones(&self) -> impl Iterator<Item = ZoneStep<'_>> {
        self.inputs.zones.iter().zip(self.loads).map(|(zone, load)| ZoneStep {
            id: &zone.id,
            air_c: load.air_c,
            operative_c: load.operative_c,
            heating_w: load.power_w.max(0.0),
            cooling_w: (-load.power_w).max(0.0),
        })
    }

    /// A zone's set-points for heating and for cooling, °C; infinitely far off where there is none.
    fn setpoints_c(&self, zone: usize) -> (f64, f64) {
        let input = &self.zones[zone];
        let heating = input.heating.map_or(f64::NEG_INFINITY, |control| control.setpoint_c);
        (heating, input.cooling.map_or(f64::INFINITY, |control| control.setpoint_c))
    }
}

impl Run {
    /// A study that was checked, with the weather of a file unless the study has its own.
    pub fn new(study: &Study, epw: Option<Epw>) -> Self {
        let leap = epw.as_ref().is_some_and(|epw| epw.leap);
        let first_day = study.calendar.first_day.as_deref().and_then(|day| month_day(day, leap));
        let first_day = first_day.or(epw.as_ref().map(|epw| epw.start_day)).unwrap_or(0);
        let weekday =
            study.calendar.first_weekday.or(epw.as_ref().map(|epw| epw.first_weekday)).unwrap_or(Weekday::Monday);
        let program = Program::new(study, weekday.plus_days(-i64::from(first_day)), leap);
        let minutes = study.step_minutes.unwrap_or(match study.tier {
            Tier::MultiNode => 10.0,
            Tier::FiveR1C => 60.0,
        });
        let step_s = 60.0 * minutes;
        let fabric = Fabric::new(study, &program, step_s, MOST_CELLS);
        let start_c = study.start.temperature_c;
        let tier = match study.tier {
            Tier::MultiNode => State::Multi(Box::new(Nodes::new(&fabric)), NodeState::new(&fabric, start_c)),
            Tier::FiveR1C => {
                let five = Five::new(study, &fabric, step_s);
                State::Five(Box::new(five), FiveState::new(study.zones.len(), start_c))
            }
        };
        let mut run = Self {
            step_s,
            start_s: f64::from(first_day) * DAY_S,
            steps: 0,
            weather: Source::new(study, epw, &program),
            ground_reflectance: study.site.ground_reflectance.unwrap_or(crate::study::Site::GROUND_REFLECTANCE),
            inputs: Inputs::new(study, &program, &fabric, step_s),
            program,
            tier,
            leap,
            light: Vec::with_capacity(fabric.receivers.len()),
            zones: vec![ZoneInput::default(); study.zones.len()],
            ambient: Ambient::default(),
            fabric,
        };
        let per_day = (DAY_S / step_s).round() as u64;
        for step in 0..u64::from(study.start.warm_up_days) * per_day {
            run.advance(step % per_day);
        }
        run
    }

    /// Length of a step, s.
    pub fn step_s(&self) -> f64 {
        self.step_s
    }

    /// Computes a step and goes on to the next.
    pub fn step(&mut self) -> Step<'_> {
        let step = self.steps;
        self.steps += 1;
        self.advance(step);
        let (loads, transmitted_w, residual_w, throughput_w) = match &self.tier {
            State::Multi(nodes, _) => (&nodes.loads, &nodes.transmitted_w, &nodes.residual_w, &nodes.throughput_w),
            State::Five(five, _) => (&five.loads, &five.transmitted_w, &five.residual_w, &five.throughput_w),
        };
        Step {
            start_s: self.start_s + step as f64 * self.step_s,
            length_s: self.step_s,
            ambient: &self.ambient,
            light: &self.light,
            inputs: &self.inputs,
            zones: &self.zones,
            loads,
            transmitted_w,
            residual_w,
            throughput_w,
        }
    }

    /// Computes so many seconds and reports; `each` is told of every step.
    pub fn report(mut self, duration_s: f64, mut each: impl FnMut(&Step<'_>)) -> Report {
        let steps = (duration_s / self.step_s).round().max(1.0) as u64;
        let mut reporter = Reporter::new(&self.inputs, &self.fabric, self.step_s, self.leap);
        for _ in 0..steps {
            let step = self.step();
            reporter.add(&step);
            each(&step);
        }
        reporter.finish(&self.fabric)
    }

    fn advance(&mut self, step: u64) {
        let start_s = self.start_s + step as f64 * self.step_s;
        let middle_s = start_s + 0.5 * self.step_s;
        let day = (middle_s / DAY_S).floor();
        self.program.go_to(day as usize, (middle_s - day * DAY_S) / HOUR_S);
        self.ambient = self.weather.at(middle_s, &self.program);
        self.fabric.receivers.light(&self.ambient.sky, self.ground_reflectance, &mut self.light);
        let air_c = match &self.tier {
            State::Multi(_, state) => &state.air_c,
            State::Five(_, state) => &state.air_c,
        };
        self.inputs.fill(&self.program, &self.ambient, air_c, &mut self.zones);
        let (fabric, program, ambient) = (&self.fabric, &self.program, &self.ambient);
        match &mut self.tier {
            State::Multi(nodes, state) => nodes.step(fabric, program, ambient, &self.light, &self.zones, state),
            State::Five(five, state) => five.step(fabric, program, ambient, &self.light, &self.zones, state),
        }
    }
}
