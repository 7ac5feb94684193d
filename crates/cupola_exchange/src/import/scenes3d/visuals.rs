//! The visuals of a behaviour: colours by ranges of a number, and badges, which become alarms.

use super::Scenes3dReader;
use super::expression::{property, quoted, translated, within};
use super::json::{field, list, number_of};
use cupola_scene::document::{AlarmDoc, AlarmSeverity};
use cupola_twin::model::short_name;
use cupola_twin::{Diagnostic, Place};
use serde_json::Value as Json;
use std::collections::BTreeMap;

/// A behaviour, with the models of its elements' twins, the number of its twins per model, and its place.
pub(super) struct Behaviour<'j> {
    pub id: &'j str,
    pub name: &'j str,
    pub models: BTreeMap<String, usize>,
    pub place: Option<Place>,
}

impl Scenes3dReader<'_, '_> {
    /// Converts a visual.
    ///
    /// # Errors
    /// The visual has no equivalent.
    pub(super) fn visual(&mut self, behaviour: &Behaviour<'_>, number: usize, visual: &Json) -> Result<(), Diagnostic> {
        let kind = field(visual, &["type"]).unwrap_or_default();
        let is_categorical = field(visual, &["expressionType"]) == Some("CategoricalValues");
        match kind {
            "ExpressionRangeVisual" if is_categorical => self.categories(behaviour, visual),
            "ExpressionRangeVisual" | "StatusColoring" => self.ranges(behaviour, visual),
            "Alert" => {
                let trigger = field(visual, &["triggerExpression"]).unwrap_or_default();
                let when = translated(trigger).ok_or_else(|| untranslated(behaviour, trigger))?;
                self.alarm(behaviour, &number.to_string(), &when, visual)
            }
            "Popover" => {
                let count = list(visual, "widgets").len();
                let message = format!("the popover of `{}` with {count} widgets was left out", behaviour.name);
                let help = "the inspector of a twin shows its properties and their history";
                Err(Diagnostic::warning("scenes3d-popover", message).help(help))
            }
            other => {
                let message = format!("the visual `{other}` of `{}` is not supported", behaviour.name);
                Err(Diagnostic::warning("scenes3d-visual", message))
            }
        }
    }

    /// Converts ranges of a number to a colour scale, and ranges with an icon to alarms.
    fn ranges(&mut self, behaviour: &Behaviour<'_>, visual: &Json) -> Result<(), Diagnostic> {
        let expression = field(visual, &["valueExpression", "statusValueExpression"]).unwrap_or_default();
        let property = property(expression).ok_or_else(|| untranslated(behaviour, expression))?;
        let color_by = self.draft.color_by.get_or_insert_with(|| property.clone()).clone();
        let mut understood = color_by == property;
        let mut problem = None;
        if understood {
            self.scale(behaviour, visual);
        }
        for (number, range) in list(visual, "valueRanges").iter().enumerate() {
            let look = range.get("visual").unwrap_or(range);
            if field(look, &["iconName"]).is_none_or(str::is_empty) {
                continue;
            }
            let found = ends(range).and_then(|(low, high)| within(&property, low, high));
            let id = field(range, &["id"]).map_or_else(|| number.to_string(), str::to_string);
            let result = match found {
                Some(when) => self.alarm(behaviour, &id, &when, look),
                None => {
                    let message = format!("a range of `{}` lacks a bound, or has no finite bound", behaviour.name);
                    Err(Diagnostic::warning("scenes3d-range", message))
                }
            };
            match result {
                Ok(()) => understood = true,
                Err(why) => problem = problem.or(Some(why)),
            }
        }
        self.outcome(understood, problem, || {
            let message =
                format!("`{}` colours by `{property}`, but the scene is coloured by `{color_by}`", behaviour.name);
            let help = "a scene has only one colouring; choose another property in the view";
            Diagnostic::warning("scenes3d-second-colour", message).help(help)
        })
    }

