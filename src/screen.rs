//! The data about the screen that the panels and the 3D view share.

use bevy::prelude::*;

/// The part of the window between the panels, in logical pixels. If both corners are zero, it is the whole window.
#[derive(Resource, Clone, Copy, Debug, Default, PartialEq)]
pub struct CentralArea {
    /// The upper left corner.
    pub min: [f32; 2],
    /// The lower right corner.
    pub max: [f32; 2],
}

/// Whether the panels use the pointer, so that the 3D view ignores it.
#[derive(Resource, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PointerTaken(pub bool);
