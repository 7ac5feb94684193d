//! Tests of air flow networks in studies against closed-form solutions and general properties.

use cupola_physics::air::{DENSITY_KG_PER_M3, HEAT_CAPACITY_J_PER_KG_K};
use cupola_physics::airflow_element::{GRAVITY_M_S2, density_kg_m3};
use cupola_physics::run::{Report, Run};
use cupola_physics::study::{
    AirElement, AirLink, AirNetwork, Amount, Conditioning, Conditions, Construction, Convection, Day, Face, Gain,
    InsideConvection, Layer, Outside, OutsideConvection, Schedule, Start, Study, Surface, ThermalModel, Zone, check,
};

/// Returns zones with one wall of 10 m² and 1 m² K/W each, outdoors at 0 °C, dry and without wind. The
/// initial temperature is 20 °C.
fn study(zones: &[&str], links: Vec<AirLink>) -> Study {
    let mut study = Study {
        start: Start { temperature_c: 20.0, warm_up_days: 0 },
        conditions: Some(Conditions {
            dry_bulb_c: Amount::Number(0.0),
            relative_humidity_pct: Amount::Number(0.0),
            ..Conditions::default()
        }),
        convection: Convection { inside: InsideConvection::Fixed(5.0), outside: OutsideConvection::Fixed(20.0) },
        air: Some(AirNetwork { wind_height_m: None, links }),
        ..Study::default()
    };
    let face = Face { solar_absorptance: 0.6, emittance: 0.0 };
    let wall = Construction { layers: vec![Layer::resistance(1.0)], outside: face.clone(), inside: face };
    study.constructions.insert("wall".into(), wall);
    study.zones = zones
        .iter()
        .map(|id| Zone {
            surfaces: vec![Surface::new("n", "wall", 10.0, (0.0, 90.0), Outside::Outdoors)],
            ..Zone::new(*id, 10.0, 30.0)
        })
        .collect();
    study
}

fn link(id: &str, (from, to): (&str, &str), height_m: f64, element: AirElement) -> AirLink {
    let end = |name: &str| (!name.is_empty()).then(|| name.to_string());
    AirLink {
        id: id.into(),
        from: end(from),
        to: end(to),
        height_m,
        azimuth_deg: None,
        side_ratio: None,
        wind_coefficient: None,
        open: None,
        element,
    }
}

fn orifice(area_m2: f64) -> AirElement {
    AirElement::Orifice { area_m2, discharge: Some(0.6) }
}

fn crack(flow_50_m3_h: f64) -> AirElement {
    AirElement::Crack { flow_50_m3_h, exponent: None }
}

fn door() -> AirElement {
    AirElement::Opening { width_m: 0.9, height_m: 2.0, discharge: None }
}

fn fan(flow_m3_h: f64) -> AirElement {
    AirElement::Fan { flow_m3_h: Amount::Number(flow_m3_h), w_per_m3_s: Some(500.0) }
}

fn run(study: &Study, days: f64) -> Report {
    let found = check(study);
    assert!(!found.iter().any(|finding| finding.is_error), "{found:?}");
    Run::new(study, None).report(days * 86_400.0, |_| {})
}

/// Returns temperature, CO2 and heating power of each zone in the last step.
fn last(study: &Study, days: f64) -> Vec<(f64, f64, f64)> {
    let mut last = Vec::new();
    Run::new(study, None).report(days * 86_400.0, |step| {
        last = step.zones().map(|zone| (zone.air_c, zone.co2_ppm, zone.heating_w)).collect();
    });
    last
}

#[test]
fn warm_air_rises_through_two_openings() {
    for tier in [ThermalModel::MultiNode, ThermalModel::FiveR1C] {
        let links = vec![link("low", ("", "a"), 0.0, orifice(0.05)), link("high", ("a", ""), 3.0, orifice(0.05))];
        let mut study = study(&["a"], links);
        study.tier = tier;
        study.zones[0].heating = Some(Conditioning::ideal(20.0));
        let report = run(&study, 2.0);
        // The stack pressure divides so that the same mass flow passes both openings.
        let (outside, inside) = (density_kg_m3(0.0, 0.0), density_kg_m3(20.0, 0.0));
        let drive_pa = GRAVITY_M_S2 * (outside - inside) * 3.0;
        let kg_s = 0.6 * 0.05 * (2.0 * outside * inside * drive_pa / (outside + inside)).sqrt();
        for link in &report.air {
            assert!(
                (link.forward_mean_m3_h * DENSITY_KG_PER_M3 / 3_600.0 / kg_s - 1.0).abs() < 1e-3,
                "{link:?} {kg_s}"
            );
            assert_eq!(link.backward_mean_m3_h, 0.0);
        }
        let brought_kwh = -kg_s * HEAT_CAPACITY_J_PER_KG_K * 20.0 * 48.0 / 1_000.0;
        let ventilation_kwh = report.zones[0].ventilation_kwh;
        assert!((ventilation_kwh / brought_kwh - 1.0).abs() < 2e-3, "{ventilation_kwh} {brought_kwh}");
        assert!(report.balance_error < 1e-7);
    }
}

