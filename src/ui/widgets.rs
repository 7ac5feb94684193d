//! Small widgets that several panels use.

use super::theme::{self, Colors, GAP, ROW};
use bevy_egui::egui::{
    self, Align, Align2, Button, Color32, Galley, Layout, Painter, Pos2, Rect, Response, RichText, Sense, Shape,
    Stroke, StrokeKind, TextStyle, TextWrapMode, Ui, WidgetInfo, WidgetText, WidgetType, pos2, vec2,
};
use cupola_scene::document::AlarmSeverity;
use cupola_twin::Quality;
use std::sync::Arc;

/// A shape beside a text, so that the meaning never depends on colour alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// The mark of a good state.
    Circle,
    /// The mark of a state that needs attention.
    Triangle,
    /// The mark of a state that needs attention at once.
    Square,
    /// The mark of information.
    Diamond,
    /// The mark of a stale value.
    Hatched,
    /// The mark of a missing value.
    Outline,
    /// The mark of a bad value.
    Cross,
}

/// Returns the mark, the colour and the label of a quality.
pub fn quality_mark(quality: Quality, colors: &Colors) -> (Mark, Color32, &'static str) {
    match quality {
        Quality::Good => (Mark::Circle, colors.good, "Good"),
        Quality::Stale => (Mark::Hatched, colors.muted, "Stale"),
        Quality::Bad => (Mark::Cross, colors.critical, "Bad"),
        Quality::Missing => (Mark::Outline, colors.muted, "Missing"),
    }
}

/// Returns the mark, the colour and the label of an alarm's severity.
pub fn severity_mark(severity: AlarmSeverity, colors: &Colors) -> (Mark, Color32, &'static str) {
    match severity {
        AlarmSeverity::Info => (Mark::Diamond, colors.accent, "Info"),
        AlarmSeverity::Warning => (Mark::Triangle, colors.warning, "Warning"),
        AlarmSeverity::Critical => (Mark::Square, colors.critical, "Critical"),
    }
}

/// Paints a mark that is `size` points wide.
pub fn paint_mark(painter: &Painter, center: Pos2, size: f32, mark: Mark, color: Color32) {
    let half = size / 2.0;
    let rect = Rect::from_center_size(center, vec2(size, size));
    let stroke = Stroke::new(1.25, color);
    match mark {
        Mark::Circle => {
            painter.circle_filled(center, half, color);
        }
        Mark::Triangle => {
            let points = vec![
                pos2(center.x, rect.top()),
                pos2(rect.right() + 0.5, rect.bottom()),
                pos2(rect.left() - 0.5, rect.bottom()),
            ];
            painter.add(Shape::convex_polygon(points, color, Stroke::NONE));
        }
        Mark::Square => {
            painter.rect_filled(rect.shrink(0.5), 1.0, color);
        }
        Mark::Diamond => {
            let points = vec![rect.center_top(), rect.right_center(), rect.center_bottom(), rect.left_center()];
            painter.add(Shape::convex_polygon(points, color, Stroke::NONE));
        }
        Mark::Hatched => hatch(painter, rect, color),
        Mark::Outline => {
            painter.rect_stroke(rect.shrink(0.5), 2.0, stroke, StrokeKind::Inside);
        }
        Mark::Cross => {
            let rect = rect.shrink(1.0);
            painter.line_segment([rect.left_top(), rect.right_bottom()], Stroke::new(1.75, color));
            painter.line_segment([rect.right_top(), rect.left_bottom()], Stroke::new(1.75, color));
        }
    }
}

/// Fills a rectangle with diagonal lines inside an outline.
pub fn hatch(painter: &Painter, rect: Rect, color: Color32) {
    painter.rect_stroke(rect.shrink(0.5), 2.0, Stroke::new(1.0, color), StrokeKind::Inside);
    let inner = painter.with_clip_rect(rect.intersect(painter.clip_rect()));
    let mut x = rect.left() - rect.height() + 2.0;
    while x < rect.right() {
        inner.line_segment([pos2(x, rect.bottom()), pos2(x + rect.height(), rect.top())], Stroke::new(1.0, color));
        x += 3.5;
    }
}

/// Draws a mark within a line of widgets.
pub fn mark_ui(ui: &mut Ui, mark: Mark, color: Color32) -> Response {
    let (rect, response) = ui.allocate_exact_size(vec2(10.0, ROW.min(ui.available_height().max(14.0))), Sense::hover());
    paint_mark(ui.painter(), rect.center(), 8.0, mark, color);
    response
}

