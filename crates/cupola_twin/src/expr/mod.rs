//! The expression language of computed properties, alarms, colours, filters and queries.
//!
//! ```text
//! IF(occupied, CLAMP(100 - 8 * ABS(temperature - 21.5), 0, 100), NULL)
//! AVG(contains.temperature)        mean over the targets of a relationship
//! SUM(contains*.power)             over one or more steps along it (each twin once)
//! ANY(^feeds.fault)                against the direction of the relationship
//! COUNT(contains.co2 > 1000)       number of twins that fulfil a condition
//! temperature > 75 degF            a quantity in another unit than the property's
//! AVG_OVER(power, 15m)             time-weighted mean over the last 15 minutes
//! HELD_FOR(co2 > 1000) > 10 min    duration of a condition
//! ```
//!
//! A missing value is neither true nor false nor a number. Arithmetic and comparison with a missing value give a
//! missing value, `AND` and `OR` follow Kleene's three-valued logic, and aggregates skip missing values. `COALESCE`,
//! `IS_DEFINED` and `IS_NULL` test for missing values.
//!
//! ```
//! use cupola_twin::expr::parse;
//!
//! assert!(parse("COUNT(contains.co2 > 1000)").is_ok());
//! assert_eq!(parse("1 +").unwrap_err().code, "syntax");
//! ```

mod doubts;
mod eval;
mod lex;
mod measure;
mod parse;
mod stateful;
mod text;

pub(crate) use doubts::{ordered_as_text, ordered_paths, unitless_operands, without_unit};
pub use eval::{Cell, Context, evaluate, evaluate_in_unit};
pub(crate) use eval::{aggregate_of, binary, call, compare_alike, measured, of_json, remembers, time, whole_number};
pub(crate) use lex::Token;
pub use measure::{Change, Combination, Measure, Mismatch, SAME};
pub use parse::{Parser, parse};
pub use stateful::Stateful;
pub(crate) use text::{part_of_time, text_of};

use crate::diagnostic::in_parentheses;
use crate::model::{ModelFamily, Models};
use crate::unit::Unit;
use crate::zone;
use std::fmt;
use std::ops::Range;

/// The largest number of characters that are shown before, in and after an error.
const MAX_AROUND: usize = 120;

/// An error in an expression, with its position in the text.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{message}{}", in_parentheses(help.as_deref()))]
pub struct ExprError {
    /// The byte range of the error in the text.
    pub span: Range<usize>,
    /// A stable code in kebab case.
    pub code: &'static str,
    /// A description of the error.
    pub message: String,
    /// A suggestion: the remedy, or the name that was probably meant.
    pub help: Option<String>,
}

impl ExprError {
    /// Creates an error at `span`.
    pub fn new(span: Range<usize>, code: &'static str, message: impl Into<String>) -> Self {
        Self { span, code, message: message.into(), help: None }
    }

    /// Creates the error that measures don't fit together at `span`.
    pub fn of_units(span: Range<usize>, mismatch: Mismatch) -> Self {
        Self { span, code: "wrong-unit", message: mismatch.message, help: mismatch.help }
    }

    /// Sets the suggestion.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Suggests the candidate nearest to `name`.
    pub fn did_you_mean<'a>(mut self, name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Self {
        if let Some(near) = crate::diagnostic::nearest(name, candidates) {
            self.help = Some(format!("did you mean `{near}`?"));
        }
        self
    }

    /// Returns the models that a name in `IS_OF_MODEL` means, or the error that it is unknown.
    pub(crate) fn of_model(models: &Models, model: &str, span: &Range<usize>) -> Result<ModelFamily, Self> {
        models.family(model).map_err(|unknown| {
            let error = Self::new(span.clone(), "unknown-model", unknown.message);
            Self { help: unknown.help, ..error }
        })
    }

    /// Checks that a text is the name of a time zone.
    pub(crate) fn check_zone(name: &str, span: &Range<usize>) -> Result<(), Self> {
        if zone::find(name).is_some() {
            return Ok(());
        }
        let unknown = Self::new(span.clone(), "unknown-zone", format!("`{name}` is not a time zone"));
        let names = zone::names();
        Err(unknown.did_you_mean(name, names.iter().map(String::as_str)))
    }

    /// Formats the text with carets below the error: two lines. Of a long text, the part around the error is shown.
    pub fn under(&self, text: &str) -> String {
        let start = text.get(..self.span.start).map_or(0, |before| before.chars().count());
        let length = text.get(self.span.clone()).map_or(1, |part| part.chars().count().max(1));
        let skipped = start.saturating_sub(MAX_AROUND);
        let shown: String =
            text.chars().skip(skipped).take(start - skipped + length.min(MAX_AROUND) + MAX_AROUND).collect();
        let is_cut = skipped + shown.chars().count() < text.chars().count();
        let (before, after) = (if skipped > 0 { "… " } else { "" }, if is_cut { " …" } else { "" });
        let indent = " ".repeat(start - skipped + before.chars().count());
        format!("{before}{shown}{after}\n{indent}{}", "^".repeat(length.min(MAX_AROUND)))
    }
}

