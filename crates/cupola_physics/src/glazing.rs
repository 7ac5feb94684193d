//! Glazing: panes and gaps, two data-sheet values, or tables, and the optical properties at any angle of
//! incidence.
//!
//! Panes are numbered from the outside. The front of a pane faces outdoors. Angles are angles of incidence,
//! given by their cosine (1 is normal, 0 grazing). Heat transfer through a glazing is in
//! [`crate::glazing_thermal`].

use serde::{Deserialize, Serialize};

pub use crate::glazing_optics::{Hemispherical, Optics};
use crate::{
    glazing_optics::{Angular, Columns},
    glazing_simple,
};

/// Maximum number of panes of a glazing.
pub const MAX_PANES: usize = 8;

/// Solar optical properties of a pane.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum PaneOptics {
    /// Properties at normal incidence over the solar spectrum, 0 to 1 each.
    Normal {
        /// Transmittance, the same in both directions.
        transmittance: f64,
        /// Reflectance of the outdoor side.
        reflectance_front: f64,
        /// Reflectance of the indoor side.
        reflectance_back: f64,
    },
    /// Clear or tinted glass, described by its material.
    Glass {
        /// Refractive index, above 1 to 4 (float glass: 1.526).
        refractive_index: f64,
        /// Extinction coefficient, in 1/m, 0 to 1e5 (float glass: 20 to 30).
        extinction_per_m: f64,
    },
}

/// A pane of glass.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pane {
    /// Thickness, in m, above 0 to 0.2.
    pub thickness_m: f64,
    /// Conductivity, in W/(m K), above 0 to 10 (float glass: 1.0).
    pub conductivity_w_mk: f64,
    /// Solar optical properties.
    pub optics: PaneOptics,
    /// Hemispherical thermal emissivity of the outdoor side, above 0 to 1 (bare glass: 0.84). Panes are
    /// opaque to thermal radiation.
    pub emissivity_front: f64,
    /// Hemispherical thermal emissivity of the indoor side, above 0 to 1.
    pub emissivity_back: f64,
}

/// Fill gas of a gap.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Gas {
    /// Air.
    #[default]
    Air,
    /// Argon.
    Argon,
    /// Krypton.
    Krypton,
    /// Xenon.
    Xenon,
}

/// Heat transfer in a gap.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum GapFill {
    /// Gas, with radiation between the panes.
    Gas(Gas),
    /// Conductance of gas and radiation together, in W/(m² K), above 0 to 1000.
    Conductance(f64),
}

/// Gap between two panes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gap {
    /// Thickness, in m, above 0 to 1.
    pub thickness_m: f64,
    /// Heat transfer in the gap.
    pub fill: GapFill,
}

/// Optical tables of a glazing system, from product data.
#[derive(Clone, Debug, PartialEq)]
pub struct GlazingTable {
    /// Angles of incidence, in degrees, in increasing order from 0 to 90.
    pub angles_deg: Vec<f64>,
    /// Transmittance at each angle.
    pub transmittance: Vec<f64>,
    /// Absorptance of each pane at each angle. The remainder is reflected.
    pub absorptance: Vec<Vec<f64>>,
    /// Transmittance for diffuse light from indoors. `None` takes the value from outdoors.
    pub back_transmittance: Option<f64>,
    /// Absorptance of each pane for diffuse light from indoors. `None` takes the values from outdoors with
    /// the panes in reverse order.
    pub back_absorptance: Option<Vec<f64>>,
    /// Thermal properties of each pane.
    pub panes: Vec<PaneThermal>,
    /// Gaps between the panes.
    pub gaps: Vec<Gap>,
}

/// Description of a glazing without its frame.
#[derive(Clone, Debug, PartialEq)]
pub enum GlazingSpec {
    /// Panes with gaps between them.
    Layers {
        /// Panes from the outside, 1 to 8.
        panes: Vec<Pane>,
        /// Gaps, one fewer than panes.
        gaps: Vec<Gap>,
    },
    /// Data-sheet values (LBNL-2804E, Arasteh et al. 2009).
    Simple {
        /// U-value under NFRC winter conditions, in W/(m² K), 0.2 to 7.
        u_value_w_m2k: f64,
        /// Solar heat gain coefficient at normal incidence, 0.01 to 0.98.
        solar_heat_gain: f64,
    },
    /// Optical tables.
    Table(GlazingTable),
}

