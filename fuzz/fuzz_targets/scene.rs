//! Scenes: positions in the text, parsing and writing.
#![no_main]

use cupola_scene::{Places, Step, to_ron};
use cupola_fuzz::document;
use cupola_twin::bulk;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some(text) = cupola_fuzz::text(bytes) else { return };
    let places = Places::new("fuzz.ron".into(), text.to_string());
    places.of(&[Step::Field("twins"), Step::Item(0), Step::Field("model")]);
    places.key(&[Step::Field("building"), Step::Field("bindings"), Step::Field("A101")]);
    let whole = document(text);
    // The full parser must accept every text that the fast parser accepts.
    if let Some(read) = bulk::text::read(text)
        && let Some(rest) = document(&read.lists.rest(text))
    {
        assert!(rest.twins.is_empty() && whole.is_some(), "{text}");
    }
    if let Some(document) = whole {
        let _ = to_ron(&document);
    }
});
