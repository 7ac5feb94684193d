use proptest::{num, prelude::*};

use super::*;

const GOLDEN: Site = Site { latitude_deg: 39.742_476, longitude_deg: -105.178_6, time_zone_h: -7.0 };

#[test]
fn agrees_with_the_worked_example_of_the_solar_position_algorithm() {
    // Reda & Andreas 2004 (NREL/TP-560-34302), table A5.1: 17 October 2003, 12:30:30.
    let sun = GOLDEN.sun(2003, 289.0 + (12.0 * 3_600.0 + 30.0 * 60.0 + 30.0) / 86_400.0);
    assert!((sun.altitude_deg() - 39.872).abs() < 0.02, "{}", sun.altitude_deg());
    assert!((sun.azimuth_deg() - 194.340).abs() < 0.02, "{}", sun.azimuth_deg());
    assert!((sun.equation_of_time_min - 14.641).abs() < 0.05, "{}", sun.equation_of_time_min);
    assert!((sun.declination_deg + 9.314).abs() < 0.01, "{}", sun.declination_deg);
}

#[test]
fn the_seasons_are_in_place() {
    let site = Site { latitude_deg: 0.0, longitude_deg: 0.0, time_zone_h: 0.0 };
    // Meeus, examples 25.a and 28.b: 13 October 1992, 0 h.
    let sun = site.sun(1992, 286.0);
    assert!((sun.declination_deg + 7.785).abs() < 0.002, "{}", sun.declination_deg);
    assert!((sun.equation_of_time_min - 13.709).abs() < 0.03, "{}", sun.equation_of_time_min);
    // The equinox of 20 March 2002, 19:16 UT.
    assert!(site.sun(2002, 78.0 + (19.0 + 16.0 / 60.0) / 24.0).declination_deg.abs() < 0.002);
    assert!((site.sun(2002, 171.5).declination_deg - 23.44).abs() < 0.01);
    assert!((site.sun(2002, 355.5).declination_deg + 23.44).abs() < 0.01);
    // Perihelion is early in January, aphelion early in July.
    assert!(site.sun(2002, 2.0).extraterrestrial_w_m2 > 1_412.0);
    assert!(site.sun(2002, 185.0).extraterrestrial_w_m2 < 1_324.0);
}

#[test]
fn air_mass_of_kasten_and_young() {
    assert!((air_mass(90.0) - 1.0).abs() < 1e-3);
    assert!((air_mass(30.0) - 1.994).abs() < 2e-3);
    assert!((air_mass(0.0) - 37.92).abs() < 0.05);
    assert_eq!(air_mass(-20.0), air_mass(0.0));
}

#[test]
fn planes_look_where_they_should() {
    let south = Plane::new(180.0, 90.0);
    assert!((south.normal[1] + 1.0).abs() < 1e-12);
    assert!((south.right[0] - 1.0).abs() < 1e-12, "east is to the right of whoever faces a south wall");
    assert_eq!(south.up[2], 1.0);
    let noon = GOLDEN.sun(2002, 79.5);
    assert!(south.cos_incidence(&noon) > 0.5);
    assert!((Plane::new(0.0, 0.0).cos_incidence(&noon) - noon.cos_zenith()).abs() < 1e-12);
    assert!((Plane::new(77.0, 180.0).cos_incidence(&noon) + noon.cos_zenith()).abs() < 1e-12);
}

#[test]
fn the_mean_over_an_hour_is_what_many_instants_give() {
    for day in [10.0, 80.0, 172.0, 300.0] {
        for hour in 0..24 {
            let start = day + f64::from(hour) / 24.0;
            let over = GOLDEN.sun_over(2002, start, 1.0);
            let (mut up, mut sum) = (0, 0.0);
            let steps = 3_600;
            for step in 0..steps {
                let cosine = GOLDEN.sun(2002, start + (f64::from(step) + 0.5) / f64::from(steps) / 24.0).cos_zenith();
                if cosine > 0.0 {
                    up += 1;
                    sum += cosine;
                }
            }
            assert!((over.up_fraction - f64::from(up) / f64::from(steps)).abs() < 0.002, "{day} {hour}");
            assert!((over.up_fraction * over.mean_cos_zenith - sum / f64::from(steps)).abs() < 2e-4, "{day} {hour}");
        }
    }
}

#[test]
fn a_whole_day_and_the_poles() {
    let pole = Site { latitude_deg: 90.0, longitude_deg: 0.0, time_zone_h: 0.0 };
    assert!((pole.sun_over(2002, 171.0, 24.0).up_fraction - 1.0).abs() < 1e-9);
    assert_eq!(pole.sun_over(2002, 355.0, 24.0).up_fraction, 0.0);
    assert_eq!(pole.sunrise_sunset(2002, 171.0), None);
    let (rise, set) = GOLDEN.sunrise_sunset(2002, 171.3).unwrap();
    let day = GOLDEN.sun_over(2002, 171.0, 24.0).up_fraction;
    assert!((set - rise - day).abs() < 1e-3);
    assert!(GOLDEN.sun(2002, rise).altitude_deg().abs() < 0.1 && GOLDEN.sun(2002, set).altitude_deg().abs() < 0.1);
}

proptest! {
    #[test]
    fn directions_are_units_and_azimuths_agree(
        latitude in -90.0..90.0f64,
        longitude in -180.0..180.0f64,
        day in 0.0..366.0f64,
    ) {
        let site = Site { latitude_deg: latitude, longitude_deg: longitude, time_zone_h: (longitude / 15.0).round() };
        let sun = site.sun(2004, day);
        prop_assert!((dot(&sun.direction, &sun.direction) - 1.0).abs() < 1e-9);
        let plane = Plane::new(sun.azimuth_deg(), 90.0 - sun.altitude_deg());
        prop_assert!((plane.cos_incidence(&sun) - 1.0).abs() < 1e-9);
        let [right, up, _] = plane.local(&sun.direction);
        prop_assert!(right.abs() < 1e-6 && up.abs() < 1e-6);
    }

    #[test]
    fn odd_input_does_no_harm(
        latitude in num::f64::ANY,
        day in num::f64::ANY,
        hours in num::f64::ANY,
        year in any::<i32>(),
    ) {
        let site = Site { latitude_deg: latitude, longitude_deg: day, time_zone_h: hours };
        let sun = site.sun(year, day);
        let _ = (sun.air_mass(), sun.azimuth_deg(), site.sun_over(year, day, hours), site.sunrise_sunset(year, day));
        let _ = Plane::new(day, hours).cos_incidence(&sun);
    }
}
