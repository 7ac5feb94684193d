//! Labels of rooms, in the layer between the building and the panels.

use super::theme::Colors;
use crate::look::Theme;
use bevy_egui::egui::{self, FontId, LayerId, Rect, Stroke, StrokeKind, pos2, vec2};
use cupola_twin::TwinIx;

/// Space around the text, in points.
const PADDING: egui::Vec2 = vec2(6.0, 2.0);

/// Draws the labels that don't overlap an earlier one. The label of the selected twin is drawn first.
///
/// The positions are logical pixels of the window. One point of egui is `zoom` logical pixels.
pub fn paint(
    ctx: &egui::Context,
    area: Rect,
    (labels, zoom): (&[(TwinIx, [f32; 2], String)], f32),
    selected: Option<TwinIx>,
    theme: Theme,
) {
    let colors = Colors::of(theme);
    let painter = ctx.layer_painter(LayerId::background()).with_clip_rect(area);
    let mut taken: Vec<Rect> = Vec::new();
    let (first, rest): (Vec<_>, Vec<_>) = labels.iter().partition(|(twin, ..)| Some(*twin) == selected);
    for (twin, [x, y], text) in first.into_iter().chain(rest) {
        let at = pos2(x / zoom, y / zoom);
        if text.is_empty() || !area.contains(at) {
            continue;
        }
        let is_selected = Some(*twin) == selected;
        let color = if is_selected { colors.accent_text } else { colors.text };
        let text = painter.layout_no_wrap(text.clone(), FontId::proportional(11.0), color);
        let rect = Rect::from_center_size(at, text.size() + PADDING * 2.0);
        if !has_room(&taken, rect) {
            continue;
        }
        taken.push(rect);
        let line = Stroke::new(1.0, if is_selected { colors.accent } else { colors.hairline });
        painter.rect(rect, 8.0, colors.panel.gamma_multiply(0.88), line, StrokeKind::Inside);
        painter.galley(rect.min + PADDING, text, color);
    }
}

fn has_room(taken: &[Rect], rect: Rect) -> bool {
    let rect = rect.expand(2.0);
    taken.iter().all(|other| !other.intersects(rect))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_do_not_overlap_or_touch() {
        let label = |x: f32| Rect::from_center_size(pos2(x, 10.0), vec2(40.0, 16.0));
        let taken = [label(50.0)];
        assert!(!has_room(&taken, label(60.0)));
        assert!(!has_room(&taken, label(91.0)), "labels must not touch");
        assert!(has_room(&taken, label(100.0)));
    }
}
