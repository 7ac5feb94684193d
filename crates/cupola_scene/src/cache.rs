//! A cache of large scenes in the user's cache folder, from which a scene opens faster.
//!
//! An entry is used only if the hashes of the scene's text, the texts of its models and the program are unchanged. If
//! an entry can't be read or written, the scene is read from its files without a message.

use super::files::read_bytes;
use super::save::{TEMPORARY, replace_file};
use cupola_twin::bulk::text::Lists;
use cupola_twin::lazy::Lazy;
use cupola_twin::topology::{ByteReader, Computed, Writer};
use cupola_twin::{Diagnostic, Models, Topology};
use std::fs::{self, File};
use std::hash::{Hash, Hasher};
use std::io::{self, BufReader, BufWriter};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime};
use twox_hash::XxHash3_64;

/// The shortest text that is cached, in bytes. Reading a shorter text is as fast as reading its cache entry.
const MIN_BYTES: u64 = 4 << 20;
/// The largest total size of the cache, in bytes. The oldest entries are removed first.
const MAX_KEPT_BYTES: u64 = 2 << 30;
/// The age from which an unfinished file counts as abandoned.
const ABANDONED: Duration = Duration::from_secs(3600);
/// The version of the file format. It increases with every change of the format.
const FORMAT: u64 = 2;
const FOLDER: &str = "CUPOLA_CACHE";

/// The threads that are writing entries.
static WRITING: Mutex<Vec<JoinHandle<()>>> = Mutex::new(Vec::new());

/// The content of an entry besides the topology.
pub(super) struct CacheHeader {
    /// The hash of the texts of the scene's models.
    pub models: u64,
    /// The number of relationships.
    pub relationships: usize,
    /// The ranges of the long lists in the scene's text.
    pub lists: Lists,
    /// The scene's text without the long lists.
    pub rest: String,
}

/// An open entry of the cache.
pub(super) struct CacheEntry {
    pub head: CacheHeader,
    /// The scene's text, which another thread reads at the same time.
    pub text: Lazy<String>,
    reader: ByteReader<'static>,
    /// The hash of the scene's text from which the entry was made.
    hash: u64,
    reading: JoinHandle<Option<u64>>,
}

/// Opens the entry of a scene and starts to read the scene's text in another thread.
pub(super) fn open(scene: &Path) -> Option<CacheEntry> {
    open_in(&folder()?, scene)
}

/// Starts to write an entry for a scene with this text, in a thread of its own. [`finish`] waits for the thread.
pub(super) fn keep(scene: &Path, text: Lazy<String>, head: CacheHeader, topology: Arc<Topology>) {
    if let Some(folder) = folder().filter(|_| text.len() as u64 >= MIN_BYTES) {
        let scene = scene.to_path_buf();
        let write = move || {
            // A failure is ignored: the scene is then read from its files the next time.
            let _ = keep_in(&folder, &scene, &text, &head, &topology);
        };
        let writing = std::thread::Builder::new().name("scene cache".into()).spawn(write);
        WRITING.lock().unwrap_or_else(PoisonError::into_inner).extend(writing);
    }
}

/// Waits until all entries are written. The program calls it before it ends.
pub fn finish() {
    let writing = std::mem::take(&mut *WRITING.lock().unwrap_or_else(PoisonError::into_inner));
    for thread in writing {
        // A failure is ignored: a later run writes the entry.
        let _ = thread.join();
    }
}

fn open_in(folder: &Path, scene: &Path) -> Option<CacheEntry> {
    let file = File::open(file_of(folder, scene)?).ok()?;
    let bytes = file.metadata().ok()?.len();
    let mut reader = ByteReader::new(BufReader::with_capacity(1 << 18, file), bytes);
    (reader.number()? == program()).then_some(())?;
    let hash = reader.number()?;
    let models = reader.number()?;
    let relationships = reader.number()? as usize;
    let mut list = || -> Option<Option<Range<usize>>> {
        let [start, end] = *reader.numbers::<u64>()? else { return None };
        Some((start < end).then_some(start as usize..end as usize))
    };
    let lists = Lists { twins: list()?, relationships: list()? };
    let rest = reader.text()?.to_string();
    let (send, receive) = mpsc::sync_channel(1);
    let scene = scene.to_path_buf();
    let read = move || {
        let bytes = read_bytes(&scene).ok()?;
        let hash = XxHash3_64::oneshot(&bytes);
        send.send(bytes).ok().map(|()| hash)
    };
    let reading = std::thread::Builder::new().name("scene text".into()).spawn(read).ok()?;
    // A text with the right hash is UTF-8. A text with another hash is not used.
    let text = Lazy::new(move || String::from_utf8(receive.recv().unwrap_or_default()).unwrap_or_default());
    Some(CacheEntry { head: CacheHeader { models, relationships, lists, rest }, text, reader, hash, reading })
}

