//! `cupola invoke`: sends a command to a twin and prints its outcome.

use super::run::{follow, headless};
use super::{BAD_CALL, BAD_INPUT, Source, Trust, opened, output};
use crate::feed::{BrokerStatus, Connections};
use crate::session::{SessionOptions, timeline_of};
use crate::timeline::{SourceKind, Timeline, apply_event};
use bevy::prelude::*;
use cupola_mqtt::Connection;
use cupola_run::{Actor, CommandOutcome, EventBody};
use cupola_twin::Value;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Longest time that connecting to the broker may take.
const CONNECT_WITHIN: Duration = Duration::from_secs(10);
/// Longest time to wait for an answer. The timeout of the scene ends the wait earlier, unless it is longer than this.
const MAX_WAIT: Duration = Duration::from_secs(24 * 3600);

#[derive(clap::Args)]
pub(super) struct Args {
    /// Scene: a folder with scene.ron, or a .ron file.
    scene: PathBuf,
    /// Command, written as TWIN.COMMAND.
    command: String,
    /// Request of the command as JSON, such as 21.5, "open" or {"position": 40}. Text that is not JSON is taken as a
    /// string.
    request: Option<String>,
    /// Timeline to use. On the live timeline the device carries out the command, on the simulated timeline the
    /// simulation.
    #[arg(long, value_enum, default_value_t = Source::Live)]
    source: Source,
    /// Connect to this broker instead of the scene's, for example mqtt://10.0.0.5:1883.
    #[arg(long)]
    broker: Option<String>,
    /// Print the invocation as JSON.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> u8 {
    let source = match args.source {
        Source::Live => SourceKind::Live,
        Source::Simulated => SourceKind::Simulated,
        Source::Replay => {
            output::error_line("a replayed timeline takes no commands");
            return BAD_CALL;
        }
    };
    if !args.command.contains('.') {
        output::error_line(format!("write TWIN.COMMAND, not `{}`", args.command));
        return BAD_CALL;
    }
    let request = args.request.as_deref().map(|text| Value::from_text(text, None));
    let connect = source == SourceKind::Live;
    let opened = opened(cupola_scene::load(&args.scene));
    let session = SessionOptions { connect, broker: args.broker.clone(), ..SessionOptions::default() };
    let app = opened.and_then(|opened| headless(opened, session, Trust::default()));
    let mut app = match app {
        Ok(app) => app,
        Err(code) => return code,
    };
    match give(app.world_mut(), source, &args.command, request) {
        Ok((invocation, done)) => {
            if args.json {
                output::line(invocation.to_string());
            } else {
                output::line(words(&invocation));
            }
            if done { 0 } else { BAD_INPUT }
        }
        Err(why) => {
            output::error_line(why);
            BAD_INPUT
        }
    }
}

/// Sends the command and waits for its outcome. Returns the invocation and whether it succeeded.
fn give(
    world: &mut World,
    source: SourceKind,
    command: &str,
    request: Option<Value>,
) -> Result<(serde_json::Value, bool), String> {
    let timeline = timeline_of(world, source).ok_or("the scene has no simulation that can run")?;
    let topology = world.get::<Timeline>(timeline).map(|timeline| timeline.topology().clone());
    let topology = topology.ok_or("there is no timeline")?;
    let (twin, command) = topology.split_name(command).map_err(|found| found.to_string())?;
    let twin = topology.twin_id(twin).to_string();
    if source == SourceKind::Live {
        connected(world, timeline)?;
    }
    let body = EventBody::Command { twin, command: command.into(), request };
    let number = apply_event(world, timeline, body, &Actor::program("cupola invoke"))?;
    let begin = Instant::now();
    loop {
        let invocations = world.get::<Timeline>(timeline).map(|timeline| timeline.invocations());
        let invocation = invocations.zip(number).and_then(|(all, number)| all.get(number)).cloned();
        let invocation = invocation.ok_or("the invocation was lost")?;
        if invocation.outcome != CommandOutcome::Pending || begin.elapsed() > MAX_WAIT {
            let done = matches!(invocation.outcome, CommandOutcome::Done(_));
            return Ok((invocation.to_json(&topology), done));
        }
        follow(world, timeline, Duration::from_millis(20), |_, _, _| true);
    }
}

/// Waits until every broker is connected or out of reach. A command to a broker out of reach fails when it is sent.
fn connected(world: &mut World, timeline: Entity) -> Result<(), String> {
    let begin = Instant::now();
    loop {
        let status = world
            .get::<Connections>(timeline)
            .map(Connections::status)
            .ok_or("the scene has no feed: add `feeds` to it")?;
        if status.is_unreachable() {
            return Err(status.troubles().join("; "));
        }
        let is_settled =
            |broker: &BrokerStatus| matches!(broker.connection, Connection::Connected | Connection::Lost { .. });
        if status.brokers.iter().all(is_settled) {
            status.troubles().into_iter().for_each(output::error_line);
            return Ok(());
        }
        if begin.elapsed() > CONNECT_WITHIN {
            return Err(format!("{} doesn't answer", status.url));
        }
        follow(world, timeline, Duration::from_millis(20), |_, _, _| true);
    }
}

fn words(invocation: &serde_json::Value) -> String {
    let text = |key: &str| invocation.get(key).and_then(|value| value.as_str()).unwrap_or_default().to_string();
    let what = format!("{}.{}", text("twin"), text("command"));
    let took = invocation.get("milliseconds").and_then(|value| value.as_f64());
    let took = took.filter(|took| *took > 0.0).map(|took| format!(" ({took:.1} ms)")).unwrap_or_default();
    match (text("outcome").as_str(), invocation.get("response")) {
        ("done", Some(response)) if !response.is_null() => format!("{what}: {response}{took}"),
        ("done", _) => format!("{what}: done{took}"),
        ("failed", _) => format!("{what}: {}{took}", text("error")),
        _ => format!("{what}: still waiting"),
    }
}
