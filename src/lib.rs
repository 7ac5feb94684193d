//! Cupola: see a building, watch it live, and ask what if.
//!
//! The whole program on one page: the plugins, and the tick with its sets in order.

pub mod action;
pub mod cli;
pub mod exchange;
pub mod feed;
pub mod job;
pub mod look;
pub mod notice;
pub mod processor;
pub mod screen;
pub mod selection;
pub mod session;
pub mod timeline;
pub mod twin;
pub mod ui;
pub mod view;
pub mod window;

use bevy::ecs::schedule::{LogLevel, ScheduleBuildSettings, ScheduleLabel, SingleThreadedExecutor};
use bevy::prelude::*;

/// The schedule that moves every timeline one step on.
#[derive(ScheduleLabel, Clone, Debug, PartialEq, Eq, Hash)]
pub struct Tick;

/// The parts of a tick, in their order.
#[derive(SystemSet, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TickSystems {
    /// Values from outside come in.
    Ingest,
    /// The simulation moves on.
    Simulate,
    /// Values that depend on changes are computed.
    Propagate,
    /// Alarms are raised and cleared.
    Judge,
    /// The changes are recorded.
    Record,
    /// The changes are told to the user.
    Publish,
}

/// Everything but the window: the same in the app and on the command line.
pub struct CorePlugin;

impl Plugin for CorePlugin {
    fn build(&self, app: &mut App) {
        let mut tick = Schedule::new(Tick);
        // Deterministic: one thread, and an order for whatever touches the same thing.
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
            ));
    }
}
