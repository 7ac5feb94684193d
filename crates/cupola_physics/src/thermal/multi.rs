//! Multi-node model: conduction through layers, a heat balance at every face, and a common solution of the
//! air and radiant temperatures of all zones (in the manner of ISO 52016-1:2017, 6.5, with coefficients from
//! the start of the step).
//!
//! Each wall and window is first reduced to the response of its inside face to the zone, so that two unknowns
//! for each zone remain. Faces are computed in lanes ([`super::rows`]). Couplings between two rows or zones
//! are computed individually.

use super::Ambient;
use super::chain::Chain;
use super::fabric::Fabric;
use super::film::radiative;
use super::hubs::{Hubs, Pair};
use super::outdoors::Outdoors;
use super::partition::Partition;
use super::receiver::FaceIrradiance;
use super::rows::{FaceRow, Place, Rows};
use super::wall::{advance, relax, stored};
use super::zone::{Draught, Load, Mode, StepInputs, ZoneInput, constrain, given};
use crate::lanes::{Lanes, Number, put};
use crate::study::Program;

/// Maximum number of iterations over the heating and cooling modes of the zones.
const MAX_ROUNDS: usize = 24;

/// State of the multi-node model, in °C. Walls and faces are arranged as in [`Rows`].
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct NodeState {
    /// Temperatures of the walls' control volumes.
    cells: Vec<Lanes>,
    /// Heat stored in each wall, as in [`stored`].
    stored: Vec<Lanes>,
    /// Temperatures of the walls' outside faces.
    pub outer_c: Vec<Lanes>,
    faces_c: Vec<Lanes>,
    /// Temperatures of both faces of each pane.
    pub panes_c: Vec<f64>,
    /// Air temperature, and radiant temperature, of each zone.
    pub air_c: Vec<f64>,
    pub radiant_c: Vec<f64>,
}

/// Linear response of the faces of a row: the temperature is `base + to_air * air + to_radiant * radiant`,
/// plus the contribution of the zone behind.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Answer {
    /// Coefficient and source at the walls' outside faces.
    pub film: Lanes,
    pub source: Lanes,
    /// Conductance behind the windows' inside faces, and the heat flow out of it.
    pane_film: Lanes,
    pane_source: Lanes,
    /// Heat transfer coefficients, in W/(m² K).
    pub convection: Lanes,
    pub radiation: Lanes,
    /// Absorbed solar radiation, in W/m².
    pub sun: Lanes,
    /// Heat flow out of the walls at their faces with all face temperatures at 0.
    pub outer_flow: Lanes,
    pub inner_flow: Lanes,
    /// Inverse of the sum of conductances at the walls' outside faces.
    outer_inverse: Lanes,
    pub base: Lanes,
    pub to_air: Lanes,
    pub to_radiant: Lanes,
    /// Contribution of the zone behind.
    pub behind_c: Lanes,
    /// Temperature of a partition's outside face, and the heat flow into it.
    pub partition_c: Lanes,
    pub partition_w_m2: Lanes,
}

impl Answer {
    /// Returns the temperature of one face.
    pub fn face_c(&self, lane: usize, air_c: f64, radiant_c: f64) -> f64 {
        self.base.0[lane] + self.to_air.0[lane] * air_c + self.to_radiant.0[lane] * radiant_c + self.behind_c.0[lane]
    }
}

/// Faces of all zones, with the working memory of a step.
#[derive(Clone, Debug)]
pub(crate) struct Nodes {
    rows: Rows,
    answers: Vec<Answer>,
    outdoors: Outdoors,
    partitions: Vec<Partition>,
    /// Places of the windows' inside faces.
    window_places: Vec<Place>,
    chains: Vec<Chain>,
    hubs: Hubs,
    solved: Hubs,
    /// Air and radiant temperature of each zone, now and in the previous step.
    solution: Vec<Pair>,
    earlier: Vec<Pair>,
    /// Direct and diffuse solar radiation through the windows into each zone, in W.
    direct_w: Vec<f64>,
    diffuse_w: Vec<f64>,
    pub transmitted_w: Vec<f64>,
    modes: Vec<Mode>,
    pub loads: Vec<Load>,
    /// Residual of the heat balance and heat throughput of each zone, in W.
    pub residual_w: Vec<f64>,
    pub throughput_w: Vec<f64>,
}

/// One step, compiled for each kind of processor and dispatched at run time. A struct takes the place of a
/// closure, because a closure would be compiled without vector instructions.
struct Step<'s> {
    nodes: &'s mut Nodes,
    fabric: &'s Fabric,
    program: &'s Program,
    ambient: &'s Ambient,
    light: &'s [FaceIrradiance],
    acting: StepInputs<'s>,
    state: &'s mut NodeState,
}

