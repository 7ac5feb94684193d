//! Simplified shapes of equipment, such as air handling units, boilers and ducts.

use super::batch::{Batch, Frame, P3};
use super::palette::{CASING, DARK, DUCT, FRAME, PALE, STEEL};
use crate::plan::{EquipmentKind, PlanEquipment};

/// Adds the shape of one piece of equipment. `floor` is the height of the storey's floor, in m.
pub(super) fn equipment(batch: &mut Batch, what: &PlanEquipment, floor: f64) {
    let usual = match what.kind {
        EquipmentKind::Ahu => (3.2, 1.4, 1.6),
        EquipmentKind::Boiler => (1.3, 1.7, 1.9),
        EquipmentKind::Chiller => (3.4, 1.5, 1.9),
        EquipmentKind::Vav => (0.7, 0.45, 0.32),
        EquipmentKind::Duct => (0.4, 0.4, 0.3),
        EquipmentKind::Meter => (0.3, 0.14, 0.42),
        EquipmentKind::Fan => (0.7, 0.6, 0.7),
        EquipmentKind::Dispenser => (0.14, 0.12, 0.28),
    };
    let or_usual = |given: f64, usual: f64| if given > 0.0 { given } else { usual };
    let size = [or_usual(what.size.0, usual.0), or_usual(what.size.1, usual.1), or_usual(what.size.2, usual.2)];
    let (x, y, z) = what.at;
    let numbers = [x, y, z, size[0], size[1], size[2], floor];
    if !numbers.iter().all(|v| v.is_finite()) {
        return;
    }
    let frame = Frame::new([x, y], floor + z, [1.0, 0.0]);
    match what.kind {
        EquipmentKind::Ahu => ahu(batch, &frame, size),
        EquipmentKind::Boiler => boiler(batch, &frame, size),
        EquipmentKind::Chiller => chiller(batch, &frame, size),
        EquipmentKind::Vav => vav(batch, &frame, size),
        EquipmentKind::Duct => duct(batch, &what.path, floor, size),
        EquipmentKind::Meter => meter(batch, &frame, size),
        EquipmentKind::Fan => fan(batch, &frame, size),
        EquipmentKind::Dispenser => dispenser(batch, &frame, size),
    }
}

fn ahu(b: &mut Batch, f: &Frame, [w, d, h]: P3) {
    let (hw, hd) = (w * 0.5, d * 0.5);
    let foot = 0.08 * h;
    b.cuboid(STEEL, f, [-hw, -hd * 0.92, 0.0], [hw, hd * 0.92, foot]);
    // Three sections with visible joints.
    let seam = 0.008 * w;
    for k in 0..3 {
        let from = -hw + w * f64::from(k) / 3.0 + if k > 0 { seam } else { 0.0 };
        let to = -hw + w * f64::from(k + 1) / 3.0 - if k < 2 { seam } else { 0.0 };
        b.cuboid(CASING, f, [from, -hd, foot], [to, hd, h]);
    }
    let joint = 0.99;
    b.cuboid(FRAME, f, [-hw * joint, -hd * joint, foot], [hw * joint, hd * joint, h * 0.995]);
    // Access doors of the outer sections.
    for u in [-w / 3.0, 0.0] {
        let (half, low, high) = (w * 0.11, foot + 0.12 * h, h * 0.88);
        for (near, far) in [(-hd - 0.015, -hd), (hd, hd + 0.015)] {
            b.cuboid(PALE, f, [u - half, near, low], [u + half, far, high]);
        }
    }
    let radius = 0.34 * (h - foot).min(d);
    for (v, out) in [(-hd, -1.0), (hd, 1.0)] {
        grille(b, f, [w / 3.0, v, (h + foot) * 0.5], [0.0, out, 0.0], radius);
    }
    grille(b, f, [hw, 0.0, (h + foot) * 0.5], [1.0, 0.0, 0.0], radius);
    // Intake hood at the other end.
    b.cuboid(DARK, f, [-hw - 0.05, -hd * 0.75, h * 0.3], [-hw, hd * 0.75, h * 0.85]);
    for k in 0..5 {
        let z = h * (0.33 + 0.1 * f64::from(k));
        b.cuboid(CASING, f, [-hw - 0.1, -hd * 0.75, z], [-hw - 0.05, hd * 0.75, z + h * 0.03]);
    }
}

