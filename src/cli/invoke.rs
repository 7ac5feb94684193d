//! `cupola invoke`: gives a command to a twin and tells what became of it.

use super::run::{follow, headless};
use super::{BAD_CALL, BAD_INPUT, Source, Trust, output};
use crate::command::{Invocations, Outcome, invoke};
use crate::feed::{Connection, Live};
use crate::scene;
use crate::session::timeline_of;
use crate::timeline::{OpenScene, SourceKind};
use bevy::prelude::*;
use cupola_twin::{Topology, TwinIx, Value};
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// How long a broker may take to take us in.
const CONNECT_WITHIN: Duration = Duration::from_secs(10);
/// An answer is waited for as long as the scene says; this is only against one that says for ever.
const LONGEST: Duration = Duration::from_secs(24 * 3600);

#[derive(clap::Args)]
pub(super) struct Args {
    /// The scene.
    scene: PathBuf,
    /// The command: TWIN.COMMAND.
    command: String,
    /// What goes with it, as JSON: 21.5, "open", {"position": 40}. A plain word is a text.
    request: Option<String>,
    /// On which timeline: live goes to the device, simulated to the simulation.
    #[arg(long, value_enum, default_value_t = Source::Live)]
    source: Source,
    /// Connect to this broker instead of the scene's.
    #[arg(long)]
    broker: Option<String>,
    /// The invocation as JSON.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> u8 {
    let source = match args.source {
        Source::Live => SourceKind::Live,
        Source::Simulated => SourceKind::Simulated,
        Source::Replay => {
            output::error_line("what is replayed has happened already: it takes no commands");
            return BAD_CALL;
        }
    };
    let request = args
        .request
        .as_deref()
        .map(|text| serde_json::from_str::<Value>(text).unwrap_or_else(|_| Value::Text(text.to_string())));
    let mut app =
        match headless(scene::load(&args.scene), args.broker.clone(), source == SourceKind::Live, Trust::default()) {
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

/// Gives the command and waits for what becomes of it; the invocation, and whether it was done.
fn give(
    world: &mut World,
    source: SourceKind,
    command: &str,
    request: Option<Value>,
) -> Result<(serde_json::Value, bool), String> {
    let topology = world.resource::<OpenScene>().0.topology.clone();
    let (twin, command) = target(&topology, command)?;
    let timeline = timeline_of(world, source).ok_or("the scene has no simulation that can run")?;
    if source == SourceKind::Live {
        connected(world, timeline)?;
    }
    let number = invoke(world, timeline, twin, &command, request)?;
    let begin = Instant::now();
    loop {
        let invocation = world.get::<Invocations>(timeline).and_then(|all| all.get(number)).cloned();
        let invocation = invocation.ok_or("the invocation was lost")?;
        if invocation.outcome != Outcome::Pending || begin.elapsed() > LONGEST {
            let done = matches!(invocation.outcome, Outcome::Done(_));
            return Ok((invocation.to_json(&topology), done));
        }
        follow(world, timeline, Duration::from_millis(20), |_, _, _| true);
    }
}

/// The twin and the command of `TWIN.COMMAND`; ids and names of component commands may hold dots.
fn target(topology: &Topology, text: &str) -> Result<(TwinIx, String), String> {
    let splits = text.match_indices('.').map(|(dot, _)| (&text[..dot], &text[dot + 1..]));
    let found: Vec<(TwinIx, &str)> = splits.filter_map(|(id, command)| Some((topology.twin(id)?, command))).collect();
    let known =
        found.iter().find(|(twin, command)| topology.models.get(topology.model_of(*twin)).command(command).is_some());
    match (known.or(found.first()), text.split_once('.')) {
        (Some((twin, command)), _) => Ok((*twin, (*command).to_string())),
        (None, None) => Err(format!("write TWIN.COMMAND, not `{text}`")),
        (None, Some((id, _))) => {
            let ids: Vec<&str> = topology.twins().map(|twin| topology.twin_id(twin)).collect();
            let near = cupola_twin::diagnostic::nearest(id, ids);
            let hint = near.map(|near| format!(" (did you mean `{near}`?)")).unwrap_or_default();
            Err(format!("no twin is called `{id}`{hint}"))
        }
    }
}

/// Waits until the feed's broker has taken us in.
fn connected(world: &mut World, timeline: Entity) -> Result<(), String> {
    let begin = Instant::now();
    loop {
        let status = world.get::<Live>(timeline).map(Live::status).ok_or("the scene has no feed: add `feeds` to it")?;
        match status.connection {
            Connection::Connected => return Ok(()),
            Connection::Lost { error } => return Err(format!("{}: {error}", status.url)),
            _ if begin.elapsed() > CONNECT_WITHIN => return Err(format!("{} doesn't answer", status.url)),
            _ => {}
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
