//! `cupola validate`: runs every validation case of the physics against its reference.

use super::{BAD_INPUT, output};
use cupola_run::simulation::study;
use cupola_validation::{run as validate, write};
use std::path::{Path, PathBuf};

/// The weather file that ASHRAE 140 prescribes since 2020.
const DENVER: &str = "USA_CO_Denver.Intl.AP.725650_TMY3.epw";

#[derive(clap::Args)]
pub(super) struct Args {
    /// Folder to write validation.md and its plots into.
    #[arg(long, default_value = "docs")]
    out: PathBuf,
    /// Weather file of Denver International (TMY3), which ASHRAE 140 prescribes. Default: the file in
    /// ../shared/data/weather, if it is there.
    #[arg(long, value_name = "FILE.epw")]
    weather: Option<PathBuf>,
}

pub(super) fn run(args: &Args) -> u8 {
    let near = Path::new("../shared/data/weather").join(DENVER);
    let path = args.weather.clone().or_else(|| near.is_file().then_some(near));
    let denver = match path.map(|path| study::read(&path)) {
        Some((None, found)) => {
            output::report(&found);
            return BAD_INPUT;
        }
        read => read.and_then(|(epw, _)| epw),
    };
    let families = validate(denver.as_ref());
    let header = ["case", "method", "quantity", "ours", "least", "most", ""].map(String::from);
    let mut missed = 0;
    for family in &families {
        output::line(format!("\n{}", family.title));
        if let Some(why) = &family.skipped {
            output::line(format!("not run: {why}"));
            continue;
        }
        let rows: Vec<Vec<String>> = family
            .outcomes
            .iter()
            .map(|outcome| {
                missed += usize::from(!outcome.holds());
                let verdict = if outcome.holds() { "" } else { "outside" };
                let number = |value: f64| format!("{value:.3}");
                vec![
                    outcome.case.clone(),
                    outcome.tier.into(),
                    outcome.quantity.into(),
                    number(outcome.ours),
                    number(outcome.range.0),
                    number(outcome.range.1),
                    verdict.into(),
                ]
            })
            .collect();
        output::table(&header, &rows);
    }
    if let Err(found) = write(&families, &args.out) {
        output::error_line(found.to_string());
        return BAD_INPUT;
    }
    output::line(format!("\n{missed} results outside their range; {}", args.out.join("validation.md").display()));
    0
}
