//! Errors of specifications.

/// Error for a specification that cannot be computed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} {index}: {message}")]
pub struct SpecError {
    /// Kind of object: `zone`, `air handling unit`, `profile`, `room`, `dispenser`, `weather`.
    pub what: &'static str,
    /// Index of the object in its list, from 0 (a dispenser: in its room's list).
    pub index: usize,
    /// Faulty field and its valid values.
    pub message: String,
}

/// Checks that every `(name, value, lowest, highest)` is in its range. NaN is never in range.
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

/// Checks that an index into a list of `count` items exists.
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
