//! Solar irradiance on each outside face. Faces with the same orientation and shading share one computation.

use crate::airflow_element;
use crate::shading::{DiffuseFactors, Shading};
use crate::sky::SkyState;
use crate::study::Terrain;
use crate::sun::Plane;

/// Solar irradiance on a face, in W/m².
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct FaceIrradiance {
    /// Irradiance from the direction of the sun (beam and circumsolar), with shading.
    pub direct: f64,
    /// Diffuse irradiance from sky and ground, with shading.
    pub diffuse: f64,
    /// Cosine of the angle of incidence.
    pub cos_incidence: f64,
    /// Total irradiance without shading.
    pub unshaded: f64,
}

impl FaceIrradiance {
    pub fn total(&self) -> f64 {
        self.direct + self.diffuse
    }
}

#[derive(Clone, Debug, PartialEq)]
struct IrradiatedPlane {
    plane: Plane,
    azimuth_deg: f64,
    tilt_deg: f64,
    shading: Option<Shading>,
    factors: DiffuseFactors,
}

/// All distinct combinations of orientation and shading.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct IrradiatedPlanes {
    rows: Vec<IrradiatedPlane>,
}

impl IrradiatedPlanes {
    /// Returns the row of a plane with this shading. A new combination is added.
    pub fn add(&mut self, plane: &Plane, azimuth_deg: f64, tilt_deg: f64, shading: Option<&Shading>) -> usize {
        let is_same = |row: &IrradiatedPlane| {
            row.azimuth_deg == azimuth_deg && row.tilt_deg == tilt_deg && row.shading.as_ref() == shading
        };
        self.rows.iter().position(is_same).unwrap_or_else(|| {
            let factors = shading.map_or_else(DiffuseFactors::default, |shading| shading.diffuse_factors(plane));
            self.rows.push(IrradiatedPlane {
                plane: *plane,
                azimuth_deg,
                tilt_deg,
                shading: shading.copied(),
                factors,
            });
            self.rows.len() - 1
        })
    }

    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Computes the irradiance on the plane of every row.
    pub fn light(&self, sky: &SkyState, ground_reflectance: f64, light: &mut Vec<FaceIrradiance>) {
        light.clear();
        if sky.diffuse_horizontal_w_m2 <= 0.0 && sky.direct_normal_w_m2 <= 0.0 {
            light.resize(self.rows.len(), FaceIrradiance::default());
            return;
        }
        light.extend(self.rows.iter().map(|row| {
            let on_plane = sky.on_plane(&row.plane, ground_reflectance);
            let cos_incidence = row.plane.cos_incidence(&sky.sun).max(0.0);
            let sunlit = match &row.shading {
                Some(shading) if cos_incidence > 0.0 => shading.sunlit_fraction(&row.plane.local(&sky.sun.direction)),
                _ => 1.0,
            };
            let factors = &row.factors;
            FaceIrradiance {
                direct: sunlit * (on_plane.beam + on_plane.circumsolar),
                diffuse: factors.dome * on_plane.dome
                    + factors.horizon * on_plane.horizon
                    + factors.ground * on_plane.ground,
                cos_incidence,
                unshaded: on_plane.total(),
            }
        }));
    }
}

/// Returns the ratio of the wind speed at a height to that at a weather station at 10 m in open terrain
/// (ASHRAE Fundamentals 2017, ch. 24, eq. 4).
pub(crate) fn local_wind(terrain: Terrain, height_m: f64) -> f64 {
    let terrain = match terrain {
        Terrain::Open => airflow_element::Terrain::Open,
        Terrain::Suburban => airflow_element::Terrain::Suburb,
        Terrain::City => airflow_element::Terrain::City,
    };
    airflow_element::wind_speed_m_s(1.0, height_m.max(0.1), terrain)
}
