//! What became of a study: sums, extremes and hours, by zone and in total.

use super::inputs::{Given, Inputs};
use super::{DAY_S, HOUR_S, Step};
use crate::epw_dates::month_and_day;
use crate::thermal::{Fabric, Side};
use serde::Serialize;
use std::collections::BTreeMap;

/// J in a kWh.
const KWH_J: f64 = 3.6e6;
/// A set-point is missed where the hour's mean is further off than this, K (ASHRAE 90.1-2019, "unmet load hour": half a degree of the
/// usual throttling range).
const UNMET_K: f64 = 0.5;

/// What became of a study.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// Length of a step, min.
    pub step_minutes: f64,
    /// Hours that were computed.
    pub hours: f64,
    /// Heat given to the zones, kWh.
    pub heating_kwh: f64,
    /// Heat taken from the zones, kWh.
    pub cooling_kwh: f64,
    /// By month.
    pub monthly: Vec<Monthly>,
    /// Of all zones together, the hour with the most heating.
    pub heating_peak: Peak,
    /// The hour with the most cooling.
    pub cooling_peak: Peak,
    /// Electricity by end use, kWh.
    pub electricity_kwh: BTreeMap<String, f64>,
    /// The zones, in the file's order.
    pub zones: Vec<ZoneReport>,
    /// Sun on outer surfaces.
    pub surfaces: Vec<SurfaceReport>,
    /// Sun on and through windows.
    pub windows: Vec<WindowReport>,
    /// The most that an hour's heat doesn't add up in any zone, as a share of what flowed.
    pub balance_error: f64,
}

/// A month's sums.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Monthly {
    /// From 1.
    pub month: u32,
    /// Heat given, kWh.
    pub heating_kwh: f64,
    /// Heat taken, kWh.
    pub cooling_kwh: f64,
}

/// The hour with the most.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Peak {
    /// The hour's mean power, W.
    pub w: f64,
    /// The hour of the year, from 1.
    pub hour: u64,
    /// When it began, local standard time: `01-04T05:00`.
    pub at: String,
}

/// The hour with the least or the greatest mean.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Extreme {
    /// The hour's mean, °C.
    pub c: f64,
    /// The hour of the year, from 1.
    pub hour: u64,
    /// When it began, local standard time.
    pub at: String,
}

/// What became of a zone.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ZoneReport {
    /// Its id.
    pub id: String,
    /// Heat given to it, kWh.
    pub heating_kwh: f64,
    /// Heat taken from it, kWh.
    pub cooling_kwh: f64,
    /// By month.
    pub monthly: Vec<Monthly>,
    /// The hour with the most heating.
    pub heating_peak: Peak,
    /// The hour with the most cooling.
    pub cooling_peak: Peak,
    /// Air temperature: the coldest hour.
    pub temperature_min: Extreme,
    /// The warmest hour.
    pub temperature_max: Extreme,
    /// The mean of all hours, °C.
    pub temperature_mean_c: f64,
    /// The mean operative temperature, °C.
    pub operative_mean_c: f64,
    /// Hours with a mean air temperature from a whole degree to the next.
    pub hours_per_degree: BTreeMap<i32, u32>,
    /// Hours too cold for the heating set-point.
    pub unmet_heating_h: u32,
    /// Hours too warm for the cooling set-point.
    pub unmet_cooling_h: u32,
    /// Sun that came in through its windows, kWh.
    pub solar_kwh: f64,
    /// Heat from lights, kWh.
    pub lights_kwh: f64,
    /// Heat from equipment, kWh.
    pub equipment_kwh: f64,
    /// Heat from people, kWh.
    pub people_kwh: f64,
    /// Other gains, kWh.
    pub other_kwh: f64,
    /// Heat that infiltration brought, kWh; below 0 what it took.
    pub infiltration_kwh: f64,
    /// Heat that ventilation brought, kWh.
    pub ventilation_kwh: f64,
    /// The most that an hour's heat doesn't add up, as a share of what flowed.
    pub balance_error: f64,
}

/// Sun on an outer surface.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct SurfaceReport {
    /// The zone's id.
    pub zone: String,
    /// The surface's id.
    pub id: String,
    /// Without shadows, kWh/m².
    pub incident_unshaded_kwh_m2: f64,
    /// With them, kWh/m².
    pub incident_kwh_m2: f64,
}

/// Sun on a window and through it.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct WindowReport {
    /// The zone's id.
    pub zone: String,
    /// `surface/window`.
    pub id: String,
    /// Area of the glass, m².
    pub area_m2: f64,
    /// Without shadows, kWh/m².
    pub incident_unshaded_kwh_m2: f64,
    /// With them, kWh/m².
    pub incident_kwh_m2: f64,
    /// Through the glass, kWh/m².
    pub transmitted_kwh_m2: f64,
    /// Through over without shadows.
    pub transmissivity: f64,
}

