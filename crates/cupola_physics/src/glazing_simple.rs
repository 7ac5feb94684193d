//! Glazing from U-value and solar heat gain coefficient: one equivalent pane (Arasteh, Kohler & Griffith
//! 2009, LBNL-2804E; EnergyPlus Engineering Reference, "Simple Window Model").

use crate::{
    glazing::PaneThermal,
    glazing_optics::{Layer, polynomial},
};

/// Polynomials in the cosine of incidence, fourth power first: transmittance and reflectance relative to
/// normal incidence, for the glazing types A to J (LBNL-2804E).
const CURVES: [[[f64; 5]; 2]; 10] = [
    [[1.470e-2, 1.486, -3.852, 3.355, -1.474e-3], [16.32, -57.82, 79.24, -50.08, 13.34]],
    [[5.546e-1, 3.563e-2, -2.416, 2.831, -2.037e-3], [40.48, -119.3, 134.8, -70.97, 16.11]],
    [[7.709e-1, -6.383e-1, -1.576, 2.448, -2.042e-3], [57.49, -164.5, 178.0, -88.75, 18.84]],
    [[3.462e-1, 3.963e-1, -2.582, 2.845, -2.804e-4], [5.714, -16.67, 18.63, -9.756, 3.074]],
    [[2.883, -5.873, 2.489, 1.510, -2.577e-3], [-0.5488, -6.498, 21.20, -20.97, 7.814]],
    [[3.025, -6.366, 3.137, 1.213, -1.367e-3], [4.290, -12.67, 14.66, -8.153, 2.871]],
    [[3.229, -6.844, 3.535, 1.088, -2.891e-3], [21.74, -64.44, 74.89, -41.79, 10.62]],
    [[3.334, -7.131, 3.829, 9.766e-1, -2.952e-3], [4.341, -12.80, 14.78, -8.203, 2.879]],
    [[3.146, -6.855, 3.931, 7.860e-1, -2.934e-3], [41.36, -117.8, 127.6, -64.37, 14.26]],
    [[3.744, -8.836, 6.018, 8.407e-2, 4.825e-4], [4.490, -12.66, 13.97, -7.501, 2.693]],
];

/// Weights of the curves A to J in a mixture of the paper.
type Mix = [f64; 10];
const A: Mix = [1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0];
const BDCD: Mix = [0.0, 0.25, 0.25, 0.5, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0];
const D: Mix = [0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0];
const E: Mix = [0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0];
const FGHI: Mix = [0.0, 0.0, 0.0, 0.0, 0.0, 0.25, 0.25, 0.25, 0.25, 0.0];
const FH: Mix = [0.0, 0.0, 0.0, 0.0, 0.0, 0.5, 0.0, 0.5, 0.0, 0.0];
const J: Mix = [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0];

/// Mixtures over the solar heat gain coefficient, interpolated linearly (LBNL-2804E): single glazing (from
/// 4.54 W/(m² K)), double glazing (1.70 to 3.41), and triple glazing (below 1.42).
const SINGLE: &[(f64, Mix)] = &[(0.30, D), (0.45, BDCD), (0.60, BDCD), (0.65, A)];
const DOUBLE: &[(f64, Mix)] = &[(0.25, FH), (0.30, FGHI), (0.50, FGHI), (0.55, E)];
const TRIPLE: &[(f64, Mix)] = &[(0.35, J), (0.45, E)];

/// Angular dependence of the equivalent pane.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SimpleAngular {
    transmittance: f64,
    reflectance: f64,
    curves: [[f64; 5]; 2],
}

impl SimpleAngular {
    /// Returns the properties at a cosine of incidence above 0 to 1.
    ///
    /// Each reflectance curve is relative to the glazing that it was fitted to. A product with the
    /// reflectance of another glazing would be wrong: a reflective glazing would then absorb nothing at
    /// oblique incidence. The curve is used as the fraction of the way from the reflectance at normal
    /// incidence to full reflectance at grazing incidence (EnergyPlus since 9.4 does likewise).
    pub(crate) fn at(&self, cosine: f64) -> Layer {
        // The fourth power comes first.
        let curve = |index: usize| self.curves[index].iter().fold(0.0, |sum, coefficient| sum * cosine + coefficient);
        let grazing = self.curves[1][4];
        let on_the_way = ((curve(1) - 1.0) / (grazing - 1.0).max(1e-6)).clamp(0.0, 1.0);
        let transmittance = (self.transmittance * curve(0)).clamp(0.0, 1.0);
        let reflectance = (self.reflectance + (1.0 - self.reflectance) * on_the_way).min(1.0 - transmittance);
        Layer { transmittance, front: reflectance, back: reflectance }
    }
}

