//! The embedded broker for the demo and the tests, on loopback only.

use crate::client::StartError;
use rumqttd::{Config, ConnectionSettings, RouterConfig, ServerSettings};
use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

/// Longest time until the broker listens.
const START: Duration = Duration::from_secs(10);

/// A broker in this process, which runs until the process ends.
pub struct Broker {
    /// The address, such as `mqtt://127.0.0.1:1883`.
    pub url: String,
}

impl Broker {
    /// Starts a broker on a free port and waits until it listens.
    ///
    /// # Errors
    /// No port is free, the thread can't be started, or the broker does not listen within 10 s.
    pub fn start() -> Result<Self, StartError> {
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|listener| listener.local_addr());
        let listen = free.map_err(StartError::Port)?;
        let mut broker = rumqttd::Broker::new(config(listen));
        std::thread::Builder::new()
            .name("cupola-broker".into())
            .spawn(move || {
                if let Err(error) = broker.start() {
                    tracing::error!("the broker stopped: {error}");
                }
            })
            .map_err(StartError::Thread)?;
        let begin = Instant::now();
        while TcpStream::connect(listen).is_err() {
            if begin.elapsed() > START {
                return Err(StartError::NotListening(listen));
            }
            std::thread::yield_now();
        }
        Ok(Self { url: format!("mqtt://{listen}") })
    }
}

fn config(listen: SocketAddr) -> Config {
    let connections = ConnectionSettings {
        connection_timeout_ms: 5_000,
        max_payload_size: 1 << 20,
        max_inflight_count: 500,
        auth: None,
        external_auth: None,
        dynamic_filters: true,
    };
    let server = ServerSettings { name: "cupola".into(), listen, tls: None, next_connection_delay_ms: 1, connections };
    Config {
        id: 0,
        router: RouterConfig {
            max_connections: 256,
            max_outgoing_packet_count: 2_000,
            max_segment_size: 16 << 20,
            max_segment_count: 4,
            custom_segment: None,
            initialized_filters: None,
            shared_subscriptions_strategy: Default::default(),
        },
        v4: Some(HashMap::from([("1".to_string(), server)])),
        v5: None,
        ws: None,
        cluster: None,
        console: None,
        bridge: None,
        prometheus: None,
        metrics: None,
    }
}
