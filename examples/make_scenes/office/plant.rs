//! Air handling units, VAV boxes, ducts, meters, boiler and chiller of the office.

use super::super::shared::{cm, wall_between};
use super::layout::*;
use cupola_building::plan::{EquipmentKind, PlanEquipment, PlanRoom};

pub(super) fn vav_id(room: &PlanRoom) -> String {
    room.id.replace("room-", "vav-")
}

pub(super) fn middle(room: &PlanRoom) -> (f64, f64) {
    let count = room.polygon.len() as f64;
    let sum = room.polygon.iter().fold((0.0, 0.0), |sum, corner| (sum.0 + corner.0, sum.1 + corner.1));
    (sum.0 / count, sum.1 / count)
}

pub(super) fn duct(id: String, level: usize, size: (f64, f64), path: &[(f64, f64, f64)]) -> PlanEquipment {
    PlanEquipment {
        id,
        kind: EquipmentKind::Duct,
        storey: floor_id(level),
        at: (0.0, 0.0, 0.0),
        size: (size.0, 0.0, size.1),
        path: path.iter().map(|(x, y, z)| (cm(*x), cm(*y), cm(*z))).collect(),
    }
}

/// Returns a VAV box under the ceiling of a room, and the branch duct from the corridor's duct to the box.
pub(super) fn terminal(level: usize, room: &PlanRoom, corridor: &PlanRoom) -> Vec<PlanEquipment> {
    let Some(wall) = wall_between(room, corridor) else { return Vec::new() };
    let (x, y) = middle(room);
    let (at, branch) = if wall.upright {
        let side = (x - wall.line).signum();
        let (x, spine) = (wall.line + side * 1.1, wall.line - side * HALF_CORRIDOR_M);
        let branch = if side > 0.0 {
            vec![(spine, y), (x - 0.5, y)]
        } else {
            vec![(spine, y + 0.4), (x - 0.62, y + 0.4), (x - 0.62, y), (x - 0.5, y)]
        };
        ((x, y), branch)
    } else {
        let side = (y - wall.line).signum();
        let (y, spine) = (wall.line + side * 0.9, wall.line - side * HALF_CORRIDOR_M);
        ((x, y), vec![(x - 0.5, spine), (x - 0.5, y)])
    };
    let path: Vec<_> = branch.into_iter().map(|(x, y)| (x, y, DUCT_M)).collect();
    vec![
        PlanEquipment {
            id: vav_id(room),
            kind: EquipmentKind::Vav,
            storey: floor_id(level),
            at: (cm(at.0), cm(at.1), cm(DUCT_M - 0.16)),
            size: (0.0, 0.0, 0.0),
            path: Vec::new(),
        },
        duct(room.id.replace("room-", "duct-"), level, (0.24, 0.2), &path),
    ]
}

pub(super) fn equipment(level: usize, spaces: &[Space]) -> Vec<PlanEquipment> {
    let mut out = Vec::new();
    // The main ducts lead from the shaft along the corridors.
    let shaft = 11.7;
    let east_end = if level == LEVELS { 38.0 } else { 44.5 };
    let west_end = if level == LEVELS { 9.2 } else { 2.0 };
    let main = |from: (f64, f64), to: (f64, f64)| [(from.0, from.1, DUCT_M), (to.0, to.1, DUCT_M)];
    let mut runs = vec![
        vec![(shaft, 9.0, DUCT_M), (shaft, SPINE_M, DUCT_M), (east_end, SPINE_M, DUCT_M)],
        main((shaft, SPINE_M), (west_end, SPINE_M)).to_vec(),
    ];
    if level < LEVELS {
        runs.push(main((SPINE_M, SPINE_M), (SPINE_M, 32.0)).to_vec());
    }
    for (number, run) in runs.iter().enumerate() {
        out.push(duct(format!("main-duct-{level}-{}", number + 1), level, (0.55, 0.35), run));
    }
    for corridor in spaces.iter().filter(|space| space.usage == Use::Corridor) {
        for space in spaces.iter().filter(|space| space.usage.has_vav()) {
            out.extend(terminal(level, &space.room, &corridor.room));
        }
    }
    out.push(PlanEquipment {
        id: meter_id(level),
        kind: EquipmentKind::Meter,
        storey: floor_id(level),
        at: (17.4, 8.25, 1.3),
        size: (0.0, 0.0, 0.0),
        path: Vec::new(),
    });
    out
}

/// Returns the boiler and the chiller in the plant room on the ground floor.
pub(super) fn central_plant() -> Vec<PlanEquipment> {
    let machine = |id: &str, kind, at, size| PlanEquipment {
        id: id.to_owned(),
        kind,
        storey: floor_id(1),
        at,
        size,
        path: Vec::new(),
    };
    vec![
        machine("boiler", EquipmentKind::Boiler, (38.0, 12.6, 0.0), (1.3, 1.8, 1.9)),
        machine("chiller", EquipmentKind::Chiller, (42.0, 12.4, 0.0), (3.6, 1.6, 1.9)),
    ]
}

/// Returns the air handling units on the roof of the wing, and their ducts into the shaft.
pub(super) fn roof_plant() -> Vec<PlanEquipment> {
    let mut out = Vec::new();
    for (number, y) in [(1, 18.5), (2, 22.5), (3, 26.5)] {
        let id = format!("ahu-{number}");
        let down = 9.6 + 1.1 * f64::from(number);
        out.push(PlanEquipment {
            id,
            kind: EquipmentKind::Ahu,
            storey: floor_id(LEVELS),
            at: (4.6, y, 0.0),
            size: (3.8, 1.9, 2.0),
            path: Vec::new(),
        });
        let path = [(6.5, y, 1.1), (down, y, 1.1), (down, 15.0, 1.1)];
        out.push(duct(format!("roof-duct-{number}"), LEVELS, (0.7, 0.55), &path));
    }
    out
}

pub(super) fn meter_id(level: usize) -> String {
    format!("{}-meter", floor_id(level))
}
