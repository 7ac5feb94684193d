//! Numbers side by side, so that what is done to one is done to all at once with the processor's vectors.
//!
//! No operation crosses lanes, and which ones are rounded together is said, not left to the compiler: each lane holds, to the bit, what
//! a single number would, whatever the processor.

use std::array::from_fn;
use std::ops::{Add, Div, Mul, Sub};

/// How many there are.
pub(crate) const LANES: usize = 4;

/// What formulas are written for: one number, or one in each lane.
pub(crate) trait Number:
    Copy + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> + Div<Output = Self>
{
    /// This number.
    fn of(number: f64) -> Self;
    /// This times another one plus a third, rounded once.
    fn times(self, factor: Self, plus: Self) -> Self;
    /// Without its sign.
    fn size(self) -> Self;
    /// The larger one.
    fn larger(self, other: Self) -> Self;
    /// The square root.
    fn root(self) -> Self;
    /// The cube root of a number from 0 on, as exact as a correlation needs.
    fn cube_root(self) -> Self;
    /// The one if this is above 0, else the other.
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

    /// Within 3e-5 of itself: a guess by a third of the exponent (Turkowski 1998 has it), and one of Halley's steps.
    #[inline(always)]
    fn cube_root(self) -> Self {
        let number = self;
        // A third of the upper half, by multiplication: vectors have no division of integers.
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

/// A number in each lane.
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

/// Puts numbers into a lane.
pub(crate) fn put<const COUNT: usize>(lane: usize, numbers: [(&mut Lanes, f64); COUNT]) {
    for (lanes, number) in numbers {
        lanes.0[lane] = number;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is done in lanes. No closures: one is compiled by itself, without the processor's vectors.
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
    fn what_is_rounded_together_is_on_every_processor() {
        // A product that needs more digits than there are: rounded by itself it would give 0.
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
