//! Checks of a plan: parts that cannot be built.

use super::{EquipmentKind, Plan, PlanStorey};
use crate::Issue;
use crate::geometry::{
    Grid, P, bounds, clean, distance_to_segment, edges, grown, length, segments_cross, shared_area, signed_area, sub,
    triangulate,
};
use std::collections::BTreeMap;

/// Maximum number of rooms.
const MAX_ROOMS: usize = 100_000;
/// Maximum number of storeys.
const MAX_STOREYS: usize = 1_000;
/// Maximum number of corners of a room, because the search for self-intersections is quadratic in it.
const MAX_CORNERS: usize = 2_000;
/// Maximum coordinate, in m. Beyond it single precision cannot represent a wall's thickness.
const MAX_COORDINATE_M: f64 = 100_000.0;
/// Maximum overlap of rooms, in m², as a tolerance for plans drawn by hand.
const OVERLAP_M2: f64 = 0.05;
/// Maximum distance of an opening's middle from its wall's line, in m.
const ON_WALL_M: f64 = 0.05;

pub(super) fn check(plan: &Plan) -> Vec<Issue> {
    let rooms: usize = plan.storeys.iter().map(|s| s.rooms.len()).sum();
    let openings: usize = plan.storeys.iter().map(|s| s.openings.len()).sum();
    for (what, count, limit) in [
        ("rooms", rooms, MAX_ROOMS),
        ("storeys", plan.storeys.len(), MAX_STOREYS),
        ("openings", openings, 10 * MAX_ROOMS),
        ("pieces of equipment", plan.equipment.len(), 10 * MAX_ROOMS),
    ] {
        if count > limit {
            return vec![Issue::new(
                "plan",
                "too-many",
                format!("the plan has {count} {what}; the limit is {limit}"),
                "split the plan into several buildings",
            )];
        }
    }

    let mut issues = Vec::new();
    for (name, value) in [("exterior_m", plan.walls.exterior_m), ("interior_m", plan.walls.interior_m)] {
        if !(0.0..=2.0).contains(&value) {
            issues.push(Issue::new(
                format!("walls.{name}"),
                "wall-thickness",
                format!("the wall thickness is {value} m"),
                "use a thickness between 0 and 2 m",
            ));
        }
    }
    let mut ids = Ids::default();
    for (s, storey) in plan.storeys.iter().enumerate() {
        let at = format!("storeys[{s}]");
        ids.see(&mut issues, &at, "storey", &storey.id);
        check_storey(&mut issues, &mut ids, &at, storey);
    }
    check_equipment(&mut issues, &mut ids, plan);
    issues
}

/// Ids with their positions. Storeys and objects with twins share one namespace.
#[derive(Default)]
struct Ids(BTreeMap<String, String>);

impl Ids {
    fn see(&mut self, issues: &mut Vec<Issue>, at: &str, what: &str, id: &str) {
        if id.trim().is_empty() {
            issues.push(Issue::new(
                format!("{at}.id"),
                "empty-id",
                format!("this {what} has no id"),
                "add an id that is unique in the plan",
            ));
        } else if let Some(first) = self.0.get(id) {
            issues.push(Issue::new(
                format!("{at}.id"),
                "duplicate-id",
                format!("`{id}` is also the id of {first}"),
                "ids are unique in a plan: rename one of them",
            ));
        } else {
            self.0.insert(id.to_owned(), at.to_owned());
        }
    }
}

