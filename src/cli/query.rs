//! `cupola query`: one query, answered from the initial values or from a moment of the simulation.

use super::{BAD_CALL, BAD_INPUT, Source, output};
use crate::scene::{self, Scene};
use crate::simulation::Simulation;
use clap::ValueEnum;
use cupola_twin::State;
use cupola_twin::expr::Cell;
use cupola_twin::query::{self, Limits, Output, QueryResult, whole};
use serde_json::{Map, Value, json};
use std::path::PathBuf;
use std::time::{Duration, Instant};

#[derive(clap::Args)]
pub(super) struct Args {
    /// The scene.
    scene: PathBuf,
    /// The query: SELECT … FROM DIGITALTWINS …
    query: String,
    /// The moment on the simulated timeline, RFC 3339.
    #[arg(long)]
    at: Option<String>,
    /// The timeline; live has only the scene's own values here.
    #[arg(long, value_enum, default_value_t = Source::Live)]
    timeline: Source,
    /// Give up after so many seconds.
    #[arg(long, value_name = "SECONDS")]
    timeout: Option<f64>,
    /// How rows are printed.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Format {
    /// Aligned columns.
    Table,
    /// A JSON array of rows, as the Azure service has them.
    Json,
    /// Comma-separated values.
    Csv,
}

pub(super) fn run(args: &Args) -> u8 {
    let query = match query::parse(&args.query) {
        Ok(query) => query,
        Err(error) => {
            output::error_line(format!("{}\nerror[{}]: {error}", error.under(&args.query), error.code));
            return BAD_INPUT;
        }
    };
    let timeline = match query.timeline.as_deref().map(|name| (name, Source::from_str(name, true))) {
        None => args.timeline,
        Some((_, Ok(timeline))) => timeline,
        Some((name, Err(_))) => {
            output::error_line(format!("there is no timeline `{name}` here: live, simulated"));
            return BAD_INPUT;
        }
    };
    // A moment means the simulation, unless another timeline is named.
    let is_of_simulation = query.at.is_some() && query.timeline.is_none() && matches!(timeline, Source::Live);
    let timeline = if is_of_simulation { Source::Simulated } else { timeline };
    let at = query.at.as_deref().or(args.at.as_deref());
    let Moment { scene, state, .. } = match moment(&args.scene, timeline, at) {
        Ok(moment) => moment,
        Err(code) => return code,
    };
    let deadline = args.timeout.map(|seconds| Instant::now() + Duration::from_secs_f64(seconds.clamp(0.0, 1e6)));
    match query::run_within(&query, &scene.graph, &state, Limits { deadline, cancel: None }) {
        Ok(QueryResult { plan: Some(plan), .. }) => {
            explain(&plan, args.format);
            0
        }
        Ok(result) => {
            print(&scene, &state, &result, args.format);
            0
        }
        Err(error) => {
            output::error_line(format!("{}\nerror[{}]: {error}", error.under(&args.query), error.code));
            BAD_INPUT
        }
    }
}

/// A scene as it is on a timeline at a moment.
pub(super) struct Moment {
    pub scene: Scene,
    pub state: State,
    /// What drove it there, on the simulated timeline.
    pub simulation: Option<Simulation>,
}

/// A scene on a timeline at a moment, or the exit code after saying why not.
pub(super) fn moment(path: &std::path::Path, timeline: Source, at: Option<&str>) -> Result<Moment, u8> {
    let loaded = scene::load(path);
    let errors = output::report(&loaded.diagnostics);
    let Some(scene) = loaded.scene else { return Err(BAD_INPUT) };
    if errors > 0 {
        output::error_line("the answer is of what could be read");
    }
    let at_us = match at.map(cupola_wire::parse_rfc3339) {
        Some(None) => {
            output::error_line("--at takes an RFC 3339 time such as 2026-01-12T09:00:00Z");
            return Err(BAD_CALL);
        }
        Some(Some(at_us)) => Some(at_us),
        None => None,
    };
    let mut state = State::new(scene.topology.clone());
    let simulation = match (timeline, at_us) {
        (Source::Live, None) => None,
        (Source::Live, Some(_)) => {
            output::error_line("there is no history of the live timeline yet: use --timeline simulated with --at");
            return Err(BAD_CALL);
        }
        (Source::Replay, _) => {
            output::error_line("nothing is recorded between runs yet");
            return Err(BAD_INPUT);
        }
        (Source::Simulated, at_us) => {
            let (simulation, found) = Simulation::new(&scene);
            output::report(&found);
            let Some(mut simulation) = simulation else {
                output::error_line("the scene has no simulation that can run");
                return Err(BAD_INPUT);
            };
            if at_us.is_some_and(|at_us| at_us < simulation.start_us) {
                let start = cupola_wire::format_rfc3339(simulation.start_us);
                output::error_line(format!("the simulated timeline begins at {start}"));
                return Err(BAD_CALL);
            }
            simulate_until(&mut simulation, &mut state, at_us);
            Some(simulation)
        }
    };
    Ok(Moment { scene, state, simulation })
}

