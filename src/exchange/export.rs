//! The action that exports the open scene.

use crate::action::{Action, ActionResult, WaitRule};
use crate::job::Jobs;
use crate::notice::{NoticeLevel, Notices};
use crate::timeline::OpenScene;
use bevy::prelude::*;
use cupola_exchange::export::{Format, export};
use cupola_run::Actor;
use cupola_scene::write_atomically;
use cupola_twin::Severity;
use std::path::PathBuf;

/// The action that writes the open scene in a format of another program.
#[derive(Clone, Debug, PartialEq)]
pub struct Export {
    /// The file to write.
    pub path: PathBuf,
    /// The format of the file.
    pub format: Format,
}

impl Action for Export {
    fn waiting(&self) -> WaitRule {
        WaitRule::OnScene
    }

    fn apply(self: Box<Self>, world: &mut World, _: &Actor) -> ActionResult {
        let scene = world.get_resource::<OpenScene>().map(|open| open.0.clone()).ok_or("no scene is open")?;
        let Self { path, format } = *self;
        world.resource_mut::<Jobs>().start(format!("Exporting to {}", path.display()), false, move || {
            let exported = export(&scene, format);
            let written = if exported.bytes.is_empty() {
                Err("the scene can't be exported in this format".to_string())
            } else {
                write_atomically(&path, &exported.bytes).map_err(|found| found.to_string())
            };
            Box::new(move |world| {
                for found in exported.findings.iter().filter(|found| found.severity >= Severity::Warning) {
                    world.resource_mut::<Notices>().push(NoticeLevel::Warning, found.to_string());
                }
                written?;
                Ok(Some(format!("Exported to {}", path.display())))
            })
        })
    }
}