/// Adds a round fan grille on a face: a ring, a dark disc, four blades and a hub.
fn grille(b: &mut Batch, f: &Frame, at: P3, out: P3, radius: f64) {
    let p = |far: f64| f.point(std::array::from_fn(|k| at[k] + out[k] * far));
    b.tube(FRAME, (p(0.0), radius), (p(0.05), radius), 16);
    b.tube(DARK, (p(0.05), radius * 0.88), (p(0.06), radius * 0.88), 16);
    b.tube(FRAME, (p(0.06), radius * 0.22), (p(0.1), radius * 0.18), 8);
    let side = [out[1].abs(), out[0].abs()];
    for k in 0..4 {
        let angle = (f64::from(k) + 0.25) * std::f64::consts::FRAC_PI_2;
        let (s, c) = angle.sin_cos();
        let tip = |r: f64| {
            f.point([at[0] + out[0] * 0.07 + side[0] * c * r, at[1] + out[1] * 0.07 + side[1] * c * r, at[2] + s * r])
        };
        b.beam(CASING, tip(radius * 0.2), tip(radius * 0.82), radius * 0.08, 0.01);
    }
}

/// Adds a casing with a burner in front, a panel, and a flue behind.
fn boiler(b: &mut Batch, f: &Frame, [w, d, h]: P3) {
    let (hw, hd) = (w * 0.5, d * 0.5);
    let foot = 0.08 * h;
    b.cuboid(STEEL, f, [-hw * 0.95, -hd * 0.95, 0.0], [hw * 0.95, hd * 0.95, foot]);
    b.cuboid(CASING, f, [-hw, -hd, foot], [hw, hd, h * 0.86]);
    b.cuboid(FRAME, f, [-hw * 1.01, -hd * 1.01, h * 0.62], [hw * 1.01, hd * 1.01, h * 0.65]);
    b.cuboid(DARK, f, [-hw * 0.6, -hd - 0.02, h * 0.69], [hw * 0.6, -hd, h * 0.82]);
    let radius = 0.2 * w;
    let front = |out: f64| f.point([0.0, -hd - out, h * 0.36]);
    b.tube(STEEL, (front(0.0), radius * 1.5), (front(0.06), radius * 1.5), 16);
    b.tube(FRAME, (front(0.06), radius), (front(0.36), radius), 16);
    b.tube(DARK, (front(0.36), radius * 0.8), (front(0.4), radius * 0.8), 16);
    let flue = |up: f64| f.point([0.0, hd * 0.55, up]);
    b.tube(STEEL, (flue(h * 0.86), 0.16 * w), (flue(h * 1.35), 0.16 * w), 16);
    b.tube(FRAME, (flue(h * 1.05), 0.18 * w), (flue(h * 1.08), 0.18 * w), 16);
    // Supply and return pipes.
    for u in [-hw * 0.5, hw * 0.5] {
        let pipe = |up: f64| f.point([u, -hd * 0.3, up]);
        b.tube(STEEL, (pipe(h * 0.86), 0.06 * w), (pipe(h * 1.2), 0.06 * w), 10);
    }
}

/// Adds two shells, one above the other, a compressor on top and a panel in front.
fn chiller(b: &mut Batch, f: &Frame, [w, d, h]: P3) {
    let (hw, hd) = (w * 0.5, d * 0.5);
    for u in [-hw * 0.7, hw * 0.7] {
        b.cuboid(STEEL, f, [u - 0.05 * w, -hd * 0.8, 0.0], [u + 0.05 * w, hd * 0.8, h * 0.72]);
    }
    let radius = 0.2 * h;
    for (color, v, up) in [(CASING, -hd * 0.35, 0.26), (PALE, hd * 0.35, 0.52)] {
        let along = |u: f64| f.point([u, v, h * up]);
        b.tube(color, (along(-hw * 0.96), radius), (along(hw * 0.96), radius), 20);
        for end in [-1.0, 1.0] {
            let (near, far) = (end * hw * 0.9, end * hw);
            b.tube(FRAME, (along(near.min(far)), radius * 1.12), (along(near.max(far)), radius * 1.12), 20);
        }
    }
    let top = |u: f64| f.point([u, 0.0, h * 0.84]);
    b.tube(STEEL, (top(-hw * 0.45), radius * 0.8), (top(hw * 0.2), radius * 0.8), 18);
    b.tube(DARK, (top(hw * 0.2), radius * 0.62), (top(hw * 0.5), radius * 0.62), 18);
    b.cuboid(CASING, f, [-hw * 0.3, -hd, h * 0.4], [hw * 0.25, -hd * 0.8, h * 0.95]);
    b.cuboid(DARK, f, [-hw * 0.2, -hd - 0.015, h * 0.68], [hw * 0.15, -hd, h * 0.88]);
}