/// Runs a simulation up to a moment, at least one step.
fn simulate_until(simulation: &mut Simulation, state: &mut State, until_us: Option<i64>) {
    let mut now_us = simulation.start_us;
    loop {
        now_us += simulation.step_us;
        state.begin_tick();
        simulation.step(state, now_us);
        state.propagate();
        if until_us.is_none_or(|until_us| now_us + simulation.step_us > until_us) {
            break;
        }
    }
}

/// The operations of a query, in their order.
fn explain(plan: &[String], format: Format) {
    if let Format::Json = format {
        output::line(json!(plan).to_string());
        return;
    }
    for (number, line) in (1..).zip(plan) {
        output::line(format!("{number}. {line}"));
    }
}

fn print(scene: &Scene, state: &State, result: &QueryResult, format: Format) {
    let rows: Vec<Map<String, Value>> = result.rows.iter().map(|row| shape(scene, state, &result.keys, row)).collect();
    if let Format::Json = format {
        output::line(Value::from(rows.into_iter().map(Value::Object).collect::<Vec<_>>()).to_string());
        return;
    }
    let mut header: Vec<String> = Vec::new();
    for row in &rows {
        for key in row.keys() {
            if key != "$metadata" && key != "$etag" && !header.contains(key) {
                header.push(key.clone());
            }
        }
    }
    let text = |value: Option<&Value>| match value {
        None => String::new(),
        Some(Value::String(text)) => text.clone(),
        // A whole twin in a cell: who it is.
        Some(Value::Object(object)) => object.get("$dtId").and_then(Value::as_str).unwrap_or("…").to_string(),
        // For people four decimals; the other formats give the number whole.
        Some(Value::Number(number)) if matches!(format, Format::Table) && number.is_f64() => {
            let rounded = format!("{:.4}", number.as_f64().unwrap_or(f64::NAN));
            rounded.trim_end_matches('0').trim_end_matches('.').to_string()
        }
        Some(other) => other.to_string(),
    };
    let cells: Vec<Vec<String>> =
        rows.iter().map(|row| header.iter().map(|key| text(row.get(key))).collect()).collect();
    match format {
        Format::Csv => {
            output::line(header.iter().map(|cell| csv(cell)).collect::<Vec<_>>().join(","));
            cells.iter().for_each(|row| output::line(row.iter().map(|cell| csv(cell)).collect::<Vec<_>>().join(",")));
        }
        _ => {
            output::table(&header, &cells);
            output::line(if rows.len() == 1 { "1 row".into() } else { format!("{} rows", rows.len()) });
        }
    }
}

/// A field as RFC 4180 has it.
fn csv(cell: &str) -> String {
    if cell.contains([',', '"', '\n', '\r']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell.to_string() }
}

fn shape(scene: &Scene, state: &State, keys: &[String], row: &[Option<Output>]) -> Map<String, Value> {
    let mut out = Map::new();
    for (key, output) in keys.iter().zip(row).filter_map(|(key, output)| Some((key, output.as_ref()?))) {
        let value = match output {
            Output::Twin(twin) => Value::Object(whole::twin(state, *twin)),
            Output::Relationship(number) => {
                whole::relationship(&scene.graph, *number).map_or(Value::Null, Value::Object)
            }
            Output::Value(cell) => cell_json(cell),
        };
        match (key.is_empty(), value) {
            (true, Value::Object(whole)) => out.extend(whole),
            (_, value) => {
                out.insert(key.clone(), value);
            }
        }
    }
    out
}

fn cell_json(cell: &Cell) -> Value {
    match cell {
        Cell::Missing => Value::Null,
        Cell::Bool(flag) => json!(flag),
        Cell::Number(number) if number.fract() == 0.0 && number.abs() < 9e15 => json!(*number as i64),
        Cell::Number(number) => json!(number),
        Cell::Text(text) => json!(&**text),
        Cell::Time(seconds) => json!(cupola_twin::value::time_text((seconds * 1e6).round() as i64)),
        Cell::Json(json) => Value::clone(json),
    }
}
