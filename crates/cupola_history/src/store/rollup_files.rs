//! The roll-ups of a history in a folder: one SQLite file for each month.

use super::sqlite::{connect, fault};
use super::{Access, Day, RollupBlock, day_of};
use crate::error::HistoryError;
use rusqlite::{Connection, params};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS roll(day INTEGER, level INTEGER, series_from INTEGER, series_to INTEGER, data BLOB);
    CREATE INDEX IF NOT EXISTS roll_place ON roll(level, day, series_from);
    CREATE TABLE IF NOT EXISTS rolled(day INTEGER PRIMARY KEY);
";

/// The files of the roll-ups.
pub(super) struct RollupFiles {
    pub folder: PathBuf,
}

impl RollupFiles {
    /// Returns the roll-ups in the folder of a history.
    pub fn of(folder: &Path) -> Self {
        Self { folder: folder.join("rollups") }
    }

    fn path_of(&self, day: Day) -> PathBuf {
        let date = super::date_of(day);
        self.folder.join(format!("{}.db", date.get(..7).unwrap_or_default()))
    }

    fn open(&self, day: Day, access: Access) -> Result<Option<Connection>, HistoryError> {
        let path = self.path_of(day);
        if access == Access::Read && !path.is_file() {
            return Ok(None);
        }
        if access == Access::Write {
            std::fs::create_dir_all(&self.folder).map_err(HistoryError::io(&self.folder))?;
        }
        connect(&path, TABLES, access).map(Some)
    }

    pub fn write(&self, day: Day, blocks: &[RollupBlock]) -> Result<(), HistoryError> {
        let path = self.path_of(day);
        let Some(mut connection) = self.open(day, Access::Write)? else { return Ok(()) };
        let mut write = || -> rusqlite::Result<()> {
            let transaction = connection.transaction()?;
            transaction.execute("DELETE FROM roll WHERE day = ?", [day])?;
            for RollupBlock { level, series, data } in blocks {
                let values = params![day, level, series.0, series.1, data];
                transaction.execute("INSERT INTO roll VALUES (?, ?, ?, ?, ?)", values)?;
            }
            transaction.execute("INSERT OR REPLACE INTO rolled VALUES (?)", [day])?;
            transaction.commit()
        };
        write().map_err(HistoryError::sqlite(&path))
    }

    pub fn blocks(
        &self,
        (first, last): (Day, Day),
        level: i64,
        series: Option<u32>,
    ) -> Result<Vec<(Day, Vec<u8>)>, HistoryError> {
        let mut found = Vec::new();
        for month in self.months() {
            // The first day of a month is that of its file.
            let is_within = month <= last && self.path_of(month) >= self.path_of(first);
            let Some(connection) = is_within.then(|| self.open(month, Access::Read)).transpose()?.flatten() else {
                continue;
            };
            let read = || -> rusqlite::Result<Vec<(Day, Vec<u8>)>> {
                let sql = "SELECT day, data FROM roll WHERE level = ? AND day BETWEEN ? AND ? AND (?4 IS NULL OR \
                           ?4 BETWEEN series_from AND series_to) ORDER BY day";
                let mut statement = connection.prepare(sql)?;
                let values = params![level, first, last, series];
                statement.query_map(values, |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
            };
            found.extend(read().map_err(HistoryError::sqlite(&self.path_of(month)))?);
        }
        Ok(found)
    }

    pub fn each(&self, each: &mut dyn FnMut(Day, RollupBlock)) -> Result<(), HistoryError> {
        for month in self.months() {
            let Some(connection) = self.open(month, Access::Read)? else { continue };
            let mut read = || -> rusqlite::Result<()> {
                let mut statement = connection.prepare("SELECT day, level, series_from, series_to, data FROM roll")?;
                let mut rows = statement.query([])?;
                while let Some(row) = rows.next()? {
                    let series = (row.get(2)?, row.get(3)?);
                    each(row.get(0)?, RollupBlock { level: row.get(1)?, series, data: row.get(4)? });
                }
                Ok(())
            };
            read().map_err(HistoryError::sqlite(&self.path_of(month)))?;
        }
        Ok(())
    }

    pub fn delete_block(&self, day: Day, level: i64, first_series: u32) -> Result<(), HistoryError> {
        let Some(connection) = self.open(day, Access::Read)? else { return Ok(()) };
        let sql = "DELETE FROM roll WHERE day = ? AND level = ? AND series_from = ?";
        let deleted = connection.execute(sql, params![day, level, first_series]);
        deleted.map(drop).map_err(HistoryError::sqlite(&self.path_of(day)))
    }

    /// Returns the files that are damaged, each with the reason.
    pub fn faults(&self) -> Result<Vec<(PathBuf, String)>, HistoryError> {
        let mut found = Vec::new();
        for month in self.months() {
            let path = self.path_of(month);
            let fault = self.open(month, Access::Read).and_then(|connection| match connection {
                Some(connection) => fault(&connection).map_err(HistoryError::sqlite(&path)),
                None => Ok(None),
            });
            let fault = match fault {
                Err(error) if error.is_damage() => Some(error.to_string()),
                fault => fault?,
            };
            found.extend(fault.map(|why| (path, why)));
        }
        Ok(found)
    }

    pub fn days(&self) -> Result<(BTreeSet<Day>, Vec<HistoryError>), HistoryError> {
        let (mut days, mut damage) = (BTreeSet::new(), Vec::new());
        for month in self.months() {
            let read = self.open(month, Access::Read).and_then(|connection| {
                let Some(connection) = connection else { return Ok(Vec::new()) };
                let read = || -> rusqlite::Result<Vec<Day>> {
                    connection.prepare("SELECT day FROM rolled")?.query_map([], |row| row.get(0))?.collect()
                };
                read().map_err(HistoryError::sqlite(&self.path_of(month)))
            });
            match read {
                Ok(found) => days.extend(found),
                Err(error) if error.is_damage() => damage.push(error),
                Err(error) => return Err(error),
            }
        }
        Ok((days, damage))
    }

    /// Returns the first day of each month that has a file.
    fn months(&self) -> Vec<Day> {
        let entries = std::fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let month = |name: String| {
            let date = name.strip_suffix(".db")?;
            Some(day_of(cupola_twin::zone::time_of_text(&format!("{date}-01T00:00:00Z"))?))
        };
        let mut months: Vec<Day> =
            entries.filter_map(|entry| entry.file_name().into_string().ok()).filter_map(month).collect();
        months.sort_unstable();
        months
    }

    pub fn forget(&self, days: &BTreeSet<Day>) -> Result<(), HistoryError> {
        for day in days {
            let Some(connection) = self.open(*day, Access::Read)? else { continue };
            let path = self.path_of(*day);
            connection.execute("DELETE FROM rolled WHERE day = ?", [day]).map_err(HistoryError::sqlite(&path))?;
        }
        Ok(())
    }

    pub fn delete(&self, level: i64, before: Day) -> Result<(), HistoryError> {
        for month in self.months().into_iter().filter(|month| *month < before) {
            let Some(connection) = self.open(month, Access::Read)? else { continue };
            let deleted = connection.execute("DELETE FROM roll WHERE level = ? AND day < ?", [level, before]);
            let deleted = deleted.map_err(HistoryError::sqlite(&self.path_of(month)))?;
            if deleted > 0 {
                connection.execute_batch("VACUUM").map_err(HistoryError::sqlite(&self.path_of(month)))?;
            }
        }
        Ok(())
    }
}
