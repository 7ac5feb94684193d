//! Aggregates over time in queries: `AVG(T.co2) OVER (LAST 7 days)`.
//!
//! Each aggregate becomes a property of a copy of the scene, whose values come from the history. The query then reads them
//! like any other property, so they can be selected, compared, ordered and aggregated again.

use cupola_history::{Bucket, HistoryError, HistoryRecord, PropertySource, Series};
use cupola_run::PastRecord;
use cupola_scene::Scene;
use cupola_scene::document::ComputedDoc;
use cupola_scene::edit::Edit;
use cupola_twin::value::Sample;
use cupola_twin::zone::TimeZone;
use cupola_twin::{Diagnostic, Slot, State, Topology, TwinIx};
use jiff::ToSpan;
use jiff::civil::{Date, Weekday};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// The length of the buckets from which aggregates are put together, in microseconds.
const BUCKET_US: i64 = 900_000_000;
const HOUR_US: f64 = 3.6e9;

/// An aggregate over time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum OverFunction {
    Avg,
    Min,
    Max,
    Last,
    Count,
    Hours,
    Share,
    Integral,
    Delta,
}

impl OverFunction {
    const ALL: [(Self, &'static str); 9] = [
        (Self::Avg, "AVG"),
        (Self::Min, "MIN"),
        (Self::Max, "MAX"),
        (Self::Last, "LAST"),
        (Self::Count, "COUNT"),
        (Self::Hours, "HOURS"),
        (Self::Share, "SHARE"),
        (Self::Integral, "INTEGRAL"),
        (Self::Delta, "DELTA"),
    ];

    /// Returns the aggregate of buckets, or NaN if nothing is known.
    fn of(self, buckets: &[&Bucket]) -> f64 {
        let known = || buckets.iter().filter(|bucket| !bucket.mean.is_nan());
        let known_us: i64 = known().map(|bucket| bucket.known_us).sum();
        let sum: f64 = known().map(|bucket| bucket.mean * bucket.known_us as f64).sum();
        let last = known().next_back().map_or(f64::NAN, |bucket| bucket.last);
        let is_unknown = known().next().is_none();
        match self {
            Self::Avg | Self::Share if known_us > 0 => sum / known_us as f64,
            Self::Avg | Self::Share => last,
            Self::Min => known().map(|bucket| bucket.min).fold(f64::NAN, f64::min),
            Self::Max => known().map(|bucket| bucket.max).fold(f64::NAN, f64::max),
            Self::Last => last,
            Self::Count => buckets.iter().map(|bucket| bucket.count as f64).sum(),
            Self::Hours | Self::Integral if is_unknown => f64::NAN,
            Self::Hours | Self::Integral => sum / HOUR_US,
            // The differences of buckets are computed in their order, see `with_deltas`.
            Self::Delta => known().map(|bucket| bucket.mean).reduce(|sum, delta| sum + delta).unwrap_or(f64::NAN),
        }
    }
}

/// The parts of local time by which aggregates are grouped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OverGroup {
    /// The hour of the day.
    Hour,
    /// The date.
    Day,
    /// The day of the week.
    Weekday,
    /// The month of the year.
    Month,
}

