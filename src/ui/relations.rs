//! The relationships of a twin, with links to the related twins in both directions.

use super::format;
use super::inspector::InspectorData;
use super::panel_data::key_slot;
use super::theme;
use super::tree::model_icon;
use super::widgets::{ListRow, row_ui, section};
use crate::action::ActionList;
use crate::selection::{Focus, Select};
use crate::twin::display_name;
use bevy_egui::egui::Ui;
use cupola_twin::TwinIx;
use egui_phosphor::regular as icon;

/// Largest number of twins in the list of one relationship.
const MAX_LISTED: usize = 50;

/// Draws the twins that are related to the inspected twin, grouped by relationship.
pub fn relations_ui(ui: &mut Ui, shown: &InspectorData<'_>, actions: &mut ActionList) {
    let topology = &shown.scene.topology;
    let mut any = false;
    for inverse in [true, false] {
        for name in topology.relationship_names() {
            let others = topology.related(shown.twin, name, inverse);
            if others.is_empty() {
                continue;
            }
            if !any {
                section(ui, "Relationships", "");
                any = true;
            }
            group_ui(ui, shown, name, inverse, &others, actions);
        }
    }
}

fn group_ui(
    ui: &mut Ui,
    shown: &InspectorData<'_>,
    name: &str,
    inverse: bool,
    others: &[TwinIx],
    actions: &mut ActionList,
) {
    let topology = &shown.scene.topology;
    let word = relationship_word(shown, name, inverse, others);
    let (arrow, hint) = if inverse {
        (icon::ARROW_LEFT, "They point at this twin")
    } else {
        (icon::ARROW_RIGHT, "This twin points at them")
    };
    let count = if others.len() > 1 { format!(" ({})", others.len()) } else { String::new() };
    ui.label(theme::caption(format!("{arrow}  {word}{count}"))).on_hover_text(hint);
    ui.spacing_mut().item_spacing.y = 0.0;
    for other in others.iter().take(MAX_LISTED) {
        let key = key_slot(shown.scene, shown.color_by, *other);
        let (value, unit) = key.map_or_else(Default::default, |slot| format::value_and_unit(shown.state, slot));
        let name = display_name(shown.scene, shown.state, *other);
        let row =
            ListRow { icon: model_icon(topology, *other), name: &name, value: &value, unit, ..Default::default() };
        let response = row_ui(ui, &row);
        if response.double_clicked() {
            actions.push(Focus(Some(shown.scene.topology.twin_id(*other).to_string())));
        } else if response.clicked() {
            actions.push(Select(Some(shown.scene.topology.twin_id(*other).to_string())));
        }
    }
    if others.len() > MAX_LISTED {
        ui.label(theme::muted(format!("… {} more", others.len() - MAX_LISTED)));
    }
    ui.add_space(theme::GAP);
    ui.spacing_mut().item_spacing.y = 4.0;
}

/// Returns the name of a relationship on the screen: its display name in the model, else its name as words.
fn relationship_word(shown: &InspectorData<'_>, name: &str, inverse: bool, others: &[TwinIx]) -> String {
    let topology = &shown.scene.topology;
    let source = if inverse { others.first().copied().unwrap_or(shown.twin) } else { shown.twin };
    let model = topology.models.get(topology.model_of(source));
    let display = model.relationship(name).map(|relationship| relationship.display_name.as_str());
    match display {
        Some(display) if display != name => display.to_string(),
        _ => format::words(name),
    }
}