/// Returns the equivalent pane for a U-value in W/(m² K) and a solar heat gain coefficient, both within the
/// ranges of [`crate::glazing::GlazingSpec::Simple`]. The thermal resistance of the pane is at least 0.001 m²
/// K/W, because above about 6 W/(m² K) the surface resistances alone give the U-value.
pub(crate) fn equivalent(u_value_w_m2k: f64, solar_heat_gain: f64) -> (PaneThermal, SimpleAngular) {
    let u = u_value_w_m2k;
    let inside = if u < 5.85 { 1.0 / (0.359_073 * u.ln() + 6.949_915) } else { 1.0 / (1.788_041 * u - 2.886_625) };
    let outside = 1.0 / (0.025_342 * u + 29.163_853);
    let glass = (1.0 / u - inside - outside).max(1e-3);
    let transmittance = normal_transmittance(u, solar_heat_gain);
    // The surface coefficients of the summer conditions depend on the heat absorbed by the glazing.
    let inward = solar_heat_gain - transmittance;
    let film = |coefficients: &[f64]| 1.0 / polynomial(coefficients, inward);
    let single = (film(&[7.426_151, 9.945_872, -21.943_415, 29.436_546]), film(&[20.577_080, 2.225_824]));
    let double = (film(&[6.766_575, 19.737_055, -90.639_733, 199.820_812_8]), film(&[20.541_528, 5.763_355]));
    let part = ((u - 3.4) / 1.1).clamp(0.0, 1.0);
    let (inside, outside) = (double.0 + part * (single.0 - double.0), double.1 + part * (single.1 - double.1));
    let inward_fraction = (outside + 0.5 * glass) / (outside + glass + inside);
    let absorptance = (inward / inward_fraction).clamp(0.0, 1.0 - transmittance);
    let pane = PaneThermal { conductance_w_m2k: 1.0 / glass, emissivity_front: 0.84, emissivity_back: 0.84 };
    let reflectance = 1.0 - transmittance - absorptance;
    (pane, SimpleAngular { transmittance, reflectance, curves: curves(u, solar_heat_gain) })
}

fn normal_transmittance(u: f64, gain: f64) -> f64 {
    let single = if gain < 0.720_6 { (0.939_998 * gain + 0.203_32) * gain } else { 1.304_15 * gain - 0.305_15 };
    let double = if gain <= 0.15 { 0.410_40 * gain } else { (0.085_775 * gain + 0.963_954) * gain - 0.084_958 };
    let part = ((u - 3.4) / 1.1).clamp(0.0, 1.0);
    (double + part * (single - double)).clamp(0.0, gain.min(1.0))
}

fn curves(u: f64, gain: f64) -> [[f64; 5]; 2] {
    let (low, high, part) =
        if u >= 3.41 { (DOUBLE, SINGLE, (u - 3.41) / 1.13) } else { (TRIPLE, DOUBLE, (u - 1.42) / 0.28) };
    let (low, high, part) = (mixture(low, gain), mixture(high, gain), part.clamp(0.0, 1.0));
    let mut result = [[0.0; 5]; 2];
    for (index, curve) in CURVES.iter().enumerate() {
        let weight = low[index] + part * (high[index] - low[index]);
        for (sum, values) in result.iter_mut().zip(curve) {
            sum.iter_mut().zip(values).for_each(|(sum, value)| *sum += weight * value);
        }
    }
    result
}

fn mixture(along: &[(f64, Mix)], gain: f64) -> Mix {
    let first = along.first().map_or(A, |(_, mix)| *mix);
    along.windows(2).fold(first, |mix, pair| {
        let ((from, left), (to, right)) = (pair[0], pair[1]);
        let part = ((gain - from) / (to - from)).clamp(0.0, 1.0);
        if part > 0.0 { std::array::from_fn(|index| left[index] + part * (right[index] - left[index])) } else { mix }
    })
}
