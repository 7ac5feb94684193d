//! Generated plan for a building of which only the rooms are known.

use crate::plan::{OpeningKind, Plan, PlanOpening, PlanRoom, PlanStorey, RoomKind, Walls};

/// Storey of which only the rooms are known.
#[derive(Clone, Debug, PartialEq)]
pub struct AutoStorey {
    /// Id.
    pub id: String,
    /// Name for display.
    pub name: String,
    /// Rooms, in the order of the layout.
    pub rooms: Vec<AutoRoom>,
}

/// Room of which only the size is known.
#[derive(Clone, Debug, PartialEq)]
pub struct AutoRoom {
    /// Id.
    pub id: String,
    /// Name for display. Words such as "kitchen" determine the furniture.
    pub name: String,
    /// Floor area, in m². A value that is not positive counts as 20.
    pub area_m2: f64,
    /// Clear height, in m. A value that is not positive counts as 3.
    pub height_m: f64,
}

const CORRIDOR_M: f64 = 2.2;
const SLAB_M: f64 = 0.3;
/// Least width of a room with a door.
const NARROWEST_M: f64 = 1.6;

/// Common dimensions of the storeys of a building, in m.
struct Block {
    /// Depth of a row of rooms, in m.
    depth: f64,
    /// Length of a row of rooms, in m.
    long: f64,
    /// Number of pairs of rows. Each pair has a corridor between its rows.
    pairs: usize,
}

/// Returns a plan for rooms without one: rows of rooms on both sides of corridors, and a common footprint for
/// stacked storeys. The result is deterministic. Areas are kept as far as the footprint allows.
///
/// Corridors are separate rooms with the ids `{storey id}/corridor`, `{storey id}/corridor-2` and, if there
/// are several, `{storey id}/spine`.
pub fn auto_plan(storeys: &[AutoStorey]) -> Plan {
    let mut plan = Plan { name: "Building".to_owned(), walls: Walls::default(), roof: true, ..Plan::default() };
    let largest = storeys.iter().max_by(|a, b| total_m2(a).total_cmp(&total_m2(b)));
    let Some(common) = largest.map(block) else {
        return plan;
    };
    let mut elevation = 0.0;
    for (level, storey) in storeys.iter().enumerate() {
        // A much smaller storey is a set-back with its own footprint, because the common footprint would
        // falsify its areas.
        let capacity = 2.0 * common.pairs as f64 * common.depth * common.long;
        let fills = total_m2(storey) >= 0.6 * capacity && storey.rooms.len() >= 2 * common.pairs;
        let alike = if common.pairs == 0 { storey.rooms.len() <= 1 } else { fills };
        let own = (!alike && !storey.rooms.is_empty()).then(|| block(storey));
        let clear = storey
            .rooms
            .iter()
            .map(|r| if r.height_m > 0.5 && r.height_m < 50.0 { r.height_m } else { 3.0 })
            .fold(2.4, f64::max);
        let mut out = PlanStorey {
            id: storey.id.clone(),
            name: storey.name.clone(),
            elevation_m: elevation,
            height_m: clear + SLAB_M,
            slab_m: SLAB_M,
            rooms: Vec::new(),
            openings: Vec::new(),
            stairs: Vec::new(),
        };
        lay_out(&mut out, storey, own.as_ref().unwrap_or(&common), level == 0);
        elevation += out.height_m;
        plan.storeys.push(out);
    }
    plan
}

fn area(room: &AutoRoom) -> f64 {
    if room.area_m2 > 0.0 && room.area_m2 < 1e6 { room.area_m2.max(2.0) } else { 20.0 }
}

fn total_m2(storey: &AutoStorey) -> f64 {
    storey.rooms.iter().map(area).sum()
}

/// Returns rows with the depth of an ordinary room, and enough rows for a compact building.
fn block(storey: &AutoStorey) -> Block {
    let total = total_m2(storey).max(4.0);
    let count = storey.rooms.len().max(1);
    if count == 1 {
        let depth = (total / 1.3).sqrt();
        return Block { depth, long: total / depth, pairs: 0 };
    }
    let mut pairs = 1;
    loop {
        let rows = 2.0 * pairs as f64;
        let depth = (total / count as f64 * 1.25).sqrt().clamp(3.6, 8.0);
        let long = (total / (rows * depth)).max(NARROWEST_M);
        let across = pairs as f64 * (2.0 * depth + CORRIDOR_M);
        if long <= 3.2 * across || count < 4 * (pairs + 1) {
            return Block { depth, long, pairs };
        }
        pairs += 1;
    }
}

