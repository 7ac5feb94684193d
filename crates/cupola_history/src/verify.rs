//! The check of a history, and its repair: damaged parts are set aside, and everything else stays readable.

use crate::block;
use crate::error::HistoryError;
use crate::lock::lock;
use crate::sqlite::{Day, Files, Table};
use std::path::{Path, PathBuf};

/// A damaged part of a history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// The file.
    pub path: PathBuf,
    /// The part of the file, with the span of its changes, and the reason.
    pub what: String,
    /// Whether the part was set aside.
    pub is_set_aside: bool,
}

/// The result of a check.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CheckResult {
    /// The number of files that were checked.
    pub files: usize,
    /// The number of blocks whose checksums were checked.
    pub blocks: u64,
    /// The damaged parts.
    pub damage: Vec<Damage>,
}

/// Checks the structure of every file of a history, and the checksum of every block. With `repairs`, damaged blocks and
/// files are set aside: a block in the table `damaged` of its file, a file under a name that ends with `.damaged`.
///
/// # Errors
/// There is no history, a newer program has written it, or another program records into it and it is to be repaired.
pub fn check(folder: &Path, repairs: bool) -> Result<CheckResult, HistoryError> {
    let _lock = if repairs { Some(lock(folder)?) } else { None };
    let mut result = CheckResult::default();
    let mut files = Files::new(folder, repairs)?;
    result.files += 1;
    let fault = match files.fault_of_catalog() {
        Err(error) if error.is_damage() => Some(error.to_string()),
        fault => fault?,
    };
    if let Some(why) = fault {
        let path = files.catalog_path();
        files.close();
        result.damage.push(damaged_file(&path, &why, repairs)?);
        if !repairs {
            return Ok(result);
        }
        if !files.restore_catalog()? {
            // Without names, nobody knows which series the changes are of.
            files.close();
            let days = folder.join("days");
            let what = "without the catalogue, the changes have no names".to_string();
            set_aside(&days)?;
            result.damage.push(Damage { path: days, what, is_set_aside: true });
            let _ = std::fs::remove_file(files.catalog_path());
            std::fs::create_dir_all(folder.join("days")).map_err(HistoryError::io(folder))?;
            return Ok(result);
        }
    }
    for day in files.days()? {
        result.files += 1;
        if let Err(error) = check_day(&mut files, day, repairs, &mut result) {
            if !error.is_damage() {
                return Err(error);
            }
            files.close();
            result.damage.push(damaged_file(&files.day_path(day), &error.to_string(), repairs)?);
        }
    }
    Ok(result)
}

fn check_day(files: &mut Files, day: Day, repairs: bool, result: &mut CheckResult) -> Result<(), HistoryError> {
    let path = files.day_path(day);
    if let Some(why) = files.fault_of_day(day)? {
        files.close();
        result.damage.push(damaged_file(&path, &why, repairs)?);
        return Ok(());
    }
    for table in Table::ALL {
        let mut damaged = Vec::new();
        files.each_block(day, table, |id, place, data| {
            result.blocks += 1;
            let mut rows = Vec::new();
            if let Err(why) = block::decode(data, &mut rows) {
                damaged.push((id, format!("{place}: {why}")));
            }
        })?;
        for (id, what) in damaged {
            if repairs {
                files.set_block_aside(day, table, id, &what)?;
            }
            result.damage.push(Damage { path: path.clone(), what, is_set_aside: repairs });
        }
    }
    Ok(())
}

/// Returns the damage of a whole file, which is renamed for a repair.
fn damaged_file(path: &Path, why: &str, repairs: bool) -> Result<Damage, HistoryError> {
    if repairs {
        set_aside(path)?;
    }
    Ok(Damage { path: path.to_path_buf(), what: why.to_string(), is_set_aside: repairs })
}

/// Renames a database and the files that belong to it.
pub(crate) fn set_aside(path: &Path) -> Result<(), HistoryError> {
    let named = |end: &str| PathBuf::from(format!("{}{end}", path.display()));
    let free = (1..).map(|number| format!(".damaged-{number}")).find(|name| !named(name).exists());
    let name = free.unwrap_or_else(|| ".damaged".into());
    for end in ["", "-wal", "-shm"] {
        let from = named(end);
        if from.exists() {
            std::fs::rename(&from, named(&format!("{name}{end}"))).map_err(HistoryError::io(&from))?;
        }
    }
    Ok(())
}
