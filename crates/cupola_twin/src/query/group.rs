//! Grouping of rows: keys, and aggregates that accumulate row by row.

use super::scalar::VarValue;
use crate::expr::{Aggregate, Cell, compare_alike};
use crate::value::EXACT_INTEGER;
use arcstr::Substr;
use std::cmp::Ordering;
use std::collections::HashMap;

/// A hashable group key.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Key {
    Missing,
    Bool(bool),
    /// The bits of a number; both zeros have the same bits.
    Number(u64),
    Time(u64),
    Text(Substr),
    Json(String),
    Bound(VarValue),
}

impl Key {
    pub fn of(cell: &Cell) -> Self {
        let bits = |number: f64| if number == 0.0 { 0 } else { number.to_bits() };
        match cell {
            Cell::Missing => Self::Missing,
            Cell::Bool(flag) => Self::Bool(*flag),
            Cell::Number(number) => Self::Number(bits(*number)),
            Cell::Time(seconds) => Self::Time(bits(*seconds)),
            Cell::Text(text) => Self::Text(text.clone()),
            Cell::Json(json) => Self::Json(json.to_string()),
        }
    }
}

/// The accumulator of an aggregate.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    present: usize,
    numbers: usize,
    sum: f64,
    is_time: bool,
    least: Option<Cell>,
    greatest: Option<Cell>,
    holding: usize,
    failing: usize,
    missing: usize,
    /// The number of integers that a double can't hold.
    inexact: usize,
    /// The sum of the absolute values. A sum of integers is exact as long as it is less than 2^53.
    magnitude: f64,
    /// The number of numbers that are no integers.
    fractions: usize,
}

impl Tally {
    /// Creates an accumulator of `numbers` numbers and `missing` rows without one.
    pub fn of_numbers(
        numbers: usize,
        (sum, magnitude): (f64, f64),
        (least, greatest): (f64, f64),
        missing: usize,
    ) -> Self {
        let one = |number: f64| (numbers > 0).then_some(Cell::Number(number));
        let (least, greatest) = (one(least), one(greatest));
        Self { present: numbers, numbers, sum, magnitude, least, greatest, missing, ..Self::default() }
    }

    /// Counts a value without updating the minimum and maximum. Returns whether the value is present.
    pub fn count(&mut self, cell: &Cell) -> bool {
        match cell {
            Cell::Missing => {
                self.missing += 1;
                return false;
            }
            Cell::Bool(true) => self.holding += 1,
            Cell::Bool(false) => self.failing += 1,
            Cell::Number(number) | Cell::Time(number) => {
                self.numbers += 1;
                self.sum += number;
                self.magnitude += number.abs();
                self.fractions += usize::from(number.fract() != 0.0);
                self.is_time |= matches!(cell, Cell::Time(_));
            }
            Cell::Json(json) if json.is_number() => self.inexact += 1,
            Cell::Text(_) | Cell::Json(_) => {}
        }
        self.present += 1;
        true
    }

    /// Removes a counted value, except from the sum.
    pub fn remove(&mut self, cell: &Cell) {
        match cell {
            Cell::Missing => {
                self.missing -= 1;
                return;
            }
            Cell::Bool(true) => self.holding -= 1,
            Cell::Bool(false) => self.failing -= 1,
            Cell::Number(number) | Cell::Time(number) => {
                self.numbers -= 1;
                self.magnitude -= number.abs();
                self.fractions -= usize::from(number.fract() != 0.0);
            }
            Cell::Json(json) if json.is_number() => self.inexact -= 1,
            Cell::Text(_) | Cell::Json(_) => {}
        }
        self.present -= 1;
    }

    /// Returns the accumulator with another sum.
    pub fn with_sum(&self, sum: f64) -> Self {
        Self { sum, ..self.clone() }
    }

    /// Merges another accumulator into this one.
    pub fn merge(&mut self, other: Self) {
        self.present += other.present;
        self.numbers += other.numbers;
        self.sum += other.sum;
        self.is_time |= other.is_time;
        self.holding += other.holding;
        self.failing += other.failing;
        self.missing += other.missing;
        self.inexact += other.inexact;
        self.magnitude += other.magnitude;
        self.fractions += other.fractions;
        let better = |known: &mut Option<Cell>, other: Option<Cell>, wanted: Ordering| {
            if let Some(other) = other
                && known.as_ref().is_none_or(|known| compare_alike(&other, known) == Some(wanted))
            {
                *known = Some(other);
            }
        };
        better(&mut self.least, other.least, Ordering::Less);
        better(&mut self.greatest, other.greatest, Ordering::Greater);
    }

    /// Accumulates a value.
    pub fn add(&mut self, cell: Cell) {
        if !self.count(&cell) {
            return;
        }
        let is = |known: &Option<Cell>, wanted: Ordering| match known {
            Some(known) => compare_alike(&cell, known) == Some(wanted),
            None => true,
        };
        if is(&self.least, Ordering::Less) {
            self.least = Some(cell.clone());
        }
        if is(&self.greatest, Ordering::Greater) {
            self.greatest = Some(cell);
        }
    }

    /// Returns whether the result of an aggregate can't be exact, although it is one of integers. `is_whole` tells whether
    /// all values are integers.
    pub fn is_rounded(&self, aggregate: Aggregate, is_whole: bool) -> bool {
        match aggregate {
            Aggregate::Sum => self.inexact > 0 || (is_whole && self.fractions == 0 && self.magnitude >= EXACT_INTEGER),
            Aggregate::Avg => self.inexact > 0,
            _ => false,
        }
    }

