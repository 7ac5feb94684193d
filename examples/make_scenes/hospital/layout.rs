//! The layout of the hospital's rooms, and the dispensers in them.

use super::super::shared::{Rect, Rhythm, cm, corners, door_for_window, doors, opening, wall_between, windows};
use cupola_building::plan::{
    Compass, EquipmentKind, OpeningKind, PlanEquipment, PlanOpening, PlanRoom, PlanStair, PlanStorey, RoomKind,
};
use cupola_scene::document::DispenserKind;

pub(super) const LEVELS: usize = 3;
pub(super) const STOREY_M: f64 = 3.9;
pub(super) const SLAB_M: f64 = 0.3;
/// The extent of the building from west to east, in m. The east wing mirrors the west wing.
pub(super) const WIDTH_M: f64 = 48.0;
/// The length of façade per patient room, in m.
pub(super) const MODULE_M: f64 = 4.5;

pub(super) const HOSPITAL: &str = "riverside-hospital";

/// The wards, lowest floor first and west before east: specialty, and hand hygiene compliance in the simulation, 0 to
/// 1.
pub(super) const WARDS: [(&str, f64); 6] = [
    ("Emergency admission", 0.55),
    ("Day surgery", 0.78),
    ("Surgery", 0.70),
    ("Internal medicine", 0.47),
    ("Maternity", 0.83),
    ("Geriatrics", 0.62),
];

/// The dispensers in a care room: model, suffix of the id, kind, and the consumption of one use in % of a full
/// dispenser.
pub(super) const DISPENSERS: [(&str, &str, DispenserKind, f64); 3] = [
    ("SanitiserDispenser", "sanitiser", DispenserKind::Sanitiser, 0.4),
    ("SoapDispenser", "soap", DispenserKind::Soap, 0.3),
    ("TowelDispenser", "towel", DispenserKind::Towel, 0.5),
];

/// The use of a space.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    Patient,
    Treatment,
    Corridor,
    Lobby,
    NurseStation,
    Stairs,
    Core,
    Toilets,
    Store,
    Cafe,
    DayRoom,
    Office,
    Meeting,
}

impl Use {
    pub(super) fn kind(self) -> RoomKind {
        match self {
            Self::Patient => RoomKind::Patient,
            Self::Corridor => RoomKind::Corridor,
            Self::Lobby => RoomKind::Lobby,
            Self::NurseStation => RoomKind::Nurse,
            Self::Stairs => RoomKind::Stair,
            Self::Core => RoomKind::Core,
            Self::Toilets => RoomKind::Toilet,
            Self::Store => RoomKind::Store,
            Self::Cafe | Self::DayRoom => RoomKind::Kitchen,
            Self::Treatment | Self::Office => RoomKind::Office,
            Self::Meeting => RoomKind::Meeting,
        }
    }

    pub(super) fn model(self) -> &'static str {
        match self {
            Self::Patient => "PatientRoom",
            Self::Treatment => "TreatmentRoom",
            Self::Corridor => "Corridor",
            Self::NurseStation => "NurseStation",
            _ => "CommonSpace",
        }
    }

    /// Returns the value of the property `use` in the models.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Patient => "patient",
            Self::Treatment => "treatment",
            Self::Corridor => "corridor",
            Self::Lobby => "lobby",
            Self::NurseStation => "nurseStation",
            Self::Stairs => "stairs",
            Self::Core => "core",
            Self::Toilets => "toilets",
            Self::Store => "store",
            Self::Cafe => "cafe",
            Self::DayRoom => "dayRoom",
            Self::Office => "office",
            Self::Meeting => "meeting",
        }
    }

    pub(super) fn is_care(self) -> bool {
        matches!(self, Self::Patient | Self::Treatment)
    }

    pub(super) fn windows(self) -> Rhythm {
        let (module_m, width_m, sill_m, head_m) = match self {
            Self::Patient | Self::Treatment => (MODULE_M, 2.8, 0.7, 2.7),
            // The width of the modules gives an odd number of windows, so that the entrance can be in the middle.
            Self::Lobby => (3.84, 3.1, 0.1, 3.2),
            Self::Cafe | Self::DayRoom => (3.2, 2.6, 0.1, 3.0),
            Self::Stairs => (2.25, 1.2, 1.0, 3.2),
            Self::Toilets | Self::Store => (MODULE_M, 1.6, 1.9, 2.7),
            Self::Corridor => (2.4, 1.6, 0.1, 2.9),
            _ => (2.4, 1.7, 0.8, 2.7),
        };
        Rhythm { module_m, width_m, sill_m, head_m }
    }
}