fn check_storey(issues: &mut Vec<Issue>, ids: &mut Ids, at: &str, storey: &PlanStorey) {
    finite(issues, &format!("{at}.elevation_m"), &[storey.elevation_m]);
    if !(storey.slab_m >= 0.0 && storey.height_m - storey.slab_m >= 0.5 && storey.height_m <= 200.0) {
        issues.push(Issue::new(
            format!("{at}.height_m"),
            "storey-height",
            format!("the storey height is {} m with a slab of {} m", storey.height_m, storey.slab_m),
            "use at most 200 m, and at least 0.5 m more than the slab",
        ));
    }

    let mut walls: Vec<(P, P)> = Vec::new();
    let mut shapes: Vec<Option<Vec<P>>> = Vec::new();
    for (r, room) in storey.rooms.iter().enumerate() {
        let here = format!("{at}.rooms[{r}]");
        ids.see(issues, &here, "room", &room.id);
        let points = room.points();
        let good = check_polygon(issues, &format!("{here}.polygon"), &room.id, &points);
        walls.extend(good.iter().flat_map(|p| edges(p)));
        shapes.push(good);
    }
    check_overlaps(issues, at, storey, &shapes);
    check_openings(issues, at, storey, &walls);

    for (k, stair) in storey.stairs.iter().enumerate() {
        let here = format!("{at}.stairs[{k}]");
        finite(issues, &format!("{here}.at"), &[stair.at.0, stair.at.1]);
        if !(stair.size.0 >= 0.5 && stair.size.1 >= 0.5 && stair.size.0.max(stair.size.1) <= 100.0) {
            issues.push(Issue::new(
                format!("{here}.size"),
                "stair-size",
                format!("the stair measures {} × {} m", stair.size.0, stair.size.1),
                "use 0.5 to 100 m for each side",
            ));
        }
    }
}

/// Returns the cleaned polygon, or adds an issue and returns `None`.
fn check_polygon(issues: &mut Vec<Issue>, at: &str, id: &str, points: &[P]) -> Option<Vec<P>> {
    let mut report = |code, message: String, help: &str| {
        issues.push(Issue::new(at, code, message, help));
        None
    };
    if points.len() < 3 {
        return report(
            "too-few-points",
            format!("room `{id}` has {} corners", points.len()),
            "list at least three corners, without repeating the first",
        );
    }
    if points.len() > MAX_CORNERS {
        return report(
            "too-many-points",
            format!("room `{id}` has {} corners", points.len()),
            "the limit is 2000: simplify the outline",
        );
    }
    if !points.iter().flatten().all(|&v| within_reach(v)) {
        return report(
            "bad-number",
            format!("room `{id}` has a corner that is not finite or beyond 100 km"),
            "use metres from an origin near the building",
        );
    }
    let all: Vec<(P, P)> = edges(points).collect();
    for (i, &(a, b)) in all.iter().enumerate() {
        if let Some(j) = (i + 1..all.len()).find(|&j| segments_cross(a, b, all[j].0, all[j].1)) {
            return report(
                "self-intersection",
                format!("room `{id}`: edge {i} crosses edge {j}"),
                "list the corners in order around the room",
            );
        }
    }
    let cleaned = clean(points);
    if cleaned.len() < 3 || signed_area(&cleaned) < 0.01 {
        return report(
            "no-area",
            format!("room `{id}` encloses no area"),
            "its corners lie on a line: check the coordinates",
        );
    }
    Some(cleaned)
}

fn check_overlaps(issues: &mut Vec<Issue>, at: &str, storey: &PlanStorey, shapes: &[Option<Vec<P>>]) {
    let rects: Vec<_> = shapes.iter().map(|s| bounds(s.iter().flatten())).collect();
    let triangles: Vec<Vec<[P; 3]>> = shapes
        .iter()
        .map(|s| {
            let (points, triangles) = triangulate(s.as_deref().unwrap_or_default(), &[]);
            triangles.iter().map(|t| t.map(|i| points[i as usize])).collect()
        })
        .collect();
    let grid = Grid::new(&rects);
    for (i, &a) in rects.iter().enumerate() {
        for j in grid.near(a).into_iter().filter(|&j| j > i) {
            let b = rects[j];
            let width = a[2].min(b[2]) - a[0].max(b[0]);
            let depth = a[3].min(b[3]) - a[1].max(b[1]);
            if width <= 0.0 || depth <= 0.0 || width * depth <= OVERLAP_M2 {
                continue;
            }
            let shared: f64 =
                triangles[i].iter().flat_map(|&t| triangles[j].iter().map(move |&u| shared_area(t, u))).sum();
            if shared > OVERLAP_M2 {
                issues.push(Issue::new(
                    format!("{at}.rooms[{j}].polygon"),
                    "room-overlap",
                    format!("rooms `{}` and `{}` share {shared:.2} m²", storey.rooms[i].id, storey.rooms[j].id),
                    "put their common edge on the centre line of the wall",
                ));
            }
        }
    }
}

