//! Notices: short messages for the user.

use bevy::prelude::*;

/// How loud a notice is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoticeLevel {
    /// It worked.
    Good,
    /// It didn't, or not wholly.
    Warning,
    /// It failed.
    Error,
}

/// Messages for the user, newest last, with the second (of the app's time) they appeared at.
#[derive(Resource, Clone, Debug, Default)]
pub struct Notices(pub Vec<(NoticeLevel, String)>);

impl Notices {
    /// Adds one; at most 50 are kept.
    pub fn push(&mut self, level: NoticeLevel, text: impl Into<String>) {
        self.0.push((level, text.into()));
        let surplus = self.0.len().saturating_sub(50);
        self.0.drain(..surplus);
    }
}
