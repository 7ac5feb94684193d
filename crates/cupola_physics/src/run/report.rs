//! Results of a study: sums, extremes and hours, for each zone and in total.

use super::energy::Energy;
use super::report_air::{AirLinkReport, AirReport, AirSystemReport, InfectionReport};
use super::tally::{HourMeans, RunningMean, Tally, When};
use super::{DAY_S, HOUR_S, Step, ZoneResult};
use crate::epw_dates::{month_and_day, year_days};
use crate::plant::tariff::J_PER_KWH;
use crate::thermal::Fabric;
use serde::Serialize;
use std::collections::BTreeMap;

/// Report of a study.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// Length of a step, in min.
    pub step_minutes: f64,
    /// Number of hours computed.
    pub hours: f64,
    /// Heating energy of the zones, in kWh.
    pub heating_kwh: f64,
    /// Cooling energy of the zones, in kWh.
    pub cooling_kwh: f64,
    /// Heating and cooling energy of each month.
    pub monthly: Vec<Monthly>,
    /// Hour with the highest heating power of all zones together.
    pub heating_peak: Peak,
    /// Hour with the highest cooling power of all zones together.
    pub cooling_peak: Peak,
    /// Energy by end use, cost and emissions. Without a plant it contains only the electricity of lights,
    /// equipment and fans.
    pub energy: Energy,
    /// Reports of the zones, followed by the rooms, in the file's order.
    pub zones: Vec<ZoneReport>,
    /// Solar radiation on outdoor surfaces.
    pub surfaces: Vec<SurfaceReport>,
    /// Solar radiation on and through windows.
    pub windows: Vec<WindowReport>,
    /// Flows through the links of the air flow network.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub air: Vec<AirLinkReport>,
    /// Results of the air handling units.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub air_systems: Vec<AirSystemReport>,
    /// Greatest hourly residual of the heat balance of any zone, as a fraction of the heat throughput.
    pub balance_error: f64,
    /// Hourly values of the requested days.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hourly: Vec<DayReport>,
}

/// Hourly values of a zone on one day.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct DayReport {
    /// Day of the run, from 1.
    pub day: u32,
    /// Id of the zone.
    pub zone: String,
    /// Mean air temperature of each hour, in °C.
    pub air_c: Vec<f64>,
    /// Mean operative temperature of each hour, in °C.
    pub operative_c: Vec<f64>,
    /// Mean power of each hour, in W: above 0 heating, below 0 cooling.
    pub power_w: Vec<f64>,
}

/// Thermal comfort in the occupied hours (ISO 7730:2005; EN 16798-1:2019).
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct ComfortReport {
    /// Number of occupied hours.
    pub occupied_h: u32,
    /// Number of occupied hours with a predicted mean vote from −0.5 to 0.5 (category B, II).
    pub comfortable_h: u32,
    /// Number of occupied hours with a predicted mean vote below −0.5.
    pub too_cold_h: u32,
    /// Number of occupied hours with a predicted mean vote above 0.5.
    pub too_warm_h: u32,
    /// Number of occupied hours within the adaptive limits of category II, which apply to rooms without
    /// cooling.
    pub adaptive_h: u32,
    /// Mean predicted mean vote.
    pub pmv_mean: f64,
    /// Mean predicted percentage of dissatisfied, in %.
    pub ppd_mean_pct: f64,
    /// Mean standard effective temperature (ASHRAE 55-2020), in °C, if requested.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub set_mean_c: Option<f64>,
}

/// Heating and cooling energy of a month.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Monthly {
    /// Month, from 1.
    pub month: u32,
    /// Heating energy, in kWh.
    pub heating_kwh: f64,
    /// Cooling energy, in kWh.
    pub cooling_kwh: f64,
}

/// Hour with the highest mean power.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Peak {
    /// Mean power of the hour, in W.
    pub w: f64,
    /// Hour of the year, from 1.
    pub hour: u64,
    /// Start of the hour, in local standard time: `01-04T05:00`.
    pub at: String,
}

/// Hour with the lowest or highest mean temperature.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Extreme {
    /// Mean temperature of the hour, in °C.
    pub c: f64,
    /// Hour of the year, from 1.
    pub hour: u64,
    /// Start of the hour, in local standard time.
    pub at: String,
}

