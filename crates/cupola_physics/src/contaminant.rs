//! CO2, moisture and other tracers in well-mixed zones coupled by given air flows, CO2 generation of people,
//! and the risk of infection.
//!
//! The concentration of a tracer can have any unit per m³ of air (CO2: ppm; moisture: kg of water per kg of
//! dry air). Sources are in that unit times m³/s. Each zone obeys V dc/dt = Σ q (c_in − c) + S − k V c over
//! the flows that enter it. Uniform concentrations therefore stay uniform even if the given flows do not
//! balance exactly.

/// Outdoor CO2 concentration, in ppm (NOAA, global mean of 2024, rounded).
pub const OUTDOOR_CO2_PPM: f64 = 420.0;
/// Respiratory quotient of a typical diet (Persily and de Jonge 2017).
pub const RESPIRATORY_QUOTIENT: f64 = 0.85;
/// Deposition rate of small airborne droplets, per hour (Diapouli, Chaloulakou and Koutrakis 2013, as used by
/// Buonanno et al. 2020).
pub const DROPLET_DEPOSITION_PER_H: f64 = 0.24;
/// Inactivation rate of airborne SARS-CoV-2, per hour (van Doremalen et al. 2020, as used by Buonanno et al.
/// 2020).
pub const VIRUS_DECAY_PER_H: f64 = 0.63;
/// Breathing rate of a resting or seated person, in m³/h (Adams 1993, as used by Buonanno et al. 2020).
pub const BREATHING_SEATED_M3_H: f64 = 0.49;
/// Breathing rate at light exercise, in m³/h (the same sources).
pub const BREATHING_ACTIVE_M3_H: f64 = 1.38;

/// Maximum length of one series evaluation, in time constants of the fastest zone. It keeps rounding errors
/// small.
const STRETCH: f64 = 8.0;
/// Number of time constants of the fastest zone in a step above which an implicit Euler step is used.
const MAX_TIME_CONSTANTS: f64 = 20_000.0;

/// Zone of a tracer balance.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Zone {
    /// Volume, in m³, above 0.
    pub volume_m3: f64,
    /// Source strength, in units × m³/s. A negative value is a sink that does not depend on the
    /// concentration.
    pub source: f64,
    /// Removal rate, per s, at least 0: deposition, decay, and air cleaning as clean air flow over volume
    /// (see [`cleaner_per_s`]).
    pub removal_per_s: f64,
}

/// Air flow between two zones, given by index. `None` is outdoors.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Flow {
    /// Zone that the air leaves.
    pub from: Option<usize>,
    /// Zone that the air enters.
    pub to: Option<usize>,
    /// Volume flow, in m³/s, at least 0.
    pub flow_m3_s: f64,
    /// Fraction of the tracer that a filter removes, 0 to 1.
    pub filtered: f64,
}

/// Error for an input that is outside its range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MixingError {
    /// Zone with this index.
    #[error("zone {0} is outside its range")]
    Zone(usize),
    /// Flow with this index.
    #[error("flow {0} is outside its range")]
    Flow(usize),
    /// A concentration is not finite, the number of concentrations differs from the number of zones, or the
    /// step is not within 0 to 10 million s.
    #[error("concentrations, outdoor air or step are outside their range")]
    Step,
}

