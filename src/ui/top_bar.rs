//! The bar at the top: scene menu, timelines, connection and search.

use super::commands::{self, COMMANDS, Command};
use super::panel_data::PanelData;
use super::theme::{self, Colors, GROUP_GAP, ROW};
use super::widgets::{Mark, icon_button, mark_ui, primary_button, segmented};
use super::{UiState, format};
use crate::action::{ActionList, StopJob};
use crate::feed::{AllowBrokers, Connect, FeedStatus};
use crate::look::Theme;
use crate::session::Open;
use crate::timeline::SourceKind;
use crate::timeline::{CloseBranch, ShowSource, ShowTimeline};
use bevy_egui::egui::containers::menu::{MenuButton, MenuConfig};
use bevy_egui::egui::{
    self, Align, Button, Color32, Id, Key, Layout, PopupCloseBehavior, RichText, Spinner, TextEdit, Ui, vec2,
};
use cupola_mqtt::Connection;
use egui_phosphor::regular as icon;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The run time after which a job is shown in the bar.
const SHOWN_AFTER: Duration = Duration::from_millis(200);

/// The content of the bar.
pub struct TopBar {
    scene: Option<String>,
    sources: Vec<(SourceKind, bool)>,
    forks: Vec<(String, bool)>,
    feed: Option<FeedStatus>,
    /// The label of the job that has been running for a while, and whether it can be stopped.
    job: Option<(String, bool)>,
    wall_us: i64,
    theme: Theme,
}

/// Gathers the content of the bar.
pub fn gather(shown: &PanelData<'_, '_>) -> TopBar {
    let active = shown.active();
    let active_entity = shown.active_entity();
    let on_fork = active.as_ref().is_some_and(|view| view.timeline.branched_from().is_some());
    let active_source = active.as_ref().map(|view| view.timeline.source());
    let mut forks: Vec<_> = shown
        .tracks
        .iter()
        .filter(|track| track.timeline.branched_from().is_some())
        .map(|track| (track.timeline.name().to_string(), Some(track.entity) == active_entity))
        .collect();
    forks.sort_by_key(|(name, _)| format::natural_key(name));
    TopBar {
        scene: shown.scene().map(|scene| {
            let mark = if shown.edits.unsaved { " •" } else { "" };
            format!("{}{mark}", scene.document.name)
        }),
        sources: [SourceKind::Live, SourceKind::Simulated, SourceKind::Replayed]
            .map(|source| (source, !on_fork && active_source == Some(source)))
            .to_vec(),
        forks,
        feed: shown.live().and_then(|track| track.connections.map(|connections| connections.status())),
        job: shown
            .jobs
            .progress()
            .filter(|(_, since, _)| *since > SHOWN_AFTER)
            .map(|(label, _, can_stop)| (label.to_string(), can_stop)),
        wall_us: shown.wall.now_us(),
        theme: shown.view.theme,
    }
}

/// Returns the colour that stands for a kind of source.
pub fn source_color(source: SourceKind, colors: &Colors) -> Color32 {
    match source {
        SourceKind::Live => colors.good,
        SourceKind::Simulated => colors.accent,
        SourceKind::Replayed => colors.warning,
    }
}

/// Draws the bar and returns the menu command that was chosen in it.
pub fn top_bar_ui(
    ui: &mut Ui,
    bar: &TopBar,
    state: &mut UiState,
    actions: &mut ActionList,
) -> Option<&'static Command> {
    let mut chosen = None;
    ui.horizontal_centered(|ui| {
        if icon_button(ui, icon::SIDEBAR_SIMPLE, "Show or hide the tree", false).clicked() {
            state.left_open = !state.left_open;
        }
        chosen = scene_menu(ui, bar.scene.as_deref(), &state.recent.paths, actions);
        ui.add_space(GROUP_GAP);
        source_switch(ui, bar, actions);
        ui.add_space(GROUP_GAP);
        match &bar.job {
            Some((label, can_stop)) => job_ui(ui, label, *can_stop, actions),
            None => {
                if let Some(feed) = &bar.feed {
                    connection_ui(ui, feed, bar.wall_us, actions);
                }
            }
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if icon_button(ui, icon::SIDEBAR, "Show or hide the inspector", false).clicked() {
                state.right_open = !state.right_open;
            }
            let (theme_icon, name) = match bar.theme {
                Theme::Dark => (icon::SUN, "Switch to light"),
                Theme::Light => (icon::MOON, "Switch to dark"),
            };
            if icon_button(ui, theme_icon, name, false).clicked() {
                chosen = find("theme");
            }
            if icon_button(ui, icon::QUESTION, "Show shortcuts", false).clicked() {
                chosen = find("shortcuts");
            }
            let search = Button::new(format!("{}  Search", icon::MAGNIFYING_GLASS))
                .shortcut_text(commands::shortcut_text("palette"))
                .min_size(vec2(184.0, ROW));
            if ui.add(search).on_hover_text("Find commands, twins and properties").clicked() {
                chosen = find("palette");
            }
        });
    });
    chosen
}

