//! Reads files and folders into one draft. It selects the importer for each file, and the order of the files.

use super::service::file_start;
use super::{Draft, DraftBuilding, ModelDoc, brick, gltf, ndjson, scenes3d, service, xlsx};
use cupola_building::Issue;
use cupola_scene::read_gltf;
use cupola_twin::Diagnostic;
use std::collections::HashSet;
use std::path::{Path, PathBuf};

/// The largest depth of folders that are searched.
const MAX_DEPTH: usize = 16;
/// The largest number of files in one import.
const MAX_FILES: usize = 100_000;
/// The largest size of a file, in bytes. A larger file is not expected to describe a building.
const MAX_BYTES: u64 = 4 << 30;

/// The kind of a file. Files are read in the order of the kinds, so that a file follows those that it depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Json,
    Ndjson,
    Turtle,
    Spreadsheet,
    Gltf,
}

/// Reads files and folders. `progress` receives a message for each file.
pub fn gather(paths: &[PathBuf], progress: &mut dyn FnMut(&str)) -> Draft {
    let mut draft = Draft::default();
    let mut found = FileList::default();
    for path in paths {
        collect(path, 0, &mut found, &mut draft);
    }
    let mut files = found.files;
    files.sort_by_key(|(kind, _)| *kind);
    let mut gather = Gather { draft, turtle: brick::Files::default(), scenes: Vec::new(), progress };
    for (number, (kind, path)) in files.iter().enumerate() {
        let size = std::fs::metadata(path).map_or(0, |metadata| metadata.len());
        let all = files.len();
        (gather.progress)(&format!("reading {} of {all}: {} ({})", number + 1, path.display(), bytes_text(size)));
        gather.file(*kind, path, size);
    }
    let mut draft = gather.finish();
    if files.is_empty() && draft.findings.is_empty() {
        let help = "import .json, .ndjson, .xlsx, .ttl, .glb or .gltf files, or folders of them";
        draft.findings.push(Diagnostic::error("nothing-to-import", "there is no file to import").help(help));
    }
    draft
}

/// The files of an import.
#[derive(Default)]
struct FileList {
    files: Vec<(Kind, PathBuf)>,
    /// The paths that were visited. Links may lead to a path twice, or form a cycle.
    seen: HashSet<PathBuf>,
}

