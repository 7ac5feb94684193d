//! The systems of the panels. Each gathers the data of a panel, draws the panel and sends its actions.

use super::legend::{LegendDrafts, LegendTimes};
use super::panel_data::PanelData;
use super::theme::GAP;
use super::{
    UiState, alarms, docking, edit, inspector, labels, legend, palette, shortcuts, storeys, timeline_bar, toasts,
    tooltip, top_bar, tree, trends, why, widgets,
};
use crate::action::{ActionList, ActionSender};
use crate::look::Legend;
use crate::notice::Notices;
use crate::screen::{CentralArea, PointerTaken, TrendArea};
use crate::session::EditHistory;
use crate::timeline::SourceKind;
use bevy::prelude::*;
use bevy_egui::{EguiContexts, egui};
use cupola_scene::Scene;
use cupola_twin::TwinIx;

/// Smallest, initial and largest width of a side panel, in points.
const PANEL_WIDTH: (f32, f32, f32) = (280.0, 304.0, 340.0);

pub(super) fn top_bar(
    mut contexts: EguiContexts,
    shown: PanelData<'_, '_>,
    mut state: ResMut<UiState>,
    mut sender: ActionSender,
) -> Result {
    let ctx = contexts.ctx_mut()?;
    let mut wanted = ActionList::default();
    let content = top_bar::gather(&shown);
    let mut chosen = None;
    state.free = docking::docked(ctx, "top", state.free, |ui| {
        let frame = widgets::panel_frame(ui).inner_margin(egui::Margin::symmetric(12, 6));
        egui::Panel::top("top bar").exact_size(44.0).frame(frame).show(ui, |ui| {
            chosen = top_bar::top_bar_ui(ui, &content, &mut state, &mut wanted);
        });
    });
    if let Some(command) = chosen {
        super::commands::run(command, &shown, &mut state, &mut wanted);
    }
    sender.send_all(wanted);
    Ok(())
}

pub(super) fn timeline_bar(
    mut contexts: EguiContexts,
    shown: PanelData<'_, '_>,
    legend: Res<Legend>,
    mut state: ResMut<UiState>,
    mut sender: ActionSender,
) -> Result {
    let ctx = contexts.ctx_mut()?;
    let mut wanted = ActionList::default();
    let content = timeline_bar::gather(&shown, &legend, state.bar.range);
    let UiState { free, bar, .. } = &mut *state;
    *free = docking::docked(ctx, "bottom", *free, |ui| {
        let frame = widgets::panel_frame(ui).inner_margin(egui::Margin::symmetric(12, 8));
        egui::Panel::bottom("timeline bar").exact_size(52.0).frame(frame).show(ui, |ui| {
            if let Some(content) = &content {
                timeline_bar::timeline_bar_ui(ui, content, bar, &mut wanted);
            }
        });
    });
    sender.send_all(wanted);
    Ok(())
}

pub(super) fn left(
    mut contexts: EguiContexts,
    shown: PanelData<'_, '_>,
    mut state: ResMut<UiState>,
    mut sender: ActionSender,
) -> Result {
    let ctx = contexts.ctx_mut()?;
    let mut wanted = ActionList::default();
    let state = &mut *state;
    let mut open = state.left_open;
    state.free = docking::docked(ctx, "left", state.free, |ui| {
        let frame = widgets::panel_frame(ui);
        side(egui::Panel::left("left panel")).frame(frame).show_collapsible(ui, &mut open, |ui| {
            ui.take_available_width();
            let (Some(open_scene), Some(track)) = (shown.open_scene(), shown.active()) else {
                widgets::empty_state(
                    ui,
                    egui_phosphor::regular::FOLDER_OPEN,
                    "No scene is open",
                    "Press Ctrl+O, or drop a scene here",
                );
                return;
            };
            let (scene, values) = (&*open_scene.0, track.timeline.state());
            let raised = track.timeline.alarms().sorted(scene);
            let height = alarms::height(raised.len(), ui.available_height());
            egui::Panel::bottom("alarms").exact_size(height).frame(egui::Frame::NONE).show(ui, |ui| {
                alarms::alarms_ui(ui, scene, values, &raised, track.timeline.now_us(), &mut wanted);
            });
            let view = tree::TreeContent {
                open_scene,
                state: values,
                selected: shown.selection.selected(),
                view: &shown.view,
            };
            tree::tree_ui(ui, &view, &raised, &mut state.tree, &mut wanted);
        });
    });
    state.left_open = open;
    sender.send_all(wanted);
    Ok(())
}

