//! What was done to a scene, to be undone and done again.

use super::Edit;
use crate::{ron_options, write_atomically};
use cupola_twin::Diagnostic;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// Steps that can be undone.
const MAX_STEPS: usize = 100;

/// Steps that were done and undone, the last of each at the end.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Journal {
    done: Vec<Vec<Edit>>,
    undone: Vec<Vec<Edit>>,
    /// What the scene's file held after the last step, to notice that somebody else changed it.
    #[serde(default)]
    fingerprint: u64,
}

impl Journal {
    /// Notes a step by the edits that take it back; what was undone before can't be done again.
    pub fn did(&mut self, undo: Vec<Edit>) {
        self.done.push(undo);
        self.undone.clear();
        let surplus = self.done.len().saturating_sub(MAX_STEPS);
        self.done.drain(..surplus);
    }

    /// The edits that undo the last step.
    pub fn to_undo(&self) -> Option<&Vec<Edit>> {
        self.done.last()
    }

    /// The edits that do the last undone step again.
    pub fn to_redo(&self) -> Option<&Vec<Edit>> {
        self.undone.last()
    }

    /// Notes that the last step was undone; `redo` does it again.
    pub fn undid(&mut self, redo: Vec<Edit>) {
        self.done.pop();
        self.undone.push(redo);
    }

    /// Notes that the last undone step was done again; `undo` takes it back.
    pub fn redid(&mut self, undo: Vec<Edit>) {
        self.undone.pop();
        self.done.push(undo);
    }

    /// The journal beside a scene's file; an empty one if there is none, or if the file was changed by other means since.
    pub fn load(scene: &Path, text: &str) -> Self {
        let journal = std::fs::read_to_string(beside(scene)).ok();
        let journal = journal.and_then(|text| ron_options().from_str::<Self>(&text).ok());
        journal.filter(|journal| journal.fingerprint == fingerprint(text)).unwrap_or_default()
    }

    /// Writes the journal beside a scene's file whose text is now `text`.
    ///
    /// # Errors
    /// It can't be written.
    pub fn save(&mut self, scene: &Path, text: &str) -> Result<(), Diagnostic> {
        self.fingerprint = fingerprint(text);
        let journal = ron_options().to_string(self);
        let journal = journal.map_err(|error| Diagnostic::error("save-failed", format!("the journal: {error}")))?;
        write_atomically(&beside(scene), journal.as_bytes())
    }
}

fn beside(scene: &Path) -> PathBuf {
    let stem = scene.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    scene.with_file_name(format!(".{stem}.edits"))
}

/// FNV-1a: the same for the same text, everywhere and in every version.
fn fingerprint(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}
