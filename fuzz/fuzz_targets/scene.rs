//! Scenes: where things stand in their text, what it says, and how it is written again.
#![no_main]

use cupola_fuzz::scene::{Places, Step, to_ron};
use cupola_fuzz::{document, text};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some(text) = text(bytes) else { return };
    let places = Places::new("fuzz.ron".into(), text.to_string());
    places.of(&[Step::Field("twins"), Step::Item(0), Step::Field("model")]);
    places.key(&[Step::Field("building"), Step::Field("bindings"), Step::Field("A101")]);
    if let Some(document) = document(text) {
        let _ = to_ron(&document);
    }
});
