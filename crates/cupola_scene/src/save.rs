//! The writer of scene files. A file is first written under a temporary name and then renamed, so that a crash leaves
//! either the old or the new file complete.

use super::patch::updated_text;
use super::{Document, read_text, ron_options};
use cupola_twin::Diagnostic;
use std::fmt;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Component, Path, PathBuf};

/// Returns the document as RON in the layout of scene files: one line per twin, relationship and mapping.
///
/// # Errors
/// The document can't be serialized.
pub fn to_ron(document: &Document) -> Result<String, Diagnostic> {
    let whole = pretty(document, 2)?;
    if is_flat(document) {
        return Ok(whole + "\n");
    }
    // Feeds and the simulation are nested more deeply than twins, so their lists need a greater depth.
    let mut sections = vec![("feeds", pretty(&document.feeds, 3)?), ("processors", pretty(&document.processors, 2)?)];
    if let Some(simulation) = &document.simulation {
        sections.push(("simulation", pretty(simulation, 2)?));
    }
    let mut out = String::with_capacity(whole.len() + whole.len() / 8);
    let mut lines = whole.lines();
    while let Some(line) = lines.next() {
        let field = line.strip_prefix("  ").and_then(|line| line.split_once(": ")).map(|(field, _)| field);
        match sections.iter().find(|(name, _)| Some(*name) == field) {
            Some((name, text)) if !line.ends_with(',') => {
                // The section ends at the next line with the same indent as its first line.
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

/// Returns whether a document has none of the sections that are nested more deeply than twins.
fn is_flat(document: &Document) -> bool {
    document.feeds.is_empty() && document.processors.is_empty() && document.simulation.is_none()
}

/// Writes a document like [`to_ron`]. The text of a document without feeds, processors and simulation is never whole in
/// memory.
///
/// # Errors
/// The document can't be serialized, or the writer fails.
pub fn write_ron(document: &Document, mut writer: impl Write) -> io::Result<()> {
    if !is_flat(document) {
        let text = to_ron(document).map_err(|found| io::Error::other(found.message))?;
        return writer.write_all(text.as_bytes());
    }
    let mut text = TextWriter { writer: &mut writer, error: None };
    let written = ron_options().to_writer_pretty(&mut text, document, pretty_config(2));
    if let Some(error) = text.error {
        return Err(error);
    }
    written.map_err(io::Error::other)?;
    writer.write_all(b"\n")
}

/// A writer of text that keeps the error of the writer of bytes.
struct TextWriter<W> {
    writer: W,
    error: Option<io::Error>,
}

impl<W: Write> fmt::Write for TextWriter<W> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.writer.write_all(text.as_bytes()).map_err(|error| {
            self.error = Some(error);
            fmt::Error
        })
    }
}

fn pretty_config(depth: usize) -> ron::ser::PrettyConfig {
    ron::ser::PrettyConfig::new().depth_limit(depth).indentor("  ".to_string())
}

fn pretty(value: &impl serde::Serialize, depth: usize) -> Result<String, Diagnostic> {
    ron_options()
        .to_string_pretty(value, pretty_config(depth))
        .map_err(|error| Diagnostic::error("save-failed", format!("the scene can't be written: {error}")))
}

/// Writes a document to `path`. The old file remains until the new one is complete. Of a scene file that a person has
/// written, the comments and the layout of unchanged parts stay.
///
/// # Errors
/// The document can't be serialized or the file can't be written.
pub fn save(document: &Document, path: &Path) -> Result<(), Diagnostic> {
    let is_file = std::fs::metadata(path).is_ok_and(|known| known.is_file());
    let text = match is_file.then(|| read_text(path)) {
        Some(Ok(text)) => updated_text(&text, document)?,
        _ => to_ron(document)?,
    };
    write_atomically(path, text.as_bytes())
}

/// Writes a file so that `path` holds either the old or the new content at every moment. A link stays a link, and the file
/// keeps its permissions. A device or a pipe is written to and not replaced.
///
/// # Errors
/// The file is read-only or can't be written. The old content remains.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> Result<(), Diagnostic> {
    write_file(path, |file| file.write_all(bytes))
}

/// Writes a file like [`write_atomically`], with the content that `write` writes.
///
/// # Errors
/// The file is read-only, it can't be written, or `write` fails. The old content remains.
pub fn write_file(path: &Path, write: impl FnOnce(&mut File) -> io::Result<()>) -> Result<(), Diagnostic> {
    replace_file(path, |file| {
        write(file)?;
        // Devices and pipes can't be synchronized.
        if file.metadata()?.is_file() { file.sync_all() } else { Ok(()) }
    })
    .map_err(|error| {
        Diagnostic::error("save-failed", format!("{} can't be written: {error}", path.display()))
            .help("choose another place; nothing was changed")
    })
}

/// The beginning and the end of the names of temporary files.
pub(crate) const TEMPORARY: (&str, &str) = (".cupola-", ".tmp");

/// A lock that keeps other programs of this kind from changing the scenes of a folder. It ends when it is dropped.
#[derive(Debug)]
pub struct SceneLock(#[expect(dead_code, reason = "the open file holds the lock")] File);

/// Waits until no other program changes the scenes in the folder of a scene file, and keeps them from doing so.
///
/// # Errors
/// The folder can't be opened or locked.
pub fn lock(path: &Path) -> Result<SceneLock, Diagnostic> {
    let path = path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // A folder can be locked itself where it can be opened, so that no file is left behind.
    let file = if cfg!(unix) {
        File::open(folder)
    } else {
        File::options().create(true).truncate(false).write(true).open(folder.join(".cupola-lock"))
    };
    let locked = file.and_then(|file| file.lock().map(|()| file));
    locked.map(SceneLock).map_err(|error| {
        Diagnostic::error("save-failed", format!("{} can't be locked: {error}", folder.display()))
            .help("nothing was changed")
    })
}

/// Lets `write` write a temporary file, which then takes the place of `path`.
pub(crate) fn replace_file(path: &Path, write: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<()> {
    let target = path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
    let old = std::fs::metadata(&target).ok();
    if old.as_ref().is_some_and(|old| !old.is_file() && !old.is_dir()) {
        return write(&mut File::create(&target)?);
    }
    if old.as_ref().is_some_and(|old| old.permissions().readonly()) {
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, "the file is read-only"));
    }
    let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    builder.prefix(TEMPORARY.0).suffix(TEMPORARY.1);
    // Temporary files are private by default, but other people read scenes as well.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut temporary = builder.tempfile_in(folder)?;
    if let Some(old) = old {
        temporary.as_file().set_permissions(old.permissions())?;
    }
    write(temporary.as_file_mut())?;
    temporary.persist(&target)?;
    Ok(())
}

/// Returns the scene file that a path denotes. A folder denotes its `scene.ron`.
pub fn file_of(path: &Path) -> PathBuf {
    if path.is_dir() || path.extension().is_none() { path.join("scene.ron") } else { path.to_path_buf() }
}

/// Changes the relative paths in a document that moves from file `from` to file `to`, so that they denote the same
/// files as before.
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
    let simulated = document.simulation.iter_mut().filter_map(|simulation| simulation.weather.file.as_mut());
    let studied = document.physics.iter_mut().filter_map(|study| study.weather.as_mut());
    for path in document.models.iter_mut().chain(building).chain(folders).chain(simulated).chain(studied) {
        *path = relative(&normal(&from.join(&*path)), &normal(&to)).to_string_lossy().into_owned();
    }
}