/// A zone's sums of the hour.
#[derive(Clone, Copy, Debug, Default)]
struct Hour {
    seconds: f64,
    power_j: f64,
    heating_j: f64,
    cooling_j: f64,
    air: f64,
    operative: f64,
    residual_j: f64,
    throughput_j: f64,
    heating_setpoint: f64,
    cooling_setpoint: f64,
}

pub(super) struct Reporter {
    step_s: f64,
    leap: bool,
    seconds: f64,
    started_s: Option<f64>,
    zones: Vec<ZoneReport>,
    hours: Vec<Hour>,
    whole: (Vec<Monthly>, Peak, Peak),
    /// Over receivers: shaded and unshaded, J/m².
    incident: Vec<(f64, f64)>,
    transmitted_j: Vec<f64>,
    air_hours: Vec<(f64, f64)>,
    fans_j: f64,
}

fn months() -> Vec<Monthly> {
    (1..=12).map(|month| Monthly { month, ..Monthly::default() }).collect()
}

impl Reporter {
    pub fn new(inputs: &Inputs, fabric: &Fabric, step_s: f64, leap: bool) -> Self {
        let zone = |zone: &super::inputs::ZoneUse| {
            let cold = Extreme { c: f64::INFINITY, ..Extreme::default() };
            let warm = Extreme { c: f64::NEG_INFINITY, ..Extreme::default() };
            ZoneReport {
                id: zone.id.clone(),
                monthly: months(),
                temperature_min: cold,
                temperature_max: warm,
                ..ZoneReport::default()
            }
        };
        Self {
            step_s,
            leap,
            seconds: 0.0,
            started_s: None,
            zones: inputs.zones.iter().map(zone).collect(),
            hours: vec![Hour::default(); inputs.zones.len()],
            whole: (months(), Peak::default(), Peak::default()),
            incident: vec![(0.0, 0.0); fabric.receivers.len()],
            transmitted_j: vec![0.0; fabric.windows.len()],
            air_hours: vec![(0.0, 0.0); inputs.zones.len()],
            fans_j: 0.0,
        }
    }

    pub fn add(&mut self, step: &Step<'_>) {
        let length_s = step.length_s;
        self.started_s.get_or_insert(step.start_s);
        self.seconds += length_s;
        for (sum, light) in self.incident.iter_mut().zip(step.light) {
            sum.0 += length_s * light.total();
            sum.1 += length_s * light.unshaded;
        }
        for (sum, power_w) in self.transmitted_j.iter_mut().zip(step.transmitted_w) {
            *sum += length_s * power_w;
        }
        for (at, (zone, hour)) in self.zones.iter_mut().zip(&mut self.hours).enumerate() {
            let (load, given) = (&step.loads[at], &step.inputs.given[at]);
            hour.seconds += length_s;
            hour.power_j += length_s * load.power_w;
            hour.heating_j += length_s * load.power_w.max(0.0);
            hour.cooling_j += length_s * (-load.power_w).max(0.0);
            hour.air += length_s * load.air_c;
            hour.operative += length_s * load.operative_c;
            hour.residual_j += length_s * step.residual_w[at];
            hour.throughput_j += length_s * step.throughput_w[at];
            let (heating_c, cooling_c) = step.setpoints_c(at);
            hour.heating_setpoint += length_s * heating_c;
            hour.cooling_setpoint += length_s * cooling_c;
            zone.add(given, load.air_c, length_s);
            self.fans_j += length_s * given.fans_w;
        }
        let end_s = step.start_s + length_s;
        let past = (end_s / HOUR_S).floor() * HOUR_S;
        if end_s - past < 0.5 * self.step_s {
            self.end_hour(past - HOUR_S);
        }
    }

