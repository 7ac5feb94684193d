//! Imports in the app. A thread reads the files, the panels show a preview, and the user decides whether a scene is
//! written.

use crate::action::{Action, ActionRequest, ActionResult, WaitRule};
use crate::job::Jobs;
use crate::notice::{NoticeLevel, Notices};
use crate::session::{EditHistory, Loss, Open};
use bevy::prelude::*;
use cupola_exchange::import::{self, Draft};
use cupola_run::Actor;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, TryRecvError, sync_channel};
use std::sync::{Mutex, PoisonError};

/// The current import.
#[derive(Resource, Default)]
pub struct Import {
    /// The stage of the import.
    pub stage: Stage,
    // `Receiver` is not `Sync`, so a mutex holds it. Only one system uses it.
    news: Option<Mutex<Receiver<Stage>>>,
}

/// The stage of an import.
#[derive(Default)]
pub enum Stage {
    /// No import is going on.
    #[default]
    Idle,
    /// Files are being read, with a text about the progress.
    Reading(String),
    /// The files are read, and nothing is written yet.
    Preview(Box<Preview>),
}

/// The result of an import before it is written.
pub struct Preview {
    /// The draft that was read.
    pub draft: Draft,
    /// Whether a scene can be made of the draft.
    pub sound: bool,
    /// The suggested folder for the scene.
    pub folder: PathBuf,
}

/// The action that reads files and folders of other formats for a preview.
#[derive(Clone, Debug, PartialEq)]
pub struct StartImport(pub Vec<PathBuf>);

impl Action for StartImport {
    fn apply(self: Box<Self>, world: &mut World, _: &Actor) -> ActionResult {
        let Self(paths) = *self;
        // A capacity of one is enough. If the channel is full, a progress message is dropped, because later messages
        // follow.
        let (sender, news) = sync_channel(1);
        let folder = folder_for(&paths);
        let read = move || {
            let mut draft = import::gather(&paths, &mut |text| {
                let _ = sender.try_send(Stage::Reading(text.to_string()));
            });
            let _ = sender.try_send(Stage::Reading(import::SETTLING.into()));
            let sound = import::settle(&mut draft).sound && !draft.is_empty();
            // Sending fails if the import was cancelled.
            let _ = sender.send(Stage::Preview(Box::new(Preview { draft, sound, folder })));
        };
        std::thread::Builder::new()
            .name("import".into())
            .spawn(read)
            .map_err(|error| format!("the import can't start: {error}"))?;
        let stage = Stage::Reading("looking for files".into());
        world.insert_resource(Import { stage, news: Some(Mutex::new(news)) });
        Ok(None)
    }
}

/// The action that cancels the import.
#[derive(Clone, Debug, PartialEq)]
pub struct CancelImport;

impl Action for CancelImport {
    fn apply(self: Box<Self>, world: &mut World, _: &Actor) -> ActionResult {
        world.insert_resource(Import::default());
        Ok(None)
    }
}

/// The action that writes the previewed import and opens the scene. If writing fails, the preview stays.
#[derive(Clone, Debug, PartialEq)]
pub struct WriteImport {
    /// The folder to write the scene into.
    pub folder: PathBuf,
    /// Whether a scene that is already in the folder is replaced.
    pub replace: bool,
}

impl Action for WriteImport {
    fn waiting(&self) -> WaitRule {
        WaitRule::ForJob
    }

    fn apply(self: Box<Self>, world: &mut World, _: &Actor) -> ActionResult {
        let Self { folder, replace } = *self;
        // The new scene is opened after it was written, so a warning about unsaved edits comes first.
        world.resource_mut::<EditHistory>().accept_discard(Loss::Open(folder.clone()))?;
        let import = world.resource_mut::<Import>().into_inner();
        let preview = match std::mem::take(&mut import.stage) {
            Stage::Preview(preview) => preview,
            other => {
                import.stage = other;
                return Err("there is nothing to import".into());
            }
        };
        world.resource_mut::<Jobs>().start(format!("Writing {}", folder.display()), false, move || {
            let written = import::write(&preview.draft, &folder, replace).map_err(|found| found.to_string());
            Box::new(move |world| {
                if let Err(why) = written {
                    // The person can choose another folder.
                    world.insert_resource(Import { stage: Stage::Preview(preview), news: None });
                    return Err(why);
                }
                let words = format!("{} twins imported into {}", preview.draft.twins.len(), folder.display());
                world.resource_mut::<EditHistory>().will_accept(Loss::Open(folder.clone()));
                world.write_message(ActionRequest::new(Open(folder)));
                Ok(Some(words))
            })
        })
    }
}

/// Returns a folder beside the first of the imported files.
fn folder_for(paths: &[PathBuf]) -> PathBuf {
    let first = paths.first().map_or(Path::new("import"), PathBuf::as_path);
    let stem = first.file_stem().map_or_else(|| "import".into(), |stem| stem.to_string_lossy().into_owned());
    first.with_file_name(format!("{stem}-scene"))
}

/// Takes the next stage from the thread of the import.
pub(crate) fn listen(mut import: ResMut<Import>, mut notices: ResMut<Notices>) {
    let Some(news) = &mut import.bypass_change_detection().news else { return };
    let heard = news.get_mut().unwrap_or_else(PoisonError::into_inner).try_recv();
    match heard {
        Ok(stage) => {
            if !matches!(stage, Stage::Reading(_)) {
                import.news = None;
            }
            import.stage = stage;
        }
        Err(TryRecvError::Empty) => {}
        Err(TryRecvError::Disconnected) => {
            *import = Import::default();
            notices.push(NoticeLevel::Error, "The import failed unexpectedly. Nothing was written.");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_suggested_folder_is_beside_the_file() {
        let of = |path: &str| folder_for(&[PathBuf::from(path)]);
        assert_eq!(of("/data/graph.ndjson"), Path::new("/data/graph-scene"));
        assert_eq!(of("models"), Path::new("models-scene"));
        assert_eq!(folder_for(&[]), Path::new("import-scene"));
    }
}