fn lay_out(out: &mut PlanStorey, storey: &AutoStorey, block: &Block, entrance: bool) {
    let rooms: Vec<&AutoRoom> = storey.rooms.iter().collect();
    let (depth, long) = (block.depth, block.long);
    if block.pairs == 0 || rooms.len() < 2 {
        if let Some(room) = rooms.first() {
            push_room(out, room, [0.0, 0.0, long, depth]);
            door(out, (long * 0.3, 0.0));
            window(out, (long * 0.68, 0.0), (long * 0.4).max(0.6));
            window(out, (long * 0.5, depth), (long - 0.9).max(0.6));
        }
        return;
    }
    let spine = if block.pairs > 1 { CORRIDOR_M } else { 0.0 };
    let rows = rows_of(&rooms, 2 * block.pairs);
    let pitch = 2.0 * depth + CORRIDOR_M;
    for (r, row) in rows.iter().enumerate() {
        let pair = r / 2;
        let upper = r % 2 == 1;
        let base = pair as f64 * pitch + if upper { depth + CORRIDOR_M } else { 0.0 };
        let (corridor, outside) = if upper { (base, base + depth) } else { (base + depth, base) };
        let last = 2 * block.pairs - 1;
        let mut x = spine;
        for (room, width) in row.iter().zip(widths(row, long)) {
            push_room(out, room, [x, base, x + width, base + depth]);
            door(out, (x + (width * 0.5).min(1.1).max(width * 0.25), corridor));
            if r == 0 || r == last {
                window(out, (x + width * 0.5, outside), (width - 0.9).max(0.6));
            }
            x += width;
        }
    }
    for pair in 0..block.pairs {
        let y = pair as f64 * pitch + depth;
        let id = match pair {
            0 => format!("{}/corridor", storey.id),
            _ => format!("{}/corridor-{}", storey.id, pair + 1),
        };
        way(out, id, "Corridor", [spine, y, spine + long, y + CORRIDOR_M]);
        let middle = y + CORRIDOR_M * 0.5;
        window(out, (spine + long, middle), 1.4);
        if spine > 0.0 {
            gap(out, (spine, middle), CORRIDOR_M - 0.4);
        } else if entrance {
            door(out, (0.0, middle));
        } else {
            window(out, (0.0, middle), 1.4);
        }
    }
    if spine > 0.0 {
        let across = block.pairs as f64 * pitch;
        let id = format!("{}/spine", storey.id);
        way(out, id, "Spine corridor", [0.0, 0.0, spine, across]);
        if entrance {
            door(out, (spine * 0.5, 0.0));
        }
        for pair in 0..block.pairs {
            window(out, (0.0, pair as f64 * pitch + depth * 0.5), (depth - 0.9).max(0.6));
            window(out, (0.0, pair as f64 * pitch + depth * 1.5 + CORRIDOR_M), (depth - 0.9).max(0.6));
        }
    }
}

/// Distributes rooms, in order, to rows of similar area. No row is empty if there are enough rooms.
fn rows_of<'a>(rooms: &[&'a AutoRoom], count: usize) -> Vec<Vec<&'a AutoRoom>> {
    let total: f64 = rooms.iter().map(|r| area(r)).sum();
    let mut rows: Vec<Vec<&AutoRoom>> = vec![Vec::new(); count];
    let (mut row, mut done) = (0, 0.0);
    for (i, &room) in rooms.iter().enumerate() {
        let middle = done + area(room) * 0.5;
        let full = middle > total * (row + 1) as f64 / count as f64;
        let needed = rooms.len() - i < count - row;
        if row + 1 < count && !rows[row].is_empty() && (full || needed) {
            row += 1;
        }
        // One room is reserved for each later row.
        if rooms.len() - i == count - row && !rows[row].is_empty() && row + 1 < count {
            row += 1;
        }
        rows[row].push(room);
        done += area(room);
    }
    rows
}

