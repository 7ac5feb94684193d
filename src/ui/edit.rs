//! The panel that edits the graph: the model, initial values and relationships of the selected twin, and new twins.

use super::theme::{self, GAP, ROW};
use super::widgets::{icon_button, one_line, paint_text, section, small_link};
use crate::action::ActionList;
use crate::session::EditHistory;
use crate::session::{EditScene, Redo, Save, Undo};
use bevy_egui::egui::{
    Align, Align2, Button, ComboBox, Label, Layout, RichText, ScrollArea, Sense, TextEdit, Ui, vec2,
};
use cupola_scene::Properties;
use cupola_scene::Scene;
use cupola_scene::document::{RelationshipDoc, TwinDoc};
use cupola_scene::edit::{Edit, Link};
use cupola_twin::model::{Interface, ModelIx, short_name};
use cupola_twin::{TwinIx, Value};
use egui_phosphor::regular as icon;
use std::collections::BTreeMap;

/// Largest number of relationships and of suggestions in the lists.
const MAX_LISTED: usize = 60;
const MAX_SUGGESTED: usize = 6;
/// Width of the names beside the fields, in points.
const NAME_WIDTH: f32 = 120.0;

/// The inputs of the editor that are not yet an edit.
#[derive(Clone, Debug, Default)]
pub struct Editor {
    /// Whether the editor takes the place of the inspector.
    pub open: bool,
    /// The id of the twin that the fields belong to.
    twin: Option<String>,
    /// Initial values that are being typed, by property.
    values: BTreeMap<String, String>,
    relationship: String,
    target: String,
    new_id: String,
    new_model: String,
    new_under: bool,
}

/// Draws the editor in the place of the inspector.
pub fn editor_ui(
    ui: &mut Ui,
    scene: &Scene,
    selected: Option<TwinIx>,
    history: &EditHistory,
    editor: &mut Editor,
    actions: &mut ActionList,
) {
    let id = selected.map(|twin| scene.topology.twin_id(twin).to_string());
    if editor.twin != id {
        let new_model = std::mem::take(&mut editor.new_model);
        *editor = Editor { open: true, twin: id, new_model, new_under: true, ..Default::default() };
    }
    head_ui(ui, history, editor, actions);
    theme::keep_clear_of_bar(ui);
    ScrollArea::vertical().id_salt("editor").auto_shrink(false).show(ui, |ui| {
        match selected {
            Some(twin) => twin_ui(ui, scene, twin, editor, actions),
            None => {
                ui.label(theme::muted("Select a twin in the building or in the tree to change it, or add one."));
            }
        }
        new_twin_ui(ui, scene, selected, editor, actions);
        ui.add_space(GAP);
    });
}

fn head_ui(ui: &mut Ui, history: &EditHistory, editor: &mut Editor, actions: &mut ActionList) {
    ui.horizontal(|ui| {
        ui.label(RichText::new(icon::PENCIL_SIMPLE).size(18.0).color(theme::colors(ui).muted));
        ui.label(theme::title("Edit graph"));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.spacing_mut().item_spacing.x = 0.0;
            if icon_button(ui, icon::X, "Back to the inspector (Ctrl+E)", false).clicked() {
                editor.open = false;
            }
            ui.add_enabled_ui(history.can_redo(), |ui| {
                if icon_button(ui, icon::ARROW_CLOCKWISE, "Redo (Ctrl+Y)", false).clicked() {
                    actions.push(Redo);
                }
            });
            ui.add_enabled_ui(history.can_undo(), |ui| {
                if icon_button(ui, icon::ARROW_COUNTER_CLOCKWISE, "Undo (Ctrl+Z)", false).clicked() {
                    actions.push(Undo);
                }
            });
        });
    });
    ui.horizontal(|ui| {
        ui.set_height(ROW);
        if history.unsaved {
            ui.label(theme::caption("Changes are not saved yet."));
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                if small_link(ui, "Save").on_hover_text("Ctrl+S").clicked() {
                    actions.push(Save(None));
                }
            });
        } else {
            ui.label(theme::caption("Every change is checked against the models."));
        }
    });
    ui.add_space(GAP);
}

/// Draws the name of a field at its left.
fn name_ui(ui: &mut Ui, name: &str, hover: &str) {
    let (rect, response) = ui.allocate_exact_size(vec2(NAME_WIDTH, ROW), Sense::hover());
    let galley = one_line(ui, theme::muted(name), NAME_WIDTH);
    let color = theme::colors(ui).muted;
    paint_text(ui, galley, Align2::LEFT_CENTER, rect.left_center(), color);
    response.on_hover_text(hover);
}

fn edit(actions: &mut ActionList, edit: Edit) {
    actions.push(EditScene(vec![edit]));
}

