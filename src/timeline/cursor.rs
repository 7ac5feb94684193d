//! The view cursor: the timeline on the screen, and whether the view is paused.

use super::Timeline;
use bevy::prelude::*;
use cupola_run::{Drivers, Relocation};
use cupola_scene::Scene;
use std::sync::Arc;

/// The timeline on the screen. A paused view of a live timeline shows a copy of one moment. The timeline itself
/// continues: it receives messages, marks stale values, judges alarms and records.
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

    /// Returns whether the view is paused.
    pub fn is_paused(&self) -> bool {
        self.paused.is_some()
    }

    /// Returns the copy that a paused view shows.
    pub(super) fn paused(&self) -> Option<&Timeline> {
        self.paused.as_deref()
    }

    /// Returns the timeline as the view shows it.
    pub fn view<'t>(&'t self, timeline: &'t Timeline) -> &'t Timeline {
        self.paused.as_deref().unwrap_or(timeline)
    }

    /// Pauses the view at the present moment of its timeline.
    pub fn pause(&mut self, timeline: &Timeline) {
        self.paused = Some(Box::new(Timeline(timeline.moment())));
    }

    /// Ends the pause, so that the view follows its timeline again.
    pub fn follow(&mut self) {
        self.paused = None;
    }

    /// Moves a paused view to a changed scene. If that fails, the pause ends.
    pub(crate) fn adopt(&mut self, scene: &Arc<Scene>, drivers: &Drivers, relocation: &Relocation) {
        if let Some(paused) = &mut self.paused
            && paused.adopt(scene.clone(), drivers, relocation).is_err()
        {
            self.paused = None;
        }
    }
}
