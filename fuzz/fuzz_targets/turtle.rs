//! Brick and RealEstateCore in Turtle; the models that are made of it must be sound.
#![no_main]

use cupola_fuzz::scene::import::{Draft, brick};
use cupola_fuzz::{assert_sound, settle_draft, text};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some(text) = text(bytes) else { return };
    let mut draft = Draft::default();
    brick::read("fuzz.ttl", text, &mut draft);
    assert_sound(&draft);
    settle_draft(draft);
});
