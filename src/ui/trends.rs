//! The panel of the trends: the lines of properties over time.

use super::format;
use super::open::{FileWindow, Purpose};
use super::theme::{self, Colors, ROW};
use super::widgets::{empty_state, icon_button, one_line, paint_text};
use crate::action::ActionList;
use crate::timeline::ShowPast;
use crate::trend::{
    ChangeTrends, TimeMark, ToggleTrend, TrendCompare, TrendData, TrendFormat, TrendLine, TrendSegment, TrendSettings,
    TrendSpan, Trends, time_marks,
};
use crate::twin::{number_text, with_unit};
use bevy_egui::egui::{
    self, Align, Align2, Color32, ComboBox, Frame, Layout, Rect, RichText, Sense, Stroke, Ui, WidgetInfo, WidgetType,
    pos2, vec2,
};
use cupola_twin::zone::TimeZone;
use egui_phosphor::regular as icon;
use egui_plot::{FilledArea, GridMark, Line, LineStyle, Plot, PlotPoints, Span, VLine};

/// The shortest span that can be zoomed to, in microseconds.
const SHORTEST_US: i64 = 10_000_000;
/// The longest span that can be zoomed to, in microseconds.
const LONGEST_US: i64 = 5 * 366 * 86_400_000_000;
/// The height of the smallest diagram, in points.
const LEAST_HEIGHT: f32 = 64.0;
/// The distance of the pointer within which an event is described, in points.
const EVENT_DISTANCE: f32 = 5.0;

/// The data that the panel shows.
pub struct TrendContent<'a> {
    /// The trends.
    pub trends: &'a Trends,
    /// The moment on the screen, in microseconds.
    pub now_us: i64,
    /// The time zone of the building.
    pub zone: &'a TimeZone,
    /// Whether a click on a moment can show it.
    pub has_past: bool,
}

/// The state of the panel that lasts from frame to frame.
#[derive(Debug, Default)]
pub struct TrendPanel {
    /// The last span that was chosen by name, to which a double click returns.
    chosen: Option<TrendSpan>,
    /// The moment under the pointer, in seconds, in any of the diagrams.
    hovered: Option<f64>,
    /// The area of the panel on the screen, in points.
    pub area: Option<Rect>,
}

/// Draws the panel. Returns the window that asks for a file, if the user wants to write the trends.
pub fn trends_ui(
    ui: &mut Ui,
    shown: &TrendContent<'_>,
    panel: &mut TrendPanel,
    actions: &mut ActionList,
) -> Option<FileWindow> {
    panel.area = Some(ui.max_rect().expand2(vec2(12.0, 8.0)));
    let before = &shown.trends.settings;
    let mut settings = before.clone();
    let window = head_ui(ui, shown, panel, &mut settings);
    let drop = ui.available_rect_before_wrap();
    match shown.trends.data() {
        _ if settings.names.is_empty() => empty_state(
            ui,
            icon::CHART_LINE,
            "No properties are shown",
            "Drag a property here, or click the chart icon beside it.",
        ),
        None => {
            ui.centered_and_justified(|ui| {
                ui.label(theme::muted(shown.trends.error().unwrap_or("Reading the history…")))
            });
        }
        Some(data) => {
            chips_ui(ui, shown, data, panel, actions);
            diagrams_ui(ui, shown, data, panel, &mut settings, actions);
        }
    }
    // A widget over the diagrams would take the pointer from them.
    let dragged = egui::DragAndDrop::payload::<String>(ui.ctx()).filter(|_| ui.rect_contains_pointer(drop));
    if let Some(name) = dragged {
        let colors = theme::colors(ui);
        ui.painter().rect_stroke(drop, 6.0, Stroke::new(2.0, colors.accent), egui::StrokeKind::Inside);
        if ui.input(|input| input.pointer.any_released()) {
            egui::DragAndDrop::clear_payload(ui.ctx());
            if !before.names.contains(&name) {
                actions.push(ToggleTrend((*name).clone()));
            }
        }
    }
    if settings != *before {
        actions.push(ChangeTrends(settings));
    }
    window
}

