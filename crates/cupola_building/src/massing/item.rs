//! Pieces of furniture with few triangles. The back of each piece points along its frame's second axis, and
//! its front faces the room.

use super::batch::{Batch, Frame};
use super::palette::{DARK, FABRIC, LEAVES, LINEN, PALE, STEEL, WOOD};

pub(super) fn chair(b: &mut Batch, f: &Frame) {
    b.cuboid(FABRIC, f, [-0.23, -0.23, 0.42], [0.23, 0.23, 0.49]);
    b.cuboid(FABRIC, f, [-0.21, 0.19, 0.52], [0.21, 0.24, 0.92]);
    b.cuboid(STEEL, f, [-0.03, -0.03, 0.05], [0.03, 0.03, 0.42]);
    b.cuboid(STEEL, f, [-0.22, -0.025, 0.0], [0.22, 0.025, 0.05]);
    b.cuboid(STEEL, f, [-0.025, -0.22, 0.0], [0.025, 0.22, 0.05]);
    b.cuboid(STEEL, f, [-0.02, 0.19, 0.44], [0.02, 0.22, 0.6]);
}

/// Adds a table with four legs, centred on the frame's origin.
pub(super) fn table(b: &mut Batch, f: &Frame, wide: f64, deep: f64, height: f64) {
    let (w, d) = (wide * 0.5, deep * 0.5);
    b.cuboid(WOOD, f, [-w, -d, height - 0.035], [w, d, height]);
    for u in [-w + 0.06, w - 0.11] {
        for v in [-d + 0.06, d - 0.11] {
            b.cuboid(STEEL, f, [u, v, 0.0], [u + 0.05, v + 0.05, height - 0.035]);
        }
    }
}

fn screen(b: &mut Batch, f: &Frame, wide: f64, v: f64) {
    let w = wide * 0.5;
    b.cuboid(STEEL, f, [-0.12, v - 0.09, 0.735], [0.12, v + 0.09, 0.75]);
    b.cuboid(STEEL, f, [-0.025, v + 0.01, 0.75], [0.025, v + 0.05, 0.9]);
    b.cuboid(DARK, f, [-w, v - 0.02, 0.84], [w, v + 0.01, 1.17]);
}

/// Adds a desk at the back with a chair in front. It needs 1.6 × 1.7 m.
pub(super) fn desk(b: &mut Batch, f: &Frame) {
    let back = f.placed(0.0, 0.45, 0);
    table(b, &back, 1.6, 0.8, 0.735);
    screen(b, &back, 0.62, 0.2);
    b.cuboid(PALE, &back, [-0.2, -0.2, 0.735], [0.2, -0.06, 0.75]);
    b.cuboid(PALE, &back, [0.35, -0.3, 0.0], [0.74, 0.3, 0.56]);
    // The chair is moved back slightly and faces the desk.
    chair(b, &f.placed(0.0, -0.4, 2));
}

/// Adds two desks face to face. They need 1.6 × 3.4 m.
pub(super) fn bench(b: &mut Batch, f: &Frame) {
    desk(b, &f.placed(0.0, -0.85, 0));
    desk(b, &f.placed(0.0, 0.85, 2));
    b.cuboid(FABRIC, f, [-0.78, -0.015, 0.735], [0.78, 0.015, 1.1]);
}

/// Adds a sideboard. It needs `wide` × 0.42 m.
pub(super) fn cabinet(b: &mut Batch, f: &Frame, wide: f64) {
    let w = wide * 0.5;
    b.cuboid(PALE, f, [-w, -0.2, 0.06], [w, 0.21, 0.78]);
    b.cuboid(WOOD, f, [-w - 0.01, -0.21, 0.78], [w + 0.01, 0.21, 0.81]);
    b.cuboid(DARK, f, [-w + 0.04, -0.16, 0.0], [w - 0.04, 0.2, 0.06]);
}

