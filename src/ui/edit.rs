//! The window in which the graph is edited: the selected twin's model, first values and relationships, and new twins.

use super::theme::{self, GAP, ROW};
use super::widgets::{icon_button, one_line, section};
use super::{UiState, shown::Shown};
use crate::scene::Scene;
use crate::scene::document::{RelationshipDoc, TwinDoc};
use crate::scene::edit::{Edit, Link};
use crate::selection::Intent;
use crate::session::EditHistory;
use bevy_egui::egui::{
    Align, Button, ComboBox, Context, Label, Layout, RichText, ScrollArea, TextEdit, Ui, Window, vec2,
};
use cupola_twin::model::{Interface, ModelIx, short_name};
use cupola_twin::{TwinIx, Value};
use egui_phosphor::regular as icon;
use std::collections::BTreeMap;

/// Relationships and suggestions that are listed.
const MAX_LISTED: usize = 60;
const MAX_SUGGESTED: usize = 6;

/// What is typed in the window and not yet an edit.
#[derive(Clone, Debug, Default)]
pub struct EditWindow {
    /// Whether it is open.
    pub open: bool,
    /// The twin that the fields are of.
    twin: Option<String>,
    /// First values that are being typed, by property.
    values: BTreeMap<String, String>,
    relationship: String,
    target: String,
    new_id: String,
    new_model: String,
    new_under: bool,
}

/// Draws the window.
pub fn edit_window(
    ctx: &Context,
    shown: &Shown<'_, '_>,
    history: &EditHistory,
    state: &mut UiState,
    intents: &mut Vec<Intent>,
) {
    let Some(scene) = shown.scene() else { return };
    let mut open = state.edit.open;
    if !open {
        return;
    }
    let selected = shown.selection.selected.filter(|twin| twin.0 < scene.topology.twin_count());
    let id = selected.map(|twin| scene.topology.twin_id(twin).to_string());
    let window = &mut state.edit;
    if window.twin != id {
        *window =
            EditWindow { open: true, twin: id, new_model: std::mem::take(&mut window.new_model), ..Default::default() };
    }
    let frame = super::widgets::plate_in(theme::Colors::of(shown.view.theme));
    Window::new("Edit graph").open(&mut open).default_width(360.0).frame(frame).collapsible(false).show(ctx, |ui| {
        ui.horizontal(|ui| {
            ui.add_enabled_ui(history.can_undo(), |ui| {
                if icon_button(ui, icon::ARROW_COUNTER_CLOCKWISE, "Undo (Ctrl+Z)", false).clicked() {
                    intents.push(Intent::Undo);
                }
            });
            ui.add_enabled_ui(history.can_redo(), |ui| {
                if icon_button(ui, icon::ARROW_CLOCKWISE, "Do again (Ctrl+Y)", false).clicked() {
                    intents.push(Intent::Redo);
                }
            });
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                ui.label(theme::caption(if history.unsaved { "Not saved yet" } else { "" }));
            });
        });
        let height = (ctx.content_rect().height() - 200.0).max(200.0);
        ScrollArea::vertical().max_height(height).auto_shrink([false, true]).show(ui, |ui| {
            match selected {
                Some(twin) => twin_ui(ui, scene, twin, window, intents),
                None => {
                    ui.label(theme::muted("Select a twin to change it."));
                }
            }
            new_twin_ui(ui, scene, selected, window, intents);
            ui.add_space(GAP);
        });
    });
    state.edit.open = open;
}

fn edit(intents: &mut Vec<Intent>, edit: Edit) {
    intents.push(Intent::Edit(vec![edit]));
}

