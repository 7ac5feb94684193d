//! Writes a draft to disk. The folder of the scene is written under a temporary name beside its destination and then
//! moved.

use super::{Draft, DraftBuilding, ModelDoc};
use cupola_scene::document::{AlarmDoc, BuildingDoc, Document, VERSION, ViewDoc};
use cupola_scene::{lock, write_ron};
use cupola_twin::Diagnostic;
use std::fs::File;
use std::hash::Hasher;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::{Component, Path, PathBuf};
use twox_hash::XxHash3_64;

/// Returns the scene document of a draft.
pub fn document(draft: &Draft, name: &str) -> Document {
    let building = draft.building.as_ref().map(|building| BuildingDoc {
        gltf: Some(format!("assets/{}", file_name(&building.path))),
        bindings: draft.bindings.clone(),
        ..Default::default()
    });
    Document {
        version: VERSION,
        name: name.to_string(),
        description: String::new(),
        time_zone: None,
        models: if draft.models.is_empty() { Vec::new() } else { vec!["models".into()] },
        building,
        twins: draft.twins.to_vec().into(),
        relationships: draft.relationships.to_vec().into(),
        computed: Vec::new(),
        processors: Vec::new(),
        alarms: draft.alarms.iter().map(|alarm| AlarmDoc::clone(alarm)).collect(),
        feeds: Vec::new(),
        simulation: None,
        physics: None,
        view: ViewDoc { color_by: draft.color_by.clone(), range: draft.color_range, ..Default::default() },
    }
}

/// Writes the scene to the folder `out`. The files of an existing scene are replaced only if `replace` is true. Files that
/// the import doesn't write stay, except those that an earlier import wrote and nobody changed since.
///
/// # Errors
/// The folder exists and `replace` is false, `out` is not a folder of a scene, or a file can't be written. `out` is
/// then unchanged.
pub fn write(draft: &Draft, out: &Path, replace: bool) -> Result<(), Diagnostic> {
    if out.extension().is_some_and(|extension| extension == "ron") {
        let help = format!("write to a folder: --out {}", out.with_extension("").display());
        return Err(Diagnostic::error("not-a-folder", "an import writes a folder, not a file").help(help));
    }
    let is_scene = ["scene.ron", MANIFEST].iter().any(|file| out.join(file).is_file());
    let is_other = if out.is_dir() { !is_empty(out) && !is_scene } else { out.exists() };
    if is_other {
        let message = format!("{} exists and is not the folder of a scene", out.display());
        return Err(Diagnostic::error("exists", message).help("choose another folder; nothing was changed"));
    }
    if out.exists() && !replace && !is_empty(out) {
        let message = format!("{} already exists", out.display());
        return Err(Diagnostic::error("exists", message).help("choose another folder, or replace it with --replace"));
    }
    // The path becomes absolute, so that `.` has a name too.
    let out = &std::path::absolute(out).map_err(|error| failed(out, error))?;
    let beside = |word: &str| {
        let name = out.file_name().unwrap_or_default().to_string_lossy().into_owned();
        out.with_file_name(format!(".{name}.{word}.{}", std::process::id()))
    };
    let (fresh, old) = (beside("new"), beside("old"));
    let name = out.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let result = fill(draft, &name, &fresh).and_then(|()| {
        let fail = |error| failed(out, error);
        if out.is_dir() && is_empty(out) {
            // An empty folder is kept and filled, because it may be the working directory of a process.
            return move_into(&fresh, out).map_err(fail);
        }
        if out.exists() {
            let _lock = lock(&out.join("scene.ron"))?;
            let changed = changed_files(&fresh, out).map_err(fail)?;
            if !changed.is_empty() {
                let message =
                    format!("an import has not written this, or it was changed since: {}", changed.join(", "));
                let help = "import into another folder, or move these files away; nothing was changed";
                return Err(Diagnostic::error("changed-files", message).help(help));
            }
            return replace_files(&fresh, out, &old).map_err(fail);
        }
        std::fs::rename(&fresh, out).map_err(fail)
    });
    // Removes the temporary folder of a failed attempt and the replaced files.
    let _ = std::fs::remove_dir_all(&fresh);
    if result.is_ok() {
        let _ = std::fs::remove_dir_all(&old);
    }
    result
}

/// The name of the list of files that an import has written, with their hashes.
const MANIFEST: &str = ".import";

/// Returns the hashes and names of the files that an earlier import has written to a folder.
fn written_before(folder: &Path) -> Vec<(String, PathBuf)> {
    let known = std::fs::read_to_string(folder.join(MANIFEST)).unwrap_or_default();
    let lines = known.lines().filter_map(|line| line.split_once(' '));
    lines.map(|(hash, file)| (hash.to_string(), PathBuf::from(file))).collect()
}

/// Returns the files of `to` that would be replaced by other ones of `from`, although no import has written them or they
/// were changed since.
fn changed_files(from: &Path, to: &Path) -> std::io::Result<Vec<String>> {
    let mut files = Vec::new();
    files_in(from, Path::new(""), &mut files)?;
    files.sort();
    let known = written_before(to);
    let mut changed = Vec::new();
    for file in files.iter().filter(|file| *file != Path::new(MANIFEST) && to.join(file).is_file()) {
        let hash = hash_of(&to.join(file))?;
        let is_own = known.iter().any(|(written, name)| name == file && *written == hash);
        if !is_own && hash_of(&from.join(file))? != hash {
            changed.push(file.display().to_string());
        }
    }
    Ok(changed)
}

