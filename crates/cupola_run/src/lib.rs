//! Timelines: a timeline receives events, advances in steps and returns changes.
//!
//! A [`Timeline`] holds the state of a building, its clock, its alarms, its commands and its driver (a feed, a
//! simulation or a record of the past). [`Timeline::apply`] and [`Timeline::step`] change its values. This crate
//! has no renderer, no window and no socket, so the app, the command line, the demo fleet and the tests share it.
//!
//! ```
//! use cupola_run::{Actor, Drivers, Event, EventBody, Timeline};
//! use cupola_twin::{State, Value};
//! use std::sync::Arc;
//!
//! # let office = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../scenes/office"));
//! let scene = Arc::new(cupola_scene::load(office).scene.unwrap());
//! let drivers = Drivers::new(&scene, &mut Vec::new());
//! let state = State::new(scene.topology.clone());
//! let mut timeline = Timeline::simulated(scene, state, &drivers).unwrap();
//!
//! let (twin, property) = ("room-101".to_string(), "heatingSetpoint".to_string());
//! let body = EventBody::Set { twin, property, value: Value::Number(24.0) };
//! timeline.apply(Event::new(timeline.now_us(), Actor::person("Ada"), body))?;
//! let changes = timeline.step(timeline.now_us() + 3_600_000_000);
//! assert!(changes.values > 0);
//! # Ok::<(), cupola_run::EventError>(())
//! ```

pub mod alarm;
pub mod command;
pub mod drivers;
pub mod event;
pub mod feed;
mod origin;
pub mod processor;
pub mod record;
mod relocation;
mod replay;
pub mod simulation;
mod sink;
mod timeline;
mod trail;

pub use alarm::{Alarms, NamedAlarm, RaisedAlarm};
pub use command::{CommandOutcome, Invocation, Invocations};
pub use drivers::Drivers;
pub use event::{Actor, ActorKind, Event, EventBody, EventError, Outcome};
pub use relocation::Relocation;
pub use replay::{PastChange, PastMoment, PastRecord, PastState, PastValue, Replay};
pub use simulation::{Assumption, Simulation};
pub use sink::{ConditionChange, InputChange, LATE, RecordSink, RecordedEvent};
pub use timeline::{Branch, Changes, DeviceRequest, SourceKind, Timeline, TimelineError};
pub use trail::Trail;