/// Advances the concentrations by a step with constant flows and sources. The solution of the linear system
/// is exact (to about 1e-10), by uniformisation (Jensen 1953). It is never below 0 if no source is negative.
/// If a zone has more than 20 000 air changes in the step, one implicit Euler step is taken instead.
///
/// # Errors
/// Returns a [`MixingError`] if an input is outside its range. The concentrations are then unchanged.
pub fn mix(
    concentrations: &mut [f64],
    zones: &[Zone],
    flows: &[Flow],
    outdoor: f64,
    step_s: f64,
) -> Result<(), MixingError> {
    let finite = |value: &f64| value.abs() < 1e12;
    let numbers = concentrations.iter().all(finite) && finite(&outdoor) && (0.0..=1e7).contains(&step_s);
    if concentrations.len() != zones.len() || !numbers {
        return Err(MixingError::Step);
    }
    let good = |zone: &Zone| {
        (1e-9..1e12).contains(&zone.volume_m3) && finite(&zone.source) && (0.0..1e9).contains(&zone.removal_per_s)
    };
    if let Some(place) = zones.iter().position(|zone| !good(zone)) {
        return Err(MixingError::Zone(place));
    }
    let exists = |end: Option<usize>| end.is_none_or(|place| place < zones.len());
    let good = |flow: &Flow| {
        exists(flow.from)
            && exists(flow.to)
            && (0.0..1e9).contains(&flow.flow_m3_s)
            && (0.0..=1.0).contains(&flow.filtered)
    };
    if let Some(place) = flows.iter().position(|flow| !good(flow)) {
        return Err(MixingError::Flow(place));
    }
    let rates = Rates::of(zones, flows, outdoor);
    let lives = rates.fastest() * step_s;
    if lives > MAX_TIME_CONSTANTS {
        rates.implicit_step(concentrations, step_s);
    } else {
        let stretches = (lives / STRETCH).ceil().max(1.0);
        for _ in 0..stretches as u32 {
            rates.stretch(concentrations, step_s / stretches);
        }
    }
    Ok(())
}

/// Linear system c' = gains from other zones − loss·c + constant, per second.
struct Rates {
    loss: Vec<f64>,
    constant: Vec<f64>,
    /// Zone entered, zone left, and rate.
    between: Vec<(usize, usize, f64)>,
}

impl Rates {
    fn of(zones: &[Zone], flows: &[Flow], outdoor: f64) -> Self {
        let mut rates = Self {
            loss: zones.iter().map(|zone| zone.removal_per_s).collect(),
            constant: zones.iter().map(|zone| zone.source / zone.volume_m3).collect(),
            between: Vec::new(),
        };
        for flow in flows {
            let Some(to) = flow.to else { continue };
            let changes = flow.flow_m3_s / zones[to].volume_m3;
            rates.loss[to] += changes;
            match flow.from {
                None => rates.constant[to] += changes * (1.0 - flow.filtered) * outdoor,
                Some(from) if from == to => rates.loss[to] -= changes * (1.0 - flow.filtered),
                Some(from) => rates.between.push((to, from, changes * (1.0 - flow.filtered))),
            }
        }
        rates
    }

    fn fastest(&self) -> f64 {
        self.loss.iter().fold(0.0_f64, |most, loss| most.max(*loss))
    }

    /// Evaluates e^(At)·c + ∫e^(As) ds·b as sums over powers of P = I + A/λ, which has no negative entries.
    /// The weights are those of the Poisson distribution.
    fn stretch(&self, concentrations: &mut [f64], step_s: f64) {
        let pace = self.fastest();
        let mean = pace * step_s;
        if mean < 1e-12 {
            for (value, constant) in concentrations.iter_mut().zip(&self.constant) {
                *value += constant * step_s;
            }
            return;
        }
        let mut from_start = concentrations.to_vec();
        let mut from_constant = self.constant.clone();
        let mut weight = (-mean).exp();
        let mut tail = -(-mean).exp_m1();
        let mut result = vec![0.0; concentrations.len()];
        let mut power = 0.0;
        loop {
            for (place, value) in result.iter_mut().enumerate() {
                *value += weight * from_start[place] + tail.max(0.0) / pace * from_constant[place];
            }
            power += 1.0;
            if power > mean + 10.0 && weight < 1e-17 {
                break;
            }
            from_start = self.shift(&from_start, pace);
            from_constant = self.shift(&from_constant, pace);
            weight *= mean / power;
            tail -= weight;
        }
        concentrations.copy_from_slice(&result);
    }

    /// Returns P·values.
    fn shift(&self, values: &[f64], pace: f64) -> Vec<f64> {
        let mut next: Vec<f64> =
            values.iter().zip(&self.loss).map(|(value, loss)| (1.0 - loss / pace) * value).collect();
        for (to, from, rate) in &self.between {
            next[*to] += rate / pace * values[*from];
        }
        next
    }

