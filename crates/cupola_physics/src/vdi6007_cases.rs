//! Data of the twelve test cases of VDI 6007-1 for the two-element room: parameters, hourly boundary
//! conditions and the standard's results for the days 1, 10 and 60.
//!
//! Source: VDI 6007-1:2015 clause 6.3 and its annex, by way of the published validation models of the IBPSA
//! Modelica library (`ThermalZones.ReducedOrder.Validation.VDI6007.TestCase1` to `TestCase12`). Values are
//! hourly means. The first hour starts at midnight.

use crate::two_element::{AIR_J_M3_K, Emitter, Facade, Room, SetPoint, State, equivalent_outdoor_c, weighted_c};
use crate::vdi6007_results::DAYS;

/// One value for each hour of the day.
pub type Day = [f64; 24];

/// Quantity of a case's results.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantity {
    /// Air temperature, in °C.
    AirTemperature,
    /// Heat from the heater (positive) or to the cooler (negative), in W.
    Load,
}

/// Test case.
#[derive(Clone, Debug)]
pub struct Case {
    /// Number, 1 to 12.
    pub number: u8,
    /// Room.
    pub room: Room,
    /// Initial state.
    pub start: State,
    /// Equivalent outdoor temperature of the outer walls, in °C.
    pub outer_c: Day,
    /// Convective gains, in W.
    pub convective_w: Day,
    /// Radiant gains, in W.
    pub radiant_w: Day,
    /// Solar radiation through the windows of each façade, in W.
    pub solar_w: Vec<Day>,
    /// Heat capacity flow of the ventilation, in W/K.
    pub ventilation_w_k: Day,
    /// Supply temperature of the ventilation, in °C.
    pub ventilation_c: Day,
    /// Common set-point of heating and cooling, in °C, with the emitters of heater and cooler.
    pub control: Option<(Day, Emitter, Emitter)>,
    /// Quantity of `days`.
    pub quantity: Quantity,
    /// Results of the days 1, 10 and 60.
    pub days: [Day; 3],
}

impl Case {
    /// Returns the heating and the cooling set-point of an hour (0 to 23), or `None` for other hours.
    pub fn set_points(&self, hour: usize) -> (Option<SetPoint>, Option<SetPoint>) {
        let Some((temperature_c, heater, cooler)) =
            self.control.as_ref().and_then(|(day, heater, cooler)| Some((*day.get(hour)?, *heater, *cooler)))
        else {
            return (None, None);
        };
        let set = |emitter| Some(SetPoint { temperature_c, emitter });
        (set(heater), set(cooler))
    }
}

/// Outdoor air temperature of the cases 5 and 8 to 12, in °C.
const OUTDOOR_C: Day = [
    18.8, 17.1, 16.5, 16.1, 16.5, 17.8, 20.3, 22.8, 24.8, 26.7, 28.1, 29.0, 29.7, 30.4, 30.9, 31.0, 30.8, 30.1, 28.9,
    27.0, 24.7, 22.9, 21.9, 20.9,
];
/// Solar irradiance behind the standard window facing south, in W/m².
const WINDOW_SOUTH_W_M2: Day = [
    0.0, 0.0, 0.0, 0.0, 17.0, 38.0, 59.0, 98.0, 186.0, 287.0, 359.0, 385.0, 359.0, 287.0, 186.0, 98.0, 59.0, 38.0,
    17.0, 0.0, 0.0, 0.0, 0.0, 0.0,
];
/// Solar irradiance behind the standard window facing west, in W/m².
const WINDOW_WEST_W_M2: Day = [
    0.0, 0.0, 0.0, 0.0, 17.0, 36.0, 51.0, 64.0, 74.0, 84.0, 92.0, 100.0, 180.0, 344.0, 475.0, 528.0, 492.0, 359.0,
    147.0, 0.0, 0.0, 0.0, 0.0, 0.0,
];
/// Solar irradiance of the wall facing south, in W/m².
const WALL_SOUTH_W_M2: Day = [
    0.0, 0.0, 0.0, 0.0, 24.0, 58.0, 91.0, 203.0, 348.0, 472.0, 553.0, 581.0, 553.0, 472.0, 348.0, 203.0, 91.0, 58.0,
    24.0, 0.0, 0.0, 0.0, 0.0, 0.0,
];
/// Solar irradiance of the wall facing west, in W/m².
const WALL_WEST_W_M2: Day = [
    0.0, 0.0, 0.0, 0.0, 23.0, 53.0, 77.0, 97.0, 114.0, 131.0, 144.0, 159.0, 372.0, 557.0, 685.0, 733.0, 666.0, 474.0,
    177.0, 0.0, 0.0, 0.0, 0.0, 0.0,
];
/// Long-wave radiation of sky and ground, in W/m² (case 9).
const LONG_WAVE_W_M2: Day = [
    362.5, 364.0, 364.5, 364.0, 380.5, 390.5, 400.5, 414.0, 427.5, 439.0, 448.5, 457.0, 459.5, 460.0, 457.5, 452.5,
    445.0, 438.5, 437.0, 420.0, 412.5, 405.0, 397.5, 390.0,
];
/// Area of a window, in m².
const WINDOW_M2: f64 = 7.0;
/// Irradiance behind the window above which the blind closes, in W/m².
const BLIND_CLOSES_W_M2: f64 = 100.0;
/// Fraction of the solar radiation that passes a closed blind.
const BLIND_CLOSED: f64 = 0.15;
/// Outside coefficient of convection and radiation together, in W/(m² K).
const OUTDOOR_FILM_W_M2K: f64 = 25.0;
/// Solar absorptance of the outer walls (cases 8 and 9).
const ABSORPTANCE: f64 = 0.7;

