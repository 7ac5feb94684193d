//! Columns of initial values.

use super::system::SystemValue;
use super::{ColumnIx, Slot, Table, Topology, TwinIx};
use crate::bulk::Bulk;
use crate::diagnostic::Diagnostic;
use crate::graph::Twin;
use crate::model::{Primitive, Schema};
use crate::state::{CHUNK, Chunk, Stamp, Stamps, missing};
use crate::strings::Collector;
use crate::value::{Kind, Quality, Value, encode_given};
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Initial values have no source time of their own and get the Unix epoch.
const INITIAL_TIME_US: i64 = 0;
const GIVEN: Stamp = Stamp::new(Quality::Good as u8, INITIAL_TIME_US);

/// The meaning of a name for the twins of a table.
#[derive(Clone, Copy)]
enum NameMeaning {
    /// Not determined yet.
    New,
    /// A value of a primitive schema with a column of its own.
    Simple(ColumnIx, Kind, Primitive),
    /// The name of a system value.
    System,
    /// Any other name.
    Other,
}

/// Stores the values of all twins in columns. `order` is the sequence of the twins.
pub(super) fn give_all(topology: &mut Topology, bulk: &Bulk<'_>, order: &[u32], diagnostics: &mut Vec<Diagnostic>) {
    let mut lanes: Vec<Vec<Box<[f64]>>> = vec![Vec::new(); topology.columns.len()];
    let mut system = Vec::new();
    for table in &topology.tables {
        let mut known = vec![NameMeaning::New; bulk.names.len()];
        for (row, twin) in (0..table.rows as usize).zip(&order[table.base as usize..]) {
            let mut put = |column: ColumnIx, lane: f64| {
                let chunks = &mut lanes[column.0 as usize];
                if chunks.is_empty() {
                    let rows = table.rows as usize;
                    let sizes = (0..rows).step_by(CHUNK).map(|first| (rows - first).min(CHUNK));
                    *chunks = sizes.map(|rows| vec![f64::NAN; rows].into()).collect();
                }
                let place = &mut chunks[row / CHUNK][row % CHUNK];
                let is_free = place.is_nan();
                if is_free {
                    *place = lane;
                }
                is_free
            };
            let values = bulk.values_of(*twin).iter().map(|(name, value)| (*name, &**value));
            let mut reader = ValueReader { topology, table, names: &bulk.names, known: &mut known };
            let mut put_system = |value| system.push((TwinIx(table.base + row as u32), value));
            reader.read(bulk.ids.get(*twin), values, (&mut put, &mut put_system), diagnostics);
        }
    }
    let chunks = |lanes: Vec<Box<[f64]>>| lanes.into_iter().map(|lanes| Arc::new(given(lanes))).collect();
    topology.initial = lanes.into_iter().map(chunks).collect();
    // The time of a field is more precise than that of its object.
    system.sort_by_key(|(_, value)| Reverse(value.extent()));
    for (twin, value) in system {
        topology.give_system(twin, value);
    }
}

/// Creates a chunk of initial values; NaN lanes are missing.
pub(super) fn given(lanes: Box<[f64]>) -> Chunk {
    let stamp = |lane: &f64| if lane.is_nan() { Stamp::MISSING } else { GIVEN };
    let first = lanes.first().map_or(Stamp::MISSING, stamp);
    let is_one = lanes.iter().all(|lane| stamp(lane) == first);
    let stamps = if is_one { Stamps::Same(first) } else { Stamps::Each(lanes.iter().map(stamp).collect()) };
    Chunk { lanes, stamps }
}

/// The conversion of a twin's values to lanes.
struct ValueReader<'r> {
    topology: &'r Topology,
    table: &'r Table,
    names: &'r Collector,
    known: &'r mut [NameMeaning],
}

