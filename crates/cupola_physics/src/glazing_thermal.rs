//! Heat transfer through a glazing: gas gaps, radiation between panes, and U-value and solar heat gain
//! coefficient under standard conditions.

use crate::{
    epw::{STEFAN_BOLTZMANN, ZERO_C_IN_K},
    glazing::{Gap, GapFill, Gas, Glazing},
};

/// Gas constant, in J/(mol K) (CODATA 2018).
const GAS_CONSTANT: f64 = 8.314_462_618;
const GRAVITY_M_S2: f64 = 9.806_65;
const SEA_LEVEL_PA: f64 = 101_325.0;

/// Properties of a gas at a temperature and pressure.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GasProperties {
    /// Conductivity, in W/(m K).
    pub conductivity_w_mk: f64,
    /// Dynamic viscosity, in Pa s.
    pub viscosity_pa_s: f64,
    /// Specific heat at constant pressure, in J/(kg K).
    pub heat_capacity_j_kgk: f64,
    /// Density, in kg/m³.
    pub density_kg_m3: f64,
}

impl Gas {
    /// Returns the properties at a temperature in °C (clamped to −100 to 200) and a pressure in Pa (clamped
    /// to 1000 to 200 000): ISO 15099:2003, annex B, and the ideal gas law.
    pub fn properties(self, temperature_c: f64, pressure_pa: f64) -> GasProperties {
        let kelvin = temperature_c.clamp(-100.0, 200.0) + ZERO_C_IN_K;
        let (conductivity, viscosity, heat_capacity, molar_mass) = match self {
            Self::Air => ([2.873e-3, 7.760e-5], [3.723e-6, 4.940e-8], [1_002.737, 1.232_4e-2], 28.97e-3),
            Self::Argon => ([2.285e-3, 5.149e-5], [3.379e-6, 6.451e-8], [521.928_5, 0.0], 39.948e-3),
            Self::Krypton => ([9.443e-4, 2.826e-5], [2.213e-6, 7.777e-8], [248.090_7, 0.0], 83.80e-3),
            Self::Xenon => ([4.538e-4, 1.723e-5], [1.069e-6, 7.414e-8], [158.339_7, 0.0], 131.30e-3),
        };
        let line = |[constant, slope]: [f64; 2]| constant + slope * kelvin;
        GasProperties {
            conductivity_w_mk: line(conductivity),
            viscosity_pa_s: line(viscosity),
            heat_capacity_j_kgk: line(heat_capacity),
            density_kg_m3: pressure_pa.clamp(1e3, 2e5) * molar_mass / (GAS_CONSTANT * kelvin),
        }
    }
}

/// Position of a glazing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Placement {
    /// Tilt of the outward normal, in degrees: 0 facing up, 90 vertical, 180 facing down.
    pub tilt_deg: f64,
    /// Height of the glazing along its slope, in m.
    pub height_m: f64,
    /// Pressure in the gaps, in Pa.
    pub pressure_pa: f64,
}

/// Vertical, 1 m high, at sea level.
impl Default for Placement {
    fn default() -> Self {
        Self { tilt_deg: 90.0, height_m: 1.0, pressure_pa: SEA_LEVEL_PA }
    }
}

/// Surface heat transfer coefficients of a glazing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Films {
    /// Combined coefficients of convection and radiation, in W/(m² K).
    Fixed {
        /// Outdoor coefficient.
        outdoor_w_m2k: f64,
        /// Indoor coefficient.
        indoor_w_m2k: f64,
    },
    /// Given outdoor convection, natural convection indoors (ISO 15099, 8.3.2.2), and radiation to
    /// surroundings at air temperature.
    Natural {
        /// Outdoor convection coefficient, in W/(m² K).
        outdoor_w_m2k: f64,
    },
}

