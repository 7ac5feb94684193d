//! Wall outlines of a storey: the edges of each room, shared edges, and the exterior outline.

use crate::geometry::{
    Grid, P, Rect, add, bounds, clean, contains, cross, direction, dot, edges, grown, left, length, scale, signed_area,
    sub, without_collinear,
};
use crate::plan::{PlanStorey, Walls};
use std::collections::BTreeMap;

/// Maximum distance between two edges of the same wall, in m.
const SAME_LINE_M: f64 = 0.03;

/// Straight half of a wall, from its centre line to one of its faces.
#[derive(Clone, Copy, Debug)]
pub(super) struct Piece {
    /// Start and end on the centre line.
    pub(super) line: [P; 2],
    /// Start and end of the visible face.
    pub(super) face: [P; 2],
    /// Whether another room is on the other side.
    pub(super) shared: bool,
    /// Whether each end is square and visible, because the adjacent wall is thinner.
    pub(super) open_ends: [bool; 2],
}

/// Shape of a room for the massing.
pub(super) struct RoomShape {
    /// Index in the storey.
    pub(super) index: usize,
    /// Floor between the faces of the walls, counter-clockwise.
    pub(super) inner: Vec<P>,
    /// Wall pieces of the room: its halves of the walls.
    pub(super) pieces: Vec<Piece>,
}

/// Walls of one storey.
pub(super) struct Outline {
    /// Shapes of the rooms that can be built.
    pub(super) rooms: Vec<RoomShape>,
    /// Outer halves of the exterior walls.
    pub(super) outer: Vec<Piece>,
    /// Exterior faces of the building, counter-clockwise, each with its courtyards, clockwise.
    pub(super) regions: Vec<(Vec<P>, Vec<Vec<P>>)>,
    /// Whether every exterior edge is part of a closed loop.
    pub(super) closed: bool,
}

/// Edge of a room, from which wall pieces are made.
struct Edge {
    room: usize,
    a: P,
    b: P,
}

pub(super) fn outline(storey: &PlanStorey, walls: &Walls) -> Outline {
    let polygons: Vec<(usize, Vec<P>)> = storey
        .rooms
        .iter()
        .enumerate()
        .map(|(index, room)| (index, clean(&room.points())))
        .filter(|(_, polygon)| polygon.len() >= 3)
        .collect();
    let all: Vec<Edge> = polygons
        .iter()
        .flat_map(|(room, polygon)| edges(polygon).map(move |(a, b)| Edge { room: *room, a, b }))
        .collect();
    let rects: Vec<Rect> = all.iter().map(|e| bounds([&e.a, &e.b])).collect();
    let grid = Grid::new(&rects);

    let mut rooms = Vec::new();
    let mut exterior: Vec<(P, P)> = Vec::new();
    let mut first = 0;
    for (index, polygon) in polygons {
        let mut runs: Vec<(P, P, bool)> = Vec::new();
        for i in first..first + polygon.len() {
            split(&all[i], &all, &grid.near(grown(rects[i], 0.1)), &mut runs);
        }
        first += polygon.len();
        exterior.extend(runs.iter().filter(|r| !r.2).map(|r| (r.0, r.1)));
        let (inner, pieces) = inset(&runs, walls);
        rooms.push(RoomShape { index, inner, pieces });
    }

    let (loops, loose) = chain(&exterior);
    let half = walls.exterior_m * 0.5;
    let mut outer = Vec::new();
    let mut rings = Vec::new();
    for ring in &loops {
        let runs: Vec<(P, P)> = edges(ring).collect();
        let faces = offset(&runs, &vec![-half; runs.len()]);
        outer.extend(runs.iter().zip(&faces).map(|(run, face)| Piece {
            line: [run.0, run.1],
            face: *face,
            shared: false,
            open_ends: [false; 2],
        }));
        rings.push(faces.iter().map(|f| f[0]).collect::<Vec<P>>());
    }
    outer.extend(loose.iter().map(|&(a, b)| {
        let out = scale(left(direction(a, b)), -half);
        Piece { line: [a, b], face: [add(a, out), add(b, out)], shared: false, open_ends: [true; 2] }
    }));
    Outline { rooms, outer, regions: regions(rings), closed: loose.is_empty() && !loops.is_empty() }
}

