//! Imports in the app: the files are read on a thread of their own, shown as a preview, and written when that is wanted.

use crate::scene::import::{self, Draft};
use crate::selection::{Intent, NoticeLevel, Notices};
use bevy::prelude::*;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, TryRecvError, sync_channel};
use std::sync::{Mutex, PoisonError};

/// The import that is going on.
#[derive(Resource, Default)]
pub struct Import {
    /// How far it has come.
    pub stage: Stage,
    // A receiver can't be shared between threads; only one system looks at it.
    news: Option<Mutex<Receiver<Stage>>>,
}

/// How far an import has come.
#[derive(Default)]
pub enum Stage {
    /// There is none.
    #[default]
    Idle,
    /// Files are read: what is being read.
    Reading(String),
    /// They are read, and nothing is written yet.
    Preview(Box<Preview>),
}

/// What an import would give.
pub struct Preview {
    /// What was understood.
    pub draft: Draft,
    /// Whether a scene can be made of it.
    pub sound: bool,
    /// The folder that suggests itself.
    pub folder: PathBuf,
}

/// Begins to read files and folders.
///
/// # Errors
/// The thread can't be started.
pub(super) fn start(world: &mut World, paths: Vec<PathBuf>) -> Result<(), String> {
    // Progress that nobody has looked at yet is replaced by newer progress: one place is enough.
    let (sender, news) = sync_channel(1);
    let folder = folder_for(&paths);
    let read = move || {
        let mut draft = import::gather(&paths, &mut |text| {
            let _ = sender.try_send(Stage::Reading(text.to_string()));
        });
        let _ = sender.try_send(Stage::Reading(import::SETTLING.into()));
        let sound = import::settle(&mut draft).sound && !draft.is_empty();
        // Nobody listens any more when it was cancelled.
        let _ = sender.send(Stage::Preview(Box::new(Preview { draft, sound, folder })));
    };
    std::thread::Builder::new()
        .name("import".into())
        .spawn(read)
        .map_err(|error| format!("the import can't start: {error}"))?;
    world.insert_resource(Import { stage: Stage::Reading("looking for files".into()), news: Some(Mutex::new(news)) });
    Ok(())
}

/// A folder beside what is imported.
fn folder_for(paths: &[PathBuf]) -> PathBuf {
    let first = paths.first().map_or(Path::new("import"), PathBuf::as_path);
    let stem = first.file_stem().map_or_else(|| "import".into(), |stem| stem.to_string_lossy().into_owned());
    first.with_file_name(format!("{stem}-scene"))
}

/// Takes what the thread has to say.
pub(super) fn listen(mut import: ResMut<Import>, mut notices: ResMut<Notices>) {
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
            notices.push(NoticeLevel::Error, "The import broke off. Nothing was written.");
        }
    }
}

/// Writes what was previewed to a folder and opens it.
///
/// # Errors
/// It can't be written; the preview stays.
pub(super) fn write(world: &mut World, folder: &Path, replace: bool) -> Result<(), String> {
    let import = world.resource_mut::<Import>().into_inner();
    let Stage::Preview(preview) = &import.stage else { return Err("there is nothing to import".into()) };
    import::write(&preview.draft, folder, replace).map_err(|found| found.to_string())?;
    let twins = preview.draft.twins.len();
    *import = Import::default();
    let text = format!("{twins} twins imported into {}", folder.display());
    world.resource_mut::<Notices>().push(NoticeLevel::Good, text);
    world.write_message(Intent::Open(folder.to_path_buf()));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_stands_beside_the_file() {
        let of = |path: &str| folder_for(&[PathBuf::from(path)]);
        assert_eq!(of("/data/graph.ndjson"), Path::new("/data/graph-scene"));
        assert_eq!(of("models"), Path::new("models-scene"));
        assert_eq!(folder_for(&[]), Path::new("import-scene"));
    }
}
