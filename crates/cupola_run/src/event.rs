//! Events: the data that enter a timeline from outside.
//!
//! An event names twins and properties by id, never by row or slot, so it keeps its meaning across edits and programs.

use crate::feed::{Reading, ReadingError};
use crate::simulation::{Assumption, AssumptionError};
use cupola_twin::{Diagnostic, Value};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The kinds of actors that cause events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ActorKind {
    /// A person.
    Person,
    /// A device behind a feed.
    Device,
    /// A scenario.
    Scenario,
    /// A program: this one, or an external processor.
    Program,
}

/// The actor that causes an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Actor {
    /// The kind of actor.
    pub kind: ActorKind,
    /// The actor's name.
    pub name: String,
}

impl Actor {
    /// Returns a person.
    pub fn person(name: impl Into<String>) -> Self {
        Self { kind: ActorKind::Person, name: name.into() }
    }

    /// Returns a device, or a feed that represents its devices.
    pub fn device(name: impl Into<String>) -> Self {
        Self { kind: ActorKind::Device, name: name.into() }
    }

    /// Returns a program.
    pub fn program(name: impl Into<String>) -> Self {
        Self { kind: ActorKind::Program, name: name.into() }
    }
}

/// An event: a moment, an actor, a cause and a body.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// The moment on the timeline's clock, in microseconds since the Unix epoch. Its JSON form is RFC 3339 text.
    #[serde(rename = "time", with = "rfc3339")]
    pub time_us: i64,
    /// The actor that causes the event.
    pub actor: Actor,
    /// The reason for the event: a text, or the id of the cause.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
    /// The content of the event.
    #[serde(rename = "event")]
    pub body: EventBody,
}

impl Event {
    /// Returns an event without a cause.
    pub fn new(time_us: i64, actor: Actor, body: EventBody) -> Self {
        Self { time_us, actor, cause: None, body }
    }
}

/// The content of an event.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum EventBody {
    /// Readings that devices sent.
    Readings {
        /// The readings, in the order of arrival.
        readings: Vec<Reading>,
    },
    /// A broker is not connected any more. The values of its messages become stale until the next message.
    Disconnected {
        /// The address of the broker in the scene.
        broker: String,
        /// The topic filters of the broker's subscriptions.
        topics: Vec<String>,
    },
    /// A property gets a value on a simulated timeline.
    Set {
        /// The id of the twin.
        twin: String,
        /// The name of the property.
        property: String,
        /// The value.
        value: Value,
    },
    /// A simulation changes one of its assumptions.
    Assume {
        /// The id of the room's twin, or `None` for an assumption about the weather.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        room: Option<String>,
        /// The assumption.
        assumption: Assumption,
    },
    /// A twin gets a command.
    Command {
        /// The id of the twin.
        twin: String,
        /// The name of the command.
        command: String,
        /// The request of the command.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        request: Option<Value>,
    },
    /// A device answers a command, or the command could not be sent.
    Answer {
        /// The number of the invocation.
        invocation: u64,
        /// The response, or the reason why the command failed.
        result: Result<Option<Value>, String>,
        /// The duration from the request to the answer, in microseconds.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        took_us: Option<i64>,
    },
    /// A person acknowledges an alarm.
    Acknowledge {
        /// The id of the alarm.
        alarm: String,
        /// The id of the twin.
        twin: String,
    },
    /// An external processor returns values.
    Processed {
        /// The id of the processor.
        processor: String,
        /// The id of the request.
        request: String,
        /// The moment of the inputs in the request, in microseconds since the Unix epoch.
        #[serde(rename = "asked", with = "rfc3339")]
        asked_us: i64,
        /// The values by twin and property. `None` clears the property.
        values: BTreeMap<String, BTreeMap<String, Option<Value>>>,
    },
}

/// The outcome of an event that was applied.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outcome {
    /// The number of the invocation, if the event is a command.
    pub invocation: Option<u64>,
    /// The reasons why parts of the event were refused.
    pub rejected: Vec<String>,
    /// Number of readings that were older than the value of their property. They don't replace it.
    pub late: u64,
}

/// The reason why an event was refused. A refused event changes nothing.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum EventError {
    /// The event needs a simulated timeline, and the timeline is live.
    #[error("only a simulated timeline can be changed: make a what-if from here")]
    NotSimulated,
    /// The timeline replays a recording.
    #[error("a replay shows the past and can't be changed: make a what-if from here")]
    Replayed,
    /// A twin, property, alarm, command or processor of that name does not exist.
    #[error("{0}")]
    Unknown(Box<Diagnostic>),
    /// The property is computed.
    #[error("{0} is computed: change what it is computed from")]
    Computed(String),
    /// The capacity of a source can't be negative.
    #[error("{0} is the capacity of a source of heat or cold, which can't be negative")]
    NegativeCapacity(String),
    /// The property can't have the value.
    #[error(transparent)]
    Value(#[from] ReadingError),
    /// The simulation can't take the assumption.
    #[error(transparent)]
    Assumption(#[from] AssumptionError),
    /// The request does not match the command's schema.
    #[error("{0}")]
    Request(Box<Diagnostic>),
    /// The scene has no feed that could send the command.
    #[error("the scene has no feed, so a command has nowhere to go")]
    NoFeed,
    /// No feed maps the command.
    #[error("no feed maps the command `{command}` of `{twin}`: add it to the feed's `commands`")]
    NotMapped {
        /// The name of the command.
        command: String,
        /// The id of the twin.
        twin: String,
    },
    /// No stored invocation has this number.
    #[error("there is no invocation {0}")]
    NoInvocation(u64),
    /// The invocation has its outcome already.
    #[error("invocation {0} waits for no answer")]
    NotAwaited(u64),
    /// The alarm is not raised.
    #[error("the alarm `{alarm}` of `{twin}` is not raised")]
    NotRaised {
        /// The id of the alarm.
        alarm: String,
        /// The id of the twin.
        twin: String,
    },
}

impl From<Diagnostic> for EventError {
    fn from(found: Diagnostic) -> Self {
        Self::Unknown(Box::new(found))
    }
}

/// The serialization of microseconds since the Unix epoch as RFC 3339 text.
pub(crate) mod rfc3339 {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<S: Serializer>(time_us: &i64, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&cupola_twin::value::time_text(*time_us))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
        let text = String::deserialize(deserializer)?;
        cupola_wire::parse_rfc3339(&text)
            .ok_or_else(|| D::Error::custom(format!("`{text}` is not an RFC 3339 time such as 2026-01-31T08:00:00Z")))
    }
}
