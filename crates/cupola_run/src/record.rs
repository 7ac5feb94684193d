//! Files of events: one JSON object per line, in the order in which the events entered a timeline.

use crate::event::Event;
use std::io::{self, BufRead, Write};

/// The reason why a file of events can't be read.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The file can't be read.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// A line is not an event.
    #[error("line {line}, column {column}: {message}")]
    Line {
        /// The number of the line, from 1.
        line: usize,
        /// The column in the line, from 1.
        column: usize,
        /// The reason.
        message: String,
    },
    /// An event has an earlier moment than the event before it.
    #[error("line {line}: the event is earlier than the one before it")]
    Order {
        /// The number of the line, from 1.
        line: usize,
    },
}

/// Writes events, one per line.
///
/// # Errors
/// The events can't be written.
pub fn write<'e>(mut out: impl Write, events: impl IntoIterator<Item = &'e Event>) -> io::Result<()> {
    for event in events {
        serde_json::to_writer(&mut out, event)?;
        out.write_all(b"\n")?;
    }
    out.flush()
}

/// Reads events, one per line. Empty lines are skipped.
///
/// # Errors
/// The text can't be read, a line is not an event, or the events are not in chronological order.
///
/// ```
/// let line = r#"{"time": "2026-01-12T08:00:00Z", "actor": {"kind": "person", "name": "Ada"},
///     "event": {"set": {"twin": "r1", "property": "setpoint", "value": 22.5}}}"#.replace('\n', " ");
/// let events = cupola_run::record::read(line.as_bytes()).unwrap();
/// let mut written = Vec::new();
/// cupola_run::record::write(&mut written, &events).unwrap();
/// assert_eq!(cupola_run::record::read(written.as_slice()).unwrap(), events);
/// ```
pub fn read(text: impl BufRead) -> Result<Vec<Event>, RecordError> {
    let mut events: Vec<Event> = Vec::new();
    for (line, text) in (1..).zip(text.lines()) {
        let text = text?;
        if text.trim().is_empty() {
            continue;
        }
        let event: Event = serde_json::from_str(&text).map_err(|error| {
            let message = error.to_string();
            // The message ends with the position, which the error holds in separate fields.
            let message = message.split(" at line ").next().unwrap_or_default().to_string();
            RecordError::Line { line, column: error.column().max(1), message }
        })?;
        if events.last().is_some_and(|last| last.time_us > event.time_us) {
            return Err(RecordError::Order { line });
        }
        events.push(event);
    }
    Ok(events)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Actor, EventBody};
    use cupola_twin::Value;

    #[test]
    fn times_keep_their_microseconds() {
        let body = EventBody::Set { twin: "r1".into(), property: "setpoint".into(), value: Value::Number(0.1 + 0.2) };
        let events =
            [0, 1, 1_768_204_800_123_456].map(|time_us| Event::new(time_us, Actor::person("Ada"), body.clone()));
        let mut text = Vec::new();
        write(&mut text, &events).expect("a vector takes all bytes");
        assert_eq!(read(text.as_slice()).expect("the written events"), events);
    }
}
