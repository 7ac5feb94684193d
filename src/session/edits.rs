//! Edits of the open scene's graph, with undo. They are in memory until the scene is saved.

use super::apply::replace;
use super::{Findings, bind};
use crate::scene::edit::{Edit, Journal, edit as make};
use crate::timeline::OpenScene;
use bevy::prelude::*;
use std::sync::Arc;

/// What was done to the open scene since it was read.
#[derive(Resource, Clone, Debug, Default)]
pub struct EditHistory {
    journal: Journal,
    /// Whether there are edits that are not on the disk.
    pub unsaved: bool,
}

impl EditHistory {
    /// Whether there is something to undo.
    pub fn can_undo(&self) -> bool {
        self.journal.to_undo().is_some()
    }

    /// Whether there is something to do again.
    pub fn can_redo(&self) -> bool {
        self.journal.to_redo().is_some()
    }
}

/// Makes edits: all of them, or none with the reason.
pub(super) fn edit(world: &mut World, edits: Vec<Edit>) -> Result<(), String> {
    let undo = change(world, edits)?;
    let mut history = world.resource_mut::<EditHistory>();
    history.journal.did(undo);
    Ok(())
}

/// Takes the last edits back.
pub(super) fn undo(world: &mut World) -> Result<(), String> {
    let edits = world.resource::<EditHistory>().journal.to_undo().cloned().ok_or("there is nothing to undo")?;
    let redo = change(world, edits)?;
    world.resource_mut::<EditHistory>().journal.undid(redo);
    Ok(())
}

/// Makes edits that were taken back again.
pub(super) fn redo(world: &mut World) -> Result<(), String> {
    let edits = world.resource::<EditHistory>().journal.to_redo().cloned().ok_or("there is nothing to do again")?;
    let undo = change(world, edits)?;
    world.resource_mut::<EditHistory>().journal.redid(undo);
    Ok(())
}

/// Puts the edited scene in the place of the open one; the edits that take it back.
fn change(world: &mut World, edits: Vec<Edit>) -> Result<Vec<Edit>, String> {
    let before = world.get_resource::<OpenScene>().map(|scene| scene.0.clone()).ok_or("no scene is open")?;
    let known = world.resource::<Findings>().0.clone();
    let mut bound = Default::default();
    let edited = make(&before, edits, &known, |scene, found| bound = bind(scene, found));
    let edited = edited.map_err(|found| found.to_string())?;
    let (feeds, simulation) = bound;
    world.insert_resource(Findings(edited.findings));
    replace(world, &before, Arc::new(edited.scene), &feeds, simulation);
    world.resource_mut::<EditHistory>().unsaved = true;
    Ok(edited.undo)
}
