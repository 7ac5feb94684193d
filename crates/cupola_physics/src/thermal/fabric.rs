//! Surfaces and windows of a study in tabular form, prepared for computation.

use super::film::mrt_factors;
use super::glass::Glass;
use super::receiver::{IrradiatedPlanes, local_wind};
use super::wall::{Slab, Wall};
use crate::study::{
    Face as FaceDoc, InsideConvection, Outside, OutsideConvection, Program, Study, Surface, Value, Window, Zone,
};
use crate::sun::Plane;
use std::collections::BTreeMap;
use std::ops::Range;

/// Default coefficient between a face and air other than outdoor air: 1/0.13 W/(m² K) (ISO 6946:2017, table
/// 7).
const STILL_AIR_W_M2K: f64 = 1.0 / 0.13;
/// Tilt from which a surface is a floor for transmitted solar radiation, in °.
const FLOOR_TILT_DEG: f64 = 150.0;
/// Surface resistances included in a frame's U-value, in m² K/W (ISO 6946:2017, table 7: 0.13 + 0.04).
const FRAME_FILMS_M2K_W: f64 = 0.17;

/// Face of a wall or window in a zone.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Face {
    pub zone: usize,
    pub area_m2: f64,
    /// Fraction of diffuse solar radiation from inside that the face absorbs or transmits.
    pub absorptance: f64,
    /// Fraction of this radiation that becomes heat at the face. Panes transmit the rest to outdoors.
    pub stays: f64,
    pub emittance: f64,
    /// Factor of the difference of fourth powers of face temperature and mean radiant temperature.
    pub mrt: f64,
    /// Cosine of the tilt of the normal into the room: 1 for a floor, −1 for a ceiling.
    pub cos_tilt: f64,
    pub convection: InsideConvection,
    /// Fraction of the zone's direct solar radiation that is incident on the face first.
    pub beam_share: f64,
    pub side: Side,
}

/// Element that a face belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// Inside face of a wall.
    Inner(usize),
    /// Outside face of a wall between zones.
    Outer(usize),
    /// Window.
    Window(usize),
}

/// Opaque surface.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct WallRow {
    pub kind: usize,
    pub area_m2: f64,
    pub inner: usize,
    pub zone: usize,
    pub behind: WallBoundary,
}

/// Boundary condition on the other side of a wall.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum WallBoundary {
    Outdoors(Box<Exposure>),
    Ground(Value),
    Air(Value, f64),
    /// Outdoor air, with this surface coefficient.
    Shelter(f64),
    /// Face in the other zone.
    Zone(usize),
    Adiabatic,
}

/// Outdoor face.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Exposure {
    pub receiver: usize,
    pub absorptance: f64,
    pub emittance: f64,
    pub convection: OutsideConvection,
    pub cos_tilt: f64,
    pub is_glass: bool,
    /// Ratio of the local wind speed to that at the weather station.
    pub wind: f64,
    /// View factors to the sky, and to the air and ground, for long-wave radiation.
    pub to_sky: f64,
    pub to_air: f64,
    /// Horizontal components of the normal, to distinguish windward and leeward.
    pub normal: [f64; 2],
}

/// Window.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct WindowRow {
    pub glazing: usize,
    pub area_m2: f64,
    pub zone: usize,
    pub face: usize,
    pub exposure: Exposure,
    pub blind: Option<Value>,
    /// Range of its face temperatures in the state.
    pub panes: Range<usize>,
}

/// All surfaces of a study.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Fabric {
    pub kinds: Vec<Wall>,
    pub walls: Vec<WallRow>,
    pub windows: Vec<WindowRow>,
    pub glazings: Vec<Glass>,
    /// Faces, sorted by zone.
    pub faces: Vec<Face>,
    pub faces_of_zone: Vec<Range<usize>>,
    pub receivers: IrradiatedPlanes,
    pub panes: usize,
    /// Pairs of zones with a common wall or with air flow between them.
    pub neighbours: Vec<(usize, usize)>,
    /// Name of each wall and window, `surface` or `surface/window`.
    pub wall_names: Vec<String>,
    pub window_names: Vec<String>,
    /// Zone, surface id and receiver of each opaque outdoor surface in the report.
    pub exposed: Vec<(usize, String, usize)>,
}

