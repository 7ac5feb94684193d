//! Plan document in RON: storeys with rooms as polygons, openings, stairs and equipment.

mod check;

use crate::geometry::signed_area;
use ron::ser::PrettyConfig;
use serde::{Deserialize, Serialize};

/// Version of the document format.
pub const VERSION: u32 = 1;

/// Floor plan, in metres, with x to the east and y to the north.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Plan {
    /// Format version, [`VERSION`].
    pub version: u32,
    /// Name of the building.
    pub name: String,
    /// Wall thicknesses.
    pub walls: Walls,
    /// Storeys, from the lowest to the highest.
    pub storeys: Vec<PlanStorey>,
    /// Equipment: machines, devices and ducts.
    pub equipment: Vec<PlanEquipment>,
    /// Whether the building has a roof with a parapet.
    pub roof: bool,
}

/// Wall thicknesses.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Walls {
    /// Total thickness of an exterior wall, in m. Half of it is on each side of the polygon's edge.
    pub exterior_m: f64,
    /// Total thickness of a wall between two rooms, in m.
    pub interior_m: f64,
}

/// Storey of a plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanStorey {
    /// Id, to which twins and equipment refer.
    pub id: String,
    /// Name for display.
    #[serde(default)]
    pub name: String,
    /// Height of the finished floor above the building's zero level, in m.
    pub elevation_m: f64,
    /// Floor-to-floor height, in m. Rooms are `height_m - slab_m` high.
    pub height_m: f64,
    /// Thickness of the slab below the floor, in m.
    #[serde(default = "default_slab_m")]
    pub slab_m: f64,
    /// Rooms. Adjacent rooms share edges.
    #[serde(default)]
    pub rooms: Vec<PlanRoom>,
    /// Doors, windows and gaps.
    #[serde(default)]
    pub openings: Vec<PlanOpening>,
    /// Stairs that start on this storey.
    #[serde(default)]
    pub stairs: Vec<PlanStair>,
}

/// Room of a plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanRoom {
    /// Id, unique in the plan, to which a twin is bound.
    pub id: String,
    /// Name for display.
    #[serde(default)]
    pub name: String,
    /// Kind of room, which determines the furniture.
    #[serde(default)]
    pub kind: RoomKind,
    /// Corners on the centre lines of the walls, in either direction. The last corner is joined to the first.
    pub polygon: Vec<(f64, f64)>,
    /// Whether the room is furnished.
    #[serde(default = "yes")]
    pub furniture: bool,
}

/// Kind of room.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RoomKind {
    /// Office with one or a few desks.
    Office,
    /// Meeting room with a table.
    Meeting,
    /// Corridor.
    Corridor,
    /// Core with shafts and lifts.
    Core,
    /// Open-plan office with rows of desks.
    Open,
    /// Kitchen or break room.
    Kitchen,
    /// Toilets.
    Toilet,
    /// Hospital ward with many beds.
    Ward,
    /// Patient room with one to four beds.
    Patient,
    /// Nurses' station.
    Nurse,
    /// Plant room.
    Plant,
    /// Store room.
    Store,
    /// Entrance hall.
    Lobby,
    /// Stairwell.
    Stair,
    /// Other room.
    #[default]
    Other,
}

/// Opening in a wall.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanOpening {
    /// Kind of opening.
    pub kind: OpeningKind,
    /// Middle of the opening, on an edge of a room.
    pub at: (f64, f64),
    /// Clear width, in m.
    pub width_m: f64,
    /// Height of the lower edge above the floor, in m.
    #[serde(default)]
    pub sill_m: f64,
    /// Height of the upper edge above the floor, in m.
    #[serde(default = "default_head_m")]
    pub head_m: f64,
}

/// Kind of opening.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OpeningKind {
    /// Door with a leaf, drawn slightly open.
    Door,
    /// Window with a pane in a frame.
    Window,
    /// Gap without a leaf or pane.
    Gap,
}

/// Stair to the next storey.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanStair {
    /// Centre of its rectangle.
    pub at: (f64, f64),
    /// Extent east and north, in m.
    pub size: (f64, f64),
    /// Direction in which the first flight climbs. A stair at least 2 m wide turns at a landing.
    #[serde(default)]
    pub direction: Compass,
}

/// Compass direction in plan.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Compass {
    /// Positive y.
    #[default]
    North,
    /// Positive x.
    East,
    /// Negative y.
    South,
    /// Negative x.
    West,
}