impl ValueReader<'_> {
    fn read<'v>(
        &mut self,
        id: &str,
        values: impl Iterator<Item = (u32, &'v Value)> + Clone,
        (put, put_system): (&mut impl FnMut(ColumnIx, f64) -> bool, &mut impl FnMut(SystemValue)),
        diagnostics: &mut Vec<Diagnostic>,
    ) {
        let mut report = |found: Diagnostic, path: String| {
            diagnostics.push(Diagnostic { message: format!("twin `{id}`: {}", found.message), ..found.at_path(path) });
        };
        for (name, value) in values.clone() {
            let path = || format!("{id}.{}", self.names.get(name));
            match self.known(name) {
                NameMeaning::Simple(column, kind, primitive) => {
                    if primitive.check(value).is_ok()
                        && let Ok(lane) = encode_given(value, kind, &self.topology.texts)
                        && put(column, lane)
                    {
                        continue;
                    }
                }
                NameMeaning::System => {
                    match SystemValue::read(self.topology, self.table, self.names.get(name), value) {
                        Some(value) => put_system(value),
                        None => report(wrong_system_value(self.names.get(name)), path()),
                    }
                    continue;
                }
                NameMeaning::New | NameMeaning::Other => {}
            }
            let found = match self.topology.models.columns_of(self.table.model, self.names.get(name), value) {
                Ok(found) => found,
                Err(found) => {
                    report(found, path());
                    continue;
                }
            };
            for (property, value) in found {
                let Some(column) = self.table.column(&property.name) else { continue };
                match encode_given(value, property.kind, &self.topology.texts) {
                    Ok(lane) if put(column, lane) => {}
                    Ok(_) => {
                        let message = format!("`{}` has two values: its own, and one in an object", property.name);
                        report(Diagnostic::error("duplicate-value", message), path());
                    }
                    Err(why) => report(Diagnostic::error("wrong-value", format!("`{}`: {why}", property.name)), path()),
                }
            }
        }
        let interface = self.topology.models.get(self.table.model);
        if interface.declared.iter().any(|declared| declared.required) {
            let given: Vec<&str> = values.map(|(name, _)| self.names.get(name)).collect();
            for missing in self.topology.models.missing(self.table.model, &given) {
                let message = format!("`{}` is missing, and its model requires it", missing.name);
                report(Diagnostic::error("missing-property", message), id.to_string());
            }
        }
    }

    /// Returns the meaning of a name; it is determined once for all twins of the table.
    fn known(&mut self, name: u32) -> NameMeaning {
        if let NameMeaning::New = self.known[name as usize] {
            let text = self.names.get(name);
            let declared = self.topology.models.get(self.table.model).declared(text);
            let simple = declared.and_then(|declared| {
                let column = self.table.column(text)?;
                let Schema::Primitive(primitive) = self.topology.models.schemas().get(declared.schema) else {
                    return None;
                };
                Some(NameMeaning::Simple(column, self.topology.column(column).kind, *primitive))
            });
            let other = if text.starts_with('$') { NameMeaning::System } else { NameMeaning::Other };
            self.known[name as usize] = simple.unwrap_or(other);
        }
        self.known[name as usize]
    }
}

/// Returns the diagnostic of a system value that can't be read.
fn wrong_system_value(name: &str) -> Diagnostic {
    let help = "twins may have `$etag` and `$metadata.PROPERTY.lastUpdateTime`, with an RFC 3339 time";
    Diagnostic::error("wrong-system-value", format!("`{name}` is no system value of the twin")).help(help)
}

/// Reads the values of one twin again.
pub(super) fn replace_values(topology: &mut Topology, twin: &Twin, diagnostics: &mut Vec<Diagnostic>) {
    let Some(ix) = topology.twin(&twin.id) else { return };
    let (table, row) = topology.locate(ix);
    let table = topology.table(table);
    let mut names = Collector::default();
    let mut values = Vec::with_capacity(twin.properties.len());
    for (name, value) in &twin.properties {
        values.push((names.add(name).unwrap_or_else(|known| known), value));
    }
    let mut lanes: BTreeMap<ColumnIx, f64> = BTreeMap::new();
    let mut put = |column, lane| {
        let is_free = !lanes.contains_key(&column);
        lanes.entry(column).or_insert(lane);
        is_free
    };
    let mut known = vec![NameMeaning::New; names.len()];
    let mut reader = ValueReader { topology, table, names: &names, known: &mut known };
    let mut system = Vec::new();
    reader.read(&twin.id, values.into_iter(), (&mut put, &mut |value| system.push(value)), diagnostics);
    for column in table.columns.clone() {
        let slot = Slot { column, row };
        match lanes.get(&column) {
            Some(lane) => topology.give(slot, *lane, GIVEN),
            None if topology.given(slot).is_some() => topology.give(slot, f64::NAN, Stamp::MISSING),
            None => {}
        }
    }
    if topology.etag(ix).is_some() {
        Arc::make_mut(&mut topology.etags).remove(&ix.0);
    }
    system.sort_by_key(|value| Reverse(value.extent()));
    for value in system {
        topology.give_system(ix, value);
    }
}

impl Topology {
    /// Stores a system value of a twin. A time belongs to an initial value, and is nothing without one.
    fn give_system(&mut self, twin: TwinIx, value: SystemValue) {
        match value {
            SystemValue::Time(columns, time_us) => {
                let (_, row) = self.locate(twin);
                for column in columns {
                    let slot = Slot { column, row };
                    if let Some(lane) = self.given(slot) {
                        self.give(slot, lane, Stamp::new(Quality::Good as u8, time_us));
                    }
                }
            }
            SystemValue::Etag(etag) => drop(Arc::make_mut(&mut self.etags).insert(twin.0, etag)),
        }
    }

    /// Stores an initial value in a slot.
    fn give(&mut self, slot: Slot, lane: f64, stamp: Stamp) {
        let column = slot.column.0 as usize;
        if self.initial.len() <= column {
            self.initial.resize_with(column + 1, Vec::new);
        }
        if self.initial[column].is_empty() {
            self.initial[column] = missing(self.rows(slot.column));
        }
        Arc::make_mut(&mut self.initial[column][slot.row as usize / CHUNK]).set(slot.row as usize % CHUNK, lane, stamp);
    }
}
