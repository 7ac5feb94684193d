//! The legend of the colours, and switches for the view.

use super::format;
use super::moment_field::MomentField;
use super::theme::{self, GAP, ROW};
use super::widgets::{Mark, hatch, icon_button, one_line, paint_mark, paint_text, plate};
use crate::action::ActionList;
use crate::look::ChangeLook;
use crate::look::{Legend, Palette, ViewSettings};
use crate::timeline::{CompareMoment, CompareWith};
use crate::twin::number_text;
use bevy_egui::egui::{
    self, Align, Align2, Color32, ComboBox, CornerRadius, Direction, DragValue, Label, Layout, Rect, Sense, Shape,
    Stroke, StrokeKind, TextEdit, Ui, WidgetInfo, WidgetType, pos2, vec2,
};
use cupola_twin::zone::TimeZone;
use egui_phosphor::regular as icon;

const WIDTH: f32 = 288.0;

/// The times that a comparison is about.
pub struct LegendTimes<'a> {
    /// The moment on the screen, in microseconds since the Unix epoch.
    pub now_us: i64,
    /// The time on the wall clock, in microseconds since the Unix epoch.
    pub wall_us: i64,
    /// The zone of the building.
    pub zone: &'a TimeZone,
    /// Whether there is a history of the timeline on the screen.
    pub has_past: bool,
}

/// The texts that are being typed into the legend.
pub struct LegendDrafts<'a> {
    /// The expression that colours the rooms.
    pub expression: &'a mut Option<String>,
    /// The moment that is compared with.
    pub compared: &'a mut MomentField,
}

/// Draws the legend.
pub fn legend_ui(
    ui: &mut Ui,
    legend: &Legend,
    view: &ViewSettings,
    options: &[(String, String)],
    highest: Option<usize>,
    times: &LegendTimes<'_>,
    drafts: LegendDrafts<'_>,
    actions: &mut ActionList,
) {
    let mut next = view.clone();
    let LegendDrafts { expression: typed, compared } = drafts;
    plate(ui).show(ui, |ui| {
        ui.set_width(WIDTH);
        ui.horizontal(|ui| {
            head_ui(ui, legend, &mut next, options, highest, typed);
            compare_ui(ui, legend, times, compared, actions);
        });
        compared_ui(ui, legend, times, actions);
        if let Some(text) = typed {
            expression_ui(ui, text, &mut next);
        }
        if let Some(error) = legend.error.as_ref().filter(|_| !next.color_by.is_empty()) {
            error_ui(ui, error);
        } else if !next.color_by.is_empty() {
            ui.add_space(4.0);
            scale_ui(ui, legend, &mut next);
            counts_ui(ui, legend);
        }
    });
    if next != *view {
        actions.push(ChangeLook(next));
    }
}

fn head_ui(
    ui: &mut Ui,
    legend: &Legend,
    next: &mut ViewSettings,
    options: &[(String, String)],
    highest: Option<usize>,
    typed: &mut Option<String>,
) {
    ui.label(theme::muted("Colour by"));
    let known = options.iter().find(|(name, _)| *name == next.color_by).map(|(_, title)| title.as_str());
    let shown = match known {
        Some(title) => title,
        None if next.color_by.is_empty() => "Nothing",
        None if legend.title.is_empty() => next.color_by.as_str(),
        None => legend.title.as_str(),
    };
    let shown = elided(shown);
    let width = ui.available_width() - 4.0 * (ROW + 6.0);
    ComboBox::from_id_salt("colour by").width(width).selected_text(shown).show_ui(ui, |ui| {
        ui.set_min_width(200.0);
        if ui.selectable_label(next.color_by.is_empty(), "Nothing").clicked() {
            choose(next, typed, "");
        }
        for (name, title) in options {
            if ui.selectable_label(next.color_by == *name, title.as_str()).clicked() {
                choose(next, typed, name);
            }
        }
        ui.separator();
        if ui.selectable_label(typed.is_some(), "Expression…").clicked() {
            *typed = Some(next.color_by.clone());
        }
    });
    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
        ui.spacing_mut().item_spacing.x = 0.0;
        if icon_button(ui, icon::TAG, "Room labels (L)", next.labels).clicked() {
            next.labels = !next.labels;
        }
        if icon_button(ui, icon::SELECTION_ALL, "Isolate the floor (I)", next.isolate).clicked() {
            next.isolate = !next.isolate;
            next.storey = next.storey.or(highest.filter(|_| next.isolate));
        }
        if icon_button(ui, icon::EYE, "See-through walls (X)", next.see_through).clicked() {
            next.see_through = !next.see_through;
        }
    });
}

