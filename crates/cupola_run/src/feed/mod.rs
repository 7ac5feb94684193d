//! Feeds without sockets: mappings turn messages into readings, and commands into messages.

mod address;
mod command;
mod inbox;
mod mapping;
mod reading;

pub use address::{AddressError, PASSWORD, USER, address};
pub use command::{CommandMapping, CommandMappings, Request, put};
pub use inbox::{Answer, FeedCounters, Inbox, Latencies, LatencySummary};
pub use mapping::{CurrentMappings, Mapping, Mappings, Router};
pub use reading::{Reading, ReadingError, lane_of};
