//! The import of values from tables into a history: which column holds the time, the property and the value, and how they
//! are read.

use super::cells::{bool_of, epoch, number_of};
use super::readings::Readings;
use super::table::{Cell, Table, open_table};
use cupola_history::{HistoryImport, HistoryPlace, ImportResult, ReadingIntervals, Series, SeriesIx};
use cupola_scene::Scene;
use cupola_twin::unit::{self, Unit};
use cupola_twin::zone::{TimeZone, is_skipped, local_text, time_of_local};
use cupola_twin::{Diagnostic, Kind, Slot, Topology, Value};
use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;

/// The names of columns with the time, in lower case.
const TIMES: [&str; 14] = [
    "time",
    "timestamp",
    "date",
    "datetime",
    "date_time",
    "date/time",
    "date time",
    "ts",
    "utc",
    "zeit",
    "zeitstempel",
    "datum",
    "measured_at",
    "created_at",
];
const POINTS: [&str; 8] = ["point", "property", "point name", "point_name", "sensor", "metric", "tag", "name"];
const VALUES: [&str; 4] = ["value", "val", "reading", "wert"];
const UNITS: [&str; 3] = ["unit", "units", "einheit"];
const TWINS: [&str; 10] = ["twin", "twin_id", "twinid", "$dtid", "dtid", "id", "room", "device", "device_id", "asset"];
/// The forms of times, beside those of ISO 8601, in which the order of day and month is certain.
const CERTAIN_FORMS: [&str; 5] =
    ["%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M", "%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M", "%Y%m%d%H%M%S"];
/// The number of times the usual interval after which readings have a gap.
const GAP_INTERVALS: i64 = 3;
/// The number of rows that are read to find out what a column has.
const LOOKED_AT: usize = 200;
/// The largest integer that a value can have without a loss.
const MAX_INTEGER: f64 = 9_007_199_254_740_992.0;
/// The number of examples of a problem that are shown.
const EXAMPLES: usize = 3;

/// The wishes of the user about an import.
#[derive(Clone, Debug, Default)]
pub struct ImportOptions {
    /// The file.
    pub path: PathBuf,
    /// The columns by name, with the property (`TWIN.PROPERTY`), or the name of the property on the twin of the row.
    pub map: Vec<(String, String)>,
    /// The column with the time.
    pub time: Option<String>,
    /// The format of the time, as of `strftime`.
    pub time_format: Option<String>,
    /// The zone of times without one.
    pub zone: Option<TimeZone>,
    /// The column with the twin of the row.
    pub twin: Option<String>,
    /// The units of columns or points.
    pub units: Vec<(String, String)>,
    /// The time without a reading after which the value is unknown, in microseconds.
    pub gap_us: Option<i64>,
    /// The texts that stand for no value, such as -999.
    pub missing: Vec<String>,
    /// Whether values of earlier imports give way to other values of the same times.
    pub replaces: bool,
    /// The number of lines before the header.
    pub skipped: usize,
    /// The present time, in microseconds since the Unix epoch. Later values are left out.
    pub now_us: i64,
}

/// The place of a value in a row.
#[derive(Clone, Debug)]
enum Shape {
    /// A row has a point and its value.
    Long { point: usize, value: usize, unit: Option<usize> },
    /// A row has a value of each point.
    Wide(Vec<(usize, String)>),
    /// A row has a twin, and a value of each property.
    PerTwin { twin: usize, columns: Vec<(usize, String)> },
}

/// A property into which values are imported.
struct Target {
    slot: Slot,
    series: Series,
    /// The scale and offset to the unit of the property.
    conversion: (f64, f64),
}

/// What was understood of a table, for people.
#[derive(Clone, Debug, Default)]
pub struct ImportPreview {
    /// The sentences about columns.
    pub columns: Vec<String>,
    /// The columns without a property.
    pub unused: Vec<String>,
    /// For each property: the number of values, the first and the last time, and the usual interval in microseconds.
    pub properties: BTreeMap<String, PropertyPreview>,
    /// The problems, each with its number and examples.
    pub problems: Vec<String>,
    /// The number of rows.
    pub rows: u64,
}

/// What was understood of the values of a property.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PropertyPreview {
    /// The number of values.
    pub values: u64,
    /// The first and the last time, in microseconds since the Unix epoch.
    pub span_us: (i64, i64),
    /// The usual interval, in microseconds.
    pub interval_us: Option<i64>,
    /// The number of cells without a value.
    pub empty: u64,
}