impl CacheEntry {
    /// Reads the topology, with the models and formulas from which it was made. Returns `None` if the entry is invalid
    /// or belongs to another text.
    pub fn topology(mut self, models: &Arc<Models>, computed: &[Computed]) -> Option<(Topology, Vec<Diagnostic>)> {
        let topology = Topology::kept(&mut self.reader, models, computed)?;
        let is_whole = self.reader.finish();
        let hash = self.reading.join().ok()??;
        (is_whole && hash == self.hash).then_some(topology)
    }
}

fn keep_in(folder: &Path, scene: &Path, text: &str, head: &CacheHeader, topology: &Topology) -> Option<()> {
    let file = file_of(folder, scene)?;
    fs::create_dir_all(folder).ok()?;
    let written = replace_file(&file, |file| write(file, text, head, topology));
    tidy(folder);
    written.ok()
}

fn write(file: &File, text: &str, head: &CacheHeader, topology: &Topology) -> io::Result<()> {
    let mut out = BufWriter::with_capacity(1 << 18, file);
    let mut writer = Writer::new(&mut out);
    let hash = XxHash3_64::oneshot(text.as_bytes());
    for number in [program(), hash, head.models, head.relationships as u64] {
        writer.number(number)?;
    }
    for list in [&head.lists.twins, &head.lists.relationships] {
        let list = list.clone().unwrap_or_default();
        writer.numbers(&[list.start as u64, list.end as u64])?;
    }
    writer.text(&head.rest)?;
    topology.keep(&mut writer)?;
    writer.finish()
}

/// Removes the oldest entries beyond the size limit, and abandoned unfinished files.
fn tidy(folder: &Path) {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut files: Vec<(SystemTime, u64, PathBuf)> = entries
        .filter_map(|entry| {
            // Files of other programs are left alone, whoever put them here.
            let is_own = is_own(&entry.file_name().to_string_lossy());
            let about = entry.metadata().ok().filter(|about| about.is_file() && is_own)?;
            Some((about.modified().ok()?, about.len(), entry.path()))
        })
        .collect();
    files.sort();
    let mut kept = 0;
    for (time, bytes, path) in files.into_iter().rev() {
        let is_temporary = path.extension().is_some_and(|extension| extension == "tmp");
        let is_abandoned = is_temporary && time.elapsed().is_ok_and(|age| age > ABANDONED);
        kept += bytes;
        if is_abandoned || (kept > MAX_KEPT_BYTES && !is_temporary) {
            let _ = fs::remove_file(path);
        }
    }
}

/// Returns whether the cache writes files of this name: entries, and unfinished entries.
fn is_own(name: &str) -> bool {
    let stem = |prefix: &str, suffix: &str| name.strip_prefix(prefix)?.strip_suffix(suffix);
    let is_entry = stem("", ".scene").is_some_and(|hash| hash.len() == 16 && u64::from_str_radix(hash, 16).is_ok());
    is_entry || stem(TEMPORARY.0, TEMPORARY.1).is_some()
}

/// Returns the folder of the cache: `cupola-scenes` in the folder that the variable `CUPOLA_CACHE` names, or
/// `cupola/scenes` in the user's cache folder. An empty `CUPOLA_CACHE` disables the cache.
fn folder() -> Option<PathBuf> {
    let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    if std::env::var_os(FOLDER).is_some() {
        return variable(FOLDER).map(|folder| folder.join("cupola-scenes"));
    }
    let caches = variable("XDG_CACHE_HOME")
        .or_else(|| variable("LOCALAPPDATA"))
        .or_else(|| variable("HOME").map(|home| home.join(".cache")))?;
    Some(caches.join("cupola").join("scenes"))
}

fn file_of(folder: &Path, scene: &Path) -> Option<PathBuf> {
    let path = scene.canonicalize().ok()?;
    Some(folder.join(format!("{:016x}.scene", XxHash3_64::oneshot(path.as_os_str().as_encoded_bytes()))))
}

/// Returns the hash of the program, because another build may parse texts differently or have another memory layout.
fn program() -> u64 {
    let mut hash = XxHash3_64::new();
    let about = std::env::current_exe().and_then(fs::metadata).ok();
    let about = about.map(|about| (about.len(), about.modified().ok()));
    (FORMAT, env!("CARGO_PKG_VERSION"), about, usize::BITS, 1u16.to_ne_bytes()).hash(&mut hash);
    hash.finish()
}
