//! `cupola query`: answers a query on initial values, on a moment of the simulation, or on live values.

use super::history::{opened, past};
use super::listen::{ListenArgs, WatchedQuery, listened, watch};
use super::{BAD_CALL, BAD_INPUT, HistoryArgs, Source, output};
use crate::history::OverQuery;
use crate::timeline::WallClock;
use clap::ValueEnum;
use cupola_run::{Drivers, Simulation, Timeline};
use cupola_scene::Scene;
use cupola_twin::State;
use cupola_twin::expr::Cell;
use cupola_twin::query::{self, Limits, Output, QueryResult, whole};
use cupola_twin::value::EXACT_INTEGER;
use cupola_twin::zone::{TimeZone, local_text};
use serde_json::{Map, Value, json};
use std::borrow::Cow;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

#[derive(clap::Args)]
pub(super) struct Args {
    /// Scene to query: a folder with scene.ron, or a .ron file.
    scene: PathBuf,
    /// Query: SELECT … FROM DIGITALTWINS …
    query: String,
    /// Moment, in RFC 3339, such as 2026-01-12T09:00:00Z, or local without a zone.
    #[arg(long)]
    at: Option<String>,
    /// Timeline to query. Default: the simulated one with --at, else the live one. With --at, live and replay mean the
    /// history. Without --listen and --at, the live timeline has only the scene's initial values.
    #[arg(long, value_enum)]
    timeline: Option<Source>,
    #[command(flatten)]
    listen: ListenArgs,
    #[command(flatten)]
    history: HistoryArgs,
    /// Keep the query open while listening, and print the answer whenever it changes, at most once a second. With
    /// --format json, each answer is one line.
    #[arg(long, requires = "duration", conflicts_with_all = ["page", "at", "timeline"])]
    watch: bool,
    /// Print at most this number of rows, with a cursor for the rows that follow.
    #[arg(long, value_name = "ROWS", value_parser = clap::value_parser!(u32).range(1..))]
    page: Option<u32>,
    /// Cursor that was printed with the previous page.
    #[arg(long, requires = "page")]
    cursor: Option<String>,
    /// Give up after this number of seconds.
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    timeout: Option<f64>,
    /// Format of the rows.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

#[derive(Clone, Copy, clap::ValueEnum)]
pub(super) enum Format {
    /// A table with aligned columns.
    Table,
    /// A JSON array of rows, as Azure Digital Twins returns them.
    Json,
    /// Comma-separated values.
    Csv,
}

pub(super) fn run(args: &Args) -> u8 {
    match over_time(args) {
        Ok(None) => {}
        Ok(Some(code)) => return code,
        Err(why) => {
            output::error_line(why);
            return BAD_INPUT;
        }
    }
    let mut query = match query::parse(&args.query) {
        Ok(query) => query,
        Err(error) => {
            output::error_line(format!("{}\nerror[{}]: {error}", error.under(&args.query), error.code));
            return BAD_INPUT;
        }
    };
    let page = match args.page.map(|rows| Page::new(rows as usize, args.cursor.as_deref(), &args.query)).transpose() {
        Ok(page) => page,
        Err(why) => {
            output::error_line(why);
            return BAD_CALL;
        }
    };
    if let Some(page) = &page {
        page.narrow(&mut query);
    }
    let timeline = match query.timeline.as_deref().map(|name| (name, Source::from_str(name, true))) {
        None => args.timeline,
        Some((_, Ok(timeline))) => Some(timeline),
        Some((name, Err(_))) => {
            output::error_line(format!("there is no timeline `{name}`: the timelines are live and simulated"));
            return BAD_INPUT;
        }
    };
    // A moment means the simulated timeline, unless the query or the call names another one, or a history.
    let at = query.at.as_deref().or(args.at.as_deref());
    let usual = if args.history.is_named() { Source::Replay } else { Source::Simulated };
    let timeline = timeline.unwrap_or(if at.is_some() { usual } else { Source::Live });
    if args.watch {
        let question = WatchedQuery { query, text: &args.query, timeout: args.timeout, format: args.format };
        return watch(&args.scene, &args.listen, &question);
    }
    // The limit covers the simulation up to the moment, too.
    let deadline = args.timeout.map(|seconds| Instant::now() + Duration::from_secs_f64(seconds));
    let Moment { timeline, code } = match moment(&args.scene, timeline, at, &args.listen, &args.history, deadline) {
        Ok(moment) => moment,
        Err(code) => return code,
    };
    let (scene, state) = (timeline.scene(), timeline.state());
    output::report(&query::notes(&query, state.topology()));
    match query::run_within(&query, &scene.graph, state, Limits { deadline, cancel: None }) {
        Ok(QueryResult { plan: Some(plan), .. }) => {
            explain(&plan, args.format);
            code
        }
        Ok(mut result) => {
            let cursor = page.as_ref().map(|page| page.end(&mut result));
            print(scene, state, &result, cursor, args.format);
            code
        }
        Err(error) => {
            output::error_line(format!("{}\nerror[{}]: {error}", error.under(&args.query), error.code));
            BAD_INPUT
        }
    }
}

/// Answers a query with aggregates over time. Returns `None` for any other query.
fn over_time(args: &Args) -> Result<Option<u8>, String> {
    // Most queries have none, and need no history.
    if !args.query.to_lowercase().contains("over") {
        return Ok(None);
    }
    let now_us = WallClock::System.now_us();
    if OverQuery::parse(&args.query, now_us, &TimeZone::UTC).map_err(|found| found.to_string())?.is_none() {
        return Ok(None);
    }
    let loaded = cupola_scene::load(&args.scene);
    let errors = output::report_errors(&loaded.diagnostics);
    let Some(scene) = loaded.scene.map(Arc::new) else { return Ok(Some(BAD_INPUT)) };
    let zone = scene.time_zone.zone.clone();
    let at_us = match &args.at {
        None => now_us,
        Some(at) => match output::moment(at, &zone) {
            Some(at_us) => at_us,
            None => return Ok(Some(BAD_CALL)),
        },
    };
    let over = OverQuery::parse(&args.query, at_us, &zone).map_err(|found| found.to_string())?;
    let over = over.ok_or("the query has no aggregate over time")?;
    let place = args.history.choice().place(&scene.path)?;
    let record = opened(&place.ok_or("the scene has no history: name its place with --history")?)?;
    let (first_us, last_us) = record.span_us();
    let answer = over.answer(&scene, &record, at_us.clamp(first_us, last_us)).map_err(|found| found.to_string())?;
    let query = query::parse(&over.text).map_err(|error| format!("error[{}]: {error}", error.code))?;
    let deadline = args.timeout.map(|seconds| Instant::now() + Duration::from_secs_f64(seconds));
    let scene = &answer.scene;
    let (mut keys, mut rows): (Vec<String>, Vec<Map<String, Value>>) = (Vec::new(), Vec::new());
    for (group, state) in &answer.states {
        let limits = Limits { deadline, cancel: None };
        let result = query::run_within(&query, &scene.graph, state, limits)
            .map_err(|error| format!("error[{}]: {error}", error.code))?;
        keys = over.group.iter().map(|by| by.column()).chain(result.keys.iter().cloned()).collect();
        for row in result.rows.iter() {
            let mut own = Map::new();
            own.extend(over.group.map(|by| (by.column(), json!(group))));
            own.extend(shape(scene, state, &result.keys, row));
            over.hide(&mut own);
            rows.push(own);
        }
    }
    print_rows(scene, &keys, rows, None, args.format);
    for what in record.history().passed_over() {
        output::error_line(format!("passed over: {what}"));
    }
    Ok(Some(if errors > 0 { BAD_INPUT } else { 0 }))
}

fn seconds(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(seconds) if (0.0..1e6).contains(&seconds) => Ok(seconds),
        _ => Err("a number of seconds, such as 10".into()),
    }
}

