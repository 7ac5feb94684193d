//! Validation of the physics: every case is compared with its reference.
//!
//! ```no_run
//! // Without the weather of Denver, the cases of ASHRAE 140 are skipped.
//! let families = cupola_validation::run(None);
//! let within = families.iter().flat_map(|family| &family.outcomes).filter(|outcome| outcome.holds());
//! println!("{} results are in their range", within.count());
//! cupola_validation::write(&families, "docs".as_ref())?;
//! # Ok::<(), cupola_twin::Diagnostic>(())
//! ```

mod ashrae140;
mod chart;
mod page;
mod vdi6007;

pub use page::write;

use cupola_physics::epw::Epw;
use cupola_physics::run::{Report, Run};
use cupola_physics::study::Study;

/// A result of a case, with its reference.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// The name of the case.
    pub case: String,
    /// The name of the method, such as `multi-node` or `5R1C`.
    pub tier: &'static str,
    /// The quantity that is compared, with its unit.
    pub quantity: &'static str,
    /// The result of Cupola.
    pub ours: f64,
    /// The range of results that is accepted.
    pub range: (f64, f64),
}

impl Outcome {
    /// Returns whether the result lies in the range.
    pub fn holds(&self) -> bool {
        (self.range.0..=self.range.1).contains(&self.ours)
    }
}

/// A family of cases with its results.
#[derive(Clone, Debug)]
pub struct Family {
    /// The title.
    pub title: &'static str,
    /// A description with the source of the references.
    pub about: &'static str,
    /// The reason if the cases were not run.
    pub skipped: Option<String>,
    /// The results with their references.
    pub outcomes: Vec<Outcome>,
    /// The plots as SVG, with their file names.
    pub plots: Vec<(String, String)>,
    /// Remarks about the results, such as reasons for results outside their range.
    pub remarks: Vec<String>,
}

/// Runs every case. The cases of ASHRAE 140 need the weather of Denver and are skipped without it.
pub fn run(denver: Option<&Epw>) -> Vec<Family> {
    let mut families = ashrae140::families(denver);
    families.push(vdi6007::family());
    families
}

/// Runs a study over a number of hours.
fn compute(study: &Study, weather: Option<&Epw>, hours: f64) -> Report {
    Run::new(study, weather.cloned()).report(hours * 3_600.0, |_| {})
}
