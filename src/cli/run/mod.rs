//! `cupola run`: runs a scene or a study without a window, and reports.

mod report;

pub(super) use report::{report, show, zone_of};

use super::listen::tell_unused;
use super::{BAD_CALL, BAD_INPUT, HistoryArgs, Opened, Source, Trust, opened, output, stop};
use crate::feed::{Connections, FeedStatus};
use crate::history::{HistoryChoice, OpenHistory};
use crate::notice::{NoticeLevel, Notices};
use crate::processor::{MayStartPrograms, Processors};
use crate::session::{self, Findings, SessionOptions, timeline_of};
use crate::timeline::{Playback, SourceKind, Timeline, ViewCursor, apply_event};
use crate::{CorePlugin, Tick};
use bevy::prelude::*;
use cupola_history::{History, TimelineRecorder};
use cupola_mqtt::Connection;
use cupola_run::{Actor, Event, EventBody, record};
use cupola_scene::{Scene, is_same_file};
use cupola_twin::Value;
use cupola_twin::diagnostic::has_errors;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufReader, BufWriter};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Shortest run of a study, in microseconds: its report has hourly means.
const MIN_STUDY_US: i64 = 3_600_000_000;

#[derive(clap::Args)]
pub(super) struct Args {
    /// Scene to run: a folder with scene.ron, or a .ron file.
    scene: PathBuf,
    /// Timeline to run: live or simulated.
    #[arg(long, value_enum, default_value_t = Source::Simulated)]
    source: Source,
    /// Duration, such as 10s, 30m or 24h: of the wall clock for live, of simulated time for simulated.
    #[arg(long = "for", default_value = "1h")]
    duration: String,
    /// Simulated seconds per second of the wall clock, or max.
    #[arg(long, default_value = "max")]
    speed: String,
    /// Set a property at the start of a simulated run. Repeatable.
    #[arg(long = "set", value_name = "TWIN.PROPERTY=VALUE")]
    sets: Vec<String>,
    /// Apply the events of a file to the simulated timeline, each at its time: one JSON object per line, as --record
    /// writes them.
    #[arg(long, value_name = "FILE")]
    events: Option<PathBuf>,
    /// Write the events of the simulated timeline into a file, one JSON object per line.
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
    /// Connect to this broker instead of the scene's, for example mqtt://10.0.0.5:1883.
    #[arg(long)]
    broker: Option<String>,
    /// Weather file (EPW) for a study, instead of the file that the study names. Conditions that the study gives itself
    /// stay.
    #[arg(long, value_name = "FILE.epw")]
    weather: Option<PathBuf>,
    /// Write every step of a study into a .csv or .parquet file.
    #[arg(long, value_name = "FILE")]
    steps: Option<PathBuf>,
    #[command(flatten)]
    trust: Trust,
    #[command(flatten)]
    history: HistoryArgs,
    /// Print the report as JSON.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> u8 {
    let Some(duration_us) = cupola_wire::parse_duration(&args.duration).filter(|us| *us > 0) else {
        output::error_line(format!("--for takes a duration such as 10s, 30m or 24h, not `{}`", args.duration));
        return BAD_CALL;
    };
    let speed = match args.speed.as_str() {
        "max" => f64::INFINITY,
        text => match text.trim_end_matches(['x', '×']).parse::<f64>() {
            Ok(speed) if (1e-3..=1e9).contains(&speed) => speed,
            _ => {
                output::error_line(format!("--speed takes a number from 0.001 to 1e9 or max, not `{text}`"));
                return BAD_CALL;
            }
        },
    };
    if args.source == Source::Replay {
        output::error_line(
            "a run follows the live or the simulated timeline; for a recorded moment: cupola query, why or render with \
             --at TIME and --timeline replay",
        );
        return BAD_INPUT;
    }
    if let HistoryChoice::Unknown(why) = args.history.choice() {
        output::error_line(why);
        return BAD_CALL;
    }
    let loaded = cupola_scene::load(&args.scene);
    if loaded.scene.is_none() {
        output::report(&loaded.diagnostics);
        return BAD_INPUT;
    }
    let outputs = [("--record", &args.record), ("--steps", &args.steps)];
    let own = outputs.iter().find_map(|(option, path)| {
        let path = path.as_ref().filter(|path| loaded.scene.as_ref().is_some_and(|scene| scene.is_read_from(path)));
        path.map(|path| (option, path))
    });
    if let Some((option, path)) = own {
        let path = path.display();
        output::error_line(format!("{option} would overwrite {path}, a file of the scene: name another file"));
        return BAD_CALL;
    }
    if let Some(scene) = loaded.scene.as_ref().filter(|scene| is_study(scene, args)) {
        if output::report(&loaded.diagnostics) > 0 {
            return BAD_INPUT;
        }
        return study(scene, args, duration_us);
    }
    if args.weather.is_some() || args.steps.is_some() {
        if args.source == Source::Live {
            output::error_line("--weather and --steps are for studies: leave out --source live");
            return BAD_CALL;
        }
        let help = "a scene sets the weather in its simulation: `weather: (file: \"FILE.epw\")`";
        output::error_line(format!("--weather and --steps are for studies, and this scene has no `physics`; {help}"));
        return BAD_INPUT;
    }
    let opened = opened(loaded);
    let is_live = args.source == Source::Live;
    let history = if is_live { args.history.choice() } else { HistoryChoice::Off };
    let session = SessionOptions { connect: is_live, broker: args.broker.clone(), history };
    let opened = opened.and_then(|opened| headless(opened, session, args.trust));
    let mut app = match opened {
        Ok(app) => app,
        Err(code) => return code,
    };
    let world = app.world_mut();
    let wanted = if args.source == Source::Live { SourceKind::Live } else { SourceKind::Simulated };
    let Some(timeline) = timeline_of(world, wanted) else {
        output::error_line("the scene has no simulation that can run");
        return BAD_INPUT;
    };
    world.insert_resource(ViewCursor::new(timeline));
    if wanted == SourceKind::Live && world.get::<Connections>(timeline).is_none() {
        output::error_line("the scene has no feed, so the live timeline receives no values: add `feeds` to it");
        return BAD_INPUT;
    }
    if wanted == SourceKind::Live
        && let Err(message) = args.history.check_use(world, &args.scene)
    {
        output::error_line(message);
        return BAD_INPUT;
    }
    if wanted == SourceKind::Live && (args.events.is_some() || args.record.is_some()) {
        output::error_line("--events and --record need the simulated timeline: use --source simulated");
        return BAD_CALL;
    }
    if wanted == SourceKind::Simulated
        && let Err(message) = record_simulated(world, timeline, args)
    {
        output::error_line(message);
        return BAD_INPUT;
    }
    if wanted == SourceKind::Simulated && args.broker.is_some() {
        output::error_line("--broker has no effect on the simulated timeline: use --source live");
    }
    if let Some(set) = args.sets.iter().find(|set| !set.contains('=')) {
        output::error_line(format!("--set takes TWIN.PROPERTY=VALUE, not `{set}`"));
        return BAD_CALL;
    }
    if let (Some(events), Some(record)) = (&args.events, &args.record)
        && is_same_file(events, record)
    {
        output::error_line("--record would overwrite the file of --events: name another file");
        return BAD_CALL;
    }
    let events = match args.events.as_deref().map(read_events).transpose() {
        Ok(events) => events.unwrap_or_default(),
        Err(message) => {
            output::error_line(message);
            return BAD_INPUT;
        }
    };
    if args.record.is_some()
        && let Some(mut known) = world.get_mut::<Timeline>(timeline)
    {
        known.keep_answers();
    }
    for set in &args.sets {
        if let Err(message) = apply_set(world, timeline, set) {
            output::error_line(format!("--set {set}: {message}"));
            return BAD_INPUT;
        }
    }
    stop::listen();
    let done = match wanted {
        SourceKind::Live => Ok(live(world, timeline, Duration::from_micros(duration_us as u64))),
        _ => simulated(world, timeline, duration_us, speed, events),
    };
    let done = done.and_then(|report| match &args.record {
        Some(path) => write_events(world, timeline, path).map(|()| report),
        None => Ok(report),
    });
    let mut report = match done {
        Ok(report) => report,
        Err(message) => {
            output::error_line(message);
            return BAD_INPUT;
        }
    };
    if stop::is_stopped() {
        report["stopped"] = true.into();
        output::error_line("a signal ended the run early");
    }
    if args.json {
        output::line(report.to_string());
    } else {
        show(&report, &zone_of(world, timeline));
    }
    let processors = world.get::<Processors>(timeline);
    let is_failing = processors.is_some_and(|processors| processors.status().any(|processor| processor.is_failing));
    let is_unwritten = report.pointer("/history/error").is_some_and(|error| !error.is_null());
    let code = if is_failing || is_unwritten { BAD_INPUT } else { 0 };
    if wanted != SourceKind::Live {
        return code;
    }
    unreached(world, timeline).max(code)
}

