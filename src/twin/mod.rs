//! The ECS mirror of the graph: every twin is an entity that carries who it is and where it is.

use crate::timeline::OpenScene;
use bevy::prelude::*;
use cupola_scene::Scene;
use cupola_twin::{ColumnIx, Kind, Slot, State, TwinIx};
use std::collections::VecDeque;

/// The twin that an entity is.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Twin(pub TwinIx);

/// The node of the building that shows a twin, or that shows the twin it belongs to.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place(pub usize);

/// The entity of each twin, by number.
#[derive(Resource, Default)]
pub struct TwinEntities(pub Vec<Entity>);

/// For each twin its node in the building, by number.
#[derive(Resource, Default, Clone)]
pub struct Places(pub Vec<Option<usize>>);

/// What may replace the open scene runs in this set, so that whoever looks at it in the same frame sees the new one.
#[derive(SystemSet, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BeforeMirror;

/// Keeps the entities in step with the open scene.
pub struct TwinPlugin;

impl Plugin for TwinPlugin {
    fn build(&self, app: &mut App) {
        app.init_resource::<TwinEntities>()
            .init_resource::<Places>()
            .add_systems(PreUpdate, mirror.run_if(resource_exists_and_changed::<OpenScene>).after(BeforeMirror));
    }
}

fn mirror(
    mut commands: Commands,
    scene: Res<OpenScene>,
    mut entities: ResMut<TwinEntities>,
    mut places: ResMut<Places>,
) {
    for entity in entities.0.drain(..) {
        commands.entity(entity).despawn();
    }
    places.0 = places_of(&scene.0);
    for twin in scene.0.topology.twins() {
        let id = scene.0.topology.twin_id(twin).to_string();
        let mut entity = commands.spawn((Twin(twin), Name::new(id)));
        if let Some(node) = places.0[twin.0 as usize] {
            entity.insert(Place(node));
        }
        entities.0.push(entity.id());
    }
}

/// Where every twin is: at its own node, else at that of the nearest twin it is related to.
pub fn places_of(scene: &Scene) -> Vec<Option<usize>> {
    let topology = &scene.topology;
    let mut places: Vec<Option<usize>> = vec![None; topology.twin_count() as usize];
    let mut queue = VecDeque::new();
    for (node, twin) in scene.bindings.iter().enumerate() {
        if let Some(twin) = twin
            && places[twin.0 as usize].is_none()
        {
            places[twin.0 as usize] = Some(node);
            queue.push_back(*twin);
        }
    }
    let names = topology.relationship_names();
    while let Some(twin) = queue.pop_front() {
        for name in &names {
            // A sensor is where the room is that points at it; what points at a room may be anywhere.
            for other in topology.related(twin, name, false) {
                if places[other.0 as usize].is_none() {
                    places[other.0 as usize] = places[twin.0 as usize];
                    queue.push_back(other);
                }
            }
        }
    }
    places
}

/// What a person calls a twin: its `name`, if it has one, else its id.
pub fn display_name(scene: &Scene, state: &State, twin: TwinIx) -> String {
    let name = scene.topology.slot(twin, "name").and_then(|slot| state.value(slot));
    name.map_or_else(|| scene.topology.twin_id(twin).to_string(), |name| name.to_string())
}

/// A slot's value as a person reads it: a few digits and the unit's symbol; `—` if there is none.
pub fn show(state: &State, slot: Slot) -> String {
    let column = state.topology().column(slot.column);
    match state.value(slot) {
        None => "—".into(),
        Some(cupola_twin::Value::Number(number)) => with_unit(number, column.unit.map_or("", |unit| unit.symbol)),
        Some(cupola_twin::Value::Integer(number)) => {
            with_unit(number as f64, column.unit.map_or("", |unit| unit.symbol))
        }
        Some(cupola_twin::Value::Bool(true)) => "Yes".into(),
        Some(cupola_twin::Value::Bool(false)) => "No".into(),
        Some(value) => value.to_string(),
    }
}

/// A number with its unit.
pub fn with_unit(number: f64, unit: &str) -> String {
    if unit.is_empty() { number_text(number) } else { format!("{} {unit}", number_text(number)) }
}

/// A number with as many digits as a person needs: 0.042, 3.14, 21.4, 982.
pub fn number_text(number: f64) -> String {
    let size = number.abs();
    if number.fract() == 0.0 && size < 1e9 {
        return format!("{number:.0}");
    }
    let digits = match size {
        _ if size >= 100.0 => 0,
        _ if size >= 10.0 => 1,
        _ if size >= 0.995 => 2,
        _ => 3,
    };
    let text = format!("{number:.digits$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_string() } else { text }
}

/// Properties that can colour a building: numeric ones that rooms of it have, by name, with what to call them.
pub fn colourable(scene: &Scene) -> Vec<(String, String)> {
    let mut found = std::collections::BTreeMap::new();
    let tables: std::collections::BTreeSet<_> =
        scene.bindings.iter().flatten().map(|twin| scene.topology.locate(*twin).0).collect();
    for table in tables {
        for column in &scene.topology.table(table).columns {
            let column: &ColumnIx = column;
            let column = scene.topology.column(*column);
            if !column.hidden && matches!(column.kind, Kind::Number | Kind::Integer | Kind::Bool) {
                found.entry(column.name.to_string()).or_insert_with(|| column.display_name.clone());
            }
        }
    }
    found.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        for (number, text) in [
            (21.456, "21.5"),
            (981.6, "982"),
            (0.04217, "0.042"),
            (3.0, "3"),
            (-1.5, "-1.5"),
            (1234.5, "1234"),
            (0.9999, "1"),
        ] {
            assert_eq!(number_text(number), text);
        }
    }
}
