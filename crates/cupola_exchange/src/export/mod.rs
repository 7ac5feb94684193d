//! Export of scenes to the formats of Azure Digital Twins, to Graphviz and to glTF.

pub(crate) mod dot;
pub(crate) mod glb;
pub(crate) mod json;
pub(crate) mod models;
pub(crate) mod ndjson;
pub(crate) mod twins;
pub(crate) mod xlsx;

use cupola_scene::{Scene, write_file, write_ron};
use cupola_twin::Diagnostic;
use cupola_twin::diagnostic::has_errors;
use json::GraphFile;
use std::cell::RefCell;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use twins::{RelationshipList, TwinList};

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
pub struct ExportReport {
    /// The number of bytes written. It is 0 if the export failed.
    pub bytes: u64,
    /// Diagnostics about content that the format can't represent or that was not found. An error means that content was
    /// left out.
    pub findings: Vec<Diagnostic>,
}

/// A writer that counts its bytes.
struct CountingWriter<W> {
    writer: W,
    bytes: u64,
}

impl<W: Write> Write for CountingWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.writer.write(bytes)?;
        self.bytes += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

/// Exports a scene to a writer. The same scene always gives the same bytes. An export that fails writes nothing.
///
/// # Errors
/// The writer fails.
pub fn export(scene: &Scene, format: Format, writer: impl Write) -> io::Result<ExportReport> {
    let mut out = CountingWriter { writer: BufWriter::new(writer), bytes: 0 };
    let document = &scene.document;
    let findings = RefCell::new(Vec::new());
    let twins = || TwinList { twins: &document.twins, models: &scene.models, findings: &findings };
    let relationships =
        |source| RelationshipList { relationships: &document.relationships, source, findings: &findings };
    let interfaces = match format {
        Format::Ndjson | Format::Json | Format::Gltf => {
            let interfaces = models::interfaces(&scene.files, &scene.models, &mut findings.borrow_mut());
            if format != Format::Gltf {
                findings.borrow_mut().extend(models::too_new(&interfaces));
            }
            interfaces
        }
        Format::Xlsx | Format::Dot | Format::Scene => Vec::new(),
    };
    let graph = || GraphFile::new(twins(), relationships("$sourceId"), &interfaces);
    match format {
        Format::Ndjson => ndjson::write(&twins(), &relationships("$dtId"), &interfaces, &mut out)?,
        Format::Json => {
            serde_json::to_writer_pretty(&mut out, &graph())?;
            out.write_all(b"\n")?;
        }
        Format::Xlsx => out.write_all(&xlsx::bytes(&twins(), &document.relationships, &findings))?,
        Format::Dot => {
            let mut found = findings.borrow_mut();
            let text = dot::text(&document.name, &document.twins, &document.relationships, &scene.models, &mut found);
            out.write_all(text.as_bytes())?;
        }
        Format::Gltf => {
            let graph = serde_json::to_value(graph())?;
            out.write_all(&glb::bytes(scene, graph, &mut findings.borrow_mut()))?;
        }
        Format::Scene => write_ron(document, &mut out)?,
    }
    out.flush()?;
    let mut findings = findings.into_inner();
    if format != Format::Scene {
        findings.extend(left_in_the_scene(scene));
    }
    Ok(ExportReport { bytes: out.bytes, findings })
}

/// Exports a scene to a file like [`export`]. After a failure, the number of bytes is 0, the findings have the error, and
/// the file is unchanged.
pub fn export_to_file(scene: &Scene, format: Format, path: &Path) -> ExportReport {
    let mut report = ExportReport::default();
    if scene.is_read_from(path) {
        let message = format!("{} is a file of the scene, which the export would overwrite", path.display());
        report.findings.push(Diagnostic::error("own-file", message).help("name another file; nothing was changed"));
        return report;
    }
    let written = write_file(path, |file| {
        report = export(scene, format, file)?;
        if report.bytes == 0 { Err(io::Error::other("the scene can't be exported in this format")) } else { Ok(()) }
    });
    if let Err(found) = written {
        // The reason may be known already.
        if report.bytes > 0 || !has_errors(&report.findings) {
            report.findings.push(found);
        }
        report.bytes = 0;
    }
    report
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
