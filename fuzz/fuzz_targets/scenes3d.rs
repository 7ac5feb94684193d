//! Configurations of 3D Scenes Studio, with and without twins in the draft.
#![no_main]

use cupola_exchange::import::{Draft, scenes3d};
use cupola_fuzz::{draft_with_twins, text};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some(text) = text(bytes) else { return };
    let (mut alone, mut with_twins) = (Draft::default(), draft_with_twins(&["tank", "pump"]));
    let results = [&mut alone, &mut with_twins].map(|draft| scenes3d::read("fuzz.json", text, draft));
    assert_eq!(results[0].is_ok(), results[1].is_ok(), "the twins change whether the file is readable");
});