/// Replaces the files of `to` that are also in `from`, and removes those that an earlier import wrote and nobody changed
/// since. The replaced files are moved to `old`. After an error, everything is moved back.
fn replace_files(from: &Path, to: &Path, old: &Path) -> std::io::Result<()> {
    let mut files = Vec::new();
    files_in(from, Path::new(""), &mut files)?;
    // The scene comes last, so that it never names a file that is not there yet.
    files.sort_by_key(|file| (file == Path::new("scene.ron"), file.clone()));
    let obsolete = written_before(to).into_iter().filter_map(|(hash, file)| {
        let is_inside = file.components().all(|part| matches!(part, Component::Normal(_)));
        let is_unchanged = || hash_of(&to.join(&file)).is_ok_and(|known| known == hash);
        (is_inside && !files.contains(&file) && is_unchanged()).then_some(file)
    });
    let obsolete: Vec<PathBuf> = obsolete.collect();
    let mut moved: Vec<(PathBuf, PathBuf)> = Vec::new();
    let mut change = |from: PathBuf, to: PathBuf| -> std::io::Result<()> {
        if let Some(parent) = to.parent() {
            std::fs::create_dir_all(parent)?;
        }
        std::fs::rename(&from, &to)?;
        moved.push((from, to));
        Ok(())
    };
    let result = obsolete.iter().chain(&files).try_for_each(|file| {
        let target = to.join(file);
        if target.is_dir() {
            let message = format!("{} is a folder", target.display());
            return Err(std::io::Error::new(std::io::ErrorKind::IsADirectory, message));
        }
        if target.symlink_metadata().is_ok() {
            change(target.clone(), old.join(file))?;
        }
        if files.contains(file) { change(from.join(file), target) } else { Ok(()) }
    });
    if result.is_err() {
        for (from, to) in moved.iter().rev() {
            let _ = std::fs::rename(to, from);
        }
    }
    result
}

/// Adds the files in a folder and its subfolders to `out`, with their paths in the folder.
fn files_in(root: &Path, below: &Path, out: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(root.join(below))? {
        let entry = entry?;
        let path = below.join(entry.file_name());
        if entry.file_type()?.is_dir() { files_in(root, &path, out)? } else { out.push(path) }
    }
    Ok(())
}

fn hash_of(file: &Path) -> std::io::Result<String> {
    let mut reader = BufReader::with_capacity(1 << 16, File::open(file)?);
    let mut hasher = XxHash3_64::with_seed(0);
    loop {
        let bytes = reader.fill_buf()?;
        if bytes.is_empty() {
            return Ok(format!("{:016x}", hasher.finish()));
        }
        hasher.write(bytes);
        let count = bytes.len();
        reader.consume(count);
    }
}

/// Writes the list of the files in a folder, with their hashes.
fn write_manifest(folder: &Path) -> std::io::Result<()> {
    let mut files = Vec::new();
    files_in(folder, Path::new(""), &mut files)?;
    files.sort();
    let mut text = String::new();
    for file in files {
        let hash = hash_of(&folder.join(&file))?;
        text += &format!("{hash} {}\n", file.display());
    }
    std::fs::write(folder.join(MANIFEST), text)
}

/// Moves the whole content of a folder to an empty folder. After an error, the moved entries are moved back.
fn move_into(from: &Path, to: &Path) -> std::io::Result<()> {
    let mut moved: Vec<PathBuf> = Vec::new();
    let entries = std::fs::read_dir(from)?.collect::<std::io::Result<Vec<_>>>()?;
    for entry in entries {
        let target = to.join(entry.file_name());
        if let Err(error) = std::fs::rename(entry.path(), &target) {
            // The moved entries are moved back. The other entries are still in `from`.
            for target in moved {
                let _ = std::fs::rename(&target, from.join(target.file_name().unwrap_or_default()));
            }
            return Err(error);
        }
        moved.push(target);
    }
    Ok(())
}

fn fill(draft: &Draft, name: &str, folder: &Path) -> Result<(), Diagnostic> {
    let put = |path: PathBuf, bytes: &[u8]| {
        let made = path.parent().map_or(Ok(()), std::fs::create_dir_all);
        made.and_then(|()| std::fs::write(&path, bytes)).map_err(|error| failed(&path, error))
    };
    for ModelDoc { name, text, .. } in &draft.models {
        // The names come from imported files. Only the last path component is used, so that no file is written
        // elsewhere.
        put(folder.join("models").join(file_name(Path::new(name))), text.as_bytes())?;
    }
    if let Some(building) = &draft.building {
        copy_building(building, &folder.join("assets"))?;
    }
    let path = folder.join("scene.ron");
    let made = std::fs::create_dir_all(folder).and_then(|()| File::create(&path));
    let written = made.and_then(|file| {
        let mut file = BufWriter::new(file);
        write_ron(&document(draft, name), &mut file)?;
        file.flush()
    });
    written.map_err(|error| failed(&path, error))?;
    write_manifest(folder).map_err(|error| failed(folder, error))
}

/// Copies the glTF file and its buffer files.
fn copy_building(building: &DraftBuilding, assets: &Path) -> Result<(), Diagnostic> {
    let name = file_name(&building.path);
    for part in building.parts.iter().map(PathBuf::as_path).chain([Path::new(&name)]) {
        let (from, to) = (building.path.with_file_name(part), assets.join(part));
        let made = to.parent().map_or(Ok(()), std::fs::create_dir_all);
        made.and_then(|()| std::fs::copy(&from, &to)).map_err(|error| failed(&from, error))?;
    }
    Ok(())
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn is_empty(folder: &Path) -> bool {
    std::fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_none())
}

fn failed(path: &Path, error: std::io::Error) -> Diagnostic {
    Diagnostic::error("save-failed", format!("{} can't be written: {error}", path.display()))
        .help("choose another place; nothing was changed")
}
