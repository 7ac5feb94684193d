//! A timeline: events in, one step, changes out.
//!
//! A [`Timeline`] holds the state of a building, its clock, its alarms, its commands and its driver (a feed, a
//! simulation or a recording). [`Timeline::apply`] and [`Timeline::step`] are the only ways to change one. This crate
//! knows no renderer, no window and no socket, so the app, the command line, the demo fleet and the tests share it.

pub mod alarm;
pub mod command;
pub mod drivers;
pub mod event;
pub mod feed;
mod origin;
pub mod processor;
pub mod record;
mod recording;
mod relocation;
pub mod simulation;
mod timeline;
mod trail;

pub use alarm::{Alarms, Raised};
pub use command::{CommandOutcome, Invocation, Invocations};
pub use drivers::Drivers;
pub use event::{Actor, ActorKind, Event, EventBody, EventError, Outcome};
pub use recording::{Recording, Replay};
pub use relocation::Relocation;
pub use simulation::{Assumption, Simulation};
pub use timeline::{Branch, Changes, DeviceRequest, SourceKind, Timeline};
pub use trail::Trail;
