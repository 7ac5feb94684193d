//! Property tests that hold for any building.

use proptest::prelude::*;

use super::tests::{HOUR, MONDAY, daily, run};
use super::*;
use crate::weather::DailyWeather;
use crate::zone::TerminalSpec;

/// Returns a strategy for any valid zone that is served by the one air handling unit.
fn any_zone() -> impl Strategy<Value = ZoneSpec> {
    let shape = (4.0..200.0f64, 2.2..6.0f64, 0.0..1.0f64, 0.0..0.5f64);
    let air = (proptest::option::of((0.0..1.5f64, 0.0..1.0f64)), 0.0..5.0f64, any::<u64>());
    (shape, air).prop_map(|((area_m2, height_m, share, people_per_m2), (terminal, leak, stream))| ZoneSpec {
        stream,
        people_capacity: people_per_m2 * area_m2,
        infiltration_ach: leak,
        terminal: terminal.map(|(max_flow_m3_s, min_fraction)| TerminalSpec { ahu: 0, max_flow_m3_s, min_fraction }),
        ..ZoneSpec::from_area(area_m2, height_m, share)
    })
}

fn any_building() -> impl Strategy<Value = (Vec<ZoneSpec>, f64, u64)> {
    (proptest::collection::vec(any_zone(), 1..6), -20.0..40.0f64, any::<u64>())
}

fn built(zones: Vec<ZoneSpec>, mean_c: f64, seed: u64) -> BuildingModel {
    let weather = DailyWeather { mean_c, ..DailyWeather::default() };
    BuildingModel::new(zones, vec![AhuSpec::default()], vec![DayProfile::office()], daily(weather), seed)
        .expect("valid")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn outputs_stay_in_bounds((zones, mean_c, seed) in any_building(), dt_s in 30i64..4_000) {
        let model = built(zones, mean_c, seed);
        let mut state = model.initial_state();
        let mut out = Outputs::default();
        for step in 0..60 {
            model.step(&mut state, &model.controls(), MONDAY + step * dt_s, dt_s as f64, &mut out);
            for (row, zone) in model.zones().iter().enumerate() {
                let most = zone.terminal.as_ref().map_or(0.0, |terminal| terminal.max_flow_m3_s);
                prop_assert!((-40.0..400.0).contains(&out.temperature_c[row]), "{}", out.temperature_c[row]);
                prop_assert!((0.0..=100.0).contains(&out.relative_humidity_pct[row]));
                prop_assert!(out.co2_ppm[row] >= 420.0 - 1e-6 && out.co2_ppm[row].is_finite());
                prop_assert!((0.0..=zone.people_capacity).contains(&out.people[row]));
                prop_assert!((0.0..=most + 1e-9).contains(&out.flow_m3_s[row]));
                prop_assert!((0.0..=100.0 + 1e-6).contains(&out.damper_pct[row]));
                prop_assert!((0.0..=zone.heating_max_w + 1e-6).contains(&out.heating_w[row]));
                prop_assert!((30.0..90.0).contains(&out.sound_db[row]));
                prop_assert!(out.cooling_w[row] >= 0.0 && out.lights_and_equipment_w[row] >= 0.0);
            }
            prop_assert!(out.ahu_fan_w[0] >= 0.0 && out.ahu_heating_w[0] >= 0.0 && out.ahu_cooling_w[0] >= 0.0);
        }
    }

    #[test]
    fn the_order_of_zones_does_not_matter((zones, mean_c, seed) in any_building(), turn in 0usize..6) {
        let count = zones.len();
        let mut turned = zones.clone();
        turned.rotate_left(turn % count);
        let (one, other) = (built(zones, mean_c, seed), built(turned, mean_c, seed));
        let (mut state, mut turned_state) = (one.initial_state(), other.initial_state());
        let out = run(&one, &mut state, &one.controls(), MONDAY + 6 * HOUR, 4 * HOUR, 300);
        let turned_out = run(&other, &mut turned_state, &other.controls(), MONDAY + 6 * HOUR, 4 * HOUR, 300);
        for row in 0..count {
            let from = (row + turn) % count;
            prop_assert_eq!(turned_state.temperature_c[row], state.temperature_c[from]);
            prop_assert_eq!(turned_state.co2_ppm[row], state.co2_ppm[from]);
            prop_assert_eq!(turned_out.people[row], out.people[from]);
        }
        // Only sums over zones may differ, and only in their last digits.
        prop_assert!((turned_out.ahu_fan_w[0] - out.ahu_fan_w[0]).abs() <= 1e-9 * (1.0 + out.ahu_fan_w[0]));
    }
}
