//! The building-envelope series of ASHRAE 140: two base cases as files, the others as what they change of them.

use super::{Family, Outcome, chart, compute};
use crate::scene::{Document, ron_options};
use cupola_physics::epw::Epw;
use cupola_physics::run::{Report, ZoneReport};
use cupola_physics::study::{Airflow, Amount, Day, Fin, Overhang, Schedule, Shading, Study, Surface, Tier, Window};

const LIGHT: &str = include_str!("cases/ashrae140-600.ron");
const HEAVY: &str = include_str!("cases/ashrae140-900.ron");
const SUNSPACE: &str = include_str!("cases/ashrae140-960.ron");

/// A case: its name, how it is made, and the least and the most of the six reference programs. Energy in MWh, temperatures in °C.
struct Case {
    name: &'static str,
    make: fn() -> Option<Study>,
    reference: &'static [(Quantity, f64, f64)],
    /// Of the published 5R1C.
    published: &'static [(Quantity, f64)],
}

#[derive(Clone, Copy, PartialEq)]
enum Quantity {
    Heating,
    Cooling,
    Warmest,
    Coldest,
}

use Quantity::{Coldest, Cooling, Heating, Warmest};

impl Quantity {
    fn name(self) -> &'static str {
        match self {
            Heating => "annual heating, MWh",
            Cooling => "annual cooling, MWh",
            Warmest => "warmest hour, °C",
            Coldest => "coldest hour, °C",
        }
    }

    fn of(self, report: &Report, zone: &ZoneReport) -> f64 {
        match self {
            Heating => report.heating_kwh / 1_000.0,
            Cooling => report.cooling_kwh / 1_000.0,
            Warmest => zone.temperature_max.c,
            Coldest => zone.temperature_min.c,
        }
    }

    fn is_temperature(self) -> bool {
        matches!(self, Warmest | Coldest)
    }
}

