//! `cupola history`: the recorded past of a scene, its check and its repair.

use super::past_import::{self, ImportArgs};
use super::past_lines::{self, LineTarget};
use super::{BAD_CALL, BAD_INPUT, HistoryArgs, output, parquet_rows};
use crate::history::{HistoryChoice, past_moment};
use crate::timeline::WallClock;
use cupola_history::{
    Bucket, CheckResult, DiskUse, History, HistoryPlace, HistoryRecord, LogKind, PropertySource, Retention, Series,
    SeriesPast, check,
};
use cupola_run::{PastRecord, Timeline};
use cupola_scene::Scene;
use cupola_twin::value::time_text;
use cupola_twin::zone::{TimeZone, local_text};
use cupola_twin::{Diagnostic, Topology};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// The shortest history, in days, from which its cost is estimated.
const LEAST_DAYS: f64 = 1.0 / 24.0;
/// The largest number of buckets of an answer.
const MAX_BUCKETS: i64 = 10_000_000;

#[derive(clap::Args)]
pub(super) struct Args {
    /// Scene: a folder with scene.ron, or a .ron file.
    pub(super) scene: PathBuf,
    /// Properties, such as room-101.temperature. `*` stands for any text: room-*.co2. Without one, the command says what
    /// is recorded.
    #[arg(value_name = "TWIN.PROPERTY")]
    properties: Vec<String>,
    /// First moment: a time, local without a zone, or a duration before now, such as 24h. Default: the first one.
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// Last moment: a time, local without a zone, or a duration before now, such as 1h. Default: the last one.
    #[arg(long, value_name = "TIME")]
    to: Option<String>,
    /// Print least, mean, greatest and last values of each such duration, such as 15m or 1d, instead of every change.
    #[arg(long, value_name = "DURATION")]
    every: Option<String>,
    /// Print the properties whose values at --from and at --to differ.
    #[arg(long, conflicts_with_all = ["every", "log"])]
    difference: bool,
    /// Print what happened: alarms, commands, edits and connections.
    #[arg(long, conflicts_with_all = ["properties", "every"])]
    log: bool,
    /// Write the rows into a Parquet file, or every change into a file of Influx line protocol (.lp).
    #[arg(long, value_name = "FILE.parquet|FILE.lp", conflicts_with = "format")]
    out: Option<PathBuf>,
    /// Send every change as Influx line protocol to the write interface of a database, such as
    /// http://HOST:8086/write?db=NAME. INFLUX_TOKEN has the token.
    #[arg(long, value_name = "URL", conflicts_with_all = ["out", "format", "every", "difference", "log"])]
    send: Option<String>,
    /// File for the lines that the database does not take.
    #[arg(long, value_name = "FILE.lp", default_value = "unsent.lp", requires = "send")]
    unsent: PathBuf,
    /// Format of the answer. CSV and JSON are for other programs.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    /// Check all files and checksums, and print what is damaged.
    #[arg(long, conflicts_with_all = ["properties", "every", "from", "to", "log"])]
    check: bool,
    /// Like --check, and set damaged parts aside, so that the rest can be recorded into and read.
    #[arg(long, conflicts_with_all = ["properties", "every", "from", "to", "log", "check"])]
    repair: bool,
    /// Keep every change for this number of days.
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..))]
    keep_days: Option<u32>,
    /// Keep least, mean and greatest values of each minute for this number of days. Those of 15 minutes are kept for ever.
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..))]
    keep_minute_days: Option<u32>,
    #[command(flatten)]
    pub(super) import: ImportArgs,
    #[command(flatten)]
    history: HistoryArgs,
}

impl<'a> LineTarget<'a> {
    /// Returns the target of lines that a call asks for.
    fn of(args: &'a Args) -> Option<Self> {
        let file =
            args.out.as_deref().filter(|path| path.extension().is_some_and(|end| end.eq_ignore_ascii_case("lp")));
        match (&args.send, file) {
            (Some(address), _) => Some(Self::Address { address, unsent: &args.unsent }),
            (None, Some(path)) => Some(Self::File(path)),
            (None, None) => None,
        }
    }
}