/// The problems of an import, counted, with examples.
#[derive(Default)]
struct Problems(BTreeMap<String, (u64, Vec<String>)>);

impl Problems {
    fn add(&mut self, what: impl Into<String>, example: impl FnOnce() -> String) {
        let (count, examples) = self.0.entry(what.into()).or_default();
        *count += 1;
        if examples.len() < EXAMPLES {
            examples.push(example());
        }
    }

    fn sentences(&self) -> Vec<String> {
        let sentence = |(what, (count, examples)): (&String, &(u64, Vec<String>))| {
            format!("{count} × {what}: {}", examples.join("; "))
        };
        self.0.iter().map(sentence).collect()
    }
}

/// An import whose columns are understood.
pub struct TableImport<'s> {
    scene: &'s Scene,
    options: ImportOptions,
    zone: TimeZone,
    time: usize,
    /// The column with the time of day, if the time column has dates.
    time_of_day: Option<usize>,
    shape: Shape,
    header: Vec<String>,
    /// The properties by name and unit, or the reason why one can't be imported.
    targets: HashMap<(String, Option<String>), Result<usize, String>>,
    /// Whether a comma is the decimal sign, because it does not separate the columns.
    decimal_comma: bool,
    known: Vec<Target>,
    problems: Problems,
    preview: ImportPreview,
}

impl<'s> TableImport<'s> {
    /// Finds out which columns have the time, the properties and the values.
    ///
    /// # Errors
    /// The file can't be read, or a column is not found.
    pub fn new(scene: &'s Scene, options: ImportOptions) -> Result<Self, Diagnostic> {
        let fail = |why: String| Diagnostic::error("import", why);
        let Table { header, rows, decimal_comma } = open_table(&options.path, options.skipped).map_err(fail)?;
        let first: Vec<Vec<Cell>> =
            rows.take(LOOKED_AT).map(|row| row.map(|(_, cells)| cells)).collect::<Result<_, _>>().map_err(fail)?;
        let zone = options.zone.clone().unwrap_or_else(|| scene.time_zone.zone.clone());
        let mut import = Self {
            scene,
            zone,
            time: 0,
            time_of_day: None,
            shape: Shape::Wide(Vec::new()),
            header,
            targets: HashMap::new(),
            decimal_comma,
            known: Vec::new(),
            problems: Problems::default(),
            preview: ImportPreview::default(),
            options,
        };
        import.time = import.time_column(&first)?;
        import.time_of_day = import.time_of_day_column(&first);
        if let (Some(own), Some(date)) = (import.time_of_day, import.named(&["date", "datum"])) {
            (import.time, import.time_of_day) = (date, Some(own));
        }
        import.shape = import.shape_of(&first)?;
        Ok(import)
    }

    fn column(&self, name: &str) -> Result<usize, Diagnostic> {
        self.header.iter().position(|known| known == name).ok_or_else(|| {
            let unknown = Diagnostic::error("unknown-column", format!("the table has no column `{name}`"));
            unknown.did_you_mean(name, self.header.iter().map(String::as_str))
        })
    }

    /// Returns the first column with one of several names, without regard to case.
    fn named(&self, names: &[&str]) -> Option<usize> {
        names.iter().find_map(|name| self.header.iter().position(|known| known.eq_ignore_ascii_case(name)))
    }

    fn time_column(&self, first: &[Vec<Cell>]) -> Result<usize, Diagnostic> {
        if let Some(name) = &self.options.time {
            return self.column(name);
        }
        let is_time = |column: usize| {
            let mut cells = first.iter().filter_map(|row| row.get(column)).filter(|cell| !cell.is_empty()).peekable();
            cells.peek().is_some() && cells.all(|cell| !matches!(cell, Cell::Number(_)) && self.time_of(cell).is_some())
        };
        let found = self.named(&TIMES).or_else(|| (0..self.header.len()).find(|column| is_time(*column)));
        found.ok_or_else(|| {
            let missing = Diagnostic::error("no-time", "no column has times");
            missing.help("name the column with --time, and its format with --time-format, such as '%d.%m.%Y %H:%M'")
        })
    }

