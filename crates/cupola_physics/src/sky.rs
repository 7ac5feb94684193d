//! Irradiance of a tilted plane from sun, sky and ground (Perez et al. 1990, Solar Energy 44:271–289).

use crate::sun::{Plane, Sun};

/// Lower bounds of the clearness bins, and the coefficients f11 f12 f13 f21 f22 f23 of each bin (Perez 1990,
/// table 6, all sites; with the digits of the EnergyPlus Engineering Reference, "Sky Radiance Model").
const BINS: [(f64, [f64; 6]); 8] = [
    (1.000, [-0.008_311_7, 0.587_728_5, -0.062_063_6, -0.059_601_2, 0.072_124_9, -0.022_021_6]),
    (1.065, [0.129_945_7, 0.682_595_4, -0.151_375_2, -0.018_932_5, 0.065_965_0, -0.028_874_8]),
    (1.230, [0.329_695_8, 0.486_873_5, -0.221_095_8, 0.055_414_0, -0.063_958_8, -0.026_054_2]),
    (1.500, [0.568_205_3, 0.187_452_5, -0.295_129_0, 0.108_863_1, -0.151_922_9, -0.013_975_4]),
    (1.950, [0.873_028_0, -0.392_040_3, -0.361_614_9, 0.225_564_7, -0.462_044_2, 0.001_244_8]),
    (2.800, [1.132_607_7, -1.236_728_4, -0.411_849_4, 0.287_781_3, -0.823_035_7, 0.055_865_1]),
    (4.500, [1.060_159_1, -1.599_913_7, -0.358_922_1, 0.264_212_4, -1.127_234_0, 0.131_069_4]),
    (6.200, [0.677_747_0, -0.327_258_8, -0.250_428_6, 0.156_131_3, -1.376_503_1, 0.250_621_2]),
];
/// Cosine of 85°: lower limit of the cosine of the zenith angle in the circumsolar part (Perez 1990, eq. 9).
const COS_85_DEG: f64 = 0.087_155_742_747_658;
const KAPPA: f64 = 1.041;

/// Brightness coefficients of the sky at an instant. They are the same for every plane.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct SkyBrightness {
    /// F1: circumsolar fraction of the diffuse horizontal irradiance, 0 to 1.
    pub circumsolar: f64,
    /// F2: horizon brightening, relative to the diffuse horizontal irradiance; negative for a darker horizon.
    pub horizon: f64,
}

/// State of sun and sky at an instant, from which the irradiance of every plane is computed.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct SkyState {
    /// Solar position.
    pub sun: Sun,
    /// Direct normal irradiance, in W/m², at least 0.
    pub direct_normal_w_m2: f64,
    /// Diffuse horizontal irradiance, in W/m², at least 0.
    pub diffuse_horizontal_w_m2: f64,
    /// Brightness coefficients.
    pub brightness: SkyBrightness,
}

/// Irradiance of a plane by origin, in W/m².
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct PlaneIrradiance {
    /// Beam irradiance.
    pub beam: f64,
    /// Circumsolar diffuse irradiance. Its direction is that of the sun.
    pub circumsolar: f64,
    /// Diffuse irradiance from the uniform sky dome.
    pub dome: f64,
    /// Irradiance from the brighter horizon. It is negative for a horizon darker than the sky, limited so
    /// that dome and horizon together are at least 0.
    pub horizon: f64,
    /// Irradiance reflected by uniform ground.
    pub ground: f64,
}

impl PlaneIrradiance {
    /// Returns the total irradiance, in W/m², at least 0.
    pub fn total(&self) -> f64 {
        self.beam + self.circumsolar + self.dome + self.horizon + self.ground
    }
}

/// Returns Perez's coefficients from direct normal and diffuse horizontal irradiance, in W/m² (1990, its
/// clearness ε and brightness Δ). With the sun down or no diffuse irradiance both are 0, which is a uniform
/// sky.
pub fn sky_brightness(sun: &Sun, direct_normal_w_m2: f64, diffuse_horizontal_w_m2: f64) -> SkyBrightness {
    let usable = sun.is_up() && diffuse_horizontal_w_m2 > 0.0 && sun.extraterrestrial_w_m2 > 0.0;
    if !usable {
        return SkyBrightness::default();
    }
    let zenith_rad = sun.cos_zenith().clamp(0.0, 1.0).acos();
    let cubed = KAPPA * zenith_rad.powi(3);
    let clearness = (1.0 + direct_normal_w_m2.max(0.0) / diffuse_horizontal_w_m2 + cubed) / (1.0 + cubed);
    let brightness = diffuse_horizontal_w_m2 * sun.air_mass() / sun.extraterrestrial_w_m2;
    let f = BINS.iter().rev().find(|(from, _)| clearness >= *from).map_or(&BINS[0].1, |(_, f)| f);
    SkyBrightness {
        circumsolar: (f[0] + f[1] * brightness + f[2] * zenith_rad).clamp(0.0, 1.0),
        horizon: f[3] + f[4] * brightness + f[5] * zenith_rad,
    }
}

impl SkyState {
    /// Returns the sky with this solar position, direct normal and diffuse horizontal irradiance (W/m²).
    /// Irradiances that are negative or NaN count as 0.
    pub fn new(sun: Sun, direct_normal_w_m2: f64, diffuse_horizontal_w_m2: f64) -> Self {
        let direct_normal_w_m2 = if sun.is_up() { direct_normal_w_m2.max(0.0) } else { 0.0 };
        let diffuse_horizontal_w_m2 = diffuse_horizontal_w_m2.max(0.0);
        let brightness = sky_brightness(&sun, direct_normal_w_m2, diffuse_horizontal_w_m2);
        Self { sun, direct_normal_w_m2, diffuse_horizontal_w_m2, brightness }
    }

    /// Returns the global horizontal irradiance, in W/m².
    pub fn global_horizontal_w_m2(&self) -> f64 {
        self.direct_normal_w_m2 * self.sun.cos_zenith().max(0.0) + self.diffuse_horizontal_w_m2
    }

    /// Returns the three diffuse sky parts on a plane (Perez 1990, eq. 9). Beam and ground are 0.
    pub fn diffuse_on_tilt(&self, plane: &Plane) -> PlaneIrradiance {
        let SkyBrightness { circumsolar, horizon } = self.brightness;
        let diffuse = self.diffuse_horizontal_w_m2;
        let ratio = plane.cos_incidence(&self.sun).max(0.0) / self.sun.cos_zenith().max(COS_85_DEG);
        let dome = diffuse * (1.0 - circumsolar) * 0.5 * (1.0 + plane.cos_tilt);
        PlaneIrradiance {
            circumsolar: diffuse * circumsolar * ratio,
            dome,
            horizon: (diffuse * horizon * plane.sin_tilt).max(-dome),
            ..PlaneIrradiance::default()
        }
    }

    /// Returns the irradiance of an unshaded plane above horizontal ground with this reflectance (0 to 1).
    pub fn on_plane(&self, plane: &Plane, ground_reflectance: f64) -> PlaneIrradiance {
        let reflected = self.global_horizontal_w_m2() * ground_reflectance.clamp(0.0, 1.0);
        PlaneIrradiance {
            beam: self.direct_normal_w_m2 * plane.cos_incidence(&self.sun).max(0.0),
            ground: reflected * 0.5 * (1.0 - plane.cos_tilt),
            ..self.diffuse_on_tilt(plane)
        }
    }
}

#[cfg(test)]
#[path = "sky_tests.rs"]
mod tests;
