use proptest::prelude::*;

use super::*;
use crate::vdi6007_cases::{Case, Quantity, cases};
use crate::vdi6007_results::CASE_11_AIR_C;

/// Returns the hourly load and air temperature of the days 1, 10 and 60.
fn run(case: &Case, longest_s: f64) -> [[(f64, f64); 24]; 3] {
    let model = TwoElement::new(case.room.clone()).unwrap();
    let mut state = case.start;
    let mut results = [[(0.0, 0.0); 24]; 3];
    for day in 1..=60 {
        for hour in 0..24 {
            let solar_w: Vec<f64> = case.solar_w.iter().map(|day| day[hour]).collect();
            let (heating, cooling) = case.set_points(hour);
            let input = Input {
                outer_c: case.outer_c[hour],
                window_c: case.outer_c[hour],
                convective_w: case.convective_w[hour],
                radiant_w: case.radiant_w[hour],
                solar_w: &solar_w,
                ventilation_w_k: case.ventilation_w_k[hour],
                ventilation_c: case.ventilation_c[hour],
                heating,
                cooling,
            };
            let output = model.step_with(&mut state, &input, 3_600.0, longest_s).unwrap();
            if let Some(place) = [1, 10, 60].iter().position(|wanted| *wanted == day) {
                results[place][hour] = (output.heating_w - output.cooling_w, output.air_c);
            }
        }
    }
    results
}

/// Returns the largest difference to the standard's results, except for hours that `left_out` names.
fn largest(case: &Case, longest_s: f64, left_out: impl Fn(usize) -> bool) -> f64 {
    let results = run(case, longest_s);
    let mut largest = 0.0_f64;
    for (ours, theirs) in results.iter().zip(&case.days) {
        for (hour, (ours, theirs)) in ours.iter().zip(theirs).enumerate().filter(|(hour, _)| !left_out(*hour)) {
            let value = if case.quantity == Quantity::Load { ours.0 } else { ours.1 };
            let difference = (value - theirs).abs();
            assert!(difference.is_finite(), "case {} hour {hour}", case.number);
            largest = largest.max(difference);
        }
    }
    largest
}

#[test]
fn agrees_with_vdi_6007() {
    // The standard allows 0.1 K and 1 W, and prints results to 0.1 K and 1 W. The limits add half a digit,
    // because smaller differences are not visible in the printed results.
    for case in cases() {
        let limit = if case.quantity == Quantity::Load { 1.5 } else { 0.15 };
        // Case 11 changes from heater to chilled ceiling within hour 9; see below.
        let difference = largest(&case, 10.0, |hour| case.number == 11 && hour == 9);
        assert!(difference <= limit, "case {}: {difference}", case.number);
    }
    // These cases stay within 0.1 K and 1 W as printed. The cases 6 (1.4 W), 9 and 10 (0.14 K) need the half
    // digit.
    for case in cases().iter().filter(|case| !matches!(case.number, 6 | 9 | 10 | 11)) {
        let limit = if case.quantity == Quantity::Load { 1.0 } else { 0.1 };
        let difference = largest(case, 10.0, |_| false);
        assert!(difference <= limit, "case {}: {difference}", case.number);
    }
}

#[test]
fn case_11_switches_within_an_hour() {
    // The mean load of the hour of the change differs by 4.9 W, 1 % of the limit. The reference's way of
    // metering that hour is not known.
    let case = cases().into_iter().find(|case| case.number == 11).unwrap();
    assert!(largest(&case, 10.0, |_| false) < 5.0);
    for (ours, theirs) in run(&case, 10.0).iter().flatten().zip(CASE_11_AIR_C.iter().flatten()) {
        assert!((ours.1 - theirs).abs() < 0.1, "{} {theirs}", ours.1);
    }
}

#[test]
fn long_inner_steps_do_no_harm() {
    for case in cases().iter().filter(|case| case.quantity == Quantity::AirTemperature) {
        let difference = largest(case, MAX_INNER_STEP_S, |_| false);
        assert!(difference <= 0.15, "case {}: {difference}", case.number);
    }
}

fn room() -> Room {
    let mut room = cases()[0].room.clone();
    room.air_j_k = 60_000.0;
    room.facades = vec![Facade { wall_m2: 6.0, window_m2: 4.0 }, Facade { wall_m2: 10.0, window_m2: 0.0 }];
    room.window_r_k_w = 0.2;
    room
}