/// A timeline at the moment of a question.
pub(super) struct Moment {
    pub timeline: Timeline,
    /// Exit code of an answer: that of bad input if a part of the scene could not be read.
    pub code: u8,
}

/// Returns a timeline of a scene at a moment. On failure, prints the error and returns the exit code.
pub(super) fn moment(
    path: &std::path::Path,
    timeline: Source,
    at: Option<&str>,
    listen: &ListenArgs,
    history: &HistoryArgs,
    deadline: Option<Instant>,
) -> Result<Moment, u8> {
    if listen.duration.is_some() {
        // A scene with errors gives no listening timeline.
        return listened(path, timeline, listen).map(|timeline| Moment { timeline, code: 0 });
    }
    let loaded = cupola_scene::load(path);
    let errors = output::report_errors(&loaded.diagnostics);
    let Some(scene) = loaded.scene.map(Arc::new) else { return Err(BAD_INPUT) };
    if errors > 0 {
        output::error_line("the answer covers only the part of the scene that could be read");
    }
    let at_us = match at {
        Some(at) => Some(output::moment(at, &scene.time_zone.zone).ok_or(BAD_CALL)?),
        None => None,
    };
    let state = State::new(scene.topology.clone());
    let timeline = match (timeline, at_us) {
        (Source::Live, None) => {
            let now_us = WallClock::System.now_us();
            let mut timeline = Timeline::live(scene, state, &Drivers::default(), now_us);
            timeline.step(now_us);
            timeline
        }
        (Source::Live | Source::Replay, Some(at_us)) => past(scene, &history.choice(), at_us)?.0,
        (Source::Replay, None) => {
            output::error_line("name a moment of the history with --at");
            return Err(BAD_CALL);
        }
        (Source::Simulated, at_us) => simulated(scene, state, at_us, deadline)?,
    };
    Ok(Moment { timeline, code: if errors > 0 { BAD_INPUT } else { 0 } })
}