impl Args {
    /// Returns whether the answer is for another program.
    pub(super) fn is_json(&self) -> bool {
        self.format == Format::Json
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    Table,
    Json,
    Csv,
}

pub(super) fn run(args: &Args) -> u8 {
    let choice = args.history.choice();
    if choice == HistoryChoice::Off {
        output::error_line("--history off leaves nothing to read: name a folder");
        return BAD_CALL;
    }
    let unknown = "no data folder is known: set HOME, or name a folder with --history";
    let place = match choice.place(&args.scene).and_then(|place| place.ok_or_else(|| unknown.to_string())) {
        Ok(place) => place,
        Err(why) => {
            output::error_line(why);
            return BAD_INPUT;
        }
    };
    if let Some(path) = &args.import.import {
        return past_import::run(args, path, &place);
    }
    if let Err(why) = keep(&place, args) {
        output::error_line(why);
        return BAD_INPUT;
    }
    let end = args.out.as_deref().map(|path| path.extension().unwrap_or_default().to_ascii_lowercase());
    let is_lines = end.as_ref().is_some_and(|end| end == "lp");
    if end.as_ref().is_some_and(|end| end != "lp" && end != "parquet") {
        output::error_line("--out takes a .parquet or a .lp file");
        return BAD_CALL;
    }
    if is_lines && (args.every.is_some() || args.difference || args.log) {
        output::error_line("a file of line protocol has every change: leave out --every, --difference and --log");
        return BAD_CALL;
    }
    let result = if args.check || args.repair {
        check(&place, args.repair).map_err(|error| error.to_string()).map(|result| show_check(&result, args))
    } else {
        opened(&place).and_then(|record| answer(&record, args))
    };
    match result {
        Ok(code) => code,
        Err(why) => {
            output::error_line(why);
            if place.folder().is_some_and(|folder| !folder.join("catalog.db").exists()) {
                let words = "A scene is recorded while the app shows it live, or with: cupola run SCENE --source live. A past \
                             from elsewhere comes in with --import FILE.";
                output::error_line(words);
            }
            BAD_INPUT
        }
    }
}

/// Changes the time for which the history is kept, if the call asks for it.
fn keep(place: &HistoryPlace, args: &Args) -> Result<(), String> {
    if args.keep_days.is_none() && args.keep_minute_days.is_none() {
        return Ok(());
    }
    let fail = |error: cupola_history::HistoryError| error.to_string();
    let change = |retention: &mut Retention| {
        retention.raw_days = args.keep_days.unwrap_or(retention.raw_days);
        retention.minute_days = args.keep_minute_days.unwrap_or(retention.minute_days);
    };
    Retention::change(place, change).map_err(fail)
}

/// Returns a timeline of a scene with the values that were live at a moment, in microseconds since the Unix epoch, and
/// its history. On failure, prints the error and returns the exit code.
pub(super) fn past(
    scene: Arc<Scene>,
    choice: &HistoryChoice,
    at_us: i64,
) -> Result<(Timeline, Arc<HistoryRecord>), u8> {
    let zone = scene.time_zone.zone.clone();
    let missing = "the scene has no history: name its place with --history";
    let found = choice.place(&scene.path).and_then(|place| place.ok_or_else(|| missing.to_string()));
    let timeline = found.and_then(|place| {
        let record = opened(&place)?;
        let first_us = record.span_us().0;
        if at_us < first_us {
            return Err(format!("the history begins at {}", local_text(first_us, &zone)));
        }
        let sessions = record.sessions();
        if !sessions.iter().any(|(from_us, to_us)| (*from_us..=*to_us).contains(&at_us)) {
            let ends = sessions.iter().map(|(_, to_us)| *to_us).filter(|to_us| *to_us <= at_us);
            let last = local_text(ends.max().unwrap_or(first_us), &zone);
            output::error_line(format!("nobody recorded at that moment: the values are those of {last}"));
        }
        let past = record.restore(&scene, at_us)?;
        for what in record.history().passed_over() {
            output::error_line(format!("passed over: {what}"));
        }
        let record = Arc::new(record);
        Ok((Timeline::replay(scene, record.clone(), past), record))
    });
    timeline.map_err(|why| {
        output::error_line(why);
        BAD_INPUT
    })
}

/// Opens a history that has something.
pub(super) fn opened(place: &HistoryPlace) -> Result<HistoryRecord, String> {
    let record = HistoryRecord::open(place).map_err(|error| error.to_string())?;
    record.ok_or_else(|| format!("nothing was recorded into {place} yet"))
}

/// Prints the result of a check. Returns the exit code.
fn show_check(result: &CheckResult, args: &Args) -> u8 {
    let CheckResult { files, blocks, damage } = result;
    if args.format == Format::Json {
        let damage: Vec<Value> = damage
            .iter()
            .map(|found| json!({"file": found.place, "what": found.what, "set_aside": found.is_set_aside}))
            .collect();
        output::line(json!({"files": files, "blocks": blocks, "damage": damage}).to_string());
    } else {
        for found in damage {
            let aside = if found.is_set_aside { " (set aside)" } else { "" };
            output::line(format!("{}: {}{aside}", found.place, found.what));
        }
        let words = if damage.is_empty() { "nothing is damaged".into() } else { format!("{} damaged", damage.len()) };
        output::line(format!("{files} files, {blocks} blocks: {words}"));
    }
    let is_good = damage.iter().all(|found| found.is_set_aside);
    if is_good { 0 } else { BAD_INPUT }
}

/// A span of time that was asked for, with the zone of the scene.
struct Asked {
    span_us: (i64, i64),
    zone: TimeZone,
}

/// Answers a question to a history. Returns the exit code.
fn answer(record: &HistoryRecord, args: &Args) -> Result<u8, String> {
    let scene = cupola_scene::load(&args.scene).scene;
    let topology = scene.as_ref().map(|scene| &scene.topology);
    let zone = scene.as_ref().map_or(TimeZone::UTC, |scene| scene.time_zone.zone.clone());
    let history = record.history();
    let (first_us, last_us) = record.span_us();
    let now_us = WallClock::System.now_us();
    let moment = |text: &Option<String>, usual_us: i64| match text {
        None => Ok(usual_us),
        Some(text) => past_moment(text, &zone, now_us).ok_or_else(|| {
            format!("`{text}` is no time: write 2026-01-31T08:00, with or without a zone, or 24h for a day ago")
        }),
    };
    let (from_us, to_us) = (moment(&args.from, first_us)?, moment(&args.to, last_us)?);
    if from_us > to_us {
        let (from, to) = (local_text(from_us, &zone), local_text(to_us, &zone));
        return Err(match args.to {
            Some(_) => format!("--from {from} is after --to {to}"),
            None => format!("--from {from} is after the end of the history, {to}"),
        });
    }
    let asked = Asked { span_us: (from_us, to_us), zone };
    let mut code = 0;
    if args.difference {
        let scene = scene.map(Arc::new).ok_or("the scene can't be read")?;
        show_difference(record, &scene, &asked, args)?;
    } else if args.log {
        show_log(history, &asked, args)?;
    } else if let Some(target) = LineTarget::of(args) {
        let every = ["*".to_string()];
        let wanted = if args.properties.is_empty() { &every[..] } else { &args.properties };
        let (found, unknown) = chosen(record, topology.map(|topology| &**topology), wanted);
        output::report(&unknown);
        let is_whole = past_lines::export(record, topology, &found, asked.span_us, target)?;
        code = if unknown.is_empty() && is_whole { 0 } else { BAD_INPUT };
    } else if args.properties.is_empty() {
        show_summary(record, &asked.zone, args)?;
    } else {
        let (found, unknown) = chosen(record, topology.map(|topology| &**topology), &args.properties);
        output::report(&unknown);
        code = if unknown.is_empty() { 0 } else { BAD_INPUT };
        match &args.every {
            Some(every) => show_buckets(record, topology, &found, &asked, every, args)?,
            None => {
                let found = record.read(topology, &found, asked.span_us, &AtomicBool::new(false));
                show_changes(history, &found.map_err(|error| error.to_string())?, &asked, args)?;
            }
        }
    }
    let damaged = history.passed_over();
    for what in &damaged {
        output::error_line(format!("passed over: {what}"));
    }
    Ok(if damaged.is_empty() { code } else { BAD_INPUT })
}

/// Returns the sources of properties by name, and the properties without a past.
fn chosen(
    record: &HistoryRecord,
    topology: Option<&Topology>,
    properties: &[String],
) -> (BTreeMap<String, PropertySource>, Vec<Diagnostic>) {
    let all = record.sources(topology);
    let mut found = BTreeMap::new();
    let mut unknown = Vec::new();
    for wanted in properties {
        let own: Vec<_> = all.iter().filter(|(name, _)| fits(wanted, name)).collect();
        if own.is_empty() {
            let missing = Diagnostic::error("not-recorded", format!("`{wanted}` was never recorded"));
            unknown.push(missing.did_you_mean(wanted, all.keys().map(String::as_str)));
        }
        found.extend(own.into_iter().map(|(name, source)| (name.clone(), source.clone())));
    }
    (found, unknown)
}

/// The past of properties by name.
type Values = BTreeMap<String, Vec<SeriesPast>>;

/// Returns whether a name fits a pattern, in which `*` stands for any text.
fn fits(pattern: &str, name: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else { return pattern == name };
    let Some(mut left) = name.strip_prefix(start) else { return false };
    let mut parts = rest.split('*').peekable();
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return left.ends_with(part);
        }
        match left.find(part) {
            Some(at) => left = &left[at + part.len()..],
            None => return false,
        }
    }
    true
}

