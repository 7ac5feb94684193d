//! Boundary conditions of outside faces: sun, wind, sky, air and ground.

use super::Ambient;
use super::fabric::{Exposure, Fabric, WallBoundary};
use super::film::{WindConvection, WindPowers, radiative};
use super::multi::{Answer, NodeState};
use super::receiver::FaceIrradiance;
use super::rows::{Place, Rows};
use crate::lanes::{LANES, Lanes, Number, put};
use crate::study::{Program, Value};
use std::array::from_fn;

/// Surroundings of an outside face, as one coefficient, in W/(m² K), and one source, in W/m².
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Outer {
    pub film: f64,
    pub source: f64,
}

/// Coefficient of direct contact, practically without resistance, in W/(m² K).
const CONTACT: f64 = 1e6;

/// Outside face of a wall or window.
#[derive(Clone, Copy, Debug)]
enum Target {
    /// Wall, by the place of its inside face.
    Wall(Place),
    /// Window, with the index of the temperature of its outermost pane.
    Window(usize, usize),
}

/// Faces outdoors, in lanes.
#[derive(Clone, Debug, Default)]
struct Exposed {
    targets: [Option<Target>; LANES],
    receivers: [usize; LANES],
    windy: WindConvection<Lanes>,
    /// Horizontal components of the normals.
    east: Lanes,
    north: Lanes,
    absorptance: Lanes,
    /// Emittance times the view factor to the sky, and to the air and ground.
    to_sky: Lanes,
    to_air: Lanes,
}

/// Wall with a given temperature on its other side: a value, or the outdoor air temperature.
#[derive(Clone, Copy, Debug)]
struct FixedBoundary {
    place: Place,
    film: f64,
    temperature: Option<Value>,
}

/// All outside faces that are not in a zone.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outdoors {
    exposed: Vec<Exposed>,
    held: Vec<FixedBoundary>,
    /// Surroundings of each window.
    pub windows: Vec<Outer>,
}

impl Outdoors {
    pub fn new(fabric: &Fabric, rows: &Rows) -> Self {
        let mut outdoors = Self { windows: vec![Outer::default(); fabric.windows.len()], ..Self::default() };
        let mut exposed: Vec<(Target, &Exposure)> = Vec::new();
        for wall in &fabric.walls {
            let place = rows.place(wall.inner);
            let mut hold = |film, temperature| outdoors.held.push(FixedBoundary { place, film, temperature });
            match &wall.behind {
                WallBoundary::Outdoors(exposure) => exposed.push((Target::Wall(place), exposure)),
                WallBoundary::Ground(temperature) => hold(CONTACT, Some(*temperature)),
                WallBoundary::Air(temperature, film) => hold(*film, Some(*temperature)),
                WallBoundary::Shelter(film) => hold(*film, None),
                WallBoundary::Zone(_) | WallBoundary::Adiabatic => {}
            }
        }
        for (at, window) in fabric.windows.iter().enumerate() {
            exposed.push((Target::Window(at, window.panes.start), &window.exposure));
        }
        for faces in exposed.chunks(LANES) {
            let mut lanes = Exposed::default();
            for (lane, (target, exposure)) in faces.iter().enumerate() {
                lanes.put(lane, *target, exposure);
            }
            outdoors.exposed.push(lanes);
        }
        outdoors
    }

    /// Linearises the surroundings of the outside faces at their current temperatures.
    #[inline(always)]
    pub fn surround(
        &mut self,
        program: &Program,
        ambient: &Ambient,
        light: &[FaceIrradiance],
        state: &NodeState,
        answers: &mut [Answer],
    ) {
        for FixedBoundary { place, film, temperature } in &self.held {
            let behind_c = temperature.map_or(ambient.dry_bulb_c, |temperature| program.at(temperature));
            let answer = &mut answers[place.row];
            put(place.lane, [(&mut answer.film, *film), (&mut answer.source, film * behind_c)]);
        }
        let wind = (ambient.wind_m_s, WindPowers::new(ambient.wind_m_s));
        for exposed in &self.exposed {
            let face_c = |lane: usize| match exposed.targets[lane] {
                Some(Target::Wall(place)) => state.outer_c[place.row].0[place.lane],
                Some(Target::Window(_, pane)) => state.panes_c[pane],
                None => 0.0,
            };
            let sun = Lanes(from_fn(|lane| light.get(exposed.receivers[lane]).map_or(0.0, FaceIrradiance::total)));
            let (film, source) = exposed.surroundings(ambient, wind, Lanes(from_fn(face_c)), sun);
            for (lane, target) in exposed.targets.iter().enumerate() {
                let outer = Outer { film: film.0[lane], source: source.0[lane] };
                match target {
                    Some(Target::Wall(place)) => {
                        let answer = &mut answers[place.row];
                        put(place.lane, [(&mut answer.film, outer.film), (&mut answer.source, outer.source)]);
                    }
                    Some(Target::Window(window, _)) => self.windows[*window] = outer,
                    None => {}
                }
            }
        }
    }
}

impl Exposed {
    fn put(&mut self, lane: usize, target: Target, exposure: &Exposure) {
        self.targets[lane] = Some(target);
        self.receivers[lane] = exposure.receiver;
        self.windy
            .put(lane, &WindConvection::new(&exposure.convection, exposure.wind, exposure.cos_tilt, exposure.is_glass));
        let numbers = [
            (&mut self.east, exposure.normal[0]),
            (&mut self.north, exposure.normal[1]),
            (&mut self.absorptance, exposure.absorptance),
            (&mut self.to_sky, exposure.emittance * exposure.to_sky),
            (&mut self.to_air, exposure.emittance * exposure.to_air),
        ];
        put(lane, numbers);
    }

    #[inline(always)]
    fn surroundings(&self, ambient: &Ambient, wind: (f64, WindPowers), face_c: Lanes, sun: Lanes) -> (Lanes, Lanes) {
        let (air_c, sky_c) = (Lanes::of(ambient.dry_bulb_c), Lanes::of(ambient.sky_c));
        let [east, north] = ambient.wind_from.map(Lanes::of);
        // The small term makes horizontal faces windward.
        let ahead = self.east * east + self.north * north + Lanes::of(1e-9);
        let convection = self.windy.at(wind, ahead, face_c, air_c);
        let sky = radiative(face_c, sky_c, self.to_sky);
        let air = convection + radiative(face_c, air_c, self.to_air);
        (air + sky, air * air_c + sky * sky_c + self.absorptance * sun)
    }
}
