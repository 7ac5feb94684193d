//! `cupola run` of a scene that is a study: no twins, no clock to wait for.

use super::{BAD_CALL, BAD_INPUT, output};
use crate::scene::Scene;
use crate::simulation::study;
use cupola_physics::run::{Report, Run, Step};
use cupola_physics::study::Study;
use cupola_twin::diagnostic::has_errors;
use serde_json::json;
use std::fmt::Write as _;
use std::path::Path;
use std::time::Instant;

/// Rows of the text of steps that are gathered before they are written.
const BUFFER: usize = 1 << 16;

/// What is asked of a study.
pub(super) struct Asked<'a> {
    pub weather: Option<&'a Path>,
    pub duration_us: i64,
    pub steps: Option<&'a Path>,
    pub json: bool,
}

pub(super) fn run(scene: &Scene, study: &Study, asked: &Asked<'_>) -> u8 {
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
    let mut steps = match asked.steps.map(Steps::create) {
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
    if let Some(Err(message)) = steps.map(Steps::finish) {
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

/// Every step as a row of CSV.
struct Steps {
    file: std::io::BufWriter<std::fs::File>,
    text: String,
    path: String,
    error: Option<std::io::Error>,
    has_header: bool,
}

impl Steps {
    fn create(path: &Path) -> Result<Self, String> {
        let shown = path.display().to_string();
        if path.extension().is_none_or(|extension| !extension.eq_ignore_ascii_case("csv")) {
            return Err(format!("--steps writes a .csv file, not `{shown}`"));
        }
        let file = std::fs::File::create(path).map_err(|error| format!("{shown} can't be written: {error}"))?;
        let file = std::io::BufWriter::with_capacity(BUFFER, file);
        Ok(Self { file, text: String::new(), path: shown, error: None, has_header: false })
    }

    fn add(&mut self, step: &Step<'_>) {
        self.text.clear();
        if !self.has_header {
            self.text.push_str("hour,outdoor_c,sky_c");
            let mut columns = Vec::new();
            for zone in step.zones() {
                let quantities = ["air_c", "operative_c", "heating_w", "cooling_w"];
                columns.extend(quantities.map(|quantity| format!("{}.{quantity}", zone.id)));
            }
            columns.extend(step.surfaces().map(|(name, _)| format!("{name}.incident_w_m2")));
            columns.extend(step.windows().map(|(name, _)| format!("{name}.transmitted_w")));
            for column in columns {
                // A quote or a comma in an id stays in its cell.
                let _ = write!(self.text, ",\"{}\"", column.replace('"', "\"\""));
            }
            self.text.push('\n');
            self.has_header = true;
        }
        let hour = (step.start_s + step.length_s) / 3_600.0;
        let _ = write!(self.text, "{hour:.4},{:.3},{:.3}", step.outdoor_c(), step.sky_c());
        for zone in step.zones() {
            let numbers = (zone.air_c, zone.operative_c, zone.heating_w, zone.cooling_w);
            let _ = write!(self.text, ",{:.4},{:.4},{:.3},{:.3}", numbers.0, numbers.1, numbers.2, numbers.3);
        }
        for (_, light) in step.surfaces().chain(step.windows()) {
            let _ = write!(self.text, ",{light:.3}");
        }
        self.text.push('\n');
        if self.error.is_none() {
            self.error = std::io::Write::write_all(&mut self.file, self.text.as_bytes()).err();
        }
    }

    fn finish(mut self) -> Result<(), String> {
        let error = self.error.take().or_else(|| std::io::Write::flush(&mut self.file).err());
        error.map_or(Ok(()), |error| Err(format!("{} can't be written: {error}", self.path)))
    }
}

/// The report for people.
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
                format!("{:.1}", zone.temperature_min.c),
                format!("{:.1}", zone.temperature_mean_c),
                format!("{:.1}", zone.temperature_max.c),
                format!("{:.0}", zone.solar_kwh),
                format!("{}", zone.unmet_heating_h + zone.unmet_cooling_h),
            ]
        })
        .collect();
    output::table(&header, &rows);
}
