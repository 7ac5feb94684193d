//! Functions that read and find files.

use cupola_twin::{Diagnostic, Place};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

/// The largest size of a file, in bytes. Positions in a file are stored in 32 bits.
const MAX_FILE_BYTES: u64 = u32::MAX as u64;

/// A file or folder that a scene was read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceFile {
    /// The path.
    pub path: PathBuf,
    /// The time of the last modification before the file was read, if it existed. A later one means a change.
    pub modified: Option<SystemTime>,
}

/// Returns whether two paths lead to one file, also through links.
pub fn is_same_file(one: &Path, other: &Path) -> bool {
    let (Ok(one_at), Ok(other_at)) = (one.canonicalize(), other.canonicalize()) else { return false };
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        // Hard links have different paths.
        if let (Ok(one), Ok(other)) = (one.metadata(), other.metadata()) {
            return (one.dev(), one.ino()) == (other.dev(), other.ino());
        }
    }
    one_at == other_at
}

impl SourceFile {
    /// Returns a file that is about to be read.
    pub fn before_reading(path: PathBuf) -> Self {
        let modified = std::fs::metadata(&path).and_then(|data| data.modified()).ok();
        Self { path, modified }
    }
}

/// Reads a text file in UTF-8, with or without a byte order mark, or in UTF-16 with one.
///
/// # Errors
/// The file does not exist, can't be read, is not a regular file, is larger than 4 GiB − 1 byte, or is in another
/// encoding.
pub fn read_text(path: &Path) -> Result<String, Diagnostic> {
    decoded(path, read_bytes(path)?)
}

/// Reads a text file whose names may be in Latin-1, as those of many weather files are. Bytes that are not UTF-8 are
/// taken as Latin-1.
///
/// # Errors
/// The file can't be read.
pub fn read_latin_text(path: &Path) -> Result<String, Diagnostic> {
    let bytes = read_bytes(path)?;
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return decoded(path, bytes);
    }
    Ok(String::from_utf8(bytes).unwrap_or_else(|error| error.as_bytes().iter().copied().map(char::from).collect()))
}

/// Decodes the bytes of a text file.
fn decoded(path: &Path, mut bytes: Vec<u8>) -> Result<String, Diagnostic> {
    let utf16 = |bytes: &[u8], unit: fn([u8; 2]) -> u16| {
        let (pairs, rest) = bytes.as_chunks::<2>();
        let text = String::from_utf16(&pairs.iter().copied().map(unit).collect::<Vec<_>>()).ok();
        text.filter(|_| rest.is_empty()).ok_or_else(|| {
            let message = format!("{} begins like UTF-16, but is not UTF-16 text", path.display());
            Diagnostic::error("not-utf8", message).help("save the file as UTF-8")
        })
    };
    match bytes.as_slice() {
        [0xff, 0xfe, rest @ ..] => return utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => return utf16(rest, u16::from_be_bytes),
        [0xef, 0xbb, 0xbf, ..] => {
            bytes.drain(..3);
        }
        _ => {}
    }
    String::from_utf8(bytes).map_err(|error| {
        let file: Arc<str> = path.to_string_lossy().into();
        let at = error.utf8_error().valid_up_to();
        let before = String::from_utf8_lossy(&error.as_bytes()[..at]).into_owned();
        let place = Place::of(&file, &before, before.len());
        // In Latin-1 and Windows-1252 a letter such as `ä` is one byte.
        let byte = error.as_bytes()[at];
        let help = match char::from(byte) {
            letter if letter.is_alphabetic() => {
                format!("save the file as UTF-8; it seems to be Latin-1 or Windows-1252, where this byte is `{letter}`")
            }
            _ => "save the file as UTF-8".into(),
        };
        Diagnostic::error("not-utf8", "the file is not UTF-8 text").at(place).help(help)
    })
}

/// Reads a file.
///
/// # Errors
/// The file does not exist, can't be read, is not a regular file, or is larger than 4 GiB − 1 byte.
pub(crate) fn read_bytes(path: &Path) -> Result<Vec<u8>, Diagnostic> {
    let shown = path.display();
    let fail = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound => {
            let missing = Diagnostic::error("file-not-found", format!("there is no file {shown}"));
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            let siblings = path.parent().and_then(|folder| std::fs::read_dir(folder).ok()).into_iter().flatten();
            let names: Vec<String> =
                siblings.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
            missing.did_you_mean(&name, names.iter().map(String::as_str))
        }
        _ => Diagnostic::error("file-unreadable", format!("{shown} can't be read: {error}")),
    };
    let metadata = std::fs::metadata(path).map_err(fail)?;
    if !metadata.is_file() {
        return Err(Diagnostic::error("not-a-file", format!("{shown} is not a file")));
    }
    let size = metadata.len();
    if size > MAX_FILE_BYTES {
        return Err(Diagnostic::error(
            "file-too-large",
            format!("{shown} has {size} bytes; the limit is {MAX_FILE_BYTES}"),
        ));
    }
    std::fs::read(path).map_err(fail)
}

/// Returns whether a folder is a link to one of the folders that it is in, so that it would be read for ever.
fn leads_up(folder: &Path) -> bool {
    let is_link = folder.symlink_metadata().is_ok_and(|about| about.is_symlink());
    let parent = folder.parent().and_then(|parent| parent.canonicalize().ok());
    is_link && parent.zip(folder.canonicalize().ok()).is_some_and(|(parent, target)| parent.starts_with(target))
}

/// Adds the JSON files (`.json`, `.jsonld`) in a folder and its subfolders to `out`, sorted by path within each folder.
/// Adds `path` itself if it is a file. Folders deeper than 16 levels are skipped, and so are links to a folder above, and
/// links that `may_read` refuses.
///
/// # Errors
/// A folder can't be read.
pub fn collect_json(
    path: &Path,
    may_read: &mut dyn FnMut(&Path) -> bool,
    out: &mut Vec<PathBuf>,
) -> Result<(), Diagnostic> {
    collect_level(path, 0, may_read, out)
}

fn collect_level(
    path: &Path,
    depth: usize,
    may_read: &mut dyn FnMut(&Path) -> bool,
    out: &mut Vec<PathBuf>,
) -> Result<(), Diagnostic> {
    if path.is_file() {
        out.push(path.to_path_buf());
        return Ok(());
    }
    let entries = std::fs::read_dir(path).map_err(|error| {
        let missing = Diagnostic::error("file-not-found", format!("{} can't be read: {error}", path.display()));
        if path.to_string_lossy().contains('\\') { missing.help("write paths with /") } else { missing }
    })?;
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    for entry in paths {
        let is_link = entry.symlink_metadata().is_ok_and(|about| about.is_symlink());
        if is_link && !leads_up(&entry) && !may_read(&entry) {
            continue;
        }
        let is_json = entry.extension().is_some_and(|extension| extension == "json" || extension == "jsonld");
        if entry.is_dir() && depth < 16 {
            if !leads_up(&entry) {
                collect_level(&entry, depth + 1, may_read, out)?;
            }
        } else if is_json && entry.is_file() {
            out.push(entry);
        }
    }
    Ok(())
}
