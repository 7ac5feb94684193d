//! Tests of the building model against closed-form solutions, and tests of its controls.

use super::*;
use crate::central::PlantSource;
use crate::envelope::{Facade, WINDOW_SHARE};
use crate::study::{ColdKind, ColdSource, HeatKind, HeatSource};
use crate::sun::Site;
use crate::weather::DailyWeather;

pub(super) const HOUR: i64 = 3_600;
/// 1970-01-05 was a Monday.
pub(super) const MONDAY: i64 = 4 * 24 * HOUR;

/// Returns weather at a constant temperature, without sun or swing.
fn still(mean_c: f64) -> DailyWeather {
    DailyWeather { mean_c, swing_k: 0.0, day_to_day_k: 0.0, solar_peak_w_m2: 0.0, ..DailyWeather::default() }
}

/// Returns a room with infiltration, but without plant or gains.
fn bare() -> ZoneSpec {
    ZoneSpec {
        equipment_w_per_m2: 0.0,
        heating_max_w: 0.0,
        people_capacity: 0.0,
        infiltration_ach: 0.8,
        ..ZoneSpec::from_area(25.0, 2.8, 0.25)
    }
}

/// Returns daily weather at a site at 50° north.
pub(super) fn daily(weather: DailyWeather) -> Weather {
    Weather::Daily(weather, Site { latitude_deg: 50.0, longitude_deg: 0.0, time_zone_h: 0.0 })
}

fn alone(zone: ZoneSpec, weather: DailyWeather) -> BuildingModel {
    BuildingModel::new(vec![zone], vec![], vec![DayProfile::office()], daily(weather), 1).expect("a valid room")
}

/// Returns an office with rooms of different size, use and facade, served by two air handling units.
fn office(always_on: bool, weather: DailyWeather) -> BuildingModel {
    let zones = (0..6_usize).map(|row| ZoneSpec {
        stream: 100 + row as u64,
        profile: row % 2,
        ..ZoneSpec::from_area(20.0 + 5.0 * row as f64, 2.8, 0.25).with_terminal(row % 2)
    });
    let ahus = vec![AhuSpec { always_on, ..AhuSpec::default() }, AhuSpec::default()];
    let profiles = vec![DayProfile::office(), DayProfile::meeting()];
    BuildingModel::new(zones.collect(), ahus, profiles, daily(weather), 42).expect("a valid office")
}

/// Runs the model from a start time with a fixed step. Returns the outputs of the last step.
pub(super) fn run(
    model: &BuildingModel,
    state: &mut BuildingState,
    controls: &Controls,
    start_local_s: i64,
    duration_s: i64,
    dt_s: i64,
) -> Outputs {
    let mut out = Outputs::default();
    for step in 0..duration_s / dt_s {
        model.step(state, controls, start_local_s + step * dt_s, dt_s as f64, &mut out);
    }
    out
}

fn close(value: f64, expected: f64, share: f64) -> bool {
    (value - expected).abs() <= share * expected.abs()
}

#[test]
fn co2_decays_as_the_closed_form() {
    let model = alone(bare(), still(20.0));
    for dt_s in [10, 60, 600, 7_200] {
        let mut state = model.initial_state();
        state.co2_ppm[0] = 2_420.0;
        run(&model, &mut state, &model.controls(), MONDAY, 7_200, dt_s);
        let expected = 420.0 + 2_000.0 * (-0.8 * 2.0_f64).exp();
        assert!(close(state.co2_ppm[0], expected, 0.001), "{dt_s}: {}", state.co2_ppm[0]);
    }
}

#[test]
fn co2_settles_where_people_and_air_balance() {
    let model = alone(bare(), still(20.0));
    let controls = Controls { people_override: vec![Some(2.0)], ..model.controls() };
    let mut state = model.initial_state();
    let out = run(&model, &mut state, &controls, MONDAY, 48 * HOUR, 600);
    let air_m3_s = 0.8 * 25.0 * 2.8 / 3_600.0;
    let expected = 420.0 + 1e6 * 2.0 * 4.8e-6 / air_m3_s;
    assert!(close(out.co2_ppm[0], expected, 0.001), "{}", out.co2_ppm[0]);
    assert_eq!(out.people[0], 2.0);
}

