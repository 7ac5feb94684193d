//! The bulk import format of Azure Digital Twins.
#![no_main]

use cupola_exchange::import::{Draft, ndjson};
use cupola_fuzz::{settle_draft, text};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some(text) = text(bytes) else { return };
    let mut draft = Draft::default();
    if ndjson::read("fuzz.ndjson", text, &mut draft, &mut |_| {}) {
        settle_draft(draft);
    }
});
