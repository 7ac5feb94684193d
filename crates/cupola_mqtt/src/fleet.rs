//! The fleet of the demo: simulated devices that publish real MQTT messages to the topics that a scene maps.
//!
//! The devices measure the values of the scene's simulation. A property that has no value there gets random values in a
//! fixed range.

use crate::client::StartError;
use cupola_physics::random;
use cupola_run::feed::{CommandMapping, Mapping, Mappings, address, put};
use cupola_run::{Actor, CommandOutcome, Drivers, Event, EventBody, Timeline};
use cupola_scene::Scene;
use cupola_twin::{Kind, Slot, State, Topology, Value};
use cupola_wire::Captures;
use rumqttc::{AsyncClient, MqttOptions, Packet, QoS};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::{mpsc, watch};

/// Speed of the fleet's simulation, in simulated seconds per second. A time lapse makes changes visible.
const TIME_LAPSE: f64 = 60.0;
/// Simulated time before the first message, in seconds: 3 h. After it, people are in the building and the air is stale.
const WARM_UP_S: f64 = 3.0 * 3600.0;
/// Duration of a round in which every device publishes once.
const ROUND: Duration = Duration::from_secs(2);

/// Largest number of requests that wait for an answer.
const MAX_REQUESTS: usize = 64;

/// The message of a device: the topic and the values in the payload.
struct Message {
    topic: String,
    fields: Vec<Field>,
    time: Option<String>,
}

/// A value in a message.
struct Field {
    /// The JSON pointer to its place in the payload. With `None`, the value is the whole payload.
    pointer: Option<String>,
    slot: Slot,
    /// Factor and offset of the conversion from the unit of the property to the unit of the device.
    scale: f64,
    offset: f64,
}

/// Counters of the fleet.
#[derive(Debug, Default)]
pub struct FleetReport {
    /// Number of published messages.
    pub published: AtomicU64,
}

/// Simulated devices with their thread. Dropping the fleet stops them.
pub struct Fleet {
    /// The counts so far.
    pub report: Arc<FleetReport>,
    /// Number of topics that the devices publish to.
    pub topics: usize,
    stop: watch::Sender<bool>,
    thread: Option<JoinHandle<()>>,
}

impl Fleet {
    /// Starts the devices of a scene, which publish to `url`.
    ///
    /// # Errors
    /// The address is not valid, the scene maps neither a topic nor a command, or the thread can't be started.
    pub fn start(scene: &Arc<Scene>, drivers: &Drivers, url: &str) -> Result<Self, StartError> {
        let (host, port) = address(url)?;
        let messages = messages(&scene.topology, &drivers.feeds);
        let commands: Vec<CommandMapping> = drivers.feeds.iter().flat_map(|feed| feed.commands.0.clone()).collect();
        if messages.is_empty() && commands.is_empty() {
            return Err(StartError::NoDevices);
        }
        let topics = messages.len();
        let state = State::new(scene.topology.clone());
        let report = Arc::new(FleetReport::default());
        let (stop, stopped) = watch::channel(false);
        let devices = Devices {
            messages,
            commands,
            building: Timeline::simulated(scene.clone(), state.clone(), drivers),
            state,
            report: report.clone(),
            tick: 0,
        };
        let mut options = MqttOptions::new("cupola-demo-fleet", host, port);
        options.set_keep_alive(Duration::from_secs(15));
        let thread = std::thread::Builder::new()
            .name("cupola-fleet".into())
            .spawn(move || match tokio::runtime::Builder::new_current_thread().enable_all().build() {
                Ok(runtime) => {
                    runtime.block_on(devices.run(options, stopped));
                    runtime.shutdown_background();
                }
                Err(error) => tracing::error!("the fleet can't start: {error}"),
            })
            .map_err(StartError::Thread)?;
        Ok(Self { report, topics, stop, thread: Some(thread) })
    }
}

