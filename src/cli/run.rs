//! `cupola run`: a scene without a window, and a report of what became of it.

use super::{BAD_CALL, BAD_INPUT, Source, Trust, output};
use crate::feed::{Connection, Live};
use crate::processor::{MayStartPrograms, Processors};
use crate::scene::{self, Loaded, Scene};
use crate::selection::Notices;
use crate::session::{self, Findings, SessionOptions, timeline_of};
use crate::timeline::{ActiveTimeline, Clock, OpenScene, SourceKind, TimelineState};
use crate::{CorePlugin, Tick, alarm};
use bevy::prelude::*;
use cupola_twin::diagnostic::has_errors;
use cupola_twin::{Kind, Quality, State, Value};
use serde_json::{Map, json};
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Lines of the summary that people see.
const MAX_SUMMARY: usize = 24;

#[derive(clap::Args)]
pub(super) struct Args {
    /// The scene.
    scene: PathBuf,
    /// What drives it.
    #[arg(long, value_enum, default_value_t = Source::Simulated)]
    source: Source,
    /// How long: of the world's time for live, of the simulation's for simulated.
    #[arg(long = "for", default_value = "1h")]
    duration: String,
    /// Simulated seconds in a second, or max.
    #[arg(long, default_value = "max")]
    speed: String,
    /// Gives a property a value at the start: TWIN.PROPERTY=VALUE.
    #[arg(long = "set", value_name = "TWIN.PROPERTY=VALUE")]
    sets: Vec<String>,
    /// Connect to this broker instead of the scene's.
    #[arg(long)]
    broker: Option<String>,
    /// The weather of a study (EPW), instead of the file that it names. Conditions that it gives itself stay.
    #[arg(long, value_name = "FILE.epw")]
    weather: Option<PathBuf>,
    /// Writes every step of a study into a .csv or .parquet file.
    #[arg(long, value_name = "FILE")]
    steps: Option<PathBuf>,
    #[command(flatten)]
    trust: Trust,
    /// The report as JSON.
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
            "nothing is recorded between runs yet, so there is nothing to replay; use live or simulated",
        );
        return BAD_INPUT;
    }
    let loaded = scene::load(&args.scene);
    if let Some(scene) = loaded.scene.as_ref().filter(|scene| is_study(scene, args)) {
        if output::report(&loaded.diagnostics) > 0 {
            return BAD_INPUT;
        }
        return study(scene, args, duration_us);
    }
    if args.weather.is_some() || args.steps.is_some() {
        let help = "a scene names the weather of its simulation: `weather: (file: \"FILE.epw\")`";
        output::error_line(format!("--weather and --steps are for studies, and this scene has no `physics`; {help}"));
        return BAD_INPUT;
    }
    let opened = headless(loaded, args.broker.clone(), args.source == Source::Live, args.trust);
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
    world.insert_resource(ActiveTimeline(timeline));
    if wanted == SourceKind::Live && world.get::<Live>(timeline).is_none() {
        output::error_line("the scene has no feed, so nothing can come in live: add `feeds` to it");
        return BAD_INPUT;
    }
    if let Some(set) = args.sets.iter().find(|set| !set.contains('=')) {
        output::error_line(format!("--set takes TWIN.PROPERTY=VALUE, not `{set}`"));
        return BAD_CALL;
    }
    for set in &args.sets {
        if let Err(message) = apply_set(world, timeline, set) {
            output::error_line(message);
            return BAD_INPUT;
        }
    }
    let report = match wanted {
        SourceKind::Live => live(world, timeline, Duration::from_micros(duration_us as u64)),
        _ => simulated(world, timeline, duration_us, speed),
    };
    if args.json {
        output::line(report.to_string());
    } else {
        show(&report);
    }
    0
}

/// Whether the scene's study is meant rather than its twins.
fn is_study(scene: &Scene, args: &Args) -> bool {
    let asks_for_it = args.weather.is_some() || args.steps.is_some() || scene.document.simulation.is_none();
    args.source == Source::Simulated && asks_for_it && scene.document.physics.is_some()
}

