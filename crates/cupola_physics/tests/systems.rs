//! Tests of air handling units in studies against balances calculated by hand.

use cupola_physics::air::{DENSITY_KG_PER_M3, HEAT_CAPACITY_J_PER_KG_K, humidity_ratio};
use cupola_physics::plant::Air;
use cupola_physics::run::{Report, Run, SystemStep};
use cupola_physics::study::{
    AirBox, AirSystem, Amount, BoxControl, ColdKind, ColdSource, Conditioning, Conditions, Construction, Convection,
    Day, EconomiserDoc, Face, Gain, HeatKind, HeatSource, InsideConvection, Layer, Outside, OutsideConvection, People,
    Plant, Schedule, Start, Study, Surface, ThermalModel, Zone, check,
};

/// Returns rooms of 20 m² with one wall of 10 m² and 1 m² K/W, set-points of 21 and 24 °C, constant outdoor
/// air, and one unit with a box for each room.
fn study(outdoor_c: f64, humidity_pct: f64, gains_w: &[f64]) -> Study {
    let mut study = Study {
        start: Start { temperature_c: 22.0, warm_up_days: 0 },
        conditions: Some(Conditions {
            dry_bulb_c: Amount::Number(outdoor_c),
            relative_humidity_pct: Amount::Number(humidity_pct),
            ..Conditions::default()
        }),
        convection: Convection { inside: InsideConvection::Fixed(5.0), outside: OutsideConvection::Fixed(20.0) },
        ..Study::default()
    };
    let face = Face { solar_absorptance: 0.6, emittance: 0.0 };
    let wall = Construction { layers: vec![Layer::resistance(1.0)], outside: face.clone(), inside: face };
    study.constructions.insert("wall".into(), wall);
    let name = |at: usize| format!("room {at}");
    for (at, gain_w) in gains_w.iter().enumerate() {
        study.zones.push(Zone {
            surfaces: vec![Surface::new("n", "wall", 10.0, (0.0, 90.0), Outside::Outdoors)],
            gains: vec![Gain { power_w: Some(Amount::Number(*gain_w)), ..Gain::default() }],
            heating: Some(Conditioning::ideal(21.0)),
            cooling: Some(Conditioning::ideal(24.0)),
            ..Zone::new(name(at), 20.0, 60.0)
        });
    }
    let boxes = (0..gains_w.len()).map(|at| AirBox {
        zone: name(at),
        max_flow_m3_h: 600.0,
        min_flow_m3_h: None,
        heating_flow_m3_h: None,
        reheat_w: None,
        control: BoxControl::DualMaximum,
    });
    study.air_systems = vec![AirSystem {
        id: "ahu".into(),
        available: None,
        supply_c: Amount::Number(13.0),
        min_outdoor_share: 0.2,
        economiser: EconomiserDoc::None,
        recovery_sensible: 0.0,
        recovery_latent: 0.0,
        fan_pressure_pa: None,
        fan_efficiency: None,
        heating_coil_w: None,
        cooling_coil_w: None,
        coil_bypass: None,
        filter_efficiency: 0.0,
        boxes: boxes.collect(),
    }];
    study
}

fn run(study: &Study, days: f64) -> Report {
    let found = check(study);
    assert!(!found.iter().any(|finding| finding.is_error), "{found:?}");
    Run::new(study, None).report(days * 86_400.0, |_| {})
}

/// Returns the result of the unit in the last step, and temperature, relative humidity, CO2 and heat of each
/// room.
fn last(study: &Study, days: f64) -> (SystemStep, Vec<(f64, f64, f64, f64)>) {
    let mut last = Default::default();
    run(study, 0.01);
    Run::new(study, None).report(days * 86_400.0, |step| {
        let zones = step
            .zones()
            .map(|zone| (zone.air_c, zone.relative_humidity, zone.co2_ppm, zone.heating_w - zone.cooling_w));
        last = (*step.systems().next().expect("a unit").1, zones.collect());
    });
    last
}

/// Returns the heat capacity flow of an air flow, in W/K.
fn w_k(flow_m3_h: f64) -> f64 {
    flow_m3_h / 3_600.0 * DENSITY_KG_PER_M3 * HEAT_CAPACITY_J_PER_KG_K
}

/// Heat loss coefficient of the wall, in W/K, with surface coefficients of 5 and 20 W/(m² K).
const WALL_W_K: f64 = 10.0 / 1.25;

