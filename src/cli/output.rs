//! Output of commands on the terminal. An output whose reader has ended, as in `cupola … | head`, is not an error. Any
//! other failure to write is.

use crate::twin::unsigned_zero;
use cupola_twin::zone::{self, TimeZone};
use cupola_twin::{Diagnostic, Severity};
use std::borrow::Cow;
use std::io::{self, IsTerminal, StdoutLock, Write};
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether standard output has no reader any more.
static CLOSED: AtomicBool = AtomicBool::new(false);
/// Whether writing on standard output has failed.
static FAILED: AtomicBool = AtomicBool::new(false);

/// Prints a line on standard output.
pub fn line(text: impl AsRef<str>) {
    written(writeln!(io::stdout().lock(), "{}", visible(text.as_ref(), true)));
}

/// Lets `write` write to standard output. Returns its result, or `None` if the output failed.
pub fn stream<T>(write: impl FnOnce(&mut dyn Write) -> io::Result<T>) -> Option<T> {
    let is_terminal = io::stdout().is_terminal();
    let mut out = VisibleWriter { writer: io::stdout().lock(), is_terminal };
    match write(&mut out) {
        Ok(value) => Some(value),
        Err(error) => {
            written(Err(error));
            None
        }
    }
}

/// A writer that escapes control characters on a terminal.
struct VisibleWriter {
    writer: StdoutLock<'static>,
    is_terminal: bool,
}

impl Write for VisibleWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match std::str::from_utf8(bytes) {
            Ok(text) if self.is_terminal => self.writer.write_all(visible(text, true).as_bytes())?,
            _ => self.writer.write_all(bytes)?,
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

/// Returns whether standard output has no reader any more, so that further lines are for nobody.
pub fn is_closed() -> bool {
    CLOSED.load(Ordering::Relaxed)
}

/// Writes the rest of the output. Returns whether all of it was written.
pub fn finish() -> bool {
    written(io::stdout().lock().flush());
    !FAILED.load(Ordering::Relaxed)
}

fn written(result: io::Result<()>) {
    match result {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => CLOSED.store(true, Ordering::Relaxed),
        Err(error) => {
            if !FAILED.swap(true, Ordering::Relaxed) {
                error_line(format!("the output can't be written: {error}"));
            }
        }
    }
}

/// Returns the texts in a JSON value that are times as local times of a zone.
pub fn local_json(value: &serde_json::Value, zone: &TimeZone) -> serde_json::Value {
    match value {
        serde_json::Value::String(text) => local(text, zone).into(),
        serde_json::Value::Array(items) => items.iter().map(|item| local_json(item, zone)).collect(),
        serde_json::Value::Object(fields) => {
            fields.iter().map(|(name, field)| (name.clone(), local_json(field, zone))).collect()
        }
        other => other.clone(),
    }
}

/// Returns a time as the local time of a zone, with its difference to UTC. Other texts are returned unchanged.
pub fn local<'t>(text: &'t str, zone: &TimeZone) -> Cow<'t, str> {
    let is_like_one = text.len() >= 20 && text.as_bytes()[10] == b'T';
    let time_us = if is_like_one { cupola_wire::parse_rfc3339(text) } else { None };
    time_us.map_or(text.into(), |time_us| zone::local_text(time_us, zone).into())
}

/// Reads a moment on the command line. A time without a zone is local. On failure, prints the error.
pub fn moment(text: &str, zone: &TimeZone) -> Option<i64> {
    let found = cupola_wire::parse_rfc3339(text).or_else(|| zone::time_of_local(text, zone));
    if found.is_none() {
        error_line(format!("--at takes a time such as 2026-01-12T09:00 or 2026-01-12T09:00:00Z, not `{text}`"));
    }
    found
}

/// Prints a line on standard error.
pub fn error_line(text: impl AsRef<str>) {
    let _ = writeln!(io::stderr().lock(), "{}", visible(text.as_ref(), true));
}

/// Returns a text with its control characters escaped as in JSON, because a terminal would carry them out, and names and
/// messages come from anywhere. Line breaks and tabs stay if the text `may_break`.
fn visible(text: &str, may_break: bool) -> Cow<'_, str> {
    // Marks of the direction of writing can make a text look like another one.
    let is_mark = |c: char| matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let is_unsafe = |c: char| is_mark(c) || (c.is_control() && !(may_break && matches!(c, '\n' | '\t')));
    if !text.contains(is_unsafe) {
        return text.into();
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '\n' if !may_break => out.push_str("\\n"),
            c if is_unsafe(c) => out += &format!("\\u{:04x}", c as u32),
            c => out.push(c),
        }
    }
    out.into()
}

/// Returns a cell of a table for spreadsheets. One that begins like a formula would be computed, so it is marked as a
/// text.
fn harmless(cell: &str) -> Cow<'_, str> {
    // Spreadsheets skip blanks and marks before a formula, and some read full-width signs.
    let is_skipped = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '\u{feff}' | '\u{200b}'..='\u{200f}');
    let start = cell.trim_start_matches(is_skipped);
    let is_sign = start.starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']) || cell.starts_with(['\t', '\r']);
    if is_sign && cell.parse::<f64>().is_err() { format!("'{cell}").into() } else { cell.into() }
}

