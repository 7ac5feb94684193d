//! Windows that ask for a file to open, save, import or export: the system's dialog, a typed path, and dropped files.

use super::theme::{self, GAP, ROW};
use super::top_bar::scene_word;
use super::widgets::{ListRow, primary_button, row_ui};
use super::{UiState, panel_data::PanelData};
use crate::action::{ActionList, ActionSender};
use crate::exchange::{Export, StartImport};
use crate::notice::{NoticeLevel, Notices};
use crate::session::{Open, Save};
use crate::trend::{ExportTrends, TrendFormat};
use bevy::prelude::*;
use bevy::window::FileDragAndDrop;
use bevy_egui::EguiContexts;
use bevy_egui::egui::{
    self, Align, Align2, Button, ComboBox, Frame, Id, Key, LayerId, Layout, Modal, Modifiers, Order, Rect, Stroke,
    StrokeKind, TextEdit, Ui, vec2,
};
use cupola_exchange::export::Format;
use egui_phosphor::regular as icon;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

/// Extensions of the files that can be imported.
const IMPORTED: [&str; 10] = ["json", "jsonld", "ndjson", "jsonl", "xlsx", "xlsm", "ttl", "nt", "glb", "gltf"];

/// The purpose for which a file is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To open a scene.
    Open,
    /// To save the scene.
    Save,
    /// To import files.
    Import,
    /// To export in a format.
    Export(Format),
    /// To write the trends in a format.
    Trends(TrendFormat),
}

impl Purpose {
    /// Returns the title of the window, the text of the button and the hint in the field.
    fn words(self) -> [&'static str; 3] {
        match self {
            Self::Open => ["Open scene", "Open", "/path/to/scene.ron, or its folder"],
            Self::Save => ["Save a copy as", "Save", "/path/to/scene.ron"],
            Self::Import => ["Import", "Read", "a file or folder with models, twins or a building"],
            Self::Export(_) => ["Export", "Export", "/path/to/the/file"],
            Self::Trends(TrendFormat::Csv) => ["Write the values of the trends", "Write", "/path/to/trends.csv"],
            Self::Trends(TrendFormat::Svg) => ["Write the trends as a drawing", "Write", "/path/to/trends.svg"],
            Self::Trends(TrendFormat::Png) => ["Write the trends as a picture", "Write", "/path/to/trends.png"],
        }
    }

    /// Pushes the action for the chosen paths.
    fn act(self, paths: Vec<PathBuf>, actions: &mut ActionList) {
        let Some(first) = paths.first().cloned() else { return };
        match self {
            Self::Open => actions.push(Open(first)),
            Self::Save => actions.push(Save(Some(first))),
            Self::Import => actions.push(StartImport(paths)),
            Self::Export(format) => actions.push(Export { path: first, format }),
            Self::Trends(format) => {
                // The end of the name says what is written.
                let has_format = TrendFormat::of(&first).is_some();
                let path = if has_format { first } else { first.with_added_extension(format.extension()) };
                actions.push(ExportTrends(path));
            }
        }
    }
}

/// The export formats, with their display names.
const FORMATS: [(Format, &str); 6] = [
    (Format::Ndjson, "Bulk import of Azure Digital Twins (.ndjson)"),
    (Format::Json, "Azure Digital Twins Explorer (.json)"),
    (Format::Xlsx, "Spreadsheet (.xlsx)"),
    (Format::Dot, "Graphviz (.dot)"),
    (Format::Gltf, "Building with its twins (.glb)"),
    (Format::Scene, "Scene (.ron)"),
];

/// Opens the dropped scene, or imports the dropped files and folders together.
///
/// # Errors
/// The drop has several scenes, or a scene and other files.
fn open_dropped(paths: Vec<PathBuf>, actions: &mut ActionList) -> Result<(), &'static str> {
    let is_scene = |path: &PathBuf| {
        path.is_dir() && path.join("scene.ron").is_file()
            || path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("ron"))
    };
    match (paths.iter().any(is_scene), paths.as_slice()) {
        (true, [scene]) => actions.push(Open(scene.clone())),
        (true, _) => return Err("Drop one scene alone, or only files to import."),
        (false, _) => actions.push(StartImport(paths)),
    }
    Ok(())
}

