//! Buildings in glTF and the twins made from their nodes. The models made for these twins must have no errors.
#![no_main]

use cupola_building::from_gltf;
use cupola_exchange::import::{Draft, gltf};
use cupola_fuzz::{assert_sound, draft_with_twins, settle_draft};
use libfuzzer_sys::fuzz_target;

/// The size of every buffer file, in bytes.
const BESIDE: usize = 256;

fuzz_target!(|bytes: &[u8]| {
    let Ok((building, _)) = from_gltf(bytes, &mut |_| Ok(vec![0; BESIDE])) else { return };
    building.storeys();
    let mut draft = Draft::default();
    gltf::read("fuzz.glb", &building, &mut draft);
    assert_sound(&draft);
    settle_draft(draft);
    gltf::read("fuzz.glb", &building, &mut draft_with_twins(&["a", "b"]));
});
