//! Tests of the consistency of the counts.

use proptest::prelude::*;

use super::*;

const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;

fn dispenser(kind: DispenserKind, portion_pct: f64) -> DispenserSpec {
    DispenserSpec { kind, portion_pct, refill_below_pct: 20.0, refill_delay_s: 1_800.0 }
}

fn ward_room(compliance: f64, dispensers: Vec<DispenserSpec>) -> RoomSpec {
    RoomSpec { stream: 7, visits_per_hour: 30.0, profile: 0, compliance, dispensers }
}

fn model(rooms: Vec<RoomSpec>) -> HygieneModel {
    HygieneModel::new(rooms, vec![DayProfile::always(1.0)], 11).expect("valid rooms")
}

fn run(model: &HygieneModel, state: &mut HygieneState, start_s: i64, end_s: i64, dt_s: i64) {
    let mut now_s = start_s;
    while now_s < end_s {
        model.step(state, now_s, dt_s as f64);
        now_s += dt_s;
    }
}

#[test]
fn counted_compliance_is_the_one_that_was_set() {
    for compliance in [0.0, 0.35, 0.7, 1.0] {
        let dispensers = vec![
            dispenser(DispenserKind::Sanitiser, 0.1),
            dispenser(DispenserKind::Soap, 0.1),
            dispenser(DispenserKind::Towel, 0.1),
        ];
        let model = model(vec![ward_room(compliance, dispensers)]);
        let mut state = model.initial_state();
        assert_eq!(model.measured_compliance(&state, 0), None);
        run(&model, &mut state, 0, 30 * DAY, 600);
        let measured = model.measured_compliance(&state, 0).expect("there were entries");
        assert!((measured - compliance).abs() < 0.01, "{compliance}: {measured}");
        let entries = state.entries[0] as f64;
        assert!((entries / (30.0 * 24.0 * 30.0) - 1.0).abs() < 0.05, "{entries}");
        // Soap and sanitiser are chosen equally often, and each use of soap takes a towel.
        assert_eq!(state.dispenses[1], state.dispenses[2]);
        let (sanitiser, soap) = (state.dispenses[0] as f64, state.dispenses[1] as f64);
        assert!((sanitiser - soap).abs() <= 0.05 * (sanitiser + soap));
    }
}

#[test]
fn without_maintenance_dispensers_run_empty_and_hands_stay_dirty() {
    let mut model = model(vec![ward_room(1.0, vec![dispenser(DispenserKind::Sanitiser, 1.0)])]);
    model.auto_refill = false;
    let mut state = model.initial_state();
    run(&model, &mut state, 0, DAY, 60);
    assert_eq!((state.dispenses[0], state.fill_pct[0], state.refills[0]), (100, 0.0, 0));
    assert!(state.entries[0] > 300);
    state.refill(0);
    assert_eq!(state.fill_pct[0], 100.0);
    run(&model, &mut state, DAY, DAY + HOUR, 60);
    assert!(state.dispenses[0] > 100);
    state.refill(9);
}

#[test]
fn maintenance_comes_after_its_delay() {
    let model = model(vec![ward_room(1.0, vec![dispenser(DispenserKind::Sanitiser, 1.0)])]);
    let mut state = model.initial_state();
    let mut low_since = None;
    for minute in 0..24 * 60 {
        model.step(&mut state, minute * 60, 60.0);
        let refilled = state.refills[0];
        if state.fill_pct[0] > 20.0 {
            low_since = None;
        } else {
            let since = *low_since.get_or_insert(minute);
            assert!(minute - since <= 31, "low for {} minutes", minute - since);
        }
        assert!(refilled < 40);
    }
    assert!(state.refills[0] >= 3, "{}", state.refills[0]);
}

#[test]
fn a_clock_that_jumps_loses_nobody() {
    let model = model(vec![ward_room(0.5, vec![dispenser(DispenserKind::Sanitiser, 1.0)])]);
    let mut state = model.initial_state();
    run(&model, &mut state, 0, HOUR, 60);
    for start_s in [10 * DAY, 2 * DAY, 2 * DAY + 6 * HOUR + 17] {
        let inside = state.inside(0);
        let exits = state.exits[0];
        model.step(&mut state, start_s, 61.0);
        assert!(state.exits[0] >= exits + inside, "{start_s}");
        run(&model, &mut state, start_s + 61, start_s + HOUR, 60);
        assert_eq!(state.entries[0] - state.exits[0], state.inside(0));
        assert!(state.refill_due_s[0].is_none_or(|due| due <= start_s + HOUR + 1_860));
    }
}

#[test]
fn odd_rooms_are_harmless_and_impossible_ones_refused() {
    let bare = model(vec![ward_room(1.0, vec![]), ward_room(1.0, vec![dispenser(DispenserKind::Towel, 1.0)])]);
    let mut state = bare.initial_state();
    run(&bare, &mut state, 0, HOUR, 60);
    assert_eq!(state.dispenses, [0]);
    assert_eq!((bare.dispensers(0), bare.dispensers(1), bare.dispensers(2)), (0..0, 0..1, 0..0));
    let before = state.clone();
    for dt_s in [0.0, -60.0, f64::NAN, f64::INFINITY] {
        bare.step(&mut state, HOUR, dt_s);
    }
    assert_eq!(state, before);
    let refused = [
        RoomSpec { compliance: 1.5, ..ward_room(1.0, vec![]) },
        RoomSpec { visits_per_hour: f64::NAN, ..ward_room(1.0, vec![]) },
        RoomSpec { profile: 1, ..ward_room(1.0, vec![]) },
        ward_room(1.0, vec![dispenser(DispenserKind::Soap, 0.0)]),
    ];
    for room in refused {
        assert!(HygieneModel::new(vec![room], vec![DayProfile::ward()], 1).is_err());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn counts_add_up(
        visits_per_hour in 0.0..200.0f64, compliance in 0.0..=1.0f64, portion_pct in 0.01..60.0f64,
        seed: u64, start_s in -1_000_000i64..2_000_000_000, dt_s in 1i64..900,
    ) {
        let dispensers = vec![
            dispenser(DispenserKind::Soap, portion_pct),
            dispenser(DispenserKind::Towel, portion_pct),
            dispenser(DispenserKind::Sanitiser, portion_pct),
        ];
        let room = RoomSpec { visits_per_hour, ..ward_room(compliance, dispensers) };
        let model = HygieneModel::new(vec![room], vec![DayProfile::ward()], seed).expect("a valid room");
        let mut state = model.initial_state();
        let mut now_s = start_s;
        while now_s < start_s + 3 * HOUR {
            model.step(&mut state, now_s, dt_s as f64);
            now_s += dt_s;
            prop_assert!(state.exits[0] <= state.entries[0]);
            prop_assert_eq!(state.entries[0] - state.exits[0], state.inside(0));
            prop_assert!(state.fill_pct.iter().all(|fill| (0.0..=100.0).contains(fill)));
            prop_assert!(state.dispenses[0] + state.dispenses[2] <= state.entries[0] + state.exits[0]);
            prop_assert!(state.dispenses[1] <= state.dispenses[0]);
        }
        // One long step gives the same result as many short ones.
        let mut once = model.initial_state();
        model.step(&mut once, start_s, (now_s - start_s) as f64);
        prop_assert_eq!(once, state);
    }
}