/// Returns widths that fill a row, in proportion to the areas, with at least the width for a door.
fn widths(row: &[&AutoRoom], long: f64) -> Vec<f64> {
    let narrowest = NARROWEST_M.min(long / row.len().max(1) as f64);
    let total: f64 = row.iter().map(|r| area(r)).sum();
    let spare = long - narrowest * row.len() as f64;
    let over: Vec<f64> = row.iter().map(|r| (area(r) / total * long - narrowest).max(0.0)).collect();
    let sum: f64 = over.iter().sum();
    over.iter().map(|o| narrowest + if sum > 0.0 { spare * o / sum } else { spare / row.len() as f64 }).collect()
}

/// Rounds to the millimetre, as plans are, so that common corners stay common.
fn mm(v: f64) -> f64 {
    (v * 1000.0).round() / 1000.0
}

fn corners([x0, y0, x1, y1]: [f64; 4]) -> Vec<(f64, f64)> {
    let [x0, y0, x1, y1] = [x0, y0, x1, y1].map(mm);
    vec![(x0, y0), (x1, y0), (x1, y1), (x0, y1)]
}

fn push_room(out: &mut PlanStorey, room: &AutoRoom, rect: [f64; 4]) {
    out.rooms.push(PlanRoom {
        id: room.id.clone(),
        name: room.name.clone(),
        kind: kind_of(&room.name, area(room)),
        polygon: corners(rect),
        furniture: true,
    });
}

fn way(out: &mut PlanStorey, id: String, name: &str, rect: [f64; 4]) {
    out.rooms.push(PlanRoom {
        id,
        name: name.to_owned(),
        kind: RoomKind::Corridor,
        polygon: corners(rect),
        furniture: false,
    });
}

fn opening(out: &mut PlanStorey, kind: OpeningKind, at: (f64, f64), width_m: f64, sill_m: f64) {
    let head_m = if kind == OpeningKind::Window { 2.4 } else { 2.1 };
    out.openings.push(PlanOpening {
        kind,
        at: (mm(at.0), mm(at.1)),
        width_m: mm(width_m),
        sill_m,
        head_m: f64::min(head_m, out.height_m - out.slab_m - 0.15),
    });
}

fn door(out: &mut PlanStorey, at: (f64, f64)) {
    opening(out, OpeningKind::Door, at, 0.9, 0.0);
}

fn window(out: &mut PlanStorey, at: (f64, f64), width_m: f64) {
    opening(out, OpeningKind::Window, at, width_m, 0.85);
}

fn gap(out: &mut PlanStorey, at: (f64, f64), width_m: f64) {
    opening(out, OpeningKind::Gap, at, width_m, 0.0);
}

/// Infers the kind of a room from the words of its name.
fn kind_of(name: &str, area_m2: f64) -> RoomKind {
    let name = name.to_lowercase();
    let words: [(&[&str], RoomKind); 13] = [
        (&["meeting", "conference", "board"], RoomKind::Meeting),
        (&["kitchen", "pantry", "canteen", "break"], RoomKind::Kitchen),
        (&["toilet", "wc", "restroom", "bath", "wash"], RoomKind::Toilet),
        (&["stair"], RoomKind::Stair),
        (&["corridor", "hallway", "passage"], RoomKind::Corridor),
        (&["core", "lift", "elevator", "shaft"], RoomKind::Core),
        (&["ward"], RoomKind::Ward),
        (&["patient"], RoomKind::Patient),
        (&["nurse"], RoomKind::Nurse),
        (&["plant", "mechanical", "server", "electrical"], RoomKind::Plant),
        (&["stor", "archive", "utility"], RoomKind::Store),
        (&["lobby", "reception", "foyer", "entrance"], RoomKind::Lobby),
        (&["open", "workshop", "studio"], RoomKind::Open),
    ];
    words
        .into_iter()
        .find(|(words, _)| words.iter().any(|w| name.contains(w)))
        .map_or(if area_m2 > 60.0 { RoomKind::Open } else { RoomKind::Office }, |(_, kind)| kind)
}
