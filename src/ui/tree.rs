//! The tree of twins, with the key value and alarms of each twin, and a filter.

use super::format;
use super::panel_data::key_slot;
use super::storeys;
use super::theme::{self, GAP, ROW};
use super::tree_model::{Tree, TreeLine};
use super::widgets::{ListRow, row_at, severity_mark};
use crate::action::ActionList;
use crate::job::drop_on_thread;
use crate::look::ViewSettings;
use crate::selection::{Focus, Select};
use crate::timeline::OpenScene;
use crate::twin::display_name;
use bevy_egui::egui::{
    self, Rect, Response, RichText, ScrollArea, Sense, TextEdit, Ui, WidgetInfo, WidgetType, pos2, vec2,
};
use cupola_run::RaisedAlarm;
use cupola_scene::document::AlarmSeverity;
use cupola_scene::{Alarm, Scene};
use cupola_twin::{State, Topology, TwinIx};
use egui_phosphor::regular as icon;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};

/// Indentation of one level, in points.
const INDENT: f32 = 14.0;
/// Number of twins from which the tree is arranged on a thread, because it takes longer than a frame.
const MIN_ARRANGED_ON_THREAD: usize = 10_000;
/// Width of the arrow that opens a node, in points.
const ARROW: f32 = 16.0;

/// The state of the tree that lasts from frame to frame.
#[derive(Default)]
pub struct TreeState {
    /// The text of the filter.
    pub filter: String,
    /// The tree, with the scene that it was made from.
    made: Option<(Arc<Scene>, Tree)>,
    /// The thread that arranges the tree of a large scene, with the scene. `Receiver` is not `Sync`, so a mutex holds it.
    arranging: Option<(Arc<Scene>, Mutex<Receiver<Tree>>)>,
    open: BTreeSet<TwinIx>,
    /// The selected twin that the tree last scrolled to, or that was last clicked in the tree.
    seen: Option<TwinIx>,
    /// The text of the filter, the lines that match it, and the number of matches beyond `MAX_MATCHES`.
    found: Option<(String, Vec<TreeLine>, usize)>,
}

/// The data that the tree shows.
pub struct TreeContent<'a> {
    /// The open scene.
    pub open_scene: &'a OpenScene,
    /// The state that the values are read from.
    pub state: &'a State,
    /// The selected twin.
    pub selected: Option<TwinIx>,
    /// The settings of the view. The property that colours the rooms is the key value of twins without a key property.
    pub view: &'a ViewSettings,
}

