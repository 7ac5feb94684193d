//! Notices: short messages for the user.

use bevy::prelude::*;

/// The level of a notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoticeLevel {
    /// A success.
    Good,
    /// A problem that did not stop the action.
    Warning,
    /// A failure.
    Error,
}

/// The notices with their levels, from the oldest to the newest.
#[derive(Resource, Clone, Debug, Default)]
pub struct Notices(pub Vec<(NoticeLevel, String)>);

impl Notices {
    /// Adds a notice. Only the newest 50 notices are kept.
    pub fn push(&mut self, level: NoticeLevel, text: impl Into<String>) {
        self.0.push((level, text.into()));
        let surplus = self.0.len().saturating_sub(50);
        self.0.drain(..surplus);
    }
}
