//! Compilation of computed properties to columns and programs.

mod aggregate;
mod body;
mod lower;

use body::{Body, Origin};
pub use lower::{Code, Operand, Step};

use super::{Column, ColumnIx, Computed, TableIx, Topology};
use crate::diagnostic::{Diagnostic, Place};
use crate::expr::{
    Aggregate, BinaryOp, Expr, ExprError, Function, Measure, Node, Path, Stateful, joined, ordered_as_text,
    ordered_paths, parse, unitless_operands, without_unit,
};
use crate::unit::Unit;
use crate::value::Kind;
use crate::zone::TimeZone;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

/// The largest nesting of columns whose types depend on one another.
const MAX_NESTING: u32 = 256;

/// A formula that computes a column.
#[derive(Clone, Debug)]
pub struct Formula {
    /// The column.
    pub output: ColumnIx,
    /// The expression as written.
    pub text: Arc<str>,
    /// The place of the expression.
    pub place: Option<Place>,
    /// The compiled program.
    pub program: Program,
    /// The columns that the formula reads.
    pub inputs: Vec<Input>,
    /// Whether the results depend on time.
    pub timed: bool,
    /// The settings of the fixed-point iteration, if the property may depend on itself.
    pub iterate: Option<Iterate>,
}

impl Formula {
    /// Returns whether the formula calls a stateful function.
    pub fn remembers(&self) -> bool {
        self.program.instructions.iter().any(|instruction| matches!(instruction.op, Op::Stateful { .. }))
    }
}

/// The settings of a fixed-point iteration for a property that depends on itself. From `start`, all values are computed
/// repeatedly until none changes by more than `tolerance`, in at most `at_most` rounds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Iterate {
    /// The initial guess, in the unit of the property.
    pub start: f64,
    /// The largest change that counts as converged, in the unit of the property.
    pub tolerance: f64,
    /// The largest number of rounds.
    pub at_most: u32,
}

/// A call of a stateful function. Equal calls share one memory, and a changed topology takes the memory over by table
/// model and call text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemorySite {
    /// The table; each of its rows has a memory.
    pub table: TableIx,
    /// The text of the call.
    pub call: Arc<str>,
}

/// An input of a formula.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Input {
    /// A column of the same row.
    Here(ColumnIx),
    /// A column of the rows at the end of a relation's link.
    Along {
        /// The number of the relation.
        relation: u32,
        /// The position of the link in the relation.
        link: u32,
        /// The column at the end.
        column: ColumnIx,
    },
}

impl Input {
    /// Returns whether the input is `column` at the end of a relation.
    pub fn is_along(self, column: ColumnIx) -> bool {
        matches!(self, Self::Along { column: along, .. } if along == column)
    }

    /// Returns the input column.
    pub fn column(self) -> ColumnIx {
        match self {
            Self::Here(column) | Self::Along { column, .. } => column,
        }
    }
}

/// Instructions over registers; each register holds one lane for every row of a batch.
#[derive(Clone, Debug, Default)]
pub struct Program {
    /// The instructions, in order.
    pub instructions: Vec<Instruction>,
    /// The number of registers.
    pub registers: u16,
    /// The lowered program.
    pub code: Code,
}

/// An instruction: it reads registers from `at` on and writes its result to `at`.
#[derive(Clone, Debug)]
pub struct Instruction {
    /// The register of the result.
    pub at: u16,
    /// The operation.
    pub op: Op,
}