/// The state of the window that asks for a file.
#[derive(Clone, Debug, PartialEq)]
pub struct FileWindow {
    purpose: Purpose,
    path: String,
    /// Whether the field has received the focus. It receives the focus once, when the window opens.
    focused: bool,
}

impl FileWindow {
    /// Creates a window with an empty path.
    pub fn new(purpose: Purpose) -> Self {
        Self { purpose, path: String::new(), focused: false }
    }
}

/// The result of a system dialog: its purpose, and the files, or `None` if the user cancelled.
type Answer = (Purpose, Option<Vec<PathBuf>>);

/// The system's file dialogs. A dialog runs on its own thread. Only one dialog is open at a time.
#[derive(Resource)]
pub struct FileDialogs {
    // `Receiver` is not `Sync`, so a mutex holds it. Only one system uses it.
    answers: Mutex<Receiver<Answer>>,
    sender: SyncSender<Answer>,
    waiting: bool,
}

impl Default for FileDialogs {
    fn default() -> Self {
        let (sender, answers) = sync_channel(1);
        Self { answers: Mutex::new(answers), sender, waiting: false }
    }
}

impl FileDialogs {
    fn start(&mut self, purpose: Purpose, near: Option<PathBuf>) -> std::io::Result<()> {
        let sender = self.sender.clone();
        let ask = move || {
            let dialog = rfd::AsyncFileDialog::new().set_title(purpose.words()[0]);
            let dialog = near.iter().fold(dialog, |dialog, folder| dialog.set_directory(folder));
            let dialog = match purpose {
                Purpose::Open | Purpose::Save => dialog.add_filter("Cupola scenes", &["ron"]),
                Purpose::Import => dialog.add_filter("Importable files", &IMPORTED),
                Purpose::Export(format) => dialog.add_filter("Exports", &[format.extension()]),
                Purpose::Trends(format) => dialog.add_filter("Trends", &[format.extension()]),
            };
            let files = bevy::tasks::block_on(async {
                match purpose {
                    Purpose::Open => dialog.pick_file().await.map(|file| vec![file]),
                    Purpose::Import => dialog.pick_files().await,
                    Purpose::Save => dialog.set_file_name("scene.ron").save_file().await.map(|file| vec![file]),
                    Purpose::Export(format) => {
                        let name = format!("graph.{}", format.extension());
                        dialog.set_file_name(name).save_file().await.map(|file| vec![file])
                    }
                    Purpose::Trends(format) => {
                        let name = format!("trends.{}", format.extension());
                        dialog.set_file_name(name).save_file().await.map(|file| vec![file])
                    }
                }
            });
            let paths = files.map(|files| files.iter().map(|file| file.path().to_path_buf()).collect());
            // Sending fails if the app has ended in the meantime.
            let _ = sender.send((purpose, paths));
        };
        std::thread::Builder::new().name("file dialog".into()).spawn(ask)?;
        self.waiting = true;
        Ok(())
    }

    fn answer(&mut self) -> Option<Answer> {
        let answers = self.answers.get_mut().unwrap_or_else(std::sync::PoisonError::into_inner);
        let answer = answers.try_recv().ok()?;
        self.waiting = false;
        Some(answer)
    }
}

/// The button or path that the user chose in the window.
#[derive(Clone, Debug, PartialEq)]
enum DialogChoice {
    Browse,
    Take(PathBuf),
    Close,
}

