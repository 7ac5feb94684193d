//! Functions that several tests use.

use bevy::prelude::*;
use cupola::action::{Action, ActionRequest};
use cupola::feed::AllowedBrokers;
use cupola::notice::Notices;
use cupola::session::{self, Findings, SessionOptions, timeline_of};
use cupola::timeline::{SourceKind, Timeline, WallClock};
use cupola::{CorePlugin, Tick};
use cupola_run::feed::Reading;
use cupola_run::{Actor, Event, EventBody};
use cupola_scene::LoadResult;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Returns the path of a file or folder of the repository.
pub fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Returns the path of data outside the repository. Tests that use the data are marked as ignored, so that they are
/// reported as ignored where it is missing. `./test` runs them if the data exists.
pub fn shared_data(path: &str) -> PathBuf {
    let found = repository("../shared/data").join(path);
    assert!(found.exists(), "{} does not exist", found.display());
    found
}

/// Returns a call of the program without a cache. Its data folder is its own, so that calls don't record into one history.
pub fn program() -> Command {
    static CALLS: AtomicU64 = AtomicU64::new(0);
    let call = CALLS.fetch_add(1, Ordering::Relaxed);
    let data = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("data-{}-{call}", std::process::id()));
    let mut command = Command::new(env!("CARGO_BIN_EXE_cupola"));
    command.env("CUPOLA_CACHE", "").env("XDG_DATA_HOME", data);
    command
}

/// Runs the program in the root of the repository.
pub fn cupola(arguments: &[&str]) -> Output {
    program().args(arguments).current_dir(repository("")).output().unwrap()
}

/// Returns the output of a command as JSON.
pub fn json(output: &Output) -> serde_json::Value {
    let errors = String::from_utf8_lossy(&output.stderr);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {errors}"))
}

/// Writes a scene with one model file into a folder.
pub fn scene_folder(models: &str, scene: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("models")).unwrap();
    std::fs::write(folder.path().join("models/models.json"), models).unwrap();
    std::fs::write(folder.path().join("scene.ron"), scene).unwrap();
    folder
}

/// The models of a small building: floors, and rooms with their measured values.
pub const MODELS: &str = r#"[
 {"@context": ["dtmi:dtdl:context;3", "dtmi:dtdl:extension:quantitativeTypes;1"], "@id": "dtmi:t:Floor;1", "@type": "Interface", "contents": [
  {"@type": "Relationship", "name": "contains"},
  {"@type": ["Property", "Temperature"], "name": "mean", "schema": "double", "unit": "degreeCelsius"}]},
 {"@context": ["dtmi:dtdl:context;3", "dtmi:dtdl:extension:quantitativeTypes;1"], "@id": "dtmi:t:Room;1", "@type": "Interface", "contents": [
  {"@type": ["Property", "Temperature"], "name": "temperature", "schema": "double", "unit": "degreeCelsius"},
  {"@type": ["Property", "Temperature"], "name": "setpoint", "schema": "double", "unit": "degreeCelsius", "writable": true},
  {"@type": "Property", "name": "co2", "schema": "double"},
  {"@type": "Property", "name": "people", "schema": "double"},
  {"@type": "Property", "name": "occupied", "schema": "boolean"},
  {"@type": "Property", "name": "label", "schema": "string"},
  {"@type": ["Property", "Area"], "name": "area", "schema": "double", "unit": "squareMetre"}]}]"#;

/// Returns a scene with a floor and two rooms. `more` is added at the end of the document.
pub fn small_scene(more: &str) -> String {
    format!(
        r#"(
  version: 1,
  name: "Small",
  models: ["models"],
  twins: [
    (id: "f1", model: "Floor"),
    (id: "r1", model: "Room", properties: {{"area": 20.0, "setpoint": 21.0}}),
    (id: "r2", model: "Room", properties: {{"area": 30.0, "setpoint": 21.0}}),
  ],
  relationships: [(from: "f1", name: "contains", to: "r1"), (from: "f1", name: "contains", to: "r2")],
  computed: [(model: "Floor", property: "mean", formula: "AVG(contains.temperature)")],
  {more}
)
"#
    )
}

