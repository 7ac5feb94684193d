//! Partitions: walls between two zones, with both faces solved together.

use super::fabric::{Fabric, WallBoundary, WallRow};
use super::hubs::Hubs;
use super::multi::Answer;
use super::rows::{Place, Rows};
use super::wall::Ends;
use super::zone::Load;
use crate::lanes::put;

/// Wall between two zones.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Partition {
    area_m2: f64,
    ends: Ends<f64>,
    /// Places of its faces, the face with the wall's control volumes first, and their zones.
    places: [Place; 2],
    zones: [usize; 2],
    /// Indices of the block of the first zone by the second, and of the second by the first.
    blocks: [usize; 2],
    /// Response of each face to the air and radiant temperature of the zone behind it.
    behind: [[f64; 2]; 2],
}

/// Heat transfer coefficients and absorbed solar radiation of a face.
struct Side {
    convection: f64,
    radiation: f64,
    sun: f64,
}

impl Side {
    fn of(answers: &[Answer], Place { row, lane }: Place) -> Self {
        let answer = &answers[row];
        Self { convection: answer.convection.0[lane], radiation: answer.radiation.0[lane], sun: answer.sun.0[lane] }
    }
}

impl Partition {
    /// Returns all partitions of a building.
    pub fn all(fabric: &Fabric, rows: &Rows, hubs: &Hubs) -> Vec<Self> {
        let partition = |row: &WallRow| {
            let WallBoundary::Zone(other) = row.behind else { return None };
            let (one, two) = (row.zone, fabric.faces[other].zone);
            Some(Self {
                area_m2: row.area_m2,
                ends: fabric.kinds[row.kind].ends,
                places: [rows.place(row.inner), rows.place(other)],
                zones: [one, two],
                blocks: [hubs.place(one, two)?, hubs.place(two, one)?],
                behind: [[0.0; 2]; 2],
            })
        };
        fabric.walls.iter().filter_map(partition).collect()
    }

    /// Computes the response of both faces, and adds the coupling of both zones to the system.
    pub fn couple(&mut self, answers: &mut [Answer], hubs: &mut Hubs) {
        let [Place { row, lane }, _] = self.places;
        let (outer_flow, inner_flow) = (answers[row].outer_flow.0[lane], answers[row].inner_flow.0[lane]);
        let sides = self.places.map(|place| Side::of(answers, place));
        let [inner, outer] = &sides;
        let inner_sum = self.ends.inner_self + inner.convection + inner.radiation;
        let outer_sum = self.ends.outer_self + outer.convection + outer.radiation;
        let inverse = 1.0 / (inner_sum * outer_sum - self.ends.cross * self.ends.cross);
        let cross = self.ends.cross * inverse;
        let owns = [outer_sum * inverse, inner_sum * inverse];
        let into = [inner_flow + inner.sun, outer_flow + outer.sun];
        for (face, other) in [(0, 1), (1, 0)] {
            let (own, side, behind) = (owns[face], &sides[face], &sides[other]);
            let Place { row, lane } = self.places[face];
            let answer = &mut answers[row];
            let numbers = [
                (&mut answer.base, own * into[face] + cross * into[other]),
                (&mut answer.to_air, own * side.convection),
                (&mut answer.to_radiant, own * side.radiation),
            ];
            put(lane, numbers);
            let [air, radiant] = [cross * behind.convection, cross * behind.radiation];
            self.behind[face] = [air, radiant];
            let block = hubs.block(self.blocks[face]);
            let (convection, radiation) = (self.area_m2 * side.convection, self.area_m2 * side.radiation);
            block[0] -= convection * air;
            block[1] -= convection * radiant;
            block[2] -= radiation * air;
            block[3] -= radiation * radiant;
        }
    }

    /// Sets the contributions of the zones behind. Returns the zone on the outer side, and the heat flow from
    /// it into the wall, in W.
    pub fn meet(&self, answers: &mut [Answer], loads: &[Load]) -> (usize, f64) {
        let own = self.zones.map(|zone| loads[zone]);
        for (face, other) in [(0, 1), (1, 0)] {
            let [air, radiant] = self.behind[face];
            let Place { row, lane } = self.places[face];
            answers[row].behind_c.0[lane] = air * own[other].air_c + radiant * own[other].radiant_c;
        }
        let [inner, outer] = self.places;
        let outer_c = answers[outer.row].face_c(outer.lane, own[1].air_c, own[1].radiant_c);
        let side = Side::of(answers, outer);
        let flow =
            side.convection * (own[1].air_c - outer_c) + side.radiation * (own[1].radiant_c - outer_c) + side.sun;
        let answer = &mut answers[inner.row];
        put(inner.lane, [(&mut answer.partition_c, outer_c), (&mut answer.partition_w_m2, flow)]);
        (self.zones[1], self.area_m2 * flow)
    }
}
