//! Faces in lanes: a group of zones shares rows, and each row has one face of each zone. Sums over the faces
//! of a zone are then sums over rows, without operations across lanes.
//!
//! Zones with similar numbers of faces form a group, and in each zone the walls with most control volumes
//! come first. Few lanes stay empty this way (the layout of sliced ELLPACK for sparse matrices, Kreutzer et
//! al. 2014).

use super::fabric::{Fabric, Face, Side, WallBoundary};
use super::film::NaturalConvection;
use super::wall::{Ends, Volume};
use crate::lanes::{LANES, Lanes, Number, put};
use std::array::from_fn;
use std::cmp::Reverse;
use std::ops::Range;

/// Position of a face.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Place {
    pub row: usize,
    pub lane: usize,
}

/// Group of zones, one in each lane.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    /// Zone in each lane.
    zones: [Option<usize>; LANES],
    /// Rows with the faces of the zones.
    pub rows: Range<usize>,
}

/// Constant properties of a row of faces. Lanes without a face have zero area and no effect.
#[derive(Clone, Debug, Default)]
pub(crate) struct FaceRow {
    pub area_m2: Lanes,
    pub mrt: Lanes,
    pub still: NaturalConvection<Lanes>,
    /// Solar radiation absorbed by a face per watt of direct and of diffuse radiation into its zone, in 1/m².
    pub of_direct: Lanes,
    pub of_diffuse: Lanes,
    /// Walls behind the faces, and their control volumes from outside to inside. All end at the inside face.
    pub ends: Ends<Lanes>,
    pub volumes: Range<usize>,
    /// Above 0 if another zone is behind the wall.
    pub is_partition: Lanes,
}

/// All faces in lanes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rows {
    pub groups: Vec<Group>,
    pub rows: Vec<FaceRow>,
    pub volumes: Vec<Volume<Lanes>>,
    /// Position of each face.
    places: Vec<Place>,
}

impl Group {
    /// Returns the values of the group's zones, in lanes.
    #[inline(always)]
    pub fn gather(&self, numbers: &[f64]) -> Lanes {
        Lanes(from_fn(|lane| self.zones[lane].map_or(0.0, |zone| numbers[zone])))
    }

    /// Returns the zones with their lanes.
    #[inline(always)]
    pub fn zones(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        self.zones.iter().enumerate().filter_map(|(lane, zone)| Some(((*zone)?, lane)))
    }
}

impl Rows {
    pub fn new(fabric: &Fabric) -> Self {
        let mut zones: Vec<usize> = (0..fabric.faces_of_zone.len()).collect();
        zones.sort_by_key(|zone| Reverse(fabric.faces_of_zone[*zone].len()));
        let mut rows = Self { places: vec![Place::default(); fabric.faces.len()], ..Self::default() };
        for zones in zones.chunks(LANES) {
            let first = rows.rows.len();
            for (lane, zone) in zones.iter().enumerate() {
                let faces = &fabric.faces[fabric.faces_of_zone[*zone].clone()];
                let sun = sun_shares(faces);
                let mut order: Vec<usize> = (0..faces.len()).collect();
                order.sort_by_key(|at| Reverse(volumes_of(fabric, &faces[*at]).len()));
                for (at, row) in order.into_iter().zip(first..) {
                    if row == rows.rows.len() {
                        rows.rows.push(FaceRow::empty());
                    }
                    rows.places[fabric.faces_of_zone[*zone].start + at] = Place { row, lane };
                    rows.rows[row].put(lane, fabric, &faces[at], sun[at]);
                }
            }
            rows.groups.push(Group { zones: from_fn(|lane| zones.get(lane).copied()), rows: first..rows.rows.len() });
        }
        rows.lay_volumes(fabric);
        rows
    }

    /// Returns the position of a face.
    pub fn place(&self, face: usize) -> Place {
        self.places[face]
    }

    fn lay_volumes(&mut self, fabric: &Fabric) {
        let mut most = vec![0; self.rows.len()];
        for (face, place) in fabric.faces.iter().zip(&self.places) {
            most[place.row] = most[place.row].max(volumes_of(fabric, face).len());
        }
        for (row, count) in self.rows.iter_mut().zip(most) {
            row.volumes = self.volumes.len()..self.volumes.len() + count;
            self.volumes.resize(row.volumes.end, Volume::idle());
        }
        for (face, place) in fabric.faces.iter().zip(&self.places) {
            let own = volumes_of(fabric, face);
            let end = self.rows[place.row].volumes.end;
            for (volume, own) in self.volumes[end - own.len()..end].iter_mut().zip(own) {
                volume.put(place.lane, own);
            }
        }
    }
}

impl FaceRow {
    /// Returns a row without faces. The unit conductance keeps the temperatures of empty lanes finite.
    fn empty() -> Self {
        let mut row = Self::default();
        row.ends.inner_self = Lanes::of(1.0);
        row
    }