#[test]
fn air_is_as_much_as_the_load_needs() {
    for tier in [ThermalModel::MultiNode, ThermalModel::FiveR1C] {
        let mut study = study(30.0, 20.0, &[1_200.0, 300.0]);
        study.tier = tier;
        study.step_minutes = Some(10.0);
        let (unit, rooms) = last(&study, 20.0);
        for ((air_c, _, _, power_w), gain_w) in rooms.iter().zip([1_200.0, 300.0]) {
            assert!((air_c - 24.0).abs() < 1e-6, "{air_c}");
            let wall_w = if tier == ThermalModel::MultiNode { WALL_W_K * 6.0 } else { -power_w - gain_w };
            assert!((power_w + gain_w + wall_w).abs() < 1.0, "{power_w} {gain_w} {wall_w}");
        }
        let load_w: f64 = -rooms.iter().map(|room| room.3).sum::<f64>();
        assert!((unit.flow_m3_h / (load_w / w_k(1.0) / 11.0) - 1.0).abs() < 1e-6, "{unit:?} {load_w}");
        assert!((unit.outdoor_m3_h / unit.flow_m3_h - 0.2).abs() < 1e-9);
        // The coil removes this heat from the mixed air, and the heat of the fan.
        let mixed_c = 0.8 * 24.0 + 0.2 * 30.0;
        let sensible_w = w_k(unit.flow_m3_h) * (mixed_c - 13.0) + unit.fans_w;
        assert!(unit.reheat_w < 1e-6 && unit.heating_coil_w < 1e-6 && unit.fans_w > 0.0);
        assert!((unit.cooling_coil_w / sensible_w - 1.0).abs() < 0.02, "{} {sensible_w}", unit.cooling_coil_w);
        assert!(run(&study, 2.0).balance_error < 1e-6);
    }
}

#[test]
fn a_box_that_is_too_small_lets_the_room_warm_up() {
    let (unit, rooms) = last(&study(30.0, 20.0, &[4_000.0]), 20.0);
    assert!((unit.flow_m3_h - 600.0).abs() < 1e-6);
    let expected_c = (4_000.0 + WALL_W_K * 30.0 + w_k(600.0) * 13.0) / (WALL_W_K + w_k(600.0));
    assert!((rooms[0].0 - expected_c).abs() < 1e-3, "{} {expected_c}", rooms[0].0);
}

#[test]
fn reheat_makes_up_for_the_cold_air_that_must_come_in() {
    let study = study(-10.0, 50.0, &[0.0]);
    let (unit, rooms) = last(&study, 20.0);
    let loss_w = WALL_W_K * 31.0;
    assert!((rooms[0].0 - 21.0).abs() < 1e-6 && (rooms[0].3 - loss_w).abs() < 1.0, "{:?}", rooms[0]);
    // The minimum flow, 60 m³/h at 13 °C, can be heated to 11 K above the room, which gives 220 W. More heat
    // requires more flow.
    let reheat_w = loss_w + w_k(unit.flow_m3_h) * (21.0 - 13.0);
    assert!(unit.flow_m3_h > 60.0 && (unit.reheat_w / reheat_w - 1.0).abs() < 1e-6, "{unit:?}");
    let mixed_c = 0.8 * 21.0 + 0.2 * -10.0;
    let coil_w = w_k(unit.flow_m3_h) * (13.0 - mixed_c) - unit.fans_w;
    assert!((unit.heating_coil_w - coil_w.max(0.0)).abs() < 1.0, "{unit:?} {coil_w}");
}

#[test]
fn heat_recovery_and_economiser_save() {
    let coil = |outdoor_c: f64, change: &dyn Fn(&mut AirSystem)| {
        let mut study = study(outdoor_c, 30.0, &[1_500.0]);
        study.air_systems[0].min_outdoor_share = 0.5;
        change(&mut study.air_systems[0]);
        let report = run(&study, 5.0);
        let unit = &report.air_systems[0];
        (unit.heating_coil_kwh, unit.cooling_coil_kwh, unit.recovered_kwh)
    };
    let plain = coil(-15.0, &|_| {});
    let recovering = coil(-15.0, &|system| system.recovery_sensible = 0.75);
    assert!(plain.0 > 5.0 && recovering.0 < 0.2 * plain.0 && recovering.2 > 0.5 * plain.0, "{plain:?} {recovering:?}");
    let plain = coil(10.0, &|system| system.min_outdoor_share = 0.2);
    let open = coil(10.0, &|system| {
        (system.min_outdoor_share, system.economiser) = (0.2, EconomiserDoc::DryBulb(18.0));
    });
    assert!(plain.1 > 20.0 && open.1 < 0.02 * plain.1, "{plain:?} {open:?}");
}

