//! What is wrong with a specification.

use std::error::Error;
use std::fmt;

/// A specification that can't be computed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpecError {
    /// What it is: `zone`, `air handling unit`, `profile`, `room`, `dispenser`, `weather`.
    pub what: &'static str,
    /// Which one, from 0 in its list (a dispenser: in its room's).
    pub index: usize,
    /// Which field is wrong and what it may be.
    pub message: String,
}

impl fmt::Display for SpecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.what, self.index, self.message)
    }
}

impl Error for SpecError {}

/// Checks that every `(name, value, lowest, highest)` is in its range, which NaN never is.
pub(crate) fn check_ranges(
    what: &'static str,
    index: usize,
    fields: &[(&str, f64, f64, f64)],
) -> Result<(), SpecError> {
    for &(name, value, lowest, highest) in fields {
        if !(lowest..=highest).contains(&value) {
            let message = format!("{name} is {value}; it must be from {lowest} to {highest}");
            return Err(SpecError { what, index, message });
        }
    }
    Ok(())
}

/// Checks that a reference into a list of `count` leads somewhere.
pub(crate) fn check_index(
    what: &'static str,
    index: usize,
    name: &str,
    target: usize,
    count: usize,
) -> Result<(), SpecError> {
    if target < count {
        return Ok(());
    }
    let message = format!("{name} is {target}; there are {count}, counted from 0");
    Err(SpecError { what, index, message })
}
