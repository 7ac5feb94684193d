//! The topology: the graph compiled for execution.
//!
//! A topology has a table for each model with a row for each twin and a column for each property, relationships as
//! compressed sparse rows in both directions, and formulas in dependency order. It is immutable and shared by all its
//! states.

mod build;
mod formula;
mod keep;
mod order;
mod relation;
pub mod system;
pub(crate) mod values;
mod walk;

pub use formula::{Code, Formula, Input, Instruction, Iterate, MemorySite, Op, Operand, Program, Step};
pub use keep::{ByteReader, Writer};
pub use relation::{Csr, Link, Relation};
pub(crate) use walk::Walk;

use crate::bulk::Bulk;
use crate::diagnostic::{Diagnostic, Place, in_parentheses};
use crate::graph::Graph;
use crate::model::{Mismatch, ModelIx, Models, SchemaIx};
use crate::state::{CHUNK, Chunk};
use crate::strings::Strings;
use crate::unit::Unit;
use crate::value::{Kind, Sample, Texts, Value, ValueError};
use crate::zone::TimeZone;
use arcstr::Substr;
use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::sync::Arc;

/// The number of a twin, counted from 0. Twins of one model have consecutive numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TwinIx(pub u32);

/// The number of a table. Each model with direct instances has a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TableIx(pub u32);

/// The number of a column, unique over all tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ColumnIx(pub u32);

/// A property of a twin: column and row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slot {
    /// The column.
    pub column: ColumnIx,
    /// The row in the column's table.
    pub row: u32,
}

/// The twins whose model is exactly one model.
#[derive(Clone, Debug)]
pub struct Table {
    /// The model.
    pub model: ModelIx,
    /// The number of the first twin.
    pub base: u32,
    /// The number of twins.
    pub rows: u32,
    /// The columns: properties of the model in its order, then computed ones, hidden ones last.
    pub columns: Vec<ColumnIx>,
    by_name: HashMap<Arc<str>, ColumnIx>,
}

impl Table {
    /// Returns the column of a property.
    pub fn column(&self, name: &str) -> Option<ColumnIx> {
        self.by_name.get(name).copied()
    }
}

/// The description of a column.
#[derive(Clone, Debug)]
pub struct Column {
    /// The table.
    pub table: TableIx,
    /// The name of the property.
    pub name: Arc<str>,
    /// The name for display.
    pub display_name: String,
    /// The kind of the lanes.
    pub kind: Kind,
    /// The schema of the values, or `None` if a formula determines the kind.
    pub schema: Option<SchemaIx>,
    /// The unit of the values.
    pub unit: Option<&'static Unit>,
    /// The number of the formula that computes the column.
    pub formula: Option<u32>,
    /// Whether the column holds an inner expression of a formula rather than a defined property.
    pub hidden: bool,
}

/// A property that is computed for every twin of a model and of the models that extend it.
#[derive(Clone, Debug)]
pub struct Computed {
    /// The model.
    pub model: ModelIx,
    /// The property: one of the model's, or a new one.
    pub property: Arc<str>,
    /// The expression.
    pub formula: Arc<str>,
    /// The unit of a new property.
    pub unit: Option<&'static Unit>,
    /// The display name of a new property.
    pub display_name: Option<String>,
    /// Whether the property is internal and not shown.
    pub hidden: bool,
    /// Whether the expression must be boolean.
    pub is_condition: bool,
    /// The settings of the fixed-point iteration, if the property may depend on itself.
    pub iterate: Option<Iterate>,
    /// The place of the expression's first character.
    pub place: Option<Place>,
}

impl Computed {
    /// Creates a computed property with default settings.
    pub fn new(model: ModelIx, property: &str, formula: &str) -> Self {
        Self {
            model,
            property: property.into(),
            formula: formula.into(),
            unit: None,
            display_name: None,
            hidden: false,
            is_condition: false,
            iterate: None,
            place: None,
        }
    }
}

