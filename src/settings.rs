//! Files in the user's configuration. The app works without them, so failures to read or write them are ignored.

use std::path::{Path, PathBuf};

/// Returns the path of a file in the user's configuration, or `None` if no configuration folder is known.
pub fn file(name: &str) -> Option<PathBuf> {
    let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let folder = variable("XDG_CONFIG_HOME").or_else(|| variable("HOME").map(|home| home.join(".config")))?;
    Some(folder.join("cupola").join(name))
}

/// Writes a file of the user's configuration.
pub fn write(file: &Path, text: &str) {
    let _ = file.parent().map(std::fs::create_dir_all);
    let _ = std::fs::write(file, text);
}
