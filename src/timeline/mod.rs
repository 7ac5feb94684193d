//! Timelines in the app. Each timeline is an entity that wraps a [`cupola_run::Timeline`]. The tick runs the parts of a
//! step.

mod actions;
mod compare;
mod cursor;
mod playback;
mod scrub;
mod wall;

pub(crate) use actions::remove;
pub use actions::{
    ApplyEvent, CloseBranch, MakeBranch, Play, Seek, SetSpeed, ShowPast, ShowSource, ShowTimeline, Step, StepPast,
    apply_event,
};
pub(crate) use compare::compare_shown;
pub use compare::{CompareMoment, CompareWith, ComparedMoment, Comparison};
pub use cupola_run::SourceKind;
pub use cursor::ViewCursor;
pub use playback::{Playback, step_us_of};
pub use scrub::ReplayedHistory;
pub(crate) use scrub::scrub;
pub use wall::WallClock;

use crate::notice::{NoticeLevel, Notices};
use crate::{Tick, TickSystems};
use bevy::prelude::*;
use cupola_scene::Scene;
use cupola_twin::State;
use cupola_twin::state::reclaim_texts;
use std::sync::Arc;

/// The open scene.
#[derive(Resource, Clone)]
pub struct OpenScene(pub Arc<Scene>);

/// The component that holds a timeline.
#[derive(Component, Clone, Deref, DerefMut)]
#[require(Playback)]
pub struct Timeline(pub cupola_run::Timeline);

/// The set at the start of the tick in which clocks move, before readings are ingested.
#[derive(SystemSet, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BeginSystems;

/// The plugin that adds the parts of a step to the tick.
pub struct TimelinePlugin;

impl Plugin for TimelinePlugin {
    fn build(&self, app: &mut App) {
        app.init_resource::<WallClock>()
            .init_resource::<Comparison>()
            .add_systems(Tick, begin.in_set(BeginSystems).before(TickSystems::Ingest))
            .add_systems(Tick, simulate.in_set(TickSystems::Simulate))
            .add_systems(Tick, propagate.in_set(TickSystems::Propagate))
            .add_systems(Tick, judge.in_set(TickSystems::Judge))
            .add_systems(Tick, record.in_set(TickSystems::Record))
            .add_systems(Tick, (publish, reclaim).chain().in_set(TickSystems::Publish));
    }
}

fn begin(
    wall: Res<WallClock>,
    mut timelines: Query<(&mut Timeline, &mut Playback)>,
    mut notices: ResMut<Notices>,
    mut told_us: Local<i64>,
) {
    let wall_us = wall.now_us();
    if *told_us != wall.set_back_us() {
        *told_us = wall.set_back_us();
        if let Some(text) = wall.set_back_text() {
            notices.push(NoticeLevel::Warning, text);
        }
    }
    for (mut timeline, mut playback) in &mut timelines {
        if let Some(past) = playback.restored.take() {
            timeline.begin(None);
            timeline.show_past(*past);
            continue;
        }
        let until_us = playback.take_step(&timeline, wall_us);
        timeline.begin(until_us);
    }
}

fn simulate(mut timelines: Query<&mut Timeline>) {
    timelines.iter_mut().for_each(|mut timeline| timeline.simulate());
}

fn propagate(mut timelines: Query<&mut Timeline>) {
    timelines.iter_mut().for_each(|mut timeline| timeline.propagate());
}

fn judge(mut timelines: Query<&mut Timeline>) {
    timelines.iter_mut().for_each(|mut timeline| timeline.judge());
}

fn record(mut timelines: Query<&mut Timeline>) {
    timelines.iter_mut().for_each(|mut timeline| timeline.record());
}

fn publish(mut timelines: Query<(&mut Timeline, &mut Playback)>, mut notices: ResMut<Notices>) {
    for (mut timeline, mut playback) in &mut timelines {
        timeline.publish();
        tell_unsettled(&timeline, &mut notices);
        for why in &timeline.changes().unread {
            playback.playing = false;
            notices.push(NoticeLevel::Error, format!("The history can't be read: {why}"));
        }
    }
}

/// Removes the texts that no timeline has any more. A copy of a timeline on another thread delays it.
fn reclaim(timelines: Query<&Timeline>, cursor: Option<Res<ViewCursor>>, comparison: Res<Comparison>) {
    let paused = cursor.as_ref().and_then(|cursor| cursor.paused());
    let compared = comparison.0.iter().map(|compared| &compared.state);
    let states: Vec<&State> = timelines.iter().chain(paused).map(|timeline| timeline.state()).chain(compared).collect();
    reclaim_texts(&states);
}

/// Adds notices about properties that depend on themselves and have not settled.
fn tell_unsettled(timeline: &Timeline, notices: &mut Notices) {
    for found in &timeline.changes().unsettled {
        notices.push(NoticeLevel::Warning, format!("{}: {}", timeline.name(), found.message));
    }
}

/// Returns the next free name of a branch.
pub fn branch_name<'t>(timelines: impl Iterator<Item = &'t Timeline>) -> String {
    let names: Vec<&str> = timelines.map(|timeline| timeline.name()).collect();
    let mut number = 1;
    while names.contains(&format!("what-if {number}").as_str()) {
        number += 1;
    }
    format!("what-if {number}")
}
