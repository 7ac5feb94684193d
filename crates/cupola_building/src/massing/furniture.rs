//! Furniture of a room, by the kind of room.

use super::batch::Batch;
use super::item;
use super::layout::{Layout, Side};
use crate::geometry::P;
use crate::plan::RoomKind;

/// Maximum number of benches in a room, which limits the number of triangles of a hall.
const MAX_PIECES: usize = 200;

/// Furnishes a room. `inner` is the floor polygon between the walls and `floor` its height, both in m. `ways`
/// holds the midpoint and the width of each door and gap, in m.
pub(super) fn furnish(batch: &mut Batch, kind: RoomKind, inner: &[P], floor: f64, ways: &[(P, f64)]) {
    let Some(mut room) = Layout::new(inner, floor, ways) else {
        return;
    };
    let room = &mut room;
    match kind {
        RoomKind::Office => office(batch, room),
        RoomKind::Meeting => meeting(batch, room),
        RoomKind::Open => open(batch, room),
        RoomKind::Kitchen => kitchen(batch, room),
        RoomKind::Toilet => toilet(batch, room),
        RoomKind::Patient => beds(batch, room, 4),
        RoomKind::Ward => beds(batch, room, 24),
        RoomKind::Nurse => nurse(batch, room),
        RoomKind::Store => store(batch, room),
        RoomKind::Lobby => lobby(batch, room),
        RoomKind::Corridor | RoomKind::Core | RoomKind::Plant | RoomKind::Stair | RoomKind::Other => {}
    }
}

fn office(b: &mut Batch, room: &mut Layout) {
    let [wide, deep] = room.size();
    let wanted = ((wide * deep / 9.0).floor() as usize).clamp(1, 12);
    let sides = room.sides();
    let mut placed = 0;
    for side in [sides[0], sides[1]] {
        let run = run_of(room, side);
        let fits = ((run / 1.9).floor() as usize).min(wanted - placed);
        for k in 0..fits {
            let along = spread(k, fits);
            if let Some(f) = room.against(side, along, 1.6, 1.7) {
                item::desk(b, &f);
                placed += 1;
            }
        }
        if placed >= wanted {
            break;
        }
    }
    for side in [sides[2], sides[3], sides[1]] {
        if let Some(f) = room.against(side, 0.5, 1.2, 0.42) {
            item::cabinet(b, &f, 1.2);
            break;
        }
    }
    corner_plant(b, room);
}

fn meeting(b: &mut Batch, room: &mut Layout) {
    let [wide, deep] = room.size();
    let across = 1.1_f64.min(deep - 2.0);
    // Seats are on both long sides. The depth of a chair stays free around the table.
    let seats = (((wide - 1.6) / 0.75).floor() as usize).min(12);
    if across < 0.6 || seats == 0 {
        return office(b, room);
    }
    let long = seats as f64 * 0.75;
    let ends = if wide > deep { [Side::Left, Side::Right] } else { [Side::Low, Side::High] };
    for side in ends {
        if let Some(f) = room.against(side, 0.5, 1.5_f64.min(deep - 0.6), 0.1) {
            item::wall_screen(b, &f, 1.5_f64.min(deep - 0.6));
            break;
        }
    }
    let (u, v) = middle(room);
    let (w, d) = (long * 0.5 + 0.05, across * 0.5 + 0.55);
    // Doors can obstruct the centre of the room, so shorter tables are tried.
    for (less, count) in [(0.0, seats), (0.375, seats.saturating_sub(1)), (0.75, seats.saturating_sub(2))] {
        let w = w - less;
        if count == 0 {
            break;
        }
        let Some(f) = room.take([u - w, v - d, u + w, v + d], 0) else {
            continue;
        };
        item::table(b, &f, count as f64 * 0.75, across, 0.735);
        for k in 0..count {
            let at = (k as f64 + 0.5 - count as f64 * 0.5) * 0.75;
            item::chair(b, &f.placed(at, across * 0.5 + 0.22, 0));
            item::chair(b, &f.placed(at, -across * 0.5 - 0.22, 2));
        }
        break;
    }
    corner_plant(b, room);
}

fn open(b: &mut Batch, room: &mut Layout) {
    let r = room.room;
    let (step_u, step_v) = (1.66, 4.5);
    let [wide, deep] = room.size();
    let rows = ((deep - 0.6) / step_v).floor().max(0.0) as usize;
    if rows == 0 {
        return office(b, room);
    }
    let columns = ((wide - 1.6) / step_u).floor().max(0.0) as usize;
    let (left, low) = ((wide - columns as f64 * step_u) * 0.5, (deep - rows as f64 * step_v) * 0.5);
    let mut placed = 0;
    for row in 0..rows {
        for column in 0..columns {
            // Every fifth column stays free as an aisle.
            if column % 5 == 4 || placed >= MAX_PIECES {
                continue;
            }
            let u = r[0] + left + (column as f64 + 0.5) * step_u;
            let v = r[1] + low + (row as f64 + 0.5) * step_v;
            if let Some(f) = room.take([u - 0.81, v - 1.7, u + 0.81, v + 1.7], 0) {
                item::bench(b, &f);
                placed += 1;
            }
        }
    }
    corner_plant(b, room);
    corner_plant(b, room);
}