/// Runs the simulation of a scene up to a moment, for at least one step.
fn simulated(scene: Arc<Scene>, state: State, at_us: Option<i64>, deadline: Option<Instant>) -> Result<Timeline, u8> {
    let (simulation, found) = Simulation::new(&scene);
    output::report_errors(&found);
    let drivers = Drivers { simulation, ..Drivers::default() };
    let Some(mut timeline) = Timeline::simulated(scene, state, &drivers) else {
        output::error_line("the scene has no simulation that can run");
        return Err(BAD_INPUT);
    };
    if at_us.is_some_and(|at_us| at_us < timeline.start_us()) {
        let start = local_text(timeline.start_us(), &timeline.scene().time_zone.zone);
        output::error_line(format!("the simulated timeline begins at {start}"));
        return Err(BAD_CALL);
    }
    let step_us = timeline.step_us().unwrap_or_default();
    let first_us = timeline.start_us() + step_us;
    let until_us = at_us.map_or(first_us, |at_us| at_us.max(first_us));
    while timeline.step((timeline.now_us() + step_us).min(until_us)).steps > 0 {
        if deadline.is_some_and(|deadline| Instant::now() > deadline) {
            let reached = local_text(timeline.now_us(), &timeline.scene().time_zone.zone);
            output::error_line(format!("the time is over: the simulation has come to {reached}"));
            return Err(BAD_INPUT);
        }
    }
    Ok(timeline)
}

/// Prints the operations of a query, in their order.
fn explain(plan: &[String], format: Format) {
    if let Format::Json = format {
        output::line(json!(plan).to_string());
        return;
    }
    for (number, line) in (1..).zip(plan) {
        output::line(format!("{number}. {line}"));
    }
}

/// A page of an answer.
struct Page {
    rows: usize,
    start: usize,
    /// The hash of the query's text, because a cursor is valid for one query only.
    query: u64,
}

impl Page {
    fn new(rows: usize, cursor: Option<&str>, text: &str) -> Result<Self, String> {
        let mut hasher = DefaultHasher::new();
        text.hash(&mut hasher);
        let query = hasher.finish();
        let Some(cursor) = cursor else { return Ok(Self { rows, start: 0, query }) };
        let parts = cursor.split_once('-');
        let parts = parts.and_then(|(of, start)| Some((u64::from_str_radix(of, 16).ok()?, start.parse().ok()?)));
        match parts {
            Some((of, start)) if of == query => Ok(Self { rows, start, query }),
            Some(_) => Err("the cursor belongs to another query: start without a cursor".into()),
            None => Err(format!("`{cursor}` is not a cursor: use the one that the previous page printed")),
        }
    }

    /// Limits the query to one row more than the page has. The additional row shows whether another page follows.
    fn narrow(&self, query: &mut query::Query) {
        let left = query.limit.map_or(usize::MAX, |limit| limit.saturating_sub(self.start));
        query.limit = Some(left.min(self.rows + 1));
        query.offset = query.offset.saturating_add(self.start);
    }

