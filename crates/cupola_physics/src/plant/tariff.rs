//! Greenhouse gas emission factors of energy.

/// Emission factor of natural gas, in kgCO2e/kWh of the higher heating value, as the boilers here use it
/// (IPCC 2006, vol. 2 ch. 2: 56.1 kgCO2, 5 g CH4 and 0.1 g N2O per GJ of the lower heating value, with the
/// warming potentials 28 and 265 of AR5; the lower heating value is 0.9 of the higher).
pub const GAS_KG_KWH: f64 = 0.182_3;
/// Emission factor of grid electricity, in kgCO2e/kWh (an assumption, between the averages of the EU and the
/// USA in 2022).
pub const ELECTRICITY_KG_KWH: f64 = 0.3;
/// Joules per kilowatt-hour.
pub const J_PER_KWH: f64 = 3_600_000.0;
