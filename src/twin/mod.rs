//! Twins as entities. Their components are the twin, its place in the building, selection, hover and alarm mark.
//!
//! An edit of the scene touches only the entities that it changes.

mod alarm;
mod settings;
mod text;

pub use alarm::{AlarmMark, AlarmMarkSystems};
pub use settings::{is_setting, model_property, setpoints_of};
pub use text::{colourable, display_name, number_text, show, unsigned_zero, with_unit};

use bevy::ecs::system::SystemParam;
use bevy::prelude::*;
use cupola_run::Relocation;
use cupola_scene::Scene;
use cupola_twin::TwinIx;
use std::collections::VecDeque;
use std::sync::Arc;

/// The twin that an entity represents.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Twin(pub TwinIx);

/// The number of the building's node that shows a twin. A twin without its own node has the node of a twin from which
/// relationships lead to it.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place(pub usize);

/// The marker of the selected twin.
#[derive(Component, Clone, Copy, Debug)]
#[component(storage = "SparseSet")]
pub struct Selected;

/// The marker of the twin under the pointer.
#[derive(Component, Clone, Copy, Debug)]
#[component(storage = "SparseSet")]
pub struct Hovered;

/// The entities of the twins of the open scene, by the number of the twin.
#[derive(Resource, Default)]
pub struct TwinEntities {
    entities: Vec<Entity>,
    /// The number of the building's node for each twin, if it has a place.
    places: Arc<Vec<Option<usize>>>,
}

impl TwinEntities {
    /// Returns the entity of a twin.
    pub fn get(&self, twin: TwinIx) -> Option<Entity> {
        self.entities.get(twin.0 as usize).copied()
    }

    /// Returns the number of the building's node for each twin.
    pub(crate) fn places(&self) -> Arc<Vec<Option<usize>>> {
        self.places.clone()
    }
}

/// The system parameter that reads the places of twins in the building.
#[derive(SystemParam)]
pub struct Places<'w, 's> {
    entities: Res<'w, TwinEntities>,
    places: Query<'w, 's, &'static Place>,
}

impl Places<'_, '_> {
    /// Returns the number of the building's node where a twin is, or `None` if it has no place.
    pub fn get(&self, twin: TwinIx) -> Option<usize> {
        self.places.get(self.entities.get(twin)?).ok().map(|place| place.0)
    }
}

/// The plugin that adds the entities of twins and their alarm marks.
pub struct TwinPlugin;

impl Plugin for TwinPlugin {
    fn build(&self, app: &mut App) {
        app.init_resource::<TwinEntities>().add_plugins(alarm::AlarmMarkPlugin);
    }
}

/// Returns whether every twin of a changed scene has the same place in the building as before. The result may be
/// `false` although no place differs.
pub(crate) fn keeps_places(before: &Scene, scene: &Scene) -> bool {
    before.topology.shares_graph(&scene.topology)
        && Arc::ptr_eq(&before.building, &scene.building)
        && (Arc::ptr_eq(&before.bindings, &scene.bindings) || before.bindings == scene.bindings)
}

/// Updates the entities for a scene. Twins that the scene still has keep their entities. `relocation` leads from the
/// previous scene to this one, if this one is a changed version of it.
pub(crate) fn mirror(
    world: &mut World,
    scene: &Arc<Scene>,
    places: Arc<Vec<Option<usize>>>,
    relocation: Option<&Relocation>,
) {
    world.resource_scope(|world, mut known: Mut<TwinEntities>| {
        let keeps_twins = relocation.is_some_and(Relocation::keeps_twins);
        match relocation {
            Some(_) if keeps_twins => {}
            Some(relocation) => known.entities = matched(world, &known.entities, relocation, scene),
            None => reused(world, &mut known.entities, scene),
        }
        if keeps_twins && Arc::ptr_eq(&known.places, &places) {
            return;
        }
        for (entity, place) in known.entities.iter().zip(places.iter()) {
            let mut entity = world.entity_mut(*entity);
            match place {
                Some(place) if entity.get::<Place>() != Some(&Place(*place)) => {
                    entity.insert(Place(*place));
                }
                None if entity.contains::<Place>() => {
                    entity.remove::<Place>();
                }
                _ => {}
            }
        }
        known.places = places;
    });
}

/// Reuses the entities of the previous scene for the twins of another scene, by number.
fn reused(world: &mut World, entities: &mut Vec<Entity>, scene: &Scene) {
    let mut marked = world.query_filtered::<Entity, Or<(With<Selected>, With<Hovered>, With<AlarmMark>)>>();
    let marked: Vec<Entity> = marked.iter(world).collect();
    for entity in marked {
        world.entity_mut(entity).remove::<(Selected, Hovered, AlarmMark)>();
    }
    let count = scene.topology.twin_count() as usize;
    for entity in entities.drain(count.min(entities.len())..) {
        world.despawn(entity);
    }
    for (entity, twin) in entities.iter().zip(scene.topology.twins()) {
        if world.get::<Twin>(*entity) != Some(&Twin(twin)) {
            world.entity_mut(*entity).insert(Twin(twin));
        }
    }
    let more = scene.topology.twins().skip(entities.len()).map(Twin).collect::<Vec<_>>();
    entities.extend(world.spawn_batch(more));
}

/// Returns the entities of the twins of a changed scene. Twins with the same id keep their entity, new twins get a new
/// entity, and the entities of removed twins are despawned.
fn matched(world: &mut World, entities: &[Entity], relocation: &Relocation, scene: &Scene) -> Vec<Entity> {
    for (number, entity) in (0..).zip(entities) {
        match relocation.twin(TwinIx(number)) {
            None => {
                world.despawn(*entity);
            }
            Some(twin) if twin.0 != number => {
                world.entity_mut(*entity).insert(Twin(twin));
            }
            Some(_) => {}
        }
    }
    let known = |twin: TwinIx| relocation.old_twin(twin).and_then(|old| entities.get(old.0 as usize).copied());
    scene.topology.twins().map(|twin| known(twin).unwrap_or_else(|| world.spawn(Twin(twin)).id())).collect()
}

/// Returns the place of every twin: its own node, or else the node of the nearest twin from which relationships lead to
/// it.
pub(crate) fn places_of(scene: &Scene) -> Arc<Vec<Option<usize>>> {
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
            // A sensor is in the room that has a relationship to it. A twin that has a relationship to a room may be
            // anywhere.
            for other in topology.related(twin, name, false) {
                if places[other.0 as usize].is_none() {
                    places[other.0 as usize] = places[twin.0 as usize];
                    queue.push_back(other);
                }
            }
        }
    }
    Arc::new(places)
}
