//! Actions: the things that a person asks the program to do. An action names its actor and has an outcome.
//!
//! Each feature declares its actions in its own folder. Panels, the view and the command line send them as messages; once a
//! frame they are applied in the order in which they were sent. Actions name twins by id, so an action that replaces the
//! scene leaves the meaning of those behind it.

use crate::job::{self, Jobs};
use crate::notice::{NoticeLevel, Notices};
use bevy::ecs::system::SystemParam;
use bevy::prelude::*;
use cupola_run::Actor;
use std::fmt::Debug;

/// Characters of an action in the log.
const MAX_LOGGED: usize = 200;

/// The outcome of an action: words for the user if there is something to tell, or the reason why nothing was done.
pub type ActionResult = Result<Option<String>, String>;

/// The dependence of an action on jobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waiting {
    /// The action is applied at once, also while a job runs.
    Never,
    /// The action waits for the job that runs, and is about no scene in particular. It may open one, so actions behind it
    /// are not about the scene before it.
    ForJob,
    /// The action waits for the job that runs, and is refused if the job opened another scene meanwhile.
    OnScene,
}

/// A thing that a person asks the program to do.
pub trait Action: Debug + Send + Sync + 'static {
    /// Returns whether the action waits while a job reads or changes the scene.
    fn waiting(&self) -> Waiting {
        Waiting::Never
    }

    /// Applies the action. An action that starts a job has the outcome of the job.
    ///
    /// # Errors
    /// The reason why nothing was done.
    fn apply(self: Box<Self>, world: &mut World, actor: &Actor) -> ActionResult;
}

/// An action that was sent and is not applied yet.
#[derive(Message, Debug)]
pub struct ActionRequest {
    /// The number of the request, by which its sender finds the outcome; 0 if nobody asks for it.
    pub number: u64,
    /// The actor; none: the person at this computer.
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

/// The outcome of an action that was applied, for its sender.
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

/// Actions in the order in which a panel wants them.
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

/// Sends the actions of the person at this computer.
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

/// Applies the actions that were sent in the last frame, in order. Actions behind one that started a job wait for it.
pub fn apply_actions(world: &mut World) {
    finish_job(world);
    while !world.resource::<Jobs>().is_running()
        && let Some((request, seen)) = world.resource_mut::<Jobs>().waiting.pop_front()
    {
        let is_of_another = seen.is_some_and(|seen| seen != world.resource::<Jobs>().scenes_opened);
        if is_of_another && request.action.waiting() == Waiting::OnScene {
            refuse(world, request, "another scene was opened meanwhile");
        } else {
            apply(world, request);
        }
    }
    let requests: Vec<ActionRequest> = world.resource_mut::<Messages<ActionRequest>>().drain().collect();
    // The scene that the user saw when the actions were sent. Actions behind one that opens a scene are about that one.
    let mut seen = Some(world.resource::<Jobs>().scenes_opened);
    let mut must_wait = false;
    for request in requests {
        let mut jobs = world.resource_mut::<Jobs>();
        let waiting = request.action.waiting();
        let waits = waiting != Waiting::Never;
        if (must_wait && jobs.is_running()) || (waits && (jobs.is_running() || !jobs.waiting.is_empty())) {
            jobs.waiting.push_back((request, seen));
            must_wait = true;
        } else {
            apply(world, request);
            must_wait |= waits && world.resource::<Jobs>().is_running();
        }
        if waiting == Waiting::ForJob {
            seen = None;
        }
    }
}

/// Applies one action, and waits for the job that it starts as long as the frame has patience.
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

/// Tells the outcome of an action: to the user, to the log and to its sender.
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

/// Cuts a text for the log.
fn shortened(mut text: String) -> String {
    if let Some((end, _)) = text.char_indices().nth(MAX_LOGGED) {
        text.truncate(end);
        text.push('…');
    }
    text
}

/// Actions in the app.
pub struct ActionPlugin;

impl Plugin for ActionPlugin {
    fn build(&self, app: &mut App) {
        app.add_message::<ActionRequest>()
            .add_message::<ActionOutcome>()
            .init_resource::<LocalUser>()
            .init_resource::<Jobs>();
    }
}

/// Stops the job that runs, if it can be stopped.
#[derive(Clone, Debug, PartialEq)]
pub struct StopJob;

impl Action for StopJob {
    fn apply(self: Box<Self>, world: &mut World, _: &Actor) -> ActionResult {
        let Some(stopped) = world.resource_mut::<Jobs>().stop() else { return Ok(None) };
        report(world, stopped.number, &stopped.name, stopped.result);
        Ok(None)
    }
}
