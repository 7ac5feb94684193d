//! What is at an outer face: sun, wind, sky, air and ground.

use super::Ambient;
use super::fabric::Exposure;
use super::film::{self, WindPowers, radiative};
use crate::study::OutsideConvection;

/// An outer face's surroundings, as one conductance and one source: W/(m² K), W/m².
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Outer {
    pub film: f64,
    pub source: f64,
}

/// Sun, wind, sky and ground at an outer face, linearised where it was.
pub(crate) fn surroundings(
    exposure: &Exposure,
    ambient: &Ambient,
    wind: WindPowers,
    face_c: f64,
    sun_w_m2: f64,
) -> Outer {
    let air_c = ambient.dry_bulb_c;
    let convection = match exposure.convection {
        OutsideConvection::Doe2 => {
            let along = exposure.normal[0] * ambient.wind_from[0] + exposure.normal[1] * ambient.wind_from[1];
            // Level faces are always in the wind.
            let is_windward = along >= -1e-9;
            film::doe2((wind, exposure.wind_powers), face_c, air_c, exposure.cos_tilt, exposure.is_glass, is_windward)
        }
        OutsideConvection::Iso6946 => 4.0 + 4.0 * exposure.wind * ambient.wind_m_s,
        OutsideConvection::Fixed(coefficient) => coefficient,
    };
    let to_sky = exposure.emittance * exposure.to_sky;
    let to_air = exposure.emittance * exposure.to_air;
    let sky = radiative(face_c, ambient.sky_c, to_sky);
    let air = radiative(face_c, air_c, to_air);
    Outer { film: convection + sky + air, source: (convection + air) * air_c + sky * ambient.sky_c + sun_w_m2 }
}
