//! Standard effective temperature (SET): the temperature of still air at 50 % humidity in which a person in
//! standard clothing would have the same heat loss at the same skin temperature and wettedness. Source: the
//! two-node model of Gagge, Fobelets and Berglund 1986 as ASHRAE 55 normative appendix D states it.

use crate::comfort::{BODY_M2, CLO_M2K_W, Climate, OutOfRange, Person, saturation_pa, within};

/// One met in the two-node model, in W/m² (ASHRAE 55 appendix D).
const MET_W_M2: f64 = 58.2;
/// Body mass, in kg (appendix D).
const BODY_KG: f64 = 69.9;
/// Neutral skin and core temperatures, in °C (appendix D).
const SKIN_NEUTRAL_C: f64 = 33.7;
const CORE_NEUTRAL_C: f64 = 36.8;
/// Neutral skin blood flow and its limits, in kg/(h m²) (appendix D).
const BLOOD_NEUTRAL: f64 = 6.3;
const BLOOD_LEAST: f64 = 0.5;
const BLOOD_MOST: f64 = 90.0;
/// Maximum sweat rate, in g/(h m²) (appendix D).
const SWEAT_MOST: f64 = 500.0;
/// Control gains of sweating, vasodilation and vasoconstriction (appendix D).
const SWEAT_GAIN: f64 = 170.0;
const DILATION_GAIN: f64 = 120.0;
const CONSTRICTION_GAIN: f64 = 0.5;
/// Lewis ratio at sea level, in K/Torr (appendix D).
const LEWIS_K_TORR: f64 = 2.2;
/// Exposure time, in minutes (appendix D).
const MINUTES: u32 = 60;
/// Pa per Torr.
const TORR_PA: f64 = 133.322_368;
/// Vapour permeation efficiency of clothing (appendix D).
const CLOTHES_PERMEATION: f64 = 0.45;

/// Radiating fraction of the body surface times the emissivity of clothing, in the 2017 and the 2020 edition.
const RADIATING_2017: f64 = 0.72;
const RADIATING_2020: f64 = 0.73 * 0.95;

/// Edition of ASHRAE 55. The editions differ mainly for active people: since 2020 body movement increases the
/// convection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Edition {
    /// ASHRAE 55-2017 and before.
    Year2017,
    /// ASHRAE 55-2020 and after.
    #[default]
    Year2020,
}

/// Model variant: differences between the editions, and the variant for the cooling effect.
#[derive(Clone, Copy)]
struct Variant {
    radiating: f64,
    /// Whether activity increases the convection in the actual climate.
    stirs: bool,
    /// Whether activity increases the convection in the standard climate.
    stirs_standard: bool,
}

impl From<Edition> for Variant {
    fn from(edition: Edition) -> Self {
        match edition {
            Edition::Year2017 => Self { radiating: RADIATING_2017, stirs: false, stirs_standard: true },
            Edition::Year2020 => Self { radiating: RADIATING_2020, stirs: true, stirs_standard: true },
        }
    }
}

/// Variant for the cooling effect. Convection by activity is left out, so that the effect is that of the
/// room's air movement alone.
const COOLING: Variant = Variant { radiating: RADIATING_2020, stirs: false, stirs_standard: false };

/// Convection coefficient due to activity, in W/(m² K).
fn stirred(met: f64, stirs: bool) -> f64 {
    if stirs { 5.66 * (met - 0.85).max(0.0).powf(0.39) } else { 0.0 }
}

/// State of a body after an hour in a climate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TwoNode {
    /// Skin temperature, in °C.
    pub skin_c: f64,
    /// Core temperature, in °C.
    pub core_c: f64,
    /// Skin wettedness, 0 to 1.
    pub wettedness: f64,
    /// Heat loss from the skin, in W/m².
    pub skin_loss_w_m2: f64,
    /// Standard effective temperature, in °C.
    pub set_c: f64,
}

/// Returns the standard effective temperature of the current edition, in °C (see [`two_node`]).
///
/// # Errors
/// Returns [`OutOfRange`] under the conditions of [`two_node`].
pub fn set_c(climate: &Climate, person: &Person) -> Result<f64, OutOfRange> {
    two_node(climate, person, Edition::default()).map(|body| body.set_c)
}

