//! Thermal comfort: PMV and PPD (ISO 7730:2005, ASHRAE 55), adaptive limits (ASHRAE 55, EN 16798-1),
//! operative temperature and draught rate. The standard effective temperature is in [`crate::comfort_set`].

use crate::comfort_set::{cooling_effect_k, set_c};

/// One met, in W/m² of body surface (ISO 7730 clause 4.1).
pub const MET_W_M2: f64 = 58.15;
/// One clo, in m² K/W (ISO 7730 clause 4.1).
pub const CLO_M2K_W: f64 = 0.155;
/// Body surface area of a standard person, in m² (ASHRAE 55, the two-node model).
pub const BODY_M2: f64 = 1.8258;
/// Weight of the previous day's running mean in the running mean of a day (EN 16798-1:2019 annex B; ASHRAE 55
/// §5.4 allows 0.6 to 0.9).
pub const RUNNING_MEAN_WEIGHT: f64 = 0.8;
/// Turbulence intensity in rooms with mixing ventilation, in % (ISO 7730 clause 6.2, where unknown).
pub const TURBULENCE_PERCENT: f64 = 40.0;

/// Thermal environment of a person.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Climate {
    /// Air temperature, in °C.
    pub air_c: f64,
    /// Mean radiant temperature, in °C.
    pub radiant_c: f64,
    /// Air speed, in m/s: relative to the body for ISO 7730 (see [`relative_speed_m_s`]), average for ASHRAE 55.
    pub speed_m_s: f64,
    /// Relative humidity, 0 to 1.
    pub humidity: f64,
}

/// Activity and clothing of a person.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Person {
    /// Metabolic rate, in met.
    pub met: f64,
    /// Clothing, in clo.
    pub clo: f64,
    /// External work, in met. It is 0 for nearly all activities.
    pub work_met: f64,
}

impl Person {
    /// Seated work in an office in summer clothes (ISO 7730 annexes B and C).
    pub const OFFICE_SUMMER: Self = Self { met: 1.2, clo: 0.5, work_met: 0.0 };
    /// Seated work in an office in winter clothes (ISO 7730 annexes B and C).
    pub const OFFICE_WINTER: Self = Self { met: 1.2, clo: 1.0, work_met: 0.0 };
}

/// Predicted mean vote and predicted percentage of dissatisfied.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Vote {
    /// Predicted mean vote, −3 (cold) to 3 (hot). Values beyond the scale are possible.
    pub pmv: f64,
    /// Predicted percentage of dissatisfied, 5 to 100 %.
    pub ppd_percent: f64,
}

/// Error for a quantity that is not a number or is outside the range of the method.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[error("{name} must be between {least} and {most}")]
pub struct OutOfRange {
    /// Name of the quantity.
    pub name: &'static str,
    /// Least value that the method allows.
    pub least: f64,
    /// Greatest value that the method allows.
    pub most: f64,
}