impl Args {
    /// Returns the format of times: those in files for programs are in UTC.
    fn time_format(&self) -> Format {
        if self.out.is_some() { Format::Json } else { self.format }
    }
}

/// Returns a time as the format shows it: local for people and CSV, in UTC for programs.
fn shown_time(time_us: i64, zone: &TimeZone, format: Format) -> String {
    if format == Format::Json { time_text(time_us) } else { local_text(time_us, zone) }
}

/// Prints rows with a header.
fn show_rows(header: &[&str], rows: Vec<Vec<Value>>, args: &Args) -> Result<(), String> {
    let format = args.format;
    if let Some(path) = &args.out {
        parquet_rows::write_rows(path, header, &rows)?;
        output::line(format!("wrote {} rows into {}", rows.len(), path.display()));
        return Ok(());
    }
    let header: Vec<String> = header.iter().map(ToString::to_string).collect();
    if format == Format::Json {
        let object = |row: Vec<Value>| Value::Object(header.iter().cloned().zip(row).collect());
        output::line(Value::Array(rows.into_iter().map(object).collect()).to_string());
        return Ok(());
    }
    let cell = if format == Format::Csv { output::full_cell } else { output::cell };
    let cells: Vec<Vec<String>> = rows.iter().map(|row| row.iter().map(cell).collect()).collect();
    match format {
        Format::Csv => output::csv(&header, &cells),
        _ => output::table(&header, &cells),
    }
    Ok(())
}

