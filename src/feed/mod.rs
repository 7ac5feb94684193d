//! Feeds. Each feed has an MQTT client on its own thread. Every tick takes the readings that have arrived.

mod consent;

pub use consent::{AllowBrokers, AllowSceneBrokers, AllowedBrokers, brokers_of};

use crate::action::{Action, ActionResult};
use crate::session::{SessionOptions, timeline_of};
use crate::timeline::{SourceKind, Timeline, WallClock};
use crate::{Tick, TickSystems};
use bevy::prelude::*;
use cupola_mqtt::{Client, Connection, ConnectionHistory, MessageReceiver, ReceivedMessage};
use cupola_run::feed::{
    CurrentMappings, FeedCounters, Inbox, Latencies, Mappings, NotedRefusals, Reading, Router, address,
};
use cupola_run::{Actor, Event, EventBody};
use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

/// The status of a timeline's feeds.
#[derive(Clone, Debug, Default)]
pub struct FeedStatus {
    /// The state of the connection with the most trouble.
    pub connection: Connection,
    /// The addresses of the brokers, separated by commas.
    pub url: String,
    /// Messages per second, over the last three seconds.
    pub rate_per_s: f64,
    /// The counters of the inbox.
    pub counters: FeedCounters,
    /// The connections, one for each feed that was asked to connect.
    pub brokers: Vec<BrokerStatus>,
    /// The addresses of brokers that wait for a permission.
    pub waiting: Vec<String>,
}

/// The status of the connection of one feed.
#[derive(Clone, Debug, Default)]
pub struct BrokerStatus {
    /// The address of the broker.
    pub url: String,
    /// The state of the connection.
    pub connection: Connection,
    /// The history of the connection.
    pub history: ConnectionHistory,
}

impl FeedStatus {
    /// Returns a sentence about each broker that can't be reached, that was lost in between, or that refuses topics.
    pub fn troubles(&self) -> Vec<String> {
        let mut found = Vec::new();
        for BrokerStatus { url, connection, history } in &self.brokers {
            if let Connection::Lost { error } = connection {
                found.push(format!("{url} can't be reached: {error}"));
            }
            if !history.refused.is_empty() {
                let topics = history.refused.join(", ");
                found.push(format!("{url} refuses the subscription of {topics}: check its access rules"));
            }
            if history.outages > 0 {
                let lost_s = history.lost_us as f64 / 1e6;
                let times = if history.outages == 1 { "once".into() } else { format!("{} times", history.outages) };
                found.push(format!("{url} was lost {times}, for {lost_s:.1} s in total"));
            }
        }
        found
    }

    /// Returns whether every broker is out of reach.
    pub fn is_unreachable(&self) -> bool {
        let is_lost = |broker: &BrokerStatus| matches!(broker.connection, Connection::Lost { .. });
        !self.brokers.is_empty() && self.brokers.iter().all(is_lost)
    }
}

/// The receiver of a feed, which routes its messages to the inbox.
struct Intake {
    router: Router,
    inbox: Arc<Inbox>,
}

impl MessageReceiver for Intake {
    fn message(&mut self, message: ReceivedMessage<'_>) {
        self.router.message(message, &self.inbox);
    }

    fn failed(&mut self, why: String) {
        self.inbox.reject(why);
    }
}

/// The connections of a live timeline to the brokers of its scene.
#[derive(Component)]
pub struct Connections {
    feeds: Vec<Feed>,
    inbox: Arc<Inbox>,
    /// `(time, messages)` of the last ticks, for the rate: the time in microseconds, and the messages received until
    /// then.
    counts: VecDeque<(i64, u64)>,
    rate_per_s: f64,
    /// The addresses of brokers that wait for a permission.
    waiting: Vec<String>,
    /// The connections that were ended, of which the timeline doesn't know yet.
    ended: Vec<Outage>,
    /// The durations from sending to propagation and from arrival to propagation.
    pub latencies: Latencies,
    /// The source time, if the message has one, and the time of arrival of each reading of this tick, in microseconds.
    ingested: Vec<(Option<i64>, i64)>,
    noted: NotedRefusals,
}

