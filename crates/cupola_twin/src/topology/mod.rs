//! The graph compiled to run: rows per model, a column per property, relationships as compressed sparse rows in both
//! directions, formulas in dependency order. Immutable and shared by every state.

mod build;
mod formula;
mod keep;
mod order;
mod relation;
mod values;
mod walk;

pub use formula::{Code, Formula, Input, Instruction, Iterate, MemorySite, Op, Operand, Program, Step};
pub use keep::{Reader, Writer};
pub use relation::{Csr, Link, Relation};
pub(crate) use walk::Walk;

use crate::bulk::Bulk;
use crate::diagnostic::{Diagnostic, Place};
use crate::graph::Graph;
use crate::model::{ModelIx, Models, SchemaIx};
use crate::state::{CHUNK, Chunk};
use crate::strings::Strings;
use crate::unit::Unit;
use crate::value::{Kind, Texts, Value};
use arcstr::Substr;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

/// A twin's number, 0 to the number of twins; twins of one model have consecutive numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TwinIx(pub u32);

/// A table's number: one for each model that has twins of exactly it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TableIx(pub u32);

/// A column's number, over all tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ColumnIx(pub u32);

/// One property of one twin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slot {
    /// The column.
    pub column: ColumnIx,
    /// The row in its table.
    pub row: u32,
}

/// The twins of one model.
#[derive(Clone, Debug)]
pub struct Table {
    /// The model.
    pub model: ModelIx,
    /// The number of its first twin.
    pub base: u32,
    /// How many twins.
    pub rows: u32,
    /// Its columns, in the order of the model, then computed ones; hidden ones last.
    pub columns: Vec<ColumnIx>,
    by_name: HashMap<Arc<str>, ColumnIx>,
}

impl Table {
    /// The column of a property.
    pub fn column(&self, name: &str) -> Option<ColumnIx> {
        self.by_name.get(name).copied()
    }
}

/// What is known of a column.
#[derive(Clone, Debug)]
pub struct Column {
    /// Its table.
    pub table: TableIx,
    /// The property's name.
    pub name: Arc<str>,
    /// What to call it on the screen.
    pub display_name: String,
    /// How its lanes are read.
    pub kind: Kind,
    /// What values it may have; `None` where a formula says it.
    pub schema: Option<SchemaIx>,
    /// The unit of its values.
    pub unit: Option<&'static Unit>,
    /// The formula that fills it, by number.
    pub formula: Option<u32>,
    /// An inner expression of an aggregate, not a property that anybody defined.
    pub hidden: bool,
}

/// A property that is computed for every twin of a model (and of models that extend it).
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
    /// What to call a new property on the screen.
    pub display_name: Option<String>,
    /// For the program's own use, not shown as a property.
    pub hidden: bool,
    /// Whether it must be true or false.
    pub is_condition: bool,
    /// How it is computed if it depends on itself.
    pub iterate: Option<Iterate>,
    /// Where the expression's first character stands.
    pub place: Option<Place>,
}

impl Computed {
    /// A property of a model, with nothing more to be said of it.
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

/// What runs in one go.
#[derive(Clone, Debug)]
pub enum Stage {
    /// A whole column at once.
    Column(u32),
    /// Columns that depend on one another through twins: groups of rows, each after those it depends on.
    Levels(Vec<Vec<(u32, Vec<u32>)>>),
    /// Columns that depend on themselves, declared so.
    Rounds {
        /// What is computed from the guesses in every round.
        inner: Vec<Stage>,
        /// The declared columns, whose values are guessed, by their formulas' numbers.
        guessed: Vec<u32>,
    },
}

impl Stage {
    /// The formulas that it runs.
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
    /// Interned strings.
    pub texts: Arc<Texts>,
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
    /// By column: the values that the graph gives, in chunks that states share. Empty where it gives none.
    initial: Vec<Vec<Arc<Chunk>>>,
}

impl Topology {
    /// Compiles a graph and its computed properties. Formulas with errors are left out and reported.
    pub fn compile(graph: &Graph, models: &Arc<Models>, computed: &[Computed]) -> (Self, Vec<Diagnostic>) {
        Self::compile_with(graph, models, computed, Arc::default())
    }

    /// The same with texts that are interned already, so that lanes of texts mean the same in both topologies.
    pub fn compile_with(
        graph: &Graph,
        models: &Arc<Models>,
        computed: &[Computed],
        texts: Arc<Texts>,
    ) -> (Self, Vec<Diagnostic>) {
        Self::compile_bulk(Bulk::of(graph), models, computed, texts)
    }

