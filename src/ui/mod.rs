//! The panels. Systems read the data of the app for them, and panels push actions.
//!
//! Architecture Invariant: panels change no timeline, scene or setting; they send actions. A panel is a pure function
//! that ends in `_ui`, with a thin system that gathers its data.

mod alarms;
mod assumed;
mod commands;
mod docking;
mod edit;
mod format;
mod fuzzy;
mod import;
mod inspector;
mod invocations;
mod labels;
mod legend;
mod moment_field;
mod open;
mod palette;
mod panel_data;
mod property;
mod recent;
mod relations;
mod shortcuts;
mod sparkline;
mod storeys;
mod systems;
mod theme;
mod timeline_bar;
mod toasts;
mod tooltip;
mod top_bar;
mod tree;
mod tree_model;
mod trends;
mod why;
mod widgets;

use crate::job::{Jobs, drop_on_thread};
use crate::look::{Legend, ViewSettings};
use crate::notice::Notices;
use crate::screen::{CentralArea, PointerTaken};
use crate::timeline::OpenScene;
use bevy::prelude::*;
use bevy::window::{FileDragAndDrop, PrimaryWindow};
use bevy_egui::{EguiContexts, EguiPrimaryContextPass, egui};
use cupola_scene::Scene;
use cupola_twin::{Slot, Topology};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The state of the panels that lasts from frame to frame.
#[derive(Resource)]
pub struct UiState {
    /// Whether the tree and the alarms are open.
    pub left_open: bool,
    /// Whether the inspector is open.
    pub right_open: bool,
    /// Whether the list of shortcuts is open.
    pub shortcuts_open: bool,
    /// The filter of the tree, and its open nodes.
    pub tree: tree::TreeState,
    /// The expression that is being typed to colour the rooms.
    pub color_expression: Option<String>,
    /// The moment that is being typed to compare with.
    pub compared: moment_field::MomentField,
    /// The slots whose explanation is open.
    pub explained: BTreeSet<Slot>,
    /// The inputs of the preview of an import.
    pub import: import::ImportWindow,
    /// The editor of the graph.
    pub edit: edit::Editor,
    /// The requests of commands that are being typed.
    pub command_drafts: invocations::Drafts,
    /// The text value that is being typed, with its slot.
    pub edited: Option<(Slot, String)>,
    /// The bar of the timeline.
    pub bar: timeline_bar::BarState,
    /// The panel of the trends.
    pub trends: trends::TrendPanel,
    /// The palette.
    pub palette: palette::PaletteState,
    /// The window that asks for a file, while it is open.
    pub file_window: Option<open::FileWindow>,
    /// Recently opened scenes, the latest first.
    pub recent: recent::Recent,
    /// Whether the user drags files over the window.
    pub files_hover: bool,
    /// Notices on the screen.
    pub toasts: toasts::Toasts,
    /// The storeys of the building, lowest first.
    storeys: Vec<usize>,
    /// The properties that can colour the rooms, with their names on the screen.
    colourable: Vec<(String, String)>,
    /// Whether the fonts are loaded.
    ready: bool,
    /// The area of the window that the panels drawn so far leave free.
    free: egui::Rect,
    /// Explanations of values, each with the time of its computation in seconds of the app's time.
    explanations: BTreeMap<Slot, (f64, cupola_twin::why::Explanation)>,
}

impl Default for UiState {
    fn default() -> Self {
        Self {
            left_open: true,
            right_open: true,
            shortcuts_open: false,
            tree: tree::TreeState::default(),
            color_expression: None,
            compared: moment_field::MomentField::default(),
            explained: BTreeSet::new(),
            import: import::ImportWindow::default(),
            edit: edit::Editor::default(),
            command_drafts: invocations::Drafts::new(),
            edited: None,
            bar: timeline_bar::BarState::default(),
            trends: trends::TrendPanel::default(),
            palette: palette::PaletteState::default(),
            file_window: None,
            recent: recent::Recent::default(),
            files_hover: false,
            toasts: toasts::Toasts::default(),
            storeys: Vec::new(),
            colourable: Vec::new(),
            ready: false,
            free: egui::Rect::ZERO,
            explanations: BTreeMap::new(),
        }
    }
}

