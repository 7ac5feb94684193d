//! The origin of values from outside: a message, a processor's answer or an actor, and the end of their freshness.

use crate::event::Actor;
use crate::relocation::Relocation;
use cupola_twin::value::Sample;
use cupola_twin::zone::local_text;
use cupola_twin::{Quality, Slot, State};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The source of a value.
#[derive(Clone, Debug)]
pub(crate) enum Source {
    /// A message of a feed.
    Message { broker: Arc<str>, topic: Arc<str>, payload: Arc<str>, arrived_us: i64, is_retained: bool },
    /// An answer of an external processor.
    Answer { processor: Arc<str>, request: Arc<str>, asked_us: i64 },
    /// An event of an actor: a value that was set, or a command.
    Actor { actor: Actor, action: Arc<str> },
}

/// The source of a slot's value, and the moment from which the value is stale.
#[derive(Clone, Debug)]
pub(crate) struct Origin {
    pub source: Source,
    /// The source time of the value. A value with another source time has another origin.
    pub time_us: i64,
    /// The last moment at which the value is fresh, in microseconds since the Unix epoch, or `None` without a limit.
    pub fresh_until_us: Option<i64>,
    /// The moment since which the broker of the message is not connected, or was not once, in microseconds since the Unix
    /// epoch.
    pub lost_us: Option<i64>,
}

impl Origin {
    /// Creates the origin of a value whose broker, if there is one, is connected.
    pub fn new(source: Source, time_us: i64, fresh_until_us: Option<i64>) -> Self {
        Self { source, time_us, fresh_until_us, lost_us: None }
    }
}

/// The origins of a timeline's values, by slot.
#[derive(Clone, Debug)]
pub(crate) struct Origins {
    /// The origins. A branch and its parent share them until one of the two gets a value of another origin.
    by_slot: Arc<BTreeMap<Slot, Origin>>,
    /// A moment up to which no value becomes stale, in microseconds since the Unix epoch.
    next_stale_us: i64,
    /// The start of a branch, in microseconds since the Unix epoch. In it, values of earlier messages stay as they are.
    inherited_until_us: i64,
}

impl Default for Origins {
    fn default() -> Self {
        Self { by_slot: Arc::default(), next_stale_us: i64::MAX, inherited_until_us: i64::MIN }
    }
}

impl Origins {
    /// Records the origin of a slot's value.
    pub fn insert(&mut self, slot: Slot, origin: Origin) {
        self.next_stale_us = self.next_stale_us.min(origin.fresh_until_us.unwrap_or(i64::MAX));
        Arc::make_mut(&mut self.by_slot).insert(slot, origin);
    }

    /// Returns the source time of a slot's value if a message brought it, in microseconds since the Unix epoch.
    pub fn message_us(&self, state: &State, slot: Slot) -> Option<i64> {
        let origin = self.by_slot.get(&slot).filter(|origin| matches!(origin.source, Source::Message { .. }))?;
        (time_of(state, slot) == origin.time_us).then_some(origin.time_us)
    }

    /// Ends the freshness of values of messages whose broker and topic fulfil a condition, because the broker is not
    /// connected at `now_us`. The next message of a topic is its next confirmation. Returns the slots of these values.
    pub fn disconnect(&mut self, now_us: i64, is_lost: impl Fn(&str, &str) -> bool) -> Vec<Slot> {
        let mut lost = Vec::new();
        for (slot, origin) in Arc::make_mut(&mut self.by_slot) {
            if let Source::Message { broker, topic, .. } = &origin.source
                && is_lost(broker, topic)
            {
                origin.lost_us.get_or_insert(now_us);
                origin.fresh_until_us = Some(origin.fresh_until_us.map_or(now_us, |until_us| until_us.min(now_us)));
                lost.push(*slot);
            }
        }
        self.next_stale_us = self.next_stale_us.min(now_us);
        lost
    }

    /// Returns whether a slot's value came on a topic whose broker was not connected since.
    pub fn is_unconfirmed(&self, slot: Slot, topic: &str) -> bool {
        self.by_slot.get(&slot).is_some_and(|origin| {
            let is_same = matches!(&origin.source, Source::Message { topic: known, .. } if &**known == topic);
            is_same && origin.lost_us.is_some()
        })
    }