/// Returns all cases in order.
pub fn cases() -> Vec<Case> {
    (1..=12).map(case).collect()
}

fn case(number: u8) -> Case {
    let constant_outdoors = matches!(number, 1..=4 | 6 | 7 | 11);
    let outdoors_c = if constant_outdoors { [22.0; 24] } else { OUTDOOR_C };
    let between = |first: usize, last: usize, value: f64| -> Day {
        std::array::from_fn(|hour| if (first..last).contains(&hour) { value } else { 0.0 })
    };
    let (convective_w, radiant_w) = match number {
        1 | 3 => (between(6, 18, 1_000.0), [0.0; 24]),
        2 | 4 | 6 | 7 | 11 => ([0.0; 24], between(6, 18, 1_000.0)),
        // Gains from people and machines.
        _ => (between(7, 17, 280.0), between(7, 17, 80.0)),
    };
    let solar_w = match number {
        8 | 9 => vec![solar_heat_w(&WINDOW_SOUTH_W_M2), solar_heat_w(&WINDOW_WEST_W_M2)],
        5 | 10 | 12 => vec![solar_heat_w(&WINDOW_SOUTH_W_M2)],
        _ => Vec::new(),
    };
    let outer_c = match number {
        8 | 9 => std::array::from_fn(|hour| two_facades_c(hour, number == 9)),
        // Wall, window, and the floor above a room at 15 °C.
        10 => outdoors_c.map(|outdoors_c| {
            weighted_c(&[
                (0.046_460_931_762_832_8 + 0.324_415_549_184_762_45, outdoors_c),
                (0.629_123_519_052_404_7, 15.0),
            ])
        }),
        _ => outdoors_c,
    };
    let set_c: Day = std::array::from_fn(|hour| if (6..18).contains(&hour) { 27.0 } else { 22.0 });
    let limited = Emitter { limit_w: 500.0, ..Emitter::IDEAL };
    let ceiling = Emitter { convective: 0.0, inner_panel: 1.0, ..limited };
    let control = match number {
        6 => Some((set_c, Emitter::IDEAL, Emitter::IDEAL)),
        7 => Some((set_c, limited, limited)),
        11 => Some((set_c, limited, ceiling)),
        _ => None,
    };
    // The ventilation is 100 m³/h, halved by day.
    let ventilation_w_k =
        if number == 12 { between(7, 17, 50.0).map(|less| (100.0 - less) / 3_600.0 * AIR_J_M3_K) } else { [0.0; 24] };
    Case {
        number,
        room: room(number),
        start: State::at(if number == 10 { 17.6 } else { 22.0 }),
        outer_c,
        convective_w,
        radiant_w,
        solar_w,
        ventilation_w_k,
        ventilation_c: outdoors_c,
        control,
        quantity: if matches!(number, 6 | 7 | 11) { Quantity::Load } else { Quantity::AirTemperature },
        days: DAYS.get(usize::from(number).wrapping_sub(1)).copied().unwrap_or([[0.0; 24]; 3]),
    }
}

