//! The evaluation order of formulas, and the detection of cycles.

use super::{Input, Op, Slot, Stage, Topology};
use crate::diagnostic::Diagnostic;
use petgraph::algo::tarjan_scc;
use petgraph::graph::{DiGraph, NodeIndex};
use std::collections::{BTreeMap, BTreeSet};

/// Arranges the formulas in stages. Properties on an undeclared cycle are reported by name and no longer computed.
pub(super) fn stages(topology: &mut Topology, diagnostics: &mut Vec<Diagnostic>) {
    let all: Vec<u32> = (0..topology.formulas.len() as u32).collect();
    topology.stages = arranged(topology, &all, diagnostics);
}

/// Returns the stages of some formulas; outputs of other formulas count as constants.
fn arranged(topology: &mut Topology, numbers: &[u32], diagnostics: &mut Vec<Diagnostic>) -> Vec<Stage> {
    let mut graph: DiGraph<u32, ()> = DiGraph::new();
    let nodes: BTreeMap<u32, NodeIndex> = numbers.iter().map(|number| (*number, graph.add_node(*number))).collect();
    let output = |number: &u32| topology.formulas[*number as usize].output;
    let by_output: BTreeMap<_, u32> = numbers.iter().map(|number| (output(number), *number)).collect();
    for number in numbers {
        for input in &topology.formulas[*number as usize].inputs {
            if let Some(from) = by_output.get(&input.column()) {
                graph.update_edge(nodes[from], nodes[number], ());
            }
        }
    }
    let mut stages = Vec::new();
    // Tarjan's algorithm returns components in reverse topological order; edges lead from input to output.
    for mut component in
        tarjan_scc(&graph).into_iter().rev().map(|nodes| nodes.iter().map(|node| graph[*node]).collect::<Vec<_>>())
    {
        component.sort_unstable();
        let alone = component.len() == 1 && !graph.contains_edge(nodes[&component[0]], nodes[&component[0]]);
        if alone {
            stages.push(Stage::Column(component[0]));
            continue;
        }
        let cycle = match levels(topology, &component) {
            Ok(levels) => {
                stages.push(Stage::Levels(levels));
                continue;
            }
            Err(cycle) => cycle,
        };
        let is_declared = |number: &u32| topology.formulas[*number as usize].iterate.is_some();
        let (guessed, others): (Vec<u32>, Vec<u32>) = component.iter().partition(|number| is_declared(number));
        let remembering = remembers_guess(topology, &component);
        if guessed.is_empty() || remembering.is_some() {
            diagnostics.push(remembering.unwrap_or_else(|| circle(topology, &cycle)));
            for number in component {
                let output = topology.formulas[number as usize].output;
                topology.columns[output.0 as usize].formula = None;
            }
        } else {
            // The remaining formulas must be free of cycles once the guessed columns are constants.
            let inner = arranged(topology, &others, diagnostics);
            stages.push(Stage::Rounds { inner, guessed });
        }
    }
    stages
}

/// Returns the error that a stateful function reads a value on the cycle, because it would remember guesses.
fn remembers_guess(topology: &Topology, component: &[u32]) -> Option<Diagnostic> {
    let formulas = component.iter().map(|number| &topology.formulas[*number as usize]);
    let outputs: BTreeSet<_> = formulas.clone().map(|formula| formula.output).collect();
    for formula in formulas {
        for instruction in &formula.program.instructions {
            if let Op::Stateful { function, column, .. } = &instruction.op
                && outputs.contains(column)
            {
                let name = function.name();
                let message = format!("{name} can't be part of a cycle, as it is in `{}`", formula.text);
                let help = "apply it to a value from outside the cycle";
                return Some(Diagnostic::error("cycle", message).at(formula.place.clone()).help(help));
            }
        }
    }
    None
}