    /// Returns the column with the time of day, such as 14:05, if another one has the date.
    fn time_of_day_column(&self, first: &[Vec<Cell>]) -> Option<usize> {
        let date = self.named(&["date", "datum"])?;
        let column = self.named(&["time", "zeit", "uhrzeit", "hour"]).filter(|column| *column != date)?;
        let is_time_of_day = |cell: &Cell| {
            let text = cell.text();
            text.contains(':')
                && text.len() <= 12
                && text.chars().all(|letter| letter.is_ascii_digit() || ":.".contains(letter))
        };
        let mut cells = first.iter().filter_map(|row| row.get(column)).peekable();
        (cells.peek().is_some() && cells.all(is_time_of_day)).then_some(column)
    }

    fn shape_of(&mut self, first: &[Vec<Cell>]) -> Result<Shape, Diagnostic> {
        let time = format!("`{}`: the time, {}", self.header[self.time], cupola_twin::zone::name(&self.zone));
        self.preview.columns.push(time);
        let topology = self.scene.topology.clone();
        let map: HashMap<String, String> = self.options.map.iter().cloned().collect();
        let is_twin = |cell: &Cell| topology.twin(&cell.text()).is_some();
        let has_twins = |column: &usize| first.iter().filter_map(|row| row.get(*column)).any(is_twin);
        if let (Some(point), Some(value), None) = (self.named(&POINTS), self.named(&VALUES), &self.options.twin) {
            let unit = self.named(&UNITS);
            let (point_name, value_name) = (&self.header[point], &self.header[value]);
            self.preview.columns.push(format!("`{point_name}`: the property, `{value_name}`: its value"));
            return Ok(Shape::Long { point, value, unit });
        }
        for (column, _) in &self.options.map {
            self.column(column)?;
        }
        let others: Vec<usize> =
            (0..self.header.len()).filter(|column| *column != self.time && Some(*column) != self.time_of_day).collect();
        let twin = match &self.options.twin {
            Some(name) => Some(self.column(name)?),
            None => self.named(&TWINS).filter(has_twins),
        };
        if let Some(twin) = twin {
            let has_property = |name: &str| topology.columns().iter().any(|column| &*column.name == name);
            let mut columns = Vec::new();
            for column in others.into_iter().filter(|column| *column != twin) {
                let name = &self.header[column];
                let target = map.get(name).cloned().or_else(|| has_property(name).then(|| name.clone()));
                match target {
                    Some(target) if !has_property(&target) => {
                        let unknown =
                            Diagnostic::error("unknown-property", format!("no twin has a property `{target}`"));
                        return Err(
                            unknown.did_you_mean(&target, topology.columns().iter().map(|column| &*column.name))
                        );
                    }
                    Some(target) => {
                        self.preview.columns.push(format!("`{name}`: {target} of the twin in `{}`", self.header[twin]));
                        columns.push((column, target));
                    }
                    None => self.preview.unused.push(name.clone()),
                }
            }
            return self.with_columns(columns.is_empty(), Shape::PerTwin { twin, columns });
        }
        let mut columns = Vec::new();
        for column in others {
            let name = &self.header[column];
            let target = map.get(name).unwrap_or(name);
            match topology.slot_named(target) {
                Ok(_) => {
                    self.preview.columns.push(format!("`{name}`: {target}"));
                    columns.push((column, target.clone()));
                }
                Err(unknown) if map.contains_key(name) => return Err(unknown),
                Err(_) => self.preview.unused.push(name.clone()),
            }
        }
        self.with_columns(columns.is_empty(), Shape::Wide(columns))
    }

    fn with_columns(&self, is_empty: bool, shape: Shape) -> Result<Shape, Diagnostic> {
        if let Shape::Wide(columns) | Shape::PerTwin { columns, .. } = &shape {
            let mut names: Vec<&String> = columns.iter().map(|(_, name)| name).collect();
            names.sort_unstable();
            if let Some(pair) = names.windows(2).find(|pair| pair[0] == pair[1]) {
                return Err(Diagnostic::error(
                    "several-columns",
                    format!("several columns are for `{}`: name one", pair[0]),
                ));
            }
        }
        if !is_empty {
            return Ok(shape);
        }
        let names = self.header.join("`, `");
        let missing =
            Diagnostic::error("no-property", format!("no column names a property; the columns are `{names}`"));
        Err(missing.help(
            "name the property of a column: --map 'COLUMN=TWIN.PROPERTY', or --twin COLUMN --map 'COLUMN=PROPERTY'",
        ))
    }

