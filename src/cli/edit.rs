//! `cupola edit`: changes the graph of a scene, checked against its models, with undo.

use super::{BAD_CALL, BAD_INPUT, output};
use clap::Subcommand;
use cupola_run::Drivers;
use cupola_scene::document::{ComputedDoc, RelationshipDoc, TwinDoc};
use cupola_scene::edit::{Edit, Journal, Link, edit};
use cupola_scene::{Scene, to_ron, write_atomically};
use cupola_twin::{Diagnostic, Kind, Value};
use std::collections::BTreeMap;
use std::path::PathBuf;

#[derive(clap::Args)]
pub(super) struct Args {
    /// The scene.
    scene: PathBuf,
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Adds a twin.
    AddTwin {
        /// Its id.
        id: String,
        /// Its model: the DTMI, or its last segment where that is unique.
        #[arg(long)]
        model: String,
        /// A first value: PROPERTY=VALUE, where VALUE is JSON or a plain text.
        #[arg(long = "set", value_name = "PROPERTY=VALUE")]
        sets: Vec<String>,
        /// A relationship that leads to it: TWIN.NAME.
        #[arg(long = "from", value_name = "TWIN.NAME")]
        from: Vec<String>,
    },
    /// Removes a twin and its relationships.
    RemoveTwin {
        /// Its id.
        id: String,
    },
    /// Makes a twin one of another model.
    ChangeModel {
        /// Its id.
        id: String,
        /// The model.
        model: String,
    },
    /// Gives properties their first values.
    Set {
        /// TWIN.PROPERTY=VALUE, where VALUE is JSON or a plain text.
        #[arg(required = true, value_name = "TWIN.PROPERTY=VALUE")]
        values: Vec<String>,
    },
    /// Takes properties' first values away.
    Unset {
        /// TWIN.PROPERTY.
        #[arg(required = true, value_name = "TWIN.PROPERTY")]
        values: Vec<String>,
    },
    /// Adds a relationship.
    Relate {
        /// The twin that it starts at.
        from: String,
        /// Its name.
        name: String,
        /// The twin that it leads to.
        to: String,
        /// Its own id.
        #[arg(long)]
        id: Option<String>,
        /// A value of its own: PROPERTY=VALUE.
        #[arg(long = "set", value_name = "PROPERTY=VALUE")]
        sets: Vec<String>,
    },
    /// Removes a relationship.
    Unrelate {
        /// The twin that it starts at.
        from: String,
        /// Its name.
        name: String,
        /// The twin that it leads to.
        to: String,
        /// Its own id, if there are several.
        #[arg(long)]
        id: Option<String>,
    },
    /// Has a property computed for all twins of a model, or otherwise than before.
    SetFormula {
        /// The model.
        model: String,
        /// The property: one of the model's, or a new one.
        property: String,
        /// The expression.
        formula: String,
        /// The unit of a new property.
        #[arg(long)]
        unit: Option<String>,
        /// What to call a new property on the screen.
        #[arg(long)]
        display_name: Option<String>,
    },
    /// Has a property no longer computed.
    UnsetFormula {
        /// The model.
        model: String,
        /// The property.
        property: String,
    },
    /// Takes the last change back.
    Undo,
    /// Does what was undone again.
    Redo,
}

pub(super) fn run(args: &Args) -> u8 {
    let loaded = cupola_scene::load(&args.scene);
    let Some(scene) = loaded.scene else {
        output::report(&loaded.diagnostics);
        return BAD_INPUT;
    };
    let mut before = loaded.diagnostics;
    // Only what is found counts here.
    let _ = Drivers::new(&scene, &mut before);
    let mut journal = Journal::load(&scene.path, scene.places.text());
    let (edits, step) = match wanted(&args.action, &scene, &journal) {
        Ok(wanted) => wanted,
        Err(why) => {
            output::error_line(why);
            return BAD_CALL;
        }
    };
    let count = edits.len();
    match change(&scene, edits, &before, &mut journal, step) {
        Ok(()) => {
            let words = match step {
                Step::Do => "changed",
                Step::Undo => "undone",
                Step::Redo => "done again",
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

/// Makes the edits and saves: the scene first, so that a journal never speaks of what is not there.
fn change(
    scene: &Scene,
    edits: Vec<Edit>,
    before: &[Diagnostic],
    journal: &mut Journal,
    step: Step,
) -> Result<(), Diagnostic> {
    let edited = edit(scene, edits, before, |scene, found| {
        // Only what is found counts here.
        let _ = Drivers::new(scene, found);
    })?;
    match step {
        Step::Do => journal.did(edited.undo),
        Step::Undo => journal.undid(edited.undo),
        Step::Redo => journal.redid(edited.undo),
    }
    let text = to_ron(&edited.scene.document)?;
    write_atomically(&scene.path, text.as_bytes())?;
    journal.save(&scene.path, &text)
}

/// The edits that a call asks for.
fn wanted(action: &Action, scene: &Scene, journal: &Journal) -> Result<(Vec<Edit>, Step), String> {
    let edits = match action {
        Action::AddTwin { id, model, sets, from } => {
            let properties = properties(sets)?;
            let twin = TwinDoc { id: id.clone(), model: model.clone(), properties };
            let mut edits =
                vec![Edit::AddTwin { twin, at: None, relationships: Vec::new(), bindings: BTreeMap::new() }];
            for text in from {
                let (from, name) = text.rsplit_once('.').ok_or_else(|| format!("write TWIN.NAME, not `{text}`"))?;
                edits.push(related(from, name, id, None, BTreeMap::new()));
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
                Ok(Edit::SetProperty { twin, property, value: Some(Value::from_text(value, kind)) })
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
            vec![related(from, name, to, id.clone(), properties(sets)?)]
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
            let edits = journal.to_undo().ok_or("there is nothing to undo, or the scene was changed by other means")?;
            return Ok((edits.clone(), Step::Undo));
        }
        Action::Redo => {
            let edits =
                journal.to_redo().ok_or("there is nothing to do again, or the scene was changed by other means")?;
            return Ok((edits.clone(), Step::Redo));
        }
    };
    Ok((edits, Step::Do))
}

fn related(from: &str, name: &str, to: &str, id: Option<String>, properties: BTreeMap<String, Value>) -> Edit {
    let relationship = RelationshipDoc { id, from: from.into(), name: name.into(), to: to.into(), properties };
    Edit::AddRelationship { relationship, at: None }
}

fn properties(sets: &[String]) -> Result<BTreeMap<String, Value>, String> {
    let one = |text: &String| match text.split_once('=') {
        Some((name, value)) => Ok((name.to_string(), Value::from_text(value, None))),
        None => Err(format!("write PROPERTY=VALUE, not `{text}`")),
    };
    sets.iter().map(one).collect()
}

/// The twin and the property of `TWIN.PROPERTY`; ids may hold dots.
fn target(scene: &Scene, name: &str) -> Result<(String, String), String> {
    let mut splits = name.match_indices('.').map(|(dot, _)| (&name[..dot], &name[dot + 1..]));
    let known = splits.clone().filter(|(twin, _)| scene.graph.twin(twin).is_some()).last();
    let (twin, property) =
        known.or_else(|| splits.next()).ok_or_else(|| format!("write TWIN.PROPERTY, not `{name}`"))?;
    Ok((twin.to_string(), property.to_string()))
}

/// Returns the kind of values of a twin's property, if the scene has both.
fn kind_of(scene: &Scene, twin: &str, property: &str) -> Option<Kind> {
    let topology = &scene.topology;
    let slot = topology.slot(topology.twin(twin)?, property)?;
    Some(topology.column(slot.column).kind)
}
