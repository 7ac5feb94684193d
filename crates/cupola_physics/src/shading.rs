//! Overhangs and fins over a rectangle, such as a window: how much of it the sun, the sky, the horizon and the ground
//! reach.
//!
//! Shades are flat, opaque, black, and stand at right angles to the surface. In the surface's own axes (right as seen
//! from outside, up, outward) with the origin at the rectangle's lower left corner, the sun throws each shade's outline
//! along its rays onto the surface: a parallelogram. The shaded area is that of their union within the rectangle, exact
//! for every sun (the construction of ASHRAE Fundamentals 2017, ch. 15, "Exterior shading", without its limit to long
//! overhangs).

use serde::{Deserialize, Serialize};
use std::f64::consts::{PI, TAU};

use crate::{sky::PlaneIrradiance, sun::Plane};

/// A shade above the rectangle, level along its upper edge.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Overhang {
    /// How far it stands out, in m, at least 0.
    pub depth_m: f64,
    /// Its height above the rectangle's upper edge, in m, at least 0.
    pub gap_m: f64,
    /// How far it reaches past the left edge, in m; negative where it ends short of it. Left as seen from outside.
    pub extends_left_m: f64,
    /// How far it reaches past the right edge, in m.
    pub extends_right_m: f64,
}

/// A shade beside the rectangle, along its left or right edge.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Fin {
    /// How far it stands out, in m, at least 0.
    pub depth_m: f64,
    /// Its distance from the rectangle's edge, in m, at least 0.
    pub gap_m: f64,
    /// How far it reaches above the upper edge, in m; negative where it ends short of it.
    pub extends_above_m: f64,
    /// How far it reaches below the lower edge, in m.
    pub extends_below_m: f64,
}

/// A rectangle and its shades.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Shading {
    /// Width of the rectangle, in m, above 0.
    pub width_m: f64,
    /// Height of the rectangle along the surface, in m, above 0.
    pub height_m: f64,
    /// Shade above.
    pub overhang: Option<Overhang>,
    /// Shade to the left, as seen from outside.
    pub left: Option<Fin>,
    /// Shade to the right.
    pub right: Option<Fin>,
}

/// What is left of diffuse light from each part of the surroundings, 0 to 1; 1 without shades.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DiffuseFactors {
    /// Of a uniform sky.
    pub dome: f64,
    /// Of a band along the horizon.
    pub horizon: f64,
    /// Of uniform level ground.
    pub ground: f64,
}

/// Nothing in the way.
impl Default for DiffuseFactors {
    fn default() -> Self {
        Self { dome: 1.0, horizon: 1.0, ground: 1.0 }
    }
}

impl DiffuseFactors {
    /// What reaches a rectangle, on average, of what would fall on it unshaded: beam and circumsolar light by the
    /// sunlit fraction ([`Shading::sunlit_fraction`]), the rest by these factors. A dark horizon takes away no more
    /// than the dome gives.
    pub fn shaded(&self, unshaded: &PlaneIrradiance, sunlit_fraction: f64) -> PlaneIrradiance {
        let dome = unshaded.dome * self.dome;
        PlaneIrradiance {
            beam: unshaded.beam * sunlit_fraction,
            circumsolar: unshaded.circumsolar * sunlit_fraction,
            dome,
            horizon: (unshaded.horizon * self.horizon).max(-dome),
            ground: unshaded.ground * self.ground,
        }
    }
}

/// Rings and spokes of the sampling of the half-space in front of the surface.
const RINGS: usize = 40;
const SPOKES: usize = 120;
/// Directions along the horizon.
const HORIZON: usize = 720;

impl Shading {
    /// The part of the rectangle the sun reaches, 0 to 1, for a direction towards the sun in the surface's axes (see
    /// [`Plane::local`]); 0 from behind. Exactly 1 where no shadow falls on it. Lengths below 0 count as 0, and a
    /// rectangle without area is fully sunlit.
    pub fn sunlit_fraction(&self, to_sun: &[f64; 3]) -> f64 {
        let [right, up, out] = *to_sun;
        let in_front = out > 0.0;
        if !in_front {
            return 0.0;
        }
        let (width, height) = (self.width_m, self.height_m);
        let area = width * height;
        if !(width > 0.0 && height > 0.0 && area.is_finite()) {
            return 1.0;
        }
        // A point at a distance z from the surface throws its shadow this far, per z. Grazing sun throws it out of any
        // rectangle's reach.
        let shift = [right / out, up / out].map(|part| part.clamp(-1e9, 1e9));
        let overhang = self.overhang.filter(|_| shift[1] > 0.0).and_then(|overhang| {
            let depth = length(overhang.depth_m)?;
            let y = height + length(overhang.gap_m).unwrap_or(0.0);
            let (from, to) = (-overhang.extends_left_m, width + overhang.extends_right_m);
            (from < to).then(|| shadow([from, y], [to, y], depth, shift))
        });
        // The sun throws the shadow of one fin only towards the rectangle.
        let beside = |fin: Fin, x: f64| {
            let depth = length(fin.depth_m)?;
            let (from, to) = (-fin.extends_below_m, height + fin.extends_above_m);
            (from < to).then(|| shadow([x, from], [x, to], depth, shift))
        };
        let fin = if shift[0] < 0.0 {
            self.left.and_then(|fin| beside(fin, -length(fin.gap_m).unwrap_or(0.0)))
        } else {
            self.right.filter(|_| shift[0] > 0.0).and_then(|fin| beside(fin, width + length(fin.gap_m).unwrap_or(0.0)))
        };
        if overhang.is_none() && fin.is_none() {
            return 1.0;
        }
        let window = [[0.0, 0.0], [width, 0.0], [width, height], [0.0, height]];
        let on_window = |shape: [Point; 4]| Polygon::new(window).clipped(&shape);
        let (overhang_on, fin_on) = (overhang.map(on_window), fin.map(on_window));
        let shaded = overhang_on.as_ref().map_or(0.0, Polygon::area) + fin_on.as_ref().map_or(0.0, Polygon::area);
        // What both shade was counted twice.
        let both = match (overhang_on, fin) {
            (Some(polygon), Some(fin)) => polygon.clipped(&fin).area(),
            _ => 0.0,
        };
        let fraction = 1.0 - (shaded - both) / area;
        // Not a number only if a length is.
        if fraction.is_nan() { 1.0 } else { fraction.clamp(0.0, 1.0) }
    }

