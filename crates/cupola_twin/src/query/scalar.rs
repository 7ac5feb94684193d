//! Resolved expressions of a query: a property is a column for each table, and a path along relationships is a list of
//! relations.

use super::group::Tally;
use super::names::VarIx;
use super::shortest::Roads;
use super::whole;
use crate::expr::{
    Aggregate, BinaryOp, Cell, Change, ExprError, Function, SAME, UnaryOp, aggregate_of, binary, call, of_json,
};
use crate::graph::Graph;
use crate::state::State;
use crate::topology::{ColumnIx, Slot, TableIx, Topology, TwinIx, Walk};
use crate::unit::converted;
use crate::value::{Kind, Quality};
use serde_json::Value as Json;
use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

/// The value of a variable in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum VarValue {
    /// No value: not bound yet, or an optional join without a match.
    None,
    Twin(TwinIx),
    Relationship(u32),
    /// A shortest path with the given number of relationships.
    Way(u32),
}

/// A row with the data that it refers to.
#[derive(Clone, Copy)]
pub(super) struct Env<'e> {
    pub state: &'e State,
    pub graph: &'e Graph,
    pub bound: &'e [VarValue],
    /// The keys and aggregates of a group.
    pub results: &'e [Cell],
}

impl Env<'_> {
    fn twin(&self, var: VarIx) -> Option<TwinIx> {
        match self.bound.get(var) {
            Some(VarValue::Twin(twin)) => Some(*twin),
            _ => None,
        }
    }
}

/// A property: its column in each table that has it, with scale and offset of the unit conversion.
#[derive(Clone, Debug)]
pub(super) struct Columns {
    pub by_table: Vec<Option<(ColumnIx, f64, f64)>>,
}

/// An expression that can be evaluated for a row.
#[derive(Clone, Debug)]
pub(super) enum Scalar {
    Constant(Cell),
    Property(VarIx, Columns),
    /// A value inside an array or object that is stored whole: the column, and the keys.
    Inside(VarIx, Columns, Vec<String>),
    /// An object or a component as a whole.
    Part(VarIx, String),
    Id(VarIx),
    Model(VarIx),
    /// The version tag that another service gave.
    Etag(VarIx),
    UpdateTime(VarIx, Columns),
    /// The quality of a value, as a text.
    Quality(VarIx, Columns),
    /// A property of a relationship, and keys into it.
    Relationship(VarIx, String, Vec<String>),
    /// A shortest path between the twins of two variables.
    Way {
        var: VarIx,
        from: VarIx,
        to: VarIx,
        roads: Roads,
    },
    /// The number of relationships in a shortest path.
    WayLength(VarIx),
    /// The identity of a relationship.
    Edge(VarIx),
    /// The metadata of a twin, or of one of its properties.
    Metadata(VarIx, Option<String>),
    /// The first value that is not missing, because models may use one name for different things.
    First(Vec<Scalar>),
    /// The key or aggregate of the group with this number.
    Result(usize),
    /// A number in another unit.
    Convert(Box<Scalar>, Change),
    Unary(UnaryOp, Box<Scalar>),
    Binary(BinaryOp, Box<Scalar>, Box<Scalar>),
    Call(Function, Vec<Scalar>),
    Case(Vec<(Scalar, Scalar)>, Option<Box<Scalar>>),
    /// Whether a twin belongs to one of the marked tables.
    OfTables(VarIx, Vec<bool>),
    /// An aggregate over the twins at the end of a path. The inner expression reads variable 0; `None` counts the
    /// twins.
    Along {
        var: VarIx,
        walk: Walk,
        aggregate: Aggregate,
        inner: Option<Box<Scalar>>,
        needs: Vec<Columns>,
        span: Range<usize>,
        /// Whether the aggregate is the sum of integers, which must not be rounded.
        is_whole: bool,
    },
}

impl Columns {
    /// Returns for each table whether it has the property.
    pub fn tables(&self) -> Vec<bool> {
        self.by_table.iter().map(Option::is_some).collect()
    }