/// Boundary conditions of a glazing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Conditions {
    /// Outdoor air and radiant temperature, in °C.
    pub outdoor_c: f64,
    /// Indoor air and radiant temperature, in °C.
    pub indoor_c: f64,
    /// Solar irradiance at normal incidence, in W/m².
    pub solar_w_m2: f64,
    /// Surface heat transfer coefficients.
    pub films: Films,
}

/// NFRC 100 winter conditions, for the U-value: −18 °C, 21 °C, 26 W/(m² K) outdoors, no sun.
pub const NFRC_WINTER: Conditions =
    Conditions { outdoor_c: -18.0, indoor_c: 21.0, solar_w_m2: 0.0, films: Films::Natural { outdoor_w_m2k: 26.0 } };
/// NFRC 200 summer conditions, for the solar heat gain coefficient: 32 °C, 24 °C, 15 W/(m² K) outdoors, 783 W/m².
pub const NFRC_SUMMER: Conditions =
    Conditions { outdoor_c: 32.0, indoor_c: 24.0, solar_w_m2: 783.0, films: Films::Natural { outdoor_w_m2k: 15.0 } };

/// Steady-state heat balance of a glazing.
#[derive(Clone, Debug, PartialEq)]
pub struct Balance {
    /// Surface temperatures from the outside, two for each pane, in °C.
    pub faces_c: Vec<f64>,
    /// Heat flow from the innermost surface to the room, without transmitted solar radiation, in W/m².
    pub to_room_w_m2: f64,
}

/// Returns the radiative heat transfer coefficient between two wide parallel surfaces, in W/(m² K), from
/// temperatures in °C and emissivities above 0 to 1 (ISO 15099, 5.2).
pub fn radiative_w_m2k(first_c: f64, second_c: f64, first_emissivity: f64, second_emissivity: f64) -> f64 {
    let [a, b] = [first_c, second_c].map(|celsius| (celsius + ZERO_C_IN_K).clamp(1.0, 1_000.0));
    let [e, f] = [first_emissivity, second_emissivity].map(|emissivity| emissivity.clamp(1e-3, 1.0));
    STEFAN_BOLTZMANN * (a + b) * (a * a + b * b) / (1.0 / e + 1.0 / f - 1.0)
}

/// Returns the Nusselt number of a closed gap (ISO 15099, 5.3.3) from the Rayleigh number, the ratio of
/// height to thickness, and the angle in degrees from 0 (horizontal, heated from below) over 90 (vertical) to
/// 180 (heated from above). Correlations: below 60° Hollands et al. 1976, at 60° and 90° ElSherbiny et al.
/// 1982, linear interpolation between them, above 90° Arnold et al. 1976.
pub fn gap_nusselt(rayleigh: f64, aspect: f64, angle_deg: f64) -> f64 {
    let rayleigh = rayleigh.clamp(0.0, 1e9);
    let aspect = aspect.clamp(1.0, 1e5);
    let angle = angle_deg.clamp(0.0, 180.0);
    let vertical = || {
        let plain = if rayleigh > 5e4 {
            0.067_383_8 * rayleigh.cbrt()
        } else if rayleigh > 1e4 {
            0.028_154 * rayleigh.powf(0.413_4)
        } else {
            1.0 + 1.759_667_8e-10 * rayleigh.powf(2.298_475_5)
        };
        plain.max(0.242 * (rayleigh / aspect).powf(0.272))
    };
    let sixty = || {
        let damping = 0.5 / (1.0 + (rayleigh / 3_160.0).powf(20.6)).powf(0.1);
        let first = (1.0 + (0.093_6 * rayleigh.powf(0.314) / (1.0 + damping)).powi(7)).powf(1.0 / 7.0);
        first.max((0.104 + 0.175 / aspect) * rayleigh.powf(0.283))
    };
    if angle < 60.0 {
        let driving = (rayleigh * angle.to_radians().cos()).max(1e-9);
        let tilt = (1.8 * angle).to_radians().sin().max(0.0).powf(1.6);
        let onset = (1.0 - 1_708.0 / driving).max(0.0);
        let first = 1.44 * onset * (1.0 - 1_708.0 * tilt / driving).max(0.0);
        1.0 + first + ((driving / 5_830.0).cbrt() - 1.0).max(0.0)
    } else if angle <= 90.0 {
        let (low, high) = (sixty(), vertical());
        low + (high - low) * (angle - 60.0) / 30.0
    } else {
        1.0 + (vertical() - 1.0) * angle.to_radians().sin()
    }
}