impl pulp::NullaryFnOnce for Step<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { nodes, fabric, program, ambient, light, acting, state } = self;
        nodes.enter(fabric, program, light);
        nodes.outdoors.surround(program, ambient, light, state, &mut nodes.answers);
        nodes.reduce_windows(fabric, ambient, state);
        nodes.answer(state);
        nodes.assemble(acting, state);
        nodes.control(acting.zones);
        nodes.finish(fabric, acting, state);
    }
}

impl Nodes {
    pub fn new(fabric: &Fabric) -> Self {
        let zones = fabric.faces_of_zone.len();
        let hubs = Hubs::new(zones, &fabric.neighbours);
        let rows = Rows::new(fabric);
        Self {
            answers: vec![Answer::default(); rows.rows.len()],
            outdoors: Outdoors::new(fabric, &rows),
            partitions: Partition::all(fabric, &rows, &hubs),
            window_places: fabric.windows.iter().map(|window| rows.place(window.face)).collect(),
            rows,
            chains: vec![Chain::default(); fabric.windows.len()],
            solved: hubs.clone(),
            hubs,
            solution: vec![[20.0; 2]; zones],
            earlier: vec![[20.0; 2]; zones],
            direct_w: vec![0.0; zones],
            diffuse_w: vec![0.0; zones],
            transmitted_w: vec![0.0; fabric.windows.len()],
            modes: vec![Mode::Free; zones],
            loads: vec![Load::default(); zones],
            residual_w: vec![0.0; zones],
            throughput_w: vec![0.0; zones],
        }
    }

    /// Returns a state with all temperatures equal.
    pub fn state(&self, fabric: &Fabric, temperature_c: f64) -> NodeState {
        let alike = |count: usize| vec![Lanes::of(temperature_c); count];
        let cells = alike(self.rows.volumes.len());
        let holds = |row: &FaceRow| stored(&self.rows.volumes[row.volumes.clone()], &cells[row.volumes.clone()]);
        NodeState {
            stored: self.rows.rows.iter().map(holds).collect(),
            cells,
            outer_c: alike(self.rows.rows.len()),
            faces_c: alike(self.rows.rows.len()),
            panes_c: vec![temperature_c; fabric.panes],
            air_c: vec![temperature_c; self.loads.len()],
            radiant_c: vec![temperature_c; self.loads.len()],
        }
    }

    /// Advances the state by the step length that the fabric was prepared for.
    pub fn step(
        &mut self,
        fabric: &Fabric,
        program: &Program,
        ambient: &Ambient,
        light: &[FaceIrradiance],
        acting: StepInputs<'_>,
        state: &mut NodeState,
    ) {
        pulp::Arch::new().dispatch(Step { nodes: self, fabric, program, ambient, light, acting, state });
    }

    /// Computes the solar radiation transmitted by the windows and absorbed by their panes.
    #[inline(always)]
    fn enter(&mut self, fabric: &Fabric, program: &Program, light: &[FaceIrradiance]) {
        self.direct_w.fill(0.0);
        self.diffuse_w.fill(0.0);
        for (at, window) in fabric.windows.iter().enumerate() {
            let light = &light[window.exposure.receiver];
            let optics = &fabric.glazings[window.glazing];
            let chain = &mut self.chains[at];
            if light.total() <= 0.0 {
                chain.absorbed.fill(0.0);
                self.transmitted_w[at] = 0.0;
                continue;
            }
            let blind = window.blind.map_or(1.0, |blind| program.at(blind));
            let (direct, diffuse) = (blind * light.direct, blind * light.diffuse);
            let through = window.area_m2 * direct * optics.transmittance(light.cos_incidence);
            let scattered = window.area_m2 * diffuse * optics.diffuse_transmittance();
            for (pane, absorbed) in chain.absorbed.iter_mut().enumerate().take(optics.panes()) {
                *absorbed =
                    direct * optics.absorptance(pane, light.cos_incidence) + diffuse * optics.diffuse_absorptance(pane);
            }
            self.direct_w[window.zone] += through;
            self.diffuse_w[window.zone] += scattered;
            self.transmitted_w[at] = through + scattered;
        }
    }

