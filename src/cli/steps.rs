//! A file with a row for every step of a study, as CSV or Parquet.

use cupola_physics::run::Step;
use parquet::basic::{Compression, Repetition, Type as PhysicalType};
use parquet::data_type::DoubleType;
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::Type;
use std::fmt::Write as _;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

/// Number of rows in a row group of Parquet.
const GROUP: usize = 1 << 14;
/// Quantities of a zone, in the order of the columns.
const OF_ZONE: [&str; 4] = ["air_c", "operative_c", "heating_w", "cooling_w"];
/// Quantities of an air handling unit, in the order of the columns.
const OF_UNIT: [&str; 7] =
    ["flow_m3_h", "outdoor_m3_h", "supply_c", "heating_coil_w", "cooling_coil_w", "reheat_w", "fans_w"];
/// Quantities of a link of the air flow network, in the order of the columns.
const OF_LINK: [&str; 2] = ["forward_m3_h", "backward_m3_h"];

/// The writer of the file. It keeps the first error, and `finish` returns it.
pub(super) struct StepWriter {
    path: String,
    row: Vec<f64>,
    begun: bool,
    format: Format,
    error: Option<String>,
}

enum Format {
    Csv(csv::Writer<File>),
    Parquet(Parquet),
}

struct Parquet {
    /// The file, until the columns are known and `writer` takes it.
    file: Option<File>,
    writer: Option<SerializedFileWriter<File>>,
    columns: Vec<Vec<f64>>,
}

impl StepWriter {
    /// Creates a file. Its extension decides the format.
    ///
    /// # Errors
    /// The extension is neither `csv` nor `parquet`, or the file can't be created.
    pub fn create(path: &Path) -> Result<Self, String> {
        let shown = path.display().to_string();
        let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
        let is_csv = match ending.as_deref() {
            Some("csv") => true,
            Some("parquet") => false,
            _ => return Err(format!("--steps writes a .csv or a .parquet file, not `{shown}`")),
        };
        let file = File::create(path).map_err(|error| format!("{shown} can't be written: {error}"))?;
        let format = match is_csv {
            true => Format::Csv(csv::Writer::from_writer(file)),
            false => Format::Parquet(Parquet { file: Some(file), writer: None, columns: Vec::new() }),
        };
        Ok(Self { path: shown, row: Vec::new(), begun: false, format, error: None })
    }

    /// Adds a row for a step. After an error, nothing is written.
    pub fn add(&mut self, step: &Step<'_>) {
        if self.error.is_some() {
            return;
        }
        self.row.clear();
        self.row.extend([(step.start_s + step.length_s) / 3_600.0, step.outdoor_c(), step.sky_c()]);
        for zone in step.zones() {
            self.row.extend([zone.air_c, zone.operative_c, zone.heating_w, zone.cooling_w]);
        }
        self.row.extend(step.surfaces().chain(step.windows()).map(|(_, light)| light));
        self.row.extend(step.systems().flat_map(|(_, done)| {
            let air = [done.flow_m3_h, done.outdoor_m3_h, done.supply_c];
            air.into_iter().chain([done.heating_coil_w, done.cooling_coil_w, done.reheat_w, done.fans_w])
        }));
        self.row.extend(step.links().flat_map(|link| [link.forward_m3_h, link.backward_m3_h]));
        let names = (!self.begun).then(|| names(step));
        self.begun = true;
        let row = &self.row;
        let written = match &mut self.format {
            Format::Csv(file) => add_text(file, names, row).map_err(|error| error.to_string()),
            Format::Parquet(parquet) => parquet.add(names, row).map_err(|error| error.to_string()),
        };
        self.error = written.err();
    }

    /// Writes the remaining rows and closes the file.
    ///
    /// # Errors
    /// The file could not be written, now or at an earlier step.
    pub fn finish(self) -> Result<(), String> {
        let written = match (self.error, self.format) {
            (Some(error), _) => Err(error),
            (None, Format::Csv(mut file)) => file.flush().map_err(|error| error.to_string()),
            (None, Format::Parquet(parquet)) => parquet.finish().map_err(|error| error.to_string()),
        };
        written.map_err(|error| format!("{} can't be written: {error}", self.path))
    }
}

fn names(step: &Step<'_>) -> Vec<String> {
    let mut names: Vec<String> = ["hour", "outdoor_c", "sky_c"].map(Into::into).into();
    names.extend(step.zones().flat_map(|zone| OF_ZONE.map(|quantity| format!("{}.{quantity}", zone.id))));
    names.extend(step.surfaces().map(|(name, _)| format!("{name}.incident_w_m2")));
    names.extend(step.windows().map(|(name, _)| format!("{name}.transmitted_w")));
    names.extend(step.systems().flat_map(|(id, _)| OF_UNIT.map(|quantity| format!("{id}.{quantity}"))));
    names.extend(step.links().flat_map(|link| OF_LINK.map(|quantity| format!("{}.{quantity}", link.id))));
    names
}

fn add_text(file: &mut csv::Writer<File>, names: Option<Vec<String>>, row: &[f64]) -> csv::Result<()> {
    if let Some(names) = names {
        file.write_record(names)?;
    }
    let mut cell = String::new();
    for number in row {
        cell.clear();
        // A number that is rounded to zero has no sign.
        let number = if number.abs() < 0.000_05 { 0.0 } else { *number };
        let _ = write!(cell, "{number:.4}");
        file.write_field(&cell)?;
    }
    file.write_record(None::<&[u8]>)
}

impl Parquet {
    fn add(&mut self, names: Option<Vec<String>>, row: &[f64]) -> Result<(), ParquetError> {
        if let (Some(names), Some(file)) = (names, self.file.take()) {
            let fields = names.iter().map(|name| {
                let column = Type::primitive_type_builder(name, PhysicalType::DOUBLE);
                column.with_repetition(Repetition::REQUIRED).build().map(Arc::new)
            });
            let schema = Type::group_type_builder("steps").with_fields(fields.collect::<Result<_, _>>()?).build()?;
            let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
            self.writer = Some(SerializedFileWriter::new(file, Arc::new(schema), Arc::new(properties))?);
            self.columns = vec![Vec::new(); names.len()];
        }
        for (column, number) in self.columns.iter_mut().zip(row) {
            column.push(*number);
        }
        if self.columns.first().is_some_and(|column| column.len() >= GROUP) { self.write() } else { Ok(()) }
    }

    fn write(&mut self) -> Result<(), ParquetError> {
        let Some(writer) = self.writer.as_mut().filter(|_| self.columns.iter().any(|column| !column.is_empty())) else {
            return Ok(());
        };
        let mut group = writer.next_row_group()?;
        for column in &mut self.columns {
            if let Some(mut into) = group.next_column()? {
                into.typed::<DoubleType>().write_batch(column, None, None)?;
                into.close()?;
            }
            column.clear();
        }
        group.close().map(drop)
    }

    fn finish(mut self) -> Result<(), ParquetError> {
        self.write()?;
        self.writer.map_or(Ok(()), |writer| writer.close().map(drop))
    }
}
