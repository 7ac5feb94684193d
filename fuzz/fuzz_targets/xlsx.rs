//! Spreadsheets.
//!
//! The importer catches panics of the library that unpacks the file. The panic hook of libFuzzer, which would end the
//! process before that, is therefore removed. A panic that is not caught still ends the process, because it can't leave
//! the function that libFuzzer calls.
#![no_main]

use cupola_exchange::import::{Draft, xlsx};
use libfuzzer_sys::fuzz_target;

fuzz_target!(init: drop(std::panic::take_hook()), |bytes: &[u8]| {
    let _ = xlsx::read("fuzz.xlsx", bytes, &mut Draft::default());
});
