//! A property in the inspector: its value, quality, age and recent values, the explanation, and a field that changes
//! it.

use super::inspector::InspectorData;
use super::theme::{self, GAP, ROW};
use super::widgets::{Mark, one_line, paint_mark, paint_text, quality_mark, small_link};
use super::{UiState, format, sparkline, why};
use crate::action::ActionList;
use crate::timeline::ApplyEvent;
use crate::trend::ToggleTrend;
use crate::twin::{is_setting, model_property};
use bevy_egui::egui::{
    Align, Align2, ComboBox, DragValue, Layout, Rect, Response, Sense, TextEdit, Ui, UiBuilder, Vec2, pos2, vec2,
};
use cupola_run::EventBody;
use cupola_twin::{Kind, Slot, Topology, Value};
use egui_phosphor::regular as icon;

/// Height of a property, which has two lines of text, in points.
const HEIGHT: f32 = 44.0;
const SPARKLINE: Vec2 = vec2(56.0, 20.0);

/// Draws a property, and the explanation of its value if that is open.
pub fn property_ui(ui: &mut Ui, shown: &InspectorData<'_>, slot: Slot, state: &mut UiState, actions: &mut ActionList) {
    let topology = shown.state.topology();
    let column = topology.column(slot.column);
    let colors = theme::colors(ui);
    let (_, rect) = ui.allocate_space(vec2(ui.available_width(), HEIGHT));
    if !ui.is_rect_visible(rect) && !state.explained.contains(&slot) {
        return;
    }
    let first = rect.top() + 13.0;
    let second = rect.top() + 32.0;
    let right = if shown.editable && is_setting(topology, slot) {
        let place = Rect::from_min_max(pos2(rect.center().x, rect.top()), pos2(rect.right(), rect.top() + ROW));
        edit_ui(ui, place, shown, slot, state, actions);
        place.left() - GAP
    } else {
        value_text(ui, shown, slot, pos2(rect.right(), first))
    };
    let mut left = rect.left();
    let trail: Vec<(i64, f64)> = if column.kind.is_numeric() { shown.trail.of(slot).collect() } else { Vec::new() };
    let mut name_end = right;
    if trail.len() > 1 && right - rect.left() > 140.0 {
        let place = Rect::from_min_size(pos2(right - SPARKLINE.x, first - SPARKLINE.y / 2.0), SPARKLINE);
        let mut at = ui.new_child(
            UiBuilder::new()
                .id(ui.id().with(("line", slot)))
                .max_rect(place)
                .layout(Layout::left_to_right(Align::Center)),
        );
        sparkline::sparkline_ui(&mut at, SPARKLINE, &trail, &column.display_name);
        name_end = place.left() - GAP;
    }
    let name = one_line(ui, column.display_name.as_str(), name_end - left);
    let name = paint_text(ui, name, Align2::LEFT_CENTER, pos2(left, first), colors.text);
    let (mark, color, word) = quality_mark(shown.state.get(slot).quality, colors);
    paint_mark(ui.painter(), pos2(left + 4.0, second), 7.0, mark, color);
    left += 14.0;
    let about = match format::slot_age(shown.state, slot, shown.now_us) {
        Some(age) if mark != Mark::Outline => format!("{word} · {age} ago"),
        _ => word.to_string(),
    };
    let about = one_line(ui, theme::caption(about), rect.width() - 104.0);
    paint_text(ui, about, Align2::LEFT_CENTER, pos2(left, second), colors.muted);
    describe(ui, shown, slot, name);
    if matches!(column.kind, Kind::Number | Kind::Integer | Kind::Bool) && chart_link(ui, rect, slot).clicked() {
        actions.push(ToggleTrend(topology.name(slot)));
    }
    if why_link(ui, rect, slot, state.explained.contains(&slot)).clicked() && !state.explained.remove(&slot) {
        state.explained.insert(slot);
    }
    if let Some((_, explanation)) = state.explanations.get(&slot).filter(|_| state.explained.contains(&slot)) {
        why::explanation_ui(ui, shown, explanation, actions);
    }
}

/// Paints a value and its unit so that they end at `at`. Returns the x coordinate where the next widget at the left
/// ends.
fn value_text(ui: &Ui, shown: &InspectorData<'_>, slot: Slot, at: bevy_egui::egui::Pos2) -> f32 {
    let colors = theme::colors(ui);
    let (value, unit) = format::value_and_unit(shown.state, slot);
    let mut end = at.x;
    if !unit.is_empty() {
        let unit = one_line(ui, theme::caption(unit), 80.0);
        end = paint_text(ui, unit, Align2::RIGHT_CENTER, pos2(end, at.y + 0.5), colors.muted).left() - 3.0;
    }
    let value = one_line(ui, theme::semibold(value), 150.0);
    paint_text(ui, value, Align2::RIGHT_CENTER, pos2(end, at.y), colors.text).left() - GAP * 1.5
}

/// Shows the name and the description of a property in the model while the pointer is on its label.
fn describe(ui: &Ui, shown: &InspectorData<'_>, slot: Slot, name: Rect) {
    let topology = shown.state.topology();
    let property = &topology.column(slot.column).name;
    let description = model_property(topology, slot).and_then(|property| property.description.clone());
    let response = ui.interact(name, ui.id().with(("about", slot)), Sense::drag());
    response.dnd_set_drag_payload(topology.name(slot));
    response.on_hover_ui(|ui| {
        ui.label(theme::semibold(&**property));
        if let Some(description) = description {
            ui.label(theme::muted(description));
        }
    });
}

