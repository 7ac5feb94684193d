//! The 3D view: the building, its colours, the camera, picking, labels. It reads the active timeline and writes nothing but
//! the selection's hover, the legend and intents.

mod building;
mod camera;
mod colors;
mod geometry;
mod labels;
mod lights;
mod marks;
mod material;
mod picking;

pub use camera::{FIELD, Orbit};

use crate::look::Legend;
use crate::screen::{CentralArea, PointerTaken};
use bevy::prelude::*;

/// How much the view may cost.
#[derive(Resource, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Quality {
    /// Shadows, ambient occlusion, smooth edges.
    #[default]
    High,
    /// None of them: for a processor that draws by itself.
    Low,
}

/// The entity of the camera that draws the building.
#[derive(Component)]
pub struct BuildingCamera;

/// The 3D view.
pub struct ViewPlugin;

impl Plugin for ViewPlugin {
    fn build(&self, app: &mut App) {
        app.init_resource::<Legend>()
            .init_resource::<Quality>()
            .init_resource::<CentralArea>()
            .init_resource::<PointerTaken>()
            .add_plugins((
                material::MaterialPlugin,
                building::BuildingPlugin,
                colors::ColorsPlugin,
                camera::CameraPlugin,
                lights::LightsPlugin,
                picking::PickingPlugin,
                marks::MarksPlugin,
                labels::LabelsPlugin,
            ));
    }
}