fn find(id: &str) -> Option<&'static Command> {
    COMMANDS.iter().find(|command| command.id == id)
}

fn scene_menu(
    ui: &mut Ui,
    scene: Option<&str>,
    recent: &[PathBuf],
    actions: &mut ActionList,
) -> Option<&'static Command> {
    let mut chosen = None;
    let text = theme::title(format!("{} {}", scene.unwrap_or("No scene"), icon::CARET_DOWN));
    egui::containers::menu::MenuButton::from_button(Button::new(text).frame_when_inactive(false)).ui(ui, |ui| {
        ui.set_width(260.0);
        let entry = |ui: &mut Ui, icon: &str, id: &str| {
            let command = find(id)?;
            let button = Button::new(format!("{icon}  {}", command.title))
                .shortcut_text(commands::shortcut_text(id))
                .frame_when_inactive(false)
                .min_size(vec2(ui.available_width(), ROW));
            ui.add(button).clicked().then_some(command)
        };
        let mut clicked = entry(ui, icon::FOLDER_OPEN, "open");
        if !recent.is_empty() {
            ui.menu_button(format!("{}  Open recent", icon::CLOCK), |ui| {
                for path in recent {
                    let place = path.to_string_lossy();
                    if ui.button(scene_word(path)).on_hover_text(&*place).clicked() {
                        actions.push(Open(path.clone()));
                        ui.close();
                    }
                }
            });
        }
        ui.separator();
        for (icon, id) in
            [(icon::FLOPPY_DISK, "save"), (icon::FLOPPY_DISK_BACK, "save-as"), (icon::ARROW_CLOCKWISE, "reload")]
        {
            clicked = clicked.or(entry(ui, icon, id));
        }
        ui.separator();
        for (icon, id) in [(icon::DOWNLOAD_SIMPLE, "import"), (icon::UPLOAD_SIMPLE, "export")] {
            clicked = clicked.or(entry(ui, icon, id));
        }
        ui.separator();
        clicked = clicked.or(entry(ui, icon::PENCIL_SIMPLE, "edit"));
        ui.separator();
        clicked = clicked.or(entry(ui, icon::SIGN_OUT, "quit"));
        if clicked.is_some() {
            chosen = clicked;
            ui.close();
        }
    });
    chosen
}

/// Returns the short name of a scene file: the name of its folder if the file is `scene.ron`, else its own name.
pub fn scene_word(path: &Path) -> String {
    let own = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let folder = path.parent().and_then(Path::file_name).map(|name| name.to_string_lossy().into_owned());
    match folder {
        Some(folder) if own == "scene" => folder,
        _ => own,
    }
}

/// Shows that a job runs, and lets a person stop it.
fn job_ui(ui: &mut Ui, label: &str, can_stop: bool, actions: &mut ActionList) {
    ui.add(Spinner::new().size(14.0));
    ui.add(egui::Label::new(theme::muted(format!("{label}…"))).truncate());
    if can_stop && icon_button(ui, icon::X, "Stop", false).clicked() {
        actions.push(StopJob);
    }
}

fn source_switch(ui: &mut Ui, bar: &TopBar, actions: &mut ActionList) {
    let colors = theme::colors(ui);
    let options: Vec<_> =
        bar.sources.iter().map(|(source, on)| (source.word(), source_color(*source, colors), *on)).collect();
    if let Some(number) = segmented(ui, &options) {
        actions.push(ShowSource(bar.sources[number].0));
    }
    for (name, on) in &bar.forks {
        let fill = if *on { colors.selected } else { colors.ground };
        let frame = egui::Frame::NONE.fill(fill).corner_radius(8.0).inner_margin(egui::Margin::symmetric(4, 2));
        frame.show(ui, |ui| {
            ui.spacing_mut().item_spacing.x = 0.0;
            ui.horizontal(|ui| {
                let color = if *on { colors.accent_text } else { colors.text };
                let text = RichText::new(format!("{} {name}", icon::GIT_BRANCH)).color(color);
                let chip = Button::new(text).frame(false).min_size(vec2(0.0, ROW - 2.0)).selected(*on);
                if ui.add(chip).on_hover_text("Show this what-if").clicked() {
                    actions.push(ShowTimeline(name.clone()));
                }
                let close = Button::new(RichText::new(icon::X).size(11.0).color(colors.muted)).frame(false);
                let close = ui.add(close.min_size(vec2(20.0, ROW - 2.0)));
                close
                    .widget_info(|| egui::WidgetInfo::labeled(egui::WidgetType::Button, true, format!("Close {name}")));
                if close.on_hover_text("Close this what-if").clicked() {
                    actions.push(CloseBranch(name.clone()));
                }
            });
        });
    }
}

