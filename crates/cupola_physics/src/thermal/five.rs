//! 5R1C model: five resistances and one capacity for each zone (ISO 13790:2008, annex C), with any step
//! length.
//!
//! Solar radiation on opaque faces and radiation to the sky are added to the solar gains (11.3.2), as in the
//! standard. Other zones act with their temperature of the previous step.

use super::Ambient;
use super::fabric::{Exposure, Fabric, Side, WallBoundary, WallRow};
use super::receiver::FaceIrradiance;
use super::wall::Slab;
use super::zone::{Load, Mode, StepInputs, ZoneInput};
use crate::study::{InsideConvection, OutsideConvection, Program, Study};

/// Ratio of the area of all faces in a zone to the floor area (ISO 13790:2008, 7.2.2.2).
const FACES_PER_FLOOR: f64 = 4.5;
/// Convection coefficient at inside faces for temperature-dependent models: a wall with 2 K difference to the
/// air, in W/(m² K).
const NATURAL_W_M2K: f64 = 1.65;
/// Coefficient between faces and mass, in W/(m² K) (ISO 13790:2008, 12.2.2).
const FACES_TO_MASS_W_M2K: f64 = 9.1;
/// Heat capacity, in J/(m² K), and mass area, both per floor area, of a zone whose layers have no capacity:
/// the lightest class "very light" (ISO 13790:2008, table 12).
const VERY_LIGHT: (f64, f64) = (80_000.0, 2.5);
/// Maximum depth of the mass that takes part in the daily swing, in m (ISO 13790:2008, 12.3.1.1; ISO
/// 13786:2017, annex C).
const DEEPEST_M: f64 = 0.1;
/// Conductivity below which a layer is insulation and hides the layers behind it, in W/(m K) (an assumption;
/// the standard gives no value).
const INSULATION_W_MK: f64 = 0.08;
/// Surface resistance at inside faces for horizontal, upward and downward heat flow, and at outside faces, in
/// m² K/W (ISO 6946:2017, table 7).
const INSIDE: (f64, f64, f64) = (0.13, 0.10, 0.17);
const OUTSIDE: f64 = 0.04;
/// Weight of the mean surface temperature in the operative temperature (ISO 13790:2008, C.3).
pub(crate) const OPERATIVE: f64 = 0.7;

/// Convergence tolerance of the iteration over zones, in K, and maximum number of iterations.
const STILL_K: f64 = 1e-9;
const MAX_SWEEPS: usize = 2_000;

/// Step length from which the heat capacity of the air is neglected, in s. The standard neglects it, and its
/// effect over an hour is small.
const WITHOUT_AIR_S: f64 = 3_600.0;

/// Conductances, in W/K, and other parameters of a zone.
#[derive(Clone, Debug, PartialEq)]
struct ZoneConstants {
    air_to_faces: f64,
    faces_to_mass: f64,
    windows: f64,
    /// Heat capacity of the mass, in J/K.
    mass_j_k: f64,
    /// Conductance between the mass and the other side of the walls.
    behind: f64,
    /// Fractions of the radiant gains to the mass and to the faces.
    to_mass: f64,
    to_faces: f64,
}

/// Wall in the 5R1C model.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Path {
    /// Conductance between the zone's mass and the other side, in W/K.
    conductance: f64,
    /// U-value times outside resistance: fraction of absorbed solar radiation that flows inwards.
    inward: f64,
}

/// Zones in the 5R1C model.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Five {
    rows: Vec<ZoneConstants>,
    paths: Vec<Path>,
    windows_u: Vec<f64>,
}

/// Working memory and results of a step.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct FiveWork {
    pub transmitted_w: Vec<f64>,
    gains_w: Vec<f64>,
    behind_source: Vec<f64>,
    pub loads: Vec<Load>,
    pub residual_w: Vec<f64>,
    pub throughput_w: Vec<f64>,
}

/// State of the model, in °C.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct FiveState {
    pub mass_c: Vec<f64>,
    pub air_c: Vec<f64>,
}

