//! Configurations of 3D Scenes Studio, with and without twins to look up.
#![no_main]

use cupola_fuzz::scene::import::{Draft, scenes3d};
use cupola_fuzz::{draft_with_twins, text};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some(text) = text(bytes) else { return };
    scenes3d::read("fuzz.json", text, &mut Draft::default());
    scenes3d::read("fuzz.json", text, &mut draft_with_twins(&["tank", "pump"]));
});
