//! Functions that the fuzz targets share.

use cupola_exchange::import::{Draft, ModelDoc, settle};
use cupola_scene::document::{Document, TwinDoc};
use cupola_twin::diagnostic::has_errors;
use cupola_twin::{Diagnostic, Models};
use std::collections::BTreeMap;

/// Returns the input as text, if it is UTF-8.
pub fn text(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok()
}

/// Splits the input at the first line break.
pub fn split_line(bytes: &[u8]) -> (&[u8], &[u8]) {
    match bytes.iter().position(|byte| *byte == b'\n') {
        Some(at) => (&bytes[..at], &bytes[at + 1..]),
        None => (bytes, &[]),
    }
}

/// Returns a draft with some twins, for importers that look up twins.
pub fn draft_with_twins(ids: &[&str]) -> Draft {
    let twin = |id: &&str| TwinDoc {
        id: (*id).to_string(),
        model: "dtmi:example:Thing;1".to_string(),
        properties: BTreeMap::new(),
    };
    Draft { twins: ids.iter().map(twin).collect(), ..Draft::default() }
}

/// Parses a scene document with the program's options.
pub fn document(text: &str) -> Option<Document> {
    cupola_scene::ron_options().from_str(text).ok()
}

/// Checks a draft against its models, as an import does.
pub fn settle_draft(mut draft: Draft) {
    settle(&mut draft);
}

/// Panics if models that an importer made have errors.
pub fn assert_sound(draft: &Draft) {
    let (_, found): (Models, Vec<Diagnostic>) = Models::read(draft.models.iter().map(ModelDoc::read));
    assert!(!has_errors(&found), "{found:#?}");
}
