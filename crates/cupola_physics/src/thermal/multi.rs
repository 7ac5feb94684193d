//! The heat of all zones, one step at a time: conduction through layers, a balance at every face, air and radiant temperature of
//! every zone solved together (in the manner of ISO 52016-1:2017, 6.5, with the coefficients taken at the step's beginning).
//!
//! Every wall and window is first reduced to how its inner face answers to the room, so that what is left are two unknowns a zone.

use super::Ambient;
use super::chain::Chain;
use super::fabric::{Behind, Fabric, WallRow};
use super::film::{self, WindPowers, radiative};
use super::hubs::{Hubs, Pair};
use super::outdoors::{Outer, surroundings};
use super::receiver::Light;
use super::zone::{Acting, Draught, Load, Mode, ZoneInput, constrain, given};
use crate::study::{InsideConvection, Program};

/// More often than this, which zones are heated and cooled isn't tried out.
const MAX_ROUNDS: usize = 24;

/// What the multi-node tier remembers from step to step, °C.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct NodeState {
    /// Volumes in walls.
    pub cells: Vec<f64>,
    /// Heat that each wall's volumes hold, as [`super::wall::Wall::stored`].
    pub stored: Vec<f64>,
    /// Outer faces of walls.
    pub outer_c: Vec<f64>,
    /// Two faces of each pane.
    pub panes_c: Vec<f64>,
    pub faces_c: Vec<f64>,
    pub air_c: Vec<f64>,
    pub radiant_c: Vec<f64>,
}

impl NodeState {
    pub fn new(fabric: &Fabric, temperature_c: f64) -> Self {
        let stored = |row: &WallRow| fabric.kinds[row.kind].stored(&vec![temperature_c; row.cells.len()]);
        Self {
            cells: vec![temperature_c; fabric.cells],
            stored: fabric.walls.iter().map(stored).collect(),
            outer_c: vec![temperature_c; fabric.walls.len()],
            panes_c: vec![temperature_c; fabric.panes],
            faces_c: vec![temperature_c; fabric.faces.len()],
            air_c: vec![temperature_c; fabric.faces_of_zone.len()],
            radiant_c: vec![temperature_c; fabric.faces_of_zone.len()],
        }
    }
}

/// How a face answers: its temperature is `base + to_air * air + to_radiant * radiant`, plus the same of the zone behind it.
#[derive(Clone, Copy, Debug, Default)]
struct Answer {
    base: f64,
    to_air: f64,
    to_radiant: f64,
    behind_air: f64,
    behind_radiant: f64,
    /// W/(m² K).
    convection: f64,
    radiation: f64,
    /// Sun that is absorbed, W/m².
    sun: f64,
}

/// A wall between two zones.
#[derive(Clone, Copy, Debug)]
struct Partition {
    wall: usize,
    /// Its faces, the one with the wall's cells first, and the zones that these are in.
    faces: [usize; 2],
    zones: [usize; 2],
    /// Where the blocks of the first zone by the second and of the second by the first are.
    places: [usize; 2],
}

/// Room for a step's numbers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Nodes {
    wind: WindPowers,
    hubs: Hubs,
    solved: Hubs,
    /// Air and radiant temperature of each zone.
    solution: Vec<Pair>,
    answers: Vec<Answer>,
    partitions: Vec<Partition>,
    outers: Vec<Outer>,
    /// Of each wall, what flows out at its faces without temperature differences.
    relaxed: Vec<(f64, f64)>,
    chains: Vec<Chain>,
    /// Sun through the windows into each zone, W: direct and diffuse.
    entered: Vec<(f64, f64)>,
    pub transmitted_w: Vec<f64>,
    modes: Vec<Mode>,
    pub loads: Vec<Load>,
    /// What doesn't add up in a zone, and what flows there altogether, W.
    pub residual_w: Vec<f64>,
    pub throughput_w: Vec<f64>,
}

