//! `cupola [SCENE]`: the app in its window.

use super::{BAD_INPUT, Opened, Source, Trust, opened, output};
use crate::action::ActionRequest;
use crate::feed::AllowedBrokers;
use crate::notice::{NoticeLevel, Notices};
use crate::processor::MayStartPrograms;
use crate::session::{self, AllowedFiles, FileWatcher, Findings, SessionOptions};
use crate::timeline::{ShowSource, SourceKind};
use crate::window::{self, Target};
use bevy::app::AppExit;
use bevy::prelude::*;
use cupola_mqtt::Fleet;
use std::path::Path;

/// Opens a scene in a window.
pub(super) fn run(path: &Path, session: SessionOptions, source: Source, trust: Trust) -> u8 {
    let opened = match opened(cupola_scene::load(path)) {
        Ok(opened) => opened,
        Err(code) => return code,
    };
    if !has_display() {
        output::error_line("There is no display. Use `cupola run`, `cupola render` or `cupola demo --headless` here.");
        return BAD_INPUT;
    }
    show(opened, session, source, trust, None)
}

/// Returns whether a window can be opened.
pub(super) fn has_display() -> bool {
    let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    cfg!(not(target_os = "linux")) || set("DISPLAY") || set("WAYLAND_DISPLAY")
}

/// Shows a scene in a window. The fleet ends with the window.
pub(super) fn show(opened: Opened, session: SessionOptions, source: Source, trust: Trust, fleet: Option<Fleet>) -> u8 {
    // The renderer panics if it finds no driver. The message of the panic has been printed when the panic is caught
    // here.
    let shown = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| window(opened, session, source, trust)));
    drop(fleet);
    shown.unwrap_or_else(|_| {
        output::error_line("The window failed. If no graphics driver was found, install mesa-vulkan-drivers.");
        BAD_INPUT
    })
}

fn window((scene, diagnostics): Opened, options: SessionOptions, source: Source, trust: Trust) -> u8 {
    output::report(&diagnostics);
    let errors = cupola_twin::diagnostic::has_errors(&diagnostics);
    let mut app = window::build(&Target::Window);
    app.insert_resource(options);
    app.insert_resource(MayStartPrograms(trust.allow_programs));
    app.insert_resource(AllowedBrokers::kept());
    app.insert_resource(AllowedFiles::kept());
    session::open_scene(app.world_mut(), scene, diagnostics);
    app.world_mut().resource_mut::<FileWatcher>().enabled = true;
    if errors {
        let count = app.world().resource::<Findings>().0.len();
        let text = format!("{count} findings in the scene's files; run `cupola check` to see them all");
        app.world_mut().resource_mut::<Notices>().push(NoticeLevel::Warning, text);
    }
    let first = match source {
        Source::Live => SourceKind::Live,
        Source::Simulated => SourceKind::Simulated,
        Source::Replay => SourceKind::Replayed,
    };
    app.world_mut().write_message(ActionRequest::new(ShowSource(first)));
    match app.run() {
        AppExit::Success => 0,
        AppExit::Error(code) => code.get(),
    }
}
