//! Massing: generation of a building from a plan, with floors, walls with openings, slabs, stairs, furniture
//! and equipment.
//!
//! Every room and every piece of equipment is a separate node, named by its id. Walls, glass, doors, stairs,
//! slab and furniture are one node each for each storey, so that a large building has few nodes.

mod auto;
mod batch;
mod equipment;
mod furniture;
mod item;
mod layout;
mod opening;
mod outline;
mod palette;
mod shell;
mod wall;

pub use auto::{AutoRoom, AutoStorey, auto_plan};

use crate::geometry::{Rect, bounds, triangulate};
use crate::mesh::{Building, Node, Part, Role};
use crate::plan::{EquipmentKind, Plan, PlanEquipment, PlanStorey};
use batch::Batch;
use opening::{Holes, fill, ways_through};
use outline::{Outline, outline};
use palette::FLOOR;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Height of a room's floor above the slab, in m, to avoid flicker between the two.
const FLOOR_LIFT_M: f64 = 0.02;
/// Depth of the ground below the lowest floor, in m.
const GROUND_DROP_M: f64 = 0.15;

/// Returns the building of a plan. Parts that cannot be built (see [`Plan::check`]) are left out.
///
/// Walls, frames and slabs belong to their storey. The roof above a storey belongs to it too, with
/// [`Role::Roof`]. The ground belongs to no storey. Plan `(x, y)` at height `h` is `[x, h, -y]`.
pub fn build(plan: &Plan) -> Building {
    let mut building = Building {
        name: plan.name.clone(),
        nodes: vec![Node {
            name: if plan.name.is_empty() { "Building".to_owned() } else { plan.name.clone() },
            role: Role::Group,
            extras: extras(json!({"role": "group"})),
            ..Node::default()
        }],
    };
    let outlines: Vec<Outline> = plan.storeys.iter().map(|storey| outline(storey, &plan.walls)).collect();
    // Equipment is added with the first storey with its id, so that nodes are in tree order.
    let mut equipment: BTreeMap<&str, Vec<&PlanEquipment>> = BTreeMap::new();
    for what in &plan.equipment {
        equipment.entry(&what.storey).or_default().push(what);
    }
    for (i, storey) in plan.storeys.iter().enumerate() {
        let numbers = [storey.elevation_m, storey.height_m, storey.slab_m];
        if !numbers.iter().all(|v| v.is_finite()) {
            continue;
        }
        let node = building.nodes.len();
        building.nodes.push(Node {
            name: if storey.name.is_empty() { storey.id.clone() } else { storey.name.clone() },
            parent: Some(0),
            role: Role::Storey,
            storey: Some(node),
            extras: extras(json!({
                "role": "storey",
                "id": storey.id,
                "elevation_m": storey.elevation_m,
                "height_m": storey.height_m,
            })),
            parts: Vec::new(),
        });
        add_storey(&mut building, plan, storey, &outlines[i], node);
        if plan.roof {
            add_roof(&mut building, plan, &outlines, i, node);
        }
        for what in equipment.remove(storey.id.as_str()).unwrap_or_default() {
            add_equipment(&mut building, what, storey, node);
        }
    }
    add_ground(&mut building, plan, &outlines);
    building
}

fn add_storey(building: &mut Building, plan: &Plan, storey: &PlanStorey, outline: &Outline, node: usize) {
    let floor = storey.elevation_m;
    let clear = storey.clear_height_m();
    let holes = Holes::new(storey, outline, &plan.walls);
    let ways: Vec<_> = ways_through(&holes).collect();
    let mut furniture_batch = Batch::default();
    for shape in &outline.rooms {
        let room = &storey.rooms[shape.index];
        let (points, triangles) = triangulate(&shape.inner, &[]);
        let mut batch = Batch::default();
        batch.flat(FLOOR, &points, &triangles, floor + FLOOR_LIFT_M, true);
        building.nodes.push(Node {
            name: room.id.clone(),
            parent: Some(node),
            role: Role::Room,
            storey: Some(node),
            extras: extras(json!({
                "role": "room",
                "id": room.id,
                "name": room.name,
                "kind": room.kind.as_str(),
                "area_m2": rounded(room.area_m2()),
                "height_m": rounded(clear),
            })),
            parts: batch.into_parts(),
        });
        if room.furniture && shape.inner.len() >= 3 {
            let height = floor + FLOOR_LIFT_M;
            furniture::furnish(&mut furniture_batch, room.kind, &shape.inner, height, &ways);
        }
    }

    let [mut walls, mut glass, mut doors, mut slab, mut stairs] = std::array::from_fn(|_| Batch::default());
    wall::walls(&mut walls, outline, &holes, floor, floor + clear);
    fill(&holes, floor, &mut walls, &mut glass, &mut doors);
    if storey.slab_m > 1e-3 {
        shell::slab(&mut slab, outline, floor - storey.slab_m, floor);
    }
    for stair in &storey.stairs {
        shell::stair(&mut stairs, storey, stair);
    }
    for (role, batch) in [
        (Role::Slab, slab),
        (Role::Wall, walls),
        (Role::Glass, glass),
        (Role::Door, doors),
        (Role::Stair, stairs),
        (Role::Furniture, furniture_batch),
    ] {
        let word = role.as_str();
        let name = format!("{} {word}", storey.id);
        let about = json!({"role": word, "storey": storey.id});
        push(building, name, node, role, about, batch.into_parts());
    }
}

