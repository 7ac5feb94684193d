//! Computed properties into columns and the programs that fill them.

mod aggregate;
mod body;
mod lower;

use body::{Body, Origin};
pub use lower::{Code, Operand, Step};

use super::{Column, ColumnIx, Computed, TableIx, Topology};
use crate::diagnostic::{Diagnostic, Place};
use crate::expr::{Aggregate, BinaryOp, Expr, ExprError, Function, Node, Stateful, parse};
use crate::unit::Unit;
use crate::value::Kind;
use std::collections::BTreeMap;
use std::sync::Arc;

/// How deep columns that are not typed yet may wait on one another.
const MAX_NESTING: u32 = 256;

/// A computed column.
#[derive(Clone, Debug)]
pub struct Formula {
    /// The column that it fills.
    pub output: ColumnIx,
    /// The text it was written as.
    pub text: Arc<str>,
    /// Where the text stands.
    pub place: Option<Place>,
    /// What runs.
    pub program: Program,
    /// What it reads.
    pub inputs: Vec<Input>,
    /// Whether time alone changes its results.
    pub timed: bool,
    /// How it is computed if it depends on itself.
    pub iterate: Option<Iterate>,
}

impl Formula {
    /// Whether it remembers what was before.
    pub fn remembers(&self) -> bool {
        self.program.instructions.iter().any(|instruction| matches!(instruction.op, Op::Stateful { .. }))
    }
}

/// How a property that depends on itself is brought to a value that holds: from `start`, all are computed again and again until none
/// changes by more than `tolerance`, at most so many times (fixed-point iteration).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Iterate {
    /// The first guess, in the property's unit.
    pub start: f64,
    /// The greatest change that doesn't count, in the property's unit.
    pub tolerance: f64,
    /// The most rounds.
    pub at_most: u32,
}

/// One call of a function that remembers: its formulas share the memory, and a changed topology takes it over by this name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemorySite {
    /// The table whose rows remember.
    pub table: TableIx,
    /// The call as it is written.
    pub call: Arc<str>,
}

/// What a formula reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Input {
    /// A column of the same row.
    Here(ColumnIx),
    /// A column of the rows at the end of a link of a relation; `None`: only who is related.
    Along {
        /// The relation's number.
        relation: u32,
        /// The link's position in the relation.
        link: u32,
        /// The column at the end.
        column: ColumnIx,
    },
}

impl Input {
    /// Whether a column is read at the end of a relation.
    pub fn is_along(self, column: ColumnIx) -> bool {
        matches!(self, Self::Along { column: along, .. } if along == column)
    }

    /// The column that is read.
    pub fn column(self) -> ColumnIx {
        match self {
            Self::Here(column) | Self::Along { column, .. } => column,
        }
    }
}

/// Instructions over registers; each register holds one lane for every row of a batch.
#[derive(Clone, Debug, Default)]
pub struct Program {
    /// In order.
    pub instructions: Vec<Instruction>,
    /// How many registers it needs.
    pub registers: u16,
    /// The same as it runs.
    pub code: Code,
}

/// One instruction: reads registers from `at` on, leaves its result in `at`.
#[derive(Clone, Debug)]
pub struct Instruction {
    /// The register of the result.
    pub at: u16,
    /// What to do.
    pub op: Op,
}

