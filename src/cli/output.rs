//! What commands print. A reader that has gone away is no error.

use cupola_twin::{Diagnostic, Severity};
use std::io::Write;

/// Prints a line on standard output.
pub fn line(text: impl AsRef<str>) {
    // Nobody reads it if this fails, as in `cupola … | head`.
    let _ = writeln!(std::io::stdout().lock(), "{}", text.as_ref());
}

/// Prints a line on standard error.
pub fn error_line(text: impl AsRef<str>) {
    let _ = writeln!(std::io::stderr().lock(), "{}", text.as_ref());
}

/// Prints findings on standard error; the number of errors.
pub fn report(diagnostics: &[Diagnostic]) -> usize {
    for diagnostic in diagnostics {
        error_line(diagnostic.to_string());
    }
    diagnostics.iter().filter(|found| found.severity == Severity::Error).count()
}

/// A table with aligned columns.
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

/// The JSON of a value; missing is null.
pub fn json(value: Option<cupola_twin::Value>) -> serde_json::Value {
    value.and_then(|value| serde_json::to_value(value).ok()).unwrap_or(serde_json::Value::Null)
}