fn study(scene: &Scene, args: &Args, duration_us: i64) -> u8 {
    let Some(study) = &scene.document.physics else { return BAD_INPUT };
    let asked = super::study::Asked {
        weather: args.weather.as_deref(),
        duration_us,
        steps: args.steps.as_deref(),
        json: args.json,
    };
    super::study::run(scene, study, &asked)
}

/// The program without a window, with a scene open.
pub(super) fn headless(loaded: Loaded, broker: Option<String>, connect: bool, trust: Trust) -> Result<App, u8> {
    let mut app = App::new();
    app.add_plugins(CorePlugin).insert_resource(SessionOptions { connect, broker });
    app.insert_resource(MayStartPrograms(trust.allow_programs));
    app.finish();
    app.cleanup();
    let opened = session::open(app.world_mut(), loaded);
    let findings = app.world().resource::<Findings>().0.clone();
    output::report(&findings);
    if !opened || has_errors(&findings) {
        return Err(BAD_INPUT);
    }
    if let Some((_, text)) = app.world().resource::<Notices>().0.last() {
        output::error_line(text);
        return Err(BAD_INPUT);
    }
    Ok(app)
}

fn apply_set(world: &mut World, timeline: Entity, text: &str) -> Result<(), String> {
    let (name, value) = text.split_once('=').unwrap_or((text, ""));
    let scene = world.resource::<OpenScene>().0.clone();
    let slot = scene.topology.slot_named(name.trim()).map_err(|found| found.to_string())?;
    let column = scene.topology.column(slot.column);
    if column.formula.is_some() {
        return Err(format!("{name} is computed: change what it is computed from"));
    }
    let value = match value.trim() {
        text if matches!(column.kind, Kind::Text | Kind::Time) => Value::Text(text.into()),
        "true" | "on" => Value::Bool(true),
        "false" | "off" => Value::Bool(false),
        text => text
            .parse()
            .map(Value::Integer)
            .or_else(|_| text.parse().map(Value::Number))
            .unwrap_or(Value::Text(text.into())),
    };
    let lane = scene.topology.encode(slot.column, &value)?;
    let now_us = world.get::<Clock>(timeline).map_or(0, |clock| clock.now_us);
    session::set(world, timeline, slot, cupola_twin::value::Sample::good(lane, now_us));
    Ok(())
}

fn simulated(world: &mut World, timeline: Entity, duration_us: i64, speed: f64) -> serde_json::Value {
    let start_us = world.get::<Clock>(timeline).map_or(0, |clock| clock.now_us);
    let (mut ticks, mut changes) = (0u64, 0u64);
    let begin = Instant::now();
    while let Some(clock) = world.get::<Clock>(timeline) {
        let step_us = match clock.pace {
            crate::timeline::Pace::Steps { step_us } => step_us,
            crate::timeline::Pace::Wall => break,
        };
        let passed_us = clock.now_us - start_us;
        if passed_us + step_us > duration_us {
            break;
        }
        if speed.is_finite() {
            // The world's time at which this step is due.
            let due = Duration::from_secs_f64((passed_us + step_us) as f64 / 1e6 / speed);
            std::thread::sleep(due.saturating_sub(begin.elapsed()));
        }
        step(world, timeline);
        ticks += 1;
        changes += world.get::<TimelineState>(timeline).map_or(0, |state| state.0.change_count() as u64);
    }
    report(world, timeline, start_us, ticks, changes)
}

/// One step of a simulated timeline, when every processor has answered what it was asked before.
pub(super) fn step(world: &mut World, timeline: Entity) {
    if let Some(mut clock) = world.get_mut::<Clock>(timeline) {
        clock.step();
    }
    loop {
        world.run_schedule(Tick);
        if world.get::<Clock>(timeline).is_none_or(|clock| !clock.held) {
            return;
        }
        if let Some(processors) = world.get::<Processors>(timeline) {
            processors.wait(Duration::from_millis(50));
        }
    }
}

