//! The MQTT client, which connects, subscribes, and reconnects after the connection is lost.

use cupola_run::feed::{AddressError, PASSWORD, ReceivedMessage, USER, address};
use rumqttc::{AsyncClient, Event, MqttOptions, Packet, QoS, SubscribeReasonCode};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::{mpsc, watch};

/// Largest size of a packet in bytes. The client ends the connection at a larger one, so the limit is far above the
/// size that devices send. The parser refuses payloads that are too large for it.
const MAX_PACKET_BYTES: usize = 64 << 20;
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
    /// The connection is lost, or the broker refused a subscription. After a loss the client tries again by itself.
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
    /// Takes the reason why an outgoing message could not be sent.
    fn failed(&mut self, why: String);
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
    connection: Arc<Mutex<Connection>>,
    outgoing: mpsc::Sender<(String, Vec<u8>)>,
    stop: watch::Sender<bool>,
    thread: Option<JoinHandle<()>>,
}

impl Client {
    /// Starts to connect to `url`. The thread of the connection gives messages on topics that match `filters` to
    /// `receiver`.
    ///
    /// # Errors
    /// The address is not valid, or the thread can't be started.
    pub fn start(
        url: &str,
        filters: Vec<String>,
        receiver: impl MessageReceiver + 'static,
    ) -> Result<Self, StartError> {
        let (host, port) = address(url)?;
        let connection = Arc::new(Mutex::new(Connection::Connecting));
        let (stop, stopped) = watch::channel(false);
        let (outgoing, requests) = mpsc::channel(MAX_OUTGOING);
        let mut task = Task { host, port, filters, receiver: Box::new(receiver), connection: connection.clone() };
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
        Ok(Self { url: url.to_string(), connection, outgoing, stop, thread: Some(thread) })
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
        self.connection.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
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
    filters: Vec<String>,
    receiver: Box<dyn MessageReceiver>,
    connection: Arc<Mutex<Connection>>,
}

impl Task {
    fn set(&self, connection: Connection) {
        *self.connection.lock().unwrap_or_else(PoisonError::into_inner) = connection;
    }

    async fn run(&mut self, mut stopped: watch::Receiver<bool>, mut requests: mpsc::Receiver<(String, Vec<u8>)>) {
        let id = format!("cupola-{:08x}", random_u32());
        let mut options = MqttOptions::new(id, self.host.clone(), self.port);
        options.set_keep_alive(Duration::from_secs(15)).set_max_packet_size(MAX_PACKET_BYTES, MAX_PACKET_BYTES);
        if let (Ok(user), Ok(password)) = (std::env::var(USER), std::env::var(PASSWORD)) {
            options.set_credentials(user, password);
        }
        let (client, mut events) = AsyncClient::new(options, self.filters.len() + MAX_OUTGOING + 16);
        let mut attempt = 0;
        loop {
            let event = tokio::select! {
                event = events.poll() => event,
                Some((topic, payload)) = requests.recv() => {
                    // The quality of service is *at least once*, because a command must not be lost.
                    if let Err(error) = client.try_publish(topic, QoS::AtLeastOnce, false, payload) {
                        self.receiver.failed(error.to_string());
                    }
                    continue;
                }
                _ = stopped.changed() => break,
            };
            match event {
                Ok(Event::Incoming(Packet::ConnAck(_))) => {
                    attempt = 0;
                    // The session is clean, so the broker has forgotten earlier subscriptions.
                    let mut filters = self.filters.iter();
                    let failed = filters.find_map(|filter| client.try_subscribe(filter, QoS::AtMostOnce).err());
                    self.set(match failed {
                        None => Connection::Connected,
                        Some(error) => Connection::Lost { error: error.to_string() },
                    });
                }
                Ok(Event::Incoming(Packet::SubAck(ack)))
                    if ack.return_codes.contains(&SubscribeReasonCode::Failure) =>
                {
                    self.set(Connection::Lost {
                        error: "the broker refuses a subscription: check its access rules".into(),
                    });
                }
                Ok(Event::Incoming(Packet::Publish(publish))) => {
                    self.receiver.message(ReceivedMessage {
                        topic: &publish.topic,
                        payload: &publish.payload,
                        arrived_us: jiff::Timestamp::now().as_microsecond(),
                        is_retained: publish.retain,
                    });
                }
                Ok(_) => {}
                Err(error) => {
                    self.set(Connection::Lost { error: error.to_string() });
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
    fn waits_longer_each_time_up_to_a_minute() {
        assert_eq!(back_off(0, 1.0), Duration::from_secs(1));
        assert_eq!(back_off(3, 1.0), Duration::from_secs(8));
        assert_eq!(back_off(60, 1.0), Duration::from_secs(60));
        assert!(back_off(0, 0.0) >= Duration::from_millis(100));
    }
}
