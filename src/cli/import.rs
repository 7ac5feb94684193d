//! `cupola import`: reads formats of other programs, shows what was understood and left out, and writes a scene.

use super::{BAD_INPUT, output};
use cupola_exchange::import::{self, Draft};
use cupola_twin::Severity;
use cupola_twin::diagnostic::has_errors;
use serde_json::json;
use std::io::IsTerminal;
use std::path::PathBuf;
use std::time::Instant;

#[derive(clap::Args)]
pub(super) struct Args {
    /// Files or folders to read: DTDL (.json), twins and relationships of Azure Digital Twins (.json, .ndjson, .xlsx),
    /// Brick and RealEstateCore (.ttl), buildings (.glb, .gltf), 3DScenesConfiguration.json.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Folder to write the scene into.
    #[arg(long, required_unless_present = "dry_run")]
    out: Option<PathBuf>,
    /// Show the preview, and write nothing.
    #[arg(long)]
    dry_run: bool,
    /// Replace a scene that is already in the folder.
    #[arg(long)]
    replace: bool,
    /// Print the preview as one JSON object.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> u8 {
    let begun = Instant::now();
    let shows_progress = std::io::stderr().is_terminal();
    let mut tell = |text: &str| {
        if shows_progress && begun.elapsed().as_millis() > 500 {
            output::error_line(text);
        }
    };
    let mut draft = import::gather(&args.files, &mut tell);
    tell(import::SETTLING);
    let settled = import::settle(&mut draft);
    let importable = settled.sound && !draft.is_empty();
    let mut written = Ok(());
    if let (Some(out), true, false) = (&args.out, importable, args.dry_run) {
        written = import::write(&draft, out, args.replace);
    }
    if let Err(found) = &written {
        draft.findings.push(found.clone());
    }
    let done = importable && written.is_ok();
    let is_whole = !has_errors(&draft.findings);
    if args.json {
        let out = args.out.as_ref().filter(|_| done && !args.dry_run).map(|out| out.to_string_lossy());
        let preview = json!({ "imported": done && !args.dry_run, "out": out, "counts": draft.counts, "diagnostics": draft.findings });
        output::line(preview.to_string());
    } else {
        preview(&draft, settled.sound);
        match (&args.out, done) {
            (Some(out), true) if !args.dry_run => {
                let but = if is_whole { "" } else { ", without the parts that have errors" };
                output::line(format!("Written to {}{but}.", out.display()));
            }
            (_, true) => output::line("Nothing was written (--dry-run)."),
            (_, false) => output::line("Nothing was written."),
        }
    }
    if done && is_whole { 0 } else { BAD_INPUT }
}

fn preview(draft: &Draft, sound: bool) {
    for found in &draft.findings {
        output::error_line(found.to_string());
    }
    let rows: Vec<Vec<String>> = draft
        .counts
        .iter()
        .filter(|(_, count)| count.understood + count.left_out > 0)
        .map(|(kind, count)| vec![kind.to_string(), count.understood.to_string(), count.left_out.to_string()])
        .collect();
    output::table(&["".into(), "understood".into(), "left out".into()], &rows);
    let errors = draft.findings.iter().filter(|found| found.severity == Severity::Error).count();
    if !sound {
        output::line(format!("The models have errors ({errors} findings): fix them first."));
    }
}
