//! Tests of studies against calculations by hand and general properties.

use cupola_physics::run::{Report, Run};
use cupola_physics::study::{
    Airflow, Amount, Conditioning, Conditions, Construction, Convection, Day, Face, Gain, HeatKind, HeatSource,
    InsideConvection, Layer, Material, Outside, OutsideConvection, People, Plant, Schedule, Sensor, Start, Study,
    Surface, ThermalModel, Zone, check,
};
use proptest::prelude::*;

/// Returns a cube of 3 m with six walls of one construction, surface coefficients of 5 and 20 W/(m² K), no
/// radiation, outdoors at 0 °C.
fn cube(layers: Vec<Layer>) -> Study {
    let mut study = Study {
        step_minutes: Some(10.0),
        start: Start { temperature_c: 20.0, warm_up_days: 0 },
        conditions: Some(Conditions { dry_bulb_c: Amount::Number(0.0), ..Conditions::default() }),
        convection: Convection { inside: InsideConvection::Fixed(5.0), outside: OutsideConvection::Fixed(20.0) },
        ..Study::default()
    };
    study.materials.insert("concrete".into(), Material::new(1.13, 1_400.0, 1_000.0));
    study.materials.insert("foam".into(), Material::new(0.04, 12.0, 840.0));
    let face = Face { solar_absorptance: 0.6, emittance: 0.0 };
    study.constructions.insert("wall".into(), Construction { layers, outside: face.clone(), inside: face });
    study.zones.push(zone("room"));
    study
}

fn zone(id: &str) -> Zone {
    let sides = [
        ("n", 0.0, 90.0),
        ("e", 90.0, 90.0),
        ("s", 180.0, 90.0),
        ("w", 270.0, 90.0),
        ("roof", 0.0, 0.0),
        ("floor", 0.0, 180.0),
    ];
    let surfaces = sides.map(|(id, azimuth, tilt)| Surface::new(id, "wall", 9.0, (azimuth, tilt), Outside::Outdoors));
    Zone { is_open: false, surfaces: surfaces.to_vec(), ..Zone::new(id, 9.0, 27.0) }
}

fn run(study: &Study, days: f64) -> Report {
    let found = cupola_physics::study::check(study);
    assert!(!found.iter().any(|finding| finding.is_error), "{found:?}");
    Run::new(study, None).report(days * 86_400.0, |_| {})
}

/// Returns air temperature and power of the last step.
fn last(study: &Study, days: f64) -> (f64, f64) {
    let mut last = (0.0, 0.0);
    Run::new(study, None).report(days * 86_400.0, |step| {
        for zone in step.zones() {
            last = (zone.air_c, zone.heating_w - zone.cooling_w);
        }
    });
    last
}

#[test]
fn a_steady_room_loses_what_its_resistances_say() {
    let mut study = cube(vec![Layer::of("concrete", 0.2), Layer::of("foam", 0.05)]);
    study.zones[0].heating = Some(Conditioning::ideal(20.0));
    study.zones[0].infiltration = vec![Airflow { ach: Some(Amount::Number(0.5)), ..Airflow::default() }];
    let u = 1.0 / (1.0 / 20.0 + 0.2 / 1.13 + 0.05 / 0.04 + 1.0 / 5.0);
    let air = 0.5 * 27.0 / 3_600.0 * cupola_physics::air::HEAT_CAPACITY_J_PER_M3_K;
    let (air_c, power_w) = last(&study, 60.0);
    assert!((air_c - 20.0).abs() < 1e-9);
    let expected = 20.0 * (54.0 * u + air);
    assert!((power_w / expected - 1.0).abs() < 1e-6, "{power_w} {expected}");
}

