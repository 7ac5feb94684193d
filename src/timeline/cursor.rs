//! The cursor of the view: the timeline on the screen, and whether the view stands still.

use super::Timeline;
use bevy::prelude::*;
use cupola_run::{Drivers, Relocation};
use cupola_scene::Scene;
use std::sync::Arc;

/// The timeline on the screen. A paused view of a live timeline shows a copy of one moment, while the timeline itself goes
/// on: messages, staleness, alarms and recording never stop.
#[derive(Resource)]
pub struct ViewCursor {
    /// The entity of the timeline.
    pub timeline: Entity,
    paused: Option<Box<Timeline>>,
}

impl ViewCursor {
    /// Returns a cursor that follows a timeline.
    pub fn new(timeline: Entity) -> Self {
        Self { timeline, paused: None }
    }

    /// Returns whether the view stands still.
    pub fn is_paused(&self) -> bool {
        self.paused.is_some()
    }

    /// Returns the timeline as the view shows it.
    pub fn view<'t>(&'t self, timeline: &'t Timeline) -> &'t Timeline {
        self.paused.as_deref().unwrap_or(timeline)
    }

    /// Lets the view stand still at this moment of its timeline.
    pub fn pause(&mut self, timeline: &Timeline) {
        self.paused = Some(Box::new(Timeline(timeline.moment())));
    }

    /// Lets the view follow its timeline again.
    pub fn follow(&mut self) {
        self.paused = None;
    }

    /// Moves a paused view to a changed scene.
    pub(crate) fn adopt(&mut self, scene: &Arc<Scene>, drivers: &Drivers, relocation: &Relocation) {
        if let Some(paused) = &mut self.paused
            && paused.adopt(scene.clone(), drivers, relocation).is_err()
        {
            self.paused = None;
        }
    }
}
