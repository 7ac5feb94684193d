//! The reasons why a history can't be read or written.

use crate::block::BlockError;
use crate::place::DatabasePlace;
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
    File {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: rusqlite::Error,
    },
    /// A PostgreSQL database can't be reached, or refuses an operation.
    #[error("{place}: {}", causes(source))]
    Database {
        /// The place.
        place: String,
        /// The reason.
        source: postgres::Error,
    },
    /// A history can't be used.
    #[error("{place}: {why}")]
    Refused {
        /// The place.
        place: String,
        /// The reason.
        why: String,
    },
    /// A block is damaged.
    #[error("{place}: {what}: {source}")]
    Block {
        /// The file or table.
        place: String,
        /// The block.
        what: String,
        /// The reason.
        source: BlockError,
    },
    /// A newer program has written the history.
    #[error(
        "{place} has format {found}; this program reads format {} and older: use a newer Cupola",
        crate::store::FORMAT
    )]
    Newer {
        /// The file or database.
        place: String,
        /// The format.
        found: i64,
    },
    /// The place has no history.
    #[error("{0} has no history")]
    None(String),
    /// Another program records into the history.
    #[error("another program records into {0}")]
    Locked(String),
}

impl HistoryError {
    pub(crate) fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        move |source| Self::Io { path: path.to_path_buf(), source }
    }

    pub(crate) fn sqlite(path: &Path) -> impl FnOnce(rusqlite::Error) -> Self {
        move |source| Self::File { path: path.to_path_buf(), source }
    }

    pub(crate) fn postgres(place: &DatabasePlace) -> impl FnOnce(postgres::Error) -> Self + use<> {
        let place = place.to_string();
        move |source| Self::Database { place, source }
    }

    /// Returns whether the history itself is damaged, as opposed to a lack of space or rights.
    pub fn is_damage(&self) -> bool {
        match self {
            Self::Block { .. } => true,
            Self::File { source: rusqlite::Error::SqliteFailure(error, _), .. } => {
                use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase};
                matches!(error.code, DatabaseCorrupt | NotADatabase)
            }
            Self::Database { source, .. } => {
                use postgres::error::SqlState;
                source.code().is_some_and(|code| [SqlState::DATA_CORRUPTED, SqlState::INDEX_CORRUPTED].contains(code))
            }
            _ => false,
        }
    }
}

/// Returns an error with its causes as one text.
fn causes(error: &postgres::Error) -> String {
    if let Some(answer) = error.as_db_error() {
        return answer.message().to_string();
    }
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = error.source();
    }
    text
}
