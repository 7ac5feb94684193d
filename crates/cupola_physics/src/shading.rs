//! Shading of a rectangle, such as a window, by overhangs and fins: sunlit fraction, and factors for sky,
//! horizon and ground.
//!
//! Shades are flat, opaque, black and perpendicular to the surface. Coordinates are those of the surface
//! (right as seen from outside, up, outward), with the origin at the rectangle's lower left corner. The
//! parallel projection of each shade along the sun's rays onto the surface is a parallelogram. The shaded
//! area is the area of their union within the rectangle, exact for every solar position (the construction of
//! ASHRAE Fundamentals 2017, ch. 15, "Exterior shading", without its restriction to long overhangs).

use serde::{Deserialize, Serialize};
use std::f64::consts::{PI, TAU};

use crate::{sky::PlaneIrradiance, sun::Plane};

/// Horizontal shade above the rectangle.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Overhang {
    /// Depth, in m, at least 0.
    pub depth_m: f64,
    /// Distance above the rectangle's upper edge, in m, at least 0.
    pub gap_m: f64,
    /// Extension beyond the left edge as seen from outside, in m. A negative value shortens the overhang.
    pub extends_left_m: f64,
    /// Extension beyond the right edge, in m. A negative value shortens the overhang.
    pub extends_right_m: f64,
}

/// Vertical shade beside the rectangle, along its left or right edge.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Fin {
    /// Depth, in m, at least 0.
    pub depth_m: f64,
    /// Distance from the rectangle's edge, in m, at least 0.
    pub gap_m: f64,
    /// Extension above the upper edge, in m. A negative value shortens the fin.
    pub extends_above_m: f64,
    /// Extension below the lower edge, in m. A negative value shortens the fin.
    pub extends_below_m: f64,
}

/// Rectangle with its shades.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Shading {
    /// Width of the rectangle, in m, above 0.
    pub width_m: f64,
    /// Height of the rectangle along the surface, in m, above 0.
    pub height_m: f64,
    /// Overhang.
    pub overhang: Option<Overhang>,
    /// Fin on the left, as seen from outside.
    pub left: Option<Fin>,
    /// Fin on the right, as seen from outside.
    pub right: Option<Fin>,
}

/// Fractions of diffuse radiation that shades leave, 0 to 1, by origin; 1 without shades.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DiffuseFactors {
    /// Fraction from a uniform sky dome.
    pub dome: f64,
    /// Fraction from a band along the horizon.
    pub horizon: f64,
    /// Fraction from uniform horizontal ground.
    pub ground: f64,
}

/// Factors of 1, without shades.
impl Default for DiffuseFactors {
    fn default() -> Self {
        Self { dome: 1.0, horizon: 1.0, ground: 1.0 }
    }
}

impl DiffuseFactors {
    /// Returns the mean irradiance of a shaded rectangle from its unshaded irradiance. The sunlit fraction
    /// ([`Shading::sunlit_fraction`]) applies to beam and circumsolar radiation, and these factors apply to
    /// the rest. A negative horizon part is limited so that dome and horizon together are at least 0.
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

/// Rings and spokes of the direction samples in the hemisphere in front of the surface.
const RINGS: usize = 40;
const SPOKES: usize = 120;
/// Number of direction samples along the horizon.
const HORIZON: usize = 720;

impl Shading {
    /// Returns the sunlit fraction of the rectangle, 0 to 1, for a direction towards the sun in the surface's
    /// coordinates (see [`Plane::local`]). The result is 0 for a sun behind the surface, and exactly 1
    /// without a shadow on the rectangle. Lengths below 0 count as 0, and a rectangle without area is fully
    /// sunlit.
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
        // Displacement of the shadow of a point per distance from the surface. At grazing incidence the
        // shadow lies outside any rectangle.
        let shift = [right / out, up / out].map(|part| part.clamp(-1e9, 1e9));
        let overhang = self.overhang.filter(|_| shift[1] > 0.0).and_then(|overhang| {
            let depth = length(overhang.depth_m)?;
            let y = height + length(overhang.gap_m).unwrap_or(0.0);
            let (from, to) = (-overhang.extends_left_m, width + overhang.extends_right_m);
            (from < to).then(|| shadow([from, y], [to, y], depth, shift))
        });
        // Only one fin can cast its shadow towards the rectangle.
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
        // The overlap of both shadows was counted twice.
        let both = match (overhang_on, fin) {
            (Some(polygon), Some(fin)) => polygon.clipped(&fin).area(),
            _ => 0.0,
        };
        let fraction = 1.0 - (shaded - both) / area;
        // The fraction is NaN only if a length is NaN.
        if fraction.is_nan() { 1.0 } else { fraction.clamp(0.0, 1.0) }
    }

    /// Returns the diffuse factors of a surface with this tilt, by integration over about 5000 directions
    /// (meant to be called once). The dome is the part of the sky in front of the surface, weighted by the
    /// cosine of incidence. The ground is treated likewise. The horizon is the ring at altitude 0 (as in the
    /// EnergyPlus Engineering Reference, "Shadowing of Sky Diffuse Solar Radiation"). A part that is not in
    /// front of the surface has factor 1.
    pub fn diffuse_factors(&self, plane: &Plane) -> DiffuseFactors {
        if self.overhang.is_none() && self.left.is_none() && self.right.is_none() {
            return DiffuseFactors::default();
        }
        let (mut sky, mut ground, mut horizon) = ([0.0; 2], [0.0; 2], [0.0; 2]);
        for ring in 0..RINGS {
            // Rings of equal area on the base disc have equal weight (Nusselt analogue).
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
            // Horizontal direction in the coordinates of a tilted surface.
            let direction = [sin, -cos * plane.cos_tilt, cos * plane.sin_tilt];
            horizon[0] += direction[2] * self.sunlit_fraction(&direction);
            horizon[1] += direction[2];
        }
        let ratio = |sum: [f64; 2]| if sum[1] > 1e-9 { (sum[0] / sum[1]).clamp(0.0, 1.0) } else { 1.0 };
        DiffuseFactors { dome: ratio(sky), horizon: ratio(horizon), ground: ratio(ground) }
    }
}

/// Returns a length that casts a shadow, or `None` for a length that does not.
fn length(metres: f64) -> Option<f64> {
    (metres > 0.0 && metres.is_finite()).then_some(metres)
}

type Point = [f64; 2];

/// Returns the shadow on the surface of a shade with this base line, with corners anticlockwise.
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

/// Convex polygon of at most 16 corners, anticlockwise. A rectangle clipped by two parallelograms has at most
/// 12.
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

    /// Returns the part within a convex shape (Sutherland & Hodgman 1974).
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
