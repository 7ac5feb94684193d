//! Requests to processors and their answers.
//!
//! ```text
//! → {"id": "live-1", "time": "2026-01-12T08:00:00Z", "twins": [{"$dtId": "r1", "co2": 612.0, "people": null}]}
//! ← {"id": "live-1", "twins": [{"$dtId": "r1", "forecast": 700.5}]}      or  {"id": "live-1", "error": "not trained yet"}
//! ```

use super::Definition;
use crate::event::EventBody;
use cupola_twin::{Quality, Slot, State, TwinIx, Value};
use serde::Deserialize;
use serde_json::{Map, json};
use std::collections::BTreeMap;

/// The answer of a processor.
#[derive(Debug, Deserialize)]
pub struct ProcessorAnswer {
    /// The id of the request.
    pub id: String,
    /// The reason why the processor has no values.
    #[serde(default)]
    pub error: Option<String>,
    #[serde(default)]
    twins: Vec<Map<String, serde_json::Value>>,
}

/// Returns the request about all twins of a processor: one line of JSON, with its line break.
pub fn request(definition: &Definition, state: &State, id: &str, now_us: i64) -> Vec<u8> {
    let topology = state.topology();
    let mut twins = Vec::new();
    for table in &definition.tables {
        for (row, twin) in (0..).zip(topology.twins_of(table.table)) {
            let mut told = Map::new();
            told.insert("$dtId".into(), json!(topology.twin_id(TwinIx(twin))));
            for (name, column) in &table.inputs {
                let slot = Slot { column: *column, row };
                let usable = state.get(slot).quality <= Quality::Stale;
                told.insert(name.clone(), json!(state.value(slot).filter(|_| usable)));
            }
            twins.push(serde_json::Value::Object(told));
        }
    }
    let mut line = json!({ "id": id, "time": cupola_wire::format_rfc3339(now_us), "twins": twins }).to_string();
    line.push('\n');
    line.into_bytes()
}

impl ProcessorAnswer {
    /// Returns the event of the answer, and the reasons why some values can't be read.
    pub fn into_event(self, processor: &str, asked_us: i64) -> (EventBody, Vec<String>) {
        let mut values: BTreeMap<String, BTreeMap<String, Option<Value>>> = BTreeMap::new();
        let mut rejected = Vec::new();
        for mut twin in self.twins {
            let Some(id) = twin.remove("$dtId").and_then(|id| id.as_str().map(str::to_string)) else {
                rejected.push("a twin of the answer has no `$dtId`".to_string());
                continue;
            };
            let properties = values.entry(id.clone()).or_default();
            for (name, value) in twin {
                match serde_json::from_value::<Option<Value>>(value) {
                    Ok(value) => {
                        properties.insert(name, value);
                    }
                    Err(error) => rejected.push(format!("{id}.{name}: {error}")),
                }
            }
        }
        (EventBody::Processed { processor: processor.into(), request: self.id, asked_us, values }, rejected)
    }
}
