use proptest::prelude::*;

use super::*;

fn zone(volume_m3: f64, source: f64) -> Zone {
    Zone { volume_m3, source, removal_per_s: 0.0 }
}

fn flow(from: Option<usize>, to: Option<usize>, flow_m3_s: f64) -> Flow {
    Flow { from, to, flow_m3_s, filtered: 0.0 }
}

/// Returns a supply and an equal exhaust flow of a room.
fn aired(zone: usize, flow_m3_s: f64) -> [Flow; 2] {
    [flow(None, Some(zone), flow_m3_s), flow(Some(zone), None, flow_m3_s)]
}

#[test]
fn decay_and_steady_state_by_closed_form() {
    // 75 m³ at 2 air changes per hour, 4 men: decay from 1500 ppm, then the steady state.
    let flow_m3_s = 75.0 * 2.0 / 3_600.0;
    for step_s in [1.0, 60.0, 900.0, 3_600.0, 86_400.0] {
        let mut ppm = [1_500.0];
        let steps = (86_400.0_f64 / step_s).min(20.0);
        for _ in 0..steps as u32 {
            mix(&mut ppm, &[zone(75.0, 0.0)], &aired(0, flow_m3_s), OUTDOOR_CO2_PPM, step_s).unwrap();
        }
        let exact = 420.0 + 1_080.0 * (-2.0 * steps * step_s / 3_600.0_f64).exp();
        assert!((ppm[0] / exact - 1.0).abs() < 1e-9, "{step_s}: {} {exact}", ppm[0]);
    }
    let source = source_ppm_m3_s(4.0 * 0.004_8);
    let mut ppm = [420.0];
    for _ in 0..100 {
        mix(&mut ppm, &[zone(75.0, source)], &aired(0, flow_m3_s), OUTDOOR_CO2_PPM, 3_600.0).unwrap();
    }
    assert!((ppm[0] / (420.0 + source / flow_m3_s) - 1.0).abs() < 1e-9);
}

#[test]
fn two_rooms_and_a_filter() {
    // Air flows outdoors → 0 → 1 → outdoors, and a filter between the rooms removes half of the tracer. Room
    // 1 has half the steady concentration of room 0.
    let mut tracer = [0.0, 0.0];
    let zones = [zone(50.0, 3.0), zone(30.0, 0.0)];
    let flows =
        [flow(None, Some(0), 0.05), Flow { filtered: 0.5, ..flow(Some(0), Some(1), 0.05) }, flow(Some(1), None, 0.05)];
    for _ in 0..200 {
        mix(&mut tracer, &zones, &flows, 0.0, 600.0).unwrap();
    }
    assert!((tracer[0] - 60.0).abs() < 1e-6 && (tracer[1] - 30.0).abs() < 1e-6, "{tracer:?}");
    // Deposition alone gives an exponential decay.
    let mut tracer = [10.0];
    let settling = Zone { removal_per_s: DROPLET_DEPOSITION_PER_H / 3_600.0, ..zone(50.0, 0.0) };
    mix(&mut tracer, &[settling], &[], 0.0, 3_600.0).unwrap();
    assert!((tracer[0] - 10.0 * (-0.24_f64).exp()).abs() < 1e-9);
    // A filter in recirculated room air acts as a removal.
    let mut tracer = [10.0];
    let around = Flow { filtered: 0.8, ..flow(Some(0), Some(0), 0.1) };
    mix(&mut tracer, &[zone(50.0, 0.0)], &[around], 0.0, 3_600.0).unwrap();
    let removal = cleaner_per_s(0.1, 0.8, 50.0);
    assert!((tracer[0] - 10.0 * (-3_600.0 * removal).exp()).abs() < 1e-9);
}

#[test]
fn closed_rooms_keep_what_they_have() {
    let mut tracer = [100.0, 0.0];
    let zones = [zone(50.0, 0.0), zone(100.0, 0.0)];
    let flows = [flow(Some(0), Some(1), 0.4), flow(Some(1), Some(0), 0.4)];
    for _ in 0..50 {
        mix(&mut tracer, &zones, &flows, 0.0, 60.0).unwrap();
        assert!((50.0 * tracer[0] + 100.0 * tracer[1] - 5_000.0).abs() < 1e-6);
    }
    assert!((tracer[0] - tracer[1]).abs() < 1e-2);
    let mut tracer = [1.0];
    mix(&mut tracer, &[zone(10.0, 5.0)], &[], 0.0, 60.0).unwrap();
    assert!((tracer[0] - 31.0).abs() < 1e-9);
}

#[test]
fn people_as_persily_and_de_jonge() {
    for (sex, age, met, expected) in [(Sex::Male, 25.0, 1.2, 0.004_8), (Sex::Female, 25.0, 1.2, 0.003_8)] {
        let found = person_co2_l_s(sex, age, met);
        assert!((found - expected).abs() < 0.000_05, "{sex:?} {age} {met}: {found}");
    }
    assert!(person_co2_l_s(Sex::Male, f64::NAN, 1.2).is_finite());
    // Table 4 of the paper prints 8.24 and 6.49 MJ/day for the young adults.
    assert!((basal_rate_mj_day(Sex::Male, 25.0, 84.9) - 8.24).abs() < 0.01);
    assert!((basal_rate_mj_day(Sex::Female, 25.0, 71.9) - 6.49).abs() < 0.01);
}