    fn end_hour(&mut self, start_s: f64) {
        let day = (start_s / DAY_S).floor();
        let days = f64::from(crate::epw_dates::year_days(self.leap));
        let (month, date) = month_and_day(day.rem_euclid(days) as u32, self.leap);
        let clock = ((start_s - day * DAY_S) / HOUR_S).round() as u32;
        let hour_of_year = (start_s / HOUR_S).round() as u64 + 1;
        let at = || format!("{month:02}-{date:02}T{clock:02}:00");
        let (mut heating, mut cooling) = (0.0, 0.0);
        let row = month as usize - 1;
        for ((zone, hour), sums) in self.zones.iter_mut().zip(&mut self.hours).zip(&mut self.air_hours) {
            let seconds = hour.seconds.max(1e-9);
            let (air_c, heating_w, cooling_w) =
                (hour.air / seconds, hour.heating_j / seconds, hour.cooling_j / seconds);
            zone.monthly[row].heating_kwh += hour.heating_j / KWH_J;
            zone.monthly[row].cooling_kwh += hour.cooling_j / KWH_J;
            zone.heating_kwh += hour.heating_j / KWH_J;
            zone.cooling_kwh += hour.cooling_j / KWH_J;
            for (peak, w) in [(&mut zone.heating_peak, heating_w), (&mut zone.cooling_peak, cooling_w)] {
                if w > peak.w {
                    *peak = Peak { w, hour: hour_of_year, at: at() };
                }
            }
            if air_c < zone.temperature_min.c {
                zone.temperature_min = Extreme { c: air_c, hour: hour_of_year, at: at() };
            }
            if air_c > zone.temperature_max.c {
                zone.temperature_max = Extreme { c: air_c, hour: hour_of_year, at: at() };
            }
            *zone.hours_per_degree.entry(air_c.floor() as i32).or_default() += 1;
            zone.unmet_heating_h += u32::from(air_c < hour.heating_setpoint / seconds - UNMET_K);
            zone.unmet_cooling_h += u32::from(air_c > hour.cooling_setpoint / seconds + UNMET_K);
            zone.balance_error = zone.balance_error.max(hour.residual_j.abs() / hour.throughput_j.max(1.0));
            sums.0 += hour.air;
            sums.1 += hour.operative;
            heating += heating_w;
            cooling += cooling_w;
            *hour = Hour::default();
        }
        let (monthly, heating_peak, cooling_peak) = &mut self.whole;
        monthly[row].heating_kwh += heating / 1_000.0;
        monthly[row].cooling_kwh += cooling / 1_000.0;
        for (peak, w) in [(heating_peak, heating), (cooling_peak, cooling)] {
            if w > peak.w {
                *peak = Peak { w, hour: hour_of_year, at: at() };
            }
        }
    }

    pub fn finish(mut self, fabric: &Fabric) -> Report {
        for (zone, sums) in self.zones.iter_mut().zip(&self.air_hours) {
            zone.temperature_mean_c = sums.0 / self.seconds.max(1.0);
            zone.operative_mean_c = sums.1 / self.seconds.max(1.0);
        }
        let zone_id = |zone: usize| self.zones[zone].id.clone();
        let surfaces = fabric.exposed.iter().map(|(zone, id, receiver)| {
            let (shaded, unshaded) = self.incident[*receiver];
            SurfaceReport {
                zone: zone_id(*zone),
                id: id.clone(),
                incident_unshaded_kwh_m2: unshaded / KWH_J,
                incident_kwh_m2: shaded / KWH_J,
            }
        });
        let windows =
            fabric.windows.iter().zip(&fabric.window_names).zip(&self.transmitted_j).map(|((row, id), through)| {
                let (shaded, unshaded) = self.incident[row.exposure.receiver];
                let transmitted = through / row.area_m2.max(1e-9);
                WindowReport {
                    zone: zone_id(row.zone),
                    id: id.clone(),
                    area_m2: row.area_m2,
                    incident_unshaded_kwh_m2: unshaded / KWH_J,
                    incident_kwh_m2: shaded / KWH_J,
                    transmitted_kwh_m2: transmitted / KWH_J,
                    transmissivity: if unshaded > 0.0 { transmitted / unshaded } else { 0.0 },
                }
            });
        let (surfaces, windows) = (surfaces.collect(), windows.collect());
        let mut zones = self.zones;
        for (at, window) in fabric.windows.iter().enumerate() {
            zones[window.zone].solar_kwh += self.transmitted_j[at] / KWH_J;
        }
        debug_assert!(fabric.faces.iter().all(|face| face.side != Side::Window(usize::MAX)));
        let sum = |part: fn(&ZoneReport) -> f64| zones.iter().map(part).sum::<f64>();
        let electricity = [
            ("lights", sum(|zone| zone.lights_kwh)),
            ("equipment", sum(|zone| zone.equipment_kwh)),
            ("fans", self.fans_j / KWH_J),
        ];
        Report {
            step_minutes: self.step_s / 60.0,
            hours: self.seconds / HOUR_S,
            heating_kwh: sum(|zone| zone.heating_kwh),
            cooling_kwh: sum(|zone| zone.cooling_kwh),
            monthly: self.whole.0,
            heating_peak: self.whole.1,
            cooling_peak: self.whole.2,
            electricity_kwh: electricity.into_iter().map(|(name, kwh)| (name.to_string(), kwh)).collect(),
            balance_error: zones.iter().map(|zone| zone.balance_error).fold(0.0, f64::max),
            zones,
            surfaces,
            windows,
        }
    }
}

impl ZoneReport {
    fn add(&mut self, given: &Given, air_c: f64, length_s: f64) {
        let kwh = length_s / KWH_J;
        self.lights_kwh += kwh * given.lights_w;
        self.equipment_kwh += kwh * given.equipment_w;
        self.people_kwh += kwh * given.people_w;
        self.other_kwh += kwh * given.other_w;
        self.infiltration_kwh += kwh * (given.infiltration.1 - given.infiltration.0 * air_c);
        self.ventilation_kwh += kwh * (given.ventilation.1 - given.ventilation.0 * air_c);
    }
}
