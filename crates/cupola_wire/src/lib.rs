//! Conversion of MQTT topics and payloads to values.
//!
//! All functions are pure and use neither sockets nor a clock. A [`TopicPattern`] selects topics and
//! names their levels. A [`Template`] makes an id from those names. A [`Payload`] gives the values. [`time`]
//! reads the time of measurement.
//!
//! ```
//! use cupola_wire::{Payload, Template, TopicPattern};
//!
//! let pattern = TopicPattern::parse("building/{room}/air")?;
//! let levels = pattern.matches("building/3-07/air").expect("a topic of the pattern");
//! let twin = Template::parse("room-{room}")?.fill(&levels);
//! assert_eq!(twin.as_deref(), Some("room-3-07"));
//!
//! let payload = Payload::parse(br#"{"co2": {"value": 612}}"#)?;
//! assert_eq!(payload.scalar(Some("/co2/value"))?.as_number(), Some(612.0));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

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
pub use time::{
    MAX_TIME_US, MIN_TIME_US, TimeRule, format_duration, format_rfc3339, parse_duration, parse_rfc3339, parse_time,
};
pub use topic::{TopicPattern, filter_matches};