/// An expression with its position in the text.
#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    /// The syntax tree node.
    pub node: Node,
    /// The byte range in the text.
    pub span: Range<usize>,
}

/// The forms of an expression.
#[derive(Clone, Debug, PartialEq)]
pub enum Node {
    /// A number.
    Number(f64),
    /// A number with a unit: `75 degF`.
    Quantity(f64, &'static Unit),
    /// A text.
    Text(String),
    /// `true` or `false`.
    Bool(bool),
    /// `NULL`: the missing value.
    Null,
    /// A property of the twin itself or along relationships.
    Path(Path),
    /// A unary operation.
    Unary(UnaryOp, Box<Expr>),
    /// A binary operation.
    Binary(BinaryOp, Box<Expr>, Box<Expr>),
    /// A call of a scalar function.
    Call(Function, Vec<Expr>),
    /// A call of an aggregate function over related twins.
    Aggregate(Aggregate, Box<Expr>),
    /// A call of a stateful function: the value, then constants.
    Stateful(Stateful, Vec<Expr>),
    /// `CASE WHEN … THEN … ELSE … END` and `IF(…)`: the value of the first arm whose condition is true. A missing
    /// condition gives a missing value.
    Case(Vec<(Expr, Expr)>, Option<Box<Expr>>),
    /// `IS_OF_MODEL([twin,] 'dtmi' [, exact])`.
    IsOfModel {
        /// The alias of the twin, for queries with several aliases.
        alias: Option<String>,
        /// The DTMI of the model.
        model: String,
        /// Whether models that extend it are excluded.
        exact: bool,
    },
}

/// A dotted path: relationship steps, then a property.
#[derive(Clone, Debug, PartialEq)]
pub struct Path {
    /// The segments, at least one.
    pub segments: Vec<Segment>,
}

/// A segment of a path.
#[derive(Clone, Debug, PartialEq)]
pub struct Segment {
    /// The name of a relationship or property.
    pub name: String,
    /// `^name`: against the relationship's direction.
    pub inverse: bool,
    /// `name*`: one or more steps.
    pub transitive: bool,
    /// The byte range in the text.
    pub span: Range<usize>,
}

impl Segment {
    /// Returns whether the segment can only be a relationship.
    pub fn is_step(&self) -> bool {
        self.inverse || self.transitive
    }
}

impl fmt::Display for Segment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (before, after) = (if self.inverse { "^" } else { "" }, if self.transitive { "*" } else { "" });
        write!(f, "{before}{}{after}", self.name)
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", joined(&self.segments))
    }
}

/// Formats segments with dots between them.
pub fn joined(segments: &[Segment]) -> String {
    segments.iter().map(ToString::to_string).collect::<Vec<_>>().join(".")
}

/// Unary operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnaryOp {
    /// `-x`
    Negate,
    /// `NOT x`
    Not,
}

/// Binary operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are self-explanatory")]
pub enum BinaryOp {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    And,
    Or,
}

impl BinaryOp {
    /// Returns the operator's symbol.
    pub fn symbol(self) -> &'static str {
        match self {
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Remainder => "%",
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::And => "AND",
            Self::Or => "OR",
        }
    }

    /// Returns whether the operator compares two values and gives a boolean.
    pub fn is_comparison(self) -> bool {
        matches!(
            self,
            Self::Equal | Self::NotEqual | Self::Less | Self::LessOrEqual | Self::Greater | Self::GreaterOrEqual
        )
    }
}

/// Defines the scalar functions: variant, name, smallest and largest number of arguments.
macro_rules! functions {
    ($($variant:ident $name:literal $least:literal $most:literal),* $(,)?) => {
        /// Scalar functions.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[expect(missing_docs, reason = "the names are self-explanatory")]
        pub enum Function { $($variant),* }

        impl Function {
            /// All scalar functions.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// Returns the function's name.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),* }
            }

            /// Returns the smallest and the largest number of arguments.
            pub fn arity(self) -> (usize, usize) {
                match self { $(Self::$variant => ($least, $most)),* }
            }
        }
    };
}