/// Says at the end of a live run what was wrong with brokers and messages. Returns the exit code: an error if a broker is
/// out of reach.
pub(super) fn unreached(world: &World, timeline: Entity) -> u8 {
    tell_unused(world, timeline);
    match world.get::<Connections>(timeline).map(Connections::status) {
        Some(FeedStatus { connection: Connection::Lost { .. }, .. }) => BAD_INPUT,
        _ => 0,
    }
}

/// Records a simulated timeline, if the call names a history.
fn record_simulated(world: &mut World, timeline: Entity, args: &Args) -> Result<(), String> {
    let choice = args.history.choice();
    if !args.history.is_named() || choice == HistoryChoice::Off {
        return Ok(());
    }
    let place = choice.place(&args.scene)?.ok_or("the place of the history is not known")?;
    let recorder = TimelineRecorder::open(&place).map_err(|error| error.to_string())?;
    let history = History::open(&place).map_err(|error| error.to_string())?;
    if history.span_us().map_err(|error| error.to_string())?.is_some() {
        return Err(format!("{place} has a past already: a simulated run needs a history of its own"));
    }
    let recorder = Arc::new(recorder);
    if let Some(mut timeline) = world.get_mut::<Timeline>(timeline) {
        timeline.record_into(recorder.clone());
    }
    world.insert_resource(OpenHistory::of(recorder));
    Ok(())
}

