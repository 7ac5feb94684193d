//! The history of the open scene: where it is kept, and the recording of the live timeline.

use crate::notice::{NoticeLevel, Notices};
use crate::session::SessionOptions;
use crate::timeline::Timeline;
use bevy::prelude::*;
use cupola_history::{HistoryError, RecorderStatus, TimelineRecorder};
use cupola_scene::file_of;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use twox_hash::XxHash3_64;

/// The place in which the live timeline is recorded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum HistoryChoice {
    /// Nowhere.
    #[default]
    Off,
    /// In the user's data folder, in a folder of the scene.
    Usual,
    /// In a folder.
    Folder(PathBuf),
}

impl HistoryChoice {
    /// Returns the folder of a scene's history, or `None` without one.
    pub fn folder(&self, scene: &Path) -> Option<PathBuf> {
        match self {
            Self::Off => None,
            Self::Usual => usual_folder(scene),
            Self::Folder(folder) => Some(folder.clone()),
        }
    }
}

/// Returns the folder in the user's data folder that has the history of a scene, or `None` if no data folder is known. Its
/// name is the scene's name with a hash of its path, so that two scenes of one name have two histories.
pub fn usual_folder(scene: &Path) -> Option<PathBuf> {
    let data = crate::settings::folder("XDG_DATA_HOME", ".local/share")?;
    let file = file_of(scene);
    let whole = file.canonicalize().or_else(|_| std::path::absolute(&file)).unwrap_or(file);
    let own = if whole.ends_with("scene.ron") { whole.parent().unwrap_or(&whole) } else { &whole };
    let name = own.file_stem().map_or_else(|| "scene".into(), |name| name.to_string_lossy().into_owned());
    let hash = XxHash3_64::oneshot(whole.as_os_str().as_encoded_bytes());
    Some(data.join("cupola").join("history").join(format!("{name}-{hash:016x}")))
}

/// The longest time to wait until the timeline before has written its history.
const PATIENCE: Duration = Duration::from_secs(5);

/// The recording of the live timeline, if it is recorded.
#[derive(Resource, Clone, Debug, Default)]
pub struct OpenHistory(pub Option<Arc<TimelineRecorder>>);

/// Begins to record the live timeline of a scene that was opened. A timeline without a feed receives nothing, so it is not
/// recorded.
pub(crate) fn begin(world: &mut World, live: Entity, scene: &Path) {
    let before = world.remove_resource::<OpenHistory>().and_then(|open| open.0);
    let before = before.map(|recorder| recorder.folder().to_path_buf());
    world.insert_resource(OpenHistory::default());
    let options = world.resource::<SessionOptions>();
    let Some(folder) = options.history.folder(scene) else { return };
    let Some(mut timeline) = world.get_mut::<Timeline>(live).filter(|timeline| !timeline.feeds().is_empty()) else {
        return;
    };
    // The timeline of the scene before is dropped on another thread, which may still write into the same history.
    let patience = if before.as_ref() == Some(&folder) { PATIENCE } else { Duration::ZERO };
    let asked = Instant::now();
    let mut opened = TimelineRecorder::open(&folder);
    while matches!(opened, Err(HistoryError::Locked(_))) && asked.elapsed() < patience {
        std::thread::sleep(Duration::from_millis(10));
        opened = TimelineRecorder::open(&folder);
    }
    match opened {
        Ok(recorder) => {
            let recorder = Arc::new(recorder);
            timeline.record_into(recorder.clone());
            world.insert_resource(OpenHistory(Some(recorder)));
        }
        Err(error) => {
            let text = format!("The live values are not recorded: {error}.{}", advice(&error));
            world.resource_mut::<Notices>().push(NoticeLevel::Warning, text);
        }
    }
}

/// Returns what a person can do about an error of a history, as a sentence with a blank before it, or nothing.
fn advice(error: &HistoryError) -> &'static str {
    match error {
        HistoryError::Locked(_) => " Its history can still be read here.",
        error if error.is_damage() => " `cupola history SCENE --repair` sets the damaged part aside.",
        _ => "",
    }
}

/// The shortest time between two looks at the recorder.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The last state of the recorder that a person was told.
#[derive(Default)]
pub(crate) struct Told {
    looked: Option<Instant>,
    error: Option<String>,
    skipped: u64,
}

/// Tells when the history can't be written, when it is written again, and when changes were left out.
pub(crate) fn tell(history: Option<Res<OpenHistory>>, mut told: Local<Told>, mut notices: ResMut<Notices>) {
    let Some(recorder) = history.as_ref().and_then(|history| history.0.as_ref()) else { return };
    if told.looked.is_some_and(|looked| looked.elapsed() < LOOK_EVERY) {
        return;
    }
    told.looked = Some(Instant::now());
    let RecorderStatus { error, skipped, .. } = recorder.status();
    if error != told.error {
        match &error {
            Some(why) => notices.push(
                NoticeLevel::Warning,
                format!("The history can't be written, and is tried again: {why}. The newest values are kept."),
            ),
            None => notices.push(NoticeLevel::Good, "The history is written again"),
        }
        told.error = error;
    }
    if skipped > told.skipped && told.error.is_none() {
        let text = format!("{skipped} changes came too fast for the history; the newest of each property are kept");
        notices.push(NoticeLevel::Warning, text);
        told.skipped = skipped;
    }
}