#[test]
fn a_room_left_alone_becomes_as_cold_as_outdoors() {
    let model = alone(bare(), still(0.0));
    let mut state = model.initial_state();
    let mut before = state.temperature_c[0];
    for _ in 0..60 {
        run(&model, &mut state, &model.controls(), MONDAY, 24 * HOUR, 600);
        assert!(state.temperature_c[0] < before + 1e-9, "{} {before}", state.temperature_c[0]);
        before = state.temperature_c[0];
    }
    // Radiation to the sky cools the room slightly below the outdoor air.
    assert!((-1.0..0.1).contains(&before), "{before}");
}

#[test]
fn the_radiator_holds_the_set_point_with_what_is_lost() {
    let zone = ZoneSpec { heating_max_w: 5_000.0, ..bare() };
    let set = zone.set;
    let facade_m2 = 4.0 * zone.facades[0].length_m * zone.height_m;
    let u = (1.0 - WINDOW_SHARE) * set.wall_u_w_m2k + WINDOW_SHARE * set.window_u_w_m2k;
    let loss = u * facade_m2 + 1.204 * 1_006.0 * 0.8 * zone.volume_m3() / 3_600.0;
    let model = alone(zone, still(0.0));
    let mut state = model.initial_state();
    let out = run(&model, &mut state, &model.controls(), MONDAY, 20 * 24 * HOUR, 300);
    assert!(close(out.temperature_c[0], 21.0, 1e-6), "{}", out.temperature_c[0]);
    assert!(close(out.heating_w[0], loss * 21.0, 0.1), "{} {}", out.heating_w[0], loss * 21.0);
    let night = Controls { heating_setpoint_c: vec![16.0], ..model.controls() };
    let out = run(&model, &mut state, &night, MONDAY, 600, 300);
    assert_eq!(out.heating_w[0], 0.0);
}

#[test]
fn the_sun_warms_the_room_that_it_shines_into() {
    let towards = |azimuth_deg: f64| {
        let facades = vec![Facade { azimuth_deg, length_m: 5.0 }];
        let sunny = DailyWeather { solar_peak_w_m2: 700.0, day_to_day_k: 0.0, ..DailyWeather::default() };
        let model = alone(ZoneSpec { facades, ..bare() }, sunny);
        let mut state = model.initial_state();
        run(&model, &mut state, &model.controls(), MONDAY + 90 * 24 * HOUR, 10 * HOUR, 600);
        state.temperature_c[0]
    };
    assert!(towards(90.0) > towards(0.0) + 0.5, "by ten o'clock the east is warm: {} {}", towards(90.0), towards(0.0));
}

#[test]
fn rooms_share_the_heat_of_a_wall() {
    let next_to = |neighbours: [Vec<(usize, f64)>; 2]| {
        let [first, second] = neighbours;
        let heated = ZoneSpec { heating_max_w: 5_000.0, neighbours: first, ..bare() };
        let cold = ZoneSpec { neighbours: second, ..bare() };
        let profiles = vec![DayProfile::office()];
        let model = BuildingModel::new(vec![heated, cold], vec![], profiles, daily(still(0.0)), 1).unwrap();
        let mut state = model.initial_state();
        run(&model, &mut state, &model.controls(), MONDAY, 20 * 24 * HOUR, 600);
        state.temperature_c[1]
    };
    let (apart, together) = (next_to([vec![], vec![]]), next_to([vec![(1, 5.0)], vec![(0, 5.0)]]));
    assert!(together > apart + 1.0, "{together} {apart}");
}

