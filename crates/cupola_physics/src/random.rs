//! Counter-based random numbers: each number is a function of its key. There is no generator state, so the
//! result does not depend on order or step.
//!
//! The key consists of the seed, a stream (for example a room), a tick (the time) and a draw (the index at
//! that time). The same key gives the same random bits, also in different functions of this module. An
//! independent number needs another draw.

use std::f64::consts::TAU;

/// 2^64 over the golden ratio: the increment of SplitMix64.
const STEP: u64 = 0x9E37_79B9_7F4A_7C15;

/// Returns a uniform random number in [0, 1), with 53 random bits.
pub fn uniform(seed: u64, stream: u64, tick: u64, draw: u32) -> f64 {
    unit(bits(seed, stream, tick, draw))
}

/// Returns a normal random number with mean 0 and standard deviation 1 (Box and Muller 1958), between about
/// −8.6 and 8.6.
pub fn normal(seed: u64, stream: u64, tick: u64, draw: u32) -> f64 {
    let bits = bits(seed, stream, tick, draw);
    // The number is in (0, 1], so that the logarithm is finite.
    let radius = (-2.0 * (1.0 - unit(bits)).ln()).sqrt();
    radius * (TAU * unit(mix(bits.wrapping_add(STEP)))).cos()
}

/// Returns a Poisson random number with this mean. The result is 0 if the mean is not above 0 or not finite.
///
/// Inversion is used below a mean of 30. Above, the result is the rounded normal number with the same mean
/// and variance.
pub fn poisson(mean: f64, seed: u64, stream: u64, tick: u64, draw: u32) -> u32 {
    if !mean.is_finite() || mean <= 0.0 {
        return 0;
    }
    if mean >= 30.0 {
        return (mean + mean.sqrt() * normal(seed, stream, tick, draw)).round().max(0.0) as u32;
    }
    let level = uniform(seed, stream, tick, draw);
    let mut count = 0_u32;
    let mut probability = (-mean).exp();
    let mut below = probability;
    // The weights beyond 200 are too small for a double. The limit ends the loop also with rounding errors.
    while level >= below && count < 200 {
        count += 1;
        probability *= mean / f64::from(count);
        below += probability;
    }
    count
}

/// Returns the stream of a text, such as the id of a room (FNV-1a, 64 bits).
pub fn stream_of(text: &str) -> u64 {
    text.bytes().fold(0xCBF2_9CE4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3))
}

/// Returns 64 random bits: a chain of SplitMix64 steps over the four parts of the key (Steele, Lea and Flood
/// 2014).
fn bits(seed: u64, stream: u64, tick: u64, draw: u32) -> u64 {
    [stream, tick, u64::from(draw)]
        .into_iter()
        .fold(mix(seed.wrapping_add(STEP)), |hash, name| mix((hash ^ name).wrapping_add(STEP)))
}

fn mix(bits: u64) -> u64 {
    let bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    bits ^ (bits >> 31)
}

fn unit(bits: u64) -> f64 {
    (bits >> 11) as f64 / (1u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    /// Returns mean and variance.
    fn moments(numbers: impl Iterator<Item = f64>) -> (f64, f64) {
        let numbers: Vec<f64> = numbers.collect();
        let count = numbers.len() as f64;
        let mean = numbers.iter().sum::<f64>() / count;
        let variance = numbers.iter().map(|number| (number - mean).powi(2)).sum::<f64>() / count;
        (mean, variance)
    }

    #[test]
    fn distributions_have_their_moments() {
        let (mean, variance) = moments((0..20_000).map(|tick| uniform(1, 2, tick, 0)));
        assert!((mean - 0.5).abs() < 0.02 && (variance - 1.0 / 12.0).abs() < 0.01, "{mean} {variance}");
        let (mean, variance) = moments((0..20_000).map(|tick| normal(1, 2, tick, 0)));
        assert!(mean.abs() < 0.05 && (variance - 1.0).abs() < 0.1, "{mean} {variance}");
        for expected in [0.01, 0.7, 3.0, 29.0, 31.0, 400.0] {
            let (mean, variance) = moments((0..20_000).map(|tick| f64::from(poisson(expected, 1, 2, tick, 0))));
            let tolerance = 0.08 * expected + 0.005;
            assert!((mean - expected).abs() < tolerance, "{expected}: {mean}");
            assert!((variance - expected).abs() < 2.0 * tolerance, "{expected}: {variance}");
        }
    }

    #[test]
    fn every_name_counts() {
        let numbers: BTreeSet<u64> = [(0, 0, 0, 0), (1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0), (0, 0, 0, 1)]
            .into_iter()
            .map(|(seed, stream, tick, draw)| uniform(seed, stream, tick, draw).to_bits())
            .collect();
        assert_eq!(numbers.len(), 5);
        assert_ne!(stream_of("room-1"), stream_of("room-2"));
    }

    #[test]
    fn impossible_means_give_nothing() {
        for mean in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert_eq!(poisson(mean, 1, 2, 3, 4), 0);
        }
    }

    proptest! {
        #[test]
        fn in_range_and_repeatable(seed: u64, stream: u64, tick: u64, draw: u32) {
            let number = uniform(seed, stream, tick, draw);
            prop_assert!((0.0..1.0).contains(&number));
            prop_assert_eq!(number, uniform(seed, stream, tick, draw));
            prop_assert!(normal(seed, stream, tick, draw).abs() < 9.0);
        }
    }
}
