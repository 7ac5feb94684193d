//! Files in the user's configuration. The app works without them, so failures to read or write them are ignored.

use serde::Serialize;
use serde::de::DeserializeOwned;
use std::path::{Path, PathBuf};

/// Returns a folder of the user: that of an environment variable, else `below` the home. Returns `None` if neither is known.
pub fn folder(variable: &str, below: &str) -> Option<PathBuf> {
    let known = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    known(variable).or_else(|| known("HOME").map(|home| home.join(below)))
}

/// Returns the path of a file in the user's configuration, or `None` if no configuration folder is known.
pub fn file(name: &str) -> Option<PathBuf> {
    Some(folder("XDG_CONFIG_HOME", ".config")?.join("cupola").join(name))
}

/// Reads a JSON file of the user's configuration. Without a readable one, the value is the default.
pub fn read<T: DeserializeOwned + Default>(file: Option<&Path>) -> T {
    let text = file.and_then(|file| std::fs::read_to_string(file).ok());
    text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default()
}

/// Writes a JSON file of the user's configuration, if there is a configuration folder.
pub fn write(file: Option<&Path>, value: &impl Serialize) {
    if let (Some(file), Ok(text)) = (file, serde_json::to_string_pretty(value)) {
        let _ = file.parent().map(std::fs::create_dir_all);
        let _ = std::fs::write(file, text);
    }
}
