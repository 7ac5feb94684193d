//! The standard effective temperature (SET): the temperature of still air at 50 % humidity in which a person in
//! standard clothes would lose as much heat from as warm and as wet a skin. Source: the two-node model of Gagge,
//! Fobelets and Berglund 1986 as ASHRAE 55 normative appendix D states it.

use crate::comfort::{BODY_M2, CLO_M2K_W, Climate, OutOfRange, Person, saturation_pa, within};

/// One met in the two-node model, in W/m² (ASHRAE 55 appendix D).
const MET_W_M2: f64 = 58.2;
/// Body mass, in kg (appendix D).
const BODY_KG: f64 = 69.9;
/// Skin and core at rest, in °C (appendix D).
const SKIN_NEUTRAL_C: f64 = 33.7;
const CORE_NEUTRAL_C: f64 = 36.8;
/// Blood flow to the skin at rest and its limits, in kg/(h m²) (appendix D).
const BLOOD_NEUTRAL: f64 = 6.3;
const BLOOD_LEAST: f64 = 0.5;
const BLOOD_MOST: f64 = 90.0;
/// Most sweat, in g/(h m²) (appendix D).
const SWEAT_MOST: f64 = 500.0;
/// Gains of sweating, of widening and of narrowing vessels (appendix D).
const SWEAT_GAIN: f64 = 170.0;
const DILATION_GAIN: f64 = 120.0;
const CONSTRICTION_GAIN: f64 = 0.5;
/// Lewis ratio at sea level, in K/Torr (appendix D).
const LEWIS_K_TORR: f64 = 2.2;
/// How long the climate acts, in minutes (appendix D).
const MINUTES: u32 = 60;
/// Pa in a Torr.
const TORR_PA: f64 = 133.322_368;
/// How well vapour passes clothes (appendix D).
const CLOTHES_PERMEATION: f64 = 0.45;

/// Share of the body that radiates, times the clothes' emittance, in the 2017 and the 2020 edition.
const RADIATING_2017: f64 = 0.72;
const RADIATING_2020: f64 = 0.73 * 0.95;

/// Edition of ASHRAE 55. They differ above all for active people: since 2020 a moving body stirs the air around it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Edition {
    /// ASHRAE 55-2017 and before.
    Year2017,
    /// ASHRAE 55-2020 and after.
    #[default]
    Year2020,
}

/// What the editions, and the cooling effect, do differently.
#[derive(Clone, Copy)]
struct Variant {
    radiating: f64,
    /// Whether activity moves the air in the actual climate.
    stirs: bool,
    /// Whether activity moves the air in the standard climate.
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

/// The cooling effect is found without stirring, so that it is of the room's air movement alone.
const COOLING: Variant = Variant { radiating: RADIATING_2020, stirs: false, stirs_standard: false };

/// Convection that activity causes, in W/(m² K).
fn stirred(met: f64, stirs: bool) -> f64 {
    if stirs { 5.66 * (met - 0.85).max(0.0).powf(0.39) } else { 0.0 }
}

/// How a body stands after an hour in a climate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TwoNode {
    /// Skin temperature, in °C.
    pub skin_c: f64,
    /// Core temperature, in °C.
    pub core_c: f64,
    /// Wet part of the skin, 0 to 1.
    pub wettedness: f64,
    /// Heat lost by the skin, in W/m².
    pub skin_loss_w_m2: f64,
    /// Standard effective temperature, in °C.
    pub set_c: f64,
}

/// The standard effective temperature of the present edition, in °C (see [`two_node`]).
///
/// # Errors
/// As [`two_node`].
pub fn set_c(climate: &Climate, person: &Person) -> Result<f64, OutOfRange> {
    two_node(climate, person, Edition::default()).map(|body| body.set_c)
}

/// Runs the two-node model for an hour.
///
/// # Errors
/// Outside: air and radiant −30 to 60 °C, 0 to 5 m/s, humidity 0 to 1, 0.7 to 6 met, 0 to 5 clo, work 0 to the
/// metabolic rate (the validation table of appendix D lies within; the rest is an assumption).
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

/// Saturation pressure in Torr, which the model's coefficients are made for.
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
        // The radiative coefficient depends on the clothes' temperature and the other way round.
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
        // 0.97 W h/(kg K) is the body's heat capacity; a minute is the step.
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

/// Heat lost by sweat and by vapour through the skin, in W/m², and the wet part of the skin.
fn evaporated(sweat: f64, most: f64, wet_limit: f64) -> (f64, f64) {
    // Air wetter than the skin takes nothing.
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

/// The temperature of the standard climate with the same loss from the same skin.
fn standard_c(skin_c: f64, skin_loss: f64, wettedness: f64, radiation: f64, person: &Person, variant: Variant) -> f64 {
    let convection = stirred(person.met, variant.stirs_standard).max(3.0);
    let both = convection + radiation;
    // The heavier the work, the lighter the standard clothes.
    let clo = 1.52 / ((person.met - person.work_met) + 0.694_4) - 0.183_5;
    let clothing = CLO_M2K_W * clo;
    let area = 1.0 + 0.25 * clo;
    let efficiency = 1.0 / (1.0 + CLO_M2K_W * area * both * clo);
    let permeation = CLOTHES_PERMEATION * convection / both * (1.0 - efficiency)
        / (convection / both - efficiency * CLOTHES_PERMEATION);
    let dry = 1.0 / (1.0 / (area * both) + clothing);
    let wet = 1.0 / (1.0 / (LEWIS_K_TORR * area * convection) + clothing / (LEWIS_K_TORR * permeation));
    let skin_torr = saturation_torr(skin_c);
    // The loss falls as the surroundings warm: halve until the wanted loss is met.
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

/// By how many kelvin moving air cools like colder still air (0.1 m/s): ASHRAE 55-2020 normative appendix D, "cooling
/// effect". 0 at or below 0.1 m/s.
///
/// # Errors
/// As [`two_node`].
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
    // Air warmer than the skin does not cool: then nothing has been found above 0.
    Ok(0.5 * (low + high))
}