/// Reason why a glazing description is invalid.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum GlazingError {
    /// The number of panes is not 1 to 8, or the number of gaps is not one less.
    #[error("{panes} panes and {gaps} gaps: a glazing has 1 to {MAX_PANES} panes and one gap fewer")]
    Count {
        /// Number of panes.
        panes: usize,
        /// Number of gaps.
        gaps: usize,
    },
    /// A value is out of range.
    #[error("the {} of number {} is {value}; it ranges from {} to {}", what.0, what.1 + 1, range.0, range.1)]
    Range {
        /// Name of the value, and index of its pane or gap from 0.
        what: (&'static str, usize),
        /// The value.
        value: f64,
        /// Allowed range.
        range: (f64, f64),
    },
    /// A pane or glazing emits more light than it receives: the sum of transmittance and reflectance, or of
    /// transmittance and absorptances, exceeds 1.
    #[error("number {} sends on {sum} times the light that reaches it", index + 1)]
    Energy {
        /// Index of the pane, or of the angle in a table, from 0.
        index: usize,
        /// Sum of the fractions.
        sum: f64,
    },
    /// The columns of a table differ in length, or its angles do not increase from 0 to 90°.
    #[error("the table does not fit: {0}")]
    Table(&'static str),
}

/// Thermal properties of a pane.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PaneThermal {
    /// Conductance from surface to surface, in W/(m² K).
    pub conductance_w_m2k: f64,
    /// Emissivity of the outdoor side.
    pub emissivity_front: f64,
    /// Emissivity of the indoor side.
    pub emissivity_back: f64,
}

/// Glazing prepared for computation.
#[derive(Clone, Debug, PartialEq)]
pub struct Glazing {
    /// Optical properties.
    pub optics: Optics,
    /// Panes from the outside.
    pub panes: Vec<PaneThermal>,
    /// Gaps from the outside, one fewer than panes.
    pub gaps: Vec<Gap>,
}

impl Glazing {
    /// Prepares a glazing from its description.
    ///
    /// # Errors
    /// Returns a [`GlazingError`] if a count, a range or a sum is invalid.
    pub fn new(spec: &GlazingSpec) -> Result<Self, GlazingError> {
        match spec {
            GlazingSpec::Layers { panes, gaps } => layers(panes, gaps),
            GlazingSpec::Simple { u_value_w_m2k, solar_heat_gain } => {
                in_range(*u_value_w_m2k, (0.2, 7.0), ("U-value", 0))?;
                in_range(*solar_heat_gain, (0.01, 0.98), ("solar heat gain coefficient", 0))?;
                let (pane, angular) = glazing_simple::equivalent(*u_value_w_m2k, *solar_heat_gain);
                let optics = Optics::from_layers(1, |cosine| vec![angular.at(cosine)]);
                Ok(Self { optics, panes: vec![pane], gaps: Vec::new() })
            }
            GlazingSpec::Table(given) => table(given),
        }
    }
}