#[test]
fn a_unit_that_is_off_makes_rooms_stuffy_and_warm() {
    let model = office(true, still(24.0));
    let on = model.controls();
    let off = Controls { ahu_on: vec![false, true], ..model.controls() };
    let morning = MONDAY + 6 * HOUR;
    let mut with_air = model.initial_state();
    run(&model, &mut with_air, &on, MONDAY, 6 * HOUR, 60);
    let mut without = with_air.clone();
    let supplied = run(&model, &mut with_air, &on, morning, 9 * HOUR, 60);
    let starved = run(&model, &mut without, &off, morning, 9 * HOUR, 60);
    for row in 0..6 {
        if row % 2 == 0 {
            assert!(without.co2_ppm[row] > with_air.co2_ppm[row] + 300.0, "{row}: {}", without.co2_ppm[row]);
            assert!(without.temperature_c[row] > with_air.temperature_c[row] + 0.5, "{row}");
            assert_eq!(starved.flow_m3_s[row], 0.0);
        } else {
            assert_eq!(without.co2_ppm[row], with_air.co2_ppm[row], "another unit's room, {row}");
        }
    }
    assert!(supplied.ahu_fan_w[0] > 0.0 && supplied.ahu_flow_m3_s[0] > 0.0);
    assert_eq!((starved.ahu_fan_w[0], starved.ahu_flow_m3_s[0]), (0.0, 0.0));
    assert_eq!(supplied.ahu_supply_c[0], 17.0);
}

/// Returns the office with a boiler for radiators and coils and a chiller for the coils.
fn with_plants(mean_c: f64, capacity_w: Option<f64>) -> BuildingModel {
    let heat = HeatSource { kind: HeatKind::GasBoiler, capacity_w, efficiency: None, supply_c: None };
    let cold = ColdSource { kind: ColdKind::Chiller, capacity_w, cop: None, supply_c: None };
    let boiler = PlantSpec { makes: PlantSource::Heat(heat), zones: (0..6).collect(), ahus: vec![0, 1] };
    let chiller = PlantSpec { makes: PlantSource::Cold(cold), zones: vec![], ahus: vec![0, 1] };
    office(true, still(mean_c)).with_plants(vec![boiler, chiller]).expect("sources that can be")
}

#[test]
fn a_boiler_that_is_off_leaves_rooms_and_supply_air_cold() {
    let model = with_plants(-10.0, None);
    let on = model.controls();
    let off = Controls { plant_on: vec![false, true], ..on.clone() };
    let mut heated = model.initial_state();
    run(&model, &mut heated, &on, MONDAY, 8 * HOUR, 60);
    let mut cold = heated.clone();
    let with_heat = run(&model, &mut heated, &on, MONDAY + 8 * HOUR, 4 * HOUR, 60);
    let without = run(&model, &mut cold, &off, MONDAY + 8 * HOUR, 4 * HOUR, 60);
    assert!((with_heat.ahu_supply_c[0] - 17.0).abs() < 1e-9 && without.ahu_supply_c[0] < 14.0, "{without:?}");
    for row in 0..6 {
        assert!(cold.temperature_c[row] < heated.temperature_c[row] - 1.0, "{row}: {}", cold.temperature_c[row]);
        assert_eq!(without.heating_w[row], 0.0);
    }
    let asked_w: f64 = with_heat.heating_w.iter().chain(&with_heat.ahu_heating_w).sum();
    assert!((with_heat.plant_given_w[0] / asked_w - 1.0).abs() < 1e-9 && with_heat.plant_fuel_w[0] > asked_w);
    assert_eq!((without.plant_given_w[0], without.plant_fuel_w[0], with_heat.plant_given_w[1]), (0.0, 0.0, 0.0));
    // The boiler warms the rooms again after it is switched on.
    let again = run(&model, &mut cold, &on, MONDAY + 12 * HOUR, 5 * HOUR, 60);
    assert!(again.plant_given_w[0] > 0.0 && (again.ahu_supply_c[0] - 17.0).abs() < 1e-9);
    assert!((0..6).all(|row| cold.temperature_c[row] > 20.5), "{:?}", cold.temperature_c);
}