    fn slot(&self, topology: &Topology, twin: TwinIx) -> Option<(Slot, f64, f64)> {
        let (TableIx(table), row) = topology.locate(twin);
        let (column, scale, offset) = (*self.by_table.get(table as usize)?)?;
        Some((Slot { column, row }, scale, offset))
    }

    fn value(&self, state: &State, twin: TwinIx) -> Cell {
        let Some((slot, scale, offset)) = self.slot(state.topology(), twin) else { return Cell::Missing };
        let sample = state.get(slot);
        if sample.usable().is_nan() {
            return Cell::Missing;
        }
        let topology = state.topology();
        let text = || topology.texts.text(sample.lane);
        match topology.column(slot.column).kind {
            Kind::Number | Kind::Integer if scale == 1.0 && offset == 0.0 => Cell::Number(sample.lane),
            Kind::Number | Kind::Integer => Cell::Number(converted(sample.lane, scale, offset)),
            Kind::Bool => Cell::Bool(sample.lane != 0.0),
            Kind::Text => text().map_or(Cell::Missing, Cell::Text),
            Kind::Json => text()
                .and_then(|text| serde_json::from_str::<Json>(&text).ok())
                .map_or(Cell::Missing, |json| of_json(&json)),
            Kind::Time => Cell::Time(sample.lane),
        }
    }
}

impl Scalar {
    /// Returns the expression with its number converted. Constants are converted at once, and a property as it is read.
    pub fn converted(self, change: Change) -> Self {
        let (scale, offset) = change;
        match self {
            scalar if change == SAME => scalar,
            Self::Constant(Cell::Number(number)) => Self::Constant(Cell::Number(converted(number, scale, offset))),
            Self::Property(var, Columns { by_table }) => {
                let convert =
                    |(column, own, shift): (ColumnIx, f64, f64)| (column, own * scale, shift * scale + offset);
                let by_table = by_table.into_iter().map(|column| column.map(convert)).collect();
                Self::Property(var, Columns { by_table })
            }
            scalar => Self::Convert(Box::new(scalar), change),
        }
    }

    /// Collects the variables that the expression reads.
    pub fn uses(&self, out: &mut BTreeSet<VarIx>) {
        match self {
            Self::Constant(_) | Self::Result(_) => {}
            Self::Property(var, _)
            | Self::Inside(var, ..)
            | Self::Part(var, _)
            | Self::Id(var)
            | Self::Model(var)
            | Self::Etag(var)
            | Self::UpdateTime(var, _)
            | Self::Quality(var, _)
            | Self::Relationship(var, ..)
            | Self::Metadata(var, _)
            | Self::WayLength(var)
            | Self::Edge(var)
            | Self::OfTables(var, _)
            | Self::Along { var, .. } => {
                out.insert(*var);
            }
            Self::Way { var, from, to, .. } => out.extend([*var, *from, *to]),
            Self::Unary(_, inner) | Self::Convert(inner, _) => inner.uses(out),
            Self::Binary(_, left, right) => {
                left.uses(out);
                right.uses(out);
            }
            Self::Call(_, arguments) | Self::First(arguments) => {
                arguments.iter().for_each(|argument| argument.uses(out));
            }
            Self::Case(arms, otherwise) => {
                for (condition, value) in arms {
                    condition.uses(out);
                    value.uses(out);
                }
                otherwise.iter().for_each(|value| value.uses(out));
            }
        }
    }