    /// Returns the time of a cell, in microseconds since the Unix epoch.
    fn time_of(&self, cell: &Cell) -> Option<i64> {
        let text = match cell {
            Cell::Time(time_us) => return Some(*time_us),
            Cell::Number(number) => return epoch(*number),
            Cell::LocalTime(_) | Cell::Text(_) => cell.text(),
            Cell::Empty | Cell::Bool(_) => return None,
        };
        if let Some(format) = &self.options.time_format {
            let parsed = jiff::fmt::strtime::parse(format, &text).ok()?;
            if parsed.offset().is_some() {
                return Some(parsed.to_timestamp().ok()?.as_microsecond());
            }
            let local = parsed.to_datetime().or_else(|_| parsed.to_date().map(|day| day.at(0, 0, 0, 0))).ok()?;
            return time_of_local(&local.to_string(), &self.zone);
        }
        if let Some(text) = text.strip_suffix(" UTC").or_else(|| text.strip_suffix(" GMT")) {
            return time_of_local(&text.replacen(' ', "T", 1), &TimeZone::UTC);
        }
        cupola_wire::parse_rfc3339(&text)
            .or_else(|| cupola_wire::parse_rfc3339(&text.replacen(' ', "T", 1)))
            .or_else(|| time_of_local(&text, &self.zone))
            .or_else(|| time_of_local(&text.replacen(' ', "T", 1), &self.zone))
            .or_else(|| epoch(text.parse().ok()?))
            .or_else(|| {
                // Forms in which the order of day and month is certain.
                let parsed = CERTAIN_FORMS.iter().find_map(|form| jiff::civil::DateTime::strptime(form, &text).ok());
                time_of_local(&parsed?.to_string(), &self.zone)
            })
    }

    /// Returns the time of a cell after another one: of a local time that occurs twice, the later one if time went on.
    fn time_after(&self, cell: &Cell, last_us: Option<i64>) -> Option<i64> {
        let time_us = self.time_of(cell)?;
        let Some(last_us) = last_us.filter(|last_us| time_us <= *last_us) else { return Some(time_us) };
        let later_us = time_us + 3_600_000_000;
        let local = |us: i64| local_text(us, &self.zone).chars().take(19).collect::<String>();
        Some(if local(later_us) == local(time_us) && later_us > last_us { later_us } else { time_us })
    }

    /// Returns the number of the property with a name, or the reason why nothing can be imported into it.
    fn target(&mut self, name: &str, unit: Option<&str>) -> Result<usize, String> {
        let key = (name.to_string(), unit.map(str::to_string));
        if let Some(known) = self.targets.get(&key) {
            return known.clone();
        }
        let found = target_of(&self.scene.topology, name, unit).map(|target| {
            self.known.push(target);
            self.known.len() - 1
        });
        self.targets.insert(key, found.clone());
        found
    }

