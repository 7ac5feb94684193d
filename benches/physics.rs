//! Benchmarks of large building physics studies: `cargo bench -p cupola_physics`.

use cupola_physics::run::Run;
use cupola_physics::study::{
    Airflow, Amount, ColdKind, ColdSource, Conditioning, Conditions, Construction, Day, Face, Gain, Glazing, HeatKind,
    HeatSource, Layer, Material, Outside, Plant, Schedule, Start, Study, Surface, ThermalModel, Window, Zone,
};

fn main() {
    divan::main();
}

const YEAR_S: f64 = 365.0 * 86_400.0;

/// Returns a study with constructions, and with sun and temperatures that repeat daily, so that the benchmark needs no
/// weather file.
fn base(tier: ThermalModel, step_minutes: f64) -> Study {
    let mut study = Study { tier, step_minutes: Some(step_minutes), ..Study::default() };
    study.start = Start { temperature_c: 20.0, warm_up_days: 10 };
    study.materials.insert("concrete".into(), Material::new(1.1, 2_200.0, 900.0));
    study.materials.insert("foam".into(), Material::new(0.04, 20.0, 1_400.0));
    study.materials.insert("board".into(), Material::new(0.16, 950.0, 840.0));
    let mut construction = |name: &str, layers: Vec<Layer>| {
        let whole = Construction { layers, outside: Face::default(), inside: Face::default() };
        study.constructions.insert(name.into(), whole);
    };
    construction("wall", vec![Layer::of("concrete", 0.15), Layer::of("foam", 0.1), Layer::of("board", 0.012)]);
    construction("slab", vec![Layer::of("concrete", 0.2)]);
    construction("partition", vec![Layer::of("board", 0.012), Layer::of("foam", 0.05), Layer::of("board", 0.012)]);
    study.glazings.insert("double".into(), Glazing { u_value_w_m2k: Some(1.6), shgc: Some(0.5), ..Glazing::default() });
    let day = |values: fn(f64) -> f64| Schedule {
        days: Day::Hours((0..24).map(|hour| values(f64::from(hour))).collect()),
        interpolate: true,
        ..Schedule::default()
    };
    study.schedules.insert("air".into(), day(|hour| 8.0 + 8.0 * ((hour - 9.0) / 24.0 * std::f64::consts::TAU).sin()));
    study
        .schedules
        .insert("sun".into(), day(|hour| (600.0 * ((hour - 6.0) / 12.0 * std::f64::consts::PI).sin()).max(0.0)));
    study.schedules.insert("use".into(), day(|hour| if (8.0..18.0).contains(&hour) { 1.0 } else { 0.1 }));
    study.conditions = Some(Conditions {
        dry_bulb_c: Amount::Schedule("air".into()),
        wind_speed_m_s: Amount::Number(3.0),
        direct_normal_w_m2: Amount::Schedule("sun".into()),
        diffuse_horizontal_w_m2: Amount::Schedule("sun".into()),
        ..Conditions::default()
    });
    (study.site.latitude_deg, study.site.longitude_deg) = (Some(48.0), Some(0.0));
    study
}

fn zone(id: &str, area_m2: f64) -> Zone {
    Zone {
        infiltration: vec![Airflow { ach: Some(Amount::Number(0.3)), ..Airflow::default() }],
        gains: vec![Gain {
            power_w_m2: Some(Amount::Number(18.0)),
            schedule: Some("use".into()),
            radiant_fraction: 0.5,
            ..Gain::default()
        }],
        heating: Some(Conditioning::ideal(21.0)),
        cooling: Some(Conditioning::ideal(24.0)),
        ..Zone::new(id, area_m2, 3.0 * area_m2)
    }
}