fn show_changes(history: &History, found: &Values, asked: &Asked, args: &Args) -> Result<(), String> {
    let mut rows = Vec::new();
    for (name, parts) in found {
        let mut all: Vec<_> =
            parts.iter().flat_map(|past| past.changes.iter().map(move |change| (past, change))).collect();
        all.sort_by_key(|(_, change)| (change.time_us, change.taken_us));
        for (past, change) in all {
            rows.push(vec![
                json!(shown_time(change.time_us, &asked.zone, args.time_format())),
                json!(name),
                past.value(history, change),
                json!(past.series.unit.as_deref()),
                json!(change.quality.word()),
                json!(Some(history.text(change.cause)).filter(|cause| !cause.is_empty())),
                json!(shown_time(change.taken_us, &asked.zone, args.time_format())),
            ]);
        }
    }
    show_rows(&["time", "property", "value", "unit", "quality", "cause", "taken"], rows, args)
}

fn show_buckets(
    record: &HistoryRecord,
    topology: Option<&Arc<Topology>>,
    found: &BTreeMap<String, PropertySource>,
    asked: &Asked,
    every: &str,
    args: &Args,
) -> Result<(), String> {
    let every_us = cupola_wire::parse_duration(every).filter(|us| *us > 0);
    let every_us = every_us.ok_or_else(|| format!("--every takes a duration such as 15m or 1d, not `{every}`"))?;
    let (from_us, to_us) = asked.span_us;
    if (to_us - from_us) / every_us > MAX_BUCKETS {
        return Err(format!("--every {every} gives too many rows: use a longer duration or a shorter span"));
    }
    let is_stopped = AtomicBool::new(false);
    let mut rows = Vec::new();
    let all = record.all_buckets(topology, found, asked.span_us, every_us, &asked.zone, &is_stopped);
    for (name, parts) in &all.map_err(|error| error.to_string())? {
        // Of many properties, those without a value are of no interest.
        let is_named = args.properties.contains(name);
        let is_known = |buckets: &[Bucket]| buckets.iter().any(|bucket| bucket.known_us > 0 || bucket.count > 0);
        for (series, buckets) in parts.iter().filter(|(_, buckets)| is_named || is_known(buckets)) {
            rows.extend(buckets.iter().map(|bucket| bucket_row(name, series, bucket, asked, args.time_format())));
        }
        if parts.is_empty() {
            output::error_line(format!("`{name}` has no numbers: leave out --every to see its changes"));
        }
    }
    let header = ["time", "property", "min", "mean", "max", "last", "unit", "count", "known"];
    show_rows(&header, rows, args)
}

