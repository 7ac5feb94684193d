//! Two-element room model of VDI 6007-1:2015: one capacity for the outer walls (AW), one for the inner walls
//! (IW), a node for the air, and optional windows without mass.
//!
//! ```text
//!  equivalent outdoors --Rrest-- C1,AW --R1,AW-- AW surface --hc-- air --hc-- IW surface --R1,IW-- C1,IW
//!                                                    \__________ hr ____________/
//! ```
//! Surfaces exchange heat with the air by convection, and with one another by a linearised radiation
//! coefficient over the smaller of the two areas. Time integration is by the implicit Euler method, which
//! does not oscillate and conserves energy at any step length.

pub use crate::two_element_types::{Emitter, Facade, Input, Output, Room, RoomError, SetPoint, State};

/// Convection coefficient at vertical inner surfaces, in W/(m² K) (VDI 6007-1, type rooms).
pub const CONVECTION_WALL_W_M2K: f64 = 2.7;
/// Volumetric heat capacity of air, in J/(m³ K): 1.189 353 kg/m³ and 1 005.45 J/(kg K), the values behind the
/// published results of VDI 6007-1's case 12.
pub const AIR_J_M3_K: f64 = 1.189_353 * 1_005.45;
/// Linearised radiation coefficient between inner surfaces, in W/(m² K) (VDI 6007-1, type rooms).
pub const RADIATION_W_M2K: f64 = 5.0;
/// Convection coefficient outdoors, in W/(m² K) (VDI 6007-1).
pub const OUTDOOR_CONVECTION_W_M2K: f64 = 20.0;
/// Radiation coefficient outdoors, in W/(m² K) (VDI 6007-1).
pub const OUTDOOR_RADIATION_W_M2K: f64 = 5.0;
/// Fraction of the solar radiation through a window that heats the air directly (VDI 6007-1, test cases 5 and
/// 8 to 12).
pub const SOLAR_CONVECTIVE_SHARE: f64 = 0.09;
/// Maximum length of an internal step, in s. Longer steps are divided (an assumption: the method is of first
/// order in time).
pub const MAX_INNER_STEP_S: f64 = 300.0;

const AIR: usize = 0;
const OUTER: usize = 1;
const INNER: usize = 2;
const WINDOW: usize = 3;
const NODES: usize = 4;
type Nodes = [f64; NODES];

/// Checked room, prepared for steps.
#[derive(Clone, Debug)]
pub struct TwoElement {
    room: Room,
    /// Symmetric conductances between nodes, in W/K.
    between: [Nodes; NODES],
    areas: Nodes,
}

impl TwoElement {
    /// Checks and prepares a room.
    ///
    /// # Errors
    /// Returns [`RoomError::Parameter`] if a value is outside the range that its field states.
    pub fn new(room: Room) -> Result<Self, RoomError> {
        let above_zero = [
            ("outer_r1_k_w", room.outer_r1_k_w),
            ("outer_c1_j_k", room.outer_c1_j_k),
            ("outer_rest_k_w", room.outer_rest_k_w),
            ("inner_m2", room.inner_m2),
            ("inner_r1_k_w", room.inner_r1_k_w),
            ("inner_c1_j_k", room.inner_c1_j_k),
            ("window_r_k_w", room.window_r_k_w),
            ("outer_convection_w_m2k", room.outer_convection_w_m2k),
            ("inner_convection_w_m2k", room.inner_convection_w_m2k),
            ("window_convection_w_m2k", room.window_convection_w_m2k),
        ];
        if let Some((name, _)) = above_zero.iter().find(|(_, value)| !(1e-12..1e15).contains(value)) {
            return Err(RoomError::Parameter(name));
        }
        for (name, value, most) in [
            ("radiation_w_m2k", room.radiation_w_m2k, 1e6),
            ("solar_convective_share", room.solar_convective_share, 1.0),
            ("air_j_k", room.air_j_k, 1e15),
        ] {
            if !(0.0..=most).contains(&value) {
                return Err(RoomError::Parameter(name));
            }
        }
        let in_range = |area: f64| (0.0..1e9).contains(&area);
        if !room.facades.iter().all(|facade| in_range(facade.wall_m2) && in_range(facade.window_m2)) {
            return Err(RoomError::Parameter("facades"));
        }
        let wall: f64 = room.facades.iter().map(|facade| facade.wall_m2).sum();
        let window: f64 = room.facades.iter().map(|facade| facade.window_m2).sum();
        if wall <= 0.0 {
            return Err(RoomError::Parameter("facades"));
        }
        let areas = [0.0, wall, room.inner_m2, window];
        let convection = [0.0, room.outer_convection_w_m2k, room.inner_convection_w_m2k, room.window_convection_w_m2k];
        let mut between = [[0.0; NODES]; NODES];
        for first in OUTER..NODES {
            let to_air = areas[first] * convection[first];
            between[AIR][first] = to_air;
            between[first][AIR] = to_air;
            for second in first + 1..NODES {
                let radiation = areas[first].min(areas[second]) * room.radiation_w_m2k;
                between[first][second] = radiation;
                between[second][first] = radiation;
            }
        }
        Ok(Self { room, between, areas })
    }