fn twin_ui(ui: &mut Ui, scene: &Scene, twin: TwinIx, window: &mut EditWindow, intents: &mut Vec<Intent>) {
    let id = scene.topology.twin_id(twin).to_string();
    let model = scene.topology.models.get(scene.topology.model_of(twin));
    section(ui, &id, "");
    ui.horizontal(|ui| {
        ui.label(theme::muted("Model"));
        let mut chosen = model.id.to_string();
        if model_box(ui, "twin model", scene, &mut chosen) {
            edit(intents, Edit::ChangeModel { twin: id.clone(), model: chosen });
        }
    });
    values_ui(ui, scene, &id, model, window, intents);
    relationships_ui(ui, scene, &id, model, window, intents);
    ui.add_space(GAP);
    let remove = RichText::new(format!("{} Remove this twin", icon::TRASH)).color(theme::colors(ui).critical);
    if ui.add(Button::new(remove).min_size(vec2(0.0, ROW))).on_hover_text("Its relationships go with it").clicked() {
        edit(intents, Edit::RemoveTwin { id });
    }
}

/// A list of all models; whether another one was chosen.
fn model_box(ui: &mut Ui, salt: &str, scene: &Scene, chosen: &mut String) -> bool {
    let before = chosen.clone();
    ComboBox::from_id_salt(salt).width(210.0).selected_text(short_name(chosen)).show_ui(ui, |ui| {
        let mut models: Vec<(ModelIx, &Interface)> = scene.models.iter().collect();
        models.sort_by_key(|(_, model)| &model.display_name);
        for (_, model) in models {
            ui.selectable_value(chosen, model.id.to_string(), &model.display_name).on_hover_text(&*model.id);
        }
    });
    *chosen != before
}

/// The first values of the twin's properties.
fn values_ui(
    ui: &mut Ui,
    scene: &Scene,
    id: &str,
    model: &Interface,
    window: &mut EditWindow,
    intents: &mut Vec<Intent>,
) {
    let Some(doc) = scene.document.twins.iter().find(|twin| twin.id == id) else { return };
    let declared = model.declared.iter().filter(|declared| !declared.telemetry);
    for declared in declared {
        let name = &*declared.name;
        let before = doc.properties.get(name).map_or(String::new(), text_of);
        let schema = scene.models.schemas().describe(declared.schema);
        ui.horizontal(|ui| {
            let galley = one_line(ui, theme::muted(name), 130.0);
            ui.add_sized(vec2(130.0, ROW), Label::new(galley).halign(Align::Min));
            let typed = window.values.entry(name.to_string()).or_insert_with(|| before.clone());
            let response =
                ui.add(TextEdit::singleline(typed).hint_text(schema).desired_width(ui.available_width() - GAP));
            if response.lost_focus() && *typed != before {
                let value = (!typed.is_empty()).then(|| value_of(typed));
                edit(intents, Edit::SetProperty { twin: id.into(), property: name.into(), value });
                window.values.remove(name);
            } else if !response.has_focus() {
                window.values.remove(name);
            }
        });
    }
}

fn relationships_ui(
    ui: &mut Ui,
    scene: &Scene,
    id: &str,
    model: &Interface,
    window: &mut EditWindow,
    intents: &mut Vec<Intent>,
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
                    edit(intents, Edit::RemoveRelationship(link_of(link)));
                }
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| ui.add(Label::new(words).truncate()));
            });
        });
    }
    if model.relationships.is_empty() {
        ui.label(theme::caption("Its model has no relationships of its own."));
        return;
    }
    ui.horizontal(|ui| {
        let chosen = if window.relationship.is_empty() { "Relationship" } else { &window.relationship };
        ComboBox::from_id_salt("new relationship").width(110.0).selected_text(chosen).show_ui(ui, |ui| {
            for known in &model.relationships {
                ui.selectable_value(&mut window.relationship, known.name.to_string(), known.display_name.as_str());
            }
        });
        ui.add(TextEdit::singleline(&mut window.target).hint_text("to twin").desired_width(120.0));
        let ready = !window.relationship.is_empty() && scene.graph.twin(&window.target).is_some();
        if ui.add_enabled(ready, Button::new("Relate").min_size(vec2(0.0, ROW))).clicked() {
            let to = std::mem::take(&mut window.target);
            edit(intents, Edit::AddRelationship { relationship: relate(id, &window.relationship, &to), at: None });
        }
    });
    suggestions_ui(ui, scene, model, window);
}

