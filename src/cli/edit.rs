//! `cupola edit`: changes the graph of a scene, checks the change against its models, and can undo it.

use super::{BAD_CALL, BAD_INPUT, output};
use clap::Subcommand;
use cupola_run::Drivers;
use cupola_scene::Properties;
use cupola_scene::document::{ComputedDoc, RelationshipDoc, TwinDoc};
use cupola_scene::edit::{Edit, Journal, JournalStep, Link, TextChange, edit};
use cupola_scene::{Scene, file_of, lock, updated_text, write_atomically};
use cupola_twin::{Diagnostic, Kind, Value};
use std::collections::BTreeMap;
use std::path::PathBuf;

#[derive(clap::Args)]
pub(super) struct Args {
    /// Scene to change: a folder with scene.ron, or a .ron file.
    scene: PathBuf,
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Add a twin.
    AddTwin {
        /// Id of the new twin.
        id: String,
        /// Model of the new twin: its DTMI, or the last segment of the DTMI if that is unique.
        #[arg(long)]
        model: String,
        /// Initial value of a property: PROPERTY=VALUE, where VALUE is JSON or a plain text. Repeatable.
        #[arg(long = "set", value_name = "PROPERTY=VALUE")]
        sets: Vec<String>,
        /// Relationship that leads to the new twin: the id of the source and the name. Repeatable.
        #[arg(long = "from", value_name = "TWIN.NAME")]
        from: Vec<String>,
    },
    /// Remove a twin and its relationships.
    RemoveTwin {
        /// Id of the twin.
        id: String,
    },
    /// Change the model of a twin.
    ChangeModel {
        /// Id of the twin.
        id: String,
        /// New model: its DTMI, or the last segment of the DTMI if that is unique.
        model: String,
    },
    /// Set initial values of properties.
    Set {
        /// Properties and values, where VALUE is JSON or a plain text.
        #[arg(required = true, value_name = "TWIN.PROPERTY=VALUE")]
        values: Vec<String>,
    },
    /// Remove initial values of properties.
    Unset {
        /// Properties whose initial values are removed.
        #[arg(required = true, value_name = "TWIN.PROPERTY")]
        values: Vec<String>,
    },
    /// Add a relationship.
    Relate {
        /// Id of the twin where the relationship begins.
        from: String,
        /// Name of the relationship.
        name: String,
        /// Id of the twin where the relationship ends.
        to: String,
        /// Id of the relationship itself.
        #[arg(long)]
        id: Option<String>,
        /// Property of the relationship: PROPERTY=VALUE, where VALUE is JSON or a plain text. Repeatable.
        #[arg(long = "set", value_name = "PROPERTY=VALUE")]
        sets: Vec<String>,
    },
    /// Remove a relationship.
    Unrelate {
        /// Id of the twin where the relationship begins.
        from: String,
        /// Name of the relationship.
        name: String,
        /// Id of the twin where the relationship ends.
        to: String,
        /// Id of the relationship itself, if several relationships have the same name and twins.
        #[arg(long)]
        id: Option<String>,
    },
    /// Set the formula of a computed property, for all twins of a model.
    SetFormula {
        /// Model whose twins have the property.
        model: String,
        /// Property to compute: one that the model declares, or a new one.
        property: String,
        /// Formula: an expression.
        formula: String,
        /// Unit of the values. Default: the unit that the property has.
        #[arg(long)]
        unit: Option<String>,
        /// Name of the property on the screen. Default: the name that the property has.
        #[arg(long)]
        display_name: Option<String>,
    },
    /// Remove the formula of a computed property.
    UnsetFormula {
        /// Model whose twins have the property.
        model: String,
        /// Computed property.
        property: String,
    },
    /// Undo the last edit.
    Undo,
    /// Redo the last undone edit.
    Redo,
}

