//! Steady-state models of plant components: inputs and outputs of a component at one moment, from its
//! parameters and its boundary conditions.
//!
//! The models have no state. The caller stores the charge of a battery. Loads, flows, fractions and powers
//! outside their range are limited to the nearest valid value (NaN to the least). Temperatures that are NaN
//! can give results that are NaN. No function panics, so that a fault in another component cannot stop a
//! simulation. Faults are parameters of the components.

pub mod ahu;
pub mod battery;
pub mod boiler;
pub mod chiller;
pub mod curve;
pub mod fan_pump;
pub mod heat_pump;
pub mod pv;
pub mod source;
pub mod tariff;
pub mod vav;

use crate::air::{HEAT_CAPACITY_J_PER_KG_K, humidity_ratio};

/// Specific heat of water, in J/(kg K), at room temperature (ASHRAE Fundamentals).
pub const WATER_J_KG_K: f64 = 4_186.0;
/// Heat of vaporisation of water at 0 °C, in J/kg (ASHRAE Fundamentals ch. 1).
pub const EVAPORATION_J_KG: f64 = 2_501_000.0;
/// Specific heat of water vapour, in J/(kg K) (ASHRAE Fundamentals ch. 1).
pub const VAPOUR_J_KG_K: f64 = 1_860.0;

/// Limits a value to a range. NaN gives `least`, and crossed limits give `most`.
pub(crate) fn limit(value: f64, least: f64, most: f64) -> f64 {
    value.max(least).min(most)
}

/// State of moist air.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Air {
    /// Temperature, in °C.
    pub temperature_c: f64,
    /// Humidity ratio, in kg per kg of dry air.
    pub humidity_kg_kg: f64,
}

impl Air {
    /// Returns the enthalpy, in J per kg of dry air (ASHRAE Fundamentals ch. 1).
    pub fn enthalpy_j_kg(&self) -> f64 {
        HEAT_CAPACITY_J_PER_KG_K * self.temperature_c
            + self.humidity_kg_kg * (EVAPORATION_J_KG + VAPOUR_J_KG_K * self.temperature_c)
    }

    /// Returns a mixture with the fraction `share` (0 to 1) of the other air.
    pub fn mixed(&self, other: &Self, share: f64) -> Self {
        let share = limit(share, 0.0, 1.0);
        Self {
            temperature_c: self.temperature_c + share * (other.temperature_c - self.temperature_c),
            humidity_kg_kg: self.humidity_kg_kg + share * (other.humidity_kg_kg - self.humidity_kg_kg),
        }
    }

    /// Returns air with the same humidity ratio at another temperature, in °C.
    pub fn at_c(&self, temperature_c: f64) -> Self {
        Self { temperature_c, ..*self }
    }
}

/// Returns the humidity ratio of saturated air, in kg/kg.
pub fn saturated_kg_kg(temperature_c: f64) -> f64 {
    humidity_ratio(temperature_c, 1.0)
}

#[cfg(test)]
mod tests;
