//! The inbox, which passes readings from the threads of feeds to the tick. Every reading counts, because a peak between
//! two ticks may raise an alarm.
//!
//! If too many readings wait, the tick is overloaded. A further reading then replaces the last one of its property, and
//! is counted. While the mappings stay the same, the number of mapped properties limits the number of further readings.

use super::Reading;
use crate::timeline::Timeline;
use cupola_twin::Slot;
use std::collections::HashMap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Largest number of stored latencies. Later latencies of a run are not stored.
const MAX_LATENCIES: usize = 200_000;
/// Number of waiting readings from which a reading replaces the last one of its property.
const MAX_READINGS: usize = 20_000;
/// Largest number of answers that wait for the tick.
const MAX_ANSWERS: usize = 1_000;
/// Largest number of unknown topics in the list.
const MAX_UNKNOWN: usize = 100;

/// The counters of a timeline's feeds.
#[derive(Clone, Debug, Default)]
pub struct FeedCounters {
    /// Number of messages received since the feeds were opened.
    pub messages: u64,
    /// The time of the last message, in microseconds since the Unix epoch.
    pub last_arrival_us: Option<i64>,
    /// Number of messages and values that could not be used.
    pub rejected: u64,
    /// The reason of the last rejection.
    pub last_rejection: Option<String>,
    /// Number of readings that a newer one replaced before the tick took them, because too many waited.
    pub replaced: u64,
    /// Number of readings that came after a newer one of the same property.
    pub late: u64,
    /// Number of values that were rounded, because their properties are whole numbers.
    pub rounded: u64,
    /// The last value that was rounded.
    pub last_rounded: Option<String>,
    /// Topics without a route to a property of a twin, at most a hundred.
    pub unknown_topics: Vec<String>,
}

/// An answer to a command: its topic, its payload and its time of arrival in microseconds since the Unix epoch.
pub type Answer = (String, Vec<u8>, i64);

/// The readings and answers that arrived since the last tick.
#[derive(Debug, Default)]
pub struct Inbox {
    inner: Mutex<Inner>,
    arrived: Condvar,
}

#[derive(Debug, Default)]
struct Inner {
    /// The index of each slot's last reading, for the mappings of `generation`.
    by_slot: HashMap<Slot, usize>,
    generation: u64,
    readings: Vec<Reading>,
    answers: Vec<Answer>,
    counters: FeedCounters,
}

impl Inbox {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        // A thread that panicked while it held the lock may have left a half-counted message, which does no harm.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a message and stores its readings. The slots are those of the mappings with this generation.
    pub fn put(&self, now_us: i64, generation: u64, readings: impl Iterator<Item = (Slot, Reading)>) {
        let mut inner = self.lock();
        inner.counters.messages += 1;
        inner.counters.last_arrival_us = Some(now_us);
        if inner.generation != generation {
            // Slots of other mappings mean other properties. The readings so far stay, in order of arrival.
            inner.generation = generation;
            inner.by_slot.clear();
        }
        for (slot, reading) in readings {
            let is_full = inner.readings.len() >= MAX_READINGS;
            match inner.by_slot.get(&slot).copied().filter(|_| is_full) {
                Some(at) => {
                    inner.counters.replaced += 1;
                    inner.readings[at] = reading;
                }
                None => {
                    let at = inner.readings.len();
                    inner.by_slot.insert(slot, at);
                    inner.readings.push(reading);
                }
            }
        }
        drop(inner);
        self.arrived.notify_one();
    }

    /// Stores an answer to a command. If too many answers wait, the oldest is dropped.
    pub fn answer(&self, topic: &str, payload: &[u8], now_us: i64) {
        let mut inner = self.lock();
        inner.counters.messages += 1;
        inner.counters.last_arrival_us = Some(now_us);
        if inner.answers.len() >= MAX_ANSWERS {
            inner.answers.remove(0);
        }
        inner.answers.push((topic.to_string(), payload.to_vec(), now_us));
        drop(inner);
        self.arrived.notify_one();
    }

    /// Returns the answers that arrived since the last call.
    pub fn answers(&self) -> Vec<Answer> {
        std::mem::take(&mut self.lock().answers)
    }

    /// Counts a message or value that can't be used, with the reason.
    pub fn reject(&self, why: String) {
        let mut inner = self.lock();
        inner.counters.rejected += 1;
        inner.counters.last_rejection = Some(why);
    }

    /// Counts a value that was rounded, with a text about it.
    pub fn round(&self, what: String) {
        let mut inner = self.lock();
        inner.counters.rounded += 1;
        inner.counters.last_rounded = Some(what);
    }

    /// Counts readings that came after a newer one of the same property.
    pub fn count_late(&self, count: u64) {
        self.lock().counters.late += count;
    }

    /// Adds a topic that leads to no property to the list, if the list has room.
    pub fn unknown(&self, topic: &str) {
        let mut inner = self.lock();
        let known = inner.counters.unknown_topics.iter().any(|known| known == topic);
        if !known && inner.counters.unknown_topics.len() < MAX_UNKNOWN {
            inner.counters.unknown_topics.push(topic.to_string());
        }
    }

    /// Returns the readings that arrived since the last call, in order of first arrival.
    pub fn take(&self) -> Vec<Reading> {
        let mut inner = self.lock();
        inner.by_slot.clear();
        std::mem::take(&mut inner.readings)
    }

