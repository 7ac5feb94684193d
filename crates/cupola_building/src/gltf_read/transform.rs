//! Node transforms: column-major 4 × 4 matrices in double precision.

use gltf::json::Node;

pub(super) type Matrix = [f64; 16];

pub(super) const IDENTITY: Matrix = [
    1.0, 0.0, 0.0, 0.0, //
    0.0, 1.0, 0.0, 0.0, //
    0.0, 0.0, 1.0, 0.0, //
    0.0, 0.0, 0.0, 1.0,
];

/// Returns the local transform of a node: its matrix, else its translation, rotation and scale.
pub(super) fn local(node: &Node) -> Matrix {
    if let Some(matrix) = node.matrix {
        return matrix.map(f64::from);
    }
    let turn = node.rotation.map_or([0.0, 0.0, 0.0, 1.0], |q| q.0);
    of_parts(node.translation.unwrap_or([0.0; 3]), turn, node.scale.unwrap_or([1.0; 3]))
}

/// Returns the transform of a translation, a rotation (quaternion) and a scale.
pub(super) fn of_parts(translation: [f32; 3], rotation: [f32; 4], scale: [f32; 3]) -> Matrix {
    let [x, y, z, w] = rotation.map(f64::from);
    let (s, t) = (scale.map(f64::from), translation.map(f64::from));
    [
        (1.0 - 2.0 * (y * y + z * z)) * s[0],
        2.0 * (x * y + z * w) * s[0],
        2.0 * (x * z - y * w) * s[0],
        0.0,
        2.0 * (x * y - z * w) * s[1],
        (1.0 - 2.0 * (x * x + z * z)) * s[1],
        2.0 * (y * z + x * w) * s[1],
        0.0,
        2.0 * (x * z + y * w) * s[2],
        2.0 * (y * z - x * w) * s[2],
        (1.0 - 2.0 * (x * x + y * y)) * s[2],
        0.0,
        t[0],
        t[1],
        t[2],
        1.0,
    ]
}

/// Returns the product that applies `b` first, then `a`.
pub(super) fn multiply(a: &Matrix, b: &Matrix) -> Matrix {
    std::array::from_fn(|i| {
        let (column, row) = (i / 4, i % 4);
        (0..4).map(|k| a[k * 4 + row] * b[column * 4 + k]).sum()
    })
}

pub(super) fn point(m: &Matrix, p: [f32; 3]) -> [f64; 3] {
    let p = p.map(f64::from);
    std::array::from_fn(|r| m[r] * p[0] + m[4 + r] * p[1] + m[8 + r] * p[2] + m[12 + r])
}

/// Returns whether the transform mirrors, which inverts the winding of triangles.
pub(super) fn mirrors(m: &Matrix) -> bool {
    let c = cofactors(m);
    m[0] * c[0] + m[4] * c[1] + m[8] * c[2] < 0.0
}

/// Transforms a unit normal. Returns `None` if its length vanishes.
pub(super) fn normal(m: &Matrix, n: [f32; 3]) -> Option<[f32; 3]> {
    let (c, n) = (cofactors(m), n.map(f64::from));
    let sign = if mirrors(m) { -1.0 } else { 1.0 };
    let out: [f64; 3] = std::array::from_fn(|r| sign * (c[r * 3] * n[0] + c[r * 3 + 1] * n[1] + c[r * 3 + 2] * n[2]));
    let length = (out[0] * out[0] + out[1] * out[1] + out[2] * out[2]).sqrt();
    (length > 1e-30 && length.is_finite()).then(|| out.map(|v| (v / length) as f32))
}

/// Returns the cofactors of the upper left 3 × 3 matrix, row by row: its inverse transpose times the
/// determinant.
fn cofactors(m: &Matrix) -> [f64; 9] {
    let at = |r: usize, c: usize| m[c * 4 + r];
    std::array::from_fn(|i| {
        let (r, c) = (i / 3, i % 3);
        let (r1, r2, c1, c2) = ((r + 1) % 3, (r + 2) % 3, (c + 1) % 3, (c + 2) % 3);
        at(r1, c1) * at(r2, c2) - at(r1, c2) * at(r2, c1)
    })
}
