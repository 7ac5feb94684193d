//! Actions: the things that a person asks the program to do. Each request of an action has an actor and an outcome.
//!
//! Each feature declares its actions in its own folder. Panels, the view and the command line send actions as messages.
//! Once a frame, the actions are applied in the order in which they were sent. Actions name twins by id, so later
//! actions still mean the same twins after an action has replaced the scene.

use crate::job::{self, Jobs};
use crate::notice::{NoticeLevel, Notices};
use bevy::ecs::system::SystemParam;
use bevy::prelude::*;
use cupola_run::Actor;
use std::fmt::Debug;

/// The largest number of characters of an action in the log.
const MAX_LOGGED: usize = 200;

/// The outcome of an action: an optional message for the user, or the reason why the action failed.
pub type ActionResult = Result<Option<String>, String>;

/// The rule for an action while a job runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WaitRule {
    /// The action does not wait for a job. It waits only behind an action of the same frame that waits.
    Never,
    /// The action waits for the running job and concerns no particular scene. It may open a scene, so later actions may
    /// concern that scene.
    ForJob,
    /// The action waits for the running job. It is refused if another scene was opened in the meantime.
    OnScene,
}

/// A thing that a person asks the program to do.
pub trait Action: Debug + Send + Sync + 'static {
    /// Returns the rule for the action while a job runs.
    fn waiting(&self) -> WaitRule {
        WaitRule::Never
    }

    /// Applies the action. An action that starts a job has the outcome of the job.
    ///
    /// # Errors
    /// The action could not be applied. The error is the reason.
    fn apply(self: Box<Self>, world: &mut World, actor: &Actor) -> ActionResult;
}

/// An action that was sent and is not applied yet.
#[derive(Message, Debug)]
pub struct ActionRequest {
    /// The number of the request, which the outcome repeats for the sender. With 0, no outcome is sent.
    pub number: u64,
    /// The actor. `None` means the person at this computer.
    pub actor: Option<Actor>,
    /// The action.
    pub action: Box<dyn Action>,
}

impl ActionRequest {
    /// Returns a request of the person at this computer.
    pub fn new(action: impl Action) -> Self {
        Self { number: 0, actor: None, action: Box::new(action) }
    }
}

/// The outcome of a request, for its sender.
#[derive(Message, Clone, Debug, PartialEq)]
pub struct ActionOutcome {
    /// The number of the request.
    pub number: u64,
    /// The outcome.
    pub result: ActionResult,
}

/// The person at this computer.
#[derive(Resource, Clone, Debug)]
pub struct LocalUser(pub Actor);

impl Default for LocalUser {
    fn default() -> Self {
        let name = ["USER", "USERNAME"].iter().find_map(|name| std::env::var(name).ok());
        Self(Actor::person(name.filter(|name| !name.is_empty()).unwrap_or_else(|| "user".into())))
    }
}

/// A list of actions, in the order in which they are to be applied.
#[derive(Debug, Default)]
pub struct ActionList(Vec<Box<dyn Action>>);

impl ActionList {
    /// Adds an action.
    pub fn push(&mut self, action: impl Action) {
        self.0.push(Box::new(action));
    }

    /// Adds the actions of another list.
    pub fn extend(&mut self, more: Self) {
        self.0.extend(more.0);
    }
}

/// The system parameter that sends the actions of the person at this computer.
#[derive(SystemParam)]
pub struct ActionSender<'w> {
    requests: MessageWriter<'w, ActionRequest>,
}

impl ActionSender<'_> {
    /// Sends one action.
    pub fn send(&mut self, action: impl Action) {
        self.requests.write(ActionRequest::new(action));
    }

    /// Sends actions in order.
    pub fn send_all(&mut self, actions: ActionList) {
        let request = |action| ActionRequest { number: 0, actor: None, action };
        self.requests.write_batch(actions.0.into_iter().map(request));
    }
}