/// The cases, with the spread of the six reference programs (ASHRAE 140-2020) and what the published 5R1C has (Modelica Buildings library).
const CASES: &[Case] = &[
    Case {
        name: "600",
        make: || study(LIGHT),
        reference: &[(Heating, 3.993, 4.504), (Cooling, 5.432, 6.162)],
        published: &[(Heating, 4.658), (Cooling, 5.803)],
    },
    Case {
        name: "610",
        make: || overhangs(study(LIGHT)),
        reference: &[(Heating, 4.066, 4.592), (Cooling, 4.117, 4.382)],
        published: &[(Heating, 4.784), (Cooling, 4.602)],
    },
    Case {
        name: "620",
        make: || east_west(study(LIGHT), false),
        reference: &[(Heating, 4.094, 4.719), (Cooling, 3.841, 4.404)],
        published: &[(Heating, 4.824), (Cooling, 4.009)],
    },
    Case {
        name: "630",
        make: || east_west(study(LIGHT), true),
        reference: &[(Heating, 4.356, 5.139), (Cooling, 2.573, 3.074)],
        published: &[(Heating, 5.097), (Cooling, 2.954)],
    },
    Case {
        name: "640",
        make: || set_back(study(LIGHT)),
        reference: &[(Heating, 2.403, 2.682), (Cooling, 5.237, 5.893)],
        published: &[(Heating, 2.898), (Cooling, 5.617)],
    },
    Case {
        name: "650",
        make: || night_air(study(LIGHT)),
        reference: &[(Heating, 0.000, 0.000), (Cooling, 4.186, 4.945)],
        published: &[(Heating, 0.000), (Cooling, 4.821)],
    },
    Case {
        name: "670",
        make: || single_pane(study(LIGHT)),
        reference: &[(Heating, 5.300, 6.140), (Cooling, 5.954, 6.623)],
        published: &[(Heating, 7.381), (Cooling, 4.975)],
    },
    Case {
        name: "685",
        make: || one_set_point(study(LIGHT)),
        reference: &[(Heating, 4.532, 5.042), (Cooling, 8.238, 9.130)],
        published: &[(Heating, 5.063), (Cooling, 8.651)],
    },
    Case {
        name: "900",
        make: || study(HEAVY),
        reference: &[(Heating, 1.379, 1.814), (Cooling, 2.267, 2.714)],
        published: &[(Heating, 1.833), (Cooling, 2.284)],
    },
    Case {
        name: "910",
        make: || overhangs(study(HEAVY)),
        reference: &[(Heating, 1.648, 2.163), (Cooling, 1.191, 1.490)],
        published: &[(Heating, 2.284), (Cooling, 1.674)],
    },
    Case {
        name: "920",
        make: || east_west(study(HEAVY), false),
        reference: &[(Heating, 2.956, 3.607), (Cooling, 2.549, 3.128)],
        published: &[(Heating, 3.650), (Cooling, 2.684)],
    },
    Case {
        name: "930",
        make: || east_west(study(HEAVY), true),
        reference: &[(Heating, 3.524, 4.384), (Cooling, 1.654, 2.161)],
        published: &[(Heating, 4.183), (Cooling, 1.920)],
    },
    Case {
        name: "940",
        make: || set_back(study(HEAVY)),
        reference: &[(Heating, 0.863, 1.389), (Cooling, 2.203, 2.613)],
        published: &[(Heating, 1.242), (Cooling, 2.251)],
    },
    Case {
        name: "950",
        make: || night_air(study(HEAVY)),
        reference: &[(Heating, 0.000, 0.000), (Cooling, 0.586, 0.707)],
        published: &[(Heating, 0.000), (Cooling, 0.638)],
    },
    Case {
        name: "960",
        make: || study(SUNSPACE),
        reference: &[(Heating, 2.522, 2.860), (Cooling, 0.789, 0.950)],
        published: &[],
    },
    Case {
        name: "985",
        make: || one_set_point(study(HEAVY)),
        reference: &[(Heating, 2.120, 2.801), (Cooling, 5.880, 7.273)],
        published: &[(Heating, 2.333), (Cooling, 5.905)],
    },
    Case {
        name: "600FF",
        make: || free(study(LIGHT)),
        reference: &[(Warmest, 62.4, 68.4), (Coldest, -13.8, -9.9)],
        published: &[(Warmest, 67.0), (Coldest, -12.9)],
    },
    Case {
        name: "650FF",
        make: || free(night_air(study(LIGHT))),
        reference: &[(Warmest, 61.1, 66.8), (Coldest, -17.8, -16.7)],
        published: &[(Warmest, 66.2), (Coldest, -17.5)],
    },
    Case {
        name: "900FF",
        make: || free(study(HEAVY)),
        reference: &[(Warmest, 43.3, 46.0), (Coldest, 0.6, 2.2)],
        published: &[(Warmest, 43.4), (Coldest, 0.3)],
    },
    Case {
        name: "950FF",
        make: || free(night_air(study(HEAVY))),
        reference: &[(Warmest, 36.1, 37.1), (Coldest, -13.4, -12.5)],
        published: &[(Warmest, 36.6), (Coldest, -13.4)],
    },
];

fn study(text: &str) -> Option<Study> {
    let document: Document = ron_options().from_str(text).ok()?;
    document.physics
}

/// Changes the one zone of a study.
fn with(study: Option<Study>, change: impl FnOnce(&mut Study)) -> Option<Study> {
    let mut study = study?;
    change(&mut study);
    Some(study)
}

fn surface<'s>(study: &'s mut Study, id: &str) -> Option<&'s mut Surface> {
    study.zones.first_mut()?.surfaces.iter_mut().find(|surface| surface.id == id)
}

/// A window of 3 m by 2 m.
fn window(overhang: Option<Overhang>, fin: Option<Fin>) -> Window {
    let shading = Shading { width_m: 3.0, height_m: 2.0, overhang, left: fin, right: fin };
    Window { glazing: "double".into(), shading: Some(shading), ..Window::default() }
}

/// A metre of overhang along the south wall, at the roof: half a metre above the windows.
fn overhangs(study: Option<Study>) -> Option<Study> {
    with(study, |study| {
        let over =
            |left: f64, right: f64| Overhang { depth_m: 1.0, gap_m: 0.5, extends_left_m: left, extends_right_m: right };
        if let Some(south) = surface(study, "south") {
            south.windows = vec![window(Some(over(0.5, 4.5)), None), window(Some(over(4.5, 0.5)), None)];
            let overhang = Some(Overhang { depth_m: 1.0, ..Overhang::default() });
            south.shading = Some(Shading { width_m: 8.0, height_m: 2.7, overhang, ..Shading::default() });
        }
    })
}

