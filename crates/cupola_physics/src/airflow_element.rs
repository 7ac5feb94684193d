//! Air flow elements (cracks, orifices, large openings and fans) and wind pressure, for [`crate::airflow`].
//!
//! Source of the formulas: Dols and Polidoro, CONTAM User Guide and Program Documentation 3.4, NIST TN
//! 1887r1, 2020, chapter on airflow elements. The regularisation near zero flow and the closed integral over
//! an opening are the author's own.

use crate::air::PRESSURE_PA;

/// Acceleration due to gravity, in m/s².
pub const GRAVITY_M_S2: f64 = 9.806_65;
/// Gas constant of dry air, in J/(kg K) (ASHRAE Fundamentals ch. 1).
pub const GAS_CONSTANT_J_KG_K: f64 = 287.042;
/// Discharge coefficient of a sharp-edged orifice (CONTAM's default).
pub const ORIFICE_DISCHARGE: f64 = 0.6;
/// Discharge coefficient of a door or large opening (CONTAM's default for two-way flow).
pub const OPENING_DISCHARGE: f64 = 0.78;
/// Flow exponent of a crack without a measured exponent (ASHRAE Fundamentals ch. 16).
pub const CRACK_EXPONENT: f64 = 0.65;

/// Pressure difference, in Pa, below which a flow becomes linear instead of following its power law. It keeps
/// the slope finite (an assumption; far below the pressures that drive air through rooms).
const SMOOTH_PA: f64 = 1e-3;
/// Difference of the pressure differences at top and bottom of an opening, in Pa, below which the opening has
/// one uniform pressure difference.
const LEVEL_PA: f64 = 1e-4;

/// Returns the density of moist air, in kg/m³, at sea-level pressure (ASHRAE Fundamentals ch. 1).
/// Temperatures are limited to at least −200 °C and humidity ratios, in kg/kg, to at least 0.
pub fn density_kg_m3(temperature_c: f64, humidity_kg_kg: f64) -> f64 {
    let humidity = humidity_kg_kg.max(0.0);
    let kelvin = (temperature_c + 273.15).max(73.15);
    PRESSURE_PA * (1.0 + humidity) / (GAS_CONSTANT_J_KG_K * kelvin * (1.0 + 1.607_858 * humidity))
}

/// Flow element of a link. Flows are positive from the link's first to its second end.
#[derive(Clone, Debug, PartialEq)]
pub enum Element {
    /// Crack with volume flow C·Δp^n: coefficient in m³/(s Paⁿ) above 0, exponent 0.5 to 1.
    Crack {
        /// Coefficient C.
        coefficient_m3_s: f64,
        /// Exponent n.
        exponent: f64,
    },
    /// Orifice with mass flow Cd·A·√(2ρΔp).
    Orifice {
        /// Area, in m², above 0.
        area_m2: f64,
        /// Discharge coefficient, above 0, at most 1.
        discharge: f64,
    },
    /// Vertical opening, from the link's height upwards, with flow in both directions at once.
    Opening {
        /// Width, in m, above 0.
        width_m: f64,
        /// Height, in m, above 0.
        height_m: f64,
        /// Discharge coefficient, above 0, at most 1.
        discharge: f64,
    },
    /// Constant mass flow, in kg/s, independent of the pressures.
    Flow(f64),
    /// Fan curve: pairs of pressure rise, in Pa, and mass flow, in kg/s. The rises increase and the flows
    /// decrease. The curve is piecewise linear and extrapolated at both ends.
    Fan(Vec<(f64, f64)>),
}

/// Mass flow in each direction, in kg/s, and the derivative of the net flow with respect to the pressure
/// difference, in kg/(s Pa).
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Passing {
    pub forward: f64,
    pub backward: f64,
    pub slope: f64,
}