/// Lays out a text on one line. A text wider than `width` points ends with an ellipsis.
pub fn one_line(ui: &Ui, text: impl Into<WidgetText>, width: f32) -> Arc<Galley> {
    text.into().into_galley(ui, Some(TextWrapMode::Truncate), width.max(0.0), TextStyle::Body)
}

/// Paints a laid-out text. The anchor point `align` of its box is at `at`. Returns the box of the text.
pub fn paint_text(ui: &Ui, galley: Arc<Galley>, align: Align2, at: Pos2, color: Color32) -> Rect {
    let rect = align.anchor_size(at, galley.size());
    ui.painter().galley(rect.min, galley, color);
    rect
}

/// The content of a row of a list.
#[derive(Default)]
pub struct ListRow<'t> {
    /// An icon before the name.
    pub icon: &'t str,
    /// A mark after the name.
    pub mark: Option<(Mark, Color32)>,
    /// The name.
    pub name: &'t str,
    /// A value, at the right.
    pub value: &'t str,
    /// The unit of the value, smaller and muted, after the value.
    pub unit: &'t str,
    /// Whether the row is selected.
    pub selected: bool,
    /// Distance of the content from the left edge, in points.
    pub indent: f32,
    /// The name of the property that a drag of the row carries, or an empty text.
    pub dragged: &'t str,
}

/// Draws a row into `rect`. The whole row is clickable.
pub fn row_at(ui: &Ui, rect: Rect, id: egui::Id, row: &ListRow<'_>) -> Response {
    let colors = theme::colors(ui);
    let sense = if row.dragged.is_empty() { Sense::click() } else { Sense::click_and_drag() };
    let response = ui.interact(rect, id, sense);
    if !row.dragged.is_empty() {
        response.dnd_set_drag_payload(row.dragged.to_string());
    }
    response.widget_info(|| {
        let label = [row.name, row.value, row.unit].join(" ");
        WidgetInfo::selected(WidgetType::SelectableLabel, ui.is_enabled(), row.selected, label.trim())
    });
    if !ui.is_rect_visible(rect) {
        return response;
    }
    let fill = if row.selected {
        colors.selected
    } else if response.hovered() || response.has_focus() {
        colors.raised
    } else {
        Color32::TRANSPARENT
    };
    ui.painter().rect_filled(rect, 6.0, fill);
    let (left, right, middle) = (rect.left() + GAP + row.indent, rect.right() - GAP, rect.center().y);
    let mut end = right;
    if !row.unit.is_empty() {
        let unit = one_line(ui, theme::caption(row.unit), rect.width() / 3.0);
        end = paint_text(ui, unit, Align2::RIGHT_CENTER, pos2(end, middle + 0.5), colors.muted).left() - 3.0;
    }
    if !row.value.is_empty() {
        let value = one_line(ui, row.value, rect.width() / 2.0);
        end = paint_text(ui, value, Align2::RIGHT_CENTER, pos2(end, middle), colors.text).left() - GAP;
    }
    let mut start = left;
    if !row.icon.is_empty() {
        let color = if row.selected { colors.accent_text } else { colors.muted };
        let icon = one_line(ui, RichText::new(row.icon).size(15.0).color(color), 20.0);
        paint_text(ui, icon, Align2::LEFT_CENTER, pos2(start, middle), color);
        start += 22.0;
    }
    let mark_width = if row.mark.is_some() { 16.0 } else { 0.0 };
    let name = one_line(ui, row.name, end - start - mark_width);
    let name = paint_text(ui, name, Align2::LEFT_CENTER, pos2(start, middle), colors.text);
    if let Some((mark, color)) = row.mark {
        paint_mark(ui.painter(), pos2(name.right() + 11.0, middle), 8.0, mark, color);
    }
    response
}

/// Draws a row within a list.
pub fn row_ui(ui: &mut Ui, row: &ListRow<'_>) -> Response {
    let (id, rect) = ui.allocate_space(vec2(ui.available_width(), ROW));
    row_at(ui, rect, id, row)
}