    /// The same of twins and relationships that are in no graph.
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

    /// The topology after an edit that leaves every twin in its place: only what the edit reaches is compiled. `twins` have other
    /// values than before; between the two of each of `links`, there may be a relationship of that name more or less; `is_recomputed`:
    /// the computed properties are others.
    ///
    /// What was wrong before is not reported again.
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

    /// Whether every slot of one is the same property of the same twin in the other, and every lane means the same there.
    pub fn same_layout(&self, other: &Self) -> bool {
        if !Arc::ptr_eq(&self.models, &other.models) || !Arc::ptr_eq(&self.texts, &other.texts) {
            return false;
        }
        let columns = |topology: &Self| -> Vec<(TableIx, Arc<str>)> {
            topology.columns.iter().map(|column| (column.table, column.name.clone())).collect()
        };
        let rows = |topology: &Self| -> Vec<u32> { topology.tables.iter().map(|table| table.rows).collect() };
        self.twin_ids == other.twin_ids && rows(self) == rows(other) && columns(self) == columns(other)
    }

    /// Whether every twin is in its row, and every lane of a model's property means the same in both.
    pub(crate) fn has_same_twins(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.twin_ids, &other.twin_ids)
            && Arc::ptr_eq(&self.models, &other.models)
            && Arc::ptr_eq(&self.texts, &other.texts)
    }

    /// Tables, by number.
    pub fn tables(&self) -> &[Table] {
        &self.tables
    }

    /// One table.
    pub fn table(&self, ix: TableIx) -> &Table {
        &self.tables[ix.0 as usize]
    }

    /// Columns, by number.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// One column.
    pub fn column(&self, ix: ColumnIx) -> &Column {
        &self.columns[ix.0 as usize]
    }

    /// Rows in a column.
    pub fn rows(&self, ix: ColumnIx) -> u32 {
        self.table(self.column(ix).table).rows
    }

    /// How many twins there are.
    pub fn twin_count(&self) -> u32 {
        self.twin_ids.len() as u32
    }

    /// The id of a twin.
    pub fn twin_id(&self, twin: TwinIx) -> &str {
        self.twin_ids.get(twin.0).unwrap_or_default()
    }

    /// The id of a twin, to keep.
    pub fn shared_id(&self, twin: TwinIx) -> Substr {
        self.twin_ids.shared(twin.0).unwrap_or_default()
    }

    /// The twin with this id.
    pub fn twin(&self, id: &str) -> Option<TwinIx> {
        self.twin_ids.find(id).map(TwinIx)
    }

    /// All twins.
    pub fn twins(&self) -> impl ExactSizeIterator<Item = TwinIx> + use<> {
        (0..self.twin_count()).map(TwinIx)
    }

    /// A twin's table and its row there.
    pub fn locate(&self, twin: TwinIx) -> (TableIx, u32) {
        let table = self.tables.partition_point(|table| table.base <= twin.0) - 1;
        (TableIx(table as u32), twin.0 - self.tables[table].base)
    }

    /// A twin's model.
    pub fn model_of(&self, twin: TwinIx) -> ModelIx {
        self.table(self.locate(twin).0).model
    }

    /// The twins of a table, by number.
    pub fn twins_of(&self, table: TableIx) -> Range<u32> {
        let table = self.table(table);
        table.base..table.base + table.rows
    }

    /// Tables of `model` and of models that extend it.
    pub fn tables_of(&self, model: ModelIx) -> impl Iterator<Item = TableIx> {
        let fits = move |(_, table): &(usize, &Table)| self.models.is_a(table.model, model);
        self.tables.iter().enumerate().filter(fits).map(|(ix, _)| TableIx(ix as u32))
    }

    /// The twin that a slot belongs to.
    pub fn twin_of(&self, slot: Slot) -> TwinIx {
        TwinIx(self.table(self.column(slot.column).table).base + slot.row)
    }

    /// The slot of a twin's property, if its model has it.
    pub fn slot(&self, twin: TwinIx, property: &str) -> Option<Slot> {
        let (table, row) = self.locate(twin);
        Some(Slot { column: self.table(table).column(property)?, row })
    }