functions! {
    Abs "ABS" 1 1, Sqrt "SQRT" 1 1, Exp "EXP" 1 1, Ln "LN" 1 1, Log10 "LOG10" 1 1,
    Floor "FLOOR" 1 1, Ceil "CEILING" 1 1, Round "ROUND" 1 1, Power "POWER" 2 2,
    Min "MIN" 2 64, Max "MAX" 2 64, Clamp "CLAMP" 3 3, Coalesce "COALESCE" 1 64,
    IsDefined "IS_DEFINED" 1 1, IsNull "IS_NULL" 1 1,
    IsBool "IS_BOOL" 1 1, IsNumber "IS_NUMBER" 1 1, IsString "IS_STRING" 1 1, IsPrimitive "IS_PRIMITIVE" 1 1, IsObject "IS_OBJECT" 1 1,
    Concat "CONCAT" 1 64, Upper "UPPER" 1 1, Lower "LOWER" 1 1, Length "LENGTH" 1 1,
    Now "NOW" 0 0, Year "YEAR" 1 2, Month "MONTH" 1 2, Day "DAY" 1 2, Weekday "WEEKDAY" 1 2, Hour "HOUR" 1 2, Minute "MINUTE" 1 2,
    StartsWith "STARTSWITH" 2 2, EndsWith "ENDSWITH" 2 2, Contains "CONTAINS" 2 2, ArrayContains "ARRAY_CONTAINS" 2 2,
}

/// Aggregate functions over related twins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Aggregate {
    /// The mean of the values that exist.
    Avg,
    /// The sum of the values that exist.
    Sum,
    /// The minimum.
    Min,
    /// The maximum.
    Max,
    /// The number of twins. For a property, only the twins that have a value count.
    Count,
    /// `COUNT` of a condition: the number of twins for which it is true.
    CountIf,
    /// Whether the condition is true for at least one twin.
    Any,
    /// Whether the condition is true for all twins.
    All,
    /// The value of the single related twin: a path without an aggregate function.
    Only,
}

impl Aggregate {
    /// The aggregates that are written as functions.
    pub const NAMED: &'static [(&'static str, Self)] = &[
        ("AVG", Self::Avg),
        ("SUM", Self::Sum),
        ("MIN", Self::Min),
        ("MAX", Self::Max),
        ("COUNT", Self::Count),
        ("ANY", Self::Any),
        ("ALL", Self::All),
    ];

    /// Returns the aggregate's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::CountIf => "COUNT",
            _ => Self::NAMED
                .iter()
                .find(|(_, aggregate)| *aggregate == self)
                .map_or("a path to one twin", |(name, _)| name),
        }
    }
}

impl Aggregate {
    /// Returns the measure of the aggregate of values with a measure.
    pub(crate) fn measure(self, of: Measure) -> Measure {
        match self {
            Self::Avg | Self::Min | Self::Max | Self::Only => of.forgotten(),
            Self::Sum => of.summed(),
            Self::Count | Self::CountIf => Measure::Plain(None),
            Self::Any | Self::All => Measure::Open,
        }
    }
}

impl Function {
    /// Returns whether the result is one of the arguments, which therefore have one measure.
    pub(crate) fn chooses(self) -> bool {
        matches!(self, Self::Min | Self::Max | Self::Clamp | Self::Coalesce)
    }

    /// Returns whether the result has the measure of the argument.
    pub(crate) fn keeps_measure(self) -> bool {
        matches!(self, Self::Abs | Self::Floor | Self::Ceil | Self::Round)
    }

    /// Returns whether the function gives a part of a time in the calendar of a zone, its second argument.
    pub(crate) fn is_of_calendar(self) -> bool {
        matches!(self, Self::Year | Self::Month | Self::Day | Self::Weekday | Self::Hour | Self::Minute)
    }

    /// Returns the measure of the results of a function that does not keep the measure of its arguments.
    pub(crate) fn measure(self) -> Measure {
        match self {
            Self::Now => Measure::Time,
            Self::Sqrt | Self::Exp | Self::Ln | Self::Log10 | Self::Power | Self::Length => Measure::Plain(None),
            function if function.is_of_calendar() => Measure::Plain(None),
            _ => Measure::Open,
        }
    }
}

