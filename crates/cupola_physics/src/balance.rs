//! Balance of one well-mixed store with a constant gain and a loss proportional to its level. The step
//! solution is exact, so that no step is too long.

/// Balance `capacity · dx/dt = gain − loss · x`, with gain and loss constant over the step.
///
/// Units for heat: J/K, W and W/K. Units for a gas: m³, m³/s times concentration, and m³/s.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Balance {
    /// Amount of the quantity stored per unit of `x`, above 0.
    pub capacity: f64,
    /// Inflow, independent of `x`.
    pub gain: f64,
    /// Outflow per unit of `x`, at least 0.
    pub loss: f64,
}

impl Balance {
    /// Returns `x` after `dt` seconds, from `start`.
    pub fn after(&self, start: f64, dt: f64) -> f64 {
        Decay::new(self.capacity, self.loss, dt).after(start, self.gain)
    }

    /// Returns the constant input, in addition to the gain, with which `x` reaches `target` after `dt`
    /// seconds. The input is negative if `x` must fall, and 0 for a step of zero length.
    pub fn input_to_reach(&self, start: f64, target: f64, dt: f64) -> f64 {
        if dt <= 0.0 {
            return 0.0;
        }
        let step = Decay::new(self.capacity, self.loss, dt);
        (target - step.after(start, self.gain)) / step.gains
    }
}

/// Factors of one step of a [`Balance`]. They are computed once for all quantities with the same flow, such
/// as gas and vapour in the same air.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Decay {
    /// Fraction of the start value that remains.
    keeps: f64,
    /// Increase of `x` per unit of gain.
    gains: f64,
}

impl Decay {
    /// Returns the factors of a step of `dt` seconds. The other arguments are those of [`Balance`].
    pub fn new(capacity: f64, loss: f64, dt: f64) -> Self {
        let decay = loss * dt / capacity;
        let lost = -(-decay).exp_m1();
        let mean = if decay < 1e-12 { 1.0 } else { lost / decay };
        Self { keeps: 1.0 - lost, gains: dt / capacity * mean }
    }

    /// Returns `x` after the step.
    pub fn after(&self, start: f64, gain: f64) -> f64 {
        start * self.keeps + gain * self.gains
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Balance;

    #[test]
    fn has_the_closed_forms() {
        let decaying = Balance { capacity: 50.0, gain: 0.0, loss: 2.0 };
        assert!((decaying.after(10.0, 25.0) - 10.0 * (-1.0f64).exp()).abs() < 1e-12);
        let filling = Balance { capacity: 50.0, gain: 3.0, loss: 0.0 };
        assert!((filling.after(1.0, 100.0) - 7.0).abs() < 1e-12);
        let settled = Balance { capacity: 50.0, gain: 6.0, loss: 2.0 };
        assert!((settled.after(-500.0, 1e9) - 3.0).abs() < 1e-12);
        assert_eq!(settled.after(8.0, 0.0), 8.0);
        assert_eq!(settled.input_to_reach(8.0, 9.0, 0.0), 0.0);
    }

    proptest! {
        #[test]
        fn two_halves_are_the_whole(
            start in -50.0..50.0f64, gain in -1e4..1e4f64, loss in 0.0..500.0f64, capacity in 1e3..1e7f64, dt in 1.0..1e5f64,
        ) {
            let balance = Balance { capacity, gain, loss };
            let whole = balance.after(start, dt);
            let halves = balance.after(balance.after(start, dt / 2.0), dt / 2.0);
            prop_assert!((whole - halves).abs() <= 1e-9 * (1.0 + whole.abs()));
        }

        #[test]
        fn the_input_reaches_the_target(
            start in -50.0..50.0f64, target in -50.0..50.0f64, loss in 0.0..500.0f64, dt in 1.0..1e4f64,
        ) {
            let balance = Balance { capacity: 1e6, gain: 100.0, loss };
            let input = balance.input_to_reach(start, target, dt);
            let driven = Balance { gain: balance.gain + input, ..balance };
            prop_assert!((driven.after(start, dt) - target).abs() < 1e-6);
        }
    }
}