/// Returns an office with a cellar and storeys of a core and four outer zones, which are coupled through slabs and
/// partitions.
fn office(tier: ThermalModel, step_minutes: f64, storeys: usize) -> Study {
    let mut study = base(tier, step_minutes);
    let mut cellar = zone("cellar", 1_000.0);
    cellar.surfaces.push(Surface::new("floor", "slab", 1_000.0, (0.0, 180.0), Outside::Ground(Amount::Number(12.0))));
    let sides = [("north", 0.0), ("east", 90.0), ("south", 180.0), ("west", 270.0)];
    let mut below = vec!["cellar".to_string(); 5];
    study.zones.push(cellar);
    for storey in 0..storeys {
        let is_top = storey + 1 == storeys;
        let core_id = format!("core {storey}");
        for (at, (name, azimuth)) in sides.into_iter().chain([("core", 0.0)]).enumerate() {
            let is_core = name == "core";
            let area = if is_core { 600.0 } else { 100.0 };
            let id = format!("{name} {storey}");
            let mut zone = zone(&id, area);
            let under = std::mem::replace(&mut below[at], id);
            zone.surfaces.push(Surface::new("floor", "slab", area, (0.0, 180.0), Outside::Zone(under)));
            if is_top {
                zone.surfaces.push(Surface::new("roof", "wall", area, (0.0, 0.0), Outside::Outdoors));
            }
            if !is_core {
                let mut facade = Surface::new("facade", "wall", 90.0, (azimuth, 90.0), Outside::Outdoors);
                facade.windows = vec![Window { glazing: "double".into(), area_m2: Some(36.0), ..Window::default() }];
                zone.surfaces.push(facade);
                let inner = (azimuth + 180.0) % 360.0;
                zone.surfaces.push(Surface::new(
                    "inner",
                    "partition",
                    75.0,
                    (inner, 90.0),
                    Outside::Zone(core_id.clone()),
                ));
            }
            study.zones.push(zone);
        }
    }
    study.plant = Some(Plant {
        heating: Some(HeatSource {
            kind: HeatKind::CondensingBoiler,
            capacity_w: None,
            efficiency: None,
            supply_c: None,
        }),
        cooling: Some(ColdSource { kind: ColdKind::Chiller, capacity_w: None, cop: None, supply_c: None }),
        ..Plant::default()
    });
    study
}

/// Runs a zone with windows for a year, with hourly steps of the 5R1C tier and ten-minute steps of the multi-node tier.
#[divan::bench(sample_count = 20, sample_size = 1, args = [ThermalModel::FiveR1C, ThermalModel::MultiNode])]
fn one_zone_year(bencher: divan::Bencher<'_, '_>, tier: ThermalModel) {
    let mut study = base(tier, if tier == ThermalModel::FiveR1C { 60.0 } else { 10.0 });
    let mut room = zone("room", 48.0);
    for (id, construction, area, azimuth, tilt) in [
        ("n", "wall", 21.6, 0.0, 90.0),
        ("e", "wall", 16.2, 90.0, 90.0),
        ("s", "wall", 21.6, 180.0, 90.0),
        ("w", "wall", 16.2, 270.0, 90.0),
        ("roof", "wall", 48.0, 0.0, 0.0),
        ("floor", "slab", 48.0, 0.0, 180.0),
    ] {
        room.surfaces.push(Surface::new(id, construction, area, (azimuth, tilt), Outside::Outdoors));
    }
    room.surfaces[2].windows = vec![Window { glazing: "double".into(), area_m2: Some(12.0), ..Window::default() }];
    study.zones.push(room);
    bencher.bench_local(|| Run::new(&study, None).report(YEAR_S, |_| {}));
}

/// Runs nineteen zones with plant for a year, in steps of ten minutes.
#[divan::bench(sample_count = 5, sample_size = 1)]
fn office_year(bencher: divan::Bencher<'_, '_>) {
    // The study keeps the cellar and eighteen zones.
    let mut study = office(ThermalModel::MultiNode, 10.0, 4);
    study.zones.truncate(19);
    let known: Vec<String> = study.zones.iter().map(|zone| zone.id.clone()).collect();
    for surface in study.zones.iter_mut().flat_map(|zone| &mut zone.surfaces) {
        if let Outside::Zone(id) = &surface.outside
            && !known.contains(id)
        {
            surface.outside = Outside::Adiabatic;
        }
    }
    bencher.bench_local(|| Run::new(&study, None).report(YEAR_S, |_| {}));
}

/// Runs one step of a minute in a building of 1,001 zones.
#[divan::bench(sample_count = 50, sample_size = 10, args = [ThermalModel::FiveR1C, ThermalModel::MultiNode])]
fn thousand_zones_step(bencher: divan::Bencher<'_, '_>, tier: ThermalModel) {
    let mut study = office(tier, 1.0, 200);
    study.start.warm_up_days = 0;
    let mut run = Run::new(&study, None);
    bencher.bench_local(|| run.step().outdoor_c());
}
