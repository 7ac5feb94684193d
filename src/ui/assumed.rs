//! The assumptions of the simulation about the selected room, and the fields that change them.

use super::inspector::InspectorData;
use super::theme::{self, ROW};
use super::widgets::{section, small_link};
use crate::action::ActionList;
use crate::session::KeepAssumptions;
use crate::timeline::ApplyEvent;
use bevy_egui::egui::{Align, ComboBox, DragValue, Layout, Response, Ui};
use cupola_physics::envelope::{SETS, WINDOW_SHARE};
use cupola_physics::zone::ZoneSpec;
use cupola_run::simulation::{MAX_LEAKS_ACH, MAX_WARMER_K};
use cupola_run::{Assumption, EventBody};

/// Names of the compass directions, clockwise from north.
const DIRECTIONS: [&str; 8] = ["N", "NE", "E", "SE", "S", "SW", "W", "NW"];

/// Draws the assumptions if a simulation drives the timeline and the twin is one of its rooms.
pub fn assumed_ui(ui: &mut Ui, shown: &InspectorData<'_>, actions: &mut ActionList) {
    let Some(simulation) = shown.simulation else { return };
    let Some(room) = simulation.room(shown.twin) else { return };
    section(ui, "Assumptions", "of the simulation");
    let room_id = shown.scene.topology.twin_id(shown.twin);
    let mut assume = |assumption: Assumption| {
        // The outdoor temperature is an assumption about the whole building, so it names no room.
        let room = (!matches!(assumption, Assumption::WarmerK(_))).then(|| room_id.to_string());
        actions.push(ApplyEvent(EventBody::Assume { room, assumption }));
    };
    row(ui, "Construction", |ui| {
        let choice = ComboBox::from_id_salt("construction").selected_text(words(room.set.name));
        let choice = choice.show_ui(ui, |ui| {
            for set in &SETS {
                if ui.selectable_label(set.name == room.set.name, words(set.name)).clicked() {
                    assume(Assumption::Construction(set.name.to_string()));
                }
            }
        });
        choice.response
    })
    .on_hover_text(format!(
        "{}: walls {}, roof {}, ground {}, windows {} W/(m² K), g {}",
        room.set.source,
        room.set.wall_u_w_m2k,
        room.set.roof_u_w_m2k,
        room.set.floor_u_w_m2k,
        room.set.window_u_w_m2k,
        room.set.window_shgc
    ));
    row(ui, "Air through windows and leaks", |ui| {
        let mut ach = room.infiltration_ach;
        let field = DragValue::new(&mut ach).range(0.0..=MAX_LEAKS_ACH).speed(0.02).max_decimals(2).suffix(" 1/h");
        let response = ui.add(field);
        if response.changed() {
            assume(Assumption::LeaksAch(ach));
        }
        response
    })
    .on_hover_text("Air changes per hour. A tilted window gives 1 to 4, an open window gives 5 to 15.");
    row(ui, "Outdoors warmer by", |ui| {
        let mut warmer_k = simulation.warmer_k();
        let field =
            DragValue::new(&mut warmer_k).range(-MAX_WARMER_K..=MAX_WARMER_K).speed(0.1).max_decimals(1).suffix(" K");
        let response = ui.add(field);
        if response.changed() {
            assume(Assumption::WarmerK(warmer_k));
        }
        response
    })
    .on_hover_text("The difference from the weather of the scene, for the whole building, as in a heat wave.");
    let (rooms, warmer_k) = simulation.own_assumptions();
    if !rooms.is_empty() || warmer_k.is_some() {
        let response = row(ui, "Not in the scene yet", |ui| small_link(ui, "Keep in scene"));
        let hint = "Writes the assumptions of this timeline about rooms and weather into the scene. Other timelines \
                    then use them too. They are saved with the scene, and Undo removes them.";
        if response.on_hover_text(hint).clicked() {
            actions.push(KeepAssumptions);
        }
    }
    let facts = [
        ("Façade", facades(room)),
        ("Windows in façade", format!("{:.0} %", 100.0 * WINDOW_SHARE)),
        ("Roof, ground", format!("{:.0} %, {:.0} %", 100.0 * room.roof_share, 100.0 * room.ground_share)),
        ("Neighbours", format!("{} rooms", room.neighbours.len())),
        ("People (maximum)", format!("{:.0}", room.people_capacity)),
        ("Lights and equipment", format!("{:.0} W/m²", room.equipment_w_per_m2)),
        ("Radiator (maximum)", format!("{:.0} W", room.heating_max_w)),
    ];
    for (name, value) in facts {
        row(ui, name, |ui| ui.label(value));
    }
}

fn row(ui: &mut Ui, name: &str, value: impl FnOnce(&mut Ui) -> Response) -> Response {
    ui.horizontal(|ui| {
        ui.set_height(ROW);
        ui.label(theme::muted(name));
        ui.with_layout(Layout::right_to_left(Align::Center), value).inner
    })
    .inner
}

/// Returns the readable name of a construction set.
fn words(name: &str) -> String {
    match name.split_once('_') {
        Some((word, year)) if word.chars().all(char::is_alphabetic) => format!("{word} {year}"),
        Some((from, to)) => format!("{from} to {to}"),
        None => name.to_string(),
    }
}

/// Returns the lengths of the façades by direction, such as `N 4.2 m, E 3.0 m`.
fn facades(room: &ZoneSpec) -> String {
    let mut lengths = [0.0; 8];
    for facade in &room.facades {
        let eighth = (facade.azimuth_deg.rem_euclid(360.0) / 45.0).round() as usize % 8;
        lengths[eighth] += facade.length_m;
    }
    let named = DIRECTIONS.iter().zip(lengths).filter(|(_, length)| *length > 0.05);
    let parts: Vec<String> = named.map(|(name, length)| format!("{name} {length:.1} m")).collect();
    if parts.is_empty() { "none".into() } else { parts.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn construction_sets_have_readable_names() {
        assert_eq!(words("before_1977"), "before 1977");
        assert_eq!(words("1977_1994"), "1977 to 1994");
    }

    #[test]
    fn facade_lengths_are_grouped_by_direction() {
        let facade = |azimuth_deg, length_m| cupola_physics::envelope::Facade { azimuth_deg, length_m };
        let room = |facades| ZoneSpec { facades, ..ZoneSpec::from_area(20.0, 3.0, 0.2) };
        assert_eq!(facades(&room(vec![facade(2.0, 3.0), facade(358.0, 1.2), facade(181.0, 5.0)])), "N 4.2 m, S 5.0 m");
        assert_eq!(facades(&room(vec![])), "none");
    }
}
