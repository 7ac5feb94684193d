//! Glazing of a study, prepared for the thermal models.

use crate::glazing::{Gap, GapFill, Glazing, GlazingError, GlazingSpec, GlazingTable, Pane, PaneOptics, PaneThermal};
use crate::glazing_thermal::Placement;
use crate::study;

/// Maximum number of panes of a window.
pub(crate) const MAX_PANES: usize = crate::glazing::MAX_PANES;
/// Face temperatures for a constant gap conductance, in °C (EN 673:2011, 5.3: a mean of 10 °C, 15 K between
/// panes).
const REFERENCE_C: (f64, f64) = (2.5, 17.5);

/// Glazing, and the inward-flowing fractions of its panes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Glass {
    glazing: Glazing,
    placement: Placement,
    /// Fraction of each pane's absorbed radiation that flows inwards, with the surface resistances of ISO
    /// 6946.
    inward: Vec<f64>,
}

impl Glass {
    pub fn new(spec: &study::Glazing) -> Result<Self, GlazingError> {
        let glazing = Glazing::new(&self::spec(spec))?;
        let mut glass = Self { inward: vec![0.0; glazing.panes.len()], glazing, placement: Placement::default() };
        let whole = 1.0 / glass.u_value_w_m2k(0.13, 0.04);
        let mut outside = 0.04;
        for pane in 0..glass.panes() {
            let own = 1.0 / glass.pane_conductance(pane);
            glass.inward[pane] = (outside + 0.5 * own) / whole;
            outside += own;
            if pane + 1 < glass.panes() {
                outside += 1.0 / glass.reference_gap(pane).max(1e-6);
            }
        }
        Ok(glass)
    }

    pub fn panes(&self) -> usize {
        self.glazing.panes.len()
    }

    pub fn transmittance(&self, cos_incidence: f64) -> f64 {
        self.glazing.optics.transmittance(cos_incidence)
    }

    pub fn absorptance(&self, pane: usize, cos_incidence: f64) -> f64 {
        self.glazing.optics.absorptance(pane, cos_incidence)
    }

    pub fn diffuse_transmittance(&self) -> f64 {
        self.glazing.optics.front.transmittance
    }

    pub fn diffuse_absorptance(&self, pane: usize) -> f64 {
        self.glazing.optics.front.absorptance.get(pane).copied().unwrap_or(0.0)
    }

    /// Returns the reflectance for diffuse solar radiation from inside.
    pub fn diffuse_back_reflectance(&self) -> f64 {
        self.glazing.optics.back.reflectance
    }

    /// Returns the absorbed fraction of the diffuse solar radiation from inside that is not reflected.
    pub fn inside_absorbed_share(&self) -> f64 {
        let absorbed: f64 = self.glazing.optics.back.absorptance.iter().sum();
        absorbed / (absorbed + self.glazing.optics.back.transmittance).max(1e-9)
    }

    pub fn emittance_outside(&self) -> f64 {
        self.glazing.panes.first().map_or(0.9, |pane| pane.emissivity_front)
    }

    pub fn emittance_inside(&self) -> f64 {
        self.glazing.panes.last().map_or(0.9, |pane| pane.emissivity_back)
    }

    pub fn pane_conductance(&self, pane: usize) -> f64 {
        self.glazing.panes[pane].conductance_w_m2k
    }

    /// Returns the conductance of a gap between faces at these temperatures, in W/(m² K).
    pub fn gap_conductance(&self, gap: usize, outer_c: f64, inner_c: f64, pressure_pa: f64) -> f64 {
        let placement = Placement { pressure_pa, ..self.placement };
        self.glazing.gap_conductance_w_m2k(gap, outer_c, inner_c, &placement)
    }

    fn reference_gap(&self, gap: usize) -> f64 {
        self.gap_conductance(gap, REFERENCE_C.0, REFERENCE_C.1, self.placement.pressure_pa)
    }

    /// Returns the U-value with these surface resistances, in W/(m² K).
    pub fn u_value_w_m2k(&self, inside_m2k_w: f64, outside_m2k_w: f64) -> f64 {
        let panes: f64 = self.glazing.panes.iter().map(|pane| 1.0 / pane.conductance_w_m2k).sum();
        let gaps: f64 = (1..self.panes()).map(|gap| 1.0 / self.reference_gap(gap - 1).max(1e-6)).sum();
        1.0 / (inside_m2k_w + panes + gaps + outside_m2k_w)
    }

    /// Returns the solar heat gain coefficient for direct radiation, with the surface resistances of ISO
    /// 6946.
    pub fn solar_heat_gain(&self, cos_incidence: f64) -> f64 {
        let absorbed: f64 =
            self.inward.iter().enumerate().map(|(pane, share)| share * self.absorptance(pane, cos_incidence)).sum();
        self.transmittance(cos_incidence) + absorbed
    }
}

/// Converts a glazing of the study format to a glazing specification.
pub(crate) fn spec(glazing: &study::Glazing) -> GlazingSpec {
    let gaps = |gaps: &[study::Gap]| {
        let fill = |gap: &study::Gap| gap.conductance_w_m2k.map_or(GapFill::Gas(gap.gas), GapFill::Conductance);
        gaps.iter().map(|gap| Gap { thickness_m: gap.thickness_m, fill: fill(gap) }).collect()
    };
    match (&glazing.angular, glazing.u_value_w_m2k, glazing.shgc) {
        (Some(table), ..) => GlazingSpec::Table(GlazingTable {
            angles_deg: table.angles_deg.clone(),
            transmittance: table.transmittance.clone(),
            absorptance: table.absorptance.clone(),
            back_transmittance: table.inside_transmittance,
            back_absorptance: table.inside_absorptance.clone(),
            panes: glazing
                .panes
                .iter()
                .map(|pane| PaneThermal {
                    conductance_w_m2k: pane.conductivity_w_mk / pane.thickness_m,
                    emissivity_front: pane.emittance_front,
                    emissivity_back: pane.emittance_back,
                })
                .collect(),
            gaps: gaps(&glazing.gaps),
        }),
        (None, Some(u_value_w_m2k), Some(solar_heat_gain)) => GlazingSpec::Simple { u_value_w_m2k, solar_heat_gain },
        _ => GlazingSpec::Layers { panes: glazing.panes.iter().map(pane).collect(), gaps: gaps(&glazing.gaps) },
    }
}

fn pane(pane: &study::Pane) -> Pane {
    let optics = match (pane.refractive_index, pane.extinction_per_m) {
        (Some(refractive_index), Some(extinction_per_m)) => PaneOptics::Glass { refractive_index, extinction_per_m },
        _ => PaneOptics::Normal {
            transmittance: pane.solar_transmittance,
            reflectance_front: pane.solar_reflectance_front,
            reflectance_back: pane.solar_reflectance_back.unwrap_or(pane.solar_reflectance_front),
        },
    };
    Pane {
        thickness_m: pane.thickness_m,
        conductivity_w_mk: pane.conductivity_w_mk,
        optics,
        emissivity_front: pane.emittance_front,
        emissivity_back: pane.emittance_back,
    }
}