    /// Computes the response of the innermost panes to the zone.
    #[inline(always)]
    fn reduce_windows(&mut self, fabric: &Fabric, ambient: &Ambient, state: &NodeState) {
        let windows = fabric.windows.iter().zip(&mut self.chains).zip(&self.outdoors.windows);
        for (((window, chain), outer), place) in windows.zip(&self.window_places) {
            let (glass, panes_c) = (&fabric.glazings[window.glazing], &state.panes_c[window.panes.clone()]);
            let (conductance, flow) = chain.reduce(glass, *outer, panes_c, ambient.pressure_pa);
            let answer = &mut self.answers[place.row];
            put(place.lane, [(&mut answer.pane_film, conductance), (&mut answer.pane_source, flow)]);
        }
    }

    /// Computes the response of all faces, with coefficients at the current temperatures.
    #[inline(always)]
    fn answer(&mut self, state: &mut NodeState) {
        let one = Lanes::of(1.0);
        for group in &self.rows.groups {
            let (air_c, radiant_c) = (group.gather(&state.air_c), group.gather(&state.radiant_c));
            let (direct_w, diffuse_w) = (group.gather(&self.direct_w), group.gather(&self.diffuse_w));
            let rows = self.rows.rows[group.rows.clone()].iter().zip(&mut self.answers[group.rows.clone()]);
            for ((row, answer), face_c) in rows.zip(&state.faces_c[group.rows.clone()]) {
                let volumes = &self.rows.volumes[row.volumes.clone()];
                let (outer_flow, inner_flow) = relax(volumes, &row.ends, &mut state.cells[row.volumes.clone()]);
                let convection = row.still.at(*face_c, air_c);
                let radiation = radiative(*face_c, radiant_c, row.mrt);
                let sun = row.of_direct.times(direct_w, row.of_diffuse * diffuse_w);
                let outer_inverse = one / (answer.film + row.ends.outer_self).larger(Lanes::of(1e-12));
                let passes = row.ends.cross * outer_inverse;
                let conductance = row.ends.inner_self - passes * row.ends.cross + answer.pane_film;
                let flow = passes.times(answer.source + outer_flow, inner_flow + answer.pane_source);
                let inverse = one / (conductance + convection + radiation);
                answer.base = (flow + sun) * inverse;
                answer.to_air = convection * inverse;
                answer.to_radiant = radiation * inverse;
                (answer.convection, answer.radiation, answer.sun) = (convection, radiation, sun);
                (answer.outer_flow, answer.inner_flow, answer.outer_inverse) = (outer_flow, inner_flow, outer_inverse);
            }
        }
    }

    #[inline(always)]
    fn assemble(&mut self, acting: StepInputs<'_>, state: &NodeState) {
        self.hubs.clear();
        for partition in &mut self.partitions {
            partition.couple(&mut self.answers, &mut self.hubs);
        }
        let one = Lanes::of(1.0);
        for group in &self.rows.groups {
            // A zone without faces still needs a radiant temperature. The small terms make it equal to the
            // air temperature.
            let (mut air, mut air_radiant) = (Lanes::of(0.0), Lanes::of(0.0));
            let (mut radiant, mut radiant_air) = (Lanes::of(1e-9), Lanes::of(1e-9));
            let (mut air_right, mut radiant_right) = (Lanes::of(0.0), Lanes::of(0.0));
            for (row, answer) in self.rows.rows[group.rows.clone()].iter().zip(&self.answers[group.rows.clone()]) {
                let (convection, radiation) = (row.area_m2 * answer.convection, row.area_m2 * answer.radiation);
                air = convection.times(one - answer.to_air, air);
                air_radiant = convection.times(answer.to_radiant, air_radiant);
                air_right = convection.times(answer.base, air_right);
                radiant = radiation.times(one - answer.to_radiant, radiant);
                radiant_air = radiation.times(answer.to_air, radiant_air);
                radiant_right = radiation.times(answer.base, radiant_right);
            }
            for (zone, lane) in group.zones() {
                let input = &acting.zones[zone];
                let (own, right) = self.hubs.zone(zone);
                let kept = input.capacity_w_k + input.exchange_w_k;
                *own = [air.0[lane] + kept, -air_radiant.0[lane], -radiant_air.0[lane], radiant.0[lane]];
                let stored = input.capacity_w_k * state.air_c[zone];
                let brought = stored + input.exchange_source_w + input.convective_w;
                *right = [air_right.0[lane] + brought, radiant_right.0[lane] + input.radiant_w];
            }
        }
        for draught in acting.draughts {
            self.hubs.zone(draught.to).0[0] += draught.w_k;
            if let Some(place) = self.hubs.place(draught.to, draught.from) {
                self.hubs.block(place)[0] -= draught.w_k;
            }
        }
    }

