//! Colours of the massing: muted surroundings, so that data colours stand out. Components are linear red,
//! green, blue and opacity.

/// Linear RGBA colour.
pub(super) type Color = [f32; 4];

/// Walls: warm white.
pub(super) const WALL: Color = [0.86, 0.84, 0.80, 1.0];
/// Cut surfaces of walls.
pub(super) const WALL_CUT: Color = [0.52, 0.50, 0.47, 1.0];
/// Frames of windows and doors.
pub(super) const FRAME: Color = [0.42, 0.42, 0.43, 1.0];
/// Glass, slightly blue.
pub(super) const GLASS: Color = [0.62, 0.76, 0.86, 0.25];
/// Door leaves.
pub(super) const LEAF: Color = [0.66, 0.57, 0.46, 1.0];
/// Floors (screed) without data.
pub(super) const FLOOR: Color = [0.74, 0.73, 0.70, 1.0];
/// Slabs (concrete).
pub(super) const SLAB: Color = [0.56, 0.56, 0.55, 1.0];
/// Top of roofs.
pub(super) const ROOF: Color = [0.66, 0.66, 0.65, 1.0];
/// Steps of stairs.
pub(super) const STEP: Color = [0.66, 0.65, 0.63, 1.0];
/// Ground, close to the background.
pub(super) const GROUND: Color = [0.60, 0.60, 0.58, 1.0];
/// Light wood.
pub(super) const WOOD: Color = [0.72, 0.61, 0.47, 1.0];
/// Paint and laminate.
pub(super) const PALE: Color = [0.82, 0.81, 0.79, 1.0];
/// Upholstery.
pub(super) const FABRIC: Color = [0.46, 0.48, 0.50, 1.0];
/// Linen.
pub(super) const LINEN: Color = [0.88, 0.88, 0.87, 1.0];
/// Steel and legs.
pub(super) const STEEL: Color = [0.36, 0.37, 0.38, 1.0];
/// Screens and grilles.
pub(super) const DARK: Color = [0.10, 0.11, 0.12, 1.0];
/// Leaves, muted to be distinct from data colours.
pub(super) const LEAVES: Color = [0.33, 0.39, 0.31, 1.0];
/// Casings of machines.
pub(super) const CASING: Color = [0.70, 0.71, 0.72, 1.0];
/// Sheet metal of ducts.
pub(super) const DUCT: Color = [0.62, 0.64, 0.66, 1.0];
