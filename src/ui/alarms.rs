//! The list of raised alarms, the most severe first.

use super::format;
use super::theme::{self, GAP, ROW};
use super::widgets::{one_line, paint_mark, paint_text, section, severity_mark};
use crate::action::ActionList;
use crate::selection::{Focus, Select};
use crate::timeline::ApplyEvent;
use crate::twin::display_name;
use bevy_egui::egui::{
    Align2, Button, Color32, Rect, RichText, ScrollArea, Sense, Ui, WidgetInfo, WidgetType, pos2, vec2,
};
use cupola_run::{EventBody, RaisedAlarm};
use cupola_scene::{Alarm, Scene};
use cupola_twin::{State, TwinIx};
use egui_phosphor::regular as icon;

/// Height of the row of an alarm, which has two lines of text, in points.
const LINE: f32 = 44.0;
/// Height of the heading above the list, in points.
const HEAD: f32 = ROW + GAP * 2.0;

/// Returns the height of the list in a panel of height `panel`, both in points.
///
/// The height fits all alarms, up to two fifths of the panel.
pub fn height(alarms: usize, panel: f32) -> f32 {
    let list = if alarms == 0 { ROW } else { LINE * alarms as f32 };
    (HEAD + list + GAP).min((panel * 0.4).max(HEAD + LINE)).round()
}

/// Draws the list. `raised` is sorted by severity and holds the alarm, its index, the twin and the raised state.
pub fn alarms_ui(
    ui: &mut Ui,
    scene: &Scene,
    state: &State,
    raised: &[(&Alarm, usize, TwinIx, RaisedAlarm)],
    now_us: i64,
    actions: &mut ActionList,
) {
    let seen = raised.iter().filter(|(.., raised)| raised.acknowledged).count();
    let aside = if seen > 0 { format!("{seen} of {} acknowledged", raised.len()) } else { String::new() };
    let name = if raised.is_empty() { "Alarms".to_string() } else { format!("Alarms ({})", raised.len()) };
    section(ui, &name, &aside);
    if raised.is_empty() {
        ui.horizontal(|ui| {
            ui.set_height(ROW);
            ui.label(RichText::new(icon::CHECK_CIRCLE).color(theme::colors(ui).good));
            ui.label(theme::muted("No alarms"));
        });
        return;
    }
    ui.spacing_mut().item_spacing.y = 0.0;
    ScrollArea::vertical().id_salt("alarms").auto_shrink(false).show_rows(ui, LINE, raised.len(), |ui, rows| {
        for (alarm, _, twin, raised) in &raised[rows] {
            alarm_ui(ui, scene, state, (*alarm, *twin, *raised), now_us, actions);
        }
    });
}

fn alarm_ui(
    ui: &mut Ui,
    scene: &Scene,
    state: &State,
    (alarm, twin, raised): (&Alarm, TwinIx, RaisedAlarm),
    now_us: i64,
    actions: &mut ActionList,
) {
    let colors = theme::colors(ui);
    let (mark, color, word) = severity_mark(alarm.severity, colors);
    let who = display_name(scene, state, twin);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), LINE), Sense::click());
    response.widget_info(|| {
        WidgetInfo::labeled(WidgetType::Button, true, format!("{word}: {}, {who}. Show it", alarm.message))
    });
    let fill = if response.hovered() || response.has_focus() { colors.raised } else { Color32::TRANSPARENT };
    ui.painter().rect_filled(rect, 6.0, fill);
    let (text_color, mark_color) =
        if raised.acknowledged { (colors.muted, color.gamma_multiply(0.5)) } else { (colors.text, color) };
    paint_mark(ui.painter(), pos2(rect.left() + GAP + 5.0, rect.top() + 14.0), 10.0, mark, mark_color);
    let left = rect.left() + GAP + 18.0;
    let right = rect.right() - GAP;
    let wide = right - left - 32.0;
    let message = one_line(ui, RichText::new(&alarm.message).color(text_color), wide);
    paint_text(ui, message, Align2::LEFT_CENTER, pos2(left, rect.top() + 14.0), text_color);
    let since = format::age_text(now_us.saturating_sub(raised.since_us));
    let stale = if raised.is_stale { " · from a stale value" } else { "" };
    let second = one_line(ui, theme::caption(format!("{word} · {who} · since {since}{stale}")), wide);
    paint_text(ui, second, Align2::LEFT_CENTER, pos2(left, rect.top() + 31.0), colors.muted);
    if raised.acknowledged {
        let done = one_line(ui, theme::caption("Seen"), 40.0);
        paint_text(ui, done, Align2::RIGHT_CENTER, pos2(right, rect.center().y), colors.muted);
    } else {
        let place = Rect::from_center_size(pos2(right - 13.0, rect.center().y), vec2(ROW, ROW));
        let button =
            Button::new(RichText::new(icon::CHECK).size(15.0)).frame_when_inactive(false).min_size(place.size());
        let seen = ui.place(place, button);
        seen.widget_info(|| WidgetInfo::labeled(WidgetType::Button, true, format!("Acknowledge {}", alarm.message)));
        if seen.on_hover_text("Acknowledge").clicked() {
            let twin = scene.topology.twin_id(twin).to_string();
            actions.push(ApplyEvent(EventBody::Acknowledge { alarm: alarm.id.clone(), twin }));
        }
    }
    if response.on_hover_text(format!("{}\nwhen {}", alarm.message, alarm.when)).clicked() {
        let id = scene.topology.twin_id(twin).to_string();
        actions.push(Select(Some(id.clone())));
        actions.push(Focus(Some(id)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_takes_at_most_two_fifths_of_the_panel() {
        assert!(height(0, 800.0) < 90.0);
        assert!(height(2, 800.0) < height(4, 800.0));
        assert!(height(500, 800.0) <= 320.0);
    }
}
