//! The linear system of the air and radiant temperatures of zones that exchange heat: sparse, diagonally dominant, with one fixed
//! structure and new numbers every step.
//!
//! Rows are ordered so that neighbours are close (reverse Cuthill–McKee, 1969), and the factors fill only what lies between a row's
//! first number and its diagonal (skyline; George and Liu 1981, ch. 4). Diagonal dominance makes pivots needless.

/// Unknowns of a zone: its air and its radiant temperature.
pub(crate) const PER_ZONE: usize = 2;

/// The system. Below the diagonal it is kept by rows, above by columns.
#[derive(Clone, Debug, Default)]
pub(crate) struct Hubs {
    /// Row of each zone's air; its radiant temperature is the next.
    row_of_zone: Vec<usize>,
    /// Rows of a zone and of its neighbours, by position in the order.
    near: Vec<Vec<usize>>,
    /// First column of each row (and, the structure being symmetric, first row of each column).
    first: Vec<usize>,
    /// Where each row's numbers begin.
    start: Vec<usize>,
    lower: Vec<f64>,
    upper: Vec<f64>,
    diagonal: Vec<f64>,
    pub(crate) right: Vec<f64>,
}

impl Hubs {
    /// A system for so many zones, some of which are neighbours.
    pub fn new(zones: usize, neighbours: &[(usize, usize)]) -> Self {
        let mut near = vec![Vec::new(); zones];
        for (a, b) in neighbours {
            near[*a].push(*b);
            near[*b].push(*a);
        }
        for list in &mut near {
            list.sort_unstable();
            list.dedup();
        }
        let order = reverse_cuthill_mckee(&near);
        let mut row_of_zone = vec![0; zones];
        for (position, zone) in order.iter().enumerate() {
            row_of_zone[*zone] = position * PER_ZONE;
        }
        let (mut first, mut start, mut size) = (Vec::new(), Vec::new(), 0);
        for zone in &order {
            let own = row_of_zone[*zone];
            let begin = near[*zone].iter().map(|other| row_of_zone[*other]).fold(own, usize::min);
            for row in own..own + PER_ZONE {
                first.push(begin);
                start.push(size);
                size += row - begin;
            }
        }
        let rows = zones * PER_ZONE;
        let with_own = |zone: &usize| {
            let others = near[*zone].iter().chain(std::iter::once(zone));
            others.flat_map(|other| row_of_zone[*other]..row_of_zone[*other] + PER_ZONE).collect()
        };
        let near = order.iter().map(with_own).collect();
        let (lower, upper) = (vec![0.0; size], vec![0.0; size]);
        Self { row_of_zone, near, first, start, lower, upper, diagonal: vec![0.0; rows], right: vec![0.0; rows] }
    }

    /// The row of a zone's air; its radiant temperature is the next row.
    pub fn row(&self, zone: usize) -> usize {
        self.row_of_zone[zone]
    }

    /// All zeros.
    pub fn clear(&mut self) {
        for numbers in [&mut self.lower, &mut self.upper, &mut self.diagonal, &mut self.right] {
            numbers.fill(0.0);
        }
    }

    /// Takes over another one's numbers, of the same structure.
    pub fn copy_from(&mut self, other: &Self) {
        self.lower.copy_from_slice(&other.lower);
        self.upper.copy_from_slice(&other.upper);
        self.diagonal.copy_from_slice(&other.diagonal);
        self.right.copy_from_slice(&other.right);
    }

    fn at(&mut self, row: usize, column: usize) -> Option<&mut f64> {
        if row == column {
            self.diagonal.get_mut(row)
        } else if column < row {
            (column >= self.first[row]).then(|| &mut self.lower[self.start[row] + column - self.first[row]])
        } else {
            (row >= self.first[column]).then(|| &mut self.upper[self.start[column] + row - self.first[column]])
        }
    }

    /// Adds to a number of the matrix, which must lie between zones that are neighbours.
    pub fn add(&mut self, row: usize, column: usize, value: f64) {
        if let Some(number) = self.at(row, column) {
            *number += value;
        }
    }

    /// Puts a number into the matrix.
    pub fn set(&mut self, row: usize, column: usize, value: f64) {
        if let Some(number) = self.at(row, column) {
            *number = value;
        }
    }

