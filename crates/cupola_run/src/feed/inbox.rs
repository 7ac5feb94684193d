//! The hand-over between the threads of feeds and the tick: one place for each property, where the newest value wins.
//!
//! The number of mapped properties bounds it, so a fast feed and a slow tick lose only values that nobody could have
//! seen, and they are counted.

use super::Reading;
use cupola_twin::Slot;
use std::collections::HashMap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Latencies kept: the first of a run.
const MAX_LATENCIES: usize = 200_000;
/// Answers that wait to be fetched.
const MAX_ANSWERS: usize = 1_000;
/// Unknown topics listed.
const MAX_UNKNOWN: usize = 100;

/// The counters of a timeline's feeds.
#[derive(Clone, Debug, Default)]
pub struct FeedCounters {
    /// Messages received since the feeds were opened.
    pub messages: u64,
    /// The time of the last message, microseconds since the Unix epoch.
    pub last_arrival_us: Option<i64>,
    /// Messages whose value could not be used.
    pub rejected: u64,
    /// The reason why the last of them could not.
    pub last_rejection: Option<String>,
    /// Values that a newer value replaced before the tick took them.
    pub replaced: u64,
    /// Topics that match a mapping but name no twin, a hundred at most.
    pub unknown_topics: Vec<String>,
}

/// An answer to a command: its topic, its payload and its time of arrival.
pub type Answer = (String, Vec<u8>, i64);

/// The readings and answers that arrived since the last tick.
#[derive(Debug, Default)]
pub struct Inbox {
    inner: Mutex<Inner>,
    arrived: Condvar,
}

#[derive(Debug, Default)]
struct Inner {
    /// The place of each slot's reading, for the mappings of `generation`.
    by_slot: HashMap<Slot, usize>,
    generation: u64,
    readings: Vec<Reading>,
    answers: Vec<Answer>,
    counters: FeedCounters,
}

impl Inbox {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        // A thread that panicked while it held the lock left at worst a half-counted message.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a message and takes in its readings. Slots are those of the mappings with this generation.
    pub fn put(&self, now_us: i64, generation: u64, readings: impl Iterator<Item = (Slot, Reading)>) {
        let mut inner = self.lock();
        inner.counters.messages += 1;
        inner.counters.last_arrival_us = Some(now_us);
        if inner.generation != generation {
            // The slots of other mappings mean other properties. Their readings stay, in order of arrival.
            inner.generation = generation;
            inner.by_slot.clear();
        }
        for (slot, reading) in readings {
            match inner.by_slot.get(&slot).copied() {
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

    /// Takes in an answer to a command. Answers that nobody fetches are dropped, the oldest first.
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

    /// Returns the answers that came since the last call.
    pub fn answers(&self) -> Vec<Answer> {
        std::mem::take(&mut self.lock().answers)
    }

    /// Counts a value that can't be used.
    pub fn reject(&self, why: String) {
        let mut inner = self.lock();
        inner.counters.rejected += 1;
        inner.counters.last_rejection = Some(why);
    }

    /// Notes a topic that names no twin.
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

    /// Waits until a reading or an answer is there, at most for `limit`.
    pub fn wait(&self, limit: Duration) {
        let inner = self.lock();
        if inner.readings.is_empty() && inner.answers.is_empty() {
            // An early or late wake-up makes no difference: the tick looks for itself.
            drop(self.arrived.wait_timeout(inner, limit));
        }
    }

    /// Returns the number of messages received.
    pub fn messages(&self) -> u64 {
        self.lock().counters.messages
    }

    /// Returns the counters.
    pub fn counters(&self) -> FeedCounters {
        self.lock().counters.clone()
    }
}

/// The durations from sending and from arrival to propagated, milliseconds.
#[derive(Clone, Debug, Default)]
pub struct Latencies {
    from_source: Vec<f64>,
    from_arrival: Vec<f64>,
}

/// A summary of latencies, milliseconds.
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
    /// Adds the latencies of a reading with these times that was propagated at `propagated_us`.
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

    /// Returns the latency from the time in the message to propagated, for messages that carry one.
    pub fn publish_to_propagated(&self) -> Option<LatencySummary> {
        summary(&self.from_source)
    }

    /// Returns the latency from arrival to propagated.
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
            topic: "t".into(),
            payload: "".into(),
            stale_after_us: None,
        };
        (Slot { column: ColumnIx(0), row }, reading)
    }

    #[test]
    fn the_newest_value_of_a_property_replaces_the_one_before() {
        let inbox = Inbox::default();
        for number in 0..1_000 {
            // Two feeds of one scene, in turn.
            inbox.put(0, 1, [reading(number % 2, f64::from(number))].into_iter());
        }
        let values: Vec<Option<Value>> = inbox.take().into_iter().map(|reading| reading.value).collect();
        assert_eq!(values, [Some(Value::Number(998.0)), Some(Value::Number(999.0))]);
        assert_eq!(inbox.counters().replaced, 998);
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