#[test]
fn a_room_without_mass_in_its_walls_cools_exponentially() {
    let mut study = cube(vec![Layer::resistance(1.0)]);
    study.step_minutes = Some(1.0);
    study.zones[0].capacity_multiplier = Some(50.0);
    let u = 1.0 / (1.0 / 20.0 + 1.0 + 1.0 / 5.0);
    let capacity = 50.0 * 27.0 * cupola_physics::air::HEAT_CAPACITY_J_PER_M3_K;
    let (air_c, _) = last(&study, 1.0);
    let expected = 20.0 * (-86_400.0 * 54.0 * u / capacity).exp();
    assert!((air_c / expected - 1.0).abs() < 0.005, "{air_c} {expected}");
}

/// Returns the decrement factor and the time lag, in hours, of the heat flow into a room at 20 °C with an
/// outdoor swing of 10 K per day: the amplitude over that without mass (the heat transfer matrix of ISO
/// 13786:2017, clause 7, for one homogeneous layer between two surface coefficients).
fn periodic(thickness: f64) -> (f64, f64) {
    type Complex = (f64, f64);
    let add = |a: Complex, b: Complex| (a.0 + b.0, a.1 + b.1);
    let scale = |a: Complex, by: f64| (a.0 * by, a.1 * by);
    let conductivity = 1.13;
    let depth = (conductivity * 86_400.0 / (std::f64::consts::PI * 1_400.0 * 1_000.0)).sqrt();
    let x = thickness / depth;
    let (cosh_cos, sinh_sin) = (x.cosh() * x.cos(), x.sinh() * x.sin());
    let (sinh_cos, cosh_sin) = (x.sinh() * x.cos(), x.cosh() * x.sin());
    let z11 = (cosh_cos, sinh_sin);
    let z12 = scale((-(sinh_cos + cosh_sin), -(cosh_sin - sinh_cos)), depth / (2.0 * conductivity));
    let z21 = scale((-(sinh_cos - cosh_sin), -(sinh_cos + cosh_sin)), conductivity / depth);
    // The surface resistances multiply the matrix from both sides. The upper right element is needed.
    let (inside, outside) = (1.0 / 5.0, 1.0 / 20.0);
    let first = add(z12, scale(z11, -outside));
    let second = add(z11, scale(z21, -outside));
    let z12_whole = add(first, scale(second, -inside));
    let size = z12_whole.0.hypot(z12_whole.1);
    let u = 1.0 / (inside + thickness / conductivity + outside);
    let lag_h = (z12_whole.1.atan2(z12_whole.0) + std::f64::consts::PI).rem_euclid(std::f64::consts::TAU)
        / std::f64::consts::TAU
        * 24.0;
    (1.0 / (size * u), lag_h)
}

#[test]
fn a_wall_answers_to_a_daily_wave_as_its_admittance_says() {
    for thickness in [0.1, 0.2, 0.3] {
        let mut study = cube(vec![Layer::of("concrete", thickness)]);
        study.step_minutes = Some(5.0);
        let wave = (0..24).map(|hour| 20.0 + 10.0 * (f64::from(hour) / 24.0 * std::f64::consts::TAU).sin());
        let schedule = Schedule { days: Day::Hours(wave.collect()), interpolate: true, ..Schedule::default() };
        study.schedules.insert("wave".into(), schedule);
        if let Some(conditions) = &mut study.conditions {
            conditions.dry_bulb_c = Amount::Schedule("wave".into());
        }
        (study.zones[0].heating, study.zones[0].cooling) =
            (Some(Conditioning::ideal(20.0)), Some(Conditioning::ideal(20.0)));
        // First Fourier coefficient of the last day.
        let (mut sine, mut cosine) = (0.0, 0.0);
        Run::new(&study, None).report(20.0 * 86_400.0, |step| {
            let middle_s = step.start_s + 0.5 * step.length_s;
            if middle_s > 19.0 * 86_400.0 {
                let angle = middle_s / 86_400.0 * std::f64::consts::TAU;
                let power_w: f64 = step.zones().map(|zone| zone.heating_w - zone.cooling_w).sum();
                sine -= power_w * angle.sin() * step.length_s / 43_200.0;
                cosine -= power_w * angle.cos() * step.length_s / 43_200.0;
            }
        });
        let u = 1.0 / (1.0 / 5.0 + thickness / 1.13 + 1.0 / 20.0);
        let decrement = sine.hypot(cosine) / (54.0 * u * 10.0);
        let lag_h = (-cosine).atan2(sine).rem_euclid(std::f64::consts::TAU) / std::f64::consts::TAU * 24.0;
        let (expected, expected_lag_h) = periodic(thickness);
        assert!((decrement / expected - 1.0).abs() < 0.03, "{thickness} m: {decrement} {expected}");
        assert!((lag_h - expected_lag_h).abs() < 0.25, "{thickness} m: {lag_h} {expected_lag_h} h");
    }
}