fn head_ui(
    ui: &mut Ui,
    shown: &TrendContent<'_>,
    panel: &mut TrendPanel,
    settings: &mut TrendSettings,
) -> Option<FileWindow> {
    let mut window = None;
    ui.horizontal(|ui| {
        ui.set_min_height(ROW);
        let is_narrow = ui.available_width() < 680.0;
        if !is_narrow {
            ui.label(theme::semibold("Trends"));
        }
        let combo = ComboBox::from_id_salt("trend span").width(124.0).selected_text(settings.span.name());
        combo.show_ui(ui, |ui| {
            for (span, name) in TrendSpan::CHOICES {
                if ui.selectable_label(settings.span == span, name).clicked() {
                    settings.span = span;
                    panel.chosen = Some(span);
                }
            }
        });
        let name = TrendCompare::CHOICES.iter().find(|(compare, _)| *compare == settings.compare);
        let combo =
            ComboBox::from_id_salt("trend compare").width(156.0).selected_text(name.map_or("", |(_, name)| name));
        combo.show_ui(ui, |ui| {
            for (compare, name) in TrendCompare::CHOICES {
                ui.selectable_value(&mut settings.compare, compare, name);
            }
        });
        if !is_narrow {
            ui.checkbox(&mut settings.setpoints, "Set-points");
            ui.checkbox(&mut settings.events, "Events");
        }
        if shown.trends.is_loading() {
            ui.add(egui::Spinner::new().size(14.0)).on_hover_text("Reading the history");
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.spacing_mut().item_spacing.x = 2.0;
            if icon_button(ui, icon::X, "Close the trends (G)", false).clicked() {
                settings.is_open = false;
            }
            let export = icon_button(ui, icon::EXPORT, "Write the trends into a file", false);
            egui::Popup::menu(&export).show(|ui| {
                for (format, words) in [
                    (TrendFormat::Png, "Picture (.png)"),
                    (TrendFormat::Svg, "Drawing (.svg)"),
                    (TrendFormat::Csv, "Values (.csv)"),
                ] {
                    if ui.button(words).clicked() {
                        window = Some(FileWindow::new(Purpose::Trends(format)));
                    }
                }
            });
            if !settings.names.is_empty() && icon_button(ui, icon::TRASH, "Remove all lines", false).clicked() {
                settings.names.clear();
            }
            if !is_narrow {
                let (from_us, to_us) = shown.trends.view();
                let words = format::span(from_us, to_us, shown.zone);
                ui.add(egui::Label::new(theme::caption(words)).truncate());
            }
        });
    });
    window
}

/// Draws a chip with the colour, the name and the value of each line.
fn chips_ui(ui: &mut Ui, shown: &TrendContent<'_>, data: &TrendData, panel: &TrendPanel, actions: &mut ActionList) {
    let colors = theme::colors(ui);
    let at = panel.hovered.unwrap_or((shown.now_us.min(shown.trends.view().1)) as f64 / 1e6);
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(6.0, 4.0);
        for (number, line) in data.lines.iter().enumerate() {
            let frame = Frame::NONE.fill(colors.raised).corner_radius(4.0).inner_margin(egui::Margin::symmetric(6, 1));
            frame.show(ui, |ui| {
                ui.spacing_mut().item_spacing.x = 5.0;
                let (swatch, _) = ui.allocate_exact_size(vec2(10.0, 10.0), Sense::hover());
                ui.painter().rect_filled(swatch, 2.0, colors.line(number));
                ui.label(RichText::new(&line.label).small());
                let value = value_at(&line.segments, at);
                let words = value.map_or_else(|| "—".to_string(), |value| value_text(line, value));
                ui.label(theme::semibold(words).small());
                let missing = data.missing.iter().find(|(label, _)| *label == line.label);
                if let Some((_, why)) = missing {
                    ui.label(theme::caption(why.as_str()));
                }
                let remove = egui::Button::new(RichText::new(icon::X).size(11.0)).frame(false);
                if ui.add(remove).on_hover_text("Remove this line").clicked() {
                    actions.push(ToggleTrend(line.name.clone()));
                }
            });
        }
        if let Some(error) = shown.trends.error() {
            ui.label(RichText::new(error).color(colors.critical).small());
        }
    });
    ui.add_space(2.0);
}

fn value_text(line: &TrendLine, value: f64) -> String {
    match line.is_bool {
        true => if value >= 0.5 { "Yes" } else { "No" }.to_string(),
        false => with_unit(value, &line.unit),
    }
}

