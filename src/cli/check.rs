//! `cupola check`: reads scenes, models and other files, and prints every diagnostic.

use super::{BAD_CALL, BAD_INPUT, output};
use cupola_building::Plan;
use cupola_run::Drivers;
use cupola_run::simulation::study;
use cupola_scene::{LoadResult, Scene};
use cupola_twin::diagnostic::has_errors;
use cupola_twin::topology::Stage;
use cupola_twin::{Diagnostic, Models, Place, Severity, State};
use serde_json::json;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

#[derive(clap::Args)]
pub(super) struct Args {
    /// Files to check: scenes (folders or .ron files), DTDL documents (.json, .jsonld or folders of them), floor plans
    /// (.ron), buildings (.glb, .gltf) and weather files (.epw).
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// Print one JSON object per line, for each scene or set of documents.
    #[arg(long)]
    json: bool,
    /// Check each path separately. Otherwise all DTDL documents are resolved together.
    #[arg(long)]
    separately: bool,
}

/// The result for one path, or for one set of documents.
struct CheckReport {
    path: String,
    diagnostics: Vec<Diagnostic>,
    /// Counts of the content, each followed by a comma and a space.
    summary: String,
}

pub(super) fn run(args: &Args) -> u8 {
    let mut checked = Vec::new();
    let mut documents: Vec<PathBuf> = Vec::new();
    for path in &args.paths {
        if is_document(path) {
            if args.separately {
                checked.push(check_documents(std::slice::from_ref(path)));
            } else {
                documents.push(path.clone());
            }
        } else {
            checked.push(check_other(path));
        }
    }
    if !documents.is_empty() {
        checked.push(check_documents(&documents));
    }
    if checked.is_empty() {
        return BAD_CALL;
    }
    let mut valid = true;
    for one in &checked {
        let good = !has_errors(&one.diagnostics);
        valid &= good;
        if args.json {
            let line = json!({ "path": one.path, "valid": good, "diagnostics": one.diagnostics });
            output::line(line.to_string());
        } else {
            one.diagnostics.iter().for_each(|found| output::line(found.to_string()));
            let count = |severity| one.diagnostics.iter().filter(|found| found.severity == severity).count();
            let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
            let verdict = if good { "valid" } else { "not valid" };
            output::line(format!("{}: {verdict}; {}{errors} errors, {warnings} warnings", one.path, one.summary));
        }
    }
    if valid { 0 } else { BAD_INPUT }
}

/// Returns whether a path holds DTDL documents: a JSON file, or a folder without a scene.
fn is_document(path: &Path) -> bool {
    if path.is_dir() {
        return !path.join("scene.ron").exists();
    }
    has_extension(path, &["json", "jsonld"])
}

fn has_extension(path: &Path, wanted: &[&str]) -> bool {
    path.extension().is_some_and(|extension| wanted.iter().any(|wanted| extension.eq_ignore_ascii_case(wanted)))
}

fn check_documents(paths: &[PathBuf]) -> CheckReport {
    let mut diagnostics = Vec::new();
    let mut files = Vec::new();
    for path in paths {
        if let Err(found) = cupola_scene::collect_json(path, &mut |_| true, &mut files) {
            diagnostics.push(found);
        }
    }
    if files.is_empty() && diagnostics.is_empty() {
        let help = "name a scene (a folder with scene.ron), or DTDL documents (.json, .jsonld)";
        diagnostics.push(Diagnostic::error("no-documents", "there are no files to check").help(help));
    }
    let mut texts = Vec::new();
    for file in &files {
        match cupola_scene::read_text(file) {
            Ok(text) => texts.push((file.to_string_lossy().into_owned(), text)),
            Err(found) => diagnostics.push(found),
        }
    }
    let (models, mut found) = Models::read(texts.iter().map(|(file, text)| (file.as_str().into(), text.as_str())));
    diagnostics.append(&mut found);
    let path = paths.iter().map(|path| path.to_string_lossy()).collect::<Vec<_>>().join(", ");
    CheckReport { path, diagnostics, summary: format!("{} interfaces in {} files, ", models.len(), files.len()) }
}