/// Returns the mark, the colour and the text of a connection.
fn connection_words(feed: &FeedStatus, wall_us: i64, colors: &Colors) -> (Mark, Color32, String) {
    let age = feed.counters.last_arrival_us.map(|arrival_us| format::age_text(wall_us.saturating_sub(arrival_us)));
    let with_age = |words: String| match &age {
        Some(age) => format!("{words} · age {age}"),
        None => words,
    };
    match &feed.connection {
        _ if !feed.waiting.is_empty() => (Mark::Triangle, colors.warning, "Not connected: allow the broker?".into()),
        Connection::Idle => (Mark::Outline, colors.muted, "Not connected".into()),
        Connection::Connecting => (Mark::Diamond, colors.accent, "Connecting…".into()),
        Connection::Connected => {
            let rate = if feed.rate_per_s < 10.0 {
                format!("{:.1}", feed.rate_per_s)
            } else {
                format!("{:.0}", feed.rate_per_s)
            };
            (Mark::Circle, colors.good, with_age(format!("Connected · {rate} msg/s")))
        }
        Connection::Lost { .. } => (Mark::Triangle, colors.warning, with_age("Connection lost, trying again".into())),
    }
}

/// Draws the state of the connection to the broker. A click opens a field for the address of another broker.
fn connection_ui(ui: &mut Ui, feed: &FeedStatus, wall_us: i64, actions: &mut ActionList) {
    let (mark, color, words) = connection_words(feed, wall_us, theme::colors(ui));
    mark_ui(ui, mark, color);
    let button = Button::new(theme::muted(words)).frame_when_inactive(false).truncate();
    let stays = MenuConfig::new().close_behavior(PopupCloseBehavior::CloseOnClickOutside);
    let (response, _) = MenuButton::from_button(button).config(stays).ui(ui, |ui| broker_ui(ui, feed, actions));
    response.on_hover_ui(|ui| {
        ui.label(theme::semibold(&feed.url));
        if let Connection::Lost { error } = &feed.connection {
            ui.label(error);
        }
        ui.label(theme::muted(format!("{} messages, {} refused", feed.counters.messages, feed.counters.rejected)));
        if let Some(why) = &feed.counters.last_rejection {
            ui.label(theme::caption(why));
        }
        for topic in feed.counters.unknown_topics.iter().take(5) {
            ui.label(theme::caption(format!("No mapping for {topic}")));
        }
    });
}

fn broker_ui(ui: &mut Ui, feed: &FeedStatus, actions: &mut ActionList) {
    let id = Id::new(("another broker", &feed.url));
    let mut url = ui.data(|data| data.get_temp::<String>(id)).unwrap_or_else(|| feed.url.clone());
    ui.set_min_width(300.0);
    ui.set_max_width(320.0);
    if !feed.waiting.is_empty() {
        ui.label("The scene connects to");
        feed.waiting.iter().for_each(|url| drop(ui.label(theme::semibold(url))));
        ui.label(theme::caption("Allow it if you trust whoever made the scene. The host is remembered."));
        ui.add_space(8.0);
        if primary_button(ui, "Allow and connect").clicked() {
            actions.push(AllowBrokers(feed.waiting.clone()));
            ui.close();
        }
        ui.add_space(8.0);
    }
    ui.label(theme::caption("Broker"));
    let edit = TextEdit::singleline(&mut url).hint_text("mqtt://host:1883").desired_width(f32::INFINITY);
    let response = ui.add(edit.min_size(vec2(0.0, ROW)));
    let entered = response.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
    ui.add_space(4.0);
    let clicked = ui.add_enabled(!url.trim().is_empty(), Button::new("Connect").min_size(vec2(96.0, ROW))).clicked();
    if (clicked || entered) && !url.trim().is_empty() {
        actions.push(Connect(url.trim().to_string()));
        ui.close();
    }
    ui.data_mut(|data| data.insert_temp(id, url));
}

#[cfg(test)]
mod tests {
    use super::*;
    use cupola_run::feed::FeedCounters;

    #[test]
    fn scenes_are_named_after_their_folder() {
        for (path, word) in [("/a/office/scene.ron", "office"), ("/a/tower.ron", "tower"), ("scene.ron", "scene")] {
            assert_eq!(scene_word(Path::new(path)), word);
        }
    }

    #[test]
    fn connections_show_their_state_rate_and_age() {
        let status = |connection, last_arrival_us| FeedStatus {
            connection,
            rate_per_s: 412.4,
            counters: FeedCounters { last_arrival_us, ..Default::default() },
            ..Default::default()
        };
        let words = |feed: &FeedStatus| connection_words(feed, 10_000_000, &Colors::DARK).2;
        assert_eq!(words(&status(Connection::Connected, Some(9_200_000))), "Connected · 412 msg/s · age 0.8 s");
        assert_eq!(words(&status(Connection::Idle, None)), "Not connected");
        let lost = Connection::Lost { error: "refused".into() };
        assert_eq!(words(&status(lost, Some(4_000_000))), "Connection lost, trying again · age 6 s");
    }
}
