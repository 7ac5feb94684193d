//! The storage of a history in a schema of a PostgreSQL database, with the blocks that files have.
//!
//! The blocks of a day are partitions, so the end of the retention drops tables. An advisory lock makes sure that one
//! program writes. A lost connection is opened again: every write can be repeated, and a number that each writer raises
//! shows whether another program has written in the meantime.

use super::{
    Access, CatalogRows, Day, DiskUse, FORMAT, Frame, HotBlock, LogWanted, Page, RollupBlock, Store, Table, Wanted,
};
use crate::change::{LogEntry, LogKind, Series, SeriesKey};
use crate::error::HistoryError;
use crate::place::DatabasePlace;
use cupola_twin::value::time_text;
use postgres::config::{Host, SslMode};
use postgres::fallible_iterator::FallibleIterator;
use postgres::types::ToSql;
use postgres::{Client, Config, GenericClient, NoTls, Row, Statement};
use rustls::{ClientConfig, RootCertStore};
use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};
use tokio_postgres_rustls::MakeRustlsConnect;

/// The longest time to wait for the server when a connection is opened.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// The longest time in which the server's machine may leave sent bytes unacknowledged.
const USER_TIMEOUT: Duration = Duration::from_secs(20);
/// The time without a sign of the server's machine after which it is asked for one.
const KEEPALIVE_IDLE: Duration = Duration::from_secs(10);
/// The pause between such questions, of which three may stay without an answer.
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(5);
/// The longest time to wait for the lock of a program that ends.
const PATIENCE: Duration = Duration::from_millis(300);

const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS about(format bigint NOT NULL, writer bigint NOT NULL);
    CREATE TABLE IF NOT EXISTS series(id bigint PRIMARY KEY, twin text, property text, kind smallint, unit text);
    CREATE TABLE IF NOT EXISTS text(id bigint PRIMARY KEY, value text);
    CREATE TABLE IF NOT EXISTS log(id bigint PRIMARY KEY, time_us bigint, kind text, subject text, twin text, detail text);
    CREATE INDEX IF NOT EXISTS log_time ON log(time_us);
    CREATE INDEX IF NOT EXISTS log_kind ON log(kind);
    CREATE TABLE IF NOT EXISTS late(day bigint PRIMARY KEY, from_us bigint);
    CREATE TABLE IF NOT EXISTS day(day bigint PRIMARY KEY);
    CREATE TABLE IF NOT EXISTS hot(day bigint, seq bigint, from_us bigint, to_us bigint, taken_from_us bigint,
        taken_to_us bigint, data bytea, PRIMARY KEY (day, seq)) PARTITION BY LIST (day);
    CREATE SEQUENCE IF NOT EXISTS page_id;
    CREATE TABLE IF NOT EXISTS page(day bigint, id bigint DEFAULT nextval('page_id'), series_from bigint,
        series_to bigint, from_us bigint, to_us bigint, taken_from_us bigint, taken_to_us bigint, seq bigint, data bytea,
        PRIMARY KEY (day, id)) PARTITION BY LIST (day);
    CREATE INDEX IF NOT EXISTS page_place ON page(series_from, series_to, from_us, to_us);
    CREATE TABLE IF NOT EXISTS frame(day bigint, seq bigint, time_us bigint, data bytea, PRIMARY KEY (day, seq))
        PARTITION BY LIST (day);
    CREATE TABLE IF NOT EXISTS roll(day bigint, level bigint, series_from bigint, series_to bigint, data bytea);
    CREATE INDEX IF NOT EXISTS roll_place ON roll(level, day, series_from);
    CREATE TABLE IF NOT EXISTS rolled(day bigint PRIMARY KEY);
    CREATE TABLE IF NOT EXISTS damaged(place text, data bytea);
    CREATE TABLE IF NOT EXISTS setting(name text PRIMARY KEY, value text);
";
/// Blocks are compressed already.
const STORAGE: &str = "
    ALTER TABLE page ALTER data SET STORAGE EXTERNAL;
    ALTER TABLE frame ALTER data SET STORAGE EXTERNAL;
    ALTER TABLE hot ALTER data SET STORAGE EXTERNAL;
    ALTER TABLE roll ALTER data SET STORAGE EXTERNAL;
";
/// The partitioned tables of a day, in the order in which readers and compactions lock them.
const PARTITIONED: [&str; 3] = ["page", "frame", "hot"];
/// The name of the setting of the retention.
const RETENTION: &str = "retention";

/// A connection, with its prepared statements.
struct Connected {
    client: Client,
    statements: HashMap<String, Statement>,
    /// The number of the server's process.
    process: i32,
}

