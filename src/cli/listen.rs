//! `--listen` of `cupola query` and `cupola why`: connects to the feeds of a scene before the answer. Without it, these
//! commands start no app.

use super::query::{Format, print, shape};
use super::run::{follow, headless};
use super::{BAD_CALL, BAD_INPUT, Source, Trust, opened, output, stop};
use crate::feed::Connections;
use crate::session::{SessionOptions, timeline_of};
use crate::timeline::{SourceKind, Timeline};
use bevy::prelude::{App, Entity, World};
use cupola_scene::Scene;
use cupola_twin::State;
use cupola_twin::expr::ExprError;
use cupola_twin::query::{Limits, Query, StandingQuery};
use serde_json::json;
use std::path::Path;
use std::time::{Duration, Instant};

/// Arguments of commands that can follow the feeds before they answer.
#[derive(clap::Args)]
pub(super) struct ListenArgs {
    /// Follow the scene's feeds for this duration before answering, such as 10s.
    #[arg(long = "listen", value_name = "DURATION", conflicts_with = "at")]
    pub duration: Option<String>,
    /// Connect to this broker instead of the scene's, for example mqtt://10.0.0.5:1883.
    #[arg(long, requires = "duration")]
    broker: Option<String>,
    #[command(flatten)]
    trust: Trust,
}

/// A query to keep open.
pub(super) struct WatchedQuery<'q> {
    pub query: Query,
    /// The text of the query.
    pub text: &'q str,
    /// The longest time that one answer may take, in seconds.
    pub timeout: Option<f64>,
    pub format: Format,
}

/// Follows the feeds of a scene and returns the live timeline. On failure, prints the error and returns the exit code.
pub(super) fn listened(path: &Path, timeline: Source, listen: &ListenArgs) -> Result<cupola_run::Timeline, u8> {
    if timeline != Source::Live {
        output::error_line("--listen needs the live timeline");
        return Err(BAD_CALL);
    }
    let (mut app, timeline, duration) = listening(path, listen)?;
    let world = app.world_mut();
    follow(world, timeline, duration, |_, _, _| true);
    tell_unused(world, timeline);
    if world.get::<Connections>(timeline).is_some_and(|known| known.status().is_unreachable()) {
        return Err(BAD_INPUT);
    }
    world.entity_mut(timeline).take::<Timeline>().map(|timeline| timeline.0).ok_or(BAD_INPUT)
}

/// Opens a scene and connects to its feeds. Returns the app, the live timeline and the duration of `--listen`.
fn listening(path: &Path, listen: &ListenArgs) -> Result<(App, Entity, Duration), u8> {
    let text = listen.duration.as_deref().unwrap_or_default();
    let Some(duration_us) = cupola_wire::parse_duration(text).filter(|us| *us > 0) else {
        output::error_line(format!("--listen takes a duration such as 10s or 2m, not `{text}`"));
        return Err(BAD_CALL);
    };
    let session = SessionOptions { connect: true, broker: listen.broker.clone(), ..SessionOptions::default() };
    let mut app = headless(opened(cupola_scene::load(path))?, session, listen.trust)?;
    stop::listen();
    let world = app.world_mut();
    let timeline =
        timeline_of(world, SourceKind::Live).filter(|timeline| world.get::<Connections>(*timeline).is_some());
    match timeline {
        Some(timeline) => Ok((app, timeline, Duration::from_micros(duration_us as u64))),
        None => {
            output::error_line("the scene has no feed to listen to: add `feeds` to it");
            Err(BAD_INPUT)
        }
    }
}

/// Keeps a query open while it follows the feeds of a scene, and returns the exit code.
pub(super) fn watch(path: &Path, listen: &ListenArgs, question: &WatchedQuery<'_>) -> u8 {
    let (mut app, timeline, duration) = match listening(path, listen) {
        Ok(listening) => listening,
        Err(code) => return code,
    };
    let world = app.world_mut();
    let Some(scene) = world.get::<Timeline>(timeline).map(|timeline| timeline.scene().clone()) else {
        return BAD_INPUT;
    };
    let mut open = WatchedAnswer { question, scene: &scene, standing: None, told: None, differs: true };
    let mut failure = None;
    follow(world, timeline, duration, |world, _, _| {
        let looked = world.get::<Timeline>(timeline).map(|timeline| open.look(timeline.state()));
        failure = looked.and_then(Result::err);
        failure.is_none() && !output::is_closed()
    });
    tell_unused(world, timeline);
    match failure {
        None => 0,
        Some(error) => {
            output::error_line(format!("{}\nerror[{}]: {error}", error.under(question.text), error.code));
            BAD_INPUT
        }
    }
}

/// Says on standard error which brokers had troubles, and what of the messages could not be used, each with an example.
pub(super) fn tell_unused(world: &World, timeline: Entity) {
    let Some(status) = world.get::<Connections>(timeline).map(Connections::status) else { return };
    status.troubles().into_iter().for_each(output::error_line);
    let counters = status.counters;
    if let Some(why) = counters.last_rejection {
        output::error_line(format!("{} messages or values could not be used; the last: {why}", counters.rejected));
    }
    if let Some(what) = counters.last_rounded {
        output::error_line(format!("{} values were rounded; the last: {what}", counters.rounded));
    }
    if let Some(topic) = counters.unknown_topics.first() {
        let count = counters.unknown_topics.len();
        output::error_line(format!("{count} topics lead to no property, such as {topic}"));
    }
}

/// A query that is kept open, with its last answer.
struct WatchedAnswer<'o> {
    question: &'o WatchedQuery<'o>,
    scene: &'o Scene,
    standing: Option<StandingQuery>,
    /// The time at which the last answer was printed, and that answer as JSON.
    told: Option<(Instant, String)>,
    /// Whether the answer may have changed since.
    differs: bool,
}

impl WatchedAnswer<'_> {
    /// Applies the changes of a tick. Prints the answer if it differs from the last one and the last one is a second
    /// old.
    fn look(&mut self, state: &State) -> Result<(), ExprError> {
        let (graph, question) = (&self.scene.graph, self.question);
        let deadline = question.timeout.map(|seconds| Instant::now() + Duration::from_secs_f64(seconds));
        let limits = Limits { deadline, cancel: None };
        let standing = match &mut self.standing {
            Some(standing) => {
                self.differs |= standing.update(graph, state, limits)?;
                standing
            }
            none => none.insert(StandingQuery::new(question.query.clone(), graph, state, limits)?),
        };
        let is_soon = self.told.as_ref().is_some_and(|(when, _)| when.elapsed() < Duration::from_secs(1));
        if !self.differs || is_soon {
            return Ok(());
        }
        let answer = standing.answer(graph, state)?;
        self.differs = false;
        // A changed value may give the same rows as before.
        let rows: Vec<_> = answer.rows.iter().map(|row| shape(self.scene, state, &answer.keys, row)).collect();
        let text = json!(rows).to_string();
        if self.told.as_ref().is_none_or(|(_, known)| *known != text) {
            print(self.scene, state, &answer, None, question.format);
            self.told = Some((Instant::now(), text));
        }
        Ok(())
    }
}
