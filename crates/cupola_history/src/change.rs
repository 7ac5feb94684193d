//! The data of a history: series of changes.

use cupola_twin::{Kind, Quality};
use std::sync::Arc;

/// The identification of a series: the id of a twin, and the name of one of its properties. It stays valid when the scene
/// is edited, reloaded or replaced by a later version.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SeriesKey {
    /// The id of the twin.
    pub twin: Arc<str>,
    /// The name of the property.
    pub property: Arc<str>,
}

/// A series: the changes of one property with values of one kind and unit. A property whose kind or unit changes gets a
/// further series.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Series {
    /// The twin and the property.
    pub key: SeriesKey,
    /// The kind of its values.
    pub kind: Kind,
    /// The DTDL name of the unit of its values, if it has one.
    pub unit: Option<Arc<str>>,
}

impl Series {
    /// The beginning of the names under which the conditions of functions are recorded beside the properties.
    pub const CONDITION: &str = "#";

    /// Returns whether the series has a condition of a function, which is no property.
    pub fn is_condition(&self) -> bool {
        self.key.property.starts_with(Self::CONDITION)
    }
}

/// The number of a series in a history, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SeriesIx(pub u32);

/// The number of an interned text in a history, from 1. Number 0 is no text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TextIx(pub u32);

/// The `until_us` of an imported value, which holds until the next one, whether somebody recorded or not.
pub const IMPORTED: i64 = i64::MAX - 1;

/// A change of a property.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Change {
    /// The series.
    pub series: SeriesIx,
    /// The source time, in microseconds since the Unix epoch.
    pub time_us: i64,
    /// The moment at which the timeline took the value, in microseconds since the Unix epoch.
    pub taken_us: i64,
    /// The last moment at which a measured value replaces a computed one, in microseconds since the Unix epoch, or
    /// `i64::MAX`, or [`cupola_run::LATE`] for a reading that arrived late, or [`IMPORTED`].
    pub until_us: i64,
    /// The quality.
    pub quality: Quality,
    /// The cause: the topic of a message, or an actor.
    pub cause: TextIx,
    /// The value: a number; 0 or 1 for a boolean; seconds since the Unix epoch for a time; the number of an interned text
    /// for a text or a JSON value. NaN without a value.
    pub lane: f64,
}

/// The kind of a logged event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LogKind {
    /// An alarm was raised.
    Raised,
    /// An alarm was cleared.
    Cleared,
    /// A person acknowledged an alarm.
    Acknowledged,
    /// A command was given, with its request and actor.
    Command,
    /// A command got its outcome.
    Outcome,
    /// The scene was edited.
    Edit,
    /// The connection to a broker was found.
    Connected,
    /// The connection to a broker was lost.
    Disconnected,
    /// Messages were refused, or changes were not recorded one by one.
    Dropped,
    /// The recording began.
    Begun,
    /// The recording ended in order.
    Ended,
    /// Readings of an earlier time were taken at this moment.
    Observed,
    /// A past that was recorded elsewhere was imported. It begins at this moment.
    Imported,
}

impl LogKind {
    /// All kinds with their words.
    pub const ALL: [(Self, &'static str); 13] = [
        (Self::Raised, "alarm-raised"),
        (Self::Cleared, "alarm-cleared"),
        (Self::Acknowledged, "alarm-acknowledged"),
        (Self::Command, "command"),
        (Self::Outcome, "outcome"),
        (Self::Edit, "edit"),
        (Self::Connected, "connected"),
        (Self::Disconnected, "disconnected"),
        (Self::Dropped, "dropped"),
        (Self::Begun, "begun"),
        (Self::Ended, "ended"),
        (Self::Observed, "observed"),
        (Self::Imported, "imported"),
    ];

    /// Returns the word for the kind in files and answers.
    pub fn word(self) -> &'static str {
        Self::ALL.iter().find(|(kind, _)| *kind == self).map_or("", |(_, word)| word)
    }

    /// Returns the kind of a word.
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == word).map(|(kind, _)| *kind)
    }
}

/// A logged event that is no change of a property.
#[derive(Clone, Debug, PartialEq)]
pub struct LogEntry {
    /// The moment, in microseconds since the Unix epoch.
    pub time_us: i64,
    /// The kind.
    pub kind: LogKind,
    /// The subject: an alarm, a command or a broker.
    pub subject: String,
    /// The id of the twin, or an empty text.
    pub twin: String,
    /// Further data as JSON, or an empty text.
    pub detail: String,
}
