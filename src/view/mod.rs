//! The 3D view: building, colours, camera, picking and labels. The view reads the active timeline. It changes only the
//! hovered twin and the legend, and sends actions.

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

/// The rendering quality.
#[derive(Resource, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Quality {
    /// Shadows and antialiasing.
    #[default]
    High,
    /// None of these effects, for rendering on a CPU.
    Low,
}

/// The marker of the camera that draws the building.
#[derive(Component)]
pub struct BuildingCamera;

/// The plugin of the 3D view.
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