impl FiveState {
    pub fn new(zones: usize, temperature_c: f64) -> Self {
        Self { mass_c: vec![temperature_c; zones], air_c: vec![temperature_c; zones] }
    }
}

impl Five {
    pub fn new(study: &Study, fabric: &Fabric) -> Self {
        let zones = study.zones.len();
        let paths: Vec<Path> = fabric.walls.iter().map(|wall| path(fabric, wall)).collect();
        let windows_u: Vec<f64> = fabric
            .windows
            .iter()
            .map(|window| fabric.glazings[window.glazing].u_value_w_m2k(INSIDE.0, OUTSIDE))
            .collect();
        let convection = match study.convection.inside {
            InsideConvection::Tarp => NATURAL_W_M2K,
            InsideConvection::Iso52016 => 2.5,
            InsideConvection::Fixed(coefficient) => coefficient,
        };
        // This gives the standard's 3.45 W/(m² K) for its coefficient of 2.5 (ISO 13790:2008, 7.2.2.2 and
        // 12.2.2).
        let air_to_faces = 1.0 / (1.0 / convection - 1.0 / FACES_TO_MASS_W_M2K).max(1e-3);
        let rows = (0..zones)
            .map(|zone| {
                let (mut capacity, mut squares, mut opaque) = (0.0, 0.0, 0.0);
                for face in &fabric.faces[fabric.faces_of_zone[zone].clone()] {
                    let (wall, is_outer) = match face.side {
                        Side::Inner(wall) => (wall, false),
                        Side::Outer(wall) => (wall, true),
                        Side::Window(_) => continue,
                    };
                    let slabs = fabric.kinds[fabric.walls[wall].kind].slabs.iter();
                    let per_area = if is_outer { effective_capacity(slabs) } else { effective_capacity(slabs.rev()) };
                    capacity += face.area_m2 * per_area;
                    squares += face.area_m2 * per_area * per_area;
                    opaque += paths[wall].conductance;
                }
                let floor = study.zones[zone].floor_area_m2;
                let faces = FACES_PER_FLOOR * floor;
                // Layers without capacity still conduct heat, and in this model all of it flows through the
                // mass.
                let (capacity, mass_area) = match squares > 0.0 {
                    true => (capacity, (capacity * capacity / squares).min(faces)),
                    false => (VERY_LIGHT.0 * floor, VERY_LIGHT.1 * floor),
                };
                let windows = fabric.windows.iter().zip(&windows_u);
                let windows = windows.filter(|(row, _)| row.zone == zone).map(|(row, u)| u * row.area_m2).sum::<f64>();
                let faces_to_mass = FACES_TO_MASS_W_M2K * mass_area.max(1e-3);
                // The resistance of the wall is in series with the resistance between faces and mass (ISO
                // 13790:2008, 12.2.2).
                let behind = if opaque > 0.0 { 1.0 / (1.0 / opaque - 1.0 / faces_to_mass).max(1e-9) } else { 0.0 };
                let to_mass = mass_area / faces;
                let to_faces = (1.0 - to_mass - windows / (FACES_TO_MASS_W_M2K * faces)).max(0.0);
                ZoneConstants {
                    air_to_faces: air_to_faces * faces,
                    faces_to_mass,
                    windows,
                    mass_j_k: capacity.max(1_000.0),
                    behind,
                    to_mass,
                    to_faces,
                }
            })
            .collect();
        Self { rows, paths, windows_u }
    }