    /// Calls `each` with every value of the table: the number of the property, the time, and the value or nothing.
    fn read(&mut self, mut each: impl FnMut(&mut Self, usize, i64, Option<Cell>)) -> Result<(), String> {
        let Table { rows, .. } = open_table(&self.options.path, self.options.skipped)?;
        let shape = self.shape.clone();
        let map: HashMap<String, String> = self.options.map.iter().cloned().collect();
        let units: HashMap<String, String> = self.options.units.iter().cloned().collect();
        let missing = self.options.missing.clone();
        let mut last: HashMap<String, i64> = HashMap::new();
        self.preview.rows = 0;
        for row in rows {
            let (number, cells) = row?;
            self.preview.rows += 1;
            if cells.iter().skip(self.header.len()).any(|cell| !cell.is_empty()) {
                let (found, wanted) = (cells.len(), self.header.len());
                self.problems
                    .add("left out, a row with more cells than the header (an unquoted decimal comma?)", || {
                        format!("line {number}: {found} cells of {wanted}")
                    });
                continue;
            }
            let cell = |column: usize| cells.get(column).cloned().unwrap_or(Cell::Empty);
            let key = match &shape {
                Shape::Long { point, .. } => cell(*point).text(),
                Shape::Wide(_) => String::new(),
                Shape::PerTwin { twin, .. } => cell(*twin).text(),
            };
            let mut time_cell = cell(self.time);
            if let Some(column) = self.time_of_day {
                time_cell = Cell::Text(format!("{} {}", time_cell.text(), cell(column).text()));
            }
            let Some(time_us) = self.time_after(&time_cell, last.get(&key).copied()) else {
                self.problems
                    .add("left out, no time (name its format with --time-format, such as '%d/%m/%Y %I:%M %p')", || {
                        format!("line {number}: `{}`", time_cell.text())
                    });
                continue;
            };
            let is_local = self.options.time_format.is_none() && !matches!(time_cell, Cell::Time(_) | Cell::Number(_));
            if is_local && is_skipped(&time_cell.text().replacen(' ', "T", 1), &self.zone) {
                let what = "left out, a local time that daylight saving skips (a logger without daylight saving needs --zone +01:00 \
                            or the like)";
                self.problems.add(what, || format!("line {number}: {}", time_cell.text()));
                continue;
            }
            if time_us > self.options.now_us {
                self.problems.add("left out, a time in the future", || format!("line {number}: {}", time_cell.text()));
                continue;
            }
            last.insert(key.clone(), time_us);
            let mut take = |import: &mut Self, name: &str, unit: Option<&str>, cell: Cell| match import
                .target(name, unit)
            {
                Ok(target) => {
                    each(import, target, time_us, (!cell.is_empty() && !missing.contains(&cell.text())).then_some(cell))
                }
                Err(why) => import.problems.add(format!("left out, {why}"), || format!("line {number}")),
            };
            match &shape {
                Shape::Long { value, unit, .. } => {
                    let name = map.get(&key).unwrap_or(&key);
                    let own = unit.map(&cell).map(|cell| cell.text()).filter(|text| !text.is_empty());
                    let unit = units.get(&key).cloned().or(own);
                    take(self, name, unit.as_deref(), cell(*value));
                }
                Shape::Wide(columns) => {
                    for (column, name) in columns {
                        let unit = units.get(&self.header[*column]).cloned();
                        take(self, name, unit.as_deref(), cell(*column));
                    }
                }
                Shape::PerTwin { columns, .. } => {
                    for (column, property) in columns {
                        let unit = units.get(&self.header[*column]).cloned();
                        take(self, &format!("{key}.{property}"), unit.as_deref(), cell(*column));
                    }
                }
            }
        }
        Ok(())
    }

    /// Returns the lane of a cell for a property. Texts go to `text`.
    fn lane(&mut self, target: usize, cell: &Cell, text: &mut dyn FnMut(&str) -> f64) -> Option<f64> {
        let Target { slot, series, conversion: (scale, offset) } = &self.known[target];
        let words = cell.text();
        let lane = match (series.kind, cell) {
            (Kind::Number | Kind::Integer, Cell::Number(number)) => Some(*number),
            (Kind::Number | Kind::Integer, Cell::Bool(flag)) => Some(f64::from(u8::from(*flag))),
            (Kind::Number | Kind::Integer, _) => number_of(&words, self.decimal_comma),
            (Kind::Bool, Cell::Bool(flag)) => Some(f64::from(u8::from(*flag))),
            (Kind::Bool, _) => bool_of(&words).map(|flag| f64::from(u8::from(flag))),
            (Kind::Time, _) => self.time_of(cell).map(|time_us| time_us as f64 / 1e6),
            (Kind::Text, _) => {
                let is_allowed = self.scene.topology.encode(slot.column, &Value::Text(words.clone())).is_ok();
                is_allowed.then(|| text(&words))
            }
            (Kind::Json, _) => None,
        };
        let lane = match series.kind {
            Kind::Number | Kind::Integer if (*scale, *offset) != (1.0, 0.0) => {
                lane.map(|lane| unit::converted(lane, *scale, *offset))
            }
            _ => lane,
        };
        let is_whole = |lane: &f64| series.kind != Kind::Integer || (lane.fract() == 0.0 && lane.abs() <= MAX_INTEGER);
        let lane = lane.filter(|lane| lane.is_finite() && is_whole(lane));
        if lane.is_none() {
            let what = format!("left out, a value that is no {} of {}", series.kind.word(), series.name());
            self.problems.add(what, || format!("`{words}`"));
        }
        lane
    }

