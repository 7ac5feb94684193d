//! What a building is made of.

use super::Amount;
pub use crate::glazing::Gas;
pub use crate::shading::{Fin, Overhang, Shading};
use serde::{Deserialize, Serialize};

/// A material.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Material {
    /// Thermal conductivity, W/(m K); 0.001 to 400.
    pub conductivity_w_mk: f64,
    /// Density, kg/m³; without it, the material stores no heat.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub density_kg_m3: f64,
    /// Specific heat capacity, J/(kg K).
    #[serde(default, skip_serializing_if = "is_zero")]
    pub specific_heat_j_kgk: f64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde wants a reference")]
fn is_zero(number: &f64) -> bool {
    *number == 0.0
}

impl Material {
    /// A material by its conductivity, W/(m K), density, kg/m³, and specific heat, J/(kg K).
    pub fn new(conductivity_w_mk: f64, density_kg_m3: f64, specific_heat_j_kgk: f64) -> Self {
        Self { conductivity_w_mk, density_kg_m3, specific_heat_j_kgk }
    }
}

/// The layers of an opaque surface and what its two faces are like.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Construction {
    /// From outside to inside.
    pub layers: Vec<Layer>,
    /// The outer face.
    #[serde(default)]
    pub outside: Face,
    /// The inner face.
    #[serde(default)]
    pub inside: Face,
}

/// One layer of a construction: so much of a material, or a resistance without mass, such as an air space.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Layer {
    /// The material's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub material: Option<String>,
    /// Thickness of the material, m.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thickness_m: Option<f64>,
    /// Thermal resistance instead of a material, m² K/W.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resistance_m2k_w: Option<f64>,
}

impl Layer {
    /// So many metres of a material.
    pub fn of(material: &str, thickness_m: f64) -> Self {
        Self { material: Some(material.into()), thickness_m: Some(thickness_m), resistance_m2k_w: None }
    }

    /// A resistance without mass, m² K/W.
    pub fn resistance(resistance_m2k_w: f64) -> Self {
        Self { resistance_m2k_w: Some(resistance_m2k_w), ..Self::default() }
    }
}

/// How a face exchanges radiation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Face {
    /// Share of the sun's radiation that it absorbs, 0 to 1.
    pub solar_absorptance: f64,
    /// Emittance for long-wave radiation, 0 to 1.
    pub emittance: f64,
}

impl Default for Face {
    fn default() -> Self {
        // ASHRAE 140-2017, 5.2.1.5: what its building has, inside and outside; close to most paints, brick and concrete.
        Self { solar_absorptance: 0.6, emittance: 0.9 }
    }
}

/// How heat passes between a face and the air, W/(m² K).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Convection {
    /// At inner faces.
    pub inside: InsideConvection,
    /// At outer faces.
    pub outside: OutsideConvection,
}

/// Convection at an inner face.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InsideConvection {
    /// By temperature difference and tilt (natural convection; Walton 1983, TARP; ASHRAE Fundamentals 2017, ch. 4, table 7).
    #[default]
    Tarp,
    /// By the direction of heat flow alone: 5.0 upwards, 2.5 sideways, 0.7 downwards (ISO 13791:2012; ISO 52016-1:2017, table 25).
    Iso52016,
    /// This coefficient always, W/(m² K).
    Fixed(f64),
}

/// Convection at an outer face.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutsideConvection {
    /// By wind and temperature difference (MoWiTT with roughness, as in DOE-2; Yazdanian and Klems 1994).
    #[default]
    Doe2,
    /// `4 + 4 v`, v the wind in m/s (ISO 6946:2017, annex C).
    Iso6946,
    /// This coefficient always, W/(m² K).
    Fixed(f64),
}

/// An opaque surface of a zone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Surface {
    /// Its id, unique in its zone.
    pub id: String,
    /// The name of its construction.
    pub construction: String,
    /// Area including its windows, m².
    pub area_m2: f64,
    /// Where its outer normal points: clockwise from north, °.
    #[serde(default)]
    pub azimuth_deg: f64,
    /// Angle between its outer normal and the zenith, °: 0 a flat roof, 90 a wall, 180 a floor.
    pub tilt_deg: f64,
    /// What is on the other side.
    #[serde(default)]
    pub outside: Outside,
    /// Height of its middle above the ground, m, for the wind; without it, half the zone's height.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub height_m: Option<f64>,
    /// Convection at its inner face, if not as everywhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inside_convection: Option<InsideConvection>,
    /// Convection at its outer face, if not as everywhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outside_convection: Option<OutsideConvection>,
    /// Share of the sun through the zone's windows that falls on it first; if no surface of a zone says so, direct sun falls on
    /// the floors.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub solar_fraction: Option<f64>,
    /// What casts shadow on the opaque part: its width and height must be given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shading: Option<Shading>,
    /// Its windows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub windows: Vec<Window>,
}

