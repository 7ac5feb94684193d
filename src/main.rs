//! Cupola.
fn main() {}
