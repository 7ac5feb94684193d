//! The storage of a history in a folder: SQLite files, one for the catalogue and one for each day in UTC.
//!
//! Damage stays in one day, and the end of the retention deletes a file. Every commit reaches the disk (WAL, synchronous
//! FULL), so a program or computer that stops loses at most the changes since the last commit.

use super::rollup_files::RollupFiles;
use super::{
    Access, CatalogRows, Day, DiskUse, FORMAT, Frame, HotBlock, LogWanted, Page, RollupBlock, Store, Table, Wanted,
    date_of, day_of, lock,
};
use crate::change::{LogEntry, LogKind, Series, SeriesKey};
use crate::error::HistoryError;
use rusqlite::{Connection, OpenFlags, OptionalExtension, Row, ToSql, params};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The number of days whose files are kept open.
const MAX_OPEN: usize = 40;
/// The file of the retention.
const RETENTION: &str = "retention.json";

const CATALOG: &str = "
    CREATE TABLE IF NOT EXISTS series(id INTEGER PRIMARY KEY, twin TEXT, property TEXT, kind INTEGER, unit TEXT);
    CREATE TABLE IF NOT EXISTS text(id INTEGER PRIMARY KEY, value TEXT);
    CREATE TABLE IF NOT EXISTS log(time_us INTEGER, kind TEXT, subject TEXT, twin TEXT, detail TEXT);
    CREATE INDEX IF NOT EXISTS log_time ON log(time_us);
    CREATE INDEX IF NOT EXISTS log_kind ON log(kind);
    CREATE TABLE IF NOT EXISTS late(day INTEGER PRIMARY KEY, from_us INTEGER);
";
const DAY: &str = "
    CREATE TABLE IF NOT EXISTS hot(seq INTEGER PRIMARY KEY, from_us INTEGER, to_us INTEGER, taken_from_us INTEGER,
        taken_to_us INTEGER, data BLOB);
    CREATE TABLE IF NOT EXISTS page(id INTEGER PRIMARY KEY, series_from INTEGER, series_to INTEGER, from_us INTEGER,
        to_us INTEGER, taken_from_us INTEGER, taken_to_us INTEGER, seq INTEGER, data BLOB);
    CREATE INDEX IF NOT EXISTS page_place ON page(series_from, series_to, from_us, to_us);
    CREATE TABLE IF NOT EXISTS frame(seq INTEGER PRIMARY KEY, time_us INTEGER, data BLOB);
    CREATE TABLE IF NOT EXISTS damaged(place TEXT, data BLOB);
";

/// The files of a history.
pub(super) struct SqliteStore {
    folder: PathBuf,
    access: Access,
    catalog: Option<Connection>,
    days: BTreeMap<Day, Connection>,
    rollups: RollupFiles,
    /// The lock of a history that is written.
    _lock: Option<File>,
}

impl SqliteStore {
    /// Prepares to open a history, whose catalogue may be damaged.
    pub fn new(folder: &Path, access: Access) -> Result<Self, HistoryError> {
        let lock = match access {
            Access::Write => {
                std::fs::create_dir_all(folder.join("days")).map_err(HistoryError::io(folder))?;
                Some(lock(folder)?)
            }
            Access::Read if !folder.join("catalog.db").is_file() => {
                return Err(HistoryError::None(folder.display().to_string()));
            }
            Access::Read => None,
        };
        let (folder, rollups) = (folder.to_path_buf(), RollupFiles::of(folder));
        Ok(Self { folder, access, catalog: None, days: BTreeMap::new(), rollups, _lock: lock })
    }

    fn catalog_path(&self) -> PathBuf {
        self.folder.join("catalog.db")
    }

    fn catalog(&mut self) -> Result<&mut Connection, HistoryError> {
        if self.catalog.is_none() {
            self.catalog = Some(connect(&self.catalog_path(), CATALOG, self.access)?);
        }
        self.catalog.as_mut().ok_or_else(|| HistoryError::None(self.folder.display().to_string()))
    }

    fn day_path(&self, day: Day) -> PathBuf {
        self.folder.join("days").join(format!("{}.db", date_of(day)))
    }

    fn day(&mut self, day: Day) -> Result<&mut Connection, HistoryError> {
        if !self.days.contains_key(&day) {
            if self.days.len() >= MAX_OPEN {
                self.days.pop_first();
            }
            let connection = connect(&self.day_path(day), DAY, self.access)?;
            self.days.insert(day, connection);
        }
        self.days.get_mut(&day).ok_or_else(|| HistoryError::None(self.folder.display().to_string()))
    }

