//! The inspector: values, settings, assumptions, commands and relationships of the selected twin.

use super::panel_data::{key_slot, model_name};
use super::theme::{self, GAP};
use super::widgets::{empty_state, icon_button, one_line, section};
use super::{UiState, assumed, format, invocations, property, relations, sparkline, tree};
use crate::action::ActionList;
use crate::selection::{Focus, Select};
use crate::timeline::SourceKind;
use crate::twin::{display_name, is_setting, number_text};
use bevy_egui::egui::{Align, Label, Layout, RichText, ScrollArea, Ui, vec2};
use cupola_run::{Invocations, Simulation, Trail};
use cupola_scene::Scene;
use cupola_twin::{Slot, State, TwinIx};
use egui_phosphor::regular as icon;

/// The inspected twin and the data of its timeline.
pub struct InspectorData<'a> {
    /// The scene.
    pub scene: &'a Scene,
    /// The state that the values are read from.
    pub state: &'a State,
    /// The recent values of each property.
    pub trail: &'a Trail,
    /// The inspected twin.
    pub twin: TwinIx,
    /// The time of the timeline in microseconds, from which ages are computed.
    pub now_us: i64,
    /// The property or expression that colours the rooms.
    pub color_by: &'a str,
    /// Whether the user may change values on this timeline.
    pub editable: bool,
    /// The kind of source that drives the timeline.
    pub source: SourceKind,
    /// The invocations of the timeline.
    pub invocations: &'a Invocations,
    /// The simulation that drives the timeline, if there is one.
    pub simulation: Option<&'a Simulation>,
}

/// Draws a hint for the state in which no twin is selected.
pub fn nothing_ui(ui: &mut Ui) {
    empty_state(
        ui,
        icon::CURSOR_CLICK,
        "Nothing is selected",
        "Click a room in the building or a row in the tree,\nor press Ctrl+K to search.",
    );
}

/// Draws the inspector.
pub fn inspector_ui(ui: &mut Ui, shown: &InspectorData<'_>, state: &mut UiState, actions: &mut ActionList) {
    head_ui(ui, shown, state, actions);
    theme::keep_clear_of_bar(ui);
    let twin = shown.scene.topology.twin_id(shown.twin);
    ScrollArea::vertical().id_salt(("inspector", twin)).auto_shrink(false).show(ui, |ui| {
        let key = key_slot(shown.scene, shown.color_by, shown.twin)
            .filter(|slot| shown.state.topology().column(slot.column).kind.is_numeric());
        if let Some(slot) = key {
            key_ui(ui, shown, slot);
        }
        let slots: Vec<Slot> = shown
            .scene
            .topology
            .properties(shown.twin)
            .filter(|slot| &*shown.scene.topology.column(slot.column).name != "name")
            .collect();
        let (settable, rest): (Vec<Slot>, Vec<Slot>) =
            slots.into_iter().partition(|slot| is_setting(shown.state.topology(), *slot));
        if !rest.is_empty() {
            section(ui, "Values", "");
            for slot in rest {
                property::property_ui(ui, shown, slot, state, actions);
            }
        }
        if !settable.is_empty() {
            section(ui, "Settings", "");
            if !shown.editable {
                let words = "Settings are read-only here. Make a what-if to change them.";
                ui.label(theme::caption(format!("{} {words}", icon::LOCK)));
                ui.add_space(4.0);
            }
            for slot in settable {
                property::property_ui(ui, shown, slot, state, actions);
            }
        }
        assumed::assumed_ui(ui, shown, actions);
        invocations::invocations_ui(ui, shown, state, actions);
        relations::relations_ui(ui, shown, actions);
        ui.add_space(GAP);
    });
}

fn head_ui(ui: &mut Ui, shown: &InspectorData<'_>, state: &mut UiState, actions: &mut ActionList) {
    let topology = &shown.scene.topology;
    let colors = theme::colors(ui);
    ui.horizontal(|ui| {
        ui.label(RichText::new(tree::model_icon(topology, shown.twin)).size(18.0).color(colors.muted));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.spacing_mut().item_spacing.x = 0.0;
            if icon_button(ui, icon::X, "Clear the selection (Esc)", false).clicked() {
                actions.push(Select(None));
            }
            if icon_button(ui, icon::PENCIL_SIMPLE, "Edit the graph (Ctrl+E)", false).clicked() {
                state.edit.open = true;
            }
            if icon_button(ui, icon::CROSSHAIR, "Fly to it (F)", false).clicked() {
                actions.push(Focus(Some(topology.twin_id(shown.twin).to_string())));
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                let name = display_name(shown.scene, shown.state, shown.twin);
                ui.add(Label::new(theme::title(name)).truncate());
            });
        });
    });
    let id = topology.twin_id(shown.twin);
    let words = format!("{} · {id}", model_name(shown.state, shown.twin));
    let described = ui.add(Label::new(theme::caption(words)).truncate());
    let model = topology.models.get(topology.model_of(shown.twin));
    described.on_hover_ui(|ui| {
        ui.label(&*model.id);
        if let Some(description) = &model.description {
            ui.label(theme::muted(description));
        }
    });
    ui.add_space(GAP);
}

/// Draws the key value of the twin with its trend and its recent values.
fn key_ui(ui: &mut Ui, shown: &InspectorData<'_>, slot: Slot) {
    let column = shown.state.topology().column(slot.column);
    let (value, unit) = format::value_and_unit(shown.state, slot);
    ui.label(theme::muted(&column.display_name));
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 6.0;
        ui.label(theme::number(value));
        ui.label(theme::muted(unit).size(15.0));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if let Some(trend) = shown.trail.trend_per_hour(slot).and_then(|trend| trend_text(trend, unit)) {
                let text = one_line(ui, theme::muted(trend), ui.available_width());
                ui.add(Label::new(text));
            }
        });
    });
    let values: Vec<(i64, f64)> = shown.trail.of(slot).collect();
    sparkline::sparkline_ui(ui, vec2(ui.available_width(), 40.0), &values, &column.display_name);
}

/// Returns the rate of change of a value, such as `↗ +1.2 °C/h`, or the word `steady`.
fn trend_text(per_hour: f64, unit: &str) -> Option<String> {
    if !per_hour.is_finite() {
        return None;
    }
    let number = number_text((per_hour * 100.0).round() / 100.0);
    if number == "0" || number == "-0" {
        return Some(format!("{} steady", icon::ARROW_RIGHT));
    }
    let (arrow, sign) = if per_hour > 0.0 { (icon::ARROW_UP_RIGHT, "+") } else { (icon::ARROW_DOWN_RIGHT, "") };
    let unit = if unit.is_empty() { "per hour".to_string() } else { format!("{unit}/h") };
    Some(format!("{arrow} {sign}{number} {unit}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trends_have_an_arrow_and_a_unit() {
        let words = |per_hour, unit| trend_text(per_hour, unit).unwrap();
        assert_eq!(words(1.2, "°C"), format!("{} +1.2 °C/h", icon::ARROW_UP_RIGHT));
        assert_eq!(words(-35.4, ""), format!("{} -35.4 per hour", icon::ARROW_DOWN_RIGHT));
        assert_eq!(words(-0.001, "°C"), format!("{} steady", icon::ARROW_RIGHT));
        assert_eq!(trend_text(f64::NAN, "°C"), None);
    }
}
