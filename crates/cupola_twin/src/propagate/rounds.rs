//! Fixed points: iterative computation of properties that depend on themselves.
//!
//! The iteration always starts at the declared initial guess and never at the previous result, so the result depends
//! only on the inputs. A row that changes by no more than the tolerance keeps its value, so the rows of one part of a
//! building do not depend on the number of rounds that another part needs.

use super::{Engine, Rows};
use crate::state::{CHUNK, State, UnsettledCycle};
use crate::topology::{ColumnIx, Iterate, Slot, Stage};
use crate::value::{Quality, Sample};

impl State {
    pub(super) fn run_rounds(&mut self, engine: &mut Engine, inner: &[Stage], guessed: &[u32]) {
        let topology = engine.topology.clone();
        let formula = |number: u32| &topology.formulas()[number as usize];
        let numbers = inner.iter().flat_map(Stage::formulas).chain(guessed.iter().copied());
        let columns: Vec<ColumnIx> = numbers.map(|number| formula(number).output).collect();
        let kept = self.kept(&columns);
        let noted = std::mem::replace(&mut engine.marks, false);
        let rules: Vec<Iterate> = guessed.iter().filter_map(|number| formula(*number).iterate).collect();
        for (number, rule) in guessed.iter().zip(&rules) {
            let column = formula(*number).output;
            for row in 0..topology.rows(column) {
                let slot = Slot { column, row };
                let sample = self.measured(slot).map_or(Sample::good(rule.start, 0), |measured| measured.sample);
                self.put(slot, sample);
            }
        }
        let at_most = rules.iter().map(|rule| rule.at_most).max().unwrap_or(0);
        let mut moving: Vec<(Slot, Sample, f64)> = Vec::new();
        let mut rounds = 0;
        loop {
            inner.iter().for_each(|stage| self.run(engine, stage));
            moving.clear();
            for (number, rule) in guessed.iter().zip(&rules) {
                self.compare(engine, *number, rule.tolerance, &mut moving);
            }
            if moving.is_empty() || rounds == at_most {
                break;
            }
            rounds += 1;
            for (slot, sample, _) in &moving {
                self.put(*slot, *sample);
            }
        }
        let first = guessed.first().copied().unwrap_or(0);
        self.unsettled.remove(&first);
        if !moving.is_empty() {
            // Values that did not converge are shown but must not be used in computations, so they become bad.
            for (slot, sample, _) in &moving {
                self.put(*slot, Sample { quality: sample.quality.max(Quality::Bad), ..*sample });
            }
            inner.iter().for_each(|stage| self.run(engine, stage));
            let most = moving.iter().max_by(|a, b| a.2.total_cmp(&b.2));
            if let Some((slot, _, change)) = most {
                let rows = moving.len() as u32;
                self.unsettled.insert(first, UnsettledCycle { slot: *slot, change: *change, rows, rounds });
            }
        }
        engine.marks = noted;
        if noted {
            self.mark_since(&columns, &kept);
        }
    }

    /// Computes the guesses again from the current values and collects the rows that changed.
    fn compare(&self, engine: &mut Engine, number: u32, tolerance: f64, moving: &mut Vec<(Slot, Sample, f64)>) {
        let formula = &engine.topology.formulas()[number as usize];
        let total = engine.topology.rows(formula.output) as usize;
        for start in (0..total).step_by(CHUNK) {
            let count = CHUNK.min(total - start);
            let rows = Rows::Chunk { start: start as u32, count };
            engine.machine.run(self, &mut engine.memories, &engine.topology, &formula.program, rows);
            for at in 0..count {
                let slot = Slot { column: formula.output, row: (start + at) as u32 };
                if self.measured(slot).is_some() {
                    continue;
                }
                let (before, now) = (self.get(slot), engine.machine.result(at));
                let change = match (before.lane.is_nan(), now.lane.is_nan()) {
                    (false, false) => (now.lane - before.lane).abs(),
                    (true, true) => 0.0,
                    _ => f64::NAN,
                };
                // A value that appears, disappears or changes its quality counts as a change too.
                if change.is_nan() || change > tolerance || before.quality != now.quality {
                    moving.push((slot, now, change));
                }
            }
        }
    }
}
