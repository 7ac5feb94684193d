//! Menu commands: one table for the keys, the palette and the list of shortcuts.

use super::open::{FileWindow, Purpose};
use super::panel_data::PanelData;
use super::{UiState, storeys};
use crate::action::{ActionList, ActionSender};
use crate::feed::AllowSceneBrokers;
use crate::look::ChangeLook;
use crate::look::{Theme, ViewSettings};
use crate::processor::AllowPrograms;
use crate::selection::{Focus, Select};
use crate::session::{AllowSceneFiles, Quit, Redo, Reload, Save, Undo};
use crate::timeline::SourceKind;
use crate::timeline::{CompareMoment, CompareWith, MakeBranch, Play, ShowSource, Step, StepPast};
use crate::trend::{ChangeTrends, TrendSettings};
use bevy::prelude::*;
use bevy_egui::EguiContexts;
use bevy_egui::egui::{self, Key};
use cupola_exchange::export::Format;
use cupola_history::PastStep;
use cupola_scene::ALLOW_FILES_TITLE;

/// A key, alone or with Ctrl (Cmd on a Mac).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shortcut {
    /// The key by itself.
    Plain(Key),
    /// The key with Ctrl.
    Ctrl(Key),
}

impl Shortcut {
    /// Returns the written form, such as `Ctrl+K`.
    pub fn text(self) -> String {
        let name = |key: Key| match key {
            Key::Escape => "Esc",
            Key::PageUp => "Page up",
            Key::PageDown => "Page down",
            key => key.symbol_or_name(),
        };
        match self {
            Self::Plain(key) => name(key).to_string(),
            Self::Ctrl(key) => format!("Ctrl+{}", name(key)),
        }
    }
}

/// The data that a menu command reads and writes.
pub struct Situation<'a> {
    /// The settings of the view.
    pub view: &'a ViewSettings,
    /// Whether the clock of the timeline on the screen moves.
    pub playing: bool,
    /// The settings of the trends.
    pub trends: &'a TrendSettings,
    /// The kind of the timeline on the screen.
    pub source: Option<SourceKind>,
    /// The id of the selected twin.
    pub selected: Option<String>,
    /// The storeys of the building, lowest first.
    pub storeys: &'a [usize],
    /// The state of the panels.
    pub ui: &'a mut UiState,
    /// The actions that the menu command pushes.
    pub actions: &'a mut ActionList,
}

impl Situation<'_> {
    fn change_view(&mut self, change: impl FnOnce(&mut ViewSettings)) {
        let mut view = self.view.clone();
        change(&mut view);
        self.actions.push(ChangeLook(view));
    }
}