/// Adds a plant in a pot. It needs 0.6 × 0.6 m.
pub(super) fn plant(b: &mut Batch, f: &Frame) {
    let p = |z: f64| f.point([0.0, 0.0, z]);
    b.tube(PALE, (p(0.0), 0.14), (p(0.36), 0.19), 8);
    b.tube(LEAVES, (p(0.36), 0.05), (p(0.75), 0.28), 7);
    b.tube(LEAVES, (p(0.75), 0.28), (p(1.1), 0.24), 7);
    b.tube(LEAVES, (p(1.1), 0.24), (p(1.45), 0.04), 7);
}

/// Adds a screen on the wall. It needs `wide` × 0.1 m.
pub(super) fn wall_screen(b: &mut Batch, f: &Frame, wide: f64) {
    let w = wide * 0.5;
    b.cuboid(DARK, f, [-w, 0.0, 1.0], [w, 0.05, 1.0 + wide * 0.56]);
}

/// Adds a sofa. It needs 1.9 × 0.85 m.
pub(super) fn sofa(b: &mut Batch, f: &Frame) {
    b.cuboid(FABRIC, f, [-0.95, -0.42, 0.1], [0.95, 0.42, 0.42]);
    b.cuboid(FABRIC, f, [-0.95, 0.2, 0.42], [0.95, 0.42, 0.78]);
    for u in [-0.95, 0.79] {
        b.cuboid(FABRIC, f, [u, -0.42, 0.42], [u + 0.16, 0.2, 0.58]);
    }
    b.cuboid(DARK, f, [-0.9, -0.38, 0.0], [0.9, 0.38, 0.1]);
}

/// Adds a bed with its head at the back, a bedside table, and a curtain on its rail. They need 1.9 × 2.15 m.
pub(super) fn bed(b: &mut Batch, f: &Frame) {
    let at = f.placed(-0.3, 0.0, 0);
    b.cuboid(STEEL, &at, [-0.44, -0.98, 0.25], [0.44, 0.98, 0.38]);
    for (u, v) in [(-0.42, -0.9), (0.36, -0.9), (-0.42, 0.84), (0.36, 0.84)] {
        b.cuboid(STEEL, &at, [u, v, 0.0], [u + 0.06, v + 0.06, 0.25]);
    }
    b.cuboid(LINEN, &at, [-0.43, -0.96, 0.38], [0.43, 0.96, 0.56]);
    b.cuboid(PALE, &at, [-0.445, -0.97, 0.5], [0.445, 0.35, 0.585]);
    b.cuboid(LINEN, &at, [-0.32, 0.55, 0.56], [0.32, 0.9, 0.66]);
    b.cuboid(WOOD, &at, [-0.47, 1.0, 0.2], [0.47, 1.05, 1.0]);
    b.cuboid(WOOD, &at, [-0.47, -1.04, 0.2], [0.47, -1.0, 0.72]);
    // Bedside table.
    b.cuboid(PALE, f, [0.32, 0.6, 0.08], [0.75, 1.03, 0.7]);
    b.cuboid(WOOD, f, [0.3, 0.58, 0.7], [0.77, 1.04, 0.73]);
    // Curtain, drawn back to the head.
    b.cuboid(STEEL, f, [0.88, -1.05, 2.08], [0.91, 1.05, 2.11]);
    b.cuboid(LINEN, f, [0.87, 0.45, 0.35], [0.92, 1.05, 2.08]);
}

/// Adds a counter with its front towards the room and a worktop behind. It needs `wide` × 0.75 m.
pub(super) fn counter(b: &mut Batch, f: &Frame, wide: f64) {
    let w = wide * 0.5;
    b.cuboid(WOOD, f, [-w, -0.375, 0.0], [w, -0.3, 1.08]);
    b.cuboid(PALE, f, [-w, -0.375, 1.08], [w, -0.05, 1.12]);
    b.cuboid(PALE, f, [-w, -0.3, 0.7], [w, 0.375, 0.735]);
    for u in [-w, w - 0.04] {
        b.cuboid(WOOD, f, [u, -0.3, 0.0], [u + 0.04, 0.36, 0.7]);
    }
    let places = (wide / 1.4).floor().max(1.0) as usize;
    for k in 0..places {
        let u = -w + wide * (k as f64 + 0.5) / places as f64;
        screen(b, &f.placed(u, -0.02, 2), 0.5, 0.1);
    }
}