/// Builder that collects rows from the zones.
struct Builder<'s> {
    study: &'s Study,
    program: &'s Program,
    dt_s: f64,
    most_cells: usize,
    fabric: Fabric,
    kinds: BTreeMap<&'s str, usize>,
    glazings: BTreeMap<&'s str, usize>,
    /// Faces with their zone, and a key of their plane in the zone.
    faces: Vec<(Face, (i64, i64))>,
}

impl Fabric {
    /// Prepares the surfaces of a checked study. `most_cells` is the maximum number of control volumes of a
    /// layer.
    pub fn new(study: &Study, program: &Program, dt_s: f64, most_cells: usize) -> Self {
        let fabric = Fabric::default();
        let (kinds, glazings) = (BTreeMap::new(), BTreeMap::new());
        let mut builder = Builder { study, program, dt_s, most_cells, fabric, kinds, glazings, faces: Vec::new() };
        for (at, zone) in study.zones.iter().enumerate() {
            for surface in &zone.surfaces {
                builder.surface(at, zone, surface);
            }
        }
        builder.finish()
    }
}

impl<'s> Builder<'s> {
    fn surface(&mut self, zone_at: usize, zone: &Zone, surface: &'s Surface) {
        let study = self.study;
        let Some(construction) = study.constructions.get(&surface.construction) else { return };
        let kind = self.kind(&surface.construction);
        let plane = Plane::new(surface.azimuth_deg, surface.tilt_deg);
        let height_m = surface.height_m.unwrap_or(0.5 * zone.volume_m3 / zone.floor_area_m2.max(0.1));
        let wind = local_wind(study.site.terrain, height_m);
        let in_windows: f64 = surface.windows.iter().map(window_area).sum();
        let area_m2 = (surface.area_m2 - in_windows).max(0.0);
        let place = ((surface.azimuth_deg * 10.0) as i64, (surface.tilt_deg * 10.0) as i64);
        let convection = surface.inside_convection.clone().unwrap_or_else(|| study.convection.inside.clone());
        let outside = surface.outside_convection.clone().unwrap_or_else(|| study.convection.outside.clone());
        let face = |area_m2: f64, like: &FaceDoc, cos_tilt: f64, side: Side, zone: usize| Face {
            zone,
            area_m2,
            absorptance: like.solar_absorptance,
            stays: 1.0,
            emittance: like.emittance,
            mrt: 0.0,
            cos_tilt,
            convection: convection.clone(),
            beam_share: 0.0,
            side,
        };
        let exposure =
            |receivers: &mut IrradiatedPlanes, like: &FaceDoc, shading: Option<_>, is_glass: bool| Exposure {
                receiver: receivers.add(&plane, surface.azimuth_deg, surface.tilt_deg, shading),
                absorptance: like.solar_absorptance,
                emittance: like.emittance,
                convection: outside.clone(),
                cos_tilt: plane.cos_tilt,
                is_glass,
                wind,
                to_sky: 0.5 * (1.0 + plane.cos_tilt) * (0.5 * (1.0 + plane.cos_tilt)).sqrt(),
                to_air: 1.0 - 0.5 * (1.0 + plane.cos_tilt) * (0.5 * (1.0 + plane.cos_tilt)).sqrt(),
                normal: [plane.normal[0], plane.normal[1]],
            };
        if area_m2 > 0.0 {
            let behind = match &surface.outside {
                Outside::Outdoors => {
                    let exposed =
                        exposure(&mut self.fabric.receivers, &construction.outside, surface.shading.as_ref(), false);
                    self.fabric.exposed.push((zone_at, surface.id.clone(), exposed.receiver));
                    WallBoundary::Outdoors(Box::new(exposed))
                }
                Outside::Ground(amount) => WallBoundary::Ground(self.program.value(amount)),
                Outside::Air(amount) => WallBoundary::Air(self.program.value(amount), still_air(surface)),
                Outside::Shelter => WallBoundary::Shelter(still_air(surface)),
                Outside::Zone(id) => match study.zones.iter().position(|other| other.id == *id) {
                    Some(other) => {
                        let side = Side::Outer(self.fabric.walls.len());
                        let opposite = face(area_m2, &construction.outside, plane.cos_tilt, side, other);
                        self.faces.push((opposite, (place.0 + 1_800, 1_800 - place.1)));
                        self.fabric.neighbours.push((zone_at, other));
                        WallBoundary::Zone(usize::MAX)
                    }
                    None => WallBoundary::Adiabatic,
                },
                Outside::Adiabatic => WallBoundary::Adiabatic,
            };
            let side = Side::Inner(self.fabric.walls.len());
            self.faces.push((face(area_m2, &construction.inside, -plane.cos_tilt, side, zone_at), place));
            self.wall(kind, area_m2, zone_at, behind, surface.id.clone());
        }
        for (at, window) in surface.windows.iter().enumerate() {
            let Some(glazing) = self.glazing(&window.glazing) else { continue };
            let frame = window.frame_fraction.unwrap_or(0.0);
            let area_m2 = window_area(window);
            let name = match window.id.as_str() {
                "" => format!("{}/{}", surface.id, at + 1),
                id => format!("{}/{id}", surface.id),
            };
            if frame > 0.0 {
                let resistance = (1.0 / window.frame_u_w_m2k.unwrap_or(3.0) - FRAME_FILMS_M2K_W).max(0.001);
                let kind = self.fabric.kinds.len();
                let slab = Slab { thickness_m: 0.0, resistance, capacity: 0.0 };
                self.fabric.kinds.push(Wall::new(&[slab], self.dt_s, self.most_cells));
                let like = FaceDoc::default();
                let exposed = exposure(&mut self.fabric.receivers, &like, window.shading.as_ref(), false);
                let side = Side::Inner(self.fabric.walls.len());
                self.faces.push((face(frame * area_m2, &like, -plane.cos_tilt, side, zone_at), place));
                self.wall(
                    kind,
                    frame * area_m2,
                    zone_at,
                    WallBoundary::Outdoors(Box::new(exposed)),
                    format!("{name}/frame"),
                );
            }
            let optics = &self.fabric.glazings[glazing];
            let panes = optics.panes();
            let like = FaceDoc {
                solar_absorptance: 1.0 - optics.diffuse_back_reflectance(),
                emittance: optics.emittance_inside(),
            };
            let outer = FaceDoc { solar_absorptance: 0.0, emittance: optics.emittance_outside() };
            let mut exposed = exposure(&mut self.fabric.receivers, &outer, window.shading.as_ref(), true);
            if let Some(convection) = &window.outside_convection {
                exposed.convection = convection.clone();
            }
            let side = Side::Window(self.fabric.windows.len());
            let glass_m2 = (1.0 - frame) * area_m2;
            let mut inner = face(glass_m2, &like, -plane.cos_tilt, side, zone_at);
            inner.stays = self.fabric.glazings[glazing].inside_absorbed_share();
            if let Some(convection) = &window.inside_convection {
                inner.convection = convection.clone();
            }
            self.faces.push((inner, place));
            let from = self.fabric.panes;
            self.fabric.panes += 2 * panes;
            self.fabric.windows.push(WindowRow {
                glazing,
                area_m2: glass_m2,
                zone: zone_at,
                face: usize::MAX,
                exposure: exposed,
                blind: window.blind_factor.as_ref().map(|amount| self.program.value(amount)),
                panes: from..self.fabric.panes,
            });
            self.fabric.window_names.push(name);
        }
    }