#[test]
fn a_thermostat_that_feels_radiation_holds_the_operative_temperature() {
    let mut study = cube(vec![Layer::of("foam", 0.1)]);
    let keeps = Conditioning { sensor: Sensor::Operative, radiant_fraction: 0.7, ..Conditioning::ideal(21.0) };
    study.zones[0].heating = Some(keeps);
    // Radiation requires faces with an emittance above 0.
    if let Some(wall) = study.constructions.get_mut("wall") {
        wall.inside.emittance = 0.9;
    }
    let mut operative_c = 0.0;
    Run::new(&study, None).report(86_400.0, |step| operative_c = step.zones().map(|zone| zone.operative_c).sum());
    assert!((operative_c - 21.0).abs() < 1e-6, "{operative_c}");
}

#[test]
fn plant_that_is_too_small_gives_all_it_has() {
    let mut study = cube(vec![Layer::of("foam", 0.02)]);
    study.zones[0].heating = Some(Conditioning { max_w: Some(300.0), ..Conditioning::ideal(20.0) });
    let (air_c, power_w) = last(&study, 10.0);
    assert!((power_w - 300.0).abs() < 1e-6 && air_c < 15.0, "{air_c} {power_w}");
    let report = run(&study, 10.0);
    assert!(report.zones[0].unmet_heating_h > 200);
}

/// Returns the report of two zones, a large and a small one, with one heat source.
fn heated_together(tier: ThermalModel, capacity_w: Option<f64>) -> Report {
    let mut study = cube(vec![Layer::of("foam", 0.02)]);
    study.tier = tier;
    let mut small = study.zones[0].clone();
    small.id = "small".into();
    small.surfaces.iter_mut().for_each(|surface| surface.area_m2 *= 0.25);
    study.zones.push(small);
    study.zones.iter_mut().for_each(|zone| zone.heating = Some(Conditioning::ideal(20.0)));
    let heating = HeatSource { kind: HeatKind::Electric, capacity_w, efficiency: None, supply_c: None };
    study.plant = Some(Plant { heating: Some(heating), distribution_loss: 0.1, ..Plant::default() });
    assert!(check(&study).is_empty(), "{:?}", check(&study));
    run(&study, 10.0)
}

#[test]
fn a_source_that_is_too_small_leaves_all_its_zones_colder() {
    for tier in [ThermalModel::MultiNode, ThermalModel::FiveR1C] {
        let ample = heated_together(tier, None);
        let half_w = 0.5 * ample.heating_peak.w;
        let small = heated_together(tier, Some(half_w));
        // A tenth is lost in distribution.
        assert!((small.heating_peak.w / (0.9 * half_w) - 1.0).abs() < 1e-6, "{tier:?}: {}", small.heating_peak.w);
        for (zone, before) in small.zones.iter().zip(&ample.zones) {
            assert!(zone.temperature_mean_c < before.temperature_mean_c - 2.0, "{tier:?}: {}", zone.temperature_mean_c);
            assert!(zone.unmet_heating_h > 200 && before.unmet_heating_h < 10, "{tier:?}");
        }
        assert!(small.balance_error < 1e-6);
        let enough = heated_together(tier, Some(1e6));
        assert!((enough.heating_kwh / ample.heating_kwh - 1.0).abs() < 1e-9, "{tier:?}");
    }
}

