//! Surface heat transfer: convection between a face and the air, and radiation between a face and its
//! surroundings. Coefficients in W/(m² K), temperatures in °C.

use crate::epw::{STEFAN_BOLTZMANN, ZERO_C_IN_K};
use crate::lanes::{Lanes, Number, put};
use crate::study::{InsideConvection, OutsideConvection};

/// Minimum convection coefficient, in W/(m² K), because air is rarely still (EnergyPlus Engineering Reference,
/// "Inside Heat Balance").
const MIN_COEFFICIENT: f64 = 0.1;

/// Natural convection model: a function of the temperature difference between face and air. The coefficient
/// depends on the cube root of the difference and on its sign.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct NaturalConvection<N> {
    /// Factor of the cube root, and constant: here for a face warmer than the air, in `cold` for a colder face.
    warm: (N, N),
    cold: (N, N),
    least: N,
}

impl NaturalConvection<f64> {
    /// Returns the TARP model (Walton 1983). `cos_tilt`, the cosine of the normal's tilt, is 1 for a floor and
    /// the outside of a flat roof, and −1 for a ceiling.
    pub fn tarp(cos_tilt: f64) -> Self {
        let tilt = cos_tilt.abs();
        // At a warm floor or a cold ceiling the stratification is unstable.
        let (turning, lying) = (9.482 / (7.238 - tilt), 1.810 / (1.382 + tilt));
        let (warm, cold) = match cos_tilt {
            _ if tilt < 1e-3 => (1.31, 1.31),
            tilt if tilt > 0.0 => (turning, lying),
            _ => (lying, turning),
        };
        Self { warm: (warm, 0.0), cold: (cold, 0.0), least: MIN_COEFFICIENT }
    }

    /// Returns a model that depends only on the direction of heat flow (ISO 52016-1:2017, table 25). `cos_tilt` is as
    /// in [`NaturalConvection::tarp`].
    pub fn iso_52016(cos_tilt: f64) -> Self {
        let (warm, cold) = match cos_tilt {
            tilt if tilt.abs() < 0.5 => (2.5, 2.5),
            tilt if tilt > 0.0 => (5.0, 0.7),
            _ => (0.7, 5.0),
        };
        Self { warm: (0.0, warm), cold: (0.0, cold), least: 0.0 }
    }

    /// Returns a model with a constant coefficient, in W/(m² K).
    pub fn fixed(coefficient: f64) -> Self {
        Self { warm: (0.0, coefficient), cold: (0.0, coefficient), least: 0.0 }
    }

    /// Returns the model of an inside face. `cos_tilt` belongs to the normal that points into the room, as in
    /// [`NaturalConvection::tarp`].
    pub fn inside(convection: &InsideConvection, cos_tilt: f64) -> Self {
        match convection {
            InsideConvection::Tarp => Self::tarp(cos_tilt),
            InsideConvection::Iso52016 => Self::iso_52016(cos_tilt),
            InsideConvection::Fixed(coefficient) => Self::fixed(*coefficient),
        }
    }
}

impl NaturalConvection<Lanes> {
    /// Writes a model into one lane.
    pub fn put(&mut self, lane: usize, still: &NaturalConvection<f64>) {
        let pairs = [
            (&mut self.warm.0, still.warm.0),
            (&mut self.warm.1, still.warm.1),
            (&mut self.cold.0, still.cold.0),
            (&mut self.cold.1, still.cold.1),
            (&mut self.least, still.least),
        ];
        put(lane, pairs);
    }
}

impl<N: Number> NaturalConvection<N> {
    /// Returns the convection coefficient, in W/(m² K), at a face and an air temperature, in °C.
    #[inline(always)]
    pub fn at(&self, face_c: N, air_c: N) -> N {
        let difference = face_c - air_c;
        let (factor, constant) =
            (difference.above_0(self.warm.0, self.cold.0), difference.above_0(self.warm.1, self.cold.1));
        factor.times(difference.size().cube_root(), constant).larger(self.least)
    }
}

/// Roughness multiplier of a medium rough face, such as brick or plaster (Walton 1981; an assumption for
/// faces of unknown roughness). Glass is smooth.
const ROUGHNESS: f64 = 1.52;

/// Powers of a wind speed, windward and leeward (MoWiTT, Yazdanian and Klems 1994). The power of a product is the
/// product of the powers, so the powers of wind speed and local wind ratio are computed separately.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct WindPowers {
    pub windward: f64,
    pub leeward: f64,
}

impl WindPowers {
    /// Returns the powers of a wind speed, in m/s.
    pub fn new(speed: f64) -> Self {
        let speed = speed.max(0.0);
        Self { windward: speed.powf(0.89), leeward: speed.powf(0.617) }
    }
}

/// Convection model of an outside face: natural convection, and its increase by wind.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct WindConvection<N> {
    still: NaturalConvection<N>,
    /// Factors of the powers of the wind speed.
    windward: N,
    leeward: N,
    roughness: N,
    /// Factor of the wind speed.
    linear: N,
}

impl WindConvection<f64> {
    /// Returns the model of a face whose local wind speed is `share` times that at the weather station. `cos_tilt`
    /// is as in [`NaturalConvection::tarp`]: 1 for a flat roof.
    pub fn new(convection: &OutsideConvection, share: f64, cos_tilt: f64, is_glass: bool) -> Self {
        let still = |still| Self { still, roughness: 1.0, ..Self::default() };
        match convection {
            // MoWiTT model (Yazdanian and Klems 1994), with the DOE-2 model of rough faces (Walton 1981).
            OutsideConvection::Doe2 => {
                let powers = WindPowers::new(share);
                let roughness = if is_glass { 1.0 } else { ROUGHNESS };
                let (windward, leeward) = (3.26 * powers.windward, 3.55 * powers.leeward);
                Self { windward, leeward, roughness, ..still(NaturalConvection::tarp(cos_tilt)) }
            }
            // ISO 6946:2017, annex C: 4 + 4 v.
            OutsideConvection::Iso6946 => Self { linear: 4.0 * share, ..still(NaturalConvection::fixed(4.0)) },
            OutsideConvection::Fixed(coefficient) => still(NaturalConvection::fixed(*coefficient)),
        }
    }
}