/// Returns a prepared statement of a connection, which a transaction may use too.
fn prepared(
    client: &mut impl GenericClient,
    statements: &mut HashMap<String, Statement>,
    sql: &str,
) -> Result<Statement, postgres::Error> {
    if let Some(known) = statements.get(sql) {
        return Ok(known.clone());
    }
    let statement = client.prepare(sql)?;
    statements.insert(sql.into(), statement.clone());
    Ok(statement)
}

impl Connected {
    fn statement(&mut self, sql: &str) -> Result<Statement, postgres::Error> {
        prepared(&mut self.client, &mut self.statements, sql)
    }

    fn query(&mut self, sql: &str, values: &[&(dyn ToSql + Sync)]) -> Result<Vec<Row>, postgres::Error> {
        let statement = self.statement(sql)?;
        self.client.query(&statement, values)
    }

    fn execute(&mut self, sql: &str, values: &[&(dyn ToSql + Sync)]) -> Result<u64, postgres::Error> {
        let statement = self.statement(sql)?;
        self.client.execute(&statement, values)
    }
}

/// The tables of a history.
pub(super) struct PostgresStore {
    place: DatabasePlace,
    access: Access,
    connected: Option<Connected>,
    /// The number of this writer, once it has the lock.
    writer: Option<i64>,
    /// The process of the connection that was lost.
    lost: Option<i32>,
    /// The number of the next entry of the log, once it is known.
    next_log: Option<i64>,
    /// The days whose partitions are known to exist.
    days: BTreeSet<Day>,
}

impl PostgresStore {
    /// Connects to the database.
    pub fn new(place: &DatabasePlace, access: Access) -> Result<Self, HistoryError> {
        let (place, days) = (place.clone(), BTreeSet::new());
        let mut store = Self { place, access, connected: None, writer: None, lost: None, next_log: None, days };
        store.connection()?;
        let about = format!("{}.about", store.place.schema());
        if access == Access::Read && store.value::<Option<String>>("SELECT to_regclass($1)::text", &[&about])?.is_none()
        {
            return Err(HistoryError::None(store.place.to_string()));
        }
        Ok(store)
    }

    fn refused(&self, why: impl Into<String>) -> HistoryError {
        HistoryError::Refused { place: self.place.to_string(), why: why.into() }
    }

    /// Returns the connection, which is opened again if it was lost.
    fn connection(&mut self) -> Result<&mut Connected, HistoryError> {
        if let Some(closed) = self.connected.take_if(|connected| connected.client.is_closed()) {
            self.lost = Some(closed.process);
        }
        let connected = match self.connected.take() {
            Some(connected) => connected,
            None => self.connect()?,
        };
        Ok(self.connected.insert(connected))
    }

