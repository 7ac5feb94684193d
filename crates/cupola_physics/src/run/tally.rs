//! Accumulation of a zone's results, hour by hour.

use super::report::{ComfortReport, Extreme, Peak, ZoneReport};
use super::report_air::AirReport;
use super::{HOUR_S, ZoneResult};
use crate::comfort::RUNNING_MEAN_WEIGHT;
use crate::comfort::{Category, Climate, Person, adaptive_en16798, next_running_mean_c, pmv_iso7730};
use crate::comfort_set::set_c;
use crate::contaminant::probability;
use crate::plant::tariff::J_PER_KWH;

/// Difference between hourly mean and set-point from which an hour counts as unmet, in K (ASHRAE 90.1-2019,
/// "unmet load hour": half a degree of the usual throttling range).
const UNMET_K: f64 = 0.5;
/// Air speed in a room without forced air movement, in m/s (ISO 7730:2005, table D.1).
const STILL_M_S: f64 = 0.1;
/// Greatest absolute PMV that counts as comfortable (EN 16798-1:2019, category II; ISO 7730:2005, category
/// B).
const COMFORTABLE: f64 = 0.5;

/// Hour of the year: its number from 1, its month from 0, and the date and clock hour of its start.
pub(super) struct When {
    pub hour: u64,
    pub month: usize,
    pub date: u32,
    pub clock: u32,
}

impl When {
    /// Returns the start of the hour: `01-31T07:00`.
    fn at(&self) -> String {
        format!("{:02}-{:02}T{:02}:00", self.month + 1, self.date, self.clock)
    }
}

/// Sums of a zone over an hour.
#[derive(Clone, Copy, Debug, Default)]
struct Hour {
    seconds: f64,
    heating_j: f64,
    cooling_j: f64,
    air: f64,
    radiant: f64,
    operative: f64,
    humidity: f64,
    co2: f64,
    people: f64,
    residual_j: f64,
    throughput_j: f64,
    setpoints: (f64, f64),
    /// Temperatures at the sensors of heating and cooling.
    sensed: (f64, f64),
}

/// Hourly means of a zone, for daily reports.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct HourMeans {
    pub air_c: f64,
    pub operative_c: f64,
    pub power_w: f64,
    pub heating_w: f64,
    pub cooling_w: f64,
}

/// Sums of a zone over a run.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    pub report: ZoneReport,
    hour: Hour,
    seconds: f64,
    air: f64,
    operative: f64,
    /// Sums of PMV and PPD, and the number of hours with a vote.
    votes: (f64, f64, f64),
    /// Hourly means of the occupied hours, in ppm.
    co2_ppm: Vec<f64>,
    person: Option<(f64, f64)>,
    has_set: bool,
    /// Sum of standard effective temperatures, and the number of hours with a value.
    effective: (f64, f64),
    /// Quanta inhaled today by a person in the zone, or `None` on a day without people.
    dose: Option<f64>,
}

impl Tally {
    pub fn new(result: &ZoneResult, has_set: bool) -> Self {
        let cold = Extreme { c: f64::INFINITY, ..Extreme::default() };
        let warm = Extreme { c: f64::NEG_INFINITY, ..Extreme::default() };
        let report = ZoneReport {
            id: result.id.clone(),
            monthly: super::report::months(),
            temperature_min: cold,
            temperature_max: warm,
            ..ZoneReport::default()
        };
        Self { report, has_set, ..Self::default() }
    }

