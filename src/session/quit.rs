//! The action that quits the program, and the close button of the window.

use super::EditHistory;
use super::edit::Loss;
use crate::action::{Action, ActionRequest, ActionResult, WaitRule};
use bevy::prelude::*;
use bevy::window::WindowCloseRequested;
use cupola_run::Actor;

/// The action that quits the program. With unsaved edits it warns the first time.
#[derive(Clone, Debug, PartialEq)]
pub struct Quit;

impl Action for Quit {
    fn waiting(&self) -> WaitRule {
        // Quitting waits until a file that is being written is complete.
        WaitRule::ForJob
    }

    fn apply(self: Box<Self>, world: &mut World, _: &Actor) -> ActionResult {
        world.resource_mut::<EditHistory>().accept_discard(Loss::Quit)?;
        world.write_message(AppExit::Success);
        Ok(None)
    }
}

/// Turns the close button of the window into the action.
pub(super) fn quit_on_close(
    mut closed: MessageReader<WindowCloseRequested>,
    mut requests: MessageWriter<ActionRequest>,
) {
    for _ in closed.read() {
        requests.write(ActionRequest::new(Quit));
    }
}
