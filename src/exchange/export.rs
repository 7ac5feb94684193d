//! The action that exports the open scene.

use crate::action::{Action, ActionResult, WaitRule};
use crate::job::Jobs;
use crate::notice::{NoticeLevel, Notices};
use crate::timeline::OpenScene;
use bevy::prelude::*;
use cupola_exchange::export::{Format, export_to_file};
use cupola_run::Actor;
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
            let exported = export_to_file(&scene, format, &path);
            Box::new(move |world| {
                let (errors, others): (Vec<_>, Vec<_>) = exported
                    .findings
                    .iter()
                    .partition(|found| exported.bytes == 0 && found.severity == Severity::Error);
                for found in others.iter().filter(|found| found.severity >= Severity::Warning) {
                    world.resource_mut::<Notices>().push(NoticeLevel::Warning, found.to_string());
                }
                if let Some(error) = errors.first() {
                    return Err(error.to_string());
                }
                Ok(Some(format!("Exported to {}", path.display())))
            })
        })
    }
}