    /// Waits until a reading or an answer has arrived, but no longer than `limit`. The wait may end early.
    pub fn wait(&self, limit: Duration) {
        let inner = self.lock();
        if inner.readings.is_empty() && inner.answers.is_empty() {
            // An early or late wake-up makes no difference, because the caller takes the readings in any case.
            drop(self.arrived.wait_timeout(inner, limit));
        }
    }

    /// Returns the number of received messages.
    pub fn messages(&self) -> u64 {
        self.lock().counters.messages
    }

    /// Returns the counters.
    pub fn counters(&self) -> FeedCounters {
        self.lock().counters.clone()
    }
}

/// The numbers of refused and of replaced messages that a history knows of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NotedRefusals {
    refused: u64,
    replaced: u64,
    at_us: Option<i64>,
}

impl NotedRefusals {
    /// The shortest time between two notes, in microseconds.
    const EVERY_US: i64 = 60_000_000;

    /// Notes new refusals in the history of a timeline, at most once a minute.
    pub fn note(&mut self, inbox: &Inbox, timeline: &Timeline) {
        let now_us = timeline.now_us();
        if self.at_us.is_some_and(|at_us| now_us - at_us < Self::EVERY_US) {
            return;
        }
        let inner = inbox.lock();
        let FeedCounters { rejected, replaced, .. } = inner.counters;
        if (rejected, replaced) == (self.refused, self.replaced) {
            return;
        }
        let why = inner.counters.last_rejection.clone().unwrap_or_default();
        drop(inner);
        timeline.note_refused(rejected - self.refused, replaced - self.replaced, &why);
        *self = Self { refused: rejected, replaced, at_us: Some(now_us) };
    }
}

/// Latencies from sending and from arrival until a reading is propagated, in milliseconds.
#[derive(Clone, Debug, Default)]
pub struct Latencies {
    from_source: Vec<f64>,
    from_arrival: Vec<f64>,
}

/// A summary of latencies, in milliseconds.
#[derive(Clone, Copy, Debug, serde::Serialize)]
pub struct LatencySummary {
    /// The number of latencies.
    pub count: usize,
    /// The median.
    pub median_ms: f64,
    /// The 99th percentile.
    pub p99_ms: f64,
    /// The maximum.
    pub max_ms: f64,
}

impl Latencies {
    /// Adds the latencies of a reading that was propagated at `propagated_us`. All times are in microseconds.
    pub fn add(&mut self, sent_us: Option<i64>, arrived_us: i64, propagated_us: i64) {
        let push = |list: &mut Vec<f64>, since_us: i64| {
            if list.len() < MAX_LATENCIES {
                list.push((propagated_us - since_us) as f64 / 1e3);
            }
        };
        push(&mut self.from_arrival, arrived_us);
        if let Some(sent_us) = sent_us {
            push(&mut self.from_source, sent_us);
        }
    }

    /// Summarises the latencies from the source time until propagation. Messages without a source time don't count.
    pub fn publish_to_propagated(&self) -> Option<LatencySummary> {
        summary(&self.from_source)
    }

    /// Summarises the latencies from arrival until propagation.
    pub fn arrival_to_propagated(&self) -> Option<LatencySummary> {
        summary(&self.from_arrival)
    }
}

fn summary(list: &[f64]) -> Option<LatencySummary> {
    let mut sorted = list.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at =
        |share: f64| sorted.get(((sorted.len() as f64 * share) as usize).min(sorted.len().saturating_sub(1))).copied();
    Some(LatencySummary { count: sorted.len(), median_ms: at(0.5)?, p99_ms: at(0.99)?, max_ms: *sorted.last()? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use cupola_twin::{ColumnIx, Value};

    fn reading(row: u32, value: f64) -> (Slot, Reading) {
        let reading = Reading {
            twin: "t".into(),
            property: "p".into(),
            value: Some(Value::Number(value)),
            time_us: 0,
            arrived_us: 0,
            has_source_time: false,
            is_retained: false,
            broker: "".into(),
            topic: "t".into(),
            payload: "".into(),
            stale_after_us: None,
        };
        (Slot { column: ColumnIx(0), row }, reading)
    }

    #[test]
    fn every_reading_counts_until_too_many_wait() {
        let inbox = Inbox::default();
        let count = MAX_READINGS as u32 + 1_000;
        for number in 0..count {
            // Two feeds of one scene, in turn.
            inbox.put(0, 1, [reading(number % 2, f64::from(number))].into_iter());
        }
        let readings = inbox.take();
        let last: Vec<Option<Value>> =
            readings[MAX_READINGS - 2..].iter().map(|reading| reading.value.clone()).collect();
        assert_eq!(last, [count - 2, count - 1].map(|number| Some(Value::Number(f64::from(number)))));
        assert_eq!((readings.len(), inbox.counters().replaced), (MAX_READINGS, 1_000));
    }

    #[test]
    fn readings_of_earlier_mappings_stay_in_order() {
        let inbox = Inbox::default();
        inbox.put(0, 1, [reading(0, 1.0)].into_iter());
        // The same slot means another property now.
        inbox.put(0, 2, [reading(0, 2.0)].into_iter());
        assert_eq!(inbox.take().len(), 2);
    }
}