    pub fn result(&self, aggregate: Aggregate) -> Cell {
        let mean = |sum: f64| if self.numbers == 0 { Cell::Missing } else { Cell::Number(sum) };
        match aggregate {
            Aggregate::CountIf => Cell::Number(self.holding as f64),
            Aggregate::Count if self.holding + self.failing > 0 => Cell::Number(self.holding as f64),
            Aggregate::Count => Cell::Number(self.present as f64),
            Aggregate::Sum => mean(self.sum),
            Aggregate::Avg if self.is_time => Cell::Time(self.sum / self.numbers as f64),
            Aggregate::Avg => mean(self.sum / self.numbers as f64),
            Aggregate::Min => self.least.clone().unwrap_or(Cell::Missing),
            Aggregate::Max => self.greatest.clone().unwrap_or(Cell::Missing),
            Aggregate::Any if self.holding > 0 => Cell::Bool(true),
            Aggregate::All if self.failing > 0 => Cell::Bool(false),
            Aggregate::Any | Aggregate::All if self.missing > 0 => Cell::Missing,
            Aggregate::Any => Cell::Bool(false),
            Aggregate::All => Cell::Bool(true),
            Aggregate::Only => Cell::Missing,
        }
    }
}

/// A group.
#[derive(Debug)]
pub(super) struct Group {
    keys: Vec<Cell>,
    /// The variables of its first row, for expressions that have one value in the whole group.
    pub first: Vec<VarValue>,
    pub tallies: Vec<Tally>,
}

impl Group {
    /// Returns the keys, then the results of the aggregates.
    pub fn results(&self, aggregates: &[Aggregate]) -> Vec<Cell> {
        let results = self.tallies.iter().zip(aggregates).map(|(tally, aggregate)| tally.result(*aggregate));
        self.keys.iter().cloned().chain(results).collect()
    }
}

/// All groups, in the order of their first rows.
#[derive(Debug)]
pub(super) struct Grouping {
    aggregates: usize,
    by_key: HashMap<Vec<Key>, usize>,
    pub groups: Vec<Group>,
    /// The key of the last row.
    key: Vec<Key>,
}

impl Grouping {
    pub fn new(aggregates: usize) -> Self {
        Self { aggregates, by_key: HashMap::new(), groups: Vec::new(), key: Vec::new() }
    }

    /// Adds a row.
    pub fn add(&mut self, keys: &[Cell], bound: &[VarValue], values: &mut Vec<Cell>) {
        let group = self.group(keys, bound);
        for (tally, value) in group.tallies.iter_mut().zip(values.drain(..)) {
            tally.add(value);
        }
    }

    /// Adds accumulators of several rows.
    pub fn merge(&mut self, keys: &[Cell], bound: &[VarValue], tallies: impl Iterator<Item = Tally>) {
        let group = self.group(keys, bound);
        for (tally, other) in group.tallies.iter_mut().zip(tallies) {
            tally.merge(other);
        }
    }

    /// Returns the group with the given keys and creates it if it is new.
    fn group(&mut self, keys: &[Cell], bound: &[VarValue]) -> &mut Group {
        self.key.clear();
        self.key.extend(keys.iter().map(Key::of));
        let at = self.by_key.get(self.key.as_slice()).copied().unwrap_or_else(|| {
            let tallies = vec![Tally::default(); self.aggregates];
            self.groups.push(Group { keys: keys.to_vec(), first: bound.to_vec(), tallies });
            self.by_key.insert(self.key.clone(), self.groups.len() - 1);
            self.groups.len() - 1
        });
        &mut self.groups[at]
    }

    /// Creates the single group of a query without keys, even for no rows.
    pub fn ensure_one(&mut self, vars: usize) {
        if self.groups.is_empty() {
            let tallies = vec![Tally::default(); self.aggregates];
            self.groups.push(Group { keys: Vec::new(), first: vec![VarValue::None; vars], tallies });
        }
    }
}

/// Compares two values for sorting: by kind, then by value. Missing values come last in both directions.
pub(super) fn in_order(left: &Cell, right: &Cell, falls: bool) -> Ordering {
    let rank = |cell: &Cell| match cell {
        Cell::Bool(_) => 0,
        Cell::Number(_) => 1,
        // An integer that a double can't hold.
        Cell::Json(json) if json.is_number() => 1,
        Cell::Time(_) => 2,
        Cell::Text(_) => 3,
        Cell::Json(_) => 4,
        Cell::Missing => 5,
    };
    match (left, right) {
        (Cell::Missing, _) | (_, Cell::Missing) => rank(left).cmp(&rank(right)),
        _ => {
            // Only values of one kind are compared: comparisons between times and texts would not be transitive.
            let order = match rank(left).cmp(&rank(right)) {
                Ordering::Equal => match (left, right) {
                    // Lists and objects have an order of no meaning, but always the same one.
                    (Cell::Json(one), Cell::Json(other)) if !one.is_number() => one.to_string().cmp(&other.to_string()),
                    _ => compare_alike(left, right).unwrap_or(Ordering::Equal),
                },
                other => other,
            };
            if falls { order.reverse() } else { order }
        }
    }
}
