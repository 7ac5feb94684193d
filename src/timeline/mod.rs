//! Timelines: a clock, a state and what drives it. Each is an entity; the screen shows the active one.

mod clock;
mod recording;
mod trail;

pub use clock::{Clock, Pace, WallClock};
pub use recording::{Recording, Replayed};
pub use trail::Trail;

use crate::scene::Scene;
use crate::selection::{NoticeLevel, Notices};
use crate::{Tick, TickSystems};
use bevy::prelude::*;
use cupola_twin::{Slot, State};
use std::collections::BTreeSet;
use std::sync::Arc;

/// The open scene.
#[derive(Resource, Clone)]
pub struct OpenScene(pub Arc<Scene>);

/// What drives a timeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum SourceKind {
    /// A feed.
    Live,
    /// The simulation.
    Simulated,
    /// What was recorded.
    Replayed,
}

impl SourceKind {
    /// The word for it on the screen.
    pub fn word(self) -> &'static str {
        match self {
            Self::Live => "Live",
            Self::Simulated => "Simulated",
            Self::Replayed => "Replay",
        }
    }
}

/// A timeline's name and where it comes from.
#[derive(Component, Clone, Debug)]
#[require(Trail)]
pub struct Timeline {
    /// Its name: `live`, `simulated`, `replay`, `what-if 1`.
    pub name: String,
    /// What drives it.
    pub source: SourceKind,
    /// The timeline and the moment (microseconds since the Unix epoch) that it was forked from.
    pub forked_from: Option<(String, i64)>,
}

/// A timeline's values.
#[derive(Component, Clone)]
pub struct TimelineState(pub State);

/// The timeline on the screen.
#[derive(Resource, Clone, Copy)]
pub struct ActiveTimeline(pub Entity);

/// Where clocks take their step.
#[derive(SystemSet, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BeginSystems;

/// The part of [`TickSystems::Ingest`] that plays back.
#[derive(SystemSet, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ReplaySystems;

/// Clocks, states and their upkeep in the tick.
pub struct TimelinePlugin;

impl Plugin for TimelinePlugin {
    fn build(&self, app: &mut App) {
        app.init_resource::<WallClock>()
            .add_systems(Tick, begin.in_set(BeginSystems).before(TickSystems::Ingest))
            .add_systems(Tick, recording::replay.in_set(TickSystems::Ingest).in_set(ReplaySystems))
            .add_systems(Tick, propagate.in_set(TickSystems::Propagate))
            .add_systems(Tick, tell_unsettled.in_set(TickSystems::Publish))
            .add_systems(Tick, (trail::record, recording::record).in_set(TickSystems::Record));
    }
}

fn begin(wall: Res<WallClock>, mut timelines: Query<(&mut Clock, &mut TimelineState)>) {
    let wall_us = wall.now_us();
    for (mut clock, mut state) in &mut timelines {
        clock.begin_tick(wall_us);
        state.0.begin_tick();
        if clock.ticking {
            state.0.pass_to(clock.now_us);
        }
    }
}

fn propagate(mut timelines: Query<&mut TimelineState>) {
    for mut state in &mut timelines {
        if state.0.needs_propagation() {
            state.0.propagate();
        }
    }
}

/// Says once when properties that depend on themselves find no value that holds.
fn tell_unsettled(
    timelines: Query<(&Timeline, &TimelineState)>,
    mut notices: ResMut<Notices>,
    mut told: Local<BTreeSet<(String, Slot)>>,
) {
    let mut now = BTreeSet::new();
    for (timeline, state) in &timelines {
        for found in state.0.unsettled() {
            let what = (timeline.name.clone(), found.slot);
            if !told.contains(&what) {
                let message = found.diagnostic(state.0.topology()).message;
                notices.push(NoticeLevel::Warning, format!("{}: {message}", timeline.name));
            }
            now.insert(what);
        }
    }
    *told = now;
}

/// The next free name of a fork.
pub fn fork_name<'t>(timelines: impl Iterator<Item = &'t Timeline>) -> String {
    let names: Vec<&str> = timelines.map(|timeline| timeline.name.as_str()).collect();
    let mut number = 1;
    while names.contains(&format!("what-if {number}").as_str()) {
        number += 1;
    }
    format!("what-if {number}")
}