    fn put(&mut self, lane: usize, fabric: &Fabric, face: &Face, (of_direct, of_diffuse): (f64, f64)) {
        self.still.put(lane, &NaturalConvection::inside(&face.convection, face.cos_tilt));
        let numbers = [
            (&mut self.area_m2, face.area_m2),
            (&mut self.mrt, face.mrt),
            (&mut self.of_direct, of_direct),
            (&mut self.of_diffuse, of_diffuse),
        ];
        put(lane, numbers);
        let (ends, is_partition) = match face.side {
            Side::Inner(wall) => {
                let wall = &fabric.walls[wall];
                (fabric.kinds[wall.kind].ends, matches!(wall.behind, WallBoundary::Zone(_)))
            }
            Side::Outer(_) | Side::Window(_) => (Ends::default(), false),
        };
        self.ends.put(lane, &ends);
        self.is_partition.0[lane] = f64::from(u8::from(is_partition));
    }
}

/// Returns the control volumes behind a face. Those of a partition belong to its inside face.
fn volumes_of<'f>(fabric: &'f Fabric, face: &Face) -> &'f [Volume<f64>] {
    match face.side {
        Side::Inner(wall) => &fabric.kinds[fabric.walls[wall].kind].volumes,
        Side::Outer(_) | Side::Window(_) => &[],
    }
}

/// Returns the solar radiation that each face of a zone absorbs per watt of direct and of diffuse radiation
/// into the zone, in 1/m².
///
/// Direct radiation is incident on the faces by their fractions. Reflected and diffuse radiation is uniform
/// in the zone until it is absorbed or leaves through the windows (the distribution in a white sphere;
/// EnergyPlus Engineering Reference, "Shortwave Radiation Absorbed").
fn sun_shares(faces: &[Face]) -> Vec<(f64, f64)> {
    let (mut shares, mut taken, mut takes) = (0.0_f64, 0.0, 0.0_f64);
    for face in faces {
        shares += face.beam_share;
        taken += face.beam_share * face.absorptance;
        takes += face.area_m2 * face.absorptance;
    }
    // If the fractions add up to less than one, the rest counts as diffuse. If they add up to more, they are
    // scaled.
    let scale = 1.0 / shares.max(1.0);
    let of_diffuse = 1.0 / takes.max(1e-9);
    let share = |face: &Face| {
        let keeps = face.absorptance * face.stays;
        let first = scale * face.beam_share / face.area_m2;
        (keeps * (first + (1.0 - scale * taken) * of_diffuse), keeps * of_diffuse)
    };
    faces.iter().map(share).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::envelope;
    use crate::epw_dates::Weekday;
    use crate::study::{Program, Site};
    use crate::zone::ZoneSpec;
    use std::collections::BTreeSet;

    #[test]
    fn every_face_has_a_lane_and_every_zone_its_area() {
        let mut specs: Vec<ZoneSpec> =
            (0..11).map(|at| ZoneSpec::from_area(10.0 + f64::from(at), 3.0, 0.25 * f64::from(at % 4))).collect();
        (specs[3].neighbours, specs[7].neighbours) = (vec![(7, 4.0)], vec![(3, 4.0)]);
        let study = envelope::study(&specs, Site::default());
        let program = Program::new(&study, Weekday::Monday, false);
        let fabric = Fabric::new(&study, &program, 600.0, 12);
        let rows = Rows::new(&fabric);
        let places: BTreeSet<(usize, usize)> = rows.places.iter().map(|place| (place.row, place.lane)).collect();
        assert_eq!(places.len(), fabric.faces.len());
        let mut zones = Vec::new();
        for group in &rows.groups {
            for (zone, lane) in group.zones() {
                let found: f64 = group.rows.clone().map(|row| rows.rows[row].area_m2.0[lane]).sum();
                let faces = &fabric.faces[fabric.faces_of_zone[zone].clone()];
                let expected: f64 = faces.iter().map(|face| face.area_m2).sum();
                assert!((found - expected).abs() < 1e-9, "zone {zone}");
                zones.push(zone);
            }
        }
        zones.sort_unstable();
        assert!(zones.into_iter().eq(0..specs.len()));
        // In each lane the control volumes of a wall are the last ones of its row.
        for (face, place) in fabric.faces.iter().zip(&rows.places) {
            let own = volumes_of(&fabric, face);
            let laid = &rows.volumes[rows.rows[place.row].volumes.clone()];
            let heat = |cells: f64| super::super::wall::stored(own, &vec![cells; own.len()]);
            let laid_heat = super::super::wall::stored(laid, &vec![Lanes::of(2.0); laid.len()]).0[place.lane];
            assert_eq!(heat(2.0), laid_heat);
        }
    }
}
