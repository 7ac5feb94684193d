//! The report of a run.

use super::super::{check, output};
use crate::feed::Connections;
use crate::history::OpenHistory;
use crate::processor::Processors;
use crate::timeline::{Timeline, WallClock};
use bevy::prelude::*;
use cupola_history::RecorderStatus;
use cupola_mqtt::Connection;
use cupola_twin::zone::TimeZone;
use cupola_twin::{Quality, State};
use serde_json::{Map, json};

/// Largest number of alarms on the terminal.
const MAX_ALARMS: usize = 10;
/// Largest number of lines of the summary on the terminal.
const MAX_SUMMARY: usize = 24;

/// Returns the report of a timeline.
pub(in crate::cli) fn report(
    world: &World,
    timeline: Entity,
    start_us: i64,
    ticks: u64,
    changes: u64,
) -> serde_json::Value {
    let mut out = Map::new();
    let Some(known) = world.get::<Timeline>(timeline) else { return serde_json::Value::Object(out) };
    let scene = known.scene();
    out.insert("scene".into(), json!(scene.document.name));
    out.insert("source".into(), json!(known.source()));
    out.insert("start".into(), json!(cupola_wire::format_rfc3339(start_us)));
    out.insert("end".into(), json!(cupola_wire::format_rfc3339(known.now_us())));
    out.insert("ticks".into(), json!(ticks));
    out.insert("changes".into(), json!(changes));
    if let Some(connections) = world.get::<Connections>(timeline) {
        out.extend(feed(connections).map(|feed| ("feed".to_string(), feed)));
    }
    if let Some(recorder) = world.get_resource::<OpenHistory>().and_then(|history| history.recorder.as_ref()) {
        let error = recorder.flush().err();
        let RecorderStatus { written, skipped, .. } = recorder.status();
        let folder = recorder.place().to_string();
        let history = json!({"folder": folder, "changes": written, "skipped": skipped, "error": error});
        out.insert("history".into(), history);
    }
    if let Some(processors) = world.get::<Processors>(timeline) {
        out.insert("processors".into(), json!(processors.status().collect::<Vec<_>>()));
    }
    let alarms = known.alarms();
    let list: Vec<_> = alarms
        .sorted(scene)
        .into_iter()
        .map(|(alarm, _, twin, raised)| {
            json!({ "id": alarm.id, "severity": alarm.severity, "twin": scene.topology.twin_id(twin),
                "message": alarm.message, "since": cupola_wire::format_rfc3339(raised.since_us),
                "acknowledged": raised.acknowledged, "stale": raised.is_stale })
        })
        .collect();
    out.insert("alarms".into(), json!(list));
    out.insert("alarms_raised".into(), json!(alarms.total));
    let past = alarms.past.iter().map(|past| {
        let known = scene.alarms.iter().find(|alarm| *alarm.id == *past.alarm);
        json!({ "id": &*past.alarm, "severity": known.map(|alarm| alarm.severity), "twin": &*past.twin,
            "message": known.map(|alarm| &alarm.message), "since": cupola_wire::format_rfc3339(past.since_us),
            "until": cupola_wire::format_rfc3339(past.until_us) })
    });
    out.insert("alarms_cleared".into(), past.collect());
    let commands = known.invocations().list.iter().map(|invocation| invocation.to_json(&scene.topology));
    out.insert("commands".into(), commands.collect());
    let unsettled = check::unsettled(scene, known.state());
    output::report(&unsettled);
    out.insert("unsettled".into(), json!(unsettled));
    if let Some(text) = WallClock::System.set_back_text() {
        output::error_line(format!("warning[clock]: {text}"));
        out.insert("clock_set_back_s".into(), json!(WallClock::System.set_back_us() as f64 / 1e6));
    }
    out.insert("summary".into(), summary(known.state()));
    out.insert("values".into(), values(known.state()));
    serde_json::Value::Object(out)
}

/// Returns the status of the feeds, or `None` if they were never connected.
fn feed(connections: &Connections) -> Option<serde_json::Value> {
    let status = connections.status();
    let connection = word(&status.connection);
    let counters = status.counters;
    (!status.url.is_empty()).then(|| {
        json!({
            "url": status.url, "connection": connection, "messages": counters.messages,
            "replaced": counters.replaced, "late": counters.late, "rejected": counters.rejected,
            "last_rejection": counters.last_rejection,
            "rounded": counters.rounded, "last_rounded": counters.last_rounded, "unknown_topics": counters.unknown_topics,
            "publish_to_propagated_ms": connections.latencies.publish_to_propagated(),
            "arrival_to_propagated_ms": connections.latencies.arrival_to_propagated(),
            "brokers": status.brokers.iter().map(|broker| json!({
                "url": broker.url, "connection": word(&broker.connection), "refused": broker.history.refused,
                "outages": broker.history.outages, "lost_s": broker.history.lost_us as f64 / 1e6,
            })).collect::<Vec<_>>(),
        })
    })
}