fn live(world: &mut World, timeline: Entity, duration: Duration) -> serde_json::Value {
    let start_us = world.get::<Clock>(timeline).map_or(0, |clock| clock.now_us);
    let (ticks, changes) = follow(world, timeline, duration, |_, _, _| true);
    report(world, timeline, start_us, ticks, changes)
}

/// Follows a feed for a while; ticks and changed values. `tell` hears of every tick, with the time so far and the changed values, and says
/// whether to go on.
pub(super) fn follow(
    world: &mut World,
    timeline: Entity,
    duration: Duration,
    mut tell: impl FnMut(&World, Duration, u64) -> bool,
) -> (u64, u64) {
    let begin = Instant::now();
    let (mut ticks, mut changes) = (0, 0);
    while begin.elapsed() < duration {
        let Some(inbox) = world.get::<Live>(timeline).map(|live| live.inbox().clone()) else { break };
        inbox.wait(duration.saturating_sub(begin.elapsed()).min(Duration::from_millis(50)));
        world.run_schedule(Tick);
        ticks += 1;
        changes += world.get::<TimelineState>(timeline).map_or(0, |state| state.0.change_count() as u64);
        if !tell(world, begin.elapsed(), changes) {
            break;
        }
    }
    (ticks, changes)
}

/// What became of a timeline.
pub(super) fn report(
    world: &mut World,
    timeline: Entity,
    start_us: i64,
    ticks: u64,
    changes: u64,
) -> serde_json::Value {
    let scene = world.resource::<OpenScene>().0.clone();
    let now_us = world.get::<Clock>(timeline).map_or(0, |clock| clock.now_us);
    let mut out = Map::new();
    out.insert("scene".into(), json!(scene.document.name));
    out.insert(
        "source".into(),
        json!(world.get::<crate::timeline::Timeline>(timeline).map(|timeline| timeline.source)),
    );
    out.insert("start".into(), json!(cupola_wire::format_rfc3339(start_us)));
    out.insert("end".into(), json!(cupola_wire::format_rfc3339(now_us)));
    out.insert("ticks".into(), json!(ticks));
    out.insert("changes".into(), json!(changes));
    if let Some(live) = world.get::<Live>(timeline) {
        let status = live.status();
        let connection = match &status.connection {
            Connection::Idle => "idle".to_string(),
            Connection::Connecting => "connecting".into(),
            Connection::Connected => "connected".into(),
            Connection::Lost { error } => format!("lost: {error}"),
        };
        if !status.url.is_empty() {
            out.insert(
                "feed".into(),
                json!({
                    "url": status.url, "connection": connection, "messages": status.messages, "replaced": status.replaced,
                    "rejected": status.rejected, "last_rejection": status.last_rejection, "unknown_topics": status.unknown_topics,
                    "publish_to_propagated_ms": live.latencies.publish_to_propagated(),
                    "arrival_to_propagated_ms": live.latencies.arrival_to_propagated(),
                }),
            );
        }
    }
    if let Some(processors) = world.get::<Processors>(timeline) {
        out.insert("processors".into(), json!(processors.status().collect::<Vec<_>>()));
    }
    if let Some(alarms) = world.get::<alarm::Alarms>(timeline) {
        let list: Vec<_> = alarms
            .sorted(&scene)
            .into_iter()
            .map(|(alarm, _, twin, raised)| {
                json!({ "id": alarm.id, "severity": alarm.severity, "twin": scene.topology.twin_id(twin),
                    "message": alarm.message, "since": cupola_wire::format_rfc3339(raised.since_us) })
            })
            .collect();
        out.insert("alarms".into(), json!(list));
        out.insert("alarms_raised".into(), json!(alarms.total));
    }
    if let Some(state) = world.get::<TimelineState>(timeline) {
        let unsettled = super::check::unsettled(&scene, &state.0);
        output::report(&unsettled);
        out.insert("unsettled".into(), json!(unsettled));
        out.insert("summary".into(), summary(&state.0));
        out.insert("values".into(), values(&state.0));
    }
    serde_json::Value::Object(out)
}

