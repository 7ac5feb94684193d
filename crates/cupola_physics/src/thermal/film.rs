//! How heat passes between a face and the air, and between a face and its radiant surroundings. W/(m² K), temperatures in °C.

use crate::epw::{STEFAN_BOLTZMANN, ZERO_C_IN_K};

/// Air hardly ever stands still: less is never taken (EnergyPlus Engineering Reference, "Inside Heat Balance").
const LEAST: f64 = 0.1;

/// Natural convection at an inner face (Walton 1983, TARP). The cosine of the tilt of the face's normal that points into the room
/// is 1 for a floor, −1 for a ceiling.
pub(crate) fn tarp(face_c: f64, air_c: f64, cos_tilt: f64) -> f64 {
    let difference = face_c - air_c;
    let root = cube_root(difference.abs());
    let film = if cos_tilt.abs() < 1e-3 {
        1.31 * root
    } else if difference * cos_tilt > 0.0 {
        // A warm floor, a cold ceiling: the air turns over.
        9.482 * root / (7.238 - cos_tilt.abs())
    } else {
        1.810 * root / (1.382 + cos_tilt.abs())
    };
    film.max(LEAST)
}

/// A cube root that is as exact as a correlation needs, within 1e-8 of itself: a guess by the exponent, and two of Halley's steps
/// (Turkowski 1998 has the guess).
fn cube_root(number: f64) -> f64 {
    if number < 1e-12 {
        return 0.0;
    }
    let mut root = f64::from_bits(number.to_bits() / 3 + 0x2A9F_7893_782D_A1CE);
    for _ in 0..2 {
        let cube = root * root * root;
        root *= (cube + 2.0 * number) / (2.0 * cube + number);
    }
    root
}

/// By the direction of heat flow alone (ISO 52016-1:2017, table 25). Tilt as in [`tarp`].
pub(crate) fn iso_52016(face_c: f64, air_c: f64, cos_tilt: f64) -> f64 {
    if cos_tilt.abs() < 0.5 {
        2.5
    } else if (face_c - air_c) * cos_tilt > 0.0 {
        5.0
    } else {
        0.7
    }
}

/// Multiplier of a medium rough face, as brick and plaster are (Walton 1981; an assumption where nothing else is known).
const ROUGHNESS: f64 = 1.52;

/// A wind's part in convection, on its windward and on its leeward side. Powers of products are products of powers, so a wind and what
/// a place makes of it are raised apart.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct WindPowers {
    windward: f64,
    leeward: f64,
}

impl WindPowers {
    pub fn new(speed: f64) -> Self {
        let speed = speed.max(0.0);
        Self { windward: speed.powf(0.89), leeward: speed.powf(0.617) }
    }
}

/// Convection at an outer face in a wind, in m/s, of which its place has a share (MoWiTT, Yazdanian and Klems 1994; rough faces as in
/// DOE-2, Walton 1981). Tilt as in [`tarp`]: 1 is a flat roof.
pub(crate) fn doe2(
    (wind, share): (WindPowers, WindPowers),
    face_c: f64,
    air_c: f64,
    cos_tilt: f64,
    is_glass: bool,
    is_windward: bool,
) -> f64 {
    let natural = tarp(face_c, air_c, cos_tilt);
    let smooth = match is_windward {
        true => 3.26 * wind.windward * share.windward,
        false => 3.55 * wind.leeward * share.leeward,
    };
    let forced = (natural * natural + smooth * smooth).sqrt();
    if is_glass { forced } else { natural + ROUGHNESS * (forced - natural) }
}

/// Radiation between a face and surroundings, linearised where they are now.
pub(crate) fn radiative(face_c: f64, around_c: f64, factor: f64) -> f64 {
    let (face, around) = (face_c + ZERO_C_IN_K, around_c + ZERO_C_IN_K);
    STEFAN_BOLTZMANN * factor * (face + around) * (face * face + around * around)
}

/// How well each face of an enclosure sees the others' mean radiant temperature: what a difference of fourth powers is multiplied
/// with (Carroll 1980, the mean radiant temperature network). `planes` tells which faces lie in one plane and don't see each other.
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
            // A face with most of the area sees itself: an enclosure of planes has none, a description may.
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
    fn two_parallel_plates_exchange_as_the_textbook_says() {
        // 1 / (1/e1 + 1/e2 - 1), two star branches in series.
        let factors = mrt_factors(&[10.0, 10.0], &[0.9, 0.5], &[0, 1]);
        let series = 1.0 / (1.0 / factors[0] + 1.0 / factors[1]);
        assert!((series - 1.0 / (1.0 / 0.9 + 1.0 / 0.5 - 1.0)).abs() < 1e-9);
    }

    #[test]
    fn a_cube_of_black_faces_has_six_fifths() {
        let factors = mrt_factors(&[1.0; 6], &[1.0; 6], &[0, 1, 2, 3, 4, 5]);
        assert!(factors.iter().all(|factor| (factor - 1.2).abs() < 1e-9));
    }

    #[test]
    fn cube_roots_are_close() {
        for number in [1e-12_f64, 3e-5, 0.1, 1.0, 7.9, 1_000.0, 1e9] {
            assert!((cube_root(number) / number.cbrt() - 1.0).abs() < 1e-8, "{number}");
        }
    }

    #[test]
    fn films_are_of_the_known_size() {
        assert!((tarp(22.0, 20.0, 0.0) - 1.65).abs() < 0.01);
        assert!(tarp(22.0, 20.0, 1.0) > tarp(18.0, 20.0, 1.0));
        assert!((radiative(20.0, 20.0, 1.0) - 5.71).abs() < 0.01);
        assert!((10.0..25.0).contains(&doe2(
            (WindPowers::new(4.0), WindPowers::new(1.0)),
            10.0,
            5.0,
            0.0,
            false,
            true
        )));
    }
}