pub(crate) fn within(parts: &[(&'static str, f64, f64, f64)]) -> Result<(), OutOfRange> {
    match parts.iter().find(|(_, value, least, most)| !(*least..=*most).contains(value)) {
        Some(&(name, _, least, most)) => Err(OutOfRange { name, least, most }),
        None => Ok(()),
    }
}

/// Returns the saturation pressure of water vapour, in Pa, by the formula of ISO 7730 annex D and ASHRAE 55.
/// Other parts of the program use [`crate::air::saturation_pressure_pa`].
pub(crate) fn saturation_pa(temperature_c: f64) -> f64 {
    1_000.0 * (16.653_6 - 4_030.183 / (temperature_c.max(-200.0) + 235.0)).exp()
}

/// Returns PMV and PPD of ISO 7730:2005 clause 4, equations (1) to (5).
///
/// # Errors
/// Returns [`OutOfRange`] outside the ranges of clause 4.1: 0.8 to 4 met, 0 to 2 clo, air 10 to 30 °C,
/// radiant 10 to 40 °C, 0 to 1 m/s, vapour pressure 0 to 2700 Pa.
///
/// ```
/// use cupola_physics::comfort::{Climate, Person, pmv_iso7730};
///
/// // ISO 7730:2005, table D.1, case 1.
/// let climate = Climate { air_c: 22.0, radiant_c: 22.0, speed_m_s: 0.1, humidity: 0.6 };
/// let vote = pmv_iso7730(&climate, &Person::OFFICE_SUMMER)?;
/// assert!((vote.pmv - -0.75).abs() < 0.01 && (vote.ppd_percent - 17.0).abs() < 0.5);
/// # Ok::<(), cupola_physics::comfort::OutOfRange>(())
/// ```
pub fn pmv_iso7730(climate: &Climate, person: &Person) -> Result<Vote, OutOfRange> {
    within(&[
        ("met", person.met, 0.8, 4.0),
        ("clo", person.clo, 0.0, 2.0),
        ("work_met", person.work_met, 0.0, person.met.max(0.0)),
        ("air_c", climate.air_c, 10.0, 30.0),
        ("radiant_c", climate.radiant_c, 10.0, 40.0),
        ("speed_m_s", climate.speed_m_s, 0.0, 1.0),
        ("humidity", climate.humidity, 0.0, 1.0),
        ("vapour_pa", climate.humidity * saturation_pa(climate.air_c), 0.0, 2_700.0),
    ])?;
    Ok(vote(climate, person))
}

/// Returns PMV and PPD of ASHRAE 55-2020 §5.3. Above 0.1 m/s the climate is first replaced by one with still
/// air and the same SET (its normative appendix on cooling by air movement).
///
/// # Errors
/// Returns [`OutOfRange`] outside 1 to 4 met, 0 to 1.5 clo, air and radiant 10 to 40 °C, 0 to 2 m/s, humidity
/// 0 to 1.
pub fn pmv_ashrae55(climate: &Climate, person: &Person) -> Result<Vote, OutOfRange> {
    within(&[
        ("met", person.met, 1.0, 4.0),
        ("clo", person.clo, 0.0, 1.5),
        ("work_met", person.work_met, 0.0, person.met.max(0.0)),
        ("air_c", climate.air_c, 10.0, 40.0),
        ("radiant_c", climate.radiant_c, 10.0, 40.0),
        ("speed_m_s", climate.speed_m_s, 0.0, 2.0),
        ("humidity", climate.humidity, 0.0, 1.0),
    ])?;
    if climate.speed_m_s <= 0.1 {
        return Ok(vote(climate, person));
    }
    let cooling_k = cooling_effect_k(climate, person)?;
    let still = Climate {
        air_c: climate.air_c - cooling_k,
        radiant_c: climate.radiant_c - cooling_k,
        speed_m_s: 0.1,
        humidity: climate.humidity,
    };
    Ok(vote(&still, person))
}

/// Returns PPD from PMV, in % (ISO 7730 equation (5)). NaN gives NaN.
pub fn ppd_percent(pmv: f64) -> f64 {
    100.0 - 95.0 * (-0.033_53 * pmv.powi(4) - 0.217_9 * pmv.powi(2)).exp()
}

/// Solves Fanger's heat balance without range checks. The caller has checked that the inputs are numbers.
fn vote(climate: &Climate, person: &Person) -> Vote {
    let (air_c, radiant_c) = (climate.air_c, climate.radiant_c);
    let metabolism = person.met * MET_W_M2;
    let internal = (person.met - person.work_met) * MET_W_M2;
    let clothing = person.clo * CLO_M2K_W;
    let vapour_pa = climate.humidity * saturation_pa(air_c);
    let area = if clothing <= 0.078 { 1.0 + 1.29 * clothing } else { 1.05 + 0.645 * clothing };
    let forced = 12.1 * climate.speed_m_s.sqrt();
    let loss = |surface_c: f64| {
        let convection = (2.38 * (surface_c - air_c).abs().powf(0.25)).max(forced);
        let radiation = 3.96e-8 * ((surface_c + 273.0).powi(4) - (radiant_c + 273.0).powi(4));
        area * (radiation + convection * (surface_c - air_c))
    };
    // The heat flow through the clothing equals the heat loss from its surface. Both sides are monotone, so
    // bisection finds the one solution.
    let (mut low, mut high) = (-100.0, 150.0);
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if 35.7 - 0.028 * internal - clothing * loss(middle) > middle {
            low = middle;
        } else {
            high = middle;
        }
    }
    let diffusion = 3.05e-3 * (5_733.0 - 6.99 * internal - vapour_pa);
    // There is no sweat term below one met.
    let sweat = (0.42 * (internal - MET_W_M2)).max(0.0);
    let breath = 1.7e-5 * metabolism * (5_867.0 - vapour_pa) + 0.001_4 * metabolism * (34.0 - air_c);
    let surplus = internal - diffusion - sweat - breath - loss(0.5 * (low + high));
    let pmv = (0.303 * (-0.036 * metabolism).exp() + 0.028) * surplus;
    Vote { pmv, ppd_percent: ppd_percent(pmv) }
}

/// Returns the air speed relative to a moving body, in m/s: 0.3 m/s more for each met above one (ISO 7730
/// annex C; ISO 9920).
pub fn relative_speed_m_s(speed_m_s: f64, met: f64) -> f64 {
    if met > 1.0 { speed_m_s + 0.3 * (met - 1.0) } else { speed_m_s }
}

/// Returns the category A, B or C of a PMV (ISO 7730 table A.1: ±0.2, ±0.5, ±0.7), or `None` outside all
/// categories.
pub fn category_iso7730(pmv: f64) -> Option<char> {
    [(0.2, 'A'), (0.5, 'B'), (0.7, 'C')].into_iter().find(|(limit, _)| pmv.abs() < *limit).map(|(_, name)| name)
}

/// Returns the operative temperature, in °C (ASHRAE 55 normative appendix A, ISO 7726). The weight of the air
/// temperature is 0.5 below 0.2 m/s, 0.6 up to 0.6 m/s, and 0.7 above.
pub fn operative_c(air_c: f64, radiant_c: f64, speed_m_s: f64) -> f64 {
    let weight = if speed_m_s < 0.2 {
        0.5
    } else if speed_m_s <= 0.6 {
        0.6
    } else {
        0.7
    };
    weight * air_c + (1.0 - weight) * radiant_c
}

/// Returns the draught rate, in %: the percentage of people bothered by draught (ISO 7730 equation (6); 20 to
/// 26 °C, below 0.5 m/s, turbulence intensity 10 to 60 %, or [`TURBULENCE_PERCENT`]). The result is 0 in
/// still air and at most 100.
pub fn draught_percent(air_c: f64, speed_m_s: f64, turbulence_percent: f64) -> f64 {
    let cold = (34.0 - air_c).max(0.0);
    let moving = (speed_m_s - 0.05).max(0.0).powf(0.62);
    #[expect(clippy::approx_constant, reason = "the standard's coefficient, not π")]
    let still = 3.14;
    (cold * moving * (0.37 * speed_m_s.max(0.0) * turbulence_percent.max(0.0) + still)).min(100.0)
}

/// Range of acceptable operative temperatures in naturally ventilated rooms.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Adaptive {
    /// Comfort temperature (operative), in °C.
    pub neutral_c: f64,
    /// Lower limit, in °C.
    pub least_c: f64,
    /// Upper limit, in °C.
    pub most_c: f64,
}