    /// The slot called `twin.property`, or which of the two is unknown.
    pub fn slot_named(&self, name: &str) -> Result<Slot, Diagnostic> {
        // Ids may hold dots, and component properties do: the longest id that exists wins.
        let split = name
            .char_indices()
            .rev()
            .filter(|(_, c)| *c == '.')
            .find_map(|(dot, _)| Some((self.twin(&name[..dot])?, &name[dot + 1..])));
        let Some((twin, property)) = split else {
            let id = name.rsplit_once('.').map_or(name, |(id, _)| id);
            let unknown = Diagnostic::error("unknown-twin", format!("no twin is called `{id}` in `{name}`"));
            let unknown = unknown.did_you_mean(id, self.twin_ids.iter());
            return Err(if name.contains('.') { unknown } else { unknown.help("write TWIN.PROPERTY") });
        };
        self.slot(twin, property).ok_or_else(|| {
            let table = self.table(self.locate(twin).0);
            let message = format!("`{}` has no property `{property}`", self.twin_id(twin));
            Diagnostic::error("unknown-property", message).did_you_mean(property, self.property_names(table))
        })
    }

    /// Names of the properties of a table that anybody defined.
    pub fn property_names<'t>(&'t self, table: &'t Table) -> impl Iterator<Item = &'t str> {
        table.columns.iter().map(|ix| self.column(*ix)).filter(|column| !column.hidden).map(|column| &*column.name)
    }

    /// The properties of a twin that anybody defined, in order.
    pub fn properties(&self, twin: TwinIx) -> impl Iterator<Item = Slot> {
        let (table, row) = self.locate(twin);
        let columns = self.table(table).columns.iter().filter(|ix| !self.column(**ix).hidden);
        columns.map(move |column| Slot { column: *column, row })
    }

    /// `twin.property` of a slot.
    pub fn name(&self, slot: Slot) -> String {
        format!("{}.{}", self.twin_id(self.twin_of(slot)), self.column(slot.column).name)
    }

    /// The formulas, by number.
    pub fn formulas(&self) -> &[Formula] {
        &self.formulas
    }

    /// The calls of functions that remember, by number.
    pub fn memories(&self) -> &[MemorySite] {
        &self.memories
    }

    /// Whether time alone changes anything, or something is remembered.
    pub fn has_timed(&self) -> bool {
        !self.memories.is_empty() || self.formulas.iter().any(|formula| formula.timed)
    }

    /// What propagation runs, in order.
    pub fn stages(&self) -> &[Stage] {
        &self.stages
    }

    /// The relations, by number; those of one plain step are the relationships of the graph.
    pub fn relations(&self) -> &[Arc<Relation>] {
        &self.relations
    }

    /// The relation along a path such as `contains` or `^feeds`.
    pub fn relation(&self, path: &str) -> Option<&Relation> {
        self.by_path.get(path).map(|ix| &*self.relations[*ix as usize])
    }

    /// Names of the graph's relationships, sorted.
    pub fn relationship_names(&self) -> Vec<&str> {
        let mut names: Vec<&str> =
            self.relations.iter().filter(|relation| relation.is_plain()).map(|relation| &*relation.path).collect();
        names.sort_unstable();
        names
    }

    /// The lane of the value that the graph gives, if it gives one.
    pub fn given(&self, slot: Slot) -> Option<f64> {
        let chunk = self.given_in(slot.column).get(slot.row as usize / CHUNK)?;
        Some(chunk.lanes[slot.row as usize % CHUNK]).filter(|lane| !lane.is_nan())
    }

    /// The values that the graph gives in a column; nothing at all where it gives none.
    pub(crate) fn given_in(&self, column: ColumnIx) -> &[Arc<Chunk>] {
        self.initial.get(column.0 as usize).map_or(&[], Vec::as_slice)
    }

    /// The value of a lane in a column.
    pub fn decode(&self, column: ColumnIx, lane: f64) -> Option<Value> {
        crate::value::decode(lane, self.column(column).kind, &self.texts)
    }

    /// The lane of a value for a column.
    ///
    /// # Errors
    /// Why the value is none that the column may have.
    pub fn encode(&self, column: ColumnIx, value: &Value) -> Result<f64, String> {
        let column = self.column(column);
        if let Some(schema) = column.schema {
            self.models.schemas().check(schema, value).map_err(|found| match &found.help {
                Some(help) => format!("{found} ({help})"),
                None => found.to_string(),
            })?;
        }
        crate::value::encode(value, column.kind, &self.texts)
    }
}