#[test]
fn co2_settles_where_people_and_air_say() {
    let mut study = cube(vec![Layer::of("foam", 0.1)]);
    let zone = &mut study.zones[0];
    zone.ventilation = vec![Airflow { flow_m3_h: Some(Amount::Number(50.0)), ..Airflow::default() }];
    zone.people = Some(People { count: 2.0, ..People::default() });
    (zone.heating, zone.cooling) = (Some(Conditioning::ideal(21.0)), Some(Conditioning::ideal(24.0)));
    let mut co2_ppm = 0.0;
    Run::new(&study, None).report(86_400.0 * 2.0, |step| co2_ppm = step.zones().map(|zone| zone.co2_ppm).sum());
    let each = cupola_physics::people_load::Load::of(1.2, false, 1_000.0).co2_l_s;
    let expected = 420.0 + 2.0 * each * (293.15 / 273.15) / (50.0 / 3.6) * 1e6;
    assert!((co2_ppm / expected - 1.0).abs() < 0.001, "{co2_ppm} {expected}");
}

/// Returns two adjacent rooms. `first` decides which of them is listed first.
fn pair(first: bool) -> Study {
    let mut study = cube(vec![Layer::of("concrete", 0.1), Layer::of("foam", 0.06)]);
    study.zones.clear();
    let mut warm = zone("warm");
    warm.heating = Some(Conditioning::ideal(22.0));
    warm.gains = vec![Gain { power_w: Some(Amount::Number(150.0)), radiant_fraction: 0.5, ..Gain::default() }];
    let mut cold = zone("cold");
    warm.surfaces[1].outside = Outside::Zone("cold".into());
    cold.surfaces.remove(3);
    study.zones = if first { vec![warm, cold] } else { vec![cold, warm] };
    study
}

#[test]
fn the_order_of_zones_does_not_matter() {
    let (one, other) = (run(&pair(true), 10.0), run(&pair(false), 10.0));
    for zone in &one.zones {
        let same = other.zones.iter().find(|other| other.id == zone.id).unwrap();
        assert!((zone.temperature_mean_c - same.temperature_mean_c).abs() < 1e-9, "{}", zone.id);
        assert!((zone.heating_kwh - same.heating_kwh).abs() < 1e-7 && zone.balance_error < 1e-6);
    }
    let cold = one.zones.iter().find(|zone| zone.id == "cold").unwrap();
    assert!(cold.temperature_min.c > 0.5, "the warm room warms the cold one: {}", cold.temperature_min.c);
}

#[test]
fn the_same_seed_gives_the_same_people() {
    let mut study = pair(true);
    study.seed = 7;
    study.zones[0].people =
        Some(People { count: 6.0, space: Some(cupola_physics::study::Space::Office), ..People::default() });
    let (one, again) = (run(&study, 14.0), run(&study, 14.0));
    assert_eq!(one, again);
    study.seed = 8;
    assert_ne!(one, run(&study, 14.0));
    assert!(one.zones[0].comfort.unwrap().occupied_h > 20);
}