#[test]
fn the_coil_dries_and_that_takes_heat() {
    let mut study = study(32.0, 60.0, &[1_500.0]);
    study.air_systems[0].min_outdoor_share = 0.4;
    let (unit, rooms) = last(&study, 10.0);
    // At steady state the condensate equals the water that the outdoor air brings.
    let room = humidity_ratio(rooms[0].0, rooms[0].1);
    let outdoor = humidity_ratio(32.0, 0.6);
    let brought_kg_h = unit.outdoor_m3_h * DENSITY_KG_PER_M3 * (outdoor - room);
    assert!(
        unit.condensate_kg_h > 1.0 && (unit.condensate_kg_h / brought_kg_h - 1.0).abs() < 0.01,
        "{unit:?} {brought_kg_h}"
    );
    assert!(room < 0.5 * outdoor, "{room} {outdoor}");
    let air = |temperature_c: f64, humidity_kg_kg: f64| Air { temperature_c, humidity_kg_kg }.enthalpy_j_kg();
    let kg_s = unit.flow_m3_h / 3_600.0 * DENSITY_KG_PER_M3;
    let mixed = 0.6 * air(24.0, room) + 0.4 * air(32.0, outdoor);
    let taken_w = kg_s * (mixed - air(13.0, room)) + unit.fans_w;
    assert!((unit.cooling_coil_w / taken_w - 1.0).abs() < 0.01, "{} {taken_w}", unit.cooling_coil_w);
}

#[test]
fn outdoor_air_goes_where_the_air_goes() {
    let mut study = study(30.0, 20.0, &[1_000.0, 1_000.0]);
    study.zones[0].people = Some(People { count: 3.0, ..People::default() });
    let (unit, rooms) = last(&study, 5.0);
    // The CO2 of the people leaves with the air that outdoor air replaces. The other room gets the mixed air.
    let (crowded, empty) = (rooms[0].2, rooms[1].2);
    let back = crowded + (empty - crowded) * 0.5;
    assert!(crowded > empty + 50.0 && empty > 450.0, "{crowded} {empty}");
    let mixture = 0.8 * back + 0.2 * 420.0;
    assert!((empty - mixture).abs() < 0.1 * (crowded - empty), "{empty} {mixture} {unit:?}");
}

#[test]
fn a_unit_that_is_off_does_nothing_and_the_plant_meets_its_coils() {
    let mut study = study(30.0, 20.0, &[1_000.0]);
    study.schedules.insert(
        "day".into(),
        Schedule { days: Day::From(vec![(0.0, 0.0), (8.0, 1.0), (18.0, 0.0)]), ..Schedule::default() },
    );
    study.air_systems[0].available = Some("day".into());
    study.plant = Some(Plant {
        cooling: Some(ColdSource { kind: ColdKind::District, capacity_w: None, cop: None, supply_c: None }),
        ..Plant::default()
    });
    let report = run(&study, 4.0);
    let unit = &report.air_systems[0];
    assert!((unit.hours - 40.0).abs() < 1e-6);
    assert!(report.zones[0].temperature_max.c > 30.0, "nothing cools by night");
    assert!((report.energy.district_cold_kwh - unit.cooling_coil_kwh).abs() < 1e-6 * unit.cooling_coil_kwh);
    assert!((report.zones[0].fans_kwh - unit.fans_kwh).abs() < 1e-9 && unit.fans_kwh > 0.0);
    assert!((report.energy.electricity_kwh["fans"] - unit.fans_kwh).abs() < 1e-9);
}