/// Returns the value at a moment in seconds, if the line has one.
fn value_at(segments: &[TrendSegment], at: f64) -> Option<f64> {
    let is_within = |segment: &&TrendSegment| {
        let ends = segment.points.first().zip(segment.points.last());
        // A bucket reaches over its middle.
        let reach = if segment.bounds.is_empty() { 0.0 } else { bucket_length(segment) };
        ends.is_some_and(|(first, last)| first[0] - reach <= at && at <= last[0] + reach)
    };
    let segment = segments.iter().rfind(is_within)?;
    let next = segment.points.partition_point(|[second, _]| *second <= at);
    if segment.bounds.is_empty() {
        return segment.points.get(next.saturating_sub(1)).map(|point| point[1]);
    }
    let near = [next.saturating_sub(1), next];
    let near = near.iter().filter_map(|at| segment.points.get(*at));
    near.min_by(|one, other| (one[0] - at).abs().total_cmp(&(other[0] - at).abs())).map(|point| point[1])
}

fn bucket_length(segment: &TrendSegment) -> f64 {
    segment.points.windows(2).next().map_or(0.0, |pair| (pair[1][0] - pair[0][0]) / 2.0)
}

/// Draws a diagram for each unit, one below the other.
fn diagrams_ui(
    ui: &mut Ui,
    shown: &TrendContent<'_>,
    data: &TrendData,
    panel: &mut TrendPanel,
    settings: &mut TrendSettings,
    actions: &mut ActionList,
) {
    let mut units: Vec<(&str, bool)> = Vec::new();
    for line in &data.lines {
        if !units.contains(&(&line.unit, line.is_bool)) {
            units.push((&line.unit, line.is_bool));
        }
    }
    let count = units.len().max(1);
    let height = (ui.available_height() / count as f32).max(LEAST_HEIGHT) - 2.0;
    let hovered = panel.hovered.take();
    egui::ScrollArea::vertical().id_salt("diagrams").auto_shrink(false).show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 2.0;
        ui.visuals_mut().override_text_color = Some(theme::colors(ui).muted);
        let small = egui::TextStyle::Small.resolve(ui.style());
        ui.style_mut().text_styles.insert(egui::TextStyle::Body, small);
        for (number, unit) in units.iter().enumerate() {
            let lines: Vec<(usize, &TrendLine)> =
                data.lines.iter().enumerate().filter(|(_, line)| (&*line.unit, line.is_bool) == *unit).collect();
            let diagram =
                Diagram { shown, data, lines, settings: &settings.clone(), hovered, is_last: number + 1 == count };
            diagram.show(ui, height, panel, settings, actions);
        }
    });
}

/// A diagram of the lines with one unit.
struct Diagram<'a> {
    shown: &'a TrendContent<'a>,
    data: &'a TrendData,
    lines: Vec<(usize, &'a TrendLine)>,
    settings: &'a TrendSettings,
    /// The moment under the pointer, in seconds.
    hovered: Option<f64>,
    /// Whether the diagram has the labels of the time axis.
    is_last: bool,
}