    /// Solves (I − hA)·c' = c + h·b by elimination. The matrix is diagonally dominant, so no row exchange is
    /// needed.
    fn implicit_step(&self, concentrations: &mut [f64], step_s: f64) {
        let count = concentrations.len();
        let mut matrix = vec![vec![0.0; count]; count];
        for (place, row) in matrix.iter_mut().enumerate() {
            row[place] = 1.0 + step_s * self.loss[place];
        }
        for (to, from, rate) in &self.between {
            matrix[*to][*from] -= step_s * rate;
        }
        let mut right: Vec<f64> =
            concentrations.iter().zip(&self.constant).map(|(value, constant)| value + step_s * constant).collect();
        for pivot in 0..count {
            let row = matrix[pivot].clone();
            for below in pivot + 1..count {
                let share = matrix[below][pivot] / row[pivot];
                if share != 0.0 {
                    for column in pivot..count {
                        matrix[below][column] -= share * row[column];
                    }
                    right[below] -= share * right[pivot];
                }
            }
        }
        for row in (0..count).rev() {
            let done: f64 = (row + 1..count).map(|column| matrix[row][column] * concentrations[column]).sum();
            concentrations[row] = (right[row] - done) / matrix[row][row];
        }
    }
}

/// Returns the removal rate of an air cleaner, per s: its flow, in m³/s, times its efficiency (0 to 1), over
/// the room volume, in m³. The result is 0 without a volume.
pub fn cleaner_per_s(flow_m3_s: f64, efficiency: f64, volume_m3: f64) -> f64 {
    if volume_m3 > 0.0 { flow_m3_s.max(0.0) * efficiency.clamp(0.0, 1.0) / volume_m3 } else { 0.0 }
}

/// Returns the source strength of a tracer in ppm from a gas emission, in L/s.
pub fn source_ppm_m3_s(gas_l_s: f64) -> f64 {
    // 1e-3 m³ per L, and 1e6 ppm.
    1e3 * gas_l_s
}

/// Sex, as used in the metabolic statistics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sex {
    /// Female.
    Female,
    /// Male.
    Male,
}

/// Mean body mass by the upper age limit of each group, in kg: male, female (Persily and de Jonge 2017, table
/// 4, United States). The values were written down from memory, and checked only against the basal metabolic
/// rates and CO2 generation rates that the paper gives for young adults.
const BODY_MASS_KG: [(f64, f64, f64); 13] = [
    (1.0, 8.0, 7.7),
    (3.0, 12.8, 12.3),
    (6.0, 18.8, 18.3),
    (11.0, 31.9, 31.7),
    (16.0, 57.6, 55.9),
    (21.0, 77.3, 65.9),
    (30.0, 84.9, 71.9),
    (40.0, 87.0, 74.8),
    (50.0, 90.5, 77.1),
    (60.0, 89.5, 77.5),
    (70.0, 89.5, 76.8),
    (80.0, 83.9, 70.8),
    (f64::INFINITY, 76.1, 64.1),
];

/// Basal metabolic rate by the upper age limit of each group: slope in MJ/(kg day) and offset in MJ/day, male
/// and female (Schofield 1985).
const SCHOFIELD: [(f64, [f64; 2], [f64; 2]); 6] = [
    (3.0, [0.249, -0.127], [0.244, -0.130]),
    (10.0, [0.095, 2.110], [0.085, 2.033]),
    (18.0, [0.074, 2.754], [0.056, 2.898]),
    (30.0, [0.063, 2.896], [0.062, 2.036]),
    (60.0, [0.048, 3.653], [0.034, 3.538]),
    (f64::INFINITY, [0.049, 2.459], [0.038, 2.755]),
];

/// Returns the mean body mass, in kg, at an age in years (Persily and de Jonge 2017, table 4). An age that is
/// not a number gives the value of the oldest group.
pub fn body_mass_kg(sex: Sex, age_years: f64) -> f64 {
    let group = BODY_MASS_KG.iter().find(|(end, ..)| age_years < *end).or(BODY_MASS_KG.last());
    group.map_or(0.0, |(_, male, female)| if sex == Sex::Male { *male } else { *female })
}

/// Returns the basal metabolic rate, in MJ/day (Schofield 1985), at least 0.
pub fn basal_rate_mj_day(sex: Sex, age_years: f64, mass_kg: f64) -> f64 {
    let group = SCHOFIELD.iter().find(|(end, ..)| age_years < *end).or(SCHOFIELD.last());
    let [slope, offset] = group.map_or([0.0; 2], |(_, male, female)| if sex == Sex::Male { *male } else { *female });
    (slope * mass_kg + offset).max(0.0)
}