/// A space of the layout, with its ward if it belongs to one.
pub(super) struct Space {
    pub(super) usage: Use,
    pub(super) ward: Option<usize>,
    pub(super) room: PlanRoom,
}

impl Space {
    pub(super) fn new(usage: Use, ward: Option<usize>, id: String, name: String, polygon: Vec<(f64, f64)>) -> Self {
        Self { usage, ward, room: PlanRoom { id, name, kind: usage.kind(), polygon, furniture: true } }
    }
}

/// Returns the number of the ward in the west (0) or east (1) wing of a floor.
pub(super) fn ward_number(level: usize, wing: usize) -> usize {
    (level - 1) * 2 + wing
}

pub(super) fn ward_tag(ward: usize) -> String {
    format!("{}{}", ward / 2 + 1, if ward.is_multiple_of(2) { "a" } else { "b" })
}

pub(super) fn ward_id(ward: usize) -> String {
    format!("ward-{}", ward_tag(ward))
}

pub(super) fn floor_id(level: usize) -> String {
    format!("floor-{level}")
}

pub(super) fn floor_name(level: usize) -> String {
    if level == 1 { "Ground floor".to_owned() } else { format!("Floor {level}") }
}

/// Adds the spaces of one wing: rooms along the façade, and service rooms of the ward across the corridor.
pub(super) fn wing(level: usize, wing: usize, spaces: &mut Vec<Space>) {
    let ward = ward_number(level, wing);
    let tag = ward_tag(ward);
    let place = |[west, south, east, north]: Rect| {
        corners(if wing == 0 { [west, south, east, north] } else { [WIDTH_M - east, south, WIDTH_M - west, north] })
    };
    let (outer, inner) = ((0.0, 6.0), (8.4, 14.4));
    let row = |column: (f64, f64), module: f64| [column.0, module * MODULE_M, column.1, (module + 1.0) * MODULE_M];
    let mut number = 0;
    let patient_rooms = [0.0, 1.0, 2.0, 4.0, 5.0, 6.0].map(|module| row(outer, module));
    for rect in patient_rooms.into_iter().chain([row(inner, 6.0), row(inner, 0.0)]) {
        number += 1;
        let name = format!("{level}{wing}{number}");
        spaces.push(Space::new(Use::Patient, Some(ward), format!("rm-{name}"), format!("Room {name}"), place(rect)));
    }
    let treatment = format!("{level}{wing}9");
    let (id, name) = (format!("rm-{treatment}"), format!("Treatment {treatment}"));
    spaces.push(Space::new(Use::Treatment, Some(ward), id, name, place(row(outer, 3.0))));
    let upper = tag.to_uppercase();
    for (usage, of_ward, word, rect) in [
        (Use::NurseStation, true, "Nurses", [inner.0, 9.0, inner.1, 14.55]),
        (Use::Store, true, "Store", [inner.0, 16.95, inner.1, 22.5]),
        (Use::Toilets, true, "Toilets", row(inner, 5.0)),
        (Use::Stairs, false, "Stairs", row(inner, 1.0)),
    ] {
        let id = format!("{}-{tag}", word.to_lowercase());
        spaces.push(Space::new(usage, of_ward.then_some(ward), id, format!("{word} {upper}"), place(rect)));
    }
}