    fn backup_path(&self) -> PathBuf {
        self.folder.join("catalog.backup.db")
    }

    /// Closes all files, before one of them is renamed.
    fn close(&mut self) {
        self.days.clear();
        self.catalog = None;
    }

    fn read_log(&mut self, condition: &str, values: &[&dyn ToSql]) -> Result<Vec<LogEntry>, HistoryError> {
        let path = self.catalog_path();
        let connection = self.catalog()?;
        let read = || -> rusqlite::Result<Vec<LogEntry>> {
            let sql = format!(
                "SELECT time_us, kind, subject, twin, detail FROM log WHERE {condition} ORDER BY time_us, rowid"
            );
            let mut statement = connection.prepare_cached(&sql)?;
            let rows = statement.query_map(values, |row| {
                let word: String = row.get(1)?;
                let entry = |kind| -> rusqlite::Result<LogEntry> {
                    let (subject, twin, detail) = (row.get(2)?, row.get(3)?, row.get(4)?);
                    Ok(LogEntry { time_us: row.get(0)?, kind, subject, twin, detail })
                };
                LogKind::of(&word).map(entry).transpose()
            })?;
            // An unknown kind is of a newer program.
            rows.filter_map(Result::transpose).collect()
        };
        read().map_err(HistoryError::sqlite(&path))
    }
}

impl Store for SqliteStore {
    fn open_catalog(&mut self) -> Result<(), HistoryError> {
        self.catalog().map(drop)
    }

    fn catalog_place(&self) -> String {
        self.catalog_path().display().to_string()
    }

    fn day_place(&self, day: Day) -> String {
        self.day_path(day).display().to_string()
    }