/// Prints the errors among diagnostics on standard error, and returns their number. `cupola check` tells the warnings, so
/// that they don't come with every query.
pub fn report_errors(diagnostics: &[Diagnostic]) -> usize {
    let errors: Vec<Diagnostic> =
        diagnostics.iter().filter(|found| found.severity == Severity::Error).cloned().collect();
    report(&errors)
}

/// Prints diagnostics on standard error, and returns the number of errors.
pub fn report(diagnostics: &[Diagnostic]) -> usize {
    for diagnostic in diagnostics {
        error_line(diagnostic.to_string());
    }
    diagnostics.iter().filter(|found| found.severity == Severity::Error).count()
}

/// Prints rows as comma-separated values (RFC 4180).
pub fn csv(header: &[String], rows: &[Vec<String>]) {
    let is_terminal = io::stdout().is_terminal();
    let mut writer = csv::Writer::from_writer(io::stdout().lock());
    let mut rows = std::iter::once(header).chain(rows.iter().map(Vec::as_slice));
    let mut write = |row: &[String]| {
        // A file gets the cells as they are. On a terminal, control characters would be carried out.
        let shown =
            |cell| if is_terminal { harmless(&visible(cell, false)).into_owned().into() } else { harmless(cell) };
        let cells: Vec<Cow<'_, str>> = row.iter().map(|cell| shown(cell)).collect();
        writer.write_record(cells.iter().map(|cell| cell.as_bytes())).map_err(io::Error::from)
    };
    let result = rows.try_for_each(&mut write);
    written(result.and_then(|()| writer.flush()));
}

/// Prints a table with aligned columns.
pub fn table(header: &[String], rows: &[Vec<String>]) {
    let rows: Vec<Vec<String>> =
        rows.iter().map(|row| row.iter().map(|cell| visible(cell, false).into_owned()).collect()).collect();
    let width = |at: usize| {
        let cells = rows.iter().filter_map(|row| row.get(at)).chain(header.get(at));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..header.len()).map(width).collect();
    let show = |cells: &[String]| {
        let padded: Vec<String> =
            cells.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}", width = *width)).collect();
        line(padded.join("  ").trim_end());
    };
    show(header);
    line(widths.iter().map(|width| "─".repeat(*width)).collect::<Vec<_>>().join("  "));
    rows.iter().for_each(|row| show(row));
}

/// Returns a JSON value as the text of a CSV cell: numbers have all their digits, and a missing value has none.
pub fn full_cell(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::Null => String::new(),
        serde_json::Value::Number(number) if number.is_f64() => {
            // A whole number has no fraction, and zero no sign.
            let number = number.as_f64().unwrap_or(f64::NAN) + 0.0;
            if number.abs() < LARGE { number.to_string() } else { format!("{number:e}") }
        }
        other => cell(other),
    }
}

/// The size from which a number is shown with an exponent.
const LARGE: f64 = 1e15;

/// Returns a JSON value as the text of a table cell, with at most four decimals. A number that would be rounded to zero has
/// an exponent, and so has a large one.
pub fn cell(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::Null => String::new(),
        serde_json::Value::String(text) => text.clone(),
        serde_json::Value::Number(number) if number.is_f64() => {
            let number = number.as_f64().unwrap_or(f64::NAN);
            if (number != 0.0 && number.abs() < 0.000_05) || number.abs() >= LARGE {
                return format!("{number:.3e}");
            }
            let rounded = format!("{number:.4}");
            unsigned_zero(rounded.trim_end_matches('0').trim_end_matches('.').to_string())
        }
        other => other.to_string(),
    }
}

/// Returns a value as JSON. A missing value becomes null.
pub fn json(value: Option<cupola_twin::Value>) -> serde_json::Value {
    value.and_then(|value| serde_json::to_value(value).ok()).unwrap_or(serde_json::Value::Null)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_cells_are_never_rounded_to_zero() {
        for (number, table, csv) in [
            (0.0, "0", "0"),
            (-0.0, "0", "0"),
            (1e-9, "1.000e-9", "0.000000001"),
            (-0.000_04, "-4.000e-5", "-0.00004"),
            (21.456_78, "21.4568", "21.45678"),
            (2.0, "2", "2"),
            (1e300, "1.000e300", "1e300"),
        ] {
            let value = serde_json::json!(number);
            assert_eq!((cell(&value).as_str(), full_cell(&value).as_str()), (table, csv));
        }
        assert_eq!(full_cell(&serde_json::Value::Null), "");
    }

    #[test]
    fn control_characters_and_formulas_are_harmless() {
        for (text, expected) in [
            ("Room 1\n\tä", "Room 1\n\tä"),
            ("\u{1b}[2J\u{7}", "\\u001b[2J\\u0007"),
            ("\u{9b}31m", "\\u009b31m"),
            ("a\rb", "a\\u000db"),
        ] {
            assert_eq!(visible(text, true), expected);
        }
        assert_eq!(visible("a\nb", false), "a\\nb");
        for (cell, expected) in [
            ("=1+2", "'=1+2"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("-3.5", "-3.5"),
            ("+1e3", "+1e3"),
            ("-a", "'-a"),
            ("a=b", "a=b"),
        ] {
            assert_eq!(harmless(cell), expected);
        }
    }
}
