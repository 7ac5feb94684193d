//! Hot reload: reads the open scene again when one of its files changes.

use super::{EditHistory, Reload};
use crate::action::ActionRequest;
use crate::notice::{NoticeLevel, Notices};
use crate::timeline::OpenScene;
use bevy::prelude::*;
use cupola_run::Actor;
use notify::{RecommendedWatcher, RecursiveMode, Watcher};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::{Duration, Instant, SystemTime};

/// Time without changes after which the scene is read. Editors write a file in several steps.
const QUIET: Duration = Duration::from_millis(300);
/// Capacity of the channel for changes. All changes have the same meaning, so a full channel loses nothing.
const WAITING: usize = 16;

/// The watcher of the folders of the open scene's files.
#[derive(Resource, Default)]
pub struct Watch {
    /// Whether files are watched, which only the app with a window does.
    pub enabled: bool,
    watcher: Option<RecommendedWatcher>,
    changes: Option<Mutex<Receiver<()>>>,
    watched: Vec<PathBuf>,
    stamps: Vec<(PathBuf, Option<SystemTime>)>,
    changed_at: Option<Instant>,
}

impl Watch {
    /// Takes the time of a file that the program itself has written, so that it does not count as a change.
    pub(super) fn saved(&mut self, path: &Path) {
        for (known, stamp) in &mut self.stamps {
            if known == path {
                *stamp = modified(path);
            }
        }
    }

    fn start(&mut self, files: &[PathBuf]) -> notify::Result<()> {
        if self.watched == files {
            return Ok(());
        }
        self.watched = files.to_vec();
        self.stamps = files.iter().map(|file| (file.clone(), modified(file))).collect();
        let (sender, receiver) = sync_channel(WAITING);
        let mut watcher = notify::recommended_watcher(move |_| {
            // A full channel already holds a change.
            let _ = sender.try_send(());
        })?;
        // Folders are watched and not files, because an atomic save replaces the watched file.
        let folders: BTreeSet<&Path> = files.iter().filter_map(|file| file.parent()).collect();
        for folder in folders {
            let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
            watcher.watch(folder, RecursiveMode::NonRecursive)?;
        }
        self.watcher = Some(watcher);
        self.changes = Some(Mutex::new(receiver));
        Ok(())
    }

    /// Returns whether a file has changed and no further change has come for a while.
    fn due(&mut self, now: Instant) -> bool {
        if let Some(changes) = &self.changes {
            let changes = changes.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            while changes.try_recv().is_ok() {
                self.changed_at = Some(now);
            }
        }
        if self.changed_at.is_none_or(|changed| now - changed < QUIET) {
            return false;
        }
        self.changed_at = None;
        let mut changed = false;
        for (file, stamp) in &mut self.stamps {
            let now = modified(file);
            changed |= now != *stamp;
            *stamp = now;
        }
        changed
    }
}

fn modified(path: &Path) -> Option<SystemTime> {
    std::fs::metadata(path).and_then(|data| data.modified()).ok()
}

pub(super) fn watch(world: &mut World) {
    if !world.resource::<Watch>().enabled {
        return;
    }
    let Some(scene) = world.get_resource::<OpenScene>().map(|scene| scene.0.clone()) else { return };
    let mut watch = world.resource_mut::<Watch>();
    if let Err(error) = watch.start(&scene.files) {
        watch.enabled = false;
        let text = format!("changes of the files won't be noticed: {error}");
        world.resource_mut::<Notices>().push(NoticeLevel::Warning, text);
        return;
    }
    if watch.due(Instant::now()) {
        if world.resource::<EditHistory>().unsaved {
            let text = "The scene's files have changed on the disk. Your edits are not saved: save them, or read the scene \
                        again and lose them.";
            world.resource_mut::<Notices>().push(NoticeLevel::Warning, text);
            return;
        }
        world
            .write_message(ActionRequest { actor: Some(Actor::program("file watcher")), ..ActionRequest::new(Reload) });
    }
}