    fn days(&mut self) -> Result<Vec<Day>, HistoryError> {
        let folder = self.folder.join("days");
        let entries = match std::fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(HistoryError::io(&folder)(error)),
        };
        let names = entries.flatten().filter_map(|entry| entry.file_name().into_string().ok());
        let day = |name: String| {
            let date = name.strip_suffix(".db")?;
            Some(day_of(cupola_twin::zone::time_of_text(&format!("{date}T00:00:00Z"))?))
        };
        let mut days: Vec<Day> = names.filter_map(day).collect();
        days.sort_unstable();
        Ok(days)
    }

    fn read_catalog(&mut self) -> Result<(Vec<Series>, Vec<String>), HistoryError> {
        let path = self.catalog_path();
        let connection = self.catalog()?;
        let read = || -> rusqlite::Result<CatalogRows> {
            let mut found = CatalogRows::default();
            let mut statement = connection.prepare("SELECT twin, property, kind, unit, id FROM series ORDER BY id")?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                let key = SeriesKey { twin: text(row, 0)?, property: text(row, 1)? };
                found.add_series(row.get(4)?, key, row.get(2)?, row.get(3)?);
            }
            let mut statement = connection.prepare("SELECT value, id FROM text ORDER BY id")?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                found.add_text(row.get(1)?, row.get(0)?);
            }
            Ok(found)
        };
        let CatalogRows { series, texts } = read().map_err(HistoryError::sqlite(&path))?;
        Ok((series, texts))
    }

    fn back_up_catalog(&mut self) -> Result<(), HistoryError> {
        let (path, new) = (self.backup_path(), self.folder.join("catalog.backup.new"));
        let _ = std::fs::remove_file(&new);
        let target = new.to_string_lossy().into_owned();
        self.catalog()?.execute("VACUUM INTO ?", [target]).map_err(HistoryError::sqlite(&path))?;
        std::fs::rename(&new, &path).map_err(HistoryError::io(&path))
    }

    fn restore_catalog(&mut self) -> Result<bool, HistoryError> {
        let (path, backup) = (self.catalog_path(), self.backup_path());
        self.close();
        set_aside(&path)?;
        if !backup.is_file() {
            return Ok(false);
        }
        std::fs::copy(&backup, &path).map_err(HistoryError::io(&path))?;
        let is_whole = self.fault_of_catalog().is_ok_and(|fault| fault.is_none());
        if is_whole {
            // Numbers that were given after the backup must not be given again.
            let sql = "INSERT INTO series SELECT ifnull(max(id), 0) + 1048576, '', '', 0, NULL FROM series; \
                       INSERT INTO text SELECT ifnull(max(id), 0) + 1048576, '' FROM text;";
            self.catalog()?.execute_batch(sql).map_err(HistoryError::sqlite(&path))?;
        }
        Ok(is_whole)
    }

    fn set_all_aside(&mut self) -> Result<String, HistoryError> {
        self.close();
        let days = self.folder.join("days");
        set_aside(&days)?;
        // The backup is damaged too, or there is none.
        let _ = std::fs::remove_file(self.catalog_path());
        std::fs::create_dir_all(&days).map_err(HistoryError::io(&self.folder))?;
        Ok(days.display().to_string())
    }

    fn set_day_aside(&mut self, day: Day) -> Result<(), HistoryError> {
        self.close();
        set_aside(&self.day_path(day))
    }

    fn add_catalog(
        &mut self,
        first: (u32, u32),
        series: &[Series],
        texts: &[Arc<str>],
        log: &[LogEntry],
    ) -> Result<(), HistoryError> {
        let path = self.catalog_path();
        let connection = self.catalog()?;
        let mut write = || -> rusqlite::Result<()> {
            let transaction = connection.transaction()?;
            {
                let mut insert = transaction.prepare_cached("INSERT INTO series VALUES (?, ?, ?, ?, ?)")?;
                for (id, series) in (first.0..).zip(series) {
                    let SeriesKey { twin, property } = &series.key;
                    insert.execute(params![id, &**twin, &**property, series.kind as u8, series.unit.as_deref()])?;
                }
                let mut insert = transaction.prepare_cached("INSERT INTO text VALUES (?, ?)")?;
                for (id, text) in (first.1..).zip(texts) {
                    insert.execute(params![id, &**text])?;
                }
                let mut insert = transaction.prepare_cached("INSERT INTO log VALUES (?, ?, ?, ?, ?)")?;
                for entry in log {
                    let LogEntry { time_us, kind, subject, twin, detail } = entry;
                    insert.execute(params![time_us, kind.word(), subject, twin, detail])?;
                }
            }
            transaction.commit()
        };
        write().map_err(HistoryError::sqlite(&path))
    }

    fn log(&mut self, wanted: LogWanted<'_>) -> Result<Vec<LogEntry>, HistoryError> {
        match wanted {
            LogWanted::Span(from_us, to_us) => self.read_log("time_us BETWEEN ? AND ?", &[&from_us, &to_us]),
            LogWanted::Kinds(kinds) => {
                let words: Vec<&str> = kinds.iter().map(|kind| kind.word()).collect();
                let places = vec!["?"; words.len()].join(", ");
                let values: Vec<&dyn ToSql> = words.iter().map(|word| word as &dyn ToSql).collect();
                self.read_log(&format!("kind IN ({places})"), &values)
            }
            LogWanted::Newest(count) => {
                let newest =
                    "rowid IN (SELECT rowid FROM log WHERE kind <> ? ORDER BY time_us DESC, rowid DESC LIMIT ?)";
                self.read_log(newest, &[&LogKind::Observed.word(), &(count as i64)])
            }
        }
    }

    fn last_taken_of(&mut self, day: Day, until_us: i64) -> Result<Option<i64>, HistoryError> {
        let sql = "SELECT max(least) FROM (SELECT max(min(taken_to_us, ?1)) AS least FROM hot WHERE taken_from_us <= ?1 \
                   UNION ALL SELECT max(min(taken_to_us, ?1)) FROM page WHERE taken_from_us <= ?1)";
        let path = self.day_path(day);
        self.day(day)?.query_row(sql, [until_us], |row| row.get(0)).map_err(HistoryError::sqlite(&path))
    }

    fn last_seq(&mut self, day: Day) -> Result<i64, HistoryError> {
        let path = self.day_path(day);
        let sql = "SELECT max((SELECT ifnull(max(seq), 0) FROM hot), (SELECT ifnull(max(seq), 0) FROM page), \
                   (SELECT ifnull(max(seq), 0) FROM frame))";
        self.day(day)?.query_row(sql, [], |row| row.get(0)).map_err(HistoryError::sqlite(&path))
    }

    fn add_hot(&mut self, day: Day, block: &HotBlock) -> Result<(), HistoryError> {
        let path = self.day_path(day);
        let connection = self.day(day)?;
        let HotBlock { seq, span_us, taken_us, data } = block;
        let mut insert = connection
            .prepare_cached("INSERT INTO hot VALUES (?, ?, ?, ?, ?, ?)")
            .map_err(HistoryError::sqlite(&path))?;
        let values = params![seq, span_us.0, span_us.1, taken_us.0, taken_us.1, data];
        insert.execute(values).map(drop).map_err(HistoryError::sqlite(&path))
    }

    fn each_hot(
        &mut self,
        day: Day,
        wanted: Wanted,
        each: &mut dyn FnMut(HotBlock) -> Result<(), HistoryError>,
    ) -> Result<(), HistoryError> {
        let path = self.day_path(day);
        let fail = || HistoryError::sqlite(&path);
        let (first, last) = wanted.by.columns();
        let sql = format!("SELECT * FROM hot WHERE {last} >= ? AND {first} <= ? AND seq > ? ORDER BY seq");
        let connection = self.day(day)?;
        let mut statement = connection.prepare_cached(&sql).map_err(fail())?;
        let mut rows = statement.query([wanted.span_us.0, wanted.span_us.1, wanted.after]).map_err(fail())?;
        while let Some(row) = rows.next().map_err(fail())? {
            let block = |row: &Row<'_>| {
                let (span_us, taken_us) = ((row.get(1)?, row.get(2)?), (row.get(3)?, row.get(4)?));
                Ok(HotBlock { seq: row.get(0)?, span_us, taken_us, data: row.get(5)? })
            };
            each(block(row).map_err(fail())?)?;
        }
        Ok(())
    }

    fn compact(&mut self, day: Day, seq: i64, pages: &[Page], frame: Option<&Frame>) -> Result<(), HistoryError> {
        let path = self.day_path(day);
        let connection = self.day(day)?;
        let mut write = || -> rusqlite::Result<()> {
            let transaction = connection.transaction()?;
            {
                let mut insert =
                    transaction.prepare_cached("INSERT INTO page VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?)")?;
                for Page { series, span_us, taken_us, seq, data } in pages {
                    let (span, taken) = (span_us, taken_us);
                    insert.execute(params![series.0, series.1, span.0, span.1, taken.0, taken.1, seq, data])?;
                }
                if let Some(Frame { time_us, seq, data }) = frame {
                    transaction
                        .execute("INSERT OR REPLACE INTO frame VALUES (?, ?, ?)", params![seq, time_us, data])?;
                }
                transaction.execute("DELETE FROM hot WHERE seq <= ?", [seq])?;
            }
            transaction.commit()
        };
        write().map_err(HistoryError::sqlite(&path))
    }

    fn replace_frames(&mut self, day: Day, frame: &Frame) -> Result<(), HistoryError> {
        let path = self.day_path(day);
        let connection = self.day(day)?;
        let mut write = || -> rusqlite::Result<()> {
            let transaction = connection.transaction()?;
            transaction.execute("DELETE FROM frame", [])?;
            let Frame { time_us, seq, data } = frame;
            transaction.execute("INSERT INTO frame VALUES (?, ?, ?)", params![seq, time_us, data])?;
            transaction.commit()
        };
        write().map_err(HistoryError::sqlite(&path))
    }

    fn hold_day(&mut self, day: Day, begins: bool) -> Result<(), HistoryError> {
        let path = self.day_path(day);
        let sql = if begins { "BEGIN" } else { "COMMIT" };
        self.day(day)?.execute_batch(sql).map_err(HistoryError::sqlite(&path))
    }

    fn each_page(&mut self, day: Day, wanted: Wanted, each: &mut dyn FnMut(Page)) -> Result<(), HistoryError> {
        let path = self.day_path(day);
        let fail = || HistoryError::sqlite(&path);
        let (first, last) = wanted.by.columns();
        let sql = format!(
            "SELECT series_from, series_to, from_us, to_us, taken_from_us, taken_to_us, seq, data FROM page \
             WHERE {last} >= ?1 AND {first} <= ?2 AND series_from <= ?3 AND series_to >= ?4 AND seq > ?5 ORDER BY id"
        );
        let ((from_us, to_us), (lowest, highest)) = (wanted.span_us, wanted.series_bounds());
        let connection = self.day(day)?;
        let mut statement = connection.prepare_cached(&sql).map_err(fail())?;
        let mut rows = statement.query([from_us, to_us, lowest, highest, wanted.after]).map_err(fail())?;
        while let Some(row) = rows.next().map_err(fail())? {
            let page = |row: &Row<'_>| {
                let (series, span_us) = ((row.get(0)?, row.get(1)?), (row.get(2)?, row.get(3)?));
                let taken_us = (row.get(4)?, row.get(5)?);
                Ok(Page { series, span_us, taken_us, seq: row.get(6)?, data: row.get(7)? })
            };
            each(page(row).map_err(fail())?);
        }
        Ok(())
    }

    fn frame(&mut self, day: Day, until_us: i64) -> Result<Option<Frame>, HistoryError> {
        let path = self.day_path(day);
        let sql = "SELECT seq, time_us, data FROM frame WHERE time_us <= ? ORDER BY seq DESC LIMIT 1";
        let connection = self.day(day)?;
        let frame = connection
            .query_row(sql, [until_us], |row| Ok(Frame { seq: row.get(0)?, time_us: row.get(1)?, data: row.get(2)? }));
        frame.optional().map_err(HistoryError::sqlite(&path))
    }

    fn taken_span_us(&mut self, day: Day) -> Result<Option<(i64, i64)>, HistoryError> {
        let path = self.day_path(day);
        let sql = "SELECT min(least), max(most) FROM (SELECT min(taken_from_us) AS least, max(taken_to_us) AS most FROM hot \
                   UNION ALL SELECT min(taken_from_us), max(taken_to_us) FROM page)";
        let read = |row: &Row<'_>| Ok(row.get::<_, Option<i64>>(0)?.zip(row.get::<_, Option<i64>>(1)?));
        self.day(day)?.query_row(sql, [], read).map_err(HistoryError::sqlite(&path))
    }

    fn add_late(&mut self, day: Day, from_us: i64) -> Result<(), HistoryError> {
        let path = self.catalog_path();
        let sql = "INSERT INTO late VALUES (?1, ?2) ON CONFLICT(day) DO UPDATE SET from_us = min(from_us, ?2)";
        self.catalog()?.execute(sql, [day, from_us]).map(drop).map_err(HistoryError::sqlite(&path))
    }

    fn late(&mut self) -> Result<Vec<(Day, i64)>, HistoryError> {
        let path = self.catalog_path();
        let connection = self.catalog()?;
        let read = || -> rusqlite::Result<Vec<(Day, i64)>> {
            let mut statement = connection.prepare_cached("SELECT day, from_us FROM late")?;
            statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
        };
        read().map_err(HistoryError::sqlite(&path))
    }

    fn delete_day(&mut self, day: Day) -> Result<(), HistoryError> {
        self.days.remove(&day);
        let path = self.day_path(day);
        for end in ["-wal", "-shm", ""] {
            let file = PathBuf::from(format!("{}{end}", path.display()));
            if file.exists() {
                std::fs::remove_file(&file).map_err(HistoryError::io(&file))?;
            }
        }
        Ok(())
    }

    fn write_rollup(&mut self, day: Day, blocks: &[RollupBlock]) -> Result<(), HistoryError> {
        self.rollups.write(day, blocks)
    }

    fn rollup_blocks(
        &mut self,
        days: (Day, Day),
        level: i64,
        series: Option<u32>,
    ) -> Result<Vec<(Day, Vec<u8>)>, HistoryError> {
        self.rollups.blocks(days, level, series)
    }

    fn rolled_days(&mut self) -> Result<(BTreeSet<Day>, Vec<HistoryError>), HistoryError> {
        self.rollups.days()
    }

    fn forget_rollups(&mut self, days: &BTreeSet<Day>) -> Result<(), HistoryError> {
        self.rollups.forget(days)
    }

    fn delete_rollups(&mut self, level: i64, before: Day) -> Result<(), HistoryError> {
        self.rollups.delete(level, before)
    }

    fn each_rollup(&mut self, each: &mut dyn FnMut(Day, RollupBlock)) -> Result<(), HistoryError> {
        self.rollups.each(each)
    }

    fn delete_rollup(&mut self, day: Day, level: i64, first_series: u32) -> Result<(), HistoryError> {
        self.rollups.delete_block(day, level, first_series)
    }

    fn faults_of_rollups(&mut self, repairs: bool) -> Result<Vec<(String, String)>, HistoryError> {
        let mut found = Vec::new();
        for (path, fault) in self.rollups.faults()? {
            if repairs {
                set_aside(&path)?;
            }
            found.push((path.display().to_string(), fault));
        }
        Ok(found)
    }

    fn read_retention(&mut self) -> Result<Option<String>, HistoryError> {
        let path = self.folder.join(RETENTION);
        match std::fs::read_to_string(&path) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(HistoryError::io(&path)(error)),
        }
    }

    fn write_retention(&mut self, text: &str) -> Result<(), HistoryError> {
        let path = self.folder.join(RETENTION);
        std::fs::write(&path, text).map_err(HistoryError::io(&path))
    }

    fn disk_use(&mut self) -> Result<DiskUse, HistoryError> {
        let (changes, rollups) = (size_of(&self.folder.join("days")), size_of(&self.rollups.folder));
        Ok(DiskUse { changes, rollups, all: size_of(&self.folder) })
    }

    fn fault_of_catalog(&mut self) -> Result<Option<String>, HistoryError> {
        let path = self.catalog_path();
        fault(self.catalog()?).map_err(HistoryError::sqlite(&path))
    }

    fn fault_of_day(&mut self, day: Day) -> Result<Option<String>, HistoryError> {
        let path = self.day_path(day);
        fault(self.day(day)?).map_err(HistoryError::sqlite(&path))
    }

    fn each_block(
        &mut self,
        day: Day,
        table: Table,
        each: &mut dyn FnMut(i64, &str, &[u8]),
    ) -> Result<(), HistoryError> {
        let path = self.day_path(day);
        let fail = || HistoryError::sqlite(&path);
        let (name, id, first, last) = table.columns();
        let sql = format!("SELECT {id}, {first}, {last}, data FROM {name} ORDER BY {id}");
        let connection = self.day(day)?;
        let mut statement = connection.prepare(&sql).map_err(fail())?;
        let mut rows = statement.query([]).map_err(fail())?;
        while let Some(row) = rows.next().map_err(fail())? {
            let time = |at| row.get::<_, i64>(at).map(cupola_twin::value::time_text);
            let number: i64 = row.get(0).map_err(fail())?;
            let place = format!("{name} {number}, {} to {}", time(1).map_err(fail())?, time(2).map_err(fail())?);
            let data: Vec<u8> = row.get(3).map_err(fail())?;
            each(number, &place, &data);
        }
        Ok(())
    }

    fn set_block_aside(&mut self, day: Day, table: Table, id: i64, place: &str) -> Result<(), HistoryError> {
        let path = self.day_path(day);
        let (name, key, ..) = table.columns();
        let connection = self.day(day)?;
        let mut write = || -> rusqlite::Result<()> {
            let transaction = connection.transaction()?;
            transaction.execute(
                &format!("INSERT INTO damaged SELECT ?1, data FROM {name} WHERE {key} = ?2"),
                params![place, id],
            )?;
            transaction.execute(&format!("DELETE FROM {name} WHERE {key} = ?"), [id])?;
            transaction.commit()
        };
        write().map_err(HistoryError::sqlite(&path))
    }
}

