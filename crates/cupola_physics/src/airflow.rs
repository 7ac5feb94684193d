//! Multizone air flow network: zones with unknown pressures, linked by cracks, openings and fans. Stack
//! effect, wind and fans drive the flow. Newton's method solves the mass balances.
//!
//! The flow through a link increases monotonically with the pressure difference. The balances are therefore
//! the gradient of a convex function, and a line search along each Newton step converges from any start.
//! Source: Dols and Polidoro, NIST TN 1887r1 (CONTAM 3.4), 2020.

pub use crate::airflow_element::{Element, density_kg_m3};
use crate::airflow_element::{GRAVITY_M_S2, Passing};

/// Maximum number of Newton steps.
pub const MAX_STEPS: u32 = 100;
/// Relative tolerance of a zone's mass balance: imbalance over total flow through the zone.
pub const RELATIVE_TOLERANCE: f64 = 1e-8;
/// Absolute tolerance of a zone's mass balance, in kg/s. The imbalance must not exceed the sum of both
/// tolerances.
pub const TOLERANCE_KG_S: f64 = 1e-10;

/// A zone of well-mixed air.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Zone {
    /// Air temperature, in °C, −100 to 500.
    pub temperature_c: f64,
    /// Humidity ratio, in kg/kg, 0 to 1.
    pub humidity_kg_kg: f64,
    /// Reference height of the zone's pressure (its floor) above ground, in m, −1000 to 10 000.
    pub height_m: f64,
    /// Volume, in m³, at least 0. The flows do not depend on it.
    pub volume_m3: f64,
}

/// State of the outdoor air.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outdoors {
    /// Air temperature, in °C, −100 to 500.
    pub temperature_c: f64,
    /// Humidity ratio, in kg/kg, 0 to 1.
    pub humidity_kg_kg: f64,
    /// Wind speed at the reference height of the links' wind pressure coefficients, in m/s, 0 to 200.
    pub wind_m_s: f64,
}

/// End of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Zone, by its index in the network.
    Zone(usize),
    /// Outdoors.
    Outdoors,
}

/// Air flow path between two ends.
#[derive(Clone, Debug, PartialEq)]
pub struct Link {
    /// First end.
    pub from: End,
    /// Second end.
    pub to: End,
    /// Height above ground of the crack, the fan, or the opening's lower edge, in m, −1000 to 10 000.
    pub height_m: f64,
    /// Wind pressure coefficient, −10 to 10. It acts at the end that is outdoors.
    pub wind_coefficient: f64,
    /// Flow element.
    pub element: Element,
}

/// Air flow network: zones and the links between them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Network {
    /// Zones.
    pub zones: Vec<Zone>,
    /// Links.
    pub links: Vec<Link>,
}

/// Mass flow of a link in each direction, in kg/s, both at least 0.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Flow {
    /// Flow from the first to the second end.
    pub forward_kg_s: f64,
    /// Flow from the second to the first end.
    pub backward_kg_s: f64,
}

impl Flow {
    /// Returns the net flow, forward minus backward, in kg/s.
    pub fn net_kg_s(&self) -> f64 {
        self.forward_kg_s - self.backward_kg_s
    }
}

/// Solution of an air flow network.
#[derive(Clone, Debug, PartialEq)]
pub struct Solution {
    /// Flow of each link.
    pub flows: Vec<Flow>,
    /// Pressure of each zone at its reference height, relative to the calm outdoor air at ground level, in
    /// Pa.
    pub pressures_pa: Vec<f64>,
    /// Number of Newton steps of the solver.
    pub steps: u32,
    /// Whether all balances are met. It is `false` if, for example, a fan blows into a closed room.
    pub converged: bool,
    /// Largest imbalance of any zone, in kg/s.
    pub imbalance_kg_s: f64,
}

/// Part of the network with a value outside its range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NetworkError {
    /// Zone with this index.
    #[error("zone {0} of the air flow network is outside its range")]
    Zone(usize),
    /// Link with this index: its element, height or wind coefficient, or an end that does not exist.
    #[error("link {0} of the air flow network is outside its range")]
    Link(usize),
    /// Outdoor air.
    #[error("the outdoor air of the network is outside its range")]
    Outdoors,
}

/// Link as the solver uses it: the zones at its ends, the pressure difference at equal zone pressures, and
/// the element.
struct SolverLink<'a> {
    from: Option<usize>,
    to: Option<usize>,
    offset_pa: f64,
    densities: [f64; 2],
    element: &'a Element,
}

impl SolverLink<'_> {
    fn pass(&self, pressures: &[f64]) -> Passing {
        let at = |end: Option<usize>| end.and_then(|zone| pressures.get(zone)).copied().unwrap_or(0.0);
        self.element.pass(at(self.from) - at(self.to) + self.offset_pa, self.densities[0], self.densities[1])
    }
}