    /// Advances the state by a step.
    pub fn step(
        &self,
        work: &mut FiveWork,
        fabric: &Fabric,
        program: &Program,
        ambient: &Ambient,
        light: &[FaceIrradiance],
        acting: StepInputs<'_>,
        dt_s: f64,
        state: &mut FiveState,
    ) {
        work.resize(acting.zones.len(), fabric.windows.len());
        self.solar_gains(work, fabric, program, light);
        self.behind(work, fabric, program, ambient, state);
        if acting.draughts.is_empty() {
            for (zone, input) in acting.zones.iter().enumerate() {
                self.zone(work, zone, input, ambient, dt_s, state);
            }
            return;
        }
        // Zones with air flow between them are strongly coupled, so they are iterated zone by zone until the
        // temperatures converge.
        let before = state.clone();
        for _ in 0..MAX_SWEEPS {
            let mut moved = 0.0_f64;
            for (zone, input) in acting.zones.iter().enumerate() {
                let mut input = *input;
                for draught in acting.draughts.iter().filter(|draught| draught.to == zone) {
                    input.exchange_w_k += draught.w_k;
                    input.exchange_source_w += draught.w_k * state.air_c[draught.from];
                }
                let was_c = state.air_c[zone];
                (state.mass_c[zone], state.air_c[zone]) = (before.mass_c[zone], before.air_c[zone]);
                self.zone(work, zone, &input, ambient, dt_s, state);
                moved = moved.max((state.air_c[zone] - was_c).abs());
            }
            if moved < STILL_K {
                break;
            }
        }
    }

    fn solar_gains(&self, work: &mut FiveWork, fabric: &Fabric, program: &Program, light: &[FaceIrradiance]) {
        work.gains_w.fill(0.0);
        for (at, window) in fabric.windows.iter().enumerate() {
            let light = &light[window.exposure.receiver];
            let optics = &fabric.glazings[window.glazing];
            let blind = window.blind.map_or(1.0, |blind| program.at(blind));
            let mut gain = 0.0;
            if light.total() > 0.0 {
                let cosine = light.cos_incidence;
                let direct = optics.solar_heat_gain(cosine);
                // The standard has one g-value. Only the direct radiation has a known angle.
                let diffuse = optics.solar_heat_gain(1.0);
                gain = blind * (light.direct * direct + light.diffuse * diffuse);
                let through =
                    light.direct * optics.transmittance(cosine) + light.diffuse * optics.diffuse_transmittance();
                work.transmitted_w[at] = blind * window.area_m2 * through;
            } else {
                work.transmitted_w[at] = 0.0;
            }
            let lost = self.windows_u[at] * OUTSIDE * to_sky(&window.exposure);
            work.gains_w[window.zone] += window.area_m2 * (gain - lost);
        }
        for (wall, path) in fabric.walls.iter().zip(&self.paths) {
            if let WallBoundary::Outdoors(exposure) = &wall.behind {
                let sun = exposure.absorptance * light[exposure.receiver].total();
                work.gains_w[wall.zone] += wall.area_m2 * path.inward * (sun - to_sky(exposure));
            }
        }
    }

    /// Computes the heat flow to the zones' mass from the other side of the walls, with the zones at 0 °C.
    fn behind(&self, work: &mut FiveWork, fabric: &Fabric, program: &Program, ambient: &Ambient, state: &FiveState) {
        work.behind_source.fill(0.0);
        for (wall, path) in fabric.walls.iter().zip(&self.paths) {
            let behind_c = match &wall.behind {
                WallBoundary::Outdoors(_) | WallBoundary::Shelter(_) => ambient.dry_bulb_c,
                WallBoundary::Ground(temperature) | WallBoundary::Air(temperature, _) => program.at(*temperature),
                WallBoundary::Zone(face) => {
                    let other = fabric.faces[*face].zone;
                    work.behind_source[other] += path.conductance * state.air_c[wall.zone];
                    state.air_c[other]
                }
                WallBoundary::Adiabatic => continue,
            };
            work.behind_source[wall.zone] += path.conductance * behind_c;
        }
    }