    fn wall(&mut self, kind: usize, area_m2: f64, zone: usize, behind: WallBoundary, name: String) {
        self.fabric.walls.push(WallRow { kind, area_m2, inner: usize::MAX, zone, behind });
        self.fabric.wall_names.push(name);
    }

    fn kind(&mut self, name: &'s str) -> usize {
        if let Some(kind) = self.kinds.get(name) {
            return *kind;
        }
        let kind = self.fabric.kinds.len();
        self.fabric.kinds.push(Wall::new(&slabs(self.study, name), self.dt_s, self.most_cells));
        self.kinds.insert(name, kind);
        kind
    }

    fn glazing(&mut self, name: &'s str) -> Option<usize> {
        if let Some(glazing) = self.glazings.get(name) {
            return Some(*glazing);
        }
        let glass = Glass::new(self.study.glazings.get(name)?).ok()?;
        let glazing = self.fabric.glazings.len();
        self.fabric.glazings.push(glass);
        self.glazings.insert(name, glazing);
        Some(glazing)
    }

    fn finish(self) -> Fabric {
        let Self { study, mut fabric, mut faces, .. } = self;
        // The sort is stable, so the faces of a zone stay in the file's order.
        faces.sort_by_key(|(face, _)| face.zone);
        for zone in 0..study.zones.len() {
            let range = faces.partition_point(|(face, _)| face.zone < zone)
                ..faces.partition_point(|(face, _)| face.zone <= zone);
            let own = &mut faces[range.clone()];
            let mut planes: Vec<(i64, i64)> = own.iter().map(|(_, place)| *place).collect();
            planes.sort_unstable();
            planes.dedup();
            let plane_of: Vec<usize> = own.iter().filter_map(|(_, place)| planes.binary_search(place).ok()).collect();
            let areas: Vec<f64> = own.iter().map(|(face, _)| face.area_m2).collect();
            let emittances: Vec<f64> = own.iter().map(|(face, _)| face.emittance).collect();
            for ((face, _), mrt) in own.iter_mut().zip(mrt_factors(&areas, &emittances, &plane_of)) {
                face.mrt = mrt;
            }
            share_beam(&study.zones[zone], &fabric, own);
            fabric.faces_of_zone.push(range);
        }
        for (at, (face, _)) in faces.iter().enumerate() {
            match face.side {
                Side::Inner(wall) => fabric.walls[wall].inner = at,
                Side::Outer(wall) => fabric.walls[wall].behind = WallBoundary::Zone(at),
                Side::Window(window) => fabric.windows[window].face = at,
            }
        }
        fabric.faces = faces.into_iter().map(|(face, _)| face).collect();
        fabric
    }
}

