//! The building-envelope series of ASHRAE 140: two base cases as files, the others as what they change of them.

use super::{Family, Outcome, chart, compute};
use crate::scene::{Document, ron_options};
use cupola_physics::epw::Epw;
use cupola_physics::run::{Report, ZoneReport};
use cupola_physics::study::{
    Airflow, Amount, Conditioning, Day, Fin, Overhang, Schedule, Shading, Study, Surface, Tier, Window,
};

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

const CASES: &[Case] = &[
    Case {
        name: "600",
        make: || study(LIGHT),
        reference: &[(Heating, 3.993, 4.504), (Cooling, 5.432, 6.162)],
        published: &[(Heating, 4.658), (Cooling, 5.803)],
    },
    Case {
        name: "600FF",
        make: || free(study(LIGHT)),
        reference: &[(Warmest, 62.4, 68.4), (Coldest, -13.8, -9.9)],
        published: &[(Warmest, 67.0), (Coldest, -12.9)],
    },
    Case {
        name: "900",
        make: || study(HEAVY),
        reference: &[(Heating, 1.379, 1.814), (Cooling, 2.267, 2.714)],
        published: &[(Heating, 1.833), (Cooling, 2.284)],
    },
];

fn study(text: &str) -> Option<Study> {
    let document: Document = ron_options().from_str(text).ok()?;
    document.physics
}

fn surface<'s>(study: &'s mut Study, id: &str) -> Option<&'s mut Surface> {
    study.zones.first_mut()?.surfaces.iter_mut().find(|surface| surface.id == id)
}

/// Without heating and cooling.
fn free(study: Option<Study>) -> Option<Study> {
    let mut study = study?;
    for zone in &mut study.zones {
        (zone.heating, zone.cooling) = (None, None);
    }
    Some(study)
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
            let of = |report: &Report| report.zones.last().map_or(f64::NAN, |zone| quantity.of(report, zone));
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
