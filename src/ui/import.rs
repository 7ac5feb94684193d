//! The preview of an import: counts of imported and left out parts, findings, and the folder of the new scene.

use super::UiState;
use super::open::typed_path;
use super::theme::{self, Colors, GAP, ROW};
use super::widgets::{Mark, mark_ui, primary_button};
use crate::action::ActionSender;
use crate::exchange::{CancelImport, Import, Preview, Stage, WriteImport};
use bevy::prelude::*;
use bevy_egui::EguiContexts;
use bevy_egui::egui::{Align, Color32, Frame, Grid, Id, Label, Layout, Modal, ScrollArea, Spinner, TextEdit, Ui, vec2};
use cupola_twin::Severity;
use std::path::Path;

/// Largest number of findings in the list.
const MAX_SHOWN: usize = 300;
const WIDTH: f32 = 560.0;

/// The inputs of the preview.
#[derive(Clone, Debug, Default)]
pub struct ImportWindow {
    folder: Option<String>,
    replace: bool,
}

/// The choice of the user in the preview.
#[derive(Clone)]
enum Choice {
    Write(WriteImport),
    Cancel,
}

/// Shows the progress of the import, or its preview.
pub(super) fn import_window(
    mut contexts: EguiContexts,
    import: Res<Import>,
    mut state: ResMut<UiState>,
    mut sender: ActionSender,
) -> Result {
    let ctx = contexts.ctx_mut()?;
    if matches!(import.stage, Stage::Idle) {
        state.import = ImportWindow::default();
        return Ok(());
    }
    let modal = Modal::new(Id::new("import")).frame(Frame::popup(&ctx.global_style()).inner_margin(16));
    let response = modal.show(ctx, |ui| {
        ui.set_width(WIDTH);
        match &import.stage {
            Stage::Idle => None,
            Stage::Reading(what) => reading_ui(ui, what),
            Stage::Preview(preview) => preview_ui(ui, preview, &mut state.import),
        }
    });
    match response.inner.clone() {
        Some(Choice::Write(write)) => sender.send(write),
        Some(Choice::Cancel) => sender.send(CancelImport),
        None if response.should_close() => sender.send(CancelImport),
        None => {}
    }
    Ok(())
}

fn reading_ui(ui: &mut Ui, what: &str) -> Option<Choice> {
    ui.label(theme::title("Import"));
    ui.add_space(GAP);
    ui.horizontal(|ui| {
        ui.add(Spinner::new().size(16.0));
        ui.add(Label::new(theme::muted(what)).truncate());
    });
    ui.add_space(GAP * 2.0);
    let cancel = ui.with_layout(Layout::right_to_left(Align::Center), |ui| ui.button("Cancel").clicked());
    cancel.inner.then_some(Choice::Cancel)
}

fn preview_ui(ui: &mut Ui, preview: &Preview, window: &mut ImportWindow) -> Option<Choice> {
    ui.label(theme::title("Import"));
    let words = if preview.sound { "Nothing is written yet." } else { "This can't be imported because it has errors." };
    ui.label(theme::muted(words));
    ui.add_space(GAP);
    counts_ui(ui, preview);
    findings_ui(ui, preview);
    ui.add_space(GAP);
    let folder = window.folder.get_or_insert_with(|| preview.folder.to_string_lossy().into_owned());
    ui.label(theme::caption("Folder of the new scene"));
    ui.add(TextEdit::singleline(folder).desired_width(f32::INFINITY).min_size(vec2(0.0, ROW)));
    let folder = typed_path(folder);
    let is_there = folder.as_deref().is_some_and(Path::exists);
    if is_there {
        ui.checkbox(&mut window.replace, "Replace the scene in this folder");
    }
    ui.add_space(GAP * 2.0);
    let mut wanted = None;
    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
        let ready = preview.sound && (!is_there || window.replace);
        ui.add_enabled_ui(ready && folder.is_some(), |ui| {
            if primary_button(ui, "Import").clicked() {
                wanted = folder.map(|folder| Choice::Write(WriteImport { folder, replace: window.replace }));
            }
        });
        if ui.button("Cancel").clicked() {
            wanted = Some(Choice::Cancel);
        }
    });
    wanted
}

fn counts_ui(ui: &mut Ui, preview: &Preview) {
    let counts = preview.draft.counts.iter().filter(|(_, count)| count.understood + count.left_out > 0);
    Grid::new("import counts").num_columns(3).spacing(vec2(GAP * 3.0, 4.0)).show(ui, |ui| {
        for head in ["", "Understood", "Left out"] {
            ui.label(theme::caption(head));
        }
        ui.end_row();
        for (kind, count) in counts {
            ui.label(*kind);
            ui.label(count.understood.to_string());
            let left_out = if count.left_out == 0 { "–".to_string() } else { count.left_out.to_string() };
            ui.label(left_out);
            ui.end_row();
        }
    });
}

fn findings_ui(ui: &mut Ui, preview: &Preview) {
    let findings = &preview.draft.findings;
    if findings.is_empty() {
        return;
    }
    ui.add_space(GAP);
    ui.separator();
    let mut shown: Vec<_> = findings.iter().collect();
    // The most severe findings are listed first.
    shown.sort_by_key(|found| std::cmp::Reverse(found.severity));
    let height = (ui.ctx().content_rect().height() - 420.0).clamp(120.0, 320.0);
    ScrollArea::vertical().max_height(height).auto_shrink([false, true]).show(ui, |ui| {
        for found in shown.iter().take(MAX_SHOWN) {
            ui.horizontal_top(|ui| {
                let (mark, color) = look(found.severity, theme::colors(ui));
                mark_ui(ui, mark, color);
                ui.vertical(|ui| {
                    ui.add(Label::new(&found.message).wrap());
                    let place = found.place.as_ref().map(|place| {
                        let file = Path::new(&*place.file).file_name().unwrap_or_default().to_string_lossy();
                        format!("{file}, line {}", place.line)
                    });
                    let more: Vec<String> = place.into_iter().chain(found.help.clone()).collect();
                    if !more.is_empty() {
                        ui.add(Label::new(theme::caption(more.join(" · "))).wrap());
                    }
                });
            });
        }
        if shown.len() > MAX_SHOWN {
            ui.label(theme::caption(format!("and {} more", shown.len() - MAX_SHOWN)));
        }
    });
}

fn look(severity: Severity, colors: &Colors) -> (Mark, Color32) {
    match severity {
        Severity::Info => (Mark::Diamond, colors.accent),
        Severity::Warning => (Mark::Triangle, colors.warning),
        Severity::Error => (Mark::Square, colors.critical),
    }
}
