//! Enclosure of rooms: façades, adjacent rooms, roof and ground, derived from the rooms' floors.
//!
//! A room is represented by the outline of its floor. Walls have a thickness, so points at small distances outwards from
//! an edge show what is behind the wall.

use crate::geometry::{Grid, P, Rect, grown, length, sub};
use crate::mesh::Node;
use std::collections::BTreeMap;

/// Distances outwards at which another room is searched, in m, up to the greatest wall thickness between
/// rooms.
const REACH_M: [f64; 5] = [0.05, 0.15, 0.3, 0.5, 0.7];
/// Maximum length of a piece of an edge, in m.
const PIECE_M: f64 = 0.3;
/// Maximum difference of floor levels within a storey, in m.
const SAME_STOREY_M: f64 = 1.2;
/// Number of sample points across a floor in each direction, for the search for rooms above and below.
const ACROSS: usize = 8;
/// Distance below which corners are merged, in m.
const WELD_M: f64 = 0.002;

/// Enclosure of a room.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Enclosure {
    /// Floor area, in m².
    pub area_m2: f64,
    /// Façades: azimuth of the outward normal (clockwise from north, in °), and length, in m.
    pub facades: Vec<(f64, f64)>,
    /// Adjacent rooms, by index in the list, with the length of the common wall, in m.
    pub neighbours: Vec<(usize, f64)>,
    /// Fraction of the room without another room above, 0 to 1.
    pub roof_share: f64,
    /// Fraction of the room without another room below, 0 to 1.
    pub ground_share: f64,
}

/// Floor in plan: x east, y north, in m.
struct Floor {
    triangles: Vec<[P; 3]>,
    /// Edges of the outline, with the room on their left.
    outline: Vec<(P, P)>,
    level_m: f64,
    bounds: Rect,
}

/// Returns the enclosures of rooms, in the same order. A node without a floor has an empty enclosure.
pub fn enclosures(rooms: &[&Node]) -> Vec<Enclosure> {
    let floors: Vec<Floor> = rooms.iter().map(|room| floor(room)).collect();
    let grid = Grid::new(&floors.iter().map(|floor| floor.bounds).collect::<Vec<_>>());
    floors.iter().enumerate().map(|(at, _)| enclosure(at, &floors, &grid)).collect()
}

fn floor(node: &Node) -> Floor {
    let mut floor = Floor { triangles: Vec::new(), outline: Vec::new(), level_m: 0.0, bounds: [0.0; 4] };
    let Some(part) = crate::mesh::merge(&node.parts).floor() else { return floor };
    let key = |p: P| ((p[0] / WELD_M).round() as i64, (p[1] / WELD_M).round() as i64);
    let mut edges: BTreeMap<_, (P, P, u32)> = BTreeMap::new();
    for triangle in part.triangles() {
        floor.level_m = f64::from(triangle[0][1]);
        // The vertical axis points out of the plan, so the corners keep their orientation.
        let corners = triangle.map(|p| [f64::from(p[0]), -f64::from(p[2])]);
        floor.triangles.push(corners);
        for side in 0..3 {
            let (a, b) = (corners[side], corners[(side + 1) % 3]);
            let (from, to) = (key(a), key(b));
            let edge = edges.entry((from.min(to), from.max(to))).or_insert((a, b, 0));
            edge.2 += 1;
        }
    }
    floor.outline = edges.into_values().filter(|(.., count)| *count == 1).map(|(a, b, _)| (a, b)).collect();
    floor.bounds = crate::geometry::bounds(floor.triangles.iter().flatten());
    floor
}

impl Floor {
    fn holds(&self, point: P) -> bool {
        self.triangles.iter().any(|[a, b, c]| {
            let side =
                |from: &P, to: &P| (to[0] - from[0]) * (point[1] - from[1]) - (to[1] - from[1]) * (point[0] - from[0]);
            let sides = [side(a, b), side(b, c), side(c, a)];
            sides.iter().all(|side| *side >= 0.0) || sides.iter().all(|side| *side <= 0.0)
        })
    }

    fn area_m2(&self) -> f64 {
        let double = |[a, b, c]: &[P; 3]| ((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])).abs();
        0.5 * self.triangles.iter().map(double).sum::<f64>()
    }
}