/// Adds a roof to a storey without a storey above, or with a smaller one.
fn add_roof(building: &mut Building, plan: &Plan, outlines: &[Outline], i: usize, node: usize) {
    let storey = &plan.storeys[i];
    let top = storey.elevation_m + storey.height_m;
    let above = plan.storeys.iter().position(|s| (s.elevation_m - top).abs() < 0.25).map(|k| &outlines[k]);
    if let Some(above) = above
        && shell::covered_m2(above) > 0.98 * shell::covered_m2(&outlines[i])
    {
        return;
    }
    // Below a smaller storey the roof is slightly lower than that storey's slab.
    let top = if above.is_some() { top - 0.02 } else { top };
    let mut batch = Batch::default();
    shell::roof(
        &mut batch,
        &outlines[i],
        above,
        storey.elevation_m + storey.clear_height_m(),
        top,
        plan.walls.exterior_m,
    );
    let about = json!({"role": "roof", "storey": storey.id});
    let name = format!("{} roof", storey.id);
    push(building, name, node, Role::Roof, about, batch.into_parts());
}

fn add_equipment(building: &mut Building, what: &PlanEquipment, storey: &PlanStorey, node: usize) {
    let mut batch = Batch::default();
    equipment::equipment(&mut batch, what, storey.elevation_m);
    let role = match what.kind {
        EquipmentKind::Duct => Role::Duct,
        _ => Role::Equipment,
    };
    let about = json!({
        "role": role.as_str(),
        "id": what.id,
        "kind": what.kind.as_str(),
        "storey": what.storey,
    });
    push(building, what.id.clone(), node, role, about, batch.into_parts());
}

fn add_ground(building: &mut Building, plan: &Plan, outlines: &[Outline]) {
    let corners = outlines.iter().flat_map(|o| &o.rooms).flat_map(|room| &room.inner);
    let extent: Rect = bounds(corners);
    let lowest = plan.storeys.iter().map(|s| s.elevation_m).filter(|e| e.is_finite()).fold(f64::INFINITY, f64::min);
    if !(extent.iter().all(|v| v.is_finite()) && lowest.is_finite()) {
        return;
    }
    let middle = [(extent[0] + extent[2]) * 0.5, (extent[1] + extent[3]) * 0.5];
    let radius = 3.0 * (extent[2] - extent[0]).hypot(extent[3] - extent[1]) * 0.5;
    let mut batch = Batch::default();
    shell::ground(&mut batch, middle, radius, lowest - GROUND_DROP_M);
    building.nodes.push(Node {
        name: "Ground".to_owned(),
        parent: Some(0),
        role: Role::Ground,
        storey: None,
        extras: extras(json!({"role": "ground"})),
        parts: batch.into_parts(),
    });
}

/// Adds a node of a storey, unless it has no geometry.
fn push(building: &mut Building, name: String, storey: usize, role: Role, about: Value, parts: Vec<Part>) {
    if !parts.is_empty() {
        building.nodes.push(Node {
            name,
            parent: Some(storey),
            role,
            storey: Some(storey),
            extras: extras(about),
            parts,
        });
    }
}

fn extras(about: Value) -> Map<String, Value> {
    let mut map = Map::new();
    map.insert("cupola".to_owned(), about);
    map
}

/// Rounds to a tenth of a millimetre, so that files do not contain rounding errors.
fn rounded(v: f64) -> f64 {
    (v * 1e4).round() / 1e4
}

#[cfg(test)]
mod tests;
