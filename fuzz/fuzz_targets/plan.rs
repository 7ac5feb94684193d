//! Floor plans, and the buildings made from valid plans.
#![no_main]

use cupola_building::{Plan, build};
use cupola_fuzz::text;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some(text) = text(bytes) else { return };
    let Ok(plan) = Plan::from_ron(text) else { return };
    if plan.check().is_empty() {
        build(&plan);
    }
});