fn kitchen(b: &mut Batch, room: &mut Layout) {
    for side in room.sides() {
        let wide = (run_of(room, side) - 0.4).min(4.2);
        if wide > 1.2
            && let Some(f) = room.against(side, 0.5, wide, 0.65)
        {
            item::kitchen_run(b, &f, wide);
            break;
        }
    }
    let [wide, deep] = room.size();
    let r = room.room;
    let tables = ((wide / 2.6).floor() as usize).clamp(1, 6);
    let lows = [0.5, 0.38, 0.62].map(|t| r[1] + deep * t);
    for k in 0..tables {
        let u = r[0] + wide * (k as f64 + 0.5) / tables as f64;
        for v in lows {
            let Some(f) = room.take([u - 0.75, v - 0.95, u + 0.75, v + 0.95], 0) else {
                continue;
            };
            item::table(b, &f, 1.3, 0.8, 0.735);
            for at in [-0.33, 0.33] {
                item::chair(b, &f.placed(at, 0.62, 0));
                item::chair(b, &f.placed(at, -0.62, 2));
            }
            break;
        }
    }
}

fn toilet(b: &mut Batch, room: &mut Layout) {
    let sides = room.sides();
    let fits = ((run_of(room, sides[0]) / 1.02).floor() as usize).min(8);
    for k in 0..fits {
        if let Some(f) = room.against(sides[0], spread(k, fits), 1.0, 1.5) {
            item::cubicle(b, &f);
        }
    }
    for side in [sides[1], sides[2], sides[3]] {
        let wide = (run_of(room, side) - 0.6).clamp(0.6, 2.8);
        if let Some(f) = room.against(side, 0.5, wide, 0.5) {
            item::basins(b, &f, wide);
            break;
        }
    }
}

fn beds(b: &mut Batch, room: &mut Layout, most: usize) {
    let sides = room.sides();
    let mut placed = 0;
    for side in [sides[0], sides[1]] {
        let fits = ((run_of(room, side) / 2.3).floor() as usize).min(most - placed);
        for k in 0..fits {
            if let Some(f) = room.against(side, spread(k, fits), 1.9, 2.15) {
                item::bed(b, &f);
                placed += 1;
            }
        }
        // A second row is placed only if there is space to walk between the rows.
        let [wide, deep] = room.size();
        if placed >= most || wide.min(deep) < 6.0 {
            break;
        }
    }
    for side in [sides[1], sides[2], sides[3]] {
        if let Some(f) = room.against(side, 0.85, 0.6, 0.6) {
            item::chair(b, &f);
            break;
        }
    }
}

fn nurse(b: &mut Batch, room: &mut Layout) {
    let [wide, deep] = room.size();
    let (u, v) = middle(room);
    let long = (wide - 1.6).clamp(0.0, 5.0);
    for turn in [0, 2] {
        let half = long * 0.5;
        if long > 1.2
            && deep > 2.0
            && let Some(f) = room.take([u - half, v - 0.8, u + half, v + 0.8], turn)
        {
            item::counter(b, &f.placed(0.0, -0.4, 0), long);
            let chairs = (long / 1.4).floor().max(1.0) as usize;
            for k in 0..chairs {
                let at = -half + long * (k as f64 + 0.5) / chairs as f64;
                item::chair(b, &f.placed(at, 0.45, 0));
            }
            break;
        }
    }
    for side in room.sides() {
        if let Some(f) = room.against(side, 0.5, 1.6, 0.42) {
            item::cabinet(b, &f, 1.6);
            break;
        }
    }
}

fn store(b: &mut Batch, room: &mut Layout) {
    for side in room.sides() {
        let fits = ((run_of(room, side) / 1.25).floor() as usize).min(12);
        for k in 0..fits {
            if let Some(f) = room.against(side, spread(k, fits), 1.2, 0.5) {
                item::rack(b, &f, 1.2);
            }
        }
    }
}

fn lobby(b: &mut Batch, room: &mut Layout) {
    let sides = room.sides();
    let long = (run_of(room, sides[0]) * 0.35).clamp(1.6, 4.0);
    if let Some(f) = room.against(sides[0], 0.5, long, 1.9) {
        item::counter(b, &f.placed(0.0, -0.4, 0), long);
        item::chair(b, &f.placed(0.0, 0.45, 0));
    }
    let (u, v) = middle(room);
    let r = room.room;
    let quarter = (r[2] - r[0]) * 0.28;
    for u in [u - quarter, u + quarter] {
        let Some(f) = room.take([u - 1.0, v - 1.5, u + 1.0, v + 1.5], 0) else {
            continue;
        };
        item::sofa(b, &f.placed(0.0, 1.05, 0));
        item::sofa(b, &f.placed(0.0, -1.05, 2));
        item::table(b, &f, 1.1, 0.6, 0.38);
    }
    for _ in 0..3 {
        corner_plant(b, room);
    }
}

/// Places a plant in the first free corner.
fn corner_plant(b: &mut Batch, room: &mut Layout) {
    for (side, along) in [(Side::High, 0.0), (Side::High, 1.0), (Side::Low, 1.0), (Side::Low, 0.0)] {
        if let Some(f) = room.against(side, along, 0.6, 0.6) {
            item::plant(b, &f);
            return;
        }
    }
}

fn middle(room: &Layout) -> (f64, f64) {
    let r = room.room;
    ((r[0] + r[2]) * 0.5, (r[1] + r[3]) * 0.5)
}

fn run_of(room: &Layout, side: Side) -> f64 {
    let [wide, deep] = room.size();
    match side {
        Side::Low | Side::High => wide,
        Side::Left | Side::Right => deep,
    }
}

/// Returns the position of item `k` of `count` along a side, 0 to 1.
fn spread(k: usize, count: usize) -> f64 {
    if count < 2 { 0.5 } else { k as f64 / (count - 1) as f64 }
}