/// Draws the icon that shows the trend of a property.
fn chart_link(ui: &mut Ui, rect: Rect, slot: Slot) -> Response {
    let place = Rect::from_min_max(
        pos2(rect.right() - 86.0, rect.top() + 22.0),
        pos2(rect.right() - 66.0, rect.bottom() - 2.0),
    );
    let builder =
        UiBuilder::new().id(ui.id().with(("trend", slot))).max_rect(place).layout(Layout::right_to_left(Align::Center));
    let mut at = ui.new_child(builder);
    small_link(&mut at, icon::CHART_LINE).on_hover_text("Show the trend, or drag the name into the trends")
}

fn why_link(ui: &mut Ui, rect: Rect, slot: Slot, open: bool) -> Response {
    let place =
        Rect::from_min_max(pos2(rect.right() - 64.0, rect.top() + 22.0), pos2(rect.right(), rect.bottom() - 2.0));
    let builder =
        UiBuilder::new().id(ui.id().with(("why", slot))).max_rect(place).layout(Layout::right_to_left(Align::Center));
    let mut at = ui.new_child(builder);
    small_link(&mut at, if open { "Hide why" } else { "Why?" }).on_hover_text("Show the origin of this value")
}

/// Draws a field that changes the value of a slot.
fn edit_ui(
    ui: &mut Ui,
    place: Rect,
    shown: &InspectorData<'_>,
    slot: Slot,
    state: &mut UiState,
    actions: &mut ActionList,
) {
    let topology = shown.state.topology();
    let column = topology.column(slot.column);
    let value = shown.state.value(slot);
    let builder = UiBuilder::new()
        .id(ui.id().with(("edit", topology.name(slot))))
        .max_rect(place)
        .layout(Layout::right_to_left(Align::Center));
    let ui = &mut ui.new_child(builder);
    let unit = column.unit.map_or("", |unit| unit.symbol);
    match column.kind {
        Kind::Bool => {
            let mut on = value == Some(Value::Bool(true));
            let word = if on { "On" } else { "Off" };
            if ui.checkbox(&mut on, word).changed() {
                actions.push(set(topology, slot, Value::Bool(on)));
            }
        }
        Kind::Number => {
            let mut number = match value {
                Some(Value::Number(number)) => number,
                Some(Value::Integer(number)) => number as f64,
                _ => 0.0,
            };
            let speed = (number.abs() / 200.0).clamp(0.01, 100.0);
            let field = DragValue::new(&mut number).speed(speed).max_decimals(3).update_while_editing(false);
            if ui.add(with_suffix(field, unit)).changed() && number.is_finite() {
                actions.push(set(topology, slot, Value::Number(number)));
            }
        }
        Kind::Integer => {
            let mut number = match value {
                Some(Value::Integer(number)) => number,
                _ => 0,
            };
            let field = DragValue::new(&mut number).speed(0.1).update_while_editing(false);
            if ui.add(with_suffix(field, unit)).changed() {
                actions.push(set(topology, slot, Value::Integer(number)));
            }
        }
        Kind::Text | Kind::Time | Kind::Json => {
            let now = value.map_or_else(String::new, |value| value.to_string());
            let choices =
                model_property(topology, slot).map_or(&[] as &[String], |property| property.choices.as_slice());
            if choices.is_empty() {
                text_ui(ui, shown, slot, now, state, actions);
            } else {
                ComboBox::from_id_salt("choice").width(place.width() - GAP).selected_text(&now).show_ui(ui, |ui| {
                    for choice in choices {
                        if ui.selectable_label(*choice == now, choice.as_str()).clicked() {
                            actions.push(set(topology, slot, Value::Text(choice.clone())));
                        }
                    }
                });
            }
        }
    }
}

/// Returns the action that sets a slot.
fn set(topology: &Topology, slot: Slot, value: Value) -> ApplyEvent {
    let twin = topology.twin_id(topology.twin_of(slot)).to_string();
    let property = topology.column(slot.column).name.to_string();
    ApplyEvent(EventBody::Set { twin, property, value })
}

fn with_suffix<'v>(field: DragValue<'v>, unit: &str) -> DragValue<'v> {
    if unit.is_empty() { field } else { field.suffix(format!(" {unit}")) }
}

/// Draws a text field. The value is set when the field loses the focus, not at every letter.
fn text_ui(
    ui: &mut Ui,
    shown: &InspectorData<'_>,
    slot: Slot,
    now: String,
    state: &mut UiState,
    actions: &mut ActionList,
) {
    let mut text = match &state.edited {
        Some((edited, text)) if *edited == slot => text.clone(),
        _ => now.clone(),
    };
    let response = ui.add(TextEdit::singleline(&mut text).desired_width(ui.available_width() - GAP));
    if response.lost_focus() {
        state.edited = None;
        if text != now {
            let topology = shown.state.topology();
            actions.push(set(topology, slot, typed(topology.column(slot.column).kind, text)));
        }
    } else if response.has_focus() {
        state.edited = Some((slot, text));
    }
}

/// Converts a typed text to the value of a column. A text for a JSON column stays a text if it is not valid JSON.
fn typed(kind: Kind, text: String) -> Value {
    match kind {
        Kind::Json => serde_json::from_str(&text).unwrap_or(Value::Text(text)),
        _ => Value::Text(text),
    }
}
