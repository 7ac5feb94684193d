//! Explanations of values: the formula, its inputs, their inputs, and so on down to values from outside.

use crate::diagnostic::Place;
use crate::state::State;
use crate::topology::{Input, Op, Slot, Topology};
use crate::value::{Quality, Sample, Value, time_text};
use crate::zone::local_text;
use serde::Serialize;
use std::collections::{BTreeSet, VecDeque};

/// The largest number of inputs listed for one value; further inputs are only counted.
const MAX_LISTED: usize = 200;
/// The largest number of values listed in one explanation; further values are only counted. A shared input is explained
/// at every place that reads it.
const MAX_TOTAL: usize = 10_000;
/// The largest depth of an explanation; deeper inputs are only counted.
const MAX_DEPTH: usize = 32;

/// A value and its derivation.
#[derive(Clone, Debug, Serialize)]
pub struct Explanation {
    /// The name of the value: `twin.property`.
    pub name: String,
    /// The value, or `None` if it is missing.
    pub value: Option<Value>,
    /// The same value for people: a time has the difference of the building's zone to UTC.
    #[serde(skip)]
    pub local_value: Option<Value>,
    /// The symbol of the unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<&'static str>,
    /// The quality.
    pub quality: Quality,
    /// The source time, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<String>,
    /// The same time with the difference of the building's zone to UTC, for people.
    #[serde(skip)]
    pub local_time: Option<String>,
    /// The formula that computes the value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub formula: Option<String>,
    /// The place of the formula.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    /// The explanations of the formula's inputs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub inputs: Vec<Explanation>,
    /// The number of inputs that are not listed.
    #[serde(skip_serializing_if = "is_zero")]
    pub not_listed: usize,
    /// The formula's result, if a measured value replaces it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub computed: Option<Value>,
    /// For an aggregate, the qualities of the values that it read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read: Option<Census>,
    /// For a value without a formula, its origin.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
    /// The slot of the value, for further questions about it.
    #[serde(skip)]
    pub slot: Slot,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde requires this signature")]
fn is_zero(count: &usize) -> bool {
    *count == 0
}

/// Explains a slot; `origin` describes the origin of a value that no formula computed.
pub fn why(state: &State, slot: Slot, origin: &dyn Fn(Slot) -> Option<String>) -> Explanation {
    explain(state, slot, origin, &mut Descent { above: BTreeSet::new(), left: MAX_TOTAL }, 0)
}

/// The slots on the path down to a value, and the number of values that may still be listed.
struct Descent {
    above: BTreeSet<Slot>,
    left: usize,
}

fn explain(
    state: &State,
    slot: Slot,
    origin: &dyn Fn(Slot) -> Option<String>,
    way: &mut Descent,
    depth: usize,
) -> Explanation {
    let topology = state.topology();
    let column = topology.column(slot.column);
    let sample = state.get(slot);
    let formula = column.formula.map(|number| &topology.formulas()[number as usize]);
    let measured = state.measured(slot).is_some();
    let known_us = (sample.quality < Quality::Missing && sample.time_us > 0).then_some(sample.time_us);
    let (mut inputs, mut not_listed) = (Vec::new(), 0);
    if let Some(formula) = formula {
        let slots = inputs_of(topology, slot, formula);
        not_listed = slots.len();
        if depth < MAX_DEPTH && way.above.insert(slot) {
            let listed = slots.len().min(MAX_LISTED).min(way.left);
            way.left -= listed;
            not_listed = slots.len() - listed;
            inputs.extend(slots.into_iter().take(listed).map(|input| explain(state, input, origin, way, depth + 1)));
            way.above.remove(&slot);
        }
    }
    Explanation {
        name: topology.name(slot),
        value: state.value(slot),
        local_value: state.local_value(slot),
        unit: column.unit.map(|unit| unit.symbol),
        quality: sample.quality,
        time: known_us.map(time_text),
        local_time: known_us.map(|time_us| local_text(time_us, &topology.zone)),
        formula: formula
            .map(|formula| if column.hidden { column.display_name.clone() } else { formula.text.to_string() }),
        place: formula.and_then(|formula| formula.place.clone()),
        inputs,
        not_listed,
        computed: if measured { unmeasured(state, slot) } else { None },
        read: formula.and_then(|formula| census(state, slot, formula)),
        origin: if formula.is_none() || measured { origin(slot) } else { None },
        slot,
    }
}

/// The number of values of each quality among an aggregate's inputs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Census {
    /// The number of good values.
    pub good: usize,
    /// The number of stale values, which the aggregate uses.
    pub stale: usize,
    /// The number of bad values, which the aggregate ignores.
    pub bad: usize,
    /// The number of missing values.
    pub missing: usize,
}

impl Census {
    /// Returns the number of all values.
    pub fn all(&self) -> usize {
        self.good + self.stale + self.bad + self.missing
    }
}