/// Draws the tree.
pub fn tree_ui(
    ui: &mut Ui,
    shown: &TreeContent<'_>,
    raised: &[(&Alarm, usize, TwinIx, RaisedAlarm)],
    memory: &mut TreeState,
    actions: &mut ActionList,
) {
    let scene = &shown.open_scene.0;
    let is_current = update(memory, scene, shown.state);
    let TreeState { filter, made, open, seen, found, .. } = memory;
    filter_ui(ui, filter);
    ui.add_space(4.0);
    let Some((_, tree)) = made.as_ref().filter(|_| is_current) else {
        ui.label(theme::muted("The tree is being arranged …"));
        return;
    };
    let (lines, more) = if filter.trim().is_empty() {
        *found = None;
        (tree.lines(open), 0)
    } else {
        if found.as_ref().is_none_or(|(of, ..)| *of != *filter) {
            let (lines, more) = tree.matches(filter);
            *found = Some((filter.clone(), lines, more));
        }
        found.as_ref().map_or_else(Default::default, |(_, lines, more)| (lines.clone(), *more))
    };
    if lines.is_empty() {
        ui.add_space(GAP);
        ui.label(theme::muted("There are no matches."));
        return;
    }
    // A twin that was selected elsewhere is made visible and scrolled to, once.
    let mut scroll_to = None;
    if shown.selected != *seen {
        *seen = shown.selected;
        if let Some(selected) = shown.selected.filter(|selected| (selected.0 as usize) < tree.parent.len()) {
            open.extend(tree.above(selected));
            scroll_to = Some(selected);
        }
    }
    let lines = if scroll_to.is_some() && filter.trim().is_empty() { tree.lines(open) } else { lines };
    let marks = marks(tree, raised);
    let rows = lines.len() + usize::from(more > 0);
    ui.spacing_mut().item_spacing.y = 0.0;
    ScrollArea::vertical().auto_shrink(false).id_salt("twins").show_viewport(ui, |ui, viewport| {
        ui.set_height(ROW * rows as f32);
        let (left, top, width) = (ui.max_rect().left(), ui.max_rect().top(), ui.available_width());
        let rect_of = |row: usize| Rect::from_min_size(pos2(left, top + ROW * row as f32), vec2(width, ROW));
        if let Some(row) = scroll_to.and_then(|twin| lines.iter().position(|line| line.twin == twin)) {
            ui.scroll_to_rect(rect_of(row), None);
        }
        let first = (viewport.min.y / ROW).max(0.0) as usize;
        let last = ((viewport.max.y / ROW).ceil() as usize).min(lines.len());
        for (row, line) in lines.iter().enumerate().take(last).skip(first) {
            let rect = rect_of(row);
            let mark = if line.open { marks.own.get(&line.twin) } else { marks.rolled.get(&line.twin) };
            let response = line_ui(ui, rect, line, shown, tree, mark.copied());
            if response.double_clicked() {
                actions.push(Focus(Some(scene.topology.twin_id(line.twin).to_string())));
            } else if response.clicked() {
                *seen = Some(line.twin);
                actions.push(Select(Some(scene.topology.twin_id(line.twin).to_string())));
            }
            let foldable = !tree.children[line.twin.0 as usize].is_empty() && filter.trim().is_empty();
            if foldable
                && arrow_ui(ui, rect, line, &tree.names[line.twin.0 as usize]).clicked()
                && !open.remove(&line.twin)
            {
                open.insert(line.twin);
            }
        }
        if more > 0 {
            let text =
                super::widgets::one_line(ui, theme::muted(format!("… {more} more. Type more of the name.")), width);
            let rect = rect_of(lines.len());
            super::widgets::paint_text(
                ui,
                text,
                egui::Align2::LEFT_CENTER,
                rect.left_center(),
                theme::colors(ui).muted,
            );
        }
    });
}

/// Updates the tree after a change of the scene. Returns whether it is that of the scene.
fn update(memory: &mut TreeState, scene: &Arc<Scene>, state: &State) -> bool {
    match &mut memory.made {
        Some((of, _)) if Arc::ptr_eq(of, scene) => return true,
        Some((of, _)) if is_same_tree(of, scene) => {
            drop_on_thread(std::mem::replace(of, scene.clone()));
            return true;
        }
        _ => {}
    }
    if (scene.topology.twin_count() as usize) < MIN_ARRANGED_ON_THREAD {
        put(memory, scene, arranged(scene, state));
        return true;
    }
    if memory.arranging.as_ref().is_none_or(|(of, _)| !Arc::ptr_eq(of, scene)) {
        let (sender, receiver) = sync_channel(1);
        let (of, state) = (scene.clone(), state.clone());
        let arrange = move || {
            // Sending fails if the scene has changed again.
            let _ = sender.send(arranged(&of, &state));
        };
        if std::thread::Builder::new().name("tree".into()).spawn(arrange).is_err() {
            put(memory, scene, arranged(scene, &State::new(scene.topology.clone())));
            return true;
        }
        memory.arranging = Some((scene.clone(), Mutex::new(receiver)));
    }
    let received = memory
        .arranging
        .as_mut()
        .and_then(|(_, receiver)| receiver.get_mut().unwrap_or_else(PoisonError::into_inner).try_recv().ok());
    match received {
        Some(tree) => {
            put(memory, scene, tree);
            true
        }
        None => false,
    }
}

/// Returns whether two versions of a scene have the same tree, as after an edit of a value or a formula.
fn is_same_tree(before: &Scene, scene: &Scene) -> bool {
    let (topology, known) = (&scene.topology, &before.topology);
    topology.shares_graph(known)
        && topology.has_same_initial(known, "name")
        && Arc::ptr_eq(&scene.building, &before.building)
        && Arc::ptr_eq(&scene.bindings, &before.bindings)
}

fn arranged(scene: &Scene, state: &State) -> Tree {
    let names = scene.topology.twins().map(|twin| display_name(scene, state, twin)).collect();
    let storeys = storeys::of(&scene.building);
    let storeys: Vec<TwinIx> = storeys.into_iter().filter_map(|node| scene.bindings.get(node).copied()?).collect();
    Tree::new(&scene.topology, names, &storeys)
}

