//! The MQTT client, which connects, subscribes, and reconnects after the connection is lost.

use super::clock;
use cupola_run::feed::{AddressError, HOSTS, PASSWORD, ReceivedMessage, USER, address};
use rumqttc::{AsyncClient, Event, MqttOptions, Outgoing, Packet, QoS, SubscribeReasonCode};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, watch};

/// Largest size of a packet in bytes: that of the protocol, because the client ends the connection at a larger one.
const MAX_PACKET_BYTES: usize = 256 << 20;
/// Largest payload in bytes that is taken. A larger message is left out, and the others go on.
const MAX_PAYLOAD_BYTES: usize = 64 << 20;
/// Shortest and longest limit of the wait between two attempts to connect. The limit doubles at every attempt.
const BACK_OFF: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));
/// Largest number of messages that wait to be sent.
const MAX_OUTGOING: usize = 64;
/// The state of a feed's connection to its broker.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Connection {
    /// The feed has not been asked to connect.
    #[default]
    Idle,
    /// The client is connecting.
    Connecting,
    /// The client is connected and has sent its subscriptions.
    Connected,
    /// The connection is lost. The client tries again by itself.
    Lost {
        /// The reason.
        error: String,
    },
}

impl Connection {
    /// Returns the severity of the connection's state, from 0 for connected to 3 for lost.
    pub fn trouble(&self) -> u8 {
        match self {
            Self::Connected => 0,
            Self::Idle => 1,
            Self::Connecting => 2,
            Self::Lost { .. } => 3,
        }
    }
}

/// The receiver of the messages of a connection.
pub trait MessageReceiver: Send {
    /// Takes a message.
    fn message(&mut self, message: ReceivedMessage<'_>);
    /// Takes the reason why a message could not be sent or taken.
    fn failed(&mut self, why: String);
}

/// The history of a connection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConnectionHistory {
    /// The topics whose subscription the broker refused.
    pub refused: Vec<String>,
    /// The number of times that the connection was lost.
    pub outages: u32,
    /// The time without a connection since the first one, in microseconds.
    pub lost_us: u64,
}

/// The state of a connection, shared by its thread and the app.
#[derive(Debug, Default)]
struct Shared {
    connection: Connection,
    history: ConnectionHistory,
    /// The moment at which the connection was lost, until it is there again.
    lost_since: Option<Instant>,
    /// The time of the last loss, in microseconds since the Unix epoch.
    lost_at_us: i64,
}

impl Shared {
    fn set(&mut self, connection: Connection) {
        match (&self.connection, &connection) {
            (Connection::Connected, Connection::Lost { .. }) => {
                self.history.outages += 1;
                self.lost_since = Some(Instant::now());
                self.lost_at_us = clock::now_us();
            }
            (_, Connection::Connected) => self.end_outage(),
            _ => {}
        }
        self.connection = connection;
    }

    fn end_outage(&mut self) {
        if let Some(since) = self.lost_since.take() {
            self.history.lost_us += since.elapsed().as_micros() as u64;
        }
    }

    fn history(&self) -> ConnectionHistory {
        let lost_us = self.lost_since.map_or(0, |since| since.elapsed().as_micros() as u64);
        ConnectionHistory { lost_us: self.history.lost_us + lost_us, ..self.history.clone() }
    }
}

/// The reason why a client, the fleet or the broker can't start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address of the broker is not valid.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// The operating system can't start a thread.
    #[error("no thread can be started: {0}")]
    Thread(#[source] std::io::Error),
    /// No port of the machine is free for the broker.
    #[error("no port is free for the broker: {0}")]
    Port(#[source] std::io::Error),
    /// The broker did not open its port in time.
    #[error("the broker does not listen on {0}")]
    NotListening(std::net::SocketAddr),
    /// The scene has no device for the fleet.
    #[error("the scene maps no topic that a device could publish to")]
    NoDevices,
}

/// The reason why a message can't be sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// The client is not connected.
    #[error("there is no connection to {0}")]
    NotConnected(String),
    /// Too many messages wait to be sent.
    #[error("too many messages are on their way: wait a moment")]
    Full,
}

/// A connection with its thread. Dropping it ends both.
pub struct Client {
    url: String,
    shared: Arc<Mutex<Shared>>,
    outgoing: mpsc::Sender<(String, Vec<u8>)>,
    stop: watch::Sender<bool>,
    thread: Option<JoinHandle<()>>,
}

