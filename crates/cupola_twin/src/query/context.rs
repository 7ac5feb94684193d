//! The meaning of paths for a single twin.

use crate::expr::{Cell, Context, Expr, ExprError, Measure, Node, Path, Segment, joined, measured};
use crate::state::State;
use crate::topology::{Slot, TwinIx};
use crate::unit::Unit;
use crate::value::{Kind, Quality, time_text};
use crate::zone::TimeZone;

/// The evaluation context of one twin in a state; paths start at the twin.
#[derive(Clone, Copy)]
pub struct TwinContext<'s> {
    /// The state.
    pub state: &'s State,
    /// The twin.
    pub twin: TwinIx,
}

/// Returns the value of a slot.
pub(super) fn cell(state: &State, slot: Slot) -> Cell {
    let sample = state.get(slot);
    let topology = state.topology();
    if sample.usable().is_nan() {
        return Cell::Missing;
    }
    match topology.column(slot.column).kind {
        Kind::Number | Kind::Integer => Cell::Number(sample.lane),
        Kind::Bool => Cell::Bool(sample.lane != 0.0),
        Kind::Text | Kind::Json => topology.texts.text(sample.lane).map_or(Cell::Missing, Cell::Text),
        Kind::Time => Cell::Time(sample.lane),
    }
}

impl TwinContext<'_> {
    /// Returns the value of a property, or `None` if the twin has no such property.
    fn property(&self, segments: &[Segment]) -> Option<Cell> {
        let topology = self.state.topology();
        let names: Vec<&str> = segments.iter().map(|segment| segment.name.as_str()).collect();
        match names.as_slice() {
            ["$dtId"] => return Some(Cell::Text(topology.shared_id(self.twin))),
            ["$etag"] => {
                return Some(topology.etag(self.twin).map_or(Cell::Missing, |etag| Cell::Text(etag.into())));
            }
            ["$metadata", "$model"] => {
                let model = topology.models.get(topology.model_of(self.twin));
                return Some(Cell::Text((&*model.id).into()));
            }
            ["$metadata", property @ .., "lastUpdateTime"] => {
                let sample = self.state.get(topology.slot(self.twin, &property.join("."))?);
                // Initial values from the scene have no source time.
                let known = sample.quality < Quality::Missing && sample.time_us > 0;
                return Some(if known { Cell::Text(time_text(sample.time_us).into()) } else { Cell::Missing });
            }
            ["$metadata", property @ .., "quality"] => {
                let slot = topology.slot(self.twin, &property.join("."))?;
                return Some(Cell::Text(self.state.get(slot).quality.word().into()));
            }
            _ => {}
        }
        Some(cell(self.state, topology.slot(self.twin, &joined(segments))?))
    }

    /// Checks that some twin or model has a property of this name.
    fn check_property(&self, segments: &[Segment]) -> Result<(), ExprError> {
        let topology = self.state.topology();
        let Some(first) = segments.first() else { return Ok(()) };
        if first.name.starts_with('$') {
            return Ok(());
        }
        let name = joined(segments);
        let known = topology.tables().iter().any(|table| table.column(&name).is_some())
            || topology.models.iter().any(|(_, model)| {
                model.property(&name).is_some() || model.components.iter().any(|component| *component.name == *name)
            });
        if known {
            return Ok(());
        }
        let span = first.span.start..segments.last().map_or(first.span.end, |last| last.span.end);
        let unknown = ExprError::new(span, "unknown-property", format!("no twin has a property `{name}`"));
        let names = topology.tables().iter().flat_map(|table| topology.property_names(table));
        Err(unknown.did_you_mean(&name, names))
    }
}

impl Context for TwinContext<'_> {
    fn path(&self, path: &Path) -> Result<Cell, ExprError> {
        if let Some(cell) = self.property(&path.segments) {
            return Ok(cell);
        }
        let topology = self.state.topology();
        let steps = topology.leading_steps(path);
        if steps == 0 || steps == path.segments.len() {
            self.check_property(&path.segments)?;
            return Ok(Cell::Missing);
        }
        self.check_property(&path.segments[steps..])?;
        let related = topology.walk(self.twin, &path.segments[..steps]);
        match related.as_slice() {
            [] => Ok(Cell::Missing),
            [one] => {
                let there = TwinContext { twin: *one, ..*self };
                Ok(there.property(&path.segments[steps..]).unwrap_or(Cell::Missing))
            }
            _ => {
                let span = path.segments[0].span.start..path.segments[steps - 1].span.end;
                let message = format!(
                    "`{}` leads from `{}` to several twins",
                    joined(&path.segments[..steps]),
                    topology.twin_id(self.twin)
                );
                Err(ExprError::new(span, "several", message).help("aggregate: AVG(…), MAX(…), SUM(…), …"))
            }
        }
    }

    fn related(&self, argument: &Expr) -> Result<(Vec<Option<(Cell, Measure)>>, bool), ExprError> {
        let topology = self.state.topology();
        let mut paths = Vec::new();
        argument.paths(&mut |path| paths.push(path));
        let first = paths.first().filter(|path| topology.leading_steps(path) > 0);
        let Some(first) = first else {
            let help = "follow a relationship: AVG(contains.temperature)";
            return Err(
                ExprError::new(argument.span.clone(), "no-relationship", "no relationship to follow").help(help)
            );
        };
        let count = topology.leading_steps(first);
        let steps = &first.segments[..count];
        let same = |path: &&Path| path.segments.len() >= count && joined(&path.segments[..count]) == joined(steps);
        if !paths.iter().all(same) {
            let message = "all paths in one aggregate must follow the same relationships";
            return Err(ExprError::new(argument.span.clone(), "several-paths", message));
        }
        let twins = topology.walk(self.twin, steps);
        if matches!(&argument.node, Node::Path(path) if path.segments.len() == count) {
            return Ok((vec![None; twins.len()], true));
        }
        let value = argument.clone().map_paths(&mut |path| Path { segments: path.segments[count..].to_vec() });
        let mut needed = Vec::new();
        value.paths(&mut |path| needed.push(path));
        for path in &needed {
            if topology.leading_steps(path) == 0 {
                self.check_property(&path.segments)?;
            }
        }
        let mut cells = Vec::new();
        for twin in twins {
            let there = TwinContext { twin, ..*self };
            let has_all =
                needed.iter().all(|path| topology.leading_steps(path) > 0 || there.property(&path.segments).is_some());
            cells.push(if has_all { Some(measured(&value, &there)?) } else { None });
        }
        Ok((cells, false))
    }

    fn unit(&self, path: &Path) -> Option<&'static Unit> {
        let topology = self.state.topology();
        let steps = topology.leading_steps(path);
        let (twin, rest) = match topology.slot(self.twin, &joined(&path.segments)) {
            Some(_) => (self.twin, &path.segments[..]),
            None => (*topology.walk(self.twin, &path.segments[..steps]).first()?, &path.segments[steps..]),
        };
        topology.column(topology.slot(twin, &joined(rest))?.column).unit
    }

    fn now(&self) -> Option<f64> {
        self.state.now_s()
    }

    fn zone(&self) -> &TimeZone {
        &self.state.topology().zone
    }

    fn is_of_model(&self, _: Option<&str>, model: &str, exact: bool, expr: &Expr) -> Result<bool, ExprError> {
        let topology = self.state.topology();
        let wanted = ExprError::of_model(&topology.models, model, &expr.span)?;
        Ok(wanted.has(&topology.models, topology.model_of(self.twin), exact))
    }
}
