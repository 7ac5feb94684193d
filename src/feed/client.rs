//! The MQTT client: connects, subscribes, and comes back by itself.

use super::Connection;
use cupola_run::feed::{PASSWORD, USER, address};
use rumqttc::{AsyncClient, Event, MqttOptions, Packet, QoS, SubscribeReasonCode};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::{mpsc, watch};

/// The client ends the connection at a larger packet, so this is well beyond what any device sends; what the parser finds too
/// large is refused by itself.
const MAX_PACKET_BYTES: usize = 64 << 20;
/// The waits between attempts grow from the first to the second.
const BACK_OFF: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));
/// Commands that wait to be sent.
const MAX_OUTGOING: usize = 64;
/// What a connection brings.
pub(crate) trait Receiver: Send {
    /// A message came at a time, microseconds since the Unix epoch.
    fn message(&mut self, topic: &str, payload: &[u8], now_us: i64);
    /// A message of ours could not be sent.
    fn failed(&mut self, why: String);
}

/// A connection on its own thread; dropping it ends both.
pub(crate) struct Client {
    pub url: String,
    connection: Arc<Mutex<Connection>>,
    outgoing: mpsc::Sender<(String, Vec<u8>)>,
    stop: watch::Sender<bool>,
    thread: Option<JoinHandle<()>>,
}

impl Client {
    /// Starts connecting to `url`; what comes on topics that fit `filters` is handed to `receiver`, on the connection's thread.
    pub fn start(url: &str, filters: Vec<String>, receiver: impl Receiver + 'static) -> Result<Self, String> {
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
                    // A name that is still being looked up is not waited for.
                    runtime.shutdown_background();
                }
                Err(error) => task.set(Connection::Lost { error: error.to_string() }),
            })
            .map_err(|error| format!("the feed's thread can't be started: {error}"))?;
        Ok(Self { url: url.to_string(), connection, outgoing, stop, thread: Some(thread) })
    }

    /// Publishes a message.
    pub fn send(&self, topic: &str, payload: Vec<u8>) -> Result<(), String> {
        if self.connection() != Connection::Connected {
            return Err(format!("there is no connection to {}", self.url));
        }
        let sent = self.outgoing.try_send((topic.to_string(), payload));
        sent.map_err(|_| "too many messages are on their way: wait a moment".to_string())
    }

    /// How it stands.
    pub fn connection(&self) -> Connection {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        // If the thread is gone already there is nobody to tell, and nothing to wait for.
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
    receiver: Box<dyn Receiver>,
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
                    // At least once: a command must not be lost on the way.
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
                    // The session is clean: whatever was subscribed before is forgotten by the broker.
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
                    let now_us = jiff::Timestamp::now().as_microsecond();
                    self.receiver.message(&publish.topic, &publish.payload, now_us);
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
        // Polite, but nobody waits for it.
        let _ = client.try_disconnect();
    }
}

/// Exponential, with full jitter: many clients that lost one broker don't come back all at once.
fn back_off(attempt: u32, random: f64) -> Duration {
    let (least, most) = BACK_OFF;
    let limit = least.mul_f64(2f64.powi(attempt.min(16) as i32)).min(most);
    // Never at once: a broker that refuses would be asked in a tight loop.
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