impl Diagram<'_> {
    /// Returns the least and the greatest value on the screen, with a margin.
    fn range(&self) -> (f64, f64) {
        let (from, to) = self.seconds();
        let mut range = (f64::INFINITY, f64::NEG_INFINITY);
        let mut take = |value: f64| range = (range.0.min(value), range.1.max(value));
        for (_, line) in &self.lines {
            let setpoints =
                line.setpoints.iter().filter(|_| self.settings.setpoints).flat_map(|(_, segments)| segments);
            for segment in line.segments.iter().chain(&line.before).chain(setpoints) {
                let inside = |point: &[f64; 2]| (from..=to).contains(&point[0]);
                segment.points.iter().filter(|point| inside(point)).for_each(|point| take(point[1]));
                let bounds = segment.points.iter().zip(&segment.bounds).filter(|(point, _)| inside(point));
                bounds.for_each(|(_, bounds)| bounds.iter().for_each(|value| take(*value)));
                // A step may reach over the whole span.
                let last = segment.points.iter().take_while(|point| point[0] <= from).last();
                let reaches = segment.points.last().is_some_and(|last| last[0] >= from);
                last.filter(|_| reaches).into_iter().for_each(|point| take(point[1]));
            }
        }
        if self.lines.iter().any(|(_, line)| line.is_bool) {
            return (-0.15, 1.15);
        }
        let (low, high) = if range.0 > range.1 { (0.0, 1.0) } else { range };
        // The noise of a sensor looks small.
        let least = (low.abs().max(high.abs()) * 0.01).max(1e-9);
        let margin = ((high - low) * 0.08).max(least);
        (low - margin, high + margin)
    }

    fn seconds(&self) -> (f64, f64) {
        let (from_us, to_us) = self.shown.trends.view();
        (from_us as f64 / 1e6, to_us as f64 / 1e6)
    }

    fn show(
        &self,
        ui: &mut Ui,
        height: f32,
        panel: &mut TrendPanel,
        settings: &mut TrendSettings,
        actions: &mut ActionList,
    ) {
        let colors = theme::colors(ui);
        let (from, to) = self.seconds();
        let (low, high) = self.range();
        let zone = self.shown.zone.clone();
        let marks = time_marks(self.shown.trends.view(), (ui.available_width() / 90.0) as i64, &zone);
        let texts: Vec<(f64, String)> =
            marks.iter().map(|mark| (mark.time_us as f64 / 1e6, mark.text.clone())).collect();
        let is_bool = self.lines.iter().any(|(_, line)| line.is_bool);
        let unit = self.lines.first().map_or(String::new(), |(_, line)| line.unit.clone());
        let key = format!("{unit} {is_bool}");
        let plot = Plot::new(("trend", key.as_str()))
            .height(height)
            .width(ui.available_width() - 20.0)
            .allow_drag(false)
            .allow_zoom(false)
            .allow_scroll(false)
            .allow_boxed_zoom(false)
            .allow_double_click_reset(false)
            .show_axes([self.is_last, true])
            .show_background(false)
            .show_x(false)
            .show_y(false)
            .y_axis_min_width(56.0)
            .set_margin_fraction(egui::Vec2::ZERO)
            .grid_color(colors.hairline)
            .grid_fade(0.0)
            .grid_spacing(egui::Rangef::new(6.0, 26.0))
            .x_grid_spacer(move |_| {
                let step = |mark: &TimeMark| mark.step_us as f64 / 1e6 * if mark.is_midnight { 2.0 } else { 1.0 };
                marks.iter().map(|mark| GridMark { value: mark.time_us as f64 / 1e6, step_size: step(mark) }).collect()
            })
            .x_axis_formatter(move |mark, _| {
                let found = texts.iter().find(|(second, _)| (second - mark.value).abs() < 0.5);
                found.map_or_else(String::new, |(_, text)| text.clone())
            })
            .y_axis_formatter(move |mark, _| match is_bool {
                true if mark.value == 0.0 => "No".into(),
                true if mark.value == 1.0 => "Yes".into(),
                true => String::new(),
                false => number_text(mark.value),
            })
            .label_formatter(|_| None);
        let plot = if is_bool {
            let mark = |value| GridMark { value, step_size: 1.0 };
            plot.y_grid_spacer(move |_| vec![mark(0.0), mark(1.0)])
        } else {
            plot
        };
        let response = plot.show(ui, |plot| {
            plot.set_plot_bounds_x(from..=to);
            plot.set_plot_bounds_y(low..=high);
            for (begin_us, end_us) in &self.data.gaps {
                let (begin, end) = (*begin_us as f64 / 1e6, *end_us as f64 / 1e6);
                if end > from && begin < to {
                    let span = Span::new("", begin.max(from)..=end.min(to)).fill(colors.muted.gamma_multiply(0.10));
                    plot.span(span.border(Stroke::NONE));
                }
            }
            for (number, line) in &self.lines {
                self.line(plot, colors.line(*number), line);
            }
            let now = self.shown.now_us as f64 / 1e6;
            if (from..=to).contains(&now) && self.shown.has_past {
                plot.vline(VLine::new("", now).stroke(Stroke::new(1.0, colors.accent)));
            }
            if let Some(hovered) = self.hovered {
                plot.vline(VLine::new("", hovered).stroke(Stroke::new(1.0, colors.muted)));
            }
        });
        let name = if is_bool { "yes or no" } else { unit.as_str() };
        response.response.widget_info(|| WidgetInfo::labeled(WidgetType::Image, true, format!("Trend in {name}")));
        let rect = *response.transform.frame();
        if !unit.is_empty() {
            let caption = one_line(ui, theme::caption(unit.as_str()), 80.0);
            let place = Rect::from_min_size(rect.left_top() + vec2(3.0, 2.0), caption.size() + vec2(6.0, 2.0));
            ui.painter().rect_filled(place, 3.0, colors.panel);
            paint_text(ui, caption, Align2::LEFT_TOP, place.min + vec2(3.0, 1.0), colors.muted);
        }
        let second_of = |x: f32| from + f64::from((x - rect.left()) / rect.width()) * (to - from);
        let x_of = |second: f64| rect.left() + ((second - from) / (to - from)) as f32 * rect.width();
        let pointer = response.response.hover_pos().filter(|pointer| rect.contains(*pointer));
        let near = if self.settings.events { self.events_ui(ui, rect, x_of, pointer, colors) } else { Vec::new() };
        let Some(pointer) = pointer else { return };
        let at = second_of(pointer.x);
        panel.hovered = Some(at);
        self.act(ui, &response.response, (at, rect.width()), panel, settings, actions);
        let mut words = format::moment((at * 1e6) as i64, &zone);
        for text in near {
            words.push_str(&format!("\n{text}"));
        }
        for (_, line) in &self.lines {
            if let Some(value) = value_at(&line.segments, at) {
                words.push_str(&format!("\n{}: {}", line.label, value_text(line, value)));
            }
            if let Some(value) = value_at(&line.before, at) {
                words.push_str(&format!(" (before: {})", value_text(line, value)));
            }
        }
        response.response.on_hover_text_at_pointer(words);
    }

    fn line<'p>(&self, plot: &mut egui_plot::PlotUi<'p>, color: Color32, line: &TrendLine) {
        let drawn = |segment: &TrendSegment| PlotPoints::from(segment.points.clone());
        if self.settings.setpoints {
            if let [(_, low), (_, high)] = line.setpoints.as_slice() {
                for band in bands(low, high) {
                    plot.add(band.fill_color(color.gamma_multiply(0.10)));
                }
            }
            for segment in line.setpoints.iter().flat_map(|(_, segments)| segments) {
                let dashed = Line::new("", drawn(segment)).color(color.gamma_multiply(0.6)).width(1.0);
                plot.line(dashed.style(LineStyle::Dashed { length: 6.0 }));
            }
        }
        for segment in &line.before {
            plot.line(Line::new("", drawn(segment)).color(color.gamma_multiply(0.45)).width(1.0));
        }
        for segment in &line.segments {
            if !segment.bounds.is_empty() {
                let (lows, highs): (Vec<f64>, Vec<f64>) =
                    segment.bounds.iter().map(|[low, high]| (*low, *high)).unzip();
                let seconds: Vec<f64> = segment.points.iter().map(|point| point[0]).collect();
                plot.add(FilledArea::new("", &seconds, &lows, &highs).fill_color(color.gamma_multiply(0.22)));
            }
            plot.line(Line::new("", drawn(segment)).color(color).width(1.6));
        }
    }

    /// Draws marks of events above the diagram. Returns the words of those at the pointer.
    fn events_ui(
        &self,
        ui: &Ui,
        rect: Rect,
        x_of: impl Fn(f64) -> f32,
        pointer: Option<egui::Pos2>,
        colors: &Colors,
    ) -> Vec<String> {
        let mut near = Vec::new();
        for event in &self.data.events {
            let x = x_of(event.time_us as f64 / 1e6);
            if !rect.x_range().contains(x) {
                continue;
            }
            let color = if event.is_alarm { colors.critical } else { colors.muted };
            ui.painter().vline(x, rect.y_range(), Stroke::new(1.0, color.gamma_multiply(0.35)));
            let top = pos2(x, rect.top() + 4.0);
            ui.painter().add(egui::Shape::convex_polygon(
                vec![top + vec2(-4.0, -4.0), top + vec2(4.0, -4.0), top + vec2(0.0, 3.0)],
                color,
                Stroke::NONE,
            ));
            if pointer.is_some_and(|pointer| (pointer.x - x).abs() < EVENT_DISTANCE) {
                near.push(format!("{} {}", format::time_of_day(event.time_us, self.shown.zone), event.text));
            }
        }
        near.truncate(4);
        near
    }

    /// Handles the mouse: the wheel zooms at the pointer, a drag moves, a click shows the moment, and a double click
    /// returns to the chosen span.
    fn act(
        &self,
        ui: &Ui,
        response: &egui::Response,
        (at, width): (f64, f32),
        panel: &mut TrendPanel,
        settings: &mut TrendSettings,
        actions: &mut ActionList,
    ) {
        let (from_us, to_us) = self.shown.trends.view();
        let length_us = (to_us - from_us).max(1);
        let (scroll, pinch) = ui.input(|input| (input.smooth_scroll_delta, input.zoom_delta()));
        let factor = f64::from(pinch) * (f64::from(scroll.y) / 300.0).exp();
        if (factor - 1.0).abs() > 1e-3 {
            let next_us = ((length_us as f64 / factor) as i64).clamp(SHORTEST_US, LONGEST_US);
            let at_us = (at * 1e6) as i64;
            let part = (at_us - from_us) as f64 / length_us as f64;
            let from_us = at_us - (part * next_us as f64) as i64;
            settings.span = TrendSpan::Between(from_us, from_us + next_us);
        }
        let moved = response.drag_delta().x + scroll.x;
        if moved != 0.0 {
            let by_us = (f64::from(moved / width) * length_us as f64) as i64;
            settings.span = TrendSpan::Between(from_us - by_us, to_us - by_us);
        }
        if response.double_clicked() {
            settings.span = panel.chosen.unwrap_or(TrendSettings::default().span);
        } else if response.clicked() && self.shown.has_past {
            actions.push(ShowPast((at * 1e6) as i64));
        }
    }
}