#[test]
fn a_chiller_that_is_off_lets_rooms_warm_and_comes_back() {
    let model = with_plants(32.0, None);
    let on = model.controls();
    let off = Controls { plant_on: vec![true, false], ..on.clone() };
    let mut cooled = model.initial_state();
    run(&model, &mut cooled, &on, MONDAY, 8 * HOUR, 60);
    let mut warm = cooled.clone();
    let with_cold = run(&model, &mut cooled, &on, MONDAY + 8 * HOUR, 4 * HOUR, 60);
    let without = run(&model, &mut warm, &off, MONDAY + 8 * HOUR, 4 * HOUR, 60);
    assert!(without.ahu_supply_c[0] > 25.0 && without.plant_electric_w[1] == 0.0, "{without:?}");
    assert!((0..6).all(|row| warm.temperature_c[row] > cooled.temperature_c[row] + 1.0));
    let taken_w: f64 = with_cold.ahu_cooling_w.iter().sum();
    assert!((with_cold.plant_given_w[1] / taken_w - 1.0).abs() < 1e-9 && with_cold.plant_electric_w[1] > 0.0);
    run(&model, &mut warm, &on, MONDAY + 12 * HOUR, 5 * HOUR, 60);
    assert!((0..6).all(|row| warm.temperature_c[row] < 26.5), "{:?}", warm.temperature_c);
}

#[test]
fn a_small_boiler_gives_all_it_has_and_no_more() {
    let large = with_plants(-10.0, None);
    let mut warm = large.initial_state();
    let needed_w = run(&large, &mut warm, &large.controls(), MONDAY, 12 * HOUR, 60).plant_given_w[0];
    let mut small = large.clone();
    for capacity_w in [0.4 * needed_w, f64::NAN] {
        small.set_capacity(0, capacity_w);
    }
    assert_eq!(small, with_plants(-10.0, None).with_plants(small.plants.clone()).expect("as it was"));
    let mut cold = small.initial_state();
    let out = run(&small, &mut cold, &small.controls(), MONDAY, 12 * HOUR, 60);
    assert!((out.plant_given_w[0] / (0.4 * needed_w) - 1.0).abs() < 0.01, "{} of {needed_w}", out.plant_given_w[0]);
    assert!((0..6).all(|row| cold.temperature_c[row] < warm.temperature_c[row] - 0.5));
}

#[test]
fn a_step_of_no_length_shows_and_changes_nothing() {
    let model = with_plants(-5.0, None);
    let mut state = model.initial_state();
    run(&model, &mut state, &model.controls(), MONDAY + 8 * HOUR, HOUR, 60);
    let off = Controls { plant_on: vec![false, false], supply_setpoint_c: vec![30.0, 30.0], ..model.controls() };
    let (before, mut out) = (state.clone(), Outputs::default());
    model.step(&mut state, &off, MONDAY + 9 * HOUR, 0.0, &mut out);
    assert_eq!(state, BuildingState { ticks: before.ticks + 1, ..before });
    assert_eq!(out.temperature_c, state.temperature_c);
}

#[test]
fn supply_air_follows_its_set_point() {
    let model = with_plants(28.0, None);
    let mut state = model.initial_state();
    let colder = Controls { supply_setpoint_c: vec![14.0, 17.0], ..model.controls() };
    let out = run(&model, &mut state, &colder, MONDAY + 8 * HOUR, 2 * HOUR, 60);
    assert!((out.ahu_supply_c[0] - 14.0).abs() < 1e-9 && (out.ahu_supply_c[1] - 17.0).abs() < 1e-9);
}

#[test]
fn a_shut_terminal_starves_its_room_only() {
    let model = office(true, still(24.0));
    let mut controls = model.controls();
    controls.terminal_on[2] = false;
    let mut state = model.initial_state();
    let out = run(&model, &mut state, &controls, MONDAY, 12 * HOUR, 60);
    assert_eq!((out.flow_m3_s[2], out.damper_pct[2]), (0.0, 0.0));
    assert!(out.flow_m3_s[4] > 0.0);
    let sum = out.flow_m3_s[0] + out.flow_m3_s[2] + out.flow_m3_s[4];
    assert!((out.ahu_flow_m3_s[0] - sum).abs() < 1e-12);
}

#[test]
fn units_rest_at_night_unless_always_on() {
    let model = office(true, still(30.0));
    let mut state = model.initial_state();
    state.co2_ppm.fill(1_500.0);
    for (moment, by_day) in [
        (MONDAY + 5 * HOUR, false),
        (MONDAY + 6 * HOUR, true),
        (MONDAY + 20 * HOUR, false),
        (MONDAY - 12 * HOUR, false),
    ] {
        let out = run(&model, &mut state.clone(), &model.controls(), moment, 60, 60);
        assert!(out.ahu_flow_m3_s[0] > 0.0, "{moment}");
        assert_eq!(out.ahu_flow_m3_s[1] > 0.0, by_day, "{moment}");
    }
}