/// A menu command.
pub struct Command {
    /// The identifier in the code.
    pub id: &'static str,
    /// The text on the screen, which begins with a verb.
    pub title: &'static str,
    /// The heading in the list of shortcuts.
    pub group: &'static str,
    /// The keys.
    pub shortcuts: &'static [Shortcut],
    /// The function that runs the menu command.
    pub run: fn(&mut Situation<'_>),
}

/// All menu commands, in the order of the list of shortcuts.
pub const COMMANDS: &[Command] = &[
    command("palette", "Search everything", "General", &[Shortcut::Ctrl(Key::K), Shortcut::Ctrl(Key::P)], |now| {
        now.ui.palette.open();
    }),
    command("open", "Open scene…", "General", &[Shortcut::Ctrl(Key::O)], |now| {
        now.ui.file_window = Some(FileWindow::new(Purpose::Open));
    }),
    command("save", "Save scene", "General", &[Shortcut::Ctrl(Key::S)], |now| now.actions.push(Save(None))),
    command("save-as", "Save a copy as…", "General", &[], |now| {
        now.ui.file_window = Some(FileWindow::new(Purpose::Save))
    }),
    command("import", "Import…", "General", &[], |now| now.ui.file_window = Some(FileWindow::new(Purpose::Import))),
    command("export", "Export…", "General", &[], |now| {
        now.ui.file_window = Some(FileWindow::new(Purpose::Export(Format::Ndjson)));
    }),
    command("edit", "Edit graph", "General", &[Shortcut::Ctrl(Key::E)], |now| {
        now.ui.edit.open = !now.ui.edit.open;
        now.ui.right_open |= now.ui.edit.open;
    }),
    command("undo", "Undo the last edit", "General", &[Shortcut::Ctrl(Key::Z)], |now| now.actions.push(Undo)),
    command("redo", "Redo the last undone edit", "General", &[Shortcut::Ctrl(Key::Y)], |now| {
        now.actions.push(Redo);
    }),
    command("reload", "Reload scene", "General", &[Shortcut::Ctrl(Key::R)], |now| now.actions.push(Reload)),
    command("programs", "Let the scene's programs run", "General", &[], |now| {
        now.actions.push(AllowPrograms(true));
    }),
    command("brokers", "Connect to the scene's brokers", "General", &[], |now| now.actions.push(AllowSceneBrokers)),
    command("files", ALLOW_FILES_TITLE, "General", &[], |now| now.actions.push(AllowSceneFiles)),
    command("theme", "Switch between dark and light", "General", &[Shortcut::Plain(Key::T)], |now| {
        now.change_view(|view| {
            view.theme = match view.theme {
                Theme::Dark => Theme::Light,
                Theme::Light => Theme::Dark,
            };
        });
    }),
    command("motion", "Turn reduced motion on or off", "General", &[], |now| {
        now.change_view(|view| view.reduced_motion = !view.reduced_motion);
    }),
    command("shortcuts", "Show shortcuts", "General", &[Shortcut::Plain(Key::Questionmark)], |now| {
        now.ui.shortcuts_open = !now.ui.shortcuts_open;
    }),
    command("quit", "Quit", "General", &[Shortcut::Ctrl(Key::Q)], |now| now.actions.push(Quit)),
    command("live", "Show live", "Time", &[Shortcut::Plain(Key::Num1)], |now| {
        now.actions.push(ShowSource(SourceKind::Live));
    }),
    command("simulated", "Show simulated", "Time", &[Shortcut::Plain(Key::Num2)], |now| {
        now.actions.push(ShowSource(SourceKind::Simulated));
    }),
    command("replay", "Show replay", "Time", &[Shortcut::Plain(Key::Num3)], |now| {
        now.actions.push(ShowSource(SourceKind::Replayed));
    }),
    command("play", "Play or pause", "Time", &[Shortcut::Plain(Key::Space)], |now| {
        now.actions.push(Play(!now.playing));
    }),
    command("step", "Step forward, or to the next change", "Time", &[Shortcut::Plain(Key::Period)], |now| {
        match now.source {
            Some(SourceKind::Replayed) => now.actions.push(StepPast { step: PastStep::Change, is_next: true }),
            _ => now.actions.push(Step),
        }
    }),
    command("step-back", "Go to the previous change", "Time", &[Shortcut::Plain(Key::Comma)], |now| {
        now.actions.push(StepPast { step: PastStep::Change, is_next: false });
    }),
    command("next-event", "Go to the next alarm or event", "Time", &[Shortcut::Plain(Key::CloseBracket)], |now| {
        now.actions.push(StepPast { step: PastStep::Event, is_next: true });
    }),
    command("last-event", "Go to the previous alarm or event", "Time", &[Shortcut::Plain(Key::OpenBracket)], |now| {
        now.actions.push(StepPast { step: PastStep::Event, is_next: false });
    }),
    command("trends", "Show or hide the trends", "Time", &[Shortcut::Plain(Key::G)], |now| {
        let is_open = !now.trends.is_open;
        now.actions.push(ChangeTrends(TrendSettings { is_open, ..now.trends.clone() }));
    }),
    command("what-if", "Make a what-if from here", "Time", &[Shortcut::Plain(Key::W)], |now| {
        now.actions.push(MakeBranch);
    }),
    command("compare", "Compare with the moment on the screen", "Time", &[], |now| {
        now.actions.push(CompareMoment(CompareWith::Shown));
    }),
    command("end-comparison", "End the comparison", "Time", &[], |now| {
        now.actions.push(CompareMoment(CompareWith::Nothing))
    }),
    command("focus", "Focus the selection", "View", &[Shortcut::Plain(Key::F)], |now| {
        now.actions.push(Focus(now.selected.clone()));
    }),
    command("home", "Show the whole building", "View", &[Shortcut::Plain(Key::Home)], |now| {
        now.actions.push(Focus(None));
    }),
    command("floor-up", "Go one floor up", "View", &[Shortcut::Plain(Key::PageUp)], |now| {
        let storey = storeys::above(now.storeys, now.view.storey);
        now.change_view(|view| view.storey = storey);
    }),
    command("floor-down", "Go one floor down", "View", &[Shortcut::Plain(Key::PageDown)], |now| {
        let storey = storeys::below(now.storeys, now.view.storey);
        now.change_view(|view| view.storey = storey);
    }),
    command("see-through", "Turn see-through walls on or off", "View", &[Shortcut::Plain(Key::X)], |now| {
        now.change_view(|view| view.see_through = !view.see_through);
    }),
    command("explode", "Move the storeys apart or together", "View", &[Shortcut::Plain(Key::E)], |now| {
        now.change_view(|view| view.explode = !view.explode);
    }),
    command("isolate", "Isolate the floor", "View", &[Shortcut::Plain(Key::I)], |now| {
        let highest = now.storeys.last().copied();
        now.change_view(|view| {
            view.isolate = !view.isolate;
            // Isolation needs a storey, so the highest one is chosen if none is.
            view.storey = view.storey.or(highest.filter(|_| view.isolate));
        });
    }),
    command("labels", "Turn room labels on or off", "View", &[Shortcut::Plain(Key::L)], |now| {
        now.change_view(|view| view.labels = !view.labels);
    }),
    command("deselect", "Clear the selection", "View", &[Shortcut::Plain(Key::Escape)], |now| {
        now.actions.push(Select(None));
    }),
    command("tree", "Show or hide the tree", "View", &[], |now| now.ui.left_open = !now.ui.left_open),
    command("inspector", "Show or hide the inspector", "View", &[], |now| now.ui.right_open = !now.ui.right_open),
];

const fn command(
    id: &'static str,
    title: &'static str,
    group: &'static str,
    shortcuts: &'static [Shortcut],
    run: fn(&mut Situation<'_>),
) -> Command {
    Command { id, title, group, shortcuts, run }
}

/// Returns the first shortcut of a menu command, as it is written.
pub fn shortcut_text(id: &str) -> String {
    let command = COMMANDS.iter().find(|command| command.id == id);
    command.and_then(|command| command.shortcuts.first()).map_or_else(String::new, |shortcut| shortcut.text())
}

/// Returns the menu command of a pressed key.
fn meant(key: Key, modifiers: egui::Modifiers) -> Option<&'static Command> {
    // Only `?` may come with Shift, because most keyboards need Shift to type it.
    if modifiers.alt || (modifiers.shift && key != Key::Questionmark) {
        return None;
    }
    let ctrl = modifiers.ctrl || modifiers.command;
    let pressed = if ctrl { Shortcut::Ctrl(key) } else { Shortcut::Plain(key) };
    COMMANDS.iter().find(|command| command.shortcuts.contains(&pressed))
}

/// Runs the menu commands of the pressed keys, unless a text field has the focus or a menu or window is open.
pub(super) fn keys(
    mut contexts: EguiContexts,
    shown: PanelData<'_, '_>,
    mut state: ResMut<UiState>,
    mut sender: ActionSender,
) -> Result {
    let ctx = contexts.ctx_mut()?;
    let typing = ctx.text_edit_focused() || egui::Popup::is_any_open(ctx);
    // A widget that has the keyboard focus handles Space and Escape itself.
    let on_widget = ctx.memory(|memory| memory.focused().is_some());
    if typing || state.palette.is_open() || state.file_window.is_some() {
        return Ok(());
    }
    let pressed: Vec<(Key, egui::Modifiers)> = ctx.input(|input| {
        let keys = input.events.iter().filter_map(|event| match event {
            egui::Event::Key { key, pressed: true, repeat, modifiers, .. } => {
                // Key repeat runs the menu commands for steps and floors again. It must not toggle a switch more than
                // once.
                let walks = matches!(key, Key::Period | Key::PageUp | Key::PageDown);
                let taken = on_widget && matches!(key, Key::Space | Key::Escape);
                ((!*repeat || walks) && !taken).then_some((*key, *modifiers))
            }
            _ => None,
        });
        keys.collect()
    });
    let mut wanted = ActionList::default();
    for command in pressed.into_iter().filter_map(|(key, modifiers)| meant(key, modifiers)) {
        if command.id == "deselect" && state.shortcuts_open {
            state.shortcuts_open = false;
            continue;
        }
        run(command, &shown, &mut state, &mut wanted);
    }
    sender.send_all(wanted);
    Ok(())
}

/// Runs a menu command on the current data of the panels.
pub fn run(command: &Command, shown: &PanelData<'_, '_>, state: &mut UiState, actions: &mut ActionList) {
    let storeys = state.storeys.clone();
    (command.run)(&mut Situation {
        view: &shown.view,
        trends: &shown.trends.settings,
        source: shown.active().map(|view| view.timeline.source()),
        playing: shown.active().is_some_and(|view| view.playing),
        selected: shown.selection.selected().map(|twin| shown.id(twin)),
        storeys: &storeys,
        ui: state,
        actions,
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_shortcut_has_two_commands() {
        let mut seen: Vec<(Shortcut, &str)> = Vec::new();
        for command in COMMANDS {
            for shortcut in command.shortcuts {
                let other = seen.iter().find(|(taken, _)| taken == shortcut);
                assert!(other.is_none(), "{} is {:?} and {}", shortcut.text(), other.map(|(_, id)| id), command.id);
                seen.push((*shortcut, command.id));
            }
        }
        assert!(seen.len() > 15);
    }

    #[test]
    fn ids_and_titles_are_unique() {
        for (at, command) in COMMANDS.iter().enumerate() {
            assert!(COMMANDS[..at].iter().all(|other| other.id != command.id && other.title != command.title));
        }
    }

    #[test]
    fn keys_select_menu_commands() {
        let ctrl = egui::Modifiers { ctrl: true, command: true, ..Default::default() };
        let shift = egui::Modifiers { shift: true, ..Default::default() };
        let id = |key, modifiers| meant(key, modifiers).map(|command| command.id);
        assert_eq!(id(Key::K, ctrl), Some("palette"));
        assert_eq!(id(Key::K, egui::Modifiers::NONE), None);
        assert_eq!(id(Key::Questionmark, shift), Some("shortcuts"));
        assert_eq!(id(Key::F, shift), None);
        assert_eq!(shortcut_text("save"), "Ctrl+S");
    }
}
