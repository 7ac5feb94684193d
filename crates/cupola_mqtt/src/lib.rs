//! MQTT: the client, the embedded broker of the demo, and the demo's devices.
//!
//! ```
//! use cupola_mqtt::{Broker, Client, Connection, MessageReceiver, ReceivedMessage};
//! use std::sync::mpsc::{Sender, channel};
//!
//! struct Messages(Sender<String>);
//!
//! impl MessageReceiver for Messages {
//!     fn message(&mut self, message: ReceivedMessage<'_>) {
//!         let _ = self.0.send(format!("{} {}", message.topic, String::from_utf8_lossy(message.payload)));
//!     }
//!
//!     fn failed(&mut self, why: String) {
//!         let _ = self.0.send(why);
//!     }
//! }
//!
//! let broker = Broker::start()?;
//! let (sender, messages) = channel();
//! let client = Client::start(&broker.url, true, vec!["rooms/#".into()], Messages(sender))?;
//! while client.connection() != Connection::Connected {
//!     std::thread::yield_now();
//! }
//! client.send("rooms/3-07", b"21.5".to_vec())?;
//! assert_eq!(messages.recv()?, "rooms/3-07 21.5");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod broker;
mod client;
pub mod clock;
mod fleet;

pub use broker::Broker;
pub use client::{Client, Connection, ConnectionHistory, MessageReceiver, SendError, StartError};
pub use cupola_run::feed::ReceivedMessage;
pub use fleet::{Fleet, FleetReport};
