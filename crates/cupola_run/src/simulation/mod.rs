//! The simulation bound to twins: the properties that steer it, and those that show its quantities.

mod assume;
mod bind;
mod command;
mod run;
pub mod study;

pub use assume::{Assumption, AssumptionError, MAX_LEAKS_ACH, MAX_WARMER_K};
pub use run::Simulation;