/// A unit of work of propagation.
#[derive(Clone, Debug)]
pub enum Stage {
    /// A whole column, by the number of its formula.
    Column(u32),
    /// Columns that depend on one another through different twins: groups of rows, each after the rows that it depends
    /// on.
    Levels(Vec<Vec<(u32, Vec<u32>)>>),
    /// Columns on a declared cycle.
    Rounds {
        /// The stages that are computed from the guesses in every round.
        inner: Vec<Stage>,
        /// The formula numbers of the declared columns, whose values are guessed.
        guessed: Vec<u32>,
    },
}

impl Stage {
    /// Returns the numbers of the formulas in the stage.
    pub fn formulas(&self) -> Vec<u32> {
        match self {
            Self::Column(number) => vec![*number],
            Self::Levels(levels) => levels.iter().flatten().map(|(number, _)| *number).collect(),
            Self::Rounds { inner, guessed } => {
                inner.iter().flat_map(Self::formulas).chain(guessed.iter().copied()).collect()
            }
        }
    }
}

/// The compiled graph.
#[derive(Clone, Debug)]
pub struct Topology {
    /// The models.
    pub models: Arc<Models>,
    /// The interned strings of all text lanes.
    pub texts: Arc<Texts>,
    /// The time zone of the building, for the parts of times and for dates.
    pub zone: TimeZone,
    tables: Vec<Table>,
    columns: Vec<Column>,
    // Shared between a topology and its edited copies.
    twin_ids: Arc<Strings>,
    /// Shared between a topology and its edited copies.
    relations: Vec<Arc<Relation>>,
    by_path: HashMap<String, u32>,
    formulas: Vec<Formula>,
    memories: Vec<MemorySite>,
    stages: Vec<Stage>,
    /// The initial values by column, in chunks shared with states. A column without initial values has no chunks.
    initial: Vec<Vec<Arc<Chunk>>>,
    /// The version tags of twins that another service gave.
    etags: Arc<BTreeMap<u32, String>>,
}

