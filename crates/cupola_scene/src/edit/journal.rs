//! The journal of edits to a scene, for undo and redo.

use super::Edit;
use crate::{ron_options, write_atomically};
use cupola_twin::Diagnostic;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// The largest number of steps that can be undone.
const MAX_STEPS: usize = 100;

/// The steps that were made and the steps that were undone, in order, with the latest last.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Journal {
    done: Vec<Vec<Edit>>,
    undone: Vec<Vec<Edit>>,
    /// The fingerprint of the scene file after the last step, which reveals a change by another program.
    #[serde(default)]
    fingerprint: u64,
}

impl Journal {
    /// Records a step by the edits that undo it. Earlier undone steps can't be redone after this.
    pub fn did(&mut self, undo: Vec<Edit>) {
        self.done.push(undo);
        self.undone.clear();
        let surplus = self.done.len().saturating_sub(MAX_STEPS);
        self.done.drain(..surplus);
    }

    /// Returns the edits that undo the last step.
    pub fn to_undo(&self) -> Option<&Vec<Edit>> {
        self.done.last()
    }

    /// Returns the edits that redo the last undone step.
    pub fn to_redo(&self) -> Option<&Vec<Edit>> {
        self.undone.last()
    }

    /// Records that the last step was undone. `redo` are the edits that redo the step.
    pub fn undid(&mut self, redo: Vec<Edit>) {
        self.done.pop();
        self.undone.push(redo);
    }

    /// Records that the last undone step was redone. `undo` are the edits that undo the step.
    pub fn redid(&mut self, undo: Vec<Edit>) {
        self.undone.pop();
        self.done.push(undo);
    }

    /// Reads the journal beside a scene file whose text is `text`. The journal is empty if the file does not exist or
    /// is unreadable, or if another program has changed the scene file.
    pub fn load(scene: &Path, text: &str) -> Self {
        let journal = std::fs::read_to_string(beside(scene)).ok();
        let journal = journal.and_then(|text| ron_options().from_str::<Self>(&text).ok());
        journal.filter(|journal| journal.fingerprint == fingerprint(text)).unwrap_or_default()
    }

    /// Writes the journal beside a scene file whose text is now `text`.
    ///
    /// # Errors
    /// The journal can't be written.
    pub fn save(&mut self, scene: &Path, text: &str) -> Result<(), Diagnostic> {
        self.fingerprint = fingerprint(text);
        let journal = ron_options().to_string(self);
        let journal = journal.map_err(|error| Diagnostic::error("save-failed", format!("journal: {error}")))?;
        write_atomically(&beside(scene), journal.as_bytes())
    }
}

fn beside(scene: &Path) -> PathBuf {
    let stem = scene.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    scene.with_file_name(format!(".{stem}.edits"))
}

/// Returns the FNV-1a hash of a text. The hash is the same on every machine and in every version of the program.
fn fingerprint(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}
