//! Batch of flat-shaded shapes, collected into one part for each colour. Points are `[x, y, height]` in plan
//! coordinates.

use super::palette::Color;
use crate::geometry::{P, add, left, scale};
use crate::mesh::Part;

/// Point or vector in plan, with height.
pub(super) type P3 = [f64; 3];

/// Parts under construction, in the order of their first use.
#[derive(Default)]
pub(super) struct Batch {
    parts: Vec<Part>,
}

/// Local coordinate frame of an upright object.
#[derive(Clone, Copy)]
pub(super) struct Frame {
    /// Origin.
    pub(super) origin: P3,
    /// First axis, of unit length. The second axis is 90° to its left.
    pub(super) axis: P,
}

impl Frame {
    pub(super) fn new(origin: P, height: f64, axis: P) -> Self {
        Self { origin: [origin[0], origin[1], height], axis }
    }

    /// Returns the plan point of local coordinates.
    pub(super) fn at(&self, u: f64, v: f64) -> P {
        let along = add(scale(self.axis, u), scale(left(self.axis), v));
        [self.origin[0] + along[0], self.origin[1] + along[1]]
    }

    /// Returns the point of local coordinates.
    pub(super) fn point(&self, p: P3) -> P3 {
        let [x, y] = self.at(p[0], p[1]);
        [x, y, self.origin[2] + p[2]]
    }

    /// Returns a frame at `(u, v)` of this frame, turned by `quarters` times 90° to the left.
    pub(super) fn placed(&self, u: f64, v: f64, quarters: usize) -> Self {
        let mut axis = self.axis;
        for _ in 0..quarters % 4 {
            axis = left(axis);
        }
        Self::new(self.at(u, v), self.origin[2], axis)
    }
}

impl Batch {
    /// Returns the parts that have triangles.
    pub(super) fn into_parts(self) -> Vec<Part> {
        self.parts.into_iter().filter(|p| !p.indices.is_empty()).collect()
    }

    fn part(&mut self, color: Color) -> &mut Part {
        let found = self.parts.iter().position(|p| p.color == color);
        let index = found.unwrap_or(self.parts.len());
        if found.is_none() {
            self.parts.push(Part { color, ..Part::default() });
        }
        &mut self.parts[index]
    }

    /// Adds a flat face: triangles of coplanar points, visible from the side of `toward`.
    pub(super) fn face(&mut self, color: Color, points: &[P3], triangles: &[[u32; 3]], toward: P3) {
        let Some(normal) = unit(toward) else { return };
        let part = self.part(color);
        let mut used: Vec<Option<u32>> = vec![None; points.len()];
        for t in triangles {
            let [a, b, c] = t.map(|i| points[i as usize]);
            let sides = [sub3(b, a), sub3(c, b), sub3(a, c)];
            let longest = sides.iter().map(|s| dot3(*s, *s)).fold(0.0, f64::max).sqrt();
            let turn = dot3(cross3(sides[0], sub3(c, a)), normal);
            // Triangles thinner than a tenth of a millimetre have no reliable normal in single precision.
            if turn.abs() < 1e-4 * longest {
                continue;
            }
            let order = if turn > 0.0 { [t[0], t[1], t[2]] } else { [t[0], t[2], t[1]] };
            for i in order {
                let index = *used[i as usize].get_or_insert_with(|| {
                    part.positions.push(world(points[i as usize]));
                    part.normals.push(world(normal));
                    part.positions.len() as u32 - 1
                });
                part.indices.push(index);
            }
        }
    }

    /// Adds a flat quadrilateral with corners in order, visible from the side of `toward`. A quadrilateral
    /// without area is dropped.
    pub(super) fn quad(&mut self, color: Color, corners: [P3; 4], toward: P3) {
        let n = cross3(sub3(corners[2], corners[0]), sub3(corners[3], corners[1]));
        let Some(n) = unit(n) else { return };
        let n = if dot3(n, toward) < 0.0 { n.map(|v| -v) } else { n };
        self.face(color, &corners, &[[0, 1, 2], [0, 2, 3]], n);
    }

    /// Adds a horizontal polygon at a height, visible from above or from below.
    pub(super) fn flat(&mut self, color: Color, points: &[P], triangles: &[[u32; 3]], height: f64, up: bool) {
        let points: Vec<P3> = points.iter().map(|p| [p[0], p[1], height]).collect();
        self.face(color, &points, triangles, [0.0, 0.0, if up { 1.0 } else { -1.0 }]);
    }