impl Gap {
    /// Returns the conductance of gas and radiation together, in W/(m² K), between surfaces at these
    /// temperatures (°C) and emissivities (outer, inner).
    pub fn conductance_w_m2k(
        &self,
        outer_c: f64,
        inner_c: f64,
        emissivities: (f64, f64),
        placement: &Placement,
    ) -> f64 {
        match self.fill {
            GapFill::Conductance(value) => value,
            GapFill::Gas(gas) => {
                self.gas_w_m2k(gas, outer_c, inner_c, placement)
                    + radiative_w_m2k(outer_c, inner_c, emissivities.0, emissivities.1)
            }
        }
    }

    /// Returns the conductance of the gas alone (ISO 15099, 5.3.2).
    fn gas_w_m2k(&self, gas: Gas, outer_c: f64, inner_c: f64, placement: &Placement) -> f64 {
        let mean_c = 0.5 * (outer_c + inner_c);
        let properties = gas.properties(mean_c, placement.pressure_pa);
        let thickness = self.thickness_m.clamp(1e-5, 1.0);
        let rayleigh = rayleigh(&properties, mean_c, thickness, inner_c - outer_c);
        // The gap is heated from below if the inner surface is warmer and the glazing faces up, or if the
        // outer surface is warmer and the glazing faces down.
        let angle = if inner_c >= outer_c { placement.tilt_deg } else { 180.0 - placement.tilt_deg };
        gap_nusselt(rayleigh, placement.height_m / thickness, angle) * properties.conductivity_w_mk / thickness
    }
}

fn rayleigh(gas: &GasProperties, mean_c: f64, length_m: f64, difference_k: f64) -> f64 {
    let kelvin = mean_c.clamp(-100.0, 200.0) + ZERO_C_IN_K;
    let buoyancy = gas.density_kg_m3.powi(2) * GRAVITY_M_S2 * difference_k.abs() / kelvin;
    buoyancy * length_m.powi(3) * gas.heat_capacity_j_kgk / (gas.viscosity_pa_s * gas.conductivity_w_mk)
}

/// Returns the natural convection coefficient at the indoor surface of a vertical or tilted glazing, in W/(m²
/// K) (ISO 15099, 8.3.2.2).
pub fn indoor_convection_w_m2k(face_c: f64, air_c: f64, placement: &Placement) -> f64 {
    let film_c = air_c + 0.25 * (face_c - air_c);
    let gas = Gas::Air.properties(film_c, placement.pressure_pa);
    let height = placement.height_m.clamp(0.01, 100.0);
    let rayleigh = rayleigh(&gas, film_c, height, face_c - air_c).clamp(0.0, 1e15);
    // The correlations are for a cooled surface. A heated surface behaves like a cooled one turned over.
    let angle = if face_c <= air_c { placement.tilt_deg } else { 180.0 - placement.tilt_deg }.clamp(0.0, 180.0);
    let sine = angle.to_radians().sin();
    let nusselt = if angle < 15.0 {
        0.13 * rayleigh.cbrt()
    } else if angle <= 90.0 {
        let critical = 2.5e5 * ((0.72 * angle).exp() / sine).powf(0.2);
        if rayleigh <= critical {
            0.56 * (rayleigh * sine).powf(0.25)
        } else {
            0.13 * (rayleigh.cbrt() - critical.cbrt()) + 0.56 * (critical * sine).powf(0.25)
        }
    } else if angle < 179.0 {
        0.56 * (rayleigh * sine).powf(0.25)
    } else {
        0.58 * rayleigh.powf(0.2)
    };
    nusselt * gas.conductivity_w_mk / height
}