    fn connect(&mut self) -> Result<Connected, HistoryError> {
        let mut config = self.place.config().map_err(|why| self.refused(why))?;
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECT_TIMEOUT);
        }
        if config.get_password().is_none()
            && let Ok(password) = std::env::var("PGPASSWORD")
        {
            config.password(password);
        }
        config.application_name("cupola").tcp_user_timeout(USER_TIMEOUT);
        config.keepalives_idle(KEEPALIVE_IDLE).keepalives_interval(KEEPALIVE_INTERVAL).keepalives_retries(3);
        let mut client = self.open(config)?.map_err(HistoryError::postgres(&self.place))?;
        // The server notices soon that the machine of this program is gone, and frees the lock.
        // A plan for each call looks only at the partitions of the day. Nobody waits long for another program's lock.
        let settings = "SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3; \
                        SET client_min_messages = warning; SET plan_cache_mode = force_custom_plan; \
                        SET lock_timeout = '10s'; SET statement_timeout = '5min'; \
                        SET idle_in_transaction_session_timeout = '5min'";
        client.batch_execute(settings).map_err(HistoryError::postgres(&self.place))?;
        let schema = self.place.schema().to_string();
        let process = client.query_one("SELECT pg_backend_pid()", &[]).map_err(HistoryError::postgres(&self.place))?;
        let mut connected = Connected { client, statements: HashMap::new(), process: process.get(0) };
        if self.access == Access::Write {
            self.lock(&mut connected)?;
        }
        let set = format!("SET search_path = \"{schema}\"");
        connected.client.batch_execute(&set).map_err(HistoryError::postgres(&self.place))?;
        Ok(connected)
    }

    /// Opens a connection. One to another machine is encrypted, and its certificate is checked, unless the address has
    /// `sslmode=disable`.
    fn open(&self, mut config: Config) -> Result<Result<Client, postgres::Error>, HistoryError> {
        let is_near = |host: &Host| match host {
            Host::Tcp(name) => {
                name == "localhost" || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
            }
            #[cfg(unix)]
            Host::Unix(_) => true,
        };
        let has_near_hosts = !config.get_hosts().is_empty() && config.get_hosts().iter().all(is_near);
        let has_near_addresses = config.get_hostaddrs().iter().all(std::net::IpAddr::is_loopback);
        let is_near = has_near_hosts && has_near_addresses && config.get_ssl_mode() != SslMode::Require;
        if is_near || config.get_ssl_mode() == SslMode::Disable {
            return Ok(config.connect(NoTls));
        }
        config.ssl_mode(SslMode::Require);
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let builder = builder.map_err(|error| self.refused(error.to_string()))?;
        let tls = builder.with_root_certificates(certificates()).with_no_client_auth();
        Ok(config.connect(MakeRustlsConnect::new(tls)))
    }

    /// Gets the lock of the history, and creates its tables if there are none.
    fn lock(&mut self, connected: &mut Connected) -> Result<(), HistoryError> {
        let place = self.place.clone();
        let fail = || HistoryError::postgres(&place);
        let schema = self.place.schema().to_string();
        let sql = "SELECT pg_try_advisory_lock(hashtextextended('cupola history ' || $1, 0))";
        let begin = Instant::now();
        while !connected.query(sql, &[&schema]).map_err(fail())?[0].get::<_, bool>(0) {
            if let Some(lost) = self.lost.take() {
                // The server may not know yet that the connection of this program is gone.
                let end = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND pid = $1 AND \
                           (classid::bigint << 32) + objid::bigint = hashtextextended('cupola history ' || $2, 0)";
                connected.query(end, &[&lost, &schema]).map_err(fail())?;
            } else if begin.elapsed() > PATIENCE {
                return Err(HistoryError::Locked(self.place.to_string()));
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        match self.writer {
            None => {
                // A user who owns the schema needs no right to create another one.
                let found =
                    connected.query("SELECT 1 FROM pg_namespace WHERE nspname = $1", &[&schema]).map_err(fail())?;
                let schema_of = if found.is_empty() { format!("CREATE SCHEMA \"{schema}\";") } else { String::new() };
                let create = format!(
                    "{schema_of} SET search_path = \"{schema}\"; \
                     CREATE TABLE IF NOT EXISTS about(format bigint NOT NULL, writer bigint NOT NULL)"
                );
                connected.client.batch_execute(&create).map_err(fail())?;
                let about = connected.query("SELECT format FROM about", &[]).map_err(fail())?;
                match about.first().map(|row| row.get::<_, i64>(0)) {
                    Some(found) if found > FORMAT => {
                        return Err(HistoryError::Newer { place: self.place.to_string(), found });
                    }
                    Some(_) => {}
                    None => {
                        connected.client.batch_execute(&format!("{TABLES}{STORAGE}")).map_err(fail())?;
                        connected.execute("INSERT INTO about VALUES ($1, 0)", &[&FORMAT]).map_err(fail())?;
                    }
                }
                let next = connected.query("UPDATE about SET writer = writer + 1 RETURNING writer", &[]);
                self.writer = next.map_err(fail())?.first().map(|row| row.get(0));
            }
            Some(own) => {
                let sql = format!("SELECT writer FROM \"{schema}\".about");
                let found = connected.query(&sql, &[]).map_err(fail())?;
                if found.first().map(|row| row.get::<_, i64>(0)) != Some(own) {
                    let why = "another program has recorded while the connection was lost: open the scene again";
                    return Err(self.refused(why));
                }
            }
        }
        Ok(())
    }

    fn query(&mut self, sql: &str, values: &[&(dyn ToSql + Sync)]) -> Result<Vec<Row>, HistoryError> {
        let place = self.place.clone();
        self.connection()?.query(sql, values).map_err(HistoryError::postgres(&place))
    }

    /// Returns the single value of a query.
    fn value<T>(&mut self, sql: &str, values: &[&(dyn ToSql + Sync)]) -> Result<T, HistoryError>
    where
        T: for<'a> postgres::types::FromSql<'a>,
    {
        let rows = self.query(sql, values)?;
        rows.first().map(|row| row.get(0)).ok_or_else(|| self.refused("the answer is empty"))
    }

    fn execute(&mut self, sql: &str, values: &[&(dyn ToSql + Sync)]) -> Result<u64, HistoryError> {
        let place = self.place.clone();
        self.connection()?.execute(sql, values).map_err(HistoryError::postgres(&place))
    }

    /// Calls `each` with the rows of a query, while they come.
    fn each_row(
        &mut self,
        sql: &str,
        values: &[&(dyn ToSql + Sync)],
        each: &mut dyn FnMut(&Row) -> Result<(), HistoryError>,
    ) -> Result<(), HistoryError> {
        let place = self.place.clone();
        let connected = self.connection()?;
        let statement = connected.statement(sql).map_err(HistoryError::postgres(&place))?;
        let mut rows =
            connected.client.query_raw(&statement, values.iter().copied()).map_err(HistoryError::postgres(&place))?;
        while let Some(row) = rows.next().map_err(HistoryError::postgres(&place))? {
            each(&row)?;
        }
        Ok(())
    }

    /// Writes in a transaction.
    fn write(
        &mut self,
        work: impl FnOnce(&mut Writing<'_>) -> Result<(), postgres::Error>,
    ) -> Result<(), HistoryError> {
        let place = self.place.clone();
        let Connected { client, statements, .. } = self.connection()?;
        let write = || {
            let mut writing = Writing { transaction: client.transaction()?, statements };
            work(&mut writing)?;
            writing.transaction.commit()
        };
        write().map_err(HistoryError::postgres(&place))
    }

    /// Creates the partitions of a day.
    fn begin_day(&mut self, day: Day) -> Result<(), HistoryError> {
        if self.days.contains(&day) {
            return Ok(());
        }
        let known: bool = self.value("SELECT EXISTS (SELECT 1 FROM day WHERE day = $1)", &[&day])?;
        if known {
            self.days.insert(day);
            return Ok(());
        }
        let mut sql = format!("BEGIN; INSERT INTO day VALUES ({day});");
        for table in PARTITIONED {
            let own = partition(table, day);
            // An attached table, unlike one that is created as a partition, does not wait for readers of the others.
            sql += &format!(
                "CREATE TABLE {own} (LIKE {table} INCLUDING ALL, CHECK (day IS NOT NULL AND day = {day})); \
                 ALTER TABLE {table} ATTACH PARTITION {own} FOR VALUES IN ({day});"
            );
        }
        let place = self.place.clone();
        let client = &mut self.connection()?.client;
        if let Err(error) = client.batch_execute(&(sql + "COMMIT;")) {
            // The connection may be lost as well.
            let _ = client.batch_execute("ROLLBACK");
            return Err(HistoryError::postgres(&place)(error));
        }
        self.days.insert(day);
        Ok(())
    }

    /// Returns the number of the next entry of the log.
    fn next_log(&mut self) -> Result<i64, HistoryError> {
        let next = match self.next_log {
            Some(next) => next,
            None => self.value("SELECT coalesce(max(id), 0) + 1 FROM log", &[])?,
        };
        self.next_log = Some(next);
        Ok(next)
    }
}

/// A transaction with the prepared statements of its connection.
struct Writing<'w> {
    transaction: postgres::Transaction<'w>,
    statements: &'w mut HashMap<String, Statement>,
}

impl Writing<'_> {
    fn execute(&mut self, sql: &str, values: &[&(dyn ToSql + Sync)]) -> Result<u64, postgres::Error> {
        let statement = prepared(&mut self.transaction, self.statements, sql)?;
        self.transaction.execute(&statement, values)
    }

    fn add_frame(&mut self, day: Day, frame: &Frame) -> Result<(), postgres::Error> {
        let Frame { time_us, seq, data } = frame;
        let sql =
            "INSERT INTO frame VALUES ($1, $2, $3, $4) ON CONFLICT (day, seq) DO UPDATE SET time_us = $3, data = $4";
        self.execute(sql, &[&day, seq, time_us, data]).map(drop)
    }
}

