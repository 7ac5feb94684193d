//! Spreadsheets.
//!
//! The program takes a panic in the library that unpacks them for a damaged file, so a panic must not end this process before it is
//! caught there. One that isn't caught still ends it: it can't leave the function that libFuzzer calls.
#![no_main]

use cupola_exchange::import::{Draft, xlsx};
use libfuzzer_sys::fuzz_target;

fuzz_target!(init: drop(std::panic::take_hook()), |bytes: &[u8]| {
    let _ = xlsx::read("fuzz.xlsx", bytes, &mut Draft::default());
});