fn still_air(surface: &Surface) -> f64 {
    match &surface.outside_convection {
        Some(OutsideConvection::Fixed(film)) => *film,
        _ => STILL_AIR_W_M2K,
    }
}

/// Distributes direct solar radiation: by the surfaces' own fractions, otherwise to the floors, otherwise to
/// all faces by area.
fn share_beam(zone: &Zone, fabric: &Fabric, faces: &mut [(Face, (i64, i64))]) {
    let said = |face: &Face| match face.side {
        Side::Inner(wall) => {
            let surface = zone.surfaces.iter().find(|surface| surface.id == fabric.wall_names[wall]);
            surface.and_then(|surface| surface.solar_fraction)
        }
        _ => None,
    };
    let given: Vec<Option<f64>> = faces.iter().map(|(face, _)| said(face)).collect();
    let weight = |(face, _): &(Face, (i64, i64))| face.area_m2;
    let is_floor = |(face, _): &&(Face, (i64, i64))| face.cos_tilt >= -(FLOOR_TILT_DEG.to_radians().cos());
    let floors: f64 = faces.iter().filter(is_floor).map(weight).sum();
    let all: f64 = faces.iter().map(weight).sum();
    for (entry, given_share) in faces.iter_mut().zip(&given) {
        let is_floor = is_floor(&&*entry);
        entry.0.beam_share = match given_share {
            Some(share) => *share,
            None if given.iter().any(Option::is_some) => 0.0,
            None if floors > 0.0 => {
                if is_floor {
                    entry.0.area_m2 / floors
                } else {
                    0.0
                }
            }
            None => entry.0.area_m2 / all.max(1e-9),
        };
    }
}

/// Returns the total area of all identical windows, in m².
pub(crate) fn window_area(window: &Window) -> f64 {
    let of_shading = || window.shading.as_ref().map(|shading| shading.width_m * shading.height_m);
    window.area_m2.or_else(of_shading).unwrap_or(0.0) * f64::from(window.count.unwrap_or(1))
}

/// Returns the layers of a construction.
fn slabs(study: &Study, construction: &str) -> Vec<Slab> {
    let layers = study.constructions.get(construction).into_iter().flat_map(|construction| &construction.layers);
    let slab = |layer: &crate::study::Layer| match (&layer.material, layer.thickness_m, layer.resistance_m2k_w) {
        (Some(name), Some(thickness), _) => study.materials.get(name).map(|material| Slab {
            thickness_m: thickness,
            resistance: thickness / material.conductivity_w_mk,
            capacity: thickness * material.density_kg_m3 * material.specific_heat_j_kgk,
        }),
        (_, _, Some(resistance)) => Some(Slab { thickness_m: 0.0, resistance, capacity: 0.0 }),
        _ => None,
    };
    layers.filter_map(slab).collect()
}