/// Twins that the relationship may lead to and whose id has what was typed.
fn suggestions_ui(ui: &mut Ui, scene: &Scene, model: &Interface, window: &mut EditWindow) {
    if window.target.is_empty() || scene.graph.twin(&window.target).is_some() {
        return;
    }
    let wanted = model.relationship(&window.relationship).and_then(|known| scene.models.find(known.target.as_deref()?));
    let typed = window.target.to_lowercase();
    let fits = |twin: &&cupola_twin::Twin| {
        wanted.is_none_or(|wanted| scene.models.is_a(twin.model, wanted)) && twin.id.to_lowercase().contains(&typed)
    };
    let mut chosen = None;
    ui.horizontal_wrapped(|ui| {
        for twin in scene.graph.twins().filter(fits).take(MAX_SUGGESTED) {
            if super::widgets::small_link(ui, &twin.id).clicked() {
                chosen = Some(twin.id.to_string());
            }
        }
    });
    if let Some(chosen) = chosen {
        window.target = chosen;
    }
}

fn new_twin_ui(
    ui: &mut Ui,
    scene: &Scene,
    selected: Option<TwinIx>,
    window: &mut EditWindow,
    intents: &mut Vec<Intent>,
) {
    section(ui, "New twin", "");
    ui.horizontal(|ui| {
        ui.add(TextEdit::singleline(&mut window.new_id).hint_text("id").desired_width(110.0));
        model_box(ui, "new model", scene, &mut window.new_model);
    });
    // The first relationship of the selected twin's model that may lead to the new one.
    let under = selected.and_then(|twin| {
        let model = scene.topology.models.get(scene.topology.model_of(twin));
        let new = scene.models.find(&window.new_model)?;
        let fits = |target: &str| scene.models.find(target).is_none_or(|wanted| scene.models.is_a(new, wanted));
        let known = model.relationships.iter().find(|known| known.target.as_deref().is_none_or(fits))?;
        Some((scene.topology.twin_id(twin).to_string(), known.name.to_string()))
    });
    if let Some((from, name)) = &under {
        ui.checkbox(&mut window.new_under, format!("{from} {name} it"));
    }
    let free = !window.new_id.is_empty() && scene.graph.twin(&window.new_id).is_none();
    let ready = free && scene.models.find(&window.new_model).is_some();
    let taken = !window.new_id.is_empty() && !free;
    ui.horizontal(|ui| {
        if ui.add_enabled(ready, Button::new(format!("{} Add", icon::PLUS)).min_size(vec2(0.0, ROW))).clicked() {
            let id = std::mem::take(&mut window.new_id);
            let twin = TwinDoc { id: id.clone(), model: window.new_model.clone(), properties: BTreeMap::new() };
            let (relationships, bindings) = (Vec::new(), BTreeMap::new());
            let mut edits = vec![Edit::AddTwin { twin, at: None, relationships, bindings }];
            if let (Some((from, name)), true) = (under, window.new_under) {
                edits.push(Edit::AddRelationship { relationship: relate(&from, &name, &id), at: None });
            }
            intents.push(Intent::Edit(edits));
        }
        if taken {
            ui.label(theme::caption("There is a twin with this id."));
        }
    });
}

fn relate(from: &str, name: &str, to: &str) -> RelationshipDoc {
    RelationshipDoc { id: None, from: from.into(), name: name.into(), to: to.into(), properties: BTreeMap::new() }
}

fn link_of(link: &RelationshipDoc) -> Link {
    Link { from: link.from.clone(), name: link.name.clone(), to: link.to.clone(), id: link.id.clone() }
}

/// A value as it is typed: texts plain, everything else as JSON.
fn text_of(value: &Value) -> String {
    value.to_string()
}

fn value_of(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| Value::Text(text.to_string()))
}