impl Network {
    /// Solves the network. `start` holds initial zone pressures in Pa, such as the solution of the previous
    /// step. A `start` without exactly one pressure for each zone is ignored.
    ///
    /// # Errors
    /// Returns a [`NetworkError`] if a zone, a link or the outdoor air is outside the range that its fields
    /// state.
    pub fn solve(&self, outdoors: &Outdoors, start: &[f64]) -> Result<Solution, NetworkError> {
        self.check(outdoors)?;
        let ways = self.ways(outdoors);
        let fixed = self.fixed();
        let outdoor_density = density_kg_m3(outdoors.temperature_c, outdoors.humidity_kg_kg);
        let mut pressures: Vec<f64> = if start.len() == self.zones.len() && start.iter().all(|pa| pa.abs() < 1e9) {
            start.to_vec()
        } else {
            self.zones.iter().map(|zone| -outdoor_density * GRAVITY_M_S2 * zone.height_m).collect()
        };
        for (place, zone) in self.zones.iter().enumerate().filter(|(place, _)| fixed[*place]) {
            pressures[place] = -outdoor_density * GRAVITY_M_S2 * zone.height_m;
        }
        let mut steps = 0;
        let mut balance = Balance::of(&ways, &pressures);
        while steps < MAX_STEPS && !balance.met(&fixed) {
            steps += 1;
            let step = balance.newton_step(&ways, &pressures, &fixed);
            let next = search(&ways, &pressures, &balance, &step, &fixed);
            let moved = next.iter().zip(&pressures).any(|(next, now)| next != now);
            pressures = next;
            balance = Balance::of(&ways, &pressures);
            if !moved {
                break;
            }
        }
        let flows = ways
            .iter()
            .map(|way| way.pass(&pressures))
            .map(|passing| Flow { forward_kg_s: passing.forward, backward_kg_s: passing.backward })
            .collect();
        let imbalance_kg_s = balance.surplus.iter().fold(0.0_f64, |most, surplus| most.max(surplus.abs()));
        let none = vec![false; self.zones.len()];
        Ok(Solution { flows, pressures_pa: pressures, steps, converged: balance.met(&none), imbalance_kg_s })
    }

    fn check(&self, outdoors: &Outdoors) -> Result<(), NetworkError> {
        let air = |temperature_c: f64, humidity: f64| {
            (-100.0..=500.0).contains(&temperature_c) && (0.0..=1.0).contains(&humidity)
        };
        let height = |height_m: f64| (-1_000.0..=10_000.0).contains(&height_m);
        if !air(outdoors.temperature_c, outdoors.humidity_kg_kg) || !(0.0..=200.0).contains(&outdoors.wind_m_s) {
            return Err(NetworkError::Outdoors);
        }
        let good = |zone: &Zone| {
            air(zone.temperature_c, zone.humidity_kg_kg) && height(zone.height_m) && zone.volume_m3 >= 0.0
        };
        if let Some(place) = self.zones.iter().position(|zone| !good(zone)) {
            return Err(NetworkError::Zone(place));
        }
        let exists = |end: End| match end {
            End::Zone(zone) => zone < self.zones.len(),
            End::Outdoors => true,
        };
        let good = |link: &Link| {
            exists(link.from)
                && exists(link.to)
                && height(link.height_m)
                && (-10.0..=10.0).contains(&link.wind_coefficient)
                && link.element.valid()
        };
        self.links.iter().position(|link| !good(link)).map_or(Ok(()), |place| Err(NetworkError::Link(place)))
    }

    fn ways(&self, outdoors: &Outdoors) -> Vec<SolverLink<'_>> {
        let outdoor_density = density_kg_m3(outdoors.temperature_c, outdoors.humidity_kg_kg);
        let wind_pa = 0.5 * outdoor_density * outdoors.wind_m_s * outdoors.wind_m_s;
        // Zone index of the end, air density, and pressure at the link's height without the zone's own
        // pressure.
        let end = |end: End, link: &Link| match end {
            End::Zone(place) => self.zones.get(place).map_or((None, outdoor_density, 0.0), |zone| {
                let density = density_kg_m3(zone.temperature_c, zone.humidity_kg_kg);
                (Some(place), density, -density * GRAVITY_M_S2 * (link.height_m - zone.height_m))
            }),
            End::Outdoors => {
                let pressure = link.wind_coefficient * wind_pa - outdoor_density * GRAVITY_M_S2 * link.height_m;
                (None, outdoor_density, pressure)
            }
        };
        self.links
            .iter()
            .map(|link| {
                let (from, first, from_pa) = end(link.from, link);
                let (to, second, to_pa) = end(link.to, link);
                SolverLink { from, to, offset_pa: from_pa - to_pa, densities: [first, second], element: &link.element }
            })
            .collect()
    }

    /// Returns the zones whose pressure is fixed: one zone of each group that no passive link connects to the
    /// outdoors.
    fn fixed(&self) -> Vec<bool> {
        let outside = self.zones.len();
        let mut group: Vec<usize> = (0..=outside).collect();
        let place = |end: End| match end {
            End::Zone(zone) => zone,
            End::Outdoors => outside,
        };
        for link in self.links.iter().filter(|link| link.element.passive()) {
            let (first, second) = (group[place(link.from)], group[place(link.to)]);
            // The higher group number is kept, so that the group with the outdoors keeps the number of the
            // outdoors.
            let (kept, gone) = (first.max(second), first.min(second));
            group.iter_mut().filter(|name| **name == gone).for_each(|name| *name = kept);
        }
        (0..outside).map(|zone| group[zone] == zone && group[outside] != zone).collect()
    }
}

