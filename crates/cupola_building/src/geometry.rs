//! Plane geometry for floor plans: areas, containment, triangulation, neighbour search. Units are metres, x
//! east, y north.

use earcut::Earcut;
use std::collections::BTreeMap;

/// Point or vector in plan.
pub(crate) type P = [f64; 2];

pub(crate) fn add(a: P, b: P) -> P {
    [a[0] + b[0], a[1] + b[1]]
}

pub(crate) fn sub(a: P, b: P) -> P {
    [a[0] - b[0], a[1] - b[1]]
}

pub(crate) fn scale(a: P, k: f64) -> P {
    [a[0] * k, a[1] * k]
}

pub(crate) fn dot(a: P, b: P) -> f64 {
    a[0] * b[0] + a[1] * b[1]
}

pub(crate) fn cross(a: P, b: P) -> f64 {
    a[0] * b[1] - a[1] * b[0]
}

pub(crate) fn length(a: P) -> f64 {
    a[0].hypot(a[1])
}

/// Returns the vector turned by 90° to the left.
pub(crate) fn left(a: P) -> P {
    [-a[1], a[0]]
}

/// Returns the unit vector from `a` to `b`, or zero if they coincide.
pub(crate) fn direction(a: P, b: P) -> P {
    let d = sub(b, a);
    let l = length(d);
    if l > 0.0 { scale(d, 1.0 / l) } else { [0.0; 2] }
}

/// Returns the edges of a closed polygon.
pub(crate) fn edges(polygon: &[P]) -> impl Iterator<Item = (P, P)> + '_ {
    polygon.iter().copied().zip(polygon.iter().copied().cycle().skip(1))
}

/// Returns the signed area, in m², positive for a counter-clockwise polygon.
pub(crate) fn signed_area(polygon: &[P]) -> f64 {
    // Coordinates relative to the first corner keep the precision of a plan in survey coordinates.
    let Some(&origin) = polygon.first() else {
        return 0.0;
    };
    0.5 * edges(polygon).map(|(a, b)| cross(sub(a, origin), sub(b, origin))).sum::<f64>()
}

/// Returns whether `p` is inside the polygon, by the even-odd rule.
pub(crate) fn contains(polygon: &[P], p: P) -> bool {
    let mut inside = false;
    for (a, b) in edges(polygon) {
        if (a[1] > p[1]) != (b[1] > p[1]) && p[0] < a[0] + (p[1] - a[1]) / (b[1] - a[1]) * (b[0] - a[0]) {
            inside = !inside;
        }
    }
    inside
}

/// Returns whether two segments cross at a point inside both.
pub(crate) fn segments_cross(a: P, b: P, c: P, d: P) -> bool {
    let side = |p, q, r| cross(sub(q, p), sub(r, p));
    side(a, b, c) * side(a, b, d) < -1e-12 && side(c, d, a) * side(c, d, b) < -1e-12
}

/// Returns the distance from `p` to the segment `a`–`b`, in m.
pub(crate) fn distance_to_segment(p: P, a: P, b: P) -> f64 {
    let ab = sub(b, a);
    let t = if dot(ab, ab) > 0.0 { (dot(sub(p, a), ab) / dot(ab, ab)).clamp(0.0, 1.0) } else { 0.0 };
    length(sub(p, add(a, scale(ab, t))))
}

/// Returns the polygon rounded to millimetres, counter-clockwise, without repeated or collinear corners. The
/// result is empty if no area is left or a number is not finite.
pub(crate) fn clean(polygon: &[P]) -> Vec<P> {
    if polygon.iter().flatten().any(|v| !v.is_finite()) {
        return Vec::new();
    }
    let mut points: Vec<P> = polygon.iter().map(|p| p.map(|v| (v * 1000.0).round() / 1000.0)).collect();
    if signed_area(&points) < 0.0 {
        points.reverse();
    }
    let points = without_collinear(points);
    if signed_area(&points) < 1e-3 {
        return Vec::new();
    }
    points
}

/// Returns the ring without repeated corners and corners on a straight line.
pub(crate) fn without_collinear(mut points: Vec<P>) -> Vec<P> {
    loop {
        let n = points.len();
        if n < 3 {
            return Vec::new();
        }
        let keep: Vec<bool> = (0..n)
            .map(|i| {
                let (a, p, b) = (points[(i + n - 1) % n], points[i], points[(i + 1) % n]);
                let (u, v) = (sub(p, a), sub(b, p));
                length(v) > 2e-3 && cross(u, v).abs() > 2e-3 * length(u).max(length(v))
            })
            .collect();
        let Some(first) = keep.iter().position(|k| !k) else {
            return points;
        };
        // Corners are removed one at a time, because removing two adjacent corners together could remove a
        // real corner.
        points.remove(first);
    }
}

/// Triangulates a polygon with holes. Returns the points, and counter-clockwise triangles of point indices.
pub(crate) fn triangulate(outer: &[P], holes: &[Vec<P>]) -> (Vec<P>, Vec<[u32; 3]>) {
    let mut points = outer.to_vec();
    let mut starts: Vec<u32> = Vec::new();
    for hole in holes {
        starts.push(points.len() as u32);
        points.extend_from_slice(hole);
    }
    if outer.len() < 3 {
        return (points, Vec::new());
    }
    let mut indices: Vec<u32> = Vec::new();
    Earcut::<f64>::new().earcut(points.iter().copied(), &starts, &mut indices);
    let triangles = indices
        .chunks_exact(3)
        .map(|t| {
            let [a, b, c] = [t[0], t[1], t[2]].map(|i| points[i as usize]);
            if cross(sub(b, a), sub(c, a)) < 0.0 { [t[0], t[2], t[1]] } else { [t[0], t[1], t[2]] }
        })
        .collect();
    (points, triangles)
}