    /// What is left of diffuse light on a surface of this tilt, by integration over directions (once; some 5000 of
    /// them). The dome is the part of the sky that the surface faces, weighted by the cosine of incidence, the ground
    /// likewise; the horizon is the ring at altitude 0 (as the EnergyPlus Engineering Reference, "Shadowing of Sky
    /// Diffuse Solar Radiation", has it). A part that the surface does not face has factor 1.
    pub fn diffuse_factors(&self, plane: &Plane) -> DiffuseFactors {
        if self.overhang.is_none() && self.left.is_none() && self.right.is_none() {
            return DiffuseFactors::default();
        }
        let (mut sky, mut ground, mut horizon) = ([0.0; 2], [0.0; 2], [0.0; 2]);
        for ring in 0..RINGS {
            // Rings of equal area on the base disc carry equal weight (Nusselt's analogue).
            let squared = (ring as f64 + 0.5) / RINGS as f64;
            let (radius, out) = (squared.sqrt(), (1.0 - squared).sqrt());
            for spoke in 0..SPOKES {
                let (sin, cos) = ((spoke as f64 + 0.5) / SPOKES as f64 * TAU).sin_cos();
                let direction = [radius * cos, radius * sin, out];
                let sum =
                    if direction[1] * plane.sin_tilt + out * plane.cos_tilt > 0.0 { &mut sky } else { &mut ground };
                sum[0] += self.sunlit_fraction(&direction);
                sum[1] += 1.0;
            }
        }
        for step in 0..HORIZON {
            let (sin, cos) = (((step as f64 + 0.5) / HORIZON as f64 - 0.5) * PI).sin_cos();
            // A level direction in the axes of a tilted surface.
            let direction = [sin, -cos * plane.cos_tilt, cos * plane.sin_tilt];
            horizon[0] += direction[2] * self.sunlit_fraction(&direction);
            horizon[1] += direction[2];
        }
        let ratio = |sum: [f64; 2]| if sum[1] > 1e-9 { (sum[0] / sum[1]).clamp(0.0, 1.0) } else { 1.0 };
        DiffuseFactors { dome: ratio(sky), horizon: ratio(horizon), ground: ratio(ground) }
    }
}

/// A length that casts a shadow.
fn length(metres: f64) -> Option<f64> {
    (metres > 0.0 && metres.is_finite()).then_some(metres)
}

type Point = [f64; 2];

/// The shadow of a shade with this foot on the surface, its corners anticlockwise.
fn shadow(from: Point, to: Point, depth: f64, shift: [f64; 2]) -> [Point; 4] {
    let thrown = |point: Point| [point[0] - depth * shift[0], point[1] - depth * shift[1]];
    let corners = [from, to, thrown(to), thrown(from)];
    let [a, b, c, d] = corners;
    if signed_area(&corners) < 0.0 { [d, c, b, a] } else { corners }
}

fn signed_area(corners: &[Point]) -> f64 {
    let next = corners.iter().cycle().skip(1);
    0.5 * corners.iter().zip(next).map(|(a, b)| a[0] * b[1] - a[1] * b[0]).sum::<f64>()
}

/// A convex polygon of at most 16 corners, anticlockwise: a rectangle clipped by two parallelograms has at most 12.
#[derive(Clone, Copy)]
struct Polygon {
    corners: [Point; 16],
    count: usize,
}

impl Polygon {
    fn new(rectangle: [Point; 4]) -> Self {
        let mut polygon = Self { corners: [[0.0; 2]; 16], count: 0 };
        rectangle.into_iter().for_each(|corner| polygon.push(corner));
        polygon
    }

    fn push(&mut self, corner: Point) {
        if let Some(place) = self.corners.get_mut(self.count) {
            *place = corner;
            self.count += 1;
        }
    }

    fn points(&self) -> &[Point] {
        self.corners.get(..self.count).unwrap_or(&[])
    }

    fn area(&self) -> f64 {
        signed_area(self.points()).max(0.0)
    }

    /// What lies within a convex shape (Sutherland & Hodgman 1974).
    fn clipped(mut self, shape: &[Point; 4]) -> Self {
        for (edge, a) in shape.iter().enumerate() {
            let b = shape[(edge + 1) % 4];
            let inside = |point: &Point| (b[0] - a[0]) * (point[1] - a[1]) - (b[1] - a[1]) * (point[0] - a[0]);
            let mut kept = Self { count: 0, ..self };
            let points = self.points();
            for (index, point) in points.iter().enumerate() {
                let next = points[(index + 1) % points.len()];
                let (here, there) = (inside(point), inside(&next));
                if here >= 0.0 {
                    kept.push(*point);
                }
                if (here > 0.0 && there < 0.0) || (here < 0.0 && there > 0.0) {
                    let part = here / (here - there);
                    kept.push([point[0] + part * (next[0] - point[0]), point[1] + part * (next[1] - point[1])]);
                }
            }
            self = kept;
        }
        self
    }
}

#[cfg(test)]
#[path = "shading_tests.rs"]
mod tests;