#[test]
fn a_source_that_is_too_small_leaves_coils_and_boxes_short() {
    let plant = |capacity_w| Plant {
        heating: Some(HeatSource { kind: HeatKind::District, capacity_w, efficiency: None, supply_c: None }),
        cooling: Some(ColdSource { kind: ColdKind::District, capacity_w, cop: None, supply_c: None }),
        ..Plant::default()
    };
    for (outdoor_c, sign) in [(-15.0, 1.0), (35.0, -1.0)] {
        let mut study = study(outdoor_c, 20.0, &[100.0, 1_200.0]);
        study.air_systems[0].min_outdoor_share = 0.8;
        study.plant = Some(plant(None));
        let taken = |unit: &SystemStep| match sign > 0.0 {
            true => unit.heating_coil_w + unit.reheat_w,
            false => unit.cooling_coil_w,
        };
        let (ample, warm) = last(&study, 3.0);
        let most_w = 0.6 * taken(&ample);
        study.plant = Some(plant(Some(most_w)));
        let (small, short) = last(&study, 3.0);
        assert!(taken(&small) <= most_w * (1.0 + 1e-3), "{outdoor_c}: {} of {most_w}", taken(&small));
        assert!(taken(&small) > 0.9 * most_w, "{outdoor_c}: {} of {most_w}", taken(&small));
        let missed = warm.iter().zip(&short).map(|(warm, short)| sign * (warm.0 - short.0)).fold(0.0, f64::max);
        assert!(missed > 1.0, "{outdoor_c}: {warm:?} {short:?}");
        assert!(run(&study, 3.0).balance_error < 1e-6);
    }
}

#[test]
fn infection_is_as_wells_and_riley_say_and_filters_help() {
    // A room of 60 m³ with 2 air changes: quanta are removed by air, deposition and inactivation (0.24 + 0.63
    // per hour).
    let mut room = study(20.0, 50.0, &[0.0]);
    room.air_systems.clear();
    room.zones[0].ventilation =
        vec![cupola_physics::study::Airflow { ach: Some(Amount::Number(2.0)), ..Default::default() }];
    let infectious = cupola_physics::study::InfectionSource { quanta_h: 10.0, breathing_m3_h: 0.5 };
    // The faces have an emittance of 0, so the radiant fraction must be 0.
    let people = People { count: 4.0, radiant_fraction: 0.0, infectious: Some(infectious), ..People::default() };
    room.zones[0].people = Some(people);
    room.standard_effective_temperature = true;
    let set_c = run(&room, 1.0).zones[0].comfort.unwrap().set_mean_c.unwrap();
    assert!((15.0..30.0).contains(&set_c), "{set_c}");
    let risk = |study: &Study, zone: usize| run(study, 6.0).zones[zone].infection.unwrap_or_default();
    let found = risk(&room, 0);
    let expected_pct = 100.0 * (1.0 - f64::exp(-10.0 / (60.0 * (2.0 + 0.24 + 0.63)) * 0.5 * 24.0));
    assert_eq!(found.days, 6);
    assert!((found.max_pct / expected_pct - 1.0).abs() < 0.01, "{found:?} {expected_pct}");
    // Both rooms are on one unit, so the other room gets quanta too. A filter removes most of them.
    let mut two = study(30.0, 20.0, &[800.0, 800.0]);
    two.zones[0].people = room.zones[0].people.clone();
    two.zones[1].people = Some(People {
        count: 1.0,
        infectious: Some(cupola_physics::study::InfectionSource { quanta_h: 0.0, breathing_m3_h: 0.5 }),
        ..People::default()
    });
    let plain = risk(&two, 1).mean_pct;
    two.air_systems[0].filter_efficiency = 0.9;
    let filtered = risk(&two, 1).mean_pct;
    assert!(plain > 1.0 && filtered < 0.2 * plain, "{plain} {filtered}");
}

#[test]
fn mistakes_are_reported() {
    let codes = |change: &dyn Fn(&mut Study)| -> Vec<&'static str> {
        let mut study = study(20.0, 50.0, &[0.0, 0.0]);
        change(&mut study);
        check(&study).iter().map(|finding| finding.code).collect()
    };
    assert_eq!(codes(&|_| {}), [""; 0]);
    assert_eq!(codes(&|study| study.air_systems[0].boxes[0].zone = "rom 0".into()), ["unknown-zone"]);
    assert_eq!(codes(&|study| study.air_systems[0].boxes[0].zone = "room 1".into()), ["duplicate-id"]);
    assert_eq!(codes(&|study| study.air_systems[0].boxes.clear()), ["no-boxes"]);
    assert_eq!(codes(&|study| study.air_systems.push(study.air_systems[0].clone())).first(), Some(&"duplicate-id"));
    assert_eq!(codes(&|study| study.air_systems[0].min_outdoor_share = 20.0), ["out-of-range"]);
    assert_eq!(codes(&|study| study.air_systems[0].boxes[0].min_flow_m3_h = Some(900.0)), ["out-of-range"]);
    assert_eq!(codes(&|study| study.air_systems[0].available = Some("night".into())), ["missing-schedule"]);
    assert_eq!(codes(&|study| (study.zones[0].heating, study.zones[0].cooling) = (None, None)), ["missing-setpoint"]);
}