fn bucket_row(name: &str, series: &Series, bucket: &Bucket, asked: &Asked, format: Format) -> Vec<Value> {
    let number = |value: f64| if value.is_nan() { Value::Null } else { json!(value) };
    // The share of the time in which the value is known.
    let known = bucket.known_us as f64 / (bucket.to_us - bucket.from_us).max(1) as f64;
    vec![
        json!(shown_time(bucket.from_us, &asked.zone, format)),
        json!(name),
        number(bucket.min),
        number(bucket.mean),
        number(bucket.max),
        number(bucket.last),
        json!(series.unit.as_deref()),
        json!(bucket.count),
        json!((known * 1e4).round() / 1e4),
    ]
}

/// Prints the properties whose values at the two ends of a span differ.
fn show_difference(record: &HistoryRecord, scene: &Arc<Scene>, asked: &Asked, args: &Args) -> Result<(), String> {
    let (from_us, to_us) = asked.span_us;
    let (before, after) = (record.restore(scene, from_us)?.state, record.restore(scene, to_us)?.state);
    let topology = &scene.topology;
    let mut rows = Vec::new();
    for slot in topology.twins().flat_map(|twin| topology.properties(twin)) {
        let name = topology.name(slot);
        if !args.properties.is_empty() && !args.properties.iter().any(|wanted| fits(wanted, &name)) {
            continue;
        }
        let (old, new) = (before.value(slot), after.value(slot));
        if old != new {
            let (one, other) = (before.get(slot).usable(), after.get(slot).usable());
            let column = topology.column(slot.column);
            let difference =
                column.kind.is_numeric().then_some(other - one).filter(|difference| difference.is_finite());
            let unit = column.unit.map(|unit| unit.name);
            rows.push(vec![json!(name), output::json(old), output::json(new), json!(difference), json!(unit)]);
        }
    }
    show_rows(&["property", "from", "to", "difference", "unit"], rows, args)
}