/// A loss of a connection.
struct Outage {
    broker: Arc<str>,
    /// The topic filters of the feed.
    topics: Vec<String>,
    /// The time of the loss, in microseconds since the Unix epoch.
    at_us: i64,
}

/// A feed with its mappings, and with its client after the first attempt to connect.
struct Feed {
    url: String,
    filters: Vec<String>,
    mappings: Arc<CurrentMappings>,
    client: Option<Client>,
    /// The number of the connection's outages that the timeline knows of.
    outages: u32,
    /// Whether the history has that the broker was found.
    is_found: bool,
}

impl Feed {
    fn new(mappings: &Arc<Mappings>) -> Self {
        let current = CurrentMappings::new(mappings.clone());
        Self {
            url: mappings.url.clone(),
            filters: mappings.filters(),
            mappings: current,
            client: None,
            outages: 0,
            is_found: false,
        }
    }

    fn outage(&self, at_us: i64) -> Outage {
        Outage { broker: self.mappings.broker(), topics: self.filters.clone(), at_us }
    }
}

impl Connections {
    /// Creates connections for these mappings, which are not connected yet.
    pub fn new(feeds: &[Arc<Mappings>]) -> Self {
        Self {
            feeds: feeds.iter().map(Feed::new).collect(),
            inbox: Arc::new(Inbox::default()),
            counts: VecDeque::new(),
            noted: NotedRefusals::default(),
            rate_per_s: 0.0,
            waiting: Vec::new(),
            ended: Vec::new(),
            latencies: Latencies::default(),
            ingested: Vec::new(),
        }
    }

    /// Connects each feed to its broker, or with `url` every feed to that broker. Earlier connections end.
    ///
    /// # Errors
    /// An address is not valid, or a thread can't be started. With an invalid address, all connections stay as they
    /// are.
    pub fn connect(&mut self, url: Option<&str>) -> Result<(), String> {
        self.connect_except(url, Vec::new())
    }

    /// Connects like [`Self::connect`], but not to brokers that wait for a permission.
    ///
    /// # Errors
    /// The errors of [`Self::connect`].
    pub fn connect_except(&mut self, url: Option<&str>, waiting: Vec<String>) -> Result<(), String> {
        self.feeds
            .iter()
            .try_for_each(|feed| address(url.unwrap_or(&feed.url)).map(|_| ()))
            .map_err(|error| error.to_string())?;
        let inbox = self.inbox.clone();
        self.waiting = waiting;
        self.end_connections();
        for feed in self.feeds.iter_mut().filter(|feed| url.is_some() || !self.waiting.contains(&feed.url)) {
            let intake = Intake { router: Router::new(feed.mappings.clone()), inbox: inbox.clone() };
            let client = Client::start(url.unwrap_or(&feed.url), url.is_some(), feed.filters.clone(), intake);
            feed.client = Some(client.map_err(|error| error.to_string())?);
        }
        Ok(())
    }

    /// Takes over the mappings of a changed scene. If all brokers and subscriptions are the same, the connections stay.
    ///
    /// Otherwise all feeds are replaced by unconnected ones. Returns whether they have to connect again.
    pub fn adopt(&mut self, feeds: &[Arc<Mappings>]) -> bool {
        let is_same = |(feed, next): (&Feed, &Arc<Mappings>)| feed.url == next.url && feed.filters == next.filters();
        if self.feeds.len() == feeds.len() && self.feeds.iter().zip(feeds).all(is_same) {
            self.feeds.iter().zip(feeds).for_each(|(feed, next)| feed.mappings.replace(next.clone()));
            return false;
        }
        self.end_connections();
        self.feeds = feeds.iter().map(Feed::new).collect();
        true
    }

    /// Ends all connections. Nobody confirms their values from then on.
    fn end_connections(&mut self) {
        for feed in self.feeds.iter_mut().filter(|feed| feed.client.is_some()) {
            // The old client has ended when the next one begins, so no later message is of the old connection.
            (feed.client, feed.outages, feed.is_found) = (None, 0, false);
            self.ended.push(feed.outage(WallClock::System.now_us()));
        }
    }