/// Report of a zone or room.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ZoneReport {
    /// Id of the zone.
    pub id: String,
    /// Heating energy, in kWh.
    pub heating_kwh: f64,
    /// Cooling energy, in kWh.
    pub cooling_kwh: f64,
    /// Heating and cooling energy of each month.
    pub monthly: Vec<Monthly>,
    /// Hour with the highest heating power.
    pub heating_peak: Peak,
    /// Hour with the highest cooling power.
    pub cooling_peak: Peak,
    /// Hour with the lowest air temperature.
    pub temperature_min: Extreme,
    /// Hour with the highest air temperature.
    pub temperature_max: Extreme,
    /// Mean air temperature, in °C.
    pub temperature_mean_c: f64,
    /// Mean operative temperature, in °C.
    pub operative_mean_c: f64,
    /// Number of hours by mean air temperature, in bins of one degree. The key is the lower end, in °C.
    pub hours_per_degree: BTreeMap<i32, u32>,
    /// Number of hours with a temperature at the sensor below the heating set-point (unmet hours).
    pub unmet_heating_h: u32,
    /// Number of hours with a temperature at the sensor above the cooling set-point (unmet hours).
    pub unmet_cooling_h: u32,
    /// Solar radiation through the windows, in kWh.
    pub solar_kwh: f64,
    /// Heat from lights, in kWh.
    pub lights_kwh: f64,
    /// Heat from equipment, in kWh.
    pub equipment_kwh: f64,
    /// Sensible heat from people, in kWh.
    pub people_kwh: f64,
    /// Other heat gains, in kWh.
    pub other_kwh: f64,
    /// Electricity of the fans, in kWh.
    pub fans_kwh: f64,
    /// Heat gain by infiltration, in kWh, negative for a loss.
    pub infiltration_kwh: f64,
    /// Heat gain by ventilation, in kWh, negative for a loss.
    pub ventilation_kwh: f64,
    /// Heat that brings outdoor air to its `supply_c`, in kWh.
    pub supply_heating_kwh: f64,
    /// Cold that brings outdoor air to its `supply_c`, in kWh.
    pub supply_cooling_kwh: f64,
    /// Heat gain by air from other zones, in kWh, negative for a loss.
    pub from_zones_kwh: f64,
    /// Thermal comfort in the occupied hours.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comfort: Option<ComfortReport>,
    /// CO2 in the occupied hours.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub co2: Option<AirReport>,
    /// Risk of infection, if an infectious person is present.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub infection: Option<InfectionReport>,
    /// Greatest hourly residual of the heat balance, as a fraction of the heat throughput.
    pub balance_error: f64,
}

/// Solar radiation on an outdoor surface.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct SurfaceReport {
    /// Id of the zone.
    pub zone: String,
    /// Id of the surface.
    pub id: String,
    /// Incident solar radiation without shading, in kWh/m².
    pub incident_unshaded_kwh_m2: f64,
    /// Incident solar radiation with shading, in kWh/m².
    pub incident_kwh_m2: f64,
}

/// Solar radiation on and through a window.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct WindowReport {
    /// Id of the zone.
    pub zone: String,
    /// Id of the window: `surface/window`.
    pub id: String,
    /// Area of the glass, in m².
    pub area_m2: f64,
    /// Incident solar radiation without shading, in kWh/m².
    pub incident_unshaded_kwh_m2: f64,
    /// Incident solar radiation with shading, in kWh/m².
    pub incident_kwh_m2: f64,
    /// Transmitted solar radiation, in kWh/m².
    pub transmitted_kwh_m2: f64,
    /// Transmitted solar radiation over incident solar radiation without shading.
    pub transmissivity: f64,
}

/// Optional parts of a report.
#[derive(Clone, Debug)]
pub(super) struct ReportOptions {
    /// Days of the run with hourly values, from 1.
    pub hourly_days: Vec<u32>,
    /// Whether the report includes standard effective temperatures.
    pub has_set: bool,
}

