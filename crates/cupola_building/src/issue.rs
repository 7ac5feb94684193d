//! What is wrong with an input that can still be used.

use std::fmt;

/// One finding about a plan or a glTF file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issue {
    /// Where in the document: `storeys[1].rooms[3].polygon`, `nodes[12].mesh`.
    pub path: String,
    /// A stable word for machines: `duplicate-id`, `room-overlap`.
    pub code: &'static str,
    /// What is wrong, with the numbers.
    pub message: String,
    /// What to do about it.
    pub help: String,
}

impl Issue {
    /// An issue from its four fields.
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
