//! The mapping of the slots and twins of one topology to those of another, by twin id and property name.

use cupola_twin::{Slot, Topology, TwinIx};
use std::sync::Arc;

/// A mapping of the twins and slots of one topology to those of another topology of the same scene.
///
/// Ids are looked up only when the relocation is created, which can be done on another thread.
pub struct Relocation {
    from: Arc<Topology>,
    to: Arc<Topology>,
    /// The twin of `to` for each twin of `from`, and the reverse, or `None` if every twin keeps its number.
    twins: Option<[Vec<Option<TwinIx>>; 2]>,
    is_identity: bool,
}

impl Relocation {
    /// Returns the relocation between two topologies.
    pub fn new(from: &Arc<Topology>, to: &Arc<Topology>) -> Self {
        let is_identity = from.same_layout(to);
        let keeps_numbers = is_identity || from.shares_graph(to);
        let twins = (!keeps_numbers).then(|| {
            let forward: Vec<Option<TwinIx>> = from.twins().map(|twin| to.twin(from.twin_id(twin))).collect();
            let mut backward = vec![None; to.twin_count() as usize];
            for (old, new) in from.twins().zip(&forward) {
                if let Some(new) = new {
                    backward[new.0 as usize] = Some(old);
                }
            }
            [forward, backward]
        });
        Self { from: from.clone(), to: to.clone(), twins, is_identity }
    }

    /// Returns whether every twin and slot keeps its number.
    pub fn is_identity(&self) -> bool {
        self.is_identity
    }

    /// Returns whether every twin keeps its number.
    pub fn keeps_twins(&self) -> bool {
        self.twins.is_none()
    }

    /// Returns the old topology.
    pub fn from(&self) -> &Arc<Topology> {
        &self.from
    }

    /// Returns the twin with the same id in the new topology.
    pub fn twin(&self, twin: TwinIx) -> Option<TwinIx> {
        match &self.twins {
            None => Some(twin),
            Some([forward, _]) => forward.get(twin.0 as usize).copied().flatten(),
        }
    }

    /// Returns the twin with the same id in the old topology.
    pub fn old_twin(&self, twin: TwinIx) -> Option<TwinIx> {
        match &self.twins {
            None => Some(twin),
            Some([_, backward]) => backward.get(twin.0 as usize).copied().flatten(),
        }
    }

    /// Returns the slot of the same twin and property in the new topology.
    pub fn slot(&self, slot: Slot) -> Option<Slot> {
        if self.is_identity {
            return Some(slot);
        }
        let twin = self.twin(self.from.twin_of(slot))?;
        self.to.slot(twin, &self.from.column(slot.column).name)
    }
}
