//! `cupola why`: where a value came from.

use super::query::{Moment, moment};
use super::{BAD_INPUT, Source, output};
use crate::scene::Scene;
use crate::simulation::Simulation;
use crate::twin::with_unit;
use cupola_twin::why::{Explanation, why};
use cupola_twin::{Slot, Value};
use std::collections::BTreeSet;
use std::path::PathBuf;

#[derive(clap::Args)]
pub(super) struct Args {
    /// The scene.
    scene: PathBuf,
    /// The value, TWIN.PROPERTY.
    slot: String,
    /// The moment on the simulated timeline, RFC 3339; without it, the scene's own values.
    #[arg(long)]
    at: Option<String>,
    /// The explanation as JSON.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> u8 {
    let timeline = if args.at.is_some() { Source::Simulated } else { Source::Live };
    let Moment { scene, state, simulation } = match moment(&args.scene, timeline, args.at.as_deref()) {
        Ok(moment) => moment,
        Err(code) => return code,
    };
    let slot = match scene.topology.slot_named(&args.slot) {
        Ok(slot) => slot,
        Err(found) => {
            output::error_line(found.to_string());
            return BAD_INPUT;
        }
    };
    let simulated: BTreeSet<Slot> = simulation.iter().flat_map(Simulation::shown).collect();
    let origin = |slot: Slot| {
        if simulated.contains(&slot) {
            return Some("the simulation".to_string());
        }
        given(&scene, slot)
    };
    let mut answer = why(&state, slot, &origin);
    answer.relocate(&|place| scene.place_of(place));
    if args.json {
        output::line(serde_json::to_string(&answer).unwrap_or_default());
    } else {
        show(&answer, 0);
    }
    0
}

/// The line of the scene that gives a value.
fn given(scene: &Scene, slot: Slot) -> Option<String> {
    let id = scene.topology.twin_id(scene.topology.twin_of(slot));
    let name = &scene.topology.column(slot.column).name;
    let at = scene.document.twins.iter().position(|twin| *twin.id == **id)?;
    scene.document.twins[at].properties.get(&**name)?;
    let place = scene.places.of(&["twins".into(), at.into(), "properties".into(), (&**name).into()]);
    Some(format!("{}:{}:{}", place.file, place.line, place.column))
}

fn show(answer: &Explanation, depth: usize) {
    let indent = "  ".repeat(depth);
    let value = match &answer.value {
        Some(Value::Number(number)) => with_unit(*number, answer.unit.unwrap_or("")),
        Some(value) => with_symbol(value, answer.unit),
        None => "—".into(),
    };
    let mut text = format!("{indent}{} = {value}  [{}]", answer.name, answer.quality.word());
    if let Some(time) = &answer.time {
        text += &format!("  {time}");
    }
    if let Some(formula) = &answer.formula {
        text += &format!("  = {formula}");
    }
    if let Some(place) = &answer.place {
        text += &format!("  ({}:{}:{})", place.file, place.line, place.column);
    }
    match (&answer.origin, &answer.formula) {
        (Some(origin), _) => text += &format!("  ← {origin}"),
        (None, None) => text += "  ← nothing has given it a value yet",
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
