//! The permission to read files that lie elsewhere. A scene may come from anywhere, so a path in it may lead anywhere.
//!
//! Without a permission, a scene reads files in its own folder, in the folders beside it, and in a folder `assets`
//! above it. What lies beside it is not read if the folder above is the root or has a person's home in it. The permission belongs
//! to the person who runs the program, so it holds for the whole process.

use super::document::Document;
use super::load::folder_of;
use super::places::{Places, Step};
use cupola_twin::Diagnostic;
use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};
use std::sync::{PoisonError, RwLock};

/// The name of the app's menu command that allows the files of a scene.
pub const ALLOW_FILES_TITLE: &str = "Read the scene's files elsewhere";

/// The files and folders that were allowed, as whole paths without links.
static ALLOWED: RwLock<Allowed> = RwLock::new(Allowed { everything: false, paths: BTreeSet::new() });

struct Allowed {
    everything: bool,
    paths: BTreeSet<PathBuf>,
}

/// Allows scenes to read all files that they name.
pub fn allow_all_files() {
    ALLOWED.write().unwrap_or_else(PoisonError::into_inner).everything = true;
}

/// Allows scenes to read some files, and the files in some folders.
pub fn allow_files(paths: impl IntoIterator<Item = PathBuf>) {
    let paths = paths.into_iter().map(|path| whole(&path));
    ALLOWED.write().unwrap_or_else(PoisonError::into_inner).paths.extend(paths);
}

/// Returns the path of a file that a scene in `folder` names.
///
/// # Errors
/// The file lies elsewhere, and no permission covers it.
pub(crate) fn reach(folder: &Path, name: &str) -> Result<PathBuf, Diagnostic> {
    let path = folder.join(name);
    check(folder, &path)?;
    Ok(path)
}

/// Checks whether a scene in `folder` may read a file or folder.
///
/// # Errors
/// The file lies elsewhere, and no permission covers it.
pub(crate) fn check(folder: &Path, path: &Path) -> Result<(), Diagnostic> {
    let target = whole(path);
    if is_near(&whole(folder), &target) {
        return Ok(());
    }
    let allowed = ALLOWED.read().unwrap_or_else(PoisonError::into_inner);
    if allowed.everything || target.ancestors().any(|above| allowed.paths.contains(above)) {
        return Ok(());
    }
    let message = format!("{} lies outside of the scene's folder, and was not read", path.display());
    let help = format!(
        "if you trust the scene, allow it with --allow-files, or with \"{ALLOW_FILES_TITLE}\" in the app (Ctrl K); or \
         copy the file into the scene's folder"
    );
    Err(Diagnostic::error("file-elsewhere", message).help(help))
}

/// Returns the files and folders that the document of a scene file names and that may not be read, as whole paths.
pub fn refused(document: &Document, scene_file: &Path) -> Vec<PathBuf> {
    refusals(document, &folder_of(scene_file)).map(|(path, ..)| path).collect()
}

/// Adds a diagnostic for each file of a document that may not be read, and returns these files. The weather of a study is
/// reported where it is read, because another file may take its place.
pub(crate) fn report(
    document: &Document,
    folder: &Path,
    places: &Places,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<PathBuf> {
    let refused = refusals(document, folder).map(|(path, steps, found)| {
        if !matches!(steps.first(), Some(Step::Field("physics"))) {
            diagnostics.push(found.at(places.of(&steps)));
        }
        path
    });
    refused.collect()
}

/// Returns the files that a document names and that may not be read, as whole paths, with their positions in it.
fn refusals<'d>(document: &'d Document, folder: &Path) -> impl Iterator<Item = (PathBuf, Vec<Step<'d>>, Diagnostic)> {
    named(document).into_iter().filter_map(move |(name, steps)| {
        let path = folder.join(name);
        let found = check(folder, &path).err()?;
        Some((whole(&path), steps, found))
    })
}

/// Returns the files and folders that a document names, with their positions in it. Folders of programs have a
/// permission of their own.
fn named(document: &Document) -> Vec<(&str, Vec<Step<'_>>)> {
    let mut out: Vec<(&str, Vec<Step<'_>>)> = Vec::new();
    for (position, path) in document.models.iter().enumerate() {
        out.push((path, vec!["models".into(), position.into()]));
    }
    if let Some(building) = &document.building {
        for (path, field) in [(&building.gltf, "gltf"), (&building.plan, "plan")] {
            out.extend(path.as_deref().map(|path| (path, vec!["building".into(), field.into()])));
        }
    }
    if let Some(path) = document.simulation.as_ref().and_then(|simulation| simulation.weather.file.as_deref()) {
        out.push((path, vec!["simulation".into(), "weather".into(), "file".into()]));
    }
    if let Some(path) = document.physics.as_ref().and_then(|study| study.weather.as_deref()) {
        out.push((path, vec!["physics".into(), "weather".into()]));
    }
    out
}

/// Returns whether a file may be read without a permission. Both paths are whole.
fn is_near(folder: &Path, target: &Path) -> bool {
    if !folder.is_absolute() {
        return false;
    }
    let home = std::env::home_dir().map(|home| whole(&home));
    let has_home = |path: &Path| home.as_ref().is_some_and(|home| home.starts_with(path));
    let beside = folder.parent().filter(|parent| parent.parent().is_some() && !has_home(parent));
    let is_hidden = |below: &Path| below.components().any(|part| part.as_os_str().as_encoded_bytes().starts_with(b"."));
    // A home has hidden folders with keys.
    target.strip_prefix(folder).is_ok_and(|below| !has_home(folder) || !is_hidden(below))
        || beside.and_then(|parent| target.strip_prefix(parent).ok()).is_some_and(|below| !is_hidden(below))
        || folder.ancestors().any(|above| target.starts_with(above.join("assets")))
}

/// Returns the absolute path without links. A path that does not exist is resolved as far as its folders exist.
pub(crate) fn whole(path: &Path) -> PathBuf {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => drop(out.pop()),
            part => out.push(part),
        }
        // Links are followed before `..`, as the file system does.
        if let Ok(target) = out.canonicalize() {
            out = target;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_elsewhere_need_a_permission() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        for below in ["scenes/one/models", "scenes/shared", "assets", "other", "scenes/.hidden"] {
            std::fs::create_dir_all(root.join(below)).unwrap();
        }
        let scene = root.join("scenes/one");
        for (name, is_read) in [
            ("models", true),
            ("models/missing.json", true),
            ("../one/models", true),
            ("../shared", true),
            ("../.hidden", false),
            ("../../assets/office.glb", true),
            ("../../other/office.glb", false),
            ("../../other", false),
            ("models/../../../other", false),
            ("/etc/hostname", false),
        ] {
            assert_eq!(reach(&scene, name).is_ok(), is_read, "{name}");
        }
        let other = root.join("other");
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(&other, scene.join("linked")).unwrap();
            assert!(reach(&scene, "linked").is_err(), "links lead elsewhere as well");
        }
        allow_files([other]);
        assert!(reach(&scene, "../../other/office.glb").is_ok() && reach(&scene, "/etc/hostname").is_err());
    }
}
