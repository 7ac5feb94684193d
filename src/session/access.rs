//! The permission to read the files of a scene that lie outside of its folder.

use super::Reload;
use crate::action::{Action, ActionResult, WaitRule};
use bevy::prelude::*;
use cupola_run::Actor;
use cupola_scene::{ALLOW_FILES_TITLE, allow_files};
use std::collections::BTreeSet;
use std::path::PathBuf;

/// The files and folders that a person has allowed scenes to read.
#[derive(Resource, Clone, Debug, Default)]
pub struct AllowedFiles {
    paths: BTreeSet<PathBuf>,
    /// The file in which the paths are kept.
    file: Option<PathBuf>,
}

impl AllowedFiles {
    /// Reads the paths that were allowed before from the user's configuration, and allows them.
    pub fn kept() -> Self {
        let file = crate::settings::file("files.json");
        let paths: BTreeSet<PathBuf> = crate::settings::read(file.as_deref());
        allow_files(paths.iter().cloned());
        Self { paths, file }
    }

    /// Allows scenes to read some files, and remembers them.
    pub(super) fn allow(&mut self, paths: Vec<PathBuf>) {
        if paths.is_empty() {
            return;
        }
        allow_files(paths.iter().cloned());
        self.paths.extend(paths);
        // Without a configuration folder, the permission lasts until the program ends.
        crate::settings::write(self.file.as_deref(), &self.paths);
    }
}

/// The files elsewhere that the scene named when it was read last and that were not read.
#[derive(Resource, Clone, Debug, Default)]
pub struct RefusedFiles(pub Vec<PathBuf>);

impl RefusedFiles {
    /// Returns the message about the files, with the way to allow them, if there are any.
    pub(super) fn message(&self) -> Option<String> {
        let shown: Vec<String> = self.0.iter().map(|path| path.display().to_string()).collect();
        (!shown.is_empty()).then(|| {
            let files = shown.join(", ");
            format!(
                "The scene names files elsewhere, which were not read: {files}. If you trust it: Ctrl K, \"{ALLOW_FILES_TITLE}\"."
            )
        })
    }
}

/// The action that allows the open scene to read all files that it names, remembers them, and reads the scene again.
#[derive(Clone, Debug, PartialEq)]
pub struct AllowSceneFiles;

impl Action for AllowSceneFiles {
    fn waiting(&self) -> WaitRule {
        WaitRule::OnScene
    }

    fn apply(self: Box<Self>, world: &mut World, actor: &Actor) -> ActionResult {
        let refused = world.resource::<RefusedFiles>().0.clone();
        if refused.is_empty() {
            return Err("the scene names no file elsewhere that was not read".into());
        }
        world.resource_mut::<AllowedFiles>().allow(refused);
        Box::new(Reload).apply(world, actor)
    }
}