    /// Removes the additional row, and returns the cursor of the next page if there is one.
    fn end(&self, result: &mut QueryResult) -> Option<String> {
        let goes_on = result.rows.len() > self.rows;
        result.rows.truncate(self.rows);
        goes_on.then(|| format!("{:x}-{}", self.query, self.start + self.rows))
    }
}

/// Prints rows. `cursor` is `None` without paging, and `Some(None)` on the last page.
pub(super) fn print(
    scene: &Scene,
    state: &State,
    result: &QueryResult,
    cursor: Option<Option<String>>,
    format: Format,
) {
    let rows = result.rows.iter().map(|row| shape(scene, state, &result.keys, row)).collect();
    print_rows(scene, &result.keys, rows, cursor, format);
}

/// Prints rows that have their shape already.
fn print_rows(
    scene: &Scene,
    keys: &[String],
    rows: Vec<Map<String, Value>>,
    cursor: Option<Option<String>>,
    format: Format,
) {
    if let Format::Json = format {
        let rows = Value::from(rows.into_iter().map(Value::Object).collect::<Vec<_>>());
        output::line(match cursor {
            None => rows.to_string(),
            Some(next) => json!({ "value": rows, "continuationToken": next }).to_string(),
        });
        return;
    }
    let mut header: Vec<String> = keys.iter().filter(|key| !key.is_empty()).cloned().collect();
    for row in &rows {
        for key in row.keys() {
            if key != "$metadata" && key != "$etag" && !header.contains(key) {
                header.push(key.clone());
            }
        }
    }
    let zone = &scene.time_zone.zone;
    let text = |value: Option<&Value>| match value {
        None => String::new(),
        // A cell with a whole twin or relationship shows its id.
        Some(Value::Object(object)) if object.contains_key("$dtId") || object.contains_key("$relationshipId") => {
            let id = object.get("$dtId").or(object.get("$relationshipId"));
            id.and_then(Value::as_str).unwrap_or_default().to_string()
        }
        // A cell with a path shows the ids of the twins on it.
        Some(Value::Object(object)) if object.contains_key("relationships") && matches!(format, Format::Table) => {
            let twins = object.get("twins").and_then(Value::as_array);
            twins.into_iter().flatten().filter_map(Value::as_str).collect::<Vec<_>>().join(" → ")
        }
        Some(Value::String(text)) => output::local(text, zone).into_owned(),
        Some(value) => {
            let structured = value.is_array() || value.is_object();
            let value = if structured { Cow::Owned(output::local_json(value, zone)) } else { Cow::Borrowed(value) };
            if matches!(format, Format::Table) { output::cell(&value) } else { output::full_cell(&value) }
        }
    };
    let cells: Vec<Vec<String>> =
        rows.iter().map(|row| header.iter().map(|key| text(row.get(key))).collect()).collect();
    match format {
        Format::Csv => {
            output::csv(&header, &cells);
            // The cursor goes to standard error, because a program may read the rows.
            if let Some(Some(next)) = cursor {
                output::error_line(format!("there are more rows: --cursor {next}"));
            }
        }
        _ => {
            if !header.is_empty() {
                output::table(&header, &cells);
            }
            output::line(if rows.len() == 1 { "1 row".into() } else { format!("{} rows", rows.len()) });
            if let Some(Some(next)) = cursor {
                output::line(format!("There are more rows: --cursor {next}"));
            }
        }
    }
}

pub(super) fn shape(scene: &Scene, state: &State, keys: &[String], row: &[Option<Output>]) -> Map<String, Value> {
    let mut out = Map::new();
    for (key, output) in keys.iter().zip(row).filter_map(|(key, output)| Some((key, output.as_ref()?))) {
        let value = match output {
            Output::Twin(twin) => Value::Object(whole::twin(state, *twin)),
            Output::Relationship(number) => {
                whole::relationship(&scene.graph, *number).map_or(Value::Null, Value::Object)
            }
            Output::Id(twin) => json!(state.topology().twin_id(*twin)),
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
        Cell::Number(number) if number.fract() == 0.0 && number.abs() <= EXACT_INTEGER => json!(*number as i64),
        Cell::Number(number) => json!(number),
        Cell::Text(text) => json!(&**text),
        Cell::Time(seconds) => json!(cupola_twin::value::time_text((seconds * 1e6).round() as i64)),
        Cell::Json(json) => Value::clone(json),
    }
}
