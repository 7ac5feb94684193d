//! The lock of a history, which only one program has.

use crate::error::HistoryError;
use std::fs::{File, TryLockError};
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// The longest time to wait for the lock. A program that is just being started by this one shares the lock of a history
/// that was closed, until it runs.
const PATIENCE: Duration = Duration::from_millis(300);

/// Locks a history until the returned file is closed.
///
/// # Errors
/// Another program has the lock, or the file of the lock can't be made.
pub(crate) fn lock(folder: &Path) -> Result<File, HistoryError> {
    let path = folder.join("lock");
    let lock = File::options().create(true).truncate(false).write(true).open(&path).map_err(HistoryError::io(&path))?;
    let begin = Instant::now();
    loop {
        match lock.try_lock() {
            Ok(()) => return Ok(lock),
            Err(TryLockError::WouldBlock) if begin.elapsed() < PATIENCE => sleep(Duration::from_millis(10)),
            Err(TryLockError::WouldBlock) => return Err(HistoryError::Locked(folder.display().to_string())),
            Err(TryLockError::Error(error)) => return Err(HistoryError::io(&path)(error)),
        }
    }
}