fn twin_ui(ui: &mut Ui, scene: &Scene, twin: TwinIx, editor: &mut Editor, actions: &mut ActionList) {
    let id = scene.topology.twin_id(twin).to_string();
    let model = scene.topology.models.get(scene.topology.model_of(twin));
    ui.label(theme::semibold(&id));
    ui.horizontal(|ui| {
        name_ui(ui, "Model", "The DTDL model of the twin");
        let mut chosen = model.id.to_string();
        if model_box(ui, "twin model", scene, &mut chosen) {
            edit(actions, Edit::ChangeModel { twin: id.clone(), model: chosen });
        }
    });
    values_ui(ui, scene, &id, model, editor, actions);
    relationships_ui(ui, scene, &id, model, editor, actions);
    ui.add_space(GAP);
    let remove = RichText::new(format!("{} Remove this twin", icon::TRASH)).color(theme::colors(ui).critical);
    if ui.add(Button::new(remove).min_size(vec2(0.0, ROW))).on_hover_text("Removes its relationships too").clicked() {
        edit(actions, Edit::RemoveTwin { id });
    }
}

/// Returns a text field for one line, as high as the other widgets of a row.
fn field<'t>(text: &'t mut String, hint: &str) -> TextEdit<'t> {
    TextEdit::singleline(text).hint_text(hint.to_string()).min_size(vec2(0.0, ROW)).vertical_align(Align::Center)
}

/// Draws a list of all models and returns whether another model was chosen.
fn model_box(ui: &mut Ui, salt: &str, scene: &Scene, chosen: &mut String) -> bool {
    let before = chosen.clone();
    let shown = if chosen.is_empty() { "Choose a model" } else { short_name(chosen) };
    ComboBox::from_id_salt(salt).width(ui.available_width()).selected_text(shown).show_ui(ui, |ui| {
        let mut models: Vec<(ModelIx, &Interface)> = scene.models.iter().collect();
        models.sort_by_key(|(_, model)| &model.display_name);
        for (_, model) in models {
            ui.selectable_value(chosen, model.id.to_string(), &model.display_name).on_hover_text(&*model.id);
        }
    });
    *chosen != before
}

/// Draws the initial values of the twin's properties.
fn values_ui(ui: &mut Ui, scene: &Scene, id: &str, model: &Interface, editor: &mut Editor, actions: &mut ActionList) {
    let Some(doc) = scene.document.twins.iter().find(|twin| twin.id == id) else { return };
    section(ui, "Initial values", "");
    let topology = &scene.topology;
    let twin = topology.twin(id);
    // A computed property has no initial value, because its formula gives the value.
    let is_given = |name: &str| {
        let slot = twin.and_then(|twin| topology.slot(twin, name));
        slot.is_none_or(|slot| topology.column(slot.column).formula.is_none())
    };
    let declared = model.declared.iter().filter(|declared| !declared.telemetry && is_given(&declared.name));
    for declared in declared {
        let name = &*declared.name;
        let slot = twin.and_then(|twin| topology.slot(twin, name));
        let kind = slot.map(|slot| topology.column(slot.column).kind);
        let before = doc.properties.get(name).map_or(String::new(), text_of);
        let schema = scene.models.schemas().describe(declared.schema);
        ui.horizontal(|ui| {
            name_ui(ui, name, &format!("{name}: {schema}"));
            let typed = editor.values.entry(name.to_string()).or_insert_with(|| before.clone());
            let response = ui.add(field(typed, &schema).desired_width(f32::INFINITY));
            if response.lost_focus() && *typed != before {
                let value = (!typed.is_empty()).then(|| Value::from_text(typed, kind));
                edit(actions, Edit::SetProperty { twin: id.into(), property: name.into(), value });
                editor.values.remove(name);
            } else if !response.has_focus() {
                editor.values.remove(name);
            }
        });
    }
}

fn relationships_ui(
    ui: &mut Ui,
    scene: &Scene,
    id: &str,
    model: &Interface,
    editor: &mut Editor,
    actions: &mut ActionList,
) {
    section(ui, "Relationships", "");
    let own = scene.document.relationships.iter().filter(|link| link.from == id || link.to == id);
    for link in own.take(MAX_LISTED) {
        ui.horizontal(|ui| {
            let words = if link.from == id {
                format!("{} {}  {}", icon::ARROW_RIGHT, link.name, link.to)
            } else {
                format!("{} {}  {}", icon::ARROW_LEFT, link.name, link.from)
            };
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                if icon_button(ui, icon::X, "Remove this relationship", false).clicked() {
                    edit(actions, Edit::RemoveRelationship(link_of(link)));
                }
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| ui.add(Label::new(words).truncate()));
            });
        });
    }
    if model.relationships.is_empty() {
        ui.label(theme::caption("The model of the twin declares no relationships."));
        return;
    }
    ui.horizontal(|ui| {
        let chosen = if editor.relationship.is_empty() { "Relationship" } else { &editor.relationship };
        ComboBox::from_id_salt("new relationship").width(110.0).selected_text(chosen).show_ui(ui, |ui| {
            for known in &model.relationships {
                ui.selectable_value(&mut editor.relationship, known.name.to_string(), known.display_name.as_str());
            }
        });
        ui.add(field(&mut editor.target, "Target twin").desired_width(ui.available_width() - 70.0));
        let ready = !editor.relationship.is_empty() && scene.graph.twin(&editor.target).is_some();
        if ui.add_enabled(ready, Button::new("Relate").min_size(vec2(0.0, ROW))).clicked() {
            let to = std::mem::take(&mut editor.target);
            edit(actions, Edit::AddRelationship { relationship: relate(id, &editor.relationship, &to), at: None });
        }
    });
    suggestions_ui(ui, scene, model, editor);
}