/// Returns the codes of the diagnostics of a scene.
pub fn codes(loaded: &LoadResult) -> Vec<&'static str> {
    loaded.diagnostics.iter().map(|found| found.code).collect()
}

/// Opens a scene in an app without a window.
pub fn open(path: &Path, broker: Option<String>) -> App {
    open_at(path, broker, WallClock::System)
}

fn open_at(path: &Path, broker: Option<String>, wall: WallClock) -> App {
    let session = SessionOptions { connect: broker.is_some(), broker, ..SessionOptions::default() };
    open_with(path, session, AllowedBrokers::default(), wall)
}

/// Opens a scene in an app that connects to the scene's brokers if they are allowed.
pub fn open_unknown(path: &Path) -> App {
    let session = SessionOptions { connect: true, ..SessionOptions::default() };
    open_with(path, session, AllowedBrokers::of([]), WallClock::System)
}

fn open_with(path: &Path, session: SessionOptions, allowed: AllowedBrokers, wall: WallClock) -> App {
    let loaded = cupola_scene::load(path);
    assert!(loaded.is_valid(), "{:?}", loaded.diagnostics);
    let mut app = App::new();
    app.add_plugins(CorePlugin);
    app.insert_resource(session).insert_resource(allowed).insert_resource(wall);
    app.finish();
    app.cleanup();
    session::open(app.world_mut(), loaded);
    let findings = app.world().resource::<Findings>().0.clone();
    // Tests send values on several topics.
    let is_expected = |found: &cupola_twin::Diagnostic| found.code == "several-sources";
    assert!(findings.iter().all(is_expected), "{findings:?}");
    app
}

/// Opens a scene in an app whose wall clock the test sets by hand.
pub fn open_by_hand(path: &Path) -> App {
    open_at(path, None, WallClock::Manual(1_700_000_000_000_000))
}

/// Records the live timeline of an app from now on, until the end of the app.
pub fn record(app: &mut App) {
    let live = timeline(app, SourceKind::Live);
    let recorder = std::sync::Arc::new(cupola_history::TimelineRecorder::temporary().unwrap());
    app.world_mut().get_mut::<Timeline>(live).unwrap().record_into(recorder.clone());
    app.insert_resource(cupola::history::OpenHistory::of(recorder));
}

/// Returns the text of the newest notice.
pub fn last_notice(app: &App) -> String {
    app.world().resource::<Notices>().0.last().map_or_else(String::new, |(_, text)| text.clone())
}

/// Sends an action and runs one frame.
pub fn send(app: &mut App, action: impl Action) {
    app.world_mut().write_message(ActionRequest::new(action));
    app.update();
}

/// Returns a reading of a property by its name, `TWIN.PROPERTY`. Without a value the property becomes bad.
pub fn reading(name: &str, value: Option<f64>, time_us: i64, arrived_us: i64) -> Reading {
    let (twin, property) = name.rsplit_once('.').unwrap();
    Reading {
        broker: "".into(),
        twin: twin.into(),
        property: property.into(),
        value: value.map(cupola_twin::Value::Number),
        time_us,
        arrived_us,
        has_source_time: true,
        is_retained: false,
        topic: "test".into(),
        payload: "".into(),
        stale_after_us: None,
    }
}

/// Applies a reading of a number with the present time to a timeline, as a feed does.
pub fn receive(app: &mut App, timeline: Entity, name: &str, value: f64) {
    let now_us = app.world().resource::<WallClock>().now_us();
    let mut timeline = app.world_mut().get_mut::<Timeline>(timeline).unwrap();
    let reading = reading(name, Some(value), now_us, now_us);
    let event = Event::new(now_us, Actor::device("test"), EventBody::Readings { readings: vec![reading] });
    let outcome = timeline.apply(event).unwrap();
    assert_eq!(outcome.rejected, Vec::<String>::new());
}

/// Runs one tick.
pub fn tick(app: &mut App) {
    app.world_mut().run_schedule(Tick);
}

