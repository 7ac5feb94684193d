//! Transfer of a state to another topology of the same scene.

use super::{Chunk, State, Time};
use crate::topology::{ColumnIx, MemorySite, Slot, TableIx, Topology, TwinIx};
use crate::unit::conversion_between;
use crate::value::{Quality, Sample};
use std::collections::HashMap;
use std::sync::Arc;

impl State {
    /// Transfers the values of every twin and property that both topologies have, and the memory of every stateful call
    /// that both have, to another topology of the same scene.
    ///
    /// An initial value that the new graph changed overrides the old state's value.
    pub fn carry_over(&self, topology: Arc<Topology>) -> Self {
        let before = self.topology.clone();
        let ids = topology.clone();
        self.carry_over_by(topology, |twin| before.twin(ids.twin_id(twin)))
    }

    /// Transfers the state as [`State::carry_over`] does, for callers that know the twin of the old topology for each twin
    /// of the new one.
    pub fn carry_over_by(&self, topology: Arc<Topology>, old_twin: impl Fn(TwinIx) -> Option<TwinIx>) -> Self {
        let mut next = Self::new(topology);
        let topology = next.topology.clone();
        if self.topology.has_same_twins(&topology) {
            self.share_with(&mut next, old_twin);
            return next;
        }
        let mut measured = Vec::new();
        for (table, number) in topology.tables().iter().zip(0..) {
            // The old columns of the properties, for the table that most twins come from.
            let mut known: Option<(TableIx, Vec<(ColumnIx, ColumnIx)>)> = None;
            for (row, twin) in topology.twins_of(TableIx(number)).enumerate() {
                let Some((old_table, old_row)) = old_twin(TwinIx(twin)).map(|old| self.topology.locate(old)) else {
                    continue;
                };
                if known.as_ref().is_none_or(|(of, _)| *of != old_table) {
                    known = Some((old_table, self.pairs(old_table, &topology, &table.columns)));
                }
                for (from, to) in known.iter().flat_map(|(_, pairs)| pairs) {
                    let from = Slot { column: *from, row: old_row };
                    let to = Slot { column: *to, row: row as u32 };
                    if topology.column(to.column).formula.is_some() {
                        if let Some(known) = self.measured(from)
                            && let Some(sample) = self.sample_for(from, known.sample, to, &topology)
                        {
                            measured.push((to, sample, known.until_us));
                        }
                        continue;
                    }
                    // The initial value of the new graph applies where that of the old one did.
                    if self.is_initial(from) {
                        continue;
                    }
                    if let Some(sample) = self.sample_for(from, self.get(from), to, &topology) {
                        next.set(to, sample);
                    }
                }
            }
        }
        // Formulas with memory are evaluated again at the current time.
        next.time = Time { followed_us: None, begins: true, ..self.time };
        for (slot, sample, until_us) in measured {
            next.measure(slot, sample, until_us);
        }
        self.hand_memories_to(&mut next, old_twin);
        next.propagate();
        next.begin_tick();
        next
    }

    /// Returns the columns of a table's properties with those of the same names in another topology.
    fn pairs(&self, table: TableIx, topology: &Topology, columns: &[ColumnIx]) -> Vec<(ColumnIx, ColumnIx)> {
        let shown = columns.iter().filter(|column| !topology.column(**column).hidden);
        let pair = |to: &ColumnIx| Some((self.topology.table(table).column(&topology.column(*to).name)?, *to));
        shown.filter_map(pair).collect()
    }

    /// Returns whether a slot still has its initial value, or still has no value without an initial one. A reading that
    /// equals the initial value has another time.
    pub fn is_initial(&self, slot: Slot) -> bool {
        let sample = self.get(slot);
        match self.topology.given_sample(slot) {
            None => sample.quality == Quality::Missing,
            Some(given) => sample == given,
        }
    }

    /// Transfers whole columns; both topologies have the same rows.
    fn share_with(&self, next: &mut Self, old_twin: impl Fn(TwinIx) -> Option<TwinIx>) {
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
                let from = Slot { column: from, row };
                if !self.is_initial(from) {
                    next.set(Slot { column: ix, row }, self.get(from));
                }
            }
        }
        next.time = Time { followed_us: None, begins: true, ..self.time };
        self.hand_memories_to(next, old_twin);
        next.recompute();
        next.begin_tick();
    }

    /// Converts a sample for a slot of another topology. Returns `None` if the column there has another kind.
    fn sample_for(&self, from: Slot, sample: Sample, to: Slot, topology: &Topology) -> Option<Sample> {
        let (old, column) = (self.topology.column(from.column), topology.column(to.column));
        if old.kind != column.kind {
            return None;
        }
        let value = self.topology.decode(from.column, sample.lane);
        let lane = value.and_then(|value| topology.encode(to.column, &value).ok()).unwrap_or(f64::NAN);
        let (scale, offset) = conversion_between(old.unit, column.unit).unwrap_or((f64::NAN, 0.0));
        let lane = if column.kind.is_numeric() { lane * scale + offset } else { lane };
        Some(Sample { lane, ..sample })
    }

    fn hand_memories_to(&self, next: &mut Self, old_twin: impl Fn(TwinIx) -> Option<TwinIx>) {
        let topology = next.topology.clone();
        // Numbers of models change when a model is added or removed, and ids stay.
        let key = |topology: &Topology, site: &MemorySite| {
            (topology.models.get(topology.table(site.table).model).id.clone(), site.call.clone())
        };
        let known = |topology: &Topology| -> HashMap<_, usize> {
            let sites = topology.memories().iter().enumerate();
            sites.map(|(number, site)| (key(topology, site), number)).collect()
        };
        let old = known(&self.topology);
        let has_other_texts = !Arc::ptr_eq(&self.topology.texts, &topology.texts);
        for (number, site) in topology.memories().iter().enumerate() {
            let Some(from) = old.get(&key(&topology, site)) else { continue };
            // The remembered number of a text means another text in another table of texts.
            if has_other_texts && topology.remembers_texts(number as u32) {
                continue;
            }
            for (row, twin) in topology.twins_of(site.table).enumerate() {
                let Some(twin) = old_twin(TwinIx(twin)) else { continue };
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
