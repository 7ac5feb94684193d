//! Requests and answers: what they look like, and what becomes of an answer.
//!
//! ```text
//! → {"id": "live-1", "time": "2026-01-12T08:00:00Z", "twins": [{"$dtId": "r1", "co2": 612.0, "people": null}]}
//! ← {"id": "live-1", "twins": [{"$dtId": "r1", "forecast": 700.5}]}      or  {"id": "live-1", "error": "not trained yet"}
//! ```

use super::definition::Definition;
use cupola_twin::value::Sample;
use cupola_twin::{Quality, Slot, State, TwinIx, Value};
use serde::Deserialize;
use serde_json::{Map, json};

/// What comes back.
#[derive(Debug, Deserialize)]
pub(super) struct Answer {
    pub id: String,
    #[serde(default)]
    pub error: Option<String>,
    #[serde(default)]
    pub twins: Vec<Map<String, serde_json::Value>>,
}

/// The line that asks about all twins of a processor.
pub(super) fn request(definition: &Definition, state: &State, id: &str, now_us: i64) -> Vec<u8> {
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

/// Puts an answer's values into a state, as of the time that they were asked for; the slots, and what could not be used.
pub(super) fn put(
    definition: &Definition,
    answer: &Answer,
    state: &mut State,
    asked_us: i64,
) -> (Vec<Slot>, Vec<String>) {
    let topology = state.topology().clone();
    let (mut given, mut wrong) = (Vec::new(), Vec::new());
    let until_us = asked_us.saturating_add(definition.stale_after_us);
    for said in &answer.twins {
        let id = said.get("$dtId").and_then(serde_json::Value::as_str).unwrap_or_default();
        let Some(twin) = topology.twin(id) else {
            wrong.push(format!("no twin is called `{id}`"));
            continue;
        };
        let (table, row) = topology.locate(twin);
        let outputs = definition.tables.iter().find(|known| known.table == table).map(|known| &known.outputs);
        for (name, value) in said.iter().filter(|(name, _)| *name != "$dtId") {
            let known = outputs.and_then(|outputs| outputs.iter().find(|(output, _)| output == name));
            let Some((_, column)) = known else {
                wrong.push(format!("`{name}` of `{id}` is not one of its outputs"));
                continue;
            };
            let slot = Slot { column: *column, row };
            let sample = if value.is_null() {
                Sample { time_us: asked_us, ..Sample::MISSING }
            } else {
                let value = serde_json::from_value::<Value>(value.clone()).map_err(|error| error.to_string());
                match value.and_then(|value| topology.encode(*column, &value)) {
                    Ok(lane) => Sample::good(lane, asked_us),
                    Err(why) => {
                        wrong.push(format!("{id}.{name}: {why}"));
                        continue;
                    }
                }
            };
            state.measure(slot, sample, until_us);
            given.push(slot);
        }
    }
    (given, wrong)
}
