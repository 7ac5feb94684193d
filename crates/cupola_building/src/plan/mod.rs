//! The plan document: storeys with rooms as polygons, openings, stairs and equipment, in RON.

mod check;

use crate::geometry::signed_area;
use ron::ser::PrettyConfig;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The version of the document that this program writes.
pub const VERSION: u32 = 1;

/// A floor plan. Metres; x east, y north.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Plan {
    /// Format version, [`VERSION`].
    pub version: u32,
    /// What the building is called.
    pub name: String,
    /// How thick walls are.
    pub walls: Walls,
    /// From the lowest to the highest.
    pub storeys: Vec<PlanStorey>,
    /// Machines, devices and ducts.
    pub equipment: Vec<PlanEquipment>,
    /// Whether the top is closed by a roof with a parapet.
    pub roof: bool,
}

/// Wall thicknesses.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Walls {
    /// Full thickness of a wall to the outside, metres, half of it on either side of the polygon's edge.
    pub exterior_m: f64,
    /// Full thickness of a wall between two rooms, metres.
    pub interior_m: f64,
}

/// One floor.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanStorey {
    /// The id that twins and equipment name it by.
    pub id: String,
    /// What people call it.
    #[serde(default)]
    pub name: String,
    /// Height of the finished floor over the building's zero, metres.
    pub elevation_m: f64,
    /// Floor to floor, metres; rooms are `height_m - slab_m` high.
    pub height_m: f64,
    /// Thickness of the slab under the floor, metres.
    #[serde(default = "default_slab_m")]
    pub slab_m: f64,
    /// The rooms; neighbours share edges.
    #[serde(default)]
    pub rooms: Vec<PlanRoom>,
    /// Doors, windows and gaps.
    #[serde(default)]
    pub openings: Vec<PlanOpening>,
    /// Flights that start on this floor.
    #[serde(default)]
    pub stairs: Vec<PlanStair>,
}

/// One room.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanRoom {
    /// The id that a twin binds to; unique in the plan.
    pub id: String,
    /// What people call it.
    #[serde(default)]
    pub name: String,
    /// What it is for, which decides the furniture.
    #[serde(default)]
    pub kind: RoomKind,
    /// Corners on the centre lines of the walls, in either direction, the last one joined to the first.
    pub polygon: Vec<(f64, f64)>,
    /// Whether to put furniture in.
    #[serde(default = "yes")]
    pub furniture: bool,
}

/// What a room is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RoomKind {
    /// A room with one or a few desks.
    Office,
    /// A room round a table.
    Meeting,
    /// A way between rooms.
    Corridor,
    /// Shafts and lifts.
    Core,
    /// Rows of desks.
    Open,
    /// A kitchen or break room.
    Kitchen,
    /// Toilets.
    Toilet,
    /// A ward with many beds.
    Ward,
    /// A patients' room with one to four beds.
    Patient,
    /// A nurses' station.
    Nurse,
    /// A plant room.
    Plant,
    /// A store.
    Store,
    /// An entrance hall.
    Lobby,
    /// A stairwell.
    Stair,
    /// Anything else.
    #[default]
    Other,
}

/// A hole in a wall.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanOpening {
    /// What fills it.
    pub kind: OpeningKind,
    /// Its middle, on an edge of a room.
    pub at: (f64, f64),
    /// Clear width, metres.
    pub width_m: f64,
    /// Lower edge over the floor, metres.
    #[serde(default)]
    pub sill_m: f64,
    /// Upper edge over the floor, metres.
    #[serde(default = "default_head_m")]
    pub head_m: f64,
}

/// What fills an opening.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OpeningKind {
    /// A leaf, drawn slightly open.
    Door,
    /// A pane in a frame.
    Window,
    /// Nothing.
    Gap,
}

/// A flight of stairs up to the next floor.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanStair {
    /// The middle of its rectangle.
    pub at: (f64, f64),
    /// Extent east and north, metres.
    pub size: (f64, f64),
    /// Which way the first flight climbs; from 2 m of width on it turns at a landing.
    #[serde(default)]
    pub direction: Compass,
}

/// A direction on the plan.
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

/// A machine, a device or a duct.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanEquipment {
    /// The id that a twin binds to; unique in the plan.
    pub id: String,
    /// What it is, which decides its shape.
    pub kind: EquipmentKind,
    /// Id of the storey that it stands on.
    pub storey: String,
    /// Middle of its footprint, and the height of its underside over the storey's floor, metres.
    #[serde(default)]
    pub at: (f64, f64, f64),
    /// Width (x), depth (y) and height, metres; zero takes what is usual. For a duct: width and height.
    #[serde(default)]
    pub size: (f64, f64, f64),
    /// The centre line of a duct, heights over the storey's floor.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub path: Vec<(f64, f64, f64)>,
}

/// What a piece of equipment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EquipmentKind {
    /// An air handling unit.
    Ahu,
    /// A boiler.
    Boiler,
    /// A water-cooled chiller.
    Chiller,
    /// A variable air volume box.
    Vav,
    /// A duct.
    Duct,
    /// A meter.
    Meter,
    /// A fan.
    Fan,
    /// A dispenser on a wall.
    Dispenser,
}

/// Why a text is not a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanError {
    /// Line, from 1.
    pub line: usize,
    /// Column, from 1.
    pub column: usize,
    /// What is wrong.
    pub message: String,
}

impl fmt::Display for PlanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.line, self.column, self.message)
    }
}

impl std::error::Error for PlanError {}

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
    /// Reads a plan. What it says is not judged here; see [`Plan::check`].
    ///
    /// # Errors
    ///
    /// Where the text is not RON, has an unknown or lacks a needed field, or is of another version.
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
                message: format!(
                    "this is a plan of version {}, and this program reads version {VERSION}",
                    plan.version
                ),
            });
        }
        Ok(plan)
    }

    /// The plan as RON, one room a line.
    pub fn to_ron(&self) -> String {
        let pretty = PrettyConfig::new().depth_limit(4).indentor("  ");
        // Plain numbers, strings and lists always have a form in RON.
        let mut text = ron::ser::to_string_pretty(self, pretty).unwrap_or_default();
        text.push('\n');
        text
    }

    /// Everything that is wrong with the plan, in document order; empty where it is good.
    pub fn check(&self) -> Vec<crate::Issue> {
        check::check(self)
    }
}

impl PlanStorey {
    /// Floor to the underside of the slab above, metres, never less than 0.1.
    pub fn clear_height_m(&self) -> f64 {
        (self.height_m - self.slab_m).max(0.1)
    }
}

impl PlanRoom {
    /// Area inside the polygon (to the centre lines of the walls), m².
    pub fn area_m2(&self) -> f64 {
        signed_area(&self.points()).abs()
    }

    /// The corners as plan points.
    pub(crate) fn points(&self) -> Vec<[f64; 2]> {
        self.polygon.iter().map(|&(x, y)| [x, y]).collect()
    }
}

impl RoomKind {
    /// The word for it in a plan and in `extras.cupola.kind`.
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
    /// The word for it in a plan and in `extras.cupola.kind`.
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

/// Line and column, from 1, of the first `word` in the text.
fn position_of(text: &str, word: &str) -> (usize, usize) {
    let before = text.find(word).map_or("", |at| &text[..at]);
    let line = before.matches('\n').count() + 1;
    let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
    (line, column)
}

#[cfg(test)]
mod tests;
