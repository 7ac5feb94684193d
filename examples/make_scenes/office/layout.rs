//! The layout of the office's rooms.

use super::super::shared::{Rect, Rhythm, cm, corners, door_for_window, doors, opening, wall_between, windows};
use cupola_building::plan::{Compass, OpeningKind, PlanOpening, PlanRoom, PlanStair, PlanStorey, RoomKind};

pub(super) const LEVELS: usize = 5;
pub(super) const STOREY_M: f64 = 3.6;
pub(super) const SLAB_M: f64 = 0.3;
/// The length of façade per window, and the width of a small office, in m.
pub(super) const MODULE_M: f64 = 3.0;
/// Half the width of a corridor, in m.
pub(super) const HALF_CORRIDOR_M: f64 = 1.2;
/// The centre line of the corridors, in m: y of the bar, x of the wing.
pub(super) const SPINE_M: f64 = 7.2;
/// The height of the ducts above the floor, in m.
pub(super) const DUCT_M: f64 = 2.95;
/// The lift shaft, in which the ducts lead down.
pub(super) const CORE: Rect = [8.4, 8.4, 15.0, 15.0];

pub(super) const BUILDING: &str = "harbour-office";

/// The use of a space.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    Office,
    Open,
    Meeting,
    Cafe,
    Lobby,
    Corridor,
    Stairs,
    Core,
    Toilets,
    Store,
    Plant,
}

impl Use {
    pub(super) fn kind(self) -> RoomKind {
        match self {
            Self::Office => RoomKind::Office,
            Self::Open => RoomKind::Open,
            Self::Meeting => RoomKind::Meeting,
            Self::Cafe => RoomKind::Kitchen,
            Self::Lobby => RoomKind::Lobby,
            Self::Corridor => RoomKind::Corridor,
            Self::Stairs => RoomKind::Stair,
            Self::Core => RoomKind::Core,
            Self::Toilets => RoomKind::Toilet,
            Self::Store => RoomKind::Store,
            Self::Plant => RoomKind::Plant,
        }
    }

    /// Returns the value of the property `use` in the models.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Office => "office",
            Self::Open => "openPlan",
            Self::Meeting => "meeting",
            Self::Cafe => "cafe",
            Self::Lobby => "lobby",
            Self::Corridor => "corridor",
            Self::Stairs => "stairs",
            Self::Core => "core",
            Self::Toilets => "toilets",
            Self::Store => "store",
            Self::Plant => "plant",
        }
    }

    /// Returns the text after a room's number. Offices have only the number.
    pub(super) fn label(self) -> &'static str {
        match self {
            Self::Office => "",
            Self::Open => " Open plan",
            Self::Meeting => " Meeting",
            Self::Cafe => " Café",
            Self::Lobby => " Lobby",
            Self::Corridor => " Corridor",
            Self::Stairs => "Stairs",
            Self::Core => "Lifts",
            Self::Toilets => "Toilets",
            Self::Store => "Store",
            Self::Plant => "Plant room",
        }
    }

    pub(super) fn is_service(self) -> bool {
        matches!(self, Self::Stairs | Self::Core | Self::Toilets | Self::Store | Self::Plant)
    }

    pub(super) fn has_vav(self) -> bool {
        !self.is_service() && self != Self::Corridor
    }

    pub(super) fn seats(self, area_m2: f64) -> i64 {
        let per_seat_m2 = match self {
            Self::Office => 10.0,
            Self::Open => 8.0,
            Self::Meeting => 3.0,
            Self::Cafe => 2.5,
            Self::Lobby => 12.0,
            _ => return 0,
        };
        (area_m2 / per_seat_m2).round().max(1.0) as i64
    }

    /// Returns the sound level that does not disturb the use of the room, in dB(A).
    pub(super) fn noise_limit_db(self) -> f64 {
        match self {
            Self::Office => 50.0,
            Self::Meeting => 55.0,
            Self::Cafe | Self::Lobby => 65.0,
            _ => 58.0,
        }
    }

    pub(super) fn windows(self) -> Rhythm {
        let (width_m, sill_m, head_m) = match self {
            Self::Cafe | Self::Lobby => (2.6, 0.1, 3.0),
            Self::Open => (2.6, 0.7, 2.8),
            Self::Stairs => (1.2, 1.0, 3.0),
            Self::Toilets | Self::Store | Self::Plant => (1.2, 1.9, 2.7),
            Self::Corridor => (1.6, 0.1, 2.8),
            _ => (2.1, 0.8, 2.7),
        };
        Rhythm { module_m: MODULE_M, width_m, sill_m, head_m }
    }
}

/// A space of the layout.
pub(super) struct Space {
    pub(super) usage: Use,
    pub(super) room: PlanRoom,
}

/// The layout of a floor. Its rooms are numbered in the order in which they are added.
pub(super) struct Layout {
    pub(super) level: usize,
    pub(super) rooms: usize,
    pub(super) spaces: Vec<Space>,
}

