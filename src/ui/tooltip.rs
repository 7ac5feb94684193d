//! A tooltip beside the pointer: name, model and important values of the twin under the pointer.

use super::format;
use super::panel_data::{key_slots, model_name};
use super::theme::{self, GROUP_GAP};
use super::widgets::{mark_ui, plate, quality_mark};
use crate::twin::display_name;
use bevy_egui::egui::{self, Align, Area, Grid, Id, Layout, Order, Rect, Ui, vec2};
use cupola_scene::Scene;
use cupola_twin::{Quality, Slot, State, TwinIx};

/// Largest number of values in the tooltip.
const MAX_VALUES: usize = 5;

/// Draws the tooltip, unless a mouse button is pressed or the pointer is over a panel.
pub fn show(ctx: &egui::Context, area: Rect, scene: &Scene, state: &State, twin: TwinIx, color_by: &str, now_us: i64) {
    let Some(pointer) = ctx.pointer_hover_pos().filter(|pointer| area.contains(*pointer)) else { return };
    if ctx.is_pointer_over_egui() || ctx.input(|input| input.pointer.any_down()) {
        return;
    }
    Area::new(Id::new("hover tooltip"))
        .order(Order::Tooltip)
        .interactable(false)
        .movable(false)
        .fade_in(false)
        .fixed_pos(pointer + vec2(16.0, 16.0))
        .constrain_to(area)
        .show(ctx, |ui| {
            plate(ui).inner_margin(10).show(ui, |ui| {
                let slots = key_slots(scene, color_by, twin, MAX_VALUES);
                tooltip_ui(ui, &display_name(scene, state, twin), state, twin, &slots, now_us);
            });
        });
}

fn tooltip_ui(ui: &mut Ui, name: &str, state: &State, twin: TwinIx, slots: &[Slot], now_us: i64) {
    ui.set_max_width(280.0);
    ui.label(theme::semibold(name));
    ui.label(theme::caption(model_name(state, twin)));
    if slots.is_empty() {
        return;
    }
    ui.add_space(4.0);
    Grid::new("hovered values").num_columns(2).spacing(vec2(GROUP_GAP, 2.0)).min_row_height(18.0).show(ui, |ui| {
        for slot in slots {
            ui.label(theme::muted(&state.topology().column(slot.column).display_name));
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                ui.spacing_mut().item_spacing.x = 4.0;
                let (value, unit) = format::value_and_unit(state, *slot);
                ui.label(value);
                ui.label(theme::caption(unit));
                let quality = state.get(*slot).quality;
                if quality != Quality::Good {
                    let (mark, color, word) = quality_mark(quality, theme::colors(ui));
                    mark_ui(ui, mark, color);
                    let age = format::slot_age(state, *slot, now_us).filter(|_| quality == Quality::Stale);
                    let words = age.map_or_else(|| word.to_string(), |age| format!("{word} · {age}"));
                    ui.label(theme::caption(words));
                }
            });
            ui.end_row();
        }
    });
}
