//! `cupola run` for a scene that is a study. A study has no timeline and runs as fast as possible.

use super::steps::StepWriter;
use super::{BAD_CALL, BAD_INPUT, output};
use crate::twin::unsigned_zero;
use cupola_physics::run::{Report, Run};
use cupola_physics::study::Study;
use cupola_run::simulation::study;
use cupola_scene::Scene;
use cupola_twin::diagnostic::has_errors;
use serde_json::json;
use std::path::Path;
use std::time::Instant;

/// The options of a run of a study.
pub(super) struct StudyOptions<'a> {
    pub weather: Option<&'a Path>,
    pub duration_us: i64,
    pub steps: Option<&'a Path>,
    pub json: bool,
}

pub(super) fn run(scene: &Scene, study: &Study, asked: &StudyOptions<'_>) -> u8 {
    let findings = study::findings(scene, study);
    output::report(&findings);
    if has_errors(&findings) {
        return BAD_INPUT;
    }
    let (epw, mut found) = study::weather(scene, study, asked.weather);
    found.retain(|found| found.code != "epw-missing-unused");
    if output::report(&found) > 0 {
        return BAD_INPUT;
    }
    let station = epw.as_ref().map(|epw| json!({ "city": epw.location.city, "elevation_m": epw.location.elevation_m }));
    let begin = Instant::now();
    let run = Run::new(study, epw);
    let mut steps = match asked.steps.map(StepWriter::create) {
        None => None,
        Some(Ok(steps)) => Some(steps),
        Some(Err(message)) => {
            output::error_line(message);
            return BAD_CALL;
        }
    };
    let report = run.report(asked.duration_us as f64 / 1e6, |step| {
        if let Some(steps) = &mut steps {
            steps.add(step);
        }
    });
    if let Some(Err(message)) = steps.map(StepWriter::finish) {
        output::error_line(message);
        return BAD_INPUT;
    }
    let seconds = begin.elapsed().as_secs_f64();
    if asked.json {
        let mut out = json!({
            "study": scene.document.name,
            "tier": study.tier,
            "weather": station,
            "computed_in_s": seconds,
        });
        if let (Some(out), Ok(serde_json::Value::Object(report))) = (out.as_object_mut(), serde_json::to_value(&report))
        {
            out.extend(report);
        }
        output::line(out.to_string());
    } else {
        show(&scene.document.name, &report, seconds);
    }
    0
}

/// Prints the report as text.
fn show(name: &str, report: &Report, seconds: f64) {
    let hours = report.hours;
    output::line(format!(
        "{name}: {hours:.0} hours in steps of {} min, computed in {seconds:.3} s",
        report.step_minutes
    ));
    let peak = |peak: &cupola_physics::run::Peak| match peak.at.as_str() {
        "" => "none".to_string(),
        at => format!("{:.2} kW at {at}", peak.w / 1_000.0),
    };
    output::line(format!("heating {:.0} kWh, peak {}", report.heating_kwh, peak(&report.heating_peak)));
    output::line(format!("cooling {:.0} kWh, peak {}", report.cooling_kwh, peak(&report.cooling_peak)));
    let texts = |row: &[&str]| row.iter().map(ToString::to_string).collect::<Vec<_>>();
    let header = texts(&["zone", "heating kWh", "cooling kWh", "min °C", "mean °C", "max °C", "sun kWh", "unmet h"]);
    let rows: Vec<Vec<String>> = report
        .zones
        .iter()
        .map(|zone| {
            vec![
                zone.id.clone(),
                format!("{:.0}", zone.heating_kwh),
                format!("{:.0}", zone.cooling_kwh),
                unsigned_zero(format!("{:.1}", zone.temperature_min.c)),
                unsigned_zero(format!("{:.1}", zone.temperature_mean_c)),
                unsigned_zero(format!("{:.1}", zone.temperature_max.c)),
                format!("{:.0}", zone.solar_kwh),
                format!("{}", zone.unmet_heating_h + zone.unmet_cooling_h),
            ]
        })
        .collect();
    output::table(&header, &rows);
}
