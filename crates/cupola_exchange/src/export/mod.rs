//! Export of scenes to the formats of Azure Digital Twins, to Graphviz and to glTF.

pub(crate) mod dot;
pub(crate) mod glb;
pub(crate) mod json;
pub(crate) mod models;
pub(crate) mod ndjson;
pub(crate) mod twins;
pub(crate) mod xlsx;

use cupola_scene::{Scene, to_ron};
use cupola_twin::Diagnostic;

/// A format of exported files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// Models, twins and relationships, for the bulk import of Azure Digital Twins.
    Ndjson,
    /// Models, twins and relationships, for Azure Digital Twins Explorer.
    Json,
    /// Twins and relationships as a spreadsheet, for Azure Digital Twins Explorer.
    Xlsx,
    /// Twins and relationships as a graph, for Graphviz.
    Dot,
    /// The building as glTF, with its twins in the extras of its nodes.
    #[value(name = "glb")]
    Gltf,
    /// The complete scene document.
    Scene,
}

impl Format {
    /// Returns the file extension of the format.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Ndjson => "ndjson",
            Self::Json => "json",
            Self::Xlsx => "xlsx",
            Self::Dot => "dot",
            Self::Gltf => "glb",
            Self::Scene => "ron",
        }
    }
}

/// The result of an export.
#[derive(Debug, Default)]
pub struct ExportedFile {
    /// The content of the file. It is empty if the export failed.
    pub bytes: Vec<u8>,
    /// Diagnostics about content that the format can't represent or that was not found. An error means that content was
    /// left out.
    pub findings: Vec<Diagnostic>,
}

/// Exports a scene. The same scene always gives the same bytes.
pub fn export(scene: &Scene, format: Format) -> ExportedFile {
    let document = &scene.document;
    let mut findings = Vec::new();
    let bytes = match format {
        Format::Ndjson => {
            let twins = twins::twins_json(&document.twins, &scene.models, &mut findings);
            let relationships = twins::relationships_json(&document.relationships, "$dtId", &mut findings);
            let interfaces = models::interfaces(&scene.files, &scene.models, &mut findings);
            findings.extend(models::too_new(&interfaces));
            ndjson::text(&twins, &relationships, &interfaces).into_bytes()
        }
        Format::Json => {
            let graph = graph(scene, &mut findings);
            findings.extend(models::too_new(graph["digitalTwinsModels"].as_array().map_or(&[], Vec::as_slice)));
            format!("{graph:#}\n").into_bytes()
        }
        Format::Xlsx => {
            let twins = twins::twins_json(&document.twins, &scene.models, &mut findings);
            xlsx::bytes(&twins, &document.relationships, &mut findings)
        }
        Format::Dot => {
            dot::text(&document.name, &document.twins, &document.relationships, &scene.models, &mut findings)
                .into_bytes()
        }
        Format::Gltf => {
            let graph = graph(scene, &mut findings);
            glb::bytes(scene, graph, &mut findings)
        }
        Format::Scene => match to_ron(document) {
            Ok(text) => return ExportedFile { bytes: text.into_bytes(), findings },
            Err(found) => return ExportedFile { bytes: Vec::new(), findings: vec![found] },
        },
    };
    findings.extend(left_in_the_scene(scene));
    ExportedFile { bytes, findings }
}

/// Returns models, twins and relationships in the JSON format of Azure Digital Twins Explorer.
fn graph(scene: &Scene, findings: &mut Vec<Diagnostic>) -> serde_json::Value {
    let document = &scene.document;
    let twins = twins::twins_json(&document.twins, &scene.models, findings);
    let relationships = twins::relationships_json(&document.relationships, "$sourceId", findings);
    let interfaces = models::interfaces(&scene.files, &scene.models, findings);
    json::file(twins, relationships, interfaces)
}

/// Returns a diagnostic that lists the parts of the scene that only the scene format can represent.
fn left_in_the_scene(scene: &Scene) -> Option<Diagnostic> {
    let document = &scene.document;
    let parts = [
        ("computed properties", document.computed.is_empty()),
        ("processors", document.processors.is_empty()),
        ("alarms", document.alarms.is_empty()),
        ("feeds", document.feeds.is_empty()),
        ("the simulation", document.simulation.is_none()),
    ];
    let left: Vec<&str> = parts.into_iter().filter(|(_, empty)| !empty).map(|(name, _)| name).collect();
    let message = format!("the format can't represent {}; they were not exported", left.join(", "));
    (!left.is_empty()).then(|| Diagnostic::info("left-in-the-scene", message))
}
