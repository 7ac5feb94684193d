//! Brick and RealEstateCore in Turtle. The models made from them must have no errors.
#![no_main]

use cupola_exchange::import::{Draft, brick};
use cupola_fuzz::{assert_sound, settle_draft, text};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some(text) = text(bytes) else { return };
    let (mut files, mut draft) = (brick::Files::default(), Draft::default());
    // The second half may refer to the first, or be invalid.
    let (first, second) = text.split_once('\u{c}').unwrap_or((text, ""));
    for part in [first, second] {
        let _ = files.add("fuzz.ttl", part.to_string());
    }
    files.read(&mut draft);
    assert_sound(&draft);
    settle_draft(draft);
});
