//! Properties of moist air at sea-level pressure.

/// Density of room air, in kg/m³ (dry air at 20 °C and 101 325 Pa).
pub const DENSITY_KG_PER_M3: f64 = 1.204;
/// Specific heat of dry air at constant pressure, in J/(kg K).
pub const HEAT_CAPACITY_J_PER_KG_K: f64 = 1_006.0;
/// Volumetric heat capacity of room air, in J/(m³ K).
pub const HEAT_CAPACITY_J_PER_M3_K: f64 = DENSITY_KG_PER_M3 * HEAT_CAPACITY_J_PER_KG_K;
/// Standard atmospheric pressure, in Pa.
pub const PRESSURE_PA: f64 = 101_325.0;

/// Ratio of the molar masses of water and dry air.
const MASS_RATIO: f64 = 0.621_945;

/// Returns the saturation pressure of water vapour over liquid water, in Pa, for −40 to 50 °C (Magnus form of
/// Alduchov and Eskridge 1996, within 0.4 %).
/// Temperatures are clamped to −100 to 99 °C, so that the result is finite and below atmospheric pressure.
pub fn saturation_pressure_pa(temperature_c: f64) -> f64 {
    let temperature_c = temperature_c.clamp(-100.0, 99.0);
    610.94 * (17.625 * temperature_c / (temperature_c + 243.04)).exp()
}

/// Returns the humidity ratio (mass of water per mass of dry air), in kg/kg, at a relative humidity from 0 to
/// 1 (ASHRAE Fundamentals ch. 1).
pub fn humidity_ratio(temperature_c: f64, relative_humidity: f64) -> f64 {
    humidity_at_pa(relative_humidity.clamp(0.0, 1.0) * saturation_pressure_pa(temperature_c))
}

/// Returns the humidity ratio, in kg/kg, at a water vapour pressure in Pa.
pub(crate) fn humidity_at_pa(vapour_pa: f64) -> f64 {
    // The vapour pressure is limited to 97 % of the total pressure, because the ratio has no value above the
    // boiling point.
    let vapour_pa = vapour_pa.min(0.97 * PRESSURE_PA);
    MASS_RATIO * vapour_pa / (PRESSURE_PA - vapour_pa)
}

/// Returns the partial pressure of water vapour, in Pa, from the total pressure in Pa and the humidity ratio
/// in kg/kg (ASHRAE Fundamentals ch. 1).
pub fn vapour_pressure_pa(pressure_pa: f64, humidity_kg_per_kg: f64) -> f64 {
    pressure_pa * humidity_kg_per_kg / (MASS_RATIO + humidity_kg_per_kg)
}

/// Returns the relative humidity, 0 to 1, of air with a humidity ratio in kg/kg.
pub fn relative_humidity(temperature_c: f64, humidity_kg_per_kg: f64) -> f64 {
    let vapour = vapour_pressure_pa(PRESSURE_PA, humidity_kg_per_kg.max(0.0));
    (vapour / saturation_pressure_pa(temperature_c)).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn agrees_with_the_tables() {
        // ASHRAE Fundamentals 2017, ch. 1, table 3 (Pa over water).
        for (temperature_c, expected) in [(0.0, 611.2), (10.0, 1_228.0), (20.0, 2_338.8), (30.0, 4_246.0)] {
            let pressure = saturation_pressure_pa(temperature_c);
            assert!((pressure / expected - 1.0).abs() < 0.004, "{temperature_c}: {pressure}");
        }
        // 20 °C and 50 %: 7.26 g/kg.
        assert!((humidity_ratio(20.0, 0.5) - 0.007_26).abs() < 0.000_05);
    }

    proptest! {
        #[test]
        fn humidity_there_and_back(temperature_c in -30.0..50.0f64, humidity in 0.0..1.0f64) {
            let again = relative_humidity(temperature_c, humidity_ratio(temperature_c, humidity));
            prop_assert!((again - humidity).abs() < 1e-9);
        }
    }
}
