//! Buildings in glTF, and the twins that are made of their nodes; the models that are made for them must be sound.
#![no_main]

use cupola_building::from_gltf;
use cupola_exchange::import::{Draft, gltf};
use cupola_fuzz::{assert_sound, draft_with_twins, settle_draft};
use libfuzzer_sys::fuzz_target;

/// Bytes that lie beside the file.
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