fn check_openings(issues: &mut Vec<Issue>, at: &str, storey: &PlanStorey, walls: &[(P, P)]) {
    let rects: Vec<_> = walls.iter().map(|(a, b)| bounds([a, b])).collect();
    let grid = Grid::new(&rects);
    for (k, opening) in storey.openings.iter().enumerate() {
        let here = format!("{at}.openings[{k}]");
        let p = [opening.at.0, opening.at.1];
        if !finite(issues, &format!("{here}.at"), &p) {
            continue;
        }
        if !(opening.sill_m >= 0.0 && opening.head_m > opening.sill_m && opening.head_m <= 200.0) {
            issues.push(Issue::new(
                format!("{here}.head_m"),
                "opening-height",
                format!("the sill is at {} m and the head at {} m", opening.sill_m, opening.head_m),
                "put the sill at 0 m or higher and the head above the sill",
            ));
        }
        let near = grid.near(grown(bounds([&p]), ON_WALL_M));
        let room_for = near
            .iter()
            .map(|&i| walls[i])
            .filter(|&(a, b)| distance_to_segment(p, a, b) <= ON_WALL_M)
            .map(|(a, b)| length(sub(b, a)))
            .fold(f64::NEG_INFINITY, f64::max);
        if room_for == f64::NEG_INFINITY {
            issues.push(Issue::new(
                format!("{here}.at"),
                "opening-off-wall",
                format!("no wall passes through ({}, {})", p[0], p[1]),
                "put the middle of the opening on an edge of a room",
            ));
        } else if !(opening.width_m > 0.0 && opening.width_m <= room_for) {
            issues.push(Issue::new(
                format!("{here}.width_m"),
                "opening-width",
                format!("the opening is {} m wide, but its wall has only {room_for:.2} m", opening.width_m),
                "use a width that fits the wall",
            ));
        }
    }
}

fn check_equipment(issues: &mut Vec<Issue>, ids: &mut Ids, plan: &Plan) {
    for (e, equipment) in plan.equipment.iter().enumerate() {
        let at = format!("equipment[{e}]");
        ids.see(issues, &at, "equipment", &equipment.id);
        if !plan.storeys.iter().any(|s| s.id == equipment.storey) {
            issues.push(Issue::new(
                format!("{at}.storey"),
                "unknown-storey",
                format!("there is no storey `{}`", equipment.storey),
                "use the id of a storey of this plan",
            ));
        }
        let (x, y, z) = equipment.at;
        finite(issues, &format!("{at}.at"), &[x, y, z]);
        let (w, d, h) = equipment.size;
        if ![w, d, h].iter().all(|v| (0.0..=100.0).contains(v)) {
            issues.push(Issue::new(
                format!("{at}.size"),
                "equipment-size",
                format!("the equipment measures {w} × {d} × {h} m"),
                "use 0 to 100 m for each side; 0 selects the default size",
            ));
        }
        for (k, &(x, y, z)) in equipment.path.iter().enumerate() {
            finite(issues, &format!("{at}.path[{k}]"), &[x, y, z]);
        }
        if equipment.kind == EquipmentKind::Duct && equipment.path.len() < 2 {
            issues.push(Issue::new(
                format!("{at}.path"),
                "duct-path",
                format!("the duct has {} points", equipment.path.len()),
                "list at least two points",
            ));
        }
    }
}

fn within_reach(v: f64) -> bool {
    v.is_finite() && v.abs() <= MAX_COORDINATE_M
}

/// Returns whether all numbers are finite and in range, and adds an issue if not.
fn finite(issues: &mut Vec<Issue>, at: &str, values: &[f64]) -> bool {
    let good = values.iter().all(|&v| within_reach(v));
    if !good {
        issues.push(Issue::new(
            at,
            "bad-number",
            format!("{values:?} is not finite or beyond 100 km"),
            "use metres from an origin near the building",
        ));
    }
    good
}
