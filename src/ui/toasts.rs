//! Notices on the screen. They disappear after a while or when they are clicked; errors stay until they are clicked.

use super::theme::{self, Colors, GAP};
use super::widgets::{Mark, paint_mark, plate};
use crate::notice::{NoticeLevel, Notices};
use bevy_egui::egui::{
    self, Align2, Area, Color32, Id, Label, Order, Rect, RichText, Sense, Ui, UiBuilder, WidgetInfo, WidgetType, vec2,
};
use egui_phosphor::regular as icon;

/// Time that a notice stays, in seconds.
const STAY_S: f64 = 6.0;
/// Time at the end in which a notice fades, in seconds.
const FADE_S: f64 = 0.4;
/// Largest number of notices on the screen.
const MAX: usize = 5;
const WIDTH: f32 = 320.0;

/// The notices on the screen.
#[derive(Default)]
pub struct Toasts {
    /// All notices as they were at the last call of `take_in`.
    seen: Vec<(NoticeLevel, String)>,
    shown: Vec<Toast>,
    count: u64,
}

struct Toast {
    number: u64,
    level: NoticeLevel,
    text: String,
    born_s: f64,
}

impl Toasts {
    /// Adds the notices that are new since the last call.
    pub fn take_in(&mut self, notices: &Notices, now_s: f64) {
        for (level, text) in &notices.0[kept(&self.seen, &notices.0)..] {
            // A notice with the same text replaces the old one, so its time begins again.
            self.shown.retain(|toast| toast.text != *text);
            self.count += 1;
            self.shown.push(Toast { number: self.count, level: *level, text: text.clone(), born_s: now_s });
        }
        self.seen.clone_from(&notices.0);
        let surplus = self.shown.len().saturating_sub(MAX);
        self.shown.drain(..surplus);
    }

    /// Removes notices that are older than `STAY_S`, except errors.
    pub fn forget_old(&mut self, now_s: f64) {
        self.shown.retain(|toast| toast.level == NoticeLevel::Error || now_s - toast.born_s < STAY_S);
    }
}

/// Returns the number of notices in `new` that were already in `old`. The list grows at its end and is cut at its
/// start.
fn kept(old: &[(NoticeLevel, String)], new: &[(NoticeLevel, String)]) -> usize {
    (0..=old.len()).map(|cut| &old[cut..]).find(|rest| new.starts_with(rest)).map_or(0, <[_]>::len)
}

/// Draws the notices, the newest at the bottom.
pub fn show(ctx: &egui::Context, area: Rect, toasts: &mut Toasts, now_s: f64, reduced_motion: bool) {
    if toasts.shown.is_empty() {
        return;
    }
    let mut closed = None;
    Area::new(Id::new("toasts"))
        .order(Order::Foreground)
        .movable(false)
        .fade_in(false)
        .pivot(Align2::RIGHT_BOTTOM)
        .fixed_pos(area.shrink(GAP + 4.0).right_bottom())
        .constrain_to(area)
        .show(ctx, |ui| {
            for toast in &toasts.shown {
                let left_s = STAY_S - (now_s - toast.born_s);
                let fades = toast.level != NoticeLevel::Error && !reduced_motion;
                let opacity = if fades { (left_s / FADE_S).clamp(0.0, 1.0) as f32 } else { 1.0 };
                if toast_ui(ui, toast, opacity) {
                    closed = Some(toast.number);
                }
            }
        });
    if let Some(number) = closed {
        toasts.shown.retain(|toast| toast.number != number);
    }
}

fn look(level: NoticeLevel, colors: &Colors) -> (Mark, Color32, &'static str) {
    match level {
        NoticeLevel::Good => (Mark::Circle, colors.good, "Done"),
        NoticeLevel::Warning => (Mark::Triangle, colors.warning, "Warning"),
        NoticeLevel::Error => (Mark::Square, colors.critical, "Error"),
    }
}

/// Draws a notice and returns whether it was clicked.
fn toast_ui(ui: &mut Ui, toast: &Toast, opacity: f32) -> bool {
    let (mark, color, word) = look(toast.level, theme::colors(ui));
    let builder = UiBuilder::new().id_salt(toast.number).sense(Sense::click());
    let response = ui.scope_builder(builder, |ui| {
        ui.multiply_opacity(opacity);
        plate(ui).show(ui, |ui| {
            ui.set_width(WIDTH);
            ui.horizontal_top(|ui| {
                let (rect, _) = ui.allocate_exact_size(vec2(10.0, 17.0), Sense::hover());
                paint_mark(ui.painter(), rect.center(), 9.0, mark, color);
                ui.vertical(|ui| {
                    ui.set_width(WIDTH - 56.0);
                    ui.label(theme::semibold(word));
                    ui.add(Label::new(&toast.text).wrap());
                });
                ui.label(RichText::new(icon::X).size(12.0).weak());
            });
        });
    });
    let response = response.response;
    response.widget_info(|| WidgetInfo::labeled(WidgetType::Button, true, format!("{word}: {}. Dismiss", toast.text)));
    response.on_hover_cursor(egui::CursorIcon::PointingHand).clicked()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(texts: &[&str]) -> Vec<(NoticeLevel, String)> {
        texts.iter().map(|text| (NoticeLevel::Good, (*text).to_string())).collect()
    }

    #[test]
    fn only_new_notices_are_shown() {
        for (old, new, count) in [
            (list(&["a"]), list(&["a", "b"]), 1),
            (list(&[]), list(&["a"]), 0),
            (list(&["a", "b", "c"]), list(&["b", "c", "d"]), 2),
            (list(&["a"]), list(&["b"]), 0),
            (list(&["a", "a"]), list(&["a", "a", "a"]), 2),
        ] {
            assert_eq!(kept(&old, &new), count, "{old:?} {new:?}");
        }
    }

    #[test]
    fn errors_do_not_disappear_by_themselves() {
        let mut toasts = Toasts::default();
        let mut notices = Notices::default();
        notices.push(NoticeLevel::Good, "Saved");
        notices.push(NoticeLevel::Error, "No such file");
        toasts.take_in(&notices, 10.0);
        toasts.take_in(&notices, 11.0);
        assert_eq!(toasts.shown.len(), 2);
        toasts.forget_old(16.5);
        assert_eq!(toasts.shown.iter().map(|toast| toast.text.as_str()).collect::<Vec<_>>(), ["No such file"]);
    }
}