#[test]
fn infection() {
    let room = Exposure { quanta_per_h: 10.0, breathing_m3_h: 0.5, volume_m3: 100.0, removal_per_h: 3.0, hours: 2.0 };
    // 10 × 0.5 × 2 / 300.
    assert!((wells_riley(&room) - (1.0 - (-10.0_f64 / 300.0).exp())).abs() < 1e-12);
    // Both models agree from the steady concentration on. Clean air at the start gives a lower risk. Without
    // removal the risk is that of a room that fills up.
    let steady = 10.0 / 300.0;
    assert!((gammaitoni_nucci(&room, steady) - wells_riley(&room)).abs() < 1e-12);
    assert!(gammaitoni_nucci(&room, 0.0) < wells_riley(&room));
    let closed = Exposure { removal_per_h: 0.0, ..room };
    assert!((gammaitoni_nucci(&closed, 0.0) - probability(0.5 * 0.1 * 2.0)).abs() < 1e-12);
    assert_eq!(wells_riley(&closed), 1.0);
    assert!((quanta_after_per_m3(&Exposure { hours: 50.0, ..room }, 0.0) - steady).abs() < 1e-12);
    assert_eq!(wells_riley(&Exposure { quanta_per_h: 0.0, ..closed }), 0.0);
    // The integral agrees with small steps of [`mix`].
    let mut quanta = [0.0];
    let mut dose = 0.0;
    for _ in 0..7_200 {
        let before = quanta[0];
        let zones = [Zone { volume_m3: 100.0, source: 10.0 / 3_600.0, removal_per_s: 3.0 / 3_600.0 }];
        mix(&mut quanta, &zones, &[], 0.0, 1.0).unwrap();
        dose += 0.5 * (before + quanta[0]) * 0.5 / 3_600.0;
    }
    assert!((probability(dose) - gammaitoni_nucci(&room, 0.0)).abs() < 1e-7);
}

#[test]
fn refuses_what_makes_no_sense() {
    let mut one = [400.0];
    assert_eq!(mix(&mut one, &[], &[], 0.0, 1.0), Err(MixingError::Step));
    assert_eq!(mix(&mut one, &[zone(0.0, 0.0)], &[], 0.0, 1.0), Err(MixingError::Zone(0)));
    assert_eq!(mix(&mut one, &[zone(1.0, 0.0)], &[flow(None, Some(3), 1.0)], 0.0, 1.0), Err(MixingError::Flow(0)));
    assert_eq!(mix(&mut one, &[zone(1.0, 0.0)], &[], 0.0, f64::NAN), Err(MixingError::Step));
    assert_eq!(mix(&mut [], &[], &[], 0.0, 1.0), Ok(()));
    assert_eq!(one, [400.0]);
}

proptest! {
    #[test]
    fn stays_between_its_sources(
        start in proptest::collection::vec(0.0..5_000.0f64, 1..6),
        links in proptest::collection::vec((0..7usize, 0..7usize, 0.0..1.0f64), 0..20),
        outdoor in 300.0..500.0f64,
        step_s in 0.0..30_000.0f64,
    ) {
        let zones = vec![zone(40.0, 0.0); start.len()];
        let end = |place: usize| Some(place).filter(|place| *place < zones.len());
        let flows: Vec<Flow> = links.iter().map(|(from, to, size)| flow(end(*from), end(*to), *size)).collect();
        let high = start.iter().fold(outdoor, |high, value| high.max(*value));
        let low = start.iter().fold(outdoor, |low, value| low.min(*value));
        let mut whole = start.clone();
        mix(&mut whole, &zones, &flows, outdoor, step_s).unwrap();
        for value in &whole {
            prop_assert!((low - 1e-6..=high + 1e-6).contains(value));
        }
        // Two half steps give the same result as one whole step.
        let mut halves = start;
        for _ in 0..2 {
            mix(&mut halves, &zones, &flows, outdoor, 0.5 * step_s).unwrap();
        }
        for (whole, halves) in whole.iter().zip(&halves) {
            prop_assert!((whole - halves).abs() < 1e-6);
        }
    }

    #[test]
    fn risk_is_a_probability(values in proptest::array::uniform6(proptest::num::f64::ANY)) {
        let [quanta_per_h, breathing_m3_h, volume_m3, removal_per_h, hours, start] = values;
        let exposure = Exposure { quanta_per_h, breathing_m3_h, volume_m3, removal_per_h, hours };
        prop_assert!((0.0..=1.0).contains(&wells_riley(&exposure)));
        prop_assert!((0.0..=1.0).contains(&gammaitoni_nucci(&exposure, start)));
    }

    #[test]
    fn tiny_zones_are_at_rest(volume_m3 in 1e-8..1e-3f64) {
        let mut tracer = [0.0, 0.0];
        let flows = [flow(None, Some(0), 1.0), flow(Some(0), Some(1), 1.0)];
        mix(&mut tracer, &[zone(volume_m3, 5.0), zone(volume_m3, 0.0)], &flows, 400.0, 3_600.0).unwrap();
        prop_assert!((tracer[0] - 405.0).abs() < 0.1 && (tracer[1] - 405.0).abs() < 0.1, "{:?}", tracer);
    }
}