impl Expr {
    /// Calls `see` with every direct child of this expression, in the order of the text.
    pub fn each_child<'e>(&'e self, see: &mut dyn FnMut(&'e Self)) {
        match &self.node {
            Node::Unary(_, inner) | Node::Aggregate(_, inner) => see(inner),
            Node::Binary(_, left, right) => {
                see(left);
                see(right);
            }
            Node::Call(_, arguments) | Node::Stateful(_, arguments) => arguments.iter().for_each(see),
            Node::Case(arms, otherwise) => {
                for (condition, value) in arms {
                    see(condition);
                    see(value);
                }
                otherwise.iter().for_each(|value| see(value));
            }
            Node::Number(_) | Node::Quantity(..) | Node::Text(_) | Node::Bool(_) => {}
            Node::Null | Node::Path(_) | Node::IsOfModel { .. } => {}
        }
    }

    /// Calls `change` with every direct child of this expression, in the order of the text.
    pub fn each_child_mut(&mut self, change: &mut dyn FnMut(&mut Self)) {
        match &mut self.node {
            Node::Unary(_, inner) | Node::Aggregate(_, inner) => change(inner),
            Node::Binary(_, left, right) => {
                change(left);
                change(right);
            }
            Node::Call(_, arguments) | Node::Stateful(_, arguments) => arguments.iter_mut().for_each(change),
            Node::Case(arms, otherwise) => {
                for (condition, value) in arms {
                    change(condition);
                    change(value);
                }
                otherwise.iter_mut().for_each(|value| change(value));
            }
            Node::Number(_) | Node::Quantity(..) | Node::Text(_) | Node::Bool(_) => {}
            Node::Null | Node::Path(_) | Node::IsOfModel { .. } => {}
        }
    }

    /// Returns the number of nodes in the tree.
    pub fn size(&self) -> usize {
        let mut size = 1;
        self.each_child(&mut |child| size += child.size());
        size
    }

    /// Calls `see` with every path in the expression.
    pub fn paths<'e>(&'e self, see: &mut dyn FnMut(&'e Path)) {
        if let Node::Path(path) = &self.node {
            see(path);
        }
        self.each_child(&mut |child| child.paths(see));
    }

    /// Returns whether two expressions are equal apart from their positions.
    pub fn says_same(&self, other: &Self) -> bool {
        let all = |ours: &[Self], theirs: &[Self]| {
            ours.len() == theirs.len() && ours.iter().zip(theirs).all(|(ours, theirs)| ours.says_same(theirs))
        };
        match (&self.node, &other.node) {
            (Node::Path(ours), Node::Path(theirs)) => joined(&ours.segments) == joined(&theirs.segments),
            (Node::Unary(op, ours), Node::Unary(other, theirs)) => op == other && ours.says_same(theirs),
            (Node::Binary(op, a, b), Node::Binary(other, x, y)) => op == other && a.says_same(x) && b.says_same(y),
            (Node::Call(function, ours), Node::Call(other, theirs)) => function == other && all(ours, theirs),
            (Node::Stateful(function, ours), Node::Stateful(other, theirs)) => function == other && all(ours, theirs),
            (Node::Aggregate(aggregate, ours), Node::Aggregate(other, theirs)) => {
                aggregate == other && ours.says_same(theirs)
            }
            (Node::Case(ours, last), Node::Case(theirs, other_last)) => {
                let same_last = match (last, other_last) {
                    (Some(ours), Some(theirs)) => ours.says_same(theirs),
                    (ours, theirs) => ours.is_none() && theirs.is_none(),
                };
                let same = |((condition, value), (other, other_value)): (&(Self, Self), &(Self, Self))| {
                    condition.says_same(other) && value.says_same(other_value)
                };
                same_last && ours.len() == theirs.len() && ours.iter().zip(theirs).all(same)
            }
            (ours, theirs) => ours == theirs,
        }
    }

    /// Returns the expression with every path replaced by `change` of it.
    pub fn map_paths(mut self, change: &mut dyn FnMut(Path) -> Path) -> Self {
        self.change_paths(change);
        self
    }

    fn change_paths(&mut self, change: &mut dyn FnMut(Path) -> Path) {
        if let Node::Path(path) = &mut self.node {
            let segments = std::mem::take(&mut path.segments);
            *path = change(Path { segments });
        }
        self.each_child_mut(&mut |child| child.change_paths(change));
    }
}