fn show_log(history: &History, asked: &Asked, args: &Args) -> Result<(), String> {
    let log = history.log(asked.span_us).map_err(|error| error.to_string())?;
    // The times of buffered readings are for replays.
    let shown = log.into_iter().filter(|entry| entry.kind != LogKind::Observed);
    let rows = shown.map(|entry| {
        let detail = match (args.format, entry.detail.as_str()) {
            (_, "") => Value::Null,
            (Format::Json, detail) => serde_json::from_str(detail).unwrap_or(json!(detail)),
            (_, detail) => json!(detail),
        };
        let time = shown_time(entry.time_us, &asked.zone, args.time_format());
        vec![json!(time), json!(entry.kind.word()), json!(entry.subject), json!(entry.twin), detail]
    });
    show_rows(&["time", "kind", "subject", "twin", "detail"], rows.collect(), args)
}

fn show_summary(record: &HistoryRecord, zone: &TimeZone, args: &Args) -> Result<(), String> {
    let (history, sessions, span_us) = (record.history(), record.sessions(), record.span_us());
    let disk = history.disk_use().map_err(|error| error.to_string())?;
    let mut series = history.series();
    series.retain(|(_, series)| !series.is_condition());
    let log = history.log((i64::MIN, i64::MAX)).map_err(|error| error.to_string())?;
    let entries = log.iter().filter(|entry| entry.kind != LogKind::Observed).count();
    let (first, last) = (shown_time(span_us.0, zone, args.format), shown_time(span_us.1, zone, args.format));
    if args.format == Format::Json {
        let sessions: Vec<Value> = sessions
            .iter()
            .map(|(from_us, to_us)| json!({"from": time_text(*from_us), "to": time_text(*to_us)}))
            .collect();
        output::line(
            json!({"folder": history.place().to_string(), "from": first, "to": last, "properties": series.len(), "log": entries,
                "bytes": disk.all, "sessions": sessions})
            .to_string(),
        );
        return Ok(());
    }
    output::line(history.place().to_string());
    output::line(format!("{first} to {last}"));
    let size_mb = disk.all as f64 / 1e6;
    output::line(format!("{} properties, {entries} log entries, {size_mb:.1} MB", series.len()));
    for line in cost(history, disk, (span_us.1 - span_us.0) as f64 / 86.4e9) {
        output::line(line);
    }
    let shown = sessions.len().min(10);
    for (from_us, to_us) in &sessions[sessions.len() - shown..] {
        let (from, to) = (local_text(*from_us, zone), local_text(*to_us, zone));
        output::line(format!("recorded from {from} to {to}"));
    }
    Ok(())
}

/// Returns sentences about the time for which the history is kept, and its cost on the disk.
fn cost(history: &History, disk: DiskUse, days: f64) -> Vec<String> {
    let Ok(Retention { raw_days, minute_days }) = history.retention() else { return Vec::new() };
    if days < LEAST_DAYS {
        return vec![format!("every change is kept for {raw_days} days; the cost is known after an hour")];
    }
    let per_day = |bytes: u64| bytes as f64 / 1e6 / days;
    let (raw, rolled) = (per_day(disk.changes), per_day(disk.rollups));
    vec![
        format!(
            "every change is kept for {raw_days} days: {raw:.1} MB a day, {:.0} MB in all",
            raw * f64::from(raw_days)
        ),
        format!(
            "roll-ups of a minute are kept for {minute_days} days, those of 15 minutes for ever: {rolled:.1} MB a day, {:.0} MB \
             a year",
            rolled * 365.0
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn a_star_stands_for_any_text() {
        for (pattern, name, is_fit) in [
            ("r1.t", "r1.t", true),
            ("r1.t", "r1.t2", false),
            ("*.co2", "room-1.co2", true),
            ("*.co2", "room-1.co", false),
            ("room-*.co2", "room-1.co2", true),
            ("room-*1*.co2", "room-21.co2", true),
            ("*", "anything", true),
            ("a*a", "a", false),
        ] {
            assert_eq!(fits(pattern, name), is_fit, "{pattern} {name}");
        }
    }
}
