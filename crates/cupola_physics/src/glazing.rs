//! Glazing: panes and gaps, two figures from a data sheet, or tables; and what becomes of light at any angle.
//!
//! Panes count from the outside. «Front» faces outdoors. Angles are those of incidence, given by their cosine (1 is
//! normal, 0 grazing). How heat crosses a glazing is in [`crate::glazing_thermal`].

use serde::{Deserialize, Serialize};
use std::{error::Error, fmt};

pub use crate::glazing_optics::{Hemispherical, Optics};
use crate::{
    glazing_optics::{Angular, Columns},
    glazing_simple,
};

/// The most panes a glazing may have.
pub const MOST_PANES: usize = 8;

/// How a pane treats sunlight.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum PaneOptics {
    /// Measured at normal incidence over the solar spectrum, 0 to 1 each.
    Normal {
        /// Transmittance, the same from both sides.
        transmittance: f64,
        /// Reflectance of the outdoor side.
        reflectance_front: f64,
        /// Reflectance of the indoor side.
        reflectance_back: f64,
    },
    /// Clear or tinted glass from the material.
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
    /// Sunlight.
    pub optics: PaneOptics,
    /// Hemispherical emissivity of the outdoor side for heat radiation, above 0 to 1 (bare glass: 0.84). No heat
    /// radiation passes a pane.
    pub emissivity_front: f64,
    /// The same of the indoor side.
    pub emissivity_back: f64,
}

/// A gas between panes.
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

/// What carries heat across a gap.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum GapFill {
    /// A gas, and radiation between the panes.
    Gas(Gas),
    /// A given conductance for both together, in W/(m² K), above 0 to 1000.
    Conductance(f64),
}

/// A gap between panes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gap {
    /// Thickness, in m, above 0 to 1.
    pub thickness_m: f64,
    /// What is in it.
    pub fill: GapFill,
}

/// Tables of a glazing system, from a product's data.
#[derive(Clone, Debug, PartialEq)]
pub struct GlazingTable {
    /// Angles of incidence, in degrees, rising from 0 to 90.
    pub angles_deg: Vec<f64>,
    /// Transmittance at each angle.
    pub transmittance: Vec<f64>,
    /// For each pane, its absorptance at each angle. What is left over is reflected.
    pub absorptance: Vec<Vec<f64>>,
    /// Transmittance for diffuse light from indoors; without it, that from outdoors.
    pub back_transmittance: Option<f64>,
    /// Absorptance of each pane for diffuse light from indoors; without it, that from outdoors with the panes in
    /// reverse.
    pub back_absorptance: Option<Vec<f64>>,
    /// For each pane, how it conducts and radiates.
    pub panes: Vec<PaneThermal>,
    /// Gaps between the panes.
    pub gaps: Vec<Gap>,
}

/// A description of a glazing, without its frame.
#[derive(Clone, Debug, PartialEq)]
pub enum GlazingSpec {
    /// Panes with gaps between.
    Layers {
        /// Panes from the outside, 1 to 8.
        panes: Vec<Pane>,
        /// One gap fewer.
        gaps: Vec<Gap>,
    },
    /// What a data sheet says (LBNL-2804E, Arasteh et al. 2009).
    Simple {
        /// U-value under NFRC winter conditions, in W/(m² K), 0.2 to 7.
        u_value_w_m2k: f64,
        /// Solar heat gain coefficient at normal incidence, 0.01 to 0.98.
        solar_heat_gain: f64,
    },
    /// Tables.
    Table(GlazingTable),
}

/// Why a description is no glazing.
#[derive(Clone, Debug, PartialEq)]
pub enum GlazingError {
    /// The number of panes is not 1 to 8, or gaps are not one fewer.
    Count {
        /// Panes.
        panes: usize,
        /// Gaps.
        gaps: usize,
    },
    /// A value is out of range.
    Range {
        /// Which value, and of which pane or gap from 0.
        what: (&'static str, usize),
        /// The value.
        value: f64,
        /// The range.
        range: (f64, f64),
    },
    /// More light leaves a pane (from 0) or glazing than arrives: transmittance and reflectance, or transmittance and
    /// absorptances, exceed 1.
    Energy {
        /// Pane, or angle's index in a table.
        index: usize,
        /// The sum.
        sum: f64,
    },
    /// A table's columns differ in length, or its angles don't rise from 0 to 90°.
    Table(&'static str),
}

impl fmt::Display for GlazingError {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::Count { panes, gaps } => {
                write!(f, "{panes} panes and {gaps} gaps: a glazing has 1 to {MOST_PANES} panes and one gap fewer")
            }
            Self::Range { what: (what, index), value, range: (from, to) } => {
                write!(f, "the {what} of number {} is {value}; it ranges from {from} to {to}", index + 1)
            }
            Self::Energy { index, sum } => {
                write!(f, "number {} sends on {sum} times the light that reaches it", index + 1)
            }
            Self::Table(what) => write!(f, "the table does not fit: {what}"),
        }
    }
}

impl Error for GlazingError {}

/// How a pane conducts and radiates heat.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PaneThermal {
    /// Conductance from face to face, in W/(m² K).
    pub conductance_w_m2k: f64,
    /// Emissivity of the outdoor side.
    pub emissivity_front: f64,
    /// Emissivity of the indoor side.
    pub emissivity_back: f64,
}

/// A glazing, ready for computation.
#[derive(Clone, Debug, PartialEq)]
pub struct Glazing {
    /// Light.
    pub optics: Optics,
    /// Panes from the outside.
    pub panes: Vec<PaneThermal>,
    /// Gaps from the outside, one fewer than panes.
    pub gaps: Vec<Gap>,
}

impl Glazing {
    /// Works a description out.
    ///
    /// # Errors
    /// [`GlazingError`] if counts, ranges or sums don't fit.
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
    if panes == 0 || panes > MOST_PANES || gaps.len() + 1 != panes {
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