fn read_events(path: &Path) -> Result<Vec<Event>, String> {
    let file = File::open(path).map_err(|error| format!("{} can't be read: {error}", path.display()))?;
    record::read(BufReader::new(file)).map_err(|error| format!("{}: {error}", path.display()))
}

fn write_events(world: &World, timeline: Entity, path: &Path) -> Result<(), String> {
    let events = world.get::<Timeline>(timeline).map_or(&[] as &[Event], |timeline| timeline.events());
    let file = File::create(path).map_err(|error| format!("{} can't be written: {error}", path.display()))?;
    record::write(BufWriter::new(file), events).map_err(|error| format!("{} can't be written: {error}", path.display()))
}

/// Returns whether the call runs the study of the scene instead of its simulated timeline.
fn is_study(scene: &Scene, args: &Args) -> bool {
    let asks_for_it = args.weather.is_some() || args.steps.is_some() || scene.document.simulation.is_none();
    args.source == Source::Simulated && asks_for_it && scene.document.physics.is_some()
}

fn study(scene: &Scene, args: &Args, duration_us: i64) -> u8 {
    let Some(study) = &scene.document.physics else { return BAD_INPUT };
    let of_scenes = [
        ("--broker", args.broker.is_some()),
        ("--set", !args.sets.is_empty()),
        ("--events", args.events.is_some()),
        ("--record", args.record.is_some()),
        ("--speed", args.speed != "max"),
    ];
    if let Some((option, _)) = of_scenes.iter().find(|(_, is_given)| *is_given) {
        output::error_line(format!("{option} is for the timelines of a scene, and this run is a study"));
        return BAD_CALL;
    }
    if duration_us < MIN_STUDY_US {
        let help = "a study runs for hours or days, such as --for 24h or --for 365d";
        output::error_line(format!(
            "--for {} is {} long; {help}",
            args.duration,
            cupola_wire::format_duration(duration_us)
        ));
        return BAD_CALL;
    }
    let asked = super::study::StudyOptions {
        weather: args.weather.as_deref(),
        duration_us,
        steps: args.steps.as_deref(),
        json: args.json,
    };
    super::study::run(scene, study, &asked)
}