/// Returns the fraction of the solar radiation that the blind transmits.
fn blind(behind_window_w_m2: f64) -> f64 {
    if behind_window_w_m2 > BLIND_CLOSES_W_M2 { BLIND_CLOSED } else { 1.0 }
}

fn solar_heat_w(behind_window_w_m2: &Day) -> Day {
    behind_window_w_m2.map(|solar| WINDOW_M2 * solar * blind(solar))
}

/// Returns the equivalent outdoor temperature of the two walls and windows of the cases 8 and 9.
fn two_facades_c(hour: usize, long_wave: bool) -> f64 {
    let at = |day: &Day| day.get(hour).copied().unwrap_or(0.0);
    let air_c = at(&OUTDOOR_C);
    // Temperature of a black body with the radiation of sky and ground, for a surface of emittance 0.93.
    let sky_c = if long_wave { (at(&LONG_WAVE_W_M2) / (0.93 * 5.67e-8)).powf(0.25) - 273.15 } else { air_c };
    let wall = |solar| equivalent_outdoor_c(air_c, ABSORPTANCE, solar, sky_c, 1.0);
    let window = |solar| {
        // A closed blind shields the window from the sky by the same fraction as from the sun.
        equivalent_outdoor_c(air_c, 0.0, 0.0, sky_c, blind(solar))
    };
    weighted_c(&[
        (0.057_968_311_356_773_73, wall(at(&WALL_SOUTH_W_M2))),
        (0.132_498_997_386_911_34, wall(at(&WALL_WEST_W_M2))),
        (0.404_766_345_628_157_5, window(at(&WINDOW_SOUTH_W_M2))),
        (0.404_766_345_628_157_5, window(at(&WINDOW_WEST_W_M2))),
    ])
}

/// Returns the room of a case: type S (heavy), L (light, cases 3 and 4), S with two outer walls (8 and 9), or
/// S above another room (10).
fn room(number: u8) -> Room {
    let light = matches!(number, 3 | 4);
    let heavy = Room {
        facades: vec![Facade { wall_m2: 10.5, window_m2: 0.0 }],
        outer_r1_k_w: if light { 0.004_049_351_608_02 } else { 0.004_367_912_936_74 },
        outer_c1_j_k: if light { 47_900.0 } else { 1_600_848.94 },
        outer_rest_k_w: (if light { 0.039_330_865 } else { 0.038_959_195_57 }) + 1.0 / (OUTDOOR_FILM_W_M2K * 10.5),
        inner_m2: 75.5,
        inner_r1_k_w: if light { 0.003_237_138 } else { 0.000_595_693_407_511 },
        inner_c1_j_k: if light { 7_297_100.0 } else { 14_836_354.628_2 },
        window_r_k_w: 1.0,
        outer_convection_w_m2k: 2.7,
        // In case 11 the ceiling is one of the inner walls, with 3 W/(m² K).
        inner_convection_w_m2k: if number == 11 { 3.0 } else { 2.24 },
        window_convection_w_m2k: 2.7,
        radiation_w_m2k: 5.0,
        solar_convective_share: 0.09,
        air_j_k: 0.0,
    };
    match number {
        8 | 9 => Room {
            facades: vec![Facade { wall_m2: 10.5, window_m2: 0.0 }, Facade { wall_m2: 15.0, window_m2: 0.0 }],
            outer_r1_k_w: 0.001_736_253_010_6,
            outer_c1_j_k: 5_259_932.23,
            outer_rest_k_w: 0.019_137_299_04 + 1.0 / (OUTDOOR_FILM_W_M2K * 25.5),
            inner_m2: 60.5,
            inner_r1_k_w: 0.000_668_895_639_141,
            inner_c1_j_k: 12_391_363.863_1,
            inner_convection_w_m2k: 2.12,
            ..heavy
        },
        10 => Room {
            facades: vec![Facade { wall_m2: 28.0, window_m2: 0.0 }],
            outer_r1_k_w: 0.001_719_576_977_677_97,
            outer_c1_j_k: 4_338_751.41,
            outer_rest_k_w: 0.011_638_548 + 1.0 / (28.0 * 9.75),
            inner_m2: 58.0,
            inner_r1_k_w: 0.000_779_671_554_640_369,
            inner_c1_j_k: 12_333_949.412_960_6,
            outer_convection_w_m2k: 2.4,
            inner_convection_w_m2k: 2.398,
            ..heavy
        },
        _ => heavy,
    }
}
