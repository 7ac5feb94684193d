//! Feeds without sockets: mappings turn messages into readings, and commands into messages.

mod address;
mod command;
mod inbox;
mod mapping;
mod reading;

pub use address::{PASSWORD, USER, address};
pub use command::{CommandMapping, CommandMappings, Request, put};
pub use inbox::{Answer, FeedCounters, Inbox, Latencies, LatencySummary};
pub use mapping::{Current, Mapping, Mappings, Router};
pub use reading::{Reading, lane_of};