#[test]
fn wind_blows_in_where_it_comes_from() {
    for (direction, sign) in [(0.0, 1.0), (180.0, -1.0)] {
        let mut north = link("north", ("", "a"), 1.5, orifice(0.05));
        let mut south = link("south", ("a", ""), 1.5, orifice(0.05));
        (north.azimuth_deg, south.azimuth_deg) = (Some(0.0), Some(180.0));
        let mut study = study(&["a"], vec![north, south]);
        study.start.temperature_c = 0.0;
        study.conditions.as_mut().unwrap().wind_speed_m_s = Amount::Number(4.0);
        study.conditions.as_mut().unwrap().wind_direction_deg = Amount::Number(direction);
        let report = run(&study, 0.5);
        let net = |at: usize| report.air[at].forward_mean_m3_h - report.air[at].backward_mean_m3_h;
        // The pressure difference between a windward and a leeward wall is about the dynamic pressure (Swami
        // and Chandra: about 0.6 and −0.3).
        let about = 3_600.0 * 0.6 * 0.05 * (0.9_f64 * 0.5).sqrt() * 4.0;
        assert!((sign * net(0) / about - 1.0).abs() < 0.2, "{} {about}", net(0));
        assert!((net(0) - net(1)).abs() < 1e-3 * net(0).abs(), "what comes in goes out");
    }
}

#[test]
fn heat_goes_through_a_door_and_is_not_lost() {
    for tier in [ThermalModel::MultiNode, ThermalModel::FiveR1C] {
        for minutes in [60.0, 10.0, 1.0] {
            let mut study = study(&["a", "b"], vec![link("door", ("a", "b"), 0.0, door())]);
            (study.tier, study.step_minutes) = (tier, Some(minutes));
            study.zones[0].gains = vec![Gain { power_w: Some(Amount::Number(300.0)), ..Gain::default() }];
            let report = run(&study, 10.0);
            let carried: f64 = report.zones.iter().map(|zone| zone.from_zones_kwh).sum();
            assert!(report.zones[1].from_zones_kwh > 10.0 && carried.abs() < 0.01, "{carried}");
            assert!(report.balance_error < 1e-6, "{} {tier:?} {minutes}", report.balance_error);
            let now = last(&study, 10.0);
            let before = last(&study, 9.9);
            let ((a, ..), (b, ..)) = (now[0], now[1]);
            assert!(a > b + 0.05 && b > 10.0, "{a} {b}: warm air flows over, and what flows over is warm");
            assert!((a - before[0].0).abs() < 1e-3, "it settles: {a}, {}", before[0].0);
            // Each zone loses heat through its wall. The thermal models differ in the surface resistances of
            // the wall.
            let loss_w = (a + b) * 10.0 / (1.0 + 0.05 + 0.2);
            let tolerance = if tier == ThermalModel::MultiNode { 1e-3 } else { 0.1 };
            assert!((loss_w / 300.0 - 1.0).abs() < tolerance, "{loss_w} W lost of 300 {tier:?}");
        }
    }
}