/// Mass balance of each zone.
struct Balance {
    /// Inflow minus outflow of each zone, in kg/s.
    surplus: Vec<f64>,
    /// Sum of inflow and outflow of each zone, in kg/s.
    through: Vec<f64>,
}

impl Balance {
    fn of(ways: &[SolverLink<'_>], pressures: &[f64]) -> Self {
        let mut balance = Self { surplus: vec![0.0; pressures.len()], through: vec![0.0; pressures.len()] };
        for way in ways {
            let passing = way.pass(pressures);
            for (end, net) in
                [(way.from, passing.backward - passing.forward), (way.to, passing.forward - passing.backward)]
            {
                if let Some(zone) = end {
                    balance.surplus[zone] += net;
                    balance.through[zone] += passing.forward + passing.backward;
                }
            }
        }
        balance
    }

    fn met(&self, fixed: &[bool]) -> bool {
        self.surplus
            .iter()
            .zip(&self.through)
            .zip(fixed)
            .all(|((surplus, through), fixed)| *fixed || surplus.abs() <= TOLERANCE_KG_S + RELATIVE_TOLERANCE * through)
    }

    /// Returns the Newton step of the zone pressures, in Pa, from the slopes of the links at the current
    /// pressures.
    fn newton_step(&self, ways: &[SolverLink<'_>], pressures: &[f64], fixed: &[bool]) -> Vec<f64> {
        let count = pressures.len();
        let mut matrix = vec![vec![0.0; count]; count];
        for way in ways {
            let slope = way.pass(pressures).slope;
            for end in [way.from, way.to].into_iter().flatten() {
                matrix[end][end] += slope;
            }
            if let (Some(from), Some(to)) = (way.from, way.to) {
                matrix[from][to] -= slope;
                matrix[to][from] -= slope;
            }
        }
        let mut right = self.surplus.clone();
        for zone in (0..count).filter(|zone| fixed[*zone]) {
            matrix[zone].fill(0.0);
            matrix.iter_mut().for_each(|row| row[zone] = 0.0);
            matrix[zone][zone] = 1.0;
            right[zone] = 0.0;
        }
        solve(matrix, right)
    }
}

/// Line search along a Newton step: returns the pressures at which the surplus along the step nearly vanishes.
/// The full step is taken if it reduces the surplus enough. Otherwise, regula falsi finds the length.
fn search(ways: &[SolverLink<'_>], start: &[f64], balance: &Balance, step: &[f64], fixed: &[bool]) -> Vec<f64> {
    let along = |length: f64| -> Vec<f64> { start.iter().zip(step).map(|(from, step)| from + length * step).collect() };
    let push = |balance: &Balance| -> f64 {
        balance.surplus.iter().zip(step).zip(fixed).filter(|(_, fixed)| !**fixed).map(|((s, d), _)| s * d).sum()
    };
    let first = push(balance);
    let (mut low, mut low_push) = (0.0, first);
    let mut length = 1.0;
    let mut high = None;
    for _ in 0..40 {
        let now = push(&Balance::of(ways, &along(length)));
        if now.abs() <= 0.3 * first {
            break;
        }
        if now > 0.0 {
            (low, low_push) = (length, now);
        } else {
            high = Some((length, now));
        }
        length = match high {
            None => 2.0 * length,
            Some((high, high_push)) => {
                let share = low_push / (low_push - high_push);
                // The clamp keeps both ends of the bracket moving.
                low + (high - low) * share.clamp(0.1, 0.9)
            }
        };
    }
    along(length)
}

/// Solves a symmetric positive definite system by Cholesky decomposition. A pivot below 1e-30 is replaced by
/// 1e-30.
fn solve(mut matrix: Vec<Vec<f64>>, mut right: Vec<f64>) -> Vec<f64> {
    let count = right.len();
    for column in 0..count {
        for row in column..count {
            let done: f64 = (0..column).map(|left| matrix[row][left] * matrix[column][left]).sum();
            let rest = matrix[row][column] - done;
            matrix[row][column] = if row == column { rest.max(1e-30).sqrt() } else { rest / matrix[column][column] };
        }
    }
    for row in 0..count {
        let done: f64 = (0..row).map(|column| matrix[row][column] * right[column]).sum();
        right[row] = (right[row] - done) / matrix[row][row];
    }
    for row in (0..count).rev() {
        let done: f64 = (row + 1..count).map(|column| matrix[column][row] * right[column]).sum();
        right[row] = (right[row] - done) / matrix[row][row];
    }
    right
}

#[cfg(test)]
#[path = "airflow_tests.rs"]
mod tests;