    /// Returns the brokers that were found since the last call.
    fn take_found(&mut self) -> Vec<Arc<str>> {
        let mut found = Vec::new();
        for feed in &mut self.feeds {
            let is_connected = feed.client.as_ref().is_some_and(|client| client.connection() == Connection::Connected);
            if is_connected && !feed.is_found {
                found.push(feed.mappings.broker());
            }
            feed.is_found = is_connected;
        }
        found
    }

    /// Publishes a message through the connection of a feed.
    ///
    /// # Errors
    /// The feed is not connected, or too many messages wait already.
    fn send(&self, feed: usize, topic: &str, payload: Vec<u8>) -> Result<(), String> {
        let client = self.feeds.get(feed).and_then(|feed| feed.client.as_ref());
        client.ok_or("the feed is not connected")?.send(topic, payload).map_err(|error| error.to_string())
    }

    /// Returns the inbox, where readings and answers wait for the tick.
    pub fn inbox(&self) -> &Arc<Inbox> {
        &self.inbox
    }

    /// Returns the status of the feeds.
    pub fn status(&self) -> FeedStatus {
        let clients = || self.feeds.iter().filter_map(|feed| feed.client.as_ref());
        let urls: BTreeSet<&str> = clients().map(|client| client.url()).collect();
        FeedStatus {
            // The status names the connection with the most trouble, because a person has to know of it.
            connection: clients().map(Client::connection).max_by_key(Connection::trouble).unwrap_or_default(),
            url: urls.into_iter().collect::<Vec<_>>().join(", "),
            rate_per_s: self.rate_per_s,
            waiting: self.waiting.clone(),
            counters: self.inbox.counters(),
            brokers: clients()
                .map(|client| BrokerStatus {
                    url: client.url().to_string(),
                    connection: client.connection(),
                    history: client.history(),
                })
                .collect(),
        }
    }

    /// Returns the connections that were lost or ended since the last call.
    fn take_outages(&mut self) -> Vec<Outage> {
        let mut lost = std::mem::take(&mut self.ended);
        for feed in &mut self.feeds {
            let (outages, at_us) = feed.client.as_ref().map_or((0, 0), Client::last_loss);
            if outages > feed.outages {
                feed.outages = outages;
                lost.push(feed.outage(at_us));
            }
        }
        lost
    }

