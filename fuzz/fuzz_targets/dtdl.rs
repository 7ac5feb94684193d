//! DTDL documents. Lines of `---` separate several documents in the input.
#![no_main]

use cupola_fuzz::text;
use cupola_twin::Models;
use libfuzzer_sys::fuzz_target;
use std::sync::Arc;

fuzz_target!(|bytes: &[u8]| {
    let Some(text) = text(bytes) else { return };
    let documents = text.split("\n---\n").map(|text| (Arc::from("fuzz.json"), text));
    Models::read(documents);
});
