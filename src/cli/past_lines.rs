//! `cupola history SCENE --out FILE.lp` and `--send URL`: the past as Influx line protocol, for a database of time series.

use super::output;
use crate::history::{LineSender, SendResult, line, shown_address};
use cupola_history::{HistoryRecord, PropertySource};
use cupola_twin::Topology;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// The number of tries of a request. The last one is two minutes after the first one.
const TRIES: u32 = 8;
/// The span that is read at once, in microseconds.
const PART_US: i64 = 86_400_000_000;

/// The target of lines.
pub(super) enum LineTarget<'a> {
    File(&'a Path),
    Address { address: &'a str, unsent: &'a Path },
}

/// Exports the changes of properties in a span. Returns whether all lines were taken.
pub(super) fn export(
    record: &HistoryRecord,
    topology: Option<&Arc<Topology>>,
    sources: &BTreeMap<String, PropertySource>,
    span_us: (i64, i64),
    target: LineTarget<'_>,
) -> Result<bool, String> {
    match target {
        LineTarget::File(path) => {
            let fail = |error: std::io::Error| format!("{}: {error}", path.display());
            let mut file = BufWriter::new(File::create(path).map_err(fail)?);
            let mut count = 0_u64;
            each_line(record, topology, sources, span_us, &mut |line| {
                count += 1;
                file.write_all(line.as_bytes()).map_err(fail)
            })?;
            file.flush().map_err(fail)?;
            output::line(format!("wrote {count} lines into {}", path.display()));
            Ok(true)
        }
        LineTarget::Address { address, unsent } => {
            let mut sender = LineSender::new(address, unsent, TRIES)?.with_note(|text| output::error_line(text));
            each_line(record, topology, sources, span_us, &mut |line| sender.push(line))?;
            let SendResult { sent, left, why } = sender.finish()?;
            output::line(format!("sent {sent} lines to {}", shown_address(address)));
            if let Some(why) = why {
                output::error_line(format!("{left} lines were not taken and are in {}: {why}", unsent.display()));
            }
            Ok(left == 0)
        }
    }
}

/// Calls `each` with the line of every change in a span.
fn each_line(
    record: &HistoryRecord,
    topology: Option<&Arc<Topology>>,
    sources: &BTreeMap<String, PropertySource>,
    (first_us, last_us): (i64, i64),
    each: &mut dyn FnMut(String) -> Result<(), String>,
) -> Result<(), String> {
    let mut from_us = first_us;
    while from_us <= last_us {
        let to_us = last_us.min(from_us.saturating_add(PART_US - 1));
        let read = record.read(topology, sources, (from_us, to_us), &AtomicBool::new(false));
        for past in read.map_err(|error| error.to_string())?.values().flatten() {
            // The change that holds at the beginning is of the part before.
            for change in past.changes.iter().filter(|change| change.time_us >= from_us) {
                each(line(record.history(), past, change))?;
            }
        }
        from_us = to_us.saturating_add(1);
    }
    Ok(())
}
