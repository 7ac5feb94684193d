//! The storage of a history in SQLite: a catalogue of series, texts and the log, and one file for each day in UTC.
//!
//! Damage stays in one day, and the end of the retention deletes a file. Every commit reaches the disk (WAL, synchronous
//! FULL), so a program or computer that stops loses at most the changes since the last commit.

use crate::change::{LogEntry, LogKind, Series, SeriesKey};
use crate::error::HistoryError;
use cupola_twin::Kind;
use rusqlite::{Connection, OpenFlags, OptionalExtension, Row, ToSql, params};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The version of the tables.
pub(crate) const FORMAT: i64 = 1;
/// The number of days whose files are kept open.
const MAX_OPEN: usize = 40;
/// The length of a day, in microseconds.
pub(crate) const DAY_US: i64 = 86_400_000_000;

/// A day in UTC, as the number of days since 1970-01-01.
pub(crate) type Day = i64;

/// Returns the day of a moment.
pub(crate) fn day_of(time_us: i64) -> Day {
    time_us.div_euclid(DAY_US)
}

/// A block of changes in the order in which they were taken, as one commit wrote it.
pub(crate) struct HotBlock {
    pub seq: i64,
    /// The first and the last source time.
    pub span_us: (i64, i64),
    /// The first and the last moment at which a change was taken.
    pub taken_us: (i64, i64),
    pub data: Vec<u8>,
}

/// A block of changes in the order of series and source time.
pub(crate) struct Page {
    /// The first and the last series.
    pub series: (u32, u32),
    pub span_us: (i64, i64),
    pub taken_us: (i64, i64),
    /// The number of the last hot block whose changes are in the page.
    pub seq: i64,
    pub data: Vec<u8>,
}

/// The last change of every series.
pub(crate) struct Frame {
    pub time_us: i64,
    /// The number of the last hot block whose changes are in the frame.
    pub seq: i64,
    pub data: Vec<u8>,
}

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
pub(crate) struct Files {
    pub folder: PathBuf,
    is_writer: bool,
    catalog: Option<Connection>,
    days: BTreeMap<Day, Connection>,
    /// The damaged parts that reading has passed over.
    pub passed_over: BTreeSet<String>,
}

impl Files {
    /// Opens a history. A writer creates the folder.
    pub fn open(folder: &Path, is_writer: bool) -> Result<Self, HistoryError> {
        let mut files = Self::new(folder, is_writer)?;
        files.catalog()?;
        Ok(files)
    }

    /// Prepares to open a history, whose catalogue may be damaged.
    pub fn new(folder: &Path, is_writer: bool) -> Result<Self, HistoryError> {
        if is_writer {
            std::fs::create_dir_all(folder.join("days")).map_err(HistoryError::io(folder))?;
        } else if !folder.join("catalog.db").is_file() {
            return Err(HistoryError::None(folder.to_path_buf()));
        }
        let folder = folder.to_path_buf();
        Ok(Self { folder, is_writer, catalog: None, days: BTreeMap::new(), passed_over: BTreeSet::new() })
    }