/// Returns the app without a window, with an open scene. On failure, prints the error and returns the exit code.
pub(super) fn headless((scene, diagnostics): Opened, session: SessionOptions, trust: Trust) -> Result<App, u8> {
    let mut app = App::new();
    app.add_plugins(CorePlugin).insert_resource(session);
    app.insert_resource(MayStartPrograms(trust.allow_programs));
    app.finish();
    app.cleanup();
    session::open_scene(app.world_mut(), scene, diagnostics);
    let findings = app.world().resource::<Findings>().0.clone();
    output::report(&findings);
    if has_errors(&findings) {
        return Err(BAD_INPUT);
    }
    let notices = &app.world().resource::<Notices>().0;
    notices.iter().for_each(|(_, text)| output::error_line(text));
    if notices.iter().any(|(level, _)| *level == NoticeLevel::Error) {
        return Err(BAD_INPUT);
    }
    Ok(app)
}

fn apply_set(world: &mut World, timeline: Entity, text: &str) -> Result<(), String> {
    let (name, value) = text.split_once('=').unwrap_or((text, ""));
    let topology = world.get::<Timeline>(timeline).map(|timeline| timeline.topology().clone());
    let topology = topology.ok_or("there is no timeline")?;
    let slot = topology.slot_named(name.trim()).map_err(|found| found.to_string())?;
    let column = topology.column(slot.column);
    let body = EventBody::Set {
        twin: topology.twin_id(topology.twin_of(slot)).to_string(),
        property: column.name.to_string(),
        value: Value::from_text(value.trim(), Some(column.kind)),
    };
    apply_event(world, timeline, body, &Actor::program("cupola run")).map(drop)
}

fn simulated(
    world: &mut World,
    timeline: Entity,
    duration_us: i64,
    speed: f64,
    events: Vec<Event>,
) -> Result<serde_json::Value, String> {
    let start_us = world.get::<Timeline>(timeline).map_or(0, |timeline| timeline.now_us());
    let (mut ticks, mut changes) = (0u64, 0u64);
    // Answers of processors and readings are applied within a step, all other events between two steps.
    let is_of_step = |event: &Event| matches!(event.body, EventBody::Processed { .. } | EventBody::Readings { .. });
    if let Some(first) = events.first().filter(|event| event.time_us < start_us) {
        let start = cupola_wire::format_rfc3339(start_us);
        return Err(refused(first.time_us, format!("it is before the start of the timeline, {start}")));
    }
    let answered: BTreeSet<String> = events.iter().filter_map(processor_of).collect();
    if let Some(mut processors) = world.get_mut::<Processors>(timeline) {
        processors.remove(&answered);
    }
    let mut events = events.into_iter().peekable();
    let begin = Instant::now();
    while let Some(mut known) = world.get_mut::<Timeline>(timeline) {
        let (now_us, step_us) = (known.now_us(), known.step_us().unwrap_or(i64::MAX));
        // The order of the file holds within a step too: an event of a step waits for the events before it.
        while let Some(event) = events.next_if(|event| is_of_step(event) || event.time_us <= now_us) {
            let time_us = event.time_us;
            if is_of_step(&event) {
                known.schedule(event);
            } else {
                known.apply(event).map_err(|why| refused(time_us, why))?;
            }
        }
        let passed_us = now_us - start_us;
        if stop::is_stopped() {
            break;
        }
        if passed_us.saturating_add(step_us) > duration_us {
            break;
        }
        if speed.is_finite() {
            // The time of the wall clock since the start at which this step is due.
            let due = Duration::from_secs_f64((passed_us + step_us) as f64 / 1e6 / speed);
            wait_until(begin + due);
            if stop::is_stopped() {
                break;
            }
        }
        step(world, timeline);
        if world.get::<Timeline>(timeline).is_none_or(|timeline| !timeline.is_stepping()) {
            output::error_line("the calendar ends here, so the run ends");
            break;
        }
        ticks += 1;
        changes += changed(world, timeline);
        if let Some(recorder) = world.get_resource::<OpenHistory>().and_then(|history| history.recorder.as_ref()) {
            recorder.keep_up()?;
        }
        let changes = world.get::<Timeline>(timeline).map(|timeline| timeline.changes());
        if let Some((time_us, why)) = changes.and_then(|changes| changes.refused.first()) {
            return Err(refused(*time_us, why));
        }
    }
    let left = events.count() + world.get::<Timeline>(timeline).map_or(0, |timeline| timeline.scheduled());
    if left > 0 {
        output::error_line(format!("{left} events are after the end of the run"));
    }
    Ok(report(world, timeline, start_us, ticks, changes))
}