    /// A number of the matrix.
    pub fn get(&self, row: usize, column: usize) -> f64 {
        if row == column {
            self.diagonal[row]
        } else if column < row {
            if column >= self.first[row] { self.lower[self.start[row] + column - self.first[row]] } else { 0.0 }
        } else if row >= self.first[column] {
            self.upper[self.start[column] + row - self.first[column]]
        } else {
            0.0
        }
    }

    /// Columns that may differ from zero in a row.
    pub fn columns(&self, row: usize) -> impl Iterator<Item = usize> + use<> {
        // A handful of numbers: the caller changes the matrix while it reads them.
        self.near[row / PER_ZONE].clone().into_iter()
    }

    /// Solves the system in place: `right` becomes the solution, the matrix its factors.
    pub fn solve(&mut self) {
        let rows = self.diagonal.len();
        for row in 0..rows {
            let (begin, base) = (self.first[row], self.start[row]);
            for column in begin..row {
                let (other, other_base) = (self.first[column], self.start[column]);
                let from = begin.max(other);
                let (mut low, mut up) = (0.0, 0.0);
                for inner in from..column {
                    low += self.lower[base + inner - begin] * self.upper[other_base + inner - other];
                    up += self.lower[other_base + inner - other] * self.upper[base + inner - begin];
                }
                let at = base + column - begin;
                self.lower[at] = (self.lower[at] - low) / self.diagonal[column];
                self.upper[at] -= up;
            }
            let mut sum = 0.0;
            let mut carried = 0.0;
            for column in begin..row {
                let at = base + column - begin;
                sum += self.lower[at] * self.upper[at];
                carried += self.lower[at] * self.right[column];
            }
            self.diagonal[row] -= sum;
            self.right[row] -= carried;
        }
        for row in (0..rows).rev() {
            let value = self.right[row] / self.diagonal[row];
            self.right[row] = value;
            let (begin, base) = (self.first[row], self.start[row]);
            for column in begin..row {
                self.right[column] -= self.upper[base + column - begin] * value;
            }
        }
    }
}

/// Zones in an order that keeps neighbours close.
fn reverse_cuthill_mckee(near: &[Vec<usize>]) -> Vec<usize> {
    let mut order = Vec::with_capacity(near.len());
    let mut is_placed = vec![false; near.len()];
    let mut starts: Vec<usize> = (0..near.len()).collect();
    starts.sort_by_key(|zone| (near[*zone].len(), *zone));
    for start in starts {
        if is_placed[start] {
            continue;
        }
        is_placed[start] = true;
        let mut at = order.len();
        order.push(start);
        while let Some(zone) = order.get(at).copied() {
            let mut next: Vec<usize> = near[zone].iter().copied().filter(|other| !is_placed[*other]).collect();
            next.sort_by_key(|zone| (near[*zone].len(), *zone));
            for other in next {
                is_placed[other] = true;
                order.push(other);
            }
            at += 1;
        }
    }
    order.reverse();
    order
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn solves_what_it_was_given(
            zones in 1usize..9,
            links in proptest::collection::vec((0usize..9, 0usize..9, 0.0..50.0f64), 0..12),
            truth in proptest::collection::vec(-20.0..60.0f64, 18),
        ) {
            let links: Vec<_> = links.into_iter().filter(|(a, b, _)| a < &zones && b < &zones && a != b).collect();
            let pairs: Vec<_> = links.iter().map(|(a, b, _)| (*a, *b)).collect();
            let mut hubs = Hubs::new(zones, &pairs);
            for zone in 0..zones {
                let row = hubs.row(zone);
                hubs.add(row, row, 7.0);
                hubs.add(row + 1, row + 1, 5.0);
                hubs.add(row, row + 1, -4.0);
                hubs.add(row + 1, row, -3.0);
            }
            for (a, b, value) in &links {
                let (row, other) = (hubs.row(*a), hubs.row(*b));
                hubs.add(row, row, *value);
                hubs.add(row, other, -*value);
                hubs.add(other, other, 0.5 * value);
                hubs.add(other, row, -0.5 * value);
            }
            for row in 0..zones * PER_ZONE {
                let right = hubs.columns(row).map(|column| hubs.get(row, column) * truth[column]).sum();
                hubs.right[row] = right;
            }
            hubs.solve();
            for (found, expected) in hubs.right.iter().zip(&truth) {
                prop_assert!((found - expected).abs() < 1e-7, "{found} {expected}");
            }
        }
    }
}