/// Adds base units with a worktop, a sink, and a refrigerator at the end. They need `wide` × 0.65 m.
pub(super) fn kitchen_run(b: &mut Batch, f: &Frame, wide: f64) {
    let w = wide * 0.5;
    b.cuboid(DARK, f, [-w, -0.24, 0.0], [w, 0.32, 0.1]);
    b.cuboid(PALE, f, [-w, -0.29, 0.1], [w, 0.32, 0.87]);
    b.cuboid(WOOD, f, [-w, -0.32, 0.87], [w, 0.32, 0.91]);
    b.cuboid(STEEL, f, [-0.3, -0.2, 0.905], [0.2, 0.2, 0.915]);
    b.cuboid(STEEL, f, [-0.06, 0.22, 0.91], [-0.03, 0.25, 1.2]);
    if wide > 2.2 {
        b.cuboid(PALE, f, [w - 0.62, -0.325, 0.02], [w, 0.325, 1.95]);
        b.cuboid(DARK, f, [w - 0.6, -0.33, 0.75], [w - 0.02, -0.325, 0.77]);
    }
}

/// Adds a toilet cubicle with its pan at the back. It needs 1.0 × 1.5 m.
pub(super) fn cubicle(b: &mut Batch, f: &Frame) {
    for u in [-0.5, 0.48] {
        b.cuboid(PALE, f, [u, -0.72, 0.12], [u + 0.02, 0.74, 2.0]);
    }
    b.cuboid(PALE, f, [-0.48, -0.74, 0.12], [-0.15, -0.72, 2.0]);
    b.cuboid(LINEN, f, [-0.19, 0.02, 0.0], [0.19, 0.55, 0.4]);
    b.cuboid(LINEN, f, [-0.2, 0.55, 0.0], [0.2, 0.74, 0.85]);
}

/// Adds basins with a mirror. They need `wide` × 0.5 m.
pub(super) fn basins(b: &mut Batch, f: &Frame, wide: f64) {
    let w = wide * 0.5;
    b.cuboid(LINEN, f, [-w, -0.25, 0.72], [w, 0.25, 0.87]);
    b.cuboid(DARK, f, [-w, 0.235, 1.1], [w, 0.25, 1.8]);
    let count = (wide / 0.7).floor().max(1.0) as usize;
    for k in 0..count {
        let u = -w + wide * (k as f64 + 0.5) / count as f64;
        b.cuboid(STEEL, f, [u - 0.18, -0.16, 0.868], [u + 0.18, 0.12, 0.875]);
    }
}

/// Adds a rack with four shelves. It needs `wide` × 0.5 m.
pub(super) fn rack(b: &mut Batch, f: &Frame, wide: f64) {
    let w = wide * 0.5;
    for z in [0.12, 0.66, 1.2, 1.74] {
        b.cuboid(PALE, f, [-w, -0.22, z], [w, 0.22, z + 0.03]);
    }
    for u in [-w, w - 0.04] {
        for v in [-0.22, 0.18] {
            b.cuboid(STEEL, f, [u, v, 0.0], [u + 0.04, v + 0.04, 1.9]);
        }
    }
    b.cuboid(WOOD, f, [-w + 0.1, -0.16, 0.15], [-w * 0.2, 0.16, 0.46]);
    b.cuboid(FABRIC, f, [w * 0.1, -0.16, 0.69], [w - 0.12, 0.16, 0.98]);
}