fn vav(b: &mut Batch, f: &Frame, [w, d, h]: P3) {
    let (hw, hd) = (w * 0.5, d * 0.5);
    b.cuboid(CASING, f, [-hw * 0.7, -hd, 0.0], [hw, hd, h]);
    let inlet = |u: f64| f.point([u, 0.0, h * 0.5]);
    let radius = 0.42 * h.min(d);
    b.tube(DUCT, (inlet(-hw - 0.15), radius), (inlet(-hw * 0.7), radius), 12);
    b.tube(FRAME, (inlet(-hw), radius * 1.08), (inlet(-hw * 0.95), radius * 1.08), 12);
    // Damper actuator.
    b.cuboid(DARK, f, [-hw * 0.5, -hd - 0.09, h * 0.3], [hw * 0.1, -hd, h * 0.8]);
    b.cuboid(DUCT, f, [hw, -hd * 0.8, h * 0.12], [hw + 0.08, hd * 0.8, h * 0.88]);
}

fn duct(b: &mut Batch, path: &[(f64, f64, f64)], floor: f64, [w, _, h]: P3) {
    let points: Vec<P3> =
        path.iter().map(|&(x, y, z)| [x, y, floor + z]).filter(|p| p.iter().all(|v| v.is_finite())).collect();
    for (k, pair) in points.windows(2).enumerate() {
        let (a, c) = (pair[0], pair[1]);
        let d: P3 = std::array::from_fn(|i| c[i] - a[i]);
        let long = (d[0] * d[0] + d[1] * d[1] + d[2] * d[2]).sqrt();
        if long < 1e-3 {
            continue;
        }
        // Each run is extended by half a width at a bend, so that the corner is filled. Successive runs
        // differ slightly in thickness, so that coplanar faces do not flicker.
        let on = |far: f64, from: P3| -> P3 { std::array::from_fn(|i| from[i] + d[i] / long * far) };
        let start = if k > 0 { -w * 0.5 } else { 0.0 };
        let end = if k + 2 < points.len() { w * 0.5 } else { 0.0 };
        let thinner = 1.0 - 0.01 * (k % 3) as f64;
        b.beam(DUCT, on(start, a), on(end, c), w * 0.5 * thinner, h * 0.5 * thinner);
        // Flanges between sections of sheet metal.
        let flanges = ((long / 2.4).floor() as usize).min(200);
        for n in 1..=flanges {
            let at = long * n as f64 / (flanges + 1) as f64;
            b.beam(FRAME, on(at - 0.02, a), on(at + 0.02, a), w * 0.5 + 0.02, h * 0.5 + 0.02);
        }
    }
}

fn meter(b: &mut Batch, f: &Frame, [w, d, h]: P3) {
    let (hw, hd) = (w * 0.5, d * 0.5);
    b.cuboid(PALE, f, [-hw, -hd, 0.0], [hw, hd, h]);
    for (near, far) in [(-hd - 0.006, -hd), (hd, hd + 0.006)] {
        b.cuboid(DARK, f, [-hw * 0.7, near, h * 0.55], [hw * 0.7, far, h * 0.85]);
        b.cuboid(STEEL, f, [-hw * 0.15, near, h * 0.2], [hw * 0.15, far, h * 0.32]);
    }
}

fn fan(b: &mut Batch, f: &Frame, [w, d, h]: P3) {
    let (hw, hd) = (w * 0.5, d * 0.5);
    b.cuboid(CASING, f, [-hw, -hd, 0.0], [hw, hd, h]);
    let radius = 0.4 * w.min(h);
    grille(b, f, [0.0, -hd, h * 0.5], [0.0, -1.0, 0.0], radius);
    grille(b, f, [0.0, hd, h * 0.5], [0.0, 1.0, 0.0], radius);
}

fn dispenser(b: &mut Batch, f: &Frame, [w, d, h]: P3) {
    let (hw, hd) = (w * 0.5, d * 0.5);
    b.cuboid(PALE, f, [-hw, -hd, h * 0.18], [hw, hd, h]);
    b.cuboid(STEEL, f, [-hw * 0.35, -hd * 0.35, h * 0.08], [hw * 0.35, hd * 0.35, h * 0.18]);
    for (near, far) in [(-hd - 0.004, -hd), (hd, hd + 0.004)] {
        b.cuboid(DARK, f, [-hw * 0.25, near, h * 0.4], [hw * 0.25, far, h * 0.85]);
    }
    b.cuboid(STEEL, f, [-hw * 0.8, -hd * 0.8, 0.0], [hw * 0.8, hd * 0.8, h * 0.04]);
}
