//! The data that the panels show: the open scene, its timelines and the selection, gathered for the systems.

use crate::feed::Connections;
use crate::history::OpenHistory;
use crate::job::Jobs;
use crate::look::ViewSettings;
use crate::processor::Processors;
use crate::selection::Selection;
use crate::session::EditHistory;
use crate::timeline::{OpenScene, Playback, ReplayedHistory, SourceKind, Timeline, ViewCursor, WallClock};
use crate::trend::Trends;
use bevy::ecs::query::QueryData;
use bevy::ecs::system::SystemParam;
use bevy::prelude::*;
use cupola_history::HistoryRecord;
use cupola_scene::Scene;
use cupola_twin::{Slot, State, TwinIx};

/// A timeline with its playback and its connections.
#[derive(QueryData)]
pub struct Track {
    /// The entity.
    pub entity: Entity,
    /// The timeline.
    pub timeline: &'static Timeline,
    /// The playback of its clock.
    pub playback: &'static Playback,
    /// The connections of its feeds, if the timeline is live and has any.
    pub connections: Option<&'static Connections>,
    /// The external processors, if the scene has any.
    pub processors: Option<&'static Processors>,
    /// The history that a replay plays.
    pub history: Option<&'static ReplayedHistory>,
}

/// The timeline on the screen, as the view shows it.
pub struct View<'t> {
    /// The timeline. While the view is paused, it is the copy of one moment.
    pub timeline: &'t Timeline,
    /// Whether the time on the screen moves by itself.
    pub playing: bool,
    /// Seconds of the timeline per second of the wall clock.
    pub speed: f64,
    /// The connections of its feeds, if the timeline is live and has any.
    pub connections: Option<&'t Connections>,
}

/// The data that the systems of the panels read.
#[derive(SystemParam)]
pub struct PanelData<'w, 's> {
    scene: Option<Res<'w, OpenScene>>,
    cursor: Option<Res<'w, ViewCursor>>,
    /// All timelines.
    pub tracks: Query<'w, 's, Track>,
    /// The selection.
    pub selection: Selection<'w, 's>,
    /// The look of the building.
    pub view: Res<'w, ViewSettings>,
    /// The job that runs.
    pub jobs: Res<'w, Jobs>,
    /// The wall clock.
    pub wall: Res<'w, WallClock>,
    /// The edits.
    pub edits: Res<'w, EditHistory>,
    /// The trends.
    pub trends: Res<'w, Trends>,
    open_history: Option<Res<'w, OpenHistory>>,
}

impl<'s> PanelData<'_, 's> {
    /// Returns whether the scene has a history.
    pub fn has_history(&self) -> bool {
        self.open_history.as_ref().is_some_and(|history| history.place.is_some())
    }

    /// Returns the open scene.
    pub fn scene(&self) -> Option<&Scene> {
        self.scene.as_ref().map(|scene| &*scene.0)
    }

    /// Returns the open scene as a shared resource, so that a caller can notice that it was replaced.
    pub fn open_scene(&self) -> Option<&OpenScene> {
        self.scene.as_deref()
    }

    /// Returns the timeline on the screen.
    pub fn active(&self) -> Option<View<'_>> {
        let cursor = self.cursor.as_ref()?;
        let track = self.tracks.get(cursor.timeline).ok()?;
        let is_live = track.timeline.source() == SourceKind::Live;
        Some(View {
            timeline: cursor.view(track.timeline),
            playing: if is_live { !cursor.is_paused() } else { track.playback.playing },
            speed: if is_live { 1.0 } else { track.playback.speed },
            connections: track.connections,
        })
    }

    /// Returns the history that the timeline on the screen plays.
    pub fn history(&self) -> Option<&HistoryRecord> {
        Some(&**self.tracks.get(self.active_entity()?).ok()?.history?)
    }

    /// Returns the entity of the timeline on the screen.
    pub fn active_entity(&self) -> Option<Entity> {
        self.cursor.as_ref().map(|cursor| cursor.timeline)
    }

    /// Returns the live timeline, if it has connections to feeds.
    pub fn live(&self) -> Option<TrackItem<'_, 's>> {
        self.tracks.iter().find(|track| track.connections.is_some())
    }

    /// Returns the id of a twin, by which actions name it. The id is empty if no scene is open.
    pub fn id(&self, twin: TwinIx) -> String {
        self.scene().map_or_else(String::new, |scene| scene.topology.twin_id(twin).to_string())
    }
}

/// Returns whether a person may change values on a timeline, which holds for simulated timelines only.
pub fn is_editable(timeline: &Timeline) -> bool {
    timeline.source() == SourceKind::Simulated
}

/// Returns the most important slot of a twin: the first of the scene's key properties that the twin has, else the
/// property that colours the rooms.
pub fn key_slot(scene: &Scene, color_by: &str, twin: TwinIx) -> Option<Slot> {
    let keys = scene.document.view.key_properties.iter().map(String::as_str);
    keys.chain([color_by]).find_map(|name| scene.topology.slot(twin, name))
}

/// Returns the most important slots of a twin, at most `limit`.
///
/// If the twin has none of the key properties, all its properties count except `name`.
pub fn key_slots(scene: &Scene, color_by: &str, twin: TwinIx, limit: usize) -> Vec<Slot> {
    let keys = scene.document.view.key_properties.iter().map(String::as_str);
    let mut slots: Vec<Slot> = Vec::new();
    for slot in keys.chain([color_by]).filter_map(|name| scene.topology.slot(twin, name)) {
        if !slots.contains(&slot) {
            slots.push(slot);
        }
    }
    if slots.is_empty() {
        slots
            .extend(scene.topology.properties(twin).filter(|slot| &*scene.topology.column(slot.column).name != "name"));
    }
    slots.truncate(limit);
    slots
}

/// Returns the display name of a twin's model.
pub fn model_name(state: &State, twin: TwinIx) -> &str {
    let topology = state.topology();
    &topology.models.get(topology.model_of(twin)).display_name
}