    fn connect(&self, path: &Path, tables: &str) -> Result<Connection, HistoryError> {
        let fail = || HistoryError::database(path);
        let rights = if self.is_writer {
            OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE
        } else {
            OpenFlags::SQLITE_OPEN_READ_WRITE
        };
        let connection = match Connection::open_with_flags(path, rights | OpenFlags::SQLITE_OPEN_NO_MUTEX) {
            // A reader of a folder without write permission reads without the journal.
            Err(_) if !self.is_writer => {
                Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)
            }
            connection => connection,
        }
        .map_err(fail())?;
        connection.busy_timeout(std::time::Duration::from_secs(10)).map_err(fail())?;
        if self.is_writer {
            connection
                .execute_batch("PRAGMA page_size = 16384; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;")
                .map_err(fail())?;
        }
        let found: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0)).map_err(fail())?;
        if found > FORMAT {
            return Err(HistoryError::Newer { path: path.to_path_buf(), found });
        }
        if self.is_writer {
            connection.execute_batch(tables).map_err(fail())?;
            connection.pragma_update(None, "user_version", FORMAT).map_err(fail())?;
        }
        Ok(connection)
    }

    pub fn catalog_path(&self) -> PathBuf {
        self.folder.join("catalog.db")
    }

    fn catalog(&mut self) -> Result<&mut Connection, HistoryError> {
        if self.catalog.is_none() {
            self.catalog = Some(self.connect(&self.catalog_path(), CATALOG)?);
        }
        self.catalog.as_mut().ok_or_else(|| HistoryError::None(self.folder.clone()))
    }

    pub fn day_path(&self, day: Day) -> PathBuf {
        let date = cupola_twin::value::time_text(day.saturating_mul(DAY_US));
        self.folder.join("days").join(format!("{}.db", date.split('T').next().unwrap_or_default()))
    }

    fn day(&mut self, day: Day) -> Result<&mut Connection, HistoryError> {
        if !self.days.contains_key(&day) {
            if self.days.len() >= MAX_OPEN {
                self.days.pop_first();
            }
            let connection = self.connect(&self.day_path(day), DAY)?;
            self.days.insert(day, connection);
        }
        self.days.get_mut(&day).ok_or_else(|| HistoryError::None(self.folder.clone()))
    }

    /// Passes over a damaged part, so that everything else stays readable. Other errors are returned.
    pub fn pass_over<T: Default>(&mut self, result: Result<T, HistoryError>) -> Result<T, HistoryError> {
        match result {
            Err(error) if error.is_damage() => {
                self.passed_over.insert(error.to_string());
                Ok(T::default())
            }
            result => result,
        }
    }

    /// Returns the days that have a file, in order.
    pub fn days(&self) -> Result<Vec<Day>, HistoryError> {
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

    /// Reads all series and texts.
    pub fn read_catalog(&mut self) -> Result<(Vec<Series>, Vec<String>), HistoryError> {
        let path = self.catalog_path();
        let connection = self.catalog()?;
        let read = || -> rusqlite::Result<(Vec<Series>, Vec<String>)> {
            let (mut all, mut texts) = (Vec::new(), Vec::new());
            // A restored catalogue lacks the numbers that were given after its backup.
            let unknown = SeriesKey { twin: "".into(), property: "".into() };
            let unknown = Series { key: unknown, kind: Kind::Number, unit: None };
            let mut statement = connection.prepare("SELECT twin, property, kind, unit, id FROM series ORDER BY id")?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                let key = SeriesKey { twin: text(row, 0)?, property: text(row, 1)? };
                let unit = row.get::<_, Option<String>>(3)?.map(Arc::from);
                all.resize(row.get::<_, u32>(4)? as usize, unknown.clone());
                all.push(Series { key, kind: kind_of(row.get(2)?), unit });
            }
            let mut statement = connection.prepare("SELECT value, id FROM text ORDER BY id")?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                texts.resize((row.get::<_, u32>(1)? as usize).saturating_sub(1), String::new());
                texts.push(row.get(0)?);
            }
            Ok((all, texts))
        };
        read().map_err(HistoryError::database(&path))
    }

    fn backup_path(&self) -> PathBuf {
        self.folder.join("catalog.backup.db")
    }

    /// Copies the catalogue, without which no series has a name.
    pub fn back_up_catalog(&mut self) -> Result<(), HistoryError> {
        let (path, new) = (self.backup_path(), self.folder.join("catalog.backup.new"));
        let _ = std::fs::remove_file(&new);
        let target = new.to_string_lossy().into_owned();
        self.catalog()?.execute("VACUUM INTO ?", [target]).map_err(HistoryError::database(&path))?;
        std::fs::rename(&new, &path).map_err(HistoryError::io(&path))
    }

    /// Makes a catalogue of the backup, after a damaged one was set aside. Returns whether there is a backup that is not
    /// damaged itself.
    pub fn restore_catalog(&mut self) -> Result<bool, HistoryError> {
        let (path, backup) = (self.catalog_path(), self.backup_path());
        if !backup.is_file() {
            return Ok(false);
        }
        std::fs::copy(&backup, &path).map_err(HistoryError::io(&path))?;
        let is_whole = self.fault_of_catalog().is_ok_and(|fault| fault.is_none());
        if is_whole {
            // Numbers that were given after the backup must not be given again.
            let sql = "INSERT INTO series SELECT ifnull(max(id), 0) + 1048576, '', '', 0, NULL FROM series; \
                       INSERT INTO text SELECT ifnull(max(id), 0) + 1048576, '' FROM text;";
            self.catalog()?.execute_batch(sql).map_err(HistoryError::database(&path))?;
        }
        Ok(is_whole)
    }

    /// Adds series, texts and entries of the log. `first` are the numbers of the first series and the first text.
    pub fn add_catalog(
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
        write().map_err(HistoryError::database(&path))
    }

    /// Reads the log from one moment to another, both included.
    pub fn log(&mut self, from_us: i64, to_us: i64) -> Result<Vec<LogEntry>, HistoryError> {
        self.read_log("time_us BETWEEN ? AND ?", &[&from_us, &to_us])
    }

    /// Reads the entries of some kinds in the log.
    pub fn log_of(&mut self, kinds: &[LogKind]) -> Result<Vec<LogEntry>, HistoryError> {
        let words: Vec<&str> = kinds.iter().map(|kind| kind.word()).collect();
        let places = vec!["?"; words.len()].join(", ");
        let values: Vec<&dyn ToSql> = words.iter().map(|word| word as &dyn ToSql).collect();
        self.read_log(&format!("kind IN ({places})"), &values)
    }

    /// Reads the newest entries of the log, without those of single readings.
    pub fn newest_log(&mut self, count: usize) -> Result<Vec<LogEntry>, HistoryError> {
        let newest = "rowid IN (SELECT rowid FROM log WHERE kind <> ? ORDER BY time_us DESC, rowid DESC LIMIT ?)";
        self.read_log(newest, &[&LogKind::Observed.word(), &(count as i64)])
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
        read().map_err(HistoryError::database(&path))
    }

    /// Returns the last moment not after another at which a change was taken.
    pub fn last_taken_us(&mut self, until_us: i64) -> Result<Option<i64>, HistoryError> {
        let sql = "SELECT max(least) FROM (SELECT max(min(taken_to_us, ?1)) AS least FROM hot WHERE taken_from_us <= ?1 \
                   UNION ALL SELECT max(min(taken_to_us, ?1)) FROM page WHERE taken_from_us <= ?1)";
        let mut days = self.days()?;
        days.retain(|day| *day <= day_of(until_us));
        for day in days.into_iter().rev() {
            let path = self.day_path(day);
            let found = self.day(day).and_then(|connection| {
                let found = connection.query_row(sql, [until_us], |row| row.get::<_, Option<i64>>(0));
                found.map_err(HistoryError::database(&path))
            });
            if let Some(last_us) = self.pass_over(found)? {
                return Ok(Some(last_us));
            }
        }
        Ok(None)
    }

    /// Returns the number of the last block of a day, or 0.
    pub fn last_seq(&mut self, day: Day) -> Result<i64, HistoryError> {
        let path = self.day_path(day);
        let sql = "SELECT max((SELECT ifnull(max(seq), 0) FROM hot), (SELECT ifnull(max(seq), 0) FROM page), \
                   (SELECT ifnull(max(seq), 0) FROM frame))";
        self.day(day)?.query_row(sql, [], |row| row.get(0)).map_err(HistoryError::database(&path))
    }

    /// Adds a block of changes to a day.
    pub fn add_hot(&mut self, day: Day, block: &HotBlock) -> Result<(), HistoryError> {
        let path = self.day_path(day);
        let connection = self.day(day)?;
        let HotBlock { seq, span_us, taken_us, data } = block;
        let mut insert = connection
            .prepare_cached("INSERT INTO hot VALUES (?, ?, ?, ?, ?, ?)")
            .map_err(HistoryError::database(&path))?;
        let values = params![seq, span_us.0, span_us.1, taken_us.0, taken_us.1, data];
        insert.execute(values).map(drop).map_err(HistoryError::database(&path))
    }

    /// Calls `each` with the blocks of a day that have changes from one moment to another, in order.
    pub fn each_hot(
        &mut self,
        day: Day,
        by: Order,
        (from_us, to_us): (i64, i64),
        mut each: impl FnMut(HotBlock) -> Result<(), HistoryError>,
    ) -> Result<(), HistoryError> {
        let path = self.day_path(day);
        let fail = || HistoryError::database(&path);
        let (first, last) = by.columns();
        let sql = format!("SELECT * FROM hot WHERE {last} >= ? AND {first} <= ? ORDER BY seq");
        let connection = self.day(day)?;
        let mut statement = connection.prepare_cached(&sql).map_err(fail())?;
        let mut rows = statement.query([from_us, to_us]).map_err(fail())?;
        while let Some(row) = rows.next().map_err(fail())? {
            let block = |row: &Row<'_>| {
                let (span_us, taken_us) = ((row.get(1)?, row.get(2)?), (row.get(3)?, row.get(4)?));
                Ok(HotBlock { seq: row.get(0)?, span_us, taken_us, data: row.get(5)? })
            };
            each(block(row).map_err(fail())?)?;
        }
        Ok(())
    }

    /// Replaces the blocks of a day up to `seq` by pages, and adds a frame.
    pub fn compact(&mut self, day: Day, seq: i64, pages: &[Page], frame: Option<&Frame>) -> Result<(), HistoryError> {
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
        write().map_err(HistoryError::database(&path))
    }

    /// Replaces all frames of a day by one.
    pub fn replace_frames(&mut self, day: Day, frame: &Frame) -> Result<(), HistoryError> {
        let path = self.day_path(day);
        let connection = self.day(day)?;
        let mut write = || -> rusqlite::Result<()> {
            let transaction = connection.transaction()?;
            transaction.execute("DELETE FROM frame", [])?;
            let Frame { time_us, seq, data } = frame;
            transaction.execute("INSERT INTO frame VALUES (?, ?, ?)", params![seq, time_us, data])?;
            transaction.commit()
        };
        write().map_err(HistoryError::database(&path))
    }

    /// Begins or ends a transaction of reading a day, in which a compaction by another connection is not seen.
    pub fn hold_day(&mut self, day: Day, begins: bool) -> Result<(), HistoryError> {
        let path = self.day_path(day);
        let sql = if begins { "BEGIN" } else { "COMMIT" };
        self.day(day)?.execute_batch(sql).map_err(HistoryError::database(&path))
    }

    /// Calls `each` with the pages of a day that have changes from one moment to another.
    pub fn each_page(
        &mut self,
        day: Day,
        by: Order,
        (from_us, to_us): (i64, i64),
        series: Option<(u32, u32)>,
        mut each: impl FnMut(Page),
    ) -> Result<(), HistoryError> {
        let path = self.day_path(day);
        let fail = || HistoryError::database(&path);
        let (first, last) = by.columns();
        let sql = format!(
            "SELECT series_from, series_to, from_us, to_us, taken_from_us, taken_to_us, seq, data FROM page \
             WHERE {last} >= ?1 AND {first} <= ?2 AND series_from <= ?3 AND series_to >= ?4 ORDER BY id"
        );
        // A page may begin before the first series and end behind the last one.
        let (lowest, highest) = series.map_or((i64::MAX, 0), |(first, last)| (i64::from(last), i64::from(first)));
        let connection = self.day(day)?;
        let mut statement = connection.prepare_cached(&sql).map_err(fail())?;
        let mut rows = statement.query([from_us, to_us, lowest, highest]).map_err(fail())?;
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

    /// Returns the last frame of a day that is not after a moment.
    pub fn frame(&mut self, day: Day, until_us: i64) -> Result<Option<Frame>, HistoryError> {
        let path = self.day_path(day);
        let sql = "SELECT seq, time_us, data FROM frame WHERE time_us <= ? ORDER BY seq DESC LIMIT 1";
        let connection = self.day(day)?;
        let frame = connection
            .query_row(sql, [until_us], |row| Ok(Frame { seq: row.get(0)?, time_us: row.get(1)?, data: row.get(2)? }));
        frame.optional().map_err(HistoryError::database(&path))
    }

    /// Returns the first and the last moment at which a change of a day was taken, if it has any.
    pub fn taken_span_us(&mut self, day: Day) -> Result<Option<(i64, i64)>, HistoryError> {
        let path = self.day_path(day);
        let sql = "SELECT min(least), max(most) FROM (SELECT min(taken_from_us) AS least, max(taken_to_us) AS most FROM hot \
                   UNION ALL SELECT min(taken_from_us), max(taken_to_us) FROM page)";
        let read = |row: &Row<'_>| Ok(row.get::<_, Option<i64>>(0)?.zip(row.get::<_, Option<i64>>(1)?));
        self.day(day)?.query_row(sql, [], read).map_err(HistoryError::database(&path))
    }

    /// Notes that a day has changes whose source time is before the day.
    pub fn add_late(&mut self, day: Day, from_us: i64) -> Result<(), HistoryError> {
        let path = self.catalog_path();
        let sql = "INSERT INTO late VALUES (?1, ?2) ON CONFLICT(day) DO UPDATE SET from_us = min(from_us, ?2)";
        self.catalog()?.execute(sql, [day, from_us]).map(drop).map_err(HistoryError::database(&path))
    }

    /// Returns the days that may have changes with source times from one moment to another.
    pub fn days_of(&mut self, (from_us, to_us): (i64, i64)) -> Result<Vec<Day>, HistoryError> {
        let path = self.catalog_path();
        let connection = self.catalog()?;
        let read = || -> rusqlite::Result<Vec<Day>> {
            let mut statement = connection.prepare_cached("SELECT day FROM late WHERE from_us <= ?")?;
            statement.query_map([to_us], |row| row.get(0))?.collect()
        };
        let late: Vec<Day> = read().map_err(HistoryError::database(&path))?;
        // A clock of a device may run ahead, so the day before may have changes of the first minutes.
        let (first, last) = (day_of(from_us).saturating_sub(1), day_of(to_us));
        let mut days = self.days()?;
        days.retain(|day| (first..=last).contains(day) || (*day > last && late.contains(day)));
        Ok(days)
    }

    /// Returns the days with late readings, each with the first day that they belong to.
    pub fn late_days(&mut self) -> Result<Vec<(Day, Day)>, HistoryError> {
        let path = self.catalog_path();
        let connection = self.catalog()?;
        let read = || -> rusqlite::Result<Vec<(Day, Day)>> {
            let mut statement = connection.prepare("SELECT day, from_us FROM late")?;
            statement.query_map([], |row| Ok((row.get(0)?, day_of(row.get(1)?))))?.collect()
        };
        read().map_err(HistoryError::database(&path))
    }

    /// Deletes the file of a day.
    pub fn delete_day(&mut self, day: Day) -> Result<(), HistoryError> {
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

    /// Closes all files, before one of them is renamed.
    pub fn close(&mut self) {
        self.days.clear();
        self.catalog = None;
    }

    /// Returns the fault in the structure of the catalogue, if there is one.
    pub fn fault_of_catalog(&mut self) -> Result<Option<String>, HistoryError> {
        let path = self.catalog_path();
        fault(self.catalog()?).map_err(HistoryError::database(&path))
    }

    /// Returns the fault in the structure of a day's file, if there is one.
    pub fn fault_of_day(&mut self, day: Day) -> Result<Option<String>, HistoryError> {
        let path = self.day_path(day);
        fault(self.day(day)?).map_err(HistoryError::database(&path))
    }

    /// Calls `each` with the number, the place and the data of every block in a table of a day.
    pub fn each_block(
        &mut self,
        day: Day,
        table: Table,
        mut each: impl FnMut(i64, &str, &[u8]),
    ) -> Result<(), HistoryError> {
        let path = self.day_path(day);
        let fail = || HistoryError::database(&path);
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

    /// Moves a damaged block into the table `damaged`.
    pub fn set_block_aside(&mut self, day: Day, table: Table, id: i64, place: &str) -> Result<(), HistoryError> {
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
        write().map_err(HistoryError::database(&path))
    }
}

/// A table of blocks.
#[derive(Clone, Copy)]
pub(crate) enum Table {
    Hot,
    Page,
    Frame,
}

impl Table {
    pub const ALL: [Self; 3] = [Self::Hot, Self::Page, Self::Frame];

    /// Returns the name of the table, its key, and the columns of the first and the last moment of a block.
    fn columns(self) -> (&'static str, &'static str, &'static str, &'static str) {
        match self {
            Self::Hot => ("hot", "seq", "taken_from_us", "taken_to_us"),
            Self::Page => ("page", "id", "taken_from_us", "taken_to_us"),
            Self::Frame => ("frame", "seq", "time_us", "time_us"),
        }
    }
}

fn fault(connection: &Connection) -> rusqlite::Result<Option<String>> {
    let found: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    Ok((found != "ok").then_some(found))
}

/// The time by which blocks are chosen.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// The source time.
    Source,
    /// The moment at which the timeline took the value.
    Taken,
}

impl Order {
    fn columns(self) -> (&'static str, &'static str) {
        match self {
            Self::Source => ("from_us", "to_us"),
            Self::Taken => ("taken_from_us", "taken_to_us"),
        }
    }
}

fn text(row: &Row<'_>, at: usize) -> rusqlite::Result<Arc<str>> {
    row.get::<_, String>(at).map(Arc::from)
}

fn kind_of(number: u8) -> Kind {
    const KINDS: [Kind; 6] = [Kind::Number, Kind::Integer, Kind::Bool, Kind::Text, Kind::Time, Kind::Json];
    KINDS.get(usize::from(number)).copied().unwrap_or(Kind::Number)
}