impl Layout {
    pub(super) fn add(&mut self, usage: Use, polygon: Vec<(f64, f64)>) {
        let level = self.level;
        let number = if usage == Use::Corridor {
            0
        } else {
            self.rooms += 1;
            self.rooms
        };
        let id = format!("room-{level}{number:02}");
        let name = format!("{level}.{number:02}{}", usage.label());
        self.spaces.push(Space { usage, room: PlanRoom { id, name, kind: usage.kind(), polygon, furniture: true } });
    }

    pub(super) fn add_service(&mut self, usage: Use, tag: &str, rect: Rect) {
        let level = self.level;
        let id = format!("{}{tag}-{level}", usage.word());
        let name = match tag.strip_prefix('-') {
            Some(tag) => format!("{} {}, floor {level}", usage.label(), tag.to_uppercase()),
            None => format!("{}, floor {level}", usage.label()),
        };
        let room = PlanRoom { id, name, kind: usage.kind(), polygon: corners(rect), furniture: true };
        self.spaces.push(Space { usage, room });
    }

    /// Adds rooms side by side from west to east, each with its width in modules.
    pub(super) fn row(&mut self, west: f64, (south, north): (f64, f64), rooms: &[(Use, f64)]) {
        let mut from = west;
        for (usage, modules) in rooms {
            let to = from + modules * MODULE_M;
            let rect = [from, south, to, north];
            match usage.is_service() {
                true => self.add_service(*usage, "", rect),
                false => self.add(*usage, corners(rect)),
            }
            from = to;
        }
    }

    /// Adds rooms one behind the other from south to north, each with its depth in modules.
    pub(super) fn column(&mut self, (west, east): (f64, f64), south: f64, rooms: &[(Use, f64)]) {
        let mut from = south;
        for (usage, modules) in rooms {
            let to = from + modules * MODULE_M;
            self.add(*usage, corners([west, from, east, to]));
            from = to;
        }
    }
}

/// The rooms of an L-shaped floor: south and north of the bar's corridor, west and east of the wing's corridor.
pub(super) struct Sides<'s> {
    pub(super) south: &'s [(Use, f64)],
    pub(super) north: &'s [(Use, f64)],
    pub(super) wing_west: &'s [(Use, f64)],
    pub(super) wing_east: &'s [(Use, f64)],
}

pub(super) fn sides(level: usize) -> Sides<'static> {
    use Use::{Cafe, Lobby, Meeting, Office, Open, Plant, Store};
    match level {
        1 => Sides {
            south: &[(Office, 2.0), (Meeting, 2.0), (Lobby, 5.0), (Cafe, 5.0), (Office, 2.0)],
            north: &[(Meeting, 2.0), (Meeting, 2.0), (Store, 1.0), (Plant, 3.0)],
            wing_west: &[(Open, 4.0), (Office, 2.0)],
            wing_east: &[(Office, 2.0), (Office, 2.0), (Meeting, 2.0)],
        },
        2 => Sides {
            south: &[
                (Office, 2.0),
                (Office, 1.0),
                (Office, 1.0),
                (Meeting, 2.0),
                (Open, 6.0),
                (Office, 1.0),
                (Office, 1.0),
                (Office, 2.0),
            ],
            north: &[(Cafe, 2.0), (Office, 1.0), (Office, 1.0), (Meeting, 2.0), (Office, 2.0)],
            wing_west: &[(Open, 4.0), (Meeting, 2.0)],
            wing_east: &[(Meeting, 2.0), (Office, 1.0), (Office, 1.0), (Office, 2.0)],
        },
        3 => Sides {
            south: &[
                (Open, 5.0),
                (Meeting, 2.0),
                (Office, 1.0),
                (Office, 1.0),
                (Office, 1.0),
                (Meeting, 2.0),
                (Office, 2.0),
                (Office, 2.0),
            ],
            north: &[(Office, 2.0), (Office, 1.0), (Cafe, 2.0), (Office, 1.0), (Meeting, 2.0)],
            wing_west: &[(Office, 1.0), (Office, 1.0), (Office, 2.0), (Meeting, 2.0)],
            wing_east: &[(Office, 2.0), (Open, 4.0)],
        },
        _ => Sides {
            south: &[
                (Meeting, 2.0),
                (Office, 1.0),
                (Office, 1.0),
                (Office, 2.0),
                (Meeting, 3.0),
                (Open, 5.0),
                (Office, 2.0),
            ],
            north: &[(Meeting, 2.0), (Cafe, 2.0), (Office, 2.0), (Office, 1.0), (Office, 1.0)],
            wing_west: &[(Open, 6.0)],
            wing_east: &[(Office, 1.0), (Office, 1.0), (Meeting, 2.0), (Office, 2.0)],
        },
    }
}

