//! `cupola why`: explains the origin of a value.

use super::listen::ListenArgs;
use super::query::{Moment, moment};
use super::{BAD_CALL, BAD_INPUT, HistoryArgs, Source, output};
use crate::twin::with_unit;
use cupola_scene::Scene;
use cupola_twin::why::{Explanation, impact_of, sources_of, why, without};
use cupola_twin::{Slot, State, Value};
use serde_json::{Map, Value as Json, json};
use std::collections::HashMap;
use std::path::PathBuf;

#[derive(clap::Args)]
pub(super) struct Args {
    /// Scene: a folder with scene.ron, or a .ron file.
    scene: PathBuf,
    /// Value to explain, written as TWIN.PROPERTY.
    slot: String,
    /// Moment, in RFC 3339, or local without a zone. Default: the scene's initial values.
    #[arg(long)]
    at: Option<String>,
    /// Timeline of the moment. Live and replay mean the history. Default: simulated.
    #[arg(long, value_enum, requires = "at")]
    timeline: Option<Source>,
    #[command(flatten)]
    listen: ListenArgs,
    #[command(flatten)]
    history: HistoryArgs,
    /// List all values from outside that the value depends on, each with the result that the value would have without
    /// it.
    #[arg(long)]
    inputs: bool,
    /// List all values that depend on the value.
    #[arg(long, conflicts_with = "inputs")]
    impact: bool,
    /// Print the answer as JSON.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> u8 {
    if !args.slot.contains('.') {
        output::error_line(format!("write TWIN.PROPERTY, not `{}`", args.slot));
        return BAD_CALL;
    }
    let named = if args.history.is_named() { Source::Replay } else { Source::Simulated };
    let usual = if args.at.is_some() { named } else { Source::Live };
    let timeline = args.timeline.unwrap_or(usual);
    let Moment { timeline, code } =
        match moment(&args.scene, timeline, args.at.as_deref(), &args.listen, &args.history, None) {
            Ok(moment) => moment,
            Err(code) => return code,
        };
    let (scene, state) = (timeline.scene(), timeline.state());
    let slot = match scene.topology.slot_named(&args.slot) {
        Ok(slot) => slot,
        Err(found) => {
            output::error_line(found.to_string());
            return BAD_INPUT;
        }
    };
    let twins = scene.document.twins.iter().enumerate();
    let positions: HashMap<&str, usize> = twins.map(|(position, twin)| (twin.id.as_str(), position)).collect();
    let origin = |slot: Slot| timeline.origin(slot).or_else(|| given(scene, &positions, slot));
    if args.inputs || args.impact {
        let rows = if args.inputs { inputs(state, slot, &origin) } else { impact(state, slot) };
        list(&rows, args.json);
        return code;
    }
    let mut answer = why(state, slot, &origin);
    answer.relocate(&|place| scene.place_of(place));
    if args.json {
        output::line(serde_json::to_string(&answer).unwrap_or_default());
    } else {
        show(&answer, 0);
    }
    code
}

/// Largest number of inputs for which the result without each of them is computed.
const MAX_TRIED: usize = 500;

/// Returns the values from outside that a value depends on, each with the result without it.
fn inputs(state: &State, slot: Slot, origin: &dyn Fn(Slot) -> Option<String>) -> Vec<Map<String, Json>> {
    let sources = sources_of(state, slot);
    let tried = sources.len() <= MAX_TRIED;
    let row = |input: &Slot| {
        let mut row = row_of(state, *input);
        row.insert("origin".into(), json!(origin(*input)));
        if tried {
            row.insert("without".into(), output::json(without(state, slot, *input)));
        }
        row
    };
    sources.iter().map(row).collect()
}

/// Returns the values that depend on a value, without hidden columns.
fn impact(state: &State, slot: Slot) -> Vec<Map<String, Json>> {
    let topology = state.topology();
    let is_shown = |slot: &Slot| !topology.column(slot.column).hidden;
    impact_of(topology, slot).into_iter().filter(is_shown).map(|slot| row_of(state, slot)).collect()
}

fn row_of(state: &State, slot: Slot) -> Map<String, Json> {
    let name = json!(state.topology().name(slot));
    Map::from_iter([("name".to_string(), name), ("value".to_string(), output::json(state.value(slot)))])
}

fn list(rows: &[Map<String, Json>], as_json: bool) {
    if as_json {
        output::line(json!(rows).to_string());
        return;
    }
    let header: Vec<String> = rows.first().map(|row| row.keys().cloned().collect()).unwrap_or_default();
    let text = |value: &Json| if value.is_null() { "—".to_string() } else { output::cell(value) };
    let cells: Vec<Vec<String>> = rows.iter().map(|row| row.values().map(text).collect()).collect();
    if !header.is_empty() {
        output::table(&header, &cells);
    }
    output::line(if rows.len() == 1 { "1 value".to_string() } else { format!("{} values", rows.len()) });
}

/// Returns the place in the scene's files that gives a slot its initial value.
fn given(scene: &Scene, positions: &HashMap<&str, usize>, slot: Slot) -> Option<String> {
    let id = scene.topology.twin_id(scene.topology.twin_of(slot));
    let name = &scene.topology.column(slot.column).name;
    let at = *positions.get(id)?;
    scene.document.twins[at].properties.get(name)?;
    let place = scene.places.of(&["twins".into(), at.into(), "properties".into(), (&**name).into()]);
    Some(format!("{}:{}:{}", place.file, place.line, place.column))
}

fn show(answer: &Explanation, depth: usize) {
    let indent = "  ".repeat(depth);
    let value = match &answer.local_value {
        Some(Value::Number(number)) => with_unit(*number, answer.unit.unwrap_or("")),
        Some(value) => with_symbol(value, answer.unit),
        None => "—".into(),
    };
    let mut text = format!("{indent}{} = {value}  [{}]", answer.name, answer.quality.word());
    if let Some(time) = &answer.local_time {
        text += &format!("  {time}");
    }
    if let Some(formula) = &answer.formula {
        text += &format!("  = {formula}");
    }
    if let Some(place) = &answer.place {
        text += &format!("  ({}:{}:{})", place.file, place.line, place.column);
    }
    if let Some(read) = answer.read.filter(|read| read.good < read.all()) {
        text += &format!("  of {read}");
    }
    match (&answer.origin, &answer.formula) {
        (Some(origin), Some(_)) => {
            let computed = answer.computed.as_ref().map_or("nothing".into(), |value| with_symbol(value, answer.unit));
            text += &format!("  ← measured: {origin}; the formula gives {computed}");
        }
        (Some(origin), _) => text += &format!("  ← {origin}"),
        (None, None) => text += "  ← no value yet",
        _ => {}
    }
    output::line(text);
    answer.inputs.iter().for_each(|input| show(input, depth + 1));
    if answer.not_listed > 0 {
        output::line(format!("{indent}  … and {} more", answer.not_listed));
    }
}

fn with_symbol(value: &Value, unit: Option<&str>) -> String {
    match unit {
        Some(unit) if !unit.is_empty() => format!("{value} {unit}"),
        _ => value.to_string(),
    }
}