impl Glazing {
    /// Returns the conductance of a gap (from 0, outside first) between surfaces at these temperatures in °C,
    /// in W/(m² K). The result is 0 for a gap that does not exist.
    pub fn gap_conductance_w_m2k(&self, gap: usize, outer_c: f64, inner_c: f64, placement: &Placement) -> f64 {
        let (Some(between), Some(outer), Some(inner)) =
            (self.gaps.get(gap), self.panes.get(gap), self.panes.get(gap + 1))
        else {
            return 0.0;
        };
        between.conductance_w_m2k(outer_c, inner_c, (outer.emissivity_back, inner.emissivity_front), placement)
    }

    /// Returns the steady-state heat balance. Each surface of a pane gets half of the pane's absorbed solar
    /// radiation. The damped iteration ends when no surface temperature changes by 1e-7 K, or after 300
    /// iterations.
    pub fn balance(&self, conditions: &Conditions, placement: &Placement) -> Balance {
        let count = 2 * self.panes.len();
        let (outdoor_c, indoor_c) = (conditions.outdoor_c, conditions.indoor_c);
        let mut faces: Vec<f64> =
            (0..count).map(|face| outdoor_c + (indoor_c - outdoor_c) * (face as f64 + 0.5) / count as f64).collect();
        let mut links = vec![0.0; count + 1];
        for _ in 0..300 {
            self.links(&mut links, &faces, conditions, placement);
            let solved = self.solve(&links, conditions);
            let moved = faces.iter().zip(&solved).map(|(old, new)| (new - old).abs()).fold(0.0, f64::max);
            faces.iter_mut().zip(&solved).for_each(|(old, new)| *old += 0.7 * (new - *old));
            if moved < 1e-7 {
                break;
            }
        }
        self.links(&mut links, &faces, conditions, placement);
        let to_room = links.last().zip(faces.last()).map_or(0.0, |(film, face)| film * (face - indoor_c));
        Balance { faces_c: faces, to_room_w_m2: to_room }
    }

    /// Computes the conductances from outdoors through all surfaces to indoors.
    fn links(&self, links: &mut [f64], faces: &[f64], conditions: &Conditions, placement: &Placement) {
        let last = self.panes.len().saturating_sub(1);
        for (index, pane) in self.panes.iter().enumerate() {
            let (outer, inner) = (faces[2 * index], faces[2 * index + 1]);
            links[2 * index + 1] = pane.conductance_w_m2k;
            if index < last {
                links[2 * index + 2] = self.gap_conductance_w_m2k(index, inner, faces[2 * index + 2], placement);
            }
            if index == 0 {
                links[0] = match conditions.films {
                    Films::Fixed { outdoor_w_m2k, .. } => outdoor_w_m2k,
                    Films::Natural { outdoor_w_m2k } => {
                        outdoor_w_m2k + radiative_w_m2k(outer, conditions.outdoor_c, pane.emissivity_front, 1.0)
                    }
                };
            }
            if index == last {
                links[2 * index + 2] = match conditions.films {
                    Films::Fixed { indoor_w_m2k, .. } => indoor_w_m2k,
                    Films::Natural { .. } => {
                        indoor_convection_w_m2k(inner, conditions.indoor_c, placement)
                            + radiative_w_m2k(inner, conditions.indoor_c, pane.emissivity_back, 1.0)
                    }
                };
            }
        }
    }