/// Returns the name of the partition of a table for a day.
fn partition(table: &str, day: Day) -> String {
    format!("{table}_{}", super::date_of(day).replace('-', "_"))
}

/// Returns the certificates of the system, which are read once.
fn certificates() -> RootCertStore {
    static ROOTS: OnceLock<RootCertStore> = OnceLock::new();
    let read = || {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        roots
    };
    ROOTS.get_or_init(read).clone()
}

/// Returns a text as PostgreSQL takes it, which has no zero character.
fn plain(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

impl Store for PostgresStore {
    fn open_catalog(&mut self) -> Result<(), HistoryError> {
        if self.access == Access::Write {
            return self.connection().map(drop);
        }
        let rows = self.query("SELECT format FROM about", &[])?;
        match rows.first().map(|row| row.get::<_, i64>(0)) {
            Some(found) if found > FORMAT => Err(HistoryError::Newer { place: self.place.to_string(), found }),
            Some(_) => Ok(()),
            None => Err(HistoryError::None(self.place.to_string())),
        }
    }

    fn catalog_place(&self) -> String {
        self.place.to_string()
    }

    fn day_place(&self, day: Day) -> String {
        format!("{}, day {}", self.place, super::date_of(day))
    }

    fn days(&mut self) -> Result<Vec<Day>, HistoryError> {
        Ok(self.query("SELECT day FROM day ORDER BY day", &[])?.iter().map(|row| row.get(0)).collect())
    }

    fn read_catalog(&mut self) -> Result<(Vec<Series>, Vec<String>), HistoryError> {
        let mut found = CatalogRows::default();
        self.each_row("SELECT twin, property, kind, unit, id FROM series ORDER BY id", &[], &mut |row| {
            let name = |at: usize| Arc::from(row.get::<_, &str>(at));
            let key = SeriesKey { twin: name(0), property: name(1) };
            found.add_series(row.get::<_, i64>(4) as u32, key, row.get::<_, i16>(2) as u8, row.get(3));
            Ok(())
        })?;
        self.each_row("SELECT id, value FROM text ORDER BY id", &[], &mut |row| {
            found.add_text(row.get::<_, i64>(0) as u32, row.get(1));
            Ok(())
        })?;
        Ok((found.series, found.texts))
    }

    fn back_up_catalog(&mut self) -> Result<(), HistoryError> {
        // The server has backups of its own.
        Ok(())
    }

    fn add_catalog(
        &mut self,
        first: (u32, u32),
        series: &[Series],
        texts: &[Arc<str>],
        log: &[LogEntry],
    ) -> Result<(), HistoryError> {
        let first_log = self.next_log()?;
        // Whole columns in one statement need one answer of the server.
        let own = |all: &mut dyn Iterator<Item = &str>| -> Vec<String> { all.map(plain).collect() };
        let ids = |first: u32, count: usize| -> Vec<i64> { (i64::from(first)..).take(count).collect() };
        let (twins, properties) = (
            own(&mut series.iter().map(|series| &*series.key.twin)),
            own(&mut series.iter().map(|series| &*series.key.property)),
        );
        let kinds: Vec<i16> = series.iter().map(|series| series.kind as i16).collect();
        let units: Vec<Option<String>> = series.iter().map(|series| series.unit.as_deref().map(plain)).collect();
        let (series_ids, text_ids) = (ids(first.0, series.len()), ids(first.1, texts.len()));
        let values = own(&mut texts.iter().map(|text| &**text));
        let log_ids: Vec<i64> = (first_log..).take(log.len()).collect();
        let times: Vec<i64> = log.iter().map(|entry| entry.time_us).collect();
        let words: Vec<&str> = log.iter().map(|entry| entry.kind.word()).collect();
        let subjects = own(&mut log.iter().map(|entry| &*entry.subject));
        let twins_of = own(&mut log.iter().map(|entry| &*entry.twin));
        let details = own(&mut log.iter().map(|entry| &*entry.detail));
        self.write(|writing| {
            let sql = "INSERT INTO series SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::smallint[], \
                       $5::text[]) ON CONFLICT DO NOTHING";
            writing.execute(sql, &[&series_ids, &twins, &properties, &kinds, &units])?;
            let sql = "INSERT INTO text SELECT * FROM unnest($1::bigint[], $2::text[]) ON CONFLICT DO NOTHING";
            writing.execute(sql, &[&text_ids, &values])?;
            let sql = "INSERT INTO log SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], \
                       $5::text[], $6::text[]) ON CONFLICT DO NOTHING";
            writing.execute(sql, &[&log_ids, &times, &words, &subjects, &twins_of, &details])?;
            Ok(())
        })?;
        self.next_log = Some(first_log + log.len() as i64);
        Ok(())
    }

    fn log(&mut self, wanted: LogWanted<'_>) -> Result<Vec<LogEntry>, HistoryError> {
        let select = "SELECT time_us, kind, subject, twin, detail FROM log WHERE";
        let order = "ORDER BY time_us, id";
        let rows = match wanted {
            LogWanted::Span(from_us, to_us) => {
                self.query(&format!("{select} time_us BETWEEN $1 AND $2 {order}"), &[&from_us, &to_us])?
            }
            LogWanted::Kinds(kinds) => {
                let words: Vec<&str> = kinds.iter().map(|kind| kind.word()).collect();
                self.query(&format!("{select} kind = ANY($1) {order}"), &[&words])?
            }
            LogWanted::Newest(count) => {
                let newest = "id IN (SELECT id FROM log WHERE kind <> $1 ORDER BY time_us DESC, id DESC LIMIT $2)";
                let values: [&(dyn ToSql + Sync); 2] = [&LogKind::Observed.word(), &(count as i64)];
                self.query(&format!("{select} {newest} {order}"), &values)?
            }
        };
        // An unknown kind is of a newer program.
        let entry = |row: &Row| {
            let kind = LogKind::of(row.get(1))?;
            let (time_us, subject, twin, detail) = (row.get(0), row.get(2), row.get(3), row.get(4));
            Some(LogEntry { time_us, kind, subject, twin, detail })
        };
        Ok(rows.iter().filter_map(entry).collect())
    }

    fn last_taken_of(&mut self, day: Day, until_us: i64) -> Result<Option<i64>, HistoryError> {
        let sql = "SELECT max(least(taken_to_us, $2)) FROM (SELECT taken_to_us FROM hot WHERE day = $1 AND \
                   taken_from_us <= $2 UNION ALL SELECT taken_to_us FROM page WHERE day = $1 AND taken_from_us <= $2) AS found";
        self.value(sql, &[&day, &until_us])
    }

    fn taken_span_us(&mut self, day: Day) -> Result<Option<(i64, i64)>, HistoryError> {
        let sql = "SELECT min(taken_from_us), max(taken_to_us) FROM (SELECT taken_from_us, taken_to_us FROM hot WHERE \
                   day = $1 UNION ALL SELECT taken_from_us, taken_to_us FROM page WHERE day = $1) AS found";
        let rows = self.query(sql, &[&day])?;
        Ok(rows.first().and_then(|row| row.get::<_, Option<i64>>(0).zip(row.get::<_, Option<i64>>(1))))
    }

    fn last_seq(&mut self, day: Day) -> Result<i64, HistoryError> {
        let sql = "SELECT coalesce(greatest((SELECT max(seq) FROM hot WHERE day = $1), (SELECT max(seq) FROM page WHERE \
                   day = $1), (SELECT max(seq) FROM frame WHERE day = $1)), 0)";
        self.value(sql, &[&day])
    }

    fn add_hot(&mut self, day: Day, block: &HotBlock) -> Result<(), HistoryError> {
        self.begin_day(day)?;
        let HotBlock { seq, span_us, taken_us, data } = block;
        // A block whose commit was not answered is written again, perhaps with more changes.
        let sql = "INSERT INTO hot VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (day, seq) DO UPDATE SET from_us = $3, \
                   to_us = $4, taken_from_us = $5, taken_to_us = $6, data = $7";
        self.execute(sql, &[&day, seq, &span_us.0, &span_us.1, &taken_us.0, &taken_us.1, data]).map(drop)
    }

    fn each_hot(
        &mut self,
        day: Day,
        wanted: Wanted,
        each: &mut dyn FnMut(HotBlock) -> Result<(), HistoryError>,
    ) -> Result<(), HistoryError> {
        let (first, last) = wanted.by.columns();
        let sql = format!(
            "SELECT seq, from_us, to_us, taken_from_us, taken_to_us, data FROM hot WHERE day = $1 AND {last} >= $2 AND \
             {first} <= $3 AND seq > $4 ORDER BY seq"
        );
        self.each_row(&sql, &[&day, &wanted.span_us.0, &wanted.span_us.1, &wanted.after], &mut |row| {
            let (span_us, taken_us) = ((row.get(1), row.get(2)), (row.get(3), row.get(4)));
            each(HotBlock { seq: row.get(0), span_us, taken_us, data: row.get(5) })
        })
    }

    fn each_page(&mut self, day: Day, wanted: Wanted, each: &mut dyn FnMut(Page)) -> Result<(), HistoryError> {
        let (first, last) = wanted.by.columns();
        let sql = format!(
            "SELECT series_from, series_to, from_us, to_us, taken_from_us, taken_to_us, seq, data FROM page WHERE \
             day = $1 AND {last} >= $2 AND {first} <= $3 AND series_from <= $4 AND series_to >= $5 AND seq > $6 ORDER BY id"
        );
        let ((from_us, to_us), (lowest, highest)) = (wanted.span_us, wanted.series_bounds());
        self.each_row(&sql, &[&day, &from_us, &to_us, &lowest, &highest, &wanted.after], &mut |row| {
            let series = (row.get::<_, i64>(0) as u32, row.get::<_, i64>(1) as u32);
            let (span_us, taken_us) = ((row.get(2), row.get(3)), (row.get(4), row.get(5)));
            each(Page { series, span_us, taken_us, seq: row.get(6), data: row.get(7) });
            Ok(())
        })
    }

    fn frame(&mut self, day: Day, until_us: i64) -> Result<Option<Frame>, HistoryError> {
        let sql = "SELECT seq, time_us, data FROM frame WHERE day = $1 AND time_us <= $2 ORDER BY seq DESC LIMIT 1";
        let rows = self.query(sql, &[&day, &until_us])?;
        Ok(rows.first().map(|row| Frame { seq: row.get(0), time_us: row.get(1), data: row.get(2) }))
    }

    fn compact(&mut self, day: Day, seq: i64, pages: &[Page], frame: Option<&Frame>) -> Result<(), HistoryError> {
        self.begin_day(day)?;
        self.write(|writing| {
            let sql = "INSERT INTO page(day, series_from, series_to, from_us, to_us, taken_from_us, taken_to_us, seq, data) \
                       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
            for Page { series, span_us: (from_us, to_us), taken_us: (taken_from, taken_to), seq, data } in pages {
                let (first, last) = (i64::from(series.0), i64::from(series.1));
                let values: [&(dyn ToSql + Sync); 9] =
                    [&day, &first, &last, from_us, to_us, taken_from, taken_to, seq, data];
                writing.execute(sql, &values)?;
            }
            if let Some(frame) = frame {
                writing.add_frame(day, frame)?;
            }
            let sql = "DELETE FROM hot WHERE day = $1 AND seq <= $2";
            writing.execute(sql, &[&day, &seq]).map(drop)
        })
    }

    fn replace_frames(&mut self, day: Day, frame: &Frame) -> Result<(), HistoryError> {
        self.begin_day(day)?;
        self.write(|writing| {
            writing.execute("DELETE FROM frame WHERE day = $1", &[&day])?;
            writing.add_frame(day, frame)
        })
    }

    fn hold_day(&mut self, _day: Day, begins: bool) -> Result<(), HistoryError> {
        let sql = if begins { "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY" } else { "COMMIT" };
        let place = self.place.clone();
        self.connection()?.client.batch_execute(sql).map_err(HistoryError::postgres(&place))
    }

    fn add_late(&mut self, day: Day, from_us: i64) -> Result<(), HistoryError> {
        let sql = "INSERT INTO late VALUES ($1, $2) ON CONFLICT (day) DO UPDATE SET from_us = least(late.from_us, $2)";
        self.execute(sql, &[&day, &from_us]).map(drop)
    }

    fn late(&mut self) -> Result<Vec<(Day, i64)>, HistoryError> {
        let rows = self.query("SELECT day, from_us FROM late", &[])?;
        Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
    }

    fn delete_day(&mut self, day: Day) -> Result<(), HistoryError> {
        self.days.remove(&day);
        let tables: Vec<String> = PARTITIONED.iter().map(|table| partition(table, day)).collect();
        self.write(|writing| {
            writing.transaction.batch_execute(&format!("DROP TABLE IF EXISTS {}", tables.join(", ")))?;
            writing.execute("DELETE FROM day WHERE day = $1", &[&day]).map(drop)
        })
    }

    fn write_rollup(&mut self, day: Day, blocks: &[RollupBlock]) -> Result<(), HistoryError> {
        self.write(|writing| {
            writing.execute("DELETE FROM roll WHERE day = $1", &[&day])?;
            for RollupBlock { level, series, data } in blocks {
                let (first, last) = (i64::from(series.0), i64::from(series.1));
                let sql = "INSERT INTO roll VALUES ($1, $2, $3, $4, $5)";
                writing.execute(sql, &[&day, level, &first, &last, data])?;
            }
            writing.execute("INSERT INTO rolled VALUES ($1) ON CONFLICT DO NOTHING", &[&day]).map(drop)
        })
    }

    fn rollup_blocks(
        &mut self,
        (first, last): (Day, Day),
        level: i64,
        series: Option<u32>,
    ) -> Result<Vec<(Day, Vec<u8>)>, HistoryError> {
        let sql = "SELECT day, data FROM roll WHERE level = $1 AND day BETWEEN $2 AND $3 AND ($4::bigint IS NULL OR \
                   $4 BETWEEN series_from AND series_to) ORDER BY day";
        let rows = self.query(sql, &[&level, &first, &last, &series.map(i64::from)])?;
        Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
    }

    fn rolled_days(&mut self) -> Result<(BTreeSet<Day>, Vec<HistoryError>), HistoryError> {
        let days = self.query("SELECT day FROM rolled", &[])?.iter().map(|row| row.get(0)).collect();
        Ok((days, Vec::new()))
    }

    fn forget_rollups(&mut self, days: &BTreeSet<Day>) -> Result<(), HistoryError> {
        let days: Vec<i64> = days.iter().copied().collect();
        self.execute("DELETE FROM rolled WHERE day = ANY($1)", &[&days]).map(drop)
    }

    fn delete_rollups(&mut self, level: i64, before: Day) -> Result<(), HistoryError> {
        self.execute("DELETE FROM roll WHERE level = $1 AND day < $2", &[&level, &before]).map(drop)
    }

    fn each_rollup(&mut self, each: &mut dyn FnMut(Day, RollupBlock)) -> Result<(), HistoryError> {
        let sql = "SELECT day, level, series_from, series_to, data FROM roll ORDER BY day, level, series_from";
        self.each_row(sql, &[], &mut |row| {
            let series = (row.get::<_, i64>(2) as u32, row.get::<_, i64>(3) as u32);
            each(row.get(0), RollupBlock { level: row.get(1), series, data: row.get(4) });
            Ok(())
        })
    }

    fn delete_rollup(&mut self, day: Day, level: i64, first_series: u32) -> Result<(), HistoryError> {
        let sql = "DELETE FROM roll WHERE day = $1 AND level = $2 AND series_from = $3";
        self.execute(sql, &[&day, &level, &i64::from(first_series)]).map(drop)
    }

    fn faults_of_rollups(&mut self, _repairs: bool) -> Result<Vec<(String, String)>, HistoryError> {
        Ok(Vec::new())
    }

    fn read_retention(&mut self) -> Result<Option<String>, HistoryError> {
        let rows = self.query("SELECT value FROM setting WHERE name = $1", &[&RETENTION])?;
        Ok(rows.first().map(|row| row.get(0)))
    }

    fn write_retention(&mut self, text: &str) -> Result<(), HistoryError> {
        let sql = "INSERT INTO setting VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = $2";
        self.execute(sql, &[&RETENTION, &text]).map(drop)
    }

    fn disk_use(&mut self) -> Result<DiskUse, HistoryError> {
        let sql = "SELECT relname::text, pg_total_relation_size(pg_class.oid) FROM pg_class JOIN pg_namespace ON \
                   pg_namespace.oid = relnamespace WHERE nspname = $1 AND relkind = 'r'";
        let schema = self.place.schema().to_string();
        let mut found = DiskUse::default();
        for row in self.query(sql, &[&schema])? {
            // A table may be dropped meanwhile.
            let (name, bytes): (String, u64) =
                (row.get(0), row.get::<_, Option<i64>>(1).unwrap_or_default().unsigned_abs());
            found.all += bytes;
            match name.as_str() {
                "roll" | "rolled" => found.rollups += bytes,
                name if PARTITIONED.iter().any(|table| name.starts_with(&format!("{table}_"))) => {
                    found.changes += bytes
                }
                _ => {}
            }
        }
        Ok(found)
    }

    fn fault_of_catalog(&mut self) -> Result<Option<String>, HistoryError> {
        self.open_catalog().map(|()| None)
    }

    fn fault_of_day(&mut self, _day: Day) -> Result<Option<String>, HistoryError> {
        // The server checks its own files.
        Ok(None)
    }

    fn restore_catalog(&mut self) -> Result<bool, HistoryError> {
        Err(self.refused("the catalogue is damaged: restore the database from a backup of the server"))
    }

    fn set_all_aside(&mut self) -> Result<String, HistoryError> {
        self.restore_catalog().map(|_| String::new())
    }

    fn set_day_aside(&mut self, day: Day) -> Result<(), HistoryError> {
        self.days.remove(&day);
        let mut sql = String::new();
        for table in PARTITIONED {
            let own = partition(table, day);
            let aside = format!("{own}_damaged_{}", clock_ms());
            sql += &format!("ALTER TABLE {table} DETACH PARTITION {own}; ALTER TABLE {own} RENAME TO {aside};");
        }
        self.write(|writing| {
            writing.transaction.batch_execute(&sql)?;
            writing.execute("DELETE FROM day WHERE day = $1", &[&day]).map(drop)
        })
    }

    fn each_block(
        &mut self,
        day: Day,
        table: Table,
        each: &mut dyn FnMut(i64, &str, &[u8]),
    ) -> Result<(), HistoryError> {
        let (name, id, first, last) = table.columns();
        let sql = format!("SELECT {id}, {first}, {last}, data FROM {name} WHERE day = $1 ORDER BY {id}");
        self.each_row(&sql, &[&day], &mut |row| {
            let (number, from, to): (i64, i64, i64) = (row.get(0), row.get(1), row.get(2));
            let place = format!("{name} {number}, {} to {}", time_text(from), time_text(to));
            each(number, &place, row.get(3));
            Ok(())
        })
    }

    fn set_block_aside(&mut self, day: Day, table: Table, id: i64, place: &str) -> Result<(), HistoryError> {
        let (name, key, ..) = table.columns();
        self.write(|writing| {
            let sql = format!("INSERT INTO damaged SELECT $3, data FROM {name} WHERE day = $1 AND {key} = $2");
            writing.execute(&sql, &[&day, &id, &place])?;
            let sql = format!("DELETE FROM {name} WHERE day = $1 AND {key} = $2");
            writing.execute(&sql, &[&day, &id]).map(drop)
        })
    }
}

/// Returns the time of the system in milliseconds, for the names of tables that are set aside.
fn clock_ms() -> u128 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |since| since.as_millis())
}