#[test]
fn shorter_steps_come_nearer_by_the_methods_order() {
    let at = |minutes: f64| {
        let mut study = cube(vec![Layer::of("foam", 0.05), Layer::of("concrete", 0.1)]);
        study.step_minutes = Some(minutes);
        // The number of control volumes depends on the step. A resistance and the air's capacity leave the
        // time step as the only discretisation.
        study.constructions.get_mut("wall").unwrap().layers = vec![Layer::resistance(0.5)];
        study.zones[0].capacity_multiplier = Some(80.0);
        last(&study, 0.25).0
    };
    let exact = 20.0
        * (-21_600.0 * 54.0 / (0.05 + 0.5 + 0.2) / (80.0 * 27.0 * cupola_physics::air::HEAT_CAPACITY_J_PER_M3_K)).exp();
    let errors = [60.0, 30.0, 15.0].map(|minutes| (at(minutes) - exact).abs());
    for pair in errors.windows(2) {
        let ratio = pair[0] / pair[1];
        assert!((1.8..2.3).contains(&ratio), "first order halves the error: {errors:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn more_insulation_never_needs_more_heating(
        thin in 0.01..0.2f64, more in 0.005..0.2f64, gain in 0.0..400.0f64, outdoor in -20.0..15.0f64, five: bool, outside: bool,
    ) {
        let heating = |thickness: f64| {
            let layers = match outside {
                true => vec![Layer::of("foam", thickness), Layer::of("concrete", 0.15)],
                false => vec![Layer::of("concrete", 0.15), Layer::of("foam", thickness)],
            };
            let mut study = cube(layers);
            study.tier = if five { ThermalModel::FiveR1C } else { ThermalModel::MultiNode };
            study.step_minutes = Some(60.0);
            let wave = (0..24).map(|hour| outdoor + 6.0 * (f64::from(hour) / 24.0 * std::f64::consts::TAU).sin()).collect();
            study.schedules.insert("wave".into(), Schedule { days: Day::Hours(wave), ..Schedule::default() });
            study.conditions = Some(Conditions { dry_bulb_c: Amount::Schedule("wave".into()), ..Conditions::default() });
            study.zones[0].heating = Some(Conditioning::ideal(20.0));
            study.zones[0].gains = vec![Gain { power_w: Some(Amount::Number(gain)), ..Gain::default() }];
            study.start.warm_up_days = 10;
            run(&study, 7.0).heating_kwh
        };
        let (less_insulated, more_insulated) = (heating(thin), heating(thin + more));
        prop_assert!(more_insulated <= less_insulated + 1e-6, "{more_insulated} {less_insulated}");
    }

    #[test]
    fn heat_adds_up_whatever_the_room(
        concrete in 0.01..0.4f64, foam in 0.005..0.3f64, gain in -500.0..2_000.0f64, radiant in 0.0..1.0f64,
        ach in 0.0..20.0f64, heated: bool, cooled: bool, five: bool, share in 0.0..1.0f64, limit in 10.0..5_000.0f64,
    ) {
        let mut study = pair(true);
        study.tier = if five { ThermalModel::FiveR1C } else { ThermalModel::MultiNode };
        study.constructions.get_mut("wall").unwrap().layers = vec![Layer::of("concrete", concrete), Layer::of("foam", foam)];
        study.constructions.get_mut("wall").unwrap().inside.emittance = 0.9;
        let zone = &mut study.zones[0];
        zone.gains = vec![Gain { power_w: Some(Amount::Number(gain)), radiant_fraction: radiant, ..Gain::default() }];
        zone.infiltration = vec![Airflow { ach: Some(Amount::Number(ach)), ..Airflow::default() }];
        zone.heating = heated.then(|| Conditioning { max_w: Some(limit), radiant_fraction: share, ..Conditioning::ideal(20.0) });
        zone.cooling = cooled.then(|| Conditioning { max_w: Some(limit), radiant_fraction: share, ..Conditioning::ideal(24.0) });
        let report = run(&study, 3.0);
        prop_assert!(report.balance_error < 1e-5, "{}", report.balance_error);
    }
}

#[test]
fn a_run_pays_for_the_months_it_has() {
    let mut study = cube(vec![Layer::of("foam", 0.1)]);
    study.calendar.first_day = Some("07-31".into());
    let mut plant = Plant::default();
    plant.tariff.fixed_month = 100.0;
    study.plant = Some(plant);
    assert!((run(&study, 1.0).energy.cost - 100.0).abs() < 1e-9);
    assert!((run(&study, 2.0).energy.cost - 200.0).abs() < 1e-9);
}

#[test]
fn a_bill_is_what_hours_peaks_and_fuels_come_to() {
    let mut study = cube(vec![Layer::of("foam", 0.1)]);
    // A gain of 100 W, with a higher electricity price from six o'clock.
    study.zones[0].gains = vec![Gain { power_w: Some(Amount::Number(100.0)), ..Gain::default() }];
    let days = Day::From(vec![(0.0, 0.1), (6.0, 0.4)]);
    study.schedules.insert("price".into(), Schedule { days, ..Schedule::default() });
    study.zones[0].heating = Some(Conditioning::ideal(20.0));
    let heating = HeatSource { kind: HeatKind::District, capacity_w: None, efficiency: None, supply_c: None };
    let mut plant = Plant { heating: Some(heating), pump_share: Some(0.0), ..Plant::default() };
    plant.tariff.electricity_kwh = Amount::Schedule("price".into());
    (plant.tariff.demand_kw, plant.tariff.heat_kwh) = (5.0, 0.2);
    (plant.emissions.electricity_kg_kwh, plant.emissions.heat_kg_kwh) = (Amount::Number(0.5), 0.1);
    study.plant = Some(plant);
    let report = run(&study, 1.0);
    let (heat_kwh, energy) = (report.heating_kwh, &report.energy);
    assert!(heat_kwh > 1.0 && (energy.district_heat_kwh / heat_kwh - 1.0).abs() < 1e-9);
    let cost = 0.1 * (6.0 * 0.1 + 18.0 * 0.4) + 5.0 * 0.1 + 0.2 * heat_kwh;
    assert!((energy.cost / cost - 1.0).abs() < 1e-9, "{} {cost}", energy.cost);
    assert!((energy.co2e_kg / (2.4 * 0.5 + 0.1 * heat_kwh) - 1.0).abs() < 1e-9, "{}", energy.co2e_kg);
}

#[test]
fn set_points_that_cross_leave_the_room_to_cooling() {
    let conditioning = |setpoint_c: f64, name: &str| cupola_physics::study::RoomConditioning {
        setpoint_c: Amount::Schedule(format!("{name} {setpoint_c}")),
        available: None,
        max_w: None,
        radiant_fraction: 0.0,
        inner_fraction: 0.0,
        outer_fraction: 0.0,
    };
    let mut study = cube(Vec::new());
    study.zones.clear();
    study.constructions.clear();
    for (name, value) in [("heat 25", 25.0), ("cool 20", 20.0)] {
        study.schedules.insert(name.into(), Schedule { days: Day::Always(value), ..Schedule::default() });
    }
    study.two_element_rooms.push(cupola_physics::study::TwoElementRoom {
        id: "room".into(),
        outer: cupola_physics::study::OuterElement {
            r1_k_w: 0.004,
            c1_j_k: 1.6e6,
            rest_k_w: 0.04,
            convection_w_m2k: 2.7,
        },
        inner: cupola_physics::study::InnerElement {
            area_m2: 75.5,
            r1_k_w: 0.0006,
            c1_j_k: 1.5e7,
            convection_w_m2k: 2.2,
        },
        radiation_w_m2k: 5.0,
        solar_convective_fraction: 0.09,
        air_j_k: 0.0,
        facades: vec![cupola_physics::study::RoomFacade { wall_m2: 10.5, ..Default::default() }],
        window_resistance_k_w: None,
        window_convection_w_m2k: None,
        behind: Vec::new(),
        gains: Vec::new(),
        ventilation: Vec::new(),
        heating: Some(conditioning(25.0, "heat")),
        cooling: Some(conditioning(20.0, "cool")),
    });
    let report = run(&study, 5.0);
    assert!((report.zones[0].temperature_mean_c - 20.0).abs() < 0.01, "{}", report.zones[0].temperature_mean_c);
    assert!(report.heating_kwh > 1.0);
}