/// Draws a square button with an icon. `name` is its tooltip and its label for screen readers.
pub fn icon_button(ui: &mut Ui, icon: &str, name: &str, on: bool) -> Response {
    let colors = theme::colors(ui);
    let color = if on { colors.accent_text } else { colors.text };
    let text = RichText::new(icon).size(16.0).color(color);
    let fill = if on { colors.selected } else { Color32::TRANSPARENT };
    let mut button = Button::new(text).min_size(vec2(ROW + 2.0, ROW)).frame_when_inactive(on);
    if on {
        button = button.fill(fill);
    }
    let response = ui.add(button);
    response.widget_info(|| WidgetInfo::selected(WidgetType::Button, ui.is_enabled(), on, name));
    response.on_hover_text(name)
}

/// Draws the most important button of a panel.
pub fn primary_button(ui: &mut Ui, text: &str) -> Response {
    let colors = theme::colors(ui);
    let text = theme::semibold(text).color(colors.on_accent);
    ui.add(Button::new(text).fill(colors.accent).min_size(vec2(0.0, ROW)))
}

/// Draws a text that acts as a link.
pub fn link(ui: &mut Ui, text: &str) -> Response {
    let colors = theme::colors(ui);
    ui.add(egui::Link::new(RichText::new(text).color(colors.accent_text)))
}

/// Draws a text that acts as a link, in 11 points.
pub fn small_link(ui: &mut Ui, text: &str) -> Response {
    let colors = theme::colors(ui);
    ui.add(egui::Link::new(RichText::new(text).text_style(TextStyle::Small).color(colors.accent_text)))
}

/// Draws a segmented control: options side by side, of which one is chosen. Returns the index of a clicked option.
///
/// An option consists of a name, a colour, and a flag for the chosen option.
pub fn segmented(ui: &mut Ui, options: &[(&str, Color32, bool)]) -> Option<usize> {
    let colors = theme::colors(ui);
    let mut clicked = None;
    let outline = egui::Frame::NONE.fill(colors.ground).corner_radius(8.0).inner_margin(2);
    outline.show(ui, |ui| {
        ui.spacing_mut().item_spacing.x = 2.0;
        ui.spacing_mut().button_padding = vec2(10.0, 2.0);
        ui.horizontal(|ui| {
            for (number, (name, dot, on)) in options.iter().enumerate() {
                let color = if *on { colors.text } else { colors.muted };
                // The spaces leave room for the dot. The dot is painted, because fonts draw such a character
                // differently.
                let button = Button::new(RichText::new(format!("    {name}")).color(color))
                    .fill(if *on { colors.raised } else { Color32::TRANSPARENT })
                    .min_size(vec2(0.0, ROW - 2.0));
                let response = ui.add(button);
                let center = pos2(response.rect.left() + 14.0, response.rect.center().y);
                if *on {
                    ui.painter().circle_filled(center, 4.0, *dot);
                } else {
                    ui.painter().circle_stroke(center, 3.5, Stroke::new(1.25, colors.muted));
                }
                response.widget_info(|| WidgetInfo::selected(WidgetType::RadioButton, ui.is_enabled(), *on, *name));
                if response.clicked() {
                    clicked = Some(number);
                }
            }
        });
    });
    clicked
}

/// Draws a heading inside a panel, with a caption at its right.
pub fn section(ui: &mut Ui, name: &str, aside: &str) {
    ui.add_space(GAP);
    ui.horizontal(|ui| {
        ui.set_height(ROW);
        ui.label(theme::semibold(name));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.label(theme::caption(aside));
        });
    });
}

/// Draws the placeholder of an empty panel: an icon, a message, and a hint about the next action.
pub fn empty_state(ui: &mut Ui, icon: &str, what: &str, next: &str) {
    ui.add_space(32.0);
    ui.vertical_centered(|ui| {
        ui.label(RichText::new(icon).size(28.0).weak());
        ui.add_space(GAP);
        ui.label(theme::semibold(what));
        ui.label(theme::muted(next));
    });
}

/// Returns the frame of an overlay on the 3D view.
pub fn plate(ui: &Ui) -> egui::Frame {
    let colors = theme::colors(ui);
    egui::Frame::NONE
        .fill(colors.panel.gamma_multiply(0.96))
        .stroke(Stroke::new(1.0, colors.hairline))
        .corner_radius(10.0)
        .inner_margin(12)
}

/// Returns the frame of a side panel.
pub fn panel_frame(ui: &Ui) -> egui::Frame {
    egui::Frame::NONE.fill(theme::colors(ui).panel).inner_margin(egui::Margin {
        left: 12,
        right: 12,
        top: 8,
        bottom: 8,
    })
}
