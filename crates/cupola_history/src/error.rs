//! The reasons why a history can't be read or written.

use crate::block::BlockError;
use std::path::{Path, PathBuf};

/// The reason why a history can't be read or written.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// A file can't be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The reason.
        source: std::io::Error,
    },
    /// The database of a file refuses an operation, because the disk is full or the file is damaged, for example.
    #[error("{}: {source}", path.display())]
    Database {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: rusqlite::Error,
    },
    /// A block is damaged.
    #[error("{}: {what}: {source}", path.display())]
    Block {
        /// The file.
        path: PathBuf,
        /// The block.
        what: String,
        /// The reason.
        source: BlockError,
    },
    /// A newer program has written the history.
    #[error("{} has format {found}; this program reads format {} and older: use a newer Cupola", path.display(), crate::sqlite::FORMAT)]
    Newer {
        /// The file.
        path: PathBuf,
        /// The format.
        found: i64,
    },
    /// The folder has no history.
    #[error("{} has no history", .0.display())]
    None(PathBuf),
    /// Another program records into the history.
    #[error("another program records into {}", .0.display())]
    Locked(PathBuf),
}

impl HistoryError {
    pub(crate) fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        move |source| Self::Io { path: path.to_path_buf(), source }
    }

    pub(crate) fn database(path: &Path) -> impl FnOnce(rusqlite::Error) -> Self {
        move |source| Self::Database { path: path.to_path_buf(), source }
    }

    /// Returns whether the history itself is damaged, as opposed to a lack of space or rights.
    pub fn is_damage(&self) -> bool {
        match self {
            Self::Block { .. } => true,
            Self::Database { source: rusqlite::Error::SqliteFailure(error, _), .. } => {
                use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase};
                matches!(error.code, DatabaseCorrupt | NotADatabase)
            }
            _ => false,
        }
    }
}