    fn zone(
        &self,
        work: &mut FiveWork,
        zone: usize,
        input: &ZoneInput,
        ambient: &Ambient,
        dt_s: f64,
        state: &mut FiveState,
    ) {
        let capacity_w_k = if dt_s < WITHOUT_AIR_S { input.capacity_w_k } else { 0.0 };
        let input = &ZoneInput { capacity_w_k, ..*input };
        let row = &self.rows[zone];
        // Mean temperature on the other side of the walls, weighted by conductance.
        let total: f64 = if row.behind > 0.0 { 1.0 / (1.0 / row.behind + 1.0 / row.faces_to_mass) } else { 1.0 };
        let behind_c = work.behind_source[zone] / total;
        let solve = |power: f64, radiant_fraction: f64| {
            let radiant = input.radiant_w + work.gains_w[zone] + power * radiant_fraction;
            let air = input.convective_w + power * (1.0 - radiant_fraction);
            row.solve(
                input,
                ambient.dry_bulb_c,
                behind_c,
                (state.mass_c[zone], state.air_c[zone]),
                (air, radiant),
                dt_s,
            )
        };
        let mut mode = Mode::Free;
        let free = solve(0.0, 0.0);
        let (mut solved, mut power) = (free, 0.0);
        for _ in 0..4 {
            let next = input.next_mode(mode, solved.air_c, solved.faces_c, power);
            if next == mode {
                break;
            }
            mode = next;
            let Some(control) = input.control(mode) else {
                (solved, power) = (free, 0.0);
                continue;
            };
            // The temperatures are linear in the power.
            let with = solve(TRIAL_W, control.radiant_fraction);
            let weight = control.radiant_weight;
            let felt = |solved: &Solved| solved.air_c + weight * (solved.faces_c - solved.air_c);
            let share = match mode {
                Mode::HeatedFully | Mode::CooledFully => control.power_w / TRIAL_W,
                _ => (control.setpoint_c - felt(&free)) / (felt(&with) - felt(&free)).max(1e-12),
            };
            (solved, power) = (free.towards(&with, share), share * TRIAL_W);
        }
        let stored = row.mass_j_k / dt_s * (solved.mass_c - state.mass_c[zone])
            + input.capacity_w_k * (solved.air_c - state.air_c[zone]);
        let exchanged = input.exchange_source_w - input.exchange_w_k * solved.air_c;
        let windows = row.windows * (ambient.dry_bulb_c - solved.faces_c);
        let walls = row.behind * (behind_c - solved.mean_mass_c);
        let gains = input.convective_w + input.radiant_w + work.gains_w[zone];
        // The fraction of radiant gains on windows is lost to outdoors.
        let lost = (input.radiant_w
            + work.gains_w[zone]
            + power * input.control(mode).map_or(0.0, |control| control.radiant_fraction))
            * (1.0 - row.to_mass - row.to_faces);
        work.residual_w[zone] = power + gains - lost + exchanged + windows + walls - stored;
        work.throughput_w[zone] =
            power.abs() + gains.abs() + exchanged.abs() + windows.abs() + walls.abs() + stored.abs();
        let operative_c = solved.air_c + OPERATIVE * (solved.faces_c - solved.air_c);
        work.loads[zone] = Load { air_c: solved.air_c, radiant_c: solved.faces_c, operative_c, power_w: power };
        state.mass_c[zone] = solved.mass_c;
        state.air_c[zone] = solved.air_c;
    }
}

impl FiveWork {
    fn resize(&mut self, zones: usize, windows: usize) {
        self.transmitted_w.resize(windows, 0.0);
        for column in [&mut self.gains_w, &mut self.behind_source, &mut self.residual_w, &mut self.throughput_w] {
            column.resize(zones, 0.0);
        }
        self.loads.resize(zones, Load::default());
    }
}

/// Trial power to find the effect of a power on the temperatures, in W.
const TRIAL_W: f64 = 1_000.0;

#[derive(Clone, Copy)]
struct Solved {
    mass_c: f64,
    mean_mass_c: f64,
    faces_c: f64,
    air_c: f64,
}

impl Solved {
    /// Returns the linear interpolation towards another solution.
    fn towards(&self, other: &Self, share: f64) -> Self {
        let between = |from: f64, to: f64| from + share * (to - from);
        Self {
            mass_c: between(self.mass_c, other.mass_c),
            mean_mass_c: between(self.mean_mass_c, other.mean_mass_c),
            faces_c: between(self.faces_c, other.faces_c),
            air_c: between(self.air_c, other.air_c),
        }
    }
}