fn enclosure(at: usize, floors: &[Floor], grid: &Grid) -> Enclosure {
    let own = &floors[at];
    if own.triangles.is_empty() {
        return Enclosure::default();
    }
    let near: Vec<usize> = grid.near(grown(own.bounds, 1.0)).into_iter().filter(|other| *other != at).collect();
    let level = |other: usize| floors[other].level_m - own.level_m;
    let beside: Vec<usize> = near.iter().copied().filter(|other| level(*other).abs() < SAME_STOREY_M).collect();
    let (mut facades, mut neighbours) = (BTreeMap::<i32, f64>::new(), BTreeMap::<usize, f64>::new());
    for (a, b) in &own.outline {
        let along = sub(*b, *a);
        let whole = length(along);
        if whole < 1e-6 {
            continue;
        }
        // The room is on the left of the edge.
        let out = [along[1] / whole, -along[0] / whole];
        let pieces = (whole / PIECE_M).ceil().max(1.0) as usize;
        for piece in 0..pieces {
            let part = (piece as f64 + 0.5) / pieces as f64;
            let behind = |reach: &f64| {
                let point = [a[0] + part * along[0] + reach * out[0], a[1] + part * along[1] + reach * out[1]];
                beside.iter().copied().find(|other| floors[*other].holds(point))
            };
            let length_m = whole / pieces as f64;
            match REACH_M.iter().find_map(behind) {
                Some(other) => *neighbours.entry(other).or_default() += length_m,
                None => {
                    let azimuth = out[0].atan2(out[1]).to_degrees().rem_euclid(360.0).round() as i32 % 360;
                    *facades.entry(azimuth).or_default() += length_m;
                }
            }
        }
    }
    let (mut inside, mut open_above, mut open_below) = (0.0, 0.0, 0.0);
    for point in across(own) {
        let is_covered = |is_there: &dyn Fn(f64) -> bool| {
            near.iter().any(|other| is_there(level(*other)) && floors[*other].holds(point))
        };
        inside += 1.0;
        open_above += f64::from(u8::from(!is_covered(&|level| level >= SAME_STOREY_M)));
        open_below += f64::from(u8::from(!is_covered(&|level| level <= -SAME_STOREY_M)));
    }
    Enclosure {
        area_m2: own.area_m2(),
        facades: facades.into_iter().map(|(azimuth, length_m)| (f64::from(azimuth), length_m)).collect(),
        neighbours: neighbours.into_iter().collect(),
        roof_share: open_above / f64::max(inside, 1.0),
        ground_share: open_below / f64::max(inside, 1.0),
    }
}

/// Returns sample points on a floor.
fn across(floor: &Floor) -> Vec<P> {
    let [left, bottom, right, top] = floor.bounds;
    let step = |from: f64, to: f64, at: usize| from + (to - from) * (at as f64 + 0.5) / ACROSS as f64;
    let points = (0..ACROSS * ACROSS).map(|at| [step(left, right, at % ACROSS), step(bottom, top, at / ACROSS)]);
    points.filter(|point| floor.holds(*point)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mesh::Part;

    /// Returns a rectangular room of this size at a corner, on a level.
    fn room([x, y]: P, [width, depth]: P, level: f64) -> Node {
        let corner = |x: f64, y: f64| [x as f32, level as f32, -y as f32];
        let positions = vec![corner(x, y), corner(x + width, y), corner(x + width, y + depth), corner(x, y + depth)];
        let part =
            Part { normals: vec![[0.0, 1.0, 0.0]; 4], positions, indices: vec![0, 1, 2, 0, 2, 3], ..Part::default() };
        Node { parts: vec![part], ..Node::default() }
    }

    fn of(nodes: &[Node]) -> Vec<Enclosure> {
        enclosures(&nodes.iter().collect::<Vec<_>>())
    }

    #[test]
    fn two_rooms_share_a_wall_and_look_out_elsewhere() {
        // The wall between the rooms is 20 cm thick.
        let found = of(&[room([0.0, 0.0], [4.0, 5.0], 0.0), room([4.2, 0.0], [3.0, 5.0], 0.0)]);
        assert_eq!(found[0].neighbours.len(), 1);
        assert!((found[0].neighbours[0].1 - 5.0).abs() < 1e-6 && found[0].neighbours[0].0 == 1);
        let towards = |enclosure: &Enclosure, azimuth: f64| {
            enclosure.facades.iter().find(|(other, _)| *other == azimuth).map_or(0.0, |(_, length)| *length)
        };
        for (azimuth, length) in [(0.0, 4.0), (90.0, 0.0), (180.0, 4.0), (270.0, 5.0)] {
            assert!((towards(&found[0], azimuth) - length).abs() < 1e-6, "{azimuth}: {:?}", found[0].facades);
        }
        assert!((towards(&found[1], 90.0) - 5.0).abs() < 1e-6);
        assert!((found[0].area_m2 - 20.0).abs() < 1e-4 && found[0].roof_share == 1.0 && found[0].ground_share == 1.0);
    }

    #[test]
    fn a_storey_above_takes_the_roof() {
        let found = of(&[room([0.0, 0.0], [8.0, 5.0], 0.0), room([0.0, 0.0], [4.0, 5.0], 3.2)]);
        assert!((found[0].roof_share - 0.5).abs() < 0.01 && found[0].ground_share == 1.0, "{:?}", found[0]);
        assert!(found[1].roof_share == 1.0 && found[1].ground_share == 0.0);
        assert!(found.iter().all(|enclosure| enclosure.neighbours.is_empty()));
    }

    #[test]
    fn nodes_without_a_floor_have_no_enclosure() {
        assert_eq!(of(&[Node::default()]), [Enclosure::default()]);
    }
}
