//! `cupola history SCENE --import FILE`: values of other programs become the history of a scene.

use super::history::Args;
use super::{BAD_CALL, BAD_INPUT, output};
use crate::history::{ImportOptions, ImportPreview, TableImport};
use cupola_history::HistoryPlace;
use cupola_scene::Scene;
use cupola_twin::zone::{self, TimeZone, local_text};
use serde_json::json;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// The largest number of properties that a preview lists.
const LISTED: usize = 40;
/// The largest number of unused columns that a preview lists.
const UNUSED: usize = 8;

/// The options of an import.
#[derive(clap::Args)]
pub(super) struct ImportArgs {
    /// Import the values of a CSV or Parquet file. A row has a time and either a point and its value, or a value of each
    /// point, or a twin and a value of each of its properties.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["properties", "every", "from", "to", "log", "check", "repair"])]
    pub import: Option<PathBuf>,
    /// Property of a column or point: 'COLUMN=TWIN.PROPERTY', or with a column of twins 'COLUMN=PROPERTY'.
    #[arg(long, value_name = "COLUMN=PROPERTY", requires = "import")]
    map: Vec<String>,
    /// Column with the time.
    #[arg(long, value_name = "COLUMN", requires = "import")]
    time: Option<String>,
    /// Format of the time, such as '%d.%m.%Y %H:%M'.
    #[arg(long, value_name = "FORMAT", requires = "import")]
    time_format: Option<String>,
    /// Time zone of times without one, such as Europe/Berlin. Default: the zone of the scene.
    #[arg(long, value_name = "ZONE", requires = "import")]
    zone: Option<String>,
    /// Column with the id of the twin.
    #[arg(long, value_name = "COLUMN", requires = "import")]
    twin: Option<String>,
    /// Unit of a column or point, such as 'COLUMN=degreeFahrenheit'. Default: the unit of the property.
    #[arg(long, value_name = "COLUMN=UNIT", requires = "import")]
    unit: Vec<String>,
    /// Time without a reading after which a value is unknown. Default: three times the usual interval of the property.
    #[arg(long, value_name = "DURATION", requires = "import")]
    gap: Option<String>,
    /// Text that stands for no value, such as -999. It can be given several times.
    #[arg(long, value_name = "TEXT", requires = "import", allow_hyphen_values = true)]
    missing: Vec<String>,
    /// Replace values of earlier imports that differ. What was recorded is never replaced.
    #[arg(long, requires = "import")]
    replace: bool,
    /// Number of lines before the header of a CSV file.
    #[arg(long, value_name = "COUNT", default_value_t = 0, requires = "import")]
    skip_lines: usize,
    /// Show what would be imported, and write nothing.
    #[arg(long, requires = "import")]
    dry_run: bool,
}

impl ImportArgs {
    fn options(&self, path: &Path) -> Result<ImportOptions, String> {
        let pairs = |texts: &[String], what: &str| {
            let pair = |text: &String| {
                // Names of columns may contain the sign as well.
                let (column, target) = text.rsplit_once('=')?;
                Some((column.trim().to_string(), target.trim().to_string()))
            };
            texts
                .iter()
                .map(|text| pair(text).ok_or_else(|| format!("{what}, not `{text}`")))
                .collect::<Result<Vec<_>, _>>()
        };
        let zone = match &self.zone {
            None => None,
            Some(name) => Some(zone::find(name).ok_or_else(|| {
                let unknown = cupola_twin::Diagnostic::error("unknown-zone", format!("`{name}` is no time zone"));
                let names = zone::names();
                unknown.did_you_mean(name, names.iter().map(String::as_str)).to_string()
            })?),
        };
        let gap_us = match &self.gap {
            None => None,
            Some(text) => Some(
                cupola_wire::parse_duration(text)
                    .filter(|us| *us > 0)
                    .ok_or_else(|| format!("--gap takes a duration such as 1h, not `{text}`"))?,
            ),
        };
        Ok(ImportOptions {
            path: path.to_path_buf(),
            map: pairs(&self.map, "--map takes COLUMN=PROPERTY")?,
            time: self.time.clone(),
            time_format: self.time_format.clone(),
            zone,
            twin: self.twin.clone(),
            units: pairs(&self.unit, "--unit takes COLUMN=UNIT")?,
            gap_us,
            missing: self.missing.clone(),
            replaces: self.replace,
            skipped: self.skip_lines,
            now_us: crate::timeline::WallClock::System.now_us(),
        })
    }
}

