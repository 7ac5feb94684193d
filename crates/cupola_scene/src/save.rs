//! Writes scenes: to a temporary file beside the old one, then in its place, so that a crash leaves one or the other whole.

use super::Document;
use cupola_twin::Diagnostic;
use std::io::Write;
use std::path::{Component, Path, PathBuf};

/// The document as RON, the way scenes are laid out: a line for each twin, relationship and mapping.
pub fn to_ron(document: &Document) -> Result<String, Diagnostic> {
    let whole = pretty(document, 2)?;
    // Feeds and simulation nest deeper than the lists of twins, so they get lines of their own.
    let mut sections = vec![("feeds", pretty(&document.feeds, 3)?), ("processors", pretty(&document.processors, 2)?)];
    if let Some(simulation) = &document.simulation {
        sections.push(("simulation", pretty(simulation, 2)?));
    }
    let mut out = String::with_capacity(whole.len() * 2);
    let mut lines = whole.lines();
    while let Some(line) = lines.next() {
        let field = line.strip_prefix("  ").and_then(|line| line.split_once(": ")).map(|(field, _)| field);
        match sections.iter().find(|(name, _)| Some(*name) == field) {
            Some((name, text)) if !line.ends_with(',') => {
                // The section's end is the next line that is indented like its beginning.
                while lines.next().is_some_and(|line| line.starts_with("   ")) {}
                out += &format!("  {name}: {},\n", text.replace('\n', "\n  "));
            }
            _ => {
                out += line;
                out.push('\n');
            }
        }
    }
    Ok(out)
}

fn pretty(value: &impl serde::Serialize, depth: usize) -> Result<String, Diagnostic> {
    // The extension is the program's default, so files don't have to enable it.
    let extensions = ron::extensions::Extensions::IMPLICIT_SOME;
    let config = ron::ser::PrettyConfig::new().extensions(extensions).depth_limit(depth).indentor("  ".to_string());
    let text = ron::Options::default()
        .to_string_pretty(value, config)
        .map_err(|error| Diagnostic::error("save-failed", format!("the scene can't be written: {error}")))?;
    Ok(text.strip_prefix("#![enable(implicit_some)]").unwrap_or(&text).trim().to_string())
}

/// Saves a document to `path`; the old file stays until the new one is complete.
pub fn save(document: &Document, path: &Path) -> Result<(), Diagnostic> {
    write_atomically(path, to_ron(document)?.as_bytes())
}

/// Writes a file so that at every moment `path` holds either the old or the new content.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> Result<(), Diagnostic> {
    let fail = |error: std::io::Error| {
        Diagnostic::error("save-failed", format!("{} can't be written: {error}", path.display()))
            .help("choose another place; nothing was changed")
    };
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(format!(".{}.tmp", std::process::id()));
    let temporary = path.with_file_name(name);
    let result = (|| {
        let mut file = std::fs::File::create(&temporary)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        std::fs::rename(&temporary, path)
    })();
    if result.is_err() {
        // Best effort: the error itself is what the user has to know.
        let _ = std::fs::remove_file(&temporary);
    }
    result.map_err(fail)
}

/// The scene file that a path means: a folder's `scene.ron`.
pub fn file_of(path: &Path) -> PathBuf {
    if path.is_dir() || path.extension().is_none() { path.join("scene.ron") } else { path.to_path_buf() }
}

/// Changes the relative paths in a document that moves from one file to another, so that they lead where they led.
pub fn rebase(document: &mut Document, from: &Path, to: &Path) {
    let folder = |path: &Path| {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        std::path::absolute(folder).unwrap_or_else(|_| folder.to_path_buf())
    };
    let (from, to) = (folder(from), folder(to));
    if from == to {
        return;
    }
    for processor in document.processors.iter_mut().filter(|processor| !processor.command.is_empty()) {
        processor.folder.get_or_insert_with(|| ".".into());
    }
    let folders = document.processors.iter_mut().filter_map(|processor| processor.folder.as_mut());
    let building = document.building.iter_mut().flat_map(|building| [&mut building.gltf, &mut building.plan]).flatten();
    for path in document.models.iter_mut().chain(building).chain(folders) {
        *path = relative(&normal(&from.join(&*path)), &normal(&to)).to_string_lossy().into_owned();
    }
}

/// Without `.` and `..`, by the names alone.
fn normal(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                out.pop();
            }
            part => out.push(part),
        }
    }
    out
}

fn relative(target: &Path, from: &Path) -> PathBuf {
    let shared = target.components().zip(from.components()).take_while(|(a, b)| a == b).count();
    let up = from.components().skip(shared).map(|_| Component::ParentDir);
    up.chain(target.components().skip(shared)).collect()
}
