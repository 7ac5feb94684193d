//! Solid walls: faces with holes, reveals around the holes, and tops.

use super::batch::{Batch, P3};
use super::opening::{Cut, Holes};
use super::outline::{Outline, Piece};
use super::palette::{WALL, WALL_CUT};
use crate::geometry::{P, add, contains, direction, dot, left, length, scale, sub, triangulate};

/// Adds every wall of a storey from height `floor` to height `top`, in m.
pub(super) fn walls(batch: &mut Batch, outline: &Outline, holes: &Holes, floor: f64, top: f64) {
    let inner = outline.rooms.iter().flat_map(|room| &room.pieces);
    for piece in inner.chain(&outline.outer) {
        wall(batch, piece, &holes.cuts(piece), floor, top);
    }
    if outline.closed {
        // One polygon for all tops makes the plan cut solid, without inner lines.
        for (ring, courtyards) in &outline.regions {
            let mut openings = courtyards.clone();
            openings.extend(
                outline
                    .rooms
                    .iter()
                    .filter(|r| r.inner.len() >= 3 && contains(ring, r.inner[0]))
                    .map(|r| r.inner.iter().rev().copied().collect::<Vec<P>>()),
            );
            let (points, triangles) = triangulate(ring, &openings);
            batch.flat(WALL_CUT, &points, &triangles, top, true);
        }
    } else {
        let inner = outline.rooms.iter().flat_map(|room| &room.pieces);
        for piece in inner.chain(&outline.outer) {
            let [a, b] = piece.line;
            let [c, d] = piece.face;
            let at = |p: P| [p[0], p[1], top];
            batch.quad(WALL_CUT, [at(a), at(b), at(d), at(c)], [0.0, 0.0, 1.0]);
        }
    }
}

/// Adds one half of a wall: its visible face, and the reveals of its openings.
fn wall(batch: &mut Batch, piece: &Piece, cuts: &[Cut], floor: f64, top: f64) {
    let [a, b] = piece.line;
    let u = direction(a, b);
    let depth = dot(sub(piece.face[0], a), left(u));
    let ends = piece.face.map(|p| dot(sub(p, a), u));
    let out = scale(left(u), depth.signum());
    let toward: P3 = [out[0], out[1], 0.0];
    let height = top - floor;

    // The face is a polygon in coordinates (along, up). Doors are notches in its lower edge, windows are
    // holes. A face made of rectangles would show edge lines at the joints.
    let mut ring: Vec<P> = vec![[ends[0], 0.0]];
    let mut windows: Vec<Vec<P>> = Vec::new();
    for cut in cuts {
        let (from, to, sill, head) = (cut.from, cut.to, cut.sill, cut.head);
        if sill < 0.005 {
            ring.extend([[from, 0.0], [from, head], [to, head], [to, 0.0]]);
        } else {
            windows.push(vec![[from, sill], [from, head], [to, head], [to, sill]]);
        }
    }
    ring.extend([[ends[1], 0.0], [ends[1], height], [ends[0], height]]);
    ring.dedup_by(|p, q| length(sub(*p, *q)) < 1e-6);
    let on_face = |s: f64, z: f64| {
        let p = add(a, add(scale(u, s), scale(left(u), depth)));
        [p[0], p[1], floor + z]
    };
    let on_line = |s: f64, z: f64| {
        let p = add(a, scale(u, s));
        [p[0], p[1], floor + z]
    };
    let (points, triangles) = triangulate(&ring, &windows);
    let points: Vec<P3> = points.iter().map(|p| on_face(p[0], p[1])).collect();
    batch.face(WALL, &points, &triangles, toward);

    for cut in cuts {
        let (from, to, sill, head) = (cut.from, cut.to, cut.sill.max(0.0), cut.head);
        let mut reveal = |s: [f64; 2], z: [f64; 2], toward: P3| {
            let corners = if s[0] == s[1] {
                [on_line(s[0], z[0]), on_line(s[0], z[1]), on_face(s[0], z[1]), on_face(s[0], z[0])]
            } else {
                [on_line(s[0], z[0]), on_line(s[1], z[0]), on_face(s[1], z[0]), on_face(s[0], z[0])]
            };
            batch.quad(WALL, corners, toward);
        };
        if cut.jambs[0] {
            reveal([from, from], [sill, head], [u[0], u[1], 0.0]);
        }
        if cut.jambs[1] {
            reveal([to, to], [sill, head], [-u[0], -u[1], 0.0]);
        }
        reveal([from, to], [head, head], [0.0, 0.0, -1.0]);
        if sill >= 0.005 {
            reveal([from, to], [sill, sill], [0.0, 0.0, 1.0]);
        }
    }

    for (k, (line, sense)) in [(a, -1.0), (b, 1.0)].into_iter().enumerate() {
        if piece.open_ends[k] {
            let face = piece.face[k];
            let at = |p: P, z: f64| [p[0], p[1], z];
            batch.quad(
                WALL,
                [at(line, floor), at(face, floor), at(face, top), at(line, top)],
                [u[0] * sense, u[1] * sense, 0.0],
            );
        }
    }
}