impl Client {
    /// Starts to connect to `url`. The thread of the connection gives messages on topics that match `filters` to
    /// `receiver`.
    ///
    /// User and password of the environment are sent if a person has chosen the broker (`is_chosen`), or if its host is
    /// in the list of [`HOSTS`]. A broker that only a scene names never gets them.
    ///
    /// # Errors
    /// The address is not valid, or the thread can't be started.
    pub fn start(
        url: &str,
        is_chosen: bool,
        filters: Vec<String>,
        receiver: impl MessageReceiver + 'static,
    ) -> Result<Self, StartError> {
        let (host, port) = address(url)?;
        let shared = Arc::new(Mutex::new(Shared { connection: Connection::Connecting, ..Shared::default() }));
        let gets_credentials = is_chosen || std::env::var(HOSTS).is_ok_and(|hosts| is_among(&hosts, &host, port));
        let (stop, stopped) = watch::channel(false);
        let (outgoing, requests) = mpsc::channel(MAX_OUTGOING);
        let receiver = Box::new(receiver);
        let mut task = Task { host, port, gets_credentials, filters, receiver, shared: shared.clone() };
        let thread = std::thread::Builder::new()
            .name("cupola-mqtt".into())
            .spawn(move || match tokio::runtime::Builder::new_current_thread().enable_all().build() {
                Ok(runtime) => {
                    runtime.block_on(task.run(stopped, requests));
                    // A DNS lookup may still run on a thread of the runtime. Dropping the runtime would wait for it.
                    runtime.shutdown_background();
                }
                Err(error) => task.set(Connection::Lost { error: error.to_string() }),
            })
            .map_err(StartError::Thread)?;
        Ok(Self { url: url.to_string(), shared, outgoing, stop, thread: Some(thread) })
    }

    /// Queues a message for publication.
    ///
    /// # Errors
    /// The client is not connected, or too many messages wait already.
    pub fn send(&self, topic: &str, payload: Vec<u8>) -> Result<(), SendError> {
        if self.connection() != Connection::Connected {
            return Err(SendError::NotConnected(self.url.clone()));
        }
        let sent = self.outgoing.try_send((topic.to_string(), payload));
        sent.map_err(|_| SendError::Full)
    }

    /// Returns the address of the broker.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Returns the state of the connection.
    pub fn connection(&self) -> Connection {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner).connection.clone()
    }

    /// Returns the number of times that the connection was lost, and the time of the last loss, in microseconds since the
    /// Unix epoch.
    pub fn last_loss(&self) -> (u32, i64) {
        let shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        (shared.history.outages, shared.lost_at_us)
    }

    /// Returns the history of the connection.
    pub fn history(&self) -> ConnectionHistory {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner).history()
    }
}

/// Returns whether a list of hosts, separated by commas, has a host or its port.
fn is_among(hosts: &str, host: &str, port: u16) -> bool {
    let with_port = format!("{host}:{port}");
    hosts
        .split(',')
        .map(str::trim)
        .any(|known| known.eq_ignore_ascii_case(host) || known.eq_ignore_ascii_case(&with_port))
}

