//! Files and folders into one draft: which reader understands what, and in which order.

use super::{Draft, brick, gltf, ndjson, scenes3d, service, xlsx};
use crate::scene::building::read_gltf;
use cupola_twin::Diagnostic;
use std::path::{Path, PathBuf};

/// Folders are searched so deep.
const MAX_DEPTH: usize = 16;
/// Files that are looked at in one import.
const MAX_FILES: usize = 100_000;
/// A file beyond it is not read: nothing that describes a building is larger.
const MAX_BYTES: u64 = 4 << 30;

/// What kind of file it is, in the order in which they are read: what is needed to understand others comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Json,
    Ndjson,
    Turtle,
    Spreadsheet,
    Gltf,
}

/// Reads files and folders. `progress` is told what is being read.
pub fn gather(paths: &[PathBuf], progress: &mut dyn FnMut(&str)) -> Draft {
    let mut draft = Draft::default();
    let mut files = Vec::new();
    for path in paths {
        collect(path, 0, &mut files, &mut draft);
    }
    files.sort_by_key(|(kind, _)| *kind);
    // What refers to twins by name is read when they are there.
    let mut scenes = Vec::new();
    for (number, (kind, path)) in files.iter().enumerate() {
        let size = std::fs::metadata(path).map_or(0, |metadata| metadata.len());
        progress(&format!("reading {} of {}: {} ({})", number + 1, files.len(), path.display(), bytes_text(size)));
        one(*kind, path, size, &mut draft, &mut scenes);
    }
    for (file, text) in scenes {
        scenes3d::read(&file, &text, &mut draft);
    }
    if files.is_empty() && draft.findings.is_empty() {
        let help = "import .json, .ndjson, .xlsx, .ttl, .glb or .gltf files, or folders of them";
        draft.findings.push(Diagnostic::error("nothing-to-import", "there is no file to import").help(help));
    }
    draft
}

fn collect(path: &Path, depth: usize, files: &mut Vec<(Kind, PathBuf)>, draft: &mut Draft) {
    let shown = path.display();
    if path.is_dir() {
        let mut entries: Vec<PathBuf> = match std::fs::read_dir(path) {
            Ok(entries) => entries.flatten().map(|entry| entry.path()).collect(),
            Err(error) => {
                let found = Diagnostic::error("file-unreadable", format!("{shown} can't be read: {error}"));
                draft.left_out("files", found);
                return;
            }
        };
        entries.sort();
        let hidden = |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        for entry in entries.into_iter().filter(|entry| !hidden(entry)) {
            if depth < MAX_DEPTH && files.len() < MAX_FILES {
                collect(&entry, depth + 1, files, draft);
            }
        }
        return;
    }
    if !path.is_file() {
        draft.left_out("files", Diagnostic::error("file-not-found", format!("there is no file {shown}")));
        return;
    }
    let extension = path.extension().map(|extension| extension.to_string_lossy().to_ascii_lowercase());
    let kind = match extension.as_deref() {
        Some("json" | "jsonld") => Kind::Json,
        Some("ndjson" | "jsonl") => Kind::Ndjson,
        Some("ttl" | "turtle" | "nt") => Kind::Turtle,
        Some("xlsx" | "xlsm") => Kind::Spreadsheet,
        Some("glb" | "gltf") => Kind::Gltf,
        // A folder holds all sorts of things; what was named is meant.
        _ if depth > 0 => return,
        _ => {
            let help = "import .json, .ndjson, .xlsx, .ttl, .glb or .gltf files, or folders of them";
            let unknown = Diagnostic::error("unknown-format", format!("{shown} is of a kind that can't be imported"));
            draft.left_out("files", unknown.help(help));
            return;
        }
    };
    files.push((kind, path.to_path_buf()));
}

fn one(kind: Kind, path: &Path, size: u64, draft: &mut Draft, scenes: &mut Vec<(String, String)>) {
    let shown = path.to_string_lossy().into_owned();
    if size > MAX_BYTES {
        let message = format!("{shown} has {}; {} are read at most", bytes_text(size), bytes_text(MAX_BYTES));
        draft.left_out("files", Diagnostic::error("file-too-large", message));
        return;
    }
    if kind == Kind::Gltf {
        if draft.building.is_some() {
            let message = format!("{shown} is a second building; a scene has one");
            draft.left_out("files", Diagnostic::warning("second-building", message));
            return;
        }
        match read_gltf(path) {
            Ok((building, issues)) => {
                let warnings = issues.iter().map(|issue| Diagnostic::warning(issue.code, format!("{shown}: {issue}")));
                draft.findings.extend(warnings);
                gltf::read(&shown, path, &building, draft);
                draft.understood("files");
            }
            Err(found) => draft.left_out("files", found),
        }
        return;
    }
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) => {
            let found = Diagnostic::error("file-unreadable", format!("{shown} can't be read: {error}"));
            draft.left_out("files", found);
            return;
        }
    };
    if kind == Kind::Spreadsheet {
        xlsx::read(&shown, &bytes, draft);
        draft.understood("files");
        return;
    }
    let text = match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let message = format!("{shown} is not UTF-8 text (at byte {})", error.utf8_error().valid_up_to());
            draft.left_out("files", Diagnostic::error("not-utf8", message));
            return;
        }
    };
    match kind {
        Kind::Turtle => brick::read(&shown, &text, draft),
        _ => {
            json(path, shown, text, draft, scenes);
            return;
        }
    }
    draft.understood("files");
}

/// JSON comes in four kinds that only its content tells apart.
fn json(path: &Path, shown: String, text: String, draft: &mut Draft, scenes: &mut Vec<(String, String)>) {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    if ndjson::read(&shown, &text, draft) || service::read(&shown, &stem, &text, draft) {
        draft.understood("files");
        return;
    }
    if text.contains("\"configuration\"") && !text.contains("\"@context\"") {
        scenes.push((shown, text));
        draft.understood("files");
        return;
    }
    if !["\"@context\"", "\"@type\"", "\"@id\""].iter().any(|mark| text.contains(mark)) {
        let message = format!("{shown} is JSON of a kind that can't be imported: neither models nor twins are in it");
        draft.left_out("files", Diagnostic::warning("unknown-format", message));
        return;
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let name = Path::new(&name).with_extension("json").to_string_lossy().into_owned();
    draft.models.push((name, text));
    draft.understood("files");
}

fn bytes_text(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} bytes"),
        1_000..1_000_000 => format!("{:.0} kB", bytes as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.0} MB", bytes as f64 / 1e6),
        _ => format!("{:.1} GB", bytes as f64 / 1e9),
    }
}
