//! Payloads of messages. The first line of the input is a JSON pointer into the rest.
#![no_main]

use cupola_fuzz::{split_line, text};
use cupola_wire::{Payload, TimeRule, fast_number, parse_time};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let (first, rest) = split_line(bytes);
    let Some(pointer) = text(first) else { return };
    fast_number(rest);
    let Ok(payload) = Payload::parse(rest) else { return };
    for pointer in [None, Some(pointer)] {
        if let Ok(scalar) = payload.scalar(pointer) {
            parse_time(&scalar);
        }
        let _ = payload.structure(pointer);
    }
    let _ = TimeRule { pointer: Some(pointer.to_string()) }.source_time(&payload);
});