impl Surface {
    /// A plain surface: its construction, area, m², azimuth and tilt, °, and what is on the other side.
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

/// What is on the other side of a surface.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outside {
    /// Sun, wind and sky.
    #[default]
    Outdoors,
    /// Ground with this temperature, °C, in contact with the outermost layer.
    Ground(Amount),
    /// Outdoor air without sun, wind and sky, as under a raised floor, with the surface's fixed outside coefficient or as `air`.
    Shelter,
    /// Air with this temperature, °C, with the surface's outside coefficient (or 1/0.13 W/(m² K), ISO 6946:2017, table 7).
    Air(Amount),
    /// Another zone. The surface is listed in one of the two zones only.
    Zone(String),
    /// The same as inside: no heat passes, but the layers store it.
    Adiabatic,
}

/// A window.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// Its id, unique in its surface.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub id: String,
    /// The name of its glazing.
    pub glazing: String,
    /// Area, m²; may be left out if width and height are given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub area_m2: Option<f64>,
    /// Share of the area that is frame, 0 to 0.9.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frame_fraction: Option<f64>,
    /// U-value of the frame, W/(m² K); needed with a frame.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frame_u_w_m2k: Option<f64>,
    /// Convection at its inner face, if not as its surface's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inside_convection: Option<InsideConvection>,
    /// Convection at its outer face, if not as its surface's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outside_convection: Option<OutsideConvection>,
    /// What casts shadow on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shading: Option<Shading>,
    /// Share of the sun that a blind lets through, 1 without a blind; drawn by schedule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blind_factor: Option<Amount>,
    /// How many windows like this there are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u32>,
}

/// What a window is glazed with: panes, or the numbers of a product sheet (equivalent layer of LBNL-2804E, Arasteh et al. 2009).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Glazing {
    /// Panes from outside to inside.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub panes: Vec<Pane>,
    /// Between them: one less than panes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub gaps: Vec<Gap>,
    /// What the whole does with the sun at angles of incidence, in place of what its panes do; they still conduct heat.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub angular: Option<Angular>,
    /// Instead of panes: thermal transmittance of the glazing, W/(m² K).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub u_value_w_m2k: Option<f64>,
    /// Instead of panes: solar heat gain coefficient (g-value) at normal incidence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shgc: Option<f64>,
}

/// A pane of glass.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Pane {
    /// Thickness, m.
    pub thickness_m: f64,
    /// Thermal conductivity, W/(m K).
    pub conductivity_w_mk: f64,
    /// Share of the sun that passes at normal incidence.
    pub solar_transmittance: f64,
    /// Share that its outer face reflects at normal incidence.
    pub solar_reflectance_front: f64,
    /// Share that its inner face reflects at normal incidence; without it, as its outer face.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub solar_reflectance_back: Option<f64>,
    /// Emittance of its outer face.
    pub emittance_front: f64,
    /// Emittance of its inner face.
    pub emittance_back: f64,
    /// Refractive index of uncoated glass; with the extinction coefficient, instead of transmittance and reflectance.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refractive_index: Option<f64>,
    /// Extinction coefficient of uncoated glass, 1/m.
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

/// Between two panes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Gap {
    /// Thickness, m.
    pub thickness_m: f64,
    /// What fills it.
    pub gas: Gas,
    /// Its whole conductance, radiation included, W/(m² K), instead of one computed.
    pub conductance_w_m2k: Option<f64>,
}

impl Default for Gap {
    fn default() -> Self {
        Self { thickness_m: 0.012, gas: Gas::Air, conductance_w_m2k: None }
    }
}

/// What a glazing does with the sun at angles of incidence.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Angular {
    /// Angles of incidence, °, rising from 0 to 90.
    pub angles_deg: Vec<f64>,
    /// Share of the sun that passes, at each angle.
    pub transmittance: Vec<f64>,
    /// Of each pane, from outside to inside, the share that it absorbs at each angle.
    pub absorptance: Vec<Vec<f64>>,
    /// Share of diffuse sun from inside that passes; without it, as from outside.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inside_transmittance: Option<f64>,
    /// Share of diffuse sun from inside that each pane absorbs; without it, as from outside with the panes in reverse.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inside_absorptance: Option<Vec<f64>>,
}
