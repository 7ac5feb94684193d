//! Readings: values that devices sent, by twin id and property.

use crate::event::rfc3339;
use cupola_twin::topology::EncodeError;
use cupola_twin::value::Sample;
use cupola_twin::{ColumnIx, Kind, Quality, Topology, Value};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::sync::Arc;

/// Largest number of different texts that a scene and its devices may have. Texts are kept as long as the scene is
/// open.
const MAX_TEXTS: usize = 1_000_000;

/// A value that a device sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reading {
    /// The id of the twin.
    pub twin: Arc<str>,
    /// The name of the property.
    pub property: Arc<str>,
    /// The value. `None` means that the device sent no finite number, so the property becomes bad.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
    /// The source time in microseconds since the Unix epoch, or the time of arrival if the message has no source time.
    #[serde(rename = "time", with = "rfc3339")]
    pub time_us: i64,
    /// The time of arrival, in microseconds since the Unix epoch.
    #[serde(rename = "arrived", with = "rfc3339")]
    pub arrived_us: i64,
    /// Whether `time_us` is a source time that the device sent.
    #[serde(default)]
    pub has_source_time: bool,
    /// Whether the broker had kept the message, so that it may be of any age.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_retained: bool,
    /// The address of the feed's broker in the scene.
    #[serde(default = "no_text", skip_serializing_if = "is_no_text")]
    pub broker: Arc<str>,
    /// The topic of the message.
    #[serde(default = "no_text")]
    pub topic: Arc<str>,
    /// The beginning of the payload.
    #[serde(default = "no_text")]
    pub payload: Arc<str>,
    /// The age at which the value becomes stale, in microseconds. With `None` it stays fresh.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stale_after_us: Option<i64>,
}

fn no_text() -> Arc<str> {
    "".into()
}

fn is_no_text(text: &Arc<str>) -> bool {
    text.is_empty()
}

impl Reading {
    /// Returns the sample of the reading for a column.
    ///
    /// # Errors
    /// The reason why the column can't have the value.
    pub(crate) fn sample(&self, topology: &Topology, column: ColumnIx) -> Result<Sample, ReadingError> {
        let time_us = self.measured_us();
        match &self.value {
            None => Ok(Sample { lane: f64::NAN, quality: Quality::Bad, time_us }),
            Some(value) => {
                let quality = if self.is_of_unknown_age() { Quality::Stale } else { Quality::Good };
                Ok(Sample { quality, ..Sample::good(lane_of(topology, column, value)?, time_us) })
            }
        }
    }

    /// Returns the time of the measurement, in microseconds since the Unix epoch; 0 if it is unknown.
    pub(crate) fn measured_us(&self) -> i64 {
        // The clock of a device may run ahead, and no measurement is of the future.
        if self.is_of_unknown_age() { 0 } else { self.time_us.min(self.arrived_us) }
    }

    /// Returns whether nobody knows the age of the value: the broker had kept the message, and it has no time.
    pub(crate) fn is_of_unknown_age(&self) -> bool {
        self.is_retained && !self.has_source_time
    }

    /// Returns the last moment at which the value is fresh, in microseconds, or `None` if it stays fresh.
    pub(crate) fn fresh_until_us(&self) -> Option<i64> {
        self.stale_after_us.map(|limit_us| self.measured_us().saturating_add(limit_us))
    }
}

/// The reason why a column can't have a value from outside.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ReadingError {
    /// The value does not fit.
    #[error(transparent)]
    Value(#[from] EncodeError),
    /// The timeline holds too many different texts.
    #[error("there are more than {MAX_TEXTS} different texts already")]
    TooManyTexts,
}

/// Returns the lane of a value from outside for a column.
///
/// # Errors
/// The column can't have the value, or there are too many different texts.
pub fn lane_of(topology: &Topology, column: ColumnIx, value: &Value) -> Result<f64, ReadingError> {
    let text = match (topology.column(column).kind, value) {
        (Kind::Text, Value::Text(text)) => Some(Cow::from(text)),
        (Kind::Json, value) => serde_json::to_string(value).ok().map(Cow::from),
        _ => None,
    };
    if let Some(text) = text
        && topology.texts.find(&text).is_none()
        && topology.texts.len() >= MAX_TEXTS
    {
        return Err(ReadingError::TooManyTexts);
    }
    Ok(topology.encode(column, value)?)
}
