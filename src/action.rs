//! Actions: the things that a person asks the program to do. An action names its actor and has an outcome.
//!
//! Each feature declares its actions in its own folder. Panels, the view and the command line send them as messages; once a
//! frame they are applied in the order in which they were sent. Actions name twins by id, so an action that replaces the
//! scene leaves the meaning of those behind it.

use crate::notice::{NoticeLevel, Notices};
use bevy::ecs::system::SystemParam;
use bevy::prelude::*;
use cupola_run::Actor;
use std::fmt::Debug;

/// The outcome of an action: words for the user if there is something to tell, or the reason why nothing was done.
pub type ActionResult = Result<Option<String>, String>;

/// A thing that a person asks the program to do.
pub trait Action: Debug + Send + Sync + 'static {
    /// Applies the action.
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

/// Applies the actions that were sent in the last frame, in order. Failures become notices and lines of the log.
pub fn apply_actions(world: &mut World) {
    let requests: Vec<ActionRequest> = world.resource_mut::<Messages<ActionRequest>>().drain().collect();
    for ActionRequest { number, actor, action } in requests {
        let actor = actor.unwrap_or_else(|| world.resource::<LocalUser>().0.clone());
        let name = format!("{action:?}");
        let result = action.apply(world, &actor);
        let notice = match &result {
            Ok(None) => None,
            Ok(Some(words)) => Some((NoticeLevel::Good, words)),
            Err(why) => Some((NoticeLevel::Error, why)),
        };
        match &result {
            Ok(_) => tracing::debug!(actor = actor.name, "{name}"),
            Err(why) => tracing::warn!(actor = actor.name, "{name} was refused: {why}"),
        }
        if let Some((level, words)) = notice {
            world.resource_mut::<Notices>().push(level, words.clone());
        }
        if number > 0 {
            world.write_message(ActionOutcome { number, result });
        }
    }
}

/// Actions in the app.
pub struct ActionPlugin;

impl Plugin for ActionPlugin {
    fn build(&self, app: &mut App) {
        app.add_message::<ActionRequest>().add_message::<ActionOutcome>().init_resource::<LocalUser>();
    }
}

/// Leaves the program.
#[derive(Clone, Debug, PartialEq)]
pub struct Quit;

impl Action for Quit {
    fn apply(self: Box<Self>, world: &mut World, _: &Actor) -> ActionResult {
        world.write_message(AppExit::Success);
        Ok(None)
    }
}
