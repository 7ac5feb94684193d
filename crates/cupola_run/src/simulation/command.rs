//! Commands that the simulation carries out. The scene gives the properties that a command sets, and its response.

use super::run::Simulation;
use crate::feed::lane_of;
use cupola_twin::expr::{Cell, Context, Expr, ExprError, Measure, Path, evaluate};
use cupola_twin::query::TwinContext;
use cupola_twin::unit::Unit;
use cupola_twin::value::{Sample, time_text};
use cupola_twin::zone::TimeZone;
use cupola_twin::{Slot, State, TwinIx, Value};
use std::sync::Arc;

/// The effect of a command on the twins of a model.
#[derive(Clone, Debug)]
pub(super) struct Handler {
    /// The twins, sorted.
    pub twins: Arc<[TwinIx]>,
    pub command: String,
    /// Properties, each with the expression of its new value.
    pub sets: Vec<(String, Expr)>,
    pub response: Option<Expr>,
}

impl Simulation {
    /// Returns the values that a command of a twin sets, and its response. Nothing is changed.
    ///
    /// # Errors
    /// The scene has no handler for the command, or an expression can't be evaluated or gives an unsuitable value.
    pub(crate) fn command(
        &self,
        state: &State,
        twin: TwinIx,
        command: &str,
        request: Option<&Value>,
        now_us: i64,
    ) -> Result<(Vec<(Slot, Sample)>, Option<Value>), String> {
        let topology = state.topology().clone();
        let of_twin = |handler: &&Handler| handler.command == command && handler.twins.binary_search(&twin).is_ok();
        let handler =
            self.handlers.iter().find(of_twin).ok_or_else(|| {
                format!("the simulation doesn't know what `{command}` does: say so in its `commands`")
            })?;
        let mut changes = Vec::new();
        for (property, expression) in &handler.sets {
            let slot = topology.slot(twin, property).ok_or_else(|| format!("there is no property `{property}`"))?;
            let context = RequestContext { twin: TwinContext { state, twin }, request };
            let cell = evaluate(expression, &context).map_err(|error| error.message)?;
            let value = value_of(cell).ok_or_else(|| format!("what `{property}` is set to has no value"))?;
            let lane = lane_of(&topology, slot.column, &value).map_err(|why| format!("`{property}`: {why}"))?;
            changes.push((slot, Sample::good(lane, now_us)));
        }
        let Some(response) = &handler.response else { return Ok((changes, None)) };
        // The response sees the values that the command sets.
        let mut after = state.clone();
        for (slot, sample) in &changes {
            after.set(*slot, *sample);
        }
        let context = RequestContext { twin: TwinContext { state: &after, twin }, request };
        let response = value_of(evaluate(response, &context).map_err(|error| error.message)?);
        Ok((changes, response))
    }
}

/// The context of a command's expressions: the twin, and `request` as the name of the request.
struct RequestContext<'s, 'r> {
    twin: TwinContext<'s>,
    request: Option<&'r Value>,
}

impl Context for RequestContext<'_, '_> {
    fn now(&self) -> Option<f64> {
        self.twin.now()
    }

    fn zone(&self) -> &TimeZone {
        self.twin.zone()
    }

    fn path(&self, path: &Path) -> Result<Cell, ExprError> {
        let [first, rest @ ..] = path.segments.as_slice() else { return self.twin.path(path) };
        if first.name != "request" {
            return self.twin.path(path);
        }
        let said = rest.iter().try_fold(self.request, |value, segment| match value {
            Some(Value::Object(parts)) => Some(parts.get(&segment.name)),
            _ => None,
        });
        Ok(said.flatten().map_or(Cell::Missing, cell_of))
    }

    fn related(&self, argument: &Expr) -> Result<(Vec<Option<(Cell, Measure)>>, bool), ExprError> {
        self.twin.related(argument)
    }

    fn unit(&self, path: &Path) -> Option<&'static Unit> {
        let is_said = path.segments.first().is_some_and(|first| first.name == "request");
        if is_said { None } else { self.twin.unit(path) }
    }

    fn is_of_model(&self, alias: Option<&str>, model: &str, exact: bool, expr: &Expr) -> Result<bool, ExprError> {
        self.twin.is_of_model(alias, model, exact, expr)
    }
}

fn cell_of(value: &Value) -> Cell {
    match value {
        Value::Bool(flag) => Cell::Bool(*flag),
        Value::Integer(number) => Cell::Number(*number as f64),
        Value::Number(number) => Cell::Number(*number),
        other => Cell::Text(other.to_string().into()),
    }
}

fn value_of(cell: Cell) -> Option<Value> {
    Some(match cell {
        Cell::Missing => return None,
        Cell::Bool(flag) => Value::Bool(flag),
        Cell::Number(number) if number.fract() == 0.0 && number.abs() <= cupola_twin::value::EXACT_INTEGER => {
            Value::Integer(number as i64)
        }
        Cell::Number(number) => Value::Number(number),
        Cell::Text(text) => Value::Text(text.to_string()),
        Cell::Time(seconds) => Value::Text(time_text((seconds * 1e6).round() as i64)),
        Cell::Json(json) => serde_json::from_value(serde_json::Value::clone(&json)).ok()?,
    })
}