/// Opens a file, and creates its tables if it is written.
pub(super) fn connect(path: &Path, tables: &str, access: Access) -> Result<Connection, HistoryError> {
    let fail = || HistoryError::sqlite(path);
    let rights = match access {
        Access::Write => OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE,
        Access::Read => OpenFlags::SQLITE_OPEN_READ_WRITE,
    };
    let connection = match Connection::open_with_flags(path, rights | OpenFlags::SQLITE_OPEN_NO_MUTEX) {
        // A reader of a folder without write permission reads without the journal.
        Err(_) if access == Access::Read => {
            Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)
        }
        connection => connection,
    }
    .map_err(fail())?;
    connection.busy_timeout(std::time::Duration::from_secs(10)).map_err(fail())?;
    if access == Access::Write {
        connection
            .execute_batch("PRAGMA page_size = 16384; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;")
            .map_err(fail())?;
    }
    let found: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0)).map_err(fail())?;
    if found > FORMAT {
        return Err(HistoryError::Newer { place: path.display().to_string(), found });
    }
    if access == Access::Write {
        connection.execute_batch(tables).map_err(fail())?;
        if found < FORMAT {
            connection.pragma_update(None, "user_version", FORMAT).map_err(fail())?;
        }
    }
    Ok(connection)
}

/// Returns the fault in the structure of a file, if there is one.
pub(super) fn fault(connection: &Connection) -> rusqlite::Result<Option<String>> {
    let found: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    Ok((found != "ok").then_some(found))
}

/// Renames a file or a folder, with the files that belong to a database.
fn set_aside(path: &Path) -> Result<(), HistoryError> {
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

/// Returns the size of the files in a folder, in bytes.
fn size_of(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    entries
        .map(|path| if path.is_dir() { size_of(&path) } else { path.metadata().map_or(0, |about| about.len()) })
        .sum()
}

fn text(row: &Row<'_>, at: usize) -> rusqlite::Result<Arc<str>> {
    row.get::<_, String>(at).map(Arc::from)
}