/// The operation of an instruction.
#[derive(Clone, Debug)]
pub enum Op {
    /// A constant; NaN is `NULL`.
    Constant(f64),
    /// A column of the same row.
    Load(ColumnIx),
    /// A unit conversion: `at × scale + offset`.
    Convert {
        /// The factor.
        scale: f64,
        /// The summand.
        offset: f64,
    },
    /// `-at`
    Negate,
    /// Kleene's negation.
    Not,
    /// A function of one number.
    Math(Function),
    /// Whether a value exists.
    IsDefined,
    /// An operator applied to `at` and `at + 1`.
    Binary(BinaryOp),
    /// A comparison of two texts by their characters.
    TextOrder(BinaryOp),
    /// The current time.
    Now,
    /// A stateful function of a column of the same row.
    Stateful {
        /// The function.
        function: Stateful,
        /// The column.
        column: ColumnIx,
        /// The number of the memory.
        memory: u32,
        /// A duration in seconds, or two bounds.
        settings: [f64; 2],
    },
    /// The quality of a column of the same row, as a text; the array holds the lanes of the words, best quality first.
    Quality(ColumnIx, [f64; 4]),
    /// The concatenation of registers from `at` on; values that are not texts are formatted by their kinds.
    Concat(Vec<Option<Kind>>),
    /// `UPPER`, `LOWER`, `LENGTH`.
    OfText(Function),
    /// A calendar part of a time, in the given zone or else in that of the building.
    PartOfTime(Function, Option<TimeZone>),
    /// A calendar part of a time, in the zone that the text in `at + 1` names.
    PartOfTimeIn(Function),
    /// A test of texts: `STARTSWITH`, `ENDSWITH`, `CONTAINS`.
    TextTest(Function),
    /// The minimum of two values.
    Least,
    /// The maximum of two values.
    Greatest,
    /// `at` to the power of `at + 1`.
    Power,
    /// `at`, or `at + 1` where `at` is missing.
    Coalesce,
    /// `at + 1` where `at` is true, `at + 2` where it is false, missing where it is missing.
    Select,
    /// An aggregate over related rows.
    Aggregate {
        /// The aggregate function.
        aggregate: Aggregate,
        /// The number of the relation.
        relation: u32,
        /// For each link from this table: its position, the column at its end (`None` to count twins), and scale and
        /// offset of the unit conversion.
        parts: Vec<(u32, Option<ColumnIx>, f64, f64)>,
    },
}

/// The type of an expression.
#[derive(Clone, Copy, Debug)]
struct Type {
    /// The kind, or `None` for `NULL`, which is compatible with every kind.
    kind: Option<Kind>,
    measure: Measure,
}

impl Type {
    /// The type of `NULL`, and of a column whose type is not known yet.
    const OPEN: Self = Self { kind: None, measure: Measure::Open };

    fn plain(kind: Kind) -> Self {
        Self::of_column(kind, None)
    }

    fn of_column(kind: Kind, unit: Option<&'static Unit>) -> Self {
        let measure = match kind {
            Kind::Number | Kind::Integer => Measure::of_unit(unit),
            Kind::Time => Measure::Time,
            Kind::Bool | Kind::Text | Kind::Json => Measure::Open,
        };
        Self { kind: Some(kind), measure }
    }

    fn number(measure: Measure) -> Self {
        Self { kind: Some(Kind::Number), measure }
    }

    fn word(self) -> &'static str {
        self.kind.map_or("nothing", Kind::word)
    }
}

struct Pending {
    output: ColumnIx,
    text: Arc<str>,
    expr: Arc<Expr>,
    place: Option<Place>,
    iterate: Option<Iterate>,
    /// Whether the expression determines the column's kind.
    untyped: bool,
    /// Whether the expression must be boolean.
    condition: bool,
    state: Progress,
}

#[derive(Clone, Copy, PartialEq)]
enum Progress {
    Waiting,
    Running,
    Done,
}

struct Compiler<'t> {
    topology: &'t mut Topology,
    pending: Vec<Pending>,
    by_column: BTreeMap<ColumnIx, usize>,
    /// The measures of hidden columns. Those of other columns follow from their kinds and units.
    measures: BTreeMap<ColumnIx, Measure>,
    diagnostics: Vec<Diagnostic>,
    nesting: u32,
}

/// Adds columns and formulas for all computed properties.
pub(super) fn compile_all(topology: &mut Topology, computed: &[Computed], diagnostics: &mut Vec<Diagnostic>) {
    let mut compiler = Compiler {
        topology,
        pending: Vec::new(),
        by_column: BTreeMap::new(),
        measures: BTreeMap::new(),
        diagnostics: Vec::new(),
        nesting: 0,
    };
    for definition in computed {
        compiler.declare(definition);
    }
    let mut next = 0;
    // The compilation of a formula may append hidden columns for its inner expressions.
    while next < compiler.pending.len() {
        compiler.compile(next);
        next += 1;
    }
    compiler.note_units();
    // A formula that is compiled for several tables reports the same error once.
    for diagnostic in compiler.diagnostics {
        if !diagnostics.contains(&diagnostic) {
            diagnostics.push(diagnostic);
        }
    }
}

