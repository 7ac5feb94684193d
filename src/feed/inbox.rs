//! Between the feed's thread and the tick: one place for each property, the newest value wins.
//!
//! It is bounded by the number of mapped properties, so a fast feed and a slow tick lose only values that nobody could have
//! seen, and they are counted.

use super::FeedStatus;
use cupola_twin::Slot;
use cupola_twin::value::Sample;
use std::collections::HashMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Latencies kept, the first.
const MAX_LATENCIES: usize = 200_000;
/// Answers that wait to be fetched.
const MAX_ANSWERS: usize = 1_000;
/// Unknown topics listed.
const MAX_UNKNOWN: usize = 100;

/// A value that arrived.
#[derive(Clone, Debug)]
pub struct Arrival {
    /// Where it goes.
    pub slot: Slot,
    /// The value; its time is the source's, or that of arrival.
    pub sample: Sample,
    /// When it arrived, microseconds since the Unix epoch.
    pub arrived_us: i64,
    /// Whether the sample's time is the source's own.
    pub from_source: bool,
    /// The topic.
    pub topic: Arc<str>,
    /// The beginning of the payload.
    pub payload: Arc<str>,
    /// The age after which the value is stale.
    pub stale_after_us: Option<i64>,
}

/// An answer to a command: its topic, its payload and when it arrived.
pub type Answer = (String, Vec<u8>, i64);

/// What arrived since the last tick.
#[derive(Debug, Default)]
pub struct Inbox {
    inner: Mutex<Inner>,
    arrived: Condvar,
}

#[derive(Debug, Default)]
struct Inner {
    by_slot: HashMap<Slot, usize>,
    arrivals: Vec<Arrival>,
    answers: Vec<Answer>,
    status: FeedStatus,
}

impl Inbox {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        // A thread that panicked while it held the lock left at worst a half-counted message.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a message and takes in its values.
    pub fn put(&self, now_us: i64, arrivals: impl Iterator<Item = Arrival>) {
        let mut inner = self.lock();
        inner.status.messages += 1;
        inner.status.last_arrival_us = Some(now_us);
        for arrival in arrivals {
            match inner.by_slot.get(&arrival.slot).copied() {
                Some(at) => {
                    inner.status.replaced += 1;
                    inner.arrivals[at] = arrival;
                }
                None => {
                    let at = inner.arrivals.len();
                    inner.by_slot.insert(arrival.slot, at);
                    inner.arrivals.push(arrival);
                }
            }
        }
        drop(inner);
        self.arrived.notify_one();
    }

    /// Takes in an answer to a command; what nobody fetches is dropped, the oldest first.
    pub fn answer(&self, topic: &str, payload: &[u8], now_us: i64) {
        let mut inner = self.lock();
        inner.status.messages += 1;
        inner.status.last_arrival_us = Some(now_us);
        if inner.answers.len() >= MAX_ANSWERS {
            inner.answers.remove(0);
        }
        inner.answers.push((topic.to_string(), payload.to_vec(), now_us));
        drop(inner);
        self.arrived.notify_one();
    }

    /// The answers that came since the last call.
    pub fn answers(&self) -> Vec<Answer> {
        std::mem::take(&mut self.lock().answers)
    }

    /// Counts a value that can't be used.
    pub fn reject(&self, why: String) {
        let mut inner = self.lock();
        inner.status.rejected += 1;
        inner.status.last_rejection = Some(why);
    }

    /// Notes a topic that names no twin.
    pub fn unknown(&self, topic: &str) {
        let mut inner = self.lock();
        let known = inner.status.unknown_topics.iter().any(|known| known == topic);
        if !known && inner.status.unknown_topics.len() < MAX_UNKNOWN {
            inner.status.unknown_topics.push(topic.to_string());
        }
    }

    /// Moves what arrived into `out`, in order of first arrival.
    pub fn take(&self, out: &mut Vec<Arrival>) {
        let mut inner = self.lock();
        inner.by_slot.clear();
        out.append(&mut inner.arrivals);
    }

    /// Waits until something is there, at most so long.
    pub fn wait(&self, limit: Duration) {
        let inner = self.lock();
        if inner.arrivals.is_empty() && inner.answers.is_empty() {
            // Woken early or late makes no difference: the tick looks for itself.
            drop(self.arrived.wait_timeout(inner, limit));
        }
    }

    /// How many messages have come.
    pub fn messages(&self) -> u64 {
        self.lock().status.messages
    }

    /// The counters.
    pub fn status(&self) -> FeedStatus {
        self.lock().status.clone()
    }
}

/// How long values took, milliseconds.
#[derive(Clone, Debug, Default)]
pub struct Latencies {
    from_source: Vec<f64>,
    from_arrival: Vec<f64>,
}

/// A summary of latencies, milliseconds.
#[derive(Clone, Copy, Debug, serde::Serialize)]
pub struct LatencySummary {
    /// How many were measured.
    pub count: usize,
    /// Half were faster.
    pub median_ms: f64,
    /// One in a hundred was slower.
    pub p99_ms: f64,
    /// The slowest.
    pub max_ms: f64,
}

impl Latencies {
    pub(super) fn add(&mut self, arrival: &Arrival, propagated_us: i64) {
        let push = |list: &mut Vec<f64>, since_us: i64| {
            if list.len() < MAX_LATENCIES {
                list.push((propagated_us - since_us) as f64 / 1e3);
            }
        };
        push(&mut self.from_arrival, arrival.arrived_us);
        if arrival.from_source {
            push(&mut self.from_source, arrival.sample.time_us);
        }
    }

    /// From the time in the message to propagated, for messages that carry one.
    pub fn publish_to_propagated(&self) -> Option<LatencySummary> {
        summary(&self.from_source)
    }

    /// From arrival to propagated.
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
