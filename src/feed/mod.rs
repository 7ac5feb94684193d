//! Feeds: an MQTT client on a thread of its own, mappings that make samples of messages, and one hand-over a tick.

mod broker;
mod client;
mod command;
mod fleet;
mod inbox;
mod mapping;

pub use broker::Broker;
pub use command::{CommandMapping, CommandMappings, Request};
pub use fleet::{Fleet, FleetReport};
pub use inbox::{Arrival, Inbox, Latencies};
pub use mapping::{Mappings, Router};

use crate::timeline::{Clock, TimelineState, WallClock};
use crate::{Tick, TickSystems};
use bevy::prelude::*;
pub(crate) use client::{Client, Receiver, address};
use cupola_twin::value::Sample;
use cupola_twin::{Quality, Slot, Topology, TwinIx, Value};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

/// How a feed stands with its broker.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Connection {
    /// Not asked to connect.
    #[default]
    Idle,
    /// Trying.
    Connecting,
    /// Connected and subscribed.
    Connected,
    /// Lost; it tries again by itself.
    Lost {
        /// Why.
        error: String,
    },
}

impl Connection {
    fn trouble(&self) -> u8 {
        match self {
            Self::Connected => 0,
            Self::Idle => 1,
            Self::Connecting => 2,
            Self::Lost { .. } => 3,
        }
    }
}

/// How a feed is doing.
#[derive(Clone, Debug, Default)]
pub struct FeedStatus {
    /// How it stands with its broker.
    pub connection: Connection,
    /// The broker.
    pub url: String,
    /// Messages received since it began.
    pub messages: u64,
    /// Messages a second, lately.
    pub rate_per_s: f64,
    /// When the last one arrived, microseconds since the Unix epoch.
    pub last_arrival_us: Option<i64>,
    /// Messages whose value could not be used.
    pub rejected: u64,
    /// Why the last of them could not.
    pub last_rejection: Option<String>,
    /// Values that a newer one replaced before the tick took them.
    pub replaced: u64,
    /// Topics that match a mapping but name no twin, a hundred at most.
    pub unknown_topics: Vec<String>,
}

/// Takes a feed's messages into the inbox.
struct Intake {
    router: Router,
    inbox: Arc<Inbox>,
}

impl Receiver for Intake {
    fn message(&mut self, topic: &str, payload: &[u8], now_us: i64) {
        self.router.message(topic, payload, now_us, &self.inbox);
    }

    fn failed(&mut self, why: String) {
        self.inbox.reject(format!("a command could not be sent: {why}"));
    }
}

/// Drives a timeline with the scene's feeds.
#[derive(Component)]
pub struct Live {
    /// A connection for each feed, once they are asked to connect.
    clients: Vec<Client>,
    inbox: Arc<Inbox>,
    feeds: Vec<Arc<Mappings>>,
    /// Slots that have had a message, with its topic and the age after which they are stale.
    fed: BTreeMap<Slot, Fed>,
    /// `(when, messages)` over the last seconds, for the rate.
    counts: VecDeque<(i64, u64)>,
    rate_per_s: f64,
    /// How long from publishing and from arrival to propagated.
    pub latencies: Latencies,
    applied: Vec<Arrival>,
    last_staleness_us: i64,
}

#[derive(Clone)]
struct Fed {
    topic: Arc<str>,
    payload: Arc<str>,
    stale_after_us: Option<i64>,
    arrived_us: i64,
}

impl Live {
    /// Feeds with these mappings, not connected.
    pub fn new(feeds: Vec<Mappings>) -> Self {
        Self {
            clients: Vec::new(),
            inbox: Arc::new(Inbox::default()),
            feeds: feeds.into_iter().map(Arc::new).collect(),
            fed: BTreeMap::new(),
            counts: VecDeque::new(),
            rate_per_s: 0.0,
            latencies: Latencies::default(),
            applied: Vec::new(),
            last_staleness_us: 0,
        }
    }

    /// Connects each feed to its broker, or all to `url` instead; earlier connections end.
    pub fn connect(&mut self, url: Option<&str>) -> Result<(), String> {
        let urls: Vec<&str> = self.feeds.iter().map(|feed| url.unwrap_or(&feed.url)).collect();
        // Whatever runs goes on if one of them is wrong.
        urls.iter().try_for_each(|url| address(url).map(|_| ()))?;
        self.clients.clear();
        for (feed, url) in self.feeds.iter().zip(urls) {
            let intake = Intake { router: Router::new(feed.clone()), inbox: self.inbox.clone() };
            self.clients.push(Client::start(url, feed.filters(), intake)?);
        }
        Ok(())
    }

    /// Takes over which slots have had messages, for another topology of the same scene.
    pub fn carry_over(&mut self, old: &Self, from: &Topology, to: &Topology) {
        for (slot, fed) in &old.fed {
            let twin = to.twin(from.twin_id(from.twin_of(*slot)));
            let here = twin.and_then(|twin| to.slot(twin, &from.column(slot.column).name));
            if let Some(here) = here {
                self.fed.insert(here, fed.clone());
            }
        }
    }