/// Divides an edge at the start and end of adjacent rooms. `runs` receives start, end, and whether another
/// room shares the run.
fn split(edge: &Edge, all: &[Edge], near: &[usize], runs: &mut Vec<(P, P, bool)>) {
    let u = direction(edge.a, edge.b);
    let whole = length(sub(edge.b, edge.a));
    let mut shared: Vec<(f64, f64)> = near
        .iter()
        .map(|&i| &all[i])
        .filter(|o| o.room != edge.room)
        .filter_map(|o| {
            let v = direction(o.a, o.b);
            let off = |p: P| cross(u, sub(p, edge.a)).abs();
            if dot(u, v) > -0.99 || off(o.a) > SAME_LINE_M || off(o.b) > SAME_LINE_M {
                return None;
            }
            let along = |p: P| dot(sub(p, edge.a), u).clamp(0.0, whole);
            let (from, to) = (along(o.b), along(o.a));
            (to - from > 0.01).then_some((from, to))
        })
        .collect();
    shared.sort_by(|a, b| a.0.total_cmp(&b.0));
    let at = |s: f64| add(edge.a, scale(u, s));
    let mut done = 0.0;
    let mut push = |from: f64, to: f64, is_shared: bool| {
        let a = if from <= 0.0 { edge.a } else { at(from) };
        let b = if to >= whole { edge.b } else { at(to) };
        match runs.last_mut() {
            // Adjacent shared parts along one line form one run, so that no joint is drawn between them.
            Some(last) if from > 0.0 && last.2 == is_shared => last.1 = b,
            _ => runs.push((a, b, is_shared)),
        }
    };
    for (from, to) in shared {
        if to <= done + 0.01 {
            continue;
        }
        let from = if from - done > 0.02 {
            push(done, from, false);
            from
        } else {
            done
        };
        let to = if whole - to < 0.02 { whole } else { to };
        push(from, to, true);
        done = to;
    }
    if done < whole {
        push(done, whole, false);
    }
}

/// Computes the inner faces of a room's walls.
fn inset(runs: &[(P, P, bool)], walls: &Walls) -> (Vec<P>, Vec<Piece>) {
    let lines: Vec<(P, P)> = runs.iter().map(|r| (r.0, r.1)).collect();
    let depth = |r: &(P, P, bool)| 0.5 * if r.2 { walls.interior_m } else { walls.exterior_m };
    // A room that is too narrow for its walls gets thinner walls, because its floor would otherwise be
    // inverted.
    for thinner in [1.0, 0.5, 0.25, 0.0] {
        let depths: Vec<f64> = runs.iter().map(|r| depth(r) * thinner).collect();
        let faces = offset(&lines, &depths);
        let good = lines.iter().zip(&faces).all(|(l, f)| dot(sub(f[1], f[0]), direction(l.0, l.1)) > -1e-6);
        let mut inner: Vec<P> = Vec::new();
        for p in faces.iter().flatten() {
            if inner.last().is_none_or(|q| length(sub(*p, *q)) > 1e-4) {
                inner.push(*p);
            }
        }
        while inner.len() > 1 && length(sub(inner[0], inner[inner.len() - 1])) <= 1e-4 {
            inner.pop();
        }
        if thinner > 0.0 && (!good || signed_area(&inner) < 0.01) {
            continue;
        }
        let n = runs.len();
        let pieces = (0..n)
            .map(|i| {
                let thicker = |other: usize, p: P, q: P| length(sub(p, q)) > 1e-3 && depths[i] > depths[other];
                let (before, after) = ((i + n - 1) % n, (i + 1) % n);
                Piece {
                    line: [lines[i].0, lines[i].1],
                    face: faces[i],
                    shared: runs[i].2,
                    open_ends: [
                        thicker(before, faces[before][1], faces[i][0]),
                        thicker(after, faces[after][0], faces[i][1]),
                    ],
                }
            })
            .collect();
        return (inner, pieces);
    }
    (Vec::new(), Vec::new())
}