/// Returns the timeline of a kind.
pub fn timeline(app: &mut App, source: SourceKind) -> Entity {
    timeline_of(app.world_mut(), source).unwrap()
}

/// Returns the number in a slot of a timeline, or `None` if it is missing or bad.
pub fn number(app: &App, timeline: Entity, name: &str) -> Option<f64> {
    let state = app.world().get::<Timeline>(timeline).unwrap().state();
    let lane = state.get(state.topology().slot_named(name).unwrap()).usable();
    (!lane.is_nan()).then_some(lane)
}

/// A real broker. Its process ends when the value is dropped.
///
/// If Mosquitto is not installed, `start` panics.
pub struct Mosquitto {
    child: Child,
    folder: tempfile::TempDir,
    pub port: u16,
}

impl Mosquitto {
    pub fn start() -> Self {
        Self::configured("allow_anonymous true\n", &[])
    }

    /// Starts a broker with lines of configuration, in which `FOLDER` is the folder of these files.
    pub fn configured(lines: &str, files: &[(&str, &str)]) -> Self {
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = free.local_addr().unwrap().port();
        drop(free);
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        let lines = lines.replace("FOLDER", folder.path().to_str().unwrap());
        let config = format!("listener {port} 127.0.0.1\npersistence false\nset_tcp_nodelay true\nuser root\n{lines}");
        std::fs::write(folder.path().join("mosquitto.conf"), config).unwrap();
        let child = spawn(folder.path());
        wait_for(port);
        Self { child, folder, port }
    }

    pub fn url(&self) -> String {
        format!("mqtt://127.0.0.1:{}", self.port)
    }

    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub fn restart(&mut self) {
        self.child = spawn(self.folder.path());
        wait_for(self.port);
    }
}

impl Drop for Mosquitto {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn spawn(folder: &Path) -> Child {
    let config = folder.join("mosquitto.conf");
    // Debian installs daemons in a folder that is not in the `PATH` of ordinary users.
    for program in ["mosquitto", "/usr/sbin/mosquitto", "/usr/local/sbin/mosquitto"] {
        let started = Command::new(program).arg("-c").arg(&config).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        if let Ok(child) = started {
            return child;
        }
    }
    panic!("mosquitto is not installed: ./test installs it");
}

fn wait_for(port: u16) {
    let begin = Instant::now();
    while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
        assert!(begin.elapsed() < Duration::from_secs(20), "mosquitto does not listen");
        std::thread::yield_now();
    }
}

/// A client that publishes to a broker from outside the program.
pub struct Publisher {
    client: rumqttc::Client,
    connection: rumqttc::Connection,
}

impl Publisher {
    pub fn connect(port: u16) -> Self {
        let mut options = rumqttc::MqttOptions::new("test-publisher", "127.0.0.1", port);
        options.set_max_packet_size(usize::MAX, usize::MAX);
        let (client, connection) = rumqttc::Client::new(options, 4096);
        Self { client, connection }
    }

    /// Publishes messages and waits until the broker has acknowledged all of them.
    pub fn publish(&mut self, messages: &[(String, String)]) {
        for (topic, payload) in messages {
            self.client.publish(topic, rumqttc::QoS::AtLeastOnce, false, payload.as_bytes()).unwrap();
        }
        self.wait(messages.len());
    }

    /// Publishes a message that the broker keeps, and waits until it has acknowledged it.
    pub fn publish_retained(&mut self, topic: &str, payload: impl Into<Vec<u8>>) {
        self.client.publish(topic, rumqttc::QoS::AtLeastOnce, true, payload).unwrap();
        self.wait(1);
    }

    fn wait(&mut self, mut waiting: usize) {
        while waiting > 0 {
            match self.connection.recv_timeout(Duration::from_secs(20)).unwrap() {
                Ok(rumqttc::Event::Incoming(rumqttc::Packet::PubAck(_))) => waiting -= 1,
                Ok(_) => {}
                Err(error) => panic!("the publisher lost the broker: {error}"),
            }
        }
    }
}