#[test]
fn exhaled_co2_moves_with_the_air() {
    let links = vec![
        link("supply", ("", "a"), 2.0, fan(100.0)),
        link("slit", ("a", "b"), 0.0, crack(500.0)),
        link("leak", ("b", ""), 0.0, crack(500.0)),
    ];
    let mut study = study(&["a", "b", "c"], links);
    study.zones[0].people = Some(cupola_physics::study::People { count: 4.0, ..Default::default() });
    for zone in &mut study.zones {
        zone.heating = Some(Conditioning::ideal(20.0));
    }
    let report = run(&study, 2.0);
    let now = last(&study, 2.0);
    // The outdoor air takes up the CO2 of the people and carries it through both rooms.
    let (a, b, c) = (now[0].1, now[1].1, now[2].1);
    assert!(a > 600.0 && (a - b).abs() < 0.01 * a, "{a} {b}");
    assert!((c - 420.0).abs() < 1e-6, "nothing leads to the third: {c}");
    assert!((report.zones[0].fans_kwh - 500.0 * 100.0 / 3_600.0 * 48.0 / 1_000.0).abs() < 1e-6);
    // Twice the air flow gives half the concentration above outdoors.
    let mut twice = study.clone();
    twice.air.as_mut().unwrap().links[0].element = fan(200.0);
    let less = last(&twice, 2.0)[1].1;
    assert!(((b - 420.0) / (less - 420.0) - 2.0).abs() < 0.02, "{b} {less}");
}

#[test]
fn a_shut_door_passes_nothing() {
    let mut shut = link("door", ("a", "b"), 0.0, door());
    shut.open = Some("never".into());
    let mut study = study(&["a", "b"], vec![shut]);
    study.schedules.insert("never".into(), Schedule { days: Day::Always(0.0), ..Schedule::default() });
    study.zones[0].gains = vec![Gain { power_w: Some(Amount::Number(300.0)), ..Gain::default() }];
    let report = run(&study, 3.0);
    assert!(report.air[0].max_m3_h < 1e-3, "{:?}", report.air[0]);
    assert!(last(&study, 3.0)[1].0 < 10.0);
}

#[test]
fn large_openings_do_not_swing_from_step_to_step() {
    let mean = |minutes: f64| {
        let mut study = study(&["a"], vec![link("window", ("a", ""), 1.0, door())]);
        study.step_minutes = Some(minutes);
        study.zones[0].gains = vec![Gain { power_w: Some(Amount::Number(2_000.0)), ..Gain::default() }];
        let mut swing = 0.0_f64;
        let mut before = None;
        let report = Run::new(&study, None).report(4.0 * 86_400.0, |step| {
            let air_c = step.zones().next().unwrap().air_c;
            if step.start_s > 3.0 * 86_400.0 {
                swing = swing.max(before.map_or(0.0, |before: f64| (air_c - before).abs()));
            }
            before = Some(air_c);
        });
        assert!(swing < 0.01, "{swing} K from step to step of {minutes} min");
        report.zones[0].temperature_mean_c
    };
    let (coarse, fine) = (mean(10.0), mean(1.0));
    assert!((coarse - fine).abs() < 0.1, "{coarse} {fine}");
}

#[test]
fn mistakes_are_reported() {
    let codes = |links: Vec<AirLink>| -> Vec<&'static str> {
        check(&study(&["a", "b"], links)).iter().map(|finding| finding.code).collect()
    };
    let wind = |element| {
        let mut link = link("x", ("a", "b"), 0.0, element);
        link.azimuth_deg = Some(0.0);
        link
    };
    for (links, code) in [
        (vec![link("x", ("a", "c"), 0.0, door())], "unknown-zone"),
        (vec![link("x", ("a", "a"), 0.0, door())], "wrong-link"),
        (vec![link("x", ("", ""), 0.0, door())], "wrong-link"),
        (vec![link("x", ("a", ""), 0.0, door()), link("x", ("b", ""), 0.0, door())], "duplicate-id"),
        (vec![wind(door())], "unused"),
        (vec![link("x", ("a", ""), 0.0, fan(10.0))], "no-way-out"),
        (vec![link("x", ("a", ""), 0.0, fan(10.0)), link("y", ("a", "b"), 0.0, door())], "no-way-out"),
        (vec![link("x", ("a", ""), 0.0, crack(-1.0))], "out-of-range"),
        (vec![link("x", ("a", ""), 0.0, AirElement::FanCurve(vec![(0.0, 1.0), (10.0, 2.0)]))], "wrong-fan"),
    ] {
        assert_eq!(codes(links), [code]);
    }
    let fine = vec![
        link("x", ("a", ""), 0.0, fan(10.0)),
        link("y", ("a", "b"), 0.0, door()),
        link("z", ("b", ""), 0.0, crack(10.0)),
    ];
    assert_eq!(codes(fine), [""; 0]);
}
