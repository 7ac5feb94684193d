//! The selection: the twins under the attention of the user.

use crate::action::{Action, ActionResult};
use crate::look::ViewSettings;
use crate::timeline::OpenScene;
use crate::twin::Places;
use bevy::prelude::*;
use cupola_run::Actor;
use cupola_scene::Scene;
use cupola_twin::{Topology, TwinIx};

/// The twins under the attention of the user.
#[derive(Resource, Clone, Copy, Debug, Default, PartialEq)]
pub struct Selection {
    /// The twin that was clicked.
    pub selected: Option<TwinIx>,
    /// The twin under the pointer.
    pub hovered: Option<TwinIx>,
}

impl Selection {
    /// Returns the selection in a changed scene: the selected twin, if it still exists.
    pub(crate) fn adopt(self, from: &Topology, to: &Topology) -> Self {
        let selected = self.selected.and_then(|twin| to.twin(from.twin_id(twin)));
        Self { selected, hovered: None }
    }
}

/// The twin that the camera should fly to. The view removes the request when the camera has left.
#[derive(Resource, Clone, Copy, Debug)]
pub struct FocusRequest(pub Option<TwinIx>);

/// Selects a twin by its id, or nothing.
#[derive(Clone, Debug, PartialEq)]
pub struct Select(pub Option<String>);

impl Action for Select {
    fn apply(self: Box<Self>, world: &mut World, _: &Actor) -> ActionResult {
        let selected = find(world, self.0.as_deref())?;
        let selection = Selection { selected, ..*world.resource::<Selection>() };
        world.resource_mut::<Selection>().set_if_neq(selection);
        Ok(None)
    }
}

/// Flies to a twin by its id; without one, to the whole building.
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

/// Returns the twin with an id in the open scene.
fn find(world: &World, id: Option<&str>) -> Result<Option<TwinIx>, String> {
    let (Some(id), Some(scene)) = (id, world.get_resource::<OpenScene>()) else { return Ok(None) };
    scene.0.topology.twin_known(id).map(Some).map_err(|found| found.to_string())
}

/// Removes the storeys above a twin from the view, unless walls are transparent.
fn uncover(world: &mut World, twin: Option<TwinIx>) {
    let (Some(twin), Some(scene)) = (twin, world.get_resource::<OpenScene>()) else { return };
    let storey = storey_of(&scene.0, world.resource::<Places>(), twin);
    let mut settings = world.resource_mut::<ViewSettings>();
    if storey.is_some() && settings.storey != storey && !settings.see_through {
        settings.storey = storey;
    }
}

/// Returns the storey that a twin is on.
fn storey_of(scene: &Scene, places: &Places, twin: TwinIx) -> Option<usize> {
    let node = places.0.get(twin.0 as usize).copied().flatten()?;
    scene.building.nodes.get(node)?.storey
}
