//! Rows of an answer as a Parquet file.

use parquet::basic::{Compression, LogicalType, Repetition, TimeUnit, Type as PhysicalType};
use parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::Type;
use serde_json::Value;
use std::path::Path;
use std::sync::Arc;

/// The columns with times, which are in UTC.
const TIMES: [&str; 2] = ["time", "taken"];

/// The kind of the cells of a column.
#[derive(Clone, Copy, PartialEq, Eq)]
enum ColumnKind {
    Time,
    Number,
    Text,
}

/// Writes rows into a Parquet file. Every cell may be missing. Values that are no numbers, and columns that mix them with
/// numbers, are texts.
///
/// # Errors
/// The file can't be written.
pub(super) fn write_rows(path: &Path, header: &[&str], rows: &[Vec<Value>]) -> Result<(), String> {
    let file = std::fs::File::create(path).map_err(|error| format!("{}: {error}", path.display()))?;
    write(file, header, rows).map_err(|error| format!("{}: {error}", path.display()))
}

fn write(file: std::fs::File, header: &[&str], rows: &[Vec<Value>]) -> Result<(), ParquetError> {
    let kind = |at: usize| {
        let mut cells = rows.iter().filter_map(|row| row.get(at)).filter(|cell| !cell.is_null());
        match header[at] {
            name if TIMES.contains(&name) => ColumnKind::Time,
            _ if cells.all(|cell| cell.is_number() || cell.is_boolean()) => ColumnKind::Number,
            _ => ColumnKind::Text,
        }
    };
    let kinds: Vec<ColumnKind> = (0..header.len()).map(kind).collect();
    let fields = header.iter().zip(&kinds).map(|(name, kind)| {
        let (physical, logical) = match kind {
            ColumnKind::Time => (PhysicalType::INT64, Some(LogicalType::timestamp(true, TimeUnit::MICROS))),
            ColumnKind::Number => (PhysicalType::DOUBLE, None),
            ColumnKind::Text => (PhysicalType::BYTE_ARRAY, Some(LogicalType::String)),
        };
        let column = Type::primitive_type_builder(name, physical).with_logical_type(logical);
        column.with_repetition(Repetition::OPTIONAL).build().map(Arc::new)
    });
    let schema = Type::group_type_builder("history").with_fields(fields.collect::<Result<_, _>>()?).build()?;
    let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
    let mut writer = SerializedFileWriter::new(file, Arc::new(schema), Arc::new(properties))?;
    let mut group = writer.next_row_group()?;
    for (at, kind) in kinds.iter().enumerate() {
        let cells: Vec<Option<&Value>> = rows.iter().map(|row| row.get(at).filter(|cell| !cell.is_null())).collect();
        let levels: Vec<i16> = cells.iter().map(|cell| i16::from(cell.is_some())).collect();
        let known = cells.into_iter().flatten();
        let Some(mut column) = group.next_column()? else { break };
        match kind {
            ColumnKind::Time => {
                let time = |cell: &Value| cell.as_str().and_then(cupola_wire::parse_rfc3339).unwrap_or_default();
                let values: Vec<i64> = known.map(time).collect();
                column.typed::<Int64Type>().write_batch(&values, Some(&levels), None)?;
            }
            ColumnKind::Number => {
                let number = |cell: &Value| cell.as_f64().unwrap_or(f64::from(u8::from(cell.as_bool() == Some(true))));
                let values: Vec<f64> = known.map(number).collect();
                column.typed::<DoubleType>().write_batch(&values, Some(&levels), None)?;
            }
            ColumnKind::Text => {
                let text = |cell: &Value| match cell {
                    Value::String(text) => ByteArray::from(text.as_str()),
                    other => ByteArray::from(other.to_string().as_str()),
                };
                let values: Vec<ByteArray> = known.map(text).collect();
                column.typed::<ByteArrayType>().write_batch(&values, Some(&levels), None)?;
            }
        }
        column.close()?;
    }
    group.close()?;
    writer.close().map(drop)
}
