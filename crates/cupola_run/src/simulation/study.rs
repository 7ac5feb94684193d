//! The study of a scene: its diagnostics and its weather.

use cupola_physics::epw::{self, Epw};
use cupola_physics::study::{self, Finding, Study};
use cupola_scene::{Scene, Step, read_latin_text};
use cupola_twin::diagnostic::nearest;
use cupola_twin::{Diagnostic, Place};
use std::path::{Path, PathBuf};

/// Returns all diagnostics of a scene's study, including those of the weather file that it names.
pub fn check(scene: &Scene) -> Vec<Diagnostic> {
    let Some(study) = &scene.document.physics else { return Vec::new() };
    let mut diagnostics = findings(scene, study);
    if study.weather.is_some() {
        diagnostics.extend(weather(scene, study, None).1);
    }
    diagnostics
}

/// Returns the diagnostics of a study, with places in the scene's file.
pub fn findings(scene: &Scene, study: &Study) -> Vec<Diagnostic> {
    let found = study::check(study);
    found.into_iter().map(|finding| placed(scene, finding)).collect()
}

fn placed(scene: &Scene, finding: Finding) -> Diagnostic {
    let mut steps = vec![Step::Field("physics")];
    steps.extend(finding.path.iter().map(|step| match step {
        study::Step::Field(name) => Step::Field(name),
        study::Step::Item(position) => Step::Item(*position),
    }));
    let make = if finding.is_error { Diagnostic::error } else { Diagnostic::warning };
    let mut diagnostic = make(finding.code, finding.message).at(scene.places.of(&steps));
    let suggestion = finding.instead_of.as_ref().and_then(|(name, known)| {
        let near = nearest(name, known.iter().map(String::as_str))?;
        Some(format!("did you mean `{near}`?"))
    });
    if let Some(help) = suggestion.or(finding.help) {
        diagnostic = diagnostic.help(help);
    }
    diagnostic
}

/// Returns the weather of a study with diagnostics. The file `instead` takes the place of the file that the study
/// names.
///
/// The weather is `None` if the study has conditions of its own, names no file, or the file can't be read.
pub fn weather(scene: &Scene, study: &Study, instead: Option<&Path>) -> (Option<Epw>, Vec<Diagnostic>) {
    if study.conditions.is_some() {
        let unused = "the study has conditions of its own, so no weather file is used";
        let unused =
            Diagnostic::warning("weather-unused", unused).at(scene.places.of(&["physics".into(), "conditions".into()]));
        return (None, instead.map(|_| unused).into_iter().collect());
    }
    let place = scene.places.of(&["physics".into(), "weather".into()]);
    let (path, place): (PathBuf, Option<Place>) = match (instead, &study.weather) {
        (Some(path), _) => (path.to_path_buf(), None),
        (None, Some(own)) => match scene.reach(own) {
            Ok(path) => (path, Some(place)),
            Err(found) => return (None, vec![found.at(place)]),
        },
        (None, None) => {
            let none = Diagnostic::error("no-weather", "the study has no weather");
            let help = "give it with --weather FILE.epw, or add `weather` or `conditions`";
            return (None, vec![none.help(help).at(place)]);
        }
    };
    let (epw, mut found) = read(&path);
    if let Some(place) = place {
        for diagnostic in found.iter_mut().filter(|found| found.place.is_none()) {
            diagnostic.place = Some(place.clone());
        }
    }
    (epw, found)
}

/// Reads an EPW weather file. Returns the weather, if it can be read, and diagnostics.
pub fn read(path: &Path) -> (Option<Epw>, Vec<Diagnostic>) {
    let text = match read_latin_text(path) {
        Ok(text) => text,
        Err(error) => return (None, vec![error]),
    };
    let file: std::sync::Arc<str> = path.to_string_lossy().into();
    let (epw, found) = epw::read(&text);
    let diagnostic = |finding: epw::EpwFinding| {
        let make = match finding.severity {
            epw::Severity::Error => Diagnostic::error,
            epw::Severity::Warning => Diagnostic::warning,
        };
        let place = Place { file: file.clone(), line: finding.line as u32, column: finding.column as u32 };
        let diagnostic = make(finding.code, finding.message).at(place);
        match finding.help {
            Some(help) => diagnostic.help(help),
            None => diagnostic,
        }
    };
    (epw, found.into_iter().map(diagnostic).collect())
}