impl UiState {
    /// Resets the state that belongs to a scene which is no longer open.
    fn forget_scene(&mut self) {
        self.tree = tree::TreeState::default();
        self.color_expression = None;
        self.palette.close();
        self.explained.clear();
        self.edited = None;
        self.command_drafts.clear();
    }

    /// Moves the state that belongs to properties to the topology of the changed scene.
    fn relocate(&mut self, before: &Topology, now: &Topology) {
        let moved = |slot: &Slot| now.slot_named(&before.name(*slot)).ok();
        self.explained = self.explained.iter().filter_map(moved).collect();
        self.edited = self.edited.take().and_then(|(slot, text)| Some((moved(&slot)?, text)));
    }
}

/// The plugin that draws the panels. The app adds `EguiPlugin` itself.
pub struct UiPlugin;

impl Plugin for UiPlugin {
    fn build(&self, app: &mut App) {
        app.init_resource::<CentralArea>()
            .init_resource::<PointerTaken>()
            .init_resource::<crate::screen::TrendArea>()
            .init_resource::<UiState>()
            .init_resource::<open::FileDialogs>()
            .init_resource::<ViewSettings>()
            .init_resource::<Legend>()
            .init_resource::<Notices>()
            .add_message::<FileDragAndDrop>()
            .add_systems(Startup, recent::read)
            .add_systems(
                EguiPrimaryContextPass,
                (
                    // This system runs in the same pass as the panels, so that no panel sees slots of another scene.
                    scene_changed.run_if(resource_exists_and_changed::<OpenScene>),
                    begin,
                    (
                        commands::keys,
                        systems::top_bar,
                        systems::timeline_bar,
                        systems::left,
                        systems::right,
                        systems::trends,
                        systems::overlays,
                        systems::toasts,
                        systems::windows,
                        open::dialogs,
                        import::import_window,
                        systems::pointer,
                    )
                        .chain()
                        .run_if(ready),
                )
                    .chain(),
            );
    }
}

/// Applies the theme and resets the free area to the whole window.
fn begin(mut contexts: EguiContexts, view: Res<ViewSettings>, mut state: ResMut<UiState>) -> Result {
    let ctx = contexts.ctx_mut()?;
    theme::apply(ctx, view.theme, view.reduced_motion);
    state.ready = theme::has_fonts(ctx);
    state.free = ctx.viewport_rect();
    Ok(())
}

fn ready(state: Res<UiState>) -> bool {
    state.ready
}

/// Prepares the panels for a changed scene.
///
/// After an edit or a reload, the panels stay with their twins and properties. Another scene resets them.
fn scene_changed(
    scene: Res<OpenScene>,
    mut state: ResMut<UiState>,
    windows: Query<(), With<PrimaryWindow>>,
    jobs: Res<Jobs>,
    mut last: Local<Option<(u64, Arc<Scene>)>>,
) {
    state.storeys = storeys::of(&scene.0.building);
    state.colourable = crate::twin::colourable(&scene.0);
    state.explanations.clear();
    state.palette.search_again();
    let before = last.replace((jobs.scenes_opened, scene.0.clone()));
    // An app without a window draws a picture. Its scene was not opened by a person.
    if before.as_ref().is_none_or(|(_, before)| before.path != scene.0.path) && !windows.is_empty() {
        state.recent.add(&scene.0.path);
    }
    match &before {
        Some((opened, before)) if *opened == jobs.scenes_opened => {
            state.relocate(&before.topology, &scene.0.topology);
        }
        _ => state.forget_scene(),
    }
    drop_on_thread(before);
}
