//! The history of the open scene: where it is kept, and the recording of the live timeline.

mod cells;
mod import;
mod influx;
mod over;
mod readings;
mod send;
mod table;

pub use import::{ImportOptions, ImportPreview, PropertyPreview, TableImport};
pub use influx::line;
pub use over::{OverAnswer, OverGroup, OverQuery};
pub use send::{LineSender, SendResult, shown_address};
pub use table::{Cell, Table, open_table};

use crate::job::{Background, Jobs};
use crate::notice::{NoticeLevel, Notices};
use crate::session::{SessionOptions, timeline_of};
use crate::timeline::{SourceKind, Timeline};
use bevy::prelude::*;
use cupola_history::{HistoryError, HistoryPlace, RecorderStatus, TimelineRecorder};
use cupola_scene::file_of;
use cupola_twin::zone::{TimeZone, time_of_local};
use serde::Deserialize;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use twox_hash::XxHash3_64;

/// The place in which the live timeline is recorded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum HistoryChoice {
    /// Nowhere.
    #[default]
    Off,
    /// In a temporary folder, which is deleted at the end. The timeline can be replayed until then.
    Temporary,
    /// In the user's data folder, in a folder of the scene.
    Usual,
    /// In a folder or a database.
    At(HistoryPlace),
    /// In a place that is not understood, for a reason. The reason has no password, unlike the place.
    Unknown(String),
}

impl HistoryChoice {
    /// Returns the place that a person writes: `off`, a folder, or the address of a database.
    pub fn parse(text: &OsStr) -> Self {
        match text.to_str() {
            Some("off") => Self::Off,
            Some(text) => HistoryPlace::parse(text).map_or_else(Self::Unknown, Self::At),
            None => Self::At(HistoryPlace::Folder(text.into())),
        }
    }

    /// Returns the place of a scene's history, or `None` without one.
    ///
    /// # Errors
    /// The reason why the place is not understood.
    pub fn place(&self, scene: &Path) -> Result<Option<HistoryPlace>, String> {
        Ok(match self {
            Self::Off | Self::Temporary => None,
            Self::Usual => match setting()? {
                Some(HistoryPlace::Folder(all)) => Some(HistoryPlace::Folder(all.join(folder_name(scene)))),
                Some(HistoryPlace::Database(database)) => {
                    Some(HistoryPlace::Database(database.for_scene(&folder_name(scene))))
                }
                None => usual_folder(scene).map(HistoryPlace::Folder),
            },
            Self::At(place) => Some(place.clone()),
            Self::Unknown(why) => return Err(why.clone()),
        })
    }
}

/// The file of the setting, in the user's configuration folder.
const SETTING: &str = "history.json";

/// The user's setting of the place of all histories.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct HistorySetting {
    /// A folder, in which each scene has a folder, or the address of a database, in which each scene has a schema.
    place: String,
}

/// Returns the place of all histories in the user's settings.
fn setting() -> Result<Option<HistoryPlace>, String> {
    let Some(path) = crate::settings::file(SETTING) else { return Ok(None) };
    let fail = |why: String| {
        format!(
            "{}: {why}. It is written as {{\"place\": \"/FOLDER\"}} or {{\"place\": \"postgres://…\"}}",
            path.display()
        )
    };
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(fail(error.to_string())),
    };
    let text = text.trim_start_matches('\u{feff}');
    let HistorySetting { place } = serde_json::from_str(text).map_err(|error| fail(error.to_string()))?;
    match HistoryPlace::parse(&place).map_err(fail)? {
        HistoryPlace::Folder(folder) if !folder.is_absolute() => {
            Err(fail(format!("`{place}` is no whole path, and depends on where a program is started")))
        }
        place => Ok(Some(place)),
    }
}

/// Returns the folder in the user's data folder that has the history of a scene, or `None` if no data folder is known.
pub fn usual_folder(scene: &Path) -> Option<PathBuf> {
    let data = crate::settings::folder("XDG_DATA_HOME", ".local/share")?;
    Some(data.join("cupola").join("history").join(folder_name(scene)))
}

/// Returns the name of the folder of a scene's history: the scene's name with a hash of its path, so that two scenes of one
/// name have two histories.
fn folder_name(scene: &Path) -> String {
    let file = file_of(scene);
    let whole = file.canonicalize().or_else(|_| std::path::absolute(&file)).unwrap_or(file);
    let own = if whole.ends_with("scene.ron") { whole.parent().unwrap_or(&whole) } else { &whole };
    let name = own.file_stem().map_or_else(|| "scene".into(), |name| name.to_string_lossy().into_owned());
    let hash = XxHash3_64::oneshot(whole.as_os_str().as_encoded_bytes());
    format!("{name}-{hash:016x}")
}