    /// Returns the room.
    pub fn room(&self) -> &Room {
        &self.room
    }

    /// Advances by `step_s` seconds (1 to 86 400), in equal internal steps of at most
    /// [`MAX_INNER_STEP_S`].
    ///
    /// # Errors
    /// Returns [`RoomError::Input`] if an input is out of range. The state is then unchanged.
    pub fn step(&self, state: &mut State, input: &Input, step_s: f64) -> Result<Output, RoomError> {
        self.step_with(state, input, step_s, MAX_INNER_STEP_S)
    }

    /// Advances like [`TwoElement::step`], with another maximum length of the internal step, in s (0.1 to 86
    /// 400).
    ///
    /// # Errors
    /// Returns [`RoomError::Input`] if an input or a step length is out of range. The state is then
    /// unchanged.
    pub fn step_with(
        &self,
        state: &mut State,
        input: &Input,
        step_s: f64,
        longest_s: f64,
    ) -> Result<Output, RoomError> {
        input.check(state)?;
        if !(1.0..=86_400.0).contains(&step_s) || !(0.1..=86_400.0).contains(&longest_s) {
            return Err(RoomError::Input("step_s"));
        }
        let count = (step_s / longest_s).ceil().max(1.0);
        let inner_s = step_s / count;
        let matrix = self.matrix(input, inner_s);
        let factors = factorise(matrix);
        let heater = input.heating.map(|set| (set, solve(&factors, self.emission(&set.emitter))));
        let cooler = input.cooling.map(|set| (set, solve(&factors, self.emission(&set.emitter))));
        let gains = self.gains(input);
        let mut sum = Output::default();
        for _ in 0..count as u32 {
            let one = self.inner_step(state, input, inner_s, &factors, &gains, heater, cooler);
            sum.air_c += one.air_c / count;
            sum.radiant_c += one.radiant_c / count;
            sum.heating_w += one.heating_w / count;
            sum.cooling_w += one.cooling_w / count;
        }
        Ok(sum)
    }

    fn inner_step(
        &self,
        state: &mut State,
        input: &Input,
        inner_s: f64,
        factors: &[Nodes; NODES],
        gains: &Nodes,
        heater: Option<(SetPoint, Nodes)>,
        cooler: Option<(SetPoint, Nodes)>,
    ) -> Output {
        let room = &self.room;
        let (outer_sum, inner_sum) = self.capacity_sums(inner_s);
        // Temperature of each capacity with its surface at 0 °C.
        let outer_known =
            (room.outer_c1_j_k / inner_s * state.outer_c + input.outer_c / room.outer_rest_k_w) / outer_sum;
        let inner_known = room.inner_c1_j_k / inner_s * state.inner_c / inner_sum;
        let mut right = *gains;
        right[AIR] += room.air_j_k / inner_s * state.air_c + input.ventilation_w_k * input.ventilation_c;
        right[OUTER] += outer_known / room.outer_r1_k_w;
        right[INNER] += inner_known / room.inner_r1_k_w;
        right[WINDOW] += if self.areas[WINDOW] > 0.0 { input.window_c / room.window_r_k_w } else { 0.0 };
        let mut nodes = solve(factors, right);
        let mut output = Output::default();
        if let Some((set, rise)) = heater.filter(|(set, _)| nodes[AIR] < set.temperature_c) {
            output.heating_w = ((set.temperature_c - nodes[AIR]) / rise[AIR]).clamp(0.0, set.emitter.limit_w);
            add(&mut nodes, &rise, output.heating_w);
        } else if let Some((set, rise)) = cooler.filter(|(set, _)| nodes[AIR] > set.temperature_c) {
            output.cooling_w = ((nodes[AIR] - set.temperature_c) / rise[AIR]).clamp(0.0, set.emitter.limit_w);
            add(&mut nodes, &rise, -output.cooling_w);
        }
        state.air_c = nodes[AIR];
        state.outer_c = outer_known + nodes[OUTER] / room.outer_r1_k_w / outer_sum;
        state.inner_c = inner_known + nodes[INNER] / room.inner_r1_k_w / inner_sum;
        output.air_c = nodes[AIR];
        output.radiant_c = dot(&nodes, &self.area_shares());
        output
    }

    /// Returns the sums of the conductances at the two capacities, including their storage terms, in W/K.
    fn capacity_sums(&self, inner_s: f64) -> (f64, f64) {
        let room = &self.room;
        (
            room.outer_c1_j_k / inner_s + 1.0 / room.outer_r1_k_w + 1.0 / room.outer_rest_k_w,
            room.inner_c1_j_k / inner_s + 1.0 / room.inner_r1_k_w,
        )
    }