/// Accumulates the results of a run.
pub(super) struct Reporter {
    step_s: f64,
    leap: bool,
    seconds: f64,
    begin_s: Option<f64>,
    tallies: Vec<Tally>,
    monthly: Vec<Monthly>,
    peaks: (Peak, Peak),
    /// Incident radiation of each receiver, shaded and unshaded, in J/m².
    incident: Vec<(f64, f64)>,
    transmitted_j: Vec<f64>,
    outdoors: RunningMean,
    /// Running mean of the outdoor temperature on the days before this hour, in °C.
    earlier_days_c: Option<f64>,
    air: Vec<AirLinkReport>,
    air_systems: Vec<AirSystemReport>,
    hourly_days: Vec<u32>,
    hourly: Vec<DayReport>,
}

pub(super) fn months() -> Vec<Monthly> {
    (1..=12).map(|month| Monthly { month, ..Monthly::default() }).collect()
}

/// Returns the month, counted from 0, of a time in seconds since the start of the year.
pub(super) fn month_of(seconds: f64, leap: bool) -> usize {
    let day = (seconds / DAY_S).floor().rem_euclid(f64::from(year_days(leap)));
    month_and_day(day as u32, leap).0 as usize - 1
}

fn when(start_s: f64, leap: bool) -> When {
    let day = (start_s / DAY_S).floor();
    let (month, date) = month_and_day(day.rem_euclid(f64::from(year_days(leap))) as u32, leap);
    let clock = ((start_s - day * DAY_S) / HOUR_S).round() as u32;
    When { hour: (start_s / HOUR_S).round() as u64 + 1, month: month as usize - 1, date, clock }
}

impl Reporter {
    pub fn new(results: &[ZoneResult], fabric: &Fabric, step_s: f64, leap: bool, asked: &ReportOptions) -> Self {
        Self {
            step_s,
            leap,
            seconds: 0.0,
            begin_s: None,
            tallies: results.iter().map(|result| Tally::new(result, asked.has_set)).collect(),
            monthly: months(),
            peaks: (Peak::default(), Peak::default()),
            incident: vec![(0.0, 0.0); fabric.receivers.len()],
            transmitted_j: vec![0.0; fabric.windows.len()],
            outdoors: RunningMean::default(),
            earlier_days_c: None,
            air: Vec::new(),
            air_systems: Vec::new(),
            hourly_days: asked.hourly_days.clone(),
            hourly: Vec::new(),
        }
    }

    pub fn add(&mut self, step: &Step<'_>) {
        let length_s = step.length_s;
        self.begin_s.get_or_insert(step.start_s);
        self.seconds += length_s;
        for (sum, light) in self.incident.iter_mut().zip(step.light) {
            sum.0 += length_s * light.total();
            sum.1 += length_s * light.unshaded;
        }
        for (sum, power_w) in self.transmitted_j.iter_mut().zip(step.transmitted_w) {
            *sum += length_s * power_w;
        }
        for (tally, result) in self.tallies.iter_mut().zip(step.results) {
            tally.add(result, length_s);
        }
        self.outdoors.add(step.ambient.dry_bulb_c, length_s);
        for (at, (id, done)) in step.systems().enumerate() {
            if self.air_systems.len() <= at {
                self.air_systems.push(AirSystemReport { id: id.into(), ..AirSystemReport::default() });
            }
            self.air_systems[at].add(done, length_s);
        }
        for (at, link) in step.links().enumerate() {
            if self.air.len() <= at {
                self.air.push(AirLinkReport { id: link.id.into(), ..AirLinkReport::default() });
            }
            let report = &mut self.air[at];
            report.forward_mean_m3_h += length_s * link.forward_m3_h;
            report.backward_mean_m3_h += length_s * link.backward_m3_h;
            report.max_m3_h = report.max_m3_h.max(link.forward_m3_h).max(link.backward_m3_h);
        }
        let end_s = step.start_s + length_s;
        let past = (end_s / HOUR_S).round() * HOUR_S;
        if (end_s - past).abs() < 0.25 * self.step_s {
            self.end_hour(past - HOUR_S);
        }
    }