/// Returns the areas between two set-points, where both are known.
fn bands(one: &[TrendSegment], other: &[TrendSegment]) -> Vec<FilledArea> {
    let mut bands = Vec::new();
    for (one, other) in one.iter().flat_map(|one| other.iter().map(move |other| (one, other))) {
        let ends =
            |segment: &TrendSegment| segment.points.first().zip(segment.points.last()).map(|(a, b)| (a[0], b[0]));
        let (Some((from, to)), Some((other_from, other_to))) = (ends(one), ends(other)) else { continue };
        let (from, to) = (from.max(other_from), to.min(other_to));
        if from >= to {
            continue;
        }
        let points = one.points.iter().chain(&other.points).map(|point| point[0]);
        let mut seconds: Vec<f64> = points.filter(|second| (from..=to).contains(second)).collect();
        seconds.extend([from, to]);
        seconds.sort_by(f64::total_cmp);
        seconds.dedup();
        // Each step has a point shortly before it and one at it.
        let seconds: Vec<f64> =
            seconds.iter().flat_map(|second| [*second - 1e-3, *second]).filter(|second| *second >= from).collect();
        let values = |segment: &TrendSegment| -> Vec<f64> {
            let held = |second: &f64| value_at(std::slice::from_ref(segment), *second).unwrap_or(f64::NAN);
            seconds.iter().map(held).collect()
        };
        bands.push(FilledArea::new("", &seconds, &values(one), &values(other)));
    }
    bands
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_value_under_the_pointer_is_that_of_the_step_or_the_bucket() {
        let steps =
            TrendSegment { points: vec![[0.0, 1.0], [10.0, 1.0], [10.0, 2.0], [20.0, 2.0]], bounds: Vec::new() };
        let buckets = TrendSegment { points: vec![[30.0, 5.0], [40.0, 6.0]], bounds: vec![[4.0, 7.0], [5.0, 8.0]] };
        let segments = [steps, buckets];
        for (at, wanted) in [
            (-1.0, None),
            (0.0, Some(1.0)),
            (9.9, Some(1.0)),
            (10.0, Some(2.0)),
            (20.0, Some(2.0)),
            (22.0, None),
            (26.0, Some(5.0)),
            (36.0, Some(6.0)),
            (44.0, Some(6.0)),
            (46.0, None),
        ] {
            assert_eq!(value_at(&segments, at), wanted, "{at}");
        }
    }
}