impl Adaptive {
    /// Returns whether an operative temperature is within the limits.
    pub fn accepts(&self, operative_c: f64) -> bool {
        (self.least_c..=self.most_c).contains(&operative_c)
    }
}

/// Acceptability class of the adaptive limits of ASHRAE 55.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Acceptability {
    /// 80 % acceptability: ±3.5 K.
    Eighty,
    /// 90 % acceptability: ±2.5 K.
    Ninety,
}

/// Category of indoor environment of EN 16798-1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Category {
    /// High level of expectation: +2, −3 K.
    I,
    /// Normal level of expectation: +3, −4 K.
    II,
    /// Moderate level of expectation: +4, −5 K.
    III,
}

/// Returns the adaptive limits of ASHRAE 55-2020 §5.4 from the prevailing mean outdoor temperature, in °C:
/// 0.31 t + 17.8. Air speeds of 0.6, 0.9 and 1.2 m/s raise an upper limit above 25 °C by 1.2, 1.8 and 2.2 K
/// (§5.4).
///
/// # Errors
/// Returns [`OutOfRange`] outside 10 to 33.5 °C outdoors, or for an air speed outside 0 to 100 m/s.
pub fn adaptive_ashrae55(
    outdoor_mean_c: f64,
    acceptability: Acceptability,
    speed_m_s: f64,
) -> Result<Adaptive, OutOfRange> {
    within(&[("outdoor_mean_c", outdoor_mean_c, 10.0, 33.5), ("speed_m_s", speed_m_s, 0.0, 100.0)])?;
    let neutral_c = 0.31 * outdoor_mean_c + 17.8;
    let half = if acceptability == Acceptability::Eighty { 3.5 } else { 2.5 };
    Ok(band(neutral_c, half, half, speed_m_s))
}