    fn end_hour(&mut self, start_s: f64) {
        let when = when(start_s, self.leap);
        let day = ((start_s - self.begin_s.unwrap_or(0.0)) / DAY_S).floor() as u32 + 1;
        let is_asked = self.hourly_days.contains(&day);
        let mut sum = HourMeans::default();
        for tally in &mut self.tallies {
            let hour = tally.end_hour(&when, self.earlier_days_c);
            sum.heating_w += hour.heating_w;
            sum.cooling_w += hour.cooling_w;
            if is_asked {
                let zone = &tally.report.id;
                let at = self.hourly.iter().position(|report| report.day == day && report.zone == *zone);
                let at = at.unwrap_or_else(|| {
                    self.hourly.push(DayReport { day, zone: zone.clone(), ..DayReport::default() });
                    self.hourly.len() - 1
                });
                self.hourly[at].air_c.push(hour.air_c);
                self.hourly[at].operative_c.push(hour.operative_c);
                self.hourly[at].power_w.push(hour.power_w);
            }
        }
        let month = &mut self.monthly[when.month];
        month.heating_kwh += sum.heating_w / 1_000.0;
        month.cooling_kwh += sum.cooling_w / 1_000.0;
        self.peaks.0.raise(sum.heating_w, &when);
        self.peaks.1.raise(sum.cooling_w, &when);
        self.earlier_days_c = self.outdoors.c();
    }

    pub fn finish(mut self, fabric: &Fabric, energy: Option<Energy>) -> Report {
        let mut zones: Vec<ZoneReport> = self.tallies.into_iter().map(Tally::finish).collect();
        let surfaces = fabric.exposed.iter().map(|(zone, id, receiver)| {
            let (shaded, unshaded) = self.incident[*receiver];
            SurfaceReport {
                zone: zones[*zone].id.clone(),
                id: id.clone(),
                incident_unshaded_kwh_m2: unshaded / J_PER_KWH,
                incident_kwh_m2: shaded / J_PER_KWH,
            }
        });
        let surfaces = surfaces.collect();
        let mut windows = Vec::with_capacity(fabric.windows.len());
        for ((row, id), through) in fabric.windows.iter().zip(&fabric.window_names).zip(&self.transmitted_j) {
            let (shaded, unshaded) = self.incident[row.exposure.receiver];
            let transmitted = through / row.area_m2.max(1e-9);
            zones[row.zone].solar_kwh += through / J_PER_KWH;
            windows.push(WindowReport {
                zone: zones[row.zone].id.clone(),
                id: id.clone(),
                area_m2: row.area_m2,
                incident_unshaded_kwh_m2: unshaded / J_PER_KWH,
                incident_kwh_m2: shaded / J_PER_KWH,
                transmitted_kwh_m2: transmitted / J_PER_KWH,
                transmissivity: if unshaded > 0.0 { transmitted / unshaded } else { 0.0 },
            });
        }
        for link in &mut self.air {
            link.forward_mean_m3_h /= self.seconds.max(1.0);
            link.backward_mean_m3_h /= self.seconds.max(1.0);
        }
        for system in &mut self.air_systems {
            system.supply_mean_m3_h /= system.hours.max(1e-9);
            system.outdoor_mean_m3_h /= system.hours.max(1e-9);
        }
        let sum = |part: fn(&ZoneReport) -> f64| zones.iter().map(part).sum::<f64>();
        let energy = energy.unwrap_or_else(|| {
            let uses = [
                ("lights", sum(|zone| zone.lights_kwh)),
                ("equipment", sum(|zone| zone.equipment_kwh)),
                ("fans", sum(|zone| zone.fans_kwh)),
            ];
            Energy { electricity_kwh: uses.into_iter().collect(), ..Energy::default() }
        });
        Report {
            step_minutes: self.step_s / 60.0,
            hours: self.seconds / HOUR_S,
            heating_kwh: sum(|zone| zone.heating_kwh),
            cooling_kwh: sum(|zone| zone.cooling_kwh),
            monthly: self.monthly,
            heating_peak: self.peaks.0,
            cooling_peak: self.peaks.1,
            energy,
            balance_error: zones.iter().map(|zone| zone.balance_error).fold(0.0, f64::max),
            zones,
            surfaces,
            windows,
            air: self.air,
            air_systems: self.air_systems,
            hourly: self.hourly,
        }
    }
}
