//! The JSON of the Azure Digital Twins service and of Azure Digital Twins Explorer.
#![no_main]

use cupola_exchange::import::{Draft, service};
use cupola_fuzz::{settle_draft, text};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some(text) = text(bytes) else { return };
    let mut draft = Draft::default();
    if service::read("fuzz.json", "fuzz", text, &mut draft) == Ok(true) {
        settle_draft(draft);
    }
});
