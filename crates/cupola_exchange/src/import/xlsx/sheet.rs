//! Reads the cells of a spreadsheet from an untrusted file.

use super::{Cells, Columns, MAX_HEADER_ROW, archive};
use calamine::{DataType, Reader, Xlsx, XlsxCellReader};
use cupola_twin::Diagnostic;
use std::collections::BTreeMap;
use std::fmt::Display;
use std::io::Cursor;

/// The largest unpacked size of the file, in bytes.
const MAX_UNPACKED: u64 = 1 << 30;
/// The unpacked size up to which the file may be packed to any degree, in bytes.
const ALWAYS_UNPACKED: u64 = 64 << 20;
/// The largest ratio of the unpacked size to the size of the file.
const MAX_RATIO: u64 = 200;
/// The largest number of cells with content.
const MAX_CELLS: usize = 5_000_000;
/// The largest size of the text of all cells, in bytes. Many cells may share one long text.
const MAX_TEXT: usize = 1 << 30;
/// The name of the sheet that is preferred.
const SHEET: &str = "Twins";

/// The sheet with the table.
pub(super) struct Sheet {
    /// The rows with content, by number from 0.
    pub rows: BTreeMap<u32, Cells>,
    /// The names of the other sheets with content.
    pub others: Vec<String>,
}

/// Reads a workbook.
///
/// # Errors
/// The file is damaged or too large.
pub(super) fn read(bytes: &[u8]) -> Result<Sheet, Diagnostic> {
    if let Some(size) = archive::unpacked_size(bytes) {
        if size > MAX_UNPACKED {
            return Err(too_large("its uncompressed size is more than 1 GiB"));
        }
        // A table is packed to a twentieth or so. Much less is a file that is made to fill the memory.
        if size > ALWAYS_UNPACKED && size > bytes.len() as u64 * MAX_RATIO {
            return Err(too_large("it is unpacked to more than 200 times its size"));
        }
    }
    // The libraries that unpack and parse the file may panic on damaged input. A panic is reported as a damaged file.
    std::panic::catch_unwind(|| cells(bytes)).unwrap_or_else(|_| Err(damaged("its contents are inconsistent")))
}

/// Reads the cells one by one. A table of all cells between the first and the last could be arbitrarily large.
fn cells(bytes: &[u8]) -> Result<Sheet, Diagnostic> {
    let mut workbook: Xlsx<Cursor<&[u8]>> = Xlsx::new(Cursor::new(bytes)).map_err(damaged)?;
    let names = workbook.sheet_names();
    // The sheet named `Twins` is preferred, then the first sheet with the headers, because the first sheet may be a
    // cover or hidden.
    let called = names.iter().find(|name| name.as_str() == SHEET);
    let fitting =
        names.iter().find(|name| workbook.worksheet_cells_reader(name).is_ok_and(|mut sheet| is_table(&mut sheet)));
    let Some(name) = called.or(fitting).or(names.first()) else {
        return Err(damaged("it has no sheets"));
    };
    let mut others: Vec<String> = names.iter().filter(|other| *other != name).cloned().collect();
    others.retain(|other| workbook.worksheet_cells_reader(other).is_ok_and(|mut sheet| holds_something(&mut sheet)));
    let mut sheet = workbook.worksheet_cells_reader(name).map_err(damaged)?;
    let mut rows: BTreeMap<u32, Cells> = BTreeMap::new();
    let (mut count, mut size) = (0, 0);
    while let Some(cell) = sheet.next_cell().map_err(damaged)? {
        let value = cell.get_value();
        if value.is_empty() {
            continue;
        }
        let text = value.as_string().or_else(|| value.get_bool().map(|flag| flag.to_string()));
        count += 1;
        size += text.as_ref().map_or(0, String::len);
        if count > MAX_CELLS {
            return Err(too_large("its sheet has more than 5 million cells"));
        }
        if size > MAX_TEXT {
            return Err(too_large("its cells hold more than 1 GiB of text"));
        }
        let (row, column) = cell.get_position();
        rows.entry(row).or_default().insert(column, text);
    }
    Ok(Sheet { rows, others })
}

/// Returns whether one of the first rows with content has the headers of a table of twins.
fn is_table(sheet: &mut XlsxCellReader<'_, Cursor<&[u8]>>) -> bool {
    let mut row_at = None;
    let mut rows = 0;
    let mut columns = Columns::default();
    while let Ok(Some(cell)) = sheet.next_cell() {
        if cell.get_value().is_empty() {
            continue;
        }
        let (row, column) = cell.get_position();
        if row_at.replace(row) != Some(row) {
            rows += 1;
            if columns.are_enough() || rows > MAX_HEADER_ROW {
                break;
            }
            columns = Columns::default();
        }
        if let Some(text) = cell.get_value().as_string()
            && let Some(known) = columns.called(&text)
        {
            known.get_or_insert(column);
        }
    }
    columns.are_enough()
}

fn holds_something(sheet: &mut XlsxCellReader<'_, Cursor<&[u8]>>) -> bool {
    while let Ok(Some(cell)) = sheet.next_cell() {
        if !cell.get_value().is_empty() {
            return true;
        }
    }
    false
}

fn damaged(why: impl Display) -> Diagnostic {
    let help = "open it in a spreadsheet program and save it again as .xlsx";
    Diagnostic::error("xlsx-damaged", format!("the spreadsheet can't be read: {why}")).help(help)
}

fn too_large(why: &str) -> Diagnostic {
    let help = "split it, or use the bulk import format (.ndjson), which has no such limit";
    Diagnostic::error("xlsx-too-large", format!("the spreadsheet is too large: {why}")).help(help)
}
