//! Files of events. Every event that can be read is the same event after it is written and read again.
#![no_main]

use cupola_run::record::{read, write};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(events) = read(bytes) else { return };
    let mut text = Vec::new();
    write(&mut text, &events).expect("writing to a vector can't fail");
    assert_eq!(read(text.as_slice()).expect("an event that was written"), events);
});
