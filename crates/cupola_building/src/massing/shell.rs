//! Slabs, roofs, stairs and ground.

use super::batch::{Batch, Frame};
use super::outline::Outline;
use super::palette::{GROUND, ROOF, SLAB, STEP, WALL, WALL_CUT};
use crate::geometry::{P, add, distance_to_segment, edges, left, scale, signed_area, triangulate};
use crate::plan::{Compass, PlanStair, PlanStorey};

/// Height of the parapet of a flat roof, in m.
const PARAPET_M: f64 = 0.5;

/// Adds a slab over the whole outline, between two heights.
pub(super) fn slab(batch: &mut Batch, outline: &Outline, bottom: f64, top: f64) {
    plate(batch, outline, bottom, top, SLAB);
}

fn plate(batch: &mut Batch, outline: &Outline, bottom: f64, top: f64, surface: [f32; 4]) {
    for (ring, holes) in plates(outline) {
        let (points, triangles) = triangulate(&ring, &holes);
        batch.flat(surface, &points, &triangles, top, true);
        batch.flat(SLAB, &points, &triangles, bottom, false);
        for (a, b) in edges(&ring).chain(holes.iter().flat_map(|h| edges(h))) {
            let side = left([b[0] - a[0], b[1] - a[1]]);
            let at = |p: P, z: f64| [p[0], p[1], z];
            batch.quad(SLAB, [at(a, bottom), at(b, bottom), at(b, top), at(a, top)], [-side[0], -side[1], 0.0]);
        }
    }
}

/// Returns the outline, or the outlines of the rooms if it is not closed.
fn plates(outline: &Outline) -> Vec<(Vec<P>, Vec<Vec<P>>)> {
    if outline.closed {
        return outline.regions.clone();
    }
    outline
        .rooms
        .iter()
        .map(|room| {
            let ring = room.pieces.iter().map(|p| p.line[0]).collect();
            (ring, Vec::new())
        })
        .collect()
}

/// Returns the area inside the exterior faces, in m².
pub(super) fn covered_m2(outline: &Outline) -> f64 {
    plates(outline)
        .iter()
        .map(|(ring, holes)| signed_area(ring).abs() - holes.iter().map(|h| signed_area(h).abs()).sum::<f64>())
        .sum()
}

/// Adds a flat roof with a parapet. The parapet is left out along a wall of the storey above.
pub(super) fn roof(
    batch: &mut Batch,
    outline: &Outline,
    above: Option<&Outline>,
    bottom: f64,
    top: f64,
    thickness: f64,
) {
    plate(batch, outline, bottom, top, ROOF);
    let (high, thick) = (top + PARAPET_M, thickness.clamp(0.1, 0.3));
    let against_wall = |p: P| {
        above.is_some_and(|above| {
            plates(above)
                .iter()
                .flat_map(|(ring, _)| edges(ring).collect::<Vec<_>>())
                .any(|(a, b)| distance_to_segment(p, a, b) < 0.3)
        })
    };
    for (ring, holes) in plates(outline) {
        for loop_ in std::iter::once(&ring).chain(&holes) {
            let inside = super::outline::ring_inside(loop_, thick);
            for ((a, b), face) in edges(loop_).zip(inside) {
                if against_wall(scale(add(a, b), 0.5)) {
                    continue;
                }
                let side = left([b[0] - a[0], b[1] - a[1]]);
                let at = |p: P, z: f64| [p[0], p[1], z];
                let [c, d] = face;
                let outer = [at(a, top), at(b, top), at(b, high), at(a, high)];
                batch.quad(WALL, outer, [-side[0], -side[1], 0.0]);
                let inner = [at(c, top), at(d, top), at(d, high), at(c, high)];
                batch.quad(WALL, inner, [side[0], side[1], 0.0]);
                let cap = [at(a, high), at(b, high), at(d, high), at(c, high)];
                batch.quad(WALL_CUT, cap, [0.0, 0.0, 1.0]);
            }
        }
    }
}

/// Adds a stair of stepped boxes from the floor to just below the next slab. A wide stair turns at a landing.
pub(super) fn stair(batch: &mut Batch, storey: &PlanStorey, stair: &PlanStair) {
    let (axis, long, wide) = match stair.direction {
        Compass::East => ([1.0, 0.0], stair.size.0, stair.size.1),
        Compass::West => ([-1.0, 0.0], stair.size.0, stair.size.1),
        Compass::North => ([0.0, 1.0], stair.size.1, stair.size.0),
        Compass::South => ([0.0, -1.0], stair.size.1, stair.size.0),
    };
    let fits = |v: f64| (0.3..=100.0).contains(&v);
    if !(fits(long) && fits(wide) && storey.height_m > 0.5 && storey.height_m < 200.0) {
        return;
    }
    let at = [stair.at.0, stair.at.1];
    let frame = Frame::new(at, storey.elevation_m, axis);
    let ceiling = storey.clear_height_m() - 0.02;
    let steps = ((storey.height_m / 0.175).round() as usize).max(2);
    let rise = storey.height_m / steps as f64;
    let mut flight = |from: f64, to: f64, v: [f64; 2], first: usize, count: usize| {
        let going = (to - from) / count as f64;
        for k in 0..count {
            let tread = rise * (first + k + 1) as f64;
            if tread > ceiling {
                break;
            }
            let (u0, u1) = (from + going * k as f64, from + going * (k + 1) as f64);
            let under = (tread - 2.2 * rise).max(0.0);
            batch.cuboid(STEP, &frame, [u0.min(u1), v[0], under], [u0.max(u1), v[1], tread]);
        }
    };
    let (end, edge) = (long * 0.5, wide * 0.5);
    if wide < 2.0 || long < 2.4 {
        flight(-end, end, [-edge, edge], 0, steps);
        return;
    }
    let landing = (wide * 0.5).min(long * 0.35);
    let half = steps / 2;
    flight(-end, end - landing, [-edge, -0.04], 0, half - 1);
    flight(end - landing, -end, [0.04, edge], half, steps - half);
    let height = rise * half as f64;
    if height < ceiling {
        let low = [end - landing, -edge, height - 0.2];
        batch.cuboid(STEP, &frame, low, [end, edge, height]);
    }
}

/// Adds a disc around the building.
pub(super) fn ground(batch: &mut Batch, middle: P, radius: f64, height: f64) {
    let sides = 96;
    let ring: Vec<P> = (0..sides)
        .map(|k| {
            let angle = f64::from(k) / f64::from(sides) * std::f64::consts::TAU;
            let (s, c) = angle.sin_cos();
            add(middle, [radius * c, radius * s])
        })
        .collect();
    let mut points = vec![middle];
    points.extend(ring);
    let count = sides as u32;
    let fan: Vec<[u32; 3]> = (0..count).map(|k| [0, 1 + k, 1 + (k + 1) % count]).collect();
    batch.flat(GROUND, &points, &fan, height, true);
}
