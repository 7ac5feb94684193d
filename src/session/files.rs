//! Actions that open, reload and save scenes.

use super::edit::Loss;
use super::replace::replace;
use super::{
    AllowedFiles, EditHistory, FileWatcher, Findings, PreparedScene, RefusedFiles, SessionOptions, open_prepared,
};
use crate::action::{Action, ActionResult, WaitRule};
use crate::job::Jobs;
use crate::look::ViewSettings;
use crate::notice::{NoticeLevel, Notices};
use crate::processor::MayStartPrograms;
use crate::timeline::OpenScene;
use bevy::prelude::*;
use cupola_run::{Actor, Relocation};
use cupola_scene::{Document, Scene, file_of, load, lock, rebase, refused_files, save};
use cupola_twin::{Diagnostic, Severity, State};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The action that opens the scene in a folder or file.
#[derive(Clone, Debug, PartialEq)]
pub struct Open(pub PathBuf);

impl Action for Open {
    fn waiting(&self) -> WaitRule {
        WaitRule::ForJob
    }

    fn apply(self: Box<Self>, world: &mut World, _: &Actor) -> ActionResult {
        let Self(path) = *self;
        world.resource_mut::<EditHistory>().accept_discard(Loss::Open(path.clone()))?;
        let label = format!("Opening {}", name_of(&path));
        world.resource_mut::<Jobs>().start(label, true, move || {
            let mut loaded = load(&path);
            let errors = loaded.diagnostics.iter().filter(|found| is_error(found)).count();
            let first = first_error(&loaded.diagnostics);
            let prepared = loaded.scene.take().map(|scene| {
                let state = State::new(scene.topology.clone());
                (PreparedScene::new(Arc::new(scene), loaded.diagnostics), state)
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
                    let text = format!("The scene has {errors} errors. The first is: {first}");
                    world.resource_mut::<Notices>().push(NoticeLevel::Warning, text);
                }
                Ok(None)
            })
        })
    }
}

/// The action that reloads the open scene from its files. Timelines keep their values. If the files have errors,
/// everything stays unchanged.
#[derive(Clone, Debug, PartialEq)]
pub struct Reload;

impl Action for Reload {
    fn waiting(&self) -> WaitRule {
        WaitRule::OnScene
    }

    fn apply(self: Box<Self>, world: &mut World, _: &Actor) -> ActionResult {
        let before = world.get_resource::<OpenScene>().map(|scene| scene.0.clone()).ok_or("no scene is open")?;
        world.resource_mut::<EditHistory>().accept_discard(Loss::Reload)?;
        world.resource_mut::<Jobs>().start("Reloading the scene", true, move || {
            let mut loaded = load(&before.path);
            let refused = std::mem::take(&mut loaded.refused);
            let prepared =
                loaded.scene.take().map(|scene| PreparedScene::new(Arc::new(scene), loaded.diagnostics.clone()));
            let relocation =
                prepared.as_ref().map(|prepared| Relocation::new(&before.topology, &prepared.scene.topology));
            let has_new_program = prepared.as_ref().is_some_and(|prepared| has_new_program(&before, &prepared.scene));
            drop(before);
            let findings = prepared.as_ref().map_or(loaded.diagnostics, |prepared| prepared.findings.clone());
            Box::new(move |world| {
                let error = first_error(&findings);
                let (prepared, relocation) = match (prepared.zip(relocation), error) {
                    (Some(prepared), None) => prepared,
                    (_, why) => {
                        let why = why.unwrap_or_default();
                        world.insert_resource(RefusedFiles(refused));
                        return Err(format!("the changed files have errors, so the scene stays as it was: {why}"));
                    }
                };
                world.insert_resource(RefusedFiles(refused));
                world.insert_resource(Findings(findings));
                replace(world, prepared, &relocation);
                // The permission is for the programs that the person knew.
                if has_new_program && world.resource::<MayStartPrograms>().0 {
                    world.insert_resource(MayStartPrograms(false));
                    let text = "The scene names another program to run. It is not started unless you allow it again.";
                    world.resource_mut::<Notices>().push(NoticeLevel::Warning, text);
                }
                // The edits in the history belong to the text before the reload.
                world.insert_resource(EditHistory::default());
                world.resource_mut::<FileWatcher>().read_again();
                Ok(Some("The scene was reloaded".into()))
            })
        })
    }
}

/// Returns whether a changed scene names a program that it did not name before.
fn has_new_program(before: &Scene, changed: &Scene) -> bool {
    let programs = |scene: &Scene| -> BTreeSet<(Vec<String>, Option<String>)> {
        let processors = scene.document.processors.iter().filter(|processor| !processor.command.is_empty());
        processors.map(|processor| (processor.command.clone(), processor.folder.clone())).collect()
    };
    !programs(changed).is_subset(&programs(before))
}

/// The action that saves the open scene to its own file, or to another one.
#[derive(Clone, Debug, PartialEq)]
pub struct Save(pub Option<PathBuf>);

impl Action for Save {
    fn waiting(&self) -> WaitRule {
        WaitRule::OnScene
    }

    fn apply(self: Box<Self>, world: &mut World, _: &Actor) -> ActionResult {
        let scene = world.get_resource::<OpenScene>().map(|scene| scene.0.clone()).ok_or("no scene is open")?;
        let mut document = Document::clone(&scene.document);
        let settings = world.resource::<ViewSettings>();
        document.view.color_by = Some(settings.color_by.clone()).filter(|property| !property.is_empty());
        document.view.range = settings.range;
        let other = self.0.map(|path| file_of(&path)).filter(|path| !is_same_file(path, &scene.path));
        let target = other.unwrap_or_else(|| scene.path.clone());
        if target == scene.path && world.resource::<FileWatcher>().has_changed(&target) {
            world.resource_mut::<EditHistory>().accept(Loss::Overwrite)?;
        }
        if target != scene.path && target.exists() {
            world.resource_mut::<EditHistory>().accept(Loss::Replace(target.clone()))?;
        }
        rebase(&mut document, &scene.path, &target);
        // A copy elsewhere names the files that the person already reads.
        let mut elsewhere = refused_files(&document, &target);
        elsewhere.retain(|path| !scene.refused.contains(path));
        let label = format!("Saving {}", name_of(&target));
        world.resource_mut::<Jobs>().start(label, false, move || {
            let saved = lock(&target).and_then(|_lock| save(&document, &target)).map_err(|found| found.to_string());
            Box::new(move |world| {
                saved?;
                world.resource_mut::<AllowedFiles>().allow(elsewhere);
                world.resource_mut::<FileWatcher>().saved(&target);
                if target == scene.path {
                    world.resource_mut::<EditHistory>().unsaved = false;
                }
                let what = if target == scene.path { "Saved" } else { "Saved a copy as" };
                Ok(Some(format!("{what} {}", target.display())))
            })
        })
    }
}

/// Returns whether two paths lead to one file, also through links and from the current folder.
fn is_same_file(one: &Path, other: &Path) -> bool {
    let whole = |path: &Path| path.canonicalize().or_else(|_| std::path::absolute(path)).ok();
    whole(one) == whole(other)
}

/// Returns the display name of a scene: the name of its folder, or else of its file.
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
