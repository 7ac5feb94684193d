//! Transfer of a state to another topology of the same scene.

use super::{Chunk, State, Time};
use crate::expr::Stateful;
use crate::topology::{ColumnIx, Slot, Topology, TwinIx};
use crate::unit::conversion;
use crate::value::{Quality, Sample};
use std::collections::HashMap;
use std::sync::Arc;

impl State {
    /// Transfers the values of every twin and property that both topologies have, and the memory of every stateful call
    /// that both have, to another topology of the same scene.
    ///
    /// An initial value that the new graph changed overrides the old state's value.
    pub fn carry_over(&self, topology: Arc<Topology>) -> Self {
        let mut next = Self::new(topology);
        let topology = next.topology.clone();
        if self.topology.has_same_twins(&topology) {
            self.share_with(&mut next);
            return next;
        }
        let mut measured = Vec::new();
        for twin in topology.twins() {
            let Some(old) = self.topology.twin(topology.twin_id(twin)) else { continue };
            for slot in topology.properties(twin) {
                let Some(from) = self.topology.slot(old, &topology.column(slot.column).name) else { continue };
                if topology.column(slot.column).formula.is_some() {
                    if let Some(known) = self.measured(from)
                        && let Some(sample) = self.sample_for(from, known.sample, slot, &topology)
                    {
                        measured.push((slot, sample, known.until_us));
                    }
                    continue;
                }
                let sample = self.get(from);
                // The value is the initial one of the old graph, so the initial value of the new graph applies.
                if sample.quality == Quality::Missing
                    || self.topology.given(from).map(f64::to_bits) == Some(sample.lane.to_bits())
                {
                    continue;
                }
                if let Some(sample) = self.sample_for(from, sample, slot, &topology) {
                    next.set(slot, sample);
                }
            }
        }
        // Formulas with memory are evaluated again at the current time.
        next.time = Time { followed_us: None, begins: true, ..self.time };
        for (slot, sample, until_us) in measured {
            next.measure(slot, sample, until_us);
        }
        self.hand_memories_to(&mut next);
        next.propagate();
        next.begin_tick();
        next
    }

    /// Transfers whole columns; both topologies have the same rows.
    fn share_with(&self, next: &mut Self) {
        let topology = next.topology.clone();
        for (number, column) in topology.columns().iter().enumerate().filter(|(_, column)| !column.hidden) {
            let ix = ColumnIx(number as u32);
            let Some(from) = self.topology.table(column.table).column(&column.name) else { continue };
            let old = self.topology.column(from);
            if old.kind != column.kind || old.unit.map(|unit| unit.name) != column.unit.map(|unit| unit.name) {
                continue;
            }
            for (row, known) in self.measured_of(from).into_iter().flatten() {
                next.measure(Slot { column: ix, row: *row }, known.sample, known.until_us);
            }
            if column.formula.is_some() || old.formula.is_some() {
                continue;
            }
            let (given, anew) = (self.topology.given_in(from), topology.given_in(ix));
            let same = |(one, other): (&Arc<Chunk>, &Arc<Chunk>)| Arc::ptr_eq(one, other);
            let is_given_alike = given.len() == anew.len() && given.iter().zip(anew).all(same);
            if is_given_alike {
                next.columns[number].clone_from(&self.columns[from.0 as usize]);
                continue;
            }
            for row in 0..topology.rows(ix) {
                let (slot, sample) = (Slot { column: ix, row }, self.get(Slot { column: from, row }));
                let is_untouched =
                    self.topology.given(Slot { column: from, row }).map(f64::to_bits) == Some(sample.lane.to_bits());
                if sample.quality < Quality::Missing && !is_untouched {
                    next.set(slot, sample);
                }
            }
        }
        next.time = Time { followed_us: None, begins: true, ..self.time };
        self.hand_memories_to(next);
        next.recompute();
        next.begin_tick();
    }

    /// Converts a sample for a slot of another topology; `None` if the column there has another kind.
    fn sample_for(&self, from: Slot, sample: Sample, to: Slot, topology: &Topology) -> Option<Sample> {
        let (old, column) = (self.topology.column(from.column), topology.column(to.column));
        if old.kind != column.kind {
            return None;
        }
        let value = self.topology.decode(from.column, sample.lane);
        let lane = value.and_then(|value| topology.encode(to.column, &value).ok()).unwrap_or(f64::NAN);
        let units = old.unit.zip(column.unit);
        let (scale, offset) =
            units.map_or(Some((1.0, 0.0)), |(old, new)| conversion(old, new)).unwrap_or((f64::NAN, 0.0));
        let lane = if column.kind.is_numeric() { lane * scale + offset } else { lane };
        Some(Sample { lane, ..sample })
    }

    fn hand_memories_to(&self, next: &mut Self) {
        let topology = next.topology.clone();
        let known = |topology: &Topology| -> HashMap<_, usize> {
            let sites = topology.memories().iter().enumerate();
            sites.map(|(number, site)| ((topology.table(site.table).model, site.call.clone()), number)).collect()
        };
        let old = known(&self.topology);
        for (number, site) in topology.memories().iter().enumerate() {
            let Some(from) = old.get(&(topology.table(site.table).model, site.call.clone())) else { continue };
            // The remembered value may be the number of a text, which differs between tables of texts.
            if site.call.starts_with(Stateful::Lag.name()) && !Arc::ptr_eq(&self.topology.texts, &topology.texts) {
                continue;
            }
            for (row, twin) in topology.twins_of(site.table).enumerate() {
                let Some(twin) = self.topology.twin(topology.twin_id(TwinIx(twin))) else { continue };
                let (table, old_row) = self.topology.locate(twin);
                if table == self.topology.memories()[*from].table
                    && let Some(memory) = self.memories.peek(*from, old_row)
                {
                    *next.memories.of(number as u32, row as u32) = memory.clone();
                }
            }
        }
    }
}