impl Element {
    /// Returns the crack that a leakage test describes: volume flow at 50 Pa, in m³/s, and exponent (ISO
    /// 9972).
    pub fn from_test(flow_50_m3_s: f64, exponent: f64) -> Self {
        Self::Crack { coefficient_m3_s: flow_50_m3_s / 50.0_f64.powf(exponent), exponent }
    }

    /// Returns whether the flow depends on the pressures.
    pub(crate) fn passive(&self) -> bool {
        !matches!(self, Self::Flow(_))
    }

    pub(crate) fn valid(&self) -> bool {
        let size = |value: f64| value > 0.0 && value < 1e6;
        let share = |value: f64| value > 0.0 && value <= 1.0;
        match self {
            Self::Crack { coefficient_m3_s, exponent } => size(*coefficient_m3_s) && (0.5..=1.0).contains(exponent),
            Self::Orifice { area_m2, discharge } => size(*area_m2) && share(*discharge),
            Self::Opening { width_m, height_m, discharge } => size(*width_m) && size(*height_m) && share(*discharge),
            Self::Flow(flow) => flow.abs() < 1e6,
            Self::Fan(points) => {
                points.len() >= 2
                    && points.iter().all(|(rise, flow)| rise.abs() < 1e6 && flow.abs() < 1e6)
                    && points.windows(2).all(|pair| matches!(pair, [low, high] if low.0 < high.0 && low.1 > high.1))
            }
        }
    }

    /// Returns the flow at a pressure difference, in Pa, of the first end less the second end at the link's
    /// height. The densities are those of the air at the two ends.
    pub(crate) fn pass(&self, difference_pa: f64, first_kg_m3: f64, second_kg_m3: f64) -> Passing {
        let upstream = if difference_pa >= 0.0 { first_kg_m3 } else { second_kg_m3 };
        match self {
            Self::Crack { coefficient_m3_s, exponent } => power(upstream * coefficient_m3_s, *exponent, difference_pa),
            Self::Orifice { area_m2, discharge } => {
                power(discharge * area_m2 * (2.0 * upstream).sqrt(), 0.5, difference_pa)
            }
            Self::Opening { width_m, height_m, discharge } => {
                let top_pa = difference_pa + GRAVITY_M_S2 * (second_kg_m3 - first_kg_m3) * height_m;
                let factors =
                    [first_kg_m3, second_kg_m3].map(|density| discharge * width_m * height_m * (2.0 * density).sqrt());
                opening(difference_pa, top_pa, factors)
            }
            Self::Flow(flow) => Passing { forward: flow.max(0.0), backward: (-flow).max(0.0), slope: 0.0 },
            Self::Fan(points) => fan(points, -difference_pa),
        }
    }
}

/// Power law coefficient·Δp^exponent in either direction, regularised near 0.
fn power(coefficient: f64, exponent: f64, difference_pa: f64) -> Passing {
    let square = difference_pa * difference_pa + SMOOTH_PA * SMOOTH_PA;
    let flow = coefficient * difference_pa * square.powf(0.5 * (exponent - 1.0));
    let slope = coefficient
        * square.powf(0.5 * (exponent - 3.0))
        * (exponent * difference_pa * difference_pa + SMOOTH_PA * SMOOTH_PA);
    Passing { forward: flow.max(0.0), backward: (-flow).max(0.0), slope }
}

