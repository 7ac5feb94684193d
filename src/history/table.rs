//! Tables of values in files of other programs: CSV and Parquet.

use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;
use std::fs::File;
use std::io::{BufRead, BufReader, Seek, SeekFrom};
use std::path::Path;

/// A cell of a table.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// Nothing.
    Empty,
    /// A text.
    Text(String),
    /// A number.
    Number(f64),
    /// A boolean.
    Bool(bool),
    /// A time in microseconds since the Unix epoch.
    Time(i64),
    /// A time without a zone, in microseconds since 1970-01-01 on the wall clock.
    LocalTime(i64),
}

impl Cell {
    /// Returns the cell as text.
    pub fn text(&self) -> String {
        match self {
            Self::Empty => String::new(),
            Self::Text(text) => text.trim().to_string(),
            Self::Number(number) => number.to_string(),
            Self::Bool(flag) => flag.to_string(),
            Self::Time(time_us) => cupola_twin::value::time_text(*time_us),
            Self::LocalTime(local_us) => cupola_twin::value::time_text(*local_us).trim_end_matches('Z').to_string(),
        }
    }

    /// Returns whether there is no value: an empty cell, or a usual word for none.
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Empty => true,
            Self::Text(text) => {
                let text = text.trim();
                ["", "-", "na", "n/a", "nan", "null", "none", "#n/a"].iter().any(|word| text.eq_ignore_ascii_case(word))
            }
            Self::Number(number) => number.is_nan(),
            Self::Bool(_) | Self::Time(_) | Self::LocalTime(_) => false,
        }
    }
}

/// A table: the names of its columns, and its rows with their numbers from 1.
pub struct Table {
    /// The names of the columns.
    pub header: Vec<String>,
    /// Whether a comma may be a decimal sign, because it does not separate the columns.
    pub decimal_comma: bool,
    /// The rows. A row may be shorter or longer than the header.
    pub rows: Box<dyn Iterator<Item = Result<(u64, Vec<Cell>), String>>>,
}

/// Opens a file as a table. `skipped` lines before the header of a CSV file are left out.
///
/// # Errors
/// The file can't be read, or is no table.
pub fn open_table(path: &Path, skipped: usize) -> Result<Table, String> {
    let fail = |why: &dyn std::fmt::Display| format!("{}: {why}", path.display());
    let file = File::open(path).map_err(|error| fail(&error))?;
    let is_parquet = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("parquet"));
    if is_parquet {
        parquet_table(file).map_err(|why| fail(&why))
    } else {
        csv_table(file, skipped).map_err(|why| fail(&why))
    }
}

fn csv_table(mut file: File, skipped: usize) -> Result<Table, String> {
    let mut reader = BufReader::new(&file);
    let mut line = Vec::new();
    let mut start = 0;
    for _ in 0..=skipped {
        start += line.len() as u64;
        line.clear();
        reader.read_until(b'\n', &mut line).map_err(|error| error.to_string())?;
    }
    let is_empty = line.iter().all(u8::is_ascii_whitespace);
    if is_empty {
        return Err("the file has no header line".into());
    }
    let count = |wanted: u8| line.iter().filter(|byte| **byte == wanted).count();
    let delimiter = [b',', b';', b'\t', b'|'].into_iter().max_by_key(|wanted| (count(*wanted), *wanted == b','));
    let delimiter = delimiter.unwrap_or(b',');
    file.seek(SeekFrom::Start(start)).map_err(|error| error.to_string())?;
    let mut builder = csv::ReaderBuilder::new();
    builder.delimiter(delimiter).flexible(true).has_headers(true);
    let mut reader = builder.from_reader(BufReader::new(file));
    let header = reader.byte_headers().map_err(|error| error.to_string())?;
    let header: Vec<String> =
        header.iter().map(|cell| decoded(cell).trim_start_matches('\u{feff}').trim().to_string()).collect();
    let delimiters = header.len().saturating_sub(1);
    let rows = reader.into_byte_records().map(move |record| {
        let record = record.map_err(|error| error.to_string())?;
        let number = record.position().map_or(0, |position| position.line() + skipped as u64);
        if record.iter().any(|cell| has_rows(cell, delimiter, delimiters)) {
            return Err(format!("line {number}: a quotation mark is not closed, so a cell takes in the rows after it"));
        }
        Ok((number, record.iter().map(|cell| Cell::Text(decoded(cell))).collect()))
    });
    let decimal_comma = delimiter != b',';
    Ok(Table { header, decimal_comma, rows: Box::new(rows) })
}

