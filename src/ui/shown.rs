//! What the panels show: the open scene, its timelines, and what is selected, gathered for the systems.

use crate::alarm::Alarms;
use crate::command::Invocations;
use crate::feed::Live;
use crate::processor::Processors;
use crate::scene::Scene;
use crate::selection::{Selection, ViewSettings};
use crate::simulation::Simulated;
use crate::timeline::{
    ActiveTimeline, Clock, OpenScene, Replayed, SourceKind, Timeline, TimelineState, Trail, WallClock,
};
use bevy::ecs::query::QueryData;
use bevy::ecs::system::SystemParam;
use bevy::prelude::*;
use cupola_twin::{Slot, State, TwinIx};

/// A timeline with all that it carries.
#[derive(QueryData)]
pub struct Track {
    /// Its entity.
    pub entity: Entity,
    /// Its name and source.
    pub timeline: &'static Timeline,
    /// Its time.
    pub clock: &'static Clock,
    /// Its values.
    pub state: &'static TimelineState,
    /// Its recent values.
    pub trail: &'static Trail,
    /// Its alarms.
    pub alarms: Option<&'static Alarms>,
    /// Its feed, if it is live.
    pub live: Option<&'static Live>,
    /// The processors outside that it asks.
    pub processors: Option<&'static Processors>,
    /// What it plays, if it is a replay.
    pub replayed: Option<&'static Replayed>,
    /// The commands that were given on it.
    pub invocations: Option<&'static Invocations>,
    /// What drives it, if that is a simulation.
    pub simulated: Option<&'static Simulated>,
}

/// What the systems of the panels read.
#[derive(SystemParam)]
pub struct Shown<'w, 's> {
    scene: Option<Res<'w, OpenScene>>,
    active: Option<Res<'w, ActiveTimeline>>,
    /// All timelines.
    pub tracks: Query<'w, 's, Track>,
    /// The twins under attention.
    pub selection: Res<'w, Selection>,
    /// How the building is shown.
    pub view: Res<'w, ViewSettings>,
    /// The time outside.
    pub wall: Res<'w, WallClock>,
}

impl<'s> Shown<'_, 's> {
    /// The open scene.
    pub fn scene(&self) -> Option<&Scene> {
        self.scene.as_ref().map(|scene| &*scene.0)
    }

    /// The open scene as it is shared, to notice another one.
    pub fn open_scene(&self) -> Option<&OpenScene> {
        self.scene.as_deref()
    }

    /// The timeline on the screen.
    pub fn active(&self) -> Option<TrackItem<'_, 's>> {
        self.tracks.get(self.active.as_ref()?.0).ok()
    }

    /// The timeline that a feed drives.
    pub fn live(&self) -> Option<TrackItem<'_, 's>> {
        self.tracks.iter().find(|track| track.live.is_some())
    }
}

/// Whether a person may change values on a timeline: those that are only imagined.
pub fn is_editable(timeline: &Timeline) -> bool {
    timeline.source == SourceKind::Simulated
}

/// The slot that tells most about a twin: the first of the scene's key properties that it has, else what colours the rooms.
pub fn key_slot(scene: &Scene, color_by: &str, twin: TwinIx) -> Option<Slot> {
    let keys = scene.document.view.key_properties.iter().map(String::as_str);
    keys.chain([color_by]).find_map(|name| scene.topology.slot(twin, name))
}

/// The slots that tell most about a twin, at most `limit`.
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

/// What a person calls a twin's model.
pub fn model_name(state: &State, twin: TwinIx) -> &str {
    let topology = state.topology();
    &topology.models.get(topology.model_of(twin)).display_name
}
