//! MQTT: the client, the embedded broker of the demo, and the demo's devices.

mod broker;
mod client;
mod fleet;

pub use broker::Broker;
pub use client::{Client, Connection, Receiver};
pub use fleet::{Fleet, FleetReport};