/// Returns the moment that a person writes, in microseconds since the Unix epoch: a time, local without a zone, a time of
/// today, `yesterday 8:00`, `now`, or a duration before now.
pub fn past_moment(text: &str, zone: &TimeZone, now_us: i64) -> Option<i64> {
    let text = text.trim();
    let day_of = |days_ago: i64| {
        let today = jiff::Timestamp::from_microsecond(now_us).ok()?.to_zoned(zone.clone()).date();
        Some(today.checked_sub(jiff::Span::new().days(days_ago)).ok()?.to_string())
    };
    let (days_ago, rest) = match text.split_once(' ') {
        Some(("today", rest)) => (0, rest.trim()),
        Some(("yesterday", rest)) => (1, rest.trim()),
        _ if text == "today" => (0, "00:00"),
        _ if text == "yesterday" => (1, "00:00"),
        _ => (0, text),
    };
    // A time without a day, such as 8:00 or 14:05:30.
    let is_time_of_day = rest.contains(':') && rest.chars().all(|letter| letter.is_ascii_digit() || letter == ':');
    if is_time_of_day {
        let rest = if rest.find(':') == Some(1) { format!("0{rest}") } else { rest.to_string() };
        return time_of_local(&format!("{}T{rest}", day_of(days_ago)?), zone);
    }
    if text == "now" {
        return Some(now_us);
    }
    cupola_wire::parse_rfc3339(text)
        .or_else(|| time_of_local(text, zone))
        .or_else(|| time_of_local(&text.replacen(' ', "T", 1), zone))
        .or_else(|| Some(now_us - cupola_wire::parse_duration(text)?))
}

/// The longest time to wait until the timeline before has written its history.
const PATIENCE: Duration = Duration::from_secs(5);

/// The history of the open scene: the recording of the live timeline, and the place.
#[derive(Resource, Clone, Debug, Default)]
pub struct OpenHistory {
    /// The recording, if this program records.
    pub recorder: Option<Arc<TimelineRecorder>>,
    /// The place, which another program may record into.
    pub place: Option<HistoryPlace>,
    opening: Option<Arc<Mutex<Background<OpenedHistory>>>>,
}

impl OpenHistory {
    /// Returns a function that waits until everything recorded so far is written, and returns the place.
    ///
    /// # Errors
    /// Nothing is recorded.
    pub(crate) fn written(&self) -> Result<impl FnOnce() -> HistoryPlace + Send + use<>, &'static str> {
        let place = self.place.clone().ok_or("nothing is recorded: the scene has no feed")?;
        let recorder = self.recorder.clone();
        Ok(move || {
            // Changes that can't be written yet are left out. The recorder says so.
            let _ = recorder.map(|recorder| recorder.flush());
            place
        })
    }

    /// Returns the history in a place, without a recorder.
    pub(crate) fn read_only(place: &HistoryPlace) -> Self {
        Self { place: Some(place.clone()), recorder: None, opening: None }
    }

    /// Returns the history into which a recorder records.
    pub fn of(recorder: Arc<TimelineRecorder>) -> Self {
        Self { place: Some(recorder.place().clone()), recorder: Some(recorder), opening: None }
    }
}

/// The result of opening a history: the recorder or the reason why there is none, and the place.
#[derive(Debug)]
struct OpenedHistory {
    recorder: Option<TimelineRecorder>,
    place: Option<HistoryPlace>,
    warning: Option<String>,
}

impl OpenedHistory {
    /// Opens the history in a place for recording, or a temporary one. If another program records into it, it is only
    /// read. If it can't be written, a temporary one takes its place.
    fn open(place: Option<HistoryPlace>, patience: Duration) -> Self {
        let temporary = |warning: Option<String>| {
            let recorder = TimelineRecorder::temporary();
            let more = recorder.as_ref().err().map(|error| format!("The live values are not recorded: {error}."));
            let recorder = recorder.ok();
            let place = recorder.as_ref().map(|recorder| recorder.place().clone());
            Self { recorder, place, warning: more.or(warning) }
        };
        let Some(place) = place else { return temporary(None) };
        let asked = Instant::now();
        let mut opened = TimelineRecorder::open(&place);
        while matches!(opened, Err(HistoryError::Locked(_))) && asked.elapsed() < patience {
            std::thread::sleep(Duration::from_millis(10));
            opened = TimelineRecorder::open(&place);
        }
        match opened {
            Ok(recorder) => Self { recorder: Some(recorder), place: Some(place), warning: None },
            Err(error @ HistoryError::Locked(_)) => {
                let warning = format!("The live values are not recorded: {error}. Its history can still be read here.");
                Self { recorder: None, place: Some(place), warning: Some(warning) }
            }
            Err(error) => {
                let text = "The live values are kept only until the end of the program";
                temporary(Some(format!("{text}: {error}.{}", advice(&error))))
            }
        }
    }
}