/// Returns the faces of a closed ring of lines, each moved to its left by its depth, mitred at the corners.
fn offset(lines: &[(P, P)], depths: &[f64]) -> Vec<[P; 2]> {
    let n = lines.len();
    let mut faces = vec![[[0.0; 2]; 2]; n];
    for i in 0..n {
        let j = (i + 1) % n;
        let corner = lines[i].1;
        let (u, v) = (direction(lines[i].0, lines[i].1), direction(lines[j].0, lines[j].1));
        let turn = cross(u, v);
        if turn.abs() < 0.02 {
            faces[i][1] = add(corner, scale(left(u), depths[i]));
            faces[j][0] = add(corner, scale(left(v), depths[j]));
        } else {
            let along = (depths[i] * dot(u, v) - depths[j]) / turn;
            let mut to = add(scale(u, along), scale(left(u), depths[i]));
            // The limit keeps the mitre of a very acute corner short.
            let longest = 4.0 * depths[i].abs().max(depths[j].abs());
            if length(to) > longest {
                to = scale(to, longest / length(to));
            }
            faces[i][1] = add(corner, to);
            faces[j][0] = faces[i][1];
        }
    }
    faces
}

/// Returns the line `by` metres to the left of each edge of a ring, mitred at the corners.
pub(super) fn ring_inside(ring: &[P], by: f64) -> Vec<[P; 2]> {
    let lines: Vec<(P, P)> = edges(ring).collect();
    offset(&lines, &vec![by; lines.len()])
}

/// Joins exterior edges into closed loops. Edges that do not close are returned unchanged.
fn chain(segments: &[(P, P)]) -> (Vec<Vec<P>>, Vec<(P, P)>) {
    let key = |p: P| p.map(|v| (v / 0.05).floor() as i64);
    let mut starts: BTreeMap<[i64; 2], Vec<usize>> = BTreeMap::new();
    for (i, s) in segments.iter().enumerate() {
        starts.entry(key(s.0)).or_default().push(i);
    }
    let mut used = vec![false; segments.len()];
    let (mut loops, mut loose) = (Vec::new(), Vec::new());
    for first in 0..segments.len() {
        if used[first] {
            continue;
        }
        used[first] = true;
        let mut run = vec![first];
        let closed = loop {
            let (from, end) = segments[run[run.len() - 1]];
            let u = direction(from, end);
            let [x, y] = key(end);
            let near = (x - 1..=x + 1)
                .flat_map(|i| (y - 1..=y + 1).map(move |j| [i, j]))
                .filter_map(|cell| starts.get(&cell))
                .flatten()
                .copied()
                .filter(|&i| length(sub(segments[i].0, end)) < 0.04)
                .filter(|&i| !used[i] || (i == first && run.len() > 2));
            // If two parts of a building touch at a corner, the sharpest left turn stays with the current
            // part.
            let next = near.max_by(|&i, &j| {
                let turn = |k: usize| {
                    let v = direction(segments[k].0, segments[k].1);
                    cross(u, v).atan2(dot(u, v))
                };
                turn(i).total_cmp(&turn(j))
            });
            match next {
                Some(i) if i == first => break true,
                Some(i) => {
                    used[i] = true;
                    run.push(i);
                }
                None => break false,
            }
        };
        let ring = without_collinear(run.iter().map(|&i| segments[i].0).collect());
        if closed && ring.len() >= 3 {
            loops.push(ring);
        } else {
            loose.extend(run.iter().map(|&i| segments[i]));
        }
    }
    (loops, loose)
}

/// Sorts rings into outlines with their courtyards.
fn regions(rings: Vec<Vec<P>>) -> Vec<(Vec<P>, Vec<Vec<P>>)> {
    let (outer, holes): (Vec<_>, Vec<_>) =
        rings.into_iter().filter(|r| r.len() >= 3).partition(|ring| signed_area(ring) > 0.0);
    let mut regions: Vec<(Vec<P>, Vec<Vec<P>>)> = outer.into_iter().map(|ring| (ring, Vec::new())).collect();
    for hole in holes {
        // The smallest surrounding outline is taken, because a building can stand in the courtyard of
        // another.
        let home = regions
            .iter_mut()
            .filter(|(ring, _)| contains(ring, hole[0]))
            .min_by(|a, b| signed_area(&a.0).total_cmp(&signed_area(&b.0)));
        if let Some((_, inside)) = home {
            inside.push(hole);
        }
    }
    regions
}
