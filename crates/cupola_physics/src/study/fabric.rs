//! Fabric of a building: materials, constructions, surfaces and windows.

use super::Amount;
pub use crate::glazing::Gas;
pub use crate::shading::{Fin, Overhang, Shading};
use serde::{Deserialize, Serialize};

/// Building material.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Material {
    /// Thermal conductivity, in W/(m K), 0.001 to 400.
    pub conductivity_w_mk: f64,
    /// Density, in kg/m³. Without a density the material stores no heat.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub density_kg_m3: f64,
    /// Specific heat capacity, in J/(kg K).
    #[serde(default, skip_serializing_if = "is_zero")]
    pub specific_heat_j_kgk: f64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde requires a reference")]
fn is_zero(number: &f64) -> bool {
    *number == 0.0
}

impl Material {
    /// Returns a material with this conductivity, in W/(m K), density, in kg/m³, and specific heat, in J/(kg
    /// K).
    pub fn new(conductivity_w_mk: f64, density_kg_m3: f64, specific_heat_j_kgk: f64) -> Self {
        Self { conductivity_w_mk, density_kg_m3, specific_heat_j_kgk }
    }
}

/// Construction of an opaque surface: its layers, and the radiative properties of its two faces.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Construction {
    /// Layers from outside to inside.
    pub layers: Vec<Layer>,
    /// Outside face.
    #[serde(default)]
    pub outside: Face,
    /// Inside face.
    #[serde(default)]
    pub inside: Face,
}

/// Layer of a construction: a thickness of a material, or a resistance without mass, such as an air space.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Layer {
    /// Name of the material.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub material: Option<String>,
    /// Thickness of the material, in m.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thickness_m: Option<f64>,
    /// Thermal resistance instead of a material, in m² K/W.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resistance_m2k_w: Option<f64>,
}

impl Layer {
    /// Returns a layer of a material with this thickness, in m.
    pub fn of(material: &str, thickness_m: f64) -> Self {
        Self { material: Some(material.into()), thickness_m: Some(thickness_m), resistance_m2k_w: None }
    }

    /// Returns a resistance without mass, in m² K/W.
    pub fn resistance(resistance_m2k_w: f64) -> Self {
        Self { resistance_m2k_w: Some(resistance_m2k_w), ..Self::default() }
    }
}

/// Radiative properties of a face.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Face {
    /// Solar absorptance, 0 to 1.
    pub solar_absorptance: f64,
    /// Emittance for long-wave radiation, 0 to 1.
    pub emittance: f64,
}

impl Default for Face {
    fn default() -> Self {
        // ASHRAE 140-2017, 5.2.1.5: the values of its building, inside and outside. They are close to most
        // paints, brick and concrete.
        Self { solar_absorptance: 0.6, emittance: 0.9 }
    }
}

/// Convection models of the faces.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Convection {
    /// Convection at inside faces.
    pub inside: InsideConvection,
    /// Convection at outside faces.
    pub outside: OutsideConvection,
}

/// Convection model of an inside face.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InsideConvection {
    /// Natural convection as a function of temperature difference and tilt (Walton 1983, TARP; ASHRAE
    /// Fundamentals 2017, ch. 4, table 7).
    #[default]
    Tarp,
    /// Coefficient by the direction of heat flow: 5.0 upwards, 2.5 horizontal, 0.7 downwards, in W/(m² K)
    /// (ISO 13791:2012; ISO 52016-1:2017, table 25).
    Iso52016,
    /// Constant coefficient, in W/(m² K).
    Fixed(f64),
}

/// Convection model of an outside face.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutsideConvection {
    /// Coefficient as a function of wind and temperature difference (MoWiTT with roughness, as in DOE-2;
    /// Yazdanian and Klems 1994).
    #[default]
    Doe2,
    /// Coefficient `4 + 4 v`, in W/(m² K), with the wind speed v in m/s (ISO 6946:2017, annex C).
    Iso6946,
    /// Constant coefficient, in W/(m² K).
    Fixed(f64),
}

/// Opaque surface of a zone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Surface {
    /// Id, unique in the zone.
    pub id: String,
    /// Name of the construction.
    pub construction: String,
    /// Area including windows, in m².
    pub area_m2: f64,
    /// Azimuth of the outward normal, clockwise from north, in °.
    #[serde(default)]
    pub azimuth_deg: f64,
    /// Tilt: angle between the outward normal and the zenith, in °; 0 for a flat roof, 90 for a wall, 180 for
    /// a floor.
    pub tilt_deg: f64,
    /// Boundary condition on the other side.
    #[serde(default)]
    pub outside: Outside,
    /// Height of the centre above ground, in m, for the wind. The default is half the zone's height.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub height_m: Option<f64>,
    /// Convection at the inside face, if it differs from the study's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inside_convection: Option<InsideConvection>,
    /// Convection at the outside face, if it differs from the study's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outside_convection: Option<OutsideConvection>,
    /// Fraction of the solar radiation through the zone's windows that is incident on this surface first. If
    /// no surface of a zone has a value, direct solar radiation is incident on the floors.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub solar_fraction: Option<f64>,
    /// Shading of the opaque part. Its width and height are required.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shading: Option<Shading>,
    /// Windows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub windows: Vec<Window>,
}

