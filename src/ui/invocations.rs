//! The commands of the selected twin, and its last invocations.

use super::inspector::InspectorData;
use super::theme::{self, GAP, ROW};
use super::widgets::section;
use super::{UiState, format};
use crate::action::ActionList;
use crate::timeline::ApplyEvent;
use crate::timeline::SourceKind;
use bevy_egui::egui::{Align, Button, ComboBox, DragValue, Label, Layout, RichText, TextEdit, Ui, vec2};
use cupola_run::{CommandOutcome, EventBody, Invocation};
use cupola_twin::model::{Command, Payload, Schema};
use cupola_twin::{Kind, Value};
use egui_phosphor::regular as icon;
use std::collections::BTreeMap;

/// Largest number of past invocations in the list.
const MAX_LISTED: usize = 4;

/// Requests that are being typed, by twin and command.
pub type Drafts = BTreeMap<(String, String), Value>;

/// Draws the commands of the twin and its last invocations.
pub fn invocations_ui(ui: &mut Ui, shown: &InspectorData<'_>, state: &mut UiState, actions: &mut ActionList) {
    let topology = &shown.scene.topology;
    let model = topology.models.get(topology.model_of(shown.twin));
    if model.commands.is_empty() {
        return;
    }
    section(ui, "Commands", "");
    let enabled = shown.source != SourceKind::Replayed;
    for command in &model.commands {
        ui.add_enabled_ui(enabled, |ui| command_ui(ui, shown, command, &mut state.command_drafts, actions));
    }
    if !enabled {
        ui.label(theme::caption(format!("{} A replay takes no commands.", icon::LOCK)));
    }
    let own = shown.invocations.list.iter().rev();
    for invocation in own.filter(|invocation| invocation.twin == shown.twin).take(MAX_LISTED) {
        invocation_ui(ui, shown, invocation);
    }
}

fn command_ui(
    ui: &mut Ui,
    shown: &InspectorData<'_>,
    command: &Command,
    drafts: &mut Drafts,
    actions: &mut ActionList,
) {
    ui.horizontal(|ui| {
        ui.set_height(ROW + 4.0);
        let hint = command.description.as_deref().unwrap_or(&command.display_name);
        ui.add(Label::new(&command.display_name).truncate()).on_hover_text(hint);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let key = (shown.scene.topology.twin_id(shown.twin).to_string(), command.name.to_string());
            let verb = format!("{} Run", icon::PAPER_PLANE_TILT);
            let button = ui.add(Button::new(verb).min_size(vec2(0.0, ROW))).on_hover_text(hint);
            let request = command.request.as_ref().map(|request| {
                let first = first_value(shown, request);
                let value = drafts.entry(key).or_insert_with(|| first.clone());
                // A changed model may ask for a request of another kind.
                if std::mem::discriminant(value) != std::mem::discriminant(&first) {
                    *value = first;
                }
                request_ui(ui, shown, request, value);
                value.clone()
            });
            if button.clicked() {
                // A request with a structured schema is typed as JSON.
                let request = request.map(|value| match (&value, kind(shown, command)) {
                    (Value::Text(text), Kind::Json) => serde_json::from_str(text).unwrap_or(value),
                    _ => value,
                });
                let twin = shown.scene.topology.twin_id(shown.twin).to_string();
                let body = EventBody::Command { twin, command: command.name.to_string(), request };
                actions.push(ApplyEvent(body));
            }
        });
    });
}

fn kind(shown: &InspectorData<'_>, command: &Command) -> Kind {
    let schemas = shown.scene.models.schemas();
    match command.request.as_ref().map(|request| schemas.get(request.schema)) {
        Some(Schema::Primitive(primitive)) => primitive.kind(),
        Some(Schema::Enum { integer: true, .. }) => Kind::Integer,
        Some(Schema::Enum { .. }) => Kind::Text,
        _ => Kind::Json,
    }
}

/// Returns the content of a request field before the user types.
fn first_value(shown: &InspectorData<'_>, request: &Payload) -> Value {
    match shown.scene.models.schemas().get(request.schema) {
        Schema::Primitive(primitive) => match primitive.kind() {
            Kind::Bool => Value::Bool(true),
            Kind::Number => Value::Number(0.0),
            Kind::Integer => Value::Integer(0),
            Kind::Text | Kind::Time | Kind::Json => Value::Text(String::new()),
        },
        Schema::Enum { values, .. } => values.first().map_or(Value::Text(String::new()), |first| first.value.clone()),
        Schema::Array(_) => Value::Text("[]".into()),
        Schema::Map(_) | Schema::Object(_) => Value::Text("{}".into()),
    }
}

fn request_ui(ui: &mut Ui, shown: &InspectorData<'_>, request: &Payload, value: &mut Value) {
    let unit = request.unit.map_or(String::new(), |unit| format!(" {}", unit.symbol));
    if let Schema::Enum { values, .. } = shown.scene.models.schemas().get(request.schema) {
        let chosen = values.iter().find(|choice| choice.value == *value).map_or("", |choice| &choice.display_name);
        ComboBox::from_id_salt(("request", &request.name)).width(96.0).selected_text(chosen).show_ui(ui, |ui| {
            for choice in values {
                if ui.selectable_label(choice.value == *value, &choice.display_name).clicked() {
                    *value = choice.value.clone();
                }
            }
        });
        return;
    }
    match value {
        Value::Bool(on) => {
            ui.checkbox(on, request.display_name.as_str());
        }
        Value::Number(number) => {
            ui.add(DragValue::new(number).speed(0.1).max_decimals(3).suffix(unit));
        }
        Value::Integer(number) => {
            ui.add(DragValue::new(number).speed(0.1).suffix(unit));
        }
        Value::Text(text) => {
            ui.add(TextEdit::singleline(text).hint_text(request.display_name.as_str()).desired_width(110.0));
        }
        Value::Array(_) | Value::Object(_) => {}
    }
}

fn invocation_ui(ui: &mut Ui, shown: &InspectorData<'_>, invocation: &Invocation) {
    let colors = theme::colors(ui);
    let (mark, color, words) = match &invocation.outcome {
        CommandOutcome::Pending => (icon::HOURGLASS, colors.muted, "waiting for the answer".to_string()),
        CommandOutcome::Done(None) => (icon::CHECK, colors.good, "done".to_string()),
        CommandOutcome::Done(Some(value)) => (icon::CHECK, colors.good, format::value_text(value, "").0),
        CommandOutcome::Failed(why) => (icon::WARNING, colors.critical, why.clone()),
    };
    let is_late = invocation.timed_out && matches!(invocation.outcome, CommandOutcome::Done(_));
    let (color, words) = if is_late { (colors.warning, format!("{words} (late)")) } else { (color, words) };
    let zone = &shown.scene.time_zone.zone;
    let took =
        invocation.took_us.map_or(String::new(), |us| format!(", the outcome came after {:.1} s", us as f64 / 1e6));
    let times = format!("Sent at {}{took}.", format::moment(invocation.at_us, zone));
    let said =
        invocation.request.as_ref().map_or(String::new(), |request| format!(" {}", format::value_text(request, "").0));
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = GAP * 0.75;
        ui.label(RichText::new(mark).color(color));
        let line = format!("{}{said}: {words}", invocation.command);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.label(theme::caption(format::time_of_day(invocation.at_us, zone)));
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                ui.add(Label::new(theme::caption(line)).truncate()).on_hover_text(&words);
            });
        });
    })
    .response
    .on_hover_text(times);
}