    fn measure_rate(&mut self, now_us: i64) {
        let messages = self.inbox.messages();
        match self.counts.back_mut() {
            // While a wall clock that was set back catches up, no time passes.
            Some((when, last)) if *when == now_us => *last = messages,
            _ => self.counts.push_back((now_us, messages)),
        }
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

/// Returns the actor of events that come through feeds.
fn feed_actor() -> Actor {
    Actor::device("feed")
}

/// The set at the end of the tick in which messages to devices are sent.
#[derive(SystemSet, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SendSystems;

/// The plugin that adds the systems of feeds to the tick.
pub struct FeedPlugin;

impl Plugin for FeedPlugin {
    fn build(&self, app: &mut App) {
        app.init_resource::<AllowedBrokers>()
            .add_systems(Tick, ingest.in_set(TickSystems::Ingest))
            .add_systems(Tick, (measure, send).chain().in_set(SendSystems).after(TickSystems::Publish));
    }
}

/// The action that connects the live timeline to another broker.
#[derive(Clone, Debug, PartialEq)]
pub struct Connect(pub String);

impl Action for Connect {
    fn apply(self: Box<Self>, world: &mut World, _: &Actor) -> ActionResult {
        let live = timeline_of(world, SourceKind::Live).ok_or("there is no live timeline")?;
        let connections = world.get_mut::<Connections>(live);
        let mut connections = connections.ok_or("the scene has no feed: add `feeds` to it")?;
        connections.connect(Some(&self.0))?;
        world.resource_mut::<SessionOptions>().broker = Some(self.0);
        Ok(None)
    }
}

/// Turns the readings and answers that arrived since the last tick into events.
fn ingest(mut timelines: Query<(&mut Timeline, &mut Connections)>) {
    for (mut timeline, mut connections) in &mut timelines {
        if timeline.source() != SourceKind::Live {
            continue;
        }
        let now_us = timeline.now_us();
        let outages = connections.take_outages();
        connections.take_found().iter().for_each(|broker| timeline.note_connected(broker));
        // A reading is of a new connection if it came after the last loss of a connection that brings its topic.
        let is_after = |read: &Reading| {
            let covers = |outage: &&Outage| {
                *outage.broker == *read.broker
                    && outage.topics.iter().any(|filter| cupola_wire::filter_matches(filter, &read.topic))
            };
            let last_us = outages.iter().filter(covers).map(|outage| outage.at_us).max();
            last_us.is_some_and(|last_us| read.arrived_us > last_us)
        };
        let (after, before): (Vec<Reading>, Vec<Reading>) = connections.inbox.take().into_iter().partition(is_after);
        take_readings(&mut timeline, &mut connections, before);
        for Outage { broker, topics, .. } in outages {
            let body = EventBody::Disconnected { broker: broker.to_string(), topics };
            if let Err(why) = timeline.ingest(Event::new(now_us, feed_actor(), body)) {
                connections.inbox.reject(why.to_string());
            }
        }
        take_readings(&mut timeline, &mut connections, after);
        for (topic, payload, arrived_us) in connections.inbox.answers() {
            if let Some(body) = timeline.answer_of(&topic, &payload, arrived_us)
                && let Err(why) = timeline.ingest(Event::new(now_us, feed_actor(), body))
            {
                connections.inbox.reject(format!("{topic}: {why}"));
            }
        }
        connections.measure_rate(now_us);
        let Connections { inbox, noted, .. } = &mut *connections;
        noted.note(inbox, &timeline);
    }
}

/// Applies readings to a timeline, and counts those that are late or refused.
fn take_readings(timeline: &mut Timeline, connections: &mut Connections, readings: Vec<Reading>) {
    if readings.is_empty() {
        return;
    }
    let times = readings.iter().map(|read| (read.has_source_time.then_some(read.time_us), read.arrived_us));
    connections.ingested.extend(times);
    let event = Event::new(timeline.now_us(), feed_actor(), EventBody::Readings { readings });
    let rejected = match timeline.ingest(event) {
        Ok(outcome) => {
            connections.inbox.count_late(outcome.late);
            outcome.rejected
        }
        Err(why) => vec![why.to_string()],
    };
    rejected.into_iter().for_each(|why| connections.inbox.reject(why));
}

/// Measures the time from sending and from arrival until a reading is propagated.
fn measure(wall: Res<WallClock>, mut timelines: Query<&mut Connections>) {
    for mut connections in &mut timelines {
        if !connections.ingested.is_empty() {
            let now_us = wall.now_us();
            let connections = &mut *connections;
            for (sent_us, arrived_us) in connections.ingested.drain(..) {
                connections.latencies.add(sent_us, arrived_us, now_us);
            }
        }
    }
}

fn send(mut timelines: Query<(&mut Timeline, Option<&Connections>)>) {
    for (mut timeline, connections) in &mut timelines {
        send_requests(&mut timeline, connections);
    }
}

/// Sends the messages of a timeline's commands to their devices. A message that can't be sent fails its invocation.
pub(crate) fn send_requests(timeline: &mut Timeline, connections: Option<&Connections>) {
    for request in timeline.take_requests() {
        let sent = match connections {
            Some(connections) => connections.send(request.feed, &request.topic, request.payload),
            None => Err("the scene's feeds are not connected".to_string()),
        };
        if let Err(why) = sent {
            let body = EventBody::Answer { invocation: request.invocation, result: Err(why), took_us: None };
            let now_us = timeline.now_us();
            let failed = timeline.ingest(Event::new(now_us, feed_actor(), body));
            if let Err(why) = failed {
                tracing::warn!("a command could not be sent, and its failure could not be recorded: {why}");
            }
        }
    }
}