impl Nodes {
    pub fn new(fabric: &Fabric) -> Self {
        let zones = fabric.faces_of_zone.len();
        let hubs = Hubs::new(zones, &fabric.neighbours);
        let partition = |(wall, row): (usize, &WallRow)| {
            let Behind::Zone(other) = row.behind else { return None };
            let (one, two) = (row.zone, fabric.faces[other].zone);
            let places = [hubs.place(one, two)?, hubs.place(two, one)?];
            Some(Partition { wall, faces: [row.inner, other], zones: [one, two], places })
        };
        Self {
            partitions: fabric.walls.iter().enumerate().filter_map(partition).collect(),
            wind: WindPowers::default(),
            solved: hubs.clone(),
            solution: vec![[20.0; 2]; zones],
            hubs,
            answers: vec![Answer::default(); fabric.faces.len()],
            outers: vec![Outer::default(); fabric.walls.len()],
            relaxed: vec![(0.0, 0.0); fabric.walls.len()],
            chains: vec![Chain::default(); fabric.windows.len()],
            entered: vec![(0.0, 0.0); zones],
            transmitted_w: vec![0.0; fabric.windows.len()],
            modes: vec![Mode::Free; zones],
            loads: vec![Load::default(); zones],
            residual_w: vec![0.0; zones],
            throughput_w: vec![0.0; zones],
        }
    }

    /// Moves the state on by the step that the fabric was prepared for.
    pub fn step(
        &mut self,
        fabric: &Fabric,
        program: &Program,
        ambient: &Ambient,
        light: &[Light],
        acting: Acting<'_>,
        state: &mut NodeState,
    ) {
        self.wind = WindPowers::new(ambient.wind_m_s);
        self.enter(fabric, program, light);
        self.share_sun(fabric);
        self.films(fabric, state);
        for wall in 0..fabric.walls.len() {
            self.reduce_wall(fabric, program, ambient, light, state, wall);
        }
        for at in 0..self.partitions.len() {
            self.couple(fabric, self.partitions[at]);
        }
        for window in 0..fabric.windows.len() {
            self.reduce_window(fabric, ambient, state, window);
        }
        self.assemble(fabric, acting, state);
        self.control(acting.zones);
        self.finish(fabric, acting, state);
    }

