//! Values as Influx line protocol, which most databases of time series take.
//!
//! The measurement is the property. The tags are `twin` and `unit`. The fields are `value` (numbers), `state` (booleans),
//! `text` (texts, JSON and times) and `quality`. A field has one type whatever the kinds of the properties of a name are.
//! Times are in nanoseconds since the Unix epoch. Source: InfluxData, *Line protocol reference*.

use cupola_history::{Change, History, SeriesPast};
use serde_json::Value;

/// Returns the line of a change, with its end.
pub fn line(history: &History, past: &SeriesPast, change: &Change) -> String {
    let mut line = escaped(&past.series.key.property, &[',', ' ']);
    line += &format!(",twin={}", tag(&past.series.key.twin));
    if let Some(unit) = past.series.unit.as_deref().filter(|unit| !unit.is_empty()) {
        line += &format!(",unit={}", tag(unit));
    }
    line.push(' ');
    match past.value(history, change) {
        Value::Null => {}
        // A number always has the type of a float, because integers of a database are another type.
        Value::Number(number) => line += &format!("value={},", number.as_f64().unwrap_or_default()),
        Value::Bool(state) => line += &format!("state={state},"),
        Value::String(text) => line += &format!("text={},", quoted(&text)),
        other => line += &format!("text={},", quoted(&other.to_string())),
    }
    line + &format!("quality={} {}\n", quoted(change.quality.word()), i128::from(change.time_us) * 1_000)
}

fn tag(text: &str) -> String {
    escaped(text, &[',', '=', ' '])
}

/// Returns a name with a backslash before some characters. Ends of lines are blanks. A backslash at the end would escape
/// the character behind the name, so it becomes a slash.
fn escaped(text: &str, special: &[char]) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        let letter = if letter.is_control() { ' ' } else { letter };
        if special.contains(&letter) {
            out.push('\\');
        }
        out.push(letter);
    }
    if out.ends_with('\\') {
        out.pop();
        out.push('/');
    }
    out
}

/// Returns a text in quotes. Ends of lines are blanks, because some databases split a request at them first.
fn quoted(text: &str) -> String {
    let text = text.replace(['\n', '\r'], " ");
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