/// Shows the window, and handles results of system dialogs and dropped files.
pub(super) fn dialogs(
    mut contexts: EguiContexts,
    mut drops: MessageReader<FileDragAndDrop>,
    shown: PanelData<'_, '_>,
    mut state: ResMut<UiState>,
    mut dialogs: ResMut<FileDialogs>,
    mut notices: ResMut<Notices>,
    mut sender: ActionSender,
) -> Result {
    let ctx = contexts.ctx_mut()?;
    let mut wanted = ActionList::default();
    let mut dropped = Vec::new();
    for drop in drops.read() {
        state.files_hover = matches!(drop, FileDragAndDrop::HoveredFile { .. });
        if let FileDragAndDrop::DroppedFile { path_buf, .. } = drop {
            dropped.push(path_buf.clone());
        }
    }
    if !dropped.is_empty()
        && let Err(why) = open_dropped(dropped, &mut wanted)
    {
        notices.push(NoticeLevel::Warning, why);
    }
    if state.files_hover {
        drop_hint(ctx, state.free);
    }
    if let Some((purpose, Some(paths))) = dialogs.answer() {
        purpose.act(paths, &mut wanted);
        state.file_window = None;
    }
    let scene = shown.scene().map(|scene| scene.path.clone());
    if let Some(mut window) = state.file_window.take() {
        match window_ui(ctx, &mut window, &state.recent.paths, dialogs.waiting) {
            Some(DialogChoice::Browse) => {
                let near = scene.as_deref().and_then(Path::parent).and_then(Path::parent).map(Path::to_path_buf);
                if let Err(error) = dialogs.start(window.purpose, near) {
                    notices.push(
                        NoticeLevel::Error,
                        format!("The file dialog can't start ({error}). Type the path instead."),
                    );
                }
                state.file_window = Some(window);
            }
            Some(DialogChoice::Take(path)) => {
                window.purpose.act(vec![path], &mut wanted);
            }
            Some(DialogChoice::Close) => {}
            None => state.file_window = Some(window),
        }
    }
    sender.send_all(wanted);
    Ok(())
}

fn window_ui(ctx: &egui::Context, window: &mut FileWindow, recent: &[PathBuf], waiting: bool) -> Option<DialogChoice> {
    let enter = ctx.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Enter));
    let modal = Modal::new(Id::new("file window")).frame(Frame::popup(&ctx.global_style()).inner_margin(16));
    let response = modal.show(ctx, |ui| contents_ui(ui, window, recent, waiting));
    let typed = typed_path(&window.path);
    let taken = response.inner.clone().or_else(|| if enter { typed.map(DialogChoice::Take) } else { None });
    taken.or_else(|| response.should_close().then_some(DialogChoice::Close))
}