    /// Adds a cuboid between two corners of a frame.
    pub(super) fn cuboid(&mut self, color: Color, frame: &Frame, min: P3, max: P3) {
        let middle = frame.point(std::array::from_fn(|k| (min[k] + max[k]) * 0.5));
        let corner = |k: usize| {
            frame.point([
                if k & 1 == 0 { min[0] } else { max[0] },
                if k & 2 == 0 { min[1] } else { max[1] },
                if k & 4 == 0 { min[2] } else { max[2] },
            ])
        };
        self.hexahedron(color, std::array::from_fn(corner), middle);
    }

    /// Adds a bar of rectangular section along a line, with these half widths sideways and upwards.
    pub(super) fn beam(&mut self, color: Color, a: P3, b: P3, half_width: f64, half_height: f64) {
        let Some(along) = unit(sub3(b, a)) else {
            return;
        };
        let side = unit([-along[1], along[0], 0.0]).unwrap_or([1.0, 0.0, 0.0]);
        let up = cross3(along, side);
        let corner = |k: usize| -> P3 {
            let base = if k & 1 == 0 { a } else { b };
            let s = if k & 2 == 0 { -half_width } else { half_width };
            let h = if k & 4 == 0 { -half_height } else { half_height };
            std::array::from_fn(|i| base[i] + side[i] * s + up[i] * h)
        };
        let middle = std::array::from_fn(|i| (a[i] + b[i]) * 0.5);
        self.hexahedron(color, std::array::from_fn(corner), middle);
    }

    /// Adds six quadrilaterals. Bits 0, 1 and 2 of a corner's index give its side on each axis.
    fn hexahedron(&mut self, color: Color, c: [P3; 8], middle: P3) {
        for [i, j, k, l] in [[0, 2, 3, 1], [4, 5, 7, 6], [0, 1, 5, 4], [2, 6, 7, 3], [0, 4, 6, 2], [1, 3, 7, 5]] {
            let corners = [c[i], c[j], c[k], c[l]];
            let face_middle: P3 =
                std::array::from_fn(|n| (corners[0][n] + corners[1][n] + corners[2][n] + corners[3][n]) * 0.25);
            self.quad(color, corners, sub3(face_middle, middle));
        }
    }

    /// Adds a prism or a truncated cone between two points, closed at both ends.
    pub(super) fn tube(&mut self, color: Color, from: (P3, f64), to: (P3, f64), sides: usize) {
        let ((a, ra), (b, rb)) = (from, to);
        let Some(axis) = unit(sub3(b, a)) else { return };
        let side = unit([-axis[1], axis[0], 0.0]).unwrap_or([1.0, 0.0, 0.0]);
        let up = cross3(axis, side);
        let ring = |middle: P3, radius: f64| -> Vec<P3> {
            (0..sides)
                .map(|k| {
                    // The offset of half a step makes a square tube lie flat.
                    let angle = (k as f64 + 0.5) / sides as f64 * std::f64::consts::TAU;
                    let (s, c) = angle.sin_cos();
                    std::array::from_fn(|i| middle[i] + radius * (side[i] * c + up[i] * s))
                })
                .collect()
        };
        let (low, high) = (ring(a, ra), ring(b, rb));
        let fan: Vec<[u32; 3]> = (2..sides as u32).map(|k| [0, k - 1, k]).collect();
        self.face(color, &low, &fan, axis.map(|v| -v));
        self.face(color, &high, &fan, axis);
        for k in 0..sides {
            let n = (k + 1) % sides;
            let middle: P3 = std::array::from_fn(|i| (low[k][i] + high[k][i] - a[i] - b[i]) * 0.5);
            self.quad(color, [low[k], low[n], high[n], high[k]], middle);
        }
    }
}

/// Converts a plan point with height to glTF coordinates: Y up, right-handed.
fn world(p: P3) -> [f32; 3] {
    [p[0] as f32, p[2] as f32, -p[1] as f32]
}

fn sub3(a: P3, b: P3) -> P3 {
    std::array::from_fn(|k| a[k] - b[k])
}

fn dot3(a: P3, b: P3) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

fn cross3(a: P3, b: P3) -> P3 {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}

fn unit(v: P3) -> Option<P3> {
    let l = dot3(v, v).sqrt();
    (l > 1e-9 && l.is_finite()).then(|| v.map(|x| x / l))
}