impl ZoneConstants {
    /// Solves the temperatures after a step: the mass by the Crank–Nicolson scheme (ISO 13790:2008, C.3), air
    /// and faces in balance with it.
    fn solve(
        &self,
        input: &ZoneInput,
        outdoor_c: f64,
        behind_c: f64,
        (mass_before_c, air_before_c): (f64, f64),
        (air_w, radiant_w): (f64, f64),
        dt_s: f64,
    ) -> Solved {
        let air_sum = self.air_to_faces + input.exchange_w_k + input.capacity_w_k;
        let air_own = input.exchange_source_w + input.capacity_w_k * air_before_c + air_w;
        // Face balance: (windows + air + mass) faces = windows outdoor + air_to_faces air + faces_to_mass
        // mass + gains.
        let through_air = self.air_to_faces / air_sum;
        let faces_sum = self.windows + self.faces_to_mass + self.air_to_faces * (1.0 - through_air);
        let faces_own = self.windows * outdoor_c + through_air * air_own + self.to_faces * radiant_w;
        // Mass balance with the mean of the temperatures before and after.
        let through_faces = self.faces_to_mass / faces_sum;
        let loss = self.behind + self.faces_to_mass * (1.0 - through_faces);
        let own = self.behind * behind_c + through_faces * faces_own + self.to_mass * radiant_w;
        let mass = self.mass_j_k / dt_s;
        let mass_c = (mass_before_c * (mass - 0.5 * loss) + own) / (mass + 0.5 * loss);
        let mean_mass_c = 0.5 * (mass_before_c + mass_c);
        let faces_c = (faces_own + self.faces_to_mass * mean_mass_c) / faces_sum;
        let air_c = (air_own + self.air_to_faces * faces_c) / air_sum;
        Solved { mass_c, mean_mass_c, faces_c, air_c }
    }
}

/// Returns the radiation from an outside face to the sky, in W/m², with a coefficient of `5 e` W/(m² K) and
/// 11 K between air and sky (ISO 13790:2008, 11.3.5, 11.4.6 and 11.4.4, intermediate climates).
fn to_sky(exposure: &Exposure) -> f64 {
    5.0 * exposure.emittance * 11.0 * 0.5 * (1.0 + exposure.cos_tilt)
}

fn path(fabric: &Fabric, wall: &WallRow) -> Path {
    let core = fabric.kinds[wall.kind].resistance();
    let face = &fabric.faces[wall.inner];
    let (sideways, up, down) = INSIDE;
    let inside = match face.cos_tilt {
        cosine if cosine > 0.5 => down,
        cosine if cosine < -0.5 => up,
        _ => sideways,
    };
    let outside = match &wall.behind {
        WallBoundary::Outdoors(exposure) => match exposure.convection {
            // A radiation coefficient is added to a prescribed convection coefficient: that of a black body, 4.6
            // W/(m² K) (ISO 6946:2017, table C.1, 0 °C), times the emittance.
            OutsideConvection::Fixed(film) => 1.0 / (film + 4.6 * exposure.emittance),
            _ => OUTSIDE,
        },
        WallBoundary::Ground(_) => 0.0,
        WallBoundary::Air(_, film) | WallBoundary::Shelter(film) => 1.0 / film,
        WallBoundary::Zone(_) => inside,
        WallBoundary::Adiabatic => return Path { conductance: 0.0, inward: 0.0 },
    };
    let u = 1.0 / (inside + core + outside);
    Path { conductance: u * wall.area_m2, inward: u * outside }
}

/// Returns the heat capacity that takes part in the daily swing, in J/(m² K), of layers from the room
/// outwards: up to the middle of the construction, 10 cm, or the first insulation, whichever is nearest (ISO
/// 13786:2017, annex C).
fn effective_capacity<'a>(from_room: impl Iterator<Item = &'a Slab> + Clone) -> f64 {
    let whole: f64 = from_room.clone().map(|slab| slab.thickness_m).sum();
    let mut left = DEEPEST_M.min(0.5 * whole);
    let mut capacity = 0.0;
    for &Slab { thickness_m, resistance, capacity: of_slab } in from_room {
        let insulates = thickness_m == 0.0 || thickness_m / resistance.max(1e-9) < INSULATION_W_MK;
        if insulates || left <= 0.0 {
            break;
        }
        let part = left.min(thickness_m);
        capacity += of_slab * part / thickness_m;
        left -= part;
    }
    capacity
}