fn check_other(path: &Path) -> CheckReport {
    let shown = path.to_string_lossy().into_owned();
    if has_extension(path, &["glb", "gltf"]) {
        return match cupola_scene::read_gltf(path) {
            Ok(cupola_scene::ReadGltf { building, issues, .. }) => CheckReport {
                path: shown,
                diagnostics: issues.iter().map(|issue| Diagnostic::warning(issue.code, issue.to_string())).collect(),
                summary: format!("{} nodes, ", building.nodes.len()),
            },
            Err(found) => CheckReport { path: shown, diagnostics: vec![found], summary: String::new() },
        };
    }
    if has_extension(path, &["epw"]) {
        let (epw, diagnostics) = study::read(path);
        let summary = epw.map(|epw| format!("{} records of {}, ", epw.len(), epw.location.city)).unwrap_or_default();
        return CheckReport { path: shown, diagnostics, summary };
    }
    if path.is_file() && !has_extension(path, &["ron"]) {
        let message = format!("{shown} is not a file that can be checked");
        let unknown = Diagnostic::error("unknown-format", message);
        let is_imported = has_extension(path, &["ttl", "turtle", "nt", "ndjson", "jsonl", "xlsx", "xlsm"]);
        let help = match is_imported {
            true => format!("make a scene of it: cupola import {shown} --out FOLDER"),
            false => {
                "check reads scenes and plans (.ron), DTDL (.json), buildings (.glb, .gltf) and weather (.epw)".into()
            }
        };
        return CheckReport { path: shown, diagnostics: vec![unknown.help(help)], summary: String::new() };
    }
    if path.is_file()
        && let Ok(text) = cupola_scene::read_text(path)
        && text.contains("storeys:")
        && !text.contains("twins:")
    {
        return check_plan(shown, &text);
    }
    let loaded = cupola_scene::load(path);
    let (diagnostics, summary) = everything(loaded);
    CheckReport { path: shown, diagnostics, summary }
}

fn check_plan(path: String, text: &str) -> CheckReport {
    let file: std::sync::Arc<str> = path.as_str().into();
    let diagnostics = match Plan::from_ron(text) {
        Ok(plan) => plan
            .check()
            .into_iter()
            .map(|issue| Diagnostic::error(issue.code, format!("{}: {}", issue.path, issue.message)).help(issue.help))
            .collect(),
        Err(error) => {
            let place = Place { file, line: error.line as u32, column: error.column as u32 };
            vec![Diagnostic::error("plan-syntax", error.message).at(place)]
        }
    };
    CheckReport { path, diagnostics, summary: String::new() }
}

/// Returns diagnostics of the formulas that did not settle, with the places of the formulas.
pub(super) fn unsettled(scene: &Scene, state: &State) -> Vec<Diagnostic> {
    let found = state.unsettled().map(|found| found.diagnostic(state.topology()));
    found.map(|found| Diagnostic { place: found.place.as_ref().map(|place| scene.place_of(place)), ..found }).collect()
}

/// Returns the diagnostics of a scene, including those of its drivers, and a summary of its content.
fn everything(loaded: LoadResult) -> (Vec<Diagnostic>, String) {
    let mut diagnostics = loaded.diagnostics;
    let Some(scene) = loaded.scene else { return (diagnostics, String::new()) };
    // Only the diagnostics are needed here.
    let _ = Drivers::new(&scene, &mut diagnostics);
    if scene.topology.stages().iter().any(|stage| matches!(stage, Stage::Rounds { .. })) {
        let state = State::new(scene.topology.clone());
        diagnostics.extend(unsettled(&scene, &state));
    }
    let physics = scene.document.physics.as_ref().map(|study| {
        let surfaces: usize = study.zones.iter().map(|zone| zone.surfaces.len()).sum();
        match study.two_element_rooms.len() {
            0 => format!("{} zones with {surfaces} surfaces, ", study.zones.len()),
            rooms => format!("{} zones with {surfaces} surfaces and {rooms} two-element rooms, ", study.zones.len()),
        }
    });
    let physics = physics.unwrap_or_default();
    if scene.graph.twin_count() == 0 && !physics.is_empty() {
        // A scene without twins is a study, which has no other content.
        return (diagnostics, physics);
    }
    let summary = format!(
        "{physics}{} models, {} twins, {} relationships, {} formulas, {} nodes, {} twins with a place in the building, ",
        scene.models.len(),
        scene.graph.twin_count(),
        scene.graph.relationship_count(),
        scene.topology.formulas().len(),
        scene.building.nodes.len(),
        scene.bindings.iter().flatten().collect::<BTreeSet<_>>().len(),
    );
    (diagnostics, format!("{summary}time zone {}, ", scene.time_zone))
}
