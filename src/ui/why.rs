//! The explanation of a value: its formula and the inputs of the formula, down to a message or an entry of the scene.

use super::inspector::InspectorData;
use super::panel_data::PanelData;
use super::theme::{self, GAP};
use super::widgets::{link, mark_ui, quality_mark};
use super::{UiState, format};
use crate::action::ActionList;
use crate::selection::Select;
use crate::timeline::SourceKind;
use crate::twin::display_name;
use bevy_egui::egui::collapsing_header::CollapsingState;
use bevy_egui::egui::{Frame, Label, RichText, TextStyle, Ui};
use cupola_twin::Slot;
use cupola_twin::why::{Explanation, why};

/// Shortest time between two computations of the same explanation, in seconds.
const REFRESH_S: f64 = 0.25;
/// Largest number of inputs of one formula in the list.
const MAX_SHOWN: usize = 12;

/// Computes the open explanations of the selected twin that are missing or older than `REFRESH_S`.
pub fn refresh(shown: &PanelData<'_, '_>, now_s: f64, state: &mut UiState) {
    if state.explained.is_empty() {
        state.explanations.clear();
        return;
    }
    let Some(track) = shown.active() else { return };
    let values = track.timeline.state();
    let topology = values.topology();
    let selected = shown.selection.selected();
    let UiState { explained, explanations, .. } = state;
    explanations.retain(|slot, _| explained.contains(slot));
    for slot in explained.iter().filter(|slot| Some(topology.twin_of(**slot)) == selected) {
        if explanations.get(slot).is_none_or(|(made_s, _)| now_s - made_s >= REFRESH_S || now_s < *made_s) {
            let origin = |slot: Slot| track.timeline.origin(slot);
            explanations.insert(*slot, (now_s, why(values, *slot, &origin)));
        }
    }
}

/// Draws an explanation, with links to other twins that it names.
pub fn explanation_ui(ui: &mut Ui, shown: &InspectorData<'_>, explanation: &Explanation, actions: &mut ActionList) {
    let colors = theme::colors(ui);
    let frame = Frame::NONE.fill(colors.ground).corner_radius(8.0).inner_margin(10);
    frame.show(ui, |ui| {
        ui.take_available_width();
        ui.spacing_mut().item_spacing.y = 2.0;
        reasons_ui(ui, shown, explanation, actions, 0);
    });
    ui.add_space(GAP);
}

/// Draws the formula and its inputs, or the origin of the value.
fn reasons_ui(
    ui: &mut Ui,
    shown: &InspectorData<'_>,
    explanation: &Explanation,
    actions: &mut ActionList,
    depth: usize,
) {
    match &explanation.formula {
        Some(formula) => {
            let text = RichText::new(formula).text_style(TextStyle::Monospace);
            let response = ui.add(Label::new(text).wrap());
            if let Some(place) = &explanation.place {
                response.on_hover_ui(|ui| {
                    let place = shown.scene.place_of(place);
                    ui.label(format!("{}:{}:{}", place.file, place.line, place.column));
                });
            }
            if let Some(read) = explanation.read.filter(|read| read.good < read.all()) {
                ui.label(theme::caption(format!("Read {read}")));
            }
            if explanation.origin.is_some() {
                ui.add(Label::new(theme::caption(measured_words(explanation))).wrap());
            }
        }
        None => {
            ui.add(Label::new(theme::caption(origin_words(explanation, shown.source))).wrap());
        }
    }
    for (number, input) in explanation.inputs.iter().take(MAX_SHOWN).enumerate() {
        let id = ui.make_persistent_id(("why", depth, number, input.slot));
        // The first level is open if it is short. Deeper levels are closed at first.
        let open = depth == 0 && explanation.inputs.len() <= 3 && input.inputs.len() <= 3;
        let state = CollapsingState::load_with_default_open(ui.ctx(), id, open);
        let response = state.show_header(ui, |ui| input_ui(ui, shown, input, actions));
        response.body(|ui| reasons_ui(ui, shown, input, actions, depth + 1));
    }
    let more = explanation.inputs.len().saturating_sub(MAX_SHOWN) + explanation.not_listed;
    if more > 0 {
        ui.label(theme::caption(format!("… {more} more")));
    }
}

/// Draws one input: quality, twin, property, value and unit.
fn input_ui(ui: &mut Ui, shown: &InspectorData<'_>, input: &Explanation, actions: &mut ActionList) {
    let topology = shown.state.topology();
    let column = topology.column(input.slot.column);
    let twin = topology.twin_of(input.slot);
    let colors = theme::colors(ui);
    ui.spacing_mut().item_spacing.x = 6.0;
    let (mark, color, word) = quality_mark(input.quality, colors);
    mark_ui(ui, mark, color).on_hover_text(word);
    if twin != shown.twin {
        let name = display_name(shown.scene, shown.state, twin);
        if link(ui, &name).on_hover_text("Select it").clicked() {
            actions.push(Select(Some(topology.twin_id(twin).to_string())));
        }
    }
    let what = if column.hidden { "part of the formula" } else { column.display_name.as_str() };
    ui.label(theme::muted(what));
    let (value, unit) = match &input.local_value {
        Some(value) => format::value_text(value, input.unit.unwrap_or_default()),
        None => ("—".into(), ""),
    };
    ui.label(value);
    ui.label(theme::caption(unit));
}

/// Returns a sentence about a measured value of a computed property, with the result of the formula.
fn measured_words(explanation: &Explanation) -> String {
    let computed = explanation.computed.as_ref().map_or("no value".to_string(), |value| {
        let (value, unit) = format::value_text(value, explanation.unit.unwrap_or_default());
        format!("{value} {unit}").trim_end().to_string()
    });
    format!("Measured: {}. The formula gives {computed}", explanation.origin.as_deref().unwrap_or_default())
}

/// Returns a sentence about the origin of a value that no formula computed.
fn origin_words(explanation: &Explanation, source: SourceKind) -> String {
    let what = match (&explanation.origin, explanation.value.is_some(), source) {
        (Some(origin), ..) => format!("From {} {origin}", if origin.starts_with("answer") { "an" } else { "a" }),
        (None, false, _) => "No value yet".into(),
        (None, true, _) if explanation.time.is_none() => "Initial value of the scene".into(),
        (None, true, SourceKind::Live) => "Initial value of the scene, or set by hand".into(),
        (None, true, SourceKind::Simulated) => "From the simulation, or set by hand".into(),
        (None, true, SourceKind::Replayed) => "From the recording".into(),
    };
    match &explanation.local_time {
        Some(time) => format!("{what}, at {time}"),
        None => what,
    }
}