/// Puts a tree in the place of the one before. Open nodes stay open.
fn put(memory: &mut TreeState, scene: &Arc<Scene>, tree: Tree) {
    match memory.made.take() {
        Some((before, old)) => {
            let moved = |twin: TwinIx| scene.topology.twin(before.topology.twin_id(twin));
            memory.open = memory.open.iter().copied().filter_map(moved).collect();
            memory.seen = memory.seen.and_then(moved);
            drop_on_thread((before, old));
        }
        None => memory.open = tree.first_open(),
    }
    (memory.found, memory.arranging) = (None, None);
    memory.made = Some((scene.clone(), tree));
}

fn filter_ui(ui: &mut Ui, filter: &mut String) {
    let colors = theme::colors(ui);
    let looking_glass = RichText::new(icon::MAGNIFYING_GLASS).color(colors.muted);
    ui.horizontal(|ui| {
        let clear = !filter.is_empty();
        let width = ui.available_width() - if clear { ROW + GAP } else { 0.0 };
        let edit = TextEdit::singleline(filter)
            .hint_text("Filter by name or id")
            .prefix(looking_glass)
            .desired_width(width)
            .min_size(vec2(0.0, ROW));
        let response = ui.add(edit);
        let was_typing = response.has_focus() || response.lost_focus();
        if was_typing && ui.input(|input| input.key_pressed(egui::Key::Escape)) {
            filter.clear();
        }
        if clear && super::widgets::icon_button(ui, icon::X, "Clear the filter", false).clicked() {
            filter.clear();
        }
    });
}

fn line_ui(
    ui: &Ui,
    rect: Rect,
    line: &TreeLine,
    shown: &TreeContent<'_>,
    tree: &Tree,
    severity: Option<AlarmSeverity>,
) -> Response {
    let scene = &shown.open_scene.0;
    let key = key_slot(scene, &shown.view.color_by, line.twin);
    let (value, unit) = key.map_or_else(Default::default, |slot| format::value_and_unit(shown.state, slot));
    let dragged = key.map_or_else(String::new, |slot| scene.topology.name(slot));
    let colors = theme::colors(ui);
    let row = ListRow {
        icon: model_icon(&scene.topology, line.twin),
        mark: severity.map(|severity| {
            let (mark, color, _) = severity_mark(severity, colors);
            (mark, color)
        }),
        name: &tree.names[line.twin.0 as usize],
        value: &value,
        unit,
        selected: shown.selected == Some(line.twin),
        indent: INDENT * line.depth as f32 + ARROW - GAP,
        // The row can be dragged into the trends, with its value.
        dragged: &dragged,
    };
    row_at(ui, rect, ui.id().with(("twin", line.twin.0)), &row)
}

/// Draws the arrow that opens or closes a node. It lies over the row, so that it receives its own clicks.
fn arrow_ui(ui: &Ui, row: Rect, line: &TreeLine, name: &str) -> Response {
    let colors = theme::colors(ui);
    let left = row.left() + INDENT * line.depth as f32;
    let rect = Rect::from_min_size(pos2(left, row.top()), vec2(ARROW, ROW));
    let response = ui.interact(rect, ui.id().with(("arrow", line.twin.0)), Sense::click());
    response.widget_info(|| {
        let verb = if line.open { "Fold" } else { "Unfold" };
        WidgetInfo::labeled(WidgetType::Button, true, format!("{verb} {name}"))
    });
    let arrow = if line.open { icon::CARET_DOWN } else { icon::CARET_RIGHT };
    let color = if response.hovered() { colors.text } else { colors.muted };
    let text = super::widgets::one_line(ui, RichText::new(arrow).size(11.0).color(color), ARROW);
    super::widgets::paint_text(ui, text, egui::Align2::CENTER_CENTER, rect.center(), color);
    response
}

struct Marks {
    own: BTreeMap<TwinIx, AlarmSeverity>,
    /// The highest severity of a twin and all twins below it, for closed nodes.
    rolled: BTreeMap<TwinIx, AlarmSeverity>,
}