/// Flow through an opening whose pressure difference varies linearly from bottom to top: √Δp integrated over
/// the height. `factors` are Cd·A·√(2ρ) of the air at the first and the second end.
fn opening(bottom_pa: f64, top_pa: f64, factors: [f64; 2]) -> Passing {
    let [forward, backward] = factors;
    if (top_pa - bottom_pa).abs() < LEVEL_PA {
        let middle_pa = 0.5 * (bottom_pa + top_pa);
        return power(if middle_pa >= 0.0 { forward } else { backward }, 0.5, middle_pa);
    }
    if (bottom_pa >= 0.0) == (top_pa >= 0.0) {
        let (low, high) = (bottom_pa.abs(), top_pa.abs());
        let roots = low.sqrt() + high.sqrt();
        let mean_root = 2.0 / 3.0 * (low + high + (low * high).sqrt()) / roots;
        let both = if bottom_pa >= 0.0 { (forward * mean_root, 0.0) } else { (0.0, backward * mean_root) };
        let slope = (if bottom_pa >= 0.0 { forward } else { backward }) / roots;
        return Passing { forward: both.0, backward: both.1, slope };
    }
    // The pressure difference changes sign, so a neutral plane divides the opening.
    let (positive, negative) = (bottom_pa.max(top_pa), -bottom_pa.min(top_pa));
    let span = positive + negative;
    Passing {
        forward: forward * 2.0 / 3.0 * positive.sqrt() * positive / span,
        backward: backward * 2.0 / 3.0 * negative.sqrt() * negative / span,
        slope: (forward * positive.sqrt() + backward * negative.sqrt()) / span,
    }
}

/// Fan flow at a pressure rise, from the piecewise linear curve.
fn fan(points: &[(f64, f64)], rise_pa: f64) -> Passing {
    let segment = points.windows(2).find(|pair| pair.last().is_some_and(|end| rise_pa <= end.0));
    let Some([(rise_a, flow_a), (rise_b, flow_b)]) = segment.or_else(|| points.windows(2).last()) else {
        return Passing::default();
    };
    let slope = (flow_a - flow_b) / (rise_b - rise_a);
    let flow = flow_a - slope * (rise_pa - rise_a);
    Passing { forward: flow.max(0.0), backward: (-flow).max(0.0), slope }
}

/// Terrain class of the wind profile (ASHRAE Fundamentals ch. 24, table 1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Terrain {
    /// Centre of a large city.
    City,
    /// Suburban or wooded terrain.
    Suburb,
    /// Open terrain, as at the weather station.
    Open,
    /// Flat terrain or water.
    Flat,
}

/// Returns the wind speed, in m/s, at a height, in m, from the speed at a weather station at 10 m in open
/// terrain (ASHRAE Fundamentals ch. 24, equation (4)). The result is 0 at and below the ground.
pub fn wind_speed_m_s(station_m_s: f64, height_m: f64, terrain: Terrain) -> f64 {
    let (exponent, layer_m): (f64, f64) = match terrain {
        Terrain::City => (0.33, 460.0),
        Terrain::Suburb => (0.22, 370.0),
        Terrain::Open => (0.14, 270.0),
        Terrain::Flat => (0.10, 210.0),
    };
    station_m_s * (270.0_f64 / 10.0).powf(0.14) * (height_m.max(0.0) / layer_m).powf(exponent)
}

/// Returns the mean wind pressure coefficient of a wall of a low-rise building (Swami and Chandra 1987,
/// FSEC-CR-163-86, equation (2-1), with 0.6 for wind along the wall's normal; also in CONTAM). `angle_deg` is
/// the angle between the wind and the wall's normal. `side_ratio` is the width of the wall over that of the
/// adjacent wall, 0.1 to 10.
pub fn wind_coefficient_low_rise(angle_deg: f64, side_ratio: f64) -> f64 {
    let angle = angle_deg.rem_euclid(360.0);
    let angle = if angle > 180.0 { 360.0 - angle } else { angle }.to_radians();
    let ratio = side_ratio.clamp(0.1, 10.0).ln();
    let (half_sin, half_cos) = (0.5 * angle).sin_cos();
    let inside = 1.248 - 0.703 * half_sin - 1.175 * angle.sin().powi(2)
        + 0.131 * (2.0 * angle * ratio).sin().powi(3)
        + 0.769 * half_cos
        + 0.071 * (ratio * half_sin).powi(2)
        + 0.717 * half_cos.powi(2);
    0.6 * inside.max(0.05).ln()
}
