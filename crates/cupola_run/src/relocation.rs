//! The way from the slots and twins of one topology to those of another, by twin id and property.

use cupola_twin::{Slot, Topology, TwinIx};

/// Translates twins and slots of one topology into those of another topology of the same scene.
pub struct Relocation<'t> {
    from: &'t Topology,
    to: &'t Topology,
    is_identity: bool,
}

impl<'t> Relocation<'t> {
    /// Returns the relocation between two topologies.
    pub fn new(from: &'t Topology, to: &'t Topology) -> Self {
        Self { from, to, is_identity: from.same_layout(to) }
    }

    /// Returns whether every twin and slot keeps its number.
    pub fn is_identity(&self) -> bool {
        self.is_identity
    }

    /// Returns the twin with the same id.
    pub fn twin(&self, twin: TwinIx) -> Option<TwinIx> {
        if self.is_identity { Some(twin) } else { self.to.twin(self.from.twin_id(twin)) }
    }

    /// Returns the slot of the same twin and property.
    pub fn slot(&self, slot: Slot) -> Option<Slot> {
        if self.is_identity {
            return Some(slot);
        }
        let twin = self.twin(self.from.twin_of(slot))?;
        self.to.slot(twin, &self.from.column(slot.column).name)
    }
}