    /// Finds the mode (heated, cooled or free) and the power of each zone.
    #[inline(always)]
    fn control(&mut self, inputs: &[ZoneInput]) {
        // The iteration starts from linearly extrapolated temperatures.
        for (now, earlier) in self.solution.iter_mut().zip(&mut self.earlier) {
            let was = std::mem::replace(earlier, *now);
            *now = [2.0 * now[0] - was[0], 2.0 * now[1] - was[1]];
        }
        for (mode, input) in self.modes.iter_mut().zip(inputs) {
            *mode = input.first_mode(*mode);
        }
        for _ in 0..MAX_ROUNDS {
            self.solved.copy_from(&self.hubs);
            for (zone, (input, mode)) in inputs.iter().zip(&self.modes).enumerate() {
                constrain(&mut self.solved, zone, input, *mode);
            }
            self.solved.solve(&mut self.solution);
            let mut is_settled = true;
            for (zone, input) in inputs.iter().enumerate() {
                let [air_c, radiant_c] = self.solution[zone];
                let given_w = given(&self.hubs, &self.solution, zone, input, self.modes[zone]);
                let next = input.next_mode(self.modes[zone], air_c, radiant_c, given_w);
                is_settled &= next == self.modes[zone];
                self.modes[zone] = next;
                self.loads[zone] = Load { air_c, radiant_c, operative_c: 0.5 * (air_c + radiant_c), power_w: given_w };
            }
            if is_settled {
                break;
            }
        }
    }

    /// Computes the temperatures of faces, walls and panes from the solution, and checks the heat balance.
    #[inline(always)]
    fn finish(&mut self, fabric: &Fabric, acting: StepInputs<'_>, state: &mut NodeState) {
        for (zone, (input, load)) in acting.zones.iter().zip(&self.loads).enumerate() {
            let stored = input.capacity_w_k * (load.air_c - state.air_c[zone]);
            let exchanged = input.exchange_source_w - input.exchange_w_k * load.air_c;
            let gains = input.convective_w + input.radiant_w;
            self.residual_w[zone] = load.power_w + exchanged + gains - stored;
            self.throughput_w[zone] = load.power_w.abs() + exchanged.abs() + gains.abs() + stored.abs();
            state.air_c[zone] = load.air_c;
            state.radiant_c[zone] = load.radiant_c;
        }
        for Draught { from, to, w_k } in acting.draughts {
            let brought = w_k * (self.loads[*from].air_c - self.loads[*to].air_c);
            self.residual_w[*to] += brought;
            self.throughput_w[*to] += brought.abs();
        }
        for partition in &self.partitions {
            let (zone, flow_w) = partition.meet(&mut self.answers, &self.loads);
            self.residual_w[zone] -= flow_w;
        }
        for group in &self.rows.groups {
            let (air_c, radiant_c) = (group.gather(&state.air_c), group.gather(&state.radiant_c));
            let (mut residual_w, mut throughput_w) = (Lanes::of(0.0), Lanes::of(0.0));
            for at in group.rows.clone() {
                let (row, answer) = (&self.rows.rows[at], &self.answers[at]);
                let inner_c =
                    answer.to_air.times(air_c, answer.to_radiant.times(radiant_c, answer.base + answer.behind_c));
                let reached_c = row.ends.cross.times(inner_c, answer.source + answer.outer_flow) * answer.outer_inverse;
                let outer_c = row.is_partition.above_0(answer.partition_c, reached_c);
                let (volumes, cells) = (&self.rows.volumes[row.volumes.clone()], &mut state.cells[row.volumes.clone()]);
                let holds = advance(volumes, cells, outer_c, inner_c);
                let stored = holds - std::mem::replace(&mut state.stored[at], holds);
                let enters = answer.source - answer.film * outer_c;
                let entering = row.is_partition.above_0(answer.partition_w_m2, enters);
                residual_w = row.area_m2.times(answer.sun + entering - stored, residual_w);
                throughput_w = row.area_m2.times(answer.sun + entering.size() + stored.size(), throughput_w);
                (state.faces_c[at], state.outer_c[at]) = (inner_c, outer_c);
            }
            for (zone, lane) in group.zones() {
                self.residual_w[zone] += residual_w.0[lane];
                self.throughput_w[zone] += throughput_w.0[lane];
            }
        }
        for ((window, chain), place) in fabric.windows.iter().zip(&self.chains).zip(&self.window_places) {
            let inner_c = state.faces_c[place.row].0[place.lane];
            let entering = chain.finish(&mut state.panes_c[window.panes.clone()], inner_c);
            self.residual_w[window.zone] += window.area_m2 * entering;
            self.throughput_w[window.zone] += window.area_m2 * entering.abs();
        }
    }
}