impl std::fmt::Display for Census {
    /// Formats the counts as `20 values: 2 stale, 1 missing`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} value{}", self.all(), if self.all() == 1 { "" } else { "s" })?;
        let kinds = [(self.stale, "stale"), (self.bad, "bad"), (self.missing, "missing")];
        for (number, (count, word)) in kinds.iter().filter(|(count, _)| *count > 0).enumerate() {
            write!(f, "{} {count} {word}", if number == 0 { ":" } else { "," })?;
        }
        Ok(())
    }
}

/// Counts the qualities of the values that the aggregates of a formula read. Returns `None` if the formula reads none.
fn census(state: &State, slot: Slot, formula: &crate::topology::Formula) -> Option<Census> {
    let along = |input: &&Slot| formula.inputs.iter().any(|known| known.is_along(input.column));
    let mut census = Census::default();
    for input in inputs_of(state.topology(), slot, formula).iter().filter(along) {
        *match state.get(*input).quality {
            Quality::Good => &mut census.good,
            Quality::Stale => &mut census.stale,
            Quality::Bad => &mut census.bad,
            Quality::Missing => &mut census.missing,
        } += 1;
    }
    (census.all() > 0).then_some(census)
}

/// Returns the result of a formula whose value is replaced by a measured value.
fn unmeasured(state: &State, slot: Slot) -> Option<Value> {
    let mut state = state.clone();
    state.begin_tick();
    state.release(slot);
    state.propagate();
    state.value(slot)
}

impl Explanation {
    /// Replaces the place of every formula with the result of `place`, for callers that know the place more exactly.
    pub fn relocate(&mut self, place: &dyn Fn(&Place) -> Place) {
        self.place = self.place.as_ref().map(place);
        for input in &mut self.inputs {
            input.relocate(place);
        }
    }
}

/// Returns the slots that a formula reads for one row, in the order in which the formula names them.
pub fn inputs_of(topology: &Topology, slot: Slot, formula: &crate::topology::Formula) -> Vec<Slot> {
    let mut slots = Vec::new();
    for instruction in &formula.program.instructions {
        match &instruction.op {
            Op::Load(column) | Op::Stateful { column, .. } | Op::Quality(column, _) => {
                slots.push(Slot { column: *column, row: slot.row })
            }
            Op::Aggregate { relation, parts, .. } => {
                let relation = &topology.relations()[*relation as usize];
                for (link, column, ..) in parts {
                    let Some(column) = column else { continue };
                    let rows = relation.links[*link as usize].forward.of(slot.row);
                    slots.extend(rows.iter().map(|row| Slot { column: *column, row: *row }));
                }
            }
            _ => {}
        }
    }
    let mut seen = BTreeSet::new();
    slots.retain(|slot| seen.insert(*slot));
    slots
}

/// Returns the values without a formula from which a value is computed, directly or indirectly, sorted by slot.
pub fn sources_of(state: &State, slot: Slot) -> Vec<Slot> {
    let topology = state.topology();
    let formula = |slot: Slot| {
        let number = topology.column(slot.column).formula.filter(|_| state.measured(slot).is_none())?;
        Some(&topology.formulas()[number as usize])
    };
    let (mut seen, mut next) = (BTreeSet::from([slot]), vec![slot]);
    let mut sources = BTreeSet::new();
    while let Some(here) = next.pop() {
        match formula(here) {
            Some(formula) => {
                let inputs = inputs_of(topology, here, formula);
                next.extend(inputs.into_iter().filter(|input| seen.insert(*input)));
            }
            None => drop(sources.insert(here)),
        }
    }
    sources.remove(&slot);
    sources.into_iter().collect()
}

/// Returns all slots that depend on a value, directly or indirectly, nearest first.
pub fn impact_of(topology: &Topology, slot: Slot) -> Vec<Slot> {
    let mut seen = BTreeSet::from([slot]);
    let mut found = Vec::new();
    let mut next = VecDeque::from([slot]);
    while let Some(here) = next.pop_front() {
        for dependent in dependents_of(topology, here) {
            if seen.insert(dependent) {
                found.push(dependent);
                next.push_back(dependent);
            }
        }
    }
    found
}

/// Returns the value of `slot` that propagation would give without the value of `input`.
pub fn without(state: &State, slot: Slot, input: Slot) -> Option<Value> {
    let mut state = state.clone();
    state.begin_tick();
    if state.measured(input).is_some() {
        state.release(input);
    } else {
        state.set(input, Sample::good(f64::NAN, state.get(input).time_us));
    }
    state.propagate();
    state.value(slot)
}

/// Returns the slots that directly depend on a slot.
pub fn dependents_of(topology: &Topology, slot: Slot) -> Vec<Slot> {
    let mut slots = BTreeSet::new();
    for formula in topology.formulas() {
        for input in formula.inputs.iter().filter(|input| input.column() == slot.column) {
            match *input {
                Input::Here(_) => {
                    slots.insert(Slot { column: formula.output, row: slot.row });
                }
                Input::Along { relation, link, .. } => {
                    let link = &topology.relations()[relation as usize].links[link as usize];
                    slots.extend(
                        link.backward.of(slot.row).iter().map(|row| Slot { column: formula.output, row: *row }),
                    );
                }
            }
        }
    }
    slots.into_iter().collect()
}