/// Returns the spaces of an L-shaped floor: the bar along the quay, and the wing behind its west end.
pub(super) fn l_shaped(level: usize) -> Vec<Space> {
    let Sides { south, north, wing_west, wing_east } = sides(level);
    let mut layout = Layout { level, rooms: 0, spaces: Vec::new() };
    layout.row(0.0, (0.0, 6.0), south);
    layout.row(21.0, (8.4, 15.0), north);
    layout.add(Use::Office, corners([0.0, 8.4, 6.0, 15.0]));
    layout.column((0.0, 6.0), 15.0, wing_west);
    layout.column((8.4, 15.0), 15.0, wing_east);
    layout.add_service(Use::Core, "", CORE);
    layout.add_service(Use::Toilets, "", [15.0, 8.4, 18.0, 15.0]);
    layout.add_service(Use::Stairs, "-a", [18.0, 8.4, 21.0, 15.0]);
    layout.add_service(Use::Stairs, "-b", [45.0, 8.4, 48.0, 15.0]);
    let corridor = [(0.0, 6.0), (48.0, 6.0), (48.0, 8.4), (8.4, 8.4), (8.4, 33.0), (6.0, 33.0), (6.0, 8.4), (0.0, 8.4)];
    layout.add(Use::Corridor, corridor.to_vec());
    layout.spaces
}

/// Returns the spaces of the top floor, which is set back on all sides except the north.
pub(super) fn pavilion(level: usize) -> Vec<Space> {
    let mut layout = Layout { level, rooms: 0, spaces: Vec::new() };
    let south = (1.8, 6.0);
    layout.add(Use::Office, corners([8.4, south.0, 15.0, south.1]));
    layout.row(15.0, south, &[(Use::Office, 2.0), (Use::Open, 4.0), (Use::Meeting, 2.0)]);
    layout.row(21.0, (8.4, 15.0), &[(Use::Cafe, 2.0), (Use::Office, 2.0), (Use::Meeting, 2.0)]);
    layout.add_service(Use::Core, "", CORE);
    layout.add_service(Use::Toilets, "", [15.0, 8.4, 18.0, 15.0]);
    layout.add_service(Use::Stairs, "-a", [18.0, 8.4, 21.0, 15.0]);
    layout.add(Use::Corridor, corners([8.4, 6.0, 39.0, 8.4]));
    layout.spaces
}

pub(super) fn floor_id(level: usize) -> String {
    format!("floor-{level}")
}

/// Returns the air handling unit of a floor. Every two floors share a unit, from the lowest.
pub(super) fn unit_id(level: usize) -> String {
    format!("ahu-{}", level.div_ceil(2))
}

pub(super) fn storey(level: usize, spaces: &[Space]) -> PlanStorey {
    let rooms: Vec<PlanRoom> = spaces.iter().map(|space| space.room.clone()).collect();
    let mut openings: Vec<PlanOpening> = Vec::new();
    for space in spaces {
        openings.extend(windows(&rooms, &space.room, space.usage.windows()));
    }
    if level == 1 {
        // The doors are the main entrance, the café's terrace door and the exit at the east end of the corridor.
        door_for_window(&mut openings, (19.5, 0.0), 2.4, 2.5);
        door_for_window(&mut openings, (31.5, 0.0), 1.8, 2.3);
        door_for_window(&mut openings, (48.0, 7.2), 1.2, 2.1);
    }
    for corridor in spaces.iter().filter(|space| space.usage == Use::Corridor) {
        for space in spaces.iter().filter(|space| space.usage != Use::Corridor) {
            match (space.usage, wall_between(&space.room, &corridor.room)) {
                (Use::Lobby | Use::Cafe, Some(wall)) => {
                    let middle = wall.point((wall.from + wall.to) * 0.5);
                    openings.push(opening(OpeningKind::Gap, middle, cm(wall.length() * 0.4), 2.7));
                }
                (Use::Core, _) => openings.extend(doors(&space.room, &corridor.room, 1.8)),
                (Use::Meeting | Use::Open, _) => openings.extend(doors(&space.room, &corridor.room, 1.05)),
                _ => openings.extend(doors(&space.room, &corridor.room, 0.95)),
            }
        }
    }
    let flight = |x: f64| PlanStair { at: (x, 12.15), size: (2.5, 5.0), direction: Compass::North };
    let stairs = match level {
        1..=3 => vec![flight(19.5), flight(46.5)],
        4 => vec![flight(19.5)],
        _ => Vec::new(),
    };
    PlanStorey {
        id: floor_id(level),
        name: floor_name(level),
        elevation_m: cm((level as f64 - 1.0) * STOREY_M),
        height_m: STOREY_M,
        slab_m: SLAB_M,
        rooms,
        openings,
        stairs,
    }
}

pub(super) fn floor_name(level: usize) -> String {
    match level {
        1 => "Ground floor".to_owned(),
        LEVELS => "Top floor".to_owned(),
        _ => format!("Floor {level}"),
    }
}