fn contents_ui(ui: &mut Ui, window: &mut FileWindow, recent: &[PathBuf], waiting: bool) -> Option<DialogChoice> {
    let mut clicked = None;
    ui.set_width(480.0);
    let [title, verb, hint] = window.purpose.words();
    ui.label(theme::title(title));
    match &mut window.purpose {
        Purpose::Import => {
            let known =
                "DTDL, Azure Digital Twins (JSON, NDJSON, spreadsheet), Brick and RealEstateCore, glTF, 3D Scenes";
            ui.label(theme::muted(known));
        }
        Purpose::Export(format) => {
            let shown = FORMATS.iter().find(|(known, _)| known == format).map_or("", |(_, name)| name);
            ui.add_space(GAP);
            ComboBox::from_id_salt("export format").width(ui.available_width()).selected_text(shown).show_ui(
                ui,
                |ui| {
                    for (known, name) in FORMATS {
                        ui.selectable_value(format, known, name);
                    }
                },
            );
        }
        Purpose::Open | Purpose::Save | Purpose::Trends(_) => {}
    }
    ui.add_space(GAP);
    ui.horizontal(|ui| {
        let field = TextEdit::singleline(&mut window.path)
            .hint_text(hint)
            .desired_width(ui.available_width() - 96.0)
            .min_size(vec2(0.0, ROW));
        let response = ui.add(field);
        if !window.focused {
            window.focused = true;
            response.request_focus();
        }
        let browse = Button::new(format!("{}  Browse…", icon::FOLDER_OPEN));
        let hint = if waiting { "The system's file dialog is open" } else { "Choose with the system's file dialog" };
        if ui.add_enabled(!waiting, browse).on_hover_text(hint).on_disabled_hover_text(hint).clicked() {
            clicked = Some(DialogChoice::Browse);
        }
    });
    if window.purpose == Purpose::Open && !recent.is_empty() {
        ui.add_space(GAP);
        ui.label(theme::caption("Recent"));
        ui.spacing_mut().item_spacing.y = 0.0;
        for path in recent {
            let (name, folder) = (scene_word(path), path.to_string_lossy());
            let row = ListRow { icon: icon::CLOCK, name: &name, unit: &folder, ..Default::default() };
            if row_ui(ui, &row).clicked() {
                clicked = Some(DialogChoice::Take(path.clone()));
            }
        }
    }
    ui.add_space(GAP * 2.0);
    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
        let path = typed_path(&window.path);
        ui.add_enabled_ui(path.is_some(), |ui| {
            if primary_button(ui, verb).clicked() {
                clicked = path.map(DialogChoice::Take);
            }
        });
        if ui.button("Cancel").clicked() {
            clicked = Some(DialogChoice::Close);
        }
    });
    clicked
}

/// Returns a typed path, or `None` if the text is blank. A leading `~/` stands for the home folder.
pub(super) fn typed_path(text: &str) -> Option<PathBuf> {
    let text = text.trim();
    match (text.strip_prefix("~/"), std::env::var_os("HOME")) {
        (Some(rest), Some(home)) => Some(PathBuf::from(home).join(rest)),
        _ => (!text.is_empty()).then(|| PathBuf::from(text)),
    }
}

/// Draws a hint over the 3D view while the user drags files over the window.
fn drop_hint(ctx: &egui::Context, area: Rect) {
    let colors = theme::Colors::of(if ctx.theme() == egui::Theme::Dark {
        crate::look::Theme::Dark
    } else {
        crate::look::Theme::Light
    });
    let painter = ctx.layer_painter(LayerId::new(Order::Foreground, Id::new("drop hint")));
    let inner = area.shrink(GAP * 2.0);
    painter.rect_filled(inner, 10.0, colors.ground.gamma_multiply(0.8));
    painter.rect_stroke(inner, 10.0, Stroke::new(2.0, colors.accent), StrokeKind::Inside);
    let font = egui::TextStyle::Heading.resolve(&ctx.global_style());
    painter.text(inner.center(), Align2::CENTER_CENTER, "Drop to open a scene or to import", font, colors.text);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typed_paths_are_trimmed() {
        assert_eq!(typed_path("  "), None);
        assert_eq!(typed_path(" scenes/office "), Some(PathBuf::from("scenes/office")));
        assert!(typed_path("~/a.ron").is_some_and(|path| path.ends_with("a.ron")));
    }

    #[test]
    fn files_that_are_dropped_together_are_imported_together() {
        for (paths, wanted) in [
            (vec!["models.json", "twins.ndjson"], Some(r#"StartImport(["models.json", "twins.ndjson"])"#)),
            (vec!["office.ron"], Some(r#"Open("office.ron")"#)),
            (vec!["office.ron", "twins.ndjson"], None),
            (vec!["office.ron", "hospital.RON"], None),
        ] {
            let mut actions = ActionList::default();
            let result = open_dropped(paths.iter().map(PathBuf::from).collect(), &mut actions);
            assert_eq!(result.is_ok(), wanted.is_some(), "{paths:?}");
            let shown = format!("{actions:?}");
            assert!(wanted.map_or(shown == "ActionList([])", |wanted| shown.contains(wanted)), "{shown}");
        }
    }
}