impl Compiler<'_> {
    fn declare(&mut self, definition: &Computed) {
        let expr = match parse(&definition.formula) {
            Ok(expr) => Arc::new(expr),
            Err(error) => {
                self.report(&error, &definition.formula, definition.place.as_ref());
                return;
            }
        };
        let tables: Vec<TableIx> = self.topology.tables_of(definition.model).collect();
        for table in tables {
            let known = self.topology.table(table).column(&definition.property);
            let output = known.unwrap_or_else(|| {
                self.topology.add_column(Column {
                    table,
                    name: definition.property.clone(),
                    display_name: definition.display_name.clone().unwrap_or_else(|| definition.property.to_string()),
                    kind: Kind::Number,
                    schema: None,
                    unit: definition.unit,
                    formula: None,
                    hidden: definition.hidden,
                })
            });
            if self.by_column.contains_key(&output) {
                let message = format!("`{}` is computed twice", definition.property);
                let twice = Diagnostic::error("computed-twice", message).at(definition.place.clone());
                self.diagnostics.push(twice);
                continue;
            }
            self.by_column.insert(output, self.pending.len());
            self.pending.push(Pending {
                output,
                text: definition.formula.clone(),
                expr: expr.clone(),
                place: definition.place.clone(),
                iterate: definition.iterate,
                untyped: known.is_none(),
                condition: definition.is_condition,
                state: Progress::Waiting,
            });
        }
    }

    fn report(&mut self, error: &ExprError, text: &str, place: Option<&Place>) {
        let before = text.get(..error.span.start).unwrap_or("");
        let place = place.map(|place| match before.rfind('\n') {
            None => Place { column: place.column + before.chars().count() as u32, ..place.clone() },
            Some(at) => Place {
                line: place.line + before.matches('\n').count() as u32,
                column: before[at + 1..].chars().count() as u32 + 1,
                ..place.clone()
            },
        });
        let mut diagnostic = Diagnostic::error(error.code, format!("{} in `{text}`", error.message)).at(place);
        diagnostic.help = error.help.clone();
        self.diagnostics.push(diagnostic);
    }

    /// Reports each property without a unit that stands beside a value with one, at its first use.
    fn note_units(&mut self) {
        let mut known = BTreeSet::new();
        let mut seen = HashSet::new();
        // A definition is compiled for each table of its model and of the models that extend it, with the same names.
        for pending in self.pending.iter().filter(|pending| seen.insert(Arc::as_ptr(&pending.expr))) {
            let table = self.topology.table(self.topology.column(pending.output).table);
            let unit_of = |path: &Path| match table.column(&joined(&path.segments)) {
                Some(column) => {
                    let column = self.topology.column(column);
                    column.kind.is_numeric().then_some(column.unit)
                }
                None => self.topology.unit_of_path(path),
            };
            ordered_paths(&pending.expr, &mut |path| {
                let schema = self.topology.schema_without_order(path);
                if let Some(schema) = schema.filter(|schema| known.insert((joined(&path.segments), *schema))) {
                    let found = ordered_as_text(&joined(&path.segments), schema);
                    self.diagnostics.push(found.at(pending.place.clone()));
                }
            });
            unitless_operands(&pending.expr, &unit_of, &mut |name, unit| {
                if known.insert((name.to_string(), unit.name)) {
                    self.diagnostics.push(without_unit(name, unit).at(pending.place.clone()));
                }
            });
        }
    }

    fn compile(&mut self, number: usize) {
        if self.pending[number].state != Progress::Waiting {
            return;
        }
        self.pending[number].state = Progress::Running;
        let Pending { output, text, expr, place, untyped, condition, .. } = &self.pending[number];
        let (output, text, expr, place) = (*output, text.clone(), expr.clone(), place.clone());
        let (untyped, condition, iterate) = (*untyped, *condition, self.pending[number].iterate);
        let table = self.topology.column(output).table;
        let origin = Origin { text: text.clone(), place: place.clone() };
        let mut body =
            Body { compiler: self, table, origin, program: Program::default(), inputs: Vec::new(), timed: false };
        let value = if condition { body.bool(&expr, 0) } else { body.expr(&expr, 0) };
        let result = value.and_then(|found| body.fit(&expr, found, output, untyped));
        let Body { program, mut inputs, timed, .. } = body;
        self.pending[number].state = Progress::Done;
        match result {
            Ok(()) => {
                inputs.sort_unstable();
                inputs.dedup();
                let formula = self.topology.formulas.len() as u32;
                self.topology.columns[output.0 as usize].formula = Some(formula);
                let code = Code::new(&program.instructions, program.registers);
                let program = Program { code, ..program };
                self.topology.formulas.push(Formula { output, text, place, program, inputs, timed, iterate });
            }
            Err(error) => self.report(&error, &text, place.as_ref()),
        }
    }

    /// Returns the type of a column and compiles its formula first if the formula determines the type.
    fn column_type(&mut self, column: ColumnIx) -> Type {
        if let Some(number) = self.by_column.get(&column).copied()
            && self.pending[number].untyped
            && self.nesting < MAX_NESTING
        {
            if self.pending[number].state == Progress::Running {
                // The column depends on itself through other twins; an open type is compatible with every use.
                return Type::OPEN;
            }
            self.nesting += 1;
            self.compile(number);
            self.nesting -= 1;
        }
        if let Some(measure) = self.measures.get(&column) {
            return Type { kind: Some(self.topology.column(column).kind), measure: *measure };
        }
        let column = self.topology.column(column);
        Type::of_column(column.kind, column.unit)
    }

    /// Returns the number of the memory of a call for a table and creates it if it is new.
    fn memory(&mut self, table: TableIx, call: &Expr) -> u32 {
        let site = MemorySite { table, call: format!("{:?}", Bare(call)).into() };
        let sites = &mut self.topology.memories;
        let known = sites.iter().position(|known| *known == site);
        known.unwrap_or_else(|| {
            sites.push(site);
            sites.len() - 1
        }) as u32
    }

    /// Returns the column of `expr` for a table and creates a hidden column if it is new.
    fn hidden(&mut self, table: TableIx, expr: &Expr, origin: &Origin) -> ColumnIx {
        let name: Arc<str> = format!("({:?})", Bare(expr)).into();
        if let Some(known) = self.topology.table(table).column(&name) {
            return known;
        }
        let output = self.topology.add_column(Column {
            table,
            display_name: format!("{:?}", Bare(expr)),
            name,
            kind: Kind::Number,
            schema: None,
            unit: None,
            formula: None,
            hidden: true,
        });
        self.by_column.insert(output, self.pending.len());
        self.pending.push(Pending {
            output,
            text: origin.text.clone(),
            expr: Arc::new(expr.clone()),
            place: origin.place.clone(),
            iterate: None,
            untyped: true,
            condition: false,
            state: Progress::Waiting,
        });
        output
    }
}