    pub fn add(&mut self, result: &ZoneResult, length_s: f64) {
        let (load, given, hour) = (&result.load, &result.given, &mut self.hour);
        hour.seconds += length_s;
        hour.heating_j += length_s * load.power_w.max(0.0);
        hour.cooling_j += length_s * (-load.power_w).max(0.0);
        hour.air += length_s * load.air_c;
        hour.radiant += length_s * load.radiant_c;
        hour.operative += length_s * load.operative_c;
        hour.humidity += length_s * result.humidity;
        hour.co2 += length_s * result.co2_ppm;
        hour.people += length_s * given.people;
        hour.residual_j += length_s * result.residual_w;
        hour.throughput_j += length_s * result.throughput_w;
        hour.setpoints.0 += length_s * result.setpoints_c.0;
        hour.setpoints.1 += length_s * result.setpoints_c.1;
        let sensed_c = |is_operative: bool| if is_operative { load.operative_c } else { load.air_c };
        hour.sensed.0 += length_s * sensed_c(given.is_operative.0);
        hour.sensed.1 += length_s * sensed_c(given.is_operative.1);
        self.person = result.person;
        if let Some(breathing_m3_h) = result.breathing_m3_h.filter(|_| given.people > 0.0) {
            *self.dose.get_or_insert(0.0) += result.quanta_m3 * breathing_m3_h * length_s / HOUR_S;
        }
        let (report, kwh) = (&mut self.report, length_s / J_PER_KWH);
        report.lights_kwh += kwh * given.lights_w;
        report.equipment_kwh += kwh * given.equipment_w;
        report.people_kwh += kwh * given.people_w;
        report.other_kwh += kwh * given.other_w;
        report.fans_kwh += kwh * given.fans_w;
        report.solar_kwh += kwh * result.solar_w;
        report.infiltration_kwh += kwh * (given.infiltration.1 - given.infiltration.0 * load.air_c);
        report.ventilation_kwh += kwh * (given.ventilation.1 - given.ventilation.0 * load.air_c);
        report.supply_heating_kwh += kwh * given.supply_w.max(0.0);
        report.supply_cooling_kwh += kwh * (-given.supply_w).max(0.0);
        report.from_zones_kwh += kwh * result.draught_w;
    }

    /// Ends the hour and returns its means. `running_mean_c` is the running mean outdoor temperature.
    pub fn end_hour(&mut self, when: &When, running_mean_c: Option<f64>) -> HourMeans {
        let hour = std::mem::take(&mut self.hour);
        let seconds = hour.seconds.max(1e-9);
        let mean = |sum: f64| sum / seconds;
        let means = HourMeans {
            air_c: mean(hour.air),
            operative_c: mean(hour.operative),
            power_w: mean(hour.heating_j - hour.cooling_j),
            heating_w: mean(hour.heating_j),
            cooling_w: mean(hour.cooling_j),
        };
        let report = &mut self.report;
        let month = &mut report.monthly[when.month];
        month.heating_kwh += hour.heating_j / J_PER_KWH;
        month.cooling_kwh += hour.cooling_j / J_PER_KWH;
        report.heating_kwh += hour.heating_j / J_PER_KWH;
        report.cooling_kwh += hour.cooling_j / J_PER_KWH;
        report.heating_peak.raise(means.heating_w, when);
        report.cooling_peak.raise(means.cooling_w, when);
        if means.air_c < report.temperature_min.c {
            report.temperature_min = Extreme { c: means.air_c, hour: when.hour, at: when.at() };
        }
        if means.air_c > report.temperature_max.c {
            report.temperature_max = Extreme { c: means.air_c, hour: when.hour, at: when.at() };
        }
        *report.hours_per_degree.entry(means.air_c.floor() as i32).or_default() += 1;
        report.unmet_heating_h += u32::from(mean(hour.sensed.0) < mean(hour.setpoints.0) - UNMET_K);
        report.unmet_cooling_h += u32::from(mean(hour.sensed.1) > mean(hour.setpoints.1) + UNMET_K);
        report.balance_error = report.balance_error.max(hour.residual_j.abs() / hour.throughput_j.max(1.0));
        self.seconds += seconds;
        self.air += hour.air;
        self.operative += hour.operative;
        if hour.people > 0.0 {
            self.co2_ppm.push(mean(hour.co2));
            let climate = Climate {
                air_c: means.air_c,
                radiant_c: mean(hour.radiant),
                speed_m_s: STILL_M_S,
                humidity: mean(hour.humidity),
            };
            self.judge(&climate, means.operative_c, running_mean_c);
        }
        if when.hour.is_multiple_of(24) {
            self.end_day();
        }
        means
    }