fn in_range(value: f64, range: (f64, f64), what: (&'static str, usize)) -> Result<(), GlazingError> {
    let fits = value >= range.0 && value <= range.1;
    if fits { Ok(()) } else { Err(GlazingError::Range { what, value, range }) }
}

fn check_gaps(panes: usize, gaps: &[Gap]) -> Result<(), GlazingError> {
    if panes == 0 || panes > MAX_PANES || gaps.len() + 1 != panes {
        return Err(GlazingError::Count { panes, gaps: gaps.len() });
    }
    for (index, gap) in gaps.iter().enumerate() {
        in_range(gap.thickness_m, (1e-5, 1.0), ("gap's thickness in m", index))?;
        if let GapFill::Conductance(value) = gap.fill {
            in_range(value, (1e-3, 1e3), ("gap's conductance in W/(m² K)", index))?;
        }
    }
    Ok(())
}

fn check_thermal(index: usize, pane: &PaneThermal) -> Result<(), GlazingError> {
    in_range(pane.conductance_w_m2k, (1e-3, 1e6), ("pane's conductance in W/(m² K)", index))?;
    in_range(pane.emissivity_front, (1e-3, 1.0), ("front emissivity", index))?;
    in_range(pane.emissivity_back, (1e-3, 1.0), ("back emissivity", index))
}

fn layers(panes: &[Pane], gaps: &[Gap]) -> Result<Glazing, GlazingError> {
    check_gaps(panes.len(), gaps)?;
    let mut thermal = Vec::new();
    let mut angular = Vec::new();
    for (index, pane) in panes.iter().enumerate() {
        in_range(pane.thickness_m, (1e-5, 0.2), ("pane's thickness in m", index))?;
        in_range(pane.conductivity_w_mk, (1e-3, 10.0), ("pane's conductivity in W/(m K)", index))?;
        match pane.optics {
            PaneOptics::Normal { transmittance, reflectance_front, reflectance_back } => {
                in_range(transmittance, (0.0, 1.0), ("transmittance", index))?;
                for reflectance in [reflectance_front, reflectance_back] {
                    in_range(reflectance, (0.0, 1.0), ("reflectance", index))?;
                    let sum = transmittance + reflectance;
                    if sum > 1.0 {
                        return Err(GlazingError::Energy { index, sum });
                    }
                }
            }
            PaneOptics::Glass { refractive_index, extinction_per_m } => {
                in_range(refractive_index, (1.000_1, 4.0), ("refractive index", index))?;
                in_range(extinction_per_m, (0.0, 1e5), ("extinction coefficient in 1/m", index))?;
            }
        }
        let pane_thermal = PaneThermal {
            conductance_w_m2k: pane.conductivity_w_mk / pane.thickness_m,
            emissivity_front: pane.emissivity_front,
            emissivity_back: pane.emissivity_back,
        };
        check_thermal(index, &pane_thermal)?;
        thermal.push(pane_thermal);
        angular.push(Angular::new(pane));
    }
    let optics = Optics::from_layers(panes.len(), |cosine| angular.iter().map(|pane| pane.at(cosine)).collect());
    Ok(Glazing { optics, panes: thermal, gaps: gaps.to_vec() })
}

fn table(given: &GlazingTable) -> Result<Glazing, GlazingError> {
    let panes = given.panes.len();
    check_gaps(panes, &given.gaps)?;
    given.panes.iter().enumerate().try_for_each(|(index, pane)| check_thermal(index, pane))?;
    let angles = &given.angles_deg;
    let rises = angles.windows(2).all(|pair| pair[0] < pair[1]);
    if !rises || angles.first() != Some(&0.0) || angles.last() != Some(&90.0) {
        return Err(GlazingError::Table("angles rise from 0 to 90 degrees"));
    }
    let even =
        std::iter::once(&given.transmittance).chain(&given.absorptance).all(|column| column.len() == angles.len());
    if !even
        || given.absorptance.len() != panes
        || given.back_absorptance.as_ref().is_some_and(|back| back.len() != panes)
    {
        return Err(GlazingError::Table("every pane has one absorptance per angle"));
    }
    let back_values = given.back_absorptance.iter().flatten().chain(&given.back_transmittance);
    for value in given.absorptance.iter().flatten().chain(&given.transmittance).chain(back_values) {
        in_range(*value, (0.0, 1.0), ("value in the table", 0))?;
    }
    for index in 0..angles.len() {
        let sum = given.transmittance[index] + given.absorptance.iter().map(|column| column[index]).sum::<f64>();
        if sum > 1.0 + 1e-9 {
            return Err(GlazingError::Energy { index, sum });
        }
    }
    let columns = Columns::from_table(angles, &given.transmittance, &given.absorptance);
    let front = columns.hemispherical();
    let transmittance = given.back_transmittance.unwrap_or(front.transmittance);
    let absorptance =
        given.back_absorptance.clone().unwrap_or_else(|| front.absorptance.iter().rev().copied().collect());
    let sum = transmittance + absorptance.iter().sum::<f64>();
    if sum > 1.0 + 1e-9 {
        return Err(GlazingError::Energy { index: 0, sum });
    }
    let back = Hemispherical { transmittance, reflectance: (1.0 - sum).max(0.0), absorptance };
    let optics = columns.with(front, back);
    Ok(Glazing { optics, panes: given.panes.clone(), gaps: given.gaps.clone() })
}

#[cfg(test)]
#[path = "glazing_tests.rs"]
mod tests;