fn collect(path: &Path, depth: usize, found: &mut FileList, draft: &mut Draft) {
    let shown = path.display();
    if let Ok(real) = path.canonicalize()
        && !found.seen.insert(real)
    {
        return;
    }
    if path.is_dir() {
        let mut entries: Vec<PathBuf> = match std::fs::read_dir(path) {
            Ok(entries) => entries.flatten().map(|entry| entry.path()).collect(),
            Err(error) => {
                let why = Diagnostic::error("file-unreadable", format!("{shown} can't be read: {error}"));
                draft.left_out("files", why);
                return;
            }
        };
        entries.sort();
        let hidden = |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        for entry in entries.into_iter().filter(|entry| !hidden(entry)) {
            if depth < MAX_DEPTH && found.files.len() < MAX_FILES {
                collect(&entry, depth + 1, found, draft);
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
        // Unknown files in a folder are ignored. An unknown file that the caller names is an error.
        _ if depth > 0 => return,
        _ => {
            let help = "import .json, .ndjson, .xlsx, .ttl, .glb or .gltf files, or folders of them";
            let unknown = Diagnostic::error("unknown-format", format!("{shown} has a format that can't be imported"));
            draft.left_out("files", unknown.help(help));
            return;
        }
    };
    found.files.push((kind, path.to_path_buf()));
}

/// The state while files are read.
struct Gather<'p> {
    draft: Draft,
    /// The Turtle files, which are read together because they refer to one another: a building and its ontology, or
    /// parts of a building.
    turtle: brick::Files,
    /// The configurations of 3D Scenes Studio. They refer to twins by id and are read after all other files.
    scenes: Vec<(String, String)>,
    progress: &'p mut dyn FnMut(&str),
}

impl Gather<'_> {
    /// Reads a file, or stores it for later.
    fn file(&mut self, kind: Kind, path: &Path, size: u64) {
        if kind == Kind::Gltf {
            // The import of a building depends on whether twins were imported, so the Turtle files must be read before.
            std::mem::take(&mut self.turtle).read(&mut self.draft);
        }
        match self.read(kind, path, size) {
            Ok(true) => self.draft.understood("files"),
            Ok(false) => {}
            Err(found) => {
                let place = found.place.clone().or_else(|| Some(file_start(&path.to_string_lossy().into())));
                self.draft.left_out("files", found.at(place));
            }
        }
    }

    /// Reads a file. Returns false for a configuration of 3D Scenes Studio, which is stored for later.
    fn read(&mut self, kind: Kind, path: &Path, size: u64) -> Result<bool, Diagnostic> {
        let shown = path.to_string_lossy().into_owned();
        let draft = &mut self.draft;
        if size > MAX_BYTES {
            let message = format!("{shown} has {}; the limit is {}", bytes_text(size), bytes_text(MAX_BYTES));
            return Err(Diagnostic::error("file-too-large", message).help("split the file"));
        }
        if kind == Kind::Gltf {
            if draft.building.is_some() {
                let message = format!("{shown} is a second building; a scene can have only one");
                return Err(Diagnostic::warning("second-building", message).help("import it separately"));
            }
            let read = read_gltf(path)?;
            let warning = |issue: &Issue| {
                Diagnostic::warning(issue.code, issue.to_string()).at(file_start(&shown.as_str().into()))
            };
            draft.findings.extend(read.issues.iter().map(warning));
            let nodes = read.building.nodes.iter().map(|node| node.name.clone()).collect();
            draft.building = Some(DraftBuilding { path: path.to_path_buf(), parts: read.parts, nodes });
            gltf::read(&shown, &read.building, draft);
            return Ok(true);
        }
        let unreadable = |error| Diagnostic::error("file-unreadable", format!("{shown} can't be read: {error}"));
        let bytes = std::fs::read(path).map_err(unreadable)?;
        if kind == Kind::Spreadsheet {
            xlsx::read(&shown, &bytes, draft)?;
            return Ok(true);
        }
        let text = String::from_utf8(bytes).map_err(|error| {
            let message = format!("the file is not UTF-8 text (at byte {})", error.utf8_error().valid_up_to());
            Diagnostic::error("not-utf8", message).help("save it as UTF-8")
        })?;
        if kind == Kind::Turtle {
            self.turtle.add(&shown, text)?;
            return Ok(true);
        }
        self.json(path, shown, text)
    }

    /// Reads a JSON file. Its content determines which of four formats it has.
    fn json(&mut self, path: &Path, shown: String, text: String) -> Result<bool, Diagnostic> {
        let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let (draft, progress) = (&mut self.draft, &mut *self.progress);
        let mut tell = |bytes: usize| progress(&format!("reading {shown}: {} %", bytes * 100 / text.len().max(1)));
        if ndjson::read(&shown, &text, draft, &mut tell) || service::read(&shown, &stem, &text, draft)? {
            return Ok(true);
        }
        if text.contains("\"configuration\"") && !text.contains("\"@context\"") {
            self.scenes.push((shown, text));
            return Ok(false);
        }
        let marks = ["\"@context\"", "\"@type\"", "\"@id\""];
        if !(text.contains("dtmi:") && marks.iter().any(|mark| text.contains(mark))) {
            let message = "the JSON file can't be imported: it has neither models nor twins";
            let help = "models have DTMIs (dtmi:example:Room;1), twins have `$dtId` and `$metadata`";
            return Err(Diagnostic::warning("unknown-format", message).help(help));
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let name = Path::new(&name).with_extension("json").to_string_lossy().into_owned();
        draft.models.push(ModelDoc { name, text, place: Some(file_start(&shown.into())), is_whole: true });
        Ok(true)
    }

    /// Reads the stored files.
    fn finish(mut self) -> Draft {
        self.turtle.read(&mut self.draft);
        for (file, text) in self.scenes {
            match scenes3d::read(&file, &text, &mut self.draft) {
                Ok(()) => self.draft.understood("files"),
                Err(found) => self.draft.left_out("files", found),
            }
        }
        self.draft
    }
}

/// Returns a number of bytes for display.
fn bytes_text(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} bytes"),
        1_000..1_000_000 => format!("{:.0} kB", bytes as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.0} MB", bytes as f64 / 1e6),
        _ => format!("{:.1} GB", bytes as f64 / 1e9),
    }
}