/// Draws the button that compares the moment on the screen with another one.
fn compare_ui(
    ui: &mut Ui,
    legend: &Legend,
    times: &LegendTimes<'_>,
    typed: &mut MomentField,
    actions: &mut ActionList,
) {
    let response =
        icon_button(ui, icon::CLOCK_COUNTER_CLOCKWISE, "Compare with another moment", legend.compared_us.is_some());
    egui::Popup::menu(&response).close_behavior(egui::PopupCloseBehavior::CloseOnClickOutside).show(|ui| {
        ui.set_width(280.0);
        ui.label(theme::semibold("Differences to"));
        let shown = ui.selectable_label(false, "The moment on the screen");
        let mut chosen = shown.clicked().then_some(CompareWith::Shown);
        if times.has_past {
            for (words, days) in [("A day before", 1), ("A week before", 7)] {
                if ui.selectable_label(false, words).clicked() {
                    // The same local time, also across a change of the clock.
                    let at_us = cupola_twin::zone::days_before(times.now_us, days, times.zone);
                    chosen = Some(CompareWith::Past(at_us));
                }
            }
            let typed = typed.show(ui, response.clicked(), times.zone, times.wall_us);
            chosen = typed.map(CompareWith::Past).or(chosen);
        }
        if let Some(chosen) = chosen {
            actions.push(CompareMoment(chosen));
            ui.close();
        }
    });
}

/// Draws the moment that is compared with, and a button that ends the comparison.
fn compared_ui(ui: &mut Ui, legend: &Legend, times: &LegendTimes<'_>, actions: &mut ActionList) {
    let Some(compared_us) = legend.compared_us else { return };
    ui.horizontal(|ui| {
        ui.label(theme::muted("Differences to"));
        ui.label(format::moment(compared_us, times.zone));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if icon_button(ui, icon::X, "End the comparison", false).clicked() {
                actions.push(CompareMoment(CompareWith::Nothing));
            }
        });
    });
}

/// Largest number of characters of a name that fits beside the switches.
const FITTING: usize = 13;

/// Shortens a name to at most `FITTING` characters, with an ellipsis at its end.
fn elided(name: &str) -> String {
    if name.chars().count() <= FITTING {
        return name.to_string();
    }
    let start: String = name.chars().take(FITTING - 1).collect();
    format!("{}…", start.trim_end())
}

/// Colours the rooms by a property. A property that was not shown before gets an automatic range.
fn choose(next: &mut ViewSettings, typed: &mut Option<String>, color_by: &str) {
    *typed = None;
    if next.color_by != color_by {
        next.color_by = color_by.to_string();
        next.range = None;
    }
}

/// Draws the field for an expression. Enter or *Show* colours the rooms by the expression.
fn expression_ui(ui: &mut Ui, text: &mut String, next: &mut ViewSettings) {
    ui.horizontal(|ui| {
        let edit = TextEdit::singleline(text)
            .font(egui::TextStyle::Monospace)
            .hint_text("For example: temperature - setpoint")
            .desired_width(ui.available_width() - 64.0)
            .min_size(vec2(0.0, ROW));
        let response = ui.add(edit);
        let entered = response.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter));
        if (ui.button("Show").clicked() || entered) && next.color_by != text.trim() {
            next.color_by = text.trim().to_string();
            next.range = None;
        }
    });
}

fn error_ui(ui: &mut Ui, error: &str) {
    let colors = theme::colors(ui);
    ui.add_space(4.0);
    ui.horizontal_top(|ui| {
        let (rect, _) = ui.allocate_exact_size(vec2(10.0, 16.0), Sense::hover());
        paint_mark(ui.painter(), rect.center(), 9.0, Mark::Triangle, colors.warning);
        ui.add(Label::new(error).wrap());
    });
}