    /// Sets the ends of the colour scale from the ends of the ranges. The colours of the ranges are not kept.
    fn scale(&mut self, behaviour: &Behaviour<'_>, visual: &Json) {
        let both = list(visual, "valueRanges").iter().filter_map(ends).flat_map(|(low, high)| [low, high]);
        let finite: Vec<f64> = both.filter(|end| end.is_finite()).collect();
        let (low, high) =
            finite.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), end| (low.min(*end), high.max(*end)));
        if low < high && self.draft.color_range.is_none() {
            self.draft.color_range = Some((low, high));
            let message = format!("the ranges of `{}` become a colour scale from {low} to {high}", behaviour.name);
            let help = "Cupola uses its own colour palettes";
            self.draft
                .findings
                .push(Diagnostic::info("scenes3d-colours", message).help(help).at(behaviour.place.clone()));
        }
    }

    /// Converts values with an icon or a label to alarms.
    fn categories(&mut self, behaviour: &Behaviour<'_>, visual: &Json) -> Result<(), Diagnostic> {
        let expression = field(visual, &["valueExpression"]).unwrap_or_default();
        let ours = translated(expression).ok_or_else(|| untranslated(behaviour, expression))?;
        let mut understood = false;
        let mut problem = None;
        for (number, range) in list(visual, "valueRanges").iter().enumerate() {
            let look = range.get("visual").unwrap_or(range);
            if field(look, &["iconName", "labelExpression"]).is_none_or(str::is_empty) {
                problem = problem.or_else(|| {
                    let message = format!("colours of `{}` for values of `{expression}` were left out", behaviour.name);
                    let help = "a colour scale needs numbers; a value with an icon becomes an alarm";
                    Some(Diagnostic::warning("scenes3d-categories", message).help(help))
                });
                continue;
            }
            let conditions: Vec<String> =
                list(range, "values").iter().filter_map(|value| condition(expression, &ours, value)).collect();
            let id = field(range, &["id"]).map_or_else(|| number.to_string(), str::to_string);
            let result = if conditions.is_empty() {
                Err(untranslated(behaviour, expression))
            } else {
                self.alarm(behaviour, &id, &conditions.join(" OR "), look)
            };
            match result {
                Ok(()) => understood = true,
                Err(why) => problem = problem.or(Some(why)),
            }
        }
        self.outcome(understood, problem, || {
            let message = format!("`{}` colours by values of `{expression}`, which are not numbers", behaviour.name);
            Diagnostic::warning("scenes3d-categories", message).help("add icons to the values: they then become alarms")
        })
    }

    /// Returns the result of a visual. A visual that is understood in part reports its problem and counts as
    /// understood.
    fn outcome(
        &mut self,
        understood: bool,
        problem: Option<Diagnostic>,
        nothing: impl FnOnce() -> Diagnostic,
    ) -> Result<(), Diagnostic> {
        match (understood, problem) {
            (true, problem) => {
                self.draft.findings.extend(problem);
                Ok(())
            }
            (false, problem) => Err(problem.unwrap_or_else(nothing)),
        }
    }

    /// Adds an alarm for each model of the behaviour's twins.
    fn alarm(&mut self, behaviour: &Behaviour<'_>, range: &str, when: &str, look: &Json) -> Result<(), Diagnostic> {
        if behaviour.models.is_empty() {
            let message = format!("the alarm `{when}` of `{}` has no twin with a known model", behaviour.name);
            let help = "import the twins together with the configuration";
            return Err(Diagnostic::warning("scenes3d-no-model", message).help(help));
        }
        let label = field(look, &["labelExpression"]).and_then(plain_text);
        let severity =
            if field(look, &["color"]).is_some_and(is_red) { AlarmSeverity::Critical } else { AlarmSeverity::Warning };
        for (model, count) in &behaviour.models {
            let mut id = format!("{}-{range}", behaviour.id);
            if behaviour.models.len() > 1 {
                id = format!("{id}-{}", short_name(model));
            }
            let id = self.alarms.take(&id);
            let all = self.sizes.get(model).copied().unwrap_or_default();
            if all > *count {
                let message = format!(
                    "the alarm `{id}` applies to all {all} twins of `{model}`; `{}` has only {count} of them",
                    behaviour.name
                );
                self.draft.findings.push(Diagnostic::info("scenes3d-wider-alarm", message));
            }
            let (model, when) = (model.clone(), when.to_string());
            let message = label.unwrap_or(behaviour.name).to_string();
            self.draft.alarms.push(AlarmDoc { id, model, when, severity, message }, behaviour.place.clone());
        }
        Ok(())
    }
}

/// Returns the ends of a range.
fn ends(range: &Json) -> Option<(f64, f64)> {
    let end = |at: usize, key: &str| range.get("values").and_then(|ends| ends.get(at)).or(range.get(key));
    end(0, "min").and_then(number_of).zip(end(1, "max").and_then(number_of))
}

/// Returns the text of a label, if it is the same for all twins.
fn plain_text(label: &str) -> Option<&str> {
    let text = label.trim().trim_matches(['`', '"', '\'']).trim();
    let is_plain =
        !text.is_empty() && !text.contains("${") && !text.contains("PrimaryTwin.") && !text.contains("LinkedTwin.");
    is_plain.then_some(text)
}

fn untranslated(behaviour: &Behaviour<'_>, expression: &str) -> Diagnostic {
    let message = format!("`{expression}` of `{}` can't be translated", behaviour.name);
    let help = "only comparisons, logic and arithmetic of the primary twin's properties can be translated";
    Diagnostic::warning("scenes3d-expression", message).help(help)
}

/// Returns the condition that an expression has a value. `theirs` is the source expression and `ours` its translation.
fn condition(theirs: &str, ours: &str, value: &Json) -> Option<String> {
    match value {
        Json::Bool(true) => Some(ours.to_string()),
        Json::Bool(false) => Some(format!("NOT ({ours})")),
        Json::Number(number) => property(theirs).map(|property| format!("{property} = {number}")),
        Json::String(text) => property(theirs).map(|property| format!("{property} = {}", quoted(text))),
        _ => None,
    }
}

/// Returns whether a colour `#RRGGBB` is a shade of red.
fn is_red(color: &str) -> bool {
    let part =
        |at: usize| color.strip_prefix('#')?.get(at..at + 2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
    matches!((part(0), part(2), part(4)), (Some(red), Some(green), Some(blue)) if red >= 160 && green < 110 && blue < 110)
}