/// Runs the two-node model for an hour of exposure.
///
/// # Errors
/// Returns [`OutOfRange`] outside: air and radiant −30 to 60 °C, 0 to 5 m/s, humidity 0 to 1, 0.7 to 6 met, 0
/// to 5 clo, work 0 to the metabolic rate. The validation table of appendix D lies within these ranges. The
/// rest of each range is an assumption.
pub fn two_node(climate: &Climate, person: &Person, edition: Edition) -> Result<TwoNode, OutOfRange> {
    check(climate, person)?;
    Ok(run(climate, person, edition.into()))
}

fn check(climate: &Climate, person: &Person) -> Result<(), OutOfRange> {
    within(&[
        ("air_c", climate.air_c, -30.0, 60.0),
        ("radiant_c", climate.radiant_c, -30.0, 60.0),
        ("speed_m_s", climate.speed_m_s, 0.0, 5.0),
        ("humidity", climate.humidity, 0.0, 1.0),
        ("met", person.met, 0.7, 6.0),
        ("clo", person.clo, 0.0, 5.0),
        ("work_met", person.work_met, 0.0, person.met.max(0.0)),
    ])
}

/// Returns the saturation pressure in Torr, the unit of the model's coefficients.
fn saturation_torr(temperature_c: f64) -> f64 {
    saturation_pa(temperature_c) / TORR_PA
}

fn run(climate: &Climate, person: &Person, variant: Variant) -> TwoNode {
    let (air_c, radiant_c) = (climate.air_c, climate.radiant_c);
    let speed = climate.speed_m_s.max(0.1);
    let vapour = climate.humidity * saturation_torr(air_c);
    let resting = person.met * MET_W_M2;
    let work = person.work_met * MET_W_M2;
    let clothing = CLO_M2K_W * person.clo;
    let area = 1.0 + 0.15 * person.clo;
    let (wet_limit, permeation) =
        if person.clo > 0.0 { (0.59 * speed.powf(-0.08), CLOTHES_PERMEATION) } else { (0.38 * speed.powf(-0.29), 1.0) };
    let convection = 3.0_f64.max(8.600_001 * speed.powf(0.53)).max(stirred(person.met, variant.stirs));
    let vapour_resistance = 1.0 / (LEWIS_K_TORR * area * convection) + clothing / (LEWIS_K_TORR * permeation);

    let (mut skin_c, mut core_c) = (SKIN_NEUTRAL_C, CORE_NEUTRAL_C);
    let mut blood = BLOOD_NEUTRAL;
    let mut skin_share = 0.1;
    let body_neutral_c = 0.1 * SKIN_NEUTRAL_C + 0.9 * CORE_NEUTRAL_C;
    let mut evaporation = 0.1 * person.met;
    let mut metabolism = resting;
    let mut dry = 0.0;
    let mut wettedness = 0.0;
    let mut radiation = 4.7;
    let mut clothes_c = None;
    for _ in 0..MINUTES {
        // The radiation coefficient and the clothing temperature depend on each other, so they are iterated.
        let mut resistance = 1.0 / (area * (radiation + convection));
        let mut operative_c = (radiation * radiant_c + convection * air_c) / (radiation + convection);
        for _ in 0..50 {
            let surface_c =
                clothes_c.unwrap_or(operative_c + (skin_c - operative_c) * resistance / (resistance + clothing));
            radiation = 4.0 * 5.669_7e-8 * variant.radiating * (0.5 * (surface_c + radiant_c) + 273.15).powi(3);
            resistance = 1.0 / (area * (radiation + convection));
            operative_c = (radiation * radiant_c + convection * air_c) / (radiation + convection);
            let next_c = operative_c + (skin_c - operative_c) * resistance / (resistance + clothing);
            clothes_c = Some(next_c);
            if (next_c - surface_c).abs() < 0.001 {
                break;
            }
        }
        dry = (skin_c - operative_c) / (resistance + clothing);
        let to_skin = (core_c - skin_c) * (5.28 + 1.163 * blood);
        let breath = 0.002_3 * metabolism * (44.0 - vapour) + 0.001_4 * metabolism * (34.0 - air_c);
        // 0.97 W h/(kg K) is the specific heat of the body. The time step is one minute.
        let per_minute = BODY_M2 / (0.97 * BODY_KG * 60.0);
        skin_c += (to_skin - dry - evaporation) * per_minute / skin_share;
        core_c += (metabolism - to_skin - breath - work) * per_minute / (1.0 - skin_share);

        let (warm_skin, cold_skin) = ((skin_c - SKIN_NEUTRAL_C).max(0.0), (SKIN_NEUTRAL_C - skin_c).max(0.0));
        let (warm_core, cold_core) = ((core_c - CORE_NEUTRAL_C).max(0.0), (CORE_NEUTRAL_C - core_c).max(0.0));
        let warm_body = (skin_share * skin_c + (1.0 - skin_share) * core_c - body_neutral_c).max(0.0);
        blood = ((BLOOD_NEUTRAL + DILATION_GAIN * warm_core) / (1.0 + CONSTRICTION_GAIN * cold_skin))
            .clamp(BLOOD_LEAST, BLOOD_MOST);
        let sweat = (SWEAT_GAIN * warm_body * (warm_skin / 10.7).exp()).min(SWEAT_MOST);
        let most = (saturation_torr(skin_c) - vapour) / vapour_resistance;
        (evaporation, wettedness) = evaporated(0.68 * sweat, most, wet_limit);
        metabolism = resting + 19.4 * cold_skin * cold_core;
        skin_share = 0.041_773_7 + 0.745_183_3 / (blood + 0.585_417);
    }
    let skin_loss = dry + evaporation;
    let set_c = standard_c(skin_c, skin_loss, wettedness, radiation, person, variant);
    TwoNode { skin_c, core_c, wettedness, skin_loss_w_m2: skin_loss, set_c }
}