/// Imports a file into a history. Returns the exit code.
pub(super) fn run(args: &Args, path: &Path, place: &HistoryPlace) -> u8 {
    let options = match args.import.options(path) {
        Ok(options) => options,
        Err(why) => {
            output::error_line(why);
            return BAD_CALL;
        }
    };
    let loaded = cupola_scene::load(&args.scene);
    output::report(&loaded.diagnostics);
    let Some(scene) = loaded.scene else { return BAD_INPUT };
    match import(&scene, options, args, place) {
        Ok(code) => code,
        Err(why) => {
            output::error_line(why);
            BAD_INPUT
        }
    }
}

fn import(scene: &Scene, options: ImportOptions, args: &Args, place: &HistoryPlace) -> Result<u8, String> {
    let zone = scene.time_zone.zone.clone();
    let mut table = TableImport::new(scene, options).map_err(|found| found.to_string())?;
    let preview = table.preview()?;
    let is_json = args.is_json();
    if !is_json {
        show(&preview, &zone);
    }
    if preview.properties.is_empty() {
        return Err(format!("nothing can be imported{}", first_problem(&preview)));
    }
    let code = if preview.problems.is_empty() { 0 } else { BAD_INPUT };
    if args.import.dry_run {
        if is_json {
            output::line(as_json(&preview).to_string());
        }
        return Ok(code);
    }
    let begun = Instant::now();
    let shows_progress = std::io::stderr().is_terminal();
    let total = preview.rows;
    let mut told = Instant::now();
    let result = table.import(place, &preview, &mut |rows| {
        if shows_progress && told.elapsed().as_millis() > 500 {
            told = Instant::now();
            output::error_line(format!("{rows} of {total} rows"));
        }
    })?;
    for what in &result.passed_over {
        output::error_line(format!("passed over: {what}"));
    }
    if result.differing > 0 {
        output::error_line(format!(
            "{} values differ from those that are there, and are left out; --replace replaces those of earlier imports",
            result.differing
        ));
    }
    if is_json {
        let mut answer = as_json(&preview);
        answer["written"] = json!(result.written);
        answer["known"] = json!(result.known);
        answer["differing"] = json!(result.differing);
        output::line(answer.to_string());
    } else {
        let seconds = begun.elapsed().as_secs_f64();
        let known = if result.known > 0 { format!("; {} were there already", result.known) } else { String::new() };
        output::line(format!("{} values and ends of gaps were written in {seconds:.1} s{known}", result.written));
    }
    Ok(code)
}

fn first_problem(preview: &ImportPreview) -> String {
    preview.problems.first().map_or_else(String::new, |problem| format!(": {problem}"))
}

fn show(preview: &ImportPreview, zone: &TimeZone) {
    preview.columns.iter().for_each(output::line);
    if !preview.unused.is_empty() {
        let shown = preview.unused.len().min(UNUSED);
        let more = preview.unused.len() - shown;
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        output::line(format!("not used: `{}`{more}", preview.unused[..shown].join("`, `")));
    }
    let header = ["property", "values", "from", "to", "usually every"].map(String::from);
    let row = |(name, own): (&String, &crate::history::PropertyPreview)| {
        let interval = own.interval_us.map_or_else(|| "—".into(), cupola_wire::format_duration);
        let (from, to) = (local_text(own.span_us.0, zone), local_text(own.span_us.1, zone));
        vec![name.clone(), own.values.to_string(), from, to, interval]
    };
    let rows: Vec<Vec<String>> = preview.properties.iter().take(LISTED).map(row).collect();
    output::table(&header, &rows);
    if preview.properties.len() > LISTED {
        output::line(format!("and {} more properties", preview.properties.len() - LISTED));
    }
    output::line(format!("{} rows, {} properties", preview.rows, preview.properties.len()));
    for problem in &preview.problems {
        output::error_line(problem);
    }
}

fn as_json(preview: &ImportPreview) -> serde_json::Value {
    let properties: serde_json::Map<String, serde_json::Value> = preview
        .properties
        .iter()
        .map(|(name, own)| {
            let time = cupola_twin::value::time_text;
            let about = json!({ "values": own.values, "from": time(own.span_us.0), "to": time(own.span_us.1),
                "interval_s": own.interval_us.map(|us| us as f64 / 1e6) });
            (name.clone(), about)
        })
        .collect();
    json!({ "rows": preview.rows, "unused": preview.unused, "properties": properties, "problems": preview.problems })
}