/// The reason why a column can't hold a value.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum EncodeError {
    /// The value does not match the schema of the property.
    #[error("{0}{help}", help = in_parentheses(.0.help.as_deref()))]
    Schema(#[from] Mismatch),
    /// The value does not fit into a lane.
    #[error(transparent)]
    Value(#[from] ValueError),
}

impl Topology {
    /// Compiles a graph and its computed properties. Formulas with errors are left out and reported.
    pub fn compile(graph: &Graph, models: &Arc<Models>, computed: &[Computed]) -> (Self, Vec<Diagnostic>) {
        Self::compile_with(graph, models, computed, Arc::default())
    }

    /// Compiles a graph like [`Self::compile`] with existing interned strings, so that text lanes mean the same in both
    /// topologies.
    pub fn compile_with(
        graph: &Graph,
        models: &Arc<Models>,
        computed: &[Computed],
        texts: Arc<Texts>,
    ) -> (Self, Vec<Diagnostic>) {
        Self::compile_bulk(Bulk::of(graph), models, computed, texts)
    }

    /// Compiles twins and relationships that are in no [`Graph`], like [`Self::compile_with`].
    pub fn compile_bulk(
        bulk: Bulk<'_>,
        models: &Arc<Models>,
        computed: &[Computed],
        texts: Arc<Texts>,
    ) -> (Self, Vec<Diagnostic>) {
        let mut diagnostics = Vec::new();
        let mut topology = build::compiled(bulk, models, texts, &mut diagnostics);
        formula::compile_all(&mut topology, computed, &mut diagnostics);
        order::stages(&mut topology, &mut diagnostics);
        (topology, diagnostics)
    }

    /// Returns the topology after an edit that keeps every twin in its row; only the affected parts are compiled again.
    ///
    /// `twins` are the twins whose values changed. `links` are `(source, name, target)` triples whose number of
    /// relationships may have changed. `is_recomputed` states that the computed properties changed. Diagnostics of
    /// unaffected parts are not reported again.
    pub fn edited(
        &self,
        graph: &Graph,
        computed: &[Computed],
        twins: &[&str],
        links: &[(&str, &str, &str)],
        is_recomputed: bool,
    ) -> (Self, Vec<Diagnostic>) {
        let mut diagnostics = Vec::new();
        let mut topology = self.clone();
        for twin in twins.iter().filter_map(|id| graph.twin(id)) {
            values::replace_values(&mut topology, twin, &mut diagnostics);
        }
        if !links.is_empty() || is_recomputed {
            build::strip_computed(&mut topology);
            for (from, name, to) in links {
                build::relink(&mut topology, from, name, to, graph.count_between(from, name, to));
            }
            formula::compile_all(&mut topology, computed, &mut diagnostics);
            order::stages(&mut topology, &mut diagnostics);
        }
        (topology, diagnostics)
    }

    /// Returns whether every slot denotes the same property of the same twin in both topologies, and every lane has the
    /// same meaning.
    pub fn same_layout(&self, other: &Self) -> bool {
        if !Arc::ptr_eq(&self.models, &other.models) || !Arc::ptr_eq(&self.texts, &other.texts) {
            return false;
        }
        let columns = |topology: &Self| -> Vec<(TableIx, Arc<str>)> {
            topology.columns.iter().map(|column| (column.table, column.name.clone())).collect()
        };
        let rows = |topology: &Self| -> Vec<u32> { topology.tables.iter().map(|table| table.rows).collect() };
        (Arc::ptr_eq(&self.twin_ids, &other.twin_ids) || self.twin_ids == other.twin_ids)
            && rows(self) == rows(other)
            && columns(self) == columns(other)
    }

    /// Returns whether both topologies share their twins and their relationships, as after an edit of values or formulas.
    /// Topologies that were compiled apart share nothing, even if their graphs are alike.
    pub fn shares_graph(&self, other: &Self) -> bool {
        let plain = |topology: &Self| -> Vec<Arc<Relation>> {
            topology.relations.iter().filter(|relation| relation.is_plain()).cloned().collect()
        };
        let same = |(one, other): (&Arc<Relation>, &Arc<Relation>)| Arc::ptr_eq(one, other);
        let (own, others) = (plain(self), plain(other));
        Arc::ptr_eq(&self.twin_ids, &other.twin_ids) && own.len() == others.len() && own.iter().zip(&others).all(same)
    }

    /// Returns whether a property has the same initial values in both topologies, which share their graph.
    pub fn has_same_initial(&self, other: &Self, property: &str) -> bool {
        let same_chunk = |(one, other): (&Arc<Chunk>, &Arc<Chunk>)| {
            let bits = |chunk: &Chunk| chunk.lanes.iter().map(|lane| lane.to_bits()).collect::<Vec<_>>();
            Arc::ptr_eq(one, other) || bits(one) == bits(other)
        };
        let same = |(one, two): (&Table, &Table)| match (one.column(property), two.column(property)) {
            (Some(one), Some(two)) => {
                let (one, two) = (self.given_in(one), other.given_in(two));
                one.len() == two.len() && one.iter().zip(two).all(same_chunk)
            }
            (one, two) => one.is_none() && two.is_none(),
        };
        Arc::ptr_eq(&self.texts, &other.texts) && self.tables.iter().zip(&other.tables).all(same)
    }

    /// Returns whether every twin has the same row in both topologies, and every lane of a model's property has the
    /// same meaning.
    pub(crate) fn has_same_twins(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.twin_ids, &other.twin_ids)
            && Arc::ptr_eq(&self.models, &other.models)
            && Arc::ptr_eq(&self.texts, &other.texts)
    }

    /// Returns all tables, by number.
    pub fn tables(&self) -> &[Table] {
        &self.tables
    }

    /// Returns a table.
    pub fn table(&self, ix: TableIx) -> &Table {
        &self.tables[ix.0 as usize]
    }

    /// Returns all columns, by number.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// Returns a column.
    pub fn column(&self, ix: ColumnIx) -> &Column {
        &self.columns[ix.0 as usize]
    }

    /// Returns the number of rows in a column.
    pub fn rows(&self, ix: ColumnIx) -> u32 {
        self.table(self.column(ix).table).rows
    }

    /// Returns the number of twins.
    pub fn twin_count(&self) -> u32 {
        self.twin_ids.len() as u32
    }

    /// Returns the id of a twin.
    pub fn twin_id(&self, twin: TwinIx) -> &str {
        self.twin_ids.get(twin.0).unwrap_or_default()
    }

    /// Returns a shared copy of the id of a twin.
    pub fn shared_id(&self, twin: TwinIx) -> Substr {
        self.twin_ids.shared(twin.0).unwrap_or_default()
    }

    /// Returns the twin with the given id.
    pub fn twin(&self, id: &str) -> Option<TwinIx> {
        self.twin_ids.find(id).map(TwinIx)
    }

    /// Returns all twins.
    pub fn twins(&self) -> impl ExactSizeIterator<Item = TwinIx> + use<> {
        (0..self.twin_count()).map(TwinIx)
    }

    /// Returns the table of a twin and its row there.
    pub fn locate(&self, twin: TwinIx) -> (TableIx, u32) {
        let table = self.tables.partition_point(|table| table.base <= twin.0) - 1;
        (TableIx(table as u32), twin.0 - self.tables[table].base)
    }

    /// Returns the model of a twin.
    pub fn model_of(&self, twin: TwinIx) -> ModelIx {
        self.table(self.locate(twin).0).model
    }

    /// Returns the numbers of a table's twins.
    pub fn twins_of(&self, table: TableIx) -> Range<u32> {
        let table = self.table(table);
        table.base..table.base + table.rows
    }

    /// Returns the tables of `model` and of the models that extend it.
    pub fn tables_of(&self, model: ModelIx) -> impl Iterator<Item = TableIx> {
        let fits = move |(_, table): &(usize, &Table)| self.models.is_a(table.model, model);
        self.tables.iter().enumerate().filter(fits).map(|(ix, _)| TableIx(ix as u32))
    }

    /// Returns the twin of a slot.
    pub fn twin_of(&self, slot: Slot) -> TwinIx {
        TwinIx(self.table(self.column(slot.column).table).base + slot.row)
    }

    /// Returns the slot of a twin's property, or `None` if the twin has no such property.
    pub fn slot(&self, twin: TwinIx, property: &str) -> Option<Slot> {
        let (table, row) = self.locate(twin);
        Some(Slot { column: self.table(table).column(property)?, row })
    }

    /// Returns the twin with an id.
    ///
    /// # Errors
    /// No twin has the id; the diagnostic suggests the nearest one.
    pub fn twin_known(&self, id: &str) -> Result<TwinIx, Diagnostic> {
        self.twin(id).ok_or_else(|| {
            let unknown = Diagnostic::error("unknown-twin", format!("no twin is called `{id}`"));
            unknown.did_you_mean(id, self.twin_ids.iter())
        })
    }

    /// Returns the slot of a twin's property.
    ///
    /// # Errors
    /// The twin's model has no such property; the diagnostic suggests the nearest one.
    pub fn slot_known(&self, twin: TwinIx, property: &str) -> Result<Slot, Diagnostic> {
        self.slot(twin, property).ok_or_else(|| {
            let table = self.table(self.locate(twin).0);
            let message = format!("`{}` has no property `{property}`", self.twin_id(twin));
            Diagnostic::error("unknown-property", message).did_you_mean(property, self.property_names(table))
        })
    }

    /// Returns the slot that is written `TWIN.PROPERTY`.
    ///
    /// # Errors
    /// The twin or its property does not exist, or the text has no dot.
    pub fn slot_named(&self, name: &str) -> Result<Slot, Diagnostic> {
        let (twin, property) = self.split_name(name)?;
        self.slot_known(twin, property)
    }

    /// Splits `TWIN.NAME` into the twin and the name of its property or command. Ids and names may contain dots: the longest
    /// id that exists wins.
    ///
    /// # Errors
    /// No twin has the id, or the text has no dot.
    pub fn split_name<'n>(&self, name: &'n str) -> Result<(TwinIx, &'n str), Diagnostic> {
        let split = name
            .char_indices()
            .rev()
            .filter(|(_, c)| *c == '.')
            .find_map(|(dot, _)| Some((self.twin(&name[..dot])?, &name[dot + 1..])));
        split.ok_or_else(|| {
            let id = name.rsplit_once('.').map_or(name, |(id, _)| id);
            let unknown = Diagnostic::error("unknown-twin", format!("no twin is called `{id}` in `{name}`"));
            let unknown = unknown.did_you_mean(id, self.twin_ids.iter());
            if name.contains('.') { unknown } else { unknown.help("write TWIN.PROPERTY") }
        })
    }

    /// Returns the names of a table's properties, without hidden columns.
    pub fn property_names<'t>(&'t self, table: &'t Table) -> impl Iterator<Item = &'t str> {
        table.columns.iter().map(|ix| self.column(*ix)).filter(|column| !column.hidden).map(|column| &*column.name)
    }

    /// Returns the properties of a twin in order, without hidden columns.
    pub fn properties(&self, twin: TwinIx) -> impl Iterator<Item = Slot> {
        let (table, row) = self.locate(twin);
        let columns = self.table(table).columns.iter().filter(|ix| !self.column(**ix).hidden);
        columns.map(move |column| Slot { column: *column, row })
    }

    /// Returns the name of a slot: `twin.property`.
    pub fn name(&self, slot: Slot) -> String {
        format!("{}.{}", self.twin_id(self.twin_of(slot)), self.column(slot.column).name)
    }

    /// Returns the formulas, by number.
    pub fn formulas(&self) -> &[Formula] {
        &self.formulas
    }

    /// Returns the calls of stateful functions, by number.
    pub fn memories(&self) -> &[MemorySite] {
        &self.memories
    }

    /// Returns whether a memory holds values of a text or JSON column.
    pub fn remembers_texts(&self, memory: u32) -> bool {
        let instructions = self.formulas.iter().flat_map(|formula| &formula.program.instructions);
        let mut columns = instructions.filter_map(|instruction| match instruction.op {
            Op::Stateful { column, memory: number, .. } if number == memory => Some(column),
            _ => None,
        });
        columns.any(|column| matches!(self.column(column).kind, Kind::Text | Kind::Json))
    }

    /// Returns whether any formula depends on time or has memory.
    pub fn has_timed(&self) -> bool {
        !self.memories.is_empty() || self.formulas.iter().any(|formula| formula.timed)
    }

    /// Returns the stages of propagation, in order.
    pub fn stages(&self) -> &[Stage] {
        &self.stages
    }

    /// Returns the relations, by number. A relation of one plain step is a relationship of the graph.
    pub fn relations(&self) -> &[Arc<Relation>] {
        &self.relations
    }

    /// Returns the relation along a path such as `contains` or `^feeds`.
    pub fn relation(&self, path: &str) -> Option<&Relation> {
        self.by_path.get(path).map(|ix| &*self.relations[*ix as usize])
    }

    /// Returns the names of the graph's relationships, sorted.
    pub fn relationship_names(&self) -> Vec<&str> {
        let mut names: Vec<&str> =
            self.relations.iter().filter(|relation| relation.is_plain()).map(|relation| &*relation.path).collect();
        names.sort_unstable();
        names
    }

    /// Returns the lane of a slot's initial value, if it has one.
    pub fn given(&self, slot: Slot) -> Option<f64> {
        self.given_sample(slot).map(|sample| sample.lane)
    }

    /// Returns a slot's initial value, if it has one. Without a source time of its own it has the time 0.
    pub(crate) fn given_sample(&self, slot: Slot) -> Option<Sample> {
        let chunk = self.given_in(slot.column).get(slot.row as usize / CHUNK)?;
        Some(chunk.get(slot.row as usize % CHUNK)).filter(|sample| !sample.lane.is_nan())
    }

    /// Returns the initial values of a column, or an empty slice if there are none.
    pub(crate) fn given_in(&self, column: ColumnIx) -> &[Arc<Chunk>] {
        self.initial.get(column.0 as usize).map_or(&[], Vec::as_slice)
    }

    /// Decodes a lane of a column.
    pub fn decode(&self, column: ColumnIx, lane: f64) -> Option<Value> {
        crate::value::decode(lane, self.column(column).kind, &self.texts)
    }

    /// Encodes a value for a column.
    ///
    /// # Errors
    /// The value does not match the column's schema or kind.
    pub fn encode(&self, column: ColumnIx, value: &Value) -> Result<f64, EncodeError> {
        let column = self.column(column);
        if let Some(schema) = column.schema {
            self.models.schemas().check(schema, value)?;
        }
        Ok(crate::value::encode(value, column.kind, &self.texts)?)
    }
}