    /// Solves the temperatures of a chain of conductances (Thomas algorithm).
    fn solve(&self, links: &[f64], conditions: &Conditions) -> Vec<f64> {
        let count = links.len() - 1;
        let (mut onward, mut value) = (0.0, conditions.outdoor_c);
        let mut steps = Vec::with_capacity(count);
        for face in 0..count {
            let source = 0.5 * conditions.solar_w_m2 * self.optics.absorptance(face / 2, 1.0);
            let (before, after) = (links[face], links[face + 1]);
            let pivot = (before + after - before * onward).max(1e-12);
            value = (source + before * value) / pivot;
            onward = after / pivot;
            steps.push((onward, value));
        }
        let mut next = conditions.indoor_c;
        let mut solved: Vec<f64> = steps
            .into_iter()
            .rev()
            .map(|(onward, value)| {
                next = onward * next + value;
                next
            })
            .collect();
        solved.reverse();
        solved
    }

    /// Returns the centre-of-glass U-value in W/(m² K), under NFRC winter conditions at this placement.
    pub fn u_value_nfrc_w_m2k(&self, placement: &Placement) -> f64 {
        let balance = self.balance(&NFRC_WINTER, placement);
        -balance.to_room_w_m2 / (NFRC_WINTER.indoor_c - NFRC_WINTER.outdoor_c)
    }

    /// Returns the solar heat gain coefficient at normal incidence under these conditions: the transmittance
    /// plus the increase of the heat flow to the room per unit of irradiance. Conditions without irradiance
    /// take 783 W/m² ([`NFRC_SUMMER`]).
    pub fn solar_heat_gain(&self, conditions: &Conditions, placement: &Placement) -> f64 {
        let solar_w_m2 = if conditions.solar_w_m2 > 0.0 { conditions.solar_w_m2 } else { NFRC_SUMMER.solar_w_m2 };
        let flow = |solar_w_m2| self.balance(&Conditions { solar_w_m2, ..*conditions }, placement).to_room_w_m2;
        self.optics.transmittance(1.0) + (flow(solar_w_m2) - flow(0.0)) / solar_w_m2
    }

    /// Returns the centre-of-glass U-value of a vertical glazing in W/(m² K) by EN 673:2011: surface
    /// coefficients of 25 and 1/0.13 W/(m² K), gaps at 283 K, a total temperature difference of 15 K divided
    /// in proportion to the gaps' resistances, Nu = 0.035 (Gr Pr)^0.38. The gas properties are those of ISO
    /// 15099 (within 1 %).
    pub fn u_value_en673_w_m2k(&self) -> f64 {
        const MEAN_C: f64 = 283.0 - ZERO_C_IN_K;
        let mut drops = vec![15.0 / self.gaps.len().max(1) as f64; self.gaps.len()];
        let panes: f64 = self.panes.iter().map(|pane| 1.0 / pane.conductance_w_m2k).sum();
        let mut gaps = 0.0;
        for _ in 0..50 {
            let resistances: Vec<f64> =
                drops.iter().enumerate().map(|(index, drop)| self.gap_en673_m2k_w(index, *drop, MEAN_C)).collect();
            gaps = resistances.iter().sum();
            drops = resistances.iter().map(|resistance| 15.0 * resistance / gaps).collect();
        }
        1.0 / (0.04 + panes + gaps + 0.13)
    }

    fn gap_en673_m2k_w(&self, index: usize, drop_k: f64, mean_c: f64) -> f64 {
        let (Some(gap), Some(outer), Some(inner)) =
            (self.gaps.get(index), self.panes.get(index), self.panes.get(index + 1))
        else {
            return 0.0;
        };
        let gas = match gap.fill {
            GapFill::Conductance(value) => return 1.0 / value,
            GapFill::Gas(gas) => gas.properties(mean_c, SEA_LEVEL_PA),
        };
        let nusselt = (0.035 * rayleigh(&gas, mean_c, gap.thickness_m, drop_k).powf(0.38)).max(1.0);
        let radiation = radiative_w_m2k(mean_c, mean_c, outer.emissivity_back, inner.emissivity_front);
        1.0 / (nusselt * gas.conductivity_w_mk / gap.thickness_m + radiation)
    }
}

#[cfg(test)]
#[path = "glazing_thermal_tests.rs"]
mod tests;