/// Waits until a moment, or until a signal asks the run to end.
fn wait_until(due: Instant) {
    while !stop::is_stopped() {
        let left = due.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return;
        }
        std::thread::sleep(left.min(Duration::from_millis(50)));
    }
}

/// Returns the id of the processor whose answer the event contains, or `None` for other events.
fn processor_of(event: &Event) -> Option<String> {
    match &event.body {
        EventBody::Processed { processor, .. } => Some(processor.clone()),
        _ => None,
    }
}

fn refused(time_us: i64, why: impl std::fmt::Display) -> String {
    format!("the event at {} was refused: {why}", cupola_wire::format_rfc3339(time_us))
}

fn changed(world: &World, timeline: Entity) -> u64 {
    world.get::<Timeline>(timeline).map_or(0, |timeline| timeline.changes().values)
}

/// Makes one step of a simulated timeline, after every processor has answered its last request.
pub(super) fn step(world: &mut World, timeline: Entity) {
    if let Some(mut playback) = world.get_mut::<Playback>(timeline) {
        playback.step();
    }
    loop {
        world.run_schedule(Tick);
        if world.get::<Playback>(timeline).is_none_or(|playback| !playback.held) {
            return;
        }
        if let Some(processors) = world.get::<Processors>(timeline) {
            processors.wait(Duration::from_millis(50));
        }
    }
}

fn live(world: &mut World, timeline: Entity, duration: Duration) -> serde_json::Value {
    let start_us = world.get::<Timeline>(timeline).map_or(0, |timeline| timeline.now_us());
    let (ticks, changes) = follow(world, timeline, duration, |_, _, _| true);
    report(world, timeline, start_us, ticks, changes)
}

/// Runs a tick at every arrival of messages, and at least every 50 ms, for a duration.
///
/// After every tick, `tell` gets the world, the time so far and the number of changed values so far. `false` ends the
/// run early. Returns the number of ticks and the number of changed values.
pub(super) fn follow(
    world: &mut World,
    timeline: Entity,
    duration: Duration,
    mut tell: impl FnMut(&World, Duration, u64) -> bool,
) -> (u64, u64) {
    let begin = Instant::now();
    let (mut ticks, mut changes) = (0, 0);
    while begin.elapsed() < duration && !stop::is_stopped() {
        let Some(inbox) = world.get::<Connections>(timeline).map(|known| known.inbox().clone()) else { break };
        inbox.wait(duration.saturating_sub(begin.elapsed()).min(Duration::from_millis(50)));
        world.run_schedule(Tick);
        ticks += 1;
        changes += changed(world, timeline);
        if !tell(world, begin.elapsed(), changes) {
            break;
        }
    }
    (ticks, changes)
}
