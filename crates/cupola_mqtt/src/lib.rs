//! MQTT: the client, the embedded broker of the demo, and the demo's devices.
//!
//! ```
//! use cupola_mqtt::{Broker, Client, Connection, MessageReceiver};
//! use std::sync::mpsc::{Sender, channel};
//!
//! struct Messages(Sender<String>);
//!
//! impl MessageReceiver for Messages {
//!     fn message(&mut self, topic: &str, payload: &[u8], _now_us: i64) {
//!         let _ = self.0.send(format!("{topic} {}", String::from_utf8_lossy(payload)));
//!     }
//!
//!     fn failed(&mut self, why: String) {
//!         let _ = self.0.send(why);
//!     }
//! }
//!
//! let broker = Broker::start()?;
//! let (sender, messages) = channel();
//! let client = Client::start(&broker.url, vec!["rooms/#".into()], Messages(sender))?;
//! while client.connection() != Connection::Connected {
//!     std::thread::yield_now();
//! }
//! client.send("rooms/3-07", b"21.5".to_vec())?;
//! assert_eq!(messages.recv()?, "rooms/3-07 21.5");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod broker;
mod client;
mod fleet;

pub use broker::Broker;
pub use client::{Client, Connection, MessageReceiver, SendError, StartError};
pub use fleet::{Fleet, FleetReport};
