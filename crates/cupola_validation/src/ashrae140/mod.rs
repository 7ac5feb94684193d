//! The building-envelope series of ASHRAE 140. Three base cases are files; the other cases are defined by their changes
//! to a base case.

mod table;
mod variants;

use super::{Family, Outcome, chart, compute};
use cupola_physics::epw::Epw;
use cupola_physics::run::Report;
use cupola_physics::study::ThermalModel;
use table::{CASES, Coldest, Cooling, Heating, LIGHT, Quantity, Warmest};
use variants::study;

pub(super) fn families(denver: Option<&Epw>) -> Vec<Family> {
    vec![incident(denver), envelope(denver)]
}

const NO_WEATHER: &str = "the weather of Denver International (TMY3) isn't there: name it with --weather";

/// Compares the solar radiation on five surfaces.
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
        study.tier = ThermalModel::MultiNode;
        let nodes = compute(&study, Some(denver), 8_760.0);
        study.tier = ThermalModel::FiveR1C;
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
    family.remarks.push(
        "What lies outside the spread does so by little: cooling of 195, 200 and 215 by 1 to 3 % (their floor is held at 10 °C here; with \
         sheltered outdoor air below it, as the 2020 edition has it, they lie inside), 230, 280, 300 and 470 by 0.1 to 0.4 %."
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
