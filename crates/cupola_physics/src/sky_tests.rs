use proptest::{num, prelude::*};

use super::*;
use crate::sun::Site;

const DENVER: Site = Site { latitude_deg: 39.83, longitude_deg: -104.65, time_zone_h: -7.0 };

#[test]
fn an_overcast_sky_is_nearly_uniform() {
    let sky = SkyState::new(DENVER.sun(2002, 172.5), 0.0, 100.0);
    let south = sky.on_plane(&Plane::new(180.0, 90.0), 0.2).total();
    let north = sky.on_plane(&Plane::new(0.0, 90.0), 0.2).total();
    assert!((south - north).abs() < 15.0 && north > 45.0 && south < 75.0, "{south} {north}");
}

#[test]
fn a_clear_sky_is_brighter_around_the_sun() {
    // The clearness is in the last bin but one. The coefficients are computed by hand from Z and Δ of this
    // instant.
    let sun = DENVER.sun(2002, 80.5);
    let sky = SkyState::new(sun, 900.0, 160.0);
    let zenith = sun.cos_zenith().acos();
    let delta = 160.0 * sun.air_mass() / sun.extraterrestrial_w_m2;
    let clearness = (6.625 + 1.041 * zenith.powi(3)) / (1.0 + 1.041 * zenith.powi(3));
    assert!((4.5..6.2).contains(&clearness), "{clearness}");
    let f1 = 1.060_159_1 - 1.599_913_7 * delta - 0.358_922_1 * zenith;
    assert!((sky.brightness.circumsolar - f1).abs() < 1e-12 && f1 > 0.3);
    let parts = sky.on_plane(&Plane::new(180.0, 90.0), 0.2);
    assert!(parts.circumsolar > parts.dome * 0.5);
    assert!((parts.ground - 0.1 * sky.global_horizontal_w_m2()).abs() < 1e-9);
}

#[test]
fn a_level_plane_gets_what_was_measured() {
    for hour in 8..17 {
        let sky = SkyState::new(DENVER.sun(2002, 172.0 + f64::from(hour) / 24.0), 700.0, 150.0);
        let level = sky.on_plane(&Plane::new(0.0, 0.0), 0.2);
        assert!((level.total() - sky.global_horizontal_w_m2()).abs() < 1e-9, "{hour}");
        assert_eq!(level.ground, 0.0);
    }
}

#[test]
fn at_night_the_sky_is_uniform_and_there_is_no_beam() {
    let sky = SkyState::new(DENVER.sun(2002, 172.0), 500.0, 10.0);
    let wall = sky.on_plane(&Plane::new(180.0, 90.0), 0.0);
    assert_eq!((wall.beam, wall.circumsolar, wall.horizon), (0.0, 0.0, 0.0));
    assert!((wall.dome - 5.0).abs() < 1e-12);
}

proptest! {
    #[test]
    fn never_negative(
        day in 0.0..365.0f64,
        direct in 0.0..1_100.0f64,
        diffuse in 0.0..600.0f64,
        azimuth in 0.0..360.0f64,
        tilt in 0.0..180.0f64,
    ) {
        let parts = SkyState::new(DENVER.sun(2002, day), direct, diffuse).on_plane(&Plane::new(azimuth, tilt), 0.2);
        prop_assert!(parts.beam >= 0.0 && parts.circumsolar >= 0.0 && parts.dome >= 0.0 && parts.ground >= 0.0);
        prop_assert!(parts.total() >= -1e-12 && parts.total().is_finite());
    }

    #[test]
    fn odd_input_does_no_harm(direct in num::f64::ANY, diffuse in num::f64::ANY, ground in num::f64::ANY) {
        let sky = SkyState::new(DENVER.sun(2002, 172.5), direct, diffuse);
        let _ = sky.on_plane(&Plane::new(direct, diffuse), ground).total();
    }
}
