//! Test with sensor data of three real offices, published over MQTT. Gaps in the data give missing values.

use crate::support::{Mosquitto, Publisher, number, open, scene_folder, shared_data, tick, timeline};
use cupola::feed::Connections;
use cupola::timeline::{SourceKind, Timeline};
use cupola_twin::Quality;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

const MODELS: &str = r#"{"@context": ["dtmi:dtdl:context;3", "dtmi:dtdl:extension:quantitativeTypes;1"], "@id": "dtmi:t:Office;1", "@type": "Interface", "contents": [
  {"@type": "Property", "name": "co2", "schema": "double"}, {"@type": "Property", "name": "humidity", "schema": "double"},
  {"@type": ["Property", "Temperature"], "name": "temperature", "schema": "double", "unit": "degreeCelsius"}]}"#;

const SCENE: &str = r#"(version: 1, name: "Offices", models: ["models"],
  twins: [(id: "999169", model: "Office"), (id: "917810", model: "Office"), (id: "925038", model: "Office")],
  feeds: [(id: "m", url: "mqtt://127.0.0.1:1", mappings: [
    (topic: "offices/{id}", twin: "{id}", property: "co2", value: "/co2", time: "/time"),
    (topic: "offices/{id}", twin: "{id}", property: "temperature", value: "/temperature", time: "/time"),
    (topic: "offices/{id}", twin: "{id}", property: "humidity", value: "/humidity", time: "/time")])])"#;

#[test]
#[ignore = "needs the data in ../shared/data"]
fn rooms_receive_the_values_of_real_sensors() {
    let csv = shared_data("office-sensors/b4b_preprocess_properties.csv");
    let broker = Mosquitto::start();
    let text = std::fs::read_to_string(csv).unwrap();
    let mut lines = text.trim_start_matches('\u{feff}').lines();
    let header: Vec<&str> = lines.next().unwrap().split(',').collect();
    let column = |name: &str| header.iter().position(|known| *known == name).unwrap();
    let fields = [
        ("co2", column("bms_co2__ppm")),
        ("temperature", column("bms_temp_in__degC")),
        ("humidity", column("bms_rel_humidity__0")),
    ];
    let mut messages = Vec::new();
    let mut expected: BTreeMap<(String, &str), (f64, String)> = BTreeMap::new();
    for line in lines.take(3000).chain(text.lines().rev().take(3000).collect::<Vec<_>>().into_iter().rev()) {
        let cells: Vec<&str> = line.split(',').collect();
        let (id, time) = (cells[1].to_string(), cells[2].replace(' ', "T"));
        let mut payload = format!("{{\"time\": \"{time}\"");
        for (name, at) in fields {
            // A gap in the file becomes a missing field of the message.
            if let Ok(value) = cells[at].parse::<f64>() {
                payload += &format!(", \"{name}\": {value}");
                expected.insert((id.clone(), name), (value, time.clone()));
            }
        }
        messages.push((format!("offices/{id}"), payload + "}"));
    }
    let folder = scene_folder(MODELS, SCENE);
    let mut app = open(folder.path(), Some(broker.url()));
    let live = timeline(&mut app, SourceKind::Live);
    let inbox = app.world().get::<Connections>(live).unwrap().inbox().clone();
    let mut publisher = Publisher::connect(broker.port);
    let begin = Instant::now();
    // The first message is published repeatedly until it arrives, because only then the subscription is active.
    while app.world().get::<Connections>(live).unwrap().status().counters.messages == 0 {
        assert!(begin.elapsed() < Duration::from_secs(30));
        publisher.publish(&messages[..1]);
        inbox.wait(Duration::from_millis(20));
    }
    let before = app.world().get::<Connections>(live).unwrap().status().counters.messages;
    for some in messages.chunks(500) {
        publisher.publish(some);
        tick(&mut app);
    }
    while app.world().get::<Connections>(live).unwrap().status().counters.messages < before + messages.len() as u64 {
        assert!(
            begin.elapsed() < Duration::from_secs(60),
            "{:?}",
            app.world().get::<Connections>(live).unwrap().status()
        );
        inbox.wait(Duration::from_millis(20));
        tick(&mut app);
    }
    tick(&mut app);
    let status = app.world().get::<Connections>(live).unwrap().status();
    assert_eq!((status.counters.rejected, status.counters.unknown_topics.len()), (0, 0), "{status:?}");
    let state = app.world().get::<Timeline>(live).unwrap().state();
    let mut gaps = 0;
    for id in ["999169", "917810", "925038"] {
        for (name, _) in fields {
            let slot = format!("{id}.{name}");
            match expected.get(&(id.to_string(), name)) {
                Some((value, time)) => {
                    assert_eq!(number(&app, live, &slot), Some(*value), "{slot}");
                    let sample = state.get(state.topology().slot_named(&slot).unwrap());
                    assert_eq!(
                        sample.time_us,
                        cupola_wire::parse_rfc3339(time).unwrap(),
                        "{slot}: the time must be that of the sensor"
                    );
                }
                None => {
                    gaps += 1;
                    assert_eq!(
                        state.get(state.topology().slot_named(&slot).unwrap()).quality,
                        Quality::Missing,
                        "{slot}"
                    );
                }
            }
        }
    }
    assert!(gaps > 0, "the data has gaps");
}
