//! A field in which a person writes a moment of the past.

use super::theme;
use crate::history::past_moment;
use bevy_egui::egui::{Key, TextEdit, Ui};
use cupola_twin::zone::TimeZone;

/// The text in the field.
#[derive(Debug, Default)]
pub struct MomentField {
    typed: String,
    /// Whether the text was not understood.
    is_refused: bool,
}

impl MomentField {
    /// Draws the field with its help. Returns the moment that was entered, in microseconds since the Unix epoch.
    pub fn show(&mut self, ui: &mut Ui, takes_focus: bool, zone: &TimeZone, wall_us: i64) -> Option<i64> {
        let field = TextEdit::singleline(&mut self.typed).hint_text("2026-11-30 14:05").desired_width(f32::INFINITY);
        let field = ui.add(field);
        if field.changed() {
            self.is_refused = false;
        }
        if takes_focus {
            field.request_focus();
        }
        let help =
            if self.is_refused { "This is no moment. Write one like these:" } else { "A local time, or a time ago:" };
        ui.label(theme::caption(help));
        ui.label(theme::caption("2026-11-30 14:05 · 14:05 · yesterday 8:00 · 90min"));
        if !field.lost_focus() || !ui.input(|input| input.key_pressed(Key::Enter)) {
            return None;
        }
        let moment_us = past_moment(&self.typed, zone, wall_us);
        self.is_refused = moment_us.is_none();
        if moment_us.is_some() {
            self.typed.clear();
        }
        moment_us
    }
}
