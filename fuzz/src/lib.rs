//! What the targets share: the program's module of scenes, with every reader of foreign files in it, built here by its path so that
//! the 3D engine is not built along.

// Relative to this file. What it calls `crate::scene` is this module then.
#[path = "../../src/scene/mod.rs"]
#[allow(dead_code, unused_imports, reason = "the rest of the program uses what no target does")]
pub mod scene;

use cupola_twin::diagnostic::has_errors;
use cupola_twin::{Diagnostic, Models};
use scene::document::{Document, TwinDoc};
use scene::import::{Draft, ModelDoc, settle};
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
    scene::ron_options().from_str(text).ok()
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
