//! The screen as panels and the 3D view share it.

use bevy::prelude::*;

/// The part of the window between the panels, in logical pixels; the whole window if both corners are zero.
#[derive(Resource, Clone, Copy, Debug, Default, PartialEq)]
pub struct CentralArea {
    /// The upper left corner.
    pub min: [f32; 2],
    /// The lower right corner.
    pub max: [f32; 2],
}

/// Whether the pointer is over a panel, so that the 3D view should leave it alone.
#[derive(Resource, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PointerTaken(pub bool);