/// Applies the actions that were sent since the last frame, in order. Actions that have to wait for a job are queued.
pub fn apply_actions(world: &mut World) {
    finish_job(world);
    while !world.resource::<Jobs>().is_running()
        && let Some((request, seen)) = world.resource_mut::<Jobs>().waiting.pop_front()
    {
        let is_of_another = seen.is_some_and(|seen| seen != world.resource::<Jobs>().scenes_opened);
        if is_of_another && request.action.waiting() == WaitRule::OnScene {
            refuse(world, request, "another scene was opened meanwhile");
        } else {
            apply(world, request);
        }
    }
    let requests: Vec<ActionRequest> = world.resource_mut::<Messages<ActionRequest>>().drain().collect();
    // The scene that was open when the actions were sent. Actions after one that may open a scene concern the new
    // scene.
    let mut seen = Some(world.resource::<Jobs>().scenes_opened);
    let mut must_wait = false;
    for request in requests {
        let mut jobs = world.resource_mut::<Jobs>();
        let waiting = request.action.waiting();
        let waits = waiting != WaitRule::Never;
        if (must_wait && jobs.is_running()) || (waits && (jobs.is_running() || !jobs.waiting.is_empty())) {
            jobs.waiting.push_back((request, seen));
            must_wait = true;
        } else {
            apply(world, request);
            must_wait |= waits && world.resource::<Jobs>().is_running();
        }
        if waiting == WaitRule::ForJob {
            seen = None;
        }
    }
}

/// Applies one action. If the action starts a job, waits for the job for at most `Jobs::patience`.
fn apply(world: &mut World, request: ActionRequest) {
    let ActionRequest { number, actor, action } = request;
    let actor = actor.unwrap_or_else(|| world.resource::<LocalUser>().0.clone());
    let name = format!("{} by {}", shortened(format!("{action:?}")), actor.name);
    let was_running = world.resource::<Jobs>().is_running();
    let result = action.apply(world, &actor);
    if !was_running && world.resource::<Jobs>().is_running() {
        world.resource_mut::<Jobs>().started_by(number, name);
        finish_job(world);
        return;
    }
    report(world, number, &name, result);
}

fn refuse(world: &mut World, request: ActionRequest, why: &str) {
    let name = shortened(format!("{:?}", request.action));
    report(world, request.number, &name, Err(format!("{name}: {why}. Nothing was done.")));
}

fn finish_job(world: &mut World) {
    if let Some(done) = job::finish(world) {
        report(world, done.number, &done.name, done.result);
    }
}

/// Reports the outcome of an action to the user, to the log and to the sender.
fn report(world: &mut World, number: u64, name: &str, result: ActionResult) {
    let notice = match &result {
        Ok(None) => None,
        Ok(Some(words)) => Some((NoticeLevel::Good, words)),
        Err(why) => Some((NoticeLevel::Error, why)),
    };
    match &result {
        Ok(_) => tracing::info!("{name}"),
        Err(why) => tracing::warn!("{name} was refused: {why}"),
    }
    if let Some((level, words)) = notice {
        world.resource_mut::<Notices>().push(level, words.clone());
    }
    if number > 0 {
        world.write_message(ActionOutcome { number, result });
    }
}

/// Truncates a text to `MAX_LOGGED` characters for the log.
fn shortened(mut text: String) -> String {
    if let Some((end, _)) = text.char_indices().nth(MAX_LOGGED) {
        text.truncate(end);
        text.push('…');
    }
    text
}

/// The plugin that adds actions and jobs to the app.
pub struct ActionPlugin;

impl Plugin for ActionPlugin {
    fn build(&self, app: &mut App) {
        app.add_message::<ActionRequest>()
            .add_message::<ActionOutcome>()
            .init_resource::<LocalUser>()
            .init_resource::<Jobs>();
    }
}

/// The action that stops the running job, if it can be stopped.
#[derive(Clone, Debug, PartialEq)]
pub struct StopJob;

impl Action for StopJob {
    fn apply(self: Box<Self>, world: &mut World, _: &Actor) -> ActionResult {
        let Some(stopped) = world.resource_mut::<Jobs>().stop() else { return Ok(None) };
        report(world, stopped.number, &stopped.name, stopped.result);
        Ok(None)
    }
}