    /// Evaluates the expression for a row.
    pub fn value(&self, env: Env<'_>) -> Result<Cell, ExprError> {
        let of_twin = |var: VarIx, read: &dyn Fn(TwinIx) -> Cell| env.twin(var).map_or(Cell::Missing, read);
        let topology = env.state.topology();
        Ok(match self {
            Self::Constant(cell) => cell.clone(),
            Self::Result(number) => env.results.get(*number).cloned().unwrap_or(Cell::Missing),
            Self::Property(var, columns) => of_twin(*var, &|twin| columns.value(env.state, twin)),
            Self::Inside(var, columns, keys) => of_twin(*var, &|twin| match columns.value(env.state, twin) {
                Cell::Json(json) => inside(&json, keys),
                _ => Cell::Missing,
            }),
            Self::Part(var, name) => of_twin(*var, &|twin| {
                whole::part(env.state, twin, name).map_or(Cell::Missing, |json| Cell::Json(Arc::new(json)))
            }),
            Self::Id(var) => of_twin(*var, &|twin| Cell::Text(topology.shared_id(twin))),
            Self::Model(var) => {
                of_twin(*var, &|twin| Cell::Text((&*topology.models.get(topology.model_of(twin)).id).into()))
            }
            Self::Etag(var) => {
                of_twin(*var, &|twin| topology.etag(twin).map_or(Cell::Missing, |etag| Cell::Text(etag.into())))
            }
            Self::UpdateTime(var, columns) => of_twin(*var, &|twin| {
                let Some((slot, ..)) = columns.slot(topology, twin) else { return Cell::Missing };
                let sample = env.state.get(slot);
                // Initial values from the scene have no source time.
                let known = sample.quality < Quality::Missing && sample.time_us > 0;
                if known { Cell::Time(sample.time_us as f64 / 1e6) } else { Cell::Missing }
            }),
            Self::Quality(var, columns) => of_twin(*var, &|twin| {
                let slot = columns.slot(topology, twin);
                slot.map_or(Cell::Missing, |(slot, ..)| Cell::Text(env.state.get(slot).quality.word().into()))
            }),
            Self::Relationship(var, name, keys) => match env.bound.get(*var) {
                Some(VarValue::Relationship(number)) => match of_relationship(env.graph, *number, name) {
                    Cell::Json(json) => inside(&json, keys),
                    cell if keys.is_empty() => cell,
                    _ => Cell::Missing,
                },
                _ => Cell::Missing,
            },
            Self::WayLength(var) => match env.bound.get(*var) {
                Some(VarValue::Way(length)) => Cell::Number(f64::from(*length)),
                _ => Cell::Missing,
            },
            Self::Way { from, to, roads, .. } => match env.twin(*from).zip(env.twin(*to)) {
                Some((from, to)) => {
                    let way = roads.way(topology, env.graph, from, to);
                    way.map_or(Cell::Missing, |way| Cell::Json(Arc::new(way)))
                }
                None => Cell::Missing,
            },
            Self::Edge(var) => match env.bound.get(*var) {
                Some(VarValue::Relationship(number)) => Cell::Number(f64::from(*number)),
                _ => Cell::Missing,
            },
            Self::Metadata(var, property) => of_twin(*var, &|twin| {
                let twin = whole::twin(env.state, twin);
                let metadata = twin.get("$metadata");
                let part = match property {
                    Some(property) => metadata.and_then(|metadata| metadata.get(property)),
                    None => metadata,
                };
                part.map_or(Cell::Missing, of_json)
            }),
            Self::First(alternatives) => {
                for alternative in alternatives {
                    let cell = alternative.value(env)?;
                    if cell != Cell::Missing {
                        return Ok(cell);
                    }
                }
                Cell::Missing
            }
            Self::OfTables(var, tables) => match env.twin(*var) {
                Some(twin) => {
                    let (TableIx(table), _) = topology.locate(twin);
                    Cell::Bool(tables.get(table as usize).copied().unwrap_or(false))
                }
                None => Cell::Missing,
            },
            Self::Convert(inner, (scale, offset)) => match inner.value(env)? {
                Cell::Number(number) => Cell::Number(converted(number, *scale, *offset)),
                other => other,
            },
            Self::Unary(UnaryOp::Not, inner) => match inner.value(env)? {
                Cell::Bool(flag) => Cell::Bool(!flag),
                _ => Cell::Missing,
            },
            Self::Unary(UnaryOp::Negate, inner) => match inner.value(env)? {
                Cell::Number(number) => Cell::Number(-number),
                _ => Cell::Missing,
            },
            Self::Binary(op, left, right) => {
                let first = left.value(env)?;
                // The first operand may decide the result alone.
                match (op, &first) {
                    (BinaryOp::And, Cell::Bool(false)) | (BinaryOp::Or, Cell::Bool(true)) => first,
                    _ => binary(*op, first, right.value(env)?, &topology.zone),
                }
            }
            Self::Call(function, arguments) => {
                let cells: Result<Vec<Cell>, ExprError> =
                    arguments.iter().map(|argument| argument.value(env)).collect();
                call(*function, &cells?, &topology.zone)
            }
            Self::Case(arms, otherwise) => {
                for (condition, value) in arms {
                    match condition.value(env)? {
                        Cell::Bool(true) => return value.value(env),
                        Cell::Bool(false) => {}
                        _ => return Ok(Cell::Missing),
                    }
                }
                otherwise.as_ref().map_or(Ok(Cell::Missing), |value| value.value(env))?
            }
            Self::Along { var, walk, aggregate, inner, needs, span, is_whole } => {
                let Some(twin) = env.twin(*var) else { return Ok(Cell::Missing) };
                let (cells, found) = along(env, twin, walk, *aggregate, inner.as_deref(), needs, span)?;
                if *is_whole {
                    exact_sum(&cells, span)?;
                }
                found
            }
        })
    }