    fn end_day(&mut self) {
        let Some(dose) = self.dose.take() else { return };
        let risk_pct = 100.0 * probability(dose);
        let infection = self.report.infection.get_or_insert_default();
        infection.days += 1;
        infection.mean_pct += risk_pct;
        infection.max_pct = infection.max_pct.max(risk_pct);
    }

    fn judge(&mut self, climate: &Climate, operative_c: f64, running_mean_c: Option<f64>) {
        let Some((met, clo)) = self.person else { return };
        let comfort = self.report.comfort.get_or_insert_with(ComfortReport::default);
        comfort.occupied_h += 1;
        let person = Person { met, clo, work_met: 0.0 };
        if self.has_set
            && let Ok(set_c) = set_c(climate, &person)
        {
            self.effective = (self.effective.0 + set_c, self.effective.1 + 1.0);
        }
        // A climate outside the method's range does not count as comfortable.
        if let Ok(vote) = pmv_iso7730(climate, &person) {
            comfort.comfortable_h += u32::from(vote.pmv.abs() <= COMFORTABLE);
            comfort.too_cold_h += u32::from(vote.pmv < -COMFORTABLE);
            comfort.too_warm_h += u32::from(vote.pmv > COMFORTABLE);
            let (pmv, ppd, hours) = self.votes;
            self.votes = (pmv + vote.pmv, ppd + vote.ppd_percent, hours + 1.0);
        } else {
            comfort.too_cold_h += u32::from(operative_c < 20.0);
            comfort.too_warm_h += u32::from(operative_c >= 20.0);
        }
        let adaptive = running_mean_c.and_then(|mean_c| adaptive_en16798(mean_c, Category::II, STILL_M_S).ok());
        comfort.adaptive_h += u32::from(adaptive.is_some_and(|adaptive| adaptive.accepts(operative_c)));
    }

    pub fn finish(mut self) -> ZoneReport {
        self.end_day();
        let report = &mut self.report;
        report.temperature_mean_c = self.air / self.seconds.max(1.0);
        report.operative_mean_c = self.operative / self.seconds.max(1.0);
        if let Some(comfort) = &mut report.comfort {
            let (pmv, ppd, hours) = self.votes;
            comfort.pmv_mean = pmv / hours.max(1.0);
            comfort.ppd_mean_pct = ppd / hours.max(1.0);
            comfort.set_mean_c = (self.effective.1 > 0.0).then(|| self.effective.0 / self.effective.1);
        }
        if let Some(infection) = &mut report.infection {
            infection.mean_pct /= f64::from(infection.days.max(1));
        }
        if !self.co2_ppm.is_empty() {
            self.co2_ppm.sort_by(f64::total_cmp);
            let rank = |share: f64| self.co2_ppm[((self.co2_ppm.len() - 1) as f64 * share).round() as usize];
            report.co2 = Some(AirReport {
                p50_ppm: rank(0.5),
                p90_ppm: rank(0.9),
                p95_ppm: rank(0.95),
                p99_ppm: rank(0.99),
                max_ppm: rank(1.0),
            });
        }
        self.report
    }
}

impl Peak {
    /// Replaces the peak by an hour with a higher mean.
    pub(super) fn raise(&mut self, w: f64, when: &When) {
        if w > self.w {
            *self = Peak { w, hour: when.hour, at: when.at() };
        }
    }
}

/// Running mean of the daily outdoor temperature (EN 16798-1:2019, B.2.2).
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct RunningMean {
    seconds: f64,
    sum: f64,
    mean_c: Option<f64>,
}

impl RunningMean {
    pub fn add(&mut self, outdoor_c: f64, length_s: f64) {
        self.seconds += length_s;
        self.sum += length_s * outdoor_c;
        if self.seconds >= 24.0 * HOUR_S - 1.0 {
            let day_c = self.sum / self.seconds;
            self.mean_c = Some(self.mean_c.map_or(day_c, |mean| next_running_mean_c(mean, day_c, RUNNING_MEAN_WEIGHT)));
            (self.seconds, self.sum) = (0.0, 0.0);
        }
    }

    pub fn c(&self) -> Option<f64> {
        self.mean_c
    }
}
