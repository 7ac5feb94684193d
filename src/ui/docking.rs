//! Panels at the edges of the window.

use bevy_egui::egui::{self, Align, Area, Id, Layout, Order, Rect, Ui, UiBuilder, pos2};

/// Shows panels at the edges of `free` and returns the area that the panels leave.
///
/// The panels are drawn in a layer of their own. On egui's background layer, the integration can't tell a panel from
/// the empty space beside it, and the mouse wheel over a list would zoom the building as well.
pub fn docked(ctx: &egui::Context, id: &'static str, free: Rect, panels: impl FnOnce(&mut Ui)) -> Rect {
    let id = Id::new(id);
    let last: Option<Rect> = ctx.data(|data| data.get_temp(id));
    let area = Area::new(id)
        .order(Order::Middle)
        .movable(false)
        .constrain(false)
        .fade_in(false)
        .fixed_pos(last.map_or(free.min, |last| last.min));
    area.show(ctx, |ui| {
        let mut root = ui.new_child(UiBuilder::new().max_rect(free).layout(Layout::top_down(Align::Min)));
        panels(&mut root);
        let left = root.available_rect_before_wrap();
        let used = taken(free, left);
        ui.advance_cursor_after_rect(used);
        ctx.data_mut(|data| data.insert_temp(id, used));
        left
    })
    .inner
}

/// Returns the part of `free` at an edge that is not in `left`.
fn taken(free: Rect, left: Rect) -> Rect {
    if left.top() > free.top() {
        Rect::from_min_max(free.min, pos2(free.right(), left.top()))
    } else if left.bottom() < free.bottom() {
        Rect::from_min_max(pos2(free.left(), left.bottom()), free.max)
    } else if left.left() > free.left() {
        Rect::from_min_max(free.min, pos2(left.left(), free.bottom()))
    } else if left.right() < free.right() {
        Rect::from_min_max(pos2(left.right(), free.top()), free.max)
    } else {
        // A closed panel leaves only a handle, which takes no area.
        Rect::from_min_size(free.min, egui::Vec2::ZERO)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panel_takes_space_at_its_edge() {
        let free = Rect::from_min_max(pos2(0.0, 0.0), pos2(100.0, 80.0));
        for (left, used) in [
            ((0.0, 10.0, 100.0, 80.0), (0.0, 0.0, 100.0, 10.0)),
            ((0.0, 0.0, 100.0, 60.0), (0.0, 60.0, 100.0, 80.0)),
            ((30.0, 0.0, 100.0, 80.0), (0.0, 0.0, 30.0, 80.0)),
            ((0.0, 0.0, 70.0, 80.0), (70.0, 0.0, 100.0, 80.0)),
            ((0.0, 0.0, 100.0, 80.0), (0.0, 0.0, 0.0, 0.0)),
        ] {
            let rect = |(a, b, c, d)| Rect::from_min_max(pos2(a, b), pos2(c, d));
            assert_eq!(taken(free, rect(left)), rect(used));
        }
    }
}