pub(super) fn right(
    mut contexts: EguiContexts,
    shown: PanelData<'_, '_>,
    time: Res<Time>,
    history: Res<EditHistory>,
    mut state: ResMut<UiState>,
    mut sender: ActionSender,
) -> Result {
    let ctx = contexts.ctx_mut()?;
    let mut wanted = ActionList::default();
    why::refresh(&shown, time.elapsed_secs_f64(), &mut state);
    let mut open = state.right_open;
    state.free = docking::docked(ctx, "right", state.free, |ui| {
        let frame = widgets::panel_frame(ui);
        side(egui::Panel::right("right panel")).frame(frame).show_collapsible(ui, &mut open, |ui| {
            ui.take_available_width();
            let known = |scene: &Scene, twin: &TwinIx| twin.0 < scene.topology.twin_count();
            match (shown.scene(), shown.active(), shown.selection.selected()) {
                (Some(scene), _, selected) if state.edit.open => {
                    let selected = selected.filter(|twin| known(scene, twin));
                    edit::editor_ui(ui, scene, selected, &history, &mut state.edit, &mut wanted);
                }
                (Some(scene), Some(track), Some(twin)) if known(scene, &twin) => {
                    let content = inspector::InspectorData {
                        scene,
                        state: track.timeline.state(),
                        trail: track.timeline.trail(),
                        twin,
                        now_us: track.timeline.now_us(),
                        color_by: &shown.view.color_by,
                        editable: super::panel_data::is_editable(track.timeline),
                        source: track.timeline.source(),
                        invocations: track.timeline.invocations(),
                        simulation: track.timeline.simulation(),
                    };
                    inspector::inspector_ui(ui, &content, &mut state, &mut wanted);
                }
                _ => inspector::nothing_ui(ui),
            }
        });
    });
    state.right_open = open;
    sender.send_all(wanted);
    Ok(())
}

pub(super) fn trends(
    mut contexts: EguiContexts,
    shown: PanelData<'_, '_>,
    mut state: ResMut<UiState>,
    mut area: ResMut<TrendArea>,
    mut sender: ActionSender,
) -> Result {
    let ctx = contexts.ctx_mut()?;
    let (Some(scene), Some(track), true) = (shown.scene(), shown.active(), shown.trends.settings.is_open) else {
        area.set_if_neq(TrendArea(None));
        return Ok(());
    };
    let mut wanted = ActionList::default();
    let content = trends::TrendContent {
        trends: &shown.trends,
        now_us: track.timeline.now_us(),
        zone: &scene.time_zone.zone,
        has_past: track.timeline.source() != SourceKind::Simulated,
    };
    let UiState { free, trends: panel, file_window, .. } = &mut *state;
    let (least, most) = (160.0, (free.height() - 160.0).max(170.0));
    let mut window = None;
    *free = docking::docked(ctx, "trends", *free, |ui| {
        let frame = widgets::panel_frame(ui).inner_margin(egui::Margin::symmetric(12, 8));
        let dock = egui::Panel::bottom("trends panel").resizable(true).default_size(280.0).size_range(least..=most);
        dock.frame(frame).show(ui, |ui| {
            window = trends::trends_ui(ui, &content, panel, &mut wanted);
        });
    });
    if window.is_some() {
        *file_window = window;
    }
    let scale = ctx.pixels_per_point();
    area.set_if_neq(TrendArea(panel.area.map(|area| {
        let (min, size) = (area.min * scale, area.size() * scale);
        [min.x.max(0.0) as u32, min.y.max(0.0) as u32, size.x as u32, size.y as u32]
    })));
    sender.send_all(wanted);
    Ok(())
}

fn side(panel: egui::Panel) -> egui::Panel {
    let (least, first, most) = PANEL_WIDTH;
    panel.resizable(true).default_size(first).size_range(least..=most)
}