/// Adds the spaces between the wings, and the corridor of the whole floor.
pub(super) fn bar(level: usize, spaces: &mut Vec<Space>) {
    let (south, north) = ((9.0, 14.55), (16.95, 22.5));
    let ground = [
        (Use::Lobby, "Entrance hall", (14.4, 33.6), south),
        (Use::Core, "Lifts", (14.4, 19.2), north),
        (Use::Cafe, "Café", (19.2, 28.8), north),
        (Use::Office, "Reception office", (28.8, 33.6), north),
    ];
    let upper = [
        (Use::DayRoom, "Day room", (14.4, 24.0), south),
        (Use::Office, "Doctors' office", (24.0, 33.6), south),
        (Use::Core, "Lifts", (14.4, 19.2), north),
        (Use::Meeting, "Meeting room", (19.2, 28.8), north),
        (Use::Store, "Linen store", (28.8, 33.6), north),
    ];
    for (usage, name, (west, east), (south, north)) in if level == 1 { &ground[..] } else { &upper[..] } {
        let id = format!("{}-{level}", usage.word().to_lowercase());
        let name = format!("{name}, floor {level}");
        spaces.push(Space::new(*usage, None, id, name, corners([*west, *south, *east, *north])));
    }
    let (low, high, end) = (south.1, north.0, 31.5);
    let half = [(6.0, 0.0), (8.4, 0.0), (8.4, low)];
    let mirrored = half.iter().rev().map(|(x, y)| (cm(WIDTH_M - x), *y));
    let lower: Vec<(f64, f64)> = half.iter().copied().chain(mirrored).collect();
    let upper = lower.iter().rev().map(|(x, y)| (*x, if *y == 0.0 { end } else { high }));
    let polygon = lower.iter().copied().chain(upper).collect();
    spaces.push(Space::new(
        Use::Corridor,
        None,
        format!("corridor-{level}"),
        format!("Corridor, floor {level}"),
        polygon,
    ));
}

pub(super) fn storey(level: usize, spaces: &[Space]) -> PlanStorey {
    let rooms: Vec<PlanRoom> = spaces.iter().map(|space| space.room.clone()).collect();
    let mut openings: Vec<PlanOpening> = Vec::new();
    for space in spaces {
        openings.extend(windows(&rooms, &space.room, space.usage.windows()));
    }
    if level == 1 {
        door_for_window(&mut openings, (WIDTH_M * 0.5, 9.0), 2.6, 2.6);
    }
    for corridor in spaces.iter().filter(|space| space.usage == Use::Corridor) {
        for space in spaces.iter().filter(|space| space.usage != Use::Corridor) {
            match (space.usage, wall_between(&space.room, &corridor.room)) {
                (Use::Lobby | Use::Cafe | Use::DayRoom, Some(wall)) => {
                    let middle = wall.point((wall.from + wall.to) * 0.5);
                    openings.push(opening(OpeningKind::Gap, middle, cm(wall.length() * 0.4), 2.8));
                }
                (Use::NurseStation, _) => {
                    // The nurses' station opens to the corridor of the ward, not to the passage between the wings.
                    let west = space.ward.is_some_and(|ward| ward.is_multiple_of(2));
                    let x = if west { 8.4 } else { cm(WIDTH_M - 8.4) };
                    openings.push(opening(OpeningKind::Gap, (x, 11.75), 3.2, 2.6));
                }
                (Use::Patient | Use::Treatment, _) => openings.extend(doors(&space.room, &corridor.room, 1.2)),
                (Use::Core, _) => openings.extend(doors(&space.room, &corridor.room, 2.2)),
                _ => openings.extend(doors(&space.room, &corridor.room, 1.0)),
            }
        }
    }
    let flight = |x: f64, direction| PlanStair { at: (x, 6.75), size: (4.6, 2.6), direction };
    let stairs = match level {
        LEVELS => Vec::new(),
        _ => vec![flight(11.85, Compass::East), flight(cm(WIDTH_M - 11.85), Compass::West)],
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

/// Returns the dispensers on the corridor wall of a care room: sanitiser beside the door, soap and towels at the sink.
pub(super) fn on_the_wall(level: usize, space: &Space, corridor: &PlanRoom) -> Vec<PlanEquipment> {
    let Some(wall) = wall_between(&space.room, corridor) else { return Vec::new() };
    let inside = space.room.polygon.iter().map(|corner| corner.0 - wall.line).sum::<f64>().signum();
    let x = cm(wall.line + inside * 0.13);
    let places = [(1.95, 1.15), (3.5, 1.1), (3.85, 1.3)];
    DISPENSERS
        .iter()
        .zip(places)
        .map(|((_, word, ..), (along, height))| PlanEquipment {
            id: format!("{}-{word}", space.room.id),
            kind: EquipmentKind::Dispenser,
            storey: floor_id(level),
            at: (x, cm(wall.from + along), height),
            size: (0.0, 0.0, 0.0),
            path: Vec::new(),
        })
        .collect()
}

/// Returns a number from 0 to 1 that depends only on the id: the upper bits of a mixed FNV-1a hash.
pub(super) fn share_of(id: &str) -> f64 {
    let hash = id
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    let mixed = (hash ^ (hash >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    (mixed >> 40) as f64 / (1_u64 << 24) as f64
}
