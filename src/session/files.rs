//! Actions that open, reload and save scenes.

use super::replace::replace;
use super::{EditHistory, Findings, Prepared, SessionOptions, Watch, open_prepared};
use crate::action::{Action, ActionResult, Waiting};
use crate::job::Jobs;
use crate::look::ViewSettings;
use crate::notice::{NoticeLevel, Notices};
use crate::processor::MayStartPrograms;
use crate::timeline::OpenScene;
use bevy::prelude::*;
use cupola_run::{Actor, Relocation};
use cupola_scene::{Document, file_of, load, rebase, save};
use cupola_twin::{Diagnostic, Severity, State};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The action that opens the scene in a folder or file.
#[derive(Clone, Debug, PartialEq)]
pub struct Open(pub PathBuf);

impl Action for Open {
    fn waiting(&self) -> Waiting {
        Waiting::ForJob
    }

    fn apply(self: Box<Self>, world: &mut World, _: &Actor) -> ActionResult {
        let Self(path) = *self;
        let label = format!("Opening {}", name_of(&path));
        world.resource_mut::<Jobs>().start(label, true, move || {
            let mut loaded = load(&path);
            let errors = loaded.diagnostics.iter().filter(|found| is_error(found)).count();
            let first = first_error(&loaded.diagnostics);
            let prepared = loaded.scene.take().map(|scene| {
                let state = State::new(scene.topology.clone());
                (Prepared::new(Arc::new(scene), loaded.diagnostics), state)
            });
            Box::new(move |world| {
                let Some((prepared, state)) = prepared else {
                    return Err(first.unwrap_or_else(|| format!("{} can't be opened", path.display())));
                };
                // A broker that was named for one scene is not meant for another, and neither is the permission to start
                // programs.
                world.resource_mut::<SessionOptions>().broker = None;
                world.insert_resource(MayStartPrograms(false));
                open_prepared(world, prepared, state);
                if let Some(first) = first {
                    let text = format!("{errors} errors in the scene; the first: {first}");
                    world.resource_mut::<Notices>().push(NoticeLevel::Warning, text);
                }
                Ok(None)
            })
        })
    }
}

/// The action that reads the files of the open scene again. Timelines keep their values. If the files have errors, the
/// findings are replaced and everything else stays as it was.
#[derive(Clone, Debug, PartialEq)]
pub struct Reload;

impl Action for Reload {
    fn waiting(&self) -> Waiting {
        Waiting::OnScene
    }

    fn apply(self: Box<Self>, world: &mut World, _: &Actor) -> ActionResult {
        let before = world.get_resource::<OpenScene>().map(|scene| scene.0.clone()).ok_or("no scene is open")?;
        world.resource_mut::<Jobs>().start("Reading the scene again", true, move || {
            let mut loaded = load(&before.path);
            let prepared = loaded.scene.take().map(|scene| Prepared::new(Arc::new(scene), loaded.diagnostics.clone()));
            let relocation =
                prepared.as_ref().map(|prepared| Relocation::new(&before.topology, &prepared.scene.topology));
            drop(before);
            let findings = prepared.as_ref().map_or(loaded.diagnostics, |prepared| prepared.findings.clone());
            Box::new(move |world| {
                let error = first_error(&findings);
                world.insert_resource(Findings(findings));
                let (prepared, relocation) = match (prepared.zip(relocation), error) {
                    (Some(prepared), None) => prepared,
                    (_, why) => {
                        let why = why.unwrap_or_default();
                        return Err(format!("the changed files have errors, so the scene stays as it was: {why}"));
                    }
                };
                replace(world, prepared, &relocation);
                // The edits in the history belong to the text before the reload.
                world.insert_resource(EditHistory::default());
                Ok(Some("The scene was read again".into()))
            })
        })
    }
}

/// The action that saves the open scene to its own file, or to another one.
#[derive(Clone, Debug, PartialEq)]
pub struct Save(pub Option<PathBuf>);

impl Action for Save {
    fn waiting(&self) -> Waiting {
        Waiting::OnScene
    }

    fn apply(self: Box<Self>, world: &mut World, _: &Actor) -> ActionResult {
        let scene = world.get_resource::<OpenScene>().map(|scene| scene.0.clone()).ok_or("no scene is open")?;
        let mut document = Document::clone(&scene.document);
        let settings = world.resource::<ViewSettings>();
        document.view.color_by = Some(settings.color_by.clone()).filter(|property| !property.is_empty());
        document.view.range = settings.range;
        let target = self.0.map_or_else(|| scene.path.clone(), |path| file_of(&path));
        rebase(&mut document, &scene.path, &target);
        let label = format!("Saving {}", name_of(&target));
        world.resource_mut::<Jobs>().start(label, false, move || {
            let saved = save(&document, &target).map_err(|found| found.to_string());
            Box::new(move |world| {
                saved?;
                world.resource_mut::<Watch>().saved(&target);
                if target == scene.path {
                    world.resource_mut::<EditHistory>().unsaved = false;
                }
                Ok(Some(format!("Saved {}", target.display())))
            })
        })
    }
}

/// Returns the name of a scene for people: that of its folder, or of its file.
fn name_of(path: &Path) -> String {
    let own = if path.ends_with("scene.ron") { path.parent().unwrap_or(path) } else { path };
    own.file_name().map_or_else(|| "the scene".into(), |name| name.to_string_lossy().into_owned())
}

fn is_error(found: &Diagnostic) -> bool {
    found.severity == Severity::Error
}

fn first_error(findings: &[Diagnostic]) -> Option<String> {
    findings.iter().find(|found| is_error(found)).map(ToString::to_string)
}