/// Returns the common area of two counter-clockwise triangles, in m².
pub(crate) fn shared_area(a: [P; 3], b: [P; 3]) -> f64 {
    let mut poly = a.to_vec();
    for (p, q) in edges(&b) {
        let side = |r: P| cross(sub(q, p), sub(r, p));
        let mut next = Vec::with_capacity(poly.len() + 1);
        for (r, s) in edges(&poly) {
            let (x, y) = (side(r), side(s));
            if x >= 0.0 {
                next.push(r);
            }
            if (x > 0.0 && y < 0.0) || (x < 0.0 && y > 0.0) {
                next.push(add(r, scale(sub(s, r), x / (x - y))));
            }
        }
        poly = next;
        if poly.len() < 3 {
            return 0.0;
        }
    }
    signed_area(&poly).abs()
}

/// Axis-aligned rectangle: least x, least y, greatest x, greatest y.
pub(crate) type Rect = [f64; 4];

/// Returns the bounding rectangle of points. Without points it is inverted.
pub(crate) fn bounds<'a>(points: impl IntoIterator<Item = &'a P>) -> Rect {
    points.into_iter().fold([f64::INFINITY, f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY], |r, p| {
        [r[0].min(p[0]), r[1].min(p[1]), r[2].max(p[0]), r[3].max(p[1])]
    })
}

/// Returns the rectangle extended by `by` metres on every side.
pub(crate) fn grown(r: Rect, by: f64) -> Rect {
    [r[0] - by, r[1] - by, r[2] + by, r[3] + by]
}

/// Spatial grid of rectangles, for neighbour search without comparing all pairs.
pub(crate) struct Grid {
    cell_m: f64,
    cells: BTreeMap<(i64, i64), Vec<usize>>,
}

impl Grid {
    pub(crate) fn new(rects: &[Rect]) -> Self {
        let finite = |r: &&Rect| r.iter().all(|v| v.is_finite());
        let all = rects
            .iter()
            .filter(finite)
            .fold([f64::INFINITY, f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY], |a, r| {
                [a[0].min(r[0]), a[1].min(r[1]), a[2].max(r[2]), a[3].max(r[3])]
            });
        let extent = (all[2] - all[0]).max(all[3] - all[1]);
        let mut grid = Self {
            // The limit of 256 cells a side keeps a single huge rectangle from filling the memory.
            cell_m: if extent.is_finite() { (extent / 256.0).max(4.0) } else { 4.0 },
            cells: BTreeMap::new(),
        };
        for (i, rect) in rects.iter().enumerate() {
            if finite(&rect) {
                for cell in grid.covered(*rect) {
                    grid.cells.entry(cell).or_default().push(i);
                }
            }
        }
        grid
    }

    /// Returns the indices of the rectangles that can touch `rect`, in ascending order.
    pub(crate) fn near(&self, rect: Rect) -> Vec<usize> {
        let mut found: Vec<usize> = Vec::new();
        if rect.iter().all(|v| v.is_finite()) {
            for cell in self.covered(rect) {
                if let Some(here) = self.cells.get(&cell) {
                    found.extend_from_slice(here);
                }
            }
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    fn covered(&self, r: Rect) -> Vec<(i64, i64)> {
        let [x0, y0, x1, y1] = r.map(|v| (v / self.cell_m).floor() as i64);
        (x0..=x1).flat_map(|x| (y0..=y1).map(move |y| (x, y))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const L_SHAPE: [P; 6] = [[0.0, 0.0], [4.0, 0.0], [4.0, 2.0], [2.0, 2.0], [2.0, 4.0], [0.0, 4.0]];

    #[test]
    fn triangles_cover_the_polygon() {
        let (points, triangles) = triangulate(&L_SHAPE, &[]);
        let sum: f64 = triangles.iter().map(|t| signed_area(&t.map(|i| points[i as usize]))).sum();
        assert!((sum - signed_area(&L_SHAPE)).abs() < 1e-9);
    }

    #[test]
    fn cleaning_turns_and_drops() {
        let mut points = L_SHAPE.to_vec();
        points.insert(1, [2.0, 0.0]);
        points.insert(3, [4.0, 0.0]);
        points.reverse();
        let cleaned = clean(&points);
        assert_eq!(cleaned.len(), 6);
        assert!((signed_area(&cleaned) - 12.0).abs() < 1e-9);
        assert!(clean(&[[0.0, 0.0], [1.0, f64::NAN], [1.0, 1.0]]).is_empty());
    }

    #[test]
    fn overlap_of_two_triangles() {
        let a = [[0.0, 0.0], [2.0, 0.0], [0.0, 2.0]];
        let b = [[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]];
        assert!((shared_area(a, b) - 0.5).abs() < 1e-12);
        let far = b.map(|p| add(p, [5.0, 0.0]));
        assert!(shared_area(a, far) < 1e-12);
    }
}
