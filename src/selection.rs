//! The selection: the selected and the hovered twin. Marker components on the entities of the twins hold it.

use crate::action::{Action, ActionResult};
use crate::look::ViewSettings;
use crate::timeline::OpenScene;
use crate::twin::{Hovered, Place, Selected, Twin, TwinEntities};
use bevy::ecs::system::SystemParam;
use bevy::prelude::*;
use cupola_run::Actor;
use cupola_twin::TwinIx;

/// The system parameter that reads the selection.
#[derive(SystemParam)]
pub struct Selection<'w, 's> {
    selected: Query<'w, 's, &'static Twin, With<Selected>>,
    hovered: Query<'w, 's, &'static Twin, With<Hovered>>,
}

impl Selection<'_, '_> {
    /// Returns the twin that is selected.
    pub fn selected(&self) -> Option<TwinIx> {
        self.selected.iter().next().map(|twin| twin.0)
    }

    /// Returns the twin under the pointer.
    pub fn hovered(&self) -> Option<TwinIx> {
        self.hovered.iter().next().map(|twin| twin.0)
    }
}

/// A request to fly the camera to a twin, or with `None` to the whole building. The view removes the request when it
/// starts the flight.
#[derive(Resource, Clone, Copy, Debug)]
pub struct FocusRequest(pub Option<TwinIx>);

/// The action that selects the twin with an id. With `None` it clears the selection.
#[derive(Clone, Debug, PartialEq)]
pub struct Select(pub Option<String>);

impl Action for Select {
    fn apply(self: Box<Self>, world: &mut World, _: &Actor) -> ActionResult {
        let twin = find(world, self.0.as_deref())?;
        select(world, twin);
        Ok(None)
    }
}

/// The action that flies the camera to the twin with an id. With `None` it flies to the whole building.
#[derive(Clone, Debug, PartialEq)]
pub struct Focus(pub Option<String>);

impl Action for Focus {
    fn apply(self: Box<Self>, world: &mut World, _: &Actor) -> ActionResult {
        let twin = find(world, self.0.as_deref())?;
        uncover(world, twin);
        world.insert_resource(FocusRequest(twin));
        Ok(None)
    }
}

/// Selects a twin. With `None` it clears the selection.
pub(crate) fn select(world: &mut World, twin: Option<TwinIx>) {
    let mut selected = world.query_filtered::<Entity, With<Selected>>();
    let before: Vec<Entity> = selected.iter(world).collect();
    let now = twin.and_then(|twin| world.resource::<TwinEntities>().get(twin));
    for entity in before.into_iter().filter(|entity| Some(*entity) != now) {
        world.entity_mut(entity).remove::<Selected>();
    }
    if let Some(now) = now {
        world.entity_mut(now).insert(Selected);
    }
}

/// Returns the selected twin.
pub(crate) fn selected(world: &mut World) -> Option<TwinIx> {
    world.query_filtered::<&Twin, With<Selected>>().iter(world).next().map(|twin| twin.0)
}

/// Returns the twin with an id in the open scene, or `None` if there is no id or no open scene.
fn find(world: &World, id: Option<&str>) -> Result<Option<TwinIx>, String> {
    let (Some(id), Some(scene)) = (id, world.get_resource::<OpenScene>()) else { return Ok(None) };
    scene.0.topology.twin_known(id).map(Some).map_err(|found| found.to_string())
}

/// Chooses the storey of a twin in the view, so that no storey above hides the twin. Does nothing if the walls are
/// transparent.
fn uncover(world: &mut World, twin: Option<TwinIx>) {
    let entity = twin.and_then(|twin| world.resource::<TwinEntities>().get(twin));
    let place = entity.and_then(|entity| world.get::<Place>(entity)).copied();
    let (Some(Place(node)), Some(scene)) = (place, world.get_resource::<OpenScene>()) else { return };
    let storey = scene.0.building.nodes.get(node).and_then(|node| node.storey);
    let mut settings = world.resource_mut::<ViewSettings>();
    if storey.is_some() && settings.storey != storey && !settings.see_through {
        settings.storey = storey;
    }
}