    /// Confirms the value of a slot after an outage: the broker still has the same value. The value keeps its source time
    /// and is fresh for `stale_after_us` microseconds from then on. Returns false if its age is unknown.
    pub fn confirm(&mut self, slot: Slot, stale_after_us: Option<i64>) -> bool {
        let Some(origin) = Arc::make_mut(&mut self.by_slot).get_mut(&slot).filter(|origin| origin.time_us > 0) else {
            return false;
        };
        origin.lost_us = None;
        origin.fresh_until_us = stale_after_us.map(|limit_us| origin.time_us.saturating_add(limit_us));
        self.next_stale_us = self.next_stale_us.min(origin.fresh_until_us.unwrap_or(i64::MAX));
        true
    }

    /// Returns the cause of a slot's value: the topic of a message, a processor, or the name of an actor.
    pub fn cause(&self, slot: Slot) -> Option<Arc<str>> {
        Some(match &self.by_slot.get(&slot)?.source {
            Source::Message { topic, .. } => topic.clone(),
            Source::Answer { processor, .. } => processor.clone(),
            Source::Actor { actor, .. } => actor.name.as_str().into(),
        })
    }

    /// Returns a description of the origin of a slot's value, or `None` if the value has been replaced since.
    pub fn text(&self, state: &State, slot: Slot) -> Option<String> {
        let origin = self.by_slot.get(&slot)?;
        if time_of(state, slot) != origin.time_us {
            return None;
        }
        Some(match &origin.source {
            Source::Message { topic, payload, is_retained: true, .. } => {
                format!("retained message of unknown age on {topic}: {payload}")
            }
            Source::Message { topic, payload, .. } => {
                let lost = origin.lost_us.map(|lost_us| {
                    let at = local_text(lost_us, &state.topology().zone);
                    format!("; not confirmed since the connection was lost at {at}")
                });
                format!("message on {topic}: {payload}{}", lost.unwrap_or_default())
            }
            Source::Answer { processor, request, asked_us } => {
                let asked = local_text(*asked_us, &state.topology().zone);
                format!("answer {request} of processor {processor}, asked at {asked}")
            }
            Source::Actor { actor, action } => {
                let at = local_text(origin.time_us, &state.topology().zone);
                format!("{action} by {} at {at}", actor.name)
            }
        })
    }

    /// Returns the origins for a branch that begins at `now_us`.
    pub fn branch(&self, now_us: i64) -> Self {
        Self { by_slot: self.by_slot.clone(), next_stale_us: self.next_stale_us, inherited_until_us: now_us }
    }

    /// Marks values as stale if their freshness has ended at `now_us`, in microseconds since the Unix epoch.
    ///
    /// Values of computed properties are not marked, because propagation computes them again.
    pub fn mark_stale(&mut self, state: &mut State, now_us: i64) {
        if now_us <= self.next_stale_us {
            return;
        }
        let topology = state.topology().clone();
        let mut next_us = i64::MAX;
        for (slot, origin) in self.by_slot.iter() {
            let Some(until_us) = origin.fresh_until_us else { continue };
            if matches!(origin.source, Source::Message { arrived_us, .. } if arrived_us <= self.inherited_until_us) {
                continue;
            }
            if until_us >= now_us {
                next_us = next_us.min(until_us);
                continue;
            }
            let sample = state.get(*slot);
            let is_same = sample.time_us == origin.time_us && sample.quality == Quality::Good;
            if is_same && topology.column(slot.column).formula.is_none() {
                state.set(*slot, Sample { quality: Quality::Stale, ..sample });
            }
        }
        self.next_stale_us = next_us;
    }

    pub fn relocate(&mut self, relocation: &Relocation) {
        if !relocation.is_identity() {
            let moved = self.by_slot.iter().filter_map(|(slot, known)| Some((relocation.slot(*slot)?, known.clone())));
            self.by_slot = Arc::new(moved.collect());
        }
    }
}

/// Returns the source time of a slot's value, in microseconds since the Unix epoch.
fn time_of(state: &State, slot: Slot) -> i64 {
    // A measured value of a computed property is stored outside the column.
    state.measured(slot).map_or_else(|| state.get(slot).time_us, |measured| measured.sample.time_us)
}