/// Returns the evaporative heat loss of the skin (sweat and diffusion), in W/m², and the skin wettedness.
fn evaporated(sweat: f64, most: f64, wet_limit: f64) -> (f64, f64) {
    // Nothing evaporates if the vapour pressure of the air exceeds that of the skin.
    if most <= 0.0 {
        return (0.0, wet_limit);
    }
    let wettedness = 0.06 + 0.94 * sweat / most;
    if wettedness <= wet_limit {
        return (wettedness * most, wettedness);
    }
    let sweating = wet_limit / 0.94;
    (sweating * most + 0.06 * (1.0 - sweating) * most, wet_limit)
}

/// Returns the temperature of the standard climate with the same heat loss at the same skin state.
fn standard_c(skin_c: f64, skin_loss: f64, wettedness: f64, radiation: f64, person: &Person, variant: Variant) -> f64 {
    let convection = stirred(person.met, variant.stirs_standard).max(3.0);
    let both = convection + radiation;
    // The insulation of standard clothing falls with activity.
    let clo = 1.52 / ((person.met - person.work_met) + 0.694_4) - 0.183_5;
    let clothing = CLO_M2K_W * clo;
    let area = 1.0 + 0.25 * clo;
    let efficiency = 1.0 / (1.0 + CLO_M2K_W * area * both * clo);
    let permeation = CLOTHES_PERMEATION * convection / both * (1.0 - efficiency)
        / (convection / both - efficiency * CLOTHES_PERMEATION);
    let dry = 1.0 / (1.0 / (area * both) + clothing);
    let wet = 1.0 / (1.0 / (LEWIS_K_TORR * area * convection) + clothing / (LEWIS_K_TORR * permeation));
    let skin_torr = saturation_torr(skin_c);
    // The heat loss falls with rising temperature, so bisection finds the temperature of the given loss.
    let (mut low, mut high) = (-150.0, 150.0);
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        let loss = dry * (skin_c - middle) + wettedness * wet * (skin_torr - 0.5 * saturation_torr(middle));
        if loss > skin_loss {
            low = middle;
        } else {
            high = middle;
        }
    }
    0.5 * (low + high)
}

/// Returns the cooling effect of air movement, in K: the temperature reduction of still air (0.1 m/s) with
/// the same SET (ASHRAE 55-2020 normative appendix D). The result is 0 at or below 0.1 m/s.
///
/// # Errors
/// Returns [`OutOfRange`] under the conditions of [`two_node`].
pub fn cooling_effect_k(climate: &Climate, person: &Person) -> Result<f64, OutOfRange> {
    check(climate, person)?;
    let wanted_c = run(climate, person, COOLING).set_c;
    if climate.speed_m_s <= 0.1 {
        return Ok(0.0);
    }
    let still = |cooling_k: f64| Climate {
        air_c: climate.air_c - cooling_k,
        radiant_c: climate.radiant_c - cooling_k,
        speed_m_s: 0.1,
        humidity: climate.humidity,
    };
    let (mut low, mut high) = (0.0, 40.0);
    for _ in 0..45 {
        let middle = 0.5 * (low + high);
        if run(&still(middle), person, COOLING).set_c > wanted_c {
            low = middle;
        } else {
            high = middle;
        }
    }
    // Air warmer than the skin does not cool. The bisection then ends near 0.
    Ok(0.5 * (low + high))
}