    /// Reads the whole table, and returns what it has.
    ///
    /// # Errors
    /// The file can't be read.
    pub fn preview(&mut self) -> Result<ImportPreview, String> {
        let mut intervals = ReadingIntervals::default();
        let mut found: BTreeMap<usize, PropertyPreview> = BTreeMap::new();
        self.problems = Problems::default();
        self.read(|import, target, time_us, cell| {
            let Some(cell) = cell else {
                found.entry(target).or_default().empty += 1;
                return;
            };
            if import.lane(target, &cell, &mut |_| 0.0).is_none() {
                return;
            }
            intervals.take(SeriesIx(target as u32), time_us);
            let own = found.entry(target).or_default();
            if own.values == 0 {
                own.span_us = (time_us, time_us);
            }
            own.values += 1;
            own.span_us = (own.span_us.0.min(time_us), own.span_us.1.max(time_us));
        })?;
        let mut preview = std::mem::take(&mut self.preview);
        for (target, mut own) in found.into_iter().filter(|(_, own)| own.values > 0) {
            own.interval_us = intervals.usual_us(SeriesIx(target as u32));
            let name = self.known[target].series.name();
            // The values of one property may have several units.
            let known: &mut PropertyPreview = preview.properties.entry(name).or_insert_with(|| own.clone());
            if *known != own {
                known.values += own.values;
                known.empty += own.empty;
                known.span_us = (known.span_us.0.min(own.span_us.0), known.span_us.1.max(own.span_us.1));
                known.interval_us = known.interval_us.min(own.interval_us).or(own.interval_us);
            }
        }
        preview.problems = self.problems.sentences();
        self.preview = preview.clone();
        Ok(preview)
    }

    /// Imports the values into a history. `preview` is that of the same table. `tell` gets the number of rows
    /// from time to time.
    ///
    /// # Errors
    /// The file can't be read, or the history can't be written.
    pub fn import(
        &mut self,
        place: &HistoryPlace,
        preview: &ImportPreview,
        tell: &mut dyn FnMut(u64),
    ) -> Result<ImportResult, String> {
        let fail = |error: cupola_history::HistoryError| error.to_string();
        let source = self.options.path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        let mut history = HistoryImport::begin(place, &source, self.options.replaces).map_err(fail)?;
        let mut all: BTreeMap<SeriesIx, (PropertyPreview, Vec<(i64, Option<f64>)>)> = BTreeMap::new();
        self.read(|import, target, time_us, cell| {
            let lane = cell.and_then(|cell| import.lane(target, &cell, &mut |text| history.text(text)));
            let series = &import.known[target].series;
            let (_, readings) = all
                .entry(history.series(series))
                .or_insert_with(|| (preview.properties.get(&series.name()).cloned().unwrap_or_default(), Vec::new()));
            readings.push((time_us, lane));
            if import.preview.rows % 100_000 == 0 {
                tell(import.preview.rows);
            }
        })?;
        for (series, (about, mut readings)) in all {
            // Many tables begin with the newest row.
            readings.sort_by_key(|(time_us, _)| *time_us);
            // In a table of sensors with different intervals, most cells of a column are empty and say nothing.
            let skips_empty = about.empty > about.values;
            let usual_us = about.interval_us;
            let gap_us = self.options.gap_us.or(usual_us.map(|usual_us| usual_us * GAP_INTERVALS));
            let end_us = self.options.now_us;
            let mut state = Readings { series, usual_us, gap_us, end_us, last_us: None, has_value: false };
            let mut values = Vec::new();
            for (time_us, lane) in readings.into_iter().filter(|(_, lane)| lane.is_some() || !skips_empty) {
                values.extend(state.take(time_us, lane));
            }
            values.extend(state.end());
            history.push(&values).map_err(fail)?;
        }
        history.finish().map_err(fail)
    }
}

fn target_of(topology: &Topology, name: &str, unit: Option<&str>) -> Result<Target, String> {
    let slot = topology.slot_named(name).map_err(|unknown| unknown.to_string())?;
    let column = topology.column(slot.column);
    if column.formula.is_some() {
        return Err(format!("{name} is computed by the scene, and so is its past"));
    }
    if column.kind == Kind::Json {
        return Err(format!("{name} has objects or lists, which a table can't have"));
    }
    let conversion = match (unit, column.unit) {
        (None, _) => (1.0, 0.0),
        (Some(unit), own) => conversion(unit, own).map_err(|why| format!("{name}: {why}"))?,
    };
    Ok(Target { slot, series: Series::of(topology, slot), conversion })
}

fn conversion(unit: &str, own: Option<&Unit>) -> Result<(f64, f64), String> {
    let from = unit::find(unit).ok_or_else(|| {
        Diagnostic::error("unknown-unit", format!("`{unit}` is no unit"))
            .did_you_mean(unit, unit::names(None))
            .to_string()
    })?;
    let own = own.ok_or("the property has no unit")?;
    unit::conversion(from, own).ok_or_else(|| format!("`{unit}` can't be converted to {}", own.name))
}