/// Returns the adaptive limits of EN 16798-1:2019 annex B from the running mean outdoor temperature, in °C:
/// 0.33 t + 18.8. Air movement raises an upper limit above 25 °C as in annex B (1.2, 1.8, 2.2 K at 0.6, 0.9,
/// 1.2 m/s).
///
/// # Errors
/// Returns [`OutOfRange`] outside 10 to 30 °C outdoors, or for an air speed outside 0 to 100 m/s.
pub fn adaptive_en16798(running_mean_c: f64, category: Category, speed_m_s: f64) -> Result<Adaptive, OutOfRange> {
    within(&[("running_mean_c", running_mean_c, 10.0, 30.0), ("speed_m_s", speed_m_s, 0.0, 100.0)])?;
    let above = match category {
        Category::I => 2.0,
        Category::II => 3.0,
        Category::III => 4.0,
    };
    Ok(band(0.33 * running_mean_c + 18.8, above + 1.0, above, speed_m_s))
}

fn band(neutral_c: f64, below_k: f64, above_k: f64, speed_m_s: f64) -> Adaptive {
    let most_c = neutral_c + above_k;
    let cooling_k = if most_c <= 25.0 || speed_m_s < 0.6 {
        0.0
    } else if speed_m_s < 0.9 {
        1.2
    } else if speed_m_s < 1.2 {
        1.8
    } else {
        2.2
    };
    Adaptive { neutral_c, least_c: neutral_c - below_k, most_c: most_c + cooling_k }
}

/// Returns the running mean outdoor temperature, in °C, from daily means with the latest day first (EN
/// 16798-1 annex B, ASHRAE 55 §5.4). The weight of each day is `weight` (0 to 1, [`RUNNING_MEAN_WEIGHT`])
/// times that of the following day. The weights are normalised to a sum of 1, because the list of days is
/// finite. Returns `None` without days or with a weight outside 0 to 1.
///
/// ```
/// let mean_c = cupola_physics::comfort::running_mean_c(&[20.0, 10.0], 0.8).unwrap();
/// assert!((mean_c - (20.0 + 0.8 * 10.0) / 1.8).abs() < 1e-12);
/// ```
pub fn running_mean_c(daily_c: &[f64], weight: f64) -> Option<f64> {
    if daily_c.is_empty() || !(0.0..1.0).contains(&weight) {
        return None;
    }
    let (sum, total, _) = daily_c.iter().fold((0.0, 0.0, 1.0), |(sum, total, day_weight), day_c| {
        (sum + day_weight * day_c, total + day_weight, day_weight * weight)
    });
    Some(sum / total)
}

/// Returns the next day's running mean, in °C, from a day's running mean and daily mean (EN 16798-1 annex B).
pub fn next_running_mean_c(running_mean_c: f64, daily_c: f64, weight: f64) -> f64 {
    (1.0 - weight) * daily_c + weight * running_mean_c
}

/// Returns the standard effective temperature, in °C. See [`crate::comfort_set::set_c`].
///
/// # Errors
/// Returns [`OutOfRange`] under the conditions of [`crate::comfort_set::set_c`].
pub fn standard_effective_c(climate: &Climate, person: &Person) -> Result<f64, OutOfRange> {
    set_c(climate, person)
}

#[cfg(test)]
#[path = "comfort_tests.rs"]
mod tests;