/// Machine, device or duct.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanEquipment {
    /// Id, unique in the plan, to which a twin is bound.
    pub id: String,
    /// Kind of equipment, which determines its shape.
    pub kind: EquipmentKind,
    /// Id of its storey.
    pub storey: String,
    /// Centre of its footprint, and height of its underside above the storey's floor, in m.
    #[serde(default)]
    pub at: (f64, f64, f64),
    /// Width (x), depth (y) and height, in m. Zero takes the usual size. A duct uses width and height.
    #[serde(default)]
    pub size: (f64, f64, f64),
    /// Centre line of a duct, with heights above the storey's floor, in m.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub path: Vec<(f64, f64, f64)>,
}

/// Kind of equipment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EquipmentKind {
    /// Air handling unit.
    Ahu,
    /// Boiler.
    Boiler,
    /// Water-cooled chiller.
    Chiller,
    /// VAV box (variable air volume).
    Vav,
    /// Duct.
    Duct,
    /// Meter.
    Meter,
    /// Fan.
    Fan,
    /// Wall-mounted dispenser.
    Dispenser,
}

/// Error for a text that is not a plan.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{line}:{column}: {message}")]
pub struct PlanError {
    /// Line number, from 1.
    pub line: usize,
    /// Column number, from 1.
    pub column: usize,
    /// Description of the fault.
    pub message: String,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            version: VERSION,
            name: String::new(),
            walls: Walls::default(),
            storeys: Vec::new(),
            equipment: Vec::new(),
            roof: false,
        }
    }
}

impl Default for Walls {
    fn default() -> Self {
        Self { exterior_m: 0.30, interior_m: 0.12 }
    }
}

fn default_slab_m() -> f64 {
    0.3
}

fn default_head_m() -> f64 {
    2.1
}

fn yes() -> bool {
    true
}

impl Plan {
    /// Reads a plan. It does not check the content, as [`Plan::check`] does.
    ///
    /// # Errors
    ///
    /// Returns a [`PlanError`] if the text is not RON, has an unknown field, lacks a required field, or has
    /// another version.
    pub fn from_ron(text: &str) -> Result<Self, PlanError> {
        let plan: Self = ron::from_str(text).map_err(|error| PlanError {
            line: error.span.start.line,
            column: error.span.start.col,
            message: error.code.to_string(),
        })?;
        if plan.version != VERSION {
            let (line, column) = position_of(text, "version");
            return Err(PlanError {
                line,
                column,
                message: format!("the plan has version {}; this program supports version {VERSION}", plan.version),
            });
        }
        Ok(plan)
    }

    /// Returns the plan as RON, with one room on each line.
    pub fn to_ron(&self) -> String {
        let pretty = PrettyConfig::new().depth_limit(4).indentor("  ");
        // Plain numbers, strings and lists can always be written as RON.
        let mut text = ron::ser::to_string_pretty(self, pretty).unwrap_or_default();
        text.push('\n');
        text
    }

    /// Returns all issues of the plan, in document order.
    pub fn check(&self) -> Vec<crate::Issue> {
        check::check(self)
    }
}

impl PlanStorey {
    /// Returns the clear height from the floor to the underside of the slab above, in m, at least 0.1.
    pub fn clear_height_m(&self) -> f64 {
        (self.height_m - self.slab_m).max(0.1)
    }
}

impl PlanRoom {
    /// Returns the area of the polygon (to the centre lines of the walls), in m².
    pub fn area_m2(&self) -> f64 {
        signed_area(&self.points()).abs()
    }

    /// Returns the corners as plan points.
    pub(crate) fn points(&self) -> Vec<[f64; 2]> {
        self.polygon.iter().map(|&(x, y)| [x, y]).collect()
    }
}

impl RoomKind {
    /// Returns the word for the kind in a plan and in `extras.cupola.kind`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Office => "office",
            Self::Meeting => "meeting",
            Self::Corridor => "corridor",
            Self::Core => "core",
            Self::Open => "open",
            Self::Kitchen => "kitchen",
            Self::Toilet => "toilet",
            Self::Ward => "ward",
            Self::Patient => "patient",
            Self::Nurse => "nurse",
            Self::Plant => "plant",
            Self::Store => "store",
            Self::Lobby => "lobby",
            Self::Stair => "stair",
            Self::Other => "other",
        }
    }
}

impl EquipmentKind {
    /// Returns the word for the kind in a plan and in `extras.cupola.kind`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ahu => "ahu",
            Self::Boiler => "boiler",
            Self::Chiller => "chiller",
            Self::Vav => "vav",
            Self::Duct => "duct",
            Self::Meter => "meter",
            Self::Fan => "fan",
            Self::Dispenser => "dispenser",
        }
    }
}

/// Returns line and column, from 1, of the first `word` in the text.
fn position_of(text: &str, word: &str) -> (usize, usize) {
    let before = text.find(word).map_or("", |at| &text[..at]);
    let line = before.matches('\n').count() + 1;
    let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
    (line, column)
}

#[cfg(test)]
mod tests;
