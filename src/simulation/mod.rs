//! The simulation bound to twins: which property steers it, which shows what it knows.

mod assume;
mod bind;
mod command;
mod run;
pub mod study;

pub use assume::{Assumption, MOST_LEAKS_ACH, MOST_WARMER_K};
pub use run::Simulation;

use crate::timeline::{Clock, TimelineState};
use crate::{Tick, TickSystems};
use bevy::prelude::*;

/// Drives a timeline with a simulation.
#[derive(Component, Clone)]
pub struct Simulated(pub Simulation);

/// Runs simulations in the tick.
pub struct SimulationPlugin;

impl Plugin for SimulationPlugin {
    fn build(&self, app: &mut App) {
        app.add_systems(Tick, simulate.in_set(TickSystems::Simulate));
    }
}

fn simulate(mut timelines: Query<(&Clock, &mut TimelineState, &mut Simulated)>) {
    for (clock, mut state, mut simulated) in &mut timelines {
        if clock.ticking {
            simulated.0.step(&mut state.0, clock.now_us);
        }
    }
}
