//! Definitions of processors: the scene's entries with their names looked up and checked.

use crate::feed::address;
use cupola_scene::document::ProcessorDoc;
use cupola_scene::{Scene, Step, input_column};
use cupola_twin::{ColumnIx, Diagnostic, TableIx};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

/// The definition of a processor.
#[derive(Clone, Debug)]
pub struct Definition {
    /// The entry of the scene.
    pub doc: ProcessorDoc,
    /// The folder in which the program runs.
    pub folder: PathBuf,
    /// The input and output columns by name, for each table of the processor's model.
    pub(crate) tables: Vec<OfTable>,
    /// The time between two requests, in microseconds of the timeline.
    pub every_us: i64,
    /// The longest wait for an answer, in real time.
    pub timeout: Duration,
    /// The age at which an answer becomes stale, in microseconds of the timeline.
    pub stale_after_us: i64,
}

#[derive(Clone, Debug)]
pub(crate) struct OfTable {
    pub table: TableIx,
    pub inputs: Vec<(String, ColumnIx)>,
    pub outputs: Vec<(String, ColumnIx)>,
}

impl Definition {
    /// Returns the valid definitions of a scene. Diagnostics are added to `found`.
    pub fn all(scene: &Scene, found: &mut Vec<Diagnostic>) -> Vec<Self> {
        let mut ids = BTreeSet::new();
        let mut out = Vec::new();
        for (position, doc) in scene.document.processors.iter().enumerate() {
            let mut wrong = Vec::new();
            if !ids.insert(&doc.id) {
                let message = format!("processor `{}` is defined twice", doc.id);
                wrong.push(("id", Diagnostic::error("duplicate-processor", message)));
            }
            let definition = Self::new(scene, doc, &mut wrong);
            let is_good = wrong.is_empty();
            for (field, diagnostic) in wrong {
                let steps: &[Step<'_>] = &["processors".into(), position.into(), field.into()];
                found.push(diagnostic.at(scene.places.of(steps)));
            }
            out.extend(definition.filter(|_| is_good));
        }
        out
    }

    fn new(scene: &Scene, doc: &ProcessorDoc, wrong: &mut Vec<(&'static str, Diagnostic)>) -> Option<Self> {
        match (doc.command.first(), &doc.mqtt) {
            (Some(program), None) if program.trim().is_empty() => {
                wrong.push(("command", Diagnostic::error("empty-command", "the command names no program")));
            }
            (None, None) | (Some(_), Some(_)) => {
                let help = r#"give it `command: ["program", "argument"]` or `mqtt: (url: …, request: …, response: …)`"#;
                let message = "a processor is either a program or a service behind a broker";
                wrong.push(("command", Diagnostic::error("no-processor", message).help(help)));
            }
            (None, Some(mqtt)) => {
                if let Err(why) = address(&mqtt.url) {
                    wrong.push(("mqtt", Diagnostic::error("broker-address", why.to_string())));
                }
                if mqtt.request == mqtt.response || mqtt.request.contains(['+', '#']) || mqtt.response.is_empty() {
                    let message = "requests and answers need a topic each, and requests one without wildcards";
                    wrong.push(("mqtt", Diagnostic::error("topic-pattern", message)));
                }
            }
            (Some(_), None) => {}
        }
        let mut duration = |field, text: &str| {
            let duration = cupola_wire::parse_duration(text).filter(|us| *us > 0);
            if duration.is_none() {
                let message = format!("`{text}` is not a duration");
                wrong.push((field, Diagnostic::error("wrong-duration", message).help("write it like 5s, 15m or 2h")));
            }
            duration.unwrap_or(1)
        };
        let (every_us, timeout_us) = (duration("every", &doc.every), duration("timeout", &doc.timeout));
        let stale_after_us = doc.stale_after.as_ref().map(|text| duration("stale_after", text));
        let stale_after_us = stale_after_us.unwrap_or(every_us.saturating_mul(2).saturating_add(timeout_us));
        let model = match scene.models.resolve(&doc.model) {
            Ok(model) => model,
            Err(found) => {
                wrong.push(("model", found));
                return None;
            }
        };
        let topology = &scene.topology;
        let interface = scene.models.get(model);
        let mut tables = Vec::new();
        for table in topology.tables_of(model) {
            let columns = topology.table(table);
            let input = |name: &String| Some((name.clone(), columns.column(&input_column(&doc.id, name))?));
            let output = |name: &String| Some((name.clone(), columns.column(name)?));
            tables.push(OfTable {
                table,
                inputs: doc.inputs.keys().filter_map(input).collect(),
                outputs: doc.outputs.iter().filter_map(output).collect(),
            });
        }
        if doc.outputs.is_empty() {
            wrong.push(("outputs", Diagnostic::error("no-outputs", "the processor gives nothing")));
        }
        for name in &doc.outputs {
            let somewhere = tables.iter().any(|table| table.outputs.iter().any(|(known, _)| known == name));
            if !somewhere && interface.property(name).is_none() {
                let message = format!("`{name}` is not a property of {}", interface.display_name);
                let unknown = Diagnostic::error("unknown-property", message)
                    .help("declare it in the model, or as a computed property with what holds until there is an answer")
                    .did_you_mean(name, interface.properties.iter().map(|property| &*property.name));
                wrong.push(("outputs", unknown));
            }
        }
        let folder = scene.path.parent().map_or_else(PathBuf::new, PathBuf::from);
        let folder = doc.folder.as_ref().map_or(folder.clone(), |inner| folder.join(inner));
        if doc.folder.is_some() && !folder.is_dir() {
            let message = format!("there is no folder {}", folder.display());
            wrong.push(("folder", Diagnostic::error("file-not-found", message)));
        }
        let timeout = Duration::from_micros(timeout_us as u64);
        Some(Self { doc: doc.clone(), folder, tables, every_us, timeout, stale_after_us })
    }
}