impl Drop for Client {
    fn drop(&mut self) {
        // Sending fails if the thread has ended already, which is fine.
        let _ = self.stop.send(true);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

struct Task {
    host: String,
    port: u16,
    gets_credentials: bool,
    filters: Vec<String>,
    receiver: Box<dyn MessageReceiver>,
    shared: Arc<Mutex<Shared>>,
}

impl Task {
    fn set(&self, connection: Connection) {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner).set(connection);
    }

    async fn run(&mut self, mut stopped: watch::Receiver<bool>, mut requests: mpsc::Receiver<(String, Vec<u8>)>) {
        let id = format!("cupola-{:08x}", random_u32());
        let mut options = MqttOptions::new(id, self.host.clone(), self.port);
        options.set_keep_alive(Duration::from_secs(15)).set_max_packet_size(MAX_PACKET_BYTES, MAX_PACKET_BYTES);
        let credentials = std::env::var(USER).ok().zip(std::env::var(PASSWORD).ok());
        let is_withheld = credentials.is_some() && !self.gets_credentials;
        if let Some((user, password)) = credentials.filter(|_| self.gets_credentials) {
            options.set_credentials(user, password);
        }
        let (client, mut events) = AsyncClient::new(options, self.filters.len() + MAX_OUTGOING + 16);
        let mut attempt = 0;
        // The subscriptions that wait for their acknowledgement, and the number of those sent since the connection.
        let (mut subscribed, mut sent) = (HashMap::new(), 0);
        loop {
            let event = tokio::select! {
                event = events.poll() => event,
                Some((topic, payload)) = requests.recv() => {
                    // The quality of service is *at least once*, because a command must not be lost.
                    if let Err(error) = client.try_publish(topic, QoS::AtLeastOnce, false, payload) {
                        self.receiver.failed(format!("a message could not be sent: {error}"));
                    }
                    continue;
                }
                _ = stopped.changed() => break,
            };
            match event {
                Ok(Event::Incoming(Packet::ConnAck(_))) => {
                    attempt = 0;
                    (subscribed, sent) = (HashMap::new(), 0);
                    // The session is clean, so the broker has forgotten earlier subscriptions.
                    let mut filters = self.filters.iter();
                    let failed = filters.find_map(|filter| client.try_subscribe(filter, QoS::AtMostOnce).err());
                    self.set(match failed {
                        None => Connection::Connected,
                        Some(error) => Connection::Lost { error: error.to_string() },
                    });
                }
                Ok(Event::Outgoing(Outgoing::Subscribe(number))) => {
                    subscribed.insert(number, sent);
                    sent += 1;
                }
                // The subscriptions that the broker grants go on.
                Ok(Event::Incoming(Packet::SubAck(ack))) => {
                    let filter = subscribed.remove(&ack.pkid).and_then(|at: usize| self.filters.get(at));
                    if let Some(filter) = filter.filter(|_| ack.return_codes.contains(&SubscribeReasonCode::Failure)) {
                        let mut shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
                        if !shared.history.refused.contains(filter) {
                            shared.history.refused.push(filter.clone());
                        }
                    }
                }
                Ok(Event::Incoming(Packet::Publish(publish))) if publish.payload.len() > MAX_PAYLOAD_BYTES => {
                    let size = publish.payload.len();
                    let why = format!("{}: a message of {size} bytes is too large and was left out", publish.topic);
                    self.receiver.failed(why);
                }
                Ok(Event::Incoming(Packet::Publish(publish))) => {
                    self.receiver.message(ReceivedMessage {
                        topic: &publish.topic,
                        payload: &publish.payload,
                        arrived_us: clock::now_us(),
                        is_retained: publish.retain,
                    });
                }
                Ok(_) => {}
                Err(error) => {
                    let mut error = error.to_string();
                    if is_withheld {
                        error += &format!(
                            "; user and password were not sent, because only the scene names this broker: set {HOSTS}={} \
                             or use --broker",
                            self.host
                        );
                    }
                    self.set(Connection::Lost { error });
                    let wait = back_off(attempt, f64::from(random_u32()) / f64::from(u32::MAX));
                    attempt += 1;
                    tokio::select! {
                        () = tokio::time::sleep(wait) => self.set(Connection::Connecting),
                        _ = stopped.changed() => break,
                    }
                }
            }
        }
        // The client does not wait until the broker has the packet.
        let _ = client.try_disconnect();
    }
}

/// Returns the wait before an attempt: an exponential limit with full jitter, so that many clients which lost the same
/// broker don't reconnect at the same time. `random` is from 0 to 1.
fn back_off(attempt: u32, random: f64) -> Duration {
    let (least, most) = BACK_OFF;
    let limit = least.mul_f64(2f64.powi(attempt.min(16) as i32)).min(most);
    // The wait is at least a tenth of the limit. Without it, a broker that refuses connections would be called in a
    // tight loop.
    limit.mul_f64(0.1 + 0.9 * random)
}

fn random_u32() -> u32 {
    use std::hash::{BuildHasher, Hasher};
    std::collections::hash_map::RandomState::new().build_hasher().finish() as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_of_the_credentials_are_found() {
        let cases = [
            ("broker", true),
            ("a, Broker", true),
            ("broker:1884", true),
            ("broker:1883", false),
            ("broker.evil.example", false),
            ("", false),
        ];
        for (hosts, expected) in cases {
            assert_eq!(is_among(hosts, "broker", 1884), expected, "{hosts}");
        }
    }

    #[test]
    fn waits_longer_each_time_up_to_a_minute() {
        assert_eq!(back_off(0, 1.0), Duration::from_secs(1));
        assert_eq!(back_off(3, 1.0), Duration::from_secs(8));
        assert_eq!(back_off(60, 1.0), Duration::from_secs(60));
        assert!(back_off(0, 0.0) >= Duration::from_millis(100));
    }
}