/// Removes `.` and `..` from a path by its names alone, without the file system.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_file_takes_the_place_of_the_old_one() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("scene.ron");
        write_atomically(&path, b"old").expect("a new file");
        write_atomically(&path, b"new").expect("a replaced file");
        assert_eq!(std::fs::read(&path).expect("the file"), b"new");
        assert_eq!(std::fs::read_dir(folder.path()).expect("the folder").count(), 1, "no temporary file remains");
        let nowhere = folder.path().join("missing").join("scene.ron");
        assert!(write_atomically(&nowhere, b"new").is_err());
        assert!(write_atomically(folder.path(), b"new").is_err(), "a folder is not replaced");
    }

    #[test]
    #[cfg(unix)]
    fn links_permissions_and_devices_stay() {
        use std::os::unix::fs::{FileTypeExt, PermissionsExt, symlink};
        let folder = tempfile::tempdir().expect("a folder");
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        std::fs::write(&file, b"old").expect("a file");
        std::fs::set_permissions(&file, PermissionsExt::from_mode(0o640)).expect("permissions");
        symlink(&file, &link).expect("a link");
        write_atomically(&link, b"new").expect("the file behind the link");
        assert_eq!(std::fs::read(&file).expect("the file"), b"new");
        assert!(std::fs::symlink_metadata(&link).expect("the link").is_symlink());
        assert_eq!(std::fs::metadata(&file).expect("the file").permissions().mode() & 0o777, 0o640);

        std::fs::set_permissions(&file, PermissionsExt::from_mode(0o440)).expect("permissions");
        let refused = write_atomically(&file, b"newer").expect_err("a read-only file");
        assert!(refused.message.contains("read-only"), "{refused}");
        assert_eq!(std::fs::read(&file).expect("the file"), b"new");

        let null = Path::new("/dev/null");
        write_atomically(null, b"nothing").expect("the null device");
        assert!(std::fs::metadata(null).expect("the null device").file_type().is_char_device());
    }
}
