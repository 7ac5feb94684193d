//! Heat, moisture and CO2 generation of people by activity. Presence is in [`crate::people`].

use crate::comfort::MET_W_M2;
use crate::contaminant::{Sex, person_co2_l_s};

/// Body surface area of an adult, in m² (ISO 8996:2021).
pub const ADULT_M2: f64 = 1.8;
/// Body surface area of a child of ten years, in m² (DuBois 1916 for 32 kg and 1.40 m).
pub const CHILD_M2: f64 = 1.13;
/// Heat of vaporisation at skin temperature, in J/kg (ASHRAE Fundamentals ch. 9).
pub const SWEAT_J_KG: f64 = 2_430_000.0;
/// Heat, moisture and CO2 generation of people.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Load {
    /// Sensible heat, in W. The room divides it into a convective and a radiant part.
    pub sensible_w: f64,
    /// Latent heat, in W.
    pub latent_w: f64,
    /// Moisture, in kg/s.
    pub moisture_kg_s: f64,
    /// CO2, in L/s at 0 °C.
    pub co2_l_s: f64,
}

impl Load {
    /// Returns the load of one person at an activity, in met (0 to 6), in air with this vapour pressure, in
    /// Pa (0 to 6000). Latent heat is by ISO 7730:2005 equation (1) (diffusion through the skin, sweat in
    /// comfort, respiration). The rest is sensible, as in a comfortable room. CO2 is by Persily and de Jonge
    /// 2017, for the mean of women and men of 35 years, or of children of ten.
    pub fn of(met: f64, child: bool, vapour_pa: f64) -> Self {
        let met = held(met, 6.0);
        let vapour_pa = held(vapour_pa, 6_000.0);
        let (area, age) = if child { (CHILD_M2, 10.0) } else { (ADULT_M2, 35.0) };
        let rate = met * MET_W_M2;
        let skin = (3.05e-3 * (5_733.0 - 6.99 * rate - vapour_pa)).max(0.0);
        let sweat = (0.42 * (rate - MET_W_M2)).max(0.0);
        let breath = (1.7e-5 * rate * (5_867.0 - vapour_pa)).max(0.0);
        let latent_w = area * (skin + sweat + breath).min(rate);
        let co2_l_s = 0.5 * (person_co2_l_s(Sex::Male, age, met) + person_co2_l_s(Sex::Female, age, met));
        Self { sensible_w: area * rate - latent_w, latent_w, moisture_kg_s: latent_w / SWEAT_J_KG, co2_l_s }
    }

    /// Returns the load of `count` people.
    pub fn times(&self, count: f64) -> Self {
        Self {
            sensible_w: count * self.sensible_w,
            latent_w: count * self.latent_w,
            moisture_kg_s: count * self.moisture_kg_s,
            co2_l_s: count * self.co2_l_s,
        }
    }
}

/// Limits a value to 0 to `most`. NaN gives 0.
fn held(value: f64, most: f64) -> f64 {
    if value > 0.0 { value.min(most) } else { 0.0 }
}
