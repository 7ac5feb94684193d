//! The validation page: every result beside its reference, with plots.

use super::Family;
use cupola_scene::write_atomically;
use cupola_twin::Diagnostic;
use std::fmt::Write as _;
use std::path::Path;

/// Writes `validation.md` and its plots to a folder.
///
/// # Errors
/// A file or folder can't be written. The error contains its path.
pub fn write(families: &[Family], folder: &Path) -> Result<(), Diagnostic> {
    let pictures = folder.join("validation");
    std::fs::create_dir_all(&pictures).map_err(|error| {
        Diagnostic::error("save-failed", format!("the folder {} can't be made: {error}", pictures.display()))
    })?;
    let put = |path: &Path, text: &str| write_atomically(path, text.as_bytes());
    for (name, svg) in families.iter().flat_map(|family| &family.plots) {
        put(&pictures.join(name), svg)?;
    }
    put(&folder.join("validation.md"), &page(families))
}

fn page(families: &[Family]) -> String {
    let mut text = String::from(
        "# Validation\n\nWritten by `cupola validate`, which runs every case anew. How the models work is in \
         [physics.md](physics.md).\n",
    );
    for family in families {
        let _ = write!(text, "\n## {}\n\n{}\n\n", family.title, family.about);
        if let Some(why) = &family.skipped {
            let _ = writeln!(text, "Not run: {why}.");
            continue;
        }
        let held = family.outcomes.iter().filter(|outcome| outcome.holds()).count();
        let _ = writeln!(text, "{held} of {} results lie within their range.\n", family.outcomes.len());
        text.push_str(
            "| case | method | quantity | ours | reference | difference | |\n|---|---|---|---:|---:|---:|---|\n",
        );
        for outcome in &family.outcomes {
            let (least, most) = outcome.range;
            let middle = 0.5 * (least + most);
            let difference =
                if least == 0.0 { String::new() } else { format!("{:+.1} %", 100.0 * (outcome.ours / middle - 1.0)) };
            let verdict = if outcome.holds() { "✓" } else { "outside" };
            let digits = if outcome.ours.abs() >= 100.0 {
                0
            } else if outcome.ours.abs() >= 10.0 {
                1
            } else {
                3
            };
            let _ = writeln!(
                text,
                "| {} | {} | {} | {:.digits$} | {least:.digits$} to {most:.digits$} | {difference} | {verdict} |",
                outcome.case, outcome.tier, outcome.quantity, outcome.ours
            );
        }
        for remark in &family.remarks {
            let _ = write!(text, "\n{remark}\n");
        }
        for (name, _) in &family.plots {
            let _ = write!(text, "\n![{name}](validation/{name})\n");
        }
    }
    text
}
