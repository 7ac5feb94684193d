//! The physics held to its references: every case, ours beside theirs.

mod ashrae140;
mod chart;
mod page;
mod vdi6007;

pub use page::write;

use cupola_physics::epw::Epw;
use cupola_physics::run::{Report, Run};
use cupola_physics::study::Study;

/// A result of a case beside its reference.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// The case.
    pub case: String,
    /// `multi-node`, `5R1C`, or another method's name.
    pub tier: &'static str,
    /// What is compared, with its unit.
    pub quantity: &'static str,
    /// What we have.
    pub ours: f64,
    /// What is allowed.
    pub range: (f64, f64),
}

impl Outcome {
    /// Whether ours lies in the range.
    pub fn holds(&self) -> bool {
        (self.range.0..=self.range.1).contains(&self.ours)
    }
}

/// A family of cases and what became of it.
#[derive(Clone, Debug)]
pub struct Family {
    /// Its name.
    pub title: &'static str,
    /// What it is and where its references come from.
    pub about: &'static str,
    /// Why there are no outcomes, if so.
    pub skipped: Option<String>,
    /// Results beside references.
    pub outcomes: Vec<Outcome>,
    /// Names of plots and the plots, as SVG.
    pub plots: Vec<(String, String)>,
    /// What there is to say of the outcomes that don't hold.
    pub remarks: Vec<String>,
}

/// Runs every case. Cases of ASHRAE 140 need the weather of Denver.
pub fn run(denver: Option<&Epw>) -> Vec<Family> {
    let mut families = ashrae140::families(denver);
    families.push(vdi6007::family());
    families
}

/// A study over a year or another length.
fn compute(study: &Study, weather: Option<&Epw>, hours: f64) -> Report {
    Run::new(study, weather.cloned()).report(hours * 3_600.0, |_| {})
}
