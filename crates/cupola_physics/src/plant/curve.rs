//! Performance curves: polynomials of one and two variables, and tables, each with its range of validity.
//!
//! Source of the forms: EnergyPlus Engineering Reference, "Performance Curves"; DOE-2.2 Volume 2.

use crate::plant::limit;

/// Range of a variable. Values outside are limited to the nearest end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Range {
    /// Lower end.
    pub least: f64,
    /// Upper end.
    pub most: f64,
}

impl Range {
    /// Returns a range.
    pub const fn new(least: f64, most: f64) -> Self {
        Self { least, most }
    }

    /// Returns the value limited to the range. NaN gives the lower end.
    pub fn hold(&self, value: f64) -> f64 {
        limit(value, self.least, self.most)
    }
}

/// Cubic polynomial c0 + c1 x + c2 x² + c3 x³.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Polynomial {
    /// Coefficients c0 to c3.
    pub coefficients: [f64; 4],
    /// Range of x.
    pub range: Range,
}

impl Polynomial {
    /// Curve with the constant value 1.
    pub const ONE: Self = Self { coefficients: [1.0, 0.0, 0.0, 0.0], range: Range::new(0.0, 1.0) };

    /// Returns the value at x.
    pub fn at(&self, x: f64) -> f64 {
        let x = self.range.hold(x);
        self.coefficients.iter().rev().fold(0.0, |sum, coefficient| sum * x + coefficient)
    }
}

/// Biquadratic polynomial c0 + c1 x + c2 x² + c3 y + c4 y² + c5 x y.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Biquadratic {
    /// Coefficients c0 to c5.
    pub coefficients: [f64; 6],
    /// Range of x.
    pub x: Range,
    /// Range of y.
    pub y: Range,
}

impl Biquadratic {
    /// Returns the value at x and y.
    pub fn at(&self, x: f64, y: f64) -> f64 {
        let (x, y) = (self.x.hold(x), self.y.hold(y));
        let [constant, x1, x2, y1, y2, xy] = self.coefficients;
        constant + x * (x1 + x2 * x) + y * (y1 + y2 * y) + xy * x * y
    }
}

/// Piecewise linear curve with constant extrapolation.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    points: Vec<(f64, f64)>,
}

impl Table {
    /// Returns a table from pairs of x and value, or `None` if there is no point, a number is not finite, or
    /// x does not increase.
    pub fn new(points: Vec<(f64, f64)>) -> Option<Self> {
        let finite = points.iter().all(|(x, value)| x.is_finite() && value.is_finite());
        let growing = points.windows(2).all(|pair| matches!(pair, [first, second] if first.0 < second.0));
        (finite && growing && !points.is_empty()).then_some(Self { points })
    }

    /// Returns the value at x. NaN gives the first value.
    pub fn at(&self, x: f64) -> f64 {
        let after = self.points.iter().position(|point| x < point.0);
        match after {
            None if x.is_nan() => self.points.first().map_or(0.0, |point| point.1),
            None => self.points.last().map_or(0.0, |point| point.1),
            Some(0) => self.points.first().map_or(0.0, |point| point.1),
            Some(place) => match self.points.get(place - 1..=place) {
                Some([low, high]) => low.1 + (high.1 - low.1) * (x - low.0) / (high.0 - low.0),
                _ => 0.0,
            },
        }
    }
}