impl WindConvection<Lanes> {
    /// Writes a model into one lane.
    pub fn put(&mut self, lane: usize, windy: &WindConvection<f64>) {
        self.still.put(lane, &windy.still);
        let pairs = [
            (&mut self.windward, windy.windward),
            (&mut self.leeward, windy.leeward),
            (&mut self.roughness, windy.roughness),
            (&mut self.linear, windy.linear),
        ];
        put(lane, pairs);
    }
}

impl<N: Number> WindConvection<N> {
    /// Returns the convection coefficient, in W/(m² K). `speed` is in m/s. The face is windward if `ahead` is
    /// above 0.
    #[inline(always)]
    pub fn at(&self, (speed, powers): (f64, WindPowers), ahead: N, face_c: N, air_c: N) -> N {
        let natural = self.still.at(face_c, air_c);
        let smooth = ahead.above_0(self.windward * N::of(powers.windward), self.leeward * N::of(powers.leeward));
        let forced = natural.times(natural, smooth * smooth).root();
        self.roughness.times(forced - natural, self.linear.times(N::of(speed), natural))
    }
}

/// Returns the radiation coefficient between a face and its surroundings, in W/(m² K), linearised at the current
/// temperatures. `factor` multiplies the difference of fourth powers.
#[inline(always)]
pub(crate) fn radiative<N: Number>(face_c: N, around_c: N, factor: N) -> N {
    let (face, around) = (face_c + N::of(ZERO_C_IN_K), around_c + N::of(ZERO_C_IN_K));
    N::of(STEFAN_BOLTZMANN) * factor * (face + around) * face.times(face, around * around)
}

/// Returns the factor of the difference of fourth powers between each face of an enclosure and the mean
/// radiant temperature (Carroll 1980, the mean radiant temperature network). Faces with the same number in
/// `planes` are coplanar and do not exchange radiation.
pub(crate) fn mrt_factors(areas: &[f64], emittances: &[f64], planes: &[usize]) -> Vec<f64> {
    let count = planes.iter().map(|plane| plane + 1).max().unwrap_or(0);
    let mut plane_areas = vec![0.0; count];
    for (plane, area) in planes.iter().zip(areas) {
        plane_areas[*plane] += area;
    }
    let mut views = vec![1.0; count];
    for _ in 0..200 {
        let total: f64 = plane_areas.iter().zip(&views).map(|(area, view)| area * view).sum();
        for (view, area) in views.iter_mut().zip(&plane_areas) {
            // The limit keeps the iteration finite if one plane has most of the area. A closed enclosure
            // has no such plane, but a study can describe one.
            *view = 0.5 * *view + 0.5 / (1.0 - (area * *view / total).min(0.9));
        }
    }
    let factor = |(plane, emittance): (&usize, &f64)| {
        let emittance = emittance.clamp(1e-6, 1.0);
        1.0 / (1.0 / views[*plane] + (1.0 - emittance) / emittance)
    };
    if plane_areas.len() < 2 { vec![0.0; areas.len()] } else { planes.iter().zip(emittances).map(factor).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exchange_between_two_parallel_plates_matches_the_closed_form() {
        // 1 / (1/e1 + 1/e2 - 1), from two star branches in series.
        let factors = mrt_factors(&[10.0, 10.0], &[0.9, 0.5], &[0, 1]);
        let series = 1.0 / (1.0 / factors[0] + 1.0 / factors[1]);
        assert!((series - 1.0 / (1.0 / 0.9 + 1.0 / 0.5 - 1.0)).abs() < 1e-9);
    }

    #[test]
    fn the_mrt_factor_of_a_cube_of_black_faces_is_six_fifths() {
        let factors = mrt_factors(&[1.0; 6], &[1.0; 6], &[0, 1, 2, 3, 4, 5]);
        assert!(factors.iter().all(|factor| (factor - 1.2).abs() < 1e-9));
    }

    #[test]
    fn surface_coefficients_match_known_values() {
        assert!((NaturalConvection::tarp(0.0).at(22.0, 20.0) - 1.65).abs() < 0.01);
        assert!(NaturalConvection::tarp(1.0).at(22.0, 20.0) > NaturalConvection::tarp(1.0).at(18.0, 20.0));
        assert!(NaturalConvection::tarp(-1.0).at(22.0, 20.0) < NaturalConvection::tarp(-1.0).at(18.0, 20.0));
        assert_eq!(NaturalConvection::iso_52016(1.0).at(22.0, 20.0), 5.0);
        assert!((radiative(20.0, 20.0, 1.0) - 5.71).abs() < 0.01);
        let wind = (4.0, WindPowers::new(4.0));
        let wall = |convection| WindConvection::new(&convection, 1.0, 0.0, false).at(wind, 1.0, 10.0, 5.0);
        assert!((10.0..25.0).contains(&wall(OutsideConvection::Doe2)));
        assert_eq!(wall(OutsideConvection::Iso6946), 20.0);
        assert_eq!(wall(OutsideConvection::Fixed(7.0)), 7.0);
    }
}