/// Begins to record the live timeline of a scene that was opened. The history is opened on a thread. A timeline without a
/// feed receives nothing, so it is not recorded.
pub(crate) fn begin(world: &mut World, live: Entity, scene: &Path) {
    let OpenHistory { place: before, opening, .. } = world.remove_resource::<OpenHistory>().unwrap_or_default();
    let is_opening = opening.is_some();
    world.insert_resource(OpenHistory::default());
    let choice = world.resource::<SessionOptions>().history.clone();
    let has_feeds = world.get::<Timeline>(live).is_some_and(|timeline| !timeline.feeds().is_empty());
    let place = choice.place(scene).unwrap_or_else(|why| {
        world
            .resource_mut::<Notices>()
            .push(NoticeLevel::Warning, format!("The place of the history is not known: {why}"));
        None
    });
    if !has_feeds {
        // A past may have been imported.
        let may_exist = |place: &HistoryPlace| place.folder().is_none_or(Path::is_dir);
        if let Some(place) = place.filter(may_exist) {
            world.insert_resource(OpenHistory::read_only(&place));
        }
        return;
    }
    if choice == HistoryChoice::Off {
        return;
    }
    // The timeline of the scene before is dropped on another thread, which may still write into the same history.
    let is_reopened = is_opening || (before.is_some() && before == place);
    let patience = if is_reopened { PATIENCE } else { Duration::ZERO };
    match Background::start("history open", move || OpenedHistory::open(place, patience)) {
        Ok(started) => world.resource_mut::<OpenHistory>().opening = Some(Arc::new(Mutex::new(started))),
        Err(error) => {
            let text = format!("The live values are not recorded: {error}");
            world.resource_mut::<Notices>().push(NoticeLevel::Warning, text);
        }
    }
    attach(world);
}

/// Records the live timeline into the history that a thread has opened.
pub(crate) fn attach(world: &mut World) {
    let Some(opening) = world.get_resource::<OpenHistory>().and_then(|open| open.opening.clone()) else { return };
    let opened = opening.lock().unwrap_or_else(PoisonError::into_inner).poll(world.resource::<Jobs>());
    let Some(opened) = opened else { return };
    let OpenedHistory { recorder, place, warning } =
        opened.unwrap_or(OpenedHistory { recorder: None, place: None, warning: None });
    let recorder = recorder.map(Arc::new);
    let live = timeline_of(world, SourceKind::Live);
    if let Some(recorder) = &recorder
        && let Some(mut timeline) = live.and_then(|live| world.get_mut::<Timeline>(live))
    {
        timeline.record_into(recorder.clone());
    }
    if let Some(text) = warning {
        world.resource_mut::<Notices>().push(NoticeLevel::Warning, text);
    }
    world.insert_resource(OpenHistory { recorder, place, opening: None });
}

/// Returns what a person can do about an error of a history, as a sentence with a blank before it, or nothing.
fn advice(error: &HistoryError) -> &'static str {
    match error {
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
    let Some(recorder) = history.as_ref().and_then(|history| history.recorder.as_ref()) else { return };
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

#[cfg(test)]
mod tests {
    use super::past_moment;
    use cupola_twin::zone;

    #[test]
    fn people_write_moments_in_several_ways() {
        let berlin = zone::find("Europe/Berlin").expect("a zone");
        let now_us = zone::time_of_local("2026-03-30T10:00", &berlin).expect("a time");
        let at = |text: &str| past_moment(text, &berlin, now_us).map(|us| zone::local_text(us, &berlin));
        for (text, wanted) in [
            ("2026-03-28T14:05", "2026-03-28T14:05"),
            ("2026-03-28 14:05", "2026-03-28T14:05"),
            ("2026-03-28", "2026-03-28T00:00"),
            ("8:00", "2026-03-30T08:00"),
            ("yesterday 8:00", "2026-03-29T08:00"),
            ("yesterday", "2026-03-29T00:00"),
            ("90min", "2026-03-30T08:30"),
            ("2026-03-28T12:00:00Z", "2026-03-28T13:00"),
            ("now", "2026-03-30T10:00"),
        ] {
            assert!(at(text).is_some_and(|found| found.starts_with(wanted)), "{text}: {:?}", at(text));
        }
        for text in ["", "soon", "25:99", "yesterday x", "2026-02-30"] {
            assert_eq!(at(text), None, "{text}");
        }
    }
}