impl Drop for Fleet {
    fn drop(&mut self) {
        // Sending fails if the thread has ended already, which is fine.
        let _ = self.stop.send(true);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Returns one message for every topic that the mappings lead to a property of the scene.
fn messages(topology: &Topology, feeds: &[Arc<Mappings>]) -> Vec<Message> {
    let mut messages: Vec<Message> = Vec::new();
    for mapping in feeds.iter().flat_map(|feed| &feed.list) {
        for twin in topology.twins() {
            let Some(captures) = mapping.twin.capture(topology.twin_id(twin)) else { continue };
            for slot in topology.properties(twin) {
                let column = topology.column(slot.column);
                if column.formula.is_some() || column.kind == Kind::Time {
                    continue;
                }
                if let Some(topic) = topic_of(mapping, captures.clone(), &column.name) {
                    let (scale, offset) = mapping.sends(column.unit);
                    add(&mut messages, mapping, topic, slot, scale, offset);
                }
            }
        }
    }
    messages
}

/// Returns the topic of a property, if the mapping leads to the property.
fn topic_of(mapping: &Mapping, mut captures: Captures, property: &str) -> Option<String> {
    let named = mapping.property.capture(property)?;
    for (name, value) in named.iter() {
        match captures.get(name) {
            Some(known) if known != value => return None,
            _ => captures.insert(name, value),
        };
    }
    // Levels of the topic that don't depend on the twin may have any value, so they get their own names.
    for name in mapping.pattern.names() {
        if captures.get(name).is_none() {
            captures.insert(name, name);
        }
    }
    mapping.pattern.topic(&captures)
}

fn add(messages: &mut Vec<Message>, mapping: &Mapping, topic: String, slot: Slot, scale: f64, offset: f64) {
    let field = Field { pointer: mapping.pointer.clone(), slot, scale, offset };
    match messages.iter_mut().find(|message| message.topic == topic) {
        Some(message) => {
            if message.fields.iter().all(|known| known.pointer != field.pointer) {
                message.fields.push(field);
            }
        }
        None => messages.push(Message { topic, fields: vec![field], time: mapping.time.pointer.clone() }),
    }
}

struct Devices {
    messages: Vec<Message>,
    commands: Vec<CommandMapping>,
    /// The simulated timeline, if the scene has a simulation.
    building: Option<Timeline>,
    /// The initial values, for a scene without a simulation.
    state: State,
    report: Arc<FleetReport>,
    tick: u64,
}

impl Devices {
    async fn run(mut self, options: MqttOptions, mut stopped: watch::Receiver<bool>) {
        let (client, mut events) = AsyncClient::new(options, 256);
        let (asked, mut requests) = mpsc::channel(MAX_REQUESTS);
        let filters: Vec<String> = self.commands.iter().map(CommandMapping::request_filter).collect();
        let subscriber = client.clone();
        let connection = tokio::spawn(async move {
            loop {
                match events.poll().await {
                    Ok(rumqttc::Event::Incoming(Packet::ConnAck(_))) => {
                        for filter in &filters {
                            // If the subscription fails, the devices publish all the same and only miss commands.
                            let _ = subscriber.try_subscribe(filter, QoS::AtLeastOnce);
                        }
                    }
                    Ok(rumqttc::Event::Incoming(Packet::Publish(publish))) => {
                        // A request that finds the queue full is dropped. Its sender gets no answer and notices the
                        // timeout.
                        let _ = asked.try_send((publish.topic.clone(), publish.payload.to_vec()));
                    }
                    Ok(_) => {}
                    Err(_) => tokio::time::sleep(Duration::from_millis(500)).await,
                }
            }
        });
        self.advance(WARM_UP_S);
        let gap = ROUND / (self.messages.len().max(1) as u32);
        loop {
            self.advance(ROUND.as_secs_f64() * TIME_LAPSE);
            let begin = tokio::time::Instant::now();
            for number in 0..self.messages.len() {
                let message = &self.messages[number];
                let payload = self.payload(message);
                let sent = tokio::select! {
                    sent = client.publish(message.topic.clone(), QoS::AtMostOnce, false, payload) => sent,
                    _ = stopped.changed() => {
                        connection.abort();
                        return;
                    }
                };
                if sent.is_ok() {
                    self.report.published.fetch_add(1, Ordering::Relaxed);
                }
                // The messages are spread over the round. A wait after every eighth one respects the resolution of the
                // timer.
                if number % 8 == 7 {
                    let until = tokio::time::Instant::now() + gap * 8;
                    if !self.attend(&client, &mut requests, until, &mut stopped).await {
                        connection.abort();
                        return;
                    }
                }
            }
            if !self.attend(&client, &mut requests, begin + ROUND, &mut stopped).await {
                connection.abort();
                return;
            }
        }
    }

    /// Answers requests until a moment. Returns `false` if the fleet is stopped before.
    async fn attend(
        &mut self,
        client: &AsyncClient,
        requests: &mut mpsc::Receiver<(String, Vec<u8>)>,
        until: tokio::time::Instant,
        stopped: &mut watch::Receiver<bool>,
    ) -> bool {
        loop {
            tokio::select! {
                () = tokio::time::sleep_until(until) => return true,
                _ = stopped.changed() => return false,
                Some((topic, payload)) = requests.recv() => {
                    if let Some((topic, payload)) = self.answer(&topic, &payload) {
                        // If the queue of the connection is full, the answer is dropped. The sender of the request
                        // notices the timeout.
                        let _ = client.try_publish(topic, QoS::AtLeastOnce, false, payload);
                    }
                }
            }
        }
    }

    /// Carries out the command of a device, and returns topic and payload of the answer.
    fn answer(&mut self, topic: &str, payload: &[u8]) -> Option<(String, Vec<u8>)> {
        let topology = self.state.topology().clone();
        let (mapping, twin, command, answer) = self.commands.iter().find_map(|mapping| {
            let (twin, command, answer) = mapping.addressee(&topology, topic)?;
            Some((mapping, twin, command.to_string(), answer))
        })?;
        let request = serde_json::from_slice::<Value>(payload).ok();
        let result = match &mut self.building {
            Some(building) => carry_out(building, topology.twin_id(twin), command, request),
            None => Err(format!("this device doesn't know `{command}`")),
        };
        Some((answer?, mapping.answer_payload(&result)))
    }

    /// Moves the simulated timeline forward.
    fn advance(&mut self, seconds: f64) {
        self.tick += 1;
        if let Some(building) = &mut self.building {
            building.step(building.now_us() + (seconds * 1e6) as i64);
        }
    }

    fn payload(&self, message: &Message) -> String {
        let mut json = serde_json::Value::Null;
        for field in &message.fields {
            let value = self.value(field);
            match &field.pointer {
                None => return value.to_string(),
                Some(pointer) => put(&mut json, pointer, value),
            }
        }
        if let Some(pointer) = &message.time {
            let now_us = crate::clock::now_us();
            put(&mut json, pointer, cupola_wire::format_rfc3339(now_us).into());
        }
        json.to_string()
    }

    fn value(&self, field: &Field) -> serde_json::Value {
        let slot = field.slot;
        let state = self.building.as_ref().map_or(&self.state, Timeline::state);
        let topology = state.topology();
        let column = topology.column(slot.column);
        match state.value(slot) {
            Some(Value::Number(number)) => {
                // Devices send a few digits only.
                let sent = number * field.scale + field.offset;
                ((sent * 1000.0).round() / 1000.0).into()
            }
            Some(Value::Integer(number)) => number.into(),
            Some(Value::Bool(flag)) => flag.into(),
            Some(Value::Text(text)) => text.into(),
            Some(value) => serde_json::to_value(value).unwrap_or_default(),
            None => {
                let stream = random::stream_of(&topology.name(slot));
                let wander = random::uniform(0, stream, self.tick / 8, 0);
                match column.kind {
                    Kind::Number => (20.0 + 10.0 * wander).round().into(),
                    Kind::Integer => ((10.0 * wander) as i64).into(),
                    Kind::Bool => (wander > 0.3).into(),
                    Kind::Text | Kind::Time => "demo".into(),
                    Kind::Json => serde_json::json!([]),
                }
            }
        }
    }
}

/// Applies a command to the simulated timeline, and returns its response or the reason for its failure.
fn carry_out(
    building: &mut Timeline,
    twin: &str,
    command: String,
    request: Option<Value>,
) -> Result<Option<Value>, String> {
    let body = EventBody::Command { twin: twin.into(), command, request };
    let event = Event::new(building.now_us(), Actor::device("fleet"), body);
    let outcome = building.apply(event).map_err(|error| error.to_string())?;
    let invocation = outcome.invocation.and_then(|number| building.invocations().get(number));
    match invocation.map(|invocation| invocation.outcome.clone()) {
        Some(CommandOutcome::Done(response)) => Ok(response),
        Some(CommandOutcome::Failed(why)) => Err(why),
        Some(CommandOutcome::Pending) | None => Err("the command has no outcome".into()),
    }
}