/// Draws links to twins that the relationship may lead to and whose id contains the typed text.
fn suggestions_ui(ui: &mut Ui, scene: &Scene, model: &Interface, editor: &mut Editor) {
    if editor.target.is_empty() || scene.graph.twin(&editor.target).is_some() {
        return;
    }
    let wanted = model.relationship(&editor.relationship).and_then(|known| scene.models.find(known.target.as_deref()?));
    let typed = editor.target.to_lowercase();
    let fits = |twin: &&cupola_twin::Twin| {
        wanted.is_none_or(|wanted| scene.models.is_a(twin.model, wanted)) && twin.id.to_lowercase().contains(&typed)
    };
    let mut chosen = None;
    ui.horizontal_wrapped(|ui| {
        for twin in scene.graph.twins().filter(fits).take(MAX_SUGGESTED) {
            if small_link(ui, &twin.id).clicked() {
                chosen = Some(twin.id.to_string());
            }
        }
    });
    if let Some(chosen) = chosen {
        editor.target = chosen;
    }
}

fn new_twin_ui(ui: &mut Ui, scene: &Scene, selected: Option<TwinIx>, editor: &mut Editor, actions: &mut ActionList) {
    section(ui, "New twin", "");
    ui.horizontal(|ui| {
        name_ui(ui, "Id", "The name of the twin in the scene, in feeds and in queries");
        ui.add(field(&mut editor.new_id, "Id of the new twin").desired_width(f32::INFINITY));
    });
    ui.horizontal(|ui| {
        name_ui(ui, "Model", "The DTDL model of the twin");
        model_box(ui, "new model", scene, &mut editor.new_model);
    });
    // The new twin can be related by the first relationship of the selected twin's model that allows its model.
    let under = selected.and_then(|twin| {
        let model = scene.topology.models.get(scene.topology.model_of(twin));
        let new = scene.models.find(&editor.new_model)?;
        let fits = |target: &str| scene.models.find(target).is_none_or(|wanted| scene.models.is_a(new, wanted));
        let known = model.relationships.iter().find(|known| known.target.as_deref().is_none_or(fits))?;
        Some((scene.topology.twin_id(twin).to_string(), known.name.to_string()))
    });
    if let Some((from, name)) = &under {
        ui.checkbox(&mut editor.new_under, format!("{from} {name} the new twin"));
    }
    let free = !editor.new_id.is_empty() && scene.graph.twin(&editor.new_id).is_none();
    let ready = free && scene.models.find(&editor.new_model).is_some();
    let taken = !editor.new_id.is_empty() && !free;
    ui.horizontal(|ui| {
        if ui.add_enabled(ready, Button::new(format!("{} Add", icon::PLUS)).min_size(vec2(0.0, ROW))).clicked() {
            let id = std::mem::take(&mut editor.new_id);
            let twin =
                TwinDoc { id: id.clone(), model: editor.new_model.as_str().into(), properties: Properties::default() };
            let (relationships, bindings) = (Vec::new(), BTreeMap::new());
            let mut edits = vec![Edit::AddTwin { twin, at: None, relationships, bindings }];
            if let (Some((from, name)), true) = (under, editor.new_under) {
                edits.push(Edit::AddRelationship { relationship: relate(&from, &name, &id), at: None });
            }
            actions.push(EditScene(edits));
        }
        if taken {
            ui.label(theme::caption("A twin with this id exists already."));
        }
    });
}

fn relate(from: &str, name: &str, to: &str) -> RelationshipDoc {
    RelationshipDoc { id: None, from: from.into(), name: name.into(), to: to.into(), properties: Properties::default() }
}

fn link_of(link: &RelationshipDoc) -> Link {
    Link { from: link.from.clone(), name: link.name.to_string(), to: link.to.clone(), id: link.id.clone() }
}

/// Returns a value as it is typed: a text without quotes, any other value as JSON.
fn text_of(value: &Value) -> String {
    value.to_string()
}