impl OverGroup {
    const ALL: [(Self, &'static str); 4] =
        [(Self::Hour, "HOUR"), (Self::Day, "DAY"), (Self::Weekday, "WEEKDAY"), (Self::Month, "MONTH")];

    /// Returns the name of the column in an answer.
    pub fn column(self) -> String {
        Self::ALL.iter().find(|(group, _)| *group == self).map_or("", |(_, word)| word).to_lowercase()
    }

    /// Returns the place in the order, and the text, of the group of a moment.
    fn key(self, time_us: i64, zone: &TimeZone) -> Option<(i64, String)> {
        let local = jiff::Timestamp::from_microsecond(time_us).ok()?.to_zoned(zone.clone());
        let date = local.date();
        Some(match self {
            Self::Hour => (i64::from(local.hour()), format!("{:02}", local.hour())),
            Self::Day => (date.duration_since(Date::constant(1970, 1, 1)).as_hours(), date.to_string()),
            Self::Weekday => (i64::from(date.weekday().to_monday_zero_offset()), local.strftime("%A").to_string()),
            Self::Month => (i64::from(date.year()) * 12 + i64::from(date.month()), local.strftime("%Y-%m").to_string()),
        })
    }
}

/// An aggregate in a query.
#[derive(Clone, Debug)]
struct OverCall {
    function: OverFunction,
    /// The expression, as it is in a formula.
    expression: String,
    /// The first and the last moment, in microseconds since the Unix epoch.
    span_us: (i64, i64),
    group: Option<OverGroup>,
    /// The name of the property that takes the place of the aggregate.
    property: String,
}

/// A query with aggregates over time.
#[derive(Clone, Debug)]
pub struct OverQuery {
    /// The query in which properties take the place of the aggregates.
    pub text: String,
    calls: Vec<OverCall>,
    /// The parts of local time by which all aggregates are grouped.
    pub group: Option<OverGroup>,
}

/// The answers of the history to a query with aggregates.
pub struct OverAnswer {
    /// The scene with the properties that take the place of the aggregates.
    pub scene: Arc<Scene>,
    /// The state for each group, with the text of the group, in order. Without groups there is one.
    pub states: Vec<(String, State)>,
}

fn fail(code: &'static str, why: impl Into<String>) -> Diagnostic {
    Diagnostic::error(code, why.into())
}

impl OverQuery {
    /// Finds the aggregates over time in a query. Returns `None` if there are none. Spans end at `now_us`, in microseconds
    /// since the Unix epoch.
    ///
    /// # Errors
    /// An aggregate is not understood.
    pub fn parse(query: &str, now_us: i64, zone: &TimeZone) -> Result<Option<Self>, Diagnostic> {
        let (mut text, mut rest) = (String::new(), query);
        let mut calls: Vec<OverCall> = Vec::new();
        let mut group = None;
        while let Some((at, end)) = find_over(rest) {
            let (head, tail) = (&rest[..at], &rest[end..]);
            let (window, after) = in_parentheses(tail).ok_or_else(|| fail("over", "`OVER (` has no `)`"))?;
            let (begin, name, argument) = call_before(head)
                .ok_or_else(|| fail("over", "`OVER (…)` follows an aggregate: AVG(T.co2) OVER (LAST 7 days)"))?;
            let known = OverFunction::ALL.iter().find(|(_, word)| name.eq_ignore_ascii_case(word));
            let Some((function, word)) = known else {
                let unknown = fail("over", format!("`{name}` has no OVER"));
                return Err(unknown.did_you_mean(&name.to_uppercase(), OverFunction::ALL.iter().map(|(_, word)| *word)));
            };
            let (variable, expression) = without_variable(argument)?;
            let (span_us, own_group) = window_of(window, now_us, zone)?;
            if calls.first().is_some_and(|first| first.group != own_group) {
                return Err(fail("over", "all aggregates of a query need the same BY"));
            }
            group = own_group;
            let property = format!("{}_{}", word.to_lowercase(), calls.len() + 1);
            text.push_str(&head[..begin]);
            text.push_str(&format!("{variable}.{property}"));
            calls.push(OverCall { function: *function, expression, span_us, group: own_group, property });
            rest = after;
        }
        text.push_str(rest);
        Ok((!calls.is_empty()).then_some(Self { text, calls, group }))
    }

    /// Removes the properties that take the place of aggregates from whole twins in a row of an answer.
    pub fn hide(&self, row: &mut serde_json::Map<String, serde_json::Value>) {
        let hidden: Vec<String> =
            self.calls.iter().flat_map(|call| [call.property.clone(), value_property(call)]).collect();
        let is_twin = |row: &serde_json::Map<String, serde_json::Value>| row.contains_key("$dtId");
        let strip = |twin: &mut serde_json::Map<String, serde_json::Value>| {
            hidden.iter().for_each(|name| drop(twin.shift_remove(name)));
            if let Some(about) = twin.get_mut("$metadata").and_then(serde_json::Value::as_object_mut) {
                hidden.iter().for_each(|name| drop(about.shift_remove(name)));
            }
        };
        if is_twin(row) && row.contains_key("$metadata") {
            strip(row);
        }
        row.values_mut().filter_map(serde_json::Value::as_object_mut).filter(|value| is_twin(value)).for_each(strip);
    }

    /// Computes the aggregates from a history. The other values are those of `past`.
    ///
    /// # Errors
    /// An expression is wrong, or the history can't be read.
    pub fn answer(&self, scene: &Arc<Scene>, record: &HistoryRecord, at_us: i64) -> Result<OverAnswer, Diagnostic> {
        let mut edits = Vec::new();
        for call in &self.calls {
            let models = models_of(scene, &call.expression);
            if models.is_empty() {
                return Err(fail("over", format!("no twin has the properties of `{}`", call.expression)));
            }
            for model in models {
                edits.push(computed(&model, &value_property(call), &call.expression));
                // Without a value the property is bad, which an answer shows as nothing.
                edits.push(computed(&model, &call.property, "0.0 / 0.0"));
            }
        }
        let edited = cupola_scene::edit::edit(scene, edits, &[], |_, _| ())?;
        let scene = Arc::new(edited.scene);
        let topology = &scene.topology;
        let mut groups: BTreeMap<(i64, String), Vec<(Slot, f64)>> = BTreeMap::new();
        for call in &self.calls {
            for twin in topology.twins() {
                let Some(slot) = topology.slot(twin, &call.property) else { continue };
                let buckets =
                    buckets_of(call, &scene, record, twin).map_err(|error| fail("history", error.to_string()))?;
                for (key, value) in call.values(&buckets, &scene.time_zone.zone) {
                    groups.entry(key).or_default().push((slot, value));
                }
            }
        }
        let past = record.restore(&scene, at_us).map_err(|why| fail("history", why))?;
        if self.group.is_none() || groups.is_empty() {
            groups.entry((0, String::new())).or_default();
        }
        let state_of = |((_, name), values): ((i64, String), Vec<(Slot, f64)>)| {
            let mut state = past.state.clone();
            for (slot, value) in values.into_iter().filter(|(_, value)| !value.is_nan()) {
                state.measure(slot, Sample::good(value, at_us), i64::MAX);
            }
            state.propagate();
            (name, state)
        };
        let states = groups.into_iter().map(state_of).collect();
        Ok(OverAnswer { scene, states })
    }
}

impl OverCall {
    /// Returns the aggregate of each group.
    fn values(&self, buckets: &[Bucket], zone: &TimeZone) -> Vec<((i64, String), f64)> {
        let Some(group) = self.group else {
            return vec![((0, String::new()), self.function.of(&buckets.iter().collect::<Vec<_>>()))];
        };
        let mut groups: BTreeMap<(i64, String), Vec<&Bucket>> = BTreeMap::new();
        for bucket in buckets.iter().filter(|bucket| !bucket.mean.is_nan()) {
            if let Some(key) = group.key(bucket.from_us, zone) {
                groups.entry(key).or_default().push(bucket);
            }
        }
        groups.into_iter().map(|(key, buckets)| (key, self.function.of(&buckets))).collect()
    }
}

/// Returns the buckets of the expression of an aggregate for a twin.
fn buckets_of(
    call: &OverCall,
    scene: &Scene,
    record: &HistoryRecord,
    twin: TwinIx,
) -> Result<Vec<Bucket>, HistoryError> {
    let topology = &scene.topology;
    // A recorded property may have roll-ups. An expression is computed again.
    let own = topology.slot(twin, &call.expression);
    let Some(slot) = own.or_else(|| topology.slot(twin, &value_property(call))) else { return Ok(Vec::new()) };
    let source = if topology.column(slot.column).formula.is_some() {
        PropertySource::Computed(slot)
    } else {
        let series = record.history().series_ix(&Series::of(topology, slot));
        PropertySource::Recorded(series.into_iter().collect())
    };
    let (zone, stop) = (&scene.time_zone.zone, AtomicBool::new(false));
    let buckets = |span_us: (i64, i64)| {
        let found = record.buckets(Some(topology), &source, span_us, BUCKET_US, zone, &stop)?;
        Ok::<_, HistoryError>(found.into_iter().next().map_or_else(Vec::new, |(_, buckets)| buckets))
    };
    let mut found = buckets(call.span_us)?;
    if call.function == OverFunction::Delta {
        let before = buckets((call.span_us.0 - BUCKET_US, call.span_us.0))?;
        with_deltas(&mut found, before.last().map(|bucket| bucket.last).filter(|last| !last.is_nan()));
    }
    Ok(found)
}

/// Makes the mean of each bucket the difference of its last value to that of the known bucket before it, or to the value
/// before the first one. The sum of the parts of a span is the difference of the whole.
fn with_deltas(buckets: &mut [Bucket], mut before: Option<f64>) {
    for bucket in buckets.iter_mut().filter(|bucket| !bucket.mean.is_nan()) {
        let first = bucket.min.min(bucket.last);
        bucket.mean = bucket.last - before.unwrap_or(first);
        before = Some(bucket.last);
    }
}

fn value_property(call: &OverCall) -> String {
    format!("{}_value", call.property)
}

fn computed(model: &str, property: &str, formula: &str) -> Edit {
    let definition = ComputedDoc {
        model: model.into(),
        property: property.into(),
        formula: formula.into(),
        unit: None,
        display_name: None,
        iterate: None,
    };
    let (model, property, at) = (model.to_string(), property.to_string(), None);
    Edit::SetComputed { model, property, definition: Some(Box::new(definition)), at }
}

/// Returns the models whose twins have all properties that an expression names.
fn models_of(scene: &Scene, expression: &str) -> Vec<String> {
    let topology = &scene.topology;
    let tables: BTreeSet<_> = topology.twins().map(|twin| topology.locate(twin).0).collect();
    let names: Vec<&str> = words(expression).collect();
    let of_table = |table: &cupola_twin::TableIx| {
        let known = topology.table(*table);
        let model = topology.models.get(known.model);
        // Other words are functions, relationships or parts of texts.
        let is_property = |name: &&&str| is_property_name(topology, name);
        let has_all = names.iter().filter(is_property).all(|name| known.column(name).is_some());
        has_all.then(|| model.id.to_string())
    };
    let found: Vec<String> = tables.iter().filter_map(of_table).collect();
    if names.iter().any(|name| is_property_name(topology, name)) { found } else { Vec::new() }
}

fn is_property_name(topology: &Topology, name: &str) -> bool {
    topology.columns().iter().any(|column| &*column.name == name)
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter: char| !letter.is_alphanumeric() && letter != '_').filter(|word| !word.is_empty())
}

/// Returns the places of `OVER` and of the parenthesis behind it, outside of texts in quotes.
fn find_over(text: &str) -> Option<(usize, usize)> {
    let mut in_quotes = false;
    for (at, letter) in text.char_indices() {
        if letter == '\'' {
            in_quotes = !in_quotes;
        }
        if in_quotes || !text.is_char_boundary(at + 4) || at + 4 > text.len() {
            continue;
        }
        let is_word = text[at..at + 4].eq_ignore_ascii_case("over");
        let is_free = |letter: Option<char>| letter.is_none_or(|letter| !letter.is_alphanumeric() && letter != '_');
        let after = text[at + 4..].trim_start();
        if is_word && is_free(text[..at].chars().next_back()) && after.starts_with('(') {
            return Some((at, text.len() - after.len()));
        }
    }
    None
}

/// Returns the content of the parentheses with which a text begins, and the text after them.
fn in_parentheses(text: &str) -> Option<(&str, &str)> {
    let (mut depth, mut in_quotes) = (0, false);
    for (at, letter) in text.char_indices() {
        match letter {
            '\'' => in_quotes = !in_quotes,
            '(' if !in_quotes => depth += 1,
            ')' if !in_quotes => depth -= 1,
            _ => {}
        }
        if depth == 0 && !in_quotes {
            return Some((text.get(1..at)?, &text[at + 1..]));
        }
    }
    None
}

/// Returns the place, the name and the argument of the call with which a text ends.
fn call_before(text: &str) -> Option<(usize, &str, &str)> {
    let text = text.trim_end();
    if !text.ends_with(')') {
        return None;
    }
    // The opening parenthesis is the one whose content reaches to the end.
    let mut open = text.char_indices().filter(|(_, letter)| *letter == '(').map(|(at, _)| at);
    let is_whole = |at: &usize| in_parentheses(&text[*at..]).is_some_and(|(_, after)| after.is_empty());
    let open = open.rfind(is_whole)?;
    let name_begin = text[..open]
        .char_indices()
        .rev()
        .take_while(|(_, letter)| letter.is_alphanumeric() || *letter == '_')
        .map(|(at, _)| at)
        .last()?;
    Some((name_begin, &text[name_begin..open], &text[open + 1..text.len() - 1]))
}

/// Returns the variable of an expression such as `T.temperature > 26`, and the expression without it.
fn without_variable(argument: &str) -> Result<(String, String), Diagnostic> {
    let mut variable: Option<String> = None;
    let mut out = String::new();
    let mut in_quotes = false;
    let mut rest = argument;
    while let Some(letter) = rest.chars().next() {
        if letter == '\'' {
            in_quotes = !in_quotes;
        }
        let word: String = rest.chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect();
        let begins = !in_quotes && letter.is_alphabetic();
        let is_after_dot = out.ends_with('.');
        if begins && !is_after_dot && rest[word.len()..].starts_with('.') {
            if variable.as_ref().is_some_and(|known| *known != word) {
                return Err(fail("over", format!("`{argument}` may name one variable only")));
            }
            rest = &rest[word.len() + 1..];
            variable = Some(word);
        } else if begins && !word.is_empty() {
            out.push_str(&word);
            rest = &rest[word.len()..];
        } else {
            out.push(letter);
            rest = &rest[letter.len_utf8()..];
        }
    }
    let variable = variable.ok_or_else(|| fail("over", format!("`{argument}` names no property, such as T.co2")))?;
    Ok((variable, out.trim().to_string()))
}

/// Reads a window: `LAST 7 days`, `TODAY`, `THIS WEEK`, `FROM '…' TO '…'`, each with `BY WEEKDAY` and so on.
fn window_of(text: &str, now_us: i64, zone: &TimeZone) -> Result<((i64, i64), Option<OverGroup>), Diagnostic> {
    let help = "write LAST 7 days, TODAY, YESTERDAY, THIS WEEK, LAST WEEK, THIS MONTH, LAST MONTH, or FROM '…' TO '…', \
                and BY HOUR, DAY, WEEKDAY or MONTH";
    let unknown = || fail("over", format!("`{}` is no span of time", text.trim())).help(help);
    let upper = text.to_uppercase();
    let (window, group) = match upper.rfind(" BY ") {
        None => (text.trim(), None),
        Some(at) => {
            let word = upper[at + 4..].trim();
            let group = OverGroup::ALL.iter().find(|(_, known)| *known == word).map(|(group, _)| *group);
            let group = group.ok_or_else(|| {
                let unknown = fail("over", format!("`{word}` is no part of time")).help(help);
                unknown.did_you_mean(word, OverGroup::ALL.iter().map(|(_, word)| *word))
            })?;
            (text[..at].trim(), Some(group))
        }
    };
    let now = jiff::Timestamp::from_microsecond(now_us).map_err(|_| unknown())?.to_zoned(zone.clone());
    let today = now.date();
    let monday = today.checked_sub(i64::from(today.weekday().since(Weekday::Monday)).days()).map_err(|_| unknown())?;
    let first = today.first_of_month();
    let start = |date: Date| date.to_zoned(zone.clone()).map(|time| time.timestamp().as_microsecond());
    let span = |from: Date, to: Option<Date>| -> Result<(i64, i64), Diagnostic> {
        let to_us = to.map_or(Ok(now_us), start).map_err(|_| unknown())?;
        Ok((start(from).map_err(|_| unknown())?, to_us))
    };
    let before = |date: Date, span: jiff::Span| date.checked_sub(span).map_err(|_| unknown());
    let words: Vec<String> = window.to_uppercase().split_whitespace().map(str::to_string).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let span_us = match words.as_slice() {
        ["TODAY"] => span(today, None)?,
        ["YESTERDAY"] => span(before(today, 1.day())?, Some(today))?,
        ["THIS", "WEEK"] => span(monday, None)?,
        ["LAST", "WEEK"] => span(before(monday, 7.days())?, Some(monday))?,
        ["THIS", "MONTH"] => span(first, None)?,
        ["LAST", "MONTH"] => span(before(first, 1.month())?, Some(first))?,
        ["THIS", "YEAR"] => span(today.first_of_year(), None)?,
        ["LAST", rest @ ..] => {
            let length_us = duration_of(&rest.join(" ")).ok_or_else(unknown)?;
            (now_us - length_us, now_us)
        }
        ["FROM", ..] => {
            let parts: Vec<&str> = window.split('\'').collect();
            let [_, from, between, to, _] = parts.as_slice() else { return Err(unknown()) };
            if !between.trim().eq_ignore_ascii_case("to") {
                return Err(unknown());
            }
            let moment = |text: &str| super::past_moment(text, zone, now_us).ok_or_else(unknown);
            (moment(from)?, moment(to)?)
        }
        _ => return Err(unknown()),
    };
    if span_us.0 >= span_us.1 {
        return Err(fail("over", format!("`{}` has no time in it", window)));
    }
    Ok((span_us, group))
}

/// Reads a duration with a word for its unit: `7 DAYS`, `24 H`, `90 MIN`.
fn duration_of(text: &str) -> Option<i64> {
    let text = text.trim().to_lowercase();
    let digits = text.find(|letter: char| !letter.is_ascii_digit() && letter != '.').unwrap_or(text.len());
    let number: f64 = text[..digits].parse().ok()?;
    let unit_us = match text[digits..].trim() {
        "s" | "second" | "seconds" => 1e6,
        "m" | "min" | "minute" | "minutes" => 6e7,
        "h" | "hour" | "hours" => 3.6e9,
        "d" | "day" | "days" => 86.4e9,
        "w" | "week" | "weeks" => 7.0 * 86.4e9,
        _ => return None,
    };
    Some((number * unit_us) as i64).filter(|us| *us > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use cupola_twin::zone;

    fn parsed(query: &str) -> Result<Option<OverQuery>, String> {
        let berlin = zone::find("Europe/Berlin").expect("a zone");
        // A Wednesday, three days after daylight saving began.
        let now_us = zone::time_of_local("2026-04-01T10:00", &berlin).expect("a time");
        OverQuery::parse(query, now_us, &berlin).map_err(|error| error.to_string())
    }

    #[test]
    fn aggregates_become_properties() {
        let text = "SELECT T, AVG(T.co2) OVER (LAST 7 days) AS a FROM DIGITALTWINS T WHERE \
                    HOURS((T.temperature > 26) AND T.people > 0) over (THIS WEEK) > 2 AND T.name = 'OVER (x)'";
        let found = parsed(text).unwrap().unwrap();
        let wanted = "SELECT T, T.avg_1 AS a FROM DIGITALTWINS T WHERE T.hours_2 > 2 AND T.name = 'OVER (x)'";
        assert_eq!(found.text, wanted);
        assert_eq!(found.calls[1].expression, "(temperature > 26) AND people > 0");
        assert!(parsed("SELECT T FROM DIGITALTWINS T").unwrap().is_none());
    }

    #[test]
    fn windows_are_in_local_time() {
        let berlin = zone::find("Europe/Berlin").expect("a zone");
        for (window, from, to) in [
            ("TODAY", "2026-04-01T00:00", "2026-04-01T10:00"),
            ("yesterday", "2026-03-31T00:00", "2026-04-01T00:00"),
            ("THIS WEEK", "2026-03-30T00:00", "2026-04-01T10:00"),
            ("LAST WEEK", "2026-03-23T00:00", "2026-03-30T00:00"),
            ("LAST MONTH", "2026-03-01T00:00", "2026-04-01T00:00"),
            ("LAST 24 h", "2026-03-31T10:00", "2026-04-01T10:00"),
            ("FROM '2026-03-28' TO '2026-03-29 12:00'", "2026-03-28T00:00", "2026-03-29T12:00"),
        ] {
            let found =
                parsed(&format!("SELECT MAX(T.x) OVER ({window} BY DAY) FROM DIGITALTWINS T")).unwrap().unwrap();
            let at = |text: &str| zone::time_of_local(text, &berlin).expect("a time");
            assert_eq!(found.calls[0].span_us, (at(from), at(to)), "{window}");
            assert_eq!(found.group, Some(OverGroup::Day));
        }
    }

    #[test]
    fn mistakes_are_explained() {
        for (query, wanted) in [
            ("SELECT MEDIAN(T.x) OVER (TODAY)", "has no OVER"),
            ("SELECT AVG(T.x) OVER (LAST 7 lightyears)", "is no span of time"),
            ("SELECT AVG(T.x) OVER (TODAY BY WEEKDAYS)", "did you mean `WEEKDAY`"),
            ("SELECT AVG(T.x) OVER (TODAY", "has no `)`"),
            ("SELECT AVG(x) OVER (TODAY)", "names no property"),
            ("SELECT AVG(T.x + U.y) OVER (TODAY)", "one variable only"),
            ("SELECT T.x OVER (TODAY)", "follows an aggregate"),
            ("SELECT AVG(T.x) OVER (TODAY), MAX(T.x) OVER (TODAY BY DAY)", "the same BY"),
            ("SELECT AVG(T.x) OVER (FROM '2026-05-01' TO '2026-04-01')", "has no time"),
        ] {
            let found = parsed(query).unwrap_err();
            assert!(found.contains(wanted), "{query}: {found}");
        }
    }
}
