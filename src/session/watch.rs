//! Hot reload: reloads the open scene when one of its files changes.

use super::{EditHistory, Reload};
use crate::action::ActionRequest;
use crate::job::Jobs;
use crate::notice::{NoticeLevel, Notices};
use crate::timeline::OpenScene;
use bevy::prelude::*;
use cupola_run::Actor;
use cupola_scene::SourceFile;
use notify_debouncer_mini::notify::{self, RecommendedWatcher, RecursiveMode};
use notify_debouncer_mini::{DebounceEventResult, DebouncedEvent, DebouncedEventKind, Debouncer, new_debouncer};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::{Duration, SystemTime};

/// Time without changes to a file after which the scene is reloaded. Editors write a file in several steps.
const QUIET: Duration = Duration::from_millis(300);

/// The file watcher of the open scene. It watches the folders of the scene's files.
#[derive(Resource, Default)]
pub struct FileWatcher {
    /// Whether files are watched. Only the app with a window watches files.
    pub enabled: bool,
    watcher: Option<Watcher>,
    watched: Vec<SourceFile>,
    stamps: Vec<(PathBuf, Option<SystemTime>)>,
    /// Whether a file has changed between the reading of the scene and the start of the watcher.
    is_late: bool,
    /// The files that other programs have changed since the scene was read or saved.
    changed: BTreeSet<PathBuf>,
}

struct Watcher {
    events: Mutex<Receiver<()>>,
    /// Stops watching when it is dropped.
    _debouncer: Debouncer<RecommendedWatcher>,
}

impl FileWatcher {
    /// Records the modification time of a file that the program has written, so that the write is not seen as a change.
    pub(super) fn saved(&mut self, path: &Path) {
        self.changed.remove(path);
        for (known, stamp) in &mut self.stamps {
            if known == path {
                *stamp = modified(path);
            }
        }
    }

    /// Forgets the changes of other programs, because the scene was read again.
    pub(super) fn read_again(&mut self) {
        self.changed.clear();
    }

    /// Returns whether another program has changed a file of the scene since it was read or saved.
    pub(super) fn has_changed(&self, path: &Path) -> bool {
        let is_newer = |(known, stamp): &(PathBuf, Option<SystemTime>)| known == path && modified(known) != *stamp;
        self.changed.contains(path) || self.stamps.iter().any(is_newer)
    }

    /// Watches the files of a scene. A file that has changed since it was read counts as changed at once.
    fn start(&mut self, files: &[SourceFile]) -> notify::Result<()> {
        if self.watched == files {
            return Ok(());
        }
        // A scene that was edited has the files of the scene before, which may have been saved since.
        let known = std::mem::take(&mut self.stamps);
        let is_same = |file: &SourceFile| self.watched.contains(file);
        let stamp = |file: &SourceFile| match known.iter().find(|(path, _)| *path == file.path) {
            Some((_, stamp)) if is_same(file) => *stamp,
            _ => file.modified,
        };
        self.stamps = files.iter().map(|file| (file.path.clone(), stamp(file))).collect();
        self.is_late = self.stamps.iter().any(|(path, stamp)| modified(path) != *stamp);
        self.watched = files.to_vec();
        self.watcher = None;
        // All events have the same meaning, so a full channel loses nothing.
        let (sender, events) = sync_channel(1);
        let mut debouncer = new_debouncer(QUIET, move |events: DebounceEventResult| {
            // `AnyContinuous` denotes a file that is still being written.
            let is_over =
                |events: &Vec<DebouncedEvent>| events.iter().any(|event| event.kind == DebouncedEventKind::Any);
            if events.as_ref().map_or(true, is_over) {
                let _ = sender.try_send(());
            }
        })?;
        let mut result = Ok(());
        // Folders are watched instead of files, because an atomic save replaces the watched file.
        let folders: BTreeSet<&Path> = files.iter().filter_map(|file| file.path.parent()).collect();
        for folder in folders {
            let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
            // A file of the scene may be missing together with its folder. All other folders are still watched.
            if let Err(error) = debouncer.watcher().watch(folder, RecursiveMode::NonRecursive) {
                result = Err(error);
            }
        }
        self.watcher = Some(Watcher { events: Mutex::new(events), _debouncer: debouncer });
        result
    }

    /// Returns whether a file has changed since the last call.
    fn due(&mut self) -> bool {
        let Some(watcher) = &self.watcher else { return false };
        let events = watcher.events.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if events.try_recv().is_err() && !std::mem::take(&mut self.is_late) {
            return false;
        }
        let mut is_due = false;
        for (file, stamp) in &mut self.stamps {
            let now = modified(file);
            if now != *stamp {
                (is_due, *stamp) = (true, now);
                self.changed.insert(file.clone());
            }
        }
        is_due
    }
}

fn modified(path: &Path) -> Option<SystemTime> {
    std::fs::metadata(path).and_then(|data| data.modified()).ok()
}

pub(super) fn watch(world: &mut World) {
    if !world.resource::<FileWatcher>().enabled {
        return;
    }
    let Some(scene) = world.get_resource::<OpenScene>().map(|scene| scene.0.clone()) else { return };
    let mut watch = world.resource_mut::<FileWatcher>();
    if let Err(error) = watch.start(&scene.files) {
        let text = format!("Changes to some of the scene's files won't be detected: {error}");
        world.resource_mut::<Notices>().push(NoticeLevel::Warning, text);
    }
    let jobs = world.resource::<Jobs>();
    if jobs.is_running() || !jobs.waiting.is_empty() {
        // Changes of the files wait as well, so that reloads don't pile up behind a long job.
        return;
    }
    if world.resource_mut::<FileWatcher>().due() {
        if world.resource::<EditHistory>().unsaved {
            let text = "The scene's files have changed on the disk. Your edits are not saved. Save them under another \
                        name, or reload the scene and discard them.";
            world.resource_mut::<Notices>().push(NoticeLevel::Warning, text);
            return;
        }
        world
            .write_message(ActionRequest { actor: Some(Actor::program("file watcher")), ..ActionRequest::new(Reload) });
    }
}