    /// What comes through the windows and what the panes take of it.
    fn enter(&mut self, fabric: &Fabric, program: &Program, light: &[Light]) {
        self.entered.fill((0.0, 0.0));
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
            let entered = &mut self.entered[window.zone];
            entered.0 += through;
            entered.1 += scattered;
            self.transmitted_w[at] = through + scattered;
        }
    }

    /// Direct sun falls where it falls first; what is reflected there and what was diffuse fills the room evenly, until all of it is
    /// absorbed or out of the windows again (a white sphere's distribution; EnergyPlus Engineering Reference, "Shortwave
    /// Radiation Absorbed").
    fn share_sun(&mut self, fabric: &Fabric) {
        for (zone, range) in fabric.faces_of_zone.iter().enumerate() {
            let (direct, diffuse) = self.entered[zone];
            let faces = &fabric.faces[range.clone()];
            let answers = &mut self.answers[range.clone()];
            if direct + diffuse <= 0.0 {
                answers.iter_mut().for_each(|answer| answer.sun = 0.0);
                continue;
            }
            let (mut shares, mut taken, mut takes) = (0.0, 0.0, 0.0);
            for face in faces {
                shares += face.beam_share;
                taken += face.beam_share * face.absorptance;
                takes += face.area_m2 * face.absorptance;
            }
            // Shares that add up to less than one leave the rest to the room; to more, they are scaled.
            let scale = 1.0 / shares.max(1.0);
            let pool = (diffuse + direct * (1.0 - scale * taken)) / takes.max(1e-9);
            for (face, answer) in faces.iter().zip(answers) {
                let first = direct * scale * face.beam_share / face.area_m2;
                answer.sun = face.absorptance * (first + pool);
            }
        }
    }

    /// Coefficients at the inner faces, as the temperatures were.
    fn films(&mut self, fabric: &Fabric, state: &NodeState) {
        for ((face, answer), face_c) in fabric.faces.iter().zip(&mut self.answers).zip(&state.faces_c) {
            let (air_c, radiant_c) = (state.air_c[face.zone], state.radiant_c[face.zone]);
            answer.convection = match face.convection {
                InsideConvection::Tarp => film::tarp(*face_c, air_c, face.cos_tilt),
                InsideConvection::Iso52016 => film::iso_52016(*face_c, air_c, face.cos_tilt),
                InsideConvection::Fixed(coefficient) => coefficient,
            };
            answer.radiation = radiative(*face_c, radiant_c, face.mrt);
        }
    }

    fn reduce_wall(
        &mut self,
        fabric: &Fabric,
        program: &Program,
        ambient: &Ambient,
        light: &[Light],
        state: &mut NodeState,
        at: usize,
    ) {
        let row = &fabric.walls[at];
        let wall = &fabric.kinds[row.kind];
        let cells = &mut state.cells[row.cells.clone()];
        let (outer_flow, inner_flow) = wall.relax(cells);
        self.relaxed[at] = (outer_flow, inner_flow);
        let outer = match &row.behind {
            Behind::Outdoors(exposure) => {
                let sun = exposure.absorptance * light[exposure.receiver].total();
                surroundings(exposure, ambient, self.wind, state.outer_c[at], sun)
            }
            Behind::Ground(temperature) => {
                // In contact: a film without resistance.
                let film = 1e6;
                Outer { film, source: film * program.at(*temperature) }
            }
            Behind::Air(temperature, film) => Outer { film: *film, source: film * program.at(*temperature) },
            Behind::Shelter(film) => Outer { film: *film, source: film * ambient.dry_bulb_c },
            Behind::Adiabatic => Outer::default(),
            Behind::Zone(_) => return,
        };
        self.outers[at] = outer;
        let passes = wall.cross / (outer.film + wall.outer_self).max(1e-12);
        let conductance = wall.inner_self - passes * wall.cross;
        let flow = inner_flow + passes * (outer.source + outer_flow);
        self.answers[row.inner].answer(conductance, flow);
    }

    /// A wall between two zones: both faces at once.
    fn couple(&mut self, fabric: &Fabric, partition: Partition) {
        let [own_face, other_face] = partition.faces;
        let wall = &fabric.kinds[fabric.walls[partition.wall].kind];
        let (outer_flow, inner_flow) = self.relaxed[partition.wall];
        let (inner, outer) = (self.answers[own_face], self.answers[other_face]);
        let inner_sum = wall.inner_self + inner.convection + inner.radiation;
        let outer_sum = wall.outer_self + outer.convection + outer.radiation;
        let inverse = 1.0 / (inner_sum * outer_sum - wall.cross * wall.cross);
        let (own, own_cross) = (outer_sum * inverse, wall.cross * inverse);
        let other_own = inner_sum * inverse;
        let (into_inner, into_outer) = (inner_flow + inner.sun, outer_flow + outer.sun);
        self.answers[own_face] = Answer {
            base: own * into_inner + own_cross * into_outer,
            to_air: own * inner.convection,
            to_radiant: own * inner.radiation,
            behind_air: own_cross * outer.convection,
            behind_radiant: own_cross * outer.radiation,
            ..inner
        };
        self.answers[other_face] = Answer {
            base: other_own * into_outer + own_cross * into_inner,
            to_air: other_own * outer.convection,
            to_radiant: other_own * outer.radiation,
            behind_air: own_cross * inner.convection,
            behind_radiant: own_cross * inner.radiation,
            ..outer
        };
    }

    fn reduce_window(&mut self, fabric: &Fabric, ambient: &Ambient, state: &NodeState, at: usize) {
        let row = &fabric.windows[at];
        let glass = &fabric.glazings[row.glazing];
        let panes_c = &state.panes_c[row.panes.clone()];
        let outer = surroundings(&row.exposure, ambient, self.wind, panes_c[0], 0.0);
        let (conductance, flow) = self.chains[at].reduce(glass, outer, panes_c, ambient.pressure_pa);
        let answer = &mut self.answers[row.face];
        // Of the sun from inside that the window takes, panes absorb a part: the innermost one, all of it.
        answer.sun *= glass.inside_absorbed_share();
        answer.answer(conductance, flow);
    }

    fn assemble(&mut self, fabric: &Fabric, acting: Acting<'_>, state: &NodeState) {
        let hubs = &mut self.hubs;
        hubs.clear();
        for (zone, (range, input)) in fabric.faces_of_zone.iter().zip(acting.zones).enumerate() {
            // A zone without faces still has a radiant temperature: the air's.
            let (mut air, mut air_radiant, mut radiant, mut radiant_air) = (0.0, 0.0, 1e-9, 1e-9);
            let (mut air_right, mut radiant_right) = (0.0, 0.0);
            for (face, answer) in fabric.faces[range.clone()].iter().zip(&self.answers[range.clone()]) {
                let (convection, radiation) = (face.area_m2 * answer.convection, face.area_m2 * answer.radiation);
                air += convection * (1.0 - answer.to_air);
                air_radiant += convection * answer.to_radiant;
                air_right += convection * answer.base;
                radiant += radiation * (1.0 - answer.to_radiant);
                radiant_air += radiation * answer.to_air;
                radiant_right += radiation * answer.base;
            }
            let (own, right) = hubs.zone(zone);
            *own = [air + input.capacity_w_k + input.exchange_w_k, -air_radiant, -radiant_air, radiant];
            let stored = input.capacity_w_k * state.air_c[zone];
            *right =
                [air_right + stored + input.exchange_source_w + input.convective_w, radiant_right + input.radiant_w];
        }
        for partition in &self.partitions {
            for (face, place) in partition.faces.into_iter().zip(partition.places) {
                let (area_m2, answer, block) = (fabric.faces[face].area_m2, &self.answers[face], hubs.block(place));
                let (convection, radiation) = (area_m2 * answer.convection, area_m2 * answer.radiation);
                block[0] -= convection * answer.behind_air;
                block[1] -= convection * answer.behind_radiant;
                block[2] -= radiation * answer.behind_air;
                block[3] -= radiation * answer.behind_radiant;
            }
        }
        for draught in acting.draughts {
            hubs.zone(draught.to).0[0] += draught.w_k;
            if let Some(place) = hubs.place(draught.to, draught.from) {
                hubs.block(place)[0] -= draught.w_k;
            }
        }
    }

    /// Finds which zones are heated and cooled, and how much.
    fn control(&mut self, inputs: &[ZoneInput]) {
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

    /// Puts the solution into faces, walls and panes, and checks the books.
    fn finish(&mut self, fabric: &Fabric, acting: Acting<'_>, state: &mut NodeState) {
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
        for ((face, answer), face_c) in fabric.faces.iter().zip(&self.answers).zip(&mut state.faces_c) {
            let own = self.loads[face.zone];
            *face_c = answer.base + answer.to_air * own.air_c + answer.to_radiant * own.radiant_c;
            let sun = face.area_m2 * answer.sun;
            self.residual_w[face.zone] += sun;
            self.throughput_w[face.zone] += sun;
        }
        for Partition { faces, zones: [one, two], .. } in &self.partitions {
            for (face, behind) in faces.iter().zip([*two, *one]) {
                let (answer, other) = (&self.answers[*face], self.loads[behind]);
                state.faces_c[*face] += answer.behind_air * other.air_c + answer.behind_radiant * other.radiant_c;
            }
        }
        for (at, row) in fabric.walls.iter().enumerate() {
            let wall = &fabric.kinds[row.kind];
            let (inner_c, (outer_flow, _)) = (state.faces_c[row.inner], self.relaxed[at]);
            let outer_c = match &row.behind {
                Behind::Zone(other) => state.faces_c[*other],
                _ => {
                    let outer = self.outers[at];
                    (outer.source + outer_flow + wall.cross * inner_c) / (outer.film + wall.outer_self).max(1e-12)
                }
            };
            let cells = &mut state.cells[row.cells.clone()];
            let holds = wall.advance(cells, outer_c, inner_c);
            let stored = holds - std::mem::replace(&mut state.stored[at], holds);
            state.outer_c[at] = outer_c;
            let entering = match &row.behind {
                Behind::Zone(other) => {
                    let (face, answer) = (&fabric.faces[*other], &self.answers[*other]);
                    let load = self.loads[face.zone];
                    let flow = answer.convection * (load.air_c - outer_c)
                        + answer.radiation * (load.radiant_c - outer_c)
                        + answer.sun;
                    self.residual_w[face.zone] -= row.area_m2 * flow;
                    flow
                }
                _ => self.outers[at].source - self.outers[at].film * outer_c,
            };
            self.residual_w[row.zone] += row.area_m2 * (entering - stored);
            self.throughput_w[row.zone] += row.area_m2 * (entering.abs() + stored.abs());
        }
        for (row, chain) in fabric.windows.iter().zip(&self.chains) {
            let entering = chain.finish(&mut state.panes_c[row.panes.clone()], state.faces_c[row.face]);
            self.residual_w[row.zone] += row.area_m2 * entering;
            self.throughput_w[row.zone] += row.area_m2 * entering.abs();
        }
    }
}

impl Answer {
    /// The face in front of something with this conductance and this flow out of it.
    fn answer(&mut self, conductance: f64, flow: f64) {
        let inverse = 1.0 / (conductance + self.convection + self.radiation);
        self.base = (flow + self.sun) * inverse;
        self.to_air = self.convection * inverse;
        self.to_radiant = self.radiation * inverse;
        self.behind_air = 0.0;
        self.behind_radiant = 0.0;
    }
}