/// What an instruction does.
#[derive(Clone, Debug)]
pub enum Op {
    /// A constant; NaN is `NULL`.
    Constant(f64),
    /// A column of the same row.
    Load(ColumnIx),
    /// `at × scale + offset`: a change of unit.
    Convert {
        /// Factor.
        scale: f64,
        /// Summand.
        offset: f64,
    },
    /// `-at`
    Negate,
    /// Kleene's not.
    Not,
    /// A function of one number.
    Math(Function),
    /// Whether there is a value.
    IsDefined,
    /// An operator on `at` and `at + 1`.
    Binary(BinaryOp),
    /// An ordering of texts, by their characters.
    TextOrder(BinaryOp),
    /// The moment.
    Now,
    /// A function that remembers, of a column of the same row.
    Stateful {
        /// Which.
        function: Stateful,
        /// The column.
        column: ColumnIx,
        /// The number of its memory.
        memory: u32,
        /// A length of time in seconds, or two bounds.
        settings: [f64; 2],
    },
    /// How far the values of a column of the same row can be trusted: the lanes of the words, best first.
    Quality(ColumnIx, [f64; 4]),
    /// The texts of registers from `at` on, one after another; values of other kinds as they are written.
    Concat(Vec<Option<Kind>>),
    /// `UPPER`, `LOWER`, `LENGTH`.
    OfText(Function),
    /// A part of a time, in UTC.
    PartOfTime(Function),
    /// A test of texts: `STARTSWITH`, `ENDSWITH`, `CONTAINS`.
    TextTest(Function),
    /// The lesser of two.
    Least,
    /// The greater of two.
    Greatest,
    /// `at` to the power of `at + 1`.
    Power,
    /// `at`, or `at + 1` where it is missing.
    Coalesce,
    /// `at` decides between `at + 1` and `at + 2`; missing decides for missing.
    Select,
    /// An aggregate over related rows.
    Aggregate {
        /// Which.
        aggregate: Aggregate,
        /// The relation's number.
        relation: u32,
        /// For each link that starts here: its position, the column at its end, and the change of unit.
        parts: Vec<(u32, Option<ColumnIx>, f64, f64)>,
    },
}

/// What an expression gives.
#[derive(Clone, Copy, Debug)]
struct Type {
    /// `None`: `NULL`, which goes with everything.
    kind: Option<Kind>,
    unit: Option<&'static Unit>,
}

impl Type {
    fn plain(kind: Kind) -> Self {
        Self { kind: Some(kind), unit: None }
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
    /// Whether the column's kind comes from the expression.
    untyped: bool,
    /// Whether it must be true or false.
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
    diagnostics: Vec<Diagnostic>,
    nesting: u32,
}

/// Adds columns and formulas for all computed properties.
pub(super) fn compile_all(topology: &mut Topology, computed: &[Computed], diagnostics: &mut Vec<Diagnostic>) {
    let mut compiler =
        Compiler { topology, pending: Vec::new(), by_column: BTreeMap::new(), diagnostics: Vec::new(), nesting: 0 };
    for definition in computed {
        compiler.declare(definition);
    }
    let mut next = 0;
    // Compiling may append: inner expressions of aggregates become columns of their own.
    while next < compiler.pending.len() {
        compiler.compile(next);
        next += 1;
    }
    // One formula for several tables reports the same error once.
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

    /// The type of a column, compiling its formula first if that decides it.
    fn column_type(&mut self, column: ColumnIx) -> Type {
        if let Some(number) = self.by_column.get(&column).copied()
            && self.pending[number].untyped
            && self.nesting < MAX_NESTING
        {
            if self.pending[number].state == Progress::Running {
                // It reads itself through other twins: whatever it turns out to be goes with what is made of it.
                return Type { kind: None, unit: None };
            }
            self.nesting += 1;
            self.compile(number);
            self.nesting -= 1;
        }
        let column = self.topology.column(column);
        Type { kind: Some(column.kind), unit: column.unit }
    }

    /// The memory of a call for every row of `table`: a new one unless it exists.
    fn memory(&mut self, table: TableIx, call: &Expr) -> u32 {
        let site = MemorySite { table, call: format!("{:?}", Bare(call)).into() };
        let sites = &mut self.topology.memories;
        let known = sites.iter().position(|known| *known == site);
        known.unwrap_or_else(|| {
            sites.push(site);
            sites.len() - 1
        }) as u32
    }

    /// The column that holds `expr` for every row of `table`: a new hidden one unless it exists.
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

/// Prints an expression without its spans: equal text for equal expressions wherever they stand.
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