fn word(connection: &Connection) -> String {
    match connection {
        Connection::Idle => "idle".to_string(),
        Connection::Connecting => "connecting".into(),
        Connection::Connected => "connected".into(),
        Connection::Lost { error } => format!("lost: {error}"),
    }
}

/// Returns the computed values of the twins without an incoming relationship, which describe the building as a whole.
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

/// Returns every computed property and every property that was set after the start.
fn values(state: &State) -> serde_json::Value {
    let topology = state.topology();
    let mut out = Map::new();
    for twin in topology.twins() {
        for slot in topology.properties(twin) {
            let (sample, column) = (state.get(slot), topology.column(slot.column));
            // An initial value that did not change is in the scene's file.
            if column.formula.is_none() && (state.is_initial(slot) || sample.quality == Quality::Missing) {
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

/// Returns the time zone of a timeline's building.
pub(in crate::cli) fn zone_of(world: &World, timeline: Entity) -> TimeZone {
    world.get::<Timeline>(timeline).map_or(TimeZone::UTC, |known| known.scene().time_zone.zone.clone())
}

/// Prints the report as text, with times of a zone.
pub(in crate::cli) fn show(report: &serde_json::Value, zone: &TimeZone) {
    let text = |key: &str| output::local(report[key].as_str().unwrap_or(""), zone).into_owned();
    output::line(format!("{}, {}, {} to {}", text("scene"), text("source"), text("start"), text("end")));
    output::line(format!("{} ticks, {} values changed", report["ticks"], report["changes"]));
    if let Some(history) = report.get("history") {
        let folder = history["folder"].as_str().unwrap_or("");
        output::line(format!("{} changes are recorded in {folder}", history["changes"]));
        if let Some(error) = history["error"].as_str() {
            output::error_line(format!("the history can't be written: {error}"));
        }
        if history["skipped"].as_u64().is_some_and(|skipped| skipped > 0) {
            output::error_line(format!("{} changes were replaced by newer ones before that", history["skipped"]));
        }
    }
    if let Some(feed) = report.get("feed") {
        output::line(format!(
            "feed {}: {}, {} messages, {} rejected",
            feed["url"].as_str().unwrap_or(""),
            feed["connection"].as_str().unwrap_or(""),
            feed["messages"],
            feed["rejected"]
        ));
        for (key, words) in [
            ("publish_to_propagated_ms", "from device to propagation"),
            ("arrival_to_propagated_ms", "from arrival to propagation"),
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
    let active =
        if alarms.len() == 1 { "1 alarm is active".into() } else { format!("{} alarms are active", alarms.len()) };
    let raised = &report["alarms_raised"];
    output::line(format!("{active}, {raised} {} raised", if *raised == 1 { "was" } else { "were" }));
    for alarm in alarms.iter().take(MAX_ALARMS) {
        let text = |key: &str| alarm[key].as_str().unwrap_or("");
        let mark = match (alarm["acknowledged"] == true, alarm["stale"] == true) {
            (false, false) => "",
            (true, false) => " (acknowledged)",
            (false, true) => " (from a stale value)",
            (true, true) => " (acknowledged; from a stale value)",
        };
        output::line(format!(
            "  {} {} since {}: {}{mark}",
            text("severity"),
            text("twin"),
            output::local(text("since"), zone),
            text("message")
        ));
    }
    if alarms.len() > MAX_ALARMS {
        output::line(format!("  and {} more; --json prints them all", alarms.len() - MAX_ALARMS));
    }
    let past = report["alarms_cleared"].as_array().unwrap_or(&empty);
    for alarm in past.iter().rev().take(MAX_ALARMS) {
        let text = |key: &str| alarm[key].as_str().unwrap_or("");
        let (since, until) = (output::local(text("since"), zone), output::local(text("until"), zone));
        output::line(format!("  cleared: {} {since} to {until}: {}", text("twin"), text("message")));
    }
    if past.len() > MAX_ALARMS {
        output::line(format!("  and {} earlier ones; --json prints them", past.len() - MAX_ALARMS));
    }
    for command in report["commands"].as_array().into_iter().flatten() {
        let text = |key: &str| command[key].as_str().unwrap_or("");
        let why = if text("error").is_empty() { String::new() } else { format!(": {}", text("error")) };
        let took = command["milliseconds"].as_f64().map_or(String::new(), |ms| format!(" after {:.1} s", ms / 1e3));
        let late = if command["timed_out"] == true && text("outcome") == "done" { ", late" } else { "" };
        let time = output::local(text("time"), zone);
        let (twin, command, outcome) = (text("twin"), text("command"), text("outcome"));
        output::line(format!("command {time} {twin}.{command} {outcome}{took}{late}{why}"));
    }
    for (name, value) in report["summary"].as_object().into_iter().flatten().take(MAX_SUMMARY) {
        output::line(format!("  {name:<44} {}", value.as_str().unwrap_or("")));
    }
    let values = report["values"].as_object();
    output::line(format!("{} values known; --json prints them all", values.map_or(0, Map::len)));
}