/// The windows in the east and the west wall, with an overhang and fins down to the ground or without.
fn east_west(study: Option<Study>, is_shaded: bool) -> Option<Study> {
    with(study, |study| {
        let overhang = is_shaded.then_some(Overhang { depth_m: 1.0, gap_m: 0.5, ..Overhang::default() });
        let fin = is_shaded.then_some(Fin { depth_m: 1.0, gap_m: 0.0, extends_above_m: 0.5, extends_below_m: 0.2 });
        for (id, windows) in
            [("south", vec![]), ("east", vec![window(overhang, fin)]), ("west", vec![window(overhang, fin)])]
        {
            if let Some(surface) = surface(study, id) {
                surface.windows = windows;
            }
        }
    })
}

fn schedule(study: &mut Study, name: &str, pairs: &[(f64, f64)], interpolate: bool) {
    let schedule = Schedule { days: Day::From(pairs.to_vec()), interpolate, ..Schedule::default() };
    study.schedules.insert(name.into(), schedule);
}

/// Heated to 10 °C from 23 to 7 o'clock, and rising to 20 °C until 8 (as of the 2020 edition).
fn set_back(study: Option<Study>) -> Option<Study> {
    with(study, |study| {
        let pairs = [(0.0, 10.0), (7.0, 10.0), (8.0, 20.0), (22.999, 20.0), (23.0, 10.0)];
        schedule(study, "set-back", &pairs, true);
        if let Some(heating) = study.zones.first_mut().and_then(|zone| zone.heating.as_mut()) {
            heating.setpoint_c = Amount::Schedule("set-back".into());
        }
    })
}

/// 1703.16 m³/h of outdoor air from 18 to 7 o'clock, cooling by day only, no heating.
fn night_air(study: Option<Study>) -> Option<Study> {
    with(study, |study| {
        schedule(study, "day", &[(0.0, 0.0), (7.0, 1.0), (18.0, 0.0)], false);
        schedule(study, "night", &[(0.0, 1.0), (7.0, 0.0), (18.0, 1.0)], false);
        if let Some(zone) = study.zones.first_mut() {
            zone.heating = None;
            let amount = Some(Amount::Number(1_703.16));
            zone.ventilation =
                vec![Airflow { flow_m3_h: amount, schedule: Some("night".into()), ..Airflow::default() }];
            if let Some(cooling) = &mut zone.cooling {
                cooling.available = Some("day".into());
            }
        }
    })
}

/// One pane of the same glass.
fn single_pane(study: Option<Study>) -> Option<Study> {
    with(study, |study| {
        if let Some(glazing) = study.glazings.get_mut("double") {
            glazing.panes.truncate(1);
            glazing.gaps.clear();
        }
    })
}

/// Heated and cooled to 20 °C.
fn one_set_point(study: Option<Study>) -> Option<Study> {
    with(study, |study| {
        if let Some(cooling) = study.zones.first_mut().and_then(|zone| zone.cooling.as_mut()) {
            cooling.setpoint_c = Amount::Number(20.0);
        }
    })
}

/// Without heating and cooling.
fn free(study: Option<Study>) -> Option<Study> {
    with(study, |study| study.zones.iter_mut().for_each(|zone| (zone.heating, zone.cooling) = (None, None)))
}

pub(super) fn families(denver: Option<&Epw>) -> Vec<Family> {
    vec![incident(denver), envelope(denver)]
}

const NO_WEATHER: &str = "the weather of Denver International (TMY3) isn't there: name it with --weather";

