//! The same campus as tables in DuckDB, in memory.

use crate::campus::SHAPE;
use duckdb::{Connection, Result};

/// Sensors with their rooms and values, rooms with their floors, floors with their buildings; indexed where one would look.
pub fn campus(sensors: u32) -> Result<Connection> {
    let connection = Connection::open_in_memory()?;
    let (rooms, floors) = (sensors / SHAPE.0, sensors / SHAPE.0 / SHAPE.1);
    connection.execute_batch(&format!(
        "CREATE TABLE sensors AS SELECT 's' || range AS id, (range // {0})::INTEGER AS room, (range % 1000) * 0.1::DOUBLE AS value FROM range({sensors});
         CREATE TABLE rooms AS SELECT range::INTEGER AS id, (range // {1})::INTEGER AS floor FROM range({rooms});
         CREATE TABLE floors AS SELECT range::INTEGER AS id, (range // {2})::INTEGER AS building FROM range({floors});
         CREATE INDEX sensors_of_room ON sensors (room);
         CREATE INDEX rooms_of_floor ON rooms (floor);",
        SHAPE.0, SHAPE.1, SHAPE.2
    ))?;
    Ok(connection)
}

/// Warm sensors by building: the mean and how many, warmest first.
pub fn three_hops(connection: &Connection) -> Result<Vec<(i32, f64, i64)>> {
    let mut query = connection.prepare_cached(
        "SELECT F.building, AVG(S.value) AS mean, COUNT(*) FROM sensors S JOIN rooms R ON S.room = R.id JOIN floors F ON R.floor = F.id
         WHERE S.value > 75 GROUP BY F.building ORDER BY mean DESC, F.building",
    )?;
    query.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?.collect()
}

/// The sensors of one floor and their values.
pub fn of_floor(connection: &Connection, floor: i32) -> Result<Vec<(String, f64)>> {
    let mut query = connection
        .prepare_cached("SELECT S.id, S.value FROM rooms R JOIN sensors S ON S.room = R.id WHERE R.floor = ?")?;
    query.query_map([floor], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}
