//! Settings: the properties that people and controllers set.

use cupola_twin::model::Property;
use cupola_twin::{Kind, Slot, Topology};

/// Returns the property of the model that a slot holds, if the model has it.
pub fn model_property(topology: &Topology, slot: Slot) -> Option<&Property> {
    let column = topology.column(slot.column);
    topology.models.get(topology.table(column.table).model).property(&column.name).map(|property| &**property)
}

/// Returns whether a slot holds a setting: a writable property that is neither computed nor telemetry.
pub fn is_setting(topology: &Topology, slot: Slot) -> bool {
    let computed = topology.column(slot.column).formula.is_some();
    !computed && model_property(topology, slot).is_some_and(|property| property.writable && !property.telemetry)
}

/// Returns the set-points of a property: the settings of the same twin with the same unit, such as the heating and the
/// cooling set-point of a temperature.
pub fn setpoints_of(topology: &Topology, slot: Slot) -> Vec<Slot> {
    let column = topology.column(slot.column);
    let Some(unit) = column.unit.filter(|_| column.kind == Kind::Number && !is_setting(topology, slot)) else {
        return Vec::new();
    };
    let is_like = |other: &Slot| {
        let other_column = topology.column(other.column);
        other_column.kind == Kind::Number && other_column.unit.is_some_and(|other| other.name == unit.name)
    };
    let all = topology.properties(topology.twin_of(slot));
    all.filter(|other| is_like(other) && is_setting(topology, *other)).collect()
}
