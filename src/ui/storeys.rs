//! The list of storeys of a building.

use super::theme::{self, ROW};
use super::widgets::{ListRow, icon_button, plate, row_at};
use crate::action::ActionList;
use crate::look::ChangeLook;
use crate::look::ViewSettings;
use bevy_egui::egui::{ScrollArea, Ui, vec2};
use cupola_building::Building;
use egui_phosphor::regular as icon;

/// Width of the list, in points.
const WIDTH: f32 = 144.0;
/// Number of storeys that are visible without scrolling.
const MAX_SEEN: usize = 10;

/// Returns the nodes of the storeys, the lowest first.
pub fn of(building: &Building) -> Vec<usize> {
    building.storeys().into_iter().map(|(node, _)| node).collect()
}

/// Returns the next storey upwards. The whole building (`None`) follows the highest storey, and the lowest follows it.
pub fn above(storeys: &[usize], current: Option<usize>) -> Option<usize> {
    match current.and_then(|current| storeys.iter().position(|storey| *storey == current)) {
        Some(at) => storeys.get(at + 1).copied(),
        None => storeys.first().copied(),
    }
}

/// Returns the next storey downwards. The whole building (`None`) follows the lowest storey, and the highest follows
/// it.
pub fn below(storeys: &[usize], current: Option<usize>) -> Option<usize> {
    match current.and_then(|current| storeys.iter().position(|storey| *storey == current)) {
        Some(at) => at.checked_sub(1).map(|at| storeys[at]),
        None => storeys.last().copied(),
    }
}

/// Draws the list of storeys, the highest on top. A building with one storey gets no list.
pub fn storeys_ui(ui: &mut Ui, building: &Building, storeys: &[usize], view: &ViewSettings, actions: &mut ActionList) {
    if storeys.len() < 2 {
        return;
    }
    let (mut chosen, mut explode) = (view.storey, view.explode);
    plate(ui).inner_margin(6).show(ui, |ui| {
        ui.set_width(WIDTH);
        ui.spacing_mut().item_spacing.y = 0.0;
        ui.horizontal(|ui| {
            ui.add_space(theme::GAP);
            ui.label(theme::caption("Floors"));
            ui.add_space(WIDTH - 142.0);
            ui.spacing_mut().item_spacing.x = 0.0;
            if icon_button(ui, icon::STACK, "Storeys apart (E)", explode).clicked() {
                explode = !explode;
            }
            if icon_button(ui, icon::CARET_UP, "One floor up (Page up)", false).clicked() {
                chosen = above(storeys, view.storey);
            }
            if icon_button(ui, icon::CARET_DOWN, "One floor down (Page down)", false).clicked() {
                chosen = below(storeys, view.storey);
            }
        });
        let height = ROW * (storeys.len() + 1).min(MAX_SEEN) as f32;
        ScrollArea::vertical().id_salt("storeys").max_height(height).show(ui, |ui| {
            let choices = std::iter::once(None).chain(storeys.iter().rev().copied().map(Some));
            for storey in choices {
                let name = storey.map_or("All", |storey| building.nodes[storey].label());
                let (id, rect) = ui.allocate_space(vec2(WIDTH, ROW));
                let row = ListRow { name, selected: view.storey == storey, ..Default::default() };
                if row_at(ui, rect, id, &row).clicked() {
                    chosen = storey;
                }
            }
        });
    });
    if chosen != view.storey || explode != view.explode {
        actions.push(ChangeLook(ViewSettings { storey: chosen, explode, ..view.clone() }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cupola_building::{Node, Part, Role};

    fn node(name: &str, role: Role, storey: usize, height: f32) -> Node {
        let part = Part { positions: vec![[0.0, height, 0.0]], ..Default::default() };
        let parts = if role == Role::Room { vec![part] } else { Vec::new() };
        Node { name: name.into(), role, storey: Some(storey), parts, ..Default::default() }
    }

    #[test]
    fn storeys_are_in_order_of_height() {
        let nodes = vec![
            node("Level 2", Role::Storey, 0, 0.0),
            node("Room 2.01", Role::Room, 0, 3.2),
            node("Level 1", Role::Storey, 2, 0.0),
            node("Room 1.01", Role::Room, 2, 0.0),
        ];
        let building = Building { name: String::new(), nodes };
        assert_eq!(of(&building), [2, 0]);
    }

    #[test]
    fn going_up_and_down_wraps_around() {
        let storeys = [4, 7, 9];
        assert_eq!(above(&storeys, Some(4)), Some(7));
        assert_eq!(above(&storeys, Some(9)), None);
        assert_eq!(above(&storeys, None), Some(4));
        assert_eq!(below(&storeys, Some(4)), None);
        assert_eq!(below(&storeys, None), Some(9));
        assert_eq!(below(&[], None), None);
    }
}