/// Formats an expression without its positions, so that equal expressions have equal texts.
struct Bare<'e>(&'e Expr);

impl std::fmt::Debug for Bare<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.0.node {
            Node::Number(number) => write!(f, "{number}"),
            Node::Quantity(number, unit) => write!(f, "{number} {}", unit.name),
            Node::Text(text) => write!(f, "{text:?}"),
            Node::Bool(flag) => write!(f, "{flag}"),
            Node::Null => write!(f, "NULL"),
            Node::Path(path) => write!(f, "{path}"),
            Node::Unary(op, inner) => write!(f, "{op:?}({:?})", Bare(inner)),
            Node::Binary(op, left, right) => write!(f, "({:?} {} {:?})", Bare(left), op.symbol(), Bare(right)),
            Node::Call(function, arguments) => {
                let arguments: Vec<_> = arguments.iter().map(Bare).collect();
                write!(f, "{}{arguments:?}", function.name())
            }
            Node::Aggregate(aggregate, inner) => write!(f, "{aggregate:?}({:?})", Bare(inner)),
            Node::Stateful(function, arguments) => {
                let arguments: Vec<_> = arguments.iter().map(Bare).collect();
                write!(f, "{}{arguments:?}", function.name())
            }
            Node::Case(arms, otherwise) => {
                let arms: Vec<_> = arms.iter().map(|(condition, value)| (Bare(condition), Bare(value))).collect();
                write!(f, "CASE{arms:?}{:?}", otherwise.as_deref().map(Bare))
            }
            Node::IsOfModel { model, exact, .. } => write!(f, "IS_OF_MODEL({model}, {exact})"),
        }
    }
}
