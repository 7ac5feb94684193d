//! Expressions and queries.
#![no_main]

use cupola_fuzz::text;
use cupola_twin::{expr, query};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some(text) = text(bytes) else { return };
    match expr::parse(text) {
        Ok(expression) => {
            expression.size();
            expression.paths(&mut |path| drop(path.to_string()));
        }
        Err(error) => drop(error.under(text)),
    }
    if let Err(error) = query::parse(text) {
        error.under(text);
    }
});
