//! Edits of the open scene's graph, with undo. They are in memory until the scene is saved.

use super::replace::replace;
use super::{Findings, PreparedScene};
use crate::action::{Action, ActionResult, WaitRule};
use crate::job::Jobs;
use crate::timeline::{OpenScene, Timeline, ViewCursor};
use crate::twin::{TwinEntities, keeps_places, places_of};
use bevy::prelude::*;
use cupola_run::{Actor, Assumption, Drivers, Relocation};
use cupola_scene::edit::{Edit, Journal, JournalStep, edit};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

/// The edits of the open scene since it was read from its file.
#[derive(Resource, Clone, Debug, Default)]
pub struct EditHistory {
    journal: Journal,
    /// Whether there are edits that are not in the scene's file.
    pub unsaved: bool,
    /// The loss that the user was last warned of, until it is accepted or until the next edit.
    warned: Option<Loss>,
}

/// A loss that a person has to accept before an action is applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Loss {
    /// Quitting discards unsaved edits.
    Quit,
    /// Reading the scene again discards unsaved edits.
    Reload,
    /// Opening another scene discards unsaved edits.
    Open(PathBuf),
    /// Saving overwrites the changes of another program.
    Overwrite,
    /// Saving a copy replaces a file.
    Replace(PathBuf),
}

impl EditHistory {
    /// Accepts the loss of unsaved edits, if there are any.
    ///
    /// # Errors
    /// There are unsaved edits, and the user was not warned yet. The error is the warning.
    pub(crate) fn accept_discard(&mut self, loss: Loss) -> Result<(), String> {
        if self.unsaved { self.accept(loss) } else { Ok(()) }
    }

    /// Notes that the user has accepted a loss, for an action that is yet to come.
    pub(crate) fn will_accept(&mut self, loss: Loss) {
        self.warned = Some(loss);
    }

    /// Accepts a loss if the user was warned of it and has sent the action again.
    ///
    /// # Errors
    /// The user was not warned yet. The error is the warning.
    pub(super) fn accept(&mut self, loss: Loss) -> Result<(), String> {
        // A warning serves once, so that a later loss of the same kind is warned of again.
        if self.warned.take().as_ref() == Some(&loss) {
            return Ok(());
        }
        let replaced;
        let warning = match &loss {
            Loss::Replace(path) => {
                replaced =
                    format!("{} exists already. Save again to replace it, or choose another name.", path.display());
                &replaced
            }
            Loss::Quit => "Your edits are not saved. Save them, or quit again to discard them.",
            Loss::Reload => "Your edits are not saved. Save them, or reload again to discard them.",
            Loss::Open(_) => "Your edits are not saved. Save them, or open the scene again to discard them.",
            Loss::Overwrite => {
                "Another program has changed the scene's file. Save under another name, or save again to overwrite the \
                 changes of the other program."
            }
        };
        let warning = warning.to_string();
        self.warned = Some(loss);
        Err(warning)
    }

    /// Returns whether there is an edit to undo.
    pub fn can_undo(&self) -> bool {
        self.journal.to_undo().is_some()
    }

    /// Returns whether there is an undone edit to redo.
    pub fn can_redo(&self) -> bool {
        self.journal.to_redo().is_some()
    }
}

/// The action that makes edits. If one edit is refused, no edit is made.
#[derive(Clone, Debug, PartialEq)]
pub struct EditScene(pub Vec<Edit>);

impl Action for EditScene {
    fn waiting(&self) -> WaitRule {
        WaitRule::OnScene
    }

    fn apply(self: Box<Self>, world: &mut World, _: &Actor) -> ActionResult {
        change(world, self.0, Journal::did)
    }
}

/// The action that undoes the last edits. Without an edit to undo it does nothing.
#[derive(Clone, Debug, PartialEq)]
pub struct Undo;

impl Action for Undo {
    fn waiting(&self) -> WaitRule {
        WaitRule::OnScene
    }

    fn apply(self: Box<Self>, world: &mut World, _: &Actor) -> ActionResult {
        let Some(step) = world.resource::<EditHistory>().journal.to_undo().cloned() else {
            return Ok(Some("There is nothing to undo".into()));
        };
        change(world, step.edits, Journal::undid)
    }
}

/// The action that makes the last undone edits again. Without one it does nothing.
#[derive(Clone, Debug, PartialEq)]
pub struct Redo;

impl Action for Redo {
    fn waiting(&self) -> WaitRule {
        WaitRule::OnScene
    }

    fn apply(self: Box<Self>, world: &mut World, _: &Actor) -> ActionResult {
        let Some(step) = world.resource::<EditHistory>().journal.to_redo().cloned() else {
            return Ok(Some("There is nothing to redo".into()));
        };
        change(world, step.edits, Journal::redid)
    }
}

/// The action that writes the assumptions of the timeline on the screen into the scene.
#[derive(Clone, Debug, PartialEq)]
pub struct KeepAssumptions;

impl Action for KeepAssumptions {
    fn waiting(&self) -> WaitRule {
        WaitRule::OnScene
    }

    fn apply(self: Box<Self>, world: &mut World, actor: &Actor) -> ActionResult {
        let shown = world.resource::<ViewCursor>().timeline;
        let timeline = world.get::<Timeline>(shown).ok_or("there is no timeline")?;
        let simulation = timeline.simulation().ok_or("only a simulated timeline has assumptions")?;
        let (assumptions, warmer_k) = simulation.own_assumptions();
        let scene = timeline.scene();
        let known = scene.document.simulation.as_ref().map(|simulation| &simulation.assumed);
        let mut rooms = BTreeMap::new();
        for (twin, assumption) in assumptions {
            let id = scene.topology.twin_id(twin).to_string();
            let before = known.and_then(|known| known.get(&id)).cloned().unwrap_or_default();
            let room = rooms.entry(id).or_insert(Some(before)).get_or_insert_default();
            match assumption {
                Assumption::Construction(name) => room.construction = Some(name),
                Assumption::LeaksAch(ach) => room.leaks_ach = Some(ach),
                Assumption::WarmerK(_) => {}
            }
        }
        Box::new(EditScene(vec![Edit::Assume { rooms, warmer_k }])).apply(world, actor)
    }
}

/// Makes edits and replaces the open scene by the edited one. `note` writes the inverse edits into the journal.
fn change(world: &mut World, edits: Vec<Edit>, note: fn(&mut Journal, JournalStep)) -> ActionResult {
    let before = world.get_resource::<OpenScene>().map(|scene| scene.0.clone()).ok_or("no scene is open")?;
    let known = world.resource::<Findings>().0.clone();
    let places = world.resource::<TwinEntities>().places();
    world.resource_mut::<Jobs>().start("Editing the scene", true, move || {
        let mut drivers = Drivers::default();
        let edited = edit(&before, edits, &known, |scene, found| drivers = Drivers::new(scene, found));
        let edited = edited.map_err(|found| found.to_string()).map(|edited| {
            let scene = Arc::new(edited.scene);
            let places = if keeps_places(&before, &scene) { places } else { places_of(&scene) };
            let relocation = Relocation::new(&before.topology, &scene.topology);
            (PreparedScene { scene, drivers, findings: edited.findings, places }, relocation, edited.undo)
        });
        drop(before);
        Box::new(move |world| {
            let (prepared, relocation, undo) = edited?;
            world.insert_resource(Findings(prepared.findings.clone()));
            replace(world, prepared, &relocation);
            let mut history = world.resource_mut::<EditHistory>();
            note(&mut history.journal, JournalStep { edits: undo, text: None });
            history.unsaved = true;
            history.warned = None;
            Ok(None)
        })
    })
}
