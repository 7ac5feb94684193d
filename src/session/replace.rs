//! Replacement of the open scene by a changed version, after an edit or a reload.

use super::{PreparedScene, connect, set_scene, spawn, timeline_of};
use crate::feed::Connections;
use crate::notice::{NoticeLevel, Notices};
use crate::processor::Processors;
use crate::timeline::{Playback, SourceKind, Timeline, ViewCursor, remove};
use bevy::prelude::*;
use cupola_run::{Drivers, Relocation};
use cupola_twin::State;

/// Moves every timeline to the changed scene. Timelines keep their content. A processor with an unchanged definition
/// keeps its link. The connections stay if all their brokers and subscriptions are the same.
pub(super) fn replace(world: &mut World, prepared: PreparedScene, relocation: &Relocation) {
    let PreparedScene { scene, drivers, places, .. } = prepared;
    let mut timelines = world.query_filtered::<Entity, With<Timeline>>();
    let all: Vec<Entity> = timelines.iter(world).collect();
    for entity in all {
        let adopted =
            world.get_mut::<Timeline>(entity).map(|mut timeline| timeline.adopt(scene.clone(), &drivers, relocation));
        match adopted {
            Some(Ok(())) => {
                adopt_processors(world, entity);
                adopt_connections(world, entity, &drivers);
            }
            Some(Err(why)) => {
                let name = world.get::<Timeline>(entity).map_or_else(String::new, |gone| gone.name().to_string());
                let text = format!("{name} was closed: {why}");
                world.resource_mut::<Notices>().push(NoticeLevel::Warning, text);
                remove(world, entity);
            }
            None => {}
        }
    }
    if timeline_of(world, SourceKind::Simulated).is_none() && drivers.simulation.is_some() {
        // The change has added a simulation to the scene.
        let state = State::new(scene.topology.clone());
        if let Some(simulated) = cupola_run::Timeline::simulated(scene.clone(), state, &drivers) {
            spawn(world, simulated, Playback::default());
        }
    }
    world.resource_mut::<ViewCursor>().adopt(&scene, &drivers, relocation);
    set_scene(world, scene, drivers, places, Some(relocation));
}

fn adopt_processors(world: &mut World, entity: Entity) {
    let mut entity = world.entity_mut(entity);
    let before = entity.take::<Processors>();
    match entity.get::<Timeline>().and_then(|timeline| Processors::adopt(timeline, before)) {
        Some(processors) => {
            entity.insert(processors);
        }
        // Without processors there is no answer to wait for.
        None => {
            if let Some(mut playback) = entity.get_mut::<Playback>() {
                playback.held = false;
            }
        }
    }
}

fn adopt_connections(world: &mut World, entity: Entity, drivers: &Drivers) {
    let mut entity_mut = world.entity_mut(entity);
    let is_fed = entity_mut.get::<Timeline>().is_some_and(|timeline| !timeline.feeds().is_empty());
    if !is_fed {
        entity_mut.remove::<Connections>();
        return;
    }
    let before = entity_mut.take::<Connections>();
    let mut connections = before.unwrap_or_else(|| Connections::new(&[]));
    if connections.adopt(&drivers.feeds) {
        connect(world, entity, connections);
    } else {
        entity_mut.insert(connections);
    }
}