    /// Returns whether the expression is true for a row.
    pub fn holds(&self, env: Env<'_>) -> Result<bool, ExprError> {
        Ok(self.value(env)? == Cell::Bool(true))
    }
}

/// Returns the value under nested keys.
fn inside(json: &Json, keys: &[String]) -> Cell {
    let found = keys.iter().try_fold(json, |json, key| json.get(key));
    found.map_or(Cell::Missing, of_json)
}

fn along(
    env: Env<'_>,
    twin: TwinIx,
    walk: &Walk,
    aggregate: Aggregate,
    inner: Option<&Scalar>,
    needs: &[Columns],
    span: &Range<usize>,
) -> Result<(Vec<Option<Cell>>, Cell), ExprError> {
    let topology = env.state.topology();
    let twins = walk.from(topology, twin);
    let Some(inner) = inner else {
        return Ok((Vec::new(), aggregate_of(aggregate, &vec![None; twins.len()], true)));
    };
    if aggregate == Aggregate::Only && twins.len() > 1 {
        let message = format!("this leads from `{}` to several twins", topology.twin_id(twin));
        let help = "aggregate: AVG(…), MAX(…), SUM(…), …";
        return Err(ExprError::new(span.clone(), "several", message).help(help));
    }
    let mut cells = Vec::with_capacity(twins.len());
    for twin in twins {
        let has_all = needs.iter().all(|columns| columns.slot(topology, twin).is_some());
        let there = Env { bound: &[VarValue::Twin(twin)], ..env };
        cells.push(if has_all { Some(inner.value(there)?) } else { None });
    }
    let result = aggregate_of(aggregate, &cells, false);
    Ok((cells, result))
}

/// Checks that the sum of integers is exact.
///
/// # Errors
/// The sum is beyond 2^53, or a value is.
fn exact_sum(cells: &[Option<Cell>], span: &Range<usize>) -> Result<(), ExprError> {
    let mut tally = Tally::default();
    for cell in cells.iter().flatten() {
        tally.count(cell);
    }
    if tally.is_rounded(Aggregate::Sum, true) { Err(ExprError::inexact(span, Aggregate::Sum)) } else { Ok(()) }
}

fn of_relationship(graph: &Graph, number: u32, name: &str) -> Cell {
    let text = |id: &str| Cell::Text(id.into());
    let (Some(relationship), Some((from, to))) = (graph.relationship(number), graph.ends(number)) else {
        return Cell::Missing;
    };
    match name {
        "$relationshipId" => whole::relationship_id(graph, number).map_or(Cell::Missing, |id| text(&id)),
        "$relationshipName" => Cell::Text((&*relationship.name).into()),
        "$sourceId" => text(from),
        "$targetId" => text(to),
        _ => {
            let found = relationship.properties.iter().find(|(known, _)| **known == *name);
            let json = found.and_then(|(_, value)| serde_json::to_value(value).ok());
            json.map_or(Cell::Missing, |json| of_json(&json))
        }
    }
}