impl Surface {
    /// Returns a plain surface with this id, construction, area, in m², azimuth and tilt, in °, and boundary
    /// condition.
    pub fn new(
        id: impl Into<String>,
        construction: impl Into<String>,
        area_m2: f64,
        (azimuth_deg, tilt_deg): (f64, f64),
        outside: Outside,
    ) -> Self {
        Self {
            id: id.into(),
            construction: construction.into(),
            area_m2,
            azimuth_deg,
            tilt_deg,
            outside,
            height_m: None,
            inside_convection: None,
            outside_convection: None,
            solar_fraction: None,
            shading: None,
            windows: Vec::new(),
        }
    }
}

/// Boundary condition on the other side of a surface.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outside {
    /// Outdoors, with sun, wind and sky.
    #[default]
    Outdoors,
    /// Ground with this temperature, in °C, in contact with the outermost layer.
    Ground(Amount),
    /// Outdoor air without sun, wind and sky, as below a raised floor. The outside coefficient is the
    /// surface's fixed coefficient, or that of `air`.
    Shelter,
    /// Air with this temperature, in °C. The outside coefficient is that of the surface, or 1/0.13 W/(m² K)
    /// (ISO 6946:2017, table 7).
    Air(Amount),
    /// Other zone. The surface is listed in only one of the two zones.
    Zone(String),
    /// Adiabatic: there is no heat flow through the surface, but its layers store heat.
    Adiabatic,
}

/// Window of a surface.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// Id, unique in the surface.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub id: String,
    /// Name of the glazing.
    pub glazing: String,
    /// Area, in m². It is optional if width and height are given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub area_m2: Option<f64>,
    /// Frame fraction of the area, 0 to 0.9.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frame_fraction: Option<f64>,
    /// U-value of the frame, in W/(m² K). It is required with a frame.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frame_u_w_m2k: Option<f64>,
    /// Convection at the inside face, if it differs from the surface's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inside_convection: Option<InsideConvection>,
    /// Convection at the outside face, if it differs from the surface's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outside_convection: Option<OutsideConvection>,
    /// Shading of the window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shading: Option<Shading>,
    /// Fraction of the solar radiation that the blind transmits; 1 without a blind. A schedule can move the
    /// blind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blind_factor: Option<Amount>,
    /// Number of identical windows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u32>,
}

/// Glazing of a window: panes, or data-sheet values (equivalent layer of LBNL-2804E, Arasteh et al. 2009).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Glazing {
    /// Panes from outside to inside.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub panes: Vec<Pane>,
    /// Gaps between the panes, one fewer than panes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub gaps: Vec<Gap>,
    /// Solar properties of the whole glazing by angle of incidence. They replace the solar properties of the
    /// panes. The panes still conduct heat.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub angular: Option<Angular>,
    /// U-value of the glazing instead of panes, in W/(m² K).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub u_value_w_m2k: Option<f64>,
    /// Solar heat gain coefficient (g-value) at normal incidence instead of panes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shgc: Option<f64>,
}

/// Pane of glass.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Pane {
    /// Thickness, in m.
    pub thickness_m: f64,
    /// Thermal conductivity, in W/(m K).
    pub conductivity_w_mk: f64,
    /// Solar transmittance at normal incidence.
    pub solar_transmittance: f64,
    /// Solar reflectance of the outside face at normal incidence.
    pub solar_reflectance_front: f64,
    /// Solar reflectance of the inside face at normal incidence. The default is that of the outside face.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub solar_reflectance_back: Option<f64>,
    /// Emittance of the outside face.
    pub emittance_front: f64,
    /// Emittance of the inside face.
    pub emittance_back: f64,
    /// Refractive index of uncoated glass. Together with the extinction coefficient it replaces transmittance
    /// and reflectance.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refractive_index: Option<f64>,
    /// Extinction coefficient of uncoated glass, in 1/m.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extinction_per_m: Option<f64>,
}

impl Default for Pane {
    fn default() -> Self {
        // 3 mm clear float glass (ASHRAE Fundamentals 2017, ch. 15, table 10; emittance EN 673:2011, 5.2).
        Self {
            thickness_m: 0.003,
            conductivity_w_mk: 1.0,
            solar_transmittance: 0.83,
            solar_reflectance_front: 0.08,
            solar_reflectance_back: None,
            emittance_front: 0.84,
            emittance_back: 0.84,
            refractive_index: None,
            extinction_per_m: None,
        }
    }
}

/// Gap between two panes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Gap {
    /// Thickness, in m.
    pub thickness_m: f64,
    /// Fill gas.
    pub gas: Gas,
    /// Total conductance including radiation, in W/(m² K), instead of a computed one.
    pub conductance_w_m2k: Option<f64>,
}

impl Default for Gap {
    fn default() -> Self {
        Self { thickness_m: 0.012, gas: Gas::Air, conductance_w_m2k: None }
    }
}

/// Solar properties of a glazing by angle of incidence.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Angular {
    /// Angles of incidence, in °, in increasing order from 0 to 90.
    pub angles_deg: Vec<f64>,
    /// Solar transmittance at each angle.
    pub transmittance: Vec<f64>,
    /// Solar absorptance of each pane, from outside to inside, at each angle.
    pub absorptance: Vec<Vec<f64>>,
    /// Transmittance for diffuse solar radiation from inside. The default is the value from outside.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inside_transmittance: Option<f64>,
    /// Absorptance of each pane for diffuse solar radiation from inside. The default is the values from
    /// outside with the panes in reverse order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inside_absorptance: Option<Vec<f64>>,
}