/// Draws the colour scale with its ends, and the controls of range and palette.
fn scale_ui(ui: &mut Ui, legend: &Legend, next: &mut ViewSettings) {
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 12.0), Sense::hover());
    let (low, high) = legend.range;
    response.widget_info(|| {
        let text = format!("Scale from {} to {} {}", number_text(low), number_text(high), legend.unit);
        WidgetInfo::labeled(WidgetType::Image, true, text)
    });
    gradient(ui, rect, legend.palette(next));
    if let Some(pointer) = response.hover_pos() {
        let part = f64::from((pointer.x - rect.left()) / rect.width());
        let value = crate::twin::with_unit(low + part * (high - low), &legend.unit);
        response.on_hover_text_at_pointer(value);
    }
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 6.0;
        match &mut next.range {
            Some((low, high)) if legend.compared_us.is_none() => {
                let speed = ((*high - *low).abs() / 100.0).max(1e-3);
                ui.add(DragValue::new(low).speed(speed).max_decimals(2)).on_hover_text("Lower end of the range");
                ui.label(theme::caption("to"));
                ui.add(DragValue::new(high).speed(speed).max_decimals(2)).on_hover_text("Upper end of the range");
                ui.label(theme::caption(&legend.unit));
            }
            _ => {
                let sign = if legend.compared_us.is_some() { "+" } else { "" };
                ui.label(number_text(low));
                ui.label(theme::caption("to"));
                ui.label(format!("{sign}{}", number_text(high)));
                ui.label(theme::caption(&legend.unit));
            }
        }
        // The range and the colours of differences are the same on both sides of none.
        if legend.compared_us.is_some() {
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                ui.label(theme::caption("blue: fallen, orange: risen"));
            });
            return;
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            palette_ui(ui, next);
            let (text, hint) = match next.range {
                Some(_) => ("Fixed", "The range is fixed. Click to use the range of the values"),
                None => ("Auto", "The range follows the values. Click to fix it"),
            };
            if ui.add(egui::Button::new(theme::caption(text)).frame_when_inactive(false)).on_hover_text(hint).clicked()
            {
                next.range = if next.range.is_some() { None } else { Some(legend.range) };
            }
        });
    });
}

fn palette_ui(ui: &mut Ui, next: &mut ViewSettings) {
    let response = icon_button(ui, icon::PALETTE, &format!("Palette: {}", next.palette.name()), false);
    egui::Popup::menu(&response).show(|ui| {
        ui.set_min_width(200.0);
        for palette in Palette::ALL {
            let (id, rect) = ui.allocate_space(vec2(200.0, ROW));
            let row = super::widgets::ListRow {
                name: palette.name(),
                selected: palette == next.palette,
                indent: 64.0,
                ..Default::default()
            };
            let chosen = super::widgets::row_at(ui, rect, id, &row);
            let bar = Rect::from_min_size(pos2(rect.left() + GAP, rect.center().y - 5.0), vec2(52.0, 10.0));
            gradient(ui, bar, palette);
            if chosen.clicked() {
                next.palette = palette;
                ui.close();
            }
        }
    });
}

fn gradient(ui: &Ui, rect: Rect, palette: Palette) {
    const STEPS: usize = 24;
    let color = |step: usize| {
        let [red, green, blue] = palette.color(step as f32 / STEPS as f32);
        Color32::from_rgb(red, green, blue)
    };
    let width = rect.width() / STEPS as f32;
    for step in 0..STEPS {
        let left = rect.left() + width * step as f32;
        let piece = Rect::from_min_max(pos2(left, rect.top()), pos2(left + width, rect.bottom()));
        ui.painter().add(Shape::gradient_rect(piece, Direction::LeftToRight, [color(step), color(step + 1)]));
    }
    let line = Stroke::new(1.0, theme::colors(ui).hairline);
    ui.painter().rect_stroke(rect, CornerRadius::ZERO, line, StrokeKind::Outside);
}

/// Draws the number of rooms with good values, and the patterns and numbers of rooms with stale and missing values.
fn counts_ui(ui: &mut Ui, legend: &Legend) {
    ui.horizontal(|ui| {
        let rooms = if legend.good == 1 { "room" } else { "rooms" };
        ui.label(theme::caption(format!("{} {rooms}", legend.good)));
        if legend.stale > 0 {
            swatch_ui(ui, true, &format!("{} stale", legend.stale));
        }
        if legend.missing > 0 {
            swatch_ui(ui, false, &format!("{} missing", legend.missing));
        }
    });
}

fn swatch_ui(ui: &mut Ui, stale: bool, words: &str) {
    let colors = theme::colors(ui);
    ui.spacing_mut().item_spacing.x = 6.0;
    ui.add_space(4.0);
    let (rect, _) = ui.allocate_exact_size(vec2(16.0, 12.0), Sense::hover());
    if stale {
        hatch(ui.painter(), rect, colors.muted);
    } else {
        ui.painter().rect_stroke(rect.shrink(0.5), 2.0, Stroke::new(1.0, colors.muted), StrokeKind::Inside);
    }
    let text = one_line(ui, theme::caption(words), 120.0);
    let (place, _) = ui.allocate_exact_size(vec2(text.size().x, ROW - 8.0), Sense::hover());
    paint_text(ui, text, Align2::LEFT_CENTER, place.left_center(), colors.muted);
}
