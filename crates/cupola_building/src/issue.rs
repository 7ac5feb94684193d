//! Findings about an input that can still be used.

use std::fmt;

/// Finding about a plan or a glTF file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issue {
    /// Position in the document: `storeys[1].rooms[3].polygon`, `nodes[12].mesh`.
    pub path: String,
    /// Stable code for programs: `duplicate-id`, `room-overlap`.
    pub code: &'static str,
    /// Description of the fault, with numbers.
    pub message: String,
    /// Suggested remedy.
    pub help: String,
}

impl Issue {
    /// Returns an issue with these fields.
    pub fn new(
        path: impl Into<String>,
        code: &'static str,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> Self {
        Self { path: path.into(), code, message: message.into(), help: help.into() }
    }
}

impl fmt::Display for Issue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} [{}]; {}", self.path, self.message, self.code, self.help)
    }
}
