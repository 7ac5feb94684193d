//! Vectors of numbers (lanes) for SIMD processing.
//!
//! No operation mixes lanes, and fused rounding is explicit instead of left to the compiler. Each lane
//! therefore holds the same bits as scalar arithmetic, on every processor.

use std::array::from_fn;
use std::ops::{Add, Div, Mul, Sub};

/// Number of lanes.
pub(crate) const LANES: usize = 4;

/// Number type of formulas: one number, or one in each lane.
pub(crate) trait Number:
    Copy + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> + Div<Output = Self>
{
    /// Returns this number, in all lanes.
    fn of(number: f64) -> Self;
    /// Returns `self · factor + plus`, rounded once.
    fn times(self, factor: Self, plus: Self) -> Self;
    /// Returns the absolute value.
    fn size(self) -> Self;
    /// Returns the larger number.
    fn larger(self, other: Self) -> Self;
    /// Returns the square root.
    fn root(self) -> Self;
    /// Returns the cube root of a number that is at least 0, with the accuracy that correlations need.
    fn cube_root(self) -> Self;
    /// Returns `one` if this number is above 0, otherwise `other`.
    fn above_0(self, one: Self, other: Self) -> Self;
}

impl Number for f64 {
    #[inline(always)]
    fn of(number: f64) -> Self {
        number
    }

    #[inline(always)]
    fn times(self, factor: Self, plus: Self) -> Self {
        self.mul_add(factor, plus)
    }

    #[inline(always)]
    fn size(self) -> Self {
        self.abs()
    }

    #[inline(always)]
    fn larger(self, other: Self) -> Self {
        if self > other { self } else { other }
    }

    #[inline(always)]
    fn root(self) -> Self {
        self.sqrt()
    }

    /// Relative error within 3e-5: initial guess by a third of the exponent (Turkowski 1998), followed by one
    /// Halley step.
    #[inline(always)]
    fn cube_root(self) -> Self {
        let number = self;
        // A third of the upper half, by multiplication, because vectors have no integer division.
        let third = ((number.to_bits() >> 32) * 0xAAAA_AAAB) >> 33;
        let guess = f64::from_bits((third + 0x2A9F_7893) << 32);
        let cube = guess * guess * guess;
        let root = guess * (cube + 2.0 * number) / (2.0 * cube + number);
        if number > 1e-12 { root } else { 0.0 }
    }

    #[inline(always)]
    fn above_0(self, one: Self, other: Self) -> Self {
        if self > 0.0 { one } else { other }
    }
}

/// One number in each lane.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[repr(align(32))]
pub(crate) struct Lanes(pub [f64; LANES]);

macro_rules! operator {
    ($name:ident, $function:ident, $sign:tt) => {
        impl $name for Lanes {
            type Output = Self;

            #[inline(always)]
            fn $function(self, other: Self) -> Self {
                Self(from_fn(|lane| self.0[lane] $sign other.0[lane]))
            }
        }
    };
}

operator!(Add, add, +);
operator!(Sub, sub, -);
operator!(Mul, mul, *);
operator!(Div, div, /);

impl Number for Lanes {
    #[inline(always)]
    fn of(number: f64) -> Self {
        Self([number; LANES])
    }

    #[inline(always)]
    fn times(self, factor: Self, plus: Self) -> Self {
        Self(from_fn(|lane| self.0[lane].mul_add(factor.0[lane], plus.0[lane])))
    }

    #[inline(always)]
    fn size(self) -> Self {
        Self(from_fn(|lane| self.0[lane].size()))
    }

    #[inline(always)]
    fn larger(self, other: Self) -> Self {
        Self(from_fn(|lane| self.0[lane].larger(other.0[lane])))
    }

    #[inline(always)]
    fn root(self) -> Self {
        Self(from_fn(|lane| self.0[lane].sqrt()))
    }

    #[inline(always)]
    fn cube_root(self) -> Self {
        Self(from_fn(|lane| self.0[lane].cube_root()))
    }

    #[inline(always)]
    fn above_0(self, one: Self, other: Self) -> Self {
        Self(from_fn(|lane| self.0[lane].above_0(one.0[lane], other.0[lane])))
    }
}

/// Writes numbers into one lane.
pub(crate) fn put<const COUNT: usize>(lane: usize, numbers: [(&mut Lanes, f64); COUNT]) {
    for (lanes, number) in numbers {
        lanes.0[lane] = number;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Operation in lanes. An enum takes the place of closures, because a closure would be compiled without
    /// vector instructions.
    enum Formula {
        CubeRoot(f64),
        Times(f64, f64, f64),
    }

    impl pulp::NullaryFnOnce for Formula {
        type Output = Lanes;

        #[inline(always)]
        fn call(self) -> Lanes {
            match self {
                Self::CubeRoot(number) => Lanes::of(number).cube_root(),
                Self::Times(number, factor, plus) => Lanes::of(number).times(Lanes::of(factor), Lanes::of(plus)),
            }
        }
    }

    fn in_lanes(formula: Formula) -> Lanes {
        pulp::Arch::new().dispatch(formula)
    }

    #[test]
    fn cube_roots_are_close_in_every_lane() {
        for number in [0.0, 1e-13, 1e-9, 3e-5, 0.1, 1.0, 7.9, 1_000.0, 1e9_f64] {
            let expected = if number > 1e-12 { number.cbrt() } else { 0.0 };
            assert!((number.cube_root() - expected).abs() <= 3e-5 * expected, "{number}");
            let Lanes(lanes) = in_lanes(Formula::CubeRoot(number));
            assert!(lanes.iter().all(|lane| lane.to_bits() == number.cube_root().to_bits()), "{number}");
        }
    }

    #[test]
    fn fused_operations_round_equally_on_every_processor() {
        // The exact product needs more digits than a number has. If it were rounded separately, the result
        // would be 0.
        let number = 1.0 + f64::EPSILON;
        let (product, expected) = (-number * number, f64::EPSILON * f64::EPSILON);
        assert_eq!(number.times(number, product), expected);
        assert_eq!(in_lanes(Formula::Times(number, number, product)), Lanes::of(expected));
    }

    #[test]
    fn lanes_keep_to_themselves() {
        let numbers = Lanes(from_fn(|lane| lane as f64 - 2.0));
        let Lanes(found) = numbers.above_0(numbers.size() * Lanes::of(2.0), (numbers - Lanes::of(1.0)).larger(numbers));
        assert_eq!(found[..4], [-2.0, -1.0, 0.0, 2.0]);
    }
}