/// Returns whether a cell has whole rows of its table in it: lines between its first and its last one, with the delimiters
/// of a row.
fn has_rows(cell: &[u8], delimiter: u8, delimiters: usize) -> bool {
    let mut lines = cell.split(|byte| *byte == b'\n').skip(1).peekable();
    let mut count = 0;
    while let Some(line) = lines.next() {
        if lines.peek().is_none() {
            break;
        }
        if line.iter().filter(|byte| **byte == delimiter).count() != delimiters {
            return false;
        }
        count += 1;
    }
    // A note of a few lines may have commas.
    count >= 3 && delimiters > 0
}

/// Decodes UTF-8, or else Latin-1, in which each byte is a letter.
fn decoded(bytes: &[u8]) -> String {
    std::str::from_utf8(bytes).map_or_else(|_| bytes.iter().map(|byte| char::from(*byte)).collect(), str::to_string)
}

fn parquet_table(file: File) -> Result<Table, String> {
    let reader = SerializedFileReader::new(file).map_err(|error| error.to_string())?;
    let schema = reader.metadata().file_metadata().schema_descr_ptr();
    let times: Vec<Option<ParquetTime>> = schema.columns().iter().map(|column| time_of(column)).collect();
    let header: Vec<String> = schema.root_schema().get_fields().iter().map(|field| field.name().to_string()).collect();
    if times.len() != header.len() {
        return Err("the columns are nested: write one value in each column".into());
    }
    let rows = reader.into_iter().zip(1..).map(move |(row, number)| {
        let row = row.map_err(|error| error.to_string())?;
        let cells = row.get_column_iter().zip(&times).map(|((_, field), time)| cell_of(field, *time));
        Ok((number, cells.collect()))
    });
    Ok(Table { header, decimal_comma: false, rows: Box::new(rows) })
}

/// The meaning of the numbers of a column with times.
#[derive(Clone, Copy)]
struct ParquetTime {
    /// Whether the times are those on a wall clock, without a zone.
    is_local: bool,
    /// Whether the numbers are nanoseconds, which the reader does not convert.
    is_nanos: bool,
}

fn time_of(column: &parquet::schema::types::ColumnDescriptor) -> Option<ParquetTime> {
    use parquet::basic::{LogicalType, TimeUnit};
    let Some(LogicalType::Timestamp(kind)) = column.logical_type_ref() else { return None };
    let is_nanos = matches!(kind.unit, TimeUnit::NANOS);
    Some(ParquetTime { is_local: !kind.is_adjusted_to_u_t_c, is_nanos })
}

fn cell_of(field: &Field, time: Option<ParquetTime>) -> Cell {
    let is_local = time.is_some_and(|time| time.is_local);
    let cell = |time_us: i64| if is_local { Cell::LocalTime(time_us) } else { Cell::Time(time_us) };
    match field {
        Field::Long(nanos) if time.is_some_and(|time| time.is_nanos) => cell(nanos.div_euclid(1_000)),
        Field::Null => Cell::Empty,
        Field::Bool(flag) => Cell::Bool(*flag),
        Field::Byte(number) => Cell::Number(f64::from(*number)),
        Field::Short(number) => Cell::Number(f64::from(*number)),
        Field::Int(number) => Cell::Number(f64::from(*number)),
        Field::Long(number) => Cell::Number(*number as f64),
        Field::UByte(number) => Cell::Number(f64::from(*number)),
        Field::UShort(number) => Cell::Number(f64::from(*number)),
        Field::UInt(number) => Cell::Number(f64::from(*number)),
        Field::ULong(number) => Cell::Number(*number as f64),
        Field::Float(number) => Cell::Number(f64::from(*number)),
        Field::Double(number) => Cell::Number(*number),
        Field::TimestampMillis(millis) => cell(millis.saturating_mul(1_000)),
        Field::TimestampMicros(micros) => cell(*micros),
        Field::Date(days) => Cell::LocalTime(i64::from(*days) * 86_400_000_000),
        Field::Str(text) => Cell::Text(text.clone()),
        other => Cell::Text(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::has_rows;

    #[test]
    fn a_cell_with_rows_has_an_open_quotation_mark() {
        for (cell, is_open) in [
            ("a note", false),
            ("a note\nof two lines", false),
            ("a note\nwith, a comma\nin three lines", false),
            ("20\n2026-01-01,21\n2026-01-02,22\n2026-01-03,23\n", true),
        ] {
            assert_eq!(has_rows(cell.as_bytes(), b',', 1), is_open, "{cell}");
        }
    }
}
