//! Linear system of the air and mean radiant temperatures of zones that exchange heat: a 2×2 block for each
//! zone, and a block for each pair of adjacent zones.
//!
//! The solver is block Gauss–Seidel, zone by zone. It converges because a zone's own block dominates the
//! blocks of its neighbours (Varga 1962, theorem 3.4). Walls couple zones weakly, and each step starts from
//! the previous solution, so a few iterations are enough. A factorisation of the whole matrix would have
//! fill-in.

use crate::lanes::Number;

/// Entries of a block: air–air, air–radiant, radiant–air, radiant–radiant.
pub(crate) type Block = [f64; 4];
/// Air and radiant temperature, or the right-hand sides of their equations.
pub(crate) type Pair = [f64; 2];

/// Convergence tolerance: estimated remaining change, in K.
const STILL_K: f64 = 1e-9;
/// Maximum number of iterations.
const MAX_SWEEPS: usize = 2_000;

/// Block system of all zones.
#[derive(Clone, Debug, Default)]
pub(crate) struct Hubs {
    /// Start of each zone's neighbours in the lists.
    start: Vec<usize>,
    neighbours: Vec<usize>,
    blocks: Vec<Block>,
    own: Vec<Block>,
    right: Vec<Pair>,
    /// Inverses of the zones' own blocks.
    inverse: Vec<Block>,
}

impl Hubs {
    /// Returns a system of this number of zones with these pairs of adjacent zones.
    pub fn new(zones: usize, pairs: &[(usize, usize)]) -> Self {
        let both = pairs.iter().flat_map(|(a, b)| [(*a, *b), (*b, *a)]);
        let mut all: Vec<(usize, usize)> = both.filter(|(a, b)| a != b).collect();
        all.sort_unstable();
        all.dedup();
        Self {
            start: (0..=zones).map(|zone| all.partition_point(|(from, _)| *from < zone)).collect(),
            blocks: vec![[0.0; 4]; all.len()],
            neighbours: all.into_iter().map(|(_, to)| to).collect(),
            own: vec![[0.0; 4]; zones],
            right: vec![[0.0; 2]; zones],
            inverse: vec![[0.0; 4]; zones],
        }
    }

    /// Sets all entries to zero.
    pub fn clear(&mut self) {
        self.blocks.fill([0.0; 4]);
        self.own.fill([0.0; 4]);
        self.right.fill([0.0; 2]);
    }

    /// Copies the entries of another system of the same structure.
    pub fn copy_from(&mut self, other: &Self) {
        self.blocks.copy_from_slice(&other.blocks);
        self.own.copy_from_slice(&other.own);
        self.right.copy_from_slice(&other.right);
    }

    /// Returns a zone's own block and right-hand side.
    pub fn zone(&mut self, zone: usize) -> (&mut Block, &mut Pair) {
        (&mut self.own[zone], &mut self.right[zone])
    }

    /// Returns the blocks between a zone and its neighbours.
    pub fn links(&mut self, zone: usize) -> &mut [Block] {
        &mut self.blocks[self.start[zone]..self.start[zone + 1]]
    }

    /// Returns the index of the block between a zone and a neighbour.
    pub fn place(&self, zone: usize, neighbour: usize) -> Option<usize> {
        let range = self.start[zone]..self.start[zone + 1];
        Some(range.start + self.neighbours[range].binary_search(&neighbour).ok()?)
    }

    /// Returns the block with this index.
    pub fn block(&mut self, place: usize) -> &mut Block {
        &mut self.blocks[place]
    }

    /// Returns the residuals of a zone's two equations.
    pub fn missing(&self, zone: usize, solution: &[Pair]) -> Pair {
        let (own, [air, radiant]) = (&self.own[zone], solution[zone]);
        let mut left = [own[0] * air + own[1] * radiant, own[2] * air + own[3] * radiant];
        let range = self.start[zone]..self.start[zone + 1];
        for (block, other) in self.blocks[range.clone()].iter().zip(&self.neighbours[range]) {
            let [air, radiant] = solution[*other];
            left[0] += block[0] * air + block[1] * radiant;
            left[1] += block[2] * air + block[3] * radiant;
        }
        [left[0] - self.right[zone][0], left[1] - self.right[zone][1]]
    }

    /// Solves the system, starting from the given solution.
    pub fn solve(&mut self, solution: &mut [Pair]) {
        for (inverse, own) in self.inverse.iter_mut().zip(&self.own) {
            let determinant = own[0] * own[3] - own[1] * own[2];
            *inverse = [own[3], -own[1], -own[2], own[0]].map(|number| number / determinant);
        }
        let (mut before, mut share) = (f64::INFINITY, 0.0_f64);
        for _ in 0..MAX_SWEEPS {
            let mut moved = 0.0_f64;
            for zone in 0..self.own.len() {
                let [mut air, mut radiant] = self.right[zone];
                let range = self.start[zone]..self.start[zone + 1];
                for (block, other) in self.blocks[range.clone()].iter().zip(&self.neighbours[range]) {
                    let [other_air, other_radiant] = solution[*other];
                    air -= block[0] * other_air + block[1] * other_radiant;
                    radiant -= block[2] * other_air + block[3] * other_radiant;
                }
                let inverse = &self.inverse[zone];
                let next = [inverse[0] * air + inverse[1] * radiant, inverse[2] * air + inverse[3] * radiant];
                let was = solution[zone];
                moved = (next[0] - was[0]).size().larger((next[1] - was[1]).size()).larger(moved);
                solution[zone] = next;
            }
            // The changes decrease by at least this ratio in each iteration, so the remaining change is
            // bounded by a geometric series.
            share = share.max(moved / before);
            let to_come = if share > 0.0 && share < 1.0 { moved * share / (1.0 - share) } else { moved };
            // Zones without neighbours need one iteration only.
            if to_come < STILL_K || self.blocks.is_empty() {
                return;
            }
            before = moved;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn solves_a_system_of_equations(
            zones in 1usize..9,
            links in proptest::collection::vec((0usize..9, 0usize..9, 0.0..50.0f64), 0..12),
            truth in proptest::collection::vec((-20.0..60.0f64, -20.0..60.0f64), 9),
        ) {
            let truth: Vec<Pair> = truth[..zones].iter().map(|(air, radiant)| [*air, *radiant]).collect();
            let links: Vec<_> = links.into_iter().filter(|(a, b, _)| a < &zones && b < &zones && a != b).collect();
            let pairs: Vec<_> = links.iter().map(|(a, b, _)| (*a, *b)).collect();
            let mut hubs = Hubs::new(zones, &pairs);
            for zone in 0..zones {
                *hubs.zone(zone).0 = [7.0, -4.0, -3.0, 5.0];
            }
            for (a, b, value) in &links {
                hubs.zone(*a).0[0] += value;
                let (there, back) = (hubs.place(*a, *b).unwrap(), hubs.place(*b, *a).unwrap());
                hubs.block(there)[0] -= value;
                hubs.zone(*b).0[3] += 0.5 * value;
                hubs.block(back)[2] -= 0.5 * value;
            }
            let right: Vec<Pair> = (0..zones).map(|zone| hubs.missing(zone, &truth)).collect();
            for (zone, right) in right.into_iter().enumerate() {
                *hubs.zone(zone).1 = right;
            }
            let mut solution = vec![[0.0; 2]; zones];
            hubs.solve(&mut solution);
            for (found, expected) in solution.iter().flatten().zip(truth.iter().flatten()) {
                prop_assert!((found - expected).abs() < 1e-6, "{found} {expected}");
            }
        }
    }
}
