//! The data about the screen that the panels and the 3D view share.

use bevy::prelude::*;
use std::path::Path;

/// The part of the window between the panels, in logical pixels. If both corners are zero, it is the whole window.
#[derive(Resource, Clone, Copy, Debug, Default, PartialEq)]
pub struct CentralArea {
    /// The upper left corner.
    pub min: [f32; 2],
    /// The lower right corner.
    pub max: [f32; 2],
}

/// The part of the window that shows the trends, in physical pixels: left, top, width and height.
#[derive(Resource, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TrendArea(pub Option<[u32; 4]>);

/// Writes a picture into a file.
///
/// # Errors
/// The file can't be written.
pub fn save(image: Image, path: &Path) -> Result<(), String> {
    let size = image.size();
    save_part(image, [0, 0, size.x, size.y], path)
}

/// Writes a part of a picture into a file: left, top, width and height in pixels.
///
/// # Errors
/// The file can't be written.
pub fn save_part(image: Image, [left, top, width, height]: [u32; 4], path: &Path) -> Result<(), String> {
    let fail = |why: String| format!("{} can't be written: {why}", path.display());
    let picture = image.try_into_dynamic().map_err(|error| fail(error.to_string()))?;
    let part = picture.crop_imm(left, top, width, height).to_rgb8();
    part.save(path).map_err(|error| fail(error.to_string()))
}

/// Whether the panels use the pointer, so that the 3D view ignores it.
#[derive(Resource, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PointerTaken(pub bool);
