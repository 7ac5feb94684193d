//! The list of keyboard shortcuts and mouse gestures.

use super::commands::{COMMANDS, Command};
use super::theme::{self, GROUP_GAP};
use bevy_egui::egui::{self, Align2, Frame, Grid, Order, RichText, TextStyle, Ui, Window, vec2};

/// Effects of mouse gestures, with the gestures. They are not menu commands, so they have a separate list.
const MOUSE: &[(&str, &str)] = &[
    ("Orbit", "Left drag"),
    ("Pan", "Right drag"),
    ("Zoom to the pointer", "Wheel"),
    ("Select", "Click"),
    ("Select and fly there", "Double click"),
];

/// Width of the window in points. Both columns fit with their longest texts.
const WIDTH: f32 = 660.0;

/// Draws the window if it is open.
pub fn show(ctx: &egui::Context, open: &mut bool) {
    Window::new("Shortcuts")
        .open(open)
        .order(Order::Foreground)
        .collapsible(false)
        .resizable(false)
        .min_width(WIDTH)
        .anchor(Align2::CENTER_CENTER, vec2(0.0, 0.0))
        .show(ctx, shortcuts_ui);
}

fn shortcuts_ui(ui: &mut Ui) {
    ui.set_min_width(WIDTH);
    ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing.x = GROUP_GAP * 2.0;
        ui.vertical(|ui| {
            group_ui(ui, "General", &lines("General"));
            group_ui(ui, "Time", &lines("Time"));
        });
        ui.vertical(|ui| {
            group_ui(ui, "View", &lines("View"));
            let mouse: Vec<_> = MOUSE.iter().map(|(what, how)| (*what, vec![(*how).to_string()])).collect();
            group_ui(ui, "Mouse", &mouse);
        });
    });
}

fn lines(group: &str) -> Vec<(&'static str, Vec<String>)> {
    let with_keys = |command: &&Command| command.group == group && !command.shortcuts.is_empty();
    COMMANDS
        .iter()
        .filter(with_keys)
        .map(|command| (command.title, command.shortcuts.iter().map(|shortcut| shortcut.text()).collect()))
        .collect()
}

fn group_ui(ui: &mut Ui, name: &str, lines: &[(&'static str, Vec<String>)]) {
    let colors = theme::colors(ui);
    ui.label(theme::semibold(name));
    ui.add_space(4.0);
    Grid::new(("shortcuts", name)).num_columns(2).min_col_width(96.0).spacing(vec2(GROUP_GAP, 6.0)).show(ui, |ui| {
        for (what, keys) in lines {
            ui.label(*what);
            ui.horizontal(|ui| {
                ui.spacing_mut().item_spacing.x = 4.0;
                for key in keys {
                    let frame =
                        Frame::NONE.fill(colors.raised).corner_radius(4.0).inner_margin(egui::Margin::symmetric(6, 2));
                    frame.show(ui, |ui| ui.label(RichText::new(key).text_style(TextStyle::Small)));
                }
            });
            ui.end_row();
        }
    });
    ui.add_space(GROUP_GAP);
}