    /// The message for a command, with the numbers of its feed and mapping.
    pub fn request(
        &self,
        topology: &Topology,
        twin: TwinIx,
        command: &str,
        invocation: &str,
        payload: Option<&Value>,
    ) -> Option<(usize, usize, Request)> {
        self.feeds.iter().enumerate().find_map(|(number, feed)| {
            let mut mappings = feed.commands.0.iter().enumerate();
            mappings.find_map(|(mapping, known)| {
                Some((number, mapping, known.request(topology, twin, command, invocation, payload)?))
            })
        })
    }

    /// Publishes a message through a feed's connection.
    ///
    /// # Errors
    /// There is no connection.
    pub fn send(&self, feed: usize, topic: &str, payload: Vec<u8>) -> Result<(), String> {
        let client = self.clients.get(feed).ok_or("the feed is not connected")?;
        client.send(topic, payload)
    }

    /// What an answer that came for a command's mapping says.
    ///
    /// # Errors
    /// Why it failed, in the device's words or ours.
    pub fn answer(&self, feed: usize, mapping: usize, payload: &[u8]) -> Result<Option<Value>, String> {
        let known = self.feeds.get(feed).and_then(|feed| feed.commands.0.get(mapping));
        known.ok_or("the scene has changed meanwhile")?.answer(payload)
    }

    /// Where messages wait for the tick.
    pub fn inbox(&self) -> &Arc<Inbox> {
        &self.inbox
    }

    /// How it is doing.
    pub fn status(&self) -> FeedStatus {
        let mut status = self.inbox.status();
        status.rate_per_s = self.rate_per_s;
        let urls: BTreeSet<&str> = self.clients.iter().map(|client| client.url.as_str()).collect();
        status.url = urls.into_iter().collect::<Vec<_>>().join(", ");
        // Of several, the one that stands worst is what a person has to know.
        let worst = self.clients.iter().map(Client::connection).max_by_key(Connection::trouble);
        status.connection = worst.unwrap_or_default();
        status
    }

    /// The message that a slot's value came from.
    pub fn origin(&self, slot: Slot) -> Option<String> {
        let fed = self.fed.get(&slot)?;
        Some(format!("message on {}: {}", fed.topic, fed.payload))
    }

    fn measure_rate(&mut self, now_us: i64) {
        let messages = self.inbox.messages();
        self.counts.push_back((now_us, messages));
        while self.counts.len() > 2 && self.counts.front().is_some_and(|(when, _)| now_us - when > 3_000_000) {
            self.counts.pop_front();
        }
        if let (Some((first_us, first)), Some((last_us, last))) = (self.counts.front(), self.counts.back())
            && last_us - first_us >= 500_000
        {
            self.rate_per_s = (last - first) as f64 / ((last_us - first_us) as f64 / 1e6);
        }
    }
}

/// Feeds in the tick.
pub struct FeedPlugin;

impl Plugin for FeedPlugin {
    fn build(&self, app: &mut App) {
        app.add_systems(Tick, ingest.in_set(TickSystems::Ingest).before(crate::timeline::ReplaySystems))
            .add_systems(Tick, measure.in_set(TickSystems::Publish));
    }
}

fn ingest(mut timelines: Query<(&Clock, &mut TimelineState, &mut Live)>) {
    for (clock, mut state, mut live) in &mut timelines {
        if !clock.ticking {
            continue;
        }
        let live = &mut *live;
        live.applied.clear();
        live.inbox.take(&mut live.applied);
        for arrival in &live.applied {
            // A device whose clock runs ahead must not be fresh for longer.
            let read_us = arrival.sample.time_us.min(arrival.arrived_us);
            let until_us = arrival.stale_after_us.map_or(i64::MAX, |limit_us| read_us.saturating_add(limit_us));
            state.0.measure(arrival.slot, arrival.sample, until_us);
            let fed = Fed {
                topic: arrival.topic.clone(),
                payload: arrival.payload.clone(),
                stale_after_us: arrival.stale_after_us,
                arrived_us: arrival.arrived_us,
            };
            live.fed.insert(arrival.slot, fed);
        }
        live.measure_rate(clock.now_us);
        // Looking for stale values four times a second is often enough.
        if clock.now_us - live.last_staleness_us < 250_000 {
            continue;
        }
        live.last_staleness_us = clock.now_us;
        for (slot, fed) in &live.fed {
            // A computed property is computed again instead of becoming stale.
            let measured = state.0.topology().column(slot.column).formula.is_none();
            let Some(limit_us) = fed.stale_after_us.filter(|_| measured) else { continue };
            let sample = state.0.get(*slot);
            // A device whose clock runs ahead must not look fresh for ever.
            if sample.quality == Quality::Good && clock.now_us - sample.time_us.min(fed.arrived_us) > limit_us {
                state.0.set(*slot, Sample { quality: Quality::Stale, ..sample });
            }
        }
    }
}

/// After propagation: how long it took from the device and from arrival.
fn measure(wall: Res<WallClock>, mut timelines: Query<&mut Live>) {
    for mut live in &mut timelines {
        if !live.applied.is_empty() {
            let live = &mut *live;
            let now_us = wall.now_us();
            for arrival in live.applied.drain(..) {
                live.latencies.add(&arrival, now_us);
            }
        }
    }
}