#[test]
fn steady_state_carries_the_heat_out() {
    let model = TwoElement::new(room()).unwrap();
    let mut state = State::at(10.0);
    let input = Input {
        outer_c: 0.0,
        window_c: 0.0,
        radiant_w: 300.0,
        convective_w: 100.0,
        solar_w: &[200.0],
        ventilation_w_k: 5.0,
        ..Input::default()
    };
    let mut output = Output::default();
    for _ in 0..24 * 400 {
        output = model.step(&mut state, &input, 3_600.0).unwrap();
    }
    // At steady state the inner walls have the temperature of their surface, and the temperature difference
    // of the outer walls' surface to their capacity follows from the same heat flow. The window surface is
    // then known, and all of the 600 W must leave through wall, window and ventilation.
    let room = model.room();
    let wall_w = state.outer_c / room.outer_rest_k_w;
    let outer_surface_c = state.outer_c + wall_w * room.outer_r1_k_w;
    let total_m2 = 16.0 + room.inner_m2 + 4.0;
    let window_c = (output.radiant_c * total_m2 - 16.0 * outer_surface_c - room.inner_m2 * state.inner_c) / 4.0;
    let out_w = wall_w + window_c / room.window_r_k_w + 5.0 * output.air_c;
    assert!((out_w - 600.0).abs() < 1e-6, "{out_w} {output:?}");
}

#[test]
fn panels_and_limits() {
    let model = TwoElement::new(room()).unwrap();
    let floor = Emitter { limit_w: 800.0, convective: 0.2, radiant: 0.3, inner_panel: 0.5, outer_panel: 0.0 };
    let mut state = State::at(15.0);
    let input = Input { heating: Some(SetPoint { temperature_c: 21.0, emitter: floor }), ..Input::default() };
    let first = model.step(&mut state, &input, 60.0).unwrap();
    assert!((first.heating_w - 800.0).abs() < 1e-9);
    let warm = Input { outer_c: 20.0, window_c: 20.0, ..input };
    let mut last = first;
    for _ in 0..2_000 {
        last = model.step(&mut state, &warm, 900.0).unwrap();
    }
    assert!((last.air_c - 21.0).abs() < 1e-6 && last.heating_w < 800.0 && last.cooling_w == 0.0, "{last:?}");
}

#[test]
fn refuses_what_makes_no_sense() {
    for (change, name) in [
        ((|room| room.outer_r1_k_w = 0.0) as fn(&mut Room), "outer_r1_k_w"),
        (|room| room.inner_c1_j_k = f64::NAN, "inner_c1_j_k"),
        (|room| room.facades.clear(), "facades"),
        (|room| room.solar_convective_share = 1.5, "solar_convective_share"),
    ] {
        let mut room = room();
        change(&mut room);
        assert_eq!(TwoElement::new(room).unwrap_err(), RoomError::Parameter(name));
    }
    let model = TwoElement::new(room()).unwrap();
    let mut state = State::at(20.0);
    for input in [
        Input { outer_c: f64::NAN, ..Input::default() },
        Input { solar_w: &[f64::INFINITY], ..Input::default() },
        Input { ventilation_w_k: -1.0, ..Input::default() },
    ] {
        assert!(model.step(&mut state, &input, 60.0).is_err());
        assert_eq!(state, State::at(20.0));
    }
    assert!(model.step(&mut state, &Input::default(), f64::NAN).is_err());
}

proptest! {
    #[test]
    fn stays_between_its_surroundings(
        start_c in -20.0..50.0f64,
        outer_c in -20.0..50.0f64,
        ventilation_c in -20.0..50.0f64,
        ventilation_w_k in 0.0..1_000.0f64,
        step_s in 1.0..86_400.0f64,
    ) {
        let model = TwoElement::new(room()).unwrap();
        let mut state = State::at(start_c);
        let input = Input { outer_c, window_c: outer_c, ventilation_c, ventilation_w_k, ..Input::default() };
        let (low, high) = [outer_c, ventilation_c].iter().fold((start_c, start_c), |(low, high), c| (c.min(low), c.max(high)));
        for _ in 0..20 {
            let output = model.step(&mut state, &input, step_s).unwrap();
            prop_assert!((low - 1e-6..=high + 1e-6).contains(&output.air_c));
        }
    }

    #[test]
    fn never_leaves_the_numbers(values in proptest::array::uniform8(proptest::num::f64::ANY)) {
        let model = TwoElement::new(room()).unwrap();
        let mut state = State::at(values[0]);
        let solar_w = [values[1]];
        let input = Input {
            outer_c: values[2],
            window_c: values[3],
            convective_w: values[4],
            radiant_w: values[5],
            solar_w: &solar_w,
            ventilation_w_k: values[6],
            ventilation_c: values[7],
            heating: Some(SetPoint { temperature_c: 20.0, emitter: Emitter::IDEAL }),
            ..Input::default()
        };
        if let Ok(output) = model.step(&mut state, &input, 600.0) {
            prop_assert!(output.air_c.is_finite() && output.heating_w.is_finite());
        }
    }
}