/// What is computed for the twins that nothing leads to: the building as a whole.
fn summary(state: &State) -> serde_json::Value {
    let topology = state.topology();
    let names = topology.relationship_names();
    let mut out = Map::new();
    for twin in topology.twins() {
        if names.iter().any(|name| !topology.related(twin, name, true).is_empty()) {
            continue;
        }
        for slot in topology.properties(twin) {
            let is_known = state.get(slot).quality < Quality::Bad;
            if topology.column(slot.column).formula.is_some() && is_known {
                out.insert(topology.name(slot), json!(crate::twin::show(state, slot)));
            }
        }
    }
    serde_json::Value::Object(out)
}

/// Every property that changes: computed ones, and those that were set after the start.
fn values(state: &State) -> serde_json::Value {
    let topology = state.topology();
    let mut out = Map::new();
    for twin in topology.twins() {
        for slot in topology.properties(twin) {
            let (sample, column) = (state.get(slot), topology.column(slot.column));
            // What the scene gives and nobody changed is in the scene.
            if column.formula.is_none() && (sample.time_us == 0 || sample.quality == Quality::Missing) {
                continue;
            }
            let mut value = Map::new();
            value.insert("value".into(), output::json(state.value(slot)));
            if let Some(unit) = column.unit {
                value.insert("unit".into(), json!(unit.name));
            }
            value.insert("quality".into(), json!(sample.quality));
            if sample.time_us > 0 {
                value.insert("time".into(), json!(cupola_wire::format_rfc3339(sample.time_us)));
            }
            out.insert(topology.name(slot), serde_json::Value::Object(value));
        }
    }
    serde_json::Value::Object(out)
}

/// The report for people.
pub(super) fn show(report: &serde_json::Value) {
    let text = |key: &str| report[key].as_str().unwrap_or("").to_string();
    output::line(format!("{}, {}, {} to {}", text("scene"), text("source"), text("start"), text("end")));
    output::line(format!("{} ticks, {} values changed", report["ticks"], report["changes"]));
    if let Some(feed) = report.get("feed") {
        output::line(format!(
            "feed {}: {}, {} messages, {} rejected",
            feed["url"].as_str().unwrap_or(""),
            feed["connection"].as_str().unwrap_or(""),
            feed["messages"],
            feed["rejected"]
        ));
        for (key, words) in [
            ("publish_to_propagated_ms", "from device to propagated"),
            ("arrival_to_propagated_ms", "from arrival to propagated"),
        ] {
            if let (Some(median), Some(p99)) = (feed[key]["median_ms"].as_f64(), feed[key]["p99_ms"].as_f64()) {
                output::line(format!("{words}: median {median:.1} ms, p99 {p99:.1} ms"));
            }
        }
    }
    for processor in report["processors"].as_array().into_iter().flatten() {
        let text = |key: &str| processor[key].as_str().unwrap_or("");
        let trouble = if text("last_error").is_empty() { String::new() } else { format!(": {}", text("last_error")) };
        output::line(format!(
            "processor {}: {} requests, {} answers, {} too late{trouble}",
            text("id"),
            processor["requests"],
            processor["answers"],
            processor["timeouts"]
        ));
    }
    let empty = Vec::new();
    let alarms = report["alarms"].as_array().unwrap_or(&empty);
    output::line(format!("{} alarms hold, {} were raised", alarms.len(), report["alarms_raised"]));
    for alarm in alarms.iter().take(10) {
        output::line(format!(
            "  {} {}: {}",
            alarm["severity"].as_str().unwrap_or(""),
            alarm["twin"].as_str().unwrap_or(""),
            alarm["message"].as_str().unwrap_or("")
        ));
    }
    for (name, value) in report["summary"].as_object().into_iter().flatten().take(MAX_SUMMARY) {
        output::line(format!("  {name:<44} {}", value.as_str().unwrap_or("")));
    }
    let values = report["values"].as_object();
    output::line(format!("{} values known; --json prints them all", values.map_or(0, Map::len)));
}
