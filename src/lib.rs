//! Cupola, a desktop app for digital twins of buildings.
//!
//! This module lists the plugins of the program and the system sets of a tick, in order.

pub mod action;
pub mod cli;
pub mod exchange;
pub mod feed;
pub mod history;
pub mod job;
pub mod look;
pub mod notice;
pub mod processor;
pub mod screen;
pub mod selection;
pub mod session;
mod settings;
pub mod timeline;
pub mod trend;
pub mod twin;
pub mod ui;
pub mod view;
pub mod window;

use bevy::ecs::schedule::{LogLevel, ScheduleBuildSettings, ScheduleLabel, SingleThreadedExecutor};
use bevy::prelude::*;

/// The schedule that advances every timeline by one step.
#[derive(ScheduleLabel, Clone, Debug, PartialEq, Eq, Hash)]
pub struct Tick;

/// The system sets of a tick, in order.
#[derive(SystemSet, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TickSystems {
    /// Readings of feeds enter the timelines.
    Ingest,
    /// The simulations advance.
    Simulate,
    /// Values that depend on changes are computed.
    Propagate,
    /// Alarms are raised and cleared.
    Judge,
    /// The changes are recorded.
    Record,
    /// The changes are gathered, and the user is notified.
    Publish,
}

/// The part of the program without the window. The app and the command line both use it.
pub struct CorePlugin;

impl Plugin for CorePlugin {
    fn build(&self, app: &mut App) {
        let mut tick = Schedule::new(Tick);
        // A tick is deterministic: it has one thread, and systems that access the same data have a fixed order.
        tick.set_executor(SingleThreadedExecutor::new())
            .set_build_settings(ScheduleBuildSettings { ambiguity_detection: LogLevel::Error, ..default() });
        app.add_schedule(tick)
            .configure_sets(
                Tick,
                (
                    TickSystems::Ingest,
                    TickSystems::Simulate,
                    TickSystems::Propagate,
                    TickSystems::Judge,
                    TickSystems::Record,
                    TickSystems::Publish,
                )
                    .chain(),
            )
            .add_plugins((
                timeline::TimelinePlugin,
                feed::FeedPlugin,
                processor::ProcessorPlugin,
                twin::TwinPlugin,
                session::SessionPlugin,
                trend::TrendPlugin,
            ));
    }
}
