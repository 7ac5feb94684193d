//! The palette: one field that finds menu commands, twins, properties to colour by and timelines.

use super::commands::{COMMANDS, Command};
use super::format;
use super::fuzzy::NameSearch;
use super::panel_data::{PanelData, key_slot, model_name};
use super::theme::{self, ROW};
use super::tree::model_icon;
use super::widgets::{ListRow, row_at};
use crate::action::ActionList;
use crate::look::ChangeLook;
use crate::look::ViewSettings;
use crate::selection::{Focus, Select};
use crate::timeline::ShowTimeline;
use crate::twin::{colourable, display_name, show as show_value};
use bevy_egui::egui::{self, Align2, Frame, Key, Margin, Modal, Modifiers, Rect, ScrollArea, TextEdit, Ui, pos2, vec2};
use cupola_twin::TwinIx;
use egui_phosphor::regular as icon;

const WIDTH: f32 = 560.0;
/// Largest number of results.
const MAX_FOUND: usize = 50;
/// Number of results that are visible without scrolling.
const MAX_SEEN: usize = 12;

/// The state of the palette.
#[derive(Default)]
pub struct PaletteState {
    open: bool,
    typed: String,
    /// The index of the result that Enter chooses.
    cursor: usize,
    /// The results, with the text that they belong to.
    found: Option<(String, Vec<Entry>)>,
}

impl PaletteState {
    /// Opens the palette with an empty field.
    pub fn open(&mut self) {
        *self = Self { open: true, ..Self::default() };
    }

    /// Closes the palette.
    pub fn close(&mut self) {
        *self = Self::default();
    }

    /// Discards the results, so that the next frame searches the changed scene.
    pub fn search_again(&mut self) {
        self.found = None;
    }

    /// Returns whether the palette is open.
    pub fn is_open(&self) -> bool {
        self.open
    }
}