    /// Returns the matrix of the heat balances of air and surfaces, with the capacities eliminated.
    fn matrix(&self, input: &Input, inner_s: f64) -> [Nodes; NODES] {
        let room = &self.room;
        let (outer_sum, inner_sum) = self.capacity_sums(inner_s);
        let (outer_g, inner_g) = (1.0 / room.outer_r1_k_w, 1.0 / room.inner_r1_k_w);
        let mut matrix = self.between.map(|row| row.map(|conductance| -conductance));
        for (node, row) in matrix.iter_mut().enumerate() {
            row[node] = self.between[node].iter().sum();
        }
        matrix[AIR][AIR] += room.air_j_k / inner_s + input.ventilation_w_k;
        // This form of g − g²/s avoids cancellation.
        matrix[OUTER][OUTER] += outer_g * ((outer_sum - outer_g) / outer_sum);
        matrix[INNER][INNER] += inner_g * ((inner_sum - inner_g) / inner_sum);
        matrix[WINDOW][WINDOW] += if self.areas[WINDOW] > 0.0 { 1.0 / room.window_r_k_w } else { 1.0 };
        matrix
    }

    fn area_shares(&self) -> Nodes {
        let total: f64 = self.areas.iter().sum();
        self.areas.map(|area| area / total)
    }

    fn emission(&self, emitter: &Emitter) -> Nodes {
        let mut heat = self.area_shares().map(|share| share * emitter.radiant);
        heat[AIR] += emitter.convective;
        heat[OUTER] += emitter.outer_panel;
        heat[INNER] += emitter.inner_panel;
        heat
    }

    /// Returns the heat gains at each node, in W.
    fn gains(&self, input: &Input) -> Nodes {
        let mut heat = self.area_shares().map(|share| share * input.radiant_w);
        heat[AIR] += input.convective_w;
        for (facade, solar_w) in self.room.facades.iter().zip(input.solar_w) {
            heat[AIR] += self.room.solar_convective_share * solar_w;
            let radiant = (1.0 - self.room.solar_convective_share) * solar_w;
            // Solar radiation through a window does not reach the wall of the same façade (VDI 6007-1).
            let lit =
                [0.0, self.areas[OUTER] - facade.wall_m2, self.areas[INNER], self.areas[WINDOW] - facade.window_m2];
            let lit_total: f64 = lit.iter().sum();
            for (node, area) in lit.iter().enumerate() {
                heat[node] += radiant * area / lit_total;
            }
        }
        heat
    }
}

/// Returns the equivalent outdoor temperature of a surface, in °C (VDI 6007-1): the air temperature, changed
/// by absorbed solar radiation and by long-wave exchange with the sky, both over the outside coefficients
/// [`OUTDOOR_CONVECTION_W_M2K`] and [`OUTDOOR_RADIATION_W_M2K`].
///
/// `absorptance` is 0 to 1. `solar_w_m2` is the irradiance of the surface. `sky_c` is the radiant temperature
/// of the surroundings; the air temperature leaves long-wave exchange out. `long_wave_share` is the fraction
/// of the exchange that acts, 0 to 1 (for a window behind a blind: its opening).
pub fn equivalent_outdoor_c(air_c: f64, absorptance: f64, solar_w_m2: f64, sky_c: f64, long_wave_share: f64) -> f64 {
    let film = OUTDOOR_CONVECTION_W_M2K + OUTDOOR_RADIATION_W_M2K;
    air_c + (absorptance * solar_w_m2 + long_wave_share * OUTDOOR_RADIATION_W_M2K * (sky_c - air_c)) / film
}

/// Returns the mean of temperatures, in °C, weighted by conductance (VDI 6007-1: walls, windows and ground of
/// one outer element). The result is 0 if the sum of the weights is 0.
pub fn weighted_c(parts: &[(f64, f64)]) -> f64 {
    let total: f64 = parts.iter().map(|(weight, _)| weight).sum();
    if total > 0.0 { parts.iter().map(|(weight, part_c)| weight * part_c).sum::<f64>() / total } else { 0.0 }
}

/// Returns the Cholesky factor of a symmetric positive definite matrix. Heat balance matrices have this
/// property, because every node is connected.
fn factorise(mut matrix: [Nodes; NODES]) -> [Nodes; NODES] {
    for column in 0..NODES {
        for row in column..NODES {
            let done: f64 = (0..column).map(|left| matrix[row][left] * matrix[column][left]).sum();
            let rest = matrix[row][column] - done;
            matrix[row][column] =
                if row == column { rest.max(f64::MIN_POSITIVE).sqrt() } else { rest / matrix[column][column] };
        }
    }
    matrix
}

fn solve(factors: &[Nodes; NODES], mut right: Nodes) -> Nodes {
    for row in 0..NODES {
        let done: f64 = (0..row).map(|column| factors[row][column] * right[column]).sum();
        right[row] = (right[row] - done) / factors[row][row];
    }
    for row in (0..NODES).rev() {
        let done: f64 = (row + 1..NODES).map(|column| factors[column][row] * right[column]).sum();
        right[row] = (right[row] - done) / factors[row][row];
    }
    right
}

fn add(nodes: &mut Nodes, rise: &Nodes, power_w: f64) {
    for (node, rise) in nodes.iter_mut().zip(rise) {
        *node += rise * power_w;
    }
}

fn dot(first: &Nodes, second: &Nodes) -> f64 {
    first.iter().zip(second).map(|(first, second)| first * second).sum()
}

#[cfg(test)]
#[path = "two_element_tests.rs"]
mod tests;
