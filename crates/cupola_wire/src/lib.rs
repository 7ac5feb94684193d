//! How devices speak: topics and payloads in, samples out.
//!
//! Pure functions over bytes and strings: no sockets, no clock, no twins. A [`TopicPattern`] says which topics are meant and
//! what their levels are called, a [`Template`] turns those names into an id, a [`Payload`] gives the values, and [`time`] reads
//! when they were measured.

mod captures;
mod json;
pub mod payload;
mod placeholder;
pub mod template;
pub mod time;
pub mod topic;

pub use captures::Captures;
pub use payload::{Payload, PayloadError, Scalar, check_pointer, fast_number};
pub use placeholder::PatternError;
pub use template::Template;
pub use time::{TimeRule, format_duration, format_rfc3339, parse_duration, parse_rfc3339, parse_time};
pub use topic::TopicPattern;
