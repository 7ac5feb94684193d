//! Shared by the targets: drafts and documents made of raw input.

use cupola_exchange::import::{Draft, ModelDoc, settle};
use cupola_scene::document::{Document, TwinDoc};
use cupola_twin::diagnostic::has_errors;
use cupola_twin::{Diagnostic, Models};
use std::collections::BTreeMap;

/// The input as text, if it is one.
pub fn text(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok()
}

/// A part of the input and the rest behind the first line break.
pub fn split_line(bytes: &[u8]) -> (&[u8], &[u8]) {
    match bytes.iter().position(|byte| *byte == b'\n') {
        Some(at) => (&bytes[..at], &bytes[at + 1..]),
        None => (bytes, &[]),
    }
}

/// A draft with some twins, for readers that look them up.
pub fn draft_with_twins(ids: &[&str]) -> Draft {
    let twin = |id: &&str| TwinDoc {
        id: (*id).to_string(),
        model: "dtmi:example:Thing;1".to_string(),
        properties: BTreeMap::new(),
    };
    Draft { twins: ids.iter().map(twin).collect(), ..Draft::default() }
}

/// A scene's document, read as the program reads it.
pub fn document(text: &str) -> Option<Document> {
    cupola_scene::ron_options().from_str(text).ok()
}

/// Goes on with a draft as an import does.
pub fn settle_draft(mut draft: Draft) {
    settle(&mut draft);
}

/// Panics if models that a reader made itself have errors.
pub fn assert_sound(draft: &Draft) {
    let (_, found): (Models, Vec<Diagnostic>) = Models::read(draft.models.iter().map(ModelDoc::read));
    assert!(!has_errors(&found), "{found:#?}");
}
