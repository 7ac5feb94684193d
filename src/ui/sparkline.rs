//! Sparklines: small line charts of recent values.

use super::theme;
use bevy_egui::egui::{Align2, Rect, Response, Sense, Shape, Stroke, Ui, Vec2, WidgetInfo, WidgetType, pos2, remap};

/// Draws recent values, oldest first, into a space of `size` in points.
///
/// With fewer than two points, a wide sparkline says that there are no values yet and a narrow one stays empty.
pub fn sparkline_ui(ui: &mut Ui, size: Vec2, values: &[(i64, f64)], name: &str) -> Response {
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(WidgetType::Image, true, format!("Recent values of {name}")));
    if ui.is_rect_visible(rect) {
        let colors = theme::colors(ui);
        let inner = rect.shrink(2.0);
        let line: Vec<_> = points(values, inner).into_iter().map(|[x, y]| pos2(x, y)).collect();
        if let Some(last) = line.last().copied().filter(|_| line.len() > 1) {
            ui.painter().add(Shape::line(line, Stroke::new(1.25, colors.muted)));
            ui.painter().circle_filled(last, 2.0, colors.accent);
        } else if size.x > 100.0 {
            let text = super::widgets::one_line(ui, theme::caption("No recent values yet"), size.x);
            super::widgets::paint_text(ui, text, Align2::LEFT_CENTER, rect.left_center(), colors.muted);
        }
    }
    response
}

/// Returns the points of the line in a rectangle: time to the right, value upwards, about one point for each unit of
/// width. The result is empty if all values have the same time.
fn points(values: &[(i64, f64)], rect: Rect) -> Vec<[f32; 2]> {
    let (Some((first_us, _)), Some((last_us, _))) = (values.first(), values.last()) else { return Vec::new() };
    if first_us == last_us {
        return Vec::new();
    }
    let (low, high) = values
        .iter()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), (_, value)| (low.min(*value), high.max(*value)));
    // The range is at least a hundredth of the largest absolute value, so that the noise of a sensor looks small.
    let least = (low.abs().max(high.abs()) * 0.01).max(1e-9);
    let spread = (high - low).max(least);
    let middle = (low + high) / 2.0;
    let step = values.len().div_ceil((rect.width().max(2.0)) as usize).max(1);
    let last = values.len() - 1;
    let at = |(time_us, value): (i64, f64)| {
        let x = (time_us - first_us) as f64 / (last_us - first_us) as f64;
        let y = (value - middle) / spread;
        [
            remap(x as f32, 0.0..=1.0, rect.left()..=rect.right()),
            remap(y as f32, -0.5..=0.5, rect.bottom()..=rect.top()),
        ]
    };
    let chosen = values.iter().enumerate().filter(|(number, _)| number % step == 0 || *number == last);
    chosen.map(|(_, value)| at(*value)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_fill_the_rectangle() {
        let rect = Rect::from_min_max(pos2(0.0, 0.0), pos2(10.0, 4.0));
        assert!(points(&[], rect).is_empty());
        assert!(points(&[(5, 1.0)], rect).is_empty());
        assert_eq!(points(&[(0, 1.0), (10, 3.0)], rect), [[0.0, 4.0], [10.0, 0.0]]);
        assert_eq!(points(&[(0, 2.0), (10, 2.0)], rect), [[0.0, 2.0], [10.0, 2.0]]);
        let many: Vec<(i64, f64)> = (0..240).map(|i| (i, i as f64)).collect();
        let line = points(&many, rect);
        assert!(line.len() <= 12, "{}", line.len());
        assert_eq!(line.last(), Some(&[10.0, 0.0]));
    }
}