pub(super) fn overlays(
    mut contexts: EguiContexts,
    shown: PanelData<'_, '_>,
    legend: Res<Legend>,
    mut state: ResMut<UiState>,
    mut central: ResMut<CentralArea>,
    mut sender: ActionSender,
) -> Result {
    let ctx = contexts.ctx_mut()?;
    let area = state.free;
    // egui can have a zoom factor of its own, but the 3D view knows only pixels of the window.
    let zoom = ctx.zoom_factor();
    let now = CentralArea { min: (area.min * zoom).into(), max: (area.max * zoom).into() };
    if *central != now {
        *central = now;
    }
    let mut wanted = ActionList::default();
    if shown.view.labels {
        labels::paint(ctx, area, (legend.labels.as_slice(), zoom), shown.selection.selected(), shown.view.theme);
    }
    if let (Some(scene), Some(track)) = (shown.scene(), shown.active()) {
        overlay(ctx, "legend", area, egui::Align2::LEFT_BOTTOM, |ui| {
            let state = &mut *state;
            let highest = state.storeys.last().copied();
            let drafts = LegendDrafts { expression: &mut state.color_expression, compared: &mut state.compared };
            let times = LegendTimes {
                now_us: track.timeline.now_us(),
                wall_us: shown.wall.now_us(),
                zone: &scene.time_zone.zone,
                has_past: shown.has_history() && track.timeline.source() != SourceKind::Simulated,
            };
            legend::legend_ui(ui, &legend, &shown.view, &state.colourable, highest, &times, drafts, &mut wanted);
        });
        overlay(ctx, "storeys", area, egui::Align2::RIGHT_TOP, |ui| {
            storeys::storeys_ui(ui, &scene.building, &state.storeys, &shown.view, &mut wanted);
        });
        if let Some(hovered) = shown.selection.hovered()
            && hovered.0 < scene.topology.twin_count()
        {
            let timeline = track.timeline;
            tooltip::show(ctx, area, scene, timeline.state(), hovered, &shown.view.color_by, timeline.now_us());
        }
    }
    sender.send_all(wanted);
    Ok(())
}

/// Draws `contents` in a corner of the 3D view.
fn overlay(
    ctx: &egui::Context,
    id: &'static str,
    area: egui::Rect,
    corner: egui::Align2,
    contents: impl FnOnce(&mut egui::Ui),
) {
    let inner = area.shrink(GAP + 4.0);
    egui::Area::new(egui::Id::new(id))
        .order(egui::Order::Middle)
        .movable(false)
        .fade_in(false)
        .pivot(corner)
        .fixed_pos(corner.pos_in_rect(&inner))
        .constrain_to(area)
        .show(ctx, contents);
}

pub(super) fn toasts(
    mut contexts: EguiContexts,
    notices: Res<Notices>,
    time: Res<Time>,
    mut state: ResMut<UiState>,
    shown: PanelData<'_, '_>,
) -> Result {
    let ctx = contexts.ctx_mut()?;
    let now_s = time.elapsed_secs_f64();
    if notices.is_changed() {
        state.toasts.take_in(&notices, now_s);
    }
    state.toasts.forget_old(now_s);
    let area = state.free;
    toasts::show(ctx, area, &mut state.toasts, now_s, shown.view.reduced_motion);
    Ok(())
}

pub(super) fn windows(
    mut contexts: EguiContexts,
    shown: PanelData<'_, '_>,
    mut state: ResMut<UiState>,
    mut sender: ActionSender,
) -> Result {
    let ctx = contexts.ctx_mut()?;
    let mut wanted = ActionList::default();
    shortcuts::show(ctx, &mut state.shortcuts_open);
    match palette::show(ctx, &shown, &mut state.palette) {
        Some(palette::Choice::Command(command)) => super::commands::run(command, &shown, &mut state, &mut wanted),
        Some(palette::Choice::Actions(actions)) => wanted.extend(actions),
        None => {}
    }
    sender.send_all(wanted);
    Ok(())
}

/// Records whether egui uses the pointer, so that the 3D view ignores it.
pub(super) fn pointer(mut contexts: EguiContexts, mut taken: ResMut<PointerTaken>) -> Result {
    let ctx = contexts.ctx_mut()?;
    taken.set_if_neq(PointerTaken(ctx.egui_wants_pointer_input() || ctx.any_popup_open()));
    Ok(())
}