pub(super) fn run(args: &Args) -> u8 {
    // Another call that edits the scene at the same time would overwrite this change, or be overwritten by it.
    let _lock = match lock(&file_of(&args.scene)) {
        Ok(lock) => lock,
        Err(found) => {
            output::report(&[found]);
            return BAD_INPUT;
        }
    };
    let loaded = cupola_scene::load(&args.scene);
    let Some(scene) = loaded.scene else {
        output::report(&loaded.diagnostics);
        return BAD_INPUT;
    };
    let mut before = loaded.diagnostics;
    // Only the diagnostics are needed here.
    let _ = Drivers::new(&scene, &mut before);
    let mut journal = Journal::load(&scene.path, scene.places.text());
    let (edits, step) = match wanted(&args.action, &scene, &journal) {
        Ok(wanted) => wanted,
        Err(why) => {
            output::error_line(why);
            return if matches!(args.action, Action::Undo | Action::Redo) { BAD_INPUT } else { BAD_CALL };
        }
    };
    let count = edits.len();
    match change(&scene, edits, &before, &mut journal, step) {
        Ok(()) => {
            let words = match step {
                Step::Do => "changed",
                Step::Undo => "undone",
                Step::Redo => "redone",
            };
            output::line(format!("{}: {count} {words}", scene.path.display()));
            0
        }
        Err(found) => {
            output::report(&[found]);
            output::error_line("Nothing was changed.");
            BAD_INPUT
        }
    }
}

#[derive(Clone, Copy)]
enum Step {
    Do,
    Undo,
    Redo,
}

/// Makes the edits and saves the scene before the journal, so that the journal never holds an edit that the file lacks.
fn change(
    scene: &Scene,
    edits: Vec<Edit>,
    before: &[Diagnostic],
    journal: &mut Journal,
    step: Step,
) -> Result<(), Diagnostic> {
    let text_before = scene.places.text();
    let known = match step {
        Step::Do => None,
        Step::Undo => journal.to_undo(),
        Step::Redo => journal.to_redo(),
    };
    // The text of the step that is undone or redone has its comments.
    let text = known.and_then(|known| known.text.as_ref()?.apply(text_before));
    let edited = edit(scene, edits, before, |scene, found| {
        // Only the diagnostics are needed here.
        let _ = Drivers::new(scene, found);
    });
    let (text, edits) = match (text, edited) {
        (Some(text), Ok(edited)) => (text, edited.undo),
        // The text comes back as it was, also with its errors.
        (Some(text), Err(_)) => (text, Vec::new()),
        (None, edited) => {
            let edited = edited?;
            (updated_text(text_before, &edited.scene.document)?, edited.undo)
        }
    };
    let back = JournalStep { edits, text: Some(TextChange::between(&text, text_before)) };
    match step {
        Step::Do => journal.did(back),
        Step::Undo => journal.undid(back),
        Step::Redo => journal.redid(back),
    }
    write_atomically(&scene.path, text.as_bytes())?;
    journal.save(&scene.path, &text)
}

