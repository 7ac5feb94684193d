//! Reclamation of the texts that no value has any more.

use super::State;
use crate::value::Kind;
use std::sync::Arc;

/// Removes the interned texts that no value of the given states has any more, if many were interned since the last time.
/// Returns their number, or 0 if there are other states that share the texts, because these may have them.
///
/// All states have to share one table of texts; with others nothing is removed.
pub fn reclaim_texts(states: &[&State]) -> usize {
    let Some(texts) = states.first().map(|state| state.topology().texts.clone()) else { return 0 };
    let is_worth_it = texts.wants_reclaim()
        && texts.user_count() == states.len()
        && states.iter().all(|state| Arc::ptr_eq(&texts, &state.topology().texts));
    if !is_worth_it {
        return 0;
    }
    texts.keep_only(states.iter().flat_map(|state| state.text_lanes()), states.len()).unwrap_or(0)
}

impl State {
    /// Returns the lanes of all texts: values, measured values that replace computed ones, and memories of functions.
    fn text_lanes(&self) -> impl Iterator<Item = f64> + '_ {
        let topology = self.topology();
        let holds_texts = |kind| matches!(kind, Kind::Text | Kind::Json);
        let columns = topology.columns().iter().zip(&self.columns).filter(move |(column, _)| holds_texts(column.kind));
        let values = columns.flat_map(|(_, chunks)| chunks).flat_map(|chunk| chunk.lanes.iter().copied());
        let measured = self.measured.iter().filter(move |(column, _)| holds_texts(topology.column(**column).kind));
        let measured = measured.flat_map(|(_, rows)| rows.values().map(|known| known.sample.lane));
        let calls = (0..topology.memories().len()).filter(|call| topology.remembers_texts(*call as u32));
        let remembered = calls.flat_map(|call| self.memories.lanes(call));
        values.chain(measured).chain(remembered)
    }
}