#[test]
fn the_same_again_is_the_same() {
    let model = office(false, DailyWeather::default());
    let day = || {
        let mut state = model.initial_state();
        let out = run(&model, &mut state, &model.controls(), MONDAY, 24 * HOUR, 60);
        (state, out)
    };
    assert_eq!(day(), day());
    // A fork of a state gives the same result as the uninterrupted run.
    let (whole, _) = day();
    let mut half = model.initial_state();
    run(&model, &mut half, &model.controls(), MONDAY, 12 * HOUR, 60);
    let mut fork = half.clone();
    run(&model, &mut fork, &model.controls(), MONDAY + 12 * HOUR, 12 * HOUR, 60);
    assert_eq!(fork, whole);
}

#[test]
fn shorter_steps_converge() {
    let model = office(false, DailyWeather { mean_c: 22.0, ..DailyWeather::default() });
    let hourly = |dt_s: i64| {
        let mut state = model.initial_state();
        let mut rows = Vec::new();
        for hour in 0..24 {
            run(&model, &mut state, &model.controls(), MONDAY + hour * HOUR, HOUR, dt_s);
            rows.extend_from_slice(&state.co2_ppm);
        }
        rows
    };
    let reference = hourly(3);
    let error = |dt_s: i64| {
        let differences = hourly(dt_s).into_iter().zip(&reference).map(|(value, exact)| (value - exact).abs());
        differences.sum::<f64>() / reference.len() as f64
    };
    let errors = [error(60), error(30), error(15)];
    assert!(errors[0] < 10.0, "{errors:?}");
    assert!(errors[1] < 0.7 * errors[0] && errors[2] < 0.7 * errors[1], "{errors:?}");
}

#[test]
fn a_step_of_no_length_only_looks() {
    let model = office(false, DailyWeather::default());
    let mut state = model.initial_state();
    for dt_s in [0.0, -5.0, f64::NAN] {
        let mut out = Outputs::default();
        model.step(&mut state, &model.controls(), MONDAY + 12 * HOUR, dt_s, &mut out);
        assert_eq!(out.temperature_c, state.temperature_c);
    }
    assert_eq!(state.temperature_c, model.initial_state().temperature_c);
    assert_eq!(state.co2_ppm, model.initial_state().co2_ppm);
}

#[test]
fn missing_and_impossible_controls_are_the_specification() {
    let model = office(false, DailyWeather::default());
    let nonsense = Controls {
        heating_setpoint_c: vec![f64::NAN; 6],
        cooling_setpoint_c: vec![f64::INFINITY; 2],
        people_override: vec![Some(f64::NAN)],
        outdoor_offset_k: f64::NAN,
        ..Controls::default()
    };
    let (mut a, mut b) = (model.initial_state(), model.initial_state());
    let first = run(&model, &mut a, &nonsense, MONDAY, 12 * HOUR, 60);
    let second = run(&model, &mut b, &model.controls(), MONDAY, 12 * HOUR, 60);
    assert_eq!(first, second);
}

#[test]
fn refuses_impossible_buildings() {
    let room = || ZoneSpec::from_area(20.0, 2.8, 0.2);
    let one = || vec![DayProfile::office()];
    let weather = || daily(DailyWeather::default());
    assert!(BuildingModel::new(vec![room()], vec![], vec![], weather(), 1).is_err());
    assert!(BuildingModel::new(vec![room().with_terminal(0)], vec![], one(), weather(), 1).is_err());
    assert!(BuildingModel::new(vec![room()], vec![], vec![DayProfile::always(1.5)], weather(), 1).is_err());
    assert!(BuildingModel::new(vec![room()], vec![], one(), daily(still(f64::NAN)), 1).is_err());
    assert!(BuildingModel::new(vec![], vec![], vec![], weather(), 1).is_ok());
}