/// Returns the edits that a call asks for, or the reason why the call is bad.
fn wanted(action: &Action, scene: &Scene, journal: &Journal) -> Result<(Vec<Edit>, Step), String> {
    let edits = match action {
        Action::AddTwin { id, model, sets, from } => {
            let kind = |property: &str| {
                let model = scene.models.get(scene.models.resolve(model).ok()?);
                model.property(property).map(|property| property.kind)
            };
            let properties = properties(sets, kind)?;
            let twin = TwinDoc { id: id.clone(), model: model.as_str().into(), properties };
            let mut edits =
                vec![Edit::AddTwin { twin, at: None, relationships: Vec::new(), bindings: BTreeMap::new() }];
            for text in from {
                let (from, name) = text.rsplit_once('.').ok_or_else(|| format!("write TWIN.NAME, not `{text}`"))?;
                edits.push(related(from, name, id, None, Properties::default()));
            }
            edits
        }
        Action::RemoveTwin { id } => vec![Edit::RemoveTwin { id: id.clone() }],
        Action::ChangeModel { id, model } => vec![Edit::ChangeModel { twin: id.clone(), model: model.clone() }],
        Action::Set { values } => {
            let set = |text: &String| {
                let (name, value) =
                    text.split_once('=').ok_or_else(|| format!("write TWIN.PROPERTY=VALUE, not `{text}`"))?;
                let (twin, property) = target(scene, name)?;
                let kind = kind_of(scene, &twin, &property);
                Ok(Edit::SetProperty { twin, property, value: Some(typed(value, kind)) })
            };
            values.iter().map(set).collect::<Result<_, String>>()?
        }
        Action::Unset { values } => {
            let unset = |name: &String| {
                let (twin, property) = target(scene, name)?;
                Ok(Edit::SetProperty { twin, property, value: None })
            };
            values.iter().map(unset).collect::<Result<_, String>>()?
        }
        Action::Relate { from, name, to, id, sets } => {
            vec![related(from, name, to, id.clone(), properties(sets, |_| None)?)]
        }
        Action::Unrelate { from, name, to, id } => {
            let link = Link { from: from.clone(), name: name.clone(), to: to.clone(), id: id.clone() };
            vec![Edit::RemoveRelationship(link)]
        }
        Action::SetFormula { model, property, formula, unit, display_name } => {
            let known =
                scene.document.computed.iter().find(|known| known.model == *model && known.property == *property);
            let definition = ComputedDoc {
                model: model.clone(),
                property: property.clone(),
                formula: formula.clone(),
                unit: unit.clone().or_else(|| known?.unit.clone()),
                display_name: display_name.clone().or_else(|| known?.display_name.clone()),
                iterate: known.and_then(|known| known.iterate.clone()),
            };
            let (model, property, definition) = (model.clone(), property.clone(), Some(Box::new(definition)));
            vec![Edit::SetComputed { model, property, definition, at: None }]
        }
        Action::UnsetFormula { model, property } => {
            let (model, property) = (model.clone(), property.clone());
            vec![Edit::SetComputed { model, property, definition: None, at: None }]
        }
        Action::Undo => {
            let step = journal.to_undo().ok_or("there is nothing to undo, or another program changed the scene")?;
            return Ok((step.edits.clone(), Step::Undo));
        }
        Action::Redo => {
            let step = journal.to_redo().ok_or("there is nothing to redo, or another program changed the scene")?;
            return Ok((step.edits.clone(), Step::Redo));
        }
    };
    Ok((edits, Step::Do))
}

fn related(from: &str, name: &str, to: &str, id: Option<String>, properties: Properties) -> Edit {
    let relationship = RelationshipDoc { id, from: from.into(), name: name.into(), to: to.into(), properties };
    Edit::AddRelationship { relationship, at: None }
}

/// Reads a value: JSON or plain text. A text in quotes is JSON, also where a text is wanted.
fn typed(text: &str, kind: Option<Kind>) -> Value {
    match (kind, serde_json::from_str(text)) {
        (Some(Kind::Text | Kind::Time), Ok(Value::Text(inner))) => Value::Text(inner),
        _ => Value::from_text(text, kind),
    }
}

fn properties(sets: &[String], kind: impl Fn(&str) -> Option<Kind>) -> Result<Properties, String> {
    let one = |text: &String| match text.split_once('=') {
        Some((name, value)) => Ok((name.to_string(), typed(value, kind(name)))),
        None => Err(format!("write PROPERTY=VALUE, not `{text}`")),
    };
    sets.iter().map(one).collect()
}

/// Splits `TWIN.PROPERTY` into a twin and a property. An id may contain dots, so the longest id of a twin is taken. If
/// no prefix is the id of a twin, the text is split at its first dot.
fn target(scene: &Scene, name: &str) -> Result<(String, String), String> {
    let mut splits = name.match_indices('.').map(|(dot, _)| (&name[..dot], &name[dot + 1..]));
    let known = splits.clone().filter(|(twin, _)| scene.graph.twin(twin).is_some()).last();
    let (twin, property) =
        known.or_else(|| splits.next()).ok_or_else(|| format!("write TWIN.PROPERTY, not `{name}`"))?;
    Ok((twin.to_string(), property.to_string()))
}

/// Returns the kind of the values of a twin's property, or `None` if the scene has no such twin or property.
fn kind_of(scene: &Scene, twin: &str, property: &str) -> Option<Kind> {
    let topology = &scene.topology;
    let slot = topology.slot(topology.twin(twin)?, property)?;
    Some(topology.column(slot.column).kind)
}
