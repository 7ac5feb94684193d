//! The part of feeds without network access: mappings convert messages to readings, and commands to messages.

mod address;
mod command;
mod inbox;
mod mapping;
mod reading;

pub use address::{AddressError, HOSTS, PASSWORD, USER, address};
pub use command::{CommandMapping, CommandMappings, Request, put};
pub use inbox::{Answer, FeedCounters, Inbox, Latencies, LatencySummary, NotedRefusals};
pub use mapping::{CurrentMappings, Mapping, Mappings, ReceivedMessage, Router};
pub use reading::{Reading, ReadingError, lane_of};