/// Returns the CO2 generation rate of a person, in L/s at a temperature, in K, and a pressure, in kPa:
/// RQ·BMR·M·(T/P)·0.000211 (Persily and de Jonge 2017). The paper's tables are for 273.15 K and 101.325 kPa.
/// The result is 0 without pressure.
pub fn co2_l_s(basal_mj_day: f64, met: f64, temperature_k: f64, pressure_kpa: f64) -> f64 {
    if pressure_kpa > 0.0 {
        RESPIRATORY_QUOTIENT * basal_mj_day * met * (temperature_k / pressure_kpa) * 0.000_211
    } else {
        0.0
    }
}

/// Returns the CO2 generation rate of a person of mean body mass, in L/s at 273.15 K and 101.325 kPa (Persily
/// and de Jonge 2017, table 6).
pub fn person_co2_l_s(sex: Sex, age_years: f64, met: f64) -> f64 {
    let basal = basal_rate_mj_day(sex, age_years, body_mass_kg(sex, age_years));
    co2_l_s(basal, met, 273.15, 101.325)
}

/// Exposure of people to the air of a room with infectious people. All values are at least 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Exposure {
    /// Quanta emission rate of all infectious people, per h.
    pub quanta_per_h: f64,
    /// Breathing rate of one exposed person, in m³/h, less the fraction that a mask filters.
    pub breathing_m3_h: f64,
    /// Volume of the room, in m³, above 0.
    pub volume_m3: f64,
    /// Removal rate of quanta, per h: air changes, deposition, decay, filters.
    pub removal_per_h: f64,
    /// Duration, in h.
    pub hours: f64,
}

/// Returns the probability of infection in steady state, 0 to 1: 1 − exp(−I q p t / Q) (Riley, Murphy and
/// Riley 1978). The result is 1 with quanta to inhale but without any removal.
pub fn wells_riley(exposure: &Exposure) -> f64 {
    let clean_m3_h = exposure.removal_per_h * exposure.volume_m3;
    let inhaled = exposure.quanta_per_h * exposure.breathing_m3_h * exposure.hours;
    if inhaled > 0.0 { probability(inhaled / clean_m3_h.max(0.0)) } else { 0.0 }
}

/// Returns the probability of infection, 0 to 1, while quanta build up from an initial concentration, in
/// quanta/m³ (Gammaitoni and Nucci 1997).
pub fn gammaitoni_nucci(exposure: &Exposure, start_per_m3: f64) -> f64 {
    let (rate, hours) = (exposure.removal_per_h.max(0.0), exposure.hours.max(0.0));
    let lives = rate * hours;
    // ∫e^(−kt) dt, and the contribution of a steady source to the integral of the concentration. Both forms
    // avoid cancellation at small k.
    let (from_start, from_source) = if lives < 1e-4 {
        (hours * (1.0 - 0.5 * lives), hours * hours * (0.5 - lives / 6.0))
    } else {
        let decayed = -(-lives).exp_m1() / rate;
        (decayed, (hours - decayed) / rate)
    };
    let source = exposure.quanta_per_h.max(0.0) / exposure.volume_m3.max(f64::MIN_POSITIVE);
    probability(exposure.breathing_m3_h.max(0.0) * (start_per_m3.max(0.0) * from_start + source * from_source))
}

/// Returns the concentration of quanta, per m³, at the end of the exposure (Gammaitoni and Nucci 1997,
/// equation (1)).
pub fn quanta_after_per_m3(exposure: &Exposure, start_per_m3: f64) -> f64 {
    let lives = exposure.removal_per_h.max(0.0) * exposure.hours.max(0.0);
    let source = exposure.quanta_per_h.max(0.0) / exposure.volume_m3.max(f64::MIN_POSITIVE);
    let built = if lives < 1e-9 { exposure.hours.max(0.0) } else { -(-lives).exp_m1() / exposure.removal_per_h };
    start_per_m3.max(0.0) * (-lives).exp() + source * built
}

/// Returns the probability of at least one hit at a mean number of hits, 0 to 1. A dose that is not a number
/// gives 0.
pub fn probability(dose: f64) -> f64 {
    if dose > 0.0 { -(-dose).exp_m1() } else { 0.0 }
}

#[cfg(test)]
#[path = "contaminant_tests.rs"]
mod tests;