fn marks(tree: &Tree, raised: &[(&Alarm, usize, TwinIx, RaisedAlarm)]) -> Marks {
    let mut marks = Marks { own: BTreeMap::new(), rolled: BTreeMap::new() };
    for (alarm, _, twin, _) in raised {
        let own = marks.own.entry(*twin).or_insert(alarm.severity);
        *own = alarm.severity.max(*own);
        for above in std::iter::once(*twin).chain(tree.above(*twin)) {
            let rolled = marks.rolled.entry(above).or_insert(alarm.severity);
            *rolled = alarm.severity.max(*rolled);
        }
    }
    marks
}

/// Returns the icon of a twin. Words in the name of its model decide.
pub fn model_icon(topology: &Topology, twin: TwinIx) -> &'static str {
    let id = &topology.models.get(topology.model_of(twin)).id;
    let name = cupola_twin::model::short_name(id).to_lowercase();
    let icons = [
        ("temperature", icon::THERMOMETER),
        ("humidity", icon::DROP),
        ("co2", icon::WIND),
        ("airquality", icon::WIND),
        ("occupancy", icon::USERS),
        ("people", icon::USERS),
        ("noise", icon::SPEAKER_HIGH),
        ("sound", icon::SPEAKER_HIGH),
        ("dispenser", icon::HAND_SOAP),
        ("meter", icon::LIGHTNING),
        ("ahu", icon::FAN),
        ("airhandling", icon::FAN),
        ("fan", icon::FAN),
        ("boiler", icon::FLAME),
        ("heatpump", icon::FLAME),
        ("chiller", icon::SNOWFLAKE),
        ("vav", icon::ARROWS_OUT_CARDINAL),
        ("terminal", icon::ARROWS_OUT_CARDINAL),
        ("sensor", icon::GAUGE),
        ("weather", icon::CLOUD_SUN),
        ("patient", icon::BED),
        ("ward", icon::FIRST_AID_KIT),
        ("hospital", icon::HOSPITAL),
        ("building", icon::BUILDINGS),
        ("floor", icon::STACK),
        ("level", icon::STACK),
        ("storey", icon::STACK),
        ("room", icon::DOOR),
        ("space", icon::DOOR),
        ("zone", icon::DOOR),
    ];
    icons.iter().find(|(word, _)| name.contains(*word)).map_or(icon::CUBE, |(_, icon)| *icon)
}

#[cfg(test)]
mod tests {
    use super::*;
    use cupola_scene::Properties;
    use cupola_scene::document::TwinDoc;
    use cupola_scene::edit::{Edit, edit};

    #[test]
    fn open_nodes_stay_open_when_an_edit_moves_the_rows() {
        let office = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("scenes/office");
        let scene = cupola_scene::load(&office).scene.expect("the scene of the demo");
        let ids = |memory: &TreeState, scene: &Scene| -> Vec<String> {
            memory.open.iter().map(|twin| scene.topology.twin_id(*twin).to_string()).collect()
        };
        let mut memory = TreeState::default();
        let twin = TwinDoc { id: "a-first-room".into(), model: "Room".into(), properties: Properties::default() };
        let add = Edit::AddTwin { twin, at: Some(0), relationships: Vec::new(), bindings: BTreeMap::new() };
        let edited = edit(&scene, vec![add], &[], |_, _| ()).expect("an edit").scene;
        let mut open = Vec::new();
        for scene in [Arc::new(scene), Arc::new(edited)] {
            assert!(update(&mut memory, &scene, &State::new(scene.topology.clone())));
            open.push(ids(&memory, &scene));
        }
        open.iter_mut().for_each(|ids| ids.sort());
        assert!(!open[0].is_empty());
        assert_eq!(open[0], open[1]);
    }

    #[test]
    fn only_another_name_or_place_arranges_the_tree_again() {
        let office = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("scenes/office");
        let scene = cupola_scene::load(&office).scene.expect("the scene of the demo");
        let set = |property: &str, value: cupola_twin::Value| {
            let (twin, property) = ("room-204".into(), property.into());
            let edits = vec![Edit::SetProperty { twin, property, value: Some(value) }];
            edit(&scene, edits, &[], |_, _| ()).expect("an edit").scene
        };
        let warmer = set("heatingSetpoint", cupola_twin::Value::Number(22.0));
        let renamed = set("name", cupola_twin::Value::Text("Library".into()));
        assert!(is_same_tree(&scene, &warmer));
        assert!(!is_same_tree(&scene, &renamed));
    }
}