/// Returns the diagnostic for a cycle.
fn circle(topology: &Topology, cycle: &[Slot]) -> Diagnostic {
    let names: Vec<_> = cycle.iter().chain(cycle.first()).map(|slot| topology.name(*slot)).collect();
    let formula = cycle.first().and_then(|slot| topology.column(slot.column).formula);
    let place = formula.and_then(|number| topology.formulas[number as usize].place.clone());
    let message = format!("these properties depend on one another in a cycle: {}", names.join(" → "));
    let help = "remove one of them from a formula, give it a measured value, or declare one of them `iterate`";
    Diagnostic::error("cycle", message).at(place).help(help)
}

/// Groups the rows of mutually dependent columns such that every group depends only on earlier ones.
///
/// # Errors
/// The rows depend on one another in a cycle; the error is the slots of the cycle in the order of dependency.
fn levels(topology: &Topology, component: &[u32]) -> Result<Vec<Vec<(u32, Vec<u32>)>>, Vec<Slot>> {
    // Slots of the component are numbered formula by formula, row by row.
    let mut first = Vec::new();
    let mut count = 0usize;
    for number in component {
        first.push(count);
        count += topology.rows(topology.formulas[*number as usize].output) as usize;
    }
    let position: BTreeMap<_, usize> =
        component.iter().enumerate().map(|(at, number)| (topology.formulas[*number as usize].output, at)).collect();
    let slot_of = |index: usize| {
        let at = first.partition_point(|start| *start <= index) - 1;
        (at, (index - first[at]) as u32)
    };
    let mut inputs: Vec<Vec<u32>> = vec![Vec::new(); count];
    for (at, number) in component.iter().enumerate() {
        let formula = &topology.formulas[*number as usize];
        for row in 0..topology.rows(formula.output) {
            let here = &mut inputs[first[at] + row as usize];
            for input in &formula.inputs {
                let Some(from) = position.get(&input.column()).map(|at| first[*at]) else { continue };
                match *input {
                    Input::Here(_) => here.push((from + row as usize) as u32),
                    Input::Along { relation, link, .. } => {
                        let link = &topology.relations[relation as usize].links[link as usize];
                        here.extend(link.forward.of(row).iter().map(|row| (from + *row as usize) as u32));
                    }
                }
            }
        }
    }
    let mut waiting: Vec<u32> = inputs.iter().map(|inputs| inputs.len() as u32).collect();
    let mut outputs: Vec<Vec<u32>> = vec![Vec::new(); count];
    for (index, inputs) in inputs.iter().enumerate() {
        for input in inputs {
            outputs[*input as usize].push(index as u32);
        }
    }
    let mut ready: Vec<u32> = (0..count as u32).filter(|index| waiting[*index as usize] == 0).collect();
    let mut levels = Vec::new();
    let mut done = 0;
    while !ready.is_empty() {
        done += ready.len();
        let mut next = Vec::new();
        let mut level: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for index in ready {
            let (at, row) = slot_of(index as usize);
            level.entry(component[at]).or_default().push(row);
            for output in &outputs[index as usize] {
                waiting[*output as usize] -= 1;
                if waiting[*output as usize] == 0 {
                    next.push(*output);
                }
            }
        }
        let sorted = level.into_iter().map(|(number, mut rows)| {
            rows.sort_unstable();
            (number, rows)
        });
        levels.push(sorted.collect());
        next.sort_unstable();
        ready = next;
    }
    if done == count {
        return Ok(levels);
    }
    // Following unfinished inputs backwards from an unfinished slot must reach a cycle.
    let mut path: Vec<u32> = Vec::new();
    let mut seen = BTreeSet::new();
    let mut index = (0..count).find(|index| waiting[*index] > 0).unwrap_or(0) as u32;
    while seen.insert(index) {
        path.push(index);
        index = inputs[index as usize].iter().copied().find(|input| waiting[*input as usize] > 0).unwrap_or(index);
    }
    let start = path.iter().position(|known| *known == index).unwrap_or(0);
    let mut cycle: Vec<Slot> = path[start..]
        .iter()
        .map(|index| {
            let (at, row) = slot_of(*index as usize);
            Slot { column: topology.formulas[component[at] as usize].output, row }
        })
        .collect();
    cycle.reverse();
    Err(cycle)
}
