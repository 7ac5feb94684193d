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
    done: Vec<JournalStep>,
    undone: Vec<JournalStep>,
    /// The fingerprint of the scene file after the last step, which reveals a change by another program.
    #[serde(default)]
    fingerprint: u64,
}

/// The way back from a step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JournalStep {
    /// The edits that undo or redo the step.
    pub edits: Vec<Edit>,
    /// The same change of the text, which brings back comments and layout, if the text was written after the step.
    pub text: Option<TextChange>,
}

/// The replacement of one part of a text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TextChange {
    /// The position of the part, in bytes.
    at: usize,
    /// The length of the part, in bytes.
    len: usize,
    /// The text that replaces the part.
    with: String,
}

impl TextChange {
    /// Returns the change that makes `to` of `from`.
    pub fn between(from: &str, to: &str) -> Self {
        let at = from.bytes().zip(to.bytes()).take_while(|(one, other)| one == other).count();
        let at = from.floor_char_boundary(at).min(to.floor_char_boundary(at));
        let (from, to) = (&from[at..], &to[at..]);
        let same = from.bytes().rev().zip(to.bytes().rev()).take_while(|(one, other)| one == other).count();
        let from_end = from.ceil_char_boundary(from.len() - same);
        let to_end = to.len() - (from.len() - from_end);
        Self { at, len: from_end, with: to[..to_end].into() }
    }

    /// Returns the changed text, or `None` if the part lies outside of the text.
    pub fn apply(&self, text: &str) -> Option<String> {
        let after = text.get(self.at.checked_add(self.len)?..)?;
        Some([text.get(..self.at)?, &self.with, after].concat())
    }
}

impl Journal {
    /// Records a step by the way back from it. Earlier undone steps can't be redone after this.
    pub fn did(&mut self, undo: JournalStep) {
        self.done.push(undo);
        self.undone.clear();
        let surplus = self.done.len().saturating_sub(MAX_STEPS);
        self.done.drain(..surplus);
    }

    /// Returns the way back from the last step.
    pub fn to_undo(&self) -> Option<&JournalStep> {
        self.done.last()
    }

    /// Returns the way to the last undone step.
    pub fn to_redo(&self) -> Option<&JournalStep> {
        self.undone.last()
    }

    /// Records that the last step was undone, and the way to redo it.
    pub fn undid(&mut self, redo: JournalStep) {
        self.done.pop();
        self.undone.push(redo);
    }

    /// Records that the last undone step was redone, and the way back from it.
    pub fn redid(&mut self, undo: JournalStep) {
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_change_leads_from_one_text_to_the_other(from in "[aä\\n]{0,8}", to in "[aäö\\n]{0,8}") {
            let change = TextChange::between(&from, &to);
            prop_assert_eq!(change.apply(&from), Some(to));
        }
    }
}