/// The chosen result.
pub enum Choice {
    /// A menu command to run.
    Command(&'static Command),
    /// Actions to send.
    Actions(ActionList),
}

/// A result of the search.
struct Entry {
    icon: &'static str,
    title: String,
    aside: String,
    target: Target,
}

enum Target {
    Command(&'static Command),
    Twin(String),
    ColorBy(String),
    Timeline(String),
}

/// Draws the palette if it is open, and returns the chosen result.
pub fn show(ctx: &egui::Context, shown: &PanelData<'_, '_>, state: &mut PaletteState) -> Option<Choice> {
    if !state.open {
        return None;
    }
    if state.found.as_ref().is_none_or(|(typed, _)| *typed != state.typed) {
        state.found = Some((state.typed.clone(), search(shown, &state.typed)));
        state.cursor = 0;
    }
    // The keys are consumed before the text field sees them, so arrows move the chosen result and not the text cursor.
    let pressed = |key| ctx.input_mut(|input| input.consume_key(Modifiers::NONE, key));
    let (up, down, enter) = (pressed(Key::ArrowUp), pressed(Key::ArrowDown), pressed(Key::Enter));
    let count = state.found.as_ref().map_or(0, |(_, found)| found.len());
    if count > 0 {
        state.cursor = (state.cursor + usize::from(down) + if up { count - 1 } else { 0 }) % count;
    }
    let id = egui::Id::new("palette");
    let area = Modal::default_area(id).anchor(Align2::CENTER_TOP, vec2(0.0, 96.0));
    let style = ctx.global_style();
    let modal = Modal::new(id).area(area).frame(Frame::popup(&style).inner_margin(Margin::same(12)));
    let response = modal.show(ctx, |ui| palette_ui(ui, state, up || down));
    let chosen = response.inner.or(enter.then_some(state.cursor));
    let target = chosen.and_then(|line| state.found.as_ref()?.1.get(line)).map(|entry| choice(&entry.target, shown));
    if target.is_some() || response.should_close() {
        state.close();
    }
    target
}

fn choice(target: &Target, shown: &PanelData<'_, '_>) -> Choice {
    let mut actions = ActionList::default();
    match target {
        Target::Command(command) => return Choice::Command(command),
        Target::Twin(id) => {
            actions.push(Select(Some(id.clone())));
            actions.push(Focus(Some(id.clone())));
        }
        Target::ColorBy(name) => {
            let view = ViewSettings { color_by: name.clone(), range: None, ..shown.view.clone() };
            actions.push(ChangeLook(view));
        }
        Target::Timeline(name) => actions.push(ShowTimeline(name.clone())),
    }
    Choice::Actions(actions)
}

/// Draws the field and the results, and returns the index of a clicked result.
fn palette_ui(ui: &mut Ui, state: &mut PaletteState, moved: bool) -> Option<usize> {
    ui.set_width(WIDTH);
    let field = TextEdit::singleline(&mut state.typed)
        .id(egui::Id::new("palette field"))
        .hint_text("Find commands, twins, properties and timelines")
        .font(egui::TextStyle::Heading)
        .frame(Frame::NONE.inner_margin(Margin::symmetric(8, 6)))
        .desired_width(f32::INFINITY);
    let response = ui.add(field);
    if !response.has_focus() {
        response.request_focus();
    }
    ui.separator();
    let (_, found) = state.found.as_ref()?;
    if found.is_empty() {
        ui.add_space(theme::GAP);
        ui.label(theme::muted("There are no results. Try a part of a name or an id."));
        ui.add_space(theme::GAP);
        return None;
    }
    let mut clicked = None;
    ui.spacing_mut().item_spacing.y = 0.0;
    let seen = ROW * found.len().min(MAX_SEEN) as f32;
    ui.set_min_height(seen);
    ScrollArea::vertical().max_height(ROW * MAX_SEEN as f32).auto_shrink([false, true]).show(ui, |ui| {
        let (left, top) = (ui.max_rect().left(), ui.cursor().top());
        for (line, entry) in found.iter().enumerate() {
            let rect = Rect::from_min_size(pos2(left, top + ROW * line as f32), vec2(WIDTH, ROW));
            ui.advance_cursor_after_rect(rect);
            let row = ListRow {
                icon: entry.icon,
                name: &entry.title,
                unit: &entry.aside,
                selected: line == state.cursor,
                ..Default::default()
            };
            if row_at(ui, rect, ui.id().with(("entry", line)), &row).clicked() {
                clicked = Some(line);
            }
            if moved && line == state.cursor {
                ui.scroll_to_rect(rect, None);
            }
        }
    });
    clicked
}

/// Returns the best results for a text, or all menu commands if the text is blank.
fn search(shown: &PanelData<'_, '_>, typed: &str) -> Vec<Entry> {
    let mut search = NameSearch::new(typed);
    let mut found: Vec<(i32, Entry)> = Vec::new();
    for command in COMMANDS.iter().filter(|command| command.id != "palette") {
        let aside = command.shortcuts.first().map_or_else(String::new, |shortcut| shortcut.text());
        let entry = Entry { icon: icon::COMMAND, title: command.title.into(), aside, target: Target::Command(command) };
        found.extend(search.score(command.title).map(|score| (score, entry)));
    }
    if typed.trim().is_empty() {
        return found.into_iter().map(|(_, entry)| entry).collect();
    }
    for track in &shown.tracks {
        let name = format::words(track.timeline.name());
        if let Some(score) = search.score(&format!("show timeline {name}")) {
            let target = Target::Timeline(track.timeline.name().to_string());
            let aside = track.timeline.source().word().to_string();
            found.push((score, Entry { icon: icon::CLOCK, title: format!("Show {name}"), aside, target }));
        }
    }
    if let (Some(scene), Some(track)) = (shown.scene(), shown.active()) {
        for (name, title) in colourable(scene) {
            let searched = format!("colour by {title} {name}");
            if let Some(score) = search.score(&searched) {
                let title = format!("Colour by {title}");
                let target = Target::ColorBy(name.clone());
                found.push((score, Entry { icon: icon::PALETTE, title, aside: name, target }));
            }
        }
        let state = track.timeline.state();
        let mut twins: Vec<(i32, TwinIx)> = scene
            .topology
            .twins()
            .filter_map(|twin| {
                let name = display_name(scene, state, twin);
                let id = scene.topology.twin_id(twin);
                let score = search.score(&name).max(search.score(id));
                let score = score.or_else(|| search.score(&format!("{name} {id} {}", model_name(state, twin))));
                Some((score?, twin))
            })
            .collect();
        twins.sort_by_key(|(score, twin)| (std::cmp::Reverse(*score), *twin));
        twins.truncate(MAX_FOUND);
        for (score, twin) in twins {
            let key = key_slot(scene, &shown.view.color_by, twin).map(|slot| show_value(state, slot));
            let id = scene.topology.twin_id(twin).to_string();
            let aside = key.map_or_else(|| id.clone(), |key| format!("{id} · {key}"));
            let title = display_name(scene, state, twin);
            found.push((
                score,
                Entry { icon: model_icon(&scene.topology, twin), title, aside, target: Target::Twin(id) },
            ));
        }
    }
    found.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
    found.truncate(MAX_FOUND);
    found.into_iter().map(|(_, entry)| entry).collect()
}
