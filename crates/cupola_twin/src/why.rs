//! Why a value is what it is: the formula, what it read, and so on down to what came from outside.

use crate::diagnostic::Place;
use crate::state::State;
use crate::topology::{Input, Op, Slot, Topology};
use crate::value::{Quality, Sample, Value, time_text};
use serde::Serialize;
use std::collections::{BTreeSet, VecDeque};

/// More inputs of one value than this are counted, not listed.
const MAX_LISTED: usize = 200;
/// More values than this in all are counted, not listed: inputs that are shared are explained wherever they are read.
const MAX_TOTAL: usize = 10_000;
/// Deeper chains are cut, and say so.
const MAX_DEPTH: usize = 32;

/// One value and where it came from.
#[derive(Clone, Debug, Serialize)]
pub struct Explanation {
    /// `twin.property`.
    pub name: String,
    /// The value; `None` if it is missing.
    pub value: Option<Value>,
    /// The symbol of its unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<&'static str>,
    /// Its quality.
    pub quality: Quality,
    /// When it was so, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<String>,
    /// The formula that computed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub formula: Option<String>,
    /// Where the formula stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    /// What the formula read.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub inputs: Vec<Explanation>,
    /// How many inputs are not listed.
    #[serde(skip_serializing_if = "is_zero")]
    pub not_listed: usize,
    /// What the formula would give, where a measured value holds instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub computed: Option<Value>,
    /// For an aggregate: how good the values are that it read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read: Option<Census>,
    /// For a value that no formula computed: what gave it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
    /// Who it is, for those who go on asking.
    #[serde(skip)]
    pub slot: Slot,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde asks for")]
fn is_zero(count: &usize) -> bool {
    *count == 0
}

/// Explains a slot; `origin` says where a value that no formula computed came from.
pub fn why(state: &State, slot: Slot, origin: &dyn Fn(Slot) -> Option<String>) -> Explanation {
    explain(state, slot, origin, &mut Way { above: BTreeSet::new(), left: MAX_TOTAL }, 0)
}

/// What leads down to a value, and how many more may be explained.
struct Way {
    above: BTreeSet<Slot>,
    left: usize,
}

fn explain(
    state: &State,
    slot: Slot,
    origin: &dyn Fn(Slot) -> Option<String>,
    way: &mut Way,
    depth: usize,
) -> Explanation {
    let topology = state.topology();
    let column = topology.column(slot.column);
    let sample = state.get(slot);
    let formula = column.formula.map(|number| &topology.formulas()[number as usize]);
    let measured = state.measured(slot).is_some();
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
        unit: column.unit.map(|unit| unit.symbol),
        quality: sample.quality,
        time: (sample.quality < Quality::Missing && sample.time_us > 0).then(|| time_text(sample.time_us)),
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

/// How good the values are that an aggregate read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Census {
    /// How many are as they should be.
    pub good: usize,
    /// How many are older than they should be; they count.
    pub stale: usize,
    /// How many are known to be wrong; they don't count.
    pub bad: usize,
    /// How many are not there.
    pub missing: usize,
}

impl Census {
    /// How many there are in all.
    pub fn all(&self) -> usize {
        self.good + self.stale + self.bad + self.missing
    }
}

impl std::fmt::Display for Census {
    /// `20 values: 2 stale, 1 missing`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} value{}", self.all(), if self.all() == 1 { "" } else { "s" })?;
        let kinds = [(self.stale, "stale"), (self.bad, "bad"), (self.missing, "missing")];
        for (number, (count, word)) in kinds.iter().filter(|(count, _)| *count > 0).enumerate() {
            write!(f, "{} {count} {word}", if number == 0 { ":" } else { "," })?;
        }
        Ok(())
    }
}

/// How good the values are that the aggregates of a formula read; none if it reads none.
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

/// What a formula gives where a measured value holds instead.
fn unmeasured(state: &State, slot: Slot) -> Option<Value> {
    let mut state = state.clone();
    state.begin_tick();
    state.release(slot);
    state.propagate();
    state.value(slot)
}

impl Explanation {
    /// Says of every formula where it stands for someone who knows more than the topology does.
    pub fn relocate(&mut self, place: &dyn Fn(&Place) -> Place) {
        self.place = self.place.as_ref().map(place);
        for input in &mut self.inputs {
            input.relocate(place);
        }
    }
}

/// The slots that a formula reads for one row, in the order that it names them.
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

/// The values from outside that a value is made of, however far they are, in the order of their numbers.
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

/// All that depends on a value, however far it is, what is nearest first.
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

/// What a value would be without one of its inputs.
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

/// The slots that depend on one directly.
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
