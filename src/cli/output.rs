//! Output of commands on the terminal. An output whose reader has ended, as in `cupola … | head`, is not an error. Any
//! other failure to write is.

use cupola_twin::{Diagnostic, Severity};
use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether standard output has no reader any more.
static CLOSED: AtomicBool = AtomicBool::new(false);
/// Whether writing on standard output has failed.
static FAILED: AtomicBool = AtomicBool::new(false);

/// Prints a line on standard output.
pub fn line(text: impl AsRef<str>) {
    written(writeln!(io::stdout().lock(), "{}", text.as_ref()));
}

/// Writes bytes on standard output.
pub fn bytes(bytes: &[u8]) {
    written(io::stdout().lock().write_all(bytes));
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

/// Prints a line on standard error.
pub fn error_line(text: impl AsRef<str>) {
    let _ = writeln!(io::stderr().lock(), "{}", text.as_ref());
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
    let mut writer = csv::Writer::from_writer(io::stdout().lock());
    let mut rows = std::iter::once(header).chain(rows.iter().map(Vec::as_slice));
    let result = rows.try_for_each(|row| writer.write_record(row).map_err(io::Error::from));
    written(result.and_then(|()| writer.flush()));
}

/// Prints a table with aligned columns.
pub fn table(header: &[String], rows: &[Vec<String>]) {
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

/// Returns a JSON value as the text of a table cell, with at most four decimals.
pub fn cell(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::Null => String::new(),
        serde_json::Value::String(text) => text.clone(),
        serde_json::Value::Number(number) if number.is_f64() => {
            let rounded = format!("{:.4}", number.as_f64().unwrap_or(f64::NAN));
            rounded.trim_end_matches('0').trim_end_matches('.').to_string()
        }
        other => other.to_string(),
    }
}

/// Returns a value as JSON. A missing value becomes null.
pub fn json(value: Option<cupola_twin::Value>) -> serde_json::Value {
    value.and_then(|value| serde_json::to_value(value).ok()).unwrap_or(serde_json::Value::Null)
}