/// Sun on the five surfaces.
fn incident(denver: Option<&Epw>) -> Family {
    let mut family = Family {
        title: "ASHRAE 140: sun on five surfaces",
        about: "Annual incident solar radiation in Denver, ground reflectance 0.2, against the spread of the six reference \
                programs of ASHRAE 140-2020.",
        skipped: denver.is_none().then(|| NO_WEATHER.into()),
        outcomes: Vec::new(),
        plots: Vec::new(),
        remarks: Vec::new(),
    };
    let (Some(denver), Some(study)) = (denver, study(LIGHT)) else { return family };
    let report = compute(&study, Some(denver), 8_760.0);
    let references = [
        ("roof", "horizontal", (1_663.0, 1_670.0)),
        ("north", "north", (399.0, 477.0)),
        ("east", "east", (1_017.0, 1_068.0)),
        ("south", "south", (1_291.0, 1_387.0)),
        ("west", "west", (903.0, 997.0)),
    ];
    for (id, name, range) in references {
        let Some(surface) = report.surfaces.iter().find(|surface| surface.id == id) else { continue };
        family.outcomes.push(Outcome {
            case: name.into(),
            tier: "sky",
            quantity: "incident, kWh/m²",
            ours: surface.incident_unshaded_kwh_m2,
            range,
        });
    }
    family
}

fn envelope(denver: Option<&Epw>) -> Family {
    let mut family = Family {
        title: "ASHRAE 140: building envelope",
        about: "Multi-node against the spread of the six reference programs of ASHRAE 140-2020; 5R1C against a published 5R1C \
                (Modelica Buildings library, ThermalZones.ISO13790), within 5 % and 1.5 K.",
        skipped: denver.is_none().then(|| NO_WEATHER.into()),
        outcomes: Vec::new(),
        plots: Vec::new(),
        remarks: Vec::new(),
    };
    let Some(denver) = denver else { return family };
    let mut rows: Vec<(Quantity, chart::Row)> = Vec::new();
    let mut worst = 0.0_f64;
    for case in CASES {
        let Some(mut study) = (case.make)() else { continue };
        study.tier = Tier::MultiNode;
        let nodes = compute(&study, Some(denver), 8_760.0);
        study.tier = Tier::FiveR1C;
        let five = compute(&study, Some(denver), 8_760.0);
        worst = worst.max(nodes.balance_error).max(five.balance_error);
        for (quantity, least, most) in case.reference {
            let of = |report: &Report| report.zones.first().map_or(f64::NAN, |zone| quantity.of(report, zone));
            let row = chart::Row { name: case.name.into(), range: (*least, *most), ours: vec![of(&nodes), of(&five)] };
            rows.push((*quantity, row));
            family.outcomes.push(Outcome {
                case: case.name.into(),
                tier: "multi-node",
                quantity: quantity.name(),
                ours: of(&nodes),
                range: (*least, *most),
            });
            if let Some((_, published)) = case.published.iter().find(|(other, _)| other == quantity) {
                let allowed = if quantity.is_temperature() { 1.5 } else { 0.05 * published };
                family.outcomes.push(Outcome {
                    case: case.name.into(),
                    tier: "5R1C",
                    quantity: quantity.name(),
                    ours: of(&five),
                    range: (published - allowed, published + allowed),
                });
            }
        }
    }
    family.remarks.push(
        "The multi-node tier is held to the spread of the programs in every case; 5R1C to the published one in cases 600, 900 and \
         600FF. In the others the two differ in what they make of shadows (here they are cast for every position of the sun and on \
         diffuse light, there by a factor) and of a single pane (here U by ISO 6946's films)."
            .into(),
    );
    family.outcomes.push(Outcome {
        case: "all".into(),
        tier: "both",
        quantity: "heat that doesn't add up in an hour, %",
        ours: 100.0 * worst,
        range: (0.0, 0.1),
    });
    for (quantity, file) in [(Heating, "heating"), (Cooling, "cooling"), (Warmest, "warmest"), (Coldest, "coldest")] {
        let own: Vec<chart::Row> = rows.extract_if(.., |(other, _)| *other == quantity).map(|(_, row)| row).collect();
        let unit = if quantity.is_temperature() { "°C" } else { "MWh" };
        let title = format!("ASHRAE 140: {}", quantity.name());
        let plot = chart::ranges(&title, unit, &["multi-node", "5R1C"], &own);
        family.plots.push((format!("ashrae140-{file}.svg"), plot));
    }
    family
}
